//! A hall as flat arrays: everything that does not change while a visitor looks at it.
//!
//! A seat is identified by its index in these arrays and not by its id; `index_of` translates an id. `build` makes the
//! arrays from the API's layout.

mod build;

use std::ops::Range;

use holdfast_contract::{
    catalogue::SeatKind,
    seat_map::{MapArea, MapCategory, SeatMap},
    words::LabelAt,
};
use uuid::Uuid;

use super::geometry::{Bounds, PointGrid};

/// The entry for "no such seat" in the table of ids.
const NONE: u32 = u32::MAX;
#[derive(Debug, Clone)]
pub struct SectionShape {
    pub id: Uuid,
    pub name: String,
    /// The range of the section's rows.
    pub rows: Range<usize>,
    /// The range of the section's seats.
    pub seats: Range<usize>,
    /// The box around the section's seats.
    pub bounds: Bounds,
    /// The place of the label: on a seat near the section's centre.
    pub anchor: (f32, f32),
}

/// A part of a row without an aisle and with only one category.
#[derive(Debug, Clone)]
pub struct Ribbon {
    pub category: u8,
    /// The simplified line through the seats.
    pub line: Vec<(f32, f32)>,
}

#[derive(Debug, Clone)]
pub struct HallRow {
    pub label: String,
    /// Where the name is drawn.
    pub label_at: LabelAt,
    /// The index of the row's section.
    pub section: usize,
    /// The range of the row's seats.
    pub seats: Range<usize>,
    /// The box around the row's seats.
    pub bounds: Bounds,
    /// The shapes that are drawn instead of seats when the map is zoomed out.
    pub ribbons: Vec<Ribbon>,
}

/// A hall. The arrays `x`, `y`, `radii`, `category`, `kind`, `row`, `labels` and `ids` have one entry for each seat.
#[derive(Debug)]
pub struct Hall {
    /// The version of the seating plan.
    pub plan_version: i32,
    /// The box around everything that is drawn.
    pub bounds: Bounds,
    /// The usual radius of a seat in plan units: the median.
    pub radius: f32,
    /// The largest radius of a seat in plan units.
    pub largest_radius: f32,
    /// The approximate distance between two rows in plan units.
    pub row_step: f32,
    /// The price categories. Seats refer to them by index.
    pub categories: Vec<MapCategory>,
    /// The shapes drawn beside the seats, such as the stage or the pitch.
    pub areas: Vec<MapArea>,
    pub sections: Vec<SectionShape>,
    pub rows: Vec<HallRow>,
    /// The horizontal position of each seat in plan units.
    pub x: Vec<f32>,
    /// The vertical position of each seat in plan units.
    pub y: Vec<f32>,
    /// The radius of each seat in plan units.
    pub radii: Vec<f32>,
    /// The index of each seat's category.
    pub category: Vec<u8>,
    /// The kind of each seat.
    pub kind: Vec<SeatKind>,
    /// The index of each seat's row.
    pub row: Vec<u32>,
    /// The name of each seat within its row.
    pub labels: Vec<String>,
    /// The id of each seat within the event.
    pub ids: Vec<i32>,
    /// The grid that finds a seat by its position.
    pub grid: PointGrid,
    by_id: Vec<u32>,
}

impl Hall {
    /// A hall without seats, for events that have only general admission.
    pub fn empty() -> Self {
        Self::new(SeatMap::empty())
    }

    /// The number of seats in the hall.
    pub fn len(&self) -> usize {
        self.x.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The index of the seat with this id.
    pub fn index_of(&self, seat_id: i32) -> Option<usize> {
        let entry = *self.by_id.get(usize::try_from(seat_id).ok()?)?;
        (entry != NONE).then_some(entry as usize)
    }

    pub fn row_of(&self, seat: usize) -> &HallRow {
        &self.rows[self.row[seat] as usize]
    }

    pub fn section_of(&self, seat: usize) -> &SectionShape {
        &self.sections[self.row_of(seat).section]
    }

    /// The seat that the point lies on. `reach` enlarges every seat by this factor; of several seats it is the one in
    /// which the point lies deepest.
    pub fn seat_at(&self, x: f32, y: f32, reach: f32) -> Option<usize> {
        let area =
            Bounds { left: x, top: y, right: x, bottom: y }.grown(self.largest_radius * reach);
        self.grid
            .within(&area)
            .map(|seat| (seat, (self.x[seat] - x).hypot(self.y[seat] - y) / self.radii[seat]))
            .filter(|(_, distance)| *distance <= reach)
            .min_by(|a, b| a.1.total_cmp(&b.1))
            .map(|(seat, _)| seat)
    }
}

#[cfg(test)]
pub mod tests {
    use holdfast_contract::seat_map::{MapRow, MapSeat, MapSection};

