//! A scenario as written: the types that a RON file is read into. Whatever can be judged alone is judged here.

mod bandwidth;
mod churn;
mod hosts;
mod law;
mod network;
mod regions;
mod script;
mod transfers;
mod values;
mod workload;

use std::fmt;

use protocols::Entry;
use protocols::duration::Duration;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};

pub use bandwidth::{BandwidthSpec, BitRate, Size};
pub use churn::{
    Begin, Churn, ChurnPreset, Churns, Class, Copula, Departures, Diurnal, Failures, First, Identity, Memory,
    Newcomers, PresetClass, Sessions, Swing, Trace, churn_presets,
};
pub use hosts::{HostsSpec, SlowSpec};
pub use law::LawSpec;
pub use network::{
    Correlation, JitterSpec, LatencySpec, LossPerSpec, LossSpec, MatrixSpec, MissingSpec, NetworkSpec, PerSpec,
    PlacementSpec, UnitSpec, ValuesSpec,
};
pub use regions::{PRESETS, Preset, PresetName, Regions, RegionsSpec};
pub use script::{Action, Back, Comeback, Ids, Line, Links, Order, Slowdown, Who};
pub use transfers::{Chunk, Transfer, Transfers};
pub use values::{
    Copies, Count, Digits, Finite, KeyCount, Nodes, Number, Probability, Rate, SEEDS_MAX, Seeds, Shape, Sigma,
};
pub use workload::{
    Arrivals, Bursts, ClosedLoop, Csv, Exponent, Factor, InFlight, Items, KeyOrder, Keys, Lookups, RatePer, Workload,
};

/// A whole scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What to call it in results; else the file's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How many bits ids and keys have, 1 to 160.
    #[serde(default = "default_id_bits")]
    pub id_bits: u32,
    /// Who plays: each protocol runs the same plan.
    pub protocols: Protocols,
    /// What lies between the nodes.
    #[serde(default)]
    pub network: NetworkSpec,
    /// What the machines are that nodes live on.
    #[serde(default, skip_serializing_if = "HostsSpec::is_default")]
    pub hosts: HostsSpec,
    /// What happens, and when.
    #[serde(default)]
    pub script: Vec<Line>,
    /// Who comes and goes by itself.
    #[serde(default, skip_serializing_if = "Churns::is_empty")]
    pub churn: Churns,
    /// Who asks for what.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub workload: Vec<Workload>,
    /// What happens before this instant is not measured.
    #[serde(default)]
    pub warm_up: Duration,
    /// Stretches of time whose lookups are also counted apart.
    #[serde(default, skip_serializing_if = "Phases::is_empty")]
    pub phases: Phases,
    /// Keys of which the judge looks at who owns them, who holds copies, and what becomes of those.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placement: Option<Probe>,
    /// When the run ends.
    pub end: Duration,
    /// Where all chance comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Several seeds, one run each: `1..31` are thirty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seeds: Option<Seeds>,
    /// What must come out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expect: Vec<Expectation>,
    /// What others have published, to be held against what is measured.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<Claim>,
}

impl Scenario {
    /// The seeds of its runs.
    pub fn seeds(&self) -> Vec<u64> {
        match (self.seed, self.seeds) {
            (Some(seed), _) => vec![seed],
            (None, Some(seeds)) => std::ops::Range::from(seeds).collect(),
            (None, None) => vec![DEFAULT_SEED],
        }
    }
}

/// Protocols with their labels: written as a list, or as a map from label to protocol.
#[derive(Clone, Debug, PartialEq)]
pub struct Protocols(pub Vec<(String, Entry)>);

/// Phases with their names, in order of the file: written as a map from name to stretch of time. They may overlap.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Phases(pub Vec<(String, Phase)>);

impl Phases {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phase {
    /// Its first instant.
    pub from: Duration,
    /// The instant after its last.
    pub until: Duration,
}

/// Keys that are placed at an instant, with copies, among the members of then: by the judge's reckoning alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename = "Placement", deny_unknown_fields)]
pub struct Probe {
    /// When: before anything else that happens then.
    pub at: Duration,
    /// How many keys, drawn uniformly.
    pub keys: KeyCount,
    /// How many members hold a copy of each, its owner among them.
    #[serde(default, skip_serializing_if = "Copies::is_owner_only")]
    pub copies: Copies,
}

/// What must come out of a run: the mean over its seeds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// Which figure: see `dhtsim list`.
    pub metric: String,
    /// Of which protocol, by its label; else of each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// Not less than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<Finite>,
    /// Not more than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<Finite>,
    /// From the first to the second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<(Finite, Finite)>,
}

/// A figure that a document has published, held against the mean over the seeds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// What it is about, in a few words.
    pub about: String,
    /// Where it was published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// About which protocol, by its label; else about each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// What the document says, as it is written there.
    pub says: String,
    /// Which figure to hold against it: see `dhtsim list`; none if this scenario does not measure it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<String>,
    /// With how many digits behind the point the figure is shown; else with one more than the document has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digits: Option<Digits>,
    /// Why the two are the same, or why not, or why it is not measured.
    pub because: String,
}

impl Serialize for Protocols {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        map_in_order(&self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for Protocols {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ProtocolsVisitor;
        impl<'de> Visitor<'de> for ProtocolsVisitor {
            type Value = Protocols;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of protocols, `[...]`, or a map from label to protocol, `{...}`")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Protocols, A::Error> {
                elements_in_order(items, |entry: &Entry| entry.about().name).map(Protocols)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Protocols, A::Error> {
                entries_in_order(map).map(Protocols)
            }
        }
        deserializer.deserialize_any(ProtocolsVisitor)
    }
}

impl Serialize for Phases {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        map_in_order(&self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for Phases {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PhasesVisitor;
        impl<'de> Visitor<'de> for PhasesVisitor {
            type Value = Phases;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map from name to stretch of time, `{\"before\": (from: \"60s\", until: \"120s\")}`")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Phases, A::Error> {
                entries_in_order(map).map(Phases)
            }
        }
        deserializer.deserialize_map(PhasesVisitor)
    }
}

fn map_in_order<S: Serializer, T: Serialize>(entries: &[(String, T)], serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(entries.len()))?;
    for (name, value) in entries {
        map.serialize_entry(name, value)?;
    }
    map.end()
}

/// The elements of a list, each labelled by its name: `Name`, and where that is taken `Name-2` and so on.
fn elements_in_order<'de, A: SeqAccess<'de>, T: Deserialize<'de>>(
    mut items: A,
    name: impl Fn(&T) -> &'static str,
) -> Result<Vec<(String, T)>, A::Error> {
    let mut elements: Vec<(String, T)> = Vec::new();
    while let Some(element) = items.next_element::<T>()? {
        let this = name(&element);
        let same = elements.iter().filter(|(_, other)| name(other) == this).count();
        let label = if same == 0 { this.to_owned() } else { format!("{this}-{}", same + 1) };
        elements.push((label, element));
    }
    Ok(elements)
}

fn entries_in_order<'de, A: MapAccess<'de>, T: Deserialize<'de>>(mut map: A) -> Result<Vec<(String, T)>, A::Error> {
    let mut entries = Vec::new();
    while let Some(entry) = map.next_entry()? {
        entries.push(entry);
    }
    Ok(entries)
}

fn default_id_bits() -> u32 {
    DEFAULT_ID_BITS
}

/// The width of SHA-1, as in the papers.
pub const DEFAULT_ID_BITS: u32 = 160;
/// The seed of a scenario that names none.
pub const DEFAULT_SEED: u64 = 1;
