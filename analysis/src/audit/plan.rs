//! An audit as meant: its sweeps are read and its questions checked before anything runs.

use std::io;

use scenarios::files::{Files, Folders};
use scenarios::mistake::Mistake;
use scenarios::splice::splice;
use scenarios::{diagnostic, read};
use serde_json::Value as Json;

use super::check;
use super::document::{Picture, Strength};
use super::spec::{ChoiceSpec, ContrastSpec, ExhibitSpec, ExperimentSpec, Spec, TestSpec};
use crate::execute::{Failure, Input, Progress};
use crate::expect::check_metric;
use crate::named::Named;
use crate::sweep::constraint::{Constraint, WrongConstraint};
use crate::sweep::grid::Parameter;
use crate::sweep::plan::{Filter, Sweep, part};

/// An audit as meant.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What it is called, such as `A3`.
    pub id: String,
    /// The assumption in a few words.
    pub title: String,
    /// What the document says that it is taken from.
    pub says: String,
    /// What is put to the test.
    pub claim: String,
    /// What is run.
    pub experiments: Vec<Experiment>,
    pub(super) tests: Vec<Test>,
    pub(super) choices: Vec<Choice>,
    pub(super) exhibits: Vec<(String, ExhibitSpec)>,
    pub(super) pictures: Vec<Picture>,
}

/// A sweep of an audit.
#[derive(Clone, Debug)]
pub struct Experiment {
    /// What it is called.
    pub name: String,
    /// What is done in it.
    pub about: String,
    /// Its folder, from that of the audits.
    pub folder: String,
    /// What is run; or the measured data that it needs and that are nowhere.
    pub runs: Result<Runs, String>,
}

/// A sweep, and what of it is run.
#[derive(Clone, Debug)]
pub struct Runs {
    /// The sweep.
    pub sweep: Sweep,
    /// What of it.
    pub filter: Filter,
}

/// A question, with its conditions read.
#[derive(Clone, Debug)]
pub(super) struct Test {
    pub(super) spec: TestSpec,
    pub(super) metric: Metric,
    pub(super) conditions: Vec<Constraint>,
}

/// A choice, with its conditions read.
#[derive(Clone, Debug)]
pub(super) struct Choice {
    pub(super) spec: ChoiceSpec,
    pub(super) conditions: Vec<Constraint>,
}

/// A figure, or one over another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Metric {
    pub(super) above: String,
    pub(super) below: Option<String>,
}

impl Metric {
    pub(super) fn parse(text: &str) -> Self {
        match text.split_once(" / ") {
            Some((above, below)) => Self { above: above.trim().to_owned(), below: Some(below.trim().to_owned()) },
            None => Self { above: text.to_owned(), below: None },
        }
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        [Some(self.above.as_str()), self.below.as_deref()].into_iter().flatten()
    }
}

impl Plan {
    /// Reads an audit, with every cell of its sweeps.
    pub fn read(input: &Input, strength: Strength, folders: &Folders, progress: &Progress) -> Result<Self, Failure> {
        let spec: Spec = read::document(&input.name, &input.bytes)?;
        let text = read::text(&input.name, &input.bytes)?.to_owned();
        let at = |mistake: Mistake| Failure::from(read::locate(&input.name, &text, &mistake));
        let reader = Reader { input, text: &text, strength, folders, progress };
        check::names(&spec).map_err(at)?;
        let experiments =
            spec.experiments.0.iter().map(|(name, experiment)| reader.experiment(&spec.id, name, experiment));
        let experiments = experiments.collect::<Result<Vec<Experiment>, Failure>>()?;
        let plan = Self {
            tests: spec
                .tests
                .iter()
                .enumerate()
                .map(|(place, test)| test_of(test, place, &experiments))
                .collect::<Result<_, _>>()
                .map_err(at)?,
            choices: spec
                .choices
                .iter()
                .enumerate()
                .map(|(place, choice)| choice_of(choice, place, &experiments))
                .collect::<Result<_, _>>()
                .map_err(at)?,
            id: spec.id,
            title: spec.title,
            says: spec.says,
            claim: spec.claim,
            experiments,
            exhibits: spec.exhibits.0,
            pictures: spec.pictures,
        };
        check::whole(&plan, strength).map_err(at)?;
        Ok(plan)
    }

    /// The experiment of this name.
    pub(super) fn experiment(&self, name: &str) -> &Experiment {
        named(&self.experiments, name).expect("names of experiments were checked when the audit was read")
    }
}

