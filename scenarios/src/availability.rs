//! Traces of availability: when each node of a measured system was up. Read from `.avt` or CSV.
//!
//! `.avt`, as in Godfrey's repository of availability traces: a line for each node, its name, how many sessions it has, and
//! the beginning and end of each, `id n s1 e1 s2 e2 … sn en`, parted by any white space; seconds, whole or decimal. Blank
//! lines and what follows a `#` are skipped.
//!
//! CSV: a row for each session, with the columns `node`, `up` and `down` (seconds), in order of time for each node; nodes
//! are in order of their first row. A text whose first line has a comma in it is taken for CSV.
//!
//! Both say the same, and are judged alike: a session ends no earlier than it starts and starts no earlier than the one
//! before has ended. Where two touch, the node leaves and comes back at once. Sessions of no length are skipped and
//! counted: nobody could be up in them.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use sim::time::{SimTime, Span};

/// When each node of a system was up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Availability {
    /// The nodes, in order of the file.
    pub nodes: Vec<Uptime>,
}

/// When one node was up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Uptime {
    /// Its name in the file.
    pub name: String,
    /// Its sessions in order of time: first instant, and the instant after the last.
    pub sessions: Vec<(SimTime, SimTime)>,
    /// How many of its sessions had no length and were skipped.
    pub skipped: u64,
}

impl Availability {
    /// Reads a trace; an error begins with the number of its line.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let line = bytes[..error.valid_up_to()].split(|byte| *byte == b'\n').count();
            format!("{line}: this is not UTF-8")
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let lines = || text.lines().zip(1..).map(|(line, number)| (number, without_comment(line)));
        let Some((_, first)) = lines().find(|(_, line)| !line.is_empty()) else {
            return Err("1: the file is empty".to_owned());
        };
        if first.contains(',') { read_csv(text) } else { read_avt(lines()) }
    }

    fn add(&mut self, node: usize, session: (SimTime, SimTime)) -> Result<(), String> {
        let Uptime { sessions, skipped, .. } = &mut self.nodes[node];
        let (start, end) = session;
        if end < start {
            return Err(format!("a session ends at {}, before it starts at {}", seconds(end), seconds(start)));
        }
        if let Some((_, before)) = sessions.last().filter(|(_, before)| start < *before) {
            let (start, before) = (seconds(start), seconds(*before));
            return Err(format!("a session starts at {start}, before the one before it ends at {before}"));
        }
        if start == end {
            *skipped += 1;
        } else {
            sessions.push(session);
        }
        Ok(())
    }
}

fn read_avt<'a>(lines: impl Iterator<Item = (usize, &'a str)>) -> Result<Availability, String> {
    let mut trace = Availability::default();
    let mut names = BTreeMap::new();
    for (number, line) in lines.filter(|(_, line)| !line.is_empty()) {
        read_avt_line(&mut trace, &mut names, number, line).map_err(|problem| format!("{number}: {problem}"))?;
    }
    Ok(trace)
}

fn read_avt_line<'a>(
    trace: &mut Availability,
    names: &mut BTreeMap<&'a str, usize>,
    number: usize,
    line: &'a str,
) -> Result<(), String> {
    let mut words = line.split_whitespace();
    let (Some(name), Some(count)) = (words.next(), words.next()) else {
        return Err(format!("\"{}\" has no number of sessions after it", short(line)));
    };
    if let Some(before) = names.insert(name, number) {
        return Err(format!("the node \"{}\" stands in line {before} already", short(name)));
    }
    let count: usize = count.parse().map_err(|_| format!("\"{}\" is no number of sessions", short(count)))?;
    let times: Vec<SimTime> = words.map(time).collect::<Result<_, _>>()?;
    if count.checked_mul(2) != Some(times.len()) {
        let there = times.len();
        return Err(format!("{count} sessions have a start and an end each, and there are {there} times"));
    }
    let node = trace.nodes.len();
    trace.nodes.push(Uptime { name: name.to_owned(), ..Uptime::default() });
    times.chunks_exact(2).try_for_each(|pair| trace.add(node, (pair[0], pair[1])))
}

fn read_csv(text: &str) -> Result<Availability, String> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).comment(Some(b'#')).from_reader(text.as_bytes());
    let headers = reader.headers().map_err(|error| in_csv(&error))?.clone();
    let header_line = headers.position().map_or(1, csv::Position::line);
    let column = |name: &str| {
        headers.iter().position(|header| header == name).ok_or_else(|| {
            let there = headers.iter().collect::<Vec<_>>().join(", ");
            format!("{header_line}: there is no column `{name}` (there are: {})", short(&there))
        })
    };
    let (node_column, up_column, down_column) = (column("node")?, column("up")?, column("down")?);
    let mut trace = Availability::default();
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    for record in reader.records() {
        let record = record.map_err(|error| in_csv(&error))?;
        let line = record.position().map_or(0, csv::Position::line);
        let at = |problem| format!("{line}: {problem}");
        let field = |column: usize| record.get(column).unwrap_or_default();
        let node = match names.entry(field(node_column).to_owned()) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => {
                trace.nodes.push(Uptime { name: new.key().clone(), ..Uptime::default() });
                *new.insert(trace.nodes.len() - 1)
            }
        };
        let session = (time(field(up_column)).map_err(at)?, time(field(down_column)).map_err(at)?);
        trace.add(node, session).map_err(at)?;
    }
    Ok(trace)
}

