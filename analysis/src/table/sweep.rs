//! A sweep on a page: a row for each cell and protocol, and for what two protocols differ by within each seed.

use serde_json::Value as Json;

use super::grid::{Cell, Grid};
use super::side_by_side::{EQUAL, MINUS, NOT_SIGNIFICANT, mark, of_so_many, printed};
use super::text::{WIDTH, cut, line};
use crate::results::Difference;
use crate::sweep::record::Header;
use crate::sweep::summary::{CellSummary, FigureSummary};
use crate::width::{columns, padded};

/// The page of a sweep with so many runs; of its cells, the first [`CELLS_SHOWN`].
pub fn sweep_page(header: &Header, runs: u64, cells: &[CellSummary]) -> String {
    let mut page = String::new();
    let filter =
        if header.filter.is_empty() { String::new() } else { format!(", where {}", header.filter.join(" and ")) };
    let text = format!("  {} cells, {runs} runs{filter}", header.cells);
    line(&mut page, &format!("{}{text}", cut(&header.sweep, WIDTH.saturating_sub(columns(&text)).max(WIDTH / 3))));
    line(&mut page, "");
    let names = Names::of(header, cells);
    grid(&mut page, &means(&names, cells));
    line(&mut page, "");
    line(
        &mut page,
        "  mean over the seeds ± half of its 95 % interval (Student's t); differences are within each seed",
    );
    legend(&mut page, cells);
    if cells.iter().any(|cell| figures(cell).any(|figure| figure.wanted.is_some())) {
        line(&mut page, "");
        grid(&mut page, &wanted(&names, cells));
    }
    if cells.len() < header.cells && cells.len() == CELLS_SHOWN {
        line(&mut page, "");
        line(&mut page, "  these are the first cells; `--json` and `dhtsim export` have all of them");
    }
    page
}

fn grid(page: &mut String, grid: &Grid) {
    grid.lines().iter().for_each(|text| line(page, text));
}

/// What stands before the figures of a row: the parameters, and who it is about.
struct Names {
    parameters: Vec<(String, usize)>,
}

impl Names {
    fn of(header: &Header, cells: &[CellSummary]) -> Self {
        let parameters = header.parameters.iter().map(|parameter| {
            let values = cells.iter().map(|cell| columns(&shown(cell.parameters.get(&parameter.name))));
            let width = values.chain([columns(&parameter.name)]).max().unwrap_or(0);
            (parameter.name.clone(), width.min(PARAMETER_COLUMNS))
        });
        Self { parameters: parameters.collect() }
    }

    fn title(&self) -> String {
        self.parameters.iter().map(|(name, width)| padded(&cut(name, *width), width + GAP)).collect()
    }

    /// The row of this rank in a cell: only the first says where it is.
    fn row(&self, cell: &CellSummary, rank: usize, who: &str) -> String {
        let value = |(name, width): &(String, usize)| {
            let value = if rank == 0 { shown(cell.parameters.get(name)) } else { String::new() };
            padded(&cut(&value, *width), width + GAP)
        };
        let values: String = self.parameters.iter().map(value).collect();
        format!("{values}{who}")
    }
}

fn shown(value: Option<&Json>) -> String {
    match value {
        Some(Json::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

fn means(names: &Names, cells: &[CellSummary]) -> Grid {
    let metrics = metrics(cells);
    let figures: Vec<_> = metrics.iter().map(|metric| printed(metric)).collect();
    let mut rows = Vec::new();
    for cell in cells {
        for (rank, protocol) in cell.protocols.iter().enumerate() {
            let of = |(place, figure): (usize, &FigureSummary)| {
                figures[place].cell(figure.mean, figure.half_width, &of_so_many(figure.values, protocol.seeds))
            };
            let name = names.row(cell, rank, &cut(&protocol.label, LABEL_COLUMNS));
            rows.push((name, protocol.figures.iter().enumerate().map(of).collect()));
        }
        let pairs = if metrics.is_empty() { 0 } else { cell.differences.len() / metrics.len() };
        for pair in 0..pairs {
            let differences = cell.differences.iter().skip(pair).step_by(pairs).map(|of| &of.difference);
            let of = |(place, difference): (usize, &Difference)| {
                let half_width = difference.half_width.filter(|_| difference.equal == Some(false));
                figures[place].cell(difference.mean, half_width, mark(difference))
            };
            let first = &cell.differences[pair].difference;
            let who = format!("{} {MINUS} {}", cut(&first.of, LABEL_COLUMNS), cut(&first.minus, LABEL_COLUMNS));
            rows.push((names.row(cell, 1, &who), differences.enumerate().map(of).collect()));
        }
    }
    let heads = figures.iter().map(|figure| vec![figure.name.trim().to_owned()]).collect();
    Grid { title: names.title(), heads, rows }
}

/// How many seeds the wanted precision takes.
fn wanted(names: &Names, cells: &[CellSummary]) -> Grid {
    let is_wanted = |figure: &&FigureSummary| figure.wanted.is_some();
    let first = cells.first().and_then(|cell| cell.protocols.first()).map_or(&[][..], |protocol| &protocol.figures);
    let head = |figure: &FigureSummary| {
        let half_width = figure.wanted.map_or(String::new(), |wanted| format!("± {wanted}"));
        vec![printed(&figure.metric).name.trim().to_owned(), half_width]
    };
    let heads = first.iter().filter(is_wanted).map(head).collect();
    let mut rows = Vec::new();
    for cell in cells {
        for (rank, protocol) in cell.protocols.iter().enumerate() {
            let seeds = |figure: &FigureSummary| match figure.seeds_wanted {
                Some(seeds) => Cell::Number { value: seeds.to_string(), spread: None, mark: String::new() },
                None => Cell::Nothing,
            };
            let name = names.row(cell, rank, &cut(&protocol.label, LABEL_COLUMNS));
            rows.push((name, protocol.figures.iter().filter(is_wanted).map(seeds).collect()));
        }
    }
    Grid { title: format!("{}seeds for", names.title()), heads, rows }
}

fn figures(cell: &CellSummary) -> impl Iterator<Item = &FigureSummary> {
    cell.protocols.iter().flat_map(|protocol| &protocol.figures)
}

fn metrics(cells: &[CellSummary]) -> Vec<String> {
    let first = cells.first().and_then(|cell| cell.protocols.first());
    first.map(|protocol| protocol.figures.iter().map(|figure| figure.metric.clone()).collect()).unwrap_or_default()
}

fn legend(page: &mut String, cells: &[CellSummary]) {
    let is_marked = |what| cells.iter().flat_map(|cell| &cell.differences).any(|of| mark(&of.difference) == what);
    let marks = [(NOT_SIGNIFICANT, "~ not significant: the interval holds zero"), (EQUAL, "= equal in every seed")];
    let used: Vec<&str> = marks.iter().filter(|(mark, _)| is_marked(*mark)).map(|(_, text)| *text).collect();
    if !used.is_empty() {
        line(page, &format!("  {}", used.join("   ")));
    }
}

/// So many cells fit a page that anybody reads.
pub const CELLS_SHOWN: usize = 200;
const PARAMETER_COLUMNS: usize = 18;
const LABEL_COLUMNS: usize = 18;
const GAP: usize = 2;
