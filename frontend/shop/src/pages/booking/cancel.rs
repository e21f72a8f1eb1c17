//! The cancellation of a booking or of some of its lines. The buyer sees the amount of the refund before anything is cancelled.
//! A visitor who has only a link enters the code of a fresh mail first.

use holdfast_contract::{
    bookings::{Booking, BookingLine, BookingStatus},
    money::Money,
    problem::ProblemType,
};
use leptos::prelude::*;
use uuid::Uuid;

use super::link::VisitorLink;
use ui::{
    api::{self, CallFailure},
    browser,
    components::{
        code_field::{CODE_ID, CodeField, TypedCode},
        erased::{act, known, live, part},
        failure::FailureNote,
        icon::{Icon, Sign},
        question::Question,
    },
    i18n::{Locale, use_i18n},
    intl, td_string, tx,
};

/// The id of the sentence about the mail with the code.
const CODE_ASKED: &str = "code-asked";

/// The lines that the buyer may cancel.
fn open_lines(booking: &Booking) -> impl Iterator<Item = &BookingLine> {
    let is_paid = booking.status == BookingStatus::Confirmed;
    booking.lines.iter().filter(move |line| is_paid && line.cancellable)
}

/// Whether the buyer may cancel the booking or some of its lines.
fn is_open(booking: &Booking) -> bool {
    booking.cancellable || open_lines(booking).next().is_some()
}

/// The consequences of the cancellation without the lines in `kept`, in words.
fn consequence(locale: Locale, booking: &Booking, kept: &[Uuid]) -> String {
    if booking.status == BookingStatus::Pending {
        return td_string!(locale, booking.stop_text).into();
    }
    let gone: Vec<_> = open_lines(booking).filter(|line| !kept.contains(&line.id)).collect();
    if gone.is_empty() {
        return td_string!(locale, booking.no_choice).into();
    }
    let sum = |amount: fn(&BookingLine) -> i64| {
        let amount = gone.iter().map(|line| amount(line)).sum();
        Money { amount, currency: booking.total.currency.clone() }
    };
    let back = sum(|line| line.refundable.as_ref().map_or(0, |back| back.amount));
    let paid = sum(|line| line.price.amount);
    let text = td_string!(locale, booking.cancel_text);
    match money_back(locale, &back, &paid) {
        Some(back) => format!("{back} {text}"),
        None => text.into(),
    }
}

/// The amount of the refund in words, compared with the price. `None` if nothing was paid.
fn money_back(locale: Locale, back: &Money, paid: &Money) -> Option<String> {
    if paid.amount == 0 {
        return None;
    }
    if back.amount <= 0 {
        return Some(td_string!(locale, booking.nothing_back).into());
    }
    let (amount, whole) = (intl::money(locale, back), intl::money(locale, paid));
    Some(if back.amount < paid.amount {
        td_string!(locale, booking.part_back, amount = amount.as_str(), total = whole.as_str())
    } else {
        td_string!(locale, booking.whole_back, amount = amount.as_str())
    })
}

/// The dialog: which lines stay, and the code of a visitor who has only a link.
#[derive(Clone, Copy)]
struct Cancelling {
    booking: RwSignal<Booking>,
    link: VisitorLink,
    asking: RwSignal<bool>,
    busy: RwSignal<bool>,
    failure: RwSignal<Option<CallFailure>>,
    /// The lines that the buyer keeps.
    kept: RwSignal<Vec<Uuid>>,
    /// Whether the server has mailed a code.
    is_code_asked: RwSignal<bool>,
    code: TypedCode,
}

impl Cancelling {
    /// Opens the dialog with what the buyer chose before. A code is asked for anew, so the choice can be changed, and a code that
    /// is over leads nowhere.
    fn begin(self) {
        self.is_code_asked.set(false);
        self.failure.set(None);
        self.asking.set(true);
    }

    /// The ids of the lines to cancel. `None` for the whole booking. Reactive.
    fn line_ids(self) -> Option<Vec<Uuid>> {
        self.booking.with(|booking| {
            let kept = self.kept.get();
            let is_whole = kept.is_empty() && booking.cancellable;
            let gone = open_lines(booking).map(|line| line.id).filter(|id| !kept.contains(id));
            (!is_whole).then(|| gone.collect())
        })
    }

    fn confirm(self) {
        let lines = untrack(|| self.line_ids());
        if lines.as_ref().is_some_and(Vec::is_empty) || self.busy.get_untracked() {
            return;
        }
        let is_code_asked = self.is_code_asked.get_untracked();
        let code = if is_code_asked { self.code.complete() } else { None };
        if is_code_asked && code.is_none() {
            return;
        }
        self.busy.set(true);
        self.failure.set(None);
        leptos::task::spawn_local(async move {
            match self.send(lines, code).await {
                Ok(Some(now)) => {
                    let _ = self.asking.try_set(false);
                    let _ = self.kept.try_set(Vec::new());
                    let _ = self.booking.try_set(now);
                    // The button that had the focus no longer exists.
                    browser::focus_drawn(super::TITLE);
                }
                Ok(None) => {
                    self.code.clear();
                    let _ = self.is_code_asked.try_set(true);
                    browser::focus_drawn(CODE_ID);
                }
                Err(refused) => {
                    let _ = self.failure.try_set(Some(refused));
                }
            }
            let _ = self.busy.try_set(false);
        });
    }

