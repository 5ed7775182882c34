//! A small world for tests of any protocol: a simulation, a recorder that holds every message to the laws, a judge.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses its part")]

use std::collections::BTreeMap;

use protocols::dht::{Answer, Common, Dht, JOIN, LOOKUP, Layout, Members, Report, Request, UPKEEP};
use protocols::key::{Key, Width};
use sim::address::Address;
use sim::faults::Faulty;
use sim::fingerprint::{Fingerprint, FingerprintValue};
use sim::law::Law;
use sim::network::{Links, Per};
use sim::protocol::{Cause, Protocol, Purpose, RequestId};
use sim::record::{Fact, Recorder};
use sim::simulation::Simulation;
use sim::time::{SimTime, Span};

/// Nodes of one protocol over a network with latency, and the lookups asked of them.
pub struct World<P: Dht> {
    pub sim: Simulation<P, Faulty<Links>, (Watch<P>, Fingerprint)>,
    next_request: u32,
}

/// A lookup that was asked: its number and its key.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    pub request: RequestId,
    pub key: Key,
}

/// Holds every message to the laws, and keeps what the tests look at.
pub struct Watch<P: Protocol> {
    layout: Layout,
    pub sent: Vec<(Address, P::Message)>,
    pub reports: Vec<(SimTime, Address, RequestId, Report)>,
    pub kinds: BTreeMap<&'static str, u64>,
    /// How many messages were lost, or found their node down.
    pub dropped: u64,
    /// How often a timer that guards a call ran down.
    pub timeouts: u64,
}

impl<P: Dht> World<P> {
    /// A world of nodes `node-{seed}-{i}` with 160-bit ids over lognormal latency.
    pub fn new(settings: &P::Settings, nodes: u32, seed: u64) -> Self {
        Self::over(settings, nodes, seed, jittery(seed))
    }

    /// The same over a network of the test's own.
    pub fn over(settings: &P::Settings, nodes: u32, seed: u64, links: Links) -> Self {
        let width = Width::new(Width::MAX).expect("legal");
        let keys = (0..nodes).map(|node| width.hash(&format!("node-{seed}-{node}"))).collect();
        Self::of_keys(settings, width, keys, seed, links)
    }

    /// A world of nodes with these ids.
    pub fn of_keys(settings: &P::Settings, width: Width, keys: Vec<Key>, seed: u64, links: Links) -> Self {
        let common = Common::new(width, keys, settings.clone()).seeded(seed);
        let watch = Watch {
            layout: common.layout(),
            sent: Vec::new(),
            reports: Vec::new(),
            kinds: BTreeMap::new(),
            dropped: 0,
            timeouts: 0,
        };
        let sim = Simulation::new(seed, common, Faulty::new(links), (watch, Fingerprint::default()));
        Self { sim, next_request: 1 }
    }

    /// A world whose nodes were born with the tables of a quiet overlay.
    pub fn warm(settings: &P::Settings, nodes: u32, seed: u64) -> Self {
        let mut world = Self::new(settings, nodes, seed);
        world.begin(nodes);
        world
    }

    /// Starts nodes `0..nodes` with the tables of a quiet overlay.
    pub fn begin(&mut self, nodes: u32) {
        let members = (0..nodes).map(Address).map(|node| (self.sim.shared().key(node), node)).collect();
        for node in (0..nodes).map(Address) {
            self.sim.start(node, P::converged(node, &members, self.sim.shared()));
            self.ask(node, Request::Begin, UPKEEP);
        }
    }

    /// A world whose nodes have joined one by one and had time to settle.
    pub fn joined(settings: &P::Settings, nodes: u32, seed: u64) -> Self {
        let mut world = Self::new(settings, nodes, seed);
        for node in 0..nodes {
            world.join(node);
            world.run(2);
        }
        world.run(120);
        world
    }

    /// Starts a node with an empty state and asks it to join by way of the first two others that are up.
    pub fn join(&mut self, node: u32) {
        let bootstraps = self.up().into_iter().take(2).collect();
        self.sim.start(Address(node), P::new(Address(node)));
        self.ask(Address(node), Request::Join { bootstraps }, JOIN);
    }

    /// A node that is down comes back with what it had when it went down, and waits.
    pub fn revive(&mut self, node: u32, state: P) {
        let node = Address(node);
        let revived = state.revived(node, self.sim.shared());
        assert_eq!(revived.check_state(node, self.sim.shared()), Ok(()), "{node}");
        self.sim.start(node, revived);
    }

    /// The same, and asks these for the way in.
    pub fn rejoin(&mut self, node: u32, state: P, bootstraps: &[u32]) {
        self.revive(node, state);
        self.ask_to_join(node, bootstraps);
    }

    pub fn ask_to_join(&mut self, node: u32, bootstraps: &[u32]) {
        let bootstraps = bootstraps.iter().copied().map(Address).collect();
        self.ask(Address(node), Request::Join { bootstraps }, JOIN);
    }

    /// Lets a node crash, and hands back its state.
    pub fn fell(&mut self, node: u32) -> P {
        self.sim.crash(Address(node)).expect("it was up")
    }

    /// Whether a node has become a member since it was last started.
    pub fn has_joined(&self, node: u32, since: SimTime) -> bool {
        let mut reports = self.watch().reports.iter();
        reports.any(|(at, who, _, report)| *at >= since && who.0 == node && *report == Report::Joined)
    }

