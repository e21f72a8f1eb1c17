//! The field for the six-digit code of a mail.
//!
//! The field is one input over six boxes, so that a paste, a password manager, a screen reader and the keys of every
//! device work as in any other input.

use leptos::{html, prelude::*};
use web_sys::HtmlInputElement;

use super::{
    erased::{act, follow, known, live, part, stated},
    failure::FailureNote,
};
use crate::{
    api::CallFailure,
    browser,
    i18n::{Locale, text, use_i18n},
    t_string, td_string, tx,
};

/// The number of digits of a code.
const DIGITS: usize = 6;
/// The boxes behind the input.
const BOXES: &str = "<i></i><i></i><i></i><i></i><i></i><i></i>";
/// The id of the input.
pub const CODE_ID: &str = "mail-code";
/// The fields of a request that the server names when the code does not count.
pub const SECRETS: &[&str] = &["token", "code"];

/// The text about a link or a code of a mail that does not count.
pub fn no_proof(locale: Locale) -> &'static str {
    td_string!(locale, code_field.no_proof)
}

/// The code that a visitor types.
#[derive(Clone, Copy)]
pub struct TypedCode {
    digits: RwSignal<String>,
    /// Whether the form was sent with too few digits.
    is_short: RwSignal<bool>,
    /// Whether the last change has made a code that can be sent by itself.
    is_ready: RwSignal<bool>,
    /// The code that was sent last. A code that was refused is sent again only by the button.
    sent: StoredValue<String>,
}

impl TypedCode {
    pub fn new() -> Self {
        Self {
            digits: RwSignal::new(String::new()),
            is_short: RwSignal::new(false),
            is_ready: RwSignal::new(false),
            sent: StoredValue::new(String::new()),
        }
    }

    /// Empties the field: the digits are of an earlier mail.
    pub fn clear(self) {
        let _ = self.digits.try_set(String::new());
    }

    /// The code, if it has all digits. Otherwise the field says so, and gets the focus.
    pub fn complete(self) -> Option<String> {
        let digits = self.digits.get_untracked();
        let is_short = digits.len() < DIGITS;
        self.is_short.set(is_short);
        if is_short {
            browser::focus(CODE_ID);
            return None;
        }
        self.sent.set_value(digits.clone());
        Some(digits)
    }

    /// Whether the digits in the input are the code that was sent last.
    fn is_as_sent(self) -> bool {
        self.digits.with_untracked(|digits| self.sent.with_value(|sent| sent == digits))
    }

    /// Takes what is in the input now, and writes the digits back.
    fn take(self, input: &HtmlInputElement) {
        let text = input.value();
        let caret = input.selection_end().ok().flatten().unwrap_or(u32::MAX) as usize;
        let code = code_in(&text);
        // If a text without a clear code has more than six digits, the first six may belong to another number, so nothing is sent.
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
        let is_complete = digits.len() == DIGITS && !is_cut;
        self.digits.set(digits);
        self.is_ready.set(is_complete && !self.is_as_sent());
    }
}

impl Default for TypedCode {
    fn default() -> Self {
        Self::new()
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

/// How the field sends a form that needs nothing but the code.
#[derive(Clone, Copy)]
pub struct SendsItself {
    /// Whether the form needs nothing but the code, as long as it is open.
    pub is_enough: Signal<bool>,
    /// Whether a request is under way. A code that is typed meanwhile is sent after it.
    pub busy: RwSignal<bool>,
    /// Called when the last digit is typed. A code is sent that way only once.
    pub send: Callback<()>,
}

/// Whether the server refuses the code; reactive.
fn is_about_code(failure: RwSignal<Option<CallFailure>>) -> bool {
    failure.with(|failure| failure.as_ref().is_some_and(|failure| failure.names(SECRETS)))
}

/// The field, and above it what failed apart from the code.
#[component]
pub fn CodeField(
    code: TypedCode,
    /// The failure of the last request.
    failure: RwSignal<Option<CallFailure>>,
    /// The failure of another request that sends the code.
    #[prop(optional)]
    also: Option<RwSignal<Option<CallFailure>>>,
    /// The text about a code that the server refuses. Without it, the text names the link of the same mail too.
    #[prop(optional)]
    refused: Option<Signal<&'static str>>,
    /// The id of another text that describes the field.
    #[prop(default = "")]
    described_by: &'static str,
    #[prop(optional)] sends: Option<SendsItself>,
) -> impl IntoView {
    let i18n = use_i18n();
    let is_refused = known(move || is_about_code(failure) || also.is_some_and(is_about_code));
    let refused = refused.unwrap_or_else(|| text(i18n, no_proof));
    let notes = move || {
        (!is_refused.get()).then(|| {
            let also = also.map(|failure| view! { <FailureNote failure/> });
            view! { <FailureNote failure/> {also} }
        })
    };
    let error = move || {
        let (error, test_id) = if is_refused.get() {
            (refused.get(), "no-proof")
        } else if code.is_short.get() {
            (t_string!(i18n, code_field.short), "short-code")
        } else {
            return None;
        };
        Some(view! { <p class="field-help is-error" data-testid=test_id>{error}</p> })
    };
    let is_enough = move || sends.is_some_and(|it| it.is_enough.get());
    let hint = move || {
        if is_enough() {
            t_string!(i18n, code_field.hint_sends)
        } else {
            t_string!(i18n, code_field.hint)
        }
    };
    if let Some(sends) = sends {
        follow(move || {
            let (is_busy, is_ready) = (sends.busy.get(), code.is_ready.get());
            if is_enough() && is_ready && !is_busy {
                code.is_ready.set(false);
                sends.send.run(());
            }
        });
    }
    view! {
        {part(notes)}
        <div class="field">
            <label for=CODE_ID>{tx!(i18n, code_field.label)}</label>
            <CodeInput code is_refused described_by/>
            <div role="alert" id="mail-code-error">{part(error)}</div>
            <p id="mail-code-help" class="field-help" prop:textContent=live(hint)></p>
        </div>
    }
}

/// The input over its boxes.
#[component]
fn CodeInput(
    code: TypedCode,
    /// Whether the server refuses the code.
    is_refused: Memo<bool>,
    described_by: &'static str,
) -> impl IntoView {
    let input = NodeRef::<html::Input>::new();
    let descriptions = format!("mail-code-error mail-code-help {described_by}");
    // The next digits replace the refused ones. Digits that were typed during the request are no part of its code.
    follow(move || {
        if is_refused.get()
            && code.is_as_sent()
            && let Some(input) = input.get_untracked()
        {
            let _ = input.focus();
            input.select();
        }
    });
    let typed = move |_| {
        if let Some(input) = input.get_untracked() {
            code.take(&input);
        }
    };
    // A pasted code replaces the digits in the input.
    let pastes = move |_| {
        if let Some(input) = input.get_untracked() {
            input.select();
        }
    };
    view! {
        <div class="code">
            <div class="code-boxes" aria-hidden="true" inner_html=BOXES></div>
            <input
                node_ref=input
                id=CODE_ID
                name=CODE_ID
                type="text"
                dir="ltr"
                inputmode="numeric"
                autocomplete="one-time-code"
                autocapitalize="off"
                spellcheck="false"
                aria-required="true"
                aria-describedby=descriptions.trim_end().to_owned()
                aria-invalid=stated(move || is_refused.get() || code.is_short.get())
                prop:value=code.digits
                on:paste=act(pastes)
                on:input=act(typed)
            />
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
