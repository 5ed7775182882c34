//! What every protocol of the registry must do, whatever it is: a further one gets this suite for nothing.

#[path = "support/puppets.rs"]
mod puppets;
#[path = "support/world.rs"]
mod world;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use protocols::dht::{Common, Dht, JOIN, Report, Request};
use protocols::duration::Duration;
use protocols::kademlia::Farewell::Contacts;
use protocols::key::Width;
use protocols::settings::LookupMode;
use protocols::{Entry, Visitor, chord, full_membership, kademlia, pastry};
use sim::address::Address;
use sim::protocol::{Cause, Context, Effect, Event, NodeChance, RequestId};
use sim::rng::{Stream, StreamPurpose};
use sim::sampler;
use sim::time::{SimTime, Span};

use puppets::{NODES, Puppets};
use world::{World, jittery};

/// Every protocol of the registry, and what modes of it differ enough to be protocols of their own.
fn entries() -> Vec<Entry> {
    let recursive = chord::Settings { lookup: LookupMode::Recursive, ..chord::Settings::default() };
    // Small buckets do not meet all contacts within one lookup's deadline: who is dead must be found out by refreshes.
    let often = kademlia::Settings { k: 8, refresh: Duration(Span::from_secs(60)), ..Default::default() };
    let small = kademlia::Settings { b: 2, parallelism: kademlia::Parallelism::Strict, ..often.clone() };
    let other = kademlia::Settings { eviction: kademlia::Eviction::Lazy, farewell: Contacts, ..often };
    let mut entries = Entry::all();
    entries.extend([Entry::Chord(recursive), Entry::Kademlia(small), Entry::Kademlia(other)]);
    let pastry = pastry::Settings::default();
    entries.push(Entry::Pastry(pastry::Settings { lookup: LookupMode::Iterative, ..pastry.clone() }));
    entries.push(Entry::Pastry(pastry::Settings { proximity: pastry::Proximity::Off, leaf_set: 12, ..pastry }));
    let basic = full_membership::Settings { suspicion: 0, updates: 1, ping_requests: 1, ..Default::default() };
    entries
        .push(Entry::FullMembership(full_membership::Settings { targets: full_membership::Targets::Random, ..basic }));
    entries
}

/// Makes each law a test that holds for every entry.
macro_rules! laws {
    ($($law:ident),+ $(,)?) => {
        mod laws {
            $(#[test]
            fn $law() {
                struct Law;
                impl super::Visitor for Law {
                    type Output = ();
                    fn visit<P: super::Dht>(self, settings: &P::Settings) {
                        super::$law::<P>(settings);
                    }
                }
                for entry in super::entries() {
                    entry.visit(Law);
                }
            })+
        }
    };
}

laws! {
    joins_converge,
    lookups_are_right_in_a_quiet_network_of_any_size,
    a_node_alone_answers_itself,
    a_warm_start_answers_right_at_once,
    a_warm_start_is_what_real_joins_converge_to,
    answers_are_right_again_after_crashes_and_time_to_repair,
    the_last_one_alive_answers_itself_after_a_time,
    graceful_leaves_do_no_harm,
    a_node_that_crashed_comes_back_under_its_address,
    a_restart_at_once_is_no_trouble,
    a_node_that_comes_back_is_a_member_when_it_has_its_place_and_not_before,
    a_node_that_comes_back_with_what_it_knew_needs_no_bootstrap,
    a_node_that_comes_back_when_all_it_knew_are_gone_needs_one,
    a_node_comes_back_from_any_state,
    a_node_that_came_back_does_nothing_before_it_is_asked,
    late_answers_to_a_former_life_do_no_harm,
    all_that_crashed_at_once_find_each_other_again,
    a_join_through_the_dead_goes_on_until_it_is_told_of_the_living,
    to_ask_a_node_again_while_it_joins_does_no_harm,
    to_ask_a_member_to_join_changes_nothing,
    after_any_churn_answers_are_right_again,
    the_same_seed_gives_the_same_run,
    under_loss_most_lookups_are_right_and_all_end,
    where_nothing_arrives_every_lookup_fails_and_the_run_ends,
    tables_are_bounded,
    state_is_bounded_under_loss_and_crashes,
    lookups_end_once_whoever_crashes,
    a_lookup_before_the_join_fails_at_once,
    copies_are_held_by_the_owner_first,
    the_rule_of_holders_agrees_with_the_rule_of_owners,
    settings_are_documented,
    default_texts_mean_the_defaults,
    duplicates_do_no_harm,
    duplicates_do_not_multiply,
    no_sequence_of_events_panics,
}

