//! `dhtsim list`: what there is.

use std::process::ExitCode;

use analysis::export;
use analysis::listing::{self, Listing};

use super::{End, print};
use crate::cli::{self, ListWhat};

pub(crate) fn verb(words: &cli::List) -> Result<ExitCode, End> {
    let wants = |what| words.what.is_none_or(|wanted| wanted == what);
    let listing = Listing {
        protocols: wants(ListWhat::Protocols).then(listing::protocols),
        metrics: wants(ListWhat::Metrics).then(listing::metrics),
        settings: wants(ListWhat::Settings).then(listing::settings),
        presets: wants(ListWhat::Presets).then(listing::presets),
    };
    let text = if words.json { export::json(&listing) } else { listing::page(&listing).into_bytes() };
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}
