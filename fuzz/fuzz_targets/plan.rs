//! Whatever the bytes, a scenario is read or refused, and what was read can be planned, printed and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scenarios::ast::{Action, Churn, RatePer, Scenario, Workload};
use scenarios::files::NoFiles;
use scenarios::plan::Plan;
use scenarios::read;

fuzz_target!(|bytes: &[u8]| {
    let Ok(scenario) = read::scenario("fuzz.ron", bytes) else {
        return;
    };
    if !is_small(&scenario) {
        return;
    }
    let Ok((scenario, plan)) = read::plan("fuzz.ron", bytes, None, &NoFiles) else {
        return;
    };
    if plan.lines().take(LINES_MAX).count() < LINES_MAX {
        let printed = plan.to_scenario(&scenario);
        let text = read::write(&printed);
        let again = read::scenario("printed.ron", text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(again, printed);
        let plan = Plan::make(&again, plan.seed, &NoFiles).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(plan.to_scenario(&again), printed);
    }
});

/// Whether its plan is made in a moment: large scenarios are slow on purpose, and that is no finding.
fn is_small(scenario: &Scenario) -> bool {
    let nodes = |action: &Action| match action {
        Action::Join { nodes, .. } | Action::Converged { nodes, .. } => *nodes,
        Action::JoinNode { node, .. } => u64::from(*node),
        Action::ConvergedNodes { members } => members.iter().map(|(node, _)| u64::from(*node)).max().unwrap_or(0),
        _ => 0,
    };
    let requests = |workload: &Workload| match workload {
        Workload::Lookups(lookups) => {
            let of_each = scenario.end.0.as_nanos() as f64 / lookups.rate.gap_nanos();
            let all: u64 = scenario.script.iter().map(|line| nodes(&line.r#do)).sum();
            let faster = lookups.bursts.map_or(1.0, |bursts| bursts.factor.0.max(1.0));
            of_each * faster * if lookups.per == RatePer::Node { all as f64 } else { 1.0 }
        }
        Workload::Transfers(transfers) => scenario.end.0.as_nanos() as f64 / transfers.rate.gap_nanos(),
        Workload::ClosedLoop(_) | Workload::Csv(_) => 0.0,
    };
    let end = scenario.end.0.as_nanos() as f64;
    let strikes = |churn: &Churn| match churn {
        // However short, sessions that are as many as a run has milliseconds are slow on purpose.
        Churn::Sessions(sessions) => sessions.nodes.0 as f64 * end / 1e6,
        Churn::Arrivals(arrivals) => end / arrivals.rate.gap_nanos(),
        Churn::Departures(departures) => end / departures.rate.gap_nanos(),
        Churn::Failures(failures) => end / failures.rate.gap_nanos(),
        Churn::Trace(_) => 0.0,
    };
    scenario.script.iter().all(|line| nodes(&line.r#do) < 2_000)
        && scenario.churn.0.iter().map(|(_, churn)| strikes(churn)).sum::<f64>() < 1e6
        && scenario.workload.iter().map(requests).sum::<f64>() < 100_000.0
}

const LINES_MAX: usize = 1000;
