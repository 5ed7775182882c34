//! What was seen: a scenario is executed, measured, printed and saved. The `dhtsim` command wraps this and adds nothing.
//!
//! # Start here
//!
//! [`execute::execute`] takes a scenario's text and gives everything back; nothing is printed. `main.rs` is the command.
//!
//! # The modules, from the ground up
//!
//! - [`metrics`]: what a run is measured by; [`recovery`]: how long until lookups were right again.
//! - [`statistics`]: means over seeds with their intervals, and differences within pairs.
//! - [`results`]: the figures as one document, and `figure` (private): one of them by its name; [`expect`]: what must come out; [`comparison`]: protocols side by side;
//!   [`claims`]: what others have published.
//! - [`execute`]: a scenario, with every protocol and seed.
//! - [`phases`]: the figures of parts of a run.
//! - [`sweep`]: a scenario in many variants, kept in a folder.
//! - [`table`] and [`listing`]: results, and what there is, as people read them; `width` (private): texts on a terminal.
//! - [`report`]: audits, sweeps and runs as one page with pictures.
//! - [`export`] and [`files`]: files about a run, written so that nothing is lost; [`replay`]: the run again.

pub mod audit;
pub mod claims;
pub mod comparison;
pub mod execute;
pub mod expect;
pub mod export;
mod figure;
pub mod files;
pub mod listing;
pub mod metrics;
mod named;
pub mod phases;
pub mod recovery;
pub mod replay;
pub mod report;
pub mod results;
pub mod statistics;
pub mod sweep;
pub mod table;
mod width;

/// The scenario that `dhtsim new` prints.
pub const STARTER: &str = include_str!("starter.ron");
