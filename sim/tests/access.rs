//! Lines, slow nodes and undialable nodes: their laws by hand, against a naive reference, and against queueing theory.

use std::num::NonZeroU64;

use sim::access::{Access, AccessFigures, Pipe, QueueFigures, Service};
use sim::address::Address;
use sim::fingerprint::Fingerprint;
use sim::law::Law;
use sim::network::{DropCause, Entry, Links, Network, Packet, Per, Verdict};
use sim::protocol::{Cause, Context, Event, Protocol};
use sim::record::{Fact, Recorder};
use sim::rng::{Draw, LinkChance, LinkField, StreamPurpose};
use sim::simulation::Simulation;
use sim::time::{SimTime, Span};

#[path = "access/reference.rs"]
mod reference;
#[path = "access/theory.rs"]
mod theory;

// Pipes.

#[test]
fn a_transmission_lasts_until_the_nanosecond_in_which_the_last_bit_is_through() {
    let nanos = |bits_per_second, bytes| pipe(bits_per_second, 0).transmission(bytes).as_nanos();
    assert_eq!(nanos(8, 1), 1_000_000_000, "a byte a second");
    assert_eq!(nanos(3, 1), 2_666_666_667);
    assert_eq!(nanos(10_000_000, 1500), 1_200_000);
    assert_eq!(nanos(1_000_000_000_000_000, 1), 1);
    assert_eq!(nanos(1_000_000_000_000_000, 0), 0);
    assert_eq!(nanos(1_000_000_000_000_000, u32::MAX), 34_360);
    assert_eq!(nanos(1, u32::MAX), u64::MAX, "1,089 years are longer than any span");
}

#[test]
fn a_burst_leaves_an_uplink_one_after_the_other() {
    let mut world = world(MS.times(10));
    world.change_network("", |access| access.set_uplink(A, Some(pipe(MEGABYTE, 10_000))));
    post(&mut world, A, B, &[(1, 1000), (2, 2000), (3, 500)]);
    post(&mut world, C, B, &[(4, 5000)]);
    world.run_until(at(2));
    post(&mut world, A, C, &[(5, 250)]);
    let expected = ["10.000 hears 4", "11.000 hears 1", "13.000 hears 2", "13.500 hears 3", "13.750 hears 5"];
    assert_eq!(finish(world), expected);
}

#[test]
fn a_burst_comes_through_a_downlink_one_after_the_other() {
    let mut world = world(MS.times(10));
    world.change_network("", |access| access.set_downlink(B, Some(pipe(MEGABYTE, 10_000))));
    post(&mut world, A, B, &[(1, 1000)]);
    post(&mut world, C, B, &[(2, 2000)]);
    post(&mut world, A, C, &[(3, 5000)]);
    post(&mut world, B, A, &[(4, 5000)]);
    assert_eq!(finish(world), ["10.000 hears 3", "10.000 hears 4", "11.000 hears 1", "13.000 hears 2"]);
}

#[test]
fn what_is_no_message_takes_its_turn_on_a_line_and_is_not_counted() {
    let mut world = world(MS.times(10));
    world.change_network("", |access| {
        access.set_uplink(A, Some(pipe(MEGABYTE, 2500)));
        access.set_downlink(B, Some(pipe(MEGABYTE, 2500)));
    });
    assert_eq!(world.network_mut().occupy_uplink(A, 2000, at(0)), Some(at(2)));
    post(&mut world, A, B, &[(1, 1000)]);
    let uplink = |world: &mut World, bytes| world.network_mut().occupy_uplink(A, bytes, at(0));
    assert_eq!(uplink(&mut world, 1501), None, "a thousand wait already");
    assert_eq!(uplink(&mut world, 1500), Some(SimTime::ZERO + US.times(4500)));
    world.run_until(at(12));
    // The first message comes to the downlink at 13 ms.
    assert_eq!(world.network_mut().occupy_downlink(B, 3000, at(12)), Some(at(15)));
    assert_eq!(world.network_mut().occupy_downlink(C, 3000, at(12)), Some(at(12)), "this line has no limit");
    let figures = *run(&mut world);
    let waiting = |ms: u64| QueueFigures {
        passed: 1,
        waited: 1,
        waiting_ns_total: u128::from(MS.times(ms).as_nanos()),
        waiting_ns_max: MS.times(ms).as_nanos(),
        dropped: 0,
    };
    assert_eq!(figures, AccessFigures { uplink: waiting(2), downlink: waiting(2), ..AccessFigures::default() });
    assert_eq!(finish(world), ["16.000 hears 1"]);
}

