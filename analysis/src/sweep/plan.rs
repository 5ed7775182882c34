//! A sweep as meant: every cell is read and decided once before anything runs, and what run number i is depends on the plan alone.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use scenarios::ast::Scenario;
use scenarios::diagnostic::Diagnostic;
use scenarios::files::{Files, Folders};
use scenarios::mistake::Mistake;
use scenarios::raw::Raw;
use scenarios::source::{self, Source};
use scenarios::splice::{Spliced, splice};
use scenarios::{files, read};
use sha1::{Digest, Sha1};

use super::axes;
use super::check;
use super::constraint::{Constraint, Meaning, WrongConstraint};
use super::grid::Grid;
use super::seeding::{Seeding, Until};
use super::spec::{Spec, UntilSpec};
use crate::comparison::COMPARED;
use crate::execute::{Failure, Input, Progress};
use crate::expect::check_metric;
use crate::export::Remembering;

/// A sweep as meant.
#[derive(Clone, Debug)]
pub struct Sweep {
    /// What it is called in results.
    pub title: String,
    /// What is changed, and in which cells.
    pub grid: Grid,
    /// Which seeds each cell runs.
    pub seeds: Seeding,
    /// How many protocols play in each cell.
    pub protocols: usize,
    /// The figures on the page.
    pub show: Vec<String>,
    /// Figures with the half-width that is wanted of them.
    pub precision: Vec<(String, f64)>,
    /// The names of all figures that any cell has.
    pub figures: Vec<String>,
    /// The SHA-1 of all that the runs depend on: the plan, the base, and the files that it names.
    pub hash: String,
    /// The files from which it can be read again, with their names in a folder of results.
    pub sources: Vec<(String, Vec<u8>)>,
    /// The labels of the protocols, if they are the same in every cell.
    pub(super) labels: Option<Vec<String>>,
    pub(super) plan: Input,
    pub(super) base: Base,
    pub(super) inputs: Inputs,
}

/// The scenario that everything is changed in.
#[derive(Clone, Debug)]
pub(super) struct Base {
    /// What it is called in errors.
    pub(super) name: String,
    /// Its text. Of one that stands in the plan, what is before it is blank, so that its lines are those of the plan.
    pub(super) text: String,
    /// The folder that its files lie in.
    folder: PathBuf,
    /// The protocols that play instead of its own.
    pub(super) protocols: Option<Raw>,
}

/// The files that scenarios have named, kept in memory: they may change on the disk while a sweep runs.
#[derive(Clone, Debug, Default)]
pub(super) struct Inputs(BTreeMap<String, Vec<u8>>);

impl Files for Inputs {
    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        self.0.get(name).cloned().ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no cell has named it before"))
    }
}

/// One run of a sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its cell.
    pub cell: usize,
    /// The place of its protocol in the scenario.
    pub protocol: usize,
    /// The place of its seed, counted from the first.
    pub seed: u64,
}

impl Sweep {
    /// Reads a sweep, and every cell of it; a file that it names lies beside it or under that folder, and measured data perhaps
    /// elsewhere.
    pub fn read(plan: &Input, folders: &Folders, progress: &Progress) -> Result<Self, Failure> {
        let spec: Spec = read::document(&plan.name, &plan.bytes)?;
        let text = read::text(&plan.name, &plan.bytes)?.to_owned();
        let at = |mistake: &Mistake| read::locate(&plan.name, &text, mistake);
        let base = Base::of(&spec, plan, &text, &folders.beside)?;
        let scenario = base.scenario()?;
        let grid = axes::grid(&spec).map_err(|mistake| at(&mistake))?;
        let seeds = seeds(&spec, plan, &text, &scenario)?;
        let mut sweep = Self {
            title: spec.name.clone().unwrap_or_else(|| plan.title.clone()),
            grid,
            seeds,
            protocols: 0,
            show: spec.show.clone().unwrap_or_default(),
            precision: spec.precision.0.clone(),
            figures: Vec::new(),
            hash: String::new(),
            sources: Vec::new(),
            labels: None,
            plan: Input { name: plan.name.clone(), title: plan.title.clone(), bytes: text.clone().into_bytes() },
            base,
            inputs: Inputs::default(),
        };
        let folders = Folders { beside: sweep.base.folder.clone(), data: folders.data.clone() };
        let files = Remembering::new(folders);
        check::cells(&mut sweep, &files, progress)?;
        check_figures(&sweep).map_err(|mistake| at(&mistake))?;
        if spec.show.is_none() {
            sweep.show = COMPARED.iter().take(FIGURES_SHOWN).map(|name| (*name).to_owned()).collect();
        }
        sweep.inputs = Inputs(files.into_read());
        sweep.seal();
        Ok(sweep)
    }

