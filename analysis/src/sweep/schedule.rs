//! Which run comes next, and which line: runs are handed out in order of their number, may end in any order, and their lines
//! come out in order again. How many are held at once is bounded, whatever the number of runs.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::plan::{Filter, Place, Sweep};
use super::seeding::Seeding;
use crate::figure::figure;

/// The runs of a sweep that are wanted, from the first to the last.
pub(super) struct Schedule<'a> {
    sweep: &'a Sweep,
    filter: &'a Filter,
    /// Cells whose lines have not all come out.
    open: BTreeMap<usize, Open>,
    next_cell: usize,
    /// Runs whose lines have not come out; none where the run has not ended.
    runs: BTreeMap<u64, Option<Line>>,
    /// Of these, the ones that nobody has begun.
    waiting: BTreeSet<u64>,
    /// Lines of runs that ended before the sweep was interrupted.
    kept: BTreeMap<u64, String>,
}

/// A cell whose lines have not all come out.
struct Open {
    labels: Vec<String>,
    /// How many of its seeds have been let in.
    seeds: u64,
    /// Whether these are all.
    is_decided: bool,
    /// Runs that have not ended.
    running: usize,
    /// Runs whose lines have not come out.
    inside: usize,
    /// Of each protocol that the number of seeds depends on: the figure's values by seed.
    samples: BTreeMap<usize, BTreeMap<u64, Option<f64>>>,
}

/// The line of a run that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// It stands in the results.
    Written,
    /// It stands nowhere yet.
    New(String),
    /// It stands in the journal.
    Kept(String),
}

impl<'a> Schedule<'a> {
    pub(super) fn new(sweep: &'a Sweep, filter: &'a Filter) -> Self {
        let (open, runs) = (BTreeMap::new(), BTreeMap::new());
        Self { sweep, filter, open, next_cell: 0, runs, waiting: BTreeSet::new(), kept: BTreeMap::new() }
    }

    /// A run has ended before: its line comes out when it is its turn.
    pub(super) fn has_kept(&mut self, run: u64, line: String) {
        self.kept.insert(run, line);
    }

    /// What was kept of runs whose lines have come out is not needed. How many lines are still kept.
    pub(super) fn forget_written(&mut self) -> u64 {
        let next = self.expected().unwrap_or(u64::MAX);
        self.kept.retain(|run, _| *run >= next);
        self.kept().count() as u64
    }

    /// The next run to begin; none while others must end first, or if there are no more.
    pub(super) fn begin(&mut self) -> Option<Place> {
        self.fill();
        self.waiting.pop_first().map(|run| self.sweep.place(run))
    }

    /// The run whose line comes out next; none if there are no more.
    pub(super) fn expected(&mut self) -> Option<u64> {
        self.fill();
        self.runs.first_key_value().map(|(run, _)| *run)
    }

    /// A run has ended.
    pub(super) fn end(&mut self, run: u64, line: Line, figures: &Json) {
        self.waiting.remove(&run);
        let before = self.runs.insert(run, Some(line));
        if before != Some(None) {
            // It had ended already, and now its line stands somewhere else.
            return;
        }
        let place = self.sweep.place(run);
        let open = opened(&mut self.open, place.cell);
        open.running -= 1;
        if let Seeding::Until(until) = &self.sweep.seeds
            && until.protocol.as_ref().is_none_or(|wanted| *wanted == open.labels[place.protocol])
        {
            open.samples.entry(place.protocol).or_default().insert(place.seed, figure(figures, &until.metric));
        }
        if open.running == 0 && !open.is_decided {
            self.let_in(place.cell);
        }
    }

    /// The line whose turn it is; none while its run has not ended.
    pub(super) fn take(&mut self) -> Option<Line> {
        let first = self.runs.first_entry().filter(|first| first.get().is_some())?;
        let (run, line) = first.remove_entry();
        opened(&mut self.open, self.sweep.place(run).cell).inside -= 1;
        self.close();
        line
    }

    /// The lines that stand in the journal and have not come out.
    pub(super) fn kept(&self) -> impl Iterator<Item = &str> + Clone {
        let ended = self.runs.values().filter_map(|line| match line {
            Some(Line::Kept(line)) => Some(line.as_str()),
            _ => None,
        });
        ended.chain(self.kept.values().map(String::as_str))
    }

    /// Opens cells, or lets more seeds into the last one, until there is something to begin or too much waits for its turn.
    fn fill(&mut self) {
        while self.waiting.is_empty() && self.runs.len() < LOOK_AHEAD {
            let unfinished = self
                .open
                .last_key_value()
                .filter(|(_, open)| !open.is_decided && open.running == 0 || self.is_fixed(open));
            match unfinished.map(|(cell, _)| *cell) {
                Some(cell) => self.let_in(cell),
                None if self.next_cell < self.sweep.grid.len() => {
                    let cell = self.next_cell;
                    self.next_cell += 1;
                    self.open.insert(cell, Open::of(self.sweep.labels(cell)));
                    self.let_in(cell);
                }
                None => return,
            }
        }
    }

