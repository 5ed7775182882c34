//! The runs of a sweep, in parallel: any core takes the next one, results come out in one order, and what has ended is kept.

use std::io;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard};
use std::thread;

use protocols::Entry;
use scenarios::ast::Scenario;
use scenarios::data::Data;
use scenarios::diagnostic::Diagnostic;
use scenarios::plan::Plan;
use scenarios::read;
use serde_json::Value as Json;

use super::plan::{Filter, Place, Sweep};
use super::record::{self, Record};
use super::schedule::{Line, Schedule};
use super::store::Store;
use crate::execute::{Progress, measure};

/// How many runs of a sweep have ended: shared between threads.
#[derive(Debug, Default)]
pub struct Count {
    kept: AtomicU64,
    ended: AtomicU64,
    most: AtomicU64,
}

impl Count {
    /// Runs that had ended before.
    pub fn kept(&self) -> u64 {
        self.kept.load(Ordering::Relaxed)
    }

    /// Runs that have ended now.
    pub fn ended(&self) -> u64 {
        self.ended.load(Ordering::Relaxed)
    }

    /// How many there are at most.
    pub fn most(&self) -> u64 {
        self.most.load(Ordering::Relaxed)
    }
}

/// Why a sweep is not complete. What has ended is kept.
#[derive(Debug)]
pub enum Stopped {
    /// Somebody stopped it.
    Interrupted,
    /// The disk would not.
    Disk(io::Error),
    /// A seed of a cell cannot be decided.
    Invalid(Box<Diagnostic>),
}

/// Runs what is wanted of a sweep and is not there yet, so many runs at once.
pub fn drive(
    sweep: &Sweep,
    filter: &Filter,
    mut store: Store,
    jobs: usize,
    progress: &Progress,
    count: &Count,
) -> Result<(), Stopped> {
    count.most.store(filter.runs(sweep), Ordering::Relaxed);
    let mut schedule = Schedule::new(sweep, filter);
    let kept = recover(&mut schedule, &mut store).map_err(Stopped::Disk)?;
    count.kept.store(kept, Ordering::Relaxed);
    let desk =
        Desk { state: Mutex::new(State { schedule, store, stopped: None, running: 0 }), changed: Condvar::new() };
    desk.lock().write_out();
    thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(|| work(sweep, &desk, progress, count));
        }
    });
    let state = desk.state.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    let State { mut schedule, store, stopped, .. } = state;
    if let Some(stopped) = stopped {
        return Err(stopped);
    }
    assert_eq!(schedule.expected(), None, "who finds nothing to do while nobody works has done all of it");
    store.complete().map_err(Stopped::Disk)
}

/// Reads what is there. How many runs that is.
fn recover(schedule: &mut Schedule<'_>, store: &mut Store) -> io::Result<u64> {
    let mut kept = 0;
    store.recover_journal(|line| {
        let record = Record::read(line);
        if let Some(record) = &record {
            schedule.has_kept(record.run, format!("{line}\n"));
        }
        record.is_some()
    })?;
    store.recover_results(|line| {
        let Some(record) = Record::read(line).filter(|record| schedule.expected() == Some(record.run)) else {
            return false;
        };
        schedule.end(record.run, Line::Written, &record.figures);
        schedule.take();
        kept += 1;
        true
    })?;
    Ok(kept + schedule.forget_written())
}

/// Where workers take runs and bring results.
struct Desk<'a> {
    state: Mutex<State<'a>>,
    changed: Condvar,
}

struct State<'a> {
    schedule: Schedule<'a>,
    store: Store,
    stopped: Option<Stopped>,
    running: usize,
}

impl<'a> Desk<'a> {
    fn lock(&self) -> MutexGuard<'_, State<'a>> {
        self.state.lock().expect("nobody panics at the desk")
    }

    /// The next run; waits while others must end first. None if there are no more, or if somebody has stopped it all.
    fn begin(&self) -> Option<Place> {
        let mut state = self.lock();
        loop {
            if state.stopped.is_some() {
                return None;
            }
            match state.schedule.begin() {
                Some(place) => {
                    state.running += 1;
                    return Some(place);
                }
                None if state.running == 0 => return None,
                None => state = self.changed.wait(state).expect("nobody panics at the desk"),
            }
        }
    }

    /// A run has ended. Whether it is kept.
    fn end(&self, run: u64, line: String, figures: &Json) -> bool {
        let mut state = self.lock();
        state.running -= 1;
        if state.may_write() {
            let is_next = state.schedule.expected() == Some(run);
            let kept = if is_next { Ok(Line::New(line)) } else { state.store.keep(&line).map(|()| Line::Kept(line)) };
            match kept {
                Ok(line) => state.schedule.end(run, line, figures),
                Err(error) => state.stop(Stopped::Disk(error)),
            }
            state.write_out();
        }
        self.changed.notify_all();
        state.may_write()
    }

