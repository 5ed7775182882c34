//! Joins under way: what each has cost so far, however often its node was asked.

use std::collections::BTreeMap;

use sim::address::Address;
use sim::protocol::RequestId;

use super::counts::Joins;

/// Joins over the network. A node that is asked once more before it goes is still at the same join.
#[derive(Clone, Debug, Default)]
pub(super) struct Joining {
    /// By the request that began it: messages so far, and whether it is done.
    joins: BTreeMap<RequestId, (u64, bool)>,
    /// By a further request: the one that began the join.
    first: BTreeMap<RequestId, RequestId>,
    /// By node, since it came up: the request that began its join.
    of_node: BTreeMap<Address, RequestId>,
}

impl Joining {
    /// A node comes up: what it was at before is another join.
    pub(super) fn started(&mut self, node: Address) {
        self.of_node.remove(&node);
    }

    /// A node is asked to join.
    pub(super) fn asked(&mut self, node: Address, request: RequestId) {
        if let Some(first) = self.of_node.get(&node) {
            self.first.insert(request, *first);
        } else {
            self.of_node.insert(node, request);
            self.joins.insert(request, (0, false));
        }
    }

    /// A message is sent on behalf of a request.
    pub(super) fn sent(&mut self, request: RequestId) {
        if let Some((messages, _)) = self.of(request) {
            *messages += 1;
        }
    }

    /// A node has become a member.
    pub(super) fn joined(&mut self, request: RequestId) {
        if let Some((_, is_done)) = self.of(request) {
            *is_done = true;
        }
    }

    /// All of them, counted, and forgotten.
    pub(super) fn count(&mut self) -> Joins {
        let mut all = Joins::default();
        for (messages, is_done) in std::mem::take(self).joins.into_values() {
            let [done, messages] = if is_done { [1, messages] } else { [0, 0] };
            all.add(Joins { asked: 1, done, messages });
        }
        all
    }

    fn of(&mut self, request: RequestId) -> Option<&mut (u64, bool)> {
        self.joins.get_mut(self.first.get(&request).unwrap_or(&request))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_that_is_asked_once_more_is_still_at_the_same_join() {
        let mut joining = Joining::default();
        joining.started(Address(7));
        joining.asked(Address(7), RequestId(1));
        joining.sent(RequestId(1));
        joining.asked(Address(7), RequestId(2));
        joining.sent(RequestId(2));
        joining.joined(RequestId(2));
        joining.asked(Address(7), RequestId(3));
        assert_eq!(joining.count(), Joins { asked: 1, done: 1, messages: 2 });
        assert_eq!(joining.count(), Joins::default(), "they are counted once");
    }

    #[test]
    fn a_node_that_came_back_is_at_another() {
        let mut joining = Joining::default();
        for (request, messages) in [(1, 3), (2, 5)] {
            joining.started(Address(7));
            joining.asked(Address(7), RequestId(request));
            (0..messages).for_each(|_| joining.sent(RequestId(request)));
        }
        joining.sent(RequestId(1));
        joining.joined(RequestId(2));
        joining.sent(RequestId(9));
        assert_eq!(joining.count(), Joins { asked: 2, done: 1, messages: 5 });
    }
}
