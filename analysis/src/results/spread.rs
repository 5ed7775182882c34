//! How evenly something is spread over nodes, in the words of the results.

use serde::Serialize;

use super::share;
use crate::metrics::{Load, Loads, Placement};
use crate::statistics::{gini, lorenz, max_over_mean};

/// Who works for lookups: of nodes that were up from the warm-up to the end.
#[derive(Clone, Debug, Serialize)]
pub struct LoadFigures {
    /// Messages that each was handed on behalf of lookups.
    pub handled: LoadFigure,
    /// Lookups that were answered right with it as the owner.
    pub owned: LoadFigure,
}

/// The load of a node, and how evenly it is spread.
#[derive(Clone, Debug, Serialize)]
pub struct LoadFigure {
    /// On average; null without nodes.
    pub mean: Option<f64>,
    /// How evenly.
    #[serde(flatten)]
    pub spread: SpreadFigures,
}

/// Where keys lie, and what has become of them; null without `placement`, or if nobody was a member then.
#[derive(Clone, Debug, Serialize)]
pub struct PlacementFigures {
    /// How many keys each member owned.
    pub owned: SpreadFigures,
    /// How many it held a copy of, those that it owned too.
    pub copies: SpreadFigures,
    /// The share of the keys of which a holder of then still has its copy.
    pub survived: Option<f64>,
    /// The share of the keys whose last owner is such a holder.
    pub owner_holds: Option<f64>,
}

/// How evenly something is spread over nodes; null without nodes, or where there is nothing to spread.
#[derive(Clone, Debug, Serialize)]
pub struct SpreadFigures {
    /// The largest load over the mean.
    pub max_over_mean: Option<f64>,
    /// Gini's index: 0 where all have the same.
    pub gini: Option<f64>,
    /// The Lorenz curve: the part of the whole that the least loaded 0 %, 5 %, …, 100 % of the nodes have; empty
    /// without nodes, or where there is nothing to spread. A list is no figure.
    pub lorenz: Vec<f64>,
}

impl LoadFigures {
    pub(super) fn of(load: &Load) -> Self {
        Self { handled: LoadFigure::of(&load.handled), owned: LoadFigure::of(&load.owned) }
    }
}

impl LoadFigure {
    fn of(loads: &Loads) -> Self {
        let sum: u64 = loads.sorted().iter().sum();
        Self { mean: share(sum as f64, loads.sorted().len() as f64), spread: SpreadFigures::of(loads) }
    }
}

impl PlacementFigures {
    /// Of this placement.
    pub fn of(placement: Option<&Placement>) -> Self {
        let none = Loads::default();
        let spread = |loads: fn(&Placement) -> &Loads| SpreadFigures::of(placement.map_or(&none, loads));
        let part = |keys: fn(&Placement) -> u64| placement.and_then(|all| share(keys(all) as f64, all.keys as f64));
        Self {
            owned: spread(|all| &all.owned),
            copies: spread(|all| &all.copies),
            survived: part(|all| all.survived),
            owner_holds: part(|all| all.owner_holds),
        }
    }
}

impl SpreadFigures {
    /// Of these loads.
    pub fn of(loads: &Loads) -> Self {
        let sorted = loads.sorted();
        Self {
            max_over_mean: max_over_mean(sorted),
            gini: gini(sorted),
            lorenz: lorenz(sorted).map(Vec::from).unwrap_or_default(),
        }
    }
}
