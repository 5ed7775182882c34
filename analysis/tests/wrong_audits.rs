//! Wrong audits, each with the exact message it gets. `DHTSIM_APPROVE=1` writes the messages anew, to be read in the diff.

#[path = "common/corpus.rs"]
mod corpus;

use analysis::audit::document::Strength;
use analysis::audit::plan::Plan;
use corpus::Corpus;

#[test]
fn every_wrong_audit_gets_its_message() {
    CORPUS.assert_messages(|input, folders, progress| Plan::read(input, Strength::Full, folders, progress));
}

#[test]
fn no_message_stands_without_its_audit() {
    CORPUS.assert_nothing_left_over();
}

const CORPUS: Corpus = Corpus("wrong_audits");
