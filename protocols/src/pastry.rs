//! Pastry: a ring of ids, routed by prefix, where each node knows the nodes around it and one for every other prefix.
//!
//! Rowstron and Druschel, "Pastry: Scalable, decentralized object location and routing for large-scale peer-to-peer
//! systems", Middleware 2001. A key belongs to the node whose id is *numerically closest* on the ring; of two that are
//! equally close, to the smaller id. A node has a leaf set L (`pastry/leaf_set.rs`), a routing table R
//! (`pastry/routing_table.rs`) and a neighbourhood set M; the way to a key is found in `pastry/known.rs`: the leaf set
//! first, then the table, then whoever is closer. Nodes know each other by messages and by silence alone.
//!
//! `hops` counts forwards until the owner was known: to the node whose leaf set names it, or to the owner itself where a
//! routing table led there. `hops_to_owner` counts forwards until the owner was reached, which is the paper's number.
//!
//! # Where it departs from the papers
//!
//! 1. A node that joins answers for keys only when all who stand around its place know of it, and a member helps one
//!    joining node at a time (`join: Ready`). The published join (`join: Optimistic`) lets two nodes answer for one key;
//!    Lu, Merz and Weidenbach (FORTE 2011) and Azmy, Merz and Weidenbach (ABZ 2016) found this and proved the cure. Theirs
//!    leaves a key without an owner while a node joins beside it; here a member that knows of the joining node *asks* it,
//!    and answers itself if that one is not ready yet: see `pastry/join.rs` for why that is safe.
//! 2. A node knows for which keys its leaf set can speak, also after it has lost nodes: each side remembers how far it
//!    knows all members (`reach`). In the paper a side that is not full covers everything, which is wrong once nodes
//!    have died. Where a node cannot know, it names nobody.
//! 3. Once a leaf set has spoken, the way goes on by numerical closeness alone. In the paper a node whose leaf set is
//!    damaged may fall back on its table then, and with two such nodes a message may go around for ever.
//! 4. Nodes on the way of a join tell all rows that serve the joining node and that nobody before has told; in the paper
//!    the i-th node tells row i, although a hop may resolve more than one digit, or none.
//! 5. Whoever is named by another gets into the leaf set only when it has answered itself; until then it is asked before
//!    a key is taken for another's. It may fill a free place of the routing table unasked, as in the paper.
//! 6. A node that was silent is not believed in for six periods of keep-alives, whatever others say, unless it speaks
//!    itself: the papers do not say what keeps the dead from coming back.
//! 7. Each round, besides the keep-alives, the nearest node on either side is asked for its leaf set; the paper compares
//!    leaf sets only when a node fails, and then never again. Of the neighbourhood set one node is asked each round, and
//!    it is filled again by what is measured anyway; the paper asks the others of the set for theirs.
//! 8. A node whose leaf set is short asks whom it knows besides, if they belong there; one that has lost a whole side
//!    looks for whoever stands beyond it, by way of its routing table. When nobody is left that it knows of, the ring is
//!    its own, and it asks its bootstraps now and then.
//! 9. The papers have no graceful leave: a node that goes tells its leaf set, and names it.
//! 10. A routing table is measured against others' entries when a node joins, and when rows are exchanged; and each call
//!     that is answered at once measures as well, and feeds the neighbourhood set. The paper leaves the metric open.
//! 11. The search for a stand-in of a silent entry ends after 16 questions; the paper's goes on.
//! 12. A silent call may be repeated before its node counts as dead (`retries`), because networks lose messages. Every
//!     period is drawn anew from half to one and a half times its mean, and begins at a random phase.
//! 13. A node that is asked while it is not a member says so (`NotMember`) and is passed over.
//! 14. A lookup ends when the owner itself has replied, to the issuer. Where a recursive one is not heard of for a quarter
//!     of its deadline since the next node took it, it is sent out again; an errand that arrives twice is carried once. One
//!     that finds nobody to ask begins again after a pause, until its deadline (`restart_lost`). An iterative one (the paper
//!     has none) asks each node for the next and some alternatives.
//! 15. Rings that have purged each other do not find each other again. `merge: Bootstrap(..)` is not in the papers: a
//!     node asks its bootstrap now and then who stands next to its own id. Where nodes were born with tables
//!     ([`Dht::converged`]), the member with the lowest id is everybody's bootstrap.
//! 16. A member that is taken for dead because messages were lost is passed over, and the answer is wrong, until it
//!     is heard again.
//! 17. The owner names the holders of copies out of its leaf set. Up to |L|/2 + 1 copies they are the closest to the key;
//!     of more, those on the side where ids are denser may be left out for farther ones on the other, and no more than
//!     |L| + 1 are named.
//! 18. A node that comes back ([`Dht::revived`]) has its routing table and its neighbourhood set, with their round trips;
//!     silence takes out of them who is gone. Its leaf set it knows by name alone: it would say for which keys the node can
//!     speak, and that is no longer true. So it joins as any other, by a handshake with all who stand around its place now.
//!     To be led there it asks the bootstrap first, who is said to live, and where that one is silent or no member those
//!     that it knew, the numerically closest to itself first, since they stand where it wants to be led. A node that was
//!     given no bootstrap asks them all; if none is a member, it begins a ring, as any node that is told of nobody. The
//!     papers take a node that comes back for a new one.
//! 19. A node that is told of further bootstraps while it looks for its place sends a further errand by the first of them;
//!     whoever has taken on the earlier one may still lead it there. Once it waits for its neighbours to answer, it keeps
//!     them for the case that this comes to nothing.

