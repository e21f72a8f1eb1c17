//! Reading bookings: their owner's, their organizer's, an administrator's, nobody else's.

use std::collections::HashMap;

use holdfast_contract::bookings::{Booking, BookingStatus};
use holdfast_domain::{
    access::{self, Action, Relation},
    ids::{BookingId, EventId, OrganizationId},
};
use holdfast_entity::{booking_lines, bookings};
use sea_orm::DbErr;
use uuid::Uuid;

use super::{Checkouts, answer, settled::Occasions, settled_store, store};
use crate::{accounts::membership, db::Sql, http::auth::Caller, tickets};

/// A booking that is not pending on the wire, as a transaction sees it.
///
/// # Errors
/// When the database fails.
pub async fn shown(sql: &impl Sql, id: BookingId) -> Result<Option<Booking>, DbErr> {
    match store::find(sql, store::By::Id(id)).await? {
        Some(stored) => Ok(show(sql, vec![stored]).await?.pop()),
        None => Ok(None),
    }
}

/// Bookings on the wire, without what a pending one wants of its buyer.
async fn show(sql: &impl Sql, rows: Vec<bookings::Model>) -> Result<Vec<Booking>, DbErr> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let all = store::lines_of(sql, &ids).await?;
    let occasions = Occasions::of(sql, all.iter()).await?;
    let mut lines: HashMap<Uuid, Vec<booking_lines::Model>> = HashMap::new();
    for line in all {
        lines.entry(line.booking_id).or_default().push(line);
    }
    let mut tickets = tickets::of_bookings(sql, &ids).await?;
    let shown = rows.into_iter().map(|row| {
        let lines = lines.remove(&row.id).unwrap_or_default();
        let tickets = tickets.remove(&row.id).unwrap_or_default();
        answer::booking(&row, &lines, tickets, &occasions)
    });
    shown.collect()
}

impl Checkouts {
    /// The booking on the wire, whoever asks.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self, id: BookingId) -> Result<Option<Booking>, DbErr> {
        match store::find(&self.base.db, store::By::Id(id)).await? {
            Some(stored) => Ok(self.show(vec![stored]).await?.pop()),
            None => Ok(None),
        }
    }

    /// The booking on the wire, if the caller may read it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find_for(
        &self,
        caller: &Caller,
        by: store::By<'_>,
    ) -> Result<Option<Booking>, DbErr> {
        let Some(stored) = store::find(&self.base.db, by).await? else { return Ok(None) };
        let relation = self.relation(caller, &stored).await?;
        if !access::allows(caller.role(), relation, Action::ReadBooking) {
            // Whether another's booking exists is nobody's business.
            return Ok(None);
        }
        Ok(self.show(vec![stored]).await?.pop())
    }

    /// A page of a buyer's bookings, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list(
        &self,
        buyer: Uuid,
        after: Option<Uuid>,
        limit: u64,
    ) -> Result<Vec<Booking>, DbErr> {
        let rows = store::list(&self.base.db, buyer, after, limit).await?;
        self.show(rows).await
    }

    /// A page of an event's bookings, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of_event(
        &self,
        event: EventId,
        status: Option<BookingStatus>,
        after: Option<Uuid>,
        limit: u64,
    ) -> Result<Vec<Booking>, DbErr> {
        let status = status.map(answer::stored_status);
        let rows = settled_store::of_event(&self.base.db, event, status, after, limit).await?;
        // What a pending one wants of its buyer is the buyer's business alone.
        show(&self.base.db, rows).await
    }

    /// The booking as stored, and how the caller stands to it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn related(
        &self,
        caller: &Caller,
        id: BookingId,
    ) -> Result<Option<(bookings::Model, Relation)>, DbErr> {
        let Some(stored) = store::find(&self.base.db, store::By::Id(id)).await? else {
            return Ok(None);
        };
        let relation = self.relation(caller, &stored).await?;
        Ok(Some((stored, relation)))
    }

    /// What people call these bookings.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn references(&self, bookings: &[Uuid]) -> Result<HashMap<Uuid, String>, DbErr> {
        store::references(&self.base.db, bookings).await
    }

    /// How the caller stands to a booking.
    pub(super) async fn relation(
        &self,
        caller: &Caller,
        stored: &bookings::Model,
    ) -> Result<Relation, DbErr> {
        let owns = caller.buyer().is_some_and(|buyer| {
            buyer.id() == stored.buyer_id && buyer.kind() == stored.buyer_kind
        });
        if owns {
            return Ok(Relation::Owner);
        }
        let Some(user) = caller.user else { return Ok(Relation::Stranger) };
        let organization = OrganizationId(stored.organization_id);
        membership::relation(&self.base.db, organization, user.id).await
    }

    async fn show(&self, rows: Vec<bookings::Model>) -> Result<Vec<Booking>, DbErr> {
        let mut shown = show(&self.base.db, rows).await?;
        for booking in &mut shown {
            // Only a pending one can want something of its buyer.
            if booking.status == BookingStatus::Pending {
                let secret = self.secret(BookingId(booking.id)).await?;
                booking.next_action = secret.map(answer::next_action);
            }
        }
        Ok(shown)
    }

    async fn secret(&self, id: BookingId) -> Result<Option<String>, DbErr> {
        let checkout = self.executor.state_of(&self.base.db, id.0).await?;
        Ok(checkout.and_then(|checkout| checkout.client_secret().map(str::to_owned)))
    }
}
