//! The trace: facts as text that people read, one line each, for chosen nodes, kinds and times.

use std::fmt::{Debug, Write as _};
use std::io::{self, Write};

use crate::address::Address;
use crate::protocol::{Cause, Protocol, RequestId};
use crate::record::{Fact, Recorder};
use crate::time::SimTime;

/// A recorder that writes the facts a reader asked for.
///
/// A line looks like `12.345000000s  n3 -> n7  sent  FindSuccessor { .. }  request 17`. The first error of the output ends
/// the writing; [`Trace::finish`] tells it.
#[derive(Debug)]
pub struct Trace<W> {
    out: W,
    choice: Choice,
    line: String,
    lines: u64,
    error: Option<io::Error>,
}

/// Which facts a reader wants to see; an empty list means all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Facts about one of these nodes, as sender, receiver or on its own.
    pub nodes: Vec<Address>,
    /// Facts of one of these kinds: the first word of a line's text (`sent`, `fired`, …), or a message's kind.
    pub kinds: Vec<String>,
    /// Facts caused by one of these requests.
    pub requests: Vec<RequestId>,
    /// Facts from this instant on.
    pub from: SimTime,
    /// Facts before this instant.
    pub until: SimTime,
}

impl Default for Choice {
    fn default() -> Self {
        Self { nodes: vec![], kinds: vec![], requests: vec![], from: SimTime::ZERO, until: SimTime::MAX }
    }
}

impl<W: Write> Trace<W> {
    /// A trace of the chosen facts.
    pub fn new(out: W, choice: Choice) -> Self {
        Self { out, choice, line: String::new(), lines: 0, error: None }
    }

    /// How many facts were wanted so far.
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// The output, or the first error it gave.
    pub fn finish(mut self) -> io::Result<W> {
        match self.error.take() {
            Some(error) => Err(error),
            None => self.out.flush().map(|()| self.out),
        }
    }
}

impl<P: Protocol, W: Write> Recorder<P> for Trace<W>
where
    P::Message: Debug,
{
    fn record(&mut self, now: SimTime, fact: &Fact<'_, P>) {
        let row = Row::of(fact);
        if self.error.is_some() || !self.choice.wants(now, &row) {
            return;
        }
        self.line.clear();
        row.write(now, &mut self.line);
        self.lines += 1;
        if let Err(error) = self.out.write_all(self.line.as_bytes()) {
            self.error = Some(error);
        }
    }
}

impl Choice {
    fn wants(&self, now: SimTime, row: &Row<'_>) -> bool {
        let any = |node: Option<Address>| node.is_some_and(|node| self.nodes.contains(&node));
        let kind = |kind: &String| kind.eq_ignore_ascii_case(row.verb) || kind.eq_ignore_ascii_case(row.kind);
        (self.from..self.until).contains(&now)
            && (self.nodes.is_empty() || any(row.node) || any(row.to))
            && (self.kinds.is_empty() || self.kinds.iter().any(kind))
            && (self.requests.is_empty() || self.requests.contains(&row.cause.request))
    }
}

/// A fact, laid out for a line.
struct Row<'a> {
    node: Option<Address>,
    to: Option<Address>,
    verb: &'static str,
    kind: &'static str,
    text: Option<&'a dyn Debug>,
    why: Option<&'a dyn Debug>,
    cause: Cause,
}

impl<'a> Row<'a> {
    fn of<P: Protocol>(fact: &'a Fact<'a, P>) -> Self {
        let row = |node, verb| Self { node, to: None, verb, kind: "", text: None, why: None, cause: Cause::default() };
        let packet = |from, to, verb, message: &'a P::Message, cause| Self {
            node: Some(from),
            to: Some(to),
            verb,
            kind: P::kind(message),
            text: Some(message),
            why: None,
            cause,
        };
        match fact {
            Fact::Started { node, incarnation } => Self { why: Some(incarnation), ..row(Some(*node), "started") },
            Fact::Stopped { node, how } => Self { why: Some(how), ..row(Some(*node), "stopped") },
            Fact::Paused { node } => row(Some(*node), "paused"),
            Fact::Resumed { node } => row(Some(*node), "resumed"),
            Fact::World { what } => Self { text: Some(what), ..row(None, "world") },
            Fact::Asked { node, request, cause } => {
                Self { text: Some(request), cause: *cause, ..row(Some(*node), "asked") }
            }
            Fact::Fired { node, timer, cause } => {
                Self { text: Some(timer), cause: *cause, ..row(Some(*node), "fired") }
            }
            Fact::Reported { node, report, cause } => {
                Self { text: Some(report), cause: *cause, ..row(Some(*node), "reported") }
            }
            Fact::Sent { from, to, message, cause, .. } => packet(*from, *to, "sent", message, *cause),
            Fact::Delivered { from, to, message, cause } => packet(*from, *to, "delivered", message, *cause),
            Fact::Dropped { from, to, message, cause, why } => {
                Self { why: Some(why), ..packet(*from, *to, "dropped", message, *cause) }
            }
        }
    }

    fn write(&self, now: SimTime, line: &mut String) {
        let who = match (self.node, self.to) {
            (Some(from), Some(to)) => format!("{from} -> {to}"),
            (Some(node), None) => node.to_string(),
            _ => "-".to_owned(),
        };
        // Writing to a string cannot fail.
        let _ = write!(line, "{now:>16}  {who:<14}  {:<9}", self.verb);
        if let Some(text) = self.text {
            let _ = write!(line, "  {text:?}");
        }
        if let Some(why) = self.why {
            let _ = write!(line, "  ({why:?})");
        }
        if self.cause.request != RequestId::NONE {
            let _ = write!(line, "  request {}", self.cause.request.0);
        }
        line.truncate(line.trim_end().len());
        line.push('\n');
    }
}
