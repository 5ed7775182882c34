//! Verdicts in sentences: every one is made from figures by the rules that stand here, none is typed in.

use serde_json::{Map, Value as Json};

use super::contrast::word;
use super::document::{Comparison, Subject, Test as Judged, Verdict};
use super::plan::Test;
use super::spec::ContrastSpec;
use crate::figure::is_share;

/// The verdict on a subject, and the comparison that it hangs on: the first that fails where it fails; that which is nearest to
/// its margin where all hold; else the first that is undecided.
pub(super) fn of_subject(test: &Test, subject: &Subject, levels: &[(Json, Verdict)]) -> String {
    let said = if test.spec.across.is_some() { across(test, subject, levels) } else { along(test, subject) };
    match hinge(test, subject) {
        Some(cell) => format!("{said} ({})", of_comparison(test, cell)),
        None => said,
    }
}

fn along(test: &Test, Subject { label, verdict, holds_up_to, fails_from, .. }: &Subject) -> String {
    let along = test.spec.along.as_deref().unwrap_or_default();
    let level = |level: &Option<Json>| level.as_ref().map(|level| format!("{along} = {}", word(level)));
    match (verdict, level(holds_up_to), level(fails_from)) {
        (Verdict::HoldsWithin, Some(up_to), Some(from)) => format!("{label} holds up to {up_to} and fails from {from}"),
        (Verdict::HoldsWithin, Some(up_to), None) => format!("{label} holds up to {up_to} and is undecided beyond"),
        (Verdict::Fails, _, Some(from)) => format!("{label} fails from {from}"),
        (verdict, ..) => format!("{label} {}", bare(*verdict)),
    }
}

fn across(test: &Test, subject: &Subject, levels: &[(Json, Verdict)]) -> String {
    let across = test.spec.across.as_deref().unwrap_or_default();
    let said = [Verdict::Holds, Verdict::Fails, Verdict::Undecided].into_iter().filter_map(|wanted| {
        let of = levels.iter().filter(|(_, verdict)| *verdict == wanted);
        let names: Vec<String> = of.map(|(level, _)| word(level)).collect();
        (!names.is_empty()).then(|| format!("{} for {across} = {}", bare(wanted), listed(&names)))
    });
    format!("{} {}", subject.label, said.collect::<Vec<String>>().join(", "))
}

fn bare(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Holds => "holds",
        Verdict::Undecided => "is undecided",
        Verdict::HoldsWithin => "holds within limits",
        Verdict::Fails => "fails",
    }
}

fn hinge<'a>(test: &Test, subject: &'a Subject) -> Option<&'a Comparison> {
    let of = |verdict: Verdict| subject.cells.iter().filter(move |cell| cell.verdict == verdict);
    let is_first_failing = |cell: &&Comparison| {
        let level = test.spec.level().and_then(|name| cell.parameters.get(name));
        subject.fails_from.is_none() || level == subject.fails_from.as_ref()
    };
    match subject.verdict {
        Verdict::Holds => of(Verdict::Holds).min_by(|one, other| slack(test, one).total_cmp(&slack(test, other))),
        Verdict::Fails | Verdict::HoldsWithin if of(Verdict::Fails).next().is_some() => {
            let failing = of(Verdict::Fails).filter(is_first_failing);
            failing.min_by(|one, other| slack(test, one).total_cmp(&slack(test, other)))
        }
        _ => of(Verdict::Undecided).next(),
    }
}

/// How far the mean is from the nearest margin, to the good side.
fn slack(test: &Test, cell: &Comparison) -> f64 {
    let Some(mean) = cell.mean else {
        return f64::INFINITY;
    };
    let above = test.spec.at_least.map_or(f64::INFINITY, |least| mean - least);
    let below = test.spec.at_most.map_or(f64::INFINITY, |most| most - mean);
    above.min(below)
}

/// A comparison in words: where, the mean and its interval.
fn of_comparison(test: &Test, cell: &Comparison) -> String {
    let place = place(&cell.parameters);
    let comma = if place.is_empty() { "" } else { ": " };
    if cell.missing > 0 {
        let seeds = cell.values + cell.missing;
        return format!("{place}{comma}no value in {} of {seeds} seeds", cell.missing);
    }
    if cell.values == 0 && cell.verdict == Verdict::Fails {
        return format!("{place}{comma}not to be had at this price");
    }
    let unit = Unit::of(test);
    let Some((mean, (low, high))) = cell.mean.zip(cell.interval) else {
        return format!("{place}{comma}too few seeds");
    };
    format!("{place}{comma}{} [{}, {}]", unit.shown(mean), unit.bare(low), unit.bare(high))
}

