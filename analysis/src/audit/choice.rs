//! Who is to be chosen: in every situation the best by a figure among those who do what is needed, and whether the answer stays
//! the same when it gets harder.
//!
//! Who does not surely do what is needed is out: the lower end of the interval of each needed figure must reach what is needed. Of the
//! others the one with the least mean is best, and so is everyone who is not surely worse by more than the margin: the interval of what
//! it has more than the best and the margin, within each seed, must reach down to zero. All intervals of a choice are widened for their number (Bonferroni).

use std::io;

use serde_json::{Map, Value as Json};

use super::cells::{BySeed, Cell, Cells, within_seeds};
use super::contrast::{are_met, word};
use super::document::{Candidate, Choice as Chosen, Situation};
use super::plan::{Choice, Metric, Runs};
use super::spec::ChoiceSpec;
use super::words;
use crate::statistics::{Estimate, mean, standard_error, t_beyond};

/// Answers a choice from the runs of its experiment.
pub(super) fn choose(audit: &str, choice: &Choice, runs: &Runs, cells: &Cells) -> io::Result<Chosen> {
    let spec = &choice.spec;
    let mut kept = Vec::new();
    for cell in &cells.cells {
        let is_met = are_met(&choice.conditions, runs, &cell.parameters, "");
        if is_met.map_err(|wrong| io::Error::new(io::ErrorKind::InvalidInput, wrong.title))? {
            kept.push(cell);
        }
    }
    let labels = kept.iter().map(|cell| cell.labels().len()).sum::<usize>();
    let outside = OUTSIDE / (labels * (1 + spec.needs.0.len())).max(1) as f64;
    let situations: Vec<Situation> = kept.into_iter().map(|cell| situation(spec, cells, cell, outside)).collect();
    Ok(Chosen {
        audit: audit.to_owned(),
        question: spec.question.clone(),
        experiment: spec.experiment.clone(),
        metric: spec.metric.clone(),
        margin: spec.margin,
        needs: spec.needs.0.clone(),
        beside: spec.beside.clone(),
        along: spec.along.clone(),
        sentence: sentence(spec, runs, &situations),
        situations,
    })
}

fn situation(spec: &ChoiceSpec, cells: &Cells, cell: &Cell, outside: f64) -> Situation {
    let labels = cell.labels();
    let of = |label: &str, metric: &str| cells.values(cell, label, &Metric::parse(metric));
    let qualifies = |label: &&str| {
        spec.needs
            .0
            .iter()
            .all(|(metric, least)| lower_end(&of(label, metric), outside).is_some_and(|low| low >= *least))
    };
    let qualified: Vec<&str> = labels.iter().copied().filter(|label| qualifies(label)).collect();
    let average = |label: &&str| whole(&of(label, &spec.metric)).and_then(|values| mean(&values));
    let best = qualified
        .iter()
        .filter_map(|label| Some((*label, average(label)?)))
        .min_by(|(_, one), (_, other)| one.total_cmp(other));
    let is_best = |label: &str| {
        best.is_some_and(|(best, _)| {
            qualified.contains(&label)
                && (label == best || !is_worse(&of(label, &spec.metric), &of(best, &spec.metric), spec.margin, outside))
        })
    };
    let names = [&spec.metric].into_iter().chain(spec.needs.0.iter().map(|(metric, _)| metric)).chain(&spec.beside);
    let candidates = labels.iter().map(|label| Candidate {
        label: (*label).to_owned(),
        qualifies: qualified.contains(label),
        is_best: is_best(label),
        figures: names.clone().map(|metric| estimate(metric, &of(label, metric))).collect(),
    });
    Situation { parameters: cell.parameters.clone(), candidates: candidates.collect() }
}

fn estimate(metric: &str, values: &BySeed) -> (String, Option<f64>, Option<f64>) {
    let values: Vec<f64> = values.values().flatten().copied().collect();
    let Estimate { mean, half_width, .. } = Estimate::of(&values);
    (metric.to_owned(), mean, half_width)
}

