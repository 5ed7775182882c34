//! The folder of a sweep's results. Whenever it is stopped, by whatever, what was finished is there, and nothing counts that is
//! written by half.
//!
//! | file | |
//! |---|---|
//! | `sweep.json` | the header; it and the next are there before any run |
//! | `plan.ron`, `base.ron`, `inputs/` | what was swept |
//! | `results.part` | finished runs in order of their number, as far as none is missing; only ever appended to |
//! | `journal` | finished runs that others must come before; taken away with the last |
//! | `results.jsonl` | all runs: `results.part`, renamed when nothing is missing any more |
//! | `lock` | held by whoever writes |
//!
//! A line counts only with its line break, and if it reads. Files are synced before what makes up for them is taken away.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use fs4::{FileExt, TryLockError};

use super::record::Header;
use crate::{export, files};

/// The results of a sweep, open to be added to.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    results: Appended,
    journal: Appended,
    unsynced: usize,
    /// It is released when the file is closed, by whatever.
    _lock: File,
}

/// Why a folder is no place for a sweep's results.
#[derive(Debug)]
pub enum Refused {
    /// It is not what was asked for.
    Unfit(String),
    /// The disk would not.
    Disk(PathBuf, io::Error),
}

/// A file that grows by whole lines.
#[derive(Debug)]
struct Appended {
    file: File,
    length: u64,
}

impl Appended {
    fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().append(true).create(true).open(path)?;
        let length = file.metadata()?.len();
        Ok(Self { file, length })
    }

    /// Adds lines, or leaves the file as it was.
    fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        let written = self.file.write_all(lines);
        match written {
            Ok(()) => self.length += lines.len() as u64,
            // If even that fails, the torn line is found when the file is read.
            Err(_) => drop(self.file.set_len(self.length)),
        }
        written
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.file.set_len(length)?;
        self.length = length;
        Ok(())
    }
}

impl Store {
    /// Opens a folder for the results of this sweep: a new one, or one in which it was begun. None if all results are there.
    pub fn open(folder: &Path, header: &Header, sources: &[(String, Vec<u8>)]) -> Result<Option<Self>, Refused> {
        let disk = |error: io::Error| Refused::Disk(folder.to_owned(), error);
        if !folder.join(HEADER).exists() {
            if is_foreign(folder).map_err(disk)? {
                return Err(Refused::Unfit(format!("{} is there already, and no folder of a sweep", folder.display())));
            }
            let header = (HEADER.to_owned(), export::json(header));
            let all: Vec<(String, Vec<u8>)> = sources.iter().cloned().chain([header]).collect();
            files::write_folder(folder, &all).map_err(disk)?;
        }
        check_header(folder, header)?;
        if folder.join(RESULTS).exists() {
            return Ok(None);
        }
        let lock = lock(folder)?;
        if folder.join(RESULTS).exists() {
            return Ok(None);
        }
        let results = Appended::open(&folder.join(PART)).map_err(disk)?;
        let journal = Appended::open(&folder.join(JOURNAL)).map_err(disk)?;
        Ok(Some(Self { folder: folder.to_owned(), results, journal, unsynced: 0, _lock: lock }))
    }

    /// Where the results lie.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Shows each line of the results to `take`, for as long as it takes them; from the first that it does not, or that is torn, they
    /// are cut off.
    pub(super) fn recover_results(&mut self, take: impl FnMut(&str) -> bool) -> io::Result<()> {
        let length = whole_lines(&self.folder.join(PART), take)?;
        self.results.cut(length)
    }

    /// The same for the journal.
    pub(super) fn recover_journal(&mut self, take: impl FnMut(&str) -> bool) -> io::Result<()> {
        let length = whole_lines(&self.folder.join(JOURNAL), take)?;
        self.journal.cut(length)
    }

    /// Adds lines to the results.
    pub(super) fn append(&mut self, lines: &str) -> io::Result<()> {
        self.results.append(lines.as_bytes())?;
        self.unsynced += lines.len();
        if self.unsynced > SYNCED_EVERY {
            self.results.file.sync_data()?;
            self.unsynced = 0;
        }
        Ok(())
    }

    /// Keeps a line that others must come before.
    pub(super) fn keep(&mut self, line: &str) -> io::Result<()> {
        self.journal.append(line.as_bytes())
    }

