//! Audits from outside: the same verdicts whatever interrupts them, nothing of others overwritten, and what is missing is said.

#[path = "common/command.rs"]
mod command;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use command::{Said, command, dhtsim};
use serde_json::Value;
use tempfile::TempDir;

#[test]
fn an_audit_is_no_scenario() {
    let folder = Folder::new();
    for verb in ["run", "check", "trace"] {
        let said = dhtsim(&[verb, &folder.file()]);
        assert!(said.code == 2 && said.err.contains("this is an audit, and no scenario"), "{verb}: {}", said.err);
        assert!(said.err.contains("`dhtsim audit` runs it"), "{verb}: {}", said.err);
    }
}

#[test]
fn the_page_and_the_document_say_the_same() {
    let folder = Folder::new();
    let page = folder.audit("out", &["--quiet"]);
    assert_eq!((page.code, page.err.as_str()), (0, ""), "whatever the verdict");
    let said = folder.audit("out", &["--json"]);
    assert_eq!(said.out.as_bytes(), folder.bytes("out/audit.json"));
    assert!(!said.out.contains(&folder.path("")), "it names no place");
    let document: Value = serde_json::from_str(&said.out).expect("a document");
    let audit = &document["audits"][0];
    assert_eq!((&document["command"], &document["strength"]), (&"dhtsim audit x1.ron".into(), &"full".into()));
    let verdicts: Vec<(&str, &str)> =
        list(&audit["tests"]).iter().map(|test| (text(&test["name"]), text(&test["verdict"]))).collect();
    let wanted = [
        ("answers", "holds-within"),
        ("some answers", "holds"),
        ("as quick", "undecided"),
        ("too much", "fails"),
        ("measured answers", "undecided"),
    ];
    assert_eq!((verdicts.as_slice(), &audit["verdict"]), (wanted.as_slice(), &"holds-within".into()));
    let flat = page.out.split_whitespace().collect::<Vec<&str>>().join(" ");
    let mut sentences = vec![&audit["sentence"], &document["choices"][0]["sentence"], &audit["claim"], &audit["title"]];
    sentences.extend(list(&audit["tests"]).iter().map(|test| &test["question"]));
    for sentence in sentences {
        assert!(flat.contains(text(sentence)), "{sentence} in\n{}", page.out);
    }
    assert!(page.out.contains("X1  HOLDS WITHIN LIMITS  nothing is lost\n"), "{}", page.out);
    assert!(page.out.lines().all(|line| line.chars().count() <= 100), "{}", page.out);
    let first = &audit["tests"][0]["subjects"][0];
    assert_eq!(
        (&first["label"], &first["holds_up_to"], &first["fails_from"]),
        (&"a".into(), &"none".into(), &"most".into())
    );
    let comparisons: usize = list(&audit["tests"])
        .iter()
        .flat_map(|test| list(&test["subjects"]))
        .map(|subject| list(&subject["cells"]).len())
        .sum();
    assert_eq!(audit["comparisons"], comparisons);
}

