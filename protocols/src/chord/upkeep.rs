//! Joining, leaving, and keeping the ring and the fingers in order.

use sim::address::Address;
use sim::rng::Words;
use sim::sampler::below;
use sim::time::Span;

use super::correct::Correct;
use super::message::Message;
use super::neighbours::{Action, Neighbours, Place};
use super::node::{
    Chord, Cx, FIX_FINGER, JOIN_AGAIN, MERGE, STABILIZE, STABILIZE_AGAIN, Status, Timer, Upkeep, What, Why,
};
use super::published::{Published, Step};
use super::settings::{FingerOrder, Merge, Rules};
use crate::calling::Caller;
use crate::dht::Report;
use crate::place::place;
use crate::settings::Maintenance;
use crate::upkeep::{for_upkeep, jittered, part_of};

impl Chord {
    /// Joins the ring that these nodes are said to be in, or begins one.
    pub(super) fn join(&mut self, bootstraps: Vec<Address>, cx: &mut Cx<'_>) {
        match self.status {
            Status::Outside => {
                self.bootstraps = bootstraps.into();
                self.obey_rules(cx);
                self.try_to_join(cx);
            }
            Status::Joining if !bootstraps.is_empty() => self.join_through(bootstraps, cx),
            Status::Joining | Status::Member => {}
        }
    }

    /// A node that is joining is told of others. What it is asking goes on; if it pauses, it need not any longer.
    fn join_through(&mut self, bootstraps: Vec<Address>, cx: &mut Cx<'_>) {
        let lookup = self.lookups.find(|lookup| lookup.why == Why::Join);
        if let Some(lookup) = lookup.and_then(|lookup| self.lookups.get_mut(lookup)) {
            lookup.search.or_ask(&bootstraps);
        }
        let is_under_way = lookup.is_some() || self.calls.find(|call| call.what == What::JoinQuery).is_some();
        self.bootstraps.prefer(bootstraps, is_under_way);
        if !is_under_way {
            cx.cancel_timer(JOIN_AGAIN);
            self.try_to_join(cx);
        }
    }

    /// Begins upkeep with the tables given at birth.
    pub(super) fn begin(&mut self, cx: &mut Cx<'_>) {
        if self.status != Status::Outside {
            return;
        }
        self.obey_rules(cx);
        self.status = Status::Member;
        cx.report(Report::Joined);
        Self::start_timers(cx);
    }

    /// Asks a bootstrap for the way to the own place, or whoever is remembered from an earlier life.
    pub(super) fn try_to_join(&mut self, cx: &mut Cx<'_>) {
        if self.status == Status::Member {
            return;
        }
        let place = place(cx);
        let leaders: Vec<Address> = self.bootstraps.first().into_iter().chain(self.remembered(place)).collect();
        if leaders.is_empty() {
            return self.joined(cx);
        }
        self.status = Status::Joining;
        self.look_up_from(leaders, place.my_key(), Why::Join, cx);
    }

    /// Nobody who was asked is a member. A node that was told of nobody begins a ring.
    pub(super) fn nobody_led(&mut self, cx: &mut Cx<'_>) {
        if !self.bootstraps.is_empty() {
            return self.join_later(cx);
        }
        self.ring = Neighbours::default();
        self.joined(cx);
    }

    /// The join did not work out; the next bootstrap is asked after a pause.
    pub(super) fn join_later(&mut self, cx: &mut Cx<'_>) {
        self.bootstraps.turn();
        let pause = jittered(JOIN_PAUSE, cx.chance());
        cx.set_timer(JOIN_AGAIN, pause, Timer::JoinAgain);
    }

    /// The lookup of the own id has ended: `by` precedes the own place, `owner` follows it.
    pub(super) fn place_found(&mut self, by: Option<Address>, owner: Address, cx: &mut Cx<'_>) {
        if matches!(self.upkeep, Upkeep::Published(_)) {
            // SIGCOMM 2001: only the successor is set, and it is not contacted.
            self.ring = Neighbours { successors: vec![owner], ..Neighbours::default() };
            return self.joined(cx);
        }
        match by {
            Some(predecessor) => _ = self.call(predecessor, What::JoinQuery, cx),
            None => self.join_later(cx),
        }
    }

