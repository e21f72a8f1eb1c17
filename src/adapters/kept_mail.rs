//! Keeps mails in the database instead of sending them, for installations without a mail server.

mod store;

use async_trait::async_trait;

use crate::kernel::{
    db::Db,
    ports::{
        Mailer,
        mailer::{Mail, SendError},
    },
};

/// The kept mails. Development shows them, see `app::development`.
#[derive(Debug, Clone)]
pub struct KeptMails {
    db: Db,
}

impl KeptMails {
    pub fn new(db: Db) -> Self {
        Self { db }
    }
}

#[async_trait]
impl Mailer for KeptMails {
    async fn send(&self, mail: &Mail) -> Result<(), SendError> {
        store::keep(&self.db, mail).await.map_err(|error| SendError::Unavailable(error.to_string()))
    }
}
