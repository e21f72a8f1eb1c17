#!/usr/bin/env bash
# Records many checkouts under random faults and kill -9: what `make record` runs.
#
#   CHECKOUTS=10000 SEED=4711 scripts/record.sh        over PostgreSQL
#   HOLDFAST_TEST_STORE=sqlite scripts/record.sh       over SQLite
#
# RECORD_FILE=… receives every buyer's attempt, one on each line. The last lines state the result. The
# exit code is non-zero if a response that a buyer received differs from the books.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib/env.sh
source scripts/lib/env.sh
raise_open_files

export CHECKOUTS=${CHECKOUTS:-10000} SEED=${SEED:-4711}
export HOLDFAST_TEST_STORE=${HOLDFAST_TEST_STORE:-postgres}
services=()
[ "$HOLDFAST_TEST_STORE" = postgres ] || services=(--bare)
ensure_dist
test=(cargo test --features holdfast/failpoints --test it)
"${test[@]}" --no-run
exec scripts/services.py "${services[@]}" -- "${test[@]}" faults::record:: -- --nocapture
