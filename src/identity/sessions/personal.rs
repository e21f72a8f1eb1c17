//! The sessions in the export of a user's data, and their erasure.

use async_trait::async_trait;

use super::{Sessions, store};
use crate::kernel::{
    db::{StoreError, Tx},
    personal::{ErasureError, Person, PersonalData, PersonalFile},
};

#[async_trait]
impl PersonalData for Sessions {
    async fn export(&self, person: &Person) -> Result<Vec<PersonalFile>, StoreError> {
        let rows = store::all_of(&self.base.db, person.id).await?;
        let sessions: Vec<_> = rows.into_iter().map(|row| self.shown(row, None)).collect();
        Ok(vec![PersonalFile::of("sessions", &sessions)?])
    }

    /// A session contains a device and its network address.
    async fn erase(&self, tx: &Tx, person: &Person) -> Result<(), ErasureError> {
        Ok(store::delete_of(tx, person.id).await?)
    }
}
