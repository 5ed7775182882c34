//! Conditions between parameters, such as `successors <= nodes / 2` or `loss == 'none' or retries > 0`: which cells of a grid
//! are run, and which runs `--filter` chooses.

use std::cmp::Ordering;
use std::iter::Peekable;
use std::str::Chars;

use protocols::duration::Duration;
use scenarios::diagnostic::suggest;

/// A condition, read and with its names known.
#[derive(Clone, Debug, PartialEq)]
pub struct Constraint {
    written: String,
    /// One of these must hold.
    clauses: Vec<Clause>,
    /// The places of the names that it names.
    names: Vec<usize>,
}

/// What is wrong with a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongConstraint {
    /// In one sentence.
    pub title: String,
    /// What would be right.
    pub help: String,
}

/// What a name stands for in a cell: a number, or what it is called.
#[derive(Clone, Copy, Debug)]
pub struct Meaning<'a> {
    /// The number; of a duration, its seconds.
    pub number: Option<f64>,
    /// What it is called.
    pub text: &'a str,
}

#[derive(Clone, Debug, PartialEq)]
struct Clause {
    left: Term,
    relation: Relation,
    right: Term,
}

#[derive(Clone, Debug, PartialEq)]
enum Term {
    Number(f64),
    Text { text: String, number: Option<f64> },
    Name(usize),
    Both { left: Box<Term>, operator: char, right: Box<Term> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    Less,
    AtMost,
    More,
    AtLeast,
    Equal,
    Unequal,
}

impl Constraint {
    /// Reads a condition over these names.
    pub fn parse(text: &str, names: &[&str]) -> Result<Self, WrongConstraint> {
        let tokens = tokens(text)?;
        let mut reader = Reader { tokens: &tokens, at: 0, names, named: Vec::new() };
        let mut clauses = vec![reader.clause()?];
        while reader.take(&Token::Or) {
            clauses.push(reader.clause()?);
        }
        match reader.next() {
            Some(other) => Err(wrong(&format!("`{}` is not expected here", other.shown()), GRAMMAR)),
            None => Ok(Self { written: text.to_owned(), clauses, names: reader.named }),
        }
    }

    /// As it is written.
    pub fn written(&self) -> &str {
        &self.written
    }

    /// Whether it names the name at this place.
    pub fn is_about(&self, name: usize) -> bool {
        self.names.contains(&name)
    }

    /// Whether it holds; an error says what cannot be compared.
    pub fn holds<'a>(&self, meaning: &dyn Fn(usize) -> Meaning<'a>) -> Result<bool, WrongConstraint> {
        for clause in &self.clauses {
            if clause.holds(meaning)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Clause {
    fn holds<'a>(&self, meaning: &dyn Fn(usize) -> Meaning<'a>) -> Result<bool, WrongConstraint> {
        let numbers = self.left.number(meaning).zip(self.right.number(meaning));
        let order = numbers.and_then(|(left, right)| left.partial_cmp(&right));
        match (order, self.relation) {
            (Some(order), relation) => Ok(relation.holds(order)),
            (None, Relation::Equal | Relation::Unequal) => {
                let is_same = self.left.text(meaning)? == self.right.text(meaning)?;
                Ok(is_same == (self.relation == Relation::Equal))
            }
            (None, _) => {
                let no_number = if self.left.number(meaning).is_none() { &self.left } else { &self.right };
                Err(no_number.no_number(meaning))
            }
        }
    }
}

impl Relation {
    fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Less => order.is_lt(),
            Self::AtMost => order.is_le(),
            Self::More => order.is_gt(),
            Self::AtLeast => order.is_ge(),
            Self::Equal => order.is_eq(),
            Self::Unequal => order.is_ne(),
        }
    }
}

