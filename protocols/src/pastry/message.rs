//! What Pastry nodes say to each other, and how long it is on the wire.

use serde::Serialize;
use sim::address::Address;

use super::leaf_set::View;
use crate::dht::Layout;
use crate::key::Key;
use crate::table::Handle;

/// A message between two Pastry nodes. Questions carry the number of their call, answers bring it back.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Message {
    /// Carry this on for its issuer.
    Forward {
        /// The call, between this hop's two ends.
        call: Handle,
        /// What to carry.
        errand: Errand,
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
        /// Whether the last hop was to the closest node as far as anybody knew.
        near: bool,
        /// Who would hold copies, me first.
        holders: Vec<Address>,
    },
    /// What do you know of the way to this key? Leave these nodes out.
    FindNext {
        /// The call.
        call: Handle,
        /// The key.
        key: Key,
        /// Whether somebody's leaf set has spoken before.
        near: bool,
        /// How many holders of copies to name, should the key be yours.
        copies: u32,
        /// Nodes that were silent.
        avoid: Vec<Address>,
    },
    /// This is what I know of the way.
    Way {
        /// The call.
        call: Handle,
        /// Who is next, and who else if that one is silent.
        way: Vec<Address>,
        /// Whether the first is the closest to the key, as far as I know.
        near: bool,
    },
    /// The key is mine.
    Mine {
        /// The call.
        call: Handle,
        /// Who would hold copies, me first.
        holders: Vec<Address>,
    },
    /// I am no member, or not yet.
    NotMember {
        /// The call.
        call: Handle,
    },
    /// Do you live? I do.
    KeepAlive {
        /// The call.
        call: Handle,
    },
    /// How far are you?
    Ping {
        /// The call.
        call: Handle,
    },
    /// I live.
    Pong {
        /// The call.
        call: Handle,
    },
    /// Who is in your leaf set? I should be.
    Probe {
        /// The call.
        call: Handle,
        /// Whether I am a member, and do not only want to be.
        ready: bool,
    },
    /// This is my leaf set.
    Leaves {
        /// The call.
        call: Handle,
        /// Whether I am a member.
        ready: bool,
        /// The leaf set.
        view: View,
    },
    /// You are being led to your place: these rows of my routing table may serve you.
    Rows {
        /// Nodes of the rows, and of the neighbourhood set if you asked me first.
        nodes: Vec<Address>,
    },
    /// Your place is beside me: this is my leaf set.
    Welcome {
        /// The leaf set.
        view: View,
    },
    /// Your place is beside me, but I am helping another: come later.
    Busy,
    /// I am a member; this is my state.
    Announce {
        /// My leaf set.
        leaves: Vec<Address>,
        /// My routing table and neighbourhood set.
        others: Vec<Address>,
    },
    /// I leave; this is my leaf set.
    Leaving {
        /// The leaf set.
        leaves: Vec<Address>,
    },
    /// Whom do you know for the place that this node had in my routing table?
    GetEntry {
        /// The call.
        call: Handle,
        /// The node, which is silent.
        like: Address,
    },
    /// This one, or nobody.
    Entry {
        /// The call.
        call: Handle,
        /// The node.
        node: Option<Address>,
    },
    /// What is in this row of your routing table?
    GetRow {
        /// The call.
        call: Handle,
        /// The row.
        row: u32,
    },
    /// These are.
    Row {
        /// The call.
        call: Handle,
        /// The nodes.
        nodes: Vec<Address>,
    },
}

/// What is handed from node to node towards a key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Errand {
    /// The key.
    pub key: Key,
    /// Who sent it out.
    pub issuer: Address,
    /// Whether somebody's leaf set has said who is closest to the key.
    pub near: bool,
    /// What the way has cost so far.
    pub toll: Toll,
    /// What for.
    pub what: Aim,
}