mod join;
mod known;
mod leaf_set;
mod lookup;
mod message;
mod node;
mod place;
mod routing_table;
mod search;
mod settings;
mod upkeep;
mod warm;

use sim::address::Address;
use sim::protocol::{Context, Event, Protocol};

use crate::dht::{Common, Dht, FailureReason, Members, Report, Request, Setting, SettingError};
use crate::key::{Key, Width};
use crate::place::place;
use crate::rpc::Call;
use known::{Known, Next};
use node::{Cx, Status, What};
use place::Place;

pub use leaf_set::View;
pub use message::{Aim, Errand, Message, Toll};
pub use node::{Pastry, Timer};
pub use settings::{Join, Merge, Proximity, RowExchange, Settings};

impl Protocol for Pastry {
    type Message = Message;
    type Timer = Timer;
    type Request = Request;
    type Report = Report;
    type Shared = Common<Settings>;

    fn handle(&mut self, event: Event<Self>, cx: &mut Context<'_, Self>) {
        match event {
            Event::Request(request) => self.asked(request, cx),
            Event::Timer(timer) => self.woken(timer, cx),
            Event::Message { from, message } => self.received(from, message, cx),
        }
    }

    fn kind(message: &Message) -> &'static str {
        message.kind()
    }

    fn wire_bytes(message: &Message, common: &Common<Settings>) -> u32 {
        message.bytes(common.layout())
    }

    fn is_timeout(timer: &Timer) -> bool {
        matches!(timer, Timer::Call(_) | Timer::Deadline(_))
    }
}

impl Dht for Pastry {
    type Settings = Settings;

