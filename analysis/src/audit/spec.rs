//! An audit as written: what a RON file of one assumption is read into.

use protocols::duration::Duration;
use scenarios::raw::Raw;
use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::document::Picture;
use crate::named::Named;

/// A whole audit.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename = "Audit")]
pub(super) struct Spec {
    /// What it is called, such as `A3`.
    pub(super) id: String,
    /// The assumption in a few words.
    pub(super) title: String,
    /// What the document says that it is taken from.
    pub(super) says: String,
    /// What is put to the test.
    pub(super) claim: String,
    /// What is run, by name.
    pub(super) experiments: Named<ExperimentSpec>,
    /// What is asked.
    pub(super) tests: Vec<TestSpec>,
    /// Who is to be chosen.
    #[serde(default)]
    pub(super) choices: Vec<ChoiceSpec>,
    /// Single runs to be looked at, by name.
    #[serde(default)]
    pub(super) exhibits: Named<ExhibitSpec>,
    /// What is to be drawn.
    #[serde(default)]
    pub(super) pictures: Vec<Picture>,
}

/// A sweep, and how much less of it is enough for a first look.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename = "Experiment")]
pub(super) struct ExperimentSpec {
    /// What is done in it.
    pub(super) about: String,
    /// Measured data that it cannot do without.
    #[serde(default)]
    pub(super) needs: Vec<String>,
    /// The sweep: `dhtsim sweep` would run it.
    pub(super) sweep: Raw,
    /// Conditions of the runs, as `--filter` takes them.
    #[serde(default)]
    pub(super) only: Vec<String>,
    /// What is changed in the sweep for a first look: by its place in it.
    #[serde(default)]
    pub(super) quick: Named<Raw>,
}

/// A question.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename = "Test")]
pub(super) struct TestSpec {
    pub(super) name: String,
    pub(super) question: String,
    pub(super) experiment: String,
    /// A figure, or one over another: `a / b`.
    pub(super) metric: String,
    #[serde(default)]
    pub(super) contrast: ContrastSpec,
    #[serde(default)]
    pub(super) at_least: Option<f64>,
    #[serde(default)]
    pub(super) at_most: Option<f64>,
    /// The parameter along which it gets harder, if its values are in order.
    #[serde(default)]
    pub(super) along: Option<String>,
    /// The parameter that tells the cases apart, if they are in no order.
    #[serde(default)]
    pub(super) across: Option<String>,
    /// Which comparisons: conditions as in a sweep, with `protocol` for the label.
    #[serde(default, rename = "where")]
    pub(super) conditions: Vec<String>,
    #[serde(default = "yes")]
    pub(super) decides: bool,
}

/// What is taken of a figure.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) enum ContrastSpec {
    /// The figure itself.
    #[default]
    Value,
    /// What it is where a parameter has one value, or each other, against where it has that one, all else being equal.
    Between {
        parameter: String,
        #[serde(default)]
        of: Option<Json>,
        to: Json,
        #[serde(default)]
        ratio: bool,
    },
    /// That of one protocol against that of each other in the same cell.
    Against {
        of: String,
        #[serde(default)]
        to: Option<String>,
        #[serde(default)]
        ratio: bool,
    },
    /// By how much it grows with each doubling of a parameter.
    Doubling { of: String },
    /// Whether another figure orders each pair of protocols as this one does.
    Order { with: String },
    /// That of one protocol against each other, each with the best of its settings that costs no more than so much.
    AtPrice { of: String, settings: String, cost: String, budgets: Vec<f64> },
}

/// Who is best by a figure, among those who do what is needed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename = "Choice")]
pub(super) struct ChoiceSpec {
    pub(super) question: String,
    pub(super) experiment: String,
    /// The lower, the better.
    pub(super) metric: String,
    /// Who is worse by no more than this share of the best is as good.
    pub(super) margin: f64,
    /// Figures, and the least they must be.
    #[serde(default)]
    pub(super) needs: Named<f64>,
    #[serde(default)]
    pub(super) beside: Vec<String>,
    pub(super) along: String,
    #[serde(default, rename = "where")]
    pub(super) conditions: Vec<String>,
}

/// One seed of one cell, run once more.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename = "Exhibit")]
pub(super) struct ExhibitSpec {
    pub(super) experiment: String,
    /// The cell: what its parameters are set to. The first that fits is taken.
    #[serde(default)]
    pub(super) cell: Map<String, Json>,
    /// The first lookup that is asked at or after this instant is followed.
    #[serde(default)]
    pub(super) lookup_at: Option<Duration>,
}

impl TestSpec {
    /// The parameter that a verdict goes by.
    pub(super) fn level(&self) -> Option<&str> {
        self.along.as_deref().or(self.across.as_deref())
    }
}

fn yes() -> bool {
    true
}
