//! The streams that a plan draws from, one per purpose and entity.

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
    LinkField::new(seed, StreamPurpose(StreamPurpose::FIRST_FREE + 32))
}

/// The order in which hosts stand on sites; the entity is how often all sites have been taken before.
pub(super) fn sites(seed: u64, round: u32) -> Stream {
    open(seed, 33, u64::from(round))
}

fn open(seed: u64, purpose: u64, entity: u64) -> Stream {
    Stream::open(seed, StreamPurpose(StreamPurpose::FIRST_FREE + purpose), entity)
}
