# shellcheck shell=bash
# Where things are built and kept. Sourced from the root of the tree, never run.

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

# build_server PROFILE TARGET…: the server as it is run and measured. Every script that runs it builds it by this
# function: with another selection of packages, Cargo resolves other features and builds the dependencies once more.
build_server() {
  local profile=$1
  shift
  cargo build --profile "$profile" -p holdfast "$@"
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
