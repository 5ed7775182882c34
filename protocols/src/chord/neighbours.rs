//! A node's place on the ring: its predecessor and its successor list, and the arithmetic that both sets of rules need.

use sim::address::Address;

use super::settings::Settings;

/// Predecessor and successor list, as Zave calls them `prdc` and `succList`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Neighbours {
    pub(crate) predecessor: Option<Address>,
    /// Nearest first; never the node itself. Empty where it knows of no other node after it: a ring of one.
    pub(crate) successors: Vec<Address>,
    /// The list is made of whoever was known when all successors had died: there may be others in between, so that it
    /// says nothing about who owns a key.
    pub(crate) is_makeshift: bool,
}

/// Where a node of this protocol stands.
pub(crate) type Place<'a> = crate::place::Place<'a, Settings>;

/// What a rule wants done. At most one question is open for each of the two kinds of step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Ask this node for its predecessor and successor list.
    Query(Address),
    /// Ask this node whether it lives.
    Ping(Address),
    /// Ask the predecessor whether it lives, because another claims its place.
    PingPredecessor(Address),
    /// Tell this node that it may have a new predecessor: me.
    Notify(Address),
    /// Tell the old predecessor that the new one stands between us.
    Tell { old: Address, new: Address },
    /// Nobody in the list lives.
    Alone,
    /// The step was refused; try again after a random delay.
    Later,
    /// The step is over.
    Done,
}

impl Neighbours {
    /// The next node on the ring, as far as known; the node itself in a ring of one.
    pub(crate) fn head(&self, me: Address) -> Address {
        self.successors.first().copied().unwrap_or(me)
    }

    /// `head · butLast(list)`: another node's list, shifted by one.
    pub(crate) fn adopt(&mut self, head: Address, list: &[Address], place: Place<'_>) {
        let length = place.common.settings.successors as usize;
        self.is_makeshift = false;
        self.successors.clear();
        for node in std::iter::once(head).chain(list.iter().copied()) {
            if node == place.me || self.successors.len() == length {
                break;
            }
            if !self.successors.contains(&node) {
                self.successors.push(node);
            }
        }
    }

    /// Says which rule of lists is broken, if any is: nobody twice, never the node itself, no more than r.
    pub(crate) fn check(&self, place: Place<'_>) -> Result<(), String> {
        let mut distinct = self.successors.clone();
        distinct.sort_unstable();
        distinct.dedup();
        if distinct.len() != self.successors.len() {
            return Err(format!("the list names a node twice: {:?}", self.successors));
        }
        if distinct.contains(&place.me) || self.predecessor == Some(place.me) {
            return Err(format!("a neighbour of itself: {self:?}"));
        }
        if !self.is_makeshift && distinct.len() > place.common.settings.successors as usize {
            return Err(format!("a list of {}", distinct.len()));
        }
        Ok(())
    }

    /// A node that was silent is a neighbour no longer.
    pub(crate) fn bury(&mut self, dead: Address) {
        self.successors.retain(|node| *node != dead);
        self.predecessor = self.predecessor.filter(|node| *node != dead);
    }

    /// A neighbour has said goodbye and named its own neighbours (ToN 2003, IV-E).
    pub(crate) fn left(&mut self, who: Address, predecessor: Option<Address>, list: &[Address], place: Place<'_>) {
        if self.predecessor == Some(who) {
            self.predecessor = predecessor.filter(|node| *node != place.me);
        }
        if let (Some(head), Some((heir, rest))) = (self.successors.first(), list.split_first())
            && *head == who
        {
            self.adopt(*heir, rest, place);
        }
        self.successors.retain(|node| *node != who);
    }
}

impl Place<'_> {
    /// Whether a node lies strictly between two others.
    pub(crate) fn is_between(&self, node: Address, from: Address, to: Address) -> bool {
        self.key(node).is_between(self.key(from), self.key(to))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::dht::Common;
    use crate::key::Width;

    /// A run in which the node of address n has the id n, of 8 bits, and lists have this length.
    pub(crate) fn ids(successors: u32) -> Common<Settings> {
        let width = Width::new(8).expect("legal");
        let keys = (0..256).map(|id| width.from_u64(id).expect("it fits")).collect();
        Common::new(width, keys, Settings { successors, ..Settings::default() })
    }

    pub(crate) fn nodes(numbers: &[u32]) -> Vec<Address> {
        numbers.iter().copied().map(Address).collect()
    }

    pub(crate) fn ring(predecessor: Option<u32>, successors: &[u32]) -> Neighbours {
        Neighbours { predecessor: predecessor.map(Address), successors: nodes(successors), is_makeshift: false }
    }

    #[test]
    fn an_adopted_list_ends_before_the_node_itself() {
        let common = ids(8);
        let place = Place { me: Address(10), common: &common };
        let mut neighbours = ring(None, &[99]);
        neighbours.adopt(Address(20), &nodes(&[30, 20, 40, 10, 20]), place);
        assert_eq!(neighbours.successors, nodes(&[20, 30, 40]));
    }

    #[test]
    fn who_leaves_is_replaced_by_its_own_neighbours() {
        let common = ids(2);
        let place = Place { me: Address(10), common: &common };
        let mut neighbours = ring(Some(90), &[20, 30]);
        neighbours.left(Address(20), Some(Address(10)), &nodes(&[30, 40]), place);
        assert_eq!(neighbours, ring(Some(90), &[30, 40]));
        neighbours.left(Address(90), Some(Address(80)), &nodes(&[10, 30]), place);
        assert_eq!(neighbours, ring(Some(80), &[30, 40]));
        neighbours.left(Address(40), Some(Address(30)), &nodes(&[80]), place);
        assert_eq!(neighbours, ring(Some(80), &[30]), "no head: it is only taken out");
    }

    #[test]
    fn a_head_that_leaves_and_knows_nobody_takes_nobody_with_it() {
        let common = ids(2);
        let place = Place { me: Address(10), common: &common };
        let mut neighbours = ring(Some(90), &[20, 30]);
        neighbours.left(Address(20), None, &[], place);
        assert_eq!(neighbours, ring(Some(90), &[30]));
    }

    #[test]
    fn the_last_other_that_leaves_leaves_a_ring_of_one() {
        let common = ids(2);
        let place = Place { me: Address(10), common: &common };
        let mut neighbours = ring(Some(20), &[20]);
        neighbours.left(Address(20), Some(Address(10)), &nodes(&[10]), place);
        assert_eq!(neighbours, Neighbours::default());
    }

    proptest! {
        /// Whatever it is told, a list names nobody twice, never its node, and no more than r.
        #[test]
        fn lists_stay_lists(
            steps in prop::collection::vec((0..3u8, 0..6u32, prop::collection::vec(0..6u32, 0..6)), 0..30),
        ) {
            let common = ids(3);
            let place = Place { me: Address(2), common: &common };
            let mut neighbours = Neighbours::default();
            for (what, who, list) in steps {
                match what {
                    0 => neighbours.adopt(Address(who), &nodes(&list), place),
                    1 => neighbours.left(Address(who), list.first().copied().map(Address), &nodes(&list), place),
                    _ => neighbours.bury(Address(who)),
                }
                prop_assert_eq!(neighbours.check(place), Ok(()));
            }
        }
    }
}
