//! Full membership by SWIM: detection, load, dissemination and suspicion against theory, and who owns a key meanwhile.

#[path = "support/world.rs"]
mod world;

use std::collections::{BTreeMap, BTreeSet};

use protocols::dht::{Common, Dht, JOIN, Members, Report, Request, UPKEEP};
use protocols::full_membership::{FullMembership, Message, News, Settings, Standing, Targets, Update};
use protocols::key::Width;
use protocols::settings::Maintenance;
use sim::address::Address;
use sim::faults::{Faulty, Rule, Scope};
use sim::law::Law;
use sim::network::{Links, Per};
use sim::protocol::{Cause, RequestId};
use sim::record::{Fact, Recorder};
use sim::rng::{Stream, StreamPurpose};
use sim::sampler;
use sim::simulation::Simulation;
use sim::time::{SimTime, Span};

use world::{World, constant};

/// Section 3.1: in each period a failed member is pinged with probability 1 - (1 - 1/(n-1))^(live members), for large groups
/// `1 - e^(-q_f)` with the live share `q_f`, so that it is detected in the (1/that)-th period after it has failed, on average: 1.58
/// where nearly all live. Each member pings once in every span of a period's length, and whom it picks is drawn anew each
/// time: the count is geometric, and its mean may be off by four standard errors.
#[test]
fn a_failure_is_detected_in_the_period_that_the_paper_says() {
    let settings = Settings { targets: Targets::Random, ..Settings::default() };
    for (nodes, failed, runs) in [(10, 1, 4_000), (50, 5, 800), (200, 20, 100)] {
        let counts = periods_until_detection(&settings, nodes, failed, runs);
        let hit = |live: f64| 1.0 - libm::pow(1.0 - 1.0 / f64::from(nodes - 1), live);
        let live = f64::from(nodes - failed);
        let deviation = libm::sqrt(1.0 - hit(live)) / hit(live);
        let is_near = |expected: f64| (mean(&counts) - expected).abs() < 4.0 * deviation / root(&counts);
        assert!(is_near(1.0 / hit(live)), "{} periods for {} at N={nodes}", mean(&counts), 1.0 / hit(live));
        assert!(!is_near(1.0 / hit(live * 0.9)), "one in ten pings fewer would be noticed at N={nodes}");
        let limit = 1.0 / (1.0 - libm::exp(-live / f64::from(nodes - 1)));
        assert!((mean(&counts) / limit - 1.0).abs() < 0.06, "independent of the size of the group: {limit}");
    }
}

/// Section 4.3: round-robin pings detect as fast on average, and within 2n - 1 periods at the very worst. A member that has r of
/// m others left to ping in its round has not pinged a certain one in i periods with probability 1 - i/m while i <= r, and
/// (1 - r/m)(1 - (i-r)/m) after; whom all others miss is not detected.
#[test]
fn round_robin_pings_detect_in_the_period_that_combinatorics_say() {
    for (nodes, failed, runs) in [(10, 1, 4_000), (50, 5, 800), (200, 20, 100)] {
        let counts = periods_until_detection(&Settings::default(), nodes, failed, runs);
        let (m, live) = (f64::from(nodes - 1), f64::from(nodes - failed));
        let left = f64::from(nodes - 1 - WARM % (nodes - 1));
        let missed_by_one = |i: f64| {
            if i <= left { 1.0 - i / m } else { (1.0 - left / m) * (1.0 - (i - left) / m).max(0.0) }
        };
        let missed = |live: f64| (0..2 * nodes).map(move |i| libm::pow(missed_by_one(f64::from(i)), live));
        let expected = |live: f64| missed(live).sum::<f64>();
        let squares: f64 = missed(live).zip(0..).map(|(missed, i)| missed * f64::from(2 * i + 1)).sum();
        let deviation = libm::sqrt(squares - expected(live) * expected(live));
        let is_near = |expected: f64| (mean(&counts) - expected).abs() < 4.0 * deviation / root(&counts);
        assert!(is_near(expected(live)), "{} periods for {} at N={nodes}", mean(&counts), expected(live));
        assert!(!is_near(expected(live * 0.9)), "one in ten pings fewer would be noticed at N={nodes}");
    }
}

