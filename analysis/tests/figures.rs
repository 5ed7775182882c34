//! The figures are what their words say: small runs counted by hand, and a crash told from a goodbye.

use analysis::execute::{Choice, Executed, Input, Progress, execute};
use analysis::results::Outcome;
use scenarios::files::NoFiles;

#[test]
fn a_lookup_among_two_is_counted_by_hand() {
    // Two nodes with the tables of a quiet ring and no upkeep; ids 0 and 128 of 256. Node 0 asks for key 10, which node 1
    // owns and node 0 knows: one exchange with the owner, 50 ms each way, 33 + 1 bytes to ask and 33 to answer.
    let outcome = only(
        r#"(id_bits: 8, protocols: [Chord(maintenance: Manual)], network: (latency: Constant("50ms")),
        script: [
            (at: "0s", do: Converged(nodes: 2, ids: Explicit([0, 128]))),
            (at: "5s", do: Lookup(node: 0, key: 10)),
            (at: "20s", do: Lookup(node: 0, key: 10)),
        ],
        warm_up: "10s", end: "30s")"#,
    );
    for (metric, value) in [
        ("lookups.issued", 1.0),
        ("lookups.correct", 1.0),
        ("lookups.hops.mean", 0.0),
        ("lookups.hops_to_owner.mean", 1.0),
        ("lookups.latency_ms.mean", 100.0),
        ("lookups.latency_known_ms.mean", 0.0),
        ("lookups.stretch.mean", 1.0),
        ("lookups.timeouts.mean", 0.0),
        ("lookups.messages.mean", 2.0),
        ("traffic.lookup.messages_total", 2.0),
        ("traffic.lookup.bytes_total", 67.0),
        // Two nodes for twenty seconds.
        ("traffic.lookup.messages", 2.0 / 40.0),
        ("traffic.upkeep.messages_total", 0.0),
        ("traffic.total.messages_total", 2.0),
        ("traffic.total.bytes", 67.0 / 40.0),
        ("routing_entries.mean", 1.0),
        ("joins", 0.0),
    ] {
        let measured = outcome.figure(metric).unwrap_or_else(|| panic!("{metric} has a value"));
        assert!((measured - value).abs() < 1e-9, "{metric}: {measured} and not {value}");
    }
    assert_eq!(outcome.figure("lookups.hops_latency.correlation"), None, "of one lookup there is none");
    for metric in ["messages_per_join.mean", "recovery.correct_after_s"] {
        assert_eq!(outcome.figure(metric), None, "{metric} was not measured: nobody joined, nobody departed");
    }
}

