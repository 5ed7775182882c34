//! Keys: points on a circle of 2^b places, for every width b from 1 to 160 bits in one type.

use std::fmt;
use std::ops::{Add, BitXor, Sub};

use serde::{Serialize, Serializer};
use sha1::{Digest, Sha1};

/// A node's id or a datum's key.
///
/// It is left-aligned in a fixed array, so that a b-bit key is a fraction of the circle: adding, subtracting, xoring and
/// comparing need no mask and no width. Only names and numbers do (see [`Width`]).
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key([u64; LIMBS]);

/// How many bits ids and keys have in a scenario (`id_bits`): 1 to 160.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Width(u32);

impl Key {
    /// Zero, the same in every width.
    pub const ZERO: Self = Self([0; LIMBS]);

    /// Whether this key lies on the circle strictly after `from` and strictly before `to`; where the two are equal, that
    /// is everywhere but there (Stoica et al., ToN 2003, section IV-A).
    pub fn is_between(self, from: Self, to: Self) -> bool {
        let (here, end) = (self - from, to - from);
        here != Self::ZERO && (here < end || end == Self::ZERO)
    }

    /// Where it lies on the circle, as a share of once around: from 0 to 1.
    pub fn share(self) -> f64 {
        self.0[0] as f64 / 18_446_744_073_709_551_616.0
    }

    /// How many leading bits two keys have in common; 192 if they are equal.
    pub fn shared_bits(self, other: Self) -> u32 {
        (self ^ other).leading_zeros()
    }

    /// The bit at this place, counted from the left: the first decides on which half of the circle a key lies.
    ///
    /// # Panics
    /// If the place is 192 or beyond.
    pub fn bit(self, place: u32) -> bool {
        self.0[(place / u64::BITS) as usize] << (place % u64::BITS) >> (u64::BITS - 1) == 1
    }

    /// The first `bits` bits of this key; what follows is zero.
    #[must_use]
    pub fn prefix(self, bits: u32) -> Self {
        Self(std::array::from_fn(|limb| {
            let kept = bits.saturating_sub(limb as u32 * u64::BITS).min(u64::BITS);
            if kept == 0 { 0 } else { self.0[limb] & (u64::MAX << (u64::BITS - kept)) }
        }))
    }

    /// The last key that begins with the first `bits` bits of this one.
    #[must_use]
    pub fn last_of(self, bits: u32) -> Self {
        let rest = Self([u64::MAX; LIMBS]);
        self.prefix(bits) ^ rest ^ rest.prefix(bits)
    }

    /// The digit of `b` bits that begins at this place, counted from the left; what is beyond the key is zero.
    ///
    /// # Panics
    /// If `b` is not 1 to 32.
    pub fn digit(self, place: u32, b: u32) -> u32 {
        assert!((1..=32).contains(&b), "a digit has 1 to 32 bits");
        let (limb, offset) = ((place / u64::BITS) as usize, place % u64::BITS);
        let word = |limb: usize| u128::from(self.0.get(limb).copied().unwrap_or(0));
        let both = word(limb) << u64::BITS | word(limb + 1);
        (both << offset >> (u128::BITS - b)) as u32
    }

    /// The way to `other` around the circle, by the shorter side.
    #[must_use]
    pub fn ring_distance(self, other: Self) -> Self {
        (self - other).min(other - self)
    }

    /// How many of the leading bits are zero, of 192.
    fn leading_zeros(self) -> u32 {
        let limb = self.0.iter().position(|limb| *limb != 0).unwrap_or(LIMBS - 1);
        limb as u32 * u64::BITS + self.0[limb].leading_zeros()
    }

    /// Whether this key lies on the circle after `from` and not after `to`; where the two are equal, that is everywhere.
    pub fn is_after_until(self, from: Self, to: Self) -> bool {
        self == to || self.is_between(from, to)
    }
}

impl Add for Key {
    type Output = Self;