    /// How many runs there are at most.
    pub fn runs(&self) -> u64 {
        self.grid.len() as u64 * self.runs_in_cell()
    }

    fn runs_in_cell(&self) -> u64 {
        self.seeds.most() * self.protocols as u64
    }

    /// The number of a run: by cell, then seed, then protocol.
    pub fn number(&self, place: Place) -> u64 {
        place.cell as u64 * self.runs_in_cell() + place.seed * self.protocols as u64 + place.protocol as u64
    }

    /// The run of a number.
    pub fn place(&self, number: u64) -> Place {
        let (cell, rest) = (number / self.runs_in_cell(), number % self.runs_in_cell());
        let protocols = self.protocols as u64;
        Place { cell: cell as usize, protocol: (rest % protocols) as usize, seed: rest / protocols }
    }

    /// The seed at a place.
    pub fn seed(&self, place: Place) -> u64 {
        self.seeds.first() + place.seed
    }

    /// The scenario of a cell.
    ///
    /// # Panics
    ///
    /// If it cannot be read, though it could be when the sweep was.
    pub fn scenario(&self, cell: usize) -> Scenario {
        let text = self.text(cell).expect("every value has been put into the base before");
        read::scenario(&self.base.name, text.as_bytes()).expect("every cell has been read before")
    }

    /// The labels of a cell's protocols.
    pub fn labels(&self, cell: usize) -> Vec<String> {
        let of_cell = || self.scenario(cell).protocols.0.into_iter().map(|(label, _)| label).collect();
        self.labels.clone().unwrap_or_else(of_cell)
    }

    /// The text of a cell's scenario.
    pub(super) fn text(&self, cell: usize) -> Result<String, Mistake> {
        let mut text = self.base.text.clone();
        for change in self.changes(cell) {
            text = change.made_in(&text)?.text;
        }
        Ok(text)
    }

    /// What is changed in the base, one after the other.
    pub(super) fn changes(&self, cell: usize) -> Vec<Change<'_>> {
        let protocols = self.base.protocols.as_ref().map(|raw| Change {
            over: "protocols",
            value: raw.text(),
            over_at: "protocols".to_owned(),
            value_at: "protocols".to_owned(),
        });
        let of_axes = self.grid.parameters.iter().zip(self.grid.picks(cell)).flat_map(|(parameter, pick)| {
            let at = &parameter.place;
            let value_at = if parameter.is_listed { format!("{at}.values[{pick}]") } else { format!("{at}.from") };
            parameter.over.iter().enumerate().map(move |(place, over)| {
                let over_at =
                    if parameter.is_over_several { format!("{at}.over[{place}]") } else { format!("{at}.over") };
                Change { over, value: &parameter.values[pick].text, over_at, value_at: value_at.clone() }
            })
        });
        protocols.into_iter().chain(of_axes).collect()
    }

    /// The files that its scenarios name.
    pub(crate) fn files(&self) -> &dyn Files {
        &self.inputs
    }

    /// Shows a mistake at its place in the plan.
    pub(crate) fn locate(&self, mistake: &Mistake) -> Box<Diagnostic> {
        read::locate(&self.plan.name, &String::from_utf8_lossy(&self.plan.bytes), mistake)
    }

    /// Takes everything that the runs depend on, and its hash.
    fn seal(&mut self) {
        let mut sources = vec![("plan.ron".to_owned(), self.plan.bytes.clone())];
        if self.base.name != self.plan.name {
            sources.push(("base.ron".to_owned(), self.base.text.clone().into_bytes()));
        }
        let inputs = self.inputs.0.values().enumerate();
        sources.extend(inputs.map(|(place, bytes)| (format!("inputs/{place}"), bytes.clone())));
        let mut hash = Sha1::new();
        for (name, bytes) in &sources {
            hash.update(format!("{name} {}\n", bytes.len()));
            hash.update(bytes);
        }
        let digest = hash.finalize();
        self.hash = digest.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        self.sources = sources;
    }
}

