//! Open loops: lookups at a rate, however long each of them takes; a rate of all nodes together, or of each.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use sim::address::Address;
use sim::rng::{OneWord, Words};
use sim::sampler;
use sim::time::{SimTime, Span};

use super::Turn;
use super::instants::{Instants, draw_gap};
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
}

/// The requests of a workload that has one rate for all nodes.
#[derive(Debug)]
pub(crate) struct Common<'a> {
    open: &'a Open,
    plan: &'a Plan,
    instants: Instants,
}

impl<'a> Common<'a> {
    pub(super) fn new(open: &'a Open, plan: &'a Plan) -> Self {
        let (gaps, clock) = (draws::gaps(plan.seed, open.place), open.clock(plan.seed));
        Self { open, plan, instants: Instants::new(open.arrivals, open.gap, gaps, clock) }
    }

    pub(super) fn next_at(&self) -> Option<SimTime> {
        self.instants.next_at()
    }

    pub(super) fn next(&mut self, up: &Roster) -> Option<Turn> {
        let (at, number) = self.instants.next()?;
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
        self.offset += draw_gap(open.arrivals, self.gap, &mut OneWord(word));
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

#[cfg(test)]
mod tests {
    use protocols::key::Key;

    use super::*;

    /// The logarithm of a rate is normal with mean `-sigma^2 / 2` and deviation sigma. Of n normals the mean has a
    /// deviation of `1 / sqrt(n)`, the mean square one of `sqrt(2 / n)`; 3.29 of them are exceeded once in a thousand times.
    #[test]
    fn the_rates_of_nodes_are_spread_lognormally_around_the_rate() {
        const NODES: u32 = 20_000;
        let open = open(Arrivals::Poisson, 0.8);
        let rates: Vec<f64> = (0..NODES).map(|node| open.gap / Pending::first(&open, 5, Address(node)).gap).collect();
        let is_it = |rate: f64, sigma: f64| {
            let normals = rates.iter().map(|other| (libm::log(other / rate) + sigma * sigma / 2.0) / sigma);
            let (sum, squares) = normals.fold((0.0, 0.0), |(sum, squares), z| (sum + z, squares + z * z));
            let n = f64::from(NODES);
            (sum / n).abs() < 3.29 / n.sqrt() && (squares / n - 1.0).abs() < 3.29 * (2.0 / n).sqrt()
        };
        assert!(is_it(1.0, 0.8));
        for (rate, sigma) in [(1.05, 0.8), (0.95, 0.8), (1.0, 0.84), (1.0, 0.76)] {
            assert!(!is_it(rate, sigma), "{rate} {sigma}");
        }
        let mean = rates.iter().sum::<f64>() / f64::from(NODES);
        // The variance of a rate is `exp(sigma^2) - 1`.
        assert!((mean - 1.0).abs() < 3.29 * (0.8965 / f64::from(NODES)).sqrt(), "{mean}");
    }

    /// Chi-square over ten cells: nine degrees of freedom, 99.9 % quantile 27.88. Phases over 95 % of a gap are refused.
    #[test]
    fn the_phases_of_regular_nodes_are_spread_evenly_over_a_gap() {
        const NODES: u32 = 5_000;
        let open = open(Arrivals::Regular, 0.0);
        let phases: Vec<f64> =
            (0..NODES).map(|node| Pending::first(&open, 5, Address(node)).offset / open.gap).collect();
        let misfit = |scale: f64| {
            let mut cells = [0u32; 10];
            for phase in &phases {
                cells[(phase * scale * 10.0) as usize] += 1;
            }
            let expected = f64::from(NODES) / 10.0;
            cells.iter().map(|count| (f64::from(*count) - expected) * (f64::from(*count) - expected) / expected).sum()
        };
        let (right, wrong): (f64, f64) = (misfit(1.0), misfit(0.95));
        assert!(right < 27.88 && wrong > 27.88, "{right} {wrong}");
    }

    #[test]
    fn a_million_nodes_cost_one_entry_each_and_one_draw_for_each_request() {
        const NODES: usize = 1_000_000;
        let open = open(Arrivals::Poisson, 0.8);
        let plan = plan(NODES);
        let mut up = Roster::default();
        (0..NODES as u32 / 2).for_each(|node| up.insert(Address(node)));
        let mut requests = Each::new(&open, &plan);
        let mut last = SimTime::ZERO;
        for _ in 0..1000 {
            let at = requests.next_at().expect("so many nodes ask all the time");
            assert!(at >= last);
            last = at;
            match requests.next(&up) {
                Some(Turn::Asks(Line { deed: Deed::Lookup { node, .. }, .. })) => assert!(up.contains(node)),
                Some(Turn::Down) => {}
                other => panic!("{other:?}"),
            }
        }
        let drawn: u64 = requests.heap.iter().map(|Reverse(pending)| pending.number).sum();
        assert_eq!((requests.heap.len(), drawn), (NODES, 1000), "nothing is drawn before it is needed");
        assert!(size_of::<Reverse<Pending>>() <= 32, "{}", size_of::<Reverse<Pending>>());
    }

    fn open(arrivals: Arrivals, spread: f64) -> Open {
        Open {
            place: 0,
            from: SimTime::ZERO,
            until: SimTime::from_nanos(3_600_000_000_000),
            gap: 60e9,
            per: RatePer::Node,
            spread,
            arrivals,
            bursts: None,
            keys: KeyLaw::Uniform,
            issuers: Vec::new(),
            copies: 1,
        }
    }

    fn plan(nodes: usize) -> Plan {
        let scenario = crate::read::scenario(
            "plan.ron",
            br#"(protocols: [Chord()], script: [(at: "0s", do: Join(nodes: 1))], end: "1h")"#,
        );
        let plan = Plan::make(&scenario.expect("a small scenario"), 5, &crate::files::NoFiles);
        let plan = plan.expect("a small scenario can be planned");
        Plan { ids: vec![Some(Key::ZERO); nodes], hosts: (0..nodes as u32).collect(), script: Vec::new(), ..plan }
    }
}
