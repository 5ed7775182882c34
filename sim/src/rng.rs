//! Chance: ChaCha8 streams, one per purpose and entity, so that a draw more in one place moves nothing in another.
//!
//! Two kinds of chance are drawn from the scenario's seed (law DET-3):
//!
//! - a [`Stream`] is a sequence: draw, draw, draw. Each purpose and entity opens its own.
//! - a [`LinkChance`] is a *function* of seed, directed link and time slot. It does not depend on how many packets went
//!   before, so that two protocols that send different numbers of messages meet the same weather.
//!
//! The samplers that turn words into distributions are in [`crate::sampler`].

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::address::Address;
use crate::time::{SimTime, Span};

/// A source of random 64-bit words: what every sampler draws from.
pub trait Words {
    /// The next word, uniform over all 2^64.
    fn word(&mut self) -> u64;
}

/// What a stream is for. Streams of different purposes never share a draw.
///
/// The engine knows the first few; users of the engine number their own from [`StreamPurpose::FIRST_FREE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamPurpose(pub u64);

impl StreamPurpose {
    /// What a node draws for itself; the entity is its address and incarnation.
    pub const NODE: Self = Self(1);
    /// Jitter and loss of directed links by time slot.
    pub const WEATHER: Self = Self(2);
    /// Delays that belong to a directed pair of nodes for the whole run.
    pub const PAIR: Self = Self(3);
    /// How the jitter of a directed pair of hosts wanders.
    pub const JITTER: Self = Self(4);
    /// The same, of the copies of packets.
    pub const COPY_JITTER: Self = Self(5);
    /// Good and bad times of links.
    pub const LOSS: Self = Self(6);
    /// Where hosts stand in a plane.
    pub const PLANE: Self = Self(7);
    /// The first number that is free for users of the engine.
    pub const FIRST_FREE: u64 = 16;
}

/// A sequence of random words that belongs to one purpose and one entity.
///
/// It is a ChaCha8 generator whose key is (seed, purpose) and whose stream number is the entity. Opening one costs some
/// 300 bytes and a fraction of a microsecond, a draw a few nanoseconds.
///
/// ```
/// use sim::rng::{Stream, StreamPurpose, Words};
///
/// let mut one = Stream::open(7, StreamPurpose::NODE, 1);
/// let mut other = Stream::open(7, StreamPurpose::NODE, 2);
/// assert_ne!(one.word(), other.word());
/// ```
#[derive(Clone, Debug)]
pub struct Stream(ChaCha8Rng);

impl Stream {
    /// The stream of this seed, purpose and entity, at its beginning.
    pub fn open(seed: u64, purpose: StreamPurpose, entity: u64) -> Self {
        let mut rng = keyed(seed, purpose);
        rng.set_stream(entity);
        Self(rng)
    }
}

impl Words for Stream {
    fn word(&mut self) -> u64 {
        self.0.next_u64()
    }
}

/// Draws as a function of seed, directed link and place: the same question always gets the same answer.
#[derive(Clone, Debug)]
pub struct LinkField(ChaCha8Rng);

impl LinkField {
    /// The field of this seed and purpose.
    pub fn new(seed: u64, purpose: StreamPurpose) -> Self {
        Self(keyed(seed, purpose))
    }

    /// The eight words of one block: ChaCha8 with the directed link as stream number and `place` as block counter.
    pub fn block(&self, from: Address, to: Address, place: u64) -> [u64; 8] {
        let mut rng = self.0.clone();
        rng.set_stream(u64::from(from.0) << 32 | u64::from(to.0));
        rng.set_word_pos(u128::from(place) * 16);
        std::array::from_fn(|_| rng.next_u64())
    }
}

/// The chance that one packet meets: a function of seed, directed link and the time slot in which it is sent.
///
/// A slot is [`SLOT`] long: packets that leave on one link within one slot share their fate. Each [`Draw`] has a word of
/// its own, so that a model more moves no draw of another. Nothing is computed before the first draw.
#[derive(Debug)]
pub struct LinkChance<'a> {
    field: &'a LinkField,
    from: Address,
    to: Address,
    now: SimTime,
    block: Option<[u64; 8]>,
}

