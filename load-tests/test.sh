#!/usr/bin/env bash
# Every scenario in its short form, on one cluster; and runs that have to fail, because a load test that cannot fail
# shows nothing.
#
#   HOLDFAST_BIN=target/debug/holdfast load-tests/test.sh
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib/env.sh
source scripts/lib/env.sh

if [ "${1:-}" != inside ]; then
  export GUESTS_PER_MINUTE=1000000 ADDRESS_READS_PER_MINUTE=1000000 ADDRESS_REQUESTS_PER_MINUTE=1000000 \
    PROOFS_PER_MINUTE=1000000
  exec python3 scripts/cluster.py --binary "$HOLDFAST_BIN" --port 0 -- load-tests/test.sh inside
fi

# HOLDFAST_URL, DATABASE_URL and HOLDFAST_BIN are set by cluster.py.
run() { load-tests/run.sh --short --url "$HOLDFAST_URL" "$@"; }

# must_fail NAME WORDS COMMAND…: the command has to fail, and its output has to contain the words.
must_fail() {
  local name=$1 words=$2 output
  shift 2
  if output=$("$@" 2>&1); then
    echo "FAILED  $name: it succeeded"
  elif [[ "$output" != *"$words"* ]]; then
    echo "FAILED  $name: it failed for another reason:"
    printf '%s\n' "$output"
  else
    echo "ok      $name"
    return 0
  fi
  return 1
}

# A seat that is sold, but in no booking.
break_the_store() {
  "$(newest_postgres)/psql" --quiet "$DATABASE_URL" --command \
    "UPDATE booking_lines SET seat_id = seat_id + 1000000 WHERE id = (SELECT id FROM booking_lines WHERE seat_id IS NOT NULL LIMIT 1)"
}

newest_postgres() {
  PYTHONPATH=scripts/lib python3 -c 'import stores; print(stores.postgres_bin())'
}

a_broken_store() {
  break_the_store
  run rate-limit
}

passed=0 failed=0
count() { if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi; }

status=0
run all || status=1
count must_fail "a missed threshold fails the run" "missed a threshold" env HOLDS_PER_MINUTE=20 load-tests/run.sh \
  --short --url "$HOLDFAST_URL" rate-limit
count must_fail "a sale that cannot open fails the run" "artillery/sale missed a threshold or could not run" \
  env ORGANIZER_PASSWORD=wrong load-tests/run.sh --short --url "$HOLDFAST_URL" artillery/sale
count must_fail "a violation fails the run" "found a violation" a_broken_store
echo "test result: $([ "$failed" -eq 0 ] && echo ok || echo FAILED). $passed passed; $failed failed"
[ "$failed" -eq 0 ] && [ "$status" -eq 0 ]
