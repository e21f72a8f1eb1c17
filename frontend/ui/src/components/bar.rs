//! A message below the header. Screen readers read it when it appears.

use leptos::prelude::*;

use super::icon::{Icon, Sign};
use crate::components::erased::part;

#[component]
pub fn Bar(
    /// The class name of the bar in the style sheet.
    class: &'static str,
    /// The `data-testid`, by which browser tests find the bar.
    test_id: &'static str,
    sign: Sign,
    /// Whether there is something to say.
    shown: Memo<bool>,
    text: Signal<String>,
    /// The link after the text.
    #[prop(optional)]
    children: Option<ChildrenFn>,
) -> impl IntoView {
    view! {
        <div role="status">
            {part(move || {
                shown
                    .get()
                    .then(|| {
                        view! {
                            <p class=class data-testid=test_id>
                                <Icon sign/>
                                <span prop:textContent=text></span>
                                {children.as_ref().map(|link| link())}
                            </p>
                        }
                    })
            })}
        </div>
    }
}
