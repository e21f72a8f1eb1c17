//! The post office: mails to people.
//!
//! A use case writes a message in the transaction that causes the mail, with [`post`]. The row names the recipient and
//! the subject; the text is made when the mail is sent, by the slice that knows the subject ([`LetterWriter`]). Every node
//! sends due messages, each under a lease, so a mail is sent at least once. If a node dies after the mail server has
//! accepted a mail, the mail is sent again with the same `Message-ID`.
//!
//! This unit names no slice, and never decides who gets a mail.

pub mod letter;
pub mod operators;
mod personal;
mod post;
mod sending;
pub mod settings;
mod store;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use holdfast_domain::message::Kind;
use holdfast_entity::messages;

pub use self::{
    letter::Letter,
    personal::erase_about,
    post::{NewMessage, is_first, post, posted},
};
use crate::kernel::{
    base::Base, db::StoreError, passes::Pass, ports::Mailer, settings::WebAddress,
};

/// How often every node counts the messages that wait or failed.
const GAUGES_EVERY: Duration = Duration::from_secs(15);
/// How often every node looks for messages that are due.
const SEND_EVERY: Duration = Duration::from_secs(1);
/// How long a process that is about to end waits for mails under way. A mail server may take half an hour, and nobody
/// waits so long for a node to end.
const LAST_WAIT: Duration = Duration::from_secs(30);

/// Makes the texts of messages of some kinds. A slice has a writer for the kinds that it posts.
#[async_trait]
pub trait LetterWriter: Send + Sync + std::fmt::Debug {
    fn kinds(&self) -> &'static [Kind];

    /// The text of the message at this moment. `None` when the occasion of the message has passed.
    ///
    /// # Errors
    /// When the database fails. The message is tried again.
    async fn write(&self, message: &messages::Model) -> Result<Option<Letter>, StoreError>;
}

/// Sends the messages; cheap to clone.
#[derive(Debug, Clone)]
pub struct Post {
    base: Base,
    mailer: Arc<dyn Mailer>,
    writers: Vec<Arc<dyn LetterWriter>>,
    /// The address of the shop.
    home: WebAddress,
    last_wait: Duration,
}

impl Post {
    pub fn new(
        base: Base,
        mailer: Arc<dyn Mailer>,
        writers: Vec<Arc<dyn LetterWriter>>,
        home: WebAddress,
    ) -> Self {
        Self { base, mailer, writers, home, last_wait: LAST_WAIT }
    }

    /// Sets how long a process that is about to end waits for mails under way.
    #[must_use]
    pub fn with_last_wait(self, last_wait: Duration) -> Self {
        Self { last_wait, ..self }
    }

    pub fn passes(&self, retention_every: Duration) -> Vec<Pass> {
        vec![
            Pass::on("messages", SEND_EVERY, self, |it| async move { it.send_pass().await }),
            Pass::on(
                "message-gauges",
                GAUGES_EVERY,
                self,
                |it| async move { it.gauges_pass().await },
            ),
            Pass::on("message-retention", retention_every, self, |it| async move {
                it.retention_pass().await
            }),
        ]
    }
}
