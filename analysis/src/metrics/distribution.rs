//! Values with an exact sum and maximum, and a histogram for quantiles that merges exactly.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer, V2DeflateSerializer};
use serde::{Deserialize, Serialize};

/// Values with their exact sum and maximum, and a histogram for quantiles.
#[derive(Clone, Debug, PartialEq)]
pub struct Distribution {
    histogram: Histogram<u64>,
    sum: u128,
    max: u64,
}

/// A distribution as text, from which all of it comes back: packed distributions merge exactly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Packed {
    /// The exact sum of the values, decimal: it may be beyond what a JSON number holds.
    pub sum: String,
    /// The exact largest value; 0 if there are none.
    pub max: u64,
    /// The histogram in the compressed V2 format of `HdrHistogram`, in base64, as its libraries in other languages read it.
    pub counts: String,
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

    /// The distribution as text.
    pub fn pack(&self) -> Packed {
        let mut bytes = Vec::new();
        V2DeflateSerializer::new().serialize(&self.histogram, &mut bytes).expect("a vector takes all bytes");
        Packed { sum: self.sum.to_string(), max: self.max, counts: STANDARD.encode(bytes) }
    }

    /// The distribution of a text; none if the text is none.
    pub fn unpack(packed: &Packed) -> Option<Self> {
        let bytes = STANDARD.decode(&packed.counts).ok()?;
        let histogram: Histogram<u64> = Deserializer::new().deserialize(&mut bytes.as_slice()).ok()?;
        let mut empty = Self::default();
        // It resizes itself, whatever the size of the one that was packed.
        empty.histogram.add(&histogram).ok()?;
        Some(Self { sum: packed.sum.parse().ok()?, max: packed.max, ..empty })
    }

    /// Adds the values of another.
    pub fn add(&mut self, other: &Self) {
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
    fn what_was_packed_merges_exactly() {
        let of = |values: &mut dyn Iterator<Item = u64>| {
            let mut all = Distribution::default();
            values.for_each(|value| all.record(value));
            all
        };
        let far = |k: u64| (k * k * 7_919) % 10_000_000_019;
        let (one, other) = (of(&mut (0..3_000).map(far)), of(&mut (3_000..3_100).map(far)));
        let all = of(&mut (0..3_100).map(far));
        let mut merged = Distribution::unpack(&one.pack()).expect("packed");
        assert_eq!((merged.counts(), merged.mean(), merged.max()), (one.counts(), one.mean(), one.max()));
        merged.add(&Distribution::unpack(&other.pack()).expect("packed"));
        assert_eq!((merged.counts(), merged.mean(), merged.max()), (all.counts(), all.mean(), all.max()));
        assert_eq!(merged.quantile(0.99), all.quantile(0.99));
        let empty = Distribution::unpack(&Distribution::default().pack()).expect("packed");
        assert_eq!((empty.count(), empty.mean()), (0, None));
    }

    #[test]
    fn what_is_no_packed_distribution_is_refused() {
        let packed = Distribution::default().pack();
        let counts = |counts: &str| Packed { counts: counts.to_owned(), ..packed.clone() };
        for wrong in [counts("?"), counts(""), counts("AAAA"), Packed { sum: "x".to_owned(), ..packed.clone() }] {
            assert_eq!(Distribution::unpack(&wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn what_has_no_value_has_none() {
        let empty = Distribution::default();
        assert_eq!((empty.mean(), empty.quantile(0.5), empty.max()), (None, None, None));
    }
}
