//! Builds the catalogue's API objects from stored data.

use holdfast_contract::{
    catalogue::{
        Counts, Event, EventStatus, Inventory, Offer, Seat, SeatStatus, Section, SectionCounts,
        SectionKind,
    },
    money::{Money, PriceRange},
};
use holdfast_domain::{
    event::{self, Schedule, ShownStatus, Status},
    inventory::{self, SeatState},
    money::Currency,
    pricing::{self, PricedPlace},
};
use holdfast_entity::{events, offers, seats, sections};

use super::{
    reads::{Fixed, PresentEvent},
    seat_kinds,
    store::inventory::SeatsOfClass,
};
use crate::{
    http::time,
    kernel::db::{Bug, StoreError},
};

/// The event as the API shows it to everybody who may see it.
///
/// # Errors
/// When the database contains a value that its CHECKs forbid.
pub fn event(seen: &PresentEvent) -> Result<Event, StoreError> {
    let moment = &seen.moment;
    let row = &moment.row;
    let counts = seen.moving.counts();
    Ok(Event {
        id: row.id.0,
        slug: row.slug.clone(),
        organization_id: row.organization_id.0,
        organization: moment.organization.clone(),
        name: row.name.clone(),
        description: row.description.clone(),
        category: row.category.clone(),
        language: row.language.clone(),
        place: row.place.clone(),
        time_zone: row.time_zone.clone(),
        starts_at: time::rfc3339(row.starts_at),
        ends_at: time::rfc3339(row.ends_at),
        sale_starts_at: time::rfc3339(row.sale_starts_at),
        sale_ends_at: time::rfc3339(row.sale_ends_at),
        currency: row.currency.to_string(),
        max_per_user: row.max_per_user,
        max_per_order: row.max_per_order,
        hold_seconds: row.hold_seconds,
        status: status(row.status, &schedule(row)?, counts.available, moment.now),
        has_plan: row.plan_version > 0,
        plan_version: row.plan_version,
        capacity: counts.capacity,
        available: counts.available,
        price_range: price_range(seen),
        version: row.version,
    })
}

/// The event's times as the domain's type.
///
/// # Errors
/// When the stored times contradict each other, although they were checked before they were stored.
pub fn schedule(row: &events::Model) -> Result<Schedule, StoreError> {
    Ok(Schedule::new(row.starts_at, row.ends_at, row.sale_starts_at, row.sale_ends_at)
        .map_err(|fault| Bug::new(format!("{}: {fault}", fault.field())))?)
}

fn status(stored: Status, schedule: &Schedule, available: i64, now: i64) -> EventStatus {
    match event::shown(stored, schedule, available, now) {
        ShownStatus::SoldOut => EventStatus::SoldOut,
        ShownStatus::As(Status::Draft) => EventStatus::Draft,
        ShownStatus::As(Status::Upcoming) => EventStatus::Upcoming,
        ShownStatus::As(Status::OnSale) => EventStatus::OnSale,
        // The API has no word for archived yet, because no command archives an event.
        ShownStatus::As(Status::Completed | Status::Archived) => EventStatus::Completed,
        ShownStatus::As(Status::Cancelled) => EventStatus::Cancelled,
    }
}

/// The number of places left, in total and in each section.
pub fn inventory(seen: &PresentEvent) -> Inventory {
    let sections = seen
        .moving
        .sections
        .iter()
        .map(|(section, counts)| SectionCounts { section_id: section.id.0, counts: *counts });
    Inventory {
        event_id: seen.moment.row.id.0,
        seq: seen.moving.seq,
        counts: seen.moving.counts(),
        price_range: price_range(seen),
        sections: sections.collect(),
    }
}

pub fn sections(seen: &PresentEvent) -> Vec<Section> {
    let currency = seen.moment.row.currency;
    let one = |(section, counts): &(sections::Model, Counts)| Section {
        id: section.id.0,
        name: section.name.clone(),
        kind: section_kind(section),
        counts: *counts,
        from: prices(seen, section, *counts).min().map(|amount| money(amount, currency)),
    };
    seen.moving.sections.iter().map(one).collect()
}

fn section_kind(section: &sections::Model) -> SectionKind {
    match section.kind {
        inventory::SectionKind::Seated => SectionKind::Seated,
        inventory::SectionKind::General => SectionKind::General,
    }
}

