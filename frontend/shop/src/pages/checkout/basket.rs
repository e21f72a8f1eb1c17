//! The state of the checkout page: the reservations, their remaining time, and the message to the buyer. `paying`
//! performs the payment.

use holdfast_contract::{
    bookings::PaymentConfig,
    catalogue::Event,
    problem::ProblemType,
    reservations::{ReleaseRequest, ReleasedItem, Reservation, ReservationStatus},
};
use leptos::prelude::*;
use leptos_router::{NavigateOptions, hooks::use_navigate};
use uuid::Uuid;

use super::{Opening, is_over, outcome::FailureReason, total};
use ui::{
    api::{self, CallFailure},
    browser,
    components::erased::follow,
    state::{
        attempt,
        holds::Holds,
        session::{self, SignedInUser},
    },
};

/// The task with which the page is busy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Busy {
    /// The page waits for the buyer.
    Idle,
    /// The payment is under way.
    Paying,
    /// Seats are being given back, or held for longer.
    Changing,
    /// The gateway asks for a second step (3-D Secure) with this secret.
    SecondStep(String),
}

/// A message to the buyer.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// The payment failed. The seats stay held if the server says so.
    Failed(FailureReason),
    /// The server refused the request.
    Refused(CallFailure),
    /// The outcome of the payment is unknown. The buyer can continue the same attempt.
    Unknown,
}

/// How the checkout ended without a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The hold expired before the buyer paid.
    Expired,
    /// The buyer cancelled the reservations.
    Cancelled,
}

/// The id of the heading above the held seats.
pub const HEADING: &str = "seats-title";

/// One unit of an item that can be given back while another place of its reservation stays held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct One {
    pub reservation: Uuid,
    pub item: Uuid,
    /// The item's name for people.
    pub label: String,
}

/// A function that navigates to an address of this program.
type Goer = Box<dyn Fn(&str)>;

#[derive(Clone, Copy)]
pub struct Basket {
    /// The reservations, as the server last reported them.
    pub reservations: RwSignal<Vec<Reservation>>,
    pub event: StoredValue<Event>,
    pub config: StoredValue<PaymentConfig>,
    pub busy: RwSignal<Busy>,
    /// The current message to the buyer.
    pub message: RwSignal<Option<Message>>,
    /// How the checkout ended. `None` while it goes on.
    pub ended: RwSignal<Option<End>>,
    pub(super) ids: StoredValue<Vec<Uuid>>,
    pub(super) holds: Holds,
    pub(super) go: StoredValue<Goer, LocalStorage>,
    /// Loads the whole page again.
    again: Callback<()>,
}

impl Basket {
    pub fn new(opening: Opening, again: Callback<()>) -> Self {
        let navigate = use_navigate();
        let go = move |path: &str| {
            navigate(path, NavigateOptions { replace: true, ..NavigateOptions::default() });
        };
        let ids = opening.reservations.iter().map(|it| it.id).collect();
        Self {
            reservations: RwSignal::new(opening.reservations),
            event: StoredValue::new(opening.event),
            config: StoredValue::new(opening.config),
            busy: RwSignal::new(Busy::Idle),
            message: RwSignal::new(None),
            ended: RwSignal::new(None),
            ids: StoredValue::new(ids),
            holds: Holds::expect(),
            go: StoredValue::new_local(Box::new(go) as Goer),
            again,
        }
    }

    /// Continues a payment that was under way before the page was loaded, and starts to watch the remaining time.
    pub fn watch(self) {
        let ids = self.ids.get_value();
        // A payment that is under way or has succeeded comes before the clock: it has ended the hold, which then does
        // not expire.
        if let Some(attempt) = attempt::pending(&ids) {
            self.run(attempt);
        } else if let Some(booking) = self.booking_elsewhere() {
            // Another tab, or another device of the same buyer, is paying or has paid.
            self.busy.set(Busy::Paying);
            leptos::task::spawn_local(async move { self.follow(booking, None).await });
        } else if self.reservations.with_untracked(|all| is_over(all)) {
            self.ended.set(Some(End::Expired));
            return;
        }
        follow(move || self.show_changes());
        let account = SignedInUser::expect();
        let mut was_signed_in = untrack(|| account.is_signed_in());
        follow(move || {
            let is_signed_in = account.is_signed_in();
            if !std::mem::replace(&mut was_signed_in, is_signed_in) && is_signed_in {
                leptos::task::spawn_local(async move { self.look_again().await });
            }
        });
        follow(move || {
            if self.has_lapsed() && self.busy.get() == Busy::Idle && self.ended.get().is_none() {
                leptos::task::spawn_local(async move { self.meet_the_end().await });
            }
        });
    }

    /// The booking that is paying or has paid for these reservations.
    pub(super) fn booking_elsewhere(self) -> Option<Uuid> {
        self.reservations.with_untracked(|all| {
            all.iter()
                .filter(|it| it.status != ReservationStatus::Active)
                .find_map(|it| it.booking_id)
        })
    }

    /// Seconds until the first of the reservations lapses; reactive. `None` if one of them is no longer held.
    pub fn seconds_left(self) -> Option<i64> {
        let left = self.ids.with_value(|ids| {
            ids.iter().map(|id| self.holds.seconds_left(*id)).collect::<Option<Vec<_>>>()
        });
        left?.into_iter().min()
    }

