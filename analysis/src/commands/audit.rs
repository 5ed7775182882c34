//! `dhtsim audit`: assumptions put to the test by sweeps, each with a verdict.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use analysis::audit::document::{Document, SCHEMA, Strength};
use analysis::audit::plan::{Experiment, Plan, Runs};
use analysis::audit::{conclude::conclude, exhibit::exhibits, shipped};
use analysis::execute::{Input, Progress};
use analysis::{export, files, table};
use scenarios::diagnostic::suggest;
use scenarios::files::Folders;

use super::sweep::carry_out;
use super::{End, files_of, input, not_written, print, set_jobs, stoppable, unreadable};
use crate::cli;

pub(crate) fn verb(words: &cli::Audit) -> Result<ExitCode, End> {
    set_jobs(words.work.jobs)?;
    let progress = stoppable()?;
    let named = named(words)?;
    if words.print {
        named.iter().try_for_each(|(input, _)| print(&input.bytes))?;
        return Ok(ExitCode::SUCCESS);
    }
    let strength = if words.quick { Strength::Quick } else { Strength::Full };
    let plans = named.iter().map(|(input, folders)| Plan::read(input, strength, folders, &progress));
    let plans = plans.collect::<Result<Vec<Plan>, _>>()?;
    check_ids(&plans)?;
    if words.dry_run {
        return list(&plans);
    }
    let default = if words.quick { "out/audit-quick" } else { "out/audit" };
    let folder = words.out.clone().unwrap_or_else(|| PathBuf::from(default));
    let path = folder.join(DOCUMENT);
    files::create_folder(&folder).map_err(|error| not_written(&folder, &error))?;
    files::check(&path, is_ours).map_err(|error| not_written(&path, &error))?;
    plans.iter().try_for_each(|plan| check_folder(plan, &folder))?;
    for plan in &plans {
        plan.experiments.iter().try_for_each(|experiment| run(plan, experiment, &folder, words, &progress))?;
    }
    let document = document(&plans, strength, words, &folder, &progress)?;
    if !words.work.quiet {
        tell_of_others(&path, &document);
    }
    files::write(&path, &export::json(&document), is_ours).map_err(|error| not_written(&path, &error))?;
    if words.json {
        print(&export::json(&document))?;
    } else {
        print(table::audit_page(&document).as_bytes())?;
        print(format!("\n  results in {}\n", folder.display()).as_bytes())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Says which audits the document that is there has, and this one has not.
fn tell_of_others(path: &Path, document: &Document) {
    let before = std::fs::read(path).ok().and_then(|bytes| serde_json::from_slice::<Document>(&bytes).ok());
    let others: Vec<String> = before
        .into_iter()
        .flat_map(|before| before.audits)
        .filter(|audit| document.audits.iter().all(|other| other.id != audit.id))
        .map(|audit| audit.id)
        .collect();
    if !others.is_empty() {
        let text = format!(
            "{DOCUMENT} no longer has {}: ask for them together to have them in one report; nothing is run twice\n",
            others.join(", ")
        );
        // If stderr is closed, nobody is there to be told.
        let _ = io::Write::write_all(&mut io::stderr(), text.as_bytes());
    }
}

/// The audits that are asked for, each with the folders that its files lie in.
fn named(words: &cli::Audit) -> Result<Vec<(Input, Folders)>, End> {
    let all: Vec<String> = shipped::names().map(str::to_owned).collect();
    let names = if words.audits.is_empty() { &all } else { &words.audits };
    names.iter().map(|name| one(name, &words.data)).collect()
}

fn one(name: &str, data: &[PathBuf]) -> Result<(Input, Folders), End> {
    if let Some(input) = shipped::shipped(name) {
        return Ok((input, Folders { beside: PathBuf::from("scenarios/audits"), data: data.to_vec() }));
    }
    let path = Path::new(name);
    if path.exists() || name == "-" {
        return Ok((input(path)?, files_of(path, data)));
    }
    let help = match suggest(name, shipped::names()) {
        Some(meant) => format!("did you mean {meant}?"),
        None => format!("there are {}; or name a file", shipped::names().collect::<Vec<&str>>().join(", ")),
    };
    Err(End::Invalid(format!("there is no audit \"{name}\", and no such file\n  = help: {help}")))
}

/// Two audits of one name would write into one folder.
fn check_ids(plans: &[Plan]) -> Result<(), End> {
    let twice = plans.iter().enumerate().find(|(place, plan)| plans[..*place].iter().any(|other| other.id == plan.id));
    twice.map_or(Ok(()), |(_, plan)| Err(End::Invalid(format!("audit {} is asked for twice", plan.id))))
}

/// Results of an experiment that the audit does not have are those of another file.
fn check_folder(plan: &Plan, folder: &Path) -> Result<(), End> {
    let own = folder.join(&plan.id);
    let Ok(entries) = own.read_dir() else {
        return Ok(());
    };
    let is_known = |path: &PathBuf| plan.experiments.iter().any(|experiment| folder.join(&experiment.folder) == *path);
    let mut sweeps: Vec<PathBuf> =
        entries.flatten().map(|entry| entry.path()).filter(|path| path.join("sweep.json").exists()).collect();
    sweeps.sort();
    match sweeps.iter().find(|path| !is_known(path)) {
        Some(other) => Err(End::Invalid(format!(
            "{} was begun with another file: this audit has no experiment {}\n  = help: `--out` names another folder",
            own.display(),
            other.file_name().unwrap_or_default().display()
        ))),
        None => Ok(()),
    }
}

fn list(plans: &[Plan]) -> Result<ExitCode, End> {
    for plan in plans {
        print(format!("{}  {}\n", plan.id, plan.title).as_bytes())?;
        for experiment in &plan.experiments {
            let text = match &experiment.runs {
                Ok(Runs { sweep, filter }) => format!("{} runs in {} cells", filter.runs(sweep), sweep.grid.len()),
                Err(missing) => format!("not run: it needs {missing}"),
            };
            print(format!("    {}: {text}\n", experiment.name).as_bytes())?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn run(
    plan: &Plan,
    experiment: &Experiment,
    folder: &Path,
    words: &cli::Audit,
    progress: &Progress,
) -> Result<(), End> {
    let tell = |text: &str| {
        if !words.work.quiet {
            // If stderr is closed, nobody is there to be told.
            let _ = io::Write::write_all(
                &mut io::stderr(),
                format!("{}, {}: {text}\n", plan.id, experiment.name).as_bytes(),
            );
        }
    };
    match &experiment.runs {
        Err(missing) => {
            tell(&format!("not run, it needs {missing}; `--data DIR` says where it lies"));
            Ok(())
        }
        Ok(Runs { sweep, filter }) => {
            tell(&format!("{} runs", filter.runs(sweep)));
            carry_out(sweep, filter, &folder.join(&experiment.folder), words.work.quiet, progress)
        }
    }
}

fn document(
    plans: &[Plan],
    strength: Strength,
    words: &cli::Audit,
    folder: &Path,
    progress: &Progress,
) -> Result<Document, End> {
    let mut document = Document {
        schema: SCHEMA.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        strength,
        command: command(words),
        choices: Vec::new(),
        audits: Vec::new(),
    };
    for plan in plans {
        let (audit, choices) = conclude(plan, folder).map_err(|error| unreadable(folder, &error))?;
        document.audits.push(audit);
        document.choices.extend(choices);
        for (name, exhibit) in exhibits(plan, &document.command, progress)? {
            let path = folder.join(&plan.id).join("exhibits").join(format!("{}.json", name.replace(' ', "-")));
            let wrong = |error| not_written(&path, &error);
            files::create_folder(path.parent().unwrap_or(folder)).map_err(wrong)?;
            files::write(&path, &export::json(&exhibit), |_| true).map_err(wrong)?;
        }
    }
    Ok(document)
}

/// The command that runs it again, without folders.
fn command(words: &cli::Audit) -> String {
    let quick = words.quick.then(|| "--quick".to_owned());
    let words: Vec<String> = ["dhtsim".to_owned(), "audit".to_owned()]
        .into_iter()
        .chain(quick)
        .chain(words.audits.iter().map(|name| without_folder(name)))
        .collect();
    words.join(" ")
}

fn without_folder(name: &str) -> String {
    Path::new(name).file_name().map_or_else(|| name.to_owned(), |name| name.to_string_lossy().into_owned())
}

/// Whether a document of audits was written by this command.
fn is_ours(beginning: &[u8]) -> bool {
    String::from_utf8_lossy(beginning).contains("\"schema\": \"dhtsim audit ")
}

const DOCUMENT: &str = "audit.json";
