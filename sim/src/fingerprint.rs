//! The fingerprint of a run: one number over every fact, in order. Equal runs have equal fingerprints (law DET-6).

use std::fmt;
use std::hash::{Hash, Hasher};

use crate::protocol::Protocol;
use crate::record::{Fact, Recorder};
use crate::time::SimTime;

/// A recorder that folds every fact, whole, into 64 bits; and leaves a trail, so that two runs that differ can be told
/// where.
///
/// The fold is our own and a part of the format: a fingerprint means the same on every machine, whatever the width of
/// its words or their byte order.
#[derive(Clone, Debug, Default)]
pub struct Fingerprint {
    fold: Fold,
    trail: Trail,
}

impl Fingerprint {
    /// The number over all facts so far.
    pub fn value(&self) -> FingerprintValue {
        FingerprintValue(self.fold.finish())
    }

    /// Where the fold stood along the way.
    pub fn trail(&self) -> &Trail {
        &self.trail
    }
}

impl<P: Protocol> Recorder<P> for Fingerprint {
    fn record(&mut self, now: SimTime, fact: &Fact<'_, P>) {
        self.fold.write_u64(now.as_nanos());
        fold_fact(fact, &mut self.fold);
        self.trail.step(now, self.fold);
    }
}

/// A fingerprint; printed as sixteen hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FingerprintValue(pub u64);

impl fmt::Display for FingerprintValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Where the fold stood after every so many facts: a few thousand marks at most, however long the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trail {
    facts: u64,
    every: u64,
    marks: Vec<Mark>,
}

/// The fold after so many facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// How many facts it covers.
    pub facts: u64,
    /// When the last of them happened.
    pub at: SimTime,
    /// The fingerprint of all of them.
    pub value: FingerprintValue,
}

impl Default for Trail {
    fn default() -> Self {
        Self { facts: 0, every: 1, marks: Vec::new() }
    }
}

impl Trail {
    /// How many facts there were.
    pub fn facts(&self) -> u64 {
        self.facts
    }

    /// The marks, in order.
    pub fn marks(&self) -> &[Mark] {
        &self.marks
    }

    fn step(&mut self, at: SimTime, fold: Fold) {
        self.facts += 1;
        if !self.facts.is_multiple_of(self.every) {
            return;
        }
        self.marks.push(Mark { facts: self.facts, at, value: FingerprintValue(fold.finish()) });
        if self.marks.len() == MARKS_MAX {
            self.every *= 2;
            let every = self.every;
            self.marks.retain(|mark| mark.facts.is_multiple_of(every));
        }
    }
}

/// A hasher whose result depends on the values written and on nothing else: no word width, no byte order, no seed.
///
/// It multiplies and folds 64 by 64 bits as wyhash does; good against accident, not against malice.
#[derive(Clone, Copy, Debug)]
struct Fold(u64);

impl Default for Fold {
    fn default() -> Self {
        Self(0x2545_F491_4F6C_DD1D)
    }
}

impl Hasher for Fold {
    fn finish(&self) -> u64 {
        multiply_fold(self.0, 0xD6E8_FEB8_6659_FD93)
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
        self.write_u64(bytes.len() as u64);
    }

    fn write_u8(&mut self, value: u8) {
        self.write_u64(u64::from(value));
    }

    fn write_u16(&mut self, value: u16) {
        self.write_u64(u64::from(value));
    }

    fn write_u32(&mut self, value: u32) {
        self.write_u64(u64::from(value));
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = multiply_fold(self.0 ^ value, 0x9E37_79B9_7F4A_7C15).wrapping_add(value.rotate_left(29));
    }

    fn write_u128(&mut self, value: u128) {
        self.write_u64(value as u64);
        self.write_u64((value >> 64) as u64);
    }

    fn write_usize(&mut self, value: usize) {
        self.write_u64(value as u64);
    }

    fn write_i8(&mut self, value: i8) {
        self.write_i64(i64::from(value));
    }

    fn write_i16(&mut self, value: i16) {
        self.write_i64(i64::from(value));
    }

    fn write_i32(&mut self, value: i32) {
        self.write_i64(i64::from(value));
    }

    fn write_i64(&mut self, value: i64) {
        self.write_u64(value as u64);
    }

    fn write_i128(&mut self, value: i128) {
        self.write_u128(value as u128);
    }

    fn write_isize(&mut self, value: isize) {
        self.write_i64(value as i64);
    }
}

/// The 128-bit product, its halves folded upon each other. The sum keeps a zero from swallowing what came before.
fn multiply_fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64 ^ (product >> 64) as u64).wrapping_add(a)
}

fn fold_fact<P: Protocol>(fact: &Fact<'_, P>, fold: &mut Fold) {
    match fact {
        Fact::Started { node, incarnation } => (1u8, node, incarnation).hash(fold),
        Fact::Stopped { node, how } => (2u8, node, how).hash(fold),
        Fact::Paused { node } => (3u8, node).hash(fold),
        Fact::Resumed { node } => (4u8, node).hash(fold),
        Fact::World { what } => (5u8, what).hash(fold),
        Fact::Asked { node, request, cause } => (6u8, node, request, cause).hash(fold),
        Fact::Sent { from, to, message, cause, bytes } => (7u8, from, to, message, cause, bytes).hash(fold),
        Fact::Delivered { from, to, message, cause } => (8u8, from, to, message, cause).hash(fold),
        Fact::Dropped { from, to, message, cause, why } => (9u8, from, to, message, cause, why).hash(fold),
        Fact::Fired { node, timer, cause } => (10u8, node, timer, cause).hash(fold),
        Fact::Reported { node, report, cause } => (11u8, node, report, cause).hash(fold),
    }
}

const MARKS_MAX: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_values_matter() {
        let fold = |words: &[u64]| {
            let mut fold = Fold::default();
            for word in words {
                fold.write_u64(*word);
            }
            fold.finish()
        };
        assert_ne!(fold(&[1, 2]), fold(&[2, 1]));
        assert_ne!(fold(&[0]), fold(&[0, 0]));
        assert_ne!(fold(&[]), fold(&[0]));
    }

    #[test]
    fn the_fold_has_a_known_answer() {
        let mut fold = Fold::default();
        (7u8, "text", [1u32, 2], Some(3i64)).hash(&mut fold);
        assert_eq!(FingerprintValue(fold.finish()).to_string(), "4c9a0ada332bfeb1");
    }

    #[test]
    fn a_trail_stays_short_and_begins_at_the_beginning() {
        let mut trail = Trail::default();
        for nanos in 0..100_000 {
            trail.step(SimTime::from_nanos(nanos), Fold(nanos));
        }
        assert!(trail.marks().len() < MARKS_MAX);
        let every = trail.every;
        assert!(trail.marks().iter().zip(1..).all(|(mark, count)| mark.facts == count * every));
    }
}
