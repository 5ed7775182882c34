//! The results of a scenario as one document: what `--json` prints and `--out` saves. Key order is fixed, and nothing in it
//! depends on the machine, the clock or the file's place.

mod spread;
mod transfers;

use protocols::Entry;
use scenarios::plan::Plan;
use scenarios::run::Finished;
use serde::{Serialize, Serializer};
use sim::access::QueueFigures;
use sim::network::DropCause;
use sim::time::{SimTime, Span};

use crate::figure::figure;
use crate::metrics::{
    Distribution, Drops, HopsLatency, Lookups, Metrics, PhaseLookups, Point, Population, Queueing, Volume,
};
pub use spread::{LoadFigure, LoadFigures, PlacementFigures, SpreadFigures};
pub use transfers::TransferFigures;

/// The results of all runs of a scenario.
#[derive(Clone, Debug, Serialize)]
pub struct Document {
    /// The scenario's name.
    pub scenario: String,
    /// Its first seed.
    pub seed: u64,
    /// All its seeds, in order.
    pub seeds: Vec<u64>,
    /// The version of this program.
    pub version: &'static str,
    /// One entry for each protocol and seed, in order.
    pub results: Vec<Outcome>,
    /// What was expected, and what came out.
    pub expectations: Vec<Expected>,
    /// The protocols compared; empty if there is only one.
    pub comparison: Vec<ComparedFigure>,
    /// What others have published, and what was measured here.
    pub claims: Vec<Claimed>,
}

/// What one run has come to.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// The protocol's name.
    pub protocol: &'static str,
    /// Its label in the scenario.
    pub label: String,
    /// Its settings, defaults filled in.
    pub settings: Entry,
    /// The seed.
    pub seed: u64,
    /// How many nodes there ever were.
    pub nodes: usize,
    /// How many were members at the end.
    pub members_at_end: usize,
    /// How many events nodes have handled.
    pub events: u64,
    /// The fingerprint.
    pub fingerprint: String,
    /// Virtual time, in seconds.
    pub virtual_time_s: f64,
    /// How often a node became a member.
    pub joins: u64,
    /// How often a node was told to join.
    pub joins_asked: u64,
    /// How many left gracefully.
    pub leaves: u64,
    /// How many crashed.
    pub crashes: u64,
    /// How many sessions of the traces have no length: nobody came in them.
    pub skipped_sessions: u64,
    /// How many nodes were up after the warm-up.
    pub population: PopulationFigures,
    /// Messages that were dropped after the warm-up, by cause.
    pub drops: DropFigures,
    /// What messages have met at queues, over the whole run.
    pub queueing: QueueingFigures,
    /// What has become of bulk transfers, over the whole run.
    pub transfers: TransferFigures,
    /// Lookups of the workload that nobody was up to ask.
    pub lookups_unasked: u64,
    /// What became of lookups.
    pub lookups: LookupFigures,
    /// The same of those that were issued in each phase, by name, in order of the scenario.
    #[serde(serialize_with = "by_name")]
    pub phases: Vec<(String, PhaseFigures)>,
    /// Messages sent for a join that made its node a member.
    pub messages_per_join: Mean,
    /// Distinct contacts of a member at the end.
    pub routing_entries: Mean,
    /// Bytes of state of a member at the end.
    pub state_bytes: Mean,
    /// What was sent after the warm-up, per node and second.
    pub traffic: TrafficFigures,
    /// Who worked for lookups after the warm-up.
    pub load: LoadFigures,
    /// Where keys lie, and what has become of their copies.
    pub placement: PlacementFigures,
    /// How long after the last departure lookups still went wrong.
    pub recovery: Recovery,
    /// Lookups by the time at which they were issued, those of the warm-up too, and what was sent in that time.
    pub series: Vec<PointFigures>,
}

/// How many nodes were up, members or not; null where nothing was measured.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct PopulationFigures {
    /// On average over time.
    pub mean: Option<f64>,
    /// At least.
    pub least: Option<u64>,
    /// At most.
    pub most: Option<u64>,
}

