//! Lookups: a user's, a joining node's, a finger's. Iterative ones step by step, recursive ones by errand.

use sim::address::Address;
use sim::time::Span;

use super::message::{Errand, Message, Toll};
use super::node::{Carried, Chord, Cx, Lookup, Status, Timer, What, Why};
use super::search::{Next, Route, Search};
use super::settings::Settings;
use crate::calling::Caller;
use crate::dht::{Answer, Failure, FailureReason, Report, Silence};
use crate::key::Key;
use crate::place::place;
use crate::settings::LookupMode;
use crate::table::Handle;
use crate::upkeep::jittered;

impl Chord {
    /// A user wants to know who owns a key.
    pub(super) fn look_up(&mut self, key: Key, copies: u32, cx: &mut Cx<'_>) {
        if self.status != Status::Member {
            let reason = FailureReason::NotJoined;
            cx.report(Report::Failed(Failure { reason, silence: Silence::default() }));
            return;
        }
        let id = self.open(key, Why::User { copies }, self.search(key, cx), cx);
        cx.set_timer(Self::SLOTS.deadline(id), cx.shared().settings.lookup_deadline.0, Timer::Deadline(id));
        self.set_out(id, cx);
    }

    /// Begins a lookup of the node's own, from what it knows itself.
    pub(super) fn look_up_for(&mut self, key: Key, why: Why, cx: &mut Cx<'_>) -> Handle {
        let id = self.open(key, why, self.search(key, cx), cx);
        self.advance(id, cx);
        id
    }

    /// Begins a lookup of the node's own by asking other nodes first: one, and the next where it is silent.
    pub(super) fn look_up_from(&mut self, nodes: Vec<Address>, key: Key, why: Why, cx: &mut Cx<'_>) {
        let id = self.open(key, why, Search::starting_at(nodes, cx.me()), cx);
        self.advance(id, cx);
    }

    /// A node has told its way.
    pub(super) fn told_way(&mut self, id: Handle, from: Address, route: Route, cx: &mut Cx<'_>) {
        if let Some(lookup) = self.lookups.get_mut(id) {
            lookup.silence.on_the_way = lookup.silence.timeouts;
            lookup.search.replied(from, route, cx.shared().settings.remember_silent);
            self.advance(id, cx);
        }
    }

    /// A node on the way, or the owner, was silent or is no member.
    pub(super) fn lookup_silent(&mut self, id: Handle, node: Address, cx: &mut Cx<'_>) {
        if let Some(lookup) = self.lookups.get_mut(id) {
            lookup.search.silent(node);
            self.advance(id, cx);
        }
    }

    /// The owner itself has replied.
    pub(super) fn claimed(&mut self, id: Handle, owner: Address, cx: &mut Cx<'_>) {
        let Some(lookup) = self.close(id, cx) else {
            return;
        };
        let Why::User { copies } = lookup.why else {
            return;
        };
        let hops = lookup.search.hops();
        let holders = lookup.search.holders(copies);
        let hops_to_owner = hops + u32::from(owner != cx.me());
        let (known_at, silence) = (lookup.known_at, lookup.silence);
        cx.report(Report::Answered(Answer {
            owner,
            holders,
            hops,
            hops_to_owner,
            hops_to_end: hops_to_owner,
            known_at,
            replied_at: cx.now(),
            silence,
        }));
    }

    /// A recursive lookup's owner has replied.
    pub(super) fn found(&mut self, id: Handle, owner: Address, toll: Toll, holders: Vec<Address>, cx: &mut Cx<'_>) {
        if !matches!(self.lookups.get(id), Some(Lookup { why: Why::User { .. }, .. })) {
            return;
        }
        let Some(lookup) = self.close(id, cx) else {
            return;
        };
        let Toll { hops, timeouts, on_the_way } = toll;
        let mut silence = lookup.silence;
        silence.timeouts += timeouts;
        silence.on_the_way += on_the_way;
        let hops_to_owner = hops + u32::from(owner != cx.me());
        cx.report(Report::Answered(Answer {
            owner,
            holders,
            hops,
            hops_to_owner,
            hops_to_end: hops_to_owner,
            known_at: cx.now(),
            replied_at: cx.now(),
            silence,
        }));
    }

