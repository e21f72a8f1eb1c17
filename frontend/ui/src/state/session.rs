//! The visitor's identity: the signed-in user and the guest token.
//!
//! The device stores who is signed in and the guest token, so that all tabs agree. The access token is in the memory of
//! the shell's script (`frontend/shell/session.js`), which renews it. The signal here is for the pages to show.

use holdfast_contract::accounts::{Profile, Session};
use leptos::{ev, prelude::*};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use wasm_bindgen::JsValue;

use crate::{
    browser::{self, Keep},
    js, json,
    state::{language, theme},
};

/// The script's object that has the access token.
const ACCESS: &str = "holdfastAccess";
const SESSION: &str = "holdfast.session";
const GUEST: &str = "holdfast.guest";
/// The storage key of the reservations that stayed the guest's at the sign-in. It is there, perhaps empty, from the
/// sign-in until the visitor signs out.
const LEFT: &str = "holdfast.left";

/// The part of a session that is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct StoredSession {
    profile: Profile,
}

/// A reservation that stayed the guest's, because the user would exceed a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeftReservation {
    pub reservation: Uuid,
    /// How many persons one buyer may have in its event. `None` if the server has not named the limit.
    pub limit: Option<i64>,
}

/// The signed-in user, for pages to show.
#[derive(Clone, Copy)]
pub struct SignedInUser(RwSignal<Option<Profile>>);

impl SignedInUser {
    /// Reads the stored session, follows changes by other tabs, and provides the account to every component.
    pub fn provide() {
        let profile = RwSignal::new(kept().map(|kept| kept.profile));
        provide_context(Self(profile));
        let watching = window_event_listener(ev::storage, move |_| {
            let now = kept().map(|kept| kept.profile);
            profile.maybe_update(|profile| std::mem::replace(profile, now.clone()) != now);
        });
        on_cleanup(move || watching.remove());
    }

    /// The account that [`Self::provide`] provided.
    pub fn expect() -> Self {
        expect_context()
    }

    /// The profile of the signed-in user; reactive.
    pub fn profile(self) -> Option<Profile> {
        self.0.get()
    }

    /// Whether a user is signed in; reactive.
    pub fn is_signed_in(self) -> bool {
        self.0.with(Option::is_some)
    }

    /// Stores a new session on the device, and shows its user on the pages. `sent` is the guest token that the sign-in
    /// sent. That token is kept if something stays the guest's, or if the response says nothing about it: then the next
    /// request with both tokens moves what the guest has.
    pub fn sign_in(self, session: Session, sent: Option<&str>) {
        let kept = session.adopted.map(|adopted| adopted.kept);
        // Another tab may have become another guest meanwhile.
        if kept.as_ref().is_some_and(Vec::is_empty) && guest_token().as_deref() == sent {
            browser::remove(Keep::Device, GUEST);
        }
        let mut left = Vec::new();
        for kept in kept.unwrap_or_default() {
            let limit = Some(kept.limit);
            left.extend(
                kept.reservations
                    .into_iter()
                    .map(|reservation| LeftReservation { reservation, limit }),
            );
        }
        write_left(&left);
        let of = session.profile.id.to_string();
        give(&session.access_token, session.expires_in_seconds, &of);
        self.keep(session.profile);
    }

    /// Stores the profile of the signed-in user on the device, and shows it on the pages.
    pub fn keep(self, profile: Profile) {
        let kept = StoredSession { profile };
        if let Ok(text) = serde_json::to_string(&kept) {
            browser::write(Keep::Device, SESSION, &text);
        }
        self.0.set(Some(kept.profile));
    }

    /// Stores the profile as [`Self::keep`] does, if its user is still signed in. Somebody else may have signed in meanwhile.
    pub fn keep_own(self, profile: Profile) {
        let is_own = |now: &Option<Profile>| now.as_ref().is_some_and(|now| now.id == profile.id);
        if self.0.try_with_untracked(is_own) == Some(true) {
            self.keep(profile);
        }
    }

