//! Files about a run: a row for each lookup, histograms that merge, and the folder from which a run can be repeated.

use std::collections::BTreeMap;
use std::io;
use std::sync::Mutex;

use scenarios::files::Files;
use scenarios::oracle::{Judged, Outcome};
use scenarios::read;
use serde::{Deserialize, Serialize};
use sim::fingerprint::Trail;
use sim::time::SimTime;

use crate::execute::{Executed, Input, Run};

/// The first line of a CSV of lookups.
pub const LOOKUPS_HEADER: &str =
    "protocol,seed,time_ms,key,initiator,owner,truth,outcome,hops,hops_to_owner,latency_ms,timeouts,messages";

/// One row for each lookup that was issued after the warm-up, runs in order, in order of issue. Ids and keys are decimal; what has no value is empty.
pub fn lookups_csv(executed: &Executed) -> Vec<u8> {
    let mut text = format!("{LOOKUPS_HEADER}\n");
    for run in &executed.runs {
        let mut lookups: Vec<&Judged> = run.lookups.iter().filter(|lookup| lookup.issued >= run.plan.warm_up).collect();
        lookups.sort_by_key(|lookup| (lookup.issued, lookup.number));
        for lookup in lookups {
            text.push_str(&lookup_row(run, lookup).join(","));
            text.push('\n');
        }
    }
    text.into_bytes()
}

fn lookup_row(run: &Run, lookup: &Judged) -> [String; 13] {
    let plan = &run.plan;
    let id = |node: sim::address::Address| plan.ids[node.index()].map_or(String::new(), |key| plan.width.decimal(key));
    let answer = lookup.answer.as_ref();
    let count = |value: Option<u32>| value.map_or(String::new(), |value| value.to_string());
    [
        quoted(&run.label),
        plan.seed.to_string(),
        millis(lookup.issued - SimTime::ZERO),
        plan.width.decimal(lookup.key),
        id(lookup.issuer),
        lookup.owner.map_or(String::new(), id),
        lookup.truth.map_or(String::new(), id),
        lookup.outcome.word().to_owned(),
        count(answer.map(|answer| answer.hops)),
        count(answer.map(|answer| answer.hops_to_owner)),
        lookup.latency().map_or(String::new(), millis),
        if lookup.outcome == Outcome::Abandoned { String::new() } else { lookup.silence.timeouts.to_string() },
        lookup.messages.to_string(),
    ]
}

/// Exact milliseconds: nanoseconds are six digits behind the point.
fn millis(span: sim::time::Span) -> String {
    let nanos = span.as_nanos();
    let text = format!("{}.{:06}", nanos / 1_000_000, nanos % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn quoted(label: &str) -> String {
    if label.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", label.replace('"', "\"\""))
    } else {
        label.to_owned()
    }
}

/// What a saved run is made of, besides its results.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Provenance {
    /// The version of this program.
    pub version: String,
    /// What the scenario is called.
    pub title: String,
    /// The seeds that were run.
    pub seeds: Vec<u64>,
    /// Files that the scenario named, and under which names they are saved.
    pub inputs: BTreeMap<String, String>,
    /// The runs, in order.
    pub runs: Vec<RunTrail>,
}

/// The fingerprint of a run, and where it stood along the way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunTrail {
    /// The label of the protocol.
    pub label: String,
    /// The seed.
    pub seed: u64,
    /// The fingerprint.
    pub fingerprint: String,
    /// How many facts it covers.
    pub facts: u64,
    /// After so many facts, at this many nanoseconds, it stood there.
    pub marks: Vec<(u64, u64, String)>,
}

impl RunTrail {
    /// The trail of a run.
    pub fn of(run: &Run) -> Self {
        let trail: &Trail = &run.finished.trail;
        let mark = |mark: &sim::fingerprint::Mark| (mark.facts, mark.at.as_nanos(), mark.value.to_string());
        Self {
            label: run.label.clone(),
            seed: run.plan.seed,
            fingerprint: run.finished.fingerprint.to_string(),
            facts: trail.facts(),
            marks: trail.marks().iter().map(mark).collect(),
        }
    }
}

/// The files of a folder from which the runs can be repeated: the scenario as given and with every default filled in, results,
/// histograms, provenance, and the files that the scenario named.
pub fn folder(input: &Input, executed: &Executed, read_files: BTreeMap<String, Vec<u8>>) -> Vec<(String, Vec<u8>)> {
    let mut files = vec![
        ("scenario.ron".to_owned(), input.bytes.clone()),
        ("resolved.ron".to_owned(), read::write(&executed.scenario).into_bytes()),
        ("results.json".to_owned(), json(&executed.document)),
        ("histograms.json".to_owned(), json(&histograms(executed))),
    ];
    let mut inputs = BTreeMap::new();
    for (place, (name, bytes)) in read_files.into_iter().enumerate() {
        let saved = format!("inputs/{place}{}", extension(&name));
        inputs.insert(name, saved.clone());
        files.push((saved, bytes));
    }
    let mut seeds: Vec<u64> = executed.runs.iter().map(|run| run.plan.seed).collect();
    seeds.sort_unstable();
    seeds.dedup();
    let provenance = Provenance {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        title: input.title.clone(),
        seeds,
        inputs,
        runs: executed.runs.iter().map(RunTrail::of).collect(),
    };
    files.push(("provenance.json".to_owned(), json(&provenance)));
    files
}

/// How a name ends, if that can be the end of any file's name.
fn extension(name: &str) -> String {
    let last = name.rsplit_once('.').map(|(_, last)| last);
    last.filter(|last| last.chars().all(|c| c.is_ascii_alphanumeric()))
        .map(|last| format!(".{last}"))
        .unwrap_or_default()
}

/// A document as text, with a line break at the end.
pub fn json(document: &impl Serialize) -> Vec<u8> {
    let mut text = serde_json::to_vec_pretty(document).expect("results are plain data");
    text.push(b'\n');
    text
}

#[derive(Serialize)]
struct HistogramFile<'a> {
    protocol: &'a str,
    seed: u64,
    metric: &'static str,
    unit: &'static str,
    /// Values, each with its count. Histograms merge by adding the counts of equal values.
    counts: Vec<(u64, u64)>,
}

fn histograms(executed: &Executed) -> Vec<HistogramFile<'_>> {
    executed
        .runs
        .iter()
        .flat_map(|run| {
            run.finished.observer.lookups.distributions().map(|(metric, unit, values)| HistogramFile {
                protocol: &run.label,
                seed: run.plan.seed,
                metric,
                unit,
                counts: values.counts(),
            })
        })
        .collect()
}

/// Passes files on, and remembers what was read.
#[derive(Debug)]
pub struct Remembering<F> {
    below: F,
    read: Mutex<BTreeMap<String, Vec<u8>>>,
}

impl<F> Remembering<F> {
    /// Nothing was read yet.
    pub fn new(below: F) -> Self {
        Self { below, read: Mutex::new(BTreeMap::new()) }
    }

    /// What was read, by name.
    pub fn into_read(self) -> BTreeMap<String, Vec<u8>> {
        self.read.into_inner().expect("nobody panicked while reading a file")
    }
}

impl<F: Files> Files for Remembering<F> {
    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        let bytes = self.below.read(name)?;
        let mut read = self.read.lock().expect("nobody panicked while reading a file");
        read.insert(name.to_owned(), bytes.clone());
        Ok(bytes)
    }

    fn places(&self) -> String {
        self.below.places()
    }
}
