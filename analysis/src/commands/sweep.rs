//! `dhtsim sweep`: a scenario in many variants, kept in a folder.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use analysis::execute::Progress;
use analysis::sweep::drive::{Count, Stopped, drive};
use analysis::sweep::plan::{Filter, Place, Sweep};
use analysis::sweep::record::Header;
use analysis::sweep::results::Results;
use analysis::sweep::seeding::Seeding;
use analysis::sweep::store::{Refused, Store};
use analysis::sweep::summary::{self, Summary};
use analysis::{export, table};

use super::{End, files_of, input, not_written, print, set_jobs, stoppable, unreadable};
use crate::{cli, progress};

pub(crate) fn verb(words: &cli::Sweep) -> Result<ExitCode, End> {
    set_jobs(words.work.jobs)?;
    let input = input(&words.plan)?;
    let progress = stoppable()?;
    let sweep = Sweep::read(&input, &files_of(&words.plan, &words.data.folders), &progress)?;
    let filter = Filter::parse(&sweep, &words.filter).and_then(|filter| filter.check(&sweep).map(|()| filter));
    let filter = filter.map_err(|wrong| End::Invalid(format!("--filter: {wrong}")))?;
    if words.dry_run {
        return list(&sweep, &filter);
    }
    let folder = words.out.clone().unwrap_or_else(|| default_folder(&input.title, &sweep));
    carry_out(&sweep, &filter, &folder, words.work.quiet, &progress)?;
    show(&sweep, &folder, words.json)
}

/// Runs what is not there yet.
pub(super) fn carry_out(
    sweep: &Sweep,
    filter: &Filter,
    folder: &Path,
    is_quiet: bool,
    progress: &Progress,
) -> Result<(), End> {
    let header = Header::of(sweep, filter);
    let Some(store) = Store::open(folder, &header, &sweep.sources).map_err(refused)? else {
        return Ok(());
    };
    let count = Count::default();
    let jobs = rayon::current_num_threads();
    let run = || drive(sweep, filter, store, jobs, progress, &count);
    progress::of_sweep(!is_quiet, &count, run).map_err(|stopped| stopped_end(stopped, folder, &count))
}

/// A name that tells this sweep from others, so that a changed plan has another folder.
fn default_folder(title: &str, sweep: &Sweep) -> PathBuf {
    Path::new("out").join(format!("{title}-{}", &sweep.hash[..8]))
}

fn refused(refused: Refused) -> End {
    match refused {
        Refused::Unfit(text) => End::Invalid(text),
        Refused::Disk(path, error) => not_written(&path, &error),
    }
}

fn stopped_end(stopped: Stopped, folder: &Path, count: &Count) -> End {
    let kept = count.kept() + count.ended();
    let text = format!("{kept} of {} runs are kept in {}; the same command goes on", count.most(), folder.display());
    match stopped {
        Stopped::Interrupted => End::Paused(text),
        Stopped::Disk(error) => {
            End::Incomplete(format!("{} cannot be written: {error}\n  = help: {text}", folder.display()))
        }
        Stopped::Invalid(diagnostic) => End::Diagnosed(diagnostic),
    }
}

fn list(sweep: &Sweep, filter: &Filter) -> Result<ExitCode, End> {
    let grid = &sweep.grid;
    let (runs, seeds) = (filter.runs(sweep), sweep.seeds.most());
    let most = if matches!(sweep.seeds, Seeding::Until(_)) { "at most " } else { "" };
    let shape = format!("{} cells × {} protocols × {most}{seeds} seeds", grid.len(), sweep.protocols);
    print(format!("{}: {shape}, {most}{runs} runs\n", sweep.title).as_bytes())?;
    for cell in 0..grid.len() {
        let labels = sweep.labels(cell);
        let words = grid.words(cell);
        let comma = if words.is_empty() { "" } else { ", " };
        let mut text = String::new();
        for (seed, protocol) in (0..seeds).flat_map(|seed| (0..sweep.protocols).map(move |protocol| (seed, protocol))) {
            let place = Place { cell, protocol, seed };
            if filter.wants(sweep, &labels, place) {
                let (run, seed, label) = (sweep.number(place), sweep.seed(place), &labels[protocol]);
                writeln!(text, "{run:>8}  {words}{comma}{label}, seed {seed}").expect("text takes text");
            }
        }
        print(text.as_bytes())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn show(sweep: &Sweep, folder: &Path, is_json: bool) -> Result<ExitCode, End> {
    let unread = |error| unreadable(folder, &error);
    let results = Results::open(folder).map_err(End::Invalid)?;
    let of_precision = sweep.precision.iter().map(|(metric, _)| metric).filter(|metric| !sweep.show.contains(metric));
    let metrics: Vec<String> = sweep.show.iter().chain(of_precision).cloned().collect();
    let mut runs = 0;
    let mut cells = Vec::new();
    for cell in summary::cells(&results, &metrics, &sweep.precision).map_err(unread)? {
        let cell = cell.map_err(unread)?;
        runs += cell.protocols.iter().map(|protocol| protocol.seeds as u64).sum::<u64>();
        if is_json || cells.len() < table::CELLS_SHOWN {
            cells.push(cell);
        }
    }
    let (sweep, version, hash) =
        (results.header.sweep.clone(), results.header.version.clone(), results.header.hash.clone());
    if is_json {
        print(&export::json(&Summary { sweep, version, hash, runs, cells }))?;
    } else {
        print(table::sweep_page(&results.header, runs, &cells).as_bytes())?;
        print(format!("\n  results in {}\n", folder.display()).as_bytes())?;
    }
    Ok(ExitCode::SUCCESS)
}
