//! Decides which section each zone of a new plan becomes, and refuses a plan that takes something away: the places of
//! seats that somebody has, or the sections and categories of offers. Reads and writes nothing.

use std::collections::HashMap;

use holdfast_domain::{
    ids::{SeatId, SectionId},
    inventory::SectionKind,
    plan::{InUse, KnownSection, MovedSeat, Plan, PlanFault, PlanFaults, SeatClaim},
    text::as_seen,
};
use holdfast_entity::{offers, sections};

use super::{
    replace_plan::PlanError,
    store::seats::{LaidSeat, LockedSeat},
};
use crate::kernel::ports::Entropy;

/// A section that the plan defines.
#[derive(Debug)]
pub struct ZoneSection {
    pub id: SectionId,
    pub name: String,
    pub seats: usize,
}

/// An offer, and the section or category of the hall that it would lose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostOffer {
    pub offer: String,
    /// The kind of the lost part: `section` or `category`.
    pub kind: &'static str,
    pub name: String,
}

/// The sections that the plan defines, by the index of their zone. A zone without seats makes no section. `stored` is
/// the document of the present plan.
///
/// # Errors
/// When a zone has the name of a general-admission section.
pub fn zones(
    plan: &Plan,
    stored: Option<&str>,
    known: &[sections::Model],
    seats: &[LockedSeat],
    entropy: &dyn Entropy,
) -> Result<HashMap<usize, ZoneSection>, PlanFaults> {
    let kept = kept(plan, stored, known, seats);
    let mut found = HashMap::new();
    let mut faults = Vec::new();
    for (index, zone) in plan.zones.iter().enumerate() {
        let seats = zone.rows.iter().map(|row| row.seats.len()).sum();
        if seats == 0 {
            continue;
        }
        let name = zone.title(index);
        let mut general = known.iter().filter(|section| section.kind == SectionKind::General);
        if general.any(|section| as_seen(&section.name) == as_seen(&name)) {
            faults.push(PlanFault {
                path: format!("zones[{index}].name"),
                message: "a general-admission section of the event has this name".to_owned(),
            });
        }
        let id = kept.get(&index).copied().unwrap_or_else(|| SectionId(entropy.id()));
        found.insert(index, ZoneSection { id, name, seats });
    }
    if faults.is_empty() { Ok(found) } else { Err(PlanFaults(faults)) }
}

fn kept(
    plan: &Plan,
    stored: Option<&str>,
    known: &[sections::Model],
    seats: &[LockedSeat],
) -> HashMap<usize, SectionId> {
    let section_of: HashMap<&str, SectionId> =
        seats.iter().map(|seat| (seat.laid.guid.as_str(), seat.laid.section)).collect();
    // An earlier document that cannot be read has no known uuids. The seats still show which section is which.
    let stored = stored.and_then(|stored| Plan::stored(stored).ok()).unwrap_or_default();
    let mut uuids: HashMap<SectionId, &str> = HashMap::new();
    for zone in &stored.zones {
        let seat = zone.rows.iter().find_map(|row| row.seats.first());
        let section = seat.and_then(|seat| section_of.get(seat.seat_guid.as_str()));
        if let (Some(section), Some(uuid)) = (section, zone.uuid.as_deref()) {
            uuids.insert(*section, uuid);
        }
    }
    let known: Vec<KnownSection<'_>> = known
        .iter()
        .filter(|section| section.kind == SectionKind::Seated)
        .map(|section| KnownSection {
            id: section.id,
            name: &section.name,
            uuid: uuids.get(&section.id).copied(),
        })
        .collect();
    plan.keeping(&known, &section_of)
}

/// Refuses a plan that puts held or sold seats into another section while their printed place stays the same, because
/// reservations and tickets name the section.
///
/// # Errors
/// [`PlanError::InUse`] with the seats.
pub fn stay(
    before: &[LockedSeat],
    laid: &[LaidSeat],
    sections: &[sections::Model],
) -> Result<(), PlanError> {
    let section_of: HashMap<SeatId, SectionId> =
        laid.iter().map(|seat| (seat.id, seat.section)).collect();
    let names: HashMap<SectionId, &str> =
        sections.iter().map(|section| (section.id, section.name.as_str())).collect();
    let moved: Vec<MovedSeat> = before
        .iter()
        .filter(|seat| seat.claim() != SeatClaim::None)
        .filter(|seat| section_of.get(&seat.laid.id).is_some_and(|to| *to != seat.laid.section))
        .map(|seat| {
            let from = names.get(&seat.laid.section).copied().unwrap_or_default();
            let to = section_of.get(&seat.laid.id).and_then(|to| names.get(to)).copied();
            MovedSeat {
                id: seat.laid.id,
                claim: seat.claim(),
                from: format!("the section {from}"),
                to: format!("the section {}", to.unwrap_or("that is new")),
            }
        })
        .collect();
    let vanishing = Vec::new();
    if moved.is_empty() { Ok(()) } else { Err(PlanError::InUse(InUse { vanishing, moved })) }
}

/// Refuses a plan without a section or category that the present hall has and that a live offer needs.
///
/// # Errors
/// [`PlanError::LosesOffers`] with each offer.
pub fn offers_stay(
    offers: &[offers::Model],
    sections: &[sections::Model],
    before: &[LockedSeat],
    laid: &[LaidSeat],
) -> Result<(), PlanError> {
    let has_section = |section| laid.iter().any(|seat| seat.section == section);
    let mut lost = Vec::new();
    for offer in offers {
        let mut loses = |kind, name: &str| {
            lost.push(LostOffer { offer: offer.name.clone(), kind, name: name.to_owned() });
        };
        let is_of_offer = |seat: &LaidSeat| {
            offer.section_id.is_none_or(|section| section == seat.section)
                && offer.category.as_ref().is_none_or(|category| *category == seat.category)
        };
        let section = sections.iter().find(|section| Some(section.id) == offer.section_id);
        if let Some(section) = section
            && section.kind == SectionKind::Seated
            && !has_section(section.id)
        {
            loses("section", &section.name);
        } else if let Some(category) = &offer.category
            && before.iter().any(|seat| is_of_offer(&seat.laid))
            && !laid.iter().any(is_of_offer)
        {
            loses("category", category);
        }
    }
    if lost.is_empty() { Ok(()) } else { Err(PlanError::LosesOffers(lost)) }
}
