//! `dhtsim check`: scenarios are read, and not run.

use std::process::ExitCode;

use analysis::execute::{self, Input};
use analysis::export;
use scenarios::ast::Scenario;
use scenarios::plan::Plan;
use scenarios::read;
use serde::Serialize;

use super::{End, files_of, input, print};
use crate::cli;

pub(crate) fn verb(words: &cli::Check) -> Result<ExitCode, End> {
    if words.plan && words.scenarios.len() > 1 {
        return Err(End::Invalid("`--plan` prints one scenario, so give it one".to_owned()));
    }
    let mut checked = Vec::new();
    for path in &words.scenarios {
        let input = input(path)?;
        let (scenario, plan) = read::plan(&input.name, &input.bytes, words.seed, &files_of(path, &words.data.folders))?;
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

/// A longer plan would take all memory when printed.
const LINES_MAX: usize = 1_000_000;