/// One change of the base.
pub(super) struct Change<'a> {
    /// Where in the scenario.
    pub(super) over: &'a str,
    /// What is put there.
    pub(super) value: &'a str,
    /// Where that place and the value stand in the plan.
    pub(super) over_at: String,
    pub(super) value_at: String,
}

impl Change<'_> {
    pub(super) fn made_in(&self, text: &str) -> Result<Spliced, Mistake> {
        splice(text, self.over, self.value).map_err(|title| {
            Mistake::new(self.over_at.clone(), title)
                .label("this leads nowhere in the base")
                .help("a path leads through fields and elements, such as `script[1].do.Crash.fraction` or `protocols[0].successors`")
        })
    }
}

impl Base {
    fn of(spec: &Spec, plan: &Input, text: &str, folder: &Path) -> Result<Self, Box<Diagnostic>> {
        let protocols = spec.protocols.clone();
        if !spec.base.text().starts_with('"') {
            let text = part(text, "base");
            return Ok(Self { name: plan.name.clone(), text, folder: folder.to_owned(), protocols });
        }
        let file: String = part_as(&plan.name, text, "base")?;
        let path = folder.join(&file);
        let unread = |why: &str| {
            let mistake = Mistake::new("base", format!("{} cannot be read: {why}", path.display()))
                .help("a base is a scenario in a file, named from the plan's own folder, or a scenario written here, `base: (...)`");
            read::locate(&plan.name, text, &mistake)
        };
        let bytes = files::read(&path).map_err(|error| unread(&error.to_string()))?;
        let name = path.display().to_string();
        let text = read::text(&name, &bytes)?.to_owned();
        let folder = path.parent().map_or_else(|| folder.to_owned(), Path::to_owned);
        Ok(Self { name, text, folder, protocols })
    }

    fn scenario(&self) -> Result<Scenario, Box<Diagnostic>> {
        read::scenario(&self.name, self.text.as_bytes())
    }
}

/// A part of a document, with blanks before it, so that its lines and columns stay what they are.
pub(crate) fn part(text: &str, path: &str) -> String {
    let span = Source::new("", text).locate(&source::Path::parse(path)).unwrap_or(0..text.len());
    let before = text[..span.start].chars().map(|c| if c == '\n' { '\n' } else { ' ' });
    before.chain(text[span].chars()).collect()
}

fn part_as<T: serde::de::DeserializeOwned>(name: &str, text: &str, path: &str) -> Result<T, Box<Diagnostic>> {
    read::document(name, part(text, path).as_bytes())
}

fn seeds(spec: &Spec, plan: &Input, text: &str, base: &Scenario) -> Result<Seeding, Box<Diagnostic>> {
    match &spec.seeds {
        Some(raw) if raw.text().starts_with(|c: char| c.is_ascii_alphabetic() || c == '(') => {
            let until: UntilSpec = part_as(&plan.name, text, "seeds")?;
            Until::of(&until).map(Seeding::Until).map_err(|mistake| read::locate(&plan.name, text, &mistake))
        }
        Some(_) => {
            let seeds: scenarios::ast::Seeds = part_as(&plan.name, text, "seeds")?;
            Ok(Seeding::Fixed(seeds.into()))
        }
        None => {
            let seeds = base.seeds();
            let first = seeds.first().copied().unwrap_or_default();
            first.checked_add(seeds.len() as u64).map(|end| Seeding::Fixed(first..end)).ok_or_else(|| {
                let mistake = Mistake::new("base", "no seed comes after the base's own").help("write `seeds: 1..31`");
                read::locate(&plan.name, text, &mistake)
            })
        }
    }
}

/// Complains of figures that no cell has.
fn check_figures(sweep: &Sweep) -> Result<(), Mistake> {
    for (place, metric) in sweep.show.iter().enumerate() {
        check_metric(metric, &sweep.figures, &format!("show[{place}]"))?;
    }
    for (place, (metric, half_width)) in sweep.precision.iter().enumerate() {
        check_metric(metric, &sweep.figures, &format!("precision[{place}]"))?;
        if !(half_width.is_finite() && *half_width > 0.0) {
            return Err(Mistake::new(format!("precision[{place}]"), "no number of seeds makes an interval a point")
                .help("write a number above zero, half of the interval that is wanted"));
        }
    }
    match &sweep.seeds {
        Seeding::Until(until) => check_metric(&until.metric, &sweep.figures, "seeds.metric"),
        Seeding::Fixed(_) => Ok(()),
    }
}

