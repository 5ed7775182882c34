//! Topologies of p2psim: `E2EGraph`, `E2EAsymGraph` and `E2ELinkFailGraph`.
//!
//! A file begins with lines `topology NAME nodes`, `failure_model ..` and `loss_rate ..`, up to an empty line. Then come lines
//! `node i`, numbered from 1, and a line `i,j milliseconds` for each pair. In an `E2EGraph` the numbers are one-way delays and
//! hold both ways; only pairs with i below j count. In the two others they are round trips, and p2psim takes half of each,
//! rounded up to a whole millisecond, as the delay from i to j; the ones and zeros behind the round trips of an
//! `E2ELinkFailGraph` (whether the link worked, every 15 minutes) are not used here. Negative is not measured, and 0 between
//! two nodes is 1 ms. Losses and failures that the file asks for are not used either: a scenario says its own.

use sim::time::Span;

use super::entries::{Entries, SITES_MAX, nanos};

/// Whether this is such a file: its name ends in `.top`, or it says so in its first line that is no comment.
pub(super) fn is_one(name: &str, bytes: &[u8]) -> bool {
    let name = name.strip_suffix(".xz").or_else(|| name.strip_suffix(".gz")).unwrap_or(name);
    let first = bytes.split(|byte| *byte == b'\n').find(|line| !line.is_empty() && !line.starts_with(b"#"));
    name.rsplit('.').next() == Some("top") || first.is_some_and(|line| line.starts_with(b"topology "))
}

/// Reads such a file; an error begins with its line.
pub(super) fn read(bytes: &[u8]) -> Result<Entries, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes[..error.valid_up_to()].split(|byte| *byte == b'\n');
        at(before.count(), "this is not UTF-8")
    })?;
    let mut reading: Option<Reading> = None;
    let mut last = 0;
    for (number, line) in text.lines().enumerate().map(|(number, line)| (number + 1, line)) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match (&mut reading, words.as_slice()) {
            (_, []) => continue,
            (_, [first, ..]) if first.starts_with('#') => {}
            (None, words) => {
                reading = Some(Reading::begin(words, bytes.len()).map_err(|problem| at(number, &problem))?);
            }
            (Some(reading), words) => reading.line(words).map_err(|problem| at(number, &problem))?,
        }
        last = number;
    }
    let reading = reading.ok_or_else(|| at(1, "the file is empty"))?;
    reading.end().map_err(|problem| at(last, &problem))
}

fn at(line: usize, problem: &str) -> String {
    format!("{line}: {problem}")
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// One-way delays that hold both ways.
    Graph,
    /// Round trips, each way for itself.
    AsymGraph,
    /// The same, each followed by so many ones and zeros.
    LinkFailGraph(usize),
}

struct Reading {
    kind: Kind,
    entries: Entries,
    /// Which pairs have had their line, measured or not.
    told: Vec<bool>,
}

impl Reading {
    fn begin(words: &[&str], bytes: usize) -> Result<Self, String> {
        let ["topology", name, nodes, rest @ ..] = words else {
            return Err("a topology of p2psim begins with a line such as `topology E2EGraph 128`".to_owned());
        };
        let sites: usize = nodes.parse().map_err(|_| format!("\"{nodes}\" is no number of nodes"))?;
        let kind = match (*name, rest) {
            ("E2EGraph", _) => Kind::Graph,
            ("E2EAsymGraph", _) => Kind::AsymGraph,
            ("E2ELinkFailGraph", [samples, ..]) => {
                Kind::LinkFailGraph(samples.parse().map_err(|_| format!("\"{samples}\" is no number of samples"))?)
            }
            ("E2ELinkFailGraph", []) => return Err("the number of samples is missing".to_owned()),
            _ => {
                return Err(format!(
                    "there is no topology \"{name}\" here; there are E2EGraph, E2EAsymGraph and E2ELinkFailGraph"
                ));
            }
        };
        // Before there is memory for all pairs: are there lines for them?
        if sites <= SITES_MAX && sites * sites.saturating_sub(1) / 2 * SHORTEST_LINE > bytes {
            return Err(format!("the file is too short for the pairs of {sites} nodes"));
        }
        Ok(Self { kind, entries: Entries::new(sites)?, told: vec![false; sites * sites] })
    }

    fn line(&mut self, words: &[&str]) -> Result<(), String> {
        match words {
            ["failure_model" | "loss_rate", ..] => Ok(()),
            ["node", number, ..] => self.node(number).map(|_| ()),
            [pair, number, rest @ ..] if pair.contains(',') => self.pair(pair, number, rest),
            [pair] if pair.contains(',') => Err(format!("the pair {pair} has no number")),
            _ => Err(format!("\"{}\" is neither a node nor a pair with its number", words.join(" "))),
        }
    }

    fn node(&self, number: &str) -> Result<usize, String> {
        let sites = self.entries.sites();
        match number.parse::<usize>() {
            Ok(node) if (1..=sites).contains(&node) => Ok(node - 1),
            Ok(node) => Err(format!("there is no node {node}: the file's first line says {sites}, numbered from 1")),
            Err(_) => Err(format!("\"{number}\" is no node")),
        }
    }

