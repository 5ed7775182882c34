//! How often each whole value occurs, such as hops: bars, a group for each value and a bar for each protocol.

use super::csv;
use super::drawn::{Drawn, sentences};
use super::frame::{Axis, Entry, Frame, Panel, WIDTH, legend, legend_height, plots};
use super::scale::Scale;
use super::svg::{Svg, colour};
use super::words::number;

/// What is drawn.
#[derive(Clone, Debug)]
pub(super) struct Bars {
    pub(super) title: String,
    /// What is counted.
    pub(super) of: String,
    pub(super) panels: Vec<Panel<Group>>,
}

/// A protocol: values in order, each with how often it occurs.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) label: String,
    /// Its place in the order of all.
    pub(super) place: usize,
    pub(super) counts: Vec<(u64, u64)>,
}

impl Group {
    fn total(&self) -> u64 {
        self.counts.iter().map(|(_, count)| count).sum()
    }

    fn mean(&self) -> Option<f64> {
        let sum: f64 = self.counts.iter().map(|(value, count)| *value as f64 * *count as f64).sum();
        crate::results::share(sum, self.total() as f64)
    }

    /// The share of what is at least this and less than that, in percent.
    fn share(&self, from: u64, until: Option<u64>) -> f64 {
        let within = |value: &u64| *value >= from && until.is_none_or(|until| *value < until);
        let count: u64 = self.counts.iter().filter(|(value, _)| within(value)).map(|(_, count)| count).sum();
        100.0 * count as f64 / self.total().max(1) as f64
    }
}

impl Bars {
    /// The picture; none if there are no values.
    pub(super) fn draw(&self) -> Option<Drawn> {
        if self.panels.iter().flat_map(|panel| &panel.marks).all(|group| group.total() == 0) {
            return None;
        }
        let says = self.says();
        let svg = self.svg(&says);
        let reading = "A bar is the share of a protocol’s lookups with that value, all seeds together; the marker over it is the protocol’s.";
        Some(Drawn { svg, says, reading: reading.to_owned(), csv: self.csv() })
    }

    /// The values that have a group of their own: from the least on, and the last stands for all beyond.
    fn values(&self) -> Vec<u64> {
        let groups = || self.panels.iter().flat_map(|panel| &panel.marks);
        let least = groups().filter_map(|group| group.counts.first()).map(|(value, _)| *value).min().unwrap_or(0);
        let tail = |group: &Group| {
            group.counts.iter().rev().map(|(value, _)| *value).find(|value| group.share(*value, None) >= TAIL)
        };
        let most = groups().filter_map(tail).max().unwrap_or(least);
        (least..=most.min(least.saturating_add(GROUPS_MAX - 1))).collect()
    }

    fn svg(&self, says: &str) -> String {
        let mut svg = Svg::new();
        let entries = self.legend();
        let (places, height) = plots(self.panels.len(), legend_height(WIDTH, &entries), 0.0);
        legend(&mut svg, (0.0, 2.0), WIDTH, &entries);
        let values = self.values();
        let shares = self.panels.iter().flat_map(|panel| &panel.marks).flat_map(|group| shares(group, &values));
        let y = Scale::linear(shares.chain([0.0]));
        for (panel, [left, top, width, height]) in self.panels.iter().zip(places) {
            let x = Axis::new(Scale::Names(self.names(&values)), &self.of, "");
            let frame = Frame { left, top, width, height, x, y: Axis::new(y.clone(), "share of lookups", "%") };
            frame.draw(&mut svg, &panel.name);
            self.panel(&mut svg, &frame, panel, &values);
        }
        svg.finish((WIDTH, height), &self.title, says)
    }

    fn panel(&self, svg: &mut Svg, frame: &Frame, panel: &Panel<Group>, values: &[u64]) {
        let room = frame.width / values.len().max(1) as f64 * 0.84;
        let width = room / panel.marks.len().max(1) as f64;
        for (rank, group) in panel.marks.iter().enumerate() {
            for (place, share) in shares(group, values).into_iter().enumerate() {
                let x = frame.x_at(place as f64) - room / 2.0 + width * rank as f64;
                let (y, bottom) = (frame.y_at(share), frame.bottom());
                let says = format!("{}, {} {}: {} %", group.label, self.of, self.names(values)[place], number(share));
                let bar = (width * 0.9, bottom - y);
                svg.rect(&format!("f {}", colour(group.place)), (x, y), bar, &says);
                if share > 0.0 {
                    let size = (width * 0.22).clamp(1.2, 3.4);
                    svg.marker(group.place, (x + width * 0.45, y - size - 2.0), size, "");
                }
            }
        }
    }

