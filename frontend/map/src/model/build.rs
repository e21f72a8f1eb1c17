//! Makes a [`Hall`] from the layout that the API sends, and measures it: how large a seat is, where the aisles are, and
//! how a row looks when the map is zoomed out.

use std::ops::Range;

use holdfast_contract::{
    catalogue::SeatKind,
    seat_map::{MapArea, MapRow, SeatMap, unrolled},
    words::{AreaShape, LabelAt},
};

use super::{Hall, HallRow, NONE, Ribbon, SectionShape};
use crate::geometry::{Bounds, PointGrid, simplified, within};

/// The radius of a seat without one, as a part of the usual distance between neighbours.
const SEAT_FILL: f32 = 0.42;
/// Neighbours with more than this many usual distances between them have an aisle between them.
const AISLE_STEPS: f32 = 2.2;
/// The largest seat id for which the table of ids has room.
const MAX_ID: i32 = 1_000_000;

impl Hall {
    /// Unpacks the layout of the API.
    pub fn new(map: SeatMap) -> Self {
        let mut hall = Self {
            plan_version: map.plan_version,
            bounds: Bounds::EMPTY,
            radius: 0.0,
            largest_radius: 0.0,
            row_step: 0.0,
            categories: map.categories,
            areas: map.areas,
            sections: Vec::new(),
            rows: Vec::new(),
            x: Vec::new(),
            y: Vec::new(),
            radii: Vec::new(),
            category: Vec::new(),
            kind: Vec::new(),
            row: Vec::new(),
            labels: Vec::new(),
            ids: Vec::new(),
            grid: PointGrid::new(&[], &[], 1.0),
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

    fn push_row(&mut self, row: MapRow) {
        let first = self.x.len();
        let number = u32::try_from(self.rows.len()).unwrap_or(NONE);
        let mut categories = unrolled(&row.categories);
        let mut radii = unrolled(&row.radii);
        let (mut x, mut y) = (0, 0);
        let mut bounds = Bounds::EMPTY;
        let places = row.x.iter().zip(&row.y);
        for (((dx, dy), label), id) in places.zip(row.labels).zip(row.first_seat_id..) {
            x += dx;
            y += dy;
            #[allow(clippy::cast_precision_loss, reason = "halls are smaller than 2^24 units")]
            let (seat_x, seat_y, radius) = (x as f32, y as f32, radii.next().unwrap_or(0) as f32);
            bounds.include(seat_x, seat_y);
            self.x.push(seat_x);
            self.y.push(seat_y);
            self.radii.push(radius);
            self.category.push(u8::try_from(categories.next().unwrap_or(0)).unwrap_or(0));
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
        self.rows.push(HallRow {
            label: row.label,
            label_at: LabelAt::parse(&row.label_at).unwrap_or(LabelAt::None),
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
        // An older server sends no radii.
        for radius in self.radii.iter_mut().filter(|radius| **radius <= 0.0) {
            *radius = step * SEAT_FILL;
        }
        self.radius = median(self.radii.clone()).unwrap_or(step * SEAT_FILL);
        self.largest_radius = self.radii.iter().copied().fold(self.radius, f32::max);
        self.row_step = self.step_between_rows(step);
        for row in 0..self.rows.len() {
            self.rows[row].ribbons = self.ribbons(self.rows[row].seats.clone(), step);
        }
        let mut bounds = self
            .rows
            .iter()
            .fold(Bounds::EMPTY, |all, row| all.union(row.bounds))
            .grown(f32::max(step * 1.6, self.largest_radius * 1.2));
        for area in &self.areas {
            bounds = bounds.union(area_bounds(area));
        }
        self.bounds = bounds;
        self.grid = PointGrid::new(&self.x, &self.y, step * 4.0);
        let largest = self.ids.iter().copied().max().unwrap_or(0).clamp(0, MAX_ID);
        self.by_id = vec![NONE; usize::try_from(largest).unwrap_or(0) + 1];
        for (index, id) in (0_u32..).zip(&self.ids) {
            if let Some(entry) = usize::try_from(*id).ok().and_then(|id| self.by_id.get_mut(id)) {
                *entry = index;
            }
        }
    }

    /// The median distance between neighbouring seats of a row.
    fn seat_step(&self) -> f32 {
        let steps = self.rows.iter().flat_map(|row| {
            let seats = row.seats.clone();
            seats.clone().zip(seats.skip(1)).map(|(a, b)| self.distance(a, b))
        });
        median(steps.collect()).unwrap_or(250.0)
    }

    /// The median distance between neighbouring rows of a section.
    fn step_between_rows(&self, seat_step: f32) -> f32 {
        let steps = self.rows.iter().zip(self.rows.iter().skip(1)).filter_map(|(row, next)| {
            if row.section != next.section || row.seats.is_empty() {
                return None;
            }
            let middle = row.seats.start + row.seats.len() / 2;
            next.seats.clone().map(|seat| self.distance(middle, seat)).min_by(f32::total_cmp)
        });
        let step = median(steps.collect()).unwrap_or(seat_step);
        within(step, seat_step * 0.8, seat_step * 2.0)
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
}

#[allow(clippy::cast_precision_loss, reason = "halls are smaller than 2^24 units")]
fn area_bounds(area: &MapArea) -> Bounds {
    let (x, y) = (area.x as f32, area.y as f32);
    let (width, height) = (area.width as f32, area.height as f32);
    let mut bounds = Bounds::EMPTY;
    match AreaShape::parse(&area.shape) {
        Some(AreaShape::Rectangle) => {
            bounds.include(x, y);
            bounds.include(x + width, y + height);
        }
        Some(AreaShape::Polygon) => {
            for point in area.points.chunks_exact(2) {
                bounds.include(x + point[0] as f32, y + point[1] as f32);
            }
        }
        Some(AreaShape::Circle | AreaShape::Ellipse) => {
            bounds.include(x - width, y - height);
            bounds.include(x + width, y + height);
        }
        Some(AreaShape::Text) | None => bounds.include(x, y),
    }
    bounds
}

/// The median of the positive values. The function narrows the bound down by halves: the standard library's selection
/// is more code than this whole module.
fn median(mut values: Vec<f32>) -> Option<f32> {
    const HALVINGS: usize = 40;
    values.retain(|value| *value > 0.0);
    let largest = values.iter().copied().reduce(f32::max)?;
    let (mut below, mut above) = (0.0, largest);
    for _ in 0..HALVINGS {
        let bound = f32::midpoint(below, above);
        if values.iter().filter(|value| **value <= bound).count() > values.len() / 2 {
            above = bound;
        } else {
            below = bound;
        }
    }
    // The largest value that is not above the bound is the median itself.
    values.into_iter().filter(|value| *value <= above).reduce(f32::max)
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn the_median_is_one_of_the_values() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![0.0, -1.0]), None);
        assert_eq!(median(vec![250.0]), Some(250.0));
        assert_eq!(median(vec![7.0, 1.0, 1000.0, 3.0, 5.0]), Some(5.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), Some(3.0));
        assert_eq!(median(vec![25.0; 9]), Some(25.0));
    }
}
