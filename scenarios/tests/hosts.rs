//! Hosts: where they stand and what they are is a function of seed and host; who cannot be dialled is nobody's bootstrap, and owns nothing.

#[path = "common/shipped.rs"]
mod shipped;
#[path = "common/watching.rs"]
mod watching;

use std::collections::{BTreeMap, BTreeSet};

use protocols::dht::Report;
use scenarios::ast::{PlacementSpec, Scenario};
use scenarios::oracle::Outcome;
use scenarios::plan::{Deed, Plan};
use scenarios::read;
use shipped::FileOf;
use sim::address::Address;
use sim::law::Law;
use sim::network::DropCause;
use sim::time::{SimTime, Span};
use watching::{What, watch};

const REGIONS: &str = r#"network: (latency: Regions(
    names: ["eu", "us", "asia"], shares: [0.6, 0.3, 0.1],
    one_way: [["5ms", "45ms", "90ms"], ["45ms", "8ms", "70ms"], ["90ms", "70ms", "9ms"]],
    bandwidth: [(up: "1Mbit/s", down: "2Mbit/s"), (up: "3Mbit/s", down: "4Mbit/s"), (up: "5Mbit/s", down: "6Mbit/s")],
)),"#;
const SLOW: &str = r#"hosts: (undialable: 0.4, slow: [
    (share: 0.1, service: Constant("5ms")), (share: 0.2, service: Exponential(mean: "9ms")),
]),"#;
const HOSTS: u32 = 20_000;

#[test]
fn hosts_stand_in_regions_and_are_slow_or_undialable_by_their_shares() {
    let plan = plan(&format!("{REGIONS} {SLOW}"), 7);
    let placement = &plan.placement;
    // Four standard deviations of a binomial law; a share off by .02 is seen.
    let counts = |holds: &dyn Fn(u32) -> bool, share: f64| {
        let count = (0..HOSTS).filter(|host| holds(*host)).count() as f64;
        let off =
            |share: f64| (count / f64::from(HOSTS) - share).abs() / (share * (1.0 - share) / f64::from(HOSTS)).sqrt();
        assert!(off(share) < 4.0, "{count} of {HOSTS} for {share}");
        assert!(off(share + 0.02) > 4.0, "{count} of {HOSTS} would do for {share} + 0.02 too");
    };
    for (region, share) in [("eu", 0.6), ("us", 0.3), ("asia", 0.1)] {
        counts(&|host| placement.region_of(host) == Some(region), share);
    }
    counts(&|host| placement.is_undialable(host), 0.4);
    counts(&|host| placement.service_of(host) == Some(Law::Constant(Span::from_millis(5))), 0.1);
    counts(&|host| placement.service_of(host) == Some(Law::Exponential { mean: Span::from_millis(9) }), 0.2);
    // Drawn apart: of those in one region as many are undialable as of all, and of the slow.
    let eu: Vec<u32> = (0..HOSTS).filter(|host| placement.region_of(*host) == Some("eu")).collect();
    let both = eu.iter().filter(|host| placement.is_undialable(**host)).count() as f64 / eu.len() as f64;
    assert!((both - 0.4).abs() < 4.0 * (0.24 / eu.len() as f64).sqrt(), "{both}");
}

