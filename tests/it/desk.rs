//! What organizers and administrators do.

mod administration;
mod bookings;
