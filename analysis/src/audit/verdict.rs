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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::audit::testing::{Bench, SESSION, comparison};

    use Verdict::{Fails, Holds, HoldsWithin, Undecided};

    fn bench() -> Bench {
        Bench::new(SESSION, |_| None)
    }

    /// The verdict on `A` with these comparisons, by session and in this order.
    fn judged(along: &str, cells: &[(&str, Verdict)]) -> Subject {
        let bench = bench();
        let cells = cells.iter().map(|(session, verdict)| {
            ("A".to_owned(), comparison(&[("session", Json::from(*session))], 0.5, *verdict))
        });
        subjects(&bench.test(&format!("at_least: 0.4{along}")), &bench.runs, cells.collect()).remove(0)
    }

    fn along(cells: &[(&str, Verdict)]) -> (Verdict, Option<String>, Option<String>) {
        let subject = judged(", along: \"session\"", cells);
        let text = |level: Option<Json>| level.map(|level| level.as_str().expect("a text").to_owned());
        (subject.verdict, text(subject.holds_up_to), text(subject.fails_from))
    }

    /// The file says 5m, 1h, 20m.
    #[test]
    fn levels_come_in_the_order_of_the_file() {
        let shuffled =
            |five: Verdict, hour: Verdict, twenty: Verdict| along(&[("20m", twenty), ("1h", hour), ("5m", five)]);
        assert_eq!(shuffled(Holds, Holds, Holds), (Holds, None, None));
        assert_eq!(shuffled(Holds, Holds, Fails), (HoldsWithin, Some("1h".to_owned()), Some("20m".to_owned())));
        assert_eq!(
            shuffled(Holds, Fails, Holds),
            (HoldsWithin, Some("5m".to_owned()), Some("1h".to_owned())),
            "what holds again does not count"
        );
        assert_eq!(shuffled(Holds, Undecided, Fails), (HoldsWithin, Some("5m".to_owned()), Some("20m".to_owned())));
        assert_eq!(shuffled(Holds, Holds, Undecided), (HoldsWithin, Some("1h".to_owned()), None));
        assert_eq!(shuffled(Fails, Holds, Holds), (Fails, None, Some("5m".to_owned())));
        assert_eq!(shuffled(Undecided, Holds, Fails), (Fails, None, Some("20m".to_owned())));
        assert_eq!(shuffled(Undecided, Holds, Holds), (Undecided, None, None));
        assert_eq!(shuffled(Undecided, Undecided, Undecided), (Undecided, None, None));
    }

    #[test]
    fn cases_in_no_order_stand_for_themselves() {
        let across = |five: Verdict, hour: Verdict, twenty: Verdict| {
            let subject = judged(", across: \"session\"", &[("5m", five), ("1h", hour), ("20m", twenty)]);
            assert_eq!((&subject.holds_up_to, &subject.fails_from), (&None, &None));
            subject.verdict
        };
        assert_eq!(across(Holds, Holds, Holds), Holds);
        assert_eq!(across(Fails, Holds, Holds), HoldsWithin);
        assert_eq!(across(Undecided, Holds, Fails), HoldsWithin);
        assert_eq!(across(Undecided, Holds, Holds), Undecided);
        assert_eq!(across(Undecided, Undecided, Fails), Fails);
        assert_eq!(across(Fails, Fails, Fails), Fails);
    }

    #[test]
    fn a_level_is_as_grave_as_its_gravest_comparison() {
        assert_eq!(
            along(&[("5m", Holds), ("1h", Holds), ("1h", Undecided)]),
            (HoldsWithin, Some("5m".to_owned()), None)
        );
        assert_eq!(
            along(&[("1h", Fails), ("5m", Holds), ("1h", Holds)]),
            (HoldsWithin, Some("5m".to_owned()), Some("1h".to_owned()))
        );
    }

    #[test]
    fn without_levels_all_comparisons_are_at_one() {
        let verdict = |cells: &[(&str, Verdict)]| {
            let subject = judged("", cells);
            assert_eq!((&subject.holds_up_to, &subject.fails_from), (&None, &None));
            subject.verdict
        };
        assert_eq!(verdict(&[("5m", Holds), ("1h", Holds)]), Holds);
        assert_eq!(verdict(&[("5m", Holds), ("1h", Undecided)]), Undecided);
        assert_eq!(verdict(&[("5m", Holds), ("1h", Undecided), ("20m", Fails)]), Fails);
    }

    #[test]
    fn subjects_come_as_they_are_first_compared_and_keep_their_own() {
        let bench = bench();
        let cell = |session: &str, mean: f64, verdict| comparison(&[("session", Json::from(session))], mean, verdict);
        let judged = vec![
            ("B".to_owned(), cell("5m", 1.0, Holds)),
            ("A".to_owned(), cell("5m", 2.0, Fails)),
            ("B".to_owned(), cell("1h", 3.0, Holds)),
        ];
        let subjects = subjects(&bench.test("at_least: 0"), &bench.runs, judged);
        let said: Vec<(&str, Verdict, Vec<Option<f64>>)> = subjects
            .iter()
            .map(|subject| {
                (subject.label.as_str(), subject.verdict, subject.cells.iter().map(|cell| cell.mean).collect())
            })
            .collect();
        assert_eq!(said, [("B", Holds, vec![Some(1.0), Some(3.0)]), ("A", Fails, vec![Some(2.0)])]);
    }

    fn of(contrast: &str, verdicts: &[Verdict]) -> Verdict {
        let subject = |verdict: &Verdict| Subject {
            label: "A".to_owned(),
            verdict: *verdict,
            holds_up_to: None,
            fails_from: None,
            sentence: String::new(),
            cells: Vec::new(),
        };
        let test = bench().test(&format!("{contrast}at_least: 0"));
        of_test(&test, &verdicts.iter().map(subject).collect::<Vec<Subject>>())
    }

    #[test]
    fn a_test_of_each_holds_within_limits_where_it_holds_for_some() {
        assert_eq!(of("", &[]), Undecided);
        assert_eq!(of("", &[Holds, Holds]), Holds);
        assert_eq!(of("", &[Holds, Undecided]), Undecided);
        assert_eq!(of("", &[Holds, Fails]), HoldsWithin);
        assert_eq!(of("", &[Holds, Undecided, Fails]), HoldsWithin);
        assert_eq!(of("", &[Fails, HoldsWithin]), HoldsWithin);
        assert_eq!(of("", &[Undecided, HoldsWithin]), HoldsWithin);
        assert_eq!(of("", &[Holds, HoldsWithin]), HoldsWithin);
        assert_eq!(of("", &[Undecided, Fails]), Fails);
        assert_eq!(of("", &[Fails, Fails]), Fails);
    }

    #[test]
    fn what_is_said_of_one_against_all_fails_with_any() {
        let at_price =
            r#"contrast: AtPrice(of: "A", settings: "session", cost: "traffic.total.bytes", budgets: [1]), "#;
        for contrast in [r#"contrast: Against(of: "A"), "#, at_price] {
            assert_eq!(of(contrast, &[]), Undecided);
            assert_eq!(of(contrast, &[Holds, Holds]), Holds);
            assert_eq!(of(contrast, &[Holds, Undecided]), Undecided);
            assert_eq!(of(contrast, &[Holds, Fails]), Fails);
            assert_eq!(of(contrast, &[HoldsWithin, Undecided]), HoldsWithin);
            assert_eq!(of(contrast, &[HoldsWithin, Fails]), Fails);
        }
    }

    #[test]
    fn an_assumption_is_as_good_as_its_gravest_test() {
        let all = |verdicts: &[Verdict]| of_all(verdicts.iter().copied());
        assert_eq!(all(&[]), Undecided);
        assert_eq!(all(&[Holds, Holds]), Holds);
        assert_eq!(all(&[Holds, Undecided]), Undecided);
        assert_eq!(all(&[HoldsWithin, Undecided]), HoldsWithin, "that it does not hold everywhere is known already");
        assert_eq!(all(&[HoldsWithin, Holds, Fails]), Fails);
    }

    fn any_verdict() -> impl Strategy<Value = Verdict> {
        prop::sample::select(vec![Holds, Undecided, Fails])
    }

    proptest! {
        /// Whatever comes out: it holds just if all holds, and what it holds up to lies before what it fails from.
        #[test]
        fn the_verdict_and_its_levels_agree(verdicts in prop::array::uniform3(any_verdict())) {
            let levels = ["5m", "1h", "20m"];
            let (verdict, up_to, from) = along(&[(levels[0], verdicts[0]), (levels[1], verdicts[1]), (levels[2], verdicts[2])]);
            let place = |level: Option<String>| level.and_then(|level| levels.iter().position(|other| *other == level));
            let (up_to, from) = (place(up_to), place(from));
            prop_assert_eq!(verdict == Holds, verdicts == [Holds; 3]);
            prop_assert_eq!(from, verdicts.iter().position(|verdict| *verdict == Fails));
            prop_assert_eq!(up_to.is_some(), verdict == HoldsWithin);
            if let Some(up_to) = up_to {
                prop_assert!(verdicts[..=up_to].iter().all(|verdict| *verdict == Holds));
                prop_assert!(verdicts[up_to + 1] != Holds && from.is_none_or(|from| from > up_to));
            }
        }
    }
}
