//! What few nodes have, by node: a word for each node that has nothing, and no word at all while none has.

use crate::address::Address;
use crate::network::DropCause;
use crate::time::SimTime;

/// What belongs to single nodes.
#[derive(Debug)]
pub(super) struct Table<T>(Vec<Option<Box<T>>>);

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Table<T> {
    #[inline]
    pub(super) fn get(&self, node: Address) -> Option<&T> {
        self.0.get(node.index())?.as_deref()
    }

    #[inline]
    pub(super) fn get_mut(&mut self, node: Address) -> Option<&mut T> {
        self.0.get_mut(node.index())?.as_deref_mut()
    }

    pub(super) fn remove(&mut self, node: Address) {
        if let Some(place) = self.0.get_mut(node.index()) {
            *place = None;
        }
    }

    /// Changes what the node has. One that has nothing is first given something, if `begins`; else nothing is done.
    pub(super) fn change(&mut self, node: Address, begins: bool, change: impl FnOnce(&mut T))
    where
        T: Default,
    {
        if begins && self.0.len() <= node.index() {
            self.0.resize_with(node.index() + 1, || None);
        }
        let Some(place) = self.0.get_mut(node.index()) else {
            return;
        };
        if begins {
            place.get_or_insert_default();
        }
        if let Some(value) = place {
            change(value);
        }
    }

    /// When a message is through the node's queue; nothing if none is in its way, and then the node has none any more.
    pub(super) fn pass(
        &mut self,
        node: Address,
        pass: impl FnOnce(&mut T) -> Result<Option<SimTime>, DropCause>,
    ) -> Result<Option<SimTime>, DropCause> {
        let Some(queue) = self.get_mut(node) else {
            return Ok(None);
        };
        let through = pass(queue)?;
        if through.is_none() {
            self.remove(node);
        }
        Ok(through)
    }
}
