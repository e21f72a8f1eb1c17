//! Plain JavaScript: objects made, members read, functions called, where nobody has typed them.

use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// An object of these members.
pub fn object(members: &[(&str, JsValue)]) -> Object {
    let object = Object::new();
    for (name, value) in members {
        let _ = Reflect::set(&object, &(*name).into(), value);
    }
    object
}

/// A member; `undefined` where there is none.
pub fn member(of: &JsValue, name: &str) -> JsValue {
    Reflect::get(of, &name.into()).unwrap_or(JsValue::UNDEFINED)
}

/// Calls a method.
///
/// # Errors
/// What it throws, or that there is no such method.
pub fn call(on: &JsValue, name: &str, with: &[JsValue]) -> Result<JsValue, JsValue> {
    let method: Function = member(on, name).dyn_into()?;
    method.apply(on, &with.iter().collect::<Array>())
}

/// Calls a method and waits for what it promises.
///
/// # Errors
/// What it throws, or why the promise is broken.
pub async fn ask(on: &JsValue, name: &str, with: &[JsValue]) -> Result<JsValue, JsValue> {
    JsFuture::from(Promise::resolve(&call(on, name, with)?)).await
}
