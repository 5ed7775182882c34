//! A run: the plan's lines are carried out one by one, and in between the simulation goes on. It decides nothing but when a
//! closed loop asks, and how the chunks of a bulk transfer get on.

mod loops;
mod network;
mod transfers;

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use protocols::dht::{Common, Dht, JOIN, LOOKUP, Members, Request, UPKEEP};
use protocols::key::Key;
use sim::access::AccessFigures;
use sim::address::Address;
use sim::faults::{Groups, Rule, RuleId, Scope};
use sim::fingerprint::{Fingerprint, FingerprintValue, Trail};
use sim::law::Law;
use sim::protocol::{Cause, Purpose, RequestId};
use sim::record::{EventCount, Recorder};
use sim::simulation::Simulation;
use sim::time::{SimTime, Span};

use crate::ast::Memory;
use crate::oracle::{Judge, Judged, Placed};
use crate::plan::{Deed, Fault, Plan, Which};
use loops::{Loops, Watch};
use network::World;
pub use transfers::TransferFigures;
use transfers::Transfers;

/// Sees a run as it happens: every fact, and every lookup once it has been judged.
pub trait Observer<P: Dht>: Recorder<P> {
    /// A lookup has ended and was judged.
    fn judged(&mut self, lookup: &Judged);
}

impl<P: Dht> Observer<P> for () {
    fn judged(&mut self, _: &Judged) {}
}

/// What a run has come to.
#[derive(Clone, Debug)]
pub struct Finished<O> {
    /// Whoever watched.
    pub observer: O,
    /// The fingerprint of the run.
    pub fingerprint: FingerprintValue,
    /// Where the fingerprint stood along the way.
    pub trail: Trail,
    /// How many events nodes have handled.
    pub events: u64,
    /// Requests of the workload that found nobody up who could ask.
    pub unasked: u64,
    /// Members at the end.
    pub members: usize,
    /// Distinct contacts of each member at the end.
    pub routing_entries: Vec<usize>,
    /// Bytes of state of each member at the end.
    pub state_bytes: Vec<usize>,
    /// What has become of the keys and copies of the plan's probe; none if it has none, or if nobody was a member then.
    pub placed: Option<Placed>,
    /// What messages have met at the queues of access links and slow nodes.
    pub access: AccessFigures,
    /// What has become of bulk transfers.
    pub transfers: TransferFigures,
}

/// The run was stopped from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interrupted;

/// Runs a plan with a protocol. `control` is asked now and then, with the virtual time, whether to go on.
pub fn run<P: Dht, O: Observer<P>>(
    plan: &Plan,
    settings: &P::Settings,
    observer: O,
    control: &mut dyn FnMut(SimTime) -> ControlFlow<()>,
) -> Result<Finished<O>, Interrupted> {
    let mut stage = Stage::<P, O>::new(plan, settings, observer);
    let slice = Span::from_nanos((plan.end.as_nanos() / SLICES).max(1));
    let mut next_slice = SimTime::ZERO + slice;
    let mut lines = plan.lines();
    loop {
        let line = lines.next();
        let until = line.as_ref().map_or(plan.end, |line| line.at);
        while next_slice < until {
            stage.go_on_until(next_slice, control)?;
            next_slice += slice;
        }
        stage.go_on_until(until, control)?;
        match line {
            Some(line) => stage.carry_out(line.deed),
            None => return Ok(stage.finish(lines.unasked())),
        }
    }
}

type Recorders<P, O> = (Judge<P>, (Fingerprint, (EventCount, (O, Option<Watch>))));

struct Stage<'a, P: Dht, O> {
    plan: &'a Plan,
    world: Simulation<P, World, Recorders<P, O>>,
    faults: BTreeMap<u32, RuleId>,
    /// What nodes that are down had in mind, and will come back with.
    kept: BTreeMap<Address, P>,
    requests: u32,
    loops: Option<Loops<'a>>,
    transfers: Transfers,
    /// When it is to be noted where copies lie, if that is still to come.
    probe_at: Option<SimTime>,
}

