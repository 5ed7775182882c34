//! Asking other nodes: what every machine that makes calls does alike, and the slots of their timers.

use sim::address::Address;
use sim::protocol::{Context, Protocol, Slot};
use sim::time::Span;

use crate::rpc::{Call, Calls, Silent, Timeout};
use crate::table::Handle;

/// A machine that makes calls. It says what its calls are about; asking, repeating and giving up come for nothing.
pub(crate) trait Caller: Protocol {
    /// What a call is about.
    type What: Clone;

    /// The slots of its timers.
    const SLOTS: Slots;

    /// Its calls in flight.
    fn calls(&self) -> &Calls<Self::What>;

    /// Its calls in flight, to be changed.
    fn calls_mut(&mut self) -> &mut Calls<Self::What>;

    /// How long a call waits, and how often it is repeated.
    fn patience(shared: &Self::Shared) -> (Timeout, u32);

    /// Why it wakes when a call is not answered.
    fn timer(call: Handle) -> Self::Timer;

    /// What is asked in a call to this node.
    fn question(&self, call: Handle, to: Address, what: &Self::What, cx: &Context<'_, Self>) -> Self::Message;

    /// Whether a message is an answer. One that was meant for an earlier life of this node may not be.
    fn is_answer(what: &Self::What, message: &Self::Message) -> bool;

    /// An attempt has met silence, after so long.
    fn attempt_failed(&mut self, what: &mut Self::What, waited: Span, me: Address);

    /// Asks a node something, and wakes when it stays silent.
    fn call(&mut self, to: Address, what: Self::What, cx: &mut Context<'_, Self>) -> Handle {
        let (timeout, _) = Self::patience(cx.shared());
        let (id, wait) = self.calls_mut().begin(to, what, cx.now(), timeout);
        self.ask(id, wait, cx);
        id
    }

    /// A call's answer has come; none if nobody waits for it.
    fn answered(
        &mut self,
        id: Handle,
        from: Address,
        answer: &Self::Message,
        cx: &mut Context<'_, Self>,
    ) -> Option<Call<Self::What>> {
        if self.calls().get(id).is_some_and(|call| !Self::is_answer(&call.what, answer)) {
            return None;
        }
        let call = self.calls_mut().answered(id, from, cx.now())?;
        cx.cancel_timer(Self::SLOTS.call(id));
        Some(call)
    }

    /// A call has met silence: it is repeated, or its end is returned.
    fn silence(&mut self, id: Handle, cx: &mut Context<'_, Self>) -> Option<Call<Self::What>> {
        let (timeout, retries) = Self::patience(cx.shared());
        match self.calls_mut().silent(id, cx.now(), timeout, retries)? {
            Silent::GaveUp(mut call) => {
                self.attempt_failed(&mut call.what, call.wait, cx.me());
                Some(call)
            }
            Silent::Again { call, waited } => {
                let (mut what, wait) = (call.what.clone(), call.wait);
                self.attempt_failed(&mut what, waited, cx.me());
                self.calls_mut().get_mut(id).expect("the call goes on").what = what;
                self.ask(id, wait, cx);
                None
            }
        }
    }

    /// Ends a call that nobody waits for any more.
    fn hang_up(&mut self, id: Handle, cx: &mut Context<'_, Self>) {
        if self.calls_mut().end(id).is_some() {
            cx.cancel_timer(Self::SLOTS.call(id));
        }
    }

    /// Sends a call's question, and waits for so long.
    fn ask(&mut self, id: Handle, wait: Span, cx: &mut Context<'_, Self>) {
        let call = self.calls().get(id).expect("a call is asked while it is in flight");
        let (to, question) = (call.to, self.question(id, call.to, &call.what, cx));
        cx.send(to, question);
        cx.set_timer(Self::SLOTS.call(id), wait, Self::timer(id));
    }
}

/// The slots of timers that belong to calls and lookups: three for each place in their tables, after the machine's own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slots {
    first: u32,
}

impl Slots {
    /// The slots after so many of the machine's own.
    pub(crate) const fn after(own: u32) -> Self {
        Self { first: own }
    }

    /// Of a call that may not be answered.
    pub(crate) fn call(self, call: Handle) -> Slot {
        Slot(self.first + 3 * call.place())
    }

    /// Of a lookup's deadline.
    pub(crate) fn deadline(self, lookup: Handle) -> Slot {
        Slot(self.first + 3 * lookup.place() + 1)
    }

    /// Of a lookup that begins again, or is sent out again.
    pub(crate) fn again(self, lookup: Handle) -> Slot {
        Slot(self.first + 3 * lookup.place() + 2)
    }
}
