//! Wrong plans of sweeps, each with the exact message it gets. `DHTSIM_APPROVE=1` writes the messages anew, to be read in the diff.

#[path = "common/corpus.rs"]
mod corpus;

use analysis::sweep::plan::Sweep;
use corpus::Corpus;

#[test]
fn every_wrong_plan_gets_its_message() {
    CORPUS.assert_messages(Sweep::read);
}

#[test]
fn no_message_stands_without_its_plan() {
    CORPUS.assert_nothing_left_over();
}

const CORPUS: Corpus = Corpus("wrong_plans");
