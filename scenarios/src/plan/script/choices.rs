//! Who: nodes that a script names, counts or gives as a share, and whether they are there.

use sim::address::Address;
use sim::time::SimTime;

use super::super::director::{Director, Slot};
use super::super::draws;
use super::super::roster::Roster;
use super::path;
use crate::ast::{Nodes, Probability, Who};
use crate::diagnostic::suggest;
use crate::mistake::Mistake;

impl Director<'_> {
    pub(in crate::plan) fn who(&self, slot: Slot, who: &Who, verb: &str) -> Result<Vec<Address>, Mistake> {
        if let Some(nodes) = &who.nodes {
            self.up_nodes(slot, nodes, "nodes")?;
        }
        let Some(region) = &who.region else {
            return choose(slot, who.nodes.as_ref(), who.count, who.fraction, &self.up, self.seed, verb);
        };
        let there = self.up_in(region, &path(slot.place, "region"))?;
        if who.nodes.is_none() && who.count.is_none() && who.fraction.is_none() {
            return Ok(there.sorted());
        }
        if who.nodes.is_some() {
            return Err(Mistake::new(path(slot.place, "region"), "these nodes are named already")
                .help("leave `region` or `nodes` out"));
        }
        choose(slot, None, who.count, who.fraction, &there, self.seed, verb)
    }

    /// Those that are up and stand in a region, which is named at `here`.
    pub(in crate::plan) fn up_in(&self, region: &str, here: &str) -> Result<Roster, Mistake> {
        let regions = self.placement.regions();
        if !regions.iter().any(|other| other == region) {
            let mistake = Mistake::new(here, format!("there is no region \"{region}\""));
            return Err(mistake.help(match suggest(region, regions.iter().map(String::as_str)) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None if regions.is_empty() => "write `network: (latency: Regions(..))` to have regions".to_owned(),
                None => format!("the regions are \"{}\"", regions.join("\", \"")),
            }));
        }
        Ok(self.up.only(|node| self.placement.region_of(self.hosts[node.index()]) == Some(region)))
    }

    pub(in crate::plan) fn up_node(&self, slot: Slot, node: u32, field: &str) -> Result<Address, Mistake> {
        let address = Address(node);
        if self.up.contains(address) {
            return Ok(address);
        }
        let at = slot.at.since(SimTime::ZERO);
        if self.is_known(address) {
            return Err(Mistake::new(path(slot.place, field), format!("node {node} is down at {at}")));
        }
        Err(Mistake::new(path(slot.place, field), format!("node {node} has not joined yet at {at}"))
            .help(self.help_with_numbers()))
    }

    pub(in crate::plan) fn up_nodes(&self, slot: Slot, nodes: &Nodes, field: &str) -> Result<Vec<Address>, Mistake> {
        let up = |(place, node)| self.up_node(slot, node, &format!("{field}[{place}]"));
        nodes.iter().enumerate().map(up).collect()
    }

    pub(in crate::plan) fn known_nodes_at(
        &self,
        nodes: impl Iterator<Item = u32>,
        here: &str,
    ) -> Result<Vec<Address>, Mistake> {
        let known = |(place, node)| {
            let stranger = || {
                Mistake::new(format!("{here}[{place}]"), format!("there is no node {node}"))
                    .help(self.help_with_numbers())
            };
            self.is_known(Address(node)).then_some(Address(node)).ok_or_else(stranger)
        };
        nodes.enumerate().map(known).collect()
    }

    pub(in crate::plan) fn help_with_numbers(&self) -> String {
        match self.ids.len() {
            0 => "nobody has joined yet".to_owned(),
            count => format!("nodes are numbered from 0 in the order in which they join; so far up to {}", count - 1),
        }
    }
}

/// The nodes that are named, counted or given as a share: just one of the three.
pub(super) fn choose(
    slot: Slot,
    nodes: Option<&Nodes>,
    count: Option<u64>,
    fraction: Option<Probability>,
    among: &Roster,
    seed: u64,
    verb: &str,
) -> Result<Vec<Address>, Mistake> {
    let some = |count: usize| among.sample(count, &mut draws::action(seed, slot.place));
    match (nodes, count, fraction) {
        (Some(nodes), None, None) => Ok(nodes.iter().map(Address).collect()),
        (None, Some(count), None) if count <= among.len() as u64 => Ok(some(count as usize)),
        (None, Some(count), None) => {
            let at = slot.at.since(SimTime::ZERO);
            Err(Mistake::new(path(slot.place, "count"), format!("{count} nodes cannot {verb} at {at}"))
                .label(format!("there are only {}", among.len())))
        }
        (None, None, Some(fraction)) => Ok(some((fraction.0 * among.len() as f64).round() as usize)),
        _ => Err(Mistake::new(format!("script[{}].do", slot.place), format!("who shall {verb}?"))
            .help("write one of `nodes: [3, 7]`, `count: 5` and `fraction: 0.5`")),
    }
}
