//! Repeating a saved run, and finding where a repetition first differs.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use scenarios::files::{Files, Folder};
use serde::Serialize;
use sim::time::SimTime;

use crate::execute::{Choice, Failure, Input, Progress, execute};
use crate::export::{Provenance, RunTrail};

/// A saved run.
#[derive(Clone, Debug)]
pub struct Saved {
    /// The scenario as it was given.
    pub input: Input,
    /// What else is known of it.
    pub provenance: Provenance,
    folder: PathBuf,
}

/// What became of a repetition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// The label of the protocol.
    pub label: String,
    /// The seed.
    pub seed: u64,
    /// The fingerprint then and now.
    pub fingerprints: (String, String),
    /// Where they first differ, if they do.
    pub difference: Option<Difference>,
}

/// Where two runs first differ: among the facts after `same` and not after `different`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// So many facts are the same, the last of them at this nanosecond.
    pub same: (u64, u64),
    /// Among so many facts there is a difference, the last of them at this nanosecond.
    pub different: (u64, u64),
}

/// Opens the folder of a saved run.
pub fn open(folder: &Path) -> io::Result<Saved> {
    let provenance = std::fs::read(folder.join("provenance.json"))?;
    let provenance: Provenance = serde_json::from_slice(&provenance)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, format!("provenance.json: {error}")))?;
    let bytes = Folder(folder.to_owned()).read("scenario.ron")?;
    let name = folder.join("scenario.ron").display().to_string();
    let input = Input { name, title: provenance.title.clone(), bytes };
    Ok(Saved { input, provenance, folder: folder.to_owned() })
}

/// Runs a saved run again and compares.
pub fn replay(saved: &Saved, progress: &Progress) -> Result<Vec<Comparison>, Failure> {
    let choice = Choice { seeds: Some(saved.provenance.seeds.clone()), keep_lookups: false };
    let executed = execute(&saved.input, saved, &choice, progress)?;
    let now: Vec<RunTrail> = executed.runs.iter().map(RunTrail::of).collect();
    let then = &saved.provenance.runs;
    Ok(compare_all(then, &now))
}

/// Compares all runs with their repetitions. A run that is missing on one side differs from the beginning.
fn compare_all(then: &[RunTrail], now: &[RunTrail]) -> Vec<Comparison> {
    let find = |among: &[RunTrail], one: &RunTrail| {
        among.iter().find(|other| (&other.label, other.seed) == (&one.label, one.seed)).cloned()
    };
    let nothing = |of: &RunTrail| RunTrail { fingerprint: "none".to_owned(), facts: 0, marks: vec![], ..of.clone() };
    let repeated = then.iter().map(|then| compare(then, &find(now, then).unwrap_or_else(|| nothing(then))));
    let new = now.iter().filter(|now| find(then, now).is_none()).map(|now| compare(&nothing(now), now));
    repeated.chain(new).collect()
}

impl Files for Saved {
    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        let Some(saved) = self.provenance.inputs.get(name) else {
            return Err(io::Error::new(io::ErrorKind::NotFound, "it was not saved with the run"));
        };
        Folder(self.folder.clone()).read(saved)
    }

    fn places(&self) -> String {
        "in the folder of the saved run".to_owned()
    }
}

/// Compares a run with its repetition.
pub fn compare(then: &RunTrail, now: &RunTrail) -> Comparison {
    let fingerprints = (then.fingerprint.clone(), now.fingerprint.clone());
    let difference = (fingerprints.0 != fingerprints.1 || then.facts != now.facts).then(|| first_difference(then, now));
    Comparison { label: now.label.clone(), seed: now.seed, fingerprints, difference }
}

fn first_difference(then: &RunTrail, now: &RunTrail) -> Difference {
    let mut same = (0, 0);
    for (facts, at, value) in &then.marks {
        let Some((_, _, other)) = now.marks.iter().find(|(count, _, _)| count == facts) else {
            continue;
        };
        let here = (*facts, *at);
        if value != other {
            return Difference { same, different: here };
        }
        same = here;
    }
    let last = |trail: &RunTrail| trail.marks.last().map_or(0, |(_, at, _)| *at);
    let end = then.facts.max(now.facts);
    Difference { same, different: (end, last(then).max(last(now))) }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { label, seed, fingerprints: (then, now), difference } = self;
        match difference {
            None => write!(f, "same      {label}, seed {seed}: fingerprint {now}"),
            Some(Difference { same, different }) => write!(
                f,
                "DIFFERENT {label}, seed {seed}: fingerprint {then} then, {now} now\n          \
                 the first {} facts are the same (until {}); among the first {} there is a difference (until {})",
                same.0,
                SimTime::from_nanos(same.1),
                different.0,
                SimTime::from_nanos(different.1)
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trail(values: &[&str]) -> RunTrail {
        let marks = values.iter().zip(1u64..).map(|(value, fact)| (fact * 2, fact * 10, (*value).to_owned())).collect();
        let fingerprint = values.last().copied().unwrap_or_default().to_owned();
        RunTrail { label: "Chord".to_owned(), seed: 1, fingerprint, facts: values.len() as u64 * 2, marks }
    }

    #[test]
    fn equal_trails_have_no_difference() {
        assert_eq!(compare(&trail(&["a", "b"]), &trail(&["a", "b"])).difference, None);
    }

    #[test]
    fn the_first_mark_that_differs_is_found() {
        let difference = compare(&trail(&["a", "b", "c"]), &trail(&["a", "x", "y"])).difference;
        assert_eq!(difference, Some(Difference { same: (2, 10), different: (4, 20) }));
    }

    #[test]
    fn a_run_that_is_missing_on_one_side_differs() {
        let saved = RunTrail { seed: 2, ..trail(&["a"]) };
        let compared = compare_all(&[trail(&["a"]), saved], &[trail(&["a"]), RunTrail { seed: 3, ..trail(&["a"]) }]);
        let differ: Vec<(u64, bool)> = compared.iter().map(|one| (one.seed, one.difference.is_some())).collect();
        assert_eq!(differ, [(1, false), (2, true), (3, true)]);
        assert_eq!(compared[1].fingerprints, ("a".to_owned(), "none".to_owned()));
    }

    #[test]
    fn a_run_that_ends_early_differs_behind_its_end() {
        let difference = compare(&trail(&["a", "b", "c"]), &trail(&["a"])).difference;
        assert_eq!(difference, Some(Difference { same: (2, 10), different: (6, 30) }));
    }
}
