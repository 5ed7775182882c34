//! The weather of links against theory: loss one by one and in bursts, jitter, copies, distances; and that what a packet
//! meets does not depend on which others were sent.
//!
//! Every estimate comes with its standard error, found from links that are independent of each other, and must lie within
//! four of them of what theory says (by chance it does not once in 16,000; the seeds are fixed). Each check also *refuses*
//! a parameter that is 5 % off, so that it can tell.

use std::sync::Arc;

use sim::address::Address;
use sim::law::Law;
use sim::network::{
    Base, Between, DropCause, Jitter, Links, Loss, LossPer, Network, Packet, Per, Plane, SiteDelays, Verdict,
};
use sim::rng::{LinkChance, LinkField, Stream, StreamPurpose};
use sim::sampler;
use sim::time::{SimTime, Span};

const MS: Span = Span::from_millis(1);

#[test]
fn bernoulli_loss_is_independent_from_slot_to_slot() {
    let mut links = constant().with_loss(Loss::Bernoulli(0.1));
    let lost = watch(&mut links, &each_to_its_own(2_000), MS, 400);
    share(&lost, 1, |at| f64::from(at[0])).tells(0.1, 0.105);
    given_loss(&lost, 1).tells(0.1, 0.105);
}

#[test]
fn bursts_of_a_link_have_their_share_and_their_length() {
    let theory = |mean, burst_ms| Gilbert { mean, burst_ms };
    let mut links = constant().with_loss(Loss::GilbertElliott { mean: 0.1, burst: MS.times(200), per: LossPer::Link });
    let lost = watch(&mut links, &each_to_its_own(2_000), GRID, 3_000);
    let right = theory(0.1, 200.0);
    share(&lost, 1, |at| f64::from(at[0])).tells(0.1, 0.105);
    burst_length(&lost).tells(right.burst_on_grid(), theory(0.1, 210.0).burst_on_grid());
    // The correlation of loss falls with exp(-(1/b + 1/g) t).
    for steps in [1, 5, 10, 25] {
        let wanted = right.after_loss(steps);
        given_loss(&lost, steps).tells(wanted, theory(0.1, 220.0).after_loss(steps));
    }
}

#[test]
fn how_long_a_burst_has_lasted_says_nothing_of_how_long_it_will() {
    let mut links = constant().with_loss(Loss::GilbertElliott { mean: 0.3, burst: MS.times(100), per: LossPer::Link });
    let lost = watch(&mut links, &each_to_its_own(1_000), GRID, 3_000);
    let right = Gilbert { mean: 0.3, burst_ms: 100.0 };
    // Ten instants of loss, five good ones, and a good one after a burst: each leads on as a single instant does.
    let run = |lost: bool, length: usize| move |at: &[bool]| at[..length].iter().all(|instant| *instant == lost);
    conditional(&lost, 11, run(true, 10), |at| at[10]).tells(right.after_loss(1), right.after_loss(1) * 0.95);
    conditional(&lost, 6, run(false, 5), |at| at[5]).tells(right.after_none(1), right.after_none(1) * 0.95);
    let just_over = |at: &[bool]| at[0] && !at[1];
    conditional(&lost, 3, just_over, |at| at[2]).tells(right.after_none(1), right.after_none(1) * 0.9);
}

#[test]
fn bursts_have_always_been_going_on() {
    for (mean, burst_ms) in [(0.1, 200), (0.6, 50)] {
        let loss = Loss::GilbertElliott { mean, burst: MS.times(burst_ms), per: LossPer::Link };
        for at in [SimTime::ZERO, SimTime::ZERO + MS.times(burst_ms), SimTime::ZERO + MS.times(10 * burst_ms)] {
            let mut links = constant().with_loss(loss);
            let lost = each_to_its_own(100_000).into_iter().map(|(from, to)| [is_lost(&mut links, from, to, at)]);
            let lost: Vec<_> = lost.map(Vec::from).collect();
            share(&lost, 1, |at| f64::from(at[0])).tells(mean, mean * 1.05);
        }
    }
}

