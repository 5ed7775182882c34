//! The script, decided: each action becomes lines about named nodes at absolute times.

use std::collections::{BTreeMap, BTreeSet};

use protocols::duration::Duration;
use protocols::key::{Key, Width};
use sim::address::Address;
use sim::time::SimTime;

use super::roster::Roster;
use super::{Deed, Fault, Line, Placement, Which, draws};
use crate::ast::{Action, Comeback, Ids, LawSpec, Links, Nodes, Number, Order, Probability, Scenario, Slowdown, Who};
use crate::diagnostic::suggest;
use crate::mistake::Mistake;

/// What the script comes to.
pub(super) struct Stage {
    pub(super) ids: Vec<Option<Key>>,
    pub(super) lines: Vec<Line>,
}

/// Decides the script. Things are decided in order of time, so that a choice sees who is up at its instant.
pub(super) fn expand(
    scenario: &Scenario,
    seed: u64,
    width: Width,
    end: SimTime,
    placement: &Placement,
) -> Result<Stage, Mistake> {
    check_size(scenario, width)?;
    let mut director = Director::new(seed, width, end, placement);
    for (place, line) in scenario.script.iter().enumerate() {
        let at = SimTime::ZERO + line.at.0;
        if at >= end {
            return Err(Mistake::new(format!("script[{place}].at"), "this must come before the end of the run")
                .label(format!("the run ends at {}", scenario.end)));
        }
        director.agenda.insert(Slot { at, class: Class::Action, place, number: 0 }, Task::Begin(&line.r#do));
    }
    while let Some((slot, task)) = director.agenda.pop_first() {
        director.perform(slot, task)?;
    }
    Ok(Stage { ids: director.ids, lines: director.lines })
}

struct Director<'a> {
    seed: u64,
    width: Width,
    end: SimTime,
    placement: &'a Placement,
    agenda: BTreeMap<Slot, Task<'a>>,
    ids: Vec<Option<Key>>,
    taken: BTreeSet<Key>,
    up: Roster,
    /// Those that are up and can be dialled.
    dialable: Roster,
    down: Roster,
    /// Until when each paused node is paused.
    paused: BTreeMap<Address, SimTime>,
    /// Until when each slow node is slow.
    slowed: BTreeMap<Address, SimTime>,
    /// How often each node has come up.
    comings: BTreeMap<u32, u32>,
    faults: u32,
    lines: Vec<Line>,
}

/// When something is decided. At equal times: what ends, then what begins, each in order of the script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Slot {
    at: SimTime,
    class: Class,
    place: usize,
    number: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Heal,
    Resume,
    Action,
}

enum Task<'a> {
    Begin(&'a Action),
    /// A node comes up, and asks nodes that are drawn when it does.
    Arrive(Deed),
    /// A node pauses until then.
    Pause(Address, SimTime),
    /// A pause of this node ends, if no other goes on.
    Wake(Address),
    /// A node becomes slow until then.
    Slow(Address, LawSpec, SimTime),
    /// A node has been slow for long enough, if it has not become slow anew.
    Mend(Address),
    Deed(Deed),
}

impl<'a> Director<'a> {
    fn new(seed: u64, width: Width, end: SimTime, placement: &'a Placement) -> Self {
        Self {
            seed,
            width,
            end,
            placement,
            agenda: BTreeMap::new(),
            ids: Vec::new(),
            taken: BTreeSet::new(),
            up: Roster::default(),
            dialable: Roster::default(),
            down: Roster::default(),
            paused: BTreeMap::new(),
            slowed: BTreeMap::new(),
            comings: BTreeMap::new(),
            faults: 0,
            lines: Vec::new(),
        }
    }

    fn perform(&mut self, slot: Slot, task: Task<'a>) -> Result<(), Mistake> {
        match task {
            Task::Begin(action) => return self.begin(slot, action),
            Task::Arrive(deed) => {
                let deed = self.with_bootstraps(deed);
                self.settle(slot.at, deed);
            }
            Task::Pause(node, until) => {
                if self.up.contains(node) {
                    let paused = self.paused.entry(node).or_insert(until);
                    *paused = until.max(*paused);
                }
                self.settle(slot.at, Deed::Pause(node));
            }
            Task::Wake(node) => {
                if self.paused.get(&node).is_some_and(|until| *until <= slot.at) {
                    self.settle(slot.at, Deed::Resume(node));
                }
            }
            Task::Slow(node, service, until) => {
                if self.up.contains(node) {
                    self.slowed.insert(node, until);
                }
                self.settle(slot.at, Deed::Slow { node, service });
            }
            Task::Mend(node) => {
                if self.slowed.get(&node) == Some(&slot.at) {
                    self.settle(slot.at, Deed::Mend(node));
                }
            }
            Task::Deed(deed) => self.settle(slot.at, deed),
        }
        Ok(())
    }

