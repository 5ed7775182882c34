//! Regions of the world, as written, and those that are built in.

use protocols::duration::Duration;
use serde::{Deserialize, Serialize};
use sim::time::Span;

use super::bandwidth::{BandwidthSpec, BitRate, Size};
use super::values::Probability;
use crate::diagnostic::suggest;
use crate::mistake::Mistake;

/// Regions in which hosts stand, each host drawn by the shares. What is not said is the preset's.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RegionsSpec {
    /// Regions that are built in, by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preset: Option<PresetName>,
    /// The names of the regions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub names: Option<Vec<String>>,
    /// The share of hosts that stand in each; without a preset all are equal if not said (arbitrary).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shares: Option<Vec<Probability>>,
    /// One-way delays from region to region, a row for each sender; within a region on the diagonal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub one_way: Option<Vec<Vec<Duration>>>,
    /// What the access links in each region carry; `[]` if a preset's shall not count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bandwidth: Option<Vec<BandwidthSpec>>,
}

/// The name of regions that are built in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PresetName(String);

/// Regions that are built in.
#[derive(Clone, Copy, Debug)]
pub struct Preset {
    /// What a scenario calls them.
    pub name: &'static str,
    /// Where the figures come from.
    pub source: &'static str,
    make: fn() -> Regions,
}

/// Regions with everything said.
#[derive(Clone, Debug, PartialEq)]
pub struct Regions {
    /// The name of each.
    pub names: Vec<String>,
    /// The share of hosts in each; they add up to 1.
    pub shares: Vec<f64>,
    /// One-way delays, row by row.
    pub one_way: Vec<Span>,
    /// What access links carry in each region; nobody's if it is empty.
    pub bandwidth: Vec<BandwidthSpec>,
}

/// All regions that are built in.
pub const PRESETS: [Preset; 2] = [
    Preset {
        name: "aws-2019",
        source: "11 regions of AWS, January 2019: round trips from cloudping.co as in ConsenSys/wittgenstein, NetworkLatency.java \
                 (Apache-2.0), halved; equal shares and 1 ms within a region are arbitrary",
        make: aws_2019,
    },
    Preset {
        name: "world-2019",
        source: "6 regions of the world, 2019: delays used one-way, bandwidths and shares of Bitcoin nodes as in dsg-titech/simblock, \
                 NetworkConfiguration.java (Apache-2.0); its queues of 64 kB are arbitrary",
        make: world_2019,
    },
];

impl RegionsSpec {
    /// The regions themselves; what cannot be meant stands below `path`.
    pub(crate) fn resolve(&self, path: &str) -> Result<Regions, Mistake> {
        let preset = self.preset.as_ref().and_then(PresetName::preset).map(|preset| (preset.make)());
        let one_way = match (&self.one_way, &preset) {
            (Some(rows), _) => square(rows, path)?,
            (None, Some(preset)) => preset.one_way.clone(),
            (None, None) => {
                let names = PRESETS.map(|preset| format!("`preset: \"{}\"`", preset.name)).join(" or ");
                return Err(Mistake::new(path, "how far apart are the regions?")
                    .help(format!("write {names}, or `one_way: [[\"5ms\", \"45ms\"], [\"45ms\", \"8ms\"]]`")));
            }
        };
        let count = one_way.len().isqrt();
        let names = self.names.clone().or_else(|| preset.as_ref().map(|preset| preset.names.clone()));
        let names = names.unwrap_or_else(|| (1..=count).map(|number| number.to_string()).collect());
        check_count(names.len(), count, "names", path)?;
        check_names(&names, path)?;
        let equal = || vec![1.0 / count as f64; count];
        let written = self.shares.as_ref().map(|shares| shares.iter().map(|share| share.0).collect::<Vec<f64>>());
        let shares = written.or_else(|| preset.as_ref().map(|preset| preset.shares.clone())).unwrap_or_else(equal);
        check_count(shares.len(), count, "shares", path)?;
        check_shares(&shares, path)?;
        let bandwidth = self.bandwidth.clone().or(preset.map(|preset| preset.bandwidth)).unwrap_or_default();
        if !bandwidth.is_empty() {
            check_count(bandwidth.len(), count, "bandwidth", path)?;
        }
        Ok(Regions { names, shares, one_way, bandwidth })
    }
}

