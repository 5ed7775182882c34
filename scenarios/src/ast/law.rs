//! A law of spans of time, as written: service times, session times, down times.

use protocols::duration::Duration;
use serde::{Deserialize, Serialize};
use sim::law::Law;
use sim::time::Span;

use super::values::{Shape, Sigma};
use crate::mistake::Mistake;

/// A law of spans of time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum LawSpec {
    /// Always the same.
    Constant(Duration),
    /// Uniform from `low` to `high`.
    Uniform {
        /// The shortest.
        low: Duration,
        /// The longest.
        high: Duration,
    },
    /// Exponential.
    Exponential {
        /// Its mean.
        mean: Duration,
    },
    /// Lognormal.
    LogNormal {
        /// Its median.
        median: Duration,
        /// The standard deviation of its logarithm.
        sigma: Sigma,
    },
    /// Weibull: `P(X > x) = exp(-(x / scale)^shape)`.
    Weibull {
        /// Below 1 the young are the likeliest to go.
        shape: Shape,
        /// Its 63.2 % quantile.
        scale: Duration,
    },
    /// Pareto, type I: `P(X > x) = (minimum / x)^shape`.
    Pareto {
        /// The shortest.
        minimum: Duration,
        /// The smaller, the heavier the tail; at 1 and below the mean is infinite.
        shape: Shape,
    },
}

impl LawSpec {
    /// The law itself.
    pub fn law(&self) -> Law {
        match *self {
            Self::Constant(span) => Law::Constant(span.0),
            Self::Uniform { low, high } => Law::Uniform { low: low.0, high: high.0 },
            Self::Exponential { mean } => Law::Exponential { mean: mean.0 },
            Self::LogNormal { median, sigma } => Law::LogNormal { median: median.0, sigma: sigma.0 },
            Self::Weibull { shape, scale } => Law::Weibull { scale: scale.0, shape: shape.0 },
            Self::Pareto { minimum, shape } => Law::Pareto { minimum: minimum.0, shape: shape.0 },
        }
    }

    /// Complains of a law that cannot be meant; it stands at `path`.
    pub fn check(&self, path: &str) -> Result<(), Mistake> {
        if let Self::Uniform { low, high } = self
            && low > high
        {
            return Err(Mistake::new(format!("{path}.low"), "`low` must not be above `high`")
                .label(format!("{low} is above {high}")));
        }
        let (field, span) = match self {
            Self::Constant(_) | Self::Uniform { .. } => return Ok(()),
            Self::Exponential { mean } => ("mean", mean),
            Self::LogNormal { median, .. } => ("median", median),
            Self::Weibull { scale, .. } => ("scale", scale),
            Self::Pareto { minimum, .. } => ("minimum", minimum),
        };
        if span.0 == Span::ZERO {
            return Err(Mistake::new(format!("{path}.{field}"), format!("`{field}` must be above zero"))
                .help("write `Constant(\"0s\")` if it takes no time"));
        }
        Ok(())
    }
}
