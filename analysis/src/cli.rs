//! The words of the command line.

use std::path::PathBuf;

use clap::builder::{PathBufValueParser, TypedValueParser as _};
use clap::{Args, Parser, Subcommand, ValueEnum, value_parser};
use scenarios::ast::SEEDS_MAX;
use sim::address::Address;
use sim::protocol::RequestId;
use sim::time::{SimTime, Span};
use sim::trace::Choice;

/// A deterministic discrete-event simulator for distributed hash tables.
#[derive(Debug, Parser)]
#[command(name = "dhtsim", version, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Run a scenario and print what came out.
    Run(Run),
    /// Run scenarios and print what others have published beside what is measured.
    Claims(Claims),
    /// Run a scenario in many variants, with many seeds; what is interrupted goes on where it was.
    Sweep(Sweep),
    /// Put assumptions to the test: sweeps, with a verdict by rules that were written down before.
    Audit(Audit),
    /// Print the results of a sweep as a table.
    Export(Export),
    /// Make a page of what a folder holds: verdicts, tables and pictures in one HTML file that needs nothing else.
    Report(Report),
    /// Compare two results: what changed beyond noise, and what got worse.
    Compare(Compare),
    /// Read scenarios without running them.
    Check(Check),
    /// Show protocols, figures and settings, each with its default and its source.
    List(List),
    /// Run a scenario and print what happens, as text.
    Trace(Trace),
    /// Run a saved run again and say whether it is the same.
    Replay(Replay),
    /// Print a commented scenario to begin with.
    New,
    /// Print completions for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// Where files may lie that a scenario names.
#[derive(Debug, Args)]
pub(crate) struct Data {
    /// A folder to look in for files that do not lie beside the scenario (may be given more than once).
    #[arg(long = "data", value_name = "DIR", value_parser = PathBufValueParser::new().try_map(folder))]
    pub(crate) folders: Vec<PathBuf>,
}

/// How runs are carried out.
#[derive(Debug, Args)]
pub(crate) struct Work {
    /// How many runs at once, 256 at the most; as many as there are cores if not said. Results do not depend on it.
    #[arg(long, value_name = "N")]
    pub(crate) jobs: Option<usize>,
    /// No progress on standard error.
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// The scenario, a RON file; `-` reads standard input.
    pub(crate) scenario: PathBuf,
    #[command(flatten)]
    pub(crate) data: Data,
    /// This seed instead of the scenario's.
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// So many seeds instead of the scenario's, beginning with its first.
    #[arg(long, value_name = "N", conflicts_with = "seed", value_parser = value_parser!(u64).range(1..=SEEDS_MAX))]
    pub(crate) seeds: Option<u64>,
    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
    /// Save the scenario, results, histograms and provenance in this new folder, to be replayed.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Write a report of it, with pictures, to this HTML file.
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// Write one row for each lookup to this CSV file.
    #[arg(long, value_name = "FILE")]
    pub(crate) lookups: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) work: Work,
}

#[derive(Debug, Args)]
pub(crate) struct Claims {
    /// Scenarios that hold claims; a folder stands for all in it that do; `-` reads standard input.
    #[arg(required = true)]
    pub(crate) scenarios: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) data: Data,
    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) work: Work,
}

#[derive(Debug, Args)]
pub(crate) struct Sweep {
    /// The plan of the sweep, a RON file.
    pub(crate) plan: PathBuf,
    /// The folder of the results, a new one or that of the same sweep; `out/` and the plan's name and hash if not said.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// List the runs, and run nothing.
    #[arg(long, conflicts_with_all = ["json", "out"])]
    pub(crate) dry_run: bool,
    /// Only runs for which this holds, such as "successors <= 4" or "protocol == 'Chord'" (may be given more than once).
    #[arg(long, value_name = "CONDITION")]
    pub(crate) filter: Vec<String>,
    #[command(flatten)]
    pub(crate) data: Data,
    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) work: Work,
}

#[derive(Debug, Args)]
pub(crate) struct Audit {
    /// Which: A1 to A6, or files of audits; the six if not said.
    pub(crate) audits: Vec<String>,
    /// A first look: fewer cells and fewer seeds, as each audit says.
    #[arg(long)]
    pub(crate) quick: bool,
    /// The folder of the results, a new one or that of an audit that was interrupted; `out/audit` or `out/audit-quick` if not said.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Say what would be run, and run nothing.
    #[arg(long, conflicts_with_all = ["json", "out"])]
    pub(crate) dry_run: bool,
    /// Print the file of a shipped audit, with its claim, its experiments, its margins and its rules.
    #[arg(long, conflicts_with_all = ["json", "out", "dry_run", "quick"])]
    pub(crate) print: bool,
    /// A folder with measured data; what needs data that are not there is left out, and that is said.
    #[arg(long = "data", value_name = "DIR", value_parser = PathBufValueParser::new().try_map(folder))]
    pub(crate) data: Vec<PathBuf>,
    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) work: Work,
}

