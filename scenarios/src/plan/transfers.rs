//! Bulk transfers, decided: who sends how much to whom, and when each chunk of it is sent.

use sim::address::Address;
use sim::time::Span;

use super::Placement;
use crate::ast::{BitRate, Chunk, Size};
use crate::mistake::Mistake;

/// A node sends another one a large value, in chunks at equal gaps.
///
/// Only the two access links feel it. Nobody handles it, no chance meets it, and neither faults nor what is wrong with the
/// network between the nodes. Its chunks take no time from one link to the other: a delay would move all of them alike, and
/// change neither how long they occupy a link nor how far apart they come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Who sends.
    pub from: Address,
    /// Who receives.
    pub to: Address,
    /// How many bytes.
    pub bytes: u64,
    /// How many bits a second.
    pub bits_per_second: u64,
    /// How many bytes at once, the last ones perhaps fewer.
    pub chunk_bytes: u32,
}

impl Transfer {
    /// How many chunks it has.
    pub fn chunks(&self) -> u64 {
        self.bytes.div_ceil(self.chunk_bytes.into())
    }

    /// The size of a chunk, counted from 0, in bytes.
    pub fn bytes_of(&self, chunk: u64) -> u32 {
        let left = self.bytes - chunk * u64::from(self.chunk_bytes);
        u32::try_from(left).map_or(self.chunk_bytes, |left| left.min(self.chunk_bytes))
    }

    /// How long after the beginning a chunk is sent, counted from 0: when all before it would be through at the pace. The
    /// nanosecond in which the last bit is through counts whole; saturates.
    pub fn after(&self, chunk: u64) -> Span {
        let bits = u128::from(chunk) * u128::from(self.chunk_bytes) * 8;
        let nanos = (bits * NANOS_PER_SEC).div_ceil(self.bits_per_second.into());
        Span::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

/// What is to be sent, checked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bulk {
    size: Size,
    pace: Option<BitRate>,
    chunk: Chunk,
}

impl Bulk {
    /// Checks what stands at `here`.
    pub(super) fn new(
        (size, pace, chunk): (Size, Option<BitRate>, Chunk),
        placement: &Placement,
        here: &str,
    ) -> Result<Self, Mistake> {
        let Some(queue) = placement.bandwidths().iter().map(|links| links.queue).min() else {
            return Err(Mistake::new(here, "there is nothing that a transfer could fill")
                .label("links have no limits here")
                .help("write for example `network: (bandwidth: (up: \"20Mbit/s\", down: \"50Mbit/s\"))`"));
        };
        if Size::from(chunk) > queue {
            return Err(Mistake::new(format!("{here}.chunk"), "a chunk does not fit into the queue of a link")
                .label(format!("a chunk is {}, a queue holds {queue}", Size::from(chunk)))
                .help("write a smaller `chunk`, or a larger `queue` in `bandwidth`"));
        }
        Ok(Self { size, pace, chunk })
    }

    /// Refuses, at `here`, more chunks of so many transfers than a run can carry out.
    pub(super) fn check_count(&self, transfers: f64, here: &str) -> Result<(), Mistake> {
        let chunks = transfers * self.size.0.div_ceil(self.chunk.0.into()) as f64;
        if chunks > CHUNKS_MAX {
            return Err(Mistake::new(here, format!("this would be some {chunks:.0} chunks"))
                .label(format!("more than {CHUNKS_MAX:.0} are refused"))
                .help("transfer less, or let a `chunk` be larger"));
        }
        Ok(())
    }

    /// The transfer from one node to another, each with its host.
    pub(super) fn between(&self, placement: &Placement, [from, to]: [(Address, u32); 2]) -> Transfer {
        let narrower = || {
            let up = placement.bandwidth_of(from.1).map(|links| links.up);
            let down = placement.bandwidth_of(to.1).map(|links| links.down);
            up.min(down).expect("where one link has a limit, all have")
        };
        Transfer {
            from: from.0,
            to: to.0,
            bytes: self.size.0,
            bits_per_second: self.pace.unwrap_or_else(narrower).0,
            chunk_bytes: self.chunk.0,
        }
    }
}

const NANOS_PER_SEC: u128 = 1_000_000_000;
/// More than a run could carry out in hours.
const CHUNKS_MAX: f64 = 1e9;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_sent_as_far_apart_as_the_pace_says_and_the_last_is_what_is_left() {
        let transfer = Transfer { bits_per_second: 3, ..of(25, 10) };
        assert_eq!((transfer.chunks(), [0, 1, 2].map(|chunk| transfer.bytes_of(chunk))), (3, [10, 10, 5]));
        let after = [0, 1, 2, 3].map(|chunk| transfer.after(chunk).as_nanos());
        assert_eq!(after, [0, 26_666_666_667, 53_333_333_334, 80_000_000_000], "roundings do not add up");
        assert_eq!((of(20, 10).chunks(), of(20, 10).bytes_of(1)), (2, 10));
        assert_eq!((of(3, 10).chunks(), of(3, 10).bytes_of(0)), (1, 3));
    }

    #[test]
    fn the_largest_transfer_has_its_chunks_in_order() {
        let transfer = of(1_000_000_000_000_000, 1_000_000_000);
        assert_eq!((transfer.chunks(), transfer.bytes_of(999_999)), (1_000_000, 1_000_000_000));
        assert_eq!(Transfer { bits_per_second: 1, ..transfer }.after(999_999).as_nanos(), u64::MAX);
    }

    fn of(bytes: u64, chunk_bytes: u32) -> Transfer {
        Transfer { from: Address(0), to: Address(1), bytes, bits_per_second: 1_000_000_000, chunk_bytes }
    }
}
