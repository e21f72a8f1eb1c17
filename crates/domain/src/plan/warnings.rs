//! Probable mistakes in a plan that the reader accepts. pretix accepts such plans, so Holdfast accepts them, too.

use std::collections::HashSet;

use super::{Plan, PlanFault};

impl Plan {
    /// One warning for each kind of mistake, with the path of the first mistake of that kind.
    pub fn warnings(&self) -> Vec<PlanFault> {
        let found = [self.without_category(), self.areas_with_one_uuid(), self.at_one_point()];
        found.into_iter().flatten().collect()
    }

    fn without_category(&self) -> Option<PlanFault> {
        let mut path = None;
        let mut count = 0;
        for (zone_at, zone) in self.zones.iter().enumerate() {
            for (row_at, row) in zone.rows.iter().enumerate() {
                for (seat_at, seat) in row.seats.iter().enumerate() {
                    if seat.category.is_empty() {
                        count += 1;
                        path.get_or_insert((zone_at, row_at, seat_at));
                    }
                }
            }
        }
        let (zone, row, seat) = path?;
        let path = format!("zones[{zone}].rows[{row}].seats[{seat}].category");
        let message = format!(
            "seats without a category are sold under offers for every category alone; seats of this kind: {count}"
        );
        Some(PlanFault { path, message })
    }

    fn areas_with_one_uuid(&self) -> Option<PlanFault> {
        let mut uuids = HashSet::new();
        let areas = self.zones.iter().enumerate().flat_map(|(zone_at, zone)| {
            let areas = zone.areas.iter().flatten().enumerate();
            areas.map(move |(area_at, area)| ((zone_at, area_at), area))
        });
        let doubled: Vec<(usize, usize)> = areas
            .filter(|(_, area)| {
                let uuid = area.uuid.as_deref().filter(|uuid| !uuid.is_empty());
                uuid.is_some_and(|uuid| !uuids.insert(uuid))
            })
            .map(|(at, _)| at)
            .collect();
        let (zone, area) = doubled.first()?;
        Some(PlanFault {
            path: format!("zones[{zone}].areas[{area}].uuid"),
            message: format!("another area has this uuid; areas of this kind: {}", doubled.len()),
        })
    }

    fn at_one_point(&self) -> Option<PlanFault> {
        let count = self.seats_at_one_point();
        (count > 0).then(|| PlanFault {
            path: "zones".to_owned(),
            message: format!(
                "several seats stand at one point, so only one of them is seen; hidden seats: {count}"
            ),
        })
    }
}
