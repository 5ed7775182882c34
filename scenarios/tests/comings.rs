//! Nodes that come, go and come back, in runs of every protocol: nobody waits for the dead, and what was kept is used.

#[path = "common/churny.rs"]
mod churny;
#[path = "common/shipped.rs"]
mod shipped;

use std::ops::ControlFlow;

use churny::{CHURNY, TRACE};
use protocols::dht::Dht;
use protocols::{Entry, Visitor};
use scenarios::oracle::{Judged, Outcome};
use scenarios::plan::{Deed, Plan};
use scenarios::read;
use scenarios::run::{Observer, run};
use shipped::FileOf;
use sim::record::{Fact, Recorder};
use sim::time::SimTime;

#[test]
fn a_joiner_all_of_whose_bootstraps_crash_before_they_can_answer_joins_in_the_end() {
    let joins = r#"(at: "0s", do: Converged(nodes: 8)), (at: "10s", do: Join(nodes: 1, session: Constant("10h")))"#;
    let asked = plan(joins).lines().find_map(|line| match line.deed {
        Deed::Join { bootstraps, .. } => Some(bootstraps.iter().map(|node| node.0).collect::<Vec<u32>>()),
        _ => None,
    });
    let plan = plan(&format!(r#"{joins}, (at: "10010ms", do: Crash(nodes: {:?}))"#, asked.expect("it joins")));
    assert!(plan.lines().any(|line| matches!(line.deed, Deed::JoinAgain { .. })));
    for protocol in Entry::all() {
        assert_eq!(ran(&plan, &protocol).members, 6, "{}", protocol.about().name);
    }
}

#[test]
fn if_the_whole_overlay_crashes_the_next_begin_another_together() {
    let plan = plan(
        r#"(at: "0s", do: Converged(nodes: 3)), (at: "10s", do: Join(nodes: 3, every: "1ms", session: Constant("10h"))),
           (at: "10010ms", do: Crash(nodes: 0..3)), (at: "40s", do: Join(nodes: 3, every: "1s")),
           (at: "250s", do: Lookup(node: 5, key: 20000)), (at: "250s", do: Lookup(node: 3, key: 20000)),
           (at: "250s", do: Lookup(node: 4, key: 20000)), (at: "250s", do: Lookup(node: 8, key: 20000))"#,
    );
    for protocol in Entry::all() {
        let ran = ran(&plan, &protocol);
        let name = protocol.about().name;
        assert_eq!(ran.members, 6, "{name}");
        assert!(ran.outcomes.iter().all(|outcome| *outcome == Outcome::Correct), "{name}: {:?}", ran.outcomes);
    }
}

#[test]
fn a_node_that_kept_its_state_needs_nobody_to_tell_it_where_the_others_are() {
    let right = |script: &str, protocol: &Entry| {
        let lookups =
            [0, 8, 16, 24, 32, 40, 48, 56].map(|k| format!(r#"(at: "200s", do: Lookup(node: 3, key: {k}000)),"#));
        let plan =
            plan(&format!(r#"(at: "0s", do: Converged(nodes: 10)), (at: "20s", do: {script}), {}"#, lookups.concat()));
        ran(&plan, protocol).outcomes.iter().filter(|outcome| **outcome == Outcome::Correct).count()
    };
    let restart = |down: &str, state: &str| {
        format!(r#"{down}(nodes: [3])), (at: "60s", do: Restart(nodes: [3], bootstraps: [], state: {state})"#)
    };
    for protocol in Entry::all() {
        let name = protocol.about().name;
        for down in ["Crash", "Leave"] {
            assert_eq!(right(&restart(down, "Kept"), &protocol), 8, "{name} {down}");
            assert!(
                right(&restart(down, "Lost"), &protocol) < 8,
                "{name}: with nothing it begins an overlay of its own"
            );
        }
        assert_eq!(right(r#"Crash(nodes: [3], back: (after: Constant("9s"), state: Kept))"#, &protocol), 8, "{name}");
    }
}

#[test]
fn where_sessions_touch_a_node_goes_and_is_back_at_once() {
    let text = r#"(id_bits: 16, protocols: [Chord()], script: [(at: "0s", do: Converged(nodes: 4))],
        churn: [Trace(file: "touching.avt", from: "1s", graceful: SHARE, state: STATE)], end: "200s", seed: 1)"#;
    let trace = "a 2 0 50 50 900\nb 3 0 60 60 70 70 900\n";
    for (share, state) in [("0.0", "Lost"), ("1.0", "Lost"), ("0.0", "Kept"), ("1.0", "Kept")] {
        let text = text.replace("SHARE", share).replace("STATE", state);
        let (_, plan) =
            read::plan("touching.ron", text.as_bytes(), None, &FileOf(trace)).unwrap_or_else(|error| panic!("{error}"));
        for protocol in Entry::all() {
            let ran = ran(&plan, &protocol);
            assert_eq!((ran.members, ran.started), (6, 4 + 5), "{} {share} {state}", protocol.about().name);
        }
    }
}

#[test]
fn once_it_is_quiet_whoever_is_up_is_in_one_overlay_however_often_it_died_out() {
    let mut died_out = 0;
    for seed in 1..=20 {
        let text = format!(
            r#"(id_bits: 16, protocols: [Chord()],
            churn: [Sessions(nodes: 5, session: Exponential(mean: "30s"), downtime: Exponential(mean: "20s"), until: "10m")],
            workload: [Lookups(from: "18m", rate: "1/s")], end: "20m", seed: {seed})"#
        );
        let (_, plan) =
            read::plan("few.ron", text.as_bytes(), None, &FileOf("")).unwrap_or_else(|error| panic!("{error}"));
        died_out += plan
            .lines()
            .filter(|line| matches!(&line.deed, Deed::JoinAgain { bootstraps, .. } if bootstraps.is_empty()))
            .count();
        for protocol in Entry::all() {
            let Ran { members, outcomes, .. } = ran(&plan, &protocol);
            let name = protocol.about().name;
            assert_eq!(members, up_at_the_end(&plan), "{name}, seed {seed}");
            let is_good = |outcome: &Outcome| matches!(outcome, Outcome::Correct | Outcome::Abandoned);
            assert!(outcomes.len() > 60 && outcomes.iter().all(is_good), "{name}, seed {seed}: {outcomes:?}");
        }
    }
    assert!(died_out > 0, "no overlay died out");
}

#[test]
fn every_protocol_lives_through_everything() {
    let (_, plan) =
        read::plan("churny.ron", CHURNY.as_bytes(), None, &FileOf(TRACE)).unwrap_or_else(|error| panic!("{error}"));
    for protocol in Entry::all() {
        let ran = ran(&plan, &protocol);
        let up = up_at_the_end(&plan);
        let right = ran.outcomes.iter().filter(|outcome| **outcome == Outcome::Correct).count();
        let name = protocol.about().name;
        assert!((up - 3..=up).contains(&ran.members), "{name}: {} of {up} that are up are members", ran.members);
        assert!(right * 2 > ran.outcomes.len(), "{name}: {right} of {}", ran.outcomes.len());
    }
}

fn up_at_the_end(plan: &Plan) -> usize {
    let mut up = 0;
    for line in plan.lines() {
        match line.deed {
            Deed::Converge { nodes } => up += nodes.len(),
            Deed::Join { .. } | Deed::Restart { .. } => up += 1,
            Deed::Leave { .. } | Deed::Crash { .. } => up -= 1,
            _ => {}
        }
    }
    up
}

fn plan(script: &str) -> Plan {
    let text = format!("(id_bits: 16, protocols: [Chord()], script: [{script}], end: \"300s\", seed: 5)");
    read::plan("made.ron", text.as_bytes(), None, &FileOf("")).unwrap_or_else(|error| panic!("{error}")).1
}

/// What is left of a run.
struct Ran {
    members: usize,
    started: u32,
    outcomes: Vec<Outcome>,
}

fn ran(plan: &Plan, protocol: &Entry) -> Ran {
    protocol.visit(Running(plan))
}

struct Running<'a>(&'a Plan);

impl Visitor for Running<'_> {
    type Output = Ran;

    fn visit<P: Dht>(self, settings: &P::Settings) -> Ran {
        let finished = run::<P, Watcher>(self.0, settings, Watcher::default(), &mut |_| ControlFlow::Continue(()));
        let finished = finished.expect("nobody stops it");
        let Watcher { started, outcomes } = finished.observer;
        Ran { members: finished.members, started, outcomes }
    }
}

#[derive(Default)]
struct Watcher {
    started: u32,
    outcomes: Vec<Outcome>,
}

impl<P: Dht> Recorder<P> for Watcher {
    fn record(&mut self, _: SimTime, fact: &Fact<'_, P>) {
        self.started += u32::from(matches!(fact, Fact::Started { .. }));
    }
}

impl<P: Dht> Observer<P> for Watcher {
    fn judged(&mut self, lookup: &Judged) {
        self.outcomes.push(lookup.outcome);
    }
}
