//! How wide texts are on a terminal, and how they are wrapped and padded by that.

use unicode_width::UnicodeWidthChar;

/// How many columns a text takes; a mark that joins the character before it counts as one, so that there are never more
/// characters than columns.
pub(crate) fn columns(text: &str) -> usize {
    text.chars().map(columns_of).sum()
}

/// How many columns a character takes: one at least.
pub(crate) fn columns_of(c: char) -> usize {
    c.width().unwrap_or(0).max(1)
}

/// The text, and spaces up to so many columns.
pub(crate) fn padded(text: &str, width: usize) -> String {
    format!("{text}{:room$}", "", room = width.saturating_sub(columns(text)))
}

/// The words of a text in lines of so many columns; a word that is wider is broken.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut().filter(|line| columns(line) + 1 + columns(word) <= width) {
            Some(line) => {
                line.push(' ');
                line.push_str(word);
            }
            None => lines.extend(broken(word, width)),
        }
    }
    lines
}

/// A word in pieces of so many columns.
fn broken(word: &str, width: usize) -> Vec<String> {
    let mut pieces = vec![String::new()];
    for c in word.chars() {
        let last = pieces.last_mut().expect("there is one from the beginning");
        if columns(last) + columns_of(c) <= width || last.is_empty() {
            last.push(c);
        } else {
            pieces.push(c.to_string());
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrapping_loses_no_word() {
        assert_eq!(wrapped("a bc  def ghijklm", 5), ["a bc", "def", "ghijk", "lm"]);
        assert!(wrapped(" ", 5).is_empty());
    }

    #[test]
    fn wide_characters_take_two_columns() {
        assert_eq!(wrapped("ab 漢字漢 c", 4), ["ab", "漢字", "漢 c"]);
        assert_eq!((padded("漢", 3), padded("long", 3)), ("漢 ".to_owned(), "long".to_owned()));
    }
}
