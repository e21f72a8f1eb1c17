//! A list without entries.

use leptos::prelude::*;

use super::icon::{Icon, Sign};

/// In place of the list: that it is empty, when it will not be, and where to go meanwhile.
#[component]
pub fn Nothing(
    sign: Sign,
    title: Signal<&'static str>,
    text: Signal<&'static str>,
    /// A link or a button.
    #[prop(optional)]
    way: Option<AnyView>,
) -> impl IntoView {
    view! {
        <div class="state-box">
            <Icon sign/>
            <h2>{title}</h2>
            <p>{text}</p>
            {way}
        </div>
    }
}
