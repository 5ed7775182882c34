//! What can be chosen about full membership, and why the defaults are what they are.

use serde::{Deserialize, Serialize};
use sim::time::Span;

use crate::dht::{Setting, SettingError};
use crate::duration::Duration;
use crate::key::Width;
use crate::rpc::Timeout;
use crate::settings::{Maintenance, at_most, calls, one_to, some_time};

/// The settings of a group with full membership.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The protocol period: each member pings one other in each.
    pub period: Duration,
    /// How many members are asked to ping one that does not answer.
    pub ping_requests: u32,
    /// Whom a member pings next.
    pub targets: Targets,
    /// How long a suspect may refute, in protocol periods for each unit of ⌈ln(n+1)⌉; without, it fails at once.
    pub suspicion: u32,
    /// How often each member sends an update, for each unit of ⌈ln(n+1)⌉.
    pub lambda: u32,
    /// How many updates a message carries.
    pub updates: u32,
    /// Whether the failure detector runs by itself.
    pub maintenance: Maintenance,
    /// How long a call waits; a ping waits half a period at most.
    pub timeout: Timeout,
    /// How often a silent call of a lookup or a join is repeated.
    pub retries: u32,
    /// When a lookup gives up.
    pub lookup_deadline: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            period: Duration(Span::from_secs(1)),
            ping_requests: 3,
            targets: Targets::RoundRobin,
            suspicion: 3,
            lambda: 3,
            updates: 6,
            maintenance: Maintenance::Periodic,
            timeout: Timeout::default(),
            retries: 1,
            lookup_deadline: Duration(Span::from_secs(10)),
        }
    }
}

/// Whom a member pings next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Targets {
    /// One after the other, in an order that is drawn anew after each round (section 4.3).
    RoundRobin,
    /// Anyone, each time (section 3.1).
    Random,
}

impl Settings {
    /// How often an update is sent by each member of a group of this size.
    pub(crate) fn sends(&self, group: usize) -> u32 {
        self.lambda * log(group)
    }

    /// For how many periods a suspect may refute in a group of this size.
    pub(crate) fn suspect_periods(&self, group: usize) -> u32 {
        self.suspicion * log(group)
    }
}

/// ⌈ln(n+1)⌉, in whole numbers alone.
fn log(group: usize) -> u32 {
    1 + POWERS_OF_E.iter().filter(|power| **power < group as u64 + 1).count() as u32
}

/// e, e², e³ and so on, rounded down.
const POWERS_OF_E: [u64; 22] = [
    2,
    7,
    20,
    54,
    148,
    403,
    1_096,
    2_980,
    8_103,
    22_026,
    59_874,
    162_754,
    442_413,
    1_202_604,
    3_269_017,
    8_886_110,
    24_154_952,
    65_659_969,
    178_482_300,
    485_165_195,
    1_318_815_734,
    3_584_912_846,
];

/// The settings, for people.
pub(crate) const SETTINGS: &[Setting] = &[
    Setting {
        name: "period",
        default: "\"1s\"",
        symbol: "T'",
        source: "arbitrary (DSN 2002, 5: 2s)",
        about: "the protocol period: each member pings one other in each; at least three round trips (3.1)",
    },
    Setting {
        name: "ping_requests",
        default: "3",
        symbol: "k",
        source: "arbitrary (DSN 2002, 5: 1)",
        about: "how many members are asked to ping one that does not answer",
    },
    Setting {
        name: "targets",
        default: "RoundRobin",
        symbol: "",
        source: "RoundRobin: DSN 2002, 4.3; Random: 3.1",
        about: "whom a member pings next: RoundRobin over a list shuffled after each round, or Random",
    },
    Setting {
        name: "suspicion",
        default: "3",
        symbol: "",
        source: "DSN 2002, 4.2 and 5: 3 ceil(log(n+1)) periods",
        about: "a suspect fails after so many times ceil(ln(n+1)) periods; 0: at once, without suspicion",
    },
    Setting {
        name: "lambda",
        default: "3",
        symbol: "lambda",
        source: "DSN 2002, 4.1 and 5: 3 ceil(log(n+1)) times",
        about: "each member sends an update so many times ceil(ln(n+1)) times",
    },
    Setting {
        name: "updates",
        default: "6",
        symbol: "",
        source: "DSN 2002, 5",
        about: "how many updates a message carries",
    },
    Setting {
        name: "maintenance",
        default: "Periodic",
        symbol: "",
        source: "DSN 2002",
        about: "Periodic, or Manual: a period begins only when the script says Step",
    },
    Setting {
        name: "timeout",
        default: "Adaptive(initial: \"500ms\", max: \"5s\")",
        symbol: "",
        source: "Jacobson 1988, Rhea et al. 2004; DSN 2002, 3.1: an estimate of the round trip; initial and max: arbitrary",
        about: "how long a call waits: Adaptive, or Fixed(\"500ms\"); a ping waits half a period at most",
    },
    Setting {
        name: "retries",
        default: "1",
        symbol: "",
        source: "arbitrary; not in the paper",
        about: "how often a silent call of a lookup or a join is repeated; pings never are: other members are asked to",
    },
    Setting {
        name: "lookup_deadline",
        default: "\"10s\"",
        symbol: "",
        source: "arbitrary (p2psim: 4s)",
        about: "when a lookup gives up",
    },
];

/// Complains of settings that cannot be meant.
pub(crate) fn check(settings: &Settings, _width: Width) -> Result<(), SettingError> {
    some_time("period", settings.period)?;
    at_most("ping_requests", settings.ping_requests, 1_000)?;
    at_most("suspicion", settings.suspicion, 1_000)?;
    one_to("lambda", settings.lambda, 1_000)?;
    one_to("updates", settings.updates, 1_000)?;
    some_time("lookup_deadline", settings.lookup_deadline)?;
    calls(settings.timeout, settings.retries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logarithm_is_the_natural_one_rounded_up() {
        for (power, expected) in POWERS_OF_E.iter().zip(1..) {
            assert_eq!(*power, libm::floor(libm::exp(f64::from(expected))) as u64);
            let group = *power as usize;
            assert_eq!((log(group - 1), log(group)), (expected, expected + 1));
        }
        for group in 1..10_000 {
            assert_eq!(log(group), libm::ceil(libm::log(group as f64 + 1.0)) as u32, "{group}");
        }
    }
}
