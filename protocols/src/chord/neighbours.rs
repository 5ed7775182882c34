//! A node's place on the ring: its predecessor and its successor list, and the arithmetic that both sets of rules need.

use sim::protocol::Address;

use super::settings::Settings;
use crate::dht::Common;
use crate::key::Key;

/// Predecessor and successor list, as Zave calls them `prdc` and `succList`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Neighbours {
    pub(crate) predecessor: Option<Address>,
    /// Nearest first; never the node itself. Empty where it knows of no other node after it: a ring of one.
    pub(crate) successors: Vec<Address>,
}

/// Where a node stands, and the ids of those it has learnt of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    pub(crate) me: Address,
    pub(crate) common: &'a Common<Settings>,
}

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

    /// A neighbour has said goodbye and named its own neighbours (ToN 2003, IV-E).
    pub(crate) fn left(&mut self, who: Address, predecessor: Option<Address>, list: &[Address], place: Place<'_>) {
        if self.predecessor == Some(who) {
            self.predecessor = predecessor.filter(|node| *node != place.me);
        }
        if self.successors.first() == Some(&who) {
            match list.split_first() {
                Some((head, rest)) => self.adopt(*head, rest, place),
                None => self.successors.clear(),
            }
        }
        self.successors.retain(|node| *node != who);
    }
}

impl Place<'_> {
    pub(crate) fn key(&self, node: Address) -> Key {
        self.common.key(node)
    }

    pub(crate) fn my_key(&self) -> Key {
        self.key(self.me)
    }

    /// Whether a node lies strictly between two others.
    pub(crate) fn is_between(&self, node: Address, from: Address, to: Address) -> bool {
        self.key(node).is_between(self.key(from), self.key(to))
    }
}
