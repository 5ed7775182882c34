//! A bulk transfer of the script: from one node that is up to another.

use super::path;
use crate::ast;
use crate::mistake::Mistake;
use crate::plan::Deed;
use crate::plan::director::{Director, Slot};
use crate::plan::transfers::Bulk;

impl Director<'_> {
    pub(super) fn transfer(&mut self, slot: Slot, written: &ast::Transfer) -> Result<(), Mistake> {
        let ast::Transfer { from, to, size, pace, chunk } = *written;
        let [from, to] = [self.up_node(slot, from, "from")?, self.up_node(slot, to, "to")?];
        if from == to {
            return Err(Mistake::new(path(slot.place, "to"), "a node sends itself nothing over its links")
                .label(format!("node {} is the sender too", to.0)));
        }
        let bulk = Bulk::new((size, pace, chunk), self.placement, &format!("script[{}].do", slot.place))?;
        bulk.check_count(1.0, &path(slot.place, "size"))?;
        let ends = [from, to].map(|node| (node, self.hosts[node.index()]));
        self.settle(slot.at, Deed::Transfer(bulk.between(self.placement, ends)));
        Ok(())
    }
}