/// What the parameters are set to, in words.
pub(super) fn place(parameters: &Map<String, Json>) -> String {
    parameters.iter().map(|(name, value)| format!("{name} = {}", word(value))).collect::<Vec<String>>().join(", ")
}

/// The verdict of a test: each subject's.
pub(super) fn of_test(verdict: Verdict, subjects: &[Subject]) -> String {
    let said: Vec<&str> = subjects.iter().map(|subject| subject.sentence.as_str()).collect();
    match said.as_slice() {
        [] => "Undecided: nothing was compared.".to_owned(),
        said => format!("{}: {}.", capital(verdict.words()), said.join("; ")),
    }
}

/// The verdict on an assumption: of the gravest tests that decide, the gravest subject with its figure and the other subjects that do
/// not hold; then the names of the other tests.
pub(super) fn of_audit(verdict: Verdict, tests: &[Judged]) -> String {
    let deciding = || tests.iter().filter(|test| test.decides && !test.subjects.is_empty());
    let gravest = deciding().filter(|test| test.verdict == verdict).map(|test| {
        let is_grave = |subject: &&Subject| subject.verdict != Verdict::Holds;
        let mut grave: Vec<&Subject> = test.subjects.iter().filter(is_grave).collect();
        grave.sort_by_key(|subject| std::cmp::Reverse(subject.verdict));
        let others = grave.iter().skip(1).map(|subject| format!("{} {}", subject.label, bare(subject.verdict)));
        let said: Vec<String> = grave.first().map(|first| first.sentence.clone()).into_iter().chain(others).collect();
        let colon = if said.is_empty() { "" } else { ": " };
        format!("{}{colon}{}", test.name, said.join("; "))
    });
    let gravest: Vec<String> = gravest.collect();
    if gravest.is_empty() {
        return "Undecided: nothing was run.".to_owned();
    }
    let mut sentences = vec![format!("{} — {}.", capital(verdict.words()), gravest.join(". "))];
    for other in [Verdict::Fails, Verdict::HoldsWithin, Verdict::Undecided, Verdict::Holds] {
        let names: Vec<String> =
            deciding().filter(|test| test.verdict == other && other != verdict).map(|test| test.name.clone()).collect();
        if !names.is_empty() {
            sentences.push(format!("{}: {}.", capital(other.words()), listed(&names)));
        }
    }
    let unrun = tests.iter().filter(|test| test.decides && test.subjects.is_empty());
    let unrun: Vec<String> = unrun.map(|test| test.name.clone()).collect();
    if !unrun.is_empty() {
        sentences.push(format!("Not run: {}.", listed(&unrun)));
    }
    sentences.join(" ")
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// What is taken of the figure, in words.
pub(super) fn contrast(spec: &ContrastSpec) -> String {
    let sign = |is_ratio: bool| if is_ratio { '/' } else { '−' };
    match spec {
        ContrastSpec::Value => "itself".to_owned(),
        ContrastSpec::Between { parameter, of, to, ratio } => {
            let of = of.as_ref().map_or("each other".to_owned(), word);
            format!("{parameter}: {of} {} {}", sign(*ratio), word(to))
        }
        ContrastSpec::Against { of, to, ratio } => {
            format!("{of} {} {}", sign(*ratio), to.as_deref().unwrap_or("each other"))
        }
        ContrastSpec::Doubling { of } => format!("more with each doubling of {of}"),
        ContrastSpec::Order { with } => format!("the same order as by {with}"),
        ContrastSpec::AtPrice { of, cost, .. } => format!("{of} − each other, at most so much {cost}"),
    }
}

/// How a figure is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Share,
    Millis,
    Seconds,
    Bytes,
    Ratio,
    None,
}

impl Unit {
    fn of(test: &Test) -> Self {
        let is_ratio = test.metric.below.is_some()
            || matches!(
                test.spec.contrast,
                ContrastSpec::Between { ratio: true, .. } | ContrastSpec::Against { ratio: true, .. }
            );
        if is_ratio { Self::Ratio } else { Self::of_figure(&test.metric.above) }
    }

