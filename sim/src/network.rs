//! The network: one question (a packet), one verdict (delivered after a delay, delivered twice, or dropped).

mod base;
mod hop;
mod jitter;
mod loss;
mod order;
mod plane;

use crate::address::Address;
use crate::law::Law;
use crate::rng::{Draw, LinkChance};
use crate::time::{SimTime, Span};

use base::BaseDelays;
use hop::{Hop, Twin};
use jitter::Factors;
use loss::Losses;
use order::Order;

pub use base::{Base, Between, Per, SiteDelays};
pub use jitter::Jitter;
pub(crate) use loss::happens;
pub use loss::{Loss, LossPer};
pub use plane::Plane;

/// Decides what becomes of a packet.
///
/// A closure is a network, which is handy in tests:
///
/// ```
/// use sim::network::{Network, Packet, Verdict};
/// use sim::rng::LinkChance;
/// use sim::time::Span;
///
/// let mut network = |_: &Packet, _: &mut LinkChance<'_>| Verdict::Deliver(Span::from_millis(1));
/// # fn is_network(_: impl Network) {}
/// # is_network(&mut network);
/// ```
pub trait Network {
    /// The verdict on this packet. What is random about it comes from `chance`, a function of link and time slot.
    fn route(&mut self, packet: &Packet, chance: &mut LinkChance<'_>) -> Verdict;

    /// Whether what arrives at this node passes a door, at which it may wait or be turned away: see
    /// [`Network::enter`].
    fn has_door(&self, _node: Address) -> bool {
        false
    }

    /// What becomes of a packet that has come to its receiver's door now, at `packet.now`. Asked once a packet, in order of
    /// arrival, and only where there is a door; `incarnation` counts how often the receiver has come up, so that what
    /// waited in its memory can be forgotten.
    fn enter(&mut self, _packet: &Packet, _incarnation: u32, _chance: &mut LinkChance<'_>) -> Entry {
        Entry::Now
    }
}

impl<F: FnMut(&Packet, &mut LinkChance<'_>) -> Verdict> Network for F {
    fn route(&mut self, packet: &Packet, chance: &mut LinkChance<'_>) -> Verdict {
        self(packet, chance)
    }
}

/// What a network may know of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet {
    /// When it was handed to the network, or came to a door: never before a packet that was handed to it earlier.
    pub sent: SimTime,
    /// When it comes to this part of the network: later than it was sent, if it has waited on its way here.
    pub now: SimTime,
    /// Who sends it.
    pub from: Address,
    /// Whom it is for.
    pub to: Address,
    /// Its size on the wire.
    pub bytes: u32,
}

/// What becomes of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It arrives after this delay.
    Deliver(Span),
    /// It arrives twice, after these delays.
    Duplicate(Span, Span),
    /// It never arrives.
    Drop(DropCause),
}

/// What becomes of a packet at its receiver's door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// It is handled at once: nothing that came before it still waits.
    Now,
    /// It is handled after this wait; if that is nothing, after what is due at this instant already.
    After(Span),
    /// It is never handled.
    Drop(DropCause),
}

/// Why a message was never handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DropCause {
    /// The network lost it.
    Loss,
    /// A fault's extra loss took it.
    FaultLoss,
    /// The link was cut.
    Cut,
    /// Sender and receiver were in different parts of a partition.
    Partition,
    /// The receiver was down when it arrived.
    NodeDown,
    /// It found a queue full: that of an uplink, of a downlink, or of a slow node.
    QueueFull,
    /// The receiver lets in only those to whom it has lately sent something.
    Undialable,
}

/// Links that are all alike but for chance: base delay, jitter, loss and duplication, each direction of a link on its own.
///
/// What nothing was said of is off, and costs nothing. All chance is a function of seed, link and time: what becomes of a
/// packet does not depend on which others there were, unless the links are [`Links::ordered`].
#[derive(Debug)]
pub struct Links {
    seed: u64,
    base: BaseDelays,
    hosts: Vec<u32>,
    jitter: Option<Factors>,
    loss: Losses,
    duplicate: f64,
    order: Option<Order>,
}

impl Links {
    /// Links with these base delays that lose and duplicate nothing. The seed fixes all that belongs to hosts and links for
    /// the whole run.
    pub fn new(seed: u64, base: Base) -> Self {
        let base = BaseDelays::new(seed, base);
        Self { seed, base, hosts: Vec::new(), jitter: None, loss: Losses::None, duplicate: 0.0, order: None }
    }

