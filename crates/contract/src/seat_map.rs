//! The layout of a hall: columnar by section and row, so that 20,000 seats travel in few bytes.
//!
//! A row's seats have consecutive ids from `first_seat_id`. Positions are integers in tenths of the plan's
//! unit; the first of a row is absolute, each further one the difference from the one before it. What
//! is the same for neighbours (category, kind) travels as runs of `[count, value]`.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::catalogue::SeatKind;

/// A hall; immutable per plan version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct SeatMap {
    /// The event.
    pub event_id: Uuid,
    /// The plan's version.
    pub plan_version: i32,
    /// The plan's name.
    pub name: String,
    /// The width in tenths of the plan's unit.
    pub width: i32,
    /// The height in tenths of the plan's unit.
    pub height: i32,
    /// Price categories; seats name them by their index.
    pub categories: Vec<MapCategory>,
    /// What is drawn beside the seats: the stage, the pitch, labels.
    pub areas: Vec<MapArea>,
    /// The seated sections.
    pub sections: Vec<MapSection>,
}

/// A price category.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct MapCategory {
    /// Its name; offers refer to it.
    pub name: String,
    /// The plan's colour, `#rrggbb`.
    pub color: String,
}

/// Something drawn beside the seats. Coordinates are tenths of the plan's unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct MapArea {
    /// `rectangle`, `circle`, `ellipse`, `polygon` or `text`.
    pub shape: String,
    /// The left edge, or the centre of a circle or ellipse.
    pub x: i32,
    /// The top edge, or the centre of a circle or ellipse.
    pub y: i32,
    /// Degrees clockwise about `x`, `y`.
    pub rotation: i32,
    /// Fill, `#rrggbb`; empty for none.
    pub color: String,
    /// Stroke, `#rrggbb`; empty for none.
    pub border_color: String,
    /// A rectangle's width, or the horizontal radius.
    pub width: i32,
    /// A rectangle's height, or the vertical radius.
    pub height: i32,
    /// A polygon's corners relative to `x`, `y`: x, y, x, y, …
    pub points: Vec<i32>,
    /// What is written on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<MapText>,
}

/// Writing on an area.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct MapText {
    /// The words.
    pub text: String,
    /// The height of the letters.
    pub size: i32,
    /// `#rrggbb`.
    pub color: String,
    /// The middle of the words relative to the area.
    pub x: i32,
    /// The middle of the words relative to the area.
    pub y: i32,
}

/// A section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct MapSection {
    /// The section.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Its rows.
    pub rows: Vec<MapRow>,
}

/// A row. `labels`, `x` and `y` have one entry a seat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct MapRow {
    /// The row's name.
    pub label: String,
    /// Where the name is written: `start`, `end`, `both` or `none`.
    pub label_at: String,
    /// The id of its first seat; the others follow.
    pub first_seat_id: i32,
    /// What the seats are called.
    pub labels: Vec<String>,
    /// The plan's names for the seats with `{}` for the seat's label, or empty when `guids` lists them.
    pub guid_pattern: String,
    /// The plan's names one by one where no pattern fits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub guids: Vec<String>,
    /// Horizontal positions, the first absolute, then differences.
    pub x: Vec<i32>,
    /// Vertical positions, the first absolute, then differences.
    pub y: Vec<i32>,
    /// Categories as runs of `[count, index]`.
    pub categories: Vec<Vec<i32>>,
    /// Seats that are not standard: `seat_id` and kind.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub kinds: Vec<MapKind>,
}

/// A seat that is not standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct MapKind {
    /// The seat.
    pub seat_id: i32,
    /// What it is like.
    pub kind: SeatKind,
}

/// A seat, decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MapSeat {
    /// The seat.
    pub seat_id: i32,
    /// The plan's name for it.
    pub guid: String,
    /// What it is called within its row.
    pub label: String,
    /// Tenths of the plan's unit.
    pub x: i32,
    /// Tenths of the plan's unit.
    pub y: i32,
    /// The index of its category.
    pub category: usize,
    /// What it is like.
    pub kind: SeatKind,
}

impl MapRow {
    /// Packs a row whose seats have consecutive ids.
    ///
    /// # Panics
    /// When the ids are not consecutive: the caller numbers the seats.
    pub fn encode(label: String, label_at: String, seats: &[MapSeat]) -> Self {
        let first = seats.first().map_or(0, |seat| seat.seat_id);
        for (seat, expected) in seats.iter().zip(first..) {
            assert_eq!(seat.seat_id, expected, "seat ids of a row are consecutive");
        }
        let guid_pattern = seats.first().map_or_else(String::new, guid_pattern);
        let fits = !guid_pattern.is_empty()
            && seats.iter().all(|seat| guid_pattern.replacen("{}", &seat.label, 1) == seat.guid);
        let mut categories: Vec<Vec<i32>> = Vec::new();
        for seat in seats {
            let category = i32::try_from(seat.category).expect("a plan has few categories");
            match categories.last_mut() {
                Some(run) if run[1] == category => run[0] += 1,
                _ => categories.push(vec![1, category]),
            }
        }
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
            categories,
            kinds: seats
                .iter()
                .filter(|seat| seat.kind != SeatKind::Standard)
                .map(|seat| MapKind { seat_id: seat.seat_id, kind: seat.kind })
                .collect(),
        }
    }

    /// Unpacks the row.
    pub fn seats(&self) -> Vec<MapSeat> {
        let categories = self.categories.iter().flat_map(|run| {
            let (count, category) = match run.as_slice() {
                [count, category] => (*count, *category),
                _ => (0, 0),
            };
            std::iter::repeat_n(
                usize::try_from(category).unwrap_or(0),
                usize::try_from(count).unwrap_or(0),
            )
        });
        let places = sums(&self.x).zip(sums(&self.y));
        self.labels
            .iter()
            .zip(self.first_seat_id..)
            .zip(places)
            .zip(categories)
            .enumerate()
            .map(|(index, (((label, seat_id), (x, y)), category))| MapSeat {
                seat_id,
                guid: self
                    .guids
                    .get(index)
                    .cloned()
                    .unwrap_or_else(|| self.guid_pattern.replacen("{}", label, 1)),
                label: label.clone(),
                x,
                y,
                category,
                kind: self
                    .kinds
                    .iter()
                    .find(|odd| odd.seat_id == seat_id)
                    .map_or(SeatKind::Standard, |odd| odd.kind),
            })
            .collect()
    }
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
