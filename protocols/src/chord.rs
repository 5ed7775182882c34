//! Chord: a ring of ids, where each node knows its successors and a finger for every power of two.
//!
//! Stoica et al., "Chord: A Scalable Peer-to-peer Lookup Protocol for Internet Applications", ToN 2003 (and SIGCOMM
//! 2001). A key belongs to its *successor*: the first node at or after it. Nodes know each other by messages and by
//! silence alone. The ring is kept by the rules of Zave, TSE 2017 (`chord/correct.rs`), or, on demand, by the published
//! ones, which are known to break (`chord/published.rs`).
//!
//! `hops` counts exchanges until the issuer knows the owner, which is the number of forwards to the key's
//! *predecessor*, as in the paper; the exchange with the owner itself comes on top in `hops_to_owner`.
//!
//! # Where it departs from the papers
//!
//! 1. A lookup ends when the owner itself has replied; the papers stop when it is known. Where the owner is silent, the
//!    next entry of the predecessor's successor list is tried.
//! 2. A reply names several next nodes, the closest first, and the successors at or after the key: so that a dead node on
//!    the way costs a timeout and not a way back. The papers' simulator, which shares memory, "continues with the next
//!    closest preceding entry" for nothing.
//! 3. As in the papers, a node does not ask whether it owns a key itself; such a lookup goes around the ring.
//! 4. Fingers that must be equal are set at once (SIGCOMM 2001 does so when a node joins), so that one round of
//!    fixing takes some log2 N lookups and not b.
//! 5. A silent call may be repeated before its node counts as dead (`retries`), because networks lose messages.
//! 6. Every period is drawn anew from half to one and a half times its mean, and begins at a random phase: two neighbours
//!    that wait for each other in step would refuse each other for ever.
//! 7. A node that is asked while it is not a member says so (`NotMember`); the papers do not speak of restarts.
//! 8. A recursive lookup is acknowledged hop by hop and sent out again if nothing is heard of it for a quarter of its
//!    deadline; silences that other nodes met are counted when the owner replies, the time that they waited is not. An errand that
//!    arrives twice is carried once.
//! 9. Rings that have purged each other never merge by these rules. `merge: Bootstrap(..)` is not in the papers: a node
//!    asks its bootstrap now and then who owns the node's own id, and considers the answer as a successor. A node that
//!    knows nobody alive does so at every stabilization. Where nodes were born with tables ([`Dht::converged`]), the
//!    member with the lowest id is everybody's bootstrap.
//! 10. A node that is told that it owns a key does not check it: it may be the heir of an owner that has just died, and
//!     has not noticed yet. The price: an owner that is taken for dead because messages were lost is passed over, and
//!     the answer is wrong.
//! 11. A node whose whole list has died goes back along the ring from the nearest of its fingers that lives; until then it
//!     names nobody as the owner of a key. The papers do not speak of it.
//! 12. A lookup does not ask again whom it has found silent, even if the next node on its way names it (`remember_silent`).
//!     The timeouts of ToN 2003, Table II, are those of lookups that forget.
//! 13. A lookup that finds nobody to ask begins again after a pause, until its deadline; the papers' fail at once
//!     (`restart_lost`). Where it does not begin again, a recursive lookup of which nothing is heard still does.
//! 14. A node that comes back ([`Dht::revived`]) still has its fingers, its list and its predecessor, and none of them in
//!     use: it takes its place by Zave's `Join`, from the list of a predecessor that has answered, and the old list is gone
//!     then; the fingers stay until they are fixed or found silent. On its way in it asks the bootstrap first, who is said
//!     to live, and while nobody has answered those whom it remembers, the nearest before its own place first, since they
//!     need the fewest steps to it. Who is silent is forgotten. A node that was given no bootstrap asks all it remembers;
//!     if none of them is a member it begins a ring, as any node that is told of nobody, and its fingers may still lead it
//!     to another (note 11). ToN 2003 takes a node that comes back for a new one.
//! 15. A node that is told of further bootstraps while it asks others for the way to its place asks the new ones when those
//!     are silent; once a member has answered, they are kept for the next attempt.

mod correct;
mod fingers;
mod lookup;
mod message;
mod neighbours;
mod node;
mod published;
mod search;
mod settings;
mod upkeep;

use sim::address::Address;
use sim::protocol::{Context, Event, Protocol};

use crate::calling::Caller;
use crate::dht::{Common, Dht, FailureReason, Members, Report, Request, Setting, SettingError};
use crate::key::{Key, Width};
use crate::place::place;
use crate::rpc::Call;
use crate::table::Handle;
use neighbours::Place;
use node::{Cx, Status, Upkeep, What};
use search::Route;

