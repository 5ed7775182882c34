//! The plan: a scenario with everything decided. Who crashes, who asks whom for what, and when (law ARCH-3).
//!
//! A plan is a lazy stream of [`Line`]s in order of time: what the script does is decided when the plan is made, the
//! requests of the workload one by one as the stream is read, each a function of seed, workload and number. Printed
//! ([`Plan::to_scenario`]), a plan is itself a scenario that runs with the same fingerprint.

mod churn;
mod director;
mod draws;
mod phases;
mod print;
mod roster;
mod script;
mod vigil;
mod workload;

use std::collections::BTreeMap;

use protocols::key::{Key, Width};
use sim::address::Address;
use sim::law::Law;
use sim::time::{SimTime, Span};

use crate::ast::{LatencySpec, LossSpec, Memory, NetworkSpec, PerSpec, Scenario};
use crate::files::Files;
use crate::mistake::Mistake;
use roster::Roster;
use workload::Source;

/// Everything that will happen in a run, but for what the protocol and the network make of it.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The seed that everything was drawn from.
    pub seed: u64,
    /// How wide ids and keys are.
    pub width: Width,
    /// When measuring begins.
    pub warm_up: SimTime,
    /// Stretches of time whose lookups are also counted apart.
    pub phases: Vec<Phase>,
    /// When the run ends.
    pub end: SimTime,
    /// What lies between the nodes.
    pub network: NetworkSpec,
    /// The id of each address; addresses that are never used have none.
    pub ids: Vec<Option<Key>>,
    /// The host of each address: the number of the first address on it. Where a node comes back under a new id it has a new
    /// address on the same host.
    pub hosts: Vec<u32>,
    /// How many sessions of no length the traces of the churn have: nobody comes in them.
    pub skipped_sessions: u64,
    script: Vec<Line>,
    workload: Vec<Source>,
}

/// A named stretch of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phase {
    /// Its name.
    pub name: String,
    /// Its first instant.
    pub from: SimTime,
    /// The instant after its last.
    pub until: SimTime,
}

/// Something that happens at an instant.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// When.
    pub at: SimTime,
    /// What.
    pub deed: Deed,
}

/// What happens: nothing is left to be decided.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    /// A new node joins.
    Join {
        /// The node.
        node: Address,
        /// Whom it asks; nobody if it begins the overlay.
        bootstraps: Vec<Address>,
    },
    /// Nodes appear with the tables of a quiet overlay.
    Converge {
        /// All of them.
        nodes: Vec<Address>,
    },
    /// A node leaves gracefully.
    Leave {
        /// The node.
        node: Address,
        /// Whether it comes back with the state that it has now.
        state: Memory,
    },
    /// A node crashes.
    Crash {
        /// The node.
        node: Address,
        /// Whether it comes back with the state that it has now.
        state: Memory,
    },
    /// A node that is down comes back, and joins.
    Restart {
        /// The node.
        node: Address,
        /// Whom it asks.
        bootstraps: Vec<Address>,
        /// With what state it comes back: that which it had when it went, or nothing but its id.
        state: Memory,
    },
    /// A node is asked once more to join, through others than those that it asked first, who have all gone. It means nothing to
    /// a node that has joined.
    JoinAgain {
        /// The node.
        node: Address,
        /// Whom it asks; nobody if it is to be started anew, and to begin the overlay.
        bootstraps: Vec<Address>,
    },
    /// A node stops handling anything.
    Pause(Address),
    /// A paused node goes on.
    Resume(Address),
    /// A fault of the network begins.
    Fault {
        /// Which one.
        number: u32,
        /// What it is.
        fault: Fault,
        /// How long it lasts; else until the end.
        lasts: Option<Span>,
    },
    /// A fault of the network ends.
    Heal {
        /// Which one.
        number: u32,
    },
    /// A node looks up a key.
    Lookup {
        /// The node.
        node: Address,
        /// The key.
        key: Key,
        /// How many holders of copies it asks for, the owner among them.
        copies: u32,
    },
    /// A node does one step of its upkeep.
    Step {
        /// The node.
        node: Address,
        /// The step's name.
        step: String,
    },
}

impl Deed {
    /// A node that goes will come back with the state that it has.
    fn keep_state(&mut self) {
        if let Self::Leave { state, .. } | Self::Crash { state, .. } = self {
            *state = Memory::Kept;
        }
    }
}

/// A fault of the network.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// Nothing passes between different parts; nodes that are in none are one more part.
    Partition(Vec<Vec<Address>>),
    /// Nothing passes.
    Cut(Which),
    /// More is lost, with this probability.
    Loss(Which, f64),
    /// Everything takes so much longer.
    Delay(Which, Span),
}

/// Which links a fault is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// All of them.
    All,
    /// Those to and from these nodes.
    Nodes(Vec<Address>),
    /// Those from the first to the second; the way back too if so said.
    Links {
        /// The senders.
        from: Vec<Address>,
        /// The receivers.
        to: Vec<Address>,
        /// Whether the way back counts too.
        both_ways: bool,
    },
}

