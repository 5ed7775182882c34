//! The filter of an address translator: it lets in whom its node has lately sent something.

use std::collections::{BTreeMap, BTreeSet};

use crate::address::Address;
use crate::time::{SimTime, Span};

/// Mappings that are alive, each to one peer. Laws: outbound traffic refreshes a mapping, inbound traffic does not; a
/// mapping that has run out is forgotten.
#[derive(Debug, Default)]
pub(super) struct Filter {
    pub(super) mapping: Span,
    last_sent: BTreeMap<Address, SimTime>,
    /// The same, the oldest first.
    by_age: BTreeSet<(SimTime, Address)>,
}

impl Filter {
    /// The node sends something to a peer.
    pub(super) fn open(&mut self, to: Address, now: SimTime) {
        self.forget(now);
        if let Some(before) = self.last_sent.insert(to, now) {
            self.by_age.remove(&(before, to));
        }
        self.by_age.insert((now, to));
    }

    /// Whether what comes from a peer may pass.
    pub(super) fn lets_in(&mut self, from: Address, now: SimTime) -> bool {
        self.forget(now);
        self.last_sent.contains_key(&from)
    }

    fn forget(&mut self, now: SimTime) {
        while let Some((sent, peer)) = self.by_age.first().copied()
            && now.since(sent) > self.mapping
        {
            self.by_age.pop_first();
            self.last_sent.remove(&peer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_live_mappings_are_remembered() {
        let mut filter = Filter { mapping: Span::from_nanos(100), ..Filter::default() };
        for now in 0..10_000 {
            filter.open(Address(now % 700), SimTime::from_nanos(now.into()));
            assert!(filter.last_sent.len() <= 101 && filter.by_age.len() == filter.last_sent.len());
        }
        assert_eq!(filter.last_sent.len(), 101, "one for each nanosecond, both ends included");
        assert!(!filter.lets_in(Address(0), SimTime::from_nanos(20_000)));
        assert!(filter.last_sent.is_empty() && filter.by_age.is_empty());
    }
}
