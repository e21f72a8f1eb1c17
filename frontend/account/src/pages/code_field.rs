//! The field for the six-digit code of a mail.
//!
//! The field is one input over six boxes, so that a paste, a password manager, a screen reader and the keys of every
//! device work as in any other input.

use leptos::{html, prelude::*, web_sys};
use ui::{
    api::CallFailure,
    components::{
        erased::{act, follow, known, live, part},
        failure::FailureNote,
    },
    i18n::use_i18n,
    t_string, tx,
};

use super::asking::focus;

/// The number of digits of a code.
const DIGITS: usize = 6;
/// The boxes behind the input.
const BOXES: &str = "<i></i><i></i><i></i><i></i><i></i><i></i>";
/// The id of the input.
const ID: &str = "mail-code";
/// The fields of a request that the server names when the code does not count.
const SECRETS: &[&str] = &["token", "code"];

/// The code that a visitor types.
#[derive(Clone, Copy)]
pub struct TypedCode {
    digits: RwSignal<String>,
    /// Whether the form was sent with too few digits.
    is_short: RwSignal<bool>,
    /// The code that was sent last. A code that was refused is sent again only by the button.
    sent: StoredValue<String>,
}

impl TypedCode {
    pub fn new() -> Self {
        Self {
            digits: RwSignal::new(String::new()),
            is_short: RwSignal::new(false),
            sent: StoredValue::new(String::new()),
        }
    }

    /// The code, if it has all digits. Otherwise the field says so, and gets the focus.
    pub fn complete(self) -> Option<String> {
        let digits = self.digits.get_untracked();
        let is_short = digits.len() < DIGITS;
        self.is_short.set(is_short);
        if is_short {
            focus(ID);
            return None;
        }
        self.sent.set_value(digits.clone());
        Some(digits)
    }

    /// Takes what is in the input now, and writes the digits back. Returns whether the code is complete and new.
    fn take(self, input: &web_sys::HtmlInputElement) -> bool {
        let text = input.value();
        let caret = input.selection_end().ok().flatten().unwrap_or(u32::MAX) as usize;
        let code = code_in(&text);
        // Of other texts, what was cut off may have been a part of another number.
        let digits_of_text = text.chars().filter(char::is_ascii_digit).count();
        let is_cut = code.is_none() && digits_of_text > DIGITS;
        let (digits, caret) = code.map_or_else(
            || digits_of(&text, caret),
            |code| {
                let end = code.len();
                (code, end)
            },
        );
        if digits != text {
            input.set_value(&digits);
            let caret = u32::try_from(caret).unwrap_or_default();
            let _ = input.set_selection_range(caret, caret);
        }
        self.is_short.set(false);
        self.digits.set(digits);
        self.digits.with_untracked(|digits| {
            digits.len() == DIGITS && !is_cut && self.sent.with_value(|sent| sent != digits)
        })
    }
}

/// The code in a text that somebody pasted: `123 456`, or a whole sentence of the mail.
fn code_in(text: &str) -> Option<String> {
    let groups = groups_of(text);
    if let Some((code, _)) = groups.iter().find(|(group, _)| group.len() == DIGITS) {
        return Some((*code).to_owned());
    }
    (0..groups.len()).find_map(|from| {
        let mut code = String::new();
        for (group, follows) in &groups[from..] {
            if !code.is_empty() && !follows {
                return None;
            }
            code.push_str(group);
            if code.len() >= DIGITS {
                break;
            }
        }
        (code.len() == DIGITS).then_some(code)
    })
}

/// The groups of digits in a text, each with whether only a space, a hyphen or a point is between it and the group before.
fn groups_of(text: &str) -> Vec<(&str, bool)> {
    let mut groups = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(|sign: char| sign.is_ascii_digit()) {
        let between = &rest[..start];
        let digits = &rest[start..];
        let end = digits.find(|sign: char| !sign.is_ascii_digit()).unwrap_or(digits.len());
        let mut signs = between.chars();
        let follows =
            signs.next().is_some_and(|it| it.is_whitespace() || "-.\u{2010}\u{2011}".contains(it))
                && signs.next().is_none();
        groups.push((&digits[..end], follows));
        rest = &digits[end..];
    }
    groups
}

