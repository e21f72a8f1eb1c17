//! The form of signing in and of registering: its fields, what the server said, its one button.

use std::future::Future;

use holdfast_contract::{accounts::Session, problem::Problem};
use leptos::{ev::SubmitEvent, prelude::*};
use leptos_router::components::A;

use super::way_back::{after_sign_in, with_return};
use crate::{
    api::Failure,
    components::{
        erased::{act, live, part},
        failure::FailureNote,
    },
};

/// A form that ends with a session.
#[derive(Clone, Copy)]
pub struct Sending {
    /// What the server said.
    pub failure: RwSignal<Option<Failure>>,
    busy: RwSignal<bool>,
    signed_in: Callback<Session>,
}

impl Sending {
    /// Nothing is sent yet.
    pub fn new() -> Self {
        Self {
            failure: RwSignal::new(None),
            busy: RwSignal::new(false),
            signed_in: after_sign_in(),
        }
    }

    /// Sends, unless something is on its way. A session leads back to where the visitor came from.
    pub fn send(self, work: impl Future<Output = Result<Session, Failure>> + 'static) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.failure.set(None);
        leptos::task::spawn_local(async move {
            match work.await {
                Ok(session) => self.signed_in.run(session),
                Err(refused) => {
                    let _ = self.failure.try_set(Some(refused));
                }
            }
            let _ = self.busy.try_set(false);
        });
    }
}

/// A panel with a heading, fields and a button of the same name, and the way to the other form.
#[component]
pub fn SignForm(
    /// What it does.
    title: Signal<&'static str>,
    /// The button's name for tests.
    test_id: &'static str,
    /// What is sent.
    sending: Sending,
    /// Sends it.
    #[prop(into)]
    send: Callback<()>,
    /// Who should rather take the other form.
    question: Signal<&'static str>,
    /// What the other form does.
    other: Signal<&'static str>,
    /// Where the other form is.
    other_path: &'static str,
    /// The fields.
    children: Children,
) -> impl IntoView {
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        send.run(());
    };
    view! {
        <main id="main" class="page narrow">
            <form class="panel form" on:submit=submit>
                <h1>{title}</h1>
                <FailureNote failure=sending.failure/>
                {children()}
                <button
                    type="submit"
                    class="button primary wide"
                    disabled=sending.busy
                    data-testid=test_id
                >
                    {title}
                </button>
                <p class="fine">
                    {question} " " <A href=with_return(other_path)>{other}</A>
                </p>
            </form>
        </main>
    }
}

/// What the server said about one field.
fn field_error(failure: Option<&Failure>, field: &str) -> Option<String> {
    let Some(Failure::Problem(problem)) = failure else { return None };
    let Problem { errors, .. } = &**problem;
    errors.iter().find(|error| error.field == field).map(|error| error.message.clone())
}

/// One labelled field with its error beside it.
#[component]
pub fn Field(
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
    #[prop(optional_no_strip)]
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

#[cfg(test)]
mod tests {
    use holdfast_contract::problem::ProblemType;

    use super::*;

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
