//! Keeps mails in the database instead of sending them, for installations without a mail server.

mod store;

use std::sync::Arc;

use async_trait::async_trait;

use crate::kernel::{
    db::{Db, StoreError, Tx},
    personal::{ErasureError, Person, PersonalData, PersonalFile},
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

    fn personal(&self) -> Option<Arc<dyn PersonalData>> {
        Some(Arc::new(self.clone()))
    }
}

#[async_trait]
impl PersonalData for KeptMails {
    /// The export of the messages contains the mails.
    async fn export(&self, _person: &Person) -> Result<Vec<PersonalFile>, StoreError> {
        Ok(Vec::new())
    }

    /// Deletes the mails whose messages are deleted.
    async fn erase(&self, tx: &Tx, _person: &Person) -> Result<(), ErasureError> {
        Ok(store::delete_without_message(tx).await?)
    }
}
