//! Bulk transfers, as written: large values that share the access links with messages.

use protocols::duration::Duration;
use serde::{Deserialize, Serialize};

use super::bandwidth::{BitRate, Size};
use super::values::Rate;
use super::workload::Arrivals;

/// Bulk transfers at a rate, between two different nodes drawn at random from those that are up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transfers {
    /// The first instant.
    pub from: Duration,
    /// The instant after the last begins; else the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Duration>,
    /// How many begin in a stretch of time.
    pub rate: Rate,
    /// At which instants.
    #[serde(default)]
    pub arrivals: Arrivals,
    /// How much each is.
    pub size: Size,
    /// How fast it is sent; else as fast as the narrower of the sender's uplink and the receiver's downlink.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pace: Option<BitRate>,
    /// How much is sent at once.
    #[serde(default, skip_serializing_if = "Chunk::is_default")]
    pub chunk: Chunk,
}

/// One bulk transfer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transfer {
    /// The sender's number.
    pub from: u32,
    /// The receiver's.
    pub to: u32,
    /// How much it is.
    pub size: Size,
    /// As in [`Transfers::pace`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pace: Option<BitRate>,
    /// How much is sent at once.
    #[serde(default, skip_serializing_if = "Chunk::is_default")]
    pub chunk: Chunk,
}

/// How many bytes of a transfer are sent at once, headers and all: 1 B to 1 GB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Size", into = "Size")]
pub struct Chunk(pub u32);

impl Chunk {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands on a reference")]
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl Default for Chunk {
    /// Ten full packets: so much a sender that paces itself may send in one burst (RFC 9002, section 7.7, with the initial
    /// window of section 7.2).
    fn default() -> Self {
        Self(15_000)
    }
}

impl TryFrom<Size> for Chunk {
    type Error = String;

    fn try_from(size: Size) -> Result<Self, String> {
        match u32::try_from(size.0) {
            Ok(bytes @ ..=CHUNK_MAX) => Ok(Self(bytes)),
            _ => Err(format!("a chunk of {size} is more than {}", Size(CHUNK_MAX.into()))),
        }
    }
}

impl From<Chunk> for Size {
    fn from(chunk: Chunk) -> Self {
        Self(chunk.0.into())
    }
}

const CHUNK_MAX: u32 = 1_000_000_000;
