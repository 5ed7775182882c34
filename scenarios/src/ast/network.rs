//! What lies between the nodes, as written.

use protocols::duration::Duration;
use serde::{Deserialize, Serialize};
use sim::law::Law;
use sim::network::{Jitter, Loss, LossPer};
use sim::time::Span;

use super::bandwidth::BandwidthSpec;
use super::law::LawSpec;
use super::regions::RegionsSpec;
use super::values::{Probability, Shape, Sigma};
use crate::mistake::Mistake;

/// What lies between the nodes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NetworkSpec {
    /// How long messages travel.
    pub latency: LatencySpec,
    /// How the latency varies from message to message; not at all if not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jitter: Option<JitterSpec>,
    /// Whether messages on one directed link arrive in the order in which they were sent. UDP promises no order: false by
    /// default.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub ordered: bool,
    /// How messages get lost.
    pub loss: LossSpec,
    /// The share of messages that arrive twice.
    pub duplicate: Probability,
    /// What each node's access link carries, where its region says nothing else; without limit if not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bandwidth: Option<BandwidthSpec>,
}

impl Default for NetworkSpec {
    fn default() -> Self {
        Self {
            latency: LatencySpec::Constant(Duration(Span::from_millis(50))),
            jitter: None,
            ordered: false,
            loss: LossSpec::None,
            duplicate: Probability(0.0),
            bandwidth: None,
        }
    }
}

impl NetworkSpec {
    /// Complains of what cannot be meant.
    pub(crate) fn check(&self) -> Result<(), Mistake> {
        self.latency.check("network.latency")?;
        if let Some(JitterSpec::AutoRegressive { every, .. }) = &self.jitter
            && every.0 == Span::ZERO
        {
            return Err(Mistake::new("network.jitter.every", "`every` must be above zero")
                .help("write `Independent(sigma: ..)` for jitter without memory"));
        }
        if let Some(Err(wrong)) = self.jitter.map(|jitter| jitter.jitter().check()) {
            return Err(Mistake::new("network.jitter", wrong));
        }
        self.loss.check("network.loss")
    }
}

/// How long messages travel, one way.
///
/// Laws are drawn `per: Pair`, once for each directed pair of hosts, or `per: Packet`, anew for each message.
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
    /// Weibull: `P(X > x) = exp(-(x / scale)^shape)`.
    Weibull {
        /// Its 63.2 % quantile.
        scale: Duration,
        /// Below 1 heavier than an exponential, above 1 lighter.
        shape: Shape,
        /// Drawn per pair or per packet.
        #[serde(default)]
        per: PerSpec,
    },
    /// Pareto, type I: `P(X > x) = (minimum / x)^shape`.
    Pareto {
        /// The shortest.
        minimum: Duration,
        /// The smaller, the heavier the tail; at 1 and below the mean is infinite.
        shape: Shape,
        /// Drawn per pair or per packet.
        #[serde(default)]
        per: PerSpec,
    },
    /// Measured, from site to site.
    Matrix(MatrixSpec),
    /// Between the regions in which hosts stand.
    Regions(RegionsSpec),
    /// Hosts stand at random in a square; a message takes as long as the two are apart, and the access delays of both (as
    /// in `OverSim`'s `SimpleUnderlay`; Baumgart, Heep, Krause, 2007).
    Plane {
        /// The delay along a side of the square.
        side: Duration,
        /// The delay of a host's own access link, drawn once for each host; none if not said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        access: Option<LawSpec>,
    },
}

impl LatencySpec {
    /// The law, and how often it is drawn, if it is one.
    pub(crate) fn law(&self) -> Option<(Law, PerSpec)> {
        Some(match *self {
            Self::Constant(delay) => (Law::Constant(delay.0), PerSpec::Pair),
            Self::Uniform { low, high, per } => (Law::Uniform { low: low.0, high: high.0 }, per),
            Self::Exponential { mean, per } => (Law::Exponential { mean: mean.0 }, per),
            Self::Normal { mean, deviation, per } => (Law::Normal { mean: mean.0, deviation: deviation.0 }, per),
            Self::LogNormal { median, sigma, per } => (Law::LogNormal { median: median.0, sigma: sigma.0 }, per),
            Self::Weibull { scale, shape, per } => (Law::Weibull { scale: scale.0, shape: shape.0 }, per),
            Self::Pareto { minimum, shape, per } => (Law::Pareto { minimum: minimum.0, shape: shape.0 }, per),
            Self::Matrix(_) | Self::Regions(_) | Self::Plane { .. } => return None,
        })
    }

