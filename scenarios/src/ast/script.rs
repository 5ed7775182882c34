//! The script, as written: what happens, and when.

use protocols::duration::Duration;
use serde::{Deserialize, Serialize};

use super::churn::{Identity, Memory};
use super::law::LawSpec;
use super::transfers::Transfer;
use super::values::{Copies, Nodes, Number, Probability};

/// Something that happens at an instant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// When.
    pub at: Duration,
    /// What.
    pub r#do: Action,
}

/// What a script can do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Action {
    /// New nodes join through nodes that are up.
    Join {
        /// How many.
        nodes: u64,
        /// How long after one another.
        #[serde(default)]
        every: Duration,
        /// Their ids.
        #[serde(default)]
        ids: Ids,
        /// In which order they come.
        #[serde(default)]
        order: Order,
        /// Instead of `every`: each at an instant drawn from this stretch of time (a flash crowd).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        within: Option<Duration>,
        /// How long each stays, drawn for each; else until something else takes it away.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session: Option<LawSpec>,
        /// The share of those whose session ends that say goodbye, drawn for each; the others crash.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        graceful: Option<Probability>,
    },
    /// New nodes appear with the tables of a quiet overlay.
    Converged {
        /// How many.
        nodes: u64,
        /// Their ids.
        #[serde(default)]
        ids: Ids,
    },
    /// One node of a given number and id joins: what a printed plan says.
    JoinNode {
        /// Its number.
        node: u32,
        /// Its id.
        id: Number,
        /// Whom it asks.
        bootstraps: Vec<u32>,
        /// The host it is on, which another node was on before; else one of its own, of the node's number.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        host: Option<u32>,
    },
    /// A node is asked once more to join, through others: what a printed plan says. It means nothing to one that has joined.
    JoinAgain {
        /// Its number.
        node: u32,
        /// Whom it asks; nobody if it is to be started anew, and to begin the overlay.
        bootstraps: Vec<u32>,
    },
    /// Nodes of given numbers and ids appear with the tables of a quiet overlay: what a printed plan says.
    ConvergedNodes {
        /// Numbers and ids.
        members: Vec<(u32, Number)>,
    },
    /// Nodes leave gracefully.
    Leave(Who),
    /// Nodes crash.
    Crash(Who),
    /// Nodes that are down come back, and join.
    Restart(Comeback),
    /// Nodes stop handling anything; what arrives waits.
    Pause(Who),
    /// Paused nodes go on.
    Resume(Who),
    /// Nodes become slow.
    Slow(Slowdown),
    /// Nodes are again as slow or fast as their hosts.
    Mend(Who),
    /// The network falls into parts.
    Partition {
        /// The nodes of each part; all others are one more part.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parts: Option<Vec<Nodes>>,
        /// Or: how large each part is, its nodes drawn at random from those that are up.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        shares: Option<Vec<Probability>>,
        /// How long; else until the end.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lasts: Option<Duration>,
    },
    /// Links are cut.
    Cut(Links),
    /// Links lose more than they would.
    Loss {
        /// With this probability, besides what the network loses.
        probability: Probability,
        /// Which links; else all.
        #[serde(default)]
        on: Links,
    },
    /// Links take longer than they would.
    Delay {
        /// So much longer.
        by: Duration,
        /// Which links; else all.
        #[serde(default)]
        on: Links,
    },
    /// One lookup.
    Lookup {
        /// Who asks.
        node: u32,
        /// For which key.
        key: Number,
        /// How many holders of copies it asks for, the owner among them.
        #[serde(default, skip_serializing_if = "Copies::is_owner_only")]
        copies: Copies,
    },
    /// One bulk transfer from a node to another.
    Transfer(Transfer),
    /// Nodes do one step of their upkeep (protocols with manual maintenance).
    Step {
        /// Which nodes.
        nodes: Nodes,
        /// Which step: see `dhtsim list`.
        step: String,
    },
}

/// Which nodes: just one of the first three, or those of a region.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Who {
    /// These.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nodes: Option<Nodes>,
    /// So many of those that are up, drawn at random.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// This share of those that are up, rounded to the nearest whole node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fraction: Option<Probability>,
    /// Only of those that stand in this region; all of them if nothing else is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// How long after one another.
    pub every: Duration,
    /// How long it lasts, where it can end by itself (`Pause`); else for good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lasts: Option<Duration>,
    /// How they come back, where they went down (`Leave`, `Crash`); else for good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub back: Option<Back>,
}

/// How nodes come back that went down: each by itself.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Back {
    /// How long after they went, drawn for each.
    pub after: LawSpec,
    /// Under which id.
    #[serde(default, skip_serializing_if = "Identity::is_same")]
    pub id: Identity,
    /// With what state.
    #[serde(default, skip_serializing_if = "Memory::is_lost")]
    pub state: Memory,
}

/// Which nodes become slow, named as in [`Who`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slowdown {
    /// These.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodes: Option<Nodes>,
    /// So many of those that are up, drawn at random.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// This share of those that are up, rounded to the nearest whole node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fraction: Option<Probability>,
    /// Only of those that stand in this region; all of them if nothing else is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// How long after one another.
    #[serde(default)]
    pub every: Duration,
    /// How long it lasts; else for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lasts: Option<Duration>,
    /// How long they are busy with each message that arrives, one after the other.
    pub service: LawSpec,
}

impl Slowdown {
    pub(crate) fn who(&self) -> Who {
        let Self { nodes, count, fraction, region, every, lasts, service: _ } = self.clone();
        Who { nodes, count, fraction, region, every, lasts, back: None }
    }
}

/// Which nodes come back: just one of the three, among those that are down.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Comeback {
    /// These.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nodes: Option<Nodes>,
    /// So many of those that are down, drawn at random.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// This share of those that are down, rounded to the nearest whole node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fraction: Option<Probability>,
    /// How long after one another.
    pub every: Duration,
    /// Whom they ask; else nodes drawn at random.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bootstraps: Option<Nodes>,
    /// Under which id.
    #[serde(skip_serializing_if = "Identity::is_same")]
    pub id: Identity,
    /// With what state.
    #[serde(skip_serializing_if = "Memory::is_lost")]
    pub state: Memory,
}

/// Which links: all, those of some nodes, or those from some nodes to others.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Links {
    /// All links to and from these nodes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nodes: Option<Nodes>,
    /// Links from these nodes …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Nodes>,
    /// … to these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Nodes>,
    /// Whether the way back counts too.
    pub both_ways: bool,
    /// How long; else until the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lasts: Option<Duration>,
}

/// The ids of new nodes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Ids {
    /// Drawn at random.
    #[default]
    Random,
    /// `SHA-1("node-{seed}-{i}")` modulo 2^`id_bits`, i from 0, duplicates skipped (the seed document, 3.4).
    Seeded {
        /// The seed in the name.
        seed: u64,
    },
    /// These.
    Explicit(Vec<Number>),
}

/// In which order new nodes come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Order {
    /// As their ids are drawn or listed.
    #[default]
    AsDrawn,
    /// By id, the smallest first.
    Ascending,
}