/// Who was pinged and did not answer is held to have failed, without suspicion, when the period of that ping ends: not before.
#[test]
fn a_failure_is_known_at_the_end_of_the_period_of_the_first_ping() {
    let settings = Settings { suspicion: 0, ..Settings::default() };
    let mut group = group(&settings, 20, 3, constant());
    run(&mut group, 5_000);
    group.crash(Address(7));
    run(&mut group, 3_000);
    let (arrived, pinger, _) = group.recorder().lost_pings[0];
    // It was 20 ms on its way; the period is a second.
    let just_before = arrived + Span::from_millis(979);
    let knows = |millis_after: u64| {
        let mut group = self::group(&settings, 20, 3, constant());
        run(&mut group, 5_000);
        group.crash(Address(7));
        group.run_until(just_before + Span::from_millis(millis_after));
        let knows = |(_, node): &(Address, &FullMembership)| node.failed().any(|update| update.member == Address(7));
        group.nodes().filter(knows).map(|(address, _)| address).collect::<Vec<_>>()
    };
    assert_eq!((knows(0), knows(2)), (vec![], vec![pinger]));
}

/// A suspect that is dead has failed for all once the first who suspected it has counted its periods to the end and an update
/// has spread: not before 3 ceil(ln(n+1)) of them, and not much later, because all count from when they heard of it.
#[test]
fn a_failure_is_known_to_all_when_its_suspicion_has_run_out() {
    for (nodes, patience) in [(10, 9), (50, 12), (200, 18)] {
        let harmonic: f64 = (1..nodes).map(|k| 1.0 / f64::from(k)).sum();
        for seed in 0..5 {
            let mut group = group(&Settings::default(), nodes, seed, constant());
            run(&mut group, 5_000);
            group.crash(Address(7));
            let mut periods = 0;
            while group.nodes().any(|(_, node)| knows(node, 7)) {
                run(&mut group, 1_000);
                periods += 1;
            }
            let latest = f64::from(patience) + 2.0 * harmonic + 4.0;
            assert!(periods > patience && f64::from(periods) < latest, "{periods} periods at N={nodes}");
        }
    }
}

/// Section 3: a ping and an acknowledgement for each member and period, whatever the size of the group.
#[test]
fn the_load_is_two_messages_a_member_and_period_in_any_group() {
    for nodes in [10, 50, 200] {
        let mut world = World::<FullMembership>::over(&Settings::default(), nodes, 1, constant());
        world.begin(nodes);
        world.run(20);
        let kinds = &world.watch().kinds;
        assert_eq!(kinds["Ping"], 20 * u64::from(nodes));
        assert!(kinds["Ping"] - kinds["Ack"] <= u64::from(nodes) && kinds.len() == 2, "{kinds:?}");
    }
}

/// Where each message is lost with probability q, and p = 1 - q: a ping, its answer with probability p; where the two do not
/// come through (1 - p²), k requests, each of which arrives with probability p and is carried on as far as it comes.
#[test]
fn the_load_under_loss_is_that_of_the_pings_on_behalf_of_others() {
    let (nodes, periods) = (50, 1_000);
    let mut group = group(&Settings::default(), nodes, 1, constant().with_loss(0.1));
    run(&mut group, periods * 1_000);
    let sent = group.recorder().sent as f64 / (f64::from(nodes) * periods as f64);
    let expected = |p: f64| 1.0 + p + (1.0 - p * p) * 3.0 * (1.0 + p + p * p + p * p * p);
    // What one failed ping sets off has a standard deviation of 4 messages at most.
    let is_near = |expected: f64| (sent - expected).abs() < 4.0 * 4.0 / libm::sqrt(f64::from(nodes) * periods as f64);
    assert!(is_near(expected(0.9)), "{sent} messages for {}", expected(0.9));
    assert!(!is_near(expected(0.89)), "a tenth more loss would be noticed");
}

