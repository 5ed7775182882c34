//! The streams that a plan draws from, one per purpose and entity.

use sim::address::Address;
use sim::rng::{LinkField, Stream, StreamPurpose};

/// The id of a node; the entity is its number.
pub(super) fn id(seed: u64, node: u64) -> Stream {
    open(seed, 0, node)
}

/// What an action of the script decides; the entity is its place.
pub(super) fn action(seed: u64, place: usize) -> Stream {
    open(seed, 1, place as u64)
}

/// Whom a node asks when it joins; the entity is the node and how often it has come before.
pub(super) fn bootstraps(seed: u64, node: u32, before: u32) -> Stream {
    open(seed, 2, u64::from(before) << 32 | u64::from(node))
}

/// The gaps between the requests of a workload; the entity is its place.
pub(super) fn gaps(seed: u64, workload: usize) -> Stream {
    open(seed, 3, workload as u64)
}

/// Who asks for what in one request; the entity is the workload and the request's number.
pub(super) fn request(seed: u64, workload: usize, number: u64) -> Stream {
    open(seed, 4, (workload as u64) << 44 | number)
}

/// Whom a node asks when it is asked once more to join; the entity is the node, how often it has come before, and how often
/// it has been asked since.
pub(super) fn once_more(seed: u64, node: u32, before: u32, tries: u32) -> Stream {
    open(seed, 40, u64::from(before) << 40 | u64::from(tries & 0xff) << 32 | u64::from(node))
}

/// How a node comes back that an action takes down; the entity is the action and the number among those that go.
pub(super) fn back(seed: u64, place: usize, number: u64) -> Stream {
    open(seed, 41, (place as u64) << 40 | number)
}

/// The new id of a node that comes back; the entity is a lot that was drawn when it went.
pub(super) fn id_of_return(seed: u64, lot: u64) -> Stream {
    open(seed, 44, lot)
}

/// How long a node stays that an action lets join; the entity is the action and the number among those that come.
pub(super) fn stay(seed: u64, place: usize, number: u64) -> Stream {
    open(seed, 42, (place as u64) << 40 | number)
}

/// The instants at which nodes join that come within a stretch of time; the entity is the action.
pub(super) fn instants(seed: u64, place: usize) -> Stream {
    open(seed, 43, place as u64)
}

/// What an entry of the churn draws, by its label: one stream for each purpose and number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Churn {
    seed: u64,
    label: u64,
}

impl Churn {
    pub(super) fn new(seed: u64, label: &str) -> Self {
        Self { seed, label: hash(label) }
    }

    /// Of which kind a host is, and in which state it begins.
    pub(super) fn host(self, host: u32) -> Stream {
        self.open(0, u64::from(host))
    }

    /// One session of a host, how it ends, and how long the host is then down.
    pub(super) fn session(self, host: u32, session: u32) -> Stream {
        self.open(1, u64::from(session) << 32 | u64::from(host))
    }

    /// The id under which a host comes.
    pub(super) fn id(self, host: u32, session: u32) -> Stream {
        self.open(2, u64::from(session) << 32 | u64::from(host))
    }

    /// The gaps of a Poisson clock.
    pub(super) fn gaps(self) -> Stream {
        self.open(3, 0)
    }

    /// What happens when a Poisson clock strikes.
    pub(super) fn strike(self, number: u64) -> Stream {
        self.open(4, number)
    }

    /// How many are there from the first instant on.
    pub(super) fn population(self) -> Stream {
        self.open(5, 0)
    }

    /// One of those who may be there from the first instant on.
    pub(super) fn resident(self, number: u64) -> Stream {
        self.open(6, number)
    }

    /// How a node comes back that a failure takes down; the entity is the failure and the number among those that go.
    pub(super) fn back(self, strike: u64, number: u64) -> Stream {
        self.open(7, strike << 32 | number)
    }

    /// Labels have the upper half of all purposes to themselves, eight for each.
    fn open(self, purpose: u64, entity: u64) -> Stream {
        Stream::open(self.seed, StreamPurpose(1 << 63 | self.label << 3 | purpose), entity)
    }
}

/// FNV-1a of 64 bits: labels are few, and which one it is must not depend on their order.
fn hash(label: &str) -> u64 {
    label.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// What a host is; the link is the host's own.
pub(super) fn hosts(seed: u64) -> LinkField {
    LinkField::new(seed, StreamPurpose(StreamPurpose::FIRST_FREE + 64))
}

/// The order in which hosts stand on sites; the entity is how often all sites have been taken before.
pub(super) fn sites(seed: u64, round: u32) -> Stream {
    open(seed, 65, u64::from(round))
}

/// The keys of which the judge notes where they lie.
pub(super) fn probe(seed: u64) -> Stream {
    open(seed, 48, 0)
}

/// When bursts of a workload begin and end; the entity is its place.
pub(super) fn rhythm(seed: u64, workload: usize) -> Stream {
    open(seed, 32, workload as u64)
}

/// How often a node asks in a workload, and when first; the entity is the workload's place, and the node.
pub(super) fn habit(seed: u64, workload: usize, node: Address) -> Stream {
    open(seed, of_node(33, node, 0), workload as u64)
}

/// When the next request of a node comes, and what this one asks for; the entity is the workload, the node and the request's
/// number among those of the node.
pub(super) fn request_of_node(seed: u64, workload: usize, node: Address, number: u64) -> Stream {
    open(seed, of_node(34, node, 0), (workload as u64) << 44 | number)
}

/// What a request of a closed loop comes after, and asks for; the entity is the loop, the node, its place in flight and the
/// request's number there.
pub(super) fn request_in_flight(seed: u64, closed: u32, node: Address, place: u32, number: u64) -> Stream {
    open(seed, of_node(35, node, place), u64::from(closed) << 44 | number)
}

/// A centre that keys lie around; the entity is the workload's place, or the number of a closed loop, and the centre.
pub(super) fn centre(seed: u64, is_closed: bool, workload: usize, number: u64) -> Stream {
    open(seed, 36 + u64::from(is_closed), (workload as u64) << 44 | number)
}

/// What is drawn for each node has a purpose for each: the purpose's own number takes 16 bits, the node's 32, and its place
/// in flight the 16 that are left.
fn of_node(purpose: u64, node: Address, place: u32) -> u64 {
    purpose + (u64::from(node.0) << 16) + (u64::from(place) << 48)
}

fn open(seed: u64, purpose: u64, entity: u64) -> Stream {
    Stream::open(seed, StreamPurpose(StreamPurpose::FIRST_FREE + purpose), entity)
}
