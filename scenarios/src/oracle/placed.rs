//! Where copies of keys lie at one instant, and what has become of them by the end: as the judge knows it, and nobody else.
//!
//! The judge notes who the members are, and later who has gone. The rest follows from the protocol's own rules: of each key,
//! who was to hold copies then, and who owns it in the end. Nothing is stored and nothing is copied afterwards.

use std::collections::BTreeMap;

use protocols::dht::{Dht, Members};
use protocols::key::Key;
use sim::address::Address;

/// What has become of keys and their copies since an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// How many keys each member of that instant owned, in order of their ids.
    pub owned: Vec<u64>,
    /// How many keys it held copies of, those that it owned too.
    pub copies: Vec<u64>,
    /// How many keys there are.
    pub keys: u64,
    /// Of these, those of which a holder of that instant still has its copy, and is up.
    pub survived: u64,
    /// Those of which the owner of now is such a holder: it is found where it is looked for, though nobody has copied it.
    pub owner_holds: u64,
}

/// The members of an instant, and who of all nodes has gone since.
#[derive(Clone, Debug)]
pub(super) struct Noted {
    members: Members,
    gone: BTreeMap<Address, Copies>,
}

/// What has become of the copies on a node that has gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Copies {
    /// It is down. It may come back with them.
    Down,
    /// It has come back without.
    Lost,
}

impl Noted {
    /// Copies lie where they should among these members.
    pub(super) fn new(members: Members) -> Self {
        Self { members, gone: BTreeMap::new() }
    }

    pub(super) fn stopped(&mut self, node: Address) {
        self.gone.entry(node).or_insert(Copies::Down);
    }

    /// A node is about to come up with the state that it had.
    pub(super) fn revived(&mut self, node: Address) {
        if self.gone.get(&node) == Some(&Copies::Down) {
            self.gone.remove(&node);
        }
    }

    /// A node has come up; if it has not been revived, with nothing.
    pub(super) fn started(&mut self, node: Address) {
        if let Some(copies) = self.gone.get_mut(&node) {
            *copies = Copies::Lost;
        }
    }

    /// What has become of these keys, with so many copies each, where these are the members now. None if nobody was a member
    /// at the instant that was noted.
    pub(super) fn judge<P: Dht>(
        &self,
        now: &Members,
        keys: impl IntoIterator<Item = Key>,
        copies: usize,
    ) -> Option<Placed> {
        let members = self.members.ranked();
        let rank: BTreeMap<Address, usize> = members.iter().map(|(_, node)| *node).zip(0..).collect();
        let none = vec![0; members.len()];
        let mut placed = Placed { owned: none.clone(), copies: none, keys: 0, survived: 0, owner_holds: 0 };
        for key in keys {
            let holders = P::holders(&self.members, key, copies);
            placed.owned[rank[holders.first()?]] += 1;
            for holder in &holders {
                placed.copies[rank[holder]] += 1;
            }
            let has_copy = |node: &Address| holders.contains(node) && !self.gone.contains_key(node);
            placed.keys += 1;
            placed.survived += u64::from(holders.iter().any(has_copy));
            placed.owner_holds += u64::from(P::owner(now, key).as_ref().is_some_and(has_copy));
        }
        Some(placed)
    }
}

#[cfg(test)]
mod tests {
    use protocols::key::Width;
    use protocols::{Entry, Visitor};

    use super::*;

    /// Ids 10, 100 and 200 of 256, keys 20, 60, 180 and 240: owners by hand, for each rule of ownership.
    struct ByHand;

    impl Visitor for ByHand {
        type Output = ();

