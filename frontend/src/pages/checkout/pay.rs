//! Details and payment: one form, one button.

use leptos::{ev::SubmitEvent, prelude::*};
use leptos_router::{components::A, hooks::use_location};

use super::{
    basket::{Basket, Busy, Message},
    outcome::Reason,
    second_step::SecondStep,
};
use crate::{
    browser::{self, Keep},
    components::erased::{act, live, part},
    components::icon::{Icon, Sign},
    i18n::{Locale, t, t_string, td_string, use_i18n},
    intl,
    state::session::Account,
    tx, words,
};

/// Where the typed address is kept until the tab is closed.
const EMAIL: &str = "holdfast.email";
/// Where the chosen method is kept.
const METHOD: &str = "holdfast.method";

/// A way to pay with the simulated gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    Works,
    Declined,
    SecondStep,
    Slow,
}

impl Method {
    const ALL: [Self; 4] = [Self::Works, Self::Declined, Self::SecondStep, Self::Slow];

    /// The gateway's name for it.
    const fn name(self) -> &'static str {
        match self {
            Self::Works => "pm_card_visa",
            Self::Declined => "pm_card_chargeDeclined",
            Self::SecondStep => "pm_card_authenticationRequired",
            Self::Slow => "pm_sim_slow",
        }
    }

    fn words(self, locale: Locale) -> (&'static str, &'static str) {
        match self {
            Self::Works => (td_string!(locale, pay.works), td_string!(locale, pay.works_text)),
            Self::Declined => {
                (td_string!(locale, pay.declines), td_string!(locale, pay.declines_text))
            }
            Self::SecondStep => {
                (td_string!(locale, pay.second_step), td_string!(locale, pay.second_step_text))
            }
            Self::Slow => (td_string!(locale, pay.slow), td_string!(locale, pay.slow_text)),
        }
    }
}

/// Good enough to send a ticket to; the server looks closer.
fn is_address(text: &str) -> bool {
    let text = text.trim();
    text.len() <= 254
        && !text.contains(char::is_whitespace)
        && text.split_once('@').is_some_and(|(name, host)| {
            !name.is_empty() && host.len() > 2 && host.contains('.') && !host.contains('@')
        })
}

/// The second and third panel.
#[component]
pub fn Pay(basket: Basket) -> impl IntoView {
    let i18n = use_i18n();
    let account = Account::expect();
    let email = RwSignal::new(browser::read(Keep::Tab, EMAIL).unwrap_or_default());
    let kept = browser::read(Keep::Tab, METHOD);
    let method = RwSignal::new(
        Method::ALL
            .into_iter()
            .find(|method| kept.as_deref() == Some(method.name()))
            .unwrap_or(Method::Works),
    );
    let complaint = RwSignal::new(false);
    let is_simulated = basket.config.with_value(|config| config.provider == "simulated");
    let is_free = move || basket.total().is_some_and(|total| total.amount == 0);
    let busy = move || basket.busy.get() != Busy::Idle;
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let address = email.get_untracked().trim().to_owned();
        let is_guest = !account.is_signed_in();
        if is_guest && !is_address(&address) {
            complaint.set(true);
            if let Some(input) = document().get_element_by_id("email") {
                use wasm_bindgen::JsCast;
                let _ = input.unchecked_into::<web_sys::HtmlElement>().focus();
            }
            return;
        }
        complaint.set(false);
        let choice = (!is_free()).then(|| method.get_untracked().name().to_owned());
        basket.pay(choice, is_guest.then_some(address));
    };
    let label = move || {
        let total = basket.total().filter(|total| total.amount > 0);
        match (busy(), total) {
            (true, _) => t_string!(i18n, pay.paying).to_owned(),
            (false, Some(total)) => {
                let price = intl::money(i18n.get_locale(), &total);
                t_string!(i18n, pay.pay, price = price.as_str())
            }
            (false, None) => t_string!(i18n, pay.book).to_owned(),
        }
    };
    view! {
        <form class="stack" novalidate on:submit=submit>
            <Details email complaint/>
            <section class="panel" aria-labelledby="pay-title">
                <h2 id="pay-title">{tx!(i18n, pay.title)}</h2>
                {part(move || {
                    if is_free() {
                        view! { <p>{tx!(i18n, pay.free)}</p> }.into_any()
                    } else if is_simulated {
                        view! { <Methods method busy=Signal::derive(busy)/> }.into_any()
                    } else {
                        view! { <p role="alert">{tx!(i18n, pay.no_gateway)}</p> }.into_any()
                    }
                })}
                <Told basket/>
                <button
                    type="submit"
                    class="button primary wide"
                    data-testid="pay-button"
                    disabled=live(move || busy() || (!is_simulated && !is_free()))
                >
                    {part(move || if busy() {
                        view! { <span class="spinner" aria-hidden="true"></span> }.into_any()
                    } else {
                        view! { <Icon sign=Sign::Lock/> }.into_any()
                    })}
                    <span>{live(label)}</span>
                </button>
                <p class="fine">
                    <Icon sign=Sign::Shield/>
                    <span>{tx!(i18n, pay.promise)}</span>
                </p>
            </section>
        </form>
        <SecondStep basket/>
    }
}

