//! The build script of every package with texts. It turns the package's `locales/` into the typed module that its
//! `src/i18n.rs` includes.

use std::{env, error::Error, path::PathBuf};

use leptos_i18n_build::{Config, ParseOptions, TranslationsInfos};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=../texts.rs");
    println!("cargo::rerun-if-changed=Cargo.toml");
    let target = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?).join("i18n");
    // Texts with values are also needed as plain strings: for labels, titles and the canvas.
    let options = ParseOptions::new().interpolate_display(true);
    let config = Config::new("en")?.add_locale("fr")?.parse_options(options);
    let translations = TranslationsInfos::parse(config)?;
    translations.emit_diagnostics();
    translations.rerun_if_locales_changed();
    translations.generate_i18n_module(target)?;
    Ok(())
}
