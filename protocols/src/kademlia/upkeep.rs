//! Joining, leaving, refreshing buckets, and finding back when nobody seems to be left.

use sim::address::Address;
use sim::rng::Words;
use sim::sampler;
use sim::time::Span;

use super::buckets::Bucket;
use super::message::Message;
use super::node::{Cx, JOIN_AGAIN, Kademlia, LONELY, REFRESH, Status, Timer, Why};
use super::settings::Farewell;
use crate::dht::Report;
use crate::key::Key;
use crate::place::place;
use crate::settings::Maintenance;
use crate::upkeep::{for_upkeep, jittered};

impl Kademlia {
    /// Joins the overlay that these nodes are said to be in, or begins one.
    pub(super) fn join(&mut self, bootstraps: Vec<Address>, cx: &mut Cx<'_>) {
        match self.status {
            Status::Outside => {
                self.bootstraps = bootstraps.into();
                self.begin_life(cx);
                self.try_to_join(cx);
            }
            Status::Joining if !bootstraps.is_empty() => self.join_through(bootstraps, cx),
            Status::Joining | Status::Member => {}
        }
    }

    /// A node that is joining is told of others: its lookup asks them too. If it pauses, it need not any longer.
    fn join_through(&mut self, bootstraps: Vec<Address>, cx: &mut Cx<'_>) {
        let lookup = self.lookups.find(|lookup| lookup.why == Why::Join);
        if let Some(lookup) = lookup {
            self.look_up_also(lookup, &bootstraps, cx);
        }
        self.bootstraps.prefer(bootstraps, lookup.is_some());
        if lookup.is_none() {
            cx.cancel_timer(JOIN_AGAIN);
            self.try_to_join(cx);
        }
    }

    /// Begins upkeep with the table given at birth.
    pub(super) fn begin(&mut self, cx: &mut Cx<'_>) {
        if self.status != Status::Outside {
            return;
        }
        self.begin_life(cx);
        self.become_member(cx);
    }

    /// Looks up the own id, beginning with a bootstrap (section 2.3).
    pub(super) fn try_to_join(&mut self, cx: &mut Cx<'_>) {
        if self.status == Status::Member {
            return;
        }
        let bootstrap: Vec<Address> = self.bootstraps.first().into_iter().collect();
        if bootstrap.is_empty() && !self.remembers {
            return self.become_member(cx);
        }
        self.status = Status::Joining;
        let key = place(cx).my_key();
        if self.remembers {
            self.look_up_with(&bootstrap, key, Why::Join, cx);
        } else {
            self.look_up_from(&bootstrap, key, Why::Join, cx);
        }
    }

    /// The lookup of the own id has ended: this is the closest neighbour that has answered. All buckets farther away are
    /// refreshed, which fills them and makes the node known.
    pub(super) fn found_myself(&mut self, closest: Option<Address>, cx: &mut Cx<'_>) {
        let place = place(cx);
        let Some(closest) = closest else {
            return self.nobody_led(cx);
        };
        self.become_member(cx);
        let nearest = place.my_key().shared_bits(place.key(closest));
        let farther = self.buckets.iter().filter(|bucket| bucket.shared_bits(place) < nearest);
        self.to_refresh = farther.map(Bucket::prefix).collect();
        self.refresh_next(cx);
    }

    /// Nobody who was asked is a member: the next bootstrap is asked after a pause. A node that was told of nobody is alone.
    fn nobody_led(&mut self, cx: &mut Cx<'_>) {
        if self.bootstraps.is_empty() {
            return self.become_member(cx);
        }
        self.bootstraps.turn();
        let pause = jittered(JOIN_PAUSE, cx.chance());
        cx.set_timer(JOIN_AGAIN, pause, Timer::JoinAgain);
    }

    /// Goes; the paper knows no goodbye.
    pub(super) fn leave(&mut self, cx: &mut Cx<'_>) {
        if self.status == Status::Member && cx.shared().settings.farewell == Farewell::Contacts {
            for contact in self.buckets.contacts() {
                cx.send(contact, Message::Leaving);
            }
        }
        cx.report(Report::Left);
        cx.stop();
    }

    /// A node has said goodbye.
    pub(super) fn left(&mut self, who: Address, cx: &mut Cx<'_>) {
        self.trouble.heard(who);
        self.buckets.forget(who, place(cx));
        self.mind_loneliness(cx);
    }

    /// A step that a script ordered: refreshes the bucket that is due next.
    pub(super) fn step(&mut self, number: u8, cx: &mut Cx<'_>) {
        if self.status == Status::Member && usize::from(number) < STEPS.len() {
            for_upkeep(cx);
            self.refresh_first(cx);
        }
    }