/// Messages that were never handled, by what became of them.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct DropFigures {
    loss: u64,
    fault_loss: u64,
    cut: u64,
    partition: u64,
    node_down: u64,
    queue_full: u64,
    undialable: u64,
    total: u64,
}

/// What messages have met at queues.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct QueueingFigures {
    uplink: WaitFigures,
    downlink: WaitFigures,
    service: WaitFigures,
}

/// What messages have met at queues of one sort; null where there were none.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct WaitFigures {
    passed: u64,
    dropped: u64,
    waited_share: Option<f64>,
    wait_ms_mean: Option<f64>,
    wait_ms_max: Option<f64>,
}

/// What became of lookups.
#[derive(Clone, Debug, Serialize)]
pub struct LookupFigures {
    issued: u64,
    correct: u64,
    wrong: u64,
    failed: u64,
    abandoned: u64,
    success: Option<f64>,
    wrong_share: Option<f64>,
    failed_share: Option<f64>,
    correct_on_side: u64,
    holders_success: Option<f64>,
    hops: Summary,
    hops_to_owner: Summary,
    hops_to_end: Summary,
    latency_ms: Summary,
    latency_known_ms: Summary,
    stretch: Summary,
    hops_latency: CorrelationFigures,
    time_to_end_ms: Summary,
    timeouts: Summary,
    timeouts_on_the_way: Summary,
    time_lost_ms: Summary,
    messages: Summary,
}

/// What became of the lookups that were issued in a phase.
#[derive(Clone, Debug, Serialize)]
pub struct PhaseFigures {
    from_s: f64,
    until_s: f64,
    #[serde(flatten)]
    lookups: LookupFigures,
}

/// How two things go together, from −1 to 1; null with fewer than two pairs, or where one of both is always the same.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct CorrelationFigures {
    /// Pearson's correlation.
    pub correlation: Option<f64>,
    /// Spearman's: of the ranks.
    pub rank_correlation: Option<f64>,
}

/// A distribution in five figures; null where nothing was measured.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Summary {
    /// The exact mean.
    pub mean: Option<f64>,
    /// The median.
    pub p50: Option<f64>,
    /// The 95th percentile.
    pub p95: Option<f64>,
    /// The 99th percentile.
    pub p99: Option<f64>,
    /// The exact maximum.
    pub max: Option<f64>,
}

/// A mean; null where nothing was measured.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Mean {
    /// The mean.
    pub mean: Option<f64>,
}

/// What was sent, by what it was for.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct TrafficFigures {
    /// For users' lookups.
    pub lookup: VolumeFigures,
    /// To keep the overlay in order.
    pub upkeep: VolumeFigures,
    /// For joins.
    pub join: VolumeFigures,
    /// All messages: what Li et al. (INFOCOM 2005) call the cost.
    pub total: VolumeFigures,
}

/// What was sent, per node and second, and in total.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct VolumeFigures {
    /// Messages per node and second.
    pub messages: Option<f64>,
    /// Bytes per node and second.
    pub bytes: Option<f64>,
    /// Messages in all.
    pub messages_total: u64,
    /// Bytes in all.
    pub bytes_total: u64,
}

/// How long after the last departure lookups still went wrong; null where nobody departed.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Recovery {
    /// Until the last lookup was issued that was not answered right, in seconds.
    pub correct_after_s: Option<f64>,
    /// Until, from then on to the end of the run, at least 99 % of the lookups issued were answered right, in whole seconds.
    pub correct_99_after_s: Option<f64>,
    /// Until the last lookup was issued that met silence, in seconds.
    pub no_timeouts_after_s: Option<f64>,
}

/// One stretch of time.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct PointFigures {
    from_s: f64,
    nodes_up: f64,
    issued: u64,
    correct: u64,
    wrong: u64,
    failed: u64,
    abandoned: u64,
    timeouts_mean: Option<f64>,
    latency_ms_mean: Option<f64>,
    /// Sent in it for users' lookups, whenever these were issued, per second and node up; null where nobody was.
    lookup_bytes: Option<f64>,
    /// Sent in it to keep the overlay in order, likewise.
    upkeep_bytes: Option<f64>,
}

