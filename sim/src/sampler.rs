//! Samplers: from random words to distributions, by `libm` and integers alone, so that every machine draws the same.
//!
//! The system's `ln` and `exp` differ between machines, and published samplers change their streams between versions;
//! so these are our own. All but [`below`], [`shuffle`], [`choose`], [`gamma`] and [`Zipf`] use exactly one word and are
//! increasing in it (inverse transform), so that under one seed two settings of a distribution give coupled values.

use crate::rng::Words;

/// Uniform over `[0, 1)`, on a grid of 2^-53.
pub fn unit(words: &mut impl Words) -> f64 {
    (words.word() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

/// Uniform over the open interval `(0, 1)`: never the ends, so that its logarithm is finite.
pub fn open_unit(words: &mut impl Words) -> f64 {
    ((words.word() >> 12) as f64 + 0.5) * (1.0 / (1u64 << 52) as f64)
}

/// True with this probability; 0 is never and 1 is always.
pub fn chance(words: &mut impl Words, probability: f64) -> bool {
    unit(words) < probability
}

/// A whole number in `0..bound`, each equally likely (Lemire, "Fast Random Integer Generation in an Interval", 2019).
pub fn below(words: &mut impl Words, bound: u64) -> u64 {
    assert!(bound > 0, "there is no number below zero");
    let mut product = u128::from(words.word()) * u128::from(bound);
    if (product as u64) < bound {
        let threshold = bound.wrapping_neg() % bound;
        while (product as u64) < threshold {
            product = u128::from(words.word()) * u128::from(bound);
        }
    }
    (product >> 64) as u64
}

/// Puts the items into a random order, each equally likely (Fisher and Yates, from the end).
pub fn shuffle<T>(words: &mut impl Words, items: &mut [T]) {
    for last in (1..items.len()).rev() {
        items.swap(last, below(words, last as u64 + 1) as usize);
    }
}

/// So many different numbers out of `0..total`, each choice equally likely, in no particular order (Floyd's algorithm, in
/// Bentley, "A Sample of Brilliance", 1987); all of them if there are no more.
pub fn choose(words: &mut impl Words, total: usize, count: usize) -> Vec<usize> {
    let count = count.min(total);
    let mut chosen = Vec::with_capacity(count);
    for last in total - count..total {
        let number = below(words, last as u64 + 1) as usize;
        chosen.push(if chosen.contains(&number) { last } else { number });
    }
    chosen
}

/// Uniform over `[low, high)`.
pub fn uniform(words: &mut impl Words, low: f64, high: f64) -> f64 {
    low + (high - low) * unit(words)
}

/// Exponential with this mean.
pub fn exponential(words: &mut impl Words, mean: f64) -> f64 {
    -mean * libm::log1p(-open_unit(words))
}

/// Normal with this mean and standard deviation.
pub fn normal(words: &mut impl Words, mean: f64, deviation: f64) -> f64 {
    mean + deviation * standard_normal_quantile(open_unit(words))
}

/// Lognormal: its logarithm is normal with mean `ln(median)` and standard deviation `sigma`.
pub fn lognormal(words: &mut impl Words, median: f64, sigma: f64) -> f64 {
    median * libm::exp(sigma * standard_normal_quantile(open_unit(words)))
}

/// Lognormal with this mean, whatever `sigma`, the standard deviation of its logarithm, is: the median lies below it.
pub fn lognormal_with_mean(words: &mut impl Words, mean: f64, sigma: f64) -> f64 {
    lognormal(words, mean * libm::exp(-sigma * sigma / 2.0), sigma)
}

/// Gamma with this shape, at least 1, and scale 1 (Marsaglia and Tsang, "A Simple Method for Generating Gamma Variables",
/// 2000). Uses as many words as it needs.
pub fn gamma(words: &mut impl Words, shape: f64) -> f64 {
    assert!(shape >= 1.0, "the method is for shapes of 1 and above");
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / libm::sqrt(9.0 * d);
    loop {
        let x = normal(words, 0.0, 1.0);
        let v = 1.0 + c * x;
        if v > 0.0 {
            let v = v * v * v;
            if libm::log(open_unit(words)) < 0.5 * x * x + d - d * v + d * libm::log(v) {
                return d * v;
            }
        }
    }
}

/// Zipf's law over ranks: of `items` ranks, rank r is drawn with a probability in proportion to `1 / r^exponent`.
///
/// Rejection-inversion (Hörmann and Derflinger, "Rejection-Inversion to Generate Variates from Monotone Discrete
/// Distributions", ACM TOMACS 6(3), 1996): five numbers are kept, however many ranks there are. A draw takes one word, and
/// one more each time that it is rejected.
///
/// ```
/// use sim::rng::{Stream, StreamPurpose};
/// use sim::sampler::Zipf;
///
/// let law = Zipf::new(1.0, 1_000_000_000);
/// let rank = law.sample(&mut Stream::open(1, StreamPurpose(99), 0));
/// assert!((1..=1_000_000_000).contains(&rank));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Zipf {
    exponent: f64,
    items: u64,
    /// The integral of the hat up to the left end of the first rank, whose column is cut to its own height.
    low: f64,
    /// The integral of the hat up to the right end of the last rank.
    high: f64,
    /// Whatever lies no further than this left of its rank is taken without a second look.
    sure: f64,
}

impl Zipf {
    /// The law of this exponent over this many ranks; with exponent 0 all ranks are alike.
    ///
    /// # Panics
    /// If the exponent is negative or not finite, or there are no ranks.
    pub fn new(exponent: f64, items: u64) -> Self {
        assert!(exponent >= 0.0 && exponent.is_finite(), "the exponent {exponent} is no exponent of Zipf's law");
        assert!(items > 0, "there must be a rank to draw");
        let mut law = Self { exponent, items, low: 0.0, high: 0.0, sure: 0.0 };
        law.low = law.integral(1.5) - 1.0;
        law.high = law.integral(items as f64 + 0.5);
        law.sure = 2.0 - law.inverse(law.integral(2.5) - law.height(2.0));
        law
    }

    /// A rank, from 1 on.
    pub fn sample(&self, words: &mut impl Words) -> u64 {
        loop {
            let area = self.high + open_unit(words) * (self.low - self.high);
            let place = self.inverse(area);
            let rank = (place.round() as u64).clamp(1, self.items);
            let middle = rank as f64;
            if middle - place <= self.sure || area >= self.integral(middle + 0.5) - self.height(middle) {
                return rank;
            }
        }
    }

    /// The hat: `x^-exponent`.
    fn height(&self, x: f64) -> f64 {
        libm::exp(-self.exponent * libm::log(x))
    }

    /// The integral of the hat from 1 to `x`.
    fn integral(&self, x: f64) -> f64 {
        let log = libm::log(x);
        expm1_over((1.0 - self.exponent) * log) * log
    }

    /// Where the integral has this value.
    fn inverse(&self, area: f64) -> f64 {
        // Rounding may take the product below -1, where there is no logarithm.
        let product = (area * (1.0 - self.exponent)).max(-1.0);
        libm::exp(log1p_over(product) * area)
    }
}

/// `(exp(x) - 1) / x`, by its series where it would be 0 / 0.
fn expm1_over(x: f64) -> f64 {
    if x.abs() > 1e-8 { libm::expm1(x) / x } else { 1.0 + x / 2.0 * (1.0 + x / 3.0) }
}

/// `ln(1 + x) / x`, by its series where it would be 0 / 0.
fn log1p_over(x: f64) -> f64 {
    if x.abs() > 1e-8 { libm::log1p(x) / x } else { 1.0 - x * (0.5 - x / 3.0) }
}

/// The standard normal distribution function.
pub fn standard_normal_below(z: f64) -> f64 {
    0.5 * libm::erfc(-z / std::f64::consts::SQRT_2)
}

/// The inverse of the standard normal distribution function, to about 1e-16 (Wichura, Algorithm AS 241, PPND16, 1988).
pub fn standard_normal_quantile(probability: f64) -> f64 {
    let q = probability - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180_625 - q * q;
        return q * polynomial(&CENTRE_ABOVE, r) / polynomial(&CENTRE_BELOW, r);
    }
    let tail = if q < 0.0 { probability } else { 1.0 - probability };
    let r = libm::sqrt(-libm::log(tail));
    let size = if r <= 5.0 {
        polynomial(&MIDDLE_ABOVE, r - 1.6) / polynomial(&MIDDLE_BELOW, r - 1.6)
    } else {
        polynomial(&FAR_ABOVE, r - 5.0) / polynomial(&FAR_BELOW, r - 5.0)
    };
    if q < 0.0 { -size } else { size }
}

