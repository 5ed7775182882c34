//! The judge: who is a member, who truly owns a key, and whether a lookup's answer was right. No protocol can see it.
//!
//! A lookup is *correct* if the owner it was told was the true owner, among live members, at some instant between issue
//! and answer; else *wrong*. Members have joined (they reported it), have neither left nor crashed, and can be dialled. Under a
//! partition there are two truths: at large, and on the issuer's side.
//!
//! A lookup that asks for the holders of copies names them rightly if its list was the true one, the owner first, at some
//! such instant, at large.

mod placed;

use std::collections::{BTreeMap, BTreeSet};

use protocols::dht::{Answer, Dht, Failure, FailureReason, LOOKUP, Members, Report, Request, Silence};
use protocols::key::Key;
use sim::address::Address;
use sim::faults::Groups;
use sim::protocol::{Cause, RequestId};
use sim::record::{Fact, Recorder};
use sim::time::{SimTime, Span};

use placed::Noted;
pub use placed::Placed;

/// Watches a run and judges its lookups.
#[derive(Clone, Debug)]
pub struct Judge<P> {
    keys: Vec<Key>,
    outsiders: BTreeSet<Address>,
    members: Members,
    partitions: BTreeMap<u32, Groups>,
    sides: BTreeMap<Vec<u32>, Members>,
    open: BTreeMap<RequestId, Open>,
    /// Members or partitions have changed at this instant, and the open lookups have not seen it yet.
    changed: Option<SimTime>,
    judged: Vec<Judged>,
    /// Where copies lay at an instant, once it has come.
    noted: Option<Noted>,
    protocol: std::marker::PhantomData<P>,
}

/// A lookup that has been judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// Its number in the run.
    pub number: RequestId,
    /// When it was issued.
    pub issued: SimTime,
    /// When it ended.
    pub ended: SimTime,
    /// Its key.
    pub key: Key,
    /// Who issued it.
    pub issuer: Address,
    /// How it ended.
    pub outcome: Outcome,
    /// The same, judged by the truth on the issuer's side of a partition.
    pub outcome_on_side: Outcome,
    /// The owner that it was told.
    pub owner: Option<Address>,
    /// Whether the holders of copies that it was told were the true ones; none if it asked for the owner alone, or was not
    /// answered.
    pub are_holders_right: Option<bool>,
    /// The true owner: the one it was told, if that was right at some instant; else the one at its end.
    pub truth: Option<Address>,
    /// Exchanges and times, if it was answered.
    pub answer: Option<Answer>,
    /// What silence cost.
    pub silence: Silence,
    /// Messages sent on its behalf until it ended.
    pub messages: u64,
    /// How long it takes from its issuer to the owner that it was told and back, without jitter, queues and faults. None if it
    /// was not answered, or if the network draws delays anew for each packet.
    pub round_trip: Option<Span>,
}

impl Judged {
    /// From issue to the owner's own reply, if it was answered; the lookup may have gone on after that.
    pub fn latency(&self) -> Option<Span> {
        self.answer.as_ref().map(|answer| answer.replied_at.since(self.issued))
    }
}

/// How a lookup ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Answered with the true owner.
    Correct,
    /// Answered with another.
    Wrong,
    /// Not answered.
    Failed(FailureReason),
    /// Its issuer went down, or the run ended.
    Abandoned,
}

impl Outcome {
    /// The word for tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Correct => "correct",
            Self::Wrong => "wrong",
            Self::Failed(_) => "failed",
            Self::Abandoned => "abandoned",
        }
    }
}

#[derive(Clone, Debug)]
struct Open {
    issued: SimTime,
    key: Key,
    issuer: Address,
    messages: u64,
    /// Every true owner since it was issued, the latest last.
    truths: Vec<Option<Address>>,
    truths_on_side: Vec<Option<Address>>,
    copies: u32,
    /// All true holders of copies since it was issued, the latest last; nobody if it asked for the owner alone.
    true_holders: Vec<Vec<Address>>,
}

impl<P: Dht> Judge<P> {
    /// A judge of a run in which addresses have these ids.
    pub fn new(keys: Vec<Key>) -> Self {
        Self {
            keys,
            outsiders: BTreeSet::new(),
            members: Members::default(),
            partitions: BTreeMap::new(),
            sides: BTreeMap::new(),
            open: BTreeMap::new(),
            changed: None,
            judged: Vec::new(),
            noted: None,
            protocol: std::marker::PhantomData,
        }
    }

    /// The same, but these are never members, even if they have joined: nobody could ask them for anything.
    #[must_use]
    pub fn with_outsiders(self, outsiders: BTreeSet<Address>) -> Self {
        Self { outsiders, ..self }
    }

