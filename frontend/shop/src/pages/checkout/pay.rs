//! The form with details and payment, and its one button.

use holdfast_contract::{legal::Acceptance, words::Gateway};
use leptos::{ev::SubmitEvent, prelude::*};

use super::{
    basket::{Basket, Busy, Message},
    card::{Card, CardPanel},
    details::{Address, Details},
    methods::{Methods, SimulatedMethod},
    outcome::FailureReason,
    second_step::SecondStep,
};
use ui::{
    components::consent::{Consent, ConsentField, is_about_terms},
    components::erased::{known, live, part},
    components::icon::{Icon, Sign},
    components::sign_in::SignInDialog,
    i18n::{Locale, use_i18n},
    intl,
    state::{countdown::clock, session::SignedInUser},
    t_string, td_string, tx, words,
};

/// The way in which this shop takes payments.
#[derive(Clone, Copy)]
enum Till {
    /// The simulated gateway, with the chosen method.
    Simulated(RwSignal<SimulatedMethod>),
    /// Stripe, with its card form.
    Stripe(Card),
    /// A gateway that this version of the page does not know.
    Unknown,
}

impl Till {
    fn of(basket: Basket) -> Self {
        let currency = basket.total_now().map(|total| total.currency);
        basket.config.with_value(|config| {
            let mut types = config.method_types.clone();
            types.retain(|it| {
                it.currencies.is_empty()
                    || it.currencies.iter().any(|code| Some(code) == currency.as_ref())
            });
            match (Gateway::parse(&config.provider), &config.publishable_key) {
                (Some(Gateway::Simulated), _) => {
                    Self::Simulated(RwSignal::new(SimulatedMethod::kept()))
                }
                (Some(Gateway::Stripe), Some(key)) if !types.is_empty() => {
                    Self::Stripe(Card::new(key.clone(), types))
                }
                (Some(Gateway::Stripe) | None, _) => Self::Unknown,
            }
        })
    }

    fn is_ready(self) -> bool {
        match self {
            Self::Simulated(_) => true,
            Self::Stripe(card) => card.is_ready(),
            Self::Unknown => false,
        }
    }

    fn pay(self, basket: Basket, email: Option<String>, accepted: Option<Acceptance>) {
        match self {
            Self::Simulated(method) => {
                basket.pay(Some(method.get_untracked().name().to_owned()), email, accepted);
            }
            Self::Stripe(card) => basket.pay_with(card.method(), email, accepted),
            Self::Unknown => {}
        }
    }
}

/// The panels for the recipient and the payment.
#[component]
pub fn Pay(basket: Basket) -> impl IntoView {
    let i18n = use_i18n();
    let account = SignedInUser::expect();
    let (address, till) = (Address::new(), Till::of(basket));
    let consent = Consent::asked_anew_when(move || {
        basket.message.with(|message| match message {
            Some(Message::Refused(failure)) => is_about_terms(failure),
            Some(Message::Failed(_) | Message::Unknown) | None => false,
        })
    });
    let is_free = known(move || basket.total().is_some_and(|total| total.amount == 0));
    let busy = move || basket.busy.get() != Busy::Idle;
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        // The address of the account is sent too. The holds that stayed the guest's at the sign-in are paid for as the
        // guest, who has no other address.
        let known = untrack(|| account.profile()).map(|profile| profile.email);
        // Both fields say what is wrong. The focus is on the first one, which is asked last.
        let accepted = consent.said();
        let email = known.or_else(|| address.checked());
        let (Some(email), Ok(accepted)) = (email, accepted) else { return };
        let email = Some(email);
        if is_free.get_untracked() {
            basket.pay(None, email, accepted);
        } else {
            till.pay(basket, email, accepted);
        }
    };
    view! {
        <form class="stack" novalidate on:submit=submit>
            <Details address/>
            <section class="panel" aria-labelledby="pay-title">
                <h2 id="pay-title">{tx!(i18n, pay.title)}</h2>
                {part(move || match till {
                    _ if is_free.get() => view! { <p>{tx!(i18n, pay.free)}</p> }.into_any(),
                    Till::Simulated(method) => {
                        view! { <Methods method busy=Signal::derive(busy)/> }.into_any()
                    }
                    Till::Stripe(card) => view! { <CardPanel card basket/> }.into_any(),
                    Till::Unknown => {
                        view! { <p role="alert">{tx!(i18n, pay.no_gateway)}</p> }.into_any()
                    }
                })}
                <ConsentField consent/>
                <Told basket/>
                <PayButton basket ready=live(move || is_free.get() || till.is_ready())/>
                <p class="fine">
                    <Icon sign=Sign::Shield/>
                    <span>{tx!(i18n, pay.promise)}</span>
                </p>
            </section>
        </form>
        {matches!(till, Till::Simulated(_)).then(|| view! { <SecondStep basket/> })}
        {part(move || address.signing_in.get().then(|| view! { <SignInDialog open=address.signing_in/> }))}
    }
}

