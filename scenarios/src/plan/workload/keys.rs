//! What a workload asks for: the key of each request, a function of the seed and of whose request it is.

use std::sync::Arc;

use ::csv::{ReaderBuilder, Trim};
use protocols::key::{Key, Width};
use sim::address::Address;
use sim::rng::{Stream, Words};
use sim::sampler::{self, Zipf};

use super::csv::{column, in_csv, number_in};
use crate::ast::{KeyOrder, Keys};
use crate::files::Files;
use crate::mistake::Mistake;
use crate::plan::draws;
use crate::plan::roster::Roster;

/// The keys of a workload, checked.
#[derive(Clone, Debug)]
pub(crate) enum KeyLaw {
    Uniform,
    Seeded { seed: u64, count: u64 },
    NodeIds,
    Zipf { law: Zipf, seed: u64 },
    Runs { length: u64, stride: u64 },
    Gaussian { centres: u64, deviation: f64 },
    Listed { keys: Arc<[Key]>, order: KeyOrder },
}

/// Whose requests these are: what their draws are keyed by. Each series counts its requests from 0.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Series {
    /// All requests of a workload.
    All { workload: usize },
    /// Those of one node.
    OfNode { workload: usize, node: Address },
    /// Those of one place in flight of one node.
    InFlight { draws: u32, node: Address, place: u32 },
}

/// One request of a series, and the words that are its own.
pub(crate) struct Request<'a> {
    pub(crate) series: Series,
    pub(crate) number: u64,
    /// Who is up at its instant.
    pub(crate) up: &'a Roster,
    pub(crate) words: &'a mut Stream,
}

/// What keys are drawn from, besides a request's own words.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Circle<'a> {
    pub(crate) seed: u64,
    pub(crate) width: Width,
    pub(crate) ids: &'a [Option<Key>],
}

impl KeyLaw {
    /// Checks what stands at `here`, and reads its file.
    pub(super) fn new(keys: &Keys, seed: u64, width: Width, files: &dyn Files, here: &str) -> Result<Self, Mistake> {
        Ok(match *keys {
            Keys::Uniform => Self::Uniform,
            Keys::Seeded { seed, count } => Self::Seeded { seed, count: count.0 },
            Keys::NodeIds => Self::NodeIds,
            Keys::Zipf { exponent, items, seed: named } => {
                Self::Zipf { law: Zipf::new(exponent.0, items.0), seed: named.unwrap_or(seed) }
            }
            Keys::Runs { length, stride } => Self::Runs { length: length.0, stride: stride.0 },
            Keys::Gaussian { centres, deviation } => {
                if centres.0 > CENTRES_MAX {
                    return Err(Mistake::new(format!("{here}.centres"), format!("more than {CENTRES_MAX} centres"))
                        .help("write `Uniform` for keys from everywhere"));
                }
                Self::Gaussian { centres: centres.0, deviation: deviation.0 }
            }
            Keys::File { ref file, order } => {
                let here = format!("{here}.file");
                let bytes = super::read(files, file, &here)?;
                let keys = listed(&bytes, width).map_err(|problem| Mistake::new(here, format!("{file}:{problem}")))?;
                Self::Listed { keys: keys.into(), order }
            }
        })
    }

    /// The key of a request; none if it is to be the id of a node, and nobody is up.
    pub(crate) fn key(&self, circle: Circle<'_>, request: Request<'_>) -> Option<Key> {
        let Circle { seed, width, ids } = circle;
        let Request { series, number, up, words } = request;
        Some(match *self {
            Self::Uniform => random(width, words),
            Self::Seeded { seed, count } => width.hash(&format!("key-{seed}-{}", number % count)),
            Self::NodeIds => return up.draw(words).and_then(|node| ids[node.index()]),
            Self::Zipf { law, seed } => width.hash(&format!("item-{seed}-{}", law.sample(words))),
            Self::Runs { length, stride } => {
                // A run begins where the request that began it drew.
                let step = number % length;
                let first = match step {
                    0 => random(width, words),
                    _ => random(width, &mut series.words(seed, number - step)),
                };
                first + width.modulo(u128::from(step) * u128::from(stride))
            }
            Self::Gaussian { centres, deviation } => {
                let mut centre = series.centre(seed, sampler::below(words, centres));
                random(width, &mut centre) + width.share(sampler::normal(words, 0.0, deviation))
            }
            Self::Listed { ref keys, order } => match order {
                KeyOrder::Listed => keys[(number % keys.len() as u64) as usize],
                KeyOrder::Random => keys[sampler::below(words, keys.len() as u64) as usize],
            },
        })
    }
}

impl Series {
    /// The words of a request. In a series of one node the first says when the request comes, or the one after it.
    pub(crate) fn stream(self, seed: u64, number: u64) -> Stream {
        match self {
            Self::All { workload } => draws::request(seed, workload, number),
            Self::OfNode { workload, node } => draws::request_of_node(seed, workload, node, number),
            Self::InFlight { draws, node, place } => draws::request_in_flight(seed, draws, node, place, number),
        }
    }

    /// The words of a request from which its key is drawn.
    pub(crate) fn words(self, seed: u64, number: u64) -> Stream {
        let mut words = self.stream(seed, number);
        if !matches!(self, Self::All { .. }) {
            words.word();
        }
        words
    }

    fn centre(self, seed: u64, number: u64) -> Stream {
        match self {
            Self::All { workload } | Self::OfNode { workload, .. } => draws::centre(seed, false, workload, number),
            Self::InFlight { draws, .. } => draws::centre(seed, true, draws as usize, number),
        }
    }
}

fn random(width: Width, words: &mut Stream) -> Key {
    width.random(|| words.word())
}

/// The keys of a file; an error begins with its line.
fn listed(bytes: &[u8], width: Width) -> Result<Vec<Key>, String> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err("1: the file is empty".to_owned());
    }
    let mut reader = ReaderBuilder::new().trim(Trim::All).from_reader(bytes);
    let headers = reader.headers().map_err(|error| in_csv(&error))?.clone();
    let column = column(&headers, "key")?;
    let mut keys = Vec::new();
    for record in reader.records() {
        keys.push(number_in(&record.map_err(|error| in_csv(&error))?, column, "key", width)?);
    }
    if keys.is_empty() {
        return Err("1: there is no key below the name of the column".to_owned());
    }
    Ok(keys)
}

/// More centres than this lie so close that they are none.
const CENTRES_MAX: u64 = 1_000_000;
