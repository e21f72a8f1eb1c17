//! Creates, changes and withdraws offers: kinds of tickets with a price. A held or sold place keeps the price at
//! which it was held, because the reservation stores the price.

use holdfast_contract::{
    catalogue::{NewOffer, Offer, OfferPatch},
    problem::FieldError,
};
use holdfast_domain::{
    event::Status,
    ids::{EventId, OfferId, SectionId},
    inventory::SectionKind,
    text,
};
use holdfast_entity::offers;

use super::{
    create_event::{now, save},
    details::{self, FieldFaults},
    store::{self, inventory::SeatsOfClass},
    views,
};
use crate::{
    access::Managed,
    http::time,
    kernel::{
        audit,
        base::Base,
        db::{self, StoreError, Tx, UseCaseError},
        idempotency::{self, Attempt, KeyClaimError, Keyed, NewObject},
    },
};

/// The maximum length of the name of an offer or a category, in characters.
const MAX_NAME: usize = 190;
/// The maximum number of benefits of an offer.
const MAX_BENEFITS: usize = 20;
/// The maximum length of a benefit, in characters.
const MAX_BENEFIT: usize = 120;
/// The maximum number of offers of an event; all of them fit on one page.
pub const MAX_OFFERS: usize = 100;
/// How many persons one ticket of an offer may admit.
const ADMITS: std::ops::RangeInclusive<i32> = 1..=20;

/// Why an offer was not created, changed or withdrawn.
#[derive(Debug, thiserror::Error)]
pub enum OfferError {
    #[error("faulty fields")]
    Fields(Vec<FieldError>),
    /// Somebody has booked, so these fields must stay as promised.
    #[error("somebody booked: this stays as it was promised")]
    Promised(Vec<FieldError>),
    #[error("no such offer")]
    NotFound,
    /// The offer has this version, which the client has not read.
    #[error("the offer has version {0}")]
    Stale(i32),
    #[error("an event has at most {MAX_OFFERS} offers")]
    TooMany,
    #[error(transparent)]
    Claim(#[from] KeyClaimError),
    #[error("the database failed")]
    Db(#[from] StoreError),
}

impl UseCaseError for OfferError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Db(error) | Self::Claim(KeyClaimError::Db(error)) => Some(error),
            Self::Fields(_)
            | Self::Promised(_)
            | Self::NotFound
            | Self::Stale(_)
            | Self::TooMany
            | Self::Claim(KeyClaimError::Reused) => None,
        }
    }
}

fn field(field: &str, message: &str) -> OfferError {
    OfferError::Fields(vec![FieldError { field: field.to_owned(), message: message.to_owned() }])
}

/// Creates an offer, once for each attempt. The audit log records the user who created the offer, if there is one.
///
/// # Errors
/// See [`OfferError`].
pub async fn add_offer(
    base: &Base,
    event: Managed,
    new: NewOffer,
    attempt: Option<Attempt>,
) -> Result<Keyed<Offer>, OfferError> {
    let mut faults = FieldFaults::default();
    let name = faults.take("name", text::line(&new.name, MAX_NAME));
    let category =
        new.category.map(|category| faults.take("category", text::line(&category, MAX_NAME)));
    let admits = faults.range("admits", new.admits.unwrap_or(1), ADMITS);
    let benefits = benefits(&mut faults, &new.benefits);
    let sale_starts_at = at(&mut faults, "sale_starts_at", new.sale_starts_at.as_deref());
    let sale_ends_at = at(&mut faults, "sale_ends_at", new.sale_ends_at.as_deref());
    check_window(&mut faults, sale_starts_at, sale_ends_at);
    faults.none().map_err(OfferError::Fields)?;
    let id = OfferId(base.entropy.id());
    let offer = offers::Model {
        event_id: event.event(),
        id,
        section_id: new.section_id.map(SectionId),
        category: category.flatten(),
        name: name.expect("what is not there was noted as a fault"),
        price_minor: new.price_minor,
        admits,
        refundable: i32::from(new.refundable),
        benefits,
        sale_starts_at,
        sale_ends_at,
        position: 0,
        created_at: 0,
        withdrawn_at: None,
        version: 1,
    };
    let subject = ("offer", id.0);
    let entry = audit::AuditRecord::new(&*base.entropy, event.actor(), "offer.add", subject, &());
    let event = event.event();
    base.db
        .transact(move |tx| {
            let (offer, attempt, entry) = (offer.clone(), attempt.clone(), entry.clone());
            Box::pin(async move {
                let making = async {
                    let made = add(tx, event, offer).await?;
                    audit::record(tx, &entry).await?;
                    Ok::<_, OfferError>(made)
                };
                idempotency::once(tx, attempt.as_ref(), id.0, making).await
            })
        })
        .await
}

