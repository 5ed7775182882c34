//! Many comparisons at once: p-values adjusted for their number.

/// The p-values adjusted by Holm's step-down method (Holm, *A simple sequentially rejective multiple test procedure*, Scand. J.
/// Statist. 6, 1979): whoever calls everything with an adjusted value below 0.05 a difference is wrong about any of the equals in at
/// most 5 of 100 families, however the comparisons hang together.
///
/// The k-th smallest of n is multiplied by n − k + 1, is at least the one before it, and at most 1.
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|one, other| p_values[*one].total_cmp(&p_values[*other]));
    let mut adjusted = vec![1.0; p_values.len()];
    let mut least: f64 = 0.0;
    for (rank, place) in order.into_iter().enumerate() {
        let factor = (p_values.len() - rank) as f64;
        least = least.max(factor * p_values[place]).min(1.0);
        adjusted[place] = least;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::statistics::p_of_mean;
    use sim::rng::{Stream, StreamPurpose};
    use sim::sampler::normal;

    #[test]
    fn worked_by_hand() {
        let near = |found: Vec<f64>, wanted: &[f64]| {
            assert!(
                found.len() == wanted.len() && found.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-12),
                "{found:?}"
            );
        };
        // 4 · 0.005, 3 · 0.01, 2 · 0.03, and 0.04 is not below the one before it.
        near(holm(&[0.01, 0.04, 0.03, 0.005]), &[0.03, 0.06, 0.06, 0.02]);
        near(holm(&[0.5, 0.6]), &[1.0, 1.0]);
        near(holm(&[]), &[]);
    }

    proptest! {
        /// Holm's method is what the closure principle makes of Bonferroni's (Marcus, Peritz and Gabriel 1976): a hypothesis goes
        /// if every set with it goes, and a set goes by its smallest p-value times its size. Here each set is looked at.
        #[test]
        fn it_is_the_closure_of_bonferroni(p_values in prop::collection::vec(0.0..=1.0_f64, 1..8)) {
            let count = p_values.len();
            for (place, found) in holm(&p_values).into_iter().enumerate() {
                let with_it = (1..1_u32 << count).filter(|set| set & (1 << place) != 0);
                let of_set = |set: u32| {
                    let least = (0..count).filter(|other| set & (1 << other) != 0).map(|other| p_values[other]).fold(1.0, f64::min);
                    (f64::from(set.count_ones()) * least).min(1.0)
                };
                let closed = with_it.map(of_set).fold(0.0, f64::max);
                prop_assert!((found - closed).abs() < 1e-12, "{found} and not {closed}");
            }
        }
    }

    /// Among ten comparisons of equals, one is taken for a difference in about 40 of 100 families without adjusting, and in at
    /// most 5 with it.
    #[test]
    fn a_family_of_equals_is_rarely_wrong() {
        const FAMILIES: usize = 2_000;
        let mut stream = Stream::open(14, StreamPurpose(99), 0);
        let (mut plain, mut adjusted) = (0, 0);
        for _ in 0..FAMILIES {
            let p_values: Vec<f64> = (0..10)
                .map(|_| (0..8).map(|_| normal(&mut stream, 0.0, 1.0)).collect::<Vec<f64>>())
                .map(|values| p_of_mean(&values).expect("eight values"))
                .collect();
            plain += usize::from(p_values.iter().any(|p| *p < 0.05));
            adjusted += usize::from(holm(&p_values).iter().any(|p| *p < 0.05));
        }
        // Four standard errors of 5 in 100.
        let bound = 0.05 + 4.0 * (0.05 * 0.95 / FAMILIES as f64).sqrt();
        let [plain, adjusted] = [plain, adjusted].map(|count| count as f64 / FAMILIES as f64);
        assert!(adjusted < bound && adjusted > 0.02 && plain > 0.3, "{adjusted} and {plain}");
    }
}
