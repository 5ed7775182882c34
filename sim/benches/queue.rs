//! The queue alone: the hold model on the lane of messages, and calls with timeouts on two lanes, against other queues.
//!
//! - `hold/n`: n events are pending; each step takes the next and schedules another. The others hold bare keys, ours also
//!   a message each.
//! - `calls/n`: n calls are under way. 5 % are lost, the others are answered after 100 ms on average (exponential); an
//!   answer cancels the call's timeout of 2 s; whichever comes, the next call begins at once. One step is one call.
//!
//! `cargo bench -p sim --bench queue`

#[path = "support/limit.rs"]
mod limit;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use limit::{FourAry, Ladder, PendingSet, ProcessState, exponential_table, key_slot, key_time, pack_key, step};
use priority_queue::PriorityQueue;
use rustc_hash::FxBuildHasher;
use sim::address::Address;
use sim::internals::{Events, Number};
use sim::protocol::Slot;
use sim::time::{SimTime, Span};

criterion_group! { name = queues; config = short(); targets = hold, calls }
criterion_main!(queues);

fn short() -> Criterion {
    Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
}

// The hold model.

fn hold(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("hold");
    group.throughput(Throughput::Elements(1));
    for pending in [100, 1_000, 10_000, 100_000, 1_000_000] {
        let hashes = [
            bench_hold(&mut group, "ours", pending, OurMessages::default()),
            bench_hold(&mut group, "BinaryHeap", pending, BinaryHeap::new()),
            bench_hold(&mut group, "4-ary", pending, FourAry::new()),
            bench_hold(&mut group, "ladder", pending, Ladder::new(MEAN_NS)),
        ];
        assert!(hashes.iter().all(|hash| *hash == hashes[0]), "all queues keep the same order");
    }
    group.finish();
}

/// Measures a queue, and tells in what order its first events came.
fn bench_hold(group: &mut Group<'_>, name: &str, pending: u32, queue: impl PendingSet) -> u64 {
    let mut hold = Hold::new(pending, queue);
    let hash = (0..2 * pending).fold(0, |hash: u64, _| (hash.rotate_left(5) ^ hold.step()).wrapping_mul(ODD));
    group.bench_function(BenchmarkId::new(name, pending), |bencher| bencher.iter(|| hold.step()));
    hash
}

/// A queue of which one event is taken and another put in, over and over.
struct Hold<Q> {
    queue: Q,
    chance: ProcessState,
    delays: Vec<u64>,
    sequence: u64,
}

impl<Q: PendingSet> Hold<Q> {
    fn new(pending: u32, queue: Q) -> Self {
        let delays = exponential_table(MEAN_NS as f64);
        let mut hold = Self { queue, chance: ProcessState::new(0, 1), delays, sequence: 0 };
        for slot in 0..pending {
            hold.schedule(0, slot);
        }
        hold
    }

    /// Takes the next event, schedules another, and tells when the first was due.
    fn step(&mut self) -> u64 {
        let key = self.queue.pop().expect("the number of events stays the same");
        self.schedule(key_time(key), key_slot(key) as u32);
        key_time(key)
    }

    fn schedule(&mut self, now: u64, slot: u32) {
        let (_, delay) = step(&mut self.chance, 1, &self.delays);
        self.queue.push(pack_key(now + delay, self.sequence, slot));
        self.sequence += 1;
    }
}

/// The engine's lane of messages. It numbers its events itself, so a key comes back without its sequence number.
#[derive(Default)]
struct OurMessages {
    events: Events,
    pending: usize,
}

impl PendingSet for OurMessages {
    fn push(&mut self, key: u128) {
        self.pending += 1;
        self.events.push(SimTime::from_nanos(key_time(key)), key_slot(key) as u64);
    }

    fn pop(&mut self) -> Option<u128> {
        let (at, Number::Message(slot)) = self.events.pop()? else { return None };
        self.pending -= 1;
        Some(pack_key(at.as_nanos(), 0, slot as u32))
    }

    fn len(&self) -> usize {
        self.pending
    }
}

// Calls.

fn calls(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("calls");
    group.throughput(Throughput::Elements(1));
    for count in [1_000, 100_000] {
        let hashes = [
            bench_calls(&mut group, "ours", count, Events::default()),
            bench_calls(&mut group, "BinaryHeap, lazy", count, LazyHeap::new(count)),
            bench_calls(&mut group, "priority-queue", count, OnePriorityQueue::default()),
        ];
        assert!(hashes.iter().all(|hash| *hash == hashes[0]), "all queues keep the same order");
    }
    group.finish();
}

/// Measures a queue, and tells in what order its first calls ended.
fn bench_calls(group: &mut Group<'_>, name: &str, count: u32, queue: impl CallQueue) -> u64 {
    let mut calls = Calls::new(count, queue);
    // Cancelled timeouts lie where they are for up to 2 s, the time of some twenty rounds of calls.
    let hash = (0..22 * count).fold(0, |hash: u64, _| (hash.rotate_left(5) ^ calls.step()).wrapping_mul(ODD));
    group.bench_function(BenchmarkId::new(name, count), |bencher| bencher.iter(|| calls.step()));
    hash
}

/// So many calls under way.
struct Calls<Q> {
    queue: Q,
    chance: ProcessState,
    delays: Vec<u64>,
}

impl<Q: CallQueue> Calls<Q> {
    fn new(count: u32, queue: Q) -> Self {
        let delays = exponential_table(ANSWER_MEAN_NS as f64);
        let mut calls = Self { queue, chance: ProcessState::new(0, 1), delays };
        for call in 0..count {
            calls.begin(0, call);
        }
        calls
    }