/// Section 4.1: an update infects the group as an epidemic, in a time that grows with log n. The reference is a model without
/// messages: everybody meets one other in each period, at a phase of its own, and who has heard of it tells. If meetings were
/// at independent random instants, it would take (n-1)/n H(n-1) periods from the first; regular ones are somewhat quicker.
#[test]
fn an_update_spreads_as_an_epidemic() {
    let settings = Settings { targets: Targets::Random, ..Settings::default() };
    let mut before = 0.0;
    for (nodes, runs) in [(12, 400), (50, 200), (200, 80)] {
        let measured: Vec<f64> = (0..runs).map(|seed| periods_until_all_know(&settings, nodes, seed)).collect();
        let modelled: Vec<f64> = (0..20 * runs).map(|seed| model_of_epidemic(nodes, seed, 1.0)).collect();
        let slower: Vec<f64> = (0..20 * runs).map(|seed| model_of_epidemic(nodes, seed, 0.9)).collect();
        let error = deviation(&measured) / root(&measured) + deviation(&modelled) / root(&modelled);
        let is_near = |expected: f64| (mean(&measured) - expected).abs() < 3.0 * error;
        assert!(is_near(mean(&modelled)), "{} periods for {} at N={nodes}", mean(&measured), mean(&modelled));
        assert!(!is_near(mean(&slower)), "{} would be noticed, a tenth of the meetings missing", mean(&slower));
        let harmonic: f64 = (1..nodes).map(|k| 1.0 / f64::from(k)).sum();
        assert!(mean(&measured) < harmonic, "{} periods, H = {harmonic}", mean(&measured));
        assert!(mean(&measured) - before < libm::log(f64::from(nodes)), "four times the group: so much longer");
        before = mean(&measured);
    }
}

/// A ping fails though its target lives where neither it nor any of k others comes through and back: with probability
/// (1 - p²)(1 - p⁴)^k. Without suspicion so many are wrongly declared to have failed; with it, nobody is: a refutation takes
/// some log n periods, and a suspect has 3 ceil(ln(n+1)), here twelve. Section 5 finds the same.
#[test]
fn suspicions_are_refuted_before_anybody_is_wrongly_declared_to_have_failed() {
    let (nodes, periods) = (50, 1_000);
    let count = |suspicion: u32| {
        let settings = Settings { suspicion, ..Settings::default() };
        let mut group = group(&settings, nodes, 1, constant().with_loss(0.1));
        run(&mut group, periods * 1_000);
        let refuted: u32 = group.nodes().map(|(_, node)| node.incarnation()).sum();
        (f64::from(refuted), group.recorder().confirmed.len())
    };
    let expected = |p: f64| {
        let q = 1.0 - p * p;
        f64::from(nodes) * periods as f64 * q * libm::pow(1.0 - p * p * p * p, 3.0)
    };
    let is_near = |measured: f64, expected: f64| (measured - expected).abs() < 4.0 * libm::sqrt(expected);
    let (refuted, declared) = count(3);
    assert!(is_near(refuted, expected(0.9)), "{refuted} suspicions for {}", expected(0.9));
    assert!(!is_near(refuted, expected(0.89)), "a tenth more loss would be noticed");
    assert_eq!(declared, 0, "nobody had failed");
    let (refuted, declared) = count(0);
    assert!(is_near(refuted, expected(0.9)), "{refuted} wrong declarations for {}", expected(0.9));
    assert!(declared as f64 > 0.9 * refuted, "{declared} declarations, {refuted} of them refuted");
}

