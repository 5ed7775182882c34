//! What lies in a folder: an audit, a sweep or a saved run; and the report of it.

use std::fs;
use std::path::Path;

use super::page::Page;
use super::{audit, run, sweep};

/// A report, and whether all is there that it is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// What is written.
    pub page: Page,
    /// What is missing, if anything is.
    pub missing: Option<String>,
}

/// The report of a folder. An error says why there is none.
pub fn of_folder(folder: &Path) -> Result<Report, String> {
    let shown = folder.display();
    let is_there = |name: &str| folder.join(name).is_file();
    if !folder.is_dir() {
        return Err(format!("there is no folder {shown}\n  = help: {HELP}"));
    }
    if is_there(AUDIT) {
        audit::report(folder)
    } else if is_there(crate::sweep::store::HEADER) {
        sweep::report(folder)
    } else if is_there(run::RESULTS) {
        run::report(folder)
    } else if holds_sweeps(folder) {
        Err(format!(
            "{shown} holds sweeps of audits that have not come to their end\n  = help: give the same `dhtsim audit` again: it goes on where it was"
        ))
    } else {
        Err(format!("{shown} holds nothing that a report could be made of\n  = help: {HELP}"))
    }
}

/// Reads a JSON file. An error says what is wrong with it.
pub(super) fn json<T: serde::de::DeserializeOwned>(path: &Path, what: &str) -> Result<T, String> {
    let bytes = fs::read(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    serde_json::from_slice(&bytes).map_err(|error| format!("{} is no {what}: {error}", path.display()))
}

/// The document of audits, in their folder.
pub const AUDIT: &str = "audit.json";
const HELP: &str = "a report is made of the folder of `dhtsim audit`, `dhtsim sweep` or `dhtsim run --out`";

/// Whether sweeps lie two folders down, as those of audits do.
fn holds_sweeps(folder: &Path) -> bool {
    let below = |folder: &Path| fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    below(folder).flat_map(|audit| below(&audit)).any(|sweep| sweep.join(crate::sweep::store::HEADER).is_file())
}
