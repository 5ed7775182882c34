//! Nodes driven by hand, out of any order that a network could make: for property tests and for the fuzzer.
#![allow(dead_code, unreachable_pub, reason = "each binary uses its part")]

use protocols::dht::{Common, Dht, LOOKUP, Request};
use protocols::{Entry, kademlia, pastry};
use sim::address::Address;
use sim::protocol::{Cause, Context, Effect, Event, NodeChance, RequestId};
use sim::time::{SimTime, Span};

/// How many nodes there are.
pub const NODES: u32 = 5;
/// What one event of a node that knows four others can set off: a few messages to each, and their timers.
pub const EFFECTS_MAX: usize = 100;

/// Protocols with tables so small that five nodes fill them, so that splits, evictions and repairs come to pass.
pub fn full_tables() -> Vec<Entry> {
    let one_each = kademlia::Settings { k: 1, alpha: 1, keep_near: false, stale_after: 1, ..Default::default() };
    vec![Entry::Kademlia(one_each), Entry::Pastry(pastry::Settings { leaf_set: 2, ..Default::default() })]
}

/// Nodes, and all that is under way between them: messages may arrive in any order, twice or never, timers run down at any
/// time, users ask for anything, and nodes go down and come back, with what they knew or without.
pub struct Puppets<P: Dht> {
    common: Common<P::Settings>,
    nodes: Vec<P>,
    chances: Vec<NodeChance>,
    letters: Vec<(Address, Address, P::Message)>,
    timers: Vec<(Address, P::Timer)>,
    now: SimTime,
}

impl<P: Dht> Puppets<P> {
    /// Nodes that know nobody; the run's addresses must be `0..NODES` at least.
    pub fn new(common: Common<P::Settings>) -> Self {
        Self {
            common,
            nodes: (0..NODES).map(|node| P::new(Address(node))).collect(),
            chances: (0..NODES).map(|node| NodeChance::new(1, Address(node), 0)).collect(),
            letters: Vec::new(),
            timers: Vec::new(),
            now: SimTime::ZERO,
        }
    }

    /// One event: what `kind` says, with `number` to choose among what there is. `foreign` are messages of another run.
    ///
    /// # Panics
    /// If the machine does, if an event has effects without end, or if a state breaks a rule of its own.
    pub fn step(&mut self, kind: u8, node: Address, number: u64, foreign: &[P::Message]) {
        let choice = |count: usize| (number % count.max(1) as u64) as usize;
        self.now += Span::from_millis(7);
        match kind % 100 {
            0..50 if !self.letters.is_empty() => {
                let at = choice(self.letters.len());
                let letter = self.letters[at].clone();
                // One in five arrives again some day.
                if kind >= 10 {
                    self.letters.swap_remove(at);
                }
                self.handle(letter.1, Event::Message { from: letter.0, message: letter.2 });
            }
            50..70 if !self.timers.is_empty() => {
                let (node, timer) = self.timers[choice(self.timers.len())];
                self.handle(node, Event::Timer(timer));
            }
            // Its timers do not die with it here: whatever they say of the former life must do no harm.
            95..98 => self.come_back(node),
            98.. => self.nodes[node.index()] = P::new(node),
            70..80 if !foreign.is_empty() => {
                // Nobody is a stranger to himself: what arrives comes from another.
                let from = Address((node.0 + 1 + choice(NODES as usize - 1) as u32) % NODES);
                self.handle(node, Event::Message { from, message: foreign[choice(foreign.len())].clone() });
            }
            _ => {
                let request = self.request(kind, number);
                self.handle(node, Event::Request(request));
            }
        }
    }

    /// A node goes down in the middle of whatever it was doing, and comes back with what it knew.
    fn come_back(&mut self, node: Address) {
        let revived = self.nodes[node.index()].clone().revived(node, &self.common);
        assert_eq!(revived.check_state(node, &self.common), Ok(()));
        assert_eq!(
            format!("{revived:?}"),
            format!("{:?}", revived.clone().revived(node, &self.common)),
            "twice is once"
        );
        self.nodes[node.index()] = revived;
    }

    fn request(&self, kind: u8, number: u64) -> Request {
        let node = (number % u64::from(NODES)) as u32;
        match kind % 8 {
            0 => Request::Join { bootstraps: Vec::new() },
            1 | 2 => Request::Join { bootstraps: vec![Address(node), Address(0)] },
            3 if number.is_multiple_of(4) => Request::Begin,
            3 => Request::Leave,
            4 | 5 => Request::Step((number % 8) as u8),
            _ => Request::Lookup { key: self.common.key(Address(node)), copies: node },
        }
    }

    fn handle(&mut self, node: Address, event: Event<P>) {
        let mut effects = Vec::new();
        let cause = Cause { purpose: LOOKUP, request: RequestId(1) };
        let chance = &mut self.chances[node.index()];
        let mut cx = Context::new(self.now, node, cause, &self.common, chance, &mut effects);
        self.nodes[node.index()].handle(event, &mut cx);
        assert!(effects.len() <= EFFECTS_MAX, "{} effects of one event", effects.len());
        assert_eq!(self.nodes[node.index()].check_state(node, &self.common), Ok(()));
        for effect in effects {
            match effect {
                Effect::Send { to, message, .. } => self.letters.push((node, to, message)),
                Effect::SetTimer { timer, .. } => self.timers.push((node, timer)),
                Effect::Stop => self.come_back(node),
                Effect::CancelTimer { .. } | Effect::Report { .. } => {}
            }
        }
    }
}
