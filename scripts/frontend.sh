#!/usr/bin/env bash
# Builds the front end into frontend/dist: for each program its WebAssembly, the glue code and a shell page; for
# all programs style, typeface and icon. File names contain a hash of the content, so that browsers may cache
# the files forever.
#
#   HOLDFAST_WASM_TARGET_DIR  cargo's target folder for WebAssembly (default target/wasm)
#   HOLDFAST_WASM_TOOLCHAIN   rustup, debian or auto (default auto: rustup if it works)
set -euo pipefail
# A failed command ends a $(…), too.
shopt -s inherit_errexit

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
front=$root/frontend
dist=$front/dist
target_dir=${HOLDFAST_WASM_TARGET_DIR:-$root/target/wasm}
toolchain=${HOLDFAST_WASM_TOOLCHAIN:-auto}
triple=wasm32-unknown-unknown
# The programs, and the maximum size of each program's WebAssembly in bytes, compressed as the server sends it.
declare -A limit_bytes=([shop]=360000 [account]=280000 [desk]=400000)
programs=(shop account desk)

say() { printf 'frontend: %s\n' "$*"; }
die() { printf 'frontend: %s\n' "$*" >&2; exit 1; }
need() { command -v "$1" >/dev/null 2>&1 || die "$1 is missing: $2"; }

need node "install Node.js 18 or newer"
need npm "install npm"
need sha256sum "install coreutils"
need zopfli "install zopfli, or run scripts/setup.sh"

# --- nothing to do when no input changed -------------------------------------------------------

inputs_hash() {
    {
        find frontend/ui frontend/map "${programs[@]/#/frontend/}" frontend/bind frontend/shell crates/contract crates/domain \
            -type f -print0
        printf '%s\0' Cargo.toml Cargo.lock frontend/texts.rs \
            frontend/package.json frontend/package-lock.json scripts/frontend.sh
    } | sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1
}
stamp=$target_dir/frontend.stamp
inputs=$(inputs_hash)
if [ -f "$stamp" ] && [ -f "$dist/shop.html" ] && [ "$(head -n1 "$stamp")" = "$inputs" ]; then
    tail -n +2 "$stamp"
    say "up to date"
    exit 0
fi

# --- a Rust that can compile WebAssembly ----------------------------------------------------------

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else need sudo "run as root"; sudo "$@"; fi; }
has_rustup_target() {
    command -v rustc >/dev/null 2>&1 && [ -d "$(rustc --print target-libdir --target $triple 2>/dev/null)" ]
}

if [ "$toolchain" != debian ]; then
    if ! has_rustup_target && command -v rustup >/dev/null 2>&1; then
        say "adding the target $triple with rustup"
        timeout 90 rustup target add $triple >/dev/null 2>&1 || true
    fi
    if has_rustup_target; then
        toolchain=rustup
    elif [ "$toolchain" = rustup ]; then
        die "rustup cannot add the target $triple"
    else
        say "rustup cannot add the target $triple; taking Debian's compiler"
        toolchain=debian
    fi
fi