impl<'a, P: Dht, O: Observer<P>> Stage<'a, P, O> {
    fn new(plan: &'a Plan, settings: &P::Settings, observer: O) -> Self {
        let keys: Vec<Key> = plan.ids.iter().map(|id| id.unwrap_or_default()).collect();
        let common = Common::new(plan.width, keys.clone(), settings.clone()).seeded(plan.seed);
        let is_outsider = |node: &Address| plan.placement.is_undialable(plan.host(*node));
        let outsiders = (0..plan.hosts.len() as u32).map(Address).filter(is_outsider).collect();
        let judge = Judge::new(keys).with_outsiders(outsiders);
        let loops = Loops::new(plan);
        let observers = (observer, loops.is_some().then(Watch::default));
        let recorders = (judge, (Fingerprint::default(), (EventCount::default(), observers)));
        let world = Simulation::new(plan.seed, common, network::world(plan), recorders);
        let (faults, kept, transfers) = (BTreeMap::new(), BTreeMap::new(), Transfers::default());
        let probe_at = plan.probe.map(|probe| probe.at);
        Self { plan, world, faults, kept, requests: 0, loops, transfers, probe_at }
    }

    /// Goes on, and notes on the way where copies lie, if it is time.
    fn go_on_until(
        &mut self,
        until: SimTime,
        control: &mut dyn FnMut(SimTime) -> ControlFlow<()>,
    ) -> Result<(), Interrupted> {
        if let Some(at) = self.probe_at.take_if(|at| *at <= until) {
            self.pass_until(at, control)?;
            self.world.recorder_mut().0.note_placement();
        }
        self.pass_until(until, control)
    }

    fn pass_until(
        &mut self,
        until: SimTime,
        control: &mut dyn FnMut(SimTime) -> ControlFlow<()>,
    ) -> Result<(), Interrupted> {
        let mut steps = 0u32;
        while self.step_before(until) {
            steps += 1;
            if steps.is_multiple_of(STEPS_BETWEEN_CHECKS) && control(self.world.now()).is_break() {
                return Err(Interrupted);
            }
        }
        self.world.run_until(until);
        self.hand_on_judged();
        if control(until).is_break() { Err(Interrupted) } else { Ok(()) }
    }

    /// The next event, or what comes from outside: the next chunk of a bulk transfer, or what a closed loop asks next, if it is
    /// due before `until`. What comes from outside at an instant comes before the events that are due then, as what the plan's
    /// lines do; chunks come first.
    #[inline]
    fn step_before(&mut self, until: SimTime) -> bool {
        let Some(at) = self.transfers.next_at().filter(|at| *at < until) else {
            return self.step_of_nodes_before(until);
        };
        if !self.step_of_nodes_before(at) {
            self.world.run_until(at);
            self.transfers.step(&mut self.world);
        }
        true
    }

    #[inline]
    fn step_of_nodes_before(&mut self, until: SimTime) -> bool {
        let Some(loops) = &mut self.loops else {
            return self.world.step_before(until);
        };
        let now = self.world.now();
        let (_, (_, (_, (_, watch)))) = self.world.recorder_mut();
        loops.attend(watch.as_mut().map(Watch::take).unwrap_or_default(), now);
        let Some(at) = loops.next_at().filter(|at| *at < until) else {
            return self.world.step_before(until);
        };
        if !self.world.step_before(at) {
            self.world.run_until(at);
            if let Some((node, lookup)) = loops.next(RequestId(self.requests + 1), at) {
                self.ask(node, lookup, LOOKUP);
            }
        }
        true
    }

    fn hand_on_judged(&mut self) {
        let mut all = self.world.recorder_mut().0.take_judged();
        for judged in &mut all {
            judged.round_trip = judged.owner.and_then(|owner| self.round_trip(judged.issuer, owner));
        }
        let (_, (_, (_, (observer, _)))) = self.world.recorder_mut();
        for judged in &all {
            observer.judged(judged);
        }
    }

