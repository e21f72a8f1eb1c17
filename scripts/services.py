#!/usr/bin/env python3
"""Runs a command with a PostgreSQL and independent Redis nodes that live as long as the command.

    scripts/services.py [--redis N] [--durable] [--pg-set NAME=VALUE]… [--timeout S] -- COMMAND…
    scripts/services.py --bare [--timeout S] -- COMMAND…      no stores, only the orderly ending

The command finds their addresses and processes in TEST_DATABASE_URL, TEST_REDIS_URLS
(comma-separated), TEST_PG_PID and TEST_REDIS_PIDS. The exit code of this script is that of the
command. The stores use a temporary folder and free loopback ports. They end with the command, no matter
how it ends, and the temporary files of the command are removed. The folder is in memory if there is
enough of it and --durable is not set. HOLDFAST_KEEP=1 keeps the folder and its logs.
"""

import argparse
import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))

from processes import Failure, Fleet, Stopped, exit_status  # noqa: E402
from stores import memory, start_postgres, start_redis, workspace  # noqa: E402

# The stores do not survive the run, so nothing has to reach the disk.
FAST_AND_LOOSE = (("fsync", "off"), ("full_page_writes", "off"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--redis", type=int, default=3, metavar="N", help="nodes (default 3)")
    parser.add_argument("--durable", action="store_true", help="leave fsync on")
    parser.add_argument("--pg-set", action="append", default=[], metavar="NAME=VALUE",
                        help="a setting of PostgreSQL")
    parser.add_argument("--bare", action="store_true", help="start no stores")
    parser.add_argument("--timeout", type=int, default=0, metavar="S",
                        help="end the command after so many seconds (exit code 124)")
    parser.add_argument("command", nargs="+", metavar="COMMAND")
    options = parser.parse_args()

    settings = [] if options.durable else list(FAST_AND_LOOSE)
    for setting in options.pg_set:
        name, equals, value = setting.partition("=")
        if not equals:
            parser.error(f"--pg-set {setting}: NAME=VALUE is required")
        settings.append((name, value))

    base = None if options.durable else memory()
    with workspace(base=base) as folder, Fleet() as fleet:
        temporary = os.path.join(folder, "tmp")
        os.mkdir(temporary)
        env = {**os.environ, "TMPDIR": temporary}
        if not options.bare:
            postgres = start_postgres(fleet, folder, settings=settings)
            nodes = [start_redis(fleet, folder, index) for index in range(options.redis)]
            env["TEST_DATABASE_URL"] = postgres.url()
            env["TEST_PG_PID"] = str(postgres.pid)
            env["TEST_REDIS_URLS"] = ",".join(node.url for node in nodes)
            env["TEST_REDIS_PIDS"] = ",".join(str(node.pid) for node in nodes)
        command = fleet.start(options.command[0], options.command, env=env)
        signal.alarm(options.timeout)
        status = exit_status(fleet.wait(command))
        signal.alarm(0)
        return status


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        print(f"services: {failure}", file=sys.stderr)
        sys.exit(1)
    except Stopped as stopped:
        if stopped.signum == signal.SIGALRM:
            print("services: the command took too long and was ended", file=sys.stderr)
            sys.exit(124)
        sys.exit(128 + stopped.signum)
