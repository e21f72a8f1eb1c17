//! The recipient of the tickets: the address of the account, or the address that a guest types.

use leptos::prelude::*;

use ui::{
    browser::{self, Keep},
    common,
    components::erased::{act, live, part, stated},
    components::icon::{Icon, Sign},
    i18n::use_i18n,
    state::session::SignedInUser,
    t_string, tx,
};

/// The storage key of the typed address, which is kept until the tab is closed.
const EMAIL: &str = "holdfast.email";

/// The address that a guest has typed.
#[derive(Clone, Copy)]
pub struct Address {
    email: RwSignal<String>,
    complaint: RwSignal<bool>,
    /// Whether the sign-in dialog is open. The typed address stays meanwhile.
    pub signing_in: RwSignal<bool>,
}

impl Address {
    /// Starts with the address that was typed before in this tab.
    pub fn new() -> Self {
        Self {
            email: RwSignal::new(browser::read(Keep::Tab, EMAIL).unwrap_or_default()),
            complaint: RwSignal::new(false),
            signing_in: RwSignal::new(false),
        }
    }

    /// Returns the address if it looks valid. Otherwise the field shows an error and gets the focus.
    pub fn checked(self) -> Option<String> {
        let address = self.email.get_untracked().trim().to_owned();
        let is_good = is_address(&address);
        self.complaint.set(!is_good);
        if !is_good {
            browser::focus("email");
        }
        is_good.then_some(address)
    }
}

/// Whether the text could be an address. The server checks it more strictly.
fn is_address(text: &str) -> bool {
    let text = text.trim();
    text.len() <= 254
        && !text.contains(char::is_whitespace)
        && text.split_once('@').is_some_and(|(name, host)| {
            !name.is_empty() && host.len() > 2 && host.contains('.') && !host.contains('@')
        })
}

/// The panel for the recipient.
#[component]
pub fn Details(address: Address) -> impl IntoView {
    let Address { email, complaint, signing_in } = address;
    let i18n = use_i18n();
    let account = SignedInUser::expect();
    let guest = {
        move || {
            view! {
                <div class="field">
                    <label for="email">{tx!(i18n, checkout.email)}</label>
                    <input
                        id="email"
                        name="email"
                        type="email"
                        autocomplete="email"
                        inputmode="email"
                        aria-describedby="email-help"
                        aria-required="true"
                        aria-invalid=stated(move || complaint.get())
                        prop:value=email
                        on:input=act(move |event| {
                            let text = event_target_value(&event);
                            browser::write(Keep::Tab, EMAIL, &text);
                            if is_address(&text) {
                                complaint.set(false);
                            }
                            email.set(text);
                        })
                    />
                    <p
                        id="email-help"
                        class="field-help"
                        class:is-error=complaint
                        prop:textContent=live(move || if complaint.get() {
                            t_string!(i18n, checkout.email_wrong).to_owned()
                        } else {
                            t_string!(i18n, checkout.email_help).to_owned()
                        })
                    ></p>
                </div>
                <p class="fine">
                    {tx!(i18n, checkout.or)} " "
                    <button
                        type="button"
                        class="link"
                        data-testid="sign-in-here"
                        on:click=act(move |_| signing_in.set(true))
                    >
                        {common!(i18n, sign_in)}
                    </button>
                </p>
            }
        }
    };
    view! {
        <section class="panel" aria-labelledby="details-title">
            <h2 id="details-title">{tx!(i18n, checkout.details)}</h2>
            {part(move || match account.profile() {
                Some(profile) => {
                    view! {
                        <p class="fact">
                            <Icon sign=Sign::User/>
                            <span>
                                {part(move || {
                                    t_string!(i18n, checkout.tickets_to, email = profile.email.as_str())
                                })}
                            </span>
                        </p>
                    }
                        .into_any()
                }
                None => guest().into_any(),
            })}
        </section>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_name_and_a_host() {
        for good in ["a@b.fr", " jo.doe+x@example.org "] {
            assert!(is_address(good), "{good}");
        }
        for bad in ["", "a", "a@", "@b.fr", "a@b", "a b@c.fr", "a@b@c.fr"] {
            assert!(!is_address(bad), "{bad}");
        }
    }
}
