//! Churn as written becomes churn as meant: presets and traces are looked up, and what cannot be meant is complained of.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sim::law::Law;
use sim::time::{SimTime, Span};

use super::super::script::NODES_MAX;
use super::super::script::comings::{check_back, check_return, check_session};
use super::clock::Clock;
use super::poisson::{Arrivals, Failures, Victims};
use super::sessions::{Laws, Sessions};
use super::trace::Trace;
use super::{Entry, Kind, poisson};
use crate::ast::{
    self, Begin, Churn, ChurnPreset, Class, Diurnal, LawSpec, Probability, Rate, Scenario, churn_presets,
};
use crate::data::Data;
use crate::diagnostic::suggest;
use crate::mistake::Mistake;

/// Checks the churn of a scenario, whose traces have been read.
pub(super) fn entries(scenario: &Scenario, end: SimTime, data: &Data) -> Result<Vec<Entry>, Mistake> {
    let written = &scenario.churn.0;
    let entry = |(place, (label, churn)): (usize, &(String, Churn))| {
        let checker = Checker { place, end, data };
        if written[..place].iter().any(|(other, _)| other == label) {
            return Err(Mistake::new(checker.path(""), format!("the label \"{label}\" stands twice"))
                .help("every entry of the churn needs a label of its own"));
        }
        checker.entry(label, churn)
    };
    written.iter().enumerate().map(entry).collect()
}

struct Checker<'a> {
    place: usize,
    end: SimTime,
    data: &'a Data,
}