    /// Decides an action: what it does now, and what it will do later.
    fn begin(&mut self, slot: Slot, action: &'a Action) -> Result<(), Mistake> {
        match action {
            Action::Join { nodes, every, ids, order } => {
                let new = self.new_nodes(slot.place, *nodes, ids, *order)?;
                let join = |node| Task::Arrive(Deed::Join { node, bootstraps: vec![] });
                self.one_by_one(slot, *every, new.into_iter().map(join))
            }
            Action::Converged { nodes, ids } => {
                let nodes = self.new_nodes(slot.place, *nodes, ids, Order::AsDrawn)?;
                self.converge(slot, nodes)
            }
            Action::JoinNode { node, id, bootstraps } => self.join_node(slot, *node, id, bootstraps),
            Action::ConvergedNodes { members } => {
                let named = |(number, (node, id)): (usize, &(u32, Number))| {
                    let here = |part| format!("{}[{number}][{part}]", path(slot.place, "members"));
                    self.named_node(*node, id, &here(0), &here(1))
                };
                let nodes = members.iter().enumerate().map(named).collect::<Result<_, _>>()?;
                self.converge(slot, nodes)
            }
            Action::Leave(who) => self.departures(slot, who, "leave", Deed::Leave),
            Action::Crash(who) => self.departures(slot, who, "crash", Deed::Crash),
            Action::Restart(comeback) => self.restart(slot, comeback),
            Action::Pause(who) => self.pause(slot, who),
            Action::Resume(who) => self.departures(slot, who, "resume", Deed::Resume),
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
            Action::Step { nodes, step } => {
                for node in self.up_nodes(slot, nodes, "nodes")? {
                    self.settle(slot.at, Deed::Step { node, step: step.clone() });
                }
                Ok(())
            }
        }
    }

    fn with_bootstraps(&self, mut deed: Deed) -> Deed {
        if let Deed::Join { node, bootstraps } | Deed::Restart { node, bootstraps } = &mut deed {
            let before = self.comings.get(&node.0).copied().unwrap_or(0);
            *bootstraps = self.dialable.a_few(BOOTSTRAPS, &mut draws::bootstraps(self.seed, node.0, before));
        }
        deed
    }

    /// Writes a line, and follows what it does to who is up. A node that is no longer there does nothing more, and one
    /// that is there does not come again.
    fn settle(&mut self, at: SimTime, deed: Deed) {
        match &deed {
            Deed::Join { node, .. } | Deed::Restart { node, .. } => {
                if self.up.contains(*node) {
                    return;
                }
                *self.comings.entry(node.0).or_insert(0) += 1;
                self.comes_up(*node);
                self.down.remove(*node);
            }
            Deed::Leave(node) | Deed::Crash(node) => {
                if !self.up.contains(*node) {
                    return;
                }
                // A paused node can crash, but to leave it must first go on.
                if self.paused.remove(node).is_some() && matches!(deed, Deed::Leave(_)) {
                    self.lines.push(Line { at, deed: Deed::Resume(*node) });
                }
                self.up.remove(*node);
                self.dialable.remove(*node);
                self.down.insert(*node);
            }
            Deed::Pause(node) | Deed::Resume(node) | Deed::Slow { node, .. } if !self.up.contains(*node) => return,
            Deed::Resume(node) => _ = self.paused.remove(node),
            Deed::Mend(node) => _ = self.slowed.remove(node),
            _ => {}
        }
        self.lines.push(Line { at, deed });
    }

    fn comes_up(&mut self, node: Address) {
        self.up.insert(node);
        if !self.placement.is_undialable(host(node)) {
            self.dialable.insert(node);
        }
    }

