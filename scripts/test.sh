#!/usr/bin/env bash
# Every test of the tree, in groups: what `make test` runs once the machine is set up.
#
#   scripts/test.sh                  all groups
#   scripts/test.sh unit browser     some of them
#
# A group that fails does not stop the next one; a group that ran nothing has failed, for a
# browser or a database that is not there must never look like success. The last line is always
# `N passed, N failed`, and the exit code is non-zero if anything failed.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib/env.sh
source scripts/lib/env.sh
raise_open_files

ALL_GROUPS=(format lint frontend unit simulation integration-sqlite integration-postgres
  browser openapi)

# The same selection and features everywhere (the default members of the workspace, failpoints
# in), or cargo would resolve features differently and build the dependencies once more.
FEATURES=(--features holdfast/failpoints)
CARGO_TEST=(cargo test "${FEATURES[@]}" --no-fail-fast)

# ---------------------------------------------------------------------------- the groups

group_format() {
  cargo fmt --all --check
}

group_lint() {
  ensure_dist
  cargo clippy --workspace --all-targets "${FEATURES[@]}" -- -D warnings
}

group_frontend() {
  scripts/frontend.sh
  # The count's form is cargo's, so that there is one way to read all of them.
  echo "test result: ok. 1 passed; 0 failed; the pages are built"
  cargo test -p holdfast-frontend --no-fail-fast
}

group_unit() {
  ensure_dist
  local targets=() name status=0
  while IFS= read -r name; do
    targets+=(--test "$name")
  done < <(other_test_targets)
  "${CARGO_TEST[@]}" --lib --bins "${targets[@]}" || status=1
  "${CARGO_TEST[@]}" --doc || status=1
  return "$status"
}

group_simulation() {
  ensure_dist
  SEEDS=${SEEDS:-2000} "${CARGO_TEST[@]}" --test simulator
}

group_integration_sqlite() {
  build_tests
  HOLDFAST_TEST_STORE=sqlite \
    scripts/services.py --bare --timeout "$GROUP_SECS" -- "${CARGO_TEST[@]}" --test it -- --skip cluster::
}

group_integration_postgres() {
  build_tests
  # Each test has a pool or two of its own, on the one server with its 200 connections.
  HOLDFAST_TEST_STORE=postgres RUST_TEST_THREADS=${RUST_TEST_THREADS:-4} \
    scripts/services.py --timeout "$GROUP_SECS" -- "${CARGO_TEST[@]}" --test it
}

