//! Ids and numbers of new nodes, decided.

use protocols::key::Key;
use sim::address::Address;

use super::super::director::{Director, NoRoom, Slot};
use super::super::{Deed, draws};
use super::{NODES_MAX, path};
use crate::ast::{Ids, Number, Order};
use crate::mistake::Mistake;

impl Director<'_> {
    pub(in crate::plan) fn new_nodes(
        &mut self,
        slot: Slot,
        count: u64,
        ids: &Ids,
        order: Order,
    ) -> Result<Vec<Address>, Mistake> {
        let keys = match ids {
            Ids::Random => self.random_ids(count),
            Ids::Seeded { seed } => self.seeded_ids(*seed, count),
            Ids::Explicit(ids) => Ok(self.explicit_ids(slot.place, count, ids)?),
        };
        let first = self.reserve(count as usize);
        let (mut keys, first) = keys
            .and_then(|keys| Ok((keys, first?)))
            .map_err(|why| self.no_room(slot.at, path(slot.place, "nodes"), why))?;
        if order == Order::Ascending {
            keys.sort_unstable();
        }
        let new = (first.0..).take(keys.len()).map(Address);
        for (node, key) in new.clone().zip(keys) {
            self.ids[node.index()] = Some(key);
        }
        Ok(new.collect())
    }

    fn random_ids(&mut self, count: u64) -> Result<Vec<Key>, NoRoom> {
        let first = self.ids.len() as u64;
        (first..first + count).map(|number| self.fresh_id(&mut draws::id(self.seed, number))).collect()
    }

    fn seeded_ids(&mut self, seed: u64, count: u64) -> Result<Vec<Key>, NoRoom> {
        self.check_ids(count)?;
        let names = (0u64..).map(|number| self.width.hash(&format!("node-{seed}-{number}")));
        Ok(names.filter(|key| self.taken.insert(*key)).take(count as usize).collect())
    }

    fn explicit_ids(&mut self, place: usize, count: u64, ids: &[Number]) -> Result<Vec<Key>, Mistake> {
        if ids.len() as u64 != count {
            return Err(Mistake::new(path(place, "ids"), "there must be an id for every node")
                .label(format!("{} ids for {count} nodes", ids.len())));
        }
        let mut keys = Vec::new();
        for (number, id) in ids.iter().enumerate() {
            let here = || format!("{}[{number}]", path(place, "ids"));
            let key = self.key(id, here)?;
            self.take_id(key, id, here)?;
            keys.push(key);
        }
        Ok(keys)
    }

    pub(in crate::plan) fn join_node(
        &mut self,
        slot: Slot,
        (node, host): (u32, Option<u32>),
        id: &Number,
        bootstraps: &[u32],
    ) -> Result<(), Mistake> {
        let bootstraps = self.known_nodes_at(bootstraps.iter().copied(), &path(slot.place, "bootstraps"))?;
        let node = self.named_node(node, id, &path(slot.place, "node"), &path(slot.place, "id"))?;
        if let Some(host) = host {
            check_number(host, &path(slot.place, "host"))?;
            self.settle_on(node, host);
        }
        self.settle(slot.at, Deed::Join { node, bootstraps });
        Ok(())
    }

    /// A new node of this number and id, which stand at `node_at` and `id_at`.
    pub(in crate::plan) fn named_node(
        &mut self,
        node: u32,
        id: &Number,
        node_at: &str,
        id_at: &str,
    ) -> Result<Address, Mistake> {
        let key = self.key(id, || id_at.to_owned())?;
        check_number(node, node_at)?;
        if self.is_known(Address(node)) {
            return Err(Mistake::new(node_at, format!("node {node} has joined before"))
                .help("write `Restart` for a node that comes back"));
        }
        self.take_id(key, id, || id_at.to_owned())?;
        self.reserve_up_to(node as usize + 1);
        self.ids[node as usize] = Some(key);
        Ok(Address(node))
    }

    fn take_id(&mut self, key: Key, id: &Number, here: impl Fn() -> String) -> Result<(), Mistake> {
        if self.taken.insert(key) {
            return Ok(());
        }
        Err(Mistake::new(here(), format!("the id {} stands twice", id.0)).help("every node needs an id of its own"))
    }

    pub(in crate::plan) fn key(&self, number: &Number, here: impl Fn() -> String) -> Result<Key, Mistake> {
        self.width.parse(&number.0).ok_or_else(|| {
            Mistake::new(here(), format!("{} is no number of {} bits", number.0, self.width))
                .help(format!("ids and keys are below 2^{}", self.width))
        })
    }
}

fn check_number(node: u32, here: &str) -> Result<(), Mistake> {
    if u64::from(node) < NODES_MAX {
        return Ok(());
    }
    Err(Mistake::new(here, format!("node numbers end below {NODES_MAX}")))
}
