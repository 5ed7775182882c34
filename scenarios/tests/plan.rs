//! The laws of the plan and of the run: everything is decided beforehand, nothing moves anything else, and equal plans run alike.

#[path = "common/churny.rs"]
mod churny;
#[path = "common/shipped.rs"]
mod shipped;

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::thread;

use churny::{CHURNY, TRACE};
use proptest::prelude::*;
use protocols::Visitor;
use protocols::dht::Dht;
use scenarios::ast::{Memory, Scenario};
use scenarios::plan::{Deed, Line, Plan};
use scenarios::read;
use scenarios::run::run;
use shipped::{FileOf, shipped};
use sim::address::Address;
use sim::fingerprint::FingerprintValue;
use sim::time::{SimTime, Span};

/// Something of everything; not in order of time.
const RICH: &str = r#"(
    id_bits: 16,
    protocols: {"one": Chord(), "other": Chord(successors: 3, route_over: Fingers, rules: Published)},
    network: (
        latency: Regions(names: ["eu", "us"], shares: [0.7, 0.3], one_way: [["5ms", "45ms"], ["45ms", "8ms"]]),
        jitter: AutoRegressive(sigma: 0.4, correlation: 0.8, every: "700ms"),
        ordered: true,
        loss: GilbertElliott(mean: 0.02, burst: "200ms", per: Access),
        duplicate: 0.01,
        bandwidth: (up: "200kbit/s", down: "500kB/s", queue: "1500B"),
    ),
    hosts: (undialable: 0.2, mapping: "1m", slow: [(share: 0.2, service: Exponential(mean: "2ms"))]),
    script: [
        (at: "0s", do: Converged(nodes: 8)),
        (at: "1s", do: Join(nodes: 6, every: "500ms", ids: Seeded(seed: 42), order: Ascending)),
        (at: "2s", do: Join(nodes: 3, ids: Explicit([7, 9, 60000]))),
        (at: "50s", do: Restart(fraction: 0.5)),
        (at: "20s", do: Leave(count: 2)),
        (at: "20s", do: Crash(fraction: 0.25, every: "1s")),
        (at: "21s", do: Crash(count: 3, every: "500ms")),
        (at: "30s", do: Pause(count: 3, every: "1s", lasts: "4s")),
        (at: "32s", do: Restart(count: 3, every: "2s")),
        (at: "33s", do: Restart(count: 2, every: "1s")),
        (at: "31s", do: Partition(shares: [0.3, 0.3], lasts: "4s")),
        (at: "36s", do: Partition(parts: [[0, 1, 2], [3]], lasts: "1s")),
        (at: "10s", do: Cut(from: [1], to: 2..5, both_ways: true, lasts: "2s")),
        (at: "11s", do: Loss(probability: 0.5, on: (nodes: [3], lasts: "5s"))),
        (at: "11s", do: Delay(by: "300ms", on: (from: [4], to: [5, 6]))),
        (at: "12s", do: Lookup(node: 3, key: 12345)),
        (at: "12s", do: Lookup(node: 3, key: 12345, copies: 3)),
        (at: "12s", do: Transfer(from: 3, to: 1, size: "40kB", chunk: "1kB")),
        (at: "12s", do: Step(nodes: 0..3, step: "stabilize")),
        (at: "13s", do: Slow(fraction: 0.3, every: "1s", lasts: "10s", service: Weibull(scale: "9ms", shape: 0.7))),
        (at: "40s", do: Slow(count: 2, region: "eu", service: Constant("3ms"))),
        (at: "44s", do: Mend(count: 3)),
        (at: "46s", do: Crash(region: "us", count: 1)),
        (at: "45s", do: Pause(count: 1)),
        (at: "58s", do: Crash(fraction: 1.0)),
    ],
    workload: [
        Lookups(from: "5s", until: "55s", rate: "7/s"),
        Lookups(from: "5s", rate: "1/s", arrivals: Regular, keys: Seeded(seed: 42, count: 5), issuers: 0..4),
        Lookups(from: "5s", rate: "1/s", copies: 4),
        Lookups(from: "5s", rate: "2/s", keys: NodeIds),
        Csv(file: "lookups.csv", from: "6s", copies: 2),
        Lookups(from: "5s", rate: "1/20s", per: Node, spread: 0.8, bursts: (every: "20s", lasts: "4s", factor: 5), keys: Zipf(items: 100)),
        Lookups(from: "5s", rate: "1/4s", arrivals: Regular, per: Node, issuers: [2, 4, 4], keys: File(file: "lookups.csv", order: Random)),
        ClosedLoop(from: "10s", until: "50s", in_flight: 2, think: Exponential(mean: "5s"), keys: Runs(length: 4)),
        ClosedLoop(from: "20s", issuers: [16, 1], think: Constant("1s"), keys: Gaussian(centres: 2), copies: 2),
        Transfers(from: "5s", until: "50s", rate: "1/3s", size: "20kB", chunk: "700B", pace: "100kbit/s"),
    ],
    warm_up: "5s",
    phases: {"first": (from: "0s", until: "30s"), "all of it": (from: "0s", until: "60s")},
    end: "60s",
    seed: 9,
    claims: [
        (about: "hops", source: "a paper", protocol: "one", says: "1.5", metric: "lookups.hops.mean", digits: 2, because: "so"),
        (about: "speed", says: "fast", because: "there is no clock"),
    ],
)"#;

