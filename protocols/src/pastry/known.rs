//! All that a node knows of others, and what it knows of the way to a key. Pure objects.

use std::cmp::Reverse;
use std::collections::VecDeque;

use sim::address::Address;
use sim::time::{SimTime, Span};

use super::leaf_set::{LeafSet, View};
use super::place::Place;
use super::routing_table::{Cell, RoutingTable};
use crate::key::Key;

/// The state of a node as the paper has it: L, R and M; and whom it knows by hearsay alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Known {
    pub(crate) leaves: LeafSet,
    pub(crate) table: RoutingTable,
    pub(crate) neighbourhood: Neighbourhood,
    pub(crate) heard: Hearsay,
    pub(crate) silent: Silent,
}

/// What comes next on the way to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// The key is this node's own.
    Mine,
    /// This node is next; `near` if it is the closest to the key as far as anybody knows.
    Node { node: Address, near: bool },
    /// Nobody is known who would be next, and this node cannot know whether the key is its own.
    Lost,
}

impl Known {
    /// What comes next on the way to a key (2.3), leaving out some nodes. Where the way is `near` already, somebody's leaf
    /// set has spoken.
    ///
    /// It ends, whatever the nodes' states: each step leads to a longer common prefix, or to one at least as long and
    /// numerically closer; once it is near, it stays so, and each step leads numerically closer.
    pub(crate) fn next(&self, key: Key, near: bool, avoid: &[Address], place: Place<'_>) -> Next {
        if near || self.leaves.reaches(key, place) {
            let closest = self.closest(key, avoid, place);
            let is_sure = self.leaves.is_sure(key, closest, place);
            if closest != place.me && (is_sure || near) {
                return Next::Node { node: closest, near: true };
            }
            if is_sure {
                return Next::Mine;
            }
        }
        if !near {
            let row = place.row(key);
            let entry = self.table.get(Cell { row, column: place.column(key, row) }, place);
            if let Some(node) = entry.filter(|node| !avoid.contains(node)) {
                return Next::Node { node, near };
            }
        }
        self.detour(key, near, avoid, place)
    }

    /// What comes next, and whom to ask should that one be silent: `limit` nodes at most.
    pub(crate) fn way(
        &self,
        key: Key,
        near: bool,
        avoid: &[Address],
        limit: usize,
        place: Place<'_>,
    ) -> (Next, Vec<Address>) {
        let next = self.next(key, near, avoid, place);
        let Next::Node { node, near } = next else {
            return (next, Vec::new());
        };
        let is_other = |other: &Address| *other != node && !avoid.contains(other);
        let mut others: Vec<Address> = if near {
            let closer = |other: &Address| place.closer(key, place.me, *other) != place.me;
            self.leaves.iter().chain(self.heard.iter()).filter(is_other).filter(closer).collect()
        } else {
            self.eligible(key, place.row(key), place).filter(is_other).collect()
        };
        others.sort_unstable_by_key(|node| Self::promise(*node, key, near, place));
        others.dedup();
        others.truncate(limit.saturating_sub(1));
        others.insert(0, node);
        (next, others)
    }

    /// The nodes of the leaf set and this one, the numerically closest to the key first.
    pub(crate) fn holders(&self, key: Key, copies: u32, place: Place<'_>) -> Vec<Address> {
        if copies <= 1 {
            return Vec::new();
        }
        let mut holders: Vec<Address> = self.leaves.iter().chain([place.me]).collect();
        holders.sort_unstable_by(|one, other| place.order(key, *one, *other));
        holders.truncate(copies as usize);
        holders
    }

    /// Whether it knows of nobody else.
    pub(crate) fn is_nobody(&self) -> bool {
        self.leaves.is_empty() && self.heard.is_empty() && self.neighbourhood.is_empty() && self.table.is_empty()
    }

    /// What it tells others of its leaf set.
    pub(crate) fn view(&self) -> View {
        self.leaves.view(self.heard.waiting().collect())
    }

