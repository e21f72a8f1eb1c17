//! Seating plans in the pretix seating-plan JSON format: reading, checking, numbering and writing.
//!
//! The format is pretix's `seating-plan.schema.json` (zones with rows of seats, areas beside them, price categories).
//! [`Plan::parse`] keeps every member unchanged, so that [`Plan::to_json`] returns the same plan; only names and numbers
//! get one Unicode form (NFC). It refuses a faulty plan with the path of every fault. A plan never contains prices,
//! states or buyers.
//!
//! Where to look next: `model` (the parts of a plan), `read` (the tolerant reader), `shape` (the members of each
//! object), `check` (the rules between objects), `number` (the ids and positions of seats), `radius` (how large seats
//! are drawn), `warnings` (probable mistakes), `place` (zone, row and number), `replace` (replacing one plan by
//! another), `sections` (which zone keeps which section), `grid` (rows × seats without a file).

mod check;
mod faults;
mod grid;
mod leaf;
mod model;
mod number;
mod place;
mod radius;
mod read;
mod replace;
mod sections;
mod shape;
#[cfg(test)]
mod tests;
mod warnings;

use std::fmt;

pub use self::{
    grid::{Grid, MAX_GRID_SEATS, NotAGrid, row_name},
    model::{
        Area, Category, Circle, Ellipse, LabelAt, Nullable, Number, Plan, Polygon, Position, Row,
        Seat, Shape, Size, Writing, Zone,
    },
    number::NumberedSeat,
    place::{MovedSeat, PrintedPlace},
    radius::DEFAULT_RADIUS,
    replace::{InUse, KnownSeat, Replacement, SeatClaim},
    sections::KnownSection,
};

/// The maximum size of a plan's file, in bytes.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;
/// The maximum number of faults that are reported for one plan.
pub const MAX_FAULTS: usize = 50;
/// The maximum number of seats in a plan.
pub const MAX_SEATS: usize = 100_000;
/// The maximum number of rows in a plan.
pub const MAX_ROWS: usize = 20_000;
/// The maximum number of zones in a plan.
pub const MAX_ZONES: usize = 1_000;
/// The maximum number of areas in a plan.
pub const MAX_AREAS: usize = 5_000;
/// The maximum number of corners of all polygons in a plan together.
pub const MAX_POINTS: usize = 50_000;
/// The maximum number of price categories in a plan.
pub const MAX_CATEGORIES: usize = 200;
/// The maximum length of a name, an id or a text, in characters.
pub const MAX_TEXT: usize = 190;
/// The maximum length of a row number or seat number, in characters.
pub const MAX_LABEL: usize = 64;
/// The maximum absolute value of a coordinate or length, in the plan's unit.
pub const MAX_COORDINATE: f64 = 1_000_000.0;

/// One fault of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanFault {
    /// The path of the fault, such as `zones[0].rows[3].seats[2].category`; `$` for the whole file.
    pub path: String,
    /// The rule that the plan breaks there, in words for the organizer.
    pub message: String,
}

/// The faults of a plan, at least one and at most [`MAX_FAULTS`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanFaults(pub Vec<PlanFault>);

impl fmt::Display for PlanFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the seating plan has faults")?;
        for PlanFault { path, message } in &self.0 {
            write!(f, "\n{path}: {message}")?;
        }
        Ok(())
    }
}

impl std::error::Error for PlanFaults {}

impl Plan {
    /// Reads and checks a plan.
    ///
    /// # Errors
    /// Every kind of fault with the paths of the first few, up to [`MAX_FAULTS`] in all. A faulty plan is never
    /// returned, not even in part.
    pub fn parse(bytes: &[u8]) -> Result<Self, PlanFaults> {
        // A byte order mark, which some editors write, is no JSON.
        let (plan, mut faults) = read::plan(bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes));
        if let Some(plan) = &plan {
            check::plan(plan, &mut faults);
        }
        match plan {
            Some(plan) if faults.is_empty() => Ok(plan),
            Some(_) | None => {
                assert!(!faults.is_empty(), "a plan that is not given out has faults");
                Err(PlanFaults(faults.end()))
            }
        }
    }

    /// Reads a plan that was accepted before. The rules between the objects are not checked again: an older program had
    /// fewer of them, and its plans stay readable.
    ///
    /// # Errors
    /// If the text does not have the form of a plan.
    pub fn stored(text: &str) -> Result<Self, PlanFaults> {
        let (plan, faults) = read::plan(text.as_bytes());
        match plan {
            Some(plan) if faults.is_empty() => Ok(plan),
            Some(_) | None => Err(PlanFaults(faults.end())),
        }
    }

    /// Checks a plan that was built or changed in memory, as strictly as a file.
    ///
    /// # Errors
    /// The same as [`Plan::parse`].
    pub fn checked(self) -> Result<Self, PlanFaults> {
        Self::parse(self.to_json().as_bytes())
    }

    /// Writes the plan as JSON. A plan that was read is written with all its members.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a plan has string keys and finite numbers alone")
    }

    /// The number of seats in the plan.
    pub fn seat_count(&self) -> usize {
        self.zones.iter().flat_map(|zone| &zone.rows).map(|row| row.seats.len()).sum()
    }
}
