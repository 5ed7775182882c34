//! Square CSVs: a row for each sender, a column for each receiver; with or without names in the first row and column.

use csv::{Position, ReaderBuilder, StringRecord, Trim};

use super::entries::{Entries, nanos};
use crate::ast::{MatrixSpec, UnitSpec, ValuesSpec};

/// Reads such a file; an error begins with its line.
pub(super) fn read(bytes: &[u8], spec: &MatrixSpec) -> Result<Entries, String> {
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .comment(Some(b'#'))
        .trim(Trim::All)
        .from_reader(without_mark(bytes));
    let mut reading = Reading { spec, names: false, entries: None, rows: 0, line: 1 };
    let mut corner = None;
    let mut record = StringRecord::new();
    while reader.read_record(&mut record).map_err(|error| in_csv(&error))? {
        if record.len() == 1 && record[0].is_empty() {
            continue;
        }
        reading.line = record.position().map_or(reading.line, Position::line);
        if reading.rows == 0 && corner.is_none() && holds_names(&record) {
            corner = Some(record.get(0).unwrap_or_default().is_empty());
            continue;
        }
        let is_first = reading.entries.is_none();
        reading
            .row(&record, is_first && corner.unwrap_or(false))
            .map_err(|problem| format!("{}: {problem}", reading.line))?;
    }
    reading.end()
}

struct Reading<'a> {
    spec: &'a MatrixSpec,
    /// Whether the first column holds names.
    names: bool,
    entries: Option<Entries>,
    rows: usize,
    line: u64,
}

impl Reading<'_> {
    fn row(&mut self, record: &StringRecord, has_corner: bool) -> Result<(), String> {
        if self.entries.is_none() {
            self.names = has_corner || record.get(0).is_some_and(is_name);
        }
        let names = usize::from(self.names);
        let cells = record.len() - names;
        let mut entries = self.entries.take().map_or_else(|| Entries::new(cells), Ok)?;
        let sites = entries.sites();
        if cells != sites {
            return Err(format!("cells in this row: {cells}; in the first: {sites}"));
        }
        if self.rows == sites {
            return Err(format!("the matrix is not square: there are {sites} columns and more rows"));
        }
        for (to, cell) in record.iter().skip(names).enumerate() {
            if let Some(nanos) = self.number(cell)? {
                let values = self.spec.values.unwrap_or(ValuesSpec::OneWay);
                entries.measure(self.rows, to, nanos, values);
            }
        }
        self.rows += 1;
        self.entries = Some(entries);
        Ok(())
    }

    /// What stands in a cell, in nanoseconds; none if it is empty.
    fn number(&self, cell: &str) -> Result<Option<u64>, String> {
        if cell.is_empty() {
            return Ok(None);
        }
        let wrong = |what: &str| format!("\"{cell}\" is {what}; what was not measured is left empty");
        let number: f64 = cell.parse().map_err(|_| wrong("no number"))?;
        if !number.is_finite() {
            return Err(wrong("no delay"));
        }
        if number < 0.0 {
            return Err(wrong("negative"));
        }
        let nanos_per_unit = match self.spec.unit.unwrap_or_default() {
            UnitSpec::Micros => 1e3,
            UnitSpec::Millis => 1e6,
            UnitSpec::Secs => 1e9,
        };
        nanos(number, nanos_per_unit).map(Some)
    }

    fn end(self) -> Result<Entries, String> {
        let entries = self.entries.ok_or_else(|| "1: the file is empty".to_owned())?;
        let (rows, columns) = (self.rows, entries.sites());
        if rows != columns {
            return Err(format!(
                "{}: the matrix is not square: there are {columns} columns and {rows} rows",
                self.line
            ));
        }
        Ok(entries)
    }
}

/// Whether this row holds the names of columns: text, and no number but perhaps in the corner.
fn holds_names(record: &StringRecord) -> bool {
    let mut beyond = record.iter().skip(1).filter(|cell| !cell.is_empty());
    beyond.clone().next().is_some() && beyond.all(is_name)
}

fn is_name(cell: &str) -> bool {
    !cell.is_empty() && cell.parse::<f64>().is_err()
}

fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

