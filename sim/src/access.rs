//! How a node is joined to the network: how broad its lines are, how fast it works, and whom it lets in.

mod filter;
mod line;
mod table;

use std::num::NonZeroU64;

use crate::address::Address;
use crate::law::Law;
use crate::network::{DropCause, Entry, Network, Packet, Verdict};
use crate::rng::LinkChance;
use crate::time::{SimTime, Span};
use filter::Filter;
use line::{Link, Server};
use table::Table;

/// A network in which nodes may have lines of limited bandwidth, may be slow, and may be undialable.
///
/// It goes over all other networks, which keep no doors of their own. A message goes through the sender's uplink, then
/// through the network below, and at its receiver through the filter, the downlink and the node's own queue. Each queue
/// is first come, first served, and so the times of a message are known as soon as it comes to a queue. From this follows:
///
/// - When something is changed, what waits already keeps its times, and nothing overtakes it: where a limit is lifted,
///   what comes later waits until the queue has run empty.
/// - The network below is asked when the message is sent, about the instant at which it leaves the uplink. Its weather is
///   that of this instant; the faults are those in force when the message is sent.
/// - A message that finds the queue of a slow node full when it is through the downlink is dropped when it comes to the
///   downlink.
/// - Lines and filter are the address's, and outlive a crash: what is on the uplink still goes out. What waits for a node,
///   on its downlink or in its queue, is lost if it goes down.
/// - A node that is paused is still served; what has come out of its queue waits until it is resumed.
///
/// With nothing set, packets pass untouched.
#[derive(Debug)]
pub struct Access<N> {
    below: N,
    /// Whether anything was ever set.
    in_use: bool,
    uplinks: Table<Link>,
    downlinks: Table<Link>,
    servers: Table<Server>,
    filters: Table<Filter>,
    figures: AccessFigures,
}

/// A line with a queue before it.
///
/// The queue holds so many bytes; the message that is being transmitted does not count, and one that finds the line idle
/// is always taken, however large. What does not fit is dropped ([`DropCause::QueueFull`]): drop-tail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pipe {
    /// Its bandwidth, in bits a second, of all that messages take on the wire.
    pub bits_per_second: NonZeroU64,
    /// How many bytes may wait for it.
    pub queue_bytes: u64,
}

impl Pipe {
    /// How long a message of this size occupies the line: until the end of the nanosecond in which its last bit is
    /// through. Saturates.
    pub fn transmission(&self, bytes: u32) -> Span {
        let nanos = (u128::from(bytes) * 8 * NANOS_PER_SEC).div_ceil(self.bits_per_second.get().into());
        Span::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

/// How a slow node works off what it is sent: one message after the other, in order of arrival.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Service {
    /// How long a message takes. Messages on one link that arrive within one slot ([`crate::rng::SLOT`]) take equally long.
    pub time: Law,
    /// How many messages may wait, besides the one in service; a further one is dropped ([`DropCause::QueueFull`]). Without
    /// it any number may.
    pub queue: Option<u32>,
}

/// What messages have met at the queues of all nodes since the run began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AccessFigures {
    /// At uplinks.
    pub uplink: QueueFigures,
    /// At downlinks.
    pub downlink: QueueFigures,
    /// At slow nodes.
    pub service: QueueFigures,
}

/// What messages have met at queues of one sort. Waiting is the time before transmission or service begins. All is
/// counted when the message comes to the queue, also if it is lost with its node later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueFigures {
    /// Messages that were taken.
    pub passed: u64,
    /// Those of them that had to wait.
    pub waited: u64,
    /// For how long they waited in all, in nanoseconds.
    pub waiting_ns_total: u128,
    /// The longest wait, in nanoseconds.
    pub waiting_ns_max: u64,
    /// Messages that were dropped because the queue was full.
    pub dropped: u64,
}

impl QueueFigures {
    fn count(&mut self, waiting: Span) {
        self.passed += 1;
        self.waited += u64::from(waiting > Span::ZERO);
        self.waiting_ns_total += u128::from(waiting.as_nanos());
        self.waiting_ns_max = self.waiting_ns_max.max(waiting.as_nanos());
    }
}

impl<N> Access<N> {
    /// A network in which no node is limited yet.
    pub fn new(below: N) -> Self {
        Self {
            below,
            in_use: false,
            uplinks: Table::default(),
            downlinks: Table::default(),
            servers: Table::default(),
            filters: Table::default(),
            figures: AccessFigures::default(),
        }
    }

    /// The network below.
    pub fn below(&self) -> &N {
        &self.below
    }

    /// The network below, to be changed.
    pub fn below_mut(&mut self) -> &mut N {
        &mut self.below
    }

    /// From now on what the node sends goes through this line, or through one without limits.
    pub fn set_uplink(&mut self, node: Address, pipe: Option<Pipe>) {
        self.in_use |= pipe.is_some();
        self.uplinks.change(node, pipe.is_some(), |link| link.pipe = pipe);
    }

    /// From now on what reaches the node comes through this line, or through one without limits.
    pub fn set_downlink(&mut self, node: Address, pipe: Option<Pipe>) {
        self.in_use |= pipe.is_some();
        self.downlinks.change(node, pipe.is_some(), |link| link.pipe = pipe);
    }

