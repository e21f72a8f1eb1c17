//! Collects the faults of a plan. Each kind of fault is shown a few times and then only counted, so that a mistake which
//! the file makes at every seat does not hide the others.

use std::collections::HashMap;

use super::{MAX_FAULTS, PlanFault};

/// How many faults of one kind are shown.
pub(super) const MAX_OF_A_KIND: usize = 5;

/// The faults found so far.
#[derive(Debug, Default)]
pub(super) struct FaultList {
    shown: Vec<PlanFault>,
    kinds: HashMap<String, FaultKind>,
}

#[derive(Debug, Default)]
struct FaultKind {
    count: usize,
    shown: usize,
    /// The index of the last fault of the kind that is shown.
    last: usize,
}

impl FaultList {
    /// Notes a fault of a kind. The kind is the message without the values that differ from fault to fault.
    pub(super) fn add(
        &mut self,
        kind: &str,
        path: impl FnOnce() -> String,
        message: impl FnOnce() -> String,
    ) {
        if !self.kinds.contains_key(kind) {
            self.kinds.insert(kind.to_owned(), FaultKind::default());
        }
        let Some(known) = self.kinds.get_mut(kind) else { return };
        known.count += 1;
        if known.shown < MAX_OF_A_KIND && self.shown.len() < MAX_FAULTS {
            known.shown += 1;
            known.last = self.shown.len();
            self.shown.push(PlanFault { path: path(), message: message() });
        }
    }

    /// Whether the limit of shown faults is reached, so that another kind of fault would not be shown.
    pub(super) fn are_enough(&self) -> bool {
        self.shown.len() >= MAX_FAULTS
    }

    pub(super) fn is_empty(&self) -> bool {
        self.shown.is_empty()
    }

    /// Whether a fault below this member of the plan is shown.
    pub(super) fn any_below(&self, member: &str) -> bool {
        self.shown.iter().any(|fault| fault.path.starts_with(member))
    }

    /// The faults in the order in which they were found. The last fault of a kind says how many more faults of this
    /// kind there are.
    pub(super) fn end(mut self) -> Vec<PlanFault> {
        for FaultKind { count, shown, last } in self.kinds.into_values() {
            let more = count - shown;
            if shown > 0 && more > 0 {
                self.shown[last].message.push_str(&format!(" ({more} more of this kind)"));
            }
        }
        self.shown
    }
}
