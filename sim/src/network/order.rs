//! Order on a link: what was sent first arrives first.

use std::collections::BTreeMap;

use crate::address::Address;
use crate::time::{SimTime, Span};

/// When the latest of what is under way on each directed link arrives.
#[derive(Debug, Default)]
pub(super) struct Order {
    latest: BTreeMap<(Address, Address), SimTime>,
    prune_at: usize,
}

impl Order {
    /// The delay of a packet that would take so long if it were alone: it waits for whatever was sent before it.
    pub(super) fn keep(&mut self, from: Address, to: Address, now: SimTime, delay: Span) -> Span {
        let alone = now + delay;
        let latest = self.latest.entry((from, to)).or_insert(alone);
        *latest = alone.max(*latest);
        let delay = latest.since(now);
        self.prune(now);
        delay
    }

    /// Forgets the links on which all has arrived, whenever there may be as many of them as of others.
    fn prune(&mut self, now: SimTime) {
        if self.latest.len() > self.prune_at {
            self.latest.retain(|_, latest| *latest > now);
            self.prune_at = (2 * self.latest.len()).max(KEPT_AT_LEAST);
        }
    }
}

const KEPT_AT_LEAST: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Span = Span::from_millis(1);

    #[test]
    fn a_packet_waits_for_those_before_it_and_for_no_other() {
        let mut order = Order::default();
        let mut keep = |from, to, at_ms, delay_ms| {
            order.keep(Address(from), Address(to), SimTime::ZERO + MS.times(at_ms), MS.times(delay_ms))
        };
        assert_eq!(keep(1, 2, 0, 50), MS.times(50));
        assert_eq!(keep(1, 2, 10, 20), MS.times(40), "it arrives together with the one before");
        assert_eq!(keep(2, 1, 10, 20), MS.times(20), "the other direction is another link");
        assert_eq!(keep(1, 2, 20, 31), MS.times(31));
        assert_eq!(keep(1, 2, 51, 1), MS, "what has arrived is no longer waited for");
    }

    #[test]
    fn only_links_with_something_under_way_are_remembered() {
        let mut order = Order::default();
        for number in 0..100_000 {
            let now = SimTime::ZERO + MS.times(number.into());
            order.keep(Address(number), Address(0), now, MS.times(100));
            assert!(order.latest.len() <= 2 * 101 + 1, "a hundred are under way at a time");
        }
    }
}
