//! What happens by a Poisson clock: new nodes come, nodes that are up go, parts of the overlay crash at once.

use sim::address::Address;
use sim::law::Law;
use sim::rng::{Stream, Words};
use sim::sampler;
use sim::time::{SimTime, Span};

use super::super::director::{Class, Coming, Director, Going, NoRoom, Part, Slot, Task};
use super::super::draws;
use super::super::script::comings::{return_of, session_of};
use super::clock::Clock;
use super::sessions::rest_of;
use super::{Cue, Kind};
use crate::ast::{Back, First, Identity, Memory, Nodes};
use crate::mistake::Mistake;

/// New nodes, checked.
#[derive(Debug)]
pub(super) struct Arrivals {
    pub(super) gap: f64,
    pub(super) session: Option<Law>,
    pub(super) is_steady: bool,
    pub(super) first: Option<First>,
    pub(super) graceful: f64,
    pub(super) clock: Clock,
}

/// Departures, checked.
#[derive(Debug)]
pub(super) struct Departures {
    pub(super) gap: f64,
    pub(super) graceful: f64,
}

/// Failures, checked.
#[derive(Debug)]
pub(super) struct Failures {
    pub(super) gap: f64,
    pub(super) who: Victims,
    /// Only of those that stand here.
    pub(super) region: Option<String>,
    pub(super) back: Option<Back>,
}

/// Who fails.
#[derive(Debug)]
pub(super) enum Victims {
    Nodes(Nodes),
    Count(u64),
    Fraction(f64),
    All,
}

