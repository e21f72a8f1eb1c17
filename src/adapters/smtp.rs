//! Sends mails through a mail server (SMTP, RFC 5321) with lettre.

use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use holdfast_domain::email::for_mail_server;
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    address::Address,
    message::{
        Attachment, Mailbox, MultiPart,
        header::{ContentType, HeaderName, HeaderValue},
    },
    transport::smtp::Error,
};

use crate::kernel::ports::{
    Mailer,
    mailer::{MAX_SECONDS, Mail, SendError},
};

/// How long the server may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// The refusals that concern the mail or its recipient (RFC 5321, 4.2.3; RFC 7504). Other refusals, such as a wrong
/// password, concern the server, and an operator mends them.
const FINAL_CODES: [u16; 6] = [501, 550, 551, 552, 553, 556];
/// The refusals with these codes that concern the sender or the server's policy (RFC 3463, 3.2 and 3.8).
const OF_SENDER: [&str; 3] = ["5.1.7", "5.1.8", "5.7."];

/// A mail server. Each mail has a connection of its own: lettre's pool would use a connection again whose exchange was cut
/// off by our timeout, and would take the late answer to one mail for the answer to the next.
#[derive(Debug)]
pub struct SmtpMailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    /// The domain of the ids of mails.
    id_domain: String,
}

impl SmtpMailer {
    /// # Errors
    /// When `url` is not the address of a mail server.
    pub fn new(url: &str, from: Mailbox) -> Result<Self, Error> {
        let url = match url.strip_prefix("smtp://") {
            // An address without this parameter must not mean "no encryption".
            Some(_) if !url.contains('?') => format!("{url}?tls=required"),
            _ => url.replace("?tls=none", ""),
        };
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(&url)?
            .timeout(Some(CONNECT_TIMEOUT))
            .build();
        let id_domain = from.email.domain().to_owned();
        Ok(Self { transport, from, id_domain })
    }

    fn message(&self, mail: &Mail) -> Result<Message, SendError> {
        let refused = |error: &dyn std::fmt::Display| SendError::Refused(error.to_string());
        let to: Address = for_mail_server(&mail.to).parse().map_err(|error| refused(&error))?;
        let written = u64::try_from(mail.written_ms).unwrap_or(0);
        let written = SystemTime::UNIX_EPOCH + Duration::from_millis(written);
        let mut body = MultiPart::mixed()
            .multipart(MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone()));
        if let Some(calendar) = &mail.calendar {
            let kind = ContentType::parse("text/calendar; charset=utf-8; method=PUBLISH")
                .map_err(|error| refused(&error))?;
            body =
                body.singlepart(Attachment::new("event.ics".into()).body(calendar.clone(), kind));
        }
        let mut message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(one_line(&mail.subject))
            .message_id(Some(format!("<{}@{}>", mail.id, self.id_domain)))
            .date(written)
            .multipart(body)
            .map_err(|error| refused(&error))?;
        // Programs answer such a mail with no automatic mail (RFC 3834).
        let name = HeaderName::new_from_ascii_str("Auto-Submitted");
        message.headers_mut().insert_raw(HeaderValue::new(name, "auto-generated".to_owned()));
        Ok(message)
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, mail: &Mail) -> Result<(), SendError> {
        let message = self.message(mail)?;
        let sent = self.transport.send(message);
        match tokio::time::timeout(Duration::from_secs(MAX_SECONDS), sent).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(judged(&error)),
            Err(_) => Err(SendError::Unavailable("the mail server takes too long".to_owned())),
        }
    }
}

fn judged(error: &Error) -> SendError {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    let is_final = error.status().is_some_and(|code| FINAL_CODES.contains(&u16::from(code)))
        && !OF_SENDER.iter().any(|code| text.contains(code));
    if is_final { SendError::Refused(text) } else { SendError::Unavailable(text) }
}

/// The text without line breaks and other control characters: a line break would begin another header.
fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}
