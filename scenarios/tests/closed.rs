//! Closed loops as they run: how many lookups are in flight, how fast they follow each other, who begins and who ends.

#[path = "common/shipped.rs"]
mod shipped;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use protocols::Visitor;
use protocols::dht::{Dht, FailureReason, Report, Request};
use protocols::key::Key;
use scenarios::ast::Scenario;
use scenarios::oracle::{Judged, Outcome};
use scenarios::plan::Plan;
use scenarios::read;
use scenarios::run::{Observer, run};
use shipped::FileOf;
use sim::address::Address;
use sim::fingerprint::FingerprintValue;
use sim::protocol::RequestId;
use sim::record::{Fact, Recorder};
use sim::time::{SimTime, Span};

#[test]
fn every_node_has_as_many_in_flight_as_it_may_and_never_more() {
    let seen = watch(0, r#"ClosedLoop(from: "5s", in_flight: 3)"#, "", "10s");
    assert_eq!(seen.most.len(), 8, "everybody asks");
    assert!(seen.most.values().all(|most| *most == 3), "{:?}", seen.most);
    assert!(seen.judged.len() > 200);
}

/// Little's law, `throughput * (time to end + thought) = in flight`, in whole nanoseconds: the cycles of a place fill the run,
/// but for what is missing of the last or left over of its thought.
#[test]
fn throughput_is_what_littles_law_says() {
    for (think, millis, label) in [("0s", 0, 0), ("0s", 0, 1), ("200ms", 200, 0), ("1s", 1000, 1)] {
        let workload = format!(r#"ClosedLoop(from: "0s", in_flight: 2, think: Constant("{think}"))"#);
        let seen = watch(label, &workload, "", "200s");
        let thought = Span::from_millis(millis);
        // A lookup that ends at once is followed a millisecond later.
        let cycle = |one: &Judged| match one.ended - one.issued {
            Span::ZERO => thought.max(Span::from_millis(1)),
            time => time + thought,
        };
        let ended = seen.judged.iter().filter(|one| one.outcome != Outcome::Abandoned).map(cycle);
        let cycles: Vec<u64> = ended.map(Span::as_nanos).collect();
        let (filled, longest) = (cycles.iter().sum::<u64>(), *cycles.iter().max().expect("some end"));
        // Of eight nodes, each with so many per cent of a lookup in flight.
        let is_it = |percent: u64| {
            let whole = 8 * percent * 200_000_000_000 / 100;
            filled.abs_diff(whole) <= 8 * percent * longest / 100
        };
        assert!(is_it(200) && !is_it(205) && !is_it(195), "{think} {label}: {filled} {longest}");
    }
}

#[test]
fn the_next_is_asked_a_thought_after_the_end() {
    let seen = watch(0, r#"ClosedLoop(from: "5s", until: "15s", think: Constant("700ms"))"#, "", "20s");
    for node in (0..8).map(Address) {
        let mine: Vec<&Judged> = seen.judged.iter().filter(|one| one.issuer == node).collect();
        assert_eq!(mine[0].issued, at(5_000));
        assert!(mine.windows(2).all(|pair| pair[1].issued - pair[0].ended == Span::from_millis(700)));
        let last = mine[mine.len() - 1];
        assert!(last.issued < at(15_000) && last.ended >= at(14_300), "it goes on until the loop ends");
    }
}

/// With a deadline shorter than it takes to find anybody silent, lookups fail by it, but for those that a node can answer
/// itself.
#[test]
fn where_every_message_is_lost_each_lookup_ends_by_its_deadline_and_the_next_is_asked() {
    let deadline = Span::from_millis(300);
    let lossy = text("loss: Bernoulli(1.0)", r#"ClosedLoop(from: "1s", in_flight: 2)"#, "", "5s");
    let (scenario, plan) = made(&lossy.replace("()", r#"(lookup_deadline: "300ms")"#));
    for label in 0..3 {
        let (seen, _) = run_with(&scenario, &plan, label);
        let by_deadline = |one: &&Judged| one.outcome == Outcome::Failed(FailureReason::Deadline);
        let failed: Vec<&Judged> = seen.judged.iter().filter(by_deadline).collect();
        assert!(failed.len() > 50, "protocol {label}: {}", failed.len());
        for one in &failed {
            assert_eq!(one.ended - one.issued, deadline);
            let is_next = |other: &&Judged| other.issuer == one.issuer && other.issued == one.ended;
            assert!(one.ended >= at(5_000) || seen.judged.iter().any(|other| is_next(&other)), "{one:?}");
        }
        let is_cut_short = |one: &&Judged| one.outcome == Outcome::Abandoned;
        assert!(seen.judged.iter().filter(is_cut_short).all(|one| one.issued + deadline >= at(5_000)));
        assert!(seen.most.values().all(|most| *most == 2));
    }
}

/// Whoever takes everybody for dead answers himself, at once and for ever: a run of it ends all the same.
#[test]
fn where_every_message_is_lost_for_long_a_run_still_ends() {
    let seen = watch_in("loss: Bernoulli(1.0)", 2, r#"ClosedLoop(from: "1s")"#, "", "20s");
    let places = 8;
    assert!(seen.judged.len() > 10_000 && seen.judged.len() <= places * 19_000, "{}", seen.judged.len());
}

#[test]
fn a_node_that_is_alone_asks_a_thousand_times_a_second_and_not_for_ever() {
    let text = r#"(protocols: [Chord(), Kademlia(), Pastry()], script: [(at: "0s", do: Join(nodes: 1))],
        workload: [ClosedLoop(from: "1s", until: "3s", in_flight: 2)], end: "4s")"#;
    let (scenario, plan) = made(text);
    for label in 0..3 {
        let (seen, _) = run_with(&scenario, &plan, label);
        assert_eq!(seen.judged.len(), 4_000, "protocol {label}");
        assert!(seen.judged.iter().all(|one| one.outcome == Outcome::Correct && took(one) == 0.0));
    }
}

#[test]
fn whoever_joins_or_comes_back_begins_and_whoever_goes_stops() {
    let script = r#"(at: "10s", do: Join(nodes: 1)), (at: "20s", do: Crash(nodes: [2])), (at: "30s", do: Restart(nodes: [2])),
        (at: "20s", do: Leave(nodes: [3])), (at: "35s", do: Pause(nodes: [4], lasts: "5s"))"#;
    for label in 0..3 {
        let seen =
            watch(label, r#"ClosedLoop(from: "5s", in_flight: 2, think: Exponential(mean: "100ms"))"#, script, "60s");
        let not_joined = |one: &&Judged| one.outcome == Outcome::Failed(FailureReason::NotJoined);
        assert_eq!(seen.judged.iter().filter(not_joined).count(), 0, "nobody asks who is no member");
        assert!(seen.most.values().all(|most| *most == 2));
        let asked_within = |node: u32, from: u64, until: u64| {
            let mine = seen.judged.iter().filter(|one| one.issuer == Address(node));
            mine.filter(|one| one.issued >= at(from) && one.issued < at(until)).count()
        };
        assert!(asked_within(2, 5_000, 20_000) > 20 && asked_within(2, 32_000, 60_000) > 20, "protocol {label}");
        assert_eq!(asked_within(2, 20_001, 30_000), 0);
        assert!(asked_within(3, 5_000, 20_000) > 20);
        assert_eq!(asked_within(3, 22_000, 60_000), 0);
        assert_eq!(asked_within(8, 0, 10_000), 0);
        assert!(asked_within(8, 13_000, 60_000) > 20, "protocol {label}");
        assert!(asked_within(4, 41_000, 60_000) > 20, "a pause is no end");
        let joined = &seen.joined[&Address(2)];
        let first = seen.judged.iter().find(|one| one.issuer == Address(2) && one.issued > at(25_000));
        assert_eq!(
            first.map(|one| one.issued),
            joined.last().copied(),
            "it begins in the instant in which it has joined"
        );
    }
}

#[test]
fn only_issuers_ask_and_loops_do_not_disturb_each_other() {
    let one = r#"ClosedLoop(from: "5s", issuers: [1, 4], keys: Runs(length: 3), draws: 7)"#;
    let alone = watch(0, one, "", "20s");
    assert_eq!(alone.most.keys().copied().collect::<Vec<_>>(), [Address(1), Address(4)]);
    let beside = watch(0, &format!(r#"Lookups(from: "6s", rate: "5/s", issuers: [2]), {one}"#), "", "20s");
    for node in [Address(1), Address(4)] {
        assert_eq!(keys_of(&alone, node), keys_of(&beside, node), "what it draws is keyed by its number alone");
    }
}

/// The latency of each is its own; what is asked is not.
#[test]
fn two_protocols_ask_for_the_same_keys_in_the_same_places() {
    let workload = r#"ClosedLoop(from: "5s", think: Exponential(mean: "1s"), keys: Gaussian(deviation: 0.1))"#;
    let (one, other) = (watch(0, workload, "", "60s"), watch(1, workload, "", "60s"));
    for node in (0..8).map(Address) {
        let (one, other) = (keys_of(&one, node), keys_of(&other, node));
        let both = one.len().min(other.len());
        assert!(both > 20);
        assert_eq!(one[..both], other[..both]);
        assert_eq!(BTreeSet::from_iter(&one).len(), one.len(), "each draws anew");
    }
}

#[test]
fn a_printed_plan_keeps_its_loops_and_what_they_draw() {
    let workload = r#"Lookups(from: "3s", rate: "5/s"), ClosedLoop(from: "5s", in_flight: 2, keys: NodeIds),
        Lookups(from: "3s", rate: "1/10s", per: Node), ClosedLoop(from: "9s", until: "15s", think: Exponential(mean: "1s"))"#;
    let script =
        r#"(at: "10s", do: Join(nodes: 2)), (at: "12s", do: Crash(count: 2)), (at: "14s", do: Restart(count: 1))"#;
    let (original, plan) = made(&text("", workload, script, "20s"));
    let (printed, again) = made(&read::write(&plan.to_scenario(&original)));
    assert_eq!(printed.workload.len(), 2, "the others are unrolled");
    assert_eq!(again.to_scenario(&printed), printed);
    for label in 0..3 {
        let (one, other) = (run_with(&original, &plan, label), run_with(&printed, &again, label));
        assert_eq!(one.1, other.1, "protocol {label}");
        assert!(one.0.judged.len() > 500);
    }
}

fn keys_of(seen: &Seen, node: Address) -> Vec<Key> {
    let mut mine: Vec<&Judged> = seen.judged.iter().filter(|one| one.issuer == node).collect();
    mine.sort_by_key(|one| one.number);
    mine.iter().map(|one| one.key).collect()
}

/// Seconds from issue to end.
fn took(one: &Judged) -> f64 {
    (one.ended - one.issued).as_secs_f64()
}

fn at(millis: u64) -> SimTime {
    SimTime::ZERO + Span::from_millis(millis)
}

/// What eight nodes do with this workload, besides what the script says.
fn watch(label: usize, workload: &str, script: &str, end: &str) -> Seen {
    watch_in("", label, workload, script, end)
}

fn watch_in(network: &str, label: usize, workload: &str, script: &str, end: &str) -> Seen {
    let (scenario, plan) = made(&text(network, workload, script, end));
    run_with(&scenario, &plan, label).0
}

fn text(network: &str, workload: &str, script: &str, end: &str) -> String {
    format!(
        r#"(protocols: [Chord(), Kademlia(), Pastry()], network: (latency: Constant("50ms"), {network}),
            script: [(at: "0s", do: Converged(nodes: 8)), {script}], workload: [{workload}], end: "{end}")"#
    )
}

fn made(text: &str) -> (Scenario, Plan) {
    read::plan("made.ron", text.as_bytes(), None, &FileOf("")).unwrap_or_else(|error| panic!("{error}"))
}

fn run_with(scenario: &Scenario, plan: &Plan, label: usize) -> (Seen, FingerprintValue) {
    scenario.protocols.0[label].1.visit(Running(plan))
}

struct Running<'a>(&'a Plan);

impl Visitor for Running<'_> {
    type Output = (Seen, FingerprintValue);

    fn visit<P: Dht>(self, settings: &P::Settings) -> Self::Output {
        let control = &mut |_| ControlFlow::Continue(());
        let finished = run::<P, Seen>(self.0, settings, Seen::default(), control).expect("nobody stops it");
        (finished.observer, finished.fingerprint)
    }
}

/// What was asked and how it ended.
#[derive(Default)]
struct Seen {
    judged: Vec<Judged>,
    flying: BTreeMap<Address, BTreeSet<RequestId>>,
    /// The most that each node had in flight at once.
    most: BTreeMap<Address, usize>,
    joined: BTreeMap<Address, Vec<SimTime>>,
}

impl<P: Dht> Recorder<P> for Seen {
    fn record(&mut self, now: SimTime, fact: &Fact<'_, P>) {
        match fact {
            Fact::Asked { node, request: Request::Lookup { .. }, cause } => {
                let flying = self.flying.entry(*node).or_default();
                flying.insert(cause.request);
                let most = self.most.entry(*node).or_default();
                *most = flying.len().max(*most);
            }
            Fact::Reported { node, report: Report::Joined, .. } => self.joined.entry(*node).or_default().push(now),
            Fact::Reported { node, report: Report::Answered(_) | Report::Failed(_), cause } => {
                self.flying.entry(*node).or_default().remove(&cause.request);
            }
            Fact::Stopped { node, .. } => _ = self.flying.remove(node),
            _ => {}
        }
    }
}

impl<P: Dht> Observer<P> for Seen {
    fn judged(&mut self, lookup: &Judged) {
        self.judged.push(lookup.clone());
    }
}
