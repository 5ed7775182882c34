//! The runs of an experiment, read back: figures by cell, protocol and seed.

use std::io;

use serde_json::{Map, Value as Json};

use super::plan::Metric;
use crate::sweep::record::Record;
use crate::sweep::results::{CellRuns, Results};
pub(super) use crate::sweep::summary::BySeed;
use crate::sweep::summary::paired;

/// The figures of an experiment.
#[derive(Clone, Debug)]
pub(super) struct Cells {
    metrics: Vec<String>,
    pub(super) cells: Vec<Cell>,
}

/// One cell, with the figures of its runs.
pub(super) type Cell = CellRuns<Vec<Option<f64>>>;

impl Cell {
    /// What the parameters are set to, but for one.
    pub(super) fn without(&self, parameter: &str) -> Map<String, Json> {
        self.parameters
            .iter()
            .filter(|(name, _)| *name != parameter)
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }
}

impl Cells {
    /// Reads these figures of all runs.
    pub(super) fn read(results: &Results, metrics: Vec<String>) -> io::Result<Self> {
        let pick = |record: &Record| metrics.iter().map(|metric| record.figure(metric)).collect::<Vec<Option<f64>>>();
        let cells = results.cells(pick)?.collect::<io::Result<Vec<Cell>>>()?;
        Ok(Self { metrics, cells })
    }

    /// How many runs there are.
    pub(super) fn runs(&self) -> u64 {
        self.cells.iter().map(|cell| cell.runs.len() as u64).sum()
    }

    /// A figure of a protocol, or one over another within each seed.
    pub(super) fn values(&self, cell: &Cell, label: &str, metric: &Metric) -> BySeed {
        let place = |name: &str| {
            self.metrics.iter().position(|other| other == name).expect("all figures that are asked for have been read")
        };
        let above = place(&metric.above);
        let below = metric.below.as_deref().map(place);
        let value = |values: &Vec<Option<f64>>| match below {
            None => values[above],
            Some(below) => Some(values[above]? / values[below].filter(|value| *value != 0.0)?),
        };
        cell.of(label).map(|(seed, values)| (seed, value(values))).collect()
    }

    #[cfg(test)]
    pub(super) fn made(metrics: &[&str], cells: Vec<Cell>) -> Self {
        Self { metrics: metrics.iter().map(|name| (*name).to_owned()).collect(), cells }
    }
}

/// One less another, or one over another, within each seed in which both have run.
pub(super) fn within_seeds(ones: &BySeed, others: &BySeed, is_ratio: bool) -> Vec<Option<f64>> {
    let (ones, others) = paired(ones, others);
    let pair = |(one, other): (Option<f64>, Option<f64>)| {
        if is_ratio { Some(one? / other.filter(|other| *other != 0.0)?) } else { Some(one? - other?) }
    };
    ones.into_iter().zip(others).map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::testing::{Bench, DEPARTURE};

    fn by_seed(values: &[(u64, Option<f64>)]) -> BySeed {
        values.iter().copied().collect()
    }

    #[test]
    fn one_figure_is_put_over_another_within_each_seed() {
        let bench = Bench::new(DEPARTURE, |at| match (at.metric, at.label) {
            ("lookups.hops.mean", _) => Some(10.0 * at.seed as f64),
            ("lookups.success", "A") => Some([1.0, 0.5, 4.0][at.seed as usize - 1]),
            ("lookups.success", "B") => Some([1.0, 0.0, 4.0][at.seed as usize - 1]),
            ("lookups.success", _) => (at.seed != 3).then_some(2.0),
            _ => None,
        });
        let cell = &bench.cells.cells[0];
        let ratio = |label: &str| {
            bench
                .cells
                .values(cell, label, &Metric::parse("lookups.hops.mean / lookups.success"))
                .into_values()
                .collect::<Vec<_>>()
        };
        // The mean of ratios 10, 40 and 7.5 is not the ratio of means.
        assert_eq!(ratio("A"), [Some(10.0), Some(40.0), Some(7.5)]);
        assert_eq!(ratio("B"), [Some(10.0), None, Some(7.5)], "nothing is over zero");
        assert_eq!(ratio("C"), [Some(5.0), Some(10.0), None], "what is missing below is missing");
        let upside_down = bench.cells.values(cell, "B", &Metric::parse("lookups.success / lookups.hops.mean"));
        assert_eq!(upside_down[&2], Some(0.0), "zero may be above");
        assert!(
            bench.cells.values(cell, "D", &Metric::parse("lookups.success")).is_empty(),
            "nobody of that name has run"
        );
    }

    #[test]
    fn only_seeds_in_which_both_have_run_are_compared() {
        let ones = by_seed(&[(1, Some(3.0)), (2, Some(5.0)), (4, None), (5, Some(8.0))]);
        let others = by_seed(&[(0, Some(9.0)), (2, Some(2.0)), (4, Some(1.0)), (5, Some(0.0)), (6, None)]);
        assert_eq!(within_seeds(&ones, &others, false), [Some(3.0), None, Some(8.0)]);
        assert_eq!(within_seeds(&ones, &others, true), [Some(2.5), None, None], "nothing is over zero");
        assert_eq!(within_seeds(&ones, &by_seed(&[]), false), []);
    }

    #[test]
    fn a_cell_knows_its_place_but_for_one_parameter() {
        let bench = Bench::new(&format!("{DEPARTURE}, {}", crate::audit::testing::NODES), |_| None);
        let cell = &bench.cells.cells[1];
        assert_eq!(serde_json::to_string(&cell.parameters).expect("plain"), r#"{"departure":"leave","nodes":8}"#);
        assert_eq!(serde_json::to_string(&cell.without("nodes")).expect("plain"), r#"{"departure":"leave"}"#);
        assert_eq!(cell.labels(), ["A", "B", "C"]);
        assert_eq!(bench.cells.runs(), 6 * 3 * 3);
    }
}
