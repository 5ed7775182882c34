//! The report of audits: what was chosen and what was judged on the first screen, then each audit with its tests and pictures.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value as Json};

use super::drawn::Drawn;
use super::folder::{AUDIT, Report, json};
use super::gather::{Gathered, Want, gather};
use super::over_time::{Moment, OverTime, Track};
use super::page::{Block, Figure, Judged, Page, Table, Text};
use super::picture::{cells, draw, title, want, with_all};
use super::ring::Rings;
use super::words::{count, listed, setting};
use super::{choice, test};
use crate::audit::document::{Audit, Document, Exhibit, Exhibited, Experiment, Picture, SCHEMA, Strength};
use crate::sweep::results::Results;

/// The report of the folder of audits.
pub(super) fn report(folder: &Path) -> Result<Report, String> {
    let document = read(&folder.join(AUDIT))?;
    let mut missing = Vec::new();
    let sections: Vec<Vec<Block>> =
        document.audits.iter().map(|audit| section(folder, &document, audit, &mut missing)).collect();
    let mut blocks = first_screen(&document, &missing);
    blocks.extend(sections.into_iter().flatten());
    blocks.extend(reading());
    let missing = (!missing.is_empty()).then(|| missing.join("; "));
    Ok(Report { page: Page { title: heading(&document), blocks }, missing })
}

fn read(path: &Path) -> Result<Document, String> {
    let document: Json = json(path, "document of audits")?;
    let schema = document.get("schema").and_then(Json::as_str).unwrap_or("none").to_owned();
    if schema != SCHEMA {
        let help = "`dhtsim audit` writes it anew";
        return Err(format!("{} is of the format {schema}, and this reads {SCHEMA}\n  = help: {help}", path.display()));
    }
    serde_json::from_value(document).map_err(|error| format!("{} is no document of audits: {error}", path.display()))
}

fn heading(document: &Document) -> String {
    let ids: Vec<String> = document.audits.iter().map(|audit| audit.id.clone()).collect();
    match &ids[..] {
        [] => "No audits".to_owned(),
        [one] => format!("Audit of assumption {one}"),
        _ => format!("Audits of assumptions {}", listed(&ids)),
    }
}

/// What one wants to know, and what it rests on.
fn first_screen(document: &Document, missing: &[String]) -> Vec<Block> {
    let mut blocks = vec![Block::Heading(1, heading(document).into(), None), Block::Note(provenance(document))];
    if document.strength == Strength::Quick {
        let text = "This is a first look: fewer cells and seeds than the files of the audits say.";
        blocks.push(Block::Warning(text.into()));
    }
    for what in missing {
        blocks.push(Block::Warning(Text::default().strong("Not all is there: ").plain(format!("{what}."))));
    }
    blocks.push(Block::Paragraph(at_a_glance(document)));
    for one in &document.choices {
        let audit = document.audits.iter().find(|audit| audit.id == one.audit);
        let experiment = audit.and_then(|audit| audit.experiments.iter().find(|of| of.name == one.experiment));
        blocks.extend(choice::blocks(one, experiment));
    }
    blocks.push(Block::Heading(2, "The assumptions".into(), Some("verdicts".to_owned())));
    blocks.push(Block::Verdicts(document.audits.iter().map(judged).collect()));
    blocks.push(hashes(document));
    blocks
}

fn provenance(document: &Document) -> Text {
    let runs: u64 = document.audits.iter().flat_map(|audit| &audit.experiments).map(|of| of.runs).sum();
    let strength = match document.strength {
        Strength::Full => "in full",
        Strength::Quick => "a first look",
    };
    let version = format!("dhtsim {}, ", document.version);
    Text::from(version).code(&document.command).plain(format!(", {strength}, {}", count(runs, "run")))
}

fn judged(audit: &Audit) -> Judged {
    Judged {
        id: audit.id.clone(),
        title: audit.title.as_str().into(),
        verdict: audit.verdict,
        sentence: said(audit).into(),
    }
}

