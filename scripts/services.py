#!/usr/bin/env python3
"""Runs a command beside a PostgreSQL and independent Redis nodes that live as long as it does.

    scripts/services.py [--redis N] [--durable] [--pg-set NAME=VALUE]… -- COMMAND…

The command finds them in TEST_DATABASE_URL, TEST_REDIS_URLS (comma-separated), TEST_PG_PID and
TEST_REDIS_PIDS; its exit code becomes ours. Everything is in a temporary folder on free loopback
ports and ends with the command, however that ends. HOLDFAST_KEEP=1 keeps the folder and its logs.
"""

import argparse
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))

from processes import Failure, Fleet, Stopped, exit_status  # noqa: E402
from stores import start_postgres, start_redis, workspace  # noqa: E402

# Nothing here survives the run, so nothing has to reach the disk.
FAST_AND_LOOSE = (("fsync", "off"), ("synchronous_commit", "off"), ("full_page_writes", "off"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--redis", type=int, default=3, metavar="N", help="nodes (default 3)")
    parser.add_argument("--durable", action="store_true", help="leave fsync on")
    parser.add_argument("--pg-set", action="append", default=[], metavar="NAME=VALUE",
                        help="a setting of PostgreSQL")
    parser.add_argument("command", nargs="+", metavar="COMMAND")
    options = parser.parse_args()

    settings = [] if options.durable else list(FAST_AND_LOOSE)
    for setting in options.pg_set:
        name, equals, value = setting.partition("=")
        if not equals:
            parser.error(f"--pg-set {setting}: NAME=VALUE is wanted")
        settings.append((name, value))

    with workspace() as folder, Fleet() as fleet:
        postgres = start_postgres(fleet, folder, settings=settings)
        nodes = [start_redis(fleet, folder, index) for index in range(options.redis)]
        env = {
            **os.environ,
            "TEST_DATABASE_URL": postgres.url(),
            "TEST_PG_PID": str(postgres.pid),
            "TEST_REDIS_URLS": ",".join(node.url for node in nodes),
            "TEST_REDIS_PIDS": ",".join(str(node.pid) for node in nodes),
        }
        command = fleet.start(options.command[0], options.command, env=env)
        return exit_status(fleet.wait(command))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        print(f"services: {failure}", file=sys.stderr)
        sys.exit(1)
    except Stopped as stopped:
        sys.exit(128 + stopped.signum)
