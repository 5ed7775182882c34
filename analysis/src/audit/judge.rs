//! Which comparisons are decided: Student's t against the margin, and Holm's method over all comparisons of an audit.
//!
//! A comparison has one p-value: the probability that chance alone takes its mean at least as far from the margin, to either
//! side. Of two margins with the mean between them both must be excluded, and the larger p-value counts (Berger, *Multiparameter
//! hypothesis testing and acceptance sampling*, Technometrics 24, 1982). The k-th smallest of m p-values decides if it and all
//! before it are no larger than 0.05 / (m − k + 1): whatever the comparisons have to do with one another, all decisions of an audit
//! are right in at least 95 of 100 (Holm 1979). The interval of confidence 1 − 0.05 / (m − k + 1) is shown; from the first that is
//! undecided on it is that one's. So a comparison is decided just if its interval does not hold the margin.

use super::contrast::Sample;
use super::document::{Comparison, Verdict};
use crate::statistics::{Estimate, mean, p_of_mean, standard_error, t_beyond, two_sided_p};

/// What a figure must be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Margin {
    pub(super) at_least: Option<f64>,
    pub(super) at_most: Option<f64>,
}

impl Margin {
    fn holds(self, mean: f64) -> bool {
        self.at_least.is_none_or(|least| mean >= least - rounding(least))
            && self.at_most.is_none_or(|most| mean <= most + rounding(most))
    }

    /// The margins that the mean must keep away from: those it lies within, or the one it is beyond.
    fn near(self, mean: f64) -> impl Iterator<Item = f64> {
        let is_within = self.holds(mean);
        let least = self.at_least.filter(|least| is_within || mean < *least);
        least.into_iter().chain(self.at_most.filter(|most| is_within || mean > *most))
    }
}

/// By how much a mean of values like this may be off because sums are rounded: that decides nothing.
fn rounding(value: f64) -> f64 {
    1e-12 * value.abs()
}

/// A sample on its way to a verdict.
struct Case {
    comparison: Comparison,
    /// None if there is nothing to decide by.
    p: Option<f64>,
    is_within: bool,
    error: Option<f64>,
}

/// Judges all samples of an audit, each with its margin, in order.
pub(super) fn judge(samples: &[(&Sample, Margin)]) -> Vec<Comparison> {
    let mut cases: Vec<Case> = samples.iter().map(|(sample, margin)| Case::of(sample, *margin)).collect();
    let mut order: Vec<(usize, f64)> =
        cases.iter().enumerate().filter_map(|(place, case)| Some((place, case.p?))).collect();
    order.sort_by(|(_, one), (_, other)| one.total_cmp(other));
    let mut is_decided = true;
    let mut outside = OUTSIDE;
    for (rank, (place, p)) in order.iter().enumerate() {
        if is_decided {
            outside = OUTSIDE / (order.len() - rank) as f64;
            is_decided = *p <= outside;
        }
        cases[*place].decide(is_decided, outside);
    }
    cases.into_iter().map(|case| case.comparison).collect()
}

impl Case {
    fn of(sample: &Sample, margin: Margin) -> Self {
        let values: Vec<f64> = sample.values.iter().flatten().copied().collect();
        let also: Option<Vec<f64>> = sample.also.as_ref().map(|also| also.iter().flatten().copied().collect());
        let missing = sample.missing();
        let Estimate { mean, half_width, .. } = Estimate::of(&values);
        let comparison = Comparison {
            parameters: sample.parameters.clone(),
            values: sample.values.len() - missing,
            missing,
            mean,
            half_width,
            interval: None,
            level: None,
            verdict: if sample.is_priced_out { Verdict::Fails } else { Verdict::Undecided },
        };
        let found = mean.filter(|_| missing == 0).and_then(|mean| match &also {
            None => Some((p_of(&values, mean, margin)?, margin.holds(mean))),
            Some(also) => same_sign(&values, also),
        });
        let (p, is_within) = found.map_or((None, false), |(p, is_within)| (Some(p), is_within));
        Self { comparison, p, is_within, error: standard_error(&values) }
    }

