//! The state of a Pastry node, how it asks questions, and how it learns who is there and who is not.

use sim::address::Address;
use sim::protocol::{Context, Slot};
use sim::time::{SimTime, Span};

use super::known::Known;
use super::message::{Aim, Errand, Message, Toll};
use super::place::Place;
use super::routing_table::Offered;
use super::search::Search;
use super::settings::{Proximity, Settings};
use crate::bootstraps::Bootstraps;
use crate::calling::{Caller, Slots};
use crate::dht::{Common, Silence};
use crate::key::Key;
use crate::place::place;
use crate::rpc::{Call, Calls, Timeout};
use crate::settings::Maintenance;
use crate::table::{Handle, Table};
use crate::taken::Taken;

/// A Pastry node. See the [module](super) for what it does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Pastry {
    pub(super) status: Status,
    pub(super) known: Known,
    /// The joining node that is being helped, and since when.
    pub(super) helping: Option<(Address, SimTime)>,
    /// Whose leaf sets were asked for, and by which call.
    pub(super) probing: Vec<(Address, Handle)>,
    /// How many round trips are being measured.
    pub(super) measuring: u32,
    /// How many entries of the routing table are being mended.
    pub(super) mending: u32,
    pub(super) lookups: Table<Lookup>,
    pub(super) calls: Calls<What>,
    pub(super) taken: Taken,
    pub(super) bootstraps: Bootstraps,
    /// Whom a node that came back knew before, the closest first: they may lead it to its place. Nobody once it is ready.
    pub(super) remembered: Vec<Address>,
}

/// Whether a node is in the overlay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Status {
    #[default]
    Outside,
    /// It is looking for its place.
    Joining,
    /// It knows its place, but not all its neighbours know of it yet.
    Waiting,
    Ready,
}

/// A lookup of this node's own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Lookup {
    pub(super) key: Key,
    pub(super) copies: u32,
    pub(super) search: Search,
    pub(super) known_at: SimTime,
    pub(super) silence: Silence,
    pub(super) call: Option<Handle>,
}

/// What a call is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum What {
    /// The way to a lookup's key.
    Ask(Handle),
    /// An errand, handed on.
    Forward(Box<Carried>),
    /// Whether a node of the leaf set lives.
    KeepAlive,
    /// How far a node is.
    Measure,
    /// The leaf set of a node.
    Probe,
    /// Another node for the place that this one had in the routing table.
    Mend { dead: Address, tries: u32 },
    /// A row of another's routing table.
    GetRow { row: u32 },
}

/// An errand that this node has taken on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Carried {
    pub(super) errand: Errand,
    /// Who was silent, or must not be asked.
    pub(super) avoid: Vec<Address>,
    /// Whether the next hop is to the closest node as far as anybody knows.
    pub(super) near: bool,
}

/// Every reason for a Pastry node to wake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Timer {
    /// Time to send keep-alives.
    KeepAlive,
    /// Time to ask others for rows of their routing tables.
    ExchangeRows,
    /// Time to look for another ring.
    Merge,
    /// A join did not work out: try again.
    JoinAgain,
    /// A call was not answered.
    Call(Handle),
    /// A lookup's deadline.
    Deadline(Handle),
    /// A lookup found nobody to ask: begin again.
    LookAgain(Handle),
    /// A recursive lookup was not heard of: send it out again.
    SendAgain(Handle),
}

pub(super) type Cx<'a> = Context<'a, Pastry>;

impl Pastry {
    /// Its leaf set, each node once. For those who look at a run from outside.
    pub fn leaf_set(&self) -> impl Iterator<Item = Address> {
        self.known.leaves.iter()
    }

    /// Its neighbourhood set, the nearest first. For those who look at a run from outside.
    pub fn neighbourhood(&self) -> impl Iterator<Item = Address> {
        self.known.neighbourhood.iter()
    }

    /// The nodes of its routing table. For those who look at a run from outside.
    pub fn routing_table(&self) -> impl Iterator<Item = Address> {
        self.known.table.iter()
    }

