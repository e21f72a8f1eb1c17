//! SQL that writes reservations with their items.

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

/// An item of a reservation: a seat, or places in general admission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub id: ItemId,
    /// `None` in general admission.
    pub seat: Option<SeatId>,
    pub section: SectionId,
    pub offer: OfferId,
    /// The name of the place for people.
    pub label: String,
    /// The number of units of the offer.
    pub quantity: i32,
    /// The number of persons of the whole item.
    pub admits: i32,
    /// The price of the whole item, in minor units.
    pub price_minor: i64,
    /// The fence under which the place was taken.
    pub fence: i64,
}

/// The row of a reservation. Times are in milliseconds since 1970.
#[derive(Debug, Clone)]
pub struct Reserved {
    pub id: ReservationId,
    pub event: EventId,
    pub organization: OrganizationId,
    pub buyer: Buyer,
    /// The price of all items, in minor units.
    pub total_minor: i64,
    pub currency: Currency,
    /// The number of persons of all items.
    pub persons: i32,
    /// The limit of persons for one buyer at the time of the hold.
    pub max_per_user: i32,
    pub created_at: i64,
    pub expires_at: i64,
    /// The time beyond which the reservation cannot be extended.
    pub cap_at: i64,
}

/// A reservation with its items.
#[derive(Debug, Clone)]
pub struct Made {
    pub reserved: Reserved,
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
            reserved.id.into(),
            reserved.event.into(),
            reserved.organization.into(),
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
            reserved.event.into(),
            reserved.id.into(),
            item.id.into(),
            if item.seat.is_some() { "seat" } else { "general" }.into(),
            item.seat.into(),
            item.section.into(),
            item.offer.into(),
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