cargo_flags=()
if [ "$toolchain" = debian ]; then
    missing=()
    for package in rustc-web cargo-web rust-web-src lld-22; do
        dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package")
    done
    if [ ${#missing[@]} -gt 0 ]; then
        say "installing ${missing[*]}"
        as_root apt-get update -qq
        as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
    fi
    # Each compiler has its own folder, because one would rebuild everything of the other.
    target_dir=$target_dir-debian
    wasm_cargo=/usr/bin/cargo
    export RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1
    export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=/usr/bin/wasm-ld-22
    cargo_flags=(-Z build-std=std,panic_abort)
else
    wasm_cargo=cargo
fi

# --- the tool that generates the glue code, of exactly the version that the code is linked with --------------

say "building the tool that makes the glue"
tool_dir=${HOLDFAST_WASM_TARGET_DIR:-$root/target/wasm}
env -u RUSTC -u RUSTC_BOOTSTRAP CARGO_TARGET_DIR="$tool_dir" \
    cargo build --locked -p holdfast-bind --profile tool
bind=$tool_dir/tool/holdfast-bind

# --- typeface and wasm-opt ------------------------------------------------------------------------

npm_stamp=$front/node_modules/.holdfast-lock
if ! cmp -s "$front/package-lock.json" "$npm_stamp"; then
    say "fetching the typeface and wasm-opt from npm"
    npm ci --prefix "$front" --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
    cp "$front/package-lock.json" "$npm_stamp"
fi
wasm_opt=$front/node_modules/binaryen/bin/wasm-opt
font=$front/node_modules/@fontsource-variable/inter/files/inter-latin-wght-normal.woff2
[ -f "$font" ] || die "the typeface is missing in $font"

# --- compile ------------------------------------------------------------------------------------

# Components without their full types make the code a third smaller (leptos calls this
# erase_components). The source paths in panic messages are shortened, because the program would
# otherwise contain the folders of this machine. Paths of this tree are relative already; paths of
# generated sources are not. The folder of this tree must not be named here, or every clone would build
# every dependency again.
sources=${CARGO_HOME:-$HOME/.cargo}/registry/src
export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="--cfg=erase_components \
--remap-path-prefix=$sources= --remap-path-prefix=$target_dir="
say "compiling with $toolchain (the first time takes a few minutes)"
CARGO_TARGET_DIR=$target_dir "$wasm_cargo" build --locked "${programs[@]/#/-pholdfast-}" --profile wasm \
    --target $triple "${cargo_flags[@]}"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# finish PROGRAM: makes the glue code and the optimized WebAssembly (program.js and program.wasm) in the program's
# folder of the target folder. Files made from the same binary are used again, so a changed page rebuilds only the
# program that contains it.
finish() {
    local binary=$target_dir/$triple/wasm/holdfast-$1.wasm folder=$target_dir/finished/$1 made_of
    made_of=$(cat "$binary" "$bind" "$front/package-lock.json" "$root/scripts/frontend.sh" | sha256sum)
    [ "$(cat "$folder/made_of" 2>/dev/null)" != "$made_of" ] || return 0
    rm -rf "$folder"
    mkdir -p "$folder"
    "$bind" "$binary" "$folder"
    [ ! -d "$folder/snippets" ] || die "a dependency brings script snippets; they need hashed names too"
    # No object lies across the end of the address space, so an address plus a constant below 1,024 never wraps around.
    # wasm-opt knows this as "low memory unused", and then folds such constants into loads and stores.
    # Each of the three rounds finds what the round before has made possible.
    node "$wasm_opt" -Oz -Os -Oz --low-memory-unused --strip-producers --strip-target-features --enable-bulk-memory --enable-bulk-memory-opt --enable-mutable-globals \
        --enable-nontrapping-float-to-int --enable-reference-types --enable-sign-ext \
        --enable-multivalue "$folder/program_bg.wasm" -o "$folder/program.wasm"
    printf '%s' "$made_of" >"$folder/made_of"
}
say "binding and optimizing"
finishing=()
for program in "${programs[@]}"; do
    finish "$program" &
    finishing+=("$!")
done
for one in "${finishing[@]}"; do wait "$one"; done

# --- name by content ----------------------------------------------------------------------------

out=$work/dist
mkdir -p "$out/assets"
# keep FILE NAME EXTENSION: puts a file into assets under a hashed name and prints that name.
keep() {
    local hash
    hash=$(sha256sum "$1" | cut -c1-12)
    cp "$1" "$out/assets/$2-$hash.$3"
    printf '%s-%s.%s' "$2" "$hash" "$3"
}
font_name=$(keep "$font" inter woff2)
icon_name=$(keep "$front/shell/icon.svg" icon svg)
# The dark values stand in two rules: for the reader's choice, and for the system's.
cat "$front"/ui/style/*.css |
    sed -e "s|%FONT%|$font_name|g" -e "/%DARK%/{" -e "r $front/ui/style/blocks/dark.css" -e "d" -e "}" >"$work/style.css"
css_name=$(keep "$work/style.css" style css)
declare -A wasm_name
for program in "${programs[@]}"; do
    wasm_name[$program]=$(keep "$target_dir/finished/$program/program.wasm" "$program" wasm)
    js_name=$(keep "$target_dir/finished/$program/program.js" "$program" js)
    own_names="s|%JS%|$js_name|g;s|%WASM%|${wasm_name[$program]}|g"
    scripts=("$front"/shell/{storage,session,boot}.js)
    [ ! -f "$front/shell/$program.js" ] || scripts+=("$front/shell/$program.js")
    sed -e "$own_names" "${scripts[@]}" >"$work/boot.js"
    boot_name=$(keep "$work/boot.js" "boot-$program" js)
    sed -e "$own_names" -e "s|%CSS%|$css_name|g" -e "s|%BOOT%|$boot_name|g" -e "s|%FONT%|$font_name|g" \
        -e "s|%ICON%|$icon_name|g" "$front/shell/index.html" >"$out/$program.html"
done
cp "$front/node_modules/@fontsource-variable/inter/LICENSE" "$out/assets/inter-LICENSE.txt"

# The gzip file that the server sends to clients that accept it. zopfli searches longer than gzip and finds a file that
# is about 4 percent smaller. Shells are compressed when they are sent.
find "$out" -type f \( -name '*.wasm' -o -name '*.js' -o -name '*.css' -o -name '*.svg' \) \
    -exec zopfli {} +

# The size of a file as it is sent.
sent_bytes() {
    if [ -f "$1.gz" ]; then wc -c <"$1.gz"; else gzip -9 -c "$1" | wc -c; fi
}

# --- sizes --------------------------------------------------------------------------------------

report=$work/report
printf 'frontend: %-28s %10s %10s\n' file bytes gzipped >"$report"
for file in "$out"/*.html "$out"/assets/*[!z]; do
    printf 'frontend: %-28s %10d %10d\n' "$(basename "$file")" "$(wc -c <"$file")" \
        "$(sent_bytes "$file")" >>"$report"
done
cat "$report"
for program in "${programs[@]}"; do
    wasm_bytes=$(sent_bytes "$out/assets/${wasm_name[$program]}")
    [ "$wasm_bytes" -le "${limit_bytes[$program]}" ] ||
        die "the WebAssembly of $program is $wasm_bytes bytes gzipped; the limit is ${limit_bytes[$program]} bytes"
done

rm -rf "$dist"
mv "$out" "$dist"
{ printf '%s\n' "$inputs"; cat "$report"; } >"$stamp"
say "done: $dist"