/// Horner's scheme; the constant coefficient comes first.
fn polynomial(coefficients: &[f64; 8], x: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, coefficient| sum * x + coefficient)
}

const CENTRE_ABOVE: [f64; 8] = [
    3.387_132_872_796_366_5,
    1.331_416_678_917_843_8e2,
    1.971_590_950_306_551_3e3,
    1.373_169_376_550_946e4,
    4.592_195_393_154_987e4,
    6.726_577_092_700_87e4,
    3.343_057_558_358_813e4,
    2.509_080_928_730_122_7e3,
];
const CENTRE_BELOW: [f64; 8] = [
    1.0,
    4.231_333_070_160_091e1,
    6.871_870_074_920_579e2,
    5.394_196_021_424_751e3,
    2.121_379_430_158_659_7e4,
    3.930_789_580_009_271e4,
    2.872_908_573_572_194_3e4,
    5.226_495_278_852_854e3,
];
const MIDDLE_ABOVE: [f64; 8] = [
    1.423_437_110_749_683_5,
    4.630_337_846_156_546,
    5.769_497_221_460_691,
    3.647_848_324_763_204_5,
    1.270_458_252_452_368_4,
    2.417_807_251_774_506e-1,
    2.272_384_498_926_918_4e-2,
    7.745_450_142_783_414e-4,
];
const MIDDLE_BELOW: [f64; 8] = [
    1.0,
    2.053_191_626_637_759,
    1.676_384_830_183_803_8,
    6.897_673_349_851e-1,
    1.481_039_764_274_800_8e-1,
    1.519_866_656_361_645_7e-2,
    5.475_938_084_995_345e-4,
    1.050_750_071_644_416_9e-9,
];
const FAR_ABOVE: [f64; 8] = [
    6.657_904_643_501_103,
    5.463_784_911_164_114,
    1.784_826_539_917_291_3,
    2.965_605_718_285_048_7e-1,
    2.653_218_952_657_612_4e-2,
    1.242_660_947_388_078_4e-3,
    2.711_555_568_743_487_6e-5,
    2.010_334_399_292_288_1e-7,
];
const FAR_BELOW: [f64; 8] = [
    1.0,
    5.998_322_065_558_88e-1,
    1.369_298_809_227_358e-1,
    1.487_536_129_085_061_5e-2,
    7.868_691_311_456_133e-4,
    1.846_318_317_510_054_8e-5,
    1.421_511_758_316_446e-7,
    2.044_263_103_389_939_8e-15,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{OneWord, Stream, StreamPurpose};

    #[test]
    fn samplers_have_known_answers() {
        let mut stream = Stream::open(42, StreamPurpose(99), 0);
        let bits = [
            unit(&mut stream).to_bits(),
            exponential(&mut stream, 1e6).to_bits(),
            normal(&mut stream, 5.0, 2.0).to_bits(),
            lognormal(&mut stream, 40e6, 0.4).to_bits(),
            uniform(&mut stream, 1.0, 3.0).to_bits(),
            below(&mut stream, 1000),
        ];
        assert_eq!(bits, KNOWN_BITS, "{bits:#x?}");
    }

    #[test]
    fn the_normal_quantile_agrees_with_the_table_of_wichura() {
        // AS 241, test values; and the common 97.5 % point.
        assert!((standard_normal_quantile(0.25) - -0.674_489_750_196_081_7).abs() < 1e-15);
        assert!((standard_normal_quantile(0.001) - -3.090_232_306_167_813_5).abs() < 1e-14);
        assert!((standard_normal_quantile(1e-20) - -9.262_340_089_798_408).abs() < 1e-13);
        assert!((standard_normal_quantile(0.975) - 1.959_963_984_540_054).abs() < 1e-14);
    }

    #[test]
    fn means_and_deviations_are_those_asked_for() {
        let mut stream = Stream::open(1, StreamPurpose(99), 1);
        let (mean, deviation) = moments(|| exponential(&mut stream, 3.0));
        assert!((mean - 3.0).abs() < 0.03 && (deviation - 3.0).abs() < 0.05, "{mean} {deviation}");
        let (mean, deviation) = moments(|| normal(&mut stream, 10.0, 2.0));
        assert!((mean - 10.0).abs() < 0.02 && (deviation - 2.0).abs() < 0.02, "{mean} {deviation}");
        let (mean, _) = moments(|| lognormal(&mut stream, 40.0, 0.4));
        assert!((mean - 40.0 * libm::exp(0.08)).abs() < 0.2, "{mean}");
        let (mean, deviation) = moments(|| lognormal_with_mean(&mut stream, 3.0, 0.5));
        let expected = 3.0 * libm::sqrt(libm::expm1(0.25));
        assert!((mean - 3.0).abs() < 0.03 && (deviation - expected).abs() < 0.05, "{mean} {deviation}");
        let (mean, _) = moments(|| below(&mut stream, 7) as f64);
        assert!((mean - 3.0).abs() < 0.03, "{mean}");
    }

    #[test]
    fn the_ends_of_the_words_give_finite_values() {
        for word in [0, u64::MAX] {
            assert!(unit(&mut OneWord(word)) < 1.0);
            assert!(exponential(&mut OneWord(word), 1.0).is_finite());
            assert!(normal(&mut OneWord(word), 0.0, 1.0).is_finite());
            assert!(!chance(&mut OneWord(word), 0.0) && chance(&mut OneWord(word), 1.0));
        }
    }

    #[test]
    fn every_order_of_a_shuffle_is_equally_likely() {
        let mut stream = Stream::open(5, StreamPurpose(99), 2);
        let mut counts = std::collections::BTreeMap::new();
        for _ in 0..60_000 {
            let mut items = [0, 1, 2];
            shuffle(&mut stream, &mut items);
            *counts.entry(items).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 6);
        assert!(counts.values().all(|count| (9_500..10_500).contains(count)), "{counts:?}");
    }

    #[test]
    fn every_choice_is_equally_likely() {
        let mut stream = Stream::open(5, StreamPurpose(99), 3);
        let mut counts = std::collections::BTreeMap::new();
        for _ in 0..60_000 {
            let mut chosen = choose(&mut stream, 4, 2);
            chosen.sort_unstable();
            *counts.entry(chosen).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 6);
        assert!(counts.values().all(|count| (9_500..10_500).contains(count)), "{counts:?}");
        assert_eq!((choose(&mut stream, 3, 9).len(), choose(&mut stream, 0, 2).len()), (3, 0));
    }

    #[test]
    fn ranks_have_known_answers() {
        for (exponent, items, known) in KNOWN_RANKS {
            let mut stream = Stream::open(42, StreamPurpose(99), 1);
            let law = Zipf::new(exponent, items);
            let ranks: [u64; 6] = std::array::from_fn(|_| law.sample(&mut stream));
            assert_eq!(ranks, known, "exponent {exponent} over {items}");
        }
    }

    /// Pearson's chi-square over the ranks 1, 2, 3-4, 5-8, … 513-1000: eleven cells, ten degrees of freedom, whose 99.9 %
    /// quantile is 29.59 (a table's). The same check refuses an exponent that is off by 5 % (off by .05, where it is 0).
    #[test]
    fn ranks_follow_zipfs_law_and_no_neighbouring_one() {
        for (number, exponent) in [0.0, 0.7, 1.0, 1.5].into_iter().enumerate() {
            let mut stream = Stream::open(7, StreamPurpose(99), number as u64);
            let law = Zipf::new(exponent, 1000);
            let mut counts = [0u32; 11];
            for _ in 0..100_000 {
                counts[(law.sample(&mut stream) - 1).checked_ilog2().map_or(0, |bits| bits as usize + 1)] += 1;
            }
            let fit = chi_square(&counts, exponent);
            assert!(fit < 29.59, "exponent {exponent}: {fit}");
            let near = if exponent == 0.0 { 0.05 } else { exponent * 1.05 };
            for other in [near, exponent - (near - exponent)].into_iter().filter(|other| *other >= 0.0) {
                let misfit = chi_square(&counts, other);
                assert!(misfit > 29.59, "exponent {exponent} taken for {other}: {misfit}");
            }
        }
    }

    #[test]
    fn the_ends_of_zipfs_law_are_ranks() {
        for exponent in [0.0, 1e-300, 0.7, 1.0, 1.0 + 1e-12, 1.5, 50.0, 1e10, 1e17, f64::MAX] {
            for items in [1, 2, 1_000_000_000] {
                let law = Zipf::new(exponent, items);
                for word in [0, u64::MAX / 2, u64::MAX] {
                    assert!((1..=items).contains(&law.sample(&mut OneWord(word))), "exponent {exponent} over {items}");
                }
            }
        }
    }

    /// How far counts of ranks, by doubling, lie from what Zipf's law with this exponent expects over 1000 ranks.
    fn chi_square(counts: &[u32; 11], exponent: f64) -> f64 {
        let mut expected = [0.0; 11];
        for rank in 1..=1000u32 {
            let cell = (rank - 1).checked_ilog2().map_or(0, |bits| bits as usize + 1);
            expected[cell] += libm::pow(f64::from(rank), -exponent);
        }
        let (total, weight) = (f64::from(counts.iter().sum::<u32>()), expected.iter().sum::<f64>());
        let distance = |(count, expected): (&u32, &f64)| {
            let expected = expected / weight * total;
            (f64::from(*count) - expected) * (f64::from(*count) - expected) / expected
        };
        counts.iter().zip(&expected).map(distance).sum()
    }

    fn moments(mut draw: impl FnMut() -> f64) -> (f64, f64) {
        const COUNT: usize = 100_000;
        let values: Vec<f64> = (0..COUNT).map(|_| draw()).collect();
        let mean = values.iter().sum::<f64>() / COUNT as f64;
        let square = values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / COUNT as f64;
        (mean, square.sqrt())
    }

    /// From the paper's formulas in fifty digits, with the same words.
    const KNOWN_RANKS: [(f64, u64, [u64; 6]); 4] = [
        (0.0, 10, [6, 3, 10, 3, 4, 2]),
        (0.7, 10_000, [1604, 167, 9528, 121, 427, 18]),
        (1.0, 1_000_000_000, [74_577, 124, 722_938_726, 68, 1056, 5]),
        (1.5, 1000, [3, 1, 382, 1, 1, 1]),
    ];
    const KNOWN_BITS: [u64; 6] = [
        0x3fd5_bdc8_de54_4b84,
        0x412e_172d_6451_fcae,
        0x4021_f0d7_aa6c_b642,
        0x4175_b3b1_fe0a_fd80,
        0x3ff4_cb89_b832_00d0,
        0x36d,
    ];
}
