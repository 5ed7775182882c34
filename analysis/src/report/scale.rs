//! From a value to its place on an axis, and which values are written there.

use super::words::{fixed, number, with_unit};

/// An axis: where values lie on it, from 0 to 1.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scale {
    /// Equal steps are equally far apart.
    Linear { low: f64, high: f64 },
    /// Equal factors are equally far apart.
    Log { low: f64, high: f64 },
    /// Names one after the other: a value is its number.
    Names(Vec<String>),
}

impl Scale {
    /// A linear axis on which all these values lie, with whole steps at its ends. What is not finite lies nowhere.
    pub(super) fn linear(values: impl IntoIterator<Item = f64>) -> Self {
        let (low, high) = bounds(values).unwrap_or((0.0, 1.0));
        let (low, high) = if low < high { (low, high) } else { around(low) };
        let step = step(high - low);
        let (first, last) = ((low / step + SLACK).floor(), (high / step - SLACK).ceil());
        Self::Linear { low: first * step, high: last.max(first + 1.0) * step }
    }

    /// The same for percent, of which there are no more than a hundred.
    pub(super) fn percent(values: impl IntoIterator<Item = f64>) -> Self {
        match Self::linear(values) {
            Self::Linear { low, high } if low < 100.0 => Self::Linear { low, high: high.min(100.0) },
            other => other,
        }
    }

    /// A logarithmic axis on which all these values lie; those that are not above zero lie nowhere.
    pub(super) fn log(values: impl IntoIterator<Item = f64>) -> Self {
        let (low, high) = bounds(values.into_iter().filter(|value| *value > 0.0)).unwrap_or((1.0, 10.0));
        let (low, high) = (round_down(low), round_up(high));
        Self::Log { low, high: if low < high { high } else { low * 10.0 } }
    }

    /// Where a value lies: from 0 to 1, at the nearer end if beyond.
    pub(super) fn at(&self, value: f64) -> f64 {
        let share = match self {
            Self::Linear { low, high } => (value - low) / (high - low),
            Self::Log { low, .. } if value <= *low => 0.0,
            Self::Log { low, high } => libm::log(value / low) / libm::log(high / low),
            Self::Names(names) => (value + 0.5) / names.len().max(1) as f64,
        };
        if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) }
    }

    /// The values that are written beside it, with their words; the unit stands with each if it is a time.
    pub(super) fn ticks(&self, unit: &str) -> Vec<(f64, String)> {
        let words = |value: f64| if unit == "ms" { millis(value) } else { number(value) };
        match self {
            Self::Names(names) => names.iter().enumerate().map(|(place, name)| (place as f64, name.clone())).collect(),
            Self::Linear { low, high } => {
                let step = step(high - low);
                let (first, last) = ((low / step).round() as i64, (high / step).round() as i64);
                let word = |at: f64| (at, stepped(at, step));
                (first..=last.min(first + TICKS_MAX)).map(|k| word(k as f64 * step)).collect()
            }
            Self::Log { low, high } => log_ticks(*low, *high).into_iter().map(|at| (at, words(at))).collect(),
        }
    }

    /// Whether its ticks bear their unit themselves.
    pub(super) fn tells_unit(&self, unit: &str) -> bool {
        matches!(self, Self::Log { .. }) && unit == "ms"
    }
}

/// A value of an axis, with as many decimals as its step has.
fn stepped(value: f64, step: f64) -> String {
    let decimals = -libm::floor(libm::log10(step) + SLACK);
    if (0.0..=DECIMALS_MAX).contains(&decimals) || (decimals < 0.0 && value.abs() < 1e9) {
        fixed(value, decimals.max(0.0) as usize)
    } else {
        number(value)
    }
}

/// A time as one says it: `300 µs`, `30 ms`, `2 s`.
fn millis(value: f64) -> String {
    if value >= 1000.0 {
        with_unit(&number(value / 1000.0), "s")
    } else if value < 1.0 {
        with_unit(&number(value * 1000.0), "µs")
    } else {
        with_unit(&number(value), "ms")
    }
}

/// The least and the greatest of the finite ones.
fn bounds(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    let finite = values.into_iter().filter(|value| value.abs() < BEYOND);
    finite.fold(None, |found, value| {
        Some(found.map_or((value, value), |(low, high): (f64, f64)| (low.min(value), high.max(value))))
    })
}

/// A little room around a value that is alone.
fn around(value: f64) -> (f64, f64) {
    if value == 0.0 { (0.0, 1.0) } else { (value - value.abs() / 10.0, value + value.abs() / 10.0) }
}

/// A step of 1, 2 or 5 times a power of ten, of which a range has four to ten.
fn step(range: f64) -> f64 {
    let rough = range / STEPS_WANTED;
    let power = power_of_ten(rough);
    let times = [1.0, 2.0, 5.0, 10.0].into_iter().find(|times| times * power >= rough * (1.0 - SLACK));
    times.unwrap_or(10.0) * power
}

/// The greatest power of ten that is not above a value.
fn power_of_ten(value: f64) -> f64 {
    let exponent = libm::floor(libm::log10(value) + SLACK);
    libm::pow(10.0, exponent)
}

fn round_down(value: f64) -> f64 {
    let power = power_of_ten(value);
    let times = [5.0, 3.0, 2.0, 1.0].into_iter().find(|times| times * power <= value * (1.0 + SLACK));
    times.unwrap_or(1.0) * power
}

fn round_up(value: f64) -> f64 {
    let power = power_of_ten(value);
    let times = [1.0, 2.0, 3.0, 5.0, 10.0].into_iter().find(|times| times * power >= value * (1.0 - SLACK));
    times.unwrap_or(10.0) * power
}

