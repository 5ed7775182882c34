//! Workloads: who asks for what, one request after the other. Request k is a function of seed, workload and k; where every
//! node has a rate or a loop of its own, of seed, workload, node and k.
//!
//! A workload's draws are keyed by its place in the scenario's list: one more behind it moves nothing, one taken out before
//! it does. A closed loop says the number itself where that matters (`draws`).

mod bulk;
mod closed;
mod csv;
mod instants;
mod keys;
mod open;
mod rhythm;

use std::collections::BTreeSet;

use protocols::duration::Duration;
use protocols::key::Width;
use sim::address::Address;
use sim::time::{SimTime, Span};

use super::roster::Roster;
use super::script::Stage;
use super::transfers::Bulk;
use super::{Deed, Line, Placement, Plan};
use crate::ast::{self, Nodes, RatePer, Scenario, Workload};
use crate::files::Files;
use crate::mistake::Mistake;
use bulk::{Bulks, Pairs};
pub(crate) use closed::Closed;
use csv::Table;
pub(crate) use keys::Circle;
use keys::KeyLaw;
use open::{Common, Each, Open};
use rhythm::Bursts;

/// A workload that is a stream of lines, checked.
#[derive(Clone, Debug)]
pub(super) enum Source {
    Open(Open),
    Listed(Vec<Line>),
    Bulks(Bulks),
}

/// What workloads come to: those that are streams of lines, and those that only the run can unroll.
#[derive(Default)]
pub(super) struct Workloads {
    pub(super) sources: Vec<Source>,
    pub(super) closed: Vec<Closed>,
}

/// Checks the workloads of a scenario, and reads their files.
pub(super) fn workloads(
    scenario: &Scenario,
    seed: u64,
    width: Width,
    (stage, placement): (&Stage, &Placement),
    files: &dyn Files,
) -> Result<Workloads, Mistake> {
    let end = SimTime::ZERO + scenario.end.0;
    let mut made = Workloads::default();
    let mut draws = BTreeSet::new();
    for (place, workload) in scenario.workload.iter().enumerate() {
        let reader = Reader { seed, width, end, stage, placement, files, place };
        match workload {
            Workload::Lookups(lookups) => made.sources.push(Source::Open(reader.open(lookups)?)),
            Workload::Csv(csv) => made.sources.push(Source::Listed(reader.listed(csv)?)),
            Workload::Transfers(transfers) => made.sources.push(Source::Bulks(reader.bulks(transfers)?)),
            Workload::ClosedLoop(closed) => {
                let closed = reader.closed(closed)?;
                if !draws.insert(closed.draws) {
                    return Err(Mistake::new(reader.here("draws"), "two closed loops have the same `draws`")
                        .label(format!("{} stands twice", closed.draws))
                        .help("give each loop a number of its own; without one it is its place in the list"));
                }
                made.closed.push(closed);
            }
        }
    }
    Ok(made)
}

/// Reads the workload at a place of the list.
struct Reader<'a> {
    seed: u64,
    width: Width,
    end: SimTime,
    stage: &'a Stage,
    placement: &'a Placement,
    files: &'a dyn Files,
    place: usize,
}

