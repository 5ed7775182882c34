//! Where a value stands in a RON text: a tolerant reader which keeps places and names, and no values.

use std::fmt::Write as _;
use std::ops::{Deref, Range};

use ron::error::Position;

/// A range of bytes in a text.
pub type Span = Range<usize>;

/// A RON text with a map of its values.
#[derive(Clone, Debug)]
pub struct Source<'a> {
    name: &'a str,
    text: &'a str,
    root: Option<Node<'a>>,
    open_comment: Option<usize>,
}

/// One value: a scalar, or a bracket with what stands in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node<'a> {
    /// From the first byte (of the name, if there is one) to the end of the value.
    pub span: Span,
    /// The `Chord` of `Chord(successors: 8)`, or a scalar which is an identifier.
    pub name: Option<Word<'a>>,
    /// What kind of value this is.
    pub shape: Shape,
    /// What stands in the bracket, in the order of the text.
    pub items: Vec<Item<'a>>,
    /// Whether the closing bracket or quote is there.
    pub closed: bool,
}

/// What a value looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A number, string, character, identifier or range.
    Scalar,
    /// A struct, a tuple or a variant: `( )`, with a name or without.
    Parens,
    /// A list: `[ ]`.
    List,
    /// A map: `{ }`.
    Map,
}

/// One entry in a bracket: `key: value`, or a value alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item<'a> {
    /// The name of the field, or the key of a map as it is written.
    pub key: Option<Word<'a>>,
    /// The value; `nodes: ,` has none.
    pub value: Option<Node<'a>>,
}

/// A piece of the text and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word<'a> {
    /// Where it stands.
    pub span: Span,
    /// How it is written.
    pub text: &'a str,
}

/// One step of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'p> {
    /// Into a field or a variant, by its name.
    Field(&'p str),
    /// Into an element, counted from 0.
    Index(usize),
}

/// A path such as `script[3].Crash.fraction`, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path<'p>(Vec<Step<'p>>);

/// The innermost value at some byte, and the way to it from the root.
#[derive(Clone, Debug)]
pub struct Place<'s> {
    trail: Vec<(&'s Node<'s>, usize)>,
    node: &'s Node<'s>,
}

impl<'a> Source<'a> {
    /// Reads `text`, which is called `name` in messages.
    pub fn new(name: &'a str, text: &'a str) -> Self {
        let mut reader = Reader::new(text);
        let root = reader.document();
        let open_comment = reader.open_comment;
        Self { name, text, root, open_comment }
    }

    /// What the text is called, as a rule the path of its file.
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// The whole text.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// The outermost value, if there is any.
    pub fn root(&self) -> Option<&Node<'a>> {
        self.root.as_ref()
    }

    /// Where a block comment starts which never ends.
    pub fn open_comment(&self) -> Option<usize> {
        self.open_comment
    }

    /// The place of the value at `path`. Where the path leads nowhere, it is
    /// the opening (name or bracket) of the innermost value it does lead to.
    pub fn locate(&self, path: &[Step<'_>]) -> Option<Span> {
        Some(self.root.as_ref()?.walk(path).value)
    }

    /// The place of the name of the field at `path`; an element has none, so
    /// there it is the place of its value.
    pub fn locate_key(&self, path: &[Step<'_>]) -> Option<Span> {
        Some(self.root.as_ref()?.walk(path).key)
    }

    /// The innermost value which contains `byte`.
    pub fn at(&self, byte: usize) -> Option<Place<'_>> {
        let mut node = self.root.as_ref().filter(|n| n.span.contains(&byte))?;
        let mut trail = Vec::new();
        while let Some(index) = node.items.iter().position(|item| item.contains(byte)) {
            trail.push((node, index));
            match &node.items[index].value {
                Some(value) if value.span.contains(&byte) => node = value,
                _ => break,
            }
        }
        Some(Place { trail, node })
    }

    /// The byte at a position of `ron`, whose columns count characters.
    pub fn byte(&self, at: Position) -> usize {
        let lines = self.text.split_inclusive('\n');
        let start = lines.take(at.line.saturating_sub(1)).map(str::len).sum();
        let line = self.text[start..].split('\n').next().unwrap_or("");
        let column = at.col.saturating_sub(1);
        start + line.char_indices().nth(column).map_or(line.len(), |c| c.0)
    }

    /// The line and the column of a byte, both counted from 1.
    pub fn position(&self, byte: usize) -> Position {
        position(self.text, byte)
    }
}