    /// Links with delays of this law.
    pub fn of(seed: u64, law: Law, per: Per) -> Self {
        Self::new(seed, Base::Law { law, per })
    }

    /// Address `a` lives on host `hosts[a]`; without this, each address is a host of its own. Base delays, the wandering of
    /// jitter and bursts of loss belong to hosts: a node that comes back under a new address finds its old place. Two
    /// addresses on one host are a pair like any other. A list that is not empty must name the host of every address.
    #[must_use]
    pub fn with_hosts(self, hosts: Vec<u32>) -> Self {
        Self { hosts, ..self }
    }

    /// Base delays are multiplied by this.
    ///
    /// # Panics
    /// If there is no such jitter: see [`Jitter::check`].
    #[must_use]
    pub fn with_jitter(self, jitter: Jitter) -> Self {
        jitter.check().unwrap_or_else(|wrong| panic!("{wrong}"));
        Self { jitter: Some(Factors::new(self.seed, jitter)), ..self }
    }

    /// Packets are lost like this; a bare number is the probability of [`Loss::Bernoulli`].
    ///
    /// # Panics
    /// If there is no such loss: see [`Loss::check`].
    #[must_use]
    pub fn with_loss(self, loss: impl Into<Loss>) -> Self {
        let loss = loss.into();
        loss.check().unwrap_or_else(|wrong| panic!("{wrong}"));
        Self { loss: Losses::new(self.seed, loss), ..self }
    }

    /// Each packet that is not lost arrives twice with this probability; the copy draws a delay and jitter of its own.
    #[must_use]
    pub fn with_duplicates(self, probability: f64) -> Self {
        assert!((0.0..=1.0).contains(&probability), "a probability lies between 0 and 1");
        Self { duplicate: probability, ..self }
    }

    /// On each directed link from address to address, what is sent first arrives first: a packet that would overtake one
    /// before it arrives together with that. A copy counts as sent right after its original.
    ///
    /// By nature a delay then depends on the packets before it; loss does not. What faults over these links add to a delay
    /// comes on top, so that a packet may overtake those that a fault has held up.
    #[must_use]
    pub fn ordered(self) -> Self {
        Self { order: Some(Order::default()), ..self }
    }

    /// The one-way delay between the hosts of two addresses before jitter and order; none if there is no such thing, because
    /// it is drawn anew for each packet.
    pub fn base_delay(&self, from: Address, to: Address) -> Option<Span> {
        self.base.of_pair(self.host(from), self.host(to))
    }

    fn hop(&self, packet: &Packet) -> Hop {
        Hop { from: self.host(packet.from), to: self.host(packet.to), now: packet.now }
    }

    fn host(&self, address: Address) -> u32 {
        if self.hosts.is_empty() { address.0 } else { self.hosts[address.index()] }
    }

    fn delay(&mut self, packet: &Packet, hop: Hop, twin: Twin, chance: &mut LinkChance<'_>) -> Span {
        let base = self.base.get(hop, twin, chance);
        let jittered = match &mut self.jitter {
            Some(jitter) => Span::from_nanos_f64(base.as_nanos() as f64 * jitter.get(hop, twin, chance)),
            None => base,
        };
        match &mut self.order {
            Some(order) => order.keep(packet, jittered),
            None => jittered,
        }
    }
}

