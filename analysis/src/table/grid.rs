//! A table of figures: a row each, numbers below one another by their decimal points, and columns that do not fit the page
//! in a further band below.

use super::text::WIDTH;
use crate::width::columns;

/// A table with a name for each row.
pub(super) struct Grid {
    /// What stands over the names.
    pub(super) title: String,
    /// For each column, its head: one line or more, everywhere as many.
    pub(super) heads: Vec<Vec<String>>,
    /// Names, each with a cell for each column.
    pub(super) rows: Vec<(String, Vec<Cell>)>,
}

/// What stands in one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    /// Nothing was measured.
    Nothing,
    /// No number.
    Text(String),
    /// A number, what follows `±` if anything does, and a mark.
    Number { value: String, spread: Option<String>, mark: String },
}

impl Grid {
    /// The lines, with an empty one between bands.
    pub(super) fn lines(&self) -> Vec<String> {
        let names = self.rows.iter().map(|(name, _)| columns(name)).chain([columns(&self.title)]);
        let name_room = names.max().unwrap_or(0);
        let layouts: Vec<Layout> = (0..self.heads.len()).map(|column| Layout::of(self, column)).collect();
        let mut lines = Vec::new();
        for band in bands(&layouts, WIDTH.saturating_sub(INDENT + name_room)) {
            if !lines.is_empty() {
                lines.push(String::new());
            }
            self.band(&mut lines, name_room, &layouts, &band);
        }
        lines
    }

    fn band(&self, lines: &mut Vec<String>, name_room: usize, layouts: &[Layout], band: &[usize]) {
        let mut push = |name: &str, cells: &dyn Fn(usize) -> String| {
            let mut line = format!("{:INDENT$}{name}{:gap$}", "", "", gap = name_room - columns(name));
            for column in band {
                line.push_str(&" ".repeat(GAP));
                line.push_str(&cells(*column));
            }
            lines.push(line);
        };
        let heads = self.heads.iter().map(Vec::len).max().unwrap_or(0);
        for place in 0..heads {
            let title = if place == 0 { self.title.as_str() } else { "" };
            push(title, &|column| layouts[column].head(&self.heads[column][place]));
        }
        for (name, cells) in &self.rows {
            push(name, &|column| layouts[column].cell(&cells[column]));
        }
    }
}

/// Which columns stand side by side: as many as there is room for, and at least one.
fn bands(layouts: &[Layout], room: usize) -> Vec<Vec<usize>> {
    let mut bands: Vec<Vec<usize>> = Vec::new();
    let mut left = 0;
    for (column, layout) in layouts.iter().enumerate() {
        let width = GAP + layout.width();
        match bands.last_mut() {
            Some(band) if width <= left => band.push(column),
            _ => {
                bands.push(vec![column]);
                left = room;
            }
        }
        left = left.saturating_sub(width);
    }
    bands
}

/// The widths of a column's parts: ` 12.345 ±  0.67 ~`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Layout {
    head: usize,
    text: usize,
    whole: usize,
    fraction: usize,
    spread_whole: usize,
    spread_fraction: usize,
    mark: usize,
}

impl Layout {
    fn of(grid: &Grid, column: usize) -> Self {
        let head = grid.heads[column].iter().map(|line| columns(line)).max().unwrap_or(0);
        let cells = grid.rows.iter().map(|(_, cells)| &cells[column]);
        cells.fold(Self { head, ..Self::default() }, Layout::with)
    }

    fn with(self, cell: &Cell) -> Self {
        match cell {
            Cell::Nothing => Self { whole: self.whole.max(columns(NOTHING)), ..self },
            Cell::Text(text) => Self { text: self.text.max(columns(text)), ..self },
            Cell::Number { value, spread, mark } => {
                let (whole, fraction) = parts(value);
                let (spread_whole, spread_fraction) = parts(spread.as_deref().unwrap_or(""));
                Self {
                    whole: self.whole.max(columns(whole)),
                    fraction: self.fraction.max(columns(fraction)),
                    spread_whole: self.spread_whole.max(columns(spread_whole)),
                    spread_fraction: self.spread_fraction.max(columns(spread_fraction)),
                    mark: self.mark.max(columns(mark)),
                    ..self
                }
            }
        }
    }

