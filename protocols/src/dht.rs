//! What a distributed hash table is to everyone above it: requests, reports, an owner rule, settings, a warm start.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use sim::address::Address;
use sim::protocol::{Protocol, Purpose};
use sim::rng::{Stream, StreamPurpose};
use sim::time::{SimTime, Span};

use crate::key::{Key, Width};

/// Work for a user's lookup.
pub const LOOKUP: Purpose = Purpose(1);
/// Work for a node's way into the overlay.
pub const JOIN: Purpose = Purpose(2);
/// Work that keeps the overlay in order, asked for by nobody.
pub const UPKEEP: Purpose = Purpose(3);

/// A distributed hash table: a protocol that joins, leaves and looks up.
pub trait Dht:
    Protocol<Message: Serialize, Request = Request, Report = Report, Shared = Common<<Self as Dht>::Settings>>
    + Clone
    + std::fmt::Debug
{
    /// What can be chosen about it; every setting has a default.
    type Settings: Clone + std::fmt::Debug + Default + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static;

    /// Its name in scenarios.
    const NAME: &'static str;
    /// What it is, in one line, with the paper.
    const SUMMARY: &'static str;
    /// Its settings, for people: one entry for each field of [`Dht::Settings`].
    const SETTINGS: &'static [Setting];
    /// The names of the steps of its upkeep that a script can order one by one ([`Request::Step`]).
    const STEPS: &'static [&'static str];

    /// Complains of settings that cannot be meant.
    fn check(settings: &Self::Settings, width: Width) -> Result<(), SettingError>;

    /// The steps that these settings know: some or all of [`Dht::STEPS`].
    fn steps(settings: &Self::Settings) -> &'static [&'static str];

    /// A node that knows nobody; it waits to be asked to join.
    fn new(me: Address) -> Self;

    /// A node with the tables it would have in a quiet overlay of these members, itself among them. It begins its upkeep
    /// when it is told to [`Request::Begin`].
    fn converged(me: Address, members: &Members, common: &Common<Self::Settings>) -> Self;

    /// A node that comes back with what it had on disk. Given is its state when it went down, by crash or leave, at any
    /// moment: it keeps whom it knew, and has nothing under way. It is no member, and waits to be asked to join; then it
    /// asks those that it knew as well, and takes none of them for alive before it has heard them. No call has a number
    /// that a call of the former life had, so that late answers end nothing.
    #[must_use]
    fn revived(self, me: Address, common: &Common<Self::Settings>) -> Self;

    /// The member that owns the key, by this protocol's rule; none if there is no member.
    fn owner(members: &Members, key: Key) -> Option<Address>;

    /// The members that hold so many copies of what belongs to the key, by this protocol's rule: the owner first; all of
    /// them where there are fewer.
    fn holders(members: &Members, key: Key, copies: usize) -> Vec<Address>;

    /// Says which rule of its own its state breaks, if any does: whatever a network does to a node, none may.
    fn check_state(&self, me: Address, common: &Common<Self::Settings>) -> Result<(), String>;

    /// How many other nodes this one can route to: distinct contacts, whatever table they are in.
    fn routing_entries(&self) -> usize;

    /// How many bytes its state takes in memory.
    fn state_bytes(&self) -> usize;
}

/// What a node's user asks of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Request {
    /// Join the overlay that these nodes are said to be in, or begin one if there are none. A node that came back
    /// ([`Dht::revived`]) asks those that it knew as well, and begins an overlay only if none of them is a member either.
    ///
    /// A join goes on until it works out: each bootstrap has its turn, with a pause of a second, on average, after every
    /// attempt, for ever.
    ///
    /// A node that is joining can be asked again. It takes these bootstraps in front of those it had; an empty list says
    /// nothing new. If it pauses between two attempts it makes the next at once. An attempt under way is not broken off,
    /// because it may work out; whether the new ones are asked beside it or when it comes to nothing, the protocol's notes
    /// say.
    ///
    /// To a member it means nothing.
    Join {
        /// Nodes to ask, in order of preference.
        bootstraps: Vec<Address>,
    },
    /// Begin upkeep with the tables given at birth ([`Dht::converged`]).
    Begin,
    /// Leave gracefully.
    Leave,
    /// Find the owner of a key.
    Lookup {
        /// The key.
        key: Key,
        /// How many holders of copies to name, the owner among them.
        copies: u32,
    },
    /// Do one step of the upkeep now: an index into [`Dht::STEPS`].
    Step(u8),
}

