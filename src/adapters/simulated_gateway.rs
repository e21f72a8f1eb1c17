//! A payment gateway for development. It knows the names of Stripe's test methods and keeps its own books in the
//! database, through its own statements. Therefore a server finds its payments again after a crash, as with a real
//! gateway.
//!
//! | method | what happens |
//! | --- | --- |
//! | `pm_card_visa` | everything succeeds |
//! | `pm_card_chargeDeclined` | the card is declined |
//! | `pm_card_authenticationRequired` | the buyer must take a second step |
//! | `pm_sim_slow` | the authorization takes [`SLOW`] |
//! | `pm_sim_lost_reply` | the first call to authorize takes effect, but its response is lost |
//! | `pm_sim_late_webhook` | the decision takes [`LATE_MS`] and no webhook reports it |
//! | `pm_sim_capture_fails` | the amount is reserved and cannot be taken |
//! | `pm_sim_late_success` | the payment stays undecided until it is voided: then it succeeds instead |
//! | `pm_sim_at_once` | the amount cannot be reserved: it is taken at once |
//! | `pm_sim_at_once_declined` | the same, but the bank declines |
//! | `pm_sim_at_once_asks` | the same, after a second step of the buyer |
//! | `pm_sim_refund_fails` | the amount is captured and cannot be refunded |

mod store;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use holdfast_domain::{
    checkout::{
        Authorization, Decline, Doubt, Outcome, PaymentId, PaymentSeen, PaymentStatus, Prepared,
        RefundId, Taking,
    },
    ids::SagaId,
    money::Money,
    refund::GatewayBooks,
};

use self::store::{BookedPayment, NewRefund};
use crate::kernel::{
    db::{Bug, Db, StoreError},
    hex::hex,
    ports::{
        Entropy, PaymentGateway,
        payments::{
            GatewayPayment, NewPayment, RefundRefused, SecondStep, SimulatedBank, Unreachable,
        },
    },
};

/// How long the slow method takes: longer than a buyer's request waits for it.
pub const SLOW: Duration = Duration::from_secs(10);
/// How long the late method takes to decide, in milliseconds of the database's clock.
pub const LATE_MS: i64 = 20_000;

/// The beginning of the names of methods that take the money at once.
const AT_ONCE: &str = "pm_sim_at_once";

const METHODS: [&str; 12] = [
    "pm_card_visa",
    "pm_card_chargeDeclined",
    "pm_card_authenticationRequired",
    "pm_sim_slow",
    "pm_sim_lost_reply",
    "pm_sim_late_webhook",
    "pm_sim_capture_fails",
    AT_ONCE,
    "pm_sim_at_once_declined",
    "pm_sim_at_once_asks",
    store::LATE_SUCCESS,
    store::REFUND_FAILS,
];

#[derive(Debug, Clone)]
pub struct SimulatedGateway {
    db: Db,
    entropy: Arc<dyn Entropy>,
}

impl SimulatedGateway {
    /// A gateway that keeps its books in this database.
    pub fn new(db: Db, entropy: Arc<dyn Entropy>) -> Self {
        Self { db, entropy }
    }

    /// The books' record of a payment. If the books cannot be read, the gateway counts as unreachable.
    async fn books(&self, payment: &PaymentId) -> Result<BookedPayment, Doubt> {
        let found = store::find(&self.db, payment).await.map_err(|error| no_reply(&error))?;
        // The payment was never prepared. That is a fault of the caller, and another question to the gateway would
        // not change it.
        found.ok_or(Doubt::Faulted)
    }

    async fn try_authorize(
        &self,
        key: &str,
        payment: &PaymentId,
    ) -> Result<BookedPayment, StoreError> {
        let Some(books) = store::find(&self.db, payment).await? else {
            return Err(Bug::new(format!("no payment {payment}")).into());
        };
        if books.status != PaymentStatus::Prepared {
            return Ok(books);
        }
        if books.method == "pm_sim_slow" {
            tokio::time::sleep(SLOW).await;
        }
        let (status, wait_ms) = match books.method.as_str() {
            "pm_card_chargeDeclined" | "pm_sim_at_once_declined" => (PaymentStatus::Declined, None),
            "pm_card_authenticationRequired" | "pm_sim_at_once_asks" => {
                (PaymentStatus::ActionRequired, None)
            }
            "pm_sim_late_webhook" => (PaymentStatus::Processing, Some(LATE_MS)),
            store::LATE_SUCCESS => (PaymentStatus::Processing, None),
            AT_ONCE => (PaymentStatus::Captured, None),
            _ => (PaymentStatus::Authorized, None),
        };
        if !store::authorize(&self.db, payment, key, status, wait_ms).await? {
            // Another call decided the payment in between: the present state of the books counts.
            return Ok(store::find(&self.db, payment).await?.unwrap_or(books));
        }
        if books.method == "pm_sim_lost_reply" {
            return Err(Bug::new("the answer is lost on purpose").into());
        }
        Ok(BookedPayment { status, ..books })
    }
}

fn no_reply(error: &StoreError) -> Doubt {
    tracing::warn!(error = %error, "the simulated gateway does not answer");
    Doubt::NoReply
}

fn unreachable_books(error: &StoreError) -> Unreachable {
    no_reply(error);
    Unreachable
}

fn decline(code: &str) -> Decline {
    Decline { code: code.to_owned() }
}

