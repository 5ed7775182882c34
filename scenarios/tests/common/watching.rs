//! A run that is watched: who sent what to whom, what became of it, and what was judged.
#![allow(dead_code, reason = "every test takes what it needs")]

use std::ops::ControlFlow;

use protocols::Visitor;
use protocols::dht::{Dht, Report};
use scenarios::ast::Scenario;
use scenarios::oracle::Judged;
use scenarios::plan::Plan;
use scenarios::run::{Observer, run};
use sim::address::Address;
use sim::fingerprint::FingerprintValue;
use sim::network::DropCause;
use sim::record::{Fact, Recorder};
use sim::time::SimTime;

/// What was seen of a run.
pub(crate) struct Watched {
    /// Facts, in order.
    pub(crate) seen: Vec<(SimTime, What)>,
    /// Every lookup.
    pub(crate) judged: Vec<Judged>,
    /// Members at the end.
    pub(crate) members: usize,
    /// The fingerprint.
    pub(crate) fingerprint: FingerprintValue,
}

/// A fact: from whom, to whom, and the message in words; how many bytes are sent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum What {
    Sent(Address, Address, String, u32),
    Delivered(Address, Address, String),
    Dropped(Address, Address, String, DropCause),
    Reported(Address, Report),
}

/// Runs a plan with the protocol in this place.
pub(crate) fn watch(scenario: &Scenario, plan: &Plan, protocol: usize) -> Watched {
    scenario.protocols.0[protocol].1.visit(Watching { plan })
}

struct Watching<'a> {
    plan: &'a Plan,
}

impl Visitor for Watching<'_> {
    type Output = Watched;

    fn visit<P: Dht>(self, settings: &P::Settings) -> Watched {
        let control = &mut |_| ControlFlow::Continue(());
        let finished = run::<P, Eyes>(self.plan, settings, Eyes::default(), control).expect("nobody stops it");
        let Eyes { seen, judged } = finished.observer;
        Watched { seen, judged, members: finished.members, fingerprint: finished.fingerprint }
    }
}

#[derive(Default)]
struct Eyes {
    seen: Vec<(SimTime, What)>,
    judged: Vec<Judged>,
}

impl<P: Dht> Recorder<P> for Eyes {
    fn record(&mut self, now: SimTime, fact: &Fact<'_, P>) {
        let what = match fact {
            Fact::Sent { from, to, message, bytes, .. } => What::Sent(*from, *to, format!("{message:?}"), *bytes),
            Fact::Delivered { from, to, message, .. } => What::Delivered(*from, *to, format!("{message:?}")),
            Fact::Dropped { from, to, message, why, .. } => What::Dropped(*from, *to, format!("{message:?}"), *why),
            Fact::Reported { node, report, .. } => What::Reported(*node, (*report).clone()),
            _ => return,
        };
        self.seen.push((now, what));
    }
}

impl<P: Dht> Observer<P> for Eyes {
    fn judged(&mut self, lookup: &Judged) {
        self.judged.push(lookup.clone());
    }
}