/// The values, if every seed has one.
fn whole(values: &BySeed) -> Option<Vec<f64>> {
    values.values().copied().collect()
}

fn half(values: &[f64], outside: f64) -> Option<f64> {
    standard_error(values).map(|error| t_beyond(values.len() - 1, outside) * error)
}

fn lower_end(values: &BySeed, outside: f64) -> Option<f64> {
    let values = whole(values)?;
    Some(mean(&values)? - half(&values, outside)?)
}

/// Whether it is surely worse than the best by more than the margin: what it has more than the best and the margin, within each
/// seed. Who has no value in some seed is not as good.
fn is_worse(values: &BySeed, best: &BySeed, margin: f64, outside: f64) -> bool {
    let raised: BySeed = best.iter().map(|(seed, best)| (*seed, best.map(|best| best * (1.0 + margin)))).collect();
    let more: Option<Vec<f64>> = within_seeds(values, &raised, false).into_iter().collect();
    let low = more.and_then(|more| Some(mean(&more)? - half(&more, outside)?));
    low.is_none_or(|low| low > 0.0)
}

/// The answer: who is among the best in the calm of every group of situations that differ only in how hard it is, and whether they
/// still are at the other levels.
fn sentence(spec: &ChoiceSpec, runs: &Runs, situations: &[Situation]) -> String {
    let mut groups = groups(spec, situations);
    let Some((first, _)) = groups.first() else {
        return "Nothing was run.".to_owned();
    };
    // What all have in common is said once.
    let is_common = |(name, value): &(&String, &Json)| groups.iter().all(|(place, _)| place.get(*name) == Some(*value));
    let common: Map<String, Json> =
        first.iter().filter(is_common).map(|(name, value)| (name.clone(), value.clone())).collect();
    let mut said = Vec::new();
    if groups.len() > 1 && !common.is_empty() {
        said.push(format!("Everywhere {}.", words::place(&common)));
        for (place, _) in &mut groups {
            place.retain(|name, _| !common.contains_key(name));
        }
    }
    said.extend(groups.iter().map(|(place, group)| of_group(spec, runs, place, group)));
    said.join(" ")
}

type Group<'a> = (Map<String, Json>, Vec<&'a Situation>);

fn groups<'a>(spec: &ChoiceSpec, situations: &'a [Situation]) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    for situation in situations {
        let mut rest = situation.parameters.clone();
        rest.remove(&spec.along);
        match groups.iter_mut().find(|(other, _)| *other == rest) {
            Some((_, group)) => group.push(situation),
            None => groups.push((rest, vec![situation])),
        }
    }
    groups
}

fn of_group(spec: &ChoiceSpec, runs: &Runs, place: &Map<String, Json>, group: &[&Situation]) -> String {
    let level = |situation: &Situation| situation.parameters.get(&spec.along).cloned().unwrap_or_default();
    let mut group = group.to_vec();
    group.sort_by_key(|situation| runs.level(&spec.along, &level(situation)));
    let [calm, harder @ ..] = group.as_slice() else {
        return String::new();
    };
    let place = words::place(place);
    let place =
        if place.is_empty() { "Where nothing else is changed: ".to_owned() } else { format!("Where {place}: ") };
    let here = |situation: &Situation| format!("{} = {}", spec.along, word(&level(situation)));
    let bests = best_of(calm);
    if bests.is_empty() {
        return format!("{place}{}, not even at {}.", nobody(spec, calm), here(calm));
    }
    let figure = |label: &String| {
        let value = calm
            .candidates
            .iter()
            .find(|candidate| candidate.label == *label)
            .and_then(|candidate| candidate.figures[0].1);
        value.map_or(label.clone(), |value| format!("{label} ({})", words::figure(&spec.metric, value)))
    };
    let least = least_of(calm);
    let others: Vec<String> = bests.iter().filter(|label| Some(*label) != least.as_ref()).map(figure).collect();
    let mut first = format!("{place}best at {} is {}", here(calm), least.as_ref().map_or_else(String::new, figure));
    if !others.is_empty() {
        first = format!("{first}, and {} {} not surely worse", words::listed(&others), is_or_are(&others));
    }
    if harder.is_empty() {
        return format!("{first}.");
    }
    let stays: Vec<String> = bests.iter().map(|label| stays(spec, label, harder, &here)).collect();
    format!("{first}; {}.", stays.join("; "))
}

