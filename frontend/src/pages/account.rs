//! Signing in and registering.

use holdfast_contract::{
    accounts::{Credentials, Registration},
    problem::Problem,
};
use leptos::{ev::SubmitEvent, prelude::*};
use leptos_router::{
    NavigateOptions,
    components::A,
    hooks::{use_navigate, use_query_map},
};

use crate::{
    api::{self, Failure},
    components::erased::{act, live, part},
    components::icon::{Icon, Sign},
    i18n::{self, td_string, use_i18n},
    state::{language, session::Account},
    tx, words,
};

/// Only addresses of ours: `/…`, never `//elsewhere`.
fn safe_return(path: Option<String>) -> String {
    path.filter(|path| {
        path.starts_with('/') && !path.starts_with("//") && !path.contains(['\\', '\n', '\r'])
    })
    .unwrap_or_else(|| "/".into())
}

/// What the server said about one field.
fn field_error(failure: Option<&Failure>, field: &str) -> Option<String> {
    let Some(Failure::Problem(problem)) = failure else { return None };
    let Problem { errors, .. } = &**problem;
    errors.iter().find(|error| error.field == field).map(|error| error.message.clone())
}

/// One labelled field with its error beside it.
#[component]
fn Field(
    /// Its name on the wire.
    name: &'static str,
    /// Its label.
    label: Signal<&'static str>,
    /// What it takes.
    #[prop(default = "text")]
    kind: &'static str,
    /// What the browser may fill in.
    autocomplete: &'static str,
    /// What was typed.
    value: RwSignal<String>,
    /// What the server said.
    failure: RwSignal<Option<Failure>>,
    /// What is asked of the input.
    #[prop(optional)]
    hint: Option<Signal<&'static str>>,
) -> impl IntoView {
    let error = move || failure.with(|failure| field_error(failure.as_ref(), name));
    let describes = format!("{name}-help");
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <input
                id=name
                name=name
                type=kind
                required
                autocomplete=autocomplete
                aria-describedby=describes.clone()
                aria-invalid=live(move || if error().is_some() { "true" } else { "false" })
                prop:value=value
                on:input=act(move |event| value.set(event_target_value(&event)))
            />
            <p id=describes class="field-help" class:is-error=live(move || error().is_some())>
                {part(move || error().or_else(|| hint.map(|hint| hint.get().to_owned())))}
            </p>
        </div>
    }
}

#[component]
fn FailureNote(failure: RwSignal<Option<Failure>>) -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <div role="alert">
            {part(move || {
                failure
                    .get()
                    .map(|failure| {
                        let text = words::failure(i18n.get_locale(), &failure);
                        view! {
                            <div class="notice">
                                <Icon sign=Sign::Alert/>
                                <p>{text}</p>
                            </div>
                        }
                    })
            })}
        </div>
    }
}

/// `/login`.
#[component]
pub fn LoginPage() -> impl IntoView {
    let i18n = use_i18n();
    let (email, password) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let (failure, busy) = (RwSignal::new(None), RwSignal::new(false));
    let signed_in = after_sign_in();
    i18n::title(i18n, |locale| td_string!(locale, account.sign_in));
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        failure.set(None);
        let credentials =
            Credentials { email: email.get_untracked(), password: password.get_untracked() };
        leptos::task::spawn_local(async move {
            match api::login(&credentials).await {
                Ok(session) => signed_in.run(session),
                Err(refused) => {
                    let _ = failure.try_set(Some(refused));
                }
            }
            let _ = busy.try_set(false);
        });
    };
    view! {
        <main id="main" class="page narrow">
            <form class="panel form" on:submit=submit>
                <h1>{tx!(i18n, account.sign_in)}</h1>
                <FailureNote failure/>
                <Field
                    name="email"
                    label=tx!(i18n, account.email)
                    kind="email"
                    autocomplete="email"
                    value=email
                    failure
                />
                <Field
                    name="password"
                    label=tx!(i18n, account.password)
                    kind="password"
                    autocomplete="current-password"
                    value=password
                    failure
                />
                <button type="submit" class="button primary wide" disabled=busy data-testid="login-button">
                    {tx!(i18n, account.sign_in)}
                </button>
                <p class="fine">
                    {tx!(i18n, account.no_account)} " "
                    <A href=with_return("/register")>{tx!(i18n, account.register)}</A>
                </p>
            </form>
        </main>
    }
}

