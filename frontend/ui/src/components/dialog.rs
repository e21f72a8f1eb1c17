//! A question that must be answered before anything else, as the browser's own dialog.

use leptos::{html, prelude::*};

use super::erased::follow;

/// Opens as soon as it is on the page; the focus goes into it and comes back afterwards.
#[component]
pub fn Dialog(
    /// What it is called.
    title: Signal<&'static str>,
    /// What Escape does; without, it closes by its answers alone.
    #[prop(optional)]
    leave: Option<Callback<()>>,
    /// What is in it.
    children: Children,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    let opened = StoredValue::new_local(None);
    follow(move || {
        if let Some(dialog) = dialog.get()
            && !dialog.open()
        {
            let _ = dialog.show_modal();
            opened.set_value(Some(dialog));
        }
    });
    // The browser gives the focus back when a dialog is closed, not when it is taken off the page.
    on_cleanup(move || {
        let _ = opened.try_with_value(|dialog| dialog.as_ref().map(|dialog| dialog.close()));
    });
    view! {
        <dialog
            node_ref=dialog
            class="dialog"
            aria-labelledby="dialog-title"
            on:cancel=move |event: leptos::ev::Event| {
                event.prevent_default();
                if let Some(leave) = leave {
                    leave.run(());
                }
            }
        >
            <h2 id="dialog-title">{title}</h2>
            {children()}
        </dialog>
    }
}
