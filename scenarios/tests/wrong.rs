//! Wrong scenario files, each with the exact message it gets. `DHTSIM_APPROVE=1` writes the messages anew, to be read in the diff.

use std::fs;
use std::path::{Path, PathBuf};

use scenarios::files::Folder;
use scenarios::read;

#[test]
fn every_wrong_file_gets_its_message() {
    let differences: Vec<String> = cases().iter().filter_map(|(name, bytes)| difference(name, bytes)).collect();
    assert!(differences.is_empty(), "DHTSIM_APPROVE=1 would write these anew:\n\n{}", differences.join("\n\n"));
}

#[test]
fn no_message_stands_without_its_file() {
    let cases: Vec<String> = cases().into_iter().map(|(name, _)| name).collect();
    for golden in with_extension("txt") {
        assert!(cases.contains(&stem(&golden)), "{} is left over", golden.display());
    }
}

/// The files of the folder, and those that are no text to keep in one.
fn cases() -> Vec<(String, Vec<u8>)> {
    let read = |path: &PathBuf| (stem(path), fs::read(path).expect("a file of the corpus can be read"));
    let mut cases: Vec<(String, Vec<u8>)> = with_extension("ron").iter().map(read).collect();
    let made: [(&str, Vec<u8>); 10] = [
        ("made_empty", vec![]),
        ("made_blank", b" \n\t\r\n".to_vec()),
        ("made_binary", (0..=255).collect()),
        ("made_zeros", vec![0; 1000]),
        ("made_10_000_brackets", vec![b'('; 10_000]),
        ("made_10_000_brackets_in_script", deep()),
        ("made_utf_16", "(protocols: [])".encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("made_byte_order_mark", "\u{feff}(id_bits: 0, protocols: [Chord()], script: [], end: \"1s\")".into()),
        ("made_no_break_space", "(\n    protocols:\u{a0}[Chord()],\n)".into()),
        ("made_control_characters", "(\n    protocols: [Chord(\u{1b}[31m)],\n)".into()),
    ];
    cases.extend(made.map(|(name, bytes)| (name.to_owned(), bytes)));
    cases
}

fn deep() -> Vec<u8> {
    let brackets = "[".repeat(10_000);
    format!("(\n    protocols: [Chord()],\n    script: {brackets}").into_bytes()
}

/// What is wrong with the message to a case; none if it is the golden one, or has become it.
fn difference(name: &str, bytes: &[u8]) -> Option<String> {
    let said = match read::plan(&format!("{name}.ron"), bytes, None, &Folder(folder())) {
        Ok(_) => return Some(format!("{name} is not wrong at all")),
        Err(diagnostic) => format!("{diagnostic}\n"),
    };
    let golden = folder().join(format!("{name}.txt"));
    if std::env::var_os("DHTSIM_APPROVE").is_some_and(|value| value == "1") {
        fs::write(&golden, &said).expect("a golden file can be written");
    }
    let wanted = fs::read_to_string(&golden).unwrap_or_default();
    (said != wanted).then(|| format!("{name} should say\n{wanted}and says\n{said}"))
}

fn with_extension(extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder()).expect("the corpus is there");
    let paths = entries.map(|entry| entry.expect("the corpus can be listed").path());
    let mut found: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|other| other == extension)).collect();
    found.sort();
    found
}

fn stem(path: &Path) -> String {
    path.file_stem().expect("every file of the corpus has a name").to_string_lossy().into_owned()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wrong")
}