#[test]
fn bursts_of_an_access_are_met_by_all_its_links() {
    let mean: f64 = 0.1;
    let mut links = constant().with_loss(Loss::GilbertElliott { mean, burst: MS.times(200), per: LossPer::Access });
    let lost = watch(&mut links, &each_to_its_own(1_500), GRID, 3_000);
    share(&lost, 1, |at| f64::from(at[0])).tells(mean, mean * 1.05);
    let access = |burst_ms| Gilbert { mean: 1.0 - (1.0 - mean).sqrt(), burst_ms };
    // Both ends are good, and stay so: without loss at either of two instants.
    let after_loss = |burst_ms| {
        let stays_good = 1.0 - access(burst_ms).after_none(5);
        (1.0 - 2.0 * (1.0 - mean) + (1.0 - mean) * stays_good * stays_good) / mean
    };
    given_loss(&lost, 5).tells(after_loss(200.0), after_loss(220.0));

    // Two links of one host share its bad times, and both directions of a link are bad at once.
    let both = |at: SimTime, links: &mut Links, host: u32| {
        let there = is_lost(links, host, host + 1, at);
        assert_eq!(there, is_lost(links, host + 1, host, at));
        vec![there && is_lost(links, host, host + 2, at)]
    };
    let far = |number: u32| SimTime::ZERO + MS.times(u64::from(number) * 7_919);
    let together: Vec<_> = (0..400_000).map(|number| both(far(number), &mut links, 3 * (number % 1_000))).collect();
    let good = access(200.0).good_share();
    let wanted = 1.0 - 2.0 * good * good + good * good * good;
    share(&together, 1, |at| f64::from(at[0])).tells(wanted, wanted * 1.05);
}

#[test]
fn certain_loss_and_copies_are_certain_and_none_is_none() {
    let mut all = constant().with_loss(Loss::Bernoulli(1.0));
    let mut none = constant().with_loss(Loss::None).with_duplicates(0.0);
    let mut copied = constant().with_duplicates(1.0);
    for (from, to) in each_to_its_own(1_000) {
        assert_eq!(send(&mut all, from, to, SimTime::ZERO), Verdict::Drop(DropCause::Loss));
        assert_eq!(send(&mut none, from, to, SimTime::ZERO), Verdict::Deliver(SECOND));
        assert_eq!(send(&mut copied, from, to, SimTime::ZERO), Verdict::Duplicate(SECOND, SECOND));
    }
}

#[test]
fn copies_have_their_share_and_jitter_of_their_own() {
    let wandering = Jitter::AutoRegressive { sigma: 0.5, correlation: 0.8, every: SECOND };
    for jitter in [Jitter::Independent { sigma: 0.5 }, wandering] {
        let mut links = constant().with_duplicates(0.2).with_jitter(jitter);
        let verdicts: Vec<_> =
            each_to_its_own(200_000).into_iter().map(|(from, to)| send(&mut links, from, to, SimTime::ZERO)).collect();
        let copied = |verdict: &Verdict| vec![matches!(verdict, Verdict::Duplicate(..))];
        share(&verdicts.iter().map(copied).collect::<Vec<_>>(), 1, |at| f64::from(at[0])).tells(0.2, 0.21);
        let pairs: Vec<[f64; 2]> = verdicts
            .into_iter()
            .filter_map(|verdict| match verdict {
                Verdict::Duplicate(one, two) => Some([one, two].map(|delay| deviation(delay, 0.5))),
                _ => None,
            })
            .collect();
        moment(&pairs, |pair| pair[1] * pair[1]).tells(1.0, 1.05 * 1.05);
        moment(&pairs, |pair| pair[0] * pair[1]).tells(0.0, 0.05);
    }
}

#[test]
fn independent_jitter_is_lognormal_about_the_base() {
    let mut links = constant().with_jitter(Jitter::Independent { sigma: 0.2 });
    let instants = [SimTime::ZERO, SimTime::ZERO + MS];
    let series = deviations(&mut links, 200_000, 0.2, |_| instants.to_vec());
    moment(&series, |at| at[0]).tells(0.0, 0.05);
    moment(&series, |at| at[0] * at[0]).tells(1.0, 1.05 * 1.05);
    moment(&series, |at| at[0] * at[1]).tells(0.0, 0.05);
    moment(&series, |at| f64::from(at[0] < 1.0)).tells(0.841_345, 0.841_345 * 1.05);
}