/// Why nobody is best.
fn nobody(spec: &ChoiceSpec, situation: &Situation) -> String {
    if situation.candidates.iter().any(|candidate| candidate.qualifies) {
        format!("nobody has {} in every seed", spec.metric)
    } else {
        "nobody does what is needed".to_owned()
    }
}

fn best_of(situation: &Situation) -> Vec<String> {
    situation.candidates.iter().filter(|candidate| candidate.is_best).map(|candidate| candidate.label.clone()).collect()
}

/// Of those who are best, the one with the least figure.
fn least_of(situation: &Situation) -> Option<String> {
    let best = situation.candidates.iter().filter(|candidate| candidate.is_best);
    let figure = |candidate: &Candidate| candidate.figures[0].1.unwrap_or(f64::INFINITY);
    best.min_by(|one, other| figure(one).total_cmp(&figure(other))).map(|candidate| candidate.label.clone())
}

fn is_or_are(names: &[String]) -> &'static str {
    if names.len() == 1 { "is" } else { "are" }
}

/// How far somebody who is among the best in the calm stays so.
fn stays(spec: &ChoiceSpec, label: &str, harder: &[&Situation], here: &dyn Fn(&Situation) -> String) -> String {
    let is_best = |situation: &&&Situation| best_of(situation).iter().any(|other| other == label);
    let held = harder.iter().take_while(is_best).count();
    let Some(end) = harder.get(held) else {
        return format!("{label} is not surely worse than the best up to {}", here(harder[harder.len() - 1]));
    };
    let qualifies = end.candidates.iter().any(|candidate| candidate.label == label && candidate.qualifies);
    let instead = match (qualifies, least_of(end)) {
        (_, None) => format!("where {}", nobody(spec, end)),
        (true, Some(best)) => format!("where {best} is better"),
        (false, Some(best)) => format!("where it does not surely do what is needed, and {best} is best"),
    };
    match held {
        0 => format!("{label} no longer at {}, {instead}", here(end)),
        held => format!("{label} up to {}, not at {}, {instead}", here(harder[held - 1]), here(end)),
    }
}

