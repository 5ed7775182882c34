//! How long after the last departure nearly all lookups were answered right again: lookups by the second of their issue.

use std::collections::BTreeMap;

use scenarios::oracle::{Judged, Outcome};
use sim::time::{SimTime, Span};

/// The lookups of one run since the last departure, by the second after it in which they were issued. Each departure
/// begins anew: no more is kept than the seconds in which somebody asked.
#[derive(Clone, Debug, Default)]
pub struct SinceDeparture {
    departed: Option<SimTime>,
    seconds: BTreeMap<u64, Tally>,
}

impl SinceDeparture {
    /// A node has crashed or left.
    pub fn departed(&mut self, now: SimTime) {
        self.departed = Some(now);
        self.seconds.clear();
    }

    /// A lookup has ended. It counts if it was issued at the last departure or later, and was not abandoned.
    pub fn judged(&mut self, lookup: &Judged) {
        let Some(departed) = self.departed.filter(|at| lookup.issued >= *at) else {
            return;
        };
        if lookup.outcome != Outcome::Abandoned {
            let second = lookup.issued.since(departed).as_nanos() / SECOND.as_nanos();
            let tally = self.seconds.entry(second).or_default();
            tally.ended += 1;
            tally.correct += u64::from(lookup.outcome == Outcome::Correct);
        }
    }

    /// The smallest whole number of seconds after the last departure such that, of all lookups issued from then on to the
    /// end of the run, at least so many percent were answered right. None if nobody departed, or no lookup was issued
    /// after, or if lookups did not go on for at least as long again.
    pub fn correct_after(&self, percent: u64) -> Option<Span> {
        let mut rest = self.seconds.values().fold(Tally::default(), |sum, tally| sum.plus(*tally));
        let seconds = self.seconds.last_key_value().map_or(0, |(last, _)| last + 1);
        let mut from = 0;
        for (second, tally) in &self.seconds {
            if rest.is_correct(percent) {
                return (2 * from <= seconds).then(|| SECOND.times(from));
            }
            rest = rest.minus(*tally);
            from = second + 1;
        }
        None
    }
}

/// Lookups that were answered or failed.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    ended: u64,
    correct: u64,
}

impl Tally {
    fn plus(self, other: Self) -> Self {
        Self { ended: self.ended + other.ended, correct: self.correct + other.correct }
    }

    fn minus(self, other: Self) -> Self {
        Self { ended: self.ended - other.ended, correct: self.correct - other.correct }
    }

    fn is_correct(self, percent: u64) -> bool {
        100 * self.correct >= percent * self.ended
    }
}

const SECOND: Span = Span::from_secs(1);

#[cfg(test)]
mod tests {
    use protocols::dht::{FailureReason, Silence};
    use protocols::key::Key;
    use sim::address::Address;
    use sim::protocol::RequestId;

    use super::*;

    #[test]
    fn where_all_is_right_it_took_no_time() {
        assert_eq!(after(&[(0, 1, 0)]), Some(0));
        assert_eq!(after(&[(7, 20, 0)]), Some(0));
    }

    #[test]
    fn one_in_a_hundred_may_be_wrong_and_no_more() {
        assert_eq!(after(&[(0, 0, 1), (1, 99, 0)]), Some(0), "99 of 100");
        assert_eq!(after(&[(0, 0, 2), (1, 99, 0)]), Some(1), "99 of 101, then 99 of 99");
        assert_eq!(
            after(&[(0, 10, 0), (2, 5, 1), (3, 45, 0), (5, 4, 1), (6, 95, 0)]),
            Some(3),
            "144 of 145 from 3 s on"
        );
        assert_eq!(after(&[(0, 1000, 0), (5, 0, 1)]), Some(0), "the last was wrong, and is one of 1001");
    }

    #[test]
    fn seconds_in_which_nobody_asks_are_as_good_as_what_comes_after_them() {
        assert_eq!(after(&[(3, 0, 1), (7, 98, 0)]), Some(4), "98 of 99 are too few");
    }

    #[test]
    fn where_it_was_not_seen_it_has_no_value() {
        assert_eq!(after(&[]), None, "nobody asked");
        assert_eq!(after(&[(0, 50, 0), (9, 0, 1)]), None, "wrong at the last");
        let mut nobody_departed = SinceDeparture::default();
        nobody_departed.judged(&lookup(5, Outcome::Correct));
        assert_eq!(nobody_departed.correct_after(99), None);
    }

    #[test]
    fn each_departure_begins_anew_and_only_what_is_issued_after_it_counts() {
        let mut since = SinceDeparture::default();
        since.departed(at(10));
        since.judged(&lookup(11, Outcome::Wrong));
        since.departed(at(20));
        since.judged(&lookup(19, Outcome::Failed(FailureReason::Deadline)));
        assert_eq!(since.correct_after(99), None, "none of them was issued since");
        since.judged(&lookup(20, Outcome::Failed(FailureReason::Deadline)));
        since.judged(&lookup(22, Outcome::Abandoned));
        since.judged(&lookup(25, Outcome::Correct));
        assert_eq!(since.correct_after(99), Some(Span::from_secs(1)));
    }

    /// After a departure at 100 s, so many right and wrong answers in some of the seconds: when 99 % are right.
    fn after(seconds: &[(u64, u64, u64)]) -> Option<u64> {
        let mut since = SinceDeparture::default();
        since.departed(at(100));
        for (second, right, wrong) in seconds {
            (0..*right).for_each(|_| since.judged(&lookup(100 + second, Outcome::Correct)));
            (0..*wrong).for_each(|_| since.judged(&lookup(100 + second, Outcome::Wrong)));
        }
        since.correct_after(99).map(|span| span.as_nanos() / SECOND.as_nanos())
    }

    fn lookup(issued: u64, outcome: Outcome) -> Judged {
        Judged {
            number: RequestId(1),
            issued: at(issued),
            ended: at(issued + 1),
            key: Key::ZERO,
            issuer: Address(0),
            outcome,
            outcome_on_side: outcome,
            owner: None,
            are_holders_right: None,
            truth: None,
            answer: None,
            silence: Silence::default(),
            messages: 0,
            round_trip: None,
        }
    }

    fn at(secs: u64) -> SimTime {
        SimTime::ZERO + Span::from_secs(secs)
    }
}
