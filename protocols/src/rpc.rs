//! Calls in flight: which question went to whom, how long to wait for the answer, and when to try again.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use sim::address::Address;
use sim::time::{SimTime, Span};

use crate::duration::Duration;
use crate::table::{Handle, Table};

/// How long to wait for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Timeout {
    /// Always the same.
    Fixed(Duration),
    /// The smoothed round trip plus four deviations, as measured by this node for this peer, or over all its calls for a
    /// new one (Jacobson 1988; Rhea et al. 2004 for its use in a DHT), rounded up to one of 16 steps per octave; a
    /// repeated attempt waits twice as long.
    /// An answer that comes when the call has ended counts as well, or a network that has become slower would look dead
    /// for ever.
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
    round_trips: RoundTrips,
    /// The last few calls that ended while another answer may still be under way: number, who, and the last attempt.
    late: VecDeque<(Handle, Address, SimTime)>,
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
        Self { table: Table::default(), round_trips: RoundTrips::default(), late: VecDeque::new() }
    }
}

impl<W> Calls<W> {
    /// Begins a life, with numbers that hardly another life uses: see [`Table::begin_life`].
    pub fn begin_life(&mut self, life: u32) {
        self.table.begin_life(life);
    }

    /// What a node has of its calls when it comes back: their numbers, so that none is given twice. That it made them,
    /// and how long the answers took, it has forgotten.
    #[must_use]
    pub fn revived(mut self) -> Self {
        self.table.clear();
        Self { table: self.table, ..Self::default() }
    }

    /// Notes a new call, and says how long to wait for it.
    pub fn begin(&mut self, to: Address, what: W, now: SimTime, timeout: Timeout) -> (Handle, Span) {
        let wait = self.round_trips.to(to).wait(timeout, 0);
        (self.table.insert(Call { to, what, sent: now, attempt: 0, wait }), wait)
    }

    /// An answer has come: the call ends. None if it had ended before, or the answer comes from somebody else.
    pub fn answered(&mut self, id: Handle, from: Address, now: SimTime) -> Option<Call<W>> {
        let Some(call) = self.table.get(id) else {
            self.learn_late(id, from, now);
            return None;
        };
        if call.to != from {
            return None;
        }
        let call = self.table.remove(id)?;
        if call.attempt == 0 {
            self.round_trips.learn(from, now.since(call.sent));
        } else {
            // Karn's rule: the answer to a repeated question may belong to an earlier attempt.
            self.remember(id, from, call.sent);
        }
        Some(call)
    }

    /// Silence: the call is tried again, or ends when it has been tried often enough. None if it had ended before.
    pub fn silent(&mut self, id: Handle, now: SimTime, timeout: Timeout, retries: u32) -> Option<Silent<'_, W>> {
        if self.table.get(id)?.attempt >= retries {
            let call = self.table.remove(id)?;
            self.remember(id, call.to, call.sent);
            return Some(Silent::GaveUp(call));
        }
        let call = self.table.get_mut(id)?;
        call.attempt += 1;
        call.sent = now;
        let waited = std::mem::replace(&mut call.wait, self.round_trips.to(call.to).wait(timeout, call.attempt));
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

    /// The first call that is wanted, by place in the table.
    pub fn find(&self, wanted: impl Fn(&Call<W>) -> bool) -> Option<Handle> {
        self.table.find(wanted)
    }

    /// The calls that wait.
    pub fn iter(&self) -> impl Iterator<Item = &Call<W>> {
        self.table.iter()
    }

    /// The call of this number, while it waits, to be changed.
    pub fn get_mut(&mut self, id: Handle) -> Option<&mut Call<W>> {
        self.table.get_mut(id)
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
            + self.late.capacity() * size_of::<(Handle, Address, SimTime)>()
            + self.round_trips.peers.capacity() * size_of::<(Address, RoundTrip)>()
    }

    fn remember(&mut self, id: Handle, to: Address, sent: SimTime) {
        if self.late.len() == LATE {
            self.late.pop_front();
        }
        self.late.push_back((id, to, sent));
    }

    /// Where each attempt has been answered, the last answer belongs to the last attempt.
    fn learn_late(&mut self, id: Handle, from: Address, now: SimTime) {
        if let Some((_, _, sent)) = self.late.iter().find(|(late, to, _)| (*late, *to) == (id, from)) {
            self.round_trips.learn(from, now.since(*sent));
        }
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

/// Round trips to the peers called last, and over all calls for those that are new.
///
/// One figure for all peers would be no good: where delays belong to pairs of nodes, the far ones would seem silent at
/// every call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct RoundTrips {
    all: RoundTrip,
    peers: Vec<(Address, RoundTrip)>,
    /// Which peer makes room for the next new one.
    next: usize,
}

impl RoundTrips {
    /// The round trip to this peer, as far as known.
    fn to(&self, peer: Address) -> RoundTrip {
        self.peers.iter().find(|(known, _)| *known == peer).map_or(self.all, |(_, round_trip)| *round_trip)
    }

