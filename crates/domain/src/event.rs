//! The lifecycle of an event: which command leads from which status to which, and what time alone
//! changes.
//!
//! `Draft → Upcoming → OnSale → Completed`, and `Cancelled` from each of the first three. Sold out
//! is not a status here. It is derived from the inventory ([`shown`]) and is never a reason to
//! refuse a hold, because a hold that lapses makes places available without any write to the event.
//! This module reads neither a clock nor the store. Times are in milliseconds since 1970.

pub mod moves;
mod slug;

use std::fmt;

pub use self::slug::Slug;

/// The stored status of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// Not published. Only the event's organization and administrators see it.
    Draft,
    /// Published; the sale has not begun.
    Upcoming,
    /// The sale has begun. [`Schedule`] says whether it has ended.
    OnSale,
    /// The end of the event has passed.
    Completed,
    /// The event was cancelled. Its bookings are cancelled and refunded.
    Cancelled,
    /// The organization archived the event: it is in no list, sells nothing and never changes again. No command leads
    /// to this status yet.
    Archived,
}

words! { Status {
    Draft = "draft",
    Upcoming = "upcoming",
    OnSale = "on_sale",
    Completed = "completed",
    Cancelled = "cancelled",
    Archived = "archived",
} }

impl Status {
    /// Whether places of the event may be sold, within its sale window.
    pub const fn sells(self) -> bool {
        match self {
            Self::Upcoming | Self::OnSale => true,
            Self::Draft | Self::Completed | Self::Cancelled | Self::Archived => false,
        }
    }

    /// Whether the event is neither over nor cancelled.
    pub const fn lies_ahead(self) -> bool {
        match self {
            Self::Draft | Self::Upcoming | Self::OnSale => true,
            Self::Completed | Self::Cancelled | Self::Archived => false,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A command by which a person changes the status of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Make the event visible to everybody.
    Publish,
    /// Cancel the event. Its bookings are then cancelled and refunded.
    Cancel,
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Publish => "publish",
            Self::Cancel => "cancel",
        })
    }
}

/// The error for a command that the status does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("cannot {command} an event that is {from}")]
pub struct IllegalTransition {
    /// The status of the event.
    pub from: Status,
    /// The command that the status does not allow.
    pub command: Command,
}

/// The times of an event and of its sale, in milliseconds since 1970. The times are consistent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    starts_at: i64,
    ends_at: i64,
    sale_starts_at: i64,
    sale_ends_at: i64,
}

/// Why the times of an event are not consistent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadSchedule {
    /// The event ends at or before its beginning.
    #[error("must be after the beginning")]
    EndsAt,
    /// The sale begins at or after the end of the event.
    #[error("must be before the end of the event")]
    SaleStartsAt,
    /// The sale ends at or before its beginning, or after the end of the event.
    #[error("must be after the beginning of the sale and not after the end of the event")]
    SaleEndsAt,
}

impl BadSchedule {
    /// The name of the faulty field of the event.
    pub const fn field(self) -> &'static str {
        match self {
            Self::EndsAt => "ends_at",
            Self::SaleStartsAt => "sale_starts_at",
            Self::SaleEndsAt => "sale_ends_at",
        }
    }
}

impl Schedule {
    /// Checks four times and combines them into a schedule.
    ///
    /// # Errors
    /// Names the first time that is not consistent with the others.
    pub fn new(
        starts_at: i64,
        ends_at: i64,
        sale_starts_at: i64,
        sale_ends_at: i64,
    ) -> Result<Self, BadSchedule> {
        if ends_at <= starts_at {
            return Err(BadSchedule::EndsAt);
        }
        if sale_starts_at >= ends_at {
            return Err(BadSchedule::SaleStartsAt);
        }
        if sale_ends_at <= sale_starts_at || sale_ends_at > ends_at {
            return Err(BadSchedule::SaleEndsAt);
        }
        Ok(Self { starts_at, ends_at, sale_starts_at, sale_ends_at })
    }

    /// When the event begins, in milliseconds since 1970.
    pub fn starts_at(&self) -> i64 {
        self.starts_at
    }

    /// When the event ends, in milliseconds since 1970.
    pub fn ends_at(&self) -> i64 {
        self.ends_at
    }

    /// When the sale begins, in milliseconds since 1970.
    pub fn sale_starts_at(&self) -> i64 {
        self.sale_starts_at
    }

    /// When the sale ends, in milliseconds since 1970.
    pub fn sale_ends_at(&self) -> i64 {
        self.sale_ends_at
    }
}

