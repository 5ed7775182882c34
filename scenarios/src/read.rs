//! From text to scenario to plan, with an error that names line, column and culprit whatever the bytes.

use ron::Options;
use ron::extensions::Extensions;
use ron::ser::PrettyConfig;
use serde::de::DeserializeOwned;

use crate::ast::{Action, Claim, Expectation, LawSpec, Scenario};
use crate::diagnostic::{Diagnostic, from_ron, suggest};
use crate::files::Files;
use crate::mistake::Mistake;
use crate::plan::{self, Plan};
use crate::source::{Path, Shape, Source};
use protocols::Entry;
use protocols::key::Width;

/// Reads a scenario from bytes; `name` stands for the file in errors.
pub fn scenario(name: &str, bytes: &[u8]) -> Result<Scenario, Box<Diagnostic>> {
    let text = text(name, bytes)?;
    let read = options().from_str::<Scenario>(text).map_err(|error| Box::new(from_ron(name, text, &error)));
    let checked = read.and_then(|scenario| match check(&scenario) {
        Ok(()) => Ok(scenario),
        Err(mistake) => Err(locate(name, text, &mistake)),
    });
    let better = || other_document(text).or_else(|| lone_entry(text));
    checked.map_err(|diagnostic| better().map_or(diagnostic, |mistake| locate(name, text, &mistake)))
}

/// Who gives a sweep or an audit to what reads scenarios is told so, and not that it lacks everything.
fn other_document(text: &str) -> Option<Mistake> {
    const OTHERS: [(&str, &str, &str, &str); 2] = [
        ("base", "the plan of a sweep", "the scenario that it changes", "`dhtsim sweep` runs it"),
        ("experiments", "an audit", "the sweeps that it runs", "`dhtsim audit` runs it"),
    ];
    let source = Source::new("", text);
    let root = source.root()?;
    let (field, what, label, help) = OTHERS.into_iter().find(|(field, ..)| root.field(field).is_some())?;
    Some(Mistake::new(field, format!("this is {what}, and no scenario")).in_name().label(label).help(help))
}

/// Reads any other document as scenarios are read, with the same errors.
pub fn document<T: DeserializeOwned>(name: &str, bytes: &[u8]) -> Result<T, Box<Diagnostic>> {
    let text = text(name, bytes)?;
    options().from_str(text).map_err(|error| Box::new(from_ron(name, text, &error)))
}

/// A protocol or an entry of the churn without a list around it reads as a map from its fields, and what is wrong with that
/// helps nobody.
fn lone_entry(text: &str) -> Option<Mistake> {
    let source = Source::new("", text);
    let root = source.root()?;
    let mut lists = [("protocols", "protocols stand in a list"), ("churn", "churn stands in a list")].into_iter();
    lists.find_map(|(field, title)| {
        let node = root.field(field)?.value.as_ref().filter(|node| node.shape == Shape::Parens)?;
        let written = &text[node.span.clone()];
        let help = if written.len() < 40 {
            format!("write `{field}: [{written}]`")
        } else {
            "write `[...]` around it".to_owned()
        };
        Some(Mistake::new(field, title).help(help))
    })
}

/// Reads a scenario and decides it for one seed.
pub fn plan(
    name: &str,
    bytes: &[u8],
    seed: Option<u64>,
    files: &dyn Files,
) -> Result<(Scenario, Plan), Box<Diagnostic>> {
    let scenario = scenario(name, bytes)?;
    let seed = seed.unwrap_or_else(|| scenario.seeds()[0]);
    let text = text(name, bytes)?;
    let plan = Plan::make(&scenario, seed, files).map_err(|mistake| locate(name, text, &mistake))?;
    Ok((scenario, plan))
}

/// Shows a mistake at its place in the text.
pub fn locate(name: &str, text: &str, mistake: &Mistake) -> Box<Diagnostic> {
    let text = without_mark(text);
    let source = Source::new(name, text);
    let diagnostic = Diagnostic::new(name, &mistake.title);
    let path = Path::parse(&mistake.path);
    let place = if mistake.is_in_name { source.locate_key(&path) } else { source.locate(&path) };
    let diagnostic = match place {
        Some(span) => diagnostic.at(text, &span, &mistake.label),
        None => diagnostic,
    };
    Box::new(match &mistake.help {
        Some(help) => diagnostic.help(help),
        None => diagnostic,
    })
}

/// A scenario as text that reads back as the same scenario.
pub fn write(scenario: &Scenario) -> String {
    let config = PrettyConfig::default().depth_limit(3).separate_tuple_members(false);
    let mut text = options().to_string_pretty(scenario, config).expect("a scenario can always be written");
    text.push('\n');
    text
}

/// A law as it would be written in a scenario, on one line.
pub fn write_law(law: &LawSpec) -> String {
    options().to_string(law).expect("a law can always be written")
}

fn options() -> Options {
    let extensions = Extensions::IMPLICIT_SOME | Extensions::UNWRAP_NEWTYPES | Extensions::UNWRAP_VARIANT_NEWTYPES;
    Options::default().with_default_extension(extensions)
}

