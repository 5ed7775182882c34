//! Hosts that are up and down as a file says.

use std::sync::Arc;

use sim::sampler;
use sim::time::{SimTime, Span};

use super::super::director::{Class, Director, Going, NoRoom, Slot};
use super::Cue;
use crate::ast::{First, Identity, Memory};
use crate::availability::{Availability, Uptime};
use crate::mistake::Mistake;

/// A trace, checked.
#[derive(Debug)]
pub(super) struct Trace {
    pub(super) whole: Arc<Availability>,
    /// By host: which node of the trace it is.
    pub(super) hosts: Vec<u32>,
    /// The instant of the trace at which it begins here.
    pub(super) begins: SimTime,
    pub(super) first: Option<First>,
    pub(super) id: Identity,
    pub(super) state: Memory,
    pub(super) graceful: f64,
}

impl Trace {
    /// How many sessions of no length its hosts have.
    pub(super) fn skipped(&self) -> u64 {
        (0..self.hosts.len() as u32).map(|host| self.node(host).skipped).sum()
    }

    fn node(&self, host: u32) -> &Uptime {
        &self.whole.nodes[self.hosts[host as usize] as usize]
    }
}

impl Director<'_> {
    pub(super) fn begin_trace(&mut self, slot: Slot, trace: &Trace) -> Result<(), Mistake> {
        self.reserve_hosts(slot, trace.hosts.len() as u32)
            .map_err(|why| self.no_room(slot.at, format!("churn[{}].file", slot.place), why))?;
        let mut up = Vec::new();
        for host in 0..trace.hosts.len() as u32 {
            let node = trace.node(host);
            let session = node.sessions.partition_point(|(_, end)| *end <= trace.begins);
            let Some((start, end)) = node.sessions.get(session) else {
                continue;
            };
            let session = session as u32;
            if *start <= trace.begins {
                let at = slot.at + end.since(trace.begins);
                up.push((host, at));
                self.cue_later(slot, at, Class::Go, Cue::TraceGo { host, session });
            } else {
                let at = slot.at + start.since(trace.begins);
                self.cue_later(slot, at, Class::Come, Cue::TraceCome { host, session });
            }
        }
        self.first_come(slot, trace.first, &up)
    }

    pub(super) fn trace_comes(&mut self, slot: Slot, trace: &Trace, host: u32, session: u32) -> Result<(), NoRoom> {
        self.host_comes(slot, host, session, trace.id, trace.state)?;
        let (start, end) = trace.node(host).sessions[session as usize];
        self.cue_later(slot, slot.at + (end - start), Class::Go, Cue::TraceGo { host, session });
        Ok(())
    }

    pub(super) fn trace_goes(&mut self, slot: Slot, trace: &Trace, host: u32, session: u32) {
        let running = &self.churn[slot.place];
        let node = self.latest(running.base + host);
        let is_graceful =
            trace.graceful > 0.0 && sampler::chance(&mut running.draws.session(host, session), trace.graceful);
        self.go(slot, Going { node, coming: None, is_graceful, back: None });
        let sessions = &trace.node(host).sessions;
        if let Some((start, _)) = sessions.get(session as usize + 1) {
            let pause: Span = *start - sessions[session as usize].1;
            self.cue_later(slot, slot.at + pause, Class::Come, Cue::TraceCome { host, session: session + 1 });
        }
    }
}
