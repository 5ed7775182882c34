//! Laws of spans and samplers against theory: means, quantiles and whole distributions of a million draws each.
//!
//! A statistic is held against its bound: four standard errors for a mean, a variance or a share (exceeded by chance once in
//! 16,000), and 1.95 / sqrt(n) for the distance of Kolmogorov and Smirnov (once in 1,000). As the seeds are fixed, a test
//! that passes passes for ever. Each check also *refuses* a law with a parameter that is 5 % off, so that it can tell.

use proptest::prelude::*;
use sim::law::Law;
use sim::rng::{OneWord, Stream, StreamPurpose, Words};
use sim::sampler;
use sim::time::Span;

const MS: Span = Span::from_millis(1);

#[test]
fn uniform_spans() {
    let law = |low, high| Law::Uniform { low: us(low), high: us(high) };
    let spans = Spans::of(&law(10_000, 30_000), 1);
    spans.fit(&law(10_000, 30_000));
    spans.refuse(&law(10_500, 30_000), Mean::Tells);
    spans.refuse(&law(10_000, 31_500), Mean::Tells);
}

#[test]
fn exponential_spans() {
    let law = |mean| Law::Exponential { mean: us(mean) };
    let spans = Spans::of(&law(40_000), 2);
    spans.fit(&law(40_000));
    spans.refuse(&law(42_000), Mean::Tells);
}

#[test]
fn normal_spans() {
    let law = |mean, deviation| Law::Normal { mean: us(mean), deviation: us(deviation) };
    let spans = Spans::of(&law(40_000, 8_000), 3);
    spans.fit(&law(40_000, 8_000));
    spans.refuse(&law(42_000, 8_000), Mean::Tells);
    spans.refuse(&law(40_000, 8_400), Mean::IsSilent);
}

#[test]
fn normal_spans_of_which_many_are_clamped() {
    let law = |mean, deviation| Law::Normal { mean: us(mean), deviation: us(deviation) };
    let spans = Spans::of(&law(10_000, 10_000), 4);
    spans.fit(&law(10_000, 10_000));
    spans.refuse(&law(10_500, 10_000), Mean::Tells);
    spans.refuse(&law(10_000, 10_500), Mean::Tells);
    // What falls below zero, a share of .1587, is zero, and the mean is that of the rest: 10 ms times .8413 + .2420.
    let at_zero = spans.share_up_to(Span::ZERO);
    assert!((at_zero - 0.158_655).abs() < 4.0 * standard_error_of_share(0.158_655), "{at_zero}");
    assert!((spans.mean() / 1e6 - 10.833_155).abs() < 4.0 * spans.deviation() / 1e6 / 1e3, "{}", spans.mean());
}

#[test]
fn lognormal_spans() {
    let law = |median, sigma| Law::LogNormal { median: us(median), sigma };
    let spans = Spans::of(&law(40_000, 0.4), 5);
    spans.fit(&law(40_000, 0.4));
    spans.refuse(&law(42_000, 0.4), Mean::Tells);
    spans.refuse(&law(40_000, 0.42), Mean::Tells);
}

#[test]
fn weibull_spans_with_many_that_die_young() {
    let law = |scale, shape| Law::Weibull { scale: us(scale), shape };
    let spans = Spans::of(&law(60_000_000, 0.5), 6);
    spans.fit(&law(60_000_000, 0.5));
    spans.refuse(&law(63_000_000, 0.5), Mean::Tells);
    spans.refuse(&law(60_000_000, 0.525), Mean::Tells);
}

#[test]
fn weibull_spans_that_grow_old() {
    let law = |scale, shape| Law::Weibull { scale: us(scale), shape };
    let spans = Spans::of(&law(60_000_000, 2.0), 7);
    spans.fit(&law(60_000_000, 2.0));
    spans.refuse(&law(63_000_000, 2.0), Mean::Tells);
    // Where the shape is about 2 the mean is nearly flat in it: scale times Gamma(1.5) = .8862, Gamma(1.476) = .8857.
    spans.refuse(&law(60_000_000, 2.1), Mean::IsSilent);
}

#[test]
fn pareto_spans_with_a_variance() {
    let law = |minimum, shape| Law::Pareto { minimum: us(minimum), shape };
    let spans = Spans::of(&law(20_000, 4.5), 8);
    spans.fit(&law(20_000, 4.5));
    spans.refuse(&law(21_000, 4.5), Mean::Tells);
    spans.refuse(&law(20_000, 4.725), Mean::Tells);
}

