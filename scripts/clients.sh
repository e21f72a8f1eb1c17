#!/usr/bin/env bash
# Generates clients from docs/openapi.json by public generators, and lets the Python client buy seats at a running
# server. A warning of a generator fails its test.
#
#   HOLDFAST_BIN=target/debug/holdfast scripts/clients.sh
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib/env.sh
source scripts/lib/env.sh
# shellcheck source=scripts/lib/demo_server.sh
source scripts/lib/demo_server.sh

PYTHON_GENERATOR_VERSION=0.29.1
document=$PWD/docs/openapi.json

venv=$(python_tool openapi-python-client "$PYTHON_GENERATOR_VERSION")
npm_packages tests/clients

python_client_is_generated() {
  "$venv/bin/openapi-python-client" generate --path "$document" --config tests/clients/generator.yml \
    --output-path "$folder/holdfast_client" --meta none --fail-on-warning
}

typescript_client_is_generated() {
  local warnings
  # The program reports its success on standard output, and warnings and errors on standard error.
  warnings=$(tests/clients/node_modules/.bin/openapi-typescript "$document" \
    --output "$folder/client.d.ts" 2>&1 >/dev/null) && [ -z "$warnings" ] && return 0
  echo "$warnings"
  return 1
}

typescript_client_compiles() {
  tests/clients/node_modules/.bin/tsc --noEmit --strict "$folder/client.d.ts"
}

python_client_buys() {
  PYTHONPATH=$folder "$venv/bin/python" tests/clients/buy.py "$base/api/v1"
}

store_is_whole() {
  "${demo_program[@]}" check
}

passed=0
failed=0
# Runs a test. Its status is that of its last command, because bash ignores `set -e` in a condition.
check() {
  if "$1"; then
    echo "ok      $1"
    passed=$((passed + 1))
  else
    echo "FAILED  $1"
    failed=$((failed + 1))
  fi
}

check python_client_is_generated
check typescript_client_is_generated
check typescript_client_compiles
start_demo_server
check python_client_buys
check demo_server_runs
check store_is_whole

echo "test result: $([ "$failed" -eq 0 ] && echo ok || echo FAILED). $passed passed; $failed failed"
[ "$failed" -eq 0 ]