pub use message::{Errand, Message, Toll};
pub use node::{Chord, Timer};
pub use settings::{FingerOrder, Merge, RouteOver, Rules, Settings};

impl Protocol for Chord {
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

impl Dht for Chord {
    type Settings = Settings;

    const NAME: &'static str = "Chord";
    const SUMMARY: &'static str =
        "a ring with fingers and successor lists (Stoica et al., ToN 2003; rules of Zave, TSE 2017)";
    const SETTINGS: &'static [Setting] = settings::SETTINGS;
    const STEPS: &'static [&'static str] = upkeep::STEPS;

    fn check(settings: &Settings, width: Width) -> Result<(), SettingError> {
        settings::check(settings, width)
    }

    fn steps(settings: &Settings) -> &'static [&'static str] {
        match settings.rules {
            Rules::Correct => upkeep::CORRECT_STEPS,
            Rules::Published => upkeep::STEPS,
        }
    }

    fn new(_me: Address) -> Self {
        Self::default()
    }

    fn converged(me: Address, members: &Members, common: &Common<Settings>) -> Self {
        let place = Place { me, common };
        let mine = place.my_key();
        let after = || members.from(mine).map(|(_, node)| node).filter(|node| *node != me);
        let mut chord = Self::default();
        chord.ring.successors = after().take(common.settings.successors as usize).collect();
        chord.bootstraps = members.from(Key::ZERO).map(|(_, node)| node).find(|node| *node != me).into_iter().collect();
        chord.ring.predecessor = members.before(mine).map(|(_, node)| node).find(|node| *node != me);
        let width = common.width();
        let mut index = 0;
        while let Some(node) = Self::owner(members, mine + width.power(index)).filter(|node| *node != me) {
            let end = (width.log2(place.key(node) - mine) + 1).clamp(index + 1, width.bits());
            chord.fingers.set(index..end, width.bits(), Some(node));
            index = end;
            if index == width.bits() {
                break;
            }
        }
        chord
    }

    fn revived(self, _: Address, _: &Common<Settings>) -> Self {
        let Self { ring, fingers, mut lookups, calls, .. } = self;
        lookups.clear();
        Self { ring, fingers, lookups, calls: calls.revived(), ..Self::default() }
    }

    fn owner(members: &Members, key: Key) -> Option<Address> {
        members.from(key).next().map(|(_, address)| address)
    }

    fn holders(members: &Members, key: Key, copies: usize) -> Vec<Address> {
        members.from(key).map(|(_, address)| address).take(copies).collect()
    }

    fn check_state(&self, me: Address, common: &Common<Settings>) -> Result<(), String> {
        self.ring.check(Place { me, common })
    }

    fn routing_entries(&self) -> usize {
        let mut known: Vec<Address> =
            self.fingers.iter().chain(self.ring.successors.iter().copied()).chain(self.ring.predecessor).collect();
        known.sort_unstable();
        known.dedup();
        known.len()
    }

    fn state_bytes(&self) -> usize {
        size_of::<Self>()
            + self.fingers.heap_bytes()
            + self.bootstraps.heap_bytes()
            + self.calls.heap_bytes()
            + self.lookups.heap_bytes()
            + self.taken.heap_bytes()
            + self.ring.successors.capacity() * size_of::<Address>()
    }
}

