//! What Chord nodes say to each other, and how long it is on the wire.

use serde::Serialize;
use sim::address::Address;

use super::search::Route;
use crate::dht::Layout;
use crate::key::Key;
use crate::table::Handle;

/// A message between two Chord nodes. Questions carry the number of their call, answers bring it back.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Message {
    /// What do you know of the way to this key? Leave these nodes out.
    FindSuccessor {
        /// The call.
        call: Handle,
        /// The key.
        key: Key,
        /// Nodes that were silent.
        avoid: Vec<Address>,
    },
    /// This is what I know of the way.
    Way {
        /// The call.
        call: Handle,
        /// Nodes closer to the key, the closest first.
        closer: Vec<Address>,
        /// Successors at or after the key, the owner first.
        owners: Vec<Address>,
        /// Whether I know more closer nodes than these.
        more: bool,
    },
    /// You own this key, they say: do you live?
    Claim {
        /// The call.
        call: Handle,
        /// The key.
        key: Key,
    },
    /// Do you live?
    Ping {
        /// The call.
        call: Handle,
    },
    /// I live.
    Pong {
        /// The call.
        call: Handle,
    },
    /// Who are your neighbours?
    GetNeighbours {
        /// The call.
        call: Handle,
    },
    /// These are my neighbours.
    Neighbours {
        /// The call.
        call: Handle,
        /// My predecessor.
        predecessor: Option<Address>,
        /// My successor list.
        successors: Vec<Address>,
    },
    /// I am waiting for an answer myself and cannot say (Zave's "response pending").
    ResponsePending {
        /// The call.
        call: Handle,
    },
    /// I am no member.
    NotMember {
        /// The call.
        call: Handle,
    },
    /// I may be your predecessor.
    Notify,
    /// You were my predecessor; this node stands between us now.
    NewSuccessor {
        /// The new node.
        node: Address,
    },
    /// I leave; these are my neighbours.
    Leaving {
        /// My predecessor.
        predecessor: Option<Address>,
        /// My successor list.
        successors: Vec<Address>,
    },
    /// Carry this lookup on for its issuer.
    Forward {
        /// The call, between this hop's two ends.
        call: Handle,
        /// The lookup.
        errand: Errand,
    },
    /// You own this lookup's key, they say: reply to its issuer.
    Deliver {
        /// The call, between this hop's two ends.
        call: Handle,
        /// The lookup.
        errand: Errand,
        /// Who would hold copies, you first.
        holders: Vec<Address>,
    },
    /// I have it, and carry on.
    Accepted {
        /// The call.
        call: Handle,
    },
    /// I own the key you looked for.
    Found {
        /// The lookup's number at its issuer.
        lookup: Handle,
        /// What the way has cost.
        toll: Toll,
        /// Who would hold copies, me first.
        holders: Vec<Address>,
    },
}

/// A recursive lookup on its way.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Errand {
    /// The key.
    pub key: Key,
    /// Who wants to know.
    pub issuer: Address,
    /// The lookup's number there.
    pub lookup: Handle,
    /// What the way has cost so far.
    pub toll: Toll,
    /// How many holders of copies to name.
    pub copies: u32,
}

/// What the way of a recursive lookup has cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Toll {
    /// Forwards, until the key's predecessor.
    pub hops: u32,
    /// Calls that met silence.
    pub timeouts: u32,
    /// Of these, how many before the last forward.
    pub on_the_way: u32,
}

impl Message {
    /// The message's kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::FindSuccessor { .. } => "FindSuccessor",
            Self::Way { .. } => "Way",
            Self::Claim { .. } => "Claim",
            Self::Ping { .. } => "Ping",
            Self::Pong { .. } => "Pong",
            Self::GetNeighbours { .. } => "GetNeighbours",
            Self::Neighbours { .. } => "Neighbours",
            Self::ResponsePending { .. } => "ResponsePending",
            Self::NotMember { .. } => "NotMember",
            Self::Notify => "Notify",
            Self::NewSuccessor { .. } => "NewSuccessor",
            Self::Leaving { .. } => "Leaving",
            Self::Forward { .. } => "Forward",
            Self::Deliver { .. } => "Deliver",
            Self::Accepted { .. } => "Accepted",
            Self::Found { .. } => "Found",
        }
    }

    /// Its size on the wire. Nodes to avoid are named by id alone; a `Notify` names its sender's id.
    pub fn bytes(&self, layout: Layout) -> u32 {
        match self {
            Self::FindSuccessor { avoid, .. } => layout.bytes(1 + avoid.len(), 0, 0),
            Self::Way { closer, owners, .. } => layout.bytes(0, closer.len() + owners.len(), 1),
            Self::Claim { .. } | Self::Notify => layout.bytes(1, 0, 0),
            Self::Ping { .. }
            | Self::Pong { .. }
            | Self::GetNeighbours { .. }
            | Self::ResponsePending { .. }
            | Self::NotMember { .. }
            | Self::Accepted { .. } => layout.bytes(0, 0, 0),
            Self::Neighbours { predecessor, successors, .. } | Self::Leaving { predecessor, successors } => {
                layout.bytes(0, usize::from(predecessor.is_some()) + successors.len(), 0)
            }
            Self::NewSuccessor { .. } => layout.bytes(0, 1, 0),
            Self::Forward { .. } => layout.bytes(1, 1, 5),
            Self::Deliver { holders, .. } => layout.bytes(1, 1 + holders.len(), 5),
            Self::Found { holders, .. } => layout.bytes(0, holders.len(), 4),
        }
    }

    /// The route that a [`Message::Way`] tells.
    pub(crate) fn way(call: Handle, route: Route) -> Self {
        Self::Way { call, closer: route.closer, owners: route.owners, more: route.more }
    }
}