impl Plan {
    /// Decides everything that chance decides in a scenario.
    pub fn make(scenario: &Scenario, seed: u64, files: &dyn Files) -> Result<Self, Mistake> {
        let width = width(scenario)?;
        check_times(scenario)?;
        let end = SimTime::ZERO + scenario.end.0;
        let stage = script::expand(scenario, seed, width, end, files)?;
        let workload = workload::sources(scenario, width, &stage, files)?;
        Ok(Self {
            seed,
            width,
            warm_up: SimTime::ZERO + scenario.warm_up.0,
            phases: phases::phases(scenario)?,
            end,
            network: scenario.network.clone(),
            ids: stage.ids,
            hosts: stage.hosts,
            skipped_sessions: stage.skipped_sessions,
            script: stage.lines,
            workload,
        })
    }

    /// What happens, in order of time; at equal times the script before the workload, and each as written.
    pub fn lines(&self) -> Lines<'_> {
        let sources = self.workload.iter().map(|source| source.requests(self)).collect();
        Lines { script: self.script.iter().peekable(), sources, roster: Roster::default(), unasked: 0 }
    }

    /// How many nodes there ever are.
    pub fn nodes(&self) -> usize {
        self.ids.iter().flatten().count()
    }

    /// The nodes by id.
    pub fn by_id(&self) -> BTreeMap<Key, Address> {
        by_id(&self.ids)
    }
}

/// The lines of a plan, one by one.
#[derive(Debug)]
pub struct Lines<'a> {
    script: std::iter::Peekable<std::slice::Iter<'a, Line>>,
    sources: Vec<workload::Requests<'a>>,
    roster: Roster,
    unasked: u64,
}

impl Lines<'_> {
    /// How many requests of the workload have found nobody up who could ask, so far.
    pub fn unasked(&self) -> u64 {
        self.unasked
    }
}

impl Iterator for Lines<'_> {
    type Item = Line;

    fn next(&mut self) -> Option<Line> {
        loop {
            let first = self.sources.iter().enumerate().filter_map(|(at, source)| Some((source.next_at()?, at))).min();
            let script = self.script.peek().map(|line| line.at);
            match (script, first) {
                (Some(at), first) if first.is_none_or(|(other, _)| at <= other) => {
                    let line = self.script.next().cloned()?;
                    self.roster.note(&line.deed);
                    return Some(line);
                }
                (_, Some((_, source))) => {
                    if let Some(line) = self.sources[source].next(&self.roster) {
                        return Some(line);
                    }
                    self.unasked += 1;
                }
                _ => return None,
            }
        }
    }
}

/// How wide the ids and keys of a scenario are.
pub fn width(scenario: &Scenario) -> Result<Width, Mistake> {
    Width::new(scenario.id_bits).ok_or_else(|| {
        Mistake::new("id_bits", "`id_bits` must be between 1 and 160")
            .label(format!("{} is out of range", scenario.id_bits))
            .help("the papers use 160, the seed document 16")
    })
}

/// The law of delays that a scenario names, and whether it is drawn per pair.
pub fn latency(spec: &LatencySpec) -> (Law, PerSpec) {
    match *spec {
        LatencySpec::Constant(delay) => (Law::Constant(delay.0), PerSpec::Pair),
        LatencySpec::Uniform { low, high, per } => (Law::Uniform { low: low.0, high: high.0 }, per),
        LatencySpec::Exponential { mean, per } => (Law::Exponential { mean: mean.0 }, per),
        LatencySpec::Normal { mean, deviation, per } => (Law::Normal { mean: mean.0, deviation: deviation.0 }, per),
        LatencySpec::LogNormal { median, sigma, per } => (Law::LogNormal { median: median.0, sigma: sigma.0 }, per),
    }
}

/// The probability that a message is lost.
pub fn loss(spec: LossSpec) -> f64 {
    match spec {
        LossSpec::None => 0.0,
        LossSpec::Bernoulli(probability) => probability.0,
    }
}

fn by_id(ids: &[Option<Key>]) -> BTreeMap<Key, Address> {
    ids.iter().zip(0..).filter_map(|(id, number)| Some(((*id)?, Address(number)))).collect()
}

fn check_times(scenario: &Scenario) -> Result<(), Mistake> {
    if scenario.end.0 == Span::ZERO {
        return Err(
            Mistake::new("end", "a run must last longer than nothing").help("write for example `end: \"300s\"`")
        );
    }
    if scenario.warm_up >= scenario.end {
        return Err(Mistake::new("warm_up", "the warm-up must end before the run does")
            .label(format!("the run ends at {}", scenario.end)));
    }
    if let LatencySpec::Uniform { low, high, .. } = scenario.network.latency
        && low > high
    {
        return Err(Mistake::new("network.latency.low", "`low` must not be above `high`")
            .label(format!("{low} is above {high}")));
    }
    Ok(())
}
