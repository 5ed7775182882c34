//! Bursts: a workload's own clock, which runs faster while a burst lasts. Requests come by that clock, so that bursts
//! change when they come, and nothing about them.

use sim::rng::Stream;
use sim::sampler;
use sim::time::{SimTime, Span};

use crate::ast;
use crate::plan::draws;

/// Bursts, checked: as spans of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bursts {
    quiet: Span,
    lasts: Span,
    factor: f64,
}

/// The clock of a workload. With bursts the time that has passed on it is the integral of the rate (a time change); without
/// it is time itself.
#[derive(Clone, Debug)]
pub(super) struct Clock {
    from: SimTime,
    until: SimTime,
    rhythm: Option<Rhythm>,
}

/// The stretches of a workload's time, one after the other: bursts, and the quiet between them.
#[derive(Clone, Debug)]
struct Rhythm {
    words: Stream,
    bursts: Bursts,
    now: Stretch,
    /// What has passed on the workload's clock when the stretch begins.
    passed: Span,
}

/// A burst, or the quiet until the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stretch {
    is_burst: bool,
    begins: SimTime,
    length: Span,
}

impl Bursts {
    pub(super) fn new(written: &ast::Bursts) -> Self {
        let quiet = written.every.0.saturating_sub(written.lasts.0);
        Self { quiet, lasts: written.lasts.0, factor: written.factor.0 }
    }

    /// How many times as fast the workload asks in the mean.
    pub(super) fn mean_factor(self) -> f64 {
        1.0 + (self.factor - 1.0) * self.share()
    }

    /// The share of time that bursts take, in the mean.
    fn share(self) -> f64 {
        let lasts = self.lasts.as_nanos() as f64;
        lasts / (lasts + self.quiet.as_nanos() as f64)
    }
}

impl Clock {
    /// The clock of the workload at this place, which runs from the first instant until before the other.
    pub(super) fn new(seed: u64, workload: usize, bursts: Option<Bursts>, from: SimTime, until: SimTime) -> Self {
        let rhythm = bursts.map(|bursts| Rhythm::new(draws::rhythm(seed, workload), bursts, from));
        Self { from, until, rhythm }
    }

    /// The instant at which so much has passed; none if that is not before the end. It must not be asked for less than
    /// before.
    pub(super) fn at(&mut self, passed: Span) -> Option<SimTime> {
        let at = match &mut self.rhythm {
            Some(rhythm) => rhythm.at(passed, self.until)?,
            None => self.from + passed,
        };
        Some(at).filter(|at| *at < self.until)
    }
}

impl Rhythm {
    fn new(mut words: Stream, bursts: Bursts, from: SimTime) -> Self {
        // Neither bursts nor the quiet remember how long they have lasted, so that to begin in their midst is to begin.
        let is_burst = sampler::chance(&mut words, bursts.share());
        let now = Stretch { is_burst, begins: from, length: Span::ZERO };
        let mut rhythm = Self { words, bursts, now, passed: Span::ZERO };
        rhythm.now.length = rhythm.draw_length();
        rhythm
    }

    fn at(&mut self, passed: Span, until: SimTime) -> Option<SimTime> {
        while self.now.begins < until {
            let left = passed.saturating_sub(self.passed);
            if left <= self.passes() {
                let speed = if self.now.is_burst { self.bursts.factor } else { 1.0 };
                let into = Span::from_nanos_f64(left.as_nanos() as f64 / speed);
                return Some(self.now.begins + into.min(self.now.length));
            }
            self.turn();
        }
        None
    }

    /// How much passes on the workload's clock in this stretch.
    fn passes(&self) -> Span {
        if self.now.is_burst {
            Span::from_nanos_f64(self.now.length.as_nanos() as f64 * self.bursts.factor)
        } else {
            self.now.length
        }
    }

    fn turn(&mut self) {
        self.passed += self.passes();
        let begins = self.now.begins + self.now.length;
        self.now = Stretch { is_burst: !self.now.is_burst, begins, length: Span::ZERO };
        self.now.length = self.draw_length();
    }

    fn draw_length(&mut self) -> Span {
        let mean = if self.now.is_burst { self.bursts.lasts } else { self.bursts.quiet };
        Span::from_nanos_f64(sampler::exponential(&mut self.words, mean.as_nanos() as f64))
    }
}
