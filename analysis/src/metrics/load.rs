//! Who works for lookups: how many messages each node is handed, and how many keys that are asked for it owns.

use scenarios::oracle::{Judged, Outcome};
use sim::address::Address;
use sim::time::SimTime;

/// What nodes have done for lookups after the warm-up: of those that were up from then to the end.
#[derive(Clone, Debug)]
pub struct Load {
    warm_up: SimTime,
    /// What each node has done, by number, while the run goes on.
    nodes: Vec<Work>,
    /// Messages that each was handed on behalf of lookups, once the run has ended.
    pub handled: Loads,
    /// Lookups that were answered right with it as the owner.
    pub owned: Loads,
}

/// The loads of nodes, in ascending order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loads(Vec<u64>);

#[derive(Clone, Copy, Debug, Default)]
struct Work {
    up_since: Option<SimTime>,
    handled: u64,
    owned: u64,
}

impl Load {
    /// Nobody is up yet.
    pub(super) fn new(warm_up: SimTime) -> Self {
        Self { warm_up, nodes: Vec::new(), handled: Loads::default(), owned: Loads::default() }
    }

    pub(super) fn came(&mut self, node: Address, now: SimTime) {
        self.node(node).up_since = Some(now);
    }

    pub(super) fn went(&mut self, node: Address) {
        self.node(node).up_since = None;
    }

    /// A message of a lookup was handed to this node.
    pub(super) fn handled(&mut self, node: Address, now: SimTime) {
        if now >= self.warm_up {
            self.node(node).handled += 1;
        }
    }

    pub(super) fn judged(&mut self, lookup: &Judged) {
        if let Some(owner) =
            lookup.owner.filter(|_| lookup.outcome == Outcome::Correct && lookup.issued >= self.warm_up)
        {
            self.node(owner).owned += 1;
        }
    }

    /// The run has ended: who was up all the time is known.
    pub(super) fn finish(&mut self) {
        let nodes = std::mem::take(&mut self.nodes);
        let steady = || nodes.iter().filter(|work| work.up_since.is_some_and(|since| since <= self.warm_up));
        self.handled = steady().map(|work| work.handled).collect();
        self.owned = steady().map(|work| work.owned).collect();
    }

    /// Adds the nodes of another run.
    pub(super) fn add(&mut self, other: &Self) {
        self.handled.add(&other.handled);
        self.owned.add(&other.owned);
    }

    fn node(&mut self, node: Address) -> &mut Work {
        if self.nodes.len() <= node.index() {
            self.nodes.resize(node.index() + 1, Work::default());
        }
        &mut self.nodes[node.index()]
    }
}

impl Loads {
    /// From the least to the largest.
    pub fn sorted(&self) -> &[u64] {
        &self.0
    }

    /// Adds those of another run.
    pub fn add(&mut self, other: &Self) {
        self.0.extend(&other.0);
        self.0.sort_unstable();
    }
}

impl FromIterator<u64> for Loads {
    fn from_iter<I: IntoIterator<Item = u64>>(loads: I) -> Self {
        let mut loads: Vec<u64> = loads.into_iter().collect();
        loads.sort_unstable();
        Self(loads)
    }
}

#[cfg(test)]
mod tests {
    use sim::time::Span;

    use super::*;

    #[test]
    fn only_who_was_up_from_the_warm_up_to_the_end_has_a_load() {
        let mut load = Load::new(at(10));
        for (node, from) in [(0, 0), (1, 10), (2, 11), (3, 0), (4, 0)] {
            load.came(Address(node), at(from));
        }
        // The third goes for good, the fourth comes back in time, the fifth does not.
        for (node, times) in [(3, [2, 3]), (4, [12, 13])] {
            load.went(Address(node));
            load.came(Address(node), at(times[1]));
        }
        load.went(Address(2));
        for (node, when, count) in [(0, 9, 5), (0, 10, 1), (1, 20, 7), (2, 20, 9), (3, 20, 2), (4, 20, 9)] {
            (0..count).for_each(|_| load.handled(Address(node), at(when)));
        }
        load.finish();
        assert_eq!(load.handled.sorted(), [1, 2, 7], "what was handled before the warm-up does not count");
        assert_eq!(load.owned.sorted(), [0, 0, 0]);
    }

    #[test]
    fn the_nodes_of_several_runs_are_one_crowd() {
        let mut loads: Loads = [5, 1].into_iter().collect();
        loads.add(&[3].into_iter().collect());
        assert_eq!(loads.sorted(), [1, 3, 5]);
    }

    fn at(secs: u64) -> SimTime {
        SimTime::ZERO + Span::from_secs(secs)
    }
}
