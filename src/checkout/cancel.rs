//! Stopping a checkout that is still on its way: the payment is voided first, then the seats are free.

use holdfast_contract::bookings::{Booking, BookingStatus};
use holdfast_domain::{
    access::{self, Action},
    ids::BookingId,
};
use sea_orm::DbErr;

use super::{Checkouts, confirm::FIRST_WAIT, store};
use crate::{http::auth::Caller, saga::store::Wish};

/// How often a waiting request looks.
const LOOK: std::time::Duration = std::time::Duration::from_millis(50);

/// Why nothing is cancelled.
#[derive(Debug, thiserror::Error)]
pub enum CancelError {
    /// There is no such booking, or it is another's.
    #[error("no such booking")]
    NotFound,
    /// It is past the point where it could be stopped.
    #[error("the booking is {0}")]
    TooLate(&'static str),
    /// The database failed.
    #[error("the database failed")]
    Db(#[from] DbErr),
}

impl Checkouts {
    /// Stops a pending booking and waits a while for its end; answers the booking as it then stands, possibly
    /// still pending. Cancelling a cancelled one changes nothing.
    ///
    /// # Errors
    /// See [`CancelError`].
    pub async fn cancel(&self, caller: &Caller, id: BookingId) -> Result<Booking, CancelError> {
        let db = &self.base.db;
        let stored = store::find(db, store::By::Id(id)).await?.ok_or(CancelError::NotFound)?;
        let relation = self.relation(caller, &stored).await?;
        if !access::allows(caller.role(), relation, Action::CancelBooking) {
            return Err(CancelError::NotFound);
        }
        if stored.status == "pending" {
            self.executor.wake(id.0, Wish::Stop).await?;
        }
        let booking = self.settled(id).await?.ok_or(CancelError::NotFound)?;
        match booking.status {
            BookingStatus::Pending | BookingStatus::Cancelled => Ok(booking),
            BookingStatus::Confirmed => Err(CancelError::TooLate("confirmed")),
            BookingStatus::Failed => Err(CancelError::TooLate("failed")),
        }
    }

    /// The booking once it is not pending any more, or as it stands after a while.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn settled(&self, id: BookingId) -> Result<Option<Booking>, DbErr> {
        let ended = async {
            while self.is_pending(id).await? {
                tokio::time::sleep(LOOK).await;
            }
            Ok::<(), DbErr>(())
        };
        if let Ok(Err(error)) = tokio::time::timeout(FIRST_WAIT, ended).await {
            return Err(error);
        }
        self.find(id).await
    }

    async fn is_pending(&self, id: BookingId) -> Result<bool, DbErr> {
        let stored = store::find(&self.base.db, store::By::Id(id)).await?;
        Ok(stored.is_some_and(|stored| stored.status == "pending"))
    }
}
