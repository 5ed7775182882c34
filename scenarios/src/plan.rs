//! The plan: a scenario with everything decided. Who crashes, who asks whom for what, and when (law ARCH-3).
//!
//! A plan is a lazy stream of [`Line`]s in order of time: what the script does is decided when the plan is made, the
//! requests of the workload one by one as the stream is read, each a function of seed, workload and number. Printed
//! ([`Plan::to_scenario`]), a plan is itself a scenario that runs with the same fingerprint.

mod churn;
mod director;
mod draws;
mod network;
mod phases;
mod print;
mod probe;
pub(crate) mod roster;
mod script;
mod transfers;
mod vigil;
pub(crate) mod workload;

use std::collections::BTreeMap;

use protocols::key::{Key, Width};
use sim::address::Address;
use sim::time::{SimTime, Span};

use crate::ast::{LawSpec, Memory, NetworkSpec, Scenario};
use crate::data::Data;
use crate::files::Files;
use crate::mistake::Mistake;
use roster::Roster;
use workload::{Circle, Closed, Source, Turn};

pub use network::Placement;
pub use probe::Probe;
pub use transfers::Transfer;

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
    /// Keys whose owners and holders the judge notes at an instant.
    pub probe: Option<Probe>,
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
    /// Where hosts stand, and what they are.
    pub placement: Placement,
    pub(crate) data: Data,
    script: Vec<Line>,
    workload: Vec<Source>,
    /// What only the run can unroll.
    pub(crate) closed: Vec<Closed>,
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
    /// A node becomes slow.
    Slow {
        /// The node.
        node: Address,
        /// How long it is busy with each message that arrives from now on.
        service: LawSpec,
    },
    /// A node is again as slow or fast as its host.
    Mend(Address),
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
    /// A node sends another one a large value.
    Transfer(Transfer),
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
    /// Reads the data that a scenario names, and decides everything that chance decides in it.
    pub fn make(scenario: &Scenario, seed: u64, files: &dyn Files) -> Result<Self, Mistake> {
        Self::make_with(scenario, seed, files, &Data::read(scenario, files)?)
    }

    /// Decides everything that chance decides in a scenario, whose data have been read: they are the same for every seed.
    pub fn make_with(scenario: &Scenario, seed: u64, files: &dyn Files, data: &Data) -> Result<Self, Mistake> {
        let width = width(scenario)?;
        check_times(scenario)?;
        scenario.network.check()?;
        scenario.hosts.check()?;
        let end = SimTime::ZERO + scenario.end.0;
        let placement = Placement::new(scenario, seed)?;
        let stage = script::expand(scenario, seed, width, end, &placement, data)?;
        let workload = workload::workloads(scenario, seed, width, (&stage, &placement), files)?;
        Ok(Self {
            seed,
            width,
            warm_up: SimTime::ZERO + scenario.warm_up.0,
            phases: phases::phases(scenario)?,
            probe: probe::probe(scenario)?,
            end,
            network: scenario.network.clone(),
            ids: stage.ids,
            hosts: stage.hosts,
            skipped_sessions: stage.skipped_sessions,
            placement,
            data: data.clone(),
            script: stage.lines,
            workload: workload.sources,
            closed: workload.closed,
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

    /// The host on which a node lives.
    pub fn host(&self, node: Address) -> u32 {
        self.hosts[node.index()]
    }

    /// The addresses that are ever used.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = Address> {
        self.ids.iter().zip(0..).filter(|(id, _)| id.is_some()).map(|(_, number)| Address(number))
    }

    /// What keys are drawn from.
    pub(crate) fn circle(&self) -> Circle<'_> {
        Circle { seed: self.seed, width: self.width, ids: &self.ids }
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
    /// How many requests of the workload have found nobody up who could ask, so far. A node that has a rate of its own has
    /// nothing to ask while it is down.
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
                (_, Some((_, source))) => match self.sources[source].next(&self.roster)? {
                    Turn::Asks(line) => return Some(line),
                    Turn::NobodyUp => self.unasked += 1,
                    Turn::Down => {}
                },
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
    Ok(())
}
