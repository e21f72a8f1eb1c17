//! A buyer who has paid and may cancel, and the gateway's books.

use holdfast::kernel::db::Sql;
use holdfast_contract::bookings::{Booking, Ticket, TicketStatus};
use holdfast_domain::checkout::PaymentId;
use reqwest::Method;
use serde_json::Value;
use uuid::Uuid;

use crate::support::{
    answer::Answer,
    buyer::GuestBuyer,
    fixture::{self, Event},
    harness::TestApp,
};

/// A server with an event whose offers are refundable.
pub async fn app_with_event() -> (TestApp, Event) {
    let (app, event) = fixture::app_with_event().await;
    fixture::refundable(&app, &event).await;
    (app, event)
}

/// A buyer who has held seats and paid for them.
pub struct Paid {
    pub buyer: GuestBuyer,
    pub booking: Booking,
}

impl Paid {
    pub async fn with(app: &TestApp, event: &Event, wish: &Value, method: &str) -> Self {
        let buyer = GuestBuyer::holds(app, event, wish).await;
        // Each buyer has a different address.
        let body = buyer.pays_from(method, &format!("{}@example.org", buyer.reservation));
        let paid = buyer.confirms(app, "pays", &body).await;
        assert_eq!(paid.status, 201, "{}", paid.text);
        Self { buyer, booking: paid.booking() }
    }

    pub async fn of(app: &TestApp, event: &Event, wish: &Value) -> Self {
        Self::with(app, event, wish, "pm_card_visa").await
    }

    pub fn id(&self) -> Uuid {
        self.booking.id
    }

    pub fn line(&self, at: usize) -> Uuid {
        self.booking.lines[at].id
    }

    pub async fn cancels(&self, app: &TestApp, body: Option<&Value>) -> Answer {
        self.cancels_with(app, body, &[]).await
    }

    pub async fn cancels_with(
        &self,
        app: &TestApp,
        body: Option<&Value>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let path = format!("/bookings/{}/cancel", self.id());
        app.as_guest(&self.buyer.token).send(Method::POST, &path, body, headers).await
    }

    pub async fn reads(&self, app: &TestApp) -> Booking {
        self.buyer.reads_booking(app, self.id()).await
    }
}

/// Waits until no refund is under way any more.
pub async fn all_refunded(app: &TestApp) {
    app.until("SELECT COUNT(*) FROM refunds WHERE status = 'pending'", 0).await;
}

/// The sums that the gateway captured and refunded, in minor units.
pub async fn books(app: &TestApp) -> (i64, i64) {
    let (mut sums, mut last): ((i64, i64), Option<PaymentId>) = ((0, 0), None);
    loop {
        let page =
            app.app.slices.checkouts.gateway.list(0, last.as_ref()).await.expect("the books");
        let Some(end) = page.last() else { return sums };
        last = Some(end.id.clone());
        for payment in page {
            sums.0 += payment.captured_minor;
            sums.1 += payment.refunded_minor;
        }
    }
}

pub fn statuses(booking: &Booking) -> Vec<TicketStatus> {
    booking.tickets.iter().map(|ticket| ticket.status).collect()
}

/// Marks the ticket as used, as a gate would. Returns whether this was still possible.
pub async fn admits(app: &TestApp, ticket: &Ticket) -> bool {
    let text = "UPDATE tickets SET status = 'used' WHERE id = $1 AND status = 'valid'";
    app.app.base.db.run(text, vec![ticket.id.into()]).await.expect("the gate writes") == 1
}
