//! `dhtsim run`: a scenario, and what came out.

use std::process::ExitCode;

use analysis::execute::{Choice, Failure, Input, execute, seeds_from_first};
use analysis::export::{self, LOOKUPS_HEADER, Remembering};
use analysis::{files, report, table};

use super::{End, files_of, input, not_written, print, set_jobs, stoppable, verdict};
use crate::{cli, progress};

pub(crate) fn verb(words: &cli::Run) -> Result<ExitCode, End> {
    let input = input(&words.scenario)?;
    set_jobs(words.work.jobs)?;
    let files = Remembering::new(files_of(&words.scenario, &words.data.folders));
    let choice = Choice { seeds: seeds(words, &input)?, keep_lookups: words.lookups.is_some() };
    check_targets(words)?;
    let progress = stoppable()?;
    let executed = progress::shown(!words.work.quiet, &progress, || execute(&input, &files, &choice, &progress))?;
    if let Some(path) = &words.lookups {
        let csv = export::lookups_csv(&executed);
        files::write(path, &csv, is_ours).map_err(|error| not_written(path, &error))?;
    }
    if let Some(path) = &words.out {
        let saved = export::folder(&input, &executed, files.into_read());
        files::write_folder(path, &saved).map_err(|error| not_written(path, &error))?;
    }
    if let Some(path) = &words.report {
        let page = report::html(&report::of_run(&input, &executed));
        files::write(path, page.as_bytes(), is_report).map_err(|error| not_written(path, &error))?;
    }
    if words.json {
        print(&export::json(&executed.document))?;
    } else {
        print(table::page(&executed).as_bytes())?;
    }
    Ok(verdict(&[executed.document]))
}

/// The seeds that are asked for instead of the scenario's.
fn seeds(words: &cli::Run, input: &Input) -> Result<Option<Vec<u64>>, Failure> {
    let one = words.seed.map(|seed| vec![seed]);
    words.seeds.map_or(Ok(one), |count| seeds_from_first(input, count).map(Some))
}

/// Whether everything can be written, before the work begins.
fn check_targets(words: &cli::Run) -> Result<(), End> {
    if let Some(path) = &words.lookups {
        files::check(path, is_ours).map_err(|error| not_written(path, &error))?;
    }
    if let Some(path) = &words.report {
        files::check(path, is_report).map_err(|error| not_written(path, &error))?;
    }
    if let Some(path) = &words.out {
        files::check_folder(path).map_err(|error| not_written(path, &error))?;
    }
    Ok(())
}

/// Whether a report was written by this command.
fn is_report(beginning: &[u8]) -> bool {
    beginning.starts_with(report::BEGINNING.as_bytes()) || beginning.is_empty()
}

/// Whether a CSV was written by this command.
fn is_ours(beginning: &[u8]) -> bool {
    beginning.starts_with(LOOKUPS_HEADER.as_bytes()) || beginning.is_empty()
}
