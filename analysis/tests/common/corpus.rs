//! A folder of wrong files, each with the exact message it gets. `DHTSIM_APPROVE=1` writes the messages anew, to be read in the
//! diff.

use std::fs;
use std::path::{Path, PathBuf};

use analysis::execute::{Failure, Input, Progress};
use scenarios::files::Folders;

/// Wrong files, in a folder of the tests.
pub(crate) struct Corpus(pub(crate) &'static str);

impl Corpus {
    /// Reads every file, and holds what is said against its golden message.
    pub(crate) fn assert_messages<T>(&self, read: impl Fn(&Input, &Folders, &Progress) -> Result<T, Failure>) {
        let differences: Vec<String> =
            self.with_extension("ron").iter().filter_map(|path| self.difference(path, &read)).collect();
        assert!(differences.is_empty(), "DHTSIM_APPROVE=1 would write these anew:\n\n{}", differences.join("\n\n"));
    }

    /// No message stands without its file.
    pub(crate) fn assert_nothing_left_over(&self) {
        for golden in self.with_extension("txt") {
            assert!(golden.with_extension("ron").exists(), "{} is left over", golden.display());
        }
    }

    /// What is wrong with the message to a file; none if it is the golden one, or has become it.
    fn difference<T>(
        &self,
        path: &Path,
        read: &impl Fn(&Input, &Folders, &Progress) -> Result<T, Failure>,
    ) -> Option<String> {
        let name = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
        let bytes = fs::read(path).expect("a file of the corpus can be read");
        let input = Input { name: name.clone(), title: "wrong".to_owned(), bytes };
        let said = match read(&input, &Folders { beside: self.folder(), data: vec![] }, &Progress::default()) {
            Ok(_) => return Some(format!("{name} is not wrong at all")),
            Err(Failure::Interrupted) => return Some(format!("{name}: nobody interrupts")),
            // What is named from this folder has its own place before it, which is the machine's.
            Err(Failure::Invalid(diagnostic)) => {
                format!("{diagnostic}\n").replace(&format!("{}/", self.folder().display()), "")
            }
        };
        let golden = path.with_extension("txt");
        if std::env::var_os("DHTSIM_APPROVE").is_some_and(|value| value == "1") {
            fs::write(&golden, &said).expect("a golden file can be written");
        }
        let wanted = fs::read_to_string(&golden).unwrap_or_default();
        (said != wanted).then(|| format!("{name} should say\n{wanted}and says\n{said}"))
    }

    fn with_extension(&self, extension: &str) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.folder()).expect("the corpus is there");
        let paths = entries.map(|entry| entry.expect("the corpus can be listed").path());
        let mut found: Vec<PathBuf> =
            paths.filter(|path| path.extension().is_some_and(|other| other == extension)).collect();
        found.sort();
        assert!(!found.is_empty(), "an empty corpus proves nothing");
        found
    }

    fn folder(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(self.0)
    }
}