#[component]
fn Details(email: RwSignal<String>, complaint: RwSignal<bool>) -> impl IntoView {
    let i18n = use_i18n();
    let account = Account::expect();
    let location = use_location();
    let sign_in = move || {
        let here = String::from(js_sys::encode_uri_component(&location.pathname.get()));
        format!("/login?next={here}")
    };
    let guest = {
        move || {
            view! {
                <div class="field">
                    <label for="email">{tx!(i18n, checkout.email)}</label>
                    <input
                        id="email"
                        name="email"
                        type="email"
                        autocomplete="email"
                        inputmode="email"
                        aria-describedby="email-help"
                        aria-required="true"
                        aria-invalid=live(move || if complaint.get() { "true" } else { "false" })
                        prop:value=email
                        on:input=act(move |event| {
                            let text = event_target_value(&event);
                            browser::write(Keep::Tab, EMAIL, &text);
                            if is_address(&text) {
                                complaint.set(false);
                            }
                            email.set(text);
                        })
                    />
                    <p id="email-help" class="field-help" class:is-error=complaint>
                        {part(move || if complaint.get() {
                            t_string!(i18n, checkout.email_wrong)
                        } else {
                            t_string!(i18n, checkout.email_help)
                        })}
                    </p>
                </div>
                <p class="fine">
                    {tx!(i18n, checkout.or)} " " <A href=sign_in>{tx!(i18n, header.sign_in)}</A>
                </p>
            }
        }
    };
    view! {
        <section class="panel" aria-labelledby="details-title">
            <h2 id="details-title">{tx!(i18n, checkout.details)}</h2>
            {part(move || match account.profile() {
                Some(profile) => {
                    view! {
                        <p class="fact">
                            <Icon sign=Sign::User/>
                            <span>{t!(i18n, checkout.tickets_to, email = profile.email.clone())}</span>
                        </p>
                    }
                        .into_any()
                }
                None => guest().into_any(),
            })}
        </section>
    }
}

#[component]
fn Methods(method: RwSignal<Method>, busy: Signal<bool>) -> impl IntoView {
    let i18n = use_i18n();
    let options = move || {
        Method::ALL
            .into_iter()
            .map(|option| {
                let (title, text) = option.words(i18n.get_locale());
                view! {
                    <label class="method" data-testid=format!("method-{}", option.name())>
                        <input
                            type="radio"
                            name="method"
                            value=option.name()
                            disabled=busy
                            prop:checked=live(move || method.get() == option)
                            on:change=act(move |_| {
                                browser::write(Keep::Tab, METHOD, option.name());
                                method.set(option);
                            })
                        />
                        <span class="method-words">
                            <strong>{title}</strong>
                            <span class="soft">{text}</span>
                        </span>
                        <Icon sign=Sign::Card/>
                    </label>
                }
            })
            .collect_view()
    };
    view! {
        <p class="test-mode"><Icon sign=Sign::Info/><span>{tx!(i18n, pay.test_mode)}</span></p>
        <fieldset class="methods">
            <legend class="visually-hidden">{tx!(i18n, pay.method)}</legend>
            {part(options)}
        </fieldset>
    }
}

fn told(locale: Locale, message: &Message) -> String {
    match message {
        Message::Failed(Reason::Declined) => td_string!(locale, pay.declined).into(),
        Message::Failed(Reason::SeatsLost) => td_string!(locale, pay.seats_lost).into(),
        Message::Failed(Reason::Timeout) => td_string!(locale, pay.timeout).into(),
        Message::Failed(Reason::Cancelled | Reason::Other) => td_string!(locale, pay.failed).into(),
        Message::Unknown => td_string!(locale, pay.unknown).into(),
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
                                <p>{told(i18n.get_locale(), &message)}</p>
                            </div>
                        }
                    })
            })}
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_name_and_a_host() {
        for good in ["a@b.fr", " jo.doe+x@example.org "] {
            assert!(is_address(good), "{good}");
        }
        for bad in ["", "a", "a@", "@b.fr", "a@b", "a b@c.fr", "a@b@c.fr"] {
            assert!(!is_address(bad), "{bad}");
        }
    }
}
