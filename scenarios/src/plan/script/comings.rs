//! Who comes and goes, decided: joins, departures, pauses and returns that the script orders.

use protocols::duration::Duration;
use sim::address::Address;
use sim::law::Law;
use sim::rng::{Stream, Words};
use sim::sampler;
use sim::time::{SimTime, Span};

use super::super::director::{Class, Coming, Director, Going, Lot, Part, Return, Slot, Stay, Task};
use super::super::{Deed, draws};
use super::choices::choose;
use super::path;
use crate::ast::{Action, Back, Comeback, Identity, LawSpec, Memory, Nodes, Probability, Slowdown, Who};
use crate::mistake::Mistake;

impl<'a> Director<'a> {
    pub(super) fn join(&mut self, slot: Slot, action: &Action) -> Result<(), Mistake> {
        let Action::Join { nodes, every, ids, order, within, session, graceful } = action else {
            return Ok(());
        };
        let stay = self.stays(slot.place, session.as_ref(), *graceful)?;
        let new = self.new_nodes(slot, *nodes, ids, *order)?;
        let arrivals = new.into_iter().zip(0..).map(|(node, number)| Task::Arrive(node, stay(number)));
        match within {
            None => self.one_by_one(slot, *every, arrivals),
            Some(within) => self.all_within(slot, *every, *within, arrivals),
        }
    }

    /// How long each of the nodes that join stays, by its number among them.
    fn stays(
        &self,
        place: usize,
        session: Option<&LawSpec>,
        graceful: Option<Probability>,
    ) -> Result<impl Fn(u64) -> Option<Stay> + use<>, Mistake> {
        if let Some(session) = session {
            check_session(session, &path(place, "session"))?;
        } else if graceful.is_some() {
            return Err(Mistake::new(path(place, "graceful"), "they do not go by themselves")
                .help("say how long they stay: `session: Exponential(mean: \"1h\")`"));
        }
        let law = session.map(LawSpec::law);
        let (seed, graceful) = (self.seed, graceful.unwrap_or_default());
        Ok(move |number| {
            let mut words = draws::stay(seed, place, number);
            law.map(|law| Stay {
                span: session_of(&law, &mut words),
                is_graceful: sampler::chance(&mut words, graceful.0),
            })
        })
    }

    /// Puts tasks on the agenda at instants drawn from a stretch of time, in order.
    fn all_within(
        &mut self,
        slot: Slot,
        every: Duration,
        within: Duration,
        tasks: impl Iterator<Item = Task<'a>>,
    ) -> Result<(), Mistake> {
        let here = path(slot.place, "within");
        if every.0 > Span::ZERO {
            return Err(Mistake::new(here, "nodes join either `every` so often or `within` a stretch of time")
                .help("leave one of them out"));
        }
        if slot.at + within.0 > self.end {
            return Err(Mistake::new(here, "the last of them must come before the end of the run")
                .label(format!("they may come until {}", (slot.at + within.0).since(SimTime::ZERO))));
        }
        let mut words = draws::instants(self.seed, slot.place);
        let law = Law::Uniform { low: Span::ZERO, high: within.0 };
        let tasks: Vec<Task<'a>> = tasks.collect();
        let mut spans: Vec<Span> = tasks.iter().map(|_| law.sample(words.word())).collect();
        spans.sort_unstable();
        for (span, task) in spans.into_iter().zip(tasks) {
            self.later(slot.at + span, Class::Action, slot.place, task);
        }
        Ok(())
    }

    pub(super) fn departures(&mut self, slot: Slot, who: &Who, verb: &str, is_graceful: bool) -> Result<(), Mistake> {
        if who.lasts.is_some() {
            return Err(Mistake::new(path(slot.place, "lasts"), format!("to {verb} does not last"))
                .help("who goes for a while comes `back: (after: Constant(\"10s\"))`"));
        }
        if let Some(back) = &who.back {
            check_back(back, &path(slot.place, "back"))?;
        }
        let (seed, back) = (self.seed, who.back);
        let nodes = self.who(slot, who, verb)?;
        let going = |(node, number): (Address, u64)| {
            let back = back.map(|back| return_of(&back, Part::Script, &mut draws::back(seed, slot.place, number)));
            Task::Go(Going { node, coming: None, is_graceful, back })
        };
        self.one_by_one(slot, who.every, nodes.into_iter().zip(0..).map(going))
    }

    pub(super) fn resume(&mut self, slot: Slot, who: &Who) -> Result<(), Mistake> {
        self.end_of(slot, who, "resume", Deed::Resume)
    }