    fn has_lapsed(self) -> bool {
        self.seconds_left().is_none_or(|seconds| seconds <= 0)
    }

    /// Called when the hold has expired or is about to expire. Asks the server whether the hold is over or another
    /// tab has paid.
    async fn meet_the_end(self) {
        self.look_again().await;
        let is_new = self.message.try_with_untracked(Option::is_none).unwrap_or(false);
        if is_new && let Some(booking) = self.booking_elsewhere() {
            let _ = self.busy.try_set(Busy::Paying);
            self.follow(booking, None).await;
        }
    }

    /// Asks the server for the current reservations: another tab may have extended them, or they may be over.
    pub(super) async fn look_again(self) {
        let mut current = Vec::new();
        let Some(ids) = self.ids.try_get_value() else { return };
        for id in ids {
            match api::reservation(id).await {
                Ok(reservation) => current.push(reservation),
                Err(failure) if failure.is_open() => return,
                // The user's session has ended, and the hold goes on. The user can sign in again on this page.
                Err(failure) if failure.kind() == Some(ProblemType::Unauthorized) => {
                    let _ = self.message.try_set(Some(Message::Refused(failure)));
                    return;
                }
                Err(_) => {
                    let _ = self.ended.try_set(Some(End::Expired));
                    return;
                }
            }
        }
        self.take_over(current);
    }

    fn take_over(self, current: Vec<Reservation>) {
        if self.ended.try_get_untracked().is_none() {
            return;
        }
        // The page's clock may be slightly ahead of the server's. A reservation without a full second left counts as
        // over.
        let over = is_over(&current) || current.iter().any(lapsed);
        // Only the buyer cancels, here or in another tab.
        let cancelled = current.iter().any(|it| it.status == ReservationStatus::Cancelled);
        for reservation in &current {
            if over {
                self.holds.drop(reservation.id);
            } else {
                self.holds.put(reservation.clone());
            }
        }
        self.reservations.set(current);
        let ids = self.ids.get_value();
        if session::of_one_buyer(ids.clone()) != ids {
            // The user cannot pay for what stayed the guest's at the sign-in. The page begins again with one buyer's.
            self.again.run(());
        } else if over {
            self.ended.set(Some(if cancelled { End::Cancelled } else { End::Expired }));
        }
    }

    /// Shows what this tab or another one has changed in the reservations.
    fn show_changes(self) {
        let held: Vec<Reservation> = self
            .ids
            .with_value(|ids| ids.iter().filter_map(|id| self.holds.reservation(*id)).collect());
        self.reservations.maybe_update(|all| {
            let mut is_changed = false;
            for it in all.iter_mut() {
                if let Some(held) = held.iter().find(|held| held.id == it.id && *held != it) {
                    it.clone_from(held);
                    is_changed = true;
                }
            }
            is_changed
        });
    }

    /// The amount to pay; reactive.
    pub fn total(self) -> Option<holdfast_contract::money::Money> {
        self.reservations.with(|all| total(all))
    }

    /// The amount to pay, without tracking. `None` also after the visitor has left the page.
    pub fn total_now(self) -> Option<holdfast_contract::money::Money> {
        self.reservations.try_with_untracked(|all| total(all)).flatten()
    }

    /// Whether all reservations can be extended; reactive.
    pub fn is_extendable(self) -> bool {
        self.reservations.with(|all| all.iter().all(|it| it.extendable))
    }

    /// Extends all reservations, and shows the server's refusal if there is one.
    pub fn extend(self) {
        self.change(async move {
            for id in self.ids.get_value() {
                self.holds.change(api::extend(id).await?);
            }
            Ok(())
        });
    }

    /// Gives one unit of an item back. The others stay held.
    pub fn release(self, one: One) {
        self.change(async move {
            let unit = ReleasedItem { item_id: one.item, quantity: Some(1) };
            let parts = ReleaseRequest { items: vec![unit] };
            self.holds.change(api::release(one.reservation, &parts).await?);
            browser::focus(HEADING);
            Ok(())
        });
    }

    fn change(self, change: impl Future<Output = Result<(), CallFailure>> + 'static) {
        self.message.set(None);
        self.busy.set(Busy::Changing);
        leptos::task::spawn_local(async move {
            let changed = change.await;
            let _ = self.busy.try_set(Busy::Idle);
            if let Err(failure) = changed {
                let _ = self.message.try_set(Some(Message::Refused(failure)));
                self.look_again().await;
            }
        });
    }

    /// Cancels all reservations, so that their seats become free at once.
    pub fn cancel(self) {
        self.busy.set(Busy::Changing);
        leptos::task::spawn_local(async move {
            for id in self.ids.get_value() {
                match api::cancel(id).await {
                    Ok(()) => self.holds.drop(id),
                    Err(failure) if failure.is_open() => {
                        let _ = self.busy.try_set(Busy::Idle);
                        let _ = self.message.try_set(Some(Message::Refused(failure)));
                        return;
                    }
                    // The reservation has lapsed or no longer exists: nothing is left to cancel.
                    Err(_) => self.holds.drop(id),
                }
            }
            let _ = self.busy.try_set(Busy::Idle);
            let _ = self.ended.try_set(Some(End::Cancelled));
        });
    }
}

fn lapsed(reservation: &Reservation) -> bool {
    reservation.status == ReservationStatus::Active && reservation.expires_in_seconds <= 0
}
