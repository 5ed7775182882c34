//! The state of a member, how it asks questions, and what it makes of what it hears.

use sim::address::Address;
use sim::protocol::{Context, Slot};
use sim::time::{SimTime, Span};

use super::gossip::Gossip;
use super::members::{MembershipList, Standing, Update};
use super::message::{Message, News};
use super::settings::Settings;
use crate::bootstraps::Bootstraps;
use crate::calling::{Caller, Slots};
use crate::dht::{Common, Silence};
use crate::key::Key;
use crate::place::place;
use crate::rpc::{Calls, Timeout};
use crate::table::{Handle, Table};

/// A node that knows all members. See the [module](super) for what it does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct FullMembership {
    pub(super) status: Status,
    pub(super) incarnation: u32,
    pub(super) list: MembershipList,
    pub(super) gossip: Gossip,
    /// How many protocol periods it has begun.
    pub(super) periods: u32,
    /// The ping of this period, while it is not answered.
    pub(super) probe: Option<Handle>,
    pub(super) calls: Calls<What>,
    pub(super) lookups: Table<Lookup>,
    pub(super) bootstraps: Bootstraps,
}

/// Whether a node is in the group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Status {
    #[default]
    Outside,
    /// It asks for the list; these have had their turn.
    Joining {
        asked: Vec<Address>,
    },
    /// It has the list, and makes itself known to its successor on the ring; these did not answer.
    Announcing {
        silent: Vec<Address>,
    },
    Member,
}

/// A user's lookup.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Lookup {
    pub(super) key: Key,
    pub(super) copies: u32,
    /// Nodes that were silent, or are no members.
    pub(super) avoid: Vec<Address>,
    /// Exchanges so far.
    pub(super) hops: u32,
    pub(super) known_at: SimTime,
    pub(super) silence: Silence,
    pub(super) call: Option<Handle>,
}

/// What a call is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum What {
    /// Whether this period's target lives.
    Ping,
    /// Whether a member lives that does not answer another's call.
    PingFor { asker: Address, call: Handle },
    /// Whether the successor on the ring knows this node now.
    Announce,
    /// The membership list.
    Join,
    /// Whether a member owns a lookup's key.
    Ask(Handle),
}

/// Every reason for a member to wake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Timer {
    /// A protocol period is over.
    Period,
    /// A join did not work out: try again.
    JoinAgain,
    /// A call was not answered.
    Call(Handle),
    /// A lookup's deadline.
    Deadline(Handle),
}

pub(super) type Cx<'a> = Context<'a, FullMembership>;

impl FullMembership {
    /// What it holds of every other member. For those who look at a run from outside.
    pub fn members(&self) -> impl Iterator<Item = Update> {
        self.list.members().map(|record| record.update)
    }

    /// What it holds of those that failed lately. For those who look at a run from outside.
    pub fn failed(&self) -> impl Iterator<Item = Update> {
        self.list.failed().map(|record| record.update)
    }

    /// How often it has had to refute that it is dead. For those who look at a run from outside.
    pub fn incarnation(&self) -> u32 {
        self.incarnation
    }

    /// Whether it has a list, and hears updates.
    pub(super) fn takes_part(&self) -> bool {
        matches!(self.status, Status::Announcing { .. } | Status::Member)
    }

    /// How many members there are, as far as it knows, with itself.
    pub(super) fn group(&self) -> usize {
        self.list.len() + 1
    }

    /// What a message to this member carries: what it must know of itself, and the updates that have been sent least.
    pub(super) fn news_for(&mut self, to: Address, cx: &Cx<'_>) -> News {
        self.news_with(Vec::new(), to, cx)
    }

