#!/usr/bin/env bash
# Sends generated requests to every operation of the served OpenAPI document. Every response must be
# documented, and never a 5xx. At the end, `holdfast check` must find no breach in the store.
#
#   HOLDFAST_BIN=target/debug/holdfast scripts/schemathesis.sh [option of `schemathesis run`…]
#
# Three callers send requests: one without sign-in, a customer, an organizer. Each operation counts as
# one test.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib/env.sh
source scripts/lib/env.sh
# shellcheck source=scripts/lib/demo_server.sh
source scripts/lib/demo_server.sh

VERSION=4.32.0
# The checks that a generated request can prove. Our own tests check authentication: they know who
# owns what, and a generator does not.
CHECKS=${SCHEMATHESIS_CHECKS:-not_a_server_error,content_type_conformance,response_schema_conformance}
EXAMPLES=${SCHEMATHESIS_EXAMPLES:-15}
SEED=${SCHEMATHESIS_SEED:-1}

venv=$(python_tool schemathesis "$VERSION")
start_demo_server

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

# One worker: Python 3.11 counts the depth of syntax trees in a place that all threads share
# (https://github.com/python/cpython/issues/106905), so two workers that inspect a lambda at the same time
# now and then end with a SystemError.
status=0
probe() {
  local caller=$1
  shift
  echo
  echo "schemathesis as $caller"
  # schemathesis writes its notes into the current folder.
  (cd "$folder" && "$venv/bin/schemathesis" --config-file schemathesis.toml --no-color run \
    "$base/api/v1/openapi.json" \
    --checks "$CHECKS" --max-examples "$EXAMPLES" --seed "$SEED" --workers 1 \
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

demo_server_runs || status=1
"${demo_program[@]}" check || status=1
python3 scripts/lib/junit.py "$folder"/*.xml || status=1
exit "$status"