    /// Forgets what was kept, but for these lines: the others stand in the results.
    pub(super) fn forget<'a>(&mut self, still_kept: impl Iterator<Item = &'a str> + Clone) -> io::Result<()> {
        let bytes: usize = still_kept.clone().map(str::len).sum();
        if self.journal.length <= 4 * bytes as u64 + JOURNAL_SLACK {
            return Ok(());
        }
        self.results.file.sync_data()?;
        if bytes == 0 {
            return self.journal.cut(0);
        }
        let path = self.folder.join(JOURNAL);
        files::write(&path, still_kept.collect::<String>().as_bytes(), |_| true)?;
        self.journal = Appended::open(&path)?;
        Ok(())
    }

    /// All runs are there.
    pub(super) fn complete(self) -> io::Result<()> {
        self.results.file.sync_all()?;
        fs::rename(self.folder.join(PART), self.folder.join(RESULTS))?;
        self.sync_folder();
        // What cannot be taken away does no harm.
        drop(fs::remove_file(self.folder.join(JOURNAL)));
        Ok(())
    }

    fn sync_folder(&self) {
        // Not every system syncs folders; the rename is then as durable as it can be.
        drop(File::open(&self.folder).and_then(|folder| folder.sync_all()));
    }
}

/// The file of all results of a folder, or of the results as far as they go.
pub(super) fn results_of(folder: &Path) -> (PathBuf, bool) {
    let all = folder.join(RESULTS);
    let is_complete = all.exists();
    (if is_complete { all } else { folder.join(PART) }, is_complete)
}

/// The header of a folder.
pub(super) fn header_of(folder: &Path) -> Result<Header, String> {
    let path = folder.join(HEADER);
    let bytes = fs::read(&path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    serde_json::from_slice(&bytes).map_err(|error| format!("{} is no header of a sweep: {error}", path.display()))
}

fn is_foreign(folder: &Path) -> io::Result<bool> {
    Ok(folder.exists() && (!folder.is_dir() || fs::read_dir(folder)?.next().is_some()))
}

fn lock(folder: &Path) -> Result<File, Refused> {
    let path = folder.join(LOCK);
    let file = OpenOptions::new().append(true).create(true).open(&path);
    let file = file.map_err(|error| Refused::Disk(path.clone(), error))?;
    match FileExt::try_lock(&file) {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(Refused::Unfit(format!("another sweep writes to {} right now", folder.display())))
        }
        Err(TryLockError::Error(error)) => Err(Refused::Disk(path, error)),
    }
}

/// The same sweep may go on; another one, or one of another version, may not.
fn check_header(folder: &Path, wanted: &Header) -> Result<(), Refused> {
    let found = header_of(folder).map_err(Refused::Unfit)?;
    let shown = folder.display();
    let why = if found.version != wanted.version {
        format!("version {} of dhtsim, and this is {}", found.version, wanted.version)
    } else if found.hash != wanted.hash {
        "another plan, or with another base".to_owned()
    } else if found.filter != wanted.filter {
        let filter = if found.filter.is_empty() { "no filter".to_owned() } else { found.filter.join(", ") };
        format!("another filter ({filter})")
    } else if found != *wanted {
        "another sweep".to_owned()
    } else {
        return Ok(());
    };
    Err(Refused::Unfit(format!(
        "the sweep in {shown} was begun with {why}\n  = help: give this one another folder, `--out DIR`"
    )))
}

/// Shows each whole line to `take`, for as long as it takes them; how many bytes those lines have.
fn whole_lines(path: &Path, mut take: impl FnMut(&str) -> bool) -> io::Result<u64> {
    let mut reader = BufReader::new(File::open(path)?);
    let (mut length, mut line) = (0, Vec::new());
    loop {
        line.clear();
        reader.read_until(b'\n', &mut line)?;
        let text = line.strip_suffix(b"\n").and_then(|text| std::str::from_utf8(text).ok());
        match text {
            Some(text) if take(text) => length += line.len() as u64,
            _ => return Ok(length),
        }
    }
}

/// The file of results, in a folder of a sweep.
pub const RESULTS: &str = "results.jsonl";
/// The header.
pub const HEADER: &str = "sweep.json";
const PART: &str = "results.part";
const JOURNAL: &str = "journal";
const LOCK: &str = "lock";
/// What a loss of power may take: so many bytes of the newest lines.
const SYNCED_EVERY: usize = 1 << 20;
/// A journal may hold so much that stands in the results already, before it is written anew.
const JOURNAL_SLACK: u64 = 4 << 20;
