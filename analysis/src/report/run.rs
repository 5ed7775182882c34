//! The report of a run: one scenario with its protocols and seeds, from its folder or right after it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value as Json;

use super::curve::Point;
use super::drawn::Drawn;
use super::folder::{Report, json};
use super::frame::Panel;
use super::over_time::{Moment, OverTime, Track};
use super::page::{Block, Page, Table, Text};
use super::sweep::COST;
use super::words::{Named, count, number};
use super::{bars, cdf, front, lorenz};
use crate::comparison::{COMPARED, COMPARED_IN_PHASES};
use crate::execute::{Executed, Input};
use crate::export::Provenance;
use crate::figure::{curve, formula};
use crate::statistics::Estimate;

/// What a report of a run is made of.
struct Told {
    /// What the scenario's file is called, without its ending.
    file: String,
    /// The scenario's text.
    scenario: String,
    /// The results, as `run --json` prints them.
    document: Json,
    /// By label and name: values with their counts, all seeds together.
    histograms: BTreeMap<(String, String), BTreeMap<u64, u64>>,
}

/// One histogram of `histograms.json`.
#[derive(Deserialize)]
struct Histogram {
    protocol: String,
    metric: String,
    counts: Vec<(u64, u64)>,
}

/// The report of the folder of a saved run.
pub(super) fn report(folder: &Path) -> Result<Report, String> {
    let document: Json = json(&folder.join(RESULTS), "document of results")?;
    let provenance: Provenance = json(&folder.join("provenance.json"), "provenance of a run")?;
    let saved: Vec<Histogram> = json(&folder.join("histograms.json"), "file of histograms")?;
    let path = folder.join("scenario.ron");
    let scenario = fs::read(&path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    if document.get("results").and_then(Json::as_array).is_none_or(Vec::is_empty) {
        return Err(format!("{} is no document of results: it holds none", folder.join(RESULTS).display()));
    }
    let mut histograms = BTreeMap::new();
    for Histogram { protocol, metric, counts } in saved {
        add(histograms.entry((protocol, metric)).or_default(), &counts);
    }
    let scenario = String::from_utf8_lossy(&scenario).into_owned();
    let page = Told { file: provenance.title, scenario, document, histograms }.page();
    Ok(Report { page, missing: None })
}

/// The report of a scenario that was just run; the same as that of its folder.
pub fn of_run(input: &Input, executed: &Executed) -> Page {
    let mut histograms = BTreeMap::new();
    for run in &executed.runs {
        for (metric, _, values) in run.finished.observer.lookups.distributions() {
            add(histograms.entry((run.label.clone(), metric.to_owned())).or_default(), &values.counts());
        }
    }
    let document = serde_json::to_value(&executed.document).expect("results are plain data");
    let scenario = String::from_utf8_lossy(&input.bytes).into_owned();
    Told { file: input.title.clone(), scenario, document, histograms }.page()
}

fn add(all: &mut BTreeMap<u64, u64>, counts: &[(u64, u64)]) {
    for (value, count) in counts {
        *all.entry(*value).or_default() += count;
    }
}

/// What draws a picture with this over it, if there is anything to draw.
type Drawing = fn(&Told, &str) -> Option<Drawn>;

impl Told {
    fn page(&self) -> Page {
        let title = self.text("scenario").to_owned();
        let mut blocks = vec![Block::Heading(1, title.as_str().into(), None), Block::Note(self.provenance())];
        blocks.extend(self.expectations());
        let (few, all) = (self.figures(is_shown), self.figures(|_| true));
        blocks.push(Block::Table(few));
        blocks.push(Block::Note(READING.into()));
        blocks.push(Block::Details("All figures".into(), vec![Block::Table(all)]));
        blocks.push(Block::Heading(2, "Pictures".into(), None));
        let pictures: [(&str, Drawing); 5] = [
            ("Latency to the owner’s reply", Self::latency),
            ("Cost against performance", Self::front),
            ("Over time", Self::over_time),
            ("Hops to the owner", Self::hops),
            ("Who works for lookups", Self::lorenz),
        ];
        let made_by = format!("{}, {}", self.command(), self.seeds());
        for (title, draw) in pictures {
            if let Some(drawn) = draw(self, title) {
                blocks.push(Block::Figure(super::audit::figure(title, drawn, made_by.clone())));
            }
        }
        blocks.push(Block::Heading(2, "Where it comes from".into(), None));
        blocks.push(Block::Facts(vec![
            ("command".to_owned(), Text::default().code(self.command())),
            ("seeds".to_owned(), self.seeds().into()),
        ]));
        blocks.push(Block::Details("The scenario".into(), vec![Block::Verbatim(self.scenario.clone())]));
        Page { title, blocks }
    }

    fn text(&self, name: &str) -> &str {
        self.document.get(name).and_then(Json::as_str).unwrap_or_default()
    }

    fn outcomes(&self) -> &[Json] {
        self.document.get("results").and_then(Json::as_array).map_or(&[], Vec::as_slice)
    }

    /// The labels of the protocols, in order.
    fn labels(&self) -> Vec<&str> {
        let mut labels: Vec<&str> = Vec::new();
        for label in self.outcomes().iter().filter_map(|of| of.get("label")?.as_str()) {
            if !labels.contains(&label) {
                labels.push(label);
            }
        }
        labels
    }

    fn of<'a>(&'a self, label: &'a str) -> impl Iterator<Item = &'a Json> {
        self.outcomes().iter().filter(move |of| of.get("label").and_then(Json::as_str) == Some(label))
    }

    fn seeds_run(&self) -> Vec<u64> {
        self.document.get("seeds").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_u64).collect()
    }

    fn seeds(&self) -> String {
        match &self.seeds_run()[..] {
            [one] => format!("seed {one}"),
            [first, .., last] => format!("seeds {first}..{}", last.saturating_add(1)),
            [] => "no seeds".to_owned(),
        }
    }

    fn command(&self) -> String {
        let seeds = match &self.seeds_run()[..] {
            [one] => format!("--seed {one}"),
            several => format!("--seeds {}", several.len()),
        };
        let file = if self.file == "stdin" { "-".to_owned() } else { format!("{}.ron", self.file) };
        format!("dhtsim run {file} {seeds}")
    }

    fn provenance(&self) -> Text {
        let text = Text::from(format!("dhtsim {}, ", self.text("version"))).code(self.command());
        let nodes = self.outcomes().first().and_then(|of| formula(of, "nodes"));
        let nodes = nodes.map(|nodes| format!(", {} nodes", number(nodes))).unwrap_or_default();
        let protocols = count(self.labels().len() as u64, "protocol");
        text.plain(format!(", {}, {protocols}{nodes}", self.seeds()))
    }

    fn expectations(&self) -> Option<Block> {
        let all = self.document.get("expectations").and_then(Json::as_array).filter(|all| !all.is_empty())?;
        let item = |of: &Json| {
            let is_met = of.get("met").and_then(Json::as_bool).unwrap_or(false);
            let text = |name: &str| of.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
            let bound = |name: &str, words: &str| Some(format!("{words} {}", number(of.get(name)?.as_f64()?)));
            let bounds: Vec<String> =
                [bound("at_least", "at least"), bound("at_most", "at most")].into_iter().flatten().collect();
            let measured = of.get("measured").and_then(Json::as_f64).map_or("no value".to_owned(), number);
            let verdict = if is_met { "✓ met: " } else { "✗ missed: " };
            let text = format!("{}, {} expected, {measured} measured", text("protocol"), bounds.join(" and "));
            Text::default()
                .strong(verdict)
                .code(of.get("metric").and_then(Json::as_str).unwrap_or_default())
                .plain(format!(", {text}"))
        };
        Some(Block::List(all.iter().map(item).collect()))
    }

    /// A row for each figure that is wanted and was measured, and a column for each protocol.
    fn figures(&self, is_wanted: fn(&str) -> bool) -> Table {
        let labels = self.labels();
        let heads = [(Text::default(), false)].into_iter().chain(labels.iter().map(|label| (Text::from(*label), true)));
        let mut table = Table::new("", heads);
        for (name, metric) in COUNTS {
            let total = |label: &&str| self.of(label).filter_map(|of| formula(of, metric)).sum::<f64>();
            let cells = labels.iter().map(|label| Text::from(number(total(label)).replace('\u{2009}', "")));
            table.rows.push([Text::from(name)].into_iter().chain(cells).collect());
        }
        for metric in self.metrics().iter().filter(|metric| is_wanted(metric)) {
            let named = Named::of(metric);
            let points: Vec<Point> = labels.iter().map(|label| self.point(label, metric)).collect();
            if points.iter().any(|point| point.mean.is_some()) {
                let cells = points.iter().map(|point| named.spread(point.mean, point.half_width).into());
                table.rows.push([Text::from(named.title())].into_iter().chain(cells).collect());
            }
        }
        table
    }

    /// The figures that are compared, and those of each phase.
    fn metrics(&self) -> Vec<String> {
        let phases = self.outcomes().first().and_then(|of| of.get("phases")?.as_object());
        let mut phases: Vec<(f64, &String)> = phases
            .map(|all| all.iter().map(|(name, of)| (formula(of, "from_s").unwrap_or(0.0), name)).collect())
            .unwrap_or_default();
        phases.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        let of_phase = |(_, phase): (f64, &String)| {
            COMPARED_IN_PHASES.iter().map(|metric| format!("phases.{phase}.{metric}")).collect::<Vec<_>>()
        };
        COMPARED.iter().map(|metric| (*metric).to_owned()).chain(phases.into_iter().flat_map(of_phase)).collect()
    }

    fn point(&self, label: &str, metric: &str) -> Point {
        let values: Vec<f64> = self.of(label).filter_map(|of| formula(of, metric)).collect();
        let Estimate { mean, half_width, count } = Estimate::of(&values);
        Point { mean, half_width, values: count }
    }

    fn counts(&self, label: &str, histogram: &str) -> Vec<(u64, u64)> {
        let found = self.histograms.get(&(label.to_owned(), histogram.to_owned()));
        found.map(|counts| counts.iter().map(|(value, count)| (*value, *count)).collect()).unwrap_or_default()
    }

    fn latency(&self, title: &str) -> Option<Drawn> {
        let line = |(place, label): (usize, &&str)| {
            let counts = self.counts(label, "latency");
            let counts = counts.iter().map(|(nanos, count)| (*nanos as f64 / NANOS_PER_MILLI, *count)).collect();
            cdf::Line { label: (*label).to_owned(), place, counts }
        };
        let lines = self.labels().iter().enumerate().map(line).collect();
        let panels = vec![Panel::alone(lines)];
        cdf::Cdf { title: title.to_owned(), of: "latency".to_owned(), unit: "ms", panels }.draw()
    }

    fn hops(&self, title: &str) -> Option<Drawn> {
        let group = |(place, label): (usize, &&str)| bars::Group {
            label: (*label).to_owned(),
            place,
            counts: self.counts(label, "hops_to_owner"),
        };
        let groups = self.labels().iter().enumerate().map(group).collect();
        let panels = vec![Panel::alone(groups)];
        bars::Bars { title: title.to_owned(), of: "hops to the owner".to_owned(), panels }.draw()
    }

    /// All seeds together.
    fn over_time(&self, title: &str) -> Option<Drawn> {
        let track = |(place, label): (usize, &&str)| {
            let mut moments: Vec<Moment> = Vec::new();
            for series in self.of(label).filter_map(|of| of.get("series")) {
                let read = Moment::read(series);
                moments.iter_mut().zip(&read).for_each(|(all, one)| all.add(one));
                let begun = moments.len();
                moments.extend(read.into_iter().skip(begun));
            }
            Track { label: (*label).to_owned(), place, moments }
        };
        let tracks = self.labels().iter().enumerate().map(track).collect();
        OverTime { title: title.to_owned(), tracks, departures: Vec::new() }.draw()
    }

    /// Where several protocols played.
    fn front(&self, title: &str) -> Option<Drawn> {
        let labels = self.labels();
        if labels.len() < 2 {
            return None;
        }
        let total = "traffic.total.bytes";
        let has_total = self.outcomes().iter().any(|of| formula(of, total).is_some());
        let (cost, performance) = (if has_total { total } else { COST }, "lookups.time_to_end_ms.mean");
        let dot = |(place, label): (usize, &&str)| front::Dot {
            label: (*label).to_owned(),
            place,
            setting: String::new(),
            cost: self.point(label, cost),
            performance: self.point(label, performance),
        };
        let panels = vec![Panel::alone(labels.iter().enumerate().map(dot).collect())];
        let (cost, performance) = (Named::of(cost), Named::of(performance));
        front::Front { title: title.to_owned(), cost, performance, panels }.draw()
    }

    fn lorenz(&self, title: &str) -> Option<Drawn> {
        let line = |(place, label): (usize, &&str)| {
            let curves: Vec<Vec<f64>> = self.of(label).filter_map(|of| curve(of, "load.handled.lorenz")).collect();
            let steps = curves.first().map_or(0, Vec::len);
            let mean = |at: usize| curves.iter().filter_map(|curve| curve.get(at)).sum::<f64>() / curves.len() as f64;
            let gini = self.point(label, "load.handled.gini").mean;
            lorenz::Line { label: (*label).to_owned(), place, shares: (0..steps).map(mean).collect(), gini }
        };
        let lines = self.labels().iter().enumerate().map(line).collect();
        lorenz::Lorenz { title: title.to_owned(), panels: vec![Panel::alone(lines)] }.draw()
    }
}