/// What is needed to read the sweeps of an audit.
struct Reader<'a> {
    input: &'a Input,
    text: &'a str,
    strength: Strength,
    folders: &'a Folders,
    progress: &'a Progress,
}

impl Reader<'_> {
    fn experiment(&self, id: &str, name: &str, spec: &ExperimentSpec) -> Result<Experiment, Failure> {
        let here = format!("experiments.{name}");
        let at = |mistake: Mistake| Failure::from(read::locate(&self.input.name, self.text, &mistake));
        let runs = match self.missing(spec) {
            Some(missing) => Err(missing),
            None => Ok(self.runs(id, name, spec, &here, &at)?),
        };
        let folder = format!("{id}/{}", name.replace(' ', "-"));
        Ok(Experiment { name: name.to_owned(), about: spec.about.clone(), folder, runs })
    }

    /// The measured data that are needed and nowhere to be found.
    fn missing(&self, spec: &ExperimentSpec) -> Option<String> {
        let is_missing =
            |name: &&String| self.folders.read(name).is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
        spec.needs.iter().find(is_missing).cloned()
    }

    fn runs(
        &self,
        id: &str,
        name: &str,
        spec: &ExperimentSpec,
        here: &str,
        at: &dyn Fn(Mistake) -> Failure,
    ) -> Result<Runs, Failure> {
        if !spec.sweep.text().starts_with('(') {
            let help = "write it here as `dhtsim sweep` would read it from a file";
            return Err(at(Mistake::new(format!("{here}.sweep"), "this is no sweep: `(base: …)`").help(help)));
        }
        let full = part(self.text, &format!("{here}.sweep"));
        // It is tried in any case: who writes it runs the whole more often.
        let quick =
            quick(&full, &spec.quick).map_err(|mistake| at(Mistake { path: format!("{here}.quick"), ..mistake }))?;
        let text = if self.strength == Strength::Quick { quick } else { full };
        let plan = Input { name: self.input.name.clone(), title: format!("{id} {name}"), bytes: text.into_bytes() };
        let sweep = Sweep::read(&plan, self.folders, self.progress)?;
        let filter = only(&sweep, &spec.only, here).map_err(at)?;
        Ok(Runs { sweep, filter })
    }
}

/// The text of a sweep with what is enough for a first look.
fn quick(text: &str, changes: &Named<scenarios::raw::Raw>) -> Result<String, Mistake> {
    changes.0.iter().try_fold(text.to_owned(), |text, (place, value)| {
        let changed = splice(&text, place, value.text()).map_err(|title| {
            Mistake::new("", title)
                .label(format!("\"{place}\" leads nowhere in the sweep"))
                .help("a path leads through the fields and elements of the sweep, such as `seeds` or `axes[0].values`")
        })?;
        Ok(changed.text)
    })
}

/// The runs for which all of these hold.
fn only(sweep: &Sweep, conditions: &[String], here: &str) -> Result<Filter, Mistake> {
    let mistake = |path: String, wrong: String| match wrong.split_once("\n  = help: ") {
        Some((title, help)) => Mistake::new(path, title).help(help),
        None => Mistake::new(path, wrong),
    };
    for (place, condition) in conditions.iter().enumerate() {
        Filter::parse(sweep, std::slice::from_ref(condition))
            .map_err(|wrong| mistake(format!("{here}.only[{place}]"), wrong))?;
    }
    let filter = Filter::parse(sweep, conditions).and_then(|filter| filter.check(sweep).map(|()| filter));
    filter.map_err(|wrong| mistake(format!("{here}.only"), wrong))
}

fn named<'a>(experiments: &'a [Experiment], name: &str) -> Option<&'a Experiment> {
    experiments.iter().find(|experiment| experiment.name == name)
}

pub(super) fn check_experiment<'a>(
    name: &str,
    experiments: &'a [Experiment],
    here: &str,
) -> Result<&'a Experiment, Mistake> {
    named(experiments, name).ok_or_else(|| {
        let names = experiments.iter().map(|experiment| experiment.name.as_str());
        unknown(here, "experiment", name, names)
    })
}

pub(super) fn unknown<'n>(here: &str, what: &str, name: &str, names: impl Iterator<Item = &'n str> + Clone) -> Mistake {
    let mistake = Mistake::new(here, format!("there is no {what} \"{name}\""));
    match diagnostic::suggest(name, names.clone()) {
        Some(meant) => mistake.help(format!("did you mean \"{meant}\"?")),
        None => mistake.help(format!("there are: {}", names.collect::<Vec<&str>>().join(", "))),
    }
}