impl Term {
    fn number<'a>(&self, meaning: &dyn Fn(usize) -> Meaning<'a>) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text { number, .. } => *number,
            Self::Name(name) => meaning(*name).number,
            Self::Both { left, operator, right } => {
                let (left, right) = (left.number(meaning)?, right.number(meaning)?);
                Some(match operator {
                    '+' => left + right,
                    '-' => left - right,
                    '*' => left * right,
                    _ => left / right,
                })
            }
        }
    }

    fn text<'a>(&self, meaning: &dyn Fn(usize) -> Meaning<'a>) -> Result<String, WrongConstraint> {
        match self {
            Self::Number(number) => Ok(number.to_string()),
            Self::Text { text, .. } => Ok(text.clone()),
            Self::Name(name) => Ok(meaning(*name).text.to_owned()),
            Self::Both { .. } => Err(self.no_number(meaning)),
        }
    }

    fn no_number<'a>(&self, meaning: &dyn Fn(usize) -> Meaning<'a>) -> WrongConstraint {
        match self {
            Self::Both { left, right, .. } if left.number(meaning).is_some() => right.no_number(meaning),
            Self::Both { left, .. } => left.no_number(meaning),
            Self::Text { text, .. } => wrong(&format!("'{text}' is no number"), NO_NUMBER),
            Self::Name(name) => wrong(&format!("`{}` is no number", meaning(*name).text), NO_NUMBER),
            Self::Number(number) => wrong(&format!("`{number}` cannot be compared"), NO_NUMBER),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Number(f64),
    Text(String),
    Word(String),
    Operator(char),
    Relation(Relation, &'static str),
    Or,
}

impl Token {
    fn shown(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Text(text) => format!("'{text}'"),
            Self::Word(word) => word.clone(),
            Self::Operator(operator) => operator.to_string(),
            Self::Relation(_, text) => (*text).to_owned(),
            Self::Or => "or".to_owned(),
        }
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, WrongConstraint> {
    let mut rest = text.chars().peekable();
    let mut found = Vec::new();
    while let Some(c) = rest.peek().copied() {
        found.push(match c {
            c if c.is_whitespace() => {
                rest.next();
                continue;
            }
            '\'' => quoted(&mut rest)?,
            '0'..='9' => number(&word(&mut rest))?,
            '+' | '-' | '*' | '/' | '(' | ')' => {
                rest.next();
                Token::Operator(c)
            }
            '<' | '>' | '=' | '!' => relation(&mut rest)?,
            c if c.is_alphabetic() || c == '_' => match word(&mut rest) {
                word if word == "or" => Token::Or,
                word => Token::Word(word),
            },
            c => return Err(wrong(&format!("`{c}` means nothing in a condition"), GRAMMAR)),
        });
    }
    Ok(found)
}

fn quoted(rest: &mut Peekable<Chars<'_>>) -> Result<Token, WrongConstraint> {
    rest.next();
    let mut text = String::new();
    loop {
        match rest.next() {
            Some('\'') => return Ok(Token::Text(text)),
            Some(c) => text.push(c),
            None => return Err(wrong("a quote is never closed", GRAMMAR)),
        }
    }
}

/// A path is one word: `script[1].do.fraction`.
fn word(rest: &mut Peekable<Chars<'_>>) -> String {
    let mut word = String::new();
    while let Some(c) = rest.next_if(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '[' | ']')) {
        word.push(c);
    }
    word
}

fn number(word: &str) -> Result<Token, WrongConstraint> {
    let number = word.parse::<f64>().ok().filter(|number| number.is_finite());
    number.map(Token::Number).ok_or_else(|| wrong(&format!("`{word}` is no number"), NO_NUMBER))
}

fn relation(rest: &mut Peekable<Chars<'_>>) -> Result<Token, WrongConstraint> {
    let first = rest.next();
    let is_double = rest.next_if_eq(&'=').is_some();
    Ok(match (first, is_double) {
        (Some('<'), false) => Token::Relation(Relation::Less, "<"),
        (Some('<'), true) => Token::Relation(Relation::AtMost, "<="),
        (Some('>'), false) => Token::Relation(Relation::More, ">"),
        (Some('>'), true) => Token::Relation(Relation::AtLeast, ">="),
        (Some('='), _) => Token::Relation(Relation::Equal, "=="),
        (_, true) => Token::Relation(Relation::Unequal, "!="),
        _ => return Err(wrong("`!` alone means nothing in a condition", GRAMMAR)),
    })
}

struct Reader<'a> {
    tokens: &'a [Token],
    at: usize,
    names: &'a [&'a str],
    named: Vec<usize>,
}

