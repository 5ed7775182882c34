//! Churn, decided: who comes and goes by itself becomes lines about named nodes, as the script does.
//!
//! An entry is checked when the plan is made; then its cues stand on the director's agenda beside the script's actions, each
//! of which puts the next there. What a cue draws is a function of seed, the entry's label, host and number of the session:
//! an entry taken out moves no draw of another.

mod check;
mod clock;
mod poisson;
mod sessions;
mod trace;

use sim::address::Address;
use sim::rng::Stream;
use sim::time::{SimTime, Span};

use super::director::{Class, Coming, Director, NoRoom, Slot, Task};
use super::{Deed, Line, draws};
use crate::ast::{First, Identity, Memory, Scenario};
use crate::data::Data;
use crate::mistake::Mistake;
use clock::Clock;

/// One way in which nodes come and go, checked.
#[derive(Debug)]
pub(super) struct Entry {
    label: String,
    from: SimTime,
    until: SimTime,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Sessions(sessions::Sessions),
    Arrivals(poisson::Arrivals),
    Departures(poisson::Departures),
    Failures(poisson::Failures),
    Trace(trace::Trace),
}

impl Entry {
    /// How many sessions of no length the hosts of its trace have.
    pub(super) fn skipped(&self) -> u64 {
        match &self.kind {
            Kind::Trace(trace) => trace.skipped(),
            _ => 0,
        }
    }
}

/// An entry, and how far it is.
pub(super) struct Running<'a> {
    entry: &'a Entry,
    draws: draws::Churn,
    /// The first of its hosts.
    base: u32,
    gaps: Stream,
}

/// What an entry has put on the agenda: hosts are numbered within it.
pub(super) enum Cue {
    /// It begins.
    Begin,
    /// A host that is up from the first instant on joins.
    Appear { host: u32 },
    /// Session number so and so of a host begins.
    Come(sessions::Next),
    /// It ends.
    Go(sessions::Last),
    /// A session of a trace begins.
    TraceCome { host: u32, session: u32 },
    /// It ends.
    TraceGo { host: u32, session: u32 },
    /// A Poisson clock strikes.
    Strike { number: u64 },
}

/// Checks the churn of a scenario, whose traces have been read.
pub(super) fn entries(scenario: &Scenario, end: SimTime, data: &Data) -> Result<Vec<Entry>, Mistake> {
    check::entries(scenario, end, data)
}

pub(super) fn running(entries: &[Entry], seed: u64) -> Vec<Running<'_>> {
    let mut running = Vec::with_capacity(entries.len());
    for entry in entries {
        let draws = draws::Churn::new(seed, &entry.label);
        running.push(Running { entry, draws, base: 0, gaps: draws.gaps() });
    }
    running
}

