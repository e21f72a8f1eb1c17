//! The names and the language of the signed-in user.

use holdfast_contract::accounts::{Profile, ProfileChange};
use leptos::{ev::SubmitEvent, prelude::*};
use ui::{
    api,
    components::{
        erased::{act, part},
        failure::FailureNote,
    },
    i18n::use_i18n,
    state::session::SignedInUser,
    tx,
};

use crate::pages::{asking::Asking, register::NameFields};

/// The languages of mails, each with its own name.
const LANGUAGES: [(&str, &str); 2] = [("en", "English"), ("fr", "Français")];

#[component]
pub fn ProfileForm(profile: Profile) -> impl IntoView {
    let i18n = use_i18n();
    let user = SignedInUser::expect();
    let first_name = RwSignal::new(profile.first_name);
    let last_name = RwSignal::new(profile.last_name);
    let locale = RwSignal::new(profile.locale);
    let asking = Asking::new();
    let failure = asking.failure;
    let save = move |event: SubmitEvent| {
        event.prevent_default();
        asking.is_done.set(false);
        let change = ProfileChange {
            first_name: Some(first_name.get_untracked()),
            last_name: Some(last_name.get_untracked()),
            locale: Some(locale.get_untracked()),
        };
        asking.send(async move {
            user.keep(api::edit_profile(&change).await?);
            Ok(())
        });
    };
    let options = LANGUAGES.map(|(tag, name)| {
        let is_chosen = locale.get_untracked() == tag;
        view! { <option value=tag lang=tag selected=is_chosen>{name}</option> }
    });
    view! {
        <section class="panel form" aria-labelledby="profile-title">
            <h2 id="profile-title">{tx!(i18n, account.profile)}</h2>
            <form class="form" novalidate on:submit=save>
                <FailureNote failure/>
                {part(move || {
                    asking
                        .is_done
                        .get()
                        .then(|| {
                            view! {
                                <p role="status" data-testid="profile-saved">
                                    {tx!(i18n, account.saved)}
                                </p>
                            }
                        })
                })}
                <NameFields first_name last_name failure/>
                <div class="field">
                    <label for="locale">{tx!(i18n, account.language)}</label>
                    <select
                        id="locale"
                        name="locale"
                        on:change=act(move |event| locale.set(event_target_value(&event)))
                    >
                        {options.collect_view()}
                    </select>
                </div>
                <button
                    type="submit"
                    class="button primary wide"
                    disabled=asking.busy
                    data-testid="profile-button"
                >
                    {tx!(i18n, account.save)}
                </button>
            </form>
        </section>
    }
}
