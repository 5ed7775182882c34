//! Quantiles with their intervals, from the order of the values alone: nothing is assumed of what they were drawn from.

/// A quantile of what a sample was drawn from, and between which of the sample's values it lies.
///
/// The interval is that of order statistics (Conover, *Practical Nonparametric Statistics*, 3.2): of n independent values, those
/// at or below the true quantile p are binomial with n and p, so that it lies between the l-th and the u-th value with
/// probability P(l ≤ B < u). Each tail is left at most 2.5 %; the sum over the binomial is exact.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QuantileEstimate {
    /// The sample's own quantile: the mean of the two values between which it lies, if it lies between two.
    pub value: f64,
    /// From this to that it lies in at least 95 of 100 samples; none where there are too few values.
    pub interval: Option<(f64, f64)>,
}

/// The quantile below which so many thousandths lie; none without values.
pub fn quantile(values: &[f64], thousandths: u32) -> Option<QuantileEstimate> {
    assert!((1..1000).contains(&thousandths), "a quantile lies within");
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (count, share) = (sorted.len(), thousandths as usize);
    let below = count * share / 1000;
    let value = if count == 0 {
        return None;
    } else if (count * share).is_multiple_of(1000) {
        f64::midpoint(sorted[below - 1], sorted[below])
    } else {
        sorted[below]
    };
    let interval = ranks(count, thousandths).map(|(low, high)| (sorted[low - 1], sorted[high - 1]));
    Some(QuantileEstimate { value, interval })
}

/// The ranks of the two values, counted from 1; none if a tail beyond the smallest or largest is too probable.
fn ranks(count: usize, thousandths: u32) -> Option<(usize, usize)> {
    let weights = binomial(count, f64::from(thousandths) / 1000.0);
    let tail = TAIL * weights.iter().sum::<f64>();
    let within = |weights: &mut dyn Iterator<Item = &f64>| {
        let mut sum = 0.0;
        weights
            .take_while(|weight| {
                sum += **weight;
                sum <= tail
            })
            .count()
    };
    // P(B < low) and P(B ≥ high).
    let low = within(&mut weights.iter());
    let high = count + 1 - within(&mut weights.iter().rev());
    (low > 0 && high <= count).then_some((low, high))
}

/// The probabilities of 0 to n, all times the same: from the most probable one outwards, so that none is lost.
fn binomial(count: usize, p: f64) -> Vec<f64> {
    let mode = ((count + 1) as f64 * p) as usize;
    let mut weights = vec![0.0; count + 1];
    weights[mode.min(count)] = 1.0;
    for k in mode.min(count)..count {
        weights[k + 1] = weights[k] * ((count - k) as f64 / (k + 1) as f64) * (p / (1.0 - p));
    }
    for k in (1..=mode.min(count)).rev() {
        weights[k - 1] = weights[k] * (k as f64 / (count - k + 1) as f64) * ((1.0 - p) / p);
    }
    weights
}

const TAIL: f64 = 0.025;

#[cfg(test)]
mod tests {
    use super::*;
    use sim::rng::{Stream, StreamPurpose};
    use sim::sampler::exponential;

    /// Intervals of the median (Conover, table A3 of the binomial with p = 1/2; Hollander and Wolfe, table of the sign test).
    #[test]
    fn ranks_of_the_median_are_those_of_the_tables() {
        let published =
            [(6, (1, 6)), (8, (1, 8)), (9, (2, 8)), (10, (2, 9)), (15, (4, 12)), (20, (6, 15)), (30, (10, 21))];
        for (count, wanted) in published {
            assert_eq!(ranks(count, 500), Some(wanted), "{count} values");
        }
        assert_eq!(ranks(5, 500), None, "beyond the largest of five lies 1 / 32");
    }

    #[test]
    fn a_far_quantile_needs_many_values() {
        // 0.99^n must be at most 0.025: n = 368.
        assert_eq!((ranks(367, 990), ranks(368, 990).map(|(_, high)| high)), (None, Some(368)));
        assert!(ranks(100_000, 1).is_some() && ranks(100_000, 999).is_some(), "nothing is lost far from the mode");
    }

    #[test]
    fn probabilities_are_those_of_choosing() {
        // n! / (k! (n − k)!) p^k q^(n − k) in whole numbers, p = 3 / 10, n = 7.
        let exact = [823_543_u64, 2_470_629, 3_176_523, 2_268_945, 972_405, 250_047, 35_721, 2_187];
        let weights = binomial(7, 0.3);
        let sum: f64 = weights.iter().sum();
        for (weight, exact) in weights.iter().zip(exact) {
            assert!((weight / sum - exact as f64 / 1e7).abs() < 1e-14);
        }
    }

    #[test]
    fn a_quantile_between_two_values_is_in_their_middle() {
        let of = |values: &[f64], thousandths| quantile(values, thousandths).map(|found| found.value);
        assert_eq!(of(&[3.0, 1.0, 2.0], 500), Some(2.0));
        assert_eq!(of(&[4.0, 1.0, 2.0, 3.0], 500), Some(2.5));
        assert_eq!(of(&[4.0, 1.0, 2.0, 3.0], 900), Some(4.0));
        assert_eq!((of(&[7.0], 1), of(&[], 500)), (Some(7.0), None));
        assert_eq!(quantile(&[7.0; 5], 500).expect("values").interval, None, "too few");
    }

    /// The interval holds the true quantile in at least 95 of 100 samples, and in no more than the sum of the binomial says;
    /// the ranks next to it, on one side, in too few.
    #[test]
    fn intervals_hold_the_true_quantile_as_often_as_they_say() {
        const SAMPLES: usize = 10_000;
        for (count, thousandths) in [(30_usize, 500_u32), (60, 900)] {
            let share = f64::from(thousandths) / 1000.0;
            let truth = -libm::log(1.0 - share);
            let (low, high) = ranks(count, thousandths).expect("enough values");
            let weights = binomial(count, share);
            let exact: f64 = weights[low..high].iter().sum::<f64>() / weights.iter().sum::<f64>();
            let mut stream = Stream::open(12, StreamPurpose(99), u64::from(thousandths));
            let (mut holds, mut narrower) = (0, 0);
            for _ in 0..SAMPLES {
                let mut values: Vec<f64> = (0..count).map(|_| exponential(&mut stream, 1.0)).collect();
                let (from, to) =
                    quantile(&values, thousandths).and_then(|found| found.interval).expect("enough values");
                holds += usize::from((from..=to).contains(&truth));
                values.sort_by(f64::total_cmp);
                narrower += usize::from((values[low]..=values[high - 2]).contains(&truth));
            }
            let [holds, narrower] = [holds, narrower].map(|count| count as f64 / SAMPLES as f64);
            // Four standard errors of a share.
            let bound = 4.0 * (exact * (1.0 - exact) / SAMPLES as f64).sqrt();
            assert!(exact >= 0.95 && (holds - exact).abs() < bound, "{holds} and not {exact}");
            assert!(narrower < 0.95 - bound, "one rank less on either side is too narrow: {narrower}");
        }
    }
}
