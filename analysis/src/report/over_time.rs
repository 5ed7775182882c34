//! A run over time: success, latency, timeouts, nodes and traffic, one below the other on one time axis, with who went when.

use serde_json::Value as Json;

use super::csv;
use super::drawn::{Drawn, sentences};
use super::frame::{Axis, Entry, FOOT, Frame, GUTTER, WIDTH, legend, legend_height};
use super::scale::Scale;
use super::svg::{Svg, colour, dash};
use super::words::{listed, number, with_unit};
use crate::results::share;

/// What is drawn.
#[derive(Clone, Debug)]
pub(super) struct OverTime {
    pub(super) title: String,
    pub(super) tracks: Vec<Track>,
    /// When nodes went, in seconds.
    pub(super) departures: Vec<f64>,
}

/// A protocol over time.
#[derive(Clone, Debug)]
pub(super) struct Track {
    pub(super) label: String,
    /// Its place in the order of all.
    pub(super) place: usize,
    pub(super) moments: Vec<Moment>,
}

/// A stretch of time: sums, over the seeds that were added.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Moment {
    from_s: f64,
    runs: f64,
    nodes_up: f64,
    issued: f64,
    correct: f64,
    answered: f64,
    ended: f64,
    timeouts: f64,
    latency_ms: f64,
    upkeep: Option<f64>,
    lookup: Option<f64>,
}

impl Moment {
    /// The stretches of the `series` of a run's results.
    pub(super) fn read(series: &Json) -> Vec<Self> {
        series.as_array().map(|points| points.iter().map(Self::of).collect()).unwrap_or_default()
    }

    fn of(point: &Json) -> Self {
        let known = |name: &str| point.get(name).and_then(Json::as_f64);
        let of = |name: &str| known(name).unwrap_or(0.0);
        let (answered, ended) = (of("correct") + of("wrong"), of("issued") - of("abandoned"));
        Self {
            from_s: of("from_s"),
            runs: 1.0,
            nodes_up: of("nodes_up"),
            issued: of("issued"),
            correct: of("correct"),
            answered,
            ended,
            timeouts: of("timeouts_mean") * ended,
            latency_ms: of("latency_ms_mean") * answered,
            upkeep: known("upkeep_bytes"),
            lookup: known("lookup_bytes"),
        }
    }

    /// Adds the same stretch of another seed.
    pub(super) fn add(&mut self, other: &Self) {
        self.runs += other.runs;
        self.nodes_up += other.nodes_up;
        self.issued += other.issued;
        self.correct += other.correct;
        self.answered += other.answered;
        self.ended += other.ended;
        self.timeouts += other.timeouts;
        self.latency_ms += other.latency_ms;
        let sum = |one: Option<f64>, other: Option<f64>| one.zip(other).map(|(one, other)| one + other);
        self.upkeep = sum(self.upkeep, other.upkeep);
        self.lookup = sum(self.lookup, other.lookup);
    }
}

/// What is drawn in a plot of its own.
struct Measure {
    name: &'static str,
    unit: &'static str,
    value: fn(&Moment) -> Option<f64>,
    /// Whether it is told where it is worst, and which is worse.
    worst: Option<Worse>,
    /// Whether it is left out where it is everywhere nothing.
    is_left_out_if_zero: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Worse {
    Lower,
    Higher,
}

impl OverTime {
    /// The picture; none if nobody asked anything and nobody was there.
    pub(super) fn draw(&self) -> Option<Drawn> {
        let tracks = self.asked();
        let measures: Vec<&Measure> = MEASURES.iter().filter(|measure| measure.is_told(&tracks)).collect();
        if measures.is_empty() {
            return None;
        }
        let says = says(&tracks, &measures);
        let svg = self.svg(&tracks, &measures, &says);
        let mut reading = String::from("Lookups stand at the stretch of time in which they were issued.");
        if !self.departures.is_empty() {
            reading.push_str(" Dashed upright lines: nodes went.");
        }
        let absent =
            ["upkeep traffic", "lookup traffic"].into_iter().filter(|name| measures.iter().all(|of| of.name != *name));
        let absent: Vec<String> = absent.map(str::to_owned).collect();
        if !absent.is_empty() {
            reading = format!("{reading} Not in these results, and so not drawn: {}.", listed(&absent));
        }
        Some(Drawn { svg, says, reading, csv: csv_of(&tracks) })
    }

