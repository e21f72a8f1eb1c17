//! A modal question, shown in the browser's own `<dialog>`.

use leptos::{html, prelude::*};

use super::erased::follow;

/// A dialog that opens as soon as it is on the page. The focus moves into it and returns when it closes.
#[component]
pub fn Dialog(
    /// The heading of the dialog.
    title: Signal<&'static str>,
    /// Called by the Escape key. Without it, only the dialog's own buttons close it.
    #[prop(optional)]
    leave: Option<Callback<()>>,
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
    // The browser returns the focus when a dialog is closed, but not when it is removed from the page.
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
