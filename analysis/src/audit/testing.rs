//! What the tests of audits share: a sweep that is read and never run, and figures made up for its runs.

use std::path::PathBuf;

use protocols::Entry;
use scenarios::files::Folders;
use scenarios::read;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};

use super::cells::Cells;
use super::contrast::{Sample, samples};
use super::document::{Comparison, Verdict};
use super::plan::{Choice, Experiment, Runs, Test, choice_of, test_of};
use super::words::place;
use crate::execute::{Input, Progress};
use crate::sweep::plan::{Filter, Sweep};
use crate::sweep::results::CellRuns;

/// An experiment of three protocols `A`, `B` and `C`, as if it had been run.
pub(super) struct Bench {
    pub(super) runs: Runs,
    pub(super) cells: Cells,
    experiments: Vec<Experiment>,
}

/// A figure of a run.
pub(super) struct At<'a> {
    pub(super) parameters: &'a Map<String, Json>,
    pub(super) label: &'a str,
    pub(super) seed: u64,
    pub(super) metric: &'a str,
}

impl At<'_> {
    /// What a parameter is set to, if that is a number.
    pub(super) fn number(&self, parameter: &str) -> f64 {
        self.parameters[parameter].as_f64().expect("a number")
    }

    /// Whether it is one of so many nodes.
    pub(super) fn has_nodes(&self, nodes: u32) -> bool {
        self.parameters["nodes"] == nodes
    }

    /// Whether a parameter is set to this text.
    pub(super) fn is(&self, parameter: &str, text: &str) -> bool {
        self.parameters[parameter] == text
    }
}

impl Bench {
    /// All cells of these axes, each with three seeds.
    pub(super) fn new(axes: &str, figure: impl Fn(&At<'_>) -> Option<f64>) -> Self {
        Self::with(axes, |_| true, figure)
    }

    /// The same without some runs.
    pub(super) fn with(axes: &str, has_run: impl Fn(&At<'_>) -> bool, figure: impl Fn(&At<'_>) -> Option<f64>) -> Self {
        let runs = Runs { sweep: sweep(axes), filter: Filter::default() };
        let grid = &runs.sweep.grid;
        let mut cells = Vec::new();
        for cell in 0..grid.len() {
            let values = grid.parameters.iter().zip(grid.values(cell));
            let parameters: Map<String, Json> =
                values.map(|(parameter, value)| (parameter.name.clone(), value.json())).collect();
            let mut of_cell = Vec::new();
            for (seed, label) in (1..=3).flat_map(|seed| LABELS.map(|label| (seed, label))) {
                let at = |metric| At { parameters: &parameters, label, seed, metric };
                if has_run(&at(METRICS[0])) {
                    of_cell.push((seed, label.to_owned(), METRICS.map(|metric| figure(&at(metric))).to_vec()));
                }
            }
            if !of_cell.is_empty() {
                cells.push(CellRuns { cell, parameters, runs: of_cell });
            }
        }
        let cells = Cells::made(&METRICS, cells);
        let experiment = Experiment {
            name: "sweep".to_owned(),
            about: String::new(),
            folder: "X/sweep".to_owned(),
            runs: Ok(runs.clone()),
        };
        Self { runs, cells, experiments: vec![experiment] }
    }

    /// A test of [`METRICS`]' first, written as the rest of it.
    pub(super) fn test(&self, rest: &str) -> Test {
        self.test_of(METRICS[0], rest)
    }

    /// A test of a figure, written as the rest of it.
    pub(super) fn test_of(&self, metric: &str, rest: &str) -> Test {
        let text = format!("(name: \"t\", question: \"Is it?\", experiment: \"sweep\", metric: \"{metric}\", {rest})");
        test_of(&read_as(&text), 0, &self.experiments).unwrap_or_else(|wrong| panic!("{text}: {wrong}"))
    }

    /// A choice by latency.
    pub(super) fn choice(&self, rest: &str) -> Choice {
        let text = format!(
            "(question: \"Who?\", experiment: \"sweep\", metric: \"lookups.latency_ms.mean\", margin: 0.1, {rest})"
        );
        choice_of(&read_as(&text), 0, &self.experiments).unwrap_or_else(|wrong| panic!("{text}: {wrong}"))
    }

    /// The samples of a test, each as one line: subject, place, and the value of each seed.
    pub(super) fn samples(&self, rest: &str) -> Vec<String> {
        let samples = samples(&self.test(rest), &self.runs, &self.cells);
        samples.expect("all can be compared").iter().map(line).collect()
    }
}

fn line(sample: &Sample) -> String {
    let shown = |values: &[Option<f64>]| {
        values.iter().map(|value| value.map_or("-".to_owned(), |value| value.to_string())).collect::<Vec<String>>()
    };
    let also = sample.also.as_ref().map_or(String::new(), |also| format!(" | {}", shown(also).join(" ")));
    format!("{} ({}): {}{also}", sample.subject, place(&sample.parameters), shown(&sample.values).join(" "))
}

fn read_as<T: DeserializeOwned>(text: &str) -> T {
    read::document("test", text.as_bytes()).unwrap_or_else(|wrong| panic!("{text}: {wrong}"))
}

fn sweep(axes: &str) -> Sweep {
    let names: Vec<&str> = Entry::all().iter().map(|entry| entry.about().name).collect();
    let protocols: Vec<String> =
        LABELS.iter().zip(&names).map(|(label, name)| format!("\"{label}\": {name}()")).collect();
    let base = BASE.replace("PROTOCOLS", &format!("{{{}}}", protocols.join(", ")));
    let bytes = format!("(base: {base}, axes: [{axes}], seeds: 1..4)").into_bytes();
    let input = Input { name: "sweep".to_owned(), title: "sweep".to_owned(), bytes };
    let folders = Folders { beside: PathBuf::new(), data: Vec::new() };
    Sweep::read(&input, &folders, &Progress::default()).unwrap_or_else(|wrong| panic!("{axes}: {wrong:?}"))
}

/// A comparison that came out like this, with a mean and an interval of a tenth to either side.
pub(super) fn comparison(parameters: &[(&str, Json)], mean: f64, verdict: Verdict) -> Comparison {
    Comparison {
        parameters: parameters.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
        values: 3,
        missing: 0,
        mean: Some(mean),
        half_width: Some(0.05),
        interval: Some((mean - 0.1, mean + 0.1)),
        level: Some(0.99),
        verdict,
    }
}

const LABELS: [&str; 3] = ["A", "B", "C"];

pub(super) const METRICS: [&str; 4] =
    ["lookups.hops.mean", "lookups.latency_ms.mean", "lookups.success", "traffic.total.bytes"];

pub(super) const DEPARTURE: &str =
    r#"(over: "churn[0].graceful", name: "departure", values: {"leave": 1.0, "crash": 0.0})"#;
pub(super) const NODES: &str = r#"(over: "churn[0].nodes", name: "nodes", values: [4, 8, 32])"#;
/// In an order that is neither that of the letters nor that of the times.
pub(super) const SESSION: &str =
    r#"(over: "churn[0].session.Exponential.mean", name: "session", values: ["5m", "1h", "20m"])"#;

const BASE: &str = r#"(
    id_bits: 16,
    protocols: PROTOCOLS,
    churn: [Sessions(nodes: 4, session: Exponential(mean: "1h"), graceful: 0.0)],
    workload: [Lookups(from: "1s", rate: "1/s")],
    end: "5s",
)"#;
