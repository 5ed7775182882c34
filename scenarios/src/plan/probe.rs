//! The placement that a scenario asks the judge to look at: keys drawn for it alone.

use protocols::key::Key;
use sim::rng::Words;
use sim::time::{SimTime, Span};

use super::{Plan, draws};
use crate::ast::Scenario;
use crate::mistake::Mistake;

/// Keys whose owners and holders the judge notes at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probe {
    /// When: before anything else that happens then.
    pub at: SimTime,
    /// How many keys.
    pub keys: u64,
    /// How many members hold a copy of each, its owner among them.
    pub copies: u32,
}

impl Plan {
    /// The keys of its probe, uniform over the circle: a function of the seed alone.
    pub fn keys_of(&self, probe: &Probe) -> impl Iterator<Item = Key> {
        let (mut words, width) = (draws::probe(self.seed), self.width);
        (0..probe.keys).map(move |_| width.random(|| words.word()))
    }
}

/// The probe of a scenario, if it has one.
pub(super) fn probe(scenario: &Scenario) -> Result<Option<Probe>, Mistake> {
    let Some(placement) = scenario.placement else {
        return Ok(None);
    };
    if placement.at.0 == Span::ZERO {
        return Err(Mistake::new("placement.at", "nobody is a member before the first instant")
            .help("place the keys once nodes have joined, for example at \"60s\""));
    }
    if placement.at > scenario.end {
        return Err(Mistake::new("placement.at", "copies must be placed before the run ends")
            .label(format!("the run ends at {}", scenario.end)));
    }
    let (at, keys, copies) = (SimTime::ZERO + placement.at.0, placement.keys.0, placement.copies.0);
    Ok(Some(Probe { at, keys, copies }))
}
