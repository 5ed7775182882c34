//! Calls in flight: which question went to whom, how long to wait for the answer, and when to try again.

use serde::{Deserialize, Serialize};
use sim::protocol::Address;
use sim::time::{SimTime, Span};

use crate::duration::Duration;
use crate::table::{Handle, Table};

/// How long to wait for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Timeout {
    /// Always the same.
    Fixed(Duration),
    /// The smoothed round trip plus four deviations, as measured by this node over all its calls (Jacobson 1988; Rhea et
    /// al. 2004 for its use in a DHT), rounded up to one of 16 steps per octave; a repeated attempt waits twice as long.
    Adaptive {
        /// Before the first answer has been seen.
        initial: Duration,
        /// Never more than this.
        max: Duration,
    },
}

impl Default for Timeout {
    fn default() -> Self {
        Self::Adaptive { initial: Duration(Span::from_millis(500)), max: Duration(Span::from_secs(5)) }
    }
}

/// The calls of one node that wait for an answer; `W` says what a call was about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Calls<W> {
    table: Table<Call<W>>,
    round_trip: RoundTrip,
}

/// A call that waits for an answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Call<W> {
    /// Who was asked.
    pub to: Address,
    /// What about.
    pub what: W,
    /// When the last attempt was sent.
    pub sent: SimTime,
    /// How often it was sent before.
    pub attempt: u32,
    /// How long the last attempt waits.
    pub wait: Span,
}

impl<W> Default for Calls<W> {
    fn default() -> Self {
        Self { table: Table::default(), round_trip: RoundTrip::default() }
    }
}

impl<W> Calls<W> {
    /// Notes a new call, and says how long to wait for it.
    pub fn begin(&mut self, to: Address, what: W, now: SimTime, timeout: Timeout) -> (Handle, Span) {
        let wait = self.round_trip.wait(timeout, 0);
        (self.table.insert(Call { to, what, sent: now, attempt: 0, wait }), wait)
    }

    /// An answer has come: the call ends. None if it had ended before, or the answer comes from somebody else.
    pub fn answered(&mut self, id: Handle, from: Address, now: SimTime) -> Option<Call<W>> {
        if self.table.get(id)?.to != from {
            return None;
        }
        let call = self.table.remove(id)?;
        if call.attempt == 0 {
            // Karn's rule: the answer to a repeated question may belong to an earlier attempt.
            self.round_trip.learn(now.since(call.sent));
        }
        Some(call)
    }

    /// Silence: the call is tried again, or ends when it has been tried often enough. None if it had ended before.
    pub fn silent(&mut self, id: Handle, now: SimTime, timeout: Timeout, retries: u32) -> Option<Silent<'_, W>> {
        if self.table.get(id)?.attempt >= retries {
            return self.table.remove(id).map(Silent::GaveUp);
        }
        let call = self.table.get_mut(id)?;
        call.attempt += 1;
        call.sent = now;
        let waited = std::mem::replace(&mut call.wait, self.round_trip.wait(timeout, call.attempt));
        Some(Silent::Again { call, waited })
    }

    /// Ends a call that nobody waits for any more.
    pub fn end(&mut self, id: Handle) -> Option<Call<W>> {
        self.table.remove(id)
    }

    /// The call of this number, while it waits.
    pub fn get(&self, id: Handle) -> Option<&Call<W>> {
        self.table.get(id)
    }

    /// How many calls wait.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether no call waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes on the heap.
    pub fn heap_bytes(&self) -> usize {
        self.table.heap_bytes()
    }
}

/// What silence leads to.
#[derive(Debug, PartialEq, Eq)]
pub enum Silent<'a, W> {
    /// Ask again, and wait for `call.wait`; the attempt that failed had waited for `waited`.
    Again {
        /// The call, as it is now.
        call: &'a mut Call<W>,
        /// How long the silent attempt had waited.
        waited: Span,
    },
    /// That was the last attempt.
    GaveUp(Call<W>),
}

/// Smoothed round trip and mean deviation, in whole nanoseconds (Jacobson, "Congestion Avoidance and Control", 1988).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct RoundTrip {
    smoothed: u64,
    deviation: u64,
}

