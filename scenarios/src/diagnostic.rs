//! What is wrong in a scenario file and where: `ron`'s errors in plain words, drawn as `rustc` draws its own.

use std::fmt;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use ron::error::{Error, SpannedError};

use crate::source::{Node, Place, Shape, Source, Span, floor_char_boundary, position};

/// One error for the user: what is wrong, the line it is in, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    file: String,
    title: String,
    quote: Option<Quote>,
    help: Option<String>,
}

impl Diagnostic {
    /// An error of a whole file: it cannot be read, or is empty.
    pub fn new(file: &str, title: &str) -> Self {
        Self { file: one_line(file, LONGEST_TITLE), title: one_line(title, LONGEST_TITLE), quote: None, help: None }
    }

    /// Quotes the line of `text` in which `span` starts, with `label` under
    /// the span. An empty span is a place between two characters.
    #[must_use]
    pub fn at(mut self, text: &str, span: &Span, label: &str) -> Self {
        self.quote = Some(Quote::new(text, span, label));
        self
    }

    /// Says what to do about it.
    #[must_use]
    pub fn help(mut self, help: &str) -> Self {
        self.help = Some(shorten(help, LONGEST_HELP));
        self
    }

    /// What is wrong, in one line.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// What to do about it, if it says so.
    pub fn advice(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// The line and the column, both counted from 1, if it has a place.
    pub fn position(&self) -> Option<(usize, usize)> {
        self.quote.as_ref().map(|quote| (quote.line, quote.column))
    }

    /// Draws it, with no line break at the end.
    pub fn render(&self, color: bool) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let drawn = renderer.term_width(WIDEST).render(&[self.group()]);
        match &self.quote {
            Some(quote) => quote.with_true_column(&self.file, &drawn),
            None => drawn,
        }
    }

    fn group(&self) -> Group<'_> {
        let title = Level::ERROR.primary_title(&self.title);
        let group = match &self.quote {
            Some(quote) => title.element(quote.snippet(&self.file)),
            None => title.element(Origin::path(&self.file)),
        };
        let help = self.help.as_ref().map(|help| Level::HELP.message(help));
        group.elements(help)
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Diagnostic {}

/// Says in plain words what `error` found wrong in `text`.
pub fn from_ron(file: &str, text: &str, error: &SpannedError) -> Diagnostic {
    let source = Source::new(file, text);
    let start = source.byte(error.span.start);
    let end = source.byte(error.span.end);
    Reading { source, start, end }.explain(&error.code)
}

/// The known word which `word` is most likely a slip for.
pub fn suggest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = word.chars().count();
    let slips = ((length + 1) / 3).clamp(1, MOST_SLIPS);
    let near = known.into_iter().filter(|k| k.chars().count().abs_diff(length) <= slips);
    let counted = near.map(|k| (edits(&lower_case(word), &lower_case(k)), k));
    let best = counted.min_by_key(|(edits, _)| *edits);
    best.filter(|(edits, _)| *edits <= slips).map(|(_, k)| k)
}

/// How many slips still make a likely word.
const MOST_SLIPS: usize = 3;

fn lower_case(word: &str) -> Vec<char> {
    word.chars().flat_map(char::to_lowercase).collect()
}

/// How many characters to add, drop, change or swap with the next.
fn edits(from: &[char], to: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for i in 0..from.len() {
        let mut next = vec![i + 1];
        for j in 0..to.len() {
            let change = row[j] + usize::from(from[i] != to[j]);
            let swapped = i > 0 && j > 0 && from[i] == to[j - 1] && from[i - 1] == to[j];
            let swap = if swapped { before[j - 1] + 1 } else { change };
            next.push(change.min(swap).min(row[j + 1] + 1).min(next[j] + 1));
        }
        before = std::mem::replace(&mut row, next);
    }
    row[to.len()]
}

// The lengths at which texts are cut, in characters.
const LONGEST_TITLE: usize = 300;
const LONGEST_HELP: usize = 1000;
const LONGEST_LABEL: usize = 120;
const LONGEST_VALUE: usize = 40;
const LONGEST_LINE: usize = 160;

/// So wide that the renderer cuts no line which is already short enough.
const WIDEST: usize = 10 * (LONGEST_LINE + LONGEST_LABEL);

/// What stands where a text was cut.
const CUT: &str = "...";

/// A line of the text, cut to a window around the span.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Quote {
    line: usize,
    column: usize,
    text: String,
    span: Span,
    label: String,
}

impl Quote {
    fn new(text: &str, span: &Span, label: &str) -> Self {
        let start = floor_char_boundary(text, span.start);
        let end = floor_char_boundary(text, span.end).max(start);
        let first = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let rest = &text[first..];
        let line = rest.split('\n').next().unwrap_or("");
        let line = line.strip_suffix('\r').unwrap_or(line);
        let within = |byte: usize| (byte - first).min(line.len());
        let position = position(text, first + within(start));
        let (text, span) = window(line, &(within(start)..within(end)));
        let label = one_line(label, LONGEST_LABEL);
        let (line, column) = (position.line, position.col);
        Self { line, column, text, span, label }
    }

    fn snippet<'q>(&'q self, file: &'q str) -> Snippet<'q, annotate_snippets::Annotation<'q>> {
        let label = Some(self.label.as_str()).filter(|label| !label.is_empty());
        let mark = AnnotationKind::Primary.span(self.span.clone()).label(label);
        Snippet::source(&self.text).path(file).line_start(self.line).annotation(mark)
    }

    /// The renderer counts columns in the window; here they count in the line.
    fn with_true_column(&self, file: &str, drawn: &str) -> String {
        let column = 1 + self.text[..self.span.start].chars().count();
        let seen = format!("{file}:{}:{column}", self.line);
        let truth = format!("{file}:{}:{}", self.line, self.column);
        let (title, rest) = drawn.split_once('\n').unwrap_or((drawn, ""));
        format!("{title}\n{}", rest.replacen(&seen, &truth, 1))
    }
}

/// Cuts a line to what stands around the span, and moves the span with it.
fn window(line: &str, span: &Span) -> (String, Span) {
    let before = line[..span.start].chars().count();
    let skipped = before.saturating_sub(LONGEST_LINE / 2);
    let is_short = line.chars().nth(LONGEST_LINE).is_none();
    let first = if is_short { 0 } else { char_start(line, skipped) };
    let length = char_start(&line[first..], LONGEST_LINE);
    let last = first + length;
    let left = if first > 0 { CUT } else { "" };
    let right = if last < line.len() { CUT } else { "" };
    let moved = |byte: usize| byte.min(last) - first + left.len();
    let text = format!("{left}{}{right}", &line[first..last]);
    (text, moved(span.start)..moved(span.end))
}

/// Where the character with this number starts, or the end of the text.
fn char_start(text: &str, number: usize) -> usize {
    text.char_indices().nth(number).map_or(text.len(), |c| c.0)
}

fn one_line(text: &str, longest: usize) -> String {
    shorten(&text.replace(['\n', '\r', '\t'], " "), longest)
}

/// Cuts a text which is too long, and makes control characters visible.
fn shorten(text: &str, longest: usize) -> String {
    let end = char_start(text, longest);
    let cut = if end < text.len() { CUT } else { "" };
    annotate_snippets::normalize_untrusted_str(&text[..end]) + cut
}

fn lower_first(message: &str) -> String {
    let word = message.split(' ').next().unwrap_or_default();
    let is_acronym = word.chars().skip(1).any(char::is_uppercase);
    match word.chars().next() {
        Some(first) if !is_acronym => first.to_lowercase().collect::<String>() + &message[first.len_utf8()..],
        _ => message.to_owned(),
    }
}

/// Where `ron` stopped in a text: its last step was from `start` to `end`.
struct Reading<'a> {
    source: Source<'a>,
    start: usize,
    end: usize,
}

