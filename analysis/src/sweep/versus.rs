//! Two results side by side, of two versions or two settings: what changed beyond noise, and what got worse.
//!
//! Where both ran the same cell, protocol and seed, that is a pair: both met the same world (DET-3). A figure has changed if Student's
//! test of its differences within the pairs says so at 5 %, after Holm's adjustment for all comparisons that were made: of two results
//! that differ by nothing but chance, anything is called changed in at most 5 of 100 comparisons of this kind.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Serialize;
use serde_json::{Map, Value as Json};

use super::results::Results;
use super::summary::paired;
use crate::comparison::COMPARED;
use crate::figure::figure;
use crate::statistics::{Estimate, differences, holm, mean, p_of_mean};

/// The values of one cell and protocol: what two results are matched by, and the figures by seed.
#[derive(Clone, Debug)]
pub struct Sample {
    /// What the parameters are set to.
    pub parameters: Map<String, Json>,
    /// The protocol's label.
    pub label: String,
    /// The figures by seed, in order of the metrics.
    values: Vec<BTreeMap<u64, Option<f64>>>,
}

/// A figure to compare.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Figure {
    /// Its name.
    pub metric: String,
    /// Which is better; none where neither is.
    pub better: Option<Better>,
}

/// Which of two values is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// The higher one.
    Higher,
    /// The lower one.
    Lower,
}

/// What became of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Equal in every pair.
    Same,
    /// The difference may be chance.
    Noise,
    /// It changed for the better,
    Better,
    /// or for the worse,
    Worse,
    /// or neither is better.
    Changed,
    /// There are seeds in which it has no value any more: that is no improvement.
    Lost,
    /// Fewer than two pairs: nothing can be said.
    Unknown,
}

/// A figure of one cell and protocol in both results.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// What the parameters are set to.
    pub parameters: Map<String, Json>,
    /// The protocol's label.
    pub label: String,
    /// The figure.
    pub metric: String,
    /// Its mean in the first, over the seeds that have a value in both.
    pub before: Option<f64>,
    /// Its mean in the second.
    pub after: Option<f64>,
    /// The second less the first, within each seed: the mean.
    pub difference: Option<f64>,
    /// Half of the difference's own 95 % interval, not widened for the number of comparisons.
    pub half_width: Option<f64>,
    /// In how many seeds both have a value.
    pub pairs: usize,
    /// In how many seeds the first has a value and the second has none.
    pub lost: usize,
    /// The probability that chance makes such a difference, adjusted for the number of comparisons.
    pub p: Option<f64>,
    /// What became of it.
    pub verdict: Verdict,
}

/// Two results, compared.
#[derive(Clone, Debug, Serialize)]
pub struct Versus {
    /// The figures that were compared.
    pub figures: Vec<Figure>,
    /// Cells and protocols that only one of them has.
    pub unmatched: usize,
    /// The comparisons, in order of the first.
    pub rows: Vec<Row>,
}

impl Figure {
    /// A figure by its name, such as `lookups.success`, or `population.mean=higher` where the name does not say which is better.
    pub fn named(text: &str) -> Result<Self, String> {
        let (metric, better) = match text.split_once('=') {
            None => (text, better(text)),
            Some((metric, "higher")) => (metric, Some(Better::Higher)),
            Some((metric, "lower")) => (metric, Some(Better::Lower)),
            Some((metric, other)) => {
                return Err(format!("`{other}` is not better\n  = help: write `{metric}=higher` or `{metric}=lower`"));
            }
        };
        if better.is_none() {
            let help = format!("write `--metric {metric}=higher` or `--metric {metric}=lower`");
            return Err(format!("of `{metric}`, neither more nor less is better by itself\n  = help: {help}"));
        }
        Ok(Self { metric: metric.to_owned(), better })
    }

    /// The figures that protocols are compared by.
    pub fn all() -> Vec<Self> {
        COMPARED.iter().map(|metric| Self { metric: (*metric).to_owned(), better: better(metric) }).collect()
    }
}