    /// The same, with some updates that go before all but what it must know of itself.
    pub(super) fn news_with(&mut self, first: Vec<Update>, to: Address, cx: &Cx<'_>) -> News {
        let settings = &cx.shared().settings;
        let most = settings.updates as usize;
        let of_itself = self.list.get(to, place(cx)).filter(|held| held.standing != Standing::Alive);
        let mut updates: Vec<Update> = of_itself.into_iter().chain(first).take(most).collect();
        let others = self.gossip.take(most - updates.len(), settings.sends(self.group()));
        for other in others {
            if !updates.contains(&other) {
                updates.push(other);
            }
        }
        News { incarnation: self.incarnation, updates }
    }

    /// Takes in what a message carried.
    pub(super) fn learn(&mut self, from: Address, news: &News, cx: &mut Cx<'_>) {
        self.hear(Update { member: from, incarnation: news.incarnation, standing: Standing::Alive }, cx);
        for update in &news.updates {
            self.hear(*update, cx);
        }
    }

    /// Takes in an update, and spreads it if it is news.
    pub(super) fn hear(&mut self, update: Update, cx: &mut Cx<'_>) {
        if update.member == cx.me() {
            return self.hear_of_myself(update, cx.me());
        }
        let place = place(cx);
        if self.list.hear(update, self.periods, place, cx.chance()) {
            self.gossip.spread(update);
        }
    }

    /// A member did not answer, or said that it is none.
    pub(super) fn suspect(&mut self, member: Address, cx: &mut Cx<'_>) {
        let standing = if cx.shared().settings.suspicion == 0 { Standing::Confirm } else { Standing::Suspect };
        if let Some(held) = self.list.get(member, place(cx)) {
            self.hear(Update { standing, ..held }, cx);
        }
    }

    /// Refutes what is not so: by a higher incarnation, which nobody else may give out.
    fn hear_of_myself(&mut self, update: Update, me: Address) {
        if (update.incarnation, update.standing) > (self.incarnation, Standing::Alive) {
            self.incarnation = update.incarnation.saturating_add(1);
            self.gossip.spread(Update { member: me, incarnation: self.incarnation, standing: Standing::Alive });
        }
    }
}

impl Caller for FullMembership {
    type What = What;

    const SLOTS: Slots = Slots::after(OWN_SLOTS);

    fn calls(&self) -> &Calls<What> {
        &self.calls
    }

    fn calls_mut(&mut self) -> &mut Calls<What> {
        &mut self.calls
    }

    fn patience(shared: &Common<Settings>) -> (Timeout, u32) {
        (shared.settings.timeout, shared.settings.retries)
    }

    fn timer(call: Handle) -> Timer {
        Timer::Call(call)
    }

    fn is_answer(what: &What, message: &Message) -> bool {
        matches!(
            (what, message),
            (_, Message::NotMember { .. })
                | (What::Ping | What::PingFor { .. } | What::Announce, Message::Ack { .. })
                | (What::Join, Message::MemberList { .. })
                | (What::Ask(_), Message::Mine { .. } | Message::NotMine { .. })
        )
    }

    /// Pings of the failure detector are sent elsewhere, with updates; one that only makes a newcomer known has none.
    fn question(&self, call: Handle, _: Address, what: &What, _: &Cx<'_>) -> Message {
        match *what {
            What::Ping | What::PingFor { .. } | What::Announce => {
                Message::Ping { call, news: News { incarnation: self.incarnation, updates: Vec::new() } }
            }
            What::Join => Message::Join { call },
            What::Ask(lookup) => {
                let (key, avoid) = self
                    .lookups
                    .get(lookup)
                    .map_or((Key::ZERO, Vec::new()), |lookup| (lookup.key, lookup.avoid.clone()));
                Message::Ask { call, key, avoid }
            }
        }
    }

    fn attempt_failed(&mut self, what: &mut What, waited: Span, _: Address) {
        if let What::Ask(lookup) = *what
            && let Some(lookup) = self.lookups.get_mut(lookup)
        {
            lookup.silence.add(waited);
        }
    }
}

pub(super) const PERIOD: Slot = Slot(0);
pub(super) const JOIN_AGAIN: Slot = Slot(1);
const OWN_SLOTS: u32 = 2;