#[test]
fn pareto_spans_without_a_mean() {
    let law = |minimum, shape| Law::Pareto { minimum: us(minimum), shape };
    let spans = Spans::of(&law(20_000, 0.83), 9);
    spans.fit(&law(20_000, 0.83));
    spans.refuse(&law(21_000, 0.83), Mean::IsSilent);
    spans.refuse(&law(20_000, 0.83 * 1.05), Mean::IsSilent);
}

#[test]
fn a_constant_is_constant() {
    let law = Law::Constant(MS);
    let spans = Spans::of(&law, 10);
    assert!(spans.0.iter().all(|nanos| *nanos == MS.as_nanos()));
    assert_eq!((law.quantile(0.01), law.quantile(0.99), law.length_biased(&mut OneWord(7))), (MS, MS, MS));
    assert_eq!((law.cumulative(MS.saturating_sub(Span::from_nanos(1))), law.cumulative(MS)), (0.0, 1.0));
}

#[test]
fn length_biased_uniform_spans() {
    let law = |low, high| Law::Uniform { low: us(low), high: us(high) };
    let met = Spans::met_by_a_visitor_of(&law(10_000, 30_000), 11);
    met.fit_length_biased(&law(10_000, 30_000));
    met.refuse_length_biased(&law(10_500, 30_000));
    met.refuse_length_biased(&law(10_000, 31_500));
}

#[test]
fn length_biased_exponential_spans() {
    let law = |mean| Law::Exponential { mean: us(mean) };
    let met = Spans::met_by_a_visitor_of(&law(40_000), 12);
    met.fit_length_biased(&law(40_000));
    met.refuse_length_biased(&law(42_000));
}

#[test]
fn length_biased_normal_spans() {
    let law = |mean, deviation| Law::Normal { mean: us(mean), deviation: us(deviation) };
    let met = Spans::met_by_a_visitor_of(&law(10_000, 10_000), 13);
    met.fit_length_biased(&law(10_000, 10_000));
    met.refuse_length_biased(&law(10_500, 10_000));
    met.refuse_length_biased(&law(10_000, 10_500));
}

#[test]
fn length_biased_lognormal_spans() {
    let law = |median, sigma| Law::LogNormal { median: us(median), sigma };
    let met = Spans::met_by_a_visitor_of(&law(40_000, 0.8), 14);
    met.fit_length_biased(&law(40_000, 0.8));
    met.refuse_length_biased(&law(42_000, 0.8));
    met.refuse_length_biased(&law(40_000, 0.84));
}

#[test]
fn length_biased_weibull_spans() {
    let law = |scale, shape| Law::Weibull { scale: us(scale), shape };
    let met = Spans::met_by_a_visitor_of(&law(60_000_000, 0.6), 15);
    met.fit_length_biased(&law(60_000_000, 0.6));
    met.refuse_length_biased(&law(63_000_000, 0.6));
    met.refuse_length_biased(&law(60_000_000, 0.63));
}

#[test]
fn length_biased_pareto_spans() {
    let law = |minimum, shape| Law::Pareto { minimum: us(minimum), shape };
    let met = Spans::met_by_a_visitor_of(&law(20_000, 4.5), 16);
    met.fit_length_biased(&law(20_000, 4.5));
    met.refuse_length_biased(&law(21_000, 4.5));
    met.refuse_length_biased(&law(20_000, 4.725));
}

#[test]
fn gamma_has_its_mean_and_its_variance() {
    for (entity, shape) in [(17, 1.0), (18, 1.6), (19, 5.0)] {
        let mut words = words(entity);
        let draws: Vec<f64> = (0..DRAWS).map(|_| sampler::gamma(&mut words, shape)).collect();
        let mean = draws.iter().sum::<f64>() / DRAWS as f64;
        let variance = draws.iter().map(|draw| (draw - mean) * (draw - mean)).sum::<f64>() / DRAWS as f64;
        // Mean and variance are the shape; the fourth central moment is 3 k^2 + 6 k, so that of a variance is 2 k^2 + 6 k.
        let misfit = |shape: f64| {
            let errors = (shape / DRAWS as f64).sqrt();
            let errors_of_variance = ((2.0 * shape * shape + 6.0 * shape) / DRAWS as f64).sqrt();
            [(mean - shape).abs() / (4.0 * errors), (variance - shape).abs() / (4.0 * errors_of_variance)]
        };
        assert!(misfit(shape).iter().all(|misfit| *misfit < 1.0), "shape {shape}: {mean} {variance}");
        assert!(
            misfit(shape * 1.05).iter().all(|misfit| *misfit > 1.0),
            "shape {shape} and another: {mean} {variance}"
        );
    }
}