    /// Puts deeds on the agenda, each some time after the one before; the first is done now.
    fn one_by_one(
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

    fn converge(&mut self, slot: Slot, nodes: Vec<Address>) -> Result<(), Mistake> {
        if self.up.len() > 0 || self.lines.iter().any(|line| matches!(line.deed, Deed::Converge { .. })) {
            return Err(Mistake::new(
                format!("script[{}].do", slot.place),
                "a converged overlay can only be the first to appear",
            )
            .help("let later nodes `Join`"));
        }
        for node in &nodes {
            self.comes_up(*node);
            self.comings.insert(node.0, 1);
        }
        self.lines.push(Line { at: slot.at, deed: Deed::Converge { nodes } });
        Ok(())
    }

    fn new_nodes(&mut self, place: usize, count: u64, ids: &Ids, order: Order) -> Result<Vec<Address>, Mistake> {
        let mut keys = match ids {
            Ids::Random => self.random_ids(count),
            Ids::Seeded { seed } => self.seeded_ids(*seed, count),
            Ids::Explicit(ids) => self.explicit_ids(place, count, ids)?,
        };
        if order == Order::Ascending {
            keys.sort_unstable();
        }
        let first = self.ids.len() as u32;
        self.ids.extend(keys.into_iter().map(Some));
        Ok((first..self.ids.len() as u32).map(Address).collect())
    }

    fn random_ids(&mut self, count: u64) -> Vec<Key> {
        let first = self.ids.len() as u64;
        let fresh = |number| {
            let mut words = draws::id(self.seed, number);
            loop {
                let key = self.width.random(|| sim::rng::Words::word(&mut words));
                if self.taken.insert(key) {
                    return key;
                }
            }
        };
        (first..first + count).map(fresh).collect()
    }

    fn seeded_ids(&mut self, seed: u64, count: u64) -> Vec<Key> {
        let names = (0u64..).map(|number| self.width.hash(&format!("node-{seed}-{number}")));
        names.filter(|key| self.taken.insert(*key)).take(count as usize).collect()
    }

    fn explicit_ids(&mut self, place: usize, count: u64, ids: &[Number]) -> Result<Vec<Key>, Mistake> {
        if ids.len() as u64 != count {
            return Err(Mistake::new(path(place, "ids"), "there must be an id for every node")
                .label(format!("{} ids for {count} nodes", ids.len())));
        }
        let mut keys = Vec::new();
        for (number, id) in ids.iter().enumerate() {
            let here = || format!("{}[{number}]", path(place, "ids"));
            let key = self.key(id, here)?;
            self.take_id(key, id, here)?;
            keys.push(key);
        }
        Ok(keys)
    }

    fn join_node(&mut self, slot: Slot, node: u32, id: &Number, bootstraps: &[u32]) -> Result<(), Mistake> {
        let bootstraps = self.known_nodes_at(bootstraps.iter().copied(), &path(slot.place, "bootstraps"))?;
        let node = self.named_node(node, id, &path(slot.place, "node"), &path(slot.place, "id"))?;
        self.comings.insert(node.0, 1);
        self.comes_up(node);
        self.lines.push(Line { at: slot.at, deed: Deed::Join { node, bootstraps } });
        Ok(())
    }

    /// A new node of this number and id, which stand at `node_at` and `id_at`.
    fn named_node(&mut self, node: u32, id: &Number, node_at: &str, id_at: &str) -> Result<Address, Mistake> {
        let key = self.key(id, || id_at.to_owned())?;
        if node >= NODES_MAX as u32 {
            return Err(Mistake::new(node_at, format!("node numbers end below {NODES_MAX}")));
        }
        if self.is_known(Address(node)) {
            return Err(Mistake::new(node_at, format!("node {node} has joined before"))
                .help("write `Restart` for a node that comes back"));
        }
        self.take_id(key, id, || id_at.to_owned())?;
        if self.ids.len() <= node as usize {
            self.ids.resize(node as usize + 1, None);
        }
        self.ids[node as usize] = Some(key);
        Ok(Address(node))
    }

    fn take_id(&mut self, key: Key, id: &Number, here: impl Fn() -> String) -> Result<(), Mistake> {
        if self.taken.insert(key) {
            return Ok(());
        }
        Err(Mistake::new(here(), format!("the id {} stands twice", id.0)).help("every node needs an id of its own"))
    }

    fn key(&self, number: &Number, here: impl Fn() -> String) -> Result<Key, Mistake> {
        self.width.parse(&number.0).ok_or_else(|| {
            Mistake::new(here(), format!("{} is no number of {} bits", number.0, self.width))
                .help(format!("ids and keys are below 2^{}", self.width))
        })
    }

    fn departures(&mut self, slot: Slot, who: &Who, verb: &str, deed: fn(Address) -> Deed) -> Result<(), Mistake> {
        if who.lasts.is_some() {
            return Err(Mistake::new(path(slot.place, "lasts"), format!("to {verb} does not last"))
                .help("only `Pause` and faults of the network end by themselves; let nodes `Restart` instead"));
        }
        let nodes = self.who(slot, who, verb)?;
        self.one_by_one(slot, who.every, nodes.into_iter().map(|node| Task::Deed(deed(node))))
    }

    fn pause(&mut self, slot: Slot, who: &Who) -> Result<(), Mistake> {
        let nodes = self.who(slot, who, "pause")?;
        let until = |number: usize| match who.lasts {
            Some(lasts) => slot.at + who.every.0.times(number as u64) + lasts.0,
            None => SimTime::MAX,
        };
        for (number, node) in nodes.iter().enumerate().filter(|(number, _)| until(*number) < self.end) {
            let end = Slot { at: until(number), class: Class::Resume, place: slot.place, number };
            self.agenda.insert(end, Task::Wake(*node));
        }
        let pauses = nodes.iter().enumerate().map(|(number, node)| Task::Pause(*node, until(number)));
        self.one_by_one(slot, who.every, pauses)
    }

    fn restart(&mut self, slot: Slot, comeback: &Comeback) -> Result<(), Mistake> {
        let Comeback { nodes, count, fraction, every, bootstraps } = comeback;
        if let Some(nodes) = nodes {
            self.down_nodes(slot, nodes)?;
        }
        let chosen = choose(slot, nodes.as_ref(), *count, *fraction, &self.down, self.seed, "restart")?;
        let Some(bootstraps) = bootstraps else {
            let restart = |node| Task::Arrive(Deed::Restart { node, bootstraps: vec![] });
            return self.one_by_one(slot, *every, chosen.into_iter().map(restart));
        };
        let bootstraps = self.known_nodes_at(bootstraps.iter(), &path(slot.place, "bootstraps"))?;
        let restart = |node| Task::Deed(Deed::Restart { node, bootstraps: bootstraps.clone() });
        self.one_by_one(slot, *every, chosen.into_iter().map(restart))
    }

    fn down_nodes(&self, slot: Slot, nodes: &Nodes) -> Result<(), Mistake> {
        let is_not_down = |(_, node): &(usize, u32)| !self.down.contains(Address(*node));
        let Some((place, node)) = nodes.iter().enumerate().find(is_not_down) else {
            return Ok(());
        };
        let why = if self.is_known(Address(node)) { "is up" } else { "has not joined yet" };
        let title = format!("node {node} cannot restart: it {why} at {}", slot.at.since(SimTime::ZERO));
        Err(Mistake::new(format!("{}[{place}]", path(slot.place, "nodes")), title)
            .help("only nodes that have crashed or left come back"))
    }

    fn who(&self, slot: Slot, who: &Who, verb: &str) -> Result<Vec<Address>, Mistake> {
        if let Some(nodes) = &who.nodes {
            self.up_nodes(slot, nodes, "nodes")?;
        }
        let Some(region) = &who.region else {
            return choose(slot, who.nodes.as_ref(), who.count, who.fraction, &self.up, self.seed, verb);
        };
        let there = self.up_in(slot, region)?;
        if who.nodes.is_none() && who.count.is_none() && who.fraction.is_none() {
            return Ok(there.sorted());
        }
        if who.nodes.is_some() {
            return Err(Mistake::new(path(slot.place, "region"), "these nodes are named already")
                .help("leave `region` or `nodes` out"));
        }
        choose(slot, None, who.count, who.fraction, &there, self.seed, verb)
    }

    /// Those that are up and stand in a region.
    fn up_in(&self, slot: Slot, region: &str) -> Result<Roster, Mistake> {
        let regions = self.placement.regions();
        if !regions.iter().any(|other| other == region) {
            let mistake = Mistake::new(path(slot.place, "region"), format!("there is no region \"{region}\""));
            return Err(mistake.help(match suggest(region, regions.iter().map(String::as_str)) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None if regions.is_empty() => "write `network: (latency: Regions(..))` to have regions".to_owned(),
                None => format!("the regions are \"{}\"", regions.join("\", \"")),
            }));
        }
        Ok(self.up.only(|node| self.placement.region_of(host(node)) == Some(region)))
    }

