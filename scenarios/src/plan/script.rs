//! The script, decided: each action becomes lines about named nodes at absolute times.

use std::collections::{BTreeMap, BTreeSet};

use protocols::duration::Duration;
use protocols::key::{Key, Width};
use sim::protocol::Address;
use sim::time::SimTime;

use super::roster::Roster;
use super::{Deed, Fault, Line, Which, draws};
use crate::ast::{Action, Comeback, Ids, Links, Nodes, Number, Order, Probability, Scenario, Who};
use crate::mistake::Mistake;

/// What the script comes to.
pub(super) struct Stage {
    pub(super) ids: Vec<Option<Key>>,
    pub(super) lines: Vec<Line>,
}

/// Decides the script. Things are decided in order of time, so that a choice sees who is up at its instant.
pub(super) fn expand(scenario: &Scenario, seed: u64, width: Width, end: SimTime) -> Result<Stage, Mistake> {
    check_size(scenario, width)?;
    let mut director = Director::new(seed, width, end);
    for (place, line) in scenario.script.iter().enumerate() {
        let at = SimTime::ZERO + line.at.0;
        if at >= end {
            return Err(Mistake::new(format!("script[{place}].at"), "this comes after the end of the run")
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
    agenda: BTreeMap<Slot, Task<'a>>,
    ids: Vec<Option<Key>>,
    taken: BTreeSet<Key>,
    up: Roster,
    down: Roster,
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
    Deed(Deed),
}

impl<'a> Director<'a> {
    fn new(seed: u64, width: Width, end: SimTime) -> Self {
        Self {
            seed,
            width,
            end,
            agenda: BTreeMap::new(),
            ids: Vec::new(),
            taken: BTreeSet::new(),
            up: Roster::default(),
            down: Roster::default(),
            comings: BTreeMap::new(),
            faults: 0,
            lines: Vec::new(),
        }
    }

    fn perform(&mut self, slot: Slot, task: Task<'a>) -> Result<(), Mistake> {
        match task {
            Task::Begin(action) => self.begin(slot, action),
            Task::Deed(deed) => {
                self.settle(slot.at, deed);
                Ok(())
            }
        }
    }

    /// Decides an action: what it does now, and what it will do later.
    fn begin(&mut self, slot: Slot, action: &'a Action) -> Result<(), Mistake> {
        match action {
            Action::Join { nodes, every, ids, order } => {
                let new = self.new_nodes(slot.place, *nodes, ids, *order)?;
                self.one_by_one(slot, *every, new.into_iter().map(|node| Deed::Join { node, bootstraps: vec![] }))
            }
            Action::Converged { nodes, ids } => {
                let nodes = self.new_nodes(slot.place, *nodes, ids, Order::AsDrawn)?;
                self.converge(slot, nodes)
            }
            Action::JoinNode { node, id, bootstraps } => self.join_node(slot, *node, id, bootstraps),
            Action::ConvergedNodes { members } => {
                let nodes = members.iter().map(|(node, id)| self.named_node(slot.place, *node, id));
                let nodes = nodes.collect::<Result<_, _>>()?;
                self.converge(slot, nodes)
            }
            Action::Leave(who) => self.departures(slot, who, "leave", Deed::Leave),
            Action::Crash(who) => self.departures(slot, who, "crash", Deed::Crash),
            Action::Restart(comeback) => self.restart(slot, comeback),
            Action::Pause(who) => self.pause(slot, who),
            Action::Resume(who) => self.departures(slot, who, "resume", Deed::Resume),
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
            Action::Lookup { node, key } => {
                let node = self.up_node(slot, *node, "node")?;
                let key = self.key(key, || path(slot.place, "key"))?;
                self.settle(slot.at, Deed::Lookup { node, key });
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

    /// Writes a line, and follows what it does to who is up. A node that is no longer there does nothing more.
    fn settle(&mut self, at: SimTime, mut deed: Deed) {
        match &mut deed {
            Deed::Join { node, bootstraps } | Deed::Restart { node, bootstraps } => {
                let before = self.comings.entry(node.0).or_insert(0);
                if bootstraps.is_empty() {
                    let mut words = draws::bootstraps(self.seed, node.0, *before);
                    *bootstraps = self.up.a_few(BOOTSTRAPS, &mut words);
                }
                *before += 1;
                self.up.insert(*node);
                self.down.remove(*node);
            }
            Deed::Leave(node) | Deed::Crash(node) => {
                if !self.up.contains(*node) {
                    return;
                }
                self.up.remove(*node);
                self.down.insert(*node);
            }
            Deed::Pause(node) | Deed::Resume(node) if !self.up.contains(*node) => return,
            _ => {}
        }
        self.lines.push(Line { at, deed });
    }

    /// Puts deeds on the agenda, each some time after the one before; the first is done now.
    fn one_by_one(&mut self, slot: Slot, every: Duration, deeds: impl Iterator<Item = Deed>) -> Result<(), Mistake> {
        for (number, deed) in deeds.enumerate() {
            let at = slot.at + every.0.times(number as u64);
            if at >= self.end {
                return Err(Mistake::new(
                    path(slot.place, "every"),
                    "the last of them would come after the end of the run",
                )
                .label(format!("number {} would come at {}", number + 1, at.since(SimTime::ZERO))));
            }
            if at == slot.at {
                self.settle(at, deed);
            } else {
                self.agenda.insert(Slot { at, number: number + 1, ..slot }, Task::Deed(deed));
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
            self.up.insert(*node);
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
        let node = self.named_node(slot.place, node, id)?;
        let bootstraps = bootstraps.iter().copied().map(Address).collect::<Vec<_>>();
        if let Some(stranger) = bootstraps.iter().find(|node| !self.is_known(**node)) {
            return Err(Mistake::new(path(slot.place, "bootstraps"), format!("there is no node {}", stranger.0)));
        }
        self.comings.insert(node.0, 1);
        self.up.insert(node);
        self.lines.push(Line { at: slot.at, deed: Deed::Join { node, bootstraps } });
        Ok(())
    }

    fn named_node(&mut self, place: usize, node: u32, id: &Number) -> Result<Address, Mistake> {
        let key = self.key(id, || path(place, "id"))?;
        if node >= NODES_MAX as u32 {
            return Err(Mistake::new(path(place, "node"), format!("node numbers end below {NODES_MAX}")));
        }
        if self.is_known(Address(node)) {
            return Err(Mistake::new(path(place, "node"), format!("node {node} has joined before"))
                .help("write `Restart` for a node that comes back"));
        }
        self.take_id(key, id, || path(place, "id"))?;
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
            Mistake::new(here(), format!("{} is no id of {} bits", number.0, self.width))
                .help(format!("ids and keys are below 2^{}", self.width))
        })
    }

    fn departures(&mut self, slot: Slot, who: &Who, verb: &str, deed: fn(Address) -> Deed) -> Result<(), Mistake> {
        if who.lasts.is_some() {
            return Err(Mistake::new(path(slot.place, "lasts"), format!("to {verb} does not last"))
                .help("only `Pause` and faults of the network end by themselves; let nodes `Restart` instead"));
        }
        let nodes = self.who(slot, who, verb)?;
        self.one_by_one(slot, who.every, nodes.into_iter().map(deed))
    }

    fn pause(&mut self, slot: Slot, who: &Who) -> Result<(), Mistake> {
        let nodes = self.who(slot, who, "pause")?;
        if let Some(lasts) = who.lasts {
            for (number, node) in nodes.iter().enumerate() {
                let at = slot.at + who.every.0.times(number as u64) + lasts.0;
                if at < self.end {
                    let end = Slot { at, class: Class::Resume, place: slot.place, number };
                    self.agenda.insert(end, Task::Deed(Deed::Resume(*node)));
                }
            }
        }
        self.one_by_one(slot, who.every, nodes.into_iter().map(Deed::Pause))
    }

    fn restart(&mut self, slot: Slot, comeback: &Comeback) -> Result<(), Mistake> {
        let Comeback { nodes, count, fraction, every, bootstraps } = comeback;
        if let Some(node) = nodes.iter().flat_map(|nodes| &nodes.0).find(|node| !self.down.contains(Address(**node))) {
            let title = format!("node {node} is not down at {}", slot.at.since(SimTime::ZERO));
            return Err(Mistake::new(path(slot.place, "nodes"), title));
        }
        let chosen = choose(slot, nodes.as_ref(), *count, *fraction, &self.down, self.seed, "restart")?;
        let bootstraps = match bootstraps {
            Some(nodes) => self.known_nodes(slot, nodes, "bootstraps")?,
            None => vec![],
        };
        let deed = |node| Deed::Restart { node, bootstraps: bootstraps.clone() };
        self.one_by_one(slot, *every, chosen.into_iter().map(deed))
    }

    fn who(&self, slot: Slot, who: &Who, verb: &str) -> Result<Vec<Address>, Mistake> {
        if let Some(nodes) = &who.nodes {
            self.up_nodes(slot, nodes, "nodes")?;
        }
        choose(slot, who.nodes.as_ref(), who.count, who.fraction, &self.up, self.seed, verb)
    }

    fn partition(
        &mut self,
        slot: Slot,
        parts: Option<&[Nodes]>,
        shares: Option<&[Probability]>,
        lasts: Option<Duration>,
    ) -> Result<(), Mistake> {
        let parts = match (parts, shares) {
            (Some(parts), None) => {
                let parts =
                    parts.iter().map(|part| self.known_nodes(slot, part, "parts")).collect::<Result<Vec<_>, _>>()?;
                let mut seen = BTreeSet::new();
                if let Some(twice) = parts.iter().flatten().find(|node| !seen.insert(**node)) {
                    let title = format!("node {} is in two parts", twice.0);
                    return Err(Mistake::new(path(slot.place, "parts"), title));
                }
                parts
            }
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
            (Some(nodes), None, None) => Ok(Which::Nodes(self.known_nodes_at(nodes, &here("nodes"))?)),
            (None, Some(from), Some(to)) => Ok(Which::Links {
                from: self.known_nodes_at(from, &here("from"))?,
                to: self.known_nodes_at(to, &here("to"))?,
                both_ways: links.both_ways,
            }),
            _ => Err(Mistake::new(
                format!("script[{}].do", slot.place),
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
        let why = if self.is_known(address) { "is down" } else { "has never joined" };
        Err(Mistake::new(path(slot.place, field), format!("node {node} {why} at {at}")).help(self.help_with_numbers()))
    }

    fn up_nodes(&self, slot: Slot, nodes: &Nodes, field: &str) -> Result<Vec<Address>, Mistake> {
        nodes.0.iter().map(|node| self.up_node(slot, *node, field)).collect()
    }

    fn known_nodes(&self, slot: Slot, nodes: &Nodes, field: &str) -> Result<Vec<Address>, Mistake> {
        self.known_nodes_at(nodes, &path(slot.place, field))
    }

    fn known_nodes_at(&self, nodes: &Nodes, here: &str) -> Result<Vec<Address>, Mistake> {
        match nodes.0.iter().find(|node| !self.is_known(Address(**node))) {
            None => Ok(nodes.0.iter().copied().map(Address).collect()),
            Some(node) => Err(Mistake::new(here, format!("there is no node {node}")).help(self.help_with_numbers())),
        }
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
        (Some(nodes), None, None) => Ok(nodes.0.iter().copied().map(Address).collect()),
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
        let (Action::Join { nodes, .. } | Action::Converged { nodes, .. }) = &line.r#do else {
            continue;
        };
        total += u128::from(*nodes);
        let here = || path(place, "nodes");
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