fn joins_converge<P: Dht>(settings: &P::Settings) {
    for seed in 0..3 {
        let mut world = World::<P>::joined(settings, 20, seed);
        let joined = world.watch().reports.iter().filter(|(_, _, _, report)| *report == Report::Joined).count();
        assert_eq!(joined, 20);
        world.all_right();
    }
}

fn lookups_are_right_in_a_quiet_network_of_any_size<P: Dht>(settings: &P::Settings) {
    for nodes in [1, 2, 3, 5, 20, 50] {
        World::<P>::joined(settings, nodes, 7).all_right();
        World::<P>::warm(settings, nodes, 7).all_right();
    }
}

fn a_node_alone_answers_itself<P: Dht>(settings: &P::Settings) {
    let mut world = World::<P>::new(settings, 1, 1);
    world.join(0);
    let key = Width::new(160).expect("legal").hash("key");
    let asked = world.look_up(Address(0), key, 1);
    let answer = world.answer_to(asked).expect("nobody else has to be asked");
    assert_eq!((answer.owner, answer.hops, answer.hops_to_owner), (Address(0), 0, 0));
    world.run(100);
    assert!(world.watch().kinds.is_empty(), "and has nobody to talk to: {:?}", world.watch().kinds);
}

fn a_warm_start_answers_right_at_once<P: Dht>(settings: &P::Settings) {
    let mut world = World::<P>::warm(settings, 20, 1);
    let asked = world.look_up_everywhere(5);
    world.run(10);
    assert_eq!(world.right(&asked), asked.len());
}

fn a_warm_start_is_what_real_joins_converge_to<P: Dht>(settings: &P::Settings) {
    let hops = |mut world: World<P>| {
        let asked = world.look_up_everywhere(5);
        world.run(60);
        assert_eq!(world.right(&asked), asked.len());
        asked.iter().map(|asked| world.answer_to(*asked).map(|answer| (answer.owner, answer.hops))).collect::<Vec<_>>()
    };
    let mut joined = World::joined(settings, 12, 3);
    joined.run(1_000);
    assert_eq!(hops(joined), hops(World::warm(settings, 12, 3)));
}

fn answers_are_right_again_after_crashes_and_time_to_repair<P: Dht>(settings: &P::Settings) {
    for (crashed, seed) in [(3, 1), (10, 1), (3, 2), (10, 2), (3, 3), (10, 3)] {
        let mut world = World::<P>::warm(settings, 20, seed);
        world.run(10);
        world.crash((0..crashed).map(|node| node * 13 % 20));
        world.run(180);
        world.all_right();
    }
}

fn the_last_one_alive_answers_itself_after_a_time<P: Dht>(settings: &P::Settings) {
    for mut world in [World::<P>::warm(settings, 20, 1), World::joined(settings, 20, 1)] {
        world.run(10);
        world.crash((0..20).filter(|node| *node != 5));
        world.run(300);
        world.all_right();
        assert!(world.watch().reports.iter().all(|(_, _, _, report)| !matches!(report, Report::Left)));
    }
}

fn graceful_leaves_do_no_harm<P: Dht>(settings: &P::Settings) {
    let mut world = World::<P>::warm(settings, 20, 1);
    world.run(10);
    for node in 0..10 {
        world.leave(node * 2);
        world.run(5);
    }
    world.run(60);
    assert_eq!(world.up().len(), 10);
    world.all_right();
}