impl Reader<'_> {
    fn clause(&mut self) -> Result<Clause, WrongConstraint> {
        let left = self.sum(0)?;
        let relation = match self.next() {
            Some(Token::Relation(relation, _)) => relation,
            Some(other) => return Err(wrong(&format!("a comparison is expected before `{}`", other.shown()), GRAMMAR)),
            None => return Err(wrong("nothing is compared here", GRAMMAR)),
        };
        Ok(Clause { left, relation, right: self.sum(0)? })
    }

    fn sum(&mut self, depth: usize) -> Result<Term, WrongConstraint> {
        self.chain(depth, ['+', '-'], |reader| reader.chain(depth, ['*', '/'], |reader| reader.atom(depth)))
    }

    fn chain(
        &mut self,
        depth: usize,
        operators: [char; 2],
        part: impl Fn(&mut Self) -> Result<Term, WrongConstraint>,
    ) -> Result<Term, WrongConstraint> {
        if depth > DEPTH_MAX {
            return Err(wrong("these parentheses are too deep", GRAMMAR));
        }
        let mut left = part(self)?;
        while let Some(operator) = operators.into_iter().find(|operator| self.take(&Token::Operator(*operator))) {
            left = Term::Both { left: Box::new(left), operator, right: Box::new(part(self)?) };
        }
        Ok(left)
    }

    fn atom(&mut self, depth: usize) -> Result<Term, WrongConstraint> {
        match self.next() {
            Some(Token::Number(number)) => Ok(Term::Number(number)),
            Some(Token::Operator('-')) if depth < DEPTH_MAX => {
                let right = Box::new(self.atom(depth + 1)?);
                Ok(Term::Both { left: Box::new(Term::Number(0.0)), operator: '-', right })
            }
            Some(Token::Text(text)) => {
                let number = Duration::parse(&text).ok().map(|duration| duration.0.as_secs_f64());
                Ok(Term::Text { text, number })
            }
            Some(Token::Word(word)) => self.name(&word),
            Some(Token::Operator('(')) => {
                let inner = self.sum(depth + 1)?;
                if self.take(&Token::Operator(')')) {
                    Ok(inner)
                } else {
                    Err(wrong("a parenthesis is never closed", GRAMMAR))
                }
            }
            Some(other) => Err(wrong(&format!("a name or a number is expected before `{}`", other.shown()), GRAMMAR)),
            None => Err(wrong("a name or a number is missing at the end", GRAMMAR)),
        }
    }

    fn name(&mut self, word: &str) -> Result<Term, WrongConstraint> {
        let Some(place) = self.names.iter().position(|name| *name == word) else {
            let help = match suggest(word, self.names.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None if self.names.is_empty() => "there are none".to_owned(),
                None => format!("there are `{}`; a text stands in quotes, '{word}'", self.names.join("`, `")),
            };
            return Err(wrong(&format!("there is nothing called `{word}` here"), &help));
        };
        self.named.push(place);
        Ok(Term::Name(place))
    }

    fn next(&mut self) -> Option<Token> {
        self.at += 1;
        self.tokens.get(self.at - 1).cloned()
    }

    fn take(&mut self, wanted: &Token) -> bool {
        let is_it = self.tokens.get(self.at) == Some(wanted);
        self.at += usize::from(is_it);
        is_it
    }
}

fn wrong(title: &str, help: &str) -> WrongConstraint {
    WrongConstraint { title: title.to_owned(), help: help.to_owned() }
}

