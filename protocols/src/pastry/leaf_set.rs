//! The leaf set: the |L|/2 nodes with the closest smaller ids and the |L|/2 with the closest larger ones.
//!
//! A pure object. In a small ring a node may stand on both sides. Each side also keeps how far it *reaches*: within its
//! reach a node knows every member there is. A side that has lost nodes still reaches as far, because whoever joins there
//! makes itself known; so a node knows at any time for which keys its leaf set can speak, also while it is repaired, and
//! also when everybody in it has died. The reaches of both sides together may go all around: then it knows the whole ring.

use serde::Serialize;
use sim::address::Address;

use super::place::{Place, Turn};
use crate::key::Key;

/// The leaf set L of a node. Only nodes that the node has heard of from themselves are in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct LeafSet {
    smaller: Side,
    larger: Side,
}

/// One side: the nearest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Side {
    nodes: Vec<Address>,
    /// The way up to which all members are known.
    reach: Key,
}

/// What a node tells others of its leaf set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct View {
    /// The leaf set, each node once.
    pub leaves: Vec<Address>,
    /// How far it knows all members on the side of smaller ids.
    pub reach_smaller: Key,
    /// How far it knows all members on the side of larger ids.
    pub reach_larger: Key,
    /// Nodes that are about to be members.
    pub waiting: Vec<Address>,
}

impl LeafSet {
    /// The leaf set of a node that begins a ring: it knows all members there are, itself.
    pub(crate) fn alone(place: Place<'_>) -> Self {
        let side = || Side { nodes: Vec::new(), reach: place.all_around() };
        Self { smaller: side(), larger: side() }
    }

    /// The leaf set of these nodes, each side nearest first, which are all there are up to the last of each.
    pub(crate) fn exact(smaller: Vec<Address>, larger: Vec<Address>, place: Place<'_>) -> Self {
        let side = |turn, nodes: Vec<Address>| {
            let last = nodes.last().filter(|_| nodes.len() == place.common.settings.half());
            let reach = last.map_or(place.all_around(), |last| place.way(turn, place.key(*last)));
            Side { nodes, reach }
        };
        Self { smaller: side(Turn::Smaller, smaller), larger: side(Turn::Larger, larger) }
    }

    /// Takes in a node where it belongs; false if it is there already or belongs nowhere.
    pub(crate) fn insert(&mut self, node: Address, place: Place<'_>) -> bool {
        if node == place.me {
            return false;
        }
        let smaller = self.smaller.insert(Turn::Smaller, node, place);
        let larger = self.larger.insert(Turn::Larger, node, place);
        smaller || larger
    }

    /// Takes out a node; false if it was not in. Its place goes to the next that is known, be it from the other side.
    pub(crate) fn remove(&mut self, node: Address, place: Place<'_>) -> bool {
        if !self.contains(node) {
            return false;
        }
        self.smaller.nodes.retain(|other| *other != node);
        self.larger.nodes.retain(|other| *other != node);
        let rest: Vec<Address> = self.iter().collect();
        for other in rest {
            self.insert(other, place);
        }
        true
    }

    pub(crate) fn contains(&self, node: Address) -> bool {
        self.smaller.nodes.contains(&node) || self.larger.nodes.contains(&node)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.smaller.nodes.is_empty() && self.larger.nodes.is_empty()
    }

    /// Whether a node would be taken in that is not in yet.
    pub(crate) fn has_room_for(&self, node: Address, place: Place<'_>) -> bool {
        node != place.me
            && !self.contains(node)
            && Turn::BOTH.into_iter().any(|turn| self.side(turn).rank(turn, node, place) < place.common.settings.half())
    }

