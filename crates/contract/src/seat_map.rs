//! The layout of a hall, packed into columns by section and row, so that 20,000 seats take few bytes.
//!
//! The seats of a row have consecutive ids from `first_seat_id`. Positions are integers in tenths of the plan's unit.
//! The first position of a row is absolute; each further position is the difference from the one before it. Categories
//! are packed into runs of `[count, index]`, because neighbours usually share a category. States and prices of seats
//! are never part of a layout; see [`crate::live`] for states.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::catalogue::SeatKind;

/// The layout of a hall. A layout never changes within one plan version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct SeatMap {
    /// The id of the event that the layout belongs to.
    pub event_id: Uuid,
    /// The version of the seating plan.
    pub plan_version: i32,
    /// The name of the seating plan.
    pub name: String,
    /// The width of the hall in tenths of the plan's unit.
    pub width: i32,
    /// The height of the hall in tenths of the plan's unit.
    pub height: i32,
    /// The price categories. Seats refer to a category by its index.
    pub categories: Vec<MapCategory>,
    /// The shapes drawn beside the seats: the stage, the pitch, labels.
    pub areas: Vec<MapArea>,
    /// The sections with seats. A layout contains no general-admission sections.
    pub sections: Vec<MapSection>,
}

impl SeatMap {
    /// The layout of an event without seats.
    pub fn empty() -> Self {
        Self {
            event_id: Uuid::nil(),
            plan_version: 0,
            name: String::new(),
            width: 0,
            height: 0,
            categories: Vec::new(),
            areas: Vec::new(),
            sections: Vec::new(),
        }
    }
}

/// A price category of the seating plan, with its colour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct MapCategory {
    /// The category's name. Offers refer to it.
    pub name: String,
    /// The category's colour in the plan, `#rrggbb`.
    pub color: String,
}

/// A shape drawn beside the seats. Coordinates are in tenths of the plan's unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct MapArea {
    /// The kind of shape: `rectangle`, `circle`, `ellipse`, `polygon` or `text`.
    pub shape: String,
    /// The left edge, or the horizontal centre of a circle or ellipse.
    pub x: i32,
    /// The top edge, or the vertical centre of a circle or ellipse.
    pub y: i32,
    /// The rotation about (`x`, `y`), in degrees clockwise.
    pub rotation: i32,
    /// The fill colour, `#rrggbb`; empty for no fill.
    pub color: String,
    /// The stroke colour, `#rrggbb`; empty for no stroke.
    pub border_color: String,
    /// The width of a rectangle, or the horizontal radius.
    pub width: i32,
    /// The height of a rectangle, or the vertical radius.
    pub height: i32,
    /// The corners of a polygon relative to (`x`, `y`), as x, y, x, y, …
    pub points: Vec<i32>,
    /// The text written on the shape.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<MapText>,
}

/// A text that is written on a shape.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct MapText {
    /// The text, as the seating plan contains it.
    pub text: String,
    /// The height of the letters in tenths of the plan's unit.
    pub size: i32,
    /// The colour of the letters, `#rrggbb`.
    pub color: String,
    /// The horizontal centre of the text, relative to the shape.
    pub x: i32,
    /// The vertical centre of the text, relative to the shape.
    pub y: i32,
}

/// A section with seats, as rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct MapSection {
    /// The id of the section, a UUIDv7.
    pub id: Uuid,
    /// The section's name for people, unique within the event.
    pub name: String,
    /// The rows of the section, in the order of the seating plan.
    pub rows: Vec<MapRow>,
}

/// A row of seats. `labels`, `x` and `y` have one entry for each seat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct MapRow {
    /// The name of the row, for people.
    pub label: String,
    /// Where the row's name is drawn: `start`, `end`, `both` or `none`.
    pub label_at: String,
    /// The id of the first seat. The other seats have the following ids.
    pub first_seat_id: i32,
    /// The names of the seats within the row.
    pub labels: Vec<String>,
    /// The pattern of the seats' ids in the seating plan, with `{}` for the seat's label. Empty
    /// when `guids` lists the ids.
    pub guid_pattern: String,
    /// The seats' ids in the seating plan, when no pattern fits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub guids: Vec<String>,
    /// The horizontal positions: the first is absolute, each further one is the difference from the
    /// one before it.
    pub x: Vec<i32>,
    /// The vertical positions: the first is absolute, each further one is the difference from the
    /// one before it.
    pub y: Vec<i32>,
    /// The categories of the seats, as runs of `[count, index]`.
    pub categories: Vec<Vec<i32>>,
    /// The radii of the seats in tenths of the plan's unit, as runs of `[count, radius]`. Seats that are drawn with these
    /// radii do not overlap.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub radii: Vec<Vec<i32>>,
    /// The seats whose kind is not `standard`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub kinds: Vec<MapKind>,
}

/// A seat whose kind is not `standard`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct MapKind {
    /// The id of the seat within its event.
    pub seat_id: i32,
    /// The kind of the seat; never `standard`.
    pub kind: SeatKind,
}

/// One seat of a decoded row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MapSeat {
    /// The seat's id within its event.
    pub seat_id: i32,
    /// The seat's id in the seating plan.
    pub guid: String,
    /// The seat's name within its row.
    pub label: String,
    /// The horizontal position in tenths of the plan's unit.
    pub x: i32,
    /// The vertical position in tenths of the plan's unit.
    pub y: i32,
    /// The index of the seat's category in [`SeatMap::categories`].
    pub category: usize,
    /// The radius in tenths of the plan's unit; 0 in a layout of an older server, which sent none.
    pub radius: i32,
    /// The kind of the seat. Most seats are `standard`.
    pub kind: SeatKind,
}

