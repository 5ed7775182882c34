//! The network of a run, built as its plan says.

use std::num::NonZeroU64;
use std::sync::Arc;

use sim::access::{Access, Pipe, Service};
use sim::address::Address;
use sim::faults::Faulty;
use sim::law::Law;
use sim::network::{Base, Between, Links, Per, Plane};

use crate::ast::{BitRate, LatencySpec, LawSpec, PerSpec};
use crate::plan::Plan;

/// What lies between the nodes of a run.
pub(super) type World = Access<Faulty<Links>>;

/// Links between the hosts of a plan, no faults yet, and what the plan says of the hosts themselves.
pub(super) fn world(plan: &Plan) -> World {
    let mut world = Access::new(Faulty::new(links(plan)));
    let placement = &plan.placement;
    for (node, host) in plan.hosts.iter().enumerate().map(|(node, host)| (Address(node as u32), *host)) {
        if let Some(bandwidth) = placement.bandwidth_of(host) {
            let pipe = |rate: BitRate| {
                let bits_per_second = NonZeroU64::new(rate.0).expect("a rate that is read is above zero");
                Some(Pipe { bits_per_second, queue_bytes: bandwidth.queue.0 })
            };
            world.set_uplink(node, pipe(bandwidth.up));
            world.set_downlink(node, pipe(bandwidth.down));
        }
        if let Some(time) = placement.service_of(host) {
            world.set_service(node, Some(service(time)));
        }
        if placement.is_undialable(host) {
            world.set_undialable(node, Some(placement.mapping()));
        }
    }
    world
}

/// A node that is busy with each message for so long, however many wait.
pub(super) fn service(time: Law) -> Service {
    Service { time, queue: None }
}

fn links(plan: &Plan) -> Links {
    let spec = &plan.network;
    let mut links = Links::new(plan.seed, base(plan)).with_loss(spec.loss.loss()).with_duplicates(spec.duplicate.0);
    if let Some(jitter) = &spec.jitter {
        links = links.with_jitter(jitter.jitter());
    }
    if spec.ordered {
        links = links.ordered();
    }
    if plan.hosts.iter().zip(0..).any(|(host, address)| *host != address) {
        links = links.with_hosts(plan.hosts.clone());
    }
    links
}

fn base(plan: &Plan) -> Base {
    let hosts = plan.hosts.iter().max().map_or(0, |last| last + 1);
    if let Some(sites) = &plan.data.sites {
        let site_of = plan.placement.sites(hosts, sites.sites());
        return Base::Between(Between::new(Arc::clone(sites), site_of));
    }
    if let LatencySpec::Plane { side, access } = &plan.network.latency {
        let access = access.as_ref().map(LawSpec::law);
        return Base::Plane(Plane::new(plan.seed, hosts as usize, side.0, access));
    }
    let (law, per) = plan.network.latency.law().expect("what is neither sites nor a plane is a law");
    let per = match per {
        PerSpec::Pair => Per::Pair,
        PerSpec::Packet => Per::Packet,
    };
    Base::Law { law, per }
}
