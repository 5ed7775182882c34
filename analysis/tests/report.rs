//! `dhtsim report` from outside: what is on the page, that it needs nothing else, and what is refused.

#[path = "common/audit_folder.rs"]
mod audit_folder;
#[path = "../src/report/check.rs"]
mod check;
#[path = "common/command.rs"]
mod command;

use std::fs;
use std::process::Command;

use audit_folder::{Folder, audit, pictures, read};
use check::{assert_sound, coordinates};
use command::dhtsim;
use serde_json::{Value, json};

#[test]
fn the_page_of_audits_has_the_answers_first_and_everything_in_it() {
    let folder = Folder::new();
    let said = dhtsim(&["report", &folder.all()]);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    assert_eq!(said.out, format!("{}/report.html\n", folder.all()));
    let page = folder.read("all/report.html");
    let order = [
        "Which protocol should a few nodes use?",
        "quick is the best in calm, and when half crash.",
        "<b>✓ 81.5 ± 1.5</b>",
        "– 215.0 ± 1.5",
        "✗ fails</span>",
        "A crash of half the nodes costs 3.1 % of lookups.",
        "<svg ",
        "experiment at-once, seeds 1..4",
        "Not drawn: Nobody measures this: no run has a value of no.such.load.lorenz.",
        "dhtsim audit A3, nodes 16, fraction 0.5, seed 1",
        "crash − calm",
        "<b>at least −0.01</b>",
        "−0.0310 ± 0.0040",
        "97.5 %",
        "How to read it",
    ];
    let mut rest = page.as_str();
    for text in order {
        let at = rest.find(text).unwrap_or_else(|| panic!("{text} is not there, or not in its place"));
        rest = &rest[at..];
    }
    assert_eq!(pictures(&page).len(), 7);
    assert!(page.contains("download=\"success.csv\" href=\"data:text/csv;base64,"));
    for forbidden in ["http", "src=", "url(", "<script", "@import", "<link", "NaN"] {
        let outside = page.split("base64,").map(|piece| piece.split_once('"').map_or(piece, |(_, rest)| rest));
        assert!(outside.into_iter().skip(1).all(|piece| !piece.contains(forbidden)), "{forbidden}");
    }
    assert!(!page.contains(&folder.all()), "no path");
}

#[test]
fn every_picture_is_sound_and_within_its_bounds() {
    let folder = Folder::new();
    let page = page_of(&folder);
    for picture in pictures(&page) {
        assert_sound(picture);
        assert!(coordinates(picture).iter().all(|at| (-60.0..=3000.0).contains(at)), "{picture}");
        let title = picture.split("<title>").nth(1).and_then(|rest| rest.split('<').next()).expect("a title");
        let shows = picture.split("<desc>").nth(1).and_then(|rest| rest.split('<').next()).expect("a description");
        assert!(!title.is_empty() && shows.len() > 20, "{title}: {shows}");
    }
}

#[test]
fn a_picture_that_is_not_sound_is_found() {
    let sound =
        "<svg viewBox=\"0 0 10 10\" role=\"img\"><title>t</title><desc>d</desc><path d=\"M1 2L3.5 -4Z\"/></svg>";
    assert_sound(sound);
    for (what, instead) in [
        ("</title>", "</b>"),
        ("</svg>", ""),
        ("M1 2", "MNaN 2"),
        ("L3.5", "Linf"),
        ("d=\"M1", "d=M1"),
        ("<desc>d", "<desc>a & b"),
        ("<title>t</title>", ""),
        ("<path", "<path fill=\"url(#a)\""),
        ("<path", "<image href=\"http://x\"/><path"),
    ] {
        let broken = sound.replace(what, instead);
        assert!(std::panic::catch_unwind(|| assert_sound(&broken)).is_err(), "{broken}");
    }
}

#[test]
fn equal_folders_give_equal_bytes() {
    let folder = Folder::new();
    let first = page_of(&folder);
    assert!(page_of(&folder) == first, "twice the same; what was written before is replaced");
    let copied = folder.path("elsewhere");
    let copy = Command::new("cp").arg("-r").arg(folder.path("all")).arg(&copied).status().expect("cp runs");
    assert!(copy.success());
    let out = folder.path("other.html").display().to_string();
    assert_eq!(dhtsim(&["report", &copied.display().to_string(), "--out", &out]).code, 0);
    assert!(folder.read("other.html") == first, "wherever it lies");
}