impl Chord {
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
            Timer::Stabilize => self.stabilize_due(cx),
            Timer::StabilizeAgain => self.stabilize(cx),
            Timer::FixFinger => self.fix_finger_due(cx),
            Timer::Merge => self.merge_due(cx),
            Timer::JoinAgain => self.try_to_join(cx),
            Timer::Deadline(lookup) => self.give_up(lookup, FailureReason::Deadline, cx),
            Timer::LookAgain(lookup) => self.look_again(lookup, cx),
            Timer::Call(call) => {
                if let Some(Call { to, what, .. }) = self.silence(call, cx) {
                    if cx.shared().settings.drop_silent_fingers {
                        self.fingers.forget(to);
                    }
                    if self.status != Status::Member {
                        self.ring.bury(to);
                    }
                    self.no_answer(to, what, cx);
                }
            }
        }
    }

    fn received(&mut self, from: Address, message: Message, cx: &mut Cx<'_>) {
        match message {
            Message::FindSuccessor { .. }
            | Message::Claim { .. }
            | Message::Ping { .. }
            | Message::GetNeighbours { .. }
            | Message::Forward { .. }
            | Message::Deliver { .. } => self.questioned(from, message, cx),
            Message::Notify if self.status == Status::Member => self.notified(from, cx),
            Message::NewSuccessor { node } if self.status == Status::Member => self.new_successor(node, cx),
            Message::Leaving { predecessor, successors } if self.status == Status::Member => {
                self.neighbour_left(from, predecessor, &successors, cx);
            }
            Message::Notify | Message::NewSuccessor { .. } | Message::Leaving { .. } => {}
            Message::Found { lookup, toll, holders } => self.found(lookup, from, toll, holders, cx),
            Message::Way { call, .. }
            | Message::Neighbours { call, .. }
            | Message::Pong { call }
            | Message::ResponsePending { call }
            | Message::NotMember { call }
            | Message::Accepted { call } => {
                if let Some(Call { what, .. }) = self.answered(call, from, &message, cx) {
                    self.replied(from, what, message, cx);
                }
            }
        }
    }

    /// A call was answered.
    fn replied(&mut self, from: Address, what: What, answer: Message, cx: &mut Cx<'_>) {
        match (what, answer) {
            (What::Ask(lookup), Message::Way { closer, owners, more, .. }) => {
                self.told_way(lookup, from, Route { closer, owners, more }, cx);
            }
            (What::Query, Message::Neighbours { predecessor, successors, .. }) => {
                self.neighbours_told(from, predecessor, &successors, cx);
            }
            (What::JoinQuery, Message::Neighbours { successors, .. }) => self.predecessor_told(from, &successors, cx),
            (What::Query, Message::ResponsePending { .. }) => self.step_refused(cx),
            (What::JoinQuery, Message::ResponsePending { .. }) => self.join_later(cx),
            (What::Forward(carried), Message::Accepted { .. }) => self.accepted(&carried.errand, cx.me()),
            (What::Claim(lookup), Message::Pong { .. }) => self.claimed(lookup, from, cx),
            (What::PingPredecessor, Message::Pong { .. }) => self.predecessor_answered(from, true),
            (What::StepPing, Message::Pong { .. }) => self.step_lives(cx),
            (what, Message::NotMember { .. }) => self.no_answer(from, what, cx),
            _ => {}
        }
    }

    /// Answers a question, or says that this node is no member.
    fn questioned(&mut self, from: Address, question: Message, cx: &mut Cx<'_>) {
        let call = match &question {
            Message::FindSuccessor { call, .. }
            | Message::Claim { call, .. }
            | Message::Ping { call }
            | Message::GetNeighbours { call }
            | Message::Forward { call, .. }
            | Message::Deliver { call, .. } => *call,
            _ => return,
        };
        if self.status != Status::Member {
            return cx.send(from, Message::NotMember { call });
        }
        match question {
            Message::FindSuccessor { key, avoid, .. } => {
                let limit = cx.shared().settings.alternatives as usize;
                let route = self.route(key, &avoid, limit, place(cx));
                cx.send(from, Message::way(call, route));
            }
            Message::GetNeighbours { .. } => cx.send(from, self.own_neighbours(call)),
            Message::Forward { errand, .. } => {
                cx.send(from, Message::Accepted { call });
                if self.taken.is_new(from, call, cx.now(), cx.shared().settings.lookup_deadline.0) {
                    self.take_on(errand, cx);
                }
            }
            Message::Deliver { errand, holders, .. } => {
                cx.send(from, Message::Accepted { call });
                self.reply_to_issuer(&errand, holders, cx);
            }
            _ => cx.send(from, Message::Pong { call }),
        }
    }

    fn own_neighbours(&self, call: Handle) -> Message {
        if matches!(&self.upkeep, Upkeep::Correct(correct) if correct.is_waiting()) {
            return Message::ResponsePending { call };
        }
        let Self { ring, .. } = self;
        Message::Neighbours { call, predecessor: ring.predecessor, successors: ring.successors.clone() }
    }

    /// A node that was asked stays silent for good, or is no member.
    fn no_answer(&mut self, node: Address, what: What, cx: &mut Cx<'_>) {
        match what {
            What::Ask(lookup) | What::Claim(lookup) => self.lookup_silent(lookup, node, cx),
            What::Query | What::StepPing => {
                // Whatever is decided of silent fingers: a dead head is none, or it would come back by a rescue.
                self.fingers.forget(node);
                self.step_silent(cx);
            }
            What::PingPredecessor => self.predecessor_answered(node, false),
            What::JoinQuery => self.join_later(cx),
            What::Forward(mut carried) | What::Deliver(mut carried) => {
                carried.search.silent(node);
                self.carry(carried, cx);
            }
        }
    }
}