#[test]
fn hops_stand_for_latency_where_all_links_are_alike_and_not_quite_where_they_are_not() {
    let of = |latency: &str| {
        only(&format!(
            r#"(protocols: [Chord(maintenance: Manual)], network: (latency: {latency}), script: [
                (at: "0s", do: Converged(nodes: 40)),
            ], workload: [Lookups(from: "1s", rate: "20/s")], phases: {{"late": (from: "30s", until: "40s")}}, end: "40s")"#
        ))
    };
    let figures = |outcome: &Outcome| {
        let names = ["correlation", "rank_correlation"].map(|name| format!("lookups.hops_latency.{name}"));
        names.map(|name| outcome.figure(&name).expect("many lookups were answered"))
    };
    let alike = of(r#"Constant("50ms")"#);
    // 100 ms for each exchange.
    assert!(figures(&alike).iter().all(|figure| (figure - 1.0).abs() < 1e-12), "{:?}", figures(&alike));
    assert_eq!(alike.figure("lookups.stretch.max"), alike.figure("lookups.hops_to_owner.max"));
    assert!(alike.figure("phases.late.hops_latency.correlation").is_some_and(|figure| figure > 0.999));
    let unlike = of(r#"LogNormal(median: "50ms", sigma: 0.8)"#);
    assert!(figures(&unlike).iter().all(|figure| (0.3..0.95).contains(figure)), "{:?}", figures(&unlike));
    let drawn_anew = of(r#"LogNormal(median: "50ms", sigma: 0.8, per: Packet)"#);
    assert_eq!(drawn_anew.figure("lookups.stretch.mean"), None, "there is no round trip to hold it against");
    assert_eq!(of(r#"Constant("0s")"#).figure("lookups.hops_latency.correlation"), None, "all take no time");
}

#[test]
fn the_direct_way_has_a_stretch_of_one_whatever_the_network() {
    let of = |network: &str, script: &str| {
        only(&format!(
            r#"(id_bits: 8, protocols: [Chord(maintenance: Manual, timeout: Fixed("30s"))], network: ({network}), script: [
                (at: "0s", do: Converged(nodes: 2, ids: Explicit([0, 128]))), {script}
                (at: "5s", do: Lookup(node: 0, key: 10)), (at: "6s", do: Lookup(node: 0, key: 130)),
            ], end: "60s")"#
        ))
    };
    let mean = |outcome: &Outcome| outcome.figure("lookups.stretch.mean").expect("the owner has replied");
    for network in [
        r#"latency: LogNormal(median: "40ms", sigma: 1.0)"#,
        r#"latency: Plane(side: "80ms")"#,
        r#"latency: Regions(preset: "aws-2019")"#,
    ] {
        let outcome = of(network, "");
        assert!((mean(&outcome) - 1.0).abs() < 1e-6, "{network}: {}", mean(&outcome));
        assert_eq!(outcome.figure("lookups.correct"), Some(2.0), "what a node asks for and owns itself has no way");
    }
    let delayed =
        of(r#"latency: Constant("50ms")"#, r#"(at: "1s", do: Delay(by: "100ms", on: (from: [0], to: [1]))),"#);
    assert!((mean(&delayed) - 2.0).abs() < 1e-6, "a fault is no part of the round trip: {}", mean(&delayed));
}

#[test]
fn who_works_for_lookups_is_counted_by_hand() {
    // Ids 0, 64, 128 and 192 of 256; the two lookups of the warm-up do not count, and node 3, which goes, has no load. Node 0
    // asks node 1 four times; node 2 asks node 3; node 0 asks node 3 for a key that it owns itself. Each is answered.
    let outcome = only(
        r#"(id_bits: 8, protocols: [Chord(maintenance: Manual, retries: 1)], network: (latency: Constant("50ms")), script: [
            (at: "0s", do: Converged(nodes: 4, ids: Explicit([0, 64, 128, 192]))),
            (at: "1s", do: Lookup(node: 0, key: 100)), (at: "2s", do: Lookup(node: 0, key: 10)),
            (at: "11s", do: Lookup(node: 0, key: 10)), (at: "12s", do: Lookup(node: 0, key: 20)),
            (at: "13s", do: Lookup(node: 0, key: 30)), (at: "14s", do: Lookup(node: 0, key: 40)),
            (at: "15s", do: Lookup(node: 2, key: 130)), (at: "16s", do: Lookup(node: 0, key: 250)),
            (at: "20s", do: Crash(nodes: [3])),
        ], warm_up: "10s", end: "30s")"#,
    );
    let figure = |name: &str| outcome.figure(name).unwrap_or_else(|| panic!("{name} has a value"));
    // Handed over: five answers to node 0, four questions to node 1, one answer to node 2. Owned: one, four, none.
    for (name, value) in [
        ("load.handled.mean", 10.0 / 3.0),
        ("load.handled.max_over_mean", 1.5),
        // Of 1, 4, 5: (−2 · 1 + 0 · 4 + 2 · 5) / (3 · 10).
        ("load.handled.gini", 8.0 / 30.0),
        ("load.owned.mean", 5.0 / 3.0),
        ("load.owned.max_over_mean", 12.0 / 5.0),
        // Of 0, 1, 4: (0 · 1 + 2 · 4) / (3 · 5).
        ("load.owned.gini", 8.0 / 15.0),
    ] {
        assert!((figure(name) - value).abs() < 1e-12, "{name}: {} and not {value}", figure(name));
    }
    let curve = &outcome.load.owned.spread.lorenz;
    // The last third of the nodes begins at 66.7 %, and has four fifths of all.
    assert!((curve[14] - (0.2 + 0.8 * 0.1)).abs() < 1e-12 && curve.len() == 21, "{curve:?}");
    let nobody = only(r#"(protocols: [Chord()], script: [(at: "0s", do: Converged(nodes: 3))], end: "30s")"#);
    assert_eq!((nobody.figure("load.owned.mean"), nobody.figure("load.owned.gini")), (Some(0.0), None));
    assert!(nobody.load.owned.spread.lorenz.is_empty());
}

#[test]
fn keys_and_copies_are_counted_by_hand() {
    // Ids 0 and 128 of 256: half of the keys are each node's, and each holds a copy of all where there are two. Node 1 goes.
    let of = |copies: u32, more: &str| {
        only(&format!(
            r#"(id_bits: 8, protocols: [Chord(maintenance: Manual)], script: [
                (at: "0s", do: Converged(nodes: 2, ids: Explicit([0, 128]))), (at: "20s", do: Crash(nodes: [1])),
            ], {more}placement: (at: "10s", keys: 100000, copies: {copies}), end: "30s")"#
        ))
    };
    let figure = |outcome: &Outcome, name: &str| outcome.figure(name).unwrap_or_else(|| panic!("{name} has a value"));
    let (one, both) = (of(1, ""), of(2, ""));
    // A share of half, to four standard errors, √(1 / 4 · 100,000).
    assert!((figure(&one, "placement.survived") - 0.5).abs() < 4.0 * 0.001_58);
    let owned = figure(&one, "placement.owned.max_over_mean");
    assert!((1.0..1.02).contains(&owned) && (figure(&one, "placement.owned.gini") - (owned - 1.0) / 2.0).abs() < 1e-12);
    assert!((figure(&one, "placement.owner_holds") - figure(&one, "placement.survived")).abs() < 1e-12);
    let all = |name: &str| both.figure(&format!("placement.{name}"));
    assert_eq!((all("survived"), all("owner_holds")), (Some(1.0), Some(1.0)));
    assert_eq!((all("copies.max_over_mean"), all("copies.gini")), (Some(1.0), Some(0.0)));
    assert_eq!(both.placement.copies.lorenz[10].to_bits(), 0.5f64.to_bits());
    let none = only(r#"(protocols: [Chord()], script: [(at: "0s", do: Converged(nodes: 3))], end: "30s")"#);
    for name in ["survived", "owner_holds", "owned.gini", "copies.max_over_mean"] {
        assert_eq!(none.figure(&format!("placement.{name}")), None, "{name}: nothing was placed");
    }
    let wanted = of(1, r#"expect: [(metric: "placement.survived", at_least: 0.4, at_most: 0.6)], "#);
    assert_eq!(wanted.fingerprint, one.fingerprint);
}

#[test]
fn what_is_sent_over_time_adds_up_to_what_is_sent() {
    let outcome = only(
        r#"(protocols: [Chord()], script: [(at: "0s", do: Converged(nodes: 10)), (at: "30s", do: Crash(count: 4))],
        workload: [Lookups(from: "20s", until: "40s", rate: "10/s", arrivals: Regular)], end: "60s")"#,
    );
    let tree = serde_json::to_value(&outcome).expect("plain data");
    let points = tree["series"].as_array().expect("a list");
    let seconds =
        |name: &str| -> Vec<f64> { points.iter().map(|point| point[name].as_f64().expect("nodes are up")).collect() };
    let (up, lookup, upkeep) = (seconds("nodes_up"), seconds("lookup_bytes"), seconds("upkeep_bytes"));
    assert!(lookup[..20].iter().chain(&lookup[45..]).all(|bytes| *bytes == 0.0) && lookup[25] > 0.0, "{lookup:?}");
    // Sixty stretches of a second.
    for (name, bytes) in [("lookup", lookup), ("upkeep", upkeep)] {
        let sum: f64 = bytes.iter().zip(&up).map(|(bytes, up)| bytes * up).sum();
        let total = outcome.figure(&format!("traffic.{name}.bytes_total")).expect("it was measured");
        assert!(total > 0.0 && (sum - total).abs() < 1e-6 * total, "{name}: {sum} and not {total}");
    }
}

#[test]
fn all_traffic_is_that_of_lookups_upkeep_and_joins() {
    let outcome = only(
        r#"(protocols: [Chord()], script: [(at: "0s", do: Converged(nodes: 10)), (at: "20s", do: Join(nodes: 2))],
        workload: [Lookups(from: "1s", rate: "10/s")], warm_up: "10s", end: "60s")"#,
    );
    let figure = |name: &str| outcome.figure(&format!("traffic.{name}")).expect("it was measured");
    for unit in ["messages_total", "bytes_total"] {
        let parts = ["lookup", "upkeep", "join"].map(|part| figure(&format!("{part}.{unit}")));
        assert!(parts.iter().all(|part| *part > 0.0), "{parts:?}");
        assert_eq!(figure(&format!("total.{unit}")).to_bits(), parts.iter().sum::<f64>().to_bits());
    }
    // Ten nodes for ten seconds, twelve for forty.
    assert!((figure("total.bytes") - figure("total.bytes_total") / (10.0 * 10.0 + 12.0 * 40.0)).abs() < 1e-9);
}