/// The digits in the input and the place of the caret among them, `caret` counted in UTF-16. If there are too many digits,
/// those that were just typed stand before the caret, and replace those after it.
fn digits_of(text: &str, caret: usize) -> (String, usize) {
    let (mut before, mut after, mut at) = (String::new(), String::new(), 0);
    for sign in text.chars() {
        if sign.is_ascii_digit() {
            if at < caret { &mut before } else { &mut after }.push(sign);
        }
        at += sign.len_utf16();
    }
    before.truncate(DIGITS);
    let surplus = (before.len() + after.len()).saturating_sub(DIGITS);
    let caret = before.len();
    before.push_str(&after[surplus.min(after.len())..]);
    (before, caret)
}

/// The field, and above it what failed apart from the code.
#[component]
pub fn CodeField(
    code: TypedCode,
    /// The failure of the last request.
    failure: RwSignal<Option<CallFailure>>,
    /// Called when the last digit is typed, if the form needs nothing else. A code is sent that way only once.
    #[prop(optional)]
    filled: Option<Callback<()>>,
) -> impl IntoView {
    let i18n = use_i18n();
    let input = NodeRef::<html::Input>::new();
    let is_refused =
        known(move || failure.with(|it| it.as_ref().is_some_and(|it| it.names(SECRETS))));
    // The next digits replace the refused ones.
    follow(move || {
        if is_refused.get()
            && let Some(input) = input.get_untracked()
        {
            let _ = input.focus();
            input.select();
        }
    });
    let error = move || {
        if is_refused.get() {
            t_string!(i18n, reset.no_proof)
        } else if code.is_short.get() {
            t_string!(i18n, code_field.short)
        } else {
            ""
        }
    };
    let hint = move || {
        if filled.is_some() {
            t_string!(i18n, code_field.hint_sends)
        } else {
            t_string!(i18n, code_field.hint)
        }
    };
    let typed = move |_| {
        let Some(input) = input.get_untracked() else { return };
        if code.take(&input)
            && let Some(filled) = filled
        {
            filled.run(());
        }
    };
    let is_wrong = known(move || is_refused.get() || code.is_short.get());
    view! {
        {part(move || (!is_refused.get()).then(|| view! { <FailureNote failure/> }))}
        <div class="field">
            <label for=ID>{tx!(i18n, forgot.code)}</label>
            <div class="code">
                <div class="code-boxes" aria-hidden="true" inner_html=BOXES></div>
                <input
                    node_ref=input
                    id=ID
                    name=ID
                    type="text"
                    dir="ltr"
                    inputmode="numeric"
                    autocomplete="one-time-code"
                    autocapitalize="off"
                    spellcheck="false"
                    aria-required="true"
                    aria-describedby="mail-code-error mail-code-help"
                    aria-invalid=live(move || if is_wrong.get() { "true" } else { "false" })
                    // A pasted code replaces the digits in the input.
                    on:paste=act(move |_| {
                        if let Some(input) = input.get_untracked() {
                            input.select();
                        }
                    })
                    on:input=act(typed)
                />
            </div>
            <div role="alert" id="mail-code-error">
                {part(move || {
                    let error = error();
                    (!error.is_empty())
                        .then(|| {
                            let test_id = if is_refused.get() { "no-proof" } else { "short-code" };
                            view! {
                                <p class="field-help is-error" data-testid=test_id>
                                    {error}
                                </p>
                            }
                        })
                })}
            </div>
            <p id="mail-code-help" class="field-help" prop:textContent=live(hint)></p>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_in_what_people_paste() {
        for (text, code) in [
            ("123456", Some("123456")),
            ("123 456", Some("123456")),
            (" 123-456 ", Some("123456")),
            ("12 34 56", Some("123456")),
            ("1 2 3 4 5 6", Some("123456")),
            ("123\u{a0}456", Some("123456")),
            ("Your code is 123456. It is valid for 24 hours.", Some("123456")),
            ("Valid for 24 hours: 123 456", Some("123456")),
            ("Le code : 123456", Some("123456")),
            ("24123456", None),
            ("12345", None),
            ("123, and 456", None),
            ("", None),
        ] {
            assert_eq!(code_in(text).as_deref(), code, "{text}");
        }
    }

    #[test]
    fn only_digits_stay_and_a_full_field_is_typed_over() {
        for (text, caret, digits, then) in [
            ("12a", 3, "12", 2),
            ("1x2", 2, "12", 1),
            ("1234567", 7, "123456", 6),
            ("1293456", 3, "129456", 3),
            ("😀12", 3, "12", 1),
            ("", 0, "", 0),
        ] {
            assert_eq!(digits_of(text, caret), (digits.to_owned(), then), "{text}");
        }
    }
}
