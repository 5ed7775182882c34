//! The simulation: nodes, a network and recorders around one queue of events.

use std::collections::{BTreeMap, VecDeque};
use std::hint::black_box;

use crate::address::Address;
use crate::network::{DropCause, Entry, Network, Packet, Verdict};
use crate::protocol::{Cause, Context, Effect, Event, NodeChance, Protocol, Slot};
use crate::queue::{Due, Letter, Pass, Queue, Start};
use crate::record::{Departure, Fact, Recorder};
use crate::rng::{LinkChance, LinkField, StreamPurpose};
use crate::time::SimTime;

/// A run in progress: nodes of protocol `P` over network `N`, watched by recorder `R`.
///
/// Laws: events run in order of time, equal times in the order in which they were scheduled (DET-4); all effects of one
/// event are carried out before the next enters; what comes from outside at an instant ([`Simulation::ask`],
/// [`Simulation::crash`], …) happens before the events that are due at that instant. See the crate's example.
pub struct Simulation<P: Protocol, N, R> {
    seed: u64,
    now: SimTime,
    shared: P::Shared,
    /// The states of the nodes that are up. What is rarely looked at lies in `nodes`, apart from them.
    states: Vec<Option<P>>,
    nodes: Vec<Node>,
    /// What waits for each node that is paused.
    waiting: BTreeMap<Address, VecDeque<Arrival<P>>>,
    /// What still waits for the node that is being resumed.
    backlog: VecDeque<Arrival<P>>,
    queue: Queue<P::Message, P::Timer>,
    weather: LinkField,
    network: N,
    recorder: R,
    effects: Vec<Effect<P>>,
}

#[derive(Debug)]
struct Node {
    chance: NodeChance,
    incarnation: u32,
}

/// An event at a node's door, and the slot it comes from if it is a timer.
#[derive(Debug)]
struct Arrival<P: Protocol> {
    slot: Option<Slot>,
    event: Event<P>,
    cause: Cause,
}

impl<P: Protocol, N: Network, R: Recorder<P>> Simulation<P, N, R> {
    /// A world with no nodes yet, at time zero. All chance comes from the seed.
    pub fn new(seed: u64, shared: P::Shared, network: N, recorder: R) -> Self {
        Self {
            seed,
            now: SimTime::ZERO,
            shared,
            states: Vec::new(),
            nodes: Vec::new(),
            waiting: BTreeMap::new(),
            backlog: VecDeque::new(),
            queue: Queue::new(),
            weather: LinkField::new(seed, StreamPurpose::WEATHER),
            network,
            recorder,
            effects: Vec::new(),
        }
    }

    /// Brings a node up with this state. A node that was up before comes back with nothing but the state given; it
    /// also receives what was sent to it before and is still under way.
    ///
    /// # Panics
    /// If the node is up.
    pub fn start(&mut self, address: Address, state: P) {
        assert!(!self.is_up(address), "{address} is up already");
        while self.nodes.len() <= address.index() {
            let number = Address(self.nodes.len() as u32);
            self.nodes.push(Node { chance: NodeChance::new(self.seed, number, 0), incarnation: 0 });
            self.states.push(None);
        }
        self.states[address.index()] = Some(state);
        let node = &mut self.nodes[address.index()];
        let incarnation = node.incarnation;
        *node = Node { chance: NodeChance::new(self.seed, address, incarnation), incarnation: incarnation + 1 };
        self.recorder.record(self.now, &Fact::Started { node: address, incarnation });
    }

    /// A node's user asks it for something, now. False if the node is down: then nobody is there to ask.
    pub fn ask(&mut self, node: Address, request: P::Request, cause: Cause) -> bool {
        if !self.is_up(node) {
            return false;
        }
        self.recorder.record(self.now, &Fact::Asked { node, request: &request, cause });
        self.deliver(node, Arrival { slot: None, event: Event::Request(request), cause });
        true
    }

    /// The node goes down in the middle of whatever it was doing: its state is lost and its timers die with it. What it
    /// had sent still arrives. What it had in mind is handed back, for those who know what it had on disk; nothing if it is
    /// down already.
    pub fn crash(&mut self, node: Address) -> Option<P> {
        self.take_down(node, Departure::Crash)
    }

    /// The node handles nothing until it is resumed; what arrives meanwhile waits, its own timers too. Nothing if it is
    /// down.
    pub fn pause(&mut self, node: Address) {
        if self.is_up(node) && !self.waiting.contains_key(&node) {
            self.waiting.insert(node, VecDeque::new());
            self.recorder.record(self.now, &Fact::Paused { node });
        }
    }

