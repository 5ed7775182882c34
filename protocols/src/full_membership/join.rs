//! Joining and leaving.

use sim::address::Address;
use sim::rng::Words;
use sim::time::Span;

use super::members::{Standing, Update};
use super::message::Message;
use super::node::{Cx, FullMembership, JOIN_AGAIN, Status, Timer, What};
use super::probe::await_first_period;
use crate::calling::Caller;
use crate::dht::Report;
use crate::place::place;
use crate::table::Handle;
use crate::upkeep::jittered;

impl FullMembership {
    /// Joins the group that these nodes are said to be in, or that it was in before, or begins one.
    pub(super) fn join(&mut self, bootstraps: Vec<Address>, cx: &mut Cx<'_>) {
        match &mut self.status {
            Status::Outside => {
                self.bootstraps = bootstraps.into();
                self.begin_life(cx);
                if self.periods > 0 {
                    // What is said of its earlier life is void.
                    self.incarnation = self.incarnation.saturating_add(1);
                }
                self.try_to_join(cx);
            }
            Status::Joining { asked } if !bootstraps.is_empty() => {
                asked.retain(|node| !bootstraps.contains(node));
                self.bootstraps.prefer(bootstraps, false);
                cx.cancel_timer(JOIN_AGAIN);
                self.ask_for_list(cx);
            }
            Status::Announcing { .. } => self.bootstraps.prefer(bootstraps, false),
            Status::Joining { .. } | Status::Member => {}
        }
    }

    /// Begins with the list given at birth.
    pub(super) fn begin(&mut self, cx: &mut Cx<'_>) {
        if self.status != Status::Outside {
            return;
        }
        self.begin_life(cx);
        self.become_member(cx);
    }

    /// Begins to ask for the list.
    pub(super) fn try_to_join(&mut self, cx: &mut Cx<'_>) {
        if !self.takes_part() {
            self.status = Status::Joining { asked: Vec::new() };
            self.ask_for_list(cx);
        }
    }

    /// Who was asked for its list is silent, or no member. The next is asked, unless another is being asked still.
    pub(super) fn not_led(&mut self, cx: &mut Cx<'_>) {
        if self.calls.find(|call| call.what == What::Join).is_none() {
            self.ask_for_list(cx);
        }
    }

    /// Asks the next bootstrap for its list, or the next that is remembered from an earlier life.
    fn ask_for_list(&mut self, cx: &mut Cx<'_>) {
        let Status::Joining { asked } = &mut self.status else {
            return;
        };
        let remembered = self.list.members().map(|record| record.update.member);
        let next = self.bootstraps.iter().chain(remembered).find(|node| !asked.contains(node));
        match next {
            Some(node) => {
                asked.push(node);
                self.call(node, What::Join, cx);
            }
            None if self.bootstraps.is_empty() => self.become_member(cx),
            None => self.join_later(cx),
        }
    }

    /// Somebody wants to join: it is told what this member knows.
    pub(super) fn tell_list(&mut self, to: Address, call: Handle, cx: &mut Cx<'_>) {
        let myself = Update { member: cx.me(), incarnation: self.incarnation, standing: Standing::Alive };
        let known = self.list.members().chain(self.list.failed()).map(|record| record.update);
        let members = known.chain([myself]).collect();
        cx.send(to, Message::MemberList { call, members });
    }

    /// A member has told its list, which takes the place of what is remembered.
    pub(super) fn list_told(&mut self, members: &[Update], cx: &mut Cx<'_>) {
        if !matches!(self.status, Status::Joining { .. }) {
            return;
        }
        let place = place(cx);
        (self.list, self.gossip) = Default::default();
        for update in members {
            if update.member == place.me {
                // Whatever it says, it is of an earlier life.
                self.incarnation = self.incarnation.max(update.incarnation.saturating_add(1));
            } else {
                self.list.hear(*update, self.periods, place, cx.chance());
            }
        }
        self.status = Status::Announcing { silent: Vec::new() };
        self.announce(None, cx);
    }

    /// Makes this node known to its successor on the ring, which has owned its keys until now. Once that is known to be the one
    /// that has just acknowledged, the node is a member.
    pub(super) fn announce(&mut self, acknowledged: Option<Address>, cx: &mut Cx<'_>) {
        let Status::Announcing { silent } = &self.status else {
            return;
        };
        let place = place(cx);
        let is_next = |node: &Address| *node != place.me && !silent.contains(node);
        let successor = self.list.ring(place.my_key(), place).find(is_next);
        match successor {
            Some(_) if successor == acknowledged => {
                let (member, incarnation) = (place.me, self.incarnation);
                self.gossip.spread(Update { member, incarnation, standing: Standing::Alive });
                self.become_member(cx);
            }
            Some(successor) => _ = self.call(successor, What::Announce, cx),
            None => self.join_later(cx),
        }
    }

    /// The successor on the ring was silent, or is no member.
    pub(super) fn not_announced(&mut self, successor: Address, cx: &mut Cx<'_>) {
        if let Status::Announcing { silent } = &mut self.status {
            silent.push(successor);
            self.announce(None, cx);
        }
    }

    /// The join did not work out: it begins again after a pause.
    fn join_later(&mut self, cx: &mut Cx<'_>) {
        self.status = Status::Joining { asked: Vec::new() };
        let pause = jittered(JOIN_PAUSE, cx.chance());
        cx.set_timer(JOIN_AGAIN, pause, Timer::JoinAgain);
    }

    /// Goes, and tells a few members, who spread it.
    pub(super) fn leave(&mut self, cx: &mut Cx<'_>) {
        if self.status == Status::Member {
            for member in self.list.some_but(None, FAREWELLS, cx.chance()) {
                cx.send(member, Message::Leaving { incarnation: self.incarnation });
            }
        }
        cx.report(Report::Left);
        cx.stop();
    }

    fn become_member(&mut self, cx: &mut Cx<'_>) {
        self.status = Status::Member;
        cx.report(Report::Joined);
        await_first_period(cx);
    }

    /// Begins a life with numbers of its own for what it has under way.
    fn begin_life(&mut self, cx: &mut Cx<'_>) {
        let life = cx.chance().word() as u32;
        self.calls.begin_life(life);
        self.lookups.begin_life(life);
    }
}

/// How long a node waits, on average, before it tries to join again (arbitrary).
const JOIN_PAUSE: Span = Span::from_secs(1);
/// How many members a leaving one tells (arbitrary).
const FAREWELLS: usize = 3;