impl RoundTrip {
    fn learn(&mut self, sample: Span) {
        let sample = sample.as_nanos().max(1);
        if self.smoothed == 0 {
            *self = Self { smoothed: sample, deviation: sample / 2 };
            return;
        }
        self.deviation = self.deviation - self.deviation / 4 + self.smoothed.abs_diff(sample) / 4;
        self.smoothed = self.smoothed - self.smoothed / 8 + sample / 8;
    }

    fn wait(&self, timeout: Timeout, attempt: u32) -> Span {
        match timeout {
            Timeout::Fixed(wait) => wait.0,
            Timeout::Adaptive { initial, max } => {
                let base = if self.smoothed == 0 {
                    initial.0
                } else {
                    Span::from_nanos(self.smoothed + (4 * self.deviation).max(GRAIN.as_nanos()))
                };
                round_up(base.times(1 << attempt.min(20))).min(max.0)
            }
        }
    }
}

/// Rounds up to a grid of 16 steps per octave, so that there are few distinct waits.
fn round_up(span: Span) -> Span {
    let nanos = span.as_nanos().max(32);
    let step = 1 << (nanos.ilog2() - 4);
    Span::from_nanos(nanos.div_ceil(step).saturating_mul(step))
}

/// The least that four deviations count for: where every round trip is the same, the answer must not race the timeout.
const GRAIN: Span = Span::from_millis(10);

#[cfg(test)]
mod tests {
    use super::*;

    const A: Address = Address(1);
    const B: Address = Address(2);
    const FIXED: Timeout = Timeout::Fixed(Duration(Span::from_millis(500)));

    fn at(ms: u64) -> SimTime {
        SimTime::ZERO + Span::from_millis(ms)
    }

    #[test]
    fn an_answer_ends_its_call_once() {
        let mut calls = Calls::default();
        let (id, wait) = calls.begin(A, "what", at(0), FIXED);
        assert_eq!(wait, Span::from_millis(500));
        assert_eq!(calls.answered(id, B, at(10)), None, "from somebody else");
        assert_eq!(calls.answered(id, A, at(10)).map(|call| call.what), Some("what"));
        assert_eq!(calls.answered(id, A, at(10)), None, "twice");
        assert!(calls.is_empty());
    }

    #[test]
    fn a_late_answer_does_not_end_a_newer_call_in_the_same_place() {
        let mut calls = Calls::default();
        let (old, _) = calls.begin(A, 1, at(0), FIXED);
        calls.end(old);
        let (new, _) = calls.begin(A, 2, at(0), FIXED);
        assert_eq!(old.place(), new.place());
        assert_eq!(calls.answered(old, A, at(1)), None);
        assert_eq!(calls.len(), 1);
    }

    #[test]
    fn a_call_is_tried_again_as_often_as_asked() {
        let mut calls = Calls::default();
        let (id, _) = calls.begin(A, (), at(0), FIXED);
        assert!(matches!(calls.silent(id, at(500), FIXED, 1), Some(Silent::Again { .. })));
        assert!(matches!(calls.silent(id, at(1000), FIXED, 1), Some(Silent::GaveUp(_))));
        assert_eq!(calls.silent(id, at(1500), FIXED, 1), None);
    }

    #[test]
    fn waits_follow_the_round_trips_and_double() {
        let mut calls = Calls::default();
        for ms in 0..100 {
            let (id, _) = calls.begin(A, (), at(ms * 1000), Timeout::default());
            calls.answered(id, A, at(ms * 1000 + 80));
        }
        let (id, wait) = calls.begin(A, (), at(0), Timeout::default());
        assert!(wait >= Span::from_millis(90) && wait < Span::from_millis(98), "{wait}");
        let Some(Silent::Again { call, waited }) = calls.silent(id, at(0), Timeout::default(), 1) else {
            panic!("one more attempt");
        };
        assert_eq!(waited, wait);
        assert_eq!(call.wait, wait.times(2));
    }

    #[test]
    fn the_grid_has_sixteen_steps_an_octave() {
        let waits: std::collections::BTreeSet<Span> =
            (1 << 20..1 << 21).step_by(7).map(|nanos| round_up(Span::from_nanos(nanos))).collect();
        assert_eq!(waits.len(), 17, "sixteen steps and the next octave's first");
        assert!((1..100_000).all(|nanos| round_up(Span::from_nanos(nanos)) >= Span::from_nanos(nanos)));
    }
}