impl Reading<'_> {
    fn explain(&self, error: &Error) -> Diagnostic {
        self.explain_names(error)
            .or_else(|| self.invisible())
            .or_else(|| self.explain_types(error))
            .or_else(|| self.explain_text(error))
            .unwrap_or_else(|| self.plain(error))
    }

    /// Errors of `serde`: fields and variants by name, and messages.
    fn explain_names(&self, error: &Error) -> Option<Diagnostic> {
        Some(match error {
            Error::NoSuchStructField { expected, found, outer } => {
                let place = outer.as_ref().map_or("here".to_owned(), |outer| format!("in `{outer}`"));
                let title = format!("there is no field `{}` {place}", value_text(found));
                self.unknown(["field", "fields"], &title, found, expected)
            }
            Error::NoSuchEnumVariant { expected, found, .. } => {
                let place = self.source.at(self.word(found).start);
                let subject = place.as_ref().map_or("this".to_owned(), subject);
                let title = format!("{subject} cannot be `{}`", value_text(found));
                self.unknown(["variant", "variants"], &title, found, expected)
            }
            Error::MissingStructField { field, outer } => self.missing(field, outer.as_deref()),
            Error::DuplicateStructField { field, .. } => self.duplicate(field),
            Error::ExpectedDifferentStructName { expected, found } => self.wrong_name(expected, found),
            Error::Message(message) => self.message(message),
            _ => return None,
        })
    }

    /// Errors of values which are not of the type they should be.
    fn explain_types(&self, error: &Error) -> Option<Diagnostic> {
        Some(match error {
            Error::ExpectedInteger | Error::InvalidIntegerDigit { base: 10, .. } => self.wrong_integer(),
            Error::InvalidIntegerDigit { .. } => self.wrong_digit(error),
            Error::ExpectedFloat | Error::UnderscoreAtBeginning => self.wrong(NUMBER),
            Error::ExpectedBoolean => self.wrong(BOOLEAN),
            Error::ExpectedString => self.wrong(A_STRING),
            Error::ExpectedChar => self.wrong("a character, such as `'a'`"),
            Error::ExpectedArray => self.wrong("a list, `[...]`"),
            Error::ExpectedMap => self.wrong("a map, `{...}`"),
            Error::ExpectedUnit => self.wrong("the unit, `()`"),
            Error::ExpectedRangeSyntax => self.unfit("a range, such as `1..31`", "no `..`"),
            Error::ExpectedStructLike => self.no_parens("in parentheses, `(...)`"),
            Error::ExpectedNamedStructLike(name) => {
                self.empty(name).unwrap_or_else(|| self.no_parens("a struct, `(...)`"))
            }
            Error::IntegerOutOfBounds => self.out_of_range(),
            Error::InvalidValueForType { expected, found } => self.unfit(expected, found),
            Error::ExpectedDifferentLength { .. } => self.wrong_length(error),
            _ => return None,
        })
    }

    /// Errors of the text itself: brackets, commas, quotes, names.
    fn explain_text(&self, error: &Error) -> Option<Diagnostic> {
        match error {
            Error::ExpectedComma
            | Error::Eof
            | Error::ExpectedArrayEnd
            | Error::ExpectedMapEnd
            | Error::ExpectedOptionEnd
            | Error::ExpectedStructLikeEnd => self.broken(error),
            Error::ExpectedStringEnd => self.open_string(),
            Error::UnclosedBlockComment => self.open_comment(),
            Error::InvalidEscape(_) => self.bad_escape(),
            Error::UnexpectedChar(_) => self.missing_value(None),
            Error::ExpectedMapColon => self.unclosed().or_else(|| self.missing_colon()),
            Error::ExpectedIdentifier => self.unclosed().or_else(|| self.no_name()),
            Error::SuggestRawIdentifier(word) => Some(self.bad_name(word)),
            Error::NoSuchExtension(name) => Some(self.bad_extension(name)),
            Error::TrailingCharacters => Some(self.trailing()),
            Error::ExceededRecursionLimit => Some(self.too_deep()),
            _ => None,
        }
    }

    /// What `ron` itself says.
    fn plain(&self, error: &Error) -> Diagnostic {
        self.say(&lower_first(&error.to_string()), &self.here(), "")
    }
}

// What a value must be.
const WHOLE: &str = "a whole number";
const NUMBER: &str = "a number";
const BOOLEAN: &str = "`true` or `false`";
const A_STRING: &str = "a string";
const NAME: &str = "a name";

/// Names.
impl Reading<'_> {
    fn unknown(&self, [one, many]: [&str; 2], title: &str, found: &str, known: &[&'static str]) -> Diagnostic {
        let said = self.say(title, &self.word(found), &format!("unknown {one}"));
        match (suggest(found, known.iter().copied()), known) {
            (Some(near), _) => said.help(&format!("did you mean `{near}`?")),
            (None, []) => said.help(&format!("it has no {many}")),
            (None, [only]) => said.help(&format!("the only {one} is `{only}`")),
            (None, _) => said.help(&format!("the {many} are {}", listed(known))),
        }
    }

    fn missing(&self, field: &str, outer: Option<&str>) -> Diagnostic {
        let before = usize::from(!matches!(self.next(), Some(')' | '}')));
        let place = self.source.at(self.end.saturating_sub(before));
        let bracket = place.as_ref().and_then(|p| p.nodes().rev().find(|n| is_bracket(n)));
        let span = bracket.map_or_else(|| self.here(), Node::opening);
        let title = match outer {
            Some(outer) => format!("`{outer}` lacks `{field}`"),
            None => format!("`{field}` is missing"),
        };
        self.say(&title, &span, &format!("`{field}` is missing here")).help(&format!("add `{field}: ...`"))
    }

    fn duplicate(&self, field: &str) -> Diagnostic {
        let title = format!("`{field}` is given twice");
        self.say(&title, &self.word(field), "given a second time")
    }

    fn wrong_name(&self, expected: &str, found: &str) -> Diagnostic {
        if let Some(said) = self.field_in_list(found) {
            return said;
        }
        let title = format!("expected `{expected}`, found `{}`", value_text(found));
        self.say(&title, &self.word(found), "another name").help(&format!("write `{expected}(...)`, or only `(...)`"))
    }

    /// A list was never closed, so that the next field of the struct around it stands in it.
    fn field_in_list(&self, found: &str) -> Option<Diagnostic> {
        let span = self.word(found);
        let is_field = self.text()[span.end..].trim_start().starts_with(':');
        let place = self.source.at(span.start).filter(|_| is_field)?;
        let list = place.nodes().rev().find(|node| is_bracket(node)).filter(|node| node.shape == Shape::List)?;
        let line = self.source.position(list.span.start).line;
        let title = format!("expected `]`, found the field `{}`", value_text(found));
        Some(self.say(&title, &span, "in a list").help(&format!("the `[` in line {line} is still open")))
    }

    /// A message of our own. It is about the value just read; or, where `ron`
    /// took no step since, about the struct it stands in.
    fn message(&self, message: &str) -> Diagnostic {
        let place = if self.start < self.end { self.ended() } else { self.source.at(self.end) };
        let span = match &place {
            Some(place) if self.start == self.end => place.node().opening(),
            Some(place) => place.node().span.clone(),
            None => self.here(),
        };
        let subject = place.and_then(|place| place.subject());
        let label = subject.map(|subject| format!("the value of `{subject}`"));
        self.say(&lower_first(message), &span, &label.unwrap_or_default())
    }

    /// The place of a name that `ron` has just read, or read some time ago.
    fn word(&self, found: &str) -> Span {
        let last = self.start..self.end;
        if self.text().get(last.clone()) == Some(found) {
            return last;
        }
        let places = [self.source.at(self.end), self.ended()];
        let nodes = places.iter().flatten().flat_map(|place| place.nodes().rev());
        let keys = nodes.filter_map(|node| node.field(found)?.key.as_ref());
        let key = keys.map(|key| key.span.clone()).next();
        key.unwrap_or_else(|| self.here())
    }
}

/// Values.
impl<'a> Reading<'a> {
    fn wrong(&self, wanted: &str) -> Diagnostic {
        let Some(place) = self.value() else {
            return self.no_value(wanted);
        };
        let node = place.node();
        let span = self.end.max(node.span.start)..node.span.end;
        let found = match node.shape {
            Shape::Scalar => value_text(&self.text()[span.clone()]),
            Shape::Parens if node.name.is_some() => value_text(&self.text()[node.span.clone()]),
            Shape::Parens => "`(...)`".to_owned(),
            Shape::List => "a list".to_owned(),
            Shape::Map => "a map".to_owned(),
        };
        let title = format!("{} must be {wanted}", subject(&place));
        let said = self.say(&title, &span, &format!("found {found}"));
        match right(wanted, &self.text()[span]) {
            Some(help) => said.help(&help),
            None => said,
        }
    }