/// The text of a document, without a byte order mark.
pub fn text<'a>(name: &str, bytes: &'a [u8]) -> Result<&'a str, Box<Diagnostic>> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let title = format!("this is no text: byte {} is not UTF-8", error.valid_up_to());
        Box::new(Diagnostic::new(name, &title).help("a scenario is a RON text; `dhtsim new` prints one to begin with"))
    })?;
    if let Some(byte) = text.find('\0') {
        let title = format!("this is no text: byte {byte} is zero");
        return Err(Box::new(
            Diagnostic::new(name, &title).help("save it as UTF-8; `dhtsim new` prints a scenario to begin with"),
        ));
    }
    if text.trim().is_empty() {
        let empty = Diagnostic::new(name, "the file is empty").help("`dhtsim new` prints a scenario to begin with");
        return Err(Box::new(empty));
    }
    Ok(without_mark(text))
}

/// The text without the byte order mark that some editors put before it.
fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// Complains of what only the whole shows.
fn check(scenario: &Scenario) -> Result<(), Mistake> {
    let width = plan::width(scenario)?;
    if scenario.protocols.0.is_empty() {
        let name = Entry::all().first().map_or("...", |entry| entry.about().name);
        return Err(Mistake::new("protocols", "somebody must play")
            .help(format!("write a list such as `protocols: [{name}()]`")));
    }
    if scenario.seed.is_some() && scenario.seeds.is_some() {
        return Err(Mistake::new("seeds", "a scenario has either `seed` or `seeds`").help("leave one of them out"));
    }
    check_protocols(scenario, width)?;
    check_steps(scenario)?;
    for (place, expectation) in scenario.expect.iter().enumerate() {
        check_expectation(scenario, place, expectation)?;
    }
    for (place, claim) in scenario.claims.iter().enumerate() {
        check_claim(scenario, place, claim)?;
    }
    Ok(())
}

fn check_protocols(scenario: &Scenario, width: Width) -> Result<(), Mistake> {
    for (place, (label, entry)) in scenario.protocols.0.iter().enumerate() {
        if scenario.protocols.0[..place].iter().any(|(other, _)| other == label) {
            return Err(Mistake::new(format!("protocols[{place}]"), format!("the label \"{label}\" stands twice"))
                .help("every protocol needs a label of its own"));
        }
        entry.check(width).map_err(|error| {
            Mistake::new(format!("protocols[{place}].{}", error.field), error.problem)
                .label(format!("in {label}"))
                .help(error.help)
        })?;
    }
    Ok(())
}

fn check_steps(scenario: &Scenario) -> Result<(), Mistake> {
    for (place, line) in scenario.script.iter().enumerate() {
        let Action::Step { step, .. } = &line.r#do else {
            continue;
        };
        for (label, entry) in &scenario.protocols.0 {
            let legal = entry.about().legal_steps;
            if !legal.contains(&step.as_str()) {
                return Err(Mistake::new(
                    format!("script[{place}].do.step"),
                    format!("{label} knows no step \"{step}\""),
                )
                .help(match suggest(step, legal.iter().copied()) {
                    Some(near) => format!("did you mean \"{near}\"?"),
                    None => format!("its steps are {}", legal.join(", ")),
                }));
            }
        }
    }
    Ok(())
}

fn check_expectation(scenario: &Scenario, place: usize, expectation: &Expectation) -> Result<(), Mistake> {
    let here = |field: &str| format!("expect[{place}]{field}");
    let Expectation { protocol, at_least, at_most, within, .. } = expectation;
    if at_least.is_none() && at_most.is_none() && within.is_none() {
        return Err(Mistake::new(here(""), "nothing is expected here")
            .help("add `at_least: …`, `at_most: …` or `within: (…, …)`"));
    }
    if let Some((low, high)) = within
        && low.0 > high.0
    {
        return Err(Mistake::new(here(".within"), "nothing lies within this band")
            .label(format!("{} is above {}", low.0, high.0)));
    }
    check_label(scenario, protocol.as_ref(), || here(".protocol"))
}

fn check_claim(scenario: &Scenario, place: usize, claim: &Claim) -> Result<(), Mistake> {
    let here = |field: &str| format!("claims[{place}].{field}");
    let words = [
        ("about", &claim.about, "say in a few words what it is about, such as \"mean hops, N = 20\""),
        ("says", &claim.says, "write what the document says, such as \"1.90\""),
        ("because", &claim.because, "say why the two are the same, or why not"),
    ];
    if let Some((field, _, help)) = words.iter().find(|(_, text, _)| text.trim().is_empty()) {
        return Err(Mistake::new(here(field), format!("a claim needs its `{field}`")).help(*help));
    }
    check_label(scenario, claim.protocol.as_ref(), || here("protocol"))
}

fn check_label(scenario: &Scenario, label: Option<&String>, here: impl Fn() -> String) -> Result<(), Mistake> {
    let labels: Vec<&str> = scenario.protocols.0.iter().map(|(label, _)| label.as_str()).collect();
    match label {
        Some(label) if !labels.contains(&label.as_str()) => {
            Err(Mistake::new(here(), format!("no protocol has the label \"{label}\""))
                .help(format!("the labels are \"{}\"", labels.join("\", \""))))
        }
        _ => Ok(()),
    }
}
