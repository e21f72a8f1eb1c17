//! The offers that apply to a seat or a section, the cheapest of them, and the seats that no offer sells now.
//!
//! These prices are only shown. The buyer pays the price that the server fixed when the seats were held.

use holdfast_contract::{
    catalogue::{Event, EventStatus, Offer},
    money::Money,
};
use uuid::Uuid;

use super::model::Hall;

/// The offers of an event, and the sale of the event itself.
#[derive(Debug, Clone)]
pub struct Prices {
    offers: Vec<Offer>,
    event: EventSale,
    now: String,
}

/// The sale window of the event. Outside of this window, no offer is on sale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventSale {
    status: EventStatus,
    starts_at: String,
    ends_at: String,
}

impl Prices {
    /// Whether both contain the same offers and the same sale, at whatever time.
    pub fn are_those_of(&self, other: &Self) -> bool {
        self.offers == other.offers && self.event == other.event
    }
}

impl EventSale {
    pub fn of(event: &Event) -> Self {
        Self {
            status: event.status,
            starts_at: event.sale_starts_at.clone(),
            ends_at: event.sale_ends_at.clone(),
        }
    }
}

/// Whether an offer is on sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sale<'a> {
    /// The offer is on sale now.
    Now,
    /// The offer is on sale from this time on (RFC 3339).
    From(&'a str),
    /// The sale of the offer has ended.
    Ended,
    /// The event was cancelled and sells nothing more.
    Cancelled,
    /// The event is a draft.
    Unpublished,
}

/// The pairs of section and category that no offer sells now: nobody can buy their seats, whatever their state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClosedPairs(Vec<(usize, u8)>);

impl ClosedPairs {
    /// Whether no offer sells the seats of this category in this section.
    pub fn has(&self, section: usize, category: u8) -> bool {
        self.0.binary_search(&(section, category)).is_ok()
    }
}

impl Prices {
    /// Keeps the offers in the order of the server. If a request names no offer, the server takes the first offer that
    /// applies and is on sale. `now` is the server's time in the form in which the server writes times. All such times
    /// have the same length and are in UTC, so they compare as texts.
    pub fn new(offers: Vec<Offer>, event: EventSale, now: String) -> Self {
        Self { offers, event, now }
    }

    /// Whether the offer is on sale now.
    pub fn sale<'a>(&'a self, offer: &'a Offer) -> Sale<'a> {
        self.sale_at(offer, &self.now)
    }

    fn sale_at<'a>(&'a self, offer: &'a Offer, now: &str) -> Sale<'a> {
        match self.event.status {
            EventStatus::Cancelled => return Sale::Cancelled,
            EventStatus::Draft => return Sale::Unpublished,
            EventStatus::Completed => return Sale::Ended,
            EventStatus::Upcoming | EventStatus::OnSale | EventStatus::SoldOut => {}
        }
        let (starts_at, ends_at) = (self.event.starts_at.as_str(), self.event.ends_at.as_str());
        let from = offer.sale_starts_at.as_deref().map_or(starts_at, |own| own.max(starts_at));
        let until = offer.sale_ends_at.as_deref().map_or(ends_at, |own| own.min(ends_at));
        if until <= now {
            Sale::Ended
        } else if now < from {
            Sale::From(from)
        } else {
            Sale::Now
        }
    }

    /// When the sale of the event begins. `None` if it has begun.
    pub fn opens_at(&self) -> Option<&str> {
        let from = self.event.starts_at.as_str();
        (self.now.as_str() < from).then_some(from)
    }

    /// The same offers at another time. `None` if no offer begins or ends between the two times.
    pub fn moved_on(&self, now: &str) -> Option<Self> {
        let turns = self.offers.iter().any(|it| self.sale_at(it, now) != self.sale(it));
        turns.then(|| Self { now: now.to_owned(), ..self.clone() })
    }

    fn selling(&self) -> impl Iterator<Item = &Offer> {
        self.offers.iter().filter(|offer| self.sale(offer) == Sale::Now)
    }

    /// The offers whose prices the map shows: those whose own window is open now or, before the sale of the event, at
    /// the beginning of that sale.
    fn shown(&self) -> impl Iterator<Item = &Offer> {
        let at = self.now.as_str().max(self.event.starts_at.as_str());
        self.offers.iter().filter(move |offer| {
            offer.sale_starts_at.as_deref().is_none_or(|from| from <= at)
                && offer.sale_ends_at.as_deref().is_none_or(|until| at < until)
        })
    }

    /// The offers that sell this seat now.
    pub fn for_seat<'a>(&'a self, hall: &'a Hall, seat: usize) -> impl Iterator<Item = &'a Offer> {
        self.all_for_seat(hall, seat).filter(|offer| self.sale(offer) == Sale::Now)
    }

