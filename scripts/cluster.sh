#!/usr/bin/env bash
# Builds the pages and the server, then runs the topology of cluster.py with the same arguments.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib/env.sh
source scripts/lib/env.sh
raise_open_files

profile=${RUN_PROFILE:-quick}
scripts/frontend.sh
ensure_dist
build_server "$profile" --bin holdfast
exec python3 scripts/cluster.py --binary "$(profile_dir "$profile")/holdfast" "$@"
