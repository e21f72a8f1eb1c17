//! Sends mails through a mail server (SMTP, RFC 5321) with lettre.
//!
//! `server` opens connections, `pool` keeps them for the next mails, `delivery` hands one mail over. lettre's own pool is not
//! used: it would use a connection again whose exchange was cut off by a timeout, and would take the late answer to one
//! mail for the answer to the next.

mod delivery;
mod pool;
mod server;

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use holdfast_domain::email::for_mail_server;
use lettre::{
    Message,
    address::Address,
    message::{
        Attachment, Mailbox, MultiPart,
        header::{ContentType, HeaderName, HeaderValue},
    },
};

use self::{
    delivery::{Failure, Trouble},
    pool::Pool,
};
use crate::kernel::{
    ports::{
        Clock, Mailer,
        mailer::{Mail, MailServer, SendError},
    },
    tasks::Tasks,
};

/// The refusals that concern the mail or its recipient (RFC 5321, 4.2.3; RFC 7504). Other refusals, such as a wrong
/// password, concern the server, and an operator mends them.
const FINAL_CODES: [u16; 6] = [501, 550, 551, 552, 553, 556];
/// The refusals with these codes that concern the sender or the server's policy (RFC 3463, 3.2 and 3.8).
const OF_SENDER: [&str; 3] = ["5.1.7", "5.1.8", "5.7."];

/// A mail server, with the connections to it.
#[derive(Debug)]
pub struct SmtpMailer {
    pool: Arc<Pool>,
    from: Mailbox,
    /// The domain of the ids of mails.
    id_domain: String,
}

impl SmtpMailer {
    /// A mailer that closes its connections when `tasks` are asked to end.
    pub fn start(server: MailServer, from: Mailbox, clock: Arc<dyn Clock>, tasks: &Tasks) -> Self {
        let pool = Pool::start(server, clock, tasks);
        let id_domain = from.email.domain().to_owned();
        Self { pool, from, id_domain }
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
        let (envelope, content) = (message.envelope(), message.formatted());
        self.pool.deliver(envelope, &content).await.map_err(|failure| judged(&failure))
    }
}

fn judged(failure: &Failure) -> SendError {
    let text = failure.to_string();
    let is_final = match &failure.trouble {
        Trouble::Smtp(error) => {
            error.status().is_some_and(|code| FINAL_CODES.contains(&u16::from(code)))
                && !OF_SENDER.iter().any(|code| text.contains(code))
        }
        Trouble::Late | Trouble::Incapable(_) => false,
    };
    if is_final { SendError::Refused(text) } else { SendError::Unavailable(text) }
}

/// The text without line breaks and other control characters: a line break would begin another header.
fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}
