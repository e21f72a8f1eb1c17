//! The settings of mail.

use std::borrow::Cow;

use lettre::message::Mailbox;
use percent_encoding::percent_decode_str;
use poem::http::Uri;

use crate::kernel::{
    ports::mailer::{Encryption, MailAccount, MailServer},
    settings::{
        Secret, Setting, SettingRefusal, SettingsSection, Value, Values, Wrong, optional, section,
    },
};

section! {
    /// Mail
    pub struct MailFields {
        /// The mail server: `smtp://user:password@host:587` switches to TLS before the password is sent,
        /// `smtps://user:password@host:465` speaks TLS from the start, and `smtp://host:25?tls=none` encrypts nothing.
        /// Production requires a mail server. Without one, development keeps the mails and shows them at
        /// `/development/mail`.
        pub url: Option<SmtpUrl> = optional("SMTP_URL", "none"),
        /// The sender of every mail, such as `Box office <tickets@example.org>`.
        pub from: Option<Sender> = optional("MAIL_FROM", "none"),
    }
}

/// How mails leave the server.
#[derive(Debug, Clone)]
pub enum MailSettings {
    /// The server keeps the mails, and development shows them.
    Kept,
    Smtp {
        url: SmtpUrl,
        from: Sender,
    },
}

impl SettingsSection for MailSettings {
    const TITLE: &'static str = MailFields::TITLE;
    const SETTINGS: &'static [Setting] = MailFields::SETTINGS;

    fn read(values: &Values) -> Result<Self, SettingRefusal> {
        let MailFields { url, from } = MailFields::read(values)?;
        match (url, from) {
            (None, _) => Ok(Self::Kept),
            (Some(url), Some(from)) => Ok(Self::Smtp { url, from }),
            (Some(_), None) => Err(SettingRefusal::new("MAIL_FROM", "is needed with SMTP_URL")),
        }
    }
}

/// The address of a mail server as a URL.
#[derive(Debug, Clone)]
pub struct SmtpUrl(MailServer);

impl SmtpUrl {
    /// Reads `smtp://…` or `smtps://…` with a host. `tls` is the only parameter.
    pub fn parse(text: &str) -> Option<Self> {
        // `#` in a password must be written as %23.
        let uri: Uri = text.parse().ok().filter(|_| !text.contains('#'))?;
        // An address without the parameter must not mean "no encryption".
        let (encryption, port) = match (uri.scheme_str()?, uri.query()) {
            ("smtps", None) => (Encryption::FromTheStart, 465),
            ("smtp", None | Some("tls=required")) => (Encryption::BeforeThePassword, 587),
            ("smtp", Some("tls=none")) => (Encryption::Never, 25),
            _ => return None,
        };
        let (host, port) = (uri.host()?.trim_matches(['[', ']']), uri.port_u16().unwrap_or(port));
        let account = match uri.authority()?.as_str().rsplit_once('@') {
            Some((account, _)) => Some(read_account(account)?),
            None => None,
        };
        // Without TLS, nobody should send a password.
        let is_safe = encryption != Encryption::Never || account.is_none();
        let is_whole = !host.is_empty() && matches!(uri.path(), "" | "/");
        let host = host.to_owned();
        (is_safe && is_whole).then_some(Self(MailServer { host, port, encryption, account }))
    }

    pub fn server(&self) -> &MailServer {
        &self.0
    }
}

/// Reads `user:password`. A user without a password would send mails without signing in.
fn read_account(text: &str) -> Option<MailAccount> {
    let decoded = |part| percent_decode_str(part).decode_utf8().ok().map(Cow::into_owned);
    let (user, password) = text.split_once(':')?;
    let (user, password) = (decoded(user)?, decoded(password)?);
    let is_whole = !user.is_empty() && !password.is_empty();
    is_whole.then(|| MailAccount { user, password: Secret::new(password) })
}

impl Value for SmtpUrl {
    const FORM: &'static str = "smtp://user:password@host:port or smtps://user:password@host:port";
    const IS_SECRET: bool = true;

    fn read(text: &str, _: &Setting) -> Result<Self, Wrong> {
        Self::parse(text).ok_or(Wrong::Form)
    }
}

/// The sender of mails: a name and an address.
#[derive(Debug, Clone)]
pub struct Sender(Mailbox);

impl Sender {
    pub fn mailbox(&self) -> &Mailbox {
        &self.0
    }
}

impl Value for Sender {
    const FORM: &'static str = "an address such as Box office <tickets@example.org>";

    fn read(text: &str, _: &Setting) -> Result<Self, Wrong> {
        text.parse().map(Self).map_err(|_| Wrong::Form)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_where_and_how_mails_are_sent() {
        use Encryption::{BeforeThePassword, FromTheStart, Never};
        for (url, host, port, encryption, account) in [
            (
                "smtp://user:p%40ss@mail.example.org",
                "mail.example.org",
                587,
                BeforeThePassword,
                Some(("user", "p@ss")),
            ),
            (
                "smtps://user:a:b@mail.example.org",
                "mail.example.org",
                465,
                FromTheStart,
                Some(("user", "a:b")),
            ),
            ("smtps://mail.example.org/", "mail.example.org", 465, FromTheStart, None),
            (
                "smtp://mail.example.org:2587?tls=required",
                "mail.example.org",
                2587,
                BeforeThePassword,
                None,
            ),
            ("smtp://127.0.0.1?tls=none", "127.0.0.1", 25, Never, None),
            ("smtp://[::1]:2525?tls=none", "::1", 2525, Never, None),
        ] {
            let read = SmtpUrl::parse(url).map(|url| url.0);
            let account = account.map(|(user, password)| MailAccount {
                user: user.to_owned(),
                password: Secret::new(password),
            });
            let host = host.to_owned();
            assert_eq!(read, Some(MailServer { host, port, encryption, account }), "{url}");
        }
    }

    #[test]
    fn the_address_of_a_mail_server_is_whole() {
        for bad in [
            "mail.example.org",
            "http://mail.example.org",
            "smtp://",
            "smtp://mail.example.org/inbox",
            "smtp://user:secret@mail.example.org?tls=none",
            "smtps://mail.example.org?tls=none",
            "smtp://mail.example.org?tsl=required",
            "smtp://mail.example.org?tls=opportunistic",
            "smtp://mail.example.org:587#x",
            "smtp://user:1234#abc@mail.example.org",
            "smtp://user@mail.example.org",
            "smtp://:secret@mail.example.org",
            "smtp://user:%ff@mail.example.org",
        ] {
            assert!(SmtpUrl::parse(bad).is_none(), "{bad}");
        }
    }
}
