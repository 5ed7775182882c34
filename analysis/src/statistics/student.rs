//! How likely a mean is to lie so far from zero by chance: Student's t.

use super::{mean, standard_error};

/// The probability that chance alone takes the mean of a sample at least this far from zero, to either side: the p-value of
/// Student's t test with n − 1 degrees of freedom, for values that are independent and about normal. Of the differences within
/// pairs it is that of the paired test. None with fewer than two values; 0 or 1 where all values are the same.
pub fn p_of_mean(values: &[f64]) -> Option<f64> {
    let (mean, error) = (mean(values)?, standard_error(values)?);
    if error > 0.0 {
        return Some(two_sided_p(values.len() - 1, mean / error));
    }
    Some(if mean == 0.0 { 1.0 } else { 0.0 })
}

/// The probability that Student's t with this many degrees of freedom lies at least this far from zero, to either side.
///
/// It is the regularized incomplete beta function `I_x(ν/2, 1/2)` at x = ν / (ν + t²) (Abramowitz and Stegun, *Handbook of
/// Mathematical Functions*, 26.7.1 and 26.5.27).
pub fn two_sided_p(freedom: usize, t: f64) -> f64 {
    assert!(freedom > 0, "one value has no deviation");
    let (v, square) = (freedom as f64, t * t);
    if square.is_infinite() {
        return 0.0;
    }
    let (x, rest) = (v / (v + square), square / (v + square));
    let (half, one_half) = (v / 2.0, 0.5);
    // The fraction converges fast only on this side of the mean a / (a + b).
    if x < (half + 1.0) / (half + 2.5) { beta(half, one_half, x, rest) } else { 1.0 - beta(one_half, half, rest, x) }
}

/// The t of this many degrees of freedom beyond which, to either side, so much of the probability lies: half of an interval of
/// confidence 1 − `outside` is that many standard errors.
///
/// It is found by halving, on [`two_sided_p`], until neighbours are reached: with `outside` of 0.05 it is
/// [`t_quantile`](super::t_quantile).
///
/// # Panics
///
/// If `outside` is not above 0 and below 1.
pub fn t_beyond(freedom: usize, outside: f64) -> f64 {
    assert!(outside > 0.0 && outside < 1.0, "no t leaves {outside} outside");
    let (mut low, mut high) = (0.0, 1.0);
    while two_sided_p(freedom, high) > outside {
        (low, high) = (high, 2.0 * high);
    }
    loop {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            return high;
        }
        if two_sided_p(freedom, middle) > outside { low = middle } else { high = middle }
    }
}

/// The regularized incomplete beta function at x, with `rest` = 1 − x: the continued fraction 8.17.22 of the NIST *Digital
/// Library of Mathematical Functions*, from its front by the modified method of Lentz (Thompson and Barnett, J. Comput. Phys.
/// 64, 1986).
fn beta(a: f64, b: f64, x: f64, rest: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    let whole = libm::lgamma(a + b) - libm::lgamma(a) - libm::lgamma(b);
    let front = libm::exp(whole + a * log_of(x, rest) + b * log_of(rest, x)) / a;
    let (mut above, mut below) = (1.0, away_from_zero(1.0 + coefficient(a, b, x, 1)).recip());
    let mut value = below;
    for place in 2..TERMS_MAX {
        let term = coefficient(a, b, x, place);
        below = away_from_zero(1.0 + term * below).recip();
        above = away_from_zero(1.0 + term / above);
        value *= above * below;
        if (above * below - 1.0).abs() < PRECISION {
            break;
        }
    }
    front * value
}

fn coefficient(a: f64, b: f64, x: f64, place: u32) -> f64 {
    let m = f64::from(place / 2);
    if place.is_multiple_of(2) {
        m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m))
    } else {
        -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0))
    }
}

/// The logarithm of x, with 1 − x at hand: close to 1, that says more than x does.
fn log_of(x: f64, rest: f64) -> f64 {
    if rest < 0.5 { libm::log1p(-rest) } else { libm::log(x) }
}

fn away_from_zero(value: f64) -> f64 {
    if value.abs() < SMALLEST { SMALLEST } else { value }
}