fn a_node_that_crashed_comes_back_under_its_address<P: Dht>(settings: &P::Settings) {
    for pause in [1, 10, 100] {
        let mut world = World::<P>::joined(settings, 20, 4);
        world.crash([3, 7, 8]);
        world.run(pause);
        for node in [3, 7, 8] {
            world.join(node);
        }
        world.run(180);
        world.all_right();
    }
}

/// What was sent to the earlier life is still under way, answers to its calls among it.
fn a_restart_at_once_is_no_trouble<P: Dht>(settings: &P::Settings) {
    for seed in 0..5 {
        let mut world = World::<P>::joined(settings, 10, seed);
        for millis in 0..10 {
            let asked = world.look_up_everywhere(3);
            world.run_millis(37 + millis * 11);
            world.crash([3, 7]);
            for node in [3, 7] {
                world.join(node);
            }
            world.run(60);
            for (_, asked) in asked.chunks(3).enumerate().filter(|(node, _)| ![3, 7].contains(node)) {
                world.right(asked);
            }
        }
        world.run(120);
        world.all_right();
    }
}

fn a_node_that_comes_back_is_a_member_when_it_has_its_place_and_not_before<P: Dht>(settings: &P::Settings) {
    for pause in [0, 10, 100] {
        let mut world = World::<P>::joined(settings, 20, 4);
        let width = world.sim.shared().width();
        let state = world.fell(5);
        world.run(pause);
        let since = world.sim.now();
        world.rejoin(5, state, &[]);
        while !world.has_joined(5, since) {
            assert!(world.sim.now() < since + Span::from_secs(10));
            world.run_millis(10);
        }
        world.run(1);
        let key = |key| width.hash(&format!("key-{key}"));
        let asked: Vec<_> = (0..20).map(|number| world.look_up(Address(5), key(number), 1)).collect();
        world.run(20);
        assert_eq!(world.right(&asked), asked.len(), "after {pause} s");
    }
}

fn a_node_that_comes_back_with_what_it_knew_needs_no_bootstrap<P: Dht>(settings: &P::Settings) {
    for pause in [0, 10, 100] {
        let mut world = World::<P>::joined(settings, 20, 4);
        let states = [3, 7, 8].map(|node| (node, world.fell(node)));
        world.run(pause);
        let since = world.sim.now();
        for (node, state) in states {
            world.rejoin(node, state, &[]);
        }
        world.run(30);
        assert!([3, 7, 8].into_iter().all(|node| world.has_joined(node, since)), "after {pause} s");
        world.all_right();
        world.run(150);
        world.all_right();
    }
}

/// A warm start of five is the earlier overlay; the later one has grown from a node that the five have never met.
fn a_node_that_comes_back_when_all_it_knew_are_gone_needs_one<P: Dht>(settings: &P::Settings) {
    let mut world = World::<P>::new(settings, 12, 4);
    world.begin(5);
    world.run(60);
    let state = world.fell(3);
    world.crash([0, 1, 2, 4]);
    for node in 5..12 {
        world.join(node);
        world.run(2);
    }
    world.run(60);
    let since = world.sim.now();
    world.rejoin(3, state, &[5]);
    world.run(30);
    assert!(world.has_joined(3, since));
    world.run(150);
    world.all_right();
}

/// By crash or goodbye, in the middle of lookups, of joins and of joins after an earlier return.
fn a_node_comes_back_from_any_state<P: Dht>(settings: &P::Settings) {
    let mut in_mid_join = 0;
    for seed in 0..5 {
        let mut world = World::<P>::joined(settings, 12, seed);
        let mut chance = Stream::open(seed, StreamPurpose(99), 0);
        let mut down: BTreeMap<u32, P> = BTreeMap::new();
        let mut since = [SimTime::ZERO; 12];
        for _ in 0..80 {
            let node = sampler::below(&mut chance, 12) as u32;
            let draw = sampler::below(&mut chance, 3);
            world.look_up_everywhere(1);
            if let Some(state) = down.remove(&node) {
                let up: Vec<u32> = world.up().iter().map(|node| node.0).collect();
                let one = up[sampler::below(&mut chance, up.len() as u64) as usize];
                since[node as usize] = world.sim.now();
                world.rejoin(node, state, &[one, up[0]]);
            } else if world.up().len() > 6 {
                in_mid_join += u32::from(!world.has_joined(node, since[node as usize]));
                let state = world.sim.node(Address(node)).expect("up").clone();
                match draw {
                    0 => world.leave(node),
                    _ => world.crash([node]),
                }
                down.insert(node, state);
            }
            world.run_millis(sampler::below(&mut chance, 1_000));
        }
        for (node, state) in down {
            since[node as usize] = world.sim.now();
            world.rejoin(node, state, &[world.up()[0].0]);
        }
        world.run(200);
        assert!((0..12).all(|node| world.has_joined(node, since[node as usize])), "seed {seed}");
        world.all_right();
    }
    assert!(in_mid_join > 0, "some went down before they were members");
}

