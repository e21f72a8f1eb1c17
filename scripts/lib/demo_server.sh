# shellcheck shell=bash
# A server over a fresh store with the demo data, for one run of a script. Sourced, after env.sh.
#
#   start_demo_server      starts HOLDFAST_BIN, and ends it with the script
#
# Sets: `folder`, a temporary folder that ends with the script; `base`, the server's address; `demo_program`, the
# program with its settings.

READY_TENTHS=300

folder=$(mktemp -d "${TMPDIR:-/tmp}/holdfast-demo.XXXXXX")
base=""
demo_server=""
trap clean_up_demo EXIT

clean_up_demo() {
  stop_demo_server
  rm -rf "$folder"
}

http() { python3 scripts/lib/request.py "$@"; }

demo_settings=("${without_settings[@]}" HOLDFAST_ENV=development "HOLDFAST_DATA_DIR=$folder/data" RATE_LIMITS=off)
demo_binary=${HOLDFAST_BIN:-$(profile_dir dev)/holdfast}
# The program over the demo server's store. Its command follows.
demo_program=("${demo_settings[@]}" "$demo_binary")

start_demo_server() {
  local port tenths
  port=$(python3 -c 'import socket
with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    print(probe.getsockname()[1])')
  base=http://127.0.0.1:$port
  "${demo_settings[@]}" "HOLDFAST_BIND=127.0.0.1:$port" "$demo_binary" serve >"$folder/server.log" 2>&1 &
  demo_server=$!
  for ((tenths = 0; tenths < READY_TENTHS; tenths++)); do
    http GET "$base/readyz" >/dev/null 2>&1 && return 0
    demo_server_runs || return 1
    sleep 0.1
  done
  demo_server_failed "is not ready"
}

# Fails if the server has ended.
demo_server_runs() {
  kill -0 "$demo_server" 2>/dev/null || demo_server_failed "ended during the run"
}

demo_server_failed() {
  echo "the server $1:" >&2
  tail -n 40 "$folder/server.log" >&2
  return 1
}

stop_demo_server() {
  [ -n "$demo_server" ] || return 0
  kill "$demo_server" 2>/dev/null || true
  wait "$demo_server" 2>/dev/null || true
  demo_server=""
}