    /// Whether more seeds may come in while others run: their number depends on no run.
    fn is_fixed(&self, open: &Open) -> bool {
        !open.is_decided && matches!(self.sweep.seeds, Seeding::Fixed(_))
    }

    /// Lets the next seeds into a cell, or decides that there are no more.
    fn let_in(&mut self, cell: usize) {
        let open = opened(&mut self.open, cell);
        let (seeds, most) = (open.seeds, self.sweep.seeds.most());
        let next = match &self.sweep.seeds {
            Seeding::Fixed(_) => Some(most.min(seeds + SEEDS_AT_ONCE)),
            Seeding::Until(until) => until.next_look(seeds).filter(|_| seeds == 0 || !until.is_enough(&open.samples())),
        };
        open.seeds = next.unwrap_or(seeds);
        open.is_decided = next.is_none() || open.seeds == most;
        let begun: Vec<u64> = (seeds..open.seeds).flat_map(|seed| self.wanted(cell, seed)).collect();
        let open = opened(&mut self.open, cell);
        open.running += begun.len();
        open.inside += begun.len();
        for run in &begun {
            self.runs.insert(*run, None);
            self.waiting.insert(*run);
        }
        for run in begun {
            if let Some(line) = self.kept.remove(&run) {
                let figures = figures_of(&line);
                self.end(run, Line::Kept(line), &figures);
            }
        }
        self.close();
    }

    /// The runs of a cell and seed that are wanted.
    fn wanted(&self, cell: usize, seed: u64) -> Vec<u64> {
        let labels = &self.open[&cell].labels;
        let places = (0..self.sweep.protocols).map(|protocol| Place { cell, protocol, seed });
        let wanted = places.filter(|place| self.filter.wants(self.sweep, labels, *place));
        wanted.map(|place| self.sweep.number(place)).collect()
    }

    fn close(&mut self) {
        while let Some(first) = self.open.first_entry()
            && first.get().is_decided
            && first.get().inside == 0
        {
            first.remove();
        }
    }
}

impl Open {
    fn of(labels: Vec<String>) -> Self {
        Self { labels, seeds: 0, is_decided: false, running: 0, inside: 0, samples: BTreeMap::new() }
    }

    fn samples(&self) -> Vec<Vec<f64>> {
        self.samples.values().map(|sample| sample.values().flatten().copied().collect()).collect()
    }
}

fn opened(open: &mut BTreeMap<usize, Open>, cell: usize) -> &mut Open {
    open.get_mut(&cell).expect("a cell stays open until all its lines have come out")
}

fn figures_of(line: &str) -> Json {
    serde_json::from_str::<Json>(line)
        .ok()
        .and_then(|mut line| line.get_mut("figures").map(Json::take))
        .unwrap_or_default()
}

/// So many runs may wait for their turn or for their end; a line has some kilobytes.
const LOOK_AHEAD: usize = 4096;
/// Of a fixed range of seeds, so many come in at once.
const SEEDS_AT_ONCE: u64 = 64;

#[cfg(test)]
mod tests {
    use scenarios::files::Folders;

    use serde_json::json;
    use sim::rng::{Stream, StreamPurpose};
    use sim::sampler::below;

    use super::*;
    use crate::execute::{Input, Progress};