    /// Those of the routing table and the neighbourhood set, each once.
    pub(crate) fn others(&self) -> Vec<Address> {
        let mut others: Vec<Address> = self.table.iter().chain(self.neighbourhood.iter()).collect();
        others.sort_unstable();
        others.dedup();
        others
    }

    /// Says which of its rules is broken, if any is.
    pub(crate) fn check(&self, place: Place<'_>) -> Result<(), String> {
        self.leaves.check(place)?;
        self.table.check(place)?;
        if self.neighbourhood.len() > place.common.settings.neighbourhood as usize {
            return Err(format!("{} nodes in the neighbourhood set", self.neighbourhood.len()));
        }
        if self.neighbourhood.iter().chain(self.heard.iter()).any(|node| node == place.me) {
            return Err("it has heard of itself".to_owned());
        }
        match self.heard.iter().find(|node| self.leaves.contains(*node)) {
            Some(node) => Err(format!("{node} is a leaf and known by hearsay alone")),
            None => Ok(()),
        }
    }

    /// Bytes on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.leaves.heap_bytes()
            + self.table.heap_bytes()
            + self.neighbourhood.heap_bytes()
            + self.heard.heap_bytes()
            + self.silent.heap_bytes()
    }

    /// How many other nodes it can route to.
    pub(crate) fn contacts(&self) -> usize {
        let mut others = self.others();
        others.extend(self.leaves.iter());
        others.sort_unstable();
        others.dedup();
        others.len()
    }

    /// The closest to the key of the leaf set, of those heard of, and this node.
    fn closest(&self, key: Key, avoid: &[Address], place: Place<'_>) -> Address {
        let heard = self.heard.iter().filter(|node| !avoid.contains(node));
        heard.fold(self.leaves.closest(key, avoid, place), |closest, node| place.closer(key, closest, node))
    }

    /// The rare case (2.3): neither leaf set nor entry. Any node will do that shares as many digits and is numerically
    /// closer; if there is none either, one that is only closer.
    fn detour(&self, key: Key, near: bool, avoid: &[Address], place: Place<'_>) -> Next {
        let live = |node: &Address| !avoid.contains(node);
        let promise = |node: &Address| Self::promise(*node, key, near, place);
        if !near && let Some(node) = self.eligible(key, place.row(key), place).filter(live).min_by_key(promise) {
            return Next::Node { node, near };
        }
        match self.eligible(key, 0, place).filter(live).min_by_key(|node| Self::promise(*node, key, true, place)) {
            Some(node) => Next::Node { node, near: true },
            None if self.is_nobody() => Next::Mine,
            None => Next::Lost,
        }
    }

    /// Those that share so many digits with the key, as this node does, and are numerically closer to it.
    fn eligible(&self, key: Key, row: u32, place: Place<'_>) -> impl Iterator<Item = Address> {
        let b = place.common.settings.b;
        let known = self.leaves.iter().chain(self.table.in_rows(row..u32::MAX, place)).chain(self.neighbourhood.iter());
        known.filter(move |node| {
            place.key(*node).shared_bits(key) / b >= row && place.closer(key, place.me, *node) != place.me
        })
    }

    /// The more promising come first: by common digits, then by distance; near the key by distance alone.
    fn promise(node: Address, key: Key, near: bool, place: Place<'_>) -> (Reverse<u32>, Key, Key) {
        let id = place.key(node);
        let digits = if near { 0 } else { id.shared_bits(key) / place.common.settings.b };
        (Reverse(digits), id.ring_distance(key), id)
    }
}

/// The neighbourhood set M: the nearest nodes by measured round trip, the nearest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Neighbourhood(Vec<(u32, Address)>);

impl Neighbourhood {
    /// A round trip was measured.
    pub(crate) fn measured(&mut self, node: Address, micros: u32, most: usize) {
        self.remove(node);
        let rank = self.0.partition_point(|held| *held < (micros, node));
        if rank < most {
            self.0.insert(rank, (micros, node));
            self.0.truncate(most);
        }
    }

