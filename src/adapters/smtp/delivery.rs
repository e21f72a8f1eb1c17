//! Hands one mail over, step by step, each with its own time.
//!
//! Until the server has the content of a mail, the mail may be handed over on another connection. From then on, a lost answer
//! may mean that the server has the mail.

use std::{fmt, time::Duration};

use lettre::{
    address::Envelope,
    transport::smtp::{
        Error,
        client::AsyncSmtpConnection,
        commands::{Data, Mail, Rcpt},
        extension::{Extension, MailBodyParameter, MailParameter},
    },
};

/// How long the server may take to answer the commands MAIL, RCPT and DATA, all together. RFC 5321 (4.5.3.2.2) gives the
/// answer to MAIL alone five minutes.
const ENVELOPE_TIMEOUT: Duration = Duration::from_secs(300);
/// How long the server may take to receive the content, three minutes, and then to answer, ten minutes (RFC 5321, 4.5.3.2.5
/// and 4.5.3.2.6). A client that gives up earlier sends the mail twice.
const CONTENT_TIMEOUT: Duration = Duration::from_secs(13 * 60);
/// How long the server may take to say goodbye.
const QUIT_TIMEOUT: Duration = Duration::from_secs(5);
/// The server closes the connection (RFC 5321, 3.8).
const CLOSING: u16 = 421;

/// A step of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// A connection is opened.
    Open,
    /// Sender and recipient are named.
    Envelope,
    /// The content is sent, and the server takes responsibility for the mail.
    Content,
}

/// What went wrong in a step.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The server refused a command, or the connection failed.
    Smtp(Error),
    /// The server took too long.
    Late,
    /// The server cannot take such a mail.
    Incapable(&'static str),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Smtp(error)
    }
}

/// A delivery that failed.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) step: Step,
    pub(super) trouble: Trouble,
}

impl Failure {
    /// Whether the connection ended before the server had the mail, as a connection does that was idle for too long or whose
    /// server was restarted.
    pub(super) fn is_stale_connection(&self) -> bool {
        let is_over = match &self.trouble {
            Trouble::Smtp(error) => error.status().is_none_or(|code| u16::from(code) == CLOSING),
            Trouble::Late => true,
            Trouble::Incapable(_) => false,
        };
        is_over && self.step == Step::Envelope
    }

    /// Whether the server has answered, so that the connection can be closed in good order.
    fn is_answered(&self) -> bool {
        match &self.trouble {
            Trouble::Smtp(error) => error.status().is_some_and(|code| u16::from(code) != CLOSING),
            Trouble::Late => false,
            Trouble::Incapable(_) => true,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.trouble {
            Trouble::Smtp(error) => {
                write!(f, "{error}")?;
                let mut cause = std::error::Error::source(error);
                while let Some(inner) = cause {
                    write!(f, ": {inner}")?;
                    cause = inner.source();
                }
                Ok(())
            }
            Trouble::Late => f.write_str("the mail server takes too long"),
            Trouble::Incapable(why) => f.write_str(why),
        }
    }
}

/// A connection on which the server takes mails. A connection that is dropped is closed at once.
pub(super) struct Connection {
    inner: AsyncSmtpConnection,
    /// How many mails the server has taken on it.
    pub(super) mails: u32,
}

impl Connection {
    pub(super) fn new(inner: AsyncSmtpConnection) -> Self {
        Self { inner, mails: 0 }
    }

    /// Hands the mail over, and returns the connection once the server has taken the mail.
    pub(super) async fn deliver(
        mut self,
        envelope: &Envelope,
        content: &[u8],
    ) -> Result<Self, Failure> {
        let at = |step| move |trouble| Failure { step, trouble };
        let handed = match in_time(ENVELOPE_TIMEOUT, self.announce(envelope, content)).await {
            Ok(()) => {
                in_time(CONTENT_TIMEOUT, self.hand_over(content)).await.map_err(at(Step::Content))
            }
            Err(trouble) => Err(at(Step::Envelope)(trouble)),
        };
        match handed {
            Ok(()) => {
                self.mails += 1;
                Ok(self)
            }
            Err(failure) => {
                if failure.is_answered() {
                    self.quit().await;
                }
                Err(failure)
            }
        }
    }

    async fn announce(&mut self, envelope: &Envelope, content: &[u8]) -> Result<(), Trouble> {
        let server = self.inner.server_info();
        let mut parameters = Vec::new();
        let mut addresses = envelope.from().into_iter().chain(envelope.to());
        if addresses.any(|address| !address.to_string().is_ascii()) {
            if !server.supports_feature(Extension::SmtpUtfEight) {
                return Err(Trouble::Incapable("the mail server takes no such address (SMTPUTF8)"));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        if !content.is_ascii() {
            if !server.supports_feature(Extension::EightBitMime) {
                return Err(Trouble::Incapable("the mail server takes no such mail (8BITMIME)"));
            }
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        self.inner.command(Mail::new(envelope.from().cloned(), parameters)).await?;
        for recipient in envelope.to() {
            self.inner.command(Rcpt::new(recipient.clone(), Vec::new())).await?;
        }
        self.inner.command(Data).await?;
        Ok(())
    }

    async fn hand_over(&mut self, content: &[u8]) -> Result<(), Trouble> {
        self.inner.message(content).await?;
        Ok(())
    }

    /// Says goodbye to the server, and closes the connection.
    pub(super) async fn quit(mut self) {
        // A server that does not answer in time loses the connection.
        let _ = tokio::time::timeout(QUIT_TIMEOUT, self.inner.abort()).await;
    }
}

async fn in_time(
    most: Duration,
    step: impl Future<Output = Result<(), Trouble>>,
) -> Result<(), Trouble> {
    tokio::time::timeout(most, step).await.unwrap_or(Err(Trouble::Late))
}
