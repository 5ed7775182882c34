//! Expectations: figures that a scenario says must come out, as the mean over its seeds.

use scenarios::ast::{Expectation, Scenario};
use scenarios::diagnostic::suggest;
use scenarios::mistake::Mistake;

use crate::figure::is_share;
use crate::phases::metric_names_of;
use crate::results::{Expected, Outcome};
use crate::statistics::mean;

/// Complains of figures that do not exist, and of bounds that nothing can meet.
pub fn check(scenario: &Scenario) -> Result<(), Mistake> {
    let names = metric_names_of(scenario);
    scenario.expect.iter().enumerate().try_for_each(|(place, expectation)| {
        check_metric(&expectation.metric, &names, &format!("expect[{place}].metric"))?;
        check_bounds(expectation, &format!("expect[{place}]"))
    })
}

fn check_bounds(expectation: &Expectation, here: &str) -> Result<(), Mistake> {
    let Expectation { metric, at_least, at_most, .. } = expectation;
    if let (Some(least), Some(most)) = (at_least, at_most)
        && least.0 > most.0
    {
        return Err(Mistake::new(format!("{here}.at_most"), "`at_most` must not be below `at_least`")
            .label(format!("{} is below {}", most.0, least.0)));
    }
    match at_least.filter(|least| is_share(metric) && least.0 > 1.0) {
        Some(least) => Err(Mistake::new(format!("{here}.at_least"), format!("`{metric}` is a share, from 0 to 1"))
            .label(format!("it is never {}", least.0))
            .help("write for example 0.99 for 99 %")),
        None => Ok(()),
    }
}

/// Complains of a figure that is not among these names, and says which is meant.
pub fn check_metric(metric: &str, names: &[String], here: &str) -> Result<(), Mistake> {
    if names.iter().any(|name| name == metric) {
        return Ok(());
    }
    let mistake = Mistake::new(here, format!("there is no figure `{metric}`"));
    Err(match suggest(metric, names.iter().map(String::as_str)) {
        Some(name) => mistake.help(format!("did you mean `{name}`?")),
        None => match names.iter().find(|name| name.starts_with(&format!("{metric}."))) {
            Some(name) => mistake.help(format!("write for example `{name}`")),
            None => mistake.help("`dhtsim list metrics` names them all"),
        },
    })
}

/// Holds the results against what was expected.
pub fn judge(scenario: &Scenario, results: &[Outcome]) -> Vec<Expected> {
    let mut judged = Vec::new();
    for expectation in &scenario.expect {
        for (label, _) in &scenario.protocols.0 {
            if expectation.protocol.as_ref().is_none_or(|wanted| wanted == label) {
                judged.push(judge_one(expectation, label, results));
            }
        }
    }
    judged
}

/// A figure without a value in every run is an expectation missed.
fn judge_one(expectation: &Expectation, label: &str, results: &[Outcome]) -> Expected {
    let Expectation { metric, at_least, at_most, within, .. } = expectation;
    let values: Vec<f64> =
        results.iter().filter(|outcome| outcome.label == label).filter_map(|outcome| outcome.figure(metric)).collect();
    let measured = mean(&values);
    let least = within.map(|(low, _)| low.0).into_iter().chain(at_least.map(|least| least.0)).reduce(f64::max);
    let most = within.map(|(_, high)| high.0).into_iter().chain(at_most.map(|most| most.0)).reduce(f64::min);
    let met =
        measured.is_some_and(|value| least.is_none_or(|least| value >= least) && most.is_none_or(|most| value <= most));
    Expected {
        metric: metric.clone(),
        protocol: label.to_owned(),
        at_least: least,
        at_most: most,
        measured,
        seeds: values.len(),
        met,
    }
}
