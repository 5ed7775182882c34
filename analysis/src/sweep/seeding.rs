//! Which seeds a cell runs: a fixed range, or until the interval of a figure is narrow enough.

use std::ops::Range;

use scenarios::ast::SEEDS_MAX;
use scenarios::mistake::Mistake;
use serde::Serialize;

use super::spec::UntilSpec;
use crate::statistics::Estimate;

/// The seeds of every cell.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Seeding {
    /// These, the end not included.
    Fixed(Range<u64>),
    /// So many as a precision takes.
    Until(Until),
}

/// Seeds until the 95 % interval of a figure is narrow enough, looked at after fixed numbers of seeds: what a cell runs depends
/// on its first seeds alone, never on what was finished first.
///
/// Whoever looks again and again stops a little too often on a sample that looks narrow by chance. With 30 seeds and more the intervals
/// still hold the truth in more than 94 of 100 cells; with 3 and more it would be 90 (a test of this module says so).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Until {
    /// The figure.
    pub metric: String,
    /// Of this protocol, by its label; else of each.
    pub protocol: Option<String>,
    /// How wide half of the interval may be.
    pub half_width: f64,
    /// Whether that is a share of the mean.
    pub is_relative: bool,
    /// How many seeds come between two looks.
    pub batch: u64,
    /// How many come before the first look.
    pub at_least: u64,
    /// After how many it ends, however wide the interval is.
    pub at_most: u64,
    /// The first seed.
    pub first: u64,
}

impl Seeding {
    /// How many seeds a cell has at most.
    pub fn most(&self) -> u64 {
        match self {
            Self::Fixed(seeds) => seeds.end - seeds.start,
            Self::Until(until) => until.at_most,
        }
    }

    /// The first seed.
    pub fn first(&self) -> u64 {
        match self {
            Self::Fixed(seeds) => seeds.start,
            Self::Until(until) => until.first,
        }
    }
}

impl Until {
    /// Whether the interval of each of these samples is narrow enough.
    pub fn is_enough(&self, samples: &[impl AsRef<[f64]>]) -> bool {
        samples.iter().all(|values| {
            let Estimate { mean, half_width, .. } = Estimate::of(values.as_ref());
            let wanted =
                if self.is_relative { mean.map(|mean| self.half_width * mean.abs()) } else { Some(self.half_width) };
            half_width.zip(wanted).is_some_and(|(half_width, wanted)| half_width <= wanted)
        })
    }

    /// After how many seeds the next look is, if it is not yet enough after so many; none if there are no more.
    pub fn next_look(&self, seeds: u64) -> Option<u64> {
        match seeds {
            0 => Some(self.at_least),
            seeds => (seeds < self.at_most).then(|| self.at_most.min(seeds + self.batch)),
        }
    }

    /// The rule as written, judged.
    pub(super) fn of(spec: &UntilSpec) -> Result<Self, Mistake> {
        let here = |field: &str| format!("seeds.{field}");
        let (half_width, is_relative) = match (spec.half_width, spec.relative) {
            (Some(half_width), None) => (half_width, false),
            (None, Some(relative)) => (relative, true),
            _ => {
                return Err(Mistake::new("seeds", "it is not said how narrow the interval must be").help(
                    "write either `half_width: …`, in the unit of the figure, or `relative: …`, as a share of the mean",
                ));
            }
        };
        if !(half_width.is_finite() && half_width > 0.0) {
            let field = if is_relative { "relative" } else { "half_width" };
            return Err(Mistake::new(here(field), "no number of seeds makes an interval a point")
                .help("write a number above zero"));
        }
        if spec.at_least < SEEDS_LEAST {
            let title = format!("a rule that looks before {SEEDS_LEAST} seeds stops by chance");
            return Err(Mistake::new(here("at_least"), title).help(format!("write `at_least: {SEEDS_LEAST}` or more")));
        }
        if spec.batch == 0 {
            return Err(
                Mistake::new(here("batch"), "no seed comes between two looks").help("write for example `batch: 10`")
            );
        }
        if spec.at_most < spec.at_least || spec.at_most > SEEDS_MAX || spec.first.checked_add(spec.at_most).is_none() {
            let help = format!("write a number from {} to {SEEDS_MAX}", spec.at_least);
            return Err(Mistake::new(here("at_most"), "so many seeds cannot be the most").help(help));
        }
        let UntilSpec { metric, protocol, batch, at_least, at_most, first, .. } = spec.clone();
        Ok(Self { metric, protocol, half_width, is_relative, batch, at_least, at_most, first })
    }
}

