//! A bar on a terminal for runs that take longer than a second. It looks at the wall clock; no result does.
#![expect(clippy::disallowed_types, reason = "a bar for people runs by the wall clock")]

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use analysis::execute::Progress;
use analysis::sweep::drive::Count;
use indicatif::{HumanDuration, ProgressBar, ProgressStyle};

/// Does the work, and shows how far it has come if `wanted` and somebody looks.
pub(crate) fn shown<T>(wanted: bool, progress: &Progress, work: impl FnOnce() -> T) -> T {
    if !wanted || !io::stderr().is_terminal() {
        return work();
    }
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| watch(progress, &done));
        let result = work();
        done.store(true, Ordering::Relaxed);
        result
    })
}

fn watch(progress: &Progress, done: &AtomicBool) {
    let began = Instant::now();
    let style = ProgressStyle::with_template("  [{bar:40}] {percent:>3} %  {elapsed} gone, {eta} to go")
        .expect("the template is legal")
        .progress_chars("##-");
    let mut bar = None;
    while !done.load(Ordering::Relaxed) {
        thread::sleep(Duration::from_millis(50));
        if began.elapsed() > Duration::from_secs(1) {
            let bar = bar
                .get_or_insert_with(|| ProgressBar::new(1000).with_style(style.clone()).with_elapsed(began.elapsed()));
            bar.set_position((progress.share() * 1000.0) as u64);
        }
    }
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
}

/// Drives a sweep, and shows how many of its runs have ended, how fast, and how long it will take: a bar on a terminal, else a
/// line every ten seconds.
pub(crate) fn of_sweep<T>(wanted: bool, count: &Count, work: impl FnOnce() -> T) -> T {
    if !wanted {
        return work();
    }
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(
            || if io::stderr().is_terminal() { bar_of_sweep(count, &done) } else { lines_of_sweep(count, &done) },
        );
        let result = work();
        done.store(true, Ordering::Relaxed);
        result
    })
}

fn bar_of_sweep(count: &Count, done: &AtomicBool) {
    let began = Instant::now();
    let style = ProgressStyle::with_template("  [{bar:30}] {percent:>3} %  {human_pos}/{human_len} runs  {msg}")
        .expect("the template is legal")
        .progress_chars("##-");
    let mut bar = None;
    while !done.load(Ordering::Relaxed) {
        thread::sleep(TICK);
        if began.elapsed() > Duration::from_secs(1) {
            let bar = bar.get_or_insert_with(|| ProgressBar::new(count.most()).with_style(style.clone()));
            bar.set_position(count.kept() + count.ended());
            bar.set_message(pace(count, began.elapsed()));
        }
    }
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
}

fn lines_of_sweep(count: &Count, done: &AtomicBool) {
    let began = Instant::now();
    let mut next = LINE_EVERY;
    while !done.load(Ordering::Relaxed) {
        thread::sleep(TICK);
        if began.elapsed() >= next {
            next += LINE_EVERY;
            let text =
                format!("{}/{} runs  {}", count.kept() + count.ended(), count.most(), pace(count, began.elapsed()));
            // If stderr is closed, nobody is there to be told.
            let _ = writeln!(io::stderr(), "{text}");
        }
    }
}

/// The rate of what runs now, and what it means for the rest: at most so long, where a sweep may stop early.
fn pace(count: &Count, elapsed: Duration) -> String {
    let rate = count.ended() as f64 / elapsed.as_secs_f64();
    let left = count.most().saturating_sub(count.kept() + count.ended()) as f64;
    let rest = Duration::try_from_secs_f64(left / rate).map_or("-".to_owned(), |rest| HumanDuration(rest).to_string());
    format!("{rate:.1} runs/s  {rest} to go")
}

const TICK: Duration = Duration::from_millis(50);
const LINE_EVERY: Duration = Duration::from_secs(10);
