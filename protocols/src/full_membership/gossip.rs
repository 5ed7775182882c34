//! Updates on their way through the group by infection (section 4.1): how often each has been sent. A pure object.

use sim::address::Address;

use super::members::Update;

/// The buffer of recent updates. Laws: one for each member, the newest; those sent least come first, among equals the oldest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Gossip(Vec<Waiting>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Waiting {
    update: Update,
    sent: u32,
}

impl Gossip {
    /// Something is to be spread, in the place of what was before.
    pub(crate) fn spread(&mut self, update: Update) {
        self.0.retain(|waiting| waiting.update.member != update.member);
        self.insert(Waiting { update, sent: 0 });
    }

    /// So many updates for one message, those sent least first; each is forgotten once it has been sent `limit` times.
    pub(crate) fn take(&mut self, most: usize, limit: u32) -> Vec<Update> {
        let taken: Vec<Waiting> = self.0.drain(..most.min(self.0.len())).collect();
        for Waiting { update, sent } in &taken {
            if sent + 1 < limit {
                self.insert(Waiting { update: *update, sent: sent + 1 });
            }
        }
        taken.into_iter().map(|waiting| waiting.update).collect()
    }

    /// Bytes on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.0.capacity() * size_of::<Waiting>()
    }

    /// Says which of its laws is broken, if one is.
    pub(crate) fn check(&self) -> Result<(), String> {
        let mut members: Vec<Address> = self.0.iter().map(|waiting| waiting.update.member).collect();
        members.sort_unstable();
        if !members.is_sorted_by(|one, next| one < next) {
            return Err(format!("two updates of one member: {:?}", self.0));
        }
        if !self.0.is_sorted_by_key(|waiting| waiting.sent) {
            return Err(format!("the updates sent least do not come first: {:?}", self.0));
        }
        Ok(())
    }

    fn insert(&mut self, waiting: Waiting) {
        let at = self.0.partition_point(|other| other.sent <= waiting.sent);
        self.0.insert(at, waiting);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::full_membership::members::Standing;

    fn alive(member: u32) -> Update {
        Update { member: Address(member), incarnation: 0, standing: Standing::Alive }
    }

    #[test]
    fn those_sent_least_go_first_and_each_goes_so_often() {
        let mut gossip = Gossip::default();
        (0..3).for_each(|member| gossip.spread(alive(member)));
        assert_eq!(gossip.take(2, 2), [alive(0), alive(1)]);
        assert_eq!(gossip.take(2, 2), [alive(2), alive(0)]);
        assert_eq!(gossip.take(2, 2), [alive(1), alive(2)]);
        assert_eq!(gossip.take(2, 2), []);
    }

    #[test]
    fn what_is_new_of_a_member_takes_the_place_of_what_was() {
        let mut gossip = Gossip::default();
        gossip.spread(alive(1));
        gossip.take(1, 9);
        let suspect = Update { standing: Standing::Suspect, ..alive(1) };
        gossip.spread(suspect);
        assert_eq!(gossip.take(9, 9), [suspect]);
    }
}