    fn learn(&mut self, peer: Address, sample: Span) {
        self.all.learn(sample);
        if let Some((_, known)) = self.peers.iter_mut().find(|(known, _)| *known == peer) {
            return known.learn(sample);
        }
        let mut new = RoundTrip::default();
        new.learn(sample);
        if self.peers.len() < PEERS {
            self.peers.push((peer, new));
        } else {
            self.peers[self.next] = (peer, new);
            self.next = (self.next + 1) % PEERS;
        }
    }
}

/// Smoothed round trip and mean deviation, in whole microseconds (Jacobson, "Congestion Avoidance and Control", 1988).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct RoundTrip {
    smoothed: u32,
    deviation: u32,
}

impl RoundTrip {
    fn learn(&mut self, sample: Span) {
        let sample = (sample.as_nanos() / 1_000).clamp(1, u64::from(u32::MAX / 16)) as u32;
        if self.smoothed == 0 {
            *self = Self { smoothed: sample, deviation: sample / 2 };
            return;
        }
        self.deviation = self.deviation - self.deviation / 4 + self.smoothed.abs_diff(sample) / 4;
        self.smoothed = self.smoothed - self.smoothed / 8 + sample / 8;
    }

    fn wait(self, timeout: Timeout, attempt: u32) -> Span {
        match timeout {
            Timeout::Fixed(wait) => wait.0,
            Timeout::Adaptive { initial, max } => {
                let base = if self.smoothed == 0 {
                    initial.0
                } else {
                    Span::from_micros(u64::from(self.smoothed) + (4 * u64::from(self.deviation)).max(GRAIN_MICROS))
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

/// How many calls are remembered for an answer that comes late (arbitrary).
const LATE: usize = 16;
/// The least that four deviations count for: where every round trip is the same, the answer must not race the timeout.
const GRAIN_MICROS: u64 = 10_000;
/// The round trips to so many peers are kept apart: all of them in an overlay of the size that is asked for here, and
/// 768 bytes at most in a large one.
const PEERS: usize = 64;

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
    fn a_network_that_becomes_slower_is_not_dead_for_ever() {
        for round_trip in [150, 400, 4_000] {
            let mut calls = Calls::default();
            for _ in 0..50 {
                let (id, _) = calls.begin(A, (), at(0), Timeout::default());
                calls.answered(id, A, at(80));
            }
            let (id, wait) = calls.begin(A, (), at(0), Timeout::default());
            assert!(wait < Span::from_millis(100), "it was quick before");
            let again = SimTime::ZERO + wait;
            calls.silent(id, again, Timeout::default(), 1);
            if round_trip > 300 {
                assert!(matches!(calls.silent(id, at(300), Timeout::default(), 1), Some(Silent::GaveUp(_))));
            }
            calls.answered(id, A, at(round_trip));
            assert_eq!(calls.answered(id, A, again + Span::from_millis(round_trip)), None, "the second attempt's");
            let (_, wait) = calls.begin(A, (), at(9_000), Timeout::default());
            assert!(wait >= Span::from_millis(round_trip), "{wait} for {round_trip} ms");
        }
    }

    #[test]
    fn the_dead_do_not_make_the_living_look_slow() {
        let mut calls = Calls::default();
        let (id, wait) = calls.begin(A, (), at(0), Timeout::default());
        calls.silent(id, at(500), Timeout::default(), 1);
        calls.silent(id, at(1_500), Timeout::default(), 1);
        assert_eq!(calls.begin(B, (), at(2_000), Timeout::default()).1, wait);
    }

    #[test]
    fn a_far_peer_does_not_seem_silent_because_the_others_are_near() {
        let mut calls = Calls::default();
        for round in 0..100 {
            for (peer, ms) in [(A, 20), (B, 300)] {
                let start = round * 1_000;
                let (id, wait) = calls.begin(peer, (), at(start), Timeout::default());
                assert!(round == 0 || wait > Span::from_millis(ms), "{wait} for {peer}");
                calls.answered(id, peer, at(start + ms));
            }
        }
    }

    #[test]
    fn only_so_many_peers_are_kept() {
        let mut calls = Calls::default();
        for peer in (0..1_000).map(Address) {
            let (id, _) = calls.begin(peer, (), at(0), FIXED);
            calls.answered(id, peer, at(50));
        }
        assert_eq!(calls.round_trips.peers.len(), PEERS);
    }

    #[test]
    fn the_grid_has_sixteen_steps_an_octave() {
        let waits: std::collections::BTreeSet<Span> =
            (1 << 20..1 << 21).step_by(7).map(|nanos| round_up(Span::from_nanos(nanos))).collect();
        assert_eq!(waits.len(), 17, "sixteen steps and the next octave's first");
        assert!((1..100_000).all(|nanos| round_up(Span::from_nanos(nanos)) >= Span::from_nanos(nanos)));
    }
}
