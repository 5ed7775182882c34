//! The routing table: row l holds nodes that share exactly the first l digits with this one, a column for the next digit.
//!
//! A pure object. Rows are dense and lie in a row: with b = 4 a row of node numbers is one line of the cache, and among N
//! nodes few more rows are used than N has digits, however wide the ids.

use std::num::NonZeroU32;
use std::ops::Range;

use sim::address::Address;

use super::place::Place;

/// The routing table R of a node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct RoutingTable {
    /// Row after row of 2^b columns, up to the last row that was ever used.
    entries: Vec<Option<Entry>>,
    /// The round trip to each, in microseconds, zero if unknown; as long as `entries`, or empty where none is measured.
    round_trips: Vec<u32>,
}

/// A place in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Cell {
    pub(crate) row: u32,
    pub(crate) column: u32,
}

/// A node number, plus one: so that an empty entry takes no more room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Entry(NonZeroU32);

/// What became of a node that was offered to the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Offered {
    /// It has its place.
    Held,
    /// Another has it.
    Taken,
}

impl RoutingTable {
    /// The node at this place.
    pub(crate) fn get(&self, cell: Cell, place: Place<'_>) -> Option<Address> {
        self.entries.get(index(cell, place)).copied().flatten().map(Entry::address)
    }

    /// Puts a node into its place if that is free.
    pub(crate) fn offer(&mut self, node: Address, place: Place<'_>) -> Offered {
        if node == place.me {
            return Offered::Held;
        }
        let slot = self.slot(cell_of(node, place), place);
        let held = *slot.get_or_insert(Entry::of(node));
        if held.address() == node { Offered::Held } else { Offered::Taken }
    }

    /// The round trip to a node is known: it takes its place from one that is farther, or of whom nothing is known.
    pub(crate) fn measured(&mut self, node: Address, micros: u32, place: Place<'_>) {
        if node == place.me {
            return;
        }
        let at = index(cell_of(node, place), place);
        self.slot(cell_of(node, place), place);
        self.round_trips.resize(self.entries.len(), 0);
        let is_held = self.entries[at] == Some(Entry::of(node));
        let is_nearer = self.entries[at].is_none() || self.round_trips[at] == 0 || micros < self.round_trips[at];
        if is_held || is_nearer {
            self.entries[at] = Some(Entry::of(node));
            self.round_trips[at] = micros.max(1);
        }
    }

    /// Takes out a node; its place, if it had one.
    pub(crate) fn remove(&mut self, node: Address, place: Place<'_>) -> Option<Cell> {
        let cell = cell_of(node, place);
        let at = index(cell, place);
        if node == place.me || self.entries.get(at).copied().flatten() != Some(Entry::of(node)) {
            return None;
        }
        self.entries[at] = None;
        if let Some(round_trip) = self.round_trips.get_mut(at) {
            *round_trip = 0;
        }
        Some(cell)
    }

    /// The nodes of these rows: those that share at least as many digits as the first says.
    pub(crate) fn in_rows(&self, rows: Range<u32>, place: Place<'_>) -> impl Iterator<Item = Address> + Clone {
        let at = |row| index(Cell { row, column: 0 }, place).min(self.entries.len());
        self.entries[at(rows.start)..at(rows.end)].iter().flatten().map(|entry| entry.address())
    }

    /// All nodes.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Address> + Clone {
        self.entries.iter().flatten().map(|entry| entry.address())
    }

    /// How many rows there are.
    pub(crate) fn rows(&self, place: Place<'_>) -> u32 {
        (self.entries.len() >> place.common.settings.b) as u32
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// Says which of its rules is broken, if any is.
    pub(crate) fn check(&self, place: Place<'_>) -> Result<(), String> {
        for (at, entry) in self.entries.iter().enumerate() {
            if let Some(node) = entry.map(Entry::address)
                && (node == place.me || index(cell_of(node, place), place) != at)
            {
                return Err(format!("{node} stands at {at} of the routing table"));
            }
        }
        Ok(())
    }

    /// Bytes on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.entries.capacity() * size_of::<Option<Entry>>() + self.round_trips.capacity() * size_of::<u32>()
    }

    fn slot(&mut self, cell: Cell, place: Place<'_>) -> &mut Option<Entry> {
        let at = index(cell, place);
        let rows = (cell.row as usize + 1) << place.common.settings.b;
        if self.entries.len() < rows {
            self.entries.reserve_exact(rows - self.entries.len());
            self.entries.resize(rows, None);
        }
        &mut self.entries[at]
    }
}

