//! The parts of Stripe.js that the checkout needs: the Payment Element, a payment method made from it, and the second
//! step.
//!
//! As Stripe demands, the script is loaded only from Stripe. The page loads it only if the shop takes payments
//! through Stripe. Input into the element goes to Stripe and never through this program. Nothing here decides what is
//! paid: the server does that with the id of the payment method. The design follows
//! <https://docs.stripe.com/payments/finalize-payments-on-the-server>.

use holdfast_contract::{bookings::PaymentMethodType, money::Money};
use js_sys::{Function, Promise};
use leptos::prelude::{document, window};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::HtmlElement;

use ui::js::{ask, call, member, object};

/// The address of Stripe.js. The script may not be served from any other address.
const ADDRESS: &str = "https://js.stripe.com/v3/";
/// How long the script may take to load, and the element to appear.
const LOAD_LIMIT_MS: i32 = 15_000;

/// Stripe.js, initialized with the shop's publishable key.
#[derive(Clone)]
pub struct Stripe(JsValue);

/// Stripe's form in which the buyer chooses a method and types a card.
#[derive(Clone)]
pub struct PaymentElement {
    elements: JsValue,
    element: JsValue,
}

/// Stripe.js or its element did not load: it was too slow, blocked or refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotLoaded;

/// The colours of the element, as `#rrggbb`.
pub struct ElementColours {
    /// Whether the page is dark.
    pub is_dark: bool,
    /// The colour of buttons and other controls.
    pub accent: String,
    /// The background of the input fields.
    pub raised: String,
    /// The colour of text in the element.
    pub ink: String,
}

impl ElementColours {
    fn options(&self) -> JsValue {
        let variables = object(&[
            ("colorPrimary", self.accent.as_str().into()),
            ("colorBackground", self.raised.as_str().into()),
            ("colorText", self.ink.as_str().into()),
            ("borderRadius", "8px".into()),
        ]);
        let theme = if self.is_dark { "night" } else { "stripe" };
        object(&[("theme", theme.into()), ("variables", variables.into())]).into()
    }
}

impl Stripe {
    /// Loads Stripe.js, unless it is already loaded, and gives it the shop's publishable key.
    ///
    /// # Errors
    /// If the script does not load within 15 s, is blocked, or refuses the key.
    pub async fn load(key: &str, language: &str) -> Result<Self, NotLoaded> {
        if member(&window(), "Stripe").is_undefined() {
            fetch_script().await?;
        }
        let make: Function = member(&window(), "Stripe").dyn_into().map_err(|_| NotLoaded)?;
        let options = object(&[("locale", language.into())]);
        make.call2(&JsValue::UNDEFINED, &key.into(), &options).map(Self).map_err(|_| NotLoaded)
    }

    /// Puts the Payment Element with these types of methods into an element of the page, and waits until the buyer can
    /// use it. The element offers no method that takes the money at once while its `captureMethod` is `manual`, so the
    /// option is `automatic` if there is such a method. The server decides what really happens to the amount, depending
    /// on the method.
    ///
    /// # Errors
    /// If the element does not appear within 15 s.
    pub async fn mount(
        &self,
        place: &HtmlElement,
        total: &Money,
        types: &[PaymentMethodType],
        look: &ElementColours,
    ) -> Result<PaymentElement, NotLoaded> {
        let at_once = types.iter().any(|it| it.at_once);
        let names: js_sys::Array = types.iter().map(|it| JsValue::from_str(&it.name)).collect();
        let options = object(&[
            ("mode", "payment".into()),
            ("amount", number(total.amount)),
            ("currency", total.currency.to_ascii_lowercase().into()),
            ("captureMethod", if at_once { "automatic" } else { "manual" }.into()),
            ("paymentMethodCreation", "manual".into()),
            ("paymentMethodTypes", names.into()),
            ("appearance", look.options()),
        ]);
        let mounted = || {
            let elements = call(&self.0, "elements", &[options.into()])?;
            let element = call(&elements, "create", &["payment".into()])?;
            Ok::<_, JsValue>(PaymentElement { elements, element })
        };
        let mounted = mounted().map_err(|_| NotLoaded)?;
        let drawn = within_limit(&|resolve, reject| {
            let on = |event: &str, act: &Function| {
                let _ = call(&mounted.element, "on", &[event.into(), act.into()]);
            };
            on("ready", resolve);
            on("loaderror", reject);
            let _ = call(&mounted.element, "mount", &[place.into()]);
        })
        .await;
        if drawn.is_err() {
            mounted.remove();
        }
        drawn.map(|()| mounted)
    }