/// What an errand is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Aim {
    /// Its issuer wants to know who owns the key.
    Lookup {
        /// The lookup's number there.
        lookup: Handle,
        /// How many holders of copies to name.
        copies: u32,
    },
    /// Its issuer wants to know who stands next to its own id.
    Place {
        /// Whether it is a member and does not want to become one.
        is_member: bool,
        /// How many rows of routing tables it was sent so far.
        rows: u32,
    },
}

/// What the way of an errand has cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Toll {
    /// Forwards.
    pub forwards: u32,
    /// Calls that met silence.
    pub timeouts: u32,
    /// Of these, how many before the last forward by routing table.
    pub on_the_way: u32,
}

impl Message {
    /// The message's kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Forward { .. } => "Forward",
            Self::Accepted { .. } => "Accepted",
            Self::Found { .. } => "Found",
            Self::FindNext { .. } => "FindNext",
            Self::Way { .. } => "Way",
            Self::Mine { .. } => "Mine",
            Self::NotMember { .. } => "NotMember",
            Self::KeepAlive { .. } => "KeepAlive",
            Self::Ping { .. } => "Ping",
            Self::Pong { .. } => "Pong",
            Self::Probe { .. } => "Probe",
            Self::Leaves { .. } => "Leaves",
            Self::Rows { .. } => "Rows",
            Self::Welcome { .. } => "Welcome",
            Self::Busy => "Busy",
            Self::Announce { .. } => "Announce",
            Self::Leaving { .. } => "Leaving",
            Self::GetEntry { .. } => "GetEntry",
            Self::Entry { .. } => "Entry",
            Self::GetRow { .. } => "GetRow",
            Self::Row { .. } => "Row",
        }
    }

    /// Its size on the wire. Nodes to leave out are named by id alone; flags travel with the kind.
    pub fn bytes(&self, layout: Layout) -> u32 {
        let view = |view: &View| layout.bytes(2, view.leaves.len() + view.waiting.len(), 1);
        match self {
            Self::Forward { .. } => layout.bytes(1, 1, 5),
            Self::Found { holders, .. } => layout.bytes(0, holders.len(), 4),
            Self::FindNext { avoid, .. } => layout.bytes(1 + avoid.len(), 0, 1),
            Self::Way { way: nodes, .. } | Self::Mine { holders: nodes, .. } => layout.bytes(0, nodes.len(), 0),
            Self::Accepted { .. }
            | Self::NotMember { .. }
            | Self::KeepAlive { .. }
            | Self::Ping { .. }
            | Self::Pong { .. }
            | Self::Probe { .. }
            | Self::Busy => layout.bytes(0, 0, 0),
            Self::Leaves { view: told, .. } | Self::Welcome { view: told } => view(told),
            Self::Rows { nodes } | Self::Row { nodes, .. } | Self::Leaving { leaves: nodes } => {
                layout.bytes(0, nodes.len(), 0)
            }
            Self::Announce { leaves, others } => layout.bytes(0, leaves.len() + others.len(), 1),
            Self::GetEntry { .. } => layout.bytes(1, 0, 0),
            Self::Entry { node, .. } => layout.bytes(0, usize::from(node.is_some()), 0),
            Self::GetRow { .. } => layout.bytes(0, 0, 1),
        }
    }

    /// The call that a question wants an answer to.
    pub(crate) fn asks(&self) -> Option<Handle> {
        match self {
            Self::Forward { call, .. }
            | Self::FindNext { call, .. }
            | Self::KeepAlive { call }
            | Self::Ping { call }
            | Self::Probe { call, .. }
            | Self::GetEntry { call, .. }
            | Self::GetRow { call, .. } => Some(*call),
            _ => None,
        }
    }

    /// The call that an answer ends.
    pub(crate) fn answers(&self) -> Option<Handle> {
        match self {
            Self::Accepted { call }
            | Self::Way { call, .. }
            | Self::Mine { call, .. }
            | Self::NotMember { call }
            | Self::Pong { call }
            | Self::Leaves { call, .. }
            | Self::Entry { call, .. }
            | Self::Row { call, .. } => Some(*call),
            _ => None,
        }
    }
}
