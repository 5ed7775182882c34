//! The workload, as written: who asks for what.

use protocols::duration::Duration;
use serde::{Deserialize, Serialize};

use super::values::{Copies, Count, Nodes, Rate};

/// Who asks for what, over a stretch of time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Workload {
    /// Lookups at a rate.
    Lookups {
        /// The first instant.
        from: Duration,
        /// The instant after the last; else the end.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Duration>,
        /// How many in a stretch of time, by all nodes together.
        rate: Rate,
        /// At which instants.
        #[serde(default)]
        arrivals: Arrivals,
        /// For which keys.
        #[serde(default)]
        keys: Keys,
        /// Who asks; else nodes drawn at random from those that are up.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        issuers: Option<Nodes>,
        /// How many holders of copies each lookup asks for, the owner among them.
        #[serde(default, skip_serializing_if = "Copies::is_owner_only")]
        copies: Copies,
    },
    /// Lookups read from a CSV file with the columns `key`, `initiator` (a node's id) and perhaps `time_ms`.
    Csv {
        /// The file, beside the scenario.
        file: String,
        /// When the first is asked, or what `time_ms` counts from.
        from: Duration,
        /// How long after one another, if there is no column `time_ms`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        every: Option<Duration>,
        /// How many holders of copies each lookup asks for, the owner among them.
        #[serde(default, skip_serializing_if = "Copies::is_owner_only")]
        copies: Copies,
    },
}

/// At which instants a workload asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Arrivals {
    /// Independently: exponential gaps.
    #[default]
    Poisson,
    /// At equal gaps.
    Regular,
}

/// For which keys a workload asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Keys {
    /// Drawn at random, all keys alike.
    #[default]
    Uniform,
    /// `SHA-1("key-{seed}-{i}")` modulo 2^`id_bits`, i from 0 to `count`-1 and again (the seed document, 3.4).
    Seeded {
        /// The seed in the name.
        seed: u64,
        /// How many different keys.
        count: Count,
    },
    /// Ids of nodes drawn at random from those that are up at that instant, each for itself: the issuer may be drawn too.
    NodeIds,
}
