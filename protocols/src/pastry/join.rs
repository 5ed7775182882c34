//! Joining: the way to the own place, the handshake with all who stand around it, and the announcement; and leaving.
//!
//! Why at most one ready node answers for a key, where nobody is taken for dead who lives. A joining node is told the leaf
//! set of the node beside its place and asks (`Probe`) all who would be in its own. Each answers with its leaf set and
//! with those it has itself been asked by, and from then on knows of the joining node by hearsay: before it answers for
//! a key that is closer to that one, it asks it. Of two that join at once at one place, and ask the same neighbours, the
//! second to reach a neighbour is told of the first, and asks it too. So a node that is ready is known to all who could
//! answer in its stead; while it is not, it says so when it is asked, and at that moment the key is still another's.

use sim::address::Address;
use sim::rng::Words;
use sim::time::Span;

use super::known::Hearsay;
use super::leaf_set::{LeafSet, View};
use super::message::{Aim, Errand, Message, Toll};
use super::node::{Carried, Cx, JOIN_AGAIN, Pastry, Status, Timer, What};
use super::settings::Join;
use crate::calling::Caller;
use crate::dht::Report;
use crate::key::Key;
use crate::place::place;
use crate::upkeep::jittered;

impl Pastry {
    /// Joins the overlay that these nodes are said to be in, or begins one.
    pub(super) fn join(&mut self, bootstraps: Vec<Address>, cx: &mut Cx<'_>) {
        let bootstraps: Vec<Address> = bootstraps.into_iter().filter(|node| *node != cx.me()).collect();
        match self.status {
            Status::Outside => {
                self.live(cx);
                self.bootstraps = bootstraps.into();
                self.try_to_join(cx);
            }
            Status::Joining if !bootstraps.is_empty() => self.join_through(bootstraps, cx),
            Status::Waiting => self.bootstraps.prefer(bootstraps, false),
            Status::Joining | Status::Ready => {}
        }
    }

    /// A node that is looking for its place is told of others. Whoever has taken on its errand may still lead it there.
    fn join_through(&mut self, bootstraps: Vec<Address>, cx: &mut Cx<'_>) {
        while let Some(call) = self.calls.find(|call| matches!(call.what, What::Forward(_))) {
            self.hang_up(call, cx);
        }
        self.bootstraps.prefer(bootstraps, false);
        self.try_to_join(cx);
    }

    /// Begins a life, with numbers of its own for what it has under way.
    pub(super) fn live(&mut self, cx: &mut Cx<'_>) {
        let life = cx.chance().word() as u32;
        self.calls.begin_life(life);
        self.lookups.begin_life(life);
    }

    /// Asks a bootstrap to lead the node to its place, or whoever is remembered from an earlier life.
    pub(super) fn try_to_join(&mut self, cx: &mut Cx<'_>) {
        if !matches!(self.status, Status::Outside | Status::Joining) {
            return;
        }
        self.start_anew(cx);
        let carried = Box::new(self.way_to_own_place(cx));
        let bootstrap = self.next_bootstrap();
        self.be_led(bootstrap, carried, cx);
    }

    /// Asks this node to lead to the own place, or the next of those remembered that has not been asked. A node that was told
    /// of nobody begins a ring when there is none.
    pub(super) fn be_led(&mut self, bootstrap: Option<Address>, carried: Box<Carried>, cx: &mut Cx<'_>) {
        if let Some(leader) = bootstrap.or_else(|| self.next_remembered(&carried.avoid)) {
            let patience = jittered(JOIN_PATIENCE, cx.chance());
            cx.set_timer(JOIN_AGAIN, patience, Timer::JoinAgain);
            self.call(leader, What::Forward(carried), cx);
        } else if self.bootstraps.is_empty() {
            self.known.leaves.be_alone(place(cx));
            self.be_ready(cx);
        } else {
            self.join_later(cx);
        }
    }

    /// A member asks the next bootstrap who stands next to the own id.
    pub(super) fn ask_bootstrap(&mut self, cx: &mut Cx<'_>) {
        if let Some(bootstrap) = self.next_bootstrap() {
            let carried = Box::new(self.way_to_own_place(cx));
            self.call(bootstrap, What::Forward(carried), cx);
        }
    }

    fn next_bootstrap(&mut self) -> Option<Address> {
        let bootstrap = self.bootstraps.first();
        self.bootstraps.turn();
        bootstrap
    }

