//! A report as one HTML file: no script, nothing that is fetched, both colour schemes, and fit to be printed.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::page::{Block, Figure, Judged, Page, Piece, Table, Text, sign};
use super::svg::escape;

/// The page, whole.
pub fn html(page: &Page) -> String {
    let mut out = String::from(BEGINNING);
    let _ = write!(out, "<title>{}</title>\n<style>\n{PAGE_CSS}{PICTURE_CSS}</style>\n", escape(&page.title));
    out.push_str("</head>\n<body>\n<main>\n");
    blocks(&mut out, &page.blocks);
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

fn blocks(out: &mut String, blocks: &[Block]) {
    for block in blocks {
        self::block(out, block);
        out.push('\n');
    }
}

fn block(out: &mut String, block: &Block) {
    match block {
        Block::Heading(depth, text, name) => {
            let name = name.as_ref().map(|name| format!(" id=\"{}\"", anchor(name))).unwrap_or_default();
            let _ = write!(out, "<h{depth}{name}>{}</h{depth}>", inline(text));
        }
        Block::Paragraph(text) => paragraph(out, "", text),
        Block::Answer(text) => paragraph(out, "answer", text),
        Block::Note(text) => paragraph(out, "note", text),
        Block::Warning(text) => paragraph(out, "warning", text),
        Block::List(items) => {
            out.push_str("<ul>");
            for item in items {
                let _ = write!(out, "<li>{}</li>", inline(item));
            }
            out.push_str("</ul>");
        }
        Block::Facts(facts) => {
            let fact = |(name, text): &(String, Text)| format!("<dt>{}</dt><dd>{}</dd>", escape(name), inline(text));
            let _ = write!(out, "<dl>{}</dl>", facts.iter().map(fact).collect::<String>());
        }
        Block::Verbatim(text) => {
            let _ = write!(out, "<pre>{}</pre>", escape(text));
        }
        Block::Verdicts(all) => {
            let _ = write!(out, "<ul class=\"verdicts\">\n{}</ul>", all.iter().map(judged).collect::<String>());
        }
        Block::Table(table) => self::table(out, table),
        Block::Figure(figure) => self::figure(out, figure),
        Block::Details(summary, inner) => {
            let _ = writeln!(out, "<details><summary>{}</summary>", inline(summary));
            blocks(out, inner);
            out.push_str("</details>");
        }
    }
}

fn paragraph(out: &mut String, class: &str, text: &Text) {
    let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
    let _ = write!(out, "<p{class}>{}</p>", inline(text));
}

fn judged(of: &Judged) -> String {
    let verdict = piece(&Piece::Verdict(of.verdict));
    let id = piece(&Piece::Link(of.id.clone(), of.id.clone()));
    format!(
        "<li><span>{verdict}</span><span><b>{id}</b> {}<br>{}</span></li>\n",
        inline(&of.title),
        inline(&of.sentence)
    )
}

fn table(out: &mut String, table: &Table) {
    out.push_str("<div class=\"scroll\"><table>");
    if !table.caption.is_empty() {
        let _ = write!(out, "<caption>{}</caption>", escape(&table.caption));
    }
    let class = |is_number: bool| if is_number { " class=\"n\"" } else { "" };
    let heads = table.heads.iter().map(|(head, is_number)| format!("<th{}>{}</th>", class(*is_number), inline(head)));
    let _ = write!(out, "<thead><tr>{}</tr></thead>\n<tbody>\n", heads.collect::<String>());
    for row in &table.rows {
        let cells = row.iter().zip(&table.heads);
        let cells = cells.map(|(cell, (_, is_number))| format!("<td{}>{}</td>", class(*is_number), inline(cell)));
        let _ = writeln!(out, "<tr>{}</tr>", cells.collect::<String>());
    }
    out.push_str("</tbody></table></div>");
}

fn figure(out: &mut String, figure: &Figure) {
    let csv = STANDARD.encode(&figure.csv);
    let _ = write!(
        out,
        "<figure>\n<h4>{title}</h4>\n<div class=\"scroll\">{svg}</div>\n<figcaption>",
        title = escape(&figure.title),
        svg = figure.svg,
    );
    for text in [&figure.says, &figure.reading].into_iter().filter(|text| !text.is_empty()) {
        let _ = write!(out, "<p>{}</p>", escape(text));
    }
    let _ = write!(
        out,
        "<p>{}. <a class=\"csv\" download=\"{}.csv\" href=\"data:text/csv;base64,{csv}\">Its figures as CSV</a></p>",
        escape(&figure.made_by),
        anchor(&figure.title),
    );
    out.push_str("</figcaption>\n</figure>");
}

fn inline(text: &Text) -> String {
    text.0.iter().map(piece).collect()
}

fn piece(piece: &Piece) -> String {
    match piece {
        Piece::Plain(text) => escape(text),
        Piece::Strong(text) => format!("<b>{}</b>", escape(text)),
        Piece::Code(text) => format!("<code>{}</code>", escape(text)),
        Piece::Muted(text) => format!("<span class=\"muted\">{}</span>", escape(text)),
        Piece::Verdict(verdict) => {
            let class = verdict.words().replace(" limits", "").replace(' ', "-");
            format!("<span class=\"v {class}\">{} {}</span>", sign(*verdict), verdict.words())
        }
        Piece::Link(to, text) => format!("<a href=\"#{}\">{}</a>", anchor(to), escape(text)),
    }
}

/// A name that a link finds: letters and digits, and nothing that means anything.
fn anchor(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let words: String = name.chars().map(plain).collect();
    words.split('-').filter(|word| !word.is_empty()).collect::<Vec<&str>>().join("-")
}

/// How a file begins that was written by this command.
pub const BEGINNING: &str = "<!DOCTYPE html>\n<!-- a report of dhtsim -->\n<html lang=\"en\">\n<head>\n\
<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n";
const PAGE_CSS: &str = include_str!("page.css");
pub(super) const PICTURE_CSS: &str = include_str!("picture.css");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::document::Verdict;

    fn body(block: Block) -> String {
        html(&Page { title: "t".to_owned(), blocks: vec![block] })
    }

    #[test]
    fn what_a_file_says_is_text_and_nothing_else() {
        let bad = "<script>alert('x')</script>\"&\u{1}";
        let text = Text::from(bad).strong(bad).code(bad).muted(bad).and(Piece::Link(bad.to_owned(), bad.to_owned()));
        let mut table = Table::new(bad, [(text.clone(), false)]);
        table.rows.push(vec![text.clone()]);
        let judged =
            Judged { id: bad.to_owned(), title: text.clone(), verdict: Verdict::Fails, sentence: text.clone() };
        let all = vec![
            Block::Heading(2, text.clone(), Some(bad.to_owned())),
            Block::Facts(vec![(bad.to_owned(), text.clone())]),
            Block::Verbatim(bad.to_owned()),
            Block::Verdicts(vec![judged]),
            Block::Table(table),
            Block::Details(text, vec![Block::Verbatim(bad.to_owned())]),
        ];
        let page = html(&Page { title: bad.to_owned(), blocks: all });
        assert!(!page.contains("<script") && !page.contains("alert('"), "{page}");
        assert!(page.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot;&amp;\u{fffd}"));
    }

    #[test]
    fn a_verdict_is_told_by_word_and_sign() {
        for verdict in [Verdict::Holds, Verdict::Undecided, Verdict::HoldsWithin, Verdict::Fails] {
            let page = body(Block::Paragraph(Text::default().verdict(verdict)));
            assert!(page.contains(&format!("{} {}</span>", sign(verdict), verdict.words())));
            let class = page.split("<span class=\"v ").nth(1).and_then(|rest| rest.split('"').next());
            let class = class.expect("a verdict has a class");
            assert!(PAGE_CSS.contains(&format!(".{class}{{")), "{class}");
        }
    }
}
