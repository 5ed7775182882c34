//! The engine's laws, each seen through a whole simulation: order, downtime, pauses, chance, and what is recorded.

use std::io::{self, Write};

use sim::address::Address;
use sim::fingerprint::{Fingerprint, FingerprintValue};
use sim::law::Law;
use sim::network::{DropCause, Entry, Links, Network, Packet, Per, Verdict};
use sim::protocol::{Cause, Context, Event, Protocol, Purpose, RequestId, Slot};
use sim::record::{EventCount, Fact, Recorder};
use sim::rng::{Draw, LinkChance, LinkField, StreamPurpose, Words};
use sim::simulation::Simulation;
use sim::time::{SimTime, Span};
use sim::trace::{Choice, Trace};

// Order.

#[test]
fn equal_times_run_in_the_order_in_which_they_were_scheduled() {
    let mut world = world(1);
    world.ask(A, vec![Deed::Set(0, 10, 1), say(A, 2), Deed::SetTimeout(1, 10, 3), say(A, 4)], Cause::default());
    assert_eq!(
        events(run(world, 20)),
        ["0 n0 asked", "10 n0 wakes 1", "10 n0 hears 2", "10 n0 wakes 3", "10 n0 hears 4"]
    );
}

#[test]
fn all_effects_of_an_event_are_carried_out_in_order_before_the_next_enters() {
    let mut world = world(2);
    let deeds = vec![Deed::Set(0, 0, 1), Deed::Tell(5), send(A, 2, vec![Deed::Tell(6)]), Deed::Tell(7)];
    world.ask(A, deeds, Cause::default());
    let expected = [
        "0 n0 asked",
        "0 n0 tells 5",
        "0 n0 says 2 to n0",
        "0 n0 tells 7",
        "0 n0 wakes 1",
        "10 n0 hears 2",
        "10 n0 tells 6",
    ];
    assert_eq!(run(world, 20), expected);
}

#[test]
fn what_comes_from_outside_at_an_instant_comes_before_what_is_due_then() {
    let mut world = world(1);
    world.ask(A, vec![say(A, 1)], Cause::default());
    world.run_until(at(10));
    world.ask(A, vec![], Cause::default());
    assert_eq!(events(run(world, 20)), ["0 n0 asked", "10 n0 asked", "10 n0 hears 1"]);
}

#[test]
fn a_step_runs_one_event_and_none_that_is_not_due_yet() {
    let mut world = world(1);
    world.ask(A, vec![Deed::Set(0, 5, 1), Deed::Set(1, 6, 2)], Cause::default());
    assert_eq!(world.pending(), 2);
    assert!(world.step_before(at(6)));
    assert!(!world.step_before(at(6)));
    assert_eq!((world.now(), world.pending()), (at(5), 1));
}

#[test]
fn a_slot_holds_one_timer_and_a_cancelled_one_never_fires() {
    let mut world = world(1);
    let deeds =
        vec![Deed::Set(0, 5, 1), Deed::Set(0, 9, 2), Deed::SetTimeout(1, 5, 3), Deed::Cancel(1), Deed::Cancel(7)];
    world.ask(A, deeds, Cause::default());
    assert_eq!(events(run(world, 20)), ["0 n0 asked", "9 n0 wakes 2"]);
}

#[test]
fn causes_are_inherited_across_nodes_and_timers() {
    let mut world = world(2);
    let cause = Cause { purpose: Purpose(3), request: RequestId(17) };
    world.ask(A, vec![send(B, 1, vec![Deed::Set(0, 5, 2), Deed::Tell(3)])], cause);
    world.run_until(at(20));
    assert!(world.recorder().causes.iter().all(|seen| *seen == cause));
    assert_eq!(world.recorder().causes.len(), 5, "asked, sent, delivered, reported, fired");
}

// Going down and coming up.