#[test]
fn autoregressive_jitter_remembers_as_it_should() {
    for correlation in [0.99, 0.8, 0.3, 0.0] {
        let series = wandering(correlation, [0, 1]);
        moment(&series, |at| at[0]).tells(0.0, 0.05);
        moment(&series, |at| at[0] * at[0]).tells(1.0, 1.05 * 1.05);
        moment(&series, |at| f64::from(at[0] < 1.0)).tells(0.841_345, 0.841_345 * 1.05);
        moment(&series, |at| at[0] * at[1]).tells(correlation, correlation - 0.05);
    }
}

#[test]
fn autoregressive_jitter_forgets_as_it_should() {
    let power = |base: f64| base * base * base * base * base;
    let series = wandering(0.8, [0, 1, 2, 5]);
    moment(&series, |at| at[0] * at[3]).tells(power(0.8), power(0.84));
    // The step between two others parts them (Markov).
    moment(&series, |at| (at[0] - 0.8 * at[1]) * (at[2] - 0.8 * at[1])).tells(0.0, 0.05);
}

#[test]
fn autoregressive_jitter_knows_no_seams() {
    // Whatever power of two an epoch may be, up to 4096, these steps lie about the end of one.
    let about_ends = |number: u32| (4_094..4_098).map(move |step| step + 4_096 * u64::from(number % 7));
    for correlation in [0.99, 0.8] {
        let every = SECOND;
        let mut links = constant().with_jitter(Jitter::AutoRegressive { sigma: 0.6, correlation, every });
        let at = |number| about_ends(number).map(|step| SimTime::ZERO + every.times(step)).collect();
        let series = deviations(&mut links, 50_000, 0.6, at);
        for (one, other, lag) in [(0, 1, 1), (1, 2, 1), (2, 3, 1), (0, 2, 2), (1, 3, 2)] {
            let wanted = if lag == 1 { correlation } else { correlation * correlation };
            moment(&series, |at| at[one] * at[other]).tells(wanted, wanted - 0.05);
        }
    }
}

#[test]
fn a_step_of_jitter_stands_still() {
    let jitter = Jitter::AutoRegressive { sigma: 0.6, correlation: 0.999, every: SECOND };
    let mut links = constant().with_jitter(jitter);
    let at = |ms| SimTime::ZERO + MS.times(ms);
    assert_eq!(send(&mut links, 1, 2, at(5_000)), send(&mut links, 1, 2, at(5_999)));
    let next = send(&mut links, 1, 2, at(6_000));
    assert_ne!(send(&mut links, 1, 2, at(5_999)), next);
    assert_ne!(send(&mut links, 2, 1, at(6_000)), next, "each direction wanders on its own");
}

#[test]
fn hosts_stand_anywhere_in_the_plane() {
    // The mean distance of two random points in a square is (2 + sqrt 2 + 5 ln(1 + sqrt 2)) / 15 of a side.
    const MEAN_DISTANCE: f64 = 0.521_405_433_164_720_7;
    let (side, access) = (MS.times(100), Law::Exponential { mean: MS.times(5) });
    let delay = |plane: &Plane, pair: u32| [plane.delay(2 * pair, 2 * pair + 1).as_millis_f64()];
    let bare = Plane::new(1, 200_000, side, None);
    let distances: Vec<_> = (0..100_000).map(|pair| delay(&bare, pair)).collect();
    moment(&distances, |at| at[0]).tells(MEAN_DISTANCE * 100.0, MEAN_DISTANCE * 105.0);
    // The mean square is a third: a sixth for each coordinate.
    moment(&distances, |at| at[0] * at[0]).tells(1e4 / 3.0, 1.05 * 1.05 * 1e4 / 3.0);
    let with_access = Plane::new(1, 200_000, side, Some(access));
    let accesses: Vec<_> = (0..100_000).map(|pair| [delay(&with_access, pair)[0] - delay(&bare, pair)[0]]).collect();
    moment(&accesses, |at| at[0]).tells(10.0, 10.5);
}

