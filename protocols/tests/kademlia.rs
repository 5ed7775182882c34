//! Kademlia in small overlays: rounds and calls against a model, contacts by their rules, trouble and how it ends.

#[path = "support/world.rs"]
mod world;

use protocols::dht::{Dht, Report, Request, UPKEEP};
use protocols::duration::Duration;
use protocols::kademlia::{Eviction, Farewell, Kademlia, Message, Parallelism, Settings};
use protocols::key::{Key, Width};
use protocols::table::Table;
use sim::address::Address;
use sim::faults::{Groups, Rule, RuleId, Scope};
use sim::protocol::{Cause, Context, Effect, Event, NodeChance, Protocol};
use sim::time::{SimTime, Span};

use world::{World, constant};

/// An independent simulation of converged overlays (synchronous rounds, flat buckets of k, the issuer not among the k) gives
/// .960 and 1.399 rounds until the closest node answers, and 8.33 calls at N=50. Overlays differ by some .04 (standard
/// deviation of their means here); the mean of R may be off by four times that over the root of R, and by .005.
#[test]
fn rounds_and_calls_are_those_of_the_oracle() {
    for (nodes, rounds, overlays) in [(16, 0.960, 40), (50, 1.399, 40)] {
        let (measured, calls) = rounds_and_calls(&flat(8), nodes, overlays);
        let tolerance = 4.0 * 0.04 / (overlays as f64).sqrt() + 0.005;
        assert!((measured - rounds).abs() < tolerance, "{measured} rounds for {rounds} +- {tolerance} at N={nodes}");
        assert!(nodes != 50 || (calls - 8.33).abs() < 0.05, "{calls} calls for 8.33");
    }
}

#[test]
fn the_k_found_are_the_k_closest_of_all() {
    for settings in [flat(8), Settings { k: 8, ..Settings::default() }, Settings { k: 8, b: 3, ..Settings::default() }]
    {
        for mut world in [World::<Kademlia>::warm(&settings, 50, 1), World::joined(&settings, 50, 1)] {
            for i in 0..100 {
                let key = world.sim.shared().width().hash(&format!("key-{i}"));
                let asked = world.look_up(Address(i % 50), key, 8);
                world.run(5);
                let holders = &world.answer_to(asked).expect("a quiet network").holders;
                assert_eq!(*holders, Kademlia::holders(&world.members(), key, 8));
            }
        }
    }
}

#[test]
fn an_owner_that_the_issuer_knows_takes_one_round_and_its_own_keys_none() {
    let settings = Settings { k: 2, ..Settings::default() };
    let mut world = of_ids(&settings, &[0b0000_0000, 0b0000_0001, 0b1000_0000]);
    world.begin(3);
    for (key, owner, rounds) in [(0b1000_0001, 2, 1), (0b0000_0001, 1, 1), (0b0000_0000, 0, 0)] {
        let asked = world.look_up(Address(0), id(key), 1);
        world.run(1);
        let answer = world.answer_to(asked).expect("a quiet network");
        assert_eq!((answer.owner, answer.hops_to_owner, answer.hops), (Address(owner), rounds, 0));
        assert_eq!(answer.hops_to_end, 1, "all three are asked at once");
    }
}

#[test]
fn whom_a_reply_names_is_no_contact_before_it_has_answered() {
    let settings = Settings { k: 8, ..Settings::default() };
    let mut world = World::<Kademlia>::new(&settings, 20, 1);
    for node in 0..19 {
        world.join(node);
        world.run(2);
    }
    world.crash([3, 4]);
    world.join(19);
    world.run(20);
    let contacts: Vec<Address> = node(&world, 19).contacts().collect();
    assert!(contacts.len() > 10);
    assert!(!contacts.contains(&Address(3)) && !contacts.contains(&Address(4)), "others named them: {contacts:?}");
    assert!(node(&world, 0).contacts().any(|contact| contact == Address(3)), "who knew them still does");
}

/// Three ids that share their first bit with nobody else fill a bucket of two.
#[test]
fn a_newcomer_has_the_oldest_contact_of_a_full_bucket_pinged() {
    for (eviction, crash, stays) in
        [(Eviction::Ping, false, true), (Eviction::Ping, true, false), (Eviction::Lazy, true, true)]
    {
        let settings = Settings { k: 2, keep_near: false, eviction, ..Settings::default() };
        let mut world = of_ids(&settings, &[0, 1, 2, 128, 129, 130]);
        world.begin(5);
        let known = |world: &World<Kademlia>, node: u32| world.node_knows(0, node);
        let oldest = node(&world, 0).contacts().find(|contact| contact.0 >= 3).expect("two of them fit").0;
        if crash {
            world.crash([oldest]);
        }
        world.sim.start(Address(5), Kademlia::new(Address(5)));
        world.ask(Address(5), Request::Join { bootstraps: vec![Address(0)] }, protocols::dht::JOIN);
        world.run(20);
        assert_eq!(known(&world, oldest), stays, "{eviction:?} {crash}");
        assert_eq!(known(&world, 5), !stays, "{eviction:?} {crash}");
        assert_eq!(world.watch().kinds.contains_key("Ping"), eviction == Eviction::Ping);
    }
}

