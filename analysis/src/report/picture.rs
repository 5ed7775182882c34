//! From a picture as it is asked for to the picture drawn: which figures of which runs it wants, and who stands where in it.

use serde_json::{Map, Value as Json};

use super::curve::along;
use super::drawn::Drawn;
use super::frame::Panel;
use super::gather::{Gathered, Member, Want, What};
use super::words::{Named, listed, shown};
use super::{bars, cdf, curve, front, lorenz};
use crate::audit::document::Picture;

/// The experiment whose results a picture wants, and what it wants of them; none if it is drawn from an exhibit.
pub(super) fn want(picture: &Picture) -> Option<(&str, Want)> {
    let names = |all: &[&Option<String>]| all.iter().filter_map(|name| (*name).clone()).collect::<Vec<String>>();
    let want = |cells: &Map<String, Json>, by: Vec<String>, what: What| Want { cells: cells.clone(), by, what };
    match picture {
        Picture::Curve { experiment, x, metric, dashes, panels, cells, .. } => {
            let by = names(&[panels, &Some(x.clone()), dashes]);
            Some((experiment, want(cells, by, What::Figures(vec![metric.clone()]))))
        }
        Picture::Cdf { experiment, histogram, panels, cells, .. }
        | Picture::Bars { experiment, histogram, panels, cells, .. } => {
            let what = What::Histogram(histogram_name(histogram));
            Some((experiment, want(cells, names(&[panels]), what)))
        }
        Picture::Front { experiment, cost, performance, panels, cells, .. } => {
            let what = What::Figures(vec![cost.clone(), performance.clone()]);
            Some((experiment, want(cells, names(&[panels]), what)))
        }
        Picture::Lorenz { experiment, of, panels, cells, .. } => {
            Some((experiment, want(cells, names(&[panels]), What::Lorenz(of.clone()))))
        }
        Picture::OverTime { .. } | Picture::Ring { .. } => None,
    }
}

/// The same for a front, which tells all parameters apart that it does not fix.
pub(super) fn with_all(mut want: Want, picture: &Picture, parameters: &[String]) -> Want {
    if let Picture::Front { cells, .. } = picture {
        let free = |name: &&String| !want.by.contains(name) && !cells.contains_key(*name);
        let free: Vec<String> = parameters.iter().filter(free).cloned().collect();
        want.by.extend(free);
    }
    want
}

/// The cells that a picture is about; an exhibit says itself what it shows.
pub(super) fn cells(picture: &Picture) -> Option<&Map<String, Json>> {
    match picture {
        Picture::Curve { cells, .. }
        | Picture::Cdf { cells, .. }
        | Picture::Bars { cells, .. }
        | Picture::Front { cells, .. }
        | Picture::Lorenz { cells, .. } => Some(cells),
        Picture::OverTime { .. } | Picture::Ring { .. } => None,
    }
}

/// What stands over a picture.
pub(super) fn title(picture: &Picture) -> &str {
    match picture {
        Picture::Curve { title, .. }
        | Picture::Cdf { title, .. }
        | Picture::Bars { title, .. }
        | Picture::Front { title, .. }
        | Picture::Lorenz { title, .. }
        | Picture::OverTime { title, .. }
        | Picture::Ring { title, .. } => title,
    }
}

/// The picture, or why there is none.
pub(super) fn draw(picture: &Picture, want: &Want, found: &Gathered) -> Result<Drawn, String> {
    let drawn = match picture {
        Picture::Curve { title, x, log_x, metric, dashes, panels, .. } => {
            curve(title, (x, *log_x), metric, dashes.as_deref(), panels.as_deref(), found)
        }
        Picture::Cdf { title, histogram, panels, .. } => cdf(title, histogram, panels.as_deref(), found),
        Picture::Bars { title, histogram, panels, .. } => bars(title, histogram, panels.as_deref(), found),
        Picture::Front { title, cost, performance, panels, .. } => {
            front(title, cost, performance, panels.as_deref(), want, found)
        }
        Picture::Lorenz { title, panels, .. } => lorenz(title, panels.as_deref(), found),
        Picture::OverTime { .. } | Picture::Ring { .. } => None,
    };
    let mut drawn = drawn.ok_or_else(|| absent(want, found))?;
    if !found.pooled.is_empty() {
        let pooled = listed(&found.pooled);
        drawn.reading = format!("{} Runs with all values of {pooled} are taken together.", drawn.reading);
    }
    Ok(drawn)
}

