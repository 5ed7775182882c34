//! One world for all: protocols under one seed meet the same delays and losses, measured entries are the delays that come out, and runs at the edge end.

#[path = "common/shipped.rs"]
mod shipped;
#[path = "common/watching.rs"]
mod watching;

use std::collections::{BTreeMap, BTreeSet};

use scenarios::ast::Scenario;
use scenarios::oracle::Outcome;
use scenarios::plan::Plan;
use scenarios::read;
use shipped::FileOf;
use sim::address::Address;
use sim::network::DropCause;
use sim::time::{SimTime, Span};
use watching::{Watched, What, watch};

#[test]
fn a_measured_entry_is_the_delay_that_comes_out_to_the_nanosecond() {
    // Half a round trip is no whole number of nanoseconds here: one way has one more than the other.
    let odd = "0,12.345679\n12.345679,0\n";
    assert_eq!(round_trips(odd, "RoundTrip"), [12_345_679]);
    assert_eq!(round_trips(odd, "OneWay"), [2 * 12_345_679]);
    let lopsided = "0,10\n30.000002,0\n";
    assert_eq!(round_trips(lopsided, "RoundTrip"), [20_000_001]);
    assert_eq!(round_trips(lopsided, "OneWay"), [40_000_002]);
    let topology = "topology E2EGraph 2\nloss_rate 0\n\nnode 1\nnode 2\n1,2 17\n";
    assert_eq!(round_trips(topology, ""), [34_000_000]);
    let halved = "topology E2EAsymGraph 2\nloss_rate 0\n\nnode 1\nnode 2\n1,2 17\n2,1 20\n";
    assert_eq!(round_trips(halved, ""), [19_000_000]);
}

/// All different times from issue to the other's reply, in nanoseconds, between two nodes.
fn round_trips(file: &'static str, values: &str) -> Vec<u64> {
    let values = if values.is_empty() { String::new() } else { format!(", values: {values}") };
    let network = format!(r#"latency: Matrix(file: "two"{values}, placement: InOrder)"#);
    let mut times: Vec<u64> = latencies(&two_nodes(&network, "", "", file)).into_iter().map(|(_, time)| time).collect();
    times.sort_unstable();
    times.dedup();
    times
}

#[test]
fn a_slow_node_takes_its_time_until_it_is_mended() {
    let network = r#"latency: Constant("10ms")"#;
    let slow = r#", (at: "20s", do: Slow(nodes: [1], service: Constant("5ms"), lasts: "20s"))"#;
    let round_trip = |hosts: &str, from: u64, until: u64| {
        let seen = latencies(&two_nodes(network, hosts, slow, ""));
        let mut times: Vec<u64> =
            seen.iter().filter(|(at, _)| (from..until).contains(at)).map(|(_, time)| time / 1_000_000).collect();
        times.sort_unstable();
        times[times.len() / 2]
    };
    assert_eq!([(10, 19), (21, 39), (41, 60)].map(|(from, until)| round_trip("", from, until)), [20, 25, 20]);
    let all = r#"slow: [(share: 1.0, service: Constant("2ms"))]"#;
    assert_eq!([(10, 19), (21, 39), (41, 60)].map(|(from, until)| round_trip(all, from, until)), [24, 27, 24]);
}

#[test]
fn a_message_takes_as_long_as_both_access_links_need_for_its_bytes() {
    let network = r#"latency: Constant("10ms"), bandwidth: (up: "80kbit/s", down: "1MB/s")"#;
    let seen = two_nodes(network, "", "", "").seen;
    let mut exact = 0;
    for (at, what) in &seen {
        let What::Sent(from, to, message, bytes) = what else { continue };
        let arrived = seen.iter().find(|(now, other)| {
            now >= at && matches!(other, What::Delivered(one, two, text) if (one, two, text) == (from, to, message))
        });
        let Some((arrived, _)) = arrived else { continue };
        let bytes = u64::from(*bytes);
        let least = Span::from_millis(10) + Span::from_micros(bytes * 100) + Span::from_micros(bytes);
        assert!(*arrived - *at >= least, "{message}");
        exact += u32::from(*arrived - *at == least);
    }
    assert!(exact > 100, "{exact}: the links are idle nearly always");
}

/// When lookups were issued, in seconds, and after how many nanoseconds the other replied.
fn latencies(watched: &Watched) -> Vec<(u64, u64)> {
    assert!(watched.judged.len() > 100);
    let others = watched.judged.iter().filter(|judged| judged.owner.is_some_and(|owner| owner != judged.issuer));
    let at = |at: SimTime| at.since(SimTime::ZERO).as_nanos() / 1_000_000_000;
    others.filter_map(|judged| Some((at(judged.issued), judged.latency()?.as_nanos()))).collect()
}

/// A minute in which two nodes look each other up.
fn two_nodes(network: &str, hosts: &str, lines: &str, file: &'static str) -> Watched {
    let text = format!(
        r#"(
    protocols: [Kademlia()],
    network: ({network}),
    hosts: ({hosts}),
    script: [(at: "0s", do: Join(nodes: 2)){lines}],
    workload: [Lookups(from: "10s", rate: "5/s", keys: NodeIds)],
    end: "60s",
)"#
    );
    let (scenario, plan) = made(&text, file);
    watch(&scenario, &plan, 0)
}

