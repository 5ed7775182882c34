//! What can be chosen about Pastry, and why the defaults are what they are.

use serde::{Deserialize, Serialize};
use sim::time::Span;

use crate::dht::{Setting, SettingError};
use crate::duration::Duration;
use crate::key::Width;
use crate::rpc::Timeout;
use crate::settings::{LookupMode, Maintenance, at_most, calls, one_to, some_time, some_time_in};

/// The settings of a Pastry overlay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How many bits a digit has.
    pub b: u32,
    /// How many nodes the leaf set holds, half of them on either side.
    pub leaf_set: u32,
    /// How many nodes the neighbourhood set holds.
    pub neighbourhood: u32,
    /// Who asks the next node on the way.
    pub lookup: LookupMode,
    /// When a node that joins begins to answer for keys.
    pub join: Join,
    /// Whether near nodes are preferred in the routing table.
    pub proximity: Proximity,
    /// Whether upkeep runs by itself.
    pub maintenance: Maintenance,
    /// How often a node sends keep-alives to its leaf set.
    pub keep_alive: Duration,
    /// Whether rows of routing tables are exchanged now and then.
    pub row_exchange: RowExchange,
    /// How long a call waits.
    pub timeout: Timeout,
    /// How often a silent call is repeated before its node counts as dead.
    pub retries: u32,
    /// How many next nodes a reply names.
    pub alternatives: u32,
    /// When a lookup gives up.
    pub lookup_deadline: Duration,
    /// Whether a lookup that finds nobody to ask begins again, until its deadline.
    pub restart_lost: bool,
    /// Whether overlays that have lost each other look for each other.
    pub merge: Merge,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            b: 4,
            leaf_set: 16,
            neighbourhood: 32,
            lookup: LookupMode::Recursive,
            join: Join::Ready,
            proximity: Proximity::Measured,
            maintenance: Maintenance::Periodic,
            keep_alive: Duration(Span::from_secs(5)),
            row_exchange: RowExchange::Every { period: Duration(Span::from_secs(1_200)) },
            timeout: Timeout::default(),
            retries: 1,
            alternatives: 4,
            lookup_deadline: Duration(Span::from_secs(10)),
            restart_lost: true,
            merge: Merge::Off,
        }
    }
}

impl Settings {
    /// |L|/2: how many nodes stand on one side of the leaf set.
    pub(crate) fn half(&self) -> usize {
        self.leaf_set as usize / 2
    }
}

/// When a node that joins begins to answer for keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Join {
    /// When every member of its leaf set has been asked and knows of it (Lu, Merz, Weidenbach; Azmy, Merz, Weidenbach).
    Ready,
    /// As soon as its state has arrived (Middleware 2001): two nodes that join at once may both answer for a key.
    Optimistic,
}

/// Whether near nodes are preferred in the routing table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Proximity {
    /// By measured round trips.
    Measured,
    /// No: who came first keeps its place.
    Off,
}

/// Whether rows of routing tables are exchanged now and then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum RowExchange {
    /// No.
    Off,
    /// Every so often a node asks one entry of each row for its own row.
    Every {
        /// How often.
        period: Duration,
    },
}

/// Whether overlays that have lost each other look for each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Merge {
    /// No.
    Off,
    /// Every so often a node asks its bootstrap who stands next to the node's own id.
    Bootstrap {
        /// How often.
        every: Duration,
    },
}

