//! Who was chosen, in which situations: the sentence, and a table that shows the calm and the hardest.

use serde_json::Value as Json;

use super::gather::is_same;
use super::page::{Block, Table, Text};
use super::words::{Named, listed, number, shown};
use crate::audit::document::{Candidate, Choice, Experiment, Situation};

/// A choice: question, answer, and the figures beside it.
pub(super) fn blocks(choice: &Choice, experiment: Option<&Experiment>) -> Vec<Block> {
    let mut blocks = vec![Block::Note(choice.question.as_str().into()), Block::Answer(choice.sentence.as_str().into())];
    if choice.situations.is_empty() {
        return blocks;
    }
    let order = order(choice, experiment);
    let (first, others) = sorted_out(choice, experiment);
    blocks.push(Block::Table(compact(choice, &order, &first)));
    blocks.push(Block::Note(legend(choice)));
    if !others.is_empty() {
        let summary = format!("The other {} situations", others.len());
        blocks.push(Block::Details(summary.into(), vec![Block::Table(compact(choice, &order, &others))]));
    }
    let all: Vec<&Situation> = choice.situations.iter().collect();
    blocks
        .push(Block::Details("All figures of all candidates".into(), vec![Block::Table(whole(choice, &order, &all))]));
    blocks
}

/// The parameters, the one along which it gets harder last; without those that are the same in all situations.
fn order(choice: &Choice, experiment: Option<&Experiment>) -> Vec<String> {
    let named = experiment.into_iter().flat_map(|of| of.parameters.iter().map(|(name, _)| name.clone()));
    let found = choice.situations.iter().flat_map(|of| of.parameters.keys().cloned());
    let mut names: Vec<String> = Vec::new();
    for name in named.chain(found).chain([choice.along.clone()]) {
        names.retain(|other| *other != name || name != choice.along);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let varies = |name: &String| {
        let mut values = choice.situations.iter().map(|of| of.parameters.get(name));
        let first = values.next().flatten();
        values.any(|other| other != first)
    };
    let varying: Vec<String> = names.iter().filter(|name| varies(name)).cloned().collect();
    if varying.is_empty() { vec![choice.along.clone()] } else { varying }
}

/// The situations that are shown at once, which are the calm and the hardest, or all if they are few; and the others.
fn sorted_out<'a>(choice: &'a Choice, experiment: Option<&Experiment>) -> (Vec<&'a Situation>, Vec<&'a Situation>) {
    let all = || choice.situations.iter();
    if choice.situations.len() <= SHOWN_MAX {
        return (all().collect(), Vec::new());
    }
    let levels: Vec<Json> = match experiment.and_then(|of| of.parameters.iter().find(|(name, _)| *name == choice.along))
    {
        Some((_, values)) => values.clone(),
        None => all().filter_map(|of| of.parameters.get(&choice.along).cloned()).collect(),
    };
    let at = |situation: &&Situation| {
        let value = situation.parameters.get(&choice.along)?;
        levels.iter().position(|level| is_same(level, value))
    };
    let known: Vec<usize> = all().filter_map(|of| at(&of)).collect();
    let ends = [known.iter().min(), known.iter().max()].map(Option::<&usize>::copied);
    let (shown, mut others): (Vec<&Situation>, Vec<&Situation>) =
        all().partition(|of| at(of).is_some() && ends.contains(&at(of)));
    let mut shown = shown;
    others.splice(0..0, shown.split_off(shown.len().min(SHOWN_MAX)));
    (shown, others)
}

/// A row for each situation, and the figure that decides for each candidate.
fn compact(choice: &Choice, order: &[String], situations: &[&Situation]) -> Table {
    let labels: Vec<&str> = choice
        .situations
        .first()
        .map(|of| of.candidates.iter().map(|of| of.label.as_str()).collect())
        .unwrap_or_default();
    let heads = order.iter().map(|name| (Text::from(name.as_str()), true));
    let heads = heads.chain(labels.iter().map(|label| (Text::from(*label), true)));
    let mut table = Table::new(Named::of(&choice.metric).title(), heads);
    for situation in situations {
        let cell = |label: &&str| {
            let candidate = situation.candidates.iter().find(|of| of.label == **label);
            candidate.map_or(Text::default(), |of| decisive(choice, of))
        };
        table.rows.push(setting(situation, order).chain(labels.iter().map(cell)).collect());
    }
    table
}

fn setting<'a>(situation: &'a Situation, order: &'a [String]) -> impl Iterator<Item = Text> + 'a {
    order.iter().map(|name| Text::from(situation.parameters.get(name).map(shown).unwrap_or_default()))
}

