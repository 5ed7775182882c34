//! Faults of the network, as rules over any other network: cuts, partitions, extra loss, extra delay.

use crate::address::Address;
use crate::network::{DropCause, Network, Packet, Verdict, happens};
use crate::rng::{Draw, LinkChance};
use crate::time::Span;

/// A network with rules over it. Rules come and go while the run goes on; with none, packets pass untouched.
#[derive(Debug)]
pub struct Faulty<N> {
    below: N,
    rules: Vec<(RuleId, Rule)>,
    next_id: u32,
}

/// The name of a rule that is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId(u32);

/// What is wrong with the network.
#[derive(Clone, Debug, PartialEq)]
pub enum Rule {
    /// Nothing passes within this scope.
    Cut(Scope),
    /// Nothing passes between different groups.
    Partition(Groups),
    /// Packets within the scope are lost with this probability, besides what the network loses. Overlapping rules are
    /// independent causes: a packet must survive each.
    Loss(Scope, f64),
    /// Packets within the scope take this much longer. Overlapping rules add up.
    Delay(Scope, Span),
}

/// Which packets a rule is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of them.
    Everything,
    /// Those to or from one of these nodes.
    Nodes(Vec<Address>),
    /// Those from a node of the first set to a node of the second; each direction is on its own.
    Links(Vec<Address>, Vec<Address>),
    /// Those between a node of the first set and a node of the second, both ways.
    Between(Vec<Address>, Vec<Address>),
}

/// Which part of a partition each node is in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Groups(Vec<u32>);

impl Groups {
    /// Nodes named in a list are in that part; all others make one more part of their own.
    pub fn new(parts: &[Vec<Address>]) -> Self {
        let mut groups = Vec::new();
        for (number, part) in parts.iter().enumerate() {
            for node in part {
                if groups.len() <= node.index() {
                    groups.resize(node.index() + 1, REST);
                }
                groups[node.index()] = number as u32;
            }
        }
        Self(groups)
    }

    /// The part this node is in.
    pub fn of(&self, node: Address) -> u32 {
        self.0.get(node.index()).copied().unwrap_or(REST)
    }
}

impl<N> Faulty<N> {
    /// A network with no rule yet.
    pub fn new(below: N) -> Self {
        Self { below, rules: Vec::new(), next_id: 0 }
    }

    /// The network below.
    pub fn below(&self) -> &N {
        &self.below
    }

    /// Puts a rule in force.
    pub fn add(&mut self, rule: Rule) -> RuleId {
        let id = RuleId(self.next_id);
        self.next_id += 1;
        self.rules.push((id, rule.sorted()));
        id
    }

    /// Lifts a rule; nothing if it was lifted before.
    pub fn remove(&mut self, id: RuleId) {
        self.rules.retain(|(other, _)| *other != id);
    }

    /// What the rules say of a packet: a cause to drop it, or its extra delay and its chance to survive.
    fn judge(&self, packet: &Packet) -> Result<(Span, f64), DropCause> {
        let mut delay = Span::ZERO;
        let mut survival = 1.0;
        for (_, rule) in &self.rules {
            match rule {
                Rule::Cut(scope) if scope.holds(packet) => return Err(DropCause::Cut),
                Rule::Partition(groups) if groups.of(packet.from) != groups.of(packet.to) => {
                    return Err(DropCause::Partition);
                }
                Rule::Loss(scope, probability) if scope.holds(packet) => survival *= 1.0 - probability,
                Rule::Delay(scope, extra) if scope.holds(packet) => delay += *extra,
                _ => {}
            }
        }
        Ok((delay, survival))
    }
}

impl<N: Network> Network for Faulty<N> {
    fn route(&mut self, packet: &Packet, chance: &mut LinkChance<'_>) -> Verdict {
        if self.rules.is_empty() {
            return self.below.route(packet, chance);
        }
        let (extra, survival) = match self.judge(packet) {
            Ok(passed) => passed,
            Err(cause) => return Verdict::Drop(cause),
        };
        if survival < 1.0 && happens(1.0 - survival, Draw::FaultLoss, chance) {
            return Verdict::Drop(DropCause::FaultLoss);
        }
        match self.below.route(packet, chance) {
            Verdict::Deliver(delay) => Verdict::Deliver(delay + extra),
            Verdict::Duplicate(one, two) => Verdict::Duplicate(one + extra, two + extra),
            dropped @ Verdict::Drop(_) => dropped,
        }
    }
}

impl Rule {
    /// The rule with its sets in order, so that membership is a binary search.
    fn sorted(self) -> Self {
        match self {
            Self::Cut(scope) => Self::Cut(scope.sorted()),
            Self::Loss(scope, probability) => {
                assert!((0.0..=1.0).contains(&probability), "a probability lies between 0 and 1");
                Self::Loss(scope.sorted(), probability)
            }
            Self::Delay(scope, extra) => Self::Delay(scope.sorted(), extra),
            partition @ Self::Partition(_) => partition,
        }
    }
}

