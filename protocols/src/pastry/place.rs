//! Where a node stands on the circle, and how far others are from it.

use std::cmp::Ordering;

use sim::address::Address;

use super::settings::Settings;
use crate::key::Key;

/// Where a node of this protocol stands.
pub(crate) type Place<'a> = crate::place::Place<'a, Settings>;

/// One of the two ways around the circle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Turn {
    /// Towards smaller ids.
    Smaller,
    /// Towards larger ids.
    Larger,
}

impl Turn {
    pub(crate) const BOTH: [Self; 2] = [Self::Smaller, Self::Larger];

    /// The way from one point to another in this turn.
    pub(crate) fn way(self, from: Key, to: Key) -> Key {
        match self {
            Self::Smaller => from - to,
            Self::Larger => to - from,
        }
    }
}

impl Place<'_> {
    /// The way from this node to a point in this turn.
    pub(crate) fn way(&self, turn: Turn, to: Key) -> Key {
        turn.way(self.my_key(), to)
    }

    /// The longest way there is: to the point just before oneself.
    pub(crate) fn all_around(&self) -> Key {
        Key::ZERO - self.common.width().power(0)
    }

    /// How many whole digits a key has in common with this node's id: the row of the routing table for it.
    pub(crate) fn row(&self, key: Key) -> u32 {
        self.my_key().shared_bits(key) / self.common.settings.b
    }

    /// The digit of a key at this row.
    pub(crate) fn column(&self, key: Key, row: u32) -> u32 {
        let b = self.common.settings.b;
        key.digit(row * b, b)
    }

    /// Which of two nodes is numerically closer to a key on the ring; ties go to the smaller id. A total order.
    pub(crate) fn order(&self, key: Key, one: Address, other: Address) -> Ordering {
        let rank = |node| {
            let id = self.key(node);
            (id.ring_distance(key), id)
        };
        rank(one).cmp(&rank(other))
    }

    /// The closer of two nodes.
    pub(crate) fn closer(&self, key: Key, one: Address, other: Address) -> Address {
        if self.order(key, other, one) == Ordering::Less { other } else { one }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::dht::Common;
    use crate::key::Width;

    /// A run in which the node of address n has the id n, of 8 bits.
    pub(crate) fn ids(settings: Settings) -> Common<Settings> {
        let width = Width::new(8).expect("legal");
        let keys = (0..256).map(|id| width.from_u64(id).expect("it fits")).collect();
        Common::new(width, keys, settings)
    }

    pub(crate) fn nodes(numbers: &[u32]) -> Vec<Address> {
        numbers.iter().copied().map(Address).collect()
    }

    #[test]
    fn of_two_that_are_equally_close_the_smaller_id_is_closer() {
        let common = ids(Settings::default());
        let place = Place { me: Address(0), common: &common };
        let closer = |key: u32, one, other| place.closer(place.key(Address(key)), Address(one), Address(other));
        assert_eq!(closer(20, 10, 30), Address(10));
        assert_eq!(closer(20, 30, 10), Address(10));
        assert_eq!(closer(0, 1, 255), Address(1));
        assert_eq!(closer(250, 1, 230), Address(1));
    }
}
