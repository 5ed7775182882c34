//! Kademlia: k-buckets by XOR distance, and lookups that ask several nodes at once.
//!
//! Maymounkov and Mazières, "Kademlia: A Peer-to-peer Information System Based on the XOR Metric", IPTPS 2002; sections are
//! those of its long version. A key belongs to the node whose id is closest to it by XOR. Whoever sends a message becomes a
//! contact if there is room (`kademlia/buckets.rs`); a lookup asks the closest nodes it has heard of for closer ones, until
//! the k closest have all answered (`kademlia/search.rs`).
//!
//! A round is 1 + the round of the reply that brought a contact, and 1 for contacts that the issuer had. `hops` is the round
//! of the reply that named the owner (0 where the issuer had it, or is the owner itself), `hops_to_owner` the round in which
//! the owner answered, `hops_to_end` the number of exchanges one after the other until the search ended: only then can the
//! issuer be sure. Latency is measured to the owner's answer, as with the other protocols; `time_to_end` to the end.
//!
//! # Where it departs from the paper
//!
//! 1. There is no `STORE` and no `FIND_VALUE`: storage stands on top of lookups. The owner of a key is the closest node that
//!    has answered, the node itself included, which the issuer leaves out of its short list.
//! 2. With `Loose` parallelism there are no rounds whose failure could be seen; a search sweeps over all that are left of the
//!    k closest when alpha replies or silences in a row brought nobody closer.
//! 3. A node that was silent to a search stays out of it, even if it answers later; the paper takes it back.
//! 4. A silent call may be repeated before it has failed (`retries`), because networks lose messages; the paper's RPCs are not.
//! 5. Contacts that are stale, or left alone after a failure, are not named to others either. The paper says only that they
//!    are not called.
//! 6. A stale contact that nobody can replace stays, as in the paper, but no lookup begins with it any more. It is asked when
//!    another node names it and its backoff is over, and when its bucket is refreshed, so that a healed partition is found in
//!    the end.
//! 7. A lookup to which everybody was silent begins again after a pause, until its deadline, and then asks those too that
//!    should be left alone. A node whose contacts are all stale takes itself for alone and answers lookups itself; every ten
//!    seconds it asks one of them, or a bootstrap, whether it has come back.
//! 8. A newcomer to a full bucket waits in the replacement cache whatever the oldest contact says to a ping (`eviction: Ping`),
//!    so that both of the paper's rules (2.2 and 4.1) work together. Each oldest contact is pinged once at a time, and a ping
//!    or its answer sets off no other ping: by the letter of 2.2 it does, and in an overlay of 10,000 nodes such chains carry
//!    four times the messages of the lookups that began them.
//! 9. A node that is asked while it joins says that it is no member (`NotMember`). It lives, and is kept as a contact, but it
//!    owns nothing yet. The paper knows no such state.
//! 10. A node counts as joined when the lookup of its own id has ended; the refreshes that follow still belong to its join.
//! 11. A graceful leave tells nobody, as in the paper: others learn it from silence, as they do of a crash. `farewell: Contacts`,
//!     which is not in the paper, tells all contacts of the node; those who know it without being known by it hear nothing.
//! 12. The first refresh of a node's buckets is due after half to one and a half periods, so that nodes which were born
//!     together do not refresh together.
//! 13. A lookup for more than k copies looks for as many nodes; it may miss some, because replies name k.
//! 14. A node that comes back ([`Dht::revived`]) has its buckets, the order in them and the replacement caches; which of its
//!     contacts were silent it has forgotten. Its lookup of its own id begins with the bootstrap and with the closest of its
//!     contacts, as any lookup does: they are asked by distance, alpha at a time, so that neither has to wait for the
//!     other's silence. Contacts that are gone go as they always do, by silence, when somebody is there to replace them. A
//!     node that was given no bootstrap and of whose contacts nobody answers as a member is one again all the same, as one
//!     whose contacts are all stale (note 7). The paper does not say what a node does that comes back.
//! 15. A node that is told of further bootstraps while it looks up its own id asks them beside the others.

mod buckets;
mod lookup;
mod message;
mod node;
mod search;
mod settings;
mod trouble;
mod upkeep;

use sim::address::Address;
use sim::protocol::{Context, Event, Protocol};

use crate::calling::Caller;
use crate::dht::{Common, Dht, FailureReason, Members, Report, Request, Setting, SettingError};
use crate::key::{Key, Width};
use crate::place::place;
use crate::rpc::Call;
use buckets::{Buckets, Place};
use node::{Cx, Status, What};