impl MapRow {
    /// Packs a row. The seats must have consecutive ids.
    ///
    /// # Panics
    ///
    /// If the ids are not consecutive. The caller assigns the ids, so this is a bug of the caller.
    pub fn encode(label: String, label_at: String, seats: &[MapSeat]) -> Self {
        let first = seats.first().map_or(0, |seat| seat.seat_id);
        for (seat, expected) in seats.iter().zip(first..) {
            assert_eq!(seat.seat_id, expected, "seat ids of a row are consecutive");
        }
        let guid_pattern = seats.first().map_or_else(String::new, guid_pattern);
        let fits = !guid_pattern.is_empty()
            && seats.iter().all(|seat| guid_pattern.replacen("{}", &seat.label, 1) == seat.guid);
        let category = |seat: &MapSeat| i32::try_from(seat.category).expect("few categories");
        Self {
            label,
            label_at,
            first_seat_id: first,
            labels: seats.iter().map(|seat| seat.label.clone()).collect(),
            guid_pattern: if fits { guid_pattern } else { String::new() },
            guids: if fits {
                Vec::new()
            } else {
                seats.iter().map(|seat| seat.guid.clone()).collect()
            },
            x: differences(seats.iter().map(|seat| seat.x)),
            y: differences(seats.iter().map(|seat| seat.y)),
            categories: runs(seats.iter().map(category)),
            radii: runs(seats.iter().map(|seat| seat.radius)),
            kinds: seats
                .iter()
                .filter(|seat| seat.kind != SeatKind::Standard)
                .map(|seat| MapKind { seat_id: seat.seat_id, kind: seat.kind })
                .collect(),
        }
    }

    /// Unpacks the row into its seats. The reverse of [`MapRow::encode`].
    pub fn seats(&self) -> Vec<MapSeat> {
        let categories = unrolled(&self.categories);
        let radii = unrolled(&self.radii).chain(std::iter::repeat(0));
        let places = sums(&self.x).zip(sums(&self.y));
        self.labels
            .iter()
            .zip(self.first_seat_id..)
            .zip(places)
            .zip(categories.zip(radii))
            .enumerate()
            .map(|(index, (((label, seat_id), (x, y)), (category, radius)))| MapSeat {
                seat_id,
                guid: self
                    .guids
                    .get(index)
                    .cloned()
                    .unwrap_or_else(|| self.guid_pattern.replacen("{}", label, 1)),
                label: label.clone(),
                x,
                y,
                category: usize::try_from(category).unwrap_or(0),
                radius,
                kind: self
                    .kinds
                    .iter()
                    .find(|odd| odd.seat_id == seat_id)
                    .map_or(SeatKind::Standard, |odd| odd.kind),
            })
            .collect()
    }
}

/// Packs values into runs of `[count, value]`.
fn runs(values: impl Iterator<Item = i32>) -> Vec<Vec<i32>> {
    let mut runs: Vec<Vec<i32>> = Vec::new();
    for value in values {
        match runs.last_mut() {
            Some(run) if run[1] == value => run[0] += 1,
            _ => runs.push(vec![1, value]),
        }
    }
    runs
}

/// Unpacks runs of `[count, value]`.
pub fn unrolled(runs: &[Vec<i32>]) -> impl Iterator<Item = i32> + '_ {
    runs.iter().flat_map(|run| {
        let (count, value) = match run.as_slice() {
            [count, value] => (*count, *value),
            _ => (0, 0),
        };
        std::iter::repeat_n(value, usize::try_from(count).unwrap_or(0))
    })
}

fn guid_pattern(seat: &MapSeat) -> String {
    match seat.guid.rfind(&seat.label) {
        Some(at) if !seat.label.is_empty() && !seat.guid.contains("{}") => {
            let (before, rest) = seat.guid.split_at(at);
            format!("{before}{{}}{}", &rest[seat.label.len()..])
        }
        _ => String::new(),
    }
}

fn differences(values: impl Iterator<Item = i32>) -> Vec<i32> {
    let mut last = 0;
    values
        .map(|value| {
            let step = value - last;
            last = value;
            step
        })
        .collect()
}

fn sums(steps: &[i32]) -> impl Iterator<Item = i32> + '_ {
    steps.iter().scan(0, |at, step| {
        *at += step;
        Some(*at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seat(seat_id: i32, guid: &str, label: &str, x: i32, category: usize) -> MapSeat {
        MapSeat {
            seat_id,
            guid: guid.to_owned(),
            label: label.to_owned(),
            x,
            y: 7,
            category,
            radius: 100 + seat_id / 13,
            kind: if seat_id == 12 { SeatKind::Wheelchair } else { SeatKind::Standard },
        }
    }

    fn check(seats: &[MapSeat], pattern: &str) {
        let row = MapRow::encode("14".into(), "both".into(), seats);
        assert_eq!(row.guid_pattern, pattern);
        let text = serde_json::to_string(&row).expect("serializes");
        let back: MapRow = serde_json::from_str(&text).expect("parses");
        assert_eq!(back.seats(), seats);
    }

    #[test]
    fn a_row_survives_packing() {
        check(
            &[
                seat(11, "D-14-1", "1", -375, 0),
                seat(12, "D-14-2", "2", -350, 0),
                seat(13, "D-14-3", "3", 40, 2),
            ],
            "D-14-{}",
        );
    }

    #[test]
    fn guids_without_a_pattern_travel_one_by_one() {
        check(&[seat(1, "left", "A1", 0, 0), seat(2, "right", "A2", 10, 0)], "");
        check(&[seat(1, "A1", "A1", 0, 0), seat(2, "other", "A2", 10, 0)], "");
        check(&[], "");
    }
}
