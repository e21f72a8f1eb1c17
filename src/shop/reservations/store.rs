//! The SQL of reservations: the statements that decide.
//!
//! Lock order: idempotency → buyer → reservations → seats by id → general items → section counters → outbox.

pub mod adopt;
mod change;
pub mod forget;
pub mod general;
pub mod payment;
mod read;
pub mod release;
pub mod sold;
mod take;
mod terms;
mod write;

pub use change::{Lapsed, cancel, count_lapsed, expire, extend, extend_seats, free_seats, lapsed};
pub use read::{StoredReservation, active_events_of, all_of_buyer, find, items, list, pending};
pub use take::{
    LockedSeat, TakeTimes, TakenSeat, Taker, Usage, WantedSeat, forget_buyers, lock_buyers,
    lock_seats, look, take_seats, usage,
};
pub use terms::load_terms;
pub use write::{Item, NewReservation, Reserved, write_holds};
