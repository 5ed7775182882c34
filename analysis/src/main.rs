//! The `dhtsim` command: it reads, calls the library, and prints. Results go to stdout, progress and errors to stderr.

mod cli;
mod progress;

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use analysis::claims::ClaimsDocument;
use analysis::execute::{self, Choice, Failure, Input, Progress, execute, seeds_from_first};
use analysis::export::{self, LOOKUPS_HEADER, Remembering};
use analysis::listing::{self, Listing};
use analysis::results::Document;
use analysis::{STARTER, files, replay, table};
use clap::{CommandFactory, Parser};
use cli::{Cli, ListWhat, Verb};
use protocols::dht::Dht;
use protocols::{Entry, Visitor};
use scenarios::ast::Scenario;
use scenarios::diagnostic::Diagnostic;
use scenarios::files::Folders;
use scenarios::oracle::Judged;
use scenarios::plan::Plan;
use scenarios::run::{Interrupted, Observer, run};
use scenarios::{files as scenario_files, read};
use serde::Serialize;
use sim::record::{Fact, Recorder};
use sim::time::SimTime;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let ended = match cli.verb {
        Verb::Run(words) => run_verb(&words),
        Verb::Claims(words) => claims_verb(&words),
        Verb::Check(words) => check_verb(&words),
        Verb::List(words) => list_verb(&words),
        Verb::Trace(words) => trace_verb(&words),
        Verb::Replay(words) => replay_verb(&words),
        Verb::New => print(STARTER.as_bytes()).map(|()| ExitCode::SUCCESS),
        Verb::Completions { shell } => completions(shell),
    };
    ended.unwrap_or_else(End::tell)
}

/// Why a verb ends without success.
enum End {
    /// Something the user gave cannot be meant.
    Invalid(String),
    /// Something the user gave cannot be meant, at a place in a file.
    Diagnosed(Box<Diagnostic>),
    /// The machine would not.
    Failed(String),
    /// Somebody stopped it.
    Interrupted,
    /// Nobody reads any more.
    Unread,
}

