//! Logs and metrics.

use std::sync::OnceLock;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use poem::{Response, handler, http::StatusCode};
use tracing_subscriber::EnvFilter;

use crate::kernel::environment::Environment;

static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();
const DEFAULT_FILTER: &str = "info,sea_orm_migration=warn,sqlx=warn,poem=warn";

/// Starts logging: lines for people in development, JSON in production; `RUST_LOG` chooses what.
pub fn log(environment: Environment) {
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT_FILTER));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match environment {
        Environment::Development => lines.init(),
        Environment::Production => lines.json().init(),
    }
}

/// Starts counting. A second call changes nothing.
pub fn count() {
    if METRICS.get().is_none()
        && let Ok(handle) = PrometheusBuilder::new().install_recorder()
    {
        METRICS.set(handle).ok();
    }
}

/// `GET /metrics` in the Prometheus text format.
#[handler]
pub fn metrics() -> Response {
    match METRICS.get() {
        Some(handle) => Response::builder()
            .content_type("text/plain; version=0.0.4; charset=utf-8")
            .body(handle.render()),
        None => StatusCode::NOT_FOUND.into(),
    }
}
