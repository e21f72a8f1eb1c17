//! Which offers fit a seat or a section, and what the cheapest costs.
//!
//! These are prices to look at. What is paid is what the server fixed when the seats were held.

use holdfast_contract::{catalogue::Offer, money::Money};
use uuid::Uuid;

use super::model::Hall;

/// The offers of an event, sorted out.
#[derive(Debug, Clone, Default)]
pub struct Prices {
    offers: Vec<Offer>,
}

impl Prices {
    /// Keeps the server's order: the first that fits is the one it takes where none is named.
    pub fn new(offers: Vec<Offer>) -> Self {
        Self { offers }
    }

    /// The offers for a seat.
    pub fn for_seat<'a>(&'a self, hall: &'a Hall, seat: usize) -> impl Iterator<Item = &'a Offer> {
        let section = hall.section_of(seat).id;
        let category = hall
            .categories
            .get(usize::from(hall.category[seat]))
            .map_or("", |category| category.name.as_str());
        self.offers.iter().filter(move |offer| {
            offer.section_id.is_none_or(|id| id == section)
                && offer.category.as_deref().is_none_or(|name| name == category)
        })
    }

    /// The offers for places in a general-admission section, which has no categories.
    pub fn for_general(&self, section: Uuid) -> impl Iterator<Item = &Offer> {
        self.offers.iter().filter(move |offer| {
            offer.category.is_none() && offer.section_id.is_none_or(|id| id == section)
        })
    }

    /// The offer with this id.
    pub fn offer(&self, id: Uuid) -> Option<&Offer> {
        self.offers.iter().find(|offer| offer.id == id)
    }

    /// The cheapest offer of a category, over all sections with seats.
    pub fn cheapest_of_category(&self, hall: &Hall, category: &str) -> Option<Money> {
        let has_seats = |id: Uuid| hall.sections.iter().any(|section| section.id == id);
        self.offers
            .iter()
            .filter(|offer| offer.section_id.is_none_or(has_seats))
            .filter(|offer| offer.category.as_deref().is_none_or(|name| name == category))
            .map(|offer| &offer.price)
            .min_by_key(|price| price.amount)
            .cloned()
    }

    /// The cheapest offer of a section that has seats.
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
                self.offers.iter().filter(|offer| {
                    offer.section_id.is_none_or(|id| id == shape.id)
                        && offer.category.as_deref().is_none_or(|name| name == category.name)
                })
            })
            .map(|offer| &offer.price)
            .min_by_key(|price| price.amount)
            .cloned()
    }
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
        }
    }

    #[test]
    fn an_offer_fits_by_category_and_by_section() {
        let hall = small_hall();
        let right = hall.sections[1].id;
        let standing = Uuid::from_u128(77);
        let prices = Prices::new(vec![
            offer("near", 4500, Some("Near"), None),
            offer("far", 2500, Some("Far"), None),
            offer("right only", 2000, Some("Near"), Some(right)),
            offer("standing", 1200, None, Some(standing)),
        ]);
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
        // What stands costs less, but no seat can be had for that.
        let near = prices.cheapest_of_category(&hall, "Near").map(|price| price.amount);
        assert_eq!(near, Some(2000));
    }
}
