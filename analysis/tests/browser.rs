//! The report in a real browser: light, dark, narrow and printed. Skipped with a line where there is no Chromium.

#[path = "common/audit_folder.rs"]
mod audit_folder;
#[path = "common/command.rs"]
mod command;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use audit_folder::Folder;
use command::dhtsim;
use tempfile::TempDir;

#[test]
fn a_browser_shows_the_verdicts_and_paints_the_page_in_both_schemes_and_on_a_telephone() {
    let Some(browser) = Browser::found() else {
        println!("skipped: no Chromium here");
        return;
    };
    let folder = Folder::new();
    assert_eq!(dhtsim(&["report", &folder.all()]).code, 0);
    let page = folder.path("all/report.html");
    let shown = browser.run(&page, &["--dump-dom"]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    for text in
        ["✗ fails", "quick is the best in calm, and when half crash.", "✓ 81.5 ± 1.5", "</svg>", "How to read it"]
    {
        assert!(shown.contains(text), "{text} is not shown");
    }
    let light = browser.painted(&page, "light.png", &["--window-size=1000,1400"]);
    let dark =
        browser.painted(&page, "dark.png", &["--window-size=1000,1400", "--blink-settings=preferredColorScheme=0"]);
    let narrow = browser.painted(&page, "narrow.png", &["--window-size=500,1400"]);
    let blank = folder.path("blank.html");
    fs::write(&blank, "<!DOCTYPE html><title>blank</title>").expect("a temporary file");
    let blank = browser.painted(&blank, "blank.png", &["--window-size=1000,1400"]);
    assert!(blank.len() < PAINTED_MIN, "a blank page is told from one with text and curves: {} bytes", blank.len());
    for (name, picture) in [("light", &light), ("dark", &dark), ("narrow", &narrow)] {
        assert!(picture.len() > PAINTED_MIN, "{name}: {} bytes are a blank page", picture.len());
    }
    assert!(light != dark, "the scheme is obeyed");
    let printed = browser.printed(&page);
    assert!(printed.starts_with(b"%PDF") && printed.len() > PAINTED_MIN, "{} bytes", printed.len());
}

/// A headless browser with a profile of its own.
struct Browser {
    program: PathBuf,
    profile: TempDir,
}

impl Browser {
    fn found() -> Option<Self> {
        let path = std::env::var_os("PATH")?;
        let places: Vec<PathBuf> = std::env::split_paths(&path).collect();
        let find = |name: &&str| places.iter().map(|place| place.join(name)).find(|program| program.is_file());
        let program = ["chromium", "chromium-browser", "google-chrome"].iter().find_map(find)?;
        Some(Self { program, profile: TempDir::new().expect("a temporary folder") })
    }

    fn run(&self, page: &Path, words: &[&str]) -> Output {
        let profile = format!("--user-data-dir={}", self.profile.path().join("profile").display());
        let output = Command::new(&self.program)
            .args(QUIET)
            .arg(profile)
            .args(words)
            .arg(format!("file://{}", page.display()))
            .output();
        let output = output.expect("the browser runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output
    }

    fn painted(&self, page: &Path, name: &str, words: &[&str]) -> Vec<u8> {
        let target = self.profile.path().join(name);
        let shot = format!("--screenshot={}", target.display());
        self.run(page, &[&[shot.as_str()], words].concat());
        let picture = fs::read(&target).expect("the browser has painted");
        assert!(picture.starts_with(b"\x89PNG"), "{name} is a picture");
        picture
    }

    fn printed(&self, page: &Path) -> Vec<u8> {
        let target = self.profile.path().join("page.pdf");
        self.run(page, &[&format!("--print-to-pdf={}", target.display())]);
        fs::read(&target).expect("the browser has printed")
    }
}

/// One colour packs to a few kilobytes, text and curves to many.
const PAINTED_MIN: usize = 25_000;
/// Nothing is fetched, no first steps are offered, and containers are fine.
const QUIET: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
];
