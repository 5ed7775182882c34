//! How many values a wanted precision takes.

use super::t_quantile;

/// The smallest number of values whose 95 % interval is no wider than ± `half_width`, if their standard deviation is this one:
/// the smallest n ≥ 2 with t(0.975, n − 1) · s / √n ≤ h. It is as good as the deviation, which a few seeds say only roughly. None
/// if it were more than a thousand million.
pub fn values_for(deviation: f64, half_width: f64) -> Option<u64> {
    assert!(half_width > 0.0, "no number of values makes an interval a point");
    let is_enough = |count: u64| t_quantile(count as usize - 1) * deviation / (count as f64).sqrt() <= half_width;
    if is_enough(2) {
        return Some(2);
    }
    let (mut too_few, mut enough) = (2, 4);
    while !is_enough(enough) {
        (too_few, enough) = (enough, enough * 2);
        if enough > VALUES_MAX {
            return None;
        }
    }
    while enough - too_few > 1 {
        let middle = u64::midpoint(too_few, enough);
        *(if is_enough(middle) { &mut enough } else { &mut too_few }) = middle;
    }
    Some(enough)
}

const VALUES_MAX: u64 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::Estimate;
    use sim::rng::{Stream, StreamPurpose};
    use sim::sampler::normal;

    /// By hand from the published table of t: 2.110 / √18 = 0.497 and 2.120 / √17 = 0.514; 2.776 / √5 = 1.241 and
    /// 3.182 / √4 = 1.591; 12.706 / √2 = 8.98.
    #[test]
    fn worked_by_hand() {
        for (half_width, wanted) in [(0.5, 18), (0.51, 18), (1.25, 5), (9.0, 2), (8.9, 3)] {
            assert_eq!(values_for(1.0, half_width), Some(wanted), "± {half_width}");
        }
        assert_eq!(values_for(10.0, 5.0), Some(18), "only the ratio counts");
        assert_eq!(values_for(0.0, 0.1), Some(2), "what never varies");
        // Far out it is (1.95996 s / h)²: 384,146.
        assert!(values_for(1.0, 0.003_162_277_66).is_some_and(|count| count.abs_diff(384_146) <= 3));
        assert_eq!(values_for(1.0, 1e-9), None);
    }

    /// So many values do give about the wanted interval: the median of the half-widths is within 5 % of it, which half as many
    /// values miss.
    #[test]
    fn so_many_values_give_the_wanted_interval() {
        let half_width = 0.4;
        let count = values_for(2.0, half_width).expect("not too many");
        let mut stream = Stream::open(13, StreamPurpose(99), 0);
        let mut median = |count: u64| {
            let mut widths: Vec<f64> = (0..201)
                .map(|_| (0..count).map(|_| normal(&mut stream, 5.0, 2.0)).collect::<Vec<f64>>())
                .map(|values| Estimate::of(&values).half_width.expect("two or more"))
                .collect();
            widths.sort_by(f64::total_cmp);
            widths[100]
        };
        assert!((median(count) / half_width - 1.0).abs() < 0.05);
        assert!((median(count * 9 / 10) / half_width - 1.0) > 0.02 && (median(count / 2) / half_width - 1.0) > 0.05);
    }
}
