//! Bulk transfers as they run: chunk after chunk leaves at its time, passes the sender's uplink, and comes to the receiver's
//! downlink when it is through.
//!
//! What a transfer does next is known one step ahead, so that a large one costs no more memory than a small one. A chunk
//! comes to a line at its own instant, before the messages that are due then: each line sees who comes in order of time.
//!
//! A transfer is cut off when one of its nodes goes down, also if that is up again before the next chunk is due: the sender
//! sends no more, and the receiver receives nothing. What is on the uplink still goes out. The record hears of each
//! beginning and end, of no chunk.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use sim::address::Address;
use sim::protocol::Protocol;
use sim::record::Recorder;
use sim::simulation::Simulation;
use sim::time::{SimTime, Span};

use super::network::World;
use crate::plan::Transfer;

/// What has become of the bulk transfers of a run, from its beginning to its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TransferFigures {
    /// Those that have begun.
    pub begun: u64,
    /// Those of them of which nothing is left to be sent, and nothing under way.
    pub ended: u64,
    /// Those one of whose nodes went down before. The rest still goes on when the run ends.
    pub cut_off: u64,
    /// Bytes that came to the uplinks of their senders.
    pub bytes_offered: u64,
    /// Bytes of them that full queues dropped, of uplinks and of downlinks.
    pub bytes_dropped: u64,
    /// How long each took that has ended, from its beginning until the last of it was through the downlink, or was dropped; in
    /// the order in which they ended.
    pub times: Vec<Span>,
}

/// The bulk transfers of a run.
#[derive(Debug, Default)]
pub(super) struct Transfers {
    /// What is to be done, the first on top: at equal times what was decided first.
    agenda: BinaryHeap<Reverse<(SimTime, u64, Step)>>,
    decided: u64,
    going: BTreeMap<u64, Going>,
    figures: TransferFigures,
}

/// What a transfer, named by its number, does at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    /// The next chunk comes to the uplink.
    Send(u64),
    /// A chunk of so many bytes comes to the downlink.
    Arrive(u64, u32),
    /// The last chunk is through the downlink.
    End(u64),
}

/// A transfer that goes on.
#[derive(Clone, Debug)]
struct Going {
    transfer: Transfer,
    begun: SimTime,
    /// How often its nodes had come up when it began: the sender, the receiver.
    incarnations: [Option<u32>; 2],
    /// How many chunks have come to the uplink.
    sent: u64,
    /// How many of them are still in it.
    in_uplink: u64,
    /// When the last of those that have come to the downlink is through.
    through: SimTime,
    is_cut_off: bool,
}

impl Transfers {
    /// Begins a transfer now.
    pub(super) fn begin<P: Protocol, R: Recorder<P>>(&mut self, transfer: Transfer, run: &mut Run<P, R>) {
        let begun = run.now();
        let incarnations = [transfer.from, transfer.to].map(|node| run.incarnation(node));
        let going = Going { transfer, begun, incarnations, sent: 0, in_uplink: 0, through: begun, is_cut_off: false };
        tell(run, &transfer, "begins");
        self.going.insert(self.figures.begun, going);
        self.set(begun, Step::Send(self.figures.begun));
        self.figures.begun += 1;
    }

    /// When something is to be done next.
    #[inline]
    pub(super) fn next_at(&self) -> Option<SimTime> {
        self.agenda.peek().map(|Reverse((at, ..))| *at)
    }

    /// Does what is due now.
    pub(super) fn step<P: Protocol, R: Recorder<P>>(&mut self, run: &mut Run<P, R>) {
        match self.agenda.pop() {
            Some(Reverse((_, _, Step::Send(number)))) => self.send(number, run),
            Some(Reverse((_, _, Step::Arrive(number, bytes)))) => self.arrive(number, bytes, run),
            Some(Reverse((_, _, Step::End(number)))) => self.end(number, run),
            None => {}
        }
    }

    /// What has become of all of them, at the end of the run. Those that would be cut off with their next step are cut off.
    pub(super) fn finish<P: Protocol, R: Recorder<P>>(mut self, run: &mut Run<P, R>) -> TransferFigures {
        let is_broken = |(number, going): (&u64, &Going)| going.is_broken(run).then_some(*number);
        let broken: Vec<u64> = self.going.iter().filter_map(is_broken).collect();
        for number in broken {
            self.cut_off(number, run);
        }
        self.figures
    }