#[test]
fn holders_of_copies_are_judged_where_they_are_asked_for() {
    let of = |copies: &str| {
        only(&format!(
            r#"(protocols: [Chord(maintenance: Manual)], script: [
                (at: "0s", do: Converged(nodes: 20)), (at: "20s", do: Crash(nodes: [0])),
            ], workload: [Lookups(from: "1s", rate: "10/s"{copies})], end: "40s")"#
        ))
    };
    assert_eq!(of("").figure("lookups.holders_success"), None, "nobody asked");
    let asked = of(", copies: 3");
    let share = asked.figure("lookups.holders_success").expect("everybody asked");
    assert!((0.7..1.0).contains(&share), "where nobody mends the ring, lists still name the one that is gone: {share}");
    assert_eq!(asked.figure("lookups.issued"), of("").figure("lookups.issued"));
}

#[test]
fn a_phase_counts_the_lookups_that_were_issued_in_it() {
    let outcome = only(
        r#"(protocols: [Chord()], script: [(at: "0s", do: Converged(nodes: 20)), (at: "20s", do: Crash(fraction: 0.5))],
        workload: [Lookups(from: "0s", rate: "10/s", arrivals: Regular)], warm_up: "15s",
        phases: {"before": (from: "0s", until: "20s"), "just after": (from: "20s", until: "25s"),
            "end": (from: "19s", until: "40s"), "first": (from: "0s", until: "50ms")},
        end: "40s")"#,
    );
    let figure = |name: &str| outcome.figure(name);
    assert_eq!(figure("phases.before.issued"), Some(200.0), "those of the warm-up too");
    assert_eq!(figure("phases.just after.issued"), Some(50.0));
    assert_eq!(figure("phases.end.issued"), Some(210.0), "phases may overlap");
    assert_eq!((figure("phases.before.success"), figure("phases.before.timeouts.max")), (Some(1.0), Some(0.0)));
    assert!(figure("phases.just after.timeouts.mean") > figure("phases.end.timeouts.mean"));
    assert_eq!(figure("phases.first.issued"), Some(1.0));
    assert_eq!((figure("phases.end.from_s"), figure("phases.end.until_s")), (Some(19.0), Some(40.0)));
    assert_eq!((figure("phases.ende.issued"), figure("lookups.issued")), (None, Some(250.0)));
}

