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

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a normal offset from its centre, wrapped, the cosine of the angle has the mean `R = exp(-2 (pi sigma)^2)` and the
    /// variance `(1 + R^4) / 2 - R^2` (Mardia and Jupp, "Directional Statistics", 2000, 3.5.7).
    #[test]
    fn keys_lie_around_their_centre_with_the_deviation_that_is_asked_for_around_the_circle() {
        for deviation in [0.05, 0.3] {
            let law = KeyLaw::Gaussian { centres: 1, deviation };
            let centre = random(circle().width, &mut SERIES.centre(SEED, 0));
            let turn = |key: Key| {
                let [high, ..] = limbs(key - centre);
                high as f64 / TWO_TO_THE_64 * std::f64::consts::TAU
            };
            let cosines: Vec<f64> = keys(&law, SERIES).map(|key| libm::cos(turn(key))).collect();
            let mean = cosines.iter().sum::<f64>() / COUNT as f64;
            let is_it = |deviation: f64| {
                let turns = std::f64::consts::PI * deviation;
                let length = libm::exp(-2.0 * turns * turns);
                let squared = length * length;
                let variance = f64::midpoint(1.0, squared * squared) - squared;
                (mean - length).abs() < 3.29 * (variance / COUNT as f64).sqrt()
            };
            assert!(is_it(deviation) && !is_it(deviation * 1.05) && !is_it(deviation * 0.95), "{deviation}: {mean}");
        }
    }

    /// Chi-square over five centres: four degrees of freedom, 99.9 % quantile 18.47. Five centres taken for six are refused.
    #[test]
    fn every_centre_is_as_likely_as_another() {
        let law = KeyLaw::Gaussian { centres: 5, deviation: 1e-6 };
        let centres: Vec<Key> = (0..6).map(|number| random(circle().width, &mut SERIES.centre(SEED, number))).collect();
        let mut counts = [0u32; 6];
        for key in keys(&law, SERIES) {
            let (nearest, _) = (0..).zip(&centres).min_by_key(|(_, centre)| centre.ring_distance(key)).expect("six");
            counts[nearest] += 1;
            assert!(centres[nearest].ring_distance(key) < circle().width.share(1e-5), "ten deviations are too many");
        }
        let misfit = |centres: usize| -> f64 {
            let expected = COUNT as f64 / centres as f64;
            let squares =
                counts[..centres].iter().map(|count| (f64::from(*count) - expected) * (f64::from(*count) - expected));
            squares.sum::<f64>() / expected
        };
        assert!(misfit(5) < 18.47 && misfit(6) > 18.47, "{counts:?}");
    }

    #[test]
    fn runs_are_neighbours_and_each_begins_somewhere_else() {
        for (bits, stride) in [(160, 1), (160, 1 << 40), (8, 3)] {
            let circle = Circle { width: Width::new(bits).expect("legal"), ..circle() };
            let law = KeyLaw::Runs { length: 16, stride };
            let node = Series::OfNode { workload: 0, node: Address(3) };
            let place = Series::InFlight { draws: 0, node: Address(3), place: 1 };
            for series in [SERIES, node, place] {
                let keys: Vec<Key> = (0..160).map(|number| key(&law, circle, series, number)).collect();
                for (number, pair) in keys.windows(2).enumerate().filter(|(number, _)| number % 16 != 15) {
                    assert_eq!(pair[1] - pair[0], circle.width.modulo(u128::from(stride)), "{number}");
                }
                let mut first: Vec<Key> = keys.iter().step_by(16).copied().collect();
                first.sort_unstable();
                first.dedup();
                assert!(first.len() >= 9, "of ten beginnings on a circle of 256 two may be the same");
            }
        }
    }

    #[test]
    fn items_have_their_names_and_the_first_is_the_most_popular() {
        let law = KeyLaw::Zipf { law: Zipf::new(1.0, 100), seed: 7 };
        let mut counts = vec![0u32; 101];
        let names: Vec<Key> = (1..=100).map(|rank| circle().width.hash(&format!("item-7-{rank}"))).collect();
        for key in keys(&law, SERIES) {
            counts[names.iter().position(|name| *name == key).expect("an item of the hundred")] += 1;
        }
        // The harmonic number of 100 is 5.18738: the first is asked for that often.
        let expected = COUNT as f64 / 5.187_38;
        assert!((f64::from(counts[0]) - expected).abs() < 3.29 * expected.sqrt(), "{}", counts[0]);
    }

    #[test]
    fn listed_keys_go_round_or_are_drawn() {
        let listed = listed(b"name, key\na, 5\nb, 18446744073709551616\nc, 5\n", circle().width).expect("three keys");
        assert_eq!(
            listed.iter().map(|key| circle().width.decimal(*key)).collect::<Vec<_>>().join(" "),
            "5 18446744073709551616 5"
        );
        let law = |order| KeyLaw::Listed { keys: listed.clone().into(), order };
        let first = |order| keys(&law(order), SERIES).take(6).collect::<Vec<Key>>();
        assert_eq!(first(KeyOrder::Listed), [listed.clone(), listed.clone()].concat());
        let drawn = keys(&law(KeyOrder::Random), SERIES).filter(|key| *key == listed[1]).count() as f64;
        assert!((drawn - COUNT as f64 / 3.0).abs() < 3.29 * (COUNT as f64 * 2.0 / 9.0).sqrt(), "{drawn}");
    }

    fn keys(law: &KeyLaw, series: Series) -> impl Iterator<Item = Key> {
        (0..COUNT).map(move |number| key(law, circle(), series, number))
    }

    fn key(law: &KeyLaw, circle: Circle<'_>, series: Series, number: u64) -> Key {
        let mut words = series.words(SEED, number);
        let request = Request { series, number, up: &Roster::default(), words: &mut words };
        law.key(circle, request).expect("no node is asked for")
    }

    fn circle() -> Circle<'static> {
        Circle { seed: SEED, width: Width::new(160).expect("a legal width"), ids: &[] }
    }

    /// The share of the circle, as digits to the base of 2^64.
    fn limbs(key: Key) -> [u64; 3] {
        [0, 64, 128].map(|place| u64::from(key.digit(place, 32)) << 32 | u64::from(key.digit(place + 32, 32)))
    }

    const SEED: u64 = 4;
    const COUNT: u64 = 20_000;
    const SERIES: Series = Series::All { workload: 2 };
    const TWO_TO_THE_64: f64 = 18_446_744_073_709_551_616.0;
}