impl Checker<'_> {
    fn path(&self, field: &str) -> String {
        let point = if field.is_empty() { "" } else { "." };
        format!("churn[{}]{point}{field}", self.place)
    }

    fn mistake(&self, field: &str, title: impl Into<String>) -> Mistake {
        Mistake::new(self.path(field), title)
    }

    fn entry(&self, label: &str, churn: &Churn) -> Result<Entry, Mistake> {
        let (from, until) = match churn {
            Churn::Sessions(ast::Sessions { from, until, .. })
            | Churn::Arrivals(ast::Newcomers { from, until, .. })
            | Churn::Departures(ast::Departures { from, until, .. })
            | Churn::Failures(ast::Failures { from, until, .. }) => (from.0, until.map(|until| until.0)),
            Churn::Trace(ast::Trace { from, clip, .. }) => {
                (from.0, clip.map(|(a, b)| from.0 + b.0.saturating_sub(a.0)))
            }
        };
        let (from, until) = self.stretch(from, until, matches!(churn, Churn::Trace(_)))?;
        let kind = match churn {
            Churn::Sessions(sessions) => Kind::Sessions(self.sessions(sessions, until - from)?),
            Churn::Arrivals(arrivals) => Kind::Arrivals(self.arrivals(arrivals, until - from)?),
            Churn::Departures(ast::Departures { rate, graceful, .. }) => {
                Kind::Departures(poisson::Departures { gap: self.gap(rate, until - from)?, graceful: graceful.0 })
            }
            Churn::Failures(failures) => Kind::Failures(self.failures(failures, until - from)?),
            Churn::Trace(trace) => Kind::Trace(self.trace(trace)?),
        };
        Ok(Entry { label: label.to_owned(), from, until, kind })
    }

    /// From when to when an entry is at work. A clip of a trace may be longer than the run.
    fn stretch(&self, from: Span, until: Option<Span>, may_be_cut: bool) -> Result<(SimTime, SimTime), Mistake> {
        let from = SimTime::ZERO + from;
        let until = until.map_or(self.end, |until| SimTime::ZERO + until);
        if from >= self.end {
            return Err(self
                .mistake("from", "this must begin before the end of the run")
                .label(format!("the run ends at {}", self.end.since(SimTime::ZERO))));
        }
        if until > self.end && !may_be_cut {
            return Err(self
                .mistake("until", "this must not go on after the end of the run")
                .label(format!("the run ends at {}", self.end.since(SimTime::ZERO))));
        }
        if from >= until {
            let field = if may_be_cut { "clip" } else { "from" };
            return Err(self.mistake(field, "churn must begin before it ends"));
        }
        Ok((from, until.min(self.end)))
    }

    fn sessions(&self, written: &ast::Sessions, lasts: Span) -> Result<Sessions, Mistake> {
        let ast::Sessions { nodes, begin, first, id, state, graceful, diurnal, .. } = written;
        if nodes.0 > NODES_MAX {
            return Err(self
                .mistake("nodes", format!("more than {NODES_MAX} nodes are refused"))
                .help("begin with a thousand"));
        }
        check_return(*id, *state, &self.path("state"))?;
        let preset = written.preset.as_deref().map(|name| self.preset(name)).transpose()?;
        let classes = self.classes(written, preset)?;
        let laws = |(number, class): (usize, &(String, Class))| laws_of(class, number, &classes, *begin);
        let laws: Vec<Laws> = classes.iter().enumerate().map(laws).collect::<Result<_, _>>()?;
        if diurnal.is_some() && laws.iter().any(|laws| laws.downtime.is_none()) {
            return Err(self
                .mistake("diurnal", "nobody is down, so that no rate of returns could swing")
                .help("say how long hosts are down: `downtime: Exponential(mean: \"1h\")`"));
        }
        self.check_number(&laws, nodes.0, lasts)?;
        Ok(Sessions {
            nodes: nodes.0 as u32,
            classes: laws,
            correlation: written
                .correlation
                .map_or_else(|| preset.map_or(0.0, |preset| preset.correlation), |rho| rho.0),
            begin: *begin,
            first: *first,
            id: *id,
            state: *state,
            graceful: graceful.0,
            clock: self.clock(diurnal.as_ref())?,
        })
    }

    fn preset(&self, name: &str) -> Result<&'static ChurnPreset, Mistake> {
        let names = || churn_presets().iter().map(|preset| preset.name);
        churn_presets().iter().find(|preset| preset.name == name).ok_or_else(|| {
            self.mistake("preset", format!("there is no preset \"{name}\"")).help(match suggest(name, names()) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => format!("there are {}", names().collect::<Vec<_>>().join(", ")),
            })
        })
    }

    /// The kinds of hosts, each with the path of its laws: what is written, and for the rest what the preset says.
    fn classes(
        &self,
        written: &ast::Sessions,
        preset: Option<&'static ChurnPreset>,
    ) -> Result<Vec<(String, Class)>, Mistake> {
        let ast::Sessions { session, downtime, classes, .. } = written;
        if !classes.is_empty() && (session.is_some() || downtime.is_some()) {
            let field = if session.is_some() { "session" } else { "downtime" };
            return Err(self
                .mistake(field, "where there are `classes`, each has laws of its own")
                .help("leave it out here"));
        }
        if !classes.is_empty() {
            let sum: f64 = classes.iter().map(|class| class.share.0).sum();
            if (sum - 1.0).abs() > 1e-9 {
                return Err(self
                    .mistake("classes", "the shares of the classes must add up to 1")
                    .label(format!("they add up to {sum}")));
            }
            let placed = |(number, class): (usize, &Class)| (self.path(&format!("classes[{number}]")), *class);
            return Ok(classes.iter().enumerate().map(placed).collect());
        }
        if let Some(session) = session {
            let downtime = downtime.or_else(|| preset.and_then(|preset| preset.classes.first()?.downtime));
            return Ok(vec![(self.path(""), Class { share: Probability(1.0), session: *session, downtime })]);
        }
        let Some(preset) = preset else {
            return Err(self
                .mistake("", "how long do nodes stay?")
                .help("write `session: Exponential(mean: \"1h\")`, `classes: [..]` or `preset: \"kad-2007\"`"));
        };
        let class = |class: &ast::PresetClass| {
            let downtime = downtime.or(class.downtime);
            (self.path(""), Class { share: Probability(class.share), session: class.session, downtime })
        };
        Ok(preset.classes.iter().map(class).collect())
    }

    fn check_number(&self, laws: &[Laws], nodes: u64, lasts: Span) -> Result<(), Mistake> {
        let mut below = 0.0;
        let mut sessions = 0.0;
        for Laws { up_to, session, downtime } in laws {
            let cycle = session.mean_nanos() + downtime.map_or(0.0, |law| law.mean_nanos());
            sessions += (up_to - below) * nodes as f64 * (lasts.as_nanos() as f64 / cycle);
            below = *up_to;
        }
        if sessions <= SESSIONS_MAX {
            return Ok(());
        }
        Err(self
            .mistake("", format!("this comes to some {sessions:.0} sessions"))
            .label(format!("more than {SESSIONS_MAX:.0} are refused"))
            .help("give longer sessions, fewer nodes or a shorter run"))
    }

    fn arrivals(&self, written: &ast::Newcomers, lasts: Span) -> Result<Arrivals, Mistake> {
        let ast::Newcomers { rate, session, steady, first, graceful, diurnal, .. } = written;
        if let Some(session) = session {
            check_session(session, &self.path("session"))?;
        }
        let is_steady = steady.unwrap_or(session.is_some());
        let session = session.as_ref().map(LawSpec::law);
        let gap = self.gap(rate, lasts)?;
        match &session {
            None if is_steady => {
                return Err(self
                    .mistake("steady", "who stays for ever makes no steady state")
                    .help("say how long they stay: `session: Exponential(mean: \"1h\")`"));
            }
            Some(law) if is_steady => {
                self.check_residents(law, gap)?;
            }
            _ if first.is_some() => {
                return Err(self
                    .mistake("first", "nobody is there from the first instant on")
                    .help("say so with a `session` and `steady: true`"));
            }
            _ => {}
        }
        Ok(Arrivals {
            gap,
            session,
            is_steady,
            first: *first,
            graceful: graceful.0,
            clock: self.clock(diurnal.as_ref())?,
        })
    }

    fn check_residents(&self, law: &Law, gap: f64) -> Result<(), Mistake> {
        let residents = law.mean_nanos() / gap;
        if !residents.is_finite() {
            return Err(self
                .mistake("session", "a law without a mean has no steady state to begin in")
                .label("its mean is infinite")
                .help("give a `shape` above 1, or write `steady: false`"));
        }
        if residents > NODES_MAX as f64 {
            return Err(self
                .mistake("rate", format!("some {residents:.0} nodes would be there from the first instant on"))
                .label(format!("more than {NODES_MAX} are refused")));
        }
        Ok(())
    }

    fn failures(&self, written: &ast::Failures, lasts: Span) -> Result<Failures, Mistake> {
        let ast::Failures { rate, nodes, count, fraction, region, back, .. } = written;
        if let Some(back) = back {
            check_back(back, &self.path("back"))?;
        }
        let who = match (nodes, count, fraction, region) {
            (Some(nodes), None, None, None) => Victims::Nodes(nodes.clone()),
            (None, Some(count), None, _) => Victims::Count(*count),
            (None, None, Some(fraction), _) => Victims::Fraction(fraction.0),
            (None, None, None, Some(_)) => Victims::All,
            (Some(_), None, None, Some(_)) => {
                return Err(self
                    .mistake("region", "these nodes are named already")
                    .help("leave `region` or `nodes` out"));
            }
            _ => {
                return Err(self
                    .mistake("", "who shall fail?")
                    .help("write one of `nodes: [3, 7]`, `count: 5`, `fraction: 0.1` and `region: \"eu\"`"));
            }
        };
        Ok(Failures { gap: self.gap(rate, lasts)?, who, region: region.clone(), back: *back })
    }

    fn gap(&self, rate: &Rate, lasts: Span) -> Result<f64, Mistake> {
        let strikes = lasts.as_nanos() as f64 / rate.gap_nanos();
        if strikes <= SESSIONS_MAX {
            return Ok(rate.gap_nanos());
        }
        Err(self
            .mistake("rate", format!("this would happen some {strikes:.0} times"))
            .label(format!("more than {SESSIONS_MAX:.0} are refused")))
    }

    fn clock(&self, diurnal: Option<&Diurnal>) -> Result<Clock, Mistake> {
        match diurnal {
            None => Ok(Clock::STEADY),
            Some(diurnal) if diurnal.period.0 == Span::ZERO => {
                Err(self.mistake("diurnal.period", "a day must last longer than nothing"))
            }
            Some(diurnal) => Ok(Clock::new(diurnal)),
        }
    }

    fn trace(&self, written: &ast::Trace) -> Result<Trace, Mistake> {
        let ast::Trace { file, clip, only, first, id, state, graceful, .. } = written;
        check_return(*id, *state, &self.path("state"))?;
        let whole = Arc::clone(self.data.traces.get(&self.place).expect("the traces of a scenario have been read"));
        let begins = clip.map_or(SimTime::ZERO, |(begins, _)| SimTime::ZERO + begins.0);
        let named: BTreeMap<&str, u32> = whole.nodes.iter().map(|node| node.name.as_str()).zip(0..).collect();
        let hosts: Vec<u32> = match only {
            None => (0..whole.nodes.len() as u32).collect(),
            Some(only) => {
                let stranger = |place: usize| {
                    let title = format!("there is no node \"{}\" in {file}", only[place]);
                    self.mistake(&format!("only[{place}]"), title)
                };
                let host = |(place, name): (usize, &String)| named.get(name.as_str()).ok_or_else(|| stranger(place));
                let hosts: BTreeSet<u32> =
                    only.iter().enumerate().map(|named| host(named).copied()).collect::<Result<_, _>>()?;
                hosts.into_iter().collect()
            }
        };
        let (first, id, state, graceful) = (*first, *id, *state, graceful.0);
        Ok(Trace { whole, hosts, begins, first, id, state, graceful })
    }
}

