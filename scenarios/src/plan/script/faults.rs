//! Faults of the network, decided: parts, links, and how long.

use std::collections::BTreeSet;

use protocols::duration::Duration;
use sim::address::Address;

use super::super::director::{Class, Director, Slot, Task};
use super::super::{Deed, Fault, Line, Which, draws};
use super::path;
use crate::ast::{Links, Nodes, Probability};
use crate::mistake::Mistake;

impl Director<'_> {
    pub(in crate::plan) fn partition(
        &mut self,
        slot: Slot,
        parts: Option<&[Nodes]>,
        shares: Option<&[Probability]>,
        lasts: Option<Duration>,
    ) -> Result<(), Mistake> {
        let parts = match (parts, shares) {
            (Some(parts), None) => self.named_parts(slot, parts)?,
            (None, Some(shares)) => self.random_parts(slot, shares)?,
            _ => {
                return Err(Mistake::new(
                    format!("script[{}].do", slot.place),
                    "a partition has either `parts` or `shares`",
                )
                .help("write `Partition(shares: [0.5, 0.5])` or `Partition(parts: [[0, 1], [2, 3]])`"));
            }
        };
        self.fault(slot, Fault::Partition(parts), lasts);
        Ok(())
    }

    fn named_parts(&self, slot: Slot, parts: &[Nodes]) -> Result<Vec<Vec<Address>>, Mistake> {
        let mut seen = BTreeSet::new();
        let mut named = Vec::new();
        for (number, part) in parts.iter().enumerate() {
            let here = format!("{}[{number}]", path(slot.place, "parts"));
            let part = self.known_nodes_at(part.iter(), &here)?;
            if let Some(twice) = part.iter().position(|node| !seen.insert(*node)) {
                return Err(Mistake::new(format!("{here}[{twice}]"), format!("node {} is named twice", part[twice].0))
                    .help("a node is in one part, or in none: all others are one more part"));
            }
            named.push(part);
        }
        Ok(named)
    }

    fn random_parts(&self, slot: Slot, shares: &[Probability]) -> Result<Vec<Vec<Address>>, Mistake> {
        let sum: f64 = shares.iter().map(|share| share.0).sum();
        if sum > 1.0 + 1e-9 {
            return Err(Mistake::new(path(slot.place, "shares"), "the shares must not add up to more than 1")
                .label(format!("they add up to {sum}")));
        }
        let mut nodes = self.up.shuffled(&mut draws::action(self.seed, slot.place));
        let total = nodes.len() as f64;
        let mut parts = Vec::new();
        let (mut wanted, mut given) = (0.0, 0);
        for share in shares {
            wanted += share.0 * total;
            let size = (wanted.round() as usize).saturating_sub(given).min(nodes.len());
            given += size;
            let mut part: Vec<Address> = nodes.drain(..size).collect();
            part.sort_unstable();
            parts.push(part);
        }
        Ok(parts)
    }

    pub(in crate::plan) fn which(&self, slot: Slot, links: &Links, under: &str) -> Result<Which, Mistake> {
        let here = |field: &str| format!("script[{}].do{under}.{field}", slot.place);
        match (&links.nodes, &links.from, &links.to) {
            (None, None, None) => Ok(Which::All),
            (Some(nodes), None, None) => Ok(Which::Nodes(self.known_nodes_at(nodes.iter(), &here("nodes"))?)),
            (None, Some(from), Some(to)) => Ok(Which::Links {
                from: self.known_nodes_at(from.iter(), &here("from"))?,
                to: self.known_nodes_at(to.iter(), &here("to"))?,
                both_ways: links.both_ways,
            }),
            _ => Err(Mistake::new(
                format!("script[{}].do{under}", slot.place),
                "links are named by `nodes`, or by both `from` and `to`",
            )
            .help("write `nodes: [3]` for all links of a node, or `from: [1], to: [2]`")),
        }
    }

    pub(in crate::plan) fn fault(&mut self, slot: Slot, fault: Fault, lasts: Option<Duration>) {
        let number = self.faults;
        self.faults += 1;
        let lasts = lasts.map(|lasts| lasts.0);
        if let Some(at) = lasts.map(|lasts| slot.at + lasts).filter(|at| *at < self.end) {
            let end = Slot { at, class: Class::Heal, place: number as usize, number: 0 };
            self.agenda.insert(end, Task::Deed(Deed::Heal { number }));
        }
        self.lines.push(Line { at: slot.at, deed: Deed::Fault { number, fault, lasts } });
    }
}
