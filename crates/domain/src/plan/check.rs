//! The rules between the objects of a plan: seats name known categories, ids are unique, and no two
//! seats have the same name for people.
//!
//! These checks run after the reader, even if the reader found faults, so that all faults are
//! reported together. The reader leaves refused texts empty, and these checks skip empty texts.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use super::{Area, Plan, PrintedPlace, Zone, faults::FaultList};
use crate::text::{as_seen, letters};

/// Adds the faults of the plan as a whole.
pub(super) fn plan(plan: &Plan, faults: &mut FaultList) {
    let nothing_said = faults.is_empty();
    let mut checks = Checks { faults, uuids: HashSet::new(), labels: HashSet::new() };
    if plan.seat_count() == 0 && nothing_said {
        checks.fault(|| "zones".to_owned(), "the plan has no seats");
    }
    checks.seen(&plan.name, || "name".to_owned());
    let categories = checks.categories(plan);
    let mut titles = HashSet::new();
    let mut guids = HashMap::new();
    let areas: HashSet<&str> =
        plan.zones.iter().flat_map(|zone| zone.areas.iter().flatten()).filter_map(uuid).collect();
    checks.uuids.extend(areas);
    for (index, zone) in plan.zones.iter().enumerate() {
        if checks.full() {
            return;
        }
        checks.seen(zone.name.as_deref().unwrap_or_default(), || format!("zones[{index}].name"));
        if !titles.insert(as_seen(&zone.title(index)).into_owned()) {
            checks.fault(|| format!("zones[{index}].name"), "another zone has this name");
        }
        checks.uuid(zone.uuid.as_deref(), || format!("zones[{index}]"));
        checks.seats(index, zone, categories.as_ref(), &mut guids);
    }
}

fn uuid(area: &Area) -> Option<&str> {
    area.uuid.as_deref().filter(|uuid| !uuid.is_empty())
}

struct Checks<'p, 'f> {
    faults: &'f mut FaultList,
    uuids: HashSet<&'p str>,
    /// The labels of places that have the separator inside one of their parts. Any other label belongs to one place
    /// only.
    labels: HashSet<String>,
}

impl<'p> Checks<'p, '_> {
    fn full(&self) -> bool {
        self.faults.are_enough()
    }

    fn fault(&mut self, path: impl FnOnce() -> String, message: &str) {
        self.faults.add(message, path, || message.to_owned());
    }

    /// Notes a fault if people could not see the whole text. The reader reports empty texts.
    fn seen(&mut self, text: &str, path: impl FnOnce() -> String) {
        if text.chars().any(letters::is_hidden) {
            self.fault(
                path,
                "contains invisible characters or characters that change the direction",
            );
        } else if !text.is_empty() && text.chars().all(letters::shows_nothing) {
            self.fault(path, "must not be empty");
        }
    }

    /// The format requires that the editor's ids are unique among objects of every kind. pretix accepts several areas
    /// with the same id, and so does this check.
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
        let readable = !self.faults.any_below("categories");
        let mut names = HashSet::new();
        for (index, category) in plan.categories.iter().enumerate() {
            self.seen(&category.name, || format!("categories[{index}].name"));
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
        guids: &mut HashMap<&'p str, [usize; 3]>,
    ) {
        // Several rows with the same number are common: a row that an aisle divides is drawn as two
        // rows. But two seats with the same name within these rows are a fault, because nobody
        // could find theirs.
        let mut called: HashSet<(Cow<'_, str>, Cow<'_, str>)> = HashSet::new();
        let title = zone.title(zone_at);
        for (row_at, row) in zone.rows.iter().enumerate() {
            let at_row = || format!("zones[{zone_at}].rows[{row_at}]");
            self.uuid(row.uuid.as_deref(), at_row);
            self.seen(&row.row_number, || at_row() + ".row_number");
            let row_as_seen = as_seen(&row.row_number);
            for (seat_at, seat) in row.seats.iter().enumerate() {
                if self.full() {
                    return;
                }
                let at = || format!("zones[{zone_at}].rows[{row_at}].seats[{seat_at}]");
                self.uuid(seat.uuid.as_deref(), at);
                self.seen(&seat.seat_number, || at() + ".seat_number");
                let guid = seat.seat_guid.as_str();
                let here = [zone_at, row_at, seat_at];
                if let Some([zone, row, seat]) = guids.get(guid) {
                    let message = || {
                        format!(
                            "another seat has this seat_guid: {guid} is zones[{zone}].rows[{row}].seats[{seat}], too"
                        )
                    };
                    self.faults.add(
                        "another seat has this seat_guid",
                        || at() + ".seat_guid",
                        message,
                    );
                } else if !guid.is_empty() {
                    guids.insert(guid, here);
                }
                if !seat.seat_number.is_empty()
                    && !called.insert((row_as_seen.clone(), as_seen(&seat.seat_number)))
                {
                    self.fault(
                        || at() + ".seat_number",
                        "another seat of this row and zone has this number",
                    );
                }
                let place =
                    PrintedPlace { zone: &title, row: &row.row_number, number: &seat.seat_number };
                if place.is_ambiguous()
                    && !self.labels.insert(as_seen(&place.to_string()).into_owned())
                {
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