    /// Around the circle.
    fn add(self, other: Self) -> Self {
        let mut sum = [0; LIMBS];
        let mut carry = false;
        for limb in (0..LIMBS).rev() {
            let (partial, over) = self.0[limb].overflowing_add(other.0[limb]);
            let (total, over_again) = partial.overflowing_add(u64::from(carry));
            sum[limb] = total;
            carry = over || over_again;
        }
        Self(sum)
    }
}

impl Sub for Key {
    type Output = Self;

    /// The way from `other` to here, clockwise.
    fn sub(self, other: Self) -> Self {
        let mut difference = [0; LIMBS];
        let mut borrow = false;
        for limb in (0..LIMBS).rev() {
            let (partial, under) = self.0[limb].overflowing_sub(other.0[limb]);
            let (total, under_again) = partial.overflowing_sub(u64::from(borrow));
            difference[limb] = total;
            borrow = under || under_again;
        }
        Self(difference)
    }
}

impl BitXor for Key {
    type Output = Self;

    fn bitxor(self, other: Self) -> Self {
        Self(std::array::from_fn(|limb| self.0[limb] ^ other.0[limb]))
    }
}

impl fmt::Debug for Key {
    /// As a fraction of the circle in hexadecimal digits: the 16-bit key 59545 is `0.e899`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [high, middle, low] = self.0;
        let digits = format!("{high:016x}{middle:016x}{low:016x}");
        write!(f, "0.{:0<4}", digits.trim_end_matches('0'))
    }
}

impl Serialize for Key {
    /// As the hexadecimal digits of the fraction of the circle.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let [high, middle, low] = self.0;
        serializer.serialize_str(&format!("{high:016x}{middle:016x}{low:016x}"))
    }
}

impl Width {
    /// The widest there is: SHA-1 gives no more.
    pub const MAX: u32 = 160;

    /// This many bits, if that is 1 to 160.
    pub fn new(bits: u32) -> Option<Self> {
        (1..=Self::MAX).contains(&bits).then_some(Self(bits))
    }

    /// How many bits.
    pub fn bits(self) -> u32 {
        self.0
    }

    /// How many whole bytes hold an id.
    pub fn bytes(self) -> u32 {
        self.0.div_ceil(8)
    }

    /// The key `2^exponent`.
    ///
    /// # Panics
    /// If the exponent is not below the width.
    pub fn power(self, exponent: u32) -> Key {
        assert!(exponent < self.0, "2^{exponent} is no key of {} bits", self.0);
        let place = u64::BITS * LIMBS as u32 - self.0 + exponent;
        let mut limbs = [0; LIMBS];
        limbs[LIMBS - 1 - (place / u64::BITS) as usize] = 1 << (place % u64::BITS);
        Key(limbs)
    }

    /// The largest exponent whose power of two is not above the key; the width itself for zero, which as a distance means
    /// once around.
    pub fn log2(self, key: Key) -> u32 {
        if key == Key::ZERO { self.0 } else { self.0 - 1 - key.leading_zeros() }
    }

    /// The key of a name: its SHA-1 modulo `2^bits`.
    ///
    /// ```
    /// use protocols::key::Width;
    ///
    /// let width = Width::new(16).unwrap();
    /// assert_eq!(width.decimal(width.hash("node-42-0")), "38905");
    /// ```
    pub fn hash(self, name: &str) -> Key {
        let digest = Sha1::digest(name.as_bytes());
        let mut limbs = [0; LIMBS];
        for (place, byte) in digest.iter().rev().enumerate() {
            limbs[LIMBS - 1 - place / 8] |= u64::from(*byte) << (place % 8 * 8);
        }
        self.align(limbs)
    }

    /// A key from random words, uniform over the circle.
    pub fn random(self, mut word: impl FnMut() -> u64) -> Key {
        let mut limbs = [0; LIMBS];
        let used = self.0.div_ceil(u64::BITS) as usize;
        for limb in limbs.iter_mut().rev().take(used) {
            *limb = word();
        }
        self.align(limbs)
    }

