//! The same figures over time, in equal steps of the whole run.

use scenarios::oracle::{Judged, Outcome};
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

    pub(super) fn judged(&mut self, lookup: &Judged) {
        let place = (lookup.issued.as_nanos() / self.step.as_nanos()) as usize;
        let last = self.points.len() - 1;
        let point = &mut self.points[place.min(last)];
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
        }
    }
}

/// How many points a series has.
const POINTS: u64 = 60;
