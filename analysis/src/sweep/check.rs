//! Every cell of a sweep is read and decided before anything runs; what is wrong is shown where it stands in the plan.

use rayon::prelude::*;
use scenarios::ast::{Phases, Scenario};
use scenarios::diagnostic::Diagnostic;
use scenarios::files::Files;
use scenarios::mistake::Mistake;
use scenarios::plan::Plan;
use scenarios::read;
use scenarios::source::Source;

use super::plan::Sweep;
use super::seeding::Seeding;
use crate::execute::{self, Failure, Input, Progress};
use crate::phases::metric_names_of;

/// Reads every cell, decides it for the first seed, and learns what the cells have in common.
pub(super) fn cells(sweep: &mut Sweep, files: &(dyn Files + Sync), progress: &Progress) -> Result<(), Failure> {
    judge(sweep, &sweep.base.name, &sweep.base.text, files)?;
    let mut common: Option<Scenario> = None;
    let mut is_same = true;
    for start in (0..sweep.grid.len()).step_by(CHUNK) {
        if progress.control().is_break() {
            return Err(Failure::Interrupted);
        }
        let end = sweep.grid.len().min(start + CHUNK);
        let read =
            |cell: usize| scenario(sweep, cell, files).map(|scenario| Seen::of(&scenario, start == 0 && cell == 0));
        let seen: Vec<Result<Seen, Box<Diagnostic>>> = (start..end).into_par_iter().map(read).collect();
        for (cell, seen) in (start..end).zip(seen) {
            let seen = seen?;
            is_same = is_same && common.as_ref().is_none_or(|first| seen.labels == labels_of(first));
            check_labels(sweep, cell, common.as_ref(), &seen.labels).map_err(|mistake| sweep.locate(&mistake))?;
            match &mut common {
                Some(common) => add_phases(common, seen.phases),
                None => common = seen.whole,
            }
        }
    }
    let common = common.expect("a grid without cells is refused");
    sweep.protocols = common.protocols.0.len();
    sweep.labels = is_same.then(|| labels_of(&common));
    sweep.figures = metric_names_of(&common);
    check_runs(sweep).map_err(|mistake| sweep.locate(&mistake).into())
}

/// What is kept of a cell.
struct Seen {
    labels: Vec<String>,
    phases: Phases,
    whole: Option<Scenario>,
}

impl Seen {
    fn of(scenario: &Scenario, is_first: bool) -> Self {
        Self { labels: labels_of(scenario), phases: scenario.phases.clone(), whole: is_first.then(|| scenario.clone()) }
    }
}

fn labels_of(scenario: &Scenario) -> Vec<String> {
    scenario.protocols.0.iter().map(|(label, _)| label.clone()).collect()
}

fn add_phases(common: &mut Scenario, phases: Phases) {
    let known = &mut common.phases.0;
    let new = phases.0.into_iter().filter(|(name, _)| known.iter().all(|(other, _)| other != name));
    let new: Vec<_> = new.collect();
    known.extend(new);
}

fn check_labels(sweep: &Sweep, cell: usize, first: Option<&Scenario>, labels: &[String]) -> Result<(), Mistake> {
    if first.is_some_and(|first| first.protocols.0.len() != labels.len()) {
        return Err(Mistake::new("axes", "every cell has equally many protocols")
            .label(format!("not so where {}", sweep.grid.words(cell)))
            .help("sweep over one of them, `over: \"protocols[0]\"`"));
    }
    match &sweep.seeds {
        Seeding::Until(until) if until.protocol.as_ref().is_some_and(|wanted| !labels.contains(wanted)) => {
            Err(Mistake::new("seeds.protocol", "there is no protocol of this label in every cell")
                .help(format!("the labels are \"{}\"", labels.join("\", \""))))
        }
        _ => Ok(()),
    }
}

fn check_runs(sweep: &Sweep) -> Result<(), Mistake> {
    let (cells, protocols, seeds) = (sweep.grid.len() as u64, sweep.protocols as u64, sweep.seeds.most());
    let runs = cells.checked_mul(protocols).and_then(|product| product.checked_mul(seeds)).unwrap_or(u64::MAX);
    if runs <= RUNS_MAX {
        return Ok(());
    }
    let title =
        format!("{cells} cells × {protocols} protocols × {seeds} seeds are {runs} runs; {RUNS_MAX} are the most");
    Err(Mistake::new("seeds", title).help("take fewer seeds or values, or make several sweeps of it"))
}

fn scenario(sweep: &Sweep, cell: usize, files: &dyn Files) -> Result<Scenario, Box<Diagnostic>> {
    let text = sweep.text(cell).map_err(|mistake| sweep.locate(&mistake))?;
    judge(sweep, &sweep.base.name, &text, files).map_err(|_| blame(sweep, cell, &text, files))
}

fn judge(sweep: &Sweep, name: &str, text: &str, files: &dyn Files) -> Result<Scenario, Box<Diagnostic>> {
    let scenario = read::scenario(name, text.as_bytes())?;
    let input = Input { name: name.to_owned(), title: String::new(), bytes: text.as_bytes().to_vec() };
    execute::check(&input, &scenario)?;
    Plan::make(&scenario, sweep.seeds.first(), files).map_err(|mistake| read::locate(name, text, &mistake))?;
    Ok(scenario)
}

/// Finds the first change that makes the scenario illegal, and shows it in the plan; what comes of several together is shown in
/// the scenario as they make it.
fn blame(sweep: &Sweep, cell: usize, whole: &str, files: &dyn Files) -> Box<Diagnostic> {
    let mut text = sweep.base.text.clone();
    for change in sweep.changes(cell) {
        let Ok(spliced) = change.made_in(&text) else {
            break;
        };
        if let Err(found) = judge(sweep, &sweep.base.name, &spliced.text, files) {
            let place = place(&spliced.text, &found);
            let (at, label) = match place {
                Some(byte) if (spliced.value.start..=spliced.value.end).contains(&byte) => (change.value_at, OF_VALUE),
                Some(byte) if spliced.new.contains(&byte) => (change.over_at, OF_PLACE),
                _ => break,
            };
            let mistake = Mistake::new(at, found.title()).label(label);
            let help = found.advice().map(str::to_owned);
            return sweep.locate(&Mistake { help, ..mistake });
        }
        text = spliced.text;
    }
    let name = format!("{}, where {}", sweep.base.name, sweep.grid.words(cell));
    match judge(sweep, &name, whole, files) {
        Err(found) => found,
        Ok(_) => unreachable!("what was judged wrong once is wrong again"),
    }
}

/// The byte that an error is about.
fn place(text: &str, found: &Diagnostic) -> Option<usize> {
    let (line, col) = found.position()?;
    Some(Source::new("", text).byte(scenarios::source::at(line, col)))
}

const OF_VALUE: &str = "so it would be in the base";
const OF_PLACE: &str = "in the base, it leads there";
/// Cells that are read at once, before somebody may stop it.
const CHUNK: usize = 1024;
/// More than anybody waits for.
const RUNS_MAX: u64 = 10_000_000;
