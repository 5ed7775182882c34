//! What a report consists of, before it is HTML or Markdown: headings, sentences, tables and pictures, in order.

use crate::audit::document::Verdict;

/// A report.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// What stands in its head.
    pub title: String,
    /// What it consists of, in order.
    pub blocks: Vec<Block>,
}

/// A part of a report.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// A heading: how deep, what it says, and by what name a link finds it.
    Heading(u8, Text, Option<String>),
    /// A paragraph.
    Paragraph(Text),
    /// A sentence that answers.
    Answer(Text),
    /// A remark in small letters.
    Note(Text),
    /// What nobody may miss.
    Warning(Text),
    /// A list.
    List(Vec<Text>),
    /// Names, each with what is said of it.
    Facts(Vec<(String, Text)>),
    /// Text as it stands in a file or on a command line.
    Verbatim(String),
    /// Assumptions, each with its verdict.
    Verdicts(Vec<Judged>),
    /// A table.
    Table(Table),
    /// A picture.
    Figure(Figure),
    /// What is shown when one asks for it.
    Details(Text, Vec<Block>),
}

/// What was judged, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// Its short name, which is the name of its section too.
    pub id: String,
    /// What it says.
    pub title: Text,
    /// What came out.
    pub verdict: Verdict,
    /// The same in a sentence.
    pub sentence: Text,
}

/// A table: every row has a cell for each head.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// What stands over it.
    pub caption: String,
    /// What stands over its columns, and whether these hold numbers.
    pub heads: Vec<(Text, bool)>,
    /// The rows.
    pub rows: Vec<Vec<Text>>,
}

/// A picture with all that belongs to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// What stands over it.
    pub title: String,
    /// The picture.
    pub svg: String,
    /// What can be seen, in sentences made from its figures.
    pub says: String,
    /// How it is to be read.
    pub reading: String,
    /// What made it: the command, and with which seeds.
    pub made_by: String,
    /// What it is drawn from, as CSV.
    pub csv: String,
}

/// A line of text, in pieces.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Text(pub Vec<Piece>);

/// A piece of text.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// As it is.
    Plain(String),
    /// In bold letters.
    Strong(String),
    /// In the letters of a typewriter.
    Code(String),
    /// In grey letters.
    Muted(String),
    /// A verdict: sign and word.
    Verdict(Verdict),
    /// A reference to a section: its name, and what is said.
    Link(String, String),
}

impl Text {
    /// The text with a piece more.
    pub(super) fn and(mut self, piece: Piece) -> Self {
        self.0.push(piece);
        self
    }

    /// The text with words more.
    pub(super) fn plain(self, text: impl Into<String>) -> Self {
        self.and(Piece::Plain(text.into()))
    }

    /// The text with bold words more.
    pub(super) fn strong(self, text: impl Into<String>) -> Self {
        self.and(Piece::Strong(text.into()))
    }

    /// The text with words from a file or command line more.
    pub(super) fn code(self, text: impl Into<String>) -> Self {
        self.and(Piece::Code(text.into()))
    }

    /// The text with grey words more.
    pub(super) fn muted(self, text: impl Into<String>) -> Self {
        self.and(Piece::Muted(text.into()))
    }

    /// The text with a verdict more.
    pub(super) fn verdict(self, verdict: Verdict) -> Self {
        self.and(Piece::Verdict(verdict))
    }
}

impl<S: Into<String>> From<S> for Text {
    fn from(text: S) -> Self {
        Self::default().plain(text)
    }
}

impl Table {
    /// A table that has no rows yet; of each head, whether its column holds numbers.
    pub(super) fn new(caption: impl Into<String>, heads: impl IntoIterator<Item = (Text, bool)>) -> Self {
        Self { caption: caption.into(), heads: heads.into_iter().collect(), rows: Vec::new() }
    }
}

/// The sign of a verdict, so that colour is not all that tells it.
pub(super) fn sign(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Holds => "✓",
        Verdict::HoldsWithin => "◐",
        Verdict::Undecided => "?",
        Verdict::Fails => "✗",
    }
}