/// Whatever arrives, it says at most that it lives, or that it is no member.
fn a_node_that_came_back_does_nothing_before_it_is_asked<P: Dht>(settings: &P::Settings) {
    let mut world = World::<P>::joined(settings, 10, 3);
    world.look_up_everywhere(3);
    world.run_millis(60);
    let (common, messages) = (world.sim.shared().clone(), world.watch().sent.clone());
    let mut node = world.sim.node(Address(4)).expect("up").clone();
    let mut chance = NodeChance::new(1, Address(4), 1);
    let mut handle = |node: &mut P, event| {
        let mut effects = Vec::new();
        let cause = Cause { purpose: JOIN, request: RequestId::NONE };
        let mut cx = Context::new(world.sim.now(), Address(4), cause, &common, &mut chance, &mut effects);
        node.handle(event, &mut cx);
        assert_eq!(node.check_state(Address(4), &common), Ok(()));
        effects
    };
    let last_wish = handle(&mut node, Event::Request(Request::Lookup { key: common.key(Address(0)), copies: 1 }));
    let mut node = node.revived(Address(4), &common);
    for effect in last_wish {
        if let Effect::SetTimer { timer, .. } = effect {
            assert!(handle(&mut node, Event::Timer(timer)).is_empty(), "{timer:?} waits for nothing any more");
        }
    }
    for (from, message) in messages.into_iter().filter(|(from, _)| from.0 != 4) {
        let effects = handle(&mut node, Event::Message { from, message: message.clone() });
        let is_reply = |effect: &Effect<P>| match effect {
            Effect::Send { to, message, .. } => *to == from && ["NotMember", "Pong"].contains(&P::kind(message)),
            _ => false,
        };
        assert!(effects.len() <= 1 && effects.iter().all(is_reply), "{message:?}: {effects:?}");
    }
    let asked = handle(&mut node, Event::Request(Request::Join { bootstraps: vec![] }));
    assert!(asked.iter().any(|effect| matches!(effect, Effect::Send { .. })), "it still knows somebody to ask");
}

fn late_answers_to_a_former_life_do_no_harm<P: Dht>(settings: &P::Settings) {
    for seed in 0..3 {
        let mut world = World::<P>::joined(settings, 10, seed);
        for millis in 0..10 {
            let asked: Vec<_> = world.look_up_everywhere(3).into_iter().skip(9).take(3).collect();
            world.run_millis(37 + millis * 11);
            let reports = world.watch().reports.len();
            let state = world.fell(3);
            world.rejoin(3, state, &[]);
            world.run_millis(5_000);
            let late = |(_, _, request, _): &&(_, _, RequestId, _)| asked.iter().any(|asked| asked.request == *request);
            assert_eq!(world.watch().reports[reports..].iter().find(late), None, "nobody asked this life");
            world.run(30);
        }
        world.run(60);
        world.all_right();
    }
}

/// The first is told of nobody, and those that it knew are up but no members; the others are told of the first.
fn all_that_crashed_at_once_find_each_other_again<P: Dht>(settings: &P::Settings) {
    for pause in [0, 200, 3_000] {
        let mut world = World::<P>::joined(settings, 10, 2);
        let states: Vec<P> = (0..10).map(|node| world.fell(node)).collect();
        world.run(30);
        for (node, state) in (0..).zip(states) {
            world.rejoin(node, state, if node == 0 { &[] } else { &[0] });
            world.run_millis(pause);
        }
        world.run(150);
        world.all_right();
    }
}