/// What a node tells its user.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Report {
    /// It is a member now.
    Joined,
    /// It is a member no longer.
    Left,
    /// A lookup ended with an owner that has itself replied.
    Answered(Answer),
    /// A lookup ended without.
    Failed(Failure),
}

/// How a lookup was answered.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Answer {
    /// Who owns the key.
    pub owner: Address,
    /// Who would hold copies, the owner first; empty if only the owner was asked for.
    pub holders: Vec<Address>,
    /// Sequential exchanges until the issuer knew the owner.
    pub hops: u32,
    /// Sequential exchanges until the owner itself was reached.
    pub hops_to_owner: u32,
    /// Sequential exchanges until the lookup ended: more, where others are asked after the owner to be sure of it.
    pub hops_to_end: u32,
    /// When the issuer knew the owner.
    #[serde(skip)]
    pub known_at: SimTime,
    /// When the owner's own reply came.
    #[serde(skip)]
    pub replied_at: SimTime,
    /// What silence cost on the way.
    pub silence: Silence,
}

/// How a lookup failed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Failure {
    /// Why it ended.
    pub reason: FailureReason,
    /// What silence cost on the way.
    pub silence: Silence,
}

/// Why a lookup failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum FailureReason {
    /// Its issuer was not, or not yet, a member.
    NotJoined,
    /// Its deadline passed.
    Deadline,
    /// Nobody was left to ask.
    NoRoute,
}

/// Calls that ran into silence, and the time waited for them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Silence {
    /// How many: every attempt that was not answered in time counts.
    pub timeouts: u32,
    /// Of these, how many before the last exchange that brought the way forward; the others were met looking for the owner.
    pub on_the_way: u32,
    /// How long the lookup's issuer waited for them, summed.
    #[serde(skip)]
    pub lost: Span,
}

impl Silence {
    /// One more attempt met silence for so long.
    pub fn add(&mut self, waited: Span) {
        self.timeouts += 1;
        self.lost += waited;
    }
}

/// What all nodes of a run have in common and may read: the ids of addresses, and the settings.
///
/// A node may ask for the key of an address only if it has learnt that address: contacts travel in messages with their
/// id, and are kept as addresses alone, because the id of an address never changes.
#[derive(Clone, Debug)]
pub struct Common<S> {
    width: Width,
    keys: Vec<Key>,
    seed: u64,
    /// The protocol's settings.
    pub settings: S,
}

impl<S> Common<S> {
    /// The ids of all addresses that will ever be, in order of address.
    pub fn new(width: Width, keys: Vec<Key>, settings: S) -> Self {
        Self { width, keys, seed: 0, settings }
    }

    /// The same, with tables of a warm start drawn from this seed.
    #[must_use]
    pub fn seeded(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// What the tables of a node that is born with some are drawn from ([`Dht::converged`]).
    pub(crate) fn chance_of_birth(&self, me: Address) -> Stream {
        Stream::open(self.seed, TABLES, u64::from(me.0))
    }

    /// The width of ids and keys.
    pub fn width(&self) -> Width {
        self.width
    }

    /// The id of an address.
    ///
    /// # Panics
    /// If there is no such address in the run.
    pub fn key(&self, address: Address) -> Key {
        self.keys[address.index()]
    }

    /// How messages are laid out on the wire.
    pub fn layout(&self) -> Layout {
        Layout { id_bytes: self.width.bytes() }
    }
}

/// What tables of a warm start are drawn from; scenarios number their draws from [`StreamPurpose::FIRST_FREE`] on, and never
/// get so far.
const TABLES: StreamPurpose = StreamPurpose(1_000);

/// How many bytes messages take: the one layout of the wire.
///
/// A message is an IPv4 and a UDP header (20 + 8 bytes), its kind (1) and the number of its call (4); then whatever it
/// holds: ids and keys of `id_bits / 8` bytes, contacts (an id, an IPv4 address and a port: 6 bytes more), numbers of 4
/// bytes.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    id_bytes: u32,
}

