//! Whether two things go together: Pearson's correlation, and Spearman's of their ranks.

/// Pearson's correlation of pairs, from −1 to 1: whether one lies on a straight line over the other. None with fewer than two
/// pairs, or where one of both is always the same.
///
/// # Panics
/// If not every value has its other.
pub fn correlation(ones: &[f64], others: &[f64]) -> Option<f64> {
    assert_eq!(ones.len(), others.len(), "every value has its other");
    if ones.len() < 2 || is_constant(ones) || is_constant(others) {
        return None;
    }
    let (ones, others) = (centred(ones), centred(others));
    let scale = (product(&ones, &ones) * product(&others, &others)).sqrt();
    (scale > 0.0).then(|| (product(&ones, &others) / scale).clamp(-1.0, 1.0))
}

/// Spearman's rank correlation of pairs, from −1 to 1: whether one grows with the other, on whatever line. It is Pearson's
/// correlation of the [`ranks`]. None where that has none.
pub fn rank_correlation(ones: &[impl Ord], others: &[impl Ord]) -> Option<f64> {
    correlation(&ranks(ones), &ranks(others))
}

/// The rank of each value, the least being 1; equal values share the mean of their ranks.
pub fn ranks(values: &[impl Ord]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_unstable_by_key(|place| &values[*place]);
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0;
    for equals in order.chunk_by(|one, other| values[*one] == values[*other]) {
        let rank = before as f64 + (equals.len() + 1) as f64 / 2.0;
        for place in equals {
            ranks[*place] = rank;
        }
        before += equals.len();
    }
    ranks
}

/// Told by the bits, because a mean may be rounded to a neighbour.
fn is_constant(values: &[f64]) -> bool {
    values.iter().all(|value| value.to_bits() == values[0].to_bits())
}

fn centred(values: &[f64]) -> Vec<f64> {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    values.iter().map(|value| value - mean).collect()
}

fn product(ones: &[f64], others: &[f64]) -> f64 {
    ones.iter().zip(others).map(|(one, other)| one * other).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn published_examples_come_out() {
        // Anscombe, American Statistician 27 (1973), the first and the fourth of his four sets: 0.8164 and 0.8165.
        let x = [10.0, 8.0, 13.0, 9.0, 11.0, 14.0, 6.0, 4.0, 12.0, 7.0, 5.0];
        let y = [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68];
        assert!(is_near(correlation(&x, &y), 0.816_420_516));
        let x = [8.0, 8.0, 8.0, 8.0, 8.0, 8.0, 8.0, 19.0, 8.0, 8.0, 8.0];
        let y = [6.58, 5.76, 7.71, 8.84, 8.47, 7.04, 5.25, 12.50, 5.56, 7.91, 6.89];
        assert!(is_near(correlation(&x, &y), 0.816_521_437));
        // Without ties it is 1 − 6 Σd² / (n³ − n): here Σd² = 194 and n = 10, so −29/165.
        let iq = [106, 100, 86, 101, 99, 103, 97, 113, 112, 110];
        let hours = [7, 27, 2, 50, 28, 29, 20, 12, 6, 17];
        assert!(is_near(rank_correlation(&iq, &hours), -29.0 / 165.0));
    }

    #[test]
    fn what_is_always_the_same_goes_with_nothing() {
        assert_eq!(correlation(&[], &[]), None);
        assert_eq!(correlation(&[1.0], &[2.0]), None);
        assert_eq!(correlation(&[0.1; 3], &[1.0, 2.0, 3.0]), None, "though the mean of three tenths is none");
        assert_eq!(rank_correlation(&[1, 2, 3], &[5, 5, 5]), None);
    }

    #[test]
    fn what_grows_along_is_one_on_a_line_and_by_rank_on_any_curve() {
        let (x, line, curve) = ([1u64, 2, 3, 4, 5], [7u64, 9, 11, 13, 15], [1u64, 10, 100, 1000, 100_000]);
        let [x_, line_, curve_] = [x, line, curve].map(|values| values.map(|value| value as f64));
        assert_eq!((correlation(&x_, &line_), rank_correlation(&x, &line)), (Some(1.0), Some(1.0)));
        assert_eq!(rank_correlation(&x, &curve), Some(1.0));
        assert!(correlation(&x_, &curve_).is_some_and(|r| r < 0.8));
        let back = line_.map(|value| -value);
        assert_eq!(correlation(&x_, &back), Some(-1.0));
    }

    proptest! {
        #[test]
        fn a_rank_is_one_and_those_below_and_half_of_those_beside(values in prop::collection::vec(0u32..20, 0..60)) {
            for (value, rank) in values.iter().zip(ranks(&values)) {
                let below = values.iter().filter(|other| *other < value).count();
                let beside = values.iter().filter(|other| *other == value).count() - 1;
                prop_assert_eq!(rank.to_bits(), (1.0 + below as f64 + beside as f64 / 2.0).to_bits());
            }
        }

        #[test]
        fn a_correlation_is_that_of_exact_sums(pairs in prop::collection::vec((0i64..1000, 0i64..20), 2..60)) {
            let n: i64 = pairs.iter().map(|_| 1).sum();
            let sum = |value: fn(&(i64, i64)) -> i64| pairs.iter().map(value).sum::<i64>();
            let (x, y) = (sum(|(x, _)| *x), sum(|(_, y)| *y));
            let cross = n * sum(|(x, y)| x * y) - x * y;
            let (xx, yy) = (n * sum(|(x, _)| x * x) - x * x, n * sum(|(_, y)| y * y) - y * y);
            let (ones, others): (Vec<f64>, Vec<f64>) = pairs.iter().map(|(x, y)| (*x as f64, *y as f64)).unzip();
            match correlation(&ones, &others) {
                None => prop_assert!(xx == 0 || yy == 0),
                found => prop_assert!(is_near(found, cross as f64 / ((xx as f64).sqrt() * (yy as f64).sqrt()))),
            }
        }
    }

    fn is_near(found: Option<f64>, wanted: f64) -> bool {
        found.is_some_and(|found| (found - wanted).abs() < 1e-9)
    }
}