    fn decide(&mut self, is_decided: bool, outside: f64) {
        let Comparison { values, mean, .. } = self.comparison;
        self.comparison.level = Some(1.0 - outside);
        self.comparison.interval = mean.zip(self.error).map(|(mean, error)| {
            let half = t_beyond(values - 1, outside) * error;
            (mean - half, mean + half)
        });
        self.comparison.verdict = match (is_decided, self.is_within) {
            (false, _) => Verdict::Undecided,
            (true, true) => Verdict::Holds,
            (true, false) => Verdict::Fails,
        };
    }
}

/// The p-value against the margin; none with fewer than two values.
fn p_of(values: &[f64], mean: f64, margin: Margin) -> Option<f64> {
    let error = standard_error(values)?;
    // Where all values are the same, but for rounding, there is no chance to blame.
    let error = if error <= rounding(mean) { 0.0 } else { error };
    let against = |bound: f64| if error > 0.0 { two_sided_p(values.len() - 1, (mean - bound) / error) } else { 0.0 };
    margin.near(mean).map(against).reduce(f64::max)
}

/// The p-value of both means being apart from zero, and whether they lie on the same side of it.
fn same_sign(values: &[f64], also: &[f64]) -> Option<(f64, bool)> {
    let p = p_of_mean(values)?.max(p_of_mean(also)?);
    Some((p, mean(values)? * mean(also)? > 0.0))
}