#[test]
fn markdown_says_the_same() {
    let folder = Folder::new();
    let said = dhtsim(&["report", &folder.all(), "--markdown"]);
    assert_eq!(said.code, 0, "{}", said.err);
    for text in [
        "# Audit of assumption A3\n",
        "**quick is the best in calm, and when half crash.**",
        "| fraction | quick | patient |",
        "| 0.5 | **✓ 81.5 ± 1.5** | – 215.0 ± 1.5 |",
        "- **A3** Nodes leave, they do not crash: **✗ fails**. A crash of half the nodes costs 3.1 % of lookups.",
        "**Through the crash**\n\nquick: success at least 75\u{a0}% (from 20\u{a0}s on)",
    ] {
        assert!(said.out.contains(text), "{text}\n{}", said.out);
    }
    let out = folder.path("report.md").display().to_string();
    assert_eq!(dhtsim(&["report", &folder.all(), "--markdown", "--out", &out]).code, 0);
    assert_eq!(folder.read("report.md"), said.out);
}

#[test]
fn what_somebody_else_wrote_is_not_overwritten() {
    let folder = Folder::new();
    for (name, more) in [("mine.html", None), ("mine.md", Some("--markdown"))] {
        fs::write(folder.path(name), "mine").expect("a temporary file");
        let out = folder.path(name).display().to_string();
        let all = folder.all();
        let words: Vec<&str> = ["report", &all, "--out", &out].into_iter().chain(more).collect();
        let said = dhtsim(&words);
        assert_eq!(said.code, 2);
        assert!(said.err.contains("it was not written by this command"), "{}", said.err);
        assert_eq!(folder.read(name), "mine");
    }
}

#[test]
fn what_is_no_folder_of_results_is_refused_with_what_would_be_right() {
    let folder = Folder::new();
    let refused = |path: &str, says: &str| {
        let said = dhtsim(&["report", path]);
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{}", said.err);
        assert!(said.err.contains(says), "{}", said.err);
    };
    refused(&folder.path("absent").display().to_string(), "there is no folder");
    refused(&folder.path("").display().to_string(), "holds nothing that a report could be made of");
    let begun = folder.path("begun/A1/links");
    fs::create_dir_all(&begun).expect("a folder");
    fs::write(begun.join("sweep.json"), "{}").expect("writable");
    refused(&folder.path("begun").display().to_string(), "have not come to their end");
    let mut document = folder.document();
    document["schema"] = json!("dhtsim audit 99");
    folder.write("all/audit.json", &document);
    refused(&folder.all(), "is of the format dhtsim audit 99, and this reads dhtsim audit 1");
    folder.write("all/audit.json", &json!({"schema": "dhtsim audit 1"}));
    refused(&folder.all(), "is no document of audits: missing field");
    fs::write(folder.path("all/audit.json"), "{").expect("a temporary file");
    refused(&folder.all(), "is no document of audits: EOF");
}

#[test]
fn what_is_missing_is_said_on_the_page_and_by_the_exit_code() {
    let folder = Folder::new();
    let results = folder.path("all/A3/at-once/results.jsonl");
    let lines = read(&results);
    let half: String = lines.split_inclusive('\n').take(12).collect();
    fs::remove_file(&results).expect("it was there");
    fs::write(folder.path("all/A3/at-once/results.part"), half + "{\"run\": 12, \"ce").expect("a temporary file");
    let said = dhtsim(&["report", &folder.all()]);
    assert_eq!(said.code, 3);
    assert!(said.err.contains("the sweep of A3, at-once, has not come to its end"), "{}", said.err);
    let page = folder.read("all/report.html");
    assert!(page.contains("Not all is there: </b>the sweep of A3, at-once, has not come to its end."));
    assert_eq!(pictures(&page).len(), 6, "what there is is drawn, and nobody crashed yet");

    let sweep = folder.path("all/A3/at-once").display().to_string();
    let said = dhtsim(&["report", &sweep]);
    assert_eq!(said.code, 3);
    assert!(said.err.contains("12 runs of 24 are missing"), "{}", said.err);

    fs::remove_dir_all(folder.path("all/A3")).expect("it was there");
    let said = dhtsim(&["report", &folder.all()]);
    assert_eq!(said.code, 3);
    assert!(said.err.contains("the results of A3, at-once, cannot be read"), "{}", said.err);
    let page = folder.read("all/report.html");
    assert!(page.contains("Not drawn: One lookup: the exhibit half cannot be read."));
}

#[test]
fn what_is_not_there_and_results_of_another_sweep_are_not_drawn() {
    let folder = Folder::new();
    let mut document = folder.document();
    document["audits"][0]["pictures"][0]["Curve"]["x"] = json!("age");
    document["audits"][0]["pictures"][1]["Curve"]["experiment"] = json!("elsewhere");
    folder.write("all/audit.json", &document);
    let page = page_of(&folder);
    assert!(page.contains("Not drawn: Success: age is no parameter of it."));
    assert!(page.contains("Not drawn: Latency by size: there is no experiment elsewhere."));
    document["audits"][0]["experiments"][0]["hash"] = json!("0000");
    folder.write("all/audit.json", &document);
    let said = dhtsim(&["report", &folder.all()]);
    assert_eq!(said.code, 3);
    assert!(said.err.contains("the results of A3, at-once, are of another sweep"), "{}", said.err);
}

