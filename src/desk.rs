//! The work of organizers and administrators on bookings and on the installation. Organizers change events through
//! `catalogue`.

pub mod administration;
pub mod bookings;
