//! The runs of an experiment, read back: figures by cell, protocol and seed.

use std::collections::BTreeMap;
use std::io;

use serde_json::{Map, Value as Json};

use super::plan::Metric;
use crate::sweep::results::{CellRuns, Results};

/// Values of something by seed; none where a run has no such figure.
pub(super) type BySeed = BTreeMap<u64, Option<f64>>;

/// The figures of an experiment.
#[derive(Clone, Debug)]
pub(super) struct Cells {
    metrics: Vec<String>,
    pub(super) cells: Vec<Cell>,
}

/// One cell.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    /// What the parameters are set to.
    pub(super) parameters: Map<String, Json>,
    runs: CellRuns<Vec<Option<f64>>>,
}

impl Cell {
    /// The labels of its protocols, in order.
    pub(super) fn labels(&self) -> Vec<&str> {
        self.runs.labels()
    }

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
        let pick = |record: &crate::sweep::record::Record| {
            metrics.iter().map(|metric| record.figure(metric)).collect::<Vec<Option<f64>>>()
        };
        let cells =
            results.cells(pick)?.map(|cell| cell.map(|runs| Cell { parameters: runs.parameters.clone(), runs }));
        let cells = cells.collect::<io::Result<Vec<Cell>>>()?;
        Ok(Self { metrics, cells })
    }

    /// How many runs there are.
    pub(super) fn runs(&self) -> u64 {
        self.cells.iter().map(|cell| cell.runs.runs.len() as u64).sum()
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
        cell.runs.of(label).map(|(seed, values)| (seed, value(values))).collect()
    }

    #[cfg(test)]
    pub(super) fn made(metrics: &[&str], cells: Vec<CellRuns<Vec<Option<f64>>>>) -> Self {
        let cells = cells.into_iter().map(|runs| Cell { parameters: runs.parameters.clone(), runs });
        Self { metrics: metrics.iter().map(|name| (*name).to_owned()).collect(), cells: cells.collect() }
    }
}

/// One less another, or one over another, within each seed in which both have run.
pub(super) fn within_seeds(ones: &BySeed, others: &BySeed, is_ratio: bool) -> Vec<Option<f64>> {
    let pairs = ones.iter().filter_map(|(seed, one)| others.get(seed).map(|other| (*one, *other)));
    pairs
        .map(
            |(one, other)| {
                if is_ratio { Some(one? / other.filter(|other| *other != 0.0)?) } else { Some(one? - other?) }
            },
        )
        .collect()
}