/// The settings, for people.
pub(crate) const SETTINGS: &[Setting] = &[
    Setting { name: "b", default: "4", symbol: "b", source: "Middleware 2001, 2.1", about: "bits of a digit: 1 to 8" },
    Setting {
        name: "leaf_set",
        default: "16",
        symbol: "|L|",
        source: "Middleware 2001, 2.1 (2^b; its experiments: 16; seed: 8)",
        about: "size of the leaf set, half of it on either side; an even number",
    },
    Setting {
        name: "neighbourhood",
        default: "32",
        symbol: "|M|",
        source: "Middleware 2001, 3 (2.1: 2^b or 2 * 2^b)",
        about: "size of the neighbourhood set: the nearest nodes by round trip",
    },
    Setting {
        name: "lookup",
        default: "Recursive",
        symbol: "",
        source: "Middleware 2001, 2.2",
        about: "who asks the next node: Recursive (each node on the way; sent out again after a quarter of lookup_deadline) or Iterative (the issuer)",
    },
    Setting {
        name: "join",
        default: "Ready",
        symbol: "",
        source: "Ready: Lu/Merz/Weidenbach 2011, Azmy et al. 2016; Optimistic: Middleware 2001, known to break",
        about: "when a joining node begins to answer: Ready (its whole leaf set knows of it) or Optimistic (at once)",
    },
    Setting {
        name: "proximity",
        default: "Measured",
        symbol: "",
        source: "Middleware 2001, 2.5",
        about: "whether the nearer of two nodes gets the place in the routing table: Measured, or Off (the first)",
    },
    Setting {
        name: "maintenance",
        default: "Periodic",
        symbol: "",
        source: "Middleware 2001, 2.4",
        about: "Periodic, or Manual: only when the script says Step, and nothing is repaired",
    },
    Setting {
        name: "keep_alive",
        default: "\"5s\"",
        symbol: "",
        source: "arbitrary (the paper gives none)",
        about: "mean time between two rounds of keep-alives to the leaf set; each is drawn from half to one and a half times",
    },
    Setting {
        name: "row_exchange",
        default: "Every(period: \"20m\")",
        symbol: "",
        source: "Castro et al., Exploiting network proximity, 2002: 20 minutes",
        about: "Off, or how often a node asks one entry of each row of its routing table for the same row",
    },
    Setting {
        name: "timeout",
        default: "Adaptive(initial: \"500ms\", max: \"5s\")",
        symbol: "",
        source: "Jacobson 1988, Rhea et al. 2004; initial and max: arbitrary",
        about: "how long a call waits: Adaptive, or Fixed(\"500ms\")",
    },
    Setting {
        name: "retries",
        default: "1",
        symbol: "",
        source: "arbitrary",
        about: "how often a silent call is repeated before its node counts as dead",
    },
    Setting {
        name: "alternatives",
        default: "4",
        symbol: "",
        source: "arbitrary",
        about: "how many next nodes a reply to an iterative lookup names, so that a dead one costs no way back",
    },
    Setting {
        name: "lookup_deadline",
        default: "\"10s\"",
        symbol: "",
        source: "arbitrary (p2psim: 4s)",
        about: "when a lookup gives up",
    },
    Setting {
        name: "restart_lost",
        default: "true",
        symbol: "",
        source: "arbitrary",
        about: "whether a lookup that finds nobody to ask begins again after a pause, until its deadline",
    },
    Setting {
        name: "merge",
        default: "Off",
        symbol: "",
        source: "not in the papers",
        about: "Off, or Bootstrap(every: \"30s\"): ask the bootstrap now and then who stands next to me, so that split rings meet again",
    },
];

/// Complains of settings that cannot be meant.
pub(crate) fn check(settings: &Settings, _width: Width) -> Result<(), SettingError> {
    one_to("b", settings.b, 8)?;
    at_most("leaf_set", settings.leaf_set, 1024)?;
    if settings.leaf_set == 0 || settings.leaf_set % 2 == 1 {
        let problem = "`leaf_set` must be even and at least 2: half of it stands on either side".to_owned();
        return Err(SettingError { field: "leaf_set", problem, help: "write for example `leaf_set: 16`".to_owned() });
    }
    at_most("neighbourhood", settings.neighbourhood, 1024)?;
    one_to("alternatives", settings.alternatives, 1024)?;
    some_time("keep_alive", settings.keep_alive)?;
    some_time("lookup_deadline", settings.lookup_deadline)?;
    calls(settings.timeout, settings.retries)?;
    if let RowExchange::Every { period } = settings.row_exchange {
        some_time_in("row_exchange", period, "Every(period: \"20min\")")?;
    }
    match settings.merge {
        Merge::Off => Ok(()),
        Merge::Bootstrap { every } => some_time_in("merge", every, "Bootstrap(every: \"30s\")"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_meant_is_said_to_be_wrong() {
        let width = Width::new(16).expect("legal");
        let field = |settings: Settings| check(&settings, width).err().map(|error| error.field);
        assert_eq!(field(Settings::default()), None);
        assert_eq!(field(Settings { b: 0, ..Settings::default() }), Some("b"));
        assert_eq!(field(Settings { b: 9, ..Settings::default() }), Some("b"));
        assert_eq!(field(Settings { leaf_set: 0, ..Settings::default() }), Some("leaf_set"));
        assert_eq!(field(Settings { leaf_set: 7, ..Settings::default() }), Some("leaf_set"));
        assert_eq!(field(Settings { keep_alive: Duration(Span::ZERO), ..Settings::default() }), Some("keep_alive"));
        assert_eq!(field(Settings { neighbourhood: 0, ..Settings::default() }), None, "it may be done without");
    }
}
