//! The director: decides things in order of time, so that every choice sees who is up at its instant.

use std::collections::{BTreeMap, BTreeSet};

use protocols::key::{Key, Width};
use sim::address::Address;
use sim::rng::{Stream, Words};
use sim::time::{SimTime, Span};

use super::roster::Roster;
use super::script::NODES_MAX;
use super::vigil::{PATIENCE, Vigil, of_node};
use super::{Deed, Line, Placement, churn, draws};
use crate::ast::{Action, Identity, LawSpec, Memory};
use crate::mistake::Mistake;

pub(super) struct Director<'a> {
    pub(super) seed: u64,
    pub(super) width: Width,
    pub(super) end: SimTime,
    pub(super) placement: &'a Placement,
    pub(super) agenda: BTreeMap<Slot, Task<'a>>,
    pub(super) ids: Vec<Option<Key>>,
    /// The host of each address.
    pub(super) hosts: Vec<u32>,
    /// By host: who was there last, or is to be the first.
    latest: Vec<Address>,
    pub(super) taken: BTreeSet<Key>,
    pub(super) up: Roster,
    /// Those that are up and can be dialled.
    dialable: Roster,
    pub(super) down: Roster,
    /// Until when each paused node is paused.
    pub(super) paused: BTreeMap<Address, SimTime>,
    /// Until when each slow node is slow.
    slowed: BTreeMap<Address, SimTime>,
    /// How often each node has come up.
    comings: Vec<u32>,
    /// The line in which each node that is down went.
    departed: Vec<Option<usize>>,
    pub(super) faults: u32,
    /// Whether nodes have appeared with the tables of a quiet overlay.
    has_converged: bool,
    pub(super) churn: Vec<churn::Running<'a>>,
    /// Whose bootstraps may all go; none where nobody comes and goes by itself.
    vigil: Option<Vigil>,
    /// How many tasks have been put off until later.
    later: usize,
    pub(super) lines: Vec<Line>,
}

/// When something is decided. At equal times: what ends, then what begins, then what goes on by itself, each in order of
/// the scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Slot {
    pub(super) at: SimTime,
    pub(super) class: Class,
    pub(super) place: usize,
    pub(super) number: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    Heal,
    Resume,
    Action,
    /// Sessions end. Before others begin: who comes back in the instant in which it goes, goes first.
    Go,
    /// Nodes come by themselves.
    Come,
    /// A Poisson clock strikes.
    Strike,
    AskAgain,
}

pub(super) enum Task<'a> {
    Begin(&'a Action),
    /// A node comes for the first time, asks nodes that are drawn when it does, and perhaps goes again.
    Arrive(Address, Option<Stay>),
    /// Somebody comes on a host, as this part of the scenario says.
    Come(Coming, Lot),
    /// A node goes.
    Go(Going),
    /// A node pauses until then.
    Pause(Address, SimTime),
    /// A pause of this node ends, if no other goes on.
    Wake(Address),
    /// A node becomes slow until then.
    Slow(Address, LawSpec, SimTime),
    /// A node has been slow for long enough, if it has not become slow anew.
    Mend(Address),
    /// A node whose bootstraps have all gone is asked to join through others: the number of its watch.
    AskAgain(Address, u64),
    Churn(churn::Cue),
    Deed(Deed),
}

/// How long a node stays, and whether it says goodbye.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stay {
    pub(super) span: Span,
    pub(super) is_graceful: bool,
}

/// Somebody comes on a host, if nobody is up there.
#[derive(Clone, Debug)]
pub(super) struct Coming {
    pub(super) host: u32,
    pub(super) id: Identity,
    pub(super) state: Memory,
    /// Whom it asks; else nodes drawn when it comes.
    pub(super) bootstraps: Option<Vec<Address>>,
}

/// A node goes, if it is up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Going {
    pub(super) node: Address,
    /// Only if this is how often it has come: it is the session of that coming that ends.
    pub(super) coming: Option<u32>,
    pub(super) is_graceful: bool,
    pub(super) back: Option<Return>,
}

/// How a node comes back that goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Return {
    pub(super) after: Span,
    pub(super) id: Identity,
    pub(super) state: Memory,
    pub(super) lot: Lot,
}

