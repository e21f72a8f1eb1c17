#!/usr/bin/env python3
"""Measures confirmed bookings per second, from hold to tickets, with two gateways.

    scripts/bench/checkouts.py --binary target/release/holdfast      alone, with its own yardstick

The simulated gateway has no delay and keeps its books in the same PostgreSQL. The fake Stripe is a
process of its own, as Stripe is, and sends its webhooks to the node.

`measure(bench)` puts, for both, `checkouts_per_s` (the median of the rounds), `checkouts_ratio` (of
the yardstick), and `checkouts_p50_ms` and `checkouts_p99_ms` of a confirm at half of that rate; the
names of those with the fake Stripe begin with `stripe_`. Seats that are sold stay sold, so each round
has its own share of the hall.
"""

import json
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from processes import Failure  # noqa: E402
from servers import start_fake_stripe, start_node  # noqa: E402
from stores import free_port  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
THREADS = 2
WARM_UP_SECS = 1
SECS_MAX = 8.0
# A warm node can be this many times as fast as in its warm-up.
HASTE = 2
PACED_SECS = 5
# The part of a round's share of the hall that the round may use.
SHARE = 0.8
# Each round at full speed is followed by a paced round; the warm-up has a share too.
PHASES = 2

FIGURES = [
    ("checkouts_per_s", "checkouts, hold to tickets", "/s", None),
    ("checkouts_ratio", "  of the yardstick", "", None),
    ("checkouts_p50_ms", "  confirm, p50 at half of it", "ms", None),
    ("checkouts_p99_ms", "  confirm, p99 at half of it", "ms", None),
    ("stripe_checkouts_per_s", "the same with the fake Stripe", "/s", None),
    ("stripe_checkouts_ratio", "  of the yardstick", "", (">=", 0.12)),
    ("stripe_checkouts_p50_ms", "  confirm, p50 at half of it", "ms", None),
    ("stripe_checkouts_p99_ms", "  confirm, p99 at half of it", "ms", ("<", 30)),
]


def measure(bench):
    """Measures on the bench's server. Its hall is loaded, and its seats are available or in lapsed
    holds. Measures the yardstick if the bench has none yet."""
    rounds = bench.options.rounds
    if "yardstick_per_s" not in bench.figures:
        bench.prepare_yardstick()
        bench.put("yardstick_per_s", [bench.yardstick(index) for index in range(rounds)])
    bench.lapse_and_settle()
    gateways = 2
    parts = PHASES * rounds + 1
    share = len(bench.seats) // (gateways * parts)
    shares = [bench.seats[at * share:(at + 1) * share] for at in range(gateways * parts)]
    measure_at(bench, bench.node, "checkouts", shares[:parts])
    node = start_stripe_node(bench)
    measure_at(bench, node, "stripe_checkouts", shares[parts:])
    bench.fleet.stop_one(node.process)


def start_stripe_node(bench):
    """Starts the fake Stripe, which stands beside the server's program, and a node that uses it."""
    program = os.path.join(os.path.dirname(os.path.abspath(bench.options.binary)), "fake-stripe")
    port = free_port()
    _, settings = start_fake_stripe(bench.fleet, bench.folder, program, f"http://127.0.0.1:{port}")
    return start_node(bench.fleet, bench.folder, "holdfast-stripe", bench.options.binary,
                      {**bench.env, **settings}, port=port)


def measure_at(bench, node, name, shares):
    """Measures at one node, with these shares of the hall."""
    rounds, share = bench.options.rounds, len(shares[0])
    warm = load(bench, node, "chain", WARM_UP_SECS, shares.pop())
    rates = []
    for _ in range(rounds):
        bench.settle()
        # Each checkout uses up a seat, including the checkouts that are cut off at the end.
        seconds = int(max(1, min(SECS_MAX, SHARE * share / rate(warm) / HASTE)))
        result = load(bench, node, "chain", seconds, shares.pop())
        rates.append(rate(result))
    figures = bench.figures
    bench.put(f"{name}_per_s", rates)
    figures[f"{name}_ratio"] = figures[f"{name}_per_s"] / figures["yardstick_per_s"]

    half = figures[f"{name}_per_s"] / 2
    p50, p99 = [], []
    for _ in range(rounds):
        bench.settle()
        prepare(bench, node, shares.pop(), half * PACED_SECS)
        held = count_held(bench)
        seconds = int(max(1, min(PACED_SECS, SHARE * held / half)))
        result = load(bench, node, "confirm", seconds, [], RATE=str(half))
        p50.append(result["p50_ms"])
        p99.append(result["p99_ms"])
    bench.put(f"{name}_p50_ms", p50)
    bench.put(f"{name}_p99_ms", p99)


def prepare(bench, node, seats, wanted):
    """Holds slightly more seats than a paced round needs."""
    seats = seats[:int(wanted * 1.3) + THREADS * bench.options.connections]
    load(bench, node, "prepare", 3, seats, may_run_out=True)


def count_held(bench):
    held = 0
    for index in range(THREADS):
        with open(f"{held_path(bench)}.{index}") as lines:
            held += sum(1 for _ in lines)
    return held


def held_path(bench):
    return os.path.join(bench.folder, "held-for-checkouts")


def rate(result):
    return result["confirmed"] / result["seconds"]


def load(bench, node, mode, seconds, seats, may_run_out=False, **settings):
    """Runs wrk and returns its counts. Any unexpected response is a Failure."""
    program = shutil.which("wrk")
    if program is None:
        raise Failure("wrk is not here; run scripts/setup.sh bench")
    ids = os.path.join(bench.folder, "seats-for-checkouts.txt")
    with open(ids, "w") as out:
        out.writelines(f"{seat}\n" for seat in seats)
    env = {**os.environ, "MODE": mode, "EVENT": bench.event, "THREADS": str(THREADS),
           "SEATS": ids, "HELD": held_path(bench), **settings}
    done = subprocess.run(
        [program, "-t", str(THREADS), "-c", str(bench.options.connections), "-d", f"{seconds}s",
         "--timeout", "10s", "-s", os.path.join(HERE, "checkouts.lua"), node.url],
        env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True)
    result = re.search(r"^RESULT (.*)$", done.stdout, re.MULTILINE)
    if done.returncode != 0 or result is None:
        raise Failure(f"wrk failed:\n{done.stdout}")
    result = json.loads(result[1])
    ran_out = result["ran_out"] > 0 and not may_run_out
    if result["unexpected"] or result["other_errors"] or ran_out:
        raise Failure(f"unexpected answers, or too few seats: {result}")
    if mode != "prepare" and result["confirmed"] == 0:
        raise Failure(f"nothing was confirmed: {result}")
    return result


if __name__ == "__main__":
    from alone import main
    main(measure, FIGURES)