    fn pair(&mut self, pair: &str, number: &str, rest: &[&str]) -> Result<(), String> {
        let (from, to) = pair.split_once(',').expect("a pair has a comma");
        let (from, to) = (self.node(from)?, self.node(to)?);
        let millis: f64 = number.parse().map_err(|_| format!("\"{number}\" is no number of milliseconds"))?;
        if !millis.is_finite() {
            return Err(format!("\"{number}\" is no number of milliseconds"));
        }
        if let Kind::LinkFailGraph(samples) = self.kind
            && rest.len() < samples
        {
            return Err(format!("there must be {samples} ones and zeros behind the number, not {}", rest.len()));
        }
        let sites = self.entries.sites();
        self.told[from * sites + to] = true;
        if millis < 0.0 || (self.kind == Kind::Graph && from > to) {
            return Ok(());
        }
        let one_way = self.one_way(millis)?;
        self.entries.set(from, to, one_way);
        if self.kind == Kind::Graph {
            self.entries.set(to, from, one_way);
        }
        Ok(())
    }

    fn one_way(&self, millis: f64) -> Result<Span, String> {
        let one_way = if self.kind == Kind::Graph { millis } else { (millis / 2.0).ceil() };
        let one_way = if one_way == 0.0 { 1.0 } else { one_way };
        nanos(one_way, 1e6).map(Span::from_nanos)
    }

    /// Whether every pair has had its line.
    fn end(self) -> Result<Entries, String> {
        let sites = self.entries.sites();
        let told = |from: usize, to: usize| self.told[from * sites + to];
        let either = |(from, to): &(usize, usize)| told(*from, *to) || (self.kind != Kind::Graph && told(*to, *from));
        let mut pairs = (0..sites).flat_map(|from| (from + 1..sites).map(move |to| (from, to)));
        match pairs.find(|pair| !either(pair)) {
            Some((from, to)) => Err(format!("the file ends, but the pair {},{} is missing", from + 1, to + 1)),
            None => Ok(self.entries),
        }
    }
}

/// `1,2 3` and a line break.
const SHORTEST_LINE: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "failure_model ConstantFailureModel delay=1\nloss_rate 0\n\nnode 1\nnode 2\nnode 3\n";

    #[test]
    fn an_e2e_graph_holds_one_way_delays_for_both_ways() {
        let text = format!("# king\ntopology E2EGraph 3\n{HEAD}1,2 42\n1,3 0\n2,3 -1\n3,1 99\n");
        assert_eq!(millis(&text), [[0, 42, 1], [42, 0, 0], [1, 0, 0]], "the way back counts for nothing");
    }

    #[test]
    fn the_two_others_hold_round_trips_that_are_halved_and_rounded_up() {
        let pairs = ["1,2 41", "2,1 43.5", "1,3 0", "3,1 -1", "2,3 2", "3,2 1"];
        let wanted = [[0, 21, 1], [22, 0, 1], [0, 1, 0]];
        let text = format!("topology E2EAsymGraph 3\n{HEAD}{}\n", pairs.join("\n"));
        assert_eq!(millis(&text), wanted);
        let text = format!("topology E2ELinkFailGraph 3 2\n{HEAD}{} 1 0\n", pairs.join(" 1 1\n"));
        assert_eq!(millis(&text), wanted);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let problem = |body: &str| read(format!("topology E2EGraph 3\n{HEAD}{body}").as_bytes()).expect_err("wrong");
        assert_eq!(problem("1,2 5\n1,4 5\n"), "9: there is no node 4: the file's first line says 3, numbered from 1");
        assert_eq!(problem("1,2 5\n1,3 5\n\n"), "9: the file ends, but the pair 2,3 is missing");
        assert_eq!(problem("1,2 5\n1,3"), "9: the pair 1,3 has no number");
        assert_eq!(problem("1,2 x"), "8: \"x\" is no number of milliseconds");
        assert_eq!(problem("1,2 4000000"), "8: that is longer than an hour: is the unit right?");
        let head = |line: &str| read(format!("{line}\n{HEAD}1,2 5").as_bytes()).expect_err("wrong");
        assert_eq!(head("topology E2EGraph 2000"), "1: the file is too short for the pairs of 2000 nodes");
        assert_eq!(head("topology E2EGraph 1000000"), "1: 1000000 sites are more than 4096");
        assert_eq!(head("topology E2ELinkFailGraph 3"), "1: the number of samples is missing");
        assert!(head("topology Euclidean 3").contains("there are E2EGraph, E2EAsymGraph and E2ELinkFailGraph"));
    }

    fn millis(text: &str) -> [[u64; 3]; 3] {
        assert!(is_one("a", text.as_bytes()));
        let entries = read(text.as_bytes()).unwrap_or_else(|problem| panic!("{problem}"));
        let cell = |from, to| entries.get(from, to).map_or(0, |span| span.as_nanos() / 1_000_000);
        [0, 1, 2].map(|from| [0, 1, 2].map(|to| cell(from, to)))
    }
}
