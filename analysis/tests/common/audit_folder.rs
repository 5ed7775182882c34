//! A folder of audits to make reports of: a small sweep that really ran, and a document about it.
#![allow(dead_code, reason = "each test takes what it needs")]

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::command::dhtsim;

/// A folder of audits.
pub(crate) struct Folder {
    folder: TempDir,
}

impl Folder {
    /// With the results of a sweep in `A3/at-once`, an exhibit, and a document of one audit that wants every picture.
    pub(crate) fn new() -> Self {
        let folder = Self { folder: TempDir::new().expect("a temporary folder") };
        fs::write(folder.path("plan.ron"), PLAN).expect("a temporary file");
        let results = folder.path("all/A3/at-once").display().to_string();
        let said = dhtsim(&["sweep", &folder.path("plan.ron").display().to_string(), "--out", &results, "--quiet"]);
        assert_eq!(said.code, 0, "{}", said.err);
        fs::create_dir_all(folder.path("all/A3/exhibits")).expect("a temporary folder");
        folder.write("all/A3/exhibits/half.json", &exhibit());
        folder.write("all/audit.json", &document(&folder.hash()));
        folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The folder of the audits.
    pub(crate) fn all(&self) -> String {
        self.path("all").display().to_string()
    }

    pub(crate) fn write(&self, name: &str, value: &Value) {
        fs::write(self.path(name), value.to_string()).expect("a temporary file");
    }

    pub(crate) fn read(&self, name: &str) -> String {
        read(&self.path(name))
    }

    pub(crate) fn document(&self) -> Value {
        serde_json::from_str(&self.read("all/audit.json")).expect("a document")
    }

    fn hash(&self) -> String {
        let header: Value = serde_json::from_str(&self.read("all/A3/at-once/sweep.json")).expect("a header");
        header["hash"].as_str().expect("a hash").to_owned()
    }
}

pub(crate) fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The pictures of a page.
pub(crate) fn pictures(page: &str) -> Vec<&str> {
    page.match_indices("<svg ").map(|(at, _)| &page[at..at + page[at..].find("</svg>").expect("it ends") + 6]).collect()
}

fn document(hash: &str) -> Value {
    let candidate = |label: &str, mean: f64, qualifies: bool, is_best: bool| {
        let figures = json!([["lookups.latency_ms.mean", mean, 1.5], ["lookups.success", 0.998, 0.001]]);
        json!({"label": label, "qualifies": qualifies, "is_best": is_best, "figures": figures})
    };
    let situation = |fraction: f64| {
        let candidates = [candidate("quick", 81.5, true, true), candidate("patient", 215.0, false, false)];
        json!({"parameters": {"fraction": fraction}, "candidates": candidates})
    };
    let choice = json!({
        "audit": "A3", "question": "Which protocol should a few nodes use?", "experiment": "at-once",
        "metric": "lookups.latency_ms.mean", "margin": 0.1, "needs": [["lookups.success", 0.99]], "beside": [],
        "along": "fraction", "sentence": "quick is the best in calm, and when half crash.",
        "situations": [situation(0.0), situation(0.5)],
    });
    json!({
        "schema": "dhtsim audit 1", "version": "0.1.0", "strength": "full", "command": "dhtsim audit A3",
        "choices": [choice], "audits": [audit(hash)],
    })
}

/// The audit `A3` with every sort of picture.
pub(crate) fn audit(hash: &str) -> Value {
    let comparison = json!({
        "parameters": {"fraction": 0.5}, "values": 3, "missing": 0, "mean": -0.031, "half_width": 0.004,
        "interval": [-0.037, -0.025], "level": 0.975, "verdict": "fails",
    });
    let subject = json!({
        "label": "patient", "verdict": "fails", "holds_up_to": 0.0, "fails_from": 0.5,
        "sentence": "at fraction 0.5 it loses 3.1 % ± 0.4 %", "cells": [comparison],
    });
    let test = json!({
        "name": "success", "question": "As many lookups are right.", "experiment": "at-once", "metric": "lookups.success",
        "contrast": "crash − calm", "at_least": -0.01, "at_most": null, "along": "fraction", "is_ordered": true, "decides": true,
        "verdict": "fails", "sentence": "It fails for patient.", "subjects": [subject],
    });
    let experiment = json!({
        "name": "at-once", "about": "A part of all crashes.", "folder": "at-once", "hash": hash, "seeds": "1..4", "runs": 24,
        "labels": ["quick", "patient"], "parameters": [["fraction", [0.0, 0.5]], ["nodes", [8, 16]]], "missing": null,
    });
    json!({
        "id": "A3", "title": "Nodes leave, they do not crash", "says": "“Nodes leave.”", "claim": "A crash changes nothing.",
        "verdict": "fails", "sentence": "A crash of half the nodes costs 3.1 % of lookups.", "comparisons": 1,
        "experiments": [experiment], "tests": [test], "pictures": wanted(),
    })
}

fn wanted() -> Value {
    let of = "at-once";
    json!([
        {"Curve": {"title": "Success", "experiment": of, "x": "fraction", "log_x": false, "metric": "lookups.success",
            "dashes": "nodes", "panels": null, "cells": {}}},
        {"Curve": {"title": "Latency by size", "experiment": of, "x": "nodes", "log_x": true, "metric": "lookups.latency_ms.p99",
            "dashes": null, "panels": "fraction", "cells": {"nodes": [8, 16]}}},
        {"Cdf": {"title": "Latency", "experiment": of, "histogram": "latency_ms", "panels": "fraction", "cells": {"nodes": 16.0}}},
        {"Bars": {"title": "Hops", "experiment": of, "histogram": "hops_to_owner", "panels": null, "cells": {"fraction": 0}}},
        {"Front": {"title": "Cost", "experiment": of, "cost": "traffic.upkeep.bytes", "performance": "lookups.time_to_end_ms.mean",
            "panels": null, "cells": {"fraction": 0.5}}},
        {"Lorenz": {"title": "Nobody measures this", "experiment": of, "of": "no.such.load", "panels": null, "cells": {}}},
        {"OverTime": {"title": "Through the crash", "exhibit": "half"}},
        {"Ring": {"title": "One lookup", "exhibit": "half"}},
    ])
}

fn exhibit() -> Value {
    let point = |place: u32| {
        json!({
            "from_s": place * 2, "nodes_up": if place < 10 { 16.0 } else { 8.0 }, "issued": 20,
            "correct": if (10..13).contains(&place) { 15 } else { 20 }, "wrong": 0, "abandoned": 0,
            "failed": if (10..13).contains(&place) { 5 } else { 0 }, "timeouts_mean": 0.1, "latency_ms_mean": 80.0,
        })
    };
    let message = |from: u32, to: u32, arrived: bool| json!({"sent_ms": 1.5, "from": from, "to": to, "kind": "Find", "arrived": arrived});
    let nodes: Vec<(u32, f64)> = (0..16).map(|node| (node, f64::from(node) / 16.0)).collect();
    let ring = json!({
        "nodes": nodes, "gone": [], "key": 0.3, "issuer": 0, "owner": 5, "outcome": "correct", "asked_s": 21.0,
        "messages": [message(0, 4, false), message(0, 3, true), message(3, 0, true), message(0, 5, true), message(5, 0, true)],
    });
    let series: Vec<Value> = (0..30).map(point).collect();
    let run = |label: &str| json!({"label": label, "series": series, "departures_s": [20.0], "ring": ring});
    json!({"command": "dhtsim audit A3", "cell": "nodes 16, fraction 0.5", "seed": 1, "runs": [run("quick"), run("patient")]})
}

const PLAN: &str = r#"(
    base: (
        id_bits: 16,
        protocols: {"quick": Kademlia(k: 4), "patient": Chord(successors: 3)},
        network: (latency: LogNormal(median: "40ms", sigma: 0.4)),
        script: [(at: "0s", do: Converged(nodes: 16)), (at: "10s", do: Crash(fraction: 0.5))],
        workload: [Lookups(from: "5s", until: "25s", rate: "10/s")],
        warm_up: "5s",
        end: "30s",
    ),
    axes: [
        (over: "script[1].do.fraction", name: "fraction", values: [0.0, 0.5]),
        (over: "script[0].do.nodes", name: "nodes", values: [8, 16]),
    ],
    seeds: 1..4,
    show: ["lookups.success", "lookups.latency_ms.p99"],
)"#;
