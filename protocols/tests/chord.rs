//! Chord in small rings: hops against a model, traces that break the published rules, the ring's upkeep step by step.

#[path = "support/world.rs"]
mod world;

use protocols::chord::{Chord, Errand, Merge, Message, RouteOver, Rules, Settings, Timer, Toll};
use protocols::dht::{Common, Dht, Report, Request, UPKEEP};
use protocols::duration::Duration;
use protocols::key::{Key, Width};
use protocols::rpc::Timeout;
use protocols::settings::{LookupMode, Maintenance};
use protocols::table::{Handle, Table};
use sim::address::Address;
use sim::faults::{Groups, Rule, RuleId, Scope};
use sim::protocol::{Cause, Context, Effect, Event, NodeChance, Protocol};
use sim::time::{SimTime, Span};

use world::{World, constant};

#[test]
fn hops_over_fingers_are_those_of_the_model() {
    for lookup in [LookupMode::Iterative, LookupMode::Recursive] {
        for nodes in [1, 2, 5, 10, 20] {
            let ids = ids_of(42, nodes);
            let settings = Settings { route_over: RouteOver::Fingers, lookup, ..Settings::default() };
            let mut world = warm(&settings, 16, &ids);
            let own_ids = ids.iter().copied();
            let keys: Vec<u64> = (0..100).map(|i| hash16(&format!("key-123-{i}"))).chain(own_ids).collect();
            for (node, me) in (0..).map(Address).zip(&ids) {
                for key in &keys {
                    let asked = world.look_up(node, key_of(16, *key), 1);
                    world.run(1);
                    let answer = world.answer_to(asked).expect("a quiet network");
                    let (owner, hops) = model(&ids, *me, *key);
                    assert_eq!((ids[answer.owner.index()], answer.hops), (owner, hops), "{key} from {me} of {nodes}");
                    assert_eq!(answer.hops_to_owner, hops + u32::from(owner != *me));
                }
            }
        }
    }
}

/// An independent simulation of converged rings gives 1.893 and 2.868, with standard deviations between rings of .115 and .075. The mean of R rings may be off by
/// four times the deviation over the root of R, and by what the oracle itself may be.
#[test]
fn mean_hops_are_those_of_the_oracle() {
    for (nodes, mean, deviation, rings) in [(16, 1.893, 0.115, 100), (64, 2.868, 0.075, 25)] {
        let settings = Settings { route_over: RouteOver::Fingers, ..Settings::default() };
        let hops = (0..rings).map(|seed| mean_hops(World::warm(&settings, nodes, seed))).sum::<f64>() / rings as f64;
        let tolerance = 4.0 * deviation / (rings as f64).sqrt() + 0.005;
        assert!((hops - mean).abs() < tolerance, "{hops} hops for {mean} +- {tolerance} at N={nodes}");
    }
}

/// Zave's trace: ring {0, 18, 40}, r = 2.
const DISORDER: (&[u64], &str) = (&[0, 18, 40], "J5 J21 J49 S5 S0 S21 S18 S49 S40 X5 X21 X49 U0 U18 U40");
/// Zave's trace: ring {25, 60}, r = 2.
const SPLIT: (&[u64], &str) = (&[25, 60], "J31 J19 S31 S25 S19 S60 X31 X19 U25 U60");

#[test]
fn the_published_rules_let_a_ring_fall_into_disorder() {
    let world = play(Rules::Published, DISORDER);
    assert_eq!(heads(&world), [(0, 40), (18, 0), (40, 18)]);
}

#[test]
fn the_published_rules_let_a_ring_fall_apart() {
    let world = play(Rules::Published, SPLIT);
    assert_eq!(heads(&world), [(25, 25), (60, 60)]);
}

#[test]
fn the_correct_rules_survive_the_same_traces() {
    for trace in [DISORDER, SPLIT] {
        let mut world = play(Rules::Correct, trace);
        for _ in 0..3 {
            for node in world.up() {
                step(&mut world, node, "stabilize");
            }
        }
        assert_one_ring(&world);
        assert_eq!(world.up().len(), trace.0.len());
    }
}

