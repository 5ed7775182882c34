//! What can be chosen about Kademlia, and why the defaults are what they are.

use serde::{Deserialize, Serialize};
use sim::time::Span;

use crate::dht::{Setting, SettingError};
use crate::duration::Duration;
use crate::key::Width;
use crate::rpc::Timeout;
use crate::settings::{Maintenance, calls, one_to, some_time};

/// The settings of a Kademlia overlay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How many contacts a bucket and a reply hold, and how many nodes must answer a lookup.
    pub k: u32,
    /// How many calls a lookup has in flight.
    pub alpha: u32,
    /// How many bits of the id one level of the table resolves.
    pub b: u32,
    /// Whether a lookup goes on with each reply, or in rounds.
    pub parallelism: Parallelism,
    /// Whether all of the smallest subtree around the node that holds k others are kept.
    pub keep_near: bool,
    /// What becomes of a newcomer whose bucket is full.
    pub eviction: Eviction,
    /// After how many failed calls in a row a contact is stale.
    pub stale_after: u32,
    /// How long a silent contact is left alone; doubled with every failure.
    pub backoff: Duration,
    /// After how long without a lookup a bucket is refreshed.
    pub refresh: Duration,
    /// Whether upkeep runs by itself.
    pub maintenance: Maintenance,
    /// How long a call waits.
    pub timeout: Timeout,
    /// How often a silent call is repeated before it has failed.
    pub retries: u32,
    /// When a lookup gives up.
    pub lookup_deadline: Duration,
    /// Whom a leaving node tells.
    pub farewell: Farewell,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            k: 20,
            alpha: 3,
            b: 1,
            parallelism: Parallelism::Loose,
            keep_near: true,
            eviction: Eviction::Ping,
            stale_after: 5,
            backoff: Duration(Span::from_secs(1)),
            refresh: Duration(Span::from_secs(3_600)),
            maintenance: Maintenance::Periodic,
            timeout: Timeout::default(),
            retries: 1,
            lookup_deadline: Duration(Span::from_secs(10)),
            farewell: Farewell::Nobody,
        }
    }
}

/// How a lookup's calls follow each other (the words are Stutzbach and Rejaie's, INFOCOM 2006).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Parallelism {
    /// The next call goes out as soon as one has ended.
    Loose,
    /// The next round of calls goes out when all of the last have ended.
    Strict,
}

/// What becomes of a newcomer whose bucket is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Eviction {
    /// The least recently seen is pinged, and gives way if it is silent (section 2.2).
    Ping,
    /// The newcomer waits in the replacement cache until a contact is stale (section 4.1).
    Lazy,
}

/// Whom a leaving node tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Farewell {
    /// Nobody.
    Nobody,
    /// All its contacts.
    Contacts,
}

/// The settings, for people.
pub(crate) const SETTINGS: &[Setting] = &[
    Setting {
        name: "k",
        default: "20",
        symbol: "k",
        source: "IPTPS 2002, 2.2 (seed: 8)",
        about: "contacts in a bucket and in a reply; nodes that must answer a lookup",
    },
    Setting {
        name: "alpha",
        default: "3",
        symbol: "alpha",
        source: "IPTPS 2002, 2.3",
        about: "calls that a lookup has in flight",
    },
    Setting {
        name: "b",
        default: "1",
        symbol: "b",
        source: "IPTPS 2002, 2.4 (4.2 accelerates with b > 1)",
        about: "bits that one level of the table resolves: a full bucket may split while its depth is no multiple of b",
    },
    Setting {
        name: "parallelism",
        default: "Loose",
        symbol: "",
        source: "IPTPS 2002, 2.3: the recursion can begin before all of the last calls have returned",
        about: "Loose: the next call follows each reply; Strict: rounds that wait for all their replies (the seed)",
    },
    Setting {
        name: "keep_near",
        default: "true",
        symbol: "",
        source: "IPTPS 2002, 2.4",
        about: "whether buckets around the node split until the smallest subtree with k others is known whole",
    },
    Setting {
        name: "eviction",
        default: "Ping",
        symbol: "",
        source: "Ping: IPTPS 2002, 2.2; Lazy: 4.1",
        about: "a newcomer to a full bucket has the oldest contact pinged (Ping), or waits until one is stale (Lazy)",
    },
    Setting {
        name: "stale_after",
        default: "5",
        symbol: "",
        source: "IPTPS 2002, 4.1",
        about: "failed calls in a row that make a contact stale",
    },
    Setting {
        name: "backoff",
        default: "\"1s\"",
        symbol: "",
        source: "arbitrary (IPTPS 2002, 4.1: an exponentially increasing interval)",
        about: "how long a silent contact is not called again; doubled with every failure",
    },
    Setting {
        name: "refresh",
        default: "\"1h\"",
        symbol: "",
        source: "IPTPS 2002, 2.3",
        about: "a bucket through which no lookup came for so long is refreshed; the first time is drawn from half to one and a half times",
    },
    Setting {
        name: "maintenance",
        default: "Periodic",
        symbol: "",
        source: "IPTPS 2002",
        about: "Periodic, or Manual: only when the script says Step",
    },
    Setting {
        name: "timeout",
        default: "Adaptive(initial: \"500ms\", max: \"5s\")",
        symbol: "",
        source: "Jacobson 1988, Rhea et al. 2004; the paper names none; initial and max: arbitrary",
        about: "how long a call waits: Adaptive, or Fixed(\"500ms\")",
    },
    Setting {
        name: "retries",
        default: "1",
        symbol: "",
        source: "arbitrary (IPTPS 2002, 4.1: 0)",
        about: "how often a silent call is repeated before it has failed",
    },
    Setting {
        name: "lookup_deadline",
        default: "\"10s\"",
        symbol: "",
        source: "arbitrary (p2psim: 4s)",
        about: "when a lookup gives up",
    },
    Setting {
        name: "farewell",
        default: "Nobody",
        symbol: "",
        source: "IPTPS 2002 knows no goodbye; Contacts is not in the paper",
        about: "whom a leaving node tells: Nobody, or Contacts",
    },
];

/// Complains of settings that cannot be meant.
pub(crate) fn check(settings: &Settings, width: Width) -> Result<(), SettingError> {
    one_to("k", settings.k, 1024)?;
    one_to("alpha", settings.alpha, 1024)?;
    one_to("b", settings.b, width.bits().min(16))?;
    one_to("stale_after", settings.stale_after, 1_000_000)?;
    some_time("refresh", settings.refresh)?;
    some_time("lookup_deadline", settings.lookup_deadline)?;
    calls(settings.timeout, settings.retries)
}
