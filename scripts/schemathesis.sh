#!/usr/bin/env bash
# Sends generated requests to every operation of the served OpenAPI document. Every response must be
# documented, and never a 5xx.
#
#   HOLDFAST_BIN=target/debug/holdfast scripts/schemathesis.sh [option of `schemathesis run`…]
#
# Three callers send requests: one without sign-in, a customer, an organizer. Each operation counts as
# one test.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib/env.sh
source scripts/lib/env.sh

VERSION=4.32.0
# The checks that a generated request can prove. Our own tests check authentication: they know who
# owns what, and a generator does not.
CHECKS=${SCHEMATHESIS_CHECKS:-not_a_server_error,content_type_conformance,response_schema_conformance}
EXAMPLES=${SCHEMATHESIS_EXAMPLES:-15}
SEED=${SCHEMATHESIS_SEED:-1}
READY_TENTHS=300

binary=${HOLDFAST_BIN:-$(profile_dir dev)/holdfast}
venv=$HOLDFAST_CACHE/venv-schemathesis-$VERSION

if [ ! -f "$venv/ready" ]; then
  echo "installing schemathesis $VERSION"
  rm -rf "$venv"
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check "schemathesis==$VERSION"
  touch "$venv/ready"
fi

folder=$(mktemp -d "${TMPDIR:-/tmp}/holdfast-openapi.XXXXXX")
server=""
cleanup() {
  if [ -n "$server" ]; then
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  rm -rf "$folder"
}
trap cleanup EXIT

port=$(python3 -c 'import socket
with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    print(probe.getsockname()[1])')
base=http://127.0.0.1:$port
env -u DATABASE_URL -u REDIS_URLS \
  HOLDFAST_BIND="127.0.0.1:$port" HOLDFAST_ENV=development HOLDFAST_DATA_DIR="$folder/data" \
  RATE_LIMITS=off "$binary" serve >"$folder/server.log" 2>&1 &
server=$!

http() { python3 scripts/lib/request.py "$@"; }
for ((i = 0; ; i++)); do
  http GET "$base/readyz" >/dev/null 2>&1 && break
  if ! kill -0 "$server" 2>/dev/null || [ "$i" -ge "$READY_TENTHS" ]; then
    echo "the server is not ready:" >&2
    tail -n 40 "$folder/server.log" >&2
    exit 1
  fi
  sleep 0.1
done

# Most paths use real events, because made-up ids alone would produce only 404 responses. The list
# is read from the server, so that it follows the seed data.
http GET "$base/api/v1/events" | python3 -c '
import json, sys
events = [event[name] for event in json.load(sys.stdin)["items"] for name in ("id", "slug")]
binding = "{ dictionary = \"events\", probability = 0.7 }"
print(f"[dictionaries.events]\nvalues = {json.dumps(events)}\n")
print(f"[parameters]\n\"path.event_id\" = {binding}\n\"path.event\" = {binding}\n")
print(f"[[operations]]\ninclude-path-regex = \"^/events/.id.\"\nparameters = {{ \"path.id\" = {binding} }}")
' >"$folder/schemathesis.toml"

status=0
probe() {
  local caller=$1
  shift
  echo
  echo "schemathesis as $caller"
  # schemathesis writes its notes into the current folder.
  (cd "$folder" && "$venv/bin/schemathesis" --config-file schemathesis.toml --no-color run \
    "$base/api/v1/openapi.json" \
    --checks "$CHECKS" --max-examples "$EXAMPLES" --seed "$SEED" --workers 2 \
    --phases examples,coverage,fuzzing --max-failures 20 --request-timeout 15 \
    --suppress-health-check all --warnings off \
    --exclude-path-regex '/stream$' \
    --report junit --report-junit-path "$folder/$caller.xml" "$@") || status=1
}

probe nobody "$@"
for caller in customer organizer; do
  answer=$(http POST "$base/api/v1/auth/login" \
    "{\"email\":\"$caller@demo.test\",\"password\":\"Demo-pass-1\"}")
  token=$(python3 scripts/lib/request.py field access_token <<<"$answer")
  probe "$caller" -H "Authorization: Bearer $token" "$@"
done

if ! kill -0 "$server" 2>/dev/null; then
  echo "the server ended during the run:" >&2
  tail -n 40 "$folder/server.log" >&2
  status=1
fi
python3 scripts/lib/junit.py "$folder"/*.xml || status=1
exit "$status"
