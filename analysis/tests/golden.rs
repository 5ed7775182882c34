//! Golden fingerprints of every shipped scenario: the same in debug and release, alone and with others beside it.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use analysis::execute::{Choice, Executed, Input, Progress, execute};
use scenarios::files::Folder;

/// `DHTSIM_APPROVE=1` writes what is found; the commit that does so says why a fingerprint has moved.
#[test]
fn fingerprints_are_the_approved_ones() {
    let found: String = shipped_scenarios().iter().map(|path| lines(path, &run(path, None))).collect();
    let golden = root().join("analysis/tests/golden.txt");
    if std::env::var_os("DHTSIM_APPROVE").is_some() {
        fs::write(&golden, &found).expect("the golden file can be written");
    }
    let approved = fs::read_to_string(&golden).expect("the golden file is there");
    for (found, approved) in found.lines().zip(approved.lines()) {
        assert_eq!(found, approved);
    }
    assert_eq!(found.lines().count(), approved.lines().count());
}

#[test]
fn a_run_does_not_notice_what_runs_beside_it() {
    let path = root().join("scenarios/faults/half-crash.ron");
    let alone = lines(&path, &run(&path, None));
    let others: Vec<PathBuf> =
        shipped_scenarios().into_iter().filter(|path| path.to_string_lossy().contains("faults")).collect();
    thread::scope(|scope| {
        for other in &others {
            scope.spawn(|| run(other, None));
        }
        assert_eq!(lines(&path, &run(&path, None)), alone);
    });
}

#[test]
fn another_seed_is_another_run() {
    let path = root().join("scenarios/faults/half-crash.ron");
    assert_ne!(lines(&path, &run(&path, Some(2))), lines(&path, &run(&path, Some(3))));
}

/// Only the first seeds of a scenario with many: the others are checked by their expectations.
fn lines(path: &Path, executed: &Executed) -> String {
    let mut text = String::new();
    let name =
        path.strip_prefix(root()).expect("a shipped scenario is in the tree").to_string_lossy().replace('\\', "/");
    for outcome in executed.document.results.iter().filter(|outcome| outcome.seed <= SEEDS_MAX) {
        writeln!(text, "{} {name} \"{}\" seed {}", outcome.fingerprint, outcome.label, outcome.seed)
            .expect("text takes text");
    }
    text
}

fn run(path: &Path, seed: Option<u64>) -> Executed {
    let bytes = fs::read(path).expect("a shipped scenario can be read");
    let input = Input { name: path.display().to_string(), title: "golden".to_owned(), bytes };
    let folder = Folder(path.parent().expect("a file lies in a folder").to_owned());
    let choice = Choice { seeds: seed.map(|seed| vec![seed]), keep_lookups: false };
    let executed = execute(&input, &folder, &choice, &Progress::default()).expect("a shipped scenario runs");
    for expected in &executed.document.expectations {
        assert!(expected.met || seed.is_some(), "{}: {expected:?}", path.display());
    }
    executed
}

fn shipped_scenarios() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in fs::read_dir(root().join("scenarios")).expect("the scenarios are there").flatten() {
        let is_shipped = folder.path().is_dir() && NO_SCENARIOS.iter().all(|name| folder.file_name() != *name);
        let files = is_shipped.then(|| fs::read_dir(folder.path()).expect("a folder can be read"));
        found.extend(files.into_iter().flatten().flatten().map(|file| file.path()));
    }
    found.retain(|path| path.extension().is_some_and(|extension| extension == "ron"));
    found.retain(|path| match missing_data(path) {
        Some(file) => {
            eprintln!("{} was not run: {file} is no part of the repository", path.display());
            false
        }
        None => true,
    });
    found.sort();
    found
}

/// The first file that a scenario names and that does not lie beside it: measured data, which a user brings.
fn missing_data(path: &Path) -> Option<String> {
    let text = fs::read_to_string(path).expect("a shipped scenario can be read");
    let names = text.split("file: \"").skip(1).filter_map(|rest| rest.split('"').next());
    names.map(str::to_owned).find(|name| !path.with_file_name(name).exists())
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the workspace").to_owned()
}

const SEEDS_MAX: u64 = 3;
/// Folders of the crate, and of what is no scenario by itself.
const NO_SCENARIOS: [&str; 4] = ["src", "tests", "sweeps", "audits"];
