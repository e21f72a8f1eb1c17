//! The addresses of the pages, and which front-end program draws each page.
//!
//! The server and the front-end programs share this one table. The server uses it to choose the shell page and the HTTP
//! status for an address. A program uses it to recognize links that lead to another program. The table never draws or
//! routes anything itself.

use uuid::Uuid;

use crate::legal::LegalKind;

/// A program of the front end. Each program has its own shell page, `<name>.html`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::VariantArray)]
pub enum Program {
    /// The pages of buyers: the list of events, the hall, checkout and the booking.
    Shop,
    /// The pages of a visitor's account: signing in, registering, and the list of bookings.
    Account,
    /// The pages for organizers and administrators.
    Desk,
}

impl Program {
    /// The program's name in file names, such as `shop.html`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Shop => "shop",
            Self::Account => "account",
            Self::Desk => "desk",
        }
    }

    /// The program that draws the page at this address. The shop draws the "not found" page of addresses that do not
    /// exist.
    pub fn of(path: &str) -> Self {
        Page::at(path).map_or(Self::Shop, Page::program)
    }
}

/// A page, with the part of its address that identifies the shown object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page<'a> {
    /// `/`, the list of events.
    Events,
    /// `/events/{slug or id}`, one event with its seats. The value is the slug or id as the address contains it.
    Event(&'a str),
    /// `/checkout/{reservation ids}`, the payment for one or more reservations.
    Checkout,
    /// `/bookings/{reference}`, one booking with its tickets.
    Booking,
    /// `/bookings`, the list of the visitor's bookings.
    MyBookings,
    /// `/find-booking`, the form that asks for a mail with links to bookings.
    FindBooking,
    /// `/account`, the signed-in user's profile, password and sessions.
    MyAccount,
    /// `/email`, which proves a new address of the account, or takes its change back. The mails lead to it.
    NewEmail,
    /// `/apply`, the application for an organization.
    Apply,
    /// `/invitation`, which makes the user a member of an organization. The mail leads to it.
    Invitation,
    /// `/organizations/{slug}`, what an organization says about itself. The value is the slug as the address contains it.
    Organization(&'a str),
    /// `/terms`, `/privacy`, `/cookies` and `/imprint`, the legal documents of the shop.
    Legal(LegalKind),
    /// `/settings`, the language, the colours and the mails.
    Settings,
    /// `/login`, the form with which a user signs in.
    SignIn,
    /// `/register`, the form that creates an account.
    Register,
    /// `/activate`, which proves the address of a new account. The mail leads to it.
    Activate,
    /// `/forgot`, the form that asks for a mail for a new password.
    ForgotPassword,
    /// `/reset`, the form for a new password, to which the mail leads.
    ResetPassword,
    /// `/desk`, the events that the signed-in organizer manages.
    MyEvents,
    /// `/desk/organizations`, the organizations of the signed-in organizer, with their members.
    Organizations,
    /// `/desk/attention`, the checkouts and refunds that need an administrator.
    Attention,
    /// `/desk/users`, the users of the installation, for administrators.
    Users,
}

impl<'a> Page<'a> {
    /// The page at this address. `path` has no query. Returns `None` if there is no such page.
    pub fn at(path: &'a str) -> Option<Self> {
        let path = path.strip_prefix('/')?;
        let path = path.strip_suffix('/').filter(|rest| !rest.is_empty()).unwrap_or(path);
        let mut parts = path.split('/');
        let first = parts.next()?;
        match (first, parts.next(), parts.next()) {
            ("", None, None) => Some(Self::Events),
            ("events", Some(name), None) if !name.is_empty() => Some(Self::Event(name)),
            ("checkout", Some(ids), None) if !ids.is_empty() => Some(Self::Checkout),
            ("bookings", Some(reference), None) if !reference.is_empty() => Some(Self::Booking),
            ("bookings", None, None) => Some(Self::MyBookings),
            ("find-booking", None, None) => Some(Self::FindBooking),
            ("account", None, None) => Some(Self::MyAccount),
            ("email", None, None) => Some(Self::NewEmail),
            ("apply", None, None) => Some(Self::Apply),
            ("invitation", None, None) => Some(Self::Invitation),
            ("organizations", Some(slug), None) if !slug.is_empty() => {
                Some(Self::Organization(slug))
            }
            ("settings", None, None) => Some(Self::Settings),
            ("login", None, None) => Some(Self::SignIn),
            ("register", None, None) => Some(Self::Register),
            ("activate", None, None) => Some(Self::Activate),
            ("forgot", None, None) => Some(Self::ForgotPassword),
            ("reset", None, None) => Some(Self::ResetPassword),
            ("desk", None, None) => Some(Self::MyEvents),
            ("desk", Some("organizations"), None) => Some(Self::Organizations),
            ("desk", Some("attention"), None) => Some(Self::Attention),
            ("desk", Some("users"), None) => Some(Self::Users),
            (kind, None, None) => LegalKind::parse(kind).map(Self::Legal),
            _ => None,
        }
    }

    /// The program that draws the page.
    pub const fn program(self) -> Program {
        match self {
            Self::Events | Self::Event(_) | Self::Checkout | Self::Booking => Program::Shop,
            Self::SignIn
            | Self::Register
            | Self::Activate
            | Self::ForgotPassword
            | Self::ResetPassword
            | Self::MyBookings
            | Self::FindBooking
            | Self::MyAccount
            | Self::NewEmail
            | Self::Apply
            | Self::Settings
            | Self::Invitation
            | Self::Organization(_)
            | Self::Legal(_) => Program::Account,
            Self::MyEvents | Self::Organizations | Self::Attention | Self::Users => Program::Desk,
        }
    }
}

/// The first API requests of each page, as paths below the API's base path.
///
/// The shell page starts these requests while the browser still downloads the program. The program then takes over the
/// responses. Both must use exactly the same path, so both call these functions.
pub mod requests {
    use super::Uuid;

    /// The page size that the front end requests for lists: the largest size that the API allows.
    pub const LIST_LIMIT: u32 = 100;

    /// The request for the list of events.
    pub fn events() -> String {
        format!("/events?limit={LIST_LIMIT}")
    }

    /// The request for one event. `name` is its slug or id, already percent-encoded.
    pub fn event(name: &str) -> String {
        format!("/events/{name}")
    }

    /// The request for the layout of the event's seats.
    pub fn seat_map(event: Uuid) -> String {
        format!("/events/{event}/seats")
    }

    /// The request for the seats that are not available.
    pub fn seat_states(event: Uuid) -> String {
        format!("/events/{event}/seats?state=only")
    }

    /// The request for the event's sections.
    pub fn sections(event: Uuid) -> String {
        format!("/events/{event}/sections")
    }

    /// The request for the event's offers.
    pub fn offers(event: Uuid) -> String {
        format!("/events/{event}/offers?limit={LIST_LIMIT}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, page: Option<Page<'_>>) {
        assert_eq!(Page::at(path), page, "{path}");
    }

    #[test]
    fn an_address_has_one_page_or_none() {
        check("/", Some(Page::Events));
        check("/events/gala", Some(Page::Event("gala")));
        check("/events/gala/", Some(Page::Event("gala")));
        check("/checkout/1,2", Some(Page::Checkout));
        check("/bookings/HF-1", Some(Page::Booking));
        check("/bookings", Some(Page::MyBookings));
        check("/find-booking", Some(Page::FindBooking));
        check("/settings", Some(Page::Settings));
        check("/login", Some(Page::SignIn));
        check("/register/", Some(Page::Register));
        check("/terms", Some(Page::Legal(LegalKind::Terms)));
        check("/imprint/", Some(Page::Legal(LegalKind::Imprint)));
        check("/desk", Some(Page::MyEvents));
        check("/desk/attention", Some(Page::Attention));
        for none in [
            "",
            "login",
            "//login",
            "/events",
            "/events/",
            "/events/a/b",
            "/desk/no",
            "/terms/x",
            "/no",
        ] {
            check(none, None);
        }
    }

    #[test]
    fn an_unknown_address_is_drawn_by_the_shop() {
        assert_eq!(Program::of("/nowhere"), Program::Shop);
        assert_eq!(Program::of("/desk/attention"), Program::Desk);
        assert_eq!(Program::of("/login"), Program::Account);
    }
}
