//! Pending events in `(time, id)` order. One counter gives every event its id: identity and tie-break at once.
//!
//! Laws (DET-4): earlier first; at equal times in the order in which they were scheduled. Three kinds of events wait in
//! three lanes, merged by one key, so that the order does not depend on what a lane is made of:
//!
//! 1. *messages* are never cancelled: a heap with four children a node ([`heap`]);
//! 2. *timeouts of calls* are nearly always cancelled and of few distinct durations: first-in-first-out lanes, one per
//!    duration ([`lanes`]);
//! 3. *other timers* move and get cancelled: `priority-queue`, whose priority is the unique key.
//!
//! A timer is named by its node and the node's own slot; a slot holds one pending timer at most.

mod heap;
mod lanes;

use std::cmp::Reverse;

use priority_queue::PriorityQueue;
use rustc_hash::FxBuildHasher;

use crate::address::Address;
use crate::protocol::{Cause, Purpose, RequestId, Slot};
use crate::time::{SimTime, Span};
use heap::Heap;
use lanes::Lanes;

/// The pending events of a run: messages `M` under way and timers `T` that run.
pub(crate) struct Queue<M, T> {
    next_id: u64,
    messages: Heap,
    letters: Arena<Letter<M>>,
    timeouts: Lanes,
    timers: PriorityQueue<Owner, Reverse<Key>, FxBuildHasher>,
    slots: Vec<Vec<Pending<T>>>,
    /// Receivers of messages that are likely to be due soon.
    expected: Vec<Address>,
}

/// A message under way. What belongs to it takes 16 bytes: its cause lies there in parts.
#[derive(Clone, Debug)]
pub(crate) struct Letter<M> {
    pub(crate) from: Address,
    pub(crate) to: Address,
    request: RequestId,
    purpose: Purpose,
    pub(crate) pass: Pass,
    pub(crate) message: M,
}

impl<M> Letter<M> {
    /// A letter that is sent now.
    #[inline]
    pub(crate) fn new(from: Address, to: Address, Cause { purpose, request }: Cause, message: M) -> Self {
        Self { from, to, request, purpose, pass: Pass::NONE, message }
    }

    #[inline]
    pub(crate) fn cause(&self) -> Cause {
        Cause { purpose: self.purpose, request: self.request }
    }
}

/// Whether a letter has been let in by its receiver's door, and in which of its incarnations: one that has waited in the
/// memory of a node that crashed meanwhile is gone with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pass(u16);

impl Pass {
    /// It is still on its way.
    pub(crate) const NONE: Self = Self(0);

    /// It has been let in. Passes of two incarnations are equal only if 65,534 others lie between them.
    pub(crate) fn of(incarnation: u32) -> Self {
        Self(1 + (incarnation % u32::from(u16::MAX)) as u16)
    }
}

/// What is due next.
#[derive(Debug)]
pub(crate) enum Due<M, T> {
    Letter(Letter<M>),
    Timer { node: Address, slot: Slot, timer: T, cause: Cause },
}

impl<M, T: Copy> Queue<M, T> {
    pub(crate) fn new() -> Self {
        Self {
            next_id: 0,
            messages: Heap::default(),
            letters: Arena::default(),
            timeouts: Lanes::default(),
            timers: PriorityQueue::with_default_hasher(),
            slots: Vec::new(),
            expected: Vec::new(),
        }
    }

    /// Schedules a message's arrival.
    pub(crate) fn push(&mut self, at: SimTime, letter: Letter<M>) {
        let id = self.take_id();
        let place = self.letters.put(letter);
        assert!(place < 1 << PLACE_BITS, "at most 2^{PLACE_BITS} messages are under way at once");
        self.messages.push(key(at, id) | Key::from(place));
    }