    /// The key that this decimal number names, if it is below `2^bits`.
    pub fn parse(self, decimal: &str) -> Option<Key> {
        if decimal.is_empty() {
            return None;
        }
        let mut limbs = [0; LIMBS];
        for digit in decimal.bytes() {
            let mut carry = u128::from(char::from(digit).to_digit(10)?);
            for limb in limbs.iter_mut().rev() {
                let product = u128::from(*limb) * 10 + carry;
                *limb = product as u64;
                carry = product >> 64;
            }
            if carry > 0 {
                return None;
            }
        }
        let key = self.align(limbs);
        (self.number(key) == limbs).then_some(key)
    }

    /// The key of a number below `2^bits`.
    pub fn from_u64(self, number: u64) -> Option<Key> {
        let mut limbs = [0; LIMBS];
        limbs[LIMBS - 1] = number;
        let key = self.align(limbs);
        (self.number(key) == limbs).then_some(key)
    }

    /// The key of a number, modulo `2^bits`.
    pub fn modulo(self, number: u128) -> Key {
        let mut limbs = [0; LIMBS];
        limbs[LIMBS - 2] = (number >> u64::BITS) as u64;
        limbs[LIMBS - 1] = number as u64;
        self.align(limbs)
    }

    /// The way around the circle by this share of it, to the nearest key: 1 and any whole number lead back to zero, a
    /// share below zero leads the other way.
    ///
    /// ```
    /// use protocols::key::Width;
    ///
    /// let width = Width::new(16).unwrap();
    /// assert_eq!(width.decimal(width.share(0.25)), "16384");
    /// assert_eq!(width.decimal(width.share(-0.25)), "49152");
    /// ```
    ///
    /// # Panics
    /// If the share is not finite.
    pub fn share(self, share: f64) -> Key {
        assert!(share.is_finite(), "{share} is no share of a circle");
        let size = share.abs();
        // Each limb takes the next 64 bits: to scale by a power of two and to take the whole part away is exact.
        let mut rest = size - size.trunc();
        let limbs = std::array::from_fn(|_| {
            let scaled = rest * TWO_TO_THE_64;
            rest = scaled - scaled.trunc();
            scaled as u64
        });
        let half = Key(std::array::from_fn(|limb| {
            if limb == (self.0 / u64::BITS) as usize { 1 << (u64::BITS - 1) >> (self.0 % u64::BITS) } else { 0 }
        }));
        let way = (Key(limbs) + half).prefix(self.0);
        if share < 0.0 { Key::ZERO - way } else { way }
    }

    /// The key as a decimal number.
    pub fn decimal(self, key: Key) -> String {
        let mut limbs = self.number(key);
        let mut groups = Vec::new();
        while limbs != [0; LIMBS] {
            let mut rest = 0;
            for limb in &mut limbs {
                let part = rest << 64 | u128::from(*limb);
                *limb = (part / DECIMAL_GROUP) as u64;
                rest = part % DECIMAL_GROUP;
            }
            groups.push(rest as u64);
        }
        let Some(first) = groups.pop() else {
            return "0".to_owned();
        };
        let rest = groups.iter().rev().map(|group| format!("{group:019}"));
        std::iter::once(first.to_string()).chain(rest).collect()
    }

    /// A number, shifted to the left end; what is over the width falls off.
    fn align(self, limbs: [u64; LIMBS]) -> Key {
        let mut key = Key(limbs);
        let shift = u64::BITS * LIMBS as u32 - self.0;
        key.0.rotate_left((shift / u64::BITS) as usize);
        let kept = LIMBS - (shift / u64::BITS) as usize;
        key.0[kept..].fill(0);
        let bits = shift % u64::BITS;
        if bits > 0 {
            for limb in 0..LIMBS {
                let below = key.0.get(limb + 1).map_or(0, |next| next >> (u64::BITS - bits));
                key.0[limb] = key.0[limb] << bits | below;
            }
        }
        key
    }

    /// The number that was shifted to the left end.
    fn number(self, key: Key) -> [u64; LIMBS] {
        let shift = u64::BITS * LIMBS as u32 - self.0;
        let (whole, bits) = ((shift / u64::BITS) as usize, shift % u64::BITS);
        let moved = |limb: usize| if limb < whole { 0 } else { key.0[limb - whole] };
        std::array::from_fn(|limb| {
            let above = if limb == 0 || bits == 0 { 0 } else { moved(limb - 1) << (u64::BITS - bits) };
            moved(limb) >> bits | above
        })
    }
}

