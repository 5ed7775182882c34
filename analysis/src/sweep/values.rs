//! The values of a parameter: a list, a map from name to value, a range in steps or a range in factors.

use std::cmp::Ordering;

use protocols::duration::Duration;
use scenarios::raw::Raw;
use sim::time::Span;

use super::decimal::Decimal;

/// A value that a parameter takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// As it is written into the scenario.
    pub text: String,
    /// As it is called in results: its name, or what is written, without quotes.
    pub shown: String,
}

impl Value {
    /// A value of a list.
    pub(super) fn written(raw: &Raw) -> Self {
        Self::of(raw.text())
    }

    /// A value of a map.
    pub(super) fn named(name: &str, raw: &Raw) -> Self {
        Self { text: raw.text().to_owned(), shown: name.to_owned() }
    }

    fn of(text: &str) -> Self {
        let plain = quoted(text).unwrap_or(text);
        Self { text: text.to_owned(), shown: plain.split_whitespace().collect::<Vec<&str>>().join(" ") }
    }

    /// The value as a number; a duration in seconds. None if it is neither.
    pub(super) fn number(&self) -> Option<f64> {
        match quoted(&self.text) {
            Some(text) => Duration::parse(text).ok().map(|duration| duration.0.as_secs_f64()),
            None => Decimal::parse(&self.text)?.to_string().parse().ok(),
        }
    }

    /// The value as it stands in results: a number where it is called by one.
    pub(crate) fn json(&self) -> serde_json::Value {
        let number = Decimal::parse(&self.shown).and_then(|number| serde_json::from_str(&number.to_string()).ok());
        number.unwrap_or_else(|| serde_json::Value::String(self.shown.clone()))
    }
}

/// How a range goes on from its first value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stride<'a> {
    /// By so much more.
    Step(&'a Raw),
    /// By so many times.
    Times(&'a Raw),
}

/// What is wrong with a range: in which field, what, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WrongRange {
    pub(super) field: &'static str,
    pub(super) title: String,
    pub(super) help: &'static str,
}

/// The values from the first to the last, which is among them if a step leads to it.
pub(super) fn range(from: &Raw, to: &Raw, stride: Stride<'_>) -> Result<Vec<Value>, WrongRange> {
    let (first, unit) = quantity(from).ok_or_else(|| no_quantity("from"))?;
    let (last, other) = quantity(to).ok_or_else(|| no_quantity("to"))?;
    if other != unit {
        return Err(units_differ("to"));
    }
    if first.compare(last).is_none_or(Ordering::is_gt) {
        return Err(wrong(
            "to",
            "this range holds no value: it ends before it begins",
            "write the smaller value in `from`",
        ));
    }
    let amounts = match stride {
        Stride::Step(step) => steps(first, last, step, &unit)?,
        Stride::Times(times) => factors(first, last, times)?,
    };
    Ok(amounts.into_iter().map(|amount| unit.value(amount)).collect())
}

fn steps(first: Decimal, last: Decimal, step: &Raw, unit: &Unit) -> Result<Vec<Decimal>, WrongRange> {
    let (step, other) = quantity(step).ok_or_else(|| no_quantity("step"))?;
    if other != *unit {
        return Err(units_differ("step"));
    }
    if step.compare(Decimal::whole(0)) != Some(Ordering::Greater) {
        return Err(wrong("step", "a step leads nowhere unless it is above zero", "write for example `step: 1`"));
    }
    let place = |number: u64| step.repeated(number).and_then(|way| first.plus(way));
    up_to(last, "step", place)
}

fn factors(first: Decimal, last: Decimal, times: &Raw) -> Result<Vec<Decimal>, WrongRange> {
    let factor = Decimal::parse(times.text())
        .ok_or_else(|| wrong("times", "a factor is a number", "write for example `times: 2`"))?;
    if factor.compare(Decimal::whole(1)) != Some(Ordering::Greater) {
        return Err(wrong("times", "a factor leads nowhere unless it is above one", "write for example `times: 2`"));
    }
    if first.compare(Decimal::whole(0)) != Some(Ordering::Greater) {
        return Err(wrong("from", "no factor leads away from zero", "begin above zero, or use `values: [0, …]`"));
    }
    let mut now = Some(first);
    up_to(last, "times", |number| {
        if number > 0 {
            now = now.and_then(|now| now.times(factor));
        }
        now
    })
}

fn up_to(
    last: Decimal,
    field: &'static str,
    mut place: impl FnMut(u64) -> Option<Decimal>,
) -> Result<Vec<Decimal>, WrongRange> {
    let mut amounts = Vec::new();
    for number in 0.. {
        match place(number).filter(|amount| amount.compare(last).is_some_and(Ordering::is_le)) {
            Some(_) if amounts.len() == VALUES_MAX => {
                return Err(wrong(
                    field,
                    &format!("this range holds more than {VALUES_MAX} values"),
                    "take a larger stride",
                ));
            }
            Some(amount) => amounts.push(amount),
            None => break,
        }
    }
    Ok(amounts)
}

/// What stands behind an amount.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Unit {
    /// Nothing: a plain number.
    Plain,
    /// The amount is in nanoseconds.
    Time,
    /// Anything else in quotes, such as the `/s` of a rate.
    Other(String),
}

impl Unit {
    fn value(&self, amount: Decimal) -> Value {
        Value::of(&match self {
            Self::Plain => amount.to_string(),
            Self::Time => format!("\"{}\"", Span::from_nanos(u64::try_from(amount.round()).unwrap_or(u64::MAX))),
            Self::Other(unit) => format!("\"{amount}{unit}\""),
        })
    }
}