/// The figures of a comparison, put together by hand from the lines of the sweep.
#[test]
fn a_comparison_is_made_of_the_runs_that_it_names() {
    let folder = Folder::new();
    assert_eq!(folder.audit("out", &[]).code, 0);
    let document: Value = serde_json::from_slice(&folder.bytes("out/audit.json")).expect("a document");
    let subject = &document["audits"][0]["tests"][2]["subjects"][1];
    let lines: Vec<Value> = String::from_utf8(folder.bytes("out/X1/two-worlds/results.jsonl"))
        .expect("text")
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line"))
        .collect();
    let latency = |nodes: u64, seed: u64| {
        let is_it = |line: &&Value| {
            line["parameters"]["nodes"] == nodes
                && line["parameters"]["loss"] == "none"
                && line["label"] == "b"
                && line["seed"] == seed
        };
        lines
            .iter()
            .find(is_it)
            .and_then(|line| line["figures"]["lookups"]["latency_ms"]["mean"].as_f64())
            .expect("measured")
    };
    let wanted = (1..=3).map(|seed| latency(8, seed) - latency(4, seed)).sum::<f64>() / 3.0;
    let cell = &subject["cells"][0];
    assert_eq!((&subject["label"], &cell["values"], &cell["missing"]), (&"b".into(), &3.into(), &0.into()));
    assert_eq!(cell["parameters"].to_string(), r#"{"loss":"none"}"#);
    assert!((cell["mean"].as_f64().expect("a mean") - wanted).abs() < 1e-9, "{cell} and {wanted}");
}

#[test]
fn one_thread_and_two_and_twice_give_the_same_bytes() {
    let folder = Folder::new();
    let one = folder.audit("one", &["--jobs", "1"]);
    let two = folder.audit("two", &["--jobs", "2"]);
    assert_eq!((one.code, two.code), (0, 0), "{}{}", one.err, two.err);
    for file in FILES {
        assert_eq!(folder.bytes(&format!("one/{file}")), folder.bytes(&format!("two/{file}")), "{file}");
    }
    let before = FILES.map(|file| folder.bytes(&format!("one/{file}")));
    let again = folder.audit("one", &[]);
    assert_eq!((again.code, again.out == one.out), (0, true));
    assert_eq!(before, FILES.map(|file| folder.bytes(&format!("one/{file}"))));
}

/// Killed without warning, at moments that differ from machine to machine, over and over until it is done.
#[cfg(unix)]
#[test]
fn an_audit_that_is_killed_again_and_again_ends_with_the_same_bytes() {
    let folder = Folder::with(&AUDIT.replace("seeds: 1..4", "seeds: 1..60"));
    assert_eq!(folder.audit("calm", &[]).code, 0);
    let mut kills = 0;
    for wait in (0..).map(|round| 30 + 29 * (round % 7)) {
        let mut child = folder.begin("killed", &[]);
        sleep(Duration::from_millis(wait));
        if child.try_wait().expect("it can be asked").is_some() {
            break;
        }
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
        kills += 1;
        assert!(kills < 200, "every round keeps what it has finished");
    }
    assert!(kills >= 1, "it was never killed");
    assert_eq!(folder.audit("killed", &[]).code, 0);
    for file in FILES {
        assert_eq!(folder.bytes(&format!("killed/{file}")), folder.bytes(&format!("calm/{file}")), "{file}");
    }
}

#[test]
fn a_first_look_runs_what_the_file_says() {
    let folder = Folder::new();
    let list = |words: &[&str]| {
        let said = dhtsim(&[&["audit", &folder.file(), "--dry-run"], words].concat());
        assert_eq!((said.code, said.err.as_str()), (0, ""));
        said.out
    };
    let full = "X1  nothing is lost\n    two worlds: 24 runs in 4 cells\n    measured: not run: it needs links.csv\n";
    assert_eq!(list(&[]), full);
    assert_eq!(list(&["--quick"]), full.replace("24 runs in 4", "8 runs in 2"));
    assert!(!Path::new(&folder.path("out")).exists(), "nothing is written");
    assert_eq!(folder.audit("out", &["--quick"]).code, 0);
    let document: Value = serde_json::from_slice(&folder.bytes("out/audit.json")).expect("a document");
    let experiment = &document["audits"][0]["experiments"][0];
    assert_eq!((&experiment["seeds"], &experiment["runs"]), (&"1 to 2".into(), &8.into()));
    assert_eq!((&document["strength"], &document["command"]), (&"quick".into(), &"dhtsim audit --quick x1.ron".into()));
    let quick = &document["audits"][0]["tests"][2];
    assert_eq!((&quick["verdict"], list_len(&quick["subjects"])), (&"undecided".into(), 0), "4 nodes are left out");
    let said = folder.audit("out", &[]);
    assert!(said.code == 2 && said.err.contains("was begun with another plan"), "{}", said.err);
}

#[test]
fn data_that_are_missing_are_said_and_found_elsewhere() {
    let folder = Folder::new();
    let said = folder.audit("without", &[]);
    let told = "X1, measured: not run, it needs links.csv; `--data DIR` says where it lies\n";
    assert!(said.code == 0 && said.err.contains(told), "{}", said.err);
    assert!(said.out.contains("measured was not run: it needs links.csv"), "{}", said.out);
    let experiment = |out: &str| {
        let document: Value = serde_json::from_slice(&folder.bytes(&format!("{out}/audit.json"))).expect("a document");
        document["audits"][0]["experiments"][1].clone()
    };
    assert_eq!((&experiment("without")["missing"], &experiment("without")["runs"]), (&"links.csv".into(), &0.into()));
    fs::create_dir(folder.path("data")).expect("a folder");
    folder.save("data/links.csv", "0,10,20,30\n10,0,15,25\n20,15,0,12\n30,25,12,0\n");
    let data = folder.path("data");
    let said = folder.audit("with", &["--data", &data]);
    assert!(said.code == 0 && !said.err.contains("not run"), "{}", said.err);
    assert_eq!((&experiment("with")["missing"], &experiment("with")["runs"]), (&Value::Null, &6.into()));
    let only = AUDIT.replace("experiment: \"two worlds\", question", "experiment: \"measured\", question");
    let only = Folder::with(&only.replace("along: \"loss\", where: [\"nodes == 4\"]", "").replace(BETWEEN, ""));
    let said = only.audit("out", &[]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(
        said.out.contains("X1  UNDECIDED  nothing is lost\n") && said.out.contains("Undecided: nothing was run."),
        "{}",
        said.out
    );
}

#[test]
fn who_names_no_audit_is_told_which_there_are() {
    let said = dhtsim(&["audit", "A33"]);
    assert_eq!((said.code, said.out.as_str()), (2, ""));
    assert!(
        said.err.contains("there is no audit \"A33\", and no such file") && said.err.contains("did you mean A3?"),
        "{}",
        said.err
    );
    let folder = Folder::new();
    let twice = dhtsim(&["audit", &folder.file(), &folder.file(), "--dry-run"]);
    assert!(twice.code == 2 && twice.err.contains("audit X1 is asked for twice"), "{}", twice.err);
    let no_audit = folder.save("scenario.ron", "(protocols: [Chord()], end: \"5s\")\n");
    assert_eq!(dhtsim(&["audit", &no_audit]).code, 2);
    let print = dhtsim(&["audit", &folder.file(), "--print"]);
    assert_eq!((print.code, print.out.as_str()), (0, AUDIT));
    let shipped = dhtsim(&["audit", "a3", "--print"]);
    assert!(shipped.code == 0 && shipped.out.contains("id: \"A3\""), "{}", shipped.out);
}

#[test]
fn nothing_that_others_wrote_is_overwritten() {
    let folder = Folder::new();
    let file = folder.save("file", "mine");
    let said = folder.audit("file", &[]);
    assert!(
        said.code == 2 && said.err.contains("cannot be written: it is there already, and no folder"),
        "{}",
        said.err
    );
    assert_eq!(fs::read_to_string(file).expect("there"), "mine");
    fs::create_dir(folder.path("foreign")).expect("a folder");
    folder.save("foreign/audit.json", "{\"mine\": true}");
    let said = folder.audit("foreign", &[]);
    assert!(said.code == 2 && said.err.contains("was not written by this command"), "{}", said.err);
    assert_eq!(folder.bytes("foreign/audit.json"), b"{\"mine\": true}");
    assert!(!Path::new(&folder.path("foreign/X1")).exists(), "nothing was run in vain");
}

#[test]
fn a_folder_belongs_to_one_file_of_an_audit() {
    let folder = Folder::new();
    assert_eq!(folder.audit("out", &[]).code, 0);
    let before = FILES.map(|file| folder.bytes(&format!("out/{file}")));
    folder.save("x1.ron", &AUDIT.replace("sigma: 0.4", "sigma: 0.5"));
    let other_sweep = folder.audit("out", &[]);
    assert!(other_sweep.code == 2 && other_sweep.err.contains("was begun with another plan"), "{}", other_sweep.err);
    folder.save("x1.ron", &AUDIT.replace("two worlds", "both worlds"));
    let other_name = folder.audit("out", &[]);
    let wanted =
        "was begun with another file: this audit has no experiment two-worlds\n  = help: `--out` names another folder";
    assert!(other_name.code == 2 && other_name.err.contains(wanted), "{}", other_name.err);
    assert_eq!(before, FILES.map(|file| folder.bytes(&format!("out/{file}"))), "nothing was overwritten");
    folder.save("x1.ron", &AUDIT.replace("at_least: 0.9, along", "at_least: 0.8, along"));
    assert_eq!(folder.audit("out", &[]).code, 0, "another margin is another judgement of the same runs");
    assert_eq!(before[1], folder.bytes("out/X1/two-worlds/results.jsonl"));
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written_is_said_so() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let locked = folder.path("locked");
    fs::create_dir(&locked).expect("a folder");
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o555)).expect("ours");
    let is_root = fs::write(Path::new(&locked).join("probe"), "").is_ok();
    // The system's own folders are read-only for everybody.
    let out = if is_root { "/proc/dhtsim-audit".to_owned() } else { format!("{locked}/out") };
    let said = dhtsim(&["audit", &folder.file(), "--out", &out]);
    assert!(said.code == 2 && said.err.contains(&format!("{out} cannot be written")), "{}", said.err);
}

