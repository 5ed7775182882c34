//! Statistics over seeds: means with their 95 % intervals, and differences within pairs.
//!
//! Sums run in the order of the values, and all arithmetic is +, −, ×, ÷ and the square root, which every machine rounds alike:
//! equal values give equal bits (law DET-6). Where more is needed, as for the distribution function of Student's t, it is of the
//! `libm` crate; published crates of statistics go through the system's `ln` and `exp`, which differ between machines.

mod correlation;
mod holm;
mod inequality;
mod order;
mod precision;
mod student;

pub use correlation::{correlation, rank_correlation, ranks};
pub use holm::holm;
pub use inequality::{gini, lorenz, max_over_mean};
pub use order::{QuantileEstimate, quantile};
pub use precision::values_for;
pub use student::{p_of_mean, t_beyond, two_sided_p};

/// The mean of a sample, and how far the mean of what it was drawn from may lie from it.
///
/// The interval is Student's: it holds the true mean in 95 of 100 samples if the values are independent and about normal. Its
/// half-width is t(0.975, n − 1) · s / √n, with [`deviation`] s and [`t_quantile`] t.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The mean; none without values.
    pub mean: Option<f64>,
    /// Half of the 95 % interval; none with fewer than two values.
    pub half_width: Option<f64>,
    /// How many values.
    pub count: usize,
}

impl Estimate {
    /// What a sample says of the mean.
    pub fn of(values: &[f64]) -> Self {
        let half_width = standard_error(values).map(|error| t_quantile(values.len() - 1) * error);
        Self { mean: mean(values), half_width, count: values.len() }
    }

    /// Whether the interval excludes zero; none where there is no interval.
    pub fn is_significant(&self) -> Option<bool> {
        self.mean.zip(self.half_width).map(|(mean, half_width)| mean.abs() > half_width)
    }
}

/// The differences between the values of each pair, where both have one.
pub fn differences(ones: &[Option<f64>], others: &[Option<f64>]) -> Vec<f64> {
    ones.iter().zip(others).filter_map(|(one, other)| Some((*one)? - (*other)?)).collect()
}

/// The mean; none without values.
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The standard deviation of what the sample was drawn from (n − 1 in the denominator); none with fewer than two values.
pub fn deviation(values: &[f64]) -> Option<f64> {
    let mean = mean(values).filter(|_| values.len() > 1)?;
    if values.iter().all(|value| value.to_bits() == values[0].to_bits()) {
        // Their mean may be rounded to a neighbour.
        return Some(0.0);
    }
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    Some((squares / (values.len() - 1) as f64).sqrt())
}

/// The standard error of the mean; none with fewer than two values.
pub fn standard_error(values: &[f64]) -> Option<f64> {
    deviation(values).map(|deviation| deviation / (values.len() as f64).sqrt())
}

/// The 97.5 % point of Student's t with this many degrees of freedom.
///
/// Up to 30 it is tabulated. Beyond, it is the expansion in 1/ν around the normal quantile x (Abramowitz and Stegun, *Handbook of
/// Mathematical Functions*, 26.7.5): x + g₁/ν + g₂/ν² + g₃/ν³ + g₄/ν⁴, which is off by less than 3e-8 there. The quantiles of
/// published crates go through the system's `ln` and `exp`, which DET-6 rules out.
pub fn t_quantile(freedom: usize) -> f64 {
    assert!(freedom > 0, "one value has no deviation");
    if let Some(quantile) = T_TABLE.get(freedom - 1) {
        return *quantile;
    }
    let x = NORMAL_QUANTILE;
    let x2 = x * x;
    let g1 = x * (x2 + 1.0) / 4.0;
    let g2 = x * ((5.0 * x2 + 16.0) * x2 + 3.0) / 96.0;
    let g3 = x * (((3.0 * x2 + 19.0) * x2 + 17.0) * x2 - 15.0) / 384.0;
    let g4 = x * ((((79.0 * x2 + 776.0) * x2 + 1482.0) * x2 - 1920.0) * x2 - 945.0) / 92160.0;
    let r = 1.0 / freedom as f64;
    x + r * (g1 + r * (g2 + r * (g3 + r * g4)))
}

/// The 97.5 % point of the standard normal distribution.
const NORMAL_QUANTILE: f64 = 1.959_963_984_540_054;

/// The 97.5 % points of Student's t with 1 to 30 degrees of freedom: roots of its distribution function (the regularized
/// incomplete beta function), found with 30 digits.
const T_TABLE: [f64; 30] = [
    12.706_204_736_2,
    4.302_652_729_7,
    3.182_446_305_3,
    2.776_445_105_2,
    2.570_581_835_6,
    2.446_911_851_1,
    2.364_624_251_6,
    2.306_004_135_2,
    2.262_157_162_8,
    2.228_138_852,
    2.200_985_160_1,
    2.178_812_829_7,
    2.160_368_656_5,
    2.144_786_687_9,
    2.131_449_545_6,
    2.119_905_299_2,
    2.109_815_577_8,
    2.100_922_040_2,
    2.093_024_054_4,
    2.085_963_447_3,
    2.079_613_844_7,
    2.073_873_067_9,
    2.068_657_610_4,
    2.063_898_561_6,
    2.059_538_552_8,
    2.055_529_438_6,
    2.051_830_516_5,
    2.048_407_141_8,
    2.045_229_642_1,
    2.042_272_456_3,
];

#[cfg(test)]
mod tests {
    use sim::rng::{Stream, StreamPurpose};
    use sim::sampler::{exponential, normal};

    use super::*;

