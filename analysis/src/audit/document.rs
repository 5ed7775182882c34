//! What audits come to, as one document: `audit.json` in the folder of an audit, and what `--json` prints.
//!
//! Beside it, the folder holds one folder of a sweep for each experiment, such as `A3/at-once`, with every run and its histograms.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

/// All audits that were asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// The name and version of this format.
    pub schema: String,
    /// The version of this program.
    pub version: String,
    /// How much was run.
    pub strength: Strength,
    /// The command that runs it again, without folders.
    pub command: String,
    /// What was chosen, and where; of the audits that choose.
    pub choices: Vec<Choice>,
    /// The assumptions, in order.
    pub audits: Vec<Audit>,
}

/// How much of an audit is run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Strength {
    /// All that its file says.
    #[default]
    Full,
    /// What its file says under `quick`: fewer cells, fewer seeds.
    Quick,
}

/// An assumption, and what came out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Audit {
    /// What it is called, such as `A3`.
    pub id: String,
    /// The assumption in a few words.
    pub title: String,
    /// What the document says that it is taken from.
    pub says: String,
    /// What is put to the test.
    pub claim: String,
    /// The verdict: the gravest of the tests that decide.
    pub verdict: Verdict,
    /// The same in a sentence, with figures.
    pub sentence: String,
    /// How many comparisons there are in all tests, for whose number the intervals are widened (Holm).
    pub comparisons: usize,
    /// What was run.
    pub experiments: Vec<Experiment>,
    /// What was asked of it.
    pub tests: Vec<Test>,
    /// What is to be drawn, the most telling first.
    pub pictures: Vec<Picture>,
}

/// What the figures say about a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It is so.
    Holds,
    /// The intervals straddle the margin.
    Undecided,
    /// It is so up to a level, or for some.
    HoldsWithin,
    /// It is not so.
    Fails,
}

impl Verdict {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Undecided => "undecided",
            Self::HoldsWithin => "holds within limits",
            Self::Fails => "fails",
        }
    }
}

/// A sweep of an audit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Experiment {
    /// What it is called.
    pub name: String,
    /// What is done in it.
    pub about: String,
    /// Where its results lie, from the folder of the audit.
    pub folder: String,
    /// The SHA-1 of all that its runs depend on.
    pub hash: String,
    /// Its seeds, such as `1 to 30`.
    pub seeds: String,
    /// How many runs there were.
    pub runs: u64,
    /// The labels of its protocols, in order.
    pub labels: Vec<String>,
    /// What is changed in it, by name, with all values in order.
    pub parameters: Vec<(String, Vec<Json>)>,
    /// The data that it needs and that are not there: it was not run.
    pub missing: Option<String>,
}

/// A question, and what came out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Test {
    /// What it is called.
    pub name: String,
    /// What is asked: that is to be so.
    pub question: String,
    /// The experiment that answers.
    pub experiment: String,
    /// The figure.
    pub metric: String,
    /// What is taken of the figure, in words: such as `crash − leave` or `Kademlia − another`.
    pub contrast: String,
    /// Not less than this.
    pub at_least: Option<f64>,
    /// Not more than this.
    pub at_most: Option<f64>,
    /// The parameter that its verdicts go by: along it gets harder, or it tells cases apart.
    pub along: Option<String>,
    /// Whether that parameter's values are in order.
    pub is_ordered: bool,
    /// Whether the verdict on the assumption depends on it.
    pub decides: bool,
    /// What came out.
    pub verdict: Verdict,
    /// The same in a sentence, with figures.
    pub sentence: String,
    /// By whom or what it is about: protocols, or pairs of them.
    pub subjects: Vec<Subject>,
}

/// Whom a test is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// The protocol's label, or two with a minus.
    pub label: String,
    /// What came out for it.
    pub verdict: Verdict,
    /// The last level along the parameter up to which all holds.
    pub holds_up_to: Option<Json>,
    /// The first level at which something fails.
    pub fails_from: Option<Json>,
    /// The same in a sentence, with the figure that it hangs on.
    pub sentence: String,
    /// Every comparison.
    pub cells: Vec<Comparison>,
}

/// One comparison: a figure, or what was made of it, over the seeds of a cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comparison {
    /// What the parameters are set to; the one that is contrasted is left out.
    pub parameters: Map<String, Json>,
    /// How many seeds have a value.
    pub values: usize,
    /// How many have none: then nothing is decided.
    pub missing: usize,
    /// The mean.
    pub mean: Option<f64>,
    /// Half of its own 95 % interval, by Student's t.
    pub half_width: Option<f64>,
    /// The interval that decides: as wide as Holm's method makes it for all comparisons of the audit.
    pub interval: Option<(f64, f64)>,
    /// The confidence level of that interval.
    pub level: Option<f64>,
    /// What came out.
    pub verdict: Verdict,
}

/// Who is best by a figure among those who do what is needed, in every situation of an experiment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// The audit that it belongs to.
    pub audit: String,
    /// What is asked.
    pub question: String,
    /// The experiment that answers.
    pub experiment: String,
    /// The figure that decides; the lower, the better.
    pub metric: String,
    /// By how much, as a share, one must be worse to be out.
    pub margin: f64,
    /// What is needed: a figure and the least it must be.
    pub needs: Vec<(String, f64)>,
    /// Other figures that stand beside.
    pub beside: Vec<String>,
    /// The parameter along which it gets harder; its first level is the calm.
    pub along: String,
    /// The answer, made from the situations by rule.
    pub sentence: String,
    /// Every situation, in order.
    pub situations: Vec<Situation>,
}

