//! A report: one HTML file with the verdicts first, then tables and pictures, that needs nothing else and opens in ten years.
//!
//! # Start here
//!
//! [`Page`] is what a report consists of; [`html()`] and [`markdown()`] write it. What is drawn is drawn by hand as SVG: crates of
//! plots bring either a script of a megabyte or pictures that know no dark mode, and their bytes are not promised to be equal.

mod audit;
mod bars;
mod cdf;
#[cfg(test)]
mod check;
mod choice;
mod csv;
mod curve;
mod drawn;
mod folder;
mod frame;
mod front;
mod gather;
mod html;
mod lorenz;
mod markdown;
mod over_time;
mod page;
mod picture;
mod ring;
mod run;
mod scale;
mod svg;
mod sweep;
mod test;
mod words;

pub use folder::{AUDIT, Report, of_folder};
pub use html::{BEGINNING, html};
pub use markdown::{MARKDOWN_BEGINNING, markdown};
pub use page::{Block, Figure, Judged, Page, Piece, Table, Text};
pub use run::of_run;
