//! Writing a reservation with its items.

use holdfast_domain::{
    ids::{Buyer, EventId, ItemId, OfferId, OrganizationId, ReservationId, SeatId, SectionId},
    money::Currency,
};
use sea_orm::{DbErr, Value};

use crate::{
    db::{Dialect, Sql, placeholders},
    live::record,
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

/// Writes a reservation with its items and the outbox row: one statement on PostgreSQL.
pub async fn insert(
    tx: &impl Sql,
    reserved: &Reserved,
    items: &[Item],
    change: String,
) -> Result<(), DbErr> {
    let (reservation, reservation_values) = reservation_insert(reserved);
    match tx.writing().dialect() {
        Dialect::Postgres => {
            let mut values = reservation_values;
            let (rows, item_values) = item_rows(reserved, items, values.len() + 1);
            values.extend(item_values);
            let at = values.len() + 1;
            values.extend([change.into(), reserved.event.0.into(), reserved.created_at.into()]);
            let text = format!(
                "WITH r AS ({reservation}), i AS (INSERT INTO reservation_items ({ITEM_COLUMNS}) VALUES {rows}) \
                 INSERT INTO outbox (payload, event_id, created_at) VALUES (${at}, ${}, ${})",
                at + 1,
                at + 2
            );
            tx.run(&text, values).await?;
        }
        Dialect::Sqlite => {
            tx.run(&reservation, reservation_values).await?;
            let (rows, values) = item_rows(reserved, items, 1);
            let text = format!("INSERT INTO reservation_items ({ITEM_COLUMNS}) VALUES {rows}");
            tx.run(&text, values).await?;
            record::write(tx, reserved.event, change).await?;
        }
    }
    Ok(())
}

fn reservation_insert(reserved: &Reserved) -> (String, Vec<Value>) {
    let text = "INSERT INTO reservations (id, event_id, organization_id, buyer_id, buyer_kind, status, \
         persons, max_per_user, total_minor, currency, created_at, expires_at, cap_at, version) \
         VALUES ($1, $2, $3, $4, $5, 'active', $6, $7, $8, $9, $10, $11, $12, 1)";
    let values = vec![
        reserved.id.0.into(),
        reserved.event.0.into(),
        reserved.organization.0.into(),
        reserved.buyer.id().into(),
        reserved.buyer.kind().into(),
        reserved.persons.into(),
        reserved.max_per_user.into(),
        reserved.total_minor.into(),
        reserved.currency.as_str().into(),
        reserved.created_at.into(),
        reserved.expires_at.into(),
        reserved.cap_at.into(),
    ];
    (text.to_owned(), values)
}

const ITEM_COLUMNS: &str = "event_id, reservation_id, id, kind, seat_id, section_id, offer_id, label, \
     quantity, admits, price_minor, fence, state, expires_at";

fn item_rows(reserved: &Reserved, items: &[Item], from: usize) -> (String, Vec<Value>) {
    const WIDTH: usize = 14;
    let rows: Vec<String> = (0..items.len())
        .map(|index| format!("({})", placeholders(from + index * WIDTH, WIDTH)))
        .collect();
    let mut values: Vec<Value> = Vec::with_capacity(items.len() * WIDTH);
    for item in items {
        values.extend([
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
        ]);
    }
    (rows.join(","), values)
}
