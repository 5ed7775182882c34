//! The same figures over time, in equal steps of the whole run.

use protocols::dht::{LOOKUP, UPKEEP};
use scenarios::oracle::{Judged, Outcome};
use sim::protocol::Purpose;
use sim::time::{SimTime, Span};

/// Lookups by the stretch of time in which they were issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    /// How long a stretch is.
    pub step: Span,
    /// One after the other, from the beginning.
    pub points: Vec<Point>,
}

/// One stretch of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Point {
    /// Lookups issued in it.
    pub issued: u64,
    /// Of these, correct.
    pub correct: u64,
    /// Wrong.
    pub wrong: u64,
    /// Failed.
    pub failed: u64,
    /// Abandoned.
    pub abandoned: u64,
    /// Attempts that met silence, of those that were not abandoned.
    pub timeouts: u64,
    /// Nanoseconds of latency, summed over the answered.
    pub latency: u128,
    /// Bytes sent in it for users' lookups.
    pub lookup_bytes: u64,
    /// Bytes sent in it to keep the overlay in order.
    pub upkeep_bytes: u64,
}

impl Point {
    /// Lookups that were answered or failed.
    pub fn ended(&self) -> u64 {
        self.issued - self.abandoned
    }
}

impl Series {
    pub(super) fn new(end: SimTime) -> Self {
        let step = Span::from_nanos(end.as_nanos().div_ceil(POINTS).max(1));
        Self { step, points: vec![Point::default(); POINTS as usize] }
    }

    /// A message was sent.
    pub(super) fn sent(&mut self, now: SimTime, purpose: Purpose, bytes: u32) {
        let bytes = u64::from(bytes);
        match purpose {
            LOOKUP => self.point(now).lookup_bytes += bytes,
            UPKEEP => self.point(now).upkeep_bytes += bytes,
            _ => {}
        }
    }

    pub(super) fn judged(&mut self, lookup: &Judged) {
        let point = self.point(lookup.issued);
        point.issued += 1;
        match lookup.outcome {
            Outcome::Correct => point.correct += 1,
            Outcome::Wrong => point.wrong += 1,
            Outcome::Failed(_) => point.failed += 1,
            Outcome::Abandoned => {
                point.abandoned += 1;
                return;
            }
        }
        point.timeouts += u64::from(lookup.silence.timeouts);
        point.latency += u128::from(lookup.latency().unwrap_or_default().as_nanos());
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.points.iter_mut().zip(&other.points) {
            mine.issued += theirs.issued;
            mine.correct += theirs.correct;
            mine.wrong += theirs.wrong;
            mine.failed += theirs.failed;
            mine.abandoned += theirs.abandoned;
            mine.timeouts += theirs.timeouts;
            mine.latency += theirs.latency;
            mine.lookup_bytes += theirs.lookup_bytes;
            mine.upkeep_bytes += theirs.upkeep_bytes;
        }
    }

    /// The stretch in which an instant lies.
    fn point(&mut self, at: SimTime) -> &mut Point {
        let place = (at.as_nanos() / self.step.as_nanos()) as usize;
        let last = self.points.len() - 1;
        &mut self.points[place.min(last)]
    }
}

/// How many points a series has.
const POINTS: u64 = 60;
