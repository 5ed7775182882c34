//! Performance against cost: a point for each protocol and setting, and the Pareto front of those that nobody beats in both
//! (Li, Stribling, Morris, Kaashoek and Gil, "A performance vs. cost framework for evaluating DHT design tradeoffs under churn",
//! INFOCOM 2005).

use super::csv;
use super::curve::{Point, scale_of};
use super::drawn::{Drawn, sentences};
use super::frame::{Axis, Entry, Frame, MARKER, Panel, WIDTH, cut, legend, legend_height, plots, room};
use super::svg::{Anchor, Svg, colour};
use super::words::{Named, listed};

/// What is drawn.
#[derive(Clone, Debug)]
pub(super) struct Front {
    pub(super) title: String,
    pub(super) cost: Named,
    pub(super) performance: Named,
    pub(super) panels: Vec<Panel<Dot>>,
}

/// A protocol with its settings.
#[derive(Clone, Debug)]
pub(super) struct Dot {
    pub(super) label: String,
    /// Its place in the order of all.
    pub(super) place: usize,
    /// Its settings, as far as they differ; empty if they do not.
    pub(super) setting: String,
    pub(super) cost: Point,
    pub(super) performance: Point,
}

impl Dot {
    fn name(&self) -> String {
        if self.setting.is_empty() { self.label.clone() } else { format!("{}, {}", self.label, self.setting) }
    }

    fn at(&self) -> Option<(f64, f64)> {
        self.cost.mean.zip(self.performance.mean)
    }
}

/// Which of these nobody beats: no other costs less and does as well, or costs no more and does better.
fn front(points: &[Option<(f64, f64)>]) -> Vec<usize> {
    let is_beaten = |(cost, performance): (f64, f64)| {
        points.iter().flatten().any(|(other_cost, other_performance)| {
            *other_cost <= cost
                && *other_performance <= performance
                && (*other_cost < cost || *other_performance < performance)
        })
    };
    let mut front: Vec<(usize, (f64, f64))> = points
        .iter()
        .enumerate()
        .filter_map(|(place, at)| Some((place, (*at)?)))
        .filter(|(_, at)| !is_beaten(*at))
        .collect();
    front.sort_by(|(_, one), (_, other)| one.0.total_cmp(&other.0).then(one.1.total_cmp(&other.1)));
    front.into_iter().map(|(place, _)| place).collect()
}

impl Panel<Dot> {
    fn front(&self) -> Vec<&Dot> {
        let points: Vec<Option<(f64, f64)>> = self.marks.iter().map(Dot::at).collect();
        front(&points).into_iter().map(|place| &self.marks[place]).collect()
    }
}

impl Front {
    /// The picture; none if nobody has both figures.
    pub(super) fn draw(&self) -> Option<Drawn> {
        if self.panels.iter().flat_map(|panel| &panel.marks).all(|dot| dot.at().is_none()) {
            return None;
        }
        let says = self.says();
        let svg = self.svg(&says);
        let reading = format!(
            "Left is cheaper, down is better; points are means over the seeds with their 95 % intervals. The stairs are the Pareto \
             front: those that no other beats, which is to be no dearer and no worse and one of both better. {} {}",
            self.cost.meaning, self.performance.meaning
        );
        Some(Drawn { svg, says, reading, csv: self.csv() })
    }

    fn svg(&self, says: &str) -> String {
        let mut svg = Svg::new();
        let entries = self.legend();
        let (places, height) = plots(self.panels.len(), legend_height(WIDTH, &entries), 0.0);
        legend(&mut svg, (0.0, 2.0), WIDTH, &entries);
        let dots = || self.panels.iter().flat_map(|panel| &panel.marks).filter(|dot| dot.at().is_some());
        let [x, y] =
            [(&self.cost, costs as fn(&Dot) -> &Point), (&self.performance, performances)].map(|(named, of)| {
                let ends = dots().filter_map(|dot| of(dot).mean).map(|mean| named.within(mean));
                Axis::new(scale_of(ends, named.unit), &named.name, named.unit)
            });
        for (panel, [left, top, width, height]) in self.panels.iter().zip(places) {
            let frame = Frame { left, top, width, height, x: x.clone(), y: y.clone() };
            frame.draw(&mut svg, &panel.name);
            self.panel(&mut svg, &frame, panel);
        }
        svg.finish((WIDTH, height), &self.title, says)
    }

