//! The house rules, checked: who may import whom, what a file looks like, how long a function may be.

use std::fs;
use std::path::{Path, PathBuf};

/// Each crate, and the crates of this workspace that it may use: every arrow runs down.
const STAIRCASE: [(&str, &[&str]); 4] = [
    ("sim", &[]),
    ("protocols", &["sim"]),
    ("scenarios", &["protocols", "sim"]),
    ("analysis", &["protocols", "scenarios", "sim"]),
];

/// What a protocol may import of the engine: the contract and what it is made of. No simulation, no network, no record.
const CONTRACT: [&str; 5] = ["address", "protocol", "rng", "sampler", "time"];

/// Words that the engine does not know (ARCH-1).
const OVERLAY_WORDS: [&str; 6] = ["chord", "kademlia", "pastry", "lookup", "overlay", "bucket"];

#[test]
fn every_arrow_between_crates_runs_down() {
    for (name, allowed) in STAIRCASE {
        let manifest = read(&root().join(name).join("Cargo.toml"));
        let table = manifest.split("[dependencies]").nth(1).expect("a crate has dependencies");
        let table = table.split("\n[").next().unwrap_or_default();
        for (other, _) in STAIRCASE {
            let uses = table
                .lines()
                .any(|line| line.starts_with(&format!("{other}.")) || line.starts_with(&format!("{other} ")));
            assert!(!uses || allowed.contains(&other), "{name} must not depend on {other}");
        }
    }
}

#[test]
fn the_engine_knows_no_overlay() {
    for file in sources("sim/src") {
        let text = read(&file).to_lowercase();
        for word in OVERLAY_WORDS {
            let found = text.lines().find(|line| line.contains(word) && !line.contains("no dht"));
            assert!(found.is_none(), "{} says \"{word}\": {}", file.display(), found.unwrap_or_default());
        }
    }
}

#[test]
fn protocols_know_only_the_contract() {
    for file in sources("protocols/src") {
        let text = without_tests(&read(&file));
        for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
            for part in line.split("sim::").skip(1) {
                let module: String = part.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                assert!(CONTRACT.contains(&module.as_str()), "{} uses sim::{module}", file.display());
            }
            for forbidden in ["std::fs", "std::io", "std::env", "std::net", "std::thread", "println!"] {
                assert!(!line.contains(forbidden), "{} uses {forbidden}", file.display());
            }
        }
    }
}

#[test]
fn only_the_registry_names_a_protocol() {
    let names: Vec<&str> = protocols::Entry::all().iter().map(|entry| entry.about().name).collect();
    let above = sources("scenarios/src").into_iter().chain(sources("analysis/src"));
    let beside = ["calling", "dht", "duration", "key", "place", "rpc", "settings", "table", "taken", "upkeep"];
    for file in above.chain(beside.iter().map(|name| root().join(format!("protocols/src/{name}.rs")))) {
        let text = without_tests(&read(&file));
        for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
            let named = names.iter().find(|name| line.contains(**name));
            assert!(named.is_none(), "{} names a protocol: {line}", file.display());
        }
    }
}

#[test]
fn the_first_line_of_a_file_says_what_it_is_for() {
    for file in all_sources() {
        let text = read(&file);
        let first = text.lines().next().unwrap_or_default();
        assert!(first.starts_with("//! ") && first.len() > 20, "{}: {first}", file.display());
        assert!(!file.ends_with("mod.rs"), "{}: write foo.rs and foo/bar.rs", file.display());
    }
}

#[test]
fn functions_stay_short() {
    for file in STAIRCASE.iter().flat_map(|(name, _)| sources(&format!("{name}/src"))) {
        for (name, lines) in functions(&without_tests(&read(&file))) {
            assert!(lines <= FUNCTION_LINES_MAX, "{}: {name} has {lines} lines", file.display());
        }
    }
}

#[test]
fn every_shipped_scenario_opens_with_its_command() {
    for file in shipped_scenarios() {
        let text = read(&file);
        let opening: Vec<&str> = text.lines().take_while(|line| line.starts_with("//")).collect();
        let path = file.strip_prefix(root()).expect("a shipped scenario is in the tree").display().to_string();
        let lies_in = |name: &str| file.parent().is_some_and(|folder| folder.ends_with(name));
        let command = match file.file_stem() {
            Some(id) if lies_in("audits") => format!("// dhtsim audit {}", id.display()),
            _ if lies_in("sweeps") => format!("// dhtsim sweep {path}"),
            _ => format!("// dhtsim run {path}"),
        };
        assert!(opening.len() >= 3, "{path} opens with three lines: what it shows, what to look at, the command");
        assert_eq!(opening.last(), Some(&command.as_str()), "{path}");
    }
}

/// Names and lengths of the functions of a formatted file: from `fn` to the closing brace of the same indentation.
fn functions(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let is_function =
            ["fn ", "pub fn ", "pub(crate) fn ", "pub(super) fn ", "const fn "].iter().any(|s| code.starts_with(s));
        let opens = lines[start..].iter().find(|line| line.ends_with('{') || line.ends_with(';'));
        if !is_function || opens.is_none_or(|line| line.ends_with(';')) {
            continue;
        }
        let indentation = &line[..line.len() - code.len()];
        let closing = format!("{indentation}}}");
        if let Some(length) = lines[start..].iter().position(|line| *line == closing) {
            found.push((code.to_owned(), length + 1));
        }
    }
    found
}

fn without_tests(text: &str) -> String {
    text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default().to_owned()
}

fn all_sources() -> Vec<PathBuf> {
    STAIRCASE.iter().flat_map(|(name, _)| sources(name)).collect()
}

fn shipped_scenarios() -> Vec<PathBuf> {
    let folders = fs::read_dir(root().join("scenarios")).expect("the scenarios are there").flatten();
    let folders = folders.map(|entry| entry.path()).filter(|path| path.is_dir());
    let folders = folders.filter(|path| !path.ends_with("src") && !path.ends_with("tests"));
    folders.flat_map(|folder| files(&folder, "ron")).collect()
}

fn sources(under: &str) -> Vec<PathBuf> {
    files(&root().join(under), "rs")
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder is there").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|other| other == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the workspace").to_owned()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

const FUNCTION_LINES_MAX: usize = 70;