#[test]
fn two_protocols_under_one_seed_meet_the_same_delays_and_losses() {
    let jitters = ["Independent(sigma: 0.3)", r#"AutoRegressive(sigma: 0.6, correlation: 0.8, every: "500ms")"#];
    let worlds = [
        (
            r#"Regions(preset: "world-2019", bandwidth: [])"#,
            jitters[1],
            r#"GilbertElliott(mean: 0.2, burst: "300ms", per: Access)"#,
        ),
        (
            r#"Pareto(minimum: "20ms", shape: 1.5, per: Packet)"#,
            jitters[0],
            r#"GilbertElliott(mean: 0.2, burst: "300ms")"#,
        ),
        (r#"Plane(side: "120ms", access: LogNormal(median: "5ms", sigma: 0.8))"#, jitters[1], "Bernoulli(0.2)"),
        (r#"Matrix(file: "three", values: OneWay)"#, jitters[0], "Bernoulli(0.2)"),
        (r#"Weibull(scale: "40ms", shape: 0.7)"#, jitters[1], "Bernoulli(0.2)"),
    ];
    for (latency, jitter, loss) in worlds {
        let world = format!("latency: {latency}, jitter: {jitter}, loss: {loss}, duplicate: 0.1");
        let [one, other] = [0, 1].map(|protocol| fates(&run_in(&world, 7, protocol)));
        let both = one.iter().filter_map(|(when, fate)| Some((when, fate, other.get(when)?)));
        let (mut same, mut lost, mut twice) = (0, 0, 0);
        for (when, fate, other) in both {
            assert_eq!(fate, other, "{world}: {when:?}");
            same += 1;
            lost += u32::from(fate.is_empty());
            twice += u32::from(fate.len() == 2);
        }
        assert!(same > 1_000 && lost > 100 && twice > 50, "{world}: {same} in common, {lost} lost, {twice} doubled");
        // With another seed the same messages fare otherwise.
        let strange = fates(&run_in(&world, 8, 1));
        let unlike = one.iter().filter(|(when, fate)| strange.get(when).is_some_and(|other| other != *fate)).count();
        let alike = one.iter().filter(|(when, fate)| strange.get(when).is_some_and(|other| other == *fate)).count();
        assert!(alike < unlike, "{world}: {alike} alike, {unlike} not");
    }
}

/// Regular lookups, so that messages leave at the same instants with every seed.
fn run_in(world: &str, seed: u64, protocol: usize) -> Watched {
    let text = format!(
        r#"(
    id_bits: 16,
    protocols: [Chord(), Kademlia()],
    network: ({world}),
    script: [(at: "0s", do: Converged(nodes: 4))],
    workload: [Lookups(from: "1s", rate: "200/s", arrivals: Regular)],
    end: "20s",
    seed: {seed},
)"#
    );
    let (scenario, plan) = made(&text, "0,10,20\n11,0,30\n21,31,0\n");
    watch(&scenario, &plan, protocol)
}

type When = (SimTime, Address, Address);

/// After which delays the message arrived that left on a link at an instant: none if it was lost, two if it was doubled. Of
/// messages that cannot be told apart nothing is said.
fn fates(watched: &Watched) -> BTreeMap<When, Vec<Span>> {
    let mut sent: BTreeMap<When, u32> = BTreeMap::new();
    let mut lost: BTreeSet<When> = BTreeSet::new();
    for (now, what) in &watched.seen {
        match what {
            What::Sent(from, to, ..) => *sent.entry((*now, *from, *to)).or_default() += 1,
            // What is lost is so at once.
            What::Dropped(from, to, _, DropCause::Loss) => _ = lost.insert((*now, *from, *to)),
            _ => {}
        }
    }
    let mut under_way: BTreeMap<(Address, Address, &str), Vec<When>> = BTreeMap::new();
    for (now, what) in &watched.seen {
        let when = |from: &Address, to: &Address| (*now, *from, *to);
        if let What::Sent(from, to, message, _) = what
            && !lost.contains(&when(from, to))
        {
            under_way.entry((*from, *to, message)).or_default().push(when(from, to));
        }
    }
    let mut fates: BTreeMap<When, Vec<Span>> = lost.iter().map(|when| (*when, Vec::new())).collect();
    for (now, what) in &watched.seen {
        if let What::Delivered(from, to, message) = what
            && let [when] = under_way[&(*from, *to, message.as_str())][..]
        {
            fates.entry(when).or_default().push(*now - when.0);
        }
    }
    for delays in fates.values_mut() {
        delays.sort_unstable();
    }
    fates.retain(|when, _| sent[when] == 1 && when.0 < SimTime::ZERO + Span::from_secs(15));
    fates
}

#[test]
fn a_network_that_loses_everything_and_one_that_carries_a_byte_a_second_end() {
    for network in [
        "loss: Bernoulli(1.0)",
        r#"bandwidth: (up: "1B/s", down: "1B/s")"#,
        r#"bandwidth: (up: "1bit/s", down: "1Gbit/s", queue: "1B")"#,
    ] {
        let text = format!(
            r#"(
    id_bits: 16,
    protocols: [Chord(), Kademlia(), Pastry()],
    network: ({network}),
    script: [(at: "0s", do: Join(nodes: 5, every: "1s"))],
    workload: [Lookups(from: "10s", rate: "5/s")],
    end: "60s",
)"#
        );
        let (scenario, plan) = made(&text, "");
        for protocol in 0..3 {
            let seen = watch(&scenario, &plan, protocol);
            assert!(seen.judged.len() > 150, "{network}: {}", seen.judged.len());
            let far = seen.judged.iter().filter(|judged| judged.owner.is_some_and(|owner| owner != judged.issuer));
            assert_eq!(far.count(), 0, "{network}: nobody is reached in time");
            assert!(seen.judged.iter().any(|judged| judged.outcome != Outcome::Correct), "{network}");
        }
    }
}

fn made(text: &str, file: &'static str) -> (Scenario, Plan) {
    read::plan("made.ron", text.as_bytes(), None, &FileOf(file)).unwrap_or_else(|error| panic!("{error}"))
}