    /// Each node once, in order from the nearest smaller to the farthest, then likewise the larger.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Address> + Clone {
        let is_new = |node: &Address| !self.smaller.nodes.contains(node);
        self.smaller.nodes.iter().copied().chain(self.larger.nodes.iter().copied().filter(is_new))
    }

    /// The nearest node on a side.
    pub(crate) fn first(&self, turn: Turn) -> Option<Address> {
        self.side(turn).nodes.first().copied()
    }

    /// The farthest node on a side within its reach: who is asked when a node of that side has failed (2.4).
    pub(crate) fn edge(&self, turn: Turn, place: Place<'_>) -> Option<Address> {
        let side = self.side(turn);
        side.nodes.iter().rev().copied().find(|node| place.way(turn, place.key(*node)) <= side.reach)
    }

    /// Whether a side has lost nodes, and does not know all that there are.
    pub(crate) fn is_short(&self, turn: Turn, place: Place<'_>) -> bool {
        let side = self.side(turn);
        let known = side.nodes.iter().filter(|node| place.way(turn, place.key(**node)) <= side.reach).count();
        known < place.common.settings.half() && !self.is_whole(place)
    }

    /// The first point on a side of which it knows nothing.
    pub(crate) fn beyond(&self, turn: Turn, place: Place<'_>) -> Key {
        let way = self.side(turn).reach + place.common.width().power(0);
        match turn {
            Turn::Smaller => place.my_key() - way,
            Turn::Larger => place.my_key() + way,
        }
    }

    /// Whether it knows all members of the ring.
    pub(crate) fn is_whole(&self, place: Place<'_>) -> bool {
        self.larger.reach >= place.all_around() - self.smaller.reach
    }

    /// Whether it stands between two members that it knows to be its neighbours: what a joining node must, to be ready.
    pub(crate) fn is_placed(&self, place: Place<'_>) -> bool {
        Turn::BOTH
            .into_iter()
            .all(|turn| self.first(turn).is_some_and(|node| place.way(turn, place.key(node)) <= self.side(turn).reach))
    }

    /// Whether the key lies where it knows all members. It still may have to know more to name the closest.
    pub(crate) fn reaches(&self, key: Key, place: Place<'_>) -> bool {
        Turn::BOTH.into_iter().any(|turn| place.way(turn, key) <= self.side(turn).reach) || self.is_whole(place)
    }

    /// Whether nobody can be closer to the key than this node, which is the closest known.
    pub(crate) fn is_sure(&self, key: Key, closest: Address, place: Place<'_>) -> bool {
        let distance = key.ring_distance(place.key(closest));
        let holds = |turn| {
            let (way, reach) = (place.way(turn, key), self.side(turn).reach);
            way <= reach && distance <= reach - way
        };
        Turn::BOTH.into_iter().any(holds) || self.is_whole(place)
    }

    /// The node of the leaf set, or this one, that is numerically closest to the key, leaving out some.
    pub(crate) fn closest(&self, key: Key, avoid: &[Address], place: Place<'_>) -> Address {
        let live = |node: &&Address| !avoid.contains(node);
        Turn::BOTH.into_iter().fold(place.me, |closest, turn| {
            let nodes = &self.side(turn).nodes;
            let way = place.way(turn, key);
            let (before, beyond) =
                nodes.split_at(nodes.partition_point(|node| place.way(turn, place.key(*node)) < way));
            let around = [before.iter().rev().find(live), beyond.iter().find(live)];
            around.into_iter().flatten().fold(closest, |closest, node| place.closer(key, closest, *node))
        })
    }

    /// What it tells others, with those that are about to be members.
    pub(crate) fn view(&self, waiting: Vec<Address>) -> View {
        let (reach_smaller, reach_larger) = (self.smaller.reach, self.larger.reach);
        View { leaves: self.iter().collect(), reach_smaller, reach_larger, waiting }
    }

    /// Learns how far another member knows all members, whom it has named. The reaches grow together where they overlap,
    /// or where each of the two is the nearest that the other knows on that side.
    pub(crate) fn learn_reach(&mut self, from: Address, view: &View, place: Place<'_>) {
        for turn in Turn::BOTH {
            let way = place.way(turn, place.key(from));
            let (ahead, back) = match turn {
                Turn::Smaller => (view.reach_smaller, view.reach_larger),
                Turn::Larger => (view.reach_larger, view.reach_smaller),
            };
            let reach = self.side(turn).reach;
            if way <= reach || back >= way - reach || self.are_neighbours(turn, from, view, place) {
                self.extend(turn, way, ahead, place);
                if way <= back {
                    self.extend(opposite(turn), Key::ZERO, back - way, place);
                }
            }
        }
    }

    fn are_neighbours(&self, turn: Turn, from: Address, view: &View, place: Place<'_>) -> bool {
        let their_way = |node: &Address| opposite(turn).way(place.key(from), place.key(*node));
        self.first(turn) == Some(from) && view.leaves.iter().copied().min_by_key(their_way) == Some(place.me)
    }

    /// All members are known up to `way`, and from there on for `more`.
    fn extend(&mut self, turn: Turn, way: Key, more: Key, place: Place<'_>) {
        let all = place.all_around();
        let reach = if more >= all - way { all } else { way + more };
        let side = self.side_mut(turn);
        side.reach = side.reach.max(reach);
        side.keep_to_half(turn, place);
    }

    /// Nobody else is known any more: the ring is this node.
    pub(crate) fn be_alone(&mut self, place: Place<'_>) {
        *self = Self::alone(place);
    }

    /// Says which of its rules is broken, if any is.
    pub(crate) fn check(&self, place: Place<'_>) -> Result<(), String> {
        for turn in Turn::BOTH {
            let nodes = &self.side(turn).nodes;
            let way = |node: &Address| place.way(turn, place.key(*node));
            if nodes.len() > place.common.settings.half() {
                return Err(format!("{} nodes on the side of {turn:?}", nodes.len()));
            }
            if nodes.windows(2).any(|pair| way(&pair[0]) >= way(&pair[1])) {
                return Err(format!("the side of {turn:?} is not in order: {nodes:?}"));
            }
            if nodes.contains(&place.me) {
                return Err("a leaf of itself".to_owned());
            }
        }
        Ok(())
    }

    /// Bytes on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        (self.smaller.nodes.capacity() + self.larger.nodes.capacity()) * size_of::<Address>()
    }

    fn side(&self, turn: Turn) -> &Side {
        match turn {
            Turn::Smaller => &self.smaller,
            Turn::Larger => &self.larger,
        }
    }

    fn side_mut(&mut self, turn: Turn) -> &mut Side {
        match turn {
            Turn::Smaller => &mut self.smaller,
            Turn::Larger => &mut self.larger,
        }
    }
}