/// Checks the benefits of an offer; returns them as the JSON text that the database stores.
fn benefits(faults: &mut FieldFaults, texts: &[String]) -> String {
    if texts.len() > MAX_BENEFITS {
        let message = format!("must be {MAX_BENEFITS} at the most");
        faults.take::<(), _>("benefits", Err(message));
        return String::new();
    }
    let one = |(at, benefit): (usize, &String)| {
        faults.take(&format!("benefits[{at}]"), text::line(benefit, MAX_BENEFIT))
    };
    let read: Vec<String> = texts.iter().enumerate().filter_map(one).collect();
    serde_json::to_string(&read).expect("texts serialize")
}

fn at(faults: &mut FieldFaults, field: &str, text: Option<&str>) -> Option<i64> {
    text.and_then(|text| faults.take(field, time::read(text)))
}

fn check_window(faults: &mut FieldFaults, starts_at: Option<i64>, ends_at: Option<i64>) {
    if starts_at.zip(ends_at).is_some_and(|(starts, ends)| ends <= starts) {
        faults.take::<(), _>("sale_ends_at", Err("must be after sale_starts_at"));
    }
}

async fn add(
    tx: &Tx,
    event: EventId,
    offer: offers::Model,
) -> Result<NewObject<Offer>, OfferError> {
    let row = store::events::lock(tx, event).await?.ok_or(OfferError::NotFound)?;
    details::price(row.currency, offer.price_minor).map_err(OfferError::Fields)?;
    let most = row.max_per_order.min(row.max_per_user);
    if offer.admits > most {
        let message = format!("must be at most {most}, because nobody may bring more persons");
        return Err(field("admits", &message));
    }
    let others = store::offers::live(tx, event).await?;
    if others.len() >= MAX_OFFERS {
        return Err(OfferError::TooMany);
    }
    let sections = store::sections::all(tx, event).await?;
    let section = sections.iter().find(|known| Some(known.id) == offer.section_id);
    if offer.section_id.is_some() && section.is_none() {
        return Err(field("section_id", "the event has no such section"));
    }
    if offer.category.is_some()
        && section.is_some_and(|section| section.kind == SectionKind::General)
    {
        return Err(field("category", "general admission has no categories"));
    }
    // A draft may get its offers before its plan. Its publication names the offers without places.
    if let Some(category) = &offer.category
        && row.status != Status::Draft
    {
        let known = store::inventory::classes(tx, event).await?;
        let is_of_offer = |SeatsOfClass { class, .. }: &SeatsOfClass| {
            class.category == *category && offer.section_id.is_none_or(|id| id == class.section)
        };
        if !known.iter().any(is_of_offer) {
            return Err(field(
                "category",
                "no seat of the event, or of the section, has this category",
            ));
        }
    }
    let position = others.iter().map(|other| other.position).max().map_or(0, |last| last + 1);
    let created_at = now(tx).await?;
    let offer = offers::Model { position, created_at, ..offer };
    let body = views::offer(&offer, row.currency)?;
    store::offers::insert(tx, offer).await?;
    save(tx, &row).await?;
    Ok(NewObject { path: format!("/offers/{}", body.id), body })
}

/// Changes an offer, and records the change in the audit log.
///
/// # Errors
/// See [`OfferError`].
pub async fn edit_offer(
    base: &Base,
    event: Managed,
    id: OfferId,
    patch: OfferPatch,
) -> Result<(), OfferError> {
    let (event, actor, entropy) = (event.event(), event.actor(), &*base.entropy);
    let entry = audit::AuditRecord::new(entropy, actor, "offer.edit", ("offer", id.0), &patch);
    let changes = read_changes(patch).map_err(OfferError::Fields)?;
    base.db
        .transact(move |tx| {
            let (changes, entry) = (changes.clone(), entry.clone());
            Box::pin(async move {
                edit(tx, event, id, changes).await?;
                Ok(audit::record(tx, &entry).await?)
            })
        })
        .await
}

