//! A scenario as written: the types that a RON file is read into. Whatever can be judged alone is judged here.

use std::collections::BTreeMap;
use std::fmt;

use protocols::Entry;
use protocols::duration::Duration;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use sim::time::Span;

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
    /// What happens, and when.
    pub script: Vec<Line>,
    /// Who asks for what.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub workload: Vec<Workload>,
    /// What happens before this instant is not measured.
    #[serde(default)]
    pub warm_up: Duration,
    /// Stretches of time whose lookups are also counted apart.
    #[serde(default, skip_serializing_if = "Phases::is_empty")]
    pub phases: Phases,
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
            (None, Some(Seeds { start, end })) => (start..end).collect(),
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

/// What lies between the nodes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NetworkSpec {
    /// How long messages travel.
    pub latency: LatencySpec,
    /// How messages get lost.
    pub loss: LossSpec,
    /// The share of messages that arrive twice.
    pub duplicate: Probability,
}

impl Default for NetworkSpec {
    fn default() -> Self {
        let latency = LatencySpec::Constant(Duration(Span::from_millis(50)));
        Self { latency, loss: LossSpec::None, duplicate: Probability(0.0) }
    }
}

/// A law of one-way delays. `per` says whether it is drawn once for each directed pair of nodes or for each packet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum LatencySpec {
    /// Always the same.
    Constant(Duration),
    /// Uniform from `low` to `high`.
    Uniform {
        /// The shortest.
        low: Duration,
        /// The longest.
        high: Duration,
        /// Drawn per pair or per packet.
        #[serde(default)]
        per: PerSpec,
    },
    /// Exponential.
    Exponential {
        /// Its mean.
        mean: Duration,
        /// Drawn per pair or per packet.
        #[serde(default)]
        per: PerSpec,
    },
    /// Normal, cut at zero.
    Normal {
        /// Its mean.
        mean: Duration,
        /// Its standard deviation.
        deviation: Duration,
        /// Drawn per pair or per packet.
        #[serde(default)]
        per: PerSpec,
    },
    /// Lognormal.
    LogNormal {
        /// Its median.
        median: Duration,
        /// The standard deviation of its logarithm.
        sigma: Sigma,
        /// Drawn per pair or per packet.
        #[serde(default)]
        per: PerSpec,
    },
}

/// Drawn once for each directed pair of nodes, or anew for each packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum PerSpec {
    /// Once for each directed pair.
    #[default]
    Pair,
    /// Anew for each packet.
    Packet,
}

/// How messages get lost.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum LossSpec {
    /// They do not.
    None,
    /// Each with this probability, whatever becomes of the others.
    Bernoulli(Probability),
}

/// Something that happens at an instant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// When.
    pub at: Duration,
    /// What.
    pub r#do: Action,
}

