//! Values with an exact sum and maximum, and a histogram for quantiles that merges exactly.

use hdrhistogram::Histogram;

/// Values with their exact sum and maximum, and a histogram for quantiles.
#[derive(Clone, Debug, PartialEq)]
pub struct Distribution {
    histogram: Histogram<u64>,
    sum: u128,
    max: u64,
}

impl Default for Distribution {
    fn default() -> Self {
        let histogram = Histogram::new(3).expect("three significant digits are legal");
        Self { histogram, sum: 0, max: 0 }
    }
}

impl Distribution {
    /// Takes note of a value.
    pub fn record(&mut self, value: u64) {
        self.histogram.record(value).expect("a histogram that resizes itself takes every value");
        self.sum += u128::from(value);
        self.max = self.max.max(value);
    }

    /// How many values.
    pub fn count(&self) -> u64 {
        self.histogram.len()
    }

    /// Their exact mean; none if there are none.
    pub fn mean(&self) -> Option<f64> {
        (self.count() > 0).then(|| self.sum as f64 / self.count() as f64)
    }

    /// The value at or below which this share of all values lies, to three digits; none if there are none.
    pub fn quantile(&self, share: f64) -> Option<u64> {
        (self.count() > 0).then(|| self.histogram.value_at_quantile(share).min(self.max))
    }

    /// The exact largest value; none if there are none.
    pub fn max(&self) -> Option<u64> {
        (self.count() > 0).then_some(self.max)
    }

    /// The values as the histogram holds them, with their counts.
    pub fn counts(&self) -> Vec<(u64, u64)> {
        self.histogram.iter_recorded().map(|step| (step.value_iterated_to(), step.count_at_value())).collect()
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.histogram.add(&other.histogram).expect("histograms of equal precision merge");
        self.sum += other.sum;
        self.max = self.max.max(other.max);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merged_distributions_are_those_of_all_values() {
        let of = |values: &[u64]| {
            let mut all = Distribution::default();
            for value in values {
                all.record(*value);
            }
            all
        };
        let mut one = of(&[1, 2, 3, 1_000_000_007]);
        one.add(&of(&[4, 5]));
        let all = of(&[1, 2, 3, 1_000_000_007, 4, 5]);
        assert_eq!((one.mean(), one.max(), one.counts()), (all.mean(), all.max(), all.counts()));
        assert_eq!(one.max(), Some(1_000_000_007), "the maximum is exact");
    }

    #[test]
    fn what_has_no_value_has_none() {
        let empty = Distribution::default();
        assert_eq!((empty.mean(), empty.quantile(0.5), empty.max()), (None, None, None));
    }
}
