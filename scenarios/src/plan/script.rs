//! The script, decided: each action becomes lines about named nodes at absolute times.

mod choices;
pub(super) mod comings;
mod faults;
mod ids;
mod transfers;

use protocols::duration::Duration;
use protocols::key::{Key, Width};
use sim::address::Address;
use sim::time::SimTime;

use super::director::{Class, Director, Slot, Task};
use super::{Deed, Fault, Line, Placement, churn};
use crate::ast::{Action, Number, Order, Scenario};
use crate::data::Data;
use crate::mistake::Mistake;

/// What the script and the churn come to.
pub(super) struct Stage {
    pub(super) ids: Vec<Option<Key>>,
    pub(super) hosts: Vec<u32>,
    pub(super) lines: Vec<Line>,
    pub(super) skipped_sessions: u64,
}

/// Decides the script and the churn. Things are decided in order of time, so that a choice sees who is up at its instant.
pub(super) fn expand(
    scenario: &Scenario,
    seed: u64,
    width: Width,
    end: SimTime,
    placement: &Placement,
    data: &Data,
) -> Result<Stage, Mistake> {
    if scenario.script.is_empty() && scenario.churn.0.is_empty() {
        return Err(Mistake::new("script", "nobody ever joins").help(
            "write for example `script: [(at: \"0s\", do: Join(nodes: 20, every: \"200ms\"))]`, or some `churn`",
        ));
    }
    check_size(scenario, width)?;
    let entries = churn::entries(scenario, end, data)?;
    let mut director = Director::new((seed, width, end), placement, &entries, is_watching(scenario));
    for (place, line) in scenario.script.iter().enumerate() {
        let at = SimTime::ZERO + line.at.0;
        if at >= end {
            return Err(Mistake::new(format!("script[{place}].at"), "this must come before the end of the run")
                .label(format!("the run ends at {}", scenario.end)));
        }
        director.agenda.insert(Slot { at, class: Class::Action, place, number: 0 }, Task::Begin(&line.r#do));
    }
    director.begin_churn();
    director.direct()?;
    director.check_names()?;
    let skipped_sessions = entries.iter().map(churn::Entry::skipped).sum();
    Ok(Stage { ids: director.ids, hosts: director.hosts, lines: director.lines, skipped_sessions })
}

/// Whether anybody comes or goes by itself: then users see to it that nobody waits for bootstraps that have gone.
fn is_watching(scenario: &Scenario) -> bool {
    let is_by_itself = |action: &Action| match action {
        Action::Join { within, session, .. } => within.is_some() || session.is_some(),
        Action::Leave(who) | Action::Crash(who) => who.back.is_some(),
        _ => false,
    };
    !scenario.churn.0.is_empty() || scenario.script.iter().any(|line| is_by_itself(&line.r#do))
}

impl<'a> Director<'a> {
    /// Decides an action: what it does now, and what it will do later.
    pub(super) fn begin(&mut self, slot: Slot, action: &'a Action) -> Result<(), Mistake> {
        match action {
            Action::Join { .. } => self.join(slot, action),
            Action::Converged { nodes, ids } => {
                let nodes = self.new_nodes(slot, *nodes, ids, Order::AsDrawn)?;
                self.converge(slot, nodes)
            }
            Action::JoinNode { node, id, bootstraps, host } => self.join_node(slot, (*node, *host), id, bootstraps),
            Action::JoinAgain { node, bootstraps } => {
                let node = self.up_node(slot, *node, "node")?;
                let bootstraps = self.known_nodes_at(bootstraps.iter().copied(), &path(slot.place, "bootstraps"))?;
                self.settle(slot.at, Deed::JoinAgain { node, bootstraps });
                Ok(())
            }
            Action::ConvergedNodes { members } => {
                let named = |(number, (node, id)): (usize, &(u32, Number))| {
                    let here = |part| format!("{}[{number}][{part}]", path(slot.place, "members"));
                    self.named_node(*node, id, &here(0), &here(1))
                };
                let nodes = members.iter().enumerate().map(named).collect::<Result<_, _>>()?;
                self.converge(slot, nodes)
            }
            Action::Leave(who) => self.departures(slot, who, "leave", true),
            Action::Crash(who) => self.departures(slot, who, "crash", false),
            Action::Restart(comeback) => self.restart(slot, comeback),
            Action::Pause(who) => self.pause(slot, who),
            Action::Resume(who) => self.resume(slot, who),
            Action::Slow(slowdown) => self.slow(slot, slowdown),
            Action::Mend(who) => self.mend(slot, who),
            Action::Partition { parts, shares, lasts } => {
                self.partition(slot, parts.as_deref(), shares.as_deref(), *lasts)
            }
            Action::Cut(links) => {
                let which = self.which(slot, links, "")?;
                self.fault(slot, Fault::Cut(which), links.lasts);
                Ok(())
            }
            Action::Loss { probability, on } => {
                let which = self.which(slot, on, ".on")?;
                self.fault(slot, Fault::Loss(which, probability.0), on.lasts);
                Ok(())
            }
            Action::Delay { by, on } => {
                let which = self.which(slot, on, ".on")?;
                self.fault(slot, Fault::Delay(which, by.0), on.lasts);
                Ok(())
            }
            Action::Lookup { node, key, copies } => {
                let node = self.up_node(slot, *node, "node")?;
                let key = self.key(key, || path(slot.place, "key"))?;
                self.settle(slot.at, Deed::Lookup { node, key, copies: copies.0 });
                Ok(())
            }
            Action::Transfer(transfer) => self.transfer(slot, transfer),
            Action::Step { nodes, step } => {
                for node in self.up_nodes(slot, nodes, "nodes")? {
                    self.settle(slot.at, Deed::Step { node, step: step.clone() });
                }
                Ok(())
            }
        }
    }

    /// Puts tasks on the agenda, each some time after the one before; the first is done now.
    pub(super) fn one_by_one(
        &mut self,
        slot: Slot,
        every: Duration,
        tasks: impl Iterator<Item = Task<'a>>,
    ) -> Result<(), Mistake> {
        for (number, task) in tasks.enumerate() {
            let at = slot.at + every.0.times(number as u64);
            if at >= self.end {
                return Err(Mistake::new(
                    path(slot.place, "every"),
                    "the last of them must come before the end of the run",
                )
                .label(format!("number {} would come at {}", number + 1, at.since(SimTime::ZERO))));
            }
            if at == slot.at {
                self.perform(slot, task)?;
            } else {
                self.agenda.insert(Slot { at, number: number + 1, ..slot }, task);
            }
        }
        Ok(())
    }

    /// Nodes appear with the tables of a quiet overlay.
    fn converge(&mut self, slot: Slot, nodes: Vec<Address>) -> Result<(), Mistake> {
        if self.up.len() > 0 || self.has_converged() {
            return Err(Mistake::new(
                format!("script[{}].do", slot.place),
                "a converged overlay can only be the first to appear",
            )
            .help("let later nodes `Join`"));
        }
        self.appear(slot.at, nodes);
        Ok(())
    }
}

/// Refuses more nodes than there are ids or memory.
fn check_size(scenario: &Scenario, width: Width) -> Result<(), Mistake> {
    let mut total = 0u128;
    for (place, line) in scenario.script.iter().enumerate() {
        let (count, field) = match &line.r#do {
            Action::Join { nodes, .. } | Action::Converged { nodes, .. } => (u128::from(*nodes), "nodes"),
            Action::JoinNode { .. } => (1, "node"),
            Action::ConvergedNodes { members } => (members.len() as u128, "members"),
            _ => continue,
        };
        total += count;
        let here = || path(place, field);
        if total > u128::from(NODES_MAX) {
            let memory = total * u128::from(NODE_BYTES);
            return Err(Mistake::new(here(), format!("{total} nodes would take about {} of memory", in_bytes(memory)))
                .label(format!("more than {NODES_MAX} are refused"))
                .help("a node takes some 2 kB with its tables; begin with a thousand"));
        }
        if width.bits() < u64::BITS && total > 1 << width.bits() {
            return Err(Mistake::new(here(), format!("there are only 2^{width} ids for {total} nodes"))
                .help("give more `id_bits`"));
        }
    }
    Ok(())
}

fn in_bytes(bytes: u128) -> String {
    const UNITS: [&str; 7] = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
    let mut rest = bytes as f64;
    let mut unit = 0;
    while rest >= 1000.0 && unit + 1 < UNITS.len() {
        rest /= 1000.0;
        unit += 1;
    }
    format!("{rest:.0} {}", UNITS[unit])
}

/// Where a field of an action stands.
fn path(place: usize, field: &str) -> String {
    format!("script[{place}].do.{field}")
}

/// No plan has more nodes than this.
pub(super) const NODES_MAX: u64 = 10_000_000;
/// What a node takes with its tables, its share of the queue and of the records, roughly.
const NODE_BYTES: u64 = 2_000;
