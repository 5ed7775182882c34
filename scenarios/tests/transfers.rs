//! Bulk transfers as they run: when chunks pass the lines, what waits for them, who is cut off, and what does not move.

#[path = "common/shipped.rs"]
mod shipped;

use std::ops::ControlFlow;

use protocols::Visitor;
use protocols::dht::Dht;
use scenarios::ast::Scenario;
use scenarios::oracle::Judged;
use scenarios::plan::{Deed, Line, Plan};
use scenarios::read;
use scenarios::run::{Observer, TransferFigures, run};
use shipped::FileOf;
use sim::access::AccessFigures;
use sim::address::Address;
use sim::fingerprint::FingerprintValue;
use sim::record::{Fact, Recorder};
use sim::time::{SimTime, Span};

/// Node 0 sends node 1 a chunk of 10 kB at 1 s. It leaves the uplink of 1 MB/s after 10 ms, and is through the downlink of
/// 1 MB/s after 20 ms. Node 2 asks node 1: what comes to the downlink before the chunk does not wait for it, what comes
/// after it does, to the nanosecond.
#[test]
fn a_chunk_comes_to_the_downlink_when_it_is_through_the_uplink() {
    let asked_at = |micros: u64| {
        let lines = format!(
            r#"(at: "1s", do: Transfer(from: 0, to: 1, size: "10kB")),
            (at: "{}us", do: Lookup(node: 2, key: 80))"#,
            1_000_000 + micros
        );
        let seen = watch(0, &text(&lines, "", r#"up: "1MB/s", down: "1MB/s""#, "3s"), 1);
        let (at, _, to) = seen.delivered[0];
        assert_eq!((to, seen.figures.ended, &seen.figures.times[..]), (Address(1), 1, &[MS.times(20)][..]));
        (at - (SimTime::ZERO + SECOND)).as_nanos() / 1000
    };
    // A request of 34 bytes takes 34 us on each line, and 1 ms on the way: without the chunk it is handled after 1,068.
    assert_eq!(asked_at(0), 1_068);
    assert_eq!(asked_at(8_900), 9_968, "it comes 66 us before the chunk");
    assert_eq!(asked_at(8_966), 20_034, "both come at once, the chunk first");
    assert_eq!(asked_at(15_000), 20_034, "the chunk is under way");
    assert_eq!(asked_at(19_000), 20_068, "the chunk is through");
}

#[test]
fn a_message_waits_behind_the_chunks_of_its_own_node() {
    let lines = r#"(at: "1s", do: Transfer(from: 2, to: 0, size: "45kB", pace: "1MB/s")),
        (at: "1002ms", do: Lookup(node: 2, key: 80)), (at: "1059s", do: Lookup(node: 2, key: 80))"#
        .replace("1059s", "1050ms");
    let seen = watch(0, &text(&lines, "", r#"up: "2MB/s", down: "1GB/s""#, "3s"), 1);
    // Chunks of 15 kB leave at 0, 15 and 30 ms, and each takes 7.5 ms.
    let first = (seen.delivered[0].0 - (SimTime::ZERO + SECOND)).as_nanos();
    assert_eq!(first, 7_500_000 + 17_000 + 1_000_000 + 34);
    let figures = seen.access.uplink;
    // Two requests and their answers.
    assert_eq!((figures.passed, figures.waited, figures.waiting_ns_max), (4, 1, 5_500_000), "chunks do not count");
    assert_eq!(seen.figures.times, [MS.times(30) + Span::from_micros(7_500 + 15)]);
    assert_eq!((seen.figures.bytes_offered, seen.figures.bytes_dropped), (45_000, 0));
}

/// Two transfers that fill the line each: of 30 chunks and 30, as many go out as the line carries in the time, and the queue
/// holds when the last has come.
#[test]
fn what_does_not_fit_into_a_queue_is_dropped_and_counted() {
    let transfer = |to: u32| {
        format!(r#"(at: "1s", do: Transfer(from: 0, to: {to}, size: "300kB", chunk: "10kB", pace: "1MB/s")),"#)
    };
    let lines = transfer(1) + &transfer(2);
    let seen = watch(0, &text(&lines, "", r#"up: "1MB/s", down: "1GB/s", queue: "50kB""#, "3s"), 1);
    // The first chunks of both come at once; each instant until 290 ms one leaves and two come; five wait in the end.
    assert_eq!((seen.figures.begun, seen.figures.ended), (2, 2));
    assert_eq!((seen.figures.bytes_offered, seen.figures.bytes_dropped), (600_000, 250_000));
    // The same at the downlink: two senders for one receiver.
    let lines = lines.replace("from: 0, to: 2", "from: 2, to: 1");
    let seen = watch(0, &text(&lines, "", r#"up: "1GB/s", down: "1MB/s", queue: "50kB""#, "3s"), 1);
    assert_eq!((seen.figures.bytes_offered, seen.figures.bytes_dropped), (600_000, 250_000));
}

#[test]
fn who_goes_down_sends_and_receives_no_more() {
    // 100 chunks, one every 10 ms; the uplink takes 5 ms for each, the downlink no time to speak of.
    let run = |more: &str| {
        let transfer = r#"(at: "1s", do: Transfer(from: 0, to: 1, size: "1MB", chunk: "10kB", pace: "1MB/s")),"#;
        let seen = watch(0, &text(&format!("{transfer} {more}"), "", r#"up: "2MB/s", down: "1GB/s""#, "4s"), 1);
        let TransferFigures { begun, ended, cut_off, bytes_offered, bytes_dropped, times } = seen.figures;
        assert_eq!((begun, bytes_dropped, times.len() as u64), (1, 0, ended));
        (ended, cut_off, bytes_offered / 10_000)
    };
    assert_eq!(run(""), (1, 0, 100));
    let crash = |node: u32, at: &str| run(&format!(r#"(at: "{at}", do: Crash(nodes: [{node}])),"#));
    assert_eq!(crash(0, "1504ms"), (0, 1, 51), "those of 0, 10 .. 500 ms");
    assert_eq!(crash(1, "1504ms"), (0, 1, 51), "the one of 500 ms comes to nobody, and that is known at 505");
    assert_eq!(crash(1, "1506ms"), (0, 1, 52), "that of 510 ms is the first to come to nobody");
    assert_eq!(crash(0, "1991ms"), (1, 0, 100), "all is on its way");
    assert_eq!(crash(1, "1991ms"), (0, 1, 100));
    assert_eq!(crash(2, "1504ms"), (1, 0, 100), "another node has nothing to do with it");
    let restart = |node: u32| {
        run(&format!(
            r#"(at: "1501ms", do: Crash(nodes: [{node}])), (at: "1502ms", do: Restart(nodes: [{node}], bootstraps: [2])),"#
        ))
    };
    assert_eq!(restart(0), (0, 1, 51), "who comes back between two chunks knows nothing of it");
    assert_eq!(restart(1), (0, 1, 51));
    assert_eq!(run(r#"(at: "1504ms", do: Leave(nodes: [0])),"#), (0, 1, 51));
    assert_eq!(run(r#"(at: "1504ms", do: Pause(nodes: [0, 1])),"#), (1, 0, 100), "lines do not pause");
}

#[test]
fn the_cut_off_are_told_from_those_that_still_go_on_when_the_run_ends() {
    let transfers = r#"(at: "1s", do: Transfer(from: 0, to: 1, size: "1MB", pace: "1kB/s")),
        (at: "1s", do: Transfer(from: 1, to: 2, size: "1MB", pace: "1kB/s")),
        (at: "5s", do: Crash(nodes: [0])),"#;
    let seen = watch(0, &text(transfers, "", r#"up: "1MB/s", down: "1MB/s""#, "10s"), 1);
    let TransferFigures { begun, ended, cut_off, .. } = seen.figures;
    assert_eq!((begun, ended, cut_off), (2, 0, 1), "a chunk is due every 15 s");
}

/// If its 666 million chunks stood in a list, this would take some 20 GB.
#[test]
fn of_a_large_transfer_only_what_is_sent_costs_anything() {
    let lines = r#"(at: "1s", do: Transfer(from: 0, to: 1, size: "9999GB")),"#;
    let seen = watch(0, &text(lines, "", r#"up: "1MB/s", down: "2MB/s""#, "4s"), 1);
    assert_eq!((seen.figures.bytes_offered, seen.figures.ended), (200 * 15_000, 0), "as fast as the narrower line");
    let seen = watch(0, &text(lines, "", r#"up: "2MB/s", down: "1MB/s""#, "4s"), 1);
    assert_eq!(seen.figures.bytes_offered, 200 * 15_000);
}

/// M/D/1: chunks of one size come to an uplink by a Poisson clock, and messages, which are small, see its time average: in
/// the mean `load / (2 (1 - load))` times the time that a chunk takes (Kleinrock, "Queueing Systems", volume I, 1975, chapter
/// 5; Wolff, "Poisson Arrivals See Time Averages", 1982). The seeds' means are independent: four of their standard errors are
/// exceeded in 7 of 10,000 cases (Student's t, 19 degrees of freedom).
#[test]
fn messages_wait_behind_transfers_as_theory_says() {
    for load in [0.5, 0.8] {
        let theory = load / (2.0 * (1.0 - load)) * 10e6;
        let (mean, error) = waits(load);
        assert!((mean - theory).abs() < 4.0 * error, "{load}: {mean} for {theory}, {error}");
        for wrong in [0.9, 1.1] {
            let (mean, error) = waits(load * wrong);
            assert!((mean - theory).abs() > 4.0 * error, "{load} times {wrong}: {mean} for {theory}, {error}");
        }
    }
}

/// How long messages wait at uplinks that are busy for this share of the time, in nanoseconds: the mean over 20 seeds, and
/// its standard error. A chunk takes 10 ms; of two nodes each sends half of the chunks. Nobody asks twice: whoever asks again
/// because nothing is heard would ask when queues are long.
fn waits(load: f64) -> (f64, f64) {
    let workload = format!(
        r#"Transfers(from: "0s", rate: "{}/s", size: "15kB"), Lookups(from: "5s", rate: "20/s")"#,
        2.0 * load / 0.01
    );
    let links = r#"up: "1500kB/s", down: "100GB/s", queue: "1GB""#;
    let patient = r#"maintenance: Manual, timeout: Fixed("60s")"#;
    let text = text("", &workload, links, "65s").replace("maintenance: Manual", patient);
    let text = text.replace("[0, 40, 100]", "[0, 128]").replace("nodes: 3", "nodes: 2");
    let mean = |seed| {
        let figures = watch(0, &text, seed).access.uplink;
        figures.waiting_ns_total as f64 / figures.passed as f64
    };
    let means: Vec<f64> = (1..=20).map(mean).collect();
    let mean = means.iter().sum::<f64>() / 20.0;
    let square = means.iter().map(|other| (other - mean) * (other - mean)).sum::<f64>() / 19.0;
    (mean, (square / 20.0).sqrt())
}

/// 80,000 transfers, with a deviation of 283; over the 30 ordered pairs of six nodes chi-square with 29 degrees of freedom,
/// 99.9 % below 58.30. A rate that is 5 % off and a node that sends a tenth more often are refused.
#[test]
fn transfers_come_at_their_rate_and_between_all_pairs_alike() {
    let workload = r#"Transfers(from: "0s", rate: "40/s", size: "1B")"#;
    let text = text("", workload, r#"up: "1MB/s", down: "1MB/s""#, "2000s").replace("nodes: 3", "nodes: 6");
    let (_, plan) = made(&text.replace("[0, 40, 100]", "[0, 40, 80, 120, 160, 200]"), 1);
    let pairs: Vec<(u32, u32)> = transfers(&plan).iter().map(|(_, from, to)| (from.0, to.0)).collect();
    assert!(pairs.iter().all(|(from, to)| from != to));
    let count = pairs.len() as f64;
    let is_rate = |rate: f64| (count - rate * 2000.0).abs() < 3.29 * (rate * 2000.0).sqrt();
    assert!(is_rate(40.0) && !is_rate(42.0) && !is_rate(38.0), "{count}");
    // Where node 0 is so many times as likely to send as others are.
    let misfit = |times: f64| -> f64 {
        let cells = (0..6).flat_map(|from| (0..6).map(move |to| (from, to))).filter(|(from, to)| from != to);
        let of_cell = |cell: (u32, u32)| {
            let weight = if cell.0 == 0 { times } else { 1.0 };
            let expected = count * weight / (5.0 + times) / 5.0;
            let found = pairs.iter().filter(|pair| **pair == cell).count() as f64;
            (found - expected) * (found - expected) / expected
        };
        cells.map(of_cell).sum()
    };
    assert!(misfit(1.0) < 58.30 && misfit(1.1) > 58.30 && misfit(0.9) > 58.30, "{} {}", misfit(1.0), misfit(1.1));
}

#[test]
fn nobody_sends_to_himself_or_to_who_is_down_and_one_alone_sends_nothing() {
    let lines = r#"(at: "10s", do: Crash(nodes: [0])), (at: "20s", do: Crash(nodes: [1])), (at: "30s", do: Restart(nodes: [0]))"#;
    let workload = r#"Transfers(from: "0s", rate: "5/s", arrivals: Regular, size: "1kB")"#;
    let (_, plan) = made(&text(lines, workload, r#"up: "1MB/s", down: "1MB/s""#, "40s"), 1);
    let all = transfers(&plan);
    let within = |from: u64, until: u64| {
        let from_until = (SimTime::ZERO + SECOND.times(from))..(SimTime::ZERO + SECOND.times(until));
        all.iter().filter(move |(at, ..)| from_until.contains(at))
    };
    assert_eq!(
        [(0, 10), (10, 20), (20, 30), (30, 40)].map(|(from, until)| within(from, until).count()),
        [50, 50, 0, 50]
    );
    assert!(within(10, 20).all(|(_, from, to)| from.0 + to.0 == 3), "nodes 1 and 2 alone");
    let mut lines = plan.lines();
    lines.by_ref().for_each(drop);
    assert_eq!(lines.unasked(), 0, "no lookup was missed");
}

#[test]
fn two_protocols_meet_the_same_transfers_whatever_else_they_are_asked() {
    let transfers = r#"Transfers(from: "1s", until: "19s", rate: "2/s", size: "500kB", pace: "1MB/s")"#;
    let links = r#"up: "2MB/s", down: "2MB/s""#;
    let of = |protocol, workload: &str| {
        let lines = r#"(at: "8s", do: Crash(nodes: [1])), (at: "12s", do: Restart(nodes: [1]))"#;
        watch(protocol, &text(lines, workload, links, "20s"), 1)
    };
    let seen = [0, 1, 2].map(|protocol| of(protocol, transfers));
    assert!(seen[0].figures.begun > 20 && seen[0].figures.cut_off > 0, "{:?}", seen[0].figures);
    let begun = |seen: &Seen| seen.told.iter().filter(|(_, what)| what.contains("begins")).cloned().collect::<Vec<_>>();
    assert!(seen.iter().all(|other| begun(other) == begun(&seen[0])));
    assert!(seen[0].fingerprint != seen[1].fingerprint);
    let with_more = of(0, &format!(r#"{transfers}, Lookups(from: "0s", rate: "9/s")"#));
    assert_eq!(begun(&with_more), begun(&seen[0]), "what stands behind it in the list moves nothing");
}

/// Transfers that fill the links, nodes that come and go: facts and figures are the same, and all instants are absolute.
#[test]
fn a_printed_plan_has_the_same_transfers_and_the_same_fingerprint() {
    let lines = r#"(at: "4s", do: Crash(count: 1)), (at: "6s", do: Restart(count: 1)),
        (at: "3s", do: Transfer(from: 2, to: 0, size: "1MB")),"#;
    let workload = r#"Lookups(from: "1s", rate: "9/s"), Transfers(from: "1s", rate: "3/s", size: "600kB"),
        ClosedLoop(from: "2s"), Transfers(from: "2s", until: "7s", rate: "1/s", arrivals: Regular, size: "1234567B", pace: "999kB/s", chunk: "1501B")"#;
    let regions = r#"Regions(one_way: [["1ms", "9ms"], ["9ms", "2ms"]], bandwidth: [(up: "1MB/s", down: "3MB/s"), (up: "2MB/s", down: "1500kB/s")])"#;
    let text = text(lines, workload, "", "10s").replace(r#"Constant("1ms"), bandwidth: ()"#, regions);
    let (scenario, plan) = made(&text, 5);
    let printed = read::write(&plan.to_scenario(&scenario));
    assert!(!printed.contains("Transfers"), "they are decided");
    let (again, plan_again) = made(&printed, 5);
    assert_eq!(transfers(&plan), transfers(&plan_again));
    for protocol in 0..3 {
        let [one, other] =
            [(&scenario, &plan), (&again, &plan_again)].map(|(scenario, plan)| run_with(scenario, plan, protocol));
        assert!(one.figures.begun > 20 && one.figures.ended > 5, "{:?}", one.figures);
        assert_eq!((one.fingerprint, one.figures, one.told), (other.fingerprint, other.figures, other.told));
    }
}

/// What was seen of a run.
struct Seen {
    figures: TransferFigures,
    access: AccessFigures,
    fingerprint: FingerprintValue,
    /// What was said of the world, and when.
    told: Vec<(SimTime, String)>,
    /// Which messages arrived, and when.
    delivered: Vec<(SimTime, Address, Address)>,
}

fn watch(protocol: usize, text: &str, seed: u64) -> Seen {
    let (scenario, plan) = made(text, seed);
    run_with(&scenario, &plan, protocol)
}

fn run_with(scenario: &Scenario, plan: &Plan, protocol: usize) -> Seen {
    scenario.protocols.0[protocol].1.visit(Watching { plan })
}

struct Watching<'a> {
    plan: &'a Plan,
}

impl Visitor for Watching<'_> {
    type Output = Seen;

    fn visit<P: Dht>(self, settings: &P::Settings) -> Seen {
        let control = &mut |_| ControlFlow::Continue(());
        let finished = run::<P, Eyes>(self.plan, settings, Eyes::default(), control).expect("nobody stops it");
        let Eyes { told, delivered } = finished.observer;
        let (figures, access, fingerprint) = (finished.transfers, finished.access, finished.fingerprint);
        Seen { figures, access, fingerprint, told, delivered }
    }
}

#[derive(Default)]
struct Eyes {
    told: Vec<(SimTime, String)>,
    delivered: Vec<(SimTime, Address, Address)>,
}

impl<P: Dht> Recorder<P> for Eyes {
    fn record(&mut self, now: SimTime, fact: &Fact<'_, P>) {
        match fact {
            Fact::World { what } => self.told.push((now, (*what).to_owned())),
            Fact::Delivered { from, to, .. } => self.delivered.push((now, *from, *to)),
            _ => {}
        }
    }
}

impl<P: Dht> Observer<P> for Eyes {
    fn judged(&mut self, _: &Judged) {}
}

/// When which node sends which something large.
fn transfers(plan: &Plan) -> Vec<(SimTime, Address, Address)> {
    let transfer = |Line { at, deed }: Line| match deed {
        Deed::Transfer(transfer) => Some((at, transfer.from, transfer.to)),
        _ => None,
    };
    plan.lines().filter_map(transfer).collect()
}

/// Three nodes without upkeep, with the ids 0, 40 and 100 of 256, 1 ms apart.
fn text(lines: &str, workload: &str, links: &str, end: &str) -> String {
    format!(
        r#"(id_bits: 8, protocols: [Chord(maintenance: Manual), Kademlia(), Pastry()],
        network: (latency: Constant("1ms"), bandwidth: ({links})),
        script: [(at: "0s", do: Converged(nodes: 3, ids: Explicit([0, 40, 100]))), {lines}],
        workload: [{workload}], end: "{end}")"#
    )
}

fn made(text: &str, seed: u64) -> (Scenario, Plan) {
    read::plan("made.ron", text.as_bytes(), Some(seed), &FileOf("")).unwrap_or_else(|error| panic!("{error}"))
}

const SECOND: Span = Span::from_secs(1);
const MS: Span = Span::from_millis(1);
