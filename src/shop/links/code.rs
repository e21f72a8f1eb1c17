//! The code by which the holder of a link proves to read the mails to the booking's address. Nothing of a code is stored: the
//! key ring makes it from an id.

use std::sync::Arc;

use holdfast_contract::bookings::BookingPass;
use holdfast_domain::{
    booking_link::{ACT_LASTS_MS, CODE_LASTS_MS, CodeCount, LinkScope},
    ids::{BookingId, LinkId},
    link::PAUSE_MS,
    message::Kind,
};
use holdfast_entity::booking_codes;

use super::{BookingLinks, LinkError, store};
use crate::{
    access::{BookingPermit, ProveBooking, link_token},
    kernel::{
        db::{self, StoreError, Tx},
        keys::{KeyRing, MacPurpose},
        ports::Entropy,
    },
    messages::{NewMessage, post},
    shop::bookings::confirmed,
};

/// A code that is valid for at least this time is sent again, in milliseconds: otherwise whoever asks all the time would end
/// each code before its mail is read.
const LEFT_MS: i64 = 5 * 60 * 1000;

impl BookingLinks {
    /// Writes a mail with a code to the booking's address. Whoever asks again within a minute gets no second mail; the code of
    /// the first one is valid.
    ///
    /// # Errors
    /// When the booking has no address, its address got enough codes within this hour, or the database fails.
    pub async fn ask_code(
        &self,
        booking: BookingPermit<ProveBooking>,
        locale: &'static str,
    ) -> Result<(), LinkError> {
        let (entropy, id) = (Arc::clone(&self.base.entropy), booking.booking());
        self.base
            .db
            .transact(move |tx| {
                let entropy = Arc::clone(&entropy);
                Box::pin(async move { send(tx, &*entropy, id, locale).await })
            })
            .await
    }

    /// A link for a short time that allows what the buyer may do, for whoever has the code. The code is used up.
    ///
    /// # Errors
    /// When the code does not count, or the database fails.
    pub async fn prove(
        &self,
        booking: BookingPermit<ProveBooking>,
        typed: String,
    ) -> Result<BookingPass, LinkError> {
        let (keys, id) = (self.keys.clone(), booking.booking());
        let token = self.base.db.transact(move |tx| {
            let (keys, typed) = (keys.clone(), typed.clone());
            Box::pin(async move { proved(tx, &keys, id, &typed).await })
        });
        let token = token.await?.ok_or(LinkError::NoProof)?;
        Ok(BookingPass { token, expires_in_seconds: ACT_LASTS_MS / 1000 })
    }
}

async fn send(
    tx: &Tx,
    entropy: &dyn Entropy,
    id: BookingId,
    locale: &str,
) -> Result<(), LinkError> {
    let (booking, _) = confirmed::lock(tx, id).await?.ok_or(LinkError::NotFound)?;
    let address = booking.email.ok_or(LinkError::NoAddress)?;
    let now = db::now(tx).await?;
    let known = store::code(tx, id).await?;
    let count = known.as_ref().map_or_else(CodeCount::default, counted).at(now);
    let live = known.filter(|code| code.used_at.is_none() && code.expires_at > now);
    // Whoever has used a code up gets another one at once.
    let sent_at = live.as_ref().map_or(now - PAUSE_MS, |code| code.sent_at);
    if !count.may_mail(sent_at, now) {
        return live.map(drop).ok_or(LinkError::TooManyMails);
    }
    let code_id = live
        .filter(|code| code.expires_at > now + LEFT_MS)
        .map_or_else(|| LinkId(entropy.id()), |code| code.code_id);
    let code = booking_codes::Model {
        booking_id: id,
        code_id,
        sent_at: now,
        expires_at: now + CODE_LASTS_MS,
        used_at: None,
        hour: count.hour_ms,
        mails: count.mails + 1,
        tries: count.tries,
    };
    store::put_code(tx, code).await?;
    let instance = entropy.id().to_string();
    let mail = NewMessage::once(Kind::BookingCode, id.0, &address, locale);
    Ok(post(tx, entropy, [NewMessage { instance, ..mail }], now).await?)
}

/// The token of a link for whoever has typed the code of a booking. The try is counted, whatever becomes of it.
async fn proved(
    tx: &Tx,
    keys: &KeyRing,
    id: BookingId,
    typed: &str,
) -> Result<Option<String>, LinkError> {
    let (booking, _) = confirmed::lock(tx, id).await?.ok_or(LinkError::NotFound)?;
    let Some(address) = booking.email else { return Ok(None) };
    let Some(code) = store::code(tx, id).await? else { return Ok(None) };
    let now = db::now(tx).await?;
    let count = counted(&code).at(now);
    if !count.may_try() {
        return Ok(None);
    }
    store::count_try(tx, id, count).await?;
    let is_code = keys.is_code(MacPurpose::BookingCode, code.code_id, typed);
    if !is_code || !store::use_code(tx, id, code.code_id).await? {
        return Ok(None);
    }
    Ok(Some(link_token(keys, LinkScope::Act, id, &address, now + ACT_LASTS_MS)))
}

fn counted(code: &booking_codes::Model) -> CodeCount {
    CodeCount { hour_ms: code.hour, mails: code.mails, tries: code.tries }
}

/// The live code of a booking: neither used nor expired.
pub(super) async fn live_code(
    sql: &impl db::Sql,
    id: BookingId,
) -> Result<Option<LinkId>, StoreError> {
    let now = db::now(sql).await?;
    let code = store::code(sql, id).await?;
    let live = code.filter(|code| code.used_at.is_none() && code.expires_at > now);
    Ok(live.map(|code| code.code_id))
}