    /// Ends the next call, begins another, and tells which and when.
    fn step(&mut self) -> u64 {
        let (now, end) = self.queue.next();
        let (End::Answered(call) | End::TimedOut(call)) = end;
        if let End::Answered(call) = end {
            self.queue.cancel_timeout(call);
        }
        self.begin(now, call);
        black_box(now ^ u64::from(call) << 40)
    }

    fn begin(&mut self, now: u64, call: u32) {
        // The last place of a table of delays is below 1 s: no answer comes after its timeout.
        let (percent, delay) = step(&mut self.chance, 101, &self.delays);
        self.queue.set_timeout(now, call);
        if percent > LOST_PERCENT {
            self.queue.answer(now + delay, call);
        }
    }
}

#[derive(Clone, Copy)]
enum End {
    Answered(u32),
    TimedOut(u32),
}

/// What calls ask of a queue.
trait CallQueue {
    fn answer(&mut self, at: u64, call: u32);
    fn set_timeout(&mut self, now: u64, call: u32);
    fn cancel_timeout(&mut self, call: u32);
    fn next(&mut self) -> (u64, End);
}

/// Ours: messages in one lane, timeouts in another; a node has a few calls under way.
impl CallQueue for Events {
    fn answer(&mut self, at: u64, call: u32) {
        self.push(SimTime::from_nanos(at), call.into());
    }

    fn set_timeout(&mut self, now: u64, call: u32) {
        let after = Span::from_nanos(TIMEOUT_NS);
        Events::set_timeout(self, node(call), slot(call), SimTime::from_nanos(now), after, call.into());
    }

    fn cancel_timeout(&mut self, call: u32) {
        self.cancel(node(call), slot(call));
    }

    fn next(&mut self) -> (u64, End) {
        let (at, number) = self.pop().expect("a call under way has a timeout");
        let end = match number {
            Number::Message(call) => End::Answered(call as u32),
            Number::Timer(call) => End::TimedOut(call as u32),
        };
        (at.as_nanos(), end)
    }
}

fn node(call: u32) -> Address {
    Address(call / CALLS_PER_NODE)
}

fn slot(call: u32) -> Slot {
    Slot(call % CALLS_PER_NODE)
}

/// One heap for everything; a cancelled timeout stays until it comes up. The lowest bit of a slot tells timeouts.
struct LazyHeap {
    heap: BinaryHeap<Reverse<u128>>,
    sequence: u64,
    /// The key of each call's timeout that has not been cancelled.
    timeouts: Vec<u128>,
}

impl LazyHeap {
    fn new(calls: u32) -> Self {
        Self { heap: BinaryHeap::new(), sequence: 0, timeouts: vec![0; calls as usize] }
    }

    fn key(&mut self, at: u64, slot: u32) -> u128 {
        self.sequence += 1;
        pack_key(at, self.sequence, slot)
    }
}

impl CallQueue for LazyHeap {
    fn answer(&mut self, at: u64, call: u32) {
        let key = self.key(at, call * 2);
        self.heap.push(Reverse(key));
    }

    fn set_timeout(&mut self, now: u64, call: u32) {
        let key = self.key(now + TIMEOUT_NS, call * 2 + 1);
        self.timeouts[call as usize] = key;
        self.heap.push(Reverse(key));
    }

    fn cancel_timeout(&mut self, call: u32) {
        self.timeouts[call as usize] = 0;
    }

    fn next(&mut self) -> (u64, End) {
        loop {
            let Reverse(key) = self.heap.pop().expect("a call under way has a timeout");
            let call = key_slot(key) / 2;
            if key_slot(key).is_multiple_of(2) {
                return (key_time(key), End::Answered(call as u32));
            }
            if self.timeouts[call] == key {
                return (key_time(key), End::TimedOut(call as u32));
            }
        }
    }
}

/// One `priority-queue` for everything; a cancelled timeout is taken out.
#[derive(Default)]
struct OnePriorityQueue {
    queue: PriorityQueue<u32, Reverse<(u64, u64)>, FxBuildHasher>,
    sequence: u64,
}

impl OnePriorityQueue {
    fn push(&mut self, at: u64, item: u32) {
        self.sequence += 1;
        self.queue.push(item, Reverse((at, self.sequence)));
    }
}

impl CallQueue for OnePriorityQueue {
    fn answer(&mut self, at: u64, call: u32) {
        self.push(at, call * 2);
    }

    fn set_timeout(&mut self, now: u64, call: u32) {
        self.push(now + TIMEOUT_NS, call * 2 + 1);
    }

    fn cancel_timeout(&mut self, call: u32) {
        self.queue.remove(&(call * 2 + 1));
    }

    fn next(&mut self) -> (u64, End) {
        let (item, Reverse((at, _))) = self.queue.pop().expect("a call under way has a timeout");
        let end = if item.is_multiple_of(2) { End::Answered(item / 2) } else { End::TimedOut(item / 2) };
        (at, end)
    }
}

type Group<'a> = BenchmarkGroup<'a, WallTime>;

const MEAN_NS: u64 = 1_000_000;
const ANSWER_MEAN_NS: u64 = 100_000_000;
const TIMEOUT_NS: u64 = 2_000_000_000;
const LOST_PERCENT: u32 = 5;
const CALLS_PER_NODE: u32 = 4;
/// Spreads the bits of a hash.
const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