    fn of_figure(metric: &str) -> Self {
        let has = |part: &str| metric.split('.').any(|name| name.ends_with(part));
        if is_share(metric) {
            Self::Share
        } else if has("_ms") {
            Self::Millis
        } else if metric.ends_with("_s") {
            Self::Seconds
        } else if metric.split('.').next_back() == Some("bytes") {
            Self::Bytes
        } else {
            Self::None
        }
    }

    fn bare(self, value: f64) -> String {
        let value = if self == Self::Share { 100.0 * value } else { value };
        let digits = match value.abs() {
            big if big >= 1000.0 => 0,
            big if big >= 100.0 => 1,
            big if big >= 1.0 => 2,
            _ => 3,
        };
        // What rounds to zero has no sign.
        let text = format!("{value:.digits$}");
        let is_zero = text.chars().all(|c| matches!(c, '-' | '0' | '.'));
        text.replace('-', if is_zero { "" } else { "−" })
    }

    fn shown(self, value: f64) -> String {
        let bare = self.bare(value);
        match self {
            Self::Share => format!("{bare} %"),
            Self::Millis => format!("{bare} ms"),
            Self::Seconds => format!("{bare} s"),
            Self::Bytes => format!("{bare} bytes/node/s"),
            Self::Ratio => format!("{bare} times"),
            Self::None => bare,
        }
    }
}

/// A figure as it is written in sentences.
pub(super) fn figure(metric: &str, value: f64) -> String {
    Unit::of_figure(metric).shown(value)
}

