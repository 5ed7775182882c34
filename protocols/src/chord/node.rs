//! The state of a Chord node, what it knows of the way to a key, and how it asks questions.

use sim::address::Address;
use sim::protocol::{Context, Slot};
use sim::time::{SimTime, Span};

use super::correct::Correct;
use super::fingers::Fingers;
use super::message::{Errand, Message};
use super::neighbours::{Neighbours, Place};
use super::published::Published;
use super::search::{Route, Search};
use super::settings::{RouteOver, Settings};
use crate::bootstraps::Bootstraps;
use crate::calling::{Caller, Slots};
use crate::dht::{Common, Silence};
use crate::key::Key;
use crate::rpc::{Calls, Timeout};
use crate::table::{Handle, Table};
use crate::taken::Taken;

/// A Chord node. See the [module](super) for what it does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Chord {
    pub(super) status: Status,
    pub(super) ring: Neighbours,
    pub(super) upkeep: Upkeep,
    pub(super) fingers: Fingers,
    pub(super) next_finger: u32,
    pub(super) fixing: Option<Handle>,
    pub(super) lookups: Table<Lookup>,
    pub(super) calls: Calls<What>,
    pub(super) taken: Taken,
    pub(super) bootstraps: Bootstraps,
}

/// Whether a node is in the ring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Status {
    #[default]
    Outside,
    Joining,
    Member,
}

/// The steps under way, by the rules in force.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Upkeep {
    Correct(Correct),
    Published(Published),
}

impl Default for Upkeep {
    fn default() -> Self {
        Self::Correct(Correct::default())
    }
}

/// A lookup of this node's own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Lookup {
    pub(super) key: Key,
    pub(super) why: Why,
    pub(super) search: Search,
    pub(super) known_at: SimTime,
    pub(super) silence: Silence,
    pub(super) call: Option<Handle>,
}

/// What a lookup is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Why {
    User { copies: u32 },
    Join,
    Finger { index: u32 },
    Merge,
}

/// What a call is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum What {
    /// The way to a lookup's key.
    Ask(Handle),
    /// Whether the owner of a lookup's key lives.
    Claim(Handle),
    /// The neighbours of a node, for a step of the upkeep.
    Query,
    /// Whether a node lives, for a step of the upkeep.
    StepPing,
    /// Whether the predecessor lives.
    PingPredecessor,
    /// The neighbours of the node that shall be the predecessor.
    JoinQuery,
    /// A recursive lookup, handed on.
    Forward(Box<Carried>),
    /// A recursive lookup, handed to the owner.
    Deliver(Box<Carried>),
}

/// A recursive lookup that this node has taken on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Carried {
    pub(super) errand: Errand,
    pub(super) search: Search,
}

/// Every reason for a Chord node to wake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Timer {
    /// Time to stabilize.
    Stabilize,
    /// A stabilization was refused: try again.
    StabilizeAgain,
    /// Time to fix a finger.
    FixFinger,
    /// Time to look for another ring.
    Merge,
    /// A join did not work out: try again.
    JoinAgain,
    /// A call was not answered.
    Call(Handle),
    /// A lookup's deadline.
    Deadline(Handle),
    /// A lookup found nobody to ask, or a recursive one was not heard of: begin again.
    LookAgain(Handle),
}

pub(super) type Cx<'a> = Context<'a, Chord>;

impl Chord {
    /// Its predecessor, as far as it knows. For those who look at a run from outside.
    pub fn predecessor(&self) -> Option<Address> {
        self.ring.predecessor
    }

    /// Its successor list, nearest first; empty in a ring of one. For those who look at a run from outside.
    pub fn successors(&self) -> &[Address] {
        &self.ring.successors
    }

    /// Its fingers from near to far, without repeats in a row. For those who look at a run from outside.
    pub fn fingers(&self) -> impl Iterator<Item = Address> {
        self.fingers.iter()
    }

    /// What this node knows of the way to a key, leaving out some nodes; the `limit` closest.
    ///
    /// ToN 2003, Fig. 5: if the key lies between the node and its successor, the successor owns it; else the closest
    /// preceding entry is next.
    pub(super) fn route(&self, key: Key, avoid: &[Address], limit: usize, place: Place<'_>) -> Route {
        let live = |node: &Address| !avoid.contains(node);
        let list = || self.ring.successors.iter().copied().filter(live);
        let mine = place.my_key();
        let precedes = |node: &Address| place.key(*node).is_between(mine, key);
        if self.ring.successors.is_empty() {
            return Route { closer: Vec::new(), owners: vec![place.me], more: false };
        }
        let is_sure = !self.ring.is_makeshift;
        let owners = list().filter(|node| is_sure && !precedes(node)).collect();
        if is_sure && list().next().is_some_and(|head| !precedes(&head)) {
            return Route { closer: Vec::new(), owners, more: false };
        }
        let routing = if place.common.settings.route_over == RouteOver::Fingers { 1 } else { usize::MAX };
        let width = place.common.width();
        let fingers = self.fingers.down_from(width.log2(key - mine)).filter(live).filter(precedes);
        let mut closer: Vec<(Key, Address)> = list()
            .take(routing)
            .filter(precedes)
            .chain(fingers.take(limit.saturating_add(1)))
            .map(|node| (place.key(node) - mine, node))
            .collect();
        closer.sort_unstable_by(|one, other| other.cmp(one));
        closer.dedup();
        let more = closer.len() > limit;
        closer.truncate(limit);
        Route { closer: closer.into_iter().map(|(_, node)| node).collect(), owners, more }
    }
}