    fn panel(&self, svg: &mut Svg, frame: &Frame, panel: &Panel<Dot>) {
        let at =
            |(cost, performance): (f64, f64)| frame.at((self.cost.within(cost), self.performance.within(performance)));
        let front = panel.front();
        let corners: Vec<(f64, f64)> = front.iter().filter_map(|dot| dot.at().map(at)).collect();
        svg.path("t", "", &stairs(&corners, frame));
        let mut taken: Vec<[f64; 4]> = Vec::new();
        for dot in &panel.marks {
            if let Some((x, y)) = dot.at().map(at) {
                self.dot(svg, frame, dot, (x, y));
                taken.push([x - MARKER, y - MARKER, x + MARKER, y + MARKER]);
            }
        }
        for (dot, (x, y)) in front.iter().zip(corners) {
            let name = cut(if dot.setting.is_empty() { &dot.label } else { &dot.setting }, frame.width / 2.5);
            if let Some(at) = free_place((x, y), room(&name), frame, &mut taken) {
                svg.text("o", at, Anchor::Start, &name);
            }
        }
    }

    fn dot(&self, svg: &mut Svg, frame: &Frame, dot: &Dot, (x, y): (f64, f64)) {
        let class = format!("e {}", colour(dot.place));
        let ends = |of: &Point, named: &Named| {
            let (mean, half_width) = of.mean.zip(of.half_width)?;
            Some([mean - half_width, mean + half_width].map(|end| named.within(end)))
        };
        if let Some(ends) = ends(&dot.cost, &self.cost) {
            let [left, right] = ends.map(|end| frame.x_at(end));
            svg.line(&class, (left, y), (right, y));
        }
        if let Some(ends) = ends(&dot.performance, &self.performance) {
            let [low, high] = ends.map(|end| frame.y_at(end));
            svg.line(&class, (x, low), (x, high));
        }
        let figure =
            |of: &Point, named: &Named| super::words::with_unit(&named.spread(of.mean, of.half_width), named.unit);
        let (cost, performance) = (figure(&dot.cost, &self.cost), figure(&dot.performance, &self.performance));
        svg.marker(dot.place, (x, y), MARKER, &format!("{}: {cost}; {performance}", dot.name()));
    }

    fn legend(&self) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::new();
        for dot in self.panels.iter().flat_map(|panel| &panel.marks) {
            let entry = Entry { label: dot.label.clone(), marker: Some(dot.place), dashes: 0 };
            if !entries.contains(&entry) {
                entries.push(entry);
            }
        }
        entries
    }

    fn says(&self) -> String {
        let says = self.panels.iter().filter_map(|panel| {
            let name = if panel.name.is_empty() { String::new() } else { format!("{}: ", panel.name) };
            let figures = |dot: &&Dot| {
                let (cost, performance) = dot.at()?;
                let figures = format!("{}, {}", self.cost.value(cost), self.performance.value(performance));
                Some(format!("{} ({figures})", dot.name()))
            };
            let front: Vec<String> = panel.front().iter().filter_map(figures).collect();
            let others = panel.marks.iter().filter(|dot| dot.at().is_some()).count() - front.len();
            let beaten = match others {
                0 => String::new(),
                1 => "; one other is beaten".to_owned(),
                more => format!("; {more} others are beaten"),
            };
            (!front.is_empty()).then(|| format!("{name}{}{beaten}", listed(&front)))
        });
        format!("On the front, the cheapest first: {}", sentences(&says.collect::<Vec<String>>()))
    }

    fn csv(&self) -> String {
        let heads = [
            "panel",
            "protocol",
            "setting",
            "cost",
            "cost_half_width",
            "performance",
            "performance_half_width",
            "front",
        ];
        let rows = self.panels.iter().flat_map(|panel| {
            let front: Vec<String> = panel.front().iter().map(|dot| dot.name()).collect();
            let row = move |dot: &Dot| {
                let figures = [&dot.cost, &dot.performance].map(|of| [csv::cell(of.mean), csv::cell(of.half_width)]);
                let is_front = front.contains(&dot.name()).to_string();
                let before = [panel.name.clone(), dot.label.clone(), dot.setting.clone()];
                before.into_iter().chain(figures.into_iter().flatten()).chain([is_front]).collect::<Vec<String>>()
            };
            panel.marks.iter().map(row).collect::<Vec<_>>()
        });
        csv::table(&heads, rows)
    }
}

