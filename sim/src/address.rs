//! A node's address: a number that is given once.

use std::fmt;

use serde::Serialize;

/// A node's place in the simulation: a number, given once and never to another node.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Address(pub u32);

impl Address {
    /// The address as an index into tables of nodes.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "n{}", self.0)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "n{}", self.0)
    }
}