/// A list in words.
pub(super) fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [all @ .., last] => format!("{} and {last}", all.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::testing::{Bench, METRICS, NODES, SESSION, comparison};

    use Verdict::{Fails, Holds, HoldsWithin, Undecided};

    fn subject(verdict: Verdict, up_to: Option<&str>, from: Option<&str>, cells: Vec<Comparison>) -> Subject {
        let level = |level: Option<&str>| level.map(Json::from);
        Subject {
            label: "A".to_owned(),
            verdict,
            holds_up_to: level(up_to),
            fails_from: level(from),
            sentence: String::new(),
            cells,
        }
    }

    fn at(session: &str, mean: f64, verdict: Verdict) -> Comparison {
        comparison(&[("session", Json::from(session))], mean, verdict)
    }

    fn said(rest: &str, subject: &Subject) -> String {
        of_subject(&Bench::new(SESSION, |_| None).test(rest), subject, &[])
    }

    #[test]
    fn where_all_holds_the_tightest_comparison_is_named() {
        let cells = || vec![at("5m", 3.0, Holds), at("1h", 1.5, Holds), at("20m", 2.0, Holds)];
        let all = subject(Holds, None, None, cells());
        assert_eq!(said("at_least: 1", &all), "A holds (session = 1h: 1.50 [1.40, 1.60])");
        assert_eq!(said("at_most: 4", &all), "A holds (session = 5m: 3.00 [2.90, 3.10])");
        assert_eq!(said("at_least: 1, at_most: 3.1", &all), "A holds (session = 5m: 3.00 [2.90, 3.10])");
    }

    #[test]
    fn where_it_fails_the_worst_of_the_first_level_is_named() {
        let cells = || {
            vec![
                at("5m", 5.0, Holds),
                at("1h", 0.5, Fails),
                at("1h", 0.25, Fails),
                at("1h", 2.0, Undecided),
                at("20m", 0.1, Fails),
            ]
        };
        let rest = "at_least: 1, along: \"session\"";
        let within = subject(HoldsWithin, Some("5m"), Some("1h"), cells());
        assert_eq!(
            said(rest, &within),
            "A holds up to session = 5m and fails from session = 1h (session = 1h: 0.250 [0.150, 0.350])"
        );
        let fails = subject(Fails, None, Some("1h"), cells());
        assert_eq!(said(rest, &fails), "A fails from session = 1h (session = 1h: 0.250 [0.150, 0.350])");
        let anywhere = subject(Fails, None, None, cells());
        assert_eq!(said("at_least: 1", &anywhere), "A fails (session = 20m: 0.100 [0.000, 0.200])");
    }

    #[test]
    fn where_it_is_undecided_the_first_such_comparison_is_named() {
        let cells = || vec![at("5m", 5.0, Holds), at("1h", 1.1, Undecided), at("20m", 0.9, Undecided)];
        let rest = "at_least: 1, along: \"session\"";
        let within = subject(HoldsWithin, Some("5m"), None, cells());
        assert_eq!(
            said(rest, &within),
            "A holds up to session = 5m and is undecided beyond (session = 1h: 1.10 [1.00, 1.20])"
        );
        let undecided = subject(Undecided, None, None, cells());
        assert_eq!(said(rest, &undecided), "A is undecided (session = 1h: 1.10 [1.00, 1.20])");
    }

    #[test]
    fn cases_in_no_order_are_named_one_by_one() {
        let bench = Bench::new(SESSION, |_| None);
        let test = bench.test("at_least: 1, across: \"session\"");
        let level = |session: &str, verdict| (Json::from(session), verdict);
        let cells = vec![at("5m", 0.5, Fails), at("1h", 0.25, Fails), at("20m", 3.0, Holds)];
        let levels = [level("5m", Fails), level("1h", Fails), level("20m", Holds)];
        assert_eq!(
            of_subject(&test, &subject(HoldsWithin, None, None, cells), &levels),
            "A holds for session = 20m, fails for session = 5m and 1h (session = 1h: 0.250 [0.150, 0.350])"
        );
        let cells = vec![at("5m", 1.1, Undecided), at("1h", 3.0, Holds)];
        let levels = [level("5m", Undecided), level("1h", Holds)];
        assert_eq!(
            of_subject(&test, &subject(Undecided, None, None, cells), &levels),
            "A holds for session = 1h, is undecided for session = 5m (session = 5m: 1.10 [1.00, 1.20])"
        );
    }

    #[test]
    fn what_was_not_measured_is_said() {
        let undecided = |cell: Comparison| said("at_least: 1", &subject(Undecided, None, None, vec![cell]));
        let missing = Comparison { values: 2, missing: 1, interval: None, ..at("5m", 1.0, Undecided) };
        assert_eq!(undecided(missing.clone()), "A is undecided (session = 5m: no value in 1 of 3 seeds)");
        let few = Comparison { values: 1, missing: 0, ..missing };
        assert_eq!(undecided(few), "A is undecided (session = 5m: too few seeds)");
        let nowhere = comparison(&[], 1.0, Undecided);
        assert_eq!(undecided(nowhere), "A is undecided (1.00 [0.900, 1.10])");
    }

    fn unit(metric: &str, rest: &str, value: f64) -> String {
        let bench = Bench::new(NODES, |_| None);
        Unit::of(&bench.test_of(metric, &format!("{rest}at_most: 1"))).shown(value)
    }

    #[test]
    fn figures_have_their_units() {
        for (metric, shown) in [
            ("lookups.hops.mean", "0.500"),
            ("lookups.latency_ms.p99", "0.500 ms"),
            ("lookups.time_lost_ms.mean", "0.500 ms"),
            ("lookups.success", "50.00 %"),
            ("lookups.wrong_share", "50.00 %"),
            ("recovery.correct_after_s", "0.500 s"),
            ("traffic.total.bytes", "0.500 bytes/node/s"),
            ("traffic.total.bytes_total", "0.500"),
            ("traffic.total.messages", "0.500"),
            ("lookups.success / lookups.failed_share", "0.500 times"),
        ] {
            assert_eq!(unit(metric, "", 0.5), shown, "{metric}");
        }
        let between = |ratio: &str| format!("contrast: Between(parameter: \"nodes\", to: 4{ratio}), ");
        assert_eq!(unit(METRICS[1], &between(""), 2.0), "2.00 ms");
        assert_eq!(unit(METRICS[1], &between(", ratio: true"), 2.0), "2.00 times");
        assert_eq!(unit(METRICS[1], "contrast: Against(of: \"A\", ratio: true), ", 2.0), "2.00 times");
        assert_eq!(unit(METRICS[2], "contrast: Doubling(of: \"nodes\"), ", 0.02), "2.00 %");
        assert_eq!(figure("phases.first 10 s.latency_ms.mean", 2.0), "2.00 ms");
    }

    #[test]
    fn figures_have_as_many_digits_as_say_something() {
        let shown = |value: f64| Unit::None.bare(value);
        assert_eq!(
            [0.001, 0.12345, 1.0, 12.345, 123.45, 1234.5].map(shown),
            ["0.001", "0.123", "1.00", "12.35", "123.5", "1234"]
        );
        assert_eq!(shown(-2.5), "−2.50", "a minus is no hyphen");
        assert_eq!(shown(-0.0001), "0.000", "nothing is less than nothing");
        assert_eq!(Unit::Share.bare(-0.0123), "−1.23");
        assert_eq!(Unit::Share.shown(1.0), "100.0 %");
    }

    #[test]
    fn a_sentence_of_a_test_says_all_its_subjects() {
        let with = |sentence: &str| Subject { sentence: sentence.to_owned(), ..subject(Holds, None, None, Vec::new()) };
        assert_eq!(of_test(HoldsWithin, &[with("A holds"), with("B fails")]), "Holds within limits: A holds; B fails.");
        assert_eq!(of_test(Undecided, &[]), "Undecided: nothing was compared.");
    }

    fn test(name: &str, decides: bool, verdict: Verdict, subjects: &[(Verdict, &str)]) -> Judged {
        let subject = |(verdict, sentence): &(Verdict, &str)| Subject {
            label: sentence.chars().take(1).collect(),
            sentence: (*sentence).to_owned(),
            ..subject(*verdict, None, None, Vec::new())
        };
        Judged {
            name: name.to_owned(),
            question: String::new(),
            experiment: String::new(),
            metric: String::new(),
            contrast: String::new(),
            at_least: None,
            at_most: None,
            along: None,
            is_ordered: false,
            decides,
            verdict,
            sentence: String::new(),
            subjects: subjects.iter().map(subject).collect(),
        }
    }

    #[test]
    fn a_sentence_of_an_audit_begins_with_what_its_verdict_hangs_on() {
        let tests = [
            test("answers", true, Fails, &[(Holds, "A holds"), (Fails, "B fails"), (Undecided, "C is undecided")]),
            test("times", true, Holds, &[(Holds, "A holds")]),
            test("aside", false, Fails, &[(Fails, "D fails")]),
            test("more", true, Fails, &[(Fails, "E fails")]),
        ];
        let said = of_audit(Fails, &tests);
        assert!(said.starts_with("Fails — answers: B fails; C is undecided. more: E fails."), "{said}");
        assert!(!said.contains("aside"), "{said}");
        assert!(of_audit(Holds, &tests[1..2]).starts_with("Holds — times."), "{said}");
        let unrun = [test("answers", true, Undecided, &[])];
        assert_eq!(of_audit(Undecided, &unrun), "Undecided: nothing was run.");
        assert_eq!(of_audit(Undecided, &[]), "Undecided: nothing was run.");
        let half = [unrun[0].clone(), test("times", true, Undecided, &[(Undecided, "A is undecided")])];
        assert!(of_audit(Undecided, &half).starts_with("Undecided — times: A is undecided."));
    }

    #[test]
    fn contrasts_are_said_in_words() {
        let bench = Bench::new(&format!("{SESSION}, {NODES}"), |_| None);
        let said = |text: &str| contrast(&bench.test(&format!("contrast: {text}")).spec.contrast);
        assert_eq!(said("Value, at_most: 1"), "itself");
        assert_eq!(said("Between(parameter: \"session\", of: \"5m\", to: \"1h\"), at_most: 1"), "session: 5m − 1h");
        assert_eq!(said("Between(parameter: \"nodes\", to: 4, ratio: true), at_most: 1"), "nodes: each other / 4");
        assert_eq!(said("Against(of: \"A\"), at_most: 1"), "A − each other");
        assert_eq!(said("Against(of: \"A\", to: \"B\", ratio: true), at_most: 1"), "A / B");
        assert_eq!(said("Doubling(of: \"nodes\"), at_most: 1"), "more with each doubling of nodes");
        assert_eq!(said("Order(with: \"lookups.success\")"), "the same order as by lookups.success");
        let at_price =
            "AtPrice(of: \"A\", settings: \"session\", cost: \"traffic.total.bytes\", budgets: [1]), at_most: 1";
        assert_eq!(said(at_price), "A − each other, at most so much traffic.total.bytes");
    }

    #[test]
    fn lists_end_with_and() {
        let list = |names: &[&str]| listed(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<String>>());
        assert_eq!(
            [list(&[]), list(&["a"]), list(&["a", "b"]), list(&["a", "b", "c"])],
            ["", "a", "a and b", "a, b and c"]
        );
    }
}