    const NAME: &'static str = "Pastry";
    const SUMMARY: &'static str =
        "prefix routing with leaf sets (Rowstron and Druschel, Middleware 2001; join of Azmy et al., ABZ 2016)";
    const SETTINGS: &'static [Setting] = settings::SETTINGS;
    const STEPS: &'static [&'static str] = upkeep::STEPS;

    fn check(settings: &Settings, width: Width) -> Result<(), SettingError> {
        settings::check(settings, width)
    }

    fn steps(_settings: &Settings) -> &'static [&'static str] {
        upkeep::STEPS
    }

    fn new(_me: Address) -> Self {
        Self::default()
    }

    fn converged(me: Address, members: &Members, common: &Common<Settings>) -> Self {
        warm::converged(members, Place { me, common })
    }

    fn revived(self, me: Address, common: &Common<Settings>) -> Self {
        let place = Place { me, common };
        let Self { known, remembered, mut lookups, calls, .. } = self;
        let mut remembered: Vec<Address> =
            known.others().into_iter().chain(known.leaves.iter()).chain(remembered).collect();
        remembered.sort_unstable_by(|one, other| place.order(place.my_key(), *one, *other));
        remembered.dedup();
        let known = Known { table: known.table, neighbourhood: known.neighbourhood, ..Known::default() };
        lookups.clear();
        Self { known, remembered, lookups, calls: calls.revived(), ..Self::default() }
    }

    fn owner(members: &Members, key: Key) -> Option<Address> {
        warm::closest(members, key).next()
    }

    fn holders(members: &Members, key: Key, copies: usize) -> Vec<Address> {
        warm::closest(members, key).take(copies).collect()
    }

    fn check_state(&self, me: Address, common: &Common<Settings>) -> Result<(), String> {
        let place = Place { me, common };
        self.known.check(place)?;
        if matches!(self.status, Status::Outside | Status::Joining) && !self.known.leaves.is_empty() {
            return Err(format!("a leaf set, but {:?}", self.status));
        }
        Ok(())
    }

    fn routing_entries(&self) -> usize {
        self.known.contacts()
    }

    fn state_bytes(&self) -> usize {
        size_of::<Self>()
            + self.known.heap_bytes()
            + self.calls.heap_bytes()
            + self.lookups.heap_bytes()
            + self.taken.heap_bytes()
            + self.probing.capacity() * size_of::<(Address, crate::table::Handle)>()
            + self.bootstraps.heap_bytes()
            + self.remembered.capacity() * size_of::<Address>()
    }
}

impl Pastry {
    /// Whether it would answer for a key at once, as its owner. For those who look at a run from outside.
    pub fn answers_for(&self, key: Key, me: Address, common: &Common<Settings>) -> bool {
        let place = Place { me, common };
        self.status == Status::Ready && self.known.next(key, false, &[], place) == Next::Mine
    }

    /// Whether it is a member. For those who look at a run from outside.
    pub fn is_ready(&self) -> bool {
        self.status == Status::Ready
    }

    fn asked(&mut self, request: Request, cx: &mut Cx<'_>) {
        match request {
            Request::Join { bootstraps } => self.join(bootstraps, cx),
            Request::Begin => self.begin(cx),
            Request::Leave => self.leave(cx),
            Request::Lookup { key, copies } => self.look_up(key, copies, cx),
            Request::Step(number) => self.step(number, cx),
        }
    }

    fn woken(&mut self, timer: Timer, cx: &mut Cx<'_>) {
        match timer {
            Timer::KeepAlive if self.status == Status::Ready => self.keep_alive_due(cx),
            Timer::ExchangeRows if self.status == Status::Ready => self.exchange_rows_due(cx),
            Timer::Merge if self.status == Status::Ready => self.merge_due(cx),
            Timer::KeepAlive | Timer::ExchangeRows | Timer::Merge => {}
            Timer::JoinAgain => self.try_to_join(cx),
            Timer::Deadline(lookup) => self.give_up(lookup, FailureReason::Deadline, cx),
            Timer::LookAgain(lookup) => self.look_again(lookup, cx),
            Timer::SendAgain(lookup) => self.send_again(lookup, cx),
            Timer::Call(call) => {
                if let Some(Call { to, what, .. }) = self.heard_nothing(call, cx) {
                    let forgotten = self.bury(to, cx);
                    self.no_answer(to, what, true, cx);
                    self.repair(to, forgotten, cx);
                }
            }
        }
    }

    fn received(&mut self, from: Address, message: Message, cx: &mut Cx<'_>) {
        self.known.silent.forget(from);
        if message.asks().is_some() {
            return self.questioned(from, message, cx);
        }
        if let Some(call) = message.answers() {
            if let Some(what) = self.heard_back(call, from, &message, cx) {
                self.replied(from, what, message, cx);
            }
            return;
        }
        match message {
            Message::Found { lookup, toll, near, holders } => self.found(lookup, from, (toll, near), holders, cx),
            Message::Rows { nodes } => self.rows_told(from, &nodes, cx),
            Message::Welcome { view } => self.welcomed(from, &view, cx),
            Message::Busy => self.refused(cx),
            Message::Announce { leaves, others } => self.announced(from, &leaves, &others, cx),
            Message::Leaving { leaves } => self.left(from, &leaves, cx),
            _ => {}
        }
    }

