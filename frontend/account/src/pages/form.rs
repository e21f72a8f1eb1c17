//! A panel with a heading, fields and a button of the same name.

use leptos::{ev::SubmitEvent, prelude::*};
use ui::components::{failure::FailureNote, sign_in::Sending};

use crate::way_back::with_return;

#[component]
pub fn AccountForm(
    /// What it does.
    title: Signal<&'static str>,
    /// The button's name for tests.
    test_id: &'static str,
    sending: Sending,
    /// Sends what was typed.
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
                    {question} " " <a href=with_return(other_path)>{other}</a>
                </p>
            </form>
        </main>
    }
}
