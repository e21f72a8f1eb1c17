//! Access to untyped JavaScript: creating objects, reading members, calling functions.

use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// `base` to the power of `exponent`, computed by the browser. Rust's own code for powers would enlarge every
/// program.
#[cfg(target_arch = "wasm32")]
pub fn pow(base: f64, exponent: f64) -> f64 {
    js_sys::Math::pow(base, exponent)
}

/// `base` to the power of `exponent`, for tests outside of a browser.
#[cfg(not(target_arch = "wasm32"))]
pub fn pow(base: f64, exponent: f64) -> f64 {
    base.powf(exponent)
}

/// Creates an object with these members.
pub fn object(members: &[(&str, JsValue)]) -> Object {
    let object = Object::new();
    for (name, value) in members {
        let _ = Reflect::set(&object, &(*name).into(), value);
    }
    object
}

/// Reads a member. Returns `undefined` if the object does not have it.
pub fn member(of: &JsValue, name: &str) -> JsValue {
    Reflect::get(of, &name.into()).unwrap_or(JsValue::UNDEFINED)
}

/// Calls the method `name` of an object.
///
/// # Errors
/// If the method throws, or the object has no such method.
pub fn call(on: &JsValue, name: &str, with: &[JsValue]) -> Result<JsValue, JsValue> {
    let method: Function = member(on, name).dyn_into()?;
    method.apply(on, &with.iter().collect::<Array>())
}

/// Calls a method and waits for the promise that it returns.
///
/// # Errors
/// If the method throws, or the promise is rejected.
pub async fn ask(on: &JsValue, name: &str, with: &[JsValue]) -> Result<JsValue, JsValue> {
    JsFuture::from(Promise::resolve(&call(on, name, with)?)).await
}