fn absent(want: &Want, found: &Gathered) -> String {
    let what = match &want.what {
        What::Figures(metrics) => listed(metrics),
        What::Histogram(name) => format!("the histogram {name}"),
        What::Lorenz(group) => format!("{group}.lorenz"),
    };
    let known = |name: &String| found.parameters.iter().any(|(other, _)| other == name);
    let unknown = want.by.iter().chain(want.cells.keys()).find(|name| !known(name));
    if let Some(name) = unknown {
        format!("{name} is no parameter of it")
    } else if found.runs == 0 {
        "there are no runs of these cells".to_owned()
    } else {
        format!("no run has a value of {what}")
    }
}

fn curve(
    title: &str,
    (x, is_log): (&str, bool),
    metric: &str,
    dashes: Option<&str>,
    panels: Option<&str>,
    found: &Gathered,
) -> Option<Drawn> {
    let at = usize::from(panels.is_some());
    // Only values of the x axis that occur.
    let mut levels: Vec<usize> = found.groups.keys().map(|(key, _)| key[at]).collect();
    levels.sort_unstable();
    levels.dedup();
    let values: Vec<Json> = levels.iter().filter_map(|level| found.values(x).get(*level).cloned()).collect();
    let panel = |(name, groups): (String, Vec<Member<'_>>)| {
        let mut lines: Vec<curve::Line> = Vec::new();
        for (key, label, group) in groups {
            let dashed = dashes.map(|name| (key[at + 1], setting(found, name, key[at + 1])));
            let is_theirs = |line: &curve::Line| line.place == label && line.dashes == dashed;
            let place = lines.iter().position(is_theirs).unwrap_or_else(|| {
                let points = vec![curve::Point::default(); values.len()];
                lines.push(curve::Line { label: found.labels[label].clone(), place: label, dashes: dashed, points });
                lines.len() - 1
            });
            if let Some(x) = levels.iter().position(|level| *level == key[at]).filter(|x| *x < values.len()) {
                lines[place].points[x] = group.point(0);
            }
        }
        lines.sort_by_key(|line| (line.place, line.dashes.as_ref().map(|(place, _)| *place)));
        Panel { name, marks: lines }
    };
    let panels = split(found, panels).into_iter().map(panel).collect();
    let y = Named::of(metric);
    curve::Curve { title: title.to_owned(), x: along(x, &values, is_log), y, panels }.draw()
}

fn cdf(title: &str, histogram: &str, panels: Option<&str>, found: &Gathered) -> Option<Drawn> {
    let panel = |(name, groups): (String, Vec<Member<'_>>)| {
        let line = |(_, label, group): Member<'_>| cdf::Line {
            label: found.labels[label].clone(),
            place: label,
            counts: in_unit(histogram, &group.values.counts()),
        };
        Panel { name, marks: groups.into_iter().map(line).collect() }
    };
    let panels = split(found, panels).into_iter().map(panel).collect();
    let unit = if is_time(histogram) { "ms" } else { "" };
    cdf::Cdf { title: title.to_owned(), of: histogram_words(histogram), unit, panels }.draw()
}