#[test]
fn a_node_tells_its_old_predecessor_of_the_new_one_if_it_should() {
    for (tell_old_predecessor, head) in [(true, 5), (false, 18)] {
        let settings = Settings { tell_old_predecessor, ..manual(Rules::Correct) };
        let mut world = World::<Chord>::of_keys(&settings, width(8), keys(8, &[0, 18, 40, 5]), 1, constant());
        world.begin(3);
        world.join(3);
        world.run(1);
        step(&mut world, Address(3), "stabilize");
        assert_eq!(node(&world, 1).predecessor(), Some(Address(3)));
        assert_eq!(heads(&world)[0], (0, head));
    }
}

#[test]
fn a_stabilization_buries_the_dead_head_and_its_heir_rectifies() {
    let mut world = warm(&manual(Rules::Correct), 8, &[0, 18, 40, 60]);
    world.crash([1]);
    world.run(10);
    assert_eq!(heads(&world)[0], (0, 18), "nobody has noticed yet");
    step(&mut world, Address(0), "stabilize");
    assert_eq!(node(&world, 0).successors(), [Address(2), Address(3)]);
    assert_eq!(node(&world, 2).predecessor(), Some(Address(0)), "a ping showed that the old one is dead");
}

#[test]
fn two_nodes_in_step_refuse_each_other_and_both_get_through() {
    let mut world = warm(&manual(Rules::Correct), 8, &[0, 18]);
    for round in 1..=50 {
        for node in [Address(0), Address(1)] {
            world.ask(node, step_named("stabilize"), UPKEEP);
        }
        world.run(10);
        assert!(world.watch().kinds["ResponsePending"] >= round * 2, "they are in step");
        assert_eq!(world.watch().kinds["Notify"], round * 2, "each finishes every round");
    }
}

/// An answer to a question about the state before the head left must not take the heir for it.
#[test]
fn a_head_that_leaves_while_it_is_asked_takes_nobody_with_it() {
    for nodes in [2, 3, 4] {
        let mut world = warm(&manual(Rules::Correct), 8, &[0, 18, 40, 60][..nodes]);
        world.ask(Address(1), Request::Leave, UPKEEP);
        world.ask(Address(0), step_named("stabilize"), UPKEEP);
        world.run(30);
        assert_one_ring(&world);
        let heirs: Vec<Address> = [2, 3].into_iter().filter(|heir| *heir < nodes as u32).map(Address).collect();
        assert_eq!(node(&world, 0).successors(), heirs);
    }
}

#[test]
fn a_graceful_leave_closes_the_ring_at_once() {
    let mut world = warm(&manual(Rules::Correct), 8, &[0, 18, 40, 60]);
    world.leave(1);
    world.run_millis(21);
    assert_one_ring(&world);
    assert_eq!(node(&world, 2).predecessor(), Some(Address(0)));
    assert!(node(&world, 0).fingers().all(|finger| finger != Address(1)), "nor does a finger of a neighbour remain");
    assert!(world.watch().reports.iter().any(|(_, who, _, report)| (*who, report) == (Address(1), &Report::Left)));
}

#[test]
fn a_partition_healed_early_leaves_one_ring() {
    for seed in 0..10 {
        let mut world = World::<Chord>::warm(&Settings::default(), 20, seed);
        world.run(20);
        partition_for(&mut world, 5);
        world.run(200);
        assert_one_ring(&world);
        world.all_right();
    }
}