/// An attempt ends after two silences of half a second and a second; then there is a pause of a second and a half at most.
fn a_join_through_the_dead_goes_on_until_it_is_told_of_the_living<P: Dht>(settings: &P::Settings) {
    for pause in [1, 700, 1_700, 2_900, 600_000] {
        let mut world = World::<P>::joined(settings, 10, 1);
        world.crash([3, 4]);
        world.run(60);
        world.crash([9]);
        world.sim.start(Address(9), P::new(Address(9)));
        let since = world.sim.now();
        world.ask_to_join(9, &[3, 4]);
        world.run_millis(pause);
        let sent_to_the_dead = world.watch().dropped;
        world.run(5);
        assert!(world.watch().dropped > sent_to_the_dead && !world.has_joined(9, since), "it is still trying");
        world.ask_to_join(9, &[]);
        world.ask_to_join(9, &[0, 1]);
        world.run(5);
        assert!(world.has_joined(9, since), "asked again after {pause} ms");
        world.run(60);
        world.all_right();
    }
}

/// However often, and at whatever moment: the join ends, once.
fn to_ask_a_node_again_while_it_joins_does_no_harm<P: Dht>(settings: &P::Settings) {
    for millis in [0, 20, 45, 90, 150, 300] {
        let mut world = World::<P>::joined(settings, 10, 1);
        world.crash([9]);
        world.run(60);
        world.sim.start(Address(9), P::new(Address(9)));
        let since = world.sim.now();
        world.ask_to_join(9, &[4]);
        for again in 0..20 {
            world.run_millis(millis);
            world.ask_to_join(9, &[again % 9]);
        }
        world.run(30);
        let joined =
            world.watch().reports.iter().filter(|(at, _, _, report)| *at >= since && *report == Report::Joined);
        assert_eq!(joined.count(), 1);
        world.run(30);
        world.all_right();
    }
}

fn to_ask_a_member_to_join_changes_nothing<P: Dht>(settings: &P::Settings) {
    for mut world in [World::<P>::joined(settings, 10, 1), World::warm(settings, 10, 1), World::joined(settings, 1, 1)]
    {
        world.run(1);
        let before = (format!("{:?}", world.sim.node(Address(0))), world.sim.pending(), world.watch().reports.len());
        for bootstraps in [&[][..], &[1, 2], &[0]] {
            world.ask_to_join(0, bootstraps);
            let after = (format!("{:?}", world.sim.node(Address(0))), world.sim.pending(), world.watch().reports.len());
            assert_eq!(before, after);
        }
    }
}

fn after_any_churn_answers_are_right_again<P: Dht>(settings: &P::Settings) {
    for seed in 0..20 {
        let mut world = World::<P>::joined(settings, 20, seed);
        let mut chance = Stream::open(seed, StreamPurpose(99), 0);
        for _ in 0..60 {
            let node = Address(sampler::below(&mut chance, 20) as u32);
            match (world.sim.is_up(node), sampler::below(&mut chance, 2)) {
                (false, _) => world.join(node.0),
                (true, _) if world.up().len() <= 10 => {}
                (true, 0) => world.crash([node.0]),
                (true, _) => world.leave(node.0),
            }
            world.run_millis(sampler::below(&mut chance, 10_000));
        }
        world.run(200);
        world.all_right();
    }
}

