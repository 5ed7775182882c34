//! Sweeps: one scenario in many variants, with every protocol and many seeds.

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
