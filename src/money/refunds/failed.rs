//! Refunds that the gateway accepted and then could not deliver. A webhook reports such a refund, or a later look
//! finds it.

use holdfast_domain::{
    checkout::{PaymentId, RefundId},
    ids::SagaId,
    refund::{BookedRefund, Event, Fate, look_again_ms},
};

use super::{Refunds, store};
use crate::kernel::{
    db::StoreError,
    ports::payments::answer_in_time,
    saga::{Status, tell::ReportOutcome},
};

/// The maximum number of looks in one pass; the next pass follows soon.
const MAX_LOOKS: u64 = 100;
/// How long a look belongs to the node that claimed it, and the wait before the look is repeated when the gateway
/// could not be asked. In milliseconds of the database's clock.
const AGAIN_MS: i64 = 10 * 60 * 1000;

/// The result of a look at a payment's refunds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Looked {
    /// Our books agree with the gateway's.
    Agrees,
    /// A refund had failed: its posting was reversed, and the refund waits for an operator.
    Reversed,
    /// The gateway could not be asked, or a worker has the refund: look again later.
    Later,
}

impl Refunds {
    /// Looks again at refunds that were complete some time ago, in case the webhook about a failure never came.
    /// Returns the number of looks. Runs on every node, because each look is claimed.
    ///
    /// # Errors
    /// When the database fails. The look is repeated then.
    pub async fn failed_pass(&self) -> Result<u64, StoreError> {
        let (sql, provider) = (&self.base.db, self.gateway.provider());
        for taken in 0..MAX_LOOKS {
            if self.base.tasks.stopping().is_cancelled() {
                return Ok(taken);
            }
            let Some(look) = store::claim_look(sql, provider, AGAIN_MS).await? else {
                return Ok(taken);
            };
            match self.look_for_failures(&PaymentId(look.intent_id.clone())).await {
                Ok(Looked::Agrees | Looked::Reversed) => {
                    let next = look_again_ms(look.settled_at, look.now);
                    store::look_again(sql, &look, next).await?;
                }
                // The gateway cannot be asked, so further looks would fail as well.
                Ok(Looked::Later) => return Ok(taken),
                Err(error) if error.is_unavailable() => return Err(error),
                // This look is repeated later. Other looks do not wait until a person has repaired the fault.
                Err(error) => {
                    tracing::error!(refund = %look.id, %error, "a look at a refund fails")
                }
            }
        }
        Ok(MAX_LOOKS)
    }

    /// Compares the outcome of a payment's refunds at the gateway with our books. May be called at any time and
    /// any number of times: a posting that was reversed is not reversed again.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn look_for_failures(&self, payment: &PaymentId) -> Result<Looked, StoreError> {
        let asked = answer_in_time(self.gateway.refunds_of(payment)).await;
        let Some(Ok(books)) = asked else { return Ok(Looked::Later) };
        let ours = store::of_payment(&self.base.db, self.gateway.provider(), payment).await?;
        let mut looked = Looked::Agrees;
        for entry in &books.refunds {
            let Fate::Failed { code } = &entry.fate else { continue };
            for saga in whose(entry, &ours) {
                let failed = Event::Failed { refund: entry.id.clone(), code: code.clone() };
                match self.executor.tell(saga.0, failed).await? {
                    ReportOutcome::Taken => {
                        metrics::counter!("holdfast_refunds_failed_total").increment(1);
                        tracing::error!(refund = %saga, %payment, name = entry.id.0, code,
                            "a refund failed at the gateway");
                        looked = looked.and(Looked::Reversed);
                    }
                    // The posting was reversed before, or another refund replaced this refund.
                    ReportOutcome::Refused(
                        Status::NeedsAttention | Status::Done | Status::Undone,
                    ) => {}
                    // The other refunds of the payment do not wait for this refund.
                    ReportOutcome::Refused(Status::Running | Status::Waiting | Status::Undoing)
                    | ReportOutcome::NotOurs => looked = looked.and(Looked::Later),
                }
            }
        }
        Ok(looked)
    }
}

impl Looked {
    /// Combines the results of two refunds. The need for another look comes before everything else.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Later, _) | (_, Self::Later) => Self::Later,
            (Self::Reversed, _) | (_, Self::Reversed) => Self::Reversed,
            (Self::Agrees, Self::Agrees) => Self::Agrees,
        }
    }
}

/// Finds our refunds for a refund in the gateway's books: by the gateway's id, or by the key that made it. Several of
/// our refunds have the same id when a person made a manual refund and that refund counts for each of them.
fn whose(entry: &BookedRefund, ours: &[(SagaId, Option<RefundId>)]) -> Vec<SagaId> {
    let named = ours.iter().filter(|(_, name)| name.as_ref() == Some(&entry.id));
    let named: Vec<SagaId> = named.map(|(saga, _)| *saga).collect();
    if !named.is_empty() {
        return named;
    }
    let made_by = |saga: &SagaId| entry.maker().is_some_and(|(maker, _)| maker == saga.to_string());
    ours.iter().map(|(saga, _)| *saga).filter(made_by).collect()
}
