//! The finger table: entry i is the first node at or after `me + 2^i`. Kept as runs, because neighbours are mostly equal.

use std::ops::Range;

use sim::address::Address;

/// Fingers 0 to b-1 of a node with b-bit ids, each a node or nothing yet.
///
/// Among N nodes only some log2 N fingers differ, so it holds runs of equal fingers: a few bytes instead of 160 entries.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Fingers {
    /// Each run's first index and what it holds, in order of index; the first run begins at 0, no two neighbours are
    /// equal.
    runs: Vec<(u8, Option<Address>)>,
}

impl Default for Fingers {
    fn default() -> Self {
        Self { runs: vec![(0, None)] }
    }
}

impl Fingers {
    /// Finger `index`.
    #[cfg(test)]
    fn get(&self, index: u32) -> Option<Address> {
        let run = self.runs.partition_point(|(first, _)| u32::from(*first) <= index) - 1;
        self.runs[run].1
    }

    /// Lets all fingers in the range point at a node, or at nothing.
    pub(crate) fn set(&mut self, range: Range<u32>, bits: u32, node: Option<Address>) {
        if range.is_empty() {
            return;
        }
        let start = self.runs.partition_point(|(first, _)| u32::from(*first) < range.start);
        let end = self.runs.partition_point(|(first, _)| u32::from(*first) <= range.end);
        let after = self.runs[end - 1].1;
        let rest = (range.end < bits).then_some((range.end as u8, after));
        let ends_at_rest = self.runs.get(end - 1).is_some_and(|(first, _)| u32::from(*first) == range.end);
        let cut = if ends_at_rest { end - 1 } else { end };
        let new = std::iter::once((range.start as u8, node)).chain(rest.filter(|_| !ends_at_rest));
        self.runs.splice(start..cut, new);
        self.runs.dedup_by(|next, kept| next.1 == kept.1);
    }

    /// Nothing points at this node any more.
    pub(crate) fn forget(&mut self, node: Address) {
        self.replace(node, None);
    }

    /// Whatever pointed at `node` points at `heir` now.
    pub(crate) fn replace(&mut self, node: Address, heir: Option<Address>) {
        for (_, held) in &mut self.runs {
            if *held == Some(node) {
                *held = heir;
            }
        }
        self.runs.dedup_by(|next, kept| next.1 == kept.1);
    }

    /// The fingers up to this index, from far to near, without repeats in a row.
    pub(crate) fn down_from(&self, index: u32) -> impl Iterator<Item = Address> {
        let end = self.runs.partition_point(|(first, _)| u32::from(*first) <= index);
        self.runs[..end].iter().rev().filter_map(|(_, node)| *node)
    }

    /// All fingers from near to far, without repeats in a row.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Address> {
        self.runs.iter().filter_map(|(_, node)| *node)
    }

    /// Bytes on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.runs.capacity() * size_of::<(u8, Option<Address>)>()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Runs behave as the plain array that they stand for.
        #[test]
        fn runs_agree_with_a_plain_array(
            changes in prop::collection::vec((0..=160u32, 0..=160u32, prop::option::of(0..5u32), any::<bool>()), 0..60),
        ) {
            const BITS: u32 = 160;
            let mut runs = Fingers::default();
            let mut array = [None; BITS as usize];
            for (from, to, node, forget) in changes {
                let node = node.map(Address);
                if let (Some(node), true) = (node, forget) {
                    runs.forget(node);
                    array.iter_mut().filter(|held| **held == Some(node)).for_each(|held| *held = None);
                } else {
                    runs.set(from..to, BITS, node);
                    array.iter_mut().take(to as usize).skip(from as usize).for_each(|held| *held = node);
                }
                prop_assert!((0..BITS).all(|index| runs.get(index) == array[index as usize]), "{:?}", runs);
                prop_assert!(runs.runs.windows(2).all(|pair| pair[0].1 != pair[1].1 && pair[0].0 < pair[1].0));
            }
        }
    }
}