impl End {
    fn tell(self) -> ExitCode {
        let (text, code) = match self {
            Self::Invalid(text) => (format!("error: {text}"), INVALID),
            Self::Diagnosed(diagnostic) => (diagnostic.render(may_color()), INVALID),
            Self::Failed(text) => (format!("error: {text}"), INTERNAL),
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

fn run_verb(words: &cli::Run) -> Result<ExitCode, End> {
    let input = input(&words.scenario)?;
    set_jobs(words.jobs)?;
    let files = Remembering::new(files_of(&words.scenario, &words.data));
    let choice = Choice { seeds: seeds(words, &input)?, keep_lookups: words.lookups.is_some() };
    check_targets(words)?;
    let progress = stoppable()?;
    let executed = progress::shown(!words.quiet, &progress, || execute(&input, &files, &choice, &progress))?;
    if let Some(path) = &words.lookups {
        let csv = export::lookups_csv(&executed);
        files::write(path, &csv, is_ours).map_err(|error| not_written(path, &error))?;
    }
    if let Some(path) = &words.out {
        let saved = export::folder(&input, &executed, files.into_read());
        files::write_folder(path, &saved).map_err(|error| not_written(path, &error))?;
    }
    if words.json {
        print(&export::json(&executed.document))?;
    } else {
        print(table::page(&executed).as_bytes())?;
    }
    Ok(verdict(&[executed.document]))
}

/// The seeds that are asked for instead of the scenario's.
fn seeds(words: &cli::Run, input: &Input) -> Result<Option<Vec<u64>>, Failure> {
    let one = words.seed.map(|seed| vec![seed]);
    words.seeds.map_or(Ok(one), |count| seeds_from_first(input, count).map(Some))
}

/// Whether everything can be written, before the work begins.
fn check_targets(words: &cli::Run) -> Result<(), End> {
    if let Some(path) = &words.lookups {
        files::check(path, is_ours).map_err(|error| not_written(path, &error))?;
    }
    if let Some(path) = &words.out {
        files::check_folder(path).map_err(|error| not_written(path, &error))?;
    }
    Ok(())
}

/// Whether a CSV was written by this command.
fn is_ours(beginning: &[u8]) -> bool {
    beginning.starts_with(LOOKUPS_HEADER.as_bytes()) || beginning.is_empty()
}

fn verdict(documents: &[Document]) -> ExitCode {
    let missed = documents.iter().flat_map(|document| &document.expectations).any(|expected| !expected.met);
    if missed { ExitCode::from(EXPECTATION_MISSED) } else { ExitCode::SUCCESS }
}

fn claims_verb(words: &cli::Claims) -> Result<ExitCode, End> {
    set_jobs(words.jobs)?;
    let scenarios = with_claims(&words.scenarios)?;
    let progress = stoppable()?;
    let run = |(path, input): &(PathBuf, Input)| {
        execute(input, &files_of(path, &words.data), &Choice::default(), &progress).map(|executed| executed.document)
    };
    let all = || scenarios.iter().map(run).collect::<Result<Vec<Document>, Failure>>();
    let documents = progress::shown(!words.quiet, &progress, all)?;
    if words.json {
        print(&export::json(&ClaimsDocument::of(&documents)))?;
    } else {
        print(table::claims_page(&documents).as_bytes())?;
    }
    Ok(verdict(&documents))
}

/// The scenarios that hold claims, of these files and of all in these folders.
fn with_claims(paths: &[PathBuf]) -> Result<Vec<(PathBuf, Input)>, End> {
    let mut found = Vec::new();
    for path in paths {
        let is_folder = path.is_dir();
        let inside = if is_folder { scenario_files::of_folder(path, "ron") } else { Ok(vec![path.clone()]) };
        for path in inside.map_err(|error| unreadable(path, &error))? {
            let input = input(&path)?;
            let scenario = read::scenario(&input.name, &input.bytes)?;
            execute::check(&input, &scenario)?;
            if !scenario.claims.is_empty() {
                found.push((path, input));
            } else if !is_folder {
                // If stderr is closed, nobody is there to be told.
                let _ = writeln!(io::stderr(), "{} holds no claims, and is not run", input.name);
            }
        }
    }
    if found.is_empty() {
        return Err(End::Invalid(format!(
            "no scenario here holds claims (folders in folders are not searched)\n  = help: {CLAIM_EXAMPLE}"
        )));
    }
    Ok(found)
}

fn check_verb(words: &cli::Check) -> Result<ExitCode, End> {
    if words.plan && words.scenarios.len() > 1 {
        return Err(End::Invalid("`--plan` prints one scenario, so give it one".to_owned()));
    }
    let mut checked = Vec::new();
    for path in &words.scenarios {
        let input = input(path)?;
        let (scenario, plan) = read::plan(&input.name, &input.bytes, words.seed, &files_of(path, &words.data))?;
        execute::check(&input, &scenario)?;
        if words.plan {
            if plan.lines().nth(LINES_MAX).is_some() {
                return Err(End::Invalid(format!("the plan of {} has more than {LINES_MAX} lines", input.name)));
            }
            print(read::write(&plan.to_scenario(&scenario)).as_bytes())?;
        } else if words.json {
            checked.push(Checked::of(&input, &scenario, &plan));
        } else {
            let checked = Checked::of(&input, &scenario, &plan);
            let Checked { scenario, protocols, runs, nodes, skipped_sessions, .. } = checked;
            let skipped = match skipped_sessions {
                0 => String::new(),
                count => format!(", {count} sessions of no length skipped"),
            };
            let text = format!("{scenario}: ok, {nodes} nodes, {runs} runs ({}){skipped}\n", protocols.join(", "));
            print(text.as_bytes())?;
        }
    }
    if words.json {
        print(&export::json(&checked))?;
    }
    Ok(ExitCode::SUCCESS)
}

#[derive(Serialize)]
struct Checked {
    scenario: String,
    valid: bool,
    protocols: Vec<String>,
    runs: usize,
    nodes: usize,
    skipped_sessions: u64,
}

impl Checked {
    fn of(input: &Input, scenario: &Scenario, plan: &Plan) -> Self {
        let protocols: Vec<String> = scenario.protocols.0.iter().map(|(label, _)| label.clone()).collect();
        Self {
            scenario: scenario.name.clone().unwrap_or_else(|| input.title.clone()),
            valid: true,
            runs: protocols.len() * scenario.seeds().len(),
            nodes: plan.nodes(),
            skipped_sessions: plan.skipped_sessions,
            protocols,
        }
    }
}

fn list_verb(words: &cli::List) -> Result<ExitCode, End> {
    let wants = |what| words.what.is_none_or(|wanted| wanted == what);
    let listing = Listing {
        protocols: wants(ListWhat::Protocols).then(listing::protocols),
        metrics: wants(ListWhat::Metrics).then(listing::metrics),
        settings: wants(ListWhat::Settings).then(listing::settings),
        presets: wants(ListWhat::Presets).then(listing::presets),
    };
    let text = if words.json { export::json(&listing) } else { listing::page(&listing).into_bytes() };
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn trace_verb(words: &cli::Trace) -> Result<ExitCode, End> {
    let input = input(&words.scenario)?;
    let files = files_of(&words.scenario, &words.data);
    let (scenario, plan) = read::plan(&input.name, &input.bytes, words.seed, &files)?;
    let entry = chosen(&scenario, words.protocol.as_deref())?;
    let progress = stoppable()?;
    let out = io::BufWriter::new(io::stdout().lock());
    let tracing = Tracing { plan: &plan, trace: sim::trace::Trace::new(out, words.choice()), progress: &progress };
    match entry.visit(tracing) {
        Err(Interrupted) => Err(End::Interrupted),
        Ok(Err(error)) => Err(unprinted(&error)),
        Ok(Ok(lines)) => {
            if lines == 0 {
                // If stderr is closed, nobody is there to be told.
                let _ = writeln!(io::stderr(), "no fact is wanted by these filters");
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn chosen<'a>(scenario: &'a Scenario, label: Option<&str>) -> Result<&'a Entry, End> {
    let mut protocols = scenario.protocols.0.iter();
    let found = protocols.find(|(other, _)| label.is_none_or(|label| label == other));
    found.map(|(_, entry)| entry).ok_or_else(|| {
        let labels: Vec<&str> = scenario.protocols.0.iter().map(|(label, _)| label.as_str()).collect();
        End::Invalid(format!("no protocol has the label \"{}\"; there are {}", label.unwrap_or(""), labels.join(", ")))
    })
}

type Out = io::BufWriter<io::StdoutLock<'static>>;

/// Runs a plan with whatever protocol it is given, and prints its facts.
struct Tracing<'a> {
    plan: &'a Plan,
    trace: sim::trace::Trace<Out>,
    progress: &'a Progress,
}

impl Visitor for Tracing<'_> {
    type Output = Result<io::Result<u64>, Interrupted>;

    fn visit<P: Dht>(self, settings: &P::Settings) -> Self::Output {
        let Self { plan, trace, progress } = self;
        let finished = run::<P, Facts>(plan, settings, Facts(trace), &mut |_| progress.control())?;
        let trace = finished.observer.0;
        let lines = trace.lines();
        Ok(trace.finish().map(|_| lines))
    }
}

struct Facts(sim::trace::Trace<Out>);

impl<P: Dht> Recorder<P> for Facts {
    fn record(&mut self, now: SimTime, fact: &Fact<'_, P>) {
        self.0.record(now, fact);
    }
}

impl<P: Dht> Observer<P> for Facts {
    fn judged(&mut self, _: &Judged) {}
}

fn replay_verb(words: &cli::Replay) -> Result<ExitCode, End> {
    let shown = words.folder.display();
    let saved = replay::open(&words.folder).map_err(|error| {
        End::Invalid(format!(
            "{shown} is no saved run: {error}\n  = help: `dhtsim run SCENARIO --out {shown}` makes one"
        ))
    })?;
    let progress = stoppable()?;
    let comparisons = progress::shown(true, &progress, || replay::replay(&saved, &progress))?;
    let differs = comparisons.iter().any(|comparison| comparison.difference.is_some());
    if words.json {
        print(&export::json(&comparisons))?;
    } else {
        for comparison in &comparisons {
            print(format!("{comparison}\n").as_bytes())?;
        }
    }
    let (then, now) = (&saved.provenance.version, env!("CARGO_PKG_VERSION"));
    if differs && then != now {
        // If even stderr is closed, nobody is there to be told.
        let _ = writeln!(io::stderr(), "it was saved by version {then}; this is {now}, which may run otherwise");
    }
    Ok(if differs { ExitCode::from(DIVERGED) } else { ExitCode::SUCCESS })
}

fn completions(shell: clap_complete::Shell) -> Result<ExitCode, End> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "dhtsim", &mut script);
    print(&script)?;
    Ok(ExitCode::SUCCESS)
}

fn input(path: &Path) -> Result<Input, End> {
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
fn files_of(path: &Path, data: &[PathBuf]) -> Folders {
    let beside = path.parent().map_or_else(|| PathBuf::from("."), Path::to_owned);
    Folders { beside, data: data.to_vec() }
}

fn set_jobs(jobs: Option<usize>) -> Result<(), End> {
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
fn stoppable() -> Result<Arc<Progress>, End> {
    let progress = Arc::new(Progress::default());
    let stopped = Arc::clone(&progress);
    ctrlc::set_handler(move || stopped.stop()).map_err(|error| End::Failed(error.to_string()))?;
    Ok(progress)
}

fn print(bytes: &[u8]) -> Result<(), End> {
    let mut out = io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).map_err(|error| unprinted(&error))
}

fn unprinted(error: &io::Error) -> End {
    if error.kind() == io::ErrorKind::BrokenPipe {
        End::Unread
    } else {
        End::Failed(format!("standard output: {error}"))
    }
}

fn unreadable(path: &Path, error: &io::Error) -> End {
    End::Invalid(format!("{} cannot be read: {error}", path.display()))
}

fn not_written(path: &Path, error: &io::Error) -> End {
    End::Invalid(format!("{} cannot be written: {error}", path.display()))
}

fn may_color() -> bool {
    io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

const CLAIM_EXAMPLE: &str = "write `claims: [(about: \"mean hops\", says: \"1.90\", metric: \"lookups.hops.mean\", because: \"…\")]` in a scenario";
/// A longer plan would take all memory when printed.
const LINES_MAX: usize = 1_000_000;
/// More threads than this are of no use on any machine, and a hundred thousand bring one down.
const JOBS_MAX: usize = 256;
const INTERNAL: u8 = 1;
const INVALID: u8 = 2;
const EXPECTATION_MISSED: u8 = 4;
const DIVERGED: u8 = 5;
const INTERRUPTED: u8 = 130;
