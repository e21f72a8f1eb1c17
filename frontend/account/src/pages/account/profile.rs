//! The names and the language of the signed-in user.

use holdfast_contract::accounts::{Profile, ProfileChange};
use leptos::{ev::SubmitEvent, prelude::*};
use ui::{
    api,
    components::{erased::act, failure::FailureNote, toasts::Toasts},
    i18n::use_i18n,
    state::{language, session::SignedInUser},
    td_string, tx,
};

use crate::pages::{
    asking::{Asking, SubmitButton},
    register::NameFields,
};

#[component]
pub fn ProfileForm(profile: Profile) -> impl IntoView {
    let i18n = use_i18n();
    let user = SignedInUser::expect();
    let first_name = RwSignal::new(profile.first_name.clone());
    let last_name = RwSignal::new(profile.last_name.clone());
    let locale = RwSignal::new(profile.locale.clone());
    let (before, toasts) = (RwSignal::new(profile), Toasts::expect());
    let asking = Asking::new();
    let failure = asking.failure;
    let save = move |event: SubmitEvent| {
        event.prevent_default();
        let before_now = before.get_untracked();
        // Another device may have changed what this form shows. Only what was typed here is sent.
        let typed = |now: RwSignal<String>, before: &String| {
            Some(now.get_untracked()).filter(|now| now != before)
        };
        let change = ProfileChange {
            first_name: typed(first_name, &before_now.first_name),
            last_name: typed(last_name, &before_now.last_name),
            locale: typed(locale, &before_now.locale),
        };
        asking.send(async move {
            let edited = api::edit_profile(&change).await?;
            user.keep_own(edited.clone());
            let _ = before.try_set(edited);
            toasts.tell(|locale| td_string!(locale, account.saved));
            Ok(())
        });
    };
    let options = language::LOCALES.map(|it| {
        let tag = language::tag(it);
        let is_chosen = locale.get_untracked() == tag;
        view! { <option value=tag lang=tag selected=is_chosen>{language::name(it)}</option> }
    });
    view! {
        <section class="panel form" aria-labelledby="profile-title">
            <h2 id="profile-title">{tx!(i18n, account.profile)}</h2>
            <form class="form" novalidate on:submit=save>
                <FailureNote failure/>
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
                <SubmitButton busy=asking.busy label=tx!(i18n, account.save) test_id="profile-button"/>
            </form>
        </section>
    }
}
