//! `dhtsim claims`: what others have published, beside what is measured.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use analysis::claims::ClaimsDocument;
use analysis::execute::{self, Choice, Failure, Input, execute};
use analysis::results::Document;
use analysis::{export, table};
use scenarios::{files as scenario_files, read};

use super::{End, files_of, input, print, set_jobs, stoppable, unreadable, verdict};
use crate::{cli, progress};

pub(crate) fn verb(words: &cli::Claims) -> Result<ExitCode, End> {
    set_jobs(words.work.jobs)?;
    let scenarios = with_claims(&words.scenarios)?;
    let progress = stoppable()?;
    let run = |(path, input): &(PathBuf, Input)| {
        execute(input, &files_of(path, &words.data.folders), &Choice::default(), &progress)
            .map(|executed| executed.document)
    };
    let all = || scenarios.iter().map(run).collect::<Result<Vec<Document>, Failure>>();
    let documents = progress::shown(!words.work.quiet, &progress, all)?;
    if words.json {
        print(&export::json(&ClaimsDocument::of(&documents)))?;
    } else {
        print(table::claims_page(&documents).as_bytes())?;
    }
    Ok(verdict(&documents))
}

/// The scenarios that hold claims, of these files and of all in these folders.
fn with_claims(paths: &[PathBuf]) -> Result<Vec<(PathBuf, Input)>, End> {
    let mut found = Vec::new();
    for path in paths {
        let is_folder = path.is_dir();
        let inside = if is_folder { scenario_files::of_folder(path, "ron") } else { Ok(vec![path.clone()]) };
        for path in inside.map_err(|error| unreadable(path, &error))? {
            let input = input(&path)?;
            let scenario = read::scenario(&input.name, &input.bytes)?;
            execute::check(&input, &scenario)?;
            if !scenario.claims.is_empty() {
                found.push((path, input));
            } else if !is_folder {
                // If stderr is closed, nobody is there to be told.
                let _ = writeln!(io::stderr(), "{} holds no claims, and is not run", input.name);
            }
        }
    }
    if found.is_empty() {
        return Err(End::Invalid(format!(
            "no scenario here holds claims (folders in folders are not searched)\n  = help: {CLAIM_EXAMPLE}"
        )));
    }
    Ok(found)
}

const CLAIM_EXAMPLE: &str = "write `claims: [(about: \"mean hops\", says: \"1.90\", metric: \"lookups.hops.mean\", because: \"…\")]` in a scenario";