    fn slow(&mut self, slot: Slot, slowdown: &Slowdown) -> Result<(), Mistake> {
        slowdown.service.check(&path(slot.place, "service"))?;
        let who = slowdown.who();
        let nodes = self.who(slot, &who, "become slow")?;
        let until = |number: usize| match who.lasts {
            Some(lasts) => slot.at + who.every.0.times(number as u64) + lasts.0,
            None => SimTime::MAX,
        };
        for (number, node) in nodes.iter().enumerate().filter(|(number, _)| until(*number) < self.end) {
            let end = Slot { at: until(number), class: Class::Resume, place: slot.place, number };
            self.agenda.insert(end, Task::Mend(*node));
        }
        let slow = |(number, node): (usize, &Address)| Task::Slow(*node, slowdown.service, until(number));
        self.one_by_one(slot, who.every, nodes.iter().enumerate().map(slow))
    }

    /// Nodes that are down can be mended too: a slow node that crashes stays slow.
    fn mend(&mut self, slot: Slot, who: &Who) -> Result<(), Mistake> {
        let Some(nodes) = &who.nodes else {
            return self.departures(slot, who, "mend", Deed::Mend);
        };
        let nodes = self.known_nodes_at(nodes.iter(), &path(slot.place, "nodes"))?;
        self.one_by_one(slot, who.every, nodes.into_iter().map(|node| Task::Deed(Deed::Mend(node))))
    }

