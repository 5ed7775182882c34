//! Whatever the bytes, as a sequence of events: no protocol panics, no event has effects without end, no state breaks its rules.
#![no_main]

#[path = "../../protocols/tests/support/puppets.rs"]
mod puppets;

use libfuzzer_sys::fuzz_target;
use protocols::dht::{Common, Dht};
use protocols::key::Width;
use protocols::{Entry, Visitor};
use puppets::{NODES, Puppets, full_tables};
use sim::address::Address;

fuzz_target!(|bytes: &[u8]| {
    let Some((first, steps)) = bytes.split_first() else {
        return;
    };
    let entries: Vec<Entry> = Entry::all().into_iter().chain(full_tables()).collect();
    entries[usize::from(*first) % entries.len()].visit(Steps(steps));
});

/// Four bytes an event: what happens, to whom, and a number to choose by.
struct Steps<'a>(&'a [u8]);

impl Visitor for Steps<'_> {
    type Output = ();

    fn visit<P: Dht>(self, settings: &P::Settings) {
        let width = Width::new(16).expect("legal");
        let keys = (0..NODES).map(|node| width.hash(&format!("node-42-{node}"))).collect();
        let mut puppets = Puppets::<P>::new(Common::new(width, keys, settings.clone()));
        for step in self.0.chunks_exact(4).take(STEPS_MAX) {
            let number = u64::from(step[2]) << 8 | u64::from(step[3]);
            puppets.step(step[0], Address(u32::from(step[1]) % NODES), number, &[]);
        }
    }
}

const STEPS_MAX: usize = 1_000;
