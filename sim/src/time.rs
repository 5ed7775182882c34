//! Virtual time: instants and spans in whole nanoseconds, and only the sums that make sense.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

/// An instant of virtual time: whole nanoseconds since the run began.
///
/// An instant minus an instant is a [`Span`]; an instant plus a span is an instant; two instants have no sum.
///
/// ```
/// use sim::time::{SimTime, Span};
///
/// let start = SimTime::ZERO + Span::from_millis(40);
/// assert_eq!(start - SimTime::ZERO, Span::from_millis(40));
/// assert_eq!(start.to_string(), "0.040000000s");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SimTime(u64);

impl SimTime {
    /// The instant at which every run begins.
    pub const ZERO: Self = Self(0);
    /// The last instant there is, some 584 years after the first.
    pub const MAX: Self = Self(u64::MAX);

    /// The instant that lies this many nanoseconds after the beginning.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the beginning.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// The span from `earlier` until now; nothing if `earlier` is later.
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Span> for SimTime {
    type Output = Self;

    /// Saturates at [`SimTime::MAX`], which no run reaches.
    fn add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl AddAssign<Span> for SimTime {
    fn add_assign(&mut self, span: Span) {
        *self = *self + span;
    }
}

impl Sub for SimTime {
    type Output = Span;

    fn sub(self, earlier: Self) -> Span {
        Span(self.0.checked_sub(earlier.0).expect("a span is taken from an earlier instant"))
    }
}

impl fmt::Display for SimTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}.{:09}s", self.0 / NANOS_PER_SEC, self.0 % NANOS_PER_SEC))
    }
}

/// A length of virtual time in whole nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(u64);

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// The longest span, some 584 years.
    pub const MAX: Self = Self(u64::MAX);

    /// A span of this many nanoseconds.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// A span of this many microseconds.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros * 1_000)
    }

    /// A span of this many milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis * 1_000_000)
    }

    /// A span of this many seconds.
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs * NANOS_PER_SEC)
    }

    /// The nearest whole number of nanoseconds; below zero and not-a-number give nothing, too much gives the maximum.
    pub fn from_nanos_f64(nanos: f64) -> Self {
        Self(nanos.round() as u64)
    }

    /// Its length in nanoseconds.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Its length in milliseconds, for printing only.
    pub fn as_millis_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// Its length in seconds, for printing only.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / NANOS_PER_SEC as f64
    }

    /// This span, that many times; saturates.
    #[must_use]
    pub const fn times(self, count: u64) -> Self {
        Self(self.0.saturating_mul(count))
    }

    /// What is left after `other` is taken away; nothing if it is longer.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Add for Span {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Span {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl fmt::Display for Span {
    /// In the largest unit that divides it, so that the text is exact: `1500ms`, `2s`, `7ns`; nothing is `0s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.pad("0s");
        }
        let (unit, name) = UNITS
            .into_iter()
            .find(|(unit, _)| self.0.is_multiple_of(*unit))
            .expect("one nanosecond divides every span");
        f.pad(&format!("{}{name}", self.0 / unit))
    }
}

const NANOS_PER_SEC: u64 = 1_000_000_000;
const UNITS: [(u64, &str); 6] = [
    (3600 * NANOS_PER_SEC, "h"),
    (60 * NANOS_PER_SEC, "m"),
    (NANOS_PER_SEC, "s"),
    (1_000_000, "ms"),
    (1_000, "us"),
    (1, "ns"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_printed_exactly() {
        assert_eq!(Span::from_millis(1500).to_string(), "1500ms");
        assert_eq!(Span::from_secs(7200).to_string(), "2h");
        assert_eq!(Span::from_nanos(1_000_001).to_string(), "1000001ns");
        assert_eq!(Span::ZERO.to_string(), "0s");
    }

    #[test]
    fn times_fill_the_width_they_are_given() {
        assert_eq!(
            format!("{:>14}|{:<4}|{:>3}", SimTime::ZERO, Span::from_secs(2), Span::ZERO),
            "  0.000000000s|2s  | 0s"
        );
    }

    #[test]
    fn sums_saturate_at_the_end_of_time() {
        assert_eq!(SimTime::MAX + Span::from_secs(1), SimTime::MAX);
        assert_eq!(SimTime::ZERO.since(SimTime::MAX), Span::ZERO);
    }

    #[test]
    fn floats_become_whole_nanoseconds_at_once() {
        assert_eq!(Span::from_nanos_f64(1.5), Span::from_nanos(2));
        assert_eq!(Span::from_nanos_f64(-3.0), Span::ZERO);
        assert_eq!(Span::from_nanos_f64(f64::NAN), Span::ZERO);
        assert_eq!(Span::from_nanos_f64(f64::INFINITY), Span::MAX);
    }
}
