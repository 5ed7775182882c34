//! What access links carry, as written: rates such as `"20Mbit/s"`, sizes such as `"64kB"`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a node's access link carries, each way for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BandwidthSpec {
    /// From the node into the network.
    pub up: BitRate,
    /// From the network to the node.
    pub down: BitRate,
    /// How much may wait before each of the two, besides the message that is under way; what does not fit is dropped.
    /// 64 kB by default (arbitrary).
    #[serde(default)]
    pub queue: Size,
}

/// So many bits in a second, 1 to 10^15: `"20Mbit/s"`, `"1B/s"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BitRate(pub u64);

/// So many bytes, at least one: `"64kB"`, `"1500B"`. By default what a queue holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Size(pub u64);

impl TryFrom<String> for BitRate {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let help = || format!("\"{text}\" is no rate of a link; write for example \"20Mbit/s\" or \"125kB/s\"");
        let (number, unit) = parts(&text).ok_or_else(help)?;
        let unit = unit.strip_suffix("/s").ok_or_else(help)?;
        let (prefix, per_unit) = match unit.strip_suffix("bit") {
            Some(prefix) => (prefix, 1.0),
            None => (unit.strip_suffix('B').ok_or_else(help)?, 8.0),
        };
        let rate = number * factor(prefix).ok_or_else(help)? * per_unit;
        within(rate, RATE_MAX).map(Self).ok_or_else(|| {
            format!("the rate \"{text}\" is not between 1 bit/s and 10^15 bit/s; leave `bandwidth` out for links without limit")
        })
    }
}

impl TryFrom<String> for Size {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let help = || format!("\"{text}\" is no size; write for example \"64kB\" or \"1500B\"");
        let (number, unit) = parts(&text).ok_or_else(help)?;
        let prefix = unit.strip_suffix('B').ok_or_else(help)?;
        let size = number * factor(prefix).ok_or_else(help)?;
        within(size, SIZE_MAX).map(Self).ok_or_else(|| format!("the size \"{text}\" is not between 1 B and 10^15 B"))
    }
}

/// A number and what follows it.
fn parts(text: &str) -> Option<(f64, &str)> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    Some((number.parse().ok()?, unit.trim_start()))
}

fn factor(prefix: &str) -> Option<f64> {
    Some(match prefix {
        "" => 1.0,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        _ => return None,
    })
}

fn within(value: f64, most: f64) -> Option<u64> {
    (value.round() >= 1.0 && value <= most).then_some(value.round() as u64)
}

impl fmt::Display for BitRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, prefix) = shortest(self.0);
        write!(f, "{number}{prefix}bit/s")
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, prefix) = shortest(self.0);
        write!(f, "{number}{prefix}B")
    }
}

/// The same with the largest prefix that leaves it whole.
fn shortest(value: u64) -> (u64, &'static str) {
    let prefixes = [(1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k")];
    let fits = prefixes.into_iter().find(|(factor, _)| value.is_multiple_of(*factor));
    fits.map_or((value, ""), |(factor, prefix)| (value / factor, prefix))
}

impl From<BitRate> for String {
    fn from(rate: BitRate) -> Self {
        rate.to_string()
    }
}

impl From<Size> for String {
    fn from(size: Size) -> Self {
        size.to_string()
    }
}

impl Default for Size {
    fn default() -> Self {
        Self(64_000)
    }
}

const RATE_MAX: f64 = 1e15;
const SIZE_MAX: f64 = 1e15;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_and_sizes_are_read_and_printed() {
        let rate = |text: &str| BitRate::try_from(text.to_owned());
        let read = ["20Mbit/s", "1B/s", "64kbit/s", "8bit/s", "1.5 Gbit/s", "0.125kB/s"]
            .map(|text| rate(text).map(|rate| rate.0));
        assert_eq!(read, [20_000_000, 8, 64_000, 8, 1_500_000_000, 1_000].map(Ok));
        assert_eq!(
            [1_500_000_000, 64_000, 8, 1_234].map(|bits| BitRate(bits).to_string()),
            ["1500Mbit/s", "64kbit/s", "8bit/s", "1234bit/s"]
        );
        let size = |text: &str| Size::try_from(text.to_owned());
        assert_eq!(
            ["64kB", "1500B", "2MB"].map(|text| size(text).map(|size| size.0)),
            [64_000, 1_500, 2_000_000].map(Ok)
        );
        assert_eq!([64_000, 1_500].map(|bytes| Size(bytes).to_string()), ["64kB", "1500B"]);
    }

    #[test]
    fn what_is_no_rate_is_refused() {
        for text in [
            "",
            "20",
            "20Mbit",
            "Mbit/s",
            "20mbit/s",
            "20Mb/s",
            "-1bit/s",
            "1e3bit/s",
            "0bit/s",
            "0.4bit/s",
            "2000000Gbit/s",
            "NaNbit/s",
        ] {
            assert!(BitRate::try_from(text.to_owned()).is_err(), "{text}");
        }
        for text in ["", "20", "0B", "0.2B", "64kbit", "1e3B", "9999999GB"] {
            assert!(Size::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
