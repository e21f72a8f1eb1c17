//! SQL on events: reading and changing their rows, finding events that are due, deleting them.

use holdfast_domain::{booking::BookingState, ids::EventId};
use holdfast_entity::{
    booking_lines, bookings, buyers, changes, event_sequences, event_texts, events, offers, outbox,
    plans, publications,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter,
    QuerySelect, SelectExt, sea_query::LockType,
};

use crate::{
    catalogue::{reads::NodeTime, texts},
    kernel::db::{self, Sql, StoreError, Tx},
};

/// An event at one moment: the row, its organization's name, the database's clock and how many changes
/// were committed by then.
#[derive(Debug, Clone, FromQueryResult)]
pub struct EventSnapshot {
    #[sea_orm(nested)]
    pub row: events::Model,
    /// The name of the organization that sells the event.
    pub organization: String,
    /// The database's clock, in milliseconds since 1970.
    pub now: i64,
    /// The number of the last numbered change.
    pub seq: i64,
    /// How many committed changes have no number yet.
    pending: i64,
    /// When this node asked for it.
    #[sea_orm(skip)]
    pub asked: NodeTime,
}

impl EventSnapshot {
    /// The moment that this node asked for at this time.
    pub fn asked_at(self, asked: NodeTime) -> Self {
        Self { asked, ..self }
    }

    /// The number of committed changes. It only grows, so data read under the same total is still current.
    pub fn total(&self) -> i64 {
        self.seq + self.pending
    }
}

pub(super) const MOMENT: &str = "SELECT e.*, o.name AS organization, {now} AS now, \
    COALESCE((SELECT last_seq FROM event_sequences s WHERE s.event_id = e.id), 0) AS seq, \
    (SELECT count(*) FROM outbox b WHERE b.event_id = e.id) AS pending \
    FROM events e JOIN organizations o ON o.id = e.organization_id";

/// The event as it is at this moment.
pub async fn at(sql: &impl Sql, id: EventId) -> Result<Option<EventSnapshot>, StoreError> {
    sql.find(&format!("{MOMENT} WHERE e.id = $1"), vec![id.into()]).await
}

pub async fn find(sql: &impl Sql, id: EventId) -> Result<Option<events::Model>, StoreError> {
    Ok(events::Entity::find_by_id(id).one(sql.reading()).await?)
}

/// Locks the event's row and reads it, so that changes of one event's catalogue follow one another.
pub async fn lock(tx: &Tx, id: EventId) -> Result<Option<events::Model>, StoreError> {
    Ok(events::Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(tx.orm()).await?)
}

/// Adds an event with the texts by which searches find it. A slug that another event has is a unique violation.
pub async fn insert(tx: &Tx, event: events::Model) -> Result<(), StoreError> {
    let texts = texts::of(&event);
    db::insert(tx, event).await?;
    super::texts::put(tx, texts).await
}

/// Writes the event, whose row is locked, as version `+ 1`, and the texts by which searches find it.
pub async fn update(tx: &Tx, event: &events::Model) -> Result<u64, StoreError> {
    let written = event.clone();
    let written = events::ActiveModel {
        name: Set(written.name),
        description: Set(written.description),
        category: Set(written.category),
        place: Set(written.place),
        time_zone: Set(written.time_zone),
        starts_at: Set(written.starts_at),
        ends_at: Set(written.ends_at),
        sale_starts_at: Set(written.sale_starts_at),
        sale_ends_at: Set(written.sale_ends_at),
        max_per_user: Set(written.max_per_user),
        max_per_order: Set(written.max_per_order),
        hold_seconds: Set(written.hold_seconds),
        hold_cap_seconds: Set(written.hold_cap_seconds),
        status: Set(written.status),
        plan_version: Set(written.plan_version),
        next_seat_id: Set(written.next_seat_id),
        promised_starts_at: Set(written.promised_starts_at),
        ..Default::default()
    };
    let change = events::Entity::update_many()
        .set(written)
        .col_expr(events::Column::Version, db::plus(events::Column::Version, 1))
        .col_expr(events::Column::UpdatedAt, db::clock())
        .filter(events::Column::Id.eq(event.id))
        .filter(events::Column::Version.eq(event.version));
    let changed = db::change(tx, change).await?;
    let texts = texts::of(event);
    super::texts::put(tx, event_texts::Model { of_version: event.version + 1, ..texts }).await?;
    Ok(changed)
}

