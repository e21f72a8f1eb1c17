//! A hall as flat arrays: what never changes while one looks.
//!
//! Seats are numbered by their place in these arrays (an index), not by their id; `index_of` translates.

use std::ops::Range;

use holdfast_contract::{
    catalogue::SeatKind,
    seat_map::{MapArea, MapCategory, SeatMap},
};
use uuid::Uuid;

use super::geometry::{Bounds, Grid, simplified};

/// What stands for "no such seat" in the table of ids.
const NONE: u32 = u32::MAX;
/// A seat fills this part of the way to its neighbour.
const SEAT_FILL: f32 = 0.42;
/// Neighbours farther apart than this many ordinary steps have an aisle between them.
const AISLE_STEPS: f32 = 2.2;
/// The largest id that the table of ids is made for.
const MAX_ID: i32 = 1_000_000;

/// A section.
#[derive(Debug, Clone)]
pub struct SectionShape {
    /// The section.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Its rows.
    pub rows: Range<usize>,
    /// Its seats.
    pub seats: Range<usize>,
    /// Around its seats.
    pub bounds: Bounds,
    /// Where its label stands: on a seat in its middle.
    pub anchor: (f32, f32),
}

/// A part of a row without an aisle and of one category.
#[derive(Debug, Clone)]
pub struct Ribbon {
    /// The category's index.
    pub category: u8,
    /// The line through its seats, simplified.
    pub line: Vec<(f32, f32)>,
}

/// A row.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its name.
    pub label: String,
    /// Whether the name stands at the first, the last, both ends or neither.
    pub label_at: String,
    /// The index of its section.
    pub section: usize,
    /// Its seats.
    pub seats: Range<usize>,
    /// Around its seats.
    pub bounds: Bounds,
    /// What it looks like from afar.
    pub ribbons: Vec<Ribbon>,
}

/// A hall.
#[derive(Debug)]
pub struct Hall {
    /// The plan's version.
    pub plan_version: i32,
    /// Around everything drawn.
    pub bounds: Bounds,
    /// A seat's radius in plan units.
    pub radius: f32,
    /// How far apart rows are in plan units, about.
    pub row_step: f32,
    /// Price categories.
    pub categories: Vec<MapCategory>,
    /// Stage, pitch and the like.
    pub areas: Vec<MapArea>,
    /// Sections.
    pub sections: Vec<SectionShape>,
    /// Rows.
    pub rows: Vec<Row>,
    /// Horizontal places of the seats.
    pub x: Vec<f32>,
    /// Vertical places of the seats.
    pub y: Vec<f32>,
    /// Categories of the seats.
    pub category: Vec<u8>,
    /// What the seats are like.
    pub kind: Vec<SeatKind>,
    /// Rows of the seats.
    pub row: Vec<u32>,
    /// What the seats are called.
    pub labels: Vec<String>,
    /// Ids of the seats.
    pub ids: Vec<i32>,
    /// Finds seats by place.
    pub grid: Grid,
    by_id: Vec<u32>,
}

impl Hall {
    /// Unpacks what came over the wire.
    pub fn new(map: SeatMap) -> Self {
        let mut hall = Self {
            plan_version: map.plan_version,
            bounds: Bounds::EMPTY,
            radius: 0.0,
            row_step: 0.0,
            categories: map.categories,
            areas: map.areas,
            sections: Vec::new(),
            rows: Vec::new(),
            x: Vec::new(),
            y: Vec::new(),
            category: Vec::new(),
            kind: Vec::new(),
            row: Vec::new(),
            labels: Vec::new(),
            ids: Vec::new(),
            grid: Grid::new(&[], &[], 1.0),
            by_id: Vec::new(),
        };
        for section in map.sections {
            let (first_row, first_seat) = (hall.rows.len(), hall.x.len());
            for row in section.rows {
                hall.push_row(row);
            }
            let rows = first_row..hall.rows.len();
            let bounds = hall.rows[rows.clone()]
                .iter()
                .fold(Bounds::EMPTY, |all, row| all.union(row.bounds));
            hall.sections.push(SectionShape {
                id: section.id,
                name: section.name,
                seats: first_seat..hall.x.len(),
                anchor: hall.anchor(rows.clone()),
                rows,
                bounds,
            });
        }
        hall.measure();
        hall
    }

