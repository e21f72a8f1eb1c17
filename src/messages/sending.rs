//! Sends messages that are due, and forgets old messages.

use std::{pin::pin, time::Duration};

use holdfast_domain::message::{Kind, Status};
use holdfast_entity::messages;

use super::{
    Post,
    store::{self, MessageOutcome},
};
use crate::kernel::{
    db::StoreError,
    ports::mailer::{Mail, SendError},
    worklist::{self, Attempted, Retry, Worklist},
};

/// How long messages are kept after they were written. Operators may look for a lost mail in this time.
const KEPT_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// How often the lease of a message is renewed while its mail is being sent: several times within the lease.
const RENEW_EVERY: Duration = Duration::from_secs(10);

impl Post {
    /// Sends due messages; returns how many ended. Runs on every node, because each message is claimed.
    pub async fn send_pass(&self) -> Result<u64, StoreError> {
        worklist::work_off(&DueMessages(self), &self.base.tasks).await
    }

    /// Counts the messages that wait and those that failed, for `/metrics`; returns how many there are.
    pub async fn gauges_pass(&self) -> Result<u64, StoreError> {
        let mut all = 0;
        for status in [Status::Waiting, Status::Failed] {
            let count = store::count(&self.base.db, status).await?;
            metrics::gauge!("holdfast_mails", "status" => status.as_str()).set(count as f64);
            all += u64::try_from(count).unwrap_or(0);
        }
        Ok(all)
    }

    /// Deletes old messages; returns how many.
    pub async fn retention_pass(&self) -> Result<u64, StoreError> {
        store::forget(&self.base.db, KEPT_MS).await
    }
}

/// The messages that are due.
struct DueMessages<'a>(&'a Post);

impl DueMessages<'_> {
    /// Does the work, and renews the lease of the message meanwhile. Otherwise another node would send the mail once more
    /// while a slow mail server still thinks about it.
    async fn while_leased<T>(&self, message: &messages::Model, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            if let Ok(done) = tokio::time::timeout(RENEW_EVERY, &mut work).await {
                return done;
            }
            match store::renew(&self.0.base.db, message).await {
                Ok(true) => {}
                // The mail server may have the mail already, so the work goes on.
                Ok(false) => {
                    tracing::warn!(message = %message.id, "another worker has the message")
                }
                Err(error) => {
                    tracing::warn!(message = %message.id, %error, "a lease is not renewed")
                }
            }
        }
    }

    /// Does the work. `None` if the process is about to end and the work does not end soon.
    async fn until_the_end<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        let stopping = self.0.base.tasks.stopping();
        match stopping.run_until_cancelled(work.as_mut()).await {
            Some(done) => Some(done),
            None => tokio::time::timeout(self.0.last_wait, work).await.ok(),
        }
    }
}

impl Worklist for DueMessages<'_> {
    type Job = messages::Model;
    type Outcome = MessageOutcome;

    const AT_ONCE: usize = 8;
    // The attempts take about three days.
    const RETRY: Retry = Retry { max_attempts: 80, first_ms: 5_000, max_ms: 60 * 60 * 1000 };

    async fn claim(&self, limit: usize) -> Result<Vec<messages::Model>, StoreError> {
        let kinds: Vec<Kind> =
            self.0.writers.iter().flat_map(|writer| writer.kinds()).copied().collect();
        store::claim(&self.0.base.db, &kinds, limit).await
    }

    fn attempts(message: &messages::Model) -> i32 {
        message.attempts
    }

    async fn work(
        &self,
        message: &messages::Model,
    ) -> Result<Attempted<MessageOutcome>, StoreError> {
        let writer = self.0.writers.iter().find(|writer| writer.kinds().contains(&message.kind));
        let Some(writer) = writer else { return Ok(Attempted::Settled(MessageOutcome::Unneeded)) };
        let Some(letter) = writer.write(message).await? else {
            return Ok(Attempted::Settled(MessageOutcome::Unneeded));
        };
        let mail = Mail {
            id: message.id,
            written_ms: message.created_at,
            to: message.recipient.clone(),
            text: letter.as_text(self.0.home.as_str())?,
            html: letter.as_html(self.0.home.as_str())?,
            subject: letter.subject,
            calendar: letter.calendar,
        };
        let sending = self.while_leased(message, self.0.mailer.send(&mail));
        let Some(sent) = self.until_the_end(sending).await else {
            // The mail server may have the mail already. Another node sends it once more, as after a crash.
            tracing::warn!(message = %message.id, "the node ends before the mail server has answered");
            return Ok(Attempted::Left);
        };
        let result = match &sent {
            Ok(()) => "sent",
            Err(SendError::Refused(_)) => "refused",
            Err(SendError::Unavailable(_)) => "unavailable",
        };
        metrics::counter!("holdfast_mails_total", "kind" => message.kind.as_str(), "result" => result)
            .increment(1);
        Ok(match sent {
            Ok(()) => Attempted::Settled(MessageOutcome::Sent),
            Err(SendError::Refused(why)) => {
                // The words of the mail server may contain the address; the row keeps them.
                tracing::warn!(message = %message.id, "the mail server refuses a mail");
                Attempted::Settled(MessageOutcome::Failed(why))
            }
            Err(SendError::Unavailable(why)) => {
                tracing::warn!(message = %message.id, "a mail is tried again later");
                Attempted::Later(why)
            }
        })
    }

    fn given_up(&self, message: &messages::Model, why: String) -> MessageOutcome {
        tracing::error!(message = %message.id, "a mail could not be sent");
        MessageOutcome::Failed(why)
    }

    async fn put_off(
        &self,
        message: &messages::Model,
        why: &str,
        wait_ms: i64,
    ) -> Result<(), StoreError> {
        store::put_off(&self.0.base.db, message, why, wait_ms).await
    }

    async fn settle(
        &self,
        message: &messages::Model,
        outcome: MessageOutcome,
    ) -> Result<(), StoreError> {
        store::settle(&self.0.base.db, message, outcome).await
    }
}
