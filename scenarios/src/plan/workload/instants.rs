//! The instants at which a workload with one rate for all nodes does something, one after the other.

use sim::rng::{Stream, Words};
use sim::sampler;
use sim::time::{SimTime, Span};

use super::rhythm::Clock;
use crate::ast::Arrivals;

/// The instants of a workload, and their numbers from 0.
#[derive(Debug)]
pub(super) struct Instants {
    arrivals: Arrivals,
    /// The mean gap between two on the workload's clock, in nanoseconds.
    gap: f64,
    gaps: Stream,
    clock: Clock,
    next: Option<SimTime>,
    /// Nanoseconds on the workload's clock from the beginning to the next.
    offset: f64,
    number: u64,
}

impl Instants {
    /// From the first on; gaps are drawn from this stream.
    pub(super) fn new(arrivals: Arrivals, gap: f64, gaps: Stream, clock: Clock) -> Self {
        let mut instants = Self { arrivals, gap, gaps, clock, next: None, offset: 0.0, number: 0 };
        // A Poisson process begins with a gap, a regular one at once.
        match arrivals {
            Arrivals::Poisson => instants.advance(),
            Arrivals::Regular => instants.next = instants.clock.at(Span::ZERO),
        }
        instants
    }

    /// When the next one is; none if there is no more.
    pub(super) fn next_at(&self) -> Option<SimTime> {
        self.next
    }

    /// The next one and its number, and on to the one after it.
    pub(super) fn next(&mut self) -> Option<(SimTime, u64)> {
        let (at, number) = (self.next?, self.number);
        self.number += 1;
        self.advance();
        Some((at, number))
    }

    fn advance(&mut self) {
        self.offset += draw_gap(self.arrivals, self.gap, &mut self.gaps);
        self.next = self.clock.at(Span::from_nanos_f64(self.offset));
    }
}

/// How much passes between two instants that are this far apart in the mean, in nanoseconds.
pub(super) fn draw_gap(arrivals: Arrivals, mean: f64, words: &mut impl Words) -> f64 {
    match arrivals {
        Arrivals::Poisson => sampler::exponential(words, mean),
        Arrivals::Regular => mean,
    }
}
