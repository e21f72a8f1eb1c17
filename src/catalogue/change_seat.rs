//! The organizer's change of one seat: block it, unblock it, set its kind, set its own price.

use holdfast_contract::{catalogue::SeatPatch, problem::FieldError, words::SeatRefusal};
use holdfast_domain::{
    ids::{EventId, SeatId},
    inventory::{SeatKind, SeatState},
    text,
};

use super::{
    details::{self, FieldFaults},
    seat_kinds, store, views,
};
use crate::{
    access::Managed,
    kernel::{
        audit,
        base::Base,
        db::{self, StoreError, Tx, UseCaseError},
    },
    live::{ChangeDraft, record},
};

/// The maximum length of the reason for a block, in characters.
const MAX_REASON: usize = 200;

/// Why a seat was not changed.
#[derive(Debug, thiserror::Error)]
pub enum SeatError {
    #[error("faulty fields")]
    Fields(Vec<FieldError>),
    #[error("no such seat")]
    NotFound,
    /// Somebody holds the seat or has bought it.
    #[error("somebody has this seat")]
    Taken(SeatRefusal),
    #[error("the database failed")]
    Db(#[from] StoreError),
}

impl UseCaseError for SeatError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Db(error) => Some(error),
            Self::Fields(_) | Self::NotFound | Self::Taken(_) => None,
        }
    }
}

/// The changes of a patch, once they are parsed.
#[derive(Clone)]
struct SeatChanges {
    block: Option<Block>,
    kind: Option<SeatKind>,
    price_minor: Option<i64>,
}

#[derive(Clone)]
enum Block {
    Keep(String),
    Free,
}

/// Changes a seat, all or nothing, and records the change in the audit log. A seat that somebody holds or has
/// bought can be neither blocked nor priced.
///
/// # Errors
/// See [`SeatError`].
pub async fn change_seat(
    base: &Base,
    event: Managed,
    seat: SeatId,
    patch: SeatPatch,
) -> Result<(), SeatError> {
    let detail = serde_json::json!({ "seat_id": seat.0, "changes": &patch });
    let (event, actor, entropy) = (event.event(), event.actor(), &*base.entropy);
    let entry = audit::AuditRecord::new(entropy, actor, "seat.change", ("event", event.0), &detail);
    let wanted = read(patch).map_err(SeatError::Fields)?;
    base.db
        .transact(move |tx| {
            let (wanted, entry) = (wanted.clone(), entry.clone());
            Box::pin(async move {
                change(tx, event, seat, wanted).await?;
                Ok(audit::record(tx, &entry).await?)
            })
        })
        .await
}

fn read(patch: SeatPatch) -> Result<SeatChanges, Vec<FieldError>> {
    let mut faults = FieldFaults::default();
    let reason = patch.reason.as_deref();
    let block = match patch.blocked {
        Some(true) => {
            faults.take("reason", text::line(reason.unwrap_or(""), MAX_REASON)).map(Block::Keep)
        }
        Some(false) => Some(Block::Free),
        None if reason.is_some() => {
            faults.take::<(), _>("reason", Err("is for blocked: true alone"));
            None
        }
        None => None,
    };
    faults.none()?;
    Ok(SeatChanges {
        block,
        kind: patch.kind.map(seat_kinds::stored),
        price_minor: patch.price_minor,
    })
}

async fn change(tx: &Tx, event: EventId, id: SeatId, wanted: SeatChanges) -> Result<(), SeatError> {
    let mut row = store::events::lock(tx, event).await?.ok_or(SeatError::NotFound)?;
    let seat = store::seats::lock(tx, event, id).await?.ok_or(SeatError::NotFound)?;
    let state = seat.status;
    let one = |rows: u64| {
        let reason = match state {
            SeatState::Sold => SeatRefusal::Sold,
            SeatState::Blocked => SeatRefusal::Blocked,
            SeatState::Held | SeatState::Paying | SeatState::Available => SeatRefusal::Held,
        };
        if rows == 1 { Ok(()) } else { Err(SeatError::Taken(reason)) }
    };
    match &wanted.block {
        Some(Block::Keep(reason)) => one(store::seats::block(tx, event, id, reason).await?)?,
        // Unblocking a seat that is already free changes nothing.
        Some(Block::Free) => match state {
            SeatState::Blocked => one(store::seats::unblock(tx, event, id).await?)?,
            SeatState::Available => {}
            SeatState::Held | SeatState::Paying | SeatState::Sold => one(0)?,
        },
        None => {}
    }
    if let Some(price) = wanted.price_minor {
        details::price(row.currency, price).map_err(SeatError::Fields)?;
        one(store::seats::price(tx, event, id, price).await?)?;
    }
    if let Some(kind) = wanted.kind {
        one(store::seats::kind(tx, event, id, kind).await?)?;
        // The map shows the kind of a seat, so the plan gets a new version.
        row.plan_version += 1;
    }
    let described = wanted.price_minor.is_some() || wanted.kind.is_some();
    if described {
        let written = store::events::update(tx, &row).await?;
        db::exactly(1, written, "the event's row is locked")?;
    }
    let seat = store::seats::one(tx, event, id).await?.ok_or(SeatError::NotFound)?;
    let status = views::seat_status(seat.status);
    let change = ChangeDraft {
        seats: vec![match seat.expires_at {
            Some(until) => record::held(id, seat.version, until),
            None => record::settled(id, status, seat.version),
        }],
        event: described,
        ..ChangeDraft::default()
    };
    record::record(tx, event, &change).await?;
    Ok(())
}