    /// A paused node goes on, beginning with what has waited, in order of arrival. A timer that ran down meanwhile can
    /// still be cancelled or replaced by an event before it. Nothing if the node is not paused.
    pub fn resume(&mut self, node: Address) {
        let Some(arrivals) = self.waiting.remove(&node) else {
            return;
        };
        self.recorder.record(self.now, &Fact::Resumed { node });
        self.backlog = arrivals;
        while let Some(Arrival { event, cause, .. }) = self.backlog.pop_front() {
            self.handle(node, event, cause);
        }
    }

    /// Changes the world around the nodes, and says so in the record.
    pub fn change_network(&mut self, what: &str, change: impl FnOnce(&mut N)) {
        change(&mut self.network);
        self.recorder.record(self.now, &Fact::World { what });
    }

    /// Runs everything that is due before `end`, and sets the clock to `end`.
    pub fn run_until(&mut self, end: SimTime) {
        while self.step_before(end) {}
        self.now = self.now.max(end);
    }

    /// Runs the next event, if it is due before `end`. False if there was none.
    #[inline]
    pub fn step_before(&mut self, end: SimTime) -> bool {
        let Some((at, due)) = self.queue.pop_before(end) else {
            return false;
        };
        debug_assert!(at >= self.now, "time does not run backwards");
        self.queue.read_ahead(|node| _ = black_box(self.states.get(node.index()).is_some_and(Option::is_some)));
        self.now = at;
        match due {
            Due::Letter(letter) => self.arrive(letter),
            Due::Timer { node, slot, timer, cause } => {
                self.deliver(node, Arrival { slot: Some(slot), event: Event::Timer(timer), cause });
            }
        }
        true
    }

    /// The virtual time.
    pub fn now(&self) -> SimTime {
        self.now
    }

    /// Whether the node is up: started, and neither crashed nor gone. A paused node is up.
    pub fn is_up(&self, node: Address) -> bool {
        self.node(node).is_some()
    }

    /// The state of a node that is up. For tests and for those who measure; a protocol cannot see it.
    pub fn node(&self, node: Address) -> Option<&P> {
        self.states.get(node.index())?.as_ref()
    }

    /// How often a node that is up has come up, this time included; none if it is down. Two answers differ if it was down in
    /// between.
    pub fn incarnation(&self, node: Address) -> Option<u32> {
        self.is_up(node).then(|| self.nodes[node.index()].incarnation)
    }

    /// All nodes that are up, in order of address.
    pub fn nodes(&self) -> impl Iterator<Item = (Address, &P)> {
        self.states.iter().zip(0..).filter_map(|(state, number)| Some((Address(number), state.as_ref()?)))
    }

    /// What every node may know.
    pub fn shared(&self) -> &P::Shared {
        &self.shared
    }

    /// What lies between the nodes.
    pub fn network(&self) -> &N {
        &self.network
    }

    /// What lies between the nodes, to be changed without a word in the record. [`Simulation::change_network`] says it.
    pub fn network_mut(&mut self) -> &mut N {
        &mut self.network
    }

    /// The recorder.
    pub fn recorder(&self) -> &R {
        &self.recorder
    }

    /// The recorder, to be changed or told something.
    pub fn recorder_mut(&mut self) -> &mut R {
        &mut self.recorder
    }

    /// How many events wait: messages under way and timers that run.
    pub fn pending(&self) -> usize {
        self.queue.len()
    }

    /// Ends the run and hands back what was recorded.
    pub fn into_recorder(self) -> R {
        self.recorder
    }

    #[inline]
    fn arrive(&mut self, letter: Letter<P::Message>) {
        if !self.is_up(letter.to) {
            self.drop_letter(&letter, DropCause::NodeDown);
        } else if letter.pass == Pass::NONE && !self.network.has_door(letter.to) {
            self.hand_over(letter);
        } else {
            self.pass_door(letter);
        }
    }

    /// A letter at a door is let in, has to wait, or is turned away; one that has waited is handled, if the node that let
    /// it in is still the same.
    #[cold]
    fn pass_door(&mut self, mut letter: Letter<P::Message>) {
        let incarnation = self.nodes[letter.to.index()].incarnation;
        let pass = Pass::of(incarnation);
        if letter.pass == pass {
            return self.hand_over(letter);
        }
        if letter.pass != Pass::NONE {
            return self.drop_letter(&letter, DropCause::NodeDown);
        }
        let (from, to) = (letter.from, letter.to);
        let (now, bytes) = (self.now, P::wire_bytes(&letter.message, &self.shared));
        let packet = Packet { sent: now, now, from, to, bytes };
        let mut chance = LinkChance::new(&self.weather, from, to, self.now);
        match self.network.enter(&packet, incarnation, &mut chance) {
            Entry::Now => self.hand_over(letter),
            Entry::After(wait) => {
                letter.pass = pass;
                self.queue.push(self.now + wait, letter);
            }
            Entry::Drop(why) => self.drop_letter(&letter, why),
        }
    }