#[derive(Debug, Args)]
pub(crate) struct Export {
    /// The folder of a sweep's results.
    pub(crate) folder: PathBuf,
    /// As CSV, a row for each run: parameters, protocol, seed, and every figure.
    #[arg(long, required_unless_present = "histograms")]
    pub(crate) csv: bool,
    /// As CSV, a row for each value of each histogram of a cell and protocol, its seeds merged.
    #[arg(long, conflicts_with = "csv")]
    pub(crate) histograms: bool,
    /// Into this new file instead of standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Report {
    /// The folder of audits, of a sweep, or of a run that `run --out` saved.
    pub(crate) folder: PathBuf,
    /// As Markdown, on standard output if no file is said: the same texts and tables, and of each picture what it shows.
    #[arg(long)]
    pub(crate) markdown: bool,
    /// Into this file; `report.html` in the folder if not said.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Compare {
    /// The results before: the folder of a sweep, or what `run --json` printed.
    pub(crate) before: PathBuf,
    /// The results after.
    pub(crate) after: PathBuf,
    /// Only this figure, and exit with 4 if it got worse; `NAME=higher` or `NAME=lower` where the name does not say which is
    /// better (may be given more than once).
    #[arg(long = "metric", value_name = "NAME")]
    pub(crate) metrics: Vec<String>,
    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// Scenarios; `-` reads standard input.
    #[arg(required = true)]
    pub(crate) scenarios: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) data: Data,
    /// Print the plan: a scenario in which everything is decided.
    #[arg(long)]
    pub(crate) plan: bool,
    /// The seed to decide it with.
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Print one JSON document: a list, with an entry for each scenario.
    #[arg(long, conflicts_with = "plan")]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// What to list; everything if not said.
    pub(crate) what: Option<ListWhat>,
    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListWhat {
    /// Protocols and their settings.
    Protocols,
    /// Figures that a run gives.
    Metrics,
    /// Settings of a scenario.
    Settings,
    /// What is built in by name: regions, and churn as measured.
    Presets,
}

#[derive(Debug, Args)]
pub(crate) struct Trace {
    /// The scenario, a RON file; `-` reads standard input.
    pub(crate) scenario: PathBuf,
    #[command(flatten)]
    pub(crate) data: Data,
    /// This seed instead of the scenario's.
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// The protocol, by its label; the first if not said.
    #[arg(long)]
    pub(crate) protocol: Option<String>,
    /// Only facts about this node, by its number (may be given more than once).
    #[arg(long = "node", value_name = "N", value_parser = node)]
    pub(crate) nodes: Vec<Address>,
    /// Only facts of this kind: sent, delivered, dropped, fired, asked, reported, started, stopped, paused, resumed, world, or
    /// a kind of message (may be given more than once).
    #[arg(long = "kind", value_name = "KIND")]
    pub(crate) kinds: Vec<String>,
    /// Only facts caused by this request, by its number (may be given more than once).
    #[arg(long = "request", value_name = "N")]
    pub(crate) requests: Vec<u32>,
    /// Only facts from this instant on, such as 12.5s.
    #[arg(long, value_parser = instant)]
    pub(crate) from: Option<SimTime>,
    /// Only facts before this instant.
    #[arg(long, value_parser = instant)]
    pub(crate) until: Option<SimTime>,
}

impl Trace {
    pub(crate) fn choice(&self) -> Choice {
        Choice {
            nodes: self.nodes.clone(),
            kinds: self.kinds.clone(),
            requests: self.requests.iter().copied().map(RequestId).collect(),
            from: self.from.unwrap_or(SimTime::ZERO),
            until: self.until.unwrap_or(SimTime::MAX),
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// The folder that `run --out` made.
    pub(crate) folder: PathBuf,
    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

fn folder(path: PathBuf) -> Result<PathBuf, String> {
    if path.is_dir() { Ok(path) } else { Err("there is no folder of that name".to_owned()) }
}

fn node(text: &str) -> Result<Address, String> {
    let number = text.strip_prefix('n').unwrap_or(text);
    number.parse().map(Address).map_err(|_| "a node is a number such as 3 or n3".to_owned())
}

fn instant(text: &str) -> Result<SimTime, String> {
    let span: Span = protocols::duration::Duration::parse(text)?.0;
    Ok(SimTime::ZERO + span)
}

const EXIT_CODES: &str = "Exit codes: 0 ok; 1 internal; 2 usage or invalid file; 3 runs of a sweep are missing; 4 an \
expectation of the scenario was missed, or a figure got worse; 5 a replay diverged; 130 interrupted.

`dhtsim new` prints a scenario to begin with.";