impl Layout {
    /// The size of a message with so many ids, contacts and numbers.
    pub fn bytes(self, ids: usize, contacts: usize, numbers: usize) -> u32 {
        const HEADERS: u32 = 20 + 8 + 1 + 4;
        HEADERS + self.id_bytes * ids as u32 + (self.id_bytes + 6) * contacts as u32 + 4 * numbers as u32
    }
}

/// Members of an overlay by id: what owner rules and warm starts look at. No protocol sees it while it runs.
#[derive(Clone, Debug, Default)]
pub struct Members {
    by_key: BTreeMap<Key, Address>,
    /// The same in a row, made when it is first asked for and forgotten when a member comes or goes.
    ranked: OnceCell<Vec<(Key, Address)>>,
}

impl Members {
    /// Adds a member.
    pub fn insert(&mut self, key: Key, address: Address) {
        self.ranked.take();
        self.by_key.insert(key, address);
    }

    /// Takes a member out.
    pub fn remove(&mut self, key: Key) {
        self.ranked.take();
        self.by_key.remove(&key);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    /// Whether there is a member of this id.
    pub fn contains(&self, key: Key) -> bool {
        self.by_key.contains_key(&key)
    }

    /// All members from this id on, once around the circle.
    pub fn from(&self, key: Key) -> impl Iterator<Item = (Key, Address)> {
        self.by_key.range(key..).chain(self.by_key.range(..key)).map(|(key, address)| (*key, *address))
    }

    /// All members before this id, once around the circle backwards.
    pub fn before(&self, key: Key) -> impl Iterator<Item = (Key, Address)> {
        self.by_key.range(..key).rev().chain(self.by_key.range(key..).rev()).map(|(key, address)| (*key, *address))
    }

    /// The members whose ids are closest to a key by XOR, the closest first.
    pub fn closest_by_xor(&self, key: Key, count: usize) -> Vec<Address> {
        let mut found = Vec::with_capacity(count.min(self.len()));
        self.collect_by_xor(key, (Key::ZERO, 0), count, &mut found);
        found
    }

    /// Goes through the ids that begin with a prefix in order of their distance, until enough are found.
    fn collect_by_xor(&self, key: Key, (prefix, bits): (Key, u32), count: usize, found: &mut Vec<Address>) {
        let mut here = self.by_key.range(prefix.prefix(bits)..=prefix.last_of(bits));
        let Some((first, address)) = here.next().filter(|_| found.len() < count) else {
            return;
        };
        let Some((last, _)) = here.next_back() else {
            return found.push(*address);
        };
        let shared = first.shared_bits(*last);
        let (near, far) = if key.bit(shared) { (last, first) } else { (first, last) };
        self.collect_by_xor(key, (*near, shared + 1), count, found);
        self.collect_by_xor(key, (*far, shared + 1), count, found);
    }

    /// All members in order of id, to be counted and drawn from.
    pub fn ranked(&self) -> &[(Key, Address)] {
        self.ranked.get_or_init(|| self.by_key.iter().map(|(key, address)| (*key, *address)).collect())
    }

    /// The members whose ids begin with the same `bits` bits as this key, in order of id.
    pub fn sharing(&self, key: Key, bits: u32) -> &[(Key, Address)] {
        let all = self.ranked();
        let start = all.partition_point(|(id, _)| *id < key && id.shared_bits(key) < bits);
        let count = all[start..].partition_point(|(id, _)| id.shared_bits(key) >= bits);
        &all[start..start + count]
    }
}

impl FromIterator<(Key, Address)> for Members {
    fn from_iter<I: IntoIterator<Item = (Key, Address)>>(members: I) -> Self {
        Self { by_key: members.into_iter().collect(), ranked: OnceCell::new() }
    }
}

/// One setting, as `dhtsim list` shows it.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Its name in scenarios.
    pub name: &'static str,
    /// Its default, as it would be written.
    pub default: &'static str,
    /// Its symbol in the paper, or nothing.
    pub symbol: &'static str,
    /// Where the default comes from, or "arbitrary".
    pub source: &'static str,
    /// What it does.
    pub about: &'static str,
}

/// A setting that cannot be meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingError {
    /// Which one.
    pub field: &'static str,
    /// What is wrong with it.
    pub problem: String,
    /// What would be right.
    pub help: String,
}