    /// A hall without seats, for events that have only general admission.
    pub fn empty() -> Self {
        Self::new(SeatMap {
            event_id: Uuid::nil(),
            plan_version: 0,
            name: String::new(),
            width: 0,
            height: 0,
            categories: Vec::new(),
            areas: Vec::new(),
            sections: Vec::new(),
        })
    }

    fn push_row(&mut self, row: holdfast_contract::seat_map::MapRow) {
        let first = self.x.len();
        let number = u32::try_from(self.rows.len()).unwrap_or(NONE);
        let mut categories = row.categories.iter().flat_map(|run| match run.as_slice() {
            [count, category] => std::iter::repeat_n(
                u8::try_from(*category).unwrap_or(0),
                usize::try_from(*count).unwrap_or(0),
            ),
            _ => std::iter::repeat_n(0, 0),
        });
        let (mut x, mut y) = (0, 0);
        let mut bounds = Bounds::EMPTY;
        let places = row.x.iter().zip(&row.y);
        for (((dx, dy), label), id) in places.zip(row.labels).zip(row.first_seat_id..) {
            x += dx;
            y += dy;
            #[allow(clippy::cast_precision_loss, reason = "halls are smaller than 2^24 units")]
            let (seat_x, seat_y) = (x as f32, y as f32);
            bounds.include(seat_x, seat_y);
            self.x.push(seat_x);
            self.y.push(seat_y);
            self.category.push(categories.next().unwrap_or(0));
            self.kind.push(SeatKind::Standard);
            self.row.push(number);
            self.labels.push(label);
            self.ids.push(id);
        }
        for odd in &row.kinds {
            let at = usize::try_from(odd.seat_id - row.first_seat_id).unwrap_or(usize::MAX);
            if let Some(kind) = self.kind.get_mut(first.saturating_add(at)) {
                *kind = odd.kind;
            }
        }
        self.rows.push(Row {
            label: row.label,
            label_at: row.label_at,
            section: self.sections.len(),
            seats: first..self.x.len(),
            bounds,
            ribbons: Vec::new(),
        });
    }

    fn anchor(&self, rows: Range<usize>) -> (f32, f32) {
        let Some(row) = self.rows.get(rows.start + rows.len() / 2) else { return (0.0, 0.0) };
        let middle = row.seats.start + row.seats.len() / 2;
        match (self.x.get(middle), self.y.get(middle)) {
            (Some(x), Some(y)) => (*x, *y),
            _ => (0.0, 0.0),
        }
    }

    fn measure(&mut self) {
        let step = self.seat_step();
        self.radius = step * SEAT_FILL;
        self.row_step = self.step_between_rows(step);
        for row in 0..self.rows.len() {
            self.rows[row].ribbons = self.ribbons(self.rows[row].seats.clone(), step);
        }
        let mut bounds = self
            .rows
            .iter()
            .fold(Bounds::EMPTY, |all, row| all.union(row.bounds))
            .grown(step * 1.6);
        for area in &self.areas {
            bounds = bounds.union(area_bounds(area));
        }
        self.bounds = bounds;
        self.grid = Grid::new(&self.x, &self.y, step * 4.0);
        let largest = self.ids.iter().copied().max().unwrap_or(0).clamp(0, MAX_ID);
        self.by_id = vec![NONE; usize::try_from(largest).unwrap_or(0) + 1];
        for (index, id) in (0_u32..).zip(&self.ids) {
            if let Some(entry) = usize::try_from(*id).ok().and_then(|id| self.by_id.get_mut(id)) {
                *entry = index;
            }
        }
    }

    /// The median way from a seat to the next of its row.
    fn seat_step(&self) -> f32 {
        let steps = self.rows.iter().flat_map(|row| {
            let seats = row.seats.clone();
            seats.clone().zip(seats.skip(1)).map(|(a, b)| self.distance(a, b))
        });
        median(steps.collect()).unwrap_or(250.0)
    }

