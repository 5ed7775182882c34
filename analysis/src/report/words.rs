//! Numbers and names as a report writes them.

use std::borrow::Cow;

use serde_json::{Map, Value as Json};

use crate::figure::is_share;
use crate::results::METRICS;

/// How a figure is called, in which unit it is written, and what it means.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Named {
    /// What it is called, such as `latency, p99`.
    pub(super) name: String,
    /// Its unit; empty if it has none.
    pub(super) unit: &'static str,
    /// How many of the written unit one of the figure's is.
    pub(super) factor: f64,
    /// What it means, in a sentence.
    pub(super) meaning: String,
}

impl Named {
    /// Of the figure of this name, such as `phases.crash.latency_ms.p99`.
    pub(super) fn of(metric: &str) -> Self {
        if let Some((one, other)) = metric.split_once(" / ") {
            return Self { unit: "", factor: 1.0, ..Self::joined(one, other, " / ") };
        }
        if let Some((one, other)) = metric.split_once(" + ") {
            return Self::joined(one, other, " + ");
        }
        let (phase, plain) = match metric.strip_prefix("phases.").and_then(|rest| rest.split_once('.')) {
            Some((phase, rest)) => (Some(phase), Cow::Owned(format!("lookups.{rest}"))),
            None => (None, Cow::Borrowed(metric)),
        };
        let (group, part) = parts(&plain);
        let name = NAMES.iter().find(|(known, _)| *known == group).map_or(group, |(_, name)| name);
        let is_said = ["", "mean", "bytes", "messages"].contains(&part);
        let part = if is_said { String::new() } else { format!(", {part}") };
        let before = phase.map(|phase| format!("{phase}: ")).unwrap_or_default();
        let (unit, factor) = unit(&plain);
        Self { name: format!("{before}{name}{part}"), unit, factor, meaning: meaning(&plain, group, phase) }
    }

    fn joined(one: &str, other: &str, sign: &str) -> Self {
        let (one, other) = (Self::of(one), Self::of(other));
        let name = format!("{}{sign}{}", one.name, other.name);
        Self { name, meaning: [one.meaning, other.meaning].join(" "), ..one }
    }

    /// The name with its unit.
    pub(super) fn title(&self) -> String {
        if self.unit.is_empty() { self.name.clone() } else { format!("{}, {}", self.name, self.unit) }
    }

    /// A value of it with its unit.
    pub(super) fn value(&self, value: f64) -> String {
        with_unit(&number(value * self.factor), self.unit)
    }

    /// A mean and half of its interval, in its unit, which is not written.
    pub(super) fn spread(&self, mean: Option<f64>, half_width: Option<f64>) -> String {
        spread(mean.map(|mean| mean * self.factor), half_width.map(|half_width| half_width * self.factor))
    }
}

/// A number with its unit.
pub(super) fn with_unit(number: &str, unit: &str) -> String {
    if unit.is_empty() { number.to_owned() } else { format!("{number}\u{a0}{unit}") }
}

/// The group of a figure and which of the group it is.
fn parts(metric: &str) -> (&str, &str) {
    match metric.rsplit_once('.') {
        Some((group, part)) if PARTS.contains(&part) => (group, part),
        _ => (metric, ""),
    }
}

fn unit(metric: &str) -> (&'static str, f64) {
    let (group, part) = parts(metric);
    if is_share(group) {
        ("%", 100.0)
    } else if group.ends_with("_ms") {
        ("ms", 1.0)
    } else if group.ends_with("_s") {
        ("s", 1.0)
    } else if group.starts_with("traffic.") && part == "bytes" {
        ("bytes/node/s", 1.0)
    } else if group.starts_with("traffic.") && part == "messages" {
        ("messages/node/s", 1.0)
    } else {
        ("", 1.0)
    }
}