const GRAMMAR: &str = "write for example \"successors <= nodes / 2\" or \"loss == 'none' or retries > 0\"";
const NO_NUMBER: &str = "only numbers and durations are larger or smaller; a text is `==` or `!=`";
/// Nobody writes more parentheses into each other.
const DEPTH_MAX: usize = 20;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NAMES: [&str; 4] = ["nodes", "successors", "loss", "script[0].do.every"];

    fn meaning(name: usize) -> Meaning<'static> {
        [
            Meaning { number: Some(20.0), text: "20" },
            Meaning { number: Some(8.0), text: "8" },
            Meaning { number: None, text: "none" },
            Meaning { number: Some(0.2), text: "200ms" },
        ][name]
    }

    fn holds(text: &str) -> bool {
        let constraint = Constraint::parse(text, &NAMES).unwrap_or_else(|wrong| panic!("{text}: {wrong:?}"));
        constraint.holds(&meaning).unwrap_or_else(|wrong| panic!("{text}: {wrong:?}"))
    }

    #[test]
    fn conditions_hold_as_they_read() {
        for text in [
            "successors <= nodes / 2",
            "successors<nodes",
            "nodes - 2 * successors = 4",
            "(nodes - 2) * successors == 144",
            "nodes > 100 or successors >= 8",
            "loss == 'none'",
            "loss != 'little' or nodes < 1",
            "script[0].do.every <= '1s'",
            "script[0].do.every == '200ms'",
            "-nodes < -8 - 1",
            "nodes / 8 / 5 == 0.5",
            "nodes - 8 - 5 == 7",
        ] {
            assert!(holds(text), "{text}");
        }
        for text in
            ["successors > nodes", "loss = 'little'", "nodes != 20", "nodes < 1 or nodes > 100", "nodes / 0 < 1"]
        {
            assert!(!holds(text), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_meant_says_why() {
        let wrong = |text: &str| match Constraint::parse(text, &NAMES) {
            Ok(constraint) => constraint.holds(&meaning).expect_err(text),
            Err(wrong) => wrong,
        };
        let titles = [
            ("sucessors < 3", "there is nothing called `sucessors` here"),
            ("loss < 3", "`none` is no number"),
            ("loss + 1 == 3", "`none` is no number"),
            ("nodes < 'many'", "'many' is no number"),
            ("nodes", "nothing is compared here"),
            ("nodes <", "a name or a number is missing at the end"),
            ("nodes 3", "a comparison is expected before `3`"),
            ("nodes < 3 3", "`3` is not expected here"),
            ("nodes < 'x", "a quote is never closed"),
            ("(nodes < 3", "a parenthesis is never closed"),
            ("nodes ! 3", "`!` alone means nothing in a condition"),
            ("nodes % 3", "`%` means nothing in a condition"),
            ("3ms < nodes", "`3ms` is no number"),
            ("", "a name or a number is missing at the end"),
        ];
        for (text, title) in titles {
            assert_eq!(wrong(text).title, title, "{text}");
        }
        assert_eq!(wrong("sucessors < 3").help, "did you mean `successors`?");
    }

    #[test]
    fn a_condition_knows_what_it_is_about() {
        let constraint = Constraint::parse("loss == 'none' or nodes < 3", &NAMES).expect("legal");
        assert_eq!([0, 1, 2].map(|name| constraint.is_about(name)), [true, false, true]);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(nodes|loss|or|'|[ ()<>=!+*/0-9.ä-])*") {
            if let Ok(constraint) = Constraint::parse(&text, &NAMES) {
                let _ = constraint.holds(&meaning);
            }
        }
    }

    #[test]
    fn deep_parentheses_are_refused_and_not_followed() {
        for text in ["(".repeat(100_000), "-".repeat(100_000)] {
            assert!(Constraint::parse(&text, &NAMES).is_err());
        }
    }
}
