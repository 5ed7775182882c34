//! Where a node stands, and the ids of those it has learnt of: what pure objects need to measure distances.

use std::fmt;

use sim::address::Address;
use sim::protocol::{Context, Protocol};

use crate::dht::Common;
use crate::key::Key;

/// A node, and the run's ids and settings.
pub(crate) struct Place<'a, S> {
    pub(crate) me: Address,
    pub(crate) common: &'a Common<S>,
}

impl<S> Place<'_, S> {
    /// The id of a node that has been learnt of.
    pub(crate) fn key(&self, node: Address) -> Key {
        self.common.key(node)
    }

    /// The node's own id.
    pub(crate) fn my_key(&self) -> Key {
        self.key(self.me)
    }
}

impl<S> Clone for Place<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Place<'_, S> {}

impl<S> fmt::Debug for Place<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the place of {}", self.me)
    }
}

/// Where the node at work stands, without a hold on its context.
pub(crate) fn place<'a, P, S>(cx: &Context<'a, P>) -> Place<'a, S>
where
    P: Protocol<Shared = Common<S>>,
    S: 'a,
{
    Place { me: cx.me(), common: cx.shared() }
}
