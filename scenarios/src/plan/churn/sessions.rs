//! Hosts that are up and down by turns: alternating renewal processes, in equilibrium from the first instant on if so said.

use sim::law::Law;
use sim::rng::{OneWord, Stream, Words};
use sim::sampler;
use sim::time::{SimTime, Span};

use super::super::director::{Class, Director, Going, NoRoom, Slot};
use super::super::draws;
use super::Cue;
use super::clock::Clock;
use crate::ast::{Begin, First, Identity, Memory};
use crate::mistake::Mistake;

/// Hosts that are up and down by turns, checked.
#[derive(Debug)]
pub(super) struct Sessions {
    pub(super) nodes: u32,
    pub(super) classes: Vec<Laws>,
    pub(super) correlation: f64,
    pub(super) begin: Begin,
    pub(super) first: Option<First>,
    pub(super) id: Identity,
    pub(super) state: Memory,
    pub(super) graceful: f64,
    pub(super) clock: Clock,
}

/// A kind of hosts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Laws {
    /// The share of hosts that are of this kind or of one before it.
    pub(super) up_to: f64,
    pub(super) session: Law,
    pub(super) downtime: Option<Law>,
}

/// The session of a host that is to begin.
#[derive(Clone, Copy, Debug)]
pub(in crate::plan) struct Next {
    host: u32,
    class: u32,
    session: u32,
    /// The normal score of the session before, if that one has anything to say.
    before: Option<f64>,
}

/// The session of a host that is to end.
#[derive(Clone, Copy, Debug)]
pub(in crate::plan) struct Last {
    host: u32,
    class: u32,
    session: u32,
    score: f64,
    is_graceful: bool,
    /// By the clock of returns; none if another takes its place at once.
    downtime: Option<Span>,
}

/// In which state a host begins, and what ends it.
enum State {
    Up(Last, SimTime),
    Down(Next, SimTime),
}

impl Director<'_> {
    pub(super) fn begin_sessions(&mut self, slot: Slot, sessions: &Sessions) -> Result<(), Mistake> {
        self.reserve_hosts(slot, sessions.nodes)
            .map_err(|why| self.no_room(slot.at, format!("churn[{}].nodes", slot.place), why))?;
        let draws = self.churn[slot.place].draws;
        let mut up = Vec::new();
        for host in 0..sessions.nodes {
            match sessions.beginning(draws, host, slot.at) {
                State::Up(last, at) => {
                    up.push((host, at));
                    self.cue_later(slot, at, Class::Go, Cue::Go(last));
                }
                State::Down(next, at) => self.cue_later(slot, at, Class::Come, Cue::Come(next)),
            }
        }
        self.first_come(slot, sessions.first, &up)
    }

    /// A session begins.
    pub(super) fn session(&mut self, slot: Slot, sessions: &Sessions, next: Next) -> Result<(), NoRoom> {
        let Next { host, session, .. } = next;
        let (last, span) = sessions.session(self.churn[slot.place].draws, next);
        self.host_comes(slot, host, session, sessions.id, sessions.state)?;
        self.cue_later(slot, slot.at + span, Class::Go, Cue::Go(last));
        Ok(())
    }

    /// A session ends, whoever is up on the host.
    pub(super) fn session_ends(&mut self, slot: Slot, sessions: &Sessions, last: Last) -> Result<(), NoRoom> {
        let Last { host, class, session, score, is_graceful, downtime } = last;
        let node = self.latest(self.churn[slot.place].base + host);
        self.go(slot, Going { node, coming: None, is_graceful, back: None });
        let before = (sessions.correlation != 0.0).then_some(score);
        let next = Next { host, class, session: session + 1, before };
        match downtime {
            None => self.session(slot, sessions, next),
            Some(downtime) => {
                self.cue_later(slot, sessions.clock.after(slot.at, downtime), Class::Come, Cue::Come(next));
                Ok(())
            }
        }
    }
}