    /// A user's lookup has come to nothing.
    pub(super) fn give_up(&mut self, id: Handle, reason: FailureReason, cx: &mut Cx<'_>) {
        if let Some(lookup) = self.close(id, cx) {
            cx.report(Report::Failed(Failure { reason, silence: lookup.silence }));
        }
    }

    /// A lookup that had nobody to ask begins again.
    pub(super) fn look_again(&mut self, id: Handle, cx: &mut Cx<'_>) {
        let Some(lookup) = self.lookups.get(id) else {
            return;
        };
        let own = self.route(lookup.key, lookup.search.avoid(), usize::MAX, place(cx));
        let settings = &cx.shared().settings;
        let lookup = self.lookups.get_mut(id).expect("the lookup just seen is there");
        if settings.lookup == LookupMode::Recursive {
            // Nothing was heard of it since it was sent out.
            lookup.silence.add(recursive_attempt(settings));
        }
        lookup.search.restart(own);
        self.set_out(id, cx);
    }

    /// Takes a recursive lookup one hop on.
    pub(super) fn carry(&mut self, carried: Box<Carried>, cx: &mut Cx<'_>) {
        match carried.search.next() {
            Next::Ask(node) => _ = self.call(node, What::Forward(carried), cx),
            Next::Owner(owner) if owner == cx.me() => {
                let holders = carried.search.holders(carried.errand.copies);
                self.reply_to_issuer(&carried.errand, holders, cx);
            }
            Next::Owner(owner) => _ = self.call(owner, What::Deliver(carried), cx),
            // Nobody is left to ask; the issuer will begin again.
            Next::Lost => {}
        }
    }

    /// The next node on the way has taken on a recursive lookup.
    pub(super) fn accepted(&mut self, errand: &Errand, me: Address) {
        if errand.issuer == me
            && let Some(lookup) = self.lookups.get_mut(errand.lookup)
        {
            lookup.silence.on_the_way = lookup.silence.timeouts;
        }
    }

    /// Takes on a recursive lookup that another node hands over.
    pub(super) fn take_on(&mut self, errand: Errand, cx: &mut Cx<'_>) {
        let search = self.search(errand.key, cx);
        self.carry(Box::new(Carried { errand, search }), cx);
    }

    /// This node owns an errand's key: it tells the issuer.
    pub(super) fn reply_to_issuer(&mut self, errand: &Errand, holders: Vec<Address>, cx: &mut Cx<'_>) {
        let Errand { issuer, lookup, toll, .. } = *errand;
        if issuer == cx.me() {
            self.found(lookup, issuer, toll, holders, cx);
        } else {
            cx.send(issuer, Message::Found { lookup, toll, holders });
        }
    }

    fn search(&self, key: Key, cx: &Cx<'_>) -> Search {
        Search::new(self.route(key, &[], usize::MAX, place(cx)))
    }

    fn open(&mut self, key: Key, why: Why, search: Search, cx: &Cx<'_>) -> Handle {
        let silence = Silence::default();
        self.lookups.insert(Lookup { key, why, search, known_at: cx.now(), silence, call: None })
    }

    /// Ends a lookup and everything that waits for it.
    pub(super) fn close(&mut self, id: Handle, cx: &mut Cx<'_>) -> Option<Lookup> {
        let lookup = self.lookups.remove(id)?;
        if let Some(call) = lookup.call {
            self.hang_up(call, cx);
        }
        if matches!(lookup.why, Why::User { .. }) {
            cx.cancel_timer(Self::SLOTS.deadline(id));
            cx.cancel_timer(Self::SLOTS.again(id));
        }
        Some(lookup)
    }