/// `/register`.
#[component]
pub fn RegisterPage() -> impl IntoView {
    let i18n = use_i18n();
    let text = || RwSignal::new(String::new());
    let (email, password, first_name, last_name) = (text(), text(), text(), text());
    let (failure, busy) = (RwSignal::new(None::<Failure>), RwSignal::new(false));
    let signed_in = after_sign_in();
    i18n::title(i18n, |locale| td_string!(locale, account.register));
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        failure.set(None);
        let credentials =
            Credentials { email: email.get_untracked(), password: password.get_untracked() };
        let registration = Registration {
            email: credentials.email.clone(),
            password: credentials.password.clone(),
            first_name: first_name.get_untracked(),
            last_name: last_name.get_untracked(),
            locale: Some(language::tag(i18n.get_locale_untracked()).into()),
        };
        leptos::task::spawn_local(async move {
            let outcome = match api::register(&registration).await {
                Ok(()) => api::login(&credentials).await,
                Err(refused) => Err(refused),
            };
            match outcome {
                Ok(session) => signed_in.run(session),
                Err(refused) => {
                    let _ = failure.try_set(Some(refused));
                }
            }
            let _ = busy.try_set(false);
        });
    };
    view! {
        <main id="main" class="page narrow">
            <form class="panel form" on:submit=submit>
                <h1>{tx!(i18n, account.register)}</h1>
                <FailureNote failure/>
                <div class="field-pair">
                    <Field
                        name="first_name"
                        label=tx!(i18n, account.first_name)
                        autocomplete="given-name"
                        value=first_name
                        failure
                    />
                    <Field
                        name="last_name"
                        label=tx!(i18n, account.last_name)
                        autocomplete="family-name"
                        value=last_name
                        failure
                    />
                </div>
                <Field
                    name="email"
                    label=tx!(i18n, account.email)
                    kind="email"
                    autocomplete="email"
                    value=email
                    failure
                />
                <Field
                    name="password"
                    label=tx!(i18n, account.password)
                    kind="password"
                    autocomplete="new-password"
                    value=password
                    failure
                    hint=tx!(i18n, account.password_hint)
                />
                <button
                    type="submit"
                    class="button primary wide"
                    disabled=busy
                    data-testid="register-button"
                >
                    {tx!(i18n, account.register)}
                </button>
                <p class="fine">
                    {tx!(i18n, account.has_account)} " "
                    <A href=with_return("/login")>{tx!(i18n, account.sign_in)}</A>
                </p>
            </form>
        </main>
    }
}

/// The same page with the way back that this one was given.
fn with_return(path: &'static str) -> impl Fn() -> String + Clone + Send + Sync {
    let query = use_query_map();
    move || match query.with(|query| query.get("next")) {
        Some(next) => format!("{path}?next={}", String::from(js_sys::encode_uri_component(&next))),
        None => path.to_owned(),
    }
}

/// Keeps the session and goes back to where the visitor came from.
fn after_sign_in() -> Callback<holdfast_contract::accounts::Session> {
    let account = Account::expect();
    let query = use_query_map();
    let navigate = StoredValue::new_local(use_navigate());
    Callback::new(move |session| {
        account.sign_in(session);
        let next = safe_return(query.with_untracked(|query| query.get("next")));
        navigate
            .with_value(|go| go(&next, NavigateOptions { replace: true, ..Default::default() }));
    })
}

#[cfg(test)]
mod tests {
    use holdfast_contract::problem::ProblemType;

    use super::*;

    #[test]
    fn nobody_is_sent_elsewhere_after_signing_in() {
        let check = |path: &str| safe_return(Some(path.into()));
        assert_eq!(check("/checkout/1"), "/checkout/1");
        for elsewhere in ["//evil.test", "https://evil.test", "/\\evil.test", "evil", ""] {
            assert_eq!(check(elsewhere), "/", "{elsewhere}");
        }
        assert_eq!(safe_return(None), "/");
    }

    #[test]
    fn an_error_stands_at_its_field() {
        let mut problem = Problem::new(ProblemType::WeakPassword, "");
        problem.errors = vec![holdfast_contract::problem::FieldError {
            field: "password".into(),
            message: "too short".into(),
        }];
        let failure = Failure::Problem(Box::new(problem));
        assert_eq!(field_error(Some(&failure), "password").as_deref(), Some("too short"));
        assert_eq!(field_error(Some(&failure), "email"), None);
        assert_eq!(field_error(None, "email"), None);
    }
}
