//! Closed loops as they run: which lookup has ended, and what is asked next, when.
//!
//! A node begins when it has joined, at the loop's first instant or later, with as many lookups as it keeps in flight. When
//! one ends, answered or failed, the next of that *place in flight* follows after a thought; one that ended in the very
//! instant in which it was asked is followed a millisecond later at the soonest, so that time goes on. A node that leaves or
//! crashes forgets its lookups, and begins anew when it has joined again.
//!
//! Everything random is a function of seed, loop, node, place and the number of the request there (ARCH-3); only the
//! instants follow from the run.

use std::collections::{BTreeMap, BTreeSet};

use protocols::dht::{Dht, Report, Request};
use sim::address::Address;
use sim::protocol::RequestId;
use sim::record::{Fact, Recorder};
use sim::time::{SimTime, Span};

use crate::plan::roster::Roster;
use crate::plan::workload::Closed;
use crate::plan::{Deed, Plan};

/// Sees what closed loops wait for.
#[derive(Clone, Debug, Default)]
pub(super) struct Watch(Vec<Seen>);

/// What a closed loop waits for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Seen {
    Joined(Address),
    /// It is a member no longer.
    Gone(Address),
    /// A lookup of this node has ended.
    Ended(Address, RequestId),
}

/// The closed loops of a run.
#[derive(Debug)]
pub(super) struct Loops<'a> {
    plan: &'a Plan,
    /// Who is up, as far as the plan knows.
    up: Roster,
    members: BTreeSet<Address>,
    /// Loops that have begun, by their place in the plan.
    begun: BTreeSet<usize>,
    /// What is to be done, in order of time, and then in the order in which that was decided.
    agenda: BTreeMap<(SimTime, u64), Task>,
    decided: u64,
    /// What each node has asked and not yet heard of.
    flights: BTreeMap<(Address, RequestId), Flight>,
    /// How often each place in flight has asked.
    asked: BTreeMap<Place, u64>,
    /// How often each node has gone.
    goings: BTreeMap<Address, u32>,
}

/// A place in flight: one lookup after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    node: Address,
    which: usize,
    number: u32,
}

#[derive(Clone, Copy, Debug)]
enum Task {
    /// A loop begins, at all nodes that are members.
    Begin(usize),
    /// The next lookup of a place is asked, if its node has not gone more often than this since.
    Ask(Place, u32),
}

#[derive(Clone, Copy, Debug)]
struct Flight {
    place: Place,
    asked_at: SimTime,
}

impl<P: Dht> Recorder<P> for Watch {
    fn record(&mut self, _: SimTime, fact: &Fact<'_, P>) {
        self.0.extend(match fact {
            Fact::Reported { node, report: Report::Joined, .. } => Some(Seen::Joined(*node)),
            Fact::Reported { node, report: Report::Left, .. } | Fact::Stopped { node, .. } => Some(Seen::Gone(*node)),
            Fact::Reported { node, report: Report::Answered(_) | Report::Failed(_), cause } => {
                Some(Seen::Ended(*node, cause.request))
            }
            _ => None,
        });
    }
}

impl Watch {
    /// What has been seen since the last time.
    pub(super) fn take(&mut self) -> Vec<Seen> {
        std::mem::take(&mut self.0)
    }
}

impl<'a> Loops<'a> {
    /// The loops of a plan; none if it has none.
    pub(super) fn new(plan: &'a Plan) -> Option<Self> {
        let begin = |(which, closed): (usize, &Closed)| ((closed.from, which as u64), Task::Begin(which));
        let agenda: BTreeMap<(SimTime, u64), Task> = plan.closed.iter().enumerate().map(begin).collect();
        (!agenda.is_empty()).then(|| Self {
            plan,
            up: Roster::default(),
            members: BTreeSet::new(),
            begun: BTreeSet::new(),
            decided: agenda.len() as u64,
            agenda,
            flights: BTreeMap::new(),
            asked: BTreeMap::new(),
            goings: BTreeMap::new(),
        })
    }

    /// Follows what a line of the plan does.
    pub(super) fn note(&mut self, deed: &Deed) {
        self.up.note(deed);
    }

    /// Decides what follows from what has been seen just now.
    pub(super) fn attend(&mut self, seen: Vec<Seen>, now: SimTime) {
        for seen in seen {
            match seen {
                Seen::Joined(node) => {
                    if self.members.insert(node) {
                        for which in self.begun.clone() {
                            self.begin_at(which, node, now);
                        }
                    }
                }
                Seen::Gone(node) => self.forget(node),
                Seen::Ended(node, request) => {
                    if let Some(flight) = self.flights.remove(&(node, request)) {
                        self.follow(flight, now);
                    }
                }
            }
        }
    }

    /// When something is to be done next.
    pub(super) fn next_at(&self) -> Option<SimTime> {
        self.agenda.first_key_value().map(|((at, _), _)| *at)
    }

    /// Does what is due: whoever asks for something now, which will have this number. None if nobody does after all.
    pub(super) fn next(&mut self, request: RequestId, now: SimTime) -> Option<(Address, Request)> {
        let (_, task) = self.agenda.pop_first()?;
        match task {
            Task::Begin(which) => {
                self.begun.insert(which);
                for node in self.members.clone() {
                    self.begin_at(which, node, now);
                }
                None
            }
            Task::Ask(place, goings) if goings == self.goings_of(place.node) => self.ask(place, request, now),
            Task::Ask(..) => None,
        }
    }

    fn ask(&mut self, place: Place, request: RequestId, now: SimTime) -> Option<(Address, Request)> {
        let closed = &self.plan.closed[place.which];
        let asked = self.asked.entry(place).or_insert(0);
        let number = *asked;
        *asked += 1;
        let key = closed.key(self.plan, place.node, place.number, number, &self.up)?;
        self.flights.insert((place.node, request), Flight { place, asked_at: now });
        Some((place.node, Request::Lookup { key, copies: closed.copies }))
    }

    fn begin_at(&mut self, which: usize, node: Address, now: SimTime) {
        let closed = &self.plan.closed[which];
        if closed.is_issuer(node) {
            for number in 0..closed.in_flight {
                self.set(Place { node, which, number }, now);
            }
        }
    }

    /// A lookup has ended: the next is asked after a thought.
    fn follow(&mut self, Flight { place, asked_at }: Flight, now: SimTime) {
        let closed = &self.plan.closed[place.which];
        let number = self.asked.get(&place).copied().unwrap_or(0);
        let thought = closed.thought(self.plan.seed, place.node, place.number, number);
        let pause = if asked_at == now { thought.max(NO_TIME) } else { thought };
        self.set(place, now + pause);
    }

    fn set(&mut self, place: Place, at: SimTime) {
        if at < self.plan.closed[place.which].until {
            let task = Task::Ask(place, self.goings_of(place.node));
            self.agenda.insert((at, self.decided), task);
            self.decided += 1;
        }
    }

    fn forget(&mut self, node: Address) {
        if self.members.remove(&node) {
            *self.goings.entry(node).or_insert(0) += 1;
            let theirs = (node, RequestId(0))..=(node, RequestId(u32::MAX));
            let theirs: Vec<_> = self.flights.range(theirs).map(|(flight, _)| *flight).collect();
            for flight in theirs {
                self.flights.remove(&flight);
            }
        }
    }

    fn goings_of(&self, node: Address) -> u32 {
        self.goings.get(&node).copied().unwrap_or(0)
    }
}

/// How long a node waits at least after a lookup that took no time. Arbitrary.
const NO_TIME: Span = Span::from_millis(1);
