//! The build script of every package with texts. It turns the package's `locales/` into the typed module that its
//! `src/i18n.rs` includes.
//!
//! It calls the parser and the code generator of leptos_i18n directly. The package `leptos_i18n_build` does the same, and
//! also exports Unicode's data, which no text here needs: those crates took a tenth of the first build.

use std::{env, error::Error, fs, path::PathBuf};

use leptos_i18n_codegen::gen_code;
use leptos_i18n_parser::parse_locales::{
    options::{Config, ParseOptions},
    parse_locales,
};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=../texts.rs");
    println!("cargo::rerun-if-changed=Cargo.toml");
    let folder = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?).join("i18n");
    // Texts with values are also needed as plain strings: for labels, titles and the canvas.
    let options = ParseOptions::new().interpolate_display(true);
    let config = Config::new("en")?.add_locale("fr")?.parse_options(options);
    let texts = parse_locales(None, config)?;
    for warning in texts.diag.warnings().iter() {
        println!("cargo::warning={warning}");
    }
    for error in texts.diag.errors().iter() {
        println!("cargo::error={error}");
    }
    for path in texts.tracked_files.iter().flatten() {
        println!("cargo::rerun-if-changed={path}");
    }
    let module = gen_code(&texts, None, false, None, true)?;
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("mod.rs"), module.to_string())?;
    Ok(())
}
