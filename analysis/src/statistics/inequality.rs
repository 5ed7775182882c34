//! How unequal shares are: the Lorenz curve, and Gini's index. All sums are of whole numbers, and exact.

/// Gini's index of shares in ascending order: 0 where all are equal, (n − 1) / n where one of n has all. None without shares, or
/// where their sum is zero.
///
/// It is half the mean difference of all pairs over the mean, Σ |x − y| / (2 n² · mean), by the formula for sorted values,
/// Σ (2 i − n − 1) xᵢ / (n · Σ x), i from 1 (Dorfman, Review of Economics and Statistics 61, 1979, has both).
pub fn gini(sorted: &[u64]) -> Option<f64> {
    let (count, sum) = (sorted.len() as i128, sum(sorted));
    let weighted: i128 =
        (1..).zip(sorted).map(|(rank, share): (i128, _)| (2 * rank - count - 1) * i128::from(*share)).sum();
    (sum > 0).then(|| weighted as f64 / (count * sum) as f64)
}

/// The largest of the shares, which are in ascending order, over their mean. None without shares, or where their sum is zero.
pub fn max_over_mean(sorted: &[u64]) -> Option<f64> {
    let (largest, sum) = (sorted.last()?, sum(sorted));
    (sum > 0).then(|| (i128::from(*largest) * sorted.len() as i128) as f64 / sum as f64)
}

/// The Lorenz curve of shares in ascending order (Lorenz, Publications of the American Statistical Association 9, 1905): the
/// part of the whole that the least 0 %, 5 %, …, 100 % of them have, on straight lines between whole numbers of shares. None
/// without shares, or where their sum is zero.
pub fn lorenz(sorted: &[u64]) -> Option<[f64; LORENZ_POINTS]> {
    let steps = LORENZ_POINTS - 1;
    let whole = steps as i128 * sum(sorted);
    let mut points = [0.0; LORENZ_POINTS];
    let (mut passed, mut before) = (0, 0);
    for (step, point) in points.iter_mut().enumerate() {
        let (until, rest) = (step * sorted.len() / steps, step * sorted.len() % steps);
        before += sum(&sorted[passed..until]);
        passed = until;
        let next = sorted.get(until).map_or(0, |share| i128::from(*share));
        *point = (steps as i128 * before + rest as i128 * next) as f64 / whole as f64;
    }
    (whole > 0).then_some(points)
}

fn sum(shares: &[u64]) -> i128 {
    shares.iter().map(|share| i128::from(*share)).sum()
}

/// How many points a Lorenz curve has: every 5 %.
const LORENZ_POINTS: usize = 21;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn worked_examples_come_out() {
        assert_eq!(gini(&[3, 3, 3, 3]), Some(0.0));
        assert_eq!(gini(&[0, 0, 0, 8]), Some(0.75), "(n − 1) / n");
        assert_eq!(gini(&[7]), Some(0.0), "one has all, and there is nobody else");
        // Of 1 to 5: (−4·1 − 2·2 + 0·3 + 2·4 + 4·5) / (5 · 15) = 20 / 75.
        assert_eq!(gini(&[1, 2, 3, 4, 5]), Some(20.0 / 75.0));
        assert_eq!(max_over_mean(&[1, 2, 3, 4, 5]), Some(5.0 / 3.0));
    }

    #[test]
    fn where_there_is_nothing_to_share_nothing_is_unequal() {
        for nothing in [&[][..], &[0, 0]] {
            assert_eq!((gini(nothing), max_over_mean(nothing), lorenz(nothing)), (None, None, None));
        }
    }

    #[test]
    fn shares_of_any_size_have_exact_sums() {
        assert_eq!(gini(&[u64::MAX; 1000]), Some(0.0));
        assert_eq!(lorenz(&[u64::MAX; 3]).map(|curve| curve[20]), Some(1.0));
    }

    #[test]
    fn a_lorenz_curve_is_the_diagonal_where_all_are_equal_and_flat_where_one_has_all() {
        for count in [1, 7, 20, 33] {
            let curve = lorenz(&vec![5; count]).expect("there is something");
            for (step, point) in curve.iter().enumerate() {
                assert!((point - step as f64 / 20.0).abs() < 1e-12, "{count}: {curve:?}");
            }
        }
        let curve = lorenz(&[0, 0, 0, 0, 6]).expect("there is something");
        // The last fifth begins at 80 %.
        assert_eq!(curve[..=16], [0.0; 17]);
        assert_eq!(curve[17..], [0.25, 0.5, 0.75, 1.0]);
    }

    proptest! {
        #[test]
        fn ginis_index_is_half_the_mean_difference_over_the_mean(mut shares in prop::collection::vec(0u64..1000, 1..60)) {
            shares.sort_unstable();
            let differences: u64 = shares.iter().flat_map(|x| shares.iter().map(|y| x.abs_diff(*y))).sum();
            let sum: u64 = shares.iter().sum();
            let by_pairs = differences as f64 / (2.0 * shares.len() as f64 * sum as f64);
            match gini(&shares) {
                None => prop_assert_eq!(sum, 0),
                Some(found) => prop_assert!((found - by_pairs).abs() < 1e-12, "{} and not {}", found, by_pairs),
            }
        }

        #[test]
        fn a_lorenz_curve_is_the_integral_of_the_quantiles(mut shares in prop::collection::vec(1u64..1000, 1..60)) {
            shares.sort_unstable();
            // Each share stands twenty times, so that every twentieth of them is a whole number.
            let spread: Vec<u64> = shares.iter().flat_map(|share| [*share; 20]).collect();
            let whole: u64 = spread.iter().sum();
            for (step, point) in lorenz(&shares).expect("all have something").iter().enumerate() {
                let least: u64 = spread[..step * shares.len()].iter().sum();
                prop_assert!((point - least as f64 / whole as f64).abs() < 1e-12);
            }
        }
    }
}
