//! Distributed hash tables as state machines: events in, effects out. They know the contract and each other's messages,
//! and nothing else: no engine, no file, no oracle (law ARCH-2).
//!
//! # Start here
//!
//! [`dht`] says what a DHT is to everyone above it: requests, reports, the owner rule, settings, a warm start. [`chord`] is
//! one. The [`Entry`] enum below is the *registry*: a fourth protocol is one file, one `mod` line and one line there, and gets
//! its name in scenarios, the conformance suite and the benches for nothing.
//!
//! # The modules, from the ground up
//!
//! - [`key`]: points on a circle of 2^b places; [`duration`]: durations as written in files.
//! - [`dht`]: the contract above the contract.
//! - [`table`] and [`rpc`]: things under way, and calls with their timeouts and retries.
//! - [`settings`]: settings that several protocols have; `bootstraps`, `calling`, `place`, `upkeep` and `taken` (private):
//!   whom to ask on the way in, asking others, where a node stands, periods, and work handed over.
//! - [`chord`]: Stoica et al., ToN 2003, with the rules of Zave, TSE 2017.
//! - [`kademlia`]: Maymounkov and Mazières, IPTPS 2002.
//! - [`pastry`]: Rowstron and Druschel, Middleware 2001, with the join of Azmy et al., ABZ 2016.
//! - [`full_membership`]: all know all, by SWIM (Das, Gupta and Motivala, DSN 2002).

mod bootstraps;
mod calling;
pub mod chord;
pub mod dht;
pub mod duration;
pub mod full_membership;
pub mod kademlia;
pub mod key;
pub mod pastry;
mod place;
pub mod rpc;
pub mod settings;
pub mod table;
mod taken;
mod upkeep;

use serde::{Deserialize, Serialize};

use dht::{Dht, Setting, SettingError};
use key::Width;

/// Writes out the registry: for each protocol one variant that holds its settings.
macro_rules! registry {
    ($($name:ident($protocol:ty)),+ $(,)?) => {
        /// A protocol with its settings, as a scenario names it: the registry.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        pub enum Entry {
            $(#[doc = concat!("The protocol `", stringify!($name), "`.")] $name(<$protocol as Dht>::Settings)),+
        }

        impl Entry {
            /// Every protocol, with default settings.
            pub fn all() -> Vec<Self> {
                vec![$(Self::$name(<$protocol as Dht>::Settings::default())),+]
            }

            /// Goes from the value to the type.
            pub fn visit<V: Visitor>(&self, visitor: V) -> V::Output {
                match self {
                    $(Self::$name(settings) => visitor.visit::<$protocol>(settings)),+
                }
            }

            /// What people want to know of the protocol.
            pub fn about(&self) -> About {
                match self {
                    $(Self::$name(settings) => About::of::<$protocol>(settings)),+
                }
            }

            /// Complains of settings that cannot be meant.
            pub fn check(&self, width: Width) -> Result<(), SettingError> {
                match self {
                    $(Self::$name(settings) => <$protocol as Dht>::check(settings, width)),+
                }
            }
        }
    };
}

registry! {
    Chord(chord::Chord),
    Kademlia(kademlia::Kademlia),
    Pastry(pastry::Pastry),
    FullMembership(full_membership::FullMembership),
}

/// Does something with a protocol whose type is known only at run time.
pub trait Visitor {
    /// What comes out.
    type Output;

    /// Is called with the protocol as a type, and its settings.
    fn visit<P: Dht>(self, settings: &P::Settings) -> Self::Output;
}

/// What people want to know of a protocol.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// Its name in scenarios.
    pub name: &'static str,
    /// What it is, in one line.
    pub summary: &'static str,
    /// Its settings.
    pub settings: &'static [Setting],
    /// All steps of upkeep that a script can order, by number.
    pub steps: &'static [&'static str],
    /// The steps that these settings know.
    pub legal_steps: &'static [&'static str],
}

impl About {
    fn of<P: Dht>(settings: &P::Settings) -> Self {
        Self {
            name: P::NAME,
            summary: P::SUMMARY,
            settings: P::SETTINGS,
            steps: P::STEPS,
            legal_steps: P::steps(settings),
        }
    }
}