    /// The next of those that are remembered, leaving out some. It comes again after all others.
    fn next_remembered(&mut self, avoid: &[Address]) -> Option<Address> {
        let at = self.remembered.iter().position(|node| !avoid.contains(node))?;
        self.remembered[at..].rotate_left(1);
        self.remembered.last().copied()
    }

    fn way_to_own_place(&self, cx: &Cx<'_>) -> Carried {
        let errand = self.place_errand(place(cx).my_key(), cx);
        Carried { errand, avoid: Vec::new(), near: false }
    }

    /// An errand that leads to whoever stands at a point.
    pub(super) fn place_errand(&self, key: Key, cx: &Cx<'_>) -> Errand {
        let is_member = self.status == Status::Ready;
        Errand { key, issuer: cx.me(), near: false, toll: Toll::default(), what: Aim::Place { is_member, rows: 0 } }
    }

    /// The join did not work out; it is tried again after a pause.
    pub(super) fn join_later(&mut self, cx: &mut Cx<'_>) {
        self.start_anew(cx);
        let pause = jittered(JOIN_PAUSE, cx.chance());
        cx.set_timer(JOIN_AGAIN, pause, Timer::JoinAgain);
    }

    /// Tells a node that is led to its place the rows that serve it and that nobody before has told: in the paper, the
    /// i-th node tells row i, and the first its neighbourhood set.
    pub(super) fn send_rows(&mut self, errand: &mut Errand, cx: &mut Cx<'_>) {
        let (issuer, toll, place) = (errand.issuer, errand.toll, place(cx));
        let Aim::Place { is_member: false, rows } = &mut errand.what else {
            return;
        };
        let end = (place.row(place.key(issuer)) + 1).max(*rows);
        let mut nodes = vec![place.me];
        nodes.extend(self.known.table.in_rows(*rows..end, place));
        if toll.forwards == 1 {
            nodes.extend(self.known.neighbourhood.iter());
        }
        nodes.retain(|node| *node != issuer);
        *rows = end;
        cx.send(issuer, Message::Rows { nodes });
    }

    /// A node has been led to its place, which is beside this one.
    pub(super) fn place_found(&mut self, issuer: Address, is_member: bool, is_sure: bool, cx: &mut Cx<'_>) {
        if issuer == cx.me() {
            return;
        }
        if !is_member {
            if !is_sure {
                return;
            }
            if cx.shared().settings.join == Join::Ready && !self.helps(issuer, cx) {
                return cx.send(issuer, Message::Busy);
            }
            self.forget(issuer, place(cx));
        }
        cx.send(issuer, Message::Welcome { view: self.known.view() });
        if is_member {
            self.hear_of(issuer, cx);
        } else if cx.shared().settings.join == Join::Ready {
            self.expect(issuer, cx);
        }
    }

    /// Whether this node helps a joining one: one at a time, until it is ready or has had time enough.
    fn helps(&mut self, issuer: Address, cx: &Cx<'_>) -> bool {
        let is_free =
            self.helping.is_none_or(|(helped, since)| helped == issuer || cx.now().since(since) > HELPING_MAX);
        if is_free {
            self.helping = Some((issuer, cx.now()));
        }
        is_free
    }

    /// Another node has told some of its routing table, for this one to choose from.
    pub(super) fn rows_told(&mut self, from: Address, nodes: &[Address], cx: &mut Cx<'_>) {
        if self.status != Status::Outside {
            for node in nodes.iter().copied().chain([from]) {
                self.consider(node, cx);
            }
        }
    }

    /// The node that helps is helping another.
    pub(super) fn refused(&mut self, cx: &mut Cx<'_>) {
        if self.status == Status::Joining {
            self.join_later(cx);
        }
    }

    /// The node beside the own place, or beside a place that was asked for, tells its leaf set.
    pub(super) fn welcomed(&mut self, from: Address, view: &View, cx: &mut Cx<'_>) {
        match (self.status, cx.shared().settings.join) {
            (Status::Outside, _) => {}
            (Status::Joining, Join::Optimistic) => {
                for node in view.leaves.iter().copied().chain([from]) {
                    self.admit(node, cx);
                }
                self.known.leaves.learn_reach(from, view, place(cx));
                self.be_ready(cx);
            }
            (Status::Joining, Join::Ready) => {
                cx.cancel_timer(JOIN_AGAIN);
                self.status = Status::Waiting;
                self.hear_of(from, cx);
                self.leaves_named(from, view, cx);
                self.be_ready_if_all_have_answered(cx);
            }
            (Status::Waiting, _) => self.leaves_named(from, view, cx),
            (Status::Ready, _) => {
                self.confirm(from, cx);
                self.leaves_named(from, view, cx);
            }
        }
    }