#[test]
fn a_long_partition_leaves_two_rings_and_a_bootstrap_makes_them_one() {
    let every = Duration(Span::from_secs(30));
    for (merge, rings) in [(Merge::Off, 2), (Merge::Bootstrap { every }, 1)] {
        for seed in 0..5 {
            let settings = Settings { merge, ..Settings::default() };
            for mut world in [World::<Chord>::warm(&settings, 20, seed), World::joined(&settings, 20, seed)] {
                world.run(20);
                partition_for(&mut world, 300);
                world.run(900);
                assert_eq!(cycles(&world).len(), rings, "{merge:?} {seed}");
                if rings == 1 {
                    assert_one_ring(&world);
                    world.all_right();
                }
            }
        }
    }
}

#[test]
fn a_node_whose_whole_list_has_died_finds_back_into_the_ring() {
    for seed in 0..5 {
        let settings = Settings { successors: 2, ..Settings::default() };
        let mut world = World::<Chord>::warm(&settings, 20, seed);
        world.run(20);
        let list = world.sim.node(Address(4)).expect("up").successors().to_vec();
        world.crash(list.iter().map(|node| node.0));
        world.run(300);
        assert_one_ring(&world);
        world.all_right();
    }
}

#[test]
fn a_node_left_alone_answers_at_once_and_asks_for_others_now_and_then() {
    for drop_silent_fingers in [true, false] {
        let settings = Settings { drop_silent_fingers, ..Settings::default() };
        let mut world = World::<Chord>::joined(&settings, 20, 1);
        world.crash(0..19);
        world.run(300);
        let before = world.watch().kinds.clone();
        let asked = world.look_up_everywhere(20);
        assert!(asked.iter().all(|asked| world.answer_to(*asked).is_some_and(|answer| answer.hops_to_owner == 0)));
        world.run(100);
        let more = |kind| world.watch().kinds[kind] - before[kind];
        assert!((10..=80).contains(&more("FindSuccessor")), "each bootstrap in turn, twice: {}", more("FindSuccessor"));
        assert_eq!(more("GetNeighbours"), 0, "nobody is left to stabilize with");
    }
}

/// A node that comes up again receives what was sent to its earlier life.
#[test]
fn an_answer_that_does_not_fit_its_question_ends_nothing() {
    let mut puppet = Puppet::new(0, 0);
    let call = puppet.call_of_join();
    assert_eq!(puppet.receive(1, Message::Pong { call }), []);
    assert_eq!(puppet.receive(1, Message::Neighbours { call, predecessor: None, successors: vec![] }), []);
    let way = Message::Way { call, closer: vec![], owners: vec![Address(1)], more: false };
    let effects = puppet.receive(1, way);
    let is_query =
        |effect: &Effect<Chord>| matches!(effect, Effect::Send { message: Message::GetNeighbours { .. }, .. });
    assert!(effects.iter().any(is_query), "the join goes on: {effects:?}");
}

#[test]
fn a_node_that_has_not_joined_keeps_no_ring() {
    let mut puppet = Puppet::new(0, 0);
    for step in ["stabilize", "fix_fingers"] {
        assert_eq!(puppet.handle(Event::Request(step_named(step))), []);
    }
    puppet.call_of_join();
    for step in ["stabilize", "fix_fingers"] {
        assert_eq!(puppet.handle(Event::Request(step_named(step))), []);
    }
    assert_eq!(puppet.receive(1, Message::Notify), []);
    assert_eq!(puppet.node.predecessor(), None);
}

#[test]
fn two_lives_of_a_node_number_their_calls_differently() {
    assert_ne!(Puppet::new(0, 0).call_of_join(), Puppet::new(0, 1).call_of_join());
}

#[test]
fn a_node_that_comes_back_takes_its_place_from_one_that_answers() {
    let mut puppet = Puppet::that_came_back();
    assert_eq!(puppet.node.predecessor(), Some(Address(2)), "it remembers");
    puppet.join(&[3]);
    assert_eq!(puppet.asked, [(3, "FindSuccessor")], "the bootstrap first");
    puppet.time_out();
    assert_eq!(puppet.asked, [(2, "FindSuccessor")], "then the nearest before its own place");
    let call = puppet.call;
    puppet.receive(2, Message::Way { call, closer: vec![], owners: vec![Address(0), Address(1)], more: false });
    assert_eq!(puppet.asked, [(2, "GetNeighbours")]);
    let call = puppet.call;
    let successors = vec![Address(0), Address(1)];
    let effects = puppet.receive(2, Message::Neighbours { call, predecessor: Some(Address(1)), successors });
    assert!(has_joined(&effects));
    assert_eq!((puppet.node.predecessor(), puppet.node.successors()), (Some(Address(2)), &[Address(1)][..]));
}