    fn partition(
        &mut self,
        slot: Slot,
        parts: Option<&[Nodes]>,
        shares: Option<&[Probability]>,
        lasts: Option<Duration>,
    ) -> Result<(), Mistake> {
        let parts = match (parts, shares) {
            (Some(parts), None) => self.named_parts(slot, parts)?,
            (None, Some(shares)) => self.random_parts(slot, shares)?,
            _ => {
                return Err(Mistake::new(
                    format!("script[{}].do", slot.place),
                    "a partition has either `parts` or `shares`",
                )
                .help("write `Partition(shares: [0.5, 0.5])` or `Partition(parts: [[0, 1], [2, 3]])`"));
            }
        };
        self.fault(slot, Fault::Partition(parts), lasts);
        Ok(())
    }

    fn named_parts(&self, slot: Slot, parts: &[Nodes]) -> Result<Vec<Vec<Address>>, Mistake> {
        let mut seen = BTreeSet::new();
        let mut named = Vec::new();
        for (number, part) in parts.iter().enumerate() {
            let here = format!("{}[{number}]", path(slot.place, "parts"));
            let part = self.known_nodes_at(part.iter(), &here)?;
            if let Some(twice) = part.iter().position(|node| !seen.insert(*node)) {
                return Err(Mistake::new(format!("{here}[{twice}]"), format!("node {} is named twice", part[twice].0))
                    .help("a node is in one part, or in none: all others are one more part"));
            }
            named.push(part);
        }
        Ok(named)
    }

    fn random_parts(&self, slot: Slot, shares: &[Probability]) -> Result<Vec<Vec<Address>>, Mistake> {
        let sum: f64 = shares.iter().map(|share| share.0).sum();
        if sum > 1.0 + 1e-9 {
            return Err(Mistake::new(path(slot.place, "shares"), "the shares must not add up to more than 1")
                .label(format!("they add up to {sum}")));
        }
        let mut nodes = self.up.shuffled(&mut draws::action(self.seed, slot.place));
        let total = nodes.len() as f64;
        let mut parts = Vec::new();
        let (mut wanted, mut given) = (0.0, 0);
        for share in shares {
            wanted += share.0 * total;
            let size = (wanted.round() as usize).saturating_sub(given).min(nodes.len());
            given += size;
            let mut part: Vec<Address> = nodes.drain(..size).collect();
            part.sort_unstable();
            parts.push(part);
        }
        Ok(parts)
    }

    fn which(&self, slot: Slot, links: &Links, under: &str) -> Result<Which, Mistake> {
        let here = |field: &str| format!("script[{}].do{under}.{field}", slot.place);
        match (&links.nodes, &links.from, &links.to) {
            (None, None, None) => Ok(Which::All),
            (Some(nodes), None, None) => Ok(Which::Nodes(self.known_nodes_at(nodes.iter(), &here("nodes"))?)),
            (None, Some(from), Some(to)) => Ok(Which::Links {
                from: self.known_nodes_at(from.iter(), &here("from"))?,
                to: self.known_nodes_at(to.iter(), &here("to"))?,
                both_ways: links.both_ways,
            }),
            _ => Err(Mistake::new(
                format!("script[{}].do{under}", slot.place),
                "links are named by `nodes`, or by both `from` and `to`",
            )
            .help("write `nodes: [3]` for all links of a node, or `from: [1], to: [2]`")),
        }
    }

