//! The head of an event's page: title, description, and the event in the terms of
//! <https://schema.org/Event>.

use holdfast_contract::{
    catalogue::{Event, EventStatus},
    money::Money,
    pages::requests,
};
use holdfast_domain::money::{Currency, major_units};
use serde_json::{Value, json};

use super::head::PageHead;

/// The maximum length of a description, in characters: as much as previews and search engines show.
const MAX_DESCRIPTION: usize = 200;

/// The head of the event's page. It contains the event's own texts, in the event's language.
pub fn head(event: &Event, public_url: &str) -> PageHead {
    let address = format!("{public_url}/events/{}", event.slug);
    PageHead::public(&event.name, &description(event))
        .at(&address)
        .described_by(schema(event, &address))
}

/// The first requests of the event's page. `name` is the event's id or slug, as in the address.
pub fn first(name: &str, event: &Event) -> Vec<String> {
    let id = event.id;
    let mut first = vec![
        requests::event(name),
        requests::seat_states(id),
        requests::sections(id),
        requests::offers(id),
    ];
    if event.has_plan {
        first.push(requests::seat_map(id));
    }
    first
}

fn description(event: &Event) -> String {
    let text = event.description.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.is_empty() {
        return format!("{}, {}", event.name, event.place);
    }
    match text.char_indices().nth(MAX_DESCRIPTION) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text,
    }
}

fn schema(event: &Event, address: &str) -> Value {
    let mut data = json!({
        "@context": "https://schema.org",
        "@type": "Event",
        "name": event.name,
        "startDate": event.starts_at,
        "endDate": event.ends_at,
        "eventStatus": match event.status {
            EventStatus::Cancelled => "https://schema.org/EventCancelled",
            EventStatus::Draft
            | EventStatus::Upcoming
            | EventStatus::OnSale
            | EventStatus::SoldOut
            | EventStatus::Completed => "https://schema.org/EventScheduled",
        },
        "eventAttendanceMode": "https://schema.org/OfflineEventAttendanceMode",
        "location": { "@type": "Place", "name": event.place, "address": event.place },
        "organizer": { "@type": "Organization", "name": event.organization },
        "inLanguage": event.language,
        "url": address,
    });
    if !event.description.is_empty() {
        data["description"] = json!(event.description);
    }
    if let Some(range) = &event.price_range {
        data["offers"] = json!({
            "@type": "AggregateOffer",
            "lowPrice": major(&range.min),
            "highPrice": major(&range.max),
            "priceCurrency": range.min.currency,
            "availability": match event.status {
                EventStatus::OnSale => "https://schema.org/InStock",
                EventStatus::SoldOut => "https://schema.org/SoldOut",
                EventStatus::Draft | EventStatus::Upcoming => "https://schema.org/PreOrder",
                EventStatus::Completed | EventStatus::Cancelled => "https://schema.org/Discontinued",
            },
            "validFrom": event.sale_starts_at,
            "url": address,
        });
    }
    data
}

/// An amount in the currency's major unit, as schema.org requires: `45.00`.
fn major(money: &Money) -> String {
    let digits = Currency::of_code(&money.currency).map_or(2, Currency::decimals);
    major_units(money.amount, digits, '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_told_in_major_units() {
        let check = |amount, currency: &str, text| {
            assert_eq!(major(&Money { amount, currency: currency.to_owned() }), text);
        };
        check(4500, "EUR", "45.00");
        check(5, "EUR", "0.05");
        check(4500, "JPY", "4500");
        check(4500, "KWD", "4.500");
    }
}
