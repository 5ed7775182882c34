//! Full membership: every member knows all others, by SWIM, and the owner of a key by consistent hashing.
//!
//! Das, Gupta and Motivala, "SWIM: Scalable Weakly-consistent Infection-style Process Group Membership Protocol", DSN 2002;
//! sections are those of the paper. It is the baseline: a table of all members needs no routing, and in a small group costs
//! little. In every protocol period each member pings one other, and has others ping it where it does not answer; what is
//! learnt so travels on these same messages (`full_membership/probe.rs`, `gossip.rs`). A key belongs to the first member at
//! or after it on the ring, copies to those that follow.
//!
//! `hops` counts the members that were asked in vain because they knew a better owner: 0 nearly always. The exchange with the
//! owner itself comes on top in `hops_to_owner`.
//!
//! # Where it departs from the paper
//!
//! 1. The paper knows no keys. A lookup asks the owner that the issuer's list says. Where that one knows a member between the
//!    key and itself, it names it; where it is silent, it is suspected, as after a failed ping, and the next on the ring is
//!    asked, which is told whom to leave out.
//! 2. The paper leaves open how a newcomer gets the list. Here it asks a bootstrap, which sends all that it holds in one
//!    message of its true size: with 1,000 members that is 30 kB, which UDP can carry but no single frame. It is not split.
//! 3. A newcomer that has the list pings its successor on the ring, and is a member when that one has acknowledged: the former
//!    owner of its keys knows it then, and names it to all who ask. Whoever is pinged by one that was no member to it tells it
//!    its neighbours on the ring, and the newcomer goes on to a closer successor. So members are known to the next even where
//!    more join than six updates a message can tell of: 1,000 joins in 50 s leave a third of each list unknown a minute
//!    later, and no answer wrong. Without this rule 16 % are. (Where a good part of the group joins within one round trip,
//!    some are missed until they ping each other.)
//! 4. `Confirm` overrides what is said of the same incarnation and of earlier ones, not of all: a member that was wrongly
//!    declared to have failed refutes it as it refutes a suspicion, and one that comes back under its address takes a higher
//!    incarnation than any that it is told of. By the paper, who has failed has failed for ever.
//! 5. Every message of the failure detector names its sender's incarnation, and is an `Alive` of its sender; so members find
//!    back whom an update has missed. There is no exchange of whole lists ("push-pull") between members.
//! 6. Who gets such a message also gets what the sender holds of it, if that is a suspicion or a failure, before all other
//!    updates (the "buddy system" of Dadgar, Phillips and Currey, "Lifeguard", DSN-W 2018): else one whom all have dropped
//!    from their lists would never hear of it.
//! 7. A suspicion ends by a higher incarnation alone. The paper also lets a member that has pinged the suspect spread an
//!    `Alive`, which without an incarnation of its own could not override the suspicion.
//! 8. There is one buffer of updates, sent least first; the paper takes equal numbers from one of members and one of failures.
//! 9. Periods are counted, not timed: a suspect fails at the first end of a period after so many whole ones. Members begin
//!    their first at random phases. Whoever has failed is forgotten after some time, so that the list does not grow for ever;
//!    of a failure that one has no knowledge of, nothing is spread.
//! 10. A ping waits as calls do, but half a period at most, before others are asked. It is never repeated; the calls of
//!     lookups and joins may be (`retries`).
//! 11. A node that is asked while it is not in the group says so (`NotMember`), which counts as silence: its earlier life is
//!     over.
//! 12. A leaving member tells three others, which spread that it has failed. The paper says no more than that leaves are
//!     spread.
//! 13. A node that comes back ([`Dht::revived`]) has its list, and begins with a higher incarnation. It asks its bootstraps first, who are
//!     said to live, and then those of its list, one after the other, for theirs, which takes the place of its own; the pause
//!     comes when all have had their turn. Where it
//!     was given no bootstrap and none of its list is a member, it begins with its own list: so a group that went down as a
//!     whole finds together again, and who is gone fails by silence. By the paper it would be a new member.
//! 14. Two halves that have declared each other to have failed do not look for each other again.

mod gossip;
mod join;
mod lookup;
mod members;
mod message;
mod node;
mod probe;
mod settings;

use sim::address::Address;
use sim::protocol::{Context, Event, Protocol};

use crate::calling::Caller;
use crate::dht::{Common, Dht, Members, Report, Request, Setting, SettingError};
use crate::key::{Key, Width};
use crate::rpc::Call;
use members::{MembershipList, Place};
use node::{Cx, Status, What};

pub use members::{Standing, Update};
pub use message::{Message, News};
pub use node::{FullMembership, Timer};
pub use settings::{Settings, Targets};

impl Protocol for FullMembership {
    type Message = Message;
    type Timer = Timer;
    type Request = Request;
    type Report = Report;
    type Shared = Common<Settings>;

    fn handle(&mut self, event: Event<Self>, cx: &mut Context<'_, Self>) {
        match event {
            Event::Request(request) => self.asked(request, cx),
            Event::Timer(timer) => self.woken(timer, cx),
            Event::Message { from, message } => self.received(from, &message, cx),
        }
    }

    fn kind(message: &Message) -> &'static str {
        message.kind()
    }

    fn wire_bytes(message: &Message, common: &Common<Settings>) -> u32 {
        message.bytes(common.layout())
    }

    fn is_timeout(timer: &Timer) -> bool {
        matches!(timer, Timer::Call(_) | Timer::Deadline(_))
    }
}

impl Dht for FullMembership {
    type Settings = Settings;

