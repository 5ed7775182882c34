//! The plain loop: PHOLD written by hand without an engine, the limit the simulator is measured by.
//!
//! There are a queue, an arena of messages, an array of process states and a loop; nothing else.
//! Each event is a message to a process, which sends one message on to another process at random.
//! The message keeps its slot in the arena, so the population never changes.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each benchmark that includes this file uses a part of it, from a private module"
)]

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;

/// Low bits of a key that name the message's slot.
pub const SLOT_BITS: u32 = 28;
/// Bits of a key, above the slot, that hold the sequence number.
pub const SEQUENCE_BITS: u32 = 36;

/// Packs a key that sorts by time, then by sequence number.
#[inline]
pub fn pack_key(time: u64, sequence: u64, slot: u32) -> u128 {
    debug_assert!(sequence >> SEQUENCE_BITS == 0 && slot >> SLOT_BITS == 0);
    (u128::from(time) << 64) | u128::from((sequence << SLOT_BITS) | u64::from(slot))
}

/// The time of a key.
#[inline]
pub fn key_time(key: u128) -> u64 {
    (key >> 64) as u64
}

/// The slot of a key.
#[inline]
pub fn key_slot(key: u128) -> usize {
    key as usize & ((1 << SLOT_BITS) - 1)
}

// ---------------------------------------------------------------------------
// The handler.

/// What one process remembers: exactly one cache line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[repr(C, align(64))]
pub struct ProcessState {
    generator: u64,
    index: u64,
    handled: u64,
    delay_sum: u64,
    last_delay: u64,
    last_destination: u64,
    path: u64,
    spare: u64,
}

const _: () = assert!(size_of::<ProcessState>() == 64);

impl ProcessState {
    /// The state of process `index` before its first event.
    pub fn new(index: u32, seed: u64) -> Self {
        Self {
            generator: mix(seed ^ mix(u64::from(index).wrapping_add(GOLDEN_GAMMA))),
            index: u64::from(index),
            handled: 0,
            delay_sum: 0,
            last_delay: 0,
            last_destination: 0,
            path: 0,
            spare: 0,
        }
    }

    /// How many events the process has handled.
    pub fn handled(&self) -> u64 {
        self.handled
    }

    /// A hash of the whole state.
    pub fn hash(&self) -> u64 {
        let words = [
            self.generator,
            self.index,
            self.handled,
            self.delay_sum,
            self.last_delay,
            self.last_destination,
            self.path,
            self.spare,
        ];
        words.into_iter().fold(0, |hash: u64, word| (hash.rotate_left(5) ^ word).wrapping_mul(GOLDEN_GAMMA))
    }

    /// The next number of the process's `SplitMix64` generator.
    #[inline]
    fn draw(&mut self) -> u64 {
        self.generator = self.generator.wrapping_add(GOLDEN_GAMMA);
        mix(self.generator)
    }
}

