//! Churn, as written: who comes and goes by itself, by which laws or by which trace.

mod presets;

use std::fmt;

use protocols::duration::Duration;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use sim::time::Span;

use super::law::LawSpec;
use super::script::Back;
use super::values::{Count, Nodes, Probability, Rate};
use super::{entries_in_order, map_in_order};

pub use presets::{ChurnPreset, PresetClass, churn_presets};

/// Churn with its labels: written as a list, or as a map from label to entry. What an entry draws is a function of its
/// label, so that an entry taken out moves no draw of those that keep theirs; in a list the labels are `Sessions`,
/// `Sessions-2` and so on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Churns(pub Vec<(String, Churn)>);

impl Churns {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// One way in which nodes come and go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Churn {
    /// Hosts that are up and down by turns.
    Sessions(Sessions),
    /// New nodes by a Poisson clock.
    Arrivals(Newcomers),
    /// Nodes drawn from those that are up go, by a Poisson clock.
    Departures(Departures),
    /// A part of those that are up crashes at once, by a Poisson clock.
    Failures(Failures),
    /// Hosts that are up and down as a file says.
    Trace(Trace),
}

impl Churn {
    /// Its word in scenarios.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Sessions(_) => "Sessions",
            Self::Arrivals(_) => "Arrivals",
            Self::Departures(_) => "Departures",
            Self::Failures(_) => "Failures",
            Self::Trace(_) => "Trace",
        }
    }
}

/// Hosts that are up and down by turns: an alternating renewal process for each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sessions {
    /// How many hosts, up or down.
    pub nodes: Count,
    /// Laws by name ([`churn_presets`]); what is written beside it takes its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preset: Option<String>,
    /// How long a node stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<LawSpec>,
    /// How long its host is then down. Where there is none, another takes its place at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub downtime: Option<LawSpec>,
    /// Instead of `session` and `downtime`: kinds of hosts. Of which kind a host is, is a function of seed and host.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<Class>,
    /// Correlation of consecutive sessions of a host: of their normal scores, which follow an autoregression of the first
    /// order (a Gaussian copula); of lognormal sessions it is that of the logarithms. None if not given: independent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation: Option<Copula>,
    /// The first instant.
    #[serde(default)]
    pub from: Duration,
    /// From then on nobody comes or goes by this entry; else the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Duration>,
    /// In which state of things it begins.
    #[serde(default)]
    pub begin: Begin,
    /// How those come that are up at the first instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<First>,
    /// Under which id a host comes back. Default: under a new one, with a new address, as in Li et al., "A Performance vs.
    /// Cost Framework for Evaluating DHT Design Tradeoffs under Churn", INFOCOM 2005, and in p2psim.
    #[serde(default = "new_id")]
    pub id: Identity,
    /// With what state it comes back.
    #[serde(default)]
    pub state: Memory,
    /// The share of departures that say goodbye, drawn for each; the others crash. Default: none do, as in p2psim.
    #[serde(default)]
    pub graceful: Probability,
    /// How the rate of returns swings through the day. A steady beginning is that of the mean over a period: the swing sets
    /// in within the first downtimes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diurnal: Option<Diurnal>,
}

/// A kind of hosts.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Class {
    /// The share of hosts that are of this kind, up or down.
    pub share: Probability,
    /// How long a node stays.
    pub session: LawSpec,
    /// How long its host is then down. Where there is none, another takes its place at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub downtime: Option<LawSpec>,
}

/// New nodes, each on a host of its own, by a Poisson clock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Newcomers {
    /// How many come in a stretch of time.
    pub rate: Rate,
    /// How long each stays; else until something else takes it away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<LawSpec>,
    /// Whether some are there from the first instant on: as many as come and stay in the long run, each in the middle of
    /// its session (the M/G/∞ queue in equilibrium). By default, if there is a `session`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steady: Option<bool>,
    /// How those come that are there from the first instant on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<First>,
    /// The first instant.
    #[serde(default)]
    pub from: Duration,
    /// From then on nobody comes or goes by this entry; else the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Duration>,
    /// The share of departures that say goodbye, drawn for each; the others crash. Default: none do, as in p2psim.
    #[serde(default)]
    pub graceful: Probability,
    /// How the rate swings through the day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diurnal: Option<Diurnal>,
}

/// Nodes drawn from those that are up go, by a Poisson clock. With `Arrivals` of the same rate: Stoica et al., ToN 2003,
/// Table III.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Departures {
    /// How many go in a stretch of time.
    pub rate: Rate,
    /// The share of departures that say goodbye, drawn for each; the others crash. Default: none do, as in p2psim.
    #[serde(default)]
    pub graceful: Probability,
    /// The first instant.
    #[serde(default)]
    pub from: Duration,
    /// The instant after the last; else the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Duration>,
}

/// A part of those that are up crashes at once, by a Poisson clock: one of `nodes`, `count`, `fraction` and `region`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failures {
    /// How often in a stretch of time.
    pub rate: Rate,
    /// Those of these that are up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodes: Option<Nodes>,
    /// So many, drawn at random each time; all if there are not more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// This share, rounded to the nearest whole node, drawn at random each time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fraction: Option<Probability>,
    /// Only of those that stand in this region; all of them if nothing else is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// How they come back; else they stay down, but for what else brings them back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back: Option<Back>,
    /// The first instant.
    #[serde(default)]
    pub from: Duration,
    /// The instant after the last; else the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Duration>,
}