fn quantity(raw: &Raw) -> Option<(Decimal, Unit)> {
    let Some(text) = quoted(raw.text()) else {
        return Some((Decimal::parse(raw.text())?, Unit::Plain));
    };
    if let Ok(duration) = Duration::parse(text) {
        return Some((Decimal::whole(i128::from(duration.0.as_nanos())), Unit::Time));
    }
    let end = text.find(|c: char| !matches!(c, '0'..='9' | '.' | '_')).unwrap_or(text.len());
    Some((Decimal::parse(&text[..end])?, Unit::Other(text[end..].to_owned())))
}

fn quoted(text: &str) -> Option<&str> {
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"'))
}

fn no_quantity(field: &'static str) -> WrongRange {
    let help = "write for example `from: 1, to: 16, times: 2` or `from: \"10ms\", to: \"50ms\", step: \"10ms\"`; for anything else \
        there is `values: [...]`";
    wrong(field, &format!("`{field}` must be a number, or a number with a unit in quotes"), help)
}

fn units_differ(field: &'static str) -> WrongRange {
    wrong(field, &format!("`{field}` has another unit than `from`"), "write all of a range in one unit")
}

fn wrong(field: &'static str, title: &str, help: &'static str) -> WrongRange {
    WrongRange { field, title: title.to_owned(), help }
}

/// Of one parameter; more is no sweep that anybody could read.
pub(super) const VALUES_MAX: usize = 100_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(text: &str) -> Raw {
        scenarios::read::document("", text.as_bytes()).expect("legal")
    }

    fn stepped(from: &str, to: &str, step: &str) -> Result<Vec<String>, WrongRange> {
        range(&raw(from), &raw(to), Stride::Step(&raw(step)))
            .map(|values| values.into_iter().map(|value| value.text).collect())
    }

    fn multiplied(from: &str, to: &str, times: &str) -> Result<Vec<String>, WrongRange> {
        range(&raw(from), &raw(to), Stride::Times(&raw(times)))
            .map(|values| values.into_iter().map(|value| value.text).collect())
    }

    #[test]
    fn a_range_holds_its_last_value_if_a_step_leads_there() {
        assert_eq!(stepped("0.0", "0.3", "0.1").expect("legal"), ["0", "0.1", "0.2", "0.3"]);
        assert_eq!(stepped("1", "10", "4").expect("legal"), ["1", "5", "9"]);
        assert_eq!(stepped("5", "5", "1").expect("legal"), ["5"]);
        assert_eq!(
            stepped("\"500ms\"", "\"2s\"", "\"0.5s\"").expect("legal"),
            ["\"500ms\"", "\"1s\"", "\"1500ms\"", "\"2s\""]
        );
        assert_eq!(stepped("\"1/s\"", "\"3/s\"", "\"1/s\"").expect("legal"), ["\"1/s\"", "\"2/s\"", "\"3/s\""]);
    }

    #[test]
    fn factors_lead_from_value_to_value() {
        assert_eq!(multiplied("1", "16", "2").expect("legal"), ["1", "2", "4", "8", "16"]);
        assert_eq!(multiplied("0.001", "1", "10").expect("legal"), ["0.001", "0.01", "0.1", "1"]);
        assert_eq!(multiplied("\"10ms\"", "\"90ms\"", "3").expect("legal"), ["\"10ms\"", "\"30ms\"", "\"90ms\""]);
        assert_eq!(multiplied("1", "4", "1.5").expect("legal"), ["1", "1.5", "2.25", "3.375"]);
    }

    #[test]
    fn a_range_without_values_or_end_is_wrong() {
        let field = |found: Result<Vec<String>, WrongRange>| found.expect_err("wrong").field;
        assert_eq!(field(stepped("2", "1", "1")), "to");
        assert_eq!(field(stepped("1", "2", "0")), "step");
        assert_eq!(field(stepped("1", "2", "-1")), "step");
        assert_eq!(field(stepped("1", "1000000000", "1")), "step");
        assert_eq!(field(multiplied("0", "2", "2")), "from");
        assert_eq!(field(multiplied("1", "2", "1")), "times");
        assert_eq!(field(multiplied("1", "2", "\"2\"")), "times");
        assert_eq!(field(stepped("\"1s\"", "2", "1")), "to");
        assert_eq!(field(stepped("\"1s\"", "\"2s\"", "1")), "step");
        assert_eq!(field(stepped("\"1/s\"", "\"2/h\"", "\"1/s\"")), "to");
        assert_eq!(field(stepped("Uniform", "2", "1")), "from");
    }

    #[test]
    fn a_value_is_called_by_what_is_written() {
        let shown = |text: &str| Value::written(&raw(text)).shown;
        assert_eq!(
            (shown("\"50ms\""), shown("Bernoulli( 0.1 )"), shown("4")),
            ("50ms".into(), "Bernoulli( 0.1 )".into(), "4".into())
        );
        assert_eq!(Value::named("little", &raw("Bernoulli(0.1)")).shown, "little");
        let number = |text: &str| Value::written(&raw(text)).number();
        assert_eq!(
            (number("0.25"), number("\"250ms\""), number("None"), number("\"10/s\"")),
            (Some(0.25), Some(0.25), None, None)
        );
        assert_eq!(Value::written(&raw("4")).json().to_string(), "4");
        assert_eq!(Value::written(&raw("\"4s\"")).json().to_string(), "\"4s\"");
    }
}