    /// The members now.
    pub fn members(&self) -> &Members {
        &self.members
    }

    /// The network has fallen into parts.
    pub fn partition(&mut self, number: u32, groups: Groups, now: SimTime) {
        self.change(now);
        self.partitions.insert(number, groups);
        self.draw_sides();
    }

    /// A partition has ended; nothing if there was none of this number.
    pub fn heal(&mut self, number: u32, now: SimTime) {
        if self.partitions.contains_key(&number) {
            self.change(now);
            self.partitions.remove(&number);
            self.draw_sides();
        }
    }

    /// What has been judged since the last time.
    pub fn take_judged(&mut self) -> Vec<Judged> {
        std::mem::take(&mut self.judged)
    }

    /// Copies lie where they should among the members of now; from here on it is noted who loses them.
    pub fn note_placement(&mut self) {
        self.noted = Some(Noted::new(self.members.clone()));
    }

    /// A node is about to come up with the state that it had when it went.
    pub fn revived(&mut self, node: Address) {
        if let Some(noted) = &mut self.noted {
            noted.revived(node);
        }
    }

    /// What has become, since the placement was noted, of these keys with so many copies each. None if it was not noted, or if
    /// nobody was a member then.
    pub fn placed(&self, keys: impl IntoIterator<Item = Key>, copies: u32) -> Option<Placed> {
        self.noted.as_ref()?.judge::<P>(&self.members, keys, copies as usize)
    }

    /// The run has ended: what is still open is abandoned.
    pub fn finish(&mut self, now: SimTime) {
        while let Some((number, open)) = self.open.pop_first() {
            self.close(number, &open, Verdict::Abandoned, now);
        }
    }

    fn joined(&mut self, node: Address, now: SimTime) {
        if self.outsiders.contains(&node) {
            return;
        }
        self.change(now);
        let key = self.keys[node.index()];
        self.members.insert(key, node);
        let side = self.side(node);
        if let Some(members) = self.sides.get_mut(&side) {
            members.insert(key, node);
        } else if !self.partitions.is_empty() {
            self.draw_sides();
        }
    }

    fn gone(&mut self, node: Address, now: SimTime) {
        let key = self.keys[node.index()];
        if self.members.contains(key) {
            self.change(now);
            self.members.remove(key);
            let side = self.side(node);
            if let Some(members) = self.sides.get_mut(&side) {
                members.remove(key);
            }
        }
    }

    fn stopped(&mut self, node: Address, now: SimTime) {
        self.gone(node, now);
        if let Some(noted) = &mut self.noted {
            noted.stopped(node);
        }
        let theirs = self.open.iter().filter(|(_, open)| open.issuer == node).map(|(number, _)| *number);
        for number in theirs.collect::<Vec<_>>() {
            if let Some(open) = self.open.remove(&number) {
                self.close(number, &open, Verdict::Abandoned, now);
            }
        }
    }

    fn issued(&mut self, number: RequestId, issuer: Address, key: Key, copies: u32, now: SimTime) {
        self.catch_up();
        let truths = vec![P::owner(&self.members, key)];
        let truths_on_side = vec![self.owner_on_side(issuer, key)];
        let true_holders = self.holders(key, copies).into_iter().collect();
        let open = Open { issued: now, key, issuer, messages: 0, truths, truths_on_side, copies, true_holders };
        self.open.insert(number, open);
    }

    fn ended(&mut self, number: RequestId, verdict: Verdict<'_>, now: SimTime) {
        self.catch_up();
        if let Some(open) = self.open.remove(&number) {
            self.close(number, &open, verdict, now);
        }
    }

    fn close(&mut self, number: RequestId, open: &Open, verdict: Verdict<'_>, now: SimTime) {
        let last = open.truths.last().copied().flatten();
        let judged = |outcome, outcome_on_side, answer: Option<&Answer>, silence| Judged {
            number,
            issued: open.issued,
            ended: now,
            key: open.key,
            issuer: open.issuer,
            outcome,
            outcome_on_side,
            owner: answer.map(|answer| answer.owner),
            are_holders_right: answer
                .filter(|_| open.copies > 1)
                .map(|answer| open.true_holders.contains(&answer.holders)),
            truth: if outcome == Outcome::Correct { answer.map(|answer| answer.owner) } else { last },
            answer: answer.cloned(),
            silence,
            messages: open.messages,
            round_trip: None,
        };
        self.judged.push(match verdict {
            Verdict::Answered(answer) => {
                let owner = Some(answer.owner);
                let word = |right: bool| if right { Outcome::Correct } else { Outcome::Wrong };
                let at_large = word(open.truths.contains(&owner));
                let on_side = word(open.truths_on_side.contains(&owner));
                judged(at_large, on_side, Some(answer), answer.silence)
            }
            Verdict::Failed(Failure { reason, silence }) => {
                judged(Outcome::Failed(*reason), Outcome::Failed(*reason), None, *silence)
            }
            Verdict::Abandoned => judged(Outcome::Abandoned, Outcome::Abandoned, None, Silence::default()),
        });
    }

