//! Keeping the tables in order: keep-alives, repair of the leaf set and of the routing table, exchange of rows.

use sim::address::Address;
use sim::sampler;

use super::message::Message;
use super::node::{Cx, EXCHANGE_ROWS, Forgotten, KEEP_ALIVE, MERGE, Pastry, Status, Timer, What};
use super::place::Turn;
use super::routing_table::cell_of;
use super::settings::{Merge, RowExchange};
use crate::calling::Caller;
use crate::dht::Report;
use crate::place::place;
use crate::upkeep::{for_upkeep, jittered, part_of};

impl Pastry {
    /// Begins upkeep with the tables given at birth.
    pub(super) fn begin(&mut self, cx: &mut Cx<'_>) {
        if self.status != Status::Outside {
            return;
        }
        self.live(cx);
        self.status = Status::Ready;
        cx.report(Report::Joined);
        Self::start_timers(cx);
    }

    pub(super) fn start_timers(cx: &mut Cx<'_>) {
        let settings = &cx.shared().settings;
        for_upkeep(cx);
        if !Self::is_periodic(cx) {
            return;
        }
        let phase = part_of(settings.keep_alive.0, cx.chance());
        cx.set_timer(KEEP_ALIVE, phase, Timer::KeepAlive);
        if let RowExchange::Every { period } = settings.row_exchange {
            let phase = part_of(period.0, cx.chance());
            cx.set_timer(EXCHANGE_ROWS, phase, Timer::ExchangeRows);
        }
        if let Merge::Bootstrap { every } = settings.merge {
            let phase = part_of(every.0, cx.chance());
            cx.set_timer(MERGE, phase, Timer::Merge);
        }
    }

    /// Time to send keep-alives.
    pub(super) fn keep_alive_due(&mut self, cx: &mut Cx<'_>) {
        let period = jittered(cx.shared().settings.keep_alive.0, cx.chance());
        cx.set_timer(KEEP_ALIVE, period, Timer::KeepAlive);
        self.keep_alive(cx);
    }

    /// Time to ask others for rows.
    pub(super) fn exchange_rows_due(&mut self, cx: &mut Cx<'_>) {
        if let RowExchange::Every { period } = cx.shared().settings.row_exchange {
            let period = jittered(period.0, cx.chance());
            cx.set_timer(EXCHANGE_ROWS, period, Timer::ExchangeRows);
            self.exchange_rows(cx);
        }
    }

    /// Time to ask the bootstrap who stands next to the own id.
    pub(super) fn merge_due(&mut self, cx: &mut Cx<'_>) {
        if let Merge::Bootstrap { every } = cx.shared().settings.merge {
            let period = jittered(every.0, cx.chance());
            cx.set_timer(MERGE, period, Timer::Merge);
            self.ask_bootstrap(cx);
        }
    }

    /// One step that a script ordered, by its place in [`STEPS`].
    pub(super) fn step(&mut self, number: u8, cx: &mut Cx<'_>) {
        if self.status != Status::Ready {
            return;
        }
        for_upkeep(cx);
        match STEPS.get(usize::from(number)) {
            Some(&"keep_alive") => self.keep_alive(cx),
            Some(_) => self.exchange_rows(cx),
            None => {}
        }
    }

    /// One round: whether the leaf set lives, who is in the leaf sets of the two nearest, and what has become of those
    /// that were heard of.
    fn keep_alive(&mut self, cx: &mut Cx<'_>) {
        self.check_leaves(cx);
        let heard: Vec<Address> = self.known.heard.iter().collect();
        for node in heard {
            self.probe(node, cx);
        }
        self.check_neighbour(cx);
        self.fill_leaves(cx);
        if self.known.is_nobody() {
            self.ask_bootstrap(cx);
        }
    }

    /// The nearest on either side are asked for their leaf sets, the others whether they live.
    fn check_leaves(&mut self, cx: &mut Cx<'_>) {
        let nearest = Turn::BOTH.map(|turn| self.known.leaves.first(turn));
        for node in nearest.into_iter().flatten() {
            self.probe(node, cx);
        }
        let leaves: Vec<Address> = self.known.leaves.iter().filter(|node| !nearest.contains(&Some(*node))).collect();
        for node in leaves {
            self.check_alive(node, cx);
        }
    }

    /// Looks for whoever belongs on a side that is short.
    fn fill_leaves(&mut self, cx: &mut Cx<'_>) {
        if Turn::BOTH.into_iter().any(|turn| self.known.leaves.is_short(turn, place(cx))) {
            for node in self.known.others() {
                self.hear_of(node, cx);
            }
        }
        for turn in Turn::BOTH {
            self.fill(turn, cx);
        }
    }

    /// Asks a node whether it lives, unless it still owes the answer of an earlier round.
    fn check_alive(&mut self, node: Address, cx: &mut Cx<'_>) {
        if !self.calls.iter().any(|call| call.to == node && call.what == What::KeepAlive) {
            self.call(node, What::KeepAlive, cx);
        }
    }

    /// Whether the next of the neighbourhood set lives; those in the leaf set are asked anyway.
    fn check_neighbour(&mut self, cx: &mut Cx<'_>) {
        let apart: Vec<Address> =
            self.known.neighbourhood.iter().filter(|node| !self.known.leaves.contains(*node)).collect();
        if !apart.is_empty() {
            let drawn = sampler::below(cx.chance(), apart.len() as u64) as usize;
            self.check_alive(apart[drawn], cx);
        }
    }