    pub fn crash(&mut self, nodes: impl IntoIterator<Item = u32>) {
        for node in nodes {
            self.sim.crash(Address(node));
        }
    }

    pub fn leave(&mut self, node: u32) {
        self.ask(Address(node), Request::Leave, UPKEEP);
    }

    pub fn ask(&mut self, node: Address, request: Request, purpose: Purpose) {
        self.sim.ask(node, request, Cause { purpose, request: RequestId::NONE });
    }

    /// Asks one node for one key.
    pub fn look_up(&mut self, node: Address, key: Key, copies: u32) -> Asked {
        let request = RequestId(self.next_request);
        self.next_request += 1;
        assert!(
            self.sim.ask(node, Request::Lookup { key, copies }, Cause { purpose: LOOKUP, request }),
            "{node} is up"
        );
        Asked { request, key }
    }

    /// Asks every node that is up for this many keys.
    pub fn look_up_everywhere(&mut self, keys: u32) -> Vec<Asked> {
        let width = self.sim.shared().width();
        let asked: Vec<(Address, u32)> =
            self.up().into_iter().flat_map(|node| (0..keys).map(move |key| (node, key))).collect();
        asked
            .into_iter()
            .map(|(node, key)| self.look_up(node, width.hash(&format!("key-{}-{key}", node.0)), 1))
            .collect()
    }

    pub fn run(&mut self, secs: u64) {
        self.run_millis(secs * 1000);
    }

    pub fn run_millis(&mut self, millis: u64) {
        self.sim.run_until(self.sim.now() + Span::from_millis(millis));
    }

    pub fn up(&self) -> Vec<Address> {
        self.sim.nodes().map(|(node, _)| node).collect()
    }

    /// Who is up, for the judge.
    pub fn members(&self) -> Members {
        self.up().into_iter().map(|node| (self.sim.shared().key(node), node)).collect()
    }

    /// What was reported to a request: it must be exactly one end.
    pub fn end_of(&self, asked: Asked) -> &Report {
        let mut ends = self.watch().reports.iter().filter(|(_, _, request, _)| *request == asked.request);
        let (_, _, _, end) = ends.next().unwrap_or_else(|| panic!("{asked:?} has not ended"));
        assert_eq!(ends.next(), None, "{asked:?} ended twice");
        end
    }

    pub fn answer_to(&self, asked: Asked) -> Option<&Answer> {
        match self.end_of(asked) {
            Report::Answered(answer) => Some(answer),
            Report::Failed(_) => None,
            other => panic!("{other:?} is no end of a lookup"),
        }
    }

    /// How many of these lookups named the owner that the judge names. All must have ended.
    pub fn right(&self, asked: &[Asked]) -> usize {
        let members = self.members();
        let owner = |asked: Asked| self.answer_to(asked).map(|answer| answer.owner);
        asked.iter().filter(|asked| owner(**asked) == P::owner(&members, asked.key)).count()
    }

    /// Asks every node for some keys: every answer must be right. No node's state may break a rule of its own.
    pub fn all_right(&mut self) {
        for (address, node) in self.sim.nodes() {
            assert_eq!(node.check_state(address, self.sim.shared()), Ok(()), "{address}");
        }
        let asked = self.look_up_everywhere(5);
        self.run(60);
        assert_eq!(self.right(&asked), asked.len(), "right of asked, {} nodes up", self.up().len());
    }

    pub fn watch(&self) -> &Watch<P> {
        &self.sim.recorder().0
    }

    pub fn fingerprint(&self) -> FingerprintValue {
        self.sim.recorder().1.value()
    }
}

impl<P: Dht> Recorder<P> for Watch<P> {
    fn record(&mut self, now: SimTime, fact: &Fact<'_, P>) {
        match fact {
            Fact::Sent { from, message, cause, bytes, .. } => {
                assert!(*bytes >= self.layout.bytes(0, 0, 0), "{message:?} is shorter than its header");
                assert!(!P::kind(message).is_empty(), "{message:?} has no kind");
                assert!([LOOKUP, JOIN, UPKEEP].contains(&cause.purpose), "{message:?} serves nobody: {cause:?}");
                let is_lookup = cause.purpose == LOOKUP;
                assert!(!is_lookup || !UPKEEP_ALONE.contains(&P::kind(message)), "{message:?} is no work for a lookup");
                assert_eq!(is_lookup, cause.request != RequestId::NONE, "{message:?} for {cause:?}");
                *self.kinds.entry(P::kind(message)).or_default() += 1;
                if self.sent.len() < 5_000 {
                    self.sent.push((*from, (*message).clone()));
                }
            }
            Fact::Reported { node, report, cause } => {
                self.reports.push((now, *node, cause.request, (*report).clone()));
            }
            Fact::Dropped { .. } => self.dropped += 1,
            Fact::Fired { timer, .. } if P::is_timeout(timer) => self.timeouts += 1,
            _ => {}
        }
    }
}

/// Links whose every packet takes a lognormal time, 40 ms in the middle.
pub fn jittery(seed: u64) -> Links {
    Links::of(seed, Law::LogNormal { median: Span::from_millis(40), sigma: 0.4 }, Per::Packet)
}

/// Links that always take 20 ms.
pub fn constant() -> Links {
    Links::of(0, Law::Constant(Span::from_millis(20)), Per::Pair)
}

/// Kinds of messages that never serve a lookup, whatever set them off.
const UPKEEP_ALONE: [&str; 4] = ["Ping", "KeepAlive", "GetEntry", "GetNeighbours"];
