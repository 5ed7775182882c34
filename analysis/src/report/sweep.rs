//! The report of a sweep: its table, and pictures of the figures that its plan shows.

use std::fs;
use std::io;
use std::path::Path;

use serde_json::{Map, Value as Json};

use super::folder::Report;
use super::gather::{Want, gather};
use super::page::{Block, Page, Table, Text};
use super::picture::{draw, title, want, with_all};
use super::words::{Named, count, shown};
use crate::audit::document::Picture;
use crate::sweep::record::Header;
use crate::sweep::results::Results;
use crate::sweep::summary::{self, CellSummary};

/// The report of the folder of a sweep.
pub(super) fn report(folder: &Path) -> Result<Report, String> {
    let results = Results::open(folder)?;
    let unread = |error: io::Error| format!("the results in {} cannot be read: {error}", folder.display());
    if !results.is_there() {
        return Err(format!("no run of the sweep in {} has ended yet", folder.display()));
    }
    let header = &results.header;
    let cells = summary::cells(&results, &header.show, &[]).map_err(unread)?;
    let cells = cells.collect::<io::Result<Vec<CellSummary>>>().map_err(unread)?;
    let runs: u64 = cells.iter().flat_map(|cell| &cell.protocols).map(|of| of.seeds as u64).sum();
    let missing = (!results.is_complete).then(|| missing(header, runs));
    let mut blocks = vec![Block::Heading(1, header.sweep.as_str().into(), None), Block::Note(provenance(header, runs))];
    blocks.extend(
        missing
            .clone()
            .map(|what| Block::Warning(Text::default().strong("Not all is there: ").plain(format!("{what}.")))),
    );
    blocks.extend(table(header, &cells));
    blocks.push(Block::Heading(2, "Pictures".into(), None));
    blocks.extend(pictures(&results).map_err(unread)?);
    blocks.extend(end(folder, header));
    Ok(Report { page: Page { title: header.sweep.clone(), blocks }, missing })
}

fn missing(header: &Header, runs: u64) -> String {
    let fixed = header.seeds.get("fixed").and_then(|seeds| {
        let (start, end) = (seeds.get("start")?.as_u64()?, seeds.get("end")?.as_u64()?);
        Some(header.cells as u64 * header.protocols as u64 * end.saturating_sub(start))
    });
    match fixed.filter(|all| header.filter.is_empty() && *all > runs) {
        Some(all) => format!("{} of {} are missing", count(all - runs, "run"), super::words::number(all as f64)),
        None => format!("the sweep has not come to its end, there are {}", count(runs, "run")),
    }
}

fn provenance(header: &Header, runs: u64) -> Text {
    let text = Text::from(format!("dhtsim {}, ", header.version)).code(command(header));
    text.plain(format!(", {}, {}, {}", seeds(header), count(header.cells as u64, "cell"), count(runs, "run")))
}

fn command(header: &Header) -> String {
    let filter = header.filter.iter().map(|condition| format!("--filter \"{condition}\""));
    [format!("dhtsim sweep {}.ron", header.sweep)].into_iter().chain(filter).collect::<Vec<String>>().join(" ")
}

fn seeds(header: &Header) -> String {
    let number = |of: &str, name: &str| header.seeds.get(of).and_then(|seeds| seeds.get(name)).and_then(Json::as_u64);
    match (
        number("fixed", "start").zip(number("fixed", "end")),
        number("until", "first").zip(number("until", "at_most")),
    ) {
        (Some((start, end)), _) => format!("seeds {start}..{end}"),
        (None, Some((first, most))) => format!("at most {} from {first} on", count(most, "seed")),
        (None, None) => "seeds as planned".to_owned(),
    }
}

/// A row for each cell and protocol.
fn table(header: &Header, cells: &[CellSummary]) -> Vec<Block> {
    let parameters: Vec<&String> = header.parameters.iter().map(|of| &of.name).collect();
    let heads = parameters.iter().map(|name| (Text::from(name.as_str()), true));
    let heads = heads.chain([("protocol".into(), false), ("seeds".into(), true)]);
    let figures = header.show.iter().map(|metric| (Text::from(Named::of(metric).title()), true));
    let mut table = Table::new("Mean over the seeds ± half of its 95 % interval (Student’s t)", heads.chain(figures));
    for cell in cells.iter().take(CELLS_MAX) {
        for protocol in &cell.protocols {
            let set =
                parameters.iter().map(|name| Text::from(cell.parameters.get(*name).map(shown).unwrap_or_default()));
            let who = [Text::from(protocol.label.as_str()), protocol.seeds.to_string().into()];
            let figures = protocol.figures.iter().map(|of| Named::of(&of.metric).spread(of.mean, of.half_width).into());
            table.rows.push(set.chain(who).chain(figures).collect());
        }
    }
    let mut blocks = Vec::new();
    if table.rows.len() > ROWS_MAX {
        blocks.push(Block::Details(
            format!("All {} rows of the table", table.rows.len()).into(),
            vec![Block::Table(table)],
        ));
    } else {
        blocks.push(Block::Table(table));
    }
    if cells.len() > CELLS_MAX {
        let text = format!("These are the first {CELLS_MAX} cells; `dhtsim export --csv` has all of them.");
        blocks.push(Block::Note(text.into()));
    }
    blocks
}

