//! The failure detector (sections 3.1 and 4): pings, pings on others' behalf, and suspects that fail in the end.

use sim::address::Address;
use sim::time::Span;

use super::members::{Standing, Update};
use super::message::{Message, News};
use super::node::{Cx, FullMembership, PERIOD, Status, Timer, What};
use super::settings::Targets;
use crate::calling::Caller;
use crate::place::place;
use crate::rpc::Silent;
use crate::settings::Maintenance;
use crate::table::Handle;
use crate::upkeep::{for_upkeep, part_of};

impl FullMembership {
    /// A protocol period is over: whoever has not answered in it is suspected, and the next begins.
    pub(super) fn period_over(&mut self, cx: &mut Cx<'_>) {
        for_upkeep(cx);
        self.end_probe(cx);
        if self.status == Status::Member && cx.shared().settings.maintenance == Maintenance::Periodic {
            self.begin_period(cx);
        }
    }

    /// A step that a script ordered: one protocol period, unless one is under way.
    pub(super) fn step(&mut self, number: u8, cx: &mut Cx<'_>) {
        if self.status == Status::Member && usize::from(number) < STEPS.len() && self.probe.is_none() {
            for_upkeep(cx);
            self.begin_period(cx);
        }
    }

    /// Somebody wants to know whether this node lives. If it was no member until now, it is told its neighbours on the ring, as
    /// far as they are known here.
    pub(super) fn pinged(&mut self, from: Address, call: Handle, news: &News, cx: &mut Cx<'_>) {
        let place = place(cx);
        let was_member = self.list.get(from, place).is_some_and(|held| held.standing != Standing::Confirm);
        self.learn(from, news, cx);
        let first = if was_member { Vec::new() } else { self.list.neighbours(from, place).collect() };
        let news = self.news_with(first, from, cx);
        cx.send(from, Message::Ack { call, news });
    }

    /// Somebody had no answer from this member, and asks this node to try.
    pub(super) fn asked_to_ping(&mut self, from: Address, call: Handle, target: Address, news: &News, cx: &mut Cx<'_>) {
        self.learn(from, news, cx);
        let what = What::PingFor { asker: from, call };
        let is_under_way = self.calls.iter().any(|other| other.what == what);
        if target != cx.me() && !is_under_way {
            self.ping(target, what, cx);
        }
    }

    /// A member has answered a ping.
    pub(super) fn acknowledged(&mut self, what: What, cx: &mut Cx<'_>) {
        match what {
            What::Ping => self.probe = None,
            What::PingFor { asker, call } => {
                let news = self.news_for(asker, cx);
                cx.send(asker, Message::IndirectAck { call, news });
            }
            What::Announce | What::Join | What::Ask(_) => {}
        }
    }

    /// This period's target has answered somebody who was asked to ping it.
    pub(super) fn acknowledged_indirectly(&mut self, from: Address, call: Handle, news: &News, cx: &mut Cx<'_>) {
        self.learn(from, news, cx);
        if self.probe == Some(call) {
            self.hang_up(call, cx);
            self.probe = None;
        }
    }

    /// A ping has waited long enough: others are asked to try. The target has until the end of the period.
    pub(super) fn ping_unanswered(&mut self, call: Handle, target: Address, cx: &mut Cx<'_>) {
        let count = cx.shared().settings.ping_requests as usize;
        for helper in self.list.some_but(Some(target), count, cx.chance()) {
            let news = self.news_for(helper, cx);
            cx.send(helper, Message::PingReq { call, target, news });
        }
    }

    /// A ping has failed for good. Its answer, should it still come, tells how long to wait next time.
    pub(super) fn give_up_ping(&mut self, call: Handle, cx: &mut Cx<'_>) -> Option<Address> {
        cx.cancel_timer(Self::SLOTS.call(call));
        match self.calls.silent(call, cx.now(), cx.shared().settings.timeout, 0)? {
            Silent::GaveUp(call) => Some(call.to),
            Silent::Again { .. } => None,
        }
    }

    fn begin_period(&mut self, cx: &mut Cx<'_>) {
        self.periods += 1;
        self.fail_suspects(cx);
        let settings = &cx.shared().settings;
        self.list.forget_failed(self.periods.saturating_sub(FORGET_AFTER * settings.sends(self.group())));
        let target = match settings.targets {
            Targets::RoundRobin => self.list.next_in_turn(cx.chance()),
            Targets::Random => self.list.some_but(None, 1, cx.chance()).first().copied(),
        };
        self.probe = target.map(|target| self.ping(target, What::Ping, cx));
        cx.set_timer(PERIOD, settings.period.0, Timer::Period);
    }

    fn end_probe(&mut self, cx: &mut Cx<'_>) {
        if let Some(target) = self.probe.take().and_then(|call| self.give_up_ping(call, cx)) {
            self.suspect(target, cx);
        }
    }

    /// Suspects that have not refuted in time have failed.
    fn fail_suspects(&mut self, cx: &mut Cx<'_>) {
        let patience = cx.shared().settings.suspect_periods(self.group());
        let is_due = |since: u32| self.periods - since > patience;
        let suspects = self.list.members().filter(|record| record.update.standing == Standing::Suspect);
        let due: Vec<Update> = suspects.filter(|record| is_due(record.since)).map(|record| record.update).collect();
        for suspect in due {
            self.hear(Update { standing: Standing::Confirm, ..suspect }, cx);
        }
    }

    fn ping(&mut self, target: Address, what: What, cx: &mut Cx<'_>) -> Handle {
        let settings = &cx.shared().settings;
        let (call, wait) = self.calls.begin(target, what, cx.now(), settings.timeout);
        let news = self.news_for(target, cx);
        cx.send(target, Message::Ping { call, news });
        let half = Span::from_nanos(settings.period.0.as_nanos() / 2);
        cx.set_timer(Self::SLOTS.call(call), wait.min(half), Timer::Call(call));
        call
    }
}

/// A new member's first period begins at a random phase.
pub(super) fn await_first_period(cx: &mut Cx<'_>) {
    let settings = &cx.shared().settings;
    if settings.maintenance == Maintenance::Periodic {
        let cause = cx.cause();
        for_upkeep(cx);
        let phase = part_of(settings.period.0, cx.chance());
        cx.set_timer(PERIOD, phase, Timer::Period);
        cx.set_cause(cause);
    }
}

/// The steps of the upkeep that a script can order.
pub(super) const STEPS: &[&str] = &["period"];
/// Failures are forgotten after so many times the periods in which a member sends an update (arbitrary): none of the updates
/// that they override is under way then.
const FORGET_AFTER: u32 = 10;
