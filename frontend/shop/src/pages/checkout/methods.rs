//! The payment methods of the simulated gateway. Each method leads to another outcome.

use leptos::prelude::*;

use ui::{
    browser::{self, Keep},
    components::erased::{act, live, part},
    components::icon::{Icon, Sign},
    i18n::{Locale, use_i18n},
    td_string, tx,
};

/// The storage key of the chosen method.
const METHOD: &str = "holdfast.method";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SimulatedMethod {
    /// The bank accepts the payment at once.
    Works,
    /// The bank declines the payment.
    Declined,
    /// The bank asks for a second step.
    SecondStep,
    /// The payment takes some time.
    Slow,
}

impl SimulatedMethod {
    /// The method that was chosen before in this tab, or else the method that succeeds.
    pub fn kept() -> Self {
        let kept = browser::read(Keep::Tab, METHOD);
        Self::ALL
            .into_iter()
            .find(|method| kept.as_deref() == Some(method.name()))
            .unwrap_or(Self::Works)
    }

    const ALL: [Self; 4] = [Self::Works, Self::Declined, Self::SecondStep, Self::Slow];

    /// The gateway's name for the method.
    pub const fn name(self) -> &'static str {
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

/// The choice between the methods.
#[component]
pub fn Methods(method: RwSignal<SimulatedMethod>, busy: Signal<bool>) -> impl IntoView {
    let i18n = use_i18n();
    let options = move || {
        SimulatedMethod::ALL
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
