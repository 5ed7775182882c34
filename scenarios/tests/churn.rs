//! Churn against theory: what a plan decides follows the laws that were named, from the first instant on.
//!
//! Hosts are independent, so that a mean over hosts is normal (central limit theorem) with the standard error that the
//! hosts themselves show; four of these are allowed, which a right figure exceeds once in 16,000 times. Seeds are fixed. Each
//! check also sees that it would refuse a figure that is a little off.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use scenarios::ast::{LawSpec, churn_presets};
use scenarios::files::{Files, Folder, NoFiles};
use scenarios::plan::{Deed, Line, Plan};
use scenarios::read;
use sim::law::Law;
use sim::time::{SimTime, Span};

const EXPONENTIAL: &str = r#"Exponential(mean: "1h")"#;
const WEIBULL: &str = r#"Weibull(shape: 0.5, scale: "30m")"#;
/// Its mean is an hour: exp(1.5² / 2) times the median.
const LOGNORMAL: &str = r#"LogNormal(median: "1168765ms", sigma: 1.5)"#;
const PARETO: &str = r#"Pareto(minimum: "20m", shape: 1.5)"#;

#[test]
fn a_steady_beginning_has_the_population_and_the_departures_of_theory_from_the_first_instant_on() {
    for session in [EXPONENTIAL, WEIBULL, LOGNORMAL, PARETO] {
        let lives = steady(&format!(r#"session: {session}, downtime: Exponential(mean: "30m")"#), 1);
        for (from, until) in WINDOWS {
            let (up, departures) = (lives.share_up(from, until), lives.departures(from, until));
            assert_fits(&up, 1.0 / 1.5, &format!("population, {session}, {from} to {until}"));
            assert_fits(&departures, (until - from) / 1.5, &format!("departures, {session}, {from} to {until}"));
        }
    }
}

#[test]
fn so_it_is_where_downtimes_are_heavy_or_there_are_none_or_sessions_are_correlated() {
    let cases = [
        (r#"session: Weibull(shape: 0.5, scale: "30m"), downtime: Weibull(shape: 0.5, scale: "15m")"#, 1.5),
        (r#"session: LogNormal(median: "1168765ms", sigma: 1.5)"#, 1.0),
        (r#"session: LogNormal(median: "1168765ms", sigma: 1.5), correlation: 0.43"#, 1.0),
        (r#"session: LogNormal(median: "1168765ms", sigma: 1.5), downtime: Constant("30m"), correlation: 0.43"#, 1.5),
        (r#"session: Uniform(low: "0s", high: "2h"), downtime: Constant("30m"), id: Same"#, 1.5),
    ];
    for (laws, cycle) in cases {
        let lives = steady(laws, 2);
        for (from, until) in WINDOWS {
            assert_fits(&lives.departures(from, until), (until - from) / cycle, &format!("{laws}, {from} to {until}"));
            let up = mean_of(&lives.share_up(from, until));
            assert!((up - 1.0 / cycle).abs() < 0.02, "{laws}: {up} up");
        }
    }
}

#[test]
fn classes_have_each_their_share_and_their_laws() {
    let lives = steady(
        r#"classes: [
            (share: 0.5, session: Exponential(mean: "15m"), downtime: Exponential(mean: "15m")),
            (share: 0.3, session: Weibull(shape: 0.5, scale: "30m"), downtime: Exponential(mean: "2h")),
            (share: 0.2, session: Exponential(mean: "10h")),
        ]"#,
        3,
    );
    let (rate, up) = (0.5 / 0.5 + 0.3 / 3.0 + 0.2 / 10.0, 0.5 * 0.5 + 0.3 / 3.0 + 0.2);
    for (from, until) in WINDOWS {
        assert_fits(&lives.departures(from, until), rate * (until - from), "departures of classes");
        assert_fits(&lives.share_up(from, until), up, "population of classes");
    }
}

#[test]
fn a_beginning_of_fresh_sessions_is_not_steady() {
    let lives = lives(&format!(r#"session: {WEIBULL}, downtime: Exponential(mean: "30m"), begin: Fresh"#), 4);
    let (from, until) = WINDOWS[0];
    assert!(z(&lives.departures(from, until), (until - from) / 1.5) > 20.0, "the young go early");
    assert!(z(&lives.share_up(from, 0.01), 1.0 / 1.5) > 20.0, "all are up at first");
    assert!(lives.share_up(0.0, 1e-9).iter().sum::<f64>() > f64::from(HOSTS) - 0.5);
}

#[test]
fn an_empty_beginning_has_nobody_until_downtimes_end() {
    let lives = lives(r#"session: Exponential(mean: "1h"), downtime: Uniform(low: "1h", high: "2h"), begin: Empty"#, 5);
    assert!(lives.share_up(0.0, 1.0).iter().sum::<f64>() < 1e-9);
    assert!(lives.share_up(1.0, 2.0).iter().sum::<f64>() > 1000.0);
}

#[test]
fn sessions_and_downtimes_have_their_laws() {
    let laws = [(WEIBULL, PARETO), (LOGNORMAL, EXPONENTIAL), (EXPONENTIAL, WEIBULL)];
    for (session, downtime) in laws {
        let text = format!("session: {session}, downtime: {downtime}, begin: Fresh, correlation: 0.3");
        let lives = lives_of(20_000, &text, 4, 6);
        let first = |host: &Vec<(f64, f64)>| host[0].1;
        let lengths: Vec<f64> = lives.hosts.values().map(first).collect();
        let pauses: Vec<f64> =
            lives.hosts.values().filter(|host| host[0].1 < 2.0).map(|host| pause_after_first(host)).collect();
        for (law, spans, within) in [(session, lengths, 4.0), (downtime, pauses, 2.0)] {
            let distance =
                |stretch: f64| ks(&spans, within, |hours| law_of(law).cumulative(hours_span(hours / stretch)));
            assert!(distance(1.0) < KS_LIMIT, "{law}: {}", distance(1.0));
            assert!(distance(1.1) > KS_LIMIT, "{law}: ten per cent too long would pass: {}", distance(1.1));
        }
    }
}

#[test]
fn consecutive_sessions_are_correlated_as_said() {
    let correlation = |rho: &str| {
        let text = format!(
            r#"session: LogNormal(median: "1s", sigma: 1.5), downtime: Constant("10h"), begin: Fresh, correlation: {rho}"#
        );
        let lives = lives_of(20_000, &text, 25, 7);
        let pairs = |host: &Vec<(f64, f64)>| {
            let length = |k: usize| libm::log(host[k].1 - host[k].0);
            assert_eq!(host.len(), 3);
            [(length(0), length(1)), (length(1), length(2))]
        };
        let pairs: Vec<(f64, f64)> = lives.hosts.values().flat_map(pairs).collect();
        (pearson(&pairs), pairs.len() as f64)
    };
    for (text, rho) in [("0.43", 0.43), ("-0.5", -0.5), ("0.0", 0.0)] {
        let (found, pairs) = correlation(text);
        // The standard error of a correlation of normals; pairs that share a session are taken for half as many.
        let limit = 4.0 * (1.0 - rho * rho) / (pairs / 2.0).sqrt();
        assert!((found - rho).abs() < limit, "{found} is not {rho}");
        assert!((found - (rho + 0.045)).abs() > limit, "{found} would pass for {}", rho + 0.045);
    }
}

#[test]
fn so_many_say_goodbye() {
    let plan = sessions(2000, r#"session: Exponential(mean: "1h"), graceful: 0.3"#, 10, 8);
    let goodbyes = |line: &Line| match line.deed {
        Deed::Leave { .. } => Some(1.0),
        Deed::Crash { .. } => Some(0.0),
        _ => None,
    };
    let all: Vec<f64> = plan.lines().filter_map(|line| goodbyes(&line)).collect();
    assert_fits(&all, 0.3, "goodbyes");
    for (share, word) in [("0.0", "Crash"), ("1.0", "Leave")] {
        let plan = sessions(50, &format!(r#"session: Exponential(mean: "1h"), graceful: {share}"#), 10, 8);
        let gone = |line: &Line| matches!(line.deed, Deed::Leave { .. } | Deed::Crash { .. });
        assert!(plan.lines().filter(gone).all(|line| format!("{:?}", line.deed).starts_with(word)));
    }
}

#[test]
fn poisson_clocks_strike_as_often_and_as_evenly_as_they_should() {
    let churn = r#"[
        Arrivals(rate: "20/h"),
        Departures(rate: "15/h", graceful: 1.0),
        Failures(rate: "10/h", count: 2, back: (after: Constant("1s"))),
    ]"#;
    let plan = plan(r#"(at: "0s", do: Converged(nodes: 20000))"#, churn, 1000, 9);
    let hours = |is: fn(&Deed) -> bool| {
        let mut counts = vec![0.0; 1000];
        for line in plan.lines().filter(|line| is(&line.deed)) {
            counts[(hours_of(line.at)) as usize] += 1.0;
        }
        counts
    };
    let cases: [(&str, f64, Vec<f64>); 4] = [
        ("arrivals", 20.0, hours(|deed| matches!(deed, Deed::Join { .. }))),
        ("departures", 15.0, hours(|deed| matches!(deed, Deed::Leave { .. }))),
        ("failures", 10.0, hours(|deed| matches!(deed, Deed::Crash { .. })).iter().map(|two| two / 2.0).collect()),
        ("returns", 10.0, hours(|deed| matches!(deed, Deed::Restart { .. })).iter().map(|two| two / 2.0).collect()),
    ];
    for (what, rate, counts) in cases {
        assert_fits(&counts, rate, what);
        // The index of dispersion of a Poisson number is 1, with standard error √(2/n) over n of them.
        let dispersion = variance_of(&counts) / mean_of(&counts);
        assert!((dispersion - 1.0).abs() < 4.0 * (2.0f64 / 1000.0).sqrt(), "{what}: {dispersion}");
    }
}

#[test]
fn failures_of_a_region_take_all_who_stand_there_and_nobody_else() {
    let text = r#"(protocols: [Chord()], network: (latency: Regions(preset: "world-2019")),
        script: [(at: "0s", do: Converged(nodes: 200))],
        churn: {"all": Failures(rate: "1/h", region: "europe", until: "10h"),
            "part": Failures(rate: "1/h", fraction: 0.1, region: "north-america", from: "10h", until: "20h")},
        end: "20h", seed: 19)"#;
    let (_, plan) = read::plan("region.ron", text.as_bytes(), None, &NoFiles).unwrap_or_else(|error| panic!("{error}"));
    let region = |line: &Line| match line.deed {
        Deed::Crash { node, .. } => plan.placement.region_of(plan.host(node)),
        _ => None,
    };
    let fallen: Vec<&str> = plan.lines().filter_map(|line| region(&line)).collect();
    let stand = |name: &str| (0..200).filter(|host| plan.placement.region_of(*host) == Some(name)).count();
    let fell = |name: &str| fallen.iter().filter(|other| **other == name).count();
    assert_eq!(fell("europe"), stand("europe"));
    assert!(stand("europe") > 50 && fell("north-america") > 0 && fell("north-america") < stand("north-america"));
    assert_eq!(fallen.len(), fell("europe") + fell("north-america"));
}

#[test]
fn new_nodes_that_stay_for_a_while_are_a_poisson_number_from_the_first_instant_on() {
    for (session, diurnal, expected) in [
        (LOGNORMAL, "", 50.0),
        (r#"Exponential(mean: "6h")"#, "", 300.0),
        // ∫ r(-u) P(S > u) du, where r(u) = 1 + cos(2π u / 24 h) / 2 and S is exponential with mean m.
        (
            r#"Exponential(mean: "6h")"#,
            r#", diurnal: (peak_to_trough: 3.0, peak: "0s")"#,
            300.0 * (1.0 + 0.5 / (1.0 + (std::f64::consts::TAU / 4.0) * (std::f64::consts::TAU / 4.0))),
        ),
    ] {
        let churn = format!(r#"[Arrivals(rate: "50/h", session: {session}{diurnal})]"#);
        for at in [0.0, 24.0] {
            let population = |seed| population(&plan("", &churn, 25, seed), at);
            let populations: Vec<f64> = (0..80).map(population).collect();
            assert_fits(&populations, expected, &format!("{session}{diurnal} at {at} h"));
            let dispersion = variance_of(&populations) / mean_of(&populations);
            assert!((dispersion - 1.0).abs() < 4.0 * (2.0f64 / 80.0).sqrt(), "{session}: {dispersion}");
        }
    }
}

#[test]
fn returns_swing_through_the_day() {
    let text = r#"session: Exponential(mean: "2h"), downtime: Exponential(mean: "2h"), diurnal: (peak_to_trough: 2.0)"#;
    let lives = lives_of(3000, text, 24 * 8, 10);
    // By the hour of the day: returns, and the time that hosts were down and could have returned.
    let (mut returns, mut down) = ([0.0; 24], [0.0; 24]);
    for host in lives.hosts.values() {
        for (end, start) in host.windows(2).map(|pair| (pair[0].1, pair[1].0)) {
            returns[start as usize % 24] += 1.0;
            for hour in end as usize..=start as usize {
                down[hour % 24] += (start.min(hour as f64 + 1.0) - end.max(hour as f64)).max(0.0);
            }
        }
    }
    let hazard = |hours: [usize; 2]| {
        let returns: f64 = hours.iter().map(|hour| returns[*hour]).sum();
        (returns / hours.iter().map(|hour| down[*hour]).sum::<f64>(), 1.0 / returns)
    };
    let ((peak, peak_error), (trough, trough_error)) = (hazard([19, 20]), hazard([7, 8]));
    // The pace in the mean over the hour on either side of its peak: sin(x) / x with x = 2π / 24.
    let x = std::f64::consts::TAU / 24.0;
    let swing = |ratio: f64| (ratio - 1.0) / (ratio + 1.0) * libm::sin(x) / x;
    let expected = |ratio: f64| (1.0 + swing(ratio)) / (1.0 - swing(ratio));
    let error = peak / trough * (peak_error + trough_error).sqrt();
    assert!((peak / trough - expected(2.0)).abs() < 4.0 * error, "{peak} {trough} {error}");
    assert!((peak / trough - expected(2.2)).abs() > 4.0 * error, "a swing ten per cent off would pass: {error}");
}

#[test]
fn a_host_comes_back_as_the_same_node_or_as_a_new_one() {
    let laws = r#"session: Exponential(mean: "1h"), downtime: Exponential(mean: "1h")"#;
    let same = sessions(50, &format!("{laws}, id: Same"), 10, 11);
    assert!(same.lines().any(|line| matches!(line.deed, Deed::Restart { .. })));
    assert_eq!(same.nodes(), 50);
    assert!(same.hosts.iter().zip(0..).all(|(host, node)| *host == node));
    let new = sessions(50, laws, 10, 11);
    assert!(!new.lines().any(|line| matches!(line.deed, Deed::Restart { .. })));
    assert!(new.nodes() > 200 && new.hosts.iter().all(|host| *host < 50), "{}", new.nodes());
    assert_eq!(comings_and_goings(&same), comings_and_goings(&new), "the same hosts at the same instants");
}

#[test]
fn an_entry_taken_out_moves_no_draw_of_another() {
    let entries = [
        r#""a": Sessions(nodes: 30, session: Exponential(mean: "1h"), downtime: Exponential(mean: "1h"), begin: Empty)"#,
        r#""b": Sessions(nodes: 20, preset: "p2psim", begin: Empty, graceful: 0.5, state: Kept, id: Same)"#,
        r#""c": Arrivals(rate: "5/h", session: Exponential(mean: "1h"), steady: false, graceful: 0.5)"#,
        r#""d": Trace(file: "made_up.avt", from: "2h", id: New, first: Join())"#,
    ];
    let lines = |kept: &[&str]| -> Vec<(SimTime, String)> {
        let plan = plan(r#"(at: "0s", do: Join(nodes: 1))"#, &format!("{{{}}}", kept.join(", ")), 10, 12);
        plan.lines().skip(1).filter_map(|line| Some((line.at, told_by_id(&plan, &line)?))).collect()
    };
    let all: BTreeSet<(SimTime, String)> = lines(&entries).into_iter().collect();
    let mut total = 0;
    for entry in entries {
        let alone = lines(&[entry]);
        assert!(alone.len() > 8, "{entry}");
        assert!(alone.iter().all(|line| all.contains(line)), "{entry}");
        total += alone.len();
    }
    assert_eq!(total, all.len());
}

#[test]
fn the_hosts_of_a_trace_are_up_when_it_says() {
    for file in ["made_up.avt", "made_up.csv"] {
        let churn = format!(r#"[Trace(file: "{file}", from: "1s")]"#);
        let plan = plan_in_seconds("", &churn, 900, 13);
        let expected =
            [(1, 2), (11, 3), (21, 2), (41, 3), (91, 2), (101, 1), (151, 2), (401, 1), (600, 1), (699, 1), (700, 0)];
        for (second, up) in expected {
            assert_eq!(
                population_in(&plan, SimTime::ZERO + Span::from_secs(second + 1)),
                up,
                "{file} after {second} s"
            );
        }
        assert_eq!(population_in(&plan, SimTime::ZERO + Span::from_millis(600_500)), 2, "{file}");
        assert_eq!((plan.skipped_sessions, plan.nodes()), (1, 4), "{file}");
        // Where two sessions touch, the node leaves and comes back at once.
        let at_51 = plan.lines().filter(|line| line.at == SimTime::ZERO + Span::from_secs(51));
        let deeds: Vec<Deed> = at_51.map(|line| line.deed).collect();
        assert!(matches!(&deeds[..], [Deed::Crash { .. }, Deed::Restart { .. }]), "{deeds:?}");
    }
}

#[test]
fn a_part_of_a_trace_can_be_played() {
    let churn = r#"[Trace(file: "made_up.avt", from: "10s", clip: ("45s", "95s"), only: ["b", "c", "e"])]"#;
    let plan = plan_in_seconds("", churn, 900, 13);
    let seconds = |second: u64| population_in(&plan, SimTime::ZERO + Span::from_secs(second));
    assert_eq!([seconds(9), seconds(11), seconds(54), seconds(56), seconds(899)], [0, 2, 2, 1, 1]);
    assert_eq!(changes(&plan).iter().map(|(at, _)| *at).max(), Some(SimTime::ZERO + Span::from_secs(55)));
}

#[test]
fn measured_traces_have_their_own_population_at_every_change() {
    let Some(folder) = std::env::var_os("DHTSIM_DATA").map(|folder| PathBuf::from(folder).join("churn")) else {
        return eprintln!(
            "skipped: DHTSIM_DATA names no folder with churn/skype-sample300.avt and churn/gnutella-sample1000.avt"
        );
    };
    for (file, nodes) in [("skype-sample300.avt", 300), ("gnutella-sample1000.avt", 1000)] {
        let bytes = Folder(folder.clone()).read(file).expect("the folder holds the traces");
        let text = format!("(protocols: [Chord()], churn: [Trace(file: \"{file}\")], end: \"1000h\", seed: 1)");
        let (_, plan) = read::plan("trace.ron", text.as_bytes(), None, &Folder(folder.clone()))
            .unwrap_or_else(|error| panic!("{error}"));
        let expected = curve(own_changes(&String::from_utf8(bytes).expect("text")));
        assert!(expected.len() > 500 && plan.hosts.len() == nodes);
        assert_eq!(curve(changes(&plan)), expected, "{file}");
    }
}

#[test]
fn sessions_of_no_length_in_a_measured_trace_are_counted() {
    let file = "gnutella-saroiu2002.avt.xz";
    let folder = std::env::var_os("DHTSIM_DATA").map(|folder| PathBuf::from(folder).join("churn"));
    let Some(folder) = folder.filter(|folder| folder.join(file).exists()) else {
        return eprintln!("skipped: DHTSIM_DATA names no folder with churn/{file}");
    };
    let text = format!("(protocols: [Chord()], churn: [Trace(file: \"{file}\")], end: \"100h\", seed: 1)");
    let (_, plan) =
        read::plan("trace.ron", text.as_bytes(), None, &Folder(folder)).unwrap_or_else(|error| panic!("{error}"));
    let comings = comings_and_goings(&plan).iter().filter(|(_, _, comes)| *comes).count();
    // Of its nodes 2,433 are never up, and one only for no time at all.
    assert_eq!((plan.hosts.len(), plan.nodes(), comings, plan.skipped_sessions), (17_125, 14_691, 166_071 - 201, 201));
}

#[test]
fn presets_have_names_sources_and_means() {
    let names: BTreeSet<&str> = churn_presets().iter().map(|preset| preset.name).collect();
    assert_eq!(names.len(), churn_presets().len());
    for preset in churn_presets() {
        let share: f64 = preset.classes.iter().map(|class| class.share).sum();
        assert!((share - 1.0).abs() < 1e-9 && preset.source.len() > 20, "{}", preset.name);
        let plan = sessions(500, &format!(r#"preset: "{}""#, preset.name), 24, 14);
        let up = population(&plan, 12.0) / 500.0;
        let expected: f64 = preset
            .classes
            .iter()
            .map(|class| {
                let (up, down) =
                    (class.session.law().mean_nanos(), class.downtime.map_or(0.0, |law| law.law().mean_nanos()));
                class.share * up / (up + down)
            })
            .sum();
        let limit = 4.0 * (expected * (1.0 - expected) / 500.0).sqrt() + 1e-9;
        assert!((up - expected).abs() < limit, "{}: {up} up, not {expected}", preset.name);
    }
}

#[test]
fn what_is_written_beside_a_preset_takes_its_place() {
    let plan = sessions(300, r#"preset: "p2psim", downtime: Constant("3h")"#, 10, 15);
    let up = population(&plan, 5.0) / 300.0;
    assert!((up - 0.25).abs() < 0.1, "{up}");
}

#[test]
fn nodes_of_a_flash_crowd_come_at_random_instants_and_go_again() {
    let script = r#"(at: "0s", do: Converged(nodes: 5)),
        (at: "1h", do: Join(nodes: 4000, within: "1h", session: Exponential(mean: "1h"), graceful: 0.25))"#;
    let plan = plan(script, "[]", 10, 16);
    let joins: Vec<f64> =
        plan.lines().filter(|line| matches!(line.deed, Deed::Join { .. })).map(|line| hours_of(line.at)).collect();
    assert_eq!(joins.len(), 4000);
    assert_fits(&joins, 1.5, "instants");
    assert!(ks(&joins, 2.0, |hours| hours - 1.0) < KS_LIMIT);
    let lives = Lives::of(&plan);
    let stays: Vec<f64> =
        lives.hosts.values().flatten().map(|(from, until)| until - from).filter(|stay| *stay < 10.0).collect();
    assert!(ks(&stays, 7.0, |hours| -libm::expm1(-hours)) < KS_LIMIT);
    let goodbyes = plan.lines().filter(|line| matches!(line.deed, Deed::Leave { .. })).count() as f64;
    assert!((goodbyes - 1000.0).abs() < 4.0 * (4000.0f64 * 0.25 * 0.75).sqrt(), "{goodbyes}");
}

#[test]
fn nodes_that_a_script_takes_down_come_back_each_by_itself() {
    let script = r#"(at: "0s", do: Converged(nodes: 1000)),
        (at: "1h", do: Crash(count: 500, back: (after: Exponential(mean: "1h"), id: New))),
        (at: "1h", do: Leave(count: 500, back: (after: Exponential(mean: "1h"), state: Kept)))"#;
    let plan = plan(script, "[]", 30, 17);
    let came = |is: fn(&Deed) -> bool| {
        let lines = plan.lines().filter(|line| line.at > SimTime::ZERO && is(&line.deed));
        lines.map(|line| hours_of(line.at) - 1.0).collect::<Vec<f64>>()
    };
    let new = came(|deed| matches!(deed, Deed::Join { .. }));
    let same = came(|deed| matches!(deed, Deed::Restart { .. }));
    for stays in [&new, &same] {
        assert_eq!(stays.len(), 500);
        assert!(ks(stays, 20.0, |hours| -libm::expm1(-hours)) < KS_LIMIT);
    }
    assert_ne!(new, same, "each action draws for itself");
    let kept = format!("{:?}", scenarios::ast::Memory::Kept);
    for line in plan.lines().filter(|line| matches!(line.deed, Deed::Leave { .. } | Deed::Restart { .. })) {
        assert!(format!("{:?}", line.deed).contains(&kept), "{line:?}");
    }
    assert!(plan.lines().all(|line| !matches!(line.deed, Deed::Crash { state: scenarios::ast::Memory::Kept, .. })));
}

#[test]
fn who_has_nobody_left_to_ask_asks_others_and_only_the_oldest_begins_anew() {
    let joins = r#"(at: "0s", do: Join(nodes: 6)), (at: "10s", do: Join(nodes: 1, session: Constant("1h")))"#;
    let asked: Vec<u32> = bootstraps(&plan(joins, "[]", 1, 18), 6, |deed| matches!(deed, Deed::Join { .. }));
    let again = |crashes: &str| plan(&format!("{joins}, {crashes}"), "[]", 1, 18);
    let is_again = |deed: &Deed| matches!(deed, Deed::JoinAgain { .. });
    let others: Vec<u32> = (0..6).filter(|node| !asked.contains(node)).collect();

    let plan = again(&format!(r#"(at: "12s", do: Crash(nodes: {asked:?}, every: "1s"))"#));
    let line = plan.lines().find(|line| is_again(&line.deed)).expect("it has nobody left to ask");
    assert_eq!(line.at, SimTime::ZERO + Span::from_secs(24), "ten seconds after the last of them went");
    let mut through = bootstraps(&plan, 6, is_again);
    through.sort_unstable();
    assert_eq!(through, others, "it asks who is left");

    let plan = again(r#"(at: "12s", do: Crash(nodes: 0..6)), (at: "13s", do: Join(nodes: 1))"#);
    assert_eq!(bootstraps(&plan, 6, is_again), [], "nobody has been up for longer: it begins");

    let none = |crash: &str| !again(crash).lines().any(|line| is_again(&line.deed));
    assert!(none(&format!(r#"(at: "12s", do: Crash(nodes: {:?}))"#, &asked[1..])), "one of them is left");
    assert!(none(&format!(r#"(at: "611s", do: Crash(nodes: {asked:?}))"#)), "so long after it came it matters no more");
    assert!(!none(&format!(r#"(at: "609s", do: Crash(nodes: {asked:?}))"#)));
    assert!(none(r#"(at: "12s", do: Crash(nodes: 0..7))"#), "who is down asks nobody");
}

/// Whom a node asks, in the first line of a kind that is about it.
fn bootstraps(plan: &Plan, asks: u32, is: fn(&Deed) -> bool) -> Vec<u32> {
    let asked = |line: Line| match line.deed {
        deed @ (Deed::Join { .. } | Deed::JoinAgain { .. }) if is(&deed) => match deed {
            Deed::Join { node, bootstraps } | Deed::JoinAgain { node, bootstraps } if node.0 == asks => {
                Some(bootstraps)
            }
            _ => None,
        },
        _ => None,
    };
    plan.lines().find_map(asked).expect("it asks").iter().map(|node| node.0).collect()
}

/// In hours: the first tenth of the run, and one from its middle on.
const WINDOWS: [(f64, f64); 2] = [(0.0, 0.75), (4.0, 4.75)];
const HOSTS: u32 = 16_000;
/// Kolmogorov's distance times √n is above this once in a thousand times.
const KS_LIMIT: f64 = 1.95;

fn steady(laws: &str, seed: u64) -> Lives {
    lives(laws, seed)
}

fn lives(laws: &str, seed: u64) -> Lives {
    lives_of(HOSTS, laws, 5, seed)
}

fn lives_of(hosts: u32, laws: &str, hours: u64, seed: u64) -> Lives {
    Lives::of(&sessions(hosts, laws, hours, seed))
}

fn sessions(hosts: u32, laws: &str, hours: u64, seed: u64) -> Plan {
    plan("", &format!("[Sessions(nodes: {hosts}, {laws})]"), hours, seed)
}

fn plan(script: &str, churn: &str, hours: u64, seed: u64) -> Plan {
    plan_in_seconds(script, churn, hours * 3600, seed)
}

fn plan_in_seconds(script: &str, churn: &str, seconds: u64, seed: u64) -> Plan {
    let text = format!("(protocols: [Chord()], script: [{script}], churn: {churn}, end: \"{seconds}s\", seed: {seed})");
    let folder = Folder(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/traces"));
    let (_, plan) = read::plan("churn.ron", text.as_bytes(), None, &folder).unwrap_or_else(|error| panic!("{error}"));
    plan
}

/// When each host was up, in hours; whoever is up at the end goes then.
struct Lives {
    hosts: BTreeMap<u32, Vec<(f64, f64)>>,
    count: usize,
}

impl Lives {
    fn of(plan: &Plan) -> Self {
        let end = hours_of(plan.end);
        let mut hosts: BTreeMap<u32, Vec<(f64, f64)>> = BTreeMap::new();
        for (at, host, comes) in comings_and_goings(plan) {
            let sessions = hosts.entry(host).or_default();
            match sessions.last_mut() {
                Some(last) if !comes => last.1 = hours_of(at),
                _ => sessions.push((hours_of(at), end)),
            }
        }
        let count = plan.hosts.iter().collect::<BTreeSet<_>>().len();
        Self { hosts, count }
    }

    /// For each host: which share of a stretch of time it was up.
    fn share_up(&self, from: f64, until: f64) -> Vec<f64> {
        let up = |(a, b): &(f64, f64)| (b.min(until) - a.max(from)).max(0.0) / (until - from);
        self.each(|host| host.iter().map(up).sum())
    }

    /// For each host: how often it went in a stretch of time.
    fn departures(&self, from: f64, until: f64) -> Vec<f64> {
        self.each(|host| host.iter().filter(|(_, end)| (from..until).contains(end)).count() as f64)
    }

    fn each(&self, value: impl Fn(&Vec<(f64, f64)>) -> f64) -> Vec<f64> {
        let mut values: Vec<f64> = self.hosts.values().map(value).collect();
        values.resize(self.count, 0.0);
        values
    }
}

/// Instants, hosts, and whether somebody comes.
fn comings_and_goings(plan: &Plan) -> Vec<(SimTime, u32, bool)> {
    let mut all = Vec::new();
    for line in plan.lines() {
        let mut note = |node: sim::address::Address, comes| all.push((line.at, plan.hosts[node.index()], comes));
        match line.deed {
            Deed::Converge { nodes } => nodes.into_iter().for_each(|node| note(node, true)),
            Deed::Join { node, .. } | Deed::Restart { node, .. } => note(node, true),
            Deed::Leave { node, .. } | Deed::Crash { node, .. } => note(node, false),
            _ => {}
        }
    }
    all
}

fn changes(plan: &Plan) -> Vec<(SimTime, i64)> {
    comings_and_goings(plan).into_iter().map(|(at, _, comes)| (at, if comes { 1 } else { -1 })).collect()
}

/// The changes that a trace itself names, read in the simplest way.
fn own_changes(text: &str) -> Vec<(SimTime, i64)> {
    let mut changes = Vec::new();
    for line in text.lines() {
        let times: Vec<u64> = line
            .split_whitespace()
            .skip(2)
            .map(|word| (word.parse::<f64>().expect("a number") * 1e9).round() as u64)
            .collect();
        for pair in times.chunks(2).filter(|pair| pair[0] < pair[1]) {
            changes.push((SimTime::from_nanos(pair[0]), 1));
            changes.push((SimTime::from_nanos(pair[1]), -1));
        }
    }
    changes
}

/// How many are up after each instant at which somebody comes or goes.
fn curve(changes: Vec<(SimTime, i64)>) -> Vec<(SimTime, i64)> {
    let mut by_instant: BTreeMap<SimTime, i64> = BTreeMap::new();
    for (at, change) in changes {
        *by_instant.entry(at).or_default() += change;
    }
    let mut up = 0;
    let after = |(at, change)| {
        up += change;
        (at, up)
    };
    by_instant.into_iter().map(after).collect()
}

fn population(plan: &Plan, hours: f64) -> f64 {
    population_in(plan, SimTime::ZERO + hours_span(hours)) as f64
}

/// How many are up just after an instant.
fn population_in(plan: &Plan, at: SimTime) -> i64 {
    changes(plan).iter().filter(|(when, _)| *when <= at).map(|(_, change)| change).sum()
}

/// A line with ids for nodes, and without whom they ask.
fn told_by_id(plan: &Plan, line: &Line) -> Option<String> {
    let id = |node: &sim::address::Address| plan.ids[node.index()].map(|key| plan.width.decimal(key)).expect("an id");
    match &line.deed {
        Deed::Join { node, .. } => Some(format!("join {}", id(node))),
        Deed::Restart { node, .. } => Some(format!("restart {}", id(node))),
        Deed::Leave { node, state } => Some(format!("leave {} {state:?}", id(node))),
        Deed::Crash { node, state } => Some(format!("crash {} {state:?}", id(node))),
        Deed::JoinAgain { .. } => None,
        other => panic!("{other:?}"),
    }
}

fn assert_fits(values: &[f64], expected: f64, what: &str) {
    let z_of = |expected| z(values, expected).abs();
    assert!(
        z_of(expected) < 4.0,
        "{what}: {} is {} standard errors from {expected}",
        mean_of(values),
        z(values, expected)
    );
    let off = [0.9, 1.1].map(|factor| z_of(expected * factor));
    assert!(off.iter().all(|z| *z > 4.0), "{what}: {expected}, ten per cent off, would pass: {off:?}");
}

/// By how many standard errors a mean is off.
fn z(values: &[f64], expected: f64) -> f64 {
    (mean_of(values) - expected) / (variance_of(values) / values.len() as f64).sqrt()
}

fn mean_of(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn variance_of(values: &[f64]) -> f64 {
    let mean = mean_of(values);
    values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / (values.len() as f64 - 1.0)
}

fn pearson(pairs: &[(f64, f64)]) -> f64 {
    let (x, y): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    let (mean_x, mean_y) = (mean_of(&x), mean_of(&y));
    let together = pairs.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum::<f64>() / (pairs.len() as f64 - 1.0);
    together / (variance_of(&x) * variance_of(&y)).sqrt()
}

/// Kolmogorov's distance of spans from a distribution, up to a bound beyond which they may be cut, times √n.
fn ks(spans: &[f64], within: f64, below: impl Fn(f64) -> f64) -> f64 {
    let mut sorted = spans.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len() as f64;
    let distance = |(number, span): (usize, &f64)| {
        let here = below(*span);
        (here - number as f64 / n).abs().max((here - (number as f64 + 1.0) / n).abs())
    };
    let inside = sorted.iter().enumerate().filter(|(_, span)| **span < within);
    inside.map(distance).fold(0.0, f64::max) * n.sqrt()
}

fn pause_after_first(host: &[(f64, f64)]) -> f64 {
    host.get(1).map_or(f64::INFINITY, |next| next.0 - host[0].1)
}

fn law_of(text: &str) -> Law {
    let text = format!("(protocols: [Chord()], churn: [Sessions(nodes: 1, session: {text})], end: \"1h\")");
    let scenario = read::scenario("law.ron", text.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
    match &scenario.churn.0[0].1 {
        scenarios::ast::Churn::Sessions(sessions) => sessions.session.as_ref().map(LawSpec::law).expect("written"),
        other => panic!("{other:?}"),
    }
}

fn hours_of(at: SimTime) -> f64 {
    at.since(SimTime::ZERO).as_secs_f64() / 3600.0
}

fn hours_span(hours: f64) -> Span {
    Span::from_nanos_f64(hours * 3600e9)
}
