//! What several tests need: the shipped scenarios, and a file that is no file.
#![allow(dead_code, reason = "every test takes what it needs")]

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use scenarios::files::{Files, Folder};

/// Whatever file is asked for, it holds this text.
pub(crate) struct FileOf(pub(crate) &'static str);

impl Files for FileOf {
    fn read(&self, _: &str) -> io::Result<Vec<u8>> {
        Ok(self.0.as_bytes().to_vec())
    }
}

/// Every scenario that is shipped: its name, its text, and its folder.
pub(crate) fn shipped() -> Vec<(String, String, Folder)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    // Plans of sweeps are no scenarios.
    let others = ["tests", "sweeps", "audits"];
    let is_shipped = |path: &PathBuf| path.is_dir() && others.iter().all(|other| !path.ends_with(other));
    for folder in entries(root).into_iter().filter(is_shipped) {
        for path in entries(&folder).into_iter().filter(|path| path.extension().is_some_and(|other| other == "ron")) {
            let name = path.strip_prefix(root).expect("below the root").display().to_string();
            let text = fs::read_to_string(&path).expect("a shipped scenario can be read");
            found.push((name, text, Folder(folder.clone())));
        }
    }
    assert!(found.len() > 5, "there are scenarios beside the tests");
    found
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder is there");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("the folder can be listed").path()).collect();
    paths.sort();
    paths
}