pub(super) fn check_parameter(name: &str, experiment: &Experiment, here: &str) -> Result<(), Mistake> {
    let Ok(Runs { sweep, .. }) = &experiment.runs else {
        return Ok(());
    };
    let names = sweep.grid.parameters.iter().map(|parameter| parameter.name.as_str());
    if names.clone().any(|other| other == name) { Ok(()) } else { Err(unknown(here, "parameter", name, names)) }
}

pub(super) fn check_value(parameter: &str, value: &Json, experiment: &Experiment, here: &str) -> Result<(), Mistake> {
    check_parameter(parameter, experiment, here)?;
    let Ok(Runs { sweep, .. }) = &experiment.runs else {
        return Ok(());
    };
    let values = sweep.grid.parameters.iter().find(|other| other.name == parameter).map(Parameter::json_values);
    let values = values.unwrap_or_default();
    if values.contains(value) {
        return Ok(());
    }
    let there: Vec<String> = values.iter().map(ToString::to_string).collect();
    Err(Mistake::new(here, format!("`{parameter}` is never {value}")).help(format!("it is: {}", there.join(", "))))
}

fn check_label(label: &str, experiment: &Experiment, here: &str) -> Result<(), Mistake> {
    let Ok(Runs { sweep, .. }) = &experiment.runs else {
        return Ok(());
    };
    let labels = sweep.labels(0);
    if labels.iter().any(|other| other == label) {
        return Ok(());
    }
    Err(unknown(here, "protocol", label, labels.iter().map(String::as_str)))
}

pub(super) fn check_figure(metric: &str, experiment: &Experiment, here: &str) -> Result<(), Mistake> {
    match &experiment.runs {
        Ok(Runs { sweep, .. }) => check_metric(metric, &sweep.figures, here),
        Err(_) => Ok(()),
    }
}

fn conditions(texts: &[String], experiment: &Experiment, here: &str) -> Result<Vec<Constraint>, Mistake> {
    let Ok(Runs { sweep, .. }) = &experiment.runs else {
        return Ok(Vec::new());
    };
    let names: Vec<&str> = sweep.grid.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
    let names = [names, vec!["protocol"]].concat();
    let parse = |(place, text): (usize, &String)| {
        let wrong =
            |wrong: WrongConstraint| Mistake::new(format!("{here}.where[{place}]"), wrong.title).help(wrong.help);
        Constraint::parse(text, &names).map_err(wrong)
    };
    texts.iter().enumerate().map(parse).collect()
}

pub(super) fn test_of(spec: &TestSpec, place: usize, experiments: &[Experiment]) -> Result<Test, Mistake> {
    let here = format!("tests[{place}]");
    let experiment = check_experiment(&spec.experiment, experiments, &format!("{here}.experiment"))?;
    let metric = Metric::parse(&spec.metric);
    metric.names().try_for_each(|name| check_figure(name, experiment, &format!("{here}.metric")))?;
    for (field, parameter) in [("along", &spec.along), ("across", &spec.across)] {
        if let Some(parameter) = parameter {
            check_parameter(parameter, experiment, &format!("{here}.{field}"))?;
        }
    }
    if spec.along.is_some() && spec.across.is_some() {
        return Err(Mistake::new(format!("{here}.across"), "a test goes along one parameter or across one")
            .help("leave `across` out; its parameter stands beside each figure anyway"));
    }
    check_bounds(spec, &here)?;
    check_contrast(&spec.contrast, experiment, &format!("{here}.contrast"))?;
    let conditions = conditions(&spec.conditions, experiment, &here)?;
    Ok(Test { spec: spec.clone(), metric, conditions })
}

fn check_bounds(spec: &TestSpec, here: &str) -> Result<(), Mistake> {
    let is_order = matches!(spec.contrast, ContrastSpec::Order { .. });
    let endless = |field: &str| {
        Mistake::new(format!("{here}.{field}"), "a margin is a finite number")
            .help("leave out what need not be kept to")
    };
    match (spec.at_least, spec.at_most) {
        (None, None) if is_order => Ok(()),
        _ if is_order => Err(Mistake::new(here, "an order has no margin").help("leave `at_least` and `at_most` out")),
        (None, None) => Err(Mistake::new(here, "without a margin nothing is decided")
            .help("write `at_least: …`, `at_most: …` or both, before you have seen the figures")),
        (Some(least), Some(most)) if least > most => {
            Err(Mistake::new(format!("{here}.at_most"), "`at_most` must not be below `at_least`"))
        }
        (Some(least), _) if !least.is_finite() => Err(endless("at_least")),
        (_, Some(most)) if !most.is_finite() => Err(endless("at_most")),
        _ => Ok(()),
    }
}