#[test]
fn when_loss_ends_every_list_is_whole_again_with_or_without_suspicion() {
    for suspicion in [0, 3] {
        let settings = Settings { suspicion, ..Settings::default() };
        let mut world = World::<FullMembership>::over(&settings, 30, 2, constant().with_loss(0.4));
        world.begin(30);
        world.run(100);
        world.sim.change_network("no loss", |network| *network = Faulty::new(constant()));
        world.run(60);
        for (address, node) in world.sim.nodes() {
            let alive = node.members().filter(|update| update.standing == Standing::Alive).count();
            assert_eq!(alive, 29, "{address} with suspicion {suspicion}");
        }
    }
}

#[test]
fn a_failed_member_that_comes_back_is_taken_in_with_a_higher_incarnation() {
    let mut world = World::<FullMembership>::warm(&Settings::default(), 20, 1);
    for life in 1..4 {
        world.crash([3]);
        world.run(40);
        assert!(world.sim.nodes().all(|(_, node)| !knows(node, 3)), "all have dropped it");
        world.join(3);
        world.run(20);
        let back = Update { member: Address(3), incarnation: life, standing: Standing::Alive };
        let others = world.sim.nodes().filter(|(address, _)| *address != Address(3));
        assert!(others.into_iter().all(|(_, node)| node.members().any(|update| update == back)), "life {life}");
    }
    world.all_right();
}

#[test]
fn a_member_that_comes_back_with_its_list_has_a_higher_incarnation_at_once() {
    let mut world = World::<FullMembership>::over(&Settings::default(), 20, 1, constant());
    world.begin(20);
    world.run(3);
    let state = world.fell(3);
    world.run(30);
    world.rejoin(3, state, &[]);
    world.run_millis(200);
    let back = world.sim.node(Address(3)).expect("it is up");
    assert_eq!((back.incarnation(), back.members().count()), (1, 19));
    world.run(8);
    assert!(world.sim.nodes().all(|(address, node)| address.0 == 3 || knows(node, 3)), "it has overridden its failure");
}

#[test]
fn a_group_that_went_down_as_a_whole_finds_together_again() {
    let mut world = World::<FullMembership>::joined(&Settings::default(), 20, 1);
    let states: Vec<_> = (0..20).map(|node| (node, world.fell(node))).collect();
    world.run(100);
    for (node, state) in states {
        if node % 4 != 0 {
            world.rejoin(node, state, &[]);
        }
    }
    world.run(120);
    assert!(world.sim.nodes().all(|(_, node)| node.members().count() == 14), "and has dropped the five that are gone");
    world.all_right();
}

#[test]
fn a_member_that_all_have_dropped_hears_of_it_and_refutes_it() {
    let mut world = World::<FullMembership>::over(&Settings::default(), 20, 1, constant());
    world.begin(20);
    let mut cut = None;
    let rule = Rule::Cut(Scope::Links(vec![Address(3)], (0..20).map(Address).collect()));
    world.sim.change_network("a mute", |network| cut = Some(network.add(rule)));
    let others_know = |world: &World<FullMembership>| {
        world.sim.nodes().filter(|(address, node)| address.0 != 3 && knows(node, 3)).count()
    };
    while others_know(&world) > 0 {
        world.run(1);
    }
    assert!(world.sim.node(Address(3)).expect("it is up").members().count() > 10, "it still knows others");
    world.sim.change_network("no mute", |network| network.remove(cut.expect("it is in force")));
    world.run(30);
    assert_eq!(others_know(&world), 19);
    for (address, node) in world.sim.nodes() {
        assert!(node.members().count() == 19 && node.failed().count() == 0, "{address} has found all back");
    }
}

