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

    /// How many of its seeds lack a value.
    pub(super) fn missing(&self) -> usize {
        let is_missing = |seed: &usize| {
            self.values[*seed].is_none()
                || self.also.as_ref().is_some_and(|also| also.get(*seed).copied().flatten().is_none())
        };
        (0..self.values.len()).filter(is_missing).count()
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
    match value {
        Json::String(text) => text.clone(),
        Json::Number(number) if number.is_f64() => {
            number.as_f64().map_or_else(String::new, |number| number.to_string())
        }
        _ => value.to_string(),
    }
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
            let has_both = |label: &&str| other.labels().contains(label);
            for label in one.labels().into_iter().filter(has_both) {
                let values = within_seeds(&self.of(one, label), &self.of(other, label), is_ratio);
                samples.push(Sample::new(label, parameters.clone(), values));
            }
        }
        samples
    }

    fn against(&self, of: &str, to: Option<&str>, is_ratio: bool) -> Vec<Sample> {
        let mut samples = Vec::new();
        for cell in self.cells.cells.iter().filter(|cell| cell.labels().contains(&of)) {
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

    /// The slope of the straight line of least squares over the logarithm to base 2, seed by seed: of those seeds that have run at
    /// every point, for a line through some of them would be another one.
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
                let mut places = 0;
                for cell in cells.iter().filter(|cell| cell.labels().contains(&label)) {
                    let Some(x) = number(cell).filter(|x| *x > 0.0) else {
                        continue;
                    };
                    places += 1;
                    for (seed, y) in self.of(cell, label) {
                        lines.entry(seed).or_default().push((libm::log2(x), y));
                    }
                }
                if places > 1 {
                    let whole = lines.into_values().filter(|points| points.len() == places);
                    samples.push(Sample::new(label, rest.clone(), whole.map(|points| slope(&points)).collect()));
                }
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
                        parameters.extend(setting.map(|setting| (format!("{settings} of {label}"), setting)));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::document::Verdict;
    use crate::audit::judge::{Margin, judge};
    use crate::audit::testing::{At, Bench, DEPARTURE, NODES, SESSION};

    /// A hundred for each protocol, ten for a crash, and the seed.
    fn plain(at: &At<'_>) -> f64 {
        let label = f64::from(at.label.as_bytes()[0] - b'A');
        100.0 * label + if at.is("departure", "crash") { 10.0 } else { 0.0 } + at.seed as f64
    }

    /// The same, where a run may lack the figure.
    #[expect(clippy::unnecessary_wraps, reason = "benches take figures that may be lacking")]
    fn figure(at: &At<'_>) -> Option<f64> {
        Some(plain(at))
    }

    #[test]
    fn the_figure_itself_is_taken_of_every_cell_and_protocol() {
        let said = Bench::new(DEPARTURE, figure).samples("at_most: 1");
        let wanted = [
            "A (departure = leave): 1 2 3",
            "B (departure = leave): 101 102 103",
            "C (departure = leave): 201 202 203",
            "A (departure = crash): 11 12 13",
            "B (departure = crash): 111 112 113",
            "C (departure = crash): 211 212 213",
        ];
        assert_eq!(said, wanted);
    }

    #[test]
    fn between_two_values_all_else_is_equal() {
        let bench = Bench::new(&format!("{NODES}, {DEPARTURE}"), |at| {
            let nodes = at.number("nodes");
            Some(if at.is("departure", "crash") { 3.0 * nodes + at.seed as f64 } else { nodes })
        });
        let rest = "contrast: Between(parameter: \"departure\", of: \"crash\", to: \"leave\"), at_most: 1, where: [\"protocol == 'A'\"]";
        let wanted = ["A (nodes = 4): 9 10 11", "A (nodes = 8): 17 18 19", "A (nodes = 32): 65 66 67"];
        assert_eq!(bench.samples(rest), wanted);
        let ratio = rest.replace("to: \"leave\"", "to: \"leave\", ratio: true");
        assert_eq!(bench.samples(&ratio)[0], "A (nodes = 4): 3.25 3.5 3.75");
        let other_way = rest.replace("of: \"crash\", to: \"leave\"", "of: \"leave\", to: \"crash\"");
        assert_eq!(bench.samples(&other_way)[0], "A (nodes = 4): -9 -10 -11");
    }

    #[test]
    fn each_other_value_is_held_against_the_one() {
        let bench = Bench::new(&format!("{NODES}, {DEPARTURE}"), |at| {
            Some(at.number("nodes") + if at.is("departure", "crash") { 0.5 } else { 0.0 })
        });
        let said =
            bench.samples("contrast: Between(parameter: \"nodes\", to: 8), at_most: 1, where: [\"protocol == 'B'\"]");
        let wanted = [
            "B (departure = leave, nodes = 4): -4 -4 -4",
            "B (departure = crash, nodes = 4): -4 -4 -4",
            "B (departure = leave, nodes = 32): 24 24 24",
            "B (departure = crash, nodes = 32): 24 24 24",
        ];
        assert_eq!(said, wanted);
    }

    #[test]
    fn what_has_no_partner_is_not_compared() {
        let crash_of_a = "contrast: Between(parameter: \"departure\", of: \"crash\", to: \"leave\"), at_most: 1";
        let axes = format!("{NODES}, {DEPARTURE}");
        // No cell of 8 nodes without crashes, no run of B in the cell of 4 nodes with crashes, and other seeds of C in that of 32.
        let has_run = |at: &At<'_>| {
            let is_crash = at.is("departure", "crash");
            let (no_cell, no_run) = (at.has_nodes(8) && !is_crash, at.label == "B" && is_crash && at.has_nodes(4));
            let no_seed = at.label == "C" && at.has_nodes(32) && (at.seed == 1) == is_crash;
            !no_cell && !no_run && !no_seed
        };
        let said = Bench::with(&axes, has_run, figure).samples(crash_of_a);
        let wanted = [
            "A (nodes = 4): 10 10 10",
            "C (nodes = 4): 10 10 10",
            "A (nodes = 32): 10 10 10",
            "B (nodes = 32): 10 10 10",
            "C (nodes = 32): ",
        ];
        assert_eq!(said, wanted);
        let part = Bench::with(&axes, |at| at.seed != 2 || at.is("departure", "leave"), figure);
        assert_eq!(part.samples(crash_of_a)[0], "A (nodes = 4): 10 10", "the second seed has run without crashes only");
    }

    #[test]
    fn one_protocol_is_held_against_each_other_in_the_same_cell() {
        let bench = Bench::new(DEPARTURE, figure);
        let said = bench.samples("contrast: Against(of: \"B\"), at_most: 1");
        let wanted = [
            "B − A (departure = leave): 100 100 100",
            "B − C (departure = leave): -100 -100 -100",
            "B − A (departure = crash): 100 100 100",
            "B − C (departure = crash): -100 -100 -100",
        ];
        assert_eq!(said, wanted);
        let one = bench.samples("contrast: Against(of: \"B\", to: \"A\", ratio: true), at_most: 1");
        assert_eq!((one.len(), one[0].as_str()), (2, "B / A (departure = leave): 101 51 34.333333333333336"));
        let without = Bench::with(DEPARTURE, |at| at.label != "B" || at.is("departure", "leave"), figure);
        assert_eq!(without.samples("contrast: Against(of: \"B\"), at_most: 1").len(), 2, "B has not run with crashes");
        assert_eq!(without.samples("contrast: Against(of: \"A\", to: \"B\"), at_most: 1").len(), 1);
    }

    #[test]
    fn a_doubling_is_the_slope_over_the_logarithm() {
        let bench = Bench::new(NODES, |at| Some(3.0 * libm::log2(at.number("nodes")) + at.seed as f64));
        let said = bench.samples("contrast: Doubling(of: \"nodes\"), at_most: 1");
        assert_eq!(said.len(), 3);
        let test = bench.test("contrast: Doubling(of: \"nodes\"), at_most: 1");
        for sample in samples(&test, &bench.runs, &bench.cells).expect("numbers") {
            assert!(
                sample.values.iter().all(|slope| slope.is_some_and(|slope| (slope - 3.0).abs() < 1e-12)),
                "{sample:?}"
            );
        }
        // The normal equations, where no straight line fits: over 2, 3 and 5 for 4, 8 and 32 nodes.
        let bent = |nodes: f64, seed: u64| (nodes * 7.3 + seed as f64 * 1.7) % 5.0;
        let bench = Bench::new(NODES, |at| Some(bent(at.number("nodes"), at.seed)));
        let sample = samples(&bench.test("contrast: Doubling(of: \"nodes\"), at_most: 1"), &bench.runs, &bench.cells)
            .expect("numbers")
            .remove(0);
        for (seed, slope) in (1..).zip(&sample.values) {
            let points = [(2.0, bent(4.0, seed)), (3.0, bent(8.0, seed)), (5.0, bent(32.0, seed))];
            let sum = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>();
            let (x, y, xx, xy) = (sum(|p| p.0), sum(|p| p.1), sum(|p| p.0 * p.0), sum(|p| p.0 * p.1));
            let wanted = (3.0 * xy - x * y) / (3.0 * xx - x * x);
            assert!(slope.is_some_and(|slope| (slope - wanted).abs() < 1e-12), "{slope:?}, not {wanted}");
        }
    }

    #[test]
    fn a_line_has_all_its_points_or_is_none() {
        let missing =
            Bench::new(NODES, |at| (at.seed != 2 || !at.has_nodes(8)).then(|| libm::log2(at.number("nodes"))));
        let doubling = "contrast: Doubling(of: \"nodes\"), at_most: 1, where: [\"protocol == 'A'\"]";
        assert_eq!(missing.samples(doubling), ["A (): 1 - 1"], "a figure without a value is missing");
        let unequal =
            Bench::with(NODES, |at| at.seed != 2 || !at.has_nodes(8), |at| Some(libm::log2(at.number("nodes"))));
        assert_eq!(
            unequal.samples(doubling),
            ["A (): 1 1"],
            "a seed that has run at two of three points is another line"
        );
        let lonely = Bench::with(NODES, |at| at.has_nodes(8), |_| Some(1.0));
        assert!(lonely.samples(doubling).is_empty(), "one point is no line");
        let two = Bench::new(&format!("{DEPARTURE}, {NODES}"), figure);
        let said = two.samples("contrast: Doubling(of: \"nodes\"), at_most: 1, where: [\"protocol != 'C'\"]");
        let wanted = [
            "A (departure = leave): 0 0 0",
            "B (departure = leave): 0 0 0",
            "A (departure = crash): 0 0 0",
            "B (departure = crash): 0 0 0",
        ];
        assert_eq!(said, wanted);
    }

    #[test]
    fn each_pair_is_ordered_by_both_figures() {
        let bench = Bench::new(DEPARTURE, |at| match at.metric {
            "lookups.latency_ms.mean" => Some(-plain(at)),
            _ => figure(at),
        });
        let said =
            bench.samples("contrast: Order(with: \"lookups.latency_ms.mean\"), where: [\"departure == 'crash'\"]");
        let wanted = [
            "A − B (departure = crash): -100 -100 -100 | 100 100 100",
            "A − C (departure = crash): -200 -200 -200 | 200 200 200",
            "B − C (departure = crash): -100 -100 -100 | 100 100 100",
        ];
        assert_eq!(said, wanted);
    }

    /// Settings by session: `5m` costs 300 and takes 1, `1h` costs 100 and takes 3, `20m` costs 200 and takes 2; B takes ten times as long
    /// and costs 50 more, C costs ten times as much.
    fn priced(at: &At<'_>) -> Option<f64> {
        let (cost, takes) = [("5m", (300.0, 1.0)), ("1h", (100.0, 3.0)), ("20m", (200.0, 2.0))]
            .into_iter()
            .find_map(|(session, figures)| at.is("session", session).then_some(figures))?;
        Some(match (at.metric, at.label) {
            ("traffic.total.bytes", "A") => cost,
            ("traffic.total.bytes", "B") => cost + 50.0,
            ("traffic.total.bytes", _) => 10.0 * cost,
            (_, "B") => 10.0 * takes,
            _ => takes,
        })
    }

    const AT_PRICE: &str = r#"contrast: AtPrice(of: "A", settings: "session", cost: "traffic.total.bytes", budgets: [150, 200, 300, 1000])"#;

    #[test]
    fn each_has_the_best_of_its_settings_that_it_can_afford() {
        let said = Bench::new(SESSION, priced).samples(&format!("{AT_PRICE}, at_most: 0"));
        let wanted = [
            "A − B (at most = 150, session of A = 1h, session of B = 1h): -27 -27 -27",
            "A − B (at most = 200, session of A = 20m, session of B = 1h): -28 -28 -28",
            "A − B (at most = 300, session of A = 5m, session of B = 20m): -19 -19 -19",
            "A − B (at most = 1000, session of A = 5m, session of B = 5m): -9 -9 -9",
            "A − C (at most = 1000, session of A = 5m, session of C = 1h): -2 -2 -2",
        ];
        assert_eq!(said, wanted);
        let higher = Bench::new(SESSION, priced).samples(&format!("{AT_PRICE}, at_least: 0"));
        let wanted = "A − B (at most = 1000, session of A = 1h, session of B = 1h): -27 -27 -27";
        assert_eq!(higher[3], wanted, "the more the better");
    }

    /// That is no missing value, which would decide nothing: it has lost, and the figure of nobody stands for it.
    #[test]
    fn who_cannot_be_had_at_a_price_at_which_another_can_has_lost() {
        let bench = Bench::new(SESSION, priced);
        let test = bench.test(&format!("{}, at_most: 0", AT_PRICE.replace("of: \"A\"", "of: \"C\"")));
        let samples = samples(&test, &bench.runs, &bench.cells).expect("comparable");
        let of: Vec<(&str, f64, bool)> = samples
            .iter()
            .map(|sample| {
                (&*sample.subject, sample.parameters["at most"].as_f64().expect("a price"), sample.is_priced_out)
            })
            .collect();
        let out = [
            ("C − A", 150.0),
            ("C − B", 150.0),
            ("C − A", 200.0),
            ("C − B", 200.0),
            ("C − A", 300.0),
            ("C − B", 300.0),
        ];
        assert_eq!(of[..6], out.map(|(subject, price)| (subject, price, true)));
        assert_eq!(of[6..], [("C − A", 1000.0, false), ("C − B", 1000.0, false)]);
        let margin = Margin { at_least: None, at_most: Some(0.0) };
        let judged = judge(&samples.iter().map(|sample| (sample, margin)).collect::<Vec<_>>());
        assert!(judged[..6].iter().all(|lost| (lost.verdict, lost.values, lost.mean) == (Verdict::Fails, 0, None)));
        assert_eq!(judged[6].verdict, Verdict::Fails, "C takes longer than A, too");
        assert!(!samples[0].parameters.contains_key("session of C"), "it has none that it could have");
    }

    #[test]
    fn what_has_a_value_missing_is_not_the_best() {
        let bench = Bench::new(SESSION, |at| {
            let is_unmeasured =
                at.label == "A" && at.is("session", "5m") && at.seed == 2 && at.metric == "lookups.hops.mean";
            priced(at).filter(|_| !is_unmeasured)
        });
        let said = bench.samples(&format!("{AT_PRICE}, at_most: 0"));
        assert_eq!(said[2], "A − B (at most = 300, session of A = 20m, session of B = 20m): -18 -18 -18");
    }

    #[test]
    fn conditions_choose_among_the_comparisons() {
        let bench = Bench::new(&format!("{NODES}, {SESSION}, {DEPARTURE}"), |_| Some(0.0));
        let count = |conditions: &str| bench.samples(&format!("at_most: 1, where: [{conditions}]")).len();
        assert_eq!(count(""), 54);
        assert_eq!(count("\"nodes >= 8\""), 36);
        assert_eq!(count("\"session < '10m'\""), 18, "a duration is a number");
        assert_eq!(count("\"session != '20m'\""), 36);
        assert_eq!(count("\"departure == 'crash'\""), 27);
        assert_eq!(count("\"protocol == 'B'\""), 18);
        assert_eq!(count("\"protocol == 'B' or nodes == 4\""), 30);
        assert_eq!(count("\"protocol == 'B'\", \"nodes == 4\""), 6, "all must hold");
        let against = bench.samples("contrast: Against(of: \"A\"), at_most: 1, where: [\"protocol == 'A'\"]");
        assert_eq!(against.len(), 36, "of a pair the first is meant");
    }
}