/// The laws of a kind of hosts, and the share of hosts that are of it or of one before it.
fn laws_of(
    (here, class): &(String, Class),
    number: usize,
    all: &[(String, Class)],
    begin: Begin,
) -> Result<Laws, Mistake> {
    check_session(&class.session, &format!("{here}.session"))?;
    let session = class.session.law();
    check_mean(&session, begin, &format!("{here}.session"))?;
    if let Some(downtime) = &class.downtime {
        downtime.check(&format!("{here}.downtime"))?;
        check_mean(&downtime.law(), begin, &format!("{here}.downtime"))?;
    }
    let up_to = all[..=number].iter().map(|(_, class)| class.share.0).sum();
    Ok(Laws { up_to, session, downtime: class.downtime.as_ref().map(LawSpec::law) })
}

/// Complains of a law that has no steady state, where one is to begin in it.
fn check_mean(law: &Law, begin: Begin, here: &str) -> Result<(), Mistake> {
    if law.mean_nanos().is_finite() || begin != Begin::Steady {
        return Ok(());
    }
    Err(Mistake::new(here, "a law without a mean has no steady state to begin in")
        .label("its mean is infinite")
        .help("give a `shape` above 1, or write `begin: Fresh`"))
}

/// More sessions or strikes of a clock than this are a slip of the pen.
const SESSIONS_MAX: f64 = 1e7;
