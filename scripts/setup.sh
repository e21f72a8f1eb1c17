#!/usr/bin/env bash
# Prepares this machine for one use of the tree. Installs only what is missing.
#
#   scripts/setup.sh [run|test|bench|cluster]
#
# Requires Debian 12 (or a derivative) with Rust, and root or sudo if something has to be installed.
# Services of the installed packages are neither started nor left enabled; services that were here
# before are not touched. If nothing is missing, the script takes well under a second.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib/apt.sh
source scripts/lib/apt.sh

purpose=${1:-run}
case "$purpose" in
  run | test | bench | cluster) ;;
  *)
    echo "usage: scripts/setup.sh [run|test|bench|cluster]" >&2
    exit 2
    ;;
esac

packages=()
# What makes the tests faster, and is no condition.
wishes=()
services=()

has() { command -v "$1" >/dev/null || [ -x "/usr/sbin/$1" ]; }

# need PROGRAM PACKAGE…: adds the packages if the program is missing.
need() {
  local program=$1
  shift
  has "$program" || packages+=("$@")
}

# The newest PostgreSQL of version 15 or later, wherever Debian and its derivatives install it.
has_postgres() {
  local dir version
  [ -n "${HOLDFAST_PG_BIN:-}" ] && return 0
  for dir in /usr/lib/postgresql/*/bin; do
    version=${dir%/bin}
    version=${version##*/}
    if [[ $version =~ ^[0-9]+$ ]] && [ "$version" -ge 15 ] && [ -x "$dir/initdb" ]; then
      return 0
    fi
  done
  return 1
}

need_postgres() {
  has_postgres && return 0
  packages+=(postgresql)
  services+=(postgresql)
}

need_redis() {
  has redis-server && return 0
  packages+=(redis-server)
  services+=(redis-server)
}

need_nginx() {
  has nginx && return 0
  packages+=(nginx-light)
  services+=(nginx)
}

# rustup's minimal profile does not contain these two tools; distributions package them
# separately.
need_cargo_tools() {
  local tool
  for tool in rustfmt clippy; do
    has "cargo-${tool/rustfmt/fmt}" && cargo "${tool/rustfmt/fmt}" --version >/dev/null 2>&1 && continue
    if has rustup; then
      echo "setup: adding the component $tool"
      rustup component add "$tool"
    else
      echo "setup: cargo ${tool/rustfmt/fmt} is not here; install $tool beside your Rust" >&2
      exit 1
    fi
  done
}

need_python() {
  if ! has python3; then
    packages+=(python3 python3-venv)
  elif [ "${1:-}" = venv ] && ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
    packages+=(python3-venv)
  fi
}

if ! has cargo; then
  echo "setup: cargo is not here. Install Rust 1.95 or later (https://rustup.rs), then try again." >&2
  exit 1
fi
need cc gcc libc6-dev
need pkg-config pkg-config
need node nodejs
need npm npm
need zopfli zopfli

case "$purpose" in
  test)
    need_cargo_tools
    need_postgres
    need_redis
    need_python venv
    need git git
    has chromium || has chromium-browser || has google-chrome || packages+=(chromium)
    # Debian has the shell as a package of its own. Where it is missing, the tests use Chromium.
    has chromium-headless-shell || wishes+=(chromium-headless-shell)
    has firefox-esr || has firefox || packages+=(firefox-esr)
    need_nginx
    ;;
  bench)
    need_postgres
    need_redis
    need_python
    need wrk wrk
    ;;
  cluster)
    need_postgres
    need_redis
    need_python
    need_nginx
    ;;
esac

if [ ${#packages[@]} -gt 0 ]; then
  apt_install "${packages[@]}"
  for service in "${services[@]}"; do
    apt_quiet_service "$service"
  done
fi
if [ ${#wishes[@]} -gt 0 ]; then
  apt_install "${wishes[@]}" || echo "setup: going on without ${wishes[*]}" >&2
fi
