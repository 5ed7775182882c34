//! The machines that nodes live on, as written: which are slow, and which nobody can dial.

use protocols::duration::Duration;
use serde::{Deserialize, Serialize};
use sim::time::Span;

use super::law::LawSpec;
use super::values::Probability;
use crate::mistake::Mistake;

/// What hosts are. Each host is drawn for itself, as a function of seed and host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HostsSpec {
    /// The share of hosts behind a router that lets in only what answers: a message reaches such a node only from whom it has
    /// itself sent something within the last `mapping`. It may join and look things up, but is nobody's bootstrap and owns
    /// nothing. The first host is never one of them: somebody must be there to be asked.
    pub undialable: Probability,
    /// How long such a router remembers: two minutes is the least that RFC 4787, REQ-5 allows.
    pub mapping: Duration,
    /// Which hosts are slow; each is of one kind or of none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub slow: Vec<SlowSpec>,
}

/// A kind of slow hosts.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlowSpec {
    /// The share of all hosts that are of this kind.
    pub share: Probability,
    /// How long such a host is busy with each message that arrives, one after the other.
    pub service: LawSpec,
}

impl Default for HostsSpec {
    fn default() -> Self {
        Self { undialable: Probability(0.0), mapping: Duration(Span::from_secs(120)), slow: Vec::new() }
    }
}

impl HostsSpec {
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Complains of what cannot be meant.
    pub(crate) fn check(&self) -> Result<(), Mistake> {
        if self.mapping.0 == Span::ZERO {
            return Err(Mistake::new("hosts.mapping", "a router must remember for a while")
                .help("RFC 4787 asks for at least \"2m\""));
        }
        for (place, slow) in self.slow.iter().enumerate() {
            slow.service.check(&format!("hosts.slow[{place}].service"))?;
        }
        let sum: f64 = self.slow.iter().map(|slow| slow.share.0).sum();
        if sum > 1.0 + 1e-9 {
            return Err(Mistake::new("hosts.slow", "the shares must not add up to more than 1")
                .label(format!("they add up to {sum}")));
        }
        Ok(())
    }
}
