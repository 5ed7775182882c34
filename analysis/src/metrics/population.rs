//! How many nodes are up: on average, at least, at most, and over time.

use sim::time::{SimTime, Span};

/// Nodes that are up, whether they have joined or not, weighted by how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Population {
    warm_up: SimTime,
    since: SimTime,
    up: u64,
    /// Nanoseconds that nodes were up after the warm-up, summed over all of them.
    node_nanos: u128,
    /// Nanoseconds since the warm-up.
    nanos: u128,
    least: Option<u64>,
    most: Option<u64>,
    /// The length of a step of the whole run, and the nanoseconds that nodes were up in each.
    step: Span,
    steps: Vec<u128>,
    runs: u64,
}

impl Population {
    /// Nobody is up yet; what happens before the warm-up ends counts in the steps alone.
    pub fn new(warm_up: SimTime, step: Span, steps: usize) -> Self {
        Self {
            warm_up,
            since: SimTime::ZERO,
            up: 0,
            node_nanos: 0,
            nanos: 0,
            least: None,
            most: None,
            step,
            steps: vec![0; steps],
            runs: 1,
        }
    }

    /// A node has come up.
    pub fn came(&mut self, now: SimTime) {
        self.go_on_until(now);
        self.up += 1;
    }

    /// A node has gone down.
    pub fn went(&mut self, now: SimTime) {
        self.go_on_until(now);
        self.up -= 1;
    }

    /// Nothing has changed until now.
    pub fn go_on_until(&mut self, now: SimTime) {
        if now > self.since {
            self.count_steps(now);
            let measured = now.since(self.since.max(self.warm_up)).as_nanos();
            if measured > 0 {
                self.nanos += u128::from(measured);
                self.node_nanos += u128::from(measured) * u128::from(self.up);
                self.least = Some(self.least.map_or(self.up, |least| least.min(self.up)));
                self.most = self.most.max(Some(self.up));
            }
            self.since = now;
        }
    }

    /// How long nodes were up after the warm-up, summed over all of them, in seconds.
    pub fn node_seconds(&self) -> f64 {
        self.node_nanos as f64 / 1e9
    }

    /// How many were up on average after the warm-up.
    pub fn mean(&self) -> Option<f64> {
        (self.nanos > 0).then(|| self.node_nanos as f64 / self.nanos as f64)
    }

    /// How many were up at least, after the warm-up.
    pub fn least(&self) -> Option<u64> {
        self.least
    }

    /// How many were up at most, after the warm-up.
    pub fn most(&self) -> Option<u64> {
        self.most
    }

    /// How many were up on average in each step of the run, of each run.
    pub fn over_time(&self) -> impl Iterator<Item = f64> + '_ {
        let whole = self.step.as_nanos() as f64 * self.runs as f64;
        self.steps.iter().map(move |nanos| *nanos as f64 / whole)
    }

    /// Adds another run's.
    pub fn add(&mut self, other: &Self) {
        self.node_nanos += other.node_nanos;
        self.nanos += other.nanos;
        self.least = [self.least, other.least].into_iter().flatten().min();
        self.most = self.most.max(other.most);
        self.runs += other.runs;
        for (mine, theirs) in self.steps.iter_mut().zip(&other.steps) {
            *mine += theirs;
        }
    }

    fn count_steps(&mut self, now: SimTime) {
        let step = self.step.as_nanos().max(1);
        let mut from = self.since.as_nanos();
        while from < now.as_nanos() {
            let place = (from / step) as usize;
            let until = now.as_nanos().min((place as u64 + 1).saturating_mul(step));
            if let Some(nanos) = self.steps.get_mut(place) {
                *nanos += u128::from(until - from) * u128::from(self.up);
            }
            from = until;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_count_only_after_the_warm_up_but_in_every_step() {
        let mut population = Population::new(at(10), Span::from_secs(10), 3);
        population.came(at(0));
        population.came(at(5));
        population.went(at(20));
        population.go_on_until(at(30));
        assert!((population.node_seconds() - 30.0).abs() < 1e-9, "two for 10 s, one for 10 s");
        assert_eq!((population.mean(), population.least(), population.most()), (Some(1.5), Some(1), Some(2)));
        assert_eq!(population.over_time().collect::<Vec<f64>>(), [1.5, 2.0, 1.0]);
    }

    #[test]
    fn what_lasts_no_time_is_no_population() {
        let mut population = Population::new(at(0), Span::from_secs(10), 1);
        population.came(at(5));
        population.went(at(5));
        population.go_on_until(at(10));
        assert_eq!((population.least(), population.most()), (Some(0), Some(0)));
    }

    #[test]
    fn runs_are_averaged() {
        let one = |up: u64| {
            let mut population = Population::new(at(0), Span::from_secs(10), 1);
            (0..up).for_each(|_| population.came(at(0)));
            population.go_on_until(at(10));
            population
        };
        let mut both = one(1);
        both.add(&one(4));
        assert_eq!((both.mean(), both.least(), both.most()), (Some(2.5), Some(1), Some(4)));
        assert_eq!(both.over_time().collect::<Vec<f64>>(), [2.5]);
    }

    fn at(secs: u64) -> SimTime {
        SimTime::ZERO + Span::from_secs(secs)
    }
}