/// Which value of a figure is better, as far as its name says.
pub(crate) fn better(metric: &str) -> Option<Better> {
    const HIGHER: [&str; 4] = ["success", "holders_success", "correct", "correct_on_side"];
    const LOWER: [&str; 18] = [
        "wrong",
        "failed",
        "abandoned",
        "wrong_share",
        "failed_share",
        "lookups_unasked",
        "hops",
        "hops_to_owner",
        "hops_to_end",
        "latency_ms",
        "latency_known_ms",
        "stretch",
        "time_to_end_ms",
        "timeouts",
        "timeouts_on_the_way",
        "time_lost_ms",
        "messages",
        "bytes",
    ];
    const LOWER_IN: [&str; 6] = ["traffic", "recovery", "drops", "messages_per_join", "routing_entries", "state_bytes"];
    let names: Vec<&str> = metric.split('.').collect();
    if names.last().is_some_and(|last| HIGHER.contains(last)) {
        Some(Better::Higher)
    } else if names.iter().any(|name| LOWER.contains(name))
        || names.first().is_some_and(|first| LOWER_IN.contains(first))
    {
        Some(Better::Lower)
    } else {
        None
    }
}

/// What can be read, or why not.
pub enum Unread {
    /// It is no results.
    Unfit(String),
    /// Runs are missing.
    Incomplete(String),
}

/// The samples of a folder of a sweep, of its `results.jsonl`, or of a document of `run --json`.
pub fn samples(path: &Path, figures: &[Figure]) -> Result<Vec<Sample>, Unread> {
    let shown = path.display();
    let beginning = if path.is_dir() { None } else { document(path) };
    if let Some(document) = beginning {
        return of_document(&document, figures)
            .ok_or_else(|| Unread::Unfit(format!("{shown} holds no results of a run")));
    }
    let results = Results::open(path).map_err(Unread::Unfit)?;
    if !results.is_complete {
        let help = "the same `dhtsim sweep` goes on with it";
        return Err(Unread::Incomplete(format!("the sweep in {shown} is not complete\n  = help: {help}")));
    }
    let missing = figures.iter().find(|figure| !results.header.figures.contains(&figure.metric));
    if let Some(Figure { metric, .. }) = missing {
        return Err(Unread::Unfit(format!(
            "{shown} has no figure `{metric}`\n  = help: `dhtsim list metrics` names them all"
        )));
    }
    of_sweep(&results, figures).map_err(|error| Unread::Unfit(format!("{shown} cannot be read: {error}")))
}

/// A document of `run --json`, if it is one.
fn document(path: &Path) -> Option<Json> {
    let bytes = fs::read(path).ok()?;
    serde_json::from_slice::<Json>(&bytes).ok().filter(|document| document.get("results").is_some())
}

fn of_document(document: &Json, figures: &[Figure]) -> Option<Vec<Sample>> {
    let mut samples: Vec<Sample> = Vec::new();
    for run in document.get("results")?.as_array()? {
        let (label, seed) = (run.get("label")?.as_str()?, run.get("seed")?.as_u64()?);
        sample(&mut samples, &Map::new(), label, figures.len())
            .add(seed, figures.iter().map(|one| figure(run, &one.metric)));
    }
    Some(samples)
}

fn of_sweep(results: &Results, figures: &[Figure]) -> std::io::Result<Vec<Sample>> {
    let mut all = Vec::new();
    let pick =
        |record: &super::record::Record| figures.iter().map(|one| record.figure(&one.metric)).collect::<Vec<_>>();
    for cell in results.cells(pick)? {
        let cell = cell?;
        let mut samples = Vec::new();
        for (seed, label, values) in &cell.runs {
            sample(&mut samples, &cell.parameters, label, figures.len()).add(*seed, values.iter().copied());
        }
        all.append(&mut samples);
    }
    Ok(all)
}

fn sample<'a>(
    samples: &'a mut Vec<Sample>,
    parameters: &Map<String, Json>,
    label: &str,
    figures: usize,
) -> &'a mut Sample {
    let place = samples.iter().position(|sample| sample.label == label).unwrap_or(samples.len());
    if place == samples.len() {
        let values = vec![BTreeMap::new(); figures];
        samples.push(Sample { parameters: parameters.clone(), label: label.to_owned(), values });
    }
    &mut samples[place]
}

impl Sample {
    fn add(&mut self, seed: u64, values: impl Iterator<Item = Option<f64>>) {
        for (by_seed, value) in self.values.iter_mut().zip(values) {
            by_seed.insert(seed, value);
        }
    }

    fn key(&self) -> String {
        format!("{}{}", Json::Object(self.parameters.clone()), Json::String(self.label.clone()))
    }
}

