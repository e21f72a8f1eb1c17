//! The signed-in user's data: its export, and the erasure of the account.

use holdfast_contract::accounts::Erasure;
use leptos::{ev::SubmitEvent, prelude::*};
use ui::{
    api::{self, CallFailure},
    components::{
        erased::{act, live, part},
        failure::FailureNote,
        field::Field,
    },
    i18n::use_i18n,
    state::session::SignedInUser,
    t_string, tx,
};

use crate::pages::asking::{Asking, DoneNote, Refusal};

#[component]
pub fn AccountData() -> impl IntoView {
    let i18n = use_i18n();
    let exporting = Asking::new();
    let export = move |_| exporting.send(api::save_export());
    view! {
        <section class="panel form" aria-labelledby="data-title">
            <h2 id="data-title">{tx!(i18n, account.data)}</h2>
            <p>{tx!(i18n, account.export_text)}</p>
            <FailureNote failure=exporting.failure/>
            <DoneNote asking=exporting text=tx!(i18n, account.exported) test_id="exported"/>
            <button
                type="button"
                class="button secondary wide"
                disabled=exporting.busy
                data-testid="export-button"
                on:click=act(export)
            >
                {tx!(i18n, account.export)}
            </button>
            <ErasureForm/>
        </section>
    }
}

/// Why the server does not erase the account now.
fn obstacle(failure: &CallFailure) -> Option<&str> {
    let CallFailure::Problem(problem) = failure else { return None };
    problem.reasons.first().map(String::as_str)
}

#[component]
fn ErasureForm() -> impl IntoView {
    let i18n = use_i18n();
    let user = SignedInUser::expect();
    let (is_open, password) = (RwSignal::new(false), RwSignal::new(String::new()));
    let asking = Asking::new();
    let failure = asking.failure;
    let erase = move |event: SubmitEvent| {
        event.prevent_default();
        let wanted = Erasure { current_password: password.get_untracked() };
        asking.send(async move {
            api::erase_account(&wanted).await?;
            user.sign_out();
            Ok(())
        });
    };
    let why = live(move || {
        failure.with(|failure| match failure.as_ref().and_then(obstacle) {
            Some("administrator") => t_string!(i18n, account.erase_administrator),
            Some("last-owner") => t_string!(i18n, account.erase_last_owner),
            Some("payment-under-way") => t_string!(i18n, account.erase_paying),
            Some(_) | None => "",
        })
    });
    let is_refused = move || !why.get().is_empty();
    part(move || {
        if !is_open.get() {
            return view! {
                <button
                    type="button"
                    class="button quiet danger wide"
                    data-testid="erase"
                    on:click=act(move |_| is_open.set(true))
                >
                    {tx!(i18n, account.erase)}
                </button>
            }
            .into_any();
        }
        view! {
            <form class="form" novalidate data-testid="erasure-form" on:submit=erase>
                <h3>{tx!(i18n, account.erase)}</h3>
                <p>{tx!(i18n, account.erase_text)}</p>
                {part(move || {
                    if is_refused() {
                        view! {
                            <div class="notice" role="alert" data-testid="erase-refused">
                                <p prop:textContent=why></p>
                            </div>
                        }
                        .into_any()
                    } else {
                        view! {
                            <Refusal
                                failure
                                secrets=&["current_password"]
                                refused=tx!(i18n, account.wrong_password)
                            />
                        }
                        .into_any()
                    }
                })}
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
                        on:click=act(move |_| is_open.set(false))
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
        .into_any()
    })
}
