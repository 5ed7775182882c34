//! Claims: figures that others have published, held against what is measured; said, measured here, because.

use scenarios::ast::{Claim, Scenario};
use scenarios::mistake::Mistake;
use serde::Serialize;

use crate::expect::check_metric;
use crate::phases::metric_names_of;
use crate::results::{Claimed, Document, Outcome};
use crate::statistics::Estimate;
use crate::width::{padded, wrapped};

/// Complains of figures that do not exist.
pub fn check(scenario: &Scenario) -> Result<(), Mistake> {
    let names = metric_names_of(scenario);
    let mut claims = scenario.claims.iter().enumerate();
    claims.try_for_each(|(place, claim)| match &claim.metric {
        Some(metric) => check_metric(metric, &names, &format!("claims[{place}].metric")),
        None => Ok(()),
    })
}

/// Holds the results against what is claimed.
pub fn hold(scenario: &Scenario, results: &[Outcome]) -> Vec<Claimed> {
    let mut held = Vec::new();
    for claim in &scenario.claims {
        let Some(metric) = &claim.metric else {
            held.push(hold_one(claim, claim.protocol.as_ref(), &[]));
            continue;
        };
        let labels = scenario.protocols.0.iter().map(|(label, _)| label);
        for label in labels.filter(|label| claim.protocol.as_ref().is_none_or(|wanted| wanted == *label)) {
            let runs = results.iter().filter(|outcome| outcome.label == *label);
            let values: Vec<f64> = runs.filter_map(|outcome| outcome.figure(metric)).collect();
            held.push(hold_one(claim, Some(label), &values));
        }
    }
    held
}

/// A claim without a figure has no values; one without a protocol is about each that has them.
fn hold_one(claim: &Claim, label: Option<&String>, values: &[f64]) -> Claimed {
    let Claim { about, source, says, metric, digits, because, .. } = claim;
    let Estimate { mean, half_width, count } = Estimate::of(values);
    Claimed {
        about: about.clone(),
        source: source.clone(),
        protocol: label.cloned(),
        says: says.clone(),
        metric: metric.clone(),
        measured: mean,
        seeds: count,
        half_width,
        because: because.clone(),
        digits: digits.map_or_else(|| digits_after(says), |digits| usize::from(digits.0)),
    }
}

/// One digit more than the first number of the text has behind its point, so that rounding hides less.
fn digits_after(says: &str) -> usize {
    let Some(start) = says.find(|c: char| c.is_ascii_digit()) else {
        return DIGITS_DEFAULT;
    };
    let number = says[start..].trim_start_matches(|c: char| c.is_ascii_digit());
    let behind = number.strip_prefix('.').unwrap_or_default();
    let digits = behind.find(|c: char| !c.is_ascii_digit()).unwrap_or(behind.len());
    (digits + 1).min(DIGITS_MAX)
}

/// The claims of several scenarios as one document.
#[derive(Clone, Debug, Serialize)]
pub struct ClaimsDocument<'a> {
    /// The version of this program.
    pub version: &'static str,
    /// One entry for each scenario, in order.
    pub scenarios: Vec<ScenarioClaims<'a>>,
}

/// The claims of one scenario.
#[derive(Clone, Debug, Serialize)]
pub struct ScenarioClaims<'a> {
    /// The scenario's name.
    pub scenario: &'a str,
    /// Its seeds.
    pub seeds: &'a [u64],
    /// What others have published, and what was measured here.
    pub claims: &'a [Claimed],
}

impl<'a> ClaimsDocument<'a> {
    /// What these results say of claims.
    pub fn of(documents: &'a [Document]) -> Self {
        let claims = |document: &'a Document| ScenarioClaims {
            scenario: &document.scenario,
            seeds: &document.seeds,
            claims: &document.claims,
        };
        Self { version: env!("CARGO_PKG_VERSION"), scenarios: documents.iter().map(claims).collect() }
    }
}

/// The lines of a table of claims under a heading, at most 100 columns wide; nothing if there are none.
pub fn table(heading: &str, claims: &[Claimed]) -> Vec<String> {
    if claims.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![heading.to_owned()];
    lines.extend(cells("said", "measured here", "because"));
    for claim in claims {
        lines.extend(wrapped(&title(claim), TITLE_WIDTH).iter().map(|line| format!("  {line}")));
        lines.extend(cells(&claim.says, &measured(claim), &claim.because));
    }
    lines
}

