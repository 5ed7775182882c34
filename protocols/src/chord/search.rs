//! The iterative lookup as a pure object: replies and silences go in, the next question comes out. No network, no clock.

use serde::Serialize;
use sim::address::Address;

/// A walk along the ring towards a key.
///
/// Laws: nobody that was silent is asked again (unless another node names it and silence is not remembered); it ends, because each reply leads strictly closer to the key or takes a
/// node out of the race.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Search {
    /// Nodes that must not be asked, then nodes that were silent.
    avoid: Vec<Address>,
    /// How many of them must never be asked.
    never: usize,
    /// Who gave the route at hand; nobody where it is the searcher's own.
    by: Option<Address>,
    route: Route,
    /// Exchanges so far.
    hops: u32,
}

/// What a node knows of the way to a key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub(crate) struct Route {
    /// Nodes that strictly precede the key, the closest first. None: the key belongs to the next node on the ring.
    pub(crate) closer: Vec<Address>,
    /// Successors at or after the key, in order of the ring: the owner first, should nobody closer live.
    pub(crate) owners: Vec<Address>,
    /// Whether there are more closer nodes than it names.
    pub(crate) more: bool,
}

/// What a search does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Ask this node for its route.
    Ask(Address),
    /// This node owns the key, as far as anybody knows.
    Owner(Address),
    /// Nobody is left; begin again from what the searcher itself knows, a little later.
    Lost,
}

impl Search {
    /// A search that begins with what the searcher itself knows.
    pub(crate) fn new(own: Route) -> Self {
        Self { avoid: Vec::new(), never: 0, by: None, route: own, hops: 0 }
    }

    /// A search that begins by asking other nodes, the next where one is silent, and never asks `me`.
    pub(crate) fn starting_at(nodes: Vec<Address>, me: Address) -> Self {
        let route = Route { closer: nodes, ..Route::default() };
        Self { avoid: vec![me], never: 1, by: None, route, hops: 0 }
    }

    /// More nodes to ask, should all that it began with be silent. Nothing once a node has replied: that one leads on.
    pub(crate) fn or_ask(&mut self, nodes: &[Address]) {
        if self.by.is_some() {
            return;
        }
        for node in nodes {
            if !self.route.closer.contains(node) {
                self.route.closer.push(*node);
            }
        }
    }

    /// Begins again from what the searcher itself knows; who was silent stays out.
    pub(crate) fn restart(&mut self, own: Route) {
        self.by = None;
        self.route = own;
    }

    /// A node has replied with its route. Who was silent before stays out of it only if that is remembered.
    pub(crate) fn replied(&mut self, from: Address, route: Route, remember_silent: bool) {
        self.hops += 1;
        if !remember_silent && self.by != Some(from) {
            self.avoid.truncate(self.never);
        }
        self.by = Some(from);
        self.route = route;
    }

    /// A node was silent, or said that it is no member.
    pub(crate) fn silent(&mut self, node: Address) {
        if !self.avoid.contains(&node) {
            self.avoid.push(node);
        }
    }

    /// The next question, or the end.
    pub(crate) fn next(&self) -> Next {
        if let Some(node) = self.route.closer.iter().find(|node| !self.avoid.contains(node)) {
            return Next::Ask(*node);
        }
        if let Some(by) = self.by.filter(|by| self.route.more && !self.avoid.contains(by)) {
            return Next::Ask(by);
        }
        self.owners().next().map_or(Next::Lost, Next::Owner)
    }

    /// Those at or after the key that have not been silent, in order of the ring.
    pub(crate) fn owners(&self) -> impl Iterator<Item = Address> {
        self.route.owners.iter().filter(|node| !self.avoid.contains(node)).copied()
    }

    /// Those of them that would hold so many copies, the owner first; nobody if only the owner is asked for.
    pub(crate) fn holders(&self, copies: u32) -> Vec<Address> {
        self.owners().take(if copies > 1 { copies as usize } else { 0 }).collect()
    }

    /// Who named the owner: the key's predecessor. Nobody where the searcher itself knew.
    pub(crate) fn by(&self) -> Option<Address> {
        self.by
    }

    /// Who was silent, or must not be asked.
    pub(crate) fn avoid(&self) -> &[Address] {
        &self.avoid
    }

    /// Whom this node is asked to leave out: those who were silent only if that is remembered from node to node.
    pub(crate) fn avoid_at(&self, node: Address, remember_silent: bool) -> &[Address] {
        if remember_silent || self.by == Some(node) { &self.avoid } else { &self.avoid[..self.never] }
    }

    /// Exchanges so far.
    pub(crate) fn hops(&self) -> u32 {
        self.hops
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes(numbers: &[u32]) -> Vec<Address> {
        numbers.iter().copied().map(Address).collect()
    }

    fn route(closer: &[u32], owners: &[u32]) -> Route {
        Route { closer: nodes(closer), owners: nodes(owners), more: false }
    }

    #[test]
    fn it_asks_the_closest_first_and_ends_at_the_owner() {
        let mut search = Search::new(route(&[3, 2], &[]));
        assert_eq!(search.next(), Next::Ask(Address(3)));
        search.replied(Address(3), route(&[], &[7, 8]), true);
        assert_eq!(search.next(), Next::Owner(Address(7)));
        assert_eq!((search.hops(), search.by()), (1, Some(Address(3))));
    }

    #[test]
    fn silence_leads_to_the_next_closest() {
        let mut search = Search::new(route(&[3, 2], &[]));
        search.silent(Address(3));
        assert_eq!(search.next(), Next::Ask(Address(2)));
        search.silent(Address(2));
        assert_eq!(search.next(), Next::Lost);
        assert_eq!(search.hops(), 0, "silence is no exchange");
    }

    #[test]
    fn where_nobody_closer_lives_the_first_live_successor_owns_the_key() {
        let mut search = Search::new(route(&[1], &[]));
        search.replied(Address(1), route(&[3], &[7, 8]), true);
        search.silent(Address(3));
        assert_eq!(search.next(), Next::Owner(Address(7)));
        search.silent(Address(7));
        assert_eq!(search.next(), Next::Owner(Address(8)));
    }

    #[test]
    fn silence_is_forgotten_at_the_next_node_if_it_is_not_to_be_remembered() {
        for (remember, next) in [(true, Next::Ask(Address(3))), (false, Next::Ask(Address(4)))] {
            let mut search = Search::new(route(&[4, 2], &[]));
            search.silent(Address(4));
            search.replied(Address(2), route(&[4, 3], &[]), remember);
            assert_eq!(search.next(), next);
        }
    }

    #[test]
    fn a_node_that_knows_more_is_asked_again() {
        let mut search = Search::new(route(&[1], &[]));
        search.replied(Address(1), Route { more: true, ..route(&[3], &[7]) }, true);
        search.silent(Address(3));
        assert_eq!(search.next(), Next::Ask(Address(1)));
        assert_eq!(search.avoid(), nodes(&[3]));
    }
}
