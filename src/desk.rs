//! What organizers and administrators do with bookings and with the installation. Organizers change events
//! through `catalogue`.

pub mod administration;
pub mod bookings;
