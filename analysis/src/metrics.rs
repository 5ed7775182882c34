//! What a run is measured by: a recorder that counts lookups, hops, times, messages and what happened to nodes.
//!
//! The words are those of `README.md`, "What is measured". Counts and sums are exact; quantiles come from HDR histograms with
//! three significant digits, which merge exactly.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use protocols::dht::{Dht, JOIN, LOOKUP, Report, Request};
use scenarios::oracle::{Judged, Outcome};
use scenarios::plan::Phase;
use scenarios::run::Observer;
use sim::protocol::{Cause, RequestId};
use sim::record::{Departure, Fact, Recorder};
use sim::time::{SimTime, Span};

use crate::recovery::SinceDeparture;

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
    /// Joins over the network, over the whole run.
    pub joins: Joins,
    /// What happened to nodes, over the whole run.
    pub nodes: NodeCounts,
    /// The same figures over time, in equal steps of the whole run.
    pub series: Series,
    /// Lookups since the last departure: of one run, they are not added up.
    since_departure: SinceDeparture,
    /// Joins under way or done: messages so far, and whether they are done.
    joining: BTreeMap<RequestId, (u64, bool)>,
    up_since: SimTime,
    up: u64,
    node_nanos: u128,
}

/// The lookups that were issued in a phase.
#[derive(Clone, Debug)]
pub struct PhaseLookups {
    /// The phase.
    pub phase: Phase,
    /// Its lookups.
    pub lookups: Lookups,
}

/// Joins over the network: nodes that were born with tables did not join.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Joins {
    /// Nodes that were told to join, newcomers and those that came back.
    pub asked: u64,
    /// Of these, those that became members.
    pub done: u64,
    /// Messages sent for those that became members.
    pub messages: u64,
}

/// Lookups by how they ended, and what they took.
#[derive(Clone, Debug)]
pub struct Lookups {
    /// All.
    pub issued: u64,
    /// Answered with the true owner.
    pub correct: u64,
    /// Answered with another.
    pub wrong: u64,
    /// Not answered.
    pub failed: u64,
    /// Their issuer went down, or the run ended.
    pub abandoned: u64,
    /// Requests of the workload that found nobody up who could ask, over the whole run; of phases they are not counted.
    pub unasked: u64,
    /// Answered with the true owner on the issuer's side of a partition.
    pub correct_on_side: u64,
    /// Answered, with the holders of copies asked for.
    pub holders_asked: u64,
    /// Of these, those whose holders were the true ones.
    pub holders_right: u64,
    /// Exchanges until the owner was known, of answered lookups.
    pub hops: Distribution,
    /// Exchanges until the owner was reached, of answered lookups.
    pub hops_to_owner: Distribution,
    /// Exchanges until the lookup ended, of answered lookups.
    pub hops_to_end: Distribution,
    /// Nanoseconds until the owner's reply, of answered lookups.
    pub latency: Distribution,
    /// Nanoseconds until the owner was known, of answered lookups.
    pub latency_known: Distribution,
    /// Nanoseconds until the end, of answered and failed lookups.
    pub time_to_end: Distribution,
    /// Attempts that met silence, of answered and failed lookups.
    pub timeouts: Distribution,
    /// Of these, those before the last exchange that brought the way forward.
    pub timeouts_on_the_way: Distribution,
    /// Nanoseconds lost to silence, of answered and failed lookups.
    pub time_lost: Distribution,
    /// Messages sent on its behalf, of answered and failed lookups.
    pub messages: Distribution,
    /// When the last lookup was issued that was not answered right.
    pub last_not_correct: Option<SimTime>,
    /// When the last lookup was issued that was answered right.
    pub last_correct: Option<SimTime>,
    /// When the last lookup was issued that met silence.
    pub last_timeout: Option<SimTime>,
    /// When the last lookup was issued that met none.
    pub last_quiet: Option<SimTime>,
}

/// Values with their exact sum and maximum, and a histogram for quantiles.
#[derive(Clone, Debug, PartialEq)]
pub struct Distribution {
    histogram: Histogram<u64>,
    sum: u128,
    max: u64,
}

/// Messages and bytes by what they were for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// For users' lookups.
    pub lookup: Volume,
    /// To keep the overlay in order.
    pub upkeep: Volume,
    /// For joins.
    pub join: Volume,
}

/// How much was sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Volume {
    /// How many messages.
    pub messages: u64,
    /// How many bytes on the wire.
    pub bytes: u64,
}

/// What happened to nodes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NodeCounts {
    /// Left gracefully.
    pub leaves: u64,
    /// Crashed.
    pub crashes: u64,
    /// When the last one crashed or left.
    pub last_departure: Option<SimTime>,
}

