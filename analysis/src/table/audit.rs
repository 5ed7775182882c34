//! Audits on a page: what to choose, the verdicts, and of every test who holds at which level.

use serde_json::Value as Json;

use super::text::{WIDTH, cut, line};
use crate::audit::document::{Audit, Choice, Document, Subject, Test, Verdict};
use crate::width::{columns, padded};

/// The page of audits.
pub fn audit_page(document: &Document) -> String {
    let mut page = String::new();
    for choice in &document.choices {
        choose(&mut page, choice);
    }
    for audit in &document.audits {
        one(&mut page, audit);
    }
    line(&mut page, "");
    line(&mut page, "  + holds   - fails   ? undecided: the interval straddles the margin   [low, high]: 95 % for all");
    line(&mut page, "  comparisons of an audit together (Student's t, widened by Holm's method)");
    page
}

fn choose(page: &mut String, choice: &Choice) {
    wrapped(page, "", &choice.question);
    let needs: Vec<String> =
        choice.needs.iter().map(|(metric, least)| format!("{metric} of at least {least}")).collect();
    let among = if needs.is_empty() { String::new() } else { format!(", among those with {}", needs.join(" and ")) };
    wrapped(page, "  ", &format!("{}: least {}{among}", choice.audit, choice.metric));
    wrapped(page, "  ", &choice.sentence);
    line(page, "");
}

fn one(page: &mut String, audit: &Audit) {
    line(page, &format!("{}  {}  {}", audit.id, audit.verdict.words().to_uppercase(), audit.title));
    wrapped(page, "  ", &format!("claim: {}", audit.claim));
    wrapped(page, "  ", &audit.sentence);
    for experiment in audit.experiments.iter().filter(|experiment| experiment.missing.is_some()) {
        let missing = experiment.missing.as_deref().unwrap_or_default();
        wrapped(page, "  ", &format!("{} was not run: it needs {missing}", experiment.name));
    }
    audit.tests.iter().for_each(|test| tested(page, test));
    line(page, "");
}

fn tested(page: &mut String, test: &Test) {
    line(page, "");
    let aside = if test.decides { "" } else { " (aside)" };
    wrapped(page, "  ", &format!("{}{aside}: {} {}", test.name, test.question, test.verdict.words()));
    let margin =
        [test.at_least.map(|least| format!("at least {least}")), test.at_most.map(|most| format!("at most {most}"))];
    let margin: Vec<String> = margin.into_iter().flatten().collect();
    let colon = if margin.is_empty() { "" } else { ": " };
    line(page, &format!("    {}, {}{colon}{}", test.metric, test.contrast, margin.join(", ")));
    let width = test.subjects.iter().map(|subject| columns(&subject.label)).max().unwrap_or(0).min(LABEL_COLUMNS);
    let levels = levels(test);
    if let Some(along) = test.along.as_ref().filter(|_| levels.len() > 1) {
        let names: Vec<String> = levels.iter().map(|level| format!("{:>8}", cut(&shown(level), 7))).collect();
        let names = names.concat();
        line(page, &format!("    {}{names}", padded(&cut(along, width.max(8)), width.max(8))));
    }
    for subject in &test.subjects {
        let marks: Vec<String> = levels.iter().map(|level| format!("{:>8}", marks(test, subject, level))).collect();
        let marks = marks.concat();
        line(page, &format!("    {}{marks}", padded(&cut(&subject.label, LABEL_COLUMNS), width.max(8))));
    }
}

/// The levels of a test's comparisons, as they come.
fn levels(test: &Test) -> Vec<Json> {
    let mut levels: Vec<Json> = Vec::new();
    for cell in test.subjects.iter().flat_map(|subject| &subject.cells) {
        let level = level_of(test, cell);
        if !levels.contains(&level) {
            levels.push(level);
        }
    }
    levels
}

fn level_of(test: &Test, cell: &crate::audit::document::Comparison) -> Json {
    test.along.as_ref().and_then(|along| cell.parameters.get(along)).cloned().unwrap_or_default()
}

/// A mark for each comparison at a level; how many of each if there are many.
fn marks(test: &Test, subject: &Subject, level: &Json) -> String {
    let cells: Vec<Verdict> =
        subject.cells.iter().filter(|cell| level_of(test, cell) == *level).map(|cell| cell.verdict).collect();
    let mark = |verdict: &Verdict| match verdict {
        Verdict::Holds => '+',
        Verdict::Fails => '-',
        _ => '?',
    };
    if cells.len() <= 6 {
        return cells.iter().map(mark).collect();
    }
    let count = |wanted: char| cells.iter().filter(|verdict| mark(verdict) == wanted).count();
    let some = ['+', '-', '?'].into_iter().filter(|mark| count(*mark) > 0);
    some.map(|mark| format!("{}{mark}", count(mark))).collect::<Vec<String>>().concat()
}

fn shown(level: &Json) -> String {
    level.as_str().map_or_else(|| level.to_string(), str::to_owned)
}

/// A text in as many lines as it takes, broken at blanks.
fn wrapped(page: &mut String, indent: &str, text: &str) {
    let mut now = indent.to_owned();
    for word in text.split_whitespace() {
        let is_first = now.trim().is_empty();
        if !is_first && columns(&now) + 1 + columns(word) > WIDTH {
            line(page, &now);
            now = format!("{indent}  {word}");
        } else {
            if !is_first {
                now.push(' ');
            }
            now.push_str(word);
        }
    }
    line(page, &now);
}

const LABEL_COLUMNS: usize = 30;