    fn no_value(&self, wanted: &str) -> Diagnostic {
        self.missing_value(Some(wanted))
            .or_else(|| self.wrong_key(wanted))
            .or_else(|| self.other_bracket())
            .or_else(|| self.unclosed())
            .unwrap_or_else(|| self.say(&format!("expected {wanted}"), &self.here(), ""))
    }

    fn missing_value(&self, wanted: Option<&str>) -> Option<Diagnostic> {
        let before = self.before();
        let key = self.text()[..before].strip_suffix(':')?.trim_end();
        let place = self.source.at(key.len().checked_sub(1)?)?;
        let title = format!("`{}` has no value", place.subject()?);
        let said = self.say(&title, &(before..before), "a value is missing here");
        Some(match wanted {
            Some(wanted) => said.help(&format!("it must be {wanted}")),
            None => said,
        })
    }

    fn wrong_key(&self, wanted: &str) -> Option<Diagnostic> {
        let place = self.source.at(self.end).filter(Place::is_on_key)?;
        let key = place.key()?;
        let title = format!("the key `{}` must be {wanted}", value_text(key.text));
        let said = self.say(&title, &key.span, "");
        Some(match right(wanted, key.text) {
            Some(help) => said.help(&help),
            None => said,
        })
    }

    fn wrong_integer(&self) -> Diagnostic {
        let ends_range = self.text()[..self.end].ends_with("..");
        let number = self.no_number().filter(|_| !ends_range);
        number.unwrap_or_else(|| self.wrong(WHOLE))
    }

    /// A digit which is none in the base of its number.
    fn wrong_digit(&self, error: &Error) -> Diagnostic {
        let said = self.plain(error);
        let Some(place) = self.value() else {
            return said;
        };
        let label = place.subject().map(|name| format!("the value of `{name}`"));
        let span = place.node().span.clone();
        said.at(self.text(), &span, &label.unwrap_or_default())
    }

    /// A number `ron` read only a part of, such as the `1` of `1.5`.
    fn no_number(&self) -> Option<Diagnostic> {
        let place = self.value()?;
        let node = place.node();
        let text = &self.text()[node.span.clone()];
        let digits = text.trim_start_matches(['-', '+', '.']);
        if node.shape != Shape::Scalar || !digits.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let subject = subject(&place);
        let shown = value_text(text);
        let Ok(number) = text.replace('_', "").parse::<f64>() else {
            let title = format!("{subject} must be a number");
            let label = format!("{shown} is not a number");
            return Some(self.say(&title, &node.span, &label));
        };
        let title = format!("{subject} must be {WHOLE}");
        if number.fract() != 0.0 {
            return Some(self.say(&title, &node.span, &format!("{shown} is not whole")));
        }
        let label = format!("{shown} is not written as a whole number");
        let said = self.say(&title, &node.span, &label);
        Some(said.help(&format!("write `{number:.0}`")))
    }

    fn no_parens(&self, wanted: &str) -> Diagnostic {
        let place = self.ended().filter(|place| {
            let node = place.node();
            node.shape == Shape::Scalar && node.span.end == self.before()
        });
        let name = place.as_ref().and_then(|place| place.node().name.as_ref());
        match name {
            Some(name) if self.value().is_none() => {
                let title = format!("`{}` needs its fields, in parentheses", name.text);
                self.say(&title, &name.span, "no `(` follows")
                    .help(&format!("write `{}()`, its fields between the parentheses", name.text))
            }
            _ => self.wrong(wanted),
        }
    }

    fn empty(&self, name: &str) -> Option<Diagnostic> {
        if self.source.root().is_some() {
            return None;
        }
        let said = Diagnostic::new(self.source.name(), "there is nothing in the file");
        Some(said.help(&format!("it should hold `{name}(...)`")))
    }

    fn out_of_range(&self) -> Diagnostic {
        if let Some(diagnostic) = self.not_whole() {
            return diagnostic;
        }
        let Some(place) = self.ended() else {
            return self.plain(&Error::IntegerOutOfBounds);
        };
        let span = place.node().span.clone();
        let found = value_text(&self.text()[span.clone()]);
        let is_small = found.parse::<i8>().is_ok_and(|number| number < 0);
        let problem = if is_small { "must not be negative" } else { "is out of range" };
        let title = format!("{} {problem}", subject(&place));
        self.say(&title, &span, &format!("{found} is out of range"))
    }

    /// As `no_number`, where the number was read before its end.
    fn not_whole(&self) -> Option<Diagnostic> {
        let place = self.value()?;
        let is_float = self.text()[place.node().span.clone()].contains('.');
        self.no_number().filter(|_| is_float)
    }

    fn unfit(&self, expected: &str, found: &str) -> Diagnostic {
        let wanted = match expected {
            "u8" | "u16" | "u32" | "u64" | "i8" | "i16" | "i32" | "i64" => WHOLE,
            "f32" | "f64" => NUMBER,
            other => other,
        };
        let place = self.ended();
        let span = place.as_ref().map_or_else(|| self.here(), |p| p.node().span.clone());
        let subject = place.as_ref().map_or("this".to_owned(), subject);
        let title = format!("{subject} must be {wanted}");
        let is_scalar = |place: &Place<'_>| place.node().shape == Shape::Scalar && found.starts_with("the ");
        let scalar = place.filter(is_scalar).map(|_| &self.text()[span.clone()]);
        let said = self.say(&title, &span, &format!("found {}", value_text(scalar.unwrap_or(found))));
        let is_bare = |text: &&str| is_plain(text) && !text.contains('.') && text.contains(char::is_alphabetic);
        match scalar.filter(|_| wanted.contains("in quotes")).filter(is_bare) {
            Some(text) => said.help(&format!("write it in quotes: `\"{text}\"`")),
            None => said,
        }
    }

    fn wrong_length(&self, error: &Error) -> Diagnostic {
        let place = self.source.at(self.end);
        let span = place.as_ref().map_or_else(|| self.here(), |p| p.node().span.clone());
        let subject = place.as_ref().and_then(Place::subject);
        let label = subject.map(|subject| format!("the value of `{subject}`"));
        let title = lower_first(&error.to_string());
        self.say(&title, &span, &label.unwrap_or_default())
    }

    /// The value which starts here, or the scalar `ron` stopped within.
    fn value(&self) -> Option<Place<'_>> {
        let place = self.source.at(self.end)?;
        let node = place.node();
        let is_value = node.span.start == self.end || node.shape == Shape::Scalar;
        Some(place).filter(|place| is_value && !place.is_on_key())
    }

    /// The value which ends here, or the one around it.
    fn ended(&self) -> Option<Place<'_>> {
        self.source.at(self.before().checked_sub(1)?)
    }

    fn text(&self) -> &'a str {
        self.source.text()
    }
}

