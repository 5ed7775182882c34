//! Laws of sessions and downtimes by name, each with its source: what others have measured, and how it was fitted.

use protocols::duration::Duration;
use sim::time::Span;

use super::super::law::LawSpec;
use super::super::values::{Shape, Sigma};

/// Laws of sessions and downtimes with a name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChurnPreset {
    /// Its name in scenarios.
    pub name: &'static str,
    /// What it is, in one line.
    pub about: &'static str,
    /// Where the figures come from, and who fitted them.
    pub source: &'static str,
    /// Kinds of hosts; most presets have one. Where a kind has no downtime, the source has none: say one, or another takes
    /// the place of each that goes.
    pub classes: &'static [PresetClass],
    /// Correlation of the normal scores of consecutive sessions of a host.
    pub correlation: f64,
}

/// A kind of hosts in a preset.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PresetClass {
    /// The share of hosts that are of this kind.
    pub share: f64,
    /// How long a node stays.
    pub session: LawSpec,
    /// How long its host is then down.
    pub downtime: Option<LawSpec>,
}

/// All presets, in order of name within each system.
pub fn churn_presets() -> &'static [ChurnPreset] {
    &PRESETS
}

const PRESETS: [ChurnPreset; 16] = [
    ChurnPreset {
        name: "kad-2007",
        about: "KAD, the file-sharing network: six months of crawls",
        source: "Steiner, En-Najjary and Biersack, \"A Global View of KAD\", IMC 2007, later crawls: Weibull .61511, 169.5385 min; \
                 as in PeerfactSim.KOM, KadChurnModel",
        classes: &[one(weibull(0.615_11, 10_172_310), Some(weibull(0.476_48, 24_820_590)))],
        correlation: 0.0,
    },
    ChurnPreset {
        name: "kad-2007-first-crawl",
        about: "KAD, those who were there when the crawls began: they stay longer",
        source: "Steiner, En-Najjary and Biersack, \"A Global View of KAD\", IMC 2007, first crawl: Weibull .54512, 357.7152 min; \
                 as in PeerfactSim.KOM, KadChurnModel",
        classes: &[one(weibull(0.545_12, 21_462_912), Some(weibull(0.476_48, 24_820_590)))],
        correlation: 0.0,
    },
    ChurnPreset {
        name: "mainline",
        about: "the DHT of BitTorrent (Mainline)",
        source: "Andelfinger's PeerSim-MPI, scenario.cfg: Weibull .68, 14900 s; no downtime there, arrivals hold the population",
        classes: &[one(weibull(0.68, 14_900_000), None)],
        correlation: 0.0,
    },
    ChurnPreset {
        name: "bittorrent-2005",
        about: "peers at a BitTorrent tracker, 2005",
        source: "TU Delft PDS report, table 14, T6'05: Weibull .63, 287.93 (taken as minutes); no downtime there",
        classes: &[one(weibull(0.63, 17_275_800), None)],
        correlation: 0.0,
    },
    ChurnPreset {
        name: "bittorrent-2009",
        about: "peers at a BitTorrent tracker, 2009",
        source: "TU Delft PDS report, table 14, T7'09: Weibull .60, 222.56 (taken as minutes); no downtime there",
        classes: &[one(weibull(0.6, 13_353_600), None)],
        correlation: 0.0,
    },
    ChurnPreset {
        name: "ipfs-2022",
        about: "the DHT of IPFS, April 2022: half of the peers stay no longer than 2 hours, four in five no longer than 8",
        source: "probe-lab, network-measurements, RFM2; the lognormal law that has these two quantiles; no downtime there",
        classes: &[one(lognormal(7_201_179, 1.647), None)],
        correlation: 0.0,
    },
    ChurnPreset {
        name: "gnutella-2001",
        about: "Gnutella, every gap between two probes taken for a departure",
        source: "Saroiu, Gummadi and Gribble, MMCN 2002; our lognormal fit (KS .091, Weibull .148), correlation as measured",
        classes: &[one(lognormal(3_010_917, 1.502), Some(weibull(0.566, 3_444_000)))],
        correlation: 0.43,
    },
    ChurnPreset {
        name: "gnutella-2001-merged",
        about: "Gnutella, gaps of one probe (410 s) taken for a lost probe",
        source: "Saroiu, Gummadi and Gribble, MMCN 2002; our lognormal fit (KS .100, Weibull .163), correlation as measured",
        classes: &[one(lognormal(3_222_781, 1.624), Some(weibull(0.722, 9_447_000)))],
        correlation: 0.41,
    },
    ChurnPreset {
        name: "gnutella-2001-weibull",
        about: "as gnutella-2001, with the Weibull law, which fits worse",
        source: "Saroiu, Gummadi and Gribble, MMCN 2002; our Weibull fit (KS .148), correlation as measured",
        classes: &[one(weibull(0.628, 7_501_000), Some(weibull(0.566, 3_444_000)))],
        correlation: 0.43,
    },
    ChurnPreset {
        name: "gnutella-2001-merged-weibull",
        about: "as gnutella-2001-merged, with the Weibull law, which fits worse",
        source: "Saroiu, Gummadi and Gribble, MMCN 2002; our Weibull fit (KS .163), correlation as measured",
        classes: &[one(weibull(0.521, 11_123_000), Some(weibull(0.722, 9_447_000)))],
        correlation: 0.41,
    },
    ChurnPreset {
        name: "skype-2005",
        about: "super-nodes of Skype, every gap between two probes taken for a departure",
        source: "Guha, Daswani and Jain, IPTPS 2006; our lognormal fit (KS .060, Weibull .116), correlation as measured",
        classes: &[one(lognormal(17_343_967, 1.535), Some(weibull(0.625, 34_112_000)))],
        correlation: 0.45,
    },
    ChurnPreset {
        name: "skype-2005-merged",
        about: "super-nodes of Skype, gaps of one probe (1900 s) taken for a lost probe",
        source: "Guha, Daswani and Jain, IPTPS 2006; our lognormal fit (KS .054, Weibull .138), correlation as measured",
        classes: &[one(lognormal(18_901_565, 1.53), Some(weibull(0.808, 60_158_000)))],
        correlation: 0.47,
    },
    ChurnPreset {
        name: "skype-2005-weibull",
        about: "as skype-2005, with the Weibull law, which fits worse",
        source: "Guha, Daswani and Jain, IPTPS 2006; our Weibull fit (KS .116), correlation as measured",
        classes: &[one(weibull(0.638, 40_676_000), Some(weibull(0.625, 34_112_000)))],
        correlation: 0.45,
    },
    ChurnPreset {
        name: "p2psim",
        about: "exponential sessions and downtimes of an hour",
        source: "p2psim, churneventgenerator: lifemean and deathmean; Li et al., INFOCOM 2005",
        classes: &[one(exponential(3_600_000), Some(exponential(3_600_000)))],
        correlation: 0.0,
    },
    ChurnPreset {
        name: "herrera",
        about: "half of the hosts stay 10 minutes in the mean, two in five ten times and one in ten a hundred times as long",
        source: "Herrera and Znati's three classes, as in PeerfactSim.KOM, HerreraChurnModel: up for .75 and .5 of the time in \
                 the two longer classes. Arbitrary: the 10 minutes; half up over all, hence .45 in the shortest; downtimes \
                 exponential and independent (there each is in proportion to the session before)",
        classes: &[
            PresetClass { share: 0.5, session: exponential(600_000), downtime: Some(exponential(733_333)) },
            PresetClass { share: 0.4, session: exponential(6_000_000), downtime: Some(exponential(6_000_000)) },
            PresetClass { share: 0.1, session: exponential(60_000_000), downtime: Some(exponential(20_000_000)) },
        ],
        correlation: 0.0,
    },
    ChurnPreset {
        name: "zeroaccess",
        about: "the botnet ZeroAccess",
        source: "PeerfactSim.KOM, ZeroAccessChurnModel: Weibull 1.098592, 3044.7 s up; 5.8533, 10860.2 s down",
        classes: &[one(weibull(1.098_592, 3_044_700), Some(weibull(5.853_3, 10_860_200)))],
        correlation: 0.0,
    },
];

const fn one(session: LawSpec, downtime: Option<LawSpec>) -> PresetClass {
    PresetClass { share: 1.0, session, downtime }
}

const fn weibull(shape: f64, scale_ms: u64) -> LawSpec {
    LawSpec::Weibull { shape: Shape(shape), scale: millis(scale_ms) }
}

const fn lognormal(median_ms: u64, sigma: f64) -> LawSpec {
    LawSpec::LogNormal { median: millis(median_ms), sigma: Sigma(sigma) }
}

const fn exponential(mean_ms: u64) -> LawSpec {
    LawSpec::Exponential { mean: millis(mean_ms) }
}

const fn millis(millis: u64) -> Duration {
    Duration(Span::from_millis(millis))
}
