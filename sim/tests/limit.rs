//! Runs the unit tests of the plain loop, which a benchmark without a harness would not run.

#[path = "../benches/support/limit.rs"]
mod limit;
