#!/usr/bin/env bash
# Builds and serves the application from a fresh clone: what `make run` runs.
#
#   RUN_PROFILE=quick|release|dev  HOLDFAST_BIND=…  scripts/run.sh [argument of `holdfast serve`…]
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib/env.sh
source scripts/lib/env.sh

profile=${RUN_PROFILE:-quick}
bind=${HOLDFAST_BIND:-127.0.0.1:8080}
started=$SECONDS

step() { printf '\n\033[1m[%s/4] %s\033[0m (%s s so far)\n' "$1" "$2" "$((SECONDS - started))"; }

step 1 "Looking for what this machine lacks"
scripts/setup.sh run

step 2 "Building the pages (WebAssembly) and the server, profile $profile (the first time takes some minutes)"
# In parallel, because each of the two builds uses only one core for some of its time. The program
# embeds the pages last.
scripts/frontend.sh &
pages=$!
trap 'kill "$pages" 2>/dev/null || true' EXIT
build_server "$profile" --lib
wait "$pages"
trap - EXIT

step 3 "Putting the pages into the server"
ensure_dist
build_server "$profile" --bin holdfast

step 4 "Starting"
cat <<TEXT

  Holdfast           http://$bind
  API documentation  http://$bind/api/docs

  Demo accounts, password Demo-pass-1:
    customer@demo.test  organizer@demo.test  gate@demo.test  admin@demo.test

  The data is in ${HOLDFAST_DATA_DIR:-./data}; Ctrl-C ends it.

TEXT
exec "$(profile_dir "$profile")/holdfast" serve "$@"
