//! A scenario with every word of the churn in it, and a trace for it.
#![allow(dead_code, reason = "every test takes what it needs")]

/// Every way to come and go by itself; not in order of time.
pub(crate) const CHURNY: &str = r#"(
    id_bits: 32,
    protocols: {"one": Chord(), "other": Chord(successors: 3, route_over: Fingers, rules: Published)},
    network: (latency: LogNormal(median: "40ms", sigma: 0.4), loss: Bernoulli(0.01)),
    script: [
        (at: "0s", do: Converged(nodes: 4)),
        (at: "100s", do: Join(nodes: 10, within: "20s", session: LogNormal(median: "60s", sigma: 1.0), graceful: 0.5)),
        (at: "50s", do: Crash(count: 2, every: "1s", back: (after: Uniform(low: "1s", high: "30s"), state: Kept))),
        (at: "50s", do: Leave(fraction: 0.2, back: (after: Exponential(mean: "20s"), id: New))),
        (at: "60s", do: Crash(count: 3)),
        (at: "70s", do: Restart(count: 1, state: Kept)),
        (at: "80s", do: Restart(count: 1, id: New)),
        (at: "90s", do: Pause(count: 2, lasts: "30s")),
    ],
    churn: {
        "core": Sessions(nodes: 12, session: Weibull(shape: 0.6, scale: "80s"), downtime: Exponential(mean: "40s"),
            id: Same, state: Kept, graceful: 0.5, correlation: 0.4, diurnal: (peak_to_trough: 2.0, period: "100s", peak: "10s")),
        "crowd": Sessions(nodes: 10, classes: [(share: 0.5, session: Exponential(mean: "30s")),
            (share: 0.5, session: Pareto(minimum: "20s", shape: 1.5), downtime: Constant("15s"))],
            from: "10s", until: "200s", begin: Fresh, first: Join(every: "10ms")),
        "late": Sessions(nodes: 3, preset: "p2psim", session: Constant("50s"), from: "30s", begin: Empty),
        "new": Arrivals(rate: "6/m", session: Exponential(mean: "60s"), graceful: 0.5, diurnal: (peak_to_trough: 3.0, period: "1m")),
        "gone": Departures(rate: "2/m", graceful: 0.5, from: "100s"),
        "parts": Failures(rate: "1/m", fraction: 0.2, back: (after: Exponential(mean: "10s"), state: Kept)),
        "two": Failures(rate: "2/m", count: 2, until: "150s"),
        "named": Failures(rate: "3/m", nodes: [0, 1]),
        "trace": Trace(file: "made_up.avt", from: "5s", clip: ("20s", "250s"), only: ["a", "b", "c"], graceful: 0.5),
        "again": Trace(file: "made_up.avt", id: New, first: Join()),
    },
    workload: [Lookups(from: "5s", rate: "5/s"), Lookups(from: "5s", rate: "2/s", keys: NodeIds)],
    end: "300s",
    seed: 3,
)"#;

pub(crate) const TRACE: &str = include_str!("../traces/made_up.avt");