    fn round_trip(&self, one: Address, other: Address) -> Option<Span> {
        let links = self.world.network().below().below();
        Some(links.base_delay(one, other)? + links.base_delay(other, one)?)
    }

    fn carry_out(&mut self, deed: Deed) {
        if let Some(loops) = &mut self.loops {
            loops.note(&deed);
        }
        match deed {
            Deed::Join { node, bootstraps } => self.start(node, bootstraps, Memory::Lost),
            Deed::Restart { node, bootstraps, state } => self.start(node, bootstraps, state),
            Deed::JoinAgain { node, bootstraps } if bootstraps.is_empty() => self.begin_anew(node),
            Deed::JoinAgain { node, bootstraps } => self.ask(node, Request::Join { bootstraps }, JOIN),
            Deed::Converge { nodes } => self.converge(&nodes),
            Deed::Leave { node, state } => {
                let kept = self.world.node(node).filter(|_| state == Memory::Kept).cloned();
                self.kept.extend(kept.map(|kept| (node, kept)));
                self.ask(node, Request::Leave, UPKEEP);
            }
            Deed::Crash { node, state } => {
                let kept = self.world.crash(node).filter(|_| state == Memory::Kept);
                self.kept.extend(kept.map(|kept| (node, kept)));
            }
            Deed::Pause(node) => self.world.pause(node),
            Deed::Resume(node) => self.world.resume(node),
            Deed::Slow { node, service } => {
                self.set_service(node, Some(service.law()), &format!("{node} becomes slow: {:?}", service.law()));
            }
            Deed::Mend(node) => {
                let host = self.plan.host(node);
                self.set_service(node, self.plan.placement.service_of(host), &format!("{node} is no longer slow"));
            }
            Deed::Fault { number, fault, .. } => self.begin_fault(number, &fault),
            Deed::Heal { number } => self.end_fault(number),
            Deed::Lookup { node, key, copies } => self.ask(node, Request::Lookup { key, copies }, LOOKUP),
            Deed::Transfer(transfer) => self.transfers.begin(transfer, &mut self.world),
            Deed::Step { node, step } => {
                if let Some(number) = P::STEPS.iter().position(|name| *name == step) {
                    self.ask(node, Request::Step(number as u8), UPKEEP);
                }
            }
        }
    }

    /// A node comes up, with what it had on disk if that was kept, and is asked to join.
    fn start(&mut self, node: Address, bootstraps: Vec<Address>, state: Memory) {
        if self.world.is_up(node) {
            return;
        }
        let kept = self.kept.remove(&node).filter(|_| state == Memory::Kept);
        let state = match kept {
            Some(kept) => {
                self.world.recorder_mut().0.revived(node);
                kept.revived(node, self.world.shared())
            }
            None => P::new(node),
        };
        self.world.start(node, state);
        self.ask(node, Request::Join { bootstraps }, JOIN);
    }

    /// A node that has joined goes on as it does. One that has not, and has nobody left to ask, is started anew by its user,
    /// so that it begins an overlay.
    fn begin_anew(&mut self, node: Address) {
        let key = self.world.shared().key(node);
        if self.world.is_up(node) && !self.world.recorder().0.members().contains(key) {
            self.world.crash(node);
            self.start(node, Vec::new(), Memory::Lost);
        }
    }

    /// Every request has a number, asked or not, so that a node that is gone shifts nobody else's.
    fn ask(&mut self, node: Address, request: Request, purpose: Purpose) {
        self.requests += 1;
        self.world.ask(node, request, Cause { purpose, request: RequestId(self.requests) });
    }

    fn converge(&mut self, nodes: &[Address]) {
        let common = self.world.shared();
        // Who cannot be dialled is in nobody's tables, and has tables itself.
        let dialable = nodes.iter().filter(|node| !self.plan.placement.is_undialable(self.plan.host(**node)));
        let members: Members = dialable.map(|node| (common.key(*node), *node)).collect();
        for node in nodes {
            let state = P::converged(*node, &members, self.world.shared());
            self.world.start(*node, state);
        }
        for node in nodes {
            self.ask(*node, Request::Begin, JOIN);
        }
    }