impl Reader<'_> {
    fn open(&self, written: &ast::Lookups) -> Result<Open, Mistake> {
        let (from, until) = self.stretch(written.from, written.until)?;
        let otherwise = match written.per {
            RatePer::All => "nodes drawn at random from those that are up",
            RatePer::Node => "all nodes that are up",
        };
        let open = Open {
            place: self.place,
            from,
            until,
            gap: written.rate.gap_nanos(),
            per: written.per,
            spread: self.spread(written)?,
            arrivals: written.arrivals,
            bursts: written.bursts.as_ref().map(|bursts| self.bursts(bursts, until - from)).transpose()?,
            keys: self.keys(&written.keys)?,
            issuers: self.issuers(written.issuers.as_ref(), otherwise)?,
            copies: written.copies.0,
        };
        let asking = if open.per == RatePer::All { 1 } else { self.asking(&open.issuers) };
        let faster = open.bursts.map_or(1.0, Bursts::mean_factor);
        let requests = (until - from).as_nanos() as f64 / open.gap * faster * asking as f64;
        if requests > REQUESTS_MAX {
            return Err(Mistake::new(self.here("rate"), format!("this would ask some {requests:.0} times"))
                .label(format!("more than {REQUESTS_MAX:.0} are refused")));
        }
        Ok(open)
    }

    fn closed(&self, written: &ast::ClosedLoop) -> Result<Closed, Mistake> {
        let (from, until) = self.stretch(written.from, written.until)?;
        written.think.check(&self.here("think"))?;
        let mut issuers = self.issuers(written.issuers.as_ref(), "all members")?;
        issuers.sort_unstable();
        let in_flight = written.in_flight.0;
        let total = self.asking(&issuers) as u64 * u64::from(in_flight);
        if total > IN_FLIGHT_MAX {
            return Err(Mistake::new(self.here("in_flight"), format!("this would keep {total} lookups in flight"))
                .label(format!("more than {IN_FLIGHT_MAX} are refused")));
        }
        let draws = written.draws.unwrap_or(self.place as u32);
        if draws > DRAWS_MAX {
            return Err(Mistake::new(self.here("draws"), format!("`draws` must not be above {DRAWS_MAX}"))
                .help("any small number will do that no other closed loop has"));
        }
        let (think, keys, copies) = (written.think.law(), self.keys(&written.keys)?, written.copies.0);
        Ok(Closed { from, until, in_flight, copies, think, keys, issuers, draws })
    }

    fn listed(&self, written: &ast::Csv) -> Result<Vec<Line>, Mistake> {
        let ast::Csv { file, from, every, copies } = written;
        let bytes = read(self.files, file, &self.here("file"))?;
        let (from, every) = (SimTime::ZERO + from.0, every.map(|every| every.0));
        let table = Table { width: self.width, stage: self.stage, end: self.end, from, every, copies: copies.0 };
        table.read(&bytes).map_err(|problem| Mistake::new(self.here("file"), format!("{file}:{problem}")))
    }

    fn bulks(&self, written: &ast::Transfers) -> Result<Bulks, Mistake> {
        let (from, until) = self.stretch(written.from, written.until)?;
        let ast::Transfers { size, pace, chunk, arrivals, .. } = *written;
        let bulk = Bulk::new((size, pace, chunk), self.placement, &format!("workload[{}]", self.place))?;
        let gap = written.rate.gap_nanos();
        bulk.check_count((until - from).as_nanos() as f64 / gap, &self.here("rate"))?;
        Ok(Bulks { place: self.place, from, until, gap, arrivals, bulk })
    }

    fn stretch(&self, from: Duration, until: Option<Duration>) -> Result<(SimTime, SimTime), Mistake> {
        let from = SimTime::ZERO + from.0;
        let until = until.map_or(self.end, |until| SimTime::ZERO + until.0);
        if from >= until {
            return Err(Mistake::new(self.here("from"), "a workload must begin before it ends")
                .label(format!("it ends at {}", until.since(SimTime::ZERO))));
        }
        if until > self.end {
            return Err(Mistake::new(self.here("until"), "a workload must not go on after the end of the run")
                .label(format!("the run ends at {}", self.end.since(SimTime::ZERO))));
        }
        Ok((from, until))
    }

    fn spread(&self, written: &ast::Lookups) -> Result<f64, Mistake> {
        match written.spread {
            Some(_) if written.per == RatePer::All => {
                Err(Mistake::new(self.here("spread"), "there is only one rate, and nothing to spread")
                    .help("write `per: Node` if each node has a rate of its own"))
            }
            spread => Ok(spread.map_or(0.0, |sigma| sigma.0)),
        }
    }

    fn bursts(&self, written: &ast::Bursts, lasts: Span) -> Result<Bursts, Mistake> {
        let ast::Bursts { every, lasts: long, .. } = written;
        let mistake = |field: &str, title: String| Mistake::new(self.here(&format!("bursts.{field}")), title);
        if long.0 == Span::ZERO {
            return Err(mistake("lasts", "a burst must last longer than nothing".to_owned())
                .help("leave `bursts` out if there are none"));
        }
        if long >= every {
            return Err(mistake("lasts", "a burst must be over before the next begins".to_owned())
                .label(format!("they begin every {every}"))
                .help("`every` counts from the beginning of one to the beginning of the next"));
        }
        let count = lasts.as_nanos() / every.0.as_nanos();
        if count > BURSTS_MAX {
            return Err(mistake("every", format!("this would be some {count} bursts"))
                .label(format!("more than {BURSTS_MAX} are refused")));
        }
        Ok(Bursts::new(written))
    }

    fn keys(&self, written: &ast::Keys) -> Result<KeyLaw, Mistake> {
        KeyLaw::new(written, self.seed, self.width, self.files, &self.here("keys"))
    }

    fn issuers(&self, nodes: Option<&Nodes>, otherwise: &str) -> Result<Vec<Address>, Mistake> {
        let here = self.here("issuers");
        let Some(nodes) = nodes else {
            return Ok(Vec::new());
        };
        let known = |node: u32| self.stage.ids.get(node as usize).is_some_and(Option::is_some);
        if let Some((number, stranger)) = nodes.iter().enumerate().find(|(_, node)| !known(*node)) {
            return Err(Mistake::new(format!("{here}[{number}]"), format!("node {stranger} never joins"))
                .help("nodes are numbered from 0 in the order in which they join"));
        }
        if nodes.iter().next().is_none() {
            return Err(Mistake::new(here, "somebody must ask").help(format!("leave `issuers` out for {otherwise}")));
        }
        Ok(nodes.iter().map(Address).collect())
    }

    /// How many nodes ask, at most.
    fn asking(&self, issuers: &[Address]) -> usize {
        if issuers.is_empty() { self.stage.ids.iter().flatten().count() } else { issuers.len() }
    }

    fn here(&self, field: &str) -> String {
        format!("workload[{}].{field}", self.place)
    }
}

