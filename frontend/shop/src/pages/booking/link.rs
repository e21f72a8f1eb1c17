//! The link by which the visitor sees a booking without being its buyer on this device.

use leptos::prelude::*;
use ui::browser::{self, Keep};

/// The beginning of every token of a link.
const PREFIX: &str = "hb1.";
/// The beginning of the name under which this tab keeps the token of a booking.
const NAME: &str = "holdfast.link.";

/// The link to the booking of this page, if the visitor has one.
#[derive(Clone, Copy)]
pub struct VisitorLink {
    /// The token of the link.
    shown: StoredValue<Option<String>>,
    /// The token that allows what the buyer may do, once the visitor has entered a code.
    acting: StoredValue<Option<String>>,
}

impl VisitorLink {
    /// The token in the page's address, or the one that this tab keeps, so that a reload shows the booking again.
    pub fn of(reference: &str) -> Self {
        let name = format!("{NAME}{reference}");
        let came = browser::take_fragment();
        let shown = if came.starts_with(PREFIX) {
            browser::write(Keep::Tab, &name, &came);
            Some(came)
        } else {
            browser::read(Keep::Tab, &name)
        };
        Self { shown: StoredValue::new(shown), acting: StoredValue::new(None) }
    }

    /// The token that shows the booking, which may be passed on.
    pub fn token(self) -> Option<String> {
        self.shown.try_get_value().flatten()
    }

    /// The token that changes the booking, or else the one that shows it.
    pub fn acting(self) -> Option<String> {
        self.acting.try_get_value().flatten().or_else(|| self.token())
    }

    /// Takes the token that changes the booking. It is valid for a short time, and the tab does not keep it.
    pub fn act_by(self, token: String) {
        let _ = self.acting.try_set_value(Some(token));
    }
}