    /// A node has answered a probe with its leaf set.
    pub(super) fn leaves_told(&mut self, from: Address, is_ready: bool, view: &View, cx: &mut Cx<'_>) {
        if is_ready {
            self.admit(from, cx);
            self.leaves_named(from, view, cx);
        } else {
            self.expect(from, cx);
            self.names_heard(view, cx);
        }
        self.be_ready_if_all_have_answered(cx);
    }

    /// A node asks for the leaf set, and means to be in it.
    pub(super) fn probed(&mut self, from: Address, is_ready: bool, cx: &mut Cx<'_>) {
        if is_ready {
            self.confirm(from, cx);
        } else {
            self.expect(from, cx);
        }
    }

    /// A node has become a member.
    pub(super) fn announced(&mut self, from: Address, leaves: &[Address], others: &[Address], cx: &mut Cx<'_>) {
        if !matches!(self.status, Status::Waiting | Status::Ready) {
            return;
        }
        self.confirm(from, cx);
        self.consider(from, cx);
        for node in leaves {
            self.hear_of(*node, cx);
        }
        for node in others {
            if !self.is_silent(*node, cx) {
                self.known.table.offer(*node, place(cx));
            }
        }
    }

    /// A joining node becomes ready when all have answered that belong into its leaf set.
    pub(super) fn be_ready_if_all_have_answered(&mut self, cx: &mut Cx<'_>) {
        if self.status != Status::Waiting || self.known.heard.is_asking() {
            return;
        }
        if self.known.leaves.is_placed(place(cx)) {
            self.be_ready(cx);
        } else {
            self.join_later(cx);
        }
    }

    /// Says goodbye to its leaf set, and goes.
    pub(super) fn leave(&mut self, cx: &mut Cx<'_>) {
        if self.status == Status::Ready {
            let leaves: Vec<Address> = self.known.leaves.iter().collect();
            for node in leaves.iter().copied().chain(self.known.heard.iter()) {
                cx.send(node, Message::Leaving { leaves: leaves.clone() });
            }
        }
        cx.report(Report::Left);
        cx.stop();
    }

    fn be_ready(&mut self, cx: &mut Cx<'_>) {
        cx.cancel_timer(JOIN_AGAIN);
        self.status = Status::Ready;
        self.remembered = Vec::new();
        cx.report(Report::Joined);
        self.announce(cx);
        if cx.shared().settings.join == Join::Optimistic {
            // The paper's time stamps bring back the state of those that have changed meanwhile; this brings back all.
            let leaves: Vec<Address> = self.known.leaves.iter().collect();
            for node in leaves {
                self.probe(node, cx);
            }
        }
        Self::start_timers(cx);
    }

    /// Sends the own state to all nodes in it (2.4).
    fn announce(&mut self, cx: &mut Cx<'_>) {
        let leaves: Vec<Address> = self.known.leaves.iter().collect();
        let others = self.known.others();
        let is_leaf = |node: &Address| leaves.contains(node);
        let apart = others.iter().copied().filter(|node| !is_leaf(node));
        let heard = self.known.heard.iter().filter(|node| !others.contains(node));
        for node in leaves.iter().copied().chain(apart).chain(heard) {
            cx.send(node, Message::Announce { leaves: leaves.clone(), others: others.clone() });
        }
    }

    /// A member has named its leaf set.
    fn leaves_named(&mut self, from: Address, view: &View, cx: &mut Cx<'_>) {
        self.names_heard(view, cx);
        self.known.leaves.learn_reach(from, view, place(cx));
    }

    fn names_heard(&mut self, view: &View, cx: &mut Cx<'_>) {
        for node in view.leaves.iter().chain(&view.waiting) {
            self.hear_of(*node, cx);
        }
    }

    /// Forgets an attempt to join that came to nothing.
    fn start_anew(&mut self, cx: &mut Cx<'_>) {
        self.status = Status::Joining;
        self.known.leaves = LeafSet::default();
        self.known.heard = Hearsay::default();
        for (_, call) in std::mem::take(&mut self.probing) {
            self.hang_up(call, cx);
        }
    }
}

/// How long a node waits, on average, before it tries to join again (arbitrary).
const JOIN_PAUSE: Span = Span::from_secs(1);
/// How long a node waits, on average, to be led to its place (arbitrary).
const JOIN_PATIENCE: Span = Span::from_secs(5);
/// How long a joining node is helped at most before another is (arbitrary).
const HELPING_MAX: Span = Span::from_secs(10);