#[derive(Debug, Clone)]
struct OfferChanges {
    version: i32,
    name: Option<String>,
    price_minor: Option<i64>,
    refundable: Option<i32>,
    benefits: Option<String>,
    sale_starts_at: Option<i64>,
    sale_ends_at: Option<i64>,
}

fn read_changes(patch: OfferPatch) -> Result<OfferChanges, Vec<FieldError>> {
    let mut faults = FieldFaults::default();
    let name = patch.name.and_then(|name| faults.take("name", text::line(&name, MAX_NAME)));
    let benefits = patch.benefits.map(|texts| benefits(&mut faults, &texts));
    let sale_starts_at = at(&mut faults, "sale_starts_at", patch.sale_starts_at.as_deref());
    let sale_ends_at = at(&mut faults, "sale_ends_at", patch.sale_ends_at.as_deref());
    faults.none()?;
    let refundable = patch.refundable.map(i32::from);
    let (version, price_minor) = (patch.version, patch.price_minor);
    Ok(OfferChanges {
        version,
        name,
        price_minor,
        refundable,
        benefits,
        sale_starts_at,
        sale_ends_at,
    })
}

async fn edit(
    tx: &Tx,
    event: EventId,
    id: OfferId,
    changes: OfferChanges,
) -> Result<(), OfferError> {
    let row = store::events::lock(tx, event).await?.ok_or(OfferError::NotFound)?;
    let offers = store::offers::live(tx, event).await?;
    let found = offers.into_iter().find(|offer| offer.id == id);
    let mut offer = found.ok_or(OfferError::NotFound)?;
    if changes.version != offer.version {
        return Err(OfferError::Stale(offer.version));
    }
    if let Some(price) = changes.price_minor {
        details::price(row.currency, price).map_err(OfferError::Fields)?;
        // Otherwise a person who got in free of charge would stand beside a person who paid for the same place.
        let turned = (price == 0) != (offer.price_minor == 0);
        if turned && store::events::has_bookings(tx, event).await? {
            return Err(OfferError::Promised(vec![FieldError {
                field: "price_minor".to_owned(),
                message: "what is free stays free, and what is paid stays paid".to_owned(),
            }]));
        }
        offer.price_minor = price;
    }
    offer.name = changes.name.unwrap_or(offer.name);
    offer.refundable = changes.refundable.unwrap_or(offer.refundable);
    offer.benefits = changes.benefits.unwrap_or(offer.benefits);
    offer.sale_starts_at = changes.sale_starts_at.or(offer.sale_starts_at);
    offer.sale_ends_at = changes.sale_ends_at.or(offer.sale_ends_at);
    let mut faults = FieldFaults::default();
    check_window(&mut faults, offer.sale_starts_at, offer.sale_ends_at);
    faults.none().map_err(OfferError::Fields)?;
    let written = store::offers::update(tx, &offer).await?;
    db::exactly(1, written, "the event's row is locked")?;
    save(tx, &row).await?;
    Ok(())
}

/// Withdraws an offer, and records it in the audit log. Nobody can make new holds of the offer; existing holds
/// and bookings stay.
///
/// # Errors
/// See [`OfferError`].
pub async fn withdraw_offer(base: &Base, event: Managed, id: OfferId) -> Result<(), OfferError> {
    let (event, actor, entropy) = (event.event(), event.actor(), &*base.entropy);
    let entry = audit::AuditRecord::new(entropy, actor, "offer.withdraw", ("offer", id.0), &());
    base.db
        .transact(move |tx| {
            let entry = entry.clone();
            Box::pin(async move {
                let row = store::events::lock(tx, event).await?.ok_or(OfferError::NotFound)?;
                if store::offers::withdraw(tx, event, id).await? == 0 {
                    return Err(OfferError::NotFound);
                }
                save(tx, &row).await?;
                Ok(audit::record(tx, &entry).await?)
            })
        })
        .await
}
