//! How evenly a load is shared: Lorenz curves, on which the least loaded so many percent of nodes bear so much of all.

use super::csv;
use super::drawn::{Drawn, sentences};
use super::frame::{Axis, Entry, Frame, MARKER, Panel, WIDTH, legend, legend_height, plots};
use super::scale::Scale;
use super::svg::{Svg, colour, dash};
use super::words::number;

/// What is drawn.
#[derive(Clone, Debug)]
pub(super) struct Lorenz {
    pub(super) title: String,
    pub(super) panels: Vec<Panel<Line>>,
}

/// A protocol.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) label: String,
    /// Its place in the order of all.
    pub(super) place: usize,
    /// The share of all that the least loaded bear: of none, and in equal steps up to all of them. The mean over the seeds.
    pub(super) shares: Vec<f64>,
    /// The mean over the seeds.
    pub(super) gini: Option<f64>,
}

impl Lorenz {
    /// The picture; none if nothing was measured.
    pub(super) fn draw(&self) -> Option<Drawn> {
        if self.panels.iter().flat_map(|panel| &panel.marks).all(|line| line.shares.len() < 2) {
            return None;
        }
        let says = self.says();
        let svg = self.svg(&says);
        let reading = "On the straight line all bear the same; the farther below it, the less even. Means over the seeds. The Gini \
                       coefficient is twice the area between: 0 if all bear the same, near 1 if one bears all.";
        Some(Drawn { svg, says, reading: reading.to_owned(), csv: self.csv() })
    }

    fn svg(&self, says: &str) -> String {
        let mut svg = Svg::new();
        let entries = self.legend();
        let (places, height) = plots(self.panels.len(), legend_height(WIDTH, &entries), 0.0);
        legend(&mut svg, (0.0, 2.0), WIDTH, &entries);
        for (panel, [left, top, width, height]) in self.panels.iter().zip(places) {
            let whole = || Scale::Linear { low: 0.0, high: 100.0 };
            let x = Axis::new(whole(), "nodes, the least loaded first", "%");
            let frame = Frame { left, top, width, height, x, y: Axis::new(whole(), "share of the load", "%") };
            frame.draw(&mut svg, &panel.name);
            svg.line("t", frame.at((0.0, 0.0)), frame.at((100.0, 100.0)));
            for line in panel.marks.iter().filter(|line| line.shares.len() > 1) {
                let points: Vec<(f64, f64)> = line.points().into_iter().map(|point| frame.at(point)).collect();
                svg.path(&format!("l {}", colour(line.place)), dash(line.place), &points);
                // Each protocol's markers stand elsewhere, so that those of close curves do not hide each other.
                for at in points.iter().skip(2 + 2 * line.place % 4).step_by(4) {
                    svg.marker(line.place, *at, MARKER - 0.6, &line.label);
                }
            }
        }
        svg.finish((WIDTH, height), &self.title, says)
    }

    fn legend(&self) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::new();
        for line in self.panels.iter().flat_map(|panel| &panel.marks) {
            let gini = line.gini.filter(|_| self.panels.len() == 1);
            let gini = gini.map(|gini| format!(": Gini {}", number(gini))).unwrap_or_default();
            let label = format!("{}{gini}", line.label);
            let entry = Entry { label, marker: Some(line.place), dashes: line.place };
            if !entries.contains(&entry) {
                entries.push(entry);
            }
        }
        entries
    }

    fn says(&self) -> String {
        let all = self.panels.iter().flat_map(|panel| panel.marks.iter().map(move |line| (panel, line)));
        let says = all.filter(|(_, line)| line.shares.len() > 1).map(|(panel, line)| {
            let panel = if panel.name.is_empty() { String::new() } else { format!(", {}", panel.name) };
            let steps = line.shares.len() - 1;
            let upper = 100.0 * (1.0 - line.shares[steps - steps / 10]);
            let share = format!("the most loaded tenth bears {} %", number(upper));
            let gini = line.gini.map(|gini| format!(", Gini {}", number(gini))).unwrap_or_default();
            format!("{}{panel}: {share}{gini}", line.label)
        });
        sentences(&says.collect::<Vec<String>>())
    }

    fn csv(&self) -> String {
        let rows = self.panels.iter().flat_map(|panel| {
            panel.marks.iter().flat_map(move |line| {
                let row = |(nodes, load): (f64, f64)| {
                    vec![panel.name.clone(), line.label.clone(), nodes.to_string(), load.to_string()]
                };
                line.points().into_iter().map(row).collect::<Vec<_>>()
            })
        });
        csv::table(&["panel", "protocol", "nodes_percent", "load_percent"], rows)
    }
}

impl Line {
    /// Percent of nodes, and of the load.
    fn points(&self) -> Vec<(f64, f64)> {
        let steps = self.shares.len().saturating_sub(1).max(1) as f64;
        self.shares.iter().enumerate().map(|(place, share)| (100.0 * place as f64 / steps, 100.0 * share)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::check::assert_sound;

    fn drawn(shares: &[f64]) -> Option<Drawn> {
        let line = Line { label: "one".to_owned(), place: 1, shares: shares.to_vec(), gini: Some(0.25) };
        Lorenz { title: "load".to_owned(), panels: vec![Panel::alone(vec![line])] }.draw()
    }

    #[test]
    fn the_most_loaded_tenth_is_told() {
        // The i-th of twenty bears i of 210.
        let shares: Vec<f64> = (0..=20).map(|upto| f64::from(upto * (upto + 1)) / 420.0).collect();
        let drawn = drawn(&shares).expect("measured");
        assert_sound(&drawn.svg);
        assert_eq!(drawn.says, "one: the most loaded tenth bears 18.57 %, Gini 0.25.", "39 of 210");
    }

    #[test]
    fn what_was_not_measured_has_no_picture() {
        assert_eq!(drawn(&[]), None);
        assert_eq!(drawn(&[1.0]), None);
        assert_sound(&drawn(&[0.0, 1.0]).expect("two points").svg);
    }
}