    fn stop(&self, stopped: Stopped) {
        let mut state = self.lock();
        state.running -= 1;
        state.stop(stopped);
        self.changed.notify_all();
    }
}

impl State<'_> {
    /// What ends while somebody stops it all is still kept, unless the disk would not.
    fn may_write(&self) -> bool {
        !matches!(self.stopped, Some(Stopped::Disk(_)))
    }

    /// Writes all lines whose turn it is.
    fn write_out(&mut self) {
        let mut lines = String::new();
        while self.may_write()
            && let Some(line) = self.schedule.take()
        {
            if let Line::New(line) | Line::Kept(line) = &line {
                lines.push_str(line);
            }
            if lines.len() > BYTES_AT_ONCE {
                self.append(&lines);
                lines.clear();
            }
        }
        self.append(&lines);
    }

    fn append(&mut self, lines: &str) {
        if lines.is_empty() {
            return;
        }
        let written = self.store.append(lines).and_then(|()| self.store.forget(self.schedule.kept()));
        if let Err(error) = written {
            self.stop(Stopped::Disk(error));
        }
    }

    /// The first reason is the one that is told, unless the disk would not: then nothing more is kept.
    fn stop(&mut self, stopped: Stopped) {
        if self.stopped.is_none() || matches!(stopped, Stopped::Disk(_)) && self.may_write() {
            self.stopped = Some(stopped);
        }
    }
}

/// Somebody who leaves in a panic stops the others: they would wait for him for ever.
struct Leaving<'d, 'a>(&'d Desk<'a>);

impl Drop for Leaving<'_, '_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.stop(Stopped::Interrupted);
        }
    }
}

fn work(sweep: &Sweep, desk: &Desk<'_>, progress: &Progress, count: &Count) {
    let _leaving = Leaving(desk);
    let mut bench = Bench { sweep, cell: None, plan: None };
    while let Some(place) = desk.begin() {
        match bench.run(place, progress) {
            Ok((line, figures)) => {
                let is_kept = desk.end(sweep.number(place), line, &figures);
                count.ended.fetch_add(u64::from(is_kept), Ordering::Relaxed);
            }
            Err(stopped) => desk.stop(stopped),
        }
    }
}

/// What a worker has at hand from its last run: the next one is often of the same cell, or of the same seed too.
struct Bench<'a> {
    sweep: &'a Sweep,
    cell: Option<(usize, Scenario, Data)>,
    plan: Option<(usize, u64, Plan)>,
}

impl Bench<'_> {
    fn run(&mut self, place: Place, progress: &Progress) -> Result<(String, Json), Stopped> {
        if progress.control() == ControlFlow::Break(()) {
            return Err(Stopped::Interrupted);
        }
        let sweep = self.sweep;
        if self.cell.as_ref().is_none_or(|(cell, ..)| *cell != place.cell) {
            let scenario = sweep.scenario(place.cell);
            let data = Data::read(&scenario, &sweep.inputs).map_err(|mistake| self.wrong(place, &mistake))?;
            self.cell = Some((place.cell, scenario, data));
        }
        let (_, scenario, data) = self.cell.as_ref().expect("just read");
        if self.plan.as_ref().is_none_or(|(cell, seed, _)| (*cell, *seed) != (place.cell, place.seed)) {
            let plan = Plan::make_with(scenario, sweep.seed(place), &sweep.inputs, data)
                .map_err(|mistake| self.wrong(place, &mistake))?;
            self.plan = Some((place.cell, place.seed, plan));
        }
        let plan = &self.plan.as_ref().expect("just made").2;
        let protocol: &(String, Entry) = &scenario.protocols.0[place.protocol];
        let ended = measure(&protocol.1, plan, false, &mut |_| progress.control());
        let (finished, _) = ended.map_err(|_| Stopped::Interrupted)?;
        Ok(record::line(sweep, place, protocol, plan, &finished))
    }

    fn wrong(&self, place: Place, mistake: &scenarios::mistake::Mistake) -> Stopped {
        let text = self.sweep.text(place.cell).unwrap_or_default();
        let words = self.sweep.grid.words(place.cell);
        let name = format!("{}, where {words}, seed {}", self.sweep.base.name, self.sweep.seed(place));
        Stopped::Invalid(read::locate(&name, &text, mistake))
    }
}

/// Lines are gathered so far before they are written.
const BYTES_AT_ONCE: usize = 1 << 20;
