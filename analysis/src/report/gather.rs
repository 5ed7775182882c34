//! What pictures are drawn from, picked out of the results of a sweep in one go, however many pictures there are.

use std::collections::BTreeMap;
use std::io;

use serde_json::{Map, Value as Json};

use super::curve::Point;
use crate::figure::{curve, formula};
use crate::metrics::Distribution;
use crate::statistics::Estimate;
use crate::sweep::record::Record;
use crate::sweep::results::Results;

/// What one picture wants.
#[derive(Clone, Debug)]
pub(super) struct Want {
    /// Which cells: parameters, each with its value or a list of values.
    pub(super) cells: Map<String, Json>,
    /// The parameters whose values are told apart.
    pub(super) by: Vec<String>,
    /// What is taken of each run.
    pub(super) what: What,
}

/// What is taken of a run.
#[derive(Clone, Debug)]
pub(super) enum What {
    /// These figures.
    Figures(Vec<String>),
    /// The histogram of this name.
    Histogram(String),
    /// The Lorenz curve of this group of figures, and its Gini coefficient.
    Lorenz(String),
}

/// What was found for a picture.
#[derive(Clone, Debug, Default)]
pub(super) struct Gathered {
    /// All parameters with their values, in order.
    pub(super) parameters: Vec<(String, Vec<Json>)>,
    /// The labels of protocols, in order.
    pub(super) labels: Vec<String>,
    /// By the values of the parameters that are told apart (their places in order) and the place of the label.
    pub(super) groups: BTreeMap<(Vec<usize>, usize), Group>,
    /// Other parameters of which several values have come together.
    pub(super) pooled: Vec<String>,
    /// How many runs were taken.
    pub(super) runs: u64,
}

/// A group: the places of the values that tell it apart, the place of its label, and its runs.
pub(super) type Member<'a> = (&'a Vec<usize>, usize, &'a Group);

/// The runs of one value of each parameter and one protocol.
#[derive(Clone, Debug, Default)]
pub(super) struct Group {
    /// For each figure, its values.
    figures: Vec<Vec<f64>>,
    /// The histograms, merged.
    pub(super) values: Distribution,
    /// Sums of Lorenz curves, and of how many.
    lorenz: Vec<f64>,
    curves: usize,
}

impl Group {
    /// What is known of this figure.
    pub(super) fn point(&self, figure: usize) -> Point {
        let Estimate { mean, half_width, count } = Estimate::of(self.figures.get(figure).map_or(&[], Vec::as_slice));
        Point { mean, half_width, values: count }
    }

    /// The mean Lorenz curve; empty if there is none.
    pub(super) fn lorenz(&self) -> Vec<f64> {
        self.lorenz.iter().map(|sum| sum / self.curves.max(1) as f64).collect()
    }

    fn take(&mut self, record: &Record, what: &What) -> io::Result<()> {
        match what {
            What::Figures(metrics) => self.take_figures(metrics.iter().map(|metric| formula(&record.figures, metric))),
            What::Histogram(name) => {
                let Some(packed) = record.histograms.get(name) else {
                    return Ok(());
                };
                let values = Distribution::unpack(packed).ok_or_else(|| {
                    io::Error::new(io::ErrorKind::InvalidData, format!("run {}: `{name}` is no histogram", record.run))
                })?;
                self.values.add(&values);
            }
            What::Lorenz(group) => {
                self.take_figures([record.figure(&format!("{group}.gini"))].into_iter());
                self.take_curve(curve(&record.figures, &format!("{group}.lorenz")).unwrap_or_default());
            }
        }
        Ok(())
    }

    fn take_figures(&mut self, values: impl Iterator<Item = Option<f64>>) {
        for (place, value) in values.enumerate() {
            if self.figures.len() <= place {
                self.figures.push(Vec::new());
            }
            self.figures[place].extend(value);
        }
    }

    fn take_curve(&mut self, shares: Vec<f64>) {
        if self.curves == 0 {
            self.lorenz = shares;
        } else if self.lorenz.len() == shares.len() {
            self.lorenz.iter_mut().zip(shares).for_each(|(sum, share)| *sum += share);
        } else {
            return;
        }
        self.curves += 1;
    }
}

/// Goes through the results once, and gives each picture what it wants. Labels that are known come first, in this order.
pub(super) fn gather(results: &Results, labels: &[String], wants: &[Want]) -> io::Result<Vec<Gathered>> {
    let parameters: Vec<(String, Vec<Json>)> =
        results.header.parameters.iter().map(|of| (of.name.clone(), of.values.clone())).collect();
    let empty = || Gathered { parameters: parameters.clone(), labels: labels.to_vec(), ..Gathered::default() };
    let mut found: Vec<(Gathered, Vec<Option<usize>>)> =
        wants.iter().map(|_| (empty(), vec![None; parameters.len()])).collect();
    for record in results.records()? {
        let record = record?;
        for (want, (gathered, seen)) in wants.iter().zip(&mut found) {
            if is_wanted(&want.cells, &record.parameters) {
                gathered.take(want, seen, &record)?;
            }
        }
    }
    Ok(found.into_iter().map(|(gathered, _)| gathered).collect())
}