#[test]
fn a_node_that_comes_back_and_finds_nobody_begins_a_ring_only_if_it_was_told_of_nobody() {
    for (bootstraps, begins) in [(&[][..], true), (&[1], false)] {
        let mut puppet = Puppet::that_came_back();
        puppet.join(bootstraps);
        let first = puppet.time_out();
        assert!(!has_joined(&first), "there is another to ask");
        assert_eq!(puppet.node.successors().len(), 1, "who is silent is forgotten");
        let call = puppet.call;
        let last = puppet.receive(puppet.asked[0].0, Message::NotMember { call });
        assert_eq!(has_joined(&last), begins);
        if begins {
            assert_eq!(
                (puppet.node.predecessor(), puppet.node.successors()),
                (None, &[][..]),
                "no old list is believed"
            );
            assert_eq!(puppet.node.fingers().collect::<Vec<_>>(), [Address(1)], "who was no member may be one later");
        }
    }
}

/// A member answered, and all that it named are silent: there is a ring, so the node must not begin another.
#[test]
fn a_node_that_comes_back_does_not_take_a_broken_way_for_an_empty_world() {
    let mut puppet = Puppet::that_came_back();
    puppet.join(&[]);
    let call = puppet.call;
    puppet.receive(2, Message::Way { call, closer: vec![Address(1)], owners: vec![], more: false });
    assert_eq!(puppet.asked, [(1, "FindSuccessor")]);
    let effects = puppet.time_out();
    assert!(!has_joined(&effects));
    puppet.handle(Event::Timer(Timer::JoinAgain));
    assert_eq!(puppet.asked, [(2, "FindSuccessor")]);
}

#[test]
fn an_answer_to_a_former_life_ends_no_call_of_the_next() {
    let mut puppet = Puppet::that_came_back();
    puppet.join(&[1]);
    let old = puppet.call;
    puppet.come_back();
    puppet.join(&[1]);
    assert_ne!(puppet.call, old);
    let way = |call| Message::Way { call, closer: vec![], owners: vec![Address(1)], more: false };
    assert_eq!(puppet.receive(1, way(old)), []);
    assert_ne!(puppet.receive(1, way(puppet.call)), []);
}

#[test]
fn a_joining_node_that_is_told_of_others_asks_them_when_the_first_is_silent() {
    let mut puppet = Puppet::new(0, 0);
    puppet.join(&[1]);
    assert_eq!(puppet.join(&[2]), [], "the first may still answer");
    puppet.time_out();
    assert_eq!(puppet.asked, [(2, "FindSuccessor")]);
    puppet.time_out();
    assert_eq!(puppet.asked, [], "now it pauses");
    puppet.join(&[2]);
    assert_eq!(puppet.asked, [(2, "FindSuccessor")], "it need not any longer");
    puppet.time_out();
    puppet.handle(Event::Timer(Timer::JoinAgain));
    assert_eq!(puppet.asked, [(1, "FindSuccessor")], "the others have their turn");
}

#[test]
fn what_was_found_for_nobody_is_told_nobody() {
    let mut puppet = Puppet::new(0, 0);
    let members = (0..3).map(Address).map(|node| (puppet.common.key(node), node)).collect();
    puppet.node = Chord::converged(Address(0), &members, &puppet.common);
    puppet.handle(Event::Request(Request::Begin));
    puppet.handle(Event::Request(step_named("fix_fingers")));
    for place in 0..4 {
        for generation in 0..1 << 12 {
            let lookup = numbered(place, generation);
            assert_eq!(
                puppet
                    .receive(1, Message::Found { lookup, toll: Toll { hops: 1, ..Toll::default() }, holders: vec![] }),
                []
            );
        }
    }
}

