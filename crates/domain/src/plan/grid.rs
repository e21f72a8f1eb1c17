//! Sections made from a number of rows and seats, without a plan file. The rows are named `A` … `Z`, `AA` … and the
//! seats from 1.

use super::{Category, LabelAt, MAX_LABEL, MAX_TEXT, Nullable, Number, Plan, Position, Row, Seat};
use super::{Size, Zone};

/// The maximum number of seats in one section of rows × seats.
pub const MAX_GRID_SEATS: u32 = 20_000;

/// The distance between neighbouring seats of a row, in the plan's unit.
const PITCH: i32 = 25;
/// The distance between rows, in the plan's unit.
const DEPTH: i32 = 32;
/// The free margin around a section, in the plan's unit.
const MARGIN: i32 = 60;
/// The colour of a new category.
const COLOR: &str = "#2b6cb0";

/// A section of rows × seats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grid {
    /// The section's name, unique within the plan.
    pub name: String,
    /// The number of rows, at least one.
    pub rows: u32,
    /// The number of seats in each row.
    pub seats_per_row: u32,
    /// The price category of the seats. If the plan does not have the category, it is added.
    pub category: String,
}

/// Why a section of rows × seats cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAGrid {
    /// The section has no rows, no seats or too many seats.
    #[error("a section has 1 to {MAX_GRID_SEATS} seats")]
    Size,
    /// A name is empty or too long.
    #[error("a name has 1 to {MAX_TEXT} characters")]
    Name,
    /// Another section has this name.
    #[error("another section has this name")]
    NameTaken,
}

/// The name of the row with this index, from 0: A … Z, AA, AB …, like the columns of a spreadsheet.
pub fn row_name(index: u32) -> String {
    let mut letters = Vec::new();
    let mut rest = u64::from(index) + 1;
    while rest > 0 {
        let letter = u8::try_from((rest - 1) % 26).expect("below 26");
        letters.push(char::from(b'A' + letter));
        rest = (rest - 1) / 26;
    }
    assert!(letters.len() <= MAX_LABEL, "32 bits make at most seven letters");
    letters.iter().rev().collect()
}

impl Grid {
    /// The section as a zone whose first seat is at `origin`.
    ///
    /// # Errors
    /// If the section has no seats, too many seats or no name.
    pub fn zone(&self, origin: Position) -> Result<Zone, NotAGrid> {
        match self.rows.checked_mul(self.seats_per_row) {
            Some(1..=MAX_GRID_SEATS) => {}
            Some(_) | None => return Err(NotAGrid::Size),
        }
        // The guid contains the name and the label.
        for (text, max) in [(&self.name, MAX_TEXT - MAX_LABEL), (&self.category, MAX_TEXT)] {
            if text.is_empty() || text.chars().count() > max {
                return Err(NotAGrid::Name);
            }
        }
        let rows = (0..self.rows).zip(0..).map(|(index, down)| self.row(&row_name(index), down));
        Ok(Zone {
            name: Some(self.name.clone()),
            position: origin,
            rows: rows.collect(),
            ..Zone::default()
        })
    }

    fn row(&self, label: &str, down: i32) -> Row {
        let seats = (1..=self.seats_per_row).zip(0..).map(|(number, right)| Seat {
            seat_guid: format!("{}-{label}-{number}", self.name),
            seat_number: number.to_string(),
            category: self.category.clone(),
            position: Position { x: Number::from(right * PITCH), y: Number::from(0) },
            ..Seat::default()
        });
        Row {
            row_number: label.to_owned(),
            row_number_position: Nullable::Value(LabelAt::Both),
            position: Some(Position { x: Number::from(0), y: Number::from(down * DEPTH) }),
            seats: seats.collect(),
            ..Row::default()
        }
    }

    /// Adds the section below the existing zones of the plan and enlarges the plan.
    ///
    /// # Errors
    /// If the section cannot be made or its name is taken. The plan is then unchanged.
    pub fn add_to(&self, plan: &mut Plan) -> Result<(), NotAGrid> {
        if plan.zones.iter().enumerate().any(|(index, zone)| zone.title(index) == self.name) {
            return Err(NotAGrid::NameTaken);
        }
        let across = |count: u32, step: i32| i32::try_from(count).unwrap_or(0) * step;
        let top = whole(plan.size.height.value());
        let origin = Position { x: Number::from(MARGIN), y: Number::from(top + MARGIN) };
        plan.zones.push(self.zone(origin)?);
        let width = across(self.seats_per_row, PITCH) + 2 * MARGIN;
        plan.size = Size {
            width: Number::from(whole(plan.size.width.value()).max(width)),
            height: Number::from(top + across(self.rows, DEPTH) + 2 * MARGIN),
        };
        if !plan.categories.iter().any(|known| known.name == self.category) {
            plan.categories
                .push(Category { name: self.category.clone(), color: Some(COLOR.to_owned()) });
        }
        Ok(())
    }
}

/// Rounds a measure of the plan down to an integer. The measures of the plan itself are whole numbers within
/// [`MAX_COORDINATE`], so nothing is lost.
fn whole(value: f64) -> i32 {
    #[expect(clippy::cast_possible_truncation, reason = "bounded by MAX_COORDINATE")]
    let value = value as i32;
    value
}
