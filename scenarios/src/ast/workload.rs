//! The workload, as written: who asks for what.

use protocols::duration::Duration;
use serde::{Deserialize, Serialize};
use sim::time::Span;

use super::law::LawSpec;
use super::transfers::Transfers;
use super::values::{Copies, Count, Nodes, Probability, Rate, Sigma, judged};

/// Who asks for what, over a stretch of time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Workload {
    /// Lookups at a rate, however long each of them takes: an open loop.
    Lookups(Lookups),
    /// Every member keeps some lookups in flight: when one ends, the next is asked.
    ClosedLoop(ClosedLoop),
    /// Lookups read from a CSV file with the columns `key`, `initiator` (a node's id) and perhaps `time_ms`.
    Csv(Csv),
    /// Large values on the access links, which messages then wait behind.
    Transfers(Transfers),
}

/// Lookups at a rate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lookups {
    /// The first instant.
    pub from: Duration,
    /// The instant after the last; else the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Duration>,
    /// How many in a stretch of time.
    pub rate: Rate,
    /// Whose rate that is.
    #[serde(default, skip_serializing_if = "RatePer::is_all")]
    pub per: RatePer,
    /// How far the rates of nodes differ: sigma of a lognormal factor whose mean is 1; else not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spread: Option<Sigma>,
    /// At which instants.
    #[serde(default)]
    pub arrivals: Arrivals,
    /// When it asks faster; else never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bursts: Option<Bursts>,
    /// For which keys.
    #[serde(default)]
    pub keys: Keys,
    /// Who asks; else nodes drawn at random from those that are up, or for `per: Node` all that are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuers: Option<Nodes>,
    /// How many holders of copies each lookup asks for, the owner among them.
    #[serde(default, skip_serializing_if = "Copies::is_owner_only")]
    pub copies: Copies,
}

/// Lookups in flight.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClosedLoop {
    /// The first instant.
    pub from: Duration,
    /// The instant after the last; else the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Duration>,
    /// How many each node has in flight or in mind.
    #[serde(default)]
    pub in_flight: InFlight,
    /// How long a node thinks between the end of a lookup and the next.
    #[serde(default = "not_at_all")]
    pub think: LawSpec,
    /// For which keys.
    #[serde(default)]
    pub keys: Keys,
    /// Who asks; else all members.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuers: Option<Nodes>,
    /// How many holders of copies each lookup asks for, the owner among them.
    #[serde(default, skip_serializing_if = "Copies::is_owner_only")]
    pub copies: Copies,
    /// The number that its draws are keyed by; else its place in the list of workloads. A printed plan says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draws: Option<u32>,
}

/// Lookups of a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Csv {
    /// The file, beside the scenario.
    pub file: String,
    /// When the first is asked, or what `time_ms` counts from.
    pub from: Duration,
    /// How long after one another, if there is no column `time_ms`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<Duration>,
    /// How many holders of copies each lookup asks for, the owner among them.
    #[serde(default, skip_serializing_if = "Copies::is_owner_only")]
    pub copies: Copies,
}

/// Whose rate the rate of a workload is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum RatePer {
    /// That of all nodes together: each request is asked by one of them.
    #[default]
    All,
    /// That of each node, while it is up.
    Node,
}

impl RatePer {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands on a reference")]
    fn is_all(&self) -> bool {
        *self == Self::All
    }
}

/// At which instants a workload asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Arrivals {
    /// Independently: exponential gaps.
    #[default]
    Poisson,
    /// At equal gaps: from the first instant on, or for `per: Node` from an instant of the first gap drawn for each node.
    Regular,
}

/// Stretches of time in which a workload asks faster: a Poisson process whose rate is switched by a two-state Markov
/// chain (an MMPP: Fischer and Meier-Hellstern, "The Markov-Modulated Poisson Process Cookbook", 1993).
///
/// Both the bursts and the quiet between them last exponentially long. The workload begins as in the midst of things, in
/// a burst with probability `lasts / every`, so that at every instant, and in the mean, it asks
/// `1 + (factor - 1) * lasts / every` times as fast as its rate says.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bursts {
    /// From the beginning of one to the beginning of the next, in the mean.
    pub every: Duration,
    /// How long one lasts, in the mean.
    pub lasts: Duration,
    /// How many times as fast the workload asks meanwhile.
    pub factor: Factor,
}

/// How many times as much: above zero, up to a million.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Factor(pub f64);

