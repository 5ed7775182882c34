//! Loss: of packets one by one, or in bursts of a link or of a host's access.

use crate::address::Address;
use crate::network::hop::{Hop, Recent};
use crate::rng::{Draw, LinkChance, LinkField, OneWord, StreamPurpose};
use crate::sampler;
use crate::time::Span;

/// How packets are lost. A bare number is the probability of [`Loss::Bernoulli`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Loss {
    /// None is.
    #[default]
    None,
    /// Each slot of a directed link loses what is sent in it with this probability, on its own.
    Bernoulli(f64),
    /// Good and bad times alternate, each as long as an exponential draw; what is sent in a bad time is lost, what is sent
    /// in a good time is not (Gilbert, "Capacity of a Burst-Noise Channel", 1960; Elliott 1963; here in continuous time).
    /// The process has always been going on: there is no first burst to wait for.
    GilbertElliott {
        /// The share of messages that is lost, in the mean; strictly between 0 and 1.
        mean: f64,
        /// The mean length of a bad time.
        burst: Span,
        /// What has good and bad times.
        per: LossPer,
    },
}

/// What has good and bad times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LossPer {
    /// Each directed pair of hosts.
    Link,
    /// Each host's access link: a packet is lost if that of either end is bad at the instant at which it is sent. Each is
    /// bad for a share `1 - sqrt(1 - mean)` of the time.
    Access,
}

impl From<f64> for Loss {
    fn from(probability: f64) -> Self {
        Self::Bernoulli(probability)
    }
}

impl Loss {
    /// Whether there is such a loss; if not, what is wrong, for a user to read.
    pub fn check(&self) -> Result<(), String> {
        match *self {
            Self::Bernoulli(probability) if !(0.0..=1.0).contains(&probability) => {
                Err(format!("a probability lies between 0 and 1: {probability} does not"))
            }
            Self::GilbertElliott { mean: 1.0, .. } => {
                Err("a loss of all messages leaves no good times between the bursts: say Bernoulli(1.0)".to_owned())
            }
            Self::GilbertElliott { mean: 0.0, .. } => {
                Err("a loss of no message leaves no bursts: say Bernoulli(0.0)".to_owned())
            }
            Self::GilbertElliott { mean, .. } if !(mean > 0.0 && mean < 1.0) => {
                Err(format!("a mean loss lies between 0 and 1: {mean} does not"))
            }
            Self::GilbertElliott { burst: Span::ZERO, .. } => {
                Err("a burst must last longer than nothing: for losses that come one by one say Bernoulli".to_owned())
            }
            Self::GilbertElliott { mean, burst, per } => check_good_time(mean, burst, per),
            Self::None | Self::Bernoulli(_) => Ok(()),
        }
    }
}

/// A good time must be a span: of a nanosecond at least, and of the longest at most.
fn check_good_time(mean: f64, burst: Span, per: LossPer) -> Result<(), String> {
    let good = mean_good_nanos(mean, burst, per);
    if good >= Span::MAX.as_nanos() as f64 {
        let years = good / NANOS_PER_YEAR;
        return Err(format!(
            "for a mean loss of {mean} in bursts of {burst} there would be {years:.1e} years from burst to burst, and 584 are \
             the most: take a greater loss, or shorter bursts"
        ));
    }
    if good < 1.0 {
        return Err(format!(
            "for a mean loss of {mean} in bursts of {burst} there would be less than a nanosecond from burst to burst: take \
             a smaller loss, or longer bursts"
        ));
    }
    Ok(())
}

/// The mean good time between two bursts, in nanoseconds, such that the share of bad time is what it must be.
fn mean_good_nanos(mean: f64, burst: Span, per: LossPer) -> f64 {
    let bad = match per {
        LossPer::Link => mean,
        // 1 - sqrt(1 - mean), written so that a small mean loses no digits.
        LossPer::Access => mean / (1.0 + (1.0 - mean).sqrt()),
    };
    burst.as_nanos() as f64 * (1.0 - bad) / bad
}

/// A [`Loss`] at work.
#[derive(Debug)]
pub(super) enum Losses {
    None,
    Bernoulli(f64),
    PerLink(Bursts),
    PerAccess(Bursts),
}

impl Losses {
    /// Of a loss that there is: see [`Loss::check`].
    pub(super) fn new(seed: u64, loss: Loss) -> Self {
        match loss {
            Loss::None | Loss::Bernoulli(0.0) => Self::None,
            Loss::Bernoulli(probability) => Self::Bernoulli(probability),
            Loss::GilbertElliott { mean, burst, per } => {
                let bursts = Bursts::new(seed, mean_good_nanos(mean, burst, per), burst.as_nanos() as f64);
                match per {
                    LossPer::Link => Self::PerLink(bursts),
                    LossPer::Access => Self::PerAccess(bursts),
                }
            }
        }
    }

