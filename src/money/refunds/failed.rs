//! Refunds that the gateway took on and then could not deliver: told of by a webhook, or found by looking again.

use holdfast_domain::{
    checkout::{PaymentId, RefundId},
    ids::SagaId,
    refund::{Entry, Event, Fate, look_again_ms},
};

use super::{Refunds, store};
use crate::kernel::{
    db::StoreError,
    ports::payments::answer_in_time,
    saga::{Status, tell::Told},
};

/// How many looks one pass takes at the most; the next one follows soon.
const MAX_LOOKS: u64 = 100;
/// How long a look is left to the node that took it, and how soon it is taken again where nobody could be asked, in
/// milliseconds of the database's clock.
const AGAIN_MS: i64 = 10 * 60 * 1000;

/// What came of looking at a payment's refunds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Looked {
    /// Our books say the same.
    Agrees,
    /// One had failed: what was posted is taken back, and it waits for an operator.
    Reversed,
    /// The gateway could not be asked, or somebody is at the refund: look again.
    Later,
}

impl Refunds {
    /// Looks again at refunds that were given back a while ago, in case the webhook that tells of a failure never
    /// came; answers at how many. Runs on every node: each look is claimed.
    ///
    /// # Errors
    /// When the database fails; the look is taken again then.
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
                // The gateway cannot be asked: no other look would come further now.
                Ok(Looked::Later) => return Ok(taken),
                Err(error) if error.is_unavailable() => return Err(error),
                // It is taken again; the others do not wait until somebody has mended this one.
                Err(error) => {
                    tracing::error!(refund = %look.id, %error, "a look at a refund fails")
                }
            }
        }
        Ok(MAX_LOOKS)
    }

    /// Compares what became of a payment's refunds at the gateway with ours. It may be done at any time and as
    /// often as one likes: what was taken back already is not taken back again.
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
                    Told::Taken => {
                        metrics::counter!("holdfast_refunds_failed_total").increment(1);
                        tracing::error!(refund = %saga, %payment, name = entry.id.0, code,
                            "a refund failed at the gateway");
                        looked = looked.and(Looked::Reversed);
                    }
                    // It was taken back before, or another one was made in its place.
                    Told::Refused(Status::NeedsAttention | Status::Done | Status::Undone) => {}
                    // The others do not wait for it.
                    Told::Refused(Status::Running | Status::Waiting | Status::Undoing)
                    | Told::NotOurs => looked = looked.and(Looked::Later),
                }
            }
        }
        Ok(looked)
    }
}

impl Looked {
    /// What came of two of them: what must be looked at again comes before all.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Later, _) | (_, Self::Later) => Self::Later,
            (Self::Reversed, _) | (_, Self::Reversed) => Self::Reversed,
            (Self::Agrees, Self::Agrees) => Self::Agrees,
        }
    }
}

/// Which of our refunds one of the gateway's is: by its name, which several have where it was given back by hand
/// and counts for each; or by the key that made it.
fn whose(entry: &Entry, ours: &[(SagaId, Option<RefundId>)]) -> Vec<SagaId> {
    let named = ours.iter().filter(|(_, name)| name.as_ref() == Some(&entry.id));
    let named: Vec<SagaId> = named.map(|(saga, _)| *saga).collect();
    if !named.is_empty() {
        return named;
    }
    let made_by = |saga: &SagaId| entry.maker().is_some_and(|(maker, _)| maker == saga.to_string());
    ours.iter().map(|(saga, _)| *saga).filter(made_by).collect()
}