        fn visit<P: Dht>(self, _: &P::Settings) {
            let (first, second): ([u64; 3], [u64; 3]) = match P::NAME {
                // The first at or after the key: 100, 100, 200, 10. With two copies also the one after that.
                "Chord" | "FullMembership" => ([1, 2, 1], [2, 3, 3]),
                // By XOR, 20 is 30 from 10, 112 from 100 and 220 from 200; 60 is 54, 88 and 244; 180 is 190, 208 and 124;
                // 240 is 250, 148 and 56.
                "Kademlia" => ([2, 0, 2], [3, 3, 2]),
                // On the circle, 20 is 10 from 10, 76 from 200 and 80 from 100; 60 is 40 from 100 and 50 from 10; 180 is 20 from
                // 200, 80 from 100 and 86 from 10; 240 is 26 from 10 and 40 from 200.
                "Pastry" => ([2, 1, 1], [3, 2, 3]),
                other => panic!("{other} needs a count by hand"),
            };
            let noted = Noted::new(members(&[0, 1, 2]));
            let placed = |copies| noted.judge::<P>(&noted.members, keys(), copies).expect("there are members");
            assert_eq!((placed(1).owned, placed(1).copies), (first.to_vec(), first.to_vec()), "{}", P::NAME);
            assert_eq!((placed(2).owned, placed(2).copies), (first.to_vec(), second.to_vec()), "{}", P::NAME);
            assert_eq!(placed(9).copies, [4, 4, 4], "all of them, where there are fewer");
            assert_eq!((placed(2).keys, placed(2).survived, placed(2).owner_holds), (4, 4, 4), "nobody has gone");
        }
    }

    #[test]
    fn every_rule_of_ownership_is_counted_by_hand() {
        for entry in Entry::all() {
            entry.visit(ByHand);
        }
    }

    /// What has become of the keys, with two copies each, by the rule of the ring.
    struct Ring<'a>(&'a Noted, &'a [u32]);

    impl Visitor for Ring<'_> {
        type Output = Option<(u64, u64)>;

        fn visit<P: Dht>(self, _: &P::Settings) -> Option<(u64, u64)> {
            let placed = self.0.judge::<P>(&members(self.1), keys(), 2)?;
            Some((placed.survived, placed.owner_holds))
        }
    }

    #[test]
    fn a_copy_is_lost_with_its_holder_and_found_where_the_next_owner_holds_another() {
        let ring = |noted: &Noted, now: &[u32]| Entry::all()[0].visit(Ring(noted, now)).expect("there were members");
        // Keys 20 and 60 lie on 100 and 200, 180 on 200 and 10, 240 on 10 and 100.
        let mut noted = Noted::new(members(&[0, 1, 2]));
        noted.stopped(Address(1));
        assert_eq!(ring(&noted, &[0, 2]), (4, 4), "200 and 10 own them now");
        noted.started(Address(1));
        assert_eq!(ring(&noted, &[0, 1, 2]), (4, 2), "100 owns 20 and 60 again, and has nothing of them");
        noted.stopped(Address(1));
        noted.revived(Address(1));
        noted.started(Address(1));
        assert_eq!(ring(&noted, &[0, 1, 2]), (4, 2), "what it has kept is nothing");
        noted.stopped(Address(2));
        assert_eq!(ring(&noted, &[0]), (2, 2), "only 180 and 240 have a copy, and 10 owns all");
        noted.revived(Address(2));
        noted.started(Address(2));
        assert_eq!(ring(&noted, &[0, 2]), (4, 4), "it has come back with its copies");
        noted.stopped(Address(0));
        assert_eq!(ring(&noted, &[2, 3]), (3, 1), "a newcomer owns 20, 60 and 240, and has nothing");
    }

    #[test]
    fn where_nobody_was_there_nothing_was_placed() {
        assert_eq!(Entry::all()[0].visit(Ring(&Noted::new(Members::default()), &[0, 1])), None);
    }

    fn members(nodes: &[u32]) -> Members {
        let ids = [10, 100, 200, 90];
        nodes.iter().map(|node| (key(ids[*node as usize]), Address(*node))).collect()
    }

    fn keys() -> [Key; 4] {
        [20, 60, 180, 240].map(key)
    }

    fn key(number: u64) -> Key {
        Width::new(8).and_then(|width| width.from_u64(number)).expect("a test's key fits")
    }
}
