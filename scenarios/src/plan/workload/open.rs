//! Open loops: lookups at a rate, however long each of them takes; a rate of all nodes together, or of each.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use sim::address::Address;
use sim::rng::{OneWord, Stream, Words};
use sim::sampler;
use sim::time::{SimTime, Span};

use super::Turn;
use super::keys::{KeyLaw, Request, Series};
use super::rhythm::{Bursts, Clock};
use crate::ast::{Arrivals, RatePer};
use crate::plan::roster::Roster;
use crate::plan::{Deed, Line, Plan, draws};

/// Lookups at a rate, checked.
#[derive(Clone, Debug)]
pub(crate) struct Open {
    pub(super) place: usize,
    pub(super) from: SimTime,
    pub(super) until: SimTime,
    /// The mean gap between two, in nanoseconds; within bursts it is shorter.
    pub(super) gap: f64,
    pub(super) per: RatePer,
    pub(super) spread: f64,
    pub(super) arrivals: Arrivals,
    pub(super) bursts: Option<Bursts>,
    pub(super) keys: KeyLaw,
    /// Who asks; nobody stands for everybody.
    pub(super) issuers: Vec<Address>,
    pub(super) copies: u32,
}

impl Open {
    fn clock(&self, seed: u64) -> Clock {
        Clock::new(seed, self.place, self.bursts, self.from, self.until)
    }

    /// How much passes on the workload's clock between two requests that are this far apart in the mean.
    fn gap(&self, words: &mut impl Words, mean: f64) -> f64 {
        match self.arrivals {
            Arrivals::Poisson => sampler::exponential(words, mean),
            Arrivals::Regular => mean,
        }
    }
}

/// The requests of a workload that has one rate for all nodes.
#[derive(Debug)]
pub(crate) struct Common<'a> {
    open: &'a Open,
    plan: &'a Plan,
    gaps: Stream,
    clock: Clock,
    next: Option<SimTime>,
    /// Nanoseconds on the workload's clock from the beginning to the next request.
    offset: f64,
    number: u64,
}

impl<'a> Common<'a> {
    pub(super) fn new(open: &'a Open, plan: &'a Plan) -> Self {
        let gaps = draws::gaps(plan.seed, open.place);
        let mut requests = Self { open, plan, gaps, clock: open.clock(plan.seed), next: None, offset: 0.0, number: 0 };
        // A Poisson process begins with a gap, a regular one at once.
        match open.arrivals {
            Arrivals::Poisson => requests.advance(),
            Arrivals::Regular => requests.next = requests.clock.at(Span::ZERO),
        }
        requests
    }

    pub(super) fn next_at(&self) -> Option<SimTime> {
        self.next
    }

    pub(super) fn next(&mut self, up: &Roster) -> Option<Turn> {
        let (at, number) = (self.next?, self.number);
        self.number += 1;
        self.advance();
        let series = Series::All { workload: self.open.place };
        let mut words = series.stream(self.plan.seed, number);
        let request = Request { series, number, up, words: &mut words };
        let Some(key) = self.open.keys.key(self.plan.circle(), request) else {
            return Some(Turn::NobodyUp);
        };
        let issuers = &self.open.issuers;
        let node = if issuers.is_empty() {
            up.draw(&mut words)
        } else {
            let chosen = issuers[sampler::below(&mut words, issuers.len() as u64) as usize];
            Some(chosen).filter(|node| up.contains(*node))
        };
        let copies = self.open.copies;
        Some(node.map_or(Turn::NobodyUp, |node| Turn::Asks(Line { at, deed: Deed::Lookup { node, key, copies } })))
    }

    fn advance(&mut self) {
        self.offset += self.open.gap(&mut self.gaps, self.open.gap);
        self.next = self.clock.at(Span::from_nanos_f64(self.offset));
    }
}

/// The requests of a workload in which every node has a rate of its own: as many processes as nodes, merged. Each goes on
/// while its node is down, and is not heard then, so that who is up moves no request.
#[derive(Debug)]
pub(crate) struct Each<'a> {
    open: &'a Open,
    plan: &'a Plan,
    /// The next request of each node, the first on top.
    heap: BinaryHeap<Reverse<Pending>>,
    clock: Clock,
    next: Option<SimTime>,
}

/// The next request of a node.
#[derive(Clone, Copy, Debug)]
struct Pending {
    /// Nanoseconds on the workload's clock from the beginning on.
    offset: f64,
    /// The mean gap between the node's requests, in nanoseconds.
    gap: f64,
    node: Address,
    number: u64,
}

impl<'a> Each<'a> {
    pub(super) fn new(open: &'a Open, plan: &'a Plan) -> Self {
        let first = |node: Address| Reverse(Pending::first(open, plan.seed, node));
        let heap = if open.issuers.is_empty() {
            plan.addresses().map(first).collect::<Vec<_>>()
        } else {
            let mut named = open.issuers.clone();
            named.sort_unstable();
            named.dedup();
            named.into_iter().map(first).collect()
        };
        let mut requests = Self { open, plan, heap: heap.into(), clock: open.clock(plan.seed), next: None };
        requests.find_next();
        requests
    }

    pub(super) fn next_at(&self) -> Option<SimTime> {
        self.next
    }

    pub(super) fn next(&mut self, up: &Roster) -> Option<Turn> {
        let at = self.next?;
        let mut first = self.heap.peek_mut()?;
        let Pending { node, number, .. } = first.0;
        let series = Series::OfNode { workload: self.open.place, node };
        let mut words = series.stream(self.plan.seed, number);
        first.0.advance(self.open, words.word());
        drop(first);
        self.find_next();
        if !up.contains(node) {
            return Some(Turn::Down);
        }
        let request = Request { series, number, up, words: &mut words };
        let key = self.open.keys.key(self.plan.circle(), request);
        let copies = self.open.copies;
        Some(key.map_or(Turn::Down, |key| Turn::Asks(Line { at, deed: Deed::Lookup { node, key, copies } })))
    }

    fn find_next(&mut self) {
        self.next = self.heap.peek().and_then(|first| self.clock.at(first.0.passed()));
    }
}

impl Pending {
    fn first(open: &Open, seed: u64, node: Address) -> Self {
        let mut words = draws::habit(seed, open.place, node);
        let gap = open.gap / sampler::lognormal_with_mean(&mut words, 1.0, open.spread);
        let offset = match open.arrivals {
            Arrivals::Poisson => sampler::exponential(&mut words, gap),
            Arrivals::Regular => sampler::uniform(&mut words, 0.0, gap),
        };
        Self { offset, gap, node, number: 0 }
    }

    fn advance(&mut self, open: &Open, word: u64) {
        self.number += 1;
        self.offset += open.gap(&mut OneWord(word), self.gap);
    }

    /// What orders requests is whole nanoseconds.
    fn passed(&self) -> Span {
        Span::from_nanos_f64(self.offset)
    }
}

impl Ord for Pending {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.passed(), self.node).cmp(&(other.passed(), other.node))
    }
}

impl PartialOrd for Pending {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Pending {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Pending {}
