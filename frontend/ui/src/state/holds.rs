//! The reservations that this browser holds, with their deadlines.
//!
//! The device stores only their ids; the server says what they hold and for how long. Deadlines are on the monotonic
//! clock, so a wrong or changed device clock has no effect.

use holdfast_contract::{
    problem::ProblemType,
    reservations::{ItemKind, Reservation, ReservationStatus},
};
use leptos::{ev, prelude::*};
use uuid::Uuid;

use crate::{
    api,
    browser::{self, Keep},
    state::{
        countdown,
        session::{self, LeftReservation},
    },
};

const HELD: &str = "holdfast.holds";
/// A text that differs after each change of a held reservation, so that the other tabs ask the server again.
const CHANGED: &str = "holdfast.holds.changed";

/// How often the remaining time is updated.
const TICK: std::time::Duration = std::time::Duration::from_millis(250);

/// A reservation with its deadline on the monotonic clock.
#[derive(Debug, Clone, PartialEq)]
pub struct Hold {
    /// The reservation, as the server last reported it.
    pub reservation: Reservation,
    /// When the hold lapses, in milliseconds on the monotonic clock.
    pub deadline_ms: f64,
}

/// All holds of this browser.
#[derive(Clone, Copy)]
pub struct Holds {
    held: RwSignal<Vec<Hold>>,
    /// The text under [`CHANGED`] when the reservations were last read.
    read_at: StoredValue<Option<String>>,
    /// Seconds until the first hold lapses. `None` without a hold that can lapse.
    pub seconds: RwSignal<Option<i64>>,
}

impl Holds {
    /// Asks the server about the stored reservations, and starts the clock.
    pub fn provide() {
        let holds = Self {
            held: RwSignal::new(Vec::new()),
            read_at: StoredValue::new(browser::read(Keep::Device, CHANGED)),
            seconds: RwSignal::new(None),
        };
        provide_context(holds);
        holds.read_stored();
        let watching = window_event_listener(ev::storage, move |_| holds.read_stored());
        on_cleanup(move || watching.remove());
        let _ = set_interval_with_handle(move || holds.tick(), TICK);
    }

    /// Adopts the stored reservations: another tab may have held or released seats, or signed the user out.
    fn read_stored(self) {
        let changed = browser::read(Keep::Device, CHANGED);
        let is_changed = self.read_at.with_value(|read_at| *read_at != changed);
        self.read_at.set_value(changed);
        let stored = browser::read_ids(HELD);
        let known: Vec<Uuid> =
            self.held.with_untracked(|held| held.iter().map(|hold| hold.reservation.id).collect());
        if known.iter().any(|id| !stored.contains(id)) {
            self.remove(|hold| !stored.contains(&hold.reservation.id));
            self.tick();
        }
        for id in stored.into_iter().filter(|id| is_changed || !known.contains(id)) {
            self.ask(id);
        }
    }

    fn ask(self, id: Uuid) {
        leptos::task::spawn_local(async move {
            match api::reservation(id).await {
                Ok(reservation) => self.put(reservation),
                // The user's session has ended. The reservation is there when the user signs in again.
                Err(failure) if failure.kind() == Some(ProblemType::Unauthorized) => {}
                // A reservation that does not exist or belongs to somebody else is forgotten. Without a response,
                // the next visit asks again.
                Err(failure) if !failure.is_open() => forget(id),
                Err(_) => {}
            }
        });
    }

    /// Removes the holds for which `is_over` is true. The account then has room, so the server is asked about the
    /// reservations that stayed the guest's: the request moves those that fit to the user.
    fn remove(self, is_over: impl Fn(&Hold) -> bool) {
        let mut is_less = false;
        self.held.maybe_update(|held| {
            let before = held.len();
            held.retain(|hold| !is_over(hold));
            is_less = held.len() < before;
            is_less
        });
        if is_less {
            let held = |id: &Uuid| {
                self.held.with_untracked(|held| held.iter().any(|hold| hold.reservation.id == *id))
            };
            session::left()
                .into_iter()
                .map(|it| it.reservation)
                .filter(held)
                .for_each(|id| self.ask(id));
        }
    }

    /// The holds that [`Self::provide`] provided.
    pub fn expect() -> Self {
        expect_context()
    }

    /// Stores the server's current data about a reservation.
    #[allow(clippy::cast_precision_loss, reason = "a few minutes")]
    pub fn put(self, reservation: Reservation) {
        let id = reservation.id;
        if !matches!(reservation.status, ReservationStatus::Active | ReservationStatus::InPayment) {
            self.drop(id);
            return;
        }
        if let Some(token) = &reservation.guest_token {
            session::keep_guest_token(token);
        }
        let deadline_ms = browser::monotonic_ms() + reservation.expires_in_seconds as f64 * 1000.0;
        self.held.update(|held| {
            held.retain(|hold| hold.reservation.id != id);
            held.push(Hold { reservation, deadline_ms });
        });
        remember(id);
        self.tick();
    }

    /// Stores the data about a reservation that this tab has just changed. The other tabs ask the server again.
    pub fn change(self, reservation: Reservation) {
        self.put(reservation);
        let changed = browser::attempt_key();
        browser::write(Keep::Device, CHANGED, &changed);
        self.read_at.set_value(Some(changed));
    }

