//! Queues and filters against references that are obviously right: a list of those who wait, a list of all that was sent.

use proptest::prelude::*;
use sim::access::{Access, Pipe, Service};
use sim::address::Address;
use sim::law::Law;
use sim::network::{DropCause, Entry, Network, Packet, Verdict};
use sim::rng::{LinkChance, LinkField, StreamPurpose};
use sim::time::{SimTime, Span};

use super::pipe;

/// What happens after a gap in nanoseconds.
type Step<T> = (u64, T);

#[derive(Clone, Debug)]
enum Deed {
    /// A message of so many bytes comes.
    Come(u32),
    /// From now on the line has this rate and room, or no limit.
    Change(Option<(u64, u64)>),
}

fn deeds() -> impl Strategy<Value = Vec<Step<Deed>>> {
    let rate = prop_oneof![Just(8_000_000_000), Just(3_000_000_000), Just(7), 1..10_000_000_000u64];
    let change = prop::option::of((rate, 0..3000u64)).prop_map(Deed::Change);
    let come = prop_oneof![Just(0), 1..1000u32].prop_map(Deed::Come);
    let gap = prop_oneof![Just(0), 0..500u64, 0..5000u64];
    prop::collection::vec((gap, prop_oneof![9 => come, 1 => change]), 0..200)
}

/// When each message is through, or nothing if it is dropped.
type Times = Vec<Option<u64>>;

/// A queue before one server, told step by step: somebody is served, a list of others waits.
#[derive(Default)]
struct Naive {
    now: u64,
    served: Option<(usize, u64)>,
    waiting: Vec<Waiting>,
    through: Times,
}

struct Waiting {
    number: usize,
    size: u64,
    takes: u64,
}

impl Naive {
    fn come(&mut self, size: u64, takes: u64, room: u64) {
        let number = self.through.len();
        self.through.push(None);
        if self.served.is_none() {
            self.served = Some((number, self.now + takes));
        } else if self.waiting.iter().map(|other| other.size).sum::<u64>() + size <= room {
            self.waiting.push(Waiting { number, size, takes });
        }
    }

    fn run_until(&mut self, now: u64) {
        while let Some((number, end)) = self.served
            && end <= now
        {
            self.through[number] = Some(end);
            self.served = None;
            if !self.waiting.is_empty() {
                let Waiting { number, takes, .. } = self.waiting.remove(0);
                self.served = Some((number, end + takes));
            }
        }
        self.now = now;
    }

    fn finish(mut self) -> Times {
        self.run_until(u64::MAX / 2);
        self.through
    }
}

/// A line as the naive queue sees it.
fn naive_line(deeds: &[Step<Deed>]) -> Times {
    let mut naive = Naive::default();
    let mut limit = None;
    for (gap, deed) in deeds {
        naive.run_until(naive.now + gap);
        match (deed, limit) {
            (Deed::Change(to), _) => limit = *to,
            (Deed::Come(bytes), None) => naive.come(u64::from(*bytes), 0, u64::MAX),
            (Deed::Come(bytes), Some((rate, room))) => {
                naive.come(u64::from(*bytes), (u64::from(*bytes) * 8_000_000_000).div_ceil(rate), room);
            }
        }
    }
    naive.finish()
}

/// The same through an access network: `set` sets a limit, `send` sends a message and says after what wait it is through.
fn line<N: Network>(
    access: &mut Access<N>,
    deeds: &[Step<Deed>],
    set: impl Fn(&mut Access<N>, Option<Pipe>),
    send: impl Fn(&mut Access<N>, Packet) -> Option<Span>,
) -> Times {
    let mut now = 0;
    let mut times = Vec::new();
    for (gap, deed) in deeds {
        now += gap;
        match deed {
            Deed::Change(limit) => set(access, limit.map(|(rate, room)| pipe(rate, room))),
            Deed::Come(bytes) => {
                let packet = Packet { now: SimTime::from_nanos(now), from: FROM, to: TO, bytes: *bytes };
                times.push(send(access, packet).map(|wait| now + wait.as_nanos()));
            }
        }
    }
    times
}