    /// All offers that apply to this seat, including those that are not on sale now.
    pub fn all_for_seat<'a>(
        &'a self,
        hall: &'a Hall,
        seat: usize,
    ) -> impl Iterator<Item = &'a Offer> {
        let section = hall.section_of(seat).id;
        let category = hall
            .categories
            .get(usize::from(hall.category[seat]))
            .map_or("", |category| category.name.as_str());
        self.offers.iter().filter(move |offer| fits(offer, section, category))
    }

    /// Why no offer sells this seat now: the next offer begins later, or the sale has ended. `None` if an offer sells
    /// the seat, or if no offer applies to it.
    pub fn closed_seat<'a>(&'a self, hall: &'a Hall, seat: usize) -> Option<Sale<'a>> {
        let mut why = None;
        for offer in self.all_for_seat(hall, seat) {
            why = match (self.sale(offer), why) {
                (Sale::Now, _) => return None,
                (Sale::From(time), Some(Sale::From(before))) => Some(Sale::From(time.min(before))),
                (Sale::From(time), _) => Some(Sale::From(time)),
                (sale, before) => before.or(Some(sale)),
            };
        }
        why
    }

    /// The pairs of section and category that no offer sells now.
    pub fn closed(&self, hall: &Hall) -> ClosedPairs {
        let mut closed = Vec::new();
        for (index, section) in hall.sections.iter().enumerate() {
            for (number, category) in (0_u8..).zip(&hall.categories) {
                let sells = self.selling().any(|offer| fits(offer, section.id, &category.name));
                if !sells {
                    closed.push((index, number));
                }
            }
        }
        ClosedPairs(closed)
    }

    /// The offers for a general-admission section, which has no categories, including those that are not on sale now.
    pub fn for_general(&self, section: Uuid) -> impl Iterator<Item = &Offer> {
        self.offers.iter().filter(move |offer| {
            offer.category.is_none() && offer.section_id.is_none_or(|id| id == section)
        })
    }

    pub fn offer(&self, id: Uuid) -> Option<&Offer> {
        self.offers.iter().find(|offer| offer.id == id)
    }

    /// The lowest price of a category on sale now, over all sections with seats.
    pub fn cheapest_of_category(&self, hall: &Hall, category: &str) -> Option<Money> {
        let has_seats = |id: Uuid| hall.sections.iter().any(|section| section.id == id);
        self.shown()
            .filter(|offer| offer.section_id.is_none_or(has_seats))
            .filter(|offer| offer.category.as_deref().is_none_or(|name| name == category))
            .map(|offer| &offer.price)
            .min_by_key(|price| price.amount)
            .cloned()
    }

    /// The lowest price of a section with seats on sale now.
    pub fn cheapest_of_section(&self, hall: &Hall, section: usize) -> Option<Money> {
        let shape = hall.sections.get(section)?;
        let mut categories = [false; 256];
        for seat in shape.seats.clone() {
            categories[usize::from(hall.category[seat])] = true;
        }
        hall.categories
            .iter()
            .zip(categories)
            .filter(|(_, present)| *present)
            .flat_map(|(category, _)| {
                self.shown().filter(|offer| fits(offer, shape.id, &category.name))
            })
            .map(|offer| &offer.price)
            .min_by_key(|price| price.amount)
            .cloned()
    }
}

fn fits(offer: &Offer, section: Uuid, category: &str) -> bool {
    offer.section_id.is_none_or(|id| id == section)
        && offer.category.as_deref().is_none_or(|name| name == category)
}

#[cfg(test)]
mod tests {
    use super::{super::model::tests::small_hall, *};

    fn offer(name: &str, amount: i64, category: Option<&str>, section: Option<Uuid>) -> Offer {
        Offer {
            id: Uuid::from_u128(u128::try_from(amount).expect("positive")),
            event_id: Uuid::nil(),
            section_id: section,
            category: category.map(str::to_owned),
            name: name.into(),
            price: Money { amount, currency: "EUR".into() },
            admits: 1,
            refundable: false,
            benefits: Vec::new(),
            sale_starts_at: None,
            sale_ends_at: None,
            version: 1,
        }
    }

    fn at(hour: u8) -> String {
        format!("2026-11-21T{hour:02}:00:00.000Z")
    }

    fn event(status: EventStatus, from: u8, until: u8) -> EventSale {
        EventSale { status, starts_at: at(from), ends_at: at(until) }
    }

    fn open_event() -> EventSale {
        event(EventStatus::OnSale, 0, 23)
    }

