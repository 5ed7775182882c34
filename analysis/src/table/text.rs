//! What every part of the page is made of: lines of at most 100 columns, times, and texts cut to their room.

use sim::time::{SimTime, Span};

use crate::execute::Run;
use crate::width::{columns, columns_of};

/// The page is no wider.
pub(super) const WIDTH: usize = 100;

/// How large the world of these runs is, how long they last, and with which seeds.
pub(super) fn world(runs: &[&Run]) -> String {
    let Some(first) = runs.first() else {
        return "no runs".to_owned();
    };
    let plan = &first.plan;
    let seeds = match runs {
        [run] => format!("seed {}", run.plan.seed),
        runs => format!("{} seeds from {}", runs.len(), plan.seed),
    };
    format!("{} nodes, {}, {seeds}", plan.nodes(), in_seconds(plan.end - SimTime::ZERO))
}

pub(super) fn in_seconds(span: Span) -> String {
    if span.as_nanos().is_multiple_of(1_000_000_000) {
        format!("{} s", span.as_nanos() / 1_000_000_000)
    } else if span < Span::from_millis(50) {
        span.to_string()
    } else {
        format!("{:.1} s", span.as_secs_f64())
    }
}

pub(super) fn row(page: &mut String, name: &str, text: &str) {
    line(page, &format!("  {name:12}{text}"));
}

pub(super) fn line(page: &mut String, text: &str) {
    page.push_str(&cut(text.trim_end(), WIDTH));
    page.push('\n');
}

/// The text, with its middle left out where it is wider than its room: labels often differ at one of their ends.
///
/// A name comes from a file that anybody may have written: what a terminal would obey is not passed on.
pub(super) fn cut(text: &str, room: usize) -> String {
    let visible = |c: char| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
    if columns(text) <= room {
        return text.chars().map(visible).collect();
    }
    let room = room.saturating_sub(1);
    let front = beginning(text.chars(), room - room / 2);
    let back = beginning(text.chars().rev(), room / 2);
    let kept = front.into_iter().chain(['…']).chain(back.into_iter().rev());
    kept.map(visible).collect()
}

/// As many characters as there is room for.
fn beginning(chars: impl Iterator<Item = char>, room: usize) -> Vec<char> {
    let mut left = Some(room);
    let mut fits = |c: &char| {
        left = left.and_then(|left| left.checked_sub(columns_of(*c)));
        left.is_some()
    };
    chars.take_while(|c| fits(c)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_in_seconds_unless_they_are_tiny() {
        let texts = [0, 1, 500_000_000, 90_000_000_000].map(|nanos| in_seconds(Span::from_nanos(nanos)));
        assert_eq!(texts, ["0 s", "1ns", "0.5 s", "90 s"]);
    }

    #[test]
    fn what_a_terminal_would_obey_is_not_passed_on() {
        let mut page = String::new();
        line(&mut page, "a\u{1b}[31m\nb");
        assert_eq!(page, "a\u{fffd}[31m\u{fffd}b\n");
    }

    #[test]
    fn what_is_too_wide_loses_its_middle() {
        assert_eq!(cut("successors: 3", 13), "successors: 3");
        assert_eq!(cut("successors: 3", 12), "succes…rs: 3");
        assert_eq!(cut("ab", 1), "…");
        assert_eq!(cut("短い短い短い", 7), "短…い", "a column is left free where a wide one does not fit");
        let mut page = String::new();
        line(&mut page, &"x".repeat(1000));
        assert_eq!(page.trim_end().chars().count(), WIDTH);
    }
}