    const PLAN: &str = r#"(
        base: (
            protocols: {"a": Chord(), "b": Chord(retries: 0)},
            script: [(at: "0s", do: Converged(nodes: 2))],
            end: "1s",
        ),
        axes: [(over: "protocols[0].successors", name: "successors", from: 1, to: 40, step: 1)],
        seeds: SEEDS,
    )"#;

    fn sweep(seeds: &str) -> Sweep {
        let bytes = PLAN.replace("SEEDS", seeds).into_bytes();
        let input = Input { name: "plan.ron".to_owned(), title: "plan".to_owned(), bytes };
        Sweep::read(&input, &Folders::default(), &Progress::default()).expect("legal")
    }

    /// A figure that is a function of the run alone: of some cells it varies much, of others little.
    fn figures(run: u64, sweep: &Sweep) -> Json {
        let place = sweep.place(run);
        let spread = (place.cell % 7) as f64;
        let value = 10.0 + spread * ((place.seed * 7_919 + place.cell as u64 * 104_729) % 13) as f64 / 13.0;
        json!({"lookups": {"success": value}})
    }

    /// Runs all, so many at once, each ending when the stream says so; the lines as they come out, and how many were held at most.
    fn run_all(sweep: &Sweep, filter: &Filter, workers: usize, seed: u64) -> (Vec<u64>, usize) {
        let mut schedule = Schedule::new(sweep, filter);
        let mut stream = Stream::open(seed, StreamPurpose(99), 0);
        let (mut running, mut out, mut most) = (Vec::new(), Vec::new(), 0);
        loop {
            while running.len() < workers
                && let Some(place) = schedule.begin()
            {
                running.push(sweep.number(place));
            }
            if running.is_empty() {
                assert_eq!(schedule.expected(), None);
                return (out, most);
            }
            // The first one begun is slow.
            let slow = usize::from(running.len() > 1 && below(&mut stream, 10) > 0);
            let place = slow + below(&mut stream, (running.len() - slow) as u64) as usize;
            let run = running.remove(place);
            schedule.end(run, Line::New(run.to_string()), &figures(run, sweep));
            most = most.max(schedule.runs.len());
            while let Some(Line::New(line)) = schedule.take() {
                out.push(line.parse().expect("a number"));
            }
        }
    }

    #[test]
    fn lines_come_out_in_order_whatever_ends_first() {
        let sweep = sweep("1..31");
        for (workers, seed) in [(1, 1), (2, 2), (3, 3), (64, 4), (256, 5)] {
            let (out, most) = run_all(&sweep, &Filter::default(), workers, seed);
            assert_eq!(out, (0..40 * 30 * 2).collect::<Vec<u64>>(), "{workers} at once");
            assert!(most <= LOOK_AHEAD, "{most}");
        }
    }

    #[test]
    fn what_waits_is_bounded_however_slow_the_first_run_is() {
        let sweep = sweep("1..301");
        let all = Filter::default();
        let mut schedule = Schedule::new(&sweep, &all);
        assert_eq!(schedule.begin().map(|place| sweep.number(place)), Some(0));
        let mut begun = 1;
        while let Some(place) = schedule.begin() {
            schedule.end(sweep.number(place), Line::New(String::new()), &Json::Null);
            assert_eq!(schedule.take(), None);
            begun += 1;
        }
        assert!((LOOK_AHEAD / 2..LOOK_AHEAD + 2 * SEEDS_AT_ONCE as usize).contains(&begun), "{begun} of 24000");
        schedule.end(0, Line::New(String::new()), &Json::Null);
        assert_eq!(std::iter::from_fn(|| schedule.take()).count(), begun);
        assert_eq!(schedule.begin().map(|place| sweep.number(place)), Some(begun as u64), "and it goes on");
    }

    #[test]
    fn how_many_seeds_a_cell_has_does_not_depend_on_what_ends_first() {
        let sweep =
            sweep("Until(metric: \"lookups.success\", protocol: \"b\", half_width: 0.5, batch: 3, at_most: 90)");
        let alone = run_all(&sweep, &Filter::default(), 1, 1).0;
        for (workers, seed) in [(2, 2), (16, 3), (200, 4)] {
            assert_eq!(run_all(&sweep, &Filter::default(), workers, seed).0, alone, "{workers} at once");
        }
        let of_cell = |cell: usize| alone.iter().filter(|run| sweep.place(**run).cell == cell).count();
        let counts: Vec<usize> = (0..7).map(of_cell).collect();
        assert!(counts[0] == 60 && counts[6] > 60 && counts[6] < 180, "two protocols, 30 seeds and more: {counts:?}");
        assert!(alone.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn what_was_kept_is_not_begun_again() {
        let sweep = sweep("Until(metric: \"lookups.success\", half_width: 0.5, batch: 3, at_most: 90)");
        let all = Filter::default();
        let wanted = run_all(&sweep, &all, 1, 1).0;
        let mut schedule = Schedule::new(&sweep, &all);
        for run in wanted.iter().filter(|run| *run % 3 == 0) {
            let line = json!({"run": run, "figures": figures(*run, &sweep)});
            schedule.has_kept(*run, line.to_string());
        }
        for run in &wanted[..100] {
            assert_eq!(schedule.expected(), Some(*run));
            schedule.end(*run, Line::Written, &figures(*run, &sweep));
            assert_eq!(schedule.take(), Some(Line::Written));
        }
        let begun: Vec<u64> = std::iter::from_fn(|| {
            while schedule.take().is_some() {}
            let run = schedule.begin().map(|place| sweep.number(place))?;
            schedule.end(run, Line::New(String::new()), &figures(run, &sweep));
            Some(run)
        })
        .collect();
        let missing: Vec<u64> = wanted[100..].iter().copied().filter(|run| run % 3 != 0).collect();
        assert_eq!(begun, missing);
    }
}
