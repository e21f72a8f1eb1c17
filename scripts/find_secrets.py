#!/usr/bin/env python3
"""Looks for secrets in the files of the tree with detect-secrets, and fails with each one that is not a known example.

    venv/bin/python scripts/find_secrets.py

Known examples are values of scripts/known_secrets, each with the reason why it is no secret. A value that the
tree no longer contains has to go from the list, so that the list stays a list of what is there.
"""

import multiprocessing
import re
import subprocess
import sys

from detect_secrets.core.scan import scan_file
from detect_secrets.settings import default_settings

KNOWN = "scripts/known_secrets"
# Files that nobody writes by hand, and texts for people: their keys are called `password`, their values are words.
PASSED_OVER = re.compile(
    r"(^|/)(Cargo\.lock|package-lock\.json)$"
    r"|^docs/openapi\.json$"
    r"|^src/catalogue/plans/.*\.json$"
    r"|^frontend/\w+/locales/"
)
# A text with spaces, code or a template is no secret, although it stands behind the word `password`.
NO_SECRET = re.compile(r"[\s(){}<>]|^\$|^$")


def files():
    """The text files of the tree that git would not ignore; also in a copy of the tree without a repository."""
    command = ["git", "grep", "--no-index", "--exclude-standard", "-lI", "-e", ""]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [name for name in listed.splitlines() if name != KNOWN and not PASSED_OVER.search(name)]


def found_in(name):
    with default_settings():
        return [
            (name, secret.line_number, secret.type, secret.secret_value)
            for secret in scan_file(name)
            if not NO_SECRET.search(secret.secret_value or "")
        ]


def known():
    values = {}
    with open(KNOWN, encoding="utf-8") as lines:
        for line in lines:
            if line.strip() and not line.startswith("#"):
                value, _, reason = line.strip().partition("  ")
                if not reason.strip():
                    sys.exit(f"{KNOWN}: {value} has no reason")
                values[value] = reason.strip()
    return values


def main():
    allowed = known()
    with multiprocessing.Pool() as pool:
        found = [secret for secrets in pool.map(found_in, files(), chunksize=16) for secret in secrets]
    wrong = [secret for secret in found if secret[3] not in allowed]
    for name, line, kind, _ in wrong:
        # The value is not printed: logs are read by more people than the tree.
        print(f"{name}:{line}: {kind}")
    unused = sorted(set(allowed) - {secret[3] for secret in found})
    for value in unused:
        print(f"{KNOWN}: nothing contains {value} any more")
    return 1 if wrong or unused else 0


if __name__ == "__main__":
    sys.exit(main())
