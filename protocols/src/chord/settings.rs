//! What can be chosen about Chord, and why the defaults are what they are.

use serde::{Deserialize, Serialize};
use sim::time::Span;

use crate::dht::{Setting, SettingError};
use crate::duration::Duration;
use crate::key::Width;
use crate::rpc::Timeout;
use crate::settings::{LookupMode, Maintenance, calls, one_to, some_time, some_time_in};

/// The settings of a Chord overlay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How long the successor list is.
    pub successors: u32,
    /// Which entries route.
    pub route_over: RouteOver,
    /// Who asks the next node on the way.
    pub lookup: LookupMode,
    /// Which rules keep the ring.
    pub rules: Rules,
    /// Whether upkeep runs by itself.
    pub maintenance: Maintenance,
    /// How often a node stabilizes.
    pub stabilize: Duration,
    /// How often a node fixes a finger.
    pub fix_fingers: Duration,
    /// Which finger it fixes.
    pub finger_order: FingerOrder,
    /// How long a call waits.
    pub timeout: Timeout,
    /// How often a silent call is repeated before its node counts as dead.
    pub retries: u32,
    /// How many next nodes a reply names.
    pub alternatives: u32,
    /// When a lookup gives up.
    pub lookup_deadline: Duration,
    /// Whether a lookup leaves out nodes that were silent to it before.
    pub remember_silent: bool,
    /// Whether a lookup that finds nobody to ask begins again, until its deadline.
    pub restart_lost: bool,
    /// Whether a finger that was silent is dropped.
    pub drop_silent_fingers: bool,
    /// Whether a node with a new predecessor tells the old one.
    pub tell_old_predecessor: bool,
    /// Whether rings that have lost each other look for each other.
    pub merge: Merge,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            successors: 8,
            route_over: RouteOver::FingersAndList,
            lookup: LookupMode::Iterative,
            rules: Rules::Correct,
            maintenance: Maintenance::Periodic,
            stabilize: Duration(Span::from_secs(5)),
            fix_fingers: Duration(Span::from_secs(5)),
            finger_order: FingerOrder::InTurn,
            timeout: Timeout::default(),
            retries: 1,
            alternatives: 4,
            lookup_deadline: Duration(Span::from_secs(10)),
            remember_silent: true,
            restart_lost: true,
            drop_silent_fingers: true,
            tell_old_predecessor: true,
            merge: Merge::Off,
        }
    }
}

/// Which finger is fixed next, of those that the head of the list does not fix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FingerOrder {
    /// One after the other (ToN 2003, Fig. 6).
    InTurn,
    /// Any (SIGCOMM 2001, Fig. 7): a finger is then twice as old in the mean.
    Random,
}

/// Which entries a node routes over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RouteOver {
    /// Fingers and successor list (ToN 2003).
    FingersAndList,
    /// Fingers alone (SIGCOMM 2001, and the seed document).
    Fingers,
}

/// Which rules keep the ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rules {
    /// Zave, TSE 2017.
    Correct,
    /// Stoica et al., SIGCOMM 2001: known to break.
    Published,
}

/// Whether rings that have lost each other look for each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Merge {
    /// No.
    Off,
    /// Every so often a node asks its bootstrap who owns the node's own id.
    Bootstrap {
        /// How often.
        every: Duration,
    },
}

