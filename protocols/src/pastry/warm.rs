//! What a Pastry overlay looks like when it is quiet: who owns what, and the tables of its nodes.

use sim::address::Address;
use sim::sampler;

use super::known::Known;
use super::leaf_set::LeafSet;
use super::node::Pastry;
use super::place::{Place, Turn};
use crate::dht::Members;
use crate::key::Key;

/// A node whose leaf set is exact, and whose routing table has a member, drawn uniformly, wherever there is one.
pub(super) fn converged(members: &Members, place: Place<'_>) -> Pastry {
    let (mine, half) = (place.my_key(), place.common.settings.half());
    let is_other = |node: &Address| *node != place.me;
    let larger = members.from(mine).map(|(_, node)| node).filter(is_other).take(half).collect();
    let smaller = members.before(mine).map(|(_, node)| node).filter(is_other).take(half).collect();
    let mut known = Known { leaves: LeafSet::exact(smaller, larger, place), ..Known::default() };
    fill_table(&mut known, members, place);
    let bootstraps = members.from(Key::ZERO).map(|(_, node)| node).find(is_other).into_iter().collect();
    Pastry { known, bootstraps, ..Pastry::default() }
}

/// All members by numerical closeness to a key; of two that are equally close, the smaller id first.
pub(super) fn closest(members: &Members, key: Key) -> impl Iterator<Item = Address> {
    let mut larger = members.from(key).peekable();
    let mut smaller = members.before(key).peekable();
    let take = members.len();
    std::iter::from_fn(move || {
        let ((above, _), (below, _)) = (larger.peek()?, smaller.peek()?);
        let ways = (Turn::Larger.way(key, *above), Turn::Smaller.way(key, *below));
        let is_above = if ways.0 == ways.1 { above < below } else { ways.0 < ways.1 };
        if is_above { larger.next() } else { smaller.next() }
    })
    .map(|(_, node)| node)
    .take(take)
}

/// Row after row, as far as members share digits with this node. The members of a row lie in a row by digit.
fn fill_table(known: &mut Known, members: &Members, place: Place<'_>) {
    let (mine, b) = (place.my_key(), place.common.settings.b);
    let mut draws = place.common.chance_of_birth(place.me);
    for row in 0.. {
        let mut rest = members.sharing(mine, row * b);
        if rest.len() <= 1 {
            return;
        }
        while let Some((first, _)) = rest.first() {
            let column = place.column(*first, row);
            let (here, after) = rest.split_at(rest.partition_point(|(key, _)| place.column(*key, row) == column));
            if column != place.column(mine, row) {
                let (_, node) = here[sampler::below(&mut draws, here.len() as u64) as usize];
                known.table.offer(node, place);
            }
            rest = after;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::place::tests::ids;
    use super::super::settings::Settings;
    use super::*;

    #[test]
    fn the_closest_come_first_and_everybody_once() {
        let common = ids(Settings::default());
        let members: Members =
            [10, 20, 250, 140].map(|node| (common.key(Address(node)), Address(node))).into_iter().collect();
        let order = |key| closest(&members, common.key(Address(key))).map(|node| node.0).collect::<Vec<_>>();
        assert_eq!(order(15), [10, 20, 250, 140]);
        assert_eq!(order(2), [10, 250, 20, 140]);
        assert_eq!(order(75), [20, 10, 140, 250]);
        assert_eq!(closest(&Members::default(), Key::ZERO).count(), 0);
    }

    #[test]
    fn every_place_that_can_be_filled_is_filled() {
        for b in [1, 3, 4, 8] {
            let common = ids(Settings { b, leaf_set: 4, ..Settings::default() });
            let members: Members = (0..256).step_by(3).map(|node| (common.key(Address(node)), Address(node))).collect();
            let place = Place { me: Address(33), common: &common };
            let pastry = converged(&members, place);
            assert_eq!(pastry.known.check(place), Ok(()));
            for (_, node) in members.ranked().iter().filter(|(_, node)| *node != place.me) {
                let cell = super::super::routing_table::cell_of(*node, place);
                assert!(pastry.known.table.get(cell, place).is_some(), "{cell:?} with b = {b}");
            }
        }
    }
}