    #[inline]
    fn hand_over(&mut self, letter: Letter<P::Message>) {
        let (to, cause) = (letter.to, letter.cause());
        let event = Event::Message { from: letter.from, message: letter.message };
        self.deliver(to, Arrival { slot: None, event, cause });
    }

    fn drop_letter(&mut self, letter: &Letter<P::Message>, why: DropCause) {
        let Letter { from, to, message, .. } = letter;
        let fact = Fact::Dropped { from: *from, to: *to, message, cause: letter.cause(), why };
        self.recorder.record(self.now, &fact);
    }

    /// Gives the event to the node, or keeps it for one that is paused.
    #[inline]
    fn deliver(&mut self, node: Address, arrival: Arrival<P>) {
        match self.waiting.get_mut(&node) {
            Some(arrivals) => arrivals.push_back(arrival),
            None => self.handle(node, arrival.event, arrival.cause),
        }
    }

    #[inline]
    fn handle(&mut self, address: Address, event: Event<P>, cause: Cause) {
        self.tell(address, &event, cause);
        let state = self.states[address.index()].as_mut().expect("only a node that is up is given events");
        let chance = &mut self.nodes[address.index()].chance;
        let mut effects = std::mem::take(&mut self.effects);
        state.handle(event, &mut Context::new(self.now, address, cause, &self.shared, chance, &mut effects));
        for effect in effects.drain(..) {
            let is_last = matches!(effect, Effect::Stop);
            self.carry_out(address, effect);
            if is_last {
                break;
            }
        }
        self.effects = effects;
    }

    #[inline]
    fn tell(&mut self, node: Address, event: &Event<P>, cause: Cause) {
        let fact = match event {
            Event::Message { from, message } => Fact::Delivered { from: *from, to: node, message, cause },
            // The record knows it since it was asked.
            Event::Request(_) => return,
            Event::Timer(timer) => Fact::Fired { node, timer, cause },
        };
        self.recorder.record(self.now, &fact);
    }

    #[inline]
    fn carry_out(&mut self, node: Address, effect: Effect<P>) {
        match effect {
            Effect::Send { to, message, cause } => self.send(Letter::new(node, to, cause, message)),
            Effect::SetTimer { slot, after, timer, cause } => {
                self.forget_waiting(slot);
                let is_timeout = P::is_timeout(&timer);
                self.queue.set_timer(node, slot, Start { now: self.now, after, timer, cause, is_timeout });
            }
            Effect::CancelTimer { slot } => {
                self.forget_waiting(slot);
                self.queue.cancel(node, slot);
            }
            Effect::Report { report, cause } => {
                self.recorder.record(self.now, &Fact::Reported { node, report: &report, cause });
            }
            Effect::Stop => _ = self.take_down(node, Departure::Leave),
        }
    }

    #[inline]
    fn send(&mut self, letter: Letter<P::Message>) {
        let Letter { from, to, ref message, .. } = letter;
        let bytes = P::wire_bytes(message, &self.shared);
        self.recorder.record(self.now, &Fact::Sent { from, to, message, cause: letter.cause(), bytes });
        let packet = Packet { sent: self.now, now: self.now, from, to, bytes };
        let verdict = self.network.route(&packet, &mut LinkChance::new(&self.weather, from, to, self.now));
        match verdict {
            Verdict::Deliver(delay) => self.queue.push(self.now + delay, letter),
            Verdict::Duplicate(one, two) => {
                let copy = letter.clone();
                self.queue.push(self.now + one, letter);
                self.queue.push(self.now + two, copy);
            }
            Verdict::Drop(why) => self.drop_letter(&letter, why),
        }
    }

    /// Forgets the timer of this slot that ran down in a pause and still waits, if the node is being resumed.
    fn forget_waiting(&mut self, slot: Slot) {
        self.backlog.retain(|arrival| arrival.slot != Some(slot));
    }

    fn take_down(&mut self, node: Address, how: Departure) -> Option<P> {
        let state = self.states.get_mut(node.index())?.take()?;
        self.queue.cancel_all(node);
        self.recorder.record(self.now, &Fact::Stopped { node, how });
        let waiting = self.waiting.remove(&node).unwrap_or_default();
        let backlog = std::mem::take(&mut self.backlog);
        for arrival in waiting.into_iter().chain(backlog) {
            self.discard(node, &arrival);
        }
        Some(state)
    }

    /// What waited for a node that has gone down will never be handled.
    fn discard(&mut self, to: Address, arrival: &Arrival<P>) {
        if let Event::Message { from, message } = &arrival.event {
            let (from, cause, why) = (*from, arrival.cause, DropCause::NodeDown);
            self.recorder.record(self.now, &Fact::Dropped { from, to, message, cause, why });
        }
    }
}