/// What a new id is drawn from, if one is needed, and which part of the scenario to blame if there is none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lot {
    pub(super) part: Part,
    pub(super) lot: u64,
}

/// A part of the scenario that brings nodes back.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    Script,
    Churn,
}

impl Part {
    /// Where its entry of this number stands.
    fn path(self, place: usize) -> String {
        match self {
            Self::Script => format!("script[{place}].do"),
            Self::Churn => format!("churn[{place}]"),
        }
    }
}

impl<'a> Director<'a> {
    pub(super) fn new(
        (seed, width, end): (u64, Width, SimTime),
        placement: &'a Placement,
        entries: &'a [churn::Entry],
        is_watching: bool,
    ) -> Self {
        Self {
            seed,
            width,
            end,
            placement,
            agenda: BTreeMap::new(),
            ids: Vec::new(),
            hosts: Vec::new(),
            latest: Vec::new(),
            taken: BTreeSet::new(),
            up: Roster::default(),
            dialable: Roster::default(),
            down: Roster::default(),
            paused: BTreeMap::new(),
            slowed: BTreeMap::new(),
            comings: Vec::new(),
            departed: Vec::new(),
            faults: 0,
            has_converged: false,
            churn: churn::running(entries, seed),
            vigil: is_watching.then(Vigil::default),
            later: 0,
            lines: Vec::new(),
        }
    }

    /// Decides everything, to the end.
    pub(super) fn direct(&mut self) -> Result<(), Mistake> {
        while let Some((slot, task)) = self.agenda.pop_first() {
            self.perform(slot, task)?;
        }
        Ok(())
    }

    pub(super) fn perform(&mut self, slot: Slot, task: Task<'a>) -> Result<(), Mistake> {
        match task {
            Task::Begin(action) => return self.begin(slot, action),
            Task::Arrive(node, stay) => {
                self.arrive(slot.at, node, Memory::Lost, None);
                if let Some(Stay { span, is_graceful }) = stay {
                    let coming = Some(self.comings(node));
                    let going = Going { node, coming, is_graceful, back: None };
                    self.later(slot.at + span, Class::Go, slot.place, Task::Go(going));
                }
            }
            Task::Come(coming, lot) => {
                let id = draws::id_of_return(self.seed, lot.lot);
                self.come(slot.at, coming, || id)
                    .map_err(|why| self.no_room(slot.at, lot.part.path(slot.place), why))?;
            }
            Task::Go(going) => self.go(slot, going),
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
            Task::AskAgain(node, watch) => self.ask_again(slot.at, node, watch),
            Task::Churn(cue) => return self.cue(slot, cue),
            Task::Deed(deed) => self.settle(slot.at, deed),
        }
        Ok(())
    }

    /// Puts a task on the agenda, behind all others of its instant, class and place; nothing at or after the end.
    pub(super) fn later(&mut self, at: SimTime, class: Class, place: usize, task: Task<'a>) {
        if at < self.end {
            self.later += 1;
            self.agenda.insert(Slot { at, class, place, number: self.later }, task);
        }
    }

    /// A node comes, with bootstraps that are given or drawn now.
    fn arrive(&mut self, at: SimTime, node: Address, state: Memory, given: Option<Vec<Address>>) {
        let before = self.comings(node);
        let is_drawn = given.is_none();
        let words = || draws::bootstraps(self.seed, node.0, before);
        let bootstraps = given.unwrap_or_else(|| self.bootstraps(node, &mut words()));
        if let Some(vigil) = self.vigil.as_mut().filter(|_| is_drawn) {
            vigil.watch(node, &bootstraps, at);
        }
        self.settle(
            at,
            match before {
                0 => Deed::Join { node, bootstraps },
                _ => Deed::Restart { node, bootstraps, state },
            },
        );
    }

    /// Somebody comes on a host, if nobody is up there: who it is then.
    pub(super) fn come(
        &mut self,
        at: SimTime,
        Coming { host, id, state, bootstraps }: Coming,
        draw: impl FnOnce() -> Stream,
    ) -> Result<Option<Address>, NoRoom> {
        let mut node = self.latest(host);
        if self.up.contains(node) {
            return Ok(None);
        }
        if self.comings(node) > 0 && id == Identity::New {
            node = self.reserve(1)?;
            self.settle_on(node, host);
        }
        if !self.is_known(node) {
            self.ids[node.index()] = Some(self.fresh_id(&mut draw())?);
        }
        self.arrive(at, node, state, bootstraps);
        Ok(Some(node))
    }

