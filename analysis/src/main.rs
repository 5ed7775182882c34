//! The `dhtsim` command: it reads, calls the library, and prints. Results go to stdout, progress and errors to stderr.

mod cli;
mod commands;
mod progress;

use std::process::ExitCode;

use analysis::STARTER;
use clap::{CommandFactory, Parser};
use cli::{Cli, Verb};
use commands::{End, print};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let ended = match cli.verb {
        Verb::Run(words) => commands::run::verb(&words),
        Verb::Claims(words) => commands::claims::verb(&words),
        Verb::Sweep(words) => commands::sweep::verb(&words),
        Verb::Audit(words) => commands::audit::verb(&words),
        Verb::Export(words) => commands::export::verb(&words),
        Verb::Report(words) => commands::report::verb(&words),
        Verb::Compare(words) => commands::compare::verb(&words),
        Verb::Check(words) => commands::check::verb(&words),
        Verb::List(words) => commands::list::verb(&words),
        Verb::Trace(words) => commands::trace::verb(&words),
        Verb::Replay(words) => commands::replay::verb(&words),
        Verb::New => print(STARTER.as_bytes()).map(|()| ExitCode::SUCCESS),
        Verb::Completions { shell } => completions(shell),
    };
    ended.unwrap_or_else(End::tell)
}

fn completions(shell: clap_complete::Shell) -> Result<ExitCode, End> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "dhtsim", &mut script);
    print(&script)?;
    Ok(ExitCode::SUCCESS)
}
