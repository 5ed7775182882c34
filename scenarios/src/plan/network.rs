//! What is decided about hosts: where each stands, how slow it is, who can reach it. All of it is a function of seed and host.

use sim::address::Address;
use sim::law::Law;
use sim::rng::{LinkField, OneWord};
use sim::sampler;
use sim::time::Span;

use super::draws;
use crate::ast::{BandwidthSpec, HostsSpec, LatencySpec, PlacementSpec, Regions, Scenario};
use crate::mistake::Mistake;

/// Where hosts stand and what they are, however many there are.
#[derive(Clone, Debug)]
pub struct Placement {
    seed: u64,
    chance: LinkField,
    regions: Option<Regions>,
    bandwidth: Option<BandwidthSpec>,
    sites: PlacementSpec,
    hosts: HostsSpec,
}

impl Placement {
    pub(super) fn new(scenario: &Scenario, seed: u64) -> Result<Self, Mistake> {
        let network = &scenario.network;
        let regions = match &network.latency {
            LatencySpec::Regions(spec) => Some(spec.resolve("network.latency")?),
            _ => None,
        };
        let sites = match &network.latency {
            LatencySpec::Matrix(matrix) => matrix.placement,
            _ => PlacementSpec::default(),
        };
        let (chance, hosts) = (draws::hosts(seed), scenario.hosts.clone());
        Ok(Self { seed, chance, regions, bandwidth: network.bandwidth, sites, hosts })
    }

    /// The names of the regions; none if the scenario has none.
    pub fn regions(&self) -> &[String] {
        self.regions.as_ref().map_or(&[], |regions| &regions.names)
    }

    /// The region in which a host stands.
    pub fn region_of(&self, host: u32) -> Option<&str> {
        let regions = self.regions.as_ref()?;
        Some(&regions.names[self.region(host, regions)])
    }

    /// Whether messages reach a host only from whom it has itself written to.
    pub fn is_undialable(&self, host: u32) -> bool {
        let share = self.hosts.undialable.0;
        host != FIRST && share > 0.0 && sampler::chance(&mut OneWord(self.word(host, Draw::Undialable)), share)
    }

    /// How long a router in front of a host remembers.
    pub fn mapping(&self) -> Span {
        self.hosts.mapping.0
    }

    /// How long a host is busy with each message; none if it is not slow.
    pub fn service_of(&self, host: u32) -> Option<Law> {
        if self.hosts.slow.is_empty() {
            return None;
        }
        let shares = self.hosts.slow.iter().map(|slow| slow.share.0);
        let kind = pick(shares, self.word(host, Draw::Slow))?;
        Some(self.hosts.slow[kind].service.law())
    }

    /// What a host's access link carries; none if it has no limit.
    pub fn bandwidth_of(&self, host: u32) -> Option<BandwidthSpec> {
        match self.regions.as_ref().filter(|regions| !regions.bandwidth.is_empty()) {
            Some(regions) => Some(regions.bandwidth[self.region(host, regions)]),
            None => self.bandwidth,
        }
    }

    /// What access links carry that there may be; empty if they have no limits.
    pub(super) fn bandwidths(&self) -> &[BandwidthSpec] {
        match self.regions.as_ref().filter(|regions| !regions.bandwidth.is_empty()) {
            Some(regions) => &regions.bandwidth,
            None => self.bandwidth.as_slice(),
        }
    }

    /// The sites, of so many, on which the first `hosts` hosts stand: their regions, or the rows of a matrix.
    pub fn sites(&self, hosts: u32, sites: usize) -> Vec<u32> {
        if let Some(regions) = &self.regions {
            return (0..hosts).map(|host| self.region(host, regions) as u32).collect();
        }
        let rounds = (hosts as usize).div_ceil(sites);
        let all = (0..rounds as u32).flat_map(|round| self.round(round, sites));
        all.take(hosts as usize).collect()
    }

    /// The sites of one host after the other, each site once.
    fn round(&self, round: u32, sites: usize) -> Vec<u32> {
        let mut order: Vec<u32> = (0..sites as u32).collect();
        if self.sites == PlacementSpec::Random {
            sampler::shuffle(&mut draws::sites(self.seed, round), &mut order);
        }
        order
    }

    fn region(&self, host: u32, regions: &Regions) -> usize {
        // Shares that add up to a little less than 1 leave the rest to the last.
        pick(regions.shares.iter().copied(), self.word(host, Draw::Region)).unwrap_or(regions.shares.len() - 1)
    }

    fn word(&self, host: u32, draw: Draw) -> u64 {
        self.chance.block(Address(host), Address(host), 0)[draw as usize]
    }
}

/// What is drawn for a host, each from a word of its own.
#[derive(Clone, Copy)]
enum Draw {
    Region,
    Slow,
    Undialable,
}

/// The place of the share into which a word falls, if the shares lie behind one another; none if it falls behind the last.
fn pick(shares: impl Iterator<Item = f64>, word: u64) -> Option<usize> {
    let chosen = sampler::unit(&mut OneWord(word));
    let mut end = 0.0;
    shares.enumerate().find_map(|(place, share)| {
        end += share;
        (chosen < end).then_some(place)
    })
}

/// The first host can always be dialled: somebody must be there to be asked.
const FIRST: u32 = 0;
