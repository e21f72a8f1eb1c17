#!/usr/bin/env python3
"""Runs the whole topology on this machine, without containers, until Ctrl-C.

    scripts/cluster.py --binary target/release/holdfast [--port 8080] [--nodes 2] [--redis 3]
    scripts/cluster.py --binary … --port 0 -- COMMAND…     ends with the command

The topology is PostgreSQL (durable), independent Redis nodes, stateless nodes of Holdfast, and nginx
in front of them, all on loopback and in a temporary folder. Only nginx has a port that is known
beforehand. You may kill any of the processes to see what happens: the others continue. COMMAND finds
the addresses in HOLDFAST_URL, HOLDFAST_NODE_URLS, DATABASE_URL, REDIS_URLS and, with --fake-stripe
target/release/fake-stripe, STRIPE_API_BASE.
"""

import argparse
import os
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))

from processes import Failure, Fleet, Stopped, exit_status  # noqa: E402
from servers import (LIMITS, node_settings, run_holdfast, start_fake_stripe, start_nginx,  # noqa: E402
                     start_node)
from stores import free_port, start_postgres, start_redis, workspace  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--binary", required=True, help="the holdfast to run")
    parser.add_argument("--port", type=int, default=8080, help="port of the load balancer; 0: a free port")
    parser.add_argument("--nodes", type=int, default=2, help="nodes of Holdfast (default 2)")
    parser.add_argument("--redis", type=int, default=3, help="nodes of Redis (default 3)")
    parser.add_argument("--fake-stripe", metavar="PROGRAM",
                        help="use this replacement for Stripe as the gateway")
    parser.add_argument("command", nargs="*", metavar="COMMAND")
    options = parser.parse_args()
    port = options.port or free_port()
    refuse_taken(port)

    with workspace("holdfast-cluster-") as folder, Fleet() as fleet:
        postgres = start_postgres(fleet, folder, settings=[("shared_buffers", "256MB")],
                                  with_password=True)
        say(f"PostgreSQL  127.0.0.1:{postgres.port}  pid {postgres.pid}")
        redis = [start_redis(fleet, folder, index) for index in range(options.redis)]
        for node in redis:
            say(f"Redis       127.0.0.1:{node.port}  pid {node.pid}")

        public = f"http://127.0.0.1:{port}"
        stripe = {}
        if options.fake_stripe:
            fake, stripe = start_fake_stripe(fleet, folder, options.fake_stripe, public)
            say(f"Fake Stripe {fake.url}  pid {fake.pid}")
        env = node_settings(folder, postgres.url(), [node.url for node in redis],
                            PUBLIC_URL=public, **stripe,
                            **{name: os.environ[name]
                               for name in ("RATE_LIMITS", *LIMITS) if name in os.environ})
        run_holdfast(options.binary, ["migrate"], env)
        # One node after the other, because the first node seeds the empty store.
        nodes = []
        for index in range(1, options.nodes + 1):
            nodes.append(start_node(fleet, folder, f"api-{index}", options.binary, env))
            say(f"Node        {nodes[-1].url}  pid {nodes[-1].pid}  "
                f"ready in {nodes[-1].ready_secs:.2f} s")
        balancer = start_nginx(fleet, folder, [node.url.removeprefix("http://") for node in nodes],
                               port)
        say(f"nginx       {balancer.url}  pid {balancer.pid}")

        if options.command:
            outside = {**os.environ, **env, "HOLDFAST_URL": balancer.url,
                       "HOLDFAST_NODE_URLS": ",".join(node.url for node in nodes),
                       "HOLDFAST_BIN": options.binary}
            command = fleet.start(options.command[0], options.command, env=outside)
            return exit_status(fleet.wait(command))

        say(f"""
  Open {balancer.url}
  Demo accounts, password Demo-pass-1:
    customer@demo.test  organizer@demo.test  gate@demo.test  admin@demo.test

  Logs are in {folder}
  Invariants:  DATABASE_URL='{postgres.url()}' {options.binary} check
  Ctrl-C ends everything.
""")
        while True:
            ended = fleet.wait_any()
            say(f"{ended.name} (pid {ended.pid}) ended with {exit_status(ended.returncode)}; "
                "the rest goes on")


def refuse_taken(port):
    """Reports a taken port before anything is started, instead of a log of nginx afterwards."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise Failure(f"port {port} is taken ({error.strerror}); choose another by --port "
                          "(make cluster CLUSTER_PORT=…)") from error


def say(line):
    print(line, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        print(f"cluster: {failure}", file=sys.stderr)
        sys.exit(1)
    except Stopped as stopped:
        sys.exit(128 + stopped.signum)
