//! Several protocols on one page: a column for each, a column for each pair with its differences, and all over time.

use std::borrow::Cow;

use super::grid::{Cell, Grid};
use super::over_time;
use super::text::{WIDTH, cut, line, world};
use crate::execute::{Executed, Run};
use crate::metrics::Metrics;
use crate::results::{ComparedFigure, Difference, SeedMean};
use crate::width::columns;

/// All but what was expected.
pub(super) fn protocols(page: &mut String, executed: &Executed) {
    let protocols: Vec<Protocol> =
        executed.scenario.protocols.0.iter().map(|(label, _)| Protocol::of(label, executed)).collect();
    let seeds = executed.document.seeds.len();
    opening(page, &executed.document.scenario, &protocols);
    grid(page, &figures(&protocols, &executed.document.comparison, seeds));
    line(page, "");
    if seeds > 1 {
        let means = format!("mean of {seeds} seeds ± half of its 95 % interval (Student's t)");
        line(page, &format!("  {means}; counts are of all seeds"));
        line(page, "");
    }
    grid(page, &differences(&executed.document.comparison, seeds));
    line(page, "");
    legend(page, &executed.document.comparison, seeds);
    let all: Vec<(&str, &Metrics)> = protocols.iter().map(|protocol| (protocol.label, &protocol.all)).collect();
    over_time::of_several(page, &all);
    line(page, "");
}

/// A protocol, all its seeds together.
struct Protocol<'a> {
    label: &'a str,
    runs: Vec<&'a Run>,
    all: Metrics,
}

impl<'a> Protocol<'a> {
    fn of(label: &'a str, executed: &'a Executed) -> Self {
        let runs: Vec<&Run> = executed.runs.iter().filter(|run| run.label == label).collect();
        let all = runs.iter().map(|run| run.finished.observer.clone());
        let all = all.reduce(|mut all, other| {
            all.add(&other);
            all
        });
        Self { label, runs, all: all.expect("every protocol runs with at least one seed") }
    }

    fn events(&self) -> u64 {
        self.runs.iter().map(|run| run.finished.events).sum()
    }
}

fn opening(page: &mut String, scenario: &str, protocols: &[Protocol]) {
    let runs = protocols.first().map_or(&[][..], |protocol| &protocol.runs);
    let text = format!("  {} protocols, {}", protocols.len(), world(runs));
    line(page, &format!("{}{text}", cut(scenario, WIDTH - columns(&text))));
    line(page, "");
}

fn grid(page: &mut String, grid: &Grid) {
    for text in grid.lines() {
        line(page, &text);
    }
}

/// A column for each protocol: counts of all seeds, and the means over them.
fn figures(protocols: &[Protocol], compared: &[ComparedFigure], seeds: usize) -> Grid {
    let [lookups, nodes] = [LOOKUPS, NODES].map(|counts| counts.iter().filter_map(|count| count.row(protocols)));
    let means = figures_of(compared).into_iter().filter_map(|figure| {
        let mean = |of: &SeedMean| figure.cell(of.mean, of.half_width, &of_so_many(of.seeds, seeds));
        figure.row(compared, |compared| compared.means.iter().map(mean).collect())
    });
    let mut rows: Vec<(String, Vec<Cell>)> = lookups.chain(means).chain(nodes).collect();
    rows.push(("events".to_owned(), protocols.iter().map(|protocol| count(protocol.events())).collect()));
    if seeds == 1 {
        let fingerprint = |run: &&Run| Cell::Text(run.finished.fingerprint.to_string());
        let fingerprints = protocols.iter().flat_map(|protocol| protocol.runs.iter().map(fingerprint));
        rows.push(("fingerprint".to_owned(), fingerprints.collect()));
    }
    let heads = protocols.iter().map(|protocol| vec![cut(protocol.label, LABEL_COLUMNS)]).collect();
    Grid { title: String::new(), heads, rows }
}

/// A column for each pair of protocols.
fn differences(compared: &[ComparedFigure], seeds: usize) -> Grid {
    let rows = figures_of(compared).into_iter().filter_map(|figure| {
        let cell = |of: &Difference| {
            let half_width = of.half_width.filter(|_| of.equal == Some(false));
            figure.cell(of.mean, half_width, &format!("{}{}", mark(of), of_so_many(of.pairs, seeds)))
        };
        figure.row(compared, |compared| compared.differences.iter().map(cell).collect())
    });
    let head = |of: &Difference| {
        let [one, other] = [cut(&of.of, LABEL_COLUMNS), cut(&of.minus, LABEL_COLUMNS)];
        vec![one, format!("{MINUS} {other}")]
    };
    let heads = compared.first().map(|first| first.differences.iter().map(head).collect());
    Grid { title: "differences".to_owned(), heads: heads.unwrap_or_default(), rows: rows.collect() }
}

