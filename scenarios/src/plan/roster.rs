//! Who is up, as far as the plan knows: what random choices choose from.

use std::collections::BTreeSet;

use sim::address::Address;
use sim::rng::Words;
use sim::sampler;

use super::Deed;

/// A set of nodes that can be drawn from in constant time. Its order follows from what happened to it, and from nothing
/// else.
#[derive(Clone, Debug, Default)]
pub(crate) struct Roster {
    list: Vec<Address>,
    place: Vec<Option<u32>>,
}

impl Roster {
    /// Follows what a line of the plan does to it.
    pub(crate) fn note(&mut self, deed: &Deed) {
        match deed {
            Deed::Join { node, .. } | Deed::Restart { node, .. } => self.insert(*node),
            Deed::Converge { nodes } => nodes.iter().for_each(|node| self.insert(*node)),
            Deed::Leave { node, .. } | Deed::Crash { node, .. } => self.remove(*node),
            _ => {}
        }
    }

    pub(super) fn insert(&mut self, node: Address) {
        if self.place.len() <= node.index() {
            self.place.resize(node.index() + 1, None);
        }
        if self.place[node.index()].is_none() {
            self.place[node.index()] = Some(self.list.len() as u32);
            self.list.push(node);
        }
    }

    pub(super) fn remove(&mut self, node: Address) {
        let Some(place) = self.place.get_mut(node.index()).and_then(Option::take) else {
            return;
        };
        self.list.swap_remove(place as usize);
        if let Some(moved) = self.list.get(place as usize) {
            self.place[moved.index()] = Some(place);
        }
    }

    pub(super) fn contains(&self, node: Address) -> bool {
        self.place.get(node.index()).is_some_and(Option::is_some)
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    /// One of them; none if there is none.
    pub(super) fn draw(&self, words: &mut impl Words) -> Option<Address> {
        (!self.list.is_empty()).then(|| self.list[sampler::below(words, self.list.len() as u64) as usize])
    }

    /// Two different ones, the order of which counts; none if there are fewer.
    pub(super) fn draw_pair(&self, words: &mut impl Words) -> Option<[Address; 2]> {
        let others = self.list.len().checked_sub(1).filter(|others| *others > 0)?;
        let one = sampler::below(words, others as u64 + 1) as usize;
        let other = sampler::below(words, others as u64) as usize;
        Some([self.list[one], self.list[other + usize::from(other >= one)]])
    }

    /// So many different ones, in order of address; all if there are not more.
    pub(super) fn sample(&self, count: usize, words: &mut impl Words) -> Vec<Address> {
        let mut chosen = self.shuffled(words);
        chosen.truncate(count);
        chosen.sort_unstable();
        chosen
    }

    /// So many different ones, in order of address; all if there are not more. Takes time by how many they are, not by how
    /// many there are to choose from.
    pub(super) fn pick(&self, count: usize, words: &mut impl Words) -> Vec<Address> {
        if count >= self.len() / 2 {
            return self.sample(count, words);
        }
        let mut chosen = BTreeSet::new();
        while chosen.len() < count {
            chosen.extend(self.draw(words));
        }
        chosen.into_iter().collect()
    }

    /// Those of them for which this holds.
    pub(super) fn only(&self, holds: impl Fn(Address) -> bool) -> Self {
        let mut some = Self::default();
        self.list.iter().filter(|node| holds(**node)).for_each(|node| some.insert(*node));
        some
    }

    /// All of them, in order of address.
    pub(super) fn sorted(&self) -> Vec<Address> {
        let mut all = self.list.clone();
        all.sort_unstable();
        all
    }

    /// All of them, in random order.
    pub(super) fn shuffled(&self, words: &mut impl Words) -> Vec<Address> {
        let mut all = self.sorted();
        sampler::shuffle(words, &mut all);
        all
    }

    /// A few different ones, in random order.
    pub(super) fn a_few(&self, count: usize, words: &mut impl Words) -> Vec<Address> {
        let mut chosen: Vec<Address> = Vec::new();
        while chosen.len() < count.min(self.len()) {
            if let Some(node) = self.draw(words).filter(|node| !chosen.contains(node)) {
                chosen.push(node);
            }
        }
        chosen
    }
}