fn square(rows: &[Vec<Duration>], path: &str) -> Result<Vec<Span>, Mistake> {
    if rows.is_empty() {
        return Err(Mistake::new(format!("{path}.one_way"), "there must be a region"));
    }
    if let Some((number, row)) = rows.iter().enumerate().find(|(_, row)| row.len() != rows.len()) {
        return Err(Mistake::new(format!("{path}.one_way[{number}]"), "there must be a delay to every region")
            .label(format!("{} delays for {} regions", row.len(), rows.len())));
    }
    Ok(rows.iter().flatten().map(|delay| delay.0).collect())
}

fn check_count(given: usize, regions: usize, field: &str, path: &str) -> Result<(), Mistake> {
    if given == regions {
        return Ok(());
    }
    Err(Mistake::new(format!("{path}.{field}"), format!("`{field}` must have an entry for every region"))
        .label(format!("{given} for {regions} regions")))
}

fn check_names(names: &[String], path: &str) -> Result<(), Mistake> {
    let twice = (1..names.len()).find(|place| names[..*place].contains(&names[*place]));
    let Some(twice) = twice else {
        return Ok(());
    };
    Err(Mistake::new(format!("{path}.names[{twice}]"), format!("the region \"{}\" stands twice", names[twice])))
}

fn check_shares(shares: &[f64], path: &str) -> Result<(), Mistake> {
    let sum: f64 = shares.iter().sum();
    if (sum - 1.0).abs() > SHARES_TOLERANCE {
        return Err(Mistake::new(format!("{path}.shares"), "the shares must add up to 1")
            .label(format!("they add up to {}", (sum * 1e6).round() / 1e6)));
    }
    Ok(())
}

impl PresetName {
    fn preset(&self) -> Option<Preset> {
        PRESETS.into_iter().find(|preset| preset.name == self.0)
    }
}

impl TryFrom<String> for PresetName {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let names = PRESETS.map(|preset| preset.name);
        let known = names.iter().find(|known| **known == name);
        known.map(|known| Self((*known).to_owned())).ok_or_else(|| match suggest(&name, names) {
            Some(near) => format!("there are no regions \"{name}\"; did you mean \"{near}\"?"),
            None => format!("there are no regions \"{name}\"; there are \"{}\"", names.join("\" and \"")),
        })
    }
}

impl From<PresetName> for String {
    fn from(name: PresetName) -> Self {
        name.0
    }
}

/// Round trips in milliseconds between regions of AWS in January 2019, from cloudping.co: the constants of
/// `NetworkLatency.java` in ConsenSys/wittgenstein (Apache-2.0). Halved here. Shares are equal, and within a region a message
/// takes 1 ms: both are arbitrary.
fn aws_2019() -> Regions {
    const NAMES: [&str; 11] = [
        "oregon",
        "virginia",
        "mumbai",
        "seoul",
        "singapore",
        "sydney",
        "tokyo",
        "canada",
        "frankfurt",
        "ireland",
        "london",
    ];
    const ROUND_TRIPS: [[u64; 11]; 11] = [
        [0, 81, 216, 126, 165, 138, 97, 64, 164, 131, 141],
        [81, 0, 182, 181, 232, 195, 167, 13, 88, 80, 75],
        [216, 182, 0, 152, 62, 223, 123, 194, 111, 122, 113],
        [126, 181, 152, 0, 97, 133, 35, 184, 259, 254, 264],
        [165, 232, 62, 97, 0, 169, 69, 218, 162, 174, 171],
        [138, 195, 223, 133, 169, 0, 105, 210, 282, 269, 271],
        [97, 167, 123, 35, 69, 105, 0, 156, 235, 222, 234],
        [64, 13, 194, 184, 218, 210, 156, 0, 101, 78, 87],
        [164, 88, 111, 259, 162, 282, 235, 101, 0, 24, 13],
        [131, 80, 122, 254, 174, 269, 222, 78, 24, 0, 12],
        [141, 75, 113, 264, 171, 271, 234, 87, 13, 12, 0],
    ];
    let one_way = |round_trip: &u64| match round_trip {
        0 => Span::from_millis(1),
        _ => Span::from_micros(round_trip * 500),
    };
    Regions {
        names: NAMES.map(str::to_owned).to_vec(),
        shares: vec![1.0 / NAMES.len() as f64; NAMES.len()],
        one_way: ROUND_TRIPS.iter().flatten().map(one_way).collect(),
        bandwidth: Vec::new(),
    }
}

