//! A sweep as written: what a RON plan is read into.

use std::fmt;

use scenarios::raw::Raw;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

use crate::named::{Named, entries};

/// A whole sweep.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename = "Sweep")]
pub(super) struct Spec {
    /// What to call it in results; else the file's name.
    #[serde(default)]
    pub(super) name: Option<String>,
    /// The scenario that everything is changed in: a file's name in quotes, or the scenario itself.
    pub(super) base: Raw,
    /// Who plays, instead of who plays in the base.
    #[serde(default)]
    pub(super) protocols: Option<Raw>,
    /// What is changed.
    #[serde(default)]
    pub(super) axes: Vec<AxisSpec>,
    /// What must hold in a cell; others are left out.
    #[serde(default)]
    pub(super) constraints: Vec<String>,
    /// A range, or `Until(..)`; else those of the base.
    #[serde(default)]
    pub(super) seeds: Option<Raw>,
    /// Which figures stand on the page.
    #[serde(default)]
    pub(super) show: Option<Vec<String>>,
    /// Figures with the half-width that is wanted of them: the page says how many seeds that takes.
    #[serde(default)]
    pub(super) precision: Named<f64>,
}

/// One axis: a parameter with its values, or several that move together.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename = "Axis")]
pub(super) struct AxisSpec {
    /// Where the parameter stands in the base; several places are set to the same value.
    #[serde(default)]
    pub(super) over: Option<OverSpec>,
    /// What to call it in results; else as it is in `over`.
    #[serde(default)]
    pub(super) name: Option<String>,
    /// Its values.
    #[serde(default)]
    pub(super) values: Option<ValuesSpec>,
    /// Its first value,
    #[serde(default)]
    pub(super) from: Option<Raw>,
    /// its last,
    #[serde(default)]
    pub(super) to: Option<Raw>,
    /// how much is added from one to the next,
    #[serde(default)]
    pub(super) step: Option<Raw>,
    /// or what they are multiplied by.
    #[serde(default)]
    pub(super) times: Option<Raw>,
    /// Axes that move together: the first values of all, the second values of all, and so on.
    #[serde(default)]
    pub(super) together: Option<Vec<AxisSpec>>,
}

/// One place, or a list of places.
#[derive(Clone, Debug)]
pub(super) enum OverSpec {
    One(String),
    Several(Vec<String>),
}

/// Values, written as a list, or as a map from what to call them.
#[derive(Clone, Debug)]
pub(super) enum ValuesSpec {
    List(Vec<Raw>),
    Map(Named<Raw>),
}

/// Seeds until the interval of a figure is narrow enough.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename = "Until")]
pub(super) struct UntilSpec {
    pub(super) metric: String,
    /// Of this protocol, by its label; else of each.
    #[serde(default)]
    pub(super) protocol: Option<String>,
    /// Half of the interval, in the figure's unit,
    #[serde(default)]
    pub(super) half_width: Option<f64>,
    /// or as a share of the mean.
    #[serde(default)]
    pub(super) relative: Option<f64>,
    #[serde(default = "default_batch")]
    pub(super) batch: u64,
    #[serde(default = "default_at_least")]
    pub(super) at_least: u64,
    pub(super) at_most: u64,
    #[serde(default = "default_first")]
    pub(super) first: u64,
}

impl<'de> Deserialize<'de> for OverSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OverVisitor;
        impl<'de> Visitor<'de> for OverVisitor {
            type Value = OverSpec;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a place in the base, such as \"network.loss\", or a list of places")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<OverSpec, E> {
                Ok(OverSpec::One(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<OverSpec, A::Error> {
                let mut places = Vec::new();
                while let Some(place) = items.next_element()? {
                    places.push(place);
                }
                Ok(OverSpec::Several(places))
            }
        }
        deserializer.deserialize_any(OverVisitor)
    }
}

impl<'de> Deserialize<'de> for ValuesSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ValuesVisitor;
        impl<'de> Visitor<'de> for ValuesVisitor {
            type Value = ValuesSpec;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of values, `[...]`, or a map from what to call them, `{...}`")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<ValuesSpec, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = items.next_element()? {
                    values.push(value);
                }
                Ok(ValuesSpec::List(values))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ValuesSpec, A::Error> {
                entries(map).map(|values| ValuesSpec::Map(Named(values)))
            }
        }
        deserializer.deserialize_any(ValuesVisitor)
    }
}

fn default_batch() -> u64 {
    10
}

fn default_at_least() -> u64 {
    30
}

fn default_first() -> u64 {
    scenarios::ast::DEFAULT_SEED
}