#[test]
fn a_crash_takes_state_and_timers_but_not_what_was_sent() {
    let mut world = world(2);
    world.ask(A, vec![Deed::Set(0, 20, 1), Deed::SetTimeout(1, 20, 2), say(B, 3)], Cause::default());
    world.run_until(at(5));
    world.crash(A);
    assert!(!world.is_up(A) && world.node(A).is_none());
    assert_eq!(world.pending(), 1, "the message under way");
    world.crash(A);
    assert!(!world.ask(A, vec![], Cause::default()), "nobody is there to ask");
    let expected = ["0 n0 asked", "0 n0 says 3 to n1", "5 n0 down Crash", "10 n1 hears 3"];
    assert_eq!(run(world, 50), expected);
}

#[test]
fn what_reaches_a_node_that_is_down_is_dropped() {
    let mut world = world(2);
    world.ask(A, vec![say(B, 1), say(Address(99), 2)], Cause::default());
    world.crash(B);
    let dropped = ["10 n0's 1 to n1 dropped NodeDown", "10 n0's 2 to n99 dropped NodeDown"];
    assert_eq!(run(world, 20)[4..], dropped);
}

#[test]
fn a_restarted_node_also_receives_what_was_sent_before() {
    let mut world = world(2);
    world.ask(A, vec![say(B, 1)], Cause::default());
    world.run_until(at(2));
    world.crash(B);
    world.run_until(at(4));
    world.start(B, Machine::default());
    world.ask(A, vec![say(B, 2)], Cause::default());
    assert_eq!(events(run(world, 20)), ["0 n0 asked", "4 n0 asked", "10 n1 hears 1", "14 n1 hears 2"]);
}

#[test]
fn a_restarted_node_has_an_empty_state_and_no_old_timers() {
    let mut world = world(1);
    world.ask(A, vec![Deed::Set(0, 10, 1), Deed::SetTimeout(1, 11, 2)], Cause::default());
    assert_eq!(world.node(A), Some(&Machine { handled: 1 }));
    world.crash(A);
    world.start(A, Machine::default());
    assert_eq!(world.node(A), Some(&Machine { handled: 0 }));
    world.ask(A, vec![Deed::Set(0, 12, 3), Deed::SetTimeout(1, 11, 4)], Cause::default());
    assert_eq!(events(run(world, 20)), ["0 n0 asked", "0 n0 asked", "11 n0 wakes 4", "12 n0 wakes 3"]);
}

#[test]
fn each_incarnation_draws_chance_of_its_own() {
    let mut world = world(1);
    for _ in 0..3 {
        world.ask(A, vec![Deed::Draw, Deed::Draw], Cause::default());
        world.crash(A);
        world.start(A, Machine::default());
    }
    let mut words = draws(&run(world, 1), A);
    words.sort();
    words.dedup();
    assert_eq!(words.len(), 6);
}

#[test]
#[should_panic(expected = "n0 is up already")]
fn a_node_that_is_up_cannot_be_started() {
    world(1).start(A, Machine::default());
}

#[test]
fn a_node_that_stops_leaves_and_says_nothing_more() {
    let mut world = world(2);
    let deeds =
        vec![Deed::Set(0, 5, 1), say(B, 2), Deed::Stop, say(B, 3), Deed::Set(1, 5, 4), Deed::Tell(5), Deed::Stop];
    world.ask(A, deeds, Cause::default());
    assert_eq!(world.pending(), 1);
    assert_eq!(run(world, 20), ["0 n0 asked", "0 n0 says 2 to n1", "0 n0 down Leave", "10 n1 hears 2"]);
}

// Pauses.