    #[test]
    fn a_sample_has_known_answers() {
        // Worked by hand: the squares of the deviations from 5 add up to 32.
        let values = [2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0];
        let Estimate { mean, half_width, count } = Estimate::of(&values);
        assert_eq!((mean, count), (Some(5.0), 8));
        assert_near(deviation(&values), (32.0_f64 / 7.0).sqrt());
        assert_near(standard_error(&values), (32.0_f64 / 7.0 / 8.0).sqrt());
        // 2.3646 is t with 7 degrees of freedom.
        assert!((half_width.expect("eight values") - 2.3646 * 0.755_929).abs() < 1e-4);
    }

    #[test]
    fn what_has_no_deviation_has_no_interval() {
        assert_eq!(Estimate::of(&[]), Estimate { mean: None, half_width: None, count: 0 });
        assert_eq!(Estimate::of(&[3.5]), Estimate { mean: Some(3.5), half_width: None, count: 1 });
        assert_eq!(Estimate::of(&[3.5]).is_significant(), None);
        assert_eq!(Estimate::of(&[0.0; 3]), Estimate { mean: Some(0.0), half_width: Some(0.0), count: 3 });
        assert_eq!(Estimate::of(&[0.0; 3]).is_significant(), Some(false));
        assert_eq!(Estimate::of(&[0.1; 3]).half_width, Some(0.0), "though three times 0.1 is not 0.3");
        assert_eq!(Estimate::of(&[0.1; 3]).is_significant(), Some(true), "the same in every pair");
    }

    #[test]
    fn quantiles_are_those_of_published_tables() {
        // NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2, column 0.975.
        let published = [
            (1, 12.706),
            (2, 4.303),
            (3, 3.182),
            (4, 2.776),
            (5, 2.571),
            (9, 2.262),
            (10, 2.228),
            (19, 2.093),
            (29, 2.045),
            (30, 2.042),
            (31, 2.040),
            (40, 2.021),
            (60, 2.000),
            (80, 1.990),
            (100, 1.984),
        ];
        for (freedom, quantile) in published {
            assert!((t_quantile(freedom) - quantile).abs() <= 5.01e-4, "{freedom}: {}", t_quantile(freedom));
        }
        // With 30 digits, by the root of the incomplete beta function.
        for (freedom, quantile) in [(31, 2.039_513_446_4), (40, 2.021_075_390_31), (120, 1.979_930_405_08)] {
            assert!((t_quantile(freedom) - quantile).abs() < 3e-8, "{freedom}: {}", t_quantile(freedom));
        }
    }

    #[test]
    fn quantiles_fall_towards_that_of_the_normal_distribution() {
        let falls = (1..2000).all(|freedom| t_quantile(freedom) > t_quantile(freedom + 1));
        assert!(falls, "also where the table ends and the expansion begins");
        assert!(t_quantile(1_000_000) > NORMAL_QUANTILE && t_quantile(1_000_000) < NORMAL_QUANTILE + 1e-5);
    }

    #[test]
    fn only_whole_pairs_have_a_difference() {
        let found = differences(&[Some(3.0), None, Some(1.0), Some(2.0)], &[Some(1.0), Some(9.0), None, Some(2.5)]);
        assert_eq!(found, [2.0, -0.5]);
    }

    #[test]
    fn ninety_five_intervals_of_a_hundred_hold_the_true_mean() {
        for size in [2, 5, 30, 40] {
            let share = coverage(size, |values| Estimate::of(values).half_width);
            // Four standard errors of a share of 20,000.
            assert!((share - 0.95).abs() < 0.0062, "{size} values: {share}");
        }
        let of_normal = coverage(5, |values| standard_error(values).map(|error| NORMAL_QUANTILE * error));
        assert!(of_normal < 0.89, "the normal quantile is too small for five values: {of_normal}");
    }

    /// What two protocols have in common goes out: intervals of differences within pairs are as narrow as what is left.
    #[test]
    fn pairs_are_sharper_than_samples_apart() {
        let mut stream = Stream::open(8, StreamPurpose(99), 1);
        let mut pair = || {
            let common = exponential(&mut stream, 100.0);
            let [one, other] = [3.0, 1.0].map(|own| Some(common + normal(&mut stream, own, 1.0)));
            (one, other)
        };
        let (ones, others): (Vec<_>, Vec<_>) = (0..30).map(|_| pair()).unzip();
        let paired = Estimate::of(&differences(&ones, &others));
        assert_eq!(paired.is_significant(), Some(true));
        let alone = Estimate::of(&ones.into_iter().flatten().collect::<Vec<f64>>());
        assert!(alone.half_width > paired.half_width.map(|half_width| 20.0 * half_width));
    }

    /// The share of 20,000 normal samples of this size whose interval holds the true mean.
    fn coverage(size: usize, half_width: impl Fn(&[f64]) -> Option<f64>) -> f64 {
        const SAMPLES: usize = 20_000;
        let mut stream = Stream::open(7, StreamPurpose(99), size as u64);
        let holds = |_: &usize| {
            let values: Vec<f64> = (0..size).map(|_| normal(&mut stream, 10.0, 3.0)).collect();
            let [mean, half_width] = [mean(&values), half_width(&values)].map(|value| value.expect("there are values"));
            (mean - 10.0).abs() <= half_width
        };
        (0..SAMPLES).filter(holds).count() as f64 / SAMPLES as f64
    }

    fn assert_near(found: Option<f64>, wanted: f64) {
        assert!(found.is_some_and(|found| (found - wanted).abs() < 1e-12), "{found:?} and not {wanted}");
    }
}
