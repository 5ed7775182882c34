//! The membership list as a pure object: who is in the group, who has failed, and whom to ping next.

use serde::Serialize;
use sim::address::Address;
use sim::rng::Words;
use sim::sampler;

use super::settings::Settings;
use crate::key::Key;
use crate::place;

pub(crate) type Place<'a> = place::Place<'a, Settings>;

/// What is said of a member; of two things said of one incarnation, the later overrides the earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Standing {
    /// It lives.
    Alive,
    /// It was silent, and may refute that it is dead.
    Suspect,
    /// It is declared to have failed, or has left.
    Confirm,
}

/// A membership update (section 4.2): something that is said of one incarnation of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Update {
    /// Of whom.
    pub member: Address,
    /// Of which of its incarnations.
    pub incarnation: u32,
    /// What.
    pub standing: Standing,
}

/// Members in order of the ring, those that failed lately, and the order in which members are pinged.
///
/// Laws: what is held of a member changes only to what overrides it, by incarnation first and then by standing; a member is
/// in one of the two lists; the order of pings holds each member once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct MembershipList {
    members: Vec<Record>,
    failed: Vec<Record>,
    order: Vec<Address>,
    /// How many of the order have been pinged in this round.
    pinged: usize,
}

/// What is held of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Record {
    pub(crate) update: Update,
    /// In which of this node's protocol periods that was heard.
    pub(crate) since: u32,
}

impl MembershipList {
    /// The list of a member to whom all these others are alive, with an order of pings drawn from this chance.
    pub(crate) fn of(others: impl Iterator<Item = Address>, chance: &mut impl Words) -> Self {
        let alive = |member| Record { update: Update { member, incarnation: 0, standing: Standing::Alive }, since: 0 };
        let members: Vec<Record> = others.map(alive).collect();
        let mut order: Vec<Address> = members.iter().map(|record| record.update.member).collect();
        sampler::shuffle(chance, &mut order);
        Self { members, failed: Vec::new(), order, pinged: 0 }
    }

    /// Takes an update in if it overrides what is held; says whether it is worth spreading. Of somebody unknown, only that it
    /// lives is: where its failure has been forgotten, to spread it again would never end.
    pub(crate) fn hear(&mut self, update: Update, now: u32, place: Place<'_>, chance: &mut impl Words) -> bool {
        let held = self.get(update.member, place);
        let is_news = match held {
            Some(held) => (update.incarnation, update.standing) > (held.incarnation, held.standing),
            None => update.standing != Standing::Suspect,
        };
        if is_news {
            self.put(Record { update, since: now }, place, chance);
        }
        is_news && (held.is_some() || update.standing == Standing::Alive)
    }

    /// The next to be pinged, round-robin; the order is drawn anew when all have been (section 4.3).
    pub(crate) fn next_in_turn(&mut self, chance: &mut impl Words) -> Option<Address> {
        if self.pinged >= self.order.len() {
            sampler::shuffle(chance, &mut self.order);
            self.pinged = 0;
        }
        let next = self.order.get(self.pinged).copied()?;
        self.pinged += 1;
        Some(next)
    }

    /// Forgets failures of which was heard before this period.
    pub(crate) fn forget_failed(&mut self, before: u32) {
        self.failed.retain(|record| record.since >= before);
    }

    /// So many members but this one, each choice equally likely; all others where there are no more.
    pub(crate) fn some_but(&self, not: Option<Address>, count: usize, chance: &mut impl Words) -> Vec<Address> {
        let at = not.and_then(|not| self.order.iter().position(|member| *member == not));
        let others = self.order.len() - usize::from(at.is_some());
        let chosen = sampler::choose(chance, others, count).into_iter();
        chosen.map(|index| self.order[index + usize::from(at.is_some_and(|at| index >= at))]).collect()
    }

    /// What is held of somebody, failed or not.
    pub(crate) fn get(&self, member: Address, place: Place<'_>) -> Option<Update> {
        let held = |records: &[Record]| seek(records, member, place).ok().map(|at| records[at].update);
        held(&self.members).or_else(|| held(&self.failed))
    }

    /// The members, and the node itself, once around the ring from a key on.
    pub(crate) fn ring(&self, key: Key, place: Place<'_>) -> impl Iterator<Item = Address> {
        let start = self.members.partition_point(|record| place.key(record.update.member) < key);
        let (before, after) = self.members.split_at(start);
        let mut others = after.iter().chain(before).map(|record| record.update.member).peekable();
        let mut me = Some(place.me);
        let mine = place.my_key() - key;
        std::iter::from_fn(move || match others.peek() {
            Some(other) if me.is_none() || place.key(*other) - key < mine => others.next(),
            _ => me.take(),
        })
    }

