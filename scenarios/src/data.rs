//! Measured data that a scenario names: read once, for all its seeds and protocols.

mod entries;
mod square;
mod topology;
mod unpack;

use std::collections::BTreeMap;
use std::sync::Arc;

use sim::network::SiteDelays;

use crate::ast::{Churn, LatencySpec, MatrixSpec, Scenario};
use crate::availability::Availability;
use crate::files::Files;
use crate::mistake::Mistake;

/// What the files say that a scenario names for its network and its churn.
#[derive(Clone, Debug, Default)]
pub struct Data {
    /// One-way delays from site to site, if the scenario has a matrix or regions.
    pub(crate) sites: Option<Arc<SiteDelays>>,
    /// When hosts were up, for each entry of the churn that names a trace.
    pub(crate) traces: BTreeMap<usize, Arc<Availability>>,
}

impl Data {
    /// Reads what a scenario names.
    pub fn read(scenario: &Scenario, files: &dyn Files) -> Result<Self, Mistake> {
        const PATH: &str = "network.latency";
        let sites = match &scenario.network.latency {
            LatencySpec::Matrix(spec) => Some(matrix(spec, files, PATH)?),
            LatencySpec::Regions(spec) => {
                let regions = spec.resolve(PATH)?;
                Some(SiteDelays::new(regions.names.len(), regions.one_way))
            }
            _ => None,
        };
        Ok(Self { sites: sites.map(Arc::new), traces: traces(scenario, files)? })
    }

    /// One-way delays from site to site, if the scenario has a matrix or regions.
    pub fn sites(&self) -> Option<&SiteDelays> {
        self.sites.as_deref()
    }
}

fn traces(scenario: &Scenario, files: &dyn Files) -> Result<BTreeMap<usize, Arc<Availability>>, Mistake> {
    let named = scenario.churn.0.iter().enumerate().filter_map(|(place, (_, churn))| match churn {
        Churn::Trace(trace) => Some((place, &trace.file)),
        _ => None,
    });
    named.map(|(place, file)| Ok((place, Arc::new(trace(file, files, &format!("churn[{place}].file"))?)))).collect()
}

fn trace(file: &str, files: &dyn Files, path: &str) -> Result<Availability, Mistake> {
    let bytes = open(file, files, path)?;
    Availability::read(&bytes).map_err(|problem| Mistake::new(path, format!("{file}:{problem}")))
}

fn matrix(spec: &MatrixSpec, files: &dyn Files, path: &str) -> Result<SiteDelays, Mistake> {
    let bytes = open(&spec.file, files, &format!("{path}.file"))?;
    let is_topology = topology::is_one(&spec.file, &bytes);
    check_words(spec, is_topology, path)?;
    let read = if is_topology { topology::read(&bytes) } else { square::read(&bytes, spec) };
    let wrong = |problem: String| Mistake::new(format!("{path}.file"), format!("{}:{problem}", spec.file));
    let entries = read.map_err(wrong)?;
    let whole = entries.one_way(spec.missing, spec.same_place).map_err(|problem| wrong(format!(" {problem}")))?;
    Ok(SiteDelays::new(whole.sites(), whole.into_row_major()))
}

/// A topology says what its numbers are; a CSV cannot.
fn check_words(spec: &MatrixSpec, is_topology: bool, path: &str) -> Result<(), Mistake> {
    let given = [("values", spec.values.is_some()), ("unit", spec.unit.is_some())];
    if let Some((field, _)) = given.iter().find(|(_, given)| is_topology && *given) {
        let title = format!("{} is a topology of p2psim, which says itself what its numbers are", spec.file);
        return Err(Mistake::new(format!("{path}.{field}"), title).help(format!("leave `{field}` out")));
    }
    if !is_topology && spec.values.is_none() {
        return Err(Mistake::new(path, format!("what are the numbers in {}?", spec.file))
            .label("`values` is missing here")
            .help("write `values: OneWay`, or `values: RoundTrip` if they are what `ping` measures"));
    }
    Ok(())
}

/// The bytes of a file that a scenario names at `path`, unpacked.
pub(crate) fn open(name: &str, files: &dyn Files, path: &str) -> Result<Vec<u8>, Mistake> {
    let bytes = files.read(name).map_err(|error| {
        Mistake::new(path, format!("the file \"{name}\" cannot be read"))
            .label(error.to_string())
            .help(format!("it is looked for {}; `--data DIR` names another folder", files.places()))
    })?;
    unpack::unpack(name, bytes).map_err(|problem| Mistake::new(path, format!("{name}: {problem}")))
}
