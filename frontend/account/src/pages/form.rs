//! The form of both pages: a heading, the fields, a button with the heading's text, and a link to the other form.

use leptos::{ev::SubmitEvent, prelude::*};
use ui::arrival::arrive;
use ui::{api::CallFailure, components::failure::FailureNote};

use super::asking::SubmitButton;
use crate::way_back::with_return;

#[component]
pub fn AccountForm(
    /// The text of the heading and of the button.
    title: Signal<&'static str>,
    /// The button's `data-testid`, by which browser tests find it.
    test_id: &'static str,
    /// The failure of the last request.
    failure: RwSignal<Option<CallFailure>>,
    /// Whether a request is under way.
    busy: RwSignal<bool>,
    /// Called when the visitor sends the form.
    #[prop(into)]
    send: Callback<()>,
    /// The question before the link, such as “No account yet?”.
    question: Signal<&'static str>,
    /// The text of the link to the other form.
    other: Signal<&'static str>,
    /// The address of the other form.
    other_path: &'static str,
    children: Children,
) -> impl IntoView {
    arrive();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        send.run(());
    };
    view! {
        <main id="main" class="page narrow">
            <form class="panel form" novalidate on:submit=submit>
                <h1>{title}</h1>
                <FailureNote failure/>
                {children()}
                <SubmitButton busy label=title test_id/>
                <p class="fine">
                    {question} " " <a href=with_return(other_path)>{other}</a>
                </p>
            </form>
        </main>
    }
}
