//! Reading bookings: their owner's, their organizer's, an administrator's, nobody else's.

use std::collections::HashMap;

use holdfast_contract::bookings::Booking;
use holdfast_domain::{
    access::{self, Action, Relation},
    ids::{BookingId, OrganizationId},
};
use holdfast_entity::{booking_lines, bookings};
use sea_orm::DbErr;
use uuid::Uuid;

use super::{Checkouts, answer, store};
use crate::{accounts::membership, http::auth::Caller, tickets};

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
        let db = &self.base.db;
        let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
        let mut lines: HashMap<Uuid, Vec<booking_lines::Model>> = HashMap::new();
        for line in store::lines_of(db, &ids).await? {
            lines.entry(line.booking_id).or_default().push(line);
        }
        let mut tickets = tickets::of_bookings(db, &ids).await?;
        let mut shown = Vec::with_capacity(rows.len());
        for row in rows {
            // Only a pending one can want something of its buyer.
            let secret = match row.status.as_str() {
                "pending" => self.secret(BookingId(row.id)).await?,
                _ => None,
            };
            let lines = lines.remove(&row.id).unwrap_or_default();
            let tickets = tickets.remove(&row.id).unwrap_or_default();
            shown.push(answer::booking(&row, &lines, tickets, secret)?);
        }
        Ok(shown)
    }

    async fn secret(&self, id: BookingId) -> Result<Option<String>, DbErr> {
        let checkout = self.executor.state_of(&self.base.db, id.0).await?;
        Ok(checkout.and_then(|checkout| checkout.client_secret().map(str::to_owned)))
    }
}