#[test]
fn a_paused_node_handles_what_has_waited_in_order_of_arrival_when_it_is_resumed() {
    let mut world = world(2);
    world.ask(A, vec![Deed::Set(0, 12, 1), Deed::SetTimeout(1, 7, 2)], Cause::default());
    world.ask(B, vec![say(A, 3)], Cause::default());
    world.pause(A);
    world.run_until(at(11));
    assert!(world.ask(A, vec![Deed::Tell(4)], Cause::default()), "a paused node is up");
    world.run_until(at(30));
    assert_eq!(world.node(A), Some(&Machine { handled: 1 }));
    world.resume(A);
    // What is asked of it is known since it was asked; it is handled in its turn.
    let expected = ["11 n0 asked", "30 n0 resumed", "30 n0 wakes 2", "30 n0 hears 3", "30 n0 tells 4", "30 n0 wakes 1"];
    assert_eq!(run(world, 50)[4..], expected);
}

#[test]
fn a_timer_that_ran_down_in_a_pause_can_still_be_cancelled_or_replaced() {
    for is_timeout in [false, true] {
        let set = |slot, after, name| {
            if is_timeout { Deed::SetTimeout(slot, after, name) } else { Deed::Set(slot, after, name) }
        };
        let mut world = world(2);
        world.ask(A, vec![set(0, 15, 1), set(1, 16, 2), set(2, 17, 3)], Cause::default());
        world.ask(B, vec![send(A, 4, vec![Deed::Cancel(0), set(1, 5, 5)])], Cause::default());
        world.pause(A);
        world.run_until(at(20));
        world.resume(A);
        let handled = ["20 n0 hears 4", "20 n0 wakes 3", "25 n0 wakes 5"];
        assert_eq!(events(run(world, 50))[2..], handled);
    }
}

#[test]
fn a_pause_that_ends_holds_nothing_back() {
    let mut world = world(1);
    world.resume(A);
    world.pause(A);
    world.pause(A);
    world.resume(A);
    world.resume(A);
    world.ask(A, vec![], Cause::default());
    assert_eq!(run(world, 1), ["0 n0 paused", "0 n0 resumed", "0 n0 asked"]);
}

#[test]
fn a_crash_discards_what_waited_for_a_paused_node() {
    let mut world = world(1);
    world.pause(A);
    world.ask(A, vec![Deed::Tell(1)], Cause::default());
    world.crash(A);
    world.resume(A);
    world.start(A, Machine::default());
    world.ask(A, vec![], Cause::default());
    assert_eq!(run(world, 1), ["0 n0 paused", "0 n0 asked", "0 n0 down Crash", "0 n0 up 1", "0 n0 asked"]);
}

#[test]
fn a_node_that_stops_while_it_catches_up_discards_the_rest() {
    let mut world = world(1);
    world.pause(A);
    world.ask(A, vec![Deed::Stop], Cause::default());
    world.ask(A, vec![Deed::Tell(1)], Cause::default());
    world.resume(A);
    assert_eq!(run(world, 1)[1..], ["0 n0 asked", "0 n0 asked", "0 n0 resumed", "0 n0 down Leave"]);
}

// The network.