/// Brackets, commas, quotes and names.
impl Reading<'_> {
    /// Something else stands where a value could go on or end.
    fn broken(&self, error: &Error) -> Option<Diagnostic> {
        self.no_number()
            .filter(|_| self.is_within_value())
            .or_else(|| self.unclosed())
            .or_else(|| self.other_bracket())
            .or_else(|| self.takes_nothing())
            .or_else(|| self.one_too_many(error))
            .or_else(|| self.missing_comma())
    }

    fn is_within_value(&self) -> bool {
        self.value().is_some_and(|place| place.node().span.start < self.end)
    }

    /// The text ends within a bracket.
    fn unclosed(&self) -> Option<Diagnostic> {
        let at_end = self.text()[self.end..].trim().is_empty();
        let place = self.source.at(self.text().len().checked_sub(1)?)?;
        let open = place.nodes().rev().find(|node| is_open(node)).filter(|_| at_end)?;
        let (opener, closer) = brackets(open)?;
        let of = open.name.as_ref().map(|name| format!(" of `{}`", name.text));
        let title = format!("the `{opener}`{} is never closed", of.unwrap_or_default());
        let label = format!("no `{closer}` closes it");
        let help = format!("write `{closer}` where it ends");
        Some(self.say(&title, &open.opening(), &label).help(&help))
    }

    /// A bracket is closed by that of another kind.
    fn other_bracket(&self) -> Option<Diagnostic> {
        let found = self.next().filter(|c| matches!(c, ')' | ']' | '}'))?;
        let place = self.source.at(self.end.checked_sub(1)?)?;
        let open = place.nodes().rev().find(|node| is_open(node))?;
        let (opener, closer) = brackets(open)?;
        let line = self.source.position(open.span.start).line;
        let title = format!("expected `{closer}`, found `{found}`");
        let label = format!("`{closer}` or `,` belongs here");
        let help = format!("the `{opener}` in line {line} is still open");
        Some(self.say(&title, &self.here(), &label).help(&help))
    }

    /// A variant without fields is given some.
    fn takes_nothing(&self) -> Option<Diagnostic> {
        let place = self.source.at(self.end)?;
        let node = place.node();
        let name = node.name.as_ref().filter(|_| node.span.start < self.end)?;
        if self.next() != Some('(') || self.before() != name.span.end {
            return None;
        }
        let title = format!("`{}` takes no fields", name.text);
        let help = format!("write `{}`", name.text);
        let span = self.end..node.span.end;
        Some(self.say(&title, &span, "nothing may follow").help(&help))
    }

    fn one_too_many(&self, error: &Error) -> Option<Diagnostic> {
        let place = self.value().filter(|_| *error == Error::ExpectedStructLikeEnd)?;
        let tuple = place.parent()?;
        let title = match &tuple.name {
            Some(name) => format!("`{}` holds too many values", name.text),
            None => "too many values in parentheses".to_owned(),
        };
        Some(self.say(&title, &place.node().span, "one too many"))
    }

    fn missing_comma(&self) -> Option<Diagnostic> {
        let place = self.source.at(self.end)?;
        let around = place.nodes().rev().find(|n| is_bracket(n) && n.span.start < self.end)?;
        let item = around.items.iter().rfind(|item| item.end() <= self.end)?;
        let after = item.end();
        let title = match &item.key {
            Some(key) => format!("a comma is missing after `{}`", key.name()),
            None => "a comma is missing".to_owned(),
        };
        if let Some(other @ (';' | '=')) = self.next() {
            let label = format!("a `,` belongs here, not `{other}`");
            return Some(self.say(&title, &self.here(), &label));
        }
        let said = self.say(&title, &(after..after), "a `,` belongs here");
        let touches = after == self.end && self.text()[..after].ends_with('"');
        Some(if touches { said.help("or does a string before it lack its closing quote?") } else { said })
    }

    fn missing_colon(&self) -> Option<Diagnostic> {
        let before = self.before();
        let place = self.source.at(before.checked_sub(1)?)?;
        let word = value_text(&self.text()[place.node().span.clone()]);
        let title = format!("a colon is missing after `{word}`");
        let (span, label) = match self.next() {
            Some('=') => (self.here(), "a `:` belongs here, not `=`"),
            _ => (before..before, "a `:` belongs here"),
        };
        Some(self.say(&title, &span, label))
    }

    fn open_string(&self) -> Option<Diagnostic> {
        let place = self.source.at(self.end.saturating_sub(1))?;
        let start = place.node().span.start;
        let opening = self.text()[start..].split_inclusive('"').next()?;
        let closer: String = opening.trim_start_matches(['b', 'r']).chars().rev().collect();
        let of = place.subject().map(|subject| format!(" of `{subject}`"));
        let title = format!("the string{} is never closed", of.unwrap_or_default());
        let label = format!("no `{closer}` follows");
        Some(self.say(&title, &(start..start + opening.len()), &label))
    }

    fn open_comment(&self) -> Option<Diagnostic> {
        let start = self.source.open_comment()?;
        let title = "the comment is never closed";
        Some(self.say(title, &(start..start + 2), "no `*/` follows"))
    }

    fn bad_escape(&self) -> Option<Diagnostic> {
        let start = self.text()[..self.end].rfind('\\')?;
        let escape = &self.text()[start..self.end];
        let title = format!("there is no escape `{}`", value_text(escape));
        let help = "a backslash itself is `\\\\`; none is an escape in a raw string, `r\"...\"`";
        let span = start..self.end;
        Some(self.say(&title, &span, "unknown escape").help(help))
    }

    /// Something else stands where a field or a variant should be named.
    fn no_name(&self) -> Option<Diagnostic> {
        if self.next() == Some(',') {
            let title = "expected a field, found `,`";
            return Some(self.say(title, &self.here(), "one comma too many"));
        }
        let place = self.source.at(self.end)?;
        if place.is_on_key() {
            return Some(self.no_field_name(&place));
        }
        if is_among_fields(&place) {
            return Some(self.no_field());
        }
        let variant = place.parent().and_then(|parent| parent.name.as_ref());
        match variant {
            Some(name) if self.next() == Some('(') => {
                let title = format!("`{}` takes one pair of parentheses", name.text);
                let help = format!("write `{}(...)`", name.text);
                Some(self.say(&title, &self.here(), "one too many").help(&help))
            }
            _ => Some(self.wrong(NAME)),
        }
    }

    fn no_field_name(&self, place: &Place<'_>) -> Diagnostic {
        let key = place.key().map(|key| (key.span.clone(), key.name().to_owned()));
        let (span, name) = key.unwrap_or_else(|| (self.here(), String::new()));
        let written = value_text(&self.text()[span.clone()]);
        let said = self.say(&format!("`{written}` is not a field name"), &span, "");
        if is_word(&name) {
            said.help(&format!("write it without quotes: `{name}`"))
        } else {
            said.help("names hold letters, digits and `_`, and start with a letter")
        }
    }

    fn bad_name(&self, word: &str) -> Diagnostic {
        let place = self.source.at(self.end);
        if let Some(place) = place.as_ref().filter(|place| place.is_on_key()) {
            return self.no_field_name(place);
        }
        let before = self.text()[..self.end].strip_suffix(',');
        let whole = before.map_or("", last_number);
        let is_fraction = !whole.is_empty() && !whole.contains('.') && word.chars().all(is_digit);
        if !is_fraction {
            let among_fields = place.as_ref().is_some_and(is_among_fields);
            return if among_fields { self.no_field() } else { self.wrong(NAME) };
        }
        self.no_field().help(&format!("a fraction has a point: `{whole}.{word}`"))
    }

    fn no_field(&self) -> Diagnostic {
        let found = value_text(&self.text()[self.here()]);
        self.say(&format!("expected a field, found `{found}`"), &self.here(), "not a field")
    }

    fn bad_extension(&self, name: &str) -> Diagnostic {
        let title = format!("there is no extension `{}`", value_text(name));
        self.say(&title, &self.word(name), "unknown extension")
    }

    fn trailing(&self) -> Diagnostic {
        let label = match self.next() {
            Some(')' | ']' | '}') => "it closes nothing",
            _ => "nothing may follow here",
        };
        self.say("something stands after the end", &self.here(), label)
    }

    fn too_deep(&self) -> Diagnostic {
        let span = self.before().saturating_sub(1)..self.before();
        self.say("nested too deeply", &span, "too many brackets are open here")
    }

    /// A character no one can see, which `ron` does not take for a space.
    fn invisible(&self) -> Option<Diagnostic> {
        let odd = self.next().filter(|c| !c.is_ascii())?;
        let is_space = odd.is_whitespace() && !matches!(odd, '\u{85}' | '\u{2028}' | '\u{2029}');
        let has_no_width = matches!(odd, '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{FEFF}');
        if !is_space && !has_no_width {
            return None;
        }
        let title = format!("an invisible character stands here: U+{:04X}", u32::from(odd));
        let said = self.say(&title, &(self.end..self.end), "before this");
        Some(said.help("remove it; some editors add it unasked"))
    }
}

/// Places.
impl Reading<'_> {
    fn say(&self, title: &str, span: &Span, label: &str) -> Diagnostic {
        Diagnostic::new(self.source.name(), title).at(self.text(), span, label)
    }

    fn next(&self) -> Option<char> {
        self.text()[self.end..].chars().next()
    }

    /// The end of what stands before the last blank.
    fn before(&self) -> usize {
        self.text()[..self.end].trim_end().len()
    }

    /// The value which starts here, or one character.
    fn here(&self) -> Span {
        let one = self.next().map_or(0, char::len_utf8);
        let value = self.value().map(|place| place.node().span.end);
        self.end..value.unwrap_or(self.end + one)
    }
}

