//! A labelled field of a form, with the server's message about it.

use holdfast_contract::problem::Problem;
use leptos::prelude::*;

use super::erased::{act, live, stated};
use crate::{
    api::CallFailure,
    i18n::{Locale, use_i18n},
    t_string, words,
};

/// The message about this field, if the server found a fault in it. The server's own text is English, so it is shown
/// only for fields for which the page has no text.
fn field_error(locale: Locale, failure: Option<&CallFailure>, field: &str) -> Option<String> {
    let Some(CallFailure::Problem(problem)) = failure else { return None };
    let Problem { errors, .. } = &**problem;
    let error = errors.iter().find(|error| error.field == field)?;
    Some(words::field(locale, field).map_or_else(|| error.message.clone(), str::to_owned))
}

/// Whether a field must be filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filling {
    Required,
    Optional,
}

#[component]
pub fn Field(
    /// The field's name in the request body.
    name: &'static str,
    /// A prefix for the ids in the page, needed if another form has a field with this name.
    #[prop(default = "")]
    within: &'static str,
    label: Signal<&'static str>,
    #[prop(default = Filling::Required)] filling: Filling,
    /// The `type` of the input.
    #[prop(default = "text")]
    kind: &'static str,
    /// The `autocomplete` token of the input.
    autocomplete: &'static str,
    /// The text in the input.
    value: RwSignal<String>,
    /// The failure of the last request.
    failure: RwSignal<Option<CallFailure>>,
    /// A hint that says what the input must contain.
    #[prop(optional_no_strip)]
    hint: Option<Signal<&'static str>>,
) -> impl IntoView {
    let i18n = use_i18n();
    let error =
        move || failure.with(|failure| field_error(i18n.get_locale(), failure.as_ref(), name));
    let help =
        move || error().or_else(|| hint.map(|hint| hint.get().to_owned())).unwrap_or_default();
    let label = move || match filling {
        Filling::Required => label.get().to_owned(),
        Filling::Optional => t_string!(i18n, sign_in.optional, label = label.get()),
    };
    let id = format!("{within}{name}");
    let describes = format!("{id}-help");
    view! {
        <div class="field">
            <label for=id.clone() prop:textContent=live(label)></label>
            <input
                id=id
                name=name
                type=kind
                aria-required=(filling == Filling::Required).to_string()
                autocomplete=autocomplete
                aria-describedby=describes.clone()
                aria-invalid=stated(move || error().is_some())
                prop:value=value
                on:input=act(move |event| value.set(event_target_value(&event)))
            />
            <p
                id=describes
                class="field-help"
                class:is-error=live(move || error().is_some())
                prop:textContent=live(help)
            ></p>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use holdfast_contract::problem::{FieldError, ProblemType};

    use super::*;

    #[test]
    fn an_error_stands_at_its_field_in_the_language_of_the_page() {
        let mut problem = Problem::new(ProblemType::WeakPassword, "");
        problem.errors = ["password", "discount_code"]
            .map(|field| FieldError { field: field.into(), message: "too short".into() })
            .to_vec();
        let failure = CallFailure::Problem(Box::new(problem));
        let error = |field| field_error(Locale::fr, Some(&failure), field);
        assert!(error("password").is_some_and(|text| text.contains("8 caractères")));
        assert_eq!(error("discount_code").as_deref(), Some("too short"));
        assert_eq!(error("email"), None);
        assert_eq!(field_error(Locale::fr, None, "email"), None);
    }
}
