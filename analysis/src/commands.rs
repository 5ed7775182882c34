//! The verbs of the command, a file for each, and what they share: how they end, what they read, how they print.

pub(crate) mod audit;
pub(crate) mod check;
pub(crate) mod claims;
pub(crate) mod compare;
pub(crate) mod export;
pub(crate) mod list;
pub(crate) mod replay;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod sweep;
pub(crate) mod trace;

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use analysis::execute::{Failure, Input, Progress};
use analysis::results::Document;
use scenarios::diagnostic::Diagnostic;
use scenarios::files as scenario_files;
use scenarios::files::Folders;

/// Why a verb ends without success.
pub(crate) enum End {
    /// Something the user gave cannot be meant.
    Invalid(String),
    /// Something the user gave cannot be meant, at a place in a file.
    Diagnosed(Box<Diagnostic>),
    /// The machine would not.
    Failed(String),
    /// Runs are missing.
    Incomplete(String),
    /// Somebody stopped it.
    Interrupted,
    /// Somebody stopped it, and what has ended is kept.
    Paused(String),
    /// Nobody reads any more.
    Unread,
}

impl End {
    pub(crate) fn tell(self) -> ExitCode {
        let (text, code) = match self {
            Self::Invalid(text) => (format!("error: {text}"), INVALID),
            Self::Diagnosed(diagnostic) => (diagnostic.render(may_color()), INVALID),
            Self::Failed(text) => (format!("error: {text}"), INTERNAL),
            Self::Incomplete(text) => (format!("error: {text}"), INCOMPLETE),
            Self::Paused(text) => (format!("interrupted; {text}"), INTERRUPTED),
            Self::Interrupted => ("interrupted; nothing was written".to_owned(), INTERRUPTED),
            Self::Unread => return ExitCode::SUCCESS,
        };
        // If even stderr is closed, nobody is there to be told.
        let _ = writeln!(io::stderr(), "{text}");
        ExitCode::from(code)
    }
}

impl From<Failure> for End {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Invalid(diagnostic) => Self::Diagnosed(diagnostic),
            Failure::Interrupted => Self::Interrupted,
        }
    }
}

impl From<Box<Diagnostic>> for End {
    fn from(diagnostic: Box<Diagnostic>) -> Self {
        Self::Diagnosed(diagnostic)
    }
}

pub(crate) fn verdict(documents: &[Document]) -> ExitCode {
    let missed = documents.iter().flat_map(|document| &document.expectations).any(|expected| !expected.met);
    if missed { ExitCode::from(EXPECTATION_MISSED) } else { ExitCode::SUCCESS }
}

pub(crate) fn input(path: &Path) -> Result<Input, End> {
    let name = path.display().to_string();
    if name == "-" {
        let bytes = scenario_files::read_all(io::stdin().lock())
            .map_err(|error| End::Invalid(format!("standard input: {error}")))?;
        return Ok(Input { name: "standard input".to_owned(), title: "stdin".to_owned(), bytes });
    }
    let title = path.file_stem().map_or_else(|| name.clone(), |stem| stem.to_string_lossy().into_owned());
    let bytes = scenario_files::read(path).map_err(|error| unreadable(path, &error))?;
    Ok(Input { name, title, bytes })
}

/// The files that a scenario may name.
pub(crate) fn files_of(path: &Path, data: &[PathBuf]) -> Folders {
    let beside = path.parent().map_or_else(|| PathBuf::from("."), Path::to_owned);
    Folders { beside, data: data.to_vec() }
}

pub(crate) fn set_jobs(jobs: Option<usize>) -> Result<(), End> {
    let Some(jobs) = jobs else {
        return Ok(());
    };
    if jobs == 0 {
        return Err(End::Invalid("`--jobs` must be at least 1".to_owned()));
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(jobs.min(JOBS_MAX)).build_global();
    pool.map_err(|error| End::Failed(error.to_string()))
}

/// A progress that Ctrl-C stops.
pub(crate) fn stoppable() -> Result<Arc<Progress>, End> {
    let progress = Arc::new(Progress::default());
    let stopped = Arc::clone(&progress);
    ctrlc::set_handler(move || stopped.stop()).map_err(|error| End::Failed(error.to_string()))?;
    Ok(progress)
}

pub(crate) fn print(bytes: &[u8]) -> Result<(), End> {
    let mut out = io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).map_err(|error| unprinted(&error))
}

pub(crate) fn unprinted(error: &io::Error) -> End {
    if error.kind() == io::ErrorKind::BrokenPipe {
        End::Unread
    } else {
        End::Failed(format!("standard output: {error}"))
    }
}

pub(crate) fn unreadable(path: &Path, error: &io::Error) -> End {
    End::Invalid(format!("{} cannot be read: {error}", path.display()))
}

pub(crate) fn not_written(path: &Path, error: &io::Error) -> End {
    End::Invalid(format!("{} cannot be written: {error}", path.display()))
}

fn may_color() -> bool {
    io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// More threads than this are of no use on any machine, and a hundred thousand bring one down.
const JOBS_MAX: usize = 256;
const INTERNAL: u8 = 1;
const INVALID: u8 = 2;
const INCOMPLETE: u8 = 3;
const EXPECTATION_MISSED: u8 = 4;
const DIVERGED: u8 = 5;
const INTERRUPTED: u8 = 130;