const GOLDEN_GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// The output function of `SplitMix64`.
#[inline]
fn mix(word: u64) -> u64 {
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// Handles one event: says to which other process the message goes on, and after what delay.
///
/// One draw serves both: its high 32 bits choose the destination, its low 12 bits the delay.
#[inline]
pub fn step(state: &mut ProcessState, nodes: u32, table: &[u64]) -> (u32, u64) {
    let draw = state.draw();
    let others = u64::from(nodes).saturating_sub(1);
    let choice = ((draw >> 32) * others) >> 32;
    let destination = choice + u64::from(choice >= state.index && others > 0);
    let delay = table[draw as usize & (DELAYS - 1)];
    state.handled += 1;
    state.delay_sum = state.delay_sum.wrapping_add(delay);
    state.last_delay = delay;
    state.last_destination = destination;
    state.path = state.path.rotate_left(5) ^ destination;
    (destination as u32, delay)
}

/// How many delays a table holds.
pub const DELAYS: usize = 4096;

/// The [`DELAYS`] mid-quantiles of an exponential distribution, in whole nanoseconds, none below 1.
pub fn exponential_table(mean_ns: f64) -> Vec<u64> {
    (0..DELAYS)
        .map(|index| {
            let quantile = (index as f64 + 0.5) / DELAYS as f64;
            ((-mean_ns * libm::log(quantile)) as u64).max(1)
        })
        .collect()
}

// ---------------------------------------------------------------------------
// The loop.

/// What the loop asks of a queue: keys come out smallest first.
pub trait PendingSet {
    /// Adds a key.
    fn push(&mut self, key: u128);

    /// Takes the smallest key.
    fn pop(&mut self) -> Option<u128>;

    /// How many keys are pending.
    fn len(&self) -> usize;

    /// Whether nothing is pending.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Keys likely to be popped next, in order, as many as the queue knows for free.
    #[inline]
    fn upcoming(&self) -> &[u128] {
        &[]
    }
}

/// The mean delay of a [`PlainLoop`], in nanoseconds.
pub const MEAN_DELAY_NS: u64 = 1_000_000;

/// A message in the arena: 32 bytes.
#[derive(Clone, Debug)]
#[repr(C, align(32))]
struct Message {
    destination: u32,
    source: u32,
    hops: u64,
    sent_at: u64,
    token: u64,
}

const _: () = assert!(size_of::<Message>() == 32);

/// How many events have their states, or their messages, read at once.
const BATCH: usize = 32;

/// PHOLD with one pending message per process, as a bare loop over the queue `Q`.
pub struct PlainLoop<Q> {
    queue: Q,
    messages: Vec<Message>,
    states: Vec<ProcessState>,
    table: Vec<u64>,
    sequence: u64,
}

impl<Q: PendingSet> PlainLoop<Q> {
    /// Sets up `nodes` processes with one message each in `queue`, which must be empty.
    pub fn new(nodes: u32, queue: Q) -> Self {
        assert!(nodes > 0 && nodes >> SLOT_BITS == 0, "a key's slot bounds the population");
        let mut plain = Self {
            queue,
            messages: Vec::with_capacity(nodes as usize),
            states: (0..nodes).map(|index| ProcessState::new(index, 1)).collect(),
            table: exponential_table(MEAN_DELAY_NS as f64),
            sequence: 0,
        };
        (0..nodes).for_each(|source| plain.send_first(source));
        plain
    }

    /// Handles `events` events and returns a hash of the states they leave.
    pub fn run(&mut self, events: u64) -> u64 {
        let mut left = events;
        while left > 0 {
            let batch = left.min(BATCH as u64);
            self.touch_ahead();
            self.run_batch(batch);
            left -= batch;
        }
        self.hash()
    }

    /// A hash of the states of all processes.
    pub fn hash(&self) -> u64 {
        self.states.iter().fold(0, |hash: u64, state| hash.rotate_left(7) ^ state.hash())
    }

    fn send_first(&mut self, source: u32) {
        let nodes = self.states.len() as u32;
        let (destination, delay) = step(&mut self.states[source as usize], nodes, &self.table);
        self.messages.push(Message { destination, source, hops: 0, sent_at: 0, token: u64::from(source) });
        self.queue.push(pack_key(delay, self.sequence, source));
        self.sequence += 1;
    }

    #[inline]
    fn run_batch(&mut self, events: u64) {
        let nodes = self.states.len() as u32;
        for _ in 0..events {
            let Some(key) = self.queue.pop() else { break };
            self.handle(key, nodes);
        }
    }

    /// Delivers the message of `key` and sends it on from the same slot.
    #[inline]
    fn handle(&mut self, key: u128, nodes: u32) {
        let (now, slot) = (key_time(key), key_slot(key));
        let message = &mut self.messages[slot];
        let receiver = message.destination;
        let state = &mut self.states[receiver as usize];
        let (destination, delay) = step(state, nodes, &self.table);
        *message =
            Message { destination, source: receiver, hops: message.hops + 1, sent_at: now, token: message.token };
        self.queue.push(pack_key(now + delay, self.sequence, slot as u32));
        self.sequence += 1;
    }

    /// Reads the states that this batch will need and the messages that the next will, together.
    ///
    /// Safe Rust has no prefetch, and a read that misses the cache holds up the events behind it.
    /// Reads done together wait together, so a batch waits about once.
    #[inline]
    fn touch_ahead(&self) {
        let upcoming = self.queue.upcoming();
        let (batch, rest) = upcoming.split_at(upcoming.len().min(BATCH));
        let states = batch.iter().map(|&key| {
            let receiver = self.messages[key_slot(key)].destination;
            self.states[receiver as usize].generator
        });
        let messages = rest[..rest.len().min(BATCH)].iter().map(|&key| self.messages[key_slot(key)].token);
        black_box(states.chain(messages).fold(0, u64::wrapping_add));
    }
}

// ---------------------------------------------------------------------------
// The ladder queue.

/// Buckets in the ring of a [`Ladder`].
const RING: usize = 1024;
/// How many mean delays the ring covers at least, but for rounding widths down to powers of two.
const RING_SPAN: f64 = 10.0;
/// How many keys the next bucket should hold, if the ring's span allows it.
const BUCKET_AIM: f64 = 64.0;
/// The most of a mean delay that a bucket spans, lest too many keys come after theirs is loaded.
const BUCKET_SHARE: f64 = 0.3;
/// Keys in one block of the bucket store.
const BLOCK: usize = 32;
/// Marks the end of a list of blocks.
const NO_BLOCK: u32 = u32::MAX;
/// The most bins that a bucket is sorted into.
const BINS: usize = 4096;
/// A bin with more keys than this is not left to insertion sort.
const CROWDED: u32 = 24;
/// Up to this many keys are sorted without bins.
const FEW: usize = 12;
/// Bins for each key that is sorted, before rounding up to a power of two.
const BINS_PER_KEY: usize = 2;

/// A two-tier ladder queue: a ring of unsorted buckets, each sorted when its time comes.
///
/// A bucket is `1 << shift` ns wide and numbered `time >> shift`.
/// Buckets below `next` are loaded: their keys are sorted in `run`, or came later into `side`.
/// Buckets `next..next + RING` are in the ring, later ones in `overflow`.
/// Order is exact for any keys; speed supposes that most delays are within ten times their mean.
pub struct Ladder {
    run: Vec<u128>,
    cursor: usize,
    run_end: usize,
    side: BinaryHeap<Reverse<u128>>,
    shift: u32,
    next: u64,
    ring: Ring,
    overflow: BinaryHeap<Reverse<u128>>,
    tuning: Tuning,
    sorter: Sorter,
}

impl Ladder {
    /// An empty queue that expects keys about `mean_delay_ns` ahead of the last one popped.
    pub fn new(mean_delay_ns: u64) -> Self {
        let tuning = Tuning::new(mean_delay_ns as f64);
        Self {
            run: Vec::new(),
            cursor: 0,
            run_end: 0,
            side: BinaryHeap::new(),
            shift: tuning.shift(),
            next: 0,
            ring: Ring::new(),
            overflow: BinaryHeap::new(),
            tuning,
            sorter: Sorter::new(),
        }
    }

    /// Adds a key.
    #[inline]
    pub fn push(&mut self, key: u128) {
        let bucket = key_time(key) >> self.shift;
        if bucket.wrapping_sub(self.next) < RING as u64 {
            self.ring.push(bucket, key);
        } else {
            self.push_outside_ring(bucket, key);
        }
    }

    /// Takes the smallest key.
    #[inline]
    pub fn pop(&mut self) -> Option<u128> {
        if self.cursor == self.run_end && self.side.is_empty() && !self.load_next_bucket() {
            return None;
        }
        if self.side.is_empty() {
            return Some(self.pop_run());
        }
        self.pop_run_or_side()
    }

    /// How many keys are pending.
    pub fn len(&self) -> usize {
        self.run_end - self.cursor + self.side.len() + self.ring.keys + self.overflow.len()
    }

    /// Whether nothing is pending.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[inline]
    fn pop_run(&mut self) -> u128 {
        let key = self.run[self.cursor];
        self.cursor += 1;
        key
    }

    fn pop_run_or_side(&mut self) -> Option<u128> {
        let Reverse(side) = *self.side.peek()?;
        if self.cursor < self.run_end && self.run[self.cursor] < side {
            return Some(self.pop_run());
        }
        self.side.pop().map(|Reverse(key)| key)
    }

    #[cold]
    #[inline(never)]
    fn push_outside_ring(&mut self, bucket: u64, key: u128) {
        if bucket >= self.next {
            self.overflow.push(Reverse(key));
            return;
        }
        self.side.push(Reverse(key));
        self.tuning.served += 1;
        if self.tuning.is_off(self.len(), key_time(key)) {
            self.rebuild();
        }
    }

    /// Loads the earliest bucket that holds keys into the used-up run; false if there is none.
    #[inline(never)]
    fn load_next_bucket(&mut self) -> bool {
        let Some(now) = self.seek() else { return false };
        if self.tuning.is_off(self.len(), now) {
            self.rebuild();
            self.seek();
        }
        let gathered = self.sorter.start();
        self.ring.drain(self.next, gathered);
        self.next += 1;
        self.cursor = 0;
        self.run_end = self.sorter.sort_into(&mut self.run, self.shift);
        self.tuning.served += self.run_end as u64;
        true
    }

    /// Moves `next` to the earliest bucket that holds keys, and says when it starts.
    fn seek(&mut self) -> Option<u64> {
        let near = self.ring.first_from(self.next);
        let far = self.first_overflow();
        self.next = match (near, far) {
            (Some(near), Some(far)) => near.min(far),
            (near, far) => near.or(far)?,
        };
        while let Some(bucket) = self.first_overflow()
            && bucket - self.next < RING as u64
            && let Some(Reverse(key)) = self.overflow.pop()
        {
            self.ring.push(bucket, key);
        }
        Some(self.next << self.shift)
    }

    fn first_overflow(&self) -> Option<u64> {
        let Reverse(key) = self.overflow.peek()?;
        Some(key_time(*key) >> self.shift)
    }

    /// Puts every key back under the width that the tuning now asks for.
    #[cold]
    #[inline(never)]
    fn rebuild(&mut self) {
        let mut keys = self.run[self.cursor..self.run_end].to_vec();
        (self.cursor, self.run_end) = (0, 0);
        keys.extend(self.side.drain().map(|Reverse(key)| key));
        self.ring.drain_all(&mut keys);
        keys.extend(self.overflow.drain().map(|Reverse(key)| key));
        self.shift = self.tuning.shift();
        let first = keys.iter().map(|&key| key_time(key)).min();
        self.next = first.unwrap_or(0) >> self.shift;
        for key in keys {
            self.push(key);
        }
    }
}

/// How wide the buckets of a [`Ladder`] should be.
struct Tuning {
    /// The mean delay that the width was chosen for.
    mean_ns: f64,
    /// The number of keys that the width was chosen for.
    keys: usize,
    /// Keys that came into `run` or `side` since `since`.
    served: u64,
    since: u64,
}

impl Tuning {
    fn new(mean_ns: f64) -> Self {
        Self { mean_ns: mean_ns.max(1.0), keys: 1, served: 0, since: 0 }
    }

    /// The binary logarithm of the width.
    fn shift(&self) -> u32 {
        let share = (BUCKET_AIM / self.keys as f64).clamp(RING_SPAN / RING as f64, BUCKET_SHARE);
        ((self.mean_ns * share) as u64).max(2).ilog2().min(62)
    }

    /// Whether the width has become unfit; then the next call of `shift` gives a better one.
    fn is_off(&mut self, keys: usize, now: u64) -> bool {
        let (few, many) = (keys.min(self.keys), keys.max(self.keys));
        if many > 4 * few.max(4) {
            self.keys = keys;
            return true;
        }
        self.served > 4 * keys.max(1024) as u64 && self.measure(keys, now)
    }

    /// Measures the mean delay by Little's law, and says whether it is far from the tuned one.
    fn measure(&mut self, keys: usize, now: u64) -> bool {
        let elapsed = now.saturating_sub(self.since);
        let mean = (keys as f64 * elapsed as f64 / self.served.max(1) as f64).max(1.0);
        (self.served, self.since) = (0, now);
        let off = mean > 4.0 * self.mean_ns || 4.0 * mean < self.mean_ns;
        if off {
            (self.mean_ns, self.keys) = (mean, keys.max(1));
        }
        off
    }
}

/// The buckets of a [`Ladder`]: lists of blocks in one shared store.
///
/// A block is used again soon after it is emptied, so the store stays about as small as its keys.
struct Ring {
    /// How many keys all buckets hold.
    keys: usize,
    store: Vec<u128>,
    /// The block that follows each block in its bucket.
    links: Vec<u32>,
    free: Vec<u32>,
    /// The first block of each bucket.
    heads: Box<[u32; RING]>,
    /// Where each bucket's next key goes; a multiple of [`BLOCK`] if a new block is due.
    tails: Box<[u32; RING]>,
}

impl Ring {
    fn new() -> Self {
        Self {
            keys: 0,
            store: Vec::new(),
            links: Vec::new(),
            free: Vec::new(),
            heads: Box::new([NO_BLOCK; RING]),
            tails: Box::new([0; RING]),
        }
    }

    #[inline]
    fn push(&mut self, bucket: u64, key: u128) {
        let index = bucket as usize % RING;
        let mut place = self.tails[index];
        if (place as usize).is_multiple_of(BLOCK) {
            place = self.add_block(index);
        }
        self.store[place as usize] = key;
        self.tails[index] = place + 1;
        self.keys += 1;
    }

    /// Adds a block to a bucket and returns its first place.
    #[inline(never)]
    fn add_block(&mut self, index: usize) -> u32 {
        let block = self.free.pop().unwrap_or_else(|| {
            self.links.push(NO_BLOCK);
            self.store.resize(self.links.len() * BLOCK, 0);
            self.links.len() as u32 - 1
        });
        self.links[block as usize] = NO_BLOCK;
        if self.heads[index] == NO_BLOCK {
            self.heads[index] = block;
        } else {
            let last = self.tails[index] as usize / BLOCK - 1;
            self.links[last] = block;
        }
        block * BLOCK as u32
    }

    /// The first bucket from `bucket` on that holds keys.
    fn first_from(&self, bucket: u64) -> Option<u64> {
        if self.keys == 0 {
            return None;
        }
        (bucket..bucket + RING as u64).find(|&bucket| self.heads[bucket as usize % RING] != NO_BLOCK)
    }

    /// Moves the keys of a bucket, in the order they came, to the end of `keys`.
    fn drain(&mut self, bucket: u64, keys: &mut Vec<u128>) {
        let index = bucket as usize % RING;
        let before = keys.len();
        let end = self.tails[index] as usize;
        let mut block = self.heads[index];
        while block != NO_BLOCK {
            let start = block as usize * BLOCK;
            let next = self.links[block as usize];
            let stop = if next == NO_BLOCK { end } else { start + BLOCK };
            keys.extend_from_slice(&self.store[start..stop]);
            self.free.push(block);
            block = next;
        }
        self.heads[index] = NO_BLOCK;
        self.tails[index] = 0;
        self.keys -= keys.len() - before;
    }

    fn drain_all(&mut self, keys: &mut Vec<u128>) {
        (0..RING as u64).for_each(|bucket| self.drain(bucket, keys));
    }
}

/// Sorts the keys of one bucket: by counting into a few bins for each key, then by insertion.
struct Sorter {
    gathered: Vec<u128>,
    counts: Box<[u32; BINS]>,
}

impl Sorter {
    fn new() -> Self {
        Self { gathered: Vec::new(), counts: Box::new([0; BINS]) }
    }

    /// Where to put the keys to sort.
    fn start(&mut self) -> &mut Vec<u128> {
        self.gathered.clear();
        &mut self.gathered
    }

    /// Writes the gathered keys in order to the front of `run` and returns their number.
    fn sort_into(&mut self, run: &mut Vec<u128>, shift: u32) -> usize {
        let keys = self.gathered.len();
        if run.len() < keys {
            run.resize(keys, 0);
        }
        let run = &mut run[..keys];
        if keys <= FEW {
            run.copy_from_slice(&self.gathered);
            insertion_sort(run);
        } else if self.scatter_into(run, shift) {
            insertion_sort(run);
        } else {
            run.copy_from_slice(&self.gathered);
            run.sort_unstable();
        }
        keys
    }

    /// Scatters the keys into bins by time; false, with nothing done, if a bin is crowded.
    fn scatter_into(&mut self, run: &mut [u128], shift: u32) -> bool {
        let wanted = (run.len() * BINS_PER_KEY).next_power_of_two().ilog2();
        let bits = wanted.min(shift).min(BINS.ilog2());
        let (down, mask) = (shift - bits, (1usize << bits) - 1);
        let bin = |key: u128| ((key_time(key) >> down) as usize & mask) % BINS;
        let counts = &mut *self.counts;
        counts[..=mask].fill(0);
        for &key in &self.gathered {
            counts[bin(key)] += 1;
        }
        let (mut start, mut most) = (0, 0);
        for count in &mut counts[..=mask] {
            let keys = *count;
            *count = start;
            start += keys;
            most = most.max(keys);
        }
        if most > CROWDED {
            return false;
        }
        for &key in &self.gathered {
            let place = &mut counts[bin(key)];
            run[*place as usize] = key;
            *place += 1;
        }
        true
    }
}

/// Sorts keys that are nearly in order.
fn insertion_sort(keys: &mut [u128]) {
    for end in 1..keys.len() {
        let key = keys[end];
        let mut hole = end;
        while hole > 0 && keys[hole - 1] > key {
            keys[hole] = keys[hole - 1];
            hole -= 1;
        }
        if hole < end {
            keys[hole] = key;
        }
    }
}

impl PendingSet for Ladder {
    #[inline]
    fn push(&mut self, key: u128) {
        Self::push(self, key);
    }

    #[inline]
    fn pop(&mut self) -> Option<u128> {
        Self::pop(self)
    }

    fn len(&self) -> usize {
        Self::len(self)
    }

    #[inline]
    fn upcoming(&self) -> &[u128] {
        &self.run[self.cursor..self.run_end]
    }
}

// ---------------------------------------------------------------------------
// The heaps it is compared with.

/// A 4-ary heap whose groups of siblings are a cache line each.
#[derive(Default)]
pub struct FourAry {
    root: Option<u128>,
    /// The node at place `p`, which is `groups[p / 4].0[p % 4]`, has group `p + 1` for children.
    groups: Vec<Siblings>,
    /// Nodes in `groups`; the places after them hold `u128::MAX`.
    nodes: usize,
}

/// Four siblings of a [`FourAry`].
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Siblings([u128; 4]);

impl FourAry {
    /// An empty heap.
    pub fn new() -> Self {
        Self::default()
    }

    /// Moves `key` up from the vacant place `place`.
    #[inline]
    fn sift_up(&mut self, mut place: usize, key: u128, root: u128) {
        while place >= 4 {
            let parent = place / 4 - 1;
            let above = self.groups[parent / 4].0[parent % 4];
            if above <= key {
                self.groups[place / 4].0[place % 4] = key;
                return;
            }
            self.groups[place / 4].0[place % 4] = above;
            place = parent;
        }
        self.groups[0].0[place] = root.max(key);
        self.root = Some(root.min(key));
    }

    /// Moves `key` down from the vacant root.
    #[inline]
    fn sift_down(&mut self, key: u128) {
        let (mut vacant, mut group) = (None, 0);
        while let Some(siblings) = self.groups.get(group) {
            let (lane, least) = siblings.least();
            if least >= key {
                break;
            }
            self.fill(vacant, least);
            let place = 4 * group + lane;
            vacant = Some(place);
            group = place + 1;
        }
        self.fill(vacant, key);
    }

    /// Writes `key` at `place`, where `None` is the root.
    #[inline]
    fn fill(&mut self, place: Option<usize>, key: u128) {
        match place {
            Some(place) => self.groups[place / 4].0[place % 4] = key,
            None => self.root = Some(key),
        }
    }

    /// Removes the last node.
    #[inline]
    fn take_last(&mut self) -> Option<u128> {
        self.nodes = self.nodes.checked_sub(1)?;
        let lane = self.nodes % 4;
        let last = std::mem::replace(&mut self.groups[self.nodes / 4].0[lane], u128::MAX);
        if lane == 0 {
            self.groups.pop();
        }
        Some(last)
    }
}

impl Siblings {
    /// The least key and its lane.
    #[inline]
    fn least(&self) -> (usize, u128) {
        let [a, b, c, d] = self.0;
        let low = if b < a { (1, b) } else { (0, a) };
        let high = if d < c { (3, d) } else { (2, c) };
        if high.1 < low.1 { high } else { low }
    }
}

impl PendingSet for FourAry {
    #[inline]
    fn push(&mut self, key: u128) {
        let Some(root) = self.root else {
            self.root = Some(key);
            return;
        };
        if self.nodes.is_multiple_of(4) {
            self.groups.push(Siblings([u128::MAX; 4]));
        }
        self.nodes += 1;
        self.sift_up(self.nodes - 1, key, root);
    }

    #[inline]
    fn pop(&mut self) -> Option<u128> {
        let least = self.root?;
        match self.take_last() {
            Some(last) => self.sift_down(last),
            None => self.root = None,
        }
        Some(least)
    }

    fn len(&self) -> usize {
        self.nodes + usize::from(self.root.is_some())
    }
}

impl PendingSet for BinaryHeap<Reverse<u128>> {
    #[inline]
    fn push(&mut self, key: u128) {
        Self::push(self, Reverse(key));
    }

    #[inline]
    fn pop(&mut self) -> Option<u128> {
        Self::pop(self).map(|Reverse(key)| key)
    }

    fn len(&self) -> usize {
        Self::len(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers for the tests.
    struct Draws(u64);

    impl Draws {
        fn next(&mut self) -> u64 {
            self.0 = self.0.wrapping_add(GOLDEN_GAMMA);
            mix(self.0)
        }

        fn below(&mut self, bound: u64) -> u64 {
            self.next() % bound
        }
    }

    type Delay = fn(&mut Draws, u64) -> u64;

    fn uniform(draws: &mut Draws, _round: u64) -> u64 {
        draws.below(2_000_000)
    }

    fn tiny(draws: &mut Draws, _round: u64) -> u64 {
        draws.below(50)
    }

    fn bimodal(draws: &mut Draws, _round: u64) -> u64 {
        let scale = [100, 100, 100, 1_000_000, 10_000_000_000];
        let range = scale[draws.below(5) as usize];
        draws.below(range)
    }

    /// Quiet stretches, then many keys at very nearly the same time.
    fn bursty(draws: &mut Draws, round: u64) -> u64 {
        if (round / 500).is_multiple_of(2) { 5_000_000 + draws.below(8) } else { draws.below(100_000_000) }
    }

    fn equal(_draws: &mut Draws, _round: u64) -> u64 {
        0
    }

    fn few_values(draws: &mut Draws, _round: u64) -> u64 {
        1_000_000 * draws.below(3)
    }

    const DELAYS_TRIED: [Delay; 6] = [uniform, tiny, bimodal, bursty, equal, few_values];

    /// Drives `queue` and a reference heap through growth, holds, random mixtures and draining.
    fn agrees_with_heap(mut queue: impl PendingSet, delay: Delay, start: u64, size: u64) {
        let mut heap: BinaryHeap<Reverse<u128>> = BinaryHeap::new();
        let mut draws = Draws(size);
        let (mut now, mut sequence) = (start, 0);
        for phase in 0..5 {
            for round in 0..4 * size {
                let pushes = match phase {
                    0 => 1,
                    1 | 3 => draws.below(3),
                    _ => u64::from(round % 8 != 0),
                };
                for _ in 0..pushes {
                    let key = pack_key(now + delay(&mut draws, round), sequence, 7);
                    sequence += 1;
                    queue.push(key);
                    PendingSet::push(&mut heap, key);
                }
                if phase > 0 {
                    let key = PendingSet::pop(&mut heap);
                    assert_eq!(queue.pop(), key);
                    now = key.map_or(now, key_time);
                }
                assert_eq!(queue.len(), heap.len());
            }
        }
        while let Some(key) = PendingSet::pop(&mut heap) {
            assert_eq!(queue.pop(), Some(key));
        }
        assert_eq!(queue.pop(), None);
        assert!(queue.is_empty());
    }

    #[test]
    fn ladder_is_exact() {
        for delay in DELAYS_TRIED {
            for size in [1, 10, 300, 5_000] {
                for mean in [0, 1_000, 1_000_000, u64::MAX] {
                    agrees_with_heap(Ladder::new(mean), delay, 0, size);
                    agrees_with_heap(Ladder::new(mean), delay, 1 << 62, size);
                }
            }
        }
    }

    #[test]
    fn four_ary_is_exact() {
        for delay in DELAYS_TRIED {
            for size in [1, 10, 300, 5_000] {
                agrees_with_heap(FourAry::new(), delay, 0, size);
            }
        }
    }

    #[test]
    fn ladder_takes_keys_before_the_last_popped() {
        let mut ladder = Ladder::new(1_000);
        let mut draws = Draws(1);
        let mut heap: BinaryHeap<Reverse<u128>> = BinaryHeap::new();
        for sequence in 0..200_000 {
            let key = pack_key(draws.below(1 << 40), sequence, 0);
            ladder.push(key);
            PendingSet::push(&mut heap, key);
            if sequence % 3 != 0 {
                assert_eq!(ladder.pop(), PendingSet::pop(&mut heap));
            }
        }
    }

    #[test]
    fn ladder_takes_the_ends_of_time() {
        let mut ladder = Ladder::new(1);
        let keys = [0, 1, u64::MAX - 1, u64::MAX].map(|time| pack_key(time, 0, 0));
        keys.iter().rev().for_each(|&key| ladder.push(key));
        for key in keys {
            assert_eq!(ladder.pop(), Some(key));
        }
        assert_eq!(ladder.pop(), None);
    }

    #[test]
    fn runs_are_identical_over_all_queues() {
        for nodes in [1, 2, 100, 1_000, 20_000] {
            let ladder = PlainLoop::new(nodes, Ladder::new(MEAN_DELAY_NS)).run(300_000);
            let four_ary = PlainLoop::new(nodes, FourAry::new()).run(300_000);
            let binary = PlainLoop::new(nodes, BinaryHeap::new()).run(300_000);
            assert_eq!(ladder, binary);
            assert_eq!(four_ary, binary);
        }
    }

    #[test]
    fn runs_can_be_cut_anywhere() {
        let mut cut = PlainLoop::new(500, Ladder::new(MEAN_DELAY_NS));
        for events in [1, 31, 32, 33, 0, 7, 9_896] {
            cut.run(events);
        }
        let whole = PlainLoop::new(500, BinaryHeap::new()).run(10_000);
        assert_eq!(cut.hash(), whole);
    }

    #[test]
    fn steps_go_to_other_processes_at_the_mean_delay() {
        let table = exponential_table(1_000_000.0);
        let mean = table.iter().sum::<u64>() / DELAYS as u64;
        assert!((990_000..1_010_000).contains(&mean), "{mean}");
        let mut state = ProcessState::new(3, 1);
        let mut seen = [0; 8];
        for _ in 0..8_000 {
            let (destination, _) = step(&mut state, 8, &table);
            seen[destination as usize] += 1;
        }
        assert_eq!(seen[3], 0);
        assert!(seen.iter().filter(|&&count| count > 900).count() == 7);
        assert_eq!(state.handled(), 8_000);
    }
}
