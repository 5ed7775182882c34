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
    let held = levels.iter().take_while(|(_, verdict)| *verdict == Verdict::Holds).count();
    let fails_from = levels.iter().find(|(_, verdict)| *verdict == Verdict::Fails).map(|(level, _)| level.clone());
    let verdict = match (held, &fails_from) {
        (held, _) if held == levels.len() && held > 0 => Verdict::Holds,
        (0, Some(_)) => Verdict::Fails,
        (0, None) => Verdict::Undecided,
        _ => Verdict::HoldsWithin,
    };
    let holds_up_to =
        levels.get(held.wrapping_sub(1)).map(|(level, _)| level.clone()).filter(|_| verdict == Verdict::HoldsWithin);
    let mut subject = Subject { label, verdict, holds_up_to, fails_from, sentence: String::new(), cells };
    subject.fails_from = subject.fails_from.filter(|level| !level.is_null());
    subject.sentence = words::of_subject(test, &subject);
    subject
}

/// The levels of the parameter along which it gets harder, in order of the file, each with the gravest verdict of its cells; all
/// cells at one level if there is no such parameter.
fn levels(test: &Test, runs: &Runs, cells: &[Comparison]) -> Vec<(Json, Verdict)> {
    let along = test.spec.along.as_deref();
    let level = |cell: &Comparison| along.and_then(|along| cell.parameters.get(along)).cloned().unwrap_or_default();
    let mut levels: Vec<(Json, Verdict)> = Vec::new();
    for cell in cells {
        let level = level(cell);
        match levels.iter_mut().find(|(other, _)| *other == level) {
            Some((_, verdict)) => *verdict = (*verdict).max(cell.verdict),
            None => levels.push((level, cell.verdict)),
        }
    }
    levels.sort_by_key(|(level, _)| along.and_then(|along| runs.level(along, level)));
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
