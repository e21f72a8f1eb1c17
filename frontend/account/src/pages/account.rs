//! `/account`: the signed-in user's profile, address, password, sessions and data.

mod data;
mod device;
mod email;
mod profile;
mod sessions;

use holdfast_contract::accounts::{ChangedPassword, Profile};
use leptos::{ev::SubmitEvent, prelude::*};
use ui::{
    api::{self, CallFailure},
    arrival::arrive,
    components::{
        erased::{known, live, part},
        field::Field,
        sign_in_first::SignInFirst,
        toasts::Toasts,
    },
    i18n::{self, use_i18n},
    state::session::SignedInUser,
    td_string, tx,
};

use self::{data::AccountData, email::EmailForm, profile::ProfileForm, sessions::Sessions};
use super::asking::{Asking, NewPasswordField, Refusal};

#[component]
pub fn AccountPage() -> impl IntoView {
    let i18n = use_i18n();
    i18n::title(i18n, |locale| td_string!(locale, account.title));
    let account = SignedInUser::expect();
    // The forms stay when they change the profile, and go when another tab signs in as another user.
    let user = known(move || account.profile().map(|profile| profile.id));
    let erased = RwSignal::new(false);
    part(move || match user.get().and_then(|_| untrack(|| account.profile())) {
        None if erased.get_untracked() => {
            arrive();
            view! {
                <main id="main" class="page narrow">
                    <div class="panel form" data-testid="account-erased">
                        <h1>{tx!(i18n, account.erased)}</h1>
                        <p>{tx!(i18n, account.erased_text)}</p>
                    </div>
                </main>
            }
            .into_any()
        }
        None => view! {
            <SignInFirst
                title=tx!(i18n, account.signed_out)
                text=tx!(i18n, account.signed_out_text)
            />
        }
        .into_any(),
        Some(profile) => {
            arrive();
            erased.set(false);
            view! { <Account profile erased/> }.into_any()
        }
    })
}

#[component]
fn Account(profile: Profile, erased: RwSignal<bool>) -> impl IntoView {
    let i18n = use_i18n();
    let account = SignedInUser::expect();
    let shown = move |part: fn(&Profile) -> String| {
        live(move || account.profile().as_ref().map(part).unwrap_or_default())
    };
    let name = |it: &Profile| format!("{} {}", it.first_name, it.last_name).trim().to_owned();
    // Another password ends the other sessions.
    let changed = RwSignal::new(0);
    view! {
        <main id="main" class="page narrow">
            <h1>{tx!(i18n, account.title)}</h1>
            <p class="soft">
                <span dir="auto" prop:textContent=shown(name)></span> " · "
                <span prop:textContent=shown(|it| it.email.clone())></span>
            </p>
            <ProfileForm profile/>
            <EmailForm/>
            <PasswordForm changed/>
            <Sessions changed/>
            <AccountData erased/>
            <p class="fine">
                <a data-testid="settings-link" href="/settings">{tx!(i18n, settings.link)}</a>
            </p>
            <p class="fine">
                {tx!(i18n, account.organize)} " "
                <a data-testid="apply-link" href="/apply">{tx!(i18n, account.apply)}</a>
            </p>
        </main>
    }
}

/// The server names the new password by its field in the request; the form has one field for it, with its own name.
fn of_this_form(mut failure: CallFailure) -> CallFailure {
    if let CallFailure::Problem(problem) = &mut failure {
        let fields = problem.errors.iter_mut().filter(|error| error.field == "new_password");
        fields.for_each(|error| "password".clone_into(&mut error.field));
    }
    failure
}

#[component]
fn PasswordForm(
    /// Rises with each new password, so that the list of sessions is read again.
    changed: RwSignal<u32>,
) -> impl IntoView {
    let i18n = use_i18n();
    let (current, password) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let (asking, toasts) = (Asking::new(), Toasts::expect());
    let failure = asking.failure;
    let change = move |event: SubmitEvent| {
        event.prevent_default();
        let wanted = ChangedPassword {
            current_password: current.get_untracked(),
            new_password: password.get_untracked(),
        };
        asking.send(async move {
            api::change_password(&wanted).await.map_err(of_this_form)?;
            current.set(String::new());
            password.set(String::new());
            changed.update(|count| *count += 1);
            toasts.tell(|locale| td_string!(locale, account.password_changed));
            Ok(())
        });
    };
    view! {
        <section class="panel form" aria-labelledby="password-title">
            <h2 id="password-title">{tx!(i18n, account.password)}</h2>
            <form class="form" novalidate on:submit=change>
                <Refusal
                    failure
                    secrets=&["current_password"]
                    refused=tx!(i18n, account.wrong_password)
                />
                <Field
                    name="current-password"
                    label=tx!(i18n, account.current_password)
                    kind="password"
                    autocomplete="current-password"
                    value=current
                    failure
                />
                <NewPasswordField password resetting=asking/>
            </form>
        </section>
    }
}
