//! Closures of views without their own types.
//!
//! Leptos compiles its rendering code anew for each closure type. A page has some hundred of them; through
//! these functions they share one copy, which is a third of the program's size.

use leptos::prelude::*;

/// A part of a page that is made anew when what it reads changes.
pub fn part<V: IntoAny>(
    make: impl Fn() -> V + Send + 'static,
) -> Box<dyn FnMut() -> AnyView + Send> {
    Box::new(move || make().into_any())
}

/// A value of an attribute that follows what it reads.
pub fn live<T: Send + Sync + 'static>(value: impl Fn() -> T + Send + Sync + 'static) -> Signal<T> {
    let value: Box<dyn Fn() -> T + Send + Sync> = Box::new(value);
    Signal::derive(value)
}

/// A value that is worked out anew when what it reads changes, and heard of only when it is another.
pub fn known<T: PartialEq + Send + Sync + 'static>(
    value: impl Fn() -> T + Send + Sync + 'static,
) -> Memo<T> {
    let value: Box<dyn Fn() -> T + Send + Sync> = Box::new(value);
    Memo::new(move |_| value())
}

/// What is done again whenever something that it reads changes, beginning now.
pub fn follow(act: impl FnMut() + 'static) {
    let act: Box<dyn FnMut()> = Box::new(act);
    Effect::new(act);
}

/// What happens on an event.
pub fn act<E: 'static>(handle: impl FnMut(E) + 'static) -> Box<dyn FnMut(E)> {
    Box::new(handle)
}
