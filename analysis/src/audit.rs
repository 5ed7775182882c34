//! Audits: an assumption put to the test by sweeps, with its margins and the rule of its verdict written down before they run.
//!
//! # Start here
//!
//! [`document::Document`] is what an audit comes to, and what a report is drawn from.

pub mod document;
