//! The command from outside: what every verb prints, where, and with which exit code.

#[path = "common/command.rs"]
mod command;

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use analysis::phases::metric_names_of;
use command::{Said, command, dhtsim};
use serde_json::Value;
use tempfile::TempDir;
use unicode_width::UnicodeWidthStr;

#[test]
fn run_prints_a_page_and_nothing_else() {
    let said = dhtsim(&["run", &faults("half-crash.ron")]);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    assert!(said.out.starts_with("half-crash  Chord, 20 nodes, 300 s, seed 1\n"), "{}", said.out);
    assert!(said.out.lines().all(|line| line.chars().count() <= 100), "{}", said.out);
    assert!(!said.out.contains('\u{1b}'));
}

#[test]
fn phases_have_a_table_of_their_own() {
    let folder = TempDir::new().expect("a temporary folder");
    let text = small(r#"phases: {"first": (from: "5s", until: "10s"), "whole": (from: "0s", until: "30s")}"#);
    let path = save(&folder, "phases.ron", &text);
    let said = dhtsim(&["run", &path]);
    let rows: Vec<&str> = said.out.lines().skip_while(|line| !line.starts_with("  phase ")).take(4).collect();
    let words: Vec<Vec<&str>> = rows.iter().map(|row| row.split_whitespace().take(4).collect()).collect();
    assert_eq!(words[0], ["phase", "issued", "correct", "wrong"], "{}", said.out);
    assert_eq!((words[1][0], words[1][2..].join(" ").as_str()), ("first", "100.0 %"), "{}", said.out);
    assert_eq!((words[2][0], rows[3]), ("whole", ""), "{}", said.out);
    let result = &json(&["run", "--json", &path])["results"][0];
    assert_eq!(result["phases"]["whole"]["issued"], result["lookups"]["issued"]);
    assert!(!dhtsim(&["run", &faults("half-crash.ron")]).out.contains("\n  phase"), "no phases, no table");
}

#[test]
fn where_keys_lie_is_on_the_page_where_it_was_asked_for() {
    let folder = TempDir::new().expect("a temporary folder");
    let text = with_line("Crash(count: 2)").replace("end:", r#"placement: (at: "10s", keys: 100, copies: 2), end:"#);
    let said = dhtsim(&["run", &save(&folder, "placed.ron", &text)]);
    let rows: Vec<&str> = said.out.lines().skip_while(|line| !line.starts_with("  keys ")).take(5).collect();
    for (row, begins) in
        rows.iter().zip(["  keys        owned by a member: at most ", "", "", "  load        messages"])
    {
        assert!(row.starts_with(begins), "{}", said.out);
    }
    assert!(rows[2].contains(" % is still there, of ") && rows[3].contains(" times the mean, Gini 0."), "{}", said.out);
    assert!(said.out.lines().all(|line| line.chars().count() <= 100), "{}", said.out);
    let without = dhtsim(&["run", &save(&folder, "without.ron", &small(""))]).out;
    assert!(!without.contains("\n  keys ") && !without.contains("\n  load "), "{without}");
}

#[test]
fn claims_stand_beside_what_is_measured() {
    let folder = TempDir::new().expect("a temporary folder");
    let text = claiming("seeds: 1..4, expect: [(metric: \"nodes\", at_least: 5)]");
    let path = save(&folder, "claims.ron", &text);
    let said = dhtsim(&["run", &path]);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    let (_, claims) = said.out.split_once("\n\nclaims\n").expect("they stand behind the expectations");
    let wanted = "    said            measured here         because\n  nodes (Chord; a paper)\n    \
        5               5.0 ± 0.0             the same\n  success (Chord)\n    \
        100 %           100.0 ± 0.0 %         nobody goes\n  speed\n    \
        157K/s          not measured          it is of the machine\n";
    assert_eq!(claims, wanted);
    let document = json(&["run", "--json", &path]);
    let first = r#"{"about":"nodes","because":"the same","half_width":0.0,"measured":5.0,"metric":"nodes","protocol":"Chord","says":"5","seeds":3,"source":"a paper"}"#;
    assert_eq!(document["claims"][0].to_string(), first);
    assert!(document["claims"][2]["measured"].is_null() && document["claims"][2]["seeds"] == 0);
    let said = dhtsim(&["claims", &path]);
    assert_eq!((said.code, said.out), (0, format!("claims\n{claims}")), "without the rest");
}

#[test]
fn claims_of_a_folder_are_those_of_its_scenarios_in_order_of_name() {
    let folder = TempDir::new().expect("a temporary folder");
    let missed = "name: \"second\", expect: [(metric: \"nodes\", at_least: 6)]";
    save(&folder, "b.ron", &claiming(missed));
    save(&folder, "a.ron", &claiming("name: \"first\""));
    save(&folder, "none.ron", &small(""));
    save(&folder, "none.txt", "no scenario");
    let path = folder.path().display().to_string();
    let said = dhtsim(&["claims", &path, "--jobs", "1"]);
    assert_eq!((said.code, said.err.as_str()), (4, ""), "an expectation of the second is missed");
    let headings: Vec<&str> = said.out.lines().filter(|line| !line.starts_with(' ') && !line.is_empty()).collect();
    assert_eq!(headings, ["first", "second"], "{}", said.out);
    let document = json(&["claims", "--json", &path]);
    let names = [0, 1].map(|place| document["scenarios"][place]["scenario"].clone());
    assert_eq!(
        (names, document["scenarios"][1]["claims"][0]["says"].clone()),
        (["first".into(), "second".into()], "5".into())
    );
    save(&folder, "wrong.ron", "(");
    assert_eq!(dhtsim(&["claims", &path]).code, 2, "no run before all are legal");
}

#[cfg(unix)]
#[test]
fn interrupted_claims_print_nothing() {
    let folder = TempDir::new().expect("a temporary folder");
    let text =
        claiming("").replace("10/s", "10000/s").replace("30s", "30days").replace("rate:", "until: \"50000s\", rate:");
    let child = command(&["claims", &save(&folder, "long.ron", &text)]).spawn().expect("the command starts");
    interrupt_soon(&child);
    let said = Said::of(child);
    assert_eq!((said.code, said.out.as_str(), said.err.as_str()), (130, "", "interrupted; nothing was written\n"));
}

#[test]
fn json_has_every_key_that_is_promised() {
    let document = json(&["run", "--json", &faults("half-crash.ron")]);
    for key in ["scenario", "seed", "version", "results", "expectations", "claims"] {
        assert!(document.get(key).is_some(), "{key}");
    }
    let result = &document["results"][0];
    let summaries = ["hops", "hops_to_owner", "latency_ms"].map(|name| format!("lookups.{name}"));
    let summaries =
        summaries.iter().flat_map(|name| ["mean", "p50", "p95", "p99", "max"].map(|part| format!("{name}.{part}")));
    let traffic = ["lookup", "upkeep", "join", "total"].into_iter();
    let traffic = traffic.flat_map(|name| ["messages", "bytes"].map(|part| format!("traffic.{name}.{part}")));
    let counts = ["issued", "correct", "wrong", "failed", "abandoned"].map(|name| format!("lookups.{name}"));
    let others = ["nodes", "events", "lookups.timeouts.mean", "messages_per_join.mean", "routing_entries.mean"];
    let others = others.map(str::to_owned).into_iter();
    for name in summaries.chain(traffic).chain(counts).chain(others) {
        assert!(at(result, &name).is_number(), "{name}");
    }
    assert!(result["protocol"].is_string() && result["fingerprint"].is_string());
}

#[test]
fn every_numeric_figure_has_a_name_and_every_name_a_figure() {
    let folder = TempDir::new().expect("a temporary folder");
    let text = with_line("Crash(count: 2)").replace("rate:", "copies: 2, rate:");
    let queues = r#"network: (bandwidth: (up: "1Mbit/s", down: "1Mbit/s")), hosts: (slow: [(share: 1.0, service: Constant("1ms"))])"#;
    let text = text.replace("end:", r#"placement: (at: "10s", keys: 100, copies: 2), end:"#);
    let text = text.replace("end:", &format!(r#"phases: {{"all": (from: "0s", until: "30s")}}, {queues}, end:"#));
    let text =
        text.replace("\"10/s\")]", "\"10/s\"), Transfers(from: \"5s\", until: \"9s\", rate: \"2/s\", size: \"1kB\")]");
    let document = json(&["run", "--json", &save(&folder, "everything.ron", &text)]);
    let mut leaves = BTreeSet::new();
    numbers(&document["results"][0], "", &mut leaves);
    // What was given is no figure.
    leaves.retain(|name| name != "seed" && !name.starts_with("settings.") && !name.ends_with("l.from_s"));
    leaves.retain(|name| name != "phases.all.until_s");
    let scenario = scenarios::read::scenario("everything.ron", text.as_bytes()).expect("it has just run");
    assert_eq!(leaves, metric_names_of(&scenario).into_iter().collect());
    let listed = dhtsim(&["list", "metrics"]).out;
    assert!(listed.contains(" phases.<name> "));
    for name in leaves.iter().filter(|name| !name.starts_with("phases.")) {
        let parent = name.rsplit_once('.').map_or(name.as_str(), |(parent, _)| parent);
        assert!(
            listed.contains(&format!(" {name} ")) || listed.contains(&format!(" {parent} ")),
            "{name} is not listed"
        );
    }
}

#[test]
fn a_file_that_cannot_be_written_is_refused_before_anything_runs() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = save(&folder, "small.ron", &small(""));
    let target = folder.path().join("nowhere").join("lookups.csv").display().to_string();
    let said = dhtsim(&["run", &path, "--lookups", &target]);
    assert_eq!((said.code, said.out.as_str()), (2, ""));
    assert!(said.err.contains("there is no folder") && !said.err.contains(".dhtsim-"), "{}", said.err);
}

#[test]
fn what_is_built_in_is_listed_with_its_source() {
    let listed = dhtsim(&["list", "presets"]).out;
    for name in ["aws-2019", "world-2019", "kad-2007", "gnutella-2001", "skype-2005", "p2psim"] {
        assert!(listed.contains(&format!("\n  {name}\n")), "{name}: {listed}");
    }
    assert!(listed.contains("correlation: 0.43") && listed.contains("Weibull(shape:0.61511"), "{listed}");
    let entries = json(&["list", "presets", "--json"]);
    let entries = entries["presets"].as_array().expect("a list");
    assert!(entries.iter().all(|entry| entry["source"].as_str().is_some_and(|source| source.len() > 10)));
}

#[test]
fn sessions_of_no_length_are_told() {
    let folder = TempDir::new().expect("a temporary folder");
    save(&folder, "trace.avt", "1 2 0 10 12 12\n2 1 0 20\n");
    let churn = r#"churn: [Trace(file: "trace.avt")]"#;
    let path = save(
        &folder,
        "trace.ron",
        &small(churn).replace(r#"script: [(at: "0s", do: Join(nodes: 5, every: "100ms"))],"#, ""),
    );
    let said = dhtsim(&["check", &path]);
    assert!(said.out.contains("2 nodes, 1 runs (Chord), 1 sessions of no length skipped"), "{}", said.out);
    assert_eq!(json(&["run", "--json", &path])["results"][0]["skipped_sessions"], 1);
}

#[test]
fn equal_runs_are_equal_files_on_any_number_of_threads() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = save(&folder, "many.ron", &small(r#"seeds: 1..5, expect: [(metric: "nodes", at_least: 5)]"#));
    let of = |jobs| dhtsim(&["run", "--json", "--jobs", jobs, &path]).out;
    let one = of("1");
    assert_eq!((of("2"), of("1")), (one.clone(), one.clone()));
    let elsewhere = TempDir::new().expect("a temporary folder");
    let moved = save(&elsewhere, "many.ron", &fs::read_to_string(&path).expect("just written"));
    assert_eq!(dhtsim(&["run", "--json", &moved]).out, one);
    let host = fs::read_to_string("/etc/hostname").unwrap_or_default();
    let place = folder.path().display().to_string();
    assert!(!one.contains(&place) && (host.trim().len() < 4 || !one.contains(host.trim())));
}

#[test]
fn seeds_begin_with_the_scenarios_first() {
    let folder = TempDir::new().expect("a temporary folder");
    let seeds_of = |more: &str, count: &str| {
        let path = save(&folder, "seeds.ron", &small(more));
        json(&["run", "--json", &path, "--seeds", count])["seeds"].to_string()
    };
    assert_eq!(seeds_of("", "3"), "[1,2,3]");
    assert_eq!(seeds_of("seed: 7", "2"), "[7,8]");
    assert_eq!(seeds_of("seeds: 4..100", "1"), "[4]");
    assert_eq!(seeds_of("seed: 18446744073709551615", "1"), "[18446744073709551615]");
    let asked = dhtsim(&["run", &save(&folder, "many.ron", &small("")), "--json", "--seeds", "3"]).out;
    let written = dhtsim(&["run", &save(&folder, "many.ron", &small("seeds: 1..4")), "--json"]).out;
    assert_eq!(asked, written);
}

#[test]
fn several_protocols_stand_side_by_side() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = save(&folder, "two.ron", &with_labels(&["short", "long"]));
    let of = |words: &[&str]| {
        let said = dhtsim(&[&["run", path.as_str()], words].concat());
        assert_eq!((said.code, said.err.as_str()), (0, ""));
        said.out
    };
    let page = of(&["--seeds", "5"]);
    assert!(page.starts_with("two  2 protocols, 5 nodes, 30 s, 5 seeds from 1\n\n"), "{page}");
    let words = |line: usize| page.lines().nth(line).expect("a line").split_whitespace().collect::<Vec<&str>>();
    assert_eq!(words(2), ["short", "long"]);
    assert_eq!(words(3)[..2], ["lookups", "issued"]);
    for part in ["\n  differences ", " − long\n", "  hops ", " ± ", "5 seeds ± half", "  over time ", "      short  █"]
    {
        assert!(page.contains(part), "{part} in\n{page}");
    }
    assert_eq!(of(&["--seeds", "5", "--jobs", "1"]), of(&["--seeds", "5", "--jobs", "2"]));
    let one = of(&[]);
    assert!(one.contains("  one seed: no intervals, and nothing can be said of significance; --seeds 30"), "{one}");
    assert!(one.contains("  fingerprint ") && !one.contains('±') && !one.contains('~'), "{one}");
    let out = folder.path().join("out").display().to_string();
    assert_eq!(of(&["--seeds", "2", "--out", &out]), of(&["--seeds", "2"]));
    assert_eq!(dhtsim(&["replay", &out]).code, 0);
}

#[test]
fn no_page_is_wider_than_100_columns() {
    let folder = TempDir::new().expect("a temporary folder");
    let long = "a label that nobody would like to read ".repeat(8);
    let labels =
        ["a", &long, "短い後継者リストと長い後継者リスト", "🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀", "", "e\u{301}", "x y"];
    let marks = "e\u{301}".repeat(60);
    for labels in [&labels[..1], &labels[1..2], &labels[..2], &labels[1..4], &labels[..], &[&marks, &long]] {
        let path = save(&folder, &format!("{}.ron", "wide".repeat(40)), &with_labels(labels));
        for seeds in ["1", "3"] {
            let said = dhtsim(&["run", &path, "--seeds", seeds]);
            assert_eq!(said.code, 0, "{}", said.err);
            for line in said.out.lines() {
                assert!(line.chars().count() <= 100 && line.width() <= 100, "{line}\n{}", said.out);
            }
            let pairs = labels.len() * (labels.len() - 1) / 2;
            let heads = said.out.lines().filter(|line| line.starts_with(&" ".repeat(20)));
            assert_eq!(heads.flat_map(|line| line.matches('−')).count(), pairs, "{}", said.out);
        }
    }
}

#[test]
fn the_comparison_is_in_the_document() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = save(&folder, "three.ron", &with_labels(&["a", "b", "c"]));
    let of = |jobs| dhtsim(&["run", &path, "--json", "--seeds", "4", "--jobs", jobs]).out;
    let text = of("1");
    assert_eq!(of("2"), text);
    let (_, hops) = text.split_once("\"metric\": \"lookups.hops.mean\"").expect("hops are compared");
    let keys = ["means", "label", "mean", "half_width", "seeds", "differences", "of", "minus", "mean", "half_width"];
    let keys = keys.iter().chain(&["pairs", "equal", "significant"]);
    keys.fold(hops, |rest, key| rest.split_once(&format!("\"{key}\": ")).unwrap_or_else(|| panic!("{key}")).1);
    let document: Value = serde_json::from_str(&text).expect("a document");
    let hops =
        document["comparison"].as_array().expect("a list").iter().find(|one| one["metric"] == "lookups.hops.mean");
    let hops = hops.expect("hops are compared");
    assert_eq!(
        (hops["means"].as_array().map(Vec::len), hops["differences"].as_array().map(Vec::len)),
        (Some(3), Some(3))
    );
    assert!(at(hops, "means").as_array().expect("a list").iter().all(|one| one["mean"].is_number()));
    let alone = json(&["run", "--json", &save(&folder, "one.ron", &small("")), "--seeds", "4"]);
    assert_eq!(alone["comparison"], Value::Array(vec![]));
}

#[test]
fn a_dash_reads_standard_input() {
    let text = small("seed: 3");
    let run = |verb: &[&str]| {
        let mut child = command(verb).stdin(Stdio::piped()).spawn().expect("the command starts");
        child.stdin.take().expect("piped").write_all(text.as_bytes()).expect("it reads");
        Said::of(child)
    };
    assert!(run(&["run", "-"]).out.starts_with("stdin  Chord, 5 nodes, 30 s, seed 3\n"));
    assert_eq!(run(&["check", "-"]).out, "stdin: ok, 5 nodes, 1 runs (Chord)\n");
    assert_eq!(run(&["trace", "-"]).code, 0);
}

#[test]
fn a_missed_expectation_is_exit_code_4() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = save(&folder, "high.ron", &small(r#"expect: [(metric: "nodes", at_least: 6)]"#));
    let said = dhtsim(&["run", &path]);
    assert_eq!(said.code, 4);
    assert!(said.out.ends_with("expected\n  MISSED  Chord nodes: 5.0000, at least 6\n"), "{}", said.out);
    assert_eq!(dhtsim(&["run", "--json", &path]).code, 4);
    let path = save(&folder, "none.ron", &small(r#"expect: [(metric: "recovery.correct_after_s", at_most: 6)]"#));
    let said = dhtsim(&["run", &path]);
    assert!(said.code == 4 && said.out.contains("no value"), "nobody departed: {}", said.out);
}

#[test]
fn what_cannot_be_meant_is_exit_code_2() {
    let folder = TempDir::new().expect("a temporary folder");
    let wrong = save(&folder, "wrong.ron", &small("sead: 1"));
    let figure = save(&folder, "figure.ron", &small(r#"expect: [(metric: "lookups.hops.maen", at_most: 6)]"#));
    let phase = r#"phases: {"late": (from: "9s", until: "12s")}, expect: [(metric: "METRIC", at_most: 6)]"#;
    let phase = |name: &str, metric: &str| save(&folder, name, &small(&phase.replace("METRIC", metric)));
    let (no_phase, no_part) = (phase("phase.ron", "phases.lade.success"), phase("part.ron", "phases.late.latency_ms"));
    let claim = r#"claims: [(about: "hops", says: "2", metric: "lookups.hops.maen", because: "so")]"#;
    let claim = save(&folder, "claim.ron", &small(claim));
    let good = save(&folder, "good.ron", &small(""));
    let here = folder.path().display().to_string();
    let long = "x".repeat(5000);
    let nowhere = folder.path().join("nowhere.ron").display().to_string();
    let last = save(&folder, "last.ron", &small("seed: 18446744073709551615"));
    let bounds = |name: &str, bounds: &str| {
        save(&folder, name, &small(&format!(r#"expect: [(metric: "lookups.success", {bounds})]"#)))
    };
    let percent = bounds("percent.ron", "at_least: 99");
    let upside_down = bounds("upside_down.ron", "at_least: 0.9, at_most: 0.5");
    let cases: [(&[&str], &str); 29] = [
        (&["run", &percent], "`lookups.success` is a share, from 0 to 1"),
        (&["check", &upside_down], "`at_most` must not be below `at_least`"),
        (&["run", &wrong], "did you mean `seed`?"),
        (&["check", &wrong, &good], "did you mean `seed`?"),
        (&["trace", &wrong], "did you mean `seed`?"),
        (&["run", &figure], "did you mean `lookups.hops.mean`?"),
        (&["check", &figure], "did you mean `lookups.hops.mean`?"),
        (&["run", &no_phase], "did you mean `phases.late.success`?"),
        (&["check", &no_part], "write for example `phases.late.latency_ms.mean`"),
        (&["run", &claim], "did you mean `lookups.hops.mean`?"),
        (&["claims", &good, &claim], "did you mean `lookups.hops.mean`?"),
        (&["claims", &good], "good.ron holds no claims, and is not run\nerror: no scenario here holds claims"),
        (&["claims", &nowhere], "nowhere.ron cannot be read: No such file"),
        (&["run", &nowhere], "nowhere.ron cannot be read: No such file"),
        (&["run", &here], "cannot be read: Is a directory"),
        (&["run", ".."], ".. cannot be read"),
        (&["run", &long], "cannot be read: File name too long"),
        (&["run", ""], "a value is required"),
        (&["run", &good, "--jobs", "0"], "`--jobs` must be at least 1"),
        (&["run", &good, "--seeds", "0"], "0 is not in 1..=1000000"),
        (&["run", &good, "--seeds", "1000001"], "1000001 is not in 1..=1000000"),
        (&["run", &good, "--seeds", "many"], "invalid value 'many' for '--seeds <N>'"),
        (&["run", &good, "--seeds", "2", "--seed", "1"], "cannot be used with"),
        (&["run", &last, "--seeds", "2"], "there are no 2 seeds from 18446744073709551615 on"),
        (&["trace", &good, "--protocol", "Kad"], "there are Chord"),
        (&["replay", &nowhere], "is no saved run"),
        (&["wobble"], "unrecognized subcommand"),
        (&["run"], "required"),
        (&[], "Usage"),
    ];
    for (words, part) in cases {
        let said = dhtsim(words);
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{words:?}");
        assert!(said.err.contains(part), "{words:?}: {}", said.err);
    }
}

#[test]
fn an_error_names_its_place_without_colour() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = save(&folder, "wrong.ron", "(\n    protocols: [Chord],\n)\n");
    for value in ["", "1"] {
        let said = Said::of(command(&["run", &path]).env("NO_COLOR", value).spawn().expect("the command starts"));
        assert!(said.err.contains("wrong.ron:2:17\n"), "{}", said.err);
        assert!(!said.err.contains('\u{1b}'));
    }
}

#[cfg(unix)]
#[test]
fn a_file_without_end_is_read_as_far_as_allowed() {
    let said = dhtsim(&["check", "/dev/zero"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("more than 268435456 bytes"), "{}", said.err);
}

#[test]
fn lookups_of_the_seed_documents_scenarios_are_those_of_its_tables() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = folder.path().join("lookups.csv").display().to_string();
    let said = dhtsim(&["run", &scenario("seed/scalability.ron"), "--lookups", &path]);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    let ours = fs::read_to_string(&path).expect("written");
    let tables = ["5", "10", "20"]
        .map(|nodes| fs::read_to_string(scenario(&format!("seed/lookups-n{nodes}.csv"))).expect("shipped"));
    for (label, owner) in [("Chord", "chord_owner"), ("Kademlia", "kademlia_owner"), ("Pastry", "pastry_owner")] {
        let of_protocol = |line: &&str| line.starts_with("protocol,") || line.starts_with(&format!("{label},"));
        let ours: Vec<&str> = ours.lines().filter(of_protocol).collect();
        assert_eq!(ours.len(), 1 + 1000, "five times 200 lookups");
        for (place, table) in tables.iter().enumerate() {
            let two_hundred = [&ours[..1], &ours[1 + 200 * place..][..200]].concat().join("\n");
            let (mine, theirs) = (["key", "initiator", "owner"], ["key", "initiator", owner]);
            assert_eq!(rows(&two_hundred, mine), rows(table, theirs), "{label}, table {place}");
            if label == "Chord" {
                let (mine, theirs) = (["key", "initiator", "hops"], ["key", "initiator", "chord_hops"]);
                assert_eq!(rows(&two_hundred, mine), rows(table, theirs), "table {place}");
            }
        }
    }
}

#[test]
fn a_csv_of_lookups_replaces_its_own_kind_alone() {
    let folder = TempDir::new().expect("a temporary folder");
    let good = save(&folder, "good.ron", &small(""));
    let csv = folder.path().join("lookups.csv").display().to_string();
    assert_eq!(dhtsim(&["run", &good, "--lookups", &csv]).code, 0);
    let first = fs::read_to_string(&csv).expect("written");
    assert_eq!(first.lines().next(), Some(HEADER));
    assert_eq!(dhtsim(&["run", &good, "--lookups", &csv, "--seed", "2"]).code, 0);
    assert_ne!(fs::read_to_string(&csv).expect("written"), first, "its own is replaced");
    let said = dhtsim(&["run", &good, "--lookups", &good]);
    assert_eq!((said.code, said.out.as_str()), (2, ""));
    assert!(said.err.contains("was not written by this command"), "{}", said.err);
    assert_eq!(fs::read_to_string(&good).expect("still there"), small(""));
    let said = dhtsim(&["run", &good, "--lookups", "/dev/null"]);
    assert!(said.code == 2 && said.err.contains("no plain file"), "{}", said.err);
    assert_eq!(names(folder.path()), ["good.ron", "lookups.csv"], "nothing else is left");
}

#[test]
fn a_saved_run_replays_the_same() {
    let folder = TempDir::new().expect("a temporary folder");
    let out = folder.path().join("deep/saved").display().to_string();
    let run = dhtsim(&["run", "--json", &scenario("seed/scalability.ron"), "--out", &out]);
    assert_eq!(run.code, 0, "{}", run.err);
    let saved = Path::new(&out);
    let files = ["histograms.json", "inputs", "provenance.json", "resolved.ron", "results.json", "scenario.ron"];
    assert_eq!(names(saved), files);
    assert_eq!(fs::read_to_string(saved.join("results.json")).expect("saved"), run.out);
    let said = dhtsim(&["replay", &out]);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    assert!(said.out.starts_with("same      Chord, seed ") && said.out.lines().count() == 3, "{}", said.out);
    assert!(json(&["replay", "--json", &out])[0]["difference"].is_null());
    let again = dhtsim(&["run", &scenario("seed/scalability.ron"), "--out", &out]);
    assert_eq!((again.code, again.out.as_str()), (2, ""));
    assert!(again.err.contains("not an empty folder"), "{}", again.err);
    assert_eq!(names(&folder.path().join("deep")), ["saved"], "nothing else is left");
    let resolved = saved.join("resolved.ron").display().to_string();
    assert!(dhtsim(&["check", &resolved]).err.contains("lookups-n5.csv"), "all but its file is there");
}

#[test]
fn measured_data_lie_in_folders_that_are_named_and_are_saved_with_a_run() {
    let [folder, data] = [(); 2].map(|()| TempDir::new().expect("a temporary folder"));
    save(&data, "five.csv", "0,11,12\n21,0,22\n31,32,0\n");
    let matrix = r#"network: (latency: Matrix(file: "five.csv", values: RoundTrip)), seeds: 1..3"#;
    let path = save(&folder, "matrix.ron", &small(matrix));
    let said = dhtsim(&["check", &path]);
    assert!(said.code == 2 && said.err.contains("it is looked for beside the scenario;"), "{}", said.err);
    let named = data.path().display().to_string();
    let nowhere = folder.path().join("nowhere").display().to_string();
    let with_data = |words: &[&str]| dhtsim(&[words, &["--data", &nowhere, "--data", &named, &path]].concat());
    let said = with_data(&["check"]);
    assert!(said.code == 2 && said.err.contains("there is no folder"), "{}", said.err);
    fs::create_dir(&nowhere).expect("a folder with nothing in it");
    assert_eq!(with_data(&["check"]).code, 0);
    assert_eq!(with_data(&["trace", "--until", "1s"]).code, 0);
    let out = folder.path().join("saved").display().to_string();
    let run = with_data(&["run", "--out", &out]);
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    drop(data);
    assert_eq!(names(&Path::new(&out).join("inputs")), ["0.csv"]);
    let said = dhtsim(&["replay", &out]);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    assert!(said.out.lines().count() == 2 && said.out.lines().all(|line| line.starts_with("same")), "{}", said.out);
}

#[test]
fn a_saved_run_that_was_tampered_with_diverges() {
    let tampers: [(&str, &str, &str, i32); 7] = [
        ("scenario.ron", "\"10/s\"", "\"11/s\"", 5),
        ("scenario.ron", "end: \"30s\"", "end: \"31s\"", 5),
        ("scenario.ron", "[Chord()]", "{\"mine\": Chord()}", 5),
        ("scenario.ron", "[Chord()]", "[Chord]", 2),
        ("provenance.json", "\"fingerprint\": \"", "\"fingerprint\": \"0", 5),
        ("provenance.json", "\"version\": \"", "\"version\": \"9", 0),
        ("provenance.json", "{", "", 2),
    ];
    for (file, what, with, code) in tampers {
        let folder = TempDir::new().expect("a temporary folder");
        let good = save(&folder, "good.ron", &small(""));
        let out = folder.path().join("saved").display().to_string();
        assert_eq!(dhtsim(&["run", &good, "--out", &out]).code, 0);
        let path = Path::new(&out).join(file);
        let text = fs::read_to_string(&path).expect("saved");
        assert!(text.contains(what), "{file} holds {what}");
        fs::write(&path, text.replacen(what, with, 1)).expect("writable");
        let said = dhtsim(&["replay", &out]);
        assert_eq!(said.code, code, "{file}, {what}: {}{}", said.out, said.err);
        assert_eq!(said.out.contains("there is a difference"), code == 5, "{}", said.out);
        assert_eq!(dhtsim(&["replay", "--json", &out]).code, code);
    }
}

#[test]
fn a_trace_can_be_filtered() {
    let path = faults("half-crash.ron");
    let lines = |more: &[&str]| {
        let said = dhtsim(&[&["trace", path.as_str()], more].concat());
        assert_eq!(said.code, 0, "{}", said.err);
        said.out.lines().count()
    };
    let all = lines(&["--until", "70s"]);
    let some = |more: &[&str]| lines(&[&["--until", "70s"], more].concat());
    let filters = [["--node", "3"], ["--kind", "dropped"], ["--request", "25"], ["--from", "65s"]];
    let counts = filters.map(|filter| some(&filter));
    assert!(counts.iter().all(|count| *count < all / 2), "{counts:?} of {all}");
    assert!(counts[0] > 10 && counts[2] > 1 && counts[3] > 10, "{counts:?}");
    assert_eq!(counts[3] + lines(&["--until", "65s"]), all);
    for more in [["--from", "5"], ["--node", "x"], ["--request", "-1"]] {
        assert_eq!(dhtsim(&["trace", &path, more[0], more[1]]).code, 2);
    }
}

#[test]
fn a_closed_pipe_is_no_error() {
    for words in [vec!["trace".to_owned(), faults("half-crash.ron")], vec!["list".to_owned(), "--json".to_owned()]] {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let mut child = command(&words).spawn().expect("the command starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("one line");
        let said = Said::of(child);
        assert_eq!((said.code, said.err.as_str()), (0, ""), "{words:?}");
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_leaves_nothing() {
    let folder = TempDir::new().expect("a temporary folder");
    let text =
        small("").replace("10/s", "10000/s").replace("30s", "30days").replace("rate:", "until: \"50000s\", rate:");
    let path = save(&folder, "long.ron", &text);
    let (csv, out) = (folder.path().join("lookups.csv"), folder.path().join("out"));
    let words = ["run", &path, "--lookups", &csv.display().to_string(), "--out", &out.display().to_string()];
    let child = command(&words).spawn().expect("the command starts");
    interrupt_soon(&child);
    let said = Said::of(child);
    assert_eq!((said.code, said.out.as_str(), said.err.as_str()), (130, "", "interrupted; nothing was written\n"));
    assert_eq!(names(folder.path()), ["long.ron"]);
}

#[test]
fn a_printed_plan_runs_with_the_same_fingerprint() {
    let folder = TempDir::new().expect("a temporary folder");
    for name in ["half-crash.ron", "partition-short.ron"] {
        let plan = dhtsim(&["check", "--plan", &faults(name), "--seed", "7"]);
        assert_eq!((plan.code, plan.err.as_str()), (0, ""));
        let printed = save(&folder, "printed.ron", &plan.out);
        let of = |words: &[&str]| json(words)["results"][0]["fingerprint"].clone();
        assert_eq!(of(&["run", "--json", &printed]), of(&["run", "--json", &faults(name), "--seed", "7"]), "{name}");
    }
}

#[test]
fn a_plan_too_long_to_print_is_refused() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = save(&folder, "long.ron", &small("").replace("10/s", "1000000/s"));
    let said = dhtsim(&["check", "--plan", &path]);
    assert_eq!((said.code, said.out.as_str()), (2, ""));
    assert!(said.err.contains("more than 1000000 lines"), "{}", said.err);
    assert_eq!(dhtsim(&["check", &path]).code, 0);
}

#[test]
fn check_says_what_would_run() {
    let folder = TempDir::new().expect("a temporary folder");
    let two = small("seeds: 0..3").replace("[Chord()]", "{\"a\": Chord(), \"b\": Chord(successors: 2)}");
    let (one, two) = (save(&folder, "one.ron", &small("")), save(&folder, "two.ron", &two));
    let said = dhtsim(&["check", &two, &one]);
    assert_eq!(said.out, "two: ok, 5 nodes, 6 runs (a, b)\none: ok, 5 nodes, 1 runs (Chord)\n");
    let checked = json(&["check", "--json", &two, &one]);
    let first = r#"{"nodes":5,"protocols":["a","b"],"runs":6,"scenario":"two","skipped_sessions":0,"valid":true}"#;
    assert_eq!((checked[0].to_string().as_str(), &checked[1]["runs"]), (first, &1.into()), "one document for all");
    assert_eq!(dhtsim(&["check", "--plan", &two, &one]).code, 2, "a plan is one scenario");
}

#[test]
fn what_the_starter_holds_in_comments_is_legal_too() {
    let folder = TempDir::new().expect("a temporary folder");
    let starter = dhtsim(&["new"]).out;
    assert!(starter.matches("// (at: ").count() > 2 && starter.contains("// phases: {"));
    let text = starter.replace("// (at: ", "(at: ").replace("// phases: {", "phases: {");
    let all = save(&folder, "all.ron", &text);
    assert_eq!(dhtsim(&["check", &all]).err, "");
}

#[test]
fn more_jobs_than_a_machine_can_bear_are_not_begun() {
    let folder = TempDir::new().expect("a temporary folder");
    let one = save(&folder, "one.ron", &small(""));
    assert_eq!(dhtsim(&["run", &one, "--json", "--jobs", "99999999999"]).out, dhtsim(&["run", &one, "--json"]).out);
}

#[test]
fn a_trace_that_wants_nothing_says_so() {
    let folder = TempDir::new().expect("a temporary folder");
    let said = dhtsim(&["trace", &save(&folder, "one.ron", &small("")), "--kind", "ansered"]);
    assert_eq!((said.code, said.out.as_str(), said.err.as_str()), (0, "", "no fact is wanted by these filters\n"));
}

#[test]
fn new_prints_a_scenario_that_runs_and_meets_its_expectation() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = save(&folder, "new.ron", &dhtsim(&["new"]).out);
    let said = dhtsim(&["run", &path]);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    assert!(said.out.contains("met     Chord lookups.success"), "{}", said.out);
}

#[test]
fn list_names_what_there_is() {
    let all = json(&["list", "--json"]);
    let names = |part: &str| -> Vec<&str> {
        all[part].as_array().expect("a list").iter().filter_map(|one| one["name"].as_str()).collect()
    };
    assert!(names("protocols").contains(&"Chord"));
    assert!(names("metrics").contains(&"lookups.success"));
    assert!(names("settings").contains(&"id_bits"));
    assert!(all["protocols"].as_array().expect("a list").iter().all(|one| one["settings"][0]["source"].is_string()));
    for what in ["protocols", "metrics", "settings"] {
        let one = json(&["list", "--json", what]);
        assert_eq!(one.as_object().expect("an object").len(), 1, "{what} alone");
        assert!(dhtsim(&["list", what]).out.len() > 500);
    }
}

#[test]
fn completions_and_help_are_there() {
    for shell in ["bash", "zsh", "fish"] {
        assert!(dhtsim(&["completions", shell]).out.contains("dhtsim"), "{shell}");
    }
    assert_eq!(dhtsim(&["completions", "csh"]).code, 2);
    let help = dhtsim(&["--help"]);
    assert!(help.code == 0 && help.out.contains("Exit codes: 0 ok;"), "{}", help.out);
    assert_eq!(dhtsim(&["--version"]).out, format!("dhtsim {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn runs_at_the_edge_end_with_a_sensible_page() {
    let cases: [(&str, &[&str]); 11] = [
        (&small("").replace("nodes: 5", "nodes: 1"), &["1 nodes", "(100.0 %)   wrong 0"]),
        (&with_line("Crash(fraction: 1.0)"), &["5 crashes", "- routing entries"]),
        (&with_line("Pause(fraction: 1.0)"), &["5 joins"]),
        (&small("network: (loss: Bernoulli(1.0))"), &["1 joins", "0.0 routing entries"]),
        (&small("network: (latency: Constant(\"0s\"))"), &["  latency, ms           0.0"]),
        (&small("").replace("workload: [", "warm_up: \"1s\", // ["), &["0 issued", "correct 0 (-)"]),
        (&small("").replace("at: \"0s\"", "at: \"20s\"").replace("rate:", "until: \"15s\", rate:"), &["0 issued"]),
        (&small("").replace("Join(nodes: 5, every: \"100ms\")", "Join(nodes: 0)"), &["0 nodes", "- messages each"]),
        (&small("").replace("30s", "1ns").replace("5s", "0s").replace("100ms", "0s"), &["5 nodes, 1ns"]),
        (&small("seeds: 1..4"), &["3 seeds from 1", "15 joins", "over all seeds"]),
        (&small("").replace("[Chord()]", "[Chord(), Chord(successors: 2)]"), &["2 protocols, 5 nodes", "− Chord-2"]),
    ];
    let folder = TempDir::new().expect("a temporary folder");
    for (text, parts) in cases {
        let path = save(&folder, "edge.ron", text);
        let said = dhtsim(&["run", &path]);
        assert_eq!((said.code, said.err.as_str()), (0, ""), "{text}");
        for part in parts {
            assert!(said.out.contains(part), "{part} in\n{}\n{text}", said.out);
        }
        assert!(!said.out.contains("NaN") && !said.out.contains("inf"), "{}", said.out);
        json(&["run", "--json", &path]);
    }
}

const HEADER: &str =
    "protocol,seed,time_ms,key,initiator,owner,truth,outcome,hops,hops_to_owner,latency_ms,timeouts,messages";

/// Five nodes, thirty seconds, with whatever else is said.
fn small(more: &str) -> String {
    format!(
        r#"(
    id_bits: 16,
    protocols: [Chord()],
    script: [(at: "0s", do: Join(nodes: 5, every: "100ms"))],
    workload: [Lookups(from: "5s", rate: "10/s")],
    end: "30s",
    {more}
)"#
    )
}

/// The same with these labels, each with other settings than the one before.
fn with_labels(labels: &[&str]) -> String {
    let protocols =
        labels.iter().enumerate().map(|(place, label)| format!("\"{label}\": Chord(successors: {})", 1 + place % 3));
    small("").replace("[Chord()]", &format!("{{{}}}", protocols.collect::<Vec<String>>().join(", ")))
}

/// The same, with what others have published about it.
fn claiming(more: &str) -> String {
    small(&format!(
        r#"claims: [
        (about: "nodes", source: "a paper", says: "5", metric: "nodes", because: "the same"),
        (about: "success", protocol: "Chord", says: "100 %", metric: "lookups.success", because: "nobody goes"),
        (about: "speed", says: "157K/s", because: "it is of the machine"),
    ],
    {more}"#
    ))
}

fn with_line(action: &str) -> String {
    small("").replace("\"100ms\"))]", &format!("\"100ms\")), (at: \"10s\", do: {action})]"))
}

#[cfg(unix)]
fn interrupt_soon(child: &Child) {
    std::thread::sleep(std::time::Duration::from_millis(700));
    command::interrupt(child);
}

fn json(words: &[&str]) -> Value {
    let said = dhtsim(words);
    serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {}{}", said.out, said.err))
}

fn at<'v>(tree: &'v Value, path: &str) -> &'v Value {
    path.split('.').fold(tree, |tree, name| &tree[name])
}

/// The dotted names of all numbers that do not stand in lists.
fn numbers(tree: &Value, name: &str, found: &mut BTreeSet<String>) {
    match tree {
        Value::Number(_) => {
            found.insert(name.to_owned());
        }
        Value::Object(fields) => {
            for (field, value) in fields {
                numbers(value, &if name.is_empty() { field.clone() } else { format!("{name}.{field}") }, found);
            }
        }
        _ => {}
    }
}

/// Some columns of a CSV in which no value has a comma.
fn rows<const N: usize>(csv: &str, columns: [&str; N]) -> Vec<[String; N]> {
    let mut lines = csv.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let header = lines.next().expect("a header");
    let places = columns.map(|column| header.iter().position(|name| *name == column).expect(column));
    lines.map(|line| places.map(|place| line[place].to_owned())).collect()
}

fn save(folder: &TempDir, name: &str, text: &str) -> String {
    let path = folder.path().join(name);
    fs::write(&path, text).expect("a temporary file");
    path.display().to_string()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the folder is there");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("listed").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn faults(name: &str) -> String {
    scenario(&format!("faults/{name}"))
}

fn scenario(name: &str) -> String {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "..", "scenarios", name].iter().collect();
    path.display().to_string()
}
