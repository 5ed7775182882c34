//! Distribution functions: which share of all values lies at or below each, with the median and the 99th percentile marked.

use super::csv;
use super::drawn::{Drawn, sentences};
use super::frame::{Axis, Entry, Frame, MARKER, Panel, WIDTH, legend, legend_height, plots};
use super::scale::Scale;
use super::svg::{Svg, colour, dash};
use super::words::{count, number, with_unit};

/// What is drawn.
#[derive(Clone, Debug)]
pub(super) struct Cdf {
    pub(super) title: String,
    /// What is distributed, and its unit.
    pub(super) of: String,
    pub(super) unit: &'static str,
    pub(super) panels: Vec<Panel<Line>>,
}

/// A protocol: values in order, each with how often it occurs.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) label: String,
    /// Its place in the order of all.
    pub(super) place: usize,
    pub(super) counts: Vec<(f64, u64)>,
}

impl Line {
    fn total(&self) -> u64 {
        self.counts.iter().map(|(_, count)| count).sum()
    }

    /// The least value at or below which so many of a thousand lie.
    fn quantile(&self, of_thousand: u64) -> Option<f64> {
        let wanted = (u128::from(self.total()) * u128::from(of_thousand)).div_ceil(1000).max(1);
        let mut below = 0;
        let reaches = |(_, count): &&(f64, u64)| {
            below += u128::from(*count);
            below >= wanted
        };
        self.counts.iter().find(reaches).map(|(value, _)| *value)
    }

    /// Shares and values at which they are reached: enough to draw.
    fn points(&self) -> Vec<(f64, f64)> {
        let total = self.total() as f64;
        let mut below = 0;
        let mut points: Vec<(f64, f64)> = Vec::new();
        for (value, count) in &self.counts {
            below += count;
            let share = 100.0 * below as f64 / total;
            // Steps that no eye can tell apart are one; the tail is kept.
            let is_told = points.last().is_none_or(|(_, last)| share - last >= 0.5) || below as f64 > 0.985 * total;
            if is_told {
                points.push((*value, share));
            }
        }
        super::frame::thinned(&points)
    }
}

impl Cdf {
    /// The picture; none if there are no values.
    pub(super) fn draw(&self) -> Option<Drawn> {
        if self.panels.iter().flat_map(|panel| &panel.marks).all(|line| line.total() == 0) {
            return None;
        }
        let says = self.says();
        let svg = self.svg(&says);
        let reading = "The curve is the share of lookups that took at most so long, all seeds together; the marker is the median, the \
                       tick on the curve the 99th percentile. Values have three digits.";
        Some(Drawn { svg, says, reading: reading.to_owned(), csv: self.csv() })
    }

    fn svg(&self, says: &str) -> String {
        let mut svg = Svg::new();
        let entries = self.legend();
        let (places, height) = plots(self.panels.len(), legend_height(WIDTH, &entries), 0.0);
        legend(&mut svg, (0.0, 2.0), WIDTH, &entries);
        let scale = self.x_scale();
        for (panel, [left, top, width, height]) in self.panels.iter().zip(places) {
            let x = Axis::new(scale.clone(), &self.of, self.unit);
            let y = Axis::new(Scale::Linear { low: 0.0, high: 100.0 }, "share of lookups", "%");
            let frame = Frame { left, top, width, height, x, y };
            frame.draw(&mut svg, &panel.name);
            for share in [50.0, 99.0] {
                svg.line("t", (frame.left, frame.y_at(share)), (frame.right(), frame.y_at(share)));
            }
            for line in panel.marks.iter().filter(|line| line.total() > 0) {
                self.line(&mut svg, &frame, line);
            }
        }
        svg.finish((WIDTH, height), &self.title, says)
    }

    fn line(&self, svg: &mut Svg, frame: &Frame, line: &Line) {
        let class = format!("l {}", colour(line.place));
        let mut steps = vec![];
        let mut height = frame.bottom();
        for (value, share) in line.points() {
            let (x, y) = frame.at((value, share));
            steps.extend([(x, height), (x, y)]);
            height = y;
        }
        steps.push((frame.right(), height));
        svg.path(&class, dash(line.place), &steps);
        let says = |name: &str, value: f64| format!("{}, {name}: {}", line.label, self.value(value));
        if let Some(median) = line.quantile(500) {
            svg.marker(line.place, frame.at((median, 50.0)), MARKER + 0.6, &says("p50", median));
        }
        if let Some(p99) = line.quantile(990) {
            let (x, y) = frame.at((p99, 99.0));
            svg.line(&class, (x, y - 5.0), (x, y + 5.0));
            svg.marker(line.place, (x, y + 9.0), MARKER - 1.4, &says("p99", p99));
        }
    }