/// What a figure means, from the list of all figures.
fn meaning(metric: &str, group: &str, phase: Option<&str>) -> String {
    let known = METRICS.iter().find(|(name, _)| *name == metric || *name == group);
    let Some((name, meaning)) = known else {
        return String::new();
    };
    let when = phase.map(|phase| format!(", of the lookups issued in the phase “{phase}”")).unwrap_or_default();
    format!("{name}: {meaning}{when}.")
}

/// A number in four significant digits.
pub(super) fn number(value: f64) -> String {
    let size = value.abs();
    let decimals = match size {
        _ if size == 0.0 || size >= 1000.0 => 0,
        _ if size >= 100.0 => 1,
        _ if size >= 10.0 => 2,
        _ if size >= 0.001 => 3,
        _ => return format!("{value:.1e}").replace('-', "−"),
    };
    tidy(&format!("{value:.decimals$}"))
}

/// The same with a true minus, and without what says nothing behind the point.
fn tidy(number: &str) -> String {
    let number = if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number };
    let (sign, digits) = number.strip_prefix('-').map_or(("", number), |digits| ("−", digits));
    format!("{}{}", if digits == "0" { "" } else { sign }, grouped(digits))
}

/// Thousands apart, where there are more than four digits.
fn grouped(digits: &str) -> String {
    let (whole, rest) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    if whole.len() < 5 || !whole.chars().all(|c| c.is_ascii_digit()) {
        return digits.to_owned();
    }
    let place = |(at, c): (usize, char)| {
        let gap = if at > 0 && (whole.len() - at).is_multiple_of(3) { "\u{2009}" } else { "" };
        format!("{gap}{c}")
    };
    format!("{}{rest}", whole.chars().enumerate().map(place).collect::<String>())
}

/// A mean, and half of its interval: to the second digit of the latter.
pub(super) fn spread(mean: Option<f64>, half_width: Option<f64>) -> String {
    match (mean, half_width) {
        (None, _) => "none".to_owned(),
        (Some(mean), Some(half_width)) if half_width > 0.0 && half_width.is_finite() => {
            let decimals = decimals_of(half_width);
            format!("{} ± {}", fixed(mean, decimals), fixed(half_width, decimals))
        }
        (Some(mean), Some(_)) => format!("{} ± 0", number(mean)),
        (Some(mean), None) => number(mean),
    }
}

/// A number with so many decimals, and a true minus.
pub(super) fn fixed(value: f64, decimals: usize) -> String {
    let digits = format!("{:.decimals$}", value.abs());
    let is_zero = !digits.contains(|c: char| ('1'..='9').contains(&c));
    format!("{}{}", if value < 0.0 && !is_zero { "−" } else { "" }, grouped(&digits))
}

/// How many decimals show two digits of a size.
fn decimals_of(size: f64) -> usize {
    (0..DECIMALS_MAX).find(|decimals| size * POWERS[*decimals] >= 9.5).unwrap_or(DECIMALS_MAX)
}

/// A value of a parameter, as it is read.
pub(super) fn shown(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Number(of) => of.as_f64().map_or_else(|| of.to_string(), plain),
        other => other.to_string(),
    }
}

/// A number as it was written, as far as that can be told.
fn plain(value: f64) -> String {
    let text = format!("{value}");
    if text.len() > PLAIN_MAX { number(value) } else { text.replace('-', "−") }
}

/// Parameters and their values, in words, in this order; those that are not named come last.
pub(super) fn setting(parameters: &Map<String, Json>, order: &[String]) -> String {
    let named = order.iter().filter_map(|name| Some((name, parameters.get(name)?)));
    let others = parameters.iter().filter(|(name, _)| !order.contains(name));
    let words = named.chain(others).map(|(name, value)| format!("{name} {}", shown(value)));
    words.collect::<Vec<String>>().join(", ")
}

/// `1 run`, `2 runs`.
pub(super) fn count(number: u64, word: &str) -> String {
    format!("{} {word}{}", grouped(&number.to_string()), if number == 1 { "" } else { "s" })
}

/// The text with its first letter large.
pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Words in a row: `a, b and c`.
pub(super) fn listed(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [others @ .., last] => format!("{} and {last}", others.join(", ")),
    }
}

