//! A question that must be answered before anything else, as the browser's own dialog.

use leptos::{html, prelude::*};

/// Opens as soon as it is on the page; the focus goes into it and comes back afterwards.
#[component]
pub fn Dialog(
    /// What it is called.
    title: Signal<&'static str>,
    /// What is in it.
    children: Children,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move || {
        if let Some(dialog) = dialog.get()
            && !dialog.open()
        {
            let _ = dialog.show_modal();
        }
    });
    view! {
        <dialog
            node_ref=dialog
            class="dialog"
            aria-labelledby="dialog-title"
            // It closes by its answers alone.
            on:cancel=|event: leptos::ev::Event| event.prevent_default()
        >
            <h2 id="dialog-title">{title}</h2>
            {children()}
        </dialog>
    }
}