fn pictures(results: &Results) -> io::Result<Vec<Block>> {
    let header = &results.header;
    let names: Vec<String> = header.parameters.iter().map(|of| of.name.clone()).collect();
    let pictures = asked(header);
    let with_want = |picture: &Picture| want(picture).map(|(_, want)| with_all(want, picture, &names));
    let wants: Vec<Want> = pictures.iter().filter_map(with_want).collect();
    let found = gather(results, &[], &wants)?;
    let drawn = pictures.iter().zip(wants.iter().zip(&found)).map(|(picture, (want, found))| {
        match draw(picture, want, found) {
            Ok(drawn) => {
                let made_by = format!("{}, {}, {} drawn", command(header), seeds(header), count(found.runs, "run"));
                Block::Figure(super::audit::figure(title(picture), drawn, made_by))
            }
            Err(why) => Block::Note(format!("Not drawn: {}: {why}.", title(picture)).into()),
        }
    });
    Ok(drawn.collect())
}

/// Each figure that is shown against the first parameter that is a number; then distributions, and cost against performance.
fn asked(header: &Header) -> Vec<Picture> {
    let varying: Vec<_> = header.parameters.iter().filter(|of| of.values.len() > 1).collect();
    let is_numeric = |values: &[Json]| values.iter().all(Json::is_number);
    let x = varying.iter().find(|of| is_numeric(&of.values)).or_else(|| varying.first());
    let others: Vec<&String> =
        varying.iter().map(|of| &of.name).filter(|name| x.is_none_or(|x| x.name != **name)).collect();
    let (panels, dashes) = (others.first().map(|name| (*name).clone()), others.get(1).map(|name| (*name).clone()));
    let (experiment, cells) = (String::new(), Map::new());
    let curve = |metric: &String| {
        let (x, named) = (x?, Named::of(metric));
        let title = super::words::capital(&format!("{} against {}", named.name, x.name));
        let (dashes, panels, metric) = (dashes.clone(), panels.clone(), metric.clone());
        let log_x = is_spread(&x.values);
        Some(Picture::Curve {
            title,
            experiment: experiment.clone(),
            x: x.name.clone(),
            log_x,
            metric,
            dashes,
            panels,
            cells: cells.clone(),
        })
    };
    let mut all: Vec<Picture> = header.show.iter().filter_map(curve).collect();
    let by = panels.or_else(|| x.map(|x| x.name.clone()));
    let total = "traffic.total.bytes".to_owned();
    let cost = if header.figures.contains(&total) { total } else { COST.to_owned() };
    all.push(Picture::Cdf {
        title: "Latency to the owner’s reply".to_owned(),
        experiment: experiment.clone(),
        histogram: "latency_ms".to_owned(),
        panels: by.clone(),
        cells: cells.clone(),
    });
    all.push(Picture::Bars {
        title: "Hops to the owner".to_owned(),
        experiment: experiment.clone(),
        histogram: "hops_to_owner".to_owned(),
        panels: by.clone(),
        cells: cells.clone(),
    });
    all.push(Picture::Front {
        title: "Cost against performance".to_owned(),
        experiment: experiment.clone(),
        cost,
        performance: "lookups.time_to_end_ms.mean".to_owned(),
        panels: by.clone(),
        cells: cells.clone(),
    });
    if header.figures.iter().any(|figure| figure == "load.handled.gini") {
        let title = "Who works for lookups".to_owned();
        all.push(Picture::Lorenz { title, experiment, of: "load.handled".to_owned(), panels: by, cells });
    }
    all
}

/// Whether numbers are so far apart that a linear axis would press most of them together.
fn is_spread(values: &[Json]) -> bool {
    let numbers: Vec<f64> = values.iter().filter_map(Json::as_f64).collect();
    let (low, high) = numbers.iter().fold((f64::MAX, 0.0), |(low, high): (f64, f64), of| (low.min(*of), high.max(*of)));
    numbers.len() > 2 && low > 0.0 && high >= 10.0 * low
}

fn end(folder: &Path, header: &Header) -> Vec<Block> {
    let mut blocks = vec![
        Block::Heading(2, "Where it comes from".into(), None),
        Block::Facts(vec![
            ("command".to_owned(), Text::default().code(command(header))),
            ("seeds".to_owned(), seeds(header).into()),
            ("hash".to_owned(), Text::default().code(&header.hash)),
        ]),
    ];
    let plan = fs::read(folder.join("plan.ron")).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    blocks.extend(plan.map(|plan| Block::Details("The plan".into(), vec![Block::Verbatim(plan)])));
    blocks
}

/// What stands for the cost where no figure has all traffic.
pub(super) const COST: &str = "traffic.lookup.bytes + traffic.upkeep.bytes";
const CELLS_MAX: usize = crate::table::CELLS_SHOWN;
/// Longer tables are shown when one asks for them.
const ROWS_MAX: usize = 40;
