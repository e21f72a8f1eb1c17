# shellcheck shell=bash
# Where things are built and kept. Sourced from the root of the tree, never run.

# A failed command ends a $(…), too. By default, bash clears `set -e` there.
shopt -s inherit_errexit

HOLDFAST_CACHE=${HOLDFAST_CACHE:-$HOME/.cache/holdfast}
CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target}
# Some of our programs run in other folders than the root.
case "$CARGO_TARGET_DIR" in
  /*) ;;
  *) CARGO_TARGET_DIR=$PWD/$CARGO_TARGET_DIR ;;
esac
export HOLDFAST_CACHE CARGO_TARGET_DIR

# The folder into which cargo writes the output of a profile.
profile_dir() {
  case "$1" in
    dev | test) echo "$CARGO_TARGET_DIR/debug" ;;
    release | bench) echo "$CARGO_TARGET_DIR/release" ;;
    *) echo "$CARGO_TARGET_DIR/$1" ;;
  esac
}

# without_settings: `env` with options that unset every setting which .env.example lists, and its NAME_FILE, so that no
# setting of the caller's shell reaches a started server. RUST_LOG stays: it only chooses what is logged. Settings and
# a command follow.
without_settings=(env)
while IFS= read -r name; do
  without_settings+=(-u "$name" -u "${name}_FILE")
done < <(sed -n '/^#RUST_LOG=/d; s/^#\([A-Z_]*\)=.*/\1/p' .env.example)
unset name

# build_server PROFILE TARGET…: the server as it is run and measured. Every script that runs it builds it by this
# function: with another selection of packages, Cargo resolves other features and builds the dependencies once more.
build_server() {
  local profile=$1
  shift
  cargo build --profile "$profile" -p holdfast "$@"
}

# build_tool PROFILE PACKAGE PROGRAM: a program beside the server. It is selected together with the server, so that the
# two share their dependencies.
build_tool() {
  cargo build --profile "$1" -p holdfast -p "$2" --bin "$3"
}

# The build embeds the pages, so their folder must exist even before the pages do.
ensure_dist() {
  mkdir -p frontend/dist
}

# Hundreds of clients and their server in one process need more than the usual 1,024 open files.
raise_open_files() {
  local most=65536 hard
  hard=$(ulimit -Hn)
  if [ "$hard" != unlimited ] && [ "$hard" -lt "$most" ]; then
    most=$hard
  fi
  [ "$(ulimit -Sn)" = unlimited ] || ulimit -Sn "$most"
}

# python_tool NAME VERSION [HASH…]: installs a program of PyPI in a folder of its own, once, and prints the folder. With
# hashes (SHA-256), pip refuses every other file.
python_tool() {
  local name=$1 version=$2
  shift 2
  local venv=$HOLDFAST_CACHE/venv-$name-$version
  if [ ! -f "$venv/ready" ]; then
    echo "installing $name $version" >&2
    rm -rf "$venv" &&
      python3 -m venv "$venv" >&2 &&
      echo "$name==$version ${*/#/--hash=sha256:}" >"$venv/requirement" &&
      "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$venv/requirement" >&2 &&
      touch "$venv/ready" || return 1
  fi
  echo "$venv"
}

# npm_packages FOLDER: installs the packages that the folder's package-lock.json names, unless they are there.
npm_packages() {
  if ! cmp -s "$1/package-lock.json" "$1/node_modules/.installed-lock"; then
    (cd "$1" && npm ci --ignore-scripts --no-audit --no-fund) &&
      mkdir -p "$1/node_modules" &&
      cp "$1/package-lock.json" "$1/node_modules/.installed-lock" || return 1
  fi
}