#[test]
fn what_a_packet_meets_does_not_depend_on_what_was_asked_before() {
    let mut words = Stream::open(7, StreamPurpose(99), 0);
    let mut below = |bound| sampler::below(&mut words, bound);
    let asked: Vec<_> =
        (0..6_000).map(|_| (below(30) as u32, below(30) as u32, SimTime::from_nanos(below(40_000_000_000)))).collect();
    for links in [links_with_all(LossPer::Link, plane()), links_with_all(LossPer::Access, sites()), wild()] {
        let ask = |links: &mut Links, order: &[usize]| {
            let mut answers = vec![Verdict::Deliver(Span::ZERO); asked.len()];
            for number in order {
                let (from, to, at) = asked[*number];
                answers[*number] = send(links, from, to, at);
            }
            answers
        };
        let mut order: Vec<usize> = (0..asked.len()).collect();
        let (mut used, expected) = (links(), ask(&mut links(), &order));
        for turn in 0..3 {
            sampler::shuffle(&mut Stream::open(7, StreamPurpose(99), 1 + turn), &mut order);
            assert_eq!(ask(&mut used, &order), expected);
        }
        for number in order.into_iter().take(30) {
            let (from, to, at) = asked[number];
            assert_eq!(
                send(&mut links(), from, to, at),
                expected[number],
                "asked of links that were never asked before"
            );
        }
        let kinds = expected.iter().map(|verdict| matches!(verdict, Verdict::Deliver(_)));
        let delivered = kinds.filter(|delivered| *delivered).count();
        assert!((1_000..5_900).contains(&delivered), "{delivered}: some arrive once, others do not");
    }
}

#[test]
fn a_host_keeps_its_weather_under_a_new_address() {
    let hosts = vec![0, 1, 2, 1];
    let jitter = Jitter::AutoRegressive { sigma: 0.6, correlation: 0.8, every: SECOND };
    let loss = Loss::GilbertElliott { mean: 0.5, burst: SECOND, per: LossPer::Link };
    let exponential = Base::Law { law: Law::Exponential { mean: SECOND }, per: Per::Pair };
    let mut links = Links::new(1, exponential).with_hosts(hosts).with_jitter(jitter).with_loss(loss);
    let (mut lost, mut other) = (0, 0);
    for second in 0..200 {
        let at = SimTime::ZERO + SECOND.times(second);
        let old = send(&mut links, 0, 1, at);
        assert_eq!(old, send(&mut links, 0, 3, at), "addresses 1 and 3 live on one host");
        lost += u32::from(matches!(old, Verdict::Drop(_)));
        other += u32::from(old != send(&mut links, 0, 2, at));
    }
    assert!((60..140).contains(&lost) && other > 100, "{lost} {other}");
    let at = SimTime::ZERO;
    assert_ne!(send(&mut links, 1, 3, at), send(&mut links, 0, 1, at), "a host is a pair with itself like any other");
}

#[test]
fn ordered_links_keep_the_order_and_hold_nothing_up_for_longer() {
    let links =
        || Links::of(1, Law::Exponential { mean: MS.times(40) }, Per::Packet).with_loss(0.1).with_duplicates(0.1);
    let (mut free, mut ordered) = (links(), links().ordered());
    let mut words = Stream::open(7, StreamPurpose(99), 9);
    let mut latest = std::collections::BTreeMap::new();
    let mut at = SimTime::ZERO;
    let mut held_up = 0;
    for _ in 0..50_000 {
        at += Span::from_micros(sampler::below(&mut words, 500));
        let (from, to) = (sampler::below(&mut words, 12) as u32, sampler::below(&mut words, 12) as u32);
        // The obvious way: whatever was ever sent on a link is waited for.
        let latest = latest.entry((from, to)).or_insert(SimTime::ZERO);
        let mut wait = |delay: Span| {
            *latest = (at + delay).max(*latest);
            held_up += u32::from(*latest > at + delay);
            *latest - at
        };
        let expected = match send(&mut free, from, to, at) {
            Verdict::Deliver(delay) => Verdict::Deliver(wait(delay)),
            Verdict::Duplicate(one, two) => Verdict::Duplicate(wait(one), wait(two)),
            lost @ Verdict::Drop(_) => lost,
        };
        assert_eq!(send(&mut ordered, from, to, at), expected);
    }
    assert!(held_up > 5_000, "{held_up}");
}