fn costs(dot: &Dot) -> &Point {
    &dot.cost
}

fn performances(dot: &Dot) -> &Point {
    &dot.performance
}

/// From the upper edge down to the first corner, and from corner to corner to the right edge: what lies beyond is beaten.
fn stairs(corners: &[(f64, f64)], frame: &Frame) -> Vec<(f64, f64)> {
    let Some((first, last)) = corners.first().zip(corners.last()) else {
        return Vec::new();
    };
    let mut stairs = vec![(first.0, frame.top), *first];
    for pair in corners.windows(2) {
        stairs.extend([(pair[1].0, pair[0].1), pair[1]]);
    }
    stairs.push((frame.right(), last.1));
    stairs
}

/// Where a name stands beside its point without lying on what is there; nowhere if there is no room.
fn free_place((x, y): (f64, f64), width: f64, frame: &Frame, taken: &mut Vec<[f64; 4]>) -> Option<(f64, f64)> {
    let tries = [(8.0, -7.0), (8.0, 15.0), (-8.0 - width, -7.0), (-8.0 - width, 15.0), (8.0, -20.0), (8.0, 28.0)];
    let is_free = |[left, top, right, bottom]: &[f64; 4]| {
        let inside =
            *left >= frame.left && *right <= frame.right() + 10.0 && *top >= frame.top && *bottom <= frame.bottom();
        let collides =
            |other: &[f64; 4]| *left < other[2] && other[0] < *right && *top < other[3] && other[1] < *bottom;
        inside && !taken.iter().any(collides)
    };
    for (dx, dy) in tries {
        let at = (x + dx, y + dy);
        let spot = [at.0, at.1 - 11.0, at.0 + width, at.1 + 3.0];
        if is_free(&spot) {
            taken.push(spot);
            return Some(at);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::check::assert_sound;

    fn dot(place: usize, cost: f64, performance: f64) -> Dot {
        let point = |mean| Point { mean: Some(mean), half_width: Some(1.0), values: 30 };
        Dot {
            label: format!("p{place}"),
            place,
            setting: String::new(),
            cost: point(cost),
            performance: point(performance),
        }
    }

    fn drawn(dots: Vec<Dot>) -> Option<Drawn> {
        let (cost, performance) = (Named::of("traffic.upkeep.bytes"), Named::of("lookups.latency_ms.mean"));
        Front { title: "front".to_owned(), cost, performance, panels: vec![Panel::alone(dots)] }.draw()
    }

    #[test]
    fn the_front_is_of_those_that_nobody_beats() {
        let points = [(3.0, 5.0), (1.0, 9.0), (2.0, 9.0), (4.0, 5.0), (5.0, 1.0), (6.0, 6.0)].map(Some);
        assert_eq!(front(&points), [1, 0, 4]);
        assert_eq!(front(&[None, Some((2.0, 2.0)), Some((2.0, 2.0))]), [1, 2], "equals do not beat each other");
        assert!(front(&[]).is_empty());
    }

    #[test]
    fn it_says_who_is_on_the_front() {
        let drawn = drawn(vec![dot(0, 100.0, 20.0), dot(1, 10.0, 200.0), dot(2, 200.0, 300.0)]).expect("measured");
        assert_sound(&drawn.svg);
        assert_eq!(
            drawn.says,
            "On the front, the cheapest first: p1 (10\u{a0}bytes/node/s, 200\u{a0}ms) and p0 (100\u{a0}bytes/node/s, 20\u{a0}ms); \
             one other is beaten."
        );
        assert!(drawn.csv.contains("\n,p2,,200,1,300,1,false\n"));
    }

    #[test]
    fn one_point_and_missing_figures_and_many_at_one_place_are_drawn() {
        assert_sound(&drawn(vec![dot(0, 0.0, 0.0)]).expect("measured").svg);
        let missing = Dot { cost: Point::default(), ..dot(1, 1.0, 1.0) };
        assert_sound(&drawn(vec![dot(0, 5.0, 5.0), missing.clone()]).expect("measured").svg);
        assert_eq!(drawn(vec![missing]), None);
        assert_sound(&drawn((0..40).map(|place| dot(place, 5.0, 5.0)).collect()).expect("measured").svg);
    }
}
