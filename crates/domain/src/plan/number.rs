//! The ids and positions of a plan's seats.
//!
//! When an event gets its first plan, the seats are numbered from 1 in the order of the file. When
//! a plan replaces another, known seats keep their ids; see `replace`.

use super::{Plan, Position, PrintedPlace};
use crate::ids::SeatId;

/// A seat with its id and its position in the hall.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NumberedSeat<'p> {
    /// The seat's id within its event.
    pub id: SeatId,
    /// The index of the seat's zone in the plan.
    pub zone: usize,
    /// The index of the seat's row in the zone.
    pub row: usize,
    /// The seat's id in the plan.
    pub guid: &'p str,
    /// The number of the row.
    pub row_number: &'p str,
    /// The seat's number within the row.
    pub number: &'p str,
    /// The name of the seat's price category.
    pub category: &'p str,
    /// The distance to the right of the plan's origin, in the plan's unit.
    pub x: f64,
    /// The distance below the plan's origin, in the plan's unit.
    pub y: f64,
}

impl<'p> NumberedSeat<'p> {
    /// The seat's place in the zone of this title.
    pub fn place(&self, zone: &'p str) -> PrintedPlace<'p> {
        PrintedPlace { zone, row: self.row_number, number: self.number }
    }
}

impl Plan {
    /// All seats in the order zone, row, seat, with ids from 1 and absolute positions.
    pub fn numbered(&self) -> impl Iterator<Item = NumberedSeat<'_>> {
        let seats = self.zones.iter().enumerate().flat_map(|(zone_at, zone)| {
            zone.rows.iter().enumerate().flat_map(move |(row_at, row)| {
                row.seats.iter().map(move |seat| (zone_at, zone, row_at, row, seat))
            })
        });
        seats.zip(1..).map(|((zone_at, zone, row_at, row, seat), id)| {
            let origin = Position::default();
            let places = [&zone.position, row.position.as_ref().unwrap_or(&origin), &seat.position];
            NumberedSeat {
                id: SeatId(id),
                zone: zone_at,
                row: row_at,
                guid: &seat.seat_guid,
                row_number: &row.row_number,
                number: &seat.seat_number,
                category: &seat.category,
                x: places.iter().map(|place| place.x.value()).sum(),
                y: places.iter().map(|place| place.y.value()).sum(),
            }
        })
    }
}
