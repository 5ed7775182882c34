//! Base delays: how far apart two hosts are, by a law, by a table of sites, or in a plane.

use std::sync::Arc;

use crate::address::Address;
use crate::law::Law;
use crate::network::hop::{Hop, Recent, Twin};
use crate::network::plane::Plane;
use crate::rng::{Draw, LinkChance, LinkField, StreamPurpose};
use crate::time::Span;

/// Where the one-way delays between hosts come from.
#[derive(Clone, Debug)]
pub enum Base {
    /// Drawn from a law.
    Law {
        /// The law of one-way delays.
        law: Law,
        /// Whether it is drawn for a pair or for a packet.
        per: Per,
    },
    /// From site to site, as measured or as written.
    Between(Between),
    /// By distance in a plane.
    Plane(Plane),
}

/// Whether a delay is drawn once for a directed pair of hosts, or anew for each packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    /// Once for each directed pair: how far apart the two are.
    Pair,
    /// Anew for each packet: how far apart the two are plays no part.
    Packet,
}

/// Hosts that stand on sites, and the delays from site to site: a measured matrix, or regions.
#[derive(Clone, Debug)]
pub struct Between {
    delays: Arc<SiteDelays>,
    site_of: Vec<u32>,
}

impl Between {
    /// Host `h` stands on site `site_of[h]`. Many hosts may stand on one site, and a table may serve many runs.
    ///
    /// # Panics
    /// If a host stands on a site that the table does not have; later, if a packet comes from or goes to a host that is
    /// not in the list.
    pub fn new(delays: Arc<SiteDelays>, site_of: Vec<u32>) -> Self {
        let sites = delays.sites;
        let stray = site_of.iter().find(|site| **site as usize >= sites);
        assert!(stray.is_none(), "there are {sites} sites, and none with the number {stray:?}");
        Self { delays, site_of }
    }

    /// The one-way delay between two hosts.
    pub fn delay(&self, from: u32, to: u32) -> Span {
        self.delays.get(self.site(from), self.site(to))
    }

    fn site(&self, host: u32) -> usize {
        *self.site_of.get(host as usize).expect("every host stands on a site") as usize
    }
}

/// One-way delays from each site to each other, and within each: a square table.
///
/// Where all are below 4.29 s they take four bytes each, for a big table is mostly waiting for memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteDelays {
    sites: usize,
    nanos: Nanos,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Nanos {
    Narrow(Vec<u32>),
    Wide(Vec<u64>),
}

impl SiteDelays {
    /// A table of so many sites, row by row: row `i` says how long it takes from site `i` to each. What stands on the
    /// diagonal is the delay between two hosts of one site.
    ///
    /// # Panics
    /// If the table is not square.
    pub fn new(sites: usize, row_major: Vec<Span>) -> Self {
        let given = row_major.len();
        assert!(sites.checked_mul(sites) == Some(given), "{given} delays are no table of {sites} by {sites} sites");
        let narrow = row_major.iter().map(|delay| u32::try_from(delay.as_nanos()).ok()).collect();
        let nanos = match narrow {
            Some(narrow) => Nanos::Narrow(narrow),
            None => Nanos::Wide(row_major.into_iter().map(Span::as_nanos).collect()),
        };
        Self { sites, nanos }
    }

    /// How many sites there are.
    pub fn sites(&self) -> usize {
        self.sites
    }

    /// The one-way delay from a site to a site; both are below [`SiteDelays::sites`].
    pub fn get(&self, from: usize, to: usize) -> Span {
        let place = from * self.sites + to;
        Span::from_nanos(match &self.nanos {
            Nanos::Narrow(nanos) => nanos[place].into(),
            Nanos::Wide(nanos) => nanos[place],
        })
    }
}

/// A [`Base`] at work.
#[derive(Debug)]
pub(super) struct BaseDelays {
    base: Base,
    pairs: PairDelays,
}

impl BaseDelays {
    pub(super) fn new(seed: u64, base: Base) -> Self {
        Self { base, pairs: PairDelays::new(seed) }
    }

    pub(super) fn get(&mut self, hop: Hop, twin: Twin, chance: &mut LinkChance<'_>) -> Span {
        match &self.base {
            Base::Law { law: Law::Constant(delay), .. } => *delay,
            Base::Law { law, per: Per::Pair } => self.pairs.get(hop, law),
            Base::Law { law, per: Per::Packet } => law.sample(chance.word(match twin {
                Twin::Original => Draw::Delay,
                Twin::Copy => Draw::CopyDelay,
            })),
            Base::Between(between) => between.delay(hop.from, hop.to),
            Base::Plane(plane) => plane.delay(hop.from, hop.to),
        }
    }

    /// How far apart two hosts are, whatever is sent; none if that is drawn anew for each packet.
    pub(super) fn of_pair(&self, from: u32, to: u32) -> Option<Span> {
        match &self.base {
            Base::Law { law: Law::Constant(delay), .. } => Some(*delay),
            Base::Law { law, per: Per::Pair } => Some(self.pairs.find(from, to, law)),
            Base::Law { per: Per::Packet, .. } => None,
            Base::Between(between) => Some(between.delay(from, to)),
            Base::Plane(plane) => Some(plane.delay(from, to)),
        }
    }
}

/// Delays of directed pairs of hosts: a pure function of seed and pair.
#[derive(Debug)]
struct PairDelays {
    field: LinkField,
    recent: Recent<Span>,
}

impl PairDelays {
    fn new(seed: u64) -> Self {
        Self { field: LinkField::new(seed, StreamPurpose::PAIR), recent: Recent::new() }
    }

    fn get(&mut self, hop: Hop, law: &Law) -> Span {
        let Self { field, recent } = self;
        recent.get(hop.from, hop.to, |_| true, |from, to| delay_of_pair(field, from, to, law))
    }

    fn find(&self, from: u32, to: u32, law: &Law) -> Span {
        delay_of_pair(&self.field, from, to, law)
    }
}

fn delay_of_pair(field: &LinkField, from: u32, to: u32, law: &Law) -> Span {
    law.sample(field.block(Address(from), Address(to), 0)[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Span = Span::from_millis(1);

    #[test]
    fn a_table_gives_back_what_it_was_given() {
        for scale in [1, 10_000] {
            let delays: Vec<Span> = (0..9).map(|cell| MS.times(cell * scale)).collect();
            let table = SiteDelays::new(3, delays.clone());
            assert_eq!(matches!(table.nanos, Nanos::Narrow(_)), scale == 1, "what is short takes little room");
            for (cell, delay) in delays.into_iter().enumerate() {
                assert_eq!(table.get(cell / 3, cell % 3), delay);
            }
        }
    }

    #[test]
    fn hosts_are_as_far_apart_as_their_sites() {
        let delays = SiteDelays::new(2, [1, 20, 30, 4].map(|ms| MS.times(ms)).to_vec());
        let between = Between::new(Arc::new(delays), vec![0, 1, 1]);
        assert_eq!(between.delay(0, 1), MS.times(20));
        assert_eq!(between.delay(2, 0), MS.times(30), "each direction has its own");
        assert_eq!(between.delay(1, 2), MS.times(4), "two hosts of one site");
    }

    #[test]
    #[should_panic(expected = "5 delays are no table of 2 by 2 sites")]
    fn a_table_must_be_square() {
        SiteDelays::new(2, vec![MS; 5]);
    }

    #[test]
    #[should_panic(expected = "there are 2 sites, and none with the number Some(2)")]
    fn a_host_must_stand_on_a_site_that_there_is() {
        Between::new(Arc::new(SiteDelays::new(2, vec![MS; 4])), vec![0, 2]);
    }
}
