//! A labelled field of a form, with the server's message about it.

use holdfast_contract::problem::Problem;
use leptos::prelude::*;

use super::erased::{act, live, part};
use crate::api::Failure;

/// The server's message about this field.
fn field_error(failure: Option<&Failure>, field: &str) -> Option<String> {
    let Some(Failure::Problem(problem)) = failure else { return None };
    let Problem { errors, .. } = &**problem;
    errors.iter().find(|error| error.field == field).map(|error| error.message.clone())
}

#[component]
pub fn Field(
    /// The field's name in the request body.
    name: &'static str,
    /// A prefix for the ids in the page, needed if another form has a field with this name.
    #[prop(default = "")]
    within: &'static str,
    label: Signal<&'static str>,
    /// The `type` of the input.
    #[prop(default = "text")]
    kind: &'static str,
    /// The `autocomplete` token of the input.
    autocomplete: &'static str,
    /// The text in the input.
    value: RwSignal<String>,
    /// The failure of the last request.
    failure: RwSignal<Option<Failure>>,
    /// A hint that says what the input must contain.
    #[prop(optional_no_strip)]
    hint: Option<Signal<&'static str>>,
) -> impl IntoView {
    let error = move || failure.with(|failure| field_error(failure.as_ref(), name));
    let id = format!("{within}{name}");
    let describes = format!("{id}-help");
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            <input
                id=id
                name=name
                type=kind
                required
                autocomplete=autocomplete
                aria-describedby=describes.clone()
                aria-invalid=live(move || if error().is_some() { "true" } else { "false" })
                prop:value=value
                on:input=act(move |event| value.set(event_target_value(&event)))
            />
            <p id=describes class="field-help" class:is-error=live(move || error().is_some())>
                {part(move || error().or_else(|| hint.map(|hint| hint.get().to_owned())))}
            </p>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use holdfast_contract::problem::ProblemType;

    use super::*;

    #[test]
    fn an_error_stands_at_its_field() {
        let mut problem = Problem::new(ProblemType::WeakPassword, "");
        problem.errors = vec![holdfast_contract::problem::FieldError {
            field: "password".into(),
            message: "too short".into(),
        }];
        let failure = Failure::Problem(Box::new(problem));
        assert_eq!(field_error(Some(&failure), "password").as_deref(), Some("too short"));
        assert_eq!(field_error(Some(&failure), "email"), None);
        assert_eq!(field_error(None, "email"), None);
    }
}