    /// Starts a timer in a slot; one that was pending there is replaced.
    pub(crate) fn set_timer(&mut self, node: Address, slot: Slot, start: Start<T>) {
        self.cancel(node, slot);
        let id = self.take_id();
        let owner = Owner { node, slot };
        let key = key(start.now + start.after, id);
        let in_lane = start.is_timeout && self.timeouts.push(start.after, key, owner);
        if !in_lane {
            self.timers.push(owner, Reverse(key));
        }
        *self.slot_mut(owner) = Pending { key: Some(key), in_lane, timer: Some((start.timer, start.cause)) };
    }

    /// Forgets the timer in a slot; nothing if there is none.
    pub(crate) fn cancel(&mut self, node: Address, slot: Slot) {
        let Some(pending) = self.slots.get_mut(node.index()).and_then(|slots| slots.get_mut(slot.0 as usize)) else {
            return;
        };
        if pending.key.take().is_some() && !pending.in_lane {
            self.timers.remove(&Owner { node, slot });
        }
    }

    /// Forgets all timers of a node.
    pub(crate) fn cancel_all(&mut self, node: Address) {
        let count = self.slots.get(node.index()).map_or(0, Vec::len);
        for slot in 0..count as u32 {
            self.cancel(node, Slot(slot));
        }
        if let Some(slots) = self.slots.get_mut(node.index()) {
            *slots = Vec::new();
        }
    }

    /// Takes out the next event, if it is due before `end`.
    pub(crate) fn pop_before(&mut self, end: SimTime) -> Option<(SimTime, Due<M, T>)> {
        let message = self.messages.peek().unwrap_or(Key::MAX);
        let timeout = self.next_timeout().unwrap_or(Key::MAX);
        let timer = self.timers.peek().map_or(Key::MAX, |(_, Reverse(key))| *key);
        let first = message.min(timeout).min(timer);
        if first == Key::MAX || time(first) >= end {
            return None;
        }
        let due = if first == message {
            self.messages.pop();
            Due::Letter(self.letters.take((first & PLACE_MASK) as usize))
        } else if first == timeout {
            let owner = self.timeouts.pop().expect("the timeout just seen is there");
            self.fire(owner)
        } else {
            let (owner, _) = self.timers.pop().expect("the timer just seen is there");
            self.fire(owner)
        };
        Some((time(first), due))
    }

    /// Reads ahead: calls `touch` for receivers whose turn is likely to come soon.
    ///
    /// Safe Rust has no prefetch, and a read that misses the cache holds up the events behind it. Reads that are done
    /// together wait together; so letters are read a handful at a time, and the next time their receivers.
    #[inline]
    pub(crate) fn read_ahead(&mut self, mut touch: impl FnMut(Address)) {
        if self.messages.risen().len() < HANDFUL {
            return;
        }
        self.expected.drain(..).for_each(&mut touch);
        let letters = &self.letters;
        let receivers = self.messages.risen().drain(..).filter_map(|key| letters.get((key & PLACE_MASK) as usize));
        self.expected.extend(receivers.map(|letter| letter.to));
    }

    /// Messages under way and timers that run; a cancelled timeout that still lies in its lane does not count.
    pub(crate) fn len(&self) -> usize {
        let timers = self.slots.iter().flatten().filter(|pending| pending.key.is_some()).count();
        self.messages.len() + timers
    }

    /// The key of the earliest timeout that still runs; dead ones at the front are dropped.
    fn next_timeout(&mut self) -> Option<Key> {
        while let Some((key, owner)) = self.timeouts.peek() {
            let slots = self.slots.get(owner.node.index());
            let alive = slots.and_then(|slots| slots.get(owner.slot.0 as usize)).is_some_and(|p| p.key == Some(key));
            if alive {
                return Some(key);
            }
            self.timeouts.pop();
        }
        None
    }

    fn fire(&mut self, owner: Owner) -> Due<M, T> {
        let pending = self.slot_mut(owner);
        pending.key = None;
        let (timer, cause) = pending.timer.expect("a timer that runs is in its slot");
        Due::Timer { node: owner.node, slot: owner.slot, timer, cause }
    }

