//! Hosts in a plane: how far apart two of them are is how long a packet takes.

use crate::address::Address;
use crate::law::Law;
use crate::rng::{LinkField, OneWord, StreamPurpose};
use crate::sampler;
use crate::time::Span;

/// Hosts that stand anywhere in a square, each place equally likely. A one-way delay is the distance of the two hosts, and
/// the access delay of each.
///
/// The idea is that of `SimpleUnderlay` in OverSim (Baumgart, Heep and Krause, Global Internet Symposium 2007). Delays are
/// the same in both directions and keep the triangle inequality, which measured ones do not.
#[derive(Clone, Debug)]
pub struct Plane {
    places: Vec<Place>,
}

/// Where a host stands, in nanoseconds from the edges, and how long its access link takes.
#[derive(Clone, Copy, Debug)]
struct Place {
    x: f64,
    y: f64,
    access: Span,
}

impl Plane {
    /// So many hosts in a square in which it takes `side` to travel along a side. Without a law of access delays there are
    /// none; with one, each host draws its own once. Where a host stands depends on the seed and its number, not on how
    /// many others there are.
    pub fn new(seed: u64, hosts: usize, side: Span, access: Option<Law>) -> Self {
        let field = LinkField::new(seed, StreamPurpose::PLANE);
        let side = side.as_nanos() as f64;
        let place = |host: u32| {
            let words = field.block(Address(host), Address(host), 0);
            Place {
                x: sampler::uniform(&mut OneWord(words[0]), 0.0, side),
                y: sampler::uniform(&mut OneWord(words[1]), 0.0, side),
                access: access.map_or(Span::ZERO, |law| law.sample(words[2])),
            }
        };
        let hosts = u32::try_from(hosts).expect("hosts have numbers of 32 bits");
        Self { places: (0..hosts).map(place).collect() }
    }

    /// The one-way delay between two hosts.
    ///
    /// # Panics
    /// If one of them is not among those that stand in the plane.
    pub fn delay(&self, from: u32, to: u32) -> Span {
        let (one, other) = (self.place(from), self.place(to));
        let (x, y) = (one.x - other.x, one.y - other.y);
        Span::from_nanos_f64((x * x + y * y).sqrt()) + one.access + other.access
    }

    fn place(&self, host: u32) -> &Place {
        self.places.get(host as usize).expect("every host stands in the plane")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Span = Span::from_millis(1);

    #[test]
    fn a_host_stands_where_it_stands_however_many_others_there_are() {
        let access = Some(Law::Exponential { mean: MS });
        let (few, many) = (Plane::new(1, 5, MS, access), Plane::new(1, 500, MS, access));
        assert_eq!(few.delay(2, 4), many.delay(2, 4));
        assert_eq!(few.delay(2, 4), few.delay(4, 2));
        assert_ne!(few.delay(2, 4), Plane::new(2, 5, MS, access).delay(2, 4));
    }

    #[test]
    fn a_delay_is_the_way_and_the_access_of_both_ends() {
        let bare = Plane::new(1, 100, MS.times(50), None);
        let with_access = Plane::new(1, 100, MS.times(50), Some(Law::Constant(MS)));
        for host in 1..100 {
            assert_eq!(with_access.delay(0, host), bare.delay(0, host) + MS.times(2));
        }
        assert_eq!(bare.delay(7, 7), Span::ZERO);
    }
}