impl Director<'_> {
    /// The clock of an entry will strike again, for the so manieth time, unless the entry has ended by then.
    pub(super) fn strike_next(&mut self, slot: Slot, number: u64, gap: f64, clock: Clock) {
        let gap = sampler::exponential(&mut self.churn[slot.place].gaps, gap);
        let at = clock.after(slot.at, Span::from_nanos_f64(gap));
        self.cue_later(slot, at, Class::Strike, Cue::Strike { number });
    }

    pub(super) fn begin_arrivals(&mut self, slot: Slot, arrivals: &Arrivals) -> Result<(), Mistake> {
        if let Some(law) = arrivals.session.filter(|_| arrivals.is_steady) {
            let residents = arrivals.residents(self.churn[slot.place].draws, &law, slot.at);
            self.settle_residents(slot, arrivals, &residents)?;
        }
        self.strike_next(slot, 0, arrivals.gap, arrivals.clock);
        Ok(())
    }

    fn settle_residents(&mut self, slot: Slot, arrivals: &Arrivals, residents: &[Resident]) -> Result<(), Mistake> {
        self.reserve_hosts(slot, residents.len() as u32)
            .map_err(|why| self.no_room(slot.at, format!("churn[{}]", slot.place), why))?;
        let (base, until) = (self.churn[slot.place].base, self.churn[slot.place].entry.until);
        for (resident, host) in residents.iter().zip(0..).filter(|(resident, _)| resident.goes < until) {
            let node = Address(base + host);
            let going = Going { node, coming: Some(1), is_graceful: resident.is_graceful, back: None };
            self.later(resident.goes, Class::Go, slot.place, Task::Go(going));
        }
        let comers: Vec<(u32, SimTime)> =
            residents.iter().zip(0..).map(|(resident, host)| (host, resident.goes)).collect();
        self.first_come(slot, arrivals.first, &comers)
    }

    /// A new node comes, on a host of its own.
    pub(super) fn arrival(&mut self, slot: Slot, arrivals: &Arrivals, number: u64) -> Result<(), NoRoom> {
        let draws = self.churn[slot.place].draws;
        let host = self.reserve(1)?.0;
        let coming = Coming { host, id: Identity::Same, state: Memory::Lost, bootstraps: None };
        // The ids of those who are there from the first instant on are drawn for number 0.
        let node = self.come(slot.at, coming, || draws.id(number as u32, 1))?;
        if let (Some(node), Some(law)) = (node, &arrivals.session) {
            let mut words = draws.strike(number);
            let goes = slot.at + session_of(law, &mut words);
            let is_graceful = sampler::chance(&mut words, arrivals.graceful);
            if goes < self.churn[slot.place].entry.until {
                let going = Going { node, coming: Some(1), is_graceful, back: None };
                self.later(goes, Class::Go, slot.place, Task::Go(going));
            }
        }
        self.strike_next(slot, number + 1, arrivals.gap, arrivals.clock);
        Ok(())
    }

    /// One of those that are up goes.
    pub(super) fn departure(&mut self, slot: Slot, departures: &Departures, number: u64) {
        let mut words = self.churn[slot.place].draws.strike(number);
        let is_graceful = sampler::chance(&mut words, departures.graceful);
        if let Some(node) = self.up.draw(&mut words) {
            self.go(slot, Going { node, coming: None, is_graceful, back: None });
        }
        self.strike_next(slot, number + 1, departures.gap, Clock::STEADY);
    }

    /// Some of those that are up crash at once.
    pub(super) fn failure(&mut self, slot: Slot, failures: &Failures, number: u64) {
        let draws = self.churn[slot.place].draws;
        let chosen = self.victims(failures, &mut draws.strike(number));
        for (node, place) in chosen.into_iter().zip(0..) {
            let back = failures.back.map(|back| return_of(&back, Part::Churn, &mut draws.back(number, place)));
            self.go(slot, Going { node, coming: None, is_graceful: false, back });
        }
        self.strike_next(slot, number + 1, failures.gap, Clock::STEADY);
    }

    /// The region of failures is looked up once, to hear whether there is one.
    pub(super) fn begin_failures(&mut self, slot: Slot, failures: &Failures) -> Result<(), Mistake> {
        if let Some(region) = &failures.region {
            self.up_in(region, &format!("churn[{}].region", slot.place))?;
        }
        self.strike_next(slot, 0, failures.gap, Clock::STEADY);
        Ok(())
    }

    fn victims(&self, Failures { who, region, .. }: &Failures, words: &mut Stream) -> Vec<Address> {
        let looked_up = |region: &String| self.up_in(region, "").expect("it was looked up when the failures began");
        let there = region.as_ref().map(looked_up);
        let among = there.as_ref().unwrap_or(&self.up);
        match who {
            Victims::Nodes(nodes) => nodes.iter().map(Address).filter(|node| among.contains(*node)).collect(),
            Victims::Count(count) => among.pick(usize::try_from(*count).unwrap_or(usize::MAX), words),
            Victims::Fraction(share) => among.pick((share * among.len() as f64).round() as usize, words),
            Victims::All => among.sorted(),
        }
    }

    /// Complains of failures of nodes that never are.
    pub(in crate::plan) fn check_names(&self) -> Result<(), Mistake> {
        for (place, running) in self.churn.iter().enumerate() {
            if let Kind::Failures(Failures { who: Victims::Nodes(nodes), .. }) = &running.entry.kind {
                self.known_nodes_at(nodes.iter(), &format!("churn[{place}].nodes"))?;
            }
        }
        Ok(())
    }
}

/// Somebody who is there from the first instant on.
struct Resident {
    goes: SimTime,
    is_graceful: bool,
}

impl Arrivals {
    /// Who is there at an instant if nodes have always come at this rate: a Poisson number, each in the middle of a session
    /// that is met in proportion to its length (the M/G/∞ queue). Where the rate swings, as many are drawn as if it always
    /// were at its peak, and each stays with the share of the peak at which it came.
    fn residents(&self, draws: draws::Churn, law: &Law, at: SimTime) -> Vec<Resident> {
        let peak = self.clock.fastest();
        let count = poisson(law.mean_nanos() * peak / self.gap, &mut draws.population());
        let resident = |number| {
            let mut words = draws.resident(number);
            let is_graceful = sampler::chance(&mut words, self.graceful);
            let lot = sampler::unit(&mut words);
            let whole = law.length_biased(&mut words);
            let rest = rest_of(whole, &mut words);
            let pace = self.clock.pace(at, whole.saturating_sub(rest));
            (lot * peak < pace).then_some(Resident { goes: at + rest, is_graceful })
        };
        (0..count).filter_map(resident).collect()
    }
}

/// A Poisson number of this mean: how often a Poisson clock strikes in one unit of time.
fn poisson(mean: f64, words: &mut impl Words) -> u64 {
    let mut count = 0;
    let mut at = sampler::exponential(words, 1.0);
    while at < mean {
        count += 1;
        at += sampler::exponential(words, 1.0);
    }
    count
}