fn the_same_seed_gives_the_same_run<P: Dht>(settings: &P::Settings) {
    let run = |seed| {
        let mut world = World::<P>::joined(settings, 10, seed);
        world.crash([4]);
        world.all_right();
        world.fingerprint()
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

fn under_loss_most_lookups_are_right_and_all_end<P: Dht>(settings: &P::Settings) {
    let mut world = World::<P>::over(settings, 20, 1, jittery(1).with_loss(0.2));
    world.begin(20);
    world.run(60);
    let asked = world.look_up_everywhere(20);
    world.run(60);
    let right = world.right(&asked);
    assert!(right * 2 > asked.len(), "{right} of {} right", asked.len());
}

fn where_nothing_arrives_every_lookup_fails_and_the_run_ends<P: Dht>(settings: &P::Settings) {
    let mut world = World::<P>::over(settings, 20, 1, jittery(1).with_loss(1.0));
    world.begin(20);
    let asked = world.look_up_everywhere(3);
    world.run(60);
    let wrong = asked.iter().filter(|asked| world.answer_to(**asked).is_some_and(|answer| answer.hops_to_owner > 0));
    assert_eq!(wrong.count(), 0, "nobody can have heard of another");
    world.run(600);
    assert!(world.sim.pending() < 20 * 10, "{} events pending", world.sim.pending());
}

fn tables_are_bounded<P: Dht>(settings: &P::Settings) {
    for nodes in [1, 2, 5, 50] {
        let mut world = World::<P>::joined(settings, nodes, 2);
        for _ in 0..20 {
            world.all_right();
        }
        for (address, node) in world.sim.nodes() {
            assert!(node.routing_entries() < nodes as usize, "{address}: {} entries", node.routing_entries());
            assert!((1..32_768).contains(&node.state_bytes()), "{address}: {} bytes", node.state_bytes());
        }
    }
}

/// Whatever goes wrong for however long, what a node keeps of it is bounded.
fn state_is_bounded_under_loss_and_crashes<P: Dht>(settings: &P::Settings) {
    let mut world = World::<P>::over(settings, 30, 1, jittery(1).with_loss(0.2));
    world.begin(30);
    world.run(30);
    world.crash((0..30).filter(|node| node % 3 == 0));
    let mut bytes_after = |secs: u64| {
        for _ in 0..secs / 20 {
            world.look_up_everywhere(2);
            world.run(20);
        }
        world.sim.nodes().map(|(_, node)| node.state_bytes()).max().expect("twenty are up")
    };
    let (early, late) = (bytes_after(400), bytes_after(1_200));
    assert!(late < 2 * early && late < 65_536, "{early} bytes, and {late} bytes later");
}

/// No call is left without a timeout.
fn lookups_end_once_whoever_crashes<P: Dht>(settings: &P::Settings) {
    for millis in [1, 30, 60, 100, 150, 300, 700] {
        let mut world = World::<P>::warm(settings, 20, millis);
        world.run(5);
        let asked = world.look_up_everywhere(20);
        let of_last = &asked[19 * 20..];
        world.run_millis(millis);
        world.crash(0..19);
        world.run(60);
        world.right(of_last);
    }
}

fn a_lookup_before_the_join_fails_at_once<P: Dht>(settings: &P::Settings) {
    let mut world = World::<P>::new(settings, 1, 1);
    world.sim.start(Address(0), P::new(Address(0)));
    let asked = world.look_up(Address(0), Width::new(160).expect("legal").hash("key"), 1);
    assert_eq!(world.answer_to(asked), None);
}

fn copies_are_held_by_the_owner_first<P: Dht>(settings: &P::Settings) {
    let mut world = World::<P>::warm(settings, 20, 1);
    for key in 0..50 {
        let asked = world.look_up(Address(key % 20), world.sim.shared().width().hash(&format!("key-{key}")), 3);
        world.run(20);
        let answer = world.answer_to(asked).expect("a quiet network");
        assert_eq!(answer.holders.first(), Some(&answer.owner), "{answer:?}");
        assert_eq!(answer.holders, P::holders(&world.members(), asked.key, 3));
        assert!(answer.hops <= answer.hops_to_owner && answer.hops_to_owner <= answer.hops_to_end, "{answer:?}");
        assert!(answer.known_at <= answer.replied_at, "{answer:?}");
    }
}

/// The first holder is the owner; there are as many as asked for, or all, and nobody twice.
fn the_rule_of_holders_agrees_with_the_rule_of_owners<P: Dht>(settings: &P::Settings) {
    for nodes in [0, 1, 2, 20] {
        let world = World::<P>::warm(settings, nodes, 3);
        let members = world.members();
        for key in (0..50).map(|key| world.sim.shared().width().hash(&format!("key-{key}"))) {
            for copies in [1, 3, 50] {
                let holders = P::holders(&members, key, copies);
                assert_eq!(holders.first().copied(), P::owner(&members, key));
                assert_eq!(holders.iter().collect::<BTreeSet<_>>().len(), copies.min(nodes as usize));
            }
        }
    }
}

fn settings_are_documented<P: Dht>(settings: &P::Settings) {
    let written = serde_json::to_value(settings).expect("settings are data");
    let fields: BTreeSet<&str> = written.as_object().expect("a struct").keys().map(String::as_str).collect();
    let names: BTreeSet<&str> = P::SETTINGS.iter().map(|setting| setting.name).collect();
    assert_eq!(fields, names);
    assert_eq!(names.len(), P::SETTINGS.len(), "a name twice");
    for setting in P::SETTINGS {
        assert!(!setting.about.is_empty() && !setting.source.is_empty(), "{} says too little", setting.name);
    }
}

fn default_texts_mean_the_defaults<P: Dht>(_: &P::Settings) {
    for setting in P::SETTINGS {
        let read: P::Settings = ron::from_str(&format!("({}: {})", setting.name, setting.default)).expect(setting.name);
        assert_eq!(read, P::Settings::default(), "{}", setting.name);
        let field = |settings: &P::Settings| serde_json::to_value(settings).expect("data")[setting.name].clone();
        assert_eq!(field(&read), field(&P::Settings::default()));
    }
}

fn duplicates_do_no_harm<P: Dht>(settings: &P::Settings) {
    let mut world = World::<P>::over(settings, 20, 1, jittery(1).with_duplicates(1.0));
    for node in 0..20 {
        world.join(node);
        world.run(2);
    }
    world.run(120);
    world.all_right();
    world.crash([3, 4, 5]);
    world.run(120);
    world.all_right();
}

/// A question that arrives twice may be answered twice, but must not set off twice the work at every hop.
fn duplicates_do_not_multiply<P: Dht>(settings: &P::Settings) {
    let sent = |duplicates: f64| {
        let mut world = World::<P>::over(settings, 200, 1, jittery(1).with_duplicates(duplicates));
        world.begin(200);
        let asked = world.look_up_everywhere(5);
        world.run(1);
        assert!(asked.len() == world.right(&asked));
        world.watch().kinds.values().sum::<u64>()
    };
    let (once, twice) = (sent(0.0), sent(1.0));
    assert!(twice <= once * 2, "{once} messages without duplicates, {twice} with");
}

/// Tables so small that they are full among five nodes: buckets of one, a leaf on either side.
#[test]
fn no_sequence_of_events_panics_where_tables_are_full() {
    struct Law;
    impl Visitor for Law {
        type Output = ();
        fn visit<P: Dht>(self, settings: &P::Settings) {
            no_sequence_of_events_panics::<P>(settings);
        }
    }
    for entry in puppets::full_tables() {
        entry.visit(Law);
    }
}

/// Any messages (one's own, others', another run's), any timers ever set, any requests, in any order.
fn no_sequence_of_events_panics<P: Dht>(settings: &P::Settings) {
    let earlier = World::<P>::joined(settings, 5, 1);
    let foreign: Vec<P::Message> = earlier.watch().sent.iter().map(|(_, message)| message.clone()).collect();
    let steps = prop::collection::vec((0..100u8, 0..NODES, any::<u64>()), 0..300);
    let config = Config { cases: 200, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new_with_rng(
        config,
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    )
    .run(&steps, |steps| {
        let keys = (0..NODES).map(|node| earlier.sim.shared().key(Address(node))).collect();
        let mut puppets = Puppets::<P>::new(Common::new(earlier.sim.shared().width(), keys, settings.clone()));
        for (kind, node, number) in steps {
            puppets.step(kind, Address(node), number, &foreign);
        }
        Ok::<(), TestCaseError>(())
    });
    outcome.expect("no panic");
}