    pub(crate) fn remove(&mut self, node: Address) {
        self.0.retain(|(_, other)| *other != node);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Address> + Clone {
        self.0.iter().map(|(_, node)| *node)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Bytes on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.0.capacity() * size_of::<(u32, Address)>()
    }
}

/// Nodes that belong into the leaf set but have not themselves said that they are ready: named by others, or joining.
///
/// They count when the owner of a key is looked for, so that they are asked before it is taken for another's; they are
/// never named as holders, and never counted as members.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Hearsay(Vec<Rumour>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Rumour {
    node: Address,
    /// Its answer is awaited, and it has not spoken since it was asked.
    is_asked: bool,
    /// It has said itself that it is about to be a member.
    has_spoken: bool,
}

impl Hearsay {
    /// A node is heard of; whether it was asked just now.
    pub(crate) fn note(&mut self, node: Address, is_asked: bool) {
        if let Some(rumour) = self.0.iter_mut().find(|rumour| rumour.node == node) {
            rumour.is_asked |= is_asked;
            return;
        }
        if self.0.len() == RUMOURS {
            self.0.remove(0);
        }
        self.0.push(Rumour { node, is_asked, has_spoken: false });
    }

    /// A node has said itself that it is not ready yet.
    pub(crate) fn waits(&mut self, node: Address) {
        self.remove(node);
        self.note(node, false);
        if let Some(rumour) = self.0.last_mut() {
            rumour.has_spoken = true;
        }
    }

    /// Whether the node has spoken since it was asked: then its answer is older than what it said.
    pub(crate) fn has_spoken_since(&self, node: Address) -> bool {
        self.0.iter().any(|rumour| rumour.node == node && rumour.has_spoken && !rumour.is_asked)
    }

    pub(crate) fn remove(&mut self, node: Address) {
        self.0.retain(|rumour| rumour.node != node);
    }

    pub(crate) fn contains(&self, node: Address) -> bool {
        self.0.iter().any(|rumour| rumour.node == node)
    }

    /// Whether the answer of any is still awaited.
    pub(crate) fn is_asking(&self) -> bool {
        self.0.iter().any(|rumour| rumour.is_asked)
    }

    /// Those that have said themselves that they wait.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = Address> {
        self.0.iter().filter(|rumour| rumour.has_spoken).map(|rumour| rumour.node)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Address> + Clone {
        self.0.iter().map(|rumour| rumour.node)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Bytes on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.0.capacity() * size_of::<Rumour>()
    }
}

/// Nodes that were silent lately: what others say of them is not believed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Silent(VecDeque<(SimTime, Address)>);

impl Silent {
    pub(crate) fn note(&mut self, node: Address, now: SimTime) {
        self.forget(node);
        if self.0.len() == SILENT {
            self.0.pop_front();
        }
        self.0.push_back((now, node));
    }

    /// The node itself was heard.
    pub(crate) fn forget(&mut self, node: Address) {
        self.0.retain(|(_, other)| *other != node);
    }

    /// Whether the node was silent less than `memory` ago.
    pub(crate) fn contains(&self, node: Address, now: SimTime, memory: Span) -> bool {
        self.0.iter().any(|(at, other)| *other == node && now.since(*at) < memory)
    }

    /// Bytes on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.0.capacity() * size_of::<(SimTime, Address)>()
    }
}

