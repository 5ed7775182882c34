//! PHOLD through the public engine, against the plain loop that is its limit: events per second, and the ratio.
//!
//! Both do the same: the same states, the same `step`, the same events in the same order; the final states are compared.
//! A message carries its delay, and says it to the network as its size on the wire, which is all that a network may know
//! of a message; the network is a closure that makes a delay of the size again. The two take turns, and the medians of
//! their turns are compared, because a machine is never quiet.
//!
//! `cargo bench -p sim --bench engine`; without `--bench` (as `cargo test --benches` does) it only compares the states.

#[path = "support/limit.rs"]
mod limit;

use std::hint::black_box;
#[expect(clippy::disallowed_types, reason = "a benchmark is about real time")]
use std::time::Instant;

use limit::{Ladder, MEAN_DELAY_NS, PlainLoop, ProcessState, exponential_table, step};
use sim::address::Address;
use sim::network::{Network, Packet, Verdict};
use sim::protocol::{Cause, Context, Event, Protocol};
use sim::rng::LinkChance;
use sim::simulation::Simulation;
use sim::time::{SimTime, Span};

fn main() {
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    for nodes in [1_000, 100_000] {
        if is_bench {
            compare(nodes);
        } else {
            agree(nodes);
        }
    }
}

/// Runs both in turns and prints their speeds.
fn compare(nodes: u32) {
    let mut limit = PlainLoop::new(nodes, Ladder::new(MEAN_DELAY_NS));
    let mut world = phold(nodes);
    let (mut limit_rates, mut engine_rates) = (Vec::new(), Vec::new());
    for turn in 0..=TURNS {
        let limit_rate = rate(|| limit.run(EVENTS));
        let engine_rate = rate(|| run(&mut world, EVENTS));
        // The first turn warms up.
        if turn > 0 {
            limit_rates.push(limit_rate);
            engine_rates.push(engine_rate);
        }
    }
    assert_eq!(hash(&world), limit.hash(), "both do the same");
    let (engine, limit) = (median(engine_rates), median(limit_rates));
    println!(
        "phold {nodes:>7} nodes: engine {engine:>5.1} M events/s, limit (ladder) {limit:>5.1} M events/s, ratio {:.2}",
        engine / limit
    );
}

fn agree(nodes: u32) {
    let mut world = phold(nodes);
    run(&mut world, 200_000);
    assert_eq!(hash(&world), PlainLoop::new(nodes, Ladder::new(MEAN_DELAY_NS)).run(200_000));
}

/// A world in which every process has sent its first message.
fn phold(nodes: u32) -> Simulation<Process, impl Network, ()> {
    let shared = Shared { nodes, delays: exponential_table(MEAN_DELAY_NS as f64) };
    let network = |packet: &Packet, _: &mut LinkChance<'_>| Verdict::Deliver(Span::from_nanos(packet.bytes.into()));
    let mut world = Simulation::new(1, shared, network, ());
    for node in 0..nodes {
        world.start(Address(node), Process(ProcessState::new(node, 1)));
        world.ask(Address(node), Begin, Cause::default());
    }
    world
}

fn run<N: Network>(world: &mut Simulation<Process, N, ()>, events: u64) {
    for _ in 0..events {
        world.step_before(SimTime::MAX);
    }
}

fn hash<N: Network>(world: &Simulation<Process, N, ()>) -> u64 {
    world.nodes().fold(0, |hash: u64, (_, process)| hash.rotate_left(7) ^ process.0.hash())
}

/// Millions of events per second.
#[expect(clippy::disallowed_types, reason = "a benchmark is about real time")]
fn rate<V>(work: impl FnOnce() -> V) -> f64 {
    let start = Instant::now();
    black_box(work());
    EVENTS as f64 / start.elapsed().as_secs_f64() / 1e6
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_unstable_by(f64::total_cmp);
    rates[rates.len() / 2]
}

/// A process of PHOLD: whatever it hears, it passes on to another after a random delay.
struct Process(ProcessState);

/// As much as a message of the plain loop: 32 bytes, with sender and receiver.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Token {
    number: u64,
    hops: u32,
    delay: u32,
}

#[derive(Clone, Debug, Hash)]
struct Begin;

struct Shared {
    nodes: u32,
    delays: Vec<u64>,
}

impl Protocol for Process {
    type Message = Token;
    type Timer = ();
    type Request = Begin;
    type Report = ();
    type Shared = Shared;

    #[inline]
    fn handle(&mut self, event: Event<Self>, cx: &mut Context<'_, Self>) {
        let (number, hops) = match event {
            Event::Message { message, .. } => (message.number, message.hops + 1),
            Event::Request(Begin) => (cx.me().0.into(), 0),
            Event::Timer(()) => return,
        };
        let shared = cx.shared();
        let (to, delay) = step(&mut self.0, shared.nodes, &shared.delays);
        cx.send(Address(to), Token { number, hops, delay: delay as u32 });
    }

    fn kind(_: &Token) -> &'static str {
        "token"
    }

    fn wire_bytes(token: &Token, _: &Shared) -> u32 {
        token.delay
    }
}

const TURNS: usize = 7;
const EVENTS: u64 = 2_000_000;
