//! What the models of a network cost: nanoseconds per packet for each model alone and for all of them at once, against
//! links with a constant delay.
//!
//! The models take turns over the same packets, and the medians of their turns are compared, because a machine is never
//! quiet. The time of a packet includes making its chance, as the engine does.
//!
//! `cargo bench -p sim --bench weather`; without `--bench` it only sends a few packets through each model.

use std::hint::black_box;
use std::sync::Arc;
#[expect(clippy::disallowed_types, reason = "a benchmark is about real time")]
use std::time::Instant;

use sim::address::Address;
use sim::law::Law;
use sim::network::{Base, Between, Jitter, Links, Loss, LossPer, Network, Packet, Per, Plane, SiteDelays, Verdict};
use sim::rng::{LinkChance, LinkField, Stream, StreamPurpose, Words};
use sim::sampler;
use sim::time::{SimTime, Span};

fn main() {
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    if is_bench {
        for (hosts, partners) in [(1_000, 20), (1_000, 999), (100_000, 20)] {
            compare(hosts, partners);
        }
    } else {
        check();
    }
}

/// Prints what each model costs for packets that each host sends to so many others.
fn compare(hosts: u32, partners: u32) {
    let packets = packets(hosts, partners, PACKETS);
    let mut models = models(hosts);
    let mut costs = vec![Vec::new(); models.len()];
    for turn in 0..=TURNS {
        for ((_, links), costs) in models.iter_mut().zip(&mut costs) {
            let cost = cost(links, &packets, Span::from_secs(SECONDS).times(turn));
            // The first turn warms up.
            if turn > 0 {
                costs.push(cost);
            }
        }
    }
    println!("{hosts} hosts, each of which sends to {partners}, {PACKETS} packets in {SECONDS} s");
    let costs: Vec<f64> = costs.into_iter().map(median).collect();
    for ((name, _), cost) in models.iter().zip(&costs) {
        println!("  {name:<34} {cost:>7.1} ns {:>7.1} times constant", cost / costs[0]);
    }
}

/// Every model answers, and answers alike when it is asked again.
fn check() {
    let packets = packets(100, 20, 2_000);
    for ((name, mut links), (_, mut again)) in models(100).into_iter().zip(models(100)) {
        let total = send_all(&mut links, &packets, Span::ZERO);
        assert!(total > 0, "{name}: something arrives");
        assert_eq!(total, send_all(&mut again, &packets, Span::ZERO), "{name}");
    }
}

fn models(hosts: u32) -> Vec<(&'static str, Links)> {
    let constant = || Links::of(1, Law::Constant(MS.times(40)), Per::Pair);
    let lognormal = Law::LogNormal { median: MS.times(40), sigma: 0.4 };
    let independent = Jitter::Independent { sigma: 0.05 };
    let wandering = |every| Jitter::AutoRegressive { sigma: 0.6, correlation: 0.8, every };
    let bursts = |per| Loss::GilbertElliott { mean: 0.01, burst: MS.times(200), per };
    let all = |base| {
        let links = Links::new(1, base).with_hosts((0..hosts).collect()).with_jitter(wandering(MS.times(16_000)));
        links.with_loss(bursts(LossPer::Access)).with_duplicates(0.001).ordered()
    };
    vec![
        ("constant", constant()),
        ("constant, hosts listed", constant().with_hosts((0..hosts).collect())),
        ("lognormal per pair", Links::of(1, lognormal, Per::Pair)),
        ("lognormal per packet", Links::of(1, lognormal, Per::Packet)),
        ("between 2500 sites", Links::new(1, between(hosts))),
        ("plane", Links::new(1, plane(hosts))),
        ("jitter independent", constant().with_jitter(independent)),
        ("jitter autoregressive, every 16 s", constant().with_jitter(wandering(MS.times(16_000)))),
        ("jitter autoregressive, every 1 ms", constant().with_jitter(wandering(MS))),
        ("loss Bernoulli", constant().with_loss(0.01)),
        ("loss Gilbert-Elliott per link", constant().with_loss(bursts(LossPer::Link))),
        ("loss Gilbert-Elliott per access", constant().with_loss(bursts(LossPer::Access))),
        ("duplicates", constant().with_duplicates(0.001)),
        ("ordered", constant().ordered()),
        ("all, plane", all(plane(hosts))),
        ("all, between 2500 sites", all(between(hosts))),
    ]
}

fn between(hosts: u32) -> Base {
    let mut words = Stream::open(1, StreamPurpose(99), 0);
    let delays = (0..SITES * SITES).map(|_| Span::from_nanos(sampler::below(&mut words, 200_000_000))).collect();
    let site_of = (0..hosts).map(|_| sampler::below(&mut words, SITES as u64) as u32).collect();
    Base::Between(Between::new(Arc::new(SiteDelays::new(SITES, delays)), site_of))
}

fn plane(hosts: u32) -> Base {
    let access = Law::LogNormal { median: MS.times(5), sigma: 0.8 };
    Base::Plane(Plane::new(1, hosts as usize, MS.times(120), Some(access)))
}

/// Packets in order of time, at random instants, from random hosts to random ones of their partners.
fn packets(hosts: u32, partners: u32, count: u64) -> Vec<Packet> {
    let mut words = Stream::open(1, StreamPurpose(99), 1);
    let mut times: Vec<u64> = (0..count).map(|_| sampler::below(&mut words, SECONDS * 1_000_000_000)).collect();
    times.sort_unstable();
    let packet = |nanos| {
        let from = sampler::below(&mut words, hosts.into()) as u32;
        let partner = sampler::below(&mut words, partners.into()) as u32;
        let to = (from + 1 + partner) % hosts;
        Packet {
            now: SimTime::from_nanos(nanos),
            from: Address(from),
            to: Address(to),
            bytes: words.word() as u32 % 1_000,
        }
    };
    times.into_iter().map(packet).collect()
}

/// Nanoseconds per packet, all of them being sent so much later.
#[expect(clippy::disallowed_types, reason = "a benchmark is about real time")]
fn cost(links: &mut Links, packets: &[Packet], later: Span) -> f64 {
    let start = Instant::now();
    black_box(send_all(links, packets, later));
    start.elapsed().as_secs_f64() * 1e9 / packets.len() as f64
}

fn send_all(links: &mut Links, packets: &[Packet], later: Span) -> u64 {
    let weather = LinkField::new(1, StreamPurpose::WEATHER);
    let mut total = 0_u64;
    for packet in packets {
        let packet = Packet { now: packet.now + later, ..*packet };
        let mut chance = LinkChance::new(&weather, packet.from, packet.to, packet.now);
        total = total.wrapping_add(match links.route(black_box(&packet), &mut chance) {
            Verdict::Deliver(delay) => delay.as_nanos(),
            Verdict::Duplicate(one, two) => (one + two).as_nanos(),
            Verdict::Drop(_) => 1,
        });
    }
    total
}

fn median(mut costs: Vec<f64>) -> f64 {
    costs.sort_unstable_by(f64::total_cmp);
    costs[costs.len() / 2]
}

const MS: Span = Span::from_millis(1);
const SITES: usize = 2_500;
const TURNS: u64 = 7;
const PACKETS: u64 = 300_000;
const SECONDS: u64 = 60;
