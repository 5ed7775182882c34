//! Plain counts: joins, messages by what they were for, and what happened to nodes.

use sim::time::SimTime;

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

impl Joins {
    pub(super) fn add(&mut self, other: Self) {
        self.asked += other.asked;
        self.done += other.done;
        self.messages += other.messages;
    }
}

impl Traffic {
    /// All messages, whatever they were for.
    pub fn total(&self) -> Volume {
        let mut total = self.lookup;
        total.add(self.upkeep);
        total.add(self.join);
        total
    }

    pub(super) fn add(&mut self, other: Self) {
        self.lookup.add(other.lookup);
        self.upkeep.add(other.upkeep);
        self.join.add(other.join);
    }
}

impl Volume {
    pub(super) fn add(&mut self, other: Self) {
        self.messages += other.messages;
        self.bytes += other.bytes;
    }
}

impl NodeCounts {
    pub(super) fn add(&mut self, other: Self) {
        self.leaves += other.leaves;
        self.crashes += other.crashes;
        self.last_departure = self.last_departure.max(other.last_departure);
    }
}