/// From each power of ten on, so many that they do not crowd.
fn log_ticks(low: f64, high: f64) -> Vec<f64> {
    let decades = libm::log10(high / low);
    let times: &[f64] = match decades {
        _ if decades < 1.1 => &[1.0, 2.0, 3.0, 5.0, 7.0],
        _ if decades < 2.6 => &[1.0, 2.0, 5.0],
        _ if decades < 5.1 => &[1.0, 3.0],
        _ => &[1.0],
    };
    let mut ticks = Vec::new();
    let mut power = power_of_ten(low);
    while power <= high * (1.0 + SLACK) && ticks.len() < TICKS_MAX as usize {
        let within = |at: &f64| *at >= low * (1.0 - SLACK) && *at <= high * (1.0 + SLACK);
        ticks.extend(times.iter().map(|times| times * power).filter(within));
        power *= 10.0;
    }
    ticks
}

const DECIMALS_MAX: f64 = 6.0;
const STEPS_WANTED: f64 = 5.0;
/// What rounding may be off by.
const SLACK: f64 = 1e-9;
const TICKS_MAX: i64 = 40;
/// No figure is as large; what is cannot be drawn.
const BEYOND: f64 = 1e100;

#[cfg(test)]
mod tests {
    use super::*;

    fn words(scale: &Scale, unit: &str) -> Vec<String> {
        scale.ticks(unit).into_iter().map(|(_, word)| word).collect()
    }

    #[test]
    fn linear_axes_end_at_whole_steps() {
        let scale = Scale::linear([0.03, 0.97]);
        assert_eq!(scale, Scale::Linear { low: 0.0, high: 1.0 });
        assert_eq!(words(&scale, ""), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(words(&Scale::linear([93.2, 100.0]), "%"), ["92", "94", "96", "98", "100"]);
        assert_eq!(words(&Scale::percent([100.0, 100.0]), "%"), ["90", "92", "94", "96", "98", "100"]);
        assert_eq!(words(&Scale::linear([-0.4, 0.3]), ""), ["−0.4", "−0.2", "0.0", "0.2", "0.4"]);
        assert_eq!(words(&Scale::linear([0.0, 250.0]), "s"), ["0", "50", "100", "150", "200", "250"]);
    }

    #[test]
    fn logarithmic_axes_have_round_ticks_with_units() {
        assert_eq!(
            words(&Scale::log([12.0, 1900.0]), "ms"),
            [
                "10\u{a0}ms",
                "20\u{a0}ms",
                "50\u{a0}ms",
                "100\u{a0}ms",
                "200\u{a0}ms",
                "500\u{a0}ms",
                "1\u{a0}s",
                "2\u{a0}s"
            ]
        );
        assert_eq!(
            words(&Scale::log([1.0, 60_000.0]), "ms"),
            [
                "1\u{a0}ms",
                "3\u{a0}ms",
                "10\u{a0}ms",
                "30\u{a0}ms",
                "100\u{a0}ms",
                "300\u{a0}ms",
                "1\u{a0}s",
                "3\u{a0}s",
                "10\u{a0}s",
                "30\u{a0}s",
                "100\u{a0}s"
            ]
        );
        assert_eq!(words(&Scale::log([0.3, 0.9]), "ms"), ["300\u{a0}µs", "500\u{a0}µs", "700\u{a0}µs", "1\u{a0}ms"]);
    }

    #[test]
    fn values_lie_where_they_belong() {
        let log = Scale::log([10.0, 1000.0]);
        let places =
            [10.0, 100.0, 1000.0, 0.0, -3.0, 1e9, f64::NAN].map(|value| (log.at(value) * 100.0).round() as i64);
        assert_eq!(places, [0, 50, 100, 0, 0, 100, 0]);
        let names = Scale::Names(vec!["a".to_owned(), "b".to_owned()]);
        assert_eq!([names.at(0.0), names.at(1.0)].map(|at| (at * 100.0) as i64), [25, 75]);
    }

    #[test]
    fn nothing_and_one_value_and_equal_ones_have_an_axis_too() {
        for values in [vec![], vec![0.0], vec![7.0], vec![3.0, 3.0], vec![-5.0], vec![f64::NAN], vec![1e308, -1e308]] {
            for scale in [Scale::linear(values.clone()), Scale::log(values.clone())] {
                let ticks = scale.ticks("");
                assert!((2..=12).contains(&ticks.len()), "{values:?}: {ticks:?}");
                assert!(ticks.iter().all(|(at, _)| at.is_finite()), "{values:?}: {ticks:?}");
            }
        }
    }

    #[test]
    fn ticks_are_few_and_in_order_whatever_the_range() {
        for exponent in -12..12 {
            for times in [1.0, 1.7, 3.3, 9.9] {
                let high = times * libm::pow(10.0, f64::from(exponent));
                for low in [0.0, high / 7.0, high * 0.999] {
                    let ticks = Scale::linear([low, high]).ticks("");
                    assert!((2..=12).contains(&ticks.len()), "{low} {high}: {ticks:?}");
                    assert!(ticks.windows(2).all(|pair| pair[0].0 < pair[1].0));
                    assert!(ticks[0].0 <= low + high * 1e-9 && ticks[ticks.len() - 1].0 >= high * (1.0 - 1e-9));
                }
                let ticks = Scale::log([high / 50.0, high]).ticks("");
                assert!((2..=12).contains(&ticks.len()), "{high}: {ticks:?}");
            }
        }
    }
}
