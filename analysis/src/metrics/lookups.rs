//! Lookups by how they ended, and what they took.

use protocols::dht::Answer;
use scenarios::oracle::{Judged, Outcome};
use sim::time::SimTime;

use super::distribution::Distribution;
use super::hops_latency::HopsLatency;

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
    /// How many round trips from the issuer to the owner the latency was, in millionths: of answered lookups with another
    /// node as owner, where the network has such a round trip ([`Judged::round_trip`]).
    pub stretch: Distribution,
    /// How latency and exchanges until the owner was reached go together.
    pub hops_latency: HopsLatency,
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
            stretch: empty(),
            hops_latency: HopsLatency::default(),
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
    pub fn distributions(&self) -> [(&'static str, &'static str, &Distribution); 11] {
        [
            ("hops", "exchanges", &self.hops),
            ("hops_to_owner", "exchanges", &self.hops_to_owner),
            ("hops_to_end", "exchanges", &self.hops_to_end),
            ("latency", "ns", &self.latency),
            ("latency_known", "ns", &self.latency_known),
            ("stretch", "millionths", &self.stretch),
            ("time_to_end", "ns", &self.time_to_end),
            ("timeouts", "attempts", &self.timeouts),
            ("timeouts_on_the_way", "attempts", &self.timeouts_on_the_way),
            ("time_lost", "ns", &self.time_lost),
            ("messages", "messages", &self.messages),
        ]
    }

    pub(super) fn judged(&mut self, lookup: &Judged) {
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
            self.answered(lookup, answer);
        }
    }

    fn answered(&mut self, lookup: &Judged, answer: &Answer) {
        let latency = answer.replied_at.since(lookup.issued).as_nanos();
        self.hops.record(u64::from(answer.hops));
        self.hops_to_owner.record(u64::from(answer.hops_to_owner));
        self.hops_to_end.record(u64::from(answer.hops_to_end));
        self.latency.record(latency);
        self.latency_known.record(answer.known_at.since(lookup.issued).as_nanos());
        self.hops_latency.record(answer.hops_to_owner, latency);
        let round_trip = lookup.round_trip.filter(|_| answer.owner != lookup.issuer).unwrap_or_default().as_nanos();
        if round_trip > 0 {
            self.stretch.record(millionths(latency, round_trip));
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
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
        self.stretch.add(&other.stretch);
        self.hops_latency.add(&other.hops_latency);
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

/// A ratio in millionths, rounded to the nearest: what is told in three digits is off by less than the last of them.
fn millionths(part: u64, whole: u64) -> u64 {
    let (part, whole) = (u128::from(part), u128::from(whole));
    u64::try_from((part * 1_000_000 + whole / 2) / whole).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn millionths_are_rounded_and_never_overflow() {
        assert_eq!([millionths(3, 2), millionths(2, 3), millionths(1, 3)], [1_500_000, 666_667, 333_333]);
        assert_eq!(millionths(u64::MAX, 1), u64::MAX);
        let mut stretch = Distribution::default();
        stretch.record(millionths(u64::MAX, 1));
        assert_eq!(stretch.max(), Some(u64::MAX), "the histogram takes it");
    }
}
