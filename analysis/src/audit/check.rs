//! What only the whole of an audit shows: names that meet, questions that nothing can answer, pictures of what is not there. Better
//! now than after all has run.

use scenarios::mistake::Mistake;
use serde_json::{Map, Value as Json};

use super::contrast::are_met;
use super::document::{Picture, Strength};
use super::plan::{
    Choice, Experiment, Plan, Runs, Test, check_experiment, check_figure, check_parameter, check_value, unknown,
};
use super::spec::{ContrastSpec, ExhibitSpec, Spec};
use crate::metrics::Lookups;
use crate::sweep::versus::{Better, better};

/// Complains of names that cannot be those of folders, or of one folder only.
pub(super) fn names(spec: &Spec) -> Result<(), Mistake> {
    if !is_plain(&spec.id) {
        return Err(Mistake::new("id", "this cannot be the name of a folder").help(PLAIN));
    }
    let of_experiments: Vec<&str> = spec.experiments.0.iter().map(|(name, _)| name.as_str()).collect();
    let of_exhibits: Vec<&str> = spec.exhibits.0.iter().map(|(name, _)| name.as_str()).collect();
    for (field, names) in [("experiments", of_experiments), ("exhibits", of_exhibits)] {
        for (place, name) in names.iter().enumerate() {
            folder_name(field, name, &names[..place])?;
        }
    }
    let twice = |(place, name): &(usize, &String)| spec.tests[..*place].iter().any(|other| other.name == **name);
    match spec.tests.iter().map(|test| &test.name).enumerate().find(twice) {
        Some((place, _)) => Err(Mistake::new(format!("tests[{place}].name"), "another test is called so")
            .help("a verdict names its tests; give each its own name")),
        None => Ok(()),
    }
}

fn folder_name(field: &str, name: &str, before: &[&str]) -> Result<(), Mistake> {
    let here = format!("{field}.{name}");
    if !is_plain(name) {
        return Err(Mistake::new(field, format!("\"{name}\" cannot be the name of a folder")).help(PLAIN));
    }
    let folder = name.replace(' ', "-");
    if field == "experiments" && folder.eq_ignore_ascii_case("exhibits") {
        return Err(Mistake::new(here, "this folder is for the exhibits").in_name().help("call it something else"));
    }
    match before.iter().find(|other| other.replace(' ', "-").eq_ignore_ascii_case(&folder)) {
        Some(other) => Err(Mistake::new(here, format!("\"{name}\" and \"{other}\" would lie in one folder"))
            .in_name()
            .help("a blank is a hyphen in the names of folders, and some systems do not tell capitals apart")),
        None => Ok(()),
    }
}

fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == ' ' || c == '-') && name.trim() == name
}

/// Complains of what can come to nothing, or to no verdict. Of a first look it is no mistake that something is left out.
pub(super) fn whole(plan: &Plan, strength: Strength) -> Result<(), Mistake> {
    if !plan.tests.iter().any(|test| test.spec.decides) {
        return Err(Mistake::new("tests", "no test decides anything").help(
            "write at least one test without `decides: false`, such as `(name: …, question: …, experiment: …, metric: …, at_least: …)`",
        ));
    }
    let is_full = strength == Strength::Full;
    for (place, test) in plan.tests.iter().enumerate() {
        of_test(test, plan.experiment(&test.spec.experiment), &format!("tests[{place}]"), is_full)?;
    }
    for (place, choice) in plan.choices.iter().enumerate() {
        of_choice(choice, plan.experiment(&choice.spec.experiment), &format!("choices[{place}]"), is_full)?;
    }
    for (name, exhibit) in &plan.exhibits {
        of_exhibit(exhibit, plan, &format!("exhibits.{name}"), is_full)?;
    }
    let mut pictures = plan.pictures.iter().enumerate();
    pictures.try_for_each(|(place, picture)| of_picture(picture, plan, &format!("pictures[{place}]"), is_full))
}

