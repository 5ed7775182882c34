//! A report as Markdown, as GitHub shows it: the same texts and tables; of each picture, what it shows.

use super::page::{Block, Figure, Judged, Page, Piece, Table, Text, sign};

/// The page as Markdown.
pub fn markdown(page: &Page) -> String {
    let mut out = String::from(MARKDOWN_BEGINNING);
    blocks(&mut out, &page.blocks);
    out
}

fn blocks(out: &mut String, blocks: &[Block]) {
    for block in blocks {
        out.push('\n');
        self::block(out, block);
    }
}

fn block(out: &mut String, block: &Block) {
    match block {
        Block::Heading(depth, text, _) => line(out, &format!("{} {}", "#".repeat(usize::from(*depth)), inline(text))),
        Block::Paragraph(text) | Block::Note(text) => line(out, &inline(text)),
        Block::Answer(text) => line(out, &format!("**{}**", inline(&plain(text)).trim())),
        Block::Warning(text) => line(out, &format!("> {}", inline(text))),
        Block::List(items) => items.iter().for_each(|item| line(out, &format!("- {}", inline(item)))),
        Block::Facts(facts) => {
            for (name, text) in facts {
                line(out, &format!("- {}: {}", escape(name), inline(text)));
            }
        }
        Block::Verbatim(text) => verbatim(out, text),
        Block::Verdicts(all) => all.iter().for_each(|of| line(out, &judged(of))),
        Block::Table(table) => self::table(out, table),
        Block::Figure(figure) => self::figure(out, figure),
        Block::Details(summary, inner) => {
            line(out, &format!("<details><summary>{}</summary>", inline(summary)));
            blocks(out, inner);
            line(out, "\n</details>");
        }
    }
}

fn line(out: &mut String, text: &str) {
    out.push_str(text.trim_end());
    out.push('\n');
}

fn judged(of: &Judged) -> String {
    let verdict = format!("{} {}", sign(of.verdict), of.verdict.words());
    format!("- **{}** {}: **{verdict}**. {}", escape(&of.id), inline(&of.title), inline(&of.sentence))
}

fn table(out: &mut String, table: &Table) {
    if !table.caption.is_empty() {
        line(out, &format!("{}\n", escape(&table.caption)));
    }
    let row = |cells: &mut dyn Iterator<Item = String>| format!("| {} |", cells.collect::<Vec<String>>().join(" | "));
    line(out, &row(&mut table.heads.iter().map(|(head, _)| inline(head))));
    let rule = |is_number: bool| if is_number { "---:" } else { "---" };
    line(out, &row(&mut table.heads.iter().map(|(_, is_number)| rule(*is_number).to_owned())));
    for cells in &table.rows {
        line(out, &row(&mut cells.iter().map(inline)));
    }
}

fn figure(out: &mut String, figure: &Figure) {
    line(out, &format!("**{}**", escape(&figure.title)));
    for text in [&figure.says, &figure.reading].into_iter().filter(|text| !text.is_empty()) {
        line(out, &format!("\n{}", escape(text)));
    }
    line(out, &format!("\n_{}._", escape(&figure.made_by)));
}

/// Text of a file, fenced by more backticks than there are in a row in it.
fn verbatim(out: &mut String, text: &str) {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat((longest + 1).max(3));
    line(out, &format!("{fence}\n{}\n{fence}", text.trim_end()));
}

/// The text without its boldness, for what is bold as a whole.
fn plain(text: &Text) -> Text {
    let plain = |piece: &Piece| match piece {
        Piece::Strong(text) => Piece::Plain(text.clone()),
        Piece::Verdict(verdict) => Piece::Plain(format!("{} {}: ", sign(*verdict), verdict.words())),
        other => other.clone(),
    };
    Text(text.0.iter().map(plain).collect())
}

fn inline(text: &Text) -> String {
    text.0.iter().map(piece).collect()
}

fn piece(piece: &Piece) -> String {
    match piece {
        Piece::Plain(text) | Piece::Muted(text) | Piece::Link(_, text) => escape(text),
        Piece::Strong(text) => format!("**{}**", escape(text)),
        Piece::Code(text) => code(text),
        Piece::Verdict(verdict) => format!("**{} {}**", sign(*verdict), verdict.words()),
    }
}

/// On one line, and no end of a table's cell; as plain text where it holds what could mean anything.
fn code(text: &str) -> String {
    let text = text.replace(['\n', '\r'], " ");
    if text.contains(['`', '<', '&']) { escape(&text) } else { format!("`{}`", text.replace('|', "\\|")) }
}

/// The text on one line, so that nothing in it means anything to who reads Markdown or HTML.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '|' | '~' => out.extend(['\\', c]),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\n' | '\r' | '\t' => out.push(' '),
            c if c.is_control() => out.push(char::REPLACEMENT_CHARACTER),
            c => out.push(c),
        }
    }
    out
}

/// How a file begins that was written by this command.
pub const MARKDOWN_BEGINNING: &str = "<!-- a report of dhtsim -->\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_says_is_text_and_nothing_else() {
        let text = escape("<script>*a*|[x](y)`\n# b");
        assert_eq!(text, "&lt;script&gt;\\*a\\*\\|\\[x\\](y)\\` \\# b");
        assert_eq!(code("a|b"), "`a\\|b`");
        let mut out = String::new();
        verbatim(&mut out, "a\n```\nb\n");
        assert_eq!(out, "````\na\n```\nb\n````\n");
    }

    #[test]
    fn tables_are_those_of_github() {
        let mut out = String::new();
        let mut table = Table::new("", [("a".into(), false), ("b".into(), true)]);
        table.rows.push(vec!["x|y".into(), Text::default().strong("1")]);
        super::table(&mut out, &table);
        assert_eq!(out, "| a | b |\n| --- | ---: |\n| x\\|y | **1** |\n");
    }
}
