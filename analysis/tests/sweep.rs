//! Sweeps from outside: whatever interrupts one, it ends with the same results; and what is made of them.

#[path = "common/command.rs"]
mod command;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use command::{Said, command, dhtsim, interrupt};
use serde_json::Value;
use tempfile::TempDir;

#[test]
fn one_thread_and_two_give_the_same_bytes() {
    let folder = Folder::with(&plan("seeds: 1..6,"));
    let one = folder.sweep("one", &["--jobs", "1"]);
    let two = folder.sweep("two", &["--jobs", "2"]);
    assert_eq!((one.code, two.code), (0, 0), "{}{}", one.err, two.err);
    assert_eq!(folder.results("one"), folder.results("two"));
    assert_eq!(one.out.replace("/one\n", "/two\n"), two.out);
    let numbers: Vec<u64> = folder.lines("one").iter().map(|line| line["run"].as_u64().expect("a number")).collect();
    assert_eq!(numbers, (0..3 * 5 * 2).collect::<Vec<u64>>());
    assert_eq!(folder.names("one"), ["lock", "plan.ron", "results.jsonl", "sweep.json"]);
    assert!(one.out.starts_with("plan  3 cells, 30 runs\n"), "{}", one.out);
    assert!(one.out.lines().all(|line| line.chars().count() <= 100), "{}", one.out);
    for part in ["  little  2           a ", " a − b ", " ± ", "seeds for"] {
        assert!(one.out.contains(part), "{part} in\n{}", one.out);
    }
}

