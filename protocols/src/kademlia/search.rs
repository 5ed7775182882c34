//! The node lookup as a pure object: replies and silences go in, the next queries come out. No network, no clock.

use sim::address::Address;
use sim::time::SimTime;

use super::settings::Parallelism;
use crate::key::Key;

/// A search for the k nodes closest to a key (section 2.3).
///
/// Laws: nobody is asked twice; at most alpha calls are in flight, at most k in a sweep; it ends when the k closest of those
/// seen, silent ones left out, have all answered, and it does end, because every reply or silence settles a node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Search {
    key: Key,
    limits: Limits,
    /// All nodes heard of, the closest first.
    seen: Vec<Candidate>,
    in_flight: usize,
    /// How many may still be asked in this round, where there are rounds.
    quota: usize,
    /// The closest distance seen when the last progress was made.
    closest: Option<Key>,
    /// Replies and silences since then.
    idle: usize,
    /// The longest chain of exchanges, each begun when the one before it ended. Silence is none.
    waves: u32,
}

/// How far and how wide a search goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Limits {
    /// How many closest nodes must answer.
    pub(crate) k: usize,
    /// How many calls may be in flight.
    pub(crate) alpha: usize,
    /// Whether it goes on with each reply, or in rounds.
    pub(crate) parallelism: Parallelism,
}

/// A node that was heard of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Candidate {
    distance: Key,
    pub(crate) node: Address,
    /// 1 + the round of the reply that brought it; 1 if the searcher knew it.
    pub(crate) round: u32,
    /// When it was first heard of.
    pub(crate) heard_at: SimTime,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum State {
    Heard,
    Asked { wave: u32 },
    Answered { at: SimTime },
    Silent,
}

impl Search {
    /// A search that has heard of nobody yet.
    pub(crate) fn new(key: Key, limits: Limits) -> Self {
        let (seen, closest) = (Vec::new(), None);
        Self { key, limits, seen, in_flight: 0, quota: 0, closest, idle: 0, waves: 0 }
    }

    /// What it looks for.
    pub(crate) fn key(&self) -> Key {
        self.key
    }

    /// The searcher itself knows these nodes.
    pub(crate) fn know(&mut self, nodes: impl IntoIterator<Item = (Key, Address)>, now: SimTime) {
        for (id, node) in nodes {
            self.hear(id, node, 1, now);
        }
        self.closest = self.closest_seen();
    }

    /// The next node to ask now; ask again until there is none.
    pub(crate) fn next(&mut self) -> Option<Address> {
        if self.limits.parallelism == Parallelism::Strict && self.in_flight == 0 && self.quota == 0 {
            self.begin_round();
        }
        if !self.may_ask() {
            return None;
        }
        let wave = self.waves + 1;
        let Some(next) = self.window().find(|candidate| candidate.state == State::Heard).map(|found| found.node) else {
            // Whoever is heard of from here on belongs to the next round.
            self.quota = 0;
            return None;
        };
        self.settle(next, State::Asked { wave });
        self.in_flight += 1;
        self.quota = self.quota.saturating_sub(1);
        Some(next)
    }

    /// A node has answered with the contacts that it knows closest to the key. Whether that brought a node closer than all
    /// before.
    pub(crate) fn answered(
        &mut self,
        from: Address,
        contacts: impl IntoIterator<Item = (Key, Address)>,
        now: SimTime,
    ) -> bool {
        let Some((round, wave)) = self.end_call(from, State::Answered { at: now }) else {
            return false;
        };
        let before = self.closest_seen();
        self.waves = self.waves.max(wave);
        for (id, node) in contacts {
            self.hear(id, node, round + 1, now);
        }
        self.note_progress();
        self.closest_seen() < before
    }

    /// A node was silent, or is no member.
    pub(crate) fn silent(&mut self, node: Address) {
        if self.end_call(node, State::Silent).is_some() {
            self.note_progress();
        }
    }

    /// Whether the k closest of those seen have all answered.
    pub(crate) fn is_over(&self) -> bool {
        self.window().all(|candidate| matches!(candidate.state, State::Answered { .. }))
    }

    /// Those that have answered, the closest first, with the time of their answer.
    pub(crate) fn closest(&self) -> impl Iterator<Item = (&Candidate, SimTime)> {
        self.seen.iter().filter_map(|candidate| match candidate.state {
            State::Answered { at } => Some((candidate, at)),
            _ => None,
        })
    }

    /// How many exchanges one after the other it has taken so far.
    pub(crate) fn waves(&self) -> u32 {
        self.waves
    }

    /// The k closest of those seen; silent ones do not count.
    fn window(&self) -> impl Iterator<Item = &Candidate> {
        self.seen.iter().filter(|candidate| candidate.state != State::Silent).take(self.limits.k)
    }