#[test]
fn nodes_that_are_up_and_messages_that_are_dropped_are_counted_by_hand() {
    // Ids 0 and 128 of 256, no upkeep. Node 1 is up for half of the 20 s that are measured; node 0 asks it twice, once at
    // each attempt, when it is gone.
    let outcome = only(
        r#"(id_bits: 8, protocols: [Chord(maintenance: Manual, retries: 1)], network: (latency: Constant("50ms")),
        script: [
            (at: "0s", do: Converged(nodes: 2, ids: Explicit([0, 128]))),
            (at: "20s", do: Crash(nodes: [1])),
            (at: "25s", do: Lookup(node: 0, key: 10)),
        ],
        warm_up: "10s", end: "30s")"#,
    );
    let figure = |name: &str| outcome.figure(name).unwrap_or_else(|| panic!("{name} has a value"));
    for (name, value) in [
        ("population.mean", 1.5),
        ("population.least", 1.0),
        ("population.most", 2.0),
        ("drops.node_down", 2.0),
        ("drops.loss", 0.0),
        ("drops.total", 2.0),
    ] {
        assert!((figure(name) - value).abs() < 1e-9, "{name}: {} and not {value}", figure(name));
    }
}

#[test]
fn what_waits_at_queues_is_counted_by_hand() {
    // Node 0 asks node 1 twice at one instant: 33 + 1 bytes each through an uplink of 34 bytes a second, so the second
    // waits for a second. Each answer of 33 bytes takes the same way back; the second comes after the first is out.
    let outcome = only(
        r#"(id_bits: 8, protocols: [Chord(maintenance: Manual, timeout: Fixed("10s"))],
        network: (latency: Constant("50ms"), bandwidth: (up: "34B/s", down: "1Gbit/s")),
        script: [
            (at: "0s", do: Converged(nodes: 2, ids: Explicit([0, 128]))),
            (at: "5s", do: Lookup(node: 0, key: 10)),
            (at: "5s", do: Lookup(node: 0, key: 11)),
        ],
        end: "30s")"#,
    );
    let figure = |name: &str| outcome.figure(name).unwrap_or_else(|| panic!("{name} has a value"));
    for (name, value) in [
        ("queueing.uplink.passed", 4.0),
        ("queueing.uplink.waited_share", 0.25),
        ("queueing.uplink.wait_ms_mean", 250.0),
        ("queueing.uplink.wait_ms_max", 1000.0),
        ("queueing.uplink.dropped", 0.0),
        ("queueing.downlink.passed", 4.0),
        ("queueing.service.passed", 0.0),
        ("lookups.correct", 2.0),
    ] {
        assert!((figure(name) - value).abs() < 0.01, "{name}: {} and not {value}", figure(name));
    }
}