fn decisive(choice: &Choice, candidate: &Candidate) -> Text {
    let figure = figure(candidate, &choice.metric);
    match (candidate.qualifies, candidate.is_best) {
        (true, true) => Text::default().strong(format!("✓ {figure}")),
        (true, false) => Text::from(figure),
        (false, _) => Text::default().muted(format!("– {figure}")),
    }
}

fn figure(candidate: &Candidate, metric: &str) -> String {
    let found = candidate.figures.iter().find(|(name, _, _)| name == metric);
    found.map_or("none".to_owned(), |(_, mean, half_width)| Named::of(metric).spread(*mean, *half_width))
}

fn legend(choice: &Choice) -> Text {
    let need = |(metric, least): &(String, f64)| {
        let named = Named::of(metric);
        format!("{} of at least {}", named.name, named.value(*least))
    };
    let needs: Vec<String> = choice.needs.iter().map(need).collect();
    let named = Named::of(&choice.metric);
    let mut text = format!(
        "{}: mean ± half of its 95 % interval, the lower the better. ✓ the best, or not shown to be worse than it by more than {} %.",
        named.title(),
        number(100.0 * choice.margin)
    );
    if !needs.is_empty() {
        let needed = listed(&needs);
        text = format!("{text} – does not qualify: {needed} is needed, and the interval must say so.");
    }
    format!("{text} {}", named.meaning).into()
}

/// A row for each situation and candidate, with all figures.
fn whole(choice: &Choice, order: &[String], situations: &[&Situation]) -> Table {
    let needs = choice.needs.iter().map(|(metric, _)| metric);
    let mut metrics: Vec<&String> = Vec::new();
    for metric in [&choice.metric].into_iter().chain(needs).chain(&choice.beside) {
        if !metrics.contains(&metric) {
            metrics.push(metric);
        }
    }
    let heads = order.iter().map(|name| (Text::from(name.as_str()), true));
    let heads = heads.chain([("protocol".into(), false), ("".into(), false)]);
    let heads = heads.chain(metrics.iter().map(|metric| (Text::from(Named::of(metric).title()), true)));
    let mut table = Table::new("", heads);
    for situation in situations {
        for candidate in &situation.candidates {
            let word = match (candidate.qualifies, candidate.is_best) {
                (true, true) => "✓ best",
                (true, false) => "qualifies",
                (false, _) => "– not qualified",
            };
            let figures = metrics.iter().map(|metric| Text::from(figure(candidate, metric)));
            let who = [Text::from(candidate.label.as_str()), word.into()];
            table.rows.push(setting(situation, order).chain(who).chain(figures).collect());
        }
    }
    table
}

/// More rows than these are no first screen.
const SHOWN_MAX: usize = 8;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn choice(fractions: &[f64]) -> Choice {
        let candidate = |label: &str, qualifies, is_best| Candidate {
            label: label.to_owned(),
            qualifies,
            is_best,
            figures: vec![("lookups.latency_ms.p99".to_owned(), Some(80.0), Some(1.5))],
        };
        let situation = |fraction: &f64| Situation {
            parameters: json!({"fraction": fraction, "nodes": 20}).as_object().expect("a map").clone(),
            candidates: vec![candidate("one", true, true), candidate("other", false, false)],
        };
        Choice {
            audit: "A1".to_owned(),
            question: "Which?".to_owned(),
            experiment: "crash".to_owned(),
            metric: "lookups.latency_ms.p99".to_owned(),
            margin: 0.1,
            needs: vec![("lookups.success".to_owned(), 0.99)],
            beside: Vec::new(),
            along: "fraction".to_owned(),
            sentence: "One.".to_owned(),
            situations: fractions.iter().map(situation).collect(),
        }
    }

    #[test]
    fn few_situations_are_all_shown_and_of_many_the_calm_and_the_hardest() {
        let few = choice(&[0.0, 0.5]);
        assert_eq!(sorted_out(&few, None).0.len(), 2);
        let many = choice(&[0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]);
        let (shown, others) = sorted_out(&many, None);
        let fractions: Vec<&Json> = shown.iter().map(|of| &of.parameters["fraction"]).collect();
        assert_eq!((fractions, others.len()), (vec![&json!(0.0), &json!(0.9)], 8));
        assert_eq!(order(&many, None), ["fraction"], "what never changes is no column");
    }

    #[test]
    fn who_is_best_and_who_does_not_qualify_is_told_without_colour() {
        let one = choice(&[0.0, 0.5]);
        let all: Vec<&Situation> = one.situations.iter().collect();
        let table = compact(&one, &order(&one, None), &all);
        assert_eq!(table.rows[1][1], Text::default().strong("✓ 80.0 ± 1.5"));
        assert_eq!(table.rows[1][2], Text::default().muted("– 80.0 ± 1.5"));
    }
}