impl Network for Links {
    #[inline]
    fn route(&mut self, packet: &Packet, chance: &mut LinkChance<'_>) -> Verdict {
        let hop = self.hop(packet);
        if self.loss.take(hop, chance) {
            return Verdict::Drop(DropCause::Loss);
        }
        let delay = self.delay(packet, hop, Twin::Original, chance);
        if self.duplicate > 0.0 && happens(self.duplicate, Draw::Duplicate, chance) {
            return Verdict::Duplicate(delay, self.delay(packet, hop, Twin::Copy, chance));
        }
        Verdict::Deliver(delay)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::rng::{LinkField, StreamPurpose};

    const MS: Span = Span::from_millis(1);

    #[test]
    fn a_pair_keeps_its_delay_and_each_direction_has_its_own() {
        let mut links = Links::of(1, exponential(40), Per::Pair);
        let there = delay(&mut links, 1, 2, 0);
        assert_eq!(there, delay(&mut links, 1, 2, 5_000));
        assert_ne!(there, delay(&mut links, 2, 1, 0));
        assert_ne!(there, delay(&mut links, 1, 3, 0));
    }

    #[test]
    fn pair_delays_do_not_depend_on_what_was_asked_before() {
        let fresh = delay(&mut Links::of(1, exponential(40), Per::Pair), 7, 9, 0);
        let mut used = Links::of(1, exponential(40), Per::Pair);
        for from in 0..600 {
            delay(&mut used, from, from * 31 % 500, 0);
        }
        assert_eq!(fresh, delay(&mut used, 7, 9, 0));
    }

    #[test]
    fn the_delay_of_a_pair_can_be_asked_for_and_is_that_of_its_packets() {
        let sites = Arc::new(SiteDelays::new(2, [1, 20, 30, 4].map(|ms| MS.times(ms)).to_vec()));
        let bases = [
            Base::Law { law: exponential(40), per: Per::Pair },
            Base::Law { law: Law::Constant(MS), per: Per::Packet },
            Base::Between(Between::new(sites, vec![0, 1, 0, 1])),
            Base::Plane(Plane::new(1, 4, MS.times(50), None)),
        ];
        for base in bases {
            let mut links = Links::new(7, base).with_hosts(vec![3, 2, 1, 0]);
            for (from, to) in [(0, 1), (1, 0), (2, 3), (0, 3)] {
                let asked = links.base_delay(Address(from), Address(to));
                assert_eq!(asked, Some(delay(&mut links, from, to, 0)), "{from} to {to} over {:?}", links.base);
            }
        }
        assert_eq!(Links::of(1, exponential(40), Per::Packet).base_delay(Address(0), Address(1)), None);
    }

    #[test]
    fn packets_of_a_pair_differ_if_the_delay_is_drawn_per_packet() {
        let mut links = Links::of(1, exponential(40), Per::Packet);
        assert_ne!(delay(&mut links, 1, 2, 0), delay(&mut links, 1, 2, 1));
    }

    #[test]
    fn loss_has_its_share_and_its_ends_are_exact() {
        let lost = |probability: f64| {
            let mut links = Links::of(3, Law::Constant(MS), Per::Pair).with_loss(probability);
            (0..20_000).filter(|ms| matches!(send(&mut links, 1, 2, *ms), Verdict::Drop(DropCause::Loss))).count()
        };
        assert_eq!(lost(0.0), 0);
        assert_eq!(lost(1.0), 20_000);
        let count = lost(0.1);
        assert!((1_850..2_150).contains(&count), "{count}");
    }

    #[test]
    fn duplicates_arrive_after_delays_of_their_own() {
        let mut links = Links::of(3, exponential(40), Per::Packet).with_duplicates(1.0);
        let Verdict::Duplicate(one, two) = send(&mut links, 1, 2, 0) else { panic!("certain duplicates") };
        assert_ne!(one, two);
    }

    #[test]
    fn every_latency_has_the_mean_it_should() {
        let mean = |latency: Law| {
            let mut links = Links::of(5, latency, Per::Packet);
            let total: f64 = (0..20_000).map(|ms| delay(&mut links, 1, 2, ms).as_millis_f64()).sum();
            total / 20_000.0
        };
        let near = |value: f64, wanted: f64| assert!((value - wanted).abs() < wanted * 0.02, "{value} for {wanted}");
        near(mean(Law::Constant(MS)), 1.0);
        near(mean(Law::Uniform { low: MS, high: MS.times(3) }), 2.0);
        near(mean(exponential(40)), 40.0);
        near(mean(Law::Normal { mean: MS.times(40), deviation: MS.times(5) }), 40.0);
        near(mean(Law::LogNormal { median: MS.times(40), sigma: 0.4 }), 40.0 * libm::exp(0.08));
    }

    fn exponential(mean_ms: u64) -> Law {
        Law::Exponential { mean: MS.times(mean_ms) }
    }

    fn delay(links: &mut Links, from: u32, to: u32, at_ms: u64) -> Span {
        match send(links, from, to, at_ms) {
            Verdict::Deliver(delay) => delay,
            other => panic!("{other:?}"),
        }
    }

    fn send(links: &mut Links, from: u32, to: u32, at_ms: u64) -> Verdict {
        let field = LinkField::new(8, StreamPurpose::WEATHER);
        let (from, to, now) = (Address(from), Address(to), SimTime::ZERO + MS.times(at_ms));
        links.route(&Packet { sent: now, now, from, to, bytes: 1 }, &mut LinkChance::new(&field, from, to, now))
    }
}