    /// Whether they take a packet.
    pub(super) fn take(&mut self, hop: Hop, chance: &mut LinkChance<'_>) -> bool {
        let now = hop.now.as_nanos();
        match self {
            Self::None => false,
            Self::Bernoulli(probability) => happens(*probability, Draw::Loss, chance),
            Self::PerLink(bursts) => bursts.is_bad(hop.from, hop.to, now),
            Self::PerAccess(bursts) => bursts.is_bad(hop.from, hop.from, now) || bursts.is_bad(hop.to, hop.to, now),
        }
    }
}

/// Whether something of this probability happens to a packet.
pub(crate) fn happens(probability: f64, draw: Draw, chance: &mut LinkChance<'_>) -> bool {
    sampler::chance(&mut OneWord(chance.word(draw)), probability)
}

/// The Gilbert–Elliott processes of all links: whether one is bad at an instant is a pure function of seed, link and
/// instant, found without what was before it.
///
/// It rests on bad times having no memory. Bursts are *called* by a Poisson process with one call in each mean good time,
/// whether the link is good or bad, and each call lasts as long as its own exponential draw; the link is bad at an instant
/// if the **last** call before it still lasts then. A call that comes in a good time begins a burst, as it should. One that
/// comes in a bad time draws anew how long that will go on, and what is left of an exponential time is such a time again:
/// it changes nothing that could be observed. So the chain of times is exactly Gilbert's, and to know it at an instant one
/// needs the last call only. A Poisson process, in turn, can be drawn cell of time by cell of time.
#[derive(Debug)]
pub(super) struct Bursts {
    calls: Calls,
    recent: Recent<Stretch>,
}

#[derive(Debug)]
struct Calls {
    field: LinkField,
    mean_good: f64,
    mean_bad: f64,
    /// The length of a cell.
    cell: u64,
    /// No call lasts longer than this.
    longest: u64,
}

/// A stretch of time in which a link stays good or stays bad; it ends before `until`.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    since: u64,
    until: u64,
    is_bad: bool,
}

/// A call for a burst, which lasts from an instant until before another.
#[derive(Clone, Copy, Debug)]
struct Call {
    at: u64,
    until: u64,
}

impl Bursts {
    fn new(seed: u64, mean_good: f64, mean_bad: f64) -> Self {
        Self { calls: Calls::new(seed, mean_good, mean_bad), recent: Recent::new() }
    }

    fn is_bad(&mut self, from: u32, to: u32, now: u64) -> bool {
        let Self { calls, recent } = self;
        let still_holds = |known: &Stretch| (known.since..known.until).contains(&now);
        recent.get(from, to, still_holds, |from, to| calls.stretch(Address(from), Address(to), now)).is_bad
    }
}

impl Calls {
    fn new(seed: u64, mean_good: f64, mean_bad: f64) -> Self {
        let nanos = |nanos| Span::from_nanos_f64(nanos).as_nanos();
        Self {
            field: LinkField::new(seed, StreamPurpose::LOSS),
            mean_good,
            mean_bad,
            cell: nanos(CALLS_PER_CELL * mean_good).max(1),
            longest: nanos(LONGEST_IN_MEANS * mean_bad),
        }
    }

    /// The stretch within a cell that an instant lies in.
    fn stretch(&self, from: Address, to: Address, now: u64) -> Stretch {
        let number = now / self.cell;
        let start = number * self.cell;
        let mut last = None;
        let mut next = start.saturating_add(self.cell);
        for call in self.of_cell(from, to, number) {
            if call.at > now {
                next = call.at;
                break;
            }
            last = Some(call);
        }
        let Call { at, until } = last.unwrap_or_else(|| Call { at: start, until: self.lasting_into(from, to, number) });
        if now < until {
            Stretch { since: at, until: until.min(next), is_bad: true }
        } else {
            Stretch { since: until.max(at), until: next, is_bad: false }
        }
    }

    /// Until when the last call before a cell lasts; any earlier instant if it is over before.
    fn lasting_into(&self, from: Address, to: Address, number: u64) -> u64 {
        let start = number * self.cell;
        for earlier in (0..number).rev() {
            if start - (earlier + 1) * self.cell >= self.longest {
                return 0;
            }
            if let Some(call) = self.of_cell(from, to, earlier).last() {
                return call.until;
            }
        }
        self.lasting_at_first(from, to)
    }

    /// Until when the last call before the beginning of time lasts: as the process has always been going on, its age then
    /// is exponential.
    fn lasting_at_first(&self, from: Address, to: Address) -> u64 {
        let words = self.field.block(from, to, u64::MAX);
        exponential(words[1], self.mean_bad).saturating_sub(exponential(words[0], self.mean_good))
    }

