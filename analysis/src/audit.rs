//! Audits: an assumption put to the test by sweeps, with its margins and the rule of its verdict written down before they run.
//!
//! # Start here
//!
//! [`document::Document`] is what an audit comes to, and what a report is drawn from.

mod cells;
mod check;
mod choice;
pub mod conclude;
mod contrast;
pub mod document;
pub mod exhibit;
mod judge;
pub mod plan;
pub mod shipped;
mod spec;
#[cfg(test)]
mod testing;
mod verdict;
mod words;