    fn send<P: Protocol, R: Recorder<P>>(&mut self, number: u64, run: &mut Run<P, R>) {
        let Some(going) = self.going.get_mut(&number).filter(|going| !going.is_cut_off) else {
            return;
        };
        if !going.has_sender(run) {
            self.cut_off(number, run);
            return self.settle(number, run.now());
        }
        let Going { transfer, begun, .. } = *going;
        let (now, bytes) = (run.now(), transfer.bytes_of(going.sent));
        let left = run.network_mut().occupy_uplink(transfer.from, bytes, now);
        going.sent += 1;
        going.in_uplink += u64::from(left.is_some());
        let next = (!going.is_sent()).then(|| begun + transfer.after(going.sent));
        self.figures.bytes_offered += u64::from(bytes);
        match left {
            Some(left) => self.set(left, Step::Arrive(number, bytes)),
            None => self.figures.bytes_dropped += u64::from(bytes),
        }
        match next {
            Some(next) => self.set(next, Step::Send(number)),
            None => self.settle(number, now),
        }
    }

    fn arrive<P: Protocol, R: Recorder<P>>(&mut self, number: u64, bytes: u32, run: &mut Run<P, R>) {
        let going = self.going.get_mut(&number).expect("what is in an uplink is not forgotten");
        let now = run.now();
        going.in_uplink -= 1;
        if going.has_receiver(run) {
            match run.network_mut().occupy_downlink(going.transfer.to, bytes, now) {
                Some(through) => going.through = through,
                None => self.figures.bytes_dropped += u64::from(bytes),
            }
        } else {
            self.cut_off(number, run);
        }
        self.settle(number, now);
    }

    fn end<P: Protocol, R: Recorder<P>>(&mut self, number: u64, run: &mut Run<P, R>) {
        let going = self.going.get(&number).expect("a transfer ends once");
        if !going.has_receiver(run) {
            self.cut_off(number, run);
            return self.settle(number, run.now());
        }
        tell(run, &going.transfer, "ends");
        self.figures.ended += 1;
        self.figures.times.push(run.now() - going.begun);
        self.going.remove(&number);
    }

    fn cut_off<P: Protocol, R: Recorder<P>>(&mut self, number: u64, run: &mut Run<P, R>) {
        let Some(going) = self.going.get_mut(&number).filter(|going| !going.is_cut_off) else {
            return;
        };
        going.is_cut_off = true;
        self.figures.cut_off += 1;
        tell(run, &going.transfer, "is cut off");
    }

    /// Where nothing more is to be sent, and nothing is in the uplink any more, a transfer is as good as over.
    fn settle(&mut self, number: u64, now: SimTime) {
        let Some(going) = self.going.get(&number).filter(|going| going.in_uplink == 0) else {
            return;
        };
        if going.is_cut_off {
            self.going.remove(&number);
        } else if going.is_sent() {
            self.set(going.through.max(now), Step::End(number));
        }
    }

    fn set(&mut self, at: SimTime, step: Step) {
        self.agenda.push(Reverse((at, self.decided, step)));
        self.decided += 1;
    }
}

impl Going {
    fn is_sent(&self) -> bool {
        self.sent == self.transfer.chunks()
    }

    fn has_sender<P: Protocol, R: Recorder<P>>(&self, run: &Run<P, R>) -> bool {
        is_there(self.transfer.from, self.incarnations[0], run)
    }

    fn has_receiver<P: Protocol, R: Recorder<P>>(&self, run: &Run<P, R>) -> bool {
        is_there(self.transfer.to, self.incarnations[1], run)
    }

    fn is_broken<P: Protocol, R: Recorder<P>>(&self, run: &Run<P, R>) -> bool {
        !self.has_receiver(run) || !self.is_sent() && !self.has_sender(run)
    }
}

type Run<P, R> = Simulation<P, World, R>;

fn is_there<P: Protocol, R: Recorder<P>>(node: Address, incarnation: Option<u32>, run: &Run<P, R>) -> bool {
    incarnation.is_some() && run.incarnation(node) == incarnation
}

fn tell<P: Protocol, R: Recorder<P>>(run: &mut Run<P, R>, transfer: &Transfer, what: &str) {
    let Transfer { from, to, bytes, .. } = transfer;
    run.change_network(&format!("transfer {what}: {bytes} bytes from {from} to {to}"), |_| {});
}