/// Rows out of order, at whole and broken milliseconds, two at once.
const LOOKUPS: &str = "key,initiator,time_ms\n5,7,0\n6,9,2500.25\n7,60000,10\n8,7,10\n";

#[test]
fn a_printed_plan_runs_with_the_same_fingerprint() {
    for (original, plan) in [rich(), churny(), churny_elsewhere()] {
        let text = read::write(&plan.to_scenario(&original));
        let (printed, again) =
            read::plan("printed.ron", text.as_bytes(), None, &FileOf("")).unwrap_or_else(|error| panic!("{error}"));
        for label in 0..2 {
            assert_eq!(run_with(&printed, &again, label), run_with(&original, &plan, label), "protocol {label}");
        }
        assert_eq!(again.to_scenario(&printed), printed, "nothing is left to be decided");
        assert!(lines(&again) == lines(&plan) && again.hosts.iter().zip(&plan.hosts).all(|(one, other)| one == other));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    #[test]
    fn whatever_the_network_a_printed_plan_runs_with_the_same_fingerprint(world in world(), seed in 1u64..1000) {
        let lines = r#"(at: "0s", do: Join(nodes: 8, every: "100ms")), (at: "9s", do: Crash(count: 2)),
            (at: "4s", do: Slow(count: 2, service: Constant("20ms"), lasts: "3s")), (at: "12s", do: Restart(count: 1))"#;
        let workload = r#"workload: [Lookups(from: "3s", rate: "5/s")],"#;
        let text = script(lines).replace("end: \"60s\"", &format!("{workload} {world} end: \"15s\""));
        let (original, plan) = read::plan("made.ron", text.as_bytes(), Some(seed), &FileOf(MATRIX))
            .unwrap_or_else(|error| panic!("{error}"));
        let printed = read::write(&plan.to_scenario(&original));
        let (printed, again) = read::plan("printed.ron", printed.as_bytes(), None, &FileOf(MATRIX))
            .unwrap_or_else(|error| panic!("{error}"));
        prop_assert_eq!(run_with(&printed, &again, 0), run_with(&original, &plan, 0));
        prop_assert_eq!(again.to_scenario(&printed), printed);
    }
}

/// Some network and some hosts.
fn world() -> impl Strategy<Value = String> {
    let one_of = |words: &'static [&'static str]| proptest::sample::select(words);
    let latency = one_of(&[
        r#"Constant("20ms")"#,
        r#"Weibull(scale: "40ms", shape: 0.7)"#,
        r#"Pareto(minimum: "20ms", shape: 1.5, per: Packet)"#,
        r#"Plane(side: "120ms")"#,
        r#"Plane(side: "120ms", access: LogNormal(median: "5ms", sigma: 0.8))"#,
        r#"Regions(preset: "aws-2019")"#,
        r#"Regions(preset: "world-2019")"#,
        r#"Regions(preset: "world-2019", shares: [0, 0.5, 0.5, 0, 0, 0], bandwidth: [])"#,
        r#"Matrix(file: "m", values: OneWay)"#,
        r#"Matrix(file: "m", values: RoundTrip, unit: "us", placement: InOrder, missing: OneWay("3ms"), same_place: "1ms")"#,
    ]);
    let way = one_of(&["", "ordered: true,", "jitter: Independent(sigma: 0.3),"]);
    let carries = one_of(&["", r#"bandwidth: (up: "64kbit/s", down: "8kB/s"),"#]);
    let loss = one_of(&[
        "None",
        "Bernoulli(0.1)",
        r#"GilbertElliott(mean: 0.1, burst: "200ms", per: Access)"#,
        r#"GilbertElliott(mean: 0.1, burst: "1s")"#,
    ]);
    let hosts = one_of(&[
        "",
        "undialable: 0.4,",
        r#"undialable: 0.4, mapping: "10s", slow: [(share: 0.5, service: Exponential(mean: "5ms"))]"#,
    ]);
    (latency, way, carries, loss, hosts).prop_map(|(latency, way, carries, loss, hosts)| {
        format!("network: (latency: {latency}, {way} {carries} loss: {loss}), hosts: ({hosts}),")
    })
}

/// One entry is missing.
const MATRIX: &str = "0,11000,12000\n21000,0,\n31000,32000,0\n";

#[test]
fn shipped_scenarios_printed_run_with_the_same_fingerprint() {
    for (name, text, files) in shipped().into_iter().filter(|(name, ..)| name.starts_with("faults/")) {
        let (original, plan) = read::plan(&name, text.as_bytes(), None, &files).expect("shipped");
        let text = read::write(&plan.to_scenario(&original));
        let (printed, again) = read::plan(&name, text.as_bytes(), None, &files).expect("printed");
        assert_eq!(run_with(&printed, &again, 0), run_with(&original, &plan, 0), "{name}");
    }
}

#[test]
fn a_line_taken_out_of_a_printed_plan_moves_no_other() {
    for ((original, plan), step) in [(rich(), 1), (churny(), 9)] {
        let printed = plan.to_scenario(&original);
        let mut legal = 0;
        for place in (0..printed.script.len()).step_by(step) {
            let mut shorter = printed.clone();
            shorter.script.remove(place);
            // Who never joined cannot crash, and who is up cannot restart.
            if let Ok(again) = Plan::make(&shorter, plan.seed, &FileOf("")) {
                assert_eq!(again.to_scenario(&shorter), shorter, "without line {place}");
                legal += 1;
            }
        }
        let tried = printed.script.len() / step;
        assert!(legal > tried * 3 / 5, "{legal} of {tried} lines can be taken out");
    }
}

#[test]
fn the_churny_scenario_has_something_of_everything() {
    let (_, plan) = churny();
    let count = |is: fn(&Deed) -> bool| plan.lines().filter(|line| is(&line.deed)).count();
    let kept = |deed: &Deed| matches!(deed, Deed::Restart { state: Memory::Kept, .. });
    let keeps =
        |deed: &Deed| matches!(deed, Deed::Leave { state: Memory::Kept, .. } | Deed::Crash { state: Memory::Kept, .. });
    assert!(count(kept) > 20 && count(kept) == count(keeps), "who comes back with its state has kept it");
    assert!(count(|deed| matches!(deed, Deed::Leave { .. })) > 20);
    assert!(count(|deed| matches!(deed, Deed::JoinAgain { .. })) > 0);
    assert!(plan.hosts.iter().zip(0..).filter(|(host, node)| *host != node).count() > 20, "new nodes on old hosts");
    assert_eq!(plan.skipped_sessions, 2);
}

#[test]
fn who_asks_nobody_when_coming_back_asks_nobody_in_the_printed_plan() {
    let text = script(
        r#"(at: "0s", do: Join(nodes: 3)), (at: "5s", do: Crash(fraction: 1.0)),
           (at: "8s", do: Restart(nodes: [1], bootstraps: [])), (at: "9s", do: Restart(nodes: [2], bootstraps: []))"#,
    );
    let (_, plan) = made(&text);
    let asked: Vec<Vec<Address>> = plan.lines().filter_map(|line| bootstraps_of(&line)).skip(3).collect();
    assert_eq!(asked, [vec![], vec![]]);
}

#[test]
fn a_node_that_is_up_does_not_come_back() {
    let text = script(
        r#"(at: "0s", do: Join(nodes: 3)), (at: "5s", do: Crash(nodes: [1, 2])),
           (at: "8s", do: Restart(nodes: [1, 2], every: "2s")), (at: "9s", do: Restart(nodes: [2, 2]))"#,
    );
    let (scenario, plan) = made(&text);
    let restarts = plan.lines().filter(|line| matches!(line.deed, Deed::Restart { .. })).count();
    assert_eq!(restarts, 2);
    Plan::make(&plan.to_scenario(&scenario), 1, &FileOf("")).expect("a printed plan is legal");
}

#[test]
fn a_paused_node_goes_on_before_it_leaves() {
    let text = r#"(at: "5s", do: Pause(nodes: [1], lasts: "10s")), (at: "8s", do: Leave(nodes: [1])),
        (at: "20s", do: Restart(nodes: [1])),"#;
    let deeds = deeds_of(1, text);
    let [Deed::Join { .. }, Deed::Pause(_), Deed::Resume(_), Deed::Leave { .. }, Deed::Restart { .. }] = &deeds[..]
    else {
        panic!("{deeds:?}");
    };
}

#[test]
fn a_node_goes_on_when_its_last_pause_ends_and_a_crash_ends_them_all() {
    let text = r#"(at: "5s", do: Pause(nodes: [1], lasts: "10s")), (at: "8s", do: Pause(nodes: [1], lasts: "20s")),"#;
    let (_, plan) = made(&script(&format!("{JOINS} {text}")));
    let resumed: Vec<SimTime> =
        lines(&plan).iter().filter(|line| matches!(line.deed, Deed::Resume(_))).map(|line| line.at).collect();
    assert_eq!(resumed, [SimTime::ZERO + Span::from_secs(28)]);
    let text = r#"(at: "5s", do: Pause(nodes: [1], lasts: "10s")), (at: "8s", do: Crash(nodes: [1])),
        (at: "9s", do: Restart(nodes: [1])), (at: "10s", do: Pause(nodes: [1])),"#;
    assert!(
        !deeds_of(1, text).iter().any(|deed| matches!(deed, Deed::Resume(_))),
        "the first pause died with the node"
    );
}

#[test]
fn the_plan_is_the_same_for_every_protocol() {
    let (scenario, plan) = rich();
    let only = |place: usize| {
        let mut scenario = scenario.clone();
        scenario.protocols.0 = vec![scenario.protocols.0[place].clone()];
        lines(&Plan::make(&scenario, 9, &FileOf(LOOKUPS)).expect("legal"))
    };
    assert_eq!((only(0), only(1)), (lines(&plan), lines(&plan)));
}

#[test]
fn a_workload_more_moves_no_request_of_another() {
    let (mut scenario, plan) = rich();
    let extra = scenario.workload[0].clone();
    scenario.workload.push(extra);
    let with = lines(&Plan::make(&scenario, 9, &FileOf(LOOKUPS)).expect("legal"));
    let mut rest = with.iter();
    assert!(lines(&plan).iter().all(|line| rest.any(|other| other == line)), "all lines are there, in the same order");
    assert!(with.len() > lines(&plan).len() + 200, "and the others besides");
}

#[test]
fn phases_stay_as_they_are_written() {
    let (scenario, plan) = rich();
    let phases: Vec<(&str, u64)> =
        plan.phases.iter().map(|phase| (phase.name.as_str(), phase.until.as_nanos() / 1_000_000_000)).collect();
    assert_eq!(phases, [("first", 30), ("all of it", 60)]);
    assert_eq!(plan.to_scenario(&scenario).phases, scenario.phases);
}

#[test]
fn lines_are_in_order_of_time_and_before_the_end() {
    let (_, plan) = rich();
    let lines = lines(&plan);
    assert!(lines.len() > 400);
    assert!(lines.windows(2).all(|pair| pair[0].at <= pair[1].at));
    assert!(lines.iter().all(|line| line.at < plan.end));
}

#[test]
fn what_is_written_reads_back_equal() {
    let (rich, plan) = rich();
    let printed = plan.to_scenario(&rich);
    let others = shipped().into_iter().map(|(name, text, _)| read::scenario(&name, text.as_bytes()).expect("shipped"));
    let (churny, decided) = churny();
    let decided = decided.to_scenario(&churny);
    for scenario in others.chain([rich, printed, churny, decided]) {
        let text = read::write(&scenario);
        assert_eq!(read::scenario("written.ron", text.as_bytes()), Ok(scenario), "{text}");
    }
}

#[test]
fn ids_that_collide_are_drawn_again() {
    for ids in ["Random", "Seeded(seed: 42)"] {
        let text = script(&format!(
            r#"(at: "0s", do: Join(nodes: 200, ids: {ids})), (at: "1s", do: Join(nodes: 56, ids: {ids}))"#
        ));
        let (_, plan) = made(&text.replace("id_bits: 16", "id_bits: 8"));
        assert_eq!(plan.by_id().len(), 256, "{ids}: every id there is, once");
    }
}

#[test]
fn seeded_ids_are_those_of_the_seed_document() {
    let (_, plan) = made(&script(r#"(at: "0s", do: Join(nodes: 5, ids: Seeded(seed: 42), order: Ascending))"#));
    let ids: Vec<String> = plan.ids.iter().flatten().map(|id| plan.width.decimal(*id)).collect();
    assert_eq!(ids, ["17442", "20813", "26458", "38905", "47208"]);
}

#[test]
fn nodes_in_ascending_order_are_numbered_by_id() {
    for ids in ["Random", "Seeded(seed: 7)", "Explicit([9, 3, 5])"] {
        let (_, plan) = made(&script(&format!(r#"(at: "0s", do: Join(nodes: 3, ids: {ids}, order: Ascending))"#)));
        assert!(plan.ids.is_sorted(), "{ids}");
    }
}

#[test]
fn whoever_asks_or_is_asked_is_up() {
    for (_, plan) in [rich(), churny(), churny_elsewhere()] {
        let mut up = BTreeSet::new();
        for line in plan.lines() {
            if let Some(asked) = bootstraps_of(&line) {
                assert!(asked.iter().all(|node| up.contains(node)), "{line:?} asks who is not up");
                let dialable = |node: &&Address| !plan.placement.is_undialable(plan.host(**node));
                assert!(asked.len() == up.iter().filter(dialable).count().min(3), "{line:?} asks a few");
            }
            follow(&mut up, line);
        }
    }
}

/// Follows what a line does to who is up.
fn follow(up: &mut BTreeSet<Address>, line: Line) {
    match line.deed {
        Deed::Join { node, .. } | Deed::Restart { node, .. } => assert!(up.insert(node)),
        Deed::Converge { nodes } => up.extend(nodes),
        Deed::Leave { node, .. } | Deed::Crash { node, .. } => assert!(up.remove(&node)),
        Deed::JoinAgain { node, bootstraps } => {
            assert!(up.contains(&node) && bootstraps.iter().all(|other| up.contains(other) && *other != node));
        }
        Deed::Pause(node) | Deed::Resume(node) | Deed::Lookup { node, .. } | Deed::Step { node, .. } => {
            assert!(up.contains(&node), "{node} is not up at {}", line.at);
        }
        Deed::Transfer(transfer) => assert!([transfer.from, transfer.to].iter().all(|node| up.contains(node))),
        Deed::Slow { node, .. } => assert!(up.contains(&node), "{node} is not up at {}", line.at),
        Deed::Fault { .. } | Deed::Heal { .. } | Deed::Mend(_) => {}
    }
}

#[test]
fn a_workload_asks_as_often_as_its_rate_says() {
    let count = |arrivals: &str| {
        let workload =
            format!(r#"workload: [Lookups(from: "100s", until: "1100s", rate: "10/s", arrivals: {arrivals})],"#);
        let text = script(r#"(at: "0s", do: Join(nodes: 3))"#)
            .replace("end: \"60s\"", &format!("{workload}\n    end: \"1200s\""));
        let (_, plan) = made(&text);
        let asked: Vec<SimTime> =
            plan.lines().filter(|line| matches!(line.deed, Deed::Lookup { .. })).map(|line| line.at).collect();
        assert!(asked.iter().all(|at| (100..1100).contains(&(at.as_nanos() / 1_000_000_000))));
        asked
    };
    let regular = count("Regular");
    assert_eq!(regular.len(), 10_000);
    assert!(regular.windows(2).all(|pair| pair[1] - pair[0] == Span::from_millis(100)));
    let poisson = count("Poisson").len();
    assert!(poisson.abs_diff(10_000) < 400, "{poisson} are four standard deviations off");
}

#[test]
fn keys_that_are_node_ids_are_those_of_nodes_that_are_up_each_as_often_as_another() {
    let (_, plan) = made(
        &script(r#"(at: "0s", do: Join(nodes: 10)), (at: "30s", do: Crash(nodes: [3, 7]))"#)
            .replace("end:", r#"workload: [Lookups(from: "1s", rate: "100/s", keys: NodeIds)], end:"#),
    );
    let by_id = plan.by_id();
    let mut asked = [[0u32; 10]; 10];
    for line in plan.lines() {
        if let Deed::Lookup { node, key, .. } = line.deed {
            let target = by_id[&key];
            assert!(line.at < SimTime::ZERO + Span::from_secs(30) || ![3, 7].contains(&target.0), "{line:?}");
            asked[node.index()][target.index()] += 1;
        }
    }
    let targets: Vec<u32> = (0..10).map(|target| asked.iter().map(|row| row[target]).sum()).collect();
    let total: u32 = targets.iter().sum();
    assert!(total > 5_500, "{total}");
    assert!(targets.iter().enumerate().all(|(node, count)| [3, 7].contains(&node) || *count > 500), "{targets:?}");
    let own: u32 = (0..10).map(|node| asked[node][node]).sum();
    assert!((total / 12..total / 7).contains(&own), "some ask for themselves, as by chance: {own} of {total}");
}

#[test]
fn keys_of_a_seeded_workload_go_round() {
    let workload =
        r#"workload: [Lookups(from: "10s", rate: "1/s", arrivals: Regular, keys: Seeded(seed: 42, count: 5))],"#;
    let text =
        script(r#"(at: "0s", do: Join(nodes: 3))"#).replace("end: \"60s\"", &format!("{workload}\n    end: \"60s\""));
    let (_, plan) = made(&text);
    let keys: Vec<_> = plan
        .lines()
        .filter_map(|line| if let Deed::Lookup { key, .. } = line.deed { Some(key) } else { None })
        .collect();
    assert_eq!(keys.len(), 50);
    assert!(keys.iter().zip(&keys[5..]).all(|(now, later)| now == later));
    assert_eq!(keys[0], plan.width.hash("key-42-0"));
}

#[test]
fn other_seeds_give_other_plans_and_runs() {
    let (scenario, plan) = rich();
    let other = Plan::make(&scenario, 10, &FileOf(LOOKUPS)).expect("legal");
    assert_ne!(lines(&plan), lines(&other));
    assert_ne!(run_with(&scenario, &plan, 0), run_with(&scenario, &other, 0));
    assert_ne!(run_with(&scenario, &plan, 0), run_with(&scenario, &plan, 1), "protocols differ too");
}

#[test]
fn runs_beside_each_other_are_as_alone() {
    let (scenario, plan) = rich();
    let alone = [run_with(&scenario, &plan, 0), run_with(&scenario, &plan, 1)];
    thread::scope(|scope| {
        let beside = [0, 1, 0, 1].map(|label| {
            scope.spawn({
                let (scenario, plan) = (&scenario, &plan);
                move || (label, run_with(scenario, plan, label))
            })
        });
        for run in beside {
            let (label, fingerprint) = run.join().expect("a run does not panic");
            assert_eq!(fingerprint, alone[label]);
        }
    });
}

#[test]
fn a_run_can_be_stopped() {
    let (scenario, plan) = rich();
    let stop = &mut |now: SimTime| {
        if now.as_nanos() > 1_000_000_000 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    assert!(scenario.protocols.0[0].1.visit(Running { plan: &plan, control: stop }).is_none());
}

fn rich() -> (Scenario, Plan) {
    read::plan("rich.ron", RICH.as_bytes(), None, &FileOf(LOOKUPS)).unwrap_or_else(|error| panic!("{error}"))
}

fn churny() -> (Scenario, Plan) {
    read::plan("churny.ron", CHURNY.as_bytes(), None, &FileOf(TRACE)).unwrap_or_else(|error| panic!("{error}"))
}

/// The same, with hosts in regions, some of which nobody can dial.
fn churny_elsewhere() -> (Scenario, Plan) {
    let text = CHURNY
        .replace(r#"LogNormal(median: "40ms", sigma: 0.4)"#, r#"Regions(preset: "world-2019")"#)
        .replace("fraction: 0.2, back", r#"fraction: 0.5, region: "europe", back"#)
        .replace("count: 2, until", r#"count: 2, region: "north-america", until"#)
        .replace("workload:", "hosts: (undialable: 0.3), workload:");
    assert!(text.len() > CHURNY.len() + 60);
    read::plan("elsewhere.ron", text.as_bytes(), None, &FileOf(TRACE)).unwrap_or_else(|error| panic!("{error}"))
}

fn made(text: &str) -> (Scenario, Plan) {
    read::plan("made.ron", text.as_bytes(), None, &FileOf("")).unwrap_or_else(|error| panic!("{error}"))
}

fn script(lines: &str) -> String {
    format!("(\n    id_bits: 16,\n    protocols: [Chord()],\n    script: [{lines}],\n    end: \"60s\",\n)")
}

/// What happens to one of five nodes.
fn deeds_of(node: u32, text: &str) -> Vec<Deed> {
    let (_, plan) = made(&script(&format!("{JOINS} {text}")));
    let about = |deed: &Deed| match deed {
        Deed::Join { node, .. }
        | Deed::Restart { node, .. }
        | Deed::Leave { node, .. }
        | Deed::Crash { node, .. }
        | Deed::Pause(node)
        | Deed::Resume(node) => Some(*node),
        _ => None,
    };
    lines(&plan).into_iter().map(|line| line.deed).filter(|deed| about(deed) == Some(Address(node))).collect()
}

const JOINS: &str = r#"(at: "0s", do: Join(nodes: 5)),"#;

fn lines(plan: &Plan) -> Vec<Line> {
    plan.lines().collect()
}

fn bootstraps_of(line: &Line) -> Option<Vec<Address>> {
    match &line.deed {
        Deed::Join { bootstraps, .. } | Deed::Restart { bootstraps, .. } => Some(bootstraps.clone()),
        _ => None,
    }
}

fn run_with(scenario: &Scenario, plan: &Plan, label: usize) -> FingerprintValue {
    let control = &mut |_| ControlFlow::Continue(());
    scenario.protocols.0[label].1.visit(Running { plan, control }).expect("nobody stops it")
}

/// Runs a plan with whatever protocol it is given.
struct Running<'a> {
    plan: &'a Plan,
    control: &'a mut dyn FnMut(SimTime) -> ControlFlow<()>,
}

impl Visitor for Running<'_> {
    type Output = Option<FingerprintValue>;

    fn visit<P: Dht>(self, settings: &P::Settings) -> Self::Output {
        run::<P, ()>(self.plan, settings, (), self.control).ok().map(|finished| finished.fingerprint)
    }
}