#[test]
fn to_begin_twice_is_to_begin_once() {
    let mut world = warm(&Settings::default(), 8, &[0, 18, 40]);
    let pending = world.sim.pending();
    world.ask(Address(0), Request::Begin, UPKEEP);
    world.ask(Address(0), Request::Join { bootstraps: vec![Address(1)] }, UPKEEP);
    assert_eq!((world.sim.pending(), world.watch().reports.len()), (pending, 3));
}

#[test]
fn a_network_that_becomes_slower_keeps_its_ring() {
    for extra in [100, 300, 1_000] {
        let mut world = World::<Chord>::warm(&Settings::default(), 20, 1);
        world.run(60);
        let rule = Rule::Delay(Scope::Everything, Span::from_millis(extra));
        world.sim.change_network("slower", |network| _ = network.add(rule));
        world.run(300);
        assert_one_ring(&world);
        if extra < 1_000 {
            world.all_right();
        }
    }
}

#[test]
fn copies_are_held_by_the_owner_and_its_successors() {
    for lookup in [LookupMode::Iterative, LookupMode::Recursive] {
        let mut world = World::<Chord>::warm(&Settings { lookup, ..Settings::default() }, 20, 1);
        for i in 0..100 {
            let key = world.sim.shared().width().hash(&format!("key-{i}"));
            let asked = world.look_up(Address(i % 20), key, 3);
            world.run(5);
            let wanted: Vec<Address> = world.members().from(key).map(|(_, node)| node).take(3).collect();
            assert_eq!(world.answer_to(asked).expect("a quiet network").holders, wanted);
        }
    }
}

#[test]
fn adaptive_timeouts_do_not_fire_where_the_latency_is_constant() {
    for lookup in [LookupMode::Iterative, LookupMode::Recursive] {
        let settings = Settings { lookup, ..Settings::default() };
        let mut world = World::<Chord>::over(&settings, 20, 1, constant());
        world.begin(20);
        for _ in 0..10 {
            world.all_right();
        }
        assert_eq!(world.watch().timeouts, 0);
    }
}

#[test]
fn a_lookup_pays_for_the_dead_with_silence_and_says_so() {
    let timeout = Timeout::Fixed(Duration(Span::from_millis(500)));
    for lookup in [LookupMode::Iterative, LookupMode::Recursive] {
        let settings = Settings { timeout, lookup, ..manual(Rules::Correct) };
        let mut world = warm(&settings, 8, &[0, 18, 40, 60]);
        world.crash([1]);
        let asked = world.look_up(Address(0), key_of(8, 10), 1);
        world.run(10);
        let answer = world.answer_to(asked).expect("the next in the list");
        assert_eq!((answer.owner, answer.hops, answer.silence.timeouts), (Address(2), 0, 1));
    }
}

#[test]
fn a_silent_finger_of_the_issuer_is_met_on_the_way_in_both_modes() {
    for lookup in [LookupMode::Iterative, LookupMode::Recursive] {
        let settings = Settings { lookup, ..manual(Rules::Correct) };
        let ids: Vec<u64> = (0..16).map(|id| id * 16).collect();
        let mut world = warm(&settings, 8, &ids);
        world.crash([8]);
        let asked = world.look_up(Address(0), key_of(8, 0x99), 1);
        world.run(10);
        let answer = world.answer_to(asked).expect("there are other fingers");
        let silence = answer.silence;
        assert_eq!(answer.owner, Address(10));
        assert!(silence.timeouts > 0 && silence.on_the_way == silence.timeouts, "{lookup:?}: {silence:?}");
    }
}