    fn fault(&mut self, slot: Slot, fault: Fault, lasts: Option<Duration>) {
        let number = self.faults;
        self.faults += 1;
        let lasts = lasts.map(|lasts| lasts.0);
        if let Some(at) = lasts.map(|lasts| slot.at + lasts).filter(|at| *at < self.end) {
            let end = Slot { at, class: Class::Heal, place: number as usize, number: 0 };
            self.agenda.insert(end, Task::Deed(Deed::Heal { number }));
        }
        self.lines.push(Line { at: slot.at, deed: Deed::Fault { number, fault, lasts } });
    }

    fn up_node(&self, slot: Slot, node: u32, field: &str) -> Result<Address, Mistake> {
        let address = Address(node);
        if self.up.contains(address) {
            return Ok(address);
        }
        let at = slot.at.since(SimTime::ZERO);
        if self.is_known(address) {
            return Err(Mistake::new(path(slot.place, field), format!("node {node} is down at {at}")));
        }
        Err(Mistake::new(path(slot.place, field), format!("node {node} has not joined yet at {at}"))
            .help(self.help_with_numbers()))
    }

    fn up_nodes(&self, slot: Slot, nodes: &Nodes, field: &str) -> Result<Vec<Address>, Mistake> {
        let up = |(place, node)| self.up_node(slot, node, &format!("{field}[{place}]"));
        nodes.iter().enumerate().map(up).collect()
    }

    fn known_nodes_at(&self, nodes: impl Iterator<Item = u32>, here: &str) -> Result<Vec<Address>, Mistake> {
        let known = |(place, node)| {
            let stranger = || {
                Mistake::new(format!("{here}[{place}]"), format!("there is no node {node}"))
                    .help(self.help_with_numbers())
            };
            self.is_known(Address(node)).then_some(Address(node)).ok_or_else(stranger)
        };
        nodes.enumerate().map(known).collect()
    }

    fn is_known(&self, node: Address) -> bool {
        self.ids.get(node.index()).is_some_and(Option::is_some)
    }

    fn help_with_numbers(&self) -> String {
        match self.ids.len() {
            0 => "nobody has joined yet".to_owned(),
            count => format!("nodes are numbered from 0 in the order in which they join; so far up to {}", count - 1),
        }
    }
}

/// The host on which a node lives.
fn host(node: Address) -> u32 {
    node.0
}

/// The nodes that are named, counted or given as a share: just one of the three.
fn choose(
    slot: Slot,
    nodes: Option<&Nodes>,
    count: Option<u64>,
    fraction: Option<Probability>,
    among: &Roster,
    seed: u64,
    verb: &str,
) -> Result<Vec<Address>, Mistake> {
    let some = |count: usize| among.sample(count, &mut draws::action(seed, slot.place));
    match (nodes, count, fraction) {
        (Some(nodes), None, None) => Ok(nodes.iter().map(Address).collect()),
        (None, Some(count), None) if count <= among.len() as u64 => Ok(some(count as usize)),
        (None, Some(count), None) => {
            let at = slot.at.since(SimTime::ZERO);
            Err(Mistake::new(path(slot.place, "count"), format!("{count} nodes cannot {verb} at {at}"))
                .label(format!("there are only {}", among.len())))
        }
        (None, None, Some(fraction)) => Ok(some((fraction.0 * among.len() as f64).round() as usize)),
        _ => Err(Mistake::new(format!("script[{}].do", slot.place), format!("who shall {verb}?"))
            .help("write one of `nodes: [3, 7]`, `count: 5` and `fraction: 0.5`")),
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

fn path(place: usize, field: &str) -> String {
    format!("script[{place}].do.{field}")
}

/// A few nodes to ask are enough to survive that one of them is gone.
const BOOTSTRAPS: usize = 3;
const NODES_MAX: u64 = 10_000_000;
/// What a node takes with its tables, its share of the queue and of the records, roughly.
const NODE_BYTES: u64 = 2_000;
