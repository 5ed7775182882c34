//! Messages that were never handled, by what became of them.

use std::collections::BTreeMap;

use sim::network::DropCause;

/// How many messages were dropped after the warm-up, by cause.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drops(BTreeMap<DropCause, u64>);

impl Drops {
    /// One more.
    pub fn count(&mut self, why: DropCause) {
        *self.0.entry(why).or_insert(0) += 1;
    }

    /// How many for this cause.
    pub fn of(&self, why: DropCause) -> u64 {
        self.0.get(&why).copied().unwrap_or(0)
    }

    /// How many in all.
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// Adds another run's.
    pub fn add(&mut self, other: &Self) {
        for (why, count) in &other.0 {
            *self.0.entry(*why).or_insert(0) += count;
        }
    }
}
