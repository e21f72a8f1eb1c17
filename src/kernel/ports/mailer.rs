//! The port to the mail server.

use std::sync::Arc;

use async_trait::async_trait;
use holdfast_domain::ids::MessageId;

use crate::kernel::{personal::PersonalData, settings::Secret};

/// The address of a mail server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailServer {
    /// A name or an IP address, without brackets.
    pub host: String,
    /// The TCP port, also where the setting leaves it to the kind of encryption.
    pub port: u16,
    /// When connections are encrypted.
    pub encryption: Encryption,
    /// `None` if the server takes mails without a password.
    pub account: Option<MailAccount>,
}

/// When a connection to a mail server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// TLS before the first command (RFC 8314, 3.3).
    FromTheStart,
    /// TLS by the command STARTTLS, without which no password and no mail is sent (RFC 3207).
    BeforeThePassword,
    /// Passwords and mails could be read on the way.
    Never,
}

/// The user in whose name a mail server takes mails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailAccount {
    /// The name of the user.
    pub user: String,
    /// The password, without the encoding that it has in an address.
    pub password: Secret,
}

/// A mail to one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The id of the message. The mail's `Message-ID` is made of it, so that a mail that is sent twice is recognized.
    pub id: MessageId,
    /// When the message was written, in milliseconds since 1970.
    pub written_ms: i64,
    /// The address of the recipient.
    pub to: String,
    /// The subject line, without line breaks.
    pub subject: String,
    /// The body for programs that show no HTML.
    pub text: String,
    /// The body as an HTML document without scripts and without references to other files.
    pub html: String,
    /// An attached calendar file (RFC 5545).
    pub calendar: Option<String>,
}

/// Why a mail was not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The mail server refuses this mail or its recipient for good. The text is the server's.
    #[error("refused: {0}")]
    Refused(String),
    /// The mail server cannot be reached or refuses for now. It may have accepted the mail nevertheless, if its answer
    /// was lost.
    #[error("not sent: {0}")]
    Unavailable(String),
}

/// The mail server of the installation, or the place that keeps its mails instead.
#[async_trait]
pub trait Mailer: Send + Sync + std::fmt::Debug {
    /// Sends the mail, and returns when the mail server has accepted it. Dropping this future may or may not send the
    /// mail. An implementation limits the time of each step; a slow mail server may take half an hour.
    ///
    /// # Errors
    /// When the mail server refuses the mail, or cannot be reached for now.
    async fn send(&self, mail: &Mail) -> Result<(), SendError>;

    /// The mails that this place keeps, as personal data. A mail server keeps none for us.
    fn personal(&self) -> Option<Arc<dyn PersonalData>> {
        None
    }
}
