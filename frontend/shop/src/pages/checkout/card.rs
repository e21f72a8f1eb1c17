//! Payment through Stripe: Stripe's Payment Element inside our form.
//!
//! Stripe's own messages about the card are shown beside the element. Only the server says how the payment ended.

use holdfast_contract::bookings::PaymentMethodType;
use leptos::{html, prelude::*};

use super::basket::{Basket, Busy};
use crate::stripe::{ElementColours, NotLoaded, PaymentElement, Stripe};
use map::palette::Palette;
use ui::{
    common,
    components::erased::{act, follow, part, stated},
    components::icon::{Icon, Sign},
    i18n::use_i18n,
    state::{language, theme::Appearance},
    td_string, tx,
};

/// How far the form has loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FormStage {
    /// Stripe is loading the form.
    Loading,
    /// The buyer can type into the form.
    Ready,
    /// The form could not be loaded.
    Failed,
}

/// A problem with the card or with the input in the form.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Trouble {
    /// The text that Stripe wrote for the buyer.
    Told(String),
    /// Stripe gave no message, so the page shows its own text.
    Untold,
}

/// The payment form, whose fields belong to Stripe.
#[derive(Clone, Copy)]
pub struct Card {
    stage: RwSignal<FormStage>,
    trouble: RwSignal<Option<Trouble>>,
    /// The secret of a second step that failed or was abandoned.
    unfinished: RwSignal<Option<String>>,
    key: StoredValue<String>,
    types: StoredValue<Vec<PaymentMethodType>>,
    form: StoredValue<Option<(Stripe, PaymentElement)>, LocalStorage>,
}

impl Card {
    /// Creates the form for this publishable key and these types of payment methods. Nothing is loaded yet.
    pub fn new(key: String, types: Vec<PaymentMethodType>) -> Self {
        Self {
            stage: RwSignal::new(FormStage::Loading),
            trouble: RwSignal::new(None),
            unfinished: RwSignal::new(None),
            key: StoredValue::new(key),
            types: StoredValue::new(types),
            form: StoredValue::new_local(None),
        }
    }

    /// Whether the buyer can type into the form; reactive.
    pub fn is_ready(self) -> bool {
        self.stage.get() == FormStage::Ready
    }

    /// Creates a payment method from the form and returns its id. `None` if Stripe refuses the input; the message is
    /// then shown beside the form.
    pub async fn method(self) -> Option<String> {
        self.trouble.set(None);
        let (stripe, element) = self.form.get_value()?;
        match stripe.payment_method(&element).await {
            Ok(id) => Some(id),
            Err(words) => {
                self.tell(words);
                element.focus();
                None
            }
        }
    }

    fn tell(self, words: Option<String>) {
        let _ = self.trouble.try_set(Some(words.map_or(Trouble::Untold, Trouble::Told)));
    }

    async fn load(self, place: web_sys::HtmlElement, basket: Basket, language: &'static str) {
        let came = async {
            let (key, types) = (self.key.get_value(), self.types.get_value());
            let stripe = Stripe::load(&key, language).await?;
            let total = basket.total_now().ok_or(NotLoaded)?;
            let element = stripe.mount(&place, &total, &types, &look()).await?;
            Ok::<_, NotLoaded>((stripe, element))
        };
        let came = came.await.ok();
        let stage = if came.is_some() { FormStage::Ready } else { FormStage::Failed };
        // The result is dropped if the visitor has left the page meanwhile.
        if self.form.try_set_value(came).is_none() {
            let _ = self.stage.try_set(stage);
        }
    }

    /// Lets the buyer's bank ask its question (3-D Secure). Returns when the buyer has answered the bank or has given
    /// up.
    async fn ask_the_bank(self, secret: String) {
        let Some(Some((stripe, element))) = self.form.try_get_value() else { return };
        let _ = self.trouble.try_set(None);
        let _ = self.unfinished.try_set(None);
        if let Err(words) = stripe.next_action(&secret).await {
            self.tell(words);
            let _ = self.unfinished.try_set(Some(secret));
            element.focus();
        }
    }
}

/// The page's colours in the form that Stripe takes.
fn look() -> ElementColours {
    let palette = Palette::read(&[]);
    let is_dark = palette.is_dark();
    ElementColours { is_dark, accent: palette.accent, raised: palette.raised, ink: palette.ink }
}

/// The form, and the messages beside it.
#[component]
pub fn CardPanel(card: Card, basket: Basket) -> impl IntoView {
    let i18n = use_i18n();
    let place = NodeRef::<html::Div>::new();
    let load = move || {
        let Some(place) = place.get() else { return };
        let language = language::tag(i18n.get_locale_untracked());
        leptos::task::spawn_local(card.load((*place).clone(), basket, language));
    };
    follow(load);
    let again = move |_| {
        card.stage.set(FormStage::Loading);
        load();
    };
    on_cleanup(move || {
        if let Some(Some((_, element))) = card.form.try_get_value() {
            element.remove();
        }
    });
    let appearance = Appearance::expect();
    follow(move || {
        appearance.changes.track();
        card.form.with_value(|form| {
            if let Some((_, element)) = form {
                element.dress(&look());
            }
        });
    });
    follow(move || {
        // Without an amount there is nothing to pay, and this form leaves the page.
        let Some(total) = basket.total().filter(|total| total.amount > 0) else { return };
        card.form.with_value(|form| {
            if let Some((_, element)) = form {
                element.set_amount(total.amount);
            }
        });
    });
    follow(move || {
        let Busy::SecondStep(secret) = basket.busy.get() else { return };
        if card.is_ready() {
            basket.busy.set(Busy::Paying);
            leptos::task::spawn_local(async move {
                card.ask_the_bank(secret.clone()).await;
                basket.after_second_step(secret).await;
            });
        }
    });
    view! {
        <div class="card-form" data-testid="card-form" aria-busy=stated(move || {
            card.stage.get() == FormStage::Loading
        })>
            <div node_ref=place></div>
            {part(move || match card.stage.get() {
                FormStage::Ready => ().into_any(),
                FormStage::Loading => {
                    view! {
                        <p class="visually-hidden" role="status">{common!(i18n, loading)}</p>
                        <div class="skeleton skeleton-card" aria-hidden="true"></div>
                    }
                        .into_any()
                }
                FormStage::Failed => {
                    view! {
                        <div class="notice" role="alert" data-testid="card-missing">
                            <Icon sign=Sign::Alert/>
                            <p>{tx!(i18n, pay.card_missing)}</p>
                        </div>
                        <button
                            type="button"
                            class="button secondary"
                            data-testid="card-again"
                            on:click=act(again)
                        >
                            {common!(i18n, retry)}
                        </button>
                    }
                        .into_any()
                }
            })}
            <Words card/>
            {part(move || {
                let secret = card.unfinished.get().filter(|_| basket.busy.get() == Busy::Paying)?;
                Some(view! {
                    <button
                        type="button"
                        class="button secondary"
                        data-testid="bank-again"
                        on:click=act(move |_| {
                            leptos::task::spawn_local(card.ask_the_bank(secret.clone()));
                        })
                    >
                        {tx!(i18n, pay.bank_again)}
                    </button>
                })
            })}
        </div>
    }
}

#[component]
fn Words(card: Card) -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <p class="field-help is-error" role="alert" data-testid="card-trouble">
            {part(move || {
                card.trouble
                    .get()
                    .map(|trouble| match trouble {
                        Trouble::Told(words) => words,
                        Trouble::Untold => td_string!(i18n.get_locale(), pay.card_trouble).into(),
                    })
            })}
        </p>
    }
}