    /// From the least value that is drawn to the greatest; what took no time at all stands at the left edge.
    fn x_scale(&self) -> Scale {
        let lines = || self.panels.iter().flat_map(|panel| &panel.marks).filter(|line| line.total() > 0);
        let ends = lines().flat_map(|line| {
            let least = line.quantile(1).filter(|value| *value > 0.0);
            let least = least.or_else(|| line.counts.iter().map(|(value, _)| *value).find(|value| *value > 0.0));
            [least, line.quantile(999), line.quantile(990)]
        });
        Scale::log(ends.flatten())
    }

    fn value(&self, value: f64) -> String {
        with_unit(&number(value), self.unit)
    }

    fn legend(&self) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::new();
        for line in self.panels.iter().flat_map(|panel| &panel.marks) {
            let alone = self.panels.len() == 1;
            let told = line.quantile(500).zip(line.quantile(990)).filter(|_| alone);
            let told = told.map(|(p50, p99)| format!(": p50 {}, p99 {}", self.value(p50), self.value(p99)));
            let label = format!("{}{}", line.label, told.unwrap_or_default());
            let entry = Entry { label, marker: Some(line.place), dashes: line.place };
            if !entries.contains(&entry) {
                entries.push(entry);
            }
        }
        entries
    }

    fn says(&self) -> String {
        let told = |line: &Line| {
            let (p50, p99) = (self.value(line.quantile(500)?), self.value(line.quantile(990)?));
            Some(format!("{} {p50} and {p99}", line.label))
        };
        let panel = |panel: &Panel<Line>| {
            let lines: Vec<String> = panel.marks.iter().filter_map(told).collect();
            let name = if panel.name.is_empty() { String::new() } else { format!("{}: ", panel.name) };
            (!lines.is_empty()).then(|| format!("{name}{}", lines.join(", ")))
        };
        let told: Vec<String> = self.panels.iter().filter_map(panel).collect();
        let lookups = self.panels.iter().flat_map(|panel| &panel.marks).map(Line::total).sum();
        format!("Half, and 99 %, of {} within: {}", count(lookups, "lookup"), sentences(&told))
    }

    fn csv(&self) -> String {
        let rows = self.panels.iter().flat_map(|panel| {
            panel.marks.iter().flat_map(move |line| {
                let row = |(value, share): (f64, f64)| {
                    vec![panel.name.clone(), line.label.clone(), value.to_string(), share.to_string()]
                };
                line.points().into_iter().map(row).collect::<Vec<_>>()
            })
        });
        csv::table(&["panel", "protocol", &format!("{}_{}", self.of, self.unit), "share_percent"], rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::check::{assert_sound, coordinates};

    fn cdf(counts: &[(f64, u64)]) -> Cdf {
        let line = Line { label: "one".to_owned(), place: 0, counts: counts.to_vec() };
        let panels = vec![Panel::alone(vec![line])];
        Cdf { title: "latency".to_owned(), of: "latency".to_owned(), unit: "ms", panels }
    }

    #[test]
    fn median_and_tail_are_those_of_the_definition() {
        let line = cdf(&[(10.0, 50), (20.0, 48), (300.0, 1), (900.0, 1)]).panels[0].marks[0].clone();
        let found = [1, 500, 501, 980, 990, 1000].map(|of_thousand| line.quantile(of_thousand));
        assert_eq!(found, [10.0, 10.0, 20.0, 20.0, 300.0, 900.0].map(Some));
        let drawn = cdf(&[(10.0, 50), (20.0, 48), (300.0, 1), (900.0, 1)]).draw().expect("values");
        assert_eq!(drawn.says, "Half, and 99 %, of 100 lookups within: one 10\u{a0}ms and 300\u{a0}ms.");
        assert!(drawn.svg.contains(">one: p50 10\u{a0}ms, p99 300\u{a0}ms</text>"));
    }

    #[test]
    fn one_value_and_no_time_at_all_and_many_values_are_drawn() {
        let many: Vec<(f64, u64)> = (1..5000).map(|value| (f64::from(value), 1 + u64::from(value % 7 == 0))).collect();
        for counts in [&[(5.0, 1)][..], &[(0.0, 3)], &[(0.0, 3), (7.0, 1)], &many] {
            let drawn = cdf(counts).draw().expect("values");
            assert_sound(&drawn.svg);
            assert!(coordinates(&drawn.svg).iter().all(|at| (-1.0..=WIDTH).contains(at)), "{}", drawn.svg);
            assert!(drawn.svg.len() < 12_000, "{}", drawn.svg.len());
        }
        assert_eq!(cdf(&[]).draw(), None);
    }

    #[test]
    fn a_curve_never_falls_and_ends_at_all() {
        let points = cdf(&(1..3000).map(|value| (f64::from(value), 3)).collect::<Vec<_>>()).panels[0].marks[0].points();
        assert!(points.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1));
        assert!((points[points.len() - 1].1 - 100.0).abs() < 1e-9);
    }
}