#[async_trait]
impl PaymentGateway for SimulatedGateway {
    fn provider(&self) -> &'static str {
        "simulated"
    }

    fn publishable_key(&self) -> Option<&str> {
        None
    }

    fn can_move(&self, _amount: Money) -> bool {
        true
    }

    async fn prepare(&self, key: &str, new: NewPayment<'_>) -> Outcome<Prepared, Decline> {
        if !METHODS.contains(&new.method) {
            return Outcome::Refused(decline("resource_missing"));
        }
        let mut secret = [0_u8; 16];
        self.entropy.fill(&mut secret);
        let id = PaymentId(format!("pi_sim_{}", self.entropy.id().simple()));
        let secret = format!("{id}_secret_{}", hex(&secret));
        match store::insert(&self.db, &id, key, &secret, &new).await {
            Ok(payment) => {
                let at_once = new.method.starts_with(AT_ONCE);
                let taking = if at_once { Taking::AtOnce } else { Taking::Later };
                Outcome::Done(Prepared { payment, taking })
            }
            Err(error) => Outcome::Unknown(no_reply(&error)),
        }
    }

    async fn authorize(&self, key: &str, payment: &PaymentId) -> Outcome<Authorization, Decline> {
        let books = match self.try_authorize(key, payment).await {
            Ok(books) => books,
            Err(error) => return Outcome::Unknown(no_reply(&error)),
        };
        match books.status {
            PaymentStatus::Authorized | PaymentStatus::Captured => {
                Outcome::Done(Authorization::Granted)
            }
            PaymentStatus::ActionRequired => {
                Outcome::Done(Authorization::ActionRequired { client_secret: books.client_secret })
            }
            PaymentStatus::Processing => Outcome::Done(Authorization::Processing),
            PaymentStatus::Declined => Outcome::Refused(decline("card_declined")),
            PaymentStatus::Voided => Outcome::Refused(decline("payment_voided")),
            PaymentStatus::Prepared => Outcome::Unknown(Doubt::NoReply),
        }
    }

    async fn capture(&self, key: &str, payment: &PaymentId) -> Outcome<(), ()> {
        match store::capture(&self.db, payment, key).await {
            Ok(true) => Outcome::Done(()),
            Ok(false) => match self.books(payment).await {
                Ok(books) if books.status == PaymentStatus::Captured => Outcome::Done(()),
                Ok(_) => Outcome::Refused(()),
                Err(doubt) => Outcome::Unknown(doubt),
            },
            Err(error) => Outcome::Unknown(no_reply(&error)),
        }
    }

    async fn void(&self, key: &str, payment: &PaymentId) -> Outcome<(), ()> {
        match store::void(&self.db, payment, key).await {
            Ok(true) => Outcome::Done(()),
            Ok(false) => match self.books(payment).await {
                Ok(books) if books.status == PaymentStatus::Voided => Outcome::Done(()),
                Ok(books) if books.status == PaymentStatus::Captured => Outcome::Refused(()),
                Ok(_) => Outcome::Unknown(Doubt::NoReply),
                Err(doubt) => Outcome::Unknown(doubt),
            },
            Err(error) => Outcome::Unknown(no_reply(&error)),
        }
    }

    async fn fetch(&self, payment: &PaymentId) -> Option<PaymentSeen> {
        let mut books = self.books(payment).await.ok()?;
        if books.status == PaymentStatus::Processing
            && store::decide(&self.db, payment).await.ok()?
        {
            books.status = PaymentStatus::Authorized;
        }
        let declined = books.status == PaymentStatus::Declined;
        let acts = books.status == PaymentStatus::ActionRequired;
        Some(PaymentSeen {
            status: books.status,
            client_secret: acts.then_some(books.client_secret),
            decline: declined.then(|| decline("card_declined")),
        })
    }

    async fn refund(
        &self,
        key: &str,
        payment: &PaymentId,
        amount: Money,
    ) -> Outcome<RefundId, RefundRefused> {
        let id = RefundId(format!("re_sim_{}", self.entropy.id().simple()));
        match store::refund(&self.db, NewRefund { id: &id, key, payment, amount }).await {
            Ok(Ok(refund)) => Outcome::Done(refund),
            Ok(Err(code)) => Outcome::Refused(RefundRefused { code: code.to_owned() }),
            Err(error) => Outcome::Unknown(no_reply(&error)),
        }
    }

    async fn refunds_of(&self, payment: &PaymentId) -> Result<GatewayBooks, Unreachable> {
        store::refunds_of(&self.db, payment).await.map_err(|error| unreachable_books(&error))
    }

    async fn find(&self, saga: SagaId) -> Result<Option<PaymentId>, Unreachable> {
        store::of_saga(&self.db, saga).await.map_err(|error| unreachable_books(&error))
    }

    async fn list(
        &self,
        since_ms: i64,
        after: Option<&PaymentId>,
    ) -> Result<Vec<GatewayPayment>, Unreachable> {
        store::list(&self.db, since_ms, after).await.map_err(|error| unreachable_books(&error))
    }
}

#[async_trait]
impl SimulatedBank for SimulatedGateway {
    async fn second_step(
        &self,
        client_secret: &str,
        step: SecondStep,
    ) -> Result<Option<PaymentId>, StoreError> {
        let status = match step {
            SecondStep::Succeeds => PaymentStatus::Authorized,
            SecondStep::Fails => PaymentStatus::Declined,
        };
        store::second_step(&self.db, client_secret, status).await
    }
}
