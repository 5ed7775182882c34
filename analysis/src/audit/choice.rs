//! Who is to be chosen: in every situation the best by a figure among those who do what is needed, and whether the answer stays
//! the same when it gets harder.
//!
//! Who does not surely do what is needed is out: the lower end of the interval of each needed figure must reach what is needed. Of the
//! others the one with the least mean is best, and so is everyone who is not surely worse by more than the margin: the interval of the
//! ratio to the best, within each seed, must reach beyond. All intervals of a choice are widened for their number (Bonferroni).

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

/// Whether it is surely worse than the best by more than the margin; who has no value in some seed is not as good.
fn is_worse(values: &BySeed, best: &BySeed, margin: f64, outside: f64) -> bool {
    let ratios: Option<Vec<f64>> = within_seeds(values, best, true).into_iter().collect();
    let low = ratios.and_then(|ratios| Some(mean(&ratios)? - half(&ratios, outside)?));
    low.is_none_or(|low| low > 1.0 + margin)
}

/// The answer: who is among the best in the calm of every group of situations that differ only in how hard it is, and whether they
/// still are at the other levels.
fn sentence(spec: &ChoiceSpec, runs: &Runs, situations: &[Situation]) -> String {
    let groups = groups(spec, situations);
    let said: Vec<String> = groups.iter().map(|(place, group)| of_group(spec, runs, place, group)).collect();
    if said.is_empty() { "Nothing was run.".to_owned() } else { said.join(" ") }
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
    let place = if place.is_empty() { String::new() } else { format!("Where {place}: ") };
    let here = |situation: &Situation| format!("{} = {}", spec.along, word(&level(situation)));
    let bests = best_of(calm);
    if bests.is_empty() {
        return format!("{place}nobody does what is needed, not even at {}.", here(calm));
    }
    let figure = |label: &String| {
        let value = calm
            .candidates
            .iter()
            .find(|candidate| candidate.label == *label)
            .and_then(|candidate| candidate.figures[0].1);
        value.map_or(label.clone(), |value| format!("{label} ({})", words::figure(&spec.metric, value)))
    };
    let named: Vec<String> = bests.iter().map(figure).collect();
    let first = format!(
        "{place}best at {} {} {}",
        here(calm),
        if named.len() == 1 { "is" } else { "are" },
        words::listed(&named)
    );
    let stays: Vec<String> = bests.iter().map(|label| stays(label, harder, &here)).collect();
    if harder.is_empty() { format!("{first}.") } else { format!("{first}; {}.", stays.join("; ")) }
}

fn best_of(situation: &Situation) -> Vec<String> {
    situation.candidates.iter().filter(|candidate| candidate.is_best).map(|candidate| candidate.label.clone()).collect()
}

/// How far somebody who is best in the calm stays so.
fn stays(label: &str, harder: &[&Situation], here: &dyn Fn(&Situation) -> String) -> String {
    let is_best = |situation: &&&Situation| best_of(situation).iter().any(|other| other == label);
    let held = harder.iter().take_while(is_best).count();
    let Some(end) = harder.get(held) else {
        return format!("{label} stays so up to {}", here(harder[harder.len() - 1]));
    };
    let qualifies = end.candidates.iter().any(|candidate| candidate.label == label && candidate.qualifies);
    let others = best_of(end);
    let instead = match (qualifies, others.as_slice()) {
        (_, []) => "where nobody does what is needed".to_owned(),
        (true, others) => {
            format!("where {} {} better", words::listed(others), if others.len() == 1 { "is" } else { "are" })
        }
        (false, others) => format!(
            "where it does not surely do what is needed, and {} {} best",
            words::listed(others),
            if others.len() == 1 { "is" } else { "are" }
        ),
    };
    match held {
        0 => format!("{label} no longer at {}, {instead}", here(end)),
        held => format!("{label} stays so up to {}, not at {}, {instead}", here(harder[held - 1]), here(end)),
    }
}

/// The share of choices in which any interval may be wrong.
const OUTSIDE: f64 = 0.05;
