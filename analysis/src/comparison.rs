//! Protocols side by side: each figure's mean over the seeds, and the differences between protocols within each seed.
//!
//! Protocols under one seed meet the same joins, crashes, lookups and link delays (law DET-3), so each seed is a pair. Every
//! interval stands for itself: none is widened because there are many, so among twenty comparisons of equals one is expected to
//! look significant. Quantiles are compared as the mean over seeds of each seed's own.

use crate::results::{ComparedFigure, Difference, Outcome, SeedMean};
use crate::statistics::{Estimate, differences};

/// Compares the protocols of these results: protocols in order of the file, seeds in order. Nothing, if there is only one.
pub fn compare(results: &[Outcome]) -> Vec<ComparedFigure> {
    let runs: Vec<&[Outcome]> = results.chunk_by(|one, next| one.label == next.label).collect();
    if runs.len() < 2 {
        return Vec::new();
    }
    let metrics = compared(results);
    let protocols: Vec<Protocol> = runs.into_iter().map(|runs| Protocol::of(runs, &metrics)).collect();
    let compare = |(place, metric): (usize, &String)| ComparedFigure {
        metric: metric.clone(),
        means: protocols.iter().map(|protocol| protocol.mean(place)).collect(),
        differences: pairs(&protocols).map(|(one, other)| one.minus(other, place)).collect(),
    };
    metrics.iter().enumerate().map(compare).collect()
}

/// The names of the figures that are compared: those of the run, then those of each phase.
fn compared(results: &[Outcome]) -> Vec<String> {
    let phases = results.first().map(Outcome::phase_names).unwrap_or_default();
    let of_phases =
        phases.iter().flat_map(|phase| COMPARED_IN_PHASES.iter().map(move |metric| format!("phases.{phase}.{metric}")));
    COMPARED.iter().map(|metric| (*metric).to_owned()).chain(of_phases).collect()
}

/// Every pair, each once: first the first with all after it.
fn pairs<T>(all: &[T]) -> impl Iterator<Item = (&T, &T)> {
    all.iter().enumerate().flat_map(|(place, one)| all[place + 1..].iter().map(move |other| (one, other)))
}

/// The compared figures of a protocol.
struct Protocol {
    label: String,
    seeds: Vec<u64>,
    /// For each figure, its value in each seed.
    figures: Vec<Vec<Option<f64>>>,
}

impl Protocol {
    fn of(runs: &[Outcome], metrics: &[String]) -> Self {
        let mut figures = vec![Vec::with_capacity(runs.len()); metrics.len()];
        for run in runs {
            for (values, value) in figures.iter_mut().zip(run.figures(metrics)) {
                values.push(value);
            }
        }
        let label = runs.first().map_or(String::new(), |run| run.label.clone());
        Self { label, seeds: runs.iter().map(|run| run.seed).collect(), figures }
    }

    fn mean(&self, figure: usize) -> SeedMean {
        let values: Vec<f64> = self.figures[figure].iter().flatten().copied().collect();
        let Estimate { mean, half_width, count } = Estimate::of(&values);
        SeedMean { label: self.label.clone(), mean, half_width, seeds: count }
    }

    fn minus(&self, other: &Self, figure: usize) -> Difference {
        assert_eq!(self.seeds, other.seeds, "every protocol runs with every seed, in one order");
        difference(&self.label, &other.label, &self.figures[figure], &other.figures[figure])
    }
}

/// What one has more than the other, within each pair of their values.
pub(crate) fn difference(of: &str, minus: &str, ones: &[Option<f64>], others: &[Option<f64>]) -> Difference {
    let differences = differences(ones, others);
    let estimate = Estimate::of(&differences);
    Difference {
        of: of.to_owned(),
        minus: minus.to_owned(),
        mean: estimate.mean,
        half_width: estimate.half_width,
        pairs: estimate.count,
        equal: (!differences.is_empty()).then(|| differences.iter().all(|difference| *difference == 0.0)),
        significant: estimate.is_significant().filter(|_| estimate.count == ones.len()),
    }
}

