//! A figure against a parameter: a line through the means of each protocol, in the band of their 95 % intervals.

use super::csv;
use super::drawn::{Drawn, sentences};
use super::frame::{Axis, Entry, Frame, MARKER, Panel, WIDTH, labels, labels_room, legend, legend_height, plots};
use super::scale::Scale;
use super::svg::{Svg, colour, dash};
use super::words::{Named, number, with_unit};

/// What is drawn.
#[derive(Clone, Debug)]
pub(super) struct Curve {
    pub(super) title: String,
    /// The parameter on the x axis, and how its values are called.
    pub(super) x: Along,
    /// The figure on the y axis.
    pub(super) y: Named,
    pub(super) panels: Vec<Panel<Line>>,
}

/// The x axis of a curve.
#[derive(Clone, Debug)]
pub(super) struct Along {
    pub(super) name: String,
    pub(super) unit: &'static str,
    /// Each value with its words, in order. Where they are no numbers, a value is its place.
    pub(super) values: Vec<(f64, String)>,
    pub(super) is_numeric: bool,
    pub(super) is_log: bool,
}

/// A line.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) label: String,
    /// The place of the protocol in the order of all.
    pub(super) place: usize,
    /// What tells it from other lines of the protocol: place in its order, and words.
    pub(super) dashes: Option<(usize, String)>,
    /// For each value of the x axis, what was measured.
    pub(super) points: Vec<Point>,
}

/// What was measured at a value: the mean, half of its interval, and of how many seeds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Point {
    pub(super) mean: Option<f64>,
    pub(super) half_width: Option<f64>,
    pub(super) values: usize,
}

impl Along {
    fn scale(&self) -> Scale {
        let values = self.values.iter().map(|(value, _)| *value);
        match (self.is_numeric, self.is_log) {
            (false, _) => Scale::Names(self.values.iter().map(|(_, word)| word.clone()).collect()),
            (true, true) if values.clone().all(|value| value > 0.0) => Scale::log(values),
            (true, _) => Scale::linear(values),
        }
    }

    /// A value with its unit.
    fn words(&self, place: usize) -> String {
        let word = self.values.get(place).map(|(_, word)| word.as_str()).unwrap_or_default();
        format!("{} {word}", self.name)
    }
}

impl Line {
    fn name(&self) -> String {
        match &self.dashes {
            Some((_, words)) => format!("{}, {words}", self.label),
            None => self.label.clone(),
        }
    }
}

impl Curve {
    /// The picture; none if nothing was measured.
    pub(super) fn draw(&self) -> Option<Drawn> {
        let is_measured = |line: &Line| line.points.iter().any(|point| point.mean.is_some());
        if !self.panels.iter().flat_map(|panel| &panel.marks).any(is_measured) {
            return None;
        }
        let says = self.says();
        let svg = self.svg(&says);
        let cut = if self.y.unit == "%" { ", cut off at 0 and 100 %" } else { "" };
        let reading = format!(
            "Points are means over the seeds, bands their 95 % intervals (Student’s t{cut}). {}",
            self.y.meaning
        );
        Some(Drawn { svg, says, reading: reading.trim_end().to_owned(), csv: self.csv() })
    }

    fn svg(&self, says: &str) -> String {
        let mut svg = Svg::new();
        let alone = self.panels.len() == 1 && self.panels[0].marks.iter().all(|line| line.dashes.is_none());
        let entries = if alone { Vec::new() } else { self.legend() };
        let names: Vec<String> = self.panels[0].marks.iter().map(Line::name).collect();
        let top = legend_height(WIDTH, &entries);
        let (places, height) = plots(self.panels.len(), top, if alone { labels_room(&names) } else { 0.0 });
        legend(&mut svg, (0.0, 2.0), WIDTH, &entries);
        let y = self.y_scale();
        for (panel, [left, top, width, height]) in self.panels.iter().zip(places) {
            let x = Axis::new(self.x.scale(), &self.x.name, self.x.unit);
            let frame = Frame { left, top, width, height, x, y: Axis::new(y.clone(), &self.y.name, self.y.unit) };
            frame.draw(&mut svg, &panel.name);
            self.panel(&mut svg, &frame, panel, alone);
        }
        svg.finish((WIDTH, height), &self.title, says)
    }