/// The sentence of an audit without its verdict, which stands before it.
fn said(audit: &Audit) -> &str {
    audit.sentence.split_once(" — ").map_or(audit.sentence.as_str(), |(_, rest)| rest)
}

/// All verdicts in one line.
fn at_a_glance(document: &Document) -> Text {
    document.audits.iter().enumerate().fold(Text::default(), |text, (place, audit)| {
        let text = if place == 0 { text } else { text.plain(" · ") };
        text.strong(&audit.id).plain(format!(" {}: ", audit.title)).verdict(audit.verdict)
    })
}

/// Of what each experiment is the result.
fn hashes(document: &Document) -> Block {
    let heads = ["audit", "experiment", "SHA-1 of all that its runs depend on"].map(|head| (head.into(), false));
    let mut table = Table::new("", heads);
    for audit in &document.audits {
        for of in &audit.experiments {
            table.rows.push(vec![audit.id.as_str().into(), of.name.as_str().into(), Text::default().code(&of.hash)]);
        }
    }
    Block::Details("What these are the results of".into(), vec![Block::Table(table)])
}

fn section(folder: &Path, document: &Document, audit: &Audit, missing: &mut Vec<String>) -> Vec<Block> {
    let id = Some(audit.id.clone());
    let mut blocks = vec![
        Block::Heading(2, format!("{}: {}", audit.id, audit.title).into(), id),
        Block::Answer(Text::default().verdict(audit.verdict).plain(" — ").plain(said(audit))),
        Block::Facts(vec![
            ("The document says".to_owned(), audit.says.as_str().into()),
            ("Put to the test".to_owned(), audit.claim.as_str().into()),
        ]),
    ];
    blocks.extend(pictures(folder, document, audit, missing));
    blocks.extend(audit.tests.iter().flat_map(|of| test::blocks(of, audit)));
    if !audit.experiments.is_empty() {
        blocks.push(Block::Heading(3, "Experiments".into(), None));
    }
    blocks.extend(audit.experiments.iter().flat_map(|of| experiment(document, of)));
    blocks
}

fn experiment(document: &Document, of: &Experiment) -> Vec<Block> {
    let values = |values: &Vec<Json>| values.iter().map(super::words::shown).collect::<Vec<String>>().join(", ");
    let parameters = of.parameters.iter().map(|(name, all)| (name.clone(), Text::from(values(all))));
    let mut facts = vec![
        ("command".to_owned(), Text::default().code(&document.command)),
        ("protocols".to_owned(), Text::from(of.labels.join(", "))),
        ("seeds".to_owned(), Text::from(of.seeds.as_str())),
        ("runs".to_owned(), Text::from(count(of.runs, "run"))),
        ("hash".to_owned(), Text::default().code(&of.hash)),
    ];
    facts.extend(parameters);
    let mut blocks = vec![Block::Paragraph(Text::default().strong(&of.name).plain(": ").plain(&of.about))];
    if let Some(data) = &of.missing {
        let text = format!("It was not run: it needs {data}, which is not there.");
        blocks.push(Block::Warning(text.into()));
    }
    blocks.push(Block::Facts(facts));
    blocks
}

/// The pictures of an audit in their order. What cannot be drawn leaves a line that says why.
fn pictures(folder: &Path, document: &Document, audit: &Audit, missing: &mut Vec<String>) -> Vec<Block> {
    let mut drawn = from_results(folder, audit, missing);
    for (place, picture) in audit.pictures.iter().enumerate() {
        if let Picture::OverTime { exhibit, .. } | Picture::Ring { exhibit, .. } = picture {
            drawn.insert(place, from_exhibit(folder, audit, picture, exhibit));
        }
    }
    let block = |(place, picture): (usize, &Picture)| match drawn.remove(&place)? {
        Ok((drawn, made_by)) => {
            let made_by =
                if made_by.starts_with("dhtsim") { made_by } else { format!("{}, {made_by}", document.command) };
            Some(Block::Figure(figure(title(picture), drawn, made_by)))
        }
        Err(why) => Some(Block::Note(format!("Not drawn: {}: {why}.", title(picture)).into())),
    };
    audit.pictures.iter().enumerate().filter_map(block).collect()
}