    /// The calls of a cell, in order.
    fn of_cell(&self, from: Address, to: Address, number: u64) -> impl Iterator<Item = Call> {
        let mut at = number * self.cell;
        let end = at.saturating_add(self.cell);
        let mut words = [0; 8];
        (0..BLOCKS_PER_CELL * CALLS_PER_BLOCK).map_while(move |call| {
            if call % CALLS_PER_BLOCK == 0 {
                let place = number.wrapping_mul(BLOCKS_PER_CELL) + call / CALLS_PER_BLOCK;
                words = self.field.block(from, to, place);
            }
            let place = 2 * (call % CALLS_PER_BLOCK) as usize;
            at = at.saturating_add(exponential(words[place], self.mean_good));
            let until = at.saturating_add(exponential(words[place + 1], self.mean_bad));
            (at < end).then_some(Call { at, until })
        })
    }
}

fn exponential(word: u64, mean: f64) -> u64 {
    Span::from_nanos_f64(sampler::exponential(&mut OneWord(word), mean)).as_nanos()
}

/// Few enough that most cells need one block, and enough that one seldom has to look into the cell before.
const CALLS_PER_CELL: f64 = 2.0;
/// Two words each.
const CALLS_PER_BLOCK: u64 = 4;
/// Room for 256 calls, of which there are two in the mean: never too little.
const BLOCKS_PER_CELL: u64 = 64;
/// An exponential draw from 52 bits is at most 53 ln 2 = 36.8 times its mean.
const LONGEST_IN_MEANS: f64 = 37.0;
const NANOS_PER_YEAR: f64 = 365.25 * 86_400e9;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Stream;

    #[test]
    fn what_is_no_loss_is_refused_with_a_reason() {
        let bursts = |mean, burst, per| Loss::GilbertElliott { mean, burst, per };
        let (link, access) = (LossPer::Link, LossPer::Access);
        let ms = Span::from_millis(200);
        for (loss, reason) in [
            (Loss::Bernoulli(1.2), "1.2 does not"),
            (Loss::Bernoulli(f64::NAN), "NaN does not"),
            (bursts(1.0, ms, link), "say Bernoulli(1.0)"),
            (bursts(0.0, ms, link), "say Bernoulli(0.0)"),
            (bursts(-0.1, ms, access), "-0.1 does not"),
            (bursts(f64::NAN, ms, access), "NaN does not"),
            (bursts(0.1, Span::ZERO, link), "longer than nothing"),
            (bursts(1e-12, ms, link), "6.3e3 years from burst to burst"),
            (bursts(1.0 - 1e-12, ms, link), "less than a nanosecond"),
        ] {
            let told = loss.check().expect_err("there is no such loss");
            assert!(told.contains(reason), "{loss:?}: {told}");
        }
        for loss in
            [Loss::None, Loss::Bernoulli(0.0), Loss::Bernoulli(1.0), bursts(1e-9, ms, link), bursts(0.999, ms, access)]
        {
            assert_eq!(loss.check(), Ok(()), "{loss:?}");
        }
    }

    #[test]
    fn bad_times_have_the_share_that_makes_the_mean() {
        let share = |per| 1.0 / (1.0 + mean_good_nanos(0.19, Span::from_secs(1), per) / 1e9);
        assert!((share(LossPer::Link) - 0.19).abs() < 1e-12);
        assert!((share(LossPer::Access) - 0.1).abs() < 1e-12, "1 - .9 .9 = .19");
    }

    #[test]
    fn the_last_call_is_found_as_if_all_were_looked_through() {
        let mut words = Stream::open(1, StreamPurpose(99), 0);
        for (mean_good, mean_bad) in [(1e6, 1e5), (1e6, 1e6), (1e6, 3e7)] {
            let mut bursts = Bursts::new(1, mean_good, mean_bad);
            for _ in 0..4_000 {
                let (from, now) = (sampler::below(&mut words, 10) as u32, sampler::below(&mut words, 100_000_000));
                let is_bad = now < lasting_from_before(&bursts.calls, Address(from), now);
                assert_eq!(bursts.is_bad(from, 0, now), is_bad, "link {from} at {now}");
            }
        }
    }

    /// Until when the last call before an instant lasts, of all that ever were.
    fn lasting_from_before(calls: &Calls, from: Address, now: u64) -> u64 {
        let all = (0..=now / calls.cell).flat_map(|number| calls.of_cell(from, Address(0), number));
        let before = all.take_while(|call| call.at <= now).last();
        before.map_or_else(|| calls.lasting_at_first(from, Address(0)), |call| call.until)
    }

    /// Nothing overflows at the ends of what is allowed.
    #[test]
    fn bursts_may_be_as_short_and_as_long_as_a_span() {
        for (mean, burst) in
            [(0.5, Span::from_nanos(1)), (0.5, Span::MAX.saturating_sub(Span::from_secs(9_999_999_999)))]
        {
            let loss = Loss::GilbertElliott { mean, burst, per: LossPer::Link };
            assert_eq!(loss.check(), Ok(()));
            let Losses::PerLink(mut bursts) = Losses::new(1, loss) else { panic!("bursts of links") };
            let times = [0, 1, 1 << 40, u64::MAX - 1, u64::MAX];
            let bad = (0..200).filter(|link| bursts.is_bad(*link, 0, times[*link as usize % 5])).count();
            assert!((60..140).contains(&bad), "{bad}");
        }
    }
}
