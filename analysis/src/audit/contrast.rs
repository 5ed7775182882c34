//! What is taken of a figure: samples over the seeds, one for each comparison of a test.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::cells::{BySeed, Cell, Cells, within_seeds};
use super::plan::{Metric, Runs, Test};
use super::spec::ContrastSpec;
use crate::statistics::mean;
use crate::sweep::constraint::{Meaning, WrongConstraint};

/// The values of one comparison, by seed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sample {
    /// Whom it is about: a protocol, or two with a minus.
    pub(super) subject: String,
    /// The protocol that conditions know.
    pub(super) protocol: String,
    /// What the parameters are set to.
    pub(super) parameters: Map<String, Json>,
    /// What was made of the figure.
    pub(super) values: Vec<Option<f64>>,
    /// The same of the figure that must have the same sign.
    pub(super) also: Option<Vec<Option<f64>>>,
    /// It cannot be had at the price that is asked for.
    pub(super) is_priced_out: bool,
}

impl Sample {
    fn new(subject: &str, parameters: Map<String, Json>, values: Vec<Option<f64>>) -> Self {
        Self {
            subject: subject.to_owned(),
            protocol: subject.to_owned(),
            parameters,
            values,
            also: None,
            is_priced_out: false,
        }
    }

    #[cfg(test)]
    pub(super) fn made(subject: &str, parameters: Map<String, Json>, values: Vec<Option<f64>>) -> Self {
        Self::new(subject, parameters, values)
    }

    fn of_pair(of: &str, to: &str, is_ratio: bool, parameters: Map<String, Json>, values: Vec<Option<f64>>) -> Self {
        let sign = if is_ratio { '/' } else { '−' };
        Self {
            subject: format!("{of} {sign} {to}"),
            protocol: of.to_owned(),
            parameters,
            values,
            also: None,
            is_priced_out: false,
        }
    }
}

/// The samples of a test, for which its conditions hold; subjects in order of the scenario, cells in order of the grid.
pub(super) fn samples(test: &Test, runs: &Runs, cells: &Cells) -> Result<Vec<Sample>, WrongConstraint> {
    let table = Table { cells, metric: &test.metric, runs };
    let samples = match &test.spec.contrast {
        ContrastSpec::Value => table.values(),
        ContrastSpec::Between { parameter, of, to, ratio } => table.between(parameter, of.as_ref(), to, *ratio),
        ContrastSpec::Against { of, to, ratio } => table.against(of, to.as_deref(), *ratio),
        ContrastSpec::Doubling { of } => table.doubling(of),
        ContrastSpec::Order { with } => table.order(&Metric::parse(with)),
        ContrastSpec::AtPrice { of, settings, cost, budgets } => {
            let is_higher_better = test.spec.at_least.is_some() && test.spec.at_most.is_none();
            table.at_price(of, settings, &Metric::parse(cost), budgets, is_higher_better)
        }
    };
    let mut kept = Vec::new();
    for sample in samples {
        if holds(test, runs, &sample)? {
            kept.push(sample);
        }
    }
    Ok(kept)
}

fn holds(test: &Test, runs: &Runs, sample: &Sample) -> Result<bool, WrongConstraint> {
    are_met(&test.conditions, runs, &sample.parameters, &sample.protocol)
}