#[test]
fn numbers_below_a_bound_are_equally_likely() {
    let mut words = words(20);
    let mut counts = [0_u32; 10];
    for _ in 0..DRAWS {
        counts[sampler::below(&mut words, 10) as usize] += 1;
    }
    // Chi squared with nine degrees of freedom exceeds 27.88 once in 1,000.
    let chi_squared = |first: f64| {
        let wanted = |digit| if digit == 0 { first } else { (1.0 - first) / 9.0 } * DRAWS as f64;
        let terms = counts.iter().enumerate().map(|(digit, count)| (f64::from(*count) - wanted(digit), wanted(digit)));
        terms.map(|(off, wanted)| off * off / wanted).sum::<f64>()
    };
    assert!(chi_squared(0.1) < 27.88, "{}", chi_squared(0.1));
    assert!(chi_squared(0.105) > 27.88, "{}", chi_squared(0.105));
}

#[test]
fn what_has_a_probability_happens_so_often() {
    let mut words = words(21);
    let share = (0..DRAWS).filter(|_| sampler::chance(&mut words, 0.1)).count() as f64 / DRAWS as f64;
    let misfit = |probability: f64| (share - probability).abs() / (4.0 * standard_error_of_share(probability));
    assert!(misfit(0.1) < 1.0 && misfit(0.105) > 1.0, "{share}");
}

#[test]
fn samplers_and_laws_give_the_same_for_the_same_word() {
    let mut words = words(22);
    for word in (0..10_000).map(|_| words.word()) {
        let one = || OneWord(word);
        let exponential = sampler::exponential(&mut one(), 40e6);
        assert_eq!(Law::Exponential { mean: MS.times(40) }.sample(word), Span::from_nanos_f64(exponential));
        let normal = sampler::normal(&mut one(), 40e6, 5e6);
        assert_eq!(
            Law::Normal { mean: MS.times(40), deviation: MS.times(5) }.sample(word),
            Span::from_nanos_f64(normal)
        );
        let lognormal = sampler::lognormal(&mut one(), 40e6, 0.4);
        assert_eq!(Law::LogNormal { median: MS.times(40), sigma: 0.4 }.sample(word), Span::from_nanos_f64(lognormal));
        let uniform = sampler::uniform(&mut one(), 10e6, 30e6);
        assert_eq!(Law::Uniform { low: us(10_000), high: us(30_000) }.sample(word), Span::from_nanos_f64(uniform));
    }
}

proptest! {
    /// A quantile is rounded to whole nanoseconds: one less has not yet reached the probability, one more has.
    #[test]
    fn quantiles_and_probabilities_undo_each_other(law in any_law(), probability in 0.001..0.999) {
        let span = law.quantile(probability);
        let below = law.cumulative(span.saturating_sub(Span::from_nanos(1)));
        let above = law.cumulative(span + Span::from_nanos(1));
        let is_clamped = span == Span::ZERO;
        prop_assert!((is_clamped || below <= probability + 1e-12) && probability <= above + 1e-12, "{below} {above}");
        let again = law.quantile(law.cumulative(span)).as_nanos();
        let off = again.abs_diff(span.as_nanos());
        prop_assert!(off as f64 <= 1.0 + 1e-9 * span.as_nanos() as f64, "{span} and {again}ns");
    }
}

fn any_law() -> impl Strategy<Value = Law> {
    let span = || (1_000_000..1_000_000_000_000_u64).prop_map(Span::from_nanos);
    prop_oneof![
        (span(), span()).prop_map(|(low, more)| Law::Uniform { low, high: low + more }),
        span().prop_map(|mean| Law::Exponential { mean }),
        (span(), span()).prop_map(|(mean, deviation)| Law::Normal { mean, deviation }),
        (span(), 0.1..3.0).prop_map(|(median, sigma)| Law::LogNormal { median, sigma }),
        (span(), 0.3..3.0).prop_map(|(scale, shape)| Law::Weibull { scale, shape }),
        (span(), 0.5..5.0).prop_map(|(minimum, shape)| Law::Pareto { minimum, shape }),
    ]
}

