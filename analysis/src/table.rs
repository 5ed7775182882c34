//! Results as people read them on a terminal: figures with their units, at most 100 columns, protocols side by side.

mod audit;
mod grid;
mod over_time;
mod side_by_side;
mod sweep;
mod text;
mod versus;

use std::fmt::Write as _;

pub use audit::audit_page;

use sim::network::DropCause;
use sim::time::{SimTime, Span};
pub use sweep::{CELLS_SHOWN, sweep_page};
use text::{WIDTH, cut, in_seconds, line, row, world};
pub use versus::versus_page;

use crate::claims;
use crate::execute::{Executed, Run};
use crate::metrics::{Distribution, Drops, Joins, Loads, Metrics};
use crate::phases;
use crate::results::{
    Document, Expected, SpreadFigures, Summary, TrafficFigures, TransferFigures, VolumeFigures, share,
};
use crate::width::columns;

/// The whole page.
pub fn page(executed: &Executed) -> String {
    let mut page = String::new();
    match &executed.scenario.protocols.0[..] {
        [(label, _)] => block(&mut page, executed, label, &executed.runs.iter().collect::<Vec<&Run>>()),
        _ => side_by_side::protocols(&mut page, executed),
    }
    expectations(&mut page, &executed.document.expectations);
    claims(&mut page, &executed.document);
    page
}

/// The claims of several scenarios, one table under the other, each under its scenario's name.
pub fn claims_page(documents: &[Document]) -> String {
    let mut page = String::new();
    for (place, document) in documents.iter().enumerate() {
        if place > 0 {
            line(&mut page, "");
        }
        lines(&mut page, &claims::table(&document.scenario, &document.claims));
    }
    page
}

/// One protocol, all its seeds together.
fn block(page: &mut String, executed: &Executed, label: &str, runs: &[&Run]) {
    let Some((first, others)) = runs.split_first() else {
        return;
    };
    let mut all = first.finished.observer.clone();
    for run in others {
        all.add(&run.finished.observer);
    }
    let name = &executed.document.scenario;
    line(page, &format!("{name}  {label}, {}", world(runs)));
    line(page, "");
    lookups(page, &all);
    lines(page, &phases::table(&all.phases));
    traffic(page, &all, runs);
    placement(page, &all);
    nodes(page, &all, runs.len());
    transfers(page, &TransferFigures::of(runs.iter().map(|run| &run.finished.transfers)));
    over_time::of_one(page, &all);
    identity(page, runs);
}

fn lookups(page: &mut String, all: &Metrics) {
    let lookups = &all.lookups;
    let ended = lookups.issued - lookups.abandoned;
    let part = |count: u64| share(100.0 * count as f64, ended as f64).map_or("-".to_owned(), |p| format!("{p:.1} %"));
    let unasked =
        if lookups.unasked > 0 { format!(", {} that nobody was up to ask", lookups.unasked) } else { String::new() };
    row(page, "lookups", &format!("{} issued, {} abandoned{unasked}", lookups.issued, lookups.abandoned));
    let (correct, wrong, failed) = (lookups.correct, lookups.wrong, lookups.failed);
    let counts = [("correct", correct), ("wrong", wrong), ("failed", failed)];
    let counts = counts.map(|(word, count)| format!("{word} {count} ({})", part(count)));
    row(page, "", &counts.join("   "));
    if lookups.correct_on_side != lookups.correct {
        let side = lookups.correct_on_side;
        row(page, "", &format!("correct on the issuer's side of the partition {side} ({})", part(side)));
    }
    if let Some(share) = lookups.holders_success() {
        row(page, "", &format!("true holders of copies {:.1} % of the answered", 100.0 * share));
    }
    line(page, "");
    line(page, &format!("{:16}{:>11}{:>11}{:>11}{:>11}{:>11}", "", "mean", "p50", "p95", "p99", "max"));
    distribution(page, "latency", "ms", &lookups.latency, 1e6);
    distribution(page, "  until known", "ms", &lookups.latency_known, 1e6);
    distribution(page, "time to end", "ms", &lookups.time_to_end, 1e6);
    distribution(page, "hops", "", &lookups.hops, 1.0);
    distribution(page, "hops to owner", "", &lookups.hops_to_owner, 1.0);
    if lookups.hops_to_end != lookups.hops_to_owner {
        distribution(page, "hops to end", "", &lookups.hops_to_end, 1.0);
    }
    distribution(page, "timeouts", "", &lookups.timeouts, 1.0);
    distribution(page, "messages", "", &lookups.messages, 1.0);
    line(page, "");
}