    /// What is held of the members next to one of them on the ring, after it and before it.
    pub(crate) fn neighbours(&self, member: Address, place: Place<'_>) -> impl Iterator<Item = Update> {
        let count = self.members.len();
        let at = seek(&self.members, member, place).ok().filter(|_| count > 1);
        let next = at.map(|at| (at + 1) % count);
        let last = at.map(|at| (at + count - 1) % count).filter(|last| Some(*last) != next);
        next.into_iter().chain(last).map(|at| self.members[at].update)
    }

    /// What is held of all members.
    pub(crate) fn members(&self) -> impl Iterator<Item = &Record> {
        self.members.iter()
    }

    /// What is held of those that failed lately.
    pub(crate) fn failed(&self) -> impl Iterator<Item = &Record> {
        self.failed.iter()
    }

    /// How many members there are beside the node itself.
    pub(crate) fn len(&self) -> usize {
        self.members.len()
    }

    /// Bytes on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        (self.members.capacity() + self.failed.capacity()) * size_of::<Record>()
            + self.order.capacity() * size_of::<Address>()
    }

    /// Says which of its laws is broken, if one is.
    pub(crate) fn check(&self, place: Place<'_>) -> Result<(), String> {
        for (name, records) in [("members", &self.members), ("failed", &self.failed)] {
            if !records.is_sorted_by(|one, next| rank(one, place) < rank(next, place)) {
                return Err(format!("the {name} are not in order of the ring: {records:?}"));
            }
            if records.iter().any(|record| record.update.member == place.me) {
                return Err(format!("the node is among its {name}"));
            }
            let failed =
                records.iter().find(|record| (record.update.standing == Standing::Confirm) != (name == "failed"));
            if let Some(record) = failed {
                return Err(format!("{record:?} is among the {name}"));
            }
        }
        if let Some(twice) = self.failed.iter().find(|record| seek(&self.members, record.update.member, place).is_ok())
        {
            return Err(format!("{twice:?} is a member as well"));
        }
        let mut order = self.order.clone();
        order.sort_unstable_by_key(|member| (place.key(*member), *member));
        if !order.iter().eq(self.members.iter().map(|record| &record.update.member)) {
            return Err(format!("the order of pings is not that of the members: {:?}", self.order));
        }
        if self.pinged > self.order.len() {
            return Err(format!("{} of {} have been pinged", self.pinged, self.order.len()));
        }
        Ok(())
    }

    /// Puts a record in its place, which may be another list than before.
    fn put(&mut self, record: Record, place: Place<'_>, chance: &mut impl Words) {
        let member = record.update.member;
        let is_member = record.update.standing != Standing::Confirm;
        let (to, from) =
            if is_member { (&mut self.members, &mut self.failed) } else { (&mut self.failed, &mut self.members) };
        if let Ok(at) = seek(from, member, place) {
            from.remove(at);
        }
        match seek(to, member, place) {
            Ok(at) => to[at] = record,
            Err(at) => {
                to.insert(at, record);
                if is_member { self.enter_order(member, chance) } else { self.leave_order(member) }
            }
        }
    }

    /// A new member is put at a random place, so that others do not all ping it at once (section 4.3).
    fn enter_order(&mut self, member: Address, chance: &mut impl Words) {
        let at = sampler::below(chance, self.order.len() as u64 + 1) as usize;
        self.order.insert(at, member);
        self.pinged += usize::from(at < self.pinged);
    }

    fn leave_order(&mut self, member: Address) {
        if let Some(at) = self.order.iter().position(|other| *other == member) {
            self.order.remove(at);
            self.pinged -= usize::from(at < self.pinged);
        }
    }
}

fn seek(records: &[Record], member: Address, place: Place<'_>) -> Result<usize, usize> {
    records.binary_search_by_key(&(place.key(member), member), |record| rank(record, place))
}

