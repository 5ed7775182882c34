//! The rules that keep the ring (Zave, "Reasoning about Identifier Spaces: How to Make Chord Correct", TSE 2017).
//!
//! A pure object: answers and silences go in, [`Action`]s come out. Each step reads at most one other node and writes
//! only this one. While a step waits for an answer the node does not answer questions about its own state
//! ([`Correct::is_waiting`]).
//!
//! Where it departs from the paper:
//!
//! 1. A list may be shorter than r, and may be empty: a ring grows from one node. Below r+1 members the paper's proof does
//!    not apply.
//! 2. `last + 1` is an id without an address, so a list whose nodes are all dead runs empty ([`Action::Alone`]); the node
//!    then turns to its fingers, its predecessor and its bootstrap. A head that was silent is no predecessor either.
//! 3. A node whose list is empty but who has a predecessor takes it for its head, and does so as soon as it has one: so two
//!    nodes make a ring.
//! 4. A node that gets a new predecessor may tell the old one, who then does what it would have done at its next
//!    stabilization: it queries the new node (as the simulator of ToN 2003, section VI).
//! 5. Where the answer of a new head names a nearer one still, that one is queried at once and not at the next
//!    stabilization: the answer is taken for that of both. So many nodes that join at one place find their order within
//!    some round trips, and not within as many periods.

use sim::address::Address;

use super::neighbours::{Action, Neighbours, Place};

/// Which steps wait for an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Correct {
    stabilizing: Option<Stabilizing>,
    rectifying: Option<Address>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Stabilizing {
    FromSuccessor(Address),
    FromPredecessor(Address),
}

impl Correct {
    /// Whether this node waits for an answer and so must not answer questions about its own state.
    pub(crate) fn is_waiting(&self) -> bool {
        self.stabilizing.is_some() || self.rectifying.is_some()
    }

    /// Begins `StabilizeFromSuccessor`; nothing if a stabilization is under way.
    pub(crate) fn stabilize(&mut self, ring: &Neighbours) -> Action {
        if self.stabilizing.is_some() {
            return Action::Done;
        }
        match (ring.successors.first(), ring.predecessor) {
            (Some(head), _) => self.ask(Stabilizing::FromSuccessor(*head), *head),
            (None, Some(predecessor)) => self.ask(Stabilizing::FromPredecessor(predecessor), predecessor),
            (None, None) => Action::Alone,
        }
    }

    /// Begins `StabilizeFromPredecessor` with a node that may stand between this one and its head.
    pub(crate) fn consider(&mut self, node: Address, ring: &Neighbours, place: Place<'_>) -> Action {
        let is_nearer = node != place.me && place.is_between(node, place.me, ring.head(place.me));
        if !is_nearer || self.stabilizing.is_some() {
            return Action::Done;
        }
        self.ask(Stabilizing::FromPredecessor(node), node)
    }

    /// The node that was queried has told its predecessor and its list.
    pub(crate) fn told(
        &mut self,
        from: Address,
        predecessor: Option<Address>,
        list: &[Address],
        ring: &mut Neighbours,
        place: Place<'_>,
    ) -> Action {
        if self.stabilizing.take().is_none() {
            return Action::Done;
        }
        ring.adopt(from, list, place);
        if let Some(newcomer) = predecessor
            && newcomer != place.me
            && place.is_between(newcomer, place.me, from)
        {
            return self.ask(Stabilizing::FromPredecessor(newcomer), newcomer);
        }
        Action::Notify(ring.head(place.me))
    }

    /// The node that was queried is waiting itself.
    pub(crate) fn refused(&mut self) -> Action {
        self.stabilizing = None;
        Action::Later
    }

    /// The node that was queried was silent.
    pub(crate) fn silent(&mut self, ring: &mut Neighbours, place: Place<'_>) -> Action {
        match self.stabilizing.take() {
            Some(Stabilizing::FromSuccessor(dead)) => {
                // The list may have changed since the question: a head that has left is not the one that was silent.
                ring.bury(dead);
                match ring.successors.first() {
                    Some(head) => self.ask(Stabilizing::FromSuccessor(*head), *head),
                    None => Action::Alone,
                }
            }
            Some(Stabilizing::FromPredecessor(dead)) if ring.successors.is_empty() => {
                ring.bury(dead);
                Action::Alone
            }
            Some(Stabilizing::FromPredecessor(_)) => Action::Notify(ring.head(place.me)),
            None => Action::Done,
        }
    }