fn distribution(page: &mut String, name: &str, unit: &str, values: &Distribution, size: f64) {
    let Summary { mean, p50, p95, p99, max } = Summary::of(values, size);
    let name = if unit.is_empty() { name.to_owned() } else { format!("{name}, {unit}") };
    let whole = usize::from(!unit.is_empty());
    let mut text = format!("  {name:17}");
    let _ =
        write!(text, "{:>8}", mean.map_or("-".to_owned(), |mean| format!("{mean:.*}", if whole == 0 { 3 } else { 1 })));
    for value in [p50, p95, p99, max] {
        let _ = write!(text, "{:>11}", value.map_or("-".to_owned(), |value| format!("{value:.whole$}")));
    }
    line(page, &text);
}

fn traffic(page: &mut String, all: &Metrics, runs: &[&Run]) {
    let TrafficFigures { lookup, upkeep, join, total } = TrafficFigures::of(all);
    let volume = |name: &str, volume: VolumeFigures| {
        let [messages, bytes] =
            [volume.messages, volume.bytes].map(|value| value.map_or("-".to_owned(), |v| format!("{v:.3}")));
        format!("{name:8} {messages:>10} messages {bytes:>12} bytes   per node and second")
    };
    row(page, "traffic", &volume("lookup", lookup));
    row(page, "", &volume("upkeep", upkeep));
    row(page, "", &volume("join", join));
    row(page, "", &volume("all", total));
    let per_join = share(all.joins.messages as f64, all.joins.done as f64);
    row(page, "join", &format!("{} messages each", figure(per_join, 1)));
    let mean = |values: fn(&Run) -> &Vec<usize>| {
        let all: Vec<usize> = runs.iter().flat_map(|run| values(run)).copied().collect();
        share(all.iter().sum::<usize>() as f64, all.len() as f64)
    };
    let entries = figure(mean(|run| &run.finished.routing_entries), 1);
    let bytes = figure(mean(|run| &run.finished.state_bytes), 0);
    row(page, "state", &format!("{entries} routing entries, {bytes} bytes per node"));
}

/// Who owns and holds how much, and who works how much: where the scenario asks for it.
fn placement(page: &mut String, all: &Metrics) {
    let Some(placement) = &all.placement else {
        return;
    };
    let spread = |loads: &Loads| {
        let SpreadFigures { max_over_mean, gini, .. } = SpreadFigures::of(loads);
        format!("at most {} times the mean, Gini {}", figure(max_over_mean, 2), figure(gini, 3))
    };
    row(page, "keys", &format!("owned by a member: {}", spread(&placement.owned)));
    row(page, "", &format!("held: {}", spread(&placement.copies)));
    let percent = |keys: u64| figure(share(100.0 * keys as f64, placement.keys as f64), 1);
    let (survived, owner_holds) = (percent(placement.survived), percent(placement.owner_holds));
    row(page, "", &format!("a copy of {survived} % is still there, of {owner_holds} % at the owner of now"));
    row(page, "load", &format!("messages of lookups handled by a node: {}", spread(&all.load.handled)));
    row(page, "", &format!("lookups owned: {}", spread(&all.load.owned)));
}

fn nodes(page: &mut String, all: &Metrics, runs: usize) {
    let in_all = if runs > 1 { " over all seeds" } else { "" };
    let Joins { asked, done, .. } = all.joins;
    let joins = if asked == done { format!("{done} joins") } else { format!("{done} joins of {asked} begun") };
    row(page, "nodes", &format!("{joins}, {} leaves, {} crashes{in_all}", all.nodes.leaves, all.nodes.crashes));
    let population = &all.population;
    if let (Some(mean), Some(least), Some(most)) = (population.mean(), population.least(), population.most())
        && least < most
    {
        row(page, "", &format!("{mean:.1} up on average, from {least} to {most}"));
    }
    let drops = drops(&all.drops);
    if !drops.is_empty() {
        row(page, "dropped", &drops.join(", "));
    }
    for (place, (queues, figures)) in all.queueing.in_use().enumerate() {
        let waited = share(100.0 * figures.waited as f64, figures.passed as f64);
        let mean = share(figures.waiting_ns_total as f64 / 1e6, figures.passed as f64);
        let longest = figures.waiting_ns_max as f64 / 1e6;
        let text = format!(
            "{} % of {} messages wait at {queues}, {} ms on average, {longest:.1} at most",
            figure(waited, 1),
            figures.passed,
            figure(mean, 1)
        );
        row(page, if place == 0 { "queues" } else { "" }, &text);
    }
    if let Some(departed) = all.nodes.last_departure.filter(|_| runs == 1) {
        let after = |span: Option<Span>| span.map_or("not seen within the run".to_owned(), in_seconds);
        let from = in_seconds(departed - SimTime::ZERO);
        let healed = after(all.healed_after());
        row(page, "recovery", &format!("all lookups right, from the last departure (at {from}) on: {healed}"));
        row(page, "", &format!("no lookup meets silence any more: {}", after(all.settled_after())));
    }
}

