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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ast::Factor;
    use protocols::duration::Duration;

    /// Sums of exponentials: of a mean over n of them the standard deviation is the mean over the root of n.
    #[test]
    fn bursts_and_the_quiet_between_them_are_exponential_with_their_means() {
        let stretches = stretches(6_000_000);
        for (is_burst, mean) in [(true, 5.0), (false, 55.0)] {
            let lengths: Vec<f64> =
                stretches.iter().filter(|one| one.is_burst == is_burst).map(|one| one.length.as_secs_f64()).collect();
            let count = lengths.len() as f64;
            let measured = lengths.iter().sum::<f64>() / count;
            let is_it = |mean: f64| (measured - mean).abs() < 3.29 * mean / count.sqrt();
            assert!(is_it(mean) && !is_it(mean * 1.05) && !is_it(mean * 0.95), "{measured} {count}");
            // Among exponentials a share of e^-1 is longer than the mean.
            let longer = lengths.iter().filter(|length| **length > mean).count() as f64 / count;
            let share = 0.367_879;
            assert!((longer - share).abs() < 3.29 * (share * (1.0 - share) / count).sqrt(), "{longer}");
        }
    }

    /// Given the bursts, the counts within them and between are Poisson's: 3.29 standard deviations are exceeded once in a
    /// thousand times.
    #[test]
    fn within_bursts_it_is_asked_faster_by_the_factor_and_between_them_at_the_rate() {
        let stretches = stretches(20_000);
        let end = SimTime::from_nanos(20_000 * SECOND);
        let times = times(1.0, end);
        for (is_burst, rate) in [(true, 10.0), (false, 1.0)] {
            let chosen: Vec<&Stretch> = stretches.iter().filter(|one| one.is_burst == is_burst).collect();
            let length: f64 = chosen.iter().map(|one| until(one, end).since(one.begins).as_secs_f64()).sum();
            let within = |at: &SimTime| chosen.iter().any(|one| (one.begins..until(one, end)).contains(at));
            let count = times.iter().filter(|at| within(at)).count() as f64;
            let is_it = |rate: f64| (count - rate * length).abs() < 3.29 * (rate * length).sqrt();
            assert!(is_it(rate) && !is_it(rate * 1.05) && !is_it(rate * 0.95), "{count} in {length} s");
        }
    }

    /// The variance of a count over a long time t is its mean and `(r (f - 1))^2 t 2ab / (a + b)^3`, with a and b the rates
    /// at which bursts begin and end (Fischer and Meier-Hellstern 1993, of an MMPP with two states).
    #[test]
    fn the_mean_rate_is_the_one_that_is_promised() {
        const T: f64 = 500_000.0;
        let (rate, begin, end) = (0.1, 1.0 / 55.0, 1.0 / 5.0);
        let count = times(rate, SimTime::from_nanos(T as u64 * SECOND)).len() as f64;
        let expected = rate * bursts().mean_factor() * T;
        let both: f64 = begin + end;
        let jumps = (rate * 9.0) * (rate * 9.0) * T * 2.0 * begin * end / (both * both * both);
        let is_it = |expected: f64| (count - expected).abs() < 3.29 * (expected + jumps).sqrt();
        assert!((bursts().mean_factor() - 1.75).abs() < 1e-12);
        assert!(is_it(expected) && !is_it(expected * 1.05) && !is_it(expected * 0.95), "{count} {expected}");
    }

    #[test]
    fn the_clock_never_goes_back_whatever_the_factor() {
        for factor in [1e-6, 0.1, 1.0, 3.7, 1e6] {
            let mut written = written();
            written.factor = Factor(factor);
            let until = SimTime::from_nanos(100_000 * SECOND);
            let mut clock = Clock::new(3, 0, Some(Bursts::new(&written)), SimTime::ZERO, until);
            let passed = (0..100_000u64).map(|step| Span::from_nanos(step * SECOND + step % 7));
            let times: Vec<SimTime> = passed.map_while(|passed| clock.at(passed)).collect();
            assert!(times.len() > 1_000 && times.is_sorted(), "{factor}: {}", times.len());
            if factor.to_bits() == 1f64.to_bits() {
                assert!((0u64..).zip(&times).all(|(step, at)| at.as_nanos() == step * SECOND + step % 7));
            }
        }
    }

    /// The instants of a Poisson process of so many a second on the clock with bursts.
    fn times(rate: f64, until: SimTime) -> Vec<SimTime> {
        let mut words = draws::gaps(11, 0);
        let mut clock = Clock::new(11, 0, Some(bursts()), SimTime::ZERO, until);
        let mut offset = 0.0;
        std::iter::from_fn(|| {
            offset += sampler::exponential(&mut words, 1e9 / rate);
            clock.at(Span::from_nanos_f64(offset))
        })
        .collect()
    }

    /// The stretches that begin in the first so many seconds.
    fn stretches(seconds: u64) -> Vec<Stretch> {
        let mut rhythm = Rhythm::new(draws::rhythm(11, 0), bursts(), SimTime::ZERO);
        let mut found = Vec::new();
        while rhythm.now.begins < SimTime::from_nanos(seconds * SECOND) {
            found.push(rhythm.now);
            rhythm.turn();
        }
        found
    }

    fn until(stretch: &Stretch, end: SimTime) -> SimTime {
        (stretch.begins + stretch.length).min(end)
    }

    fn bursts() -> Bursts {
        Bursts::new(&written())
    }

    fn written() -> ast::Bursts {
        let [every, lasts] = [60, 5].map(|secs| Duration(Span::from_secs(secs)));
        ast::Bursts { every, lasts, factor: Factor(10.0) }
    }

    const SECOND: u64 = 1_000_000_000;
}