    /// `Rectify`: a node believes itself to be this one's predecessor.
    pub(crate) fn notified(&mut self, newcomer: Address, ring: &mut Neighbours, place: Place<'_>) -> Action {
        let Some(old) = ring.predecessor else {
            ring.predecessor = Some(newcomer);
            return if ring.successors.is_empty() { self.consider(newcomer, ring, place) } else { Action::Done };
        };
        if place.is_between(newcomer, old, place.me) {
            ring.predecessor = Some(newcomer);
            return Action::Tell { old, new: newcomer };
        }
        if newcomer == old || self.rectifying.is_some() {
            return Action::Done;
        }
        self.rectifying = Some(newcomer);
        Action::PingPredecessor(old)
    }

    /// The predecessor lives: it stays.
    pub(crate) fn predecessor_lives(&mut self) {
        self.rectifying = None;
    }

    /// The predecessor was silent: the newcomer takes its place.
    pub(crate) fn predecessor_silent(&mut self, dead: Address, ring: &mut Neighbours) {
        if let Some(newcomer) = self.rectifying.take()
            && ring.predecessor == Some(dead)
        {
            ring.predecessor = Some(newcomer);
        }
    }

    fn ask(&mut self, step: Stabilizing, node: Address) -> Action {
        self.stabilizing = Some(step);
        Action::Query(node)
    }
}

#[cfg(test)]
mod tests {
    use super::super::neighbours::tests::{ids, nodes, ring};
    use super::*;

    #[test]
    fn a_stabilization_takes_the_list_of_the_head_and_notifies_it() {
        let common = ids(2);
        let place = Place { me: Address(10), common: &common };
        let (mut rules, mut ring) = (Correct::default(), ring(Some(90), &[20, 30]));
        assert_eq!(rules.stabilize(&ring), Action::Query(Address(20)));
        assert!(rules.is_waiting());
        assert_eq!(rules.stabilize(&ring), Action::Done, "one at a time");
        let action = rules.told(Address(20), Some(Address(10)), &nodes(&[40, 50]), &mut ring, place);
        assert_eq!(action, Action::Notify(Address(20)));
        assert_eq!(ring.successors, nodes(&[20, 40]));
        assert!(!rules.is_waiting());
    }

    #[test]
    fn a_newcomer_before_the_head_is_asked_before_it_is_believed() {
        let common = ids(2);
        let place = Place { me: Address(10), common: &common };
        let start = || {
            let (mut rules, mut ring) = (Correct::default(), ring(Some(90), &[20, 30]));
            rules.stabilize(&ring);
            let action = rules.told(Address(20), Some(Address(15)), &nodes(&[30, 40]), &mut ring, place);
            assert_eq!(action, Action::Query(Address(15)));
            assert_eq!(ring.successors, nodes(&[20, 30]), "it is not believed yet");
            (rules, ring)
        };
        let (mut rules, mut ring) = start();
        let action = rules.told(Address(15), Some(Address(10)), &nodes(&[20, 30]), &mut ring, place);
        assert_eq!((action, ring.successors), (Action::Notify(Address(15)), nodes(&[15, 20])));
        let (mut rules, mut ring) = start();
        assert_eq!(rules.silent(&mut ring, place), Action::Notify(Address(20)));
        assert_eq!(ring.successors, nodes(&[20, 30]));
    }

    #[test]
    fn the_way_back_along_the_ring_takes_round_trips_and_not_periods() {
        let common = ids(2);
        let place = Place { me: Address(10), common: &common };
        let (mut rules, mut ring) = (Correct::default(), ring(Some(90), &[60]));
        assert_eq!(rules.stabilize(&ring), Action::Query(Address(60)));
        for (from, nearer) in [(60, 50), (50, 40), (40, 20)] {
            let action = rules.told(Address(from), Some(Address(nearer)), &[], &mut ring, place);
            assert_eq!(action, Action::Query(Address(nearer)));
        }
        let action = rules.told(Address(20), Some(Address(10)), &nodes(&[40, 50]), &mut ring, place);
        assert_eq!((action, ring.successors), (Action::Notify(Address(20)), nodes(&[20, 40])));
    }

