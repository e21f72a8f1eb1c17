//! The settings of the process itself.

use std::{net::SocketAddr, path::PathBuf};

use crate::kernel::{
    environment::Environment,
    settings::{CONFIG_FILE, Setting, Value, Wrong, one_of, optional, section, text},
};

section! {
    /// Node
    pub struct NodeSettings {
        /// Address and port to listen on; port 0 selects a free port.
        pub bind: SocketAddr = text("HOLDFAST_BIND", "127.0.0.1:8080"),
        /// A second address that serves `/metrics`, `/api/docs`, `/api/v1/openapi.json` and the health checks, for
        /// operators. The first address then serves only the health checks of these. Without it, they are open in
        /// development and closed in production.
        pub internal_bind: Option<SocketAddr> = optional("HOLDFAST_INTERNAL_BIND", "none"),
        /// In development, the program seeds an empty store and generates a missing secret once. In production it does
        /// neither, ignores the moved clock and logs JSON. In development, `HOLDFAST_BIND` must be a loopback address.
        pub environment: Environment = text("HOLDFAST_ENV", "development"),
        /// `true` lets development mode listen on any address. Everybody who reaches it can move its clock and knows
        /// the passwords of its accounts.
        pub development_reach: DevelopmentReach = text("HOLDFAST_DEVELOPMENT_ANYWHERE", "false"),
        /// Folder of the SQLite file and, in development, of the generated secret.
        pub data_dir: PathBuf = text("HOLDFAST_DATA_DIR", "data"),
        /// A TOML file with the same settings in lower case. A file that is named here must exist; `holdfast.toml`
        /// need not.
        pub config_file: PathBuf = CONFIG_FILE,
    }
}

/// Where development mode may listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DevelopmentReach {
    Loopback,
    Anywhere,
}

impl Value for DevelopmentReach {
    const FORM: &'static str = "`true` or `false`";

    fn read(text: &str, _: &Setting) -> Result<Self, Wrong> {
        one_of(text, &[("false", Self::Loopback), ("true", Self::Anywhere)])
    }
}