/// A drawn picture with what made it.
pub(super) fn figure(title: &str, drawn: Drawn, made_by: String) -> Figure {
    let Drawn { svg, says, reading, csv } = drawn;
    Figure { title: title.to_owned(), svg, says, reading, made_by, csv }
}

/// By their places, what became of pictures: drawn, with what made them; or why not.
type Pictures = BTreeMap<usize, Result<(Drawn, String), String>>;

/// Pictures of the results of experiments: each of these is read once.
fn from_results(folder: &Path, audit: &Audit, missing: &mut Vec<String>) -> Pictures {
    let mut drawn = Pictures::new();
    let wants: Vec<(usize, &str, Want)> = audit
        .pictures
        .iter()
        .enumerate()
        .filter_map(|(place, of)| want(of).map(|(of, want)| (place, of, want)))
        .collect();
    let unknown = |name: &str| audit.experiments.iter().all(|of| of.name != name);
    for (place, name, _) in wants.iter().filter(|(_, name, _)| unknown(name)) {
        drawn.insert(*place, Err(format!("there is no experiment {name}")));
    }
    for experiment in &audit.experiments {
        let theirs = wants.iter().filter(|(_, name, _)| *name == experiment.name);
        let theirs: Vec<(usize, Want)> = theirs.map(|(place, _, want)| (*place, want.clone())).collect();
        if theirs.is_empty() || experiment.missing.is_some() {
            let why = format!("{} was not run", experiment.name);
            drawn.extend(theirs.iter().map(|(place, _)| (*place, Err(why.clone()))));
            continue;
        }
        match of_experiment(folder, audit, experiment, &theirs, missing) {
            Ok(found) => drawn.extend(found),
            Err(why) => {
                drawn.extend(theirs.iter().map(|(place, _)| (*place, Err("its results cannot be read".to_owned()))));
                missing.push(why);
            }
        }
    }
    drawn
}

fn of_experiment(
    folder: &Path,
    audit: &Audit,
    experiment: &Experiment,
    wants: &[(usize, Want)],
    missing: &mut Vec<String>,
) -> Result<Pictures, String> {
    let path = place(folder, audit, &experiment.folder);
    // No message names a folder: equal results give equal reports wherever they lie.
    let unread = |_| format!("the results of {}, {}, cannot be read", audit.id, experiment.name);
    let results = Results::open(&path).map_err(unread)?;
    if results.header.hash != experiment.hash {
        return Err(format!("the results of {}, {}, are of another sweep", audit.id, experiment.name));
    }
    let names: Vec<String> = results.header.parameters.iter().map(|of| of.name.clone()).collect();
    let of = |place: usize| &audit.pictures[place];
    let all: Vec<Want> = wants.iter().map(|(place, want)| with_all(want.clone(), of(*place), &names)).collect();
    let found = gather(&results, &experiment.labels, &all).map_err(|error| unread(error.to_string()))?;
    if !results.is_complete {
        missing.push(format!("the sweep of {}, {}, has not come to its end", audit.id, experiment.name));
    }
    let drawn = wants.iter().zip(all.iter().zip(&found)).map(|((place, _), (want, found))| {
        let drawn = draw(of(*place), want, found);
        let cells = cells(of(*place));
        (*place, drawn.map(|drawn| (drawn, made_by(experiment, cells, found))))
    });
    Ok(drawn.collect())
}

fn made_by(experiment: &Experiment, cells: Option<&Map<String, Json>>, found: &Gathered) -> String {
    let order: Vec<String> = experiment.parameters.iter().map(|(name, _)| name.clone()).collect();
    let place = cells.map_or_else(String::new, |cells| setting(cells, &order));
    let place = if place.is_empty() { String::new() } else { format!(" where {place}") };
    format!("experiment {}{place}, seeds {}, {} drawn", experiment.name, experiment.seeds, count(found.runs, "run"))
}

