//! The rules as they were published (Stoica et al., SIGCOMM 2001), for those who want to see them break.
//!
//! A pure object like [`super::correct`]. Its steps are those of Zave's traces: *stabilize* adopts the successor's
//! predecessor without asking whether it lives and leaves the rest of the list alone; *reconcile* copies the successor's
//! list; *update* replaces a dead successor by the first live entry; *flush* drops a dead predecessor. Any newcomer that
//! lies between is believed.

use sim::address::Address;

use super::neighbours::{Action, Neighbours, Place};

/// Which step waits for an answer, and which steps are still to be done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Published {
    waiting: Option<Step>,
    /// Steps to do after the one that waits, the next one last.
    queue: Vec<Step>,
}

/// One step of the published upkeep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    Update,
    Stabilize,
    Reconcile,
    Flush,
}

impl Published {
    /// Begins a round of all four steps; nothing if one is under way.
    pub(crate) fn round(&mut self, ring: &Neighbours, place: Place<'_>) -> Action {
        if self.waiting.is_some() {
            return Action::Done;
        }
        self.queue = vec![Step::Flush, Step::Reconcile, Step::Stabilize, Step::Update];
        self.proceed(ring, place)
    }

    /// Begins one step; nothing if one is under way.
    pub(crate) fn step(&mut self, step: Step, ring: &Neighbours, place: Place<'_>) -> Action {
        if self.waiting.is_some() {
            return Action::Done;
        }
        self.queue = vec![step];
        self.proceed(ring, place)
    }

    /// Goes on with the next step that has somebody to ask.
    pub(crate) fn proceed(&mut self, ring: &Neighbours, place: Place<'_>) -> Action {
        while let Some(step) = self.queue.pop() {
            let whom = match step {
                Step::Flush => ring.predecessor,
                Step::Stabilize if ring.successors.is_empty() => ring.predecessor,
                _ => ring.successors.first().copied(),
            };
            let Some(whom) = whom.filter(|whom| *whom != place.me) else {
                continue;
            };
            self.waiting = Some(step);
            return match step {
                Step::Update | Step::Flush => Action::Ping(whom),
                Step::Stabilize | Step::Reconcile => Action::Query(whom),
            };
        }
        Action::Done
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
        match self.waiting.take() {
            Some(Step::Stabilize) => {
                if ring.successors.is_empty() {
                    ring.successors.push(from);
                }
                if let Some(newcomer) = predecessor.filter(|node| *node != place.me)
                    && place.is_between(newcomer, place.me, from)
                {
                    ring.successors[0] = newcomer;
                }
                Action::Notify(ring.head(place.me))
            }
            Some(Step::Reconcile) => {
                ring.adopt(from, list, place);
                self.proceed(ring, place)
            }
            _ => Action::Done,
        }
    }

    /// The node that was pinged lives.
    pub(crate) fn lives(&mut self, ring: &Neighbours, place: Place<'_>) -> Action {
        self.waiting = None;
        self.proceed(ring, place)
    }

    /// The node that was asked was silent.
    pub(crate) fn silent(&mut self, ring: &mut Neighbours, place: Place<'_>) -> Action {
        match self.waiting.take() {
            Some(Step::Update) if !ring.successors.is_empty() => {
                ring.successors.remove(0);
                self.queue.push(Step::Update);
            }
            Some(Step::Flush) => ring.predecessor = None,
            _ => {}
        }
        self.proceed(ring, place)
    }

    /// A node believes itself to be this one's predecessor.
    pub(crate) fn notified(newcomer: Address, ring: &mut Neighbours, place: Place<'_>) {
        let believes = ring.predecessor.is_none_or(|old| place.is_between(newcomer, old, place.me));
        if believes {
            ring.predecessor = Some(newcomer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::neighbours::tests::{ids, nodes, ring};
    use super::*;

    #[test]
    fn stabilize_believes_a_newcomer_unseen_and_leaves_the_rest_of_the_list() {
        let common = ids(2);
        let place = Place { me: Address(10), common: &common };
        let (mut rules, mut ring) = (Published::default(), ring(None, &[20, 30]));
        assert_eq!(rules.step(Step::Stabilize, &ring, place), Action::Query(Address(20)));
        let action = rules.told(Address(20), Some(Address(15)), &nodes(&[40, 50]), &mut ring, place);
        assert_eq!((action, ring.successors), (Action::Notify(Address(15)), nodes(&[15, 30])));
    }

    #[test]
    fn reconcile_takes_the_list_of_the_head() {
        let common = ids(2);
        let place = Place { me: Address(10), common: &common };
        let (mut rules, mut ring) = (Published::default(), ring(None, &[20, 30]));
        rules.step(Step::Reconcile, &ring, place);
        let action = rules.told(Address(20), Some(Address(15)), &nodes(&[40, 50]), &mut ring, place);
        assert_eq!((action, ring.successors), (Action::Done, nodes(&[20, 40])));
    }

    #[test]
    fn update_goes_on_to_the_first_live_entry() {
        let common = ids(3);
        let place = Place { me: Address(10), common: &common };
        let (mut rules, mut ring) = (Published::default(), ring(None, &[20, 30, 40]));
        assert_eq!(rules.step(Step::Update, &ring, place), Action::Ping(Address(20)));
        assert_eq!(rules.silent(&mut ring, place), Action::Ping(Address(30)));
        assert_eq!(rules.lives(&ring, place), Action::Done);
        assert_eq!(ring.successors, nodes(&[30, 40]));
    }

    #[test]
    fn flush_drops_a_dead_predecessor_and_any_nearer_one_is_believed() {
        let common = ids(2);
        let place = Place { me: Address(10), common: &common };
        let (mut rules, mut ring) = (Published::default(), ring(Some(90), &[20]));
        Published::notified(Address(80), &mut ring, place);
        assert_eq!(ring.predecessor, Some(Address(90)));
        rules.step(Step::Flush, &ring, place);
        rules.silent(&mut ring, place);
        assert_eq!(ring.predecessor, None);
        Published::notified(Address(80), &mut ring, place);
        assert_eq!(ring.predecessor, Some(Address(80)));
    }

    #[test]
    fn a_round_does_each_step_once_and_ends_whoever_is_silent() {
        let common = ids(2);
        let place = Place { me: Address(10), common: &common };
        let (mut rules, mut ring) = (Published::default(), ring(Some(90), &[20]));
        let mut action = rules.round(&ring, place);
        let mut asked = Vec::new();
        while action != Action::Done {
            asked.push(action);
            action = rules.silent(&mut ring, place);
        }
        let alone = [Action::Ping(Address(20)), Action::Query(Address(90)), Action::Ping(Address(90))];
        assert_eq!((&asked[..], ring), (&alone[..], Neighbours::default()));
        assert_eq!(rules.round(&Neighbours::default(), place), Action::Done);
    }
}
