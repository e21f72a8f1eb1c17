//! The devices on which the user is signed in.

use holdfast_contract::accounts::DeviceSession;
use leptos::prelude::*;
use ui::{
    api::{self, CallFailure},
    components::{
        erased::{act, follow, live},
        failure::FailureNote,
        loaded::loaded_part,
        toasts::Toasts,
    },
    i18n::use_i18n,
    intl::{self, DateStyle},
    state::load::load,
    t_string, td_string, tx,
};

use uuid::Uuid;

use super::device;

#[component]
pub fn Sessions(
    /// The list is read again when this count rises.
    changed: RwSignal<u32>,
) -> impl IntoView {
    let i18n = use_i18n();
    let (state, again) = load(api::sessions);
    let (failure, toasts) = (RwSignal::new(None::<CallFailure>), Toasts::expect());
    follow(move || {
        if changed.get() > 0 {
            again.run(());
        }
    });
    let end = Callback::new(move |session: Option<Uuid>| {
        failure.set(None);
        leptos::task::spawn_local(async move {
            let ended = match session {
                Some(id) => api::end_session(id).await,
                None => api::end_other_sessions().await,
            };
            match ended {
                Ok(()) => {
                    toasts.tell(match session {
                        Some(_) => |locale| td_string!(locale, toasts.session_ended),
                        None => |locale| td_string!(locale, toasts.sessions_ended),
                    });
                    again.run(());
                }
                Err(refused) => {
                    let _ = failure.try_set(Some(refused));
                }
            }
        });
    });
    view! {
        <section class="panel form" aria-labelledby="sessions-title">
            <h2 id="sessions-title">{tx!(i18n, account.sessions)}</h2>
            <FailureNote failure/>
            {loaded_part(
                state,
                again,
                move |sessions| {
                    let has_others = sessions.items.iter().any(|it| !it.is_current);
                    let rows = sessions.items.into_iter();
                    let rows = rows.map(|session| view! { <Row session end/> }).collect_view();
                    view! {
                        <ul class="desk-rows">{rows}</ul>
                        {has_others
                            .then(|| {
                                view! {
                                    <button
                                        type="button"
                                        class="button secondary"
                                        data-testid="end-others"
                                        on:click=act(move |_| end.run(None))
                                    >
                                        {tx!(i18n, account.end_others)}
                                    </button>
                                }
                            })}
                    }
                        .into_any()
                },
            )}
        </section>
    }
}

#[component]
fn Row(session: DeviceSession, end: Callback<Option<Uuid>>) -> impl IntoView {
    let i18n = use_i18n();
    let (id, is_current) = (session.id, session.is_current);
    let (browser, system) = device::of(&session.agent);
    let name = move || match (browser, system) {
        (Some(browser), Some(system)) => t_string!(i18n, account.device, browser, system),
        (Some(name), None) | (None, Some(name)) => name.to_owned(),
        (None, None) => t_string!(i18n, account.unknown_device).to_owned(),
    };
    let used = session.used_at;
    let when = move || {
        let zone = intl::device_zone();
        intl::date(i18n.get_locale(), &used, &zone, DateStyle::Short)
    };
    view! {
        <li class="desk-row" data-testid="session">
            <div class="desk-row-main">
                <h3 prop:textContent=live(name)></h3>
                <p class="soft">
                    <span prop:textContent=live(when)></span>
                    {session.address.map(|address| view! { " · " <span class="figures">{address}</span> })}
                </p>
            </div>
            <div class="desk-row-side">
                {if is_current {
                    view! { <span class="status on-sale">{tx!(i18n, account.this_device)}</span> }.into_any()
                } else {
                    view! {
                        <button
                            type="button"
                            class="button secondary"
                            data-testid="end-session"
                            on:click=act(move |_| end.run(Some(id)))
                        >
                            {tx!(i18n, account.end)}
                        </button>
                    }
                    .into_any()
                }}
            </div>
        </li>
    }
}