/// Hosts that are up and down as a file says ([`crate::availability`]).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trace {
    /// The file, beside the scenario.
    pub file: String,
    /// The instant at which the trace, or the part of it, begins.
    #[serde(default)]
    pub from: Duration,
    /// Only this part of the trace, by its own clock: after it nobody comes or goes by this entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clip: Option<(Duration, Duration)>,
    /// Only these nodes of the trace, by their names in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<Vec<String>>,
    /// How those come that are up at the first instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<First>,
    /// Under which id a host comes back. Default: under the same, since a trace knows its nodes by name.
    #[serde(default)]
    pub id: Identity,
    /// With what state it comes back.
    #[serde(default)]
    pub state: Memory,
    /// The share of departures that say goodbye, drawn for each; the others crash. Default: none do, as in p2psim.
    #[serde(default)]
    pub graceful: Probability,
}

/// In which state of things sessions begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Begin {
    /// As after a long time: a host is up with the probability E\[session\] / (E\[session\] + E\[downtime\]), and in the
    /// middle of a session or downtime that is met in proportion to its length (Cox, Renewal Theory, 1962, §7.4).
    #[default]
    Steady,
    /// All are up, and have just come.
    Fresh,
    /// All are down, and have just gone.
    Empty,
}

/// How those come that are up at the first instant. By default a warm start, if nobody is up yet but such as appear
/// converged at the same instant; else they join.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum First {
    /// They appear with the tables of a quiet overlay.
    Converged,
    /// They join, one after the other.
    Join {
        /// How long after one another; by default 50 ms (arbitrary).
        #[serde(default = "first_every")]
        every: Duration,
    },
}

impl First {
    /// They join at the default pace.
    pub fn join() -> Self {
        Self::Join { every: first_every() }
    }
}

/// Under which id a host comes back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Identity {
    /// As the same node.
    #[default]
    Same,
    /// As a new node, with a new id and a new address, on the same host.
    New,
}

impl Identity {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands on a reference")]
    pub(super) fn is_same(&self) -> bool {
        *self == Self::Same
    }
}

/// With what state a node comes back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Memory {
    /// With nothing but its id. The default, as in p2psim and in `Restart`.
    #[default]
    Lost,
    /// With the tables that it had when it went.
    Kept,
}

impl Memory {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands on a reference")]
    pub(super) fn is_lost(&self) -> bool {
        *self == Self::Lost
    }
}

/// How a rate swings through the day: `1 + a cos(2π (t - peak) / period)` times its mean, which stays what it is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Diurnal {
    /// The rate at its peak over the rate at its trough, at least 1.
    pub peak_to_trough: Swing,
    /// How long a day is. Default: 24 hours.
    #[serde(default = "day")]
    pub period: Duration,
    /// An instant of the run at which the rate is highest. Default: 20 hours (arbitrary: in the evening, if runs begin at
    /// midnight).
    #[serde(default = "evening")]
    pub peak: Duration,
}

/// A correlation: above -1 and below 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Copula(pub f64);

/// A peak over a trough: 1 to 1000.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Swing(pub f64);

impl TryFrom<f64> for Copula {
    type Error = String;

    fn try_from(value: f64) -> Result<Self, String> {
        let is_legal = value > -1.0 && value < 1.0;
        is_legal
            .then_some(Self(value))
            .ok_or_else(|| format!("a correlation must be above -1 and below 1, not {value}"))
    }
}

impl From<Copula> for f64 {
    fn from(correlation: Copula) -> Self {
        correlation.0
    }
}

impl TryFrom<f64> for Swing {
    type Error = String;

    fn try_from(value: f64) -> Result<Self, String> {
        (1.0..=1000.0)
            .contains(&value)
            .then_some(Self(value))
            .ok_or_else(|| format!("the peak must be 1 to 1000 times the trough, not {value}"))
    }
}

impl From<Swing> for f64 {
    fn from(swing: Swing) -> Self {
        swing.0
    }
}

impl Serialize for Churns {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        map_in_order(&self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for Churns {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ChurnsVisitor;
        impl<'de> Visitor<'de> for ChurnsVisitor {
            type Value = Churns;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of ways to come and go, `[...]`, or a map from label to one, `{...}`")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Churns, A::Error> {
                let mut entries: Vec<(String, Churn)> = Vec::new();
                while let Some(entry) = items.next_element::<Churn>()? {
                    let kind = entry.kind();
                    let same = entries.iter().filter(|(_, other)| other.kind() == kind).count();
                    let label = if same == 0 { kind.to_owned() } else { format!("{kind}-{}", same + 1) };
                    entries.push((label, entry));
                }
                Ok(Churns(entries))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Churns, A::Error> {
                entries_in_order(map).map(Churns)
            }
        }
        deserializer.deserialize_any(ChurnsVisitor)
    }
}

fn new_id() -> Identity {
    Identity::New
}

fn first_every() -> Duration {
    Duration(Span::from_millis(50))
}

fn day() -> Duration {
    Duration(Span::from_secs(24 * 3600))
}

fn evening() -> Duration {
    Duration(Span::from_secs(20 * 3600))
}
