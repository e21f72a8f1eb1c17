//! The settings of mail.

use lettre::message::Mailbox;
use poem::http::Uri;

use crate::kernel::settings::{
    Secret, Setting, SettingRefusal, SettingsSection, Value, Values, Wrong, optional, section,
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

/// The address of a mail server, with the user and the password.
#[derive(Debug, Clone)]
pub struct SmtpUrl(Secret);

impl SmtpUrl {
    /// Reads `smtp://…` or `smtps://…` with a host. `tls` is the only parameter.
    pub fn parse(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        let is_smtp = matches!(uri.scheme_str(), Some("smtp" | "smtps"));
        let has_host = uri.host().is_some_and(|host| !host.is_empty());
        let has_no_path = matches!(uri.path(), "" | "/");
        let is_known = match uri.query() {
            None => true,
            // Without TLS, nobody should send a password.
            Some("tls=none") => {
                uri.scheme_str() == Some("smtp")
                    && uri.authority().is_some_and(|it| !it.as_str().contains('@'))
            }
            Some("tls=required") => uri.scheme_str() == Some("smtp"),
            Some(_) => false,
        };
        // A user without a password would send mails without signing in. `#` in a password must be written as %23.
        let user = uri.authority().and_then(|it| it.as_str().rsplit_once('@'));
        let signs_in = user.is_none_or(|(user, _)| {
            user.split_once(':')
                .is_some_and(|(name, password)| !name.is_empty() && !password.is_empty())
        });
        (is_smtp && has_host && has_no_path && is_known && signs_in && !text.contains('#'))
            .then(|| Self(Secret::new(text)))
    }

    /// The whole URL, with the password.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
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
    fn the_address_of_a_mail_server_is_whole() {
        for good in [
            "smtp://user:p%40ss@mail.example.org:587",
            "smtps://mail.example.org",
            "smtp://127.0.0.1:2525?tls=none",
            "smtp://mail.example.org?tls=required",
        ] {
            assert!(SmtpUrl::parse(good).is_some(), "{good}");
        }
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
        ] {
            assert!(SmtpUrl::parse(bad).is_none(), "{bad}");
        }
    }
}