    /// Something ends that does not end by itself.
    fn end_of(&mut self, slot: Slot, who: &Who, verb: &str, deed: fn(Address) -> Deed) -> Result<(), Mistake> {
        if who.lasts.is_some() {
            return Err(Mistake::new(path(slot.place, "lasts"), format!("to {verb} does not last"))
                .help("only `Pause`, `Slow` and faults of the network end by themselves"));
        }
        refuse_back(slot, who)?;
        let nodes = self.who(slot, who, verb)?;
        self.one_by_one(slot, who.every, nodes.into_iter().map(|node| Task::Deed(deed(node))))
    }

    pub(super) fn pause(&mut self, slot: Slot, who: &Who) -> Result<(), Mistake> {
        refuse_back(slot, who)?;
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

    pub(super) fn slow(&mut self, slot: Slot, slowdown: &Slowdown) -> Result<(), Mistake> {
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
    pub(super) fn mend(&mut self, slot: Slot, who: &Who) -> Result<(), Mistake> {
        let Some(nodes) = &who.nodes else {
            return self.end_of(slot, who, "mend", Deed::Mend);
        };
        refuse_back(slot, who)?;
        let nodes = self.known_nodes_at(nodes.iter(), &path(slot.place, "nodes"))?;
        self.one_by_one(slot, who.every, nodes.into_iter().map(|node| Task::Deed(Deed::Mend(node))))
    }

    pub(super) fn restart(&mut self, slot: Slot, comeback: &Comeback) -> Result<(), Mistake> {
        let Comeback { nodes, count, fraction, every, bootstraps, id, state } = comeback;
        check_return(*id, *state, &path(slot.place, "state"))?;
        if let Some(nodes) = nodes {
            self.down_nodes(slot, nodes)?;
        }
        let chosen = choose(slot, nodes.as_ref(), *count, *fraction, &self.down, self.seed, "restart")?;
        let here = path(slot.place, "bootstraps");
        let bootstraps = bootstraps.as_ref().map(|nodes| self.known_nodes_at(nodes.iter(), &here)).transpose()?;
        let (seed, place) = (self.seed, slot.place);
        let hosts: Vec<u32> = chosen.iter().map(|node| self.hosts[node.index()]).collect();
        let coming = |(host, number): (u32, u64)| {
            let lot = Lot { part: Part::Script, lot: draws::back(seed, place, number).word() };
            Task::Come(Coming { host, id: *id, state: *state, bootstraps: bootstraps.clone() }, lot)
        };
        self.one_by_one(slot, *every, hosts.into_iter().zip(0..).map(coming))
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
}

/// Complains of a way to come back where nobody goes down.
fn refuse_back(slot: Slot, who: &Who) -> Result<(), Mistake> {
    match who.back {
        None => Ok(()),
        Some(_) => Err(Mistake::new(path(slot.place, "back"), "only who has gone down comes back")
            .help("a pause ends by `lasts: \"10s\"` or by `Resume`")),
    }
}

/// Complains of a law of sessions that cannot be meant.
pub(in crate::plan) fn check_session(session: &LawSpec, here: &str) -> Result<(), Mistake> {
    let help = "nobody can be up in a session of no length";
    session.check(here).map_err(|mistake| if mistake.help.is_some() { mistake.help(help) } else { mistake })?;
    if session.law().mean_nanos() > 0.0 {
        return Ok(());
    }
    Err(Mistake::new(here, "a session must last longer than nothing").help(help))
}

/// Complains of a way to come back that cannot be meant.
pub(in crate::plan) fn check_back(back: &Back, here: &str) -> Result<(), Mistake> {
    back.after.check(&format!("{here}.after"))?;
    check_return(back.id, back.state, &format!("{here}.state"))
}

pub(in crate::plan) fn check_return(id: Identity, state: Memory, here: &str) -> Result<(), Mistake> {
    if id == Identity::New && state == Memory::Kept {
        return Err(Mistake::new(here, "who comes under a new id has no state to keep")
            .help("its tables are those of another place; write `id: Same`"));
    }
    Ok(())
}

/// A session of this law: at least a nanosecond, so that time goes on.
pub(in crate::plan) fn session_of(law: &Law, words: &mut Stream) -> Span {
    law.sample(words.word()).max(Span::from_nanos(1))
}

/// How a node comes back that this part of the scenario takes down.
pub(in crate::plan) fn return_of(back: &Back, part: Part, words: &mut Stream) -> Return {
    let after = back.after.law().sample(words.word());
    Return { after, id: back.id, state: back.state, lot: Lot { part, lot: words.word() } }
}
