//! Passing a booking on, and its mail once more.

use std::future::Future;

use holdfast_contract::bookings::{Booking, BookingStatus};
use leptos::prelude::*;
use uuid::Uuid;
use wasm_bindgen::JsValue;

use super::link::VisitorLink;
use ui::{
    api::{self, CallFailure},
    components::{
        erased::{act, known, live, part},
        failure::FailureNote,
    },
    i18n::use_i18n,
    js, program, tx,
};

/// The last action that succeeded.
#[derive(Clone, PartialEq, Eq)]
enum Done {
    /// The address is copied.
    Copied,
    /// The device has asked with whom to share. Its dialog says what became of it.
    Asked,
    /// The browser neither shares nor copies, so the visitor copies this address by hand.
    Shown(String),
    Mailed,
}

/// The requests of the buttons, and what became of the last one.
#[derive(Clone, Copy)]
pub struct Sharing {
    booking: RwSignal<Booking>,
    link: VisitorLink,
    done: RwSignal<Option<Done>>,
    busy: RwSignal<bool>,
    failure: RwSignal<Option<CallFailure>>,
}

impl Sharing {
    pub fn new(booking: RwSignal<Booking>, link: VisitorLink) -> Self {
        let (done, busy) = (RwSignal::new(None), RwSignal::new(false));
        Self { booking, link, done, busy, failure: RwSignal::new(None) }
    }

    fn send(self, work: impl Future<Output = Result<Done, CallFailure>> + 'static) {
        self.busy.set(true);
        self.done.set(None);
        self.failure.set(None);
        leptos::task::spawn_local(async move {
            match work.await {
                Ok(done) => {
                    let _ = self.done.try_set(Some(done));
                }
                Err(refused) => {
                    let _ = self.failure.try_set(Some(refused));
                }
            }
            let _ = self.busy.try_set(false);
        });
    }

    fn mail(self) {
        let id = self.booking.with_untracked(|it| it.id);
        self.send(async move {
            api::mail_booking(id, self.link.acting().as_deref()).await.map(|()| Done::Mailed)
        });
    }

    fn share(self) {
        let id = self.booking.with_untracked(|it| it.id);
        self.send(async move { Ok(hand_out(address(id, self.link).await?).await) });
    }
}

/// The buttons that share a confirmed booking and send its mail again. A visitor with only a link shares that link, and cannot
/// have the mail sent.
#[component]
pub fn ShareButtons(sharing: Sharing) -> impl IntoView {
    let i18n = use_i18n();
    let Sharing { booking, link, busy, .. } = sharing;
    let has_address =
        move |it: &Booking| it.status == BookingStatus::Confirmed && it.email.is_some();
    let mails = known(move || booking.with(has_address));
    let shares = known(move || {
        booking.with(|it| {
            it.status == BookingStatus::Confirmed && (it.email.is_some() || link.token().is_some())
        })
    });
    let button = move |test_id: &'static str, name: Signal<&'static str>, action: fn(Sharing)| {
        view! {
            <button
                type="button"
                class="button secondary"
                data-testid=test_id
                disabled=busy
                on:click=act(move |_| action(sharing))
            >
                {name}
            </button>
        }
    };
    view! {
        {part(move || {
            shares.get().then(|| button("share-booking", tx!(i18n, booking.share), Sharing::share))
        })}
        {part(move || {
            mails.get().then(|| button("mail-booking", tx!(i18n, booking.mail), Sharing::mail))
        })}
    }
}

/// Says what was done, or what failed.
#[component]
pub fn ShareNote(sharing: Sharing) -> impl IntoView {
    let i18n = use_i18n();
    let (copied, mailed) = (tx!(i18n, booking.shared), tx!(i18n, booking.mailed));
    let said = move || match sharing.done.get() {
        None | Some(Done::Asked) => String::new(),
        Some(Done::Copied) => copied.get().to_owned(),
        Some(Done::Shown(address)) => address,
        Some(Done::Mailed) => mailed.get().to_owned(),
    };
    view! {
        <p role="status" class="soft" data-testid="share-told" prop:textContent=live(said)></p>
        <FailureNote failure=sharing.failure/>
    }
}

/// The address that shows the booking to whoever has it. A visitor who has a link passes on the same link.
async fn address(id: Uuid, link: VisitorLink) -> Result<String, CallFailure> {
    match link.token() {
        Some(token) => {
            let origin = window().location().origin().unwrap_or_default();
            Ok(format!("{origin}{}#{token}", program::here()))
        }
        None => api::share_booking(id).await.map(|link| link.url),
    }
}

/// Opens the device's own dialog for sharing, or else copies the address.
async fn hand_out(address: String) -> Done {
    let navigator = JsValue::from(window().navigator());
    let shared = js::object(&[("url", address.as_str().into())]);
    let asked = js::ask(&navigator, "share", &[shared.into()]).await;
    // A visitor who closes the dialog does not share the link. The clipboard then keeps what it has.
    let is_left = |error: JsValue| js::member(&error, "name") == "AbortError";
    if asked.map_or_else(is_left, |_| true) {
        return Done::Asked;
    }
    let clipboard = js::member(&navigator, "clipboard");
    match js::ask(&clipboard, "writeText", &[address.as_str().into()]).await {
        Ok(_) => Done::Copied,
        Err(_) => Done::Shown(address),
    }
}
