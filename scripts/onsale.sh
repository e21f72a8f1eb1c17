#!/usr/bin/env bash
# Builds the release server and the crowd, and measures a sale: what `make onsale` runs once the machine is set up.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib/env.sh
source scripts/lib/env.sh
raise_open_files

scripts/frontend.sh
build_server release --bin holdfast
build_tool release holdfast-crowd holdfast-crowd
release=$(profile_dir release)
exec python3 scripts/onsale.py --binary "$release/holdfast" --crowd "$release/holdfast-crowd" "$@"