    /// A node goes, if it is up, and perhaps comes back.
    pub(super) fn go(&mut self, slot: Slot, Going { node, coming, is_graceful, back }: Going) {
        if !self.up.contains(node) || coming.is_some_and(|coming| coming != self.comings(node)) {
            return;
        }
        let state = Memory::Lost;
        self.settle(slot.at, if is_graceful { Deed::Leave { node, state } } else { Deed::Crash { node, state } });
        if let Some(Return { after, id, state, lot }) = back {
            let coming = Coming { host: self.hosts[node.index()], id, state, bootstraps: None };
            self.later(slot.at + after, Class::Come, slot.place, Task::Come(coming, lot));
        }
    }

    /// Writes a line, and follows what it does to who is up. A node that is no longer there does nothing more, and one
    /// that is there does not come again.
    pub(super) fn settle(&mut self, at: SimTime, deed: Deed) {
        match &deed {
            Deed::Join { node, .. } | Deed::Restart { node, .. } => {
                if self.up.contains(*node) {
                    return;
                }
                let departure = of_node(&mut self.departed, *node).take();
                if let (Deed::Restart { state: Memory::Kept, .. }, Some(line)) = (&deed, departure) {
                    self.lines[line].deed.keep_state();
                }
                self.comes(*node);
            }
            Deed::Leave { node, .. } | Deed::Crash { node, .. } => {
                if !self.up.contains(*node) {
                    return;
                }
                // A paused node can crash, but to leave it must first go on.
                if self.paused.remove(node).is_some() && matches!(deed, Deed::Leave { .. }) {
                    self.lines.push(Line { at, deed: Deed::Resume(*node) });
                }
                self.goes(at, *node);
            }
            Deed::Pause(node) | Deed::Resume(node) | Deed::Slow { node, .. } if !self.up.contains(*node) => return,
            Deed::Resume(node) => _ = self.paused.remove(node),
            Deed::Mend(node) => _ = self.slowed.remove(node),
            _ => {}
        }
        self.lines.push(Line { at, deed });
    }

    pub(super) fn comes(&mut self, node: Address) {
        *of_node(&mut self.comings, node) += 1;
        self.up.insert(node);
        self.down.remove(node);
        if self.placement.is_undialable(self.hosts[node.index()]) {
            return;
        }
        self.dialable.insert(node);
        if let Some(vigil) = &mut self.vigil {
            vigil.comes(node);
        }
    }

    /// Nodes appear with the tables of a quiet overlay: together with those that have appeared at this instant, if any have.
    pub(super) fn appear(&mut self, at: SimTime, new: Vec<Address>) {
        for node in &new {
            self.comes(*node);
        }
        match self.lines.last_mut() {
            Some(Line { at: then, deed: Deed::Converge { nodes } }) if *then == at => nodes.extend(new),
            _ if new.is_empty() => {}
            _ => {
                self.has_converged = true;
                self.lines.push(Line { at, deed: Deed::Converge { nodes: new } });
            }
        }
    }

    pub(super) fn has_converged(&self) -> bool {
        self.has_converged
    }

    /// How many tasks have been put off until later, so far.
    pub(super) fn put_off(&self) -> usize {
        self.later
    }

    fn goes(&mut self, at: SimTime, node: Address) {
        self.up.remove(node);
        self.dialable.remove(node);
        self.down.insert(node);
        *of_node(&mut self.departed, node) = Some(self.lines.len());
        let lonely = self.vigil.as_mut().map(|vigil| vigil.gone(node, at)).unwrap_or_default();
        for (joiner, watch) in lonely {
            self.later(at + PATIENCE, Class::AskAgain, 0, Task::AskAgain(joiner, watch));
        }
    }