#[test]
fn a_duplicate_is_delivered_twice() {
    let mut world = world_over(1, 2, |_: &Packet, _: &mut LinkChance<'_>| Verdict::Duplicate(MS.times(7), MS.times(3)));
    world.ask(A, vec![say(B, 1)], Cause::default());
    assert_eq!(run(world, 20), ["0 n0 asked", "0 n0 says 1 to n1", "3 n1 hears 1", "7 n1 hears 1"]);
}

#[test]
fn a_change_of_the_network_takes_effect_at_once_and_is_recorded() {
    let links = Links::of(1, Law::Constant(MS), Per::Pair);
    let mut world = world_over(1, 2, links);
    world.change_network("every packet is lost", |links| {
        *links = Links::of(1, Law::Constant(MS), Per::Pair).with_loss(1.0);
    });
    world.ask(A, vec![say(B, 1)], Cause::default());
    assert_eq!(
        run(world, 20),
        ["0 every packet is lost", "0 n0 asked", "0 n0 says 1 to n1", "0 n0's 1 to n1 dropped Loss"]
    );
}

// Doors.

#[test]
fn what_comes_to_a_door_is_handled_after_its_wait_or_turned_away() {
    let mut world = door(Entry::After(MS.times(5)));
    world.ask(A, vec![say(B, 1), say(C, 2)], Cause::default());
    world.run_until(at(20));
    world.change_network("the door is shut", |door| door.answer = Some(Entry::Drop(DropCause::QueueFull)));
    world.ask(A, vec![say(B, 3)], Cause::default());
    let expected = [
        "10 n2 hears 2",
        "15 n1 hears 1",
        "20 the door is shut",
        "20 n0 asked",
        "20 n0 says 3 to n1",
        "30 n0's 3 to n1 dropped QueueFull",
    ];
    assert_eq!(run(world, 40)[3..], expected);
}

#[test]
fn a_door_is_asked_once_a_packet_in_order_of_arrival_and_told_the_incarnation() {
    let mut world = door(Entry::After(MS.times(5)));
    world.ask(A, vec![say(B, 1)], Cause::default());
    world.ask(C, vec![say(B, 2)], Cause::default());
    world.run_until(at(11));
    assert_eq!(world.network().asked, [(at(10), A, 1), (at(10), C, 1)]);
    world.crash(B);
    world.start(B, Machine::default());
    world.ask(A, vec![say(B, 3)], Cause::default());
    world.run_until(at(50));
    assert_eq!(world.network().asked[2..], [(at(21), A, 2)]);
}

#[test]
fn what_waits_at_the_door_of_a_node_that_crashes_is_never_handled() {
    for starts in 0..3 {
        let mut world = door(Entry::After(MS.times(5)));
        world.ask(A, vec![say(B, 1)], Cause::default());
        world.run_until(at(12));
        for _ in 0..starts {
            world.crash(B);
            world.start(B, Machine::default());
        }
        if starts == 0 {
            world.crash(B);
        }
        let log = run(world, 50);
        assert_eq!(log.last().expect("a log"), "15 n0's 1 to n1 dropped NodeDown", "{starts} starts");
    }
}

#[test]
fn what_was_under_way_to_a_node_that_restarts_comes_to_the_door_of_the_new_one() {
    let mut world = door(Entry::After(MS.times(5)));
    world.ask(A, vec![say(B, 1)], Cause::default());
    world.run_until(at(8));
    world.crash(B);
    world.start(B, Machine::default());
    world.run_until(at(50));
    assert_eq!(world.network().asked, [(at(10), A, 2)]);
    assert_eq!(world.into_recorder().lines.last().expect("a log"), "15 n1 hears 1");
}

#[test]
fn what_waits_at_a_door_that_goes_away_keeps_its_wait() {
    let mut world = door(Entry::After(MS.times(5)));
    world.ask(A, vec![say(B, 1)], Cause::default());
    world.run_until(at(3));
    world.ask(A, vec![say(B, 2)], Cause::default());
    world.run_until(at(12));
    world.change_network("no door", |door| door.answer = None);
    assert_eq!(events(run(world, 50))[2..], ["13 n1 hears 2", "15 n1 hears 1"]);
}

#[test]
fn a_wait_of_nothing_ends_after_what_is_due_already() {
    for (entry, expected) in [
        (Entry::Now, ["10 n1 hears 1", "10 n2 hears 2"]),
        (Entry::After(Span::ZERO), ["10 n2 hears 2", "10 n1 hears 1"]),
    ] {
        let mut world = door(entry);
        world.ask(A, vec![say(B, 1), say(C, 2)], Cause::default());
        assert_eq!(events(run(world, 50))[1..], expected);
    }
}

#[test]
fn what_has_waited_at_the_door_of_a_paused_node_waits_until_it_is_resumed() {
    let mut world = door(Entry::After(MS.times(5)));
    world.ask(A, vec![say(B, 1)], Cause::default());
    world.run_until(at(11));
    world.pause(B);
    world.ask(A, vec![say(B, 2), say(B, 3)], Cause::default());
    world.run_until(at(24));
    world.resume(B);
    assert_eq!(events(run(world, 50))[2..], ["24 n1 hears 1", "26 n1 hears 2", "26 n1 hears 3"]);
}

#[test]
fn the_chance_at_a_door_is_that_of_the_slot_of_arrival() {
    let mut world = door(Entry::Now);
    world.ask(A, vec![say(B, 1)], Cause::default());
    world.run_until(at(20));
    let field = LinkField::new(1, StreamPurpose::WEATHER);
    assert_eq!(world.network().drawn, [field.block(A, B, 10)[Draw::Service as usize]]);
}

// Chance.

#[test]
fn a_draw_more_at_one_node_changes_no_draw_of_another_and_no_weather() {
    let run_with = |extra: usize| {
        let mut weather = Vec::new();
        let mut world = world_over(1, 3, |_: &Packet, chance: &mut LinkChance<'_>| {
            weather.push(chance.word(Draw::Delay));
            Verdict::Deliver(MS)
        });
        world.ask(A, vec![Deed::Draw; extra], Cause::default());
        world.ask(B, vec![Deed::Draw, send(A, 1, vec![Deed::Draw; extra]), say(C, 2)], Cause::default());
        world.run_until(at(5));
        world.ask(C, vec![Deed::Draw, say(B, 3)], Cause::default());
        let log = run(world, 20);
        (draws(&log, B), draws(&log, C), weather)
    };
    let (b, c, weather) = run_with(0);
    assert_eq!((b.len(), c.len(), weather.len()), (1, 1, 3));
    assert_eq!(run_with(1), (b.clone(), c.clone(), weather.clone()));
    assert_eq!(run_with(100), (b, c, weather));
}