    fn check(&self, path: &str) -> Result<(), Mistake> {
        match self {
            Self::Uniform { low, high, .. } if low > high => {
                Err(Mistake::new(format!("{path}.low"), "`low` must not be above `high`")
                    .label(format!("{low} is above {high}")))
            }
            Self::Weibull { scale, shape, .. } => LawSpec::Weibull { scale: *scale, shape: *shape }.check(path),
            Self::Pareto { minimum, shape, .. } => LawSpec::Pareto { minimum: *minimum, shape: *shape }.check(path),
            Self::Plane { access: Some(access), .. } => access.check(&format!("{path}.access")),
            Self::Regions(regions) => regions.resolve(path).map(|_| ()),
            _ => Ok(()),
        }
    }
}

/// Drawn once for each directed pair of hosts, or anew for each packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum PerSpec {
    /// Once for each directed pair.
    #[default]
    Pair,
    /// Anew for each packet.
    Packet,
}

/// A file of delays from site to site: a square CSV, or a topology of p2psim, as its content tells. It may be compressed with
/// `xz` or `gzip`. Lines that begin with `#` count for nothing.
///
/// A square CSV has a row for each sender and a column for each receiver. A first row and a first column of names are
/// recognised by their text. The diagonal counts for nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MatrixSpec {
    /// Its name, beside the scenario or in a folder that `--data` names.
    pub file: String,
    /// What the numbers of a CSV are. A topology of p2psim says it itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<ValuesSpec>,
    /// The unit of the numbers of a CSV: milliseconds if not said, as in p2psim.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<UnitSpec>,
    /// Which host stands on which site.
    #[serde(default)]
    pub placement: PlacementSpec,
    /// What takes the place of what was not measured.
    #[serde(default)]
    pub missing: MissingSpec,
    /// The one-way delay between two hosts on one site; if not said, the smallest one-way delay from that site to another
    /// (arbitrary: as if they were next-door neighbours).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_place: Option<Duration>,
}

/// What measured numbers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ValuesSpec {
    /// One-way delays.
    OneWay,
    /// Round trips: each way takes half, and both together the whole, to the nanosecond.
    RoundTrip,
}

/// The unit of measured numbers: `"us"`, `"ms"` or `"s"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum UnitSpec {
    /// Microseconds.
    Micros,
    /// Milliseconds.
    #[default]
    Millis,
    /// Seconds.
    Secs,
}

impl TryFrom<String> for UnitSpec {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.as_str() {
            "us" => Ok(Self::Micros),
            "ms" => Ok(Self::Millis),
            "s" => Ok(Self::Secs),
            _ => Err(format!("\"{text}\" is no unit of measured delays; write \"us\", \"ms\" or \"s\"")),
        }
    }
}

impl From<UnitSpec> for String {
    fn from(unit: UnitSpec) -> Self {
        match unit {
            UnitSpec::Micros => "us",
            UnitSpec::Millis => "ms",
            UnitSpec::Secs => "s",
        }
        .to_owned()
    }
}

/// Which host stands on which site.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum PlacementSpec {
    /// At random: as many hosts as there are sites stand on all of them, in an order drawn from the seed; so do as many more,
    /// in another order. No site has two hosts more than another.
    #[default]
    Random,
    /// Host i on site i, beginning again behind the last.
    InOrder,
}

/// What takes the place of what was not measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum MissingSpec {
    /// The way back; where that is missing too, the median of all that was measured, of an even number the lower of the two in
    /// the middle.
    #[default]
    WayBackOrMedian,
    /// This one-way delay.
    OneWay(Duration),
    /// Nothing: such a file is refused.
    Refused,
}