impl Caller for Chord {
    type What = What;

    const SLOTS: Slots = Slots::after(OWN_SLOTS);

    fn calls(&self) -> &Calls<What> {
        &self.calls
    }

    fn calls_mut(&mut self) -> &mut Calls<What> {
        &mut self.calls
    }

    fn patience(shared: &Common<Settings>) -> (Timeout, u32) {
        (shared.settings.timeout, shared.settings.retries)
    }

    fn timer(call: Handle) -> Timer {
        Timer::Call(call)
    }

    fn is_answer(what: &What, message: &Message) -> bool {
        matches!(
            (what, message),
            (_, Message::NotMember { .. })
                | (What::Ask(_), Message::Way { .. })
                | (What::Query | What::JoinQuery, Message::Neighbours { .. } | Message::ResponsePending { .. })
                | (What::Claim(_) | What::StepPing | What::PingPredecessor, Message::Pong { .. })
                | (What::Forward(_) | What::Deliver(_), Message::Accepted { .. })
        )
    }

    fn question(&self, call: Handle, to: Address, what: &What, cx: &Cx<'_>) -> Message {
        let key = |lookup: &Handle| self.lookups.get(*lookup).map_or(Key::ZERO, |lookup| lookup.key);
        match what {
            What::Ask(lookup) => {
                let remember = cx.shared().settings.remember_silent;
                let avoid = |lookup: &Lookup| lookup.search.avoid_at(to, remember).to_vec();
                let avoid = self.lookups.get(*lookup).map_or(Vec::new(), avoid);
                Message::FindSuccessor { call, key: key(lookup), avoid }
            }
            What::Claim(lookup) => Message::Claim { call, key: key(lookup) },
            What::Query | What::JoinQuery => Message::GetNeighbours { call },
            What::StepPing | What::PingPredecessor => Message::Ping { call },
            What::Forward(carried) => {
                let mut errand = carried.errand.clone();
                errand.toll.hops += 1;
                errand.toll.on_the_way = errand.toll.timeouts;
                Message::Forward { call, errand }
            }
            What::Deliver(carried) => {
                let errand = carried.errand.clone();
                let holders = carried.search.holders(errand.copies);
                Message::Deliver { call, errand, holders }
            }
        }
    }

    fn attempt_failed(&mut self, what: &mut What, waited: Span, me: Address) {
        note_toll(what, me);
        let lookup = match &*what {
            What::Ask(lookup) | What::Claim(lookup) => *lookup,
            What::Forward(carried) | What::Deliver(carried) if carried.errand.issuer == me => carried.errand.lookup,
            _ => return,
        };
        if let Some(lookup) = self.lookups.get_mut(lookup) {
            lookup.silence.add(waited);
        }
    }
}

/// An attempt to hand on another node's recursive lookup met silence: its issuer hears of it when the owner replies.
fn note_toll(what: &mut What, me: Address) {
    if let What::Forward(carried) | What::Deliver(carried) = what
        && carried.errand.issuer != me
    {
        carried.errand.toll.timeouts += 1;
    }
}

pub(super) const STABILIZE: Slot = Slot(0);
pub(super) const STABILIZE_AGAIN: Slot = Slot(1);
pub(super) const FIX_FINGER: Slot = Slot(2);
pub(super) const MERGE: Slot = Slot(3);
pub(super) const JOIN_AGAIN: Slot = Slot(4);
const OWN_SLOTS: u32 = 5;

#[cfg(test)]
mod tests {
    use super::super::neighbours::tests::{ids, nodes};
    use super::*;

    #[test]
    fn a_node_whose_whole_list_is_known_to_be_silent_owns_nothing() {
        let (common, mut chord) = (ids(2), Chord::default());
        let place = Place { me: Address(10), common: &common };
        chord.ring.successors = nodes(&[20, 30]);
        let route = chord.route(common.key(Address(15)), &nodes(&[20, 30]), 4, place);
        assert_eq!((route.closer, route.owners), (vec![], vec![]));
        chord.ring.successors.clear();
        let alone = chord.route(common.key(Address(15)), &[], 4, place);
        assert_eq!(alone.owners, nodes(&[10]), "a ring of one owns everything");
    }

    #[test]
    fn a_makeshift_list_leads_on_but_names_no_owner() {
        let (common, mut chord) = (ids(2), Chord::default());
        let place = Place { me: Address(10), common: &common };
        chord.ring.successors = nodes(&[20, 40]);
        chord.ring.is_makeshift = true;
        let route = chord.route(common.key(Address(30)), &[], 4, place);
        assert_eq!((route.closer, route.owners), (nodes(&[20]), vec![]));
    }
}
