//! Where copies lie, as the judge notes it: from outside, through crashes, returns and the printed plan.

#[path = "common/shipped.rs"]
mod shipped;

use std::ops::ControlFlow;

use protocols::Visitor;
use protocols::dht::Dht;
use scenarios::oracle::Placed;
use scenarios::plan::Plan;
use scenarios::read;
use scenarios::run::{Finished, run};
use shipped::FileOf;

/// The expected share of the keys all of whose copies are on the nodes that crash is C(18, 3) / C(30, 3) if these are drawn
/// without regard to the ids: 816 / 4060. The ring puts the copies of a key on three neighbours, so that keys are not
/// independent, but the expectation is the same. Over 300 seeds, with a bound of four standard errors of their own mean.
#[test]
fn what_survives_a_crash_is_what_chance_leaves() {
    let lost = |crash: u32| -> Vec<f64> {
        let text = text(&format!(r#"(at: "30s", do: Crash(count: {crash}))"#), 3, 500);
        (1..301).map(|seed| 1.0 - survived(&placed(&text, seed, 0).expect("all were members"))).collect()
    };
    let wanted = 816.0 / 4060.0;
    let is_it = |lost: &[f64]| {
        let mean = lost.iter().sum::<f64>() / lost.len() as f64;
        let square = lost.iter().map(|share| (share - mean) * (share - mean)).sum::<f64>() / (lost.len() - 1) as f64;
        (mean - wanted).abs() < 4.0 * (square / lost.len() as f64).sqrt()
    };
    assert!(is_it(&lost(18)));
    assert!(!is_it(&lost(19)) && !is_it(&lost(17)), "one crash more or less is told from it");
}

#[test]
fn owners_of_a_ring_are_as_unequal_as_its_arcs_and_copies_even_them_out() {
    for label in 0..4 {
        let placed = placed(&text("", 3, 10_000), 7, label).expect("all were members");
        assert_eq!((placed.owned.len(), placed.owned.iter().sum::<u64>()), (30, 10_000), "protocol {label}");
        assert_eq!((placed.copies.iter().sum::<u64>(), placed.keys), (30_000, 10_000), "protocol {label}");
        assert_eq!((placed.survived, placed.owner_holds), (10_000, 10_000), "nobody has gone");
        let most = |loads: &[u64]| loads.iter().max().copied().unwrap_or(0) as f64 / loads.iter().sum::<u64>() as f64;
        assert!(most(&placed.copies) < most(&placed.owned), "protocol {label}: {placed:?}");
    }
}

/// The crash comes at the instant of the placement, and the copies lie where they should just before it.
#[test]
fn who_comes_back_has_lost_its_copies_unless_its_state_was_kept() {
    let back = |state: &str| {
        let text = text(
            &format!(r#"(at: "20s", do: Crash(fraction: 1.0)), (at: "25s", do: Restart(fraction: 1.0{state}))"#),
            1,
            500,
        );
        let placed = placed(&text, 3, 0).expect("all were members");
        (placed.survived, placed.owner_holds)
    };
    assert_eq!(back(""), (0, 0));
    assert_eq!(back(", state: Kept"), (500, 500));
}

#[test]
fn keys_and_holders_are_the_same_whatever_the_protocol_does_and_whoever_asks() {
    let quiet = text(r#"(at: "30s", do: Crash(count: 12))"#, 2, 1_000);
    let busy = quiet.replace("end:", r#"workload: [Lookups(from: "1s", rate: "50/s", copies: 3)], end:"#);
    for label in 0..4 {
        assert_eq!(placed(&quiet, 5, label), placed(&busy, 5, label), "protocol {label}");
    }
    assert_eq!(placed(&quiet, 5, 0), placed(&quiet, 5, 3), "both have the owner rule of the ring");
    assert_ne!(placed(&quiet, 5, 0), placed(&quiet, 6, 0));
}

#[test]
fn a_printed_plan_places_the_same() {
    let script = r#"(at: "20s", do: Crash(count: 9, back: (after: Constant("3s"), state: Kept))),
        (at: "30s", do: Crash(count: 9)), (at: "35s", do: Restart(count: 5))"#;
    let (scenario, plan) = made(&text(script, 2, 1_000), 11);
    let printed = read::write(&plan.to_scenario(&scenario));
    let (_, again) = read::plan("printed.ron", printed.as_bytes(), None, &FileOf("")).unwrap_or_else(|e| panic!("{e}"));
    let [one, other] = [finished(&scenario, &plan, 1), finished(&scenario, &again, 1)];
    assert!(one.placed.as_ref().is_some_and(|placed| placed.survived < 1_000), "{:?}", one.placed);
    assert_eq!((one.fingerprint, one.placed), (other.fingerprint, other.placed));
    let without = text(script, 2, 1_000).replace("placement:", "warm_up: \"0s\", // placement:");
    let (scenario, plan) = made(&without, 11);
    let nothing = finished(&scenario, &plan, 1);
    assert_eq!((nothing.fingerprint, nothing.placed), (one.fingerprint, None), "the judge only looks");
}

fn survived(placed: &Placed) -> f64 {
    placed.survived as f64 / placed.keys as f64
}

fn placed(text: &str, seed: u64, label: usize) -> Option<Placed> {
    let (scenario, plan) = made(text, seed);
    finished(&scenario, &plan, label).placed
}

/// Thirty nodes of a quiet overlay without upkeep; keys are placed at 20 s.
fn text(script: &str, copies: u32, keys: u32) -> String {
    format!(
        "(
            protocols: [Chord(maintenance: Manual), Kademlia(), Pastry(), FullMembership()],
            script: [(at: \"0s\", do: Converged(nodes: 30)), {script}],
            placement: (at: \"20s\", keys: {keys}, copies: {copies}),
            end: \"40s\",
        )"
    )
}

fn made(text: &str, seed: u64) -> (scenarios::ast::Scenario, Plan) {
    read::plan("made.ron", text.as_bytes(), Some(seed), &FileOf("")).unwrap_or_else(|error| panic!("{error}"))
}

fn finished(scenario: &scenarios::ast::Scenario, plan: &Plan, label: usize) -> Finished<()> {
    scenario.protocols.0[label].1.visit(Run(plan))
}

struct Run<'a>(&'a Plan);

impl Visitor for Run<'_> {
    type Output = Finished<()>;

    fn visit<P: Dht>(self, settings: &P::Settings) -> Finished<()> {
        run::<P, ()>(self.0, settings, (), &mut |_| ControlFlow::Continue(())).expect("nobody stops it")
    }
}
