//! First-in-first-out lanes for timers of few distinct durations: what starts later also ends later.
//!
//! A timer of duration `d` that starts now ends after every timer of duration `d` that started before, so each lane is
//! in order by birth and needs no heap. A small heap over the fronts of the lanes finds the first of all.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};

use super::{Key, Owner};
use crate::time::Span;

/// Timeouts by duration. Cancelled ones stay until they reach the front; their owner knows that they are dead.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    queues: Vec<VecDeque<(Key, Owner)>>,
    by_duration: BTreeMap<Span, usize>,
    fronts: BinaryHeap<Reverse<(Key, usize)>>,
    last_used: Option<(Span, usize)>,
}

impl Lanes {
    /// Adds a timer that ends at `key`'s time, `after` from now. False if there are too many durations for lanes.
    pub(super) fn push(&mut self, after: Span, key: Key, owner: Owner) -> bool {
        let Some(at) = self.lane(after) else {
            return false;
        };
        let lane = &mut self.queues[at];
        debug_assert!(lane.back().is_none_or(|(last, _)| *last < key), "a lane is in order by birth");
        if lane.is_empty() {
            self.fronts.push(Reverse((key, at)));
        }
        lane.push_back((key, owner));
        true
    }

    /// The first of all, dead or alive.
    pub(super) fn peek(&self) -> Option<(Key, Owner)> {
        let Reverse((_, at)) = self.fronts.peek()?;
        self.queues[*at].front().copied()
    }

    /// Takes out the first of all.
    pub(super) fn pop(&mut self) -> Option<Owner> {
        let Reverse((_, at)) = self.fronts.pop()?;
        let (_, owner) = self.queues[at].pop_front().expect("a lane with a front is not empty");
        if let Some((key, _)) = self.queues[at].front() {
            self.fronts.push(Reverse((*key, at)));
        }
        Some(owner)
    }

    fn lane(&mut self, after: Span) -> Option<usize> {
        if let Some((span, at)) = self.last_used
            && span == after
        {
            return Some(at);
        }
        if self.queues.len() >= LANES_MAX && !self.by_duration.contains_key(&after) {
            return None;
        }
        let at = *self.by_duration.entry(after).or_insert(self.queues.len());
        if at == self.queues.len() {
            self.queues.push(VecDeque::new());
        }
        self.last_used = Some((after, at));
        Some(at)
    }
}

/// More durations than this, and further ones go with the other timers.
const LANES_MAX: usize = 1024;
