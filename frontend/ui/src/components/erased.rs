//! Functions that erase the types of closures in views.
//!
//! Leptos compiles its rendering code again for each closure type. A page has about a hundred closures. With these
//! functions they share one copy of the code, which saves a third of the program's size.

use leptos::prelude::*;

/// A part of a page that is rendered again when a signal that it reads changes.
pub fn part<V: IntoAny>(
    make: impl Fn() -> V + Send + 'static,
) -> Box<dyn FnMut() -> AnyView + Send> {
    Box::new(move || make().into_any())
}

/// The value of an attribute or a property that follows the signals that it reads.
///
/// A text that changes while its page is open is the property `textContent` of an element of its own. The browser's
/// translator replaces the text nodes of a page, so a text node of ours may no longer be part of it.
pub fn live<T: Send + Sync + 'static>(value: impl Fn() -> T + Send + Sync + 'static) -> Signal<T> {
    let value: Box<dyn Fn() -> T + Send + Sync> = Box::new(value);
    Signal::derive(value)
}

/// [`live`] for an ARIA attribute that is true or false.
pub fn stated(is: impl Fn() -> bool + Send + Sync + 'static) -> Signal<&'static str> {
    let is: Box<dyn Fn() -> bool + Send + Sync> = Box::new(is);
    Signal::derive(move || if is() { "true" } else { "false" })
}

/// A value that is calculated again when a signal that it reads changes. It notifies its readers only if the value
/// differs.
pub fn known<T: PartialEq + Send + Sync + 'static>(
    value: impl Fn() -> T + Send + Sync + 'static,
) -> Memo<T> {
    let value: Box<dyn Fn() -> T + Send + Sync> = Box::new(value);
    Memo::new(move |_| value())
}

/// Runs `act` now, and again whenever a signal that it reads changes.
pub fn follow(act: impl FnMut() + 'static) {
    let act: Box<dyn FnMut()> = Box::new(act);
    Effect::new(act);
}

/// A handler of an event.
pub fn act<E: 'static>(handle: impl FnMut(E) + 'static) -> Box<dyn FnMut(E)> {
    Box::new(handle)
}
