//! Queues against queueing theory: Poisson arrivals, one server, exponential or constant service (Kleinrock, "Queueing
//! Systems", volume I, 1975, chapters 3 and 5).
//!
//! Every check is a mean over batches, and bounds are four standard errors of the batch means: a right queue passes but
//! for 2 cases in 10,000. The seed is fixed. Each check is shown to reject a rate that is a tenth off, up and down.

use sim::access::{Access, AccessFigures, QueueFigures, Service};
use sim::address::Address;
use sim::law::Law;
use sim::network::{Links, Network, Packet, Per, Verdict};
use sim::protocol::Cause;
use sim::rng::{LinkChance, Stream, StreamPurpose};
use sim::sampler;
use sim::simulation::Simulation;
use sim::time::{SimTime, Span};

use super::{Client, Errand, pipe};

#[test]
fn a_slow_node_with_exponential_service_makes_wait_as_mm1_does() {
    for load in [0.5, 0.8] {
        let waits = |mean| waits(&mm1(mean, load).collect::<Vec<_>>());
        check(waits, load / (1.0 - load) * SERVICE_NS);
    }
}

#[test]
fn the_waiting_times_of_mm1_have_their_distribution() {
    for load in [0.5, 0.8] {
        let waits_longer = |mean, than: f64| -> Vec<f64> {
            mm1(mean, load).map(|sample| f64::from(u8::from(sample.waiting_ns > than))).collect()
        };
        // The share of those who wait at all is the load; the rest is exponential with rate mu - lambda.
        check(|mean| waits_longer(mean, 0.0), load);
        for than in [0.5, 2.0] {
            let share = load * libm::exp(-than * (1.0 - load));
            check(|mean| waits_longer(mean, than * SERVICE_NS), share);
        }
    }
}

#[test]
fn a_narrow_uplink_makes_wait_as_md1_does() {
    for load in [0.5, 0.8] {
        let md1 = |transmission_ns| {
            let mut access = Access::new(at_once);
            access.set_uplink(Address(0), Some(pipe(rate(transmission_ns), u64::MAX)));
            waits(&run(access, load, 1, |figures| &figures.uplink).collect::<Vec<_>>())
        };
        check(md1, load / (2.0 * (1.0 - load)) * SERVICE_NS);
    }
}

#[test]
fn a_narrow_downlink_makes_many_senders_wait_as_md1_does() {
    // Delays that are drawn independently leave a Poisson process a Poisson process.
    let latency = Law::Exponential { mean: Span::from_millis(40) };
    for load in [0.5, 0.8] {
        let md1 = |transmission_ns| {
            let mut access = Access::new(Links::of(1, latency, Per::Packet));
            access.set_downlink(SINK, Some(pipe(rate(transmission_ns), u64::MAX)));
            waits(&run(access, load, SENDERS, |figures| &figures.downlink).collect::<Vec<_>>())
        };
        check(md1, load / (2.0 * (1.0 - load)) * SERVICE_NS);
    }
}

#[test]
fn a_slow_node_that_drops_whoever_would_wait_is_erlangs() {
    // M/M/1/1: the share of those who are turned away is load / (1 + load).
    let load = 0.8;
    let dropped = |mean| -> Vec<f64> {
        let service = Service { time: Law::Exponential { mean: Span::from_nanos_f64(mean) }, queue: Some(0) };
        let mut access = Access::new(at_once);
        access.set_service(SINK, Some(service));
        run(access, load, SENDERS, |figures| &figures.service).map(|sample| sample.dropped).collect()
    };
    check(dropped, load / (1.0 + load));
}

/// Messages of no size take no time themselves, and meet what there is: those that come by a Poisson clock of their own see
/// the time averages (Wolff, "Poisson Arrivals See Time Averages", 1982).
#[test]
fn messages_wait_for_what_is_no_message_as_md1_does() {
    for load in [0.5, 0.8] {
        check(|transmission_ns| probes_at_uplink(load, transmission_ns), load / (2.0 * (1.0 - load)) * SERVICE_NS);
        check(|transmission_ns| probes_at_downlink(load, transmission_ns), load / (2.0 * (1.0 - load)) * SERVICE_NS);
    }
}

fn probes_at_uplink(load: f64, transmission_ns: f64) -> Vec<f64> {
    let mut access = Access::new(at_once);
    access.set_uplink(Address(0), Some(pipe(rate(transmission_ns), u64::MAX)));
    let occupy = |access: &mut Access<_>, now| access.occupy_uplink(Address(0), BYTES, now);
    probes(access, load, occupy, |figures| &figures.uplink)
}

fn probes_at_downlink(load: f64, transmission_ns: f64) -> Vec<f64> {
    let mut access = Access::new(at_once);
    access.set_downlink(SINK, Some(pipe(rate(transmission_ns), u64::MAX)));
    let occupy = |access: &mut Access<_>, now| access.occupy_downlink(SINK, BYTES, now);
    probes(access, load, occupy, |figures| &figures.downlink)
}

