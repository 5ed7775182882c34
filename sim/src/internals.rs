//! A door to the private queue, for this crate's own benchmarks; no part of what the crate offers.

use crate::address::Address;
use crate::protocol::{Cause, Slot};
use crate::queue::{Due, Letter, Queue, Start};
use crate::time::{SimTime, Span};

/// The queue of a simulation whose messages and timers are numbers.
pub struct Events(Queue<u64, u64>);

/// The number that a message or a timer carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    /// A message's.
    Message(u64),
    /// A timer's.
    Timer(u64),
}

impl Default for Events {
    fn default() -> Self {
        Self(Queue::new())
    }
}

impl Events {
    /// Schedules a message's arrival.
    #[inline]
    pub fn push(&mut self, at: SimTime, number: u64) {
        let letter = Letter::new(Address(0), Address(0), Cause::default(), number);
        self.0.push(at, letter);
    }

    /// Starts a timeout in a node's slot.
    #[inline]
    pub fn set_timeout(&mut self, node: Address, slot: Slot, now: SimTime, after: Span, number: u64) {
        self.0.set_timer(node, slot, Start { now, after, timer: number, cause: Cause::default(), is_timeout: true });
    }

    /// Forgets the timer in a node's slot.
    #[inline]
    pub fn cancel(&mut self, node: Address, slot: Slot) {
        self.0.cancel(node, slot);
    }

    /// Takes out the next event.
    #[inline]
    pub fn pop(&mut self) -> Option<(SimTime, Number)> {
        let (at, due) = self.0.pop_before(SimTime::MAX)?;
        self.0.read_ahead(|_| {});
        let number = match due {
            Due::Letter(letter) => Number::Message(letter.message),
            Due::Timer { timer, .. } => Number::Timer(timer),
        };
        Some((at, number))
    }
}