    /// From now on the node works at this pace, or takes no time at all.
    pub fn set_service(&mut self, node: Address, service: Option<Service>) {
        self.in_use |= service.is_some();
        self.servers.change(node, service.is_some(), |server| server.service = service);
    }

    /// From now on the node is behind an address translator, which lets in only what comes from those to whom the node has
    /// itself sent something within the last `mapping`, the instant of its end included; or it can be dialled again.
    ///
    /// It filters by address and port (RFC 4787, section 5). Whatever the node sends refreshes the mapping when it is sent,
    /// also if it is lost later; what it receives does not (REQ-6). REQ-5 asks for a mapping of two minutes at the least.
    /// What is turned away ([`DropCause::Undialable`]) takes nothing of the downlink.
    pub fn set_undialable(&mut self, node: Address, mapping: Option<Span>) {
        self.in_use |= mapping.is_some();
        match mapping {
            Some(mapping) => self.filters.change(node, true, |filter| filter.mapping = mapping),
            None => self.filters.remove(node),
        }
    }

    /// Something that is no message takes its turn on the node's uplink, like a message that is sent now: when it has left;
    /// none if it is dropped at the full queue.
    ///
    /// It is not handed to the network below, and not counted in [`Access::figures`], which are those of messages; but it is
    /// in the way of messages, and they in its. Whoever calls does so in order of time, as the simulation does with messages.
    pub fn occupy_uplink(&mut self, node: Address, bytes: u32, now: SimTime) -> Option<SimTime> {
        occupy(&mut self.uplinks, node, bytes, now)
    }

    /// The same on the node's downlink, for something that comes there now: when it is through. No filter looks at it, and it
    /// does not wait for a slow node.
    pub fn occupy_downlink(&mut self, node: Address, bytes: u32, now: SimTime) -> Option<SimTime> {
        occupy(&mut self.downlinks, node, bytes, now)
    }

    /// What messages have met so far.
    pub fn figures(&self) -> &AccessFigures {
        &self.figures
    }

    fn keeps_door(&self, node: Address) -> bool {
        self.downlinks.get(node).is_some() || self.servers.get(node).is_some() || self.filters.get(node).is_some()
    }
}

impl<N: Network> Network for Access<N> {
    #[inline]
    fn route(&mut self, packet: &Packet, chance: &mut LinkChance<'_>) -> Verdict {
        if self.in_use { self.depart(packet, chance) } else { self.below.route(packet, chance) }
    }

    #[inline]
    fn has_door(&self, node: Address) -> bool {
        self.in_use && self.keeps_door(node)
    }

    fn enter(&mut self, packet: &Packet, incarnation: u32, chance: &mut LinkChance<'_>) -> Entry {
        debug_assert!(!self.below.has_door(packet.to), "a network below keeps no doors");
        match self.admit(packet, incarnation, chance) {
            Ok(None) => Entry::Now,
            Ok(Some(handled)) => Entry::After(handled - packet.now),
            Err(cause) => Entry::Drop(cause),
        }
    }
}

impl<N: Network> Access<N> {
    fn depart(&mut self, packet: &Packet, chance: &mut LinkChance<'_>) -> Verdict {
        if let Some(filter) = self.filters.get_mut(packet.from) {
            filter.open(packet.to, packet.now);
        }
        let uplink = &mut self.figures.uplink;
        match self.uplinks.pass(packet.from, |link| link.pass(packet.now, packet.bytes, uplink)) {
            Ok(None) => self.below.route(packet, chance),
            Ok(Some(left)) => {
                let verdict = self.below.route(&Packet { now: left, ..*packet }, &mut chance.at(left));
                delayed(verdict, left - packet.now)
            }
            Err(cause) => Verdict::Drop(cause),
        }
    }

    /// When the packet is handled; nothing if it has met no queue.
    fn admit(
        &mut self,
        packet: &Packet,
        incarnation: u32,
        chance: &mut LinkChance<'_>,
    ) -> Result<Option<SimTime>, DropCause> {
        let Packet { now, from, to, bytes, .. } = *packet;
        if self.filters.get_mut(to).is_some_and(|filter| !filter.lets_in(from, now)) {
            return Err(DropCause::Undialable);
        }
        let AccessFigures { downlink, service, .. } = &mut self.figures;
        let received = self.downlinks.pass(to, |link| link.pass(now, bytes, downlink))?;
        let at = received.unwrap_or(now);
        let served = self.servers.pass(to, |server| server.pass(at, incarnation, chance, service))?;
        Ok(served.or(received))
    }
}

fn occupy(links: &mut Table<Link>, node: Address, bytes: u32, now: SimTime) -> Option<SimTime> {
    let mut of_no_message = QueueFigures::default();
    let through = links.pass(node, |link| link.pass(now, bytes, &mut of_no_message)).ok()?;
    Some(through.unwrap_or(now))
}

fn delayed(verdict: Verdict, by: Span) -> Verdict {
    match verdict {
        Verdict::Deliver(delay) => Verdict::Deliver(delay + by),
        Verdict::Duplicate(one, two) => Verdict::Duplicate(one + by, two + by),
        dropped @ Verdict::Drop(_) => dropped,
    }
}

const NANOS_PER_SEC: u128 = 1_000_000_000;