/// 28 bytes of IPv4 and UDP, 1 of kind, 4 of call: 33. An id takes 2 or 20 bytes, a contact 6 more, a number 4.
#[test]
fn messages_take_the_bytes_that_their_layout_says() {
    let call = handle();
    let (one, two) = (vec![Address(0)], vec![Address(0), Address(1)]);
    let errand = Errand {
        key: Key::ZERO,
        issuer: Address(0),
        lookup: call,
        toll: Toll { hops: 1, timeouts: 2, on_the_way: 1 },
        copies: 3,
    };
    let sizes = [
        (Message::FindSuccessor { call, key: Key::ZERO, avoid: vec![] }, 35, 53),
        (Message::FindSuccessor { call, key: Key::ZERO, avoid: two.clone() }, 39, 93),
        (Message::Way { call, closer: two.clone(), owners: one.clone(), more: true }, 61, 115),
        (Message::Claim { call, key: Key::ZERO }, 35, 53),
        (Message::Ping { call }, 33, 33),
        (Message::Pong { call }, 33, 33),
        (Message::GetNeighbours { call }, 33, 33),
        (Message::Neighbours { call, predecessor: None, successors: vec![] }, 33, 33),
        (Message::Neighbours { call, predecessor: Some(Address(0)), successors: two.clone() }, 57, 111),
        (Message::ResponsePending { call }, 33, 33),
        (Message::NotMember { call }, 33, 33),
        (Message::Notify, 35, 53),
        (Message::NewSuccessor { node: Address(0) }, 41, 59),
        (Message::Leaving { predecessor: Some(Address(0)), successors: one.clone() }, 49, 85),
        (Message::Forward { call, errand: errand.clone() }, 63, 99),
        (Message::Deliver { call, errand, holders: two.clone() }, 79, 151),
        (Message::Accepted { call }, 33, 33),
        (Message::Found { lookup: call, toll: Toll::default(), holders: one }, 57, 75),
    ];
    for (message, narrow, wide) in sizes {
        for (bits, bytes) in [(16, narrow), (160, wide)] {
            let common = Common::new(width(bits), vec![Key::ZERO; 2], Settings::default());
            assert_eq!(Chord::wire_bytes(&message, &common), bytes, "{message:?} at {bits} bits");
        }
    }
}

fn has_joined(effects: &[Effect<Chord>]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Report { report: Report::Joined, .. }))
}

/// One node of four, driven by hand.
struct Puppet {
    node: Chord,
    chance: NodeChance,
    common: Common<Settings>,
    /// Whom it asked what in the last event, and its last call.
    asked: Vec<(u32, &'static str)>,
    call: Handle,
}

impl Puppet {
    fn new(number: u32, incarnation: u32) -> Self {
        let address = Address(number);
        let common = Common::new(width(8), keys(8, &[0, 18, 40, 60]), manual(Rules::Correct));
        let chance = NodeChance::new(1, address, incarnation);
        Self { node: Chord::new(address), chance, common, asked: Vec::new(), call: handle() }
    }

    /// Node 0 of a ring of three: it knows 1 and 2, but not 3.
    fn that_came_back() -> Self {
        let mut puppet = Self::new(0, 0);
        let members = (0..3).map(Address).map(|node| (puppet.common.key(node), node)).collect();
        puppet.node = Chord::converged(Address(0), &members, &puppet.common);
        puppet.handle(Event::Request(Request::Begin));
        puppet.come_back();
        puppet
    }

    fn come_back(&mut self) {
        self.node = self.node.clone().revived(Address(0), &self.common);
        assert_eq!(self.node.check_state(Address(0), &self.common), Ok(()));
    }

    fn join(&mut self, bootstraps: &[u32]) -> Vec<Effect<Chord>> {
        let bootstraps = bootstraps.iter().copied().map(Address).collect();
        self.handle(Event::Request(Request::Join { bootstraps }))
    }

    /// The last call is not answered.
    fn time_out(&mut self) -> Vec<Effect<Chord>> {
        self.handle(Event::Timer(Timer::Call(self.call)))
    }