#[test]
fn what_does_not_fit_into_the_queue_is_dropped_at_its_tail() {
    let mut world = world(Span::ZERO);
    world.change_network("", |access| access.set_uplink(A, Some(pipe(MEGABYTE, 3500))));
    let burst: Vec<(u64, u32)> = (1..=10).map(|number| (number, 1000)).collect();
    post(&mut world, A, B, &burst);
    // The second is being transmitted, 2,000 bytes wait.
    world.run_until(at(1) + US.times(500));
    post(&mut world, A, B, &[(11, 1501), (12, 1500), (13, 1), (14, 0)]);
    let mut expected: Vec<String> = (5..=10).map(|number| format!("0.000 {number} QueueFull")).collect();
    expected.extend(["1.000 hears 1", "1.500 11 QueueFull", "1.500 13 QueueFull", "2.000 hears 2"].map(str::to_owned));
    expected.extend(["3.000 hears 3", "4.000 hears 4", "5.500 hears 12", "5.500 hears 14"].map(str::to_owned));
    let figures = *run(&mut world);
    assert_eq!(finish(world), expected);
    let uplink = QueueFigures {
        passed: 6,
        waited: 5,
        waiting_ns_total: u128::from(MS.times(1 + 2 + 3).as_nanos() + US.times(2500 + 4000).as_nanos()),
        waiting_ns_max: US.times(4000).as_nanos(),
        dropped: 8,
    };
    assert_eq!(figures, AccessFigures { uplink, ..AccessFigures::default() });
}

#[test]
fn an_idle_line_takes_a_message_of_any_size() {
    let mut world = world(Span::ZERO);
    world.change_network("", |access| access.set_uplink(A, Some(pipe(MEGABYTE, 0))));
    post(&mut world, A, B, &[(1, 9000), (2, 1)]);
    world.run_until(at(9));
    // At the instant at which the line falls idle it is idle.
    post(&mut world, A, B, &[(3, 9000)]);
    assert_eq!(finish(world), ["0.000 2 QueueFull", "9.000 hears 1", "18.000 hears 3"]);
}

#[test]
fn a_copy_does_not_pay_the_uplink_but_it_pays_the_downlink() {
    let twice = |_: &Packet, _: &mut LinkChance<'_>| Verdict::Duplicate(MS, MS.times(2));
    let mut world = world_over(Access::new(twice));
    world.change_network("", |access| {
        access.set_uplink(A, Some(pipe(MEGABYTE, 10_000)));
        access.set_downlink(B, Some(pipe(MEGABYTE, 10_000)));
    });
    // The first leaves at 4 ms and arrives at 5 and 6, the second leaves at 4.5 and arrives at 5.5 and 6.5.
    post(&mut world, A, B, &[(1, 4000), (2, 500)]);
    let figures = *run(&mut world);
    assert_eq!(finish(world), ["9.000 hears 1", "9.500 hears 2", "13.500 hears 1", "14.000 hears 2"]);
    assert_eq!((figures.uplink.passed, figures.downlink.passed), (2, 4));
}

#[test]
fn the_weather_of_a_message_is_that_of_the_slot_in_which_it_leaves() {
    let mut seen = Vec::new();
    let below = |packet: &Packet, chance: &mut LinkChance<'_>| {
        seen.push((packet.now, chance.word(Draw::Delay)));
        Verdict::Deliver(MS)
    };
    let mut world = world_over(Access::new(below));
    world.change_network("", |access| access.set_uplink(A, Some(pipe(MEGABYTE, 10_000))));
    post(&mut world, A, B, &[(1, 2500), (2, 2500)]);
    run(&mut world);
    drop(world);
    let word = |slot| weather().block(A, B, slot)[Draw::Delay as usize];
    assert_eq!(seen, [(at(2) + US.times(500), word(2)), (at(5), word(5))]);
}