fn price_range(seen: &PresentEvent) -> Option<PriceRange> {
    let sections = || seen.moving.sections.iter();
    let all = || sections().flat_map(|(section, counts)| prices(seen, section, *counts));
    let currency = seen.moment.row.currency;
    Some(PriceRange { min: money(all().min()?, currency), max: money(all().max()?, currency) })
}

/// The prices of the section's places that can be bought now: of each offer that fits a place that is left and that is
/// within its sale window, and the own prices of seats that are left.
fn prices<'s>(
    seen: &'s PresentEvent,
    section: &'s sections::Model,
    counts: Counts,
) -> impl Iterator<Item = i64> + 's {
    let (fixed, now) = (&seen.fixed, seen.moment.now);
    let id = section.id;
    let under = move |place: PricedPlace<'s>| {
        fixed
            .priced
            .iter()
            .filter(move |offer| offer.fits(place) && offer.sale.contains(now))
            .map(|offer| offer.price_minor)
    };
    let has_general = section.kind == inventory::SectionKind::General && counts.available > 0;
    let general = has_general
        .then(|| under(PricedPlace { section: id, category: None, own_price_minor: None }));
    let taken = seen.moving.taken();
    let is_left = move |SeatsOfClass { class, seats }: &&SeatsOfClass| {
        class.section == id && *seats > taken.get(class).copied().unwrap_or(0)
    };
    let seated =
        fixed.classes.iter().filter(is_left).flat_map(move |SeatsOfClass { class, .. }| {
            let place =
                PricedPlace { section: id, category: Some(&class.category), own_price_minor: None };
            // A seat's own price takes precedence over the price of the offer, but the seat still needs an offer to be sold.
            let own = class.own_price_minor;
            under(place).map(move |price| own.unwrap_or(price))
        });
    general.into_iter().flatten().chain(seated)
}

/// # Errors
/// When the database contains benefits that this program never writes.
pub fn offer(row: &offers::Model, currency: Currency) -> Result<Offer, StoreError> {
    let benefits = serde_json::from_str(&row.benefits)
        .map_err(|error| Bug::new(format!("the benefits of offer {}: {error}", row.id)))?;
    Ok(Offer {
        id: row.id.0,
        event_id: row.event_id.0,
        section_id: row.section_id.map(|section| section.0),
        category: row.category.clone(),
        name: row.name.clone(),
        price: money(row.price_minor, currency),
        admits: row.admits,
        refundable: row.refundable != 0,
        benefits,
        sale_starts_at: row.sale_starts_at.map(time::rfc3339),
        sale_ends_at: row.sale_ends_at.map(time::rfc3339),
        version: row.version,
    })
}

/// A seat. Its price is its own price, or the price of the offer under which it is sold now.
pub fn seat(row: &seats::Model, fixed: &Fixed, currency: Currency, now: i64) -> Seat {
    let place = PricedPlace {
        section: row.section_id,
        category: Some(&row.category),
        own_price_minor: row.price_minor,
    };
    let price = pricing::quote(&fixed.priced, currency, place, None, 1, now)
        .ok()
        .map(|quote| money(quote.price.minor, currency));
    let lapsed = row.expires_at.is_some_and(|at| at <= now);
    let state = row.status;
    let is_free = lapsed && state == SeatState::Held;
    let status = if is_free { SeatStatus::Available } else { seat_status(state) };
    Seat {
        seat_id: row.seat_id.0,
        seat_guid: row.seat_guid.clone(),
        row: row.row_label.clone(),
        label: row.seat_label.clone(),
        category: row.category.clone(),
        kind: seat_kinds::shown(row.kind),
        price,
        status,
        version: row.version,
    }
}

/// How buyers see the state of a seat whose hold has not lapsed.
pub fn seat_status(state: SeatState) -> SeatStatus {
    match state {
        SeatState::Available => SeatStatus::Available,
        SeatState::Held | SeatState::Paying => SeatStatus::Held,
        SeatState::Sold => SeatStatus::Sold,
        SeatState::Blocked => SeatStatus::Blocked,
    }
}

fn money(amount: i64, currency: Currency) -> Money {
    Money { amount, currency: currency.to_string() }
}