/// How many lookups a node keeps in flight: 1 to 1000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct InFlight(pub u32);

/// For which keys a workload asks.
///
/// What is said here of requests one after the other holds for all requests of `Lookups` together; with `per: Node` for
/// those of each node, and in a closed loop for those of each of its places in flight.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
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
    /// Items of different popularity: that of rank r is asked for with a probability in proportion to `1 / r^exponent`. Its
    /// key is `SHA-1("item-{seed}-{r}")` modulo 2^`id_bits`, r from 1.
    Zipf {
        /// 0 makes all alike; Breslau et al. (INFOCOM 1999) found .64 to .83 for pages of the web.
        #[serde(default)]
        exponent: Exponent,
        /// How many there are.
        #[serde(default)]
        items: Items,
        /// The seed in the name; else that of the run.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seed: Option<u64>,
    },
    /// Runs of neighbouring keys, as the blocks of a file: the first drawn at random, then the next, one request each.
    Runs {
        /// How many keys make a run.
        #[serde(default = "default_run")]
        length: Count,
        /// How far apart two neighbours are.
        #[serde(default = "default_stride")]
        stride: Count,
    },
    /// Normally distributed around centres, around the circle.
    Gaussian {
        /// How many centres there are, drawn at random; each is as likely as another.
        #[serde(default = "default_centres")]
        centres: Count,
        /// The standard deviation, as a share of the circle.
        #[serde(default = "default_deviation")]
        deviation: Probability,
    },
    /// Read from the column `key` of a CSV file, as decimal numbers.
    File {
        /// The file, beside the scenario.
        file: String,
        /// Which comes next.
        #[serde(default)]
        order: KeyOrder,
    },
}

/// In which order keys of a file are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyOrder {
    /// As they stand there, and again from the beginning.
    #[default]
    Listed,
    /// Each drawn at random.
    Random,
}

/// The exponent of Zipf's law: 0 or more, and finite.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Exponent(pub f64);

/// How many items there are: 1 to a thousand million.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct Items(pub u64);

impl Default for InFlight {
    fn default() -> Self {
        Self(1)
    }
}

impl Default for Exponent {
    /// Zipf's own law.
    fn default() -> Self {
        Self(1.0)
    }
}

impl Default for Items {
    /// Arbitrary.
    fn default() -> Self {
        Self(10_000)
    }
}

judged!(
    Factor,
    |value| value > 0.0 && value <= FACTOR_MAX,
    "a factor must be above 0 and at most {FACTOR_MAX}, not {value}"
);

impl TryFrom<u64> for InFlight {
    type Error = String;

    fn try_from(value: u64) -> Result<Self, String> {
        match u32::try_from(value) {
            Ok(count @ 1..=IN_FLIGHT_MAX) => Ok(Self(count)),
            Ok(0) => Err("a closed loop keeps at least 1 lookup in flight; leave it out if nobody asks".to_owned()),
            _ => Err(format!("{value} lookups in flight at each node are more than {IN_FLIGHT_MAX}")),
        }
    }
}

impl From<InFlight> for u64 {
    fn from(count: InFlight) -> Self {
        u64::from(count.0)
    }
}

judged!(
    Exponent,
    |value| value >= 0.0 && value.is_finite(),
    "the exponent of Zipf's law must be 0 or more, and finite, not {value}"
);

impl TryFrom<u64> for Items {
    type Error = String;

    fn try_from(value: u64) -> Result<Self, String> {
        match value {
            0 => Err("there must be at least 1 item to ask for".to_owned()),
            1..=ITEMS_MAX => Ok(Self(value)),
            _ => Err(format!("{value} items are more than {ITEMS_MAX}")),
        }
    }
}

impl From<Items> for u64 {
    fn from(items: Items) -> Self {
        items.0
    }
}

fn not_at_all() -> LawSpec {
    LawSpec::Constant(Duration(Span::ZERO))
}

/// Arbitrary, as the next three are.
fn default_run() -> Count {
    Count(16)
}

fn default_stride() -> Count {
    Count(1)
}

fn default_centres() -> Count {
    Count(5)
}

fn default_deviation() -> Probability {
    Probability(0.01)
}

/// Beyond this a burst is no burst, but a slip of the pen.
const FACTOR_MAX: f64 = 1e6;
/// More than this a node does not have in mind at once.
const IN_FLIGHT_MAX: u32 = 1000;
const ITEMS_MAX: u64 = 1_000_000_000;