/// An expectation, and what came out.
#[derive(Clone, Debug, Serialize)]
pub struct Expected {
    /// The figure.
    pub metric: String,
    /// Of which protocol, by its label.
    pub protocol: String,
    /// Not less than this.
    pub at_least: Option<f64>,
    /// Not more than this.
    pub at_most: Option<f64>,
    /// The mean over the seeds.
    pub measured: Option<f64>,
    /// How many seeds had a value.
    pub seeds: usize,
    /// Whether it was met.
    pub met: bool,
}

/// One figure of all protocols: over the seeds, and within each seed.
#[derive(Clone, Debug, Serialize)]
pub struct ComparedFigure {
    /// Its name, as in expectations.
    pub metric: String,
    /// Each protocol's, in order of the file.
    pub means: Vec<SeedMean>,
    /// Each pair of protocols, in order of the file.
    pub differences: Vec<Difference>,
}

/// A figure of one protocol over its seeds.
#[derive(Clone, Debug, Serialize)]
pub struct SeedMean {
    /// The protocol's label.
    pub label: String,
    /// The mean; null where no seed has a value.
    pub mean: Option<f64>,
    /// Half of its 95 % interval; null with fewer than two values.
    pub half_width: Option<f64>,
    /// How many seeds have a value.
    pub seeds: usize,
}

/// What one protocol has more than another, within each seed in which both have a value.
#[derive(Clone, Debug, Serialize)]
pub struct Difference {
    /// From the figure of this protocol,
    pub of: String,
    /// that of this one is taken away.
    pub minus: String,
    /// The mean; null without pairs.
    pub mean: Option<f64>,
    /// Half of its 95 % interval; null with fewer than two pairs.
    pub half_width: Option<f64>,
    /// In how many seeds both have a value.
    pub pairs: usize,
    /// Whether both have the same value in every pair; null without pairs.
    pub equal: Option<bool>,
    /// Whether the interval excludes zero; null where there is no interval, or where a seed is no pair: those that have no
    /// value may be just those that differ.
    pub significant: Option<bool>,
}

/// A claim, and what was measured here.
#[derive(Clone, Debug, Serialize)]
pub struct Claimed {
    /// What it is about.
    pub about: String,
    /// Where it was published.
    pub source: Option<String>,
    /// About which protocol, by its label; none if it is about no figure of a protocol.
    pub protocol: Option<String>,
    /// What the document says.
    pub says: String,
    /// The figure that was held against it; none if it was not measured.
    pub metric: Option<String>,
    /// The mean over the seeds.
    pub measured: Option<f64>,
    /// How many seeds had a value.
    pub seeds: usize,
    /// Half the width of the mean's 95 % confidence interval; none for fewer than two seeds.
    pub half_width: Option<f64>,
    /// Why the two are the same, or why not.
    pub because: String,
    /// With how many digits behind the point the figure is shown.
    #[serde(skip)]
    pub digits: usize,
}

impl Outcome {
    /// The figures of one run.
    pub fn new(label: &str, entry: &Entry, plan: &Plan, run: &Finished<Metrics>) -> Self {
        let metrics = &run.observer;
        Self {
            protocol: entry.about().name,
            label: label.to_owned(),
            settings: entry.clone(),
            seed: plan.seed,
            nodes: plan.nodes(),
            members_at_end: run.members,
            events: run.events,
            fingerprint: run.fingerprint.to_string(),
            virtual_time_s: (plan.end - SimTime::ZERO).as_secs_f64(),
            joins: metrics.joins.done,
            joins_asked: metrics.joins.asked,
            leaves: metrics.nodes.leaves,
            crashes: metrics.nodes.crashes,
            skipped_sessions: plan.skipped_sessions,
            population: PopulationFigures::of(&metrics.population),
            drops: DropFigures::of(&metrics.drops),
            queueing: QueueingFigures::of(&metrics.queueing),
            transfers: TransferFigures::of([&run.transfers]),
            lookups_unasked: run.unasked,
            lookups: LookupFigures::of(&metrics.lookups),
            phases: metrics.phases.iter().map(|one| (one.phase.name.clone(), PhaseFigures::of(one))).collect(),
            messages_per_join: Mean { mean: share(metrics.joins.messages as f64, metrics.joins.done as f64) },
            routing_entries: Mean::of(&run.routing_entries),
            state_bytes: Mean::of(&run.state_bytes),
            traffic: TrafficFigures::of(metrics),
            load: LoadFigures::of(&metrics.load),
            placement: PlacementFigures::of(metrics.placement.as_ref()),
            recovery: Recovery {
                correct_after_s: metrics.healed_after().map(Span::as_secs_f64),
                correct_99_after_s: metrics.mostly_healed_after().map(Span::as_secs_f64),
                no_timeouts_after_s: metrics.settled_after().map(Span::as_secs_f64),
            },
            series: points(metrics),
        }
    }

