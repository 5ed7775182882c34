//! A scenario, executed: every protocol with every seed, on as many threads as allowed, results in one order.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use protocols::dht::Dht;
use protocols::{Entry, Visitor};
use rayon::prelude::*;
use scenarios::ast::{DEFAULT_SEED, Scenario};
use scenarios::data::Data;
use scenarios::diagnostic::Diagnostic;
use scenarios::files::Files;
use scenarios::mistake::Mistake;
use scenarios::oracle::Judged;
use scenarios::plan::Plan;
use scenarios::read;
use scenarios::run::{Finished, Interrupted, Observer, run};
use sim::record::{Fact, Recorder};
use sim::time::SimTime;

use crate::claims;
use crate::comparison::compare;
use crate::expect;
use crate::metrics::{Metrics, Placement, Queueing};
use crate::results::{Document, Outcome};

/// A scenario as a user gives it.
#[derive(Clone, Debug)]
pub struct Input {
    /// What stands for the file in errors.
    pub name: String,
    /// What the scenario is called in results, if it does not say itself.
    pub title: String,
    /// The text.
    pub bytes: Vec<u8>,
}

impl Input {
    fn locate(&self, mistake: &Mistake) -> Box<Diagnostic> {
        read::locate(&self.name, &String::from_utf8_lossy(&self.bytes), mistake)
    }
}

/// What of a scenario is run, and how.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// These seeds instead of the scenario's.
    pub seeds: Option<Vec<u64>>,
    /// Whether every lookup is kept.
    pub keep_lookups: bool,
}

/// One run: a protocol with a seed.
#[derive(Clone, Debug)]
pub struct Run {
    /// The label of the protocol.
    pub label: String,
    /// The protocol and its settings.
    pub entry: Entry,
    /// What happens in it.
    pub plan: Arc<Plan>,
    /// What came out.
    pub finished: Finished<Metrics>,
    /// Every lookup, if they are kept.
    pub lookups: Vec<Judged>,
}

/// A scenario, executed.
#[derive(Clone, Debug)]
pub struct Executed {
    /// The scenario, defaults filled in.
    pub scenario: Scenario,
    /// Every run, protocols in order of the file, seeds in order.
    pub runs: Vec<Run>,
    /// The results.
    pub document: Document,
}

/// Why there are no results.
#[derive(Debug)]
pub enum Failure {
    /// The scenario cannot be meant.
    Invalid(Box<Diagnostic>),
    /// Somebody stopped it.
    Interrupted,
}

impl From<Box<Diagnostic>> for Failure {
    fn from(diagnostic: Box<Diagnostic>) -> Self {
        Self::Invalid(diagnostic)
    }
}

impl From<Interrupted> for Failure {
    fn from(_: Interrupted) -> Self {
        Self::Interrupted
    }
}

/// How far an execution has come, and the wish to stop it: shared between threads.
#[derive(Debug, Default)]
pub struct Progress {
    stop: AtomicBool,
    done: AtomicU64,
    total: AtomicU64,
}

impl Progress {
    /// Asks the execution to stop soon.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Whether to go on.
    pub fn control(&self) -> ControlFlow<()> {
        if self.stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// The share of all virtual time that has gone by.
    pub fn share(&self) -> f64 {
        let total = self.total.load(Ordering::Relaxed);
        if total == 0 { 0.0 } else { self.done.load(Ordering::Relaxed) as f64 / total as f64 }
    }
}

/// Reads a scenario and runs it.
pub fn execute(
    input: &Input,
    files: &(dyn Files + Sync),
    choice: &Choice,
    progress: &Progress,
) -> Result<Executed, Failure> {
    let scenario = read::scenario(&input.name, &input.bytes)?;
    check(input, &scenario)?;
    let seeds = choice.seeds.clone().unwrap_or_else(|| scenario.seeds());
    let data = Data::read(&scenario, files).map_err(|mistake| input.locate(&mistake))?;
    let plan = |seed: &u64| {
        let plan = Plan::make_with(&scenario, *seed, files, &data);
        plan.map(Arc::new).map_err(|mistake| input.locate(&mistake))
    };
    let plans = seeds.par_iter().map(plan).collect::<Result<Vec<Arc<Plan>>, _>>()?;
    let jobs = jobs(&scenario, &plans);
    progress.done.store(0, Ordering::Relaxed);
    progress.total.store(jobs.len() as u64 * TICKS, Ordering::Relaxed);
    let runs = jobs
        .par_iter()
        .map(|(label, entry, plan)| {
            let mut ticker = Ticker { progress, end: plan.end, ticks: 0 };
            let (finished, lookups) = measure(entry, plan, choice.keep_lookups, &mut |now| ticker.tick(now))?;
            Ok(Run { label: (*label).clone(), entry: (*entry).clone(), plan: Arc::clone(plan), finished, lookups })
        })
        .collect::<Result<Vec<Run>, Failure>>()?;
    let document = document(input, &scenario, &seeds, &runs);
    Ok(Executed { scenario, runs, document })
}

/// So many seeds, at least one, beginning with the scenario's first.
pub fn seeds_from_first(input: &Input, count: u64) -> Result<Vec<u64>, Failure> {
    let scenario = read::scenario(&input.name, &input.bytes)?;
    let first = scenario.seeds().first().copied().unwrap_or(DEFAULT_SEED);
    let last = first.checked_add(count - 1).ok_or_else(|| {
        let title = format!("there are no {count} seeds from {first} on: the last one is {}", u64::MAX);
        Box::new(
            Diagnostic::new(&input.name, &title)
                .help("ask for fewer seeds, or let the scenario begin with a smaller one"),
        )
    })?;
    Ok((first..=last).collect())
}

/// Complains of figures that a scenario names and that do not exist.
pub fn check(input: &Input, scenario: &Scenario) -> Result<(), Box<Diagnostic>> {
    expect::check(scenario).and_then(|()| claims::check(scenario)).map_err(|mistake| input.locate(&mistake))
}

/// Every protocol with the plan of every seed: all protocols meet the same.
fn jobs<'a>(scenario: &'a Scenario, plans: &'a [Arc<Plan>]) -> Vec<(&'a String, &'a Entry, &'a Arc<Plan>)> {
    let protocols = scenario.protocols.0.iter();
    protocols.flat_map(|(label, entry)| plans.iter().map(move |plan| (label, entry, plan))).collect()
}