group_browser() {
  ensure_pages
  build_tests
  cargo build -p holdfast-fake-stripe
  local files=()
  mapfile -t files < <(find tests/browser -name node_modules -prune -o \
    -type f -name '*.test.*js' -print 2>/dev/null | sort)
  if [ ${#files[@]} -eq 0 ]; then
    echo "there is no tests/browser/*.test.mjs" >&2
    return 1
  fi
  install_browser_packages
  HOLDFAST_BIN=$(profile_dir dev)/holdfast CHROMIUM=$(chromium_path) \
    scripts/services.py --bare --timeout "$GROUP_SECS" -- \
    node --test --test-concurrency=1 --test-reporter=spec "${files[@]}"
}

group_openapi() {
  build_tests
  HOLDFAST_BIN=$(profile_dir dev)/holdfast \
    scripts/services.py --bare --timeout "$GROUP_SECS" -- scripts/schemathesis.sh
}

# ---------------------------------------------------------------------------- their helpers

# Builds the integration tests and with them target/debug/holdfast, features as everywhere, so
# that the time limit of a group does not count the compiler.
build_tests() {
  ensure_dist
  cargo test "${FEATURES[@]}" --no-run --test it
}

# The browser needs real pages; a group that is run alone builds them.
ensure_pages() {
  [ -f frontend/dist/index.html ] || scripts/frontend.sh
}

# Integration tests of the default members that have no group of their own.
other_test_targets() {
  cargo metadata --no-deps --format-version 1 | python3 -c '
import json, sys
metadata = json.load(sys.stdin)
default = set(metadata["workspace_default_members"])
names = {target["name"] for package in metadata["packages"] if package["id"] in default
         for target in package["targets"] if "test" in target["kind"]}
print("\n".join(sorted(names - {"it", "simulator"})))' | sed '/^$/d'
}

chromium_path() {
  command -v chromium || command -v chromium-browser || command -v google-chrome || {
    echo "no Chromium here; run scripts/setup.sh test" >&2
    return 1
  }
}

install_browser_packages() {
  local folder=tests/browser
  if ! cmp -s "$folder/package-lock.json" "$folder/node_modules/.installed-lock"; then
    (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund)
    mkdir -p "$folder/node_modules"
    cp "$folder/package-lock.json" "$folder/node_modules/.installed-lock"
  fi
}

# ---------------------------------------------------------------------------- counting

# Reads a log; prints "passed failed ignored". Lines of cargo:
#   test result: ok. 12 passed; 0 failed; 0 ignored; …
# and of node's runner, whichever reporter:   "# pass 7" or "ℹ pass 7".
count() {
  sed -E 's/\x1b\[[0-9;]*m//g' "$1" | awk '
    /^test result: / {
      for (i = 2; i <= NF; i++) {
        if ($i ~ /^passed/) passed += $(i - 1)
        if ($i ~ /^failed/) failed += $(i - 1)
        if ($i ~ /^ignored/) ignored += $(i - 1)
      }
    }
    /^(#|ℹ) pass [0-9]+$/ { passed += $3 }
    /^(#|ℹ) (fail|cancelled) [0-9]+$/ { failed += $3 }
    /^(#|ℹ) (skipped|todo) [0-9]+$/ { ignored += $3 }
    END { print passed + 0, failed + 0, ignored + 0 }'
}

total_passed=0
total_failed=0
table=()

run_group() {
  local name=$1 log=$logs/$1.log started=$SECONDS status passed failed ignored note=""
  printf '\n\033[1m=== %s\033[0m\n' "$name"
  set +e
  (
    set -e
    "group_${name//-/_}"
  ) </dev/null 2>&1 | tee "$log"
  status=${PIPESTATUS[0]}
  set -e

  case "$name" in
    format | lint)
      passed=1 failed=0 ignored=0
      [ "$status" -eq 0 ] || passed=0 failed=1
      ;;
    *)
      read -r passed failed ignored < <(count "$log")
      if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then
        failed=1 note="exit code $status"
      elif [ "$((passed + failed))" -eq 0 ]; then
        failed=1 note="ran no test"
      fi
      if [ "$ignored" -gt 0 ]; then
        # An ignored test is one that nobody has seen pass.
        failed=$((failed + ignored)) note="${note:+$note, }$ignored ignored or skipped"
      fi
      ;;
  esac
  total_passed=$((total_passed + passed))
  total_failed=$((total_failed + failed))
  table+=("$(printf '%-22s %7d %7d %7d s  %s' "$name" "$passed" "$failed" \
    "$((SECONDS - started))" "$note")")
  printf -- '--- %s: %d passed, %d failed, %d s %s\n' "$name" "$passed" "$failed" \
    "$((SECONDS - started))" "${note:+($note)}"
}

# A group of tests (not its compilation) that takes longer hangs.
GROUP_SECS=${GROUP_SECS:-1200}

chosen=("$@")
[ $# -gt 0 ] || chosen=("${ALL_GROUPS[@]}")
for name in "${chosen[@]}"; do
  if [[ " ${ALL_GROUPS[*]} " != *" $name "* ]]; then
    echo "test.sh: no group $name; there are: ${ALL_GROUPS[*]}" >&2
    exit 2
  fi
done

logs=$(mktemp -d "${TMPDIR:-/tmp}/holdfast-logs.XXXXXX")
trap 'rm -rf "$logs"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

for name in "${chosen[@]}"; do
  run_group "$name"
done

printf '\n%-22s %7s %7s %9s\n' group passed failed time
printf '%s\n' "${table[@]}"
echo
summary="$total_passed passed, $total_failed failed"
[ -z "${HOLDFAST_SUMMARY:-}" ] || echo "$summary" >"$HOLDFAST_SUMMARY"
echo "$summary"
[ "$total_failed" -eq 0 ]