    /// Removes the session and everything else that is stored about the visitor: the guest token, the reservations,
    /// the typed texts. The next user of this browser may be another person.
    pub fn sign_out(self) {
        browser::forget_all_but(&[language::LANGUAGE, theme::THEME]);
        let _ = js::call(&access(), "leave", &[]);
        self.0.set(None);
    }
}

fn kept() -> Option<StoredSession> {
    json::parse(&browser::read(Keep::Device, SESSION)?)
}

/// The language of the signed-in user's account.
pub fn language() -> Option<String> {
    kept().map(|kept| kept.profile.locale)
}

/// Renews the session, if there is one. If it is over, the pages show that nobody is signed in.
pub async fn renewed() {
    if is_signed_in() {
        // Whatever comes of it is in the storage, which the pages follow.
        let _ = js::ask(&access(), "renewed", &[]).await;
    }
}

/// The script's object that sends requests as the signed-in user.
pub fn access() -> JsValue {
    js::member(&window(), ACCESS)
}

/// Whether this browser has a session, as far as it knows.
pub fn is_signed_in() -> bool {
    browser::read(Keep::Device, SESSION).is_some()
}

#[allow(clippy::cast_precision_loss, reason = "a few minutes")]
fn give(token: &str, seconds: i64, user: &str) {
    let with = [token.into(), (seconds as f64).into(), user.into()];
    let _ = js::call(&access(), "give", &with);
}

/// The reservations that stayed the guest's when the user signed in.
pub fn left() -> Vec<LeftReservation> {
    left_in(&browser::read(Keep::Device, LEFT).unwrap_or_default())
}

/// Remembers whose reservation this is, as a response to the signed-in user has shown: a later request may have moved
/// it to the user, or an adoption that the sign-in did not report may have left it with the guest.
pub fn learn_owner(reservation: Uuid, is_guests: bool) {
    let mut left = left();
    if is_left(&left, reservation) == is_guests {
        return;
    }
    if is_guests {
        left.push(LeftReservation { reservation, limit: None });
    } else {
        left.retain(|it| it.reservation != reservation);
    }
    write_left(&left);
}

/// Whether the reservation is among these.
pub fn is_left(left: &[LeftReservation], reservation: Uuid) -> bool {
    left.iter().any(|it| it.reservation == reservation)
}

/// The reservations among these that one buyer can pay for together: the user's, or else the guest's.
pub fn of_one_buyer(mut reservations: Vec<Uuid>) -> Vec<Uuid> {
    let left = left();
    if reservations.iter().any(|id| !is_left(&left, *id)) {
        reservations.retain(|id| !is_left(&left, *id));
    }
    reservations
}

fn left_in(text: &str) -> Vec<LeftReservation> {
    let entry = |entry: &str| {
        let (id, limit) = entry.split_once(':').unwrap_or((entry, ""));
        Some(LeftReservation { reservation: id.parse().ok()?, limit: limit.parse().ok() })
    };
    text.split(',').filter_map(entry).collect()
}

fn left_text(left: &[LeftReservation]) -> String {
    let entry = |it: &LeftReservation| {
        let limit = it.limit.map(|limit| limit.to_string()).unwrap_or_default();
        format!("{}:{limit}", it.reservation)
    };
    left.iter().map(entry).collect::<Vec<_>>().join(",")
}

fn write_left(left: &[LeftReservation]) {
    browser::write(Keep::Device, LEFT, &left_text(left));
}

pub fn guest_token() -> Option<String> {
    browser::read(Keep::Device, GUEST)
}

pub fn keep_guest_token(token: &str) {
    browser::write(Keep::Device, GUEST, token);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reservation_that_stayed_keeps_the_limit_of_its_event() {
        let left = [Some(4), Some(2), None]
            .map(|limit| LeftReservation { reservation: Uuid::nil(), limit });
        assert_eq!(left_in(&left_text(&left)), left);
        assert_eq!(left_in(&Uuid::nil().to_string()), left[2..], "as it was stored before");
        assert_eq!(left_in(""), []);
    }
}
