//! `holdfast-bind INPUT.wasm FOLDER`: writes `program.js` and `program_bg.wasm` for browsers into the folder.
//!
//! It does the same as `wasm-bindgen --target web --no-typescript --out-name program`, with the library that the tool
//! itself is made of (<https://rustwasm.github.io/docs/wasm-bindgen/reference/cli.html>). It builds in a third of the
//! tool's time, and the one lock file keeps its version equal to that of the pages.

use std::{env, process::ExitCode};

use anyhow::Context as _;
use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [input, folder] = arguments.as_slice() else {
        eprintln!("usage: holdfast-bind INPUT.wasm FOLDER");
        return ExitCode::from(2);
    };
    match bind(input, folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("holdfast-bind: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn bind(input: &str, folder: &str) -> anyhow::Result<()> {
    let mut bindgen = Bindgen::new();
    bindgen.web(true)?.typescript(false).out_name("program").input_path(input);
    bindgen.generate(folder).with_context(|| format!("{input} cannot be bound"))
}
