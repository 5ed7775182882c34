//! A deterministic discrete-event engine: state machines that send each other messages under a virtual clock.
//!
//! The engine knows nothing of what runs on it (law ARCH-1): it has nodes, messages, timers, a network that delays and
//! loses, faults, and a record of what happened. The same seed gives the same run, to the last bit, on every machine.
//!
//! # Start here
//!
//! A machine implements [`protocol::Protocol`]: one method takes an event, its effects leave through a
//! [`protocol::Context`]. A [`simulation::Simulation`] runs many of them over a [`network::Network`].
//!
//! ```
//! use sim::address::Address;
//! use sim::fingerprint::Fingerprint;
//! use sim::law::Law;
//! use sim::network::{Links, Per};
//! use sim::protocol::{Cause, Context, Event, Protocol};
//! use sim::simulation::Simulation;
//! use sim::time::{SimTime, Span};
//!
//! /// Answers every ping below ten with the next number.
//! struct Player;
//!
//! impl Protocol for Player {
//!     type Message = u32;
//!     type Timer = ();
//!     type Request = Address;
//!     type Report = u32;
//!     type Shared = ();
//!
//!     fn handle(&mut self, event: Event<Self>, cx: &mut Context<'_, Self>) {
//!         match event {
//!             Event::Request(opponent) => cx.send(opponent, 1),
//!             Event::Message { from, message: count } if count < 10 => cx.send(from, count + 1),
//!             Event::Message { message: count, .. } => cx.report(count),
//!             Event::Timer(()) => {}
//!         }
//!     }
//!
//!     fn kind(_: &u32) -> &'static str {
//!         "ping"
//!     }
//!
//!     fn wire_bytes(_: &u32, (): &()) -> u32 {
//!         32
//!     }
//! }
//!
//! let latency = Law::LogNormal { median: Span::from_millis(40), sigma: 0.4 };
//! let run = |seed| {
//!     let links = Links::of(seed, latency, Per::Packet);
//!     let mut world = Simulation::new(seed, (), links, Fingerprint::default());
//!     world.start(Address(0), Player);
//!     world.start(Address(1), Player);
//!     world.ask(Address(0), Address(1), Cause::default());
//!     world.run_until(SimTime::ZERO + Span::from_secs(10));
//!     world.into_recorder().value()
//! };
//! assert_eq!(run(7), run(7));
//! assert_ne!(run(7), run(8));
//! ```
//!
//! # The modules, from the ground up
//!
//! - [`time`]: instants and spans in whole nanoseconds; [`address`]: the numbers of nodes.
//! - [`rng`] and [`sampler`]: chance, as streams and as a function of link and time slot; [`law`]: distributions of spans.
//! - [`protocol`]: the contract between a machine and the world.
//! - `queue` (private): pending events in `(time, id)` order.
//! - [`network`], [`faults`] and [`access`]: what becomes of a packet, on its way and at the doors of nodes.
//! - [`record`]: facts and recorders; [`fingerprint`] and [`trace`] are two of them.
//! - [`simulation`]: the loop that holds it all together.

pub mod access;
pub mod address;
pub mod faults;
pub mod fingerprint;
#[doc(hidden)]
pub mod internals;
pub mod law;
pub mod network;
pub mod protocol;
mod queue;
pub mod record;
pub mod rng;
pub mod sampler;
pub mod simulation;
pub mod time;
pub mod trace;
