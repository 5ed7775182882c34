//! Closed loops: every member keeps some lookups in flight. What is asked, and after how long a thought, is decided here;
//! when, only the run can know.

use protocols::key::Key;
use sim::address::Address;
use sim::law::Law;
use sim::rng::Words;
use sim::time::{SimTime, Span};

use super::keys::{KeyLaw, Request, Series};
use crate::plan::Plan;
use crate::plan::roster::Roster;

/// A closed loop, checked.
#[derive(Clone, Debug)]
pub(crate) struct Closed {
    /// Its first instant.
    pub(crate) from: SimTime,
    /// The instant after its last.
    pub(crate) until: SimTime,
    /// How many lookups each node has in flight or in mind.
    pub(crate) in_flight: u32,
    /// How many holders of copies each asks for.
    pub(crate) copies: u32,
    pub(super) think: Law,
    pub(super) keys: KeyLaw,
    /// Who asks, in order of address; nobody stands for everybody.
    pub(super) issuers: Vec<Address>,
    /// What its draws are keyed by.
    pub(super) draws: u32,
}

impl Closed {
    /// Whether the node asks in this loop.
    pub(crate) fn is_issuer(&self, node: Address) -> bool {
        self.issuers.is_empty() || self.issuers.binary_search(&node).is_ok()
    }

    /// How long the node thinks before request `number` of this place in flight, counted from 0 over the whole run.
    pub(crate) fn thought(&self, seed: u64, node: Address, place: u32, number: u64) -> Span {
        self.think.sample(self.series(node, place).stream(seed, number).word())
    }

    /// What request `number` of this place in flight asks for; none if it is to be the id of a node, and nobody is up.
    pub(crate) fn key(&self, plan: &Plan, node: Address, place: u32, number: u64, up: &Roster) -> Option<Key> {
        let series = self.series(node, place);
        let mut words = series.words(plan.seed, number);
        self.keys.key(plan.circle(), Request { series, number, up, words: &mut words })
    }

    fn series(&self, node: Address, place: u32) -> Series {
        Series::InFlight { draws: self.draws, node, place }
    }
}
