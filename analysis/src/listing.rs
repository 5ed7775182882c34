//! What there is: protocols with their settings, figures, the settings of a scenario, each with its default and its source, and
//! what is built in by name.

use std::fmt::Write as _;

use protocols::Entry;
use scenarios::ast::{PRESETS, PresetClass, churn_presets};
use scenarios::read;
use serde::Serialize;

use crate::phases;
use crate::results::METRICS;

/// What can be listed.
#[derive(Clone, Debug, Serialize)]
pub struct Listing {
    /// Protocols and their settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocols: Option<Vec<ProtocolListing>>,
    /// Figures that a run gives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics: Option<Vec<MetricListing>>,
    /// Settings of a scenario.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settings: Option<Vec<SettingListing>>,
    /// What is built in by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub presets: Option<Vec<PresetListing>>,
}

/// Something that is built in.
#[derive(Clone, Debug, Serialize)]
pub struct PresetListing {
    name: &'static str,
    of: &'static str,
    about: String,
    source: &'static str,
}

/// A protocol.
#[derive(Clone, Debug, Serialize)]
pub struct ProtocolListing {
    name: &'static str,
    summary: &'static str,
    settings: Vec<SettingListing>,
    steps: &'static [&'static str],
}

/// A figure.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct MetricListing {
    name: &'static str,
    about: &'static str,
}

/// A setting.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct SettingListing {
    name: &'static str,
    default: &'static str,
    symbol: &'static str,
    source: &'static str,
    about: &'static str,
}

/// The protocols.
pub fn protocols() -> Vec<ProtocolListing> {
    let listing = |entry: &Entry| {
        let about = entry.about();
        let settings = about.settings.iter().map(|setting| SettingListing {
            name: setting.name,
            default: setting.default,
            symbol: setting.symbol,
            source: setting.source,
            about: setting.about,
        });
        ProtocolListing { name: about.name, summary: about.summary, settings: settings.collect(), steps: about.steps }
    };
    Entry::all().iter().map(listing).collect()
}

/// The figures.
pub fn metrics() -> Vec<MetricListing> {
    METRICS.iter().chain([&phases::METRIC]).map(|(name, about)| MetricListing { name, about }).collect()
}

/// The settings of a scenario.
pub fn settings() -> Vec<SettingListing> {
    SETTINGS.to_vec()
}

/// What is built in: regions first, then churn.
pub fn presets() -> Vec<PresetListing> {
    let regions = PRESETS.iter().map(|preset| PresetListing {
        name: preset.name,
        of: "Regions",
        about: preset.about.to_owned(),
        source: preset.source,
    });
    let churn = churn_presets().iter().map(|preset| PresetListing {
        name: preset.name,
        of: "Sessions",
        about: format!("{}: {}", preset.about, laws(preset.classes, preset.correlation)),
        source: preset.source,
    });
    regions.chain(churn).collect()
}

/// The laws of a preset, as they would be written.
fn laws(classes: &[PresetClass], correlation: f64) -> String {
    let class = |class: &PresetClass| {
        let share = if classes.len() > 1 { format!("share: {}, ", class.share) } else { String::new() };
        let downtime = class.downtime.map_or_else(String::new, |law| format!(", downtime: {}", read::write_law(&law)));
        format!("({share}session: {}{downtime})", read::write_law(&class.session))
    };
    let correlation = if correlation == 0.0 { String::new() } else { format!(", correlation: {correlation}") };
    classes.iter().map(class).collect::<Vec<String>>().join(", ") + &correlation
}