/// How to write the value so that it is what is wanted.
fn right(wanted: &str, found: &str) -> Option<String> {
    if wanted == A_STRING && is_plain(found) {
        let bare = found.trim_matches(['\'', '‘', '’', '“', '”', '„']);
        return Some(format!("write it in quotes: `\"{bare}\"`"));
    }
    let inner = found.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or_default();
    let fits = match wanted {
        WHOLE => inner.parse::<i128>().is_ok(),
        NUMBER => inner.parse::<f64>().is_ok(),
        NAME => is_word(inner),
        BOOLEAN => matches!(inner, "true" | "false"),
        _ => false,
    };
    if fits {
        return Some(format!("write it without quotes: `{inner}`"));
    }
    (wanted == NAME)
        .then(|| "a name stands before its value, with the fields in parentheses: `Name(field: value)`".to_owned())
}

/// Whether it is short and of one piece, so that quotes can make it a string.
fn is_plain(found: &str) -> bool {
    let is_short = found.chars().nth(LONGEST_VALUE).is_none();
    is_short && !found.contains(['(', '[', '{', '"', '\\', '\n'])
}

fn subject(place: &Place<'_>) -> String {
    place.subject().map_or("this".to_owned(), |subject| format!("`{subject}`"))
}

/// Whether it is a value without a name where the others have one.
fn is_among_fields(place: &Place<'_>) -> bool {
    let is_named = |parent: &Node<'_>| parent.items.iter().any(|item| item.key.is_some());
    place.key().is_none() && place.parent().is_some_and(is_named)
}

fn is_bracket(node: &Node<'_>) -> bool {
    node.shape != Shape::Scalar
}

fn is_open(node: &Node<'_>) -> bool {
    is_bracket(node) && !node.closed
}

fn brackets(node: &Node<'_>) -> Option<(char, char)> {
    Some((node.shape.opener()?, node.shape.closer()?))
}

/// The digits and points at the end of a text.
fn last_number(text: &str) -> &str {
    &text[text.trim_end_matches(|c| is_digit(c) || c == '.').len()..]
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit()
}

