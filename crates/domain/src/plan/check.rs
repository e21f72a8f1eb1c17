//! The rules between the objects of a plan: seats name known categories, ids are unique, and no two
//! seats have the same name for people.
//!
//! These checks run after the reader, even if the reader found faults, so that all faults are
//! reported together. The reader leaves refused texts empty, and these checks skip empty texts.

use std::collections::HashSet;

use super::{MAX_FAULTS, Place, Plan, PlanFault, Zone};

/// Adds the faults of the plan as a whole.
pub(super) fn plan(plan: &Plan, faults: &mut Vec<PlanFault>) {
    if plan.seat_count() == 0 && faults.is_empty() {
        faults.push(PlanFault { path: "zones".into(), message: "the plan has no seats".into() });
    }
    let mut checks = Checks { faults, uuids: HashSet::new(), labels: HashSet::new() };
    let categories = checks.categories(plan);
    let mut titles = HashSet::new();
    let mut guids = HashSet::new();
    for (index, zone) in plan.zones.iter().enumerate() {
        if checks.full() {
            return;
        }
        if !titles.insert(zone.title(index)) {
            checks.fault(|| format!("zones[{index}].name"), "another zone has this name");
        }
        checks.uuid(zone.uuid.as_deref(), || format!("zones[{index}]"));
        for (at, area) in zone.areas.iter().flatten().enumerate() {
            checks.uuid(area.uuid.as_deref(), || format!("zones[{index}].areas[{at}]"));
        }
        checks.seats(index, zone, categories.as_ref(), &mut guids);
    }
}

struct Checks<'p, 'f> {
    faults: &'f mut Vec<PlanFault>,
    uuids: HashSet<&'p str>,
    /// The labels of places of which a part contains the separator. Other places have labels of their own.
    labels: HashSet<String>,
}

impl<'p> Checks<'p, '_> {
    fn full(&self) -> bool {
        self.faults.len() >= MAX_FAULTS
    }

    fn fault(&mut self, path: impl FnOnce() -> String, message: &str) {
        if !self.full() {
            self.faults.push(PlanFault { path: path(), message: message.to_owned() });
        }
    }

    /// The format requires that the editor's ids are unique among objects of every kind.
    fn uuid(&mut self, uuid: Option<&'p str>, at: impl FnOnce() -> String) {
        if let Some(uuid) = uuid.filter(|uuid| !uuid.is_empty())
            && !self.uuids.insert(uuid)
        {
            self.fault(|| format!("{}.uuid", at()), "something else has this uuid");
        }
    }

    /// The known categories. `None` if some categories could not be read, because seats may refer
    /// to those.
    fn categories(&mut self, plan: &'p Plan) -> Option<HashSet<&'p str>> {
        let readable = !self.faults.iter().any(|fault| fault.path.starts_with("categories"));
        let mut names = HashSet::new();
        for (index, category) in plan.categories.iter().enumerate() {
            if !names.insert(category.name.as_str()) && !category.name.is_empty() {
                self.fault(
                    || format!("categories[{index}].name"),
                    "another category has this name",
                );
            }
        }
        readable.then_some(names)
    }

    fn seats(
        &mut self,
        zone_at: usize,
        zone: &'p Zone,
        categories: Option<&HashSet<&str>>,
        guids: &mut HashSet<&'p str>,
    ) {
        // Several rows with the same number are common: a row that an aisle divides is drawn as two
        // rows. But two seats with the same name within these rows are a fault, because nobody
        // could find theirs.
        let mut called = HashSet::new();
        let title = zone.title(zone_at);
        for (row_at, row) in zone.rows.iter().enumerate() {
            self.uuid(row.uuid.as_deref(), || format!("zones[{zone_at}].rows[{row_at}]"));
            for (seat_at, seat) in row.seats.iter().enumerate() {
                if self.full() {
                    return;
                }
                let at = || format!("zones[{zone_at}].rows[{row_at}].seats[{seat_at}]");
                self.uuid(seat.uuid.as_deref(), at);
                if !seat.seat_guid.is_empty() && !guids.insert(&seat.seat_guid) {
                    self.fault(|| at() + ".seat_guid", "another seat has this seat_guid");
                }
                if !seat.seat_number.is_empty()
                    && !called.insert((row.row_number.as_str(), seat.seat_number.as_str()))
                {
                    self.fault(
                        || at() + ".seat_number",
                        "another seat of this row and zone has this number",
                    );
                }
                let place = Place { zone: &title, row: &row.row_number, number: &seat.seat_number };
                if place.is_ambiguous() && !self.labels.insert(place.to_string()) {
                    self.fault(
                        || at() + ".seat_number",
                        "another seat is printed with the same zone, row and number",
                    );
                }
                if let Some(known) = categories
                    && !seat.category.is_empty()
                    && !known.contains(seat.category.as_str())
                {
                    self.fault(|| at() + ".category", "is not one of the plan's categories");
                }
            }
        }
    }
}