/// The one button of the form. It names the price.
#[component]
fn PayButton(
    basket: Basket,
    /// Whether the payment can begin.
    ready: Signal<bool>,
) -> impl IntoView {
    let i18n = use_i18n();
    let paying = move || match basket.busy.get() {
        Busy::Paying | Busy::SecondStep(_) => true,
        Busy::Idle | Busy::Changing => false,
    };
    let label = move || {
        let total = basket.total().filter(|total| total.amount > 0);
        match (paying(), total) {
            (true, _) => t_string!(i18n, pay.paying).to_owned(),
            (false, Some(total)) => {
                let price = intl::money(i18n.get_locale(), &total);
                t_string!(i18n, pay.pay, price = price.as_str())
            }
            (false, None) => t_string!(i18n, pay.book).to_owned(),
        }
    };
    view! {
        <button
            type="submit"
            class="button primary wide"
            data-testid="pay-button"
            disabled=live(move || basket.busy.get() != Busy::Idle || !ready.get())
        >
            {part(move || if paying() {
                view! { <span class="spinner" aria-hidden="true"></span> }.into_any()
            } else {
                view! { <Icon sign=Sign::Lock/> }.into_any()
            })}
            <span prop:textContent=live(label)></span>
        </button>
    }
}

/// The message in words. `held` is how many seconds the seats are still held.
fn told(locale: Locale, message: &Message, held: Option<i64>) -> String {
    match message {
        Message::Failed(FailureReason::Declined) => td_string!(locale, pay.declined).into(),
        Message::Failed(FailureReason::SeatsLost) => td_string!(locale, pay.seats_lost).into(),
        Message::Failed(FailureReason::SeatsLostRefunded) => {
            td_string!(locale, pay.seats_lost_refunded).into()
        }
        Message::Failed(FailureReason::Timeout) => td_string!(locale, pay.timeout).into(),
        Message::Failed(FailureReason::Cancelled | FailureReason::Other) => {
            td_string!(locale, pay.failed).into()
        }
        Message::Unknown => {
            let text = td_string!(locale, pay.unknown);
            match held.filter(|seconds| *seconds > 0) {
                Some(seconds) => {
                    let time = clock(seconds);
                    let held = td_string!(locale, pay.held_for, time = time.as_str());
                    format!("{text} {held}")
                }
                None => text.into(),
            }
        }
        Message::Refused(failure) => words::failure(locale, failure),
    }
}

#[component]
fn Told(basket: Basket) -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <div role="alert">
            {part(move || {
                basket
                    .message
                    .get()
                    .map(|message| {
                        view! {
                            <div class="notice" data-testid="pay-message">
                                <Icon sign=Sign::Alert/>
                                <p prop:textContent=live(move || {
                                    told(i18n.get_locale(), &message, basket.seconds_left())
                                })></p>
                            </div>
                        }
                    })
            })}
        </div>
    }
}