    /// Members or partitions are about to change.
    fn change(&mut self, now: SimTime) {
        if self.changed.is_some_and(|at| at < now) {
            self.catch_up();
        }
        self.changed = Some(now);
    }

    /// Shows the open lookups who owns their keys now, and who holds copies.
    fn catch_up(&mut self) {
        if self.changed.take().is_none() {
            return;
        }
        let mut open = std::mem::take(&mut self.open);
        for lookup in open.values_mut() {
            note(&mut lookup.truths, P::owner(&self.members, lookup.key));
            note(&mut lookup.truths_on_side, self.owner_on_side(lookup.issuer, lookup.key));
            if let Some(holders) = self.holders(lookup.key, lookup.copies) {
                note(&mut lookup.true_holders, holders);
            }
        }
        self.open = open;
    }

    /// Who holds copies now; none if only the owner is asked for, which costs nothing.
    fn holders(&self, key: Key, copies: u32) -> Option<Vec<Address>> {
        (copies > 1).then(|| P::holders(&self.members, key, copies as usize))
    }

    fn owner_on_side(&self, issuer: Address, key: Key) -> Option<Address> {
        if self.partitions.is_empty() {
            return P::owner(&self.members, key);
        }
        self.sides.get(&self.side(issuer)).and_then(|members| P::owner(members, key))
    }

    fn side(&self, node: Address) -> Vec<u32> {
        self.partitions.values().map(|groups| groups.of(node)).collect()
    }

    fn draw_sides(&mut self) {
        let mut sides = BTreeMap::new();
        if !self.partitions.is_empty() {
            for (key, node) in self.members.from(Key::ZERO) {
                sides.entry(self.side(node)).or_insert_with(Members::default).insert(key, node);
            }
        }
        self.sides = sides;
    }
}

impl<P: Dht> Recorder<P> for Judge<P> {
    fn record(&mut self, now: SimTime, fact: &Fact<'_, P>) {
        match fact {
            Fact::Sent { cause: Cause { purpose: LOOKUP, request }, .. } => {
                if let Some(open) = self.open.get_mut(request) {
                    open.messages += 1;
                }
            }
            Fact::Asked { node, request: Request::Lookup { key, copies }, cause } => {
                self.issued(cause.request, *node, *key, *copies, now);
            }
            Fact::Reported { node, report, cause } => match report {
                Report::Joined => self.joined(*node, now),
                Report::Left => self.gone(*node, now),
                Report::Answered(answer) => self.ended(cause.request, Verdict::Answered(answer), now),
                Report::Failed(failure) => self.ended(cause.request, Verdict::Failed(failure), now),
            },
            Fact::Started { node, .. } => {
                if let Some(noted) = &mut self.noted {
                    noted.started(*node);
                }
            }
            Fact::Stopped { node, .. } => self.stopped(*node, now),
            _ => {}
        }
    }
}