    /// Sends a user's lookup on its way, by the mode in force.
    fn set_out(&mut self, id: Handle, cx: &mut Cx<'_>) {
        let settings = &cx.shared().settings;
        if settings.lookup == LookupMode::Iterative {
            return self.advance(id, cx);
        }
        let Some(lookup) = self.lookups.get(id) else {
            return;
        };
        let Why::User { copies } = lookup.why else {
            return self.advance(id, cx);
        };
        let errand = Errand { key: lookup.key, issuer: cx.me(), lookup: id, toll: Toll::default(), copies };
        let search = lookup.search.clone();
        cx.set_timer(Self::SLOTS.again(id), recursive_attempt(settings), Timer::LookAgain(id));
        self.carry(Box::new(Carried { errand, search }), cx);
    }

    /// Asks the next question of an iterative lookup.
    fn advance(&mut self, id: Handle, cx: &mut Cx<'_>) {
        let Some(lookup) = self.lookups.get_mut(id) else {
            return;
        };
        match lookup.search.next() {
            Next::Ask(node) => {
                let call = self.call(node, What::Ask(id), cx);
                self.waits_for(id, call);
            }
            Next::Owner(owner) => {
                lookup.known_at = cx.now();
                self.owner_known(id, owner, cx);
            }
            Next::Lost => self.lost(id, cx),
        }
    }

    fn owner_known(&mut self, id: Handle, owner: Address, cx: &mut Cx<'_>) {
        let Some(why) = self.lookups.get(id).map(|lookup| lookup.why) else {
            return;
        };
        match why {
            Why::User { .. } if owner == cx.me() => self.claimed(id, owner, cx),
            Why::User { .. } => {
                let call = self.call(owner, What::Claim(id), cx);
                self.waits_for(id, call);
            }
            Why::Join | Why::Finger { .. } | Why::Merge => {
                let by = self.close(id, cx).and_then(|lookup| lookup.search.by());
                match why {
                    Why::Finger { index } => self.finger_found(index, owner, cx),
                    Why::Merge => self.other_ring_found(owner, cx),
                    _ => self.place_found(by, owner, cx),
                }
            }
        }
    }

    fn lost(&mut self, id: Handle, cx: &mut Cx<'_>) {
        let Some((why, by)) = self.lookups.get(id).map(|lookup| (lookup.why, lookup.search.by())) else {
            return;
        };
        match why {
            Why::User { .. } if !cx.shared().settings.restart_lost => self.give_up(id, FailureReason::NoRoute, cx),
            Why::User { .. } => {
                let pause = jittered(LOST_PAUSE, cx.chance());
                cx.set_timer(Self::SLOTS.again(id), pause, Timer::LookAgain(id));
            }
            Why::Join => {
                self.close(id, cx);
                if by.is_some() {
                    self.join_later(cx);
                } else {
                    self.nobody_led(cx);
                }
            }
            Why::Finger { index } => {
                self.close(id, cx);
                self.finger_lost(index);
            }
            Why::Merge => _ = self.close(id, cx),
        }
    }

    fn waits_for(&mut self, id: Handle, call: Handle) {
        if let Some(lookup) = self.lookups.get_mut(id) {
            lookup.call = Some(call);
        }
    }
}

/// How long the issuer of a recursive lookup waits before it sends it out again.
fn recursive_attempt(settings: &Settings) -> Span {
    Span::from_nanos(settings.lookup_deadline.0.as_nanos() / RECURSIVE_ATTEMPTS)
}

/// How long a lookup that found nobody to ask waits, on average, before it begins again (arbitrary).
const LOST_PAUSE: Span = Span::from_millis(500);
/// A recursive lookup of which nothing was heard is sent out so often before its deadline (arbitrary).
const RECURSIVE_ATTEMPTS: u64 = 4;