/// Of what one name of a group stands for, these are the parts.
const PARTS: [&str; 14] = [
    "mean",
    "p50",
    "p95",
    "p99",
    "max",
    "messages",
    "bytes",
    "messages_total",
    "bytes_total",
    "gini",
    "max_over_mean",
    "correlation",
    "rank_correlation",
    "least",
];
/// What groups of figures are called in a picture, where their own name says less.
const NAMES: [(&str, &str); 28] = [
    ("lookups.success", "success"),
    ("lookups.wrong_share", "wrong"),
    ("lookups.failed_share", "failed"),
    ("lookups.holders_success", "true holders"),
    ("lookups.latency_ms", "latency"),
    ("lookups.latency_known_ms", "latency until known"),
    ("lookups.time_to_end_ms", "time to end"),
    ("lookups.time_lost_ms", "time lost in silence"),
    ("lookups.hops", "hops"),
    ("lookups.hops_to_owner", "hops to the owner"),
    ("lookups.hops_to_end", "hops to the end"),
    ("lookups.timeouts", "timeouts per lookup"),
    ("lookups.messages", "messages per lookup"),
    ("lookups.stretch", "stretch"),
    ("lookups.hops_latency", "hops with latency"),
    ("traffic.lookup", "lookup traffic"),
    ("traffic.upkeep", "upkeep traffic"),
    ("traffic.join", "join traffic"),
    ("traffic.total", "all traffic"),
    ("routing_entries", "routing entries"),
    ("state_bytes", "state, bytes"),
    ("messages_per_join", "messages per join"),
    ("recovery.correct_after_s", "all right after"),
    ("recovery.correct_99_after_s", "99 % right after"),
    ("recovery.no_timeouts_after_s", "no silence after"),
    ("load.handled", "messages handled"),
    ("load.owned", "lookups owned"),
    ("placement.copies", "copies held"),
];
const DECIMALS_MAX: usize = 6;
const POWERS: [f64; DECIMALS_MAX] = [1.0, 10.0, 100.0, 1e3, 1e4, 1e5];
const PLAIN_MAX: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_four_digits_that_say_something() {
        let texts = [0.0, -0.0, 0.5, -12.0, 99.875, 123.456, 1534.08, 107_821.0, 1e-9, -0.001].map(number);
        assert_eq!(texts, ["0", "0", "0.5", "−12", "99.88", "123.5", "1534", "107\u{2009}821", "1.0e−9", "−0.001"]);
    }

    #[test]
    fn a_mean_is_written_to_the_second_digit_of_its_interval() {
        assert_eq!(spread(Some(81.6449), Some(1.338)), "81.6 ± 1.3");
        assert_eq!(spread(Some(1534.1), Some(279.9)), "1534 ± 280");
        assert_eq!(spread(Some(-0.14), Some(0.28)), "−0.14 ± 0.28");
        assert_eq!(spread(Some(100.0), Some(0.0)), "100 ± 0");
        assert_eq!(spread(Some(2.5), None), "2.5");
        assert_eq!(spread(None, None), "none");
    }

    #[test]
    fn figures_have_names_units_and_a_meaning() {
        let latency = Named::of("phases.crash.latency_ms.p99");
        assert_eq!(latency.title(), "crash: latency, p99, ms");
        assert!(latency.meaning.starts_with("lookups.latency_ms: from issue to the owner"), "{}", latency.meaning);
        let success = Named::of("lookups.success");
        assert_eq!((success.title().as_str(), success.value(0.9985).as_str()), ("success, %", "99.85\u{a0}%"));
        assert_eq!(Named::of("traffic.upkeep.bytes").title(), "upkeep traffic, bytes/node/s");
        assert_eq!(Named::of("no.such.figure").title(), "no.such.figure");
        let ratio = Named::of("lookups.latency_ms.p99 / lookups.latency_ms.p50");
        assert_eq!(ratio.title(), "latency, p99 / latency, p50");
    }
}