/// Compares the second with the first. An error says why there is nothing to compare.
pub fn compare(ones: &[Sample], others: &[Sample], figures: &[Figure]) -> Result<Versus, String> {
    let by_key: BTreeMap<String, &Sample> = others.iter().map(|sample| (sample.key(), sample)).collect();
    let pairs: Vec<(&Sample, &Sample)> =
        ones.iter().filter_map(|one| by_key.get(&one.key()).map(|other| (one, *other))).collect();
    if pairs.is_empty() {
        return Err(
            "the two have no cell and protocol in common\n  = help: axes, their values and labels must be the same"
                .to_owned(),
        );
    }
    let is_met = |(one, other): &(&Sample, &Sample)| {
        one.values.iter().zip(&other.values).any(|(one, other)| one.keys().any(|seed| other.contains_key(seed)))
    };
    if !pairs.iter().any(is_met) {
        return Err(
            "the two have no seed in common\n  = help: run both with the same seeds: within a seed both meet the same"
                .to_owned(),
        );
    }
    let rows = pairs.iter().flat_map(|(one, other)| {
        figures.iter().enumerate().map(move |(place, figure)| Row::of(one, other, place, figure))
    });
    let mut rows: Vec<Row> = rows.collect();
    judge(&mut rows, figures);
    Ok(Versus { figures: figures.to_vec(), unmatched: ones.len() + others.len() - 2 * pairs.len(), rows })
}

impl Row {
    fn of(one: &Sample, other: &Sample, place: usize, figure: &Figure) -> Self {
        let (before, after) = paired(&one.values[place], &other.values[place]);
        let changes = differences(&after, &before);
        let Estimate { mean: difference, half_width, count: pairs } = Estimate::of(&changes);
        let both = |ones: &[Option<f64>], others: &[Option<f64>]| {
            let both: Vec<f64> =
                ones.iter().zip(others).filter_map(|(one, other)| one.filter(|_| other.is_some())).collect();
            mean(&both)
        };
        let lost = before.iter().zip(&after).filter(|(before, after)| before.is_some() && after.is_none()).count();
        let is_same = pairs > 0 && changes.iter().all(|change| *change == 0.0);
        Self {
            parameters: one.parameters.clone(),
            label: one.label.clone(),
            metric: figure.metric.clone(),
            before: both(&before, &after),
            after: both(&after, &before),
            difference,
            half_width,
            pairs,
            lost,
            p: p_of_mean(&changes),
            verdict: if is_same { Verdict::Same } else { Verdict::Unknown },
        }
    }
}

/// Adjusts the probabilities for their number, and says what became of each figure.
fn judge(rows: &mut [Row], figures: &[Figure]) {
    let adjusted = holm(&rows.iter().filter_map(|row| row.p).collect::<Vec<f64>>());
    for (row, p) in rows.iter_mut().filter(|row| row.p.is_some()).zip(adjusted) {
        row.p = Some(p);
        let is_up = row.difference.is_some_and(|difference| difference > 0.0);
        let better = figures.iter().find(|figure| figure.metric == row.metric).and_then(|figure| figure.better);
        row.verdict = match (row.verdict, better) {
            (Verdict::Same, _) => Verdict::Same,
            _ if p >= LEVEL => Verdict::Noise,
            (_, None) => Verdict::Changed,
            (_, Some(better)) if (better == Better::Higher) == is_up => Verdict::Better,
            _ => Verdict::Worse,
        };
    }
    rows.iter_mut().filter(|row| row.lost > 0).for_each(|row| row.verdict = Verdict::Lost);
}

impl Versus {
    /// How many figures have come to this.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.rows.iter().filter(|row| row.verdict == verdict).count()
    }

    /// Whether any figure got worse, or lost its values.
    pub fn is_worse(&self) -> bool {
        self.count(Verdict::Worse) + self.count(Verdict::Lost) > 0
    }
}

/// Of two results that differ by chance alone, anything is called changed with this probability at most.
const LEVEL: f64 = 0.05;

#[cfg(test)]
mod tests {
    use super::*;
    use sim::rng::{Stream, StreamPurpose};
    use sim::sampler::normal;

    fn sample_of(label: &str, values: impl IntoIterator<Item = f64>) -> Sample {
        let by_seed = (1..).zip(values.into_iter().map(Some)).collect();
        Sample { parameters: Map::new(), label: label.to_owned(), values: vec![by_seed] }
    }

