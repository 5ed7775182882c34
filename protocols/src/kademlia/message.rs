//! What Kademlia nodes say to each other, and how long it is on the wire.

use serde::Serialize;
use sim::address::Address;

use crate::dht::Layout;
use crate::key::Key;
use crate::table::Handle;

/// A message between two Kademlia nodes. Questions carry the number of their call, answers bring it back.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Message {
    /// `FIND_NODE`: whom do you know that is close to this key?
    FindNode {
        /// The call.
        call: Handle,
        /// The key.
        key: Key,
    },
    /// These are the closest contacts that I know.
    Nodes {
        /// The call.
        call: Handle,
        /// At most k of them, the closest first; neither you nor me.
        contacts: Vec<Address>,
    },
    /// `PING`: do you live?
    Ping {
        /// The call.
        call: Handle,
    },
    /// I live.
    Pong {
        /// The call.
        call: Handle,
    },
    /// I live, but am no member yet.
    NotMember {
        /// The call.
        call: Handle,
    },
    /// I leave.
    Leaving,
}

impl Message {
    /// The message's kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::FindNode { .. } => "FindNode",
            Self::Nodes { .. } => "Nodes",
            Self::Ping { .. } => "Ping",
            Self::Pong { .. } => "Pong",
            Self::NotMember { .. } => "NotMember",
            Self::Leaving => "Leaving",
        }
    }

    /// Its size on the wire. Every message names its sender's id, which makes the sender a contact.
    pub fn bytes(&self, layout: Layout) -> u32 {
        match self {
            Self::FindNode { .. } => layout.bytes(2, 0, 0),
            Self::Nodes { contacts, .. } => layout.bytes(1, contacts.len(), 0),
            Self::Ping { .. } | Self::Pong { .. } | Self::NotMember { .. } | Self::Leaving => layout.bytes(1, 0, 0),
        }
    }
}