    /// Time to refresh a bucket, unless lookups came through all of them lately.
    pub(super) fn refresh_due(&mut self, cx: &mut Cx<'_>) {
        if self.buckets.iter().any(|bucket| bucket.due <= cx.now()) {
            self.refresh_first(cx);
        } else {
            self.await_refresh(cx);
        }
    }

    /// A bucket has been refreshed: on to the next.
    pub(super) fn refreshed(&mut self, cx: &mut Cx<'_>) {
        self.refreshing = None;
        self.refresh_next(cx);
    }

    /// All contacts are stale: now and then one of them, or a bootstrap, is asked whether it has come back.
    pub(super) fn lonely(&mut self, cx: &mut Cx<'_>) {
        self.is_lonely = false;
        if self.status != Status::Member || !self.is_alone(cx) {
            return;
        }
        let mut known: Vec<Address> = self.buckets.contacts().chain(self.bootstraps.iter()).collect();
        known.sort_unstable();
        known.dedup();
        if known.is_empty() {
            return;
        }
        let one = known[sampler::below(cx.chance(), known.len() as u64) as usize];
        self.look_up_from(&[one], place(cx).my_key(), Why::Rejoin, cx);
        self.await_company(cx);
    }

    /// If all contacts are stale, the node begins to ask them again.
    pub(super) fn mind_loneliness(&mut self, cx: &mut Cx<'_>) {
        let is_periodic = cx.shared().settings.maintenance == Maintenance::Periodic;
        if is_periodic && !self.is_lonely && self.status == Status::Member && self.is_alone(cx) {
            let cause = cx.cause();
            for_upkeep(cx);
            self.await_company(cx);
            cx.set_cause(cause);
        }
    }

    fn await_company(&mut self, cx: &mut Cx<'_>) {
        self.is_lonely = true;
        let pause = jittered(LONELY_PAUSE, cx.chance());
        cx.set_timer(LONELY, pause, Timer::Lonely);
    }

    fn become_member(&mut self, cx: &mut Cx<'_>) {
        self.status = Status::Member;
        self.remembers = false;
        cx.report(Report::Joined);
        let due = cx.now() + jittered(cx.shared().settings.refresh.0, cx.chance());
        for bucket in self.buckets.iter_mut() {
            bucket.due = due;
        }
        self.await_refresh(cx);
    }

    /// Begins a life with numbers of its own for what it has under way.
    fn begin_life(&mut self, cx: &mut Cx<'_>) {
        let life = cx.chance().word() as u32;
        self.calls.begin_life(life);
        self.lookups.begin_life(life);
    }

    /// Refreshes what the join has left to refresh, one bucket after the other; then waits for the next that is due.
    fn refresh_next(&mut self, cx: &mut Cx<'_>) {
        if self.refreshing.is_some() {
            return;
        }
        match self.to_refresh.pop() {
            Some(prefix) => self.refresh(prefix, cx),
            None => self.await_refresh(cx),
        }
    }

    fn refresh_first(&mut self, cx: &mut Cx<'_>) {
        if self.refreshing.is_some() {
            return;
        }
        let first = self.buckets.iter().min_by_key(|bucket| bucket.due).map(Bucket::prefix);
        if let Some(prefix) = first {
            self.refresh(prefix, cx);
        }
    }

    /// Looks up a random key of a bucket. Its stale contacts are asked too: they may have come back.
    fn refresh(&mut self, prefix: Key, cx: &mut Cx<'_>) {
        let place = place(cx);
        let stale_after = cx.shared().settings.stale_after;
        let around = self.buckets.around(prefix).iter().copied();
        let stale: Vec<Address> = around.filter(|node| self.trouble.is_stale(*node, stale_after)).collect();
        let key = self.buckets.bucket_mut(prefix).random_key(place, || cx.chance().word());
        let lookup = self.look_up_with(&stale, key, Why::Refresh, cx);
        if self.lookups.get(lookup).is_some() {
            self.refreshing = Some(lookup);
        }
    }

    /// Wakes when the next bucket is due.
    fn await_refresh(&mut self, cx: &mut Cx<'_>) {
        if cx.shared().settings.maintenance == Maintenance::Manual || self.status != Status::Member {
            return;
        }
        if let Some(due) = self.buckets.iter().map(|bucket| bucket.due).min() {
            let cause = cx.cause();
            for_upkeep(cx);
            cx.set_timer(REFRESH, due.since(cx.now()), Timer::Refresh);
            cx.set_cause(cause);
        }
    }
}

/// The steps of the upkeep that a script can order.
pub(super) const STEPS: &[&str] = &["refresh"];
/// How long a node waits, on average, before it tries to join again (arbitrary).
const JOIN_PAUSE: Span = Span::from_secs(1);
/// How often, on average, a node without a fresh contact asks a stale one (arbitrary).
const LONELY_PAUSE: Span = Span::from_secs(10);