#[test]
fn weather_does_not_depend_on_what_else_is_sent() {
    let run_with = |extra: usize| {
        let mut seen = None;
        let mut world = world_over(1, 3, |packet: &Packet, chance: &mut LinkChance<'_>| {
            if packet.to == C {
                seen = Some(chance.word(Draw::Loss));
            }
            Verdict::Deliver(MS)
        });
        world.ask(A, [vec![say(B, 1); extra], vec![say(C, 2)]].concat(), Cause::default());
        world.run_until(at(20));
        drop(world);
        seen.expect("the packet to C was sent")
    };
    assert_eq!(run_with(0), run_with(50));
}

// Fingerprints.

#[test]
fn equal_runs_have_equal_fingerprints() {
    assert_eq!(fingerprint(1, 7), fingerprint(1, 7));
}

#[test]
fn another_seed_has_another_fingerprint() {
    assert_ne!(fingerprint(1, 7), fingerprint(2, 7));
}

#[test]
fn one_byte_of_one_message_changes_the_fingerprint() {
    assert_ne!(fingerprint(1, 7), fingerprint(1, 6));
}

// Recorders.

#[test]
fn recorders_compose() {
    let mut count = EventCount::default();
    let mut world =
        Simulation::new(1, (), ten_ms as TenMs, ((Log::default(), &mut count), (Some(Log::default()), None::<Log>)));
    world.start(A, Machine::default());
    world.ask(A, vec![Deed::Set(0, 1, 2), say(A, 1)], Cause::default());
    world.run_until(at(20));
    let ((one, _), (two, none)) = world.into_recorder();
    assert_eq!(count, EventCount(3));
    assert_eq!(one.lines.len(), 5);
    assert_eq!(Some(one.lines), two.map(|log| log.lines));
    assert!(none.is_none());
}

#[test]
fn a_recorder_can_be_changed_on_the_way() {
    let mut world = Simulation::new(1, (), ten_ms as TenMs, None);
    world.start(A, Machine::default());
    *world.recorder_mut() = Some(EventCount::default());
    world.ask(A, vec![], Cause::default());
    assert_eq!(world.into_recorder(), Some(EventCount(1)));
}