    #[test]
    fn nothing_is_on_sale_outside_of_the_sale_of_the_event() {
        let hall = small_hall();
        let early = Offer { sale_ends_at: Some(at(12)), ..offer("early", 900, None, None) };
        let sale = |event: EventSale, hour| {
            let prices = Prices::new(vec![early.clone()], event, at(hour));
            let closed = prices.closed(&hall).has(0, 0);
            assert_eq!(closed, prices.for_seat(&hall, 0).next().is_none());
            assert_eq!(prices.opens_at().is_some(), hour < 9);
            (format!("{:?}", prices.sale(&early)), prices.cheapest_of_section(&hall, 0).is_some())
        };
        let says = |sale: Sale<'_>, priced| (format!("{sale:?}"), priced);
        let upcoming = || event(EventStatus::Upcoming, 9, 11);
        assert_eq!(
            sale(upcoming(), 8),
            says(Sale::From(&at(9)), true),
            "its price is known before"
        );
        assert_eq!(sale(upcoming(), 9), says(Sale::Now, true), "the page opens by itself");
        assert_eq!(sale(upcoming(), 11), says(Sale::Ended, true));
        for (status, says_so) in [
            (EventStatus::Cancelled, Sale::Cancelled),
            (EventStatus::Draft, Sale::Unpublished),
            (EventStatus::Completed, Sale::Ended),
        ] {
            assert_eq!(sale(event(status, 9, 11), 10), says(says_so, true), "{status:?}");
        }
    }

    #[test]
    fn only_what_sells_now_has_a_price() {
        let hall = small_hall();
        let early = Offer {
            sale_starts_at: Some(at(9)),
            sale_ends_at: Some(at(12)),
            ..offer("early", 900, None, None)
        };
        let offers = vec![early.clone(), offer("usual", 4500, None, None)];
        let mut prices = Prices::new(offers, open_event(), at(8));
        let names = |prices: &Prices| -> Vec<String> {
            prices.for_seat(&hall, 0).map(|offer| offer.name.clone()).collect()
        };
        let from = |prices: &Prices| {
            let section = prices.cheapest_of_section(&hall, 0).map(|price| price.amount);
            assert_eq!(
                section,
                prices.cheapest_of_category(&hall, "Near").map(|price| price.amount)
            );
            section
        };
        assert_eq!(prices.sale(&early), Sale::From(&at(9)));
        assert_eq!((names(&prices), from(&prices)), (vec!["usual".to_owned()], Some(4500)));
        assert_eq!(prices.all_for_seat(&hall, 0).count(), 2);
        assert!(prices.moved_on("2026-11-21T08:59:59.999Z").is_none());
        prices = prices.moved_on(&at(9)).expect("it sells from that moment on");
        assert_eq!((prices.sale(&early), from(&prices)), (Sale::Now, Some(900)));
        assert_eq!(names(&prices), ["early", "usual"]);
        prices = prices.moved_on(&at(12)).expect("it ends at that moment");
        assert_eq!((prices.sale(&early), from(&prices)), (Sale::Ended, Some(4500)));
    }

    #[test]
    fn a_seat_without_an_offer_that_sells_is_closed_and_says_until_when() {
        let hall = small_hall();
        let window = |name, from, until| Offer {
            sale_starts_at: Some(at(from)),
            sale_ends_at: Some(at(until)),
            ..offer(name, 4500, Some("Near"), None)
        };
        let offers = vec![
            window("early", 2, 3),
            window("last", 8, 9),
            window("main", 5, 6),
            offer("far", 2500, Some("Far"), Some(hall.sections[1].id)),
        ];
        let closed = |hour, seat| {
            let prices = Prices::new(offers.clone(), open_event(), at(hour));
            let says = prices.closed_seat(&hall, seat).map(|sale| format!("{sale:?}"));
            let (section, category) = (hall.row_of(seat).section, hall.category[seat]);
            (prices.closed(&hall).has(section, category), says)
        };
        let says = |sale: Sale<'_>| (true, Some(format!("{sale:?}")));
        assert_eq!(closed(2, 0), (false, None));
        assert_eq!(closed(3, 0), says(Sale::From(&at(5))), "not of the later one");
        assert_eq!(closed(7, 0), says(Sale::From(&at(8))));
        assert_eq!(closed(9, 0), says(Sale::Ended));
        assert_eq!(closed(1, 15), (true, None), "no offer is for it");
        assert_eq!(closed(1, 35), (false, None));
    }

    #[test]
    fn an_offer_fits_by_category_and_by_section() {
        let hall = small_hall();
        let right = hall.sections[1].id;
        let standing = Uuid::from_u128(77);
        let prices = Prices::new(
            vec![
                offer("near", 4500, Some("Near"), None),
                offer("far", 2500, Some("Far"), None),
                offer("right only", 2000, Some("Near"), Some(right)),
                offer("standing", 1200, None, Some(standing)),
            ],
            open_event(),
            at(1),
        );
        let names = |seat| -> Vec<_> {
            prices.for_seat(&hall, seat).map(|offer| offer.name.as_str()).collect()
        };
        assert_eq!(names(0), ["near"]);
        assert_eq!(names(15), ["far"]);
        assert_eq!(names(20), ["near", "right only"]);
        assert_eq!(prices.for_general(standing).count(), 1);
        assert_eq!(prices.for_general(right).count(), 0);
        let from = |section| prices.cheapest_of_section(&hall, section).map(|price| price.amount);
        assert_eq!((from(0), from(1), from(9)), (Some(2500), Some(2000), None));
        // Standing places cost less, but that price buys no seat.
        let near = prices.cheapest_of_category(&hall, "Near").map(|price| price.amount);
        assert_eq!(near, Some(2000));
    }
}