/// A million spans, in order of length, as whole nanoseconds.
struct Spans(Vec<u64>);

/// Whether a wrong parameter shows in the mean.
#[derive(Clone, Copy, PartialEq)]
enum Mean {
    Tells,
    IsSilent,
}

/// How far a sample is from a law, in parts of what may be.
#[derive(Debug)]
struct Misfit {
    /// Nothing where the law has no variance.
    mean: Option<f64>,
    quantiles: f64,
    distance: f64,
}

impl Spans {
    fn of(law: &Law, entity: u64) -> Self {
        let mut words = words(entity);
        Self::sorted(|| law.sample(words.word()))
    }

    fn met_by_a_visitor_of(law: &Law, entity: u64) -> Self {
        let mut words = words(entity);
        Self::sorted(|| law.length_biased(&mut words))
    }

    fn sorted(mut draw: impl FnMut() -> Span) -> Self {
        let mut nanos: Vec<u64> = (0..DRAWS).map(|_| draw().as_nanos()).collect();
        nanos.sort_unstable();
        Self(nanos)
    }

    fn fit(&self, law: &Law) {
        let misfit = self.misfit(law);
        let is_fit = misfit.mean.is_none_or(|mean| mean < 1.0) && misfit.quantiles < 1.0 && misfit.distance < 1.0;
        assert!(is_fit, "{law:?} {misfit:?}");
    }

    /// Each of the checks, by itself, must refuse the law.
    fn refuse(&self, law: &Law, mean: Mean) {
        let misfit = self.misfit(law);
        let mean_refuses = misfit.mean.is_some_and(|mean| mean > 1.0);
        assert_eq!(mean_refuses, mean == Mean::Tells, "{law:?} {misfit:?}");
        assert!(misfit.quantiles > 1.0 && misfit.distance > 1.0, "{law:?} {misfit:?}");
    }

    fn misfit(&self, law: &Law) -> Misfit {
        let mean = law.mean_nanos();
        let variance = second_moment(law) - mean * mean;
        let errors = |variance: f64| (variance / DRAWS as f64).sqrt();
        Misfit {
            mean: variance.is_finite().then(|| (self.mean() - mean).abs() / (4.0 * errors(variance))),
            quantiles: QUANTILES.map(|quantile| self.misfit_of_quantile(law, quantile)).into_iter().fold(0.0, f64::max),
            distance: self.distance(law) / DISTANCE_MAX,
        }
    }

    /// The share up to the law's quantile, which is more than the probability where there is clamping.
    fn misfit_of_quantile(&self, law: &Law, probability: f64) -> f64 {
        let quantile = law.quantile(probability);
        let wanted = law.cumulative(quantile);
        (self.share_up_to(quantile) - wanted).abs() / (4.0 * standard_error_of_share(wanted))
    }

    /// The greatest difference between the two distribution functions, at each span that occurs and just below it.
    fn distance(&self, law: &Law) -> f64 {
        let mut distance: f64 = 0.0;
        let mut shorter = 0;
        for equal in self.0.chunk_by(|one, other| one == other) {
            let up_to = shorter + equal.len();
            let before = equal[0].checked_sub(1).map_or(0.0, |nanos| law.cumulative(Span::from_nanos(nanos)));
            let at = law.cumulative(Span::from_nanos(equal[0]));
            distance = distance.max((shorter as f64 / DRAWS as f64 - before).abs());
            distance = distance.max((up_to as f64 / DRAWS as f64 - at).abs());
            shorter = up_to;
        }
        distance
    }

    fn fit_length_biased(&self, law: &Law) {
        let (mean, distance) = self.misfit_length_biased(law);
        assert!(mean < 1.0 && distance < 1.0, "{law:?} {mean} {distance}");
    }

    fn refuse_length_biased(&self, law: &Law) {
        let (mean, distance) = self.misfit_length_biased(law);
        assert!(mean > 1.0 && distance > 1.0, "{law:?} {mean} {distance}");
    }