impl Scope {
    fn holds(&self, packet: &Packet) -> bool {
        let within = |set: &[Address], node: Address| set.binary_search(&node).is_ok();
        match self {
            Self::Everything => true,
            Self::Nodes(nodes) => within(nodes, packet.from) || within(nodes, packet.to),
            Self::Links(from, to) => within(from, packet.from) && within(to, packet.to),
            Self::Between(one, other) => {
                (within(one, packet.from) && within(other, packet.to))
                    || (within(other, packet.from) && within(one, packet.to))
            }
        }
    }

    fn sorted(mut self) -> Self {
        match &mut self {
            Self::Everything => {}
            Self::Nodes(nodes) => nodes.sort_unstable(),
            Self::Links(from, to) | Self::Between(from, to) => {
                from.sort_unstable();
                to.sort_unstable();
            }
        }
        self
    }
}

const REST: u32 = u32::MAX;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{LinkField, StreamPurpose};
    use crate::time::SimTime;

    const MS: Span = Span::from_millis(1);

    #[test]
    fn a_cut_of_one_way_leaves_the_other() {
        let mut network = faulty();
        let rule = network.add(Rule::Cut(Scope::Links(vec![n(1)], vec![n(2)])));
        assert_eq!(send(&mut network, 1, 2), Verdict::Drop(DropCause::Cut));
        assert_eq!(send(&mut network, 2, 1), Verdict::Deliver(MS));
        network.remove(rule);
        assert_eq!(send(&mut network, 1, 2), Verdict::Deliver(MS));
    }

    #[test]
    fn a_cut_of_both_ways_leaves_the_links_within_each_side() {
        let mut network = faulty();
        network.add(Rule::Cut(Scope::Between(vec![n(1), n(3)], vec![n(2)])));
        assert_eq!(send(&mut network, 1, 2), Verdict::Drop(DropCause::Cut));
        assert_eq!(send(&mut network, 2, 3), Verdict::Drop(DropCause::Cut));
        assert_eq!(send(&mut network, 1, 3), Verdict::Deliver(MS));
    }

    #[test]
    fn a_partition_stops_what_crosses_it_and_heals() {
        let mut network = faulty();
        let rule = network.add(Rule::Partition(Groups::new(&[vec![n(1), n(2)], vec![n(3)]])));
        assert_eq!(send(&mut network, 1, 2), Verdict::Deliver(MS));
        assert_eq!(send(&mut network, 1, 3), Verdict::Drop(DropCause::Partition));
        assert_eq!(send(&mut network, 3, 9), Verdict::Drop(DropCause::Partition), "the rest is a part of its own");
        assert_eq!(send(&mut network, 8, 9), Verdict::Deliver(MS));
        network.remove(rule);
        assert_eq!(send(&mut network, 1, 3), Verdict::Deliver(MS));
    }

    #[test]
    fn extra_delays_add_up() {
        let mut network = faulty();
        network.add(Rule::Delay(Scope::Everything, MS));
        network.add(Rule::Delay(Scope::Nodes(vec![n(2)]), MS.times(5)));
        assert_eq!(send(&mut network, 1, 2), Verdict::Deliver(MS.times(7)));
        assert_eq!(send(&mut network, 2, 1), Verdict::Deliver(MS.times(7)));
        assert_eq!(send(&mut network, 1, 3), Verdict::Deliver(MS.times(2)));
    }

    #[test]
    fn certain_extra_loss_is_certain_within_its_scope_only() {
        let mut network = faulty();
        network.add(Rule::Loss(Scope::Nodes(vec![n(2)]), 1.0));
        assert_eq!(send(&mut network, 1, 2), Verdict::Drop(DropCause::FaultLoss));
        assert_eq!(send(&mut network, 1, 3), Verdict::Deliver(MS));
    }

    type Constant = fn(&Packet, &mut LinkChance<'_>) -> Verdict;

    fn faulty() -> Faulty<Constant> {
        Faulty::new(|_, _| Verdict::Deliver(MS))
    }

    fn n(number: u32) -> Address {
        Address(number)
    }

    fn send(network: &mut Faulty<Constant>, from: u32, to: u32) -> Verdict {
        let field = LinkField::new(8, StreamPurpose::WEATHER);
        let packet = Packet { sent: SimTime::ZERO, now: SimTime::ZERO, from: n(from), to: n(to), bytes: 1 };
        network.route(&packet, &mut LinkChance::new(&field, n(from), n(to), SimTime::ZERO))
    }
}
