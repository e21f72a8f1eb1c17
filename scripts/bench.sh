#!/usr/bin/env bash
# Builds the release server and measures it: what `make bench` runs once the machine is set up.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib/env.sh
source scripts/lib/env.sh
raise_open_files

scripts/frontend.sh
build_server release --bin holdfast
build_tool release holdfast-fake-stripe fake-stripe
exec python3 scripts/bench.py --binary "$(profile_dir release)/holdfast" "$@"
