//! Lookups: a user's, a joining node's, a bucket's refresh. Each is a search for the nodes closest to a key.

use sim::address::Address;
use sim::time::Span;

use super::message::Message;
use super::node::{Cx, Kademlia, Lookup, Status, Timer, What, Why};
use super::search::{Candidate, Limits, Search};
use crate::calling::Caller;
use crate::dht::{Answer, Failure, FailureReason, Report, Silence};
use crate::key::Key;
use crate::place::place;
use crate::table::Handle;
use crate::upkeep::jittered;

impl Kademlia {
    /// A user wants to know who owns a key.
    pub(super) fn look_up(&mut self, key: Key, copies: u32, cx: &mut Cx<'_>) {
        if self.status != Status::Member {
            let reason = FailureReason::NotJoined;
            cx.report(Report::Failed(Failure { reason, silence: Silence::default() }));
            return;
        }
        let id = self.open(key, Why::User { copies }, cx);
        cx.set_timer(Self::SLOTS.deadline(id), cx.shared().settings.lookup_deadline.0, Timer::Deadline(id));
        self.begin_search(id, cx);
    }

    /// Begins a lookup that asks these nodes, and nobody else at first.
    pub(super) fn look_up_from(&mut self, nodes: &[Address], key: Key, why: Why, cx: &mut Cx<'_>) -> Handle {
        let id = self.open(key, why, cx);
        self.know(id, nodes, cx);
        self.advance(id, cx);
        id
    }

    /// Begins a lookup of the node's own, from its own table and from these nodes.
    pub(super) fn look_up_with(&mut self, nodes: &[Address], key: Key, why: Why, cx: &mut Cx<'_>) -> Handle {
        let id = self.open(key, why, cx);
        self.know(id, nodes, cx);
        self.begin_search(id, cx);
        id
    }

    /// A lookup that is under way asks these nodes as well.
    pub(super) fn look_up_also(&mut self, id: Handle, nodes: &[Address], cx: &mut Cx<'_>) {
        self.know(id, nodes, cx);
        self.advance(id, cx);
    }

    /// A node has named the contacts that it knows closest to a lookup's key.
    pub(super) fn told(&mut self, id: Handle, from: Address, contacts: &[Address], cx: &mut Cx<'_>) {
        let place = place(cx);
        let now = cx.now();
        if let Some(lookup) = self.lookups.get_mut(id) {
            lookup.calls.retain(|call| self.calls.get(*call).is_some());
            let others = contacts.iter().take(place.k()).filter(|node| **node != place.me);
            let callable = others.filter(|node| self.trouble.may_call(**node, now));
            if lookup.search.answered(from, callable.map(|node| (place.key(*node), *node)), now) {
                lookup.silence.on_the_way = lookup.silence.timeouts;
            }
            self.advance(id, cx);
        }
    }

    /// A node was silent to a lookup, or is no member.
    pub(super) fn not_told(&mut self, id: Handle, node: Address, cx: &mut Cx<'_>) {
        if let Some(lookup) = self.lookups.get_mut(id) {
            lookup.calls.retain(|call| self.calls.get(*call).is_some());
            lookup.search.silent(node);
            self.advance(id, cx);
        }
    }

    /// A user's lookup has come to nothing.
    pub(super) fn give_up(&mut self, id: Handle, reason: FailureReason, cx: &mut Cx<'_>) {
        if let Some(lookup) = self.close(id, cx) {
            cx.report(Report::Failed(Failure { reason, silence: lookup.silence }));
        }
    }

    /// A user's lookup that had nobody to ask begins again.
    pub(super) fn look_again(&mut self, id: Handle, cx: &mut Cx<'_>) {
        let limits = self.lookups.get(id).map(|lookup| limits(lookup.why, cx));
        if let (Some(lookup), Some(limits)) = (self.lookups.get_mut(id), limits) {
            lookup.search = Search::new(lookup.search.key(), limits);
            self.begin_search(id, cx);
        }
    }

    /// Answers `FIND_NODE`.
    pub(super) fn name_closest(&mut self, to: Address, call: Handle, key: Key, cx: &mut Cx<'_>) {
        let contacts = self.closest_for(to, key, cx.shared().settings.k as usize, cx);
        cx.send(to, Message::Nodes { call, contacts });
    }

    fn open(&mut self, key: Key, why: Why, cx: &mut Cx<'_>) -> Handle {
        let bucket = self.buckets.bucket_mut(key);
        bucket.due = cx.now() + cx.shared().settings.refresh.0;
        let search = Search::new(key, limits(why, cx));
        self.lookups.insert(Lookup { why, search, begun_at: cx.now(), silence: Silence::default(), calls: Vec::new() })
    }

