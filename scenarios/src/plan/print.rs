//! A plan as a scenario: named nodes, absolute times, nothing left to chance but what the network does.

use protocols::duration::Duration;
use protocols::key::Key;
use sim::address::Address;
use sim::time::SimTime;

use super::{Deed, Fault, Line, Plan, Transfer, Which};
use crate::ast::{
    self, Action, BitRate, Chunk, Churns, Comeback, Copies, LawSpec, Links, Nodes, Number, Probability, Scenario, Size,
    Slowdown, Who, Workload,
};

impl Plan {
    /// The plan as a scenario that runs with the same fingerprint.
    pub fn to_scenario(&self, original: &Scenario) -> Scenario {
        let line = |line: Line| {
            let at = Duration(line.at - SimTime::ZERO);
            self.action(line.deed).map(|r#do| ast::Line { at, r#do })
        };
        Scenario {
            script: self.lines().filter_map(line).collect(),
            churn: Churns::default(),
            workload: closed_loops(&original.workload),
            seed: Some(self.seed),
            seeds: None,
            ..original.clone()
        }
    }

    /// The action that does this deed; none for the end of a fault, which the fault itself names.
    fn action(&self, deed: Deed) -> Option<Action> {
        let only = |node: Address| Who { nodes: Some(Nodes::List(vec![node.0])), ..Who::default() };
        Some(match deed {
            Deed::Join { node, bootstraps } => Action::JoinNode {
                node: node.0,
                id: self.id(node),
                bootstraps: numbers(&bootstraps),
                host: Some(self.hosts[node.index()]).filter(|host| *host != node.0),
            },
            Deed::Converge { nodes } => {
                Action::ConvergedNodes { members: nodes.into_iter().map(|node| (node.0, self.id(node))).collect() }
            }
            Deed::JoinAgain { node, bootstraps } => {
                Action::JoinAgain { node: node.0, bootstraps: numbers(&bootstraps) }
            }
            // Whether its state is kept shows when it comes back.
            Deed::Leave { node, .. } => Action::Leave(only(node)),
            Deed::Crash { node, .. } => Action::Crash(only(node)),
            Deed::Restart { node, bootstraps, state } => Action::Restart(Comeback {
                nodes: Some(Nodes::List(vec![node.0])),
                bootstraps: Some(nodes(&bootstraps)),
                state,
                ..Comeback::default()
            }),
            Deed::Pause(node) => Action::Pause(only(node)),
            Deed::Resume(node) => Action::Resume(only(node)),
            Deed::Slow { node, service } => Action::Slow(slowdown(node, service)),
            Deed::Mend(node) => Action::Mend(only(node)),
            Deed::Fault { fault, lasts, .. } => fault_action(fault, lasts.map(Duration)),
            Deed::Heal { .. } => return None,
            Deed::Lookup { node, key, copies } => {
                Action::Lookup { node: node.0, key: self.number(key), copies: Copies(copies) }
            }
            Deed::Transfer(Transfer { from, to, bytes, bits_per_second, chunk_bytes }) => {
                let (size, chunk) = (Size(bytes), Chunk(chunk_bytes));
                let pace = Some(BitRate(bits_per_second));
                Action::Transfer(ast::Transfer { from: from.0, to: to.0, size, pace, chunk })
            }
            Deed::Step { node, step } => Action::Step { nodes: Nodes::List(vec![node.0]), step },
        })
    }

    fn id(&self, node: Address) -> Number {
        self.number(self.ids[node.index()].expect("a node in a plan has an id"))
    }

    fn number(&self, key: Key) -> Number {
        Number(self.width.decimal(key))
    }
}

fn slowdown(node: Address, service: LawSpec) -> Slowdown {
    Slowdown {
        nodes: Some(Nodes::List(vec![node.0])),
        count: None,
        fraction: None,
        region: None,
        every: Duration::default(),
        lasts: None,
        service,
    }
}

/// Closed loops stay as they are, since only a run can unroll them; what their draws are keyed by no longer follows from
/// their place.
fn closed_loops(workload: &[Workload]) -> Vec<Workload> {
    let closed = |(place, workload): (u32, &Workload)| match workload {
        Workload::ClosedLoop(closed) => {
            let draws = Some(closed.draws.unwrap_or(place));
            Some(Workload::ClosedLoop(ast::ClosedLoop { draws, ..closed.clone() }))
        }
        Workload::Lookups(_) | Workload::Csv(_) | Workload::Transfers(_) => None,
    };
    (0..).zip(workload).filter_map(closed).collect()
}

fn fault_action(fault: Fault, lasts: Option<Duration>) -> Action {
    match fault {
        Fault::Partition(parts) => {
            Action::Partition { parts: Some(parts.iter().map(|part| nodes(part)).collect()), shares: None, lasts }
        }
        Fault::Cut(which) => Action::Cut(links(which, lasts)),
        Fault::Loss(which, probability) => {
            Action::Loss { probability: Probability(probability), on: links(which, lasts) }
        }
        Fault::Delay(which, by) => Action::Delay { by: Duration(by), on: links(which, lasts) },
    }
}

fn links(which: Which, lasts: Option<Duration>) -> Links {
    let all = Links { lasts, ..Links::default() };
    match which {
        Which::All => all,
        Which::Nodes(named) => Links { nodes: Some(nodes(&named)), ..all },
        Which::Links { from, to, both_ways } => {
            Links { from: Some(nodes(&from)), to: Some(nodes(&to)), both_ways, ..all }
        }
    }
}

fn nodes(addresses: &[Address]) -> Nodes {
    Nodes::List(numbers(addresses))
}

fn numbers(addresses: &[Address]) -> Vec<u32> {
    addresses.iter().map(|node| node.0).collect()
}
