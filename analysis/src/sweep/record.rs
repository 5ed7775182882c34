//! One run as a line of results, and what stands before all of them: the schema that `docs` of a sweep's folder promise.
//!
//! `results.jsonl` holds one JSON object for each run, in order of `run`, with these keys in this order:
//!
//! | key | |
//! |---|---|
//! | `run` | its number in the plan: ((cell · seeds) + seed) · protocols + protocol, all counted from 0; a sweep that stops early, or that is filtered, leaves numbers out |
//! | `cell` | the number of its cell |
//! | `parameters` | what the cell's parameters are set to, by name: a number, or a text |
//! | `label`, `protocol` | the protocol's label in the scenario, and its name |
//! | `seed` | the seed |
//! | `figures` | every figure of `dhtsim list metrics`, as in `run --json`, without what is over time, and curves (`lorenz`) with four digits behind the point; null where there is no value |
//! | `histograms` | by name: `sum` (a decimal text) and `max`, exact, and `counts`, a histogram of three digits in the compressed V2 format of `HdrHistogram`, base64; times in nanoseconds |
//!
//! `sweep.json` is the header: what was swept, by which version. A line is short: some kilobytes.

use std::collections::BTreeMap;

use protocols::Entry;
use scenarios::plan::Plan;
use scenarios::run::Finished;
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value as Json;

use super::plan::{Filter, Place, Sweep};
use super::seeding::Seeding;
use super::values::Value;
use crate::figure;
use crate::metrics::{Lookups, Metrics, Packed};
use crate::results::Outcome;

/// What stands in `sweep.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// The name and version of this format.
    pub schema: String,
    /// The version of this program.
    pub version: String,
    /// What the sweep is called.
    pub sweep: String,
    /// The SHA-1 of the plan, the base, and the files that it names.
    pub hash: String,
    /// Conditions that chose among its runs.
    pub filter: Vec<String>,
    /// What is changed.
    pub parameters: Vec<HeaderParameter>,
    /// How many cells there are.
    pub cells: usize,
    /// How many protocols play in each.
    pub protocols: usize,
    /// Which seeds: `fixed` or `until`.
    pub seeds: Json,
    /// The figures on the page.
    pub show: Vec<String>,
    /// The names of all figures, in the order of a table.
    pub figures: Vec<String>,
    /// The names and units of the histograms.
    pub histograms: Vec<(String, String)>,
}

/// A parameter in the header.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeaderParameter {
    /// What it is called.
    pub name: String,
    /// Where it stands in the scenario.
    pub over: Vec<String>,
    /// What its values are called.
    pub values: Vec<Json>,
}

impl Header {
    /// The header of a sweep.
    pub fn of(sweep: &Sweep, filter: &Filter) -> Self {
        let parameters = sweep.grid.parameters.iter().map(|parameter| HeaderParameter {
            name: parameter.name.clone(),
            over: parameter.over.clone(),
            values: parameter.values.iter().map(Value::json).collect(),
        });
        let lookups = Lookups::default();
        let histograms = lookups.distributions();
        Self {
            schema: SCHEMA.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            sweep: sweep.title.clone(),
            hash: sweep.hash.clone(),
            filter: filter.written(),
            parameters: parameters.collect(),
            cells: sweep.grid.len(),
            protocols: sweep.protocols,
            seeds: seeds(&sweep.seeds),
            show: sweep.show.clone(),
            figures: sweep.figures.clone(),
            histograms: histograms.map(|(name, unit, _)| (name.to_owned(), unit.to_owned())).to_vec(),
        }
    }
}

impl Header {
    /// How many runs there are, if that is known before they have ended.
    pub fn runs(&self) -> Option<u64> {
        let seeds = self.seeds.get("fixed").filter(|_| self.filter.is_empty())?;
        let [first, end] = ["start", "end"].map(|name| seeds.get(name).and_then(Json::as_u64));
        Some((self.cells * self.protocols) as u64 * (end? - first?))
    }
}

fn seeds(seeds: &Seeding) -> Json {
    serde_json::to_value(seeds).expect("a rule is plain data")
}

/// One run, as it is read back.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Its number in the plan.
    pub run: u64,
    /// Its cell.
    pub cell: usize,
    /// What the parameters of its cell are set to.
    pub parameters: serde_json::Map<String, Json>,
    /// The protocol's label.
    pub label: String,
    /// The protocol's name.
    pub protocol: String,
    /// The seed.
    pub seed: u64,
    /// The figures, as a tree.
    pub figures: Json,
    /// The distributions by name.
    pub histograms: BTreeMap<String, Packed>,
}

impl Record {
    /// The record of a line; none if it is none, as when it was torn.
    pub fn read(line: &str) -> Option<Self> {
        serde_json::from_str(line).ok()
    }

    /// The figure of this name.
    pub fn figure(&self, metric: &str) -> Option<f64> {
        figure::figure(&self.figures, metric)
    }
}

/// A run as it is written.
#[derive(Serialize)]
struct Line<'a> {
    run: u64,
    cell: usize,
    #[serde(serialize_with = "in_order")]
    parameters: Vec<(&'a str, Json)>,
    label: &'a str,
    protocol: &'a str,
    seed: u64,
    figures: &'a Json,
    #[serde(serialize_with = "in_order")]
    histograms: Vec<(&'a str, Packed)>,
}

/// The line of a run, with its line break, and its figures.
pub(super) fn line(
    sweep: &Sweep,
    place: Place,
    (label, entry): &(String, Entry),
    plan: &Plan,
    finished: &Finished<Metrics>,
) -> (String, Json) {
    let outcome = Outcome::new(label, entry, plan, finished);
    let mut figures = serde_json::to_value(&outcome).expect("results are plain data");
    if let Json::Object(figures) = &mut figures {
        figures.retain(|name, _| !NO_FIGURES.contains(&name.as_str()));
    }
    shorten_lists(&mut figures);
    let names = sweep.grid.parameters.iter().map(|parameter| parameter.name.as_str());
    let line = Line {
        run: sweep.number(place),
        cell: place.cell,
        parameters: names.zip(sweep.grid.values(place.cell).into_iter().map(Value::json)).collect(),
        label,
        protocol: outcome.protocol,
        seed: plan.seed,
        figures: &figures,
        histograms: finished.observer.lookups.distributions().map(|(name, _, values)| (name, values.pack())).to_vec(),
    };
    let mut text = serde_json::to_string(&line).expect("results are plain data");
    text.push('\n');
    (text, figures)
}

/// A list is no figure but a curve, to be drawn: four digits behind the point are enough for that.
fn shorten_lists(tree: &mut Json) {
    match tree {
        Json::Object(branches) => branches.values_mut().for_each(shorten_lists),
        Json::Array(points) => {
            for point in points {
                *point = point.as_f64().map_or(Json::Null, |point| ((point * 1e4).round() / 1e4).into());
            }
        }
        _ => {}
    }
}

fn in_order<S: Serializer, T: Serialize>(entries: &[(&str, T)], serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(entries.len()))?;
    for (name, value) in entries {
        map.serialize_entry(name, value)?;
    }
    map.end()
}

/// What an outcome holds besides figures and curves: what stands beside them here, is of the plan, or is over time.
const NO_FIGURES: [&str; 5] = ["label", "protocol", "seed", "settings", "series"];
const SCHEMA: &str = "dhtsim sweep 1";
