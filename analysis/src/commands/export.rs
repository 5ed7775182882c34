//! `dhtsim export`: the results of a sweep as a table.

use std::io::{self, BufWriter};
use std::process::ExitCode;

use analysis::files;
use analysis::sweep::csv;
use analysis::sweep::results::Results;

use super::{End, not_written, unprinted, unreadable};
use crate::cli;

pub(crate) fn verb(words: &cli::Export) -> Result<ExitCode, End> {
    let results = Results::open(&words.folder).map_err(End::Invalid)?;
    let write = |out: &mut dyn io::Write| {
        if words.histograms { csv::histograms(&results, out) } else { csv::runs(&results, out) }
    };
    match &words.out {
        Some(path) => files::write_with(path, |_| false, write).map_err(|error| not_written(path, &error))?,
        None => write(&mut BufWriter::new(io::stdout().lock())).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData => unreadable(&words.folder, &error),
            _ => unprinted(&error),
        })?,
    }
    if results.is_complete {
        return Ok(ExitCode::SUCCESS);
    }
    let help = "these are the runs as far as none is missing; the same `dhtsim sweep` goes on with it";
    Err(End::Incomplete(format!("the sweep in {} is not complete\n  = help: {help}", words.folder.display())))
}