#[cfg(unix)]
#[test]
fn that_nobody_reads_is_no_failure() {
    let folder = Folder::new();
    for words in ["", "--json", "--print", "--dry-run"] {
        let out =
            if words.is_empty() || words == "--json" { format!("--out {}", folder.path("out")) } else { String::new() };
        let script = format!("\"$0\" audit \"$1\" --quiet {out} {words} | true; exit ${{PIPESTATUS[0]}}");
        let mut shell = Command::new("bash");
        shell.args(["-c", &script, env!("CARGO_BIN_EXE_dhtsim"), &folder.file()]);
        let said = Said::of(shell.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a shell"));
        assert_eq!((said.code, said.err.as_str()), (0, ""), "{words}");
    }
    assert!(Path::new(&folder.path("out/audit.json")).exists(), "what was run is kept");
}

/// What is shown of one lookup is what a trace of the same cell and seed says.
#[test]
fn an_exhibit_is_a_run_of_its_cell() {
    let folder = Folder::new();
    assert_eq!(folder.audit("out", &[]).code, 0);
    let exhibit: Value = serde_json::from_slice(&folder.bytes("out/X1/exhibits/a-crash.json")).expect("a document");
    assert_eq!((&exhibit["cell"], &exhibit["seed"]), (&"loss = none, nodes = 8".into(), &1.into()));
    assert_eq!(exhibit["command"], "dhtsim audit x1.ron");
    let base =
        AUDIT.split("base: ").nth(1).and_then(|rest| rest.split(",\n                axes").next()).expect("a base");
    let scenario = folder.save("cell.ron", base);
    let labels: Vec<&str> = list(&exhibit["runs"]).iter().map(|run| text(&run["label"])).collect();
    assert_eq!(labels, ["a", "b"]);
    for run in list(&exhibit["runs"]) {
        let trace = |words: &[&str]| {
            let of = ["trace", &scenario, "--seed", "1", "--protocol", text(&run["label"])];
            let said = dhtsim(&[&of, words].concat());
            assert_eq!(said.code, 0, "{}", said.err);
            said.out
                .lines()
                .map(|line| line.split_whitespace().map(str::to_owned).collect())
                .collect::<Vec<Vec<String>>>()
        };
        assert_eq!(run["departures_s"].to_string(), "[4.0]");
        assert!(list_len(&run["series"]) >= 12, "{}", run["series"]);
        let ring = &run["ring"];
        let asked = trace(&["--kind", "asked", "--from", "3s"]).remove(0);
        let request = asked.last().expect("a number").clone();
        assert_eq!(asked[1], format!("n{}", ring["issuer"]));
        let asked_s = seconds(&asked[0]);
        assert!((ring["asked_s"].as_f64().expect("a time") - asked_s).abs() < 1e-9);
        let facts = trace(&["--request", &request]);
        let of = |kind: &str| {
            let found = facts.iter().filter(|fact| fact.len() > 5 && fact[4] == kind);
            found
                .map(|fact| (seconds(&fact[0]) - asked_s, fact[1].clone(), fact[3].clone(), fact[5].clone()))
                .collect::<Vec<_>>()
        };
        let messages = list(&ring["messages"]);
        let sent = of("sent");
        assert_eq!((messages.len(), messages.is_empty()), (sent.len(), false), "{facts:?}");
        for (message, (after, from, to, kind)) in messages.iter().zip(&sent) {
            assert!((message["sent_ms"].as_f64().expect("a time") - 1e3 * after).abs() < 1e-6, "{message}");
            assert_eq!((format!("n{}", message["from"]), format!("n{}", message["to"])), (from.clone(), to.clone()));
            assert_eq!(text(&message["kind"]), kind);
        }
        let arrived = messages.iter().filter(|message| message["arrived"] == true).count();
        assert_eq!(arrived, of("delivered").len());
        let nodes: Vec<u64> = list(&ring["nodes"]).iter().map(|node| node[0].as_u64().expect("a number")).collect();
        assert_eq!(nodes, (0..8).collect::<Vec<u64>>());
        let places = list(&ring["nodes"]).iter().map(|node| node[1].as_f64().expect("a place"));
        assert!(places.chain([ring["key"].as_f64().expect("a place")]).all(|place| (0.0..1.0).contains(&place)));
        assert_eq!(ring["outcome"], "correct");
        assert!(nodes.contains(&ring["owner"].as_u64().expect("somebody")), "{ring}");
    }
}

fn seconds(text: &str) -> f64 {
    text.trim_end_matches('s').parse().expect("a time in seconds")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn list_len(value: &Value) -> usize {
    list(value).len()
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

const FILES: [&str; 3] = ["audit.json", "X1/two-worlds/results.jsonl", "X1/exhibits/a-crash.json"];

const BETWEEN: &str = r#"contrast: Between(parameter: "nodes", of: 8, to: 4), "#;

const AUDIT: &str = r#"(
    id: "X1",
    title: "nothing is lost",
    says: "Losses have not been measured.",
    claim: "Loss makes no difference.",
    experiments: {
        "two worlds": (
            about: "Four or eight nodes, and nothing or nearly everything is lost.",
            sweep: (
                base: (
                    id_bits: 16,
                    protocols: {"a": Chord(), "b": Kademlia()},
                    network: (latency: LogNormal(median: "40ms", sigma: 0.4), loss: None),
                    script: [(at: "0s", do: Converged(nodes: 8)), (at: "4s", do: Crash(count: 1))],
                    workload: [Lookups(from: "1s", until: "6s", rate: "10/s")],
                    end: "60s",
                ),
                axes: [
                    (over: "network.loss", name: "loss", values: {"none": None, "most": Bernoulli(0.95)}),
                    (over: "script[0].do.nodes", name: "nodes", values: [4, 8]),
                ],
                seeds: 1..4,
            ),
            quick: {"axes[1].values": [8], "seeds": 1..3},
        ),
        "measured": (
            about: "Four nodes over links that somebody measured.",
            needs: ["links.csv"],
            sweep: (
                base: (
                    id_bits: 16,
                    protocols: {"a": Chord(), "b": Kademlia()},
                    network: (latency: Matrix(file: "links.csv", values: OneWay)),
                    script: [(at: "0s", do: Converged(nodes: 4))],
                    workload: [Lookups(from: "1s", rate: "10/s")],
                    end: "3s",
                ),
                seeds: 1..4,
            ),
        ),
    },
    tests: [
        (name: "answers", experiment: "two worlds", question: "Are nearly all answered?", metric: "lookups.success", at_least: 0.9, along: "loss", where: ["nodes == 4"]),
        (name: "some answers", experiment: "two worlds", question: "Is any answered?", metric: "lookups.success", at_least: 0, where: ["loss == 'none'"]),
        (name: "as quick", experiment: "two worlds", question: "Is it as quick?", metric: "lookups.latency_ms.mean", contrast: Between(parameter: "nodes", of: 8, to: 4), at_least: 0, where: ["loss == 'none'"]),
        (name: "too much", experiment: "two worlds", decides: false, question: "More than all?", metric: "lookups.success", at_least: 2, where: ["loss == 'none'"]),
        (name: "measured answers", experiment: "measured", question: "Are all answered?", metric: "lookups.success", at_least: 0.9),
    ],
    choices: [
        (question: "Who is quick?", experiment: "two worlds", metric: "lookups.time_to_end_ms.mean", margin: 0.1, needs: {"lookups.success": 0.9}, along: "loss"),
    ],
    exhibits: {
        "a crash": (experiment: "two worlds", cell: {"loss": "none", "nodes": 8}, lookup_at: "3s"),
    },
    pictures: [Ring(title: "A lookup", exhibit: "a crash")],
)
"#;

/// A temporary folder with an audit in it.
struct Folder {
    folder: TempDir,
}

impl Folder {
    fn new() -> Self {
        Self::with(AUDIT)
    }

    fn with(audit: &str) -> Self {
        let folder = Self { folder: TempDir::new().expect("a temporary folder") };
        folder.save("x1.ron", audit);
        folder
    }

    fn save(&self, name: &str, text: &str) -> String {
        fs::write(self.folder.path().join(name), text).expect("a temporary file");
        self.path(name)
    }

    fn file(&self) -> String {
        self.path("x1.ron")
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(PathBuf::from(self.path(name))).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    fn begin(&self, out: &str, words: &[&str]) -> Child {
        command(&[&["audit", &self.file(), "--out", &self.path(out)], words].concat())
            .spawn()
            .expect("the command starts")
    }

    fn audit(&self, out: &str, words: &[&str]) -> Said {
        Said::of(self.begin(out, words))
    }
}