#[test]
fn transfers_are_counted_by_hand() {
    // A chunk takes either link 1 ms. From two senders two come to node 2 every millisecond, and one goes through, until after
    // ten milliseconds ten wait; in the other 90 one of the two is dropped.
    let outcome = only(
        r#"(protocols: [Chord(maintenance: Manual)],
        network: (bandwidth: (up: "1MB/s", down: "1MB/s", queue: "10kB")),
        script: [
            (at: "0s", do: Converged(nodes: 5)),
            (at: "1s", do: Transfer(from: 0, to: 2, size: "100kB", chunk: "1kB")),
            (at: "1s", do: Transfer(from: 1, to: 2, size: "100kB", chunk: "1kB")),
            (at: "2s", do: Transfer(from: 2, to: 0, size: "100kB", chunk: "1kB")),
            (at: "3s", do: Transfer(from: 2, to: 3, size: "1MB", chunk: "1kB")),
            (at: "3500500us", do: Crash(nodes: [3])),
            (at: "4s", do: Transfer(from: 0, to: 4, size: "10MB", chunk: "1kB")),
        ],
        end: "5s")"#,
    );
    let figure = |name: &str| outcome.figure(name).unwrap_or_else(|| panic!("{name} has a value"));
    for (name, value) in [
        ("transfers.begun", 5.0),
        ("transfers.ended", 3.0),
        ("transfers.cut_off", 1.0),
        // Of the fourth those of 0, 1 .. 500 ms; of the fifth one every millisecond of the last second.
        ("transfers.bytes_offered", 300_000.0 + 501_000.0 + 1_000_000.0),
        ("transfers.bytes_dropped", 90_000.0),
        ("transfers.time_s.max", 0.111),
        ("queueing.uplink.passed", 0.0),
        ("traffic.upkeep.messages_total", 0.0),
    ] {
        assert!((figure(name) - value).abs() < 1e-9, "{name}: {} and not {value}", figure(name));
    }
    let none = only(r#"(protocols: [Chord()], script: [(at: "0s", do: Join(nodes: 2))], end: "5s")"#);
    assert_eq!((none.figure("transfers.begun"), none.figure("transfers.time_s.mean")), (Some(0.0), None));
}

#[test]
fn only_joins_over_the_network_count_and_only_those_that_were_done() {
    let outcome = only(
        r#"(protocols: [Chord()], script: [
            (at: "0s", do: Converged(nodes: 10)),
            (at: "1s", do: Join(nodes: 2)),
            (at: "10s", do: Partition(parts: [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]])),
            (at: "11s", do: Join(nodes: 3)),
        ], end: "30s")"#,
    );
    assert_eq!((outcome.joins, outcome.joins_asked), (2, 5));
    let each = outcome.figure("messages_per_join.mean").expect("two joins were done");
    assert!((4.0..40.0).contains(&each), "a few exchanges, and not those of the hopeless: {each}");
}

