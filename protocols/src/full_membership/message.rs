//! What members say to each other, and how long it is on the wire.

use serde::Serialize;
use sim::address::Address;

use super::members::Update;
use crate::dht::Layout;
use crate::key::Key;
use crate::table::Handle;

/// A message between two members. Questions carry the number of their call, answers bring it back.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Message {
    /// Do you live?
    Ping {
        /// The call.
        call: Handle,
        /// What is going around.
        news: News,
    },
    /// I live.
    Ack {
        /// The call.
        call: Handle,
        /// What is going around.
        news: News,
    },
    /// `ping-req`: this member does not answer me; ping it for me.
    PingReq {
        /// The call that it does not answer.
        call: Handle,
        /// The member.
        target: Address,
        /// What is going around.
        news: News,
    },
    /// It has answered me.
    IndirectAck {
        /// The call that it did not answer.
        call: Handle,
        /// What is going around.
        news: News,
    },
    /// May I join?
    Join {
        /// The call.
        call: Handle,
    },
    /// This is my list.
    MemberList {
        /// The call.
        call: Handle,
        /// What I hold of every member, of those that failed lately, and of myself.
        members: Vec<Update>,
    },
    /// Do you own this key, where these are silent?
    Ask {
        /// The call.
        call: Handle,
        /// The key.
        key: Key,
        /// Nodes that were silent.
        avoid: Vec<Address>,
    },
    /// I own it.
    Mine {
        /// The call.
        call: Handle,
    },
    /// I do not; ask this member.
    NotMine {
        /// The call.
        call: Handle,
        /// What I hold of the owner.
        owner: Update,
    },
    /// I am no member.
    NotMember {
        /// The call.
        call: Handle,
    },
    /// I leave.
    Leaving {
        /// In which of my incarnations.
        incarnation: u32,
    },
}

/// What every message of the failure detector carries beside its question or answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct News {
    /// Which incarnation of the sender speaks.
    pub incarnation: u32,
    /// Piggybacked updates.
    pub updates: Vec<Update>,
}

impl Message {
    /// The message's kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Ping { .. } => "Ping",
            Self::Ack { .. } => "Ack",
            Self::PingReq { .. } => "PingReq",
            Self::IndirectAck { .. } => "IndirectAck",
            Self::Join { .. } => "Join",
            Self::MemberList { .. } => "MemberList",
            Self::Ask { .. } => "Ask",
            Self::Mine { .. } => "Mine",
            Self::NotMine { .. } => "NotMine",
            Self::NotMember { .. } => "NotMember",
            Self::Leaving { .. } => "Leaving",
        }
    }

    /// Its size on the wire. Who pings, joins or leaves names its own id. An update is a contact and a number, which holds
    /// incarnation and standing; nodes to avoid are named by id alone.
    pub fn bytes(&self, layout: Layout) -> u32 {
        match self {
            Self::Ping { news, .. } | Self::Ack { news, .. } | Self::IndirectAck { news, .. } => {
                layout.bytes(1, news.updates.len(), 1 + news.updates.len())
            }
            Self::PingReq { news, .. } => layout.bytes(1, 1 + news.updates.len(), 1 + news.updates.len()),
            Self::Join { .. } => layout.bytes(1, 0, 0),
            Self::MemberList { members, .. } => layout.bytes(0, members.len(), members.len()),
            Self::Ask { avoid, .. } => layout.bytes(1 + avoid.len(), 0, 0),
            Self::Mine { .. } | Self::NotMember { .. } => layout.bytes(0, 0, 0),
            Self::NotMine { .. } => layout.bytes(0, 1, 1),
            Self::Leaving { .. } => layout.bytes(1, 0, 1),
        }
    }
}