    fn width(&self) -> usize {
        (self.number().max(self.text) + self.mark).max(self.head)
    }

    /// Without the marks.
    fn body(&self) -> usize {
        self.width() - self.mark
    }

    fn number(&self) -> usize {
        let spread = self.spread_whole + self.spread_fraction;
        self.whole + self.fraction + if spread > 0 { PLUS_MINUS.chars().count() + spread } else { 0 }
    }

    /// A head stands over the numbers, and over the marks too where it is wide.
    fn head(&self, text: &str) -> String {
        let end = if self.head <= self.body() { self.body() } else { self.width() };
        format!("{}{text}{}", " ".repeat(end - columns(text)), " ".repeat(self.width() - end))
    }

    fn cell(&self, cell: &Cell) -> String {
        match cell {
            Cell::Nothing => self.right(&self.aligned(NOTHING, None), ""),
            Cell::Text(text) => self.right(text, ""),
            Cell::Number { value, spread, mark } => self.right(&self.aligned(value, spread.as_deref()), mark),
        }
    }

    /// A number as wide as every other in this column, its points where theirs are.
    fn aligned(&self, value: &str, spread: Option<&str>) -> String {
        let Self { whole: w, fraction: f, spread_whole: sw, spread_fraction: sf, .. } = *self;
        let (whole, fraction) = parts(value);
        let number = format!("{whole:>w$}{fraction:f$}");
        let rest = self.number() - w - f;
        match spread.map(parts) {
            Some((whole, fraction)) => format!("{number}{PLUS_MINUS}{whole:>sw$}{fraction:sf$}"),
            None => format!("{number}{:rest$}", ""),
        }
    }

    fn right(&self, text: &str, mark: &str) -> String {
        format!("{}{text}{mark:width$}", " ".repeat(self.body() - columns(text)), width = self.mark)
    }
}

/// What stands before the decimal point, and the rest.
fn parts(number: &str) -> (&str, &str) {
    number.split_at(number.find('.').unwrap_or(number.len()))
}

const NOTHING: &str = "-";
const PLUS_MINUS: &str = " ± ";
const INDENT: usize = 2;
/// Between two columns.
const GAP: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_below_one_another_by_their_points() {
        let column = vec![
            number("1036", None, ""),
            number("206.3", Some("14.1"), ""),
            number("−1.124", Some("0.01"), " ~"),
            Cell::Nothing,
            Cell::Text("0057cdf60e99be38".to_owned()),
        ];
        let names = ["issued", "latency", "hops", "recovery", "fingerprint"];
        let rows = names.into_iter().zip(column).map(|(name, cell)| (name.to_owned(), vec![cell])).collect();
        let grid = Grid { title: String::new(), heads: vec![vec!["short".to_owned()]], rows };
        let lines: Vec<String> = grid.lines().iter().map(|line| line.trim_end().to_owned()).collect();
        assert_eq!(
            lines,
            [
                "                           short",
                "  issued        1036",
                "  latency        206.3   ± 14.1",
                "  hops            −1.124 ±  0.01 ~",
                "  recovery         -",
                "  fingerprint   0057cdf60e99be38",
            ]
        );
    }

    #[test]
    fn columns_that_do_not_fit_stand_in_a_band_below() {
        let labels = ["a", "b", "c", "d", "e"].map(|label| vec![label.repeat(30)]);
        let row = ("name".to_owned(), vec![number("1", None, ""); 5]);
        let lines = Grid { title: String::new(), heads: labels.to_vec(), rows: vec![row] }.lines();
        assert_eq!(lines.len(), 8, "three bands of two lines, and two empty ones: {lines:#?}");
        assert!(lines.iter().all(|line| columns(line) <= WIDTH), "{lines:#?}");
        assert!(lines[0].contains('a') && lines[0].contains('b') && !lines[0].contains('c'));
        assert!(lines[6].contains('e'));
    }

    fn number(value: &str, spread: Option<&str>, mark: &str) -> Cell {
        Cell::Number { value: value.to_owned(), spread: spread.map(str::to_owned), mark: mark.to_owned() }
    }
}
