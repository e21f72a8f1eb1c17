//! The conditions for a checkout that has ended: booking, seats, reservation, payment, the gateway's own books,
//! tickets and ledger, all read from the store, and the response to the buyer.

use holdfast::kernel::db::Sql;
use sea_orm::Value as Bound;

use super::drive::booking_of;
use crate::support::{answer::is_in_flight, buyer::GuestBuyer, fixture::Event, harness::TestApp};

/// The price of two seats and a place.
const TOTAL: i64 = 2 * 4500 + 2000;
const ADMISSIONS: i64 = 3;

/// The possible results of a checkout, for buyer, seats and money together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpectedEnding {
    Confirmed,
    Declined,
    CaptureRefused,
    SeatsLost,
    Cancelled,
}

impl ExpectedEnding {
    /// The ending in the words of the table in `docs/FAULTS.md`.
    pub fn words(self) -> &'static str {
        match self {
            Self::Confirmed => "paid, tickets",
            Self::Declined => "declined, held",
            Self::CaptureRefused => "refused, freed",
            Self::SeatsLost => "lost, freed",
            Self::Cancelled => "stopped, freed",
        }
    }

    fn wanted(self) -> StoredEnding {
        let freed = |status: u16, booking: &str, why: &str| StoredEnding {
            status,
            booking: booking.to_owned(),
            failure: Some(why.to_owned()),
            seats: vec!["available".to_owned(); 2],
            reservation: "cancelled".to_owned(),
            payment: Some("void".to_owned()),
            captured: 0,
            takes: 0,
            tickets: 0,
            ledger: 0,
        };
        match self {
            Self::Confirmed => StoredEnding {
                status: 201,
                booking: "confirmed".to_owned(),
                failure: None,
                seats: vec!["sold".to_owned(); 2],
                reservation: "confirmed".to_owned(),
                payment: Some("captured".to_owned()),
                captured: TOTAL,
                takes: 1,
                tickets: ADMISSIONS,
                ledger: TOTAL,
            },
            Self::Declined => StoredEnding {
                seats: vec!["held".to_owned(); 2],
                reservation: "active".to_owned(),
                payment: Some("declined".to_owned()),
                ..freed(402, "failed", "payment-declined")
            },
            Self::CaptureRefused => freed(409, "failed", "capture-refused"),
            Self::SeatsLost => freed(409, "failed", "seats-lost"),
            Self::Cancelled => freed(409, "cancelled", "cancelled"),
        }
    }
}

/// A response as the buyer reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuyerResponse {
    pub status: u16,
    pub text: String,
}

impl BuyerResponse {
    /// Whether the response will stay the same: the attempt is neither pending nor in flight.
    pub fn is_final(&self) -> bool {
        self.status != 202 && !is_in_flight(&self.text)
    }
}

/// The state of the booking and its money in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
struct StoredEnding {
    status: u16,
    booking: String,
    failure: Option<String>,
    seats: Vec<String>,
    reservation: String,
    /// The status of the payment. `None` if the gateway never learned of a payment.
    payment: Option<String>,
    /// The amount that the gateway took, in minor units.
    captured: i64,
    /// The number of payments that took the amount.
    takes: i64,
    tickets: i64,
    /// The amount at the gateway according to the ledger, in minor units.
    ledger: i64,
}

/// Compares the actual with the expected state. Returns the ending in words, or the difference.
pub async fn check(
    app: &TestApp,
    event: &Event,
    buyer: &GuestBuyer,
    told: &BuyerResponse,
    ends: ExpectedEnding,
) -> Result<String, String> {
    let found = find(app, event, buyer, told).await;
    let mut wanted = ends.wanted();
    let needs_none =
        matches!(ends, ExpectedEnding::Declined | ExpectedEnding::Cancelled) && found.takes == 0;
    if needs_none && found.payment.is_none() {
        // The checkout was refused or stopped before there was a payment.
        wanted.payment = None;
    }
    if found != wanted {
        return Err(format!("found {found:#?}\nwanted {wanted:#?}\ntold {told:?}"));
    }
    Ok(ends.words().to_owned())
}

async fn find(
    app: &TestApp,
    event: &Event,
    buyer: &GuestBuyer,
    told: &BuyerResponse,
) -> StoredEnding {
    let db = &app.app.base.db;
    let booking = booking_of(app, buyer).await;
    let text = async |sql: &str, value: Bound| {
        let row = db.one(sql, vec![value]).await.expect("the store answers");
        row.and_then(|row| row.try_get::<Option<String>>("", "found").expect("a text"))
    };
    let number = async |sql: &str, value: Bound| {
        let row = db.one(sql, vec![value]).await.expect("the store answers").expect("a row");
        row.try_get::<i64>("", "found").expect("a number")
    };
    let seats = db
        .all(
            "SELECT status FROM seats WHERE event_id = $1 AND seat_id IN (1, 2)",
            vec![event.id.into()],
        )
        .await
        .expect("the store answers");
    let saga = db.one("SELECT id FROM sagas WHERE subject_id = $1", vec![booking.into()]).await;
    let saga = saga.expect("the store answers").expect("a saga");
    let saga: uuid::Uuid = saga.try_get("", "id").expect("an id");
    StoredEnding {
        status: told.status,
        booking: text("SELECT status AS found FROM bookings WHERE id = $1", booking.into())
            .await
            .expect("a booking"),
        failure: text("SELECT failure AS found FROM bookings WHERE id = $1", booking.into()).await,
        seats: seats.iter().map(|row| row.try_get("", "status").expect("a text")).collect(),
        reservation: text(
            "SELECT status AS found FROM reservations WHERE id = $1",
            buyer.reservation.into(),
        )
        .await
        .expect("a reservation"),
        payment: text("SELECT status AS found FROM payments WHERE booking_id = $1", booking.into())
            .await,
        captured: number(
            "SELECT CAST(COALESCE(SUM(captured_minor - refunded_minor), 0) AS bigint) AS found \
             FROM simulated_payments WHERE saga = $1",
            saga.to_string().into(),
        )
        .await,
        takes: number(
            "SELECT COUNT(*) AS found FROM simulated_payments WHERE saga = $1 AND status IN \
             ('requires_action', 'processing', 'requires_capture', 'succeeded')",
            saga.to_string().into(),
        )
        .await,
        tickets: number(
            "SELECT COUNT(*) AS found FROM tickets WHERE booking_id = $1",
            booking.into(),
        )
        .await,
        ledger: number(
            "SELECT CAST(COALESCE(SUM(amount_minor), 0) AS bigint) AS found FROM ledger_entries \
             WHERE booking_id = $1 AND account IN ('captured', 'refunded')",
            booking.into(),
        )
        .await,
    }
}