    const NAME: &'static str = "FullMembership";
    const SUMMARY: &'static str =
        "all members known to all by SWIM, the owner by consistent hashing (Das, Gupta and Motivala, DSN 2002)";
    const SETTINGS: &'static [Setting] = settings::SETTINGS;
    const STEPS: &'static [&'static str] = probe::STEPS;

    fn check(settings: &Settings, width: Width) -> Result<(), SettingError> {
        settings::check(settings, width)
    }

    fn steps(_: &Settings) -> &'static [&'static str] {
        probe::STEPS
    }

    fn new(_me: Address) -> Self {
        Self::default()
    }

    fn converged(me: Address, members: &Members, common: &Common<Settings>) -> Self {
        let others = members.from(Key::ZERO).map(|(_, node)| node).filter(|node| *node != me);
        let list = MembershipList::of(others, &mut common.chance_of_birth(me));
        Self { list, ..Self::default() }
    }

    fn revived(self, _: Address, _: &Common<Settings>) -> Self {
        let Self { incarnation, list, periods, mut lookups, calls, .. } = self;
        lookups.clear();
        Self { incarnation, list, periods, lookups, calls: calls.revived(), ..Self::default() }
    }

    fn owner(members: &Members, key: Key) -> Option<Address> {
        members.from(key).next().map(|(_, address)| address)
    }

    fn holders(members: &Members, key: Key, copies: usize) -> Vec<Address> {
        members.from(key).map(|(_, address)| address).take(copies).collect()
    }

    fn check_state(&self, me: Address, common: &Common<Settings>) -> Result<(), String> {
        self.list.check(Place { me, common })?;
        self.gossip.check()
    }

    fn routing_entries(&self) -> usize {
        self.list.len()
    }

    fn state_bytes(&self) -> usize {
        size_of::<Self>()
            + self.list.heap_bytes()
            + self.gossip.heap_bytes()
            + self.calls.heap_bytes()
            + self.lookups.heap_bytes()
            + self.bootstraps.heap_bytes()
    }
}

impl FullMembership {
    fn asked(&mut self, request: Request, cx: &mut Cx<'_>) {
        match request {
            Request::Join { bootstraps } => self.join(bootstraps, cx),
            Request::Begin => self.begin(cx),
            Request::Leave => self.leave(cx),
            Request::Lookup { key, copies } => self.look_up(key, copies, cx),
            Request::Step(number) => self.step(number, cx),
        }
    }

    fn woken(&mut self, timer: Timer, cx: &mut Cx<'_>) {
        match timer {
            Timer::Period => self.period_over(cx),
            Timer::JoinAgain => self.try_to_join(cx),
            Timer::Deadline(lookup) => self.give_up(lookup, cx),
            Timer::Call(id) => match self.calls.get(id) {
                Some(Call { to, what: What::Ping, .. }) => self.ping_unanswered(id, *to, cx),
                Some(Call { what: What::PingFor { .. }, .. }) => _ = self.give_up_ping(id, cx),
                _ => {
                    if let Some(Call { to, what, .. }) = self.silence(id, cx) {
                        self.suspect(to, cx);
                        self.no_answer(to, what, cx);
                    }
                }
            },
        }
    }

    fn received(&mut self, from: Address, message: &Message, cx: &mut Cx<'_>) {
        match message {
            Message::Ping { call, news } if self.takes_part() => self.pinged(from, *call, news, cx),
            Message::Join { call } if self.status == Status::Member => self.tell_list(from, *call, cx),
            Message::Ask { call, key, avoid } if self.status == Status::Member => {
                self.asked_for(from, *call, *key, avoid, cx);
            }
            Message::Ping { call, .. } | Message::Join { call } | Message::Ask { call, .. } => {
                cx.send(from, Message::NotMember { call: *call });
            }
            Message::PingReq { call, target, news } if self.takes_part() => {
                self.asked_to_ping(from, *call, *target, news, cx);
            }
            Message::IndirectAck { call, news } if self.takes_part() => {
                self.acknowledged_indirectly(from, *call, news, cx);
            }
            Message::Leaving { incarnation } if self.takes_part() => {
                let left = Update { member: from, incarnation: *incarnation, standing: Standing::Confirm };
                self.hear(left, cx);
            }
            Message::PingReq { .. } | Message::IndirectAck { .. } | Message::Leaving { .. } => {}
            Message::Ack { call, .. }
            | Message::MemberList { call, .. }
            | Message::Mine { call }
            | Message::NotMine { call, .. }
            | Message::NotMember { call } => {
                if let Message::Ack { news, .. } = message
                    && self.takes_part()
                {
                    self.learn(from, news, cx);
                }
                if let Some(Call { what, .. }) = self.answered(*call, from, message, cx) {
                    self.replied(from, what, message, cx);
                }
            }
        }
    }

    /// A call was answered.
    fn replied(&mut self, from: Address, what: What, answer: &Message, cx: &mut Cx<'_>) {
        match (what, answer) {
            (What::Announce, Message::Ack { .. }) => self.announce(Some(from), cx),
            (what, Message::Ack { .. }) => self.acknowledged(what, cx),
            (What::Join, Message::MemberList { members, .. }) => self.list_told(members, cx),
            (What::Ask(lookup), Message::Mine { .. }) => self.answered_by(lookup, from, cx),
            (What::Ask(lookup), Message::NotMine { owner, .. }) => self.told_owner(lookup, from, *owner, cx),
            (What::Ping, _) => {
                self.probe = None;
                self.suspect(from, cx);
            }
            (what, _) => self.no_answer(from, what, cx),
        }
    }

    /// A node that was asked stays silent for good, or is no member.
    fn no_answer(&mut self, node: Address, what: What, cx: &mut Cx<'_>) {
        match what {
            What::Ask(lookup) => self.not_told(lookup, node, cx),
            What::Announce => self.not_announced(node, cx),
            What::Join => self.not_led(cx),
            What::Ping | What::PingFor { .. } => {}
        }
    }
}