    /// A call's answer has come; none if nobody waits for it.
    pub(super) fn heard_back(&mut self, id: Handle, from: Address, answer: &Message, cx: &mut Cx<'_>) -> Option<What> {
        let call = self.answered(id, from, answer, cx)?;
        self.ended(&call.what, from);
        if call.attempt == 0 && !matches!(answer, Message::NotMember { .. }) {
            self.measured(from, cx.now().since(call.sent), place(cx));
        }
        Some(call.what)
    }

    /// A call has met silence; its end, if it is not repeated.
    pub(super) fn heard_nothing(&mut self, id: Handle, cx: &mut Cx<'_>) -> Option<Call<What>> {
        let call = self.silence(id, cx)?;
        self.ended(&call.what, call.to);
        Some(call)
    }

    /// Asks a node for its leaf set, unless it is being asked.
    pub(super) fn probe(&mut self, node: Address, cx: &mut Cx<'_>) {
        if node != cx.me() && self.probing.iter().all(|(other, _)| *other != node) {
            let call = self.call(node, What::Probe, cx);
            self.probing.push((node, call));
            if self.known.heard.contains(node) {
                self.known.heard.note(node, true);
            }
        }
    }

    /// A member has spoken for itself: it has its place in leaf set and routing table. One that joins must have been
    /// answered by it to be sure that it is known there.
    pub(super) fn confirm(&mut self, node: Address, cx: &mut Cx<'_>) {
        if self.status == Status::Waiting {
            self.hear_of(node, cx);
        } else {
            self.admit(node, cx);
        }
    }

    /// A member has its place in leaf set and routing table.
    pub(super) fn admit(&mut self, node: Address, cx: &mut Cx<'_>) {
        self.helping = self.helping.filter(|(helped, _)| *helped != node);
        if self.known.leaves.contains(node) {
            return;
        }
        self.known.silent.forget(node);
        self.known.heard.remove(node);
        self.known.leaves.insert(node, place(cx));
        self.known.table.offer(node, place(cx));
    }

    /// Another names a node: if it belongs into the leaf set, it is asked whether it is there.
    pub(super) fn hear_of(&mut self, node: Address, cx: &mut Cx<'_>) {
        if self.known.leaves.has_room_for(node, place(cx))
            && !self.known.heard.contains(node)
            && !self.is_silent(node, cx)
        {
            self.known.heard.note(node, true);
            self.probe(node, cx);
        }
    }

    /// A node that is about to be a member has spoken, or one that was a member is so no longer.
    pub(super) fn expect(&mut self, node: Address, cx: &mut Cx<'_>) {
        self.forget(node, place(cx));
        if self.known.leaves.has_room_for(node, place(cx)) {
            self.known.heard.waits(node);
        }
    }

    /// Another names a node for the routing table; if its place is taken, the nearer of the two shall have it.
    pub(super) fn consider(&mut self, node: Address, cx: &mut Cx<'_>) {
        let is_free = self.is_silent(node, cx) || self.known.table.offer(node, place(cx)) == Offered::Held;
        if !is_free && cx.shared().settings.proximity == Proximity::Measured && self.measuring < MEASURES {
            self.measuring += 1;
            self.call(node, What::Measure, cx);
        }
    }

    /// Whether what others say of this node is not to be believed.
    pub(super) fn is_silent(&self, node: Address, cx: &Cx<'_>) -> bool {
        let memory = cx.shared().settings.keep_alive.0.times(SILENT_PERIODS);
        self.known.silent.contains(node, cx.now(), memory)
    }

    /// Takes a node out of all tables.
    pub(super) fn forget(&mut self, node: Address, place: Place<'_>) -> Forgotten {
        let leaf = self.known.leaves.remove(node, place);
        let cell = self.known.table.remove(node, place).is_some();
        self.known.neighbourhood.remove(node);
        self.known.heard.remove(node);
        self.remembered.retain(|other| *other != node);
        Forgotten { leaf, cell }
    }

    /// Whether upkeep runs by itself.
    pub(super) fn is_periodic(cx: &Cx<'_>) -> bool {
        cx.shared().settings.maintenance == Maintenance::Periodic
    }

