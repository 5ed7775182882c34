//! No bytes make the reader panic, hang or take all memory: neither any at all, nor those that are nearly a scenario.

#[path = "common/churny.rs"]
mod churny;
#[path = "common/shipped.rs"]
mod shipped;

use churny::{CHURNY, TRACE};
use proptest::prelude::*;
use scenarios::files::{Files, NoFiles};
use scenarios::read;
use shipped::{FileOf, shipped};

/// Pieces that a slip of the pen, or malice, puts where another stood.
const PIECES: [&str; 36] = [
    "",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    "\"",
    "0",
    "-1",
    "1.5",
    "1e999",
    "NaN",
    "inf",
    "0..3",
    "7..3",
    "0..4000000000",
    "18446744073709551615",
    "1000000000000",
    "\"0s\"",
    "\"1ns\"",
    "\"584y\"",
    "\"1e9/s\"",
    "Chord()",
    "None",
    "Some(1)",
    "[0, 1]",
    "{\"é\": (from: \"0s\", until: \"1ns\")}",
    "[(about: \"\", says: \"\", because: \"\")]",
    "\u{feff}é",
    "\"20Mbit/s\"",
    "Regions(preset: \"aws-2019\")",
    "Matrix(file: \"x\", values: OneWay)",
    "Slow(count: 1, service: Constant(\"1ms\"))",
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        read_or_refuse(&bytes, &NoFiles);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "([(){}\\[\\],:\"]|protocols|Chord|script|at|do|Join|nodes|end|phases|claims|from|until|\"[0-9]{1,3}(s|ms)?\"|[0-9]{1,3}|\\PC| ){0,80}") {
        read_or_refuse(text.as_bytes(), &NoFiles);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1500) })]

    #[test]
    fn scenarios_with_slips_are_read_or_refused(which: prop::sample::Index, slips in slips()) {
        let shipped = shipped();
        let (_, text, files) = which.get(&shipped);
        read_or_refuse(with_slips(text, slips).as_bytes(), files);
    }

    #[test]
    fn churn_with_slips_is_read_or_refused(slips in slips()) {
        read_or_refuse(with_slips(CHURNY, slips).as_bytes(), &FileOf(TRACE));
    }

    #[test]
    fn scenarios_with_odd_bytes_are_read_or_refused(which: prop::sample::Index, at: prop::sample::Index, byte: u8, cut: bool) {
        let shipped = shipped();
        let (_, text, files) = which.get(&shipped);
        let mut bytes = text.clone().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        bytes.truncate(if cut { at + 1 } else { usize::MAX });
        read_or_refuse(&bytes, files);
    }
}

#[derive(Clone, Debug)]
enum Slip {
    Delete,
    Double,
    Put(prop::sample::Index),
    Swap(prop::sample::Index),
}

fn slips() -> impl Strategy<Value = Vec<(prop::sample::Index, Slip)>> {
    let index = any::<prop::sample::Index>;
    let slip =
        prop_oneof![Just(Slip::Delete), Just(Slip::Double), index().prop_map(Slip::Put), index().prop_map(Slip::Swap),];
    proptest::collection::vec((index(), slip), 1..4)
}

fn with_slips(text: &str, slips: Vec<(prop::sample::Index, Slip)>) -> String {
    let mut tokens: Vec<String> = tokens(text);
    for (place, slip) in slips {
        let place = place.index(tokens.len());
        match slip {
            Slip::Delete => tokens[place].clear(),
            Slip::Double => tokens[place] = tokens[place].repeat(2),
            Slip::Put(piece) => (*piece.get(&PIECES)).clone_into(&mut tokens[place]),
            Slip::Swap(other) => tokens.swap(place, other.index(text.len()) % place.max(1)),
        }
    }
    tokens.concat()
}

/// Words and numbers whole, everything else by the character; no comments, where nothing can go wrong.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    for line in text.lines().map(|line| line.split("//").next().unwrap_or_default()) {
        let mut within = false;
        for c in line.chars() {
            let is_word = c.is_alphanumeric() || c == '_' || c == '.';
            match tokens.last_mut().filter(|_| is_word && within) {
                Some(last) => last.push(c),
                None => tokens.push(c.to_string()),
            }
            within = is_word;
        }
        tokens.push("\n".to_owned());
    }
    tokens
}

fn read_or_refuse(bytes: &[u8], files: &dyn Files) {
    match read::plan("any.ron", bytes, None, files) {
        Ok((_, plan)) => drop(plan.lines().take(100).count()),
        Err(diagnostic) => assert!(diagnostic.to_string().len() < 20_000),
    }
}
