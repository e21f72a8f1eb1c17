//! The signed-in user's data: its export, and the erasure of the account.

use holdfast_contract::accounts::Erasure as WantedErasure;
use leptos::{ev::SubmitEvent, prelude::*};
use ui::{
    api, browser,
    components::{
        erased::{act, part},
        failure::FailureNote,
        field::Field,
        toasts::Toasts,
    },
    i18n::{Locale, use_i18n},
    state::session::SignedInUser,
    td_string, tx,
};

use crate::pages::asking::{Asking, Refusal};

#[component]
pub fn AccountData(
    /// Set when the account is erased.
    erased: RwSignal<bool>,
) -> impl IntoView {
    let i18n = use_i18n();
    let (exporting, toasts) = (Asking::new(), Toasts::expect());
    let export = move |_| {
        exporting.send(async move {
            api::save_export().await?;
            toasts.tell(|locale| td_string!(locale, account.exported));
            Ok(())
        });
    };
    view! {
        <section class="panel form" aria-labelledby="data-title">
            <h2 id="data-title">{tx!(i18n, account.data)}</h2>
            <p>{tx!(i18n, account.export_text)}</p>
            <FailureNote failure=exporting.failure/>
            <button
                type="button"
                class="button secondary wide"
                disabled=exporting.busy
                data-testid="export-button"
                on:click=act(export)
            >
                {tx!(i18n, account.export)}
            </button>
            <Erasure erased/>
        </section>
    }
}

/// Why the server does not erase the account now.
fn obstacle(locale: Locale, reason: &str) -> Option<&'static str> {
    Some(match reason {
        "administrator" => td_string!(locale, account.erase_administrator),
        "last-owner" => td_string!(locale, account.erase_last_owner),
        "payment-under-way" => td_string!(locale, account.erase_paying),
        _ => return None,
    })
}

/// The button that opens the form, or the form.
#[component]
fn Erasure(erased: RwSignal<bool>) -> impl IntoView {
    let i18n = use_i18n();
    let is_open = RwSignal::new(false);
    let toggle = move |open: bool| {
        is_open.set(open);
        // The button that was pressed is gone.
        browser::focus_drawn(if open { "erase-current-password" } else { "erase" });
    };
    part(move || {
        if is_open.get() {
            return view! { <ErasureForm erased leave=Callback::new(move |()| toggle(false))/> }
                .into_any();
        }
        view! {
            <button
                type="button"
                id="erase"
                class="button quiet danger wide"
                data-testid="erase"
                on:click=act(move |_| toggle(true))
            >
                {tx!(i18n, account.erase)}
            </button>
        }
        .into_any()
    })
}

#[component]
fn ErasureForm(erased: RwSignal<bool>, leave: Callback<()>) -> impl IntoView {
    let i18n = use_i18n();
    let user = SignedInUser::expect();
    let password = RwSignal::new(String::new());
    let asking = Asking::new();
    let failure = asking.failure;
    let erase = move |event: SubmitEvent| {
        event.prevent_default();
        let wanted = WantedErasure { current_password: password.get_untracked() };
        asking.send(async move {
            api::erase_account(&wanted).await?;
            erased.set(true);
            user.sign_out();
            Ok(())
        });
    };
    view! {
        <form class="form" novalidate data-testid="erasure-form" on:submit=erase>
            <h3>{tx!(i18n, account.erase)}</h3>
            <p>{tx!(i18n, account.erase_text)}</p>
            <Refusal
                failure
                secrets=&["current_password"]
                refused=tx!(i18n, account.wrong_password)
                explains=obstacle
            />
            <Field
                name="current-password"
                within="erase-"
                label=tx!(i18n, account.current_password)
                kind="password"
                autocomplete="current-password"
                value=password
                failure
            />
            <div class="row-actions">
                <button
                    type="button"
                    class="button secondary"
                    data-testid="keep-account"
                    on:click=act(move |_| leave.run(()))
                >
                    {tx!(i18n, account.keep)}
                </button>
                <button
                    type="submit"
                    class="button quiet danger"
                    disabled=asking.busy
                    data-testid="erase-button"
                >
                    {tx!(i18n, account.erase_now)}
                </button>
            </div>
        </form>
    }
}