impl Director<'_> {
    /// Puts the beginning of every entry on the agenda.
    pub(super) fn begin_churn(&mut self) {
        for place in 0..self.churn.len() {
            let from = self.churn[place].entry.from;
            self.later(from, Class::Come, place, Task::Churn(Cue::Begin));
        }
    }

    /// What an entry has put on the agenda is due.
    pub(super) fn cue(&mut self, slot: Slot, cue: Cue) -> Result<(), Mistake> {
        if self.put_off() > TASKS_MAX {
            let title = format!("the churn comes to more than {TASKS_MAX} comings and goings");
            return Err(Mistake::new(format!("churn[{}]", slot.place), title)
                .help("give longer sessions or downtimes, fewer nodes or a shorter run"));
        }
        match cue {
            Cue::Begin => self.begin_entry(slot),
            _ => self.go_on(slot, cue).map_err(|why| self.no_room(slot.at, format!("churn[{}]", slot.place), why)),
        }
    }

    fn begin_entry(&mut self, slot: Slot) -> Result<(), Mistake> {
        match &self.churn[slot.place].entry.kind {
            Kind::Sessions(sessions) => self.begin_sessions(slot, sessions)?,
            Kind::Trace(trace) => self.begin_trace(slot, trace)?,
            Kind::Arrivals(arrivals) => self.begin_arrivals(slot, arrivals)?,
            Kind::Departures(departures) => self.strike_next(slot, 0, departures.gap, Clock::STEADY),
            Kind::Failures(failures) => self.begin_failures(slot, failures)?,
        }
        Ok(())
    }

    fn go_on(&mut self, slot: Slot, cue: Cue) -> Result<(), NoRoom> {
        match (&self.churn[slot.place].entry.kind, cue) {
            (_, Cue::Appear { host }) => _ = self.host_comes(slot, host, 0, Identity::Same, Memory::Lost)?,
            (Kind::Sessions(sessions), Cue::Come(next)) => self.session(slot, sessions, next)?,
            (Kind::Sessions(sessions), Cue::Go(last)) => self.session_ends(slot, sessions, last)?,
            (Kind::Trace(trace), Cue::TraceCome { host, session }) => self.trace_comes(slot, trace, host, session)?,
            (Kind::Trace(trace), Cue::TraceGo { host, session }) => self.trace_goes(slot, trace, host, session),
            (Kind::Arrivals(arrivals), Cue::Strike { number }) => self.arrival(slot, arrivals, number)?,
            (Kind::Departures(departures), Cue::Strike { number }) => self.departure(slot, departures, number),
            (Kind::Failures(failures), Cue::Strike { number }) => self.failure(slot, failures, number),
            _ => unreachable!("an entry puts only its own cues on the agenda"),
        }
        Ok(())
    }

    /// Puts a cue of the same entry on the agenda, if the entry goes on until then.
    fn cue_later(&mut self, slot: Slot, at: SimTime, class: Class, cue: Cue) {
        if at < self.churn[slot.place].entry.until {
            self.later(at, class, slot.place, Task::Churn(cue));
        }
    }

    /// Somebody comes on a host of an entry, if nobody is up there.
    fn host_comes(
        &mut self,
        slot: Slot,
        host: u32,
        session: u32,
        id: Identity,
        state: Memory,
    ) -> Result<Option<Address>, NoRoom> {
        let Running { draws, base, .. } = self.churn[slot.place];
        let coming = Coming { host: base + host, id, state, bootstraps: None };
        self.come(slot.at, coming, || draws.id(host, session))
    }

    /// So many hosts in a row, numbered from 0 within the entry.
    fn reserve_hosts(&mut self, slot: Slot, count: u32) -> Result<(), NoRoom> {
        self.churn[slot.place].base = self.reserve(count as usize)?.0;
        Ok(())
    }

    /// The hosts that are up from the first instant on come, each with the instant at which it goes.
    fn first_come(&mut self, slot: Slot, first: Option<First>, comers: &[(u32, SimTime)]) -> Result<(), Mistake> {
        let here = |field: &str| format!("churn[{}]{field}", slot.place);
        let default = || if self.can_appear(slot.at) { First::Converged } else { First::join() };
        match first.unwrap_or_else(default) {
            First::Join { every } => {
                self.first_join(slot, every.0, comers, &here(if first.is_some() { ".first" } else { "" }))
            }
            First::Converged if !self.can_appear(slot.at) => {
                Err(Mistake::new(here(".first"), "a converged overlay can only be the first to appear")
                    .help("let them `Join(every: \"50ms\")`"))
            }
            First::Converged => self.first_appear(slot, comers).map_err(|why| self.no_room(slot.at, here(""), why)),
        }
    }

    fn first_appear(&mut self, slot: Slot, comers: &[(u32, SimTime)]) -> Result<(), NoRoom> {
        let Running { draws, base, .. } = self.churn[slot.place];
        let mut nodes = Vec::with_capacity(comers.len());
        for (host, _) in comers {
            let node = Address(base + host);
            self.ids[node.index()] = Some(self.fresh_id(&mut draws.id(*host, 0))?);
            nodes.push(node);
        }
        self.appear(slot.at, nodes);
        Ok(())
    }

    /// They join one after the other; who would have gone before it is its turn does not come.
    fn first_join(&mut self, slot: Slot, every: Span, comers: &[(u32, SimTime)], here: &str) -> Result<(), Mistake> {
        let until = self.churn[slot.place].entry.until;
        for ((host, goes), number) in comers.iter().zip(0..) {
            let at = slot.at + every.times(number);
            if at >= until {
                let title = "the last of those that are there from the first instant on must come before the end";
                return Err(Mistake::new(here, title)
                    .label(format!(
                        "there are {}, and number {} would come at {}",
                        comers.len(),
                        number + 1,
                        at.since(SimTime::ZERO)
                    ))
                    .help("let them come faster: `first: Join(every: \"1ms\")`"));
            }
            if at < *goes {
                self.cue_later(slot, at, Class::Come, Cue::Appear { host: *host });
            }
        }
        Ok(())
    }

    /// Whether nodes can appear with the tables of a quiet overlay: nobody is up, or only such as appear at this instant.
    fn can_appear(&self, at: SimTime) -> bool {
        match self.lines.last() {
            Some(Line { at: then, deed: Deed::Converge { nodes } }) if *then == at => self.up.len() == nodes.len(),
            _ => self.up.len() == 0 && !self.has_converged(),
        }
    }
}

/// More comings and goings than this take too long to decide, and far longer to run.
const TASKS_MAX: usize = 20_000_000;
