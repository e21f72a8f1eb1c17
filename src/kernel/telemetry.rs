//! Starts the logs and the metrics, and serves the metrics.

use std::sync::OnceLock;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use poem::{Response, handler, http::StatusCode};
use tracing_subscriber::EnvFilter;

use crate::kernel::{
    environment::Environment,
    settings::{Setting, Value, Wrong, only_environment, section},
};

static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();

section! {
    /// Operation
    pub struct LogSettings {
        /// Which log lines are written to standard error.
        pub filter: LogFilter =
            only_environment("RUST_LOG", "info,sea_orm_migration=warn,sqlx=warn,poem=warn"),
    }
}

/// Which log lines are written, in the syntax of tracing-subscriber's `EnvFilter`.
#[derive(Debug, Clone)]
pub struct LogFilter(String);

impl Value for LogFilter {
    const FORM: &'static str = "a filter in the syntax of tracing-subscriber's EnvFilter";

    fn read(text: &str, _: &Setting) -> Result<Self, Wrong> {
        EnvFilter::try_new(text).map(|_| Self(text.to_owned())).map_err(|_| Wrong::Form)
    }
}

/// Starts logging: lines for people in development, JSON in production.
pub fn log(environment: Environment, settings: &LogSettings) {
    let filter = EnvFilter::new(&settings.filter.0);
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match environment {
        Environment::Development => lines.init(),
        Environment::Production => lines.json().init(),
    }
}

/// Starts the collection of metrics. A second call changes nothing.
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