    fn hear(&mut self, id: Key, node: Address, round: u32, now: SimTime) {
        let distance = id ^ self.key;
        if let Err(place) = self.seen.binary_search_by(|candidate| candidate.distance.cmp(&distance)) {
            let new = Candidate { distance, node, round, heard_at: now, state: State::Heard };
            self.seen.insert(place, new);
        }
    }

    fn closest_seen(&self) -> Option<Key> {
        self.seen.first().map(|candidate| candidate.distance)
    }

    fn may_ask(&self) -> bool {
        match self.limits.parallelism {
            Parallelism::Strict => self.quota > 0,
            Parallelism::Loose if self.is_stalled() => self.in_flight < self.limits.k,
            Parallelism::Loose => self.in_flight < self.limits.alpha,
        }
    }

    /// A round's worth of replies brought nobody closer: then all that are left of the k are asked.
    fn is_stalled(&self) -> bool {
        self.idle >= self.limits.alpha
    }

    fn begin_round(&mut self) {
        let closest = self.closest_seen();
        let is_first = self.waves == 0;
        self.quota = if is_first || closest < self.closest { self.limits.alpha } else { self.limits.k };
        self.closest = closest;
    }

    fn note_progress(&mut self) {
        if self.limits.parallelism == Parallelism::Strict {
            if self.in_flight == 0 {
                self.quota = 0;
            }
            return;
        }
        let closest = self.closest_seen();
        self.idle = if closest == self.closest { self.idle + 1 } else { 0 };
        self.closest = closest;
    }

    /// Settles a node that was asked; its round and its wave, or none if it was not asked.
    fn end_call(&mut self, node: Address, end: State) -> Option<(u32, u32)> {
        let candidate = self.seen.iter_mut().find(|candidate| candidate.node == node)?;
        let State::Asked { wave } = candidate.state else {
            return None;
        };
        candidate.state = end;
        self.in_flight -= 1;
        Some((candidate.round, wave))
    }

    fn settle(&mut self, node: Address, state: State) {
        if let Some(candidate) = self.seen.iter_mut().find(|candidate| candidate.node == node) {
            candidate.state = state;
        }
    }
}