    fn measured(&mut self, node: Address, round_trip: Span, place: Place<'_>) {
        let settings = &place.common.settings;
        if settings.proximity == Proximity::Measured {
            let micros = (round_trip.as_nanos() / 1_000).min(u64::from(u32::MAX)) as u32;
            self.known.table.measured(node, micros, place);
            self.known.neighbourhood.measured(node, micros, settings.neighbourhood as usize);
        }
    }

    /// A call has ended, one way or the other.
    fn ended(&mut self, what: &What, to: Address) {
        match what {
            What::Probe => self.probing.retain(|(node, _)| *node != to),
            What::Measure => self.measuring -= 1,
            What::Mend { .. } => self.mending -= 1,
            _ => {}
        }
    }
}

impl Caller for Pastry {
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
                | (What::Ask(_), Message::Way { .. } | Message::Mine { .. })
                | (What::Forward(_), Message::Accepted { .. })
                | (What::KeepAlive | What::Measure, Message::Pong { .. })
                | (What::Probe, Message::Leaves { .. })
                | (What::Mend { .. }, Message::Entry { .. })
                | (What::GetRow { .. }, Message::Row { .. })
        )
    }

    fn question(&self, call: Handle, to: Address, what: &What, _: &Cx<'_>) -> Message {
        match what {
            What::Ask(lookup) => {
                let lookup = self.lookups.get(*lookup);
                let (key, copies) = lookup.map_or((Key::ZERO, 1), |lookup| (lookup.key, lookup.copies));
                let near = lookup.is_some_and(|lookup| lookup.search.is_near());
                let avoid = lookup.map_or(Vec::new(), |lookup| lookup.search.avoid_at(Some(to)));
                Message::FindNext { call, key, near, copies, avoid }
            }
            What::Forward(carried) => Message::Forward { call, errand: carried.handed_on() },
            What::KeepAlive => Message::KeepAlive { call },
            What::Measure => Message::Ping { call },
            What::Probe => Message::Probe { call, ready: self.status == Status::Ready },
            What::Mend { dead, .. } => Message::GetEntry { call, like: *dead },
            What::GetRow { row } => Message::GetRow { call, row: *row },
        }
    }

    fn attempt_failed(&mut self, what: &mut What, waited: Span, me: Address) {
        note_toll(what, me);
        let lookup = match &*what {
            What::Ask(lookup) => *lookup,
            What::Forward(carried) if carried.errand.issuer == me => match carried.errand.what {
                Aim::Lookup { lookup, .. } => lookup,
                Aim::Place { .. } => return,
            },
            _ => return,
        };
        if let Some(lookup) = self.lookups.get_mut(lookup) {
            lookup.silence.add(waited);
        }
    }
}

/// Where a node was before it was forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Forgotten {
    pub(super) leaf: bool,
    pub(super) cell: bool,
}

impl Carried {
    /// The errand as the next node gets it.
    fn handed_on(&self) -> Errand {
        let mut errand = self.errand.clone();
        let Toll { forwards, timeouts, on_the_way } = &mut errand.toll;
        *forwards += 1;
        if !self.near {
            *on_the_way = *timeouts;
        }
        errand.near = self.near;
        errand
    }
}

/// An attempt to hand on another node's errand met silence: its issuer hears of it when the owner replies.
fn note_toll(what: &mut What, me: Address) {
    if let What::Forward(carried) = what
        && carried.errand.issuer != me
    {
        carried.errand.toll.timeouts += 1;
    }
}

pub(super) const KEEP_ALIVE: Slot = Slot(0);
pub(super) const EXCHANGE_ROWS: Slot = Slot(1);
pub(super) const MERGE: Slot = Slot(2);
pub(super) const JOIN_AGAIN: Slot = Slot(3);
const OWN_SLOTS: u32 = 4;
/// How many round trips are measured at once (arbitrary); further candidates are let go.
const MEASURES: u32 = 8;
/// For how many periods of keep-alives a silent node is not believed in (arbitrary): until all its leaf set has noticed.
const SILENT_PERIODS: u64 = 6;
