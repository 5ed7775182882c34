//! Laws of spans: distributions of delays, service times, session times and down times, each with what theory says of it.

use crate::rng::{OneWord, Words};
use crate::sampler;
use crate::time::Span;

/// A distribution of spans of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Law {
    /// Always the same.
    Constant(Span),
    /// Uniform from `low` to `high`.
    Uniform {
        /// The shortest.
        low: Span,
        /// The longest.
        high: Span,
    },
    /// Exponential.
    Exponential {
        /// Its mean.
        mean: Span,
    },
    /// Normal, cut at zero by clamping: what falls below zero is zero, nothing is drawn anew.
    Normal {
        /// Its mean before the cut.
        mean: Span,
        /// Its standard deviation before the cut.
        deviation: Span,
    },
    /// Lognormal.
    LogNormal {
        /// Its median.
        median: Span,
        /// The standard deviation of its logarithm.
        sigma: f64,
    },
    /// Weibull: `P(X > x) = exp(-(x / scale)^shape)`.
    Weibull {
        /// Its 63.2 % quantile.
        scale: Span,
        /// Below 1 the young are the likeliest to go, 1 is exponential.
        shape: f64,
    },
    /// Pareto, type I: `P(X > x) = (minimum / x)^shape` from the minimum on.
    Pareto {
        /// The shortest.
        minimum: Span,
        /// The smaller, the heavier the tail; at 1 and below the mean is infinite.
        shape: f64,
    },
}

impl Law {
    /// The span that belongs to this word. It grows with the word, so that equal words give coupled spans.
    pub fn sample(&self, word: u64) -> Span {
        let mut word = OneWord(word);
        match *self {
            Self::Constant(span) => span,
            Self::Uniform { low, high } => Span::from_nanos_f64(sampler::uniform(&mut word, nanos(low), nanos(high))),
            _ => self.quantile(sampler::open_unit(&mut word)),
        }
    }

    /// The span that is not exceeded with this probability, which lies strictly between 0 and 1.
    pub fn quantile(&self, probability: f64) -> Span {
        Span::from_nanos_f64(match *self {
            Self::Constant(span) => return span,
            Self::Uniform { low, high } => nanos(low) + (nanos(high) - nanos(low)) * probability,
            Self::Exponential { mean } => -nanos(mean) * libm::log1p(-probability),
            Self::Normal { mean, deviation } => {
                nanos(mean) + nanos(deviation) * sampler::standard_normal_quantile(probability)
            }
            Self::LogNormal { median, sigma } => {
                nanos(median) * libm::exp(sigma * sampler::standard_normal_quantile(probability))
            }
            Self::Weibull { scale, shape } => nanos(scale) * libm::pow(-libm::log1p(-probability), 1.0 / shape),
            Self::Pareto { minimum, shape } => nanos(minimum) * libm::exp(-libm::log1p(-probability) / shape),
        })
    }

    /// The probability of a span no longer than this.
    pub fn cumulative(&self, span: Span) -> f64 {
        let x = nanos(span);
        match *self {
            Self::Constant(only) => f64::from(u8::from(span >= only)),
            Self::Uniform { low, high } if low < high => {
                ((x - nanos(low)) / (nanos(high) - nanos(low))).clamp(0.0, 1.0)
            }
            Self::Uniform { low, .. } => f64::from(u8::from(span >= low)),
            Self::Exponential { mean } => -libm::expm1(-x / nanos(mean)),
            Self::Normal { mean, deviation: Span::ZERO } => f64::from(u8::from(span >= mean)),
            Self::Normal { mean, deviation } => sampler::standard_normal_below((x - nanos(mean)) / nanos(deviation)),
            Self::LogNormal { median, sigma: 0.0 } => f64::from(u8::from(span >= median)),
            Self::LogNormal { .. } if span == Span::ZERO => 0.0,
            Self::LogNormal { median, sigma } => sampler::standard_normal_below(libm::log(x / nanos(median)) / sigma),
            Self::Weibull { scale, shape } => -libm::expm1(-libm::pow(x / nanos(scale), shape)),
            Self::Pareto { minimum, .. } if span <= minimum => 0.0,
            Self::Pareto { minimum, shape } => -libm::expm1(shape * libm::log(nanos(minimum) / x)),
        }
    }

    /// Its mean in nanoseconds; infinite for a heavy Pareto.
    pub fn mean_nanos(&self) -> f64 {
        match *self {
            Self::Constant(span) => nanos(span),
            Self::Uniform { low, high } => f64::midpoint(nanos(low), nanos(high)),
            Self::Exponential { mean } => nanos(mean),
            Self::Normal { mean, deviation } => clamped_normal_mean(nanos(mean), nanos(deviation)),
            Self::LogNormal { median, sigma } => nanos(median) * libm::exp(sigma * sigma / 2.0),
            Self::Weibull { scale, shape } => nanos(scale) * libm::tgamma(1.0 + 1.0 / shape),
            Self::Pareto { shape, .. } if shape <= 1.0 => f64::INFINITY,
            Self::Pareto { minimum, shape } => nanos(minimum) * shape / (shape - 1.0),
        }
    }

    /// A span as it is met by somebody who comes at a random instant: long ones are met in proportion to their length
    /// (Feller, volume II, I.4, the waiting time paradox). Uses as many words as it needs.
    ///
    /// # Panics
    /// If its mean is infinite: then there is no random instant to come at.
    pub fn length_biased(&self, words: &mut impl Words) -> Span {
        assert!(self.mean_nanos().is_finite(), "a law without a mean has no steady state");
        Span::from_nanos_f64(match *self {
            Self::Constant(span) => return span,
            Self::Uniform { low, high } => {
                let (low, high) = (nanos(low), nanos(high));
                libm::sqrt(low * low + (high * high - low * low) * sampler::unit(words))
            }
            Self::Exponential { mean } => sampler::gamma(words, 2.0) * nanos(mean),
            Self::Normal { .. } => return self.length_biased_by_rejection(words),
            Self::LogNormal { median, sigma } => {
                nanos(median) * libm::exp(sigma * sigma + sampler::normal(words, 0.0, sigma))
            }
            Self::Weibull { scale, shape } => {
                nanos(scale) * libm::pow(sampler::gamma(words, 1.0 + 1.0 / shape), 1.0 / shape)
            }
            Self::Pareto { minimum, shape } => {
                return Self::Pareto { minimum, shape: shape - 1.0 }.sample(words.word());
            }
        })
    }

    /// For a law whose samples rarely exceed eight standard deviations: those that do are taken as eight.
    fn length_biased_by_rejection(&self, words: &mut impl Words) -> Span {
        let longest = nanos(self.quantile(1.0 - 1e-15)).max(1.0);
        loop {
            let span = self.sample(words.word());
            if sampler::unit(words) * longest < nanos(span) {
                return span;
            }
        }
    }
}

/// The mean of what is left of a normal distribution when everything below zero is put at zero.
fn clamped_normal_mean(mean: f64, deviation: f64) -> f64 {
    if deviation == 0.0 {
        return mean;
    }
    let z = mean / deviation;
    let density = libm::exp(-z * z / 2.0) / libm::sqrt(2.0 * std::f64::consts::PI);
    mean * sampler::standard_normal_below(z) + deviation * density
}

fn nanos(span: Span) -> f64 {
    span.as_nanos() as f64
}