#[test]
fn a_trace_tells_everything_in_lines() {
    let expected = "    0.000000000s  n0              started    (0)
    0.000000000s  n1              started    (0)
    0.000000000s  n0              asked      [Set(0, 3, 2), Send(n1, Note(7, [Tell(8)]))]  request 17
    0.000000000s  n0 -> n1        sent       Note(7, [Tell(8)])  request 17
    0.003000000s  n0              fired      Alarm { name: 2, is_timeout: false }  request 17
    0.010000000s  n0 -> n1        delivered  Note(7, [Tell(8)])  request 17
    0.010000000s  n1              reported   8  request 17
    0.015000000s  n1              paused
    0.015000000s  n1              resumed
    0.015000000s  -               world      \"nothing\"
    0.015000000s  n1              stopped    (Crash)
    0.015000000s  n0              asked      [Send(n1, Note(9, []))]
    0.015000000s  n0 -> n1        sent       Note(9, [])
    0.025000000s  n0 -> n1        dropped    Note(9, [])  (NodeDown)
";
    assert_eq!(trace(Choice::default()), expected);
}

#[test]
fn a_trace_shows_the_nodes_a_reader_chose() {
    assert_eq!(
        verbs(Choice { nodes: vec![A], ..Choice::default() }),
        "started asked sent fired delivered asked sent dropped"
    );
    assert_eq!(verbs(Choice { nodes: vec![C], ..Choice::default() }), "");
}

#[test]
fn a_trace_shows_the_kinds_a_reader_chose() {
    let kinds = |kinds: &[&str]| {
        verbs(Choice { kinds: kinds.iter().map(|&kind| kind.to_owned()).collect(), ..Choice::default() })
    };
    assert_eq!(kinds(&["note"]), "sent delivered sent dropped", "a kind of message");
    assert_eq!(kinds(&["fired", "World"]), "fired world", "kinds of facts");
}

#[test]
fn a_trace_shows_the_requests_and_times_a_reader_chose() {
    let requests = vec![RequestId(17)];
    assert_eq!(verbs(Choice { requests, ..Choice::default() }), "asked sent fired delivered reported");
    assert_eq!(verbs(Choice { from: at(3), until: at(15), ..Choice::default() }), "fired delivered reported");
}

#[test]
fn a_broken_pipe_ends_the_trace_and_is_told_at_the_end() {
    let mut world =
        Simulation::new(1, (), ten_ms as TenMs, Trace::new(Pipe { lines_left: 3, writes: 0 }, Choice::default()));
    tiny_run(&mut world);
    assert_eq!(world.into_recorder().finish().expect_err("the pipe broke").kind(), io::ErrorKind::BrokenPipe);
    let mut pipe = Pipe { lines_left: 3, writes: 0 };
    let mut world = Simulation::new(1, (), ten_ms as TenMs, Trace::new(&mut pipe, Choice::default()));
    tiny_run(&mut world);
    drop(world);
    assert_eq!(pipe.writes, 4, "nothing is written after the error");
}

// The machine.

/// Does what it is told, by its user or by a message, and counts the events that it has handled.
#[derive(Debug, Default, PartialEq)]
struct Machine {
    handled: u32,
}

/// A word to recognise the message by, and what the receiver shall do.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Note(u8, Vec<Deed>);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Deed {
    Send(Address, Note),
    /// Slot, milliseconds, name.
    Set(u32, u64, u32),
    /// The same, in the lane for timeouts.
    SetTimeout(u32, u64, u32),
    Cancel(u32),
    Tell(u64),
    /// Tells a word of chance.
    Draw,
    Stop,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Alarm {
    name: u32,
    is_timeout: bool,
}

impl Protocol for Machine {
    type Message = Note;
    type Timer = Alarm;
    type Request = Vec<Deed>;
    type Report = u64;
    type Shared = ();