/// Gilbert's process, as its theory has it, seen every [`GRID`].
struct Gilbert {
    mean: f64,
    burst_ms: f64,
}

impl Gilbert {
    fn good_share(&self) -> f64 {
        1.0 - self.mean
    }

    /// How much of a difference from the mean is left after so many instants: `exp(-(1/b + 1/g) t)`.
    fn left_after(&self, steps: u32) -> f64 {
        let good_ms = self.burst_ms * (1.0 - self.mean) / self.mean;
        libm::exp(-(1.0 / self.burst_ms + 1.0 / good_ms) * f64::from(steps) * GRID.as_millis_f64())
    }

    fn after_loss(&self, steps: u32) -> f64 {
        self.mean + (1.0 - self.mean) * self.left_after(steps)
    }

    fn after_none(&self, steps: u32) -> f64 {
        self.mean * (1.0 - self.left_after(steps))
    }

    /// Instants of loss in a row: a good time that lies between two of them is not seen.
    fn burst_on_grid(&self) -> f64 {
        1.0 / (1.0 - self.after_loss(1))
    }
}

/// A mean over independent links, with its standard error.
#[derive(Debug)]
struct Estimate {
    value: f64,
    error: f64,
}

impl Estimate {
    /// A ratio of two sums, to which each link contributes a pair.
    fn ratio(pairs: impl Iterator<Item = (f64, f64)> + Clone) -> Self {
        let (above, below) = pairs.clone().fold((0.0, 0.0), |sum, pair| (sum.0 + pair.0, sum.1 + pair.1));
        let value = above / below;
        let squares = pairs.map(|(above, below)| (above - value * below) * (above - value * below));
        Self { value, error: squares.sum::<f64>().sqrt() / below }
    }

    /// It agrees with what is right, and would not agree with what is wrong.
    fn tells(&self, right: f64, wrong: f64) {
        assert!((self.value - right).abs() < 4.0 * self.error, "{self:?} should be {right}");
        assert!((self.value - wrong).abs() > 4.0 * self.error, "{self:?} could be {wrong}");
    }
}

/// Whether what is sent on each link at each instant of the grid is lost.
fn watch(links: &mut Links, pairs: &[(u32, u32)], grid: Span, instants: u64) -> Vec<Vec<bool>> {
    let instant = |number| SimTime::ZERO + grid.times(number);
    let series = |(from, to): &(u32, u32)| (0..instants).map(|at| is_lost(links, *from, *to, instant(at))).collect();
    pairs.iter().map(series).collect()
}

/// The mean of something over all windows of so many instants.
fn share(lost: &[Vec<bool>], window: usize, what: impl Fn(&[bool]) -> f64 + Copy) -> Estimate {
    Estimate::ratio(lost.iter().map(move |series| {
        let windows = series.windows(window);
        (windows.clone().map(what).sum(), windows.len() as f64)
    }))
}

/// The share of the windows that begin like this which also go on like that.
fn conditional(
    lost: &[Vec<bool>],
    window: usize,
    begins: impl Fn(&[bool]) -> bool + Copy,
    goes_on: impl Fn(&[bool]) -> bool + Copy,
) -> Estimate {
    Estimate::ratio(lost.iter().map(move |series| {
        let windows = series.windows(window).filter(|window| begins(window));
        (windows.clone().filter(|window| goes_on(window)).count() as f64, windows.count() as f64)
    }))
}

/// The probability of loss so many instants after a loss.
fn given_loss(lost: &[Vec<bool>], steps: u32) -> Estimate {
    conditional(lost, steps as usize + 1, |at| at[0], |at| at[at.len() - 1])
}

/// Instants of loss for each end of a burst.
fn burst_length(lost: &[Vec<bool>]) -> Estimate {
    Estimate::ratio(lost.iter().map(|series| {
        let bad = series.windows(2).filter(|at| at[0]);
        (bad.clone().count() as f64, bad.filter(|at| !at[1]).count() as f64)
    }))
}

/// The mean of something over links that were each seen at a few instants.
fn moment<S: AsRef<[f64]>>(series: &[S], what: impl Fn(&[f64]) -> f64 + Copy) -> Estimate {
    Estimate::ratio(series.iter().map(move |at| (what(at.as_ref()), 1.0)))
}

