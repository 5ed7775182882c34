//! Settings that several protocols have, and the complaints about values that cannot be meant.

use serde::{Deserialize, Serialize};
use sim::time::Span;

use crate::dht::SettingError;
use crate::duration::Duration;
use crate::rpc::Timeout;

/// Who asks the next node on the way to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LookupMode {
    /// The issuer asks every node on the way.
    Iterative,
    /// Each node hands the lookup to the next; the owner replies to the issuer.
    Recursive,
}

/// Whether upkeep runs by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Maintenance {
    /// Every so often.
    Periodic,
    /// Only when a script says `Step`.
    Manual,
}

/// Complains of a number below one or above the most.
pub(crate) fn one_to(field: &'static str, value: u32, most: u32) -> Result<(), SettingError> {
    if value == 0 {
        let problem = format!("`{field}` must be at least 1");
        return Err(SettingError { field, problem, help: format!("write a number from 1 to {most}") });
    }
    at_most(field, value, most)
}

/// Complains of a number above the most.
pub(crate) fn at_most(field: &'static str, value: u32, most: u32) -> Result<(), SettingError> {
    if value <= most {
        return Ok(());
    }
    let problem = format!("`{field}` must be at most {most}");
    Err(SettingError { field, problem, help: format!("write a number up to {most}") })
}

/// Complains of a duration of nothing.
pub(crate) fn some_time(field: &'static str, value: Duration) -> Result<(), SettingError> {
    some_time_in(field, value, "\"500ms\"")
}

/// Complains of a duration of nothing inside a setting that is written like this example.
pub(crate) fn some_time_in(field: &'static str, value: Duration, example: &str) -> Result<(), SettingError> {
    if value.0 > Span::ZERO {
        return Ok(());
    }
    let problem = format!("`{field}` must be longer than nothing");
    Err(SettingError { field, problem, help: format!("write for example `{field}: {example}`") })
}

/// Complains of calls that do not wait, or are repeated without end.
pub(crate) fn calls(timeout: Timeout, retries: u32) -> Result<(), SettingError> {
    at_most("retries", retries, 100)?;
    match timeout {
        Timeout::Fixed(wait) => some_time_in("timeout", wait, "Fixed(\"500ms\")"),
        Timeout::Adaptive { initial, max } => {
            some_time_in("timeout", initial.min(max), ADAPTIVE)?;
            if initial <= max {
                return Ok(());
            }
            let problem = format!("`timeout` begins with {initial}, which is above its most, {max}");
            Err(SettingError { field: "timeout", problem, help: format!("write for example `timeout: {ADAPTIVE}`") })
        }
    }
}

const ADAPTIVE: &str = "Adaptive(initial: \"500ms\", max: \"5s\")";
