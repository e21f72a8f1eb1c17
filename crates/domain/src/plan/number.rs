//! The ids and places of a plan's seats.
//!
//! A plan that is laid into an event for the first time numbers its seats from 1 in the order of
//! the file; one that replaces another keeps what people know, see `replace`.

use super::{Plan, Position};
use crate::ids::SeatId;

/// A seat with its id and its place in the hall.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NumberedSeat<'p> {
    /// Its id within the event.
    pub id: SeatId,
    /// The index of its zone.
    pub zone: usize,
    /// The index of its row within the zone.
    pub row: usize,
    /// The plan's name for it.
    pub guid: &'p str,
    /// The row's number.
    pub row_number: &'p str,
    /// The seat's number within the row.
    pub number: &'p str,
    /// Its price category.
    pub category: &'p str,
    /// Rightwards from the plan's origin, in the plan's unit.
    pub x: f64,
    /// Downwards from the plan's origin, in the plan's unit.
    pub y: f64,
}

impl Plan {
    /// Every seat in the order zone, row, seat, with ids from 1 and absolute places.
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
