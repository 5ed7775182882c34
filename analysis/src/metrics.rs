//! What a run is measured by: a recorder that counts lookups, hops, times, messages and what happened to nodes.
//!
//! The words are those of `README.md`, "What is measured". Counts and sums are exact; quantiles come from HDR histograms with
//! three significant digits, which merge exactly.

mod counts;
mod distribution;
mod drops;
mod hops_latency;
mod joins;
mod load;
mod lookups;
mod placement;
mod population;
mod queueing;
mod series;

use protocols::dht::{Dht, JOIN, LOOKUP, Report, Request};
use scenarios::oracle::Judged;
use scenarios::plan::Phase;
use scenarios::run::Observer;
use sim::protocol::Cause;
use sim::record::{Departure, Fact, Recorder};
use sim::time::{SimTime, Span};

use crate::recovery::SinceDeparture;
pub use counts::{Joins, NodeCounts, Traffic, Volume};
pub use distribution::{Distribution, Packed};
pub use drops::Drops;
pub use hops_latency::HopsLatency;
use joins::Joining;
pub use load::{Load, Loads};
pub use lookups::Lookups;
pub use placement::Placement;
pub use population::Population;
pub use queueing::Queueing;
pub use series::{Point, Series};

/// Everything that is measured in one run.
#[derive(Clone, Debug)]
pub struct Metrics {
    warm_up: SimTime,
    end: SimTime,
    /// Lookups that were issued after the warm-up, by how they ended.
    pub lookups: Lookups,
    /// Lookups that were issued in each phase, whatever the warm-up.
    pub phases: Vec<PhaseLookups>,
    /// Messages sent after the warm-up: lookup, upkeep, join.
    pub traffic: Traffic,
    /// Who worked for lookups after the warm-up.
    pub load: Load,
    /// Who owned the keys of the scenario's placement, and what became of their copies; none if it has none.
    pub placement: Option<Placement>,
    /// Joins over the network, over the whole run.
    pub joins: Joins,
    /// What happened to nodes, over the whole run.
    pub nodes: NodeCounts,
    /// How many nodes were up.
    pub population: Population,
    /// Messages that were dropped after the warm-up.
    pub drops: Drops,
    /// What messages have met at queues, over the whole run.
    pub queueing: Queueing,
    /// The same figures over time, in equal steps of the whole run.
    pub series: Series,
    /// Lookups since the last departure: of one run, they are not added up.
    since_departure: SinceDeparture,
    joining: Joining,
}

/// The lookups that were issued in a phase.
#[derive(Clone, Debug)]
pub struct PhaseLookups {
    /// The phase.
    pub phase: Phase,
    /// Its lookups.
    pub lookups: Lookups,
}

impl Metrics {
    /// Measures from the warm-up to the end.
    pub fn new(warm_up: SimTime, end: SimTime) -> Self {
        let series = Series::new(end);
        Self {
            warm_up,
            end,
            lookups: Lookups::default(),
            phases: Vec::new(),
            traffic: Traffic::default(),
            load: Load::new(warm_up),
            placement: None,
            joins: Joins::default(),
            joining: Joining::default(),
            nodes: NodeCounts::default(),
            population: Population::new(warm_up, series.step, series.points.len()),
            drops: Drops::default(),
            queueing: Queueing::default(),
            series,
            since_departure: SinceDeparture::default(),
        }
    }

    /// Counts the lookups of these phases apart, too.
    #[must_use]
    pub fn with_phases(self, phases: &[Phase]) -> Self {
        let none = |phase: &Phase| PhaseLookups { phase: phase.clone(), lookups: Lookups::default() };
        Self { phases: phases.iter().map(none).collect(), ..self }
    }

    /// Adds the figures of another run of the same scenario to these.
    pub fn add(&mut self, other: &Self) {
        self.lookups.add(&other.lookups);
        for (mine, theirs) in self.phases.iter_mut().zip(&other.phases) {
            mine.lookups.add(&theirs.lookups);
        }
        self.traffic.add(other.traffic);
        self.load.add(&other.load);
        Placement::add(&mut self.placement, other.placement.as_ref());
        self.joins.add(other.joins);
        self.nodes.add(other.nodes);
        self.series.add(&other.series);
        self.population.add(&other.population);
        self.drops.add(&other.drops);
        self.queueing.add(&other.queueing);
    }

    /// The run has ended.
    pub fn finish(&mut self) {
        self.population.go_on_until(self.end);
        self.lookups.hops_latency.finish();
        for PhaseLookups { lookups, .. } in &mut self.phases {
            lookups.hops_latency.finish();
        }
        self.load.finish();
        self.joins.add(self.joining.count());
    }

    /// How long after the last departure a lookup was still issued that was not answered right. None if nobody departed
    /// after the warm-up, or if right answers did not go on for at least as long again.
    pub fn healed_after(&self) -> Option<Span> {
        self.over_after(self.lookups.last_not_correct, self.lookups.last_correct)
    }

    /// How long after the last departure, in whole seconds, until of all lookups issued from then on to the end of the run
    /// at least 99 % were answered right. None if nobody departed after the warm-up, or if it was not seen.
    pub fn mostly_healed_after(&self) -> Option<Span> {
        self.nodes.last_departure.filter(|at| *at >= self.warm_up)?;
        self.since_departure.correct_after(99)
    }

    /// How long after the last departure a lookup was still issued that met silence. None if nobody departed after
    /// the warm-up, or if lookups without silence did not go on for at least as long again.
    pub fn settled_after(&self) -> Option<Span> {
        self.over_after(self.lookups.last_timeout, self.lookups.last_quiet)
    }

