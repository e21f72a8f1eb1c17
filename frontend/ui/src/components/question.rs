//! A question before an action that cannot be undone.

use leptos::prelude::*;

use super::{
    dialog::Dialog,
    erased::{act, live, part},
};

/// Asks in a dialog while `asking` is set. The first button keeps everything as it is.
#[component]
pub fn Question(
    title: Signal<&'static str>,
    /// The consequences of the action, in words.
    text: Signal<String>,
    /// The text of the button that changes nothing.
    keep: Signal<&'static str>,
    /// The text of the button that performs the action.
    go_on: Signal<&'static str>,
    /// Whether the dialog is on the page.
    asking: RwSignal<bool>,
    /// Whether the action is under way. The dialog stays meanwhile. A question that closes when it is answered does not have this.
    #[prop(optional)]
    busy: RwSignal<bool>,
    /// Whether the action can be confirmed, with what the visitor has chosen.
    #[prop(default = Signal::stored(true))]
    ready: Signal<bool>,
    /// Called when the visitor confirms the action.
    confirmed: Callback<()>,
    /// What the visitor chooses or enters before confirming, and what failed, below the text.
    #[prop(optional)]
    children: Option<ChildrenFn>,
) -> impl IntoView {
    let children = StoredValue::new(children);
    let leave = Callback::new(move |()| {
        if !busy.get_untracked() {
            asking.set(false);
        }
    });
    part(move || {
        asking.get().then(|| {
            view! {
                <Dialog title leave>
                    // The text follows what the visitor chooses.
                    <p role="status" data-testid="consequence" prop:textContent=text></p>
                    {children.with_value(|children| children.as_ref().map(|children| children()))}
                    <div class="row-actions">
                        <button
                            type="button"
                            class="button secondary"
                            data-testid="question-keep"
                            disabled=live(move || busy.get())
                            on:click=act(move |_| leave.run(()))
                        >
                            {keep}
                        </button>
                        <button
                            type="button"
                            class="button quiet danger"
                            data-testid="question-confirm"
                            disabled=live(move || busy.get() || !ready.get())
                            on:click=act(move |_| confirmed.run(()))
                        >
                            {go_on}
                        </button>
                    </div>
                </Dialog>
            }
        })
    })
}