    /// A call was answered.
    fn replied(&mut self, from: Address, what: What, answer: Message, cx: &mut Cx<'_>) {
        let is_members = !matches!(answer, Message::NotMember { .. } | Message::Leaves { .. });
        if is_members && self.known.heard.contains(from) {
            self.confirm(from, cx);
        }
        match (what, answer) {
            (What::Ask(lookup), Message::Way { way, near, .. }) => self.told_way(lookup, from, way, near, cx),
            (What::Ask(lookup), Message::Mine { holders, .. }) => self.told_mine(lookup, from, holders, cx),
            (What::Forward(carried), Message::Accepted { .. }) => self.accepted(&carried, cx),
            (What::Probe, Message::Leaves { ready, view, .. }) => self.leaves_told(from, ready, &view, cx),
            (What::Mend { dead, tries }, Message::Entry { node, .. }) => self.mended(dead, tries, node, cx),
            (What::GetRow { .. }, Message::Row { nodes, .. }) => self.rows_told(from, &nodes, cx),
            (what, Message::NotMember { .. }) => {
                self.no_member(from, &what, cx);
                self.no_answer(from, what, false, cx);
            }
            _ => {}
        }
    }

    /// Answers a question, or says that this node is no member.
    fn questioned(&mut self, from: Address, question: Message, cx: &mut Cx<'_>) {
        let Some(call) = question.asks() else {
            return;
        };
        let may_answer = match question {
            Message::Probe { .. } => matches!(self.status, Status::Waiting | Status::Ready),
            _ => self.status == Status::Ready,
        };
        if !may_answer {
            return cx.send(from, Message::NotMember { call });
        }
        match question {
            Message::Forward { errand, .. } => {
                cx.send(from, Message::Accepted { call });
                if self.taken.is_new(from, call, cx.now(), cx.shared().settings.lookup_deadline.0) {
                    self.take_on(errand, cx);
                }
            }
            Message::FindNext { key, near, copies, avoid, .. } => {
                let limit = cx.shared().settings.alternatives as usize;
                let answer = match self.known.way(key, near, &avoid, limit, place(cx)) {
                    (Next::Mine, _) => Message::Mine { call, holders: self.known.holders(key, copies, place(cx)) },
                    (Next::Node { near, .. }, way) => Message::Way { call, way, near },
                    (Next::Lost, way) => Message::Way { call, way, near },
                };
                cx.send(from, answer);
            }
            Message::Probe { ready, .. } => {
                let view = self.known.view();
                cx.send(from, Message::Leaves { call, ready: self.status == Status::Ready, view });
                self.probed(from, ready, cx);
            }
            Message::KeepAlive { .. } => {
                cx.send(from, Message::Pong { call });
                self.confirm(from, cx);
            }
            Message::GetEntry { like, .. } => cx.send(from, self.stand_in(call, from, like, cx)),
            Message::GetRow { row, .. } => {
                let nodes = self
                    .known
                    .table
                    .in_rows(row..row.saturating_add(1), place(cx))
                    .filter(|node| *node != from)
                    .collect();
                cx.send(from, Message::Row { call, nodes });
            }
            _ => cx.send(from, Message::Pong { call }),
        }
    }

    /// A node that was asked stays silent for good, or is no member.
    fn no_answer(&mut self, node: Address, what: What, is_silent: bool, cx: &mut Cx<'_>) {
        match what {
            What::Ask(lookup) => self.no_way(lookup, node, is_silent, cx),
            What::Forward(mut carried) if self.status == Status::Joining => {
                carried.avoid.push(node);
                self.be_led(None, carried, cx);
            }
            What::Forward(mut carried) => {
                carried.avoid.push(node);
                self.carry(carried, cx);
            }
            What::Probe => self.be_ready_if_all_have_answered(cx),
            What::Mend { dead, tries } => self.mend(dead, tries, cx),
            What::KeepAlive | What::Measure | What::GetRow { .. } => {}
        }
    }
}