    fn slot_mut(&mut self, owner: Owner) -> &mut Pending<T> {
        let (node, slot) = (owner.node.index(), owner.slot.0 as usize);
        if self.slots.len() <= node {
            self.slots.resize_with(node + 1, Vec::new);
        }
        let slots = &mut self.slots[node];
        if slots.len() <= slot {
            slots.resize_with(slot + 1, || Pending { key: None, in_lane: false, timer: None });
        }
        &mut slots[slot]
    }

    fn take_id(&mut self) -> u64 {
        let id = self.next_id;
        assert!(id < 1 << ID_BITS, "a run holds at most 2^{ID_BITS} events");
        self.next_id += 1;
        id
    }
}

/// A timer to be started.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start<T> {
    pub(crate) now: SimTime,
    pub(crate) after: Span,
    pub(crate) timer: T,
    pub(crate) cause: Cause,
    pub(crate) is_timeout: bool,
}

/// Whose timer: the node and its slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Owner {
    node: Address,
    slot: Slot,
}

/// What a slot holds: a timer runs in it while there is a key.
#[derive(Debug)]
struct Pending<T> {
    key: Option<Key>,
    in_lane: bool,
    timer: Option<(T, Cause)>,
}

/// Slots for values that come and go; the place freed last is used first.
#[derive(Debug)]
struct Arena<V> {
    values: Vec<Option<V>>,
    free: Vec<u32>,
}

impl<V> Default for Arena<V> {
    fn default() -> Self {
        Self { values: Vec::new(), free: Vec::new() }
    }
}

impl<V> Arena<V> {
    fn put(&mut self, value: V) -> u64 {
        let Some(place) = self.free.pop() else {
            self.values.push(Some(value));
            return self.values.len() as u64 - 1;
        };
        self.values[place as usize] = Some(value);
        u64::from(place)
    }

    fn get(&self, place: usize) -> Option<&V> {
        self.values[place].as_ref()
    }

    fn take(&mut self, place: usize) -> V {
        self.free.push(place as u32);
        self.values[place].take().expect("a place in use holds a value")
    }
}

/// Time, id and (for messages) place in the arena, in one number, so that one comparison orders events.
type Key = u128;

fn key(at: SimTime, id: u64) -> Key {
    Key::from(at.as_nanos()) << 64 | Key::from(id) << PLACE_BITS
}

fn time(key: Key) -> SimTime {
    SimTime::from_nanos((key >> 64) as u64)
}

