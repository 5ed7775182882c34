//! Protocols compared: differences worked out by hand from the results, twins that differ in nothing, and what one seed can say.

use analysis::comparison::COMPARED;
use analysis::execute::{Choice, Executed, Input, Progress, execute};
use analysis::results::{Difference, Outcome};
use analysis::table;
use scenarios::files::NoFiles;

#[test]
fn differences_are_those_within_each_seed() {
    let executed = executed(r#"{"short": Chord(successors: 2), "long": Chord(successors: 8)}"#, "seeds: 1..6");
    let document = &executed.document;
    let (short, long) = document.results.split_at(5);
    assert_eq!(document.comparison.len(), COMPARED.len());
    for compared in &document.comparison {
        let metric = &compared.metric;
        for (runs, mean) in [short, long].iter().zip(&compared.means) {
            let by_hand = by_hand(&runs.iter().filter_map(|run| run.figure(metric)).collect::<Vec<f64>>());
            assert_eq!(mean.label, runs[0].label);
            assert_near(metric, (mean.mean, mean.half_width, mean.seeds), by_hand);
        }
        let within_seed = |(one, other): (&Outcome, &Outcome)| {
            assert_eq!(one.seed, other.seed);
            Some(one.figure(metric)? - other.figure(metric)?)
        };
        let by_hand = by_hand(&short.iter().zip(long).filter_map(within_seed).collect::<Vec<f64>>());
        let [Difference { of, minus, mean, half_width, pairs, significant, .. }] = &compared.differences[..] else {
            panic!("two protocols are one pair");
        };
        assert_eq!((of.as_str(), minus.as_str()), ("short", "long"));
        assert_near(metric, (*mean, *half_width, *pairs), by_hand);
        let (mean, half_width, _) = by_hand;
        let is_outside = mean.zip(half_width).map(|(mean, half_width)| mean.abs() > half_width);
        assert_eq!(*significant, is_outside.filter(|_| *pairs == 5), "{metric}");
    }
    let entries = compared(&executed, "routing_entries.mean");
    assert!(entries.significant == Some(true) && entries.mean.is_some_and(|mean| mean < -2.0), "{entries:?}");
}

#[test]
fn phases_are_compared_apart() {
    let executed = executed(
        r#"{"short": Chord(successors: 2), "long": Chord(successors: 8)}"#,
        r#"phases: {"all of it": (from: "0s", until: "60s")}, seeds: 1..4"#,
    );
    let of_phase = compared(&executed, "phases.all of it.success");
    assert_eq!((of_phase.pairs, of_phase.mean), (3, compared(&executed, "lookups.success").mean));
    let page = table::page(&executed);
    assert!(page.contains("  all of it: correct, %") && page.contains("  all of it: timeouts"), "{page}");
}

#[test]
fn twins_differ_in_nothing() {
    let executed = executed(r#"{"one": Chord(), "twin": Chord()}"#, "seeds: 1..4");
    let mut measured = 0;
    for compared in &executed.document.comparison {
        let Difference { mean, half_width, pairs, equal, significant, .. } = &compared.differences[0];
        if *pairs > 1 {
            measured += 1;
            assert_eq!((*mean, *half_width), (Some(0.0), Some(0.0)), "{}", compared.metric);
            assert_eq!((*equal, *significant), (Some(true), Some(false)), "{}", compared.metric);
        }
    }
    assert!(measured > 20, "{measured} figures");
    let page = table::page(&executed);
    let differences = page.split("  differences").nth(1).expect("there are differences");
    let rows = differences.lines().skip(2).take_while(|line| !line.is_empty());
    assert!(rows.into_iter().all(|row| row.ends_with('=')), "{page}");
    assert!(page.contains("  = equal in every seed\n") && !page.contains('~'), "{page}");
}

#[test]
fn one_seed_has_differences_and_no_intervals() {
    let executed = executed(r#"{"short": Chord(successors: 2), "long": Chord(successors: 8)}"#, "");
    for compared in &executed.document.comparison {
        assert!(compared.means.iter().all(|mean| mean.half_width.is_none() && mean.seeds <= 1));
        let Difference { half_width, significant, .. } = &compared.differences[0];
        assert_eq!((*half_width, *significant), (None, None), "{}", compared.metric);
    }
    assert!(compared(&executed, "routing_entries.mean").mean.is_some_and(|mean| mean < -2.0));
    let page = table::page(&executed);
    assert!(page.contains("one seed: no intervals") && !page.contains('±') && !page.contains('~'), "{page}");
}

#[test]
fn every_pair_of_three_is_compared_once() {
    let three = r#"{"a": Chord(successors: 2), "b": Chord(successors: 4), "c": Chord(successors: 8)}"#;
    let executed = executed(three, "seeds: 1..3");
    for compared in &executed.document.comparison {
        let pairs = compared.differences.iter().map(|difference| format!("{} {}", difference.of, difference.minus));
        assert_eq!(pairs.collect::<Vec<String>>(), ["a b", "a c", "b c"]);
    }
}

#[test]
fn alone_there_is_nothing_to_compare() {
    assert!(executed("[Chord()]", "seeds: 1..4").document.comparison.is_empty());
}

/// Mean, half of the 95 % interval, and how many: of five values at most.
fn by_hand(values: &[f64]) -> (Option<f64>, Option<f64>, usize) {
    const T: [f64; 4] = [12.706_204_736, 4.302_652_730, 3.182_446_305, 2.776_445_105];
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let square = values.iter().map(|value| value * value).sum::<f64>() / count - mean * mean;
    let error = (square.max(0.0) / (count - 1.0)).sqrt();
    let half_width = (values.len() > 1).then(|| T[values.len() - 2] * error);
    ((!values.is_empty()).then_some(mean), half_width, values.len())
}

fn assert_near(metric: &str, found: (Option<f64>, Option<f64>, usize), by_hand: (Option<f64>, Option<f64>, usize)) {
    let near = |found: Option<f64>, by_hand: Option<f64>, size: f64| match (found, by_hand) {
        (Some(found), Some(by_hand)) => (found - by_hand).abs() <= 1e-6 * size,
        (found, by_hand) => found == by_hand,
    };
    let size = by_hand.0.unwrap_or(0.0).abs().max(1e-6);
    assert!(near(found.0, by_hand.0, size), "{metric}: {found:?} and not {by_hand:?}");
    assert!(near(found.1, by_hand.1, size), "{metric}: {found:?} and not {by_hand:?}");
    assert_eq!(found.2, by_hand.2, "{metric}");
}

fn compared<'a>(executed: &'a Executed, metric: &str) -> &'a Difference {
    let mut compared = executed.document.comparison.iter();
    &compared.find(|compared| compared.metric == metric).expect("it is compared").differences[0]
}

/// Twelve nodes, of which some crash.
fn executed(protocols: &str, more: &str) -> Executed {
    let text = format!(
        r#"(
            id_bits: 16, protocols: {protocols}, network: (latency: LogNormal(median: "40ms", sigma: 0.4)),
            script: [
                (at: "0s", do: Join(nodes: 12, every: "200ms")),
                (at: "20s", do: Crash(fraction: 0.3)),
            ],
            workload: [Lookups(from: "10s", rate: "10/s")], warm_up: "10s", end: "60s", {more}
        )"#
    );
    let input = Input { name: "test".to_owned(), title: "test".to_owned(), bytes: text.into_bytes() };
    execute(&input, &NoFiles, &Choice::default(), &Progress::default()).expect("the scenario runs")
}
