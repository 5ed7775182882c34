//! What messages have met at queues: of uplinks, of downlinks, of slow nodes.

use sim::access::{AccessFigures, QueueFigures};

/// What has been met at the queues of all nodes, over the whole run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Queueing(pub AccessFigures);

impl Queueing {
    /// Adds another run's.
    pub fn add(&mut self, other: &Self) {
        add(&mut self.0.uplink, &other.0.uplink);
        add(&mut self.0.downlink, &other.0.downlink);
        add(&mut self.0.service, &other.0.service);
    }

    /// The queues by name, those alone that messages came to.
    pub fn in_use(&self) -> impl Iterator<Item = (&'static str, &QueueFigures)> {
        let all = [("uplinks", &self.0.uplink), ("downlinks", &self.0.downlink), ("slow nodes", &self.0.service)];
        all.into_iter().filter(|(_, figures)| figures.passed + figures.dropped > 0)
    }
}

fn add(mine: &mut QueueFigures, theirs: &QueueFigures) {
    mine.passed += theirs.passed;
    mine.waited += theirs.waited;
    mine.waiting_ns_total += theirs.waiting_ns_total;
    mine.waiting_ns_max = mine.waiting_ns_max.max(theirs.waiting_ns_max);
    mine.dropped += theirs.dropped;
}