/// A fraction that has not converged by then never does.
const TERMS_MAX: u32 = 10_000;
const PRECISION: f64 = 1e-15;
const SMALLEST: f64 = 1e-300;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::t_quantile;
    use sim::rng::{Stream, StreamPurpose};
    use sim::sampler::normal;

    /// With 1 to 4 degrees of freedom the distribution function is elementary (Abramowitz and Stegun, 26.7.3 and 26.7.4).
    #[test]
    fn few_degrees_of_freedom_have_a_closed_form() {
        for t in [0.0, 0.01, 0.3, 1.0, 2.5, 7.0, 40.0, 1e4_f64] {
            let angle = |v: f64| libm::atan2(t, v.sqrt());
            let (sin, cos) = (|v| libm::sin(angle(v)), |v| libm::cos(angle(v)));
            let half_turn = std::f64::consts::FRAC_PI_2;
            let inside = [
                angle(1.0) / half_turn,
                sin(2.0),
                (angle(3.0) + sin(3.0) * cos(3.0)) / half_turn,
                sin(4.0) * (1.0 + cos(4.0) * cos(4.0) / 2.0),
            ];
            for (freedom, inside) in (1..).zip(inside) {
                let found = two_sided_p(freedom, t);
                assert!((found - (1.0 - inside)).abs() < 1e-12, "{freedom}, {t}: {found} and not {}", 1.0 - inside);
            }
        }
    }

    #[test]
    fn the_published_quantiles_leave_one_in_twenty_outside() {
        for freedom in [1, 2, 5, 10, 29, 30, 31, 50, 100, 1_000, 100_000] {
            let p = two_sided_p(freedom, t_quantile(freedom));
            assert!((p - 0.05).abs() < 1e-8, "{freedom}: {p}");
            assert!((two_sided_p(freedom, -t_quantile(freedom)) - p).abs() < 1e-15, "to either side");
        }
        // NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2, columns 0.95, 0.99 and 0.999: one-sided.
        for (freedom, t, outside) in [(10, 1.812, 0.1), (10, 2.764, 0.02), (60, 3.232, 0.002), (100, 1.660, 0.1)] {
            let p = two_sided_p(freedom, t);
            assert!((p / outside - 1.0).abs() < 3e-3, "{freedom}, {t}: {p}");
        }
    }

    #[test]
    fn the_point_beyond_which_so_much_lies_is_the_published_one() {
        for freedom in [1, 4, 29, 30, 100] {
            assert!((t_beyond(freedom, 0.05) / t_quantile(freedom) - 1.0).abs() < 1e-8, "{freedom}");
        }
        // NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2, columns 0.95, 0.99 and 0.999: one-sided.
        for (freedom, outside, t) in [(10, 0.1, 1.812), (10, 0.02, 2.764), (60, 0.002, 3.232), (2, 0.002, 22.327)] {
            assert!((t_beyond(freedom, outside) - t).abs() <= 5.01e-4, "{freedom}, {outside}");
        }
        for (freedom, outside) in [(6, 1e-5), (29, 1e-7), (3, 0.999)] {
            assert!((two_sided_p(freedom, t_beyond(freedom, outside)) / outside - 1.0).abs() < 1e-6);
        }
    }

    #[test]
    fn far_tails_keep_their_digits() {
        // With 2 degrees of freedom: 1 − t / √(2 + t²) = 2 / (r (r + t)) with r = √(2 + t²), which loses nothing.
        for t in [1e3, 1e6_f64] {
            let root = (2.0 + t * t).sqrt();
            assert!((two_sided_p(2, t) / (2.0 / (root * (root + t))) - 1.0).abs() < 1e-10);
        }
        assert!(two_sided_p(29, 60.0) > 0.0 && two_sided_p(5, f64::INFINITY) <= 0.0);
    }

    #[test]
    fn what_is_the_same_in_every_pair_is_certain() {
        assert_eq!(p_of_mean(&[0.5; 3]), Some(0.0));
        assert_eq!(p_of_mean(&[0.0; 3]), Some(1.0));
        assert_eq!((p_of_mean(&[1.0]), p_of_mean(&[])), (None, None));
    }

    /// Under no difference a p-value is uniform: below each level lies just that share. The same counts refuse a t that is off
    /// by a tenth.
    #[test]
    fn p_values_of_equals_are_uniform() {
        const SAMPLES: usize = 20_000;
        let mut stream = Stream::open(11, StreamPurpose(99), 0);
        let mut below = [[0_usize; 2]; LEVELS.len()];
        for _ in 0..SAMPLES {
            let values: Vec<f64> = (0..6).map(|_| normal(&mut stream, 0.0, 2.0)).collect();
            let t = mean(&values).expect("six") / standard_error(&values).expect("six");
            for (place, p) in [p_of_mean(&values).expect("six"), two_sided_p(5, 1.1 * t)].into_iter().enumerate() {
                LEVELS.iter().zip(&mut below).for_each(|(level, below)| below[place] += usize::from(p < *level));
            }
        }
        let is_right = |place: usize| {
            // Four standard errors of a share.
            let near = |(level, below): (&f64, &[usize; 2])| {
                (below[place] as f64 / SAMPLES as f64 - level).abs()
                    < 4.0 * (level * (1.0 - level) / SAMPLES as f64).sqrt()
            };
            LEVELS.iter().zip(&below).all(near)
        };
        assert!(is_right(0) && !is_right(1), "{below:?}");
    }

    const LEVELS: [f64; 4] = [0.01, 0.05, 0.2, 0.5];
}