/// The events whose stored status is outdated: the sale has begun, or the event has ended. The earliest event is the
/// first.
pub async fn due(sql: &impl Sql, limit: i64) -> Result<Vec<EventId>, StoreError> {
    sql.values(
            "SELECT id FROM (SELECT id, status, starts_at, ends_at, sale_starts_at, {now} AS now FROM events \
             WHERE status IN ('upcoming', 'on_sale')) e \
             WHERE (status = 'upcoming' AND sale_starts_at <= now) OR ends_at <= now \
             ORDER BY starts_at LIMIT $1",
            vec![limit.into()],
        )
        .await
}

/// Whether the event has a reservation in any state. Every hold writes a row of its buyer in the event.
pub async fn has_reservations(sql: &impl Sql, id: EventId) -> Result<bool, StoreError> {
    let of_event = buyers::Column::EventId.eq(id);
    Ok(buyers::Entity::find().filter(of_event).exists(sql.reading()).await?)
}

/// Whether the event has a booking that is confirmed or being paid for.
pub async fn has_bookings(sql: &impl Sql, id: EventId) -> Result<bool, StoreError> {
    let of_booking = booking_lines::Entity::belongs_to(bookings::Entity)
        .from(booking_lines::Column::BookingId)
        .to(bookings::Column::Id)
        .into();
    Ok(booking_lines::Entity::find()
        .join(JoinType::InnerJoin, of_booking)
        .filter(booking_lines::Column::EventId.eq(id))
        .filter(bookings::Column::Status.is_in([BookingState::Pending, BookingState::Confirmed]))
        .exists(sql.reading())
        .await?)
}

/// Deletes the event with the rest of its catalogue, except its seats and sections.
pub async fn delete(tx: &Tx, id: EventId) -> Result<u64, StoreError> {
    delete_of::<offers::Entity>(tx, offers::Column::EventId, id).await?;
    delete_of::<plans::Entity>(tx, plans::Column::EventId, id).await?;
    delete_of::<buyers::Entity>(tx, buyers::Column::EventId, id).await?;
    delete_of::<changes::Entity>(tx, changes::Column::EventId, id).await?;
    delete_of::<event_sequences::Entity>(tx, event_sequences::Column::EventId, id).await?;
    delete_of::<outbox::Entity>(tx, outbox::Column::EventId, id).await?;
    delete_of::<event_texts::Entity>(tx, event_texts::Column::EventId, id).await?;
    delete_of::<publications::Entity>(tx, publications::Column::EventId, id).await?;
    delete_of::<events::Entity>(tx, events::Column::Id, id).await
}

async fn delete_of<E: EntityTrait>(
    tx: &Tx,
    of: E::Column,
    event: EventId,
) -> Result<u64, StoreError> {
    db::change(tx, E::delete_many().filter(of.eq(event))).await
}

/// Records that the event was published. The time of the first publication stays.
pub async fn note_publication(tx: &Tx, id: EventId, now: i64) -> Result<(), StoreError> {
    let row = publications::Model { event_id: id, published_at: now };
    let key = [publications::Column::EventId];
    db::insert_unless_known(tx, row, &[], &key).await.map(|_| ())
}

/// Whether there is any event.
pub async fn any(sql: &impl Sql) -> Result<bool, StoreError> {
    Ok(events::Entity::find().exists(sql.reading()).await?)
}