/// How many nodes are kept by hearsay (arbitrary: four leaf sets of 16); the oldest makes room.
const RUMOURS: usize = 64;
/// How many silent nodes are remembered (arbitrary); to forget one too early costs a call.
const SILENT: usize = 64;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::place::tests::{ids, nodes};
    use super::super::settings::Settings;
    use super::*;
    use crate::dht::Common;

    fn common(leaf_set: u32, b: u32) -> Common<Settings> {
        ids(Settings { b, leaf_set, ..Settings::default() })
    }

    /// A node that was told of these.
    fn knowing(leaves: &[u32], table: &[u32], place: Place<'_>) -> Known {
        let mut known = alone(place);
        for node in nodes(leaves) {
            known.leaves.insert(node, place);
        }
        for node in nodes(table) {
            known.table.offer(node, place);
        }
        known
    }

    fn node(node: u32, near: bool) -> Next {
        Next::Node { node: Address(node), near }
    }

    /// The state of a node that begins a ring.
    fn alone(place: Place<'_>) -> Known {
        Known { leaves: LeafSet::alone(place), ..Known::default() }
    }

    #[test]
    fn the_leaf_set_speaks_first() {
        let common = common(2, 4);
        let place = Place { me: Address(0x12), common: &common };
        let known = knowing(&[0x0e, 0x2a], &[0x24, 0x80], place);
        let next = |key| known.next(place.key(Address(key)), false, &[], place);
        assert_eq!(next(0x23), node(0x2a, true), "though the table has a node of the right first digit");
        assert_eq!(next(0x13), Next::Mine);
        assert_eq!(next(0x8f), node(0x80, false), "beyond the leaf set the table does");
        assert_eq!(next(0x78), node(0x80, false), "no entry: whoever shares as much and is closer");
    }

    #[test]
    fn who_is_avoided_is_next_never_and_owns_nothing() {
        let common = common(4, 4);
        let place = Place { me: Address(10), common: &common };
        let known = knowing(&[20, 30], &[], place);
        let next = |avoid: &[u32]| known.next(place.key(Address(26)), false, &nodes(avoid), place);
        assert_eq!(next(&[]), node(30, true));
        assert_eq!(next(&[30]), node(20, true));
        assert_eq!(next(&[30, 20]), Next::Mine);
    }

    #[test]
    fn a_node_known_by_hearsay_is_asked_before_a_key_is_taken_from_it() {
        let common = common(4, 4);
        let place = Place { me: Address(10), common: &common };
        let mut known = knowing(&[20, 30], &[], place);
        known.heard.note(Address(12), true);
        let key = place.key(Address(13));
        assert_eq!(known.next(key, false, &[], place), node(12, true));
        assert_eq!(known.next(key, false, &nodes(&[12]), place), Next::Mine);
        assert_eq!(known.holders(key, 3, place), nodes(&[10, 20, 30]), "but it holds no copies");
    }

    #[test]
    fn a_node_that_cannot_know_says_so() {
        let common = common(2, 4);
        let place = Place { me: Address(0x12), common: &common };
        let mut known = knowing(&[0x0e, 0x14], &[0x80], place);
        let far = place.key(Address(0x9f));
        for node in nodes(&[0x0e, 0x14]) {
            known.leaves.remove(node, place);
        }
        assert_eq!(known.next(far, false, &nodes(&[0x80]), place), Next::Lost);
        assert_eq!(known.next(place.key(Address(0x13)), false, &[], place), Next::Mine);
        known.table.remove(Address(0x80), place);
        assert_eq!(known.next(far, false, &[], place), Next::Mine, "nobody else is known at all");
    }

    #[test]
    fn what_others_say_of_the_silent_is_believed_again_after_a_time() {
        let mut silent = Silent::default();
        let (memory, at) = (Span::from_secs(10), |secs| SimTime::ZERO + Span::from_secs(secs));
        silent.note(Address(1), at(5));
        assert!(silent.contains(Address(1), at(14), memory) && !silent.contains(Address(1), at(15), memory));
        silent.note(Address(1), at(20));
        silent.forget(Address(1));
        assert!(!silent.contains(Address(1), at(20), memory));
        for node in 0..1_000 {
            silent.note(Address(node), at(30));
        }
        assert_eq!(silent.0.len(), SILENT);
    }

    #[test]
    fn the_neighbourhood_is_the_nearest() {
        let mut near = Neighbourhood::default();
        for (node, micros) in [(1, 30), (2, 10), (3, 20), (1, 5), (2, 40)] {
            near.measured(Address(node), micros, 2);
        }
        assert_eq!(near.iter().collect::<Vec<_>>(), nodes(&[1, 2]), "the third was pushed out");
        let mut none = Neighbourhood::default();
        none.measured(Address(4), 1, 0);
        assert!(none.is_empty(), "a set of none holds none");
    }

    proptest! {
        /// Whatever each node knows, and however wrong it is, a way never comes back to where it was.
        #[test]
        fn every_way_ends(
            b in 1..=5u32,
            half in 1..4u32,
            members in prop::collection::btree_set(any::<u8>(), 2..40),
            told in prop::collection::vec(any::<(prop::sample::Index, prop::sample::Index, u8)>(), 0..300),
            key: u8,
            start in any::<prop::sample::Index>(),
        ) {
            let common = common(2 * half, b);
            let members: Vec<Address> = members.into_iter().map(|node| Address(node.into())).collect();
            let place = |me| Place { me, common: &common };
            let mut states: Vec<Known> = members.iter().map(|me| alone(place(*me))).collect();
            for (who, whom, what) in told {
                let at = who.index(members.len());
                let (state, node, place) = (&mut states[at], *whom.get(&members), place(members[at]));
                match what % 8 {
                    0..=2 => _ = state.leaves.insert(node, place),
                    3 | 4 => _ = state.table.offer(node, place),
                    5 if node != place.me => state.neighbourhood.measured(node, what.into(), 4),
                    6 if node != place.me => state.heard.note(node, true),
                    _ => _ = state.leaves.remove(node, place),
                }
            }
            let key = common.key(Address(key.into()));
            let (mut at, mut is_near, mut steps) = (start.index(members.len()), false, 0);
            while let Next::Node { node, near } = states[at].next(key, is_near, &[], place(members[at])) {
                prop_assert!(near || !is_near, "near once, near for good");
                at = members.iter().position(|member| *member == node).expect("a member");
                is_near = near;
                steps += 1;
                prop_assert!(steps < 2 * members.len(), "it goes around");
            }
        }

        /// With exact leaf sets and no table at all, or any, every way ends at the numerically closest member.
        #[test]
        fn exact_leaf_sets_lead_to_the_owner(
            b in 1..=5u32,
            half in 1..4usize,
            members in prop::collection::btree_set(any::<u8>(), 1..40),
            told in prop::collection::vec(any::<(prop::sample::Index, prop::sample::Index)>(), 0..100),
            key: u8,
            start in any::<prop::sample::Index>(),
        ) {
            let common = common(2 * half as u32, b);
            let members: Vec<Address> = members.into_iter().map(|node| Address(node.into())).collect();
            let place = |me| Place { me, common: &common };
            let mut states: Vec<Known> = members.iter().map(|me| alone(place(*me))).collect();
            for (state, me) in states.iter_mut().zip(&members) {
                for node in &members {
                    state.leaves.insert(*node, place(*me));
                }
            }
            for (who, whom) in told {
                let at = who.index(members.len());
                states[at].table.offer(*whom.get(&members), place(members[at]));
            }
            let key = common.key(Address(key.into()));
            let (mut at, mut is_near) = (start.index(members.len()), false);
            let end = loop {
                match states[at].next(key, is_near, &[], place(members[at])) {
                    Next::Node { node, near } => {
                        at = members.iter().position(|member| *member == node).expect("a member");
                        is_near = near;
                    }
                    Next::Mine => break members[at],
                    Next::Lost => return Err(TestCaseError::fail("lost")),
                }
            };
            let owner = members.iter().copied().min_by(|one, other| place(*one).order(key, *one, *other));
            prop_assert_eq!(Some(end), owner);
        }
    }
}