    /// The mean must be `E[X^2] / E[X]`, and the distribution function `integral of t dF(t) up to x / E[X]`, which is found
    /// from the law's own by numerical integration at a thousand points.
    fn misfit_length_biased(&self, law: &Law) -> (f64, f64) {
        let mean = second_moment(law) / law.mean_nanos();
        let mut distance: f64 = 0.0;
        let (mut survival, mut from) = (0.0, 0);
        for place in (0..DRAWS).step_by(DRAWS / 1_000) {
            let nanos = self.0[place];
            survival += integral_of_survival(law, from, nanos);
            from = nanos;
            let beyond = 1.0 - law.cumulative(Span::from_nanos(nanos));
            let theory = (survival - nanos as f64 * beyond) / law.mean_nanos();
            distance = distance.max((place as f64 / DRAWS as f64 - theory).abs());
        }
        ((self.mean() - mean).abs() / (4.0 * self.deviation() / (DRAWS as f64).sqrt()), distance / DISTANCE_MAX)
    }

    fn share_up_to(&self, span: Span) -> f64 {
        self.0.partition_point(|nanos| *nanos <= span.as_nanos()) as f64 / DRAWS as f64
    }

    fn mean(&self) -> f64 {
        self.0.iter().map(|nanos| *nanos as f64).sum::<f64>() / DRAWS as f64
    }

    fn deviation(&self) -> f64 {
        let mean = self.mean();
        let squares = self.0.iter().map(|nanos| (*nanos as f64 - mean) * (*nanos as f64 - mean));
        (squares.sum::<f64>() / DRAWS as f64).sqrt()
    }
}

/// `E[X^2]` in closed form, in square nanoseconds; infinite for a Pareto whose shape is 2 or less.
fn second_moment(law: &Law) -> f64 {
    let nanos = |span: Span| span.as_nanos() as f64;
    match *law {
        Law::Constant(span) => nanos(span) * nanos(span),
        Law::Uniform { low, high } => {
            (nanos(low) * nanos(low) + nanos(low) * nanos(high) + nanos(high) * nanos(high)) / 3.0
        }
        Law::Exponential { mean } => 2.0 * nanos(mean) * nanos(mean),
        Law::Normal { mean, deviation } => {
            let (mean, deviation) = (nanos(mean), nanos(deviation));
            let z = mean / deviation;
            let density = libm::exp(-z * z / 2.0) / (2.0 * std::f64::consts::PI).sqrt();
            (mean * mean + deviation * deviation) * sampler::standard_normal_below(z) + mean * deviation * density
        }
        Law::LogNormal { median, sigma } => nanos(median) * nanos(median) * libm::exp(2.0 * sigma * sigma),
        Law::Weibull { scale, shape } => nanos(scale) * nanos(scale) * libm::tgamma(1.0 + 2.0 / shape),
        Law::Pareto { shape, .. } if shape <= 2.0 => f64::INFINITY,
        Law::Pareto { minimum, shape } => nanos(minimum) * nanos(minimum) * shape / (shape - 2.0),
    }
}

/// The integral of `P(X > x)` between two spans, by Simpson's rule over eight pieces.
fn integral_of_survival(law: &Law, from: u64, to: u64) -> f64 {
    const PIECES: u64 = 8;
    let at = |piece: u64| from as f64 + (to - from) as f64 * piece as f64 / PIECES as f64;
    let survival = |piece| 1.0 - law.cumulative(Span::from_nanos_f64(at(piece)));
    let weighted = (0..=PIECES).map(|piece| match piece {
        0 | PIECES => survival(piece),
        odd if odd % 2 == 1 => 4.0 * survival(odd),
        even => 2.0 * survival(even),
    });
    weighted.sum::<f64>() * (to - from) as f64 / (3 * PIECES) as f64
}

fn standard_error_of_share(share: f64) -> f64 {
    (share * (1.0 - share) / DRAWS as f64).sqrt()
}

fn words(entity: u64) -> Stream {
    Stream::open(2, StreamPurpose(99), entity)
}

fn us(micros: u64) -> Span {
    Span::from_micros(micros)
}

const DRAWS: usize = 1_000_000;
const QUANTILES: [f64; 5] = [0.01, 0.25, 0.5, 0.75, 0.99];
/// 1.95 / sqrt(DRAWS).
const DISTANCE_MAX: f64 = 1.95e-3;
