//! Every protocol of the registry in a steady state: events, lookups and bytes per node at 1 k, 10 k and 100 k nodes.
//!
//! Nodes begin with converged tables, upkeep runs as by default, and each node looks up a random key every ten seconds on
//! average. The plain loop of `sim/benches` runs in between, so that a ratio comes from one run on one machine.
//!
//! Before that, the benchmark of the seed document (6.5): 20 nodes, its settings, lookups alone, as fast as they go. Its
//! figures are direct calls in Python on another machine; ours send every message through a simulated network.
#![expect(clippy::disallowed_types, reason = "a benchmark runs by the wall clock")]

#[path = "../../sim/benches/support/limit.rs"]
mod limit;

use std::time::{Duration, Instant};

use limit::{Ladder, PlainLoop};
use protocols::dht::{Common, Dht, LOOKUP, Members, Report, Request};
use protocols::key::{Key, Width};
use protocols::{Entry, Visitor};
use sim::address::Address;
use sim::law::Law;
use sim::network::{Links, Per};
use sim::protocol::{Cause, RequestId};
use sim::record::{EventCount, Fact, Recorder};
use sim::rng::{Stream, StreamPurpose, Words};
use sim::sampler;
use sim::simulation::Simulation;
use sim::time::{SimTime, Span};

fn main() {
    println!("N = 20, lookups alone: k lookups/s, times the seed's, M events/s, share of the plain loop");
    for (entry, theirs) in SEED {
        let text = format!("#![enable(unwrap_variant_newtypes)] {entry}");
        let entry: Entry = ron::from_str(&text).expect("a protocol with its settings");
        entry.visit(Throughput { theirs });
    }
    println!("nodes, protocol: M events/s, share of the plain loop, k lookups/s, bytes of state per node, answered");
    for nodes in [1_000, 10_000, 100_000] {
        for entry in Entry::all() {
            entry.visit(Steady { nodes });
        }
    }
}

/// Runs the seed's benchmark and prints a line: so many thousand lookups a second were theirs.
struct Throughput {
    theirs: f64,
}

impl Visitor for Throughput {
    type Output = ();

    fn visit<P: Dht>(self, settings: &P::Settings) {
        const NODES: u32 = 20;
        let mut world = converged::<P>(NODES, settings);
        let mut asking = Asking::new(NODES);
        asking.run(&mut world, WARM_UP);
        let before = counted(&world);
        let began = Instant::now();
        asking.run(&mut world, LOOKUPS);
        let took = began.elapsed();
        let (events, answered) = counted(&world);
        let lookups = (answered - before.1) as f64 / took.as_secs_f64() / 1e3;
        let events = (events - before.0) as f64 / took.as_secs_f64();
        println!(
            "{}: {lookups:.0} k/s, {:.1}, {:.2} M/s, {:.3}",
            P::NAME,
            lookups / self.theirs,
            events / 1e6,
            events / plain_loop(NODES)
        );
    }
}

/// Runs a protocol in a steady state and prints a line.
struct Steady {
    nodes: u32,
}

impl Visitor for Steady {
    type Output = ();

    fn visit<P: Dht>(self, settings: &P::Settings) {
        let nodes = self.nodes;
        let mut world = converged::<P>(nodes, settings);
        let mut asking = Asking::new(nodes);
        asking.run(&mut world, WARM_UP);
        let before = counted(&world);
        let began = Instant::now();
        asking.run(&mut world, LOOKUPS);
        let took = began.elapsed();
        let (events, answered) = counted(&world);
        let events = (events - before.0) as f64 / took.as_secs_f64();
        let lookups = LOOKUPS as f64 / took.as_secs_f64();
        let state = world.nodes().map(|(_, state)| state.state_bytes()).sum::<usize>() as f64 / f64::from(nodes);
        println!(
            "{nodes:>7}, {}: {:.2} M/s, {:.3}, {:.1} k/s, {state:.0} B, {} of {LOOKUPS}",
            P::NAME,
            events / 1e6,
            events / plain_loop(nodes),
            lookups / 1e3,
            answered - before.1,
        );
    }
}

type World<P> = Simulation<P, Links, (EventCount, Answers)>;

#[derive(Default)]
struct Answers(u64);

impl<P: Dht> Recorder<P> for Answers {
    fn record(&mut self, _: SimTime, fact: &Fact<'_, P>) {
        self.0 += u64::from(matches!(fact, Fact::Reported { report: Report::Answered(_), .. }));
    }
}

fn counted<P: Dht>(world: &World<P>) -> (u64, u64) {
    let (events, answers) = world.recorder();
    (events.0, answers.0)
}

fn converged<P: Dht>(nodes: u32, settings: &P::Settings) -> World<P> {
    let width = Width::new(64).expect("64 bits are legal");
    let mut words = Stream::open(1, StreamPurpose(99), 0);
    let keys: Vec<Key> = (0..nodes).map(|_| width.random(|| words.word())).collect();
    let members: Members = keys.iter().zip(0..).map(|(key, number)| (*key, Address(number))).collect();
    let links = Links::of(1, Law::LogNormal { median: Span::from_millis(40), sigma: 0.4 }, Per::Pair);
    let common = Common::new(width, keys, settings.clone()).seeded(1);
    let mut world = World::<P>::new(1, common, links, (EventCount::default(), Answers::default()));
    for node in (0..nodes).map(Address) {
        let state = P::converged(node, &members, world.shared());
        world.start(node, state);
        world.ask(node, Request::Begin, Cause::default());
    }
    world
}

/// Asks for random keys at random nodes, a tenth of a lookup per node and second.
struct Asking {
    words: Stream,
    nodes: u32,
    gap: f64,
    next: f64,
    number: u32,
}

impl Asking {
    fn new(nodes: u32) -> Self {
        let gap = 10e9 / f64::from(nodes);
        Self { words: Stream::open(1, StreamPurpose(99), 1), nodes, gap, next: 0.0, number: 0 }
    }

    fn run<P: Dht>(&mut self, world: &mut World<P>, lookups: u64) {
        let width = world.shared().width();
        for _ in 0..lookups {
            self.next += sampler::exponential(&mut self.words, self.gap);
            world.run_until(SimTime::ZERO + Span::from_nanos_f64(self.next));
            let node = Address(sampler::below(&mut self.words, u64::from(self.nodes)) as u32);
            let key = width.random(|| self.words.word());
            self.number += 1;
            let cause = Cause { purpose: LOOKUP, request: RequestId(self.number) };
            world.ask(node, Request::Lookup { key, copies: 1 }, cause);
        }
    }
}

/// Events per second of the plain loop with as many processes.
fn plain_loop(nodes: u32) -> f64 {
    let mut plain = PlainLoop::new(nodes, Ladder::new(1_000_000));
    plain.run(u64::from(nodes) * 2);
    let began = Instant::now();
    plain.run(PLAIN_EVENTS);
    PLAIN_EVENTS as f64 / began.elapsed().max(Duration::from_nanos(1)).as_secs_f64()
}

/// The protocols in the seed's settings without upkeep, and its thousands of lookups a second (6.5).
const SEED: [(&str, f64); 3] = [
    ("Chord(successors: 3, route_over: Fingers, maintenance: Manual)", 157.0),
    ("Kademlia(k: 8, alpha: 3, parallelism: Strict, maintenance: Manual)", 21.0),
    ("Pastry(b: 4, leaf_set: 8, maintenance: Manual)", 81.0),
];
const WARM_UP: u64 = 20_000;
const LOOKUPS: u64 = 100_000;
const PLAIN_EVENTS: u64 = 5_000_000;
