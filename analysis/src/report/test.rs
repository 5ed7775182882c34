//! A test of an audit: what was asked, by which rule it was judged, and every comparison.

use super::page::{Block, Table, Text};
use super::words::{number, setting, spread};
use crate::audit::document::{Audit, Comparison, Subject, Test};

/// A test: question, rule, verdict, what came out for each subject, and the comparisons.
pub(super) fn blocks(test: &Test, audit: &Audit) -> Vec<Block> {
    let mut blocks = vec![
        Block::Heading(3, test.name.as_str().into(), None),
        Block::Paragraph(Text::default().verdict(test.verdict).plain(" — ").plain(&test.question)),
    ];
    if test.subjects.is_empty() {
        blocks.push(Block::Paragraph(test.sentence.as_str().into()));
    } else {
        blocks.push(Block::List(test.subjects.iter().map(told).collect()));
    }
    blocks.push(Block::Facts(facts(test)));
    let order: Vec<String> = audit
        .experiments
        .iter()
        .filter(|of| of.name == test.experiment)
        .flat_map(|of| of.parameters.iter().map(|(name, _)| name.clone()))
        .collect();
    let table = comparisons(test, &order);
    match table.rows.len() {
        0 => {}
        rows if rows <= ROWS_MAX => blocks.push(Block::Table(table)),
        rows => blocks.push(Block::Details(format!("All {rows} comparisons").into(), vec![Block::Table(table)])),
    }
    blocks
}

/// The sentence of a subject begins with its label.
fn told(subject: &Subject) -> Text {
    match subject.sentence.strip_prefix(&subject.label) {
        Some(rest) => Text::default().strong(&subject.label).plain(rest),
        None => subject.sentence.as_str().into(),
    }
}

fn facts(test: &Test) -> Vec<(String, Text)> {
    let mut facts =
        vec![("Rule".to_owned(), rule(test)), ("Experiment".to_owned(), Text::from(test.experiment.as_str()))];
    if let Some(along) = &test.along {
        let name = if test.is_ordered { "Harder along" } else { "Cases of" };
        facts.push((name.to_owned(), Text::from(along.as_str())));
    }
    if !test.decides {
        facts.push(("Weight".to_owned(), "it is told, and does not decide".into()));
    }
    facts
}

fn rule(test: &Test) -> Text {
    let band = match (test.at_least, test.at_most) {
        (Some(low), Some(high)) => format!("from {} to {}", number(low), number(high)),
        (Some(low), None) => format!("at least {}", number(low)),
        (None, Some(high)) => format!("at most {}", number(high)),
        (None, None) => "both surely on the same side of zero".to_owned(),
    };
    Text::default().code(&test.metric).plain(format!(", {}: ", test.contrast)).strong(band)
}

fn comparisons(test: &Test, order: &[String]) -> Table {
    let heads = [
        ("of", false),
        ("where", false),
        ("seeds", true),
        ("mean", true),
        ("interval that decides", true),
        ("level", true),
        ("", false),
    ];
    let mut table = Table::new("", heads.map(|(head, is_number)| (head.into(), is_number)));
    for subject in &test.subjects {
        table.rows.extend(subject.cells.iter().map(|cell| row(subject, cell, order)));
    }
    table
}

fn row(subject: &Subject, cell: &Comparison, order: &[String]) -> Vec<Text> {
    let seeds = match cell.missing {
        0 => cell.values.to_string(),
        missing => format!("{} of {}", cell.values, cell.values + missing),
    };
    let interval = cell.interval.map(|(low, high)| format!("{} to {}", number(low), number(high)));
    let level = cell.level.map(|level| format!("{} %", number(100.0 * level)));
    vec![
        subject.label.as_str().into(),
        setting(&cell.parameters, order).into(),
        seeds.into(),
        spread(cell.mean, cell.half_width).into(),
        interval.unwrap_or_else(|| "none".to_owned()).into(),
        level.unwrap_or_default().into(),
        Text::default().verdict(cell.verdict),
    ]
}

/// Longer tables are shown when one asks for them.
const ROWS_MAX: usize = 8;
