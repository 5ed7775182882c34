//! The state of a Kademlia node, how it asks questions, and what it makes of hearing from others.

use sim::address::Address;
use sim::protocol::{Context, Slot};
use sim::time::{SimTime, Span};

use super::buckets::{Buckets, Seen};
use super::message::Message;
use super::search::Search;
use super::settings::{Eviction, Settings};
use super::trouble::Trouble;
use crate::bootstraps::Bootstraps;
use crate::calling::{Caller, Slots};
use crate::dht::{Common, Silence};
use crate::key::Key;
use crate::place::place;
use crate::rpc::{Calls, Timeout};
use crate::table::{Handle, Table};
use crate::upkeep::for_upkeep;

/// A Kademlia node. See the [module](super) for what it does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Kademlia {
    pub(super) status: Status,
    pub(super) buckets: Buckets,
    pub(super) trouble: Trouble,
    pub(super) lookups: Table<Lookup>,
    pub(super) calls: Calls<What>,
    pub(super) bootstraps: Bootstraps,
    /// Oldest contacts of full buckets that are being pinged.
    pub(super) pinged: Vec<Address>,
    /// Prefixes of buckets that the join still has to refresh.
    pub(super) to_refresh: Vec<Key>,
    pub(super) refreshing: Option<Handle>,
    /// Whether it waits to ask a stale contact whether it has come back.
    pub(super) is_lonely: bool,
    /// Whether it has come back with contacts of an earlier life, and is no member yet: then it asks them on its way in.
    pub(super) remembers: bool,
}

/// Whether a node is in the overlay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Status {
    #[default]
    Outside,
    Joining,
    Member,
}

/// A lookup of this node's own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Lookup {
    pub(super) why: Why,
    pub(super) search: Search,
    pub(super) begun_at: SimTime,
    pub(super) silence: Silence,
    /// Calls in flight.
    pub(super) calls: Vec<Handle>,
}

/// What a lookup is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Why {
    User { copies: u32 },
    Join,
    Refresh,
    Rejoin,
}

/// What a call is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum What {
    /// The contacts closest to a lookup's key.
    Find(Handle),
    /// Whether the oldest contact of a full bucket lives.
    PingOldest,
}

/// Every reason for a Kademlia node to wake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Timer {
    /// Time to refresh a bucket.
    Refresh,
    /// A join did not work out: try again.
    JoinAgain,
    /// All contacts are stale: ask one of them whether it has come back.
    Lonely,
    /// A call was not answered.
    Call(Handle),
    /// A lookup's deadline.
    Deadline(Handle),
    /// A lookup found nobody to ask: begin again.
    LookAgain(Handle),
}

pub(super) type Cx<'a> = Context<'a, Kademlia>;

impl Kademlia {
    /// Its contacts. For those who look at a run from outside.
    pub fn contacts(&self) -> impl Iterator<Item = Address> {
        self.buckets.contacts()
    }

    /// A message has come from this node: it lives, and is a contact if there is room for it. If not, the oldest contact may be
    /// pinged to make room.
    pub(super) fn heard(&mut self, from: Address, may_ping: bool, cx: &mut Cx<'_>) {
        self.trouble.heard(from);
        let place = place(cx);
        let Seen::Full { oldest } = self.buckets.seen(from, place) else {
            return;
        };
        let Settings { stale_after, eviction, .. } = cx.shared().settings;
        let stale = self.buckets.around(place.key(from)).iter().find(|node| self.trouble.is_stale(**node, stale_after));
        if let Some(stale) = stale.copied() {
            return self.buckets.replace(stale, place);
        }
        let may_ping = may_ping && self.status != Status::Outside && eviction == Eviction::Ping;
        if may_ping && !self.pinged.contains(&oldest) && self.is_fit(oldest, cx) {
            self.pinged.push(oldest);
            let cause = cx.cause();
            for_upkeep(cx);
            self.call(oldest, What::PingOldest, cx);
            cx.set_cause(cause);
        }
    }

    /// The contacts closest to a key that may be named to this node.
    pub(super) fn closest_for(&self, other: Address, key: Key, count: usize, cx: &Cx<'_>) -> Vec<Address> {
        self.buckets.closest(key, count, place(cx), |node| node != other && self.is_fit(node, cx))
    }

    /// The contacts closest to a key that may be asked. Where all should be left alone for a while, they are asked after all.
    pub(super) fn closest(&self, key: Key, count: usize, cx: &Cx<'_>) -> Vec<Address> {
        let fit = self.buckets.closest(key, count, place(cx), |node| self.is_fit(node, cx));
        if !fit.is_empty() {
            return fit;
        }
        let stale_after = cx.shared().settings.stale_after;
        self.buckets.closest(key, count, place(cx), |node| !self.trouble.is_stale(node, stale_after))
    }

    /// Whether nobody is left who could be asked: all contacts are stale, or there are none.
    pub(super) fn is_alone(&self, cx: &Cx<'_>) -> bool {
        let stale_after = cx.shared().settings.stale_after;
        self.buckets.contacts().all(|node| self.trouble.is_stale(node, stale_after))
    }

    /// A contact did not answer a call.
    pub(super) fn failed(&mut self, node: Address, cx: &mut Cx<'_>) {
        let Settings { backoff, stale_after, .. } = cx.shared().settings;
        let place = place(cx);
        if !self.buckets.contains(node, place) {
            return;
        }
        self.trouble.failed(node, cx.now(), backoff.0);
        if self.trouble.is_stale(node, stale_after) {
            self.buckets.replace(node, place);
        }
        self.trouble.keep(|node| self.buckets.contains(node, place));
    }

    fn is_fit(&self, node: Address, cx: &Cx<'_>) -> bool {
        self.trouble.is_fit(node, cx.now(), cx.shared().settings.stale_after)
    }
}

impl Caller for Kademlia {
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
            (What::Find(_), Message::Nodes { .. } | Message::NotMember { .. })
                | (What::PingOldest, Message::Pong { .. })
        )
    }

    fn question(&self, call: Handle, _: Address, what: &What, _: &Cx<'_>) -> Message {
        match *what {
            What::Find(lookup) => {
                let key = self.lookups.get(lookup).map_or(Key::ZERO, |lookup| lookup.search.key());
                Message::FindNode { call, key }
            }
            What::PingOldest => Message::Ping { call },
        }
    }

    fn attempt_failed(&mut self, what: &mut What, waited: Span, _: Address) {
        if let What::Find(lookup) = *what
            && let Some(lookup) = self.lookups.get_mut(lookup)
        {
            lookup.silence.add(waited);
        }
    }
}

pub(super) const REFRESH: Slot = Slot(0);
pub(super) const JOIN_AGAIN: Slot = Slot(1);
pub(super) const LONELY: Slot = Slot(2);
const OWN_SLOTS: u32 = 3;