fn document(input: &Input, scenario: &Scenario, seeds: &[u64], runs: &[Run]) -> Document {
    let outcome = |run: &Run| {
        let Run { label, entry, plan, finished, .. } = run;
        Outcome::new(label, entry, plan, finished)
    };
    let results: Vec<Outcome> = runs.iter().map(outcome).collect();
    Document {
        scenario: scenario.name.clone().unwrap_or_else(|| input.title.clone()),
        seed: seeds.first().copied().unwrap_or_default(),
        seeds: seeds.to_vec(),
        version: env!("CARGO_PKG_VERSION"),
        expectations: expect::judge(scenario, &results),
        comparison: compare(&results),
        claims: claims::hold(scenario, &results),
        results,
    }
}

/// Runs a plan with a protocol and measures it; keeps every lookup if so asked. `control` says now and then whether to go on.
pub(crate) fn measure(
    entry: &Entry,
    plan: &Plan,
    keep: bool,
    control: &mut dyn FnMut(SimTime) -> ControlFlow<()>,
) -> Result<(Finished<Metrics>, Vec<Judged>), Interrupted> {
    entry.visit(Watching { plan, keep, control })
}

/// Runs a plan with whatever protocol it is given.
struct Watching<'a> {
    plan: &'a Plan,
    keep: bool,
    control: &'a mut dyn FnMut(SimTime) -> ControlFlow<()>,
}

impl Visitor for Watching<'_> {
    type Output = Result<(Finished<Metrics>, Vec<Judged>), Interrupted>;

    fn visit<P: Dht>(self, settings: &P::Settings) -> Self::Output {
        let Self { plan, keep, control } = self;
        let metrics = Metrics::new(plan.warm_up, plan.end).with_phases(&plan.phases);
        let keeper = Keeper { metrics, keep, lookups: Vec::new() };
        let finished = run::<P, Keeper>(plan, settings, keeper, control)?;
        let Keeper { mut metrics, lookups, .. } = finished.observer;
        metrics.finish();
        metrics.lookups.unasked = finished.unasked;
        metrics.queueing = Queueing(finished.access);
        metrics.placement = finished.placed.clone().map(Placement::from);
        let Finished { fingerprint, trail, events, unasked, members, routing_entries, state_bytes, placed, .. } =
            finished;
        let (observer, access, transfers) = (metrics, finished.access, finished.transfers);
        let finished = Finished {
            observer,
            fingerprint,
            trail,
            events,
            unasked,
            members,
            routing_entries,
            state_bytes,
            placed,
            access,
            transfers,
        };
        Ok((finished, lookups))
    }
}

/// Measures, and keeps every lookup if asked to.
struct Keeper {
    metrics: Metrics,
    keep: bool,
    lookups: Vec<Judged>,
}

impl<P: Dht> Recorder<P> for Keeper {
    fn record(&mut self, now: SimTime, fact: &Fact<'_, P>) {
        self.metrics.record(now, fact);
    }
}

impl<P: Dht> Observer<P> for Keeper {
    fn judged(&mut self, lookup: &Judged) {
        Observer::<P>::judged(&mut self.metrics, lookup);
        if self.keep {
            self.lookups.push(lookup.clone());
        }
    }
}

/// One run's share in the progress.
struct Ticker<'a> {
    progress: &'a Progress,
    end: SimTime,
    ticks: u64,
}

impl Ticker<'_> {
    fn tick(&mut self, now: SimTime) -> ControlFlow<()> {
        let share = now.as_nanos() as f64 / self.end.as_nanos().max(1) as f64;
        let ticks = ((share * TICKS as f64) as u64).min(TICKS);
        self.progress.done.fetch_add(ticks.saturating_sub(self.ticks), Ordering::Relaxed);
        self.ticks = self.ticks.max(ticks);
        self.progress.control()
    }
}

const TICKS: u64 = 1000;