    fn verdict(ones: &[f64], others: &[f64], figure: &str) -> Verdict {
        let figures = [Figure::named(figure).expect("it says which is better")];
        let [one, other] = [ones, others].map(|values| sample_of("a", values.iter().copied()));
        compare(&[one], &[other], &figures).expect("comparable").rows[0].verdict
    }

    #[test]
    fn a_change_is_better_or_worse_by_what_the_figure_is() {
        let (low, high) = ([1.0, 2.0, 3.0, 4.0], [11.0, 12.1, 13.0, 14.1]);
        assert_eq!(verdict(&low, &high, "lookups.success"), Verdict::Better);
        assert_eq!(verdict(&high, &low, "lookups.success"), Verdict::Worse);
        assert_eq!(verdict(&low, &high, "lookups.latency_ms.p99"), Verdict::Worse);
        assert_eq!(verdict(&high, &low, "traffic.upkeep.bytes"), Verdict::Better);
        assert_eq!(verdict(&low, &high, "population.mean=higher"), Verdict::Better);
        assert_eq!(verdict(&low, &low, "lookups.success"), Verdict::Same);
        assert_eq!(verdict(&low, &[1.5, 1.5, 3.5, 3.6], "lookups.success"), Verdict::Noise);
        assert_eq!(verdict(&[1.0], &[2.0], "lookups.success"), Verdict::Unknown, "one pair says nothing");
        assert_eq!(verdict(&low, &[2.0, 3.0, 4.0, 5.0], "lookups.success"), Verdict::Better, "the same in every pair");
        assert!(Figure::named("population.mean").is_err() && Figure::named("nodes=more").is_err());
    }

    #[test]
    fn every_compared_figure_says_which_is_better() {
        assert!(Figure::all().iter().all(|figure| figure.better.is_some()), "{:?}", Figure::all());
    }

    #[test]
    fn values_that_are_gone_are_no_improvement() {
        let figures = [Figure::named("recovery.correct_after_s").expect("lower is better")];
        let ones = [sample_of("a", [5.0, 6.0, 7.0])];
        let mut other = sample_of("a", [1.0, 2.0, 3.1]);
        other.values[0].insert(2, None);
        let found = compare(&ones, &[other], &figures).expect("comparable");
        assert_eq!((found.rows[0].verdict, found.rows[0].lost, found.is_worse()), (Verdict::Lost, 1, true));
        let stranger = sample_of("b", [1.0]);
        assert!(compare(&ones, &[stranger], &figures).is_err());
        let mut later = ones[0].clone();
        later.values[0] = [(9, Some(1.0))].into();
        assert!(compare(&ones, &[later], &figures).expect_err("no pairs").contains("no seed in common"));
    }

    /// Of 600 comparisons of two results that differ by chance alone, with 20 samples each, at most 5 in 100 call anything changed;
    /// a shift of one sample by three standard errors of its difference is nearly always found.
    #[test]
    fn chance_alone_rarely_looks_like_a_change() {
        const COMPARISONS: usize = 600;
        let mut stream = Stream::open(16, StreamPurpose(99), 0);
        let figures = [Figure::named("lookups.success").expect("higher is better")];
        let (mut false_alarms, mut found) = (0, 0);
        for _ in 0..COMPARISONS {
            let mut all = |shift: f64| {
                let sample = |place: usize| {
                    let by = if place == 0 { shift } else { 0.0 };
                    (0..12).map(|seed| f64::from(seed) + normal(&mut stream, by, 1.0)).collect::<Vec<f64>>()
                };
                (0..20)
                    .map(sample)
                    .enumerate()
                    .map(|(place, values)| sample_of(&place.to_string(), values))
                    .collect::<Vec<_>>()
            };
            let (before, after, shifted) = (all(0.0), all(0.0), all(-3.0));
            let changed = |versus: &Versus| versus.count(Verdict::Better) + versus.count(Verdict::Worse);
            false_alarms += usize::from(changed(&compare(&before, &after, &figures).expect("comparable")) > 0);
            found += usize::from(
                compare(&before, &shifted, &figures).expect("comparable").rows[0].verdict == Verdict::Worse,
            );
        }
        let share = false_alarms as f64 / COMPARISONS as f64;
        // Four standard errors above 5 in 100; without the adjustment it would be 64 in 100.
        assert!(share < 0.05 + 4.0 * (0.05 * 0.95 / COMPARISONS as f64).sqrt() && share > 0.0, "{share}");
        assert!(found > COMPARISONS * 9 / 10, "{found}");
    }
}