/// How each compared figure is printed: those of the run, then those of its phases.
fn figures_of(compared: &[ComparedFigure]) -> Vec<Figure<'_>> {
    let in_phase = |metric: &str, of: &'static Figure<'static>| {
        let phase = metric.strip_prefix("phases.")?.strip_suffix(of.metric)?.strip_suffix('.')?;
        Some(Cow::Owned(format!("{}: {}", cut(phase, PHASE_COLUMNS), of.name)))
    };
    let of_phases = compared.iter().flat_map(|figure| {
        IN_PHASES.iter().filter_map(move |of| {
            let name = in_phase(&figure.metric, of)?;
            Some(Figure { metric: &figure.metric, name, ..*of })
        })
    });
    FIGURES.iter().cloned().chain(of_phases).collect()
}

/// What there is to say of a difference besides its size.
pub(super) fn mark(of: &Difference) -> &'static str {
    match (of.equal, of.significant) {
        (Some(true), _) => EQUAL,
        (_, Some(false)) => NOT_SIGNIFICANT,
        _ => "",
    }
}

/// In how many seeds there is a value, if not in all.
pub(super) fn of_so_many(values: usize, seeds: usize) -> String {
    if values == seeds || values == 0 { String::new() } else { format!(" ({values})") }
}

fn legend(page: &mut String, compared: &[ComparedFigure], seeds: usize) {
    let text = if seeds == 1 {
        "one seed: no intervals, and nothing can be said of significance; --seeds 30 gives them"
    } else {
        "mean of the differences within each seed ± half of its 95 % interval, not widened for their number"
    };
    line(page, &format!("  {text}"));
    let is_marked = |as_what| compared.iter().flat_map(|figure| &figure.differences).any(|of| mark(of) == as_what);
    let values = compared.iter().flat_map(|figure| figure.means.iter().map(|of| of.seeds));
    let is_partly_measured = values.into_iter().any(|values| !of_so_many(values, seeds).is_empty());
    let marks = [
        (is_marked(NOT_SIGNIFICANT), "~ not significant: the interval holds zero"),
        (is_marked(EQUAL), "= equal in every seed"),
        (is_partly_measured, "(n) in so many seeds alone, no test of significance"),
    ];
    let marks: Vec<&str> = marks.into_iter().filter_map(|(is_used, text)| is_used.then_some(text)).collect();
    if !marks.is_empty() {
        line(page, &format!("  {}", marks.join("   ")));
    }
}

/// A row of whole numbers.
struct Count {
    name: &'static str,
    value: fn(&Metrics) -> u64,
    /// Whether there is anything to tell.
    is_told: fn(&Metrics) -> bool,
}

impl Count {
    const fn new(name: &'static str, value: fn(&Metrics) -> u64) -> Self {
        Self { name, value, is_told: |_| true }
    }

    const fn only_if(self, is_told: fn(&Metrics) -> bool) -> Self {
        Self { is_told, ..self }
    }

    fn row(&self, protocols: &[Protocol]) -> Option<(String, Vec<Cell>)> {
        let cell = |protocol: &Protocol| count((self.value)(&protocol.all));
        let is_told = protocols.iter().any(|protocol| (self.is_told)(&protocol.all));
        is_told.then(|| (self.name.to_owned(), protocols.iter().map(cell).collect()))
    }
}

fn count(value: u64) -> Cell {
    Cell::Number { value: value.to_string(), spread: None, mark: String::new() }
}

/// How a figure is printed: as on the page of a run if it stands there, else under its own name.
pub(super) fn printed(metric: &str) -> Figure<'_> {
    let known = FIGURES.iter().find(|figure| figure.metric == metric).cloned();
    known.unwrap_or_else(|| Figure { metric, name: Cow::Owned(metric.to_owned()), decimals: 3, factor: 1.0 })
}

/// A row of a compared figure.
#[derive(Clone)]
pub(super) struct Figure<'a> {
    metric: &'a str,
    pub(super) name: Cow<'static, str>,
    /// How many decimals are printed, if they are enough to tell a value from zero.
    decimals: usize,
    /// How many of the printed unit one of the figure's is.
    factor: f64,
}

