//! Tests of the work of organizers and administrators.

mod administration;
mod bookings;
mod users;
