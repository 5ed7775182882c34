//! `dhtsim trace`: what happens, as text.

use std::io::{self, Write};
use std::process::ExitCode;

use analysis::execute::Progress;
use protocols::dht::Dht;
use protocols::{Entry, Visitor};
use scenarios::ast::Scenario;
use scenarios::oracle::Judged;
use scenarios::plan::Plan;
use scenarios::read;
use scenarios::run::{Interrupted, Observer, run};
use sim::record::{Fact, Recorder};
use sim::time::SimTime;

use super::{End, files_of, input, stoppable, unprinted};
use crate::cli;

pub(crate) fn verb(words: &cli::Trace) -> Result<ExitCode, End> {
    let input = input(&words.scenario)?;
    let files = files_of(&words.scenario, &words.data.folders);
    let (scenario, plan) = read::plan(&input.name, &input.bytes, words.seed, &files)?;
    let entry = chosen(&scenario, words.protocol.as_deref())?;
    let progress = stoppable()?;
    let out = io::BufWriter::new(io::stdout().lock());
    let tracing = Tracing { plan: &plan, trace: sim::trace::Trace::new(out, words.choice()), progress: &progress };
    match entry.visit(tracing) {
        Err(Interrupted) => Err(End::Interrupted),
        Ok(Err(error)) => Err(unprinted(&error)),
        Ok(Ok(lines)) => {
            if lines == 0 {
                // If stderr is closed, nobody is there to be told.
                let _ = writeln!(io::stderr(), "no fact is wanted by these filters");
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn chosen<'a>(scenario: &'a Scenario, label: Option<&str>) -> Result<&'a Entry, End> {
    let mut protocols = scenario.protocols.0.iter();
    let found = protocols.find(|(other, _)| label.is_none_or(|label| label == other));
    found.map(|(_, entry)| entry).ok_or_else(|| {
        let labels: Vec<&str> = scenario.protocols.0.iter().map(|(label, _)| label.as_str()).collect();
        End::Invalid(format!("no protocol has the label \"{}\"; there are {}", label.unwrap_or(""), labels.join(", ")))
    })
}

type Out = io::BufWriter<io::StdoutLock<'static>>;

/// Runs a plan with whatever protocol it is given, and prints its facts.
struct Tracing<'a> {
    plan: &'a Plan,
    trace: sim::trace::Trace<Out>,
    progress: &'a Progress,
}

impl Visitor for Tracing<'_> {
    type Output = Result<io::Result<u64>, Interrupted>;

    fn visit<P: Dht>(self, settings: &P::Settings) -> Self::Output {
        let Self { plan, trace, progress } = self;
        let finished = run::<P, Facts>(plan, settings, Facts(trace), &mut |_| progress.control())?;
        let trace = finished.observer.0;
        let lines = trace.lines();
        Ok(trace.finish().map(|_| lines))
    }
}

struct Facts(sim::trace::Trace<Out>);

impl<P: Dht> Recorder<P> for Facts {
    fn record(&mut self, now: SimTime, fact: &Fact<'_, P>) {
        self.0.record(now, fact);
    }
}

impl<P: Dht> Observer<P> for Facts {
    fn judged(&mut self, _: &Judged) {}
}
