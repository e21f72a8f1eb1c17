//! `/apply`: the application for an organization.

use holdfast_contract::organizations::{NewOrganization, OrganizationStatus};
use leptos::{ev::SubmitEvent, prelude::*};
use ui::{
    api,
    arrival::arrive,
    browser,
    components::{
        erased::{known, part},
        field::{Field, Filling},
        reason_note::ReasonNote,
        sign_in_first::SignInFirst,
    },
    i18n::{self, Locale, use_i18n},
    state::session::SignedInUser,
    td_string, tx,
};

use super::asking::{Asking, SubmitButton};

#[component]
pub fn ApplyPage() -> impl IntoView {
    let i18n = use_i18n();
    i18n::title(i18n, |locale| td_string!(locale, apply.title));
    let account = SignedInUser::expect();
    let is_signed_in = known(move || account.is_signed_in());
    part(move || {
        if is_signed_in.get() {
            arrive();
            return view! { <Apply/> }.into_any();
        }
        view! { <SignInFirst title=tx!(i18n, apply.title) text=tx!(i18n, apply.signed_out)/> }
            .into_any()
    })
}

/// Why the server does not take the application.
fn refusal(locale: Locale, reason: &str) -> Option<&'static str> {
    (reason == "open-applications").then(|| td_string!(locale, apply.too_many))
}

#[component]
fn Apply() -> impl IntoView {
    let i18n = use_i18n();
    let text = || RwSignal::new(String::new());
    let (name, legal_name, contact_email, website) = (text(), text(), text(), text());
    let (asking, active) = (Asking::new(), RwSignal::new(false));
    let failure = asking.failure;
    // A repetition after a lost answer applies only once.
    let key = StoredValue::new(browser::attempt_key());
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        let wanted = NewOrganization {
            name: name.get_untracked(),
            legal_name: legal_name.get_untracked(),
            contact_email: contact_email.get_untracked(),
            website: Some(website.get_untracked()).filter(|typed| !typed.trim().is_empty()),
        };
        asking.send(async move {
            let answer = api::apply(&wanted, &key.get_value()).await;
            if answer.as_ref().is_err_and(|failure| !failure.is_open()) {
                let _ = key.try_set_value(browser::attempt_key());
            }
            active.set(answer.as_ref().is_ok_and(|it| it.status == OrganizationStatus::Active));
            answer.map(|_| ())
        });
    };
    let form = move || {
        view! {
            <form class="panel form" novalidate on:submit=send>
                <h1>{tx!(i18n, apply.title)}</h1>
                <p>{tx!(i18n, apply.text)}</p>
                <ReasonNote failure explains=refusal/>
                <Field name="name" label=tx!(i18n, apply.name) autocomplete="organization" value=name failure/>
                <Field
                    name="legal_name"
                    label=tx!(i18n, apply.legal_name)
                    autocomplete="off"
                    value=legal_name
                    failure
                />
                <Field
                    name="contact_email"
                    label=tx!(i18n, apply.contact_email)
                    kind="email"
                    autocomplete="email"
                    value=contact_email
                    failure
                />
                <Field
                    name="website"
                    label=tx!(i18n, apply.website)
                    filling=Filling::Optional
                    kind="url"
                    autocomplete="url"
                    value=website
                    failure
                />
                <SubmitButton busy=asking.busy label=tx!(i18n, apply.send) test_id="apply-button"/>
            </form>
        }
    };
    let page = move || {
        if asking.is_done.get() {
            return view! {
                <div class="panel form" data-testid="applied">
                    <h1>
                        {if active.get() {
                            tx!(i18n, apply.made)
                        } else {
                            tx!(i18n, apply.done)
                        }}
                    </h1>
                    <p>
                        {if active.get() {
                            tx!(i18n, apply.done_active)
                        } else {
                            tx!(i18n, apply.done_text)
                        }}
                    </p>
                </div>
            }
            .into_any();
        }
        form().into_any()
    };
    view! { <main id="main" class="page narrow">{page}</main> }
}