/// The position at a line and a column, both counted from 1.
pub fn at(line: usize, column: usize) -> Position {
    Position { line, col: column }
}

/// The line and the column of a byte of `text`, both counted from 1.
pub fn position(text: &str, byte: usize) -> Position {
    let before = &text[..floor_char_boundary(text, byte)];
    let line = before.rfind('\n').map_or(0, |newline| newline + 1);
    Position { line: 1 + before.bytes().filter(|b| *b == b'\n').count(), col: 1 + before[line..].chars().count() }
}

/// The last boundary between two characters at or before `byte`.
pub fn floor_char_boundary(text: &str, byte: usize) -> usize {
    let mut at = byte.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

impl<'p> Path<'p> {
    /// Takes a path apart; what is not an index is a name.
    pub fn parse(path: &'p str) -> Self {
        let pieces = path.split(['.', '[', ']']).filter(|piece| !piece.is_empty());
        Self(pieces.map(Step::parse).collect())
    }
}

impl<'p> Deref for Path<'p> {
    type Target = [Step<'p>];

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<'p> Step<'p> {
    fn parse(piece: &'p str) -> Self {
        piece.parse().map_or(Self::Field(piece), Self::Index)
    }
}

impl<'s> Place<'s> {
    /// The innermost value itself; on a field's name, the struct around it.
    pub fn node(&self) -> &'s Node<'s> {
        self.node
    }

    /// The value around the innermost one.
    pub fn parent(&self) -> Option<&'s Node<'s>> {
        self.trail.last().map(|(node, _)| *node)
    }

    /// The values which contain the byte, the outermost first.
    pub fn nodes(&self) -> impl DoubleEndedIterator<Item = &'s Node<'s>> {
        let inner = self.node;
        let above = self.trail.iter().map(|(node, _)| *node);
        let last = Some(inner).filter(|_| !self.is_on_key());
        above.chain(last)
    }

    /// The way to it, such as `script[3].Crash.fraction`; empty for the root.
    pub fn path(&self) -> String {
        let mut path = String::new();
        for (depth, (node, index)) in self.trail.iter().enumerate() {
            let variant = node.name.as_ref().filter(|_| depth > 0);
            push_name(&mut path, variant.filter(|name| name.text != "Some"));
            let item = &node.items[*index];
            push_name(&mut path, item.key.as_ref());
            if item.key.is_none() && !node.is_wrapper() {
                push_index(&mut path, *index);
            }
        }
        path
    }

    /// The name of the innermost field around it.
    pub fn field(&self) -> Option<&'s str> {
        let items = self.trail.iter().rev().map(|(node, i)| &node.items[*i]);
        items.filter_map(|item| item.key.as_ref()).map(Word::name).next()
    }

    /// What to call it in a message: its field, with an index where it is an
    /// element, or the variant it is the content of.
    pub fn subject(&self) -> Option<String> {
        let mut subject = String::new();
        for (node, index) in &self.trail {
            match (&node.items[*index].key, &node.name) {
                (Some(key), _) => key.name().clone_into(&mut subject),
                (None, Some(name)) if name.text != "Some" => name.text.clone_into(&mut subject),
                (None, _) => {}
            }
            if node.items[*index].key.is_none() && !node.is_wrapper() {
                push_index(&mut subject, *index);
            }
        }
        Some(subject).filter(|subject| !subject.is_empty())
    }

    /// The name of the field it is the value of, or on whose name the byte is.
    pub fn key(&self) -> Option<&'s Word<'s>> {
        let (parent, index) = self.trail.last()?;
        parent.items[*index].key.as_ref()
    }

    /// Whether the byte belongs to a field, but not to its value.
    pub fn is_on_key(&self) -> bool {
        self.parent().is_some_and(|parent| std::ptr::eq(parent, self.node))
    }
}

fn push_name(path: &mut String, name: Option<&Word<'_>>) {
    if let Some(name) = name {
        let dot = if path.is_empty() { "" } else { "." };
        write!(path, "{dot}{}", name.name()).expect("a String takes all");
    }
}

fn push_index(path: &mut String, index: usize) {
    write!(path, "[{index}]").expect("a String takes all");
}

impl<'a> Node<'a> {
    /// Its name or its bracket; all of it where it has no bracket.
    pub fn opening(&self) -> Span {
        match (&self.name, self.shape) {
            (_, Shape::Scalar) => self.span.clone(),
            (Some(name), _) => name.span.clone(),
            (None, _) => self.span.start..self.span.start + 1,
        }
    }

    /// Whether it is one value in parentheses, which mean nothing to a path.
    fn is_wrapper(&self) -> bool {
        self.shape == Shape::Parens && self.items.len() == 1 && self.items[0].key.is_none()
    }

    pub(crate) fn wrapped(&self) -> Option<&Self> {
        self.items.first()?.value.as_ref().filter(|_| self.is_wrapper())
    }

    fn walk(&self, path: &[Step<'_>]) -> Walk {
        let mut node = self;
        let mut walk = Walk::to(&self.span, &self.span);
        for step in path {
            let Some(item) = node.child(step) else {
                if node.is_named(step) {
                    continue;
                }
                return Walk::to(&node.opening(), &node.opening());
            };
            walk = Walk::to_item(item);
            match &item.value {
                Some(value) => node = value,
                None => break,
            }
        }
        walk
    }

    pub(crate) fn child(&self, step: &Step<'_>) -> Option<&Item<'a>> {
        let inner = || self.wrapped().and_then(|inner| inner.child(step));
        match step {
            Step::Field(name) => self.field(name).or_else(inner),
            Step::Index(_) if self.wrapped().is_some_and(|n| n.shape == Shape::List) => inner(),
            Step::Index(index) => self.items.get(*index),
        }
    }

    /// The first field with this name.
    pub fn field(&self, name: &str) -> Option<&Item<'a>> {
        let is_it = |item: &&Item<'a>| item.key.as_ref().is_some_and(|key| key.is(name));
        self.items.iter().find(is_it)
    }

    pub(crate) fn is_named(&self, step: &Step<'_>) -> bool {
        let inner = || self.wrapped().is_some_and(|inner| inner.is_named(step));
        let Step::Field(wanted) = step else {
            return false;
        };
        self.name.as_ref().is_some_and(|name| name.is(wanted)) || inner()
    }
}

impl Word<'_> {
    /// What it names: without quotes, and without the `r#` of a raw name.
    pub fn name(&self) -> &str {
        let text = self.text.strip_prefix("r#").unwrap_or(self.text);
        let unquoted = text.strip_prefix('"').and_then(|t| t.strip_suffix('"'));
        unquoted.unwrap_or(text)
    }

    fn is(&self, name: &str) -> bool {
        self.text == name || self.name() == name
    }
}

impl Item<'_> {
    /// Where it ends.
    pub fn end(&self) -> usize {
        let key = self.key.as_ref().map(|key| &key.span);
        let value = self.value.as_ref().map(|value| &value.span);
        value.or(key).map_or(0, |span| span.end)
    }

    fn contains(&self, byte: usize) -> bool {
        let key = self.key.as_ref().map(|key| &key.span);
        let value = self.value.as_ref().map(|value| &value.span);
        let start = key.or(value).map_or(usize::MAX, |span| span.start);
        (start..self.end()).contains(&byte)
    }
}

/// Where a path ends.
struct Walk {
    key: Span,
    value: Span,
}

impl Walk {
    fn to(key: &Span, value: &Span) -> Self {
        Self { key: key.clone(), value: value.clone() }
    }

    fn to_item(item: &Item<'_>) -> Self {
        let key = item.key.as_ref().map(|key| &key.span);
        let value = item.value.as_ref().map(|value| &value.span);
        let nowhere = 0..0;
        Self::to(key.or(value).unwrap_or(&nowhere), value.or(key).unwrap_or(&nowhere))
    }
}

impl Shape {
    fn of(bracket: Option<char>) -> Self {
        match bracket {
            Some('(') => Self::Parens,
            Some('[') => Self::List,
            Some('{') => Self::Map,
            _ => Self::Scalar,
        }
    }

    /// The bracket which opens it.
    pub fn opener(self) -> Option<char> {
        match self {
            Self::Scalar => None,
            Self::Parens => Some('('),
            Self::List => Some('['),
            Self::Map => Some('{'),
        }
    }

    /// The bracket which closes it.
    pub fn closer(self) -> Option<char> {
        match self {
            Self::Scalar => None,
            Self::Parens => Some(')'),
            Self::List => Some(']'),
            Self::Map => Some('}'),
        }
    }
}

/// How many values may stand in each other; deeper ones are not read. It keeps
/// the reader from running out of stack, and `ron` itself reads no deeper.
const DEPTH: usize = 128;

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    open_comment: Option<usize>,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, at: 0, depth: 0, open_comment: None }
    }

    fn document(&mut self) -> Option<Node<'a>> {
        self.skip_blank();
        while self.rest().starts_with("#![") {
            self.at += self.rest().find(']').map_or(self.rest().len(), |end| end + 1);
            self.skip_blank();
        }
        self.value()
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Reads the value which starts here; none does before a `,` or a closing
    /// bracket, or below the greatest depth, where all reading ends.
    fn value(&mut self) -> Option<Node<'a>> {
        if self.depth == DEPTH {
            self.at = self.text.len();
        }
        let next = self.peek().filter(|c| !matches!(c, ',' | ')' | ']' | '}'))?;
        self.depth += 1;
        let node = match Shape::of(Some(next)) {
            Shape::Scalar => self.scalar_or_variant(),
            shape => self.bracket(self.at, None, shape),
        };
        self.depth -= 1;
        Some(node)
    }

    fn scalar_or_variant(&mut self) -> Node<'a> {
        let start = self.at;
        let closed = self.skip_scalar();
        let end = self.at;
        let name = Some(self.word(start)).filter(|word| is_identifier(word.text));
        if name.is_some() {
            self.skip_blank();
            if self.peek() == Some('(') {
                return self.bracket(start, name, Shape::Parens);
            }
            self.at = end;
        }
        Node { span: start..end, name, shape: Shape::Scalar, items: Vec::new(), closed }
    }

    fn bracket(&mut self, start: usize, name: Option<Word<'a>>, shape: Shape) -> Node<'a> {
        self.at += 1;
        let (items, closed) = self.items(shape);
        Node { span: start..self.at, name, shape, items, closed }
    }

    /// Reads up to the closing bracket. Another one ends it too, and is left
    /// to the bracket around this one.
    fn items(&mut self, shape: Shape) -> (Vec<Item<'a>>, bool) {
        let mut items = Vec::new();
        loop {
            self.skip_blank();
            match self.peek() {
                Some(',') => self.at += 1,
                Some(')' | ']' | '}') | None => break,
                Some(_) => items.push(self.item(shape)),
            }
        }
        let closed = self.peek().is_some() && self.peek() == shape.closer();
        self.at += usize::from(closed);
        (items, closed)
    }

    fn item(&mut self, shape: Shape) -> Item<'a> {
        if shape == Shape::Map {
            return self.entry();
        }
        let key = if shape == Shape::Parens { self.field_name() } else { None };
        self.skip_blank();
        let value = self.value();
        Item { key, value }
    }

    /// Reads an entry of a map, or a value alone.
    fn entry(&mut self) -> Item<'a> {
        let start = self.at;
        let first = self.value();
        let word = self.word(start);
        if !self.skip_colon() {
            let (key, value) = (None, first);
            return Item { key, value };
        }
        self.skip_blank();
        let (key, value) = (Some(word), self.value());
        Item { key, value }
    }

    /// Reads the name of a field and its colon, or nothing.
    fn field_name(&mut self) -> Option<Word<'a>> {
        let start = self.at;
        if Shape::of(self.peek()) == Shape::Scalar {
            self.skip_scalar();
        }
        let word = self.word(start);
        let named = self.skip_colon();
        if !named {
            self.at = start;
        }
        Some(word).filter(|_| named)
    }

    /// Goes over a colon, and what is blank before it, if there is one.
    fn skip_colon(&mut self) -> bool {
        let start = self.at;
        self.skip_blank();
        let colon = self.peek() == Some(':');
        self.at = if colon { self.at + 1 } else { start };
        colon
    }

    fn word(&self, start: usize) -> Word<'a> {
        let span = start..self.at;
        Word { text: &self.text[span.clone()], span }
    }

    /// Goes over a string, a character, a number or a name, at least one
    /// character; tells whether it has the end it needs.
    fn skip_scalar(&mut self) -> bool {
        let rest = self.rest();
        let one = self.peek().map_or(0, char::len_utf8);
        let (length, closed) = string(rest).or_else(|| character(rest)).unwrap_or_else(|| (run(rest).max(one), true));
        self.at += length;
        closed
    }

    fn skip_blank(&mut self) {
        loop {
            let rest = self.rest();
            self.at += rest.len() - rest.trim_start_matches(is_blank).len();
            let rest = self.rest();
            if rest.starts_with("//") {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else if rest.starts_with("/*") {
                self.skip_block_comment();
            } else {
                return;
            }
        }
    }

    fn skip_block_comment(&mut self) {
        let length = block_comment(self.rest());
        if length.is_none() {
            self.open_comment = Some(self.at);
        }
        self.at += length.unwrap_or(self.rest().len());
    }
}