// Slow nodes.

#[test]
fn a_slow_node_serves_one_message_after_the_other_in_order_of_arrival() {
    let mut world = world(MS);
    world.change_network("", |access| access.set_service(B, Some(constant(5, None))));
    post(&mut world, A, B, &[(1, 100)]);
    world.run_until(at(1));
    post(&mut world, C, B, &[(2, 100)]);
    post(&mut world, A, B, &[(3, 100)]);
    post(&mut world, A, C, &[(4, 100)]);
    world.run_until(at(20));
    post(&mut world, A, B, &[(5, 100)]);
    let figures = *run(&mut world);
    assert_eq!(finish(world), ["2.000 hears 4", "6.000 hears 1", "11.000 hears 2", "16.000 hears 3", "26.000 hears 5"]);
    let service =
        QueueFigures { passed: 4, waited: 2, waiting_ns_total: 13_000_000, waiting_ns_max: 9_000_000, dropped: 0 };
    assert_eq!(figures, AccessFigures { service, ..AccessFigures::default() });
}

#[test]
fn only_so_many_messages_may_wait_for_a_slow_node() {
    let mut world = world(Span::ZERO);
    world.change_network("", |access| access.set_service(B, Some(constant(5, Some(2)))));
    post(&mut world, A, B, &[(1, 9), (2, 9), (3, 9), (4, 9)]);
    world.run_until(at(6));
    // The second is in service, the third waits.
    post(&mut world, A, B, &[(5, 9), (6, 9)]);
    let figures = *run(&mut world);
    let expected = [
        "0.000 4 QueueFull",
        "5.000 hears 1",
        "6.000 6 QueueFull",
        "10.000 hears 2",
        "15.000 hears 3",
        "20.000 hears 5",
    ];
    assert_eq!(finish(world), expected);
    assert_eq!((figures.service.passed, figures.service.dropped), (4, 2));
}

#[test]
fn a_slow_node_serves_what_has_come_through_its_downlink() {
    let mut world = world(Span::ZERO);
    world.change_network("", |access| {
        access.set_downlink(B, Some(pipe(MEGABYTE, 10_000)));
        access.set_service(B, Some(constant(3, None)));
    });
    post(&mut world, A, B, &[(1, 1000), (2, 1000), (3, 8000)]);
    assert_eq!(finish(world), ["4.000 hears 1", "7.000 hears 2", "13.000 hears 3"]);
}

#[test]
fn a_service_time_is_drawn_from_the_slot_of_arrival_whatever_came_before() {
    let time = Law::Exponential { mean: MS };
    let heard = |others: u64| {
        let mut world = world(MS);
        world.change_network("", |access| access.set_service(B, Some(Service { time, queue: None })));
        post(&mut world, C, B, &(0..others).map(|number| (100 + number, 9)).collect::<Vec<_>>());
        world.run_until(at(700));
        post(&mut world, A, B, &[(1, 9)]);
        run(&mut world);
        world.into_recorder().heard.last().copied().expect("it was heard")
    };
    let drawn = time.sample(weather().block(A, B, 701)[Draw::Service as usize]);
    assert_eq!(heard(0), (at(701) + drawn, 1));
    assert_eq!(heard(50), heard(0));
}

#[test]
fn a_crash_empties_the_queue_of_a_slow_node_and_leaves_its_lines_as_they_are() {
    let mut world = world(MS);
    world.change_network("", |access| {
        access.set_uplink(B, Some(pipe(MEGABYTE, 10_000)));
        access.set_service(B, Some(constant(10, Some(2))));
    });
    post(&mut world, A, B, &[(1, 9), (2, 9), (3, 9)]);
    post(&mut world, B, A, &[(4, 6000)]);
    world.run_until(at(5));
    world.crash(B);
    world.start(B, Client);
    post(&mut world, A, B, &[(5, 9)]);
    post(&mut world, B, A, &[(6, 1000)]);
    let expected = [
        "7.000 hears 4",
        "8.000 hears 6",
        "11.000 1 NodeDown",
        "16.000 hears 5",
        "21.000 2 NodeDown",
        "31.000 3 NodeDown",
    ];
    assert_eq!(finish(world), expected);
}