impl<'a> Figure<'a> {
    const fn new(metric: &'a str, name: &'static str, decimals: usize) -> Self {
        Self { metric, name: Cow::Borrowed(name), decimals, factor: 1.0 }
    }

    const fn percent(metric: &'a str, name: &'static str) -> Self {
        Self { metric, name: Cow::Borrowed(name), decimals: 2, factor: 100.0 }
    }

    /// The row, if anything was measured.
    fn row(
        &self,
        compared: &[ComparedFigure],
        cells: impl FnOnce(&ComparedFigure) -> Vec<Cell>,
    ) -> Option<(String, Vec<Cell>)> {
        let compared = compared.iter().find(|compared| compared.metric == self.metric)?;
        let is_measured = compared.means.iter().any(|of| of.mean.is_some());
        is_measured.then(|| (self.name.to_string(), cells(compared)))
    }

    pub(super) fn cell(&self, mean: Option<f64>, half_width: Option<f64>, mark: &str) -> Cell {
        let Some(mean) = mean.map(|mean| mean * self.factor) else {
            return Cell::Nothing;
        };
        let half_width = half_width.map(|half_width| half_width * self.factor);
        let decimals = decimals(half_width.filter(|half_width| *half_width > 0.0).unwrap_or(mean), self.decimals);
        Cell::Number {
            value: signed(mean, decimals),
            spread: half_width.map(|half_width| signed(half_width, decimals)),
            mark: mark.to_owned(),
        }
    }
}

/// With how many decimals a value is no longer taken for zero: so many at least.
fn decimals(value: f64, least: usize) -> usize {
    let is_told = |decimals: &usize| !is_zero(&format!("{value:.decimals$}"));
    if value == 0.0 { least } else { (least..DECIMALS_MAX).find(is_told).unwrap_or(DECIMALS_MAX) }
}

fn signed(value: f64, decimals: usize) -> String {
    let size = format!("{:.decimals$}", value.abs());
    if value < 0.0 && !is_zero(&size) { format!("{MINUS}{size}") } else { size }
}

fn is_zero(number: &str) -> bool {
    !number.contains(|c: char| ('1'..='9').contains(&c))
}

const LOOKUPS: &[Count] = &[
    Count::new("lookups issued", |all| all.lookups.issued),
    Count::new("  abandoned", |all| all.lookups.abandoned),
    Count::new("  nobody up to ask", |all| all.lookups.unasked).only_if(|all| all.lookups.unasked > 0),
    Count::new("  correct", |all| all.lookups.correct),
    Count::new("  wrong", |all| all.lookups.wrong),
    Count::new("  failed", |all| all.lookups.failed),
    Count::new("  correct on own side", |all| all.lookups.correct_on_side)
        .only_if(|all| all.lookups.correct_on_side != all.lookups.correct),
];

const NODES: &[Count] = &[
    Count::new("joins begun", |all| all.joins.asked).only_if(|all| all.joins.asked != all.joins.done),
    Count::new("joins", |all| all.joins.done),
    Count::new("leaves", |all| all.nodes.leaves),
    Count::new("crashes", |all| all.nodes.crashes),
    Count::new("messages dropped", |all| all.drops.total()).only_if(|all| all.drops.total() > 0),
];

