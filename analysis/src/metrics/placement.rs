//! Which share of the keys each member owns and holds, and what becomes of the copies.

use scenarios::oracle::Placed;

use super::load::Loads;

/// Keys that were placed at one instant, and what has become of them by the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    /// How many keys each member of that instant owned.
    pub owned: Loads,
    /// How many each held a copy of, those that it owned too.
    pub copies: Loads,
    /// How many keys there are.
    pub keys: u64,
    /// Of these, those of which a holder still has its copy.
    pub survived: u64,
    /// Those of which the last owner is such a holder.
    pub owner_holds: u64,
}

impl Placement {
    /// Adds another run's.
    pub(super) fn add(mine: &mut Option<Self>, theirs: Option<&Self>) {
        match (mine, theirs) {
            (Some(mine), Some(theirs)) => {
                mine.owned.add(&theirs.owned);
                mine.copies.add(&theirs.copies);
                mine.keys += theirs.keys;
                mine.survived += theirs.survived;
                mine.owner_holds += theirs.owner_holds;
            }
            (mine @ None, Some(theirs)) => *mine = Some(theirs.clone()),
            (_, None) => {}
        }
    }
}

impl From<Placed> for Placement {
    fn from(Placed { owned, copies, keys, survived, owner_holds }: Placed) -> Self {
        let [owned, copies] = [owned, copies].map(Loads::from_iter);
        Self { owned, copies, keys, survived, owner_holds }
    }
}
