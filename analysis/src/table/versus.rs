//! Two results on a page: what changed, each with its size, and how many figures did not.

use serde_json::Value as Json;

use super::grid::{Cell, Grid};
use super::side_by_side::printed;
use super::text::{cut, line};
use crate::sweep::versus::{Row, Verdict, Versus};

/// The page of a comparison: a row for each figure that changed.
pub fn versus_page(versus: &Versus) -> String {
    let mut page = String::new();
    let said = |verdict, text: &str| {
        Some(versus.count(verdict)).filter(|count| *count > 0).map(|count| format!("{count} {text}"))
    };
    let counts = [
        said(Verdict::Worse, "worse"),
        said(Verdict::Lost, "without value now"),
        said(Verdict::Better, "better"),
        said(Verdict::Changed, "changed"),
        said(Verdict::Noise, "within noise"),
        said(Verdict::Same, "the same in every seed"),
        said(Verdict::Unknown, "in too few seeds to say"),
    ];
    let counts: Vec<String> = counts.into_iter().flatten().collect();
    line(&mut page, &format!("{} figures compared: {}", versus.rows.len(), counts.join(", ")));
    if versus.unmatched > 0 {
        line(&mut page, &format!("{} cells and protocols stand in one of the two alone", versus.unmatched));
    }
    let changed: Vec<&Row> = versus.rows.iter().filter(|row| is_told(row.verdict)).collect();
    if changed.is_empty() {
        return page;
    }
    line(&mut page, "");
    grid(&changed[..changed.len().min(ROWS_SHOWN)]).lines().iter().for_each(|text| line(&mut page, text));
    if changed.len() > ROWS_SHOWN {
        line(&mut page, &format!("  and {} more; `--json` has all of them", changed.len() - ROWS_SHOWN));
    }
    line(&mut page, "");
    line(
        &mut page,
        "  difference within each seed ± half of its 95 % interval; p: Student's t, after Holm for their number",
    );
    page
}

fn is_told(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Worse | Verdict::Better | Verdict::Changed | Verdict::Lost)
}

fn grid(rows: &[&Row]) -> Grid {
    let row = |row: &&Row| {
        let figure = printed(&row.metric);
        let verdict = match row.verdict {
            Verdict::Worse => "worse",
            Verdict::Better => "better",
            Verdict::Lost => "lost",
            _ => "changed",
        };
        let p =
            row.p.map_or(Cell::Nothing, |p| Cell::Text(if p < 1e-4 { "<.0001".to_owned() } else { format!("{p:.4}") }));
        let cells = vec![
            Cell::Text(verdict.to_owned()),
            figure.cell(row.before, None, ""),
            figure.cell(row.after, None, ""),
            figure.cell(row.difference, row.half_width, ""),
            p,
        ];
        (name(row), cells)
    };
    let heads = ["", "before", "after", "difference", "p"].map(|head| vec![head.to_owned()]).to_vec();
    Grid { title: String::new(), heads, rows: rows.iter().map(row).collect() }
}

fn name(row: &Row) -> String {
    let parameters = row.parameters.iter().map(|(name, value)| match value {
        Json::String(text) => format!("{name} = {text}"),
        other => format!("{name} = {other}"),
    });
    let words: Vec<String> =
        parameters.chain([row.label.clone(), printed(&row.metric).name.trim().to_owned()]).collect();
    cut(&words.join(", "), NAME_COLUMNS)
}

/// More is read by a machine.
const ROWS_SHOWN: usize = 200;
/// Leaves room for the figures.
const NAME_COLUMNS: usize = 46;