#[test]
fn a_node_that_is_mended_first_finishes_what_waits_and_then_keeps_no_door() {
    let mut world = world(Span::ZERO);
    world.change_network("", |access| access.set_service(B, Some(constant(5, None))));
    post(&mut world, A, B, &[(1, 9), (2, 9)]);
    world.run_until(at(3));
    world.change_network("", |access| access.set_service(B, None));
    post(&mut world, A, B, &[(3, 9)]);
    world.run_until(at(10));
    // At the very instant at which the last is served, nothing overtakes it either.
    post(&mut world, C, B, &[(4, 9), (5, 9)]);
    world.run_until(at(11));
    assert!(world.network().has_door(B));
    post(&mut world, A, B, &[(6, 9)]);
    world.run_until(at(12));
    assert!(!world.network().has_door(B));
    let expected = ["5.000 hears 1", "10.000 hears 2", "10.000 hears 3", "10.000 hears 4", "10.000 hears 5"];
    assert_eq!(finish(world), [&expected[..], &["11.000 hears 6"]].concat());
}

#[test]
fn those_who_wait_when_a_limit_changes_keep_their_times() {
    let mut world = world(Span::ZERO);
    let change = |world: &mut World, millis, bits_per_second| {
        let pipe = Some(pipe(bits_per_second, 10_000));
        world.change_network("", |access| {
            access.set_service(B, Some(constant(millis, None)));
            access.set_uplink(C, pipe);
        });
    };
    change(&mut world, 4, MEGABYTE);
    post(&mut world, A, B, &[(1, 9), (2, 9)]);
    post(&mut world, C, A, &[(3, 3000), (4, 3000)]);
    world.run_until(at(1));
    change(&mut world, 1, MEGABYTE / 2);
    post(&mut world, A, B, &[(5, 9)]);
    post(&mut world, C, A, &[(6, 1000)]);
    world.change_network("", |access| access.set_uplink(C, None));
    post(&mut world, C, A, &[(7, 1000)]);
    let expected = ["3.000 hears 3", "4.000 hears 1", "6.000 hears 4", "8.000 hears 2"];
    assert_eq!(finish(world), [&expected[..], &["8.000 hears 6", "8.000 hears 7", "9.000 hears 5"]].concat());
}

#[test]
fn a_slow_node_that_is_paused_is_still_served_and_goes_on_with_what_has_been() {
    let mut world = world(Span::ZERO);
    world.change_network("", |access| access.set_service(B, Some(constant(4, None))));
    post(&mut world, A, B, &[(1, 9), (2, 9), (3, 9)]);
    world.pause(B);
    world.run_until(at(9));
    world.resume(B);
    assert_eq!(finish(world), ["9.000 hears 1", "9.000 hears 2", "12.000 hears 3"]);
}

// Undialable nodes.

#[test]
fn an_undialable_node_hears_only_those_to_whom_it_has_lately_sent_something() {
    let mut world = world(MS);
    world.change_network("", |access| access.set_undialable(B, Some(MS.times(100))));
    post(&mut world, A, B, &[(1, 9)]);
    world.run_until(at(10));
    post(&mut world, B, A, &[(2, 9)]);
    // Up to the end of the mapping, that instant included; what comes in does not refresh it.
    for (millis, number) in [(20, 3), (109, 4)] {
        world.run_until(at(millis));
        post(&mut world, A, B, &[(number, 9)]);
        post(&mut world, C, B, &[(number + 10, 9)]);
    }
    world.run_until(at(109) + Span::from_nanos(1));
    post(&mut world, A, B, &[(5, 9)]);
    let expected = ["1.000 1 Undialable", "11.000 hears 2", "21.000 hears 3", "21.000 13 Undialable"];
    let expected = [&expected[..], &["110.000 hears 4", "110.000 14 Undialable", "110.000 5 Undialable"]].concat();
    assert_eq!(finish(world), expected);
}