    /// Cancels. `code` is the code that the visitor has entered, if the server asked for it. `None` if the server has mailed a
    /// code that the visitor enters first.
    async fn send(
        self,
        lines: Option<Vec<Uuid>>,
        code: Option<String>,
    ) -> Result<Option<Booking>, CallFailure> {
        let id = self.booking.with_untracked(|it| it.id);
        if let Some(code) = code {
            let link = self.link.token();
            let pass = api::prove_booking_code(id, code, link.as_deref()).await?;
            self.link.act_by(pass.token);
            let _ = self.is_code_asked.try_set(false);
        }
        let link = self.link.acting();
        match api::cancel_booking(id, lines, link.as_deref()).await {
            Ok(now) => Ok(Some(now)),
            // The link only shows the booking, or the time of the token that changes it is over.
            Err(refused)
                if matches!(
                    refused.kind(),
                    Some(ProblemType::CodeRequired | ProblemType::LinkExpired)
                ) =>
            {
                api::ask_booking_code(id, self.link.token().as_deref()).await?;
                Ok(None)
            }
            Err(refused) => Err(refused),
        }
    }
}

/// The button, if the buyer may cancel something, and the question that it opens.
#[component]
pub fn Cancel(booking: RwSignal<Booking>, link: VisitorLink) -> impl IntoView {
    let i18n = use_i18n();
    let cancelling = Cancelling {
        booking,
        link,
        asking: RwSignal::new(false),
        busy: RwSignal::new(false),
        failure: RwSignal::new(None),
        kept: RwSignal::new(Vec::new()),
        is_code_asked: RwSignal::new(false),
        code: TypedCode::new(),
    };
    let can = known(move || booking.with(is_open));
    let text = live(move || {
        let kept = cancelling.kept.get();
        booking.with(|it| consequence(i18n.get_locale(), it, &kept))
    });
    view! {
        {part(move || {
            can.get()
                .then(|| {
                    view! {
                        <button
                            type="button"
                            class="button quiet danger"
                            data-testid="cancel-booking"
                            on:click=act(move |_| cancelling.begin())
                        >
                            <Icon sign=Sign::Trash/>
                            <span>{tx!(i18n, booking.cancel)}</span>
                        </button>
                    }
                })
        })}
        <Question
            title=tx!(i18n, booking.cancel_title)
            text
            keep=tx!(i18n, booking.keep)
            go_on=tx!(i18n, booking.cancel)
            asking=cancelling.asking
            busy=cancelling.busy
            ready=live(move || cancelling.line_ids().is_none_or(|ids| !ids.is_empty()))
            confirmed=Callback::new(move |()| cancelling.confirm())
        >
            <Choice cancelling/>
            <CodeEntry cancelling/>
        </Question>
    }
}

/// One checkbox for each line, if there are several.
#[component]
fn Choice(cancelling: Cancelling) -> impl IntoView {
    let i18n = use_i18n();
    let Cancelling { booking, kept, is_code_asked, .. } = cancelling;
    let lines: Vec<BookingLine> = booking.with_untracked(|it| open_lines(it).cloned().collect());
    let toggle = move |id: Uuid| {
        kept.update(|kept| match kept.iter().position(|known| *known == id) {
            Some(at) => {
                kept.remove(at);
            }
            None => kept.push(id),
        });
    };
    let rows = move |lines: &[BookingLine]| {
        lines
            .iter()
            .map(|line| {
                let (id, price) = (line.id, line.price.clone());
                view! {
                    <label class="check">
                        <input
                            type="checkbox"
                            data-testid="cancel-line"
                            prop:checked=live(move || !kept.with(|kept| kept.contains(&id)))
                            disabled=live(move || is_code_asked.get())
                            on:change=act(move |_| toggle(id))
                        />
                        <span class="figures">{line.label.clone()}</span>
                        " "
                        <span
                            class="soft figures"
                            prop:textContent=live(move || intl::money(i18n.get_locale(), &price))
                        ></span>
                    </label>
                }
            })
            .collect_view()
    };
    (lines.len() > 1).then(|| {
        view! {
            <fieldset class="field">
                <legend>{tx!(i18n, booking.choose)}</legend>
                {rows(&lines)}
            </fieldset>
        }
    })
}

/// The field for the code, once it is mailed, and what failed.
#[component]
fn CodeEntry(cancelling: Cancelling) -> impl IntoView {
    let i18n = use_i18n();
    let Cancelling { is_code_asked, code, failure, .. } = cancelling;
    part(move || {
        if !is_code_asked.get() {
            return view! { <FailureNote failure/> }.into_any();
        }
        view! {
            <p id=CODE_ASKED data-testid="code-asked">{tx!(i18n, booking.code_text)}</p>
            <CodeField
                code
                failure
                refused=tx!(i18n, booking.code_wrong)
                described_by=CODE_ASKED
            />
        }
        .into_any()
    })
}
