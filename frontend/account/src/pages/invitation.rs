//! `/invitation#<token>`: the link of a mail that invites to an organization.

use holdfast_contract::{accounts::Role, organizations::InvitationProof};
use leptos::{ev::SubmitEvent, prelude::*};
use ui::{
    api,
    arrival::arrive,
    common,
    components::erased::{known, part},
    i18n::{self, Locale, use_i18n},
    program,
    state::session::SignedInUser,
    td_string, tx,
};

use super::{
    asking::{Asking, Refusal, SubmitButton, link_token},
    email::renew,
};

#[component]
pub fn InvitationPage() -> impl IntoView {
    let i18n = use_i18n();
    i18n::title(i18n, |locale| td_string!(locale, invitation.title));
    arrive();
    let token = link_token();
    let account = SignedInUser::expect();
    let is_signed_in = known(move || account.is_signed_in());
    let page = move || match (token.get(), is_signed_in.get()) {
        (token, true) if !token.is_empty() => view! { <LinkForm token/> }.into_any(),
        (token, signed_in) => {
            let text = if token.is_empty() || signed_in {
                tx!(i18n, invitation.no_token)
            } else {
                tx!(i18n, invitation.signed_out)
            };
            view! {
                <div class="panel form" data-testid="no-invitation">
                    <h1>{tx!(i18n, invitation.title)}</h1>
                    <p>{text}</p>
                    {(!signed_in)
                        .then(|| {
                            view! {
                                <a class="button primary wide" href="/login?next=/">
                                    {common!(i18n, sign_in)}
                                </a>
                                <a class="button secondary wide" href="/register?next=/">
                                    {tx!(i18n, register.title)}
                                </a>
                            }
                        })}
                </div>
            }
            .into_any()
        }
    };
    view! { <main id="main" class="page narrow">{part(page)}</main> }
}

/// Why the user cannot accept.
fn refusal(locale: Locale, reason: &str) -> Option<&'static str> {
    (reason == "other-address").then(|| td_string!(locale, invitation.other_address))
}

#[component]
fn LinkForm(token: String) -> impl IntoView {
    let i18n = use_i18n();
    let user = SignedInUser::expect();
    let asking = Asking::new();
    let joined = RwSignal::new(String::new());
    let has_desk = move || {
        let role = user.profile().map(|profile| profile.role);
        matches!(role, Some(Role::Organizer | Role::Admin))
    };
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        let wanted = InvitationProof { token: token.clone() };
        asking.send(async move {
            let organization = api::accept_invitation(&wanted).await?;
            joined.set(organization.name);
            renew(user).await;
            Ok(())
        });
    };
    let page = move || {
        if asking.is_done.get() {
            return view! {
                <div class="form" data-testid="joined">
                    <h1 dir="auto">{joined.get()}</h1>
                    <p>{tx!(i18n, invitation.done)}</p>
                    {has_desk()
                        .then(|| {
                            view! {
                                <a class="button primary wide" href="/desk" rel=program::rel("/desk")>
                                    {tx!(i18n, invitation.desk)}
                                </a>
                            }
                        })}
                </div>
            }
            .into_any();
        }
        view! {
            <h1>{tx!(i18n, invitation.title)}</h1>
            <p>{tx!(i18n, invitation.text)}</p>
            <Refusal
                failure=asking.failure
                secrets=&["token"]
                refused=tx!(i18n, invitation.over)
                explains=refusal
            />
            <SubmitButton
                busy=asking.busy
                label=tx!(i18n, invitation.accept)
                test_id="accept-button"
            />
        }
        .into_any()
    };
    view! { <form class="panel form" novalidate on:submit=send>{page}</form> }
}
