//! Verdicts in sentences: every one is made from figures by the rules that stand here, none is typed in.

use serde_json::{Map, Value as Json};

use super::contrast::word;
use super::document::{Comparison, Subject, Test as Judged, Verdict};
use super::plan::Test;
use super::spec::ContrastSpec;

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

/// The verdict on an assumption: what the gravest of the tests that decide say, then the names of the others.
pub(super) fn of_audit(verdict: Verdict, tests: &[Judged]) -> String {
    let deciding = || tests.iter().filter(|test| test.decides && !test.subjects.is_empty());
    let gravest = deciding().filter(|test| test.verdict == verdict).map(|test| {
        let is_grave = |subject: &&Subject| subject.verdict != Verdict::Holds;
        let said: Vec<&str> = test.subjects.iter().filter(is_grave).map(|subject| subject.sentence.as_str()).collect();
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
        const SHARES: [&str; 4] = ["success", "_share", "survived", "owner_holds"];
        let has = |part: &str| metric.split('.').any(|name| name.ends_with(part));
        if SHARES.iter().any(|share| metric.ends_with(share)) {
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
        format!("{value:.digits$}").replace('-', "−")
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
