//! The results of a sweep, read back: one cell at a time, so that their number costs no memory.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Lines};
use std::iter::Peekable;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value as Json};

use super::record::{Header, Record};
use super::store::{RESULTS, header_of, results_of};

/// The results of a sweep, in its folder.
#[derive(Clone, Debug)]
pub struct Results {
    /// What was swept.
    pub header: Header,
    /// Whether all runs are there.
    pub is_complete: bool,
    path: PathBuf,
}

/// The runs of one cell, of each what was picked.
#[derive(Clone, Debug)]
pub struct CellRuns<T> {
    /// Its number.
    pub cell: usize,
    /// What the parameters are set to, by name.
    pub parameters: Map<String, Json>,
    /// Its runs by seed, then protocol: seed, label, and what was picked.
    pub runs: Vec<(u64, String, T)>,
}

impl Results {
    /// Opens the results in a folder, or those of a `results.jsonl` in one. An error says what is wrong with it.
    pub fn open(path: &Path) -> Result<Self, String> {
        let is_file = path.file_name().is_some_and(|name| name == RESULTS);
        let folder = if is_file { path.parent().unwrap_or(Path::new("")) } else { path };
        let header = header_of(folder)?;
        let (path, is_complete) = results_of(folder);
        Ok(Self { header, is_complete, path })
    }

    /// Whether any run can have ended.
    pub fn is_there(&self) -> bool {
        self.path.is_file()
    }

    /// The runs, in order; of results that are not complete, as far as none is missing.
    pub fn records(&self) -> io::Result<Records> {
        let lines = BufReader::new(File::open(&self.path)?).lines();
        Ok(Records { lines, is_complete: self.is_complete, wanted: self.header.runs(), read: 0, last: None })
    }

    /// The runs cell by cell; `pick` says what is kept of each.
    pub fn cells<T, F: FnMut(&Record) -> T>(&self, pick: F) -> io::Result<Cells<F>> {
        Ok(Cells { records: self.records()?.peekable(), pick })
    }
}

/// Runs, one after the other.
#[derive(Debug)]
pub struct Records {
    lines: Lines<BufReader<File>>,
    is_complete: bool,
    /// How many there must be, if that is known before.
    wanted: Option<u64>,
    read: u64,
    last: Option<u64>,
}

impl Iterator for Records {
    type Item = io::Result<Record>;

    fn next(&mut self) -> Option<io::Result<Record>> {
        let line = match self.lines.next() {
            None => return self.ended(),
            Some(Err(error)) => return Some(Err(error)),
            Some(Ok(line)) => line,
        };
        self.read += 1;
        match Record::read(&line) {
            Some(record) if self.last.is_none_or(|last| last < record.run) => {
                self.last = Some(record.run);
                Some(Ok(record))
            }
            Some(_) => Some(Err(self.wrong("is a run that stands there before, or should"))),
            // The last line of what is not complete may be torn.
            None if !self.is_complete => None,
            None => Some(Err(self.wrong("is no run of a sweep"))),
        }
    }
}

impl Records {
    /// All runs are there, or it is said that they are not.
    fn ended(&mut self) -> Option<io::Result<Record>> {
        let wanted = self.wanted.take().filter(|wanted| self.is_complete && *wanted != self.read)?;
        let text =
            format!("{RESULTS} has {} runs of {wanted}; take it away, and the same command makes it anew", self.read);
        Some(Err(io::Error::new(io::ErrorKind::InvalidData, text)))
    }

    fn wrong(&self, what: &str) -> io::Error {
        let text = format!("line {} of {RESULTS} {what}", self.read);
        io::Error::new(io::ErrorKind::InvalidData, text)
    }
}

/// Cells, one after the other.
#[derive(Debug)]
pub struct Cells<F> {
    records: Peekable<Records>,
    pick: F,
}

impl<T, F: FnMut(&Record) -> T> Iterator for Cells<F> {
    type Item = io::Result<CellRuns<T>>;

    fn next(&mut self) -> Option<io::Result<CellRuns<T>>> {
        let first = match self.records.next()? {
            Ok(first) => first,
            Err(error) => return Some(Err(error)),
        };
        let mut runs = vec![(first.seed, first.label.clone(), (self.pick)(&first))];
        let is_same = |next: &io::Result<Record>| next.as_ref().is_ok_and(|next| next.cell == first.cell);
        while let Some(Ok(next)) = self.records.next_if(is_same) {
            runs.push((next.seed, next.label.clone(), (self.pick)(&next)));
        }
        Some(Ok(CellRuns { cell: first.cell, parameters: first.parameters, runs }))
    }
}

impl<T> CellRuns<T> {
    /// The labels of its protocols, in order of the scenario.
    pub fn labels(&self) -> Vec<&str> {
        let mut labels: Vec<&str> = Vec::new();
        for (_, label, _) in &self.runs {
            if !labels.contains(&label.as_str()) {
                labels.push(label);
            }
        }
        labels
    }

    /// The runs of a protocol, in order of their seeds.
    pub fn of<'a>(&'a self, label: &'a str) -> impl Iterator<Item = (u64, &'a T)> + Clone {
        self.runs.iter().filter(move |(_, other, _)| other == label).map(|(seed, _, picked)| (*seed, picked))
    }
}
