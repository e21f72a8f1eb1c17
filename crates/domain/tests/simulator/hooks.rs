//! Webhooks: the gateway sends each webhook until a node acknowledges it. The node stores the webhook in an inbox under
//! the webhook's id, and a worker processes it once.
//!
//! A changed payment is not taken from the webhook: the checkout is woken and fetches the payment itself. A manual
//! refund is posted to the ledger, so that a webhook that is processed twice shows in the ledger.

use crate::{faults::Fault, rules::Rule, store::InboxRow, world::World};

/// The longest delay of a late webhook, in milliseconds.
const LATE_MS: i64 = 3 * 60 * 60 * 1000;
/// The longest wait of the gateway before it sends a webhook again, in milliseconds.
const AGAIN_MS: i64 = 10 * 60 * 1000;

/// The kind of change at the gateway that a webhook reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HookKind {
    /// The status of the payment changed.
    Changed,
    /// This amount was refunded manually.
    GivenBack(i64),
    /// The delivery of a refund failed. The number is its index in the gateway's books.
    Bounced(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hook {
    pub(crate) id: u64,
    pub(crate) booking: usize,
    pub(crate) kind: HookKind,
}

impl World {
    /// The gateway sends its waiting webhooks.
    pub(crate) fn hooks_leave(&mut self) {
        for hook in self.gateway.take_hooks() {
            let copies = 1 + usize::from(self.chance.strikes(Fault::HookTwice));
            for _ in 0..copies {
                let most = if self.chance.strikes(Fault::HookLate) { LATE_MS } else { 3_000 };
                let at = self.now_ms + self.chance.rng.between(50, most);
                self.post.push((at, hook));
            }
        }
    }

    /// The webhooks that are due arrive in any order.
    pub(crate) fn hooks_arrive(&mut self) {
        let now = self.now_ms;
        while let Some(at) = self.post.iter().position(|(at, _)| *at <= now) {
            let (_, hook) = self.post.swap_remove(at);
            let node = self.chance.rng.below(self.nodes.len());
            let taken = !self.chance.strikes(Fault::HookLost)
                && self.is_up(node)
                && self.take_hook(node, hook);
            if !taken || self.chance.strikes(Fault::HookUnheard) {
                let again = now + 1 + self.chance.rng.between(1_000, AGAIN_MS);
                self.post.push((again, hook));
            }
        }
    }

    /// A node stores a webhook in the inbox, unless it knows the webhook already.
    fn take_hook(&mut self, node: usize, hook: Hook) -> bool {
        let known = if self.rules.keep(Rule::HooksKnownByStore) {
            self.store.inbox.iter().any(|row| row.hook.id == hook.id)
        } else {
            self.nodes[node].hooks_seen.contains(&hook.id)
        };
        if known {
            self.coverage.scene("a webhook comes again");
            return true;
        }
        if self.chance.strikes(Fault::Abort) {
            return false;
        }
        self.nodes[node].hooks_seen.insert(hook.id);
        self.store.inbox.push(InboxRow { hook, processed: false });
        true
    }

    /// A node takes a row of the inbox, or finishes the row that it has.
    pub(crate) fn inbox_work(&mut self) {
        let node = self.chance.rng.below(self.nodes.len());
        if !self.is_up(node) {
            return;
        }
        match self.nodes[node].reads.take() {
            None => {
                let open: Vec<usize> = (0..self.store.inbox.len())
                    .filter(|&n| !self.store.inbox[n].processed)
                    .collect();
                if !open.is_empty() {
                    self.nodes[node].reads = Some(open[self.chance.rng.below(open.len())]);
                }
            }
            Some(_) if self.chance.strikes(Fault::Abort) => {}
            Some(row) => self.process(row),
        }
    }

    /// Processes a row in one transaction: the mark on the row and the effect.
    fn process(&mut self, row: usize) {
        if self.store.inbox[row].processed {
            self.coverage.scene("a webhook is taken up twice");
            return;
        }
        let hook = self.store.inbox[row].hook;
        if let HookKind::Bounced(refund) = hook.kind
            && !self.refund_bounces(refund)
        {
            // Another worker is processing that refund: the row stays for later.
            return;
        }
        self.store.inbox[row].processed = true;
        self.say(|| format!("webhook {hook:?}"));
        match hook.kind {
            HookKind::Changed => self.wake(hook.booking),
            HookKind::Bounced(_) => {}
            HookKind::GivenBack(amount) => self.store.ledger.push((hook.booking, -amount)),
        }
    }
}