impl Sessions {
    fn beginning(&self, draws: draws::Churn, host: u32, at: SimTime) -> State {
        let mut words = draws.host(host);
        let class = self.class(&mut words);
        let next = Next { host, class, session: 0, before: None };
        match self.begin {
            Begin::Steady => self.steady(draws, next, at, &mut words),
            Begin::Fresh => {
                let (last, span) = self.session(draws, next);
                State::Up(last, at + span)
            }
            Begin::Empty => {
                let downtime = self.laws(class).downtime.map(|law| law.sample(words.word())).unwrap_or_default();
                State::Down(next, self.clock.after(at, downtime))
            }
        }
    }

    /// The equilibrium of an alternating renewal process: the state by the shares of the means, the session or downtime met
    /// in proportion to its length, the instant anywhere in it (Cox, Renewal Theory, 1962, §7.4). Where sessions are
    /// correlated, it is the one that is met that speaks to the next; where a downtime is met, the session before it was any.
    fn steady(&self, draws: draws::Churn, next: Next, at: SimTime, words: &mut Stream) -> State {
        let Laws { session, downtime, .. } = *self.laws(next.class);
        let (up, down) = (session.mean_nanos(), downtime.map_or(0.0, |law| law.mean_nanos()));
        let is_up = sampler::chance(words, up / (up + down));
        if let Some(law) = downtime.filter(|_| !is_up) {
            let rest = rest_of(law.length_biased(words), words);
            return State::Down(next, self.clock.after(at, rest));
        }
        let whole = session.length_biased(words);
        let rest = rest_of(whole, words);
        let (last, _) = self.session(draws, next);
        let score = if self.correlation == 0.0 { 0.0 } else { score_of(session.cumulative(whole)) };
        State::Up(Last { score, ..last }, at + rest)
    }

    /// A session from its first instant on: how it will end, and how long it lasts.
    fn session(&self, draws: draws::Churn, Next { host, class, session, before }: Next) -> (Last, Span) {
        let mut words = draws.session(host, session);
        let laws = self.laws(class);
        let fresh = words.word();
        let (score, span) = if self.correlation == 0.0 {
            (0.0, laws.session.sample(fresh))
        } else {
            let score = self.score(before, &mut OneWord(fresh));
            (score, laws.session.quantile(probability_of(score)))
        };
        let is_graceful = sampler::chance(&mut words, self.graceful);
        let downtime = laws.downtime.map(|law| law.sample(words.word()));
        (Last { host, class, session, score, is_graceful, downtime }, span.max(Span::from_nanos(1)))
    }

    /// The normal score of a session after one of this score: an autoregression of the first order.
    fn score(&self, before: Option<f64>, words: &mut impl Words) -> f64 {
        let fresh = sampler::normal(words, 0.0, 1.0);
        let rho = self.correlation;
        before.map_or(fresh, |before| rho * before + libm::sqrt(1.0 - rho * rho) * fresh)
    }

    fn class(&self, words: &mut impl Words) -> u32 {
        let point = sampler::unit(words);
        let last = self.classes.len() - 1;
        self.classes[..last].iter().position(|class| point < class.up_to).unwrap_or(last) as u32
    }

    fn laws(&self, class: u32) -> &Laws {
        &self.classes[class as usize]
    }
}

/// What is left of a span that is met somewhere in its middle.
pub(super) fn rest_of(span: Span, words: &mut impl Words) -> Span {
    Span::from_nanos_f64(span.as_nanos() as f64 * sampler::open_unit(words)).max(Span::from_nanos(1))
}

fn score_of(probability: f64) -> f64 {
    sampler::standard_normal_quantile(probability.clamp(LEAST, 1.0 - LEAST))
}

fn probability_of(score: f64) -> f64 {
    sampler::standard_normal_below(score).clamp(LEAST, 1.0 - LEAST)
}

/// Probabilities nearer to 0 or 1 than this are taken for so near: a quantile is between the ends.
const LEAST: f64 = 1.0 / (1u64 << 53) as f64;
