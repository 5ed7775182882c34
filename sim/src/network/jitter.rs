//! Jitter: what multiplies a base delay, for each packet on its own or as a slow wandering of each link.

use crate::address::Address;
use crate::network::hop::{Hop, Recent, Twin};
use crate::rng::{Draw, LinkChance, LinkField, OneWord, StreamPurpose};
use crate::sampler;
use crate::time::Span;

/// By what a base delay is multiplied: `exp(sigma Z)` with `Z` standard normal, so that the base stays the median.
///
/// It makes packets overtake each other; [`Links::ordered`](crate::network::Links::ordered) forbids that. The copy of a
/// packet has jitter of its own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Jitter {
    /// Each slot of a directed link draws anew.
    Independent {
        /// The standard deviation of the logarithm of the delay.
        sigma: f64,
    },
    /// `Z` is an autoregressive process of first order, one for each directed pair of hosts: it stands still for a step,
    /// then moves on.
    AutoRegressive {
        /// The standard deviation of the logarithm of the delay, over all time.
        sigma: f64,
        /// The correlation of `Z` between a step and the next; between steps that are `k` apart it is its `k`-th power.
        correlation: f64,
        /// The length of a step.
        every: Span,
    },
}

impl Jitter {
    /// Whether there is such a jitter; if not, what is wrong, for a user to read.
    pub fn check(&self) -> Result<(), String> {
        let (Self::Independent { sigma } | Self::AutoRegressive { sigma, .. }) = *self;
        if !(sigma >= 0.0 && sigma.is_finite()) {
            return Err(format!("the deviation of a logarithm is a number of 0 or more, not {sigma}"));
        }
        match *self {
            Self::AutoRegressive { correlation, .. } if !(0.0..1.0).contains(&correlation) => {
                Err(format!("the correlation of a step with the next is at least 0 and below 1, not {correlation}"))
            }
            Self::AutoRegressive { every: Span::ZERO, .. } => Err("a step must last longer than nothing".to_owned()),
            _ => Ok(()),
        }
    }
}

/// A [`Jitter`] at work.
#[derive(Debug)]
pub(super) enum Factors {
    Independent { sigma: f64 },
    AutoRegressive { original: Box<Wandering>, copy: Box<Wandering> },
}

impl Factors {
    pub(super) fn new(seed: u64, jitter: Jitter) -> Self {
        match jitter {
            Jitter::Independent { sigma } => Self::Independent { sigma },
            Jitter::AutoRegressive { sigma, correlation, every } => {
                let wandering = |purpose| Wandering::new(LinkField::new(seed, purpose), sigma, correlation, every);
                Self::AutoRegressive {
                    original: Box::new(wandering(StreamPurpose::JITTER)),
                    copy: Box::new(wandering(StreamPurpose::COPY_JITTER)),
                }
            }
        }
    }

    pub(super) fn get(&mut self, hop: Hop, twin: Twin, chance: &mut LinkChance<'_>) -> f64 {
        match (self, twin) {
            (Self::Independent { sigma }, Twin::Original) => factor(*sigma, chance.word(Draw::Jitter)),
            (Self::Independent { sigma }, Twin::Copy) => factor(*sigma, chance.word(Draw::CopyJitter)),
            (Self::AutoRegressive { original, .. }, Twin::Original) => original.factor(hop),
            (Self::AutoRegressive { copy, .. }, Twin::Copy) => copy.factor(hop),
        }
    }
}

fn factor(sigma: f64, word: u64) -> f64 {
    sampler::lognormal(&mut OneWord(word), 1.0, sigma)
}

/// The autoregressive processes of all links. The value at any step is a pure function of seed, link and step, found
/// without those before it.
///
/// Steps that are an epoch apart are as good as independent, for an epoch is so long that their correlation is below
/// [`FORGOTTEN`]; so each epoch begins with a draw of its own. What lies between two known steps is found by halving: the
/// process is Gaussian and Markov, so the step in the middle depends on the two ends alone, and is normal with a mean and a
/// deviation that only the distance decides (Lévy's way to the Brownian motion). Every step has its own word in the field.
#[derive(Debug)]
pub(super) struct Wandering {
    field: LinkField,
    recent: Recent<(u64, f64)>,
    sigma: f64,
    every: u64,
    /// That of steps one apart, two apart, four apart … up to half an epoch.
    middles: Vec<Middle>,
}

/// What a step is, given the two that are equally far before and after it.
#[derive(Clone, Copy, Debug)]
struct Middle {
    /// Its mean is the sum of the two, times this.
    pull: f64,
    /// Its standard deviation.
    spread: f64,
}

impl Wandering {
    fn new(field: LinkField, sigma: f64, correlation: f64, every: Span) -> Self {
        let middles = halves(correlation).map(|half| Middle::between(correlation, half)).collect();
        Self { field, recent: Recent::new(), sigma, every: every.as_nanos(), middles }
    }

