//! A queue before one server, first come, first served: the line of a node's traffic, and the node itself.

use std::collections::VecDeque;

use super::{Pipe, QueueFigures, Service};
use crate::law::Law;
use crate::network::DropCause;
use crate::rng::{Draw, LinkChance};
use crate::time::{SimTime, Span};

/// An uplink or a downlink. Without a pipe there is no limit any more, and what is still under way is waited for.
#[derive(Debug, Default)]
pub(super) struct Link {
    pub(super) pipe: Option<Pipe>,
    line: Line,
}

impl Link {
    /// When a message that comes now is through; nothing if nothing is in its way.
    pub(super) fn pass(
        &mut self,
        now: SimTime,
        bytes: u32,
        figures: &mut QueueFigures,
    ) -> Result<Option<SimTime>, DropCause> {
        let (takes, room) = match &self.pipe {
            Some(pipe) => (pipe.transmission(bytes), pipe.queue_bytes),
            None if self.line.has_emptied(now) => return Ok(None),
            None => (Span::ZERO, u64::MAX),
        };
        self.line.join(now, Guest { size: bytes.into(), takes }, room, figures).map(Some)
    }
}

/// A slow node. Without a service it is slow no more, and what waits already is waited for.
#[derive(Debug, Default)]
pub(super) struct Server {
    pub(super) service: Option<Service>,
    line: Line,
    incarnation: u32,
}

impl Server {
    /// When a message that comes now has been served; nothing if nothing is in its way. What waited in an earlier
    /// incarnation is gone.
    pub(super) fn pass(
        &mut self,
        now: SimTime,
        incarnation: u32,
        chance: &mut LinkChance<'_>,
        figures: &mut QueueFigures,
    ) -> Result<Option<SimTime>, DropCause> {
        if self.incarnation != incarnation {
            self.incarnation = incarnation;
            self.line = Line::default();
        }
        let (takes, room) = match &self.service {
            Some(service) => (time(&service.time, chance), service.queue.map_or(u64::MAX, u64::from)),
            None if self.line.has_emptied(now) => return Ok(None),
            None => (Span::ZERO, u64::MAX),
        };
        self.line.join(now, Guest { size: 1, takes }, room, figures).map(Some)
    }
}

fn time(law: &Law, chance: &mut LinkChance<'_>) -> Span {
    match law {
        Law::Constant(span) => *span,
        _ => law.sample(chance.word(Draw::Service)),
    }
}

/// A queue whose times are fixed as its guests arrive. Guests come in order of time.
#[derive(Debug, Default)]
struct Line {
    /// When the last of those who have come is through.
    free_at: SimTime,
    /// Those who have not begun yet: when each will, and how much of the room it takes.
    waiting: VecDeque<(SimTime, u64)>,
    /// The sizes of those who wait.
    size_waiting: u64,
}

/// Who comes to a line.
#[derive(Clone, Copy, Debug)]
struct Guest {
    size: u64,
    takes: Span,
}

impl Line {
    /// When a guest that comes now is through. It is dropped if it would have to wait and there is no room for it.
    fn join(
        &mut self,
        now: SimTime,
        guest: Guest,
        room: u64,
        figures: &mut QueueFigures,
    ) -> Result<SimTime, DropCause> {
        self.let_begin(now);
        let begin = self.free_at.max(now);
        if begin > now {
            if self.size_waiting.saturating_add(guest.size) > room {
                figures.dropped += 1;
                return Err(DropCause::QueueFull);
            }
            self.waiting.push_back((begin, guest.size));
            self.size_waiting += guest.size;
        }
        figures.count(begin - now);
        self.free_at = begin + guest.takes;
        Ok(self.free_at)
    }

    /// Whether all who have come were through before this instant.
    fn has_emptied(&self, now: SimTime) -> bool {
        self.free_at < now
    }

    fn let_begin(&mut self, now: SimTime) {
        while let Some((begin, size)) = self.waiting.front()
            && *begin <= now
        {
            self.size_waiting -= size;
            self.waiting.pop_front();
        }
    }
}