#[test]
fn a_larger_share_keeps_whoever_was_there_and_a_kind_more_moves_no_host_of_another() {
    let undialable = |share: &str| {
        let plan = plan(&format!("hosts: (undialable: {share}),"), 7);
        (0..1000).filter(|host| plan.placement.is_undialable(*host)).collect::<BTreeSet<u32>>()
    };
    let (few, many) = (undialable("0.2"), undialable("0.5"));
    assert!(few.is_subset(&many) && few.len() < many.len());
    assert!(!undialable("1.0").contains(&0), "somebody must be there to be asked");
    assert_eq!(undialable("1.0").len(), 999);
    let first_kind = |hosts: &str| {
        let plan = plan(hosts, 7);
        let is_first = |host: &u32| plan.placement.service_of(*host) == Some(Law::Constant(Span::from_millis(5)));
        (0..1000).filter(is_first).collect::<Vec<u32>>()
    };
    assert_eq!(first_kind(SLOW), first_kind(r#"hosts: (slow: [(share: 0.1, service: Constant("5ms"))]),"#));
}

#[test]
fn other_seeds_place_hosts_otherwise_and_more_hosts_move_none() {
    let regions = |seed: u64| {
        let plan = plan(REGIONS, seed);
        (0..50).map(|host| plan.placement.region_of(host).expect("regions").to_owned()).collect::<Vec<String>>()
    };
    assert_ne!(regions(7), regions(8));
    let matrix = plan(r#"network: (latency: Matrix(file: "four.csv", values: OneWay)),"#, 7);
    let (few, many) = (matrix.placement.sites(3, 4), matrix.placement.sites(4_003, 4));
    assert_eq!(few, many[..3]);
}

#[test]
fn sites_are_taken_equally_often_in_an_order_of_each_round() {
    let sites = |placement: &str, seed| {
        let text = format!(r#"network: (latency: Matrix(file: "four.csv", values: OneWay, placement: {placement})),"#);
        plan(&text, seed).placement.sites(42, 4)
    };
    assert_eq!(sites("InOrder", 7)[..9], [0, 1, 2, 3, 0, 1, 2, 3, 0]);
    let random = sites("Random", 7);
    let rounds: Vec<&[u32]> = random.chunks(4).collect();
    for round in &rounds[..10] {
        assert_eq!(round.iter().copied().collect::<BTreeSet<u32>>(), (0..4).collect(), "{round:?}");
    }
    assert!(rounds[..10].iter().collect::<BTreeSet<_>>().len() > 5, "{rounds:?}");
    assert_ne!(sites("Random", 8), random);
    assert_eq!(PlacementSpec::default(), PlacementSpec::Random);
}

#[test]
fn access_links_are_those_of_the_region_else_those_of_all() {
    let up = |text: &str, host| plan(text, 7).placement.bandwidth_of(host).map(|bandwidth| bandwidth.up.0);
    let wanted =
        [("eu", 1_000_000), ("us", 3_000_000), ("asia", 5_000_000)].into_iter().collect::<BTreeMap<&str, u64>>();
    let placed = plan(REGIONS, 7);
    for host in 0..30 {
        assert_eq!(up(REGIONS, host), Some(wanted[placed.placement.region_of(host).expect("regions")]));
    }
    let all = r#"network: (bandwidth: (up: "7Mbit/s", down: "7Mbit/s")),"#;
    assert_eq!(up(all, 3), Some(7_000_000));
    let none = r#"network: (latency: Regions(preset: "world-2019", bandwidth: [])),"#;
    assert_eq!(up(none, 3), None);
    let both = none.replace("bandwidth: [])", r#"bandwidth: []), bandwidth: (up: "7Mbit/s", down: "7Mbit/s")"#);
    assert_eq!(up(&both, 3), Some(7_000_000));
}

#[test]
fn nobody_asks_whom_nobody_can_dial() {
    for seed in 1..20 {
        let plan = plan("hosts: (undialable: 0.7),", seed);
        let mut asked = 0;
        for line in plan.lines() {
            if let Deed::Join { bootstraps, .. } = line.deed {
                asked += bootstraps.len();
                assert!(
                    bootstraps.iter().all(|node| !plan.placement.is_undialable(plan.host(*node))),
                    "{bootstraps:?}"
                );
            }
        }
        assert!(asked > 10, "seed {seed}: {asked}");
    }
}

#[test]
fn a_region_can_crash_whole_or_in_part() {
    let crashed = |who: &str| {
        let text = format!(r#"(at: "0s", do: Join(nodes: 40)), (at: "9s", do: Crash({who}))"#);
        let (_, plan) = made(&scenario(REGIONS, &text), 7);
        let gone: Vec<Address> = plan
            .lines()
            .filter_map(|line| if let Deed::Crash { node, .. } = line.deed { Some(node) } else { None })
            .collect();
        let there = |node: &Address| plan.placement.region_of(plan.host(*node)) == Some("us");
        assert!(gone.iter().all(there), "{gone:?}");
        (gone.len(), (0..40).map(Address).filter(there).count())
    };
    let (gone, all) = crashed(r#"region: "us""#);
    assert!(gone == all && all > 5, "{gone} of {all}");
    assert_eq!(crashed(r#"region: "us", count: 3"#).0, 3);
    assert_eq!(crashed(r#"region: "us", fraction: 0.5"#).0, (all as f64 * 0.5).round() as usize);
}

#[test]
fn a_slow_node_is_mended_when_its_last_time_ends_even_if_it_is_down() {
    let mended = |text: &str| {
        let (original, plan) = made(&scenario("", &format!(r#"(at: "0s", do: Join(nodes: 5)), {text}"#)), 7);
        let printed = plan.to_scenario(&original);
        let again = Plan::make(&printed, 7, &FileOf("")).unwrap_or_else(|mistake| panic!("{mistake}"));
        assert_eq!(again.to_scenario(&printed), printed);
        let mends = plan.lines().filter(|line| matches!(line.deed, Deed::Mend(_)));
        mends.map(|line| line.at.since(SimTime::ZERO).as_nanos() / 1_000_000_000).collect::<Vec<u64>>()
    };
    let slow = |at: u32, lasts: u32| {
        format!(r#"(at: "{at}s", do: Slow(nodes: [1], service: Constant("5ms"), lasts: "{lasts}s")),"#)
    };
    assert_eq!(mended(&slow(5, 10)), [15]);
    assert_eq!(mended(&format!("{}{}", slow(5, 10), slow(8, 20))), [28], "the second takes the place of the first");
    assert_eq!(mended(&format!("{}{}", slow(5, 20), slow(8, 2))), [10]);
    let crash = r#"(at: "6s", do: Crash(nodes: [1])), (at: "20s", do: Restart(nodes: [1])),"#;
    assert_eq!(mended(&format!("{}{crash}", slow(5, 10))), [15], "its host is slow, up or down");
    assert_eq!(
        mended(r#"(at: "5s", do: Slow(count: 3, every: "1s", service: Constant("5ms"), lasts: "2s")),"#),
        [7, 8, 9]
    );
    assert_eq!(
        mended(r#"(at: "5s", do: Slow(count: 3, service: Constant("5ms"))), (at: "9s", do: Mend(count: 5)),"#),
        [9; 5]
    );
}

#[test]
fn who_cannot_be_dialled_joins_and_asks_but_owns_nothing() {
    for protocol in ["Chord()", "Kademlia()", "Pastry()"] {
        for begin in [r#"Join(nodes: 20, every: "100ms")"#, "Converged(nodes: 20)"] {
            let text = scenario("hosts: (undialable: 0.4),", &format!(r#"(at: "0s", do: {begin})"#))
                .replace("Chord()", protocol)
                .replace("end:", r#"workload: [Lookups(from: "20s", rate: "20/s")], end:"#);
            let (original, plan) = made(&text, 7);
            let is_undialable = |node: &Address| plan.placement.is_undialable(plan.host(*node));
            let seen = watch(&original, &plan, 0);
            let undialable = (0..20).map(Address).filter(is_undialable).count();
            assert!((4..12).contains(&undialable), "{undialable}");
            // A protocol may do badly among them, and who cannot be asked may never be let in; but it is not the judge's doing.
            assert!((10..=20 - undialable).contains(&seen.members), "{protocol}, {begin}: {} members", seen.members);
            let joined = |(_, what): &&(SimTime, What)| matches!(what, What::Reported(node, Report::Joined) if is_undialable(node));
            assert!(seen.seen.iter().filter(joined).count() >= 2, "{protocol}, {begin}: some of them join");
            let turned_away = |(_, what): &&(SimTime, What)| matches!(what, What::Dropped(.., DropCause::Undialable));
            assert!(seen.seen.iter().filter(turned_away).count() > 0, "{protocol}, {begin}: some call in vain");
            let theirs = seen.judged.iter().filter(|judged| is_undialable(&judged.issuer));
            let correct = theirs.filter(|judged| judged.outcome == Outcome::Correct).count();
            assert!(correct >= 20, "{protocol}, {begin}: {correct} of what they ask is answered");
            assert!(seen.judged.iter().all(|judged| !judged.truth.as_ref().is_some_and(is_undialable)));
        }
    }
}

fn plan(more: &str, seed: u64) -> Plan {
    made(&scenario(more, r#"(at: "0s", do: Join(nodes: 30, every: "100ms"))"#), seed).1
}

fn made(text: &str, seed: u64) -> (Scenario, Plan) {
    read::plan("made.ron", text.as_bytes(), Some(seed), &FileOf(FOUR)).unwrap_or_else(|error| panic!("{error}"))
}

fn scenario(more: &str, lines: &str) -> String {
    format!("(\n    id_bits: 16,\n    protocols: [Chord()],\n    {more}\n    script: [{lines}],\n    end: \"60s\",\n)")
}

const FOUR: &str = "0,10,20,30\n10,0,40,50\n20,40,0,60\n30,50,60,0\n";
