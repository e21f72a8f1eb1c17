//! How a connection to the mail server is opened.

use std::time::Duration;

use lettre::transport::smtp::{
    authentication::{Credentials, DEFAULT_MECHANISMS},
    client::{AsyncSmtpConnection, TlsParameters},
    extension::ClientId,
};

use super::delivery::{Connection, Trouble};
use crate::kernel::ports::mailer::{Encryption, MailAccount, MailServer};

/// How long the network may take to reach the server.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// How long it may take until the server takes mails: connection, greeting, encryption and password. RFC 5321 (4.5.3.2.1)
/// gives the greeting five minutes.
const OPEN_TIMEOUT: Duration = Duration::from_secs(300);

/// A connection on which the server takes mails.
pub(super) async fn open(server: &MailServer) -> Result<Connection, Trouble> {
    match tokio::time::timeout(OPEN_TIMEOUT, connect(server)).await {
        Ok(opened) => Ok(Connection::new(opened?)),
        Err(_) => Err(Trouble::Late),
    }
}

async fn connect(server: &MailServer) -> Result<AsyncSmtpConnection, Trouble> {
    let hello = ClientId::default();
    let encrypted = || TlsParameters::new(server.host.clone());
    let (tls, later) = match server.encryption {
        Encryption::FromTheStart => (Some(encrypted()?), None),
        Encryption::BeforeThePassword => (None, Some(encrypted()?)),
        Encryption::Never => (None, None),
    };
    let address = (server.host.as_str(), server.port);
    let mut connection =
        AsyncSmtpConnection::connect_tokio1(address, Some(CONNECT_TIMEOUT), &hello, tls, None)
            .await?;
    if let Some(tls) = later {
        connection.starttls(tls, &hello).await?;
    }
    if let Some(MailAccount { user, password }) = &server.account {
        let credentials = Credentials::new(user.clone(), password.expose().to_owned());
        connection.auth(DEFAULT_MECHANISMS, &credentials).await?;
    }
    Ok(connection)
}