    fn begin_search(&mut self, id: Handle, cx: &mut Cx<'_>) {
        if let Some(key) = self.lookups.get(id).map(|lookup| lookup.search.key()) {
            let closest = self.closest(key, cx.shared().settings.k as usize, cx);
            self.know(id, &closest, cx);
            self.advance(id, cx);
        }
    }

    fn know(&mut self, id: Handle, nodes: &[Address], cx: &Cx<'_>) {
        let place = place(cx);
        if let Some(lookup) = self.lookups.get_mut(id) {
            let others = nodes.iter().filter(|node| **node != place.me);
            lookup.search.know(others.map(|node| (place.key(*node), *node)), cx.now());
        }
    }

    /// Sends out whatever queries the search wants next, or ends it.
    fn advance(&mut self, id: Handle, cx: &mut Cx<'_>) {
        while let Some(node) = self.lookups.get_mut(id).and_then(|lookup| lookup.search.next()) {
            let call = self.call(node, What::Find(id), cx);
            if let Some(lookup) = self.lookups.get_mut(id) {
                lookup.calls.push(call);
            }
        }
        if self.lookups.get(id).is_some_and(|lookup| lookup.search.is_over()) {
            self.search_over(id, cx);
        }
    }

    fn search_over(&mut self, id: Handle, cx: &mut Cx<'_>) {
        let Some(lookup) = self.lookups.get(id) else {
            return;
        };
        let closest = lookup.search.closest().next().map(|(candidate, _)| candidate.node);
        if matches!(lookup.why, Why::User { .. }) && closest.is_none() && !self.is_alone(cx) {
            let pause = jittered(LOST_PAUSE, cx.chance());
            return cx.set_timer(Self::SLOTS.again(id), pause, Timer::LookAgain(id));
        }
        let Some(lookup) = self.close(id, cx) else {
            return;
        };
        match lookup.why {
            Why::User { copies } => cx.report(Report::Answered(answer(&lookup, copies, cx))),
            Why::Join => self.found_myself(closest, cx),
            Why::Refresh => self.refreshed(cx),
            Why::Rejoin => {}
        }
    }

    /// Ends a lookup and everything that waits for it.
    fn close(&mut self, id: Handle, cx: &mut Cx<'_>) -> Option<Lookup> {
        let lookup = self.lookups.remove(id)?;
        for call in &lookup.calls {
            self.hang_up(*call, cx);
        }
        if matches!(lookup.why, Why::User { .. }) {
            cx.cancel_timer(Self::SLOTS.deadline(id));
            cx.cancel_timer(Self::SLOTS.again(id));
        }
        Some(lookup)
    }
}

/// A lookup for more copies than k looks for as many nodes.
fn limits(why: Why, cx: &Cx<'_>) -> Limits {
    let settings = &cx.shared().settings;
    let copies = if let Why::User { copies } = why { copies } else { 0 };
    Limits { k: settings.k.max(copies) as usize, alpha: settings.alpha as usize, parallelism: settings.parallelism }
}

/// What a search that is over says to its user: the closest of those who have answered owns the key, or the node itself.
fn answer(lookup: &Lookup, copies: u32, cx: &Cx<'_>) -> Answer {
    let place = place(cx);
    let mine = place.my_key() ^ lookup.search.key();
    let closest = lookup.search.closest().next().filter(|(candidate, _)| candidate.distance() < mine);
    let (owner, hops, hops_to_owner, known_at, replied_at) = match closest {
        Some((Candidate { node, round, heard_at, .. }, at)) => (*node, round - 1, *round, *heard_at, at),
        None => (cx.me(), 0, 0, lookup.begun_at, lookup.begun_at),
    };
    let others = lookup.search.closest().map(|(candidate, _)| (candidate.distance(), candidate.node));
    let mut holders: Vec<_> = others.take(if copies > 1 { copies as usize } else { 0 }).collect();
    if copies > 1 {
        holders.push((mine, cx.me()));
        holders.sort_unstable();
        holders.truncate(copies as usize);
    }
    Answer {
        owner,
        holders: holders.into_iter().map(|(_, node)| node).collect(),
        hops,
        hops_to_owner,
        hops_to_end: lookup.search.waves(),
        known_at,
        replied_at,
        silence: lookup.silence,
    }
}

/// How long a lookup that found nobody to ask waits, on average, before it begins again (arbitrary).
const LOST_PAUSE: Span = Span::from_millis(500);