    /// The median way from a row's middle to the next row of its section.
    fn step_between_rows(&self, seat_step: f32) -> f32 {
        let steps = self.rows.iter().zip(self.rows.iter().skip(1)).filter_map(|(row, next)| {
            if row.section != next.section || row.seats.is_empty() {
                return None;
            }
            let middle = row.seats.start + row.seats.len() / 2;
            next.seats.clone().map(|seat| self.distance(middle, seat)).min_by(f32::total_cmp)
        });
        median(steps.collect()).unwrap_or(seat_step).clamp(seat_step * 0.8, seat_step * 2.0)
    }

    fn distance(&self, a: usize, b: usize) -> f32 {
        (self.x[a] - self.x[b]).hypot(self.y[a] - self.y[b])
    }

    fn ribbons(&self, seats: Range<usize>, step: f32) -> Vec<Ribbon> {
        let mut ribbons: Vec<Ribbon> = Vec::new();
        let mut before = None;
        for seat in seats {
            let point = (self.x[seat], self.y[seat]);
            let goes_on = before.is_some_and(|last| {
                self.category[last] == self.category[seat]
                    && self.distance(last, seat) < step * AISLE_STEPS
            });
            match ribbons.last_mut() {
                Some(ribbon) if goes_on => ribbon.line.push(point),
                _ => ribbons.push(Ribbon { category: self.category[seat], line: vec![point] }),
            }
            before = Some(seat);
        }
        for ribbon in &mut ribbons {
            ribbon.line = simplified(&ribbon.line, step * 0.15);
        }
        ribbons
    }

    /// How many seats there are.
    pub fn len(&self) -> usize {
        self.x.len()
    }

    /// The seat with this id.
    pub fn index_of(&self, seat_id: i32) -> Option<usize> {
        let entry = *self.by_id.get(usize::try_from(seat_id).ok()?)?;
        (entry != NONE).then_some(entry as usize)
    }

    /// The row that a seat is in.
    pub fn row_of(&self, seat: usize) -> &Row {
        &self.rows[self.row[seat] as usize]
    }

    /// The section that a seat is in.
    pub fn section_of(&self, seat: usize) -> &SectionShape {
        &self.sections[self.row_of(seat).section]
    }

    /// The seat at a place, at most `reach` away from its middle.
    pub fn seat_at(&self, x: f32, y: f32, reach: f32) -> Option<usize> {
        let area = Bounds { left: x, top: y, right: x, bottom: y }.grown(reach);
        self.grid
            .within(&area)
            .map(|seat| (seat, (self.x[seat] - x).hypot(self.y[seat] - y)))
            .filter(|(_, distance)| *distance <= reach)
            .min_by(|a, b| a.1.total_cmp(&b.1))
            .map(|(seat, _)| seat)
    }
}

#[allow(clippy::cast_precision_loss, reason = "halls are smaller than 2^24 units")]
fn area_bounds(area: &MapArea) -> Bounds {
    let (x, y) = (area.x as f32, area.y as f32);
    let (width, height) = (area.width as f32, area.height as f32);
    let mut bounds = Bounds::EMPTY;
    match area.shape.as_str() {
        "rectangle" => {
            bounds.include(x, y);
            bounds.include(x + width, y + height);
        }
        "polygon" => {
            for point in area.points.chunks_exact(2) {
                bounds.include(x + point[0] as f32, y + point[1] as f32);
            }
        }
        "circle" | "ellipse" => {
            bounds.include(x - width, y - height);
            bounds.include(x + width, y + height);
        }
        _ => bounds.include(x, y),
    }
    bounds
}

fn median(mut values: Vec<f32>) -> Option<f32> {
    values.retain(|value| *value > 0.0);
    if values.is_empty() {
        return None;
    }
    let middle = values.len() / 2;
    Some(*values.select_nth_unstable_by(middle, f32::total_cmp).1)
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
                kind: if n == 9 { SeatKind::Wheelchair } else { SeatKind::Standard },
            })
            .collect();
        MapRow::encode(label.into(), "both".into(), &seats)
    }

    /// Two sections of two rows of ten seats, ids from 1.
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
        assert_eq!(hall.seat_at(260.0, 10.0, hall.radius), hall.index_of(2));
        assert_eq!(hall.seat_at(375.0, 150.0, 20.0), None);
    }
}
