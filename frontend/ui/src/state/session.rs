//! Who is asking: the signed-in session and the guest's token, kept on the device.
//!
//! `api` reads the tokens from storage at each call, so that every tab agrees; the signal here is what
//! pages show.

use holdfast_contract::accounts::{Profile, Session};
use leptos::{ev, prelude::*};
use serde::{Deserialize, Serialize};

use crate::{
    browser::{self, Keep},
    json,
};

const SESSION: &str = "holdfast.session";
const GUEST: &str = "holdfast.guest";

/// A session as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Kept {
    access_token: String,
    /// Milliseconds since 1970 by this device's clock.
    expires_at: i64,
    profile: Profile,
}

/// The signed-in user as pages see it.
#[derive(Clone, Copy)]
pub struct Account(RwSignal<Option<Profile>>);

impl Account {
    /// Reads what is kept, follows what other tabs do, and lets every component use it.
    pub fn provide() {
        let profile = RwSignal::new(kept().map(|kept| kept.profile));
        provide_context(Self(profile));
        let watching = window_event_listener(ev::storage, move |_| {
            profile.set(kept().map(|kept| kept.profile));
        });
        on_cleanup(move || watching.remove());
    }

    /// The one that was provided.
    pub fn expect() -> Self {
        expect_context()
    }

    /// Who is signed in, followed.
    pub fn profile(self) -> Option<Profile> {
        self.0.get()
    }

    /// Whether somebody is signed in, followed.
    pub fn is_signed_in(self) -> bool {
        self.0.with(Option::is_some)
    }

    /// Keeps a new session.
    pub fn sign_in(self, session: Session) {
        let expires_at = browser::wall_ms() + session.expires_in_seconds * 1000;
        let kept = Kept {
            access_token: session.access_token,
            expires_at,
            profile: session.profile.clone(),
        };
        if let Ok(text) = serde_json::to_string(&kept) {
            browser::write(Keep::Device, SESSION, &text);
        }
        self.0.set(Some(session.profile));
    }

    /// Forgets the session.
    pub fn sign_out(self) {
        browser::remove(Keep::Device, SESSION);
        self.0.set(None);
    }
}

fn kept() -> Option<Kept> {
    let kept: Kept = json::parse(&browser::read(Keep::Device, SESSION)?)?;
    (kept.expires_at > browser::wall_ms()).then_some(kept)
}

/// The access token, while it is worth sending.
pub fn access_token() -> Option<String> {
    kept().map(|kept| kept.access_token)
}

/// Drops a token that the server no longer takes, and lets the pages know.
pub fn forget_token() {
    browser::remove(Keep::Device, SESSION);
    if let Ok(event) = web_sys::Event::new("storage") {
        let _ = window().dispatch_event(&event);
    }
}

/// The guest's token.
pub fn guest_token() -> Option<String> {
    browser::read(Keep::Device, GUEST)
}

/// Keeps the guest's token.
pub fn keep_guest_token(token: &str) {
    browser::write(Keep::Device, GUEST, token);
}
