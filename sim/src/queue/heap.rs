//! A heap of keys with four children a node: half the levels of a binary heap, and siblings on one cache line.

use std::ops::Range;

/// Smallest key first. Keys are unique, so that the order of what comes out is a law and not a habit of the heap.
///
/// A key taken out leaves the root vacant. Most events schedule another at once, whose key then sinks from the root: one
/// walk through the heap in place of two.
#[derive(Debug, Default)]
pub(super) struct Heap {
    /// Nothing if the root is vacant.
    root: Option<u128>,
    /// Key `i` below the root lies at `families[i / 4].0[i % 4]`, and its children are `families[i + 1]`.
    families: Vec<Siblings>,
    /// How many keys there are below the root. The places after them hold [`NO_KEY`].
    below: usize,
    /// Keys that have lately risen to the fourth level, and so are likely to come out soon.
    risen: Vec<u128>,
}

/// Four keys of one parent, on a cache line.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Siblings([u128; CHILDREN]);

impl Heap {
    pub(super) fn len(&self) -> usize {
        self.below + usize::from(self.root.is_some())
    }

    /// The smallest key. A vacant root is filled, which takes the time that taking the key out has saved.
    #[inline]
    pub(super) fn peek(&mut self) -> Option<u128> {
        if self.root.is_none() {
            let last = self.take_last()?;
            self.sink(last);
        }
        self.root
    }

    /// Takes out the key that was last seen by [`Heap::peek`].
    #[inline]
    pub(super) fn pop(&mut self) -> Option<u128> {
        self.peek()?;
        self.root.take()
    }

    /// Keys that are likely to come out soon; whoever reads them clears them.
    #[inline]
    pub(super) fn risen(&mut self) -> &mut Vec<u128> {
        &mut self.risen
    }

    #[inline]
    pub(super) fn push(&mut self, key: u128) {
        debug_assert!(key < NO_KEY, "the greatest number stands for no key");
        match self.root {
            None => self.sink(key),
            Some(root) => self.rise(key, root),
        }
    }

    /// Moves a key up from a new place at the end to where it belongs.
    fn rise(&mut self, key: u128, root: u128) {
        if self.below.is_multiple_of(CHILDREN) {
            self.families.push(Siblings([NO_KEY; CHILDREN]));
        }
        let mut place = self.below;
        self.below += 1;
        while place >= CHILDREN {
            let parent = place / CHILDREN - 1;
            let above = *self.place(parent);
            if above < key {
                break;
            }
            *self.place(place) = above;
            place = parent;
        }
        if place < CHILDREN && key < root {
            *self.place(place) = root;
            self.root = Some(key);
        } else {
            *self.place(place) = key;
        }
    }

    /// Moves a key down from the vacant root to where it belongs.
    #[inline]
    fn sink(&mut self, key: u128) {
        let Some(first) = self.families.first_mut() else {
            self.root = Some(key);
            return;
        };
        let (mut which, smallest) = first.smallest();
        if key < smallest {
            self.root = Some(key);
            return;
        }
        self.root = Some(smallest);
        let mut family = 0;
        loop {
            let below = family * CHILDREN + which + 1;
            let Some((next, smallest)) = self.families.get(below).map(Siblings::smallest) else {
                break;
            };
            if key < smallest {
                break;
            }
            self.families[family].0[which] = smallest;
            if FOURTH_LEVEL.contains(&family) {
                self.risen.push(smallest);
            }
            (family, which) = (below, next);
        }
        self.families[family].0[which] = key;
    }

    fn take_last(&mut self) -> Option<u128> {
        self.below = self.below.checked_sub(1)?;
        let last = std::mem::replace(self.place(self.below), NO_KEY);
        if self.below.is_multiple_of(CHILDREN) {
            self.families.pop();
        }
        Some(last)
    }

    #[inline]
    fn place(&mut self, place: usize) -> &mut u128 {
        &mut self.families[place / CHILDREN].0[place % CHILDREN]
    }
}

impl Siblings {
    /// The smallest of the four and which it is; as a match of two pairs, whose halves do not wait for each other.
    #[inline]
    fn smallest(&self) -> (usize, u128) {
        let [a, b, c, d] = self.0;
        let one = if b < a { (1, b) } else { (0, a) };
        let other = if d < c { (3, d) } else { (2, c) };
        if other.1 < one.1 { other } else { one }
    }
}

const CHILDREN: usize = 4;
/// The families of the fourth level below the root, 256 keys.
const FOURTH_LEVEL: Range<usize> = 21..85;
const NO_KEY: u128 = u128::MAX;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn keys_come_out_in_order(mut keys in prop::collection::btree_set(any::<u128>(), 0..300)) {
            let mut heap = Heap::default();
            keys.remove(&NO_KEY);
            for key in &keys {
                heap.push(*key);
            }
            prop_assert_eq!(heap.peek(), keys.first().copied());
            let out: Vec<u128> = std::iter::from_fn(|| heap.pop()).collect();
            prop_assert_eq!(out, Vec::from_iter(keys));
        }

        #[test]
        fn keys_may_come_and_go_in_any_order(steps in prop::collection::vec((any::<u64>(), 0..3u8), 0..600)) {
            let mut heap = Heap::default();
            let mut keys = std::collections::BTreeSet::new();
            for (number, (time, kind)) in (0..).zip(steps) {
                match kind {
                    0 => prop_assert_eq!(heap.pop(), keys.pop_first()),
                    1 => prop_assert_eq!(heap.peek(), keys.first().copied()),
                    _ => {
                        let key = u128::from(time) << 32 | number;
                        heap.push(key);
                        keys.insert(key);
                    }
                }
                prop_assert_eq!(heap.len(), keys.len());
            }
        }
    }
}