impl<'a> LinkChance<'a> {
    /// The chance of a packet that leaves `from` for `to` at `now`.
    pub fn new(field: &'a LinkField, from: Address, to: Address, now: SimTime) -> Self {
        Self { field, from, to, now, block: None }
    }

    /// The chance of the same link at another time.
    #[must_use]
    pub fn at(&self, now: SimTime) -> Self {
        Self { now, block: None, ..*self }
    }

    /// The word of this draw; asking twice gives the same.
    pub fn word(&mut self, draw: Draw) -> u64 {
        let block = self
            .block
            .get_or_insert_with(|| self.field.block(self.from, self.to, self.now.as_nanos() / SLOT.as_nanos()));
        block[draw as usize]
    }
}

/// What a packet may have to draw, each from a word of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Draw {
    /// Whether the network loses it.
    Loss,
    /// How long it travels.
    Delay,
    /// Whether it arrives twice.
    Duplicate,
    /// How long its copy travels.
    CopyDelay,
    /// Whether a fault loses it.
    FaultLoss,
    /// By what its delay is multiplied.
    Jitter,
    /// By what the delay of its copy is multiplied.
    CopyJitter,
    /// How long its receiver is busy with it; of the slot in which it arrives.
    Service,
}

/// How long the weather of a link stands still: packets on one directed link within one slot share their fate.
pub const SLOT: Span = Span::from_millis(1);

/// One word, as a source of words for a sampler that needs just one.
#[derive(Clone, Copy, Debug)]
pub struct OneWord(pub u64);

impl Words for OneWord {
    fn word(&mut self) -> u64 {
        self.0
    }
}

fn keyed(seed: u64, purpose: StreamPurpose) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(&purpose.0.to_le_bytes());
    key[16..].copy_from_slice(b"dhtsim streams 1");
    ChaCha8Rng::from_seed(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Address = Address(1);
    const B: Address = Address(2);

    #[test]
    fn a_draw_more_in_one_stream_changes_no_other() {
        let first = |extra: usize| {
            let mut one = Stream::open(1, StreamPurpose::NODE, 1);
            let mut two = Stream::open(1, StreamPurpose::NODE, 2);
            for _ in 0..extra {
                one.word();
            }
            two.word()
        };
        assert_eq!(first(0), first(1));
        assert_eq!(first(0), first(1000));
    }

    #[test]
    fn streams_have_known_answers() {
        let mut stream = Stream::open(1, StreamPurpose::NODE, 2);
        let words: [u64; 3] = std::array::from_fn(|_| stream.word());
        assert_eq!(words, KNOWN_STREAM);
        let field = LinkField::new(1, StreamPurpose::WEATHER);
        assert_eq!(field.block(A, B, 3)[..3], KNOWN_FIELD);
    }

    #[test]
    fn weather_is_a_function_of_seed_link_and_slot() {
        let field = LinkField::new(9, StreamPurpose::WEATHER);
        let at = |from, to, nanos| LinkChance::new(&field, from, to, SimTime::from_nanos(nanos)).word(Draw::Loss);
        assert_eq!(at(A, B, 0), at(A, B, 999_999), "one slot, one fate");
        assert_ne!(at(A, B, 0), at(A, B, 1_000_000), "the next slot is another");
        assert_ne!(at(A, B, 0), at(B, A, 0), "each direction is on its own");
    }

    #[test]
    fn each_draw_of_a_packet_has_its_own_word() {
        let field = LinkField::new(9, StreamPurpose::WEATHER);
        let mut one = LinkChance::new(&field, A, B, SimTime::ZERO);
        let mut other = LinkChance::new(&field, A, B, SimTime::ZERO);
        let delay = one.word(Draw::Delay);
        other.word(Draw::Loss);
        assert_eq!(delay, other.word(Draw::Delay));
        assert_ne!(delay, other.word(Draw::Loss));
    }

    /// From an independent ChaCha8: key (1, 1, "dhtsim streams 1"), nonce 2, block 0.
    const KNOWN_STREAM: [u64; 3] = [15_822_096_886_016_825_225, 1_705_617_152_847_846_578, 14_235_440_151_594_963_801];
    /// Likewise: key (1, 2, …), nonce 1 << 32 | 2, block 3.
    const KNOWN_FIELD: [u64; 3] = [14_956_825_748_545_131_398, 15_299_393_609_663_227_441, 9_928_443_848_199_221_780];
}