    /// The predecessor-to-be has told its list: the node takes its place (Zave's `Join`).
    pub(super) fn predecessor_told(&mut self, predecessor: Address, list: &[Address], cx: &mut Cx<'_>) {
        let place = place(cx);
        let list: Vec<Address> = list.iter().copied().filter(|node| *node != place.me).collect();
        let (head, rest) = list.split_first().map_or((predecessor, &[][..]), |(head, rest)| (*head, rest));
        if !place.is_between(place.me, predecessor, head) {
            return self.join_later(cx);
        }
        self.ring.adopt(head, rest, place);
        self.ring.predecessor = Some(predecessor);
        self.joined(cx);
    }

    /// Says goodbye to predecessor and successor, and goes (ToN 2003, IV-E).
    pub(super) fn leave(&mut self, cx: &mut Cx<'_>) {
        if self.status == Status::Member {
            let (predecessor, successors) = (self.ring.predecessor, self.ring.successors.clone());
            let farewell = Message::Leaving { predecessor, successors };
            let head = self.ring.successors.first().copied();
            if let Some(predecessor) = predecessor.filter(|node| Some(*node) != head) {
                cx.send(predecessor, farewell.clone());
            }
            if let Some(head) = head {
                cx.send(head, farewell);
            }
        }
        cx.report(Report::Left);
        cx.stop();
    }

    /// A neighbour has left.
    pub(super) fn neighbour_left(
        &mut self,
        who: Address,
        predecessor: Option<Address>,
        list: &[Address],
        cx: &mut Cx<'_>,
    ) {
        self.ring.left(who, predecessor, list, place(cx));
        let heir = list.first().copied().filter(|heir| *heir != cx.me());
        self.fingers.replace(who, heir);
    }

    /// Time to stabilize.
    pub(super) fn stabilize_due(&mut self, cx: &mut Cx<'_>) {
        let period = jittered(cx.shared().settings.stabilize.0, cx.chance());
        cx.set_timer(STABILIZE, period, Timer::Stabilize);
        self.stabilize(cx);
    }

    /// One stabilization, by the rules in force.
    pub(super) fn stabilize(&mut self, cx: &mut Cx<'_>) {
        let place = place(cx);
        let action = match &mut self.upkeep {
            Upkeep::Correct(correct) => correct.stabilize(&self.ring),
            Upkeep::Published(published) => published.round(&self.ring, place),
        };
        self.carry_out(action, cx);
    }

    /// One step that a script ordered, by its place in [`STEPS`].
    pub(super) fn step(&mut self, number: u8, cx: &mut Cx<'_>) {
        if self.status != Status::Member {
            return;
        }
        for_upkeep(cx);
        let place = place(cx);
        let action = match (STEPS.get(usize::from(number)), &mut self.upkeep) {
            (Some(&"fix_fingers"), _) => return self.fix_finger(cx),
            (Some(&"stabilize"), Upkeep::Correct(_)) => return self.stabilize(cx),
            (Some(name), Upkeep::Published(published)) => {
                let step = match *name {
                    "stabilize" => Step::Stabilize,
                    "reconcile" => Step::Reconcile,
                    "update" => Step::Update,
                    _ => Step::Flush,
                };
                published.step(step, &self.ring, place)
            }
            _ => return,
        };
        self.carry_out(action, cx);
    }

    /// A queried node has told its neighbours.
    pub(super) fn neighbours_told(
        &mut self,
        from: Address,
        predecessor: Option<Address>,
        list: &[Address],
        cx: &mut Cx<'_>,
    ) {
        let place = place(cx);
        let action = match &mut self.upkeep {
            Upkeep::Correct(correct) => correct.told(from, predecessor, list, &mut self.ring, place),
            Upkeep::Published(published) => published.told(from, predecessor, list, &mut self.ring, place),
        };
        self.carry_out(action, cx);
    }

    /// A queried node waits for an answer itself.
    pub(super) fn step_refused(&mut self, cx: &mut Cx<'_>) {
        if let Upkeep::Correct(correct) = &mut self.upkeep {
            let action = correct.refused();
            self.carry_out(action, cx);
        }
    }

    /// A node that was asked for a step of the upkeep was silent.
    pub(super) fn step_silent(&mut self, cx: &mut Cx<'_>) {
        let place = place(cx);
        let action = match &mut self.upkeep {
            Upkeep::Correct(correct) => correct.silent(&mut self.ring, place),
            Upkeep::Published(published) => published.silent(&mut self.ring, place),
        };
        self.carry_out(action, cx);
    }