/// With fewer, the spread itself is too uncertain to stop by.
const SEEDS_LEAST: u64 = 30;

#[cfg(test)]
mod tests {
    use super::*;
    use sim::rng::{Stream, StreamPurpose};
    use sim::sampler::normal;

    fn until(half_width: f64, is_relative: bool) -> Until {
        let metric = "lookups.success".to_owned();
        Until { metric, protocol: None, half_width, is_relative, batch: 10, at_least: 30, at_most: 65, first: 1 }
    }

    #[test]
    fn looks_come_at_fixed_numbers() {
        let mut looks = vec![0];
        while let Some(next) = until(1.0, false).next_look(*looks.last().expect("begun")) {
            looks.push(next);
        }
        assert_eq!(looks, [0, 30, 40, 50, 60, 65]);
    }

    #[test]
    fn every_sample_must_be_narrow_enough() {
        let (narrow, wide) = ([10.0, 10.2, 9.8, 10.0], [10.0, 30.0, -10.0, 10.0]);
        // Deviation 0.163, t(3) = 3.182: half of the interval is 0.26.
        assert!(until(0.27, false).is_enough(&[&narrow[..]]) && !until(0.25, false).is_enough(&[&narrow[..]]));
        assert!(until(0.027, true).is_enough(&[&narrow[..]]) && !until(0.025, true).is_enough(&[&narrow[..]]));
        assert!(!until(0.27, false).is_enough(&[&narrow[..], &wide[..]]));
        assert!(!until(0.27, false).is_enough(&[&narrow[..], &[]]), "what was never measured is not known well");
    }

    /// The price of looking: the share of 10,000 cells whose interval, at the stop, holds the truth.
    #[test]
    fn stopping_costs_little_coverage() {
        let is_fair = |share: f64| share > 0.94;
        for half_width in [0.8, 1.0, 1.6] {
            let (share, seeds) = coverage(&Until { at_most: 1_000, ..until(half_width, false) });
            assert!(is_fair(share), "{share} with {seeds} seeds");
            // (1.96 · 3 / h)² seeds, some more for t, and rounded up to a look.
            let wanted = (1.96 * 3.0 / half_width) * (1.96 * 3.0 / half_width);
            assert!((wanted.max(30.0)..wanted.max(30.0) + 8.0).contains(&seeds), "{seeds} seeds");
        }
        let (share, seeds) = coverage(&Until { at_least: 3, batch: 1, at_most: 1_000, ..until(1.6, false) });
        assert!(!is_fair(share), "who looks after three is wrong too often: {share} with {seeds} seeds");
    }

    fn coverage(rule: &Until) -> (f64, f64) {
        const CELLS: usize = 10_000;
        let mut stream = Stream::open(15, StreamPurpose(99), 0);
        let (mut holds, mut seeds) = (0, 0);
        for _ in 0..CELLS {
            let (mut values, mut look) = (Vec::new(), 0);
            while let Some(next) = rule.next_look(look).filter(|_| look == 0 || !rule.is_enough(&[&values])) {
                (look..next).for_each(|_| values.push(normal(&mut stream, 5.0, 3.0)));
                look = next;
            }
            let Estimate { mean, half_width, .. } = Estimate::of(&values);
            holds += usize::from((mean.expect("three") - 5.0).abs() <= half_width.expect("three"));
            seeds += values.len();
        }
        (holds as f64 / CELLS as f64, seeds as f64 / CELLS as f64)
    }
}