    /// The figure of this name, such as `lookups.hops.mean`; none if it has no value in this run.
    pub fn figure(&self, metric: &str) -> Option<f64> {
        self.figures(&[metric]).into_iter().next().flatten()
    }

    /// The names of the phases of its scenario, in order.
    pub fn phase_names(&self) -> Vec<&str> {
        self.phases.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// The figures of these names, in their order.
    pub fn figures(&self, metrics: &[impl AsRef<str>]) -> Vec<Option<f64>> {
        let tree = serde_json::to_value(self).expect("results are plain data");
        metrics.iter().map(|metric| figure(&tree, metric.as_ref())).collect()
    }
}

impl PopulationFigures {
    fn of(population: &Population) -> Self {
        Self { mean: population.mean(), least: population.least(), most: population.most() }
    }
}

impl DropFigures {
    fn of(drops: &Drops) -> Self {
        Self {
            loss: drops.of(DropCause::Loss),
            fault_loss: drops.of(DropCause::FaultLoss),
            cut: drops.of(DropCause::Cut),
            partition: drops.of(DropCause::Partition),
            node_down: drops.of(DropCause::NodeDown),
            queue_full: drops.of(DropCause::QueueFull),
            undialable: drops.of(DropCause::Undialable),
            total: drops.total(),
        }
    }
}

impl QueueingFigures {
    fn of(Queueing(figures): &Queueing) -> Self {
        let [uplink, downlink, service] = [figures.uplink, figures.downlink, figures.service].map(WaitFigures::of);
        Self { uplink, downlink, service }
    }
}

impl WaitFigures {
    /// Waiting is the time before a message is transmitted or served.
    pub fn of(figures: QueueFigures) -> Self {
        let QueueFigures { passed, waited, waiting_ns_total, waiting_ns_max, dropped } = figures;
        Self {
            passed,
            dropped,
            waited_share: share(waited as f64, passed as f64),
            wait_ms_mean: share(waiting_ns_total as f64 / NANOS_PER_MILLI, passed as f64),
            wait_ms_max: (passed > 0).then_some(waiting_ns_max as f64 / NANOS_PER_MILLI),
        }
    }
}

impl LookupFigures {
    fn of(lookups: &Lookups) -> Self {
        Self {
            issued: lookups.issued,
            correct: lookups.correct,
            wrong: lookups.wrong,
            failed: lookups.failed,
            abandoned: lookups.abandoned,
            success: lookups.success(),
            wrong_share: lookups.share(lookups.wrong),
            failed_share: lookups.share(lookups.failed),
            correct_on_side: lookups.correct_on_side,
            holders_success: lookups.holders_success(),
            hops: Summary::of(&lookups.hops, 1.0),
            hops_to_owner: Summary::of(&lookups.hops_to_owner, 1.0),
            hops_to_end: Summary::of(&lookups.hops_to_end, 1.0),
            latency_ms: Summary::of(&lookups.latency, NANOS_PER_MILLI),
            latency_known_ms: Summary::of(&lookups.latency_known, NANOS_PER_MILLI),
            stretch: Summary::of(&lookups.stretch, MILLIONTHS),
            hops_latency: CorrelationFigures::of(&lookups.hops_latency),
            time_to_end_ms: Summary::of(&lookups.time_to_end, NANOS_PER_MILLI),
            timeouts: Summary::of(&lookups.timeouts, 1.0),
            timeouts_on_the_way: Summary::of(&lookups.timeouts_on_the_way, 1.0),
            time_lost_ms: Summary::of(&lookups.time_lost, NANOS_PER_MILLI),
            messages: Summary::of(&lookups.messages, 1.0),
        }
    }
}

impl PhaseFigures {
    fn of(PhaseLookups { phase, lookups }: &PhaseLookups) -> Self {
        let seconds = |at: SimTime| at.since(SimTime::ZERO).as_secs_f64();
        Self { from_s: seconds(phase.from), until_s: seconds(phase.until), lookups: LookupFigures::of(lookups) }
    }
}

impl CorrelationFigures {
    fn of(HopsLatency { correlation, rank_correlation, .. }: &HopsLatency) -> Self {
        Self { correlation: *correlation, rank_correlation: *rank_correlation }
    }
}

fn by_name<S: Serializer>(phases: &[(String, PhaseFigures)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(phases.iter().map(|(name, figures)| (name, figures)))
}

impl Summary {
    /// A distribution's figures, divided by the size of the unit.
    pub fn of(values: &Distribution, unit: f64) -> Self {
        let at = |share| values.quantile(share).map(|value| value as f64 / unit);
        Self {
            mean: values.mean().map(|mean| mean / unit),
            p50: at(0.5),
            p95: at(0.95),
            p99: at(0.99),
            max: values.max().map(|max| max as f64 / unit),
        }
    }
}

impl Mean {
    fn of(values: &[usize]) -> Self {
        Self { mean: share(values.iter().sum::<usize>() as f64, values.len() as f64) }
    }
}

impl TrafficFigures {
    /// Volumes over the time that nodes were up.
    pub fn of(metrics: &Metrics) -> Self {
        let time = metrics.population.node_seconds();
        let figures = |volume: Volume| VolumeFigures {
            messages: share(volume.messages as f64, time),
            bytes: share(volume.bytes as f64, time),
            messages_total: volume.messages,
            bytes_total: volume.bytes,
        };
        let traffic = metrics.traffic;
        Self {
            lookup: figures(traffic.lookup),
            upkeep: figures(traffic.upkeep),
            join: figures(traffic.join),
            total: figures(traffic.total()),
        }
    }
}

/// A part of a whole; none if there is no whole.
pub fn share(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

/// The names of all figures that an expectation can name, with what they mean.
pub const METRICS: &[(&str, &str)] = &[
    ("nodes", "nodes that ever were"),
    ("members_at_end", "members when the run ends"),
    ("events", "events that nodes have handled"),
    ("virtual_time_s", "length of the run, in seconds"),
    ("joins", "joins over the network that made their node a member, whole run"),
    ("joins_asked", "times a node was told to join, whole run"),
    ("leaves", "nodes that left gracefully, whole run"),
    ("crashes", "nodes that crashed, whole run"),
    ("skipped_sessions", "sessions of no length in the traces, in which nobody came"),
    ("population.mean", "nodes that are up, members or not, on average over time after the warm-up"),
    ("population.least", "the fewest nodes that were up at any time after the warm-up"),
    ("population.most", "the most"),
    ("drops.total", "messages that were never handled, after the warm-up"),
    ("drops.loss", "of these, lost by the network"),
    ("drops.fault_loss", "lost by a fault's extra loss"),
    ("drops.cut", "sent over a link that was cut"),
    ("drops.partition", "sent from one part of a partition to another"),
    ("drops.node_down", "sent to a node that was down when they arrived"),
    ("drops.queue_full", "dropped at the tail of a full queue: of an uplink, of a downlink, of a slow node"),
    ("drops.undialable", "sent to a node behind a NAT that had not lately sent anything to their sender"),
    (
        "queueing.uplink.passed",
        "messages that came to an uplink of limited rate and were taken, those that still wait at the end too, whole run",
    ),
    ("queueing.uplink.dropped", "messages dropped at its full queue"),
    ("queueing.uplink.waited_share", "the share of those taken that had to wait"),
    (
        "queueing.uplink.wait_ms_mean",
        "how long those taken had to wait, as fixed when they came, perhaps beyond the end of the run: on average",
    ),
    ("queueing.uplink.wait_ms_max", "likewise, at most"),
    ("queueing.downlink.passed", "messages that came to a downlink of limited rate and were taken, likewise"),
    ("queueing.downlink.dropped", "messages dropped at its full queue"),
    ("queueing.downlink.waited_share", "the share of those taken that had to wait"),
    (
        "queueing.downlink.wait_ms_mean",
        "how long those taken had to wait, as fixed when they came, perhaps beyond the end of the run: on average",
    ),
    ("queueing.downlink.wait_ms_max", "likewise, at most"),
    ("queueing.service.passed", "messages that came to a slow node and were taken, likewise"),
    ("queueing.service.dropped", "messages dropped at its full queue"),
    ("queueing.service.waited_share", "the share of those taken that had to wait"),
    (
        "queueing.service.wait_ms_mean",
        "how long those taken had to wait, as fixed when they came, perhaps beyond the end of the run: on average",
    ),
    ("queueing.service.wait_ms_max", "likewise, at most"),
    ("transfers.begun", "bulk transfers that have begun, whole run; those neither ended nor cut off go on at its end"),
    ("transfers.ended", "those of which nothing is left to be sent or under way; what was dropped is not sent again"),
    ("transfers.cut_off", "those one of whose nodes went down before"),
    ("transfers.bytes_offered", "bytes of them that came to the uplinks of their senders"),
    ("transfers.bytes_dropped", "of these, dropped at the full queue of an uplink or of a downlink"),
    (
        "transfers.time_s",
        "from the beginning until the last chunk was through the downlink or was dropped, in seconds, of those that ended",
    ),
    ("lookups_unasked", "lookups of the workload that nobody was up to ask, whole run"),
    ("lookups.issued", "lookups issued after the warm-up"),
    ("lookups.correct", "answered with the true owner, at some instant between issue and answer"),
    ("lookups.wrong", "answered with another node"),
    ("lookups.failed", "gave up, or met their deadline"),
    ("lookups.abandoned", "their issuer went down, or the run ended"),
    ("lookups.success", "correct / (issued - abandoned)"),
    ("lookups.wrong_share", "wrong / (issued - abandoned)"),
    ("lookups.failed_share", "failed / (issued - abandoned)"),
    ("lookups.correct_on_side", "correct by the truth on the issuer's side of a partition"),
    ("lookups.holders_success", "share with the true holders of copies, of answered lookups that asked for copies"),
    ("lookups.hops", "sequential exchanges until the issuer knows the owner"),
    ("lookups.hops_to_owner", "the same until the owner itself has been reached"),
    ("lookups.hops_to_end", "the same until the lookup ends: more where others are asked after the owner"),
    ("lookups.latency_ms", "from issue to the owner's own reply, of answered lookups"),
    ("lookups.latency_known_ms", "from issue until the owner is known, of answered lookups"),
    (
        "lookups.stretch",
        "latency / the base round trip between issuer and owner, of answered lookups; none if drawn per packet",
    ),
    ("lookups.hops_latency.correlation", "of hops_to_owner with latency, over answered lookups: Pearson's"),
    ("lookups.hops_latency.rank_correlation", "the same of their ranks: Spearman's"),
    ("lookups.time_to_end_ms", "from issue to the end, of answered and failed lookups"),
    ("lookups.timeouts", "attempts that ran into silence, per answered or failed lookup"),
    ("lookups.timeouts_on_the_way", "of these, those before the last exchange that brought the way forward"),
    ("lookups.time_lost_ms", "time that its issuer waited for them, per answered or failed lookup"),
    ("lookups.messages", "messages sent for it until it ended, per answered or failed lookup"),
    ("messages_per_join.mean", "messages sent for a join that made its node a member, whole run"),
    ("routing_entries.mean", "distinct contacts of a member at the end"),
    ("state_bytes.mean", "bytes of state of a member at the end"),
    ("traffic.lookup", "for users' lookups: messages and bytes per node and second, and in total"),
    ("traffic.upkeep", "to keep the overlay in order, likewise"),
    ("traffic.join", "for joins, likewise"),
    ("traffic.total", "all messages: messages and bytes per node and second, and in total"),
    ("load.handled", "messages of lookups that each node was handed, of nodes up from the warm-up to the end"),
    ("load.owned", "lookups answered right with it as the owner, likewise"),
    ("placement.owned", "keys that each member owned when the scenario's `placement` was noted"),
    ("placement.copies", "keys that each held a copy of, those that it owned too"),
    ("placement.survived", "share of the keys of which a holder of then is up and has not lost its state since"),
    ("placement.owner_holds", "share of the keys whose owner at the end is such a holder: found without any copying"),
    (
        "recovery.correct_after_s",
        "last departure to the last lookup not answered right, if right answers went on for as long again",
    ),
    (
        "recovery.correct_99_after_s",
        "last departure to the first second from which on 99 % were right, if lookups went on for as long again",
    ),
    (
        "recovery.no_timeouts_after_s",
        "last departure to the last lookup that met silence, if lookups went on without for as long again",
    ),
];

/// The full names of all figures but those of phases: a summary stands for its five, a volume for its four.
pub fn metric_names() -> Vec<String> {
    let parts = |name: &str| -> &[&str] {
        if SUMMARIES.contains(&name) || name.ends_with("_ms") {
            &SUMMARY
        } else if name.starts_with("traffic.") {
            &VOLUME
        } else if name.starts_with("load.") {
            &LOAD
        } else if ["placement.owned", "placement.copies"].contains(&name) {
            &SPREAD
        } else {
            &[]
        }
    };
    METRICS
        .iter()
        .flat_map(|(name, _)| match parts(name) {
            [] => vec![(*name).to_owned()],
            parts => parts.iter().map(|part| format!("{name}.{part}")).collect(),
        })
        .collect()
}

/// The figures over time, in equal steps of the whole run.
pub(crate) fn points(metrics: &Metrics) -> Vec<PointFigures> {
    let step = metrics.series.step;
    let point = |(place, (point, nodes_up)): (usize, (&Point, f64))| PointFigures {
        from_s: step.times(place as u64).as_secs_f64(),
        nodes_up,
        issued: point.issued,
        correct: point.correct,
        wrong: point.wrong,
        failed: point.failed,
        abandoned: point.abandoned,
        timeouts_mean: share(point.timeouts as f64, point.ended() as f64),
        latency_ms_mean: share(point.latency as f64 / NANOS_PER_MILLI, (point.correct + point.wrong) as f64),
        lookup_bytes: share(point.lookup_bytes as f64, nodes_up * step.as_secs_f64()),
        upkeep_bytes: share(point.upkeep_bytes as f64, nodes_up * step.as_secs_f64()),
    };
    metrics.series.points.iter().zip(metrics.population.over_time()).enumerate().map(point).collect()
}

const NANOS_PER_MILLI: f64 = 1e6;
const MILLIONTHS: f64 = 1e6;
/// Figures that are summaries, besides those in milliseconds.
const SUMMARIES: [&str; 8] = [
    "lookups.hops",
    "lookups.hops_to_owner",
    "lookups.hops_to_end",
    "lookups.stretch",
    "lookups.timeouts",
    "lookups.timeouts_on_the_way",
    "lookups.messages",
    "transfers.time_s",
];
const SUMMARY: [&str; 5] = ["mean", "p50", "p95", "p99", "max"];
const SPREAD: [&str; 2] = ["max_over_mean", "gini"];
const LOAD: [&str; 3] = ["mean", "max_over_mean", "gini"];
const VOLUME: [&str; 4] = ["messages", "bytes", "messages_total", "bytes_total"];