fn is_word(text: &str) -> bool {
    let starts_well = text.starts_with(|c: char| c.is_alphabetic() || c == '_');
    starts_well && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

fn value_text(text: &str) -> String {
    one_line(text, LONGEST_VALUE)
}

/// The names in quotes, with commas and an `and`.
fn listed(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use ron::extensions::Extensions;
    use serde::{Deserialize, Deserializer};

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "read only to see it fail")]
    struct Scenario {
        nodes: u32,
        #[serde(default)]
        name: String,
        #[serde(default)]
        rate: f64,
        #[serde(default)]
        on: bool,
        #[serde(default)]
        churn: Option<Churn>,
        #[serde(default)]
        script: Vec<At>,
        #[serde(default)]
        pair: Option<(u32, u32)>,
        #[serde(default)]
        ports: Option<std::ops::Range<u32>>,
        #[serde(default)]
        table: std::collections::BTreeMap<String, u32>,
        #[serde(default)]
        lasts: Option<Duration>,
        #[serde(default)]
        inner: Option<Box<Scenario>>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields, try_from = "Fractions")]
    struct Churn;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Fractions {
        crash: f64,
        leave: f64,
    }

    impl TryFrom<Fractions> for Churn {
        type Error = &'static str;

        fn try_from(of: Fractions) -> Result<Self, &'static str> {
            let fits = of.crash + of.leave <= 1.0;
            fits.then_some(Self).ok_or("The fractions must not exceed 1")
        }
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "read only to see it fail")]
    struct At {
        at: u32,
        what: What,
    }

    #[derive(Debug, Deserialize)]
    #[allow(dead_code, reason = "read only to see it fail")]
    enum What {
        Crash(Crash),
        Pair(u32, u32),
        Wait(u32),
        Heal,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "read only to see it fail")]
    struct Crash {
        fraction: f64,
        seed: u32,
    }

    #[derive(Debug)]
    struct Duration;

    impl<'de> Deserialize<'de> for Duration {
        fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            let text = String::deserialize(from)?;
            Err(serde::de::Error::custom(format!("`{text}` is not a duration")))
        }
    }

    fn options() -> ron::Options {
        ron::Options::default().with_default_extension(
            Extensions::IMPLICIT_SOME | Extensions::UNWRAP_NEWTYPES | Extensions::UNWRAP_VARIANT_NEWTYPES,
        )
    }

    /// What is said about a text in which something is wrong.
    fn told(text: &str) -> String {
        let error = options().from_str::<Scenario>(text).unwrap_err();
        format!("\n{}\n", from_ron("demo.ron", text, &error))
    }

    #[test]
    fn an_unknown_field_is_named_with_the_likely_one() {
        assert_eq!(
            told("Scenario(\n    nodse: 5,\n)"),
            r"
error: there is no field `nodse` in `Scenario`
 --> demo.ron:2:5
  |
2 |     nodse: 5,
  |     ^^^^^ unknown field
  |
  = help: did you mean `nodes`?
"
        );
        assert_eq!(
            told("(nodes: 1, script: [(at: 1, what: Crash(fractoin: 1))])"),
            r"
error: there is no field `fractoin` in `Crash`
 --> demo.ron:1:41
  |
1 | (nodes: 1, script: [(at: 1, what: Crash(fractoin: 1))])
  |                                         ^^^^^^^^ unknown field
  |
  = help: did you mean `fraction`?
"
        );
    }

    #[test]
    fn an_unknown_field_unlike_any_is_named_with_all() {
        assert_eq!(
            told("(nodes: 1, script: [(at: 1, waht_then: Heal)])"),
            r"
error: there is no field `waht_then` in `At`
 --> demo.ron:1:29
  |
1 | (nodes: 1, script: [(at: 1, waht_then: Heal)])
  |                             ^^^^^^^^^ unknown field
  |
  = help: the fields are `at` and `what`
"
        );
    }

    #[test]
    fn an_unknown_variant_is_named_with_the_likely_one() {
        assert_eq!(
            told("(nodes: 1, script: [(at: 1, what: crsh(fraction: 1))])"),
            r"
error: `what` cannot be `crsh`
 --> demo.ron:1:35
  |
1 | (nodes: 1, script: [(at: 1, what: crsh(fraction: 1))])
  |                                   ^^^^ unknown variant
  |
  = help: did you mean `Crash`?
"
        );
        assert_eq!(
            told("(nodes: 1, script: [(at: 1, what: Explode)])"),
            r"
error: `what` cannot be `Explode`
 --> demo.ron:1:35
  |
1 | (nodes: 1, script: [(at: 1, what: Explode)])
  |                                   ^^^^^^^ unknown variant
  |
  = help: the variants are `Crash`, `Pair`, `Wait` and `Heal`
"
        );
    }

    #[test]
    fn a_missing_field_points_at_the_opening() {
        assert_eq!(
            told("Scenario(\n    name: \"x\",\n)"),
            r"
error: `Scenario` lacks `nodes`
 --> demo.ron:1:1
  |
1 | Scenario(
  | ^^^^^^^^ `nodes` is missing here
  |
  = help: add `nodes: ...`
"
        );
        assert_eq!(
            told("(\n    name: \"x\",\n)"),
            r"
error: `Scenario` lacks `nodes`
 --> demo.ron:1:1
  |
1 | (
  | ^ `nodes` is missing here
  |
  = help: add `nodes: ...`
"
        );
        assert_eq!(
            told("(nodes: 1, script: [(at: 1, what: Crash(\n    fraction: 1,\n))])"),
            r"
error: `Crash` lacks `seed`
 --> demo.ron:1:35
  |
1 | (nodes: 1, script: [(at: 1, what: Crash(
  |                                   ^^^^^ `seed` is missing here
  |
  = help: add `seed: ...`
"
        );
    }

    #[test]
    fn a_second_field_is_pointed_at() {
        assert_eq!(
            told("(nodes: 5,\n nodes: 6)"),
            r"
error: `nodes` is given twice
 --> demo.ron:2:2
  |
2 |  nodes: 6)
  |  ^^^^^ given a second time
"
        );
    }

    #[test]
    fn another_struct_name_is_pointed_at() {
        assert_eq!(
            told("Scenaro(nodes: 5)"),
            r"
error: expected `Scenario`, found `Scenaro`
 --> demo.ron:1:1
  |
1 | Scenaro(nodes: 5)
  | ^^^^^^^ another name
  |
  = help: write `Scenario(...)`, or only `(...)`
"
        );
    }

    #[test]
    fn a_number_with_a_point_is_not_whole() {
        assert_eq!(
            told("(nodes: 1.5)"),
            r"
error: `nodes` must be a whole number
 --> demo.ron:1:9
  |
1 | (nodes: 1.5)
  |         ^^^ 1.5 is not whole
"
        );
        assert_eq!(
            told("(nodes: 1, script: [(at: 1, what: Wait(1.5))])"),
            r"
error: `Wait` must be a whole number
 --> demo.ron:1:40
  |
1 | (nodes: 1, script: [(at: 1, what: Wait(1.5))])
  |                                        ^^^ 1.5 is not whole
"
        );
        assert_eq!(
            told("(nodes: 1, pair: (1, 2.5))"),
            r"
error: `pair[1]` must be a whole number
 --> demo.ron:1:22
  |
1 | (nodes: 1, pair: (1, 2.5))
  |                      ^^^ 2.5 is not whole
"
        );
    }

    #[test]
    fn a_whole_number_is_written_without_a_point() {
        assert_eq!(
            told("(nodes: 20.0)"),
            r"
error: `nodes` must be a whole number
 --> demo.ron:1:9
  |
1 | (nodes: 20.0)
  |         ^^^^ 20.0 is not written as a whole number
  |
  = help: write `20`
"
        );
        assert_eq!(
            told("(nodes: 5e3)"),
            r"
error: `nodes` must be a whole number
 --> demo.ron:1:9
  |
1 | (nodes: 5e3)
  |         ^^^ 5e3 is not written as a whole number
  |
  = help: write `5000`
"
        );
    }

    #[test]
    fn a_number_with_a_sign_and_a_point_is_not_whole() {
        assert_eq!(
            told("(nodes: -0.5, name: \"x\")"),
            r#"
error: `nodes` must be a whole number
 --> demo.ron:1:9
  |
1 | (nodes: -0.5, name: "x")
  |         ^^^^ -0.5 is not whole
"#
        );
    }

    #[test]
    fn a_number_with_a_unit_is_no_number() {
        assert_eq!(
            told("(nodes: 30m)"),
            r"
error: `nodes` must be a number
 --> demo.ron:1:9
  |
1 | (nodes: 30m)
  |         ^^^ 30m is not a number
"
        );
        assert_eq!(
            told("(nodes: 5%)"),
            r"
error: `nodes` must be a number
 --> demo.ron:1:9
  |
1 | (nodes: 5%)
  |         ^^ 5% is not a number
"
        );
    }

    #[test]
    fn a_value_which_is_no_number_names_its_field() {
        assert_eq!(
            told("(nodes: \"20\")"),
            r#"
error: `nodes` must be a whole number
 --> demo.ron:1:9
  |
1 | (nodes: "20")
  |         ^^^^ found "20"
  |
  = help: write it without quotes: `20`
"#
        );
        assert_eq!(
            told("(nodes: [1])"),
            r"
error: `nodes` must be a whole number
 --> demo.ron:1:9
  |
1 | (nodes: [1])
  |         ^^^ found a list
"
        );
        assert_eq!(
            told("(nodes: 1, rate: \"fast\")"),
            r#"
error: `rate` must be a number
 --> demo.ron:1:18
  |
1 | (nodes: 1, rate: "fast")
  |                  ^^^^^^ found "fast"
"#
        );
    }

    #[test]
    fn a_word_which_is_no_value_names_its_field() {
        assert_eq!(
            told("(nodes: many)"),
            r"
error: `nodes` must be a whole number
 --> demo.ron:1:9
  |
1 | (nodes: many)
  |         ^^^^ found many
"
        );
        assert_eq!(
            told("(nodes: 1, on: yes)"),
            r"
error: `on` must be `true` or `false`
 --> demo.ron:1:16
  |
1 | (nodes: 1, on: yes)
  |                ^^^ found yes
"
        );
    }

    #[test]
    fn a_string_needs_its_quotes() {
        assert_eq!(
            told("(nodes: 1, name: 30m)"),
            r#"
error: `name` must be a string
 --> demo.ron:1:18
  |
1 | (nodes: 1, name: 30m)
  |                  ^^^ found 30m
  |
  = help: write it in quotes: `"30m"`
"#
        );
        assert_eq!(
            told("(nodes: 1, name: “x”)"),
            r#"
error: `name` must be a string
 --> demo.ron:1:18
  |
1 | (nodes: 1, name: “x”)
  |                  ^^^ found “x”
  |
  = help: write it in quotes: `"x"`
"#
        );
        assert_eq!(
            told("(nodes: 1, table: {a: 1})"),
            r#"
error: the key `a` must be a string
 --> demo.ron:1:20
  |
1 | (nodes: 1, table: {a: 1})
  |                    ^
  |
  = help: write it in quotes: `"a"`
"#
        );
    }

    #[test]
    fn a_variant_has_no_quotes() {
        assert_eq!(
            told("(nodes: 1, script: [(at: 1, what: \"Heal\")])"),
            r#"
error: `what` must be a name
 --> demo.ron:1:35
  |
1 | (nodes: 1, script: [(at: 1, what: "Heal")])
  |                                   ^^^^^^ found "Heal"
  |
  = help: write it without quotes: `Heal`
"#
        );
    }

    #[test]
    fn another_bracket_or_none_names_its_field() {
        assert_eq!(
            told("(nodes: 1, script: (at: 1))"),
            r"
error: `script` must be a list, `[...]`
 --> demo.ron:1:20
  |
1 | (nodes: 1, script: (at: 1))
  |                    ^^^^^^^ found `(...)`
"
        );
        assert_eq!(
            told("(nodes: 1, ports: 1)"),
            r"
error: `ports` must be a range, such as `1..31`
 --> demo.ron:1:19
  |
1 | (nodes: 1, ports: 1)
  |                   ^ found no `..`
"
        );
        assert_eq!(
            told("[1]"),
            r"
error: this must be a struct, `(...)`
 --> demo.ron:1:1
  |
1 | [1]
  | ^^^ found a list
"
        );
    }

    #[test]
    fn a_number_out_of_range_names_its_field() {
        assert_eq!(
            told("(nodes: 99999999999)"),
            r"
error: `nodes` is out of range
 --> demo.ron:1:9
  |
1 | (nodes: 99999999999)
  |         ^^^^^^^^^^^ 99999999999 is out of range
"
        );
        assert_eq!(
            told("(nodes: -1)"),
            r"
error: `nodes` must not be negative
 --> demo.ron:1:9
  |
1 | (nodes: -1)
  |         ^^ -1 is out of range
"
        );
    }

    #[test]
    fn a_missing_value_is_shown_after_the_colon() {
        assert_eq!(
            told("(nodes: ,\n name: \"x\")"),
            r"
error: `nodes` has no value
 --> demo.ron:1:8
  |
1 | (nodes: ,
  |        ^ a value is missing here
  |
  = help: it must be a whole number
"
        );
        assert_eq!(
            told("(nodes:\n)"),
            r"
error: `nodes` has no value
 --> demo.ron:1:8
  |
1 | (nodes:
  |        ^ a value is missing here
  |
  = help: it must be a whole number
"
        );
    }

    #[test]
    fn an_open_string_is_shown_where_it_starts() {
        assert_eq!(
            told("(nodes: 5, name: \"abc)\n"),
            r#"
error: the string of `name` is never closed
 --> demo.ron:1:18
  |
1 | (nodes: 5, name: "abc)
  |                  ^ no `"` follows
"#
        );
        assert_eq!(
            told("(nodes: 5, name: r#\"abc\", on: true)"),
            r##"
error: the string of `name` is never closed
 --> demo.ron:1:18
  |
1 | (nodes: 5, name: r#"abc", on: true)
  |                  ^^^ no `"#` follows
"##
        );
    }

    #[test]
    fn an_open_bracket_is_shown_where_it_opens() {
        assert_eq!(
            told("(\n    nodes: 5,\n"),
            r"
error: the `(` is never closed
 --> demo.ron:1:1
  |
1 | (
  | ^ no `)` closes it
  |
  = help: write `)` where it ends
"
        );
        assert_eq!(
            told("Scenario(nodes: 5 // the end"),
            r"
error: the `(` of `Scenario` is never closed
 --> demo.ron:1:1
  |
1 | Scenario(nodes: 5 // the end
  | ^^^^^^^^ no `)` closes it
  |
  = help: write `)` where it ends
"
        );
        assert_eq!(
            told("(nodes: 5, script: [(at: 1, what: Heal)"),
            r"
error: the `[` is never closed
 --> demo.ron:1:20
  |
1 | (nodes: 5, script: [(at: 1, what: Heal)
  |                    ^ no `]` closes it
  |
  = help: write `]` where it ends
"
        );
    }

    #[test]
    fn a_bracket_of_another_kind_is_shown_with_the_open_one() {
        assert_eq!(
            told("(\n    nodes: 5,\n    script: [\n        (at: 1, what: Heal),\n    )\n)"),
            r"
error: expected `]`, found `)`
 --> demo.ron:5:5
  |
5 |     )
  |     ^ `]` or `,` belongs here
  |
  = help: the `[` in line 3 is still open
"
        );
    }

    #[test]
    fn a_missing_comma_is_shown_after_the_value() {
        assert_eq!(
            told("(\n    nodes: 5 // five\n    name: \"x\",\n)"),
            r"
error: a comma is missing after `nodes`
 --> demo.ron:2:13
  |
2 |     nodes: 5 // five
  |             ^ a `,` belongs here
"
        );
        assert_eq!(
            told("(nodes: 5; on: true)"),
            r"
error: a comma is missing after `nodes`
 --> demo.ron:1:10
  |
1 | (nodes: 5; on: true)
  |          ^ a `,` belongs here, not `;`
"
        );
        assert_eq!(
            told("(nodes: 5, churn: (crash: 1 leave: 0))"),
            r"
error: a comma is missing after `crash`
 --> demo.ron:1:28
  |
1 | (nodes: 5, churn: (crash: 1 leave: 0))
  |                            ^ a `,` belongs here
"
        );
    }

    #[test]
    fn a_missing_colon_is_shown_after_the_name() {
        assert_eq!(
            told("(nodes 5)"),
            r"
error: a colon is missing after `nodes`
 --> demo.ron:1:7
  |
1 | (nodes 5)
  |       ^ a `:` belongs here
"
        );
        assert_eq!(
            told("(nodes = 5)"),
            r"
error: a colon is missing after `nodes`
 --> demo.ron:1:8
  |
1 | (nodes = 5)
  |        ^ a `:` belongs here, not `=`
"
        );
    }

    #[test]
    fn one_comma_too_many_is_shown() {
        assert_eq!(
            told("(nodes: 5,, on: true)"),
            r"
error: expected a field, found `,`
 --> demo.ron:1:11
  |
1 | (nodes: 5,, on: true)
  |           ^ one comma too many
"
        );
    }

    #[test]
    fn a_value_without_a_name_is_no_field() {
        assert_eq!(
            told("(nodes: 5, (1, 2))"),
            r"
error: expected a field, found `(1, 2)`
 --> demo.ron:1:12
  |
1 | (nodes: 5, (1, 2))
  |            ^^^^^^ not a field
"
        );
        assert_eq!(
            told("(nodes: 5, 7)"),
            r"
error: expected a field, found `7`
 --> demo.ron:1:12
  |
1 | (nodes: 5, 7)
  |            ^ not a field
"
        );
    }

    #[test]
    fn a_comma_for_a_point_is_shown() {
        assert_eq!(
            told("(nodes: 5, rate: 1,5)"),
            r"
error: expected a field, found `5`
 --> demo.ron:1:20
  |
1 | (nodes: 5, rate: 1,5)
  |                    ^ not a field
  |
  = help: a fraction has a point: `1.5`
"
        );
    }

    #[test]
    fn a_variant_without_its_fields_is_shown() {
        assert_eq!(
            told("(nodes: 5, script: [(at: 1, what: Crash)])"),
            r"
error: `Crash` needs its fields, in parentheses
 --> demo.ron:1:35
  |
1 | (nodes: 5, script: [(at: 1, what: Crash)])
  |                                   ^^^^^ no `(` follows
  |
  = help: write `Crash()`, its fields between the parentheses
"
        );
    }

    #[test]
    fn a_variant_with_fields_it_has_not_is_shown() {
        assert_eq!(
            told("(nodes: 5, script: [(at: 1, what: Heal(3))])"),
            r"
error: `Heal` takes no fields
 --> demo.ron:1:39
  |
1 | (nodes: 5, script: [(at: 1, what: Heal(3))])
  |                                       ^^^ nothing may follow
  |
  = help: write `Heal`
"
        );
        assert_eq!(
            told("(nodes: 5, script: [(at: 1, what: Crash((fraction: 1)))])"),
            r"
error: `Crash` takes one pair of parentheses
 --> demo.ron:1:41
  |
1 | (nodes: 5, script: [(at: 1, what: Crash((fraction: 1)))])
  |                                         ^^^^^^^^^^^^^ one too many
  |
  = help: write `Crash(...)`
"
        );
    }

    #[test]
    fn a_variant_with_too_many_or_too_few_values_is_shown() {
        assert_eq!(
            told("(nodes: 5, script: [(at: 1, what: Pair(1, 2, 3))])"),
            r"
error: `Pair` holds too many values
 --> demo.ron:1:46
  |
1 | (nodes: 5, script: [(at: 1, what: Pair(1, 2, 3))])
  |                                              ^ one too many
"
        );
        assert_eq!(
            told("(nodes: 5, script: [(at: 1, what: Pair(1))])"),
            r"
error: expected tuple variant What::Pair with 2 elements but found one element instead
 --> demo.ron:1:35
  |
1 | (nodes: 5, script: [(at: 1, what: Pair(1))])
  |                                   ^^^^^^^ the value of `what`
"
        );
    }

    #[test]
    fn a_quoted_field_name_is_shown() {
        assert_eq!(
            told("(\"nodes\": 5)"),
            r#"
error: `"nodes"` is not a field name
 --> demo.ron:1:2
  |
1 | ("nodes": 5)
  |  ^^^^^^^
  |
  = help: write it without quotes: `nodes`
"#
        );
    }

    #[test]
    fn a_message_of_a_type_points_at_the_value() {
        assert_eq!(
            told("(nodes: 5, lasts: \"5x\", on: true)"),
            r#"
error: `5x` is not a duration
 --> demo.ron:1:19
  |
1 | (nodes: 5, lasts: "5x", on: true)
  |                   ^^^^ the value of `lasts`
"#
        );
        assert_eq!(
            told("(nodes: 5, churn: (crash: 0.7, leave: 0.5), on: true)"),
            r"
error: the fractions must not exceed 1
 --> demo.ron:1:19
  |
1 | (nodes: 5, churn: (crash: 0.7, leave: 0.5), on: true)
  |                   ^^^^^^^^^^^^^^^^^^^^^^^^ the value of `churn`
"
        );
    }

    #[test]
    fn text_after_the_end_is_shown() {
        assert_eq!(
            told("(nodes: 5) x"),
            r"
error: something stands after the end
 --> demo.ron:1:12
  |
1 | (nodes: 5) x
  |            ^ nothing may follow here
"
        );
        assert_eq!(
            told("(nodes: 5))"),
            r"
error: something stands after the end
 --> demo.ron:1:11
  |
1 | (nodes: 5))
  |           ^ it closes nothing
"
        );
    }

    #[test]
    fn an_open_comment_is_shown_where_it_starts() {
        assert_eq!(
            told("(nodes: 5 /* five )"),
            r"
error: the comment is never closed
 --> demo.ron:1:11
  |
1 | (nodes: 5 /* five )
  |           ^^ no `*/` follows
"
        );
    }

    #[test]
    fn a_bad_escape_is_shown() {
        assert_eq!(
            told("(nodes: 5, name: \"C:\\q\")"),
            r#"
error: there is no escape `\q`
 --> demo.ron:1:21
  |
1 | (nodes: 5, name: "C:\q")
  |                     ^^ unknown escape
  |
  = help: a backslash itself is `\\`; none is an escape in a raw string, `r"..."`
"#
        );
    }

    #[test]
    fn an_invisible_character_is_named() {
        assert_eq!(
            told("(nodes: \u{A0}5)"),
            "\nerror: an invisible character stands here: U+00A0\n --> demo.ron:1:9\n  |\n1 | (nodes: \u{A0}5)\n  |         ^ before this\n  |\n  = help: remove it; some editors add it unasked\n"
        );
        assert_eq!(
            told("\u{FEFF}(nodes: 5)"),
            "\nerror: an invisible character stands here: U+FEFF\n --> demo.ron:1:1\n  |\n1 | \u{FEFF}(nodes: 5)\n  | ^ before this\n  |\n  = help: remove it; some editors add it unasked\n"
        );
    }

    #[test]
    fn an_unknown_extension_is_shown() {
        assert_eq!(
            told("#![enable(magic)]\n(nodes: 5)"),
            r"
error: there is no extension `magic`
 --> demo.ron:1:11
  |
1 | #![enable(magic)]
  |           ^^^^^ unknown extension
"
        );
    }

    #[test]
    fn a_file_without_a_value_is_said_to_hold_nothing() {
        assert_eq!(
            told("// (nodes: 5)\n"),
            r"
error: there is nothing in the file
--> demo.ron
 = help: it should hold `Scenario(...)`
"
        );
    }

    #[test]
    fn anything_else_is_told_in_the_words_of_ron() {
        assert_eq!(
            told("#![enable(implicit_some)\n(nodes: 5)"),
            r"
error: expected closing `)]` after the enable attribute
 --> demo.ron:2:1
  |
2 | (nodes: 5)
  | ^
"
        );
    }

    #[test]
    fn what_is_nested_too_deeply_is_told() {
        let text = "(nodes: 1, inner: ".repeat(300);
        let told = told(&text);
        assert!(told.starts_with("\nerror: nested too deeply\n --> demo.ron:1:"), "{told}");
    }

    #[test]
    fn a_label_stands_under_its_span() {
        let text = "(\n    churn: (mean_session: \"30m\", crash_fraction: 1.5),\n)";
        let at = text.find("1.5").unwrap();
        let said = Diagnostic::new("demo.ron", "a crash fraction must be between 0 and 1")
            .at(text, &(at..at + 3), "1.5 is out of range")
            .help("a fraction of 0.15 crashes 15 % of the nodes");
        assert_eq!(said.position(), Some((2, 50)));
        assert_eq!(
            said.to_string(),
            r#"error: a crash fraction must be between 0 and 1
 --> demo.ron:2:50
  |
2 |     churn: (mean_session: "30m", crash_fraction: 1.5),
  |                                                  ^^^ 1.5 is out of range
  |
  = help: a fraction of 0.15 crashes 15 % of the nodes"#
        );
    }

    #[test]
    fn a_file_as_a_whole_has_no_quote() {
        let said = Diagnostic::new("demo.ron", "the file is not UTF-8").help("save it as UTF-8");
        assert_eq!(said.position(), None);
        assert_eq!(said.to_string(), "error: the file is not UTF-8\n--> demo.ron\n = help: save it as UTF-8");
    }

    #[test]
    fn color_is_drawn_on_demand() {
        let said = Diagnostic::new("demo.ron", "wrong").at("ab\ncd", &(4..5), "here");
        assert!(!said.to_string().contains('\x1b'));
        assert!(said.render(true).contains('\x1b'));
        let mut plain = said.render(true);
        while let Some(start) = plain.find('\x1b') {
            let end = start + plain[start..].find('m').unwrap();
            plain.replace_range(start..=end, "");
        }
        assert_eq!(plain, said.to_string());
    }

    #[test]
    fn a_long_line_is_cut_around_the_span_and_keeps_its_column() {
        let text = format!("(name: \"{}\", x: 1, y: \"{}\")", "a".repeat(5000), "b".repeat(5000));
        let at = text.find("x:").unwrap();
        let said = Diagnostic::new("demo.ron", "wrong").at(&text, &(at..at + 1), "this");
        let drawn = format!(
            "error: wrong\n --> demo.ron:1:5012\n  |\n1 | ...{}\", x: 1, y: \"{}...\n  |    {}^ this",
            "a".repeat(77),
            "b".repeat(70),
            " ".repeat(80),
        );
        assert_eq!(said.to_string(), drawn);
    }

    #[test]
    fn a_span_over_lines_marks_the_first() {
        let text = "(a: [\r\n  1,\r\n])\r\n";
        let said = Diagnostic::new("demo.ron", "wrong").at(text, &(4..14), "all of it");
        assert_eq!(said.to_string(), "error: wrong\n --> demo.ron:1:5\n  |\n1 | (a: [\n  |     ^ all of it");
        let end = Diagnostic::new("demo.ron", "wrong").at(text, &(99..99), "the end");
        assert_eq!(end.position(), Some((4, 1)));
    }

    #[test]
    fn control_characters_are_not_passed_on() {
        let bad = "a\0\x1b[31m\u{202e}\r\t\nb";
        let said = Diagnostic::new(bad, bad).at(bad, &(1..2), bad).help(bad);
        let drawn = said.to_string();
        assert!(!drawn.contains(['\0', '\x1b', '\u{202e}', '\r', '\t']), "{drawn:?}");
    }

    #[test]
    fn a_slip_of_the_pen_is_understood() {
        let known = ["nodes", "name", "successors", "mean_session", "Chord"];
        let near = |word| suggest(word, known);
        assert_eq!(near("nodse"), Some("nodes"));
        assert_eq!(near("node"), Some("nodes"));
        assert_eq!(near("sucesors"), Some("successors"));
        assert_eq!(near("chord"), Some("Chord"));
        assert_eq!(near("meansession"), Some("mean_session"));
        assert_eq!(near("fame"), Some("name"));
        assert_eq!(near("protocol"), None);
        assert_eq!(near(""), None);
        assert_eq!(suggest("ab", ["ba"]), Some("ba"));
    }

    const GOOD: &str = r##"#![enable(implicit_some)]
Scenario(nodes: 20, name: "é\n", rate: 1.5, on: true, churn: (crash: 0.1, leave: 0.2), /* c */
  script: [(at: 1, what: Heal), (at: 2, what: Crash(fraction: 0.5, seed: 1)), // d
    (at: 3, what: Pair(1, 2))], pair: (1, 2), ports: 1..31, table: {"a": 1}, name: r#"x"#)"##;

    fn is_bounded(drawn: &str) -> bool {
        drawn.len() < 20_000 && drawn.lines().count() < 1100 && drawn.contains("error")
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn any_text_and_span_are_drawn(
            text in "([a-z(\": ]{0,3}|\\PC|\\p{Cc}|\r\n|\n|\t|\0|日本|\u{202e}|\u{2028}|e\u{301}){0,40}",
            long in 0usize..3,
            start in 0usize..400,
            length in 0usize..400,
            label in any::<String>(),
        ) {
            let text = text.repeat([1, 10, 1000][long]);
            let said = Diagnostic::new(&label, &label).at(&text, &(start..start + length), &label);
            prop_assert!(is_bounded(&said.to_string()), "{said}");
            prop_assert!(is_bounded(&said.help(&label).render(true)));
        }

        #[test]
        fn any_broken_text_is_told(
            at in 0usize..GOOD.len(),
            length in 0usize..4,
            put in "[(){}\\[\\],:;=\"'.\\\\#/*a1é \u{A0}-]{0,3}",
        ) {
            let at = floor_char_boundary(GOOD, at);
            let end = floor_char_boundary(GOOD, at + length).max(at);
            let text = format!("{}{put}{}", &GOOD[..at], &GOOD[end..]);
            if let Err(error) = options().from_str::<Scenario>(&text) {
                let said = from_ron("demo.ron", &text, &error);
                prop_assert!(is_bounded(&said.to_string()), "{said}");
                from_ron("demo.ron", &GOOD[end..], &error);
                from_ron("demo.ron", &put, &error);
            }
        }
    }
}
