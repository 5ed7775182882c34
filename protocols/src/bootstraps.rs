//! Whom a node was told to ask on its way into the overlay.

use sim::address::Address;

/// Nodes to ask, the next one first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Bootstraps(Vec<Address>);

impl Bootstraps {
    /// The next to ask.
    pub(crate) fn first(&self) -> Option<Address> {
        self.0.first().copied()
    }

    /// The first has had its turn: it comes again after all others.
    pub(crate) fn turn(&mut self) {
        if !self.0.is_empty() {
            self.0.rotate_left(1);
        }
    }

    /// Takes new ones, the best first, and asks them before the others. Where the first is being asked just now, it keeps
    /// its place until it has had its turn. Of the older ones not more than so many are kept.
    pub(crate) fn prefer(&mut self, new: Vec<Address>, first_is_asked: bool) {
        let asked = self.first().filter(|_| first_is_asked);
        let most = (new.len() + 1).max(KEPT);
        let old = std::mem::take(&mut self.0);
        for node in asked.into_iter().chain(new).chain(old) {
            if self.0.len() < most && !self.0.contains(&node) {
                self.0.push(node);
            }
        }
    }

    /// Whether the node was told of nobody.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Address> {
        self.0.iter().copied()
    }

    /// Bytes on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.0.capacity() * size_of::<Address>()
    }
}

impl FromIterator<Address> for Bootstraps {
    fn from_iter<I: IntoIterator<Item = Address>>(nodes: I) -> Self {
        Self(nodes.into_iter().collect())
    }
}

impl From<Vec<Address>> for Bootstraps {
    fn from(nodes: Vec<Address>) -> Self {
        Self(nodes)
    }
}

/// How many are kept of a node that is told of ever others (arbitrary).
const KEPT: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes(numbers: &[u32]) -> Vec<Address> {
        numbers.iter().copied().map(Address).collect()
    }

    #[test]
    fn each_has_its_turn() {
        let mut bootstraps = Bootstraps::from(nodes(&[1, 2]));
        let turns = [1, 2, 1].map(|_| {
            let first = bootstraps.first();
            bootstraps.turn();
            first.expect("somebody").0
        });
        assert_eq!(turns, [1, 2, 1]);
        Bootstraps::default().turn();
    }

    #[test]
    fn new_ones_come_first_and_whoever_is_being_asked_last() {
        let preferred = |first_is_asked| {
            let mut bootstraps = Bootstraps::from(nodes(&[1, 2, 3]));
            bootstraps.prefer(nodes(&[4, 3, 4]), first_is_asked);
            if first_is_asked {
                bootstraps.turn();
            }
            bootstraps
        };
        assert_eq!(preferred(false), nodes(&[4, 3, 1, 2]).into());
        assert_eq!(preferred(true), nodes(&[4, 3, 2, 1]).into());
    }

    #[test]
    fn they_do_not_grow_without_end_and_no_new_one_is_lost() {
        let mut bootstraps = Bootstraps::default();
        for node in 0..100 {
            bootstraps.prefer(nodes(&[node]), node % 2 == 0);
        }
        assert_eq!(bootstraps.iter().count(), KEPT);
        let many: Vec<Address> = (0..100).map(Address).collect();
        bootstraps.prefer(many.clone(), false);
        assert!(many.into_iter().eq(bootstraps.iter().take(100)));
    }
}
