//! A table of things that come and go, each with a handle that is never mistaken for a later thing in the same place.

use serde::Serialize;

/// Names a thing in a [`Table`]: its place, and which of the things that have been there it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Handle(u32);

impl Handle {
    /// The thing's place: small, and free again once the thing is gone.
    pub fn place(self) -> u32 {
        self.0 & PLACE_MASK
    }

    fn generation(self) -> u32 {
        self.0 >> PLACE_BITS
    }
}

/// Things by handle.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Table<V> {
    places: Vec<Place<V>>,
    free: Vec<u32>,
    /// The generation that a place begins with.
    first: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Place<V> {
    generation: u32,
    value: Option<V>,
}

impl<V> Default for Table<V> {
    fn default() -> Self {
        Self { places: Vec::new(), free: Vec::new(), first: 0 }
    }
}

impl<V> Table<V> {
    /// A table whose handles are hardly those of another life of the same node: what was sent to a node before it crashed
    /// may arrive after it has come up again.
    pub fn of_life(life: u32) -> Self {
        Self { first: life & GENERATION_MASK, ..Self::default() }
    }

    /// Begins a life, as [`Table::of_life`] does. A table that has been used before goes on with numbers of its own.
    pub fn begin_life(&mut self, life: u32) {
        if self.places.is_empty() {
            *self = Self::of_life(life);
        }
    }

    /// Takes out all things. Their handles name nothing that comes later.
    pub fn clear(&mut self) {
        for (number, place) in (0..).zip(&mut self.places) {
            if place.value.take().is_some() {
                place.generation = (place.generation + 1) & GENERATION_MASK;
                self.free.push(number);
            }
        }
    }

    /// Puts a thing into the table.
    ///
    /// # Panics
    /// If there are 2^20 things in it.
    pub fn insert(&mut self, value: V) -> Handle {
        let place = self.free.pop().unwrap_or_else(|| {
            self.places.push(Place { generation: self.first, value: None });
            self.places.len() as u32 - 1
        });
        assert!(place <= PLACE_MASK, "a node has at most 2^{PLACE_BITS} things under way");
        let slot = &mut self.places[place as usize];
        slot.value = Some(value);
        Handle(slot.generation << PLACE_BITS | place)
    }

    /// Takes a thing out; none if it is gone.
    pub fn remove(&mut self, handle: Handle) -> Option<V> {
        self.get(handle)?;
        let place = &mut self.places[handle.place() as usize];
        place.generation = (place.generation + 1) & GENERATION_MASK;
        self.free.push(handle.place());
        place.value.take()
    }

    /// The thing, while it is there.
    pub fn get(&self, handle: Handle) -> Option<&V> {
        let place = self.places.get(handle.place() as usize)?;
        place.value.as_ref().filter(|_| place.generation == handle.generation())
    }

    /// The thing, to be changed.
    pub fn get_mut(&mut self, handle: Handle) -> Option<&mut V> {
        let place = self.places.get_mut(handle.place() as usize)?;
        place.value.as_mut().filter(|_| place.generation == handle.generation())
    }

    /// The things that are there, by place.
    pub fn iter(&self) -> impl Iterator<Item = &V> {
        self.places.iter().filter_map(|place| place.value.as_ref())
    }

    /// The first thing, by place, that is wanted.
    pub fn find(&self, wanted: impl Fn(&V) -> bool) -> Option<Handle> {
        let place = self.places.iter().position(|place| place.value.as_ref().is_some_and(&wanted))?;
        Some(Handle(self.places[place].generation << PLACE_BITS | place as u32))
    }

    /// How many things there are.
    pub fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes on the heap.
    pub fn heap_bytes(&self) -> usize {
        self.places.capacity() * size_of::<Place<V>>() + self.free.capacity() * size_of::<u32>()
    }
}

const PLACE_BITS: u32 = 20;
const PLACE_MASK: u32 = (1 << PLACE_BITS) - 1;
const GENERATION_MASK: u32 = (1 << (u32::BITS - PLACE_BITS)) - 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_handle_does_not_name_a_newer_thing_in_the_same_place() {
        let mut table = Table::default();
        let old = table.insert(1);
        assert_eq!(table.remove(old), Some(1));
        let new = table.insert(2);
        assert_eq!(old.place(), new.place());
        assert_eq!(table.remove(old), None);
        assert_eq!((table.get(old), table.get(new)), (None, Some(&2)));
        assert_eq!(table.len(), 1);
    }

    #[test]
    fn the_handles_of_an_earlier_life_name_nothing_in_the_next() {
        let mut table = Table::of_life(7);
        let old: Vec<Handle> = (0..3).map(|thing| table.insert(thing)).collect();
        table.remove(old[1]);
        table.clear();
        assert!(table.is_empty() && old.iter().all(|handle| table.get(*handle).is_none()));
        table.begin_life(7);
        let new: Vec<Handle> = (0..5).map(|thing| table.insert(thing)).collect();
        assert!(new.iter().all(|handle| !old.contains(handle)), "though both lives have drawn the same number");
        assert_eq!(table.len(), 5);
        assert_eq!(table.find(|thing| *thing == 3), Some(new[3]));
        assert_eq!(table.find(|thing| *thing == 5), None);
    }
}