    fn panel(&self, svg: &mut Svg, frame: &Frame, panel: &Panel<Line>, with_labels: bool) {
        for line in &panel.marks {
            self.band(svg, frame, line);
        }
        for line in &panel.marks {
            self.line(svg, frame, line);
        }
        if with_labels {
            let last = |line: &Line| {
                let mean = line.points.iter().rev().find_map(|point| point.mean)?;
                Some((line.name(), line.place, frame.y_at(mean * self.y.factor)))
            };
            labels(svg, frame, &panel.marks.iter().filter_map(last).collect::<Vec<_>>());
        }
    }

    fn band(&self, svg: &mut Svg, frame: &Frame, line: &Line) {
        let class = format!("b {}", colour(line.place));
        for run in runs(line, |point| point.mean.zip(point.half_width)) {
            let edge = |(place, (mean, half_width)): &(usize, (f64, f64)), side: f64| {
                (frame.x_at(self.x.values[*place].0), frame.y_at(self.y.within(mean + side * half_width)))
            };
            let upper = run.iter().map(|point| edge(point, 1.0));
            let lower = run.iter().rev().map(|point| edge(point, -1.0));
            let around: Vec<(f64, f64)> = upper.chain(lower).collect();
            match &around[..] {
                [one, other] => svg.line(&format!("e {}", colour(line.place)), *one, *other),
                points => svg.area(&class, points),
            }
        }
    }

    fn line(&self, svg: &mut Svg, frame: &Frame, line: &Line) {
        let dashes = dash(line.dashes.as_ref().map_or(0, |(place, _)| *place));
        for run in runs(line, |point| point.mean) {
            let at = |(place, mean): &(usize, f64)| frame.at((self.x.values[*place].0, mean * self.y.factor));
            let points: Vec<(f64, f64)> = run.iter().map(at).collect();
            svg.path(&format!("l {}", colour(line.place)), dashes, &points);
            for ((place, _), at) in run.iter().zip(points) {
                let Point { mean, half_width, .. } = line.points[*place];
                let value = with_unit(&self.y.spread(mean, half_width), self.y.unit);
                svg.marker(line.place, at, MARKER, &format!("{}, {}: {value}", line.name(), self.x.words(*place)));
            }
        }
    }

    fn y_scale(&self) -> Scale {
        let points = self.panels.iter().flat_map(|panel| &panel.marks).flat_map(|line| &line.points);
        let ends = points.filter_map(|point| {
            let (mean, half_width) = (point.mean?, point.half_width.unwrap_or(0.0));
            Some([self.y.within(mean - half_width), self.y.within(mean + half_width), mean * self.y.factor])
        });
        scale_of(ends.flatten(), self.y.unit)
    }