#[test]
fn a_ping_sets_off_no_other_ping() {
    let settings = Settings { k: 2, keep_near: false, ..Settings::default() };
    let common = of_ids(&settings, &[0, 1, 2, 128, 129, 130]).sim.shared().clone();
    let members = (0..5).map(Address).map(|node| (common.key(node), node)).collect();
    let mut node = Kademlia::converged(Address(0), &members, &common);
    let mut chance = NodeChance::new(1, Address(0), 0);
    let mut sent = |event: Event<Kademlia>| {
        let mut effects = Vec::new();
        let mut cx = Context::new(SimTime::ZERO, Address(0), Cause::default(), &common, &mut chance, &mut effects);
        node.handle(event, &mut cx);
        let sends = effects.into_iter().filter_map(|effect| match effect {
            Effect::Send { to, message, .. } => Some((to.0, message.kind())),
            _ => None,
        });
        sends.collect::<Vec<(u32, &str)>>()
    };
    sent(Event::Request(Request::Begin));
    // Node 5 is a stranger to a bucket that nodes 3 and 4 fill.
    let (call, stranger) = (Table::default().insert(()), Address(5));
    let ping = Event::Message { from: stranger, message: Message::Ping { call } };
    assert_eq!(sent(ping), [(5, "Pong")]);
    let question = sent(Event::Message { from: stranger, message: Message::FindNode { call, key: id(7) } });
    assert_eq!(question[0], (5, "Nodes"));
    assert!([3, 4].contains(&question[1].0) && question[1].1 == "Ping" && question.len() == 2, "{question:?}");
}

#[test]
fn a_silent_contact_is_left_alone_for_longer_and_longer_and_forgiven_when_it_speaks() {
    let settings = Settings { k: 8, retries: 0, ..Settings::default() };
    let mut world = World::<Kademlia>::over(&settings, 2, 1, constant());
    world.begin(2);
    let cut = cut_off(&mut world, 1);
    let mut timeouts = Vec::new();
    for _ in 0..20 {
        let asked = world.look_up(Address(0), id(1), 1);
        world.run(20);
        timeouts.push(match world.end_of(asked) {
            Report::Answered(answer) => (answer.owner, answer.silence.timeouts),
            Report::Failed(failure) => (Address(1), failure.silence.timeouts),
            other => panic!("{other:?} is no end of a lookup"),
        });
    }
    assert_eq!(timeouts[0], (Address(0), 5), "it is asked again and again, and stale at last");
    assert_eq!(timeouts[1..], [(Address(0), 0); 19], "a stale contact is asked no more by lookups");
    world.sim.change_network("mended", |network| network.remove(cut));
    world.run(60);
    let asked = world.look_up_everywhere(5);
    world.run(10);
    assert_eq!(world.right(&asked), asked.len(), "the lonely ask who has come back");
}

#[test]
fn a_leave_tells_nobody_or_all_contacts() {
    for (farewell, remains) in [(Farewell::Nobody, true), (Farewell::Contacts, false)] {
        let mut world = World::<Kademlia>::warm(&Settings { farewell, ..Settings::default() }, 20, 1);
        world.leave(7);
        world.run(1);
        assert!(world.watch().reports.iter().any(|(_, who, _, report)| (who.0, report) == (7, &Report::Left)));
        assert_eq!(world.watch().kinds.contains_key("Leaving"), !remains);
        for other in world.up() {
            assert_eq!(world.node_knows(other.0, 7), remains, "{other}");
        }
    }
}

#[test]
fn buckets_without_lookups_are_refreshed_and_others_are_not() {
    let settings = Settings { k: 8, refresh: Duration(Span::from_secs(100)), ..Settings::default() };
    let mut quiet = World::<Kademlia>::warm(&settings, 20, 1);
    quiet.run(49);
    assert!(quiet.watch().kinds.is_empty(), "not before half a period");
    quiet.run(10_000);
    let calls = quiet.watch().kinds["FindNode"] as f64;
    let buckets = 20.0 * 3.5;
    assert!((0.5..2.0).contains(&(calls / (100.0 * buckets * 8.5))), "some 8 calls a bucket and period: {calls}");
    let mut busy = World::<Kademlia>::over(&settings, 2, 1, constant());
    busy.begin(2);
    for _ in 0..40 {
        busy.look_up_everywhere(50);
        busy.run(40);
    }
    assert_eq!(busy.watch().kinds["FindNode"], 40 * 50 * 2, "no call but those of lookups");
}