/// Mean delays in milliseconds between regions of the world in 2019, the shares of Bitcoin nodes in them and the bandwidths of
/// their access links: the constants of `NetworkConfiguration.java` in dsg-titech/simblock (Apache-2.0). `SimBlock` draws each
/// message's delay from a Pareto law around the mean; here `jitter` says how it varies.
fn world_2019() -> Regions {
    const NAMES: [&str; 6] = ["north-america", "europe", "south-america", "asia-pacific", "japan", "australia"];
    const SHARES: [f64; 6] = [0.3316, 0.4998, 0.0090, 0.1177, 0.0224, 0.0195];
    const ONE_WAY: [[u64; 6]; 6] = [
        [32, 124, 184, 198, 151, 189],
        [124, 11, 227, 237, 252, 294],
        [184, 227, 88, 325, 301, 322],
        [198, 237, 325, 85, 58, 198],
        [151, 252, 301, 58, 12, 126],
        [189, 294, 322, 198, 126, 16],
    ];
    const UP: [u64; 6] = [19_200_000, 20_700_000, 5_800_000, 15_700_000, 10_200_000, 11_300_000];
    const DOWN: [u64; 6] = [52_000_000, 40_000_000, 18_000_000, 22_800_000, 22_800_000, 29_900_000];
    let bandwidth = |(up, down)| BandwidthSpec { up: BitRate(up), down: BitRate(down), queue: Size::default() };
    Regions {
        names: NAMES.map(str::to_owned).to_vec(),
        shares: SHARES.to_vec(),
        one_way: ONE_WAY.iter().flatten().copied().map(Span::from_millis).collect(),
        bandwidth: UP.into_iter().zip(DOWN).map(bandwidth).collect(),
    }
}

/// Shares are written with a few digits: .333 and .667 will do, .3 and .6 will not.
const SHARES_TOLERANCE: f64 = 1e-3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_are_whole() {
        for Preset { name, source, .. } in PRESETS {
            let spec = RegionsSpec { preset: PresetName::try_from(name.to_owned()).ok(), ..RegionsSpec::default() };
            let regions = spec.resolve("").unwrap_or_else(|mistake| panic!("{name}: {mistake}"));
            let count = regions.names.len();
            assert_eq!(regions.one_way.len(), count * count, "{name}");
            for (from, to) in (0..count).flat_map(|from| (0..from).map(move |to| (from, to))) {
                let there = regions.one_way[from * count + to];
                assert_eq!(there, regions.one_way[to * count + from], "{name}: {from}, {to}");
                assert!(there > Span::ZERO, "{name}: {from}, {to}");
            }
            assert!(source.contains("Apache-2.0"));
        }
    }

    #[test]
    fn what_is_said_goes_before_the_preset() {
        let preset = PresetName::try_from("world-2019".to_owned()).ok();
        let whole = RegionsSpec { preset: preset.clone(), ..RegionsSpec::default() }.resolve("").expect("legal");
        assert_eq!((whole.bandwidth.len(), whole.shares[1]), (6, 0.4998));
        let shares = [0.5, 0.5, 0.0, 0.0, 0.0, 0.0].map(Probability).to_vec();
        let spec = RegionsSpec { preset, shares: Some(shares), bandwidth: Some(vec![]), ..RegionsSpec::default() };
        let other = spec.resolve("").expect("legal");
        assert_eq!((other.bandwidth.len(), other.shares[1]), (0, 0.5));
        assert_eq!(other.one_way, whole.one_way);
    }
}
