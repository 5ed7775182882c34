//! The results of a sweep as flat tables: a row for each run, or for each value of a merged histogram.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::Value as Json;

use super::record::Record;
use super::results::Results;
use crate::figure;
use crate::metrics::Distribution;

/// One row for each run: its number, the parameters, label, protocol, seed, fingerprint, and every figure; what has no value is
/// empty. Runs that are not there are not written.
pub fn runs(results: &Results, out: impl Write) -> io::Result<()> {
    let mut table = csv::Writer::from_writer(out);
    let parameters: Vec<&str> = results.header.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
    let figures: Vec<&str> = results.header.figures.iter().map(String::as_str).collect();
    // No two columns are called the same: many a parameter is called like a figure.
    let named: Vec<String> = parameters
        .iter()
        .map(|name| if figures.contains(name) { format!("parameters.{name}") } else { (*name).to_owned() })
        .collect();
    let named: Vec<&str> = named.iter().map(String::as_str).collect();
    let heads = [&["run", "cell"], &named[..], &["label", "protocol", "seed", "fingerprint"], &figures[..]].concat();
    table.write_record(heads).map_err(plain)?;
    for record in results.records()? {
        let record = record?;
        let before = [record.run.to_string(), record.cell.to_string()];
        let set = parameters.iter().map(|name| text(record.parameters.get(*name)));
        let fingerprint = text(record.figures.get("fingerprint"));
        let who = [record.label.clone(), record.protocol.clone(), record.seed.to_string(), fingerprint];
        let figures = figures.iter().map(|metric| at(&record, metric));
        table.write_record(before.into_iter().chain(set).chain(who).chain(figures)).map_err(plain)?;
    }
    table.flush()
}

/// One row for each value of each histogram of each cell and protocol, its seeds merged: parameters, label, histogram, unit, value,
/// count. Histograms have three digits; they merge by adding the counts of equal values.
pub fn histograms(results: &Results, out: impl Write) -> io::Result<()> {
    let mut table = csv::Writer::from_writer(out);
    let parameters: Vec<&str> = results.header.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
    let heads = [&["cell"], &parameters[..], &["label", "histogram", "unit", "value", "count"]].concat();
    table.write_record(heads).map_err(plain)?;
    // Merged while the cell is read, so that one run at a time is in memory.
    let mut merged = Merged::default();
    for record in results.records()? {
        let record = record?;
        if merged.cell != Some(record.cell) {
            merged.write(results, &parameters, &mut table)?;
            merged = Merged { cell: Some(record.cell), ..Merged::default() };
        }
        merged.add(&record)?;
    }
    merged.write(results, &parameters, &mut table)?;
    table.flush()
}

/// The histograms of a cell.
#[derive(Default)]
struct Merged {
    cell: Option<usize>,
    parameters: serde_json::Map<String, Json>,
    /// Labels in order, each with its distributions by name.
    labels: Vec<(String, BTreeMap<String, Distribution>)>,
}

impl Merged {
    fn add(&mut self, record: &Record) -> io::Result<()> {
        self.parameters.clone_from(&record.parameters);
        if self.labels.iter().all(|(label, _)| *label != record.label) {
            self.labels.push((record.label.clone(), BTreeMap::new()));
        }
        let of_label = self.labels.iter_mut().find(|(label, _)| *label == record.label);
        let (_, all) = of_label.expect("it was put there");
        for (name, packed) in &record.histograms {
            let values = Distribution::unpack(packed).ok_or_else(|| {
                io::Error::new(io::ErrorKind::InvalidData, format!("run {}: `{name}` is no histogram", record.run))
            })?;
            all.entry(name.clone()).or_default().add(&values);
        }
        Ok(())
    }

    fn write<W: Write>(&self, results: &Results, parameters: &[&str], table: &mut csv::Writer<W>) -> io::Result<()> {
        let Some(cell) = self.cell else {
            return Ok(());
        };
        for (label, all) in &self.labels {
            for (name, unit) in &results.header.histograms {
                for (value, count) in all.get(name).map(Distribution::counts).unwrap_or_default() {
                    let set = parameters.iter().map(|name| text(self.parameters.get(*name)));
                    let after = [label.clone(), name.clone(), unit.clone(), value.to_string(), count.to_string()];
                    table.write_record([cell.to_string()].into_iter().chain(set).chain(after)).map_err(plain)?;
                }
            }
        }
        Ok(())
    }
}

/// What the file or pipe itself has said, so that a closed pipe is known as one.
fn plain(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

fn text(value: Option<&Json>) -> String {
    match value {
        None | Some(Json::Null) => String::new(),
        Some(Json::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

fn at(record: &Record, metric: &str) -> String {
    text(figure::at(&record.figures, metric))
}
