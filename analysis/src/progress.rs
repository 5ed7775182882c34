//! A bar on a terminal for runs that take longer than a second. It looks at the wall clock; no result does.
#![expect(clippy::disallowed_types, reason = "a bar for people runs by the wall clock")]

use std::io::{self, IsTerminal};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use analysis::execute::Progress;
use indicatif::{ProgressBar, ProgressStyle};

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