/// An instant, from seconds on.
fn time(text: &str) -> Result<SimTime, String> {
    let seconds: f64 = text.parse().map_err(|_| format!("\"{}\" is no number of seconds", short(text)))?;
    if !(0.0..=SECONDS_MAX).contains(&seconds) {
        return Err(format!("the time {} is not between 0 and {SECONDS_MAX:e} seconds", short(text)));
    }
    Ok(SimTime::ZERO + Span::from_nanos_f64(seconds * 1e9))
}

fn seconds(at: SimTime) -> String {
    format!("{}", at.since(SimTime::ZERO).as_secs_f64())
}

fn without_comment(line: &str) -> &str {
    line.split('#').next().unwrap_or_default().trim()
}

fn short(text: &str) -> String {
    let mut short: String = text.chars().take(WORD_MAX).collect();
    if short.len() < text.len() {
        short.push_str("...");
    }
    short
}

fn in_csv(error: &csv::Error) -> String {
    let line = error.position().map_or(1, csv::Position::line);
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("{line}: fields in this row: {len}; in the first: {expected_len}")
        }
        _ => format!("{line}: {error}"),
    }
}

/// Some 300 years: longer than there were computers, and shorter than the clock's 584.
const SECONDS_MAX: f64 = 1e10;
/// So many characters of a wrong word are shown.
const WORD_MAX: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_avt_is_read_whatever_parts_its_words() {
        let trace = read("# a trace\na\t2\t 0 10 10 12.5\n\n  b 0 # never up\r\nc 1 3 3\n");
        assert_eq!(trace.nodes.iter().map(|node| node.name.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
        assert_eq!(trace.nodes[0].sessions, [(at(0), at(10_000)), (at(10_000), at(12_500))]);
        let counts = |node: &Uptime| (node.sessions.len(), node.skipped);
        assert_eq!(trace.nodes.iter().map(counts).collect::<Vec<_>>(), [(2, 0), (0, 0), (0, 1)]);
    }

    #[test]
    fn a_csv_says_the_same() {
        let csv = read("down, node ,up\n10,a,0\n3,c,3\n# more\n12.5,a,10\n");
        let avt = read("a 2 0 10 10 12.5\nc 1 3 3\n");
        assert_eq!(csv, avt);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let wrong = [
            ("", "1: the file is empty"),
            (" \n# nothing\n", "1: the file is empty"),
            ("a 1 5 4", "1: a session ends at 4, before it starts at 5"),
            ("a 2 0 5 4 6", "1: a session starts at 4, before the one before it ends at 5"),
            ("a 0\nb 2 0 1", "2: 2 sessions have a start and an end each, and there are 2 times"),
            ("a 0\n\na 0", "3: the node \"a\" stands in line 1 already"),
            ("a 1 0 x", "1: \"x\" is no number of seconds"),
            ("a 1 -1 2", "1: the time -1 is not between 0 and 1e10 seconds"),
            ("a 1 0 NaN", "1: the time NaN is not between 0 and 1e10 seconds"),
            ("a", "1: \"a\" has no number of sessions after it"),
            ("a 1.5 0 1", "1: \"1.5\" is no number of sessions"),
            (
                "a 18446744073709551615",
                "1: 18446744073709551615 sessions have a start and an end each, and there are 0 times",
            ),
            ("node,up", "1: there is no column `down` (there are: node, up)"),
            ("node,up,down\na,1", "2: fields in this row: 2; in the first: 3"),
            ("node,up,down\na,1,2\na,0,1", "3: a session starts at 0, before the one before it ends at 2"),
        ];
        for (text, message) in wrong {
            assert_eq!(Availability::read(text.as_bytes()), Err(message.to_owned()), "{text:?}");
        }
        assert_eq!(Availability::read(b"a 0\n\xff"), Err("2: this is not UTF-8".to_owned()));
    }

    fn read(text: &str) -> Availability {
        Availability::read(text.as_bytes()).unwrap_or_else(|problem| panic!("{problem}"))
    }

    fn at(millis: u64) -> SimTime {
        SimTime::ZERO + Span::from_millis(millis)
    }
}