/// How long each of some messages waits that have no size, where other things occupy the line for the share `load` of the
/// time if it has the right rate.
fn probes<N: Network>(
    access: Access<N>,
    load: f64,
    occupy: impl Fn(&mut Access<N>, SimTime) -> Option<SimTime>,
    figures: fn(&AccessFigures) -> &QueueFigures,
) -> Vec<f64> {
    let mut world = Simulation::new(1, (), access, ());
    world.start(Address(0), Client);
    world.start(SINK, Client);
    let [mut loads, mut probes] = [1, 2].map(|entity| Stream::open(1, StreamPurpose(99), entity));
    let gap = |stream: &mut Stream| Span::from_nanos_f64(sampler::exponential(stream, SERVICE_NS / load));
    let [mut next_load, mut next_probe] = [&mut loads, &mut probes].map(|stream| SimTime::ZERO + gap(stream));
    let mut waits = Vec::new();
    let mut before = 0;
    while waits.len() < MESSAGES as usize {
        let now = next_load.min(next_probe);
        world.run_until(now);
        if now == next_load {
            occupy(world.network_mut(), now).expect("the queue has room for all");
            next_load += gap(&mut loads);
        } else {
            let errand = Errand { to: SINK, number: waits.len() as u64, bytes: 0 };
            world.ask(Address(0), errand, Cause::default());
            while world.step_before(now + Span::from_nanos(1)) {}
            let after = figures(world.network().figures());
            waits.push((after.waiting_ns_total - before) as f64);
            before = after.waiting_ns_total;
            next_probe += gap(&mut probes);
        }
    }
    assert_eq!(figures(world.network().figures()).passed, MESSAGES.into(), "only messages are counted");
    waits
}

/// The samples of a queue with the right mean service time agree with theory, those of two wrong ones do not.
fn check(samples: impl Fn(f64) -> Vec<f64>, theory: f64) {
    let right = samples(SERVICE_NS);
    assert!(agrees(&right, theory), "{:?} for {theory}", mean_and_error(&right));
    for wrong in [0.9, 1.1] {
        let samples = samples(SERVICE_NS * wrong);
        assert!(!agrees(&samples, theory), "{wrong}: {:?} for {theory}", mean_and_error(&samples));
    }
}

fn agrees(samples: &[f64], theory: f64) -> bool {
    let (mean, error) = mean_and_error(samples);
    (mean - theory).abs() < 4.0 * error
}

/// The mean of all batches but the first, in which the queue fills, and its standard error.
fn mean_and_error(samples: &[f64]) -> (f64, f64) {
    let batches = samples.chunks_exact(samples.len() / BATCHES).skip(1);
    let means: Vec<f64> = batches.map(|batch| batch.iter().sum::<f64>() / batch.len() as f64).collect();
    let count = means.len() as f64;
    let mean = means.iter().sum::<f64>() / count;
    let square = means.iter().map(|other| (other - mean) * (other - mean)).sum::<f64>() / (count - 1.0);
    (mean, (square / count).sqrt())
}

/// What the messages met that came to the queue between two sendings.
struct Sample {
    waiting_ns: f64,
    dropped: f64,
}

fn waits(samples: &[Sample]) -> Vec<f64> {
    samples.iter().map(|sample| sample.waiting_ns).collect()
}

fn mm1(mean_ns: f64, load: f64) -> impl Iterator<Item = Sample> {
    let service = Service { time: Law::Exponential { mean: Span::from_nanos_f64(mean_ns) }, queue: None };
    let mut access = Access::new(at_once);
    access.set_service(SINK, Some(service));
    run(access, load, SENDERS, |figures| &figures.service)
}

/// Messages that are sent at the instants of a Poisson process, by senders in turn, so that no two meet the same chance.
/// They arrive so often that a server that takes the right time is busy for the share `load` of it.
fn run<N: Network>(
    access: Access<N>,
    load: f64,
    senders: u32,
    figures: fn(&AccessFigures) -> &QueueFigures,
) -> impl Iterator<Item = Sample> {
    let mut world = Simulation::new(1, (), access, ());
    world.start(SINK, Client);
    for sender in 0..senders {
        world.start(Address(sender), Client);
    }
    let mut arrivals = Stream::open(1, StreamPurpose(99), 0);
    let (mut now, mut before) = (SimTime::ZERO, QueueFigures::default());
    (0..MESSAGES).map(move |number| {
        let errand = Errand { to: SINK, number: number.into(), bytes: BYTES };
        world.ask(Address(number % senders), errand, Cause::default());
        now += Span::from_nanos_f64(sampler::exponential(&mut arrivals, SERVICE_NS / load));
        world.run_until(now);
        let after = *figures(world.network().figures());
        let waiting_ns = (after.waiting_ns_total - before.waiting_ns_total) as f64;
        let dropped = (after.dropped - before.dropped) as f64;
        before = after;
        Sample { waiting_ns, dropped }
    })
}

fn at_once(_: &Packet, _: &mut LinkChance<'_>) -> Verdict {
    Verdict::Deliver(Span::ZERO)
}

/// The bits a second at which a message takes so long.
fn rate(transmission_ns: f64) -> u64 {
    (f64::from(BYTES) * 8e9 / transmission_ns).round() as u64
}

const SERVICE_NS: f64 = 10e6;
const BYTES: u32 = 1250;
const MESSAGES: u32 = 60_000;
const BATCHES: usize = 50;
const SENDERS: u32 = 64;
const SINK: Address = Address(64);
