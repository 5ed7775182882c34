//! The way of a packet from host to host, and what is remembered of such ways: only ever to be quicker.

use crate::time::SimTime;

/// From which host to which, and when. Where nodes live on hosts is [`Links::with_hosts`]'s business.
///
/// [`Links::with_hosts`]: crate::network::Links::with_hosts
#[derive(Clone, Copy, Debug)]
pub(super) struct Hop {
    pub(super) from: u32,
    pub(super) to: u32,
    pub(super) now: SimTime,
}

/// A packet, or the copy that the network has made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Twin {
    Original,
    Copy,
}

/// What was last found for directed pairs, where there is room: a later pair may take the place of an earlier one. It
/// holds only what can be found again, so it changes no value.
#[derive(Debug)]
pub(super) struct Recent<V>(Vec<(u32, u32, V)>);

impl<V: Copy> Recent<V> {
    /// Takes no room before it is first asked.
    pub(super) fn new() -> Self {
        Self(Vec::new())
    }

    /// What is remembered of the pair if it `still_holds`, else what one can `find` out.
    pub(super) fn get(
        &mut self,
        from: u32,
        to: u32,
        still_holds: impl Fn(&V) -> bool,
        find: impl Fn(u32, u32) -> V,
    ) -> V {
        if self.0.is_empty() {
            // Every place begins with something true, so that none need say that it is empty.
            self.0 = vec![(0, 0, find(0, 0)); PLACES];
        }
        let place = &mut self.0[from.wrapping_mul(0x9E37_79B1).wrapping_add(to) as usize % PLACES];
        if (place.0, place.1) != (from, to) || !still_holds(&place.2) {
            *place = (from, to, find(from, to));
        }
        place.2
    }
}

const PLACES: usize = 1 << 16;