/// The former owner of a newcomer's keys knows it as soon as it is a member, and names it to those that do not yet.
#[test]
fn a_newcomer_is_found_from_the_moment_it_is_a_member() {
    let mut found = 0;
    for seed in 0..20 {
        let mut world = World::<FullMembership>::over(&Settings::default(), 21, seed, constant());
        world.begin(20);
        world.run(3);
        world.join(20);
        while !world.watch().reports.iter().any(|(_, node, _, report)| (node.0, report) == (20, &Report::Joined)) {
            world.run_millis(1);
        }
        let key = world.sim.shared().key(Address(20));
        let asked: Vec<_> = (0..20).map(|node| world.look_up(Address(node), key, 1)).collect();
        world.run(2);
        for asked in asked {
            let answer = world.answer_to(asked).expect("a quiet network");
            assert_eq!(answer.owner, Address(20));
            assert_eq!(answer.hops_to_owner, answer.hops + 1);
            found += answer.hops;
        }
    }
    assert!((300..400).contains(&found), "{found} of 400 were told by its successor");
}

/// More join than updates can tell of: lists are not whole, but each member is known to the next on the ring.
#[test]
fn where_many_join_at_once_every_answer_is_right_from_the_start() {
    for seed in 0..3 {
        let mut world = World::<FullMembership>::new(&Settings::default(), 200, seed);
        for node in 0..200 {
            world.join(node);
            world.run_millis(50);
        }
        world.run(2);
        let joined = world.watch().reports.iter().filter(|(_, _, _, report)| *report == Report::Joined).count();
        assert_eq!(joined, 200);
        let asked = world.look_up_everywhere(3);
        world.run(5);
        assert_eq!(world.right(&asked), asked.len());
        let told = asked.iter().filter(|asked| world.answer_to(**asked).is_some_and(|answer| answer.hops > 0)).count();
        assert!(told > 60, "{told} of 600 did not know the owner");
    }
}

#[test]
fn where_an_owner_is_dead_the_next_on_the_ring_takes_its_place_at_once() {
    let mut world = World::<FullMembership>::over(&Settings::default(), 20, 1, constant());
    world.begin(20);
    world.run(3);
    let ring: Vec<Address> = world.members().from(world.sim.shared().key(Address(5))).map(|(_, node)| node).collect();
    world.crash([ring[0].0, ring[1].0]);
    let asked = world.look_up(ring[10], world.sim.shared().key(Address(5)), 3);
    world.run(8);
    let answer = world.answer_to(asked).expect("others live");
    assert_eq!((answer.owner, answer.hops, answer.hops_to_owner), (ring[2], 0, 1));
    assert_eq!(answer.holders, ring[2..5]);
    assert_eq!(answer.silence.timeouts, 4, "two attempts at either");
    let issuer = world.sim.node(ring[10]).expect("it is up");
    let suspects = issuer.members().filter(|update| update.standing == Standing::Suspect);
    assert!(suspects.into_iter().any(|update| update.member == ring[0]), "a silent owner is suspected");
}

#[test]
fn a_leave_is_known_to_all_without_anybody_being_suspected() {
    let mut world = World::<FullMembership>::over(&Settings::default(), 20, 1, constant());
    world.begin(20);
    world.run(3);
    world.leave(4);
    world.run(6);
    let knows = |node: &FullMembership| node.failed().any(|update| update.member == Address(4));
    assert!(world.sim.nodes().all(|(_, node)| knows(node)));
    world.all_right();
}

#[test]
fn by_hand_a_period_begins_only_when_a_script_says_so() {
    let settings = Settings { maintenance: Maintenance::Manual, ..Settings::default() };
    let mut world = World::<FullMembership>::over(&settings, 5, 1, constant());
    world.begin(5);
    world.run(20);
    assert!(world.watch().kinds.is_empty());
    world.crash([1, 2, 3, 4]);
    for _ in 0..30 {
        world.ask(Address(0), Request::Step(0), UPKEEP);
        world.run(2);
    }
    assert_eq!(world.sim.node(Address(0)).expect("it is up").members().count(), 0, "all have failed");
    world.run(1);
    assert_eq!(world.watch().kinds.keys().copied().collect::<Vec<_>>(), ["Ping", "PingReq"]);
}

