//! A heap of keys with four children a node: half the levels of a binary heap, and siblings on one cache line.

/// Smallest key first. Keys are unique, so that the order of what comes out is a law and not a habit of the heap.
#[derive(Debug, Default)]
pub(super) struct Heap {
    keys: Vec<u128>,
}

impl Heap {
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    pub(super) fn peek(&self) -> Option<u128> {
        self.keys.first().copied()
    }

    pub(super) fn push(&mut self, key: u128) {
        self.keys.push(key);
        let mut hole = self.keys.len() - 1;
        while hole > 0 {
            let parent = (hole - 1) / CHILDREN;
            if self.keys[parent] <= key {
                break;
            }
            self.keys[hole] = self.keys[parent];
            hole = parent;
        }
        self.keys[hole] = key;
    }

    pub(super) fn pop(&mut self) -> Option<u128> {
        let last = self.keys.pop()?;
        let Some(first) = self.keys.first_mut() else {
            return Some(last);
        };
        let smallest = std::mem::replace(first, last);
        self.sink(last);
        Some(smallest)
    }

    /// Moves the key at the root down to where it belongs.
    fn sink(&mut self, key: u128) {
        let keys = &mut self.keys[..];
        let mut hole = 0;
        loop {
            let first = hole * CHILDREN + 1;
            let end = keys.len().min(first + CHILDREN);
            let Some((child, smallest)) = (first..end).map(|at| (at, keys[at])).min_by_key(|(_, key)| *key) else {
                break;
            };
            if key <= smallest {
                break;
            }
            keys[hole] = smallest;
            hole = child;
        }
        keys[hole] = key;
    }
}

const CHILDREN: usize = 4;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn keys_come_out_in_order(mut keys in prop::collection::vec(any::<u128>(), 0..300)) {
            let mut heap = Heap::default();
            for key in &keys {
                heap.push(*key);
            }
            keys.sort_unstable();
            prop_assert_eq!(heap.peek(), keys.first().copied());
            let out: Vec<u128> = std::iter::from_fn(|| heap.pop()).collect();
            prop_assert_eq!(out, keys);
        }
    }
}