fn in_csv(error: &csv::Error) -> String {
    let row = error.position().map_or(1, Position::line);
    match error.kind() {
        csv::ErrorKind::Utf8 { .. } => format!("{row}: this is not UTF-8"),
        _ => format!("{row}: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ast::{MissingSpec, PlacementSpec};

    #[test]
    fn names_are_recognised_wherever_they_stand() {
        let bare = "0,5,7\n6,0,9\n8,10,0\n";
        let wanted = millis(bare);
        assert_eq!(wanted, [[0, 5, 7], [6, 0, 9], [8, 10, 0]]);
        let named = [
            "a,b,c\n0,5,7\n6,0,9\n8,10,0\n",
            "site,a,b,c\na,0,5,7\nb,6,0,9\nc,8,10,0\n",
            ",a,b,c\n1,0,5,7\n2,6,0,9\n3,8,10,0\n",
            "a, 0, 5, 7\nb, 6, 0, 9\n\"c, d\", 8, 10, 0",
            "# a comment\n\u{feff}0,5,7\r\n6,0,9\r\n8,10,0",
            "\u{feff}site,a,b,c\r\na,0,5,7\r\nb,6,0,9\r\nc,8,10,0\r\n",
        ];
        for text in named {
            let text = text.replace("\n\u{feff}", "\n");
            assert_eq!(millis(&text), wanted, "{text}");
        }
    }

    #[test]
    fn the_diagonal_and_what_is_empty_is_not_measured() {
        assert_eq!(millis("7,,7\n,7,9\n8,10,7\n"), [[0, 0, 7], [0, 0, 9], [8, 10, 0]]);
    }

    #[test]
    fn units_and_values_are_as_said() {
        let entry = |text: &str, unit, values| {
            let entries = read(text.as_bytes(), &spec(Some(unit), values)).expect("legal");
            entries.get(0, 1).expect("measured").as_nanos()
        };
        let text = "0,2.501,1\n3,0,1\n1,1,0\n";
        assert_eq!(entry(text, UnitSpec::Micros, ValuesSpec::OneWay), 2_501);
        assert_eq!(entry(text, UnitSpec::Millis, ValuesSpec::OneWay), 2_501_000);
        assert_eq!(entry(text, UnitSpec::Secs, ValuesSpec::RoundTrip), 1_250_500_000);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let problem = |text: &str| read(text.as_bytes(), &spec(None, ValuesSpec::OneWay)).expect_err("wrong");
        assert_eq!(problem("0,1,2\n1,0,2\n"), "2: the matrix is not square: there are 3 columns and 2 rows");
        assert_eq!(problem("0,1\n1,0\n1,1"), "3: the matrix is not square: there are 2 columns and more rows");
        assert_eq!(problem("a,b\n0,1\n1"), "3: cells in this row: 1; in the first: 2");
        assert_eq!(problem("0,1\n-1,0"), "2: \"-1\" is negative; what was not measured is left empty");
        assert_eq!(problem("0,1\nx,0"), "2: \"x\" is no number; what was not measured is left empty");
        assert_eq!(problem("0,x,1\n1,0,1\n1,1,0"), "1: \"x\" is no number; what was not measured is left empty");
        assert_eq!(problem("0,NaN,1\n1,0,1\n1,1,0"), "1: \"NaN\" is no delay; what was not measured is left empty");
        assert_eq!(problem("0"), "1: there must be at least two sites, not 1");
        assert_eq!(problem("a"), "1: there must be at least two sites, not 0");
        assert_eq!(problem(&vec!["0"; 5000].join(",")), "1: 5000 sites are more than 4096");
        assert_eq!(problem("0,7200000\n1,0"), "1: that is longer than an hour: is the unit right?");
        for empty in ["", "\n \n", "# nothing\n", "a,b\n"] {
            assert_eq!(problem(empty), "1: the file is empty");
        }
    }

    fn millis(text: &str) -> [[u64; 3]; 3] {
        let read = read(text.as_bytes(), &spec(None, ValuesSpec::OneWay));
        let entries = read.unwrap_or_else(|problem| panic!("{text}: {problem}"));
        let cell = |from, to| entries.get(from, to).map_or(0, |span| span.as_nanos() / 1_000_000);
        [0, 1, 2].map(|from| [0, 1, 2].map(|to| cell(from, to)))
    }

    fn spec(unit: Option<UnitSpec>, values: ValuesSpec) -> MatrixSpec {
        MatrixSpec {
            file: String::new(),
            values: Some(values),
            unit,
            placement: PlacementSpec::default(),
            missing: MissingSpec::default(),
            same_place: None,
        }
    }
}