    /// The tracks from the first stretch to the last in which anybody asked.
    fn asked(&self) -> Vec<Track> {
        let longest = self.tracks.iter().map(|track| track.moments.len()).max().unwrap_or(0);
        let is_asked = |place: &usize| {
            self.tracks.iter().any(|track| track.moments.get(*place).is_some_and(|moment| moment.issued > 0.0))
        };
        let asked: Vec<usize> = (0..longest).filter(is_asked).collect();
        let Some((first, last)) = asked.first().zip(asked.last()) else {
            return Vec::new();
        };
        let within = |track: &Track| {
            let moments = track.moments.iter().take(last + 1).skip(*first).cloned().collect();
            Track { moments, ..track.clone() }
        };
        self.tracks.iter().map(within).collect()
    }

    fn svg(&self, tracks: &[Track], measures: &[&Measure], says: &str) -> String {
        let mut svg = Svg::new();
        let entry =
            |track: &Track| Entry { label: track.label.clone(), marker: Some(track.place), dashes: track.place };
        let entries: Vec<Entry> = tracks.iter().map(entry).collect();
        let top = legend_height(WIDTH, &entries);
        legend(&mut svg, (0.0, 2.0), WIDTH, &entries);
        let times = || tracks.iter().flat_map(|track| &track.moments).map(|moment| moment.from_s);
        let gap = tracks.iter().find_map(|track| Some(track.moments.get(1)?.from_s - track.moments.first()?.from_s));
        let x = Scale::linear(times().chain(times().map(|at| at + gap.unwrap_or(1.0))));
        let mut bottom = top;
        for (place, measure) in measures.iter().enumerate() {
            let top = bottom + BETWEEN;
            let values = tracks.iter().flat_map(|track| &track.moments).filter_map(measure.value);
            let scale = if measure.unit == "%" { Scale::percent(values) } else { Scale::linear(values.chain([0.0])) };
            let y = Axis::new(scale, measure.name, measure.unit);
            let x = Axis::new(x.clone(), "time", "s");
            let frame = Frame { left: GUTTER, top, width: WIDTH - GUTTER - 14.0, height: HEIGHT, x, y };
            if place + 1 == measures.len() {
                frame.draw(&mut svg, "");
            } else {
                frame.draw_without_x(&mut svg, "");
            }
            self.departures(&mut svg, &frame);
            measure.draw(&mut svg, &frame, tracks);
            bottom = frame.bottom();
        }
        svg.finish((WIDTH, bottom + FOOT), &self.title, says)
    }

    fn departures(&self, svg: &mut Svg, frame: &Frame) {
        let Scale::Linear { low, high } = frame.x.scale else {
            return;
        };
        let mut last = f64::NEG_INFINITY;
        for at in self.departures.iter().filter(|at| **at >= low && **at <= high) {
            let x = frame.x_at(*at);
            if x - last >= 3.0 {
                svg.line("t", (x, frame.top), (x, frame.bottom()));
                last = x;
            }
        }
    }
}

impl Measure {
    fn is_told(&self, tracks: &[Track]) -> bool {
        let mut values = tracks.iter().flat_map(|track| &track.moments).filter_map(self.value).peekable();
        values.peek().is_some() && (!self.is_left_out_if_zero || values.any(|value| value != 0.0))
    }