    fn legend(&self) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::new();
        let lines = || self.panels.iter().flat_map(|panel| &panel.marks);
        let protocols = lines().map(|line| Entry { label: line.label.clone(), marker: Some(line.place), dashes: 0 });
        let dashes = lines().filter_map(|line| line.dashes.clone());
        let dashes = dashes.map(|(dashes, label)| Entry { label, marker: None, dashes });
        for entry in protocols.chain(dashes) {
            if !entries.contains(&entry) {
                entries.push(entry);
            }
        }
        entries
    }

    /// Where each line begins and ends; once, if all begin and end at the same values.
    fn says(&self) -> String {
        let ends = |line: &Line| {
            let measured: Vec<usize> = (0..line.points.len()).filter(|at| line.points[*at].mean.is_some()).collect();
            Some((*measured.first()?, *measured.last()?))
        };
        let lines = || self.panels.iter().flat_map(|panel| &panel.marks).filter_map(ends);
        let common = lines().next().filter(|first| lines().all(|other| other == *first));
        let value = |line: &Line, at: usize| self.y.value(line.points[at].mean.unwrap_or_default());
        let told = |line: &Line| {
            let (first, last) = ends(line)?;
            let (from, to) = (value(line, first), value(line, last));
            let name = line.name();
            Some(match common {
                Some(_) if first == last => format!("{name} {from}"),
                Some(_) => format!("{name} {from} to {to}"),
                None => format!("{name} {from} at {} to {to} at {}", self.x.words(first), self.x.words(last)),
            })
        };
        let panel = |panel: &Panel<Line>| {
            let lines: Vec<String> = panel.marks.iter().filter_map(told).collect();
            let name = if panel.name.is_empty() { String::new() } else { format!("{}: ", panel.name) };
            (!lines.is_empty()).then(|| format!("{name}{}", lines.join(", ")))
        };
        let lead = match common {
            Some((first, last)) if first == last => format!("At {}: ", self.x.words(first)),
            Some((first, last)) => format!("From {} to {}: ", self.x.words(first), self.x.words(last)),
            None => String::new(),
        };
        format!("{lead}{}", sentences(&self.panels.iter().filter_map(panel).collect::<Vec<String>>()))
    }

    fn csv(&self) -> String {
        let heads = ["panel", "protocol", "line", &self.x.name, "mean", "half_width", "seeds"];
        let rows = self.panels.iter().flat_map(|panel| {
            panel.marks.iter().flat_map(move |line| {
                line.points.iter().enumerate().map(move |(place, point)| {
                    let dashes = line.dashes.as_ref().map(|(_, words)| words.clone()).unwrap_or_default();
                    let x = self.x.values.get(place).map(|(_, word)| word.clone()).unwrap_or_default();
                    let before = [panel.name.clone(), line.label.clone(), dashes, x];
                    let figures = [csv::cell(point.mean), csv::cell(point.half_width), point.values.to_string()];
                    before.into_iter().chain(figures).collect()
                })
            })
        });
        csv::table(&heads, rows)
    }
}

impl Named {
    /// A value in the unit that is written; a share is not below nothing and not above all.
    pub(super) fn within(&self, value: f64) -> f64 {
        let value = value * self.factor;
        if self.unit == "%" { value.clamp(0.0, 100.0) } else { value }
    }
}

/// A logarithmic axis where values differ by more than thirty times; else one that begins at zero where the least is less than half.
pub(super) fn scale_of(values: impl IntoIterator<Item = f64>, unit: &str) -> Scale {
    let values: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).collect();
    let (low, high) =
        values.iter().fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(*value), high.max(*value)));
    if unit == "%" {
        Scale::percent(values)
    } else if low > 0.0 && high > low * SPREAD_OF_LOG {
        Scale::log(values)
    } else if low > 0.0 && low < high / 2.0 {
        Scale::linear(values.into_iter().chain([0.0]))
    } else {
        Scale::linear(values)
    }
}

/// The stretches of a line without a gap: places, each with what was taken there.
fn runs<T>(line: &Line, take: impl Fn(&Point) -> Option<T>) -> Vec<Vec<(usize, T)>> {
    let mut runs: Vec<Vec<(usize, T)>> = vec![Vec::new()];
    for (place, point) in line.points.iter().enumerate() {
        match take(point) {
            Some(taken) => runs.last_mut().expect("there is one from the beginning").push((place, taken)),
            None => runs.push(Vec::new()),
        }
    }
    runs.retain(|run| !run.is_empty());
    runs
}

/// How the values of a parameter are called, and where they lie if all of them are numbers.
pub(super) fn along(name: &str, values: &[serde_json::Value], is_log: bool) -> Along {
    let numbers: Option<Vec<f64>> = values.iter().map(serde_json::Value::as_f64).collect();
    let times: Option<Vec<f64>> = values
        .iter()
        .map(|value| protocols::duration::Duration::parse(value.as_str()?).ok().map(|of| of.0.as_secs_f64()))
        .collect();
    let is_time = numbers.is_none() && times.as_ref().is_some_and(|times| !times.is_empty());
    let places = numbers.or(times.filter(|_| is_time));
    let is_numeric = places.is_some();
    let places = places.unwrap_or_else(|| (0..values.len()).map(|place| place as f64).collect());
    let words = |(value, place): (&serde_json::Value, f64)| {
        let word = if value.is_number() { number(place) } else { super::words::shown(value) };
        (place, word)
    };
    let values = values.iter().zip(places).map(words).collect();
    Along { name: name.to_owned(), unit: if is_time { "s" } else { "" }, values, is_numeric, is_log }
}

