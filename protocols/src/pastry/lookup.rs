//! Lookups: recursive ones by errand, iterative ones step by step; and errands on their way.

use sim::address::Address;
use sim::time::Span;

use super::known::Next;
use super::message::{Aim, Errand, Message, Toll};
use super::node::{Carried, Cx, Lookup, Pastry, Status, Timer, What};
use super::search::Search;
use super::settings::Settings;
use crate::calling::Caller;
use crate::dht::{Answer, Failure, FailureReason, Report, Silence};
use crate::key::Key;
use crate::place::place;
use crate::settings::LookupMode;
use crate::table::Handle;
use crate::upkeep::jittered;

impl Pastry {
    /// A user wants to know who owns a key.
    pub(super) fn look_up(&mut self, key: Key, copies: u32, cx: &mut Cx<'_>) {
        if self.status != Status::Ready {
            let reason = FailureReason::NotJoined;
            cx.report(Report::Failed(Failure { reason, silence: Silence::default() }));
            return;
        }
        let (search, silence) = (Search::default(), Silence::default());
        let id = self.lookups.insert(Lookup { key, copies, search, known_at: cx.now(), silence, call: None });
        cx.set_timer(Self::SLOTS.deadline(id), cx.shared().settings.lookup_deadline.0, Timer::Deadline(id));
        self.set_out(id, cx);
    }

    /// A lookup that had nobody to ask begins again.
    pub(super) fn look_again(&mut self, id: Handle, cx: &mut Cx<'_>) {
        if let Some(lookup) = self.lookups.get_mut(id) {
            lookup.search.restart();
            self.set_out(id, cx);
        }
    }

    /// Nothing was heard of a recursive lookup since the next node has taken it on.
    pub(super) fn send_again(&mut self, id: Handle, cx: &mut Cx<'_>) {
        if let Some(lookup) = self.lookups.get_mut(id) {
            lookup.silence.add(recursive_attempt(&cx.shared().settings));
            self.set_out(id, cx);
        }
    }

    /// The next node has taken on an errand. Until then its call is what guards a lookup, and counts the silences.
    pub(super) fn accepted(&mut self, carried: &Carried, cx: &mut Cx<'_>) {
        if let Aim::Lookup { lookup: id, .. } = carried.errand.what
            && carried.errand.issuer == cx.me()
            && let Some(lookup) = self.lookups.get_mut(id)
        {
            if !carried.near {
                lookup.silence.on_the_way = lookup.silence.timeouts;
            }
            cx.set_timer(Self::SLOTS.again(id), recursive_attempt(&cx.shared().settings), Timer::SendAgain(id));
        }
    }

    /// A user's lookup has come to nothing.
    pub(super) fn give_up(&mut self, id: Handle, reason: FailureReason, cx: &mut Cx<'_>) {
        if let Some(lookup) = self.close(id, cx) {
            cx.report(Report::Failed(Failure { reason, silence: lookup.silence }));
        }
    }

    /// A node has told its way.
    pub(super) fn told_way(&mut self, id: Handle, from: Address, way: Vec<Address>, near: bool, cx: &mut Cx<'_>) {
        if let Some(lookup) = self.lookups.get_mut(id) {
            lookup.silence.on_the_way = lookup.silence.timeouts;
            lookup.search.replied(from, way, near);
            self.advance(id, cx);
        }
    }

    /// The owner itself has replied to an iterative lookup.
    pub(super) fn told_mine(&mut self, id: Handle, owner: Address, holders: Vec<Address>, cx: &mut Cx<'_>) {
        let Some(mut lookup) = self.close(id, cx) else {
            return;
        };
        lookup.search.reached(owner);
        let (hops, hops_to_owner) = lookup.search.hops();
        if hops == hops_to_owner {
            lookup.silence.on_the_way = lookup.silence.timeouts;
            lookup.known_at = cx.now();
        }
        answer(owner, holders, (hops, hops_to_owner), &lookup, cx);
    }

    /// A node that was asked the way was silent, or has said that it is no member.
    pub(super) fn no_way(&mut self, id: Handle, node: Address, is_silent: bool, cx: &mut Cx<'_>) {
        if let Some(lookup) = self.lookups.get_mut(id) {
            if is_silent {
                lookup.search.silent(node);
            } else {
                lookup.search.absent(node);
            }
            self.advance(id, cx);
        }
    }

    /// A recursive lookup's owner has replied.
    pub(super) fn found(
        &mut self,
        id: Handle,
        owner: Address,
        (toll, near): (Toll, bool),
        holders: Vec<Address>,
        cx: &mut Cx<'_>,
    ) {
        let Some(mut lookup) = self.close(id, cx) else {
            return;
        };
        lookup.silence.timeouts += toll.timeouts;
        lookup.silence.on_the_way += toll.on_the_way;
        if !near && toll.forwards > 0 {
            // A table led to the owner: whatever was met was on the way there, though an acknowledgement be late.
            lookup.silence.on_the_way = lookup.silence.timeouts;
        }
        lookup.known_at = cx.now();
        let hops = toll.forwards.saturating_sub(u32::from(near));
        answer(owner, holders, (hops, toll.forwards), &lookup, cx);
    }