fn of_test(test: &Test, experiment: &Experiment, here: &str, is_full: bool) -> Result<(), Mistake> {
    let contrasted = match &test.spec.contrast {
        ContrastSpec::Between { parameter, of: Some(_), .. } => Some(parameter),
        ContrastSpec::Doubling { of } => Some(of),
        ContrastSpec::AtPrice { settings, .. } => Some(settings),
        _ => None,
    };
    for (field, parameter) in [("along", &test.spec.along), ("across", &test.spec.across)] {
        if let Some(level) = parameter.as_ref().filter(|level| contrasted == Some(*level)) {
            return Err(Mistake::new(format!("{here}.{field}"), format!("`{level}` is what is contrasted here"))
                .label("no comparison has a value of it")
                .help(format!("name another parameter, or leave `{field}` out")));
        }
    }
    if let ContrastSpec::Between { parameter, of, to, .. } = &test.spec.contrast
        && is_full
    {
        let here = format!("{here}.contrast");
        check_value(parameter, to, experiment, &format!("{here}.to"))?;
        of.iter().try_for_each(|of| check_value(parameter, of, experiment, &format!("{here}.of")))?;
    }
    let Ok(runs) = &experiment.runs else {
        return Ok(());
    };
    if let Some(place) = contrasted.and_then(|contrasted| about(test, runs, contrasted)) {
        return Err(Mistake::new(format!("{here}.where[{place}]"), "this is about what is contrasted here")
            .label("no comparison has a value of it")
            .help("name other parameters, or `protocol`"));
    }
    conditions(&test.conditions, runs, true, here, is_full)
}

/// The place of the first condition that names a parameter.
fn about(test: &Test, runs: &Runs, parameter: &str) -> Option<usize> {
    let name = runs.sweep.grid.parameters.iter().position(|other| other.name == parameter)?;
    test.conditions.iter().position(|condition| condition.is_about(name))
}

fn of_choice(choice: &Choice, experiment: &Experiment, here: &str, is_full: bool) -> Result<(), Mistake> {
    let spec = &choice.spec;
    if !(spec.margin.is_finite() && spec.margin >= 0.0) {
        return Err(Mistake::new(format!("{here}.margin"), "a margin is a share of the best, such as 0.1"));
    }
    if let Some((metric, _)) = spec.needs.0.iter().find(|(_, least)| !least.is_finite()) {
        return Err(Mistake::new(format!("{here}.needs"), format!("what is needed of `{metric}` is a finite number")));
    }
    if better(&spec.metric) == Some(Better::Higher) {
        return Err(Mistake::new(format!("{here}.metric"), format!("of `{}`, more is better", spec.metric))
            .label("a choice takes whoever has least of it")
            .help("say under `needs` how much of it is needed, and choose by what costs, such as `lookups.latency_ms.mean`"));
    }
    let Ok(runs) = &experiment.runs else {
        return Ok(());
    };
    let protocol = runs.sweep.grid.parameters.len();
    if let Some(place) = choice.conditions.iter().position(|condition| condition.is_about(protocol)) {
        return Err(Mistake::new(format!("{here}.where[{place}]"), "all protocols are candidates")
            .help("conditions of a choice are about parameters; `only` of the experiment says which protocols run"));
    }
    conditions(&choice.conditions, runs, false, here, is_full)
}

/// Complains of conditions that cannot be compared, and of those that leave nothing.
fn conditions(
    conditions: &[crate::sweep::constraint::Constraint],
    runs: &Runs,
    has_protocol: bool,
    here: &str,
    is_full: bool,
) -> Result<(), Mistake> {
    let grid = &runs.sweep.grid;
    let mut is_any_met = conditions.is_empty();
    for cell in 0..grid.len() {
        let values = grid.parameters.iter().zip(grid.values(cell));
        let parameters: Map<String, Json> =
            values.map(|(parameter, value)| (parameter.name.clone(), value.json())).collect();
        let labels = if has_protocol { runs.sweep.labels(cell) } else { vec![String::new()] };
        for label in &labels {
            for (place, condition) in conditions.iter().enumerate() {
                are_met(std::slice::from_ref(condition), runs, &parameters, label)
                    .map_err(|wrong| Mistake::new(format!("{here}.where[{place}]"), wrong.title).help(wrong.help))?;
            }
            is_any_met |= are_met(conditions, runs, &parameters, label).is_ok_and(|is_met| is_met);
        }
    }
    if is_any_met || !is_full {
        return Ok(());
    }
    Err(Mistake::new(format!("{here}.where"), "no cell meets all of these").help(
        "`dhtsim audit --dry-run` counts the cells; a text stands in single quotes, as it is written in `values`",
    ))
}

