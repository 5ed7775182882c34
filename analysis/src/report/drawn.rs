//! A picture that has been drawn, and what belongs to every picture: who is in it, in which order.

/// A picture, what can be seen in it, how it is read, and what it is drawn from.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Drawn {
    pub(super) svg: String,
    /// What can be seen, in sentences made from the figures.
    pub(super) says: String,
    /// How it is read.
    pub(super) reading: String,
    /// What it is drawn from.
    pub(super) csv: String,
}

/// So many statements, and no more: the others stand in the CSV.
pub(super) fn sentences(all: &[String]) -> String {
    let told = all.len().min(SENTENCES_MAX);
    let more = if told < all.len() { "; the others are in the CSV" } else { "" };
    if all.is_empty() { String::new() } else { format!("{}{more}.", all[..told].join("; ")) }
}

const SENTENCES_MAX: usize = 8;
