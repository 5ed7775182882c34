//! Whether a hop count stands for latency: how the two go together over the answered lookups of a run.

use crate::statistics::{correlation, rank_correlation};

/// Hops to the owner and latency of answered lookups, and how they go together once the run has ended.
///
/// At most the first 1,000,000 that were answered are kept, in 12 bytes each, until then.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HopsLatency {
    hops: Vec<u32>,
    /// In nanoseconds.
    latency: Vec<u64>,
    /// Pearson's correlation, of a run that has ended; none with fewer than two answered lookups, or where one of both is
    /// always the same.
    pub correlation: Option<f64>,
    /// Spearman's, likewise.
    pub rank_correlation: Option<f64>,
}

impl HopsLatency {
    /// A lookup was answered.
    pub(super) fn record(&mut self, hops_to_owner: u32, latency_ns: u64) {
        if self.hops.len() < KEPT_MAX {
            self.hops.push(hops_to_owner);
            self.latency.push(latency_ns);
        }
    }

    /// The run has ended: how the two go together is all that is kept.
    pub(super) fn finish(&mut self) {
        let (hops, latency) = (std::mem::take(&mut self.hops), std::mem::take(&mut self.latency));
        self.rank_correlation = rank_correlation(&hops, &latency);
        let hops: Vec<f64> = hops.into_iter().map(f64::from).collect();
        let latency: Vec<f64> = latency.into_iter().map(|nanos| nanos as f64).collect();
        self.correlation = correlation(&hops, &latency);
    }

    /// Another run is added: correlations do not add up, so there is none of both.
    pub(super) fn add(&mut self, _: &Self) {
        *self = Self::default();
    }
}

const KEPT_MAX: usize = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_million_are_kept_and_nothing_once_the_run_has_ended() {
        let mut pairs = HopsLatency::default();
        for number in 0..KEPT_MAX as u32 + 10 {
            // All alike but the last ten.
            pairs.record(number / KEPT_MAX as u32, number.into());
        }
        pairs.finish();
        assert_eq!(pairs, HopsLatency::default(), "one hop count has no correlation with anything");
        for (hops, latency) in [(1, 10), (2, 30), (3, 20)] {
            pairs.record(hops, latency);
        }
        pairs.finish();
        assert_eq!(pairs.correlation, Some(0.5));
        assert!(pairs.rank_correlation.is_some_and(|rank| (rank - 0.5).abs() < 1e-12) && pairs.hops.is_empty());
    }
}