impl fmt::Display for Width {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

const LIMBS: usize = 3;
const TWO_TO_THE_64: f64 = 18_446_744_073_709_551_616.0;
const DECIMAL_GROUP: u128 = 10_000_000_000_000_000_000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn width(bits: u32) -> Width {
        Width::new(bits).expect("a test's width is legal")
    }

    fn key16(number: u64) -> Key {
        width(16).from_u64(number).expect("a test's key fits")
    }

    #[test]
    fn names_hash_to_the_ids_of_the_seed_document() {
        let mut ids: Vec<String> = (0..5).map(|i| width(16).decimal(width(16).hash(&format!("node-42-{i}")))).collect();
        ids.sort();
        assert_eq!(ids, ["17442", "20813", "26458", "38905", "47208"]);
    }

    #[test]
    fn the_widest_key_is_printed_whole() {
        let all_ones = width(160).random(|| u64::MAX);
        assert_eq!(width(160).decimal(all_ones), "1461501637330902918203684832716283019655932542975");
        assert_eq!(width(160).parse("1461501637330902918203684832716283019655932542976"), None);
        assert_eq!(width(16).parse("65536"), None);
        assert_eq!(width(16).parse("-1"), None);
        assert_eq!(width(16).parse(""), None);
    }

    #[test]
    fn a_key_is_shown_as_a_fraction_of_the_circle() {
        assert_eq!(format!("{:?} {:?}", key16(59_545), key16(0xe000)), "0.e899 0.e000");
        assert_eq!(format!("{:?}", width(64).from_u64(1).expect("it fits")), "0.0000000000000001");
    }

    #[test]
    fn between_wraps_and_a_ring_of_one_holds_all_others() {
        assert!(key16(5).is_between(key16(65_000), key16(10)));
        assert!(!key16(10).is_between(key16(65_000), key16(10)));
        assert!(key16(10).is_after_until(key16(65_000), key16(10)));
        assert!(key16(3).is_between(key16(7), key16(7)));
        assert!(!key16(7).is_between(key16(7), key16(7)));
        assert!(key16(7).is_after_until(key16(7), key16(7)));
    }

    #[test]
    fn shares_of_the_circle_are_rounded_to_the_nearest_key_and_wrap() {
        let of = |bits: u32, share: f64| width(bits).decimal(width(bits).share(share));
        assert_eq!(of(4, 0.5), "8");
        assert_eq!(of(4, -0.5), "8");
        assert_eq!(of(4, 2.25), "4");
        assert_eq!([of(4, 0.031), of(4, 0.032), of(4, -0.031), of(4, -0.032)], ["0", "1", "0", "15"]);
        assert_eq!([of(4, 0.99), of(4, 1.0), of(4, -1e-300)], ["0", "0", "0"]);
        assert_eq!(width(160).share(0.5), width(160).power(159));
        assert_eq!(width(160).share(1.0 / (1u64 << 63) as f64 / (1u64 << 63) as f64), width(160).power(34));
        assert_eq!(width(64).share(1.0 / TWO_TO_THE_64), width(64).power(0));
    }

