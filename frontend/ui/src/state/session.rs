//! The visitor's identity: the session of a signed-in user and the guest token, stored on the device.
//!
//! `api` reads the tokens from storage for each call, so that all tabs agree. The signal here is for the pages to show.

use holdfast_contract::accounts::{Profile, Session};
use leptos::{ev, prelude::*};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    browser::{self, Keep},
    json,
    state::{language, theme},
};

const SESSION: &str = "holdfast.session";
const GUEST: &str = "holdfast.guest";
/// The storage key of the reservations that stayed the guest's at the sign-in.
const LEFT: &str = "holdfast.left";

/// A session in the form in which it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Kept {
    access_token: String,
    /// When the access token expires, in milliseconds since 1970 by the device's clock.
    expires_at: i64,
    profile: Profile,
    /// How many persons one buyer may have, if something stayed the guest's at the sign-in.
    #[serde(default)]
    limit: i64,
}

/// The signed-in user, for pages to show.
#[derive(Clone, Copy)]
pub struct Account(RwSignal<Option<Profile>>);

impl Account {
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

    /// Stores a new session on the device, and shows its user on the pages. The guest token is kept only for
    /// reservations that stay the guest's.
    pub fn sign_in(self, session: Session) {
        let kept = session.adopted.map(|adopted| adopted.kept).unwrap_or_default();
        if kept.is_empty() {
            browser::remove(Keep::Device, GUEST);
        }
        // Another event may have another limit. The visitor is told of the first.
        let limit = kept.first().map_or(0, |first| first.limit);
        let left = kept.into_iter().filter(|it| it.limit == limit);
        browser::write_ids(LEFT, &left.flat_map(|it| it.reservations).collect::<Vec<_>>());
        let kept = Kept {
            access_token: session.access_token,
            expires_at: browser::wall_ms() + session.expires_in_seconds * 1000,
            profile: session.profile.clone(),
            limit,
        };
        if let Ok(text) = serde_json::to_string(&kept) {
            browser::write(Keep::Device, SESSION, &text);
        }
        self.0.set(Some(session.profile));
    }

    /// Removes the session and everything else that is stored about the visitor: the guest token, the reservations,
    /// the typed texts. The next user of this browser may be another person.
    pub fn sign_out(self) {
        browser::forget_all_but(&[language::LANGUAGE, theme::THEME]);
        self.0.set(None);
    }
}

fn kept() -> Option<Kept> {
    let kept: Kept = json::parse(&browser::read(Keep::Device, SESSION)?)?;
    (kept.expires_at > browser::wall_ms()).then_some(kept)
}

/// The access token. `None` if it has expired.
pub fn access_token() -> Option<String> {
    kept().map(|kept| kept.access_token)
}

/// Removes a token that the server no longer accepts, and tells the pages.
pub fn forget_token() {
    browser::remove(Keep::Device, SESSION);
    browser::tell_this_tab();
}

/// The reservations that stayed the guest's when the user signed in, and the limit that the user would exceed.
pub fn left_with_guest() -> Option<(Vec<Uuid>, i64)> {
    kept().map(|kept| (browser::read_ids(LEFT), kept.limit))
}

pub fn guest_token() -> Option<String> {
    browser::read(Keep::Device, GUEST)
}

pub fn keep_guest_token(token: &str) {
    browser::write(Keep::Device, GUEST, token);
}
