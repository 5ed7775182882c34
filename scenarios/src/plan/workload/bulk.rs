//! Bulk transfers at a rate: each is a function of seed, workload and number, and of who is up when it begins.

use sim::time::SimTime;

use super::Turn;
use super::instants::Instants;
use super::rhythm::Clock;
use crate::ast::Arrivals;
use crate::plan::roster::Roster;
use crate::plan::transfers::Bulk;
use crate::plan::{Deed, Line, Plan, draws};

/// Transfers at a rate, checked.
#[derive(Clone, Debug)]
pub(crate) struct Bulks {
    pub(super) place: usize,
    pub(super) from: SimTime,
    pub(super) until: SimTime,
    /// The mean gap between two, in nanoseconds.
    pub(super) gap: f64,
    pub(super) arrivals: Arrivals,
    pub(super) bulk: Bulk,
}

/// The transfers of a workload, one by one.
#[derive(Debug)]
pub(crate) struct Pairs<'a> {
    bulks: &'a Bulks,
    plan: &'a Plan,
    instants: Instants,
}

impl<'a> Pairs<'a> {
    pub(super) fn new(bulks: &'a Bulks, plan: &'a Plan) -> Self {
        let Bulks { place, from, until, gap, arrivals, .. } = *bulks;
        let clock = Clock::new(plan.seed, place, None, from, until);
        let instants = Instants::new(arrivals, gap, draws::gaps(plan.seed, place), clock);
        Self { bulks, plan, instants }
    }

    pub(super) fn next_at(&self) -> Option<SimTime> {
        self.instants.next_at()
    }

    pub(super) fn next(&mut self, up: &Roster) -> Option<Turn> {
        let (at, number) = self.instants.next()?;
        let mut words = draws::request(self.plan.seed, self.bulks.place, number);
        let Some(pair) = up.draw_pair(&mut words) else {
            return Some(Turn::Down);
        };
        let ends = pair.map(|node| (node, self.plan.host(node)));
        let transfer = self.bulks.bulk.between(&self.plan.placement, ends);
        Some(Turn::Asks(Line { at, deed: Deed::Transfer(transfer) }))
    }
}
