//! What a sweep says: each figure of each cell and protocol over its seeds, and the differences between protocols within seeds.

use std::collections::BTreeMap;
use std::io;

use serde::Serialize;
use serde_json::{Map, Value as Json};

use super::results::{CellRuns, Results};
use crate::comparison::difference;
use crate::results::Difference;
use crate::statistics::{Estimate, deviation, quantile, values_for};

/// The results of a sweep in one document.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// What the sweep is called.
    pub sweep: String,
    /// The version of this program.
    pub version: String,
    /// The SHA-1 of what was swept.
    pub hash: String,
    /// How many runs there were.
    pub runs: u64,
    /// The cells, in order.
    pub cells: Vec<CellSummary>,
}

/// A cell.
#[derive(Clone, Debug, Serialize)]
pub struct CellSummary {
    /// Its number.
    pub cell: usize,
    /// What the parameters are set to.
    pub parameters: Map<String, Json>,
    /// Its protocols, in order of the scenario.
    pub protocols: Vec<ProtocolSummary>,
    /// Figure by figure, every pair of protocols.
    pub differences: Vec<FigureDifference>,
}

/// A protocol in a cell.
#[derive(Clone, Debug, Serialize)]
pub struct ProtocolSummary {
    /// Its label.
    pub label: String,
    /// How many seeds it ran with.
    pub seeds: usize,
    /// Its figures.
    pub figures: Vec<FigureSummary>,
}

/// A figure over the seeds; null where there are too few values.
#[derive(Clone, Debug, Serialize)]
pub struct FigureSummary {
    /// Its name.
    pub metric: String,
    /// How many seeds have a value.
    pub values: usize,
    /// The mean.
    pub mean: Option<f64>,
    /// Half of its 95 % interval, by Student's t.
    pub half_width: Option<f64>,
    /// The standard deviation of one seed's value.
    pub deviation: Option<f64>,
    /// The median.
    pub median: Option<f64>,
    /// From this to that the median lies, with 95 %: order statistics.
    pub median_interval: Option<(f64, f64)>,
    /// The half-width that the plan wants.
    pub wanted: Option<f64>,
    /// How many seeds that takes, as far as the deviation says.
    pub seeds_wanted: Option<u64>,
}

/// A figure of one protocol less that of another, within each seed.
#[derive(Clone, Debug, Serialize)]
pub struct FigureDifference {
    /// The figure.
    pub metric: String,
    /// The difference.
    #[serde(flatten)]
    pub difference: Difference,
}

/// Summarizes these figures, cell by cell.
pub fn cells(
    results: &Results,
    metrics: &[String],
    precision: &[(String, f64)],
) -> io::Result<impl Iterator<Item = io::Result<CellSummary>>> {
    let (metrics, precision) = (metrics.to_vec(), precision.to_vec());
    let picked = metrics.clone();
    let cells = results.cells(move |record| picked.iter().map(|metric| record.figure(metric)).collect::<Vec<_>>())?;
    Ok(cells.map(move |cell| cell.map(|cell| CellSummary::of(&cell, &metrics, &precision))))
}

/// Values by seed of one figure; none where a run has no such figure.
pub(crate) type BySeed = BTreeMap<u64, Option<f64>>;

impl CellSummary {
    fn of(cell: &CellRuns<Vec<Option<f64>>>, metrics: &[String], precision: &[(String, f64)]) -> Self {
        let labels = cell.labels();
        let values =
            |label: &str, place: usize| cell.of(label).map(|(seed, values)| (seed, values[place])).collect::<BySeed>();
        let protocols = labels.iter().map(|label| ProtocolSummary {
            label: (*label).to_owned(),
            seeds: cell.of(label).count(),
            figures: metrics
                .iter()
                .enumerate()
                .map(|(place, metric)| figure(metric, &values(label, place), precision))
                .collect(),
        });
        let mut differences = Vec::new();
        for (place, metric) in metrics.iter().enumerate() {
            for (rank, of) in labels.iter().enumerate() {
                for minus in &labels[rank + 1..] {
                    let (ones, others) = paired(&values(of, place), &values(minus, place));
                    differences.push(FigureDifference {
                        metric: metric.clone(),
                        difference: difference(of, minus, &ones, &others),
                    });
                }
            }
        }
        Self { cell: cell.cell, parameters: cell.parameters.clone(), protocols: protocols.collect(), differences }
    }
}

/// The values of the seeds that both have run.
pub(crate) fn paired(ones: &BySeed, others: &BySeed) -> (Vec<Option<f64>>, Vec<Option<f64>>) {
    ones.iter().filter_map(|(seed, one)| others.get(seed).map(|other| (*one, *other))).unzip()
}

fn figure(metric: &str, values: &BySeed, precision: &[(String, f64)]) -> FigureSummary {
    let values: Vec<f64> = values.values().flatten().copied().collect();
    let Estimate { mean, half_width, count } = Estimate::of(&values);
    let median = quantile(&values, 500);
    let wanted = precision.iter().find(|(name, _)| name == metric).map(|(_, half_width)| *half_width);
    let deviation = deviation(&values);
    FigureSummary {
        metric: metric.to_owned(),
        values: count,
        mean,
        half_width,
        deviation,
        median: median.map(|median| median.value),
        median_interval: median.and_then(|median| median.interval),
        wanted,
        seeds_wanted: deviation.zip(wanted).and_then(|(deviation, wanted)| values_for(deviation, wanted)),
    }
}