    fn names(&self, values: &[u64]) -> Vec<String> {
        let last = values.last().copied().unwrap_or(0);
        let groups = || self.panels.iter().flat_map(|panel| &panel.marks);
        let is_more = groups().any(|group| group.counts.iter().any(|(value, count)| *value > last && *count > 0));
        let name = |value: &u64| if is_more && *value == last { format!("{value}+") } else { value.to_string() };
        values.iter().map(name).collect()
    }

    fn legend(&self) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::new();
        for group in self.panels.iter().flat_map(|panel| &panel.marks) {
            let entry = Entry { label: group.label.clone(), marker: Some(group.place), dashes: 0 };
            if !entries.contains(&entry) {
                entries.push(entry);
            }
        }
        entries
    }

    fn says(&self) -> String {
        let told = |group: &Group| {
            let (mean, most) = (group.mean()?, group.counts.last()?.0);
            Some(format!("{} {} and {most}", group.label, number(mean)))
        };
        let panel = |panel: &Panel<Group>| {
            let groups: Vec<String> = panel.marks.iter().filter_map(told).collect();
            let name = if panel.name.is_empty() { String::new() } else { format!("{}: ", panel.name) };
            (!groups.is_empty()).then(|| format!("{name}{}", groups.join(", ")))
        };
        let told: Vec<String> = self.panels.iter().filter_map(panel).collect();
        format!("{} on average, and at most: {}", super::words::capital(&self.of), sentences(&told))
    }

    fn csv(&self) -> String {
        let rows = self.panels.iter().flat_map(|panel| {
            panel.marks.iter().flat_map(move |group| {
                let row = |(value, count): &(u64, u64)| {
                    vec![panel.name.clone(), group.label.clone(), value.to_string(), count.to_string()]
                };
                group.counts.iter().map(row).collect::<Vec<_>>()
            })
        });
        csv::table(&["panel", "protocol", &self.of, "lookups"], rows)
    }
}

/// The share of each value; the last stands for all beyond.
fn shares(group: &Group, values: &[u64]) -> Vec<f64> {
    let share = |(place, value): (usize, &u64)| {
        let until = (place + 1 < values.len()).then(|| value + 1);
        group.share(*value, until)
    };
    values.iter().enumerate().map(share).collect()
}

const GROUPS_MAX: u64 = 16;
/// Values are drawn apart up to where this share of a protocol's lookups is left, in percent.
const TAIL: f64 = 0.5;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::check::assert_sound;

    fn bars(all: &[&[(u64, u64)]]) -> Bars {
        let group = |(place, counts): (usize, &&[(u64, u64)])| Group {
            label: format!("p{place}"),
            place,
            counts: counts.to_vec(),
        };
        let groups = all.iter().enumerate().map(group).collect();
        Bars { title: "hops".to_owned(), of: "hops".to_owned(), panels: vec![Panel::alone(groups)] }
    }

    #[test]
    fn bars_of_a_protocol_add_up_to_all() {
        let of = bars(&[&[(0, 5), (1, 90), (2, 4), (40, 1)]]);
        let values = of.values();
        assert_eq!((values.len(), values[0]), (16, 0));
        let sum: f64 = shares(&of.panels[0].marks[0], &values).iter().sum();
        assert!((sum - 100.0).abs() < 1e-9);
        assert_eq!(of.names(&values)[15], "15+");
        let drawn = of.draw().expect("values");
        assert_sound(&drawn.svg);
        assert_eq!(drawn.says, "Hops on average, and at most: p0 1.38 and 40.");
    }

    #[test]
    fn one_value_alone_has_a_bar_and_none_has_no_picture() {
        assert_sound(&bars(&[&[(3, 7)], &[]]).draw().expect("values").svg);
        assert_eq!(bars(&[&[], &[]]).draw(), None);
        assert_sound(&bars(&[&[(u64::MAX, 1)]]).draw().expect("values").svg);
    }
}