/// A listing as people read it.
pub fn page(listing: &Listing) -> String {
    let mut page = String::new();
    for protocol in listing.protocols.iter().flatten() {
        let _ = writeln!(page, "{}: {}\n", protocol.name, protocol.summary);
        table(&mut page, &protocol.settings);
        let _ = writeln!(page, "  steps of upkeep that a script can order: {}\n", protocol.steps.join(", "));
    }
    if let Some(metrics) = &listing.metrics {
        page.push_str(
            "Figures. Most lookup figures have .mean, .p50, .p95, .p99 and .max; traffic has .messages, .bytes\n",
        );
        page.push_str(
            "(per node and second), .messages_total and .bytes_total; load and\nplacement have .max_over_mean and .gini, load .mean too.\n\n",
        );
        for MetricListing { name, about } in metrics {
            let _ = writeln!(page, "  {name:32} {about}");
        }
        page.push('\n');
    }
    if let Some(settings) = &listing.settings {
        page.push_str("A scenario:\n\n");
        table(&mut page, settings);
    }
    for of in ["Regions", "Sessions"] {
        let presets: Vec<&PresetListing> = listing.presets.iter().flatten().filter(|preset| preset.of == of).collect();
        if !presets.is_empty() {
            let _ = writeln!(page, "{of}(preset: ..):\n");
        }
        for PresetListing { name, about, source, .. } in presets {
            let _ = writeln!(page, "  {name}\n      {about}\n      source: {source}");
        }
    }
    page
}

fn table(page: &mut String, settings: &[SettingListing]) {
    for SettingListing { name, default, symbol, source, about } in settings {
        let symbol = if symbol.is_empty() { String::new() } else { format!("  [{symbol}]") };
        let _ = writeln!(page, "  {name}: {default}{symbol}\n      {about}\n      source: {source}");
    }
    page.push('\n');
}