#[test]
fn two_undialable_nodes_meet_once_both_have_sent() {
    let mut world = world(MS);
    world.change_network("", |access| {
        access.set_undialable(A, Some(MS.times(100)));
        access.set_undialable(B, Some(MS.times(100)));
    });
    post(&mut world, A, B, &[(1, 9)]);
    world.run_until(at(5));
    post(&mut world, A, B, &[(2, 9)]);
    world.run_until(at(10));
    post(&mut world, B, A, &[(3, 9)]);
    world.run_until(at(15));
    post(&mut world, A, B, &[(4, 9)]);
    assert_eq!(finish(world), ["1.000 1 Undialable", "6.000 2 Undialable", "11.000 hears 3", "16.000 hears 4"]);
}

#[test]
fn a_mapping_is_the_routers_and_outlives_a_crash_and_a_loss_of_what_was_sent() {
    let lossy = |packet: &Packet, _: &mut LinkChance<'_>| match packet.from {
        B => Verdict::Drop(DropCause::Loss),
        _ => Verdict::Deliver(MS),
    };
    let mut world = world_over(Access::new(lossy));
    world.change_network("", |access| access.set_undialable(B, Some(MS.times(100))));
    post(&mut world, B, A, &[(1, 9)]);
    world.crash(B);
    world.start(B, Client);
    post(&mut world, A, B, &[(2, 9)]);
    world.run_until(at(200));
    post(&mut world, A, B, &[(3, 9)]);
    world.run_until(at(300));
    world.change_network("", |access| access.set_undialable(B, None));
    assert!(!world.network().has_door(B));
    post(&mut world, C, B, &[(4, 9)]);
    assert_eq!(finish(world), ["0.000 1 Loss", "1.000 hears 2", "201.000 3 Undialable", "301.000 hears 4"]);
}

#[test]
fn what_is_turned_away_takes_nothing_of_the_downlink() {
    let mut world = world(Span::ZERO);
    world.change_network("", |access| {
        access.set_undialable(B, Some(SECOND));
        access.set_downlink(B, Some(pipe(MEGABYTE, 10_000)));
    });
    post(&mut world, B, A, &[(1, 9)]);
    post(&mut world, C, B, &[(2, 5000)]);
    post(&mut world, A, B, &[(3, 1000)]);
    assert_eq!(finish(world), ["0.000 hears 1", "0.000 2 Undialable", "1.000 hears 3"]);
}

// What is off.

#[test]
fn limits_of_some_nodes_change_nothing_for_others() {
    let latency = Law::LogNormal { median: MS.times(20), sigma: 0.5 };
    let links = || Links::of(1, latency, Per::Packet).with_loss(0.1).with_duplicates(0.1);
    let fingerprint = |network: Box<dyn Network>| {
        let mut world = Simulation::new(1, (), Through(network), Fingerprint::default());
        for node in [A, B, C] {
            world.start(node, Client);
        }
        for millis in 0..500 {
            world.run_until(at(millis));
            for (from, to) in [(A, B), (B, A), (C, A)] {
                world.ask(from, Errand { to, number: millis, bytes: 100 }, Cause::default());
            }
        }
        world.run_until(at(2000));
        world.into_recorder().value()
    };
    let mut elsewhere = Access::new(links());
    elsewhere.set_uplink(Address(3), Some(pipe(8, 0)));
    elsewhere.set_downlink(Address(4), Some(pipe(8, 0)));
    elsewhere.set_service(Address(5), Some(constant(5, None)));
    elsewhere.set_undialable(Address(6), Some(SECOND));
    let mut lifted = Access::new(links());
    lifted.set_uplink(A, Some(pipe(8, 0)));
    lifted.set_uplink(A, None);
    lifted.set_service(B, None);
    let mut here = Access::new(links());
    here.set_uplink(A, Some(pipe(MEGABYTE, 10_000)));
    let plain = fingerprint(Box::new(links()));
    assert_eq!(fingerprint(Box::new(Access::new(links()))), plain);
    assert_eq!(fingerprint(Box::new(elsewhere)), plain);
    assert_eq!(fingerprint(Box::new(lifted)), plain);
    assert_ne!(fingerprint(Box::new(here)), plain);
}

/// Asks another network everything.
struct Through(Box<dyn Network>);

