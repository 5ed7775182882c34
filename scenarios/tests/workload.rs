//! Workloads as they are in a plan: rates per node, who is up, bursts, and what does not move when something else does.

#[path = "common/shipped.rs"]
mod shipped;

use std::collections::BTreeMap;

use protocols::key::Key;
use scenarios::ast::Scenario;
use scenarios::plan::{Deed, Plan};
use scenarios::read;
use shipped::FileOf;
use sim::address::Address;
use sim::time::{SimTime, Span};

/// One lookup of a plan.
type Asked = (SimTime, Address, Key);

/// Of 200 nodes that ask 100 times each: in all they ask 20,000 times, with a deviation of 141; and the sum over the nodes
/// of `(n - 100)^2 / 100` is chi-square with 200 degrees of freedom, of which 99.9 % lie between 143.8 and 267.5 (a table's).
#[test]
fn each_node_asks_as_poisson_does_at_the_rate_of_the_workload() {
    let counts = |arrivals: &str| {
        let asked =
            asked(&format!(r#"Lookups(from: "0s", rate: "1/s", per: Node, arrivals: {arrivals})"#), 200, "100s");
        let mut counts = BTreeMap::new();
        for (_, node, _) in asked {
            *counts.entry(node).or_insert(0.0) += 1.0;
        }
        assert_eq!(counts.len(), 200, "everybody asks");
        counts.into_values().collect::<Vec<f64>>()
    };
    let poisson = counts("Poisson");
    let total: f64 = poisson.iter().sum();
    let is_rate = |rate: f64| (total - 20_000.0 * rate).abs() < 3.29 * (20_000.0 * rate).sqrt();
    assert!(is_rate(1.0) && !is_rate(1.05) && !is_rate(0.95), "{total}");
    let spread = |counts: &[f64]| counts.iter().map(|count| (count - 100.0) * (count - 100.0) / 100.0).sum::<f64>();
    let is_poisson = |counts: &[f64]| (143.8..267.5).contains(&spread(counts));
    assert!(is_poisson(&poisson), "{}", spread(&poisson));
    assert!(!is_poisson(&counts("Regular")), "regular counts differ by one at most");
}

/// The same counts are too different for Poisson's where the nodes' rates are.
#[test]
fn nodes_with_rates_of_their_own_differ_more_than_by_chance() {
    let text = r#"Lookups(from: "0s", rate: "1/s", per: Node, spread: 0.2)"#;
    let mut counts = BTreeMap::new();
    for (_, node, _) in asked(text, 200, "100s") {
        *counts.entry(node).or_insert(0.0) += 1.0;
    }
    let spread: f64 = counts.values().map(|count: &f64| (count - 100.0) * (count - 100.0) / 100.0).sum();
    assert!(spread > 267.5, "{spread}");
}

#[test]
fn a_regular_node_asks_at_equal_gaps_from_a_phase_of_its_own() {
    let asked = asked(r#"Lookups(from: "5s", rate: "1/2s", per: Node, arrivals: Regular)"#, 10, "60s");
    let mut phases = Vec::new();
    for node in (0..10).map(Address) {
        let times: Vec<SimTime> = asked.iter().filter(|(_, other, _)| *other == node).map(|(at, ..)| *at).collect();
        let second = SimTime::ZERO + Span::from_secs(5);
        assert!(times[0] >= second && times[0] < second + Span::from_secs(2));
        assert!(times.windows(2).all(|pair| (pair[1] - pair[0]).as_nanos().abs_diff(2_000_000_000) <= 1));
        assert!(times.len() == 27 || times.len() == 28, "{}", times.len());
        phases.push(times[0]);
    }
    phases.sort_unstable();
    phases.dedup();
    assert_eq!(phases.len(), 10);
}

#[test]
fn who_is_down_asks_nothing_and_moves_nobody_else() {
    let workload =
        r#"Lookups(from: "0s", rate: "1/s", per: Node), Lookups(from: "0s", rate: "5/s", per: Node, issuers: [3])"#;
    let (_, whole) = made(workload, 10, "60s", "");
    let (_, broken) = made(
        workload,
        10,
        "60s",
        r#"(at: "20s", do: Crash(nodes: [3])), (at: "40s", do: Restart(nodes: [3])), (at: "50s", do: Crash(nodes: [3]))"#,
    );
    let is_down = |at: SimTime| {
        let secs = at.as_nanos() as f64 / 1e9;
        (20.0..40.0).contains(&secs) || secs >= 50.0
    };
    let mut expected = lookups(&whole);
    let before = expected.len();
    expected.retain(|(at, node, _)| *node != Address(3) || !is_down(*at));
    assert!(before - expected.len() > 100);
    assert_eq!(lookups(&broken), expected);
    let mut lines = broken.lines();
    lines.by_ref().for_each(drop);
    assert_eq!(lines.unasked(), 0, "nobody wanted to ask");
}

#[test]
fn a_node_that_joins_late_asks_from_then_on() {
    let (_, plan) = made(
        r#"Lookups(from: "0s", rate: "2/s", per: Node)"#,
        3,
        "60s",
        r#"(at: "30s", do: Join(nodes: 2, every: "10s"))"#,
    );
    let first = |node: u32| lookups(&plan).iter().find(|(_, other, _)| *other == Address(node)).map(|(at, ..)| *at);
    assert!(first(0).is_some_and(|at| at < SimTime::ZERO + Span::from_secs(5)));
    for (node, from) in [(3, 30), (4, 40)] {
        let from = SimTime::ZERO + Span::from_secs(from);
        assert!(first(node).is_some_and(|at| at >= from && at < from + Span::from_secs(5)), "node {node}");
    }
}

#[test]
fn bursts_change_when_something_is_asked_and_nothing_about_it() {
    for more in ["", ", per: Node", ", per: Node, spread: 0.8", ", arrivals: Regular", ", per: Node, arrivals: Regular"]
    {
        let with = |bursts: &str| {
            asked(&format!(r#"Lookups(from: "0s", rate: "1/2s"{more}{bursts}, keys: Runs(length: 4))"#), 10, "2000s")
        };
        let (calm, bursty) = (with(""), with(r#", bursts: (every: "20s", lasts: "5s", factor: 10)"#));
        assert!(bursty.len() > calm.len() * 2, "{more}: {} {}", bursty.len(), calm.len());
        assert!(calm.iter().zip(&bursty).all(|(one, other)| (one.1, one.2) == (other.1, other.2) && one.0 >= other.0));
        assert!(bursty.is_sorted_by_key(|(at, ..)| *at));
    }
}

#[test]
fn a_request_is_a_function_of_its_number_whoever_asks_besides() {
    let one = r#"Lookups(from: "0s", rate: "1/s", per: Node, spread: 0.5, keys: Gaussian())"#;
    let alone = asked(one, 10, "60s");
    let more = r#"Lookups(from: "0s", rate: "9/s", per: Node, keys: Zipf()), ClosedLoop(from: "0s")"#;
    let beside = asked(&format!("{one}, {more}"), 10, "60s");
    let mut rest = beside.iter();
    assert!(alone.iter().all(|line| rest.any(|other| other == line)));
    let nodes = |asked: &[Asked]| asked.iter().filter(|(_, node, _)| node.0 < 10).copied().collect::<Vec<_>>();
    assert_eq!(nodes(&asked(one, 20, "60s")), alone, "ten nodes more move nothing");
}

#[test]
fn items_are_those_of_the_run_or_of_a_seed_that_is_named() {
    let keys = |keys: &str| -> Vec<Key> {
        let text = format!(r#"Lookups(from: "0s", rate: "9/s", keys: {keys})"#);
        asked(&text, 3, "60s").into_iter().map(|(.., key)| key).collect()
    };
    let (_, plan) = made("", 3, "60s", "");
    assert_eq!(keys("Zipf()"), keys("Zipf(exponent: 1.0, items: 10000, seed: 1)"));
    assert_ne!(keys("Zipf()"), keys("Zipf(seed: 2)"));
    assert_eq!(keys("Zipf(items: 1, seed: 7)")[0], plan.width.hash("item-7-1"));
}

#[test]
fn keys_of_a_file_come_in_turn_and_again_for_each_node() {
    let asked = asked(r#"Lookups(from: "0s", rate: "1/s", per: Node, keys: File(file: "keys.csv"))"#, 2, "60s");
    let (_, plan) = made("", 2, "60s", "");
    for node in [Address(0), Address(1)] {
        let keys = asked.iter().filter(|(_, other, _)| *other == node).map(|(.., key)| plan.width.decimal(*key));
        assert!(keys.zip(["5", "6", "7"].into_iter().cycle()).all(|(one, other)| one == other));
    }
}

/// What nodes that all appear at once ask.
fn asked(workload: &str, nodes: u32, end: &str) -> Vec<Asked> {
    lookups(&made(workload, nodes, end, "").1)
}

fn lookups(plan: &Plan) -> Vec<Asked> {
    let lookup = |deed: &Deed| match deed {
        Deed::Lookup { node, key, .. } => Some((*node, *key)),
        _ => None,
    };
    plan.lines().filter_map(|line| lookup(&line.deed).map(|(node, key)| (line.at, node, key))).collect()
}

fn made(workload: &str, nodes: u32, end: &str, script: &str) -> (Scenario, Plan) {
    let text = format!(
        r#"(protocols: [Chord()], script: [(at: "0s", do: Converged(nodes: {nodes})), {script}],
            workload: [{workload}], end: "{end}")"#
    );
    read::plan("made.ron", text.as_bytes(), None, &FileOf("key\n5\n6\n7\n")).unwrap_or_else(|error| panic!("{error}"))
}
