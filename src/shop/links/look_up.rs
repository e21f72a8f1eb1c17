//! Mails links to people who have lost them: to the bookings of an address.

use std::sync::Arc;

use holdfast_contract::bookings::BookingLookup;
use holdfast_domain::email::{EmailAddress, as_once_stored};

use super::{BookingLinks, LinkError, store};
use crate::{
    identity::accounts,
    kernel::db,
    messages::post,
    shop::bookings::{letters, read::reference_of},
};

/// The maximum number of bookings in one mail.
const MAX_BOOKINGS: u64 = 20;

impl BookingLinks {
    /// Writes a mail with links to the address, if the address has such bookings. The mail goes to the address alone, so the
    /// request needs no proof; an address gets few such mails within an hour.
    ///
    /// # Errors
    /// When a field is malformed, or the database fails.
    pub async fn look_up(
        &self,
        wanted: BookingLookup,
        locale: &'static str,
    ) -> Result<(), LinkError> {
        let address = EmailAddress::parse(&wanted.email)
            .map_err(|fault| LinkError::Field("email", fault.to_string()))?;
        let reference = match wanted.reference.as_deref().map(str::trim) {
            None | Some("") => None,
            Some(typed) => Some(reference_of(typed).ok_or_else(|| {
                let form = "must be HF- and eight letters or digits".to_owned();
                LinkError::Field("reference", form)
            })?),
        };
        let once = as_once_stored(&wanted.email);
        let addresses = [address.as_str(), once.as_str()];
        let db = &self.base.db;
        let found = store::of_addresses(db, addresses, reference.as_deref(), MAX_BOOKINGS).await?;
        if found.is_empty() || !accounts::may_mail_to(db, &self.keys, &address).await? {
            return Ok(());
        }
        let (entropy, found) = (Arc::clone(&self.base.entropy), Arc::new(found));
        db.transact(move |tx| {
            let (entropy, found) = (Arc::clone(&entropy), Arc::clone(&found));
            Box::pin(async move {
                let now = db::now(tx).await?;
                let mail = letters::links(&found, &entropy.id().to_string(), locale)?;
                Ok(post(tx, &*entropy, mail, now).await?)
            })
        })
        .await
    }
}
