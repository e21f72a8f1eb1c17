//! Which section of the event each zone of a new plan becomes.
//!
//! Offers, reservations and tickets name a section by its id, so a zone keeps its section when the plan is replaced,
//! whatever else changes: its name, its position in the file, some of its seats.

use std::collections::{HashMap, HashSet};

use super::Plan;
use crate::ids::SectionId;

/// A seated section that the event has.
#[derive(Debug, Clone, Copy)]
pub struct KnownSection<'k> {
    /// The id of the section, which offers and tickets name.
    pub id: SectionId,
    /// The section's name for people, unique within the event.
    pub name: &'k str,
    /// The id that the editor gave to the section's zone in the present plan.
    pub uuid: Option<&'k str>,
}

impl Plan {
    /// The sections that zones of this plan keep, by the index of the zone. A zone and a section belong together by
    /// their `uuid` if only one zone of each plan has that `uuid`, otherwise by the number of seats that both plans
    /// have, otherwise by name. A zone without seats has no section. `section_of` gives the section of each seat of
    /// the present plan by its guid.
    pub fn keeping(
        &self,
        known: &[KnownSection<'_>],
        section_of: &HashMap<&str, SectionId>,
    ) -> HashMap<usize, SectionId> {
        let zones: Vec<usize> = (0..self.zones.len())
            .filter(|zone| self.zones[*zone].rows.iter().any(|row| !row.seats.is_empty()))
            .collect();
        let mut matching = Matching::default();
        for (zone, section) in self.by_uuid(known) {
            if zones.contains(&zone) {
                matching.note(zone, section);
            }
        }
        for (zone, section) in self.by_shared_seats(known, section_of) {
            matching.note(zone, section);
        }
        for zone in zones {
            let title = self.zones[zone].title(zone);
            if let Some(section) = known.iter().find(|section| section.name == title) {
                matching.note(zone, section.id);
            }
        }
        matching.kept
    }

    fn by_uuid(&self, known: &[KnownSection<'_>]) -> Vec<(usize, SectionId)> {
        let given = |uuid: &Option<String>| uuid.clone().filter(|uuid| !uuid.is_empty());
        let uuids: Vec<Option<String>> = self.zones.iter().map(|zone| given(&zone.uuid)).collect();
        let mut pairs = Vec::new();
        for (zone, uuid) in uuids.iter().enumerate() {
            let Some(uuid) = uuid else { continue };
            let mut same = known.iter().filter(|section| section.uuid == Some(uuid));
            let alone = uuids.iter().flatten().filter(|other| *other == uuid).count() == 1;
            if let (Some(section), None, true) = (same.next(), same.next(), alone) {
                pairs.push((zone, section.id));
            }
        }
        pairs
    }

    /// Pairs of zones and sections that have seats in common, most seats first.
    fn by_shared_seats(
        &self,
        known: &[KnownSection<'_>],
        section_of: &HashMap<&str, SectionId>,
    ) -> Vec<(usize, SectionId)> {
        let ids: HashSet<SectionId> = known.iter().map(|section| section.id).collect();
        let mut shared: HashMap<(usize, SectionId), usize> = HashMap::new();
        for seat in self.numbered() {
            if let Some(section) = section_of.get(seat.guid).filter(|id| ids.contains(id)) {
                *shared.entry((seat.zone, *section)).or_default() += 1;
            }
        }
        let mut pairs: Vec<_> = shared.into_iter().collect();
        pairs.sort_by_key(|((zone, section), seats)| (usize::MAX - seats, *zone, *section));
        pairs.into_iter().map(|(pair, _)| pair).collect()
    }
}

#[derive(Default)]
struct Matching {
    kept: HashMap<usize, SectionId>,
    taken: HashSet<SectionId>,
}

impl Matching {
    /// Notes the pair, unless the zone or the section already has a partner.
    fn note(&mut self, zone: usize, section: SectionId) {
        if !self.kept.contains_key(&zone) && self.taken.insert(section) {
            self.kept.insert(zone, section);
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::plan::{Grid, Zone};

    fn section(n: u128) -> SectionId {
        SectionId(Uuid::from_u128(n))
    }

    /// A plan of zones with one row of three seats, by name and uuid.
    fn plan(zones: &[(&str, Option<&str>)]) -> Plan {
        let mut plan = Plan { name: "Hall".into(), ..Plan::default() };
        for (name, uuid) in zones {
            let grid =
                Grid { name: (*name).to_owned(), rows: 1, seats_per_row: 3, category: "A".into() };
            grid.add_to(&mut plan).expect("a zone");
            plan.zones.last_mut().expect("a zone").uuid = uuid.map(str::to_owned);
        }
        plan
    }

    /// Replaces a plan of the zones `before`, which are sections 1, 2, …; expects these sections for the new zones.
    fn check(
        before: &[(&str, Option<&str>)],
        edit: impl FnOnce(&mut Plan),
        expected: &[Option<u128>],
    ) {
        let old = plan(before);
        let known: Vec<KnownSection<'_>> = (1..)
            .zip(before)
            .map(|(n, (name, uuid))| KnownSection { id: section(n), name, uuid: *uuid })
            .collect();
        let section_of: HashMap<&str, SectionId> =
            old.numbered().map(|seat| (seat.guid, known[seat.zone].id)).collect();
        let mut new = old.clone();
        edit(&mut new);
        let kept = new.keeping(&known, &section_of);
        let found: Vec<_> = (0..new.zones.len()).map(|zone| kept.get(&zone).copied()).collect();
        let expected: Vec<_> = expected.iter().map(|id| id.map(section)).collect();
        assert_eq!(found, expected);
    }

    fn rename(zone: &mut Zone, name: &str) {
        zone.name = Some(name.to_owned());
    }

    #[test]
    fn a_zone_keeps_its_section_whatever_its_name_and_position() {
        let two = [("A", None), ("B", None)];
        check(&two, |_| (), &[Some(1), Some(2)]);
        check(&two, |plan| rename(&mut plan.zones[0], "Front"), &[Some(1), Some(2)]);
        check(&two, |plan| plan.zones.reverse(), &[Some(2), Some(1)]);
        let swapped = |plan: &mut Plan| {
            rename(&mut plan.zones[0], "B");
            rename(&mut plan.zones[1], "A");
        };
        check(&two, swapped, &[Some(1), Some(2)]);
        check(&two, |plan| drop(plan.zones.remove(0)), &[Some(2)]);
        check(&two, |plan| plan.zones[0].rows.clear(), &[None, Some(2)]);
    }

    #[test]
    fn a_unique_uuid_decides_and_a_doubled_one_decides_nothing() {
        let all_seats_new = |plan: &mut Plan| {
            rename(&mut plan.zones[0], "Front");
            for seat in &mut plan.zones[0].rows[0].seats {
                seat.seat_guid.push('x');
            }
        };
        check(&[("A", Some("u")), ("B", Some("v"))], all_seats_new, &[Some(1), Some(2)]);
        check(&[("A", None), ("B", None)], all_seats_new, &[None, Some(2)]);
        check(&[("A", Some("u")), ("B", Some("u"))], all_seats_new, &[None, Some(2)]);
        check(&[("A", Some("")), ("B", Some(""))], |_| (), &[Some(1), Some(2)]);
    }

    #[test]
    fn seats_that_moved_follow_their_greater_part() {
        let most_move = |plan: &mut Plan| {
            let moved: Vec<_> = plan.zones[0].rows[0].seats.drain(1..).collect();
            plan.zones[1].rows[0].seats = moved;
            rename(&mut plan.zones[0], "C");
            rename(&mut plan.zones[1], "D");
        };
        check(&[("A", None), ("B", None)], most_move, &[None, Some(1)]);
        let all_new = |plan: &mut Plan| {
            for seat in &mut plan.zones[0].rows[0].seats {
                seat.seat_guid.push('x');
            }
        };
        check(&[("A", None)], all_new, &[Some(1)]);
    }
}