    /// A node that was pinged for a step of the published upkeep lives.
    pub(super) fn step_lives(&mut self, cx: &mut Cx<'_>) {
        let place = place(cx);
        if let Upkeep::Published(published) = &mut self.upkeep {
            let action = published.lives(&self.ring, place);
            self.carry_out(action, cx);
        }
    }

    /// A node believes itself to be the predecessor.
    pub(super) fn notified(&mut self, newcomer: Address, cx: &mut Cx<'_>) {
        let place = place(cx);
        let action = match &mut self.upkeep {
            Upkeep::Correct(correct) => correct.notified(newcomer, &mut self.ring, place),
            Upkeep::Published(_) => {
                Published::notified(newcomer, &mut self.ring, place);
                Action::Done
            }
        };
        self.carry_out(action, cx);
    }

    /// The successor says that another node stands between.
    pub(super) fn new_successor(&mut self, node: Address, cx: &mut Cx<'_>) {
        let place = place(cx);
        if let Upkeep::Correct(correct) = &mut self.upkeep {
            let action = correct.consider(node, &self.ring, place);
            self.carry_out(action, cx);
        }
    }

    /// The predecessor was pinged because another claims its place.
    pub(super) fn predecessor_answered(&mut self, predecessor: Address, lives: bool) {
        if let Upkeep::Correct(correct) = &mut self.upkeep {
            if lives {
                correct.predecessor_lives();
            } else {
                correct.predecessor_silent(predecessor, &mut self.ring);
            }
        }
    }

    /// Time to fix a finger.
    pub(super) fn fix_finger_due(&mut self, cx: &mut Cx<'_>) {
        let period = jittered(cx.shared().settings.fix_fingers.0, cx.chance());
        cx.set_timer(FIX_FINGER, period, Timer::FixFinger);
        self.fix_finger(cx);
    }

    /// The owner of a finger's start is found: all fingers whose start it also follows point at it (SIGCOMM 2001, IV-D).
    pub(super) fn finger_found(&mut self, index: u32, node: Address, cx: &Cx<'_>) {
        let place = place(cx);
        let width = place.common.width();
        let reach = width.log2(place.key(node) - place.my_key());
        let end = (reach + 1).max(index + 1).min(width.bits());
        self.fingers.set(index..end, width.bits(), Some(node).filter(|node| *node != place.me));
        self.next_finger = end;
        self.fixing = None;
    }

    /// A finger's lookup has come to nothing: the next time it is the next finger's turn.
    pub(super) fn finger_lost(&mut self, index: u32) {
        self.next_finger = index + 1;
        self.fixing = None;
    }

    /// Time to ask the bootstrap who owns the own id.
    pub(super) fn merge_due(&mut self, cx: &mut Cx<'_>) {
        let Merge::Bootstrap { every } = cx.shared().settings.merge else {
            return;
        };
        let period = jittered(every.0, cx.chance());
        cx.set_timer(MERGE, period, Timer::Merge);
        self.ask_bootstrap(cx);
    }

    /// Asks the next bootstrap who owns the own id.
    fn ask_bootstrap(&mut self, cx: &mut Cx<'_>) {
        if let Some(bootstrap) = self.bootstraps.first() {
            self.bootstraps.turn();
            self.look_up_from(vec![bootstrap], place(cx).my_key(), Why::Merge, cx);
        }
    }

    /// The bootstrap's ring has a successor for the own id: it may be nearer than the own ring's.
    pub(super) fn other_ring_found(&mut self, owner: Address, cx: &mut Cx<'_>) {
        self.new_successor(owner, cx);
    }

    /// Whom a node that came back knew before, the nearest before its own place first. One that was never in a ring has
    /// nobody to remember.
    fn remembered(&self, place: Place<'_>) -> Vec<Address> {
        let Neighbours { predecessor, successors, .. } = &self.ring;
        let mut known: Vec<Address> =
            self.fingers.iter().chain(successors.iter().copied()).chain(*predecessor).collect();
        known.sort_unstable_by_key(|node| place.my_key() - place.key(*node));
        known.dedup();
        known
    }

    fn joined(&mut self, cx: &mut Cx<'_>) {
        self.status = Status::Member;
        cx.report(Report::Joined);
        if cx.shared().settings.maintenance == Maintenance::Periodic {
            self.stabilize(cx);
        }
        Self::start_timers(cx);
    }

