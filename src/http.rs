//! The HTTP layer that all slices share: callers, bodies, problems, tags, tokens, headers.

pub mod auth;
pub mod body;
pub mod client;
pub mod connections;
pub mod cookie;
pub mod cors;
pub mod download;
pub mod keyed;
pub mod limits;
pub mod overload;
pub mod own_page;
pub mod page;
pub mod path_names;
pub mod problem;
pub mod proxies;
pub mod route;
pub mod secret;
pub mod secure;
pub mod settings;
pub mod tagged;
pub mod text;
pub mod time;
pub mod tokens;