#[derive(Clone, Copy)]
enum Verdict<'a> {
    Answered(&'a Answer),
    Failed(&'a Failure),
    Abandoned,
}

fn note<T: PartialEq>(truths: &mut Vec<T>, truth: T) {
    if truths.last() != Some(&truth) {
        truths.push(truth);
    }
}

#[cfg(test)]
mod tests {
    use protocols::chord::Chord;
    use protocols::key::Width;

    use super::*;

    #[test]
    fn an_owner_that_was_right_at_some_instant_is_correct() {
        let mut judge = ring(&[10, 20, 30]);
        judge.issued(RequestId(1), node(2), key(15), 1, at(1));
        judge.stopped(node(1), at(2));
        judge.joined(node(1), at(3));
        answer(&mut judge, 1, 2, at(4));
        assert_eq!(outcomes(&mut judge), [Outcome::Correct], "30 owned 15 from 2 to 3");
    }

    #[test]
    fn an_owner_that_was_never_right_in_between_is_wrong() {
        let mut judge = ring(&[10, 20, 30]);
        judge.stopped(node(1), at(1));
        judge.joined(node(1), at(2));
        judge.issued(RequestId(1), node(2), key(15), 1, at(3));
        answer(&mut judge, 1, 2, at(4));
        let judged = judge.take_judged();
        assert_eq!((judged[0].outcome, judged[0].truth), (Outcome::Wrong, Some(node(1))));
    }

    #[test]
    fn a_lookup_is_abandoned_when_its_issuer_goes_or_the_run_ends() {
        let mut judge = ring(&[10, 20, 30]);
        judge.issued(RequestId(1), node(0), key(15), 1, at(1));
        judge.issued(RequestId(2), node(1), key(15), 1, at(1));
        judge.stopped(node(0), at(2));
        judge.finish(at(3));
        assert_eq!(outcomes(&mut judge), [Outcome::Abandoned, Outcome::Abandoned]);
    }

    #[test]
    fn under_a_partition_there_are_two_truths() {
        let mut judge = ring(&[10, 20, 30]);
        judge.partition(0, Groups::new(&[vec![node(0), node(2)], vec![node(1)]]), at(1));
        judge.issued(RequestId(1), node(0), key(15), 1, at(2));
        answer(&mut judge, 1, 2, at(3));
        judge.heal(0, at(4));
        judge.issued(RequestId(2), node(0), key(15), 1, at(5));
        answer(&mut judge, 2, 2, at(6));
        let judged = judge.take_judged();
        assert_eq!((judged[0].outcome, judged[0].outcome_on_side), (Outcome::Wrong, Outcome::Correct));
        assert_eq!((judged[1].outcome, judged[1].outcome_on_side), (Outcome::Wrong, Outcome::Wrong));
    }

    #[test]
    fn who_cannot_be_dialled_is_no_member_though_it_joins() {
        let keys = [10, 20, 30].map(key).to_vec();
        let mut judge: Judge<Chord> = Judge::new(keys).with_outsiders([node(1)].into());
        for number in 0..3 {
            judge.joined(node(number), SimTime::ZERO);
        }
        assert_eq!(judge.members().len(), 2);
        judge.issued(RequestId(1), node(1), key(15), 1, at(1));
        answer(&mut judge, 1, 2, at(2));
        judge.issued(RequestId(2), node(1), key(15), 1, at(1));
        answer(&mut judge, 2, 1, at(2));
        judge.stopped(node(1), at(3));
        assert_eq!(outcomes(&mut judge), [Outcome::Correct, Outcome::Wrong], "30 owns 15, whoever asks");
    }

    #[test]
    fn holders_are_right_if_all_of_them_were_at_one_instant() {
        let of = |holders: &[u32], copies: u32| {
            let mut judge = ring(&[10, 20, 30, 40]);
            judge.issued(RequestId(1), node(0), key(15), copies, at(1));
            judge.stopped(node(2), at(2));
            judge.joined(node(2), at(3));
            answer_with(&mut judge, 1, 1, holders, at(4));
            judge.take_judged()[0].are_holders_right
        };
        assert_eq!(of(&[1, 2, 3], 3), Some(true));
        assert_eq!(of(&[1, 3, 0], 3), Some(true), "so it was from 2 to 3");
        assert_eq!(of(&[1, 2, 0], 3), Some(false), "each was one of three at some instant, but not together");
        assert_eq!(of(&[1, 3, 2], 3), Some(false), "in another order");
        assert_eq!(of(&[1, 2], 3), Some(false), "one is missing");
        assert_eq!(of(&[1, 2, 3, 0], 9), Some(true), "there are no more than four");
        assert_eq!(of(&[], 1), None, "only the owner was asked for");
    }

    fn ring(ids: &[u64]) -> Judge<Chord> {
        let mut judge = Judge::new(ids.iter().map(|id| key(*id)).collect());
        for number in 0..ids.len() as u32 {
            judge.joined(node(number), SimTime::ZERO);
        }
        judge
    }

    fn answer(judge: &mut Judge<Chord>, number: u32, owner: u32, now: SimTime) {
        answer_with(judge, number, owner, &[], now);
    }

    fn answer_with(judge: &mut Judge<Chord>, number: u32, owner: u32, holders: &[u32], now: SimTime) {
        let (owner, silence) = (node(owner), Silence::default());
        let answer = Answer {
            owner,
            holders: holders.iter().copied().map(node).collect(),
            hops: 0,
            hops_to_owner: 0,
            hops_to_end: 0,
            known_at: now,
            replied_at: now,
            silence,
        };
        judge.ended(RequestId(number), Verdict::Answered(&answer), now);
    }

    fn outcomes(judge: &mut Judge<Chord>) -> Vec<Outcome> {
        judge.take_judged().iter().map(|judged| judged.outcome).collect()
    }

    fn key(number: u64) -> Key {
        Width::new(16).and_then(|width| width.from_u64(number)).expect("a test's key fits")
    }

    fn node(number: u32) -> Address {
        Address(number)
    }

    fn at(secs: u64) -> SimTime {
        SimTime::ZERO + Span::from_secs(secs)
    }
}