    fn start_timers(cx: &mut Cx<'_>) {
        let settings = &cx.shared().settings;
        for_upkeep(cx);
        if settings.maintenance == Maintenance::Manual {
            return;
        }
        let phase = part_of(settings.stabilize.0, cx.chance());
        cx.set_timer(STABILIZE, phase, Timer::Stabilize);
        let phase = part_of(settings.fix_fingers.0, cx.chance());
        cx.set_timer(FIX_FINGER, phase, Timer::FixFinger);
        if let Merge::Bootstrap { every } = settings.merge {
            let phase = part_of(every.0, cx.chance());
            cx.set_timer(MERGE, phase, Timer::Merge);
        }
    }

    /// Begins a life: by the rules in force, and with numbers of its own for what it has under way.
    fn obey_rules(&mut self, cx: &mut Cx<'_>) {
        let life = cx.chance().word() as u32;
        self.calls.begin_life(life);
        self.lookups.begin_life(life);
        self.upkeep = match cx.shared().settings.rules {
            Rules::Correct => Upkeep::Correct(Correct::default()),
            Rules::Published => Upkeep::Published(Published::default()),
        };
    }

    fn carry_out(&mut self, action: Action, cx: &mut Cx<'_>) {
        match action {
            Action::Query(node) => _ = self.call(node, What::Query, cx),
            Action::Ping(node) => _ = self.call(node, What::StepPing, cx),
            Action::PingPredecessor(node) => _ = self.call(node, What::PingPredecessor, cx),
            Action::Notify(node) => self.notify(node, cx),
            Action::Tell { old, new } => {
                if cx.shared().settings.tell_old_predecessor {
                    cx.send(old, Message::NewSuccessor { node: new });
                }
            }
            Action::Alone => self.rescue(cx),
            Action::Later => {
                let pause = part_of(Span::from_nanos(cx.shared().settings.stabilize.0.as_nanos() / 4), cx.chance());
                cx.set_timer(STABILIZE_AGAIN, pause, Timer::StabilizeAgain);
            }
            Action::Done => {}
        }
    }

    fn notify(&mut self, node: Address, cx: &mut Cx<'_>) {
        let place = place(cx);
        if node != place.me {
            cx.send(node, Message::Notify);
        }
        if let Upkeep::Published(published) = &mut self.upkeep {
            let action = published.proceed(&self.ring, place);
            self.carry_out(action, cx);
        }
    }

    /// Nobody in the list lives: fingers and predecessor take its place, in order of the ring, and a stabilization finds
    /// out who of them lives. Where there are none, a bootstrap is asked at every stabilization.
    fn rescue(&mut self, cx: &mut Cx<'_>) {
        let place = place(cx);
        let mut known: Vec<Address> = self.fingers.iter().chain(self.ring.predecessor).collect();
        known.sort_unstable_by_key(|node| place.key(*node) - place.my_key());
        known.dedup();
        self.ring.is_makeshift = !known.is_empty();
        self.ring.successors = known;
        if self.ring.successors.is_empty() {
            self.ask_bootstrap(cx);
        } else {
            self.carry_out(Action::Later, cx);
        }
    }

    fn fix_finger(&mut self, cx: &mut Cx<'_>) {
        let place = place(cx);
        let width = place.common.width();
        if self.fixing.is_some() || self.ring.successors.is_empty() || self.ring.is_makeshift {
            return;
        }
        let head = self.ring.head(place.me);
        let first = (width.log2(place.key(head) - place.my_key()) + 1).min(width.bits());
        self.fingers.set(0..first, width.bits(), Some(head));
        if !(first..width.bits()).contains(&self.next_finger) {
            self.next_finger = first;
        }
        if self.next_finger < width.bits() {
            let index = match cx.shared().settings.finger_order {
                FingerOrder::InTurn => self.next_finger,
                FingerOrder::Random => first + below(cx.chance(), u64::from(width.bits() - first)) as u32,
            };
            let start = place.my_key() + width.power(index);
            let lookup = self.look_up_for(start, Why::Finger { index }, cx);
            self.fixing = self.lookups.get(lookup).is_some().then_some(lookup);
        }
    }
}

/// The steps of the upkeep that a script can order.
pub(super) const STEPS: &[&str] = &["stabilize", "fix_fingers", "reconcile", "update", "flush"];
/// Those that the correct rules know.
pub(super) const CORRECT_STEPS: &[&str] = &["stabilize", "fix_fingers"];
/// How long a node waits, on average, before it tries to join again (arbitrary).
const JOIN_PAUSE: Span = Span::from_secs(1);