impl Side {
    /// How many nodes of this side are nearer than this one.
    fn rank(&self, turn: Turn, node: Address, place: Place<'_>) -> usize {
        let way = place.way(turn, place.key(node));
        self.nodes.partition_point(|other| place.way(turn, place.key(*other)) < way)
    }

    fn insert(&mut self, turn: Turn, node: Address, place: Place<'_>) -> bool {
        let rank = self.rank(turn, node, place);
        let is_new = rank < place.common.settings.half() && self.nodes.get(rank) != Some(&node);
        if is_new {
            self.nodes.insert(rank, node);
            self.nodes.truncate(place.common.settings.half());
            self.keep_to_half(turn, place);
        }
        is_new
    }

    /// A full side knows nothing beyond its last node.
    fn keep_to_half(&mut self, turn: Turn, place: Place<'_>) {
        if self.nodes.len() == place.common.settings.half()
            && let Some(last) = self.nodes.last()
        {
            self.reach = self.reach.min(place.way(turn, place.key(*last)));
        }
    }
}

fn opposite(turn: Turn) -> Turn {
    match turn {
        Turn::Smaller => Turn::Larger,
        Turn::Larger => Turn::Smaller,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::super::place::tests::{ids, nodes};
    use super::super::settings::Settings;
    use super::*;
    use crate::dht::Common;

    fn common(leaf_set: u32) -> Common<Settings> {
        ids(Settings { leaf_set, ..Settings::default() })
    }

    fn of(leaves: &[u32], place: Place<'_>) -> LeafSet {
        let mut set = LeafSet::alone(place);
        for node in nodes(leaves) {
            set.insert(node, place);
        }
        set
    }

    #[test]
    fn a_side_that_has_lost_nodes_still_reaches_as_far() {
        let common = common(4);
        let place = Place { me: Address(100), common: &common };
        let mut leaves = of(&[80, 90, 110, 120, 130], place);
        assert!(leaves.reaches(place.key(Address(119)), place) && !leaves.reaches(place.key(Address(121)), place));
        assert!(leaves.remove(Address(120), place) && !leaves.remove(Address(120), place));
        let key = place.key(Address(114));
        assert_eq!(leaves.closest(key, &[], place), Address(110));
        assert!(leaves.is_sure(key, Address(110), place), "all are known up to 120");
        assert!(!leaves.is_sure(place.key(Address(116)), Address(110), place), "a node at 121 would be closer");
        assert!(leaves.is_short(Turn::Larger, place) && !leaves.is_short(Turn::Smaller, place));
    }

    #[test]
    fn a_leaf_set_whose_nodes_have_all_died_speaks_for_what_it_knew() {
        let common = common(4);
        let place = Place { me: Address(100), common: &common };
        let mut leaves = of(&[80, 90, 110, 120, 130], place);
        for node in nodes(&[80, 90, 110, 120]) {
            leaves.remove(node, place);
        }
        assert!(leaves.is_empty());
        assert!(leaves.is_sure(place.key(Address(105)), Address(100), place));
        assert!(!leaves.is_sure(place.key(Address(115)), Address(100), place));
        assert!(!leaves.is_sure(place.key(Address(200)), Address(100), place));
        leaves.be_alone(place);
        assert!(leaves.is_sure(place.key(Address(200)), Address(100), place));
    }

    #[test]
    fn a_joining_node_learns_its_reach_from_the_node_at_its_place() {
        let common = common(4);
        let (there, here) = (Place { me: Address(110), common: &common }, Place { me: Address(100), common: &common });
        let mut leaves = LeafSet::default();
        assert!(!leaves.is_placed(here));
        leaves.learn_reach(Address(110), &of(&[80, 90, 120, 130, 140], there).view(vec![]), here);
        for node in nodes(&[80, 90, 110, 120]) {
            leaves.insert(node, here);
        }
        assert!(leaves.is_placed(here) && !leaves.is_whole(here));
        assert!(leaves.reaches(here.key(Address(80)), here) && leaves.reaches(here.key(Address(120)), here));
        assert!(!leaves.reaches(here.key(Address(79)), here) && !leaves.reaches(here.key(Address(121)), here));
    }

    #[test]
    fn two_that_know_only_each_other_are_the_whole_ring() {
        let common = common(4);
        let place = Place { me: Address(100), common: &common };
        let mut leaves = LeafSet::default();
        leaves.insert(Address(200), place);
        assert!(!leaves.is_whole(place));
        let mutual = View { leaves: nodes(&[100]), ..View::default() };
        leaves.learn_reach(Address(200), &mutual, place);
        assert!(leaves.is_whole(place));
    }

    #[test]
    fn a_node_beyond_a_gap_does_not_close_it_while_others_may_stand_in_it() {
        let common = common(4);
        let place = Place { me: Address(100), common: &common };
        let mut leaves = LeafSet::default();
        leaves.insert(Address(200), place);
        leaves.learn_reach(Address(200), &View { leaves: nodes(&[150, 250]), ..View::default() }, place);
        assert!(!leaves.reaches(place.key(Address(120)), place) && !leaves.reaches(place.key(Address(40)), place));
    }

    proptest! {
        /// Both sides are the nearest of all that were ever taken in, by brute force.
        #[test]
        fn sides_are_the_nearest_of_all(me: u8, half in 1..6usize, taken in prop::collection::vec(any::<u8>(), 0..30)) {
            let common = common(2 * half as u32);
            let place = Place { me: Address(me.into()), common: &common };
            let mut leaves = LeafSet::alone(place);
            for node in &taken {
                let (node, room) = (Address((*node).into()), leaves.has_room_for(Address((*node).into()), place));
                let was_in = leaves.contains(node);
                let changed = leaves.insert(node, place);
                prop_assert!(changed == room || was_in);
                prop_assert_eq!(leaves.check(place), Ok(()));
            }
            let others: BTreeSet<u8> = taken.into_iter().filter(|node| *node != me).collect();
            for turn in Turn::BOTH {
                let mut nearest: Vec<Address> = others.iter().map(|node| Address((*node).into())).collect();
                nearest.sort_by_key(|node| place.way(turn, place.key(*node)));
                nearest.truncate(half);
                prop_assert_eq!(&leaves.side(turn).nodes, &nearest);
            }
            prop_assert!(leaves.is_whole(place) || others.len() >= 2 * half);
        }

        /// Where it is sure of the closest, the closest of all members is meant.
        #[test]
        fn the_sure_are_right(
            me: u8,
            half in 1..6usize,
            others in prop::collection::btree_set(any::<u8>(), 0..30),
            dead in any::<u32>(),
            key: u8,
        ) {
            let common = common(2 * half as u32);
            let place = Place { me: Address(me.into()), common: &common };
            let mut leaves = LeafSet::alone(place);
            for node in &others {
                leaves.insert(Address((*node).into()), place);
            }
            let dies = |place: usize| dead >> place & 1 == 1;
            let (mut alive, mut avoid) = (vec![Address(me.into())], Vec::new());
            for (number, node) in others.iter().filter(|node| **node != me).enumerate() {
                let node = Address((*node).into());
                match (dies(number), number % 2) {
                    (false, _) => alive.push(node),
                    (true, 0) => _ = leaves.remove(node, place),
                    (true, _) => avoid.push(node),
                }
            }
            let key = place.key(Address(key.into()));
            let closest = leaves.closest(key, &avoid, place);
            if leaves.reaches(key, place) && leaves.is_sure(key, closest, place) {
                let wanted = alive.into_iter().min_by(|one, other| place.order(key, *one, *other));
                prop_assert_eq!(Some(closest), wanted);
            }
        }
    }
}
