//! From the results of an audit's experiments to its verdict.

use std::io;
use std::path::Path;

use super::cells::Cells;
use super::choice::choose;
use super::contrast::{Sample, samples};
use super::document::{Audit, Choice, Comparison, Experiment as Ran, Test as Judged, Verdict};
use super::judge::{Margin, judge};
use super::plan::{Experiment, Plan, Runs, Test};
use super::spec::ContrastSpec;
use super::{verdict, words};
use crate::sweep::results::Results;
use crate::sweep::seeding::Seeding;

/// What an audit comes to, when all its experiments have been run into this folder.
pub fn conclude(plan: &Plan, folder: &Path) -> io::Result<(Audit, Vec<Choice>)> {
    let read = plan
        .experiments
        .iter()
        .map(|experiment| Read::of(plan, experiment, folder))
        .collect::<io::Result<Vec<Read<'_>>>>()?;
    let of = |name: &str| read.iter().find(|read| read.experiment.name == name).and_then(|read| read.figures.as_ref());
    let taken = plan.tests.iter().map(|test| match of(&test.spec.experiment) {
        Some((runs, cells)) => samples(test, runs, cells).map_err(|wrong| unfit(&wrong.title)),
        None => Ok(Vec::new()),
    });
    let taken = taken.collect::<io::Result<Vec<Vec<Sample>>>>()?;
    let family: Vec<(&Sample, Margin)> = plan
        .tests
        .iter()
        .zip(&taken)
        .flat_map(|(test, taken)| taken.iter().map(|sample| (sample, margin(test))))
        .collect();
    let mut judged = judge(&family).into_iter();
    let tests = plan.tests.iter().zip(&taken).map(|(test, taken)| {
        let cells = taken.iter().map(|sample| sample.subject.clone()).zip(judged.by_ref()).collect();
        tested(test, of(&test.spec.experiment).map(|(runs, _)| *runs), cells)
    });
    let tests: Vec<Judged> = tests.collect();
    let verdict =
        verdict::of_all(tests.iter().filter(|test| test.decides && !test.subjects.is_empty()).map(|test| test.verdict));
    let choices = plan.choices.iter().filter_map(|choice| {
        let (runs, cells) = of(&choice.spec.experiment)?;
        Some(choose(&plan.id, choice, runs, cells))
    });
    let audit = Audit {
        id: plan.id.clone(),
        title: plan.title.clone(),
        says: plan.says.clone(),
        claim: plan.claim.clone(),
        verdict,
        sentence: words::of_audit(verdict, &tests),
        comparisons: family.len(),
        experiments: read.iter().map(|read| read.ran.clone()).collect(),
        pictures: plan.pictures.clone(),
        tests,
    };
    Ok((audit, choices.collect::<io::Result<Vec<Choice>>>()?))
}

fn unfit(title: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, title.to_owned())
}

fn margin(test: &Test) -> Margin {
    Margin { at_least: test.spec.at_least, at_most: test.spec.at_most }
}

/// An experiment with its figures, if it was run.
struct Read<'a> {
    experiment: &'a Experiment,
    ran: Ran,
    figures: Option<(&'a Runs, Cells)>,
}

impl<'a> Read<'a> {
    fn of(plan: &Plan, experiment: &'a Experiment, folder: &Path) -> io::Result<Self> {
        let mut ran = Ran {
            name: experiment.name.clone(),
            about: experiment.about.clone(),
            folder: experiment.folder.clone(),
            hash: String::new(),
            seeds: String::new(),
            runs: 0,
            labels: Vec::new(),
            parameters: Vec::new(),
            missing: None,
        };
        let runs = match &experiment.runs {
            Ok(runs) => runs,
            Err(missing) => {
                ran.missing = Some(missing.clone());
                return Ok(Self { experiment, ran, figures: None });
            }
        };
        let results = Results::open(&folder.join(&experiment.folder)).map_err(io::Error::other)?;
        ran.hash.clone_from(&runs.sweep.hash);
        ran.seeds = seeds(&runs.sweep.seeds);
        ran.labels = runs.sweep.labels(0);
        let parameters = runs.sweep.grid.parameters.iter();
        ran.parameters = parameters.map(|parameter| (parameter.name.clone(), parameter.json_values())).collect();
        let cells = Cells::read(&results, figures(plan, &experiment.name))?;
        ran.runs = cells.runs();
        Ok(Self { experiment, ran, figures: Some((runs, cells)) })
    }
}

fn seeds(seeds: &Seeding) -> String {
    match seeds {
        Seeding::Fixed(seeds) => format!("{} to {}", seeds.start, seeds.end.saturating_sub(1)),
        Seeding::Until(until) => {
            format!("from {} until the interval is narrow enough, {} at most", until.first, until.at_most)
        }
    }
}

/// All figures that are asked for of an experiment.
fn figures(plan: &Plan, experiment: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for test in plan.tests.iter().filter(|test| test.spec.experiment == experiment) {
        names.extend(test.metric.names().map(str::to_owned));
        match &test.spec.contrast {
            ContrastSpec::Order { with: other } | ContrastSpec::AtPrice { cost: other, .. } => {
                names.push(other.clone());
            }
            _ => {}
        }
    }
    for choice in plan.choices.iter().filter(|choice| choice.spec.experiment == experiment) {
        names.push(choice.spec.metric.clone());
        names.extend(choice.spec.needs.0.iter().map(|(metric, _)| metric.clone()));
        names.extend(choice.spec.beside.iter().cloned());
    }
    names.sort();
    names.dedup();
    names
}

fn tested(test: &Test, runs: Option<&Runs>, cells: Vec<(String, Comparison)>) -> Judged {
    let subjects = runs.map_or_else(Vec::new, |runs| verdict::subjects(test, runs, cells));
    let found = if runs.is_some() { verdict::of_test(test, &subjects) } else { Verdict::Undecided };
    let spec = &test.spec;
    Judged {
        name: spec.name.clone(),
        question: spec.question.clone(),
        experiment: spec.experiment.clone(),
        metric: spec.metric.clone(),
        contrast: words::contrast(&spec.contrast),
        at_least: spec.at_least,
        at_most: spec.at_most,
        along: spec.level().map(str::to_owned),
        is_ordered: spec.along.is_some(),
        decides: spec.decides,
        verdict: found,
        sentence: words::of_test(found, &subjects),
        subjects,
    }
}
