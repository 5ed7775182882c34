//! What lies between the nodes, as written.

use protocols::duration::Duration;
use serde::{Deserialize, Serialize};
use sim::time::Span;

use super::values::{Probability, Sigma};

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
