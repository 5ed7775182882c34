//! The phases of a scenario: the names of their figures, and a row for each of them.

use scenarios::ast::Scenario;

use crate::metrics::PhaseLookups;
use crate::results::{metric_names, share};

/// The name of a phase's figures, and what they mean, as `dhtsim list` shows them.
pub const METRIC: (&str, &str) =
    ("phases.<name>", "every figure of lookups, of those issued in this phase: phases.before.success");

/// The full names of all figures of a scenario, those of its phases too.
pub fn metric_names_of(scenario: &Scenario) -> Vec<String> {
    let mut names = metric_names();
    let of_lookups: Vec<String> =
        names.iter().filter_map(|name| name.strip_prefix("lookups.")).map(str::to_owned).collect();
    for (phase, _) in &scenario.phases.0 {
        names.extend(of_lookups.iter().map(|name| format!("phases.{phase}.{name}")));
    }
    names
}

/// The lines of the table: a heading, a row for each phase and an empty line; nothing if there are no phases.
pub fn table(phases: &[PhaseLookups]) -> Vec<String> {
    if phases.is_empty() {
        return Vec::new();
    }
    let mut lines = rows("phase", &HEADINGS.map(str::to_owned));
    lines.extend(phases.iter().flat_map(|one| rows(&one.phase.name, &cells(one))));
    lines.push(String::new());
    lines
}

fn cells(PhaseLookups { lookups, .. }: &PhaseLookups) -> [String; 9] {
    let ended = (lookups.issued - lookups.abandoned) as f64;
    let percent = |count: u64| share(100.0 * count as f64, ended).map_or("-".to_owned(), |part| format!("{part:.1} %"));
    let figure = |value: Option<f64>, digits: usize| value.map_or("-".to_owned(), |value| format!("{value:.digits$}"));
    [
        lookups.issued.to_string(),
        percent(lookups.correct),
        percent(lookups.wrong),
        percent(lookups.failed),
        figure(lookups.latency.mean().map(|nanos| nanos / NANOS_PER_MILLI), 1),
        figure(lookups.latency.quantile(0.99).map(|nanos| nanos as f64 / NANOS_PER_MILLI), 1),
        figure(lookups.timeouts.mean(), 3),
        figure(lookups.hops.mean(), 3),
        figure(lookups.messages.mean(), 3),
    ]
}

/// A name that has no room in its column stands in a line of its own.
fn rows(name: &str, cells: &[String; 9]) -> Vec<String> {
    let cells: Vec<String> = cells.iter().zip(WIDTHS).map(|(cell, width)| format!("{cell:>width$}")).collect();
    let cells = cells.concat();
    if name.chars().count() <= NAME_WIDTH {
        vec![format!("  {name:NAME_WIDTH$}{cells}")]
    } else {
        vec![format!("  {name}"), format!("  {:NAME_WIDTH$}{cells}", "")]
    }
}

const HEADINGS: [&str; 9] =
    ["issued", "correct", "wrong", "failed", "latency, ms", "p99", "timeouts", "hops", "messages"];
const NANOS_PER_MILLI: f64 = 1e6;
/// With the margin and [`WIDTHS`] 99 columns.
const NAME_WIDTH: usize = 14;
const WIDTHS: [usize; 9] = [8, 9, 9, 9, 12, 9, 10, 7, 10];

#[cfg(test)]
mod tests {
    use scenarios::plan::Phase;
    use sim::time::SimTime;

    use super::*;
    use crate::metrics::Lookups;

    #[test]
    fn a_row_has_at_most_100_columns_whatever_the_name() {
        let of = |name: &str| PhaseLookups {
            phase: Phase { name: name.to_owned(), from: SimTime::ZERO, until: SimTime::MAX },
            lookups: Lookups::default(),
        };
        let lines = table(&[of("before"), of("the name of this one is long")]);
        assert_eq!(lines.len(), 5, "{lines:?}");
        assert!(lines.iter().all(|line| line.chars().count() <= 100), "{lines:?}");
        assert!(lines[1].starts_with("  before               0        -        -"), "{lines:?}");
        assert_eq!(lines[2], "  the name of this one is long");
    }

    #[test]
    fn without_phases_there_is_no_table() {
        assert!(table(&[]).is_empty());
    }
}