    use super::*;

    fn row(label: &str, first: i32, y: i32, split_at: i32) -> MapRow {
        let seats: Vec<_> = (0..10)
            .map(|n| MapSeat {
                seat_id: first + n,
                guid: format!("{label}-{n}"),
                label: (n + 1).to_string(),
                x: n * 250 + if n >= 5 { 1000 } else { 0 },
                y,
                category: usize::from(n >= split_at),
                radius: 100,
                kind: if n == 9 { SeatKind::Wheelchair } else { SeatKind::Standard },
            })
            .collect();
        MapRow::encode(label.into(), "both".into(), &seats)
    }

    /// Two sections with two rows of ten seats each, with ids from 1.
    pub fn small_hall() -> Hall {
        let section = |name: &str, first: i32, y: i32| MapSection {
            id: Uuid::from_u128(u128::try_from(first).expect("positive")),
            name: name.into(),
            rows: vec![row("A", first, y, 10), row("B", first + 10, y + 300, 3)],
        };
        Hall::new(SeatMap {
            event_id: Uuid::nil(),
            plan_version: 1,
            name: "Small".into(),
            width: 4000,
            height: 3000,
            categories: vec![
                MapCategory { name: "Near".into(), color: "#c53030".into() },
                MapCategory { name: "Far".into(), color: "#38a169".into() },
            ],
            areas: vec![],
            sections: vec![section("Left", 1, 0), section("Right", 21, 5000)],
        })
    }

    #[test]
    fn ids_places_and_names_come_back() {
        let hall = small_hall();
        assert_eq!(hall.len(), 40);
        let seat = hall.index_of(27).expect("there");
        assert_eq!((hall.x[seat], hall.y[seat]), (2500.0, 5000.0));
        assert_eq!(hall.labels[seat], "7");
        assert_eq!(hall.row_of(seat).label, "A");
        assert_eq!(hall.section_of(seat).name, "Right");
        assert_eq!(hall.index_of(0), None);
        assert_eq!(hall.index_of(41), None);
        assert_eq!(hall.kind[hall.index_of(10).expect("there")], SeatKind::Wheelchair);
    }

    #[test]
    fn a_ribbon_ends_at_an_aisle_and_at_another_category() {
        let hall = small_hall();
        assert_eq!(hall.rows[0].ribbons.len(), 2);
        let second: Vec<_> = hall.rows[1].ribbons.iter().map(|ribbon| ribbon.category).collect();
        assert_eq!(second, [0, 1, 1]);
        assert!(hall.rows[0].ribbons.iter().all(|ribbon| ribbon.line.len() == 2));
    }

    #[test]
    fn a_seat_is_hit_within_reach_alone() {
        let hall = small_hall();
        assert_eq!(hall.seat_at(260.0, 10.0, 1.0), hall.index_of(2));
        assert_eq!(hall.seat_at(375.0, 150.0, 1.0), None);
    }

    #[test]
    fn each_seat_is_as_large_as_the_plan_says() {
        let seat = |seat_id, x, radius| MapSeat {
            seat_id,
            guid: seat_id.to_string(),
            label: seat_id.to_string(),
            x,
            y: 0,
            category: 0,
            radius,
            kind: SeatKind::Standard,
        };
        let hall = |radii: [i32; 3]| {
            let seats = [(1, 0), (2, 500), (3, 700)];
            let seats = seats.iter().zip(radii).map(|((id, x), radius)| seat(*id, *x, radius));
            let row = MapRow::encode("A".into(), "none".into(), &seats.collect::<Vec<_>>());
            Hall::new(SeatMap {
                sections: vec![MapSection {
                    id: Uuid::nil(),
                    name: "Sofas".into(),
                    rows: vec![row],
                }],
                ..SeatMap::empty()
            })
        };
        let sofas = hall([400, 100, 100]);
        assert_eq!(sofas.radii, [400.0, 100.0, 100.0]);
        assert!((sofas.radius - 100.0).abs() < 0.1, "{}", sofas.radius);
        assert!(sofas.bounds.left <= -400.0, "the whole of the large seat is in sight");
        // The point is nearer to the centre of seat 2, but on seat 1.
        assert_eq!(sofas.seat_at(390.0, 0.0, 1.15), sofas.index_of(1));
        assert_eq!(sofas.seat_at(420.0, 0.0, 1.0), sofas.index_of(2));
        assert_eq!(sofas.seat_at(500.0, 120.0, 1.0), None);
        let old = hall([0, 0, 0]);
        assert!(old.radii.iter().all(|radius| *radius == old.radius), "{:?}", old.radii);
        assert!(old.radius > 50.0);
    }
}