fn of_exhibit(exhibit: &ExhibitSpec, plan: &Plan, here: &str, is_full: bool) -> Result<(), Mistake> {
    check_experiment(&exhibit.experiment, &plan.experiments, &format!("{here}.experiment"))?;
    let experiment = plan.experiment(&exhibit.experiment);
    cells(&exhibit.cell, experiment, &format!("{here}.cell"), is_full)?;
    match &experiment.runs {
        Ok(runs) if is_full && super::exhibit::cell_of(exhibit, runs).is_none() => {
            Err(Mistake::new(format!("{here}.cell"), "no cell of the sweep has all of these values"))
        }
        _ => Ok(()),
    }
}

/// Parameters with a value, or a list of values.
fn cells(cells: &Map<String, Json>, experiment: &Experiment, here: &str, is_full: bool) -> Result<(), Mistake> {
    for (parameter, value) in cells {
        let here = format!("{here}.{parameter}");
        check_parameter(parameter, experiment, &here).map_err(Mistake::in_name)?;
        let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        if is_full {
            values.iter().try_for_each(|value| check_value(parameter, value, experiment, &here))?;
        }
    }
    Ok(())
}

fn of_picture(picture: &Picture, plan: &Plan, here: &str, is_full: bool) -> Result<(), Mistake> {
    let at = |field: &str| format!("{here}.{field}");
    let experiment = |name: &str| check_experiment(name, &plan.experiments, &at("experiment"));
    let checked = |name: &str, figures: &[(&str, &str)], parameters: &[(&str, Option<&String>)], fixed| {
        let experiment = experiment(name)?;
        for (field, parameter) in parameters.iter().filter_map(|(field, parameter)| Some((field, (*parameter)?))) {
            check_parameter(parameter, experiment, &at(field))?;
        }
        figures.iter().try_for_each(|(field, metric)| check_figure(metric, experiment, &at(field)))?;
        cells(fixed, experiment, &at("cells"), is_full)
    };
    match picture {
        Picture::Curve { experiment, x, metric, dashes, panels, cells, .. } => {
            let parameters = [("x", Some(x)), ("dashes", dashes.as_ref()), ("panels", panels.as_ref())];
            checked(experiment, &[("metric", metric)], &parameters, cells)
        }
        Picture::Cdf { experiment, histogram: name, panels, cells, .. }
        | Picture::Bars { experiment, histogram: name, panels, cells, .. } => {
            histogram(name, &at("histogram"))?;
            checked(experiment, &[], &[("panels", panels.as_ref())], cells)
        }
        Picture::Front { experiment, cost, performance, panels, cells, .. } => {
            let figures = [("cost", cost.as_str()), ("performance", performance)];
            checked(experiment, &figures, &[("panels", panels.as_ref())], cells)
        }
        Picture::Lorenz { experiment, of, panels, cells, .. } => {
            checked(experiment, &[("of", &format!("{of}.gini"))], &[("panels", panels.as_ref())], cells)
        }
        Picture::OverTime { exhibit, .. } | Picture::Ring { exhibit, .. } => {
            let names = plan.exhibits.iter().map(|(name, _)| name.as_str());
            if names.clone().any(|name| name == exhibit) {
                Ok(())
            } else {
                Err(unknown(&at("exhibit"), "exhibit", exhibit, names))
            }
        }
    }
}

/// Histograms are called as their figures are, with the unit or without.
fn histogram(name: &str, here: &str) -> Result<(), Mistake> {
    let lookups = Lookups::default();
    let names = lookups.distributions().map(|(name, ..)| name);
    let plain = name.strip_suffix("_ms").unwrap_or(name);
    if names.contains(&plain) { Ok(()) } else { Err(unknown(here, "histogram", name, names.into_iter())) }
}

const PLAIN: &str = "letters, digits, blanks and hyphens make a name";
