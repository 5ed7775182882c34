//! What has become of bulk transfers, as figures.

use scenarios::run;
use serde::Serialize;

use super::Summary;
use crate::metrics::Distribution;

/// What has become of bulk transfers, over the whole run; the times are null where none has ended.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct TransferFigures {
    /// How many have begun.
    pub begun: u64,
    /// How many have ended.
    pub ended: u64,
    /// How many were cut off, because one of their nodes went down.
    pub cut_off: u64,
    /// Bytes that came to the uplinks of their senders.
    pub bytes_offered: u64,
    /// Of these, dropped at full queues.
    pub bytes_dropped: u64,
    /// From the beginning until the last of it was through the downlink or was dropped, in seconds, of those that have ended.
    pub time_s: Summary,
}

impl TransferFigures {
    /// Those of one run, or of several together.
    pub fn of<'a>(runs: impl IntoIterator<Item = &'a run::TransferFigures>) -> Self {
        let mut times = Distribution::default();
        let [mut begun, mut ended, mut cut_off, mut bytes_offered, mut bytes_dropped] = [0; 5];
        for run in runs {
            begun += run.begun;
            ended += run.ended;
            cut_off += run.cut_off;
            bytes_offered += run.bytes_offered;
            bytes_dropped += run.bytes_dropped;
            run.times.iter().for_each(|time| times.record(time.as_nanos()));
        }
        Self { begun, ended, cut_off, bytes_offered, bytes_dropped, time_s: Summary::of(&times, NANOS_PER_SEC) }
    }
}

const NANOS_PER_SEC: f64 = 1e9;
