//! One seed of one cell, run once more under every protocol to be looked at: how it goes over time, and the way of one lookup.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use protocols::dht::{Dht, Request};
use protocols::{Entry, Visitor};
use scenarios::data::Data;
use scenarios::oracle::Judged;
use scenarios::plan::Plan as Decided;
use scenarios::run::{Observer, run};
use sim::address::Address;
use sim::protocol::RequestId;
use sim::record::{Fact, Recorder};
use sim::time::SimTime;

use super::document::{Exhibit, Exhibited, Ring, RingMessage};
use super::plan::{Plan, Runs};
use super::spec::ExhibitSpec;
use crate::execute::{Failure, Progress};
use crate::metrics::Metrics;
use crate::results::points;

/// The exhibits of an audit by name, each with the command that runs the audit again; those whose data are not there, or whose cell is left out, are none.
pub fn exhibits(plan: &Plan, command: &str, progress: &Progress) -> Result<Vec<(String, Exhibit)>, Failure> {
    let mut shown = Vec::new();
    for (name, spec) in &plan.exhibits {
        let Ok(runs) = &plan.experiment(&spec.experiment).runs else {
            continue;
        };
        if let Some(cell) = cell_of(spec, runs) {
            shown.push((name.clone(), exhibit(spec, runs, cell, command.to_owned(), progress)?));
        }
    }
    Ok(shown)
}

/// The first cell that an exhibit may be of.
pub(super) fn cell_of(spec: &ExhibitSpec, runs: &Runs) -> Option<usize> {
    let grid = &runs.sweep.grid;
    let fits = |cell: &usize| {
        let names = grid.parameters.iter().map(|parameter| &parameter.name);
        names
            .zip(grid.values(*cell))
            .all(|(name, value)| spec.cell.get(name).is_none_or(|wanted| *wanted == value.json()))
    };
    (0..grid.len()).find(fits)
}

fn exhibit(
    spec: &ExhibitSpec,
    runs: &Runs,
    cell: usize,
    command: String,
    progress: &Progress,
) -> Result<Exhibit, Failure> {
    let sweep = &runs.sweep;
    let scenario = sweep.scenario(cell);
    let seed = sweep.seeds.first();
    let locate = |mistake: scenarios::mistake::Mistake| Failure::from(sweep.locate(&mistake));
    let data = Data::read(&scenario, sweep.files()).map_err(locate)?;
    let plan = Decided::make_with(&scenario, seed, sweep.files(), &data).map_err(locate)?;
    let lookup_at = spec.lookup_at.map(|at| SimTime::ZERO + at.0);
    let mut exhibited = Vec::new();
    for (label, entry) in &scenario.protocols.0 {
        exhibited.push(entry_run(label, entry, &plan, lookup_at, progress)?);
    }
    Ok(Exhibit { command, cell: sweep.grid.words(cell), seed, runs: exhibited })
}

fn entry_run(
    label: &str,
    entry: &Entry,
    plan: &Decided,
    lookup_at: Option<SimTime>,
    progress: &Progress,
) -> Result<Exhibited, Failure> {
    let watcher = entry.visit(Watching { plan, lookup_at, progress })?;
    Ok(Exhibited {
        label: label.to_owned(),
        series: serde_json::to_value(points(&watcher.metrics)).expect("figures are plain data"),
        departures_s: watcher.departures_s.clone(),
        ring: watcher.ring(),
    })
}

struct Watching<'a> {
    plan: &'a Decided,
    lookup_at: Option<SimTime>,
    progress: &'a Progress,
}

impl Visitor for Watching<'_> {
    type Output = Result<Watcher, Failure>;

    fn visit<P: Dht>(self, settings: &P::Settings) -> Self::Output {
        let Self { plan, lookup_at, progress } = self;
        let place = |address: usize| plan.ids[address].map(protocols::key::Key::share);
        let watcher = Watcher {
            metrics: Metrics::new(plan.warm_up, plan.end),
            places: (0..plan.ids.len())
                .filter_map(|address| Some((Address(address as u32), place(address)?)))
                .collect(),
            up: BTreeSet::new(),
            departures_s: Vec::new(),
            lookup_at,
            followed: None,
        };
        let mut control = |_: SimTime| -> ControlFlow<()> { progress.control() };
        let mut watcher = run::<P, Watcher>(plan, settings, watcher, &mut control)?.observer;
        watcher.metrics.finish();
        Ok(watcher)
    }
}

