//! The names of path parameters. poem-openapi only numbers the parameters, so that the problem of a malformed
//! parameter would call it `param0`. The path templates of the OpenAPI document contain the names.

use std::sync::{Arc, LazyLock};

use poem::{Endpoint, EndpointExt, Error, Request};
use poem_openapi::error::ParsePathError;
use serde_json::Value;

use super::problem::ApiProblem;

/// The path templates of the OpenAPI document, each split at `/`.
#[derive(Debug, Clone)]
pub struct PathNames(Vec<Vec<String>>);

impl PathNames {
    /// Reads the templates of an OpenAPI document.
    pub fn of(document: &str) -> Self {
        let document: Value = serde_json::from_str(document).unwrap_or_default();
        let paths = document["paths"].as_object().into_iter().flatten();
        Self(paths.map(|(path, _)| parts(path).map(str::to_owned).collect()).collect())
    }

    /// The name of the path's parameter at this place, counted from 0.
    fn name(&self, path: &str, at: usize) -> Option<&str> {
        let asked: Vec<&str> = parts(path).collect();
        let is_like = |template: &&Vec<String>| {
            template.len() == asked.len()
                && template
                    .iter()
                    .zip(&asked)
                    .all(|(part, asked)| named(part).is_some() || part == asked)
        };
        self.0.iter().find(is_like)?.iter().filter_map(|part| named(part)).nth(at)
    }

    /// The problem of a malformed path parameter, with the name of the parameter. Any other error stays unchanged.
    fn told(&self, path: &str, error: Error) -> Error {
        let Some(fault) = error.downcast_ref::<ParsePathError>() else { return error };
        let at = fault.name.strip_prefix("param").and_then(|at| at.parse().ok());
        match at.and_then(|at| self.name(path, at)) {
            Some(name) => ApiProblem::parameter(name, &fault.reason).into(),
            None => error,
        }
    }
}

/// Serves the API so that problems of path parameters contain the parameters' names, which are read with the first such
/// problem.
pub fn named_paths(
    api: impl Endpoint + 'static,
    names: impl FnOnce() -> PathNames + Send + 'static,
) -> impl Endpoint {
    let names = Arc::new(LazyLock::new(names));
    api.around(move |api, request: Request| {
        let names = Arc::clone(&names);
        async move {
            let path = request.uri().path().to_owned();
            api.call(request).await.map_err(|error| names.told(&path, error))
        }
    })
}

fn parts(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|part| !part.is_empty())
}

fn named(part: &str) -> Option<&str> {
    part.strip_prefix('{').and_then(|part| part.strip_suffix('}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_has_the_name_of_its_template() {
        let names = PathNames::of(
            r#"{"paths":{"/events/{id}":{},"/events/{id}/seats/{seat_id}":{},"/bookings/me":{},"/bookings/{id}":{}}}"#,
        );
        assert_eq!(names.name("/events/x/seats/y", 1), Some("seat_id"));
        assert_eq!(names.name("/bookings/x", 0), Some("id"));
        assert_eq!(names.name("/events/x/seats/y", 2), None);
        assert_eq!(names.name("/nothing", 0), None);
    }
}
