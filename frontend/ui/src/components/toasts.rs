//! Toasts: short messages that something is done, at the bottom of the window. Screen readers read them when they appear.
//!
//! A program that shows toasts provides [`Toasts`] and draws a [`ToastRack`]. What the visitor still needs to read later
//! is no toast.

use std::cell::RefCell;

use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{DomRect, HtmlElement};

use super::{
    erased::{act, live, part},
    icon::{Icon, Sign},
};
use crate::{
    browser, common,
    i18n::{Locale, use_i18n},
    js,
};

/// How many toasts are shown at once. A further one takes the place of the oldest.
const MAX_SHOWN: usize = 3;
/// How long a toast is shown.
const SHOWN_MS: i32 = 6_000;
/// How often a toast looks whether its time runs, and what it covers.
const TICK_MS: i32 = 100;
const RACK: &str = ".toasts";
/// The pointer or the focus is on a toast. The time stops meanwhile.
const ATTENDED: &str = ".toasts:is(:hover, :focus-within)";
const FOCUSED: &str = ".toasts :focus";
/// The buttons that toasts do not cover.
const PRIMARY: &str = "main .button.primary";
/// The distance of toasts to the edge of the window and to a button, in pixels.
const MARGIN: i32 = 16;
/// Toasts stay below this part of the window.
const TOP: i32 = 72;

thread_local! {
    /// What had the focus before it came to a toast.
    static BEFORE: RefCell<Option<HtmlElement>> = const { RefCell::new(None) };
}

/// The text of a toast in each language.
pub type ToastText = fn(Locale) -> &'static str;

#[derive(Clone, Copy)]
struct Toast {
    /// Rises with each toast.
    id: u32,
    text: ToastText,
}

/// The toasts that are shown. Each stays in its place until it goes, so that a screen reader reads it once.
#[derive(Clone, Copy)]
pub struct Toasts {
    places: [RwSignal<Option<Toast>>; MAX_SHOWN],
    /// How many toasts there have been.
    count: RwSignal<u32>,
    /// How far the toasts are above the lower edge of the window, in pixels.
    bottom: RwSignal<i32>,
}

impl Toasts {
    pub fn provide() {
        provide_context(Self {
            places: [(); MAX_SHOWN].map(|()| RwSignal::new(None)),
            count: RwSignal::new(0),
            bottom: RwSignal::new(MARGIN),
        });
    }

    /// The toasts that [`Self::provide`] provided.
    pub fn expect() -> Self {
        expect_context()
    }

    /// The id of the toast at a place; 0 if there is none.
    fn id_at(place: RwSignal<Option<Toast>>) -> u32 {
        place.with_untracked(|toast| toast.map_or(0, |toast| toast.id))
    }

    /// Says that something is done. The same text is not shown twice.
    pub fn tell(self, text: ToastText) {
        let says_the_same = |place: &&RwSignal<Option<Toast>>| {
            place.with_untracked(|toast| {
                toast.is_some_and(|toast| (toast.text)(Locale::en) == text(Locale::en))
            })
        };
        let same = self.places.iter().find(says_the_same);
        let Some(place) = same.or_else(|| self.places.iter().min_by_key(|it| Self::id_at(**it)))
        else {
            return;
        };
        self.count.update(|count| *count += 1);
        let id = self.count.get_untracked();
        place.set(Some(Toast { id, text }));
        leptos::task::spawn_local(self.stays(id));
    }

    /// Removes the toast when its time is over.
    async fn stays(self, id: u32) {
        // The toast is drawn first.
        browser::sleep(0).await;
        let mut left_ms = SHOWN_MS;
        while left_ms > 0 {
            let _ = self.bottom.try_set(bottom());
            browser::sleep(TICK_MS).await;
            if !is_there(ATTENDED) {
                left_ms -= TICK_MS;
            }
        }
        self.close(id);
    }

    fn close(self, id: u32) {
        if let Some(place) = self.places.iter().find(|place| Self::id_at(**place) == id) {
            let had_focus = is_there(FOCUSED);
            place.set(None);
            if had_focus {
                BEFORE.with_borrow(|before| before.as_ref().map(|it| it.focus()));
            }
        }
    }

    fn close_newest(self) {
        let newest = self.places.iter().map(|place| Self::id_at(*place)).max();
        if let Some(id) = newest.filter(|id| *id > 0) {
            self.close(id);
        }
    }
}

fn is_there(selector: &str) -> bool {
    document().query_selector(selector).ok().flatten().is_some()
}

#[allow(clippy::cast_possible_truncation, reason = "a page is far shorter than 2^31 pixels")]
const fn whole(pixels: f64) -> i32 {
    pixels as i32
}

/// How far above the lower edge of the window the toasts cover no primary button.
fn bottom() -> i32 {
    let height = window().inner_height().ok().and_then(|it| it.as_f64()).map_or(0, whole);
    let (Ok(Some(rack)), Ok(buttons)) =
        (document().query_selector(RACK), document().query_selector_all(PRIMARY))
    else {
        return MARGIN;
    };
    let toasts = rack.get_bounding_client_rect();
    let (mut bottom, needed) = (MARGIN, whole(toasts.height()));
    // The lowest button comes last.
    for at in (0..buttons.length()).rev() {
        let button = buttons.item(at).and_then(|it| it.dyn_into::<HtmlElement>().ok());
        let Some(button) = button.map(|it| it.get_bounding_client_rect()) else { continue };
        let (top, end) = (whole(button.top()), whole(button.bottom()));
        if are_above_each_other(&button, &toasts)
            && end > height - bottom - needed
            && top < height - bottom
        {
            bottom = height - top + MARGIN / 2;
        }
    }
    if bottom + needed > height - TOP { MARGIN } else { bottom }
}

fn are_above_each_other(one: &DomRect, other: &DomRect) -> bool {
    one.right() > other.left() && one.left() < other.right()
}

/// Where toasts appear. The element is always there, so that screen readers hear the texts.
#[component]
pub fn ToastRack() -> impl IntoView {
    let i18n = use_i18n();
    let toasts = Toasts::expect();
    let escape = window_event_listener(ev::keydown, move |event| {
        // The event of a browser that fills in a form has no key. A dialog takes the key for itself.
        let key = js::member(&event, "key").as_string();
        if key.as_deref() == Some("Escape") && !is_there("dialog[open]") {
            toasts.close_newest();
        }
    });
    on_cleanup(move || escape.remove());
    let entered = move |event: web_sys::FocusEvent| {
        let from = js::member(&event, "relatedTarget").dyn_into::<HtmlElement>();
        if let Ok(from) = from
            && from.closest(RACK).is_ok_and(|rack| rack.is_none())
        {
            BEFORE.set(Some(from));
        }
    };
    let places = toasts.places.map(|place| {
        part(move || {
            place.get().map(|toast| {
                view! {
                    <div class="toast" data-testid="toast">
                        <Icon sign=Sign::Check/>
                        <p prop:textContent=live(move || (toast.text)(i18n.get_locale()))></p>
                        <button
                            type="button"
                            class="quiet square"
                            aria-label=common!(i18n, close)
                            on:click=act(move |_| toasts.close(toast.id))
                        >
                            <Icon sign=Sign::Cross/>
                        </button>
                    </div>
                }
            })
        })
    });
    view! {
        <div
            class="toasts"
            role="status"
            aria-atomic="false"
            data-testid="toasts"
            style:bottom=live(move || format!("{}px", toasts.bottom.get()))
            on:focusin=act(entered)
        >
            {places.into_iter().collect_view()}
        </div>
    }
}