/// The settings, for people.
pub(crate) const SETTINGS: &[Setting] = &[
    Setting {
        name: "successors",
        default: "8",
        symbol: "r",
        source: "arbitrary (seed: 3, which is unsafe; paper: 2 log2 N)",
        about: "length of the successor list",
    },
    Setting {
        name: "route_over",
        default: "FingersAndList",
        symbol: "",
        source: "ToN 2003, IV-E; Fingers is SIGCOMM 2001 and the seed",
        about: "which entries route: FingersAndList or Fingers",
    },
    Setting {
        name: "lookup",
        default: "Iterative",
        symbol: "",
        source: "ToN 2003, VI-A",
        about: "who asks the next node: Iterative (the issuer) or Recursive (each node on the way; sent out again after a quarter of lookup_deadline)",
    },
    Setting {
        name: "rules",
        default: "Correct",
        symbol: "",
        source: "Correct: Zave, TSE 2017; Published: SIGCOMM 2001, known to break",
        about: "which rules keep the ring",
    },
    Setting {
        name: "maintenance",
        default: "Periodic",
        symbol: "",
        source: "ToN 2003",
        about: "Periodic, or Manual: only when the script says Step",
    },
    Setting {
        name: "stabilize",
        default: "\"5s\"",
        symbol: "",
        source: "arbitrary (paper: 30s)",
        about: "mean time between two stabilizations of a node; each is drawn from half to one and a half times",
    },
    Setting {
        name: "fix_fingers",
        default: "\"5s\"",
        symbol: "",
        source: "ToN 2003: one finger per stabilization",
        about: "mean time between two fingers fixed by a node, drawn likewise",
    },
    Setting {
        name: "finger_order",
        default: "InTurn",
        symbol: "",
        source: "ToN 2003, Fig. 6; Random: SIGCOMM 2001, Fig. 7",
        about: "which finger is fixed next: InTurn, one after the other, or Random, any",
    },
    Setting {
        name: "timeout",
        default: "Adaptive(initial: \"500ms\", max: \"5s\")",
        symbol: "",
        source: "Jacobson 1988, Rhea et al. 2004; initial: ToN 2003; max: arbitrary",
        about: "how long a call waits: Adaptive, or Fixed(\"500ms\")",
    },
    Setting {
        name: "retries",
        default: "1",
        symbol: "",
        source: "arbitrary (paper: 0)",
        about: "how often a silent call is repeated before its node counts as dead",
    },
    Setting {
        name: "alternatives",
        default: "4",
        symbol: "",
        source: "arbitrary",
        about: "how many next nodes a reply names, so that a dead one costs no way back",
    },
    Setting {
        name: "lookup_deadline",
        default: "\"10s\"",
        symbol: "",
        source: "arbitrary (p2psim: 4s)",
        about: "when a lookup gives up",
    },
    Setting {
        name: "remember_silent",
        default: "true",
        symbol: "",
        source: "arbitrary (Table II of ToN 2003 can only be had with false)",
        about: "whether a lookup leaves out nodes that were silent to it before, when the next node names them again",
    },
    Setting {
        name: "restart_lost",
        default: "true",
        symbol: "",
        source: "arbitrary (ToN 2003: such a lookup fails)",
        about: "whether a lookup that finds nobody to ask begins again after a pause, until its deadline",
    },
    Setting {
        name: "drop_silent_fingers",
        default: "true",
        symbol: "",
        source: "ToN 2003, IV-E",
        about: "whether a finger that was silent is dropped at once or stays until it is fixed",
    },
    Setting {
        name: "tell_old_predecessor",
        default: "true",
        symbol: "",
        source: "the simulator of ToN 2003, VI",
        about: "whether a node that gets a new predecessor tells the old one about it (the published rules never do)",
    },
    Setting {
        name: "merge",
        default: "Off",
        symbol: "",
        source: "not in the papers",
        about: "Off, or Bootstrap(every: \"30s\"): ask the bootstrap now and then who owns me, so that split rings meet again",
    },
];

/// Complains of settings that cannot be meant.
pub(crate) fn check(settings: &Settings, _width: Width) -> Result<(), SettingError> {
    one_to("successors", settings.successors, 1024)?;
    one_to("alternatives", settings.alternatives, 1024)?;
    some_time("stabilize", settings.stabilize)?;
    some_time("fix_fingers", settings.fix_fingers)?;
    some_time("lookup_deadline", settings.lookup_deadline)?;
    calls(settings.timeout, settings.retries)?;
    match (settings.merge, settings.rules) {
        (Merge::Off, _) => Ok(()),
        (Merge::Bootstrap { every }, Rules::Correct) => some_time_in("merge", every, "Bootstrap(every: \"30s\")"),
        (Merge::Bootstrap { .. }, Rules::Published) => Err(SettingError {
            field: "merge",
            problem: "the published rules cannot merge rings".to_owned(),
            help: "leave `merge` out, or `rules: Published`".to_owned(),
        }),
    }
}