#[test]
fn a_run_of_a_sweep_is_the_run_of_its_scenario() {
    let folder = Folder::with(&plan("seeds: 3..4,"));
    assert_eq!(folder.sweep("out", &[]).code, 0);
    let scenario = BASE.replace("Chord(", "Chord(successors: 3, ").replace("loss: None", "loss: Bernoulli(0.1)");
    let path = folder.save("alone.ron", &scenario);
    let alone: Value = serde_json::from_str(&dhtsim(&["run", &path, "--seed", "3", "--json"]).out).expect("a document");
    let cell =
        folder.lines("out").into_iter().filter(|line| line["parameters"]["loss"] == "some").collect::<Vec<Value>>();
    assert_eq!(cell[0]["parameters"].to_string(), r#"{"loss":"some","successors":3}"#);
    for (mine, theirs) in cell.iter().zip(alone["results"].as_array().expect("a list")) {
        for name in ["fingerprint", "events", "lookups", "traffic", "phases", "population"] {
            assert_eq!(mine["figures"][name], theirs[name], "{name}");
        }
        let [mine_owned, theirs_owned] = [&mine["figures"], theirs]
            .map(|figures| figures["load"]["owned"]["lorenz"].as_array().expect("a curve").clone());
        assert_eq!((mine_owned.len(), theirs_owned.len()), (21, 21));
        let is_near = |(mine, theirs): (&Value, &Value)| {
            (mine.as_f64().expect("a share") - theirs.as_f64().expect("a share")).abs() < 0.000_051
        };
        assert!(mine_owned.iter().zip(&theirs_owned).all(is_near), "a curve has four digits");
        assert_eq!((&mine["label"], &mine["seed"]), (&theirs["label"], &theirs["seed"]));
    }
}

#[test]
fn a_dry_run_lists_what_would_run_and_runs_nothing() {
    let folder = Folder::with(&plan("seeds: 1..3,"));
    let said = dhtsim(&["sweep", &folder.plan(), "--dry-run"]);
    let lines: Vec<&str> = said.out.lines().collect();
    assert_eq!((said.code, lines[0], lines.len()), (0, "plan: 3 cells × 2 protocols × 2 seeds, 12 runs", 13));
    assert_eq!(lines[6], "       5  loss = little, successors = 2, b, seed 1");
    let few = dhtsim(&["sweep", &folder.plan(), "--dry-run", "--filter", "loss != 'none'", "--filter", "seed == 2"]);
    let numbers: Vec<&str> = few.out.lines().skip(1).filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(numbers, ["6", "7", "10", "11"]);
    assert_eq!(folder.names("."), ["plan.ron"], "nothing is written");
}

#[test]
fn a_filtered_run_has_the_number_and_the_line_it_has_in_the_whole() {
    let folder = Folder::with(&plan("seeds: 1..4,"));
    assert_eq!(folder.sweep("all", &[]).code, 0);
    let said = folder.sweep("some", &["--filter", "protocol == 'b'", "--filter", "successors >= 2"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let wanted: Vec<Value> =
        folder.lines("all").into_iter().filter(|line| line["label"] == "b" && line["cell"] != 0).collect();
    assert_eq!((folder.lines("some"), wanted.len()), (wanted, 6));
    for (filter, part) in [
        ("protocol == 'c'", "the filter leaves no run"),
        ("sucessors > 1", "did you mean `successors`?"),
        ("loss > 1", "`none` is no number"),
        ("protocol", "nothing is compared"),
    ] {
        let said = dhtsim(&["sweep", &folder.plan(), "--filter", filter, "--out", &folder.path("no")]);
        assert!(said.code == 2 && said.err.contains(part), "{filter}: {}", said.err);
    }
}

#[test]
fn every_shipped_sweep_is_legal() {
    let folder = [env!("CARGO_MANIFEST_DIR"), "..", "scenarios", "sweeps"].iter().collect::<PathBuf>();
    let plans: Vec<PathBuf> =
        fs::read_dir(folder).expect("they are there").map(|plan| plan.expect("listed").path()).collect();
    assert!(!plans.is_empty());
    for plan in plans {
        let said = dhtsim(&["sweep", &plan.display().to_string(), "--dry-run"]);
        assert_eq!((said.code, said.err.as_str()), (0, ""), "{}", plan.display());
    }
}

#[test]
fn a_plan_is_no_scenario() {
    let folder = Folder::with(&plan("seeds: 1..3,"));
    for verb in ["run", "check", "trace"] {
        let said = dhtsim(&[verb, &folder.plan()]);
        assert!(
            said.code == 2 && said.err.contains("this is the plan of a sweep, and no scenario"),
            "{verb}: {}",
            said.err
        );
    }
}

#[test]
fn the_plan_in_the_readme_is_legal() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the workspace");
    let readme = fs::read_to_string(root.join("README.md")).expect("there");
    let plan = readme.split("```ron\n").find(|block| block.starts_with("(\n    base:")).expect("a plan stands there");
    let plan = plan.split("```").next().unwrap_or_default();
    let base = root.join("scenarios/faults/lossy.ron").display().to_string();
    let folder = Folder::with(&plan.replace("../faults/lossy.ron", &base));
    let said = dhtsim(&["sweep", &folder.plan(), "--dry-run"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    assert!(
        said.out.starts_with("plan: 15 cells × 2 protocols × at most 200 seeds"),
        "{}",
        said.out.lines().next().unwrap_or_default()
    );
}

/// Killed without warning, at moments that differ from machine to machine, over and over until it is done.
#[cfg(unix)]
#[test]
fn a_sweep_that_is_killed_again_and_again_ends_with_the_same_bytes() {
    let folder = Folder::with(&long("seeds: 1..34,"));
    assert_eq!(folder.sweep("calm", &["--jobs", "2"]).code, 0);
    let mut kills = 0;
    for wait in (0..).map(|round| 40 + 37 * (round % 7)) {
        let mut child = folder.begin("killed", &["--jobs", "2"]);
        sleep(Duration::from_millis(wait));
        if child.try_wait().expect("it can be asked").is_some() {
            break;
        }
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
        kills += 1;
        assert!(kills < 200, "every round keeps what it has finished");
    }
    assert!(kills >= 2, "it was killed {kills} times");
    assert_eq!(folder.sweep("killed", &[]).code, 0);
    assert_eq!(folder.results("killed"), folder.results("calm"), "after {kills} kills");
}

#[cfg(unix)]
#[test]
fn an_interrupted_sweep_says_what_is_kept_and_goes_on() {
    let folder = Folder::with(&long("seeds: 1..60,"));
    let child = folder.begin("out", &["--jobs", "1"]);
    sleep(Duration::from_millis(500));
    interrupt(&child);
    let said = Said::of(child);
    assert_eq!((said.code, said.out.as_str()), (130, ""), "{}", said.err);
    assert!(said.err.starts_with("interrupted; ") && said.err.contains(" of 354 runs are kept in "), "{}", said.err);
    let part = fs::read_to_string(folder.folder.path().join("out/results.part")).expect("there");
    let kept = said.err.split_whitespace().nth(1).expect("a number").to_owned();
    assert_eq!(part.lines().count().to_string(), kept);
    let incomplete = dhtsim(&["export", &folder.path("out"), "--csv"]);
    assert_eq!((incomplete.code, incomplete.out.lines().count()), (3, 1 + part.lines().count()), "{}", incomplete.err);
    assert_eq!(dhtsim(&["compare", &folder.path("out"), &folder.path("out")]).code, 3);
    assert_eq!(folder.sweep("out", &["--jobs", "2"]).code, 0);
    assert!(folder.results("out").starts_with(part.as_bytes()), "finished runs are not repeated");
    assert_eq!(folder.lines("out").len(), 354);
}

/// Whatever a crash may have left at the end of a file: half a line, a line of zeros, a line that stands in both files.
#[test]
fn what_is_written_by_half_does_not_count() {
    let folder = Folder::with(&plan("seeds: 1..6,"));
    assert_eq!(folder.sweep("out", &[]).code, 0);
    let whole = folder.results("out");
    let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    let at = |name: &str| folder.folder.path().join("out").join(name);
    let cases: [(Vec<u8>, Vec<u8>); 6] = [
        (lines[..7].concat(), Vec::new()),
        ([lines[..7].concat(), lines[7][..500].to_vec()].concat(), lines[9].to_vec()),
        ([lines[..7].concat(), vec![0; 3000]].concat(), [lines[9], &lines[11][..10]].concat()),
        ([lines[..7].concat(), lines[8].to_vec()].concat(), [lines[5], lines[7], lines[20]].concat()),
        (Vec::new(), lines[1..].concat()),
        (lines.concat(), lines.concat()),
    ];
    for (place, (part, journal)) in cases.into_iter().enumerate() {
        fs::remove_file(at("results.jsonl")).expect("there");
        fs::write(at("results.part"), part).expect("writable");
        fs::write(at("journal"), journal).expect("writable");
        let said = folder.sweep("out", &["--jobs", "2"]);
        assert_eq!((said.code, folder.results("out") == whole), (0, true), "case {place}: {}", said.err);
        assert!(!at("journal").exists() && !at("results.part").exists());
    }
    let said = folder.sweep("out", &[]);
    assert_eq!(said.code, 0, "all is there, and shown again");
}

/// A disk that takes no more is played by a limit on the size of files.
#[cfg(unix)]
#[test]
fn a_full_disk_loses_nothing() {
    let folder = Folder::with(&plan("seeds: 1..6,"));
    assert_eq!(folder.sweep("calm", &[]).code, 0);
    let limited = |blocks: u32| {
        let words = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" sweep \"$1\" --out \"$2\" --jobs 2");
        let mut shell = Command::new("bash");
        shell.args(["-c", &words, env!("CARGO_BIN_EXE_dhtsim"), &folder.plan(), &folder.path("full")]);
        Said::of(shell.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a shell"))
    };
    // In blocks of 1024 bytes.
    let said = limited(40);
    assert_eq!((said.code, said.out.as_str()), (3, ""), "{}", said.err);
    assert!(
        said.err.contains("full cannot be written: File too large") && said.err.contains("of 30 runs are kept"),
        "{}",
        said.err
    );
    let part = fs::read(folder.folder.path().join("full/results.part")).expect("there");
    assert!(part.len() > 20_000 && part.ends_with(b"\n"), "whole lines: {} bytes", part.len());
    assert_eq!(limited(60).code, 3, "a little further");
    assert_eq!(folder.sweep("full", &[]).code, 0);
    assert_eq!(folder.results("full"), folder.results("calm"));
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written_is_said_so() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::with(&plan("seeds: 1..3,"));
    let said = folder.sweep("plan.ron/below", &[]);
    assert!(said.code == 2 && said.err.contains("below cannot be written"), "{}", said.err);
    let said = folder.sweep("plan.ron", &[]);
    assert!(said.code == 2 && said.err.contains("is there already, and no folder of a sweep"), "{}", said.err);
    let locked = folder.folder.path().join("locked");
    fs::create_dir(&locked).expect("a folder");
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o555)).expect("ours");
    if fs::write(locked.join("probe"), "").is_ok() {
        // The system's own folders are read-only for everybody.
        let said = dhtsim(&["sweep", &folder.plan(), "--out", "/proc/dhtsim-sweep"]);
        assert!(said.code == 2 && said.err.contains("/proc/dhtsim-sweep cannot be written"), "{}", said.err);
        eprintln!("who runs this test may write everywhere: a read-only folder was not tried");
        return;
    }
    let said = folder.sweep("locked/out", &[]);
    assert!(said.code == 2 && said.err.contains("Permission denied"), "{}", said.err);
}

#[test]
fn a_folder_belongs_to_one_sweep_at_a_time() {
    let folder = Folder::with(&plan("seeds: 1..3,"));
    assert_eq!(folder.sweep("out", &[]).code, 0);
    let again = |part: &str| {
        let said = folder.sweep("out", &[]);
        assert!(said.code == 2 && said.err.contains(part), "{}", said.err);
    };
    folder.save("plan.ron", &plan("seeds: 1..4,"));
    again("was begun with another plan, or with another base");
    folder.save("plan.ron", &plan("seeds: 1..3,"));
    let said = folder.sweep("out", &["--filter", "loss == 'none'"]);
    assert!(said.code == 2 && said.err.contains("was begun with another filter (no filter)"), "{}", said.err);
    let header = folder.folder.path().join("out/sweep.json");
    let text = fs::read_to_string(&header).expect("there");
    let version = env!("CARGO_PKG_VERSION");
    fs::write(&header, text.replace(&format!("\"version\": \"{version}\""), "\"version\": \"9\"")).expect("writable");
    again("was begun with version 9 of dhtsim");
    fs::write(&header, "{").expect("writable");
    again("is no header of a sweep");
    folder.save("plan.ron", &long("seeds: 1..400,"));
    let mut child = folder.begin("busy", &[]);
    sleep(Duration::from_millis(400));
    let said = folder.sweep("busy", &[]);
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    assert!(said.code == 2 && said.err.contains("another sweep writes to"), "{}", said.err);
}

#[test]
fn a_base_in_a_file_and_what_it_names_are_kept_with_the_results() {
    let folder = Folder::with(
        "(\n    base: \"base.ron\",\n    axes: [(over: \"protocols.a.successors\", values: [1, 2])],\n)\n",
    );
    folder.save(
        "base.ron",
        &BASE.replace("Lookups(from: \"2s\", rate: \"20/s\")", "Csv(file: \"asked.csv\", from: \"5s\", every: \"1s\")"),
    );
    folder.save("asked.csv", "key,initiator\n7,IN\n");
    let ids = dhtsim(&["check", "--plan", &folder.path("base.ron")]);
    assert!(ids.code == 2 && ids.err.contains("asked.csv"), "{}", ids.err);
    let wrong = folder.sweep("out", &[]);
    assert!(wrong.code == 2 && wrong.err.contains("asked.csv"), "before anything runs: {}", wrong.err);
    folder.save("base.ron", BASE);
    assert_eq!(folder.sweep("out", &[]).code, 0);
    assert_eq!(folder.names("out"), ["base.ron", "lock", "plan.ron", "results.jsonl", "sweep.json"]);
    folder.save("base.ron", &BASE.replace("12s", "13s"));
    assert!(folder.sweep("out", &[]).err.contains("another base"));
}

#[test]
fn seeds_come_until_the_interval_is_narrow_enough() {
    let rule =
        "seeds: Until(metric: \"lookups.latency_ms.mean\", protocol: \"a\", relative: 0.05, batch: 7, at_most: 60),";
    let folder = Folder::with(&plan(rule));
    let said = folder.sweep("one", &["--jobs", "1"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!(folder.sweep("two", &["--jobs", "2"]).code, 0);
    assert_eq!(folder.results("one"), folder.results("two"));
    let mut seeds: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    for line in folder.lines("one").iter().filter(|line| line["label"] == "a") {
        let latency = line["figures"]["lookups"]["latency_ms"]["mean"].as_f64().expect("measured");
        seeds.entry(line["cell"].as_u64().expect("a number")).or_default().push(latency);
    }
    // The rule, looked at by hand: after 30, 37, 44, 51, 58 and 60 seeds.
    let is_enough = |values: &[f64]| {
        let (n, mean) = (values.len() as f64, values.iter().sum::<f64>() / values.len() as f64);
        let spread = (values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / (n - 1.0) / n).sqrt();
        analysis::statistics::t_quantile(values.len() - 1) * spread <= 0.05 * mean
    };
    for values in seeds.values() {
        let stop = [30, 37, 44, 51, 58, 60]
            .into_iter()
            .find(|look| *look == 60 || is_enough(&values[..(*look).min(values.len())]));
        assert_eq!(Some(values.len()), stop);
    }
    let stops: Vec<usize> = seeds.values().map(Vec::len).collect();
    assert!(stops.iter().any(|stop| *stop < 60), "some stop early: {stops:?}");
    let part = folder.results("one");
    fs::create_dir(folder.path("cut")).expect("a folder");
    for name in ["plan.ron", "sweep.json"] {
        fs::copy(folder.path(&format!("one/{name}")), folder.path(&format!("cut/{name}"))).expect("there");
    }
    fs::write(folder.path("cut/results.part"), &part[..part.len() / 2]).expect("writable");
    assert_eq!(folder.sweep("cut", &["--jobs", "2"]).code, 0);
    assert_eq!(folder.results("cut"), part, "what was read decides as what was run");
    let said = dhtsim(&["sweep", &folder.plan(), "--dry-run", "--filter", "seed == 1"]);
    assert!(said.code == 2 && said.err.contains("cannot be chosen from"), "{}", said.err);
}

/// What was whole once is not taken for whole when lines of it are gone, doubled or damaged.
#[test]
fn results_with_lines_missing_are_refused() {
    let folder = Folder::with(&plan("seeds: 1..4,"));
    assert_eq!(folder.sweep("out", &[]).code, 0);
    let whole = String::from_utf8(folder.results("out")).expect("text");
    let lines: Vec<&str> = whole.lines().collect();
    let without = |place: usize| [&lines[..place], &lines[place + 1..]].concat();
    let wrong = [
        (without(2), "has 17 runs of 18"),
        (Vec::new(), "has 0 runs of 18"),
        ([&lines[..], &lines[3..4]].concat(), "line 19"),
        ([&lines[..4], &["{}"], &lines[5..]].concat(), "line 5"),
    ];
    for (lines, part) in wrong {
        let text: Vec<String> = lines.iter().map(|line| format!("{line}\n")).collect();
        fs::write(folder.path("out/results.jsonl"), text.concat()).expect("writable");
        for verb in [&["export", "--csv"][..], &["report"]] {
            let said = dhtsim(&[verb, &[&folder.path("out")]].concat());
            assert!(said.code == 2, "{verb:?}: {}", said.err);
        }
        let said = dhtsim(&["export", "--csv", &folder.path("out")]);
        assert!(said.err.contains(part), "{part}: {}", said.err);
        assert_eq!(folder.sweep("out", &[]).code, 2, "{part}");
    }
    fs::remove_file(folder.path("out/results.jsonl")).expect("there");
    assert_eq!(folder.sweep("out", &[]).code, 0, "it is made anew");
    assert_eq!(folder.results("out"), whole.into_bytes());
}

#[test]
fn a_parameter_called_like_a_figure_has_a_column_of_its_own() {
    let named = plan("seeds: 1..3,").replace("name: \"successors\"", "name: \"nodes\"");
    let folder = Folder::with(&named);
    assert_eq!(folder.sweep("out", &[]).code, 0);
    let said = dhtsim(&["export", &folder.path("out"), "--csv"]);
    let heads: Vec<&str> = said.out.lines().next().expect("a header").split(',').collect();
    assert_eq!(heads.iter().filter(|head| **head == "nodes").count(), 1);
    assert!(heads.contains(&"parameters.nodes"), "{heads:?}");
}

#[test]
fn results_are_exported_as_tables() {
    let folder = Folder::with(&plan("seeds: 1..5,"));
    assert_eq!(folder.sweep("out", &[]).code, 0);
    let said = dhtsim(&["export", &folder.path("out"), "--csv"]);
    let mut table = csv::Reader::from_reader(said.out.as_bytes());
    let heads: Vec<String> = table.headers().expect("a header").iter().map(str::to_owned).collect();
    assert_eq!(heads[..8], ["run", "cell", "loss", "successors", "label", "protocol", "seed", "fingerprint"]);
    let rows: Vec<csv::StringRecord> = table.records().collect::<Result<_, _>>().expect("a table");
    let lines = folder.lines("out");
    assert_eq!(rows.len(), lines.len());
    assert!(heads.iter().any(|head| head == "load.handled.gini"), "{heads:?}");
    assert!(heads.iter().all(|head| !head.contains("lorenz")), "a curve is no figure");
    assert!(lines.iter().all(|line| !line.to_string().contains("series")));
    for (row, line) in rows.iter().zip(&lines) {
        for (head, cell) in heads.iter().zip(row).skip(8) {
            let value = head.split('.').fold(&line["figures"], |tree, name| &tree[name]);
            assert_eq!(if value.is_null() { String::new() } else { value.to_string() }, cell, "{head}");
        }
    }
    let file = folder.path("runs.csv");
    assert_eq!(dhtsim(&["export", &folder.path("out"), "--csv", "--out", &file]).code, 0);
    assert_eq!(fs::read_to_string(&file).expect("written"), said.out);
    assert_eq!(dhtsim(&["export", &folder.path("out"), "--csv", "--out", &file]).code, 2, "nothing is replaced");
    let merged = dhtsim(&["export", &folder.path("out"), "--histograms"]).out;
    let mut counts: BTreeMap<(u64, String), u64> = BTreeMap::new();
    for row in csv::Reader::from_reader(merged.as_bytes()).records() {
        let row = row.expect("a row");
        if &row[4] == "hops" {
            *counts.entry((row[0].parse().expect("a number"), row[3].to_owned())).or_default() +=
                row[7].parse::<u64>().expect("a count");
        }
    }
    for ((cell, label), count) in counts {
        let of_cell = lines.iter().filter(|line| line["cell"] == cell && line["label"] == label.as_str());
        let answered = |name: &str| {
            of_cell.clone().map(|line| line["figures"]["lookups"][name].as_u64().expect("a count")).sum::<u64>()
        };
        assert_eq!(count, answered("correct") + answered("wrong"), "cell {cell}, {label}");
    }
    assert_eq!(dhtsim(&["export", &folder.path("nowhere"), "--csv"]).code, 2);
    assert_eq!(dhtsim(&["export", &folder.path("out")]).code, 2, "it must be said as what");
}

#[test]
fn a_comparison_finds_what_got_worse() {
    let folder = Folder::with(&plan("seeds: 1..9,"));
    assert_eq!(folder.sweep("before", &[]).code, 0);
    folder.save("plan.ron", &plan("seeds: 1..9,").replace("median: \"40ms\"", "median: \"60ms\""));
    assert_eq!(folder.sweep("after", &[]).code, 0);
    let compare = |before: &str, after: &str, more: &[&str]| {
        dhtsim(&[&["compare", &folder.path(before), &folder.path(after)], more].concat())
    };
    let latency = ["--metric", "lookups.latency_ms.mean"];
    let worse = compare("before", "after", &latency);
    assert_eq!((worse.code, worse.err.as_str()), (4, ""));
    assert!(worse.out.starts_with("6 figures compared: 5 worse, 1 within noise\n"), "{}", worse.out);
    assert!(worse.out.lines().all(|line| line.chars().count() <= 100), "{}", worse.out);
    let better = compare("after", "before", &latency);
    assert_eq!(
        (better.code, better.out.starts_with("6 figures compared: 5 better, 1 within noise\n")),
        (0, true),
        "{}",
        better.out
    );
    assert_eq!(compare("before", "before", &latency).out, "6 figures compared: 6 the same in every seed\n");
    assert_eq!(compare("before", "after", &[]).code, 0, "without a name it only tells");
    let document: Value = serde_json::from_str(&compare("before", "after", &["--json"]).out).expect("a document");
    assert!(document["rows"].as_array().expect("a list").iter().all(|row| row["verdict"].is_string()));
    assert_eq!(compare("before", "after", &["--metric", "population.mean"]).code, 2, "neither is better");
    assert_eq!(compare("before", "after", &["--metric", "lookups.sucess=higher"]).code, 2);
    let run = |name: &str, seeds: &str| {
        let out = dhtsim(&["run", &folder.save("base.ron", BASE), "--seeds", seeds, "--json"]).out;
        folder.save(name, &out)
    };
    run("one.json", "3");
    run("two.json", "3");
    assert_eq!(compare("one.json", "two.json", &latency).out, "2 figures compared: 2 the same in every seed\n");
    assert!(compare("before", "one.json", &[]).err.contains("no cell and protocol in common"));
    assert_eq!(compare("plan.ron", "before", &[]).code, 2);
}

#[test]
fn a_sweep_is_one_document_of_what_its_page_says() {
    let folder = Folder::with(&plan("seeds: 1..5,"));
    let said = folder.sweep("out", &["--json"]);
    let document: Value = serde_json::from_str(&said.out).expect("a document");
    assert_eq!((document["runs"].as_u64(), document["cells"].as_array().map(Vec::len)), (Some(24), Some(3)));
    let figure = &document["cells"][1]["protocols"][0]["figures"][0];
    let values: Vec<f64> = folder
        .lines("out")
        .iter()
        .filter(|line| line["cell"] == 1 && line["label"] == "a")
        .map(|line| line["figures"]["lookups"]["success"].as_f64().expect("measured"))
        .collect();
    let mean = values.iter().sum::<f64>() / 4.0;
    assert!((figure["mean"].as_f64().expect("a mean") - mean).abs() < 1e-12, "{figure}");
    assert_eq!(figure["values"], 4);
    assert!(figure["seeds_wanted"].as_u64().is_some_and(|seeds| seeds >= 2), "{figure}");
    assert_eq!(document["cells"][0]["differences"][0]["minus"], "b");
    assert!(!said.out.contains(&folder.path("out")), "it names no place");
}

/// Two protocols, each in three worlds.
fn plan(more: &str) -> String {
    format!(
        "(
    base: {BASE},
    axes: [(together: [
        (over: \"network.loss\", name: \"loss\", values: {{\"none\": None, \"little\": Bernoulli(0.02), \"some\": Bernoulli(0.1)}}),
        (over: [\"protocols.a.successors\", \"protocols.b.successors\"], name: \"successors\", values: [1, 2, 3]),
    ])],
    show: [\"lookups.success\", \"lookups.latency_ms.mean\"],
    precision: {{\"lookups.success\": 0.01}},
    {more}
)
"
    )
}

/// The same with runs that take long enough to be interrupted.
fn long(more: &str) -> String {
    plan(more).replace("nodes: 6", "nodes: 40").replace("20/s", "60/s")
}

const BASE: &str = r#"(
        id_bits: 16,
        protocols: {"a": Chord(), "b": Chord(retries: 0)},
        network: (latency: LogNormal(median: "40ms", sigma: 0.4), loss: None),
        script: [(at: "0s", do: Converged(nodes: 6)), (at: "6s", do: Crash(count: 1))],
        workload: [Lookups(from: "2s", rate: "20/s")],
        phases: {"late": (from: "6s", until: "12s")},
        end: "12s",
    )"#;

/// A temporary folder with a plan in it.
struct Folder {
    folder: TempDir,
}

impl Folder {
    fn with(plan: &str) -> Self {
        let folder = Self { folder: TempDir::new().expect("a temporary folder") };
        folder.save("plan.ron", plan);
        folder
    }

    fn save(&self, name: &str, text: &str) -> String {
        fs::write(self.folder.path().join(name), text).expect("a temporary file");
        self.path(name)
    }

    fn plan(&self) -> String {
        self.path("plan.ron")
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn begin(&self, out: &str, words: &[&str]) -> Child {
        let (plan, out) = (self.plan(), self.path(out));
        command(&[&["sweep", &plan, "--out", &out], words].concat()).spawn().expect("the command starts")
    }

    fn sweep(&self, out: &str, words: &[&str]) -> Said {
        Said::of(self.begin(out, words))
    }

    fn results(&self, out: &str) -> Vec<u8> {
        fs::read(PathBuf::from(self.path(out)).join("results.jsonl")).expect("the results are there")
    }

    fn lines(&self, out: &str) -> Vec<Value> {
        let text = String::from_utf8(self.results(out)).expect("text");
        text.lines().map(|line| serde_json::from_str(line).expect("a line is a document")).collect()
    }

    fn names(&self, out: &str) -> Vec<String> {
        let entries = fs::read_dir(Path::new(&self.path(out))).expect("the folder is there");
        let mut names: Vec<String> =
            entries.map(|entry| entry.expect("listed").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}
