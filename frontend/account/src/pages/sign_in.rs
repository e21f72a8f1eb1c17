//! `/login`: the form with which a user signs in.

use leptos::prelude::*;
use ui::{
    common,
    components::sign_in::{Sending, Typed, TypedFields},
    i18n::{self, use_i18n},
    tx,
};

use super::form::AccountForm;
use crate::way_back::{after_sign_in, with_return};

#[component]
pub fn SignInPage() -> impl IntoView {
    let i18n = use_i18n();
    let (typed, sending) = (Typed::new(), Sending::new(after_sign_in()));
    i18n::title(i18n, i18n::sign_in);
    view! {
        <AccountForm
            title=common!(i18n, sign_in)
            test_id="login-button"
            failure=sending.failure
            busy=sending.busy
            send=move |()| typed.sign_in(sending)
            question=tx!(i18n, sign_in.no_account)
            other=tx!(i18n, register.title)
            other_path="/register"
        >
            <TypedFields typed failure=sending.failure autocomplete="current-password"/>
            <label class="check">
                <input
                    type="checkbox"
                    data-testid="remember"
                    prop:checked=typed.remember
                    on:change=move |event| typed.remember.set(event_target_checked(&event))
                />
                {tx!(i18n, sign_in.remember)}
            </label>
            <p class="fine">
                <a href=with_return("/forgot") data-testid="forgot-link">{tx!(i18n, forgot.title)}</a>
            </p>
            <p class="fine">
                <a href=with_return("/activate") data-testid="activate-link">
                    {tx!(i18n, activate.ask)}
                </a>
            </p>
        </AccountForm>
    }
}
