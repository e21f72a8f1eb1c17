//! Compares the gateway's books with ours, payment by payment: `holdfast reconcile`, and once a day.
//!
//! The comparison only reads, and may run at any time. A payment that changes during the comparison is skipped,
//! and compared the next time.

use std::{collections::HashSet, fmt};

use holdfast_domain::checkout::{PaymentId, PaymentStatus};

use super::reconcile_store::{self as store, KnownPayment};
use crate::kernel::{
    db::{Db, StoreError},
    ports::{
        PaymentGateway,
        payments::{GatewayPayment, Unreachable},
    },
};

/// The maximum number of pages that one comparison reads, as a bound that no gateway's books reach.
const MAX_PAGES: usize = 1_000_000;
/// How many of our own payments one statement reads.
const BATCH: u64 = 500;
/// How far our clock and the gateway's clock may differ at the edge of the compared time, in milliseconds.
const EDGE_MS: i64 = 60 * 60 * 1000;

/// A payment about which the two books disagree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The gateway's id of the payment.
    pub payment: PaymentId,
    pub kind: DifferenceKind,
}

/// How the books differ. Amounts are in minor units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DifferenceKind {
    /// The gateway holds or took money for a payment that our books do not have.
    UnknownHere {
        /// The amount that the gateway holds or took.
        there: i64,
    },
    /// Our books contain the payment as captured, but the gateway does not know it.
    UnknownThere {
        /// The captured amount in our books.
        here: i64,
    },
    /// The amounts that the two books expect the buyer to pay differ.
    Amount {
        /// The amount in our books.
        here: String,
        /// The amount in the gateway's books.
        there: String,
    },
    /// The amounts that were captured from the buyer differ.
    Captured {
        /// The amount in our books.
        here: i64,
        /// The amount in the gateway's books.
        there: i64,
    },
    /// The amounts that were refunded to the buyer differ.
    Refunded {
        /// The amount in our books.
        here: i64,
        /// The amount in the gateway's books.
        there: i64,
    },
    /// The payment's row and the ledger, both ours, differ.
    Ledger {
        /// Captured less refunded, by the payment's row.
        payment: i64,
        /// Captured less refunded, by the ledger.
        ledger: i64,
    },
    /// The booking ended without the payment, but the payment can still be captured.
    StillOpen {
        /// The state of the booking.
        booking: String,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let payment = &self.payment;
        match &self.kind {
            DifferenceKind::UnknownHere { there } => {
                write!(f, "payment {payment}: unknown here, the gateway has {there}")
            }
            DifferenceKind::UnknownThere { here } => {
                write!(f, "payment {payment}: captured {here} here, unknown at the gateway")
            }
            DifferenceKind::Amount { here, there } => {
                write!(f, "payment {payment}: amount {here} here, {there} at the gateway")
            }
            DifferenceKind::Captured { here, there } => {
                write!(f, "payment {payment}: captured {here} here, {there} at the gateway")
            }
            DifferenceKind::Refunded { here, there } => {
                write!(f, "payment {payment}: refunded {here} here, {there} at the gateway")
            }
            DifferenceKind::Ledger { payment: own, ledger } => {
                write!(f, "payment {payment}: {own} in hand by the payment, {ledger} by the ledger")
            }
            DifferenceKind::StillOpen { booking } => {
                write!(f, "payment {payment}: can still be captured, its booking is {booking}")
            }
        }
    }
}

/// Why the books could not be compared.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    #[error("the database failed")]
    Db(#[from] StoreError),
}

/// Compares all payments since `since_ms` (milliseconds since 1970). Returns every difference, newest payment
/// first.
///
/// # Errors
/// When the gateway or the database cannot be asked.
pub async fn run(
    db: &Db,
    gateway: &dyn PaymentGateway,
    since_ms: i64,
) -> Result<Vec<Difference>, ReconcileError> {
    let began_ms = db.now().await?;
    let mut differences = Vec::new();
    let mut seen: HashSet<PaymentId> = HashSet::new();
    let mut last = None;
    for _ in 0..MAX_PAGES {
        let asked_ms = db.now().await?;
        let page = gateway.list(since_ms, last.as_ref()).await?;
        let Some(end) = page.last() else { break };
        last = Some(end.id.clone());
        let known = store::known(db, gateway.provider(), &page, asked_ms).await?;
        for there in &page {
            seen.insert(there.id.clone());
            compare(there, known.get(&there.id.0), &mut differences);
        }
    }
    missing(db, gateway, since_ms, began_ms, &seen, &mut differences).await?;
    Ok(differences)
}

fn compare(there: &GatewayPayment, here: Option<&KnownPayment>, differences: &mut Vec<Difference>) {
    let mut add = |kind| differences.push(Difference { payment: there.id.clone(), kind });
    let open = can_be_captured(there.status);
    let Some(here) = here else {
        if open || there.captured_minor != there.refunded_minor {
            let held = if open { there.amount.minor } else { 0 };
            add(DifferenceKind::UnknownHere {
                there: there.captured_minor - there.refunded_minor + held,
            });
        }
        return;
    };
    if here.moving {
        return;
    }
    let asked = format!("{} {}", there.amount.minor, there.amount.currency);
    if asked != here.amount {
        add(DifferenceKind::Amount { here: here.amount.clone(), there: asked });
    }
    if there.captured_minor != here.captured_minor {
        add(DifferenceKind::Captured { here: here.captured_minor, there: there.captured_minor });
    }
    if there.refunded_minor != here.refunded_minor {
        add(DifferenceKind::Refunded { here: here.refunded_minor, there: there.refunded_minor });
    }
    let in_hand = here.captured_minor - here.refunded_minor;
    if in_hand != here.ledger_minor {
        add(DifferenceKind::Ledger { payment: in_hand, ledger: here.ledger_minor });
    }
    if open && here.booking != "pending" {
        add(DifferenceKind::StillOpen { booking: here.booking.clone() });
    }
}

/// Whether the payment can still take money, or holds money on a card.
fn can_be_captured(status: PaymentStatus) -> bool {
    match status {
        PaymentStatus::ActionRequired | PaymentStatus::Processing | PaymentStatus::Authorized => {
            true
        }
        PaymentStatus::Prepared
        | PaymentStatus::Declined
        | PaymentStatus::Captured
        | PaymentStatus::Voided => false,
    }
}

/// Finds payments that are captured in our books but missing in the gateway's list.
async fn missing(
    db: &Db,
    gateway: &dyn PaymentGateway,
    since_ms: i64,
    began_ms: i64,
    seen: &HashSet<PaymentId>,
    differences: &mut Vec<Difference>,
) -> Result<(), StoreError> {
    let since_ms = if since_ms > 0 { since_ms + EDGE_MS } else { 0 };
    let mut after = None;
    loop {
        let (provider, span) = (gateway.provider(), (since_ms, began_ms));
        let batch = store::captured(db, provider, span, after, BATCH).await?;
        let Some(last) = batch.last() else { return Ok(()) };
        after = Some(last.id);
        let unseen = batch.into_iter().filter(|own| !seen.contains(&own.payment));
        differences.extend(unseen.map(|own| Difference {
            payment: own.payment,
            kind: DifferenceKind::UnknownThere { here: own.captured_minor },
        }));
    }
}
