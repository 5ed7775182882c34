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
//!    then turns to its fingers, its predecessor and its bootstrap.
//! 3. A node whose list is empty but who has a predecessor takes it for its head: so two nodes make a ring.
//! 4. A node that gets a new predecessor may tell the old one, who then does what it would have done at its next
//!    stabilization: it queries the new node (as the simulator of ToN 2003, section VI).

use sim::protocol::Address;

use super::neighbours::{Action, Neighbours, Place};

/// Which steps wait for an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Correct {
    stabilizing: Option<Stabilizing>,
    rectifying: Option<Address>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Stabilizing {
    FromSuccessor,
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
            (Some(head), _) => self.ask(Stabilizing::FromSuccessor, *head),
            (None, Some(predecessor)) => self.ask(Stabilizing::FromPredecessor(predecessor), predecessor),
            (None, None) => Action::Done,
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
        let Some(step) = self.stabilizing.take() else {
            return Action::Done;
        };
        ring.adopt(from, list, place);
        if let (Stabilizing::FromSuccessor, Some(newcomer)) = (step, predecessor)
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
            Some(Stabilizing::FromSuccessor) => {
                ring.successors.remove(0);
                match ring.successors.first() {
                    Some(head) => self.ask(Stabilizing::FromSuccessor, *head),
                    None => Action::Alone,
                }
            }
            Some(Stabilizing::FromPredecessor(_)) if ring.successors.is_empty() => {
                ring.predecessor = None;
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
            return Action::Done;
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