/// How the latency varies: it is multiplied by `exp(sigma Z)` with a standard normal Z, so that its median stays. What is
/// multiplied is the latency as it is without jitter.
///
/// Measured: sigma is .02 to .1 between well-connected hosts (NetLatency-Data, `PlanetLab`), and some .6 with a correlation of
/// .8 from one slice of 16 s to the next between personal devices (NetLatency-Data, Seattle).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum JitterSpec {
    /// Drawn for each message.
    Independent {
        /// The standard deviation of its logarithm.
        sigma: Sigma,
    },
    /// One value for a while on each directed link, correlated with the one before: a first-order autoregressive process.
    AutoRegressive {
        /// The standard deviation of its logarithm.
        sigma: Sigma,
        /// The correlation of the logarithms of two that follow each other.
        correlation: Correlation,
        /// How long a value stays.
        every: Duration,
    },
}

impl JitterSpec {
    /// The jitter itself.
    pub(crate) fn jitter(&self) -> Jitter {
        match *self {
            Self::Independent { sigma } => Jitter::Independent { sigma: sigma.0 },
            Self::AutoRegressive { sigma, correlation, every } => {
                Jitter::AutoRegressive { sigma: sigma.0, correlation: correlation.0, every: every.0 }
            }
        }
    }
}

/// A correlation of what follows each other: 0 or more, below 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Correlation(pub f64);

impl TryFrom<f64> for Correlation {
    type Error = String;

    fn try_from(value: f64) -> Result<Self, String> {
        (0.0..1.0)
            .contains(&value)
            .then_some(Self(value))
            .ok_or_else(|| format!("a correlation must be at least 0 and below 1, not {value}"))
    }
}

impl From<Correlation> for f64 {
    fn from(correlation: Correlation) -> Self {
        correlation.0
    }
}

/// How messages get lost.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum LossSpec {
    /// They do not.
    None,
    /// Each with this probability, whatever becomes of the others.
    Bernoulli(Probability),
    /// In bursts: good and bad times alternate, both exponential; in good times nothing is lost, in bad times all (Gilbert
    /// 1960, Elliott 1963, in continuous time).
    GilbertElliott {
        /// The share of messages that are lost, in the long run.
        mean: Probability,
        /// How long a bad time lasts, on average.
        burst: Duration,
        /// Whose good and bad times they are.
        #[serde(default)]
        per: LossPerSpec,
    },
}

impl LossSpec {
    /// The loss itself.
    pub(crate) fn loss(&self) -> Loss {
        match *self {
            Self::None => Loss::None,
            Self::Bernoulli(probability) => Loss::Bernoulli(probability.0),
            Self::GilbertElliott { mean, burst, per } => {
                let per = match per {
                    LossPerSpec::Link => LossPer::Link,
                    LossPerSpec::Access => LossPer::Access,
                };
                Loss::GilbertElliott { mean: mean.0, burst: burst.0, per }
            }
        }
    }

    fn check(&self, path: &str) -> Result<(), Mistake> {
        let Self::GilbertElliott { mean, burst, .. } = self else {
            return Ok(());
        };
        if mean.0 <= 0.0 || mean.0 >= 1.0 {
            return Err(Mistake::new(format!("{path}.mean"), "bursts of loss need a mean above 0 and below 1")
                .label(format!("{} is not", mean.0))
                .help("write `None` if nothing is lost, and `Bernoulli(1.0)` if everything is"));
        }
        if burst.0 == Span::ZERO {
            return Err(Mistake::new(format!("{path}.burst"), "a burst must last for a while")
                .help("write `Bernoulli(..)` for loss without memory"));
        }
        self.loss().check().map_err(|wrong| Mistake::new(path, wrong))
    }
}

/// Whose good and bad times they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LossPerSpec {
    /// Each directed link has its own.
    #[default]
    Link,
    /// Each host's access link has its own, and a message passes two of them.
    Access,
}