    fn factor(&mut self, hop: Hop) -> f64 {
        let Self { field, recent, sigma, every, middles } = self;
        let step = hop.now.as_nanos() / *every;
        let find = |from, to| (step, libm::exp(*sigma * value(Innovations::new(field, from, to), middles, step)));
        recent.get(hop.from, hop.to, |(known, _)| *known == step, find).1
    }
}

/// The process at a step, by halving the epoch that it lies in.
fn value(mut innovations: Innovations<'_>, middles: &[Middle], step: u64) -> f64 {
    let epoch = 1 << middles.len();
    let mut before = step & !(epoch - 1);
    let mut left = innovations.at(before);
    if step == before {
        return left;
    }
    let mut right = innovations.at(before.wrapping_add(epoch));
    for (level, middle) in middles.iter().enumerate().rev() {
        let centre = before + (1 << level);
        let value = middle.pull * (left + right) + middle.spread * innovations.at(centre);
        match step.cmp(&centre) {
            std::cmp::Ordering::Less => right = value,
            std::cmp::Ordering::Equal => return value,
            std::cmp::Ordering::Greater => (before, left) = (centre, value),
        }
    }
    unreachable!("the last halves are single steps")
}

impl Middle {
    fn between(correlation: f64, half: u64) -> Self {
        let squared_log = 2.0 * half as f64 * libm::log(correlation);
        let (ends, one_less_ends) = (libm::exp(squared_log), -libm::expm1(squared_log));
        Self { pull: libm::exp(squared_log / 2.0) / (1.0 + ends), spread: (one_less_ends / (1.0 + ends)).sqrt() }
    }
}

/// One step, two, four … as long as steps twice as far apart have to do with each other.
fn halves(correlation: f64) -> impl Iterator<Item = u64> {
    let enough = libm::log(FORGOTTEN) / libm::log(correlation);
    (0..63).map(|level| 1 << level).take_while(move |half| (*half as f64) < enough)
}

/// Standard normal values of one link, one for each step.
struct Innovations<'a> {
    field: &'a LinkField,
    from: Address,
    to: Address,
    block: Option<(u64, [u64; 8])>,
}

impl<'a> Innovations<'a> {
    fn new(field: &'a LinkField, from: u32, to: u32) -> Self {
        Self { field, from: Address(from), to: Address(to), block: None }
    }

    fn at(&mut self, step: u64) -> f64 {
        let place = step / 8;
        let words = match self.block {
            Some((known, words)) if known == place => words,
            _ => self.field.block(self.from, self.to, place),
        };
        self.block = Some((place, words));
        sampler::normal(&mut OneWord(words[step as usize % 8]), 0.0, 1.0)
    }
}

/// A correlation that is none.
const FORGOTTEN: f64 = 1e-9;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_jitter_is_refused_with_a_reason() {
        let wandering = |sigma, correlation, every| Jitter::AutoRegressive { sigma, correlation, every };
        let second = Span::from_secs(1);
        for (jitter, reason) in [
            (Jitter::Independent { sigma: -0.1 }, "not -0.1"),
            (Jitter::Independent { sigma: f64::INFINITY }, "not inf"),
            (wandering(f64::NAN, 0.8, second), "not NaN"),
            (wandering(0.6, 1.0, second), "below 1, not 1"),
            (wandering(0.6, -0.1, second), "not -0.1"),
            (wandering(0.6, f64::NAN, second), "not NaN"),
            (wandering(0.6, 0.8, Span::ZERO), "longer than nothing"),
        ] {
            let told = jitter.check().expect_err("there is no such jitter");
            assert!(told.contains(reason), "{jitter:?}: {told}");
        }
        assert_eq!(wandering(0.0, 0.0, Span::from_nanos(1)).check(), Ok(()));
    }

    #[test]
    fn an_epoch_is_just_so_long_that_its_beginning_is_forgotten() {
        let power = |correlation: f64, steps: f64| libm::exp(steps * libm::log(correlation));
        for correlation in [0.001, 0.3, 0.8, 0.999, 1.0 - 1e-9] {
            let longest = 1_u64 << halves(correlation).count();
            assert!(power(correlation, longest as f64) <= FORGOTTEN);
            assert!(power(correlation, longest as f64 / 2.0) > FORGOTTEN);
        }
        assert_eq!(halves(0.0).count(), 0);
    }

    /// Nothing overflows at the ends of time, nor where nearly all is remembered.
    #[test]
    fn every_step_of_time_has_a_value() {
        for correlation in [0.0, 0.8, 1.0 - f64::EPSILON / 2.0] {
            let field = LinkField::new(1, StreamPurpose::JITTER);
            let wandering = Wandering::new(field, 1.0, correlation, Span::from_nanos(1));
            for step in [0, 1, u64::MAX / 2, u64::MAX - 1, u64::MAX] {
                let innovations = Innovations::new(&wandering.field, 1, 2);
                let value = value(innovations, &wandering.middles, step);
                assert!(value.abs() < 6.0, "{value}");
            }
        }
    }
}