    proptest! {
        #[test]
        fn decimals_go_there_and_back(bits in 1..=160u32, words: [u64; 3]) {
            let mut words = words.into_iter();
            let key = width(bits).random(|| words.next().unwrap_or(0));
            prop_assert_eq!(width(bits).parse(&width(bits).decimal(key)), Some(key));
        }

        #[test]
        fn a_number_modulo_the_circle_is_what_it_leaves(bits in 1..=127u32, number: u128) {
            let rest = number % (1 << bits);
            prop_assert_eq!(width(bits).decimal(width(bits).modulo(number)), rest.to_string());
        }

        #[test]
        fn small_widths_are_arithmetic_modulo_their_circle(bits in 1..=32u32, a: u32, b: u32) {
            let modulus = 1u64 << bits;
            let (a, b) = (u64::from(a) % modulus, u64::from(b) % modulus);
            let key = |number| width(bits).from_u64(number).expect("below the modulus");
            prop_assert_eq!(key(a) + key(b), key((a + b) % modulus));
            prop_assert_eq!(key(a) - key(b), key((modulus + a - b) % modulus));
            prop_assert_eq!(key(a) ^ key(b), key(a ^ b));
            prop_assert_eq!(key(a) < key(b), a < b);
        }

        #[test]
        fn digits_prefixes_and_shared_bits_are_those_of_the_number(bits in 1..=64u32, a: u64, b: u64, cut in 0..=64u32) {
            let (a, b) = (a >> (64 - bits), b >> (64 - bits));
            let key = |number| width(bits).from_u64(number).expect("it fits");
            let cut = cut.min(bits);
            let kept = if cut == 0 { 0 } else { a >> (bits - cut) << (bits - cut) };
            prop_assert_eq!(key(a).prefix(cut), key(kept));
            prop_assert!(key(a) <= key(a).last_of(cut) && key(a).last_of(cut).prefix(cut) == key(a).prefix(cut));
            prop_assert!(key(b) <= key(a).last_of(cut) || key(b).prefix(cut) > key(a).prefix(cut));
            prop_assert_eq!(key(a).shared_bits(key(b)) >= cut, key(a).prefix(cut) == key(b).prefix(cut));
            for place in 0..bits {
                prop_assert_eq!(key(a).bit(place), a >> (bits - 1 - place) & 1 == 1);
                let left_aligned = a << (64 - bits);
                prop_assert_eq!(key(a).digit(place, 4), (left_aligned << place >> 60) as u32);
            }
        }

        #[test]
        fn wide_digits_read_across_limbs(words: [u64; 3], place in 0..160u32, b in 1..=32u32) {
            let mut words = words.into_iter();
            let key = width(160).random(|| words.next().unwrap_or(0));
            let bits = (place..place + b).fold(0u64, |digit, at| digit << 1 | u64::from(at < 192 && key.bit(at)));
            prop_assert_eq!(u64::from(key.digit(place, b)), bits);
        }

        #[test]
        fn the_distance_on_the_ring_is_a_metric(a: u16, b: u16, c: u16) {
            let [a, b, c] = [a, b, c].map(|number| key16(number.into()));
            prop_assert_eq!(a.ring_distance(b), b.ring_distance(a));
            prop_assert_eq!(a.ring_distance(b) == Key::ZERO, a == b);
            prop_assert!(a.ring_distance(c) <= a.ring_distance(b) + b.ring_distance(c));
            prop_assert!(a.ring_distance(b) <= key16(0x8000));
        }

        #[test]
        fn the_xor_distance_is_a_metric_and_names_one_node_for_each_distance(a: u16, b: u16, c: u16) {
            let [a, b, c] = [a, b, c].map(|number| key16(number.into()));
            prop_assert_eq!(a ^ b, b ^ a);
            prop_assert_eq!(a ^ b == Key::ZERO, a == b);
            prop_assert_eq!((a ^ b) ^ (b ^ c), a ^ c);
            // The triangle: no distance is longer than the sum of two others, which may go beyond the circle.
            let number = |key: Key| width(16).decimal(key).parse::<u64>().expect("a number");
            prop_assert!(number(a ^ c) <= number(a ^ b) + number(b ^ c));
        }

        #[test]
        fn powers_are_powers(bits in 1..=160u32, exponent in 0..160u32) {
            prop_assume!(exponent < bits);
            let power = width(bits).power(exponent);
            prop_assert_eq!(width(bits).log2(power), exponent);
            let doubled = power + power;
            let next = if exponent + 1 < bits { width(bits).power(exponent + 1) } else { Key::ZERO };
            prop_assert_eq!(doubled, next);
        }

        #[test]
        fn every_other_key_is_either_between_or_beyond(a: u16, b: u16, c: u16) {
            let (a, b, c) = (key16(a.into()), key16(b.into()), key16(c.into()));
            if a != b && b != c && a != c {
                prop_assert!(b.is_between(a, c) != b.is_between(c, a));
            }
        }
    }
}
