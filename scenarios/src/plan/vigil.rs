//! The vigil: watches those who have just come, and says whose bootstraps have all gone, so that nobody waits for the dead.

use std::collections::VecDeque;

use sim::address::Address;
use sim::time::{SimTime, Span};

/// Who has come lately, and through whom. By address, all of it: a plan has a million nodes.
#[derive(Clone, Debug, Default)]
pub(super) struct Vigil {
    joiners: Vec<Option<Joiner>>,
    /// By bootstrap: who asked it, each with the number of the watch.
    asked: Vec<Vec<(Address, u64)>>,
    watches: u64,
    /// How often anybody has come, by the time each node that is up did.
    came: Vec<Option<u64>>,
    comings: u64,
    /// Who came, in order; those at the front may have gone.
    in_order: VecDeque<(u64, Address)>,
}

#[derive(Clone, Copy, Debug)]
struct Joiner {
    watch: u64,
    came: SimTime,
    /// How many of its bootstraps are still up.
    left: u32,
    /// How often it has been asked to join.
    tries: u32,
}

impl Vigil {
    /// A node comes through these.
    pub(super) fn watch(&mut self, node: Address, bootstraps: &[Address], came: SimTime) {
        self.put(node, bootstraps, Joiner { watch: 0, came, left: 0, tries: 1 });
    }

    /// A node that is watched is asked to join through these.
    pub(super) fn watch_again(&mut self, node: Address, bootstraps: &[Address]) {
        if let Some(joiner) = self.joiner(node) {
            self.put(node, bootstraps, Joiner { tries: joiner.tries + 1, ..joiner });
        }
    }

    fn put(&mut self, node: Address, bootstraps: &[Address], joiner: Joiner) {
        self.watches += 1;
        for bootstrap in bootstraps {
            of_node(&mut self.asked, *bootstrap).push((node, self.watches));
        }
        let left = bootstraps.len() as u32;
        *of_node(&mut self.joiners, node) = Some(Joiner { watch: self.watches, left, ..joiner });
    }

    /// A node is up from now on, and can be dialled.
    pub(super) fn comes(&mut self, node: Address) {
        self.comings += 1;
        self.in_order.push_back((self.comings, node));
        *of_node(&mut self.came, node) = Some(self.comings);
    }

    /// Whether nobody has been up for longer who can be dialled.
    pub(super) fn is_oldest(&mut self, node: Address) -> bool {
        while let Some((number, oldest)) = self.in_order.front().copied() {
            if self.came[oldest.index()] == Some(number) {
                return oldest == node;
            }
            self.in_order.pop_front();
        }
        false
    }

    /// A node has gone: whom it leaves with nobody to ask, each with the number of its watch.
    pub(super) fn gone(&mut self, node: Address, now: SimTime) -> Vec<(Address, u64)> {
        *of_node(&mut self.joiners, node) = None;
        *of_node(&mut self.came, node) = None;
        let mut lonely = Vec::new();
        for (joiner, watch) in std::mem::take(of_node(&mut self.asked, node)) {
            let place = of_node(&mut self.joiners, joiner);
            let Some(state) = place.as_mut().filter(|state| state.watch == watch) else {
                continue;
            };
            state.left -= 1;
            if now.since(state.came) > AS_LONG_AS {
                *place = None;
            } else if state.left == 0 {
                lonely.push((joiner, watch));
            }
        }
        lonely
    }

    /// Whether this watch of a node goes on.
    pub(super) fn is_on(&self, node: Address, watch: u64, now: SimTime) -> bool {
        let is_on = |joiner: Joiner| joiner.watch == watch && now.since(joiner.came) <= AS_LONG_AS + PATIENCE;
        self.joiner(node).is_some_and(is_on)
    }

    /// How often it has been asked to join, since it came.
    pub(super) fn tries(&self, node: Address) -> u32 {
        self.joiner(node).map_or(0, |joiner| joiner.tries)
    }

    fn joiner(&self, node: Address) -> Option<Joiner> {
        self.joiners.get(node.index()).copied().flatten()
    }
}

/// What a table says of a node; it grows as nodes come.
pub(super) fn of_node<T: Clone + Default>(table: &mut Vec<T>, node: Address) -> &mut T {
    if table.len() <= node.index() {
        table.resize(node.index() + 1, T::default());
    }
    &mut table[node.index()]
}

/// How long a user waits, once nobody is left of those whom its node asked, before it looks for others: arbitrary, some
/// timeouts and retries of a call.
pub(super) const PATIENCE: Span = Span::from_secs(10);
/// So long after a node has come its bootstraps are watched. Arbitrary: by then it has joined, or something else than its
/// bootstraps keeps it out.
const AS_LONG_AS: Span = Span::from_secs(600);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_nobody_left_to_ask_is_named_once() {
        let mut vigil = Vigil::default();
        vigil.watch(node(9), &[node(1), node(2)], SimTime::ZERO);
        assert_eq!(vigil.gone(node(1), second(1)), []);
        let lonely = vigil.gone(node(2), second(2));
        assert_eq!(lonely.len(), 1);
        let (joiner, watch) = lonely[0];
        assert!(joiner == node(9) && vigil.is_on(joiner, watch, second(12)));
        vigil.watch_again(joiner, &[node(3)]);
        assert!(!vigil.is_on(joiner, watch, second(12)), "the first watch has ended");
        assert_eq!((vigil.tries(joiner), vigil.gone(node(3), second(3)).len()), (2, 1));
    }

    #[test]
    fn nobody_is_watched_who_has_gone_or_come_long_ago() {
        let mut vigil = Vigil::default();
        vigil.watch(node(8), &[node(1)], SimTime::ZERO);
        vigil.watch(node(9), &[node(1)], SimTime::ZERO);
        vigil.gone(node(8), second(1));
        assert_eq!(vigil.gone(node(1), second(601)), []);
    }

    #[test]
    fn the_oldest_is_who_has_been_up_for_longest() {
        let mut vigil = Vigil::default();
        for number in [3, 1, 2] {
            vigil.comes(node(number));
        }
        assert!(vigil.is_oldest(node(3)));
        vigil.gone(node(3), second(1));
        vigil.comes(node(3));
        assert!(vigil.is_oldest(node(1)) && !vigil.is_oldest(node(3)));
    }

    fn node(number: u32) -> Address {
        Address(number)
    }

    fn second(seconds: u64) -> SimTime {
        SimTime::ZERO + Span::from_secs(seconds)
    }
}