    /// The reservation, if this browser holds it; reactive.
    pub fn reservation(self, id: Uuid) -> Option<Reservation> {
        self.held.with(|held| {
            held.iter().find(|hold| hold.reservation.id == id).map(|hold| hold.reservation.clone())
        })
    }

    /// Marks these reservations. While a payment is under way, they cannot lapse until the server says otherwise.
    pub fn mark(self, ids: &[Uuid], status: ReservationStatus) {
        self.held.update(|held| {
            for hold in held.iter_mut().filter(|hold| ids.contains(&hold.reservation.id)) {
                hold.reservation.status = status;
            }
        });
        self.tick();
    }

    /// Forgets a reservation that is no longer held.
    pub fn drop(self, id: Uuid) {
        forget(id);
        self.remove(|hold| hold.reservation.id == id);
        self.tick();
    }

    /// Whether this browser holds the places of a reservation; reactive.
    pub fn has(self, id: Uuid) -> bool {
        self.held.with(|held| held.iter().any(|hold| hold.reservation.id == id))
    }

    /// For how many persons this browser holds places of an event; reactive.
    pub fn persons(self, event: Uuid) -> i32 {
        self.held.with(|held| {
            held.iter()
                .filter(|hold| hold.reservation.event_id == event)
                .flat_map(|hold| &hold.reservation.items)
                .map(|item| item.admits)
                .sum()
        })
    }

    /// The ids of all seats of an event that this browser holds; reactive.
    pub fn seats(self, event: Uuid) -> Vec<i32> {
        self.held.with(|held| {
            held.iter()
                .filter(|hold| hold.reservation.event_id == event)
                .flat_map(|hold| &hold.reservation.items)
                .filter(|item| item.kind == ItemKind::Seat)
                .filter_map(|item| item.seat_id)
                .collect()
        })
    }

    /// The address of the checkout for the hold that lapses first, with the others of its event and buyer; reactive.
    pub fn checkout_path(self) -> Option<String> {
        self.path(&session::left(), &|_, _| true)
    }

    /// The address of the checkout for the holds of an event; reactive. The holds that stayed the guest's at the
    /// sign-in are paid for after the user's holds: one buyer cannot pay for both.
    pub fn checkout_path_of(self, event: Uuid) -> Option<String> {
        let left = session::left();
        let path = |wanted| {
            self.path(&left, &|hold, is_left| {
                hold.reservation.event_id == event && is_left == wanted
            })
        };
        path(false).or_else(|| path(true))
    }

    /// The address of the checkout for holds that stayed the guest's at the sign-in; reactive.
    pub fn kept_path(self) -> Option<String> {
        self.path(&session::left(), &|_, is_left| is_left)
    }

    /// The address of the checkout for the first hold to lapse of those that are wanted. The second argument of `wanted`
    /// is whether the hold stayed the guest's.
    fn path(
        self,
        left: &[LeftReservation],
        wanted: &dyn Fn(&Hold, bool) -> bool,
    ) -> Option<String> {
        let is_left = |hold: &Hold| session::is_left(left, hold.reservation.id);
        self.held.with(|held| {
            let first = held
                .iter()
                .filter(|hold| wanted(hold, is_left(hold)))
                .min_by(|a, b| a.deadline_ms.total_cmp(&b.deadline_ms))?;
            let ids: Vec<_> = held
                .iter()
                .filter(|it| it.reservation.event_id == first.reservation.event_id)
                .filter(|it| is_left(it) == is_left(first))
                .map(|it| it.reservation.id.to_string())
                .collect();
            Some(format!("/checkout/{}", ids.join(",")))
        })
    }

    /// Seconds until this reservation lapses; reactive.
    pub fn seconds_left(self, id: Uuid) -> Option<i64> {
        self.seconds.track();
        self.held.with(|held| {
            let hold = held.iter().find(|hold| hold.reservation.id == id)?;
            Some(countdown::seconds_until(hold.deadline_ms, browser::monotonic_ms()))
        })
    }

    fn tick(self) {
        let now = browser::monotonic_ms();
        let lapsed: Vec<_> = self.held.with_untracked(|held| {
            held.iter()
                .filter(|hold| hold.reservation.status == ReservationStatus::Active)
                .filter(|hold| hold.deadline_ms <= now)
                .map(|hold| hold.reservation.id)
                .collect()
        });
        if !lapsed.is_empty() {
            lapsed.iter().for_each(|id| forget(*id));
            self.remove(|hold| lapsed.contains(&hold.reservation.id));
        }
        // A reservation in payment cannot lapse, so the clock ignores it.
        let seconds = self.held.with_untracked(|held| {
            held.iter()
                .filter(|hold| hold.reservation.status == ReservationStatus::Active)
                .map(|hold| countdown::seconds_until(hold.deadline_ms, now))
                .min()
        });
        if self.seconds.get_untracked() != seconds {
            self.seconds.set(seconds);
        }
    }
}

fn remember(id: Uuid) {
    let mut ids = browser::read_ids(HELD);
    if !ids.contains(&id) {
        ids.push(id);
    }
    browser::write_ids(HELD, &ids);
}

fn forget(id: Uuid) {
    let mut ids = browser::read_ids(HELD);
    ids.retain(|kept| *kept != id);
    browser::write_ids(HELD, &ids);
}