/// A situation in which one must choose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Situation {
    /// What the parameters are set to.
    pub parameters: Map<String, Json>,
    /// The candidates, in order of the scenario.
    pub candidates: Vec<Candidate>,
}

/// A protocol in a situation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Candidate {
    /// Its label.
    pub label: String,
    /// Whether it does what is needed: true only if the interval says so.
    pub qualifies: bool,
    /// Whether it is among the best of those that qualify.
    pub is_best: bool,
    /// The figure that decides, then those that are needed, then those beside: mean and half of its 95 % interval.
    pub figures: Vec<(String, Option<f64>, Option<f64>)>,
}

/// A picture that a report shall draw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Picture {
    /// A figure against a parameter: the mean of each protocol with its 95 % band.
    Curve {
        /// What stands over it.
        title: String,
        /// Whose results.
        experiment: String,
        /// The parameter on the x axis.
        x: String,
        /// Whether the x axis is logarithmic.
        #[serde(default)]
        log_x: bool,
        /// The figure on the y axis.
        metric: String,
        /// A parameter that tells line styles apart.
        #[serde(default)]
        dashes: Option<String>,
        /// A parameter with a panel for each value.
        #[serde(default)]
        panels: Option<String>,
        /// Which cells: parameters and their values.
        #[serde(default)]
        cells: Map<String, Json>,
    },
    /// Distribution functions of a histogram (`latency_ms` on a logarithmic axis, p50 and p99 marked).
    Cdf {
        /// What stands over it.
        title: String,
        /// Whose results.
        experiment: String,
        /// The histogram's name in the results.
        histogram: String,
        /// A parameter with a panel for each value.
        #[serde(default)]
        panels: Option<String>,
        /// Which cells.
        #[serde(default)]
        cells: Map<String, Json>,
    },
    /// How often each whole value occurs, as bars by protocol.
    Bars {
        /// What stands over it.
        title: String,
        /// Whose results.
        experiment: String,
        /// The histogram's name in the results.
        histogram: String,
        /// A parameter with a panel for each value.
        #[serde(default)]
        panels: Option<String>,
        /// Which cells.
        #[serde(default)]
        cells: Map<String, Json>,
    },
    /// Performance against cost, a point for each protocol and value of a parameter, with the Pareto front.
    Front {
        /// What stands over it.
        title: String,
        /// Whose results.
        experiment: String,
        /// The cost, on the x axis.
        cost: String,
        /// The performance, on the y axis; the lower, the better.
        performance: String,
        /// A parameter with a panel for each value.
        #[serde(default)]
        panels: Option<String>,
        /// Which cells.
        #[serde(default)]
        cells: Map<String, Json>,
    },
    /// How evenly something is shared: Lorenz curves.
    Lorenz {
        /// What stands over it.
        title: String,
        /// Whose results.
        experiment: String,
        /// The figure's group in the results, such as `load.handled`.
        of: String,
        /// A parameter with a panel for each value.
        #[serde(default)]
        panels: Option<String>,
        /// Which cells.
        #[serde(default)]
        cells: Map<String, Json>,
    },
    /// One run over time: lookups, nodes that are up, upkeep; from the exhibit of that name.
    OverTime {
        /// What stands over it.
        title: String,
        /// The exhibit.
        exhibit: String,
    },
    /// The ring with one lookup's path; from the exhibit of that name.
    Ring {
        /// What stands over it.
        title: String,
        /// The exhibit.
        exhibit: String,
    },
}

/// One seed of one cell, run once more to be looked at: `exhibits/NAME.json` in the folder of an audit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exhibit {
    /// The command that runs it again.
    pub command: String,
    /// The cell, in words.
    pub cell: String,
    /// The seed.
    pub seed: u64,
    /// Each protocol's run.
    pub runs: Vec<Exhibited>,
}

/// A run to be looked at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exhibited {
    /// The protocol's label.
    pub label: String,
    /// The points over time, as `series` of a run's results.
    pub series: Json,
    /// When nodes went, in seconds.
    pub departures_s: Vec<f64>,
    /// The overlay, and one lookup in it.
    pub ring: Option<Ring>,
}

/// An overlay, and one lookup in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ring {
    /// Each node that was up when the lookup was asked, and each that it was sent to: its number and its place on the circle, from 0
    /// to 1.
    pub nodes: Vec<(u32, f64)>,
    /// Those of them that were not up.
    pub gone: Vec<u32>,
    /// The key's place on the circle.
    pub key: f64,
    /// Who asked.
    pub issuer: u32,
    /// Who answered as its owner; none if nobody did.
    pub owner: Option<u32>,
    /// How it ended: `correct`, `wrong`, `failed` or `abandoned`.
    pub outcome: String,
    /// When it was asked, in seconds.
    pub asked_s: f64,
    /// What was sent for it, in order.
    pub messages: Vec<RingMessage>,
}

/// A message of a lookup.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RingMessage {
    /// Sent so long after the lookup was asked, in milliseconds.
    pub sent_ms: f64,
    /// By this node,
    pub from: u32,
    /// to this one.
    pub to: u32,
    /// What it is.
    pub kind: String,
    /// Whether it arrived.
    pub arrived: bool,
}

/// The name and version of this format.
pub const SCHEMA: &str = "dhtsim audit 1";
