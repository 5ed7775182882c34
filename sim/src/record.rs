//! Facts: what happened, as it happened, told to recorders that compose. Metrics, traces and fingerprints are recorders.

use crate::address::Address;
use crate::network::DropCause;
use crate::protocol::{Cause, Protocol};
use crate::time::SimTime;

/// One thing that happened.
#[derive(Debug)]
pub enum Fact<'a, P: Protocol> {
    /// A node came up, with an empty state or with one that was prepared for it.
    Started {
        /// The node.
        node: Address,
        /// How often it has come up before.
        incarnation: u32,
    },
    /// A node went down: its state, its timers and whatever it had waiting are gone.
    Stopped {
        /// The node.
        node: Address,
        /// Whether it crashed or left.
        how: Departure,
    },
    /// A node stopped handling events; what arrives waits.
    Paused {
        /// The node.
        node: Address,
    },
    /// A paused node goes on, beginning with what has waited.
    Resumed {
        /// The node.
        node: Address,
    },
    /// The world around the nodes changed: a fault of the network began or ended.
    World {
        /// What changed, in words.
        what: &'a str,
    },
    /// A node's user asked for something. The node is about to handle it, or will once it goes on, if it is paused.
    Asked {
        /// The node.
        node: Address,
        /// What is asked.
        request: &'a P::Request,
        /// The request's number and purpose.
        cause: Cause,
    },
    /// A node handed a message to the network.
    Sent {
        /// The sender.
        from: Address,
        /// The receiver.
        to: Address,
        /// What it says.
        message: &'a P::Message,
        /// On whose behalf.
        cause: Cause,
        /// Its size on the wire.
        bytes: u32,
    },
    /// A message arrived, and its receiver is about to handle it.
    Delivered {
        /// The sender.
        from: Address,
        /// The receiver.
        to: Address,
        /// What it says.
        message: &'a P::Message,
        /// On whose behalf.
        cause: Cause,
    },
    /// A message will never be handled.
    Dropped {
        /// The sender.
        from: Address,
        /// The receiver.
        to: Address,
        /// What it says.
        message: &'a P::Message,
        /// On whose behalf.
        cause: Cause,
        /// Why.
        why: DropCause,
    },
    /// A timer ran down, and its node is about to handle it.
    Fired {
        /// The node.
        node: Address,
        /// Why it wakes.
        timer: &'a P::Timer,
        /// On whose behalf.
        cause: Cause,
    },
    /// A node told its user something.
    Reported {
        /// The node.
        node: Address,
        /// What it told.
        report: &'a P::Report,
        /// Which request it answers, if any.
        cause: Cause,
    },
}

/// How a node went down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Departure {
    /// In the middle of whatever it was doing.
    Crash,
    /// Of its own accord, having said goodbye as its protocol does.
    Leave,
}

/// Is told every fact, in order. Recorders compose: `(A, B)` tells both, `()` costs nothing.
pub trait Recorder<P: Protocol> {
    /// Takes note of a fact.
    fn record(&mut self, now: SimTime, fact: &Fact<'_, P>);
}

impl<P: Protocol> Recorder<P> for () {
    fn record(&mut self, _: SimTime, _: &Fact<'_, P>) {}
}

impl<P: Protocol, R: Recorder<P>> Recorder<P> for &mut R {
    fn record(&mut self, now: SimTime, fact: &Fact<'_, P>) {
        (**self).record(now, fact);
    }
}

impl<P: Protocol, R: Recorder<P>> Recorder<P> for Option<R> {
    fn record(&mut self, now: SimTime, fact: &Fact<'_, P>) {
        if let Some(recorder) = self {
            recorder.record(now, fact);
        }
    }
}

impl<P: Protocol, A: Recorder<P>, B: Recorder<P>> Recorder<P> for (A, B) {
    fn record(&mut self, now: SimTime, fact: &Fact<'_, P>) {
        self.0.record(now, fact);
        self.1.record(now, fact);
    }
}

/// Counts events as a user understands them: everything that a node was given to handle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventCount(pub u64);

impl<P: Protocol> Recorder<P> for EventCount {
    fn record(&mut self, _: SimTime, fact: &Fact<'_, P>) {
        if matches!(fact, Fact::Asked { .. } | Fact::Delivered { .. } | Fact::Fired { .. }) {
            self.0 += 1;
        }
    }
}