#[test]
fn after_a_long_partition_refreshes_bring_the_halves_together() {
    let settings = Settings { k: 8, refresh: Duration(Span::from_secs(60)), ..Settings::default() };
    for seed in 0..3 {
        let mut world = World::<Kademlia>::joined(&settings, 20, seed);
        let half = (0..20).filter(|node| node % 3 == 0).map(Address).collect();
        let mut fault: Option<RuleId> = None;
        world.sim.change_network("apart", |network| fault = Some(network.add(Rule::Partition(Groups::new(&[half])))));
        world.run(600);
        world.sim.change_network("together", |network| network.remove(fault.expect("just added")));
        world.run(600);
        world.all_right();
    }
}

#[test]
fn who_joins_through_the_dead_tries_the_next() {
    let mut world = World::<Kademlia>::joined(&Settings::default(), 6, 1);
    world.crash([0, 5]);
    world.join_through(5, &[0, 3]);
    world.run(30);
    let joins = world.watch().reports.iter().filter(|(_, who, _, report)| (who.0, report) == (5, &Report::Joined));
    assert_eq!(joins.count(), 2, "in each of its lives");
    world.all_right();
}

#[test]
fn a_step_refreshes_one_bucket() {
    let settings = Settings { maintenance: protocols::settings::Maintenance::Manual, ..Settings::default() };
    let mut world = World::<Kademlia>::warm(&settings, 20, 1);
    world.run(100_000);
    assert!(world.watch().kinds.is_empty(), "nothing by itself");
    world.ask(Address(3), Request::Step(0), UPKEEP);
    world.run(10);
    assert_eq!(world.watch().kinds["FindNode"], 19, "all others are among the 20 closest");
}

/// The model's overlay: flat buckets of k, rounds that wait for all replies.
fn flat(k: u32) -> Settings {
    Settings { k, keep_near: false, parallelism: Parallelism::Strict, ..Settings::default() }
}

/// Mean rounds until the owner answered, and mean calls, of lookups over warm overlays of this size.
fn rounds_and_calls(settings: &Settings, nodes: u32, overlays: u64) -> (f64, f64) {
    let (mut rounds, mut calls, mut count) = (0, 0, 0);
    for seed in 0..overlays {
        let mut world = World::<Kademlia>::over(settings, nodes, seed, constant());
        world.begin(nodes);
        let asked = world.look_up_everywhere(5);
        world.run(10);
        let answers = asked.iter().map(|asked| world.answer_to(*asked).expect("a quiet network"));
        rounds += answers.map(|answer| u64::from(answer.hops_to_owner)).sum::<u64>();
        calls += world.watch().kinds["FindNode"];
        count += asked.len() as u64;
    }
    (rounds as f64 / count as f64, calls as f64 / count as f64)
}

fn cut_off(world: &mut World<Kademlia>, node: u32) -> RuleId {
    let mut id: Option<RuleId> = None;
    let rule = Rule::Cut(Scope::Nodes(vec![Address(node)]));
    world.sim.change_network("cut", |network| id = Some(network.add(rule)));
    id.expect("just added")
}

fn of_ids(settings: &Settings, ids: &[u64]) -> World<Kademlia> {
    let width = Width::new(8).expect("legal");
    World::of_keys(settings, width, ids.iter().map(|number| id(*number)).collect(), 1, constant())
}

fn id(number: u64) -> Key {
    Width::new(8).and_then(|width| width.from_u64(number)).expect("it fits")
}

fn node(world: &World<Kademlia>, number: u32) -> &Kademlia {
    world.sim.node(Address(number)).expect("up")
}

trait Knows {
    fn node_knows(&self, node: u32, other: u32) -> bool;
    fn join_through(&mut self, node: u32, bootstraps: &[u32]);
}

impl Knows for World<Kademlia> {
    fn node_knows(&self, number: u32, other: u32) -> bool {
        node(self, number).contacts().any(|contact| contact.0 == other)
    }

    fn join_through(&mut self, node: u32, bootstraps: &[u32]) {
        self.sim.start(Address(node), Kademlia::new(Address(node)));
        let bootstraps = bootstraps.iter().copied().map(Address).collect();
        self.ask(Address(node), Request::Join { bootstraps }, protocols::dht::JOIN);
    }
}
