#!/usr/bin/env bash
# Every test of the tree, in groups: what `make test` runs once the machine is set up.
#
#   scripts/test.sh                  all groups
#   scripts/test.sh unit browser     selected groups
#   scripts/test.sh shop             the integration tests of one folder of tests/it, on both stores
#   scripts/test.sh shop/checkout    the same of a module in it
#
# A group that fails does not stop the next group. A group in which no test ran has failed, so that a
# missing browser or database never looks like success. The last line is always
# `N passed, N failed`, and the exit code is non-zero if anything failed.
#
# Groups run in stages. The lanes of a stage run in parallel, and the output of a group is shown as a
# whole when the group ends. Groups that measure time or send crowds have a stage of their own.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib/env.sh
source scripts/lib/env.sh
raise_open_files

# Each line is a stage. `|` separates the lanes of a stage; the groups of a lane run one after the
# other. A test build of the server reads the pages when they are requested, so only groups that
# request pages have to run after `frontend`.
STAGES=(
  "format"
  "frontend security | lint unit simulation"
  "browser openapi clients | integration-sqlite integration-postgres load"
  "integration-alone statements"
  "browser-alone"
)
# shellcheck disable=SC2206 # the stages are lists
ALL_GROUPS=(${STAGES[*]//|/ })

# The mark of integration tests that run alone: a module of this name in their path, see tests/it/main.rs.
ALONE=alone::
# Tests of a whole cluster, which needs PostgreSQL.
CLUSTER=cluster::
# The same kind of tests in tests/browser.
BROWSER_ALONE=(arena countdown two_browsers)
# Most integration tests wait for a lease or a slow gateway, so more of them run at once than
# there are cores.
THREADS=${RUST_TEST_THREADS:-6}

# Every command selects the same packages and features (the default members of the workspace, with
# failpoints). Otherwise cargo would resolve the features differently and build the dependencies
# again.
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

group_security() {
  limited scripts/security.sh
}

group_frontend() {
  scripts/frontend.sh
  # The line has the form of cargo's result line, so that one parser reads all results.
  echo "test result: ok. 1 passed; 0 failed; the pages are built"
  cargo test -p holdfast-ui -p holdfast-map -p holdfast-shop -p holdfast-account -p holdfast-desk --no-fail-fast
}

group_unit() {
  ensure_dist
  local targets=() name status=0
  while IFS= read -r name; do
    targets+=(--test "$name")
  done < <(other_test_targets)
  "${CARGO_TEST[@]}" --no-run --lib --bins "${targets[@]}"
  limited "${CARGO_TEST[@]}" --lib --bins "${targets[@]}" || status=1
  limited "${CARGO_TEST[@]}" --doc || status=1
  return "$status"
}

group_simulation() {
  ensure_dist
  "${CARGO_TEST[@]}" --no-run --test simulator
  SEEDS=${SEEDS:-2000} limited "${CARGO_TEST[@]}" --test simulator
}

group_integration_sqlite() {
  build_tests
  on_sqlite -- --test-threads "$THREADS" --skip "$ALONE"
}

group_integration_postgres() {
  build_tests
  on_postgres -- --test-threads "$THREADS" --skip "$ALONE"
}

group_integration_alone() {
  build_tests
  local status=0
  on_sqlite -- --test-threads 1 "$ALONE" --skip "$CLUSTER" || status=1
  on_postgres -- --test-threads 1 "$ALONE" || status=1
  return "$status"
}

# After the other integration groups: have they sent every statement of the program to both stores?
group_statements() {
  python3 scripts/statements.py "$statements"
}

# The integration tests of one module on both stores, such as `shop` or `shop::checkout`.
group_module() {
  build_tests
  local together alone status=0
  mapfile -t together < <(tests_of "$1" | grep -v "$ALONE")
  mapfile -t alone < <(tests_of "$1" | grep "$ALONE")
  exactly sqlite "$THREADS" "${together[@]}" || status=1
  # shellcheck disable=SC2046 # names without spaces
  exactly sqlite 1 $(printf '%s\n' "${alone[@]}" | grep -v "$CLUSTER") || status=1
  exactly postgres "$THREADS" "${together[@]}" || status=1
  exactly postgres 1 "${alone[@]}" || status=1
  return "$status"
}

group_browser() {
  local files=() file
  while IFS= read -r file; do
    file=${file##*/}
    [[ " ${BROWSER_ALONE[*]} " == *" ${file%.test.mjs} "* ]] || files+=("$file")
  done < <(find tests/browser -maxdepth 1 -type f -name '*.test.mjs' | sort)
  in_browser 2 "${files[@]}"
}

group_browser_alone() {
  in_browser 1 "${BROWSER_ALONE[@]/%/.test.mjs}"
}

group_openapi() {
  build_tests
  HOLDFAST_BIN=$(profile_dir dev)/holdfast \
    limited scripts/schemathesis.sh
}

group_clients() {
  build_tests
  HOLDFAST_BIN=$(profile_dir dev)/holdfast \
    limited scripts/clients.sh
}

group_load() {
  build_tests
  HOLDFAST_BIN=$(profile_dir dev)/holdfast \
    limited load-tests/test.sh
}

# ---------------------------------------------------------------------------- their helpers

# Builds the integration tests, and with them target/debug/holdfast, so that the time limit of a
# group does not include the compiler.
build_tests() {
  ensure_dist
  cargo test "${FEATURES[@]}" --no-run --test it
}

# Runs a command and ends it if it hangs.
limited() {
  scripts/services.py --bare --timeout "$GROUP_SECS" -- "$@"
}

# The mail server of the tests.
AIOSMTPD_VERSION=1.4.6
with_mail_server() {
  local venv
  venv=$(python_tool aiosmtpd "$AIOSMTPD_VERSION")
  SMTP_PYTHON=$venv/bin/python "$@"
}

on_sqlite() {
  HOLDFAST_TEST_STORE=sqlite with_mail_server limited "${CARGO_TEST[@]}" --test it "$@"
}

on_postgres() {
  # Each test has one or two pools of its own, and each program that a test starts has another
  # pool.
  HOLDFAST_TEST_STORE=postgres with_mail_server scripts/services.py --pg-set max_connections=400 \
    --timeout "$GROUP_SECS" -- "${CARGO_TEST[@]}" --test it "$@"
}

# The names of the integration tests of one module.
tests_of() {
  "${CARGO_TEST[@]}" --quiet --test it -- --list | sed -n "s/^\($1::.*\): test\$/\1/p"
}

# exactly STORE THREADS TEST…: runs these integration tests, if there are any.
exactly() {
  local store=$1 threads=$2
  shift 2
  [ $# -eq 0 ] || "on_$store" -- --test-threads "$threads" --exact "$@"
}

# in_browser AT_ONCE FILE…: each file gets its own server, store and browser.
in_browser() {
  local at_once=$1
  shift
  if [ $# -eq 0 ]; then
    echo "there is no tests/browser/*.test.mjs" >&2
    return 1
  fi
  ensure_pages
  build_tests
  cargo build "${FEATURES[@]}" --bin fake-stripe
  npm_packages tests/browser
  # A failed $(…) ends the group here. Before a command, its status would be lost.
  local seeded chromium shell firefox
  seeded=$(seeded_store)
  chromium=$(chromium_path)
  # Chromium without the parts that only a window needs: the same engine for a little over half of the processor's time.
  shell=$(command -v chromium-headless-shell) || shell=$chromium
  firefox=$(firefox_path)
  HOLDFAST_BIN=$(profile_dir dev)/holdfast HOLDFAST_SEEDED=$seeded CHROMIUM=$chromium CHROMIUM_SHELL=$shell \
    FIREFOX=$firefox with_mail_server limited node --test --test-concurrency="$at_once" --test-reporter=spec "${@/#/tests/browser/}"
}

# A data folder with the demo data, created once. The files of browser tests copy it.
seeded_store() {
  local folder=$logs/seeded
  if [ ! -f "$folder/ready" ]; then
    "${without_settings[@]}" HOLDFAST_ENV=development HOLDFAST_DATA_DIR="$folder/data" \
      "$(profile_dir dev)/holdfast" seed >&2 &&
      touch "$folder/ready" || return 1
  fi
  echo "$folder/data"
}

# The browser needs real pages. A group that runs alone builds them.
ensure_pages() {
  [ -f frontend/dist/shop.html ] || scripts/frontend.sh
}

# Integration tests of the default members that belong to no group.
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

firefox_path() {
  command -v firefox-esr || command -v firefox || {
    echo "no Firefox here; run scripts/setup.sh test" >&2
    return 1
  }
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

# Runs a group. Its output goes to its log and to standard output; its status and seconds go to a
# file.
run_group() {
  local name=$1 started=$SECONDS status
  set +e
  (
    set -e
    if [[ " ${ALL_GROUPS[*]} " == *" $name "* ]]; then
      "group_${name//-/_}"
    else
      group_module "$name"
    fi
  ) </dev/null 2>&1 | tee "$logs/$name.log"
  status=${PIPESTATUS[0]}
  set -e
  echo "$status $((SECONDS - started))" >"$logs/$name.ended"
}

# Reads the result of a group: sets passed, failed, secs and note.
judge() {
  local name=$1 status ignored=0 unchecked
  passed=0 failed=0 secs=0 note=""
  if ! read -r status secs 2>/dev/null <"$logs/$name.ended"; then
    failed=1 note="did not end"
    return
  fi
  case "$name" in
    format | lint)
      if [ "$status" -eq 0 ]; then passed=1; else failed=1; fi
      ;;
    *)
      read -r passed failed ignored < <(count "$logs/$name.log")
      if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then
        failed=1 note="exit code $status"
      elif [ "$((passed + failed))" -eq 0 ]; then
        failed=1 note="ran no test"
      fi
      if [ "$ignored" -gt 0 ]; then
        # Nobody has seen an ignored test pass.
        failed=$((failed + ignored)) note="${note:+$note, }$ignored ignored or skipped"
      fi
      # What this machine cannot check is no failure, and must not look like a success.
      unchecked=$(grep -c '^NOT CHECKED: ' "$logs/$name.log") || true
      if [ "$unchecked" -gt 0 ]; then
        note="${note:+$note, }$unchecked not checked"
      fi
      ;;
  esac
}

headline() { printf '\n\033[1m=== %s\033[0m\n' "$1"; }

footline() {
  local passed failed secs note
  judge "$1"
  printf -- '--- %s: %d passed, %d failed, %d s %s\n' "$1" "$passed" "$failed" "$secs" \
    "${note:+($note)}"
}

# Runs groups one after the other and shows their output while they run.
in_sight() {
  local name
  for name in "$@"; do
    headline "$name"
    run_group "$name"
    footline "$name"
  done
}

# Runs groups one after the other and shows the whole output of each when it has ended. Only one
# lane prints at a time.
in_lane() {
  local name
  for name in "$@"; do
    run_group "$name" >/dev/null
    (
      flock 9
      headline "$name"
      cat "$logs/$name.log"
      footline "$name"
    ) 9>"$logs/shown"
  done
}

# Runs lanes in parallel. Each lane is a process group, so that ending this script ends the whole
# lane.
lanes=()
side_by_side() {
  printf '\nBeside each other, each shown when it has ended:\n'
  printf '  %s\n' "$@"
  local lane
  set -m
  for lane in "$@"; do
    # shellcheck disable=SC2086 # a lane is a list
    in_lane $lane &
    lanes+=("$!")
  done
  set +m
  wait "${lanes[@]}" || true
  lanes=()
}

# Ends what is still running. services.py needs some time to stop the stores.
clean_up() {
  local lane
  trap '' INT TERM
  for lane in "${lanes[@]}"; do
    kill -TERM -- "-$lane" 2>/dev/null || true
  done
  for lane in "${lanes[@]}"; do
    while kill -0 -- "-$lane" 2>/dev/null; do sleep 0.1; done
  done
  rm -rf "$logs"
}

# Prints those of its arguments that were selected.
chosen_of() {
  local name found=()
  for name in "$@"; do
    [[ " ${chosen[*]} " != *" $name "* ]] || found+=("$name")
  done
  echo "${found[*]}"
}

# A group that runs longer (not counting its compilation) hangs.
GROUP_SECS=${GROUP_SECS:-1200}

chosen=("$@")
[ $# -gt 0 ] || chosen=("${ALL_GROUPS[@]}")
modules=()
for name in "${chosen[@]}"; do
  if [[ " ${ALL_GROUPS[*]} " == *" $name "* ]]; then
    continue
  elif [ -f "tests/it/$name.rs" ]; then
    modules+=("${name//\//::}")
  else
    echo "test.sh: no group $name; there are: ${ALL_GROUPS[*]}, and each module of tests/it" >&2
    exit 2
  fi
done

logs=$(mktemp -d "${TMPDIR:-/tmp}/holdfast-logs.XXXXXX")
# What the integration tests have sent to the stores, see tests/it/support/statements.rs.
statements=$logs/statements
mkdir "$statements"
export HOLDFAST_TEST_STATEMENTS=$statements
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

for stage in "${STAGES[@]}"; do
  IFS='|' read -ra lanes_of_stage <<<"$stage"
  busy=()
  for lane in "${lanes_of_stage[@]}"; do
    # shellcheck disable=SC2086 # a lane is a list
    lane=$(chosen_of $lane)
    [ -z "$lane" ] || busy+=("$lane")
  done
  if [ ${#busy[@]} -gt 1 ]; then
    side_by_side "${busy[@]}"
  else
    # shellcheck disable=SC2048,SC2086 # a lane is a list
    in_sight ${busy[*]}
  fi
done

# shellcheck disable=SC2048,SC2086 # names without spaces
in_sight ${modules[*]}

total_passed=0
total_failed=0
printf '\n%-22s %7s %7s %9s\n' group passed failed time
for name in $(chosen_of "${ALL_GROUPS[@]}") "${modules[@]}"; do
  judge "$name"
  total_passed=$((total_passed + passed))
  total_failed=$((total_failed + failed))
  printf '%-22s %7d %7d %7d s  %s\n' "$name" "$passed" "$failed" "$secs" "$note"
done
echo
summary="$total_passed passed, $total_failed failed"
[ -z "${HOLDFAST_SUMMARY:-}" ] || echo "$summary" >"$HOLDFAST_SUMMARY"
echo "$summary"
[ "$total_failed" -eq 0 ]