#[test]
fn recovery_is_told_only_where_it_was_seen() {
    let text = |workload: &str, maintenance: &str| {
        format!(
            r#"(protocols: [Chord(maintenance: {maintenance}, successors: 2)], script: [
                (at: "0s", do: Converged(nodes: 40)), (at: "60s", do: Crash(fraction: 0.6)),
            ], workload: [Lookups(from: "1s", rate: "20/s"{workload})], end: "200s")"#
        )
    };
    let no_lookup_after = only(&text(r#", until: "50s""#, "Periodic"));
    assert_eq!(no_lookup_after.figure("recovery.correct_after_s"), None);
    assert_eq!(no_lookup_after.figure("recovery.correct_99_after_s"), None);
    let quiet_before = only(&text("", "Periodic"));
    assert!(quiet_before.figure("recovery.no_timeouts_after_s").is_some_and(|after| after > 0.0));
    let (all, nearly_all) = ("recovery.correct_after_s", "recovery.correct_99_after_s");
    assert!(quiet_before.figure(nearly_all) <= quiet_before.figure(all).map(|seconds| seconds.floor() + 1.0));
    let never = only(&text("", "Manual"));
    let stretch = never.figure(nearly_all);
    assert!(stretch.is_none_or(|after| after > 100.0), "right at best for a lucky while at the end: {stretch:?}");
    assert!(never.figure("lookups.success").is_some_and(|success| success < 0.9), "nothing mends this ring");
    let last = never.figure("recovery.no_timeouts_after_s");
    assert!(last.is_none_or(|after| after > 100.0), "silence to the end: {last:?}");
}

#[test]
fn requests_that_find_nobody_up_are_counted() {
    let outcome = only(
        r#"(protocols: [Chord()], script: [(at: "0s", do: Join(nodes: 10)), (at: "30s", do: Crash(fraction: 1.0))],
            workload: [Lookups(from: "20s", until: "60s", rate: "5/s", arrivals: Regular)], end: "60s")"#,
    );
    let figure = |metric| outcome.figure(metric).expect("it was measured");
    assert_eq!((figure("lookups.issued"), figure("lookups_unasked")), (50.0, 150.0));
}

#[test]
fn a_recursive_lookup_of_which_nothing_is_heard_has_met_silence() {
    // Nothing reaches node 0 any more.
    let outcome = only(
        r#"(protocols: [Chord(lookup: Recursive, maintenance: Manual)], network: (latency: Constant("20ms")), script: [
            (at: "0s", do: Converged(nodes: 3)), (at: "1s", do: Cut(from: [1, 2], to: [0])),
        ], workload: [Lookups(from: "2s", until: "60s", rate: "5/s", issuers: [0])], end: "80s")"#,
    );
    let figure = |metric| outcome.figure(metric).expect("it was measured");
    assert!(figure("lookups.failed") > 100.0);
    assert!(figure("lookups.timeouts.max") >= 3.0, "it is sent out again after 2.5, 5 and 7.5 s");
    assert!(figure("lookups.time_lost_ms.max") >= 7_500.0);
}

/// The same nodes go at the same instant, and the same lookups are asked: each seed is a pair.
#[test]
fn a_crash_is_not_a_goodbye() {
    let run = |verb: &str| {
        executed(&format!(
            r#"(id_bits: 16, protocols: [Chord(successors: 8)], network: (latency: LogNormal(median: "40ms", sigma: 0.4)),
            script: [(at: "0s", do: Join(nodes: 20, every: "200ms")), (at: "120s", do: {verb}(fraction: 0.5))],
            workload: [Lookups(from: "60s", rate: "10/s")], warm_up: "120s", end: "180s", seeds: 1..21)"#
        ))
    };
    let (crash, leave) = (run("Crash"), run("Leave"));
    for metric in ["lookups.timeouts.mean", "lookups.latency_ms.mean"] {
        let pairs = crash.document.results.iter().zip(&leave.document.results);
        let figure = |outcome: &Outcome| outcome.figure(metric).expect("it was measured");
        let differences: Vec<f64> = pairs.map(|(crash, leave)| figure(crash) - figure(leave)).collect();
        let mean = differences.iter().sum::<f64>() / differences.len() as f64;
        let square = differences.iter().map(|d| (d - mean) * (d - mean)).sum::<f64>() / (differences.len() - 1) as f64;
        let error = (square / differences.len() as f64).sqrt();
        assert!(mean > 3.0 * error, "{metric}: crash minus leave is {mean} with a standard error of {error}");
    }
    let crashes: Vec<u64> = crash.document.results.iter().map(|outcome| outcome.crashes).collect();
    assert!(crashes.iter().all(|crashes| *crashes == 10), "{crashes:?}");
}

fn only(text: &str) -> Outcome {
    let executed = executed(text);
    assert_eq!(executed.document.results.len(), 1);
    executed.document.results.into_iter().next().expect("there is one result")
}

fn executed(text: &str) -> Executed {
    let input = Input { name: "test".to_owned(), title: "test".to_owned(), bytes: text.as_bytes().to_vec() };
    execute(&input, &NoFiles, &Choice::default(), &Progress::default()).expect("the scenario runs")
}
