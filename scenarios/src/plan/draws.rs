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

/// What a host is; the link is the host's own.
pub(super) fn hosts(seed: u64) -> LinkField {
    LinkField::new(seed, StreamPurpose(StreamPurpose::FIRST_FREE + 64))
}

/// The order in which hosts stand on sites; the entity is how often all sites have been taken before.
pub(super) fn sites(seed: u64, round: u32) -> Stream {
    open(seed, 65, u64::from(round))
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
