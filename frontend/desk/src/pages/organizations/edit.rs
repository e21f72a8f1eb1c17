//! The form by which owners change what their organization says about itself.

use holdfast_contract::organizations::{Organization, OrganizationChange};
use leptos::{ev::SubmitEvent, prelude::*};
use ui::{
    api::{self, CallFailure},
    components::{
        erased::act,
        failure::FailureNote,
        field::{Field, Filling},
        toasts::Toasts,
    },
    i18n::use_i18n,
    td_string, tx,
};

#[component]
pub fn EditForm(
    organization: RwSignal<Organization>,
    /// Called when the form is done.
    leave: Callback<()>,
) -> impl IntoView {
    let i18n = use_i18n();
    let (id, before) = organization.with_untracked(|it| (it.id, it.clone()));
    let name = RwSignal::new(before.name.clone());
    let legal_name = RwSignal::new(before.legal_name.clone().unwrap_or_default());
    let contact_email = RwSignal::new(before.contact_email.clone().unwrap_or_default());
    let website = RwSignal::new(before.website.clone().unwrap_or_default());
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<CallFailure>));
    let toasts = Toasts::expect();
    let save = move |event: SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        // Another owner may have changed what this form shows. Only what was typed here is sent.
        let typed = |now: RwSignal<String>, before: Option<&String>| {
            Some(now.get_untracked()).filter(|now| now != before.map_or("", String::as_str))
        };
        let change = OrganizationChange {
            name: typed(name, Some(&before.name)),
            legal_name: typed(legal_name, before.legal_name.as_ref()),
            contact_email: typed(contact_email, before.contact_email.as_ref()),
            website: typed(website, before.website.as_ref()),
        };
        busy.set(true);
        failure.set(None);
        leptos::task::spawn_local(async move {
            match api::edit_organization(id, &change).await {
                Ok(edited) => {
                    let _ = organization.try_set(edited);
                    toasts.tell(|locale| td_string!(locale, toasts.organization));
                    leave.run(());
                }
                Err(refused) => {
                    let _ = failure.try_set(Some(refused));
                }
            }
            let _ = busy.try_set(false);
        });
    };
    view! {
        <form class="form" novalidate data-testid="edit-organization-form" on:submit=save>
            <FailureNote failure/>
            <Field
                name="name"
                within="edit-"
                label=tx!(i18n, organizations.name)
                autocomplete="organization"
                value=name
                failure
            />
            <Field
                name="legal_name"
                within="edit-"
                label=tx!(i18n, organizations.legal_name)
                autocomplete="off"
                value=legal_name
                failure
            />
            <Field
                name="contact_email"
                within="edit-"
                label=tx!(i18n, organizations.contact_email)
                kind="email"
                autocomplete="email"
                value=contact_email
                failure
            />
            <Field
                name="website"
                within="edit-"
                label=tx!(i18n, organizations.website)
                filling=Filling::Optional
                kind="url"
                autocomplete="url"
                value=website
                failure
            />
            <div class="row-actions">
                <button
                    type="submit"
                    class="button primary"
                    disabled=busy
                    data-testid="save-organization"
                >
                    {tx!(i18n, users.save)}
                </button>
                <button
                    type="button"
                    class="button secondary"
                    on:click=act(move |_| leave.run(()))
                >
                    {tx!(i18n, users.keep)}
                </button>
            </div>
        </form>
    }
}