/// Whether a figure is shown at once: the most telling ones of the run, and of each of its phases.
fn is_shown(metric: &str) -> bool {
    let of_phase = |metric: &str| metric.ends_with(".success") || metric.ends_with(".time_to_end_ms.mean");
    SHOWN.contains(&metric) || metric.strip_prefix("phases.").is_some_and(of_phase)
}

/// The results of a run, in its folder.
pub(super) const RESULTS: &str = "results.json";
const COUNTS: [(&str, &str); 5] = [
    ("lookups issued, all seeds", "lookups.issued"),
    ("correct", "lookups.correct"),
    ("wrong", "lookups.wrong"),
    ("failed", "lookups.failed"),
    ("abandoned", "lookups.abandoned"),
];
/// What is shown at once.
const SHOWN: [&str; 9] = [
    "lookups.success",
    "lookups.latency_ms.mean",
    "lookups.latency_ms.p99",
    "lookups.time_to_end_ms.mean",
    "lookups.hops_to_owner.mean",
    "lookups.timeouts.mean",
    "lookups.messages.mean",
    "traffic.lookup.bytes",
    "traffic.upkeep.bytes",
];
const READING: &str = "Mean over the seeds ± half of its 95 % interval (Student’s t); counts are of all seeds.";
const NANOS_PER_MILLI: f64 = 1e6;