    fn draw(&self, svg: &mut Svg, frame: &Frame, tracks: &[Track]) {
        let values = |track: &Track| track.moments.iter().map(self.value).collect::<Vec<_>>();
        let is_same = tracks.len() > 1 && tracks.iter().all(|track| values(track) == values(&tracks[0]));
        for track in if is_same { &tracks[..1] } else { tracks } {
            // What is the same for all is of nobody in particular.
            let (class, dashes) =
                if is_same { ("a".to_owned(), "") } else { (format!("l {}", colour(track.place)), dash(track.place)) };
            let mut run: Vec<(f64, f64)> = Vec::new();
            let width = track.moments.get(1).map_or(1.0, |next| next.from_s - track.moments[0].from_s);
            for moment in &track.moments {
                match (self.value)(moment) {
                    Some(value) => run.push(frame.at((moment.from_s + width / 2.0, value))),
                    None => drawn(svg, &class, dashes, &mut run),
                }
            }
            drawn(svg, &class, dashes, &mut run);
        }
    }

    /// Where it is worst: the stretch, and the value.
    fn worst(&self, track: &Track) -> Option<(f64, f64)> {
        let worse = self.worst?;
        let values = track.moments.iter().filter_map(|moment| Some((moment.from_s, (self.value)(moment)?)));
        values.reduce(|worst, next| {
            let is_worse = if worse == Worse::Lower { next.1 < worst.1 } else { next.1 > worst.1 };
            if is_worse { next } else { worst }
        })
    }
}

/// Draws a stretch without a gap; one value alone as a short line.
fn drawn(svg: &mut Svg, class: &str, dashes: &str, run: &mut Vec<(f64, f64)>) {
    if let [(x, y)] = run[..] {
        *run = vec![(x - 2.0, y), (x + 2.0, y)];
    }
    svg.path(class, dashes, run);
    run.clear();
}

/// Where each protocol fared worst; nothing of what was the same all the time.
fn says(tracks: &[Track], measures: &[&Measure]) -> String {
    let says = tracks.iter().filter_map(|track| {
        let worst = measures.iter().filter_map(|measure| {
            let (at, value) = measure.worst(track)?;
            let is_steady = track.moments.iter().filter_map(measure.value).all(|other| other.total_cmp(&value).is_eq());
            let word = if measure.worst == Some(Worse::Lower) { "at least" } else { "at most" };
            let value = with_unit(&number(value), measure.unit);
            (!is_steady).then(|| format!("{} {word} {value} (from {} on)", measure.name, with_unit(&number(at), "s")))
        });
        let worst: Vec<String> = worst.collect();
        (!worst.is_empty()).then(|| format!("{}: {}", track.label, worst.join(", ")))
    });
    sentences(&says.collect::<Vec<String>>())
}

fn csv_of(tracks: &[Track]) -> String {
    let heads: Vec<&str> =
        ["protocol", "from_s"].into_iter().chain(MEASURES.iter().map(|measure| measure.name)).collect();
    let rows = tracks.iter().flat_map(|track| {
        track.moments.iter().map(|moment| {
            let values = MEASURES.iter().map(|measure| csv::cell((measure.value)(moment)));
            [track.label.clone(), moment.from_s.to_string()].into_iter().chain(values).collect()
        })
    });
    csv::table(&heads, rows)
}

const MEASURES: [Measure; 6] = [
    Measure {
        name: "success",
        unit: "%",
        value: |of| share(100.0 * of.correct, of.ended),
        worst: Some(Worse::Lower),
        is_left_out_if_zero: false,
    },
    Measure {
        name: "latency",
        unit: "ms",
        value: |of| share(of.latency_ms, of.answered),
        worst: Some(Worse::Higher),
        is_left_out_if_zero: true,
    },
    Measure {
        name: "timeouts per lookup",
        unit: "",
        value: |of| share(of.timeouts, of.ended),
        worst: None,
        is_left_out_if_zero: true,
    },
    Measure {
        name: "nodes up",
        unit: "",
        value: |of| share(of.nodes_up, of.runs),
        worst: None,
        is_left_out_if_zero: true,
    },
    Measure {
        name: "upkeep traffic",
        unit: "bytes/node/s",
        value: |of| share(of.upkeep?, of.runs),
        worst: Some(Worse::Higher),
        is_left_out_if_zero: false,
    },
    Measure {
        name: "lookup traffic",
        unit: "bytes/node/s",
        value: |of| share(of.lookup?, of.runs),
        worst: None,
        is_left_out_if_zero: false,
    },
];
const HEIGHT: f64 = 84.0;
const BETWEEN: f64 = 32.0;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::report::check::{assert_sound, coordinates};

