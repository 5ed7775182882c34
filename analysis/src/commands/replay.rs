//! `dhtsim replay`: a saved run again, and whether it is the same.

use std::io::{self, Write};
use std::process::ExitCode;

use analysis::{export, replay};

use super::{DIVERGED, End, print, stoppable};
use crate::{cli, progress};

pub(crate) fn verb(words: &cli::Replay) -> Result<ExitCode, End> {
    let shown = words.folder.display();
    let saved = replay::open(&words.folder).map_err(|error| {
        End::Invalid(format!(
            "{shown} is no saved run: {error}\n  = help: `dhtsim run SCENARIO --out {shown}` makes one"
        ))
    })?;
    let progress = stoppable()?;
    let comparisons = progress::shown(true, &progress, || replay::replay(&saved, &progress))?;
    let differs = comparisons.iter().any(|comparison| comparison.difference.is_some());
    if words.json {
        print(&export::json(&comparisons))?;
    } else {
        for comparison in &comparisons {
            print(format!("{comparison}\n").as_bytes())?;
        }
    }
    let (then, now) = (&saved.provenance.version, env!("CARGO_PKG_VERSION"));
    if differs && then != now {
        // If even stderr is closed, nobody is there to be told.
        let _ = writeln!(io::stderr(), "it was saved by version {then}; this is {now}, which may run otherwise");
    }
    Ok(if differs { ExitCode::from(DIVERGED) } else { ExitCode::SUCCESS })
}