impl Candidate {
    /// How far its id is from the key.
    pub(crate) fn distance(&self) -> Key {
        self.distance
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::key::Width;

    const NOW: SimTime = SimTime::ZERO;

    fn id(number: u32) -> Key {
        Width::new(16).and_then(|width| width.from_u64(number.into())).expect("a test's key fits")
    }

    fn nodes(numbers: &[u32]) -> Vec<(Key, Address)> {
        numbers.iter().map(|number| (id(*number), Address(*number))).collect()
    }

    fn search(k: usize, alpha: usize, parallelism: Parallelism, known: &[u32]) -> Search {
        let mut search = Search::new(Key::ZERO, Limits { k, alpha, parallelism });
        search.know(nodes(known), NOW);
        search
    }

    fn asked(search: &mut Search) -> Vec<u32> {
        std::iter::from_fn(|| search.next()).map(|node| node.0).collect()
    }

    fn found(search: &Search) -> Vec<u32> {
        search.closest().map(|(candidate, _)| candidate.node.0).collect()
    }

    #[test]
    fn it_asks_the_closest_first_and_at_most_alpha_at_once() {
        let mut search = search(4, 2, Parallelism::Loose, &[9, 7, 8]);
        assert_eq!(asked(&mut search), [7, 8]);
        search.answered(Address(8), nodes(&[3]), NOW);
        assert_eq!(asked(&mut search), [3]);
        assert!(!search.is_over());
    }

    #[test]
    fn replies_that_bring_nobody_closer_lead_to_a_sweep() {
        let mut search = search(5, 2, Parallelism::Loose, &[5, 6, 7, 8, 9]);
        assert_eq!(asked(&mut search), [5, 6]);
        search.answered(Address(5), nodes(&[]), NOW);
        assert_eq!(asked(&mut search), [7], "the first reply without progress: still alpha");
        search.answered(Address(6), nodes(&[]), NOW);
        assert_eq!(asked(&mut search), [8, 9], "the second: all that are left of the k");
        for node in [7, 8, 9] {
            assert!(!search.is_over());
            search.answered(Address(node), nodes(&[]), NOW);
        }
        assert!(search.is_over());
    }

    #[test]
    fn rounds_wait_for_all_their_replies() {
        let mut search = search(8, 3, Parallelism::Strict, &[10, 11, 12]);
        assert_eq!(asked(&mut search), [10, 11, 12]);
        search.answered(Address(10), nodes(&[4, 5, 6, 7]), NOW);
        search.answered(Address(11), nodes(&[]), NOW);
        assert_eq!(asked(&mut search), [], "one is still out");
        search.silent(Address(12));
        assert_eq!(asked(&mut search), [4, 5, 6]);
        for node in [4, 5, 6] {
            search.answered(Address(node), nodes(&[9]), NOW);
        }
        assert_eq!(asked(&mut search), [7, 9], "nobody closer: all that are left of the k");
        assert_eq!(search.waves(), 2);
    }

    #[test]
    fn it_ends_when_the_k_closest_have_answered_whoever_else_is_out() {
        let mut search = search(2, 3, Parallelism::Loose, &[5, 6]);
        assert_eq!(asked(&mut search), [5, 6]);
        search.answered(Address(6), nodes(&[1, 2]), NOW);
        assert_eq!(asked(&mut search), [1, 2]);
        search.answered(Address(2), nodes(&[]), NOW);
        search.answered(Address(1), nodes(&[]), NOW);
        assert!(search.is_over(), "5 has not answered, and does not matter");
        assert_eq!(found(&search), [1, 2, 6]);
        let rounds: Vec<u32> = search.closest().map(|(candidate, _)| candidate.round).collect();
        assert_eq!((rounds, search.waves()), (vec![2, 2, 1], 2));
    }

    #[test]
    fn silent_nodes_make_room_for_the_next_closest() {
        let mut search = search(2, 1, Parallelism::Loose, &[1, 2, 3]);
        assert_eq!(asked(&mut search), [1]);
        search.silent(Address(1));
        assert_eq!(asked(&mut search), [2, 3], "that was a round without progress");
        search.answered(Address(2), nodes(&[1]), NOW);
        search.answered(Address(3), nodes(&[1]), NOW);
        assert!(search.is_over(), "1 is not asked again");
        assert_eq!(found(&search), [2, 3]);
    }

    #[test]
    fn a_search_that_has_heard_of_nobody_is_over_and_has_found_nobody() {
        let search = search(2, 1, Parallelism::Loose, &[]);
        assert!(search.is_over());
        assert_eq!(found(&search), [0; 0]);
    }

    /// A world for a search: whom each node knows, and who is dead.
    #[derive(Clone, Debug)]
    struct Folk {
        knows: Vec<Vec<u32>>,
        is_dead: Vec<bool>,
    }

    fn folk() -> impl Strategy<Value = Folk> {
        (2..40u32).prop_flat_map(|count| {
            let knows = prop::collection::vec(prop::collection::vec(0..count, 0..8), count as usize);
            let is_dead = prop::collection::vec(prop::bool::weighted(0.2), count as usize);
            (knows, is_dead).prop_map(|(knows, is_dead)| Folk { knows, is_dead })
        })
    }

    proptest! {
        /// Whoever knows whom, whoever is dead, in whatever order the answers come.
        #[test]
        fn it_keeps_its_laws(
            folk in folk(),
            k in 1..6usize,
            alpha in 1..4usize,
            is_strict: bool,
            order in prop::collection::vec(any::<prop::sample::Index>(), 200),
        ) {
            let parallelism = if is_strict { Parallelism::Strict } else { Parallelism::Loose };
            let mut search = search(k, alpha, parallelism, &folk.knows[0]);
            let mut heard: std::collections::BTreeSet<u32> = folk.knows[0].iter().copied().collect();
            let (mut out, mut ever, mut answered) = (Vec::new(), Vec::new(), Vec::new());
            for index in order {
                let before = out.len();
                let is_sweep = is_strict || search.is_stalled();
                out.extend(asked(&mut search));
                let most = if is_sweep { k.max(alpha) } else { alpha };
                prop_assert!(out.len() <= before.max(most), "{} in flight", out.len());
                ever.extend(out[before..].to_vec());
                if out.is_empty() {
                    break;
                }
                let node = out.swap_remove(index.index(out.len()));
                if folk.is_dead[node as usize] {
                    search.silent(Address(node));
                } else {
                    heard.extend(&folk.knows[node as usize]);
                    answered.push(node);
                    search.answered(Address(node), nodes(&folk.knows[node as usize]), NOW);
                }
            }
            prop_assert!(search.is_over() && out.is_empty(), "it ends");
            let mut distinct = ever.clone();
            distinct.sort_unstable();
            distinct.dedup();
            prop_assert_eq!(distinct.len(), ever.len(), "nobody is asked twice");
            let silent = |node: &u32| ever.contains(node) && folk.is_dead[*node as usize];
            let closest: Vec<u32> = heard.iter().copied().filter(|node| !silent(node)).take(k).collect();
            prop_assert!(closest.iter().all(|node| answered.contains(node)), "{closest:?} have answered");
            prop_assert_eq!(&found(&search)[..closest.len()], closest);
        }
    }
}