/// From how many times on a linear axis would press most values to the ground.
const SPREAD_OF_LOG: f64 = 30.0;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::report::check::{assert_sound, coordinates};

    fn line(label: &str, place: usize, means: &[Option<f64>]) -> Line {
        let point = |mean: &Option<f64>| Point { mean: *mean, half_width: mean.map(|_| 0.01), values: 30 };
        Line { label: label.to_owned(), place, dashes: None, points: means.iter().map(point).collect() }
    }

    fn curve(lines: Vec<Line>) -> Curve {
        let x = along("fraction", &[json!(0), json!(0.1), json!(0.5)], false);
        let panels = vec![Panel::alone(lines)];
        Curve { title: "success".to_owned(), x, y: Named::of("lookups.success"), panels }
    }

    #[test]
    fn a_curve_says_where_it_begins_and_ends() {
        let drawn = curve(vec![line("one", 0, &[Some(1.0), Some(0.99), Some(0.5)])]).draw().expect("measured");
        assert_eq!(drawn.says, "From fraction 0 to fraction 0.5: one 100\u{a0}% to 50\u{a0}%.");
        assert!(drawn.csv.starts_with("panel,protocol,line,fraction,mean,half_width,seeds\n,one,,0,1,0.01,30\n"));
        assert_sound(&drawn.svg);
    }

    #[test]
    fn what_was_not_measured_is_a_gap_and_no_point() {
        let whole = curve(vec![line("one", 0, &[Some(1.0), Some(0.9), Some(0.5)])]).draw().expect("measured");
        let gap = curve(vec![line("one", 0, &[Some(1.0), None, Some(0.5)])]).draw().expect("measured");
        assert_sound(&gap.svg);
        assert_eq!(whole.svg.matches("class=\"l c0\"").count(), 1);
        assert_eq!(gap.svg.matches("class=\"l c0\"").count(), 2, "a line on each side of the gap");
        assert_eq!(curve(vec![line("one", 0, &[None, None, None])]).draw(), None);
        assert_eq!(curve(Vec::new()).draw(), None);
    }

    #[test]
    fn one_point_and_equal_values_and_huge_ones_are_drawn_within_the_picture() {
        for means in [[Some(1.0), None, None], [Some(0.0); 3], [Some(0.5); 3], [Some(1e300), Some(-1e300), Some(0.0)]] {
            let drawn = curve(vec![line("one", 0, &means), line("other", 1, &means)]).draw().expect("measured");
            assert_sound(&drawn.svg);
            let beyond = coordinates(&drawn.svg).into_iter().find(|at| !(-1.0..=WIDTH + 1.0).contains(at));
            assert_eq!(beyond, None, "{means:?}");
        }
    }

    #[test]
    fn several_panels_share_one_legend_and_one_scale() {
        let mut several = curve(vec![line("one", 0, &[Some(1.0), Some(0.9), Some(0.5)])]);
        several.panels[0].marks[0].dashes = Some((1, "loss 5 %".to_owned()));
        several.panels.push(Panel { name: "nodes 50".to_owned(), ..several.panels[0].clone() });
        let drawn = several.draw().expect("measured");
        assert_sound(&drawn.svg);
        assert_eq!(drawn.svg.matches(">loss 5 %</text>").count(), 1);
        assert_eq!(drawn.svg.matches(">fraction</text>").count(), 2);
    }

    #[test]
    fn values_of_a_parameter_lie_by_their_size_if_they_have_one() {
        let times = along("every", &[json!("200ms"), json!("1s")], false);
        assert_eq!((times.unit, times.values[0].clone()), ("s", (0.2, "200ms".to_owned())));
        let names = along("loss", &[json!("none"), json!("2 %")], true);
        assert_eq!((names.is_numeric, names.scale()), (false, Scale::Names(vec!["none".to_owned(), "2 %".to_owned()])));
        assert_eq!(
            along("n", &[json!(0), json!(10)], true).scale(),
            Scale::linear([0.0, 10.0]),
            "zero has no logarithm"
        );
    }
}
