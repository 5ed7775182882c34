//! Small values of a scenario, each judged as it is read: shares, rates, counts, numbers of nodes and keys.

use std::collections::BTreeMap;
use std::fmt;

use protocols::duration::Duration;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use sim::time::Span;

/// Makes a number of its own kind of a plain one: what it must be, and what to say if it is not. Serde reads it so, and so
/// RON knows the line.
macro_rules! judged {
    ($name:ident, |$value:ident| $is_legal:expr, $complaint:literal) => {
        impl TryFrom<f64> for $name {
            type Error = String;

            fn try_from($value: f64) -> Result<Self, String> {
                if $is_legal { Ok(Self($value)) } else { Err(format!($complaint)) }
            }
        }

        impl From<$name> for f64 {
            fn from(number: $name) -> Self {
                number.0
            }
        }
    };
}

pub(super) use judged;

/// Nodes by number. A range stays one, so that a long one costs nothing until somebody asks who is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Nodes {
    /// Such as `[3, 7]`.
    List(Vec<u32>),
    /// Such as `0..10`, the end not included.
    Range(std::ops::Range<u32>),
}

impl Nodes {
    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        let (list, range) = match self {
            Self::List(list) => (list.as_slice(), 0..0),
            Self::Range(range) => (&[][..], range.clone()),
        };
        list.iter().copied().chain(range)
    }
}

/// A range of seeds, the end not included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "std::ops::Range<u64>", into = "std::ops::Range<u64>")]
pub struct Seeds {
    start: u64,
    end: u64,
}

/// A probability or share: 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Probability(pub f64);

/// The standard deviation of a logarithm: 0 or more, and finite.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Sigma(pub f64);

/// The shape of a Weibull or Pareto law: 0.05 to 1000.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Shape(pub f64);

/// A number that is neither infinite nor not a number.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Finite(pub f64);

/// A whole number above zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct Count(pub u64);

/// How many keys are placed: 1 to 1,000,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct KeyCount(pub u64);

/// How many holders of copies a lookup asks for, the owner among them: 1 asks for the owner alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct Copies(pub u32);

impl Copies {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands on a reference")]
    pub(super) fn is_owner_only(&self) -> bool {
        *self == Self::default()
    }
}

impl Default for Copies {
    fn default() -> Self {
        Self(1)
    }
}

/// How many digits stand behind a point: 0 to 9.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct Digits(pub u8);

/// A key or id as a decimal number of any length: `20813`, or in quotes where it is beyond 2^64.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Number(pub String);

/// So many in a stretch of time: `"10/s"`, `"600/h"`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    count: f64,
    per: Span,
}

impl Rate {
    /// The mean gap between two, in nanoseconds.
    pub fn gap_nanos(&self) -> f64 {
        self.per.as_nanos() as f64 / self.count
    }

    fn parse(text: &str) -> Result<Self, String> {
        let help = || format!("\"{text}\" is no rate; write for example \"10/s\" or \"600/h\"");
        let (count, per) = text.split_once('/').ok_or_else(help)?;
        let count: f64 = count.trim().parse().map_err(|_| help())?;
        let per = per.trim();
        let unit = if per.starts_with(|c: char| c.is_ascii_digit()) { per.to_owned() } else { format!("1{per}") };
        let per = Duration::parse(&unit).map_err(|_| help())?.0;
        if !(count.is_finite() && count > 0.0 && per > Span::ZERO) {
            return Err(format!("the rate \"{text}\" must be above zero; leave it all out if it never happens"));
        }
        let rate = Self { count, per };
        if rate.gap_nanos() < 1.0 {
            return Err(format!("the rate \"{text}\" is above one in a nanosecond"));
        }
        Ok(rate)
    }
}

impl TryFrom<std::ops::Range<u64>> for Seeds {
    type Error = String;

    fn try_from(range: std::ops::Range<u64>) -> Result<Self, String> {
        let (start, end) = (range.start, range.end);
        if start >= end {
            return Err(format!(
                "the seeds {start}..{end} are none; the end is not included, so write {start}..{}",
                start.saturating_add(1)
            ));
        }
        if end - start > SEEDS_MAX {
            return Err(format!("{} seeds are more than {SEEDS_MAX}", end - start));
        }
        Ok(Self { start, end })
    }
}

impl From<Seeds> for std::ops::Range<u64> {
    fn from(seeds: Seeds) -> Self {
        seeds.start..seeds.end
    }
}