    fn point(from_s: f64, issued: u64, correct: u64, latency: Option<f64>) -> Json {
        json!({
            "from_s": from_s, "nodes_up": 20.0, "issued": issued, "correct": correct, "wrong": 0, "failed": issued - correct,
            "abandoned": 0, "timeouts_mean": (issued > 0).then_some(0.5), "latency_ms_mean": latency,
        })
    }

    fn of(points: Vec<Json>) -> OverTime {
        let track = Track { label: "one".to_owned(), place: 0, moments: Moment::read(&Json::Array(points)) };
        OverTime { title: "over time".to_owned(), tracks: vec![track], departures: vec![5.0, 5.01, 900.0] }
    }

    #[test]
    fn it_says_where_it_was_worst_and_what_is_not_there() {
        let points = vec![point(0.0, 0, 0, None), point(2.0, 10, 10, Some(80.0)), point(4.0, 10, 7, Some(200.0))];
        let drawn = of(points).draw().expect("asked");
        assert_sound(&drawn.svg);
        assert_eq!(
            drawn.says,
            "one: success at least 70\u{a0}% (from 4\u{a0}s on), latency at most 200\u{a0}ms (from 4\u{a0}s on)."
        );
        assert!(drawn.reading.ends_with("not drawn: upkeep traffic and lookup traffic."), "{}", drawn.reading);
        assert_eq!(drawn.csv.lines().count(), 3, "what comes before the first lookup is left out");
    }

    #[test]
    fn traffic_is_drawn_where_it_was_measured() {
        let mut points = vec![point(0.0, 5, 5, Some(80.0)), point(2.0, 5, 5, Some(80.0))];
        for point in &mut points {
            point["upkeep_bytes"] = json!(12.5);
        }
        let drawn = of(points).draw().expect("asked");
        assert!(drawn.svg.contains(">upkeep traffic, bytes/node/s</text>"));
        assert!(drawn.reading.ends_with("not drawn: lookup traffic."));
    }

    #[test]
    fn seeds_are_added_by_their_lookups() {
        let mut one = Moment::of(&point(0.0, 10, 10, Some(100.0)));
        one.add(&Moment::of(&point(0.0, 30, 20, Some(400.0))));
        let [success, latency, _, nodes, ..] = MEASURES.map(|measure| (measure.value)(&one));
        assert_eq!((success, latency, nodes), (Some(75.0), Some(300.0), Some(20.0)));
    }

    #[test]
    fn one_stretch_and_gaps_are_drawn_and_nothing_is_not() {
        assert_sound(&of(vec![point(0.0, 1, 1, None)]).draw().expect("asked").svg);
        let gap = of(vec![point(0.0, 1, 1, Some(1.0)), point(1.0, 0, 0, None), point(2.0, 1, 0, None)]);
        let drawn = gap.draw().expect("asked");
        assert_sound(&drawn.svg);
        assert!(coordinates(&drawn.svg).iter().all(|at| (-1.0..=WIDTH).contains(at)));
        assert_eq!(of(vec![point(0.0, 0, 0, None)]).draw(), None);
        assert_eq!(of(Vec::new()).draw(), None);
    }
}
