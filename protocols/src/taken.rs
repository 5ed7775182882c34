//! Errands taken on lately, so that one that arrives twice is carried once.

use std::collections::VecDeque;

use sim::address::Address;
use sim::time::{SimTime, Span};

use crate::table::Handle;

/// The last few errands that other nodes handed over: who, and by which call.
///
/// The network may duplicate a message, and a sender repeats one whose acknowledgement was lost. If each copy were
/// carried on, the work would double at every hop.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Taken(VecDeque<(SimTime, Address, Handle)>);

impl Taken {
    /// Notes an errand; false if it was noted before, less than `memory` ago. Later, the number may be another call's.
    pub(crate) fn is_new(&mut self, from: Address, call: Handle, now: SimTime, memory: Span) -> bool {
        while self.0.front().is_some_and(|(at, _, _)| self.0.len() == PLACES || now.since(*at) > memory) {
            self.0.pop_front();
        }
        let is_new = self.0.iter().all(|(_, other, number)| (*other, *number) != (from, call));
        if is_new {
            self.0.push_back((now, from, call));
        }
        is_new
    }

    /// Bytes on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.0.capacity() * size_of::<(SimTime, Address, Handle)>()
    }
}

/// How many errands are remembered (arbitrary); should one be forgotten too early, it costs messages and no more.
const PLACES: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Table;

    #[test]
    fn an_errand_is_new_once_and_again_when_it_is_forgotten() {
        let mut table = Table::default();
        let (one, two) = (table.insert(()), table.insert(()));
        let mut taken = Taken::default();
        let mut is_new = |from, call, secs| {
            taken.is_new(Address(from), call, SimTime::ZERO + Span::from_secs(secs), Span::from_secs(10))
        };
        assert!(is_new(1, one, 0));
        assert!(!is_new(1, one, 10));
        assert!(is_new(2, one, 10) && is_new(1, two, 10), "another sender's, another call's");
        assert!(is_new(1, one, 11));
    }

    #[test]
    fn it_remembers_so_many_and_no_more() {
        let mut table = Table::default();
        let mut taken = Taken::default();
        for _ in 0..1_000 {
            assert!(taken.is_new(Address(1), table.insert(()), SimTime::ZERO, Span::from_secs(10)));
            assert!(taken.0.len() <= PLACES);
        }
    }
}