/// The jitter of many links, in sigmas, at a few steps after one that is another for each link, so that all steps of an
/// epoch count alike, and its ends.
fn wandering<const STEPS: usize>(correlation: f64, steps: [u64; STEPS]) -> Vec<Vec<f64>> {
    let every = MS.times(16_000);
    let mut links = constant().with_jitter(Jitter::AutoRegressive { sigma: 0.6, correlation, every });
    let at = |number: u32, step: u64| SimTime::ZERO + every.times(u64::from(number) * 7_919 % 10_000 + step);
    deviations(&mut links, 100_000, 0.6, |number| steps.map(|step| at(number, step)).to_vec())
}

/// By how many sigmas the logarithm of the delay is off the base, for each link at each of its instants.
fn deviations(links: &mut Links, count: u32, sigma: f64, instants: impl Fn(u32) -> Vec<SimTime>) -> Vec<Vec<f64>> {
    let mut delay = |from, to, at| match send(links, from, to, at) {
        Verdict::Deliver(delay) => deviation(delay, sigma),
        other => panic!("{other:?}"),
    };
    let pairs = each_to_its_own(count).into_iter().enumerate();
    pairs
        .map(|(number, (from, to))| instants(number as u32).into_iter().map(|at| delay(from, to, at)).collect())
        .collect()
}

/// Of a delay whose base is a second.
fn deviation(delay: Span, sigma: f64) -> f64 {
    libm::log(delay.as_secs_f64()) / sigma
}

/// Links of which no two have a host in common.
fn each_to_its_own(count: u32) -> Vec<(u32, u32)> {
    (0..count).map(|number| (2 * number, 2 * number + 1)).collect()
}

fn is_lost(links: &mut Links, from: u32, to: u32, at: SimTime) -> bool {
    matches!(send(links, from, to, at), Verdict::Drop(DropCause::Loss))
}

fn send(links: &mut Links, from: u32, to: u32, now: SimTime) -> Verdict {
    // Opening the field costs more than a packet, and it is the same for all.
    thread_local!(static WEATHER: LinkField = LinkField::new(8, StreamPurpose::WEATHER));
    let (from, to) = (Address(from), Address(to));
    WEATHER
        .with(|weather| links.route(&Packet { now, from, to, bytes: 1 }, &mut LinkChance::new(weather, from, to, now)))
}

fn constant() -> Links {
    Links::of(1, Law::Constant(SECOND), Per::Pair)
}

fn links_with_all(per: LossPer, base: Base) -> Box<dyn Fn() -> Links> {
    let jitter = Jitter::AutoRegressive { sigma: 0.6, correlation: 0.9, every: MS.times(100) };
    let loss = Loss::GilbertElliott { mean: 0.2, burst: MS.times(200), per };
    let hosts: Vec<u32> = (0..30).map(|address| address * 7 % 25).collect();
    Box::new(move || {
        let links = Links::new(1, base.clone()).with_hosts(hosts.clone());
        links.with_jitter(jitter).with_loss(loss).with_duplicates(0.3)
    })
}

/// More loss than not, in bursts that last longer than the good times between them.
fn wild() -> Box<dyn Fn() -> Links> {
    let base = Base::Law { law: Law::Pareto { minimum: MS, shape: 1.1 }, per: Per::Pair };
    let loss = Loss::GilbertElliott { mean: 0.7, burst: SECOND.times(3), per: LossPer::Link };
    let jitter = Jitter::Independent { sigma: 1.0 };
    Box::new(move || Links::new(1, base.clone()).with_jitter(jitter).with_loss(loss).with_duplicates(0.1))
}

fn plane() -> Base {
    Base::Plane(Plane::new(1, 30, MS.times(100), Some(Law::LogNormal { median: MS.times(5), sigma: 0.8 })))
}

fn sites() -> Base {
    let delays = (0..16).map(|cell| MS.times(1 + cell)).collect();
    Base::Between(Between::new(Arc::new(SiteDelays::new(4, delays)), (0..30).map(|host| host % 4).collect()))
}

const SECOND: Span = Span::from_secs(1);
/// How often the bursts are looked at.
const GRID: Span = Span::from_millis(20);