proptest! {
    #[test]
    fn an_uplink_agrees_with_a_list_of_those_who_wait(deeds in deeds()) {
        let set = |access: &mut Access<_>, pipe| access.set_uplink(FROM, pipe);
        let send = |access: &mut Access<_>, packet| send(access, packet);
        prop_assert_eq!(line(&mut Access::new(at_once), &deeds, set, send), naive_line(&deeds));
    }

    #[test]
    fn a_downlink_agrees_with_a_list_of_those_who_wait(deeds in deeds()) {
        let set = |access: &mut Access<_>, pipe| access.set_downlink(TO, pipe);
        let enter = |access: &mut Access<_>, packet| enter(access, packet);
        prop_assert_eq!(line(&mut Access::new(at_once), &deeds, set, enter), naive_line(&deeds));
    }

    #[test]
    fn a_slow_node_agrees_with_a_list_of_those_who_wait(
        gaps in prop::collection::vec(prop_oneof![Just(0), 0..500u64], 0..200),
        takes in 0..300u64,
        queue in prop::option::of(0..5u32),
    ) {
        let mut access = Access::new(at_once);
        access.set_service(TO, Some(Service { time: Law::Constant(Span::from_nanos(takes)), queue }));
        let deeds: Vec<Step<Deed>> = gaps.iter().map(|gap| (*gap, Deed::Come(9))).collect();
        let mut naive = Naive::default();
        for gap in gaps {
            naive.run_until(naive.now + gap);
            naive.come(1, takes, queue.map_or(u64::MAX, u64::from));
        }
        prop_assert_eq!(line(&mut access, &deeds, |_, _| {}, enter), naive.finish());
    }

    /// Whatever the rates and sizes: nothing overflows, nobody overtakes, and nobody is through before his last bit.
    #[test]
    fn a_line_bears_any_rate_and_any_size(
        messages in prop::collection::vec((any::<u32>(), any::<u32>()), 0..50),
        rate in prop_oneof![Just(1), Just(8), Just(1_000_000_000_000_000), Just(u64::MAX), 1..=u64::MAX],
    ) {
        let mut access = Access::new(at_once);
        let pipe = pipe(rate, u64::MAX);
        access.set_uplink(FROM, Some(pipe));
        access.set_downlink(TO, Some(pipe));
        let (mut now, mut last) = (0, [SimTime::ZERO; 2]);
        for (gap, bytes) in messages {
            now += u64::from(gap);
            let packet = Packet { now: SimTime::from_nanos(now), from: FROM, to: TO, bytes };
            for (wait, last) in [send(&mut access, packet), enter(&mut access, packet)].into_iter().zip(&mut last) {
                let through = packet.now + wait.expect("there is room");
                prop_assert!(through >= *last && through >= packet.now + pipe.transmission(bytes));
                *last = through;
            }
        }
    }

    #[test]
    fn a_filter_agrees_with_a_list_of_all_that_was_sent(
        steps in prop::collection::vec((prop_oneof![Just(0), 0..40u64], 0..4u32, any::<bool>()), 0..200),
        mapping in 0..100u64,
    ) {
        let mut access = Access::new(at_once);
        access.set_undialable(TO, Some(Span::from_nanos(mapping)));
        let (mut now, mut sent) = (0, Vec::new());
        for (gap, peer, outbound) in steps {
            now += gap;
            let (instant, peer) = (SimTime::from_nanos(now), Address(10 + peer));
            if outbound {
                send(&mut access, Packet { now: instant, from: TO, to: peer, bytes: 9 });
                sent.push((now, peer));
                continue;
            }
            let known = sent.iter().any(|&(then, to)| to == peer && now - then <= mapping);
            let entry = ask(&mut access, &Packet { now: instant, from: peer, to: TO, bytes: 9 });
            prop_assert_eq!(entry, if known { Entry::Now } else { Entry::Drop(DropCause::Undialable) });
        }
    }
}

/// After what delay a packet arrives at a network in which all distances are zero.
fn send(access: &mut Access<impl Network>, packet: Packet) -> Option<Span> {
    let field = LinkField::new(1, StreamPurpose::WEATHER);
    match access.route(&packet, &mut LinkChance::new(&field, packet.from, packet.to, packet.now)) {
        Verdict::Deliver(delay) => Some(delay),
        Verdict::Drop(DropCause::QueueFull) => None,
        other => panic!("{other:?}"),
    }
}

/// After what wait a packet is handled.
fn enter(access: &mut Access<impl Network>, packet: Packet) -> Option<Span> {
    if !access.has_door(packet.to) {
        return Some(Span::ZERO);
    }
    match ask(access, &packet) {
        Entry::Now => Some(Span::ZERO),
        Entry::After(wait) => Some(wait),
        Entry::Drop(DropCause::QueueFull) => None,
        Entry::Drop(other) => panic!("{other:?}"),
    }
}

fn ask(access: &mut Access<impl Network>, packet: &Packet) -> Entry {
    let field = LinkField::new(1, StreamPurpose::WEATHER);
    access.enter(packet, 1, &mut LinkChance::new(&field, packet.from, packet.to, packet.now))
}

fn at_once(_: &Packet, _: &mut LinkChance<'_>) -> Verdict {
    Verdict::Deliver(Span::ZERO)
}

const FROM: Address = Address(0);
const TO: Address = Address(1);