    /// Takes on an errand that another node hands over.
    pub(super) fn take_on(&mut self, mut errand: Errand, cx: &mut Cx<'_>) {
        let mut avoid = Vec::new();
        if let Aim::Place { .. } = errand.what {
            // Whoever is to be led to its place is led by members alone, and not to itself.
            avoid.push(errand.issuer);
            avoid.extend(self.known.heard.iter());
            self.send_rows(&mut errand, cx);
        }
        let near = errand.near;
        self.carry(Box::new(Carried { errand, avoid, near }), cx);
    }

    /// Takes an errand one hop on.
    pub(super) fn carry(&mut self, mut carried: Box<Carried>, cx: &mut Cx<'_>) {
        let Errand { key, near, .. } = carried.errand;
        match self.known.next(key, near, &carried.avoid, place(cx)) {
            Next::Node { node, near } => {
                carried.near = near;
                self.call(node, What::Forward(carried), cx);
            }
            Next::Mine => self.arrived(&carried.errand, true, cx),
            Next::Lost => self.arrived(&carried.errand, false, cx),
        }
    }

    /// An errand has found this node to be the closest to its key, as far as known; whether that is sure.
    fn arrived(&mut self, errand: &Errand, is_sure: bool, cx: &mut Cx<'_>) {
        let Errand { key, issuer, near, toll, .. } = *errand;
        match errand.what {
            Aim::Lookup { lookup, copies } if is_sure => {
                let holders = self.known.holders(key, copies, place(cx));
                if issuer == cx.me() {
                    self.found(lookup, issuer, (toll, near), holders, cx);
                } else {
                    cx.send(issuer, Message::Found { lookup, toll, near, holders });
                }
            }
            // Where it is another's lookup, its issuer will begin again.
            Aim::Lookup { lookup, .. } if issuer == cx.me() => self.lost(lookup, cx),
            Aim::Lookup { .. } => {}
            Aim::Place { is_member, .. } => self.place_found(issuer, is_member, is_sure, cx),
        }
    }

    /// Sends a lookup on its way, by the mode in force.
    fn set_out(&mut self, id: Handle, cx: &mut Cx<'_>) {
        if cx.shared().settings.lookup == LookupMode::Iterative {
            return self.advance(id, cx);
        }
        let Some(lookup) = self.lookups.get(id) else {
            return;
        };
        let what = Aim::Lookup { lookup: id, copies: lookup.copies };
        let errand = Errand { key: lookup.key, issuer: cx.me(), near: false, toll: Toll::default(), what };
        self.take_on(errand, cx);
    }

    /// Asks the next question of an iterative lookup.
    fn advance(&mut self, id: Handle, cx: &mut Cx<'_>) {
        let Some(lookup) = self.lookups.get_mut(id) else {
            return;
        };
        let next = match lookup.search.next() {
            Some(node) => Next::Node { node, near: lookup.search.is_near() },
            None if lookup.search.is_under_way() => Next::Lost,
            None => self.known.next(lookup.key, false, &lookup.search.avoid_at(None), place(cx)),
        };
        match next {
            Next::Node { node, near } => {
                lookup.search.asked(node, near);
                if near {
                    lookup.known_at = cx.now();
                }
                let call = self.call(node, What::Ask(id), cx);
                if let Some(lookup) = self.lookups.get_mut(id) {
                    lookup.call = Some(call);
                }
            }
            Next::Mine => self.own(id, cx),
            Next::Lost => self.lost(id, cx),
        }
    }

    /// The issuer of an iterative lookup owns the key.
    fn own(&mut self, id: Handle, cx: &mut Cx<'_>) {
        if let Some(mut lookup) = self.close(id, cx) {
            lookup.known_at = cx.now();
            let holders = self.known.holders(lookup.key, lookup.copies, place(cx));
            answer(cx.me(), holders, (0, 0), &lookup, cx);
        }
    }

    fn lost(&mut self, id: Handle, cx: &mut Cx<'_>) {
        if cx.shared().settings.restart_lost {
            let pause = jittered(LOST_PAUSE, cx.chance());
            cx.set_timer(Self::SLOTS.again(id), pause, Timer::LookAgain(id));
        } else {
            self.give_up(id, FailureReason::NoRoute, cx);
        }
    }

    /// Ends a lookup and everything that waits for it.
    fn close(&mut self, id: Handle, cx: &mut Cx<'_>) -> Option<Lookup> {
        let lookup = self.lookups.remove(id)?;
        if let Some(call) = lookup.call {
            self.hang_up(call, cx);
        }
        cx.cancel_timer(Self::SLOTS.deadline(id));
        cx.cancel_timer(Self::SLOTS.again(id));
        Some(lookup)
    }
}

fn answer(owner: Address, holders: Vec<Address>, (hops, hops_to_owner): (u32, u32), lookup: &Lookup, cx: &mut Cx<'_>) {
    let Lookup { known_at, silence, .. } = *lookup;
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

/// How long the issuer of a recursive lookup waits for the owner once the next node has it, before it sends it out again.
fn recursive_attempt(settings: &Settings) -> Span {
    Span::from_nanos(settings.lookup_deadline.0.as_nanos() / RECURSIVE_ATTEMPTS)
}

/// How long a lookup that found nobody to ask waits, on average, before it begins again (arbitrary).
const LOST_PAUSE: Span = Span::from_millis(500);
/// A recursive lookup of which nothing was heard is sent out so often before its deadline (arbitrary).
const RECURSIVE_ATTEMPTS: u64 = 4;