/// Whether all conditions hold of these parameters and this protocol.
pub(super) fn are_met(
    conditions: &[crate::sweep::constraint::Constraint],
    runs: &Runs,
    parameters: &Map<String, Json>,
    protocol: &str,
) -> Result<bool, WrongConstraint> {
    let known = &runs.sweep.grid.parameters;
    let words: Vec<String> =
        known.iter().map(|known| parameters.get(&known.name).map_or(String::new(), word)).collect();
    let meaning = |name: usize| match known.get(name) {
        Some(parameter) => {
            let value = parameters.get(&parameter.name);
            Meaning { number: value.and_then(|value| runs.number(&parameter.name, value)), text: &words[name] }
        }
        None => Meaning { number: None, text: protocol },
    };
    for condition in conditions {
        if !condition.holds(&meaning)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A value as it is called.
pub(super) fn word(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The figures of a test's experiment.
struct Table<'a> {
    cells: &'a Cells,
    metric: &'a Metric,
    runs: &'a Runs,
}

impl Table<'_> {
    fn of(&self, cell: &Cell, label: &str) -> BySeed {
        self.cells.values(cell, label, self.metric)
    }

    fn values(&self) -> Vec<Sample> {
        let of_cell = |cell: &Cell| -> Vec<Sample> {
            let sample = |label: &&str| {
                Sample::new(label, cell.parameters.clone(), self.of(cell, label).into_values().collect())
            };
            cell.labels().iter().map(sample).collect()
        };
        self.cells.cells.iter().flat_map(of_cell).collect()
    }

    fn between(&self, parameter: &str, of: Option<&Json>, to: &Json, is_ratio: bool) -> Vec<Sample> {
        let mut samples = Vec::new();
        for one in &self.cells.cells {
            let value = one.parameters.get(parameter);
            let rest = one.without(parameter);
            let is_wanted = value != Some(to) && of.is_none_or(|of| value == Some(of));
            let other = self.cells.cells.iter().find(|other| {
                is_wanted && other.parameters.get(parameter) == Some(to) && other.without(parameter) == rest
            });
            let Some(other) = other else {
                continue;
            };
            let parameters = if of.is_some() { rest } else { one.parameters.clone() };
            for label in one.labels() {
                let values = within_seeds(&self.of(one, label), &self.of(other, label), is_ratio);
                samples.push(Sample::new(label, parameters.clone(), values));
            }
        }
        samples
    }

    fn against(&self, of: &str, to: Option<&str>, is_ratio: bool) -> Vec<Sample> {
        let mut samples = Vec::new();
        for cell in &self.cells.cells {
            let one = self.of(cell, of);
            for other in cell.labels() {
                if other != of && to.is_none_or(|to| to == other) {
                    let values = within_seeds(&one, &self.of(cell, other), is_ratio);
                    samples.push(Sample::of_pair(of, other, is_ratio, cell.parameters.clone(), values));
                }
            }
        }
        samples
    }

    /// Cells that differ in one parameter only, in order of their first.
    fn groups(&self, parameter: &str) -> Vec<(Map<String, Json>, Vec<&Cell>)> {
        let mut groups: Vec<(Map<String, Json>, Vec<&Cell>)> = Vec::new();
        for cell in &self.cells.cells {
            let rest = cell.without(parameter);
            match groups.iter_mut().find(|(other, _)| *other == rest) {
                Some((_, cells)) => cells.push(cell),
                None => groups.push((rest, vec![cell])),
            }
        }
        groups
    }

    /// The slope of the straight line of least squares over the logarithm to base 2, seed by seed.
    fn doubling(&self, of: &str) -> Vec<Sample> {
        let mut samples = Vec::new();
        for (rest, cells) in self.groups(of) {
            let number = |cell: &Cell| cell.parameters.get(of).and_then(|value| self.runs.number(of, value));
            let mut labels: Vec<&str> = Vec::new();
            for label in cells.iter().flat_map(|cell| cell.labels()) {
                if !labels.contains(&label) {
                    labels.push(label);
                }
            }
            for label in labels {
                let mut lines: BTreeMap<u64, Vec<(f64, Option<f64>)>> = BTreeMap::new();
                for cell in &cells {
                    let Some(x) = number(cell).filter(|x| *x > 0.0) else {
                        continue;
                    };
                    for (seed, y) in self.of(cell, label) {
                        lines.entry(seed).or_default().push((libm::log2(x), y));
                    }
                }
                let values = lines.into_values().map(|points| slope(&points)).collect();
                samples.push(Sample::new(label, rest.clone(), values));
            }
        }
        samples
    }

    fn order(&self, with: &Metric) -> Vec<Sample> {
        let mut samples = Vec::new();
        for cell in &self.cells.cells {
            let labels = cell.labels();
            for (place, one) in labels.iter().enumerate() {
                for other in &labels[place + 1..] {
                    let values = within_seeds(&self.of(cell, one), &self.of(cell, other), false);
                    let [ones, others] = [one, other].map(|label| self.cells.values(cell, label, with));
                    let sample = Sample::of_pair(one, other, false, cell.parameters.clone(), values);
                    samples.push(Sample { also: Some(within_seeds(&ones, &others, false)), ..sample });
                }
            }
        }
        samples
    }

    /// Each protocol with that of its settings which is best on average, among those that cost no more than so much on average. Where
    /// the one cannot be had at a price at which another can, that is said, and it has lost.
    fn at_price(
        &self,
        of: &str,
        settings: &str,
        cost: &Metric,
        budgets: &[f64],
        is_higher_better: bool,
    ) -> Vec<Sample> {
        let mut samples = Vec::new();
        for (rest, cells) in self.groups(settings) {
            for budget in budgets {
                let best = |label: &str| self.best(&cells, label, cost, *budget, is_higher_better);
                let one = best(of);
                for label in cells[0].labels() {
                    let Some(other) = best(label).filter(|_| label != of) else {
                        continue;
                    };
                    let values =
                        one.map_or_else(Vec::new, |one| within_seeds(&self.of(one, of), &self.of(other, label), false));
                    let mut parameters = rest.clone();
                    parameters.insert("at most".to_owned(), Json::from(*budget));
                    for (label, cell) in [(of, one), (label, Some(other))] {
                        let setting = cell.and_then(|cell| cell.parameters.get(settings)).cloned();
                        parameters.insert(format!("{settings} of {label}"), setting.unwrap_or("none".into()));
                    }
                    let sample = Sample::of_pair(of, label, false, parameters, values);
                    samples.push(Sample { is_priced_out: one.is_none(), ..sample });
                }
            }
        }
        samples
    }

    /// The cell of the best setting that a protocol can have at a price.
    fn best<'c>(
        &self,
        cells: &[&'c Cell],
        label: &str,
        cost: &Metric,
        budget: f64,
        is_higher_better: bool,
    ) -> Option<&'c Cell> {
        let affordable = cells.iter().filter_map(|cell| {
            let cost = average(&self.cells.values(cell, label, cost))?;
            let value = average(&self.of(cell, label))?;
            (cost <= budget).then_some((*cell, if is_higher_better { -value } else { value }))
        });
        affordable.min_by(|(_, one), (_, other)| one.total_cmp(other)).map(|(cell, _)| cell)
    }
}

/// The mean, if all seeds have a value.
fn average(values: &BySeed) -> Option<f64> {
    let values: Option<Vec<f64>> = values.values().copied().collect();
    mean(&values?)
}

/// None if a point has no value, or if all lie at one place.
fn slope(points: &[(f64, Option<f64>)]) -> Option<f64> {
    let points: Vec<(f64, f64)> = points.iter().map(|(x, y)| Some((*x, (*y)?))).collect::<Option<_>>()?;
    let count = points.len() as f64;
    let (x_mean, y_mean) =
        (points.iter().map(|(x, _)| x).sum::<f64>() / count, points.iter().map(|(_, y)| y).sum::<f64>() / count);
    let across: f64 = points.iter().map(|(x, y)| (x - x_mean) * (y - y_mean)).sum();
    let along: f64 = points.iter().map(|(x, _)| (x - x_mean) * (x - x_mean)).sum();
    (along > 0.0).then(|| across / along)
}
