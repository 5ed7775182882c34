//! How evenly something is spread over nodes, in the words of the results.

use serde::Serialize;

use super::share;
use crate::metrics::{Load, Loads};
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