/// Lookups by the stretch of time in which they were issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    /// How long a stretch is.
    pub step: Span,
    /// One after the other, from the beginning.
    pub points: Vec<Point>,
}

/// One stretch of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Point {
    /// Lookups issued in it.
    pub issued: u64,
    /// Of these, correct.
    pub correct: u64,
    /// Wrong.
    pub wrong: u64,
    /// Failed.
    pub failed: u64,
    /// Abandoned.
    pub abandoned: u64,
    /// Attempts that met silence, of those that were not abandoned.
    pub timeouts: u64,
    /// Nanoseconds of latency, summed over the answered.
    pub latency: u128,
}

impl Metrics {
    /// Measures from the warm-up to the end.
    pub fn new(warm_up: SimTime, end: SimTime) -> Self {
        Self {
            warm_up,
            end,
            lookups: Lookups::default(),
            phases: Vec::new(),
            traffic: Traffic::default(),
            joins: Joins::default(),
            joining: BTreeMap::new(),
            nodes: NodeCounts::default(),
            series: Series::new(end),
            since_departure: SinceDeparture::default(),
            up_since: SimTime::ZERO,
            up: 0,
            node_nanos: 0,
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
        self.joins.add(other.joins);
        self.nodes.add(other.nodes);
        self.series.add(&other.series);
        self.node_nanos += other.node_nanos;
    }

    /// How long nodes were up after the warm-up, summed over all of them, in seconds.
    pub fn node_seconds(&self) -> f64 {
        self.node_nanos as f64 / 1e9
    }

    /// The run has ended.
    pub fn finish(&mut self) {
        self.count_up(self.end);
        for (messages, is_done) in std::mem::take(&mut self.joining).into_values() {
            let [done, messages] = if is_done { [1, messages] } else { [0, 0] };
            self.joins.add(Joins { asked: 1, done, messages });
        }
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

    /// Adds the time since the number of nodes changed.
    fn count_up(&mut self, now: SimTime) {
        let from = self.up_since.max(self.warm_up);
        self.node_nanos += u128::from(now.since(from).as_nanos()) * u128::from(self.up);
        self.up_since = now;
    }
}

impl<P: Dht> Recorder<P> for Metrics {
    fn record(&mut self, now: SimTime, fact: &Fact<'_, P>) {
        match fact {
            Fact::Sent { cause: Cause { purpose, request }, bytes, .. } => {
                if *purpose == JOIN
                    && let Some((messages, _)) = self.joining.get_mut(request)
                {
                    *messages += 1;
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
            Fact::Started { .. } => {
                self.count_up(now);
                self.up += 1;
            }
            Fact::Stopped { how, .. } => {
                self.count_up(now);
                self.up -= 1;
                self.nodes.last_departure = Some(now);
                self.since_departure.departed(now);
                match how {
                    Departure::Crash => self.nodes.crashes += 1,
                    Departure::Leave => self.nodes.leaves += 1,
                }
            }
            Fact::Asked { request: Request::Join { .. }, cause, .. } => {
                _ = self.joining.insert(cause.request, (0, false));
            }
            Fact::Reported { report: Report::Joined, cause, .. } => {
                if let Some((_, is_done)) = self.joining.get_mut(&cause.request) {
                    *is_done = true;
                }
            }
            _ => {}
        }
    }
}

impl<P: Dht> Observer<P> for Metrics {
    fn judged(&mut self, lookup: &Judged) {
        self.series.judged(lookup);
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

impl Default for Lookups {
    fn default() -> Self {
        let empty = Distribution::default;
        Self {
            issued: 0,
            correct: 0,
            wrong: 0,
            failed: 0,
            abandoned: 0,
            unasked: 0,
            correct_on_side: 0,
            holders_asked: 0,
            holders_right: 0,
            hops: empty(),
            hops_to_owner: empty(),
            hops_to_end: empty(),
            latency: empty(),
            latency_known: empty(),
            time_to_end: empty(),
            timeouts: empty(),
            timeouts_on_the_way: empty(),
            time_lost: empty(),
            messages: empty(),
            last_not_correct: None,
            last_correct: None,
            last_timeout: None,
            last_quiet: None,
        }
    }
}

impl Lookups {
    /// The share of correct ones among those that were not abandoned.
    pub fn success(&self) -> Option<f64> {
        self.share(self.correct)
    }

    /// The share of so many among those that were not abandoned; none if all were.
    pub fn share(&self, count: u64) -> Option<f64> {
        let ended = self.issued - self.abandoned;
        (ended > 0).then(|| count as f64 / ended as f64)
    }

    /// The share of those with the true holders among the answered ones that asked for them.
    pub fn holders_success(&self) -> Option<f64> {
        (self.holders_asked > 0).then(|| self.holders_right as f64 / self.holders_asked as f64)
    }

    /// The distributions with their names and units, for files.
    pub fn distributions(&self) -> [(&'static str, &'static str, &Distribution); 10] {
        [
            ("hops", "exchanges", &self.hops),
            ("hops_to_owner", "exchanges", &self.hops_to_owner),
            ("hops_to_end", "exchanges", &self.hops_to_end),
            ("latency", "ns", &self.latency),
            ("latency_known", "ns", &self.latency_known),
            ("time_to_end", "ns", &self.time_to_end),
            ("timeouts", "attempts", &self.timeouts),
            ("timeouts_on_the_way", "attempts", &self.timeouts_on_the_way),
            ("time_lost", "ns", &self.time_lost),
            ("messages", "messages", &self.messages),
        ]
    }

    fn judged(&mut self, lookup: &Judged) {
        self.issued += 1;
        self.correct_on_side += u64::from(lookup.outcome_on_side == Outcome::Correct);
        match lookup.outcome {
            Outcome::Correct => self.correct += 1,
            Outcome::Wrong => self.wrong += 1,
            Outcome::Failed(_) => self.failed += 1,
            Outcome::Abandoned => {
                self.abandoned += 1;
                return;
            }
        }
        let is_correct = lookup.outcome == Outcome::Correct;
        let last = if is_correct { &mut self.last_correct } else { &mut self.last_not_correct };
        *last = (*last).max(Some(lookup.issued));
        let last = if lookup.silence.timeouts > 0 { &mut self.last_timeout } else { &mut self.last_quiet };
        *last = (*last).max(Some(lookup.issued));
        self.time_to_end.record((lookup.ended - lookup.issued).as_nanos());
        self.timeouts.record(u64::from(lookup.silence.timeouts));
        self.timeouts_on_the_way.record(u64::from(lookup.silence.on_the_way));
        self.time_lost.record(lookup.silence.lost.as_nanos());
        self.messages.record(lookup.messages);
        self.holders_asked += u64::from(lookup.are_holders_right.is_some());
        self.holders_right += u64::from(lookup.are_holders_right == Some(true));
        if let Some(answer) = &lookup.answer {
            self.hops.record(u64::from(answer.hops));
            self.hops_to_owner.record(u64::from(answer.hops_to_owner));
            self.hops_to_end.record(u64::from(answer.hops_to_end));
            self.latency.record(answer.replied_at.since(lookup.issued).as_nanos());
            self.latency_known.record(answer.known_at.since(lookup.issued).as_nanos());
        }
    }

    fn add(&mut self, other: &Self) {
        self.issued += other.issued;
        self.correct += other.correct;
        self.wrong += other.wrong;
        self.failed += other.failed;
        self.abandoned += other.abandoned;
        self.unasked += other.unasked;
        self.correct_on_side += other.correct_on_side;
        self.holders_asked += other.holders_asked;
        self.holders_right += other.holders_right;
        self.hops.add(&other.hops);
        self.hops_to_owner.add(&other.hops_to_owner);
        self.hops_to_end.add(&other.hops_to_end);
        self.latency.add(&other.latency);
        self.latency_known.add(&other.latency_known);
        self.time_to_end.add(&other.time_to_end);
        self.timeouts.add(&other.timeouts);
        self.timeouts_on_the_way.add(&other.timeouts_on_the_way);
        self.time_lost.add(&other.time_lost);
        self.messages.add(&other.messages);
        self.last_not_correct = self.last_not_correct.max(other.last_not_correct);
        self.last_correct = self.last_correct.max(other.last_correct);
        self.last_timeout = self.last_timeout.max(other.last_timeout);
        self.last_quiet = self.last_quiet.max(other.last_quiet);
    }
}

impl Default for Distribution {
    fn default() -> Self {
        let histogram = Histogram::new(3).expect("three significant digits are legal");
        Self { histogram, sum: 0, max: 0 }
    }
}

impl Distribution {
    /// Takes note of a value.
    pub fn record(&mut self, value: u64) {
        self.histogram.record(value).expect("a histogram that resizes itself takes every value");
        self.sum += u128::from(value);
        self.max = self.max.max(value);
    }

    /// How many values.
    pub fn count(&self) -> u64 {
        self.histogram.len()
    }

    /// Their exact mean; none if there are none.
    pub fn mean(&self) -> Option<f64> {
        (self.count() > 0).then(|| self.sum as f64 / self.count() as f64)
    }

    /// The value at or below which this share of all values lies, to three digits; none if there are none.
    pub fn quantile(&self, share: f64) -> Option<u64> {
        (self.count() > 0).then(|| self.histogram.value_at_quantile(share).min(self.max))
    }

    /// The exact largest value; none if there are none.
    pub fn max(&self) -> Option<u64> {
        (self.count() > 0).then_some(self.max)
    }

    /// The values as the histogram holds them, with their counts.
    pub fn counts(&self) -> Vec<(u64, u64)> {
        self.histogram.iter_recorded().map(|step| (step.value_iterated_to(), step.count_at_value())).collect()
    }

    fn add(&mut self, other: &Self) {
        self.histogram.add(&other.histogram).expect("histograms of equal precision merge");
        self.sum += other.sum;
        self.max = self.max.max(other.max);
    }
}

impl Point {
    /// Lookups that were answered or failed.
    pub fn ended(&self) -> u64 {
        self.issued - self.abandoned
    }
}

impl Joins {
    fn add(&mut self, other: Self) {
        self.asked += other.asked;
        self.done += other.done;
        self.messages += other.messages;
    }
}

impl Traffic {
    fn add(&mut self, other: Self) {
        self.lookup.add(other.lookup);
        self.upkeep.add(other.upkeep);
        self.join.add(other.join);
    }
}

impl Volume {
    fn add(&mut self, other: Self) {
        self.messages += other.messages;
        self.bytes += other.bytes;
    }
}

impl NodeCounts {
    fn add(&mut self, other: Self) {
        self.leaves += other.leaves;
        self.crashes += other.crashes;
        self.last_departure = self.last_departure.max(other.last_departure);
    }
}

impl Series {
    fn new(end: SimTime) -> Self {
        let step = Span::from_nanos(end.as_nanos().div_ceil(POINTS).max(1));
        Self { step, points: vec![Point::default(); POINTS as usize] }
    }

    fn judged(&mut self, lookup: &Judged) {
        let place = (lookup.issued.as_nanos() / self.step.as_nanos()) as usize;
        let last = self.points.len() - 1;
        let point = &mut self.points[place.min(last)];
        point.issued += 1;
        match lookup.outcome {
            Outcome::Correct => point.correct += 1,
            Outcome::Wrong => point.wrong += 1,
            Outcome::Failed(_) => point.failed += 1,
            Outcome::Abandoned => {
                point.abandoned += 1;
                return;
            }
        }
        point.timeouts += u64::from(lookup.silence.timeouts);
        point.latency += u128::from(lookup.latency().unwrap_or_default().as_nanos());
    }

    fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.points.iter_mut().zip(&other.points) {
            mine.issued += theirs.issued;
            mine.correct += theirs.correct;
            mine.wrong += theirs.wrong;
            mine.failed += theirs.failed;
            mine.abandoned += theirs.abandoned;
            mine.timeouts += theirs.timeouts;
            mine.latency += theirs.latency;
        }
    }
}

/// How many points a series has.
const POINTS: u64 = 60;

#[cfg(test)]
mod tests {
    use protocols::dht::{Answer, Silence};
    use protocols::key::Key;
    use sim::address::Address;

    use super::*;

    #[test]
    fn merged_distributions_are_those_of_all_values() {
        let of = |values: &[u64]| {
            let mut all = Distribution::default();
            for value in values {
                all.record(*value);
            }
            all
        };
        let mut one = of(&[1, 2, 3, 1_000_000_007]);
        one.add(&of(&[4, 5]));
        let all = of(&[1, 2, 3, 1_000_000_007, 4, 5]);
        assert_eq!((one.mean(), one.max(), one.counts()), (all.mean(), all.max(), all.counts()));
        assert_eq!(one.max(), Some(1_000_000_007), "the maximum is exact");
    }

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
    fn what_has_no_value_has_none() {
        let empty = Distribution::default();
        assert_eq!((empty.mean(), empty.quantile(0.5), empty.max()), (None, None, None));
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

    #[test]
    fn nodes_count_only_after_the_warm_up() {
        let mut metrics = Metrics::new(at(10), at(30));
        metrics.up = 2;
        metrics.count_up(at(20));
        metrics.up = 1;
        metrics.finish();
        assert!((metrics.node_seconds() - 30.0).abs() < 1e-9, "two for 10 s, one for 10 s");
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
        }
    }

    fn at(secs: u64) -> SimTime {
        SimTime::ZERO + Span::from_secs(secs)
    }
}
