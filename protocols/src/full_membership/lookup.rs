//! Lookups: the owner is known from the node's own list, and asked whether it agrees.

use sim::address::Address;

use super::members::Update;
use super::message::Message;
use super::node::{Cx, FullMembership, Lookup, Status, Timer, What};
use crate::calling::Caller;
use crate::dht::{Answer, Failure, FailureReason, Report, Silence};
use crate::key::Key;
use crate::place::place;
use crate::table::Handle;

impl FullMembership {
    /// A user wants to know who owns a key.
    pub(super) fn look_up(&mut self, key: Key, copies: u32, cx: &mut Cx<'_>) {
        let silence = Silence::default();
        if self.status != Status::Member {
            cx.report(Report::Failed(Failure { reason: FailureReason::NotJoined, silence }));
            return;
        }
        let (avoid, known_at) = (Vec::new(), cx.now());
        let id = self.lookups.insert(Lookup { key, copies, avoid, hops: 0, known_at, silence, call: None });
        cx.set_timer(Self::SLOTS.deadline(id), cx.shared().settings.lookup_deadline.0, Timer::Deadline(id));
        self.ask_owner(id, cx);
    }

    /// Somebody thinks that this node owns a key.
    pub(super) fn asked_for(&mut self, from: Address, call: Handle, key: Key, avoid: &[Address], cx: &mut Cx<'_>) {
        let place = place(cx);
        let owner = self.owner(key, avoid, cx);
        let answer = match self.list.get(owner, place) {
            Some(owner) => Message::NotMine { call, owner },
            None => Message::Mine { call },
        };
        cx.send(from, answer);
    }

    /// A member that was asked knows of another between the key and itself. Each such answer leads closer to the key, or takes
    /// a node out of the race.
    pub(super) fn told_owner(&mut self, id: Handle, from: Address, owner: Update, cx: &mut Cx<'_>) {
        self.hear(owner, cx);
        let Some(lookup) = self.lookups.get_mut(id) else {
            return;
        };
        lookup.hops += 1;
        lookup.silence.on_the_way = lookup.silence.timeouts;
        let (key, avoid) = (lookup.key, lookup.avoid.clone());
        if self.owner(key, &avoid, cx) == from {
            // What was told of the other is overridden here: it has failed.
            self.avoid(id, owner.member);
        }
        self.ask_owner(id, cx);
    }

    /// A member that was asked was silent, or is no member.
    pub(super) fn not_told(&mut self, id: Handle, node: Address, cx: &mut Cx<'_>) {
        self.avoid(id, node);
        self.ask_owner(id, cx);
    }

    /// The owner itself has answered.
    pub(super) fn answered_by(&mut self, id: Handle, owner: Address, cx: &mut Cx<'_>) {
        let Some(Lookup { copies, avoid, hops, known_at, silence, .. }) = self.close(id, cx) else {
            return;
        };
        let place = place(cx);
        let after = self.list.ring(place.key(owner), place).filter(|node| *node != owner && !avoid.contains(node));
        let holders = std::iter::once(owner).chain(after).take(if copies > 1 { copies as usize } else { 0 }).collect();
        let hops_to_owner = hops + u32::from(owner != cx.me());
        let (hops_to_end, replied_at) = (hops_to_owner, cx.now());
        cx.report(Report::Answered(Answer {
            owner,
            holders,
            hops,
            hops_to_owner,
            hops_to_end,
            known_at,
            replied_at,
            silence,
        }));
    }

    /// A lookup's deadline has passed.
    pub(super) fn give_up(&mut self, id: Handle, cx: &mut Cx<'_>) {
        if let Some(lookup) = self.close(id, cx) {
            cx.report(Report::Failed(Failure { reason: FailureReason::Deadline, silence: lookup.silence }));
        }
    }

    /// Asks whom the list says to own a lookup's key, unless it is the node itself.
    fn ask_owner(&mut self, id: Handle, cx: &mut Cx<'_>) {
        let Some(lookup) = self.lookups.get(id) else {
            return;
        };
        let owner = self.owner(lookup.key, &lookup.avoid, cx);
        if let Some(lookup) = self.lookups.get_mut(id) {
            lookup.known_at = cx.now();
        }
        if owner == cx.me() {
            return self.answered_by(id, owner, cx);
        }
        let call = self.call(owner, What::Ask(id), cx);
        if let Some(lookup) = self.lookups.get_mut(id) {
            lookup.call = Some(call);
        }
    }

    /// The first member at or after a key (consistent hashing: Karger et al., STOC 1997), but for these; in the end the node
    /// itself.
    fn owner(&self, key: Key, avoid: &[Address], cx: &Cx<'_>) -> Address {
        let me = cx.me();
        self.list.ring(key, place(cx)).find(|node| *node == me || !avoid.contains(node)).unwrap_or(me)
    }

    fn avoid(&mut self, id: Handle, node: Address) {
        if let Some(lookup) = self.lookups.get_mut(id)
            && !lookup.avoid.contains(&node)
        {
            lookup.avoid.push(node);
        }
    }

    /// Ends a lookup and everything that waits for it.
    fn close(&mut self, id: Handle, cx: &mut Cx<'_>) -> Option<Lookup> {
        let lookup = self.lookups.remove(id)?;
        if let Some(call) = lookup.call {
            self.hang_up(call, cx);
        }
        cx.cancel_timer(Self::SLOTS.deadline(id));
        Some(lookup)
    }
}