/// Measures, and follows the first lookup from an instant on.
struct Watcher {
    metrics: Metrics,
    /// Where each node stands on the circle.
    places: BTreeMap<Address, f64>,
    up: BTreeSet<Address>,
    departures_s: Vec<f64>,
    lookup_at: Option<SimTime>,
    followed: Option<Followed>,
}

struct Followed {
    request: RequestId,
    asked: SimTime,
    ring: Ring,
}

impl Watcher {
    /// The overlay with the lookup that was followed: nodes that were up, and those that it was sent to though they were not.
    fn ring(mut self) -> Option<Ring> {
        let mut ring = self.followed.take()?.ring;
        for node in ring.messages.iter().map(|message| message.to).collect::<BTreeSet<u32>>() {
            if ring.nodes.iter().all(|(other, _)| *other != node) {
                ring.nodes.extend(self.places.get(&Address(node)).map(|place| (node, *place)));
                ring.gone.push(node);
            }
        }
        ring.nodes.sort_by_key(|(node, _)| *node);
        Some(ring)
    }

    fn follow(&mut self, now: SimTime, node: Address, key: protocols::key::Key, request: RequestId) {
        let nodes = self.up.iter().filter_map(|node| Some((node.0, *self.places.get(node)?)));
        let ring = Ring {
            nodes: nodes.collect(),
            gone: Vec::new(),
            key: key.share(),
            issuer: node.0,
            owner: None,
            outcome: String::new(),
            asked_s: (now - SimTime::ZERO).as_secs_f64(),
            messages: Vec::new(),
        };
        self.followed = Some(Followed { request, asked: now, ring });
    }
}

impl<P: Dht> Recorder<P> for Watcher {
    fn record(&mut self, now: SimTime, fact: &Fact<'_, P>) {
        self.metrics.record(now, fact);
        match fact {
            Fact::Started { node, .. } => {
                self.up.insert(*node);
            }
            Fact::Stopped { node, .. } => {
                self.up.remove(node);
                self.departures_s.push((now - SimTime::ZERO).as_secs_f64());
            }
            Fact::Asked { node, request: Request::Lookup { key, .. }, cause }
                if self.followed.is_none() && self.lookup_at.is_some_and(|at| now >= at) && self.up.contains(node) =>
            {
                self.follow(now, *node, *key, cause.request);
            }
            Fact::Sent { from, to, message, cause, .. } => {
                if let Some(followed) = self.followed.as_mut().filter(|followed| followed.request == cause.request) {
                    let sent_ms = (now - followed.asked).as_secs_f64() * 1e3;
                    let kind = P::kind(message).to_owned();
                    followed.ring.messages.push(RingMessage { sent_ms, from: from.0, to: to.0, kind, arrived: false });
                }
            }
            Fact::Delivered { from, to, message, cause } => {
                if let Some(followed) = self.followed.as_mut().filter(|followed| followed.request == cause.request) {
                    let is_it = |sent: &&mut RingMessage| {
                        !sent.arrived && (sent.from, sent.to) == (from.0, to.0) && sent.kind == P::kind(message)
                    };
                    if let Some(sent) = followed.ring.messages.iter_mut().find(is_it) {
                        sent.arrived = true;
                    }
                }
            }
            _ => {}
        }
    }
}

impl<P: Dht> Observer<P> for Watcher {
    fn judged(&mut self, lookup: &Judged) {
        Observer::<P>::judged(&mut self.metrics, lookup);
        if let Some(followed) = self.followed.as_mut().filter(|followed| followed.request == lookup.number) {
            followed.ring.owner = lookup.owner.map(|owner| owner.0);
            lookup.outcome.word().clone_into(&mut followed.ring.outcome);
        }
    }
}