/// Whether `ron` goes over this character, or a reader would take it for a space.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200E}' | '\u{200F}' | '\u{FEFF}')
}

fn is_identifier(word: &str) -> bool {
    let name = word.strip_prefix("r#").unwrap_or(word);
    let starts_well = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
    starts_well && name.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// The length of the block comment at the start, if it ends.
fn block_comment(rest: &str) -> Option<usize> {
    let bytes = rest.as_bytes();
    let (mut depth, mut at) = (0_usize, 0);
    loop {
        match bytes.get(at..at + 2)? {
            b"/*" => (depth, at) = (depth + 1, at + 2),
            b"*/" => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return Some(at);
        }
    }
}

/// The length of the string at the start, and whether it ends.
fn string(rest: &str) -> Option<(usize, bool)> {
    let body = rest.strip_prefix('b').unwrap_or(rest);
    let raw = body.strip_prefix('r');
    let hashes = raw.map_or(0, |raw| raw.bytes().take_while(|b| *b == b'#').count());
    let inner = raw.unwrap_or(body)[hashes..].strip_prefix('"')?;
    let end = match raw {
        Some(_) => inner.find(&format!("\"{}", "#".repeat(hashes))),
        None => quoted(inner, '"'),
    };
    let opening = rest.len() - inner.len();
    Some(match end {
        Some(end) => (opening + end + 1 + hashes, true),
        None => (rest.len(), false),
    })
}

/// The length of the character in single quotes at the start.
fn character(rest: &str) -> Option<(usize, bool)> {
    let inner = rest.strip_prefix('b').unwrap_or(rest).strip_prefix('\'')?;
    let longest = inner.char_indices().nth(LONGEST_CHARACTER);
    let near = &inner[..longest.map_or(inner.len(), |(at, _)| at)];
    let end = quoted(near, '\'')?;
    Some((rest.len() - inner.len() + end + 1, true))
}

/// A character as long as `\u{10FFFF}`, and its quote.
const LONGEST_CHARACTER: usize = 11;

/// Where the quote stands which ends a text with escapes.
fn quoted(inner: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    inner.find(|c| {
        let ends = c == quote && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    })
}

/// The length of the number, range or name at the start.
fn run(rest: &str) -> usize {
    let ends = |(at, c): (usize, char)| {
        let comment = || rest[at..].starts_with("//") || rest[at..].starts_with("/*");
        is_blank(c) || ",:;=()[]{}\"'".contains(c) || (c == '/' && comment())
    };
    let end = rest.char_indices().find(|pair| ends(*pair));
    end.map_or(rest.len(), |(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DEMO: &str = r##"#![enable(implicit_some)]
// a `(` in a comment, and a "
Scenario(
    nodes: 20, /* a /* nested */ one: 1 */
    name: r#"a "raw" ("#,
    churn: (mean_session: "30m", crash_fraction: 1.5),
    ports: 1..31,
    script: [
        (at: "1m", what: Heal),
        (at: "2m", what: Crash(fraction: 0.5)),
        Some(Cut((left: 'ä', right: '\''))),
        Pair(b"x", [1, 2]),
    ],
    table: {"a": 1, "b": (c: 2)},
)"##;

    fn text_at(path: &str) -> &'static str {
        let source = Source::new("demo.ron", DEMO);
        &DEMO[source.locate(&Path::parse(path)).unwrap()]
    }

    fn key_at(path: &str) -> &'static str {
        let source = Source::new("demo.ron", DEMO);
        &DEMO[source.locate_key(&Path::parse(path)).unwrap()]
    }

    fn path_of(piece: &str) -> String {
        let source = Source::new("demo.ron", DEMO);
        source.at(DEMO.find(piece).unwrap()).unwrap().path()
    }

    #[test]
    fn a_path_leads_to_its_value() {
        assert_eq!(text_at("nodes"), "20");
        assert_eq!(text_at("name"), "r#\"a \"raw\" (\"#");
        assert_eq!(text_at("churn.crash_fraction"), "1.5");
        assert_eq!(text_at("ports"), "1..31");
        assert_eq!(text_at("table.b.c"), "2");
        assert_eq!(text_at("table[0]"), "1");
        assert_eq!(text_at(""), &DEMO[DEMO.find("Scenario").unwrap()..]);
    }

    #[test]
    fn a_variant_may_be_named_or_not() {
        for path in ["script[1].what.fraction", "script[1].what.Crash.fraction"] {
            assert_eq!(text_at(path), "0.5");
        }
        for path in ["script[2].left", "script[2].Cut.left", "script[2].Some.Cut.left"] {
            assert_eq!(text_at(path), "'ä'");
        }
        assert_eq!(text_at("script[0].what.Heal"), "Heal");
        assert_eq!(text_at("script[3].Pair[1][1]"), "2");
    }

    #[test]
    fn a_missing_field_is_the_opening_of_its_struct() {
        assert_eq!(text_at("nodse"), "Scenario");
        assert_eq!(text_at("churn.nothing"), "(");
        assert_eq!(text_at("script[1].what.nothing.at.all"), "Crash");
        assert_eq!(text_at("script[9].at"), "[");
        assert_eq!(text_at("nodes.deeper"), "20");
    }

    #[test]
    fn the_key_of_a_path_is_the_name_of_its_field() {
        assert_eq!(key_at("churn.crash_fraction"), "crash_fraction");
        assert_eq!(key_at("table.a"), "\"a\"");
        assert_eq!(key_at("script[0].what"), "what");
        assert_eq!(key_at("script[0].what.Heal"), "what");
        assert_eq!(key_at("churn.nothing"), "(");
        assert_eq!(key_at("script[3][0]"), "b\"x\"");
    }

    #[test]
    fn a_byte_has_a_path() {
        assert_eq!(path_of("20"), "nodes");
        assert_eq!(path_of("nodes"), "nodes");
        assert_eq!(path_of("0.5"), "script[1].what.Crash.fraction");
        assert_eq!(path_of("'ä'"), "script[2].Cut.left");
        assert_eq!(path_of("b\"x\""), "script[3].Pair[0]");
        assert_eq!(path_of("Scenario"), "");
    }

    #[test]
    fn every_path_of_a_byte_leads_back_to_it() {
        let source = Source::new("demo.ron", DEMO);
        for (byte, _) in DEMO.char_indices() {
            let Some(place) = source.at(byte) else {
                continue;
            };
            let span = source.locate(&Path::parse(&place.path())).unwrap();
            let key = source.locate_key(&Path::parse(&place.path())).unwrap();
            assert!((key.start.min(span.start)..span.end).contains(&byte));
        }
    }

    #[test]
    fn a_place_knows_its_field_and_what_to_call_it() {
        let source = Source::new("demo.ron", DEMO);
        let called = |piece: &str| {
            let place = source.at(DEMO.find(piece).unwrap()).unwrap();
            (place.field(), place.subject())
        };
        assert_eq!(called("0.5"), (Some("fraction"), Some("fraction".to_owned())));
        assert_eq!(called("b\"x\""), (Some("script"), Some("Pair[0]".to_owned())));
        assert_eq!(called("Pair"), (Some("script"), Some("script[3]".to_owned())));
        assert_eq!(called("Scenario"), (None, None));
    }

    #[test]
    fn positions_count_characters() {
        let text = "(é: \"日本\",\r\n  ß: 1)";
        let source = Source::new("", text);
        let one = text.find('1').unwrap();
        assert_eq!(source.byte(Position { line: 2, col: 6 }), one);
        assert_eq!(source.position(one), Position { line: 2, col: 6 });
        let comma = text.find(',').unwrap();
        assert_eq!(source.byte(Position { line: 1, col: 9 }), comma);
        assert_eq!(source.position(comma), Position { line: 1, col: 9 });
        assert_eq!(source.byte(Position { line: 9, col: 9 }), text.len());
        assert_eq!(source.byte(Position { line: 0, col: 0 }), 0);
        assert_eq!(source.position(99), Position { line: 2, col: 8 });
    }

    #[test]
    fn what_is_open_ends_at_the_end_of_the_text() {
        let text = "(a: [1, (b: \"x)";
        let source = Source::new("", text);
        assert_eq!(source.root().unwrap().span, 0..text.len());
        let place = source.at(text.len() - 1).unwrap();
        assert_eq!(place.path(), "a[1].b");
        assert!(place.nodes().all(|node| !node.closed));
        assert_eq!(place.nodes().count(), 4);
    }

    #[test]
    fn another_bracket_ends_an_open_one() {
        let text = "(a: [(b: 1), (b: 2), c: 3) x";
        let source = Source::new("", text);
        let root = source.root().unwrap();
        assert_eq!(root.span, 0..text.len() - 2);
        assert!(root.closed);
    }

    #[test]
    fn a_comment_which_never_ends_is_known() {
        let source = Source::new("", "(a: 1, /* x");
        assert_eq!(source.open_comment(), Some(7));
        assert_eq!(Source::new("", "(a: 1 /* x */)").open_comment(), None);
    }

    #[test]
    fn texts_without_a_value_have_no_root() {
        for text in ["", "  \n", "// only", "/* open", "#![enable(", ")", ","] {
            let source = Source::new("", text);
            assert_eq!(source.root(), None, "{text}");
            assert_eq!(source.locate(&Path::parse("a.b")), None);
            assert!(source.at(0).is_none());
        }
    }

    #[test]
    fn deep_and_long_texts_are_read_in_time_and_without_overflow() {
        for opening in ["(", "[", "{", "(a:", "A(", "{1:", "/*", "r#", "'", "\"a\" "] {
            let text = opening.repeat(200_000);
            let source = Source::new("", &text);
            source.at(text.len() / 2);
            source.locate(&Path::parse("a[0].b"));
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "([(){}\\[\\],:\"'/*#r!.a1é \\n\\\\]|Some\\(|a: ){0,60}", byte in 0usize..80) {
            let source = Source::new("", &text);
            if let Some(place) = source.at(byte) {
                prop_assert!(place.node().span.contains(&byte) || place.parent().is_some());
                prop_assert!(text.get(place.node().span.clone()).is_some());
                let span = source.locate(&Path::parse(&place.path())).unwrap();
                prop_assert!(text.get(span).is_some());
                place.subject();
            }
            let byte = floor_char_boundary(&text, byte);
            prop_assert_eq!(source.byte(source.position(byte)), byte);
        }

        #[test]
        fn no_path_panics(text in any::<String>(), path in any::<String>()) {
            let source = Source::new("", &text);
            let span = source.locate(&Path::parse(&path));
            prop_assert!(span.is_none_or(|span| text.get(span).is_some()));
        }
    }
}