    /// Asks one entry of each row for its own row (Castro et al. 2002).
    fn exchange_rows(&mut self, cx: &mut Cx<'_>) {
        for row in 0..self.known.table.rows(place(cx)) {
            let count = self.known.table.in_rows(row..row + 1, place(cx)).count() as u64;
            if count > 0 {
                let drawn = sampler::below(cx.chance(), count) as usize;
                let node = self.known.table.in_rows(row..row + 1, place(cx)).nth(drawn).expect("it was counted");
                self.call(node, What::GetRow { row }, cx);
            }
        }
    }

    /// Looks for nodes on a side of the leaf set that has lost some: the farthest that is left is asked (2.4). Where
    /// nobody is left, whoever stands beyond is looked for.
    fn fill(&mut self, turn: Turn, cx: &mut Cx<'_>) {
        if !self.known.leaves.is_short(turn, place(cx)) {
            return;
        }
        if let Some(edge) = self.known.leaves.edge(turn, place(cx)) {
            return self.probe(edge, cx);
        }
        let errand = self.place_errand(self.known.leaves.beyond(turn, place(cx)), cx);
        self.take_on(errand, cx);
    }

    /// A node has left, and names its leaf set.
    pub(super) fn left(&mut self, node: Address, leaves: &[Address], cx: &mut Cx<'_>) {
        self.known.silent.note(node, cx.now());
        self.forget(node, place(cx));
        if matches!(self.status, Status::Waiting | Status::Ready) {
            for heir in leaves {
                self.hear_of(*heir, cx);
            }
        }
        self.be_alone_if_nobody_is_known(cx);
    }

    /// A node was silent: it is forgotten, and not believed in until it speaks again.
    pub(super) fn bury(&mut self, node: Address, cx: &mut Cx<'_>) -> Forgotten {
        self.known.silent.note(node, cx.now());
        let forgotten = self.forget(node, place(cx));
        self.be_alone_if_nobody_is_known(cx);
        forgotten
    }

    /// A node has said that it is no member: it may be on its way to become one again.
    pub(super) fn no_member(&mut self, node: Address, what: &What, cx: &mut Cx<'_>) {
        if matches!(what, What::Probe) {
            if self.known.heard.has_spoken_since(node) {
                return;
            }
            self.forget(node, place(cx));
            self.be_alone_if_nobody_is_known(cx);
        } else if self.known.leaves.contains(node) {
            self.expect(node, cx);
        } else if !self.remembered.contains(&node) {
            self.known.table.remove(node, place(cx));
            self.known.neighbourhood.remove(node);
        }
    }

    /// Repairs what a silent node has left behind, on nobody's behalf.
    pub(super) fn repair(&mut self, dead: Address, forgotten: Forgotten, cx: &mut Cx<'_>) {
        if self.status != Status::Ready || !Self::is_periodic(cx) {
            return;
        }
        let cause = cx.cause();
        for_upkeep(cx);
        if forgotten.leaf {
            for turn in Turn::BOTH {
                self.fill(turn, cx);
            }
        }
        if forgotten.cell && self.mending < MENDED_AT_ONCE {
            self.mend(dead, 0, cx);
        }
        cx.set_cause(cause);
    }

    /// Asks the next entry of the same row, or of the rows after it, for a node in the place of the silent one (2.4).
    pub(super) fn mend(&mut self, dead: Address, tries: u32, cx: &mut Cx<'_>) {
        let cell = cell_of(dead, place(cx));
        if tries >= MENDING_TRIES || self.known.table.get(cell, place(cx)).is_some() {
            return;
        }
        let next = self.known.table.in_rows(cell.row..u32::MAX, place(cx)).nth(tries as usize);
        if let Some(node) = next {
            self.mending += 1;
            self.call(node, What::Mend { dead, tries: tries + 1 }, cx);
        }
    }

    /// An entry has told whom it knows for the place of a silent node.
    pub(super) fn mended(&mut self, dead: Address, tries: u32, node: Option<Address>, cx: &mut Cx<'_>) {
        if let Some(node) = node.filter(|node| *node != dead && !self.is_silent(*node, cx)) {
            self.known.table.offer(node, place(cx));
        }
        self.mend(dead, tries, cx);
    }

    /// Whom this node knows for the place that another had in a third's routing table.
    pub(super) fn stand_in(&self, call: crate::table::Handle, from: Address, like: Address, cx: &Cx<'_>) -> Message {
        let place = place(cx);
        let b = place.common.settings.b;
        let digits = place.key(from).shared_bits(place.key(like)) / b + 1;
        let is_fit = |node: &Address| {
            *node != like && *node != from && place.key(*node).shared_bits(place.key(like)) / b >= digits
        };
        let entry = self.known.table.get(cell_of(like, place), place);
        let node = entry.into_iter().chain(self.known.leaves.iter()).find(is_fit);
        Message::Entry { call, node }
    }

    fn be_alone_if_nobody_is_known(&mut self, cx: &Cx<'_>) {
        if self.status == Status::Ready && self.known.is_nobody() {
            self.known.leaves.be_alone(place(cx));
        }
    }
}

/// The steps of the upkeep that a script can order.
pub(super) const STEPS: &[&str] = &["keep_alive", "exchange_rows"];
/// How many places of the routing table are mended at once (arbitrary); further ones stay empty until they are filled by chance.
const MENDED_AT_ONCE: u32 = 4;
/// How many entries are asked for one place (arbitrary; the paper: until one is found).
const MENDING_TRIES: u32 = 16;