pub use message::Message;
pub use node::{Kademlia, Timer};
pub use settings::{Eviction, Farewell, Parallelism, Settings};

impl Protocol for Kademlia {
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

impl Dht for Kademlia {
    type Settings = Settings;

    const NAME: &'static str = "Kademlia";
    const SUMMARY: &'static str =
        "k-buckets by XOR distance, parallel iterative lookups (Maymounkov and Mazières, IPTPS 2002)";
    const SETTINGS: &'static [Setting] = settings::SETTINGS;
    const STEPS: &'static [&'static str] = upkeep::STEPS;

    fn check(settings: &Settings, width: Width) -> Result<(), SettingError> {
        settings::check(settings, width)
    }

    fn steps(_: &Settings) -> &'static [&'static str] {
        upkeep::STEPS
    }

    fn new(_me: Address) -> Self {
        Self::default()
    }

    fn converged(me: Address, members: &Members, common: &Common<Settings>) -> Self {
        Self { buckets: Buckets::converged(members, Place { me, common }), ..Self::default() }
    }

    fn revived(self, _: Address, _: &Common<Settings>) -> Self {
        let Self { buckets, mut lookups, calls, .. } = self;
        lookups.clear();
        Self { buckets, lookups, calls: calls.revived(), remembers: true, ..Self::default() }
    }

    fn owner(members: &Members, key: Key) -> Option<Address> {
        members.closest_by_xor(key, 1).first().copied()
    }

    fn holders(members: &Members, key: Key, copies: usize) -> Vec<Address> {
        members.closest_by_xor(key, copies)
    }

    fn check_state(&self, me: Address, common: &Common<Settings>) -> Result<(), String> {
        self.buckets.check(Place { me, common })
    }

    fn routing_entries(&self) -> usize {
        self.buckets.contacts().count()
    }

    fn state_bytes(&self) -> usize {
        size_of::<Self>()
            + self.bootstraps.heap_bytes()
            + self.pinged.capacity() * size_of::<Address>()
            + self.buckets.heap_bytes()
            + self.trouble.heap_bytes()
            + self.calls.heap_bytes()
            + self.lookups.heap_bytes()
            + self.to_refresh.capacity() * size_of::<Key>()
    }
}

impl Kademlia {
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
            Timer::Refresh => self.refresh_due(cx),
            Timer::JoinAgain => self.try_to_join(cx),
            Timer::Lonely => self.lonely(cx),
            Timer::Deadline(lookup) => self.give_up(lookup, FailureReason::Deadline, cx),
            Timer::LookAgain(lookup) => self.look_again(lookup, cx),
            Timer::Call(call) => {
                if let Some(Call { to, what, .. }) = self.silence(call, cx) {
                    self.failed(to, cx);
                    self.no_answer(to, what, cx);
                    self.mind_loneliness(cx);
                }
            }
        }
    }

    fn received(&mut self, from: Address, message: &Message, cx: &mut Cx<'_>) {
        match *message {
            Message::FindNode { call, key } if self.status == Status::Member => self.name_closest(from, call, key, cx),
            Message::FindNode { call, .. } => cx.send(from, Message::NotMember { call }),
            Message::Ping { call } => cx.send(from, Message::Pong { call }),
            Message::Leaving => return self.left(from, cx),
            Message::Nodes { .. } | Message::Pong { .. } | Message::NotMember { .. } => {}
        }
        let is_probe = matches!(message, Message::Ping { .. } | Message::Pong { .. });
        self.heard(from, !is_probe, cx);
        let (Message::Nodes { call, .. } | Message::Pong { call } | Message::NotMember { call }) = *message else {
            return;
        };
        if let Some(Call { what, .. }) = self.answered(call, from, message, cx) {
            self.replied(from, what, message, cx);
        }
    }

    /// A call was answered.
    fn replied(&mut self, from: Address, what: What, answer: &Message, cx: &mut Cx<'_>) {
        match (what, answer) {
            (What::Find(lookup), Message::Nodes { contacts, .. }) => self.told(lookup, from, contacts, cx),
            (What::Find(lookup), _) => self.not_told(lookup, from, cx),
            (What::PingOldest, _) => self.pinged.retain(|node| *node != from),
        }
    }

    /// A node that was asked stays silent for good.
    fn no_answer(&mut self, node: Address, what: What, cx: &mut Cx<'_>) {
        match what {
            What::Find(lookup) => self.not_told(lookup, node, cx),
            What::PingOldest => {
                self.pinged.retain(|other| *other != node);
                self.buckets.replace_oldest(node, place(cx));
            }
        }
    }
}