impl Entry {
    fn of(node: Address) -> Self {
        Self(NonZeroU32::MIN.saturating_add(node.0))
    }

    fn address(self) -> Address {
        Address(self.0.get() - 1)
    }
}

/// Where a node belongs.
pub(crate) fn cell_of(node: Address, place: Place<'_>) -> Cell {
    let key = place.key(node);
    let row = place.row(key);
    Cell { row, column: place.column(key, row) }
}

fn index(cell: Cell, place: Place<'_>) -> usize {
    ((cell.row as usize) << place.common.settings.b) + cell.column as usize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::settings::Settings;
    use super::*;
    use crate::dht::Common;
    use crate::key::Width;

    fn common(bits: u32, b: u32, ids: &[u64]) -> Common<Settings> {
        let width = Width::new(bits).expect("legal");
        let keys = ids.iter().map(|id| width.from_u64(*id).expect("it fits")).collect();
        Common::new(width, keys, Settings { b, ..Settings::default() })
    }

    #[test]
    fn the_last_digit_may_be_short() {
        // Ten bits in digits of four: 4, 4 and 2.
        let common = common(10, 4, &[0b10_1010_1010, 0b10_1010_1011, 0b10_1011_1010, 0b00_1010_1010]);
        let place = Place { me: Address(0), common: &common };
        let cells: Vec<Cell> = (1..4).map(|node| cell_of(Address(node), place)).collect();
        let cell = |row, column| Cell { row, column };
        assert_eq!(cells, [cell(2, 0b1100), cell(1, 0b1110), cell(0, 0b0010)]);
    }

    #[test]
    fn the_nearer_of_two_takes_the_place_of_the_farther() {
        let common = common(8, 4, &[0x00, 0x10, 0x11, 0x12]);
        let place = Place { me: Address(0), common: &common };
        let mut table = RoutingTable::default();
        let held = |table: &RoutingTable| table.get(Cell { row: 0, column: 1 }, place);
        assert_eq!(table.offer(Address(1), place), Offered::Held);
        assert_eq!(table.offer(Address(2), place), Offered::Taken);
        table.measured(Address(2), 500, place);
        assert_eq!(held(&table), Some(Address(2)), "of the first nothing is known");
        table.measured(Address(3), 600, place);
        assert_eq!(held(&table), Some(Address(2)));
        table.measured(Address(2), 700, place);
        table.measured(Address(3), 600, place);
        assert_eq!(held(&table), Some(Address(3)), "the first has become slower");
        assert_eq!(table.remove(Address(2), place), None);
        assert_eq!(table.remove(Address(3), place), Some(Cell { row: 0, column: 1 }));
        assert!(table.is_empty());
    }

    proptest! {
        /// Whoever comes and goes, every entry shares exactly its row's digits and stands in its digit's column.
        #[test]
        fn entries_stand_where_they_belong(
            b in 1..=8u32,
            bits in 8..=16u32,
            ids in prop::collection::btree_set(0..256u64, 2..20),
            steps in prop::collection::vec((any::<prop::sample::Index>(), 0..3u8, 1..9u32), 0..40),
        ) {
            let ids: Vec<u64> = ids.into_iter().collect();
            let common = common(bits, b, &ids);
            let place = Place { me: Address(0), common: &common };
            let mut table = RoutingTable::default();
            for (index, what, micros) in steps {
                let node = Address(index.index(ids.len()) as u32);
                match what {
                    0 => _ = table.offer(node, place),
                    1 => table.measured(node, micros, place),
                    _ => _ = table.remove(node, place),
                }
                prop_assert_eq!(table.check(place), Ok(()));
            }
            for row in 0..table.rows(place) {
                for column in 0..1 << b {
                    if let Some(node) = table.get(Cell { row, column }, place) {
                        let (mine, theirs) = (place.my_key(), place.key(node));
                        let digit = |key: crate::key::Key, at: u32| key.digit(at * b, b);
                        prop_assert!((0..row).all(|at| digit(mine, at) == digit(theirs, at)));
                        prop_assert!(digit(mine, row) != digit(theirs, row) && digit(theirs, row) == column);
                    }
                }
            }
        }
    }
}