fn rank(record: &Record, place: Place<'_>) -> (Key, Address) {
    (place.key(record.update.member), record.update.member)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dht::Common;
    use crate::key::Width;
    use sim::rng::{Stream, StreamPurpose};

    const ME: Address = Address(0);

    struct Hand {
        list: MembershipList,
        common: Common<Settings>,
        chance: Stream,
    }

    impl Hand {
        fn new(others: u32) -> Self {
            let width = Width::new(16).expect("legal");
            let keys = (0..100).map(|node| width.hash(&format!("node-42-{node}"))).collect();
            let common = Common::new(width, keys, Settings::default());
            let mut hand =
                Self { list: MembershipList::default(), common, chance: Stream::open(1, StreamPurpose(1), 0) };
            (1..=others).for_each(|member| _ = hand.hear(member, 0, Standing::Alive));
            hand
        }

        fn hear(&mut self, member: u32, incarnation: u32, standing: Standing) -> bool {
            let place = Place { me: ME, common: &self.common };
            let update = Update { member: Address(member), incarnation, standing };
            let is_news = self.list.hear(update, 0, place, &mut self.chance);
            assert_eq!(self.list.check(place), Ok(()));
            is_news
        }

        fn next(&mut self) -> Address {
            self.list.next_in_turn(&mut self.chance).expect("there are members")
        }
    }

    /// Section 4.2, but for `Confirm`: see note 4 of the module.
    #[test]
    fn updates_override_by_incarnation_and_then_by_standing() {
        use Standing::{Alive, Confirm, Suspect};
        for (held, update, overrides) in [
            ((1, Alive), (1, Alive), false),
            ((1, Alive), (2, Alive), true),
            ((1, Suspect), (1, Alive), false),
            ((1, Suspect), (2, Alive), true),
            ((1, Confirm), (1, Alive), false),
            ((1, Confirm), (2, Alive), true),
            ((1, Alive), (0, Suspect), false),
            ((1, Alive), (1, Suspect), true),
            ((1, Suspect), (1, Suspect), false),
            ((1, Suspect), (2, Suspect), true),
            ((1, Confirm), (1, Suspect), false),
            ((1, Alive), (0, Confirm), false),
            ((1, Alive), (1, Confirm), true),
            ((1, Suspect), (1, Confirm), true),
            ((1, Confirm), (1, Confirm), false),
        ] {
            let mut hand = Hand::new(3);
            hand.hear(2, held.0, held.1);
            assert_eq!(hand.hear(2, update.0, update.1), overrides, "{update:?} over {held:?}");
            let now = hand.list.get(Address(2), Place { me: ME, common: &hand.common }).expect("it is known");
            assert_eq!((now.incarnation, now.standing), if overrides { update } else { held });
        }
    }

    #[test]
    fn of_a_stranger_only_its_life_is_news() {
        let mut hand = Hand::new(3);
        assert!(!hand.hear(9, 1, Standing::Suspect) && !hand.hear(8, 1, Standing::Confirm));
        assert!(!hand.hear(8, 0, Standing::Alive), "its failure is remembered");
        assert!(hand.hear(9, 0, Standing::Alive) && hand.hear(8, 2, Standing::Alive));
        assert_eq!(hand.list.len(), 5);
    }

    #[test]
    fn failures_are_forgotten_in_time() {
        let mut hand = Hand::new(3);
        hand.hear(2, 0, Standing::Confirm);
        hand.list.forget_failed(0);
        assert_eq!(hand.list.failed().count(), 1);
        hand.list.forget_failed(1);
        assert_eq!(hand.list.failed().count(), 0);
    }

    #[test]
    fn each_member_is_pinged_once_in_a_round_whoever_comes_and_goes() {
        let mut hand = Hand::new(20);
        for round in 0..50 {
            let mut pinged: Vec<Address> = (0..10).map(|_| hand.next()).collect();
            hand.hear(30 + round, 0, Standing::Alive);
            let gone = pinged[3];
            hand.hear(gone.0, 0, Standing::Confirm);
            while hand.list.pinged < hand.list.order.len() {
                pinged.push(hand.next());
            }
            let count = pinged.len();
            pinged.sort_unstable();
            pinged.dedup();
            assert_eq!(pinged.len(), count, "nobody twice");
            let missed = hand.list.order.iter().filter(|member| !pinged.contains(member));
            assert!(missed.into_iter().all(|member| member.0 == 30 + round), "but for the newcomer");
        }
    }

    #[test]
    fn whoever_is_drawn_is_never_whom_to_leave_out_and_everybody_else_as_often() {
        let mut hand = Hand::new(5);
        let mut drawn = [0_u32; 6];
        for _ in 0..10_000 {
            let some = hand.list.some_but(Some(Address(2)), 2, &mut hand.chance);
            assert_eq!(some.len(), 2);
            for member in some {
                drawn[member.index()] += 1;
            }
        }
        assert_eq!((drawn[0], drawn[2]), (0, 0));
        // Each in half of the draws; five standard deviations of 50.
        assert!([1, 3, 4, 5].iter().all(|member| drawn[*member].abs_diff(5_000) < 250), "{drawn:?}");
        assert_eq!(hand.list.some_but(Some(Address(2)), 9, &mut hand.chance).len(), 4);
    }

    #[test]
    fn the_ring_goes_once_around_from_any_key_and_holds_the_node_itself() {
        let hand = Hand::new(9);
        let place = Place { me: ME, common: &hand.common };
        for key in (0..10).map(|node| hand.common.key(Address(node))) {
            let ring: Vec<Key> = hand.list.ring(key, place).map(|node| hand.common.key(node) - key).collect();
            assert_eq!((ring.len(), ring[0]), (10, Key::ZERO));
            assert!(ring.is_sorted());
        }
    }
}