judged!(Probability, |value| (0.0..=1.0).contains(&value), "{value} is not between 0 and 1");
judged!(Sigma, |value| (0.0..=10.0).contains(&value), "sigma must be between 0 and 10, not {value}");
judged!(Shape, |value| (0.05..=1000.0).contains(&value), "a shape must be between 0.05 and 1000, not {value}");
judged!(Finite, |value| value.is_finite(), "{value} is no number to compare with");

impl TryFrom<u64> for Count {
    type Error = String;

    fn try_from(value: u64) -> Result<Self, String> {
        (value > 0).then_some(Self(value)).ok_or_else(|| "the count must be at least 1".to_owned())
    }
}

impl From<Count> for u64 {
    fn from(count: Count) -> Self {
        count.0
    }
}

impl TryFrom<u64> for KeyCount {
    type Error = String;

    fn try_from(value: u64) -> Result<Self, String> {
        match value {
            0 => Err("there must be at least 1 key to place".to_owned()),
            1..=KEYS_MAX => Ok(Self(value)),
            _ => Err(format!("{value} keys are more than {KEYS_MAX}")),
        }
    }
}

impl From<KeyCount> for u64 {
    fn from(count: KeyCount) -> Self {
        count.0
    }
}

impl TryFrom<u64> for Copies {
    type Error = String;

    fn try_from(value: u64) -> Result<Self, String> {
        match u32::try_from(value) {
            Ok(copies @ 1..=COPIES_MAX) => Ok(Self(copies)),
            Ok(0) => Err("the owner holds one: `copies` must be at least 1".to_owned()),
            _ => Err(format!("{value} copies are more than {COPIES_MAX}, all that an answer has room for")),
        }
    }
}

impl From<Copies> for u64 {
    fn from(copies: Copies) -> Self {
        u64::from(copies.0)
    }
}

impl TryFrom<u64> for Digits {
    type Error = String;

    fn try_from(value: u64) -> Result<Self, String> {
        match u8::try_from(value) {
            Ok(digits @ 0..=9) => Ok(Self(digits)),
            _ => Err(format!("{value} digits are more than 9")),
        }
    }
}

impl From<Digits> for u64 {
    fn from(digits: Digits) -> Self {
        Self::from(digits.0)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.count, self.per)
    }
}

impl Serialize for Rate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct RateVisitor;
        impl Visitor<'_> for RateVisitor {
            type Value = Rate;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a rate in quotes, such as \"10/s\" or \"600/h\"")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Rate, E> {
                Rate::parse(text).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(RateVisitor)
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.parse::<u64>() {
            Ok(number) => serializer.serialize_u64(number),
            Err(_) => serializer.serialize_str(&self.0),
        }
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberVisitor;
        impl Visitor<'_> for NumberVisitor {
            type Value = Number;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a decimal number such as 20813 (in quotes where it is beyond 2^64)")
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Number, E> {
                Ok(Number(number.to_string()))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Number, E> {
                let is_decimal =
                    !text.is_empty() && text.len() <= DIGITS_MAX && text.bytes().all(|b| b.is_ascii_digit());
                let help = || E::custom(format!("\"{text}\" is no decimal number"));
                is_decimal.then(|| Number(text.to_owned())).ok_or_else(help)
            }
        }
        deserializer.deserialize_any(NumberVisitor)
    }
}

impl<'de> Deserialize<'de> for Nodes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NodesVisitor;
        impl<'de> Visitor<'de> for NodesVisitor {
            type Value = Nodes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("nodes by number: a list such as [3, 7], or a range such as 0..10")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Nodes, A::Error> {
                let mut nodes = Vec::new();
                while let Some(node) = items.next_element()? {
                    nodes.push(node);
                }
                Ok(Nodes::List(nodes))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Nodes, A::Error> {
                let mut ends = BTreeMap::new();
                while let Some((name, value)) = map.next_entry::<String, u32>()? {
                    ends.insert(name, value);
                }
                match (ends.get("start"), ends.get("end"), ends.len()) {
                    (Some(start), Some(end), 2) if start >= end => Err(de::Error::custom(format!(
                        "the range {start}..{end} names no node; its end is not included"
                    ))),
                    (Some(start), Some(end), 2) => Ok(Nodes::Range(*start..*end)),
                    _ => Err(de::Error::custom("nodes are a list such as [3, 7], or a range such as 0..10")),
                }
            }
        }
        deserializer.deserialize_any(NodesVisitor)
    }
}

/// No scenario has more seeds than this.
pub const SEEDS_MAX: u64 = 1_000_000;
/// Shares are then known to a tenth of a per cent, with room to spare.
const KEYS_MAX: u64 = 1_000_000;
const DIGITS_MAX: usize = 60;
/// So many contacts of 26 bytes go into a UDP datagram with room to spare.
const COPIES_MAX: u32 = 1000;
