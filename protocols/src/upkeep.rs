//! When the work that keeps a node's tables in order comes round, and on whose behalf it is done.

use sim::protocol::{Cause, Context, Protocol, RequestId};
use sim::rng::Words;
use sim::sampler;
use sim::time::Span;

use crate::dht::UPKEEP;

/// What is done from here on serves the overlay and nobody's request.
pub(crate) fn for_upkeep<P: Protocol>(cx: &mut Context<'_, P>) {
    cx.set_cause(Cause { purpose: UPKEEP, request: RequestId::NONE });
}

/// A period, drawn from half to one and a half times its mean (ToN 2003, VI-E: 15 to 45 s for 30 s); never nothing, or time
/// would stand still.
pub(crate) fn jittered(mean: Span, chance: &mut impl Words) -> Span {
    let nanos = mean.as_nanos();
    Span::from_nanos((nanos / 2 + sampler::below(chance, nanos.max(1))).max(1))
}

/// A random part of a span: the phase of a period.
pub(crate) fn part_of(span: Span, chance: &mut impl Words) -> Span {
    Span::from_nanos(sampler::below(chance, span.as_nanos().max(1)))
}
