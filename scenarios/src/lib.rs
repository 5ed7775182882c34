//! A scenario file becomes a plan, a plan becomes a run, and a judge says which lookups were right.
//!
//! # Start here
//!
//! [`read::scenario`] reads RON text into an [`ast::Scenario`]; [`plan::Plan::make`] decides everything that is left to chance,
//! for one seed; [`run::run`] carries it out with one protocol, and tells an [`run::Observer`] what happens.
//!
//! # The modules, from the ground up
//!
//! - [`source`] and [`diagnostic`]: where a value stands in a text, and errors that show it; [`mistake`]: what is wrong, by path.
//! - [`raw`] and [`splice`]: values as they are written, and other values in their place.
//! - [`files`]: other files that a scenario names; [`availability`]: traces of who was up when.
//! - [`ast`]: the scenario as written.
//! - [`data`]: measured delays and traces, from files of several forms.
//! - [`plan`]: the scenario with everything decided.
//! - [`read`]: from text to scenario to plan.
//! - [`oracle`]: the judge.
//! - [`run`]: the run.

pub mod ast;
pub mod availability;
pub mod data;
pub mod diagnostic;
pub mod files;
pub mod mistake;
pub mod oracle;
pub mod plan;
pub mod raw;
pub mod read;
pub mod run;
pub mod source;
pub mod splice;