/// How each compared figure is printed.
const FIGURES: &[Figure<'static>] = &[
    Figure::percent("lookups.success", "correct, %"),
    Figure::percent("lookups.wrong_share", "wrong, %"),
    Figure::percent("lookups.failed_share", "failed, %"),
    Figure::percent("lookups.holders_success", "true holders, %"),
    Figure::new("lookups.latency_ms.mean", "latency, ms", 1),
    Figure::new("lookups.latency_ms.p50", "  p50, ms", 1),
    Figure::new("lookups.latency_ms.p95", "  p95, ms", 1),
    Figure::new("lookups.latency_ms.p99", "  p99, ms", 1),
    Figure::new("lookups.latency_known_ms.mean", "  until known, ms", 1),
    Figure::new("lookups.time_to_end_ms.mean", "time to end, ms", 1),
    Figure::new("lookups.hops.mean", "hops", 3),
    Figure::new("lookups.hops_to_owner.mean", "hops to owner", 3),
    Figure::new("lookups.hops_to_end.mean", "hops to end", 3),
    Figure::new("lookups.timeouts.mean", "timeouts per lookup", 3),
    Figure::new("lookups.messages.mean", "messages per lookup", 3),
    Figure::new("traffic.lookup.messages", "lookup, messages/node/s", 3),
    Figure::new("traffic.lookup.bytes", "lookup, bytes/node/s", 1),
    Figure::new("traffic.upkeep.messages", "upkeep, messages/node/s", 3),
    Figure::new("traffic.upkeep.bytes", "upkeep, bytes/node/s", 1),
    Figure::new("traffic.join.messages", "join, messages/node/s", 3),
    Figure::new("traffic.join.bytes", "join, bytes/node/s", 1),
    Figure::new("traffic.total.bytes", "all traffic, bytes/node/s", 1),
    Figure::new("messages_per_join.mean", "messages per join", 1),
    Figure::new("routing_entries.mean", "routing entries", 1),
    Figure::new("state_bytes.mean", "bytes of state", 0),
    Figure::new("recovery.correct_after_s", "all right after, s", 1),
    Figure::new("recovery.correct_99_after_s", "99 % right after, s", 1),
    Figure::new("recovery.no_timeouts_after_s", "no silence after, s", 1),
];

/// How each figure that is compared in phases is printed.
const IN_PHASES: &[Figure<'static>] = &[
    Figure::percent("success", "correct, %"),
    Figure::percent("wrong_share", "wrong, %"),
    Figure::new("latency_ms.mean", "latency, ms", 1),
    Figure::new("time_to_end_ms.mean", "to end, ms", 1),
    Figure::new("timeouts.mean", "timeouts", 3),
];

pub(super) const MINUS: char = '−';
pub(super) const NOT_SIGNIFICANT: &str = " ~";
pub(super) const EQUAL: &str = " =";
/// A head is no wider.
const LABEL_COLUMNS: usize = 18;
/// Nor is the name of a phase.
const PHASE_COLUMNS: usize = 12;
/// Less than this is printed as zero.
const DECIMALS_MAX: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comparison::{COMPARED, COMPARED_IN_PHASES};

    #[test]
    fn every_compared_figure_has_a_row() {
        let printed: Vec<&str> = FIGURES.iter().map(|figure| figure.metric).collect();
        assert_eq!(printed, COMPARED);
        let in_phases: Vec<&str> = IN_PHASES.iter().map(|figure| figure.metric).collect();
        assert_eq!(in_phases, COMPARED_IN_PHASES);
    }

    #[test]
    fn what_is_not_zero_is_not_printed_as_zero() {
        let cell = |mean, half_width| FIGURES[10].cell(Some(mean), half_width, "");
        let number = |value: &str, spread: Option<&str>| Cell::Number {
            value: value.to_owned(),
            spread: spread.map(str::to_owned),
            mark: String::new(),
        };
        assert_eq!(cell(-0.000_31, Some(0.000_04)), number("−0.00031", Some("0.00004")));
        assert_eq!(cell(-0.000_31, None), number("−0.0003", None));
        assert_eq!(cell(-0.000_31, Some(0.5)), number("0.000", Some("0.500")));
        assert_eq!(cell(1.25, Some(0.0)), number("1.250", Some("0.000")));
        assert_eq!(cell(0.000_4, Some(0.0)), number("0.0004", Some("0.0000")), "the same in every seed");
        assert_eq!(cell(1e-12, None), number("0.000000", None));
        assert_eq!(FIGURES[10].cell(None, None, ""), Cell::Nothing);
    }

    #[test]
    fn only_what_is_significant_has_no_mark() {
        let difference = |equal, significant| Difference {
            of: "one".to_owned(),
            minus: "other".to_owned(),
            mean: Some(1.0),
            half_width: None,
            pairs: 2,
            equal: Some(equal),
            significant,
        };
        assert_eq!(mark(&difference(false, Some(true))), "");
        assert_eq!(mark(&difference(false, Some(false))), NOT_SIGNIFICANT);
        assert_eq!(mark(&difference(true, Some(false))), EQUAL);
        assert_eq!(mark(&difference(false, None)), "", "one seed says nothing");
    }

    #[test]
    fn seeds_without_a_value_are_told() {
        assert_eq!([of_so_many(10, 10), of_so_many(7, 10), of_so_many(0, 10)], ["", " (7)", ""]);
    }
}