    /// Creates a payment method from the input in the element and returns its id.
    ///
    /// # Errors
    /// Stripe's message about the input, if there is one.
    pub async fn payment_method(&self, typed: &PaymentElement) -> Result<String, Option<String>> {
        refusal(&ask(&typed.elements, "submit", &[]).await.map_err(|_| None)?)?;
        let from = object(&[("elements", typed.elements.clone())]);
        let answer = ask(&self.0, "createPaymentMethod", &[from.into()]).await.map_err(|_| None)?;
        refusal(&answer)?;
        member(&member(&answer, "paymentMethod"), "id").as_string().ok_or(None)
    }

    /// Lets the buyer's bank verify the buyer (3-D Secure).
    ///
    /// # Errors
    /// Stripe's message about the failure, if there is one. Only the server knows what happened to the payment.
    pub async fn next_action(&self, client_secret: &str) -> Result<(), Option<String>> {
        let secret = object(&[("clientSecret", client_secret.into())]);
        refusal(&ask(&self.0, "handleNextAction", &[secret.into()]).await.map_err(|_| None)?)
    }
}

impl PaymentElement {
    /// Moves the focus into the element.
    pub fn focus(&self) {
        let _ = call(&self.element, "focus", &[]);
    }

    /// Gives the element the page's new colours.
    pub fn dress(&self, look: &ElementColours) {
        self.update(("appearance", look.options()));
    }

    /// Gives the element the new amount to pay, in minor units.
    pub fn set_amount(&self, amount: i64) {
        self.update(("amount", number(amount)));
    }

    fn update(&self, option: (&str, JsValue)) {
        let _ = call(&self.elements, "update", &[object(&[option]).into()]);
    }

    /// Removes the element from the page.
    pub fn remove(&self) {
        let _ = call(&self.element, "destroy", &[]);
    }
}

#[allow(clippy::cast_precision_loss, reason = "prices are far below 2^53 minor units")]
fn number(amount: i64) -> JsValue {
    (amount as f64).into()
}

/// A response of Stripe.js contains either an error or the requested object.
fn refusal(answer: &JsValue) -> Result<(), Option<String>> {
    let error = member(answer, "error");
    if error.is_object() { Err(member(&error, "message").as_string()) } else { Ok(()) }
}

async fn fetch_script() -> Result<(), NotLoaded> {
    let script = document().create_element("script").map_err(|_| NotLoaded)?;
    let _ = script.set_attribute("src", ADDRESS);
    let came = within_limit(&|resolve, reject| {
        let _ = script.add_event_listener_with_callback("load", resolve);
        let _ = script.add_event_listener_with_callback("error", reject);
        if let Some(body) = document().body() {
            let _ = body.append_child(&script);
        }
    })
    .await;
    if came.is_err() {
        // The next try adds its own script element.
        script.remove();
    }
    came
}

/// Waits until one of the two callbacks is called, for a limited time.
async fn within_limit(begin: &dyn Fn(&Function, &Function)) -> Result<(), NotLoaded> {
    let promise = Promise::new(&mut |resolve, reject| {
        begin(&resolve, &reject);
        let _ =
            window().set_timeout_with_callback_and_timeout_and_arguments_0(&reject, LOAD_LIMIT_MS);
    });
    JsFuture::from(promise).await.map(|_| ()).map_err(|_| NotLoaded)
}
