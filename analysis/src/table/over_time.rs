//! Nodes, success, latency and timeouts over time, as lines of little bars.

use std::ops::RangeInclusive;

use super::text::{cut, in_seconds, line, row};
use crate::metrics::{Metrics, Point};
use crate::results::share;
use crate::width::columns;

/// One protocol's bars.
pub(super) fn of_one(page: &mut String, all: &Metrics) {
    let Some(range) = asked_in([all]) else {
        return;
    };
    opening(page, all, &range);
    if let Some((bars, full_bar)) = population(all, &range) {
        row(page, "  nodes up", &format!("{bars}  full bar: {full_bar}"));
    }
    for measure in &MEASURES {
        let values = measure.values(all, &range);
        let top = measure.top([&values]);
        if measure.is_worth_a_line(top) {
            let text = format!("{}  full bar: {}", bars(&values, top), (measure.full_bar)(top));
            row(page, &format!("  {}", measure.name), &text);
        }
    }
}

/// The bars of several protocols with their labels, one below the other and on one scale.
pub(super) fn of_several(page: &mut String, protocols: &[(&str, &Metrics)]) {
    let all = || protocols.iter().map(|(_, all)| *all);
    let (Some(range), Some(first)) = (asked_in(all()), all().next()) else {
        return;
    };
    opening(page, first, &range);
    let labels: Vec<String> = protocols.iter().map(|(label, _)| cut(label, LABEL_COLUMNS)).collect();
    let room = labels.iter().map(|label| columns(label)).max().unwrap_or(0);
    if let Some((bars, full_bar)) = population(first, &range) {
        line(page, &format!("    nodes up, full bar: {full_bar}"));
        line(page, &format!("      {}  {bars}", " ".repeat(room)));
    }
    for measure in &MEASURES {
        let values: Vec<Values> = all().map(|all| measure.values(all, &range)).collect();
        let top = measure.top(&values);
        if measure.is_worth_a_line(top) {
            line(page, &format!("    {}, full bar: {}", measure.name, (measure.full_bar)(top)));
            for (label, values) in labels.iter().zip(&values) {
                let gap = " ".repeat(room - columns(label));
                line(page, &format!("      {label}{gap}  {}", bars(values, top)));
            }
        }
    }
}

fn opening(page: &mut String, all: &Metrics, range: &RangeInclusive<usize>) {
    let step = all.series.step;
    let (from, until) = (step.times(*range.start() as u64), step.times(*range.end() as u64 + 1));
    let (from, until) = (in_seconds(from), in_seconds(until));
    line(page, "");
    row(page, "over time", &format!("from {from} to {until}, {} a bar", in_seconds(step)));
}

/// The bars of how many nodes are up, and the full bar in words; none if it is the same number all the time. Under one seed
/// it is the same for all protocols, but for those that take their time to leave.
fn population(all: &Metrics, range: &RangeInclusive<usize>) -> Option<(String, String)> {
    let (least, most) = (all.population.least()?, all.population.most()?);
    let up: Values = all.population.over_time().map(Some).skip(*range.start()).take(range.clone().count()).collect();
    let top = up.iter().flatten().copied().fold(0.0, f64::max);
    (least < most).then(|| (bars(&up, top), format!("{top:.0}")))
}

/// From the first point to the last in which anybody asked; none if nobody ever did.
fn asked_in<'a>(all: impl IntoIterator<Item = &'a Metrics>) -> Option<RangeInclusive<usize>> {
    let asked = |(place, point): (usize, &Point)| (point.issued > 0).then_some(place);
    let places: Vec<usize> =
        all.into_iter().flat_map(|all| all.series.points.iter().enumerate().filter_map(asked)).collect();
    Some(*places.iter().min()?..=*places.iter().max()?)
}

/// What was measured in each stretch of time, where anything was.
type Values = Vec<Option<f64>>;

/// What is drawn.
struct Measure {
    name: &'static str,
    value: fn(&Point) -> Option<f64>,
    /// How high the full bar is; the highest value if not said.
    top: Option<f64>,
    /// The full bar in words.
    full_bar: fn(f64) -> String,
    /// Whether it is left out where it was zero all the time.
    is_left_out_at_zero: bool,
}

impl Measure {
    fn values(&self, all: &Metrics, range: &RangeInclusive<usize>) -> Values {
        all.series.points[range.clone()].iter().map(self.value).collect()
    }

    fn top<'a>(&self, all: impl IntoIterator<Item = &'a Values>) -> f64 {
        self.top.unwrap_or_else(|| all.into_iter().flatten().flatten().copied().fold(0.0, f64::max))
    }

    fn is_worth_a_line(&self, top: f64) -> bool {
        top > 0.0 || !self.is_left_out_at_zero
    }
}

/// Eighths of a line's height; a space where nothing was measured.
fn bars(values: &[Option<f64>], top: f64) -> String {
    const BARS: [char; 9] = ['▁', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let bar = |value: f64| if top > 0.0 { BARS[((value / top) * 8.0).clamp(0.0, 8.0) as usize] } else { BARS[0] };
    values.iter().map(|value| value.map_or(' ', bar)).collect()
}

const MEASURES: [Measure; 3] = [
    Measure {
        name: "correct",
        value: |point| share(point.correct as f64, point.ended() as f64),
        top: Some(1.0),
        full_bar: |_| "all".to_owned(),
        is_left_out_at_zero: false,
    },
    Measure {
        name: "latency",
        value: |point| share(point.latency as f64 / 1e6, (point.correct + point.wrong) as f64),
        top: None,
        full_bar: |top| format!("{top:.0} ms"),
        is_left_out_at_zero: false,
    },
    Measure {
        name: "timeouts",
        value: |point| share(point.timeouts as f64, point.ended() as f64),
        top: None,
        full_bar: |top| format!("{top:.2} a lookup"),
        is_left_out_at_zero: true,
    },
];
/// With a bar for each of 60 points this fits the page.
const LABEL_COLUMNS: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_reach_from_the_floor_to_the_top() {
        assert_eq!(bars(&[Some(0.0), Some(0.5), Some(1.0), None], 1.0), "▁▄█ ");
        assert_eq!(bars(&[Some(0.0)], 0.0), "▁");
    }
}