    fn set_service(&mut self, node: Address, time: Option<Law>, what: &str) {
        self.world.change_network(what, |world| world.set_service(node, time.map(network::service)));
    }

    fn begin_fault(&mut self, number: u32, fault: &Fault) {
        let now = self.world.now();
        if let Fault::Partition(parts) = fault {
            self.world.recorder_mut().0.partition(number, Groups::new(parts), now);
        }
        let mut id = None;
        self.world.change_network(&describe(number, fault), |network| id = Some(network.below_mut().add(rule(fault))));
        self.faults.extend(id.map(|id| (number, id)));
    }

    fn end_fault(&mut self, number: u32) {
        let now = self.world.now();
        let Some(id) = self.faults.remove(&number) else {
            return;
        };
        self.world.recorder_mut().0.heal(number, now);
        self.world.change_network(&format!("fault {number} ends"), |network| network.below_mut().remove(id));
    }

    fn finish(mut self, unasked: u64) -> Finished<O> {
        self.world.recorder_mut().0.finish(self.plan.end);
        self.hand_on_judged();
        let members = &self.world.recorder().0.members();
        let is_member = |node: &Address| members.contains(self.world.shared().key(*node));
        let nodes = || self.world.nodes().filter(|(node, _)| is_member(node));
        let routing_entries = nodes().map(|(_, state)| state.routing_entries()).collect();
        let state_bytes = nodes().map(|(_, state)| state.state_bytes()).collect();
        let count = members.len();
        let judge = &self.world.recorder().0;
        let placed = self.plan.probe.and_then(|probe| judge.placed(self.plan.keys_of(&probe), probe.copies));
        let access = *self.world.network().figures();
        let transfers = self.transfers.finish(&mut self.world);
        let (_, (fingerprint, (events, (observer, _)))) = self.world.into_recorder();
        Finished {
            observer,
            fingerprint: fingerprint.value(),
            trail: fingerprint.trail().clone(),
            events: events.0,
            unasked,
            members: count,
            routing_entries,
            state_bytes,
            placed,
            access,
            transfers,
        }
    }
}

fn rule(fault: &Fault) -> Rule {
    match fault {
        Fault::Partition(parts) => Rule::Partition(Groups::new(parts)),
        Fault::Cut(which) => Rule::Cut(scope(which)),
        Fault::Loss(which, probability) => Rule::Loss(scope(which), *probability),
        Fault::Delay(which, by) => Rule::Delay(scope(which), *by),
    }
}

fn scope(which: &Which) -> Scope {
    match which {
        Which::All => Scope::Everything,
        Which::Nodes(nodes) => Scope::Nodes(nodes.clone()),
        Which::Links { from, to, both_ways: true } => Scope::Between(from.clone(), to.clone()),
        Which::Links { from, to, both_ways: false } => Scope::Links(from.clone(), to.clone()),
    }
}

fn describe(number: u32, fault: &Fault) -> String {
    match fault {
        Fault::Partition(parts) => format!("fault {number} begins: partition {parts:?}"),
        Fault::Cut(which) => format!("fault {number} begins: cut {which:?}"),
        Fault::Loss(which, probability) => format!("fault {number} begins: loss {probability} {which:?}"),
        Fault::Delay(which, by) => format!("fault {number} begins: delay {by} {which:?}"),
    }
}

/// In so many parts a run is cut, so that whoever waits for it hears of it.
const SLICES: u64 = 200;
const STEPS_BETWEEN_CHECKS: u32 = 1 << 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_names_nodes_and_numbers() {
        let which = Which::Links { from: vec![Address(1)], to: vec![Address(2)], both_ways: true };
        let text = describe(0, &Fault::Loss(which, 0.5));
        assert_eq!(text, "fault 0 begins: loss 0.5 Links { from: [n1], to: [n2], both_ways: true }");
    }
}