/// The status to which a command leads.
///
/// # Errors
/// If the status does not allow the command. An event that is over can be neither published nor
/// cancelled, even if its stored status is not `Completed` yet.
pub fn apply(
    status: Status,
    schedule: &Schedule,
    command: Command,
    now: i64,
) -> Result<Status, IllegalTransition> {
    let from = due(status, schedule, now);
    match (from, command) {
        (Status::Draft, Command::Publish) if now < schedule.ends_at => {
            Ok(due(Status::Upcoming, schedule, now))
        }
        (Status::Draft | Status::Upcoming | Status::OnSale, Command::Cancel) => {
            Ok(Status::Cancelled)
        }
        (
            Status::Draft
            | Status::Upcoming
            | Status::OnSale
            | Status::Completed
            | Status::Cancelled
            | Status::Archived,
            Command::Publish,
        )
        | (Status::Completed | Status::Cancelled | Status::Archived, Command::Cancel) => {
            Err(IllegalTransition { from, command })
        }
    }
}

/// The status that the event has at `now` because of time alone. A periodic pass writes this status. Decisions call
/// this function directly, so that a late pass never delays a sale. A changed schedule may also lead back from
/// `OnSale` to `Upcoming`.
pub fn due(status: Status, schedule: &Schedule, now: i64) -> Status {
    match status {
        Status::Draft | Status::Cancelled | Status::Completed | Status::Archived => status,
        Status::Upcoming | Status::OnSale if now >= schedule.ends_at => Status::Completed,
        Status::Upcoming | Status::OnSale if now >= schedule.sale_starts_at => Status::OnSale,
        Status::Upcoming | Status::OnSale => Status::Upcoming,
    }
}

/// The status of an event that buyers see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShownStatus {
    /// The stored status, corrected by time ([`due`]).
    As(Status),
    /// The event is on sale, but no place is available now.
    SoldOut,
}

/// The status to show for an event with this number of available places.
pub fn shown(status: Status, schedule: &Schedule, available: i64, now: i64) -> ShownStatus {
    match due(status, schedule, now) {
        Status::OnSale if available <= 0 => ShownStatus::SoldOut,
        status @ (Status::Draft
        | Status::Upcoming
        | Status::OnSale
        | Status::Completed
        | Status::Cancelled
        | Status::Archived) => ShownStatus::As(status),
    }
}

/// A reason why nobody can buy, apart from seats and limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SaleObstacle {
    /// The event is not published.
    Draft,
    /// The event was cancelled and sells nothing more.
    Cancelled,
    /// The end of the event has passed.
    Completed,
    /// The sale has not begun.
    SaleNotStarted,
    /// The end of the sale has passed.
    SaleEnded,
    /// The event has begun and its sale has ended.
    EventStarted,
}

words! { SaleObstacle {
    Draft = "draft",
    Cancelled = "cancelled",
    Completed = "completed",
    SaleNotStarted = "sale_not_started",
    SaleEnded = "sale_ended",
    EventStarted = "event_started",
} }

/// All reasons why nobody can buy at `now`. Empty while the event is on sale.
pub fn obstacles(status: Status, schedule: &Schedule, now: i64) -> Vec<SaleObstacle> {
    let mut found = Vec::new();
    match due(status, schedule, now) {
        Status::Draft => found.push(SaleObstacle::Draft),
        Status::Cancelled => found.push(SaleObstacle::Cancelled),
        Status::Completed | Status::Archived => found.push(SaleObstacle::Completed),
        Status::Upcoming | Status::OnSale => {}
    }
    if now < schedule.sale_starts_at {
        found.push(SaleObstacle::SaleNotStarted);
    }
    if now >= schedule.sale_ends_at {
        found.push(SaleObstacle::SaleEnded);
        if now >= schedule.starts_at {
            found.push(SaleObstacle::EventStarted);
        }
    }
    found
}

/// How far the beginning of an event with bookings may be moved, in milliseconds: two days.
pub const MAX_MOVE_MS: i64 = 48 * 60 * 60 * 1000;