/// Where something of an audit lies: in the folder of its own that it has in the folder of all, or in the latter itself.
fn place(folder: &Path, audit: &Audit, name: &str) -> PathBuf {
    let own = folder.join(&audit.id).join(name);
    if own.exists() { own } else { folder.join(name) }
}

fn from_exhibit(folder: &Path, audit: &Audit, picture: &Picture, name: &str) -> Result<(Drawn, String), String> {
    let path = place(folder, audit, &format!("exhibits/{}.json", name.replace(' ', "-")));
    let exhibit: Exhibit = json(&path, "exhibit").map_err(|_| format!("the exhibit {name} cannot be read"))?;
    let labels = labels(audit, &exhibit);
    let place = |label: &str| labels.iter().position(|other| other == label).unwrap_or(0);
    let drawn = if matches!(picture, Picture::Ring { .. }) {
        let ring = |run: &Exhibited| Some((run.label.clone(), place(&run.label), run.ring.clone()?));
        let rings = exhibit.runs.iter().filter_map(ring).collect();
        Rings { title: title(picture).to_owned(), rings }.draw()
    } else {
        let track = |run: &Exhibited| {
            let moments = Moment::read(&run.series);
            Track { label: run.label.clone(), place: place(&run.label), moments }
        };
        let tracks = exhibit.runs.iter().map(track).collect();
        let mut departures: Vec<f64> = exhibit.runs.iter().flat_map(|run| run.departures_s.clone()).collect();
        departures.sort_by(f64::total_cmp);
        departures.dedup();
        OverTime { title: title(picture).to_owned(), tracks, departures }.draw()
    };
    let drawn = drawn.ok_or_else(|| format!("the exhibit {name} holds nothing of it"))?;
    Ok((drawn, format!("{}, {}, seed {}", exhibit.command, exhibit.cell, exhibit.seed)))
}

/// The labels of an exhibit's protocols in the order of the experiment that has them all, so that colours are the same.
fn labels(audit: &Audit, exhibit: &Exhibit) -> Vec<String> {
    let theirs: Vec<String> = exhibit.runs.iter().map(|run| run.label.clone()).collect();
    let has_all = |of: &&Experiment| theirs.iter().all(|label| of.labels.contains(label));
    audit.experiments.iter().find(has_all).map_or(theirs.clone(), |of| of.labels.clone())
}

/// How to read it all, and where it ends.
fn reading() -> Vec<Block> {
    let points = [
        "A comparison is about one figure, over the seeds of one cell: its value, or the difference or ratio within each seed. Protocols \
         under one seed meet the same joins, crashes, lookups and link delays, so each seed is a pair.",
        "Means stand with half of their 95 % interval: t(0.975, n − 1) · s / √n, Student’s t with n seeds and standard deviation s. It \
         supposes that means over seeds are about normal.",
        "The interval that decides is wider: Holm’s method makes it so wide that in at most 5 of 100 audits any \
         decision is wrong, of all comparisons together. Its level stands beside it.",
        "A comparison holds if its whole interval lies on the right side of the margin, fails if it lies wholly on the wrong side, and is \
         undecided if it straddles it, or if seeds have no value.",
        "A test holds if every comparison does. Where it holds up to a level of the parameter that makes it harder, or for some \
         protocols, it holds within limits; but what is said of one protocol against all others fails if it fails against one. The verdict on an assumption is the gravest of the tests that decide: fails, then holds within \
         limits, then undecided, then holds.",
        "Histograms of several seeds are merged; their quantiles have three digits.",
    ];
    let limits = [
        "These are simulations: the verdicts are about the protocols as implemented, in the scenarios named, with their settings.",
        "A margin says what counts as the same; it was written down before the runs. Another margin can give another verdict.",
        "Where seeds have no value of a figure (nobody recovered, say), nothing is decided, however clear the others are.",
    ];
    let list = |points: &[&str]| Block::List(points.iter().map(|point| Text::from(*point)).collect());
    vec![
        Block::Heading(2, "How to read it".into(), Some("reading".to_owned())),
        list(&points),
        Block::Heading(3, "Limits".into(), None),
        list(&limits),
    ]
}