impl Gathered {
    fn take(&mut self, want: &Want, seen: &mut [Option<usize>], record: &Record) -> io::Result<()> {
        let levels: Vec<usize> =
            self.parameters.iter().map(|(name, values)| level(values, record.parameters.get(name))).collect();
        for ((place, level), seen) in levels.iter().enumerate().zip(seen) {
            let name = &self.parameters[place].0;
            let is_new = !want.by.contains(name) && !self.pooled.contains(name);
            if is_new && seen.is_some_and(|before| before != *level) {
                self.pooled.push(name.clone());
            }
            *seen = Some(*level);
        }
        let label = self.place_of(&record.label);
        let told = want.by.iter().map(|name| self.parameters.iter().position(|(other, _)| other == name));
        let key = told.map(|place| place.map_or(0, |place| levels[place])).collect();
        self.runs += 1;
        self.groups.entry((key, label)).or_default().take(record, &want.what)
    }

    fn place_of(&mut self, label: &str) -> usize {
        self.labels.iter().position(|other| other == label).unwrap_or_else(|| {
            self.labels.push(label.to_owned());
            self.labels.len() - 1
        })
    }

    /// The values of a parameter.
    pub(super) fn values(&self, name: &str) -> &[Json] {
        self.parameters.iter().find(|(other, _)| other == name).map_or(&[], |(_, values)| values)
    }

    /// The groups of each value of the parameter told apart at this place, in order of the values.
    pub(super) fn split(&self, place: Option<usize>) -> Vec<(usize, Vec<Member<'_>>)> {
        let mut parts: BTreeMap<usize, Vec<Member<'_>>> = BTreeMap::new();
        for ((levels, label), group) in &self.groups {
            let level = place.map_or(0, |place| levels[place]);
            parts.entry(level).or_default().push((levels, *label, group));
        }
        parts.into_iter().collect()
    }
}

/// The place of a value among those of its parameter; behind all if it is not among them.
fn level(values: &[Json], value: Option<&Json>) -> usize {
    value.and_then(|value| values.iter().position(|other| is_same(other, value))).unwrap_or(values.len())
}

fn is_wanted(cells: &Map<String, Json>, parameters: &Map<String, Json>) -> bool {
    cells.iter().all(|(name, wanted)| {
        let fits = |value: &Json| parameters.get(name).is_some_and(|other| is_same(value, other));
        wanted.as_array().map_or_else(|| fits(wanted), |all| all.iter().any(fits))
    })
}

/// Whether two values of a parameter are the same: `20` and `20.0` are.
pub(super) fn is_same(one: &Json, other: &Json) -> bool {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => one.total_cmp(&other).is_eq(),
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn record(figures: &Json) -> Record {
        let line = json!({
            "run": 0, "cell": 0, "parameters": {"nodes": 20, "loss": "none"}, "label": "one", "protocol": "p", "seed": 1,
            "figures": figures, "histograms": {},
        });
        Record::read(&line.to_string()).expect("a record")
    }

    #[test]
    fn cells_are_chosen_by_value_whatever_it_is_written_like() {
        let parameters = record(&json!({})).parameters;
        for (cells, fits) in [
            (json!({}), true),
            (json!({"nodes": 20.0}), true),
            (json!({"nodes": [10, 20], "loss": "none"}), true),
            (json!({"nodes": 10}), false),
            (json!({"loss": ["some"]}), false),
            (json!({"unknown": 1}), false),
        ] {
            let cells = cells.as_object().expect("a map");
            assert_eq!(is_wanted(cells, &parameters), fits, "{cells:?}");
        }
    }

    #[test]
    fn lorenz_curves_are_the_mean_of_those_that_are_there() {
        let mut group = Group::default();
        let what = What::Lorenz("load.handled".to_owned());
        for last in [json!([0.0, 0.2, 1.0]), json!([0.0, 0.4, 1.0]), Json::Null] {
            let record = record(&json!({"load": {"handled": {"gini": 0.5, "lorenz": last}}}));
            group.take(&record, &what).expect("a curve or none");
        }
        assert_eq!(group.point(0).mean, Some(0.5));
        assert!((group.lorenz()[1] - 0.3).abs() < 1e-12, "{:?}", group.lorenz());
    }
}