const SETTINGS: &[SettingListing] = &[
    setting("name", "the file's name", "", "what to call it in results"),
    setting("id_bits", "160", "the papers (the seed document: 16)", "how many bits ids and keys have, 1 to 160"),
    setting("protocols", "(needed)", "", "who plays: a list, or a map from label to protocol"),
    setting(
        "network.latency",
        "Constant(\"50ms\")",
        "arbitrary",
        "one-way delay: Constant, Uniform(low, high), Exponential(mean), Normal(mean, deviation) cut at zero, \
         LogNormal(median, sigma), Weibull(scale, shape), Pareto(minimum, shape); Plane(side, access); Matrix(file, ..); \
         Regions(preset, ..)",
    ),
    setting(
        "network.latency.per",
        "Pair",
        "arbitrary",
        "drawn once per directed pair of hosts (Pair) or anew per packet (Packet)",
    ),
    setting("Matrix.values", "(needed for a CSV)", "", "OneWay, or RoundTrip, of which each way takes half"),
    setting("Matrix.unit", "\"ms\"", "p2psim", "of the numbers in a CSV: ms, s or us"),
    setting(
        "Matrix.placement",
        "Random",
        "arbitrary",
        "which host stands on which site: Random, all sites alike, or InOrder",
    ),
    setting(
        "Matrix.missing",
        "WayBackOrMedian",
        "arbitrary",
        "for what was not measured: WayBackOrMedian (the way back, else the median of the file), OneWay(delay) or Refused",
    ),
    setting(
        "Matrix.same_place",
        "the smallest delay from that site",
        "arbitrary",
        "the one-way delay between two hosts on one site",
    ),
    setting(
        "Regions.preset",
        "(needed without one_way)",
        "",
        "regions that are built in; or names, shares, one_way and bandwidth, which go before a preset's",
    ),
    setting("Regions.shares", "equal, or the preset's", "arbitrary", "the share of hosts in each region"),
    setting(
        "network.jitter",
        "None",
        "",
        "varies the latency by a lognormal factor of median 1: Independent(sigma), or AutoRegressive(sigma, correlation, every)",
    ),
    setting("network.ordered", "false", "UDP", "whether messages on one directed link arrive in order"),
    setting(
        "network.loss",
        "None",
        "the seed document, A4",
        "None; Bernoulli(probability), each direction of a link on its own; or GilbertElliott(mean, burst), in bursts",
    ),
    setting(
        "network.loss.per",
        "Link",
        "arbitrary",
        "whose bursts they are: a directed Link's, or a host's Access link's",
    ),
    setting("network.duplicate", "0.0", "", "the share of messages that arrive twice"),
    setting("network.bandwidth", "None", "", "what every access link carries: (up: \"20Mbit/s\", down: \"50Mbit/s\")"),
    setting("network.bandwidth.queue", "\"64kB\"", "arbitrary", "how much may wait before a link; the rest is dropped"),
    setting("hosts.undialable", "0.0", "", "the share of hosts that only those can reach whom they have written to"),
    setting(
        "hosts.mapping",
        "\"2m\"",
        "RFC 4787, REQ-5",
        "how long such a host's router remembers whom it has written to",
    ),
    setting("hosts.slow", "[]", "", "kinds of slow hosts: [(share: 0.1, service: Exponential(mean: \"5ms\"))]"),
    setting(
        "script",
        "(needed)",
        "",
        "what happens: (at: \"120s\", do: Crash(fraction: 0.5)); see the README for all actions",
    ),
    setting(
        "churn",
        "[]",
        "",
        "who comes and goes by itself: Sessions(..), Arrivals(..), Departures(..), Failures(..), Trace(..); a list, or a map from label to entry",
    ),
    setting(
        "Sessions.preset",
        "None",
        "",
        "laws as measured, by name: see `dhtsim list presets`; what is written beside goes before",
    ),
    setting("Sessions.session", "(needed without preset or classes)", "", "how long a node stays: a law of spans"),
    setting("Sessions.downtime", "none: another takes its place at once", "", "how long its host is then down"),
    setting("Sessions.classes", "[]", "", "kinds of hosts, in place of both: [(share, session, downtime)]"),
    setting("Sessions.correlation", "None", "", "of consecutive sessions of a host, above -1 and below 1"),
    setting(
        "Sessions.begin",
        "Steady",
        "Cox, Renewal Theory, 1962",
        "Steady: as after a long time; Fresh: all up; Empty: all down",
    ),
    setting(
        "Sessions.first",
        "Converged where nobody is up yet",
        "arbitrary",
        "how those come that are up at the first instant: Converged, or Join(every: \"50ms\")",
    ),
    setting(
        "Sessions.id",
        "New",
        "p2psim",
        "under which id a host comes back: Same or New; elsewhere the default is Same",
    ),
    setting(
        "Sessions.state",
        "Lost",
        "p2psim",
        "with what a node comes back: nothing, or the tables that it had (Kept)",
    ),
    setting(
        "Sessions.graceful",
        "0.0",
        "p2psim",
        "the share of departures that say goodbye; likewise in all other churn",
    ),
    setting(
        "Sessions.diurnal",
        "None",
        "",
        "how the rate of returns swings: (peak_to_trough, period: \"24h\", peak: \"20h\")",
    ),
    setting(
        "Crash.back",
        "None",
        "",
        "how they come back: (after: law, id: Same or New, state: Lost or Kept); also in Leave and Failures",
    ),
    setting("Join.within", "None", "", "they come at random instants of so long a stretch, in place of `every`"),
    setting("Join.session", "None", "", "how long they stay: a law of spans"),
    setting(
        "workload",
        "[]",
        "",
        "who asks for what: Lookups(..) at a rate, ClosedLoop(..), or Csv(..); Transfers(..) fill links",
    ),
    setting(
        "workload.Lookups.per",
        "All",
        "",
        "whose rate it is: that of All together, or of each Node while it is up",
    ),
    setting(
        "workload.Lookups.spread",
        "0",
        "",
        "how far the rates of nodes differ: sigma of a lognormal factor with mean 1 (per: Node)",
    ),
    setting(
        "workload.Lookups.bursts",
        "none",
        "",
        "(every, lasts, factor): stretches, exponentially long, in which it asks factor times as fast; `every` is from one beginning to the next; the mean rate is 1 + (factor - 1) * lasts / every times `rate`",
    ),
    setting("workload.Lookups.arrivals", "Poisson", "arbitrary", "Poisson or Regular"),
    setting(
        "workload.Lookups.keys",
        "Uniform",
        "the seed document, A2",
        "Uniform; Seeded(seed, count); NodeIds: ids of nodes that are up, at random; Zipf, Runs, Gaussian, File; likewise in ClosedLoop",
    ),
    setting(
        "workload.keys.Zipf",
        "exponent: 1.0, items: 10000",
        "Zipf's own exponent (Breslau et al. 1999: .64 to .83 for web pages); items arbitrary",
        "item r is asked for in proportion to 1 / r^exponent; its key is SHA-1(\"item-{seed}-{r}\"), the seed being that of the run if none is named",
    ),
    setting(
        "workload.keys.Runs",
        "length: 16, stride: 1",
        "arbitrary",
        "a random key, then its neighbours, one request each",
    ),
    setting(
        "workload.keys.Gaussian",
        "centres: 5, deviation: 0.01",
        "arbitrary",
        "normal around random centres; the deviation is a share of the circle",
    ),
    setting(
        "workload.keys.File.order",
        "Listed",
        "",
        "the column `key` of a CSV file: Listed, and again from the beginning, or Random",
    ),
    setting("workload.Lookups.issuers", "nodes that are up, at random", "", "who asks"),
    setting(
        "workload.Lookups.copies",
        "1",
        "",
        "how many holders of copies each lookup asks for, the owner among them; likewise in Csv and in the action Lookup",
    ),
    setting(
        "workload.ClosedLoop.in_flight",
        "1",
        "arbitrary",
        "how many lookups each member keeps in flight, 1 to 1000",
    ),
    setting(
        "workload.ClosedLoop.think",
        "Constant(\"0s\")",
        "arbitrary",
        "how long a node thinks between a lookup and the next; 1 ms at least after one that took no time",
    ),
    setting(
        "workload.ClosedLoop.draws",
        "its place in the list",
        "",
        "the number that its draws are keyed by, so that a printed plan draws the same",
    ),
    setting("Join.ids", "Random", "", "Random, Seeded(seed) as in the seed document 3.4, or Explicit([..])"),
    setting("Join.order", "AsDrawn", "", "AsDrawn, or Ascending by id as in the seed document"),
    setting("Join.every", "0s", "", "how long after one another"),
    setting("warm_up", "0s", "", "lookups issued and messages sent before are not measured"),
    setting(
        "phases",
        "{}",
        "",
        "stretches of time whose lookups are also counted apart: {\"before\": (from: \"60s\", until: \"120s\")}",
    ),
    setting(
        "placement",
        "None",
        "",
        "keys of which the judge looks at who owns them and who holds copies, and what becomes of those: \
         (at: \"60s\", keys: 10000, copies: 3)",
    ),
    setting("end", "(needed)", "", "when the run ends"),
    setting("seed", "1", "arbitrary", "where all chance comes from; or seeds: 1..31 for thirty runs"),
    setting(
        "expect",
        "[]",
        "",
        "figures that must come out as the mean over the seeds: at_least, at_most, within: (low, high)",
    ),
    setting(
        "workload.Transfers.size",
        "(needed)",
        "",
        "how much each is, in bytes; likewise in the action Transfer, as the next two",
    ),
    setting(
        "workload.Transfers.pace",
        "the narrower of the sender's uplink and the receiver's downlink",
        "arbitrary",
        "how fast it is sent, whatever is dropped",
    ),
    setting(
        "workload.Transfers.chunk",
        "\"15kB\"",
        "RFC 9002, 7.7: a burst of ten packets",
        "how much is sent at once, at equal gaps; no more than the queue of a link holds",
    ),
    setting(
        "workload.Transfers.arrivals",
        "Poisson",
        "arbitrary",
        "at which instants they begin, at `rate`, each between two different nodes that are up: Poisson or Regular",
    ),
    setting(
        "claims",
        "[]",
        "",
        "figures that others have published, held against ours: (about, source, protocol, says, metric, digits, because)",
    ),
    setting(
        "claims.digits",
        "one more than `says` has",
        "arbitrary",
        "digits behind the point of the figure held against it; in percent where `says` is and the figure is a share",
    ),
];

const fn setting(
    name: &'static str,
    default: &'static str,
    source: &'static str,
    about: &'static str,
) -> SettingListing {
    SettingListing { name, default, symbol: "", source: if source.is_empty() { "-" } else { source }, about }
}