    fn handle(&mut self, event: Event<Chord>) -> Vec<Effect<Chord>> {
        let mut effects = Vec::new();
        let cause = Cause::default();
        let mut cx = Context::new(SimTime::ZERO, Address(0), cause, &self.common, &mut self.chance, &mut effects);
        self.node.handle(event, &mut cx);
        self.asked.clear();
        for effect in &effects {
            if let Effect::Send { to, message, .. } = effect
                && let Message::FindSuccessor { call, .. } | Message::GetNeighbours { call } = message
            {
                self.asked.push((to.0, message.kind()));
                self.call = *call;
            }
        }
        effects
    }

    fn receive(&mut self, from: u32, message: Message) -> Vec<Effect<Chord>> {
        self.handle(Event::Message { from: Address(from), message })
    }

    /// Asks the node to join, and says by which call it asks its bootstrap.
    fn call_of_join(&mut self) -> Handle {
        let effects = self.handle(Event::Request(Request::Join { bootstraps: vec![Address(1)] }));
        let Some(Effect::Send { message: Message::FindSuccessor { call, .. }, .. }) = effects.first() else {
            panic!("it asks its bootstrap: {effects:?}");
        };
        *call
    }
}

/// Greedy routing over plain finger tables, with nothing but numbers: the owner, and the hops to its predecessor.
fn model(ids: &[u64], from: u64, key: u64) -> (u64, u32) {
    const CIRCLE: u64 = 1 << 16;
    let way = |from: u64, to: u64| (to + CIRCLE - from) % CIRCLE;
    let owner = |key: u64| *ids.iter().min_by_key(|id| way(key, **id)).expect("a ring has members");
    let is_between = |id: u64, from: u64, to: u64| id != from && (to == from || way(from, id) < way(from, to));
    let (mut me, mut hops) = (from, 0);
    loop {
        let successor = owner((me + 1) % CIRCLE);
        if key == successor || is_between(key, me, successor) {
            return (successor, hops);
        }
        let mut fingers = (0..16).rev().map(|i| owner((me + (1 << i)) % CIRCLE));
        me = fingers.find(|finger| is_between(*finger, me, key)).unwrap_or(successor);
        hops += 1;
    }
}

fn mean_hops(mut world: World<Chord>) -> f64 {
    let asked = world.look_up_everywhere(20);
    world.run(10);
    let hops = |asked| f64::from(world.answer_to(asked).expect("a quiet network").hops);
    asked.iter().map(|asked| hops(*asked)).sum::<f64>() / asked.len() as f64
}

/// Plays a trace in a ring of 8-bit ids: J joins, S stabilizes, U updates, X fails.
fn play(rules: Rules, (ring, trace): (&[u64], &str)) -> World<Chord> {
    let events: Vec<(char, u64)> = trace
        .split(' ')
        .map(|word| word.split_at(1))
        .map(|(what, id)| (what.chars().next().expect("one letter"), id.parse().expect("an id")))
        .collect();
    let joiners = events.iter().filter(|(what, _)| *what == 'J').map(|(_, id)| *id);
    let ids: Vec<u64> = ring.iter().copied().chain(joiners).collect();
    let mut world = World::of_keys(&manual(rules), width(8), keys(8, &ids), 1, constant());
    world.begin(ring.len() as u32);
    for (what, id) in events {
        let node = ids.iter().position(|other| *other == id).expect("a node of the trace") as u32;
        match what {
            'J' => world.join(node),
            'S' => step(&mut world, Address(node), "stabilize"),
            'U' => step(&mut world, Address(node), "update"),
            _ => world.crash([node]),
        }
        world.run(10);
    }
    world
}

/// Upkeep by hand alone, r = 2.
fn manual(rules: Rules) -> Settings {
    Settings { rules, successors: 2, maintenance: Maintenance::Manual, retries: 0, ..Settings::default() }
}

fn step(world: &mut World<Chord>, node: Address, name: &str) {
    world.ask(node, step_named(name), UPKEEP);
    world.run(10);
}

fn step_named(name: &str) -> Request {
    Request::Step(Chord::STEPS.iter().position(|step| *step == name).expect("a step") as u8)
}

fn partition_for(world: &mut World<Chord>, secs: u64) {
    let half = (0..20).filter(|node| node % 3 == 0).map(Address).collect();
    let mut id: Option<RuleId> = None;
    world.sim.change_network("apart", |network| id = Some(network.add(Rule::Partition(Groups::new(&[half])))));
    world.run(secs);
    world.sim.change_network("together", |network| network.remove(id.expect("just added")));
}

/// Each node's id and its head's, in order of id; numbers of 8 bits.
fn heads(world: &World<Chord>) -> Vec<(u64, u64)> {
    let id = |node: Address| width(8).decimal(world.sim.shared().key(node)).parse().expect("a number");
    let mut heads: Vec<(u64, u64)> = world.sim.nodes().map(|(me, node)| (id(me), id(head(me, node)))).collect();
    heads.sort_unstable();
    heads
}

fn head(me: Address, node: &Chord) -> Address {
    node.successors().first().copied().unwrap_or(me)
}

/// The rings that the heads make: each with its nodes in order of address.
fn cycles(world: &World<Chord>) -> Vec<Vec<Address>> {
    let mut cycles: Vec<Vec<Address>> = Vec::new();
    for start in world.up() {
        let mut at = start;
        let mut path = Vec::new();
        while !path.contains(&at) {
            path.push(at);
            at = world.sim.node(at).map_or(at, |node| head(at, node));
        }
        let mut cycle = path.split_off(path.iter().position(|node| *node == at).expect("it was there"));
        cycle.sort_unstable();
        if !cycles.contains(&cycle) {
            cycles.push(cycle);
        }
    }
    cycles
}

/// Every head is the next member, every predecessor the one before.
fn assert_one_ring(world: &World<Chord>) {
    let members = world.members();
    for (me, node) in world.sim.nodes() {
        let mine = world.sim.shared().key(me);
        let next = members.from(mine).map(|(_, node)| node).find(|node| *node != me);
        let before = members.before(mine).map(|(_, node)| node).find(|node| *node != me);
        assert_eq!(node.successors().first().copied(), next, "head of {me}");
        assert_eq!(node.predecessor(), before, "predecessor of {me}");
    }
}

fn node(world: &World<Chord>, number: u32) -> &Chord {
    world.sim.node(Address(number)).expect("up")
}

/// A converged ring of these ids over links of 20 ms.
fn warm(settings: &Settings, bits: u32, ids: &[u64]) -> World<Chord> {
    let mut world = World::of_keys(settings, width(bits), keys(bits, ids), 1, constant());
    world.begin(ids.len() as u32);
    world
}

/// The first so many different ids of names `node-{seed}-{i}` at 16 bits.
fn ids_of(seed: u64, count: usize) -> Vec<u64> {
    let mut ids = Vec::new();
    for id in (0..).map(|i| hash16(&format!("node-{seed}-{i}"))) {
        if ids.len() == count {
            break;
        }
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    ids
}

fn hash16(name: &str) -> u64 {
    width(16).decimal(width(16).hash(name)).parse().expect("16 bits")
}

fn keys(bits: u32, ids: &[u64]) -> Vec<Key> {
    ids.iter().map(|id| key_of(bits, *id)).collect()
}

fn key_of(bits: u32, number: u64) -> Key {
    width(bits).from_u64(number).expect("it fits")
}

fn width(bits: u32) -> Width {
    Width::new(bits).expect("legal")
}

fn handle() -> Handle {
    numbered(0, 0)
}

/// The handle of this place and generation.
fn numbered(place: u32, generation: u32) -> Handle {
    let mut table = Table::of_life(generation);
    for _ in 0..place {
        table.insert(());
    }
    table.insert(())
}