/// What a script can do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Action {
    /// New nodes join through nodes that are up.
    Join {
        /// How many.
        nodes: u64,
        /// How long after one another.
        #[serde(default)]
        every: Duration,
        /// Their ids.
        #[serde(default)]
        ids: Ids,
        /// In which order they come.
        #[serde(default)]
        order: Order,
    },
    /// New nodes appear with the tables of a quiet overlay.
    Converged {
        /// How many.
        nodes: u64,
        /// Their ids.
        #[serde(default)]
        ids: Ids,
    },
    /// One node of a given number and id joins: what a printed plan says.
    JoinNode {
        /// Its number.
        node: u32,
        /// Its id.
        id: Number,
        /// Whom it asks.
        bootstraps: Vec<u32>,
    },
    /// Nodes of given numbers and ids appear with the tables of a quiet overlay: what a printed plan says.
    ConvergedNodes {
        /// Numbers and ids.
        members: Vec<(u32, Number)>,
    },
    /// Nodes leave gracefully.
    Leave(Who),
    /// Nodes crash.
    Crash(Who),
    /// Nodes that are down come back with nothing but their id, and join.
    Restart(Comeback),
    /// Nodes stop handling anything; what arrives waits.
    Pause(Who),
    /// Paused nodes go on.
    Resume(Who),
    /// The network falls into parts.
    Partition {
        /// The nodes of each part; all others are one more part.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parts: Option<Vec<Nodes>>,
        /// Or: how large each part is, its nodes drawn at random from those that are up.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        shares: Option<Vec<Probability>>,
        /// How long; else until the end.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lasts: Option<Duration>,
    },
    /// Links are cut.
    Cut(Links),
    /// Links lose more than they would.
    Loss {
        /// With this probability, besides what the network loses.
        probability: Probability,
        /// Which links; else all.
        #[serde(default)]
        on: Links,
    },
    /// Links take longer than they would.
    Delay {
        /// So much longer.
        by: Duration,
        /// Which links; else all.
        #[serde(default)]
        on: Links,
    },
    /// One lookup.
    Lookup {
        /// Who asks.
        node: u32,
        /// For which key.
        key: Number,
        /// How many holders of copies it asks for, the owner among them.
        #[serde(default, skip_serializing_if = "Copies::is_owner_only")]
        copies: Copies,
    },
    /// Nodes do one step of their upkeep (protocols with manual maintenance).
    Step {
        /// Which nodes.
        nodes: Nodes,
        /// Which step: see `dhtsim list`.
        step: String,
    },
}

/// Which nodes: just one of the three.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Who {
    /// These.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nodes: Option<Nodes>,
    /// So many of those that are up, drawn at random.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// This share of those that are up, rounded to the nearest whole node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fraction: Option<Probability>,
    /// How long after one another.
    pub every: Duration,
    /// How long it lasts, where it can end by itself (`Pause`); else for good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lasts: Option<Duration>,
}

/// Which nodes come back: just one of the three, among those that are down.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Comeback {
    /// These.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nodes: Option<Nodes>,
    /// So many of those that are down, drawn at random.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// This share of those that are down, rounded to the nearest whole node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fraction: Option<Probability>,
    /// How long after one another.
    pub every: Duration,
    /// Whom they ask; else nodes drawn at random.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bootstraps: Option<Nodes>,
}

/// Which links: all, those of some nodes, or those from some nodes to others.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Links {
    /// All links to and from these nodes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nodes: Option<Nodes>,
    /// Links from these nodes …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Nodes>,
    /// … to these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Nodes>,
    /// Whether the way back counts too.
    pub both_ways: bool,
    /// How long; else until the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lasts: Option<Duration>,
}

/// The ids of new nodes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Ids {
    /// Drawn at random.
    #[default]
    Random,
    /// `SHA-1("node-{seed}-{i}")` modulo 2^`id_bits`, i from 0, duplicates skipped (the seed document, 3.4).
    Seeded {
        /// The seed in the name.
        seed: u64,
    },
    /// These.
    Explicit(Vec<Number>),
}

/// In which order new nodes come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Order {
    /// As their ids are drawn or listed.
    #[default]
    AsDrawn,
    /// By id, the smallest first.
    Ascending,
}

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

/// Nodes by number. A range stays one, so that a long one costs nothing until somebody asks who is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Nodes {
    /// Such as `[3, 7]`.
    List(Vec<u32>),
    /// Such as `0..10`, the end not included.
    Range(std::ops::Range<u32>),
}

impl Nodes {
    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        let (list, range) = match self {
            Self::List(list) => (list.as_slice(), 0..0),
            Self::Range(range) => (&[][..], range.clone()),
        };
        list.iter().copied().chain(range)
    }
}

/// A range of seeds, the end not included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "std::ops::Range<u64>", into = "std::ops::Range<u64>")]
pub struct Seeds {
    start: u64,
    end: u64,
}

/// A probability or share: 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Probability(pub f64);

/// The standard deviation of a logarithm: 0 or more, and finite.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Sigma(pub f64);

/// A number that is neither infinite nor not a number.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Finite(pub f64);

/// A whole number above zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct Count(pub u64);

