//! The contract between a state machine and the world: events come in by one door, effects go out in order.
//!
//! A machine never reads a clock, a socket or a global: what an event does depends on state, event and [`Context`] alone
//! (law DET-1). It learns that another node is dead from silence, never by asking (law TRUTH-1).

use std::fmt::Debug;
use std::hash::Hash;

use crate::address::Address;
use crate::rng::{Stream, StreamPurpose, Words};
use crate::time::{SimTime, Span};

/// A state machine that runs on every node of a simulation.
///
/// States, messages and timers are plain data, so that a run can be traced, replayed and compared.
pub trait Protocol: Sized {
    /// What nodes send to each other.
    type Message: Clone + Debug + Eq + Hash;
    /// Every reason to wake: one documented enum.
    type Timer: Copy + Debug + Eq + Hash;
    /// What the node's user asks of it.
    type Request: Clone + Debug + Hash;
    /// What the node tells its user.
    type Report: Clone + Debug + Hash;
    /// Read-only facts that every node may know; for a DHT, the key of an address one has learnt.
    type Shared;

    /// The one door: an event enters, effects leave through `cx`.
    fn handle(&mut self, event: Event<Self>, cx: &mut Context<'_, Self>);

    /// The message's kind, for traces and counts.
    fn kind(message: &Self::Message) -> &'static str;

    /// How many bytes the message takes on the wire, headers included.
    fn wire_bytes(message: &Self::Message, shared: &Self::Shared) -> u32;

    /// Whether a timer guards a call: set often, nearly always cancelled, of few distinct durations. Such timers take a
    /// faster lane of the queue; the order of events is the same whatever the answer.
    fn is_timeout(_timer: &Self::Timer) -> bool {
        false
    }
}

/// What happens to a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event<P: Protocol> {
    /// A message has arrived. That it arrived proves that `from` lived when it was sent, no more.
    Message {
        /// Who sent it.
        from: Address,
        /// What it says.
        message: P::Message,
    },
    /// The node's user asks for something.
    Request(P::Request),
    /// A timer that the machine had set has run down.
    Timer(P::Timer),
}

/// What a machine does to the world, in the order in which it said so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect<P: Protocol> {
    /// Hand a message to the network.
    Send {
        /// Whom it is for.
        to: Address,
        /// What it says.
        message: P::Message,
        /// On whose behalf it is sent.
        cause: Cause,
    },
    /// Wake me later. A timer that is still pending in the same slot is replaced.
    SetTimer {
        /// The machine's own handle.
        slot: Slot,
        /// How much later.
        after: Span,
        /// What to say then.
        timer: P::Timer,
        /// On whose behalf; what is done when it runs down inherits it.
        cause: Cause,
    },
    /// Forget the timer in this slot; nothing if there is none.
    CancelTimer {
        /// The machine's own handle.
        slot: Slot,
    },
    /// Tell the node's user.
    Report {
        /// What to tell.
        report: P::Report,
        /// Which request it answers, if any.
        cause: Cause,
    },
    /// Go down for good, having said what there was to say: a graceful exit. Effects after it are not carried out.
    Stop,
}

/// A machine's own name for one of its timers. Slots are small numbers: the engine keeps a table of them per node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(pub u32);

/// Which request something was done for. Numbers are given by whoever asks; zero stands for none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u32);

impl RequestId {
    /// No request: the node did it of its own accord.
    pub const NONE: Self = Self(0);
}

/// What kind of work something belongs to. The engine only carries it; the numbers are the protocols' own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Purpose(pub u16);

/// Why something was done: its purpose, and the request that led to it. Whatever an event causes inherits the event's
/// cause, across nodes and timers, unless the machine says otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Cause {
    /// The kind of work.
    pub purpose: Purpose,
    /// The request, or none.
    pub request: RequestId,
}

/// What a machine can see and do while it handles one event.
pub struct Context<'a, P: Protocol> {
    now: SimTime,
    me: Address,
    cause: Cause,
    shared: &'a P::Shared,
    chance: &'a mut NodeChance,
    effects: &'a mut Vec<Effect<P>>,
}

impl<'a, P: Protocol> Context<'a, P> {
    /// A context for one event. The engine makes them; a test that drives a machine by hand may too.
    pub fn new(
        now: SimTime,
        me: Address,
        cause: Cause,
        shared: &'a P::Shared,
        chance: &'a mut NodeChance,
        effects: &'a mut Vec<Effect<P>>,
    ) -> Self {
        Self { now, me, cause, shared, chance, effects }
    }

    /// The virtual time.
    pub fn now(&self) -> SimTime {
        self.now
    }

    /// The address of this node.
    pub fn me(&self) -> Address {
        self.me
    }

    /// What every node may know.
    pub fn shared(&self) -> &'a P::Shared {
        self.shared
    }

    /// Why the event at hand came about; what is done now inherits it.
    pub fn cause(&self) -> Cause {
        self.cause
    }

    /// From here on, what is done in this event is done for another cause.
    pub fn set_cause(&mut self, cause: Cause) {
        self.cause = cause;
    }

    /// The node's own source of random words.
    pub fn chance(&mut self) -> &mut impl Words {
        &mut *self.chance
    }

    /// Hands a message to the network.
    pub fn send(&mut self, to: Address, message: P::Message) {
        let cause = self.cause;
        self.effects.push(Effect::Send { to, message, cause });
    }

    /// Wakes this machine later; a timer still pending in the same slot is replaced.
    pub fn set_timer(&mut self, slot: Slot, after: Span, timer: P::Timer) {
        let cause = self.cause;
        self.effects.push(Effect::SetTimer { slot, after, timer, cause });
    }

    /// Forgets the timer in this slot; nothing if there is none.
    pub fn cancel_timer(&mut self, slot: Slot) {
        self.effects.push(Effect::CancelTimer { slot });
    }

    /// Tells the node's user.
    pub fn report(&mut self, report: P::Report) {
        let cause = self.cause;
        self.effects.push(Effect::Report { report, cause });
    }

    /// Goes down for good once this event's effects are carried out.
    pub fn stop(&mut self) {
        self.effects.push(Effect::Stop);
    }
}

/// A node's random words: its own stream, opened at the first draw.
#[derive(Clone, Debug)]
pub struct NodeChance {
    seed: u64,
    entity: u64,
    stream: Option<Box<Stream>>,
}

impl NodeChance {
    /// The chance of this node in this incarnation.
    pub fn new(seed: u64, node: Address, incarnation: u32) -> Self {
        Self { seed, entity: u64::from(incarnation) << 32 | u64::from(node.0), stream: None }
    }
}

impl Words for NodeChance {
    fn word(&mut self) -> u64 {
        self.stream.get_or_insert_with(|| Box::new(Stream::open(self.seed, StreamPurpose::NODE, self.entity))).word()
    }
}