    fn handle(&mut self, event: Event<Self>, cx: &mut Context<'_, Self>) {
        self.handled += 1;
        let deeds = match event {
            Event::Message { message: Note(_, deeds), .. } | Event::Request(deeds) => deeds,
            Event::Timer(_) => vec![],
        };
        for deed in deeds {
            deed.carry_out(cx);
        }
    }

    fn kind(_: &Note) -> &'static str {
        "note"
    }

    fn wire_bytes(_: &Note, (): &()) -> u32 {
        1
    }

    fn is_timeout(alarm: &Alarm) -> bool {
        alarm.is_timeout
    }
}

impl Deed {
    fn carry_out(self, cx: &mut Context<'_, Machine>) {
        match self {
            Self::Send(to, note) => cx.send(to, note),
            Self::Set(slot, after, name) => {
                cx.set_timer(Slot(slot), MS.times(after), Alarm { name, is_timeout: false });
            }
            Self::SetTimeout(slot, after, name) => {
                cx.set_timer(Slot(slot), MS.times(after), Alarm { name, is_timeout: true });
            }
            Self::Cancel(slot) => cx.cancel_timer(Slot(slot)),
            Self::Tell(what) => cx.report(what),
            Self::Draw => {
                let word = cx.chance().word();
                cx.report(word);
            }
            Self::Stop => cx.stop(),
        }
    }
}

fn say(to: Address, word: u8) -> Deed {
    send(to, word, vec![])
}

fn send(to: Address, word: u8, deeds: Vec<Deed>) -> Deed {
    Deed::Send(to, Note(word, deeds))
}

// The world around it.

/// Every fact as a short line, and the causes of those that have one.
#[derive(Debug, Default)]
struct Log {
    lines: Vec<String>,
    causes: Vec<Cause>,
}

impl Recorder<Machine> for Log {
    fn record(&mut self, now: SimTime, fact: &Fact<'_, Machine>) {
        let line = match fact {
            Fact::Started { node, incarnation } => format!("{node} up {incarnation}"),
            Fact::Stopped { node, how } => format!("{node} down {how:?}"),
            Fact::Paused { node } => format!("{node} paused"),
            Fact::Resumed { node } => format!("{node} resumed"),
            Fact::World { what } => (*what).to_owned(),
            Fact::Asked { node, .. } => format!("{node} asked"),
            Fact::Sent { from, to, message, .. } => format!("{from} says {} to {to}", message.0),
            Fact::Delivered { to, message, .. } => format!("{to} hears {}", message.0),
            Fact::Dropped { from, to, message, why, .. } => format!("{from}'s {} to {to} dropped {why:?}", message.0),
            Fact::Fired { node, timer, .. } => format!("{node} wakes {}", timer.name),
            Fact::Reported { node, report, .. } => format!("{node} tells {report}"),
        };
        self.lines.push(format!("{} {line}", now.as_nanos() / MS.as_nanos()));
        if let Fact::Asked { cause, .. }
        | Fact::Sent { cause, .. }
        | Fact::Delivered { cause, .. }
        | Fact::Fired { cause, .. }
        | Fact::Reported { cause, .. } = fact
        {
            self.causes.push(*cause);
        }
    }
}

/// Takes so many lines, then breaks.
#[derive(Debug)]
struct Pipe {
    lines_left: usize,
    writes: usize,
}

