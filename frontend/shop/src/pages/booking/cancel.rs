//! The cancellation of a booking. The buyer sees the amount of the refund before the booking is cancelled.

use holdfast_contract::{
    bookings::{Booking, BookingStatus},
    money::Money,
};
use leptos::prelude::*;

use ui::{
    api::{self, CallFailure},
    browser,
    components::{
        erased::{act, live, part},
        icon::{Icon, Sign},
        question::Question,
    },
    i18n::{Locale, use_i18n},
    intl, td_string, tx,
};

/// The consequences of the cancellation, in words.
fn consequence(locale: Locale, booking: &Booking) -> String {
    if booking.status == BookingStatus::Pending {
        return td_string!(locale, booking.stop_text).into();
    }
    let text = td_string!(locale, booking.cancel_text);
    match money_back(locale, booking.refundable.as_ref(), &booking.total) {
        Some(back) => format!("{back} {text}"),
        None => text.into(),
    }
}

/// The amount of the refund in words, compared with the paid amount. `None` if nothing was paid.
fn money_back(locale: Locale, back: Option<&Money>, total: &Money) -> Option<String> {
    if total.amount == 0 {
        return None;
    }
    let Some(back) = back.filter(|back| back.amount > 0) else {
        return Some(td_string!(locale, booking.nothing_back).into());
    };
    let (amount, whole) = (intl::money(locale, back), intl::money(locale, total));
    Some(if back.amount < total.amount {
        td_string!(locale, booking.part_back, amount = amount.as_str(), total = whole.as_str())
    } else {
        td_string!(locale, booking.whole_back, amount = amount.as_str())
    })
}

/// The button, if the booking may be cancelled, and the question that it opens.
#[component]
pub fn Cancel(booking: RwSignal<Booking>) -> impl IntoView {
    let i18n = use_i18n();
    let (asking, busy) = (RwSignal::new(false), RwSignal::new(false));
    let failure = RwSignal::new(None::<CallFailure>);
    let can = Memo::new(move |_| booking.with(|it| it.cancellable));
    let cancel = move || {
        busy.set(true);
        failure.set(None);
        let id = booking.with_untracked(|it| it.id);
        leptos::task::spawn_local(async move {
            match api::cancel_booking(id).await {
                Ok(now) => {
                    let _ = asking.try_set(false);
                    let _ = booking.try_update(|it| *it = now);
                    // The button that had the focus no longer exists.
                    browser::sleep(0).await;
                    browser::focus(super::TITLE);
                }
                Err(refused) => {
                    let _ = failure.try_set(Some(refused));
                }
            }
            let _ = busy.try_set(false);
        });
    };
    view! {
        {part(move || {
            can.get()
                .then(|| {
                    view! {
                        <button
                            type="button"
                            class="button quiet danger"
                            data-testid="cancel-booking"
                            on:click=act(move |_| asking.set(true))
                        >
                            <Icon sign=Sign::Trash/>
                            <span>{tx!(i18n, booking.cancel)}</span>
                        </button>
                    }
                })
        })}
        <Question
            title=tx!(i18n, booking.cancel_title)
            text=live(move || booking.with(|it| consequence(i18n.get_locale(), it)))
            keep=tx!(i18n, booking.keep)
            go_on=tx!(i18n, booking.cancel)
            asking
            busy
            failure
            confirmed=Callback::new(move |()| cancel())
        />
    }
}