fn title(claim: &Claimed) -> String {
    let whose: Vec<&str> = claim.protocol.iter().chain(&claim.source).map(String::as_str).collect();
    if whose.is_empty() { claim.about.clone() } else { format!("{} ({})", claim.about, whose.join("; ")) }
}

/// A share is in percent where the document's is.
fn measured(claim: &Claimed) -> String {
    let Claimed { says, metric, measured, half_width, digits, .. } = claim;
    let Some(metric) = metric else {
        return "not measured".to_owned();
    };
    let Some(mean) = measured else {
        return "no value".to_owned();
    };
    let is_percent = says.contains('%') && metric.ends_with("success");
    let (size, unit) = if is_percent { (100.0, " %") } else { (1.0, "") };
    let about = half_width.map_or(String::new(), |half| format!(" ± {:.digits$}", half * size));
    format!("{:.digits$}{about}{unit}", mean * size)
}

/// Three texts side by side, each wrapped in its column.
fn cells(says: &str, measured: &str, because: &str) -> Vec<String> {
    let [says, measured, because] =
        [wrapped(says, SAYS_WIDTH), wrapped(measured, MEASURED_WIDTH), wrapped(because, BECAUSE_WIDTH)];
    let at = |column: &[String], row: usize| column.get(row).cloned().unwrap_or_default();
    let row = |row| {
        let (says, measured, because) = (at(&says, row), at(&measured, row), at(&because, row));
        format!("    {}  {}  {because}", padded(&says, SAYS_WIDTH), padded(&measured, MEASURED_WIDTH))
    };
    (0..says.len().max(measured.len()).max(because.len())).map(row).collect()
}

const DIGITS_DEFAULT: usize = 3;
const DIGITS_MAX: usize = 9;
const TITLE_WIDTH: usize = 98;
/// With the margin of four and two columns between them, the three are 100 columns wide.
const SAYS_WIDTH: usize = 14;
const MEASURED_WIDTH: usize = 20;
const BECAUSE_WIDTH: usize = 58;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_has_one_digit_more_than_the_document_has() {
        let cases = [("1.90", 3), ("100 %", 1), ("91.5%", 2), ("~157K", 1), ("fast", 3), ("", 3), ("4", 1), ("2.", 1)];
        for (says, digits) in cases {
            assert_eq!(digits_after(says), digits, "{says}");
        }
        assert_eq!(digits_after("0.12345678901"), 9);
    }

    #[test]
    fn shares_are_in_percent_where_the_document_is() {
        let shown = |says, metric| measured(&Claimed { half_width: None, ..claim(says, metric, "so") });
        assert_eq!(shown("91.5%", Some("lookups.success")), "91.52 %");
        assert_eq!(shown("0.915", Some("lookups.success")), "0.9152");
        assert_eq!(shown("91.5%", Some("lookups.hops.mean")), "0.92");
        assert_eq!(shown("91.5%", None), "not measured");
        assert_eq!(measured(&claim("91.5%", Some("phases.after.success"), "so")), "91.52 ± 0.31 %");
        assert_eq!(measured(&Claimed { measured: None, ..claim("1", Some("nodes"), "so") }), "no value");
    }

    #[test]
    fn a_table_has_at_most_100_columns_whatever_stands_in_it() {
        let long = "why ".repeat(60) + &"x".repeat(300);
        let claims = [claim("1.90", Some("nodes"), "the same"), claim(&long, Some("nodes"), &long)];
        let lines = table("claims", &claims);
        assert!(lines.iter().all(|line| line.chars().count() <= 100), "{lines:#?}");
        assert_eq!(lines[..2], ["claims", "    said            measured here         because"]);
        assert_eq!(lines[2..4], ["  hops (one; a paper)", "    1.90            0.915 ± 0.003         the same"]);
        assert!(table("claims", &[]).is_empty());
    }

    fn claim(says: &str, metric: Option<&str>, because: &str) -> Claimed {
        Claimed {
            about: "hops".to_owned(),
            source: Some("a paper".to_owned()),
            protocol: Some("one".to_owned()),
            says: says.to_owned(),
            metric: metric.map(str::to_owned),
            measured: Some(0.9152),
            seeds: 3,
            half_width: Some(0.0031),
            because: because.to_owned(),
            digits: digits_after(says),
        }
    }
}