    /// A node whose bootstraps have all gone is asked to join through others. The one that has been up for longest is asked to
    /// begin the overlay: if it has not joined, nobody has who is up, unless by a hair; and if each asked the next, nobody
    /// ever would. Where there is nobody to ask, it waits once more.
    fn ask_again(&mut self, at: SimTime, node: Address, watch: u64) {
        let before = self.comings(node);
        let Some(vigil) = self.vigil.as_mut().filter(|vigil| vigil.is_on(node, watch, at)) else {
            return;
        };
        let (tries, is_oldest) = (vigil.tries(node), vigil.is_oldest(node));
        let mut words = draws::once_more(self.seed, node.0, before, tries);
        let bootstraps = if is_oldest { Vec::new() } else { self.bootstraps(node, &mut words) };
        if bootstraps.is_empty() && !is_oldest {
            return self.later(at + PATIENCE, Class::AskAgain, 0, Task::AskAgain(node, watch));
        }
        if let Some(vigil) = self.vigil.as_mut() {
            vigil.watch_again(node, &bootstraps);
        }
        self.settle(at, Deed::JoinAgain { node, bootstraps });
    }

    /// A few nodes that are up and can be dialled, and not the one that asks.
    fn bootstraps(&self, node: Address, words: &mut impl Words) -> Vec<Address> {
        if !self.dialable.contains(node) {
            return self.dialable.a_few(BOOTSTRAPS, words);
        }
        let mut others = self.dialable.a_few(BOOTSTRAPS + 1, words);
        others.retain(|other| *other != node);
        others.truncate(BOOTSTRAPS);
        others
    }

    /// So many new addresses in a row, each on a host of its own: the first. They have no ids yet.
    pub(super) fn reserve(&mut self, count: usize) -> Result<Address, NoRoom> {
        let first = self.ids.len();
        if (first + count) as u64 > NODES_MAX {
            return Err(NoRoom::Numbers);
        }
        self.reserve_up_to(first + count);
        Ok(Address(first as u32))
    }

    pub(super) fn reserve_up_to(&mut self, end: usize) {
        let new = self.ids.len() as u32..end as u32;
        self.ids.resize(self.ids.len().max(end), None);
        self.hosts.extend(new.clone());
        self.latest.extend(new.map(Address));
    }

    /// This node is on this host now, and whoever was there before does not come back.
    pub(super) fn settle_on(&mut self, node: Address, host: u32) {
        self.reserve_up_to(host as usize + 1);
        let before = std::mem::replace(&mut self.latest[host as usize], node);
        self.hosts[node.index()] = host;
        if before != node {
            self.down.remove(before);
        }
    }

    pub(super) fn latest(&self, host: u32) -> Address {
        self.latest[host as usize]
    }

    /// An id that nobody has had.
    pub(super) fn fresh_id(&mut self, words: &mut Stream) -> Result<Key, NoRoom> {
        self.check_ids(1)?;
        loop {
            let key = self.width.random(|| words.word());
            if self.taken.insert(key) {
                return Ok(key);
            }
        }
    }

    /// Whether there are so many ids left.
    pub(super) fn check_ids(&self, count: u64) -> Result<(), NoRoom> {
        let bits = self.width.bits();
        let are_too_few = bits < u64::BITS && self.taken.len() as u64 + count > 1 << bits;
        if are_too_few { Err(NoRoom::Ids) } else { Ok(()) }
    }

    pub(super) fn no_room(&self, at: SimTime, path: String, why: NoRoom) -> Mistake {
        let at = at.since(SimTime::ZERO);
        match why {
            NoRoom::Ids => {
                Mistake::new(path, format!("there are only 2^{} ids, and too few are left at {at}", self.width))
                    .help("give more `id_bits`, or let nodes come back under the same id")
            }
            NoRoom::Numbers => Mistake::new(path, format!("at {at} there would have been more than {NODES_MAX} nodes"))
                .label("a node that comes back under a new id counts as another")
                .help("begin with a thousand, or let nodes come back under the same id"),
        }
    }

    pub(super) fn comings(&self, node: Address) -> u32 {
        self.comings.get(node.index()).copied().unwrap_or(0)
    }

    pub(super) fn is_known(&self, node: Address) -> bool {
        self.ids.get(node.index()).is_some_and(Option::is_some)
    }
}

/// Why there can be no more nodes.
#[derive(Clone, Copy, Debug)]
pub(super) enum NoRoom {
    /// All ids have been given away.
    Ids,
    /// There would be more than can be simulated.
    Numbers,
}

/// A few nodes to ask are enough to survive that one of them is gone.
const BOOTSTRAPS: usize = 3;
