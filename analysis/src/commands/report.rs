//! `dhtsim report`: what a folder holds, as one page to be read.

use std::process::ExitCode;

use analysis::files;
use analysis::report::{self, Report};

use super::{End, not_written, print};
use crate::cli;

pub(crate) fn verb(words: &cli::Report) -> Result<ExitCode, End> {
    let target = match (&words.out, words.markdown) {
        (Some(path), _) => Some(path.clone()),
        (None, true) => None,
        (None, false) => Some(words.folder.join("report.html")),
    };
    let begins = if words.markdown { report::MARKDOWN_BEGINNING } else { report::BEGINNING };
    let is_ours = |beginning: &[u8]| beginning.is_empty() || beginning.starts_with(begins.as_bytes());
    if let Some(path) = target.as_ref().filter(|_| words.folder.is_dir()) {
        files::check(path, is_ours).map_err(|error| not_written(path, &error))?;
    }
    let Report { page, missing } = report::of_folder(&words.folder).map_err(End::Invalid)?;
    let text = if words.markdown { report::markdown(&page) } else { report::html(&page) };
    match &target {
        Some(path) => {
            files::write(path, text.as_bytes(), is_ours).map_err(|error| not_written(path, &error))?;
            print(format!("{}\n", path.display()).as_bytes())?;
        }
        None => print(text.as_bytes())?,
    }
    match missing {
        None => Ok(ExitCode::SUCCESS),
        Some(what) => Err(End::Incomplete(format!("the report is of what there is: {what}"))),
    }
}