impl Write for Pipe {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.writes += 1;
        if self.lines_left == 0 {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        self.lines_left -= 1;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Ten milliseconds to anywhere; while there is an answer to give, B keeps a door.
struct Door {
    answer: Option<Entry>,
    asked: Vec<(SimTime, Address, u32)>,
    drawn: Vec<u64>,
}

impl Network for Door {
    fn route(&mut self, packet: &Packet, chance: &mut LinkChance<'_>) -> Verdict {
        ten_ms(packet, chance)
    }

    fn has_door(&self, node: Address) -> bool {
        node == B && self.answer.is_some()
    }

    fn enter(&mut self, packet: &Packet, incarnation: u32, chance: &mut LinkChance<'_>) -> Entry {
        assert_eq!((packet.to, packet.bytes), (B, 1));
        self.asked.push((packet.now, packet.from, incarnation));
        self.drawn.push(chance.word(Draw::Service));
        self.answer.expect("only a door is asked")
    }
}

fn door(answer: Entry) -> Simulation<Machine, Door, Log> {
    world_over(1, 3, Door { answer: Some(answer), asked: Vec::new(), drawn: Vec::new() })
}

type TenMs = fn(&Packet, &mut LinkChance<'_>) -> Verdict;

fn ten_ms(_: &Packet, _: &mut LinkChance<'_>) -> Verdict {
    Verdict::Deliver(MS.times(10))
}

fn world(nodes: u32) -> Simulation<Machine, TenMs, Log> {
    world_over(1, nodes, ten_ms as TenMs)
}

/// A world whose log begins once all nodes are up.
fn world_over<N: Network>(seed: u64, nodes: u32, network: N) -> Simulation<Machine, N, Log> {
    let mut world = Simulation::new(seed, (), network, Log::default());
    for node in 0..nodes {
        world.start(Address(node), Machine::default());
    }
    *world.recorder_mut() = Log::default();
    world
}

/// Runs for so many milliseconds and hands back the log.
fn run<N: Network>(mut world: Simulation<Machine, N, Log>, millis: u64) -> Vec<String> {
    world.run_until(at(millis));
    world.into_recorder().lines
}

/// What nodes were given to handle.
fn events(mut log: Vec<String>) -> Vec<String> {
    log.retain(|line| [" hears ", " wakes ", " asked"].iter().any(|word| line.contains(word)));
    log
}

fn draws(log: &[String], node: Address) -> Vec<String> {
    let tells = format!(" {node} tells ");
    log.iter().filter_map(|line| line.split_once(&tells)).map(|(_, word)| word.to_owned()).collect()
}

fn fingerprint(seed: u64, word: u8) -> FingerprintValue {
    let mut world = Simulation::new(seed, (), ten_ms as TenMs, Fingerprint::default());
    world.start(A, Machine::default());
    world.ask(A, vec![Deed::Draw, say(A, word)], Cause::default());
    world.run_until(at(20));
    world.into_recorder().value()
}

fn tiny_run<R: Recorder<Machine>>(world: &mut Simulation<Machine, TenMs, R>) {
    world.start(A, Machine::default());
    world.start(B, Machine::default());
    let cause = Cause { request: RequestId(17), ..Cause::default() };
    world.ask(A, vec![Deed::Set(0, 3, 2), send(B, 7, vec![Deed::Tell(8)])], cause);
    world.run_until(at(15));
    world.pause(B);
    world.resume(B);
    world.change_network("nothing", |_| {});
    world.crash(B);
    world.ask(A, vec![say(B, 9)], Cause::default());
    world.run_until(at(30));
}

fn trace(choice: Choice) -> String {
    let mut world = Simulation::new(1, (), ten_ms as TenMs, Trace::new(Vec::new(), choice));
    tiny_run(&mut world);
    let text = world.into_recorder().finish().expect("a vector takes all bytes");
    String::from_utf8(text).expect("a trace is text")
}

/// The first word of each line's text.
fn verbs(choice: Choice) -> String {
    let text = trace(choice);
    let verb = |line: &str| line[34..].split_whitespace().next().expect("every line has a verb").to_owned();
    text.lines().map(verb).collect::<Vec<_>>().join(" ")
}

const A: Address = Address(0);
const B: Address = Address(1);
const C: Address = Address(2);
const MS: Span = Span::from_millis(1);

const fn at(millis: u64) -> SimTime {
    SimTime::from_nanos(millis * 1_000_000)
}
