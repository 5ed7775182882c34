//! Sweeps: one scenario in many variants, with every protocol and many seeds.
//!
//! # Start here
//!
//! [`plan::Sweep::read`] reads a plan and checks every cell; [`store::Store::open`] opens the folder of its results; [`drive::drive`] runs
//! what is not there yet, on as many threads as wanted; [`results::Results`] reads it back.
//!
//! # The modules, from the ground up
//!
//! - `decimal` (private) and [`values`]: what a parameter is set to; [`constraint`]: conditions between parameters.
//! - `spec` (private): a plan as written. `axes` (private): from there to the [`grid`] of cells; [`seeding`]: which seeds each runs.
//! - [`plan`]: a plan as meant, and what run number i is; `check` (private): every cell, before anything runs.
//! - [`record`]: one run as a line, and the header: the schema of the results. [`store`]: the folder that holds them.
//! - `schedule` (private): which run comes next, and which line. [`drive`]: many at once.
//! - [`results`], [`summary`], [`csv`] and [`versus`]: what is made of them.

mod axes;
mod check;
pub mod constraint;
pub mod csv;
mod decimal;
pub mod drive;
pub mod grid;
pub mod plan;
pub mod record;
pub mod results;
mod schedule;
pub mod seeding;
mod spec;
pub mod store;
pub mod summary;
pub mod values;
pub mod versus;