/// The bytes of a file that is named at `here`.
fn read(files: &dyn Files, file: &str, here: &str) -> Result<Vec<u8>, Mistake> {
    files.read(file).map_err(|error| {
        Mistake::new(here, format!("the file \"{file}\" cannot be read"))
            .label(error.to_string())
            .help("the file is looked for beside the scenario")
    })
}

/// What comes of a request.
#[derive(Debug)]
pub(super) enum Turn {
    /// It is asked.
    Asks(Line),
    /// Nobody is up who could ask it, and it counts as unasked.
    NobodyUp,
    /// The node whose rate it belongs to is down, and asks nothing meanwhile; or there are no two nodes for a transfer.
    Down,
}

impl Source {
    /// The requests of this workload, from the first on.
    pub(super) fn requests<'a>(&'a self, plan: &'a Plan) -> Requests<'a> {
        match self {
            Self::Open(open) if open.per == RatePer::Node => Requests::Each(Box::new(Each::new(open, plan))),
            Self::Open(open) => Requests::Common(Box::new(Common::new(open, plan))),
            Self::Listed(lines) => Requests::Listed(lines.iter()),
            Self::Bulks(bulks) => Requests::Bulks(Box::new(Pairs::new(bulks, plan))),
        }
    }
}

/// The requests of one workload, one by one.
#[derive(Debug)]
pub(super) enum Requests<'a> {
    Common(Box<Common<'a>>),
    Each(Box<Each<'a>>),
    Listed(std::slice::Iter<'a, Line>),
    Bulks(Box<Pairs<'a>>),
}

impl Requests<'_> {
    /// When the next request is due; none if there is no more.
    pub(super) fn next_at(&self) -> Option<SimTime> {
        match self {
            Self::Common(requests) => requests.next_at(),
            Self::Each(requests) => requests.next_at(),
            Self::Listed(lines) => lines.as_slice().first().map(|line| line.at),
            Self::Bulks(pairs) => pairs.next_at(),
        }
    }

    /// The request that is due, and on to the next; none if there is no more.
    pub(super) fn next(&mut self, up: &Roster) -> Option<Turn> {
        match self {
            Self::Common(requests) => requests.next(up),
            Self::Each(requests) => requests.next(up),
            Self::Listed(lines) => lines.next().map(|line| match line.deed {
                Deed::Lookup { node, .. } if up.contains(node) => Turn::Asks(line.clone()),
                _ => Turn::NobodyUp,
            }),
            Self::Bulks(pairs) => pairs.next(up),
        }
    }
}

/// More requests than a run could carry out in hours are a slip of the pen.
const REQUESTS_MAX: f64 = 1e9;
/// Likewise.
const BURSTS_MAX: u64 = 1_000_000;
/// One for each of as many nodes as there may be.
const IN_FLIGHT_MAX: u64 = 10_000_000;
/// Larger numbers would share their draws with others.
const DRAWS_MAX: u32 = (1 << 20) - 1;