impl Network for Through {
    fn route(&mut self, packet: &Packet, chance: &mut LinkChance<'_>) -> Verdict {
        self.0.route(packet, chance)
    }

    fn has_door(&self, node: Address) -> bool {
        self.0.has_door(node)
    }

    fn enter(&mut self, packet: &Packet, incarnation: u32, chance: &mut LinkChance<'_>) -> Entry {
        self.0.enter(packet, incarnation, chance)
    }
}

// The machine and the world around it.

/// Sends what its user asks it to send.
#[derive(Debug)]
struct Client;

/// A number to know the message by, and its size.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Parcel {
    number: u64,
    bytes: u32,
}

#[derive(Clone, Debug, Hash)]
struct Errand {
    to: Address,
    number: u64,
    bytes: u32,
}

impl Protocol for Client {
    type Message = Parcel;
    type Timer = ();
    type Request = Errand;
    type Report = ();
    type Shared = ();

    fn handle(&mut self, event: Event<Self>, cx: &mut Context<'_, Self>) {
        if let Event::Request(Errand { to, number, bytes }) = event {
            cx.send(to, Parcel { number, bytes });
        }
    }

    fn kind(_: &Parcel) -> &'static str {
        "parcel"
    }

    fn wire_bytes(parcel: &Parcel, (): &()) -> u32 {
        parcel.bytes
    }
}

/// What was heard and what was dropped.
#[derive(Debug, Default)]
struct Log {
    heard: Vec<(SimTime, u64)>,
    lines: Vec<String>,
}

impl Recorder<Client> for Log {
    fn record(&mut self, now: SimTime, fact: &Fact<'_, Client>) {
        let micros = now.as_nanos() / US.as_nanos();
        let clock = format!("{}.{:03}", micros / 1000, micros % 1000);
        match fact {
            Fact::Delivered { message, .. } => {
                self.heard.push((now, message.number));
                self.lines.push(format!("{clock} hears {}", message.number));
            }
            Fact::Dropped { message, why, .. } => self.lines.push(format!("{clock} {} {why:?}", message.number)),
            _ => {}
        }
    }
}

type World = Simulation<Client, Access<Links>, Log>;

/// Three nodes, this far apart.
fn world(delay: Span) -> World {
    world_over(Access::new(Links::of(SEED, Law::Constant(delay), Per::Pair)))
}

fn world_over<N: Network>(network: N) -> Simulation<Client, N, Log> {
    let mut world = Simulation::new(SEED, (), network, Log::default());
    for node in [A, B, C] {
        world.start(node, Client);
    }
    world
}

/// Sends messages of these numbers and sizes, now.
fn post<N: Network>(world: &mut Simulation<Client, N, Log>, from: Address, to: Address, parcels: &[(u64, u32)]) {
    for &(number, bytes) in parcels {
        world.ask(from, Errand { to, number, bytes }, Cause::default());
    }
}

fn run<N: Network>(world: &mut Simulation<Client, Access<N>, Log>) -> &AccessFigures {
    world.run_until(at(1_000));
    world.network().figures()
}

/// What was heard, with times in milliseconds.
fn finish<N: Network>(mut world: Simulation<Client, Access<N>, Log>) -> Vec<String> {
    run(&mut world);
    world.into_recorder().lines
}

fn pipe(bits_per_second: u64, queue_bytes: u64) -> Pipe {
    Pipe { bits_per_second: NonZeroU64::new(bits_per_second).expect("a pipe lets something through"), queue_bytes }
}

fn constant(millis: u64, queue: Option<u32>) -> Service {
    Service { time: Law::Constant(MS.times(millis)), queue }
}

fn weather() -> LinkField {
    LinkField::new(SEED, StreamPurpose::WEATHER)
}

const SEED: u64 = 1;
const A: Address = Address(0);
const B: Address = Address(1);
const C: Address = Address(2);
/// A thousand bytes a millisecond, in bits a second.
const MEGABYTE: u64 = 8_000_000;
const US: Span = Span::from_micros(1);
const MS: Span = Span::from_millis(1);
const SECOND: Span = Span::from_secs(1);

const fn at(millis: u64) -> SimTime {
    SimTime::from_nanos(millis * 1_000_000)
}