/// Names that conditions know besides the parameters.
pub(super) const PROTOCOL: &str = "protocol";
pub(super) const SEED: &str = "seed";

/// Which runs of a sweep are wanted: those in which all of these conditions hold.
#[derive(Clone, Debug, Default)]
pub struct Filter(pub(super) Vec<Constraint>);

impl Filter {
    /// Reads conditions over the parameters, `protocol` and `seed`; an error says what is wrong.
    pub fn parse(sweep: &Sweep, texts: &[String]) -> Result<Self, String> {
        let names: Vec<&str> = sweep.grid.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
        let names = [names, vec![PROTOCOL, SEED]].concat();
        let parse = |text: &String| {
            let constraint = Constraint::parse(text, &names)
                .map_err(|wrong| format!("{}\n  = help: {}", wrong.title, wrong.help))?;
            if constraint.is_about(names.len() - 1) && matches!(sweep.seeds, Seeding::Until(_)) {
                return Err("seeds that come until the interval is narrow enough cannot be chosen from".to_owned());
            }
            Ok(constraint)
        };
        texts.iter().map(parse).collect::<Result<Vec<Constraint>, String>>().map(Self)
    }

    /// Its conditions as they are written.
    pub fn written(&self) -> Vec<String> {
        self.0.iter().map(|constraint| constraint.written().to_owned()).collect()
    }

    /// Complains of what cannot be compared, and if nothing is wanted at all.
    pub fn check(&self, sweep: &Sweep) -> Result<(), String> {
        for cell in 0..sweep.grid.len() {
            let labels = sweep.labels(cell);
            for protocol in 0..sweep.protocols {
                let place = Place { cell, protocol, seed: 0 };
                self.holds(sweep, &labels, place)
                    .map_err(|wrong| format!("{}\n  = help: {}", wrong.title, wrong.help))?;
            }
        }
        if self.runs(sweep) == 0 {
            return Err("the filter leaves no run\n  = help: `--dry-run` without it lists all of them".to_owned());
        }
        Ok(())
    }

    /// How many runs of a sweep are wanted, at most.
    pub fn runs(&self, sweep: &Sweep) -> u64 {
        if self.0.is_empty() {
            return sweep.runs();
        }
        let is_about_seeds = self.0.iter().any(|constraint| constraint.is_about(sweep.grid.parameters.len() + 1));
        let of_cell = |cell: usize| {
            let labels = sweep.labels(cell);
            let wanted = |protocol: usize, seed: u64| self.wants(sweep, &labels, Place { cell, protocol, seed });
            let of_protocol = |protocol: usize| {
                if is_about_seeds {
                    (0..sweep.seeds.most()).filter(|seed| wanted(protocol, *seed)).count() as u64
                } else {
                    sweep.seeds.most() * u64::from(wanted(protocol, 0))
                }
            };
            (0..sweep.protocols).map(of_protocol).sum::<u64>()
        };
        (0..sweep.grid.len()).map(of_cell).sum()
    }

    /// Whether a run is wanted.
    pub fn wants(&self, sweep: &Sweep, labels: &[String], place: Place) -> bool {
        self.holds(sweep, labels, place).expect("what can be compared was looked at before")
    }

    fn holds(&self, sweep: &Sweep, labels: &[String], place: Place) -> Result<bool, WrongConstraint> {
        if self.0.is_empty() {
            return Ok(true);
        }
        let values = sweep.grid.values(place.cell);
        let seed = sweep.seed(place).to_string();
        let meaning = |name: usize| match values.get(name) {
            Some(value) => Meaning { number: value.number(), text: &value.shown },
            None if name == values.len() => Meaning { number: None, text: &labels[place.protocol] },
            None => Meaning { number: Some(sweep.seed(place) as f64), text: &seed },
        };
        for constraint in &self.0 {
            if !constraint.holds(&meaning)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// How many figures stand on the page if the plan does not say.
const FIGURES_SHOWN: usize = 5;
