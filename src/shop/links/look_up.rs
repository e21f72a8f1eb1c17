//! Mails links to people who have lost them: to the bookings of an address.

use std::sync::Arc;

use holdfast_contract::bookings::BookingLookup;
use holdfast_domain::{
    booking::Reference,
    email::{EmailAddress, as_once_stored},
    link::TryKind,
};

use super::{BookingLinks, LinkError, store};
use crate::{
    identity::accounts,
    kernel::{
        backlog::Full,
        db::{self, StoreError},
    },
    messages::post,
    shop::bookings::letters,
};

/// The maximum number of bookings in one mail.
const MAX_BOOKINGS: u64 = 20;

impl BookingLinks {
    /// Writes a mail with links to the address, if the address has such bookings. The mail goes to the address alone, so the
    /// request needs no proof; an address gets few such mails within an hour. The work goes on after the answer, so that the time
    /// of the answer does not say whether there are bookings.
    ///
    /// # Errors
    /// When a field is malformed, or too many people ask.
    pub fn look_up(&self, wanted: &BookingLookup, locale: &'static str) -> Result<(), LinkError> {
        let address = EmailAddress::parse(&wanted.email)
            .map_err(|fault| LinkError::Field("email", fault.to_string()))?;
        let reference = match wanted.reference.as_deref().map(str::trim) {
            None | Some("") => None,
            Some(typed) => Some(Reference::parse(typed).ok_or_else(|| {
                let form = "must be HF- and eight letters or digits".to_owned();
                LinkError::Field("reference", form)
            })?),
        };
        let (links, once) = (self.clone(), as_once_stored(&wanted.email));
        let look_up = async move {
            if let Err(error) = links.mail_links(&address, &once, reference, locale).await {
                tracing::error!(%error, "a mail with links was not written");
            }
        };
        self.asked.start(&self.base.tasks, look_up).map_err(|Full| LinkError::Busy)
    }

    async fn mail_links(
        &self,
        address: &EmailAddress,
        once: &str,
        reference: Option<Reference>,
        locale: &'static str,
    ) -> Result<(), StoreError> {
        let db = &self.base.db;
        let addresses = [address.as_str(), once];
        let found = store::of_addresses(db, addresses, reference.as_ref(), MAX_BOOKINGS).await?;
        if found.is_empty()
            || !accounts::may_mail_to(db, &self.keys, address, TryKind::LookUp).await?
        {
            return Ok(());
        }
        let (entropy, found) = (Arc::clone(&self.base.entropy), Arc::new(found));
        db.transact(move |tx| {
            let (entropy, found) = (Arc::clone(&entropy), Arc::clone(&found));
            Box::pin(async move {
                let now = db::now(tx).await?;
                let mail = letters::links(&found, &entropy.id().to_string(), locale)?;
                post(tx, &*entropy, mail, now).await
            })
        })
        .await
    }
}