    /// From the last departure to the last bad lookup, if good ones went on for at least as long again: a few lucky ones at
    /// the end of a run are no recovery.
    fn over_after(&self, last_bad: Option<SimTime>, last_good: Option<SimTime>) -> Option<Span> {
        let departed = self.nodes.last_departure.filter(|at| *at >= self.warm_up)?;
        let bad = last_bad.filter(|at| *at >= departed);
        let good = last_good.filter(|good| *good >= departed && bad.is_none_or(|bad| *good > bad))?;
        let took = bad.map_or(Span::ZERO, |bad| bad.since(departed));
        (good.since(bad.unwrap_or(departed)) >= took).then_some(took)
    }
}

impl<P: Dht> Recorder<P> for Metrics {
    fn record(&mut self, now: SimTime, fact: &Fact<'_, P>) {
        match fact {
            Fact::Sent { cause: Cause { purpose, request }, bytes, .. } => {
                self.series.sent(now, *purpose, *bytes);
                if *purpose == JOIN {
                    self.joining.sent(*request);
                }
                if now >= self.warm_up {
                    let volume = match *purpose {
                        LOOKUP => &mut self.traffic.lookup,
                        JOIN => &mut self.traffic.join,
                        _ => &mut self.traffic.upkeep,
                    };
                    volume.messages += 1;
                    volume.bytes += u64::from(*bytes);
                }
            }
            Fact::Dropped { why, .. } if now >= self.warm_up => self.drops.count(*why),
            Fact::Delivered { to, cause: Cause { purpose: LOOKUP, .. }, .. } => self.load.handled(*to, now),
            Fact::Started { node, .. } => {
                self.population.came(now);
                self.load.came(*node, now);
                self.joining.started(*node);
            }
            Fact::Stopped { node, how } => {
                self.population.went(now);
                self.load.went(*node);
                self.nodes.last_departure = Some(now);
                self.since_departure.departed(now);
                match how {
                    Departure::Crash => self.nodes.crashes += 1,
                    Departure::Leave => self.nodes.leaves += 1,
                }
            }
            Fact::Asked { node, request: Request::Join { .. }, cause } => self.joining.asked(*node, cause.request),
            Fact::Reported { report: Report::Joined, cause, .. } => self.joining.joined(cause.request),
            _ => {}
        }
    }
}

impl<P: Dht> Observer<P> for Metrics {
    fn judged(&mut self, lookup: &Judged) {
        self.series.judged(lookup);
        self.load.judged(lookup);
        self.since_departure.judged(lookup);
        if lookup.issued >= self.warm_up {
            self.lookups.judged(lookup);
        }
        for PhaseLookups { phase, lookups } in &mut self.phases {
            if (phase.from..phase.until).contains(&lookup.issued) {
                lookups.judged(lookup);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use protocols::dht::{Answer, Silence};
    use protocols::key::Key;
    use scenarios::oracle::Outcome;
    use sim::address::Address;
    use sim::protocol::RequestId;

    use super::*;

    #[test]
    fn latency_ends_with_the_owners_reply_and_the_lookup_later() {
        let (mut lookups, mut series) = (Lookups::default(), Series::new(at(60)));
        let lookup = answered(at(10), at(13), at(17));
        lookups.judged(&lookup);
        series.judged(&lookup);
        let seconds = |values: &Distribution| values.mean().map(|nanos| nanos / 1e9);
        assert_eq!((seconds(&lookups.latency), seconds(&lookups.time_to_end)), (Some(3.0), Some(7.0)));
        assert_eq!((lookups.hops_to_owner.mean(), lookups.hops_to_end.mean()), (Some(2.0), Some(4.0)));
        assert_eq!(series.points[10].latency, 3_000_000_000);
    }

    #[test]
    fn without_lookups_there_is_no_success() {
        assert_eq!(Lookups::default().success(), None);
    }

    #[test]
    fn a_few_lucky_lookups_at_the_end_are_no_recovery() {
        let at = |secs| SimTime::ZERO + Span::from_secs(secs);
        let after = |bad, good| {
            let mut metrics = Metrics::new(at(0), at(1_000));
            metrics.nodes.last_departure = Some(at(100));
            metrics.lookups.last_not_correct = Some(at(bad));
            metrics.lookups.last_correct = Some(at(good));
            metrics.healed_after()
        };
        assert_eq!(after(110, 121), Some(Span::from_secs(10)));
        assert_eq!(after(110, 119), None, "good for less than it took");
        assert_eq!(after(120, 110), None);
        assert_eq!(after(50, 101), Some(Span::ZERO), "nothing went wrong since");
    }

    /// A lookup whose owner replied before it ended.
    fn answered(issued: SimTime, replied_at: SimTime, ended: SimTime) -> Judged {
        let answer = Answer {
            owner: Address(1),
            holders: vec![],
            hops: 1,
            hops_to_owner: 2,
            hops_to_end: 4,
            known_at: issued,
            replied_at,
            silence: Silence::default(),
        };
        Judged {
            number: RequestId(1),
            issued,
            ended,
            key: Key::ZERO,
            issuer: Address(0),
            outcome: Outcome::Correct,
            outcome_on_side: Outcome::Correct,
            owner: Some(answer.owner),
            are_holders_right: None,
            truth: Some(answer.owner),
            answer: Some(answer),
            silence: Silence::default(),
            messages: 0,
            round_trip: None,
        }
    }

    fn at(secs: u64) -> SimTime {
        SimTime::ZERO + Span::from_secs(secs)
    }
}
