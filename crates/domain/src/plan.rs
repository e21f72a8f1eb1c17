//! Seating plans in the pretix seating-plan JSON format: read, checked, numbered, written back.
//!
//! The format is pretix's `seating-plan.schema.json` (zones of rows of seats, areas beside them,
//! price categories). [`Plan::parse`] keeps every member as it came, so that [`Plan::to_json`] gives
//! the same plan back, and refuses a bad plan with the path of every fault. What a plan never holds:
//! prices, states, who sits where.
//!
//! Look next: `model` (what a plan consists of), `read` (the tolerant reader), `shape` (the members of
//! each object), `check` (what holds between objects), `number` (seat ids and places), `replace`
//! (one plan laid over another), `grid` (rows × seats without a file).

mod check;
mod grid;
mod leaf;
mod model;
mod number;
mod read;
mod replace;
mod shape;
#[cfg(test)]
mod tests;

use std::fmt;

pub use self::{
    grid::{Grid, MAX_GRID_SEATS, NotAGrid, row_name},
    model::{
        Area, Category, Circle, Ellipse, LabelAt, Nullable, Number, Plan, Polygon, Position, Row,
        Seat, Shape, Size, Writing, Zone,
    },
    number::NumberedSeat,
    replace::{Claim, InUse, KnownSeat, Replacement},
};

/// The largest file that is read, in bytes.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;
/// The most faults that are told of one plan.
pub const MAX_FAULTS: usize = 50;
/// The most seats of a plan.
pub const MAX_SEATS: usize = 100_000;
/// The most rows of a plan.
pub const MAX_ROWS: usize = 20_000;
/// The most zones of a plan.
pub const MAX_ZONES: usize = 1_000;
/// The most areas of a plan.
pub const MAX_AREAS: usize = 5_000;
/// The most corners of all polygons of a plan together.
pub const MAX_POINTS: usize = 50_000;
/// The most price categories of a plan.
pub const MAX_CATEGORIES: usize = 200;
/// The longest name, id or writing, in characters.
pub const MAX_TEXT: usize = 190;
/// The longest row or seat number, in characters.
pub const MAX_LABEL: usize = 64;
/// No coordinate and no length is further from zero than this.
pub const MAX_COORDINATE: f64 = 1_000_000.0;

/// One fault of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanFault {
    /// Where, such as `zones[0].rows[3].seats[2].category`; `$` for the whole file.
    pub path: String,
    /// What is wrong there.
    pub message: String,
}

/// Every fault of a plan, at least one and at most [`MAX_FAULTS`].
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
    /// Every fault with its path, up to [`MAX_FAULTS`]; nothing of a faulty plan is given out.
    pub fn parse(bytes: &[u8]) -> Result<Self, PlanFaults> {
        let (plan, mut faults) = read::plan(bytes);
        if let Some(plan) = &plan {
            check::plan(plan, &mut faults);
        }
        match plan {
            Some(plan) if faults.is_empty() => Ok(plan),
            Some(_) | None => {
                faults.truncate(MAX_FAULTS);
                assert!(!faults.is_empty(), "a plan that is not given out has faults");
                Err(PlanFaults(faults))
            }
        }
    }

    /// Checks a plan that was put together or changed in memory, as strictly as a file.
    ///
    /// # Errors
    /// As [`Plan::parse`].
    pub fn checked(self) -> Result<Self, PlanFaults> {
        Self::parse(self.to_json().as_bytes())
    }

    /// Writes the plan; what was read comes back with every member.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a plan has string keys and finite numbers alone")
    }

    /// How many seats it has.
    pub fn seat_count(&self) -> usize {
        self.zones.iter().flat_map(|zone| &zone.rows).map(|row| row.seats.len()).sum()
    }
}
