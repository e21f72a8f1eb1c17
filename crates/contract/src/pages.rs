//! The addresses of the pages and the program that draws each: the one table that server and programs share.
//!
//! The server chooses by it which shell it sends, and with which status; a program chooses by it which links leave it.

use uuid::Uuid;

/// A program of the front end. Each has its own shell page, `<name>.html`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Program {
    /// The pages of buyers: the list of events, the hall, checkout and the booking.
    Shop,
    /// Signing in and registering.
    Account,
    /// The desk of organizers and administrators.
    Desk,
}

impl Program {
    /// Every program.
    pub const ALL: [Self; 3] = [Self::Shop, Self::Account, Self::Desk];

    /// Its name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Shop => "shop",
            Self::Account => "account",
            Self::Desk => "desk",
        }
    }

    /// The program that draws this address. The shop draws the page of addresses that do not exist.
    pub fn of(path: &str) -> Self {
        Page::at(path).map_or(Self::Shop, Page::program)
    }
}

/// A page, with the part of its address that names something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page<'a> {
    /// `/`, the list of events.
    Events,
    /// `/events/{slug or id}`.
    Event(&'a str),
    /// `/checkout/{reservation ids}`.
    Checkout,
    /// `/bookings/{reference}`.
    Booking,
    /// `/login`.
    SignIn,
    /// `/register`.
    Register,
    /// `/desk`, the events of the organizer.
    MyEvents,
    /// `/desk/attention`, the checkouts that wait for an administrator.
    Attention,
}

impl<'a> Page<'a> {
    /// The page of this address (its path, without a query); nothing where there is no such page.
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
            ("login", None, None) => Some(Self::SignIn),
            ("register", None, None) => Some(Self::Register),
            ("desk", None, None) => Some(Self::MyEvents),
            ("desk", Some("attention"), None) => Some(Self::Attention),
            _ => None,
        }
    }

    /// The program that draws it.
    pub const fn program(self) -> Program {
        match self {
            Self::Events | Self::Event(_) | Self::Checkout | Self::Booking => Program::Shop,
            Self::SignIn | Self::Register => Program::Account,
            Self::MyEvents | Self::Attention => Program::Desk,
        }
    }
}

/// The requests that pages begin with, below the API's base path. The shell starts them beside the program's download
/// and the program takes their answers over, so both write them in the same words.
pub mod requests {
    use super::Uuid;

    /// The largest page of a list that is asked for.
    pub const LIST_LIMIT: u32 = 100;

    /// The list of events.
    pub fn events() -> String {
        format!("/events?limit={LIST_LIMIT}")
    }

    /// An event by its id or slug, which is already encoded for an address.
    pub fn event(name: &str) -> String {
        format!("/events/{name}")
    }

    /// The layout of the event's seats.
    pub fn seat_map(event: Uuid) -> String {
        format!("/events/{event}/seats")
    }

    /// The seats that are not available.
    pub fn seat_states(event: Uuid) -> String {
        format!("/events/{event}/seats?state=only")
    }

    /// The event's sections.
    pub fn sections(event: Uuid) -> String {
        format!("/events/{event}/sections")
    }

    /// The event's offers.
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
        check("/login", Some(Page::SignIn));
        check("/register/", Some(Page::Register));
        check("/desk", Some(Page::MyEvents));
        check("/desk/attention", Some(Page::Attention));
        for none in
            ["", "login", "//login", "/events", "/events/", "/events/a/b", "/desk/no", "/no"]
        {
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