fn transfers(page: &mut String, transfers: &TransferFigures) {
    let TransferFigures { begun, ended, cut_off, bytes_offered, bytes_dropped, time_s } = *transfers;
    if begun == 0 {
        return;
    }
    row(page, "transfers", &format!("{begun} begun, {ended} ended, {cut_off} cut off by a node that went down"));
    let dropped = figure(share(100.0 * bytes_dropped as f64, bytes_offered as f64), 1);
    let [mean, p99, max] = [time_s.mean, time_s.p99, time_s.max].map(|value| figure(value, 2));
    row(page, "", &format!("{dropped} % of {bytes_offered} bytes dropped; {mean} s on average, p99 {p99}, max {max}"));
}

/// The messages that were dropped, by cause, in words.
fn drops(drops: &Drops) -> Vec<String> {
    let told = |(why, words): &(DropCause, &str)| {
        Some(drops.of(*why)).filter(|count| *count > 0).map(|n| format!("{n} {words}"))
    };
    DROPS.iter().filter_map(told).collect()
}

fn identity(page: &mut String, runs: &[&Run]) {
    line(page, "");
    let events: u64 = runs.iter().map(|run| run.finished.events).sum();
    match runs {
        [run] => row(page, "run", &format!("{events} events, fingerprint {}", run.finished.fingerprint)),
        _ => row(page, "runs", &format!("{events} events; fingerprints: see --json")),
    }
    line(page, "");
}

fn expectations(page: &mut String, expectations: &[Expected]) {
    if expectations.is_empty() {
        return;
    }
    line(page, "expected");
    for expected in expectations {
        let Expected { metric, protocol, at_least, at_most, measured, seeds, met } = expected;
        let band = match (at_least, at_most) {
            (Some(low), Some(high)) => format!("from {low} to {high}"),
            (Some(low), None) => format!("at least {low}"),
            (None, Some(high)) => format!("at most {high}"),
            (None, None) => String::new(),
        };
        let word = if *met { "met   " } else { "MISSED" };
        let value = measured.map_or("no value".to_owned(), |value| format!("{value:.4}"));
        let seeds = if *seeds > 1 { format!(" (mean of {seeds} seeds)") } else { String::new() };
        let text = format!(" {metric}: {value}{seeds}, {band}");
        let label = cut(protocol, WIDTH.saturating_sub(LABEL_COLUMN + columns(&text)).max(LABEL_COLUMNS_MIN));
        line(page, &format!("  {word}  {label}{text}"));
    }
}

fn claims(page: &mut String, document: &Document) {
    if !document.expectations.is_empty() && !document.claims.is_empty() {
        line(page, "");
    }
    lines(page, &claims::table("claims", &document.claims));
}

fn figure(value: Option<f64>, digits: usize) -> String {
    value.map_or("-".to_owned(), |value| format!("{value:.digits$}"))
}

/// What is said of each cause.
const DROPS: [(DropCause, &str); 7] = [
    (DropCause::Loss, "lost"),
    (DropCause::FaultLoss, "lost by a fault"),
    (DropCause::Cut, "on links that were cut"),
    (DropCause::Partition, "between the parts of a partition"),
    (DropCause::NodeDown, "to nodes that were down"),
    (DropCause::QueueFull, "at full queues"),
    (DropCause::Undialable, "to nodes that cannot be called"),
];
/// Where labels of expectations stand, and what is left of them at least.
const LABEL_COLUMN: usize = 10;
const LABEL_COLUMNS_MIN: usize = 12;
fn lines(page: &mut String, texts: &[String]) {
    for text in texts {
        line(page, text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hops_to_the_end_have_a_row_only_where_a_lookup_went_on_after_the_owners_reply() {
        let page_of = |to_end: u64| {
            let mut metrics = Metrics::new(SimTime::ZERO, SimTime::MAX);
            metrics.lookups.hops_to_owner.record(2);
            metrics.lookups.hops_to_end.record(to_end);
            let mut page = String::new();
            lookups(&mut page, &metrics);
            page
        };
        assert!(!page_of(2).contains("hops to end"));
        assert!(page_of(3).contains("\n  hops to end         3.000          3"), "{}", page_of(3));
    }
}
