//! The iterative lookup as a pure object: replies and silences go in, the next question comes out. No network, no clock.

use sim::address::Address;

/// A walk towards a key.
///
/// Laws: nobody that was silent is asked again; it ends, because each way leads nearer to the key (see
/// [`Known::next`](super::known::Known::next)) or takes a node out of the race.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Search {
    /// Nodes that were silent; they stay out of it.
    silent: Vec<Address>,
    /// Nodes that were no members when they were asked, at the word of `by`. Another node's word may be newer: were they
    /// left out there, a third that has joined later still might answer for a key that is theirs.
    absent: Vec<Address>,
    /// Who gave the way at hand; nobody where it is the searcher's own.
    by: Option<Address>,
    /// How many nodes that one was asked to leave out.
    left_out: usize,
    way: Vec<Address>,
    /// Whether the way leads to the closest node as far as anybody knows.
    near: bool,
    /// Exchanges until `by` was reached.
    hops: u32,
    /// Whether `by` was asked for being the closest.
    is_by_near: bool,
}

impl Search {
    /// The next node to ask. None: what the searcher itself knows must show the way.
    pub(crate) fn next(&self) -> Option<Address> {
        let is_out = |node: &Address| self.silent.contains(node) || self.absent.contains(node);
        let ahead = self.way.iter().find(|node| !is_out(node)).copied();
        let again = self.by.filter(|by| self.count_out() > self.left_out && !is_out(by));
        ahead.or(again)
    }

    /// Whether another's way is at hand, and not only what the searcher itself knows.
    pub(crate) fn is_under_way(&self) -> bool {
        self.by.is_some()
    }

    /// A node is asked now, for being the closest as far as anybody knows or for another reason.
    pub(crate) fn asked(&mut self, node: Address, near: bool) {
        self.near = near;
        if self.by == Some(node) {
            self.left_out = self.count_out();
        }
    }

    /// A node has shown the way.
    pub(crate) fn replied(&mut self, from: Address, way: Vec<Address>, near: bool) {
        self.reached(from);
        self.way = way;
        self.near |= near;
    }

    /// A node has replied: the way at hand led there.
    pub(crate) fn reached(&mut self, node: Address) {
        if self.by != Some(node) {
            self.hops += 1;
            self.is_by_near = self.near;
            self.by = Some(node);
            self.absent.clear();
            self.left_out = self.count_out();
        }
    }

    /// A node was silent.
    pub(crate) fn silent(&mut self, node: Address) {
        if !self.silent.contains(&node) {
            self.silent.push(node);
        }
    }

    /// A node has said that it is no member.
    pub(crate) fn absent(&mut self, node: Address) {
        if !self.absent.contains(&node) {
            self.absent.push(node);
        }
    }

    /// Begins again from what the searcher itself knows; who was silent stays out.
    pub(crate) fn restart(&mut self) {
        *self = Self { silent: std::mem::take(&mut self.silent), ..Self::default() };
    }

    /// Whom this node shall leave out when it is asked; nobody stands for the searcher itself.
    pub(crate) fn avoid_at(&self, node: Option<Address>) -> Vec<Address> {
        let absent = if self.by == node { &self.absent[..] } else { &[] };
        self.silent.iter().chain(absent).copied().collect()
    }

    pub(crate) fn is_near(&self) -> bool {
        self.near
    }

    /// Exchanges until the owner was known, and until it was reached, where that is the node that replied last.
    pub(crate) fn hops(&self) -> (u32, u32) {
        (self.hops - u32::from(self.is_by_near), self.hops)
    }

    fn count_out(&self) -> usize {
        self.silent.len() + self.absent.len()
    }
}

#[cfg(test)]
mod tests {
    use super::super::place::tests::nodes;
    use super::*;

    #[test]
    fn the_last_exchange_is_not_one_until_the_owner_was_known() {
        let mut search = Search::default();
        assert_eq!((search.next(), search.hops()), (None, (0, 0)));
        search.asked(Address(3), false);
        search.replied(Address(3), nodes(&[5, 4]), true);
        assert_eq!((search.next(), search.hops()), (Some(Address(5)), (1, 1)));
        search.reached(Address(5));
        assert_eq!(search.hops(), (1, 2));
    }

    #[test]
    fn an_owner_that_was_found_by_table_was_known_when_it_was_reached() {
        let mut search = Search::default();
        search.asked(Address(3), false);
        search.reached(Address(3));
        assert_eq!(search.hops(), (1, 1));
    }

    #[test]
    fn silence_leads_to_the_next_best_and_then_back_with_what_was_learnt() {
        let mut search = Search::default();
        search.asked(Address(3), false);
        search.replied(Address(3), nodes(&[5, 4]), true);
        search.silent(Address(5));
        assert_eq!(search.next(), Some(Address(4)));
        search.silent(Address(4));
        assert_eq!((search.next(), search.avoid_at(Some(Address(3)))), (Some(Address(3)), nodes(&[5, 4])));
        search.asked(Address(3), true);
        search.replied(Address(3), vec![], true);
        assert_eq!(search.next(), None, "it knows nobody else");
        assert_eq!(search.hops(), (1, 1), "it was asked twice, but reached once");
    }

    #[test]
    fn who_was_no_member_may_be_one_at_the_next_node() {
        let mut search = Search::default();
        search.asked(Address(3), false);
        search.replied(Address(3), nodes(&[5, 4]), true);
        search.absent(Address(5));
        assert_eq!((search.next(), search.avoid_at(Some(Address(4)))), (Some(Address(4)), vec![]));
        assert_eq!(search.avoid_at(Some(Address(3))), nodes(&[5]));
        search.replied(Address(4), nodes(&[5]), true);
        assert_eq!((search.next(), search.avoid_at(Some(Address(5)))), (Some(Address(5)), vec![]));
        search.absent(Address(5));
        let again = Some(Address(4));
        assert_eq!((search.next(), search.avoid_at(again)), (again, nodes(&[5])), "it answers for the key itself");
    }
}
