//! A clock that runs faster by day and slower by night: what swings through the day is steady by this clock.

use std::f64::consts::TAU;

use sim::time::{SimTime, Span};

use crate::ast::Diurnal;

/// A clock whose pace is `1 + swing cos(2π (t - peak) / period)`: 1 in the mean over a period.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Clock {
    swing: f64,
    period: u64,
    peak: u64,
}

impl Clock {
    /// One that runs as the run does.
    pub(super) const STEADY: Self = Self { swing: 0.0, period: 1, peak: 0 };

    /// One whose pace at its peak is so many times that at its trough. The period must be longer than nothing.
    pub(super) fn new(diurnal: &Diurnal) -> Self {
        let ratio = diurnal.peak_to_trough.0;
        let period = diurnal.period.0.as_nanos();
        Self { swing: (ratio - 1.0) / (ratio + 1.0), period, peak: diurnal.peak.0.as_nanos() % period }
    }

    /// When this clock has gone on by so much since `at`: an exact change of time, found by halving, to the nanosecond.
    pub(super) fn after(&self, at: SimTime, span: Span) -> SimTime {
        if self.swing == 0.0 {
            return at + span;
        }
        let (periods, rest) = (span.as_nanos() / self.period, span.as_nanos() % self.period);
        let (mut below, mut above) = (0, self.period);
        while above - below > 1 {
            let middle = below.midpoint(above);
            if self.gone_on(at, middle) < rest as f64 {
                below = middle;
            } else {
                above = middle;
            }
        }
        let rest = if rest == 0 { 0 } else { above };
        at + Span::from_nanos(self.period).times(periods) + Span::from_nanos(rest)
    }

    /// By how much this clock goes on in so much time, in nanoseconds.
    fn gone_on(&self, at: SimTime, nanos: u64) -> f64 {
        let radians = TAU / self.period as f64;
        let start = self.since_peak(at, 0) as f64 * radians;
        let swung = libm::sin(start + nanos as f64 * radians) - libm::sin(start);
        nanos as f64 + self.swing * swung / radians
    }

    /// Its pace so long before an instant, which may lie before the run.
    pub(super) fn pace(&self, at: SimTime, before: Span) -> f64 {
        let radians = TAU / self.period as f64;
        1.0 + self.swing * libm::cos(self.since_peak(at, before.as_nanos()) as f64 * radians)
    }

    /// The fastest that it gets.
    pub(super) fn fastest(&self) -> f64 {
        1.0 + self.swing
    }

    fn since_peak(&self, at: SimTime, before: u64) -> u64 {
        let nanos = i128::from(at.as_nanos()) - i128::from(before) - i128::from(self.peak);
        nanos.rem_euclid(i128::from(self.period)) as u64
    }
}

#[cfg(test)]
mod tests {
    use protocols::duration::Duration;

    use super::*;
    use crate::ast::Swing;

    #[test]
    fn a_period_of_the_clock_is_a_period_of_the_run() {
        let clock = clock(3.0);
        assert_eq!(clock.after(hours(7), span(24)), hours(31));
        assert_eq!(clock.after(hours(7), Span::ZERO), hours(7));
        assert_eq!(clock.after(hours(8), span(12)), hours(20), "from trough to peak it is slow, then fast");
    }

    #[test]
    fn at_its_peak_it_runs_so_many_times_as_fast_as_at_its_trough() {
        let clock = clock(3.0);
        let minute = Span::from_secs(60);
        let takes = |at: SimTime| (clock.after(at, minute) - at).as_secs_f64();
        assert!((takes(hours(20)) - 40.0).abs() < 0.01, "{}", takes(hours(20)));
        assert!((takes(hours(8)) - 120.0).abs() < 0.01, "{}", takes(hours(8)));
        assert!((clock.pace(hours(20), Span::ZERO) - 1.5).abs() < 1e-12);
        assert!((clock.pace(hours(2), span(18)) - 0.5).abs() < 1e-12, "sixteen hours before the run");
    }

    #[test]
    fn parts_of_a_time_add_up() {
        let clock = clock(1.36);
        let whole = clock.after(hours(3), span(50));
        let part = clock.after(clock.after(hours(3), span(13)), span(37));
        assert!(whole.since(part) + part.since(whole) < Span::from_nanos(1000), "{whole} {part}");
    }

    fn clock(ratio: f64) -> Clock {
        let duration = |hours| Duration(span(hours));
        Clock::new(&Diurnal { peak_to_trough: Swing(ratio), period: duration(24), peak: duration(20) })
    }

    fn hours(hours: u64) -> SimTime {
        SimTime::ZERO + span(hours)
    }

    fn span(hours: u64) -> Span {
        Span::from_secs(hours * 3600)
    }
}