const HANDFUL: usize = 16;
const PLACE_BITS: u32 = 28;
const ID_BITS: u32 = 64 - PLACE_BITS;
const PLACE_MASK: Key = (1 << PLACE_BITS) - 1;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn equal_times_run_in_the_order_in_which_they_were_scheduled() {
        let mut queue = Queue::new();
        queue.set_timer(Address(0), Slot(0), start(5, 10, false));
        queue.push(SimTime::from_nanos(5), letter(11));
        queue.set_timer(Address(0), Slot(1), start(5, 12, true));
        queue.push(SimTime::from_nanos(5), letter(13));
        assert_eq!(drain(&mut queue), [(5, 10), (5, 11), (5, 12), (5, 13)]);
    }

    #[test]
    fn setting_a_slot_again_moves_its_timer() {
        for is_timeout in [false, true] {
            let mut queue = Queue::<u32, u32>::new();
            queue.set_timer(Address(3), Slot(1), start(5, 1, is_timeout));
            queue.set_timer(Address(3), Slot(1), start(9, 2, is_timeout));
            assert_eq!(queue.len(), 1);
            assert_eq!(drain(&mut queue), [(9, 2)]);
        }
    }

    #[test]
    fn a_node_can_forget_all_its_timers() {
        let mut queue = Queue::<u32, u32>::new();
        for slot in 0..4 {
            queue.set_timer(Address(0), Slot(slot), start(5, slot, slot % 2 == 0));
            queue.set_timer(Address(1), Slot(slot), start(6, slot, slot % 2 == 0));
        }
        queue.cancel_all(Address(0));
        assert_eq!(drain(&mut queue).len(), 4);
    }

    #[test]
    fn nothing_is_taken_that_is_not_yet_due() {
        let mut queue = Queue::<u32, u32>::new();
        queue.push(SimTime::from_nanos(5), letter(1));
        assert!(queue.pop_before(SimTime::from_nanos(5)).is_none());
        assert!(queue.pop_before(SimTime::from_nanos(6)).is_some());
    }

    #[derive(Clone, Debug)]
    enum Step {
        Push(u64),
        Set { node: u32, slot: u32, after: u64, is_timeout: bool },
        Cancel { node: u32, slot: u32 },
        CancelAll(u32),
        Pop,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            (0..50u64).prop_map(Step::Push),
            (0..4u32, 0..4u32, 0..50u64, any::<bool>()).prop_map(|(node, slot, after, is_timeout)| Step::Set {
                node,
                slot,
                after,
                is_timeout
            }),
            (0..4u32, 0..4u32).prop_map(|(node, slot)| Step::Cancel { node, slot }),
            (0..4u32).prop_map(Step::CancelAll),
            Just(Step::Pop),
            Just(Step::Pop),
        ];
        prop::collection::vec(step, 0..400)
    }

    proptest! {
        /// Every lane agrees with the reference: one `priority-queue` for everything, obviously right.
        #[test]
        fn all_lanes_agree_with_the_reference_queue(steps in steps()) {
            let mut queue = Queue::new();
            let mut reference = PriorityQueue::new();
            let mut owners = BTreeMap::new();
            let mut now = 0;
            for (id, step) in steps.into_iter().enumerate() {
                let id = id as u32;
                match step {
                    Step::Push(after) => {
                        queue.push(SimTime::from_nanos(now + after), letter(id));
                        reference.push(id, Reverse((now + after, id)));
                    }
                    Step::Set { node, slot, after, is_timeout } => {
                        let start = Start { now: SimTime::from_nanos(now), ..start(after, id, is_timeout) };
                        queue.set_timer(Address(node), Slot(slot), start);
                        if let Some(old) = owners.insert((node, slot), id) {
                            reference.remove(&old);
                        }
                        reference.push(id, Reverse((now + after, id)));
                    }
                    Step::Cancel { node, slot } => {
                        queue.cancel(Address(node), Slot(slot));
                        if let Some(old) = owners.remove(&(node, slot)) {
                            reference.remove(&old);
                        }
                    }
                    Step::CancelAll(node) => {
                        queue.cancel_all(Address(node));
                        for slot in 0..4 {
                            if let Some(old) = owners.remove(&(node, slot)) {
                                reference.remove(&old);
                            }
                        }
                    }
                    Step::Pop => {
                        let expected = reference.pop().map(|(id, Reverse((at, _)))| (at, id));
                        let found = queue.pop_before(SimTime::MAX).map(told);
                        prop_assert_eq!(found, expected);
                        now = expected.map_or(now, |(at, _)| at);
                    }
                }
                prop_assert_eq!(queue.len(), reference.len());
            }
        }
    }

    fn letter(message: u32) -> Letter<u32> {
        Letter::new(Address(0), Address(0), Cause::default(), message)
    }

    fn start(after: u64, timer: u32, is_timeout: bool) -> Start<u32> {
        let after = Span::from_nanos(after);
        Start { now: SimTime::ZERO, after, timer, cause: Cause::default(), is_timeout }
    }

    fn told((at, due): (SimTime, Due<u32, u32>)) -> (u64, u32) {
        match due {
            Due::Letter(letter) => (at.as_nanos(), letter.message),
            Due::Timer { timer, .. } => (at.as_nanos(), timer),
        }
    }

    fn drain(queue: &mut Queue<u32, u32>) -> Vec<(u64, u32)> {
        std::iter::from_fn(|| queue.pop_before(SimTime::MAX)).map(told).collect()
    }
}
