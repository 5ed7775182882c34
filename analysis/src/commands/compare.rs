//! `dhtsim compare`: what changed between two results, and what got worse.

use std::process::ExitCode;

use analysis::sweep::versus::{self, Figure, Unread};
use analysis::{export, table};

use super::{EXPECTATION_MISSED, End, print};
use crate::cli;

pub(crate) fn verb(words: &cli::Compare) -> Result<ExitCode, End> {
    let named = words.metrics.iter().map(|text| Figure::named(text)).collect::<Result<Vec<Figure>, String>>();
    let named = named.map_err(|wrong| End::Invalid(format!("--metric: {wrong}")))?;
    let figures = if named.is_empty() { Figure::all() } else { named.clone() };
    let read = |path| versus::samples(path, &figures).map_err(unread);
    let (before, after) = (read(&words.before)?, read(&words.after)?);
    let compared = versus::compare(&before, &after, &figures).map_err(End::Invalid)?;
    if words.json {
        print(&export::json(&compared))?;
    } else {
        print(table::versus_page(&compared).as_bytes())?;
    }
    let is_worse = !named.is_empty() && compared.is_worse();
    Ok(if is_worse { ExitCode::from(EXPECTATION_MISSED) } else { ExitCode::SUCCESS })
}

fn unread(unread: Unread) -> End {
    match unread {
        Unread::Unfit(text) => End::Invalid(text),
        Unread::Incomplete(text) => End::Incomplete(text),
    }
}