#[test]
fn a_message_of_the_failure_detector_has_a_bounded_size() {
    let mut world = World::<FullMembership>::new(&Settings::default(), 60, 1);
    for node in 0..60 {
        world.join(node);
        world.run_millis(200);
    }
    let layout = world.sim.shared().layout();
    let mut fullest = 0;
    for (_, message) in &world.watch().sent {
        assert!(news(message).is_none_or(|news| news.updates.len() <= 6));
        if matches!(message, Message::Ping { .. } | Message::Ack { .. }) {
            fullest = fullest.max(message.bytes(layout));
        }
    }
    assert_eq!(fullest, 33 + 20 + 4 + 6 * (20 + 6 + 4));
}

#[test]
fn a_thousand_members_take_a_few_bytes_for_each_other() {
    let mut world = World::<FullMembership>::warm(&Settings::default(), 1_000, 1);
    world.run(2);
    world.crash([17]);
    let key = world.sim.shared().width().hash("key");
    let asked: Vec<_> = (100..200).map(|node| world.look_up(Address(node), key, 1)).collect();
    world.run(2);
    assert_eq!(world.right(&asked), asked.len());
    for (address, node) in world.sim.nodes() {
        assert_eq!(node.routing_entries(), 999);
        assert!(node.state_bytes() < 22_000, "{address}: {} bytes", node.state_bytes());
    }
}

type Group = Simulation<FullMembership, Links, Notes>;

/// What these tests look at.
#[derive(Default)]
struct Notes {
    /// Pings that found their target down: when, whose, and the target.
    lost_pings: Vec<(SimTime, Address, Address)>,
    sent: u64,
    /// What was said to have failed.
    confirmed: BTreeSet<(Address, u32)>,
    /// When each member first heard of the newcomer.
    heard: BTreeMap<Address, SimTime>,
    newcomer: Option<Address>,
}

impl Recorder<FullMembership> for Notes {
    fn record(&mut self, now: SimTime, fact: &Fact<'_, FullMembership>) {
        match fact {
            Fact::Sent { message, .. } => {
                self.sent += 1;
                let updates = news(message).into_iter().flat_map(|news| &news.updates);
                let confirmed = updates.filter(|update| update.standing == Standing::Confirm);
                self.confirmed.extend(confirmed.map(|update| (update.member, update.incarnation)));
            }
            Fact::Dropped { from, to, message: Message::Ping { .. }, .. } => {
                self.lost_pings.push((now, *from, *to));
            }
            Fact::Delivered { from, to, message, .. } if self.newcomer.is_some() => {
                let mut updates = news(message).into_iter().flat_map(|news| &news.updates);
                if Some(*from) == self.newcomer || updates.any(|update| Some(update.member) == self.newcomer) {
                    self.heard.entry(*to).or_insert(now);
                }
            }
            _ => {}
        }
    }
}

fn news(message: &Message) -> Option<&News> {
    match message {
        Message::Ping { news, .. }
        | Message::Ack { news, .. }
        | Message::PingReq { news, .. }
        | Message::IndirectAck { news, .. } => Some(news),
        _ => None,
    }
}

/// A group that was born complete; one more address is free.
fn group(settings: &Settings, nodes: u32, seed: u64, links: Links) -> Group {
    let width = Width::new(64).expect("legal");
    let keys = (0..=nodes).map(|node| width.hash(&format!("node-{seed}-{node}"))).collect();
    let common = Common::new(width, keys, settings.clone()).seeded(seed);
    let members: Members = (0..nodes).map(Address).map(|node| (common.key(node), node)).collect();
    let mut group = Simulation::new(seed, common, links, Notes::default());
    for node in (0..nodes).map(Address) {
        group.start(node, FullMembership::converged(node, &members, group.shared()));
        group.ask(node, Request::Begin, Cause { purpose: UPKEEP, request: RequestId::NONE });
    }
    group
}

fn run(group: &mut Group, millis: u64) {
    group.run_until(group.now() + Span::from_millis(millis));
}

