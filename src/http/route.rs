//! Routes of the API, as the rules of middlewares name them.

use poem::http::Method;

const API: &str = "/api/v1/";

/// One route, or several whose paths differ in some parts.
#[derive(Debug)]
pub struct RoutePattern {
    method: Method,
    /// The path below `/api/v1/`; `*` stands for one part of it.
    path: &'static str,
}

/// The reads of this path below `/api/v1/`; `*` stands for one part of it.
pub const fn get(path: &'static str) -> RoutePattern {
    RoutePattern { method: Method::GET, path }
}

/// The POST requests of this path below `/api/v1/`; `*` stands for one part of it.
pub const fn post(path: &'static str) -> RoutePattern {
    RoutePattern { method: Method::POST, path }
}

/// The PUT requests of this path below `/api/v1/`; `*` stands for one part of it.
pub const fn put(path: &'static str) -> RoutePattern {
    RoutePattern { method: Method::PUT, path }
}

/// The DELETE requests of this path below `/api/v1/`; `*` stands for one part of it.
pub const fn delete(path: &'static str) -> RoutePattern {
    RoutePattern { method: Method::DELETE, path }
}

impl RoutePattern {
    /// Whether a request is for one of these routes. `path` is the path below `/api/v1/`.
    pub fn is_for(&self, method: &Method, path: &str) -> bool {
        let parts = || self.path.split('/').zip(path.split('/'));
        self.method == *as_read(method)
            && self.path.split('/').count() == path.split('/').count()
            && parts().all(|(rule, part)| rule == "*" || rule == part)
    }
}

/// The part of a request's path below `/api/v1/`; `None` for a request that is not for the API.
pub fn below_api(path: &str) -> Option<&str> {
    path.strip_prefix(API)
}

/// A HEAD is a GET whose body is left out.
pub fn as_read(method: &Method) -> &Method {
    if *method == Method::HEAD { &Method::GET } else { method }
}