/// Whether an event with bookings may begin at `to_ms`, if its first buyers were told that it
/// begins at `promised_ms` (both in milliseconds since 1970).
pub fn may_move(promised_ms: i64, to_ms: i64) -> bool {
    promised_ms.abs_diff(to_ms) <= MAX_MOVE_MS.unsigned_abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_booked_event_moves_by_two_days_at_the_most() {
        for (to, may) in [(0, true), (MAX_MOVE_MS, true), (-MAX_MOVE_MS, true)] {
            assert_eq!(may_move(0, to), may);
        }
        assert!(!may_move(0, MAX_MOVE_MS + 1));
        assert!(!may_move(MAX_MOVE_MS + 1, 0));
    }

    const SALE: i64 = 100;
    const SALE_END: i64 = 200;
    const START: i64 = 300;
    const END: i64 = 400;

    fn schedule() -> Schedule {
        Schedule::new(START, END, SALE, SALE_END).expect("times fit")
    }

    #[test]
    fn every_status_meets_every_command_at_every_time() {
        use Command::{Cancel, Publish};
        use Status::{Archived, Cancelled, Completed, Draft, OnSale, Upcoming};
        let times = [SALE - 1, SALE, SALE_END, END - 1, END];
        for status in Status::ALL {
            for now in times {
                let from = due(status, &schedule(), now);
                let published = match now {
                    ..SALE => Some(Upcoming),
                    SALE..END => Some(OnSale),
                    END.. => None,
                };
                let wanted_publish = if status == Draft { published } else { None };
                let wanted_cancel = match (status, now < END) {
                    (Draft, _) | (Upcoming | OnSale, true) => Some(Cancelled),
                    (Upcoming | OnSale, false) | (Completed | Cancelled | Archived, _) => None,
                };
                for (command, wanted) in [(Publish, wanted_publish), (Cancel, wanted_cancel)] {
                    assert_eq!(
                        apply(status, &schedule(), command, now),
                        wanted.ok_or(IllegalTransition { from, command }),
                        "{status} {command} at {now}"
                    );
                }
            }
        }
    }

    #[test]
    fn nothing_archives_an_event_and_nothing_brings_it_back() {
        for now in [SALE - 1, SALE, SALE_END, END - 1, END] {
            for status in Status::ALL {
                let reached = [Command::Publish, Command::Cancel]
                    .map(|command| apply(status, &schedule(), command, now).ok())
                    .into_iter()
                    .flatten()
                    .chain([due(status, &schedule(), now)]);
                for to in reached {
                    assert_eq!(
                        to == Status::Archived,
                        status == Status::Archived,
                        "{status} at {now}"
                    );
                }
            }
            assert!(
                obstacles(Status::Archived, &schedule(), now).contains(&SaleObstacle::Completed)
            );
        }
    }

    #[test]
    fn time_takes_an_event_on_sale_and_ends_it() {
        for (status, now, wanted) in [
            (Status::Upcoming, SALE - 1, Status::Upcoming),
            (Status::Upcoming, SALE, Status::OnSale),
            (Status::Upcoming, END, Status::Completed),
            (Status::OnSale, SALE - 1, Status::Upcoming),
            (Status::OnSale, SALE_END, Status::OnSale),
            (Status::OnSale, END, Status::Completed),
            (Status::Draft, END, Status::Draft),
            (Status::Cancelled, SALE, Status::Cancelled),
            (Status::Completed, SALE, Status::Completed),
        ] {
            let once = due(status, &schedule(), now);
            assert_eq!(once, wanted, "{status} at {now}");
            assert_eq!(due(once, &schedule(), now), once, "a second pass changes nothing");
        }
    }

    #[test]
    fn every_obstacle_is_told() {
        use SaleObstacle::{Cancelled, Completed, Draft, EventStarted, SaleEnded, SaleNotStarted};
        let check = |status, now, wanted: &[SaleObstacle]| {
            assert_eq!(obstacles(status, &schedule(), now), wanted, "{status} at {now}");
        };
        check(Status::Upcoming, SALE, &[]);
        check(Status::OnSale, SALE_END - 1, &[]);
        check(Status::Upcoming, SALE - 1, &[SaleNotStarted]);
        check(Status::OnSale, SALE_END, &[SaleEnded]);
        check(Status::OnSale, START, &[SaleEnded, EventStarted]);
        check(Status::OnSale, END, &[Completed, SaleEnded, EventStarted]);
        check(Status::Draft, SALE - 1, &[Draft, SaleNotStarted]);
        check(Status::Cancelled, SALE, &[Cancelled]);
    }

    #[test]
    fn sold_out_is_shown_only_while_on_sale_with_nothing_left() {
        let shown = |status, left, now| shown(status, &schedule(), left, now);
        assert_eq!(shown(Status::Upcoming, 0, SALE), ShownStatus::SoldOut);
        assert_eq!(shown(Status::OnSale, 1, SALE), ShownStatus::As(Status::OnSale));
        assert_eq!(shown(Status::Upcoming, 0, SALE - 1), ShownStatus::As(Status::Upcoming));
        assert_eq!(shown(Status::OnSale, 0, END), ShownStatus::As(Status::Completed));
    }

    #[test]
    fn times_that_do_not_fit_are_refused_by_name() {
        for (times, wanted) in [
            ((START, START, SALE, SALE_END), BadSchedule::EndsAt),
            ((START, END, END, END), BadSchedule::SaleStartsAt),
            ((START, END, SALE, SALE), BadSchedule::SaleEndsAt),
            ((START, END, SALE, END + 1), BadSchedule::SaleEndsAt),
        ] {
            let (a, b, c, d) = times;
            assert_eq!(Schedule::new(a, b, c, d), Err(wanted));
        }
    }

    #[test]
    fn names_come_back() {
        for status in Status::ALL {
            assert_eq!(Status::parse(status.as_str()), Some(status));
        }
        assert_eq!(Status::parse("sold_out"), None);
    }
}