/// In which period after the failure of some members each of them was first pinged by a live one, over some runs.
fn periods_until_detection(settings: &Settings, nodes: u32, failed: u32, runs: u64) -> Vec<f64> {
    let mut counts = Vec::new();
    for seed in 0..runs {
        let mut group = group(settings, nodes, seed, constant());
        // So many pings of each have arrived.
        run(&mut group, u64::from(WARM) * 1_000 + 20);
        (0..failed).for_each(|node| _ = group.crash(Address(node)));
        let failed_at = group.now();
        let mut undetected: BTreeSet<Address> = (0..failed).map(Address).collect();
        while !undetected.is_empty() {
            run(&mut group, 1_000);
            let notes = std::mem::take(group.recorder_mut());
            for (arrived, pinger, target) in &notes.lost_pings {
                if pinger.0 >= failed && undetected.remove(target) {
                    counts.push((arrived.since(failed_at).as_nanos() / 1_000_000_000 + 1) as f64);
                }
            }
        }
    }
    counts
}

/// How many periods after a newcomer is a member all have heard of it.
fn periods_until_all_know(settings: &Settings, nodes: u32, seed: u64) -> f64 {
    let newcomer = Address(nodes);
    let links = Links::of(0, Law::Constant(Span::from_micros(100)), Per::Pair);
    let mut group = group(settings, nodes, seed, links);
    run(&mut group, 2_000);
    group.recorder_mut().newcomer = Some(newcomer);
    group.start(newcomer, FullMembership::new(newcomer));
    let joins = Request::Join { bootstraps: vec![Address(0)] };
    let joined = group.now();
    group.ask(newcomer, joins, Cause { purpose: JOIN, request: RequestId::NONE });
    loop {
        run(&mut group, 1_000);
        let others = group.recorder().heard.iter().filter(|(node, _)| **node != newcomer);
        if others.clone().count() == nodes as usize {
            let last = others.map(|(_, at)| at.since(joined)).max();
            return last.expect("there are others").as_secs_f64();
        }
    }
}

/// The same without messages: the newcomer and one more know of it; everybody meets one other in each period, and whom it may
/// meet are those that it knows. A meeting may be missed.
fn model_of_epidemic(nodes: u32, seed: u64, meets: f64) -> f64 {
    let mut chance = Stream::open(seed, StreamPurpose(77), u64::from(nodes));
    let newcomer = nodes as usize;
    let mut phases: Vec<(f64, usize)> = (0..=newcomer).map(|node| (sampler::unit(&mut chance), node)).collect();
    phases.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut knows = vec![false; newcomer + 1];
    (knows[0], knows[newcomer]) = (true, true);
    for period in 0.. {
        for (phase, node) in &phases {
            let others = if knows[*node] { newcomer } else { newcomer - 1 };
            let mut other = sampler::below(&mut chance, others as u64) as usize;
            other += usize::from(other >= *node);
            if sampler::chance(&mut chance, meets) {
                let either = knows[*node] || knows[other];
                (knows[*node], knows[other]) = (either, either);
            }
            if knows.iter().all(|knows| *knows) {
                return f64::from(period) + phase;
            }
        }
    }
    unreachable!("somebody is met in each period")
}

fn knows(node: &FullMembership, member: u32) -> bool {
    node.members().any(|update| update.member == Address(member))
}

fn mean(figures: &[f64]) -> f64 {
    figures.iter().sum::<f64>() / figures.len() as f64
}

fn deviation(figures: &[f64]) -> f64 {
    let mean = mean(figures);
    libm::sqrt(figures.iter().map(|figure| (figure - mean) * (figure - mean)).sum::<f64>() / figures.len() as f64)
}

fn root(figures: &[f64]) -> f64 {
    libm::sqrt(figures.len() as f64)
}

/// How many periods a group runs before somebody fails: its members are in the middle of a round of pings.
const WARM: u32 = 4;