/// The share of audits in which any decision may be wrong.
const OUTSIDE: f64 = 0.05;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Map;
    use sim::rng::{Stream, StreamPurpose};
    use sim::sampler::normal;

    use super::*;
    use crate::statistics::holm;

    fn sample(values: &[Option<f64>]) -> Sample {
        Sample::made("A", Map::new(), values.to_vec())
    }

    fn whole(values: &[f64]) -> Sample {
        sample(&values.iter().copied().map(Some).collect::<Vec<_>>())
    }

    fn verdict(values: &[f64], margin: Margin) -> Verdict {
        judge(&[(&whole(values), margin)])[0].verdict
    }

    const fn at_least(bound: f64) -> Margin {
        Margin { at_least: Some(bound), at_most: None }
    }

    const fn within(least: f64, most: f64) -> Margin {
        Margin { at_least: Some(least), at_most: Some(most) }
    }

    #[test]
    fn an_interval_beyond_within_or_across_the_margin() {
        // Mean 10, deviation 0.163, t(3) = 3.182: the interval is 9.74 to 10.26.
        let values = [10.0, 10.2, 9.8, 10.0];
        assert_eq!(verdict(&values, at_least(9.7)), Verdict::Holds);
        assert_eq!(verdict(&values, at_least(9.8)), Verdict::Undecided);
        assert_eq!(verdict(&values, at_least(10.2)), Verdict::Undecided);
        assert_eq!(verdict(&values, at_least(10.3)), Verdict::Fails);
        assert_eq!(verdict(&values, within(9.7, 10.3)), Verdict::Holds);
        assert_eq!(verdict(&values, within(9.7, 10.2)), Verdict::Undecided);
        assert_eq!(verdict(&values, within(10.3, 11.0)), Verdict::Fails);
        assert_eq!(verdict(&values, Margin { at_least: None, at_most: Some(9.7) }), Verdict::Fails);
    }

    #[test]
    fn a_margin_at_the_mean_is_met_whatever_is_rounded() {
        for (value, seeds) in [(0.1, 10), (0.3, 10), (0.7, 7), (0.7, 10)] {
            let values = vec![value; seeds];
            assert_eq!(verdict(&values, at_least(value)), Verdict::Holds, "{value}");
            assert_eq!(verdict(&values, Margin { at_least: None, at_most: Some(value) }), Verdict::Holds, "{value}");
        }
    }

    #[test]
    fn what_is_missing_in_a_seed_decides_nothing() {
        let judged = judge(&[(&sample(&[Some(1.0), Some(1.0), None]), at_least(0.5))]);
        assert_eq!((judged[0].verdict, judged[0].missing, judged[0].interval), (Verdict::Undecided, 1, None));
        assert_eq!(verdict(&[1.0], at_least(0.5)), Verdict::Undecided, "one value has no interval");
    }

    #[test]
    fn a_seed_without_either_of_two_figures_is_missing_once() {
        let also = Some(vec![None, Some(1.0), None, Some(1.0)]);
        let sample = Sample { also, ..sample(&[None, Some(2.0), Some(2.0), Some(2.0)]) };
        let judged = judge(&[(&sample, Margin { at_least: None, at_most: None })]);
        assert_eq!((judged[0].verdict, judged[0].values, judged[0].missing), (Verdict::Undecided, 2, 2));
    }

    #[test]
    fn what_is_the_same_in_every_seed_is_certain() {
        assert_eq!(verdict(&[1.0; 3], at_least(1.0)), Verdict::Holds);
        assert_eq!(verdict(&[0.99; 3], at_least(1.0)), Verdict::Fails);
    }

    #[test]
    fn orders_agree_only_if_both_are_certain() {
        let order = |values: &[f64], also: &[f64]| {
            let sample = Sample { also: Some(also.iter().copied().map(Some).collect()), ..whole(values) };
            judge(&[(&sample, Margin { at_least: None, at_most: None })])[0].verdict
        };
        let (more, less, noise) = ([1.0, 1.1, 0.9], [-5.0, -5.1, -4.9], [1.0, -1.0, 0.2]);
        assert_eq!(order(&more, &more), Verdict::Holds);
        assert_eq!(order(&more, &less), Verdict::Fails);
        assert_eq!(order(&less, &less), Verdict::Holds);
        assert_eq!(order(&more, &noise), Verdict::Undecided);
    }

    proptest! {
        /// Decided is what Holm's adjusted p-value lets decide, and what the shown interval keeps off the margin.
        #[test]
        fn p_values_and_intervals_say_the_same(samples in prop::collection::vec(prop::collection::vec(-1.0..2.0_f64, 4..7), 1..12)) {
            let samples: Vec<Sample> = samples.iter().map(|values| whole(values)).collect();
            let judged = judge(&samples.iter().map(|sample| (sample, at_least(0.0))).collect::<Vec<_>>());
            let p = |sample: &Sample| p_of_mean(&sample.values.iter().flatten().copied().collect::<Vec<f64>>()).expect("values");
            let adjusted = holm(&samples.iter().map(p).collect::<Vec<f64>>());
            for (comparison, adjusted) in judged.iter().zip(adjusted) {
                let (low, high) = comparison.interval.expect("values");
                prop_assert_eq!(comparison.verdict != Verdict::Undecided, adjusted <= OUTSIDE);
                prop_assert_eq!(comparison.verdict == Verdict::Holds, low > 0.0);
                prop_assert_eq!(comparison.verdict == Verdict::Fails, high < 0.0);
            }
        }
    }

    /// Twenty comparisons whose truth lies on the margin, where nothing can be right to decide: in no more than 5 of 100 audits is
    /// any of them decided. By their own 95 % intervals, some would be in 64.
    #[test]
    fn all_decisions_of_an_audit_are_right_in_ninety_five_of_a_hundred() {
        const AUDITS: usize = 2_000;
        let mut stream = Stream::open(21, StreamPurpose(99), 0);
        let (mut wrong, mut alone) = (0, 0);
        for _ in 0..AUDITS {
            let samples: Vec<Sample> =
                (0..20).map(|_| whole(&(0..10).map(|_| normal(&mut stream, 3.0, 1.0)).collect::<Vec<f64>>())).collect();
            let judged = judge(&samples.iter().map(|sample| (sample, at_least(3.0))).collect::<Vec<_>>());
            wrong += usize::from(judged.iter().any(|comparison| comparison.verdict != Verdict::Undecided));
            let is_off = |comparison: &Comparison| {
                comparison.mean.zip(comparison.half_width).is_some_and(|(mean, half)| (mean - 3.0).abs() > half)
            };
            alone += usize::from(judged.iter().any(is_off));
        }
        let [wrong, alone] = [wrong, alone].map(|count| count as f64 / AUDITS as f64);
        // Four standard errors of 5 in 100.
        assert!(wrong < 0.05 + 4.0 * (0.05 * 0.95 / AUDITS as f64).sqrt() && wrong > 0.02, "{wrong}");
        assert!(alone > 0.5, "{alone}");
    }
}
