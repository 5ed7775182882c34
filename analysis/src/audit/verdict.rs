//! From comparisons to verdicts: of a subject along the levels of its parameter, of a test, and of the assumption.

use serde_json::Value as Json;

use super::document::{Comparison, Subject, Verdict};
use super::plan::{Runs, Test};
use super::spec::ContrastSpec;
use super::words;

/// The verdicts on the subjects of a test: `judged` are its comparisons with whom each is about, in order.
pub(super) fn subjects(test: &Test, runs: &Runs, judged: Vec<(String, Comparison)>) -> Vec<Subject> {
    let mut subjects: Vec<(String, Vec<Comparison>)> = Vec::new();
    for (label, comparison) in judged {
        match subjects.iter_mut().find(|(other, _)| *other == label) {
            Some((_, cells)) => cells.push(comparison),
            None => subjects.push((label, vec![comparison])),
        }
    }
    subjects.into_iter().map(|(label, cells)| subject(test, runs, label, cells)).collect()
}

fn subject(test: &Test, runs: &Runs, label: String, cells: Vec<Comparison>) -> Subject {
    let levels = levels(test, runs, &cells);
    let verdict = if test.spec.across.is_some() { across(&levels) } else { along(&levels) };
    let held = levels.iter().take_while(|(_, verdict)| *verdict == Verdict::Holds).last();
    let failed = levels.iter().find(|(_, verdict)| *verdict == Verdict::Fails);
    let is_along = |(level, _): &&(Json, Verdict)| test.spec.along.is_some() && !level.is_null();
    let mut subject = Subject {
        label,
        verdict,
        holds_up_to: held
            .filter(|held| verdict == Verdict::HoldsWithin && is_along(held))
            .map(|(level, _)| level.clone()),
        fails_from: failed.filter(is_along).map(|(level, _)| level.clone()),
        sentence: String::new(),
        cells,
    };
    subject.sentence = words::of_subject(test, &subject, &levels);
    subject
}

/// Where it gets harder from level to level, a claim may hold up to one of them.
fn along(levels: &[(Json, Verdict)]) -> Verdict {
    let held = levels.iter().take_while(|(_, verdict)| *verdict == Verdict::Holds).count();
    let fails = levels.iter().any(|(_, verdict)| *verdict == Verdict::Fails);
    match (held, fails) {
        (0, true) => Verdict::Fails,
        (0, false) => Verdict::Undecided,
        (held, _) if held == levels.len() => Verdict::Holds,
        _ => Verdict::HoldsWithin,
    }
}

/// Of cases in no order, a claim may hold for some.
fn across(levels: &[(Json, Verdict)]) -> Verdict {
    let any = |wanted: Verdict| levels.iter().any(|(_, verdict)| *verdict == wanted);
    match (any(Verdict::Holds), any(Verdict::Fails), any(Verdict::Undecided)) {
        (true, true, _) => Verdict::HoldsWithin,
        (false, true, _) => Verdict::Fails,
        (true, false, false) => Verdict::Holds,
        _ => Verdict::Undecided,
    }
}

/// The levels of the parameter that the verdict goes by, in order of the file, each with the gravest verdict of its cells; all
/// cells at one level if there is no such parameter.
fn levels(test: &Test, runs: &Runs, cells: &[Comparison]) -> Vec<(Json, Verdict)> {
    let parameter = test.spec.level();
    let level = |cell: &Comparison| parameter.and_then(|name| cell.parameters.get(name)).cloned().unwrap_or_default();
    let mut levels: Vec<(Json, Verdict)> = Vec::new();
    for cell in cells {
        let level = level(cell);
        match levels.iter_mut().find(|(other, _)| *other == level) {
            Some((_, verdict)) => *verdict = (*verdict).max(cell.verdict),
            None => levels.push((level, cell.verdict)),
        }
    }
    levels.sort_by_key(|(level, _)| parameter.and_then(|name| runs.level(name, level)));
    levels
}

/// The verdict of a test. What is said of one against all others holds only if it does against each.
pub(super) fn of_test(test: &Test, subjects: &[Subject]) -> Verdict {
    let any = |verdict: Verdict| subjects.iter().any(|subject| subject.verdict == verdict);
    let is_of_all = matches!(test.spec.contrast, ContrastSpec::Against { .. } | ContrastSpec::AtPrice { .. });
    if subjects.is_empty() {
        Verdict::Undecided
    } else if is_of_all {
        subjects.iter().map(|subject| subject.verdict).max().unwrap_or(Verdict::Undecided)
    } else if any(Verdict::HoldsWithin) || any(Verdict::Fails) && any(Verdict::Holds) {
        Verdict::HoldsWithin
    } else if any(Verdict::Fails) {
        Verdict::Fails
    } else if any(Verdict::Undecided) {
        Verdict::Undecided
    } else {
        Verdict::Holds
    }
}

/// The verdict on an assumption: the gravest of the tests that decide.
pub(super) fn of_all(tests: impl Iterator<Item = Verdict>) -> Verdict {
    tests.max().unwrap_or(Verdict::Undecided)
}