    #[test]
    fn a_node_alone_makes_a_ring_with_the_first_that_notifies_it() {
        let common = ids(2);
        let place = Place { me: Address(10), common: &common };
        let (mut rules, mut ring) = (Correct::default(), ring(None, &[]));
        assert_eq!(rules.notified(Address(30), &mut ring, place), Action::Query(Address(30)));
        let action = rules.told(Address(30), Some(Address(10)), &nodes(&[10]), &mut ring, place);
        assert_eq!(action, Action::Notify(Address(30)));
        assert_eq!((ring.predecessor, ring.successors), (Some(Address(30)), nodes(&[30])));
    }

    #[test]
    fn the_dead_are_taken_from_the_list_one_by_one() {
        let common = ids(2);
        let place = Place { me: Address(10), common: &common };
        let (mut rules, mut ring) = (Correct::default(), ring(Some(20), &[20, 30]));
        rules.stabilize(&ring);
        assert_eq!(rules.silent(&mut ring, place), Action::Query(Address(30)));
        assert_eq!(ring.predecessor, None, "in a ring of two the dead head was the predecessor too");
        assert_eq!(rules.silent(&mut ring, place), Action::Alone);
        assert!(!rules.is_waiting());
        assert_eq!(rules.stabilize(&ring), Action::Alone);
    }

    #[test]
    fn silence_of_a_head_that_has_left_meanwhile_is_not_its_heirs() {
        let common = ids(2);
        let place = Place { me: Address(10), common: &common };
        for (heirs, action) in [(&[30, 40][..], Action::Query(Address(30))), (&[], Action::Alone)] {
            let (mut rules, mut ring) = (Correct::default(), ring(Some(90), &[20]));
            rules.stabilize(&ring);
            ring.left(Address(20), Some(Address(10)), &nodes(heirs), place);
            assert_eq!(rules.silent(&mut ring, place), action);
            assert_eq!(ring.successors, nodes(heirs));
        }
    }

    #[test]
    fn a_refused_step_is_over_and_comes_again() {
        let (mut rules, ring) = (Correct::default(), ring(None, &[20]));
        rules.stabilize(&ring);
        assert_eq!(rules.refused(), Action::Later);
        assert!(!rules.is_waiting());
    }

    #[test]
    fn a_nearer_predecessor_is_believed_and_a_farther_one_only_when_the_old_is_dead() {
        let common = ids(2);
        let place = Place { me: Address(10), common: &common };
        let (mut rules, mut ring) = (Correct::default(), ring(None, &[20]));
        assert_eq!(rules.notified(Address(80), &mut ring, place), Action::Done);
        let tell = Action::Tell { old: Address(80), new: Address(90) };
        assert_eq!(rules.notified(Address(90), &mut ring, place), tell);
        assert_eq!(rules.notified(Address(90), &mut ring, place), Action::Done, "a duplicate");
        assert_eq!(rules.notified(Address(70), &mut ring, place), Action::PingPredecessor(Address(90)));
        assert!(rules.is_waiting());
        rules.predecessor_lives();
        assert_eq!(ring.predecessor, Some(Address(90)));
        rules.notified(Address(70), &mut ring, place);
        rules.predecessor_silent(Address(90), &mut ring);
        assert_eq!((ring.predecessor, rules.is_waiting()), (Some(Address(70)), false));
    }

    #[test]
    fn a_newcomer_nearer_than_the_pinged_predecessor_stays() {
        let common = ids(2);
        let place = Place { me: Address(10), common: &common };
        let (mut rules, mut ring) = (Correct::default(), ring(Some(80), &[20]));
        rules.notified(Address(70), &mut ring, place);
        rules.notified(Address(90), &mut ring, place);
        rules.predecessor_silent(Address(80), &mut ring);
        assert_eq!(ring.predecessor, Some(Address(90)));
    }

    #[test]
    fn a_node_is_considered_only_if_it_is_nearer_than_the_head() {
        let common = ids(2);
        let place = Place { me: Address(10), common: &common };
        let (mut rules, ring) = (Correct::default(), ring(None, &[20]));
        for not_nearer in [10, 20, 30, 9] {
            assert_eq!(rules.consider(Address(not_nearer), &ring, place), Action::Done);
        }
        assert_eq!(rules.consider(Address(11), &ring, place), Action::Query(Address(11)));
    }
}
