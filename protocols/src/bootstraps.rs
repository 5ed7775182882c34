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