/// How many holders of copies a lookup asks for, the owner among them: 1 asks for the owner alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct Copies(pub u32);

impl Copies {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands on a reference")]
    fn is_owner_only(&self) -> bool {
        *self == Self::default()
    }
}

impl Default for Copies {
    fn default() -> Self {
        Self(1)
    }
}

/// How many digits stand behind a point: 0 to 9.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct Digits(pub u8);

/// A key or id as a decimal number of any length: `20813`, or in quotes where it is beyond 2^64.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Number(pub String);

/// So many in a stretch of time: `"10/s"`, `"600/h"`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    count: f64,
    per: Span,
}

impl Rate {
    /// The mean gap between two, in nanoseconds.
    pub fn gap_nanos(&self) -> f64 {
        self.per.as_nanos() as f64 / self.count
    }

    fn parse(text: &str) -> Result<Self, String> {
        let help = || format!("\"{text}\" is no rate; write for example \"10/s\" or \"600/h\"");
        let (count, per) = text.split_once('/').ok_or_else(help)?;
        let count: f64 = count.trim().parse().map_err(|_| help())?;
        let per = per.trim();
        let unit = if per.starts_with(|c: char| c.is_ascii_digit()) { per.to_owned() } else { format!("1{per}") };
        let per = Duration::parse(&unit).map_err(|_| help())?.0;
        if !(count.is_finite() && count > 0.0 && per > Span::ZERO) {
            return Err(format!("the rate \"{text}\" must be above zero; leave the workload out if nobody asks"));
        }
        let rate = Self { count, per };
        if rate.gap_nanos() < 1.0 {
            return Err(format!("the rate \"{text}\" is above one in a nanosecond"));
        }
        Ok(rate)
    }
}

impl TryFrom<std::ops::Range<u64>> for Seeds {
    type Error = String;

    fn try_from(range: std::ops::Range<u64>) -> Result<Self, String> {
        let (start, end) = (range.start, range.end);
        if start >= end {
            return Err(format!(
                "the seeds {start}..{end} are none; the end is not included, so write {start}..{}",
                start.saturating_add(1)
            ));
        }
        if end - start > SEEDS_MAX {
            return Err(format!("{} seeds are more than {SEEDS_MAX}", end - start));
        }
        Ok(Self { start, end })
    }
}

impl From<Seeds> for std::ops::Range<u64> {
    fn from(seeds: Seeds) -> Self {
        seeds.start..seeds.end
    }
}

impl TryFrom<f64> for Probability {
    type Error = String;

    fn try_from(value: f64) -> Result<Self, String> {
        (0.0..=1.0).contains(&value).then_some(Self(value)).ok_or_else(|| format!("{value} is not between 0 and 1"))
    }
}

impl From<Probability> for f64 {
    fn from(probability: Probability) -> Self {
        probability.0
    }
}

impl TryFrom<f64> for Sigma {
    type Error = String;

    fn try_from(value: f64) -> Result<Self, String> {
        (0.0..=10.0)
            .contains(&value)
            .then_some(Self(value))
            .ok_or_else(|| format!("sigma must be between 0 and 10, not {value}"))
    }
}

impl From<Sigma> for f64 {
    fn from(sigma: Sigma) -> Self {
        sigma.0
    }
}

impl TryFrom<f64> for Finite {
    type Error = String;

    fn try_from(value: f64) -> Result<Self, String> {
        value.is_finite().then_some(Self(value)).ok_or_else(|| format!("{value} is no number to compare with"))
    }
}

impl From<Finite> for f64 {
    fn from(finite: Finite) -> Self {
        finite.0
    }
}

impl TryFrom<u64> for Count {
    type Error = String;

    fn try_from(value: u64) -> Result<Self, String> {
        (value > 0).then_some(Self(value)).ok_or_else(|| "the count must be at least 1".to_owned())
    }
}

impl From<Count> for u64 {
    fn from(count: Count) -> Self {
        count.0
    }
}

