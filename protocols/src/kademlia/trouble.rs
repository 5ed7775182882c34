//! Contacts that were silent lately: how often in a row, and until when they are left alone. A pure object.

use sim::address::Address;
use sim::time::{SimTime, Span};

/// Contacts that did not answer the last calls (section 4.1): they are not called again for a time that doubles with every
/// failure, and count as stale after so many in a row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Trouble(Vec<Silent>);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Silent {
    node: Address,
    failures: u32,
    until: SimTime,
}

impl Trouble {
    /// A call has failed.
    pub(crate) fn failed(&mut self, node: Address, now: SimTime, backoff: Span) {
        let at = self.0.iter().position(|silent| silent.node == node).unwrap_or_else(|| {
            self.0.push(Silent { node, failures: 0, until: now });
            self.0.len() - 1
        });
        let silent = &mut self.0[at];
        silent.until = now + backoff.times(1 << silent.failures.min(DOUBLINGS_MAX));
        silent.failures += 1;
    }

    /// The node has been heard of.
    pub(crate) fn heard(&mut self, node: Address) {
        if !self.0.is_empty() {
            self.0.retain(|silent| silent.node != node);
        }
    }

    /// Only those count that are still contacts.
    pub(crate) fn keep(&mut self, is_contact: impl Fn(Address) -> bool) {
        self.0.retain(|silent| is_contact(silent.node));
    }

    /// Whether the node is not to be left alone now.
    pub(crate) fn may_call(&self, node: Address, now: SimTime) -> bool {
        self.0.iter().all(|silent| silent.node != node || silent.until <= now)
    }

    /// Whether the node may be called and named to others of one's own accord: neither to be left alone nor stale.
    pub(crate) fn is_fit(&self, node: Address, now: SimTime, stale_after: u32) -> bool {
        self.may_call(node, now) && !self.is_stale(node, stale_after)
    }

    /// Whether so many calls have failed in a row.
    pub(crate) fn is_stale(&self, node: Address, stale_after: u32) -> bool {
        self.0.iter().any(|silent| silent.node == node && silent.failures >= stale_after)
    }

    /// Bytes on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.0.capacity() * size_of::<Silent>()
    }
}

/// A pause is not doubled more often than this: a second becomes twelve days.
const DOUBLINGS_MAX: u32 = 20;

#[cfg(test)]
mod tests {
    use super::*;

    const A: Address = Address(1);
    const SECOND: Span = Span::from_secs(1);

    fn at(secs: u64) -> SimTime {
        SimTime::ZERO + Span::from_secs(secs)
    }

    #[test]
    fn a_pause_doubles_with_every_failure() {
        let mut trouble = Trouble::default();
        assert!(trouble.is_fit(A, at(0), 5));
        for (now, until) in [(0, 1), (10, 12), (20, 24)] {
            trouble.failed(A, at(now), SECOND);
            assert!(!trouble.is_fit(A, at(until - 1), 5) && trouble.is_fit(A, at(until), 5), "{now}");
        }
    }

    #[test]
    fn a_contact_is_stale_after_so_many_failures_in_a_row() {
        let mut trouble = Trouble::default();
        for _ in 0..4 {
            trouble.failed(A, at(0), SECOND);
        }
        trouble.heard(A);
        for failures in 1..=5 {
            trouble.failed(A, at(0), SECOND);
            assert_eq!(trouble.is_stale(A, 5), failures == 5);
        }
        assert!(!trouble.is_fit(A, at(1_000_000), 5), "a stale contact is not called again by itself");
    }

    #[test]
    fn pauses_never_overflow() {
        let mut trouble = Trouble::default();
        for _ in 0..100 {
            trouble.failed(A, at(0), Span::from_secs(3_600));
        }
        trouble.keep(|_| false);
        assert_eq!(trouble, Trouble::default());
    }
}