fn bars(title: &str, histogram: &str, panels: Option<&str>, found: &Gathered) -> Option<Drawn> {
    let panel = |(name, groups): (String, Vec<Member<'_>>)| {
        let group = |(_, label, group): Member<'_>| bars::Group {
            label: found.labels[label].clone(),
            place: label,
            counts: group.values.counts(),
        };
        Panel { name, marks: groups.into_iter().map(group).collect() }
    };
    let panels = split(found, panels).into_iter().map(panel).collect();
    bars::Bars { title: title.to_owned(), of: histogram_words(histogram), panels }.draw()
}

fn front(
    title: &str,
    cost: &str,
    performance: &str,
    panels: Option<&str>,
    want: &Want,
    found: &Gathered,
) -> Option<Drawn> {
    let told = usize::from(panels.is_some());
    let varies = |place: &usize| {
        let mut levels = found.groups.keys().map(|(key, _)| key[*place]);
        levels.next().is_some_and(|first| levels.any(|level| level != first))
    };
    let varying: Vec<usize> = (told..want.by.len()).filter(varies).collect();
    let panel = |(name, groups): (String, Vec<Member<'_>>)| {
        let dot = |(key, label, group): Member<'_>| {
            let settings = varying.iter().map(|place| setting(found, &want.by[*place], key[*place]));
            front::Dot {
                label: found.labels[label].clone(),
                place: label,
                setting: settings.collect::<Vec<String>>().join(", "),
                cost: group.point(0),
                performance: group.point(1),
            }
        };
        Panel { name, marks: groups.into_iter().map(dot).collect() }
    };
    let panels = split(found, panels).into_iter().map(panel).collect();
    let (cost, performance) = (Named::of(cost), Named::of(performance));
    front::Front { title: title.to_owned(), cost, performance, panels }.draw()
}

fn lorenz(title: &str, panels: Option<&str>, found: &Gathered) -> Option<Drawn> {
    let panel = |(name, groups): (String, Vec<Member<'_>>)| {
        let line = |(_, label, group): Member<'_>| lorenz::Line {
            label: found.labels[label].clone(),
            place: label,
            shares: group.lorenz(),
            gini: group.point(0).mean,
        };
        Panel { name, marks: groups.into_iter().map(line).collect() }
    };
    lorenz::Lorenz { title: title.to_owned(), panels: split(found, panels).into_iter().map(panel).collect() }.draw()
}

/// The groups of each panel with its name, which is empty where there are no panels.
fn split<'a>(found: &'a Gathered, panels: Option<&str>) -> Vec<(String, Vec<Member<'a>>)> {
    let name = |level: usize| panels.map_or(String::new(), |name| setting(found, name, level));
    found.split(panels.map(|_| 0)).into_iter().map(|(level, groups)| (name(level), groups)).collect()
}

/// `nodes 20`.
fn setting(found: &Gathered, name: &str, level: usize) -> String {
    format!("{name} {}", found.values(name).get(level).map(shown).unwrap_or_default())
}

/// The name of a histogram in the results: without what its figures have more.
pub(super) fn histogram_name(name: &str) -> String {
    let plain = name.strip_prefix("lookups.").unwrap_or(name);
    plain.strip_suffix("_ms").unwrap_or(plain).to_owned()
}

fn histogram_words(name: &str) -> String {
    let figure = format!("lookups.{}{}", histogram_name(name), if is_time(name) { "_ms" } else { "" });
    Named::of(&figure).name
}

/// Whether a histogram is of times, which are in nanoseconds in the results.
fn is_time(name: &str) -> bool {
    TIMES.contains(&histogram_name(name).as_str())
}

fn in_unit(name: &str, counts: &[(u64, u64)]) -> Vec<(f64, u64)> {
    let size = if is_time(name) { NANOS_PER_MILLI } else { 1.0 };
    counts.iter().map(|(value, count)| (*value as f64 / size, *count)).collect()
}

const TIMES: [&str; 4] = ["latency", "latency_known", "time_to_end", "time_lost"];
const NANOS_PER_MILLI: f64 = 1e6;
