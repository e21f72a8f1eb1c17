//! A complaint about the content of a field.

use leptos::prelude::*;

/// The text below a field, empty while nothing is wrong. The element is always there, so that screen readers hear the text
/// when it appears.
#[component]
pub fn Complaint(
    /// The id to which the field's `aria-describedby` refers.
    id: &'static str,
    text: Signal<&'static str>,
) -> impl IntoView {
    view! { <p id=id class="field-help is-error" role="alert" prop:textContent=text></p> }
}
