//! Lookups that are listed in a file: columns `key`, `initiator` and perhaps `time_ms`.

use ::csv::{Error, ErrorKind, Position, ReaderBuilder, StringRecord, Trim};
use protocols::key::{Key, Width};
use sim::time::{SimTime, Span};

use crate::plan::script::Stage;
use crate::plan::{Deed, Line, by_id};

/// How a CSV of lookups is read.
pub(super) struct Table<'a> {
    pub(super) width: Width,
    pub(super) stage: &'a Stage,
    pub(super) end: SimTime,
    pub(super) from: SimTime,
    pub(super) every: Option<Span>,
    pub(super) copies: u32,
}

impl Table<'_> {
    /// The lookups of a file; an error begins with its line.
    pub(super) fn read(&self, bytes: &[u8]) -> Result<Vec<Line>, String> {
        let mut reader = ReaderBuilder::new().trim(Trim::All).from_reader(bytes);
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Err("1: the file is empty".to_owned());
        }
        let headers = reader.headers().map_err(|error| in_csv(&error))?.clone();
        let key_column = column(&headers, "key")?;
        let node_column = column(&headers, "initiator")?;
        let time_column = headers.iter().position(|header| header == "time_ms");
        if time_column.is_none() && self.every.is_none() {
            return Err("1: there is no column `time_ms`; say in the scenario how far apart the lookups are: `every: \"100ms\"`".to_owned());
        }
        let by_id = by_id(&self.stage.ids);
        let mut lines = Vec::new();
        for (number, record) in reader.records().enumerate() {
            let record = record.map_err(|error| in_csv(&error))?;
            let row = record.position().map_or(0, Position::line);
            let key = number_in(&record, key_column, "key", self.width)?;
            let id = number_in(&record, node_column, "initiator", self.width)?;
            let Some(node) = by_id.get(&id).copied() else {
                return Err(format!("{row}: no node has the id {}", self.width.decimal(id)));
            };
            let after = match time_column {
                Some(column) => time_in(record.get(column).unwrap_or_default(), row)?,
                None => self.every.unwrap_or_default().times(number as u64),
            };
            let at = self.from + after;
            if at >= self.end {
                return Err(format!(
                    "{row}: this lookup would come at {}, but the run ends at {}",
                    at.since(SimTime::ZERO),
                    self.end.since(SimTime::ZERO)
                ));
            }
            lines.push(Line { at, deed: Deed::Lookup { node, key, copies: self.copies } });
        }
        lines.sort_by_key(|line| line.at);
        Ok(lines)
    }
}

/// Where the column of this name stands.
pub(super) fn column(headers: &StringRecord, name: &str) -> Result<usize, String> {
    headers.iter().position(|header| header == name).ok_or_else(|| {
        format!("1: there is no column `{name}` (there are: {})", headers.iter().collect::<Vec<_>>().join(", "))
    })
}

/// The key or id in a column of a row.
pub(super) fn number_in(record: &StringRecord, column: usize, name: &str, width: Width) -> Result<Key, String> {
    let text = record.get(column).unwrap_or_default();
    width.parse(text).ok_or_else(|| {
        let row = record.position().map_or(0, Position::line);
        format!("{row}: the {name} \"{text}\" is no number below 2^{width}")
    })
}

fn time_in(text: &str, row: u64) -> Result<Span, String> {
    let millis: f64 = text.parse().map_err(|_| format!("{row}: the time \"{text}\" is no number of milliseconds"))?;
    if !(millis.is_finite() && millis >= 0.0) {
        return Err(format!("{row}: the time {text} must be zero or more"));
    }
    Ok(Span::from_nanos_f64(millis * 1e6))
}

/// What is wrong with a file as a CSV; it begins with its line.
pub(super) fn in_csv(error: &Error) -> String {
    let row = error.position().map_or(1, Position::line);
    match error.kind() {
        ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("{row}: fields in this row: {len}; in the first: {expected_len}")
        }
        ErrorKind::Utf8 { .. } => format!("{row}: this is not UTF-8"),
        _ => format!("{row}: {error}"),
    }
}