fn check_contrast(contrast: &ContrastSpec, experiment: &Experiment, here: &str) -> Result<(), Mistake> {
    let at = |field: &str| format!("{here}.{field}");
    let itself = |field: &str| Mistake::new(at(field), "nothing is compared with itself").help("write another one");
    match contrast {
        ContrastSpec::Value => Ok(()),
        ContrastSpec::Between { parameter, of, to, .. } => {
            check_parameter(parameter, experiment, &at("parameter"))?;
            if of.as_ref() == Some(to) { Err(itself("of")) } else { Ok(()) }
        }
        ContrastSpec::Against { of, to, .. } => {
            check_label(of, experiment, &at("of"))?;
            match to {
                Some(to) if to == of => Err(itself("to")),
                Some(to) => check_label(to, experiment, &at("to")),
                None => Ok(()),
            }
        }
        ContrastSpec::Doubling { of } => {
            check_parameter(of, experiment, &at("of"))?;
            check_number(of, experiment, &at("of"))
        }
        ContrastSpec::Order { with } => check_figure(with, experiment, &at("with")),
        ContrastSpec::AtPrice { of, settings, cost, budgets } => {
            check_label(of, experiment, &at("of"))?;
            check_parameter(settings, experiment, &at("settings"))?;
            check_figure(cost, experiment, &at("cost"))?;
            check_budgets(budgets, &at("budgets"))
        }
    }
}

/// Complains of a parameter of texts, which has no logarithm.
fn check_number(parameter: &str, experiment: &Experiment, here: &str) -> Result<(), Mistake> {
    let Ok(runs) = &experiment.runs else {
        return Ok(());
    };
    let values = runs.sweep.grid.parameters.iter().filter(|other| other.name == parameter);
    match values.flat_map(Parameter::json_values).find(|value| runs.number(parameter, value).is_none()) {
        Some(value) => Err(Mistake::new(here, format!("{value} is not twice of anything"))
            .help("only a parameter of numbers or durations doubles")),
        None => Ok(()),
    }
}

fn check_budgets(budgets: &[f64], here: &str) -> Result<(), Mistake> {
    if budgets.is_empty() {
        Err(Mistake::new(here, "there is no budget").help("write `budgets: [100, 200]`"))
    } else if budgets.iter().any(|budget| !budget.is_finite()) {
        Err(Mistake::new(here, "a budget is a finite number"))
    } else {
        Ok(())
    }
}

pub(super) fn choice_of(spec: &ChoiceSpec, place: usize, experiments: &[Experiment]) -> Result<Choice, Mistake> {
    let here = format!("choices[{place}]");
    let experiment = check_experiment(&spec.experiment, experiments, &format!("{here}.experiment"))?;
    check_figure(&spec.metric, experiment, &format!("{here}.metric"))?;
    let mut needs = spec.needs.0.iter();
    needs.try_for_each(|(metric, _)| check_figure(metric, experiment, &format!("{here}.needs")))?;
    let mut beside = spec.beside.iter().enumerate();
    beside.try_for_each(|(place, metric)| check_figure(metric, experiment, &format!("{here}.beside[{place}]")))?;
    check_parameter(&spec.along, experiment, &format!("{here}.along"))?;
    let conditions = conditions(&spec.conditions, experiment, &here)?;
    Ok(Choice { spec: spec.clone(), conditions })
}

impl Runs {
    /// What a parameter is set to, as a number; a duration in seconds.
    pub(super) fn number(&self, parameter: &str, value: &Json) -> Option<f64> {
        let found = self.sweep.grid.parameters.iter().find(|other| other.name == parameter)?;
        found.number_of(value)
    }

    /// The place of a value among those of a parameter.
    pub(super) fn level(&self, parameter: &str, value: &Json) -> Option<usize> {
        let found = self.sweep.grid.parameters.iter().find(|other| other.name == parameter)?;
        found.json_values().iter().position(|other| other == value)
    }
}
