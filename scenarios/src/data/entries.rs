//! What was measured from site to site, and what takes the place of what was not.

use protocols::duration::Duration;
use sim::time::Span;

use crate::ast::{MissingSpec, ValuesSpec};

/// Delays from each site to each other; on the diagonal nothing is measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entries {
    sites: usize,
    cells: Vec<Span>,
}

impl Entries {
    /// So many sites, nothing measured yet. An error if there are too many or too few.
    pub(super) fn new(sites: usize) -> Result<Self, String> {
        match sites {
            2..=SITES_MAX => Ok(Self { sites, cells: vec![MISSING; sites * sites] }),
            0 | 1 => Err(format!("there must be at least two sites, not {sites}")),
            _ => Err(format!("{sites} sites are more than {SITES_MAX}")),
        }
    }

    /// How many sites there are.
    pub(super) fn sites(&self) -> usize {
        self.sites
    }

    /// All of them, row by row.
    pub(super) fn into_row_major(self) -> Vec<Span> {
        self.cells
    }

    /// From this site to that; none if it was not measured.
    pub(super) fn get(&self, from: usize, to: usize) -> Option<Span> {
        Some(self.cells[from * self.sites + to]).filter(|span| *span != MISSING)
    }

    /// Takes note of a measured one-way delay. What is on the diagonal counts for nothing.
    pub(super) fn set(&mut self, from: usize, to: usize, one_way: Span) {
        if from != to {
            self.cells[from * self.sites + to] = one_way;
        }
    }

    /// Takes note of what was measured. Half a round trip is a whole number of
    /// nanoseconds: of an odd number one direction has one more, so that both together are the round trip.
    pub(super) fn measure(&mut self, from: usize, to: usize, nanos: u64, values: ValuesSpec) {
        let one_way = match values {
            ValuesSpec::OneWay => nanos,
            ValuesSpec::RoundTrip if from < to => nanos.div_ceil(2),
            ValuesSpec::RoundTrip => nanos / 2,
        };
        self.set(from, to, Span::from_nanos(one_way));
    }

    /// The same with nothing missing: other pairs by this rule, and on the diagonal the delay between two hosts on one site.
    pub(super) fn one_way(mut self, missing: MissingSpec, same_place: Option<Duration>) -> Result<Self, String> {
        let gaps = self.gaps();
        let (from, to) = gaps.first().copied().unwrap_or_default();
        let stand_in: Vec<Span> = match missing {
            MissingSpec::Refused if !gaps.is_empty() => {
                return Err(format!("nothing was measured from site {} to site {}", from + 1, to + 1));
            }
            MissingSpec::Refused => Vec::new(),
            MissingSpec::OneWay(delay) => vec![delay.0; gaps.len()],
            MissingSpec::WayBackOrMedian => {
                let median = self.median().ok_or_else(|| "nothing was measured at all".to_owned())?;
                gaps.iter().map(|(from, to)| self.get(*to, *from).unwrap_or(median)).collect()
            }
        };
        for ((from, to), delay) in gaps.into_iter().zip(stand_in) {
            self.set(from, to, delay);
        }
        for site in 0..self.sites {
            let row = (0..self.sites).filter_map(|to| self.get(site, to));
            let same = same_place.map_or_else(|| row.min().unwrap_or_default(), |same| same.0);
            self.cells[site * self.sites + site] = same;
        }
        Ok(self)
    }

    /// The pairs that were not measured.
    fn gaps(&self) -> Vec<(usize, usize)> {
        let pair = |place| (place / self.sites, place % self.sites);
        let missing = |(place, span): (usize, &Span)| (*span == MISSING).then(|| pair(place));
        self.cells.iter().enumerate().filter_map(missing).filter(|(from, to)| from != to).collect()
    }

    /// The median of what was measured, of an even number the lower of the two in the middle; none if nothing was.
    fn median(&self) -> Option<Span> {
        let mut all: Vec<Span> = self.cells.iter().copied().filter(|span| *span != MISSING).collect();
        let middle = all.len().checked_sub(1)? / 2;
        Some(*all.select_nth_unstable(middle).1)
    }
}

/// A number of milliseconds, in nanoseconds: the nearest whole one.
pub(super) fn nanos(number: f64, nanos_per_unit: f64) -> Result<u64, String> {
    let nanos = number * nanos_per_unit;
    if nanos > LONGEST_NANOS {
        return Err("that is longer than an hour: is the unit right?".to_owned());
    }
    Ok(Span::from_nanos_f64(nanos).as_nanos())
}

/// No measured delay is this long.
const MISSING: Span = Span::MAX;
/// A matrix of so many sites takes 128 MiB.
pub(super) const SITES_MAX: usize = 4096;
const LONGEST_NANOS: f64 = 3600e9;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_round_trip_each_way_is_the_whole_to_the_nanosecond() {
        let mut entries = Entries::new(2).expect("legal");
        for (there, back) in [(7, 7), (8, 8), (7, 4)] {
            entries.measure(0, 1, there, ValuesSpec::RoundTrip);
            entries.measure(1, 0, back, ValuesSpec::RoundTrip);
            let (out, home) = (nanos_of(&entries, 0, 1), nanos_of(&entries, 1, 0));
            assert_eq!((out, home), (there.div_ceil(2), back / 2));
            assert!(there != back || out + home == there);
        }
        entries.measure(0, 1, 7, ValuesSpec::OneWay);
        assert_eq!(nanos_of(&entries, 0, 1), 7);
    }

    #[test]
    fn what_is_missing_is_the_way_back_or_the_median() {
        // From 0 to 1 there is the way back; between 1 and 2 nothing; the rest is 4, 6, 8.
        let filled = gappy().one_way(MissingSpec::WayBackOrMedian, None).expect("legal");
        assert_eq!(row_major(&filled), [4, 4, 6, 4, 4, 6, 8, 6, 6]);
        let filled = gappy().one_way(MissingSpec::OneWay(Duration(Span::from_nanos(9))), None).expect("legal");
        assert_eq!(row_major(&filled), [6, 9, 6, 4, 4, 9, 8, 9, 8]);
        let problem = gappy().one_way(MissingSpec::Refused, None);
        assert_eq!(problem, Err("nothing was measured from site 1 to site 2".to_owned()));
        let nothing = Entries::new(3).expect("legal").one_way(MissingSpec::WayBackOrMedian, None);
        assert_eq!(nothing, Err("nothing was measured at all".to_owned()));
    }

    #[test]
    fn two_hosts_on_one_site_are_as_far_apart_as_said_or_as_the_nearest_neighbour() {
        let said = gappy().one_way(MissingSpec::WayBackOrMedian, Some(Duration(Span::from_nanos(1)))).expect("legal");
        assert_eq!(row_major(&said), [1, 4, 6, 4, 1, 6, 8, 6, 1]);
    }

    fn gappy() -> Entries {
        let mut entries = Entries::new(3).expect("legal");
        for (from, to, nanos) in [(1, 0, 4), (0, 2, 6), (2, 0, 8)] {
            entries.set(from, to, Span::from_nanos(nanos));
        }
        entries
    }

    fn row_major(entries: &Entries) -> Vec<u64> {
        entries.cells.iter().map(|span| span.as_nanos()).collect()
    }

    fn nanos_of(entries: &Entries, from: usize, to: usize) -> u64 {
        entries.get(from, to).expect("measured").as_nanos()
    }
}