/// The share of choices in which any interval may be wrong.
const OUTSIDE: f64 = 0.05;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::testing::{At, Bench, NODES, SESSION};

    const SUCCESS: &str = "needs: {\"lookups.success\": 0.9}, along: \"session\"";

    /// Three seeds about a figure.
    fn about(mean: f64, spread: f64, seed: u64) -> f64 {
        mean + spread * (seed as f64 - 2.0)
    }

    /// A choice by latency, in milliseconds by protocol and session; who has 0 does not do what is needed.
    fn chosen(latency: impl Fn(&At<'_>) -> f64) -> Chosen {
        let bench = Bench::new(SESSION, |at| match at.metric {
            "lookups.success" => Some(if latency(at) > 0.0 { 1.0 } else { about(0.9, 0.01, at.seed) }),
            "lookups.latency_ms.mean" => Some(about(latency(at), 0.1, at.seed)),
            _ => None,
        });
        choose("X", &bench.choice(SUCCESS), &bench.runs, &bench.cells).expect("all can be compared")
    }

    fn bests(chosen: &Chosen) -> Vec<String> {
        chosen.situations.iter().map(|situation| best_of(situation).join(" ")).collect()
    }

    /// Latencies of `A`, `B` and `C` by session, in order of the file.
    fn latencies(of: [[f64; 3]; 3]) -> impl Fn(&At<'_>) -> f64 {
        move |at| {
            let row = ["5m", "1h", "20m"].iter().position(|session| at.is("session", session)).expect("a session");
            of[row][usize::from(at.label.as_bytes()[0] - b'A')]
        }
    }

    #[test]
    fn the_least_is_best_and_who_is_within_the_margin_with_it() {
        let chosen = chosen(latencies([[100.0, 109.0, 120.0], [100.0, 90.0, 120.0], [100.0, 110.0, 50.0]]));
        assert_eq!(bests(&chosen), ["A B", "B", "C"]);
        let wanted = "Where nothing else is changed: best at session = 5m is A (100.0 ms), and B (109.0 ms) is not surely worse; A no longer at session = 1h, where B is better; \
                      B up to session = 1h, not at session = 20m, where C is better.";
        assert_eq!(chosen.sentence, wanted);
        let is_best: Vec<bool> = chosen.situations[0].candidates.iter().map(|candidate| candidate.is_best).collect();
        assert_eq!(is_best, [true, true, false]);
    }

    /// By more than the margin on average, but not surely.
    #[test]
    fn who_is_not_surely_worse_is_as_good() {
        let spread = |spread: f64| {
            let bench = Bench::new(SESSION, move |at| match (at.metric, at.label) {
                ("lookups.success", _) => Some(1.0),
                ("lookups.latency_ms.mean", "B") => Some(about(115.0, spread, at.seed)),
                ("lookups.latency_ms.mean", "C") => Some(200.0),
                _ => Some(100.0),
            });
            bests(&choose("X", &bench.choice(SUCCESS), &bench.runs, &bench.cells).expect("comparable")).remove(0)
        };
        assert_eq!([spread(0.1), spread(20.0)], ["A", "A B"]);
    }

    #[test]
    fn who_does_not_surely_do_what_is_needed_is_out() {
        let chosen = chosen(latencies([[0.0, 100.0, 200.0], [0.0, 0.0, 200.0], [0.0, 0.0, 0.0]]));
        assert_eq!(bests(&chosen), ["B", "C", ""]);
        let qualify: Vec<bool> = chosen.situations[1].candidates.iter().map(|candidate| candidate.qualifies).collect();
        assert_eq!(qualify, [false, false, true], "a mean of just what is needed is not surely that much");
        let wanted = "Where nothing else is changed: best at session = 5m is B (100.0 ms); B no longer at session = 1h, where it does not surely do what is needed, \
                      and C is best.";
        assert_eq!(chosen.sentence, wanted);
    }

    #[test]
    fn that_nobody_does_what_is_needed_is_said() {
        let never = chosen(latencies([[0.0; 3]; 3]));
        assert_eq!(
            never.sentence,
            "Where nothing else is changed: nobody does what is needed, not even at session = 5m."
        );
        let later = chosen(latencies([[100.0, 200.0, 300.0], [0.0; 3], [0.0; 3]]));
        let wanted = "Where nothing else is changed: best at session = 5m is A (100.0 ms); A no longer at session = 1h, where nobody does what is needed.";
        assert_eq!(later.sentence, wanted);
    }

    #[test]
    fn who_is_best_everywhere_stays_so() {
        let chosen = chosen(latencies([[100.0, 200.0, 300.0]; 3]));
        assert_eq!(
            chosen.sentence,
            "Where nothing else is changed: best at session = 5m is A (100.0 ms); A is not surely worse than the best up to session = 20m."
        );
    }

    #[test]
    fn who_has_a_value_missing_is_not_among_the_best() {
        let bench = |missing: &'static str| {
            Bench::new(SESSION, move |at| match at.metric {
                "lookups.success" => Some(1.0),
                _ => (!missing.contains(at.label) || at.seed != 2).then_some(100.0),
            })
        };
        let choice =
            |bench: &Bench| choose("X", &bench.choice(SUCCESS), &bench.runs, &bench.cells).expect("comparable");
        let one = choice(&bench("A"));
        assert_eq!(bests(&one), ["B C"; 3]);
        assert!(one.situations[0].candidates.iter().all(|candidate| candidate.qualifies));
        let all = choice(&bench("ABC"));
        assert_eq!(bests(&all), [""; 3]);
        assert_eq!(
            all.sentence,
            "Where nothing else is changed: nobody has lookups.latency_ms.mean in every seed, not even at session = 5m."
        );
        let unsure = Bench::new(SESSION, |at| match at.metric {
            "lookups.success" => (at.label != "A" || at.seed != 3).then_some(1.0),
            _ => Some(100.0),
        });
        assert_eq!(bests(&choice(&unsure)), ["B C"; 3], "what is needed must be there in every seed");
    }

    #[test]
    fn nobody_is_better_than_another_among_zeros() {
        let bench = Bench::new(SESSION, |at| match at.metric {
            "lookups.success" => Some(1.0),
            _ => Some(if at.label == "C" { 1.0 } else { 0.0 }),
        });
        let chosen = choose("X", &bench.choice(SUCCESS), &bench.runs, &bench.cells).expect("comparable");
        assert_eq!(bests(&chosen), ["A B"; 3]);
    }

    #[test]
    fn nothing_is_needed_if_nothing_is_said() {
        let bench = Bench::new(SESSION, |at| (at.metric == "lookups.latency_ms.mean").then_some(100.0));
        let chosen = choose("X", &bench.choice("along: \"session\""), &bench.runs, &bench.cells).expect("comparable");
        assert_eq!(bests(&chosen), ["A B C"; 3]);
    }

    #[test]
    fn groups_differ_in_how_hard_it_is_only() {
        let bench = Bench::new(&format!("{NODES}, {SESSION}"), |at| match (at.metric, at.label) {
            ("lookups.success", _) => Some(1.0),
            (_, "A") => Some(at.number("nodes")),
            _ => Some(10.0),
        });
        let choice = bench.choice(&format!(
            "{SUCCESS}, where: [\"nodes != 4\", \"session == '5m'\"], beside: [\"traffic.total.bytes\"]"
        ));
        let chosen = choose("X", &choice, &bench.runs, &bench.cells).expect("comparable");
        let wanted = "Where nodes = 8: best at session = 5m is A (8.00 ms). \
                      Where nodes = 32: best at session = 5m is B (10.00 ms), and C (10.00 ms) is not surely worse.";
        assert_eq!(chosen.sentence, wanted, "a single level is all that there is to say");
        let figures: Vec<&str> =
            chosen.situations[0].candidates[0].figures.iter().map(|(metric, ..)| metric.as_str()).collect();
        assert_eq!(figures, ["lookups.latency_ms.mean", "lookups.success", "traffic.total.bytes"]);
        let nothing = bench.choice(&format!("{SUCCESS}, where: [\"nodes == 5\"]"));
        let chosen = choose("X", &nothing, &bench.runs, &bench.cells).expect("comparable");
        assert_eq!((chosen.sentence.as_str(), chosen.situations.len()), ("Nothing was run.", 0));
    }

    #[test]
    fn the_calm_is_the_first_level_of_the_file() {
        let bench = Bench::new(SESSION, |at| Some(if at.label == "A" { 1.0 } else { 2.0 }));
        let choice = bench.choice("along: \"session\", where: [\"session > '10m'\"]");
        let chosen = choose("X", &choice, &bench.runs, &bench.cells).expect("comparable");
        assert_eq!(
            chosen.sentence,
            "Where nothing else is changed: best at session = 1h is A (1.00 ms); A is not surely worse than the best up to session = 20m."
        );
    }
}