impl TryFrom<u64> for Copies {
    type Error = String;

    fn try_from(value: u64) -> Result<Self, String> {
        match u32::try_from(value) {
            Ok(copies @ 1..=COPIES_MAX) => Ok(Self(copies)),
            Ok(0) => Err("the owner holds one: `copies` must be at least 1".to_owned()),
            _ => Err(format!("{value} copies are more than {COPIES_MAX}, all that an answer has room for")),
        }
    }
}

impl From<Copies> for u64 {
    fn from(copies: Copies) -> Self {
        u64::from(copies.0)
    }
}

impl TryFrom<u64> for Digits {
    type Error = String;

    fn try_from(value: u64) -> Result<Self, String> {
        match u8::try_from(value) {
            Ok(digits @ 0..=9) => Ok(Self(digits)),
            _ => Err(format!("{value} digits are more than 9")),
        }
    }
}

impl From<Digits> for u64 {
    fn from(digits: Digits) -> Self {
        Self::from(digits.0)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.count, self.per)
    }
}

impl Serialize for Rate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct RateVisitor;
        impl Visitor<'_> for RateVisitor {
            type Value = Rate;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a rate in quotes, such as \"10/s\" or \"600/h\"")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Rate, E> {
                Rate::parse(text).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(RateVisitor)
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.parse::<u64>() {
            Ok(number) => serializer.serialize_u64(number),
            Err(_) => serializer.serialize_str(&self.0),
        }
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberVisitor;
        impl Visitor<'_> for NumberVisitor {
            type Value = Number;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a decimal number such as 20813 (in quotes where it is beyond 2^64)")
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Number, E> {
                Ok(Number(number.to_string()))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Number, E> {
                let is_decimal =
                    !text.is_empty() && text.len() <= DIGITS_MAX && text.bytes().all(|b| b.is_ascii_digit());
                let help = || E::custom(format!("\"{text}\" is no decimal number"));
                is_decimal.then(|| Number(text.to_owned())).ok_or_else(help)
            }
        }
        deserializer.deserialize_any(NumberVisitor)
    }
}

impl<'de> Deserialize<'de> for Nodes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NodesVisitor;
        impl<'de> Visitor<'de> for NodesVisitor {
            type Value = Nodes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("nodes by number: a list such as [3, 7], or a range such as 0..10")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Nodes, A::Error> {
                let mut nodes = Vec::new();
                while let Some(node) = items.next_element()? {
                    nodes.push(node);
                }
                Ok(Nodes::List(nodes))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Nodes, A::Error> {
                let mut ends = BTreeMap::new();
                while let Some((name, value)) = map.next_entry::<String, u32>()? {
                    ends.insert(name, value);
                }
                match (ends.get("start"), ends.get("end"), ends.len()) {
                    (Some(start), Some(end), 2) if start >= end => Err(de::Error::custom(format!(
                        "the range {start}..{end} names no node; its end is not included"
                    ))),
                    (Some(start), Some(end), 2) => Ok(Nodes::Range(*start..*end)),
                    _ => Err(de::Error::custom("nodes are a list such as [3, 7], or a range such as 0..10")),
                }
            }
        }
        deserializer.deserialize_any(NodesVisitor)
    }
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

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Protocols, A::Error> {
                let mut protocols: Vec<(String, Entry)> = Vec::new();
                while let Some(entry) = items.next_element::<Entry>()? {
                    let name = entry.about().name;
                    let same = protocols.iter().filter(|(_, other)| other.about().name == name).count();
                    let label = if same == 0 { name.to_owned() } else { format!("{name}-{}", same + 1) };
                    protocols.push((label, entry));
                }
                Ok(Protocols(protocols))
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
/// No scenario has more seeds than this.
pub const SEEDS_MAX: u64 = 1_000_000;
const DIGITS_MAX: usize = 60;
/// So many contacts of 26 bytes go into a UDP datagram with room to spare.
const COPIES_MAX: u32 = 1000;