/// The figures that are compared.
pub const COMPARED: &[&str] = &[
    "lookups.success",
    "lookups.wrong_share",
    "lookups.failed_share",
    "lookups.holders_success",
    "lookups.latency_ms.mean",
    "lookups.latency_ms.p50",
    "lookups.latency_ms.p95",
    "lookups.latency_ms.p99",
    "lookups.latency_known_ms.mean",
    "lookups.time_to_end_ms.mean",
    "lookups.hops.mean",
    "lookups.hops_to_owner.mean",
    "lookups.hops_to_end.mean",
    "lookups.timeouts.mean",
    "lookups.messages.mean",
    "traffic.lookup.messages",
    "traffic.lookup.bytes",
    "traffic.upkeep.messages",
    "traffic.upkeep.bytes",
    "traffic.join.messages",
    "traffic.join.bytes",
    "traffic.total.bytes",
    "messages_per_join.mean",
    "routing_entries.mean",
    "state_bytes.mean",
    "recovery.correct_after_s",
    "recovery.correct_99_after_s",
    "recovery.no_timeouts_after_s",
];

/// The figures that are compared in each phase.
pub const COMPARED_IN_PHASES: &[&str] =
    &["success", "wrong_share", "latency_ms.mean", "time_to_end_ms.mean", "timeouts.mean"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::metric_names;

    #[test]
    fn every_compared_figure_is_one_that_an_expectation_can_name() {
        let names = metric_names();
        for metric in COMPARED {
            assert!(names.iter().any(|name| name == metric), "{metric}");
        }
    }

    #[test]
    fn every_pair_comes_once_in_order() {
        let found: Vec<_> = pairs(&["a", "b", "c", "d"]).map(|(one, other)| format!("{one}{other}")).collect();
        assert_eq!(found, ["ab", "ac", "ad", "bc", "bd", "cd"]);
    }

    #[test]
    fn a_seed_without_a_value_is_no_pair() {
        let one = protocol("one", &[Some(5.0), None, Some(3.0), Some(4.0)]);
        let other = protocol("other", &[Some(1.0), Some(2.0), None, Some(2.0)]);
        let Difference { mean, half_width, pairs, equal, significant, .. } = one.minus(&other, 0);
        assert_eq!((mean, pairs, equal), (Some(3.0), 2, Some(false)));
        // Differences 4 and 2: deviation √2, standard error 1, t with one degree of freedom 12.706.
        assert!(half_width.is_some_and(|half_width| (half_width - 12.706).abs() < 1e-3), "{half_width:?}");
        assert_eq!(significant, None, "who has no value may be who differs");
        assert_eq!(one.mean(0).seeds, 3);
    }

    #[test]
    fn what_was_measured_nowhere_says_nothing() {
        let (one, other) = (protocol("one", &[Some(5.0), None]), protocol("other", &[None, Some(2.0)]));
        let Difference { mean, half_width, pairs, equal, significant, .. } = one.minus(&other, 0);
        assert_eq!((mean, half_width, pairs, equal, significant), (None, None, 0, None, None));
    }

    #[test]
    fn equal_in_every_seed_is_told_from_equal_in_the_mean() {
        let same = [Some(1.0), Some(2.0), Some(3.0)];
        let (one, twin) = (protocol("one", &same), protocol("twin", &same));
        let equal = one.minus(&twin, 0);
        assert_eq!((equal.mean, equal.half_width), (Some(0.0), Some(0.0)));
        assert_eq!((equal.equal, equal.significant), (Some(true), Some(false)));
        let swapped = one.minus(&protocol("swapped", &[Some(3.0), Some(2.0), Some(1.0)]), 0);
        assert_eq!((swapped.mean, swapped.equal, swapped.significant), (Some(0.0), Some(false), Some(false)));
    }

    fn protocol(label: &str, values: &[Option<f64>]) -> Protocol {
        let seeds = (0..values.len() as u64).collect();
        Protocol { label: label.to_owned(), seeds, figures: vec![values.to_vec()] }
    }
}
