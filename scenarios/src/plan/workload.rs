//! Workloads: who asks for what, one request after the other. Request k is a function of seed, workload and k.

mod csv;

use protocols::key::{Key, Width};
use sim::address::Address;
use sim::rng::{Stream, Words};
use sim::sampler;
use sim::time::{SimTime, Span};

use super::roster::Roster;
use super::script::Stage;
use super::{Deed, Line, Plan, draws};
use crate::ast::{Arrivals, Keys, Nodes, Scenario, Workload};
use crate::files::Files;
use crate::mistake::Mistake;
use csv::Table;

/// A workload, checked.
#[derive(Clone, Debug)]
pub(super) enum Source {
    Random {
        place: usize,
        from: SimTime,
        until: SimTime,
        gap: f64,
        arrivals: Arrivals,
        keys: Keys,
        issuers: Vec<Address>,
        copies: u32,
    },
    Listed(Vec<Line>),
}

/// Checks the workloads of a scenario, and reads their files.
pub(super) fn sources(
    scenario: &Scenario,
    width: Width,
    stage: &Stage,
    files: &dyn Files,
) -> Result<Vec<Source>, Mistake> {
    let end = SimTime::ZERO + scenario.end.0;
    let mut sources = Vec::new();
    for (place, workload) in scenario.workload.iter().enumerate() {
        let here = |field: &str| format!("workload[{place}].{field}");
        sources.push(match workload {
            Workload::Lookups { from, until, rate, arrivals, keys, issuers, copies } => {
                let from = SimTime::ZERO + from.0;
                let until = until.map_or(end, |until| SimTime::ZERO + until.0);
                if from >= until {
                    return Err(Mistake::new(here("from"), "a workload must begin before it ends")
                        .label(format!("it ends at {}", until.since(SimTime::ZERO))));
                }
                if until > end {
                    return Err(Mistake::new(here("until"), "a workload must not go on after the end of the run")
                        .label(format!("the run ends at {}", scenario.end)));
                }
                let (gap, arrivals, keys) = (rate.gap_nanos(), *arrivals, *keys);
                let requests = (until - from).as_nanos() as f64 / gap;
                if requests > REQUESTS_MAX {
                    return Err(Mistake::new(here("rate"), format!("this would ask some {requests:.0} times"))
                        .label(format!("more than {REQUESTS_MAX:.0} are refused")));
                }
                let named = issuers.as_ref().map(|nodes| named_issuers(nodes, stage, &here("issuers")));
                let issuers = named.transpose()?.unwrap_or_default();
                Source::Random { place, from, until, gap, arrivals, keys, issuers, copies: copies.0 }
            }
            Workload::Csv { file, from, every, copies } => {
                let bytes = files.read(file).map_err(|error| {
                    Mistake::new(here("file"), format!("the file \"{file}\" cannot be read"))
                        .label(error.to_string())
                        .help("the file is looked for beside the scenario")
                })?;
                let (from, every) = (SimTime::ZERO + from.0, every.map(|every| every.0));
                let table = Table { width, stage, end, from, every, copies: copies.0 };
                let lines =
                    table.read(&bytes).map_err(|problem| Mistake::new(here("file"), format!("{file}:{problem}")))?;
                Source::Listed(lines)
            }
        });
    }
    Ok(sources)
}

fn named_issuers(nodes: &Nodes, stage: &Stage, here: &str) -> Result<Vec<Address>, Mistake> {
    let known = |node: u32| stage.ids.get(node as usize).is_some_and(Option::is_some);
    if let Some((number, stranger)) = nodes.iter().enumerate().find(|(_, node)| !known(*node)) {
        return Err(Mistake::new(format!("{here}[{number}]"), format!("node {stranger} never joins"))
            .help("nodes are numbered from 0 in the order in which they join"));
    }
    if nodes.iter().next().is_none() {
        return Err(Mistake::new(here, "somebody must ask")
            .help("leave `issuers` out for nodes drawn at random from those that are up"));
    }
    Ok(nodes.iter().map(Address).collect())
}

impl Source {
    /// The requests of this workload, from the first on.
    pub(super) fn requests<'a>(&'a self, plan: &'a Plan) -> Requests<'a> {
        match self {
            Self::Random { place, from, .. } => {
                let mut requests = Requests {
                    source: self,
                    plan,
                    gaps: Some(draws::gaps(plan.seed, *place)),
                    next: Some(*from),
                    offset: 0.0,
                    number: 0,
                };
                requests.skip_to_first();
                requests
            }
            Self::Listed(lines) => Requests {
                source: self,
                plan,
                gaps: None,
                next: lines.first().map(|line| line.at),
                offset: 0.0,
                number: 0,
            },
        }
    }
}

/// The requests of one workload, one by one.
#[derive(Debug)]
pub(super) struct Requests<'a> {
    source: &'a Source,
    plan: &'a Plan,
    gaps: Option<Stream>,
    next: Option<SimTime>,
    /// Nanoseconds from the beginning to the next request.
    offset: f64,
    number: u64,
}

impl Requests<'_> {
    /// When the next request is due; none if there is no more.
    pub(super) fn next_at(&self) -> Option<SimTime> {
        self.next
    }

    /// The request that is due, and on to the next. None if nobody is up who could ask.
    pub(super) fn next(&mut self, up: &Roster) -> Option<Line> {
        let at = self.next?;
        let number = self.number;
        self.number += 1;
        match self.source {
            Source::Listed(lines) => {
                self.next = lines.get(self.number as usize).map(|line| line.at);
                let line = lines[number as usize].clone();
                matches!(line.deed, Deed::Lookup { node, .. } if up.contains(node)).then_some(line)
            }
            Source::Random { place, keys, issuers, copies, .. } => {
                self.advance();
                let mut words = draws::request(self.plan.seed, *place, number);
                let key = self.key(*keys, number, up, &mut words)?;
                let node = if issuers.is_empty() {
                    up.draw(&mut words)
                } else {
                    let chosen = issuers[sampler::below(&mut words, issuers.len() as u64) as usize];
                    Some(chosen).filter(|node| up.contains(*node))
                };
                node.map(|node| Line { at, deed: Deed::Lookup { node, key, copies: *copies } })
            }
        }
    }

    /// None if it is to be the id of a node, and nobody is up.
    fn key(&self, keys: Keys, number: u64, up: &Roster, words: &mut Stream) -> Option<Key> {
        let width = self.plan.width;
        match keys {
            Keys::Uniform => Some(width.random(|| words.word())),
            Keys::Seeded { seed, count } => Some(width.hash(&format!("key-{seed}-{}", number % count.0))),
            Keys::NodeIds => up.draw(words).and_then(|node| self.plan.ids[node.index()]),
        }
    }

    /// A Poisson process begins with a gap, a regular one at once.
    fn skip_to_first(&mut self) {
        if matches!(self.source, Source::Random { arrivals: Arrivals::Poisson, .. }) {
            self.advance();
        }
    }

    fn advance(&mut self) {
        let (Source::Random { from, until, gap, arrivals, .. }, Some(gaps)) = (self.source, &mut self.gaps) else {
            return;
        };
        self.offset += match arrivals {
            Arrivals::Poisson => sampler::exponential(gaps, *gap),
            Arrivals::Regular => *gap,
        };
        self.next = Some(*from + Span::from_nanos_f64(self.offset)).filter(|at| at < until);
    }
}

/// More requests than a run could carry out in hours are a slip of the pen.
const REQUESTS_MAX: f64 = 1e9;
