//! The mail server of the settings, and how a connection to it is opened.

use std::time::Duration;

use lettre::transport::smtp::{
    authentication::{Credentials, DEFAULT_MECHANISMS},
    client::{AsyncSmtpConnection, TlsParameters},
    extension::ClientId,
};
use percent_encoding::percent_decode_str;
use poem::http::Uri;

use super::delivery::{Connection, Trouble};

/// How long the network may take to reach the server.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// How long it may take until the server takes mails: connection, greeting, encryption and password. RFC 5321 (4.5.3.2.1)
/// gives the greeting five minutes.
const OPEN_TIMEOUT: Duration = Duration::from_secs(300);

/// The text is not the address of a mail server.
#[derive(Debug, thiserror::Error)]
#[error("SMTP_URL is not the address of a mail server")]
pub struct NotAServer;

/// When a connection is encrypted.
enum Encryption {
    FromTheStart,
    BeforeThePassword,
    Never,
}

pub(super) struct MailServer {
    host: String,
    port: u16,
    encryption: Encryption,
    credentials: Option<Credentials>,
}

impl MailServer {
    /// Reads an address as `messages::settings::SmtpUrl` has checked it.
    pub(super) fn read(url: &str) -> Result<Self, NotAServer> {
        let uri: Uri = url.parse().map_err(|_| NotAServer)?;
        let host = uri.host().ok_or(NotAServer)?.trim_matches(['[', ']']).to_owned();
        // An address without the parameter must not mean "no encryption".
        let (encryption, port) = match (uri.scheme_str(), uri.query()) {
            (Some("smtps"), None) => (Encryption::FromTheStart, 465),
            (Some("smtp"), None | Some("tls=required")) => (Encryption::BeforeThePassword, 587),
            (Some("smtp"), Some("tls=none")) => (Encryption::Never, 25),
            _ => return Err(NotAServer),
        };
        let port = uri.port_u16().unwrap_or(port);
        let user = uri.authority().and_then(|it| it.as_str().rsplit_once('@'));
        let credentials = match user {
            Some((user, _)) => {
                let (name, password) = user.split_once(':').ok_or(NotAServer)?;
                Some(Credentials::new(decoded(name)?, decoded(password)?))
            }
            None => None,
        };
        Ok(Self { host, port, encryption, credentials })
    }

    /// A connection on which the server takes mails.
    pub(super) async fn open(&self) -> Result<Connection, Trouble> {
        match tokio::time::timeout(OPEN_TIMEOUT, self.connect()).await {
            Ok(opened) => Ok(Connection::new(opened?)),
            Err(_) => Err(Trouble::Late),
        }
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Trouble> {
        let hello = ClientId::default();
        let (tls, later) = match self.encryption {
            Encryption::FromTheStart => (Some(self.tls()?), None),
            Encryption::BeforeThePassword => (None, Some(self.tls()?)),
            Encryption::Never => (None, None),
        };
        let address = (self.host.as_str(), self.port);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(address, Some(CONNECT_TIMEOUT), &hello, tls, None)
                .await?;
        if let Some(tls) = later {
            connection.starttls(tls, &hello).await?;
        }
        if let Some(credentials) = &self.credentials {
            connection.auth(DEFAULT_MECHANISMS, credentials).await?;
        }
        Ok(connection)
    }

    fn tls(&self) -> Result<TlsParameters, Trouble> {
        Ok(TlsParameters::new(self.host.clone())?)
    }
}

fn decoded(text: &str) -> Result<String, NotAServer> {
    let decoded = percent_decode_str(text).decode_utf8().map_err(|_| NotAServer)?;
    Ok(decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_where_and_how_mails_are_sent() {
        for (url, host, port, signs_in) in [
            ("smtp://user:p%40ss@mail.example.org", "mail.example.org", 587, true),
            ("smtp://mail.example.org:2587?tls=required", "mail.example.org", 2587, false),
            ("smtps://user:a:b@mail.example.org", "mail.example.org", 465, true),
            ("smtp://127.0.0.1?tls=none", "127.0.0.1", 25, false),
            ("smtp://[::1]:2525?tls=none", "::1", 2525, false),
        ] {
            let server = MailServer::read(url).expect(url);
            assert_eq!((server.host.as_str(), server.port), (host, port), "{url}");
            assert_eq!(server.credentials.is_some(), signs_in, "{url}");
            let is_plain = matches!(server.encryption, Encryption::Never);
            assert_eq!(is_plain, url.ends_with("tls=none"), "{url}");
        }
        let server = MailServer::read("smtp://user:p%40ss@mail.example.org").expect("a server");
        let expected = Credentials::new("user".to_owned(), "p@ss".to_owned());
        assert_eq!(server.credentials, Some(expected));
        for bad in ["http://mail.example.org", "smtp://user@mail.example.org", "smtps://h?tls=none"]
        {
            assert!(MailServer::read(bad).is_err(), "{bad}");
        }
    }
}