#[test]
fn no_text_of_a_file_is_more_than_text() {
    let folder = Folder::new();
    let bad = "</title></style><script>alert(1)</script>\"><img onerror=x>";
    let text = folder.read("all/audit.json").replace("A crash", &bad.replace('"', "\\\""));
    let mut document: Value = serde_json::from_str(&text).expect("a document");
    document["audits"][0]["pictures"][0]["Curve"]["title"] = json!(bad);
    document["audits"][0]["id"] = json!("A3");
    document["audits"][0]["title"] = json!(bad);
    document["command"] = json!(bad);
    folder.write("all/audit.json", &document);
    let page = page_of(&folder);
    assert!(!page.contains("<script") && !page.contains("<img"), "escaped");
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    for picture in pictures(&page) {
        assert_sound(picture);
    }
    let said = dhtsim(&["report", &folder.all(), "--markdown"]);
    assert!(!said.out.contains("<script") && !said.out.contains("<img"));
}

#[test]
fn a_report_of_six_audits_is_no_larger_than_five_megabytes() {
    let folder = Folder::new();
    let mut document = folder.document();
    let hash = document["audits"][0]["experiments"][0]["hash"].as_str().expect("a hash").to_owned();
    let audits: Vec<Value> = (1..=6)
        .map(|number| {
            let mut one = audit(&hash);
            one["id"] = json!(format!("A{number}"));
            one["experiments"][0]["folder"] = json!("A3/at-once");
            one
        })
        .collect();
    document["audits"] = json!(audits);
    folder.write("all/audit.json", &document);
    fs::rename(folder.path("all/A3/exhibits"), folder.path("all/exhibits")).expect("it was there");
    let page = page_of(&folder);
    assert_eq!(pictures(&page).len(), 6 * 7);
    assert!(page.len() < 5_000_000, "{} bytes", page.len());
}

#[test]
fn a_sweep_has_a_page_of_its_figures_distributions_and_costs() {
    let folder = Folder::new();
    let sweep = folder.path("all/A3/at-once");
    let said = dhtsim(&["report", &sweep.display().to_string()]);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    let page = read(&sweep.join("report.html"));
    for text in [
        "<h1>plan</h1>",
        "seeds 1..4, 4 cells, 24 runs",
        "Success against fraction",
        "Latency, p99 against fraction",
        "Cost against performance",
        "dhtsim sweep plan.ron, seeds 1..4, 24 runs drawn",
        "The plan</summary>",
    ] {
        assert!(page.contains(text), "{text}");
    }
    pictures(&page).into_iter().for_each(assert_sound);
    assert!(pictures(&page).len() >= 5);
}

#[test]
fn a_run_draws_its_own_report_and_its_folder_gives_the_same() {
    let folder = Folder::new();
    let scenario = folder.path("small.ron");
    fs::write(&scenario, SCENARIO).expect("a temporary file");
    let [scenario, out, html] =
        [scenario, folder.path("saved"), folder.path("run.html")].map(|path| path.display().to_string());
    let said = dhtsim(&["run", &scenario, "--seeds", "2", "--quiet", "--out", &out, "--report", &html]);
    assert_eq!(said.code, 0, "{}", said.err);
    let page = folder.read("run.html");
    for text in [
        "dhtsim run small.ron --seeds 2",
        "seeds 4..6",
        "2 protocols",
        "✓ met:",
        "The scenario</summary>",
        "On the front",
    ] {
        assert!(page.contains(text), "{text}");
    }
    assert!(pictures(&page).len() >= 4);
    pictures(&page).into_iter().for_each(assert_sound);
    assert_eq!(dhtsim(&["report", &out]).code, 0);
    assert!(folder.read("saved/report.html") == page);
    assert_eq!(dhtsim(&["replay", &out]).code, 0, "a report in it does no harm");

    fs::write(folder.path("run.html"), "mine").expect("a temporary file");
    let said = dhtsim(&["run", &scenario, "--quiet", "--report", &html]);
    assert_eq!((said.code, folder.read("run.html").as_str()), (2, "mine"), "{}", said.err);
}

/// The page of the audits, after it was made anew.
fn page_of(folder: &Folder) -> String {
    let said = dhtsim(&["report", &folder.all()]);
    assert_eq!(said.code, 0, "{}", said.err);
    folder.read("all/report.html")
}

const SCENARIO: &str = r#"(
    id_bits: 16,
    protocols: [Chord(successors: 3), Pastry(leaf_set: 4)],
    script: [(at: "0s", do: Converged(nodes: 12)), (at: "10s", do: Crash(count: 4))],
    workload: [Lookups(from: "5s", until: "20s", rate: "10/s")],
    phases: {"first": (from: "5s", until: "10s"), "after": (from: "10s", until: "20s")},
    warm_up: "5s",
    end: "25s",
    seeds: 4..9,
    expect: [(metric: "lookups.success", at_least: 0.1)],
)"#;
