//! Writing a reservation with its items.

use holdfast_domain::{
    ids::{Buyer, EventId, ItemId, OfferId, OrganizationId, ReservationId, SeatId, SectionId},
    money::Currency,
};
use sea_orm::Value;

use crate::{
    kernel::db::{Dialect, Sql, StoreError, rows},
    live::record,
    shop::reservations::terms::Terms,
};

/// An item of a reservation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The item.
    pub id: ItemId,
    /// The seat; none in general admission.
    pub seat: Option<SeatId>,
    /// The section.
    pub section: SectionId,
    /// The offer.
    pub offer: OfferId,
    /// What people call it.
    pub label: String,
    /// How many of the offer.
    pub quantity: i32,
    /// How many persons in all.
    pub admits: i32,
    /// What it costs in all.
    pub price_minor: i64,
    /// The fence under which it was taken.
    pub fence: i64,
}

/// A reservation's row.
#[derive(Debug, Clone)]
pub struct Reserved {
    /// The reservation.
    pub id: ReservationId,
    /// Its event.
    pub event: EventId,
    /// Who organizes it.
    pub organization: OrganizationId,
    /// Whose it is.
    pub buyer: Buyer,
    /// What it costs.
    pub total_minor: i64,
    /// What it is paid in.
    pub currency: Currency,
    /// How many persons in all.
    pub persons: i32,
    /// How many persons one buyer might bring when it was made.
    pub max_per_user: i32,
    /// When it was made.
    pub created_at: i64,
    /// When it lapses.
    pub expires_at: i64,
    /// Beyond which it cannot be extended.
    pub cap_at: i64,
}

/// A reservation with what it holds.
#[derive(Debug, Clone)]
pub struct Made {
    /// The reservation.
    pub reserved: Reserved,
    /// Its items.
    pub items: Vec<Item>,
}

/// Writes reservations of one event with their items and the outbox row: one statement on PostgreSQL. Answers whether
/// the event still has the version whose terms the reservations were made under; otherwise the transaction must be
/// rolled back.
///
/// The seats are locked by now. On PostgreSQL, a change of a section's name may have been committed after
/// [`lock_buyers`](super::lock_buyers) and before these locks, so this statement looks again. Later changes wait
/// for the locks. On SQLite nobody else writes meanwhile.
pub async fn insert(
    tx: &impl Sql,
    terms: &Terms,
    made: &[Made],
    change: String,
) -> Result<bool, StoreError> {
    let event = terms.event;
    let (mut values, item_values) = (reservation_values(made), item_values(made));
    let reservations = format!(
        "INSERT INTO reservations ({RESERVATION_COLUMNS}) VALUES {}",
        rows(1, RESERVATION_WIDTH, made.len())
    );
    let count = item_values.len() / ITEM_WIDTH;
    let items = |from| {
        let rows = rows(from, ITEM_WIDTH, count);
        format!("INSERT INTO reservation_items ({ITEM_COLUMNS}) VALUES {rows}")
    };
    match tx.writing().dialect() {
        Dialect::Postgres => {
            let items = items(values.len() + 1);
            values.extend(item_values);
            let at = values.len() + 1;
            let text = format!(
                "WITH r AS ({reservations}), i AS ({items}) \
                 INSERT INTO outbox (payload, event_id, created_at) SELECT ${at}, e.id, ${} \
                 FROM events e WHERE e.id = ${} AND e.version = ${}",
                at + 1,
                at + 2,
                at + 3
            );
            let created_at = made.iter().map(|made| made.reserved.created_at).max();
            values.extend([change.into(), created_at.into(), event.0.into(), terms.version.into()]);
            Ok(tx.run(&text, values).await? == 1)
        }
        Dialect::Sqlite => {
            tx.run(&reservations, values).await?;
            tx.run(&items(1), item_values).await?;
            record::write(tx, event, change).await?;
            Ok(true)
        }
    }
}

const RESERVATION_COLUMNS: &str = "id, event_id, organization_id, buyer_id, buyer_kind, status, persons, \
     max_per_user, total_minor, currency, created_at, expires_at, cap_at, version";
const RESERVATION_WIDTH: usize = 14;

fn reservation_values(made: &[Made]) -> Vec<Value> {
    let values = made.iter().flat_map(|Made { reserved, .. }| -> [Value; RESERVATION_WIDTH] {
        [
            reserved.id.0.into(),
            reserved.event.0.into(),
            reserved.organization.0.into(),
            reserved.buyer.id().into(),
            reserved.buyer.kind().into(),
            "active".into(),
            reserved.persons.into(),
            reserved.max_per_user.into(),
            reserved.total_minor.into(),
            reserved.currency.as_str().into(),
            reserved.created_at.into(),
            reserved.expires_at.into(),
            reserved.cap_at.into(),
            1.into(),
        ]
    });
    values.collect()
}

const ITEM_COLUMNS: &str = "event_id, reservation_id, id, kind, seat_id, section_id, offer_id, label, \
     quantity, admits, price_minor, fence, state, expires_at";
const ITEM_WIDTH: usize = 14;

fn item_values(made: &[Made]) -> Vec<Value> {
    let items = made.iter().flat_map(|made| made.items.iter().map(|item| (&made.reserved, item)));
    let values = items.flat_map(|(reserved, item)| -> [Value; ITEM_WIDTH] {
        [
            reserved.event.0.into(),
            reserved.id.0.into(),
            item.id.0.into(),
            if item.seat.is_some() { "seat" } else { "general" }.into(),
            item.seat.map(|seat| seat.0).into(),
            item.section.0.into(),
            item.offer.0.into(),
            item.label.as_str().into(),
            item.quantity.into(),
            item.admits.into(),
            item.price_minor.into(),
            item.fence.into(),
            "held".into(),
            reserved.expires_at.into(),
        ]
    });
    values.collect()
}
