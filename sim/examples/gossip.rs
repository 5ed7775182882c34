//! Gossip: a rumour spreads from one node to a thousand over links that lose packets, and its first teller crashes.
//!
//! What it shows: a protocol in one screen, a network with loss, a crash and a restart, a recorder of one's own.
//!
//! What to look at: those who know multiply by some factor every second, and loss does no more than lower the factor.
//! The first teller crashes and comes back knowing nothing; once a few others know, that costs nothing. Run it twice:
//! the fingerprints stay the same, to the last bit.
//!
//! `cargo run --release -p sim --example gossip`

use sim::address::Address;
use sim::fingerprint::{Fingerprint, FingerprintValue};
use sim::law::Law;
use sim::network::{Links, Per};
use sim::protocol::{Cause, Context, Event, Protocol, Slot};
use sim::record::{Fact, Recorder};
use sim::sampler;
use sim::simulation::Simulation;
use sim::time::{SimTime, Span};

fn main() {
    let runs = [0.0, 0.2, 0.4].map(spread);
    let row = |name: &str, cell: &dyn Fn(&Run) -> String| {
        let cells: Vec<String> = runs.iter().map(|run| format!("{:>18}", cell(run))).collect();
        println!("{name:<16}{}", cells.concat());
    };
    row("loss", &|run| format!("{:.0} %", run.loss * 100.0));
    let longest = runs.iter().map(|run| run.knowing.len()).max().unwrap_or(0);
    for second in 0..longest {
        row(&format!("know at {second:>2} s"), &|run| run.knowing.get(second).map_or(String::new(), usize::to_string));
    }
    row("last learnt at", &|run| format!("{:.3} s", run.last_learnt.as_secs_f64()));
    row("rumours told", &|run| run.told.to_string());
    row("of them lost", &|run| run.lost.to_string());
    row("fingerprint", &|run| run.fingerprint.to_string());
}

/// What came of one run.
struct Run {
    loss: f64,
    /// How many nodes knew at each whole second.
    knowing: Vec<usize>,
    last_learnt: Span,
    told: u64,
    lost: u64,
    fingerprint: FingerprintValue,
}

/// Runs until everybody knows. The crash and the restart are no part of the protocol: the world does them to the node.
fn spread(loss: f64) -> Run {
    let latency = Law::LogNormal { median: Span::from_millis(40), sigma: 0.4 };
    let links = Links::of(SEED, latency, Per::Packet).with_loss(loss);
    let mut world = Simulation::new(SEED, Town { nodes: NODES }, links, (Tally::default(), Fingerprint::default()));
    for number in 0..NODES {
        world.start(Address(number), Gossip::default());
    }
    world.ask(FIRST, Hear, Cause::default());
    let mut knowing = vec![1];
    for second in 1..=SECONDS_MAX {
        world.run_until(SimTime::ZERO + Span::from_secs(second));
        match second {
            CRASH_SECOND => _ = world.crash(FIRST),
            RESTART_SECOND => world.start(FIRST, Gossip::default()),
            _ => {}
        }
        knowing.push(world.nodes().filter(|(_, node)| node.knows).count());
        if knowing.last() == Some(&(NODES as usize)) {
            break;
        }
    }
    let (tally, fingerprint) = world.into_recorder();
    let Tally { told, lost, last_learnt } = tally;
    let last_learnt = last_learnt - SimTime::ZERO;
    Run { loss, knowing, last_learnt, told, lost, fingerprint: fingerprint.value() }
}

/// One node: it knows the rumour or it does not. Once it knows, it tells one random node in each round.
#[derive(Debug, Default)]
struct Gossip {
    knows: bool,
}

/// The rumour, which has no content.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Rumour;

/// Why a node wakes: the next round begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Round;

/// The user's wish: that this node be the first to know.
#[derive(Clone, Debug, Hash)]
struct Hear;

/// What the node tells its user when it learns the rumour.
#[derive(Clone, Debug, Hash)]
struct Learnt;

/// What everybody knows: how many live here.
struct Town {
    nodes: u32,
}

impl Protocol for Gossip {
    type Message = Rumour;
    type Timer = Round;
    type Request = Hear;
    type Report = Learnt;
    type Shared = Town;

    fn handle(&mut self, event: Event<Self>, cx: &mut Context<'_, Self>) {
        match event {
            Event::Message { message: Rumour, .. } | Event::Request(Hear) => self.learn(cx),
            Event::Timer(Round) => tell_somebody(cx),
        }
    }

    fn kind(_: &Rumour) -> &'static str {
        "rumour"
    }

    fn wire_bytes(_: &Rumour, _: &Town) -> u32 {
        29
    }
}

impl Gossip {
    fn learn(&mut self, cx: &mut Context<'_, Self>) {
        if !self.knows {
            self.knows = true;
            cx.report(Learnt);
            tell_somebody(cx);
        }
    }
}

/// Tells one random node, itself not excluded, and waits for the next round.
fn tell_somebody(cx: &mut Context<'_, Gossip>) {
    let nodes = cx.shared().nodes;
    let lucky = sampler::below(cx.chance(), u64::from(nodes)) as u32;
    cx.send(Address(lucky), Rumour);
    cx.set_timer(ROUND_SLOT, ROUND, Round);
}

/// Counts what was told and lost, and notes when a node last learnt the rumour.
#[derive(Debug, Default)]
struct Tally {
    told: u64,
    lost: u64,
    last_learnt: SimTime,
}

impl Recorder<Gossip> for Tally {
    fn record(&mut self, now: SimTime, fact: &Fact<'_, Gossip>) {
        match fact {
            Fact::Sent { .. } => self.told += 1,
            Fact::Dropped { .. } => self.lost += 1,
            Fact::Reported { .. } => self.last_learnt = now,
            _ => {}
        }
    }
}

const SEED: u64 = 1;
const NODES: u32 = 1000;
const FIRST: Address = Address(0);
const CRASH_SECOND: u64 = 4;
const RESTART_SECOND: u64 = 7;
const SECONDS_MAX: u64 = 60;
const ROUND: Span = Span::from_secs(1);
const ROUND_SLOT: Slot = Slot(0);
