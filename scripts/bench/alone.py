"""Runs one part of the bench alone, with its own stores and server."""

import argparse
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, ".."), os.path.join(HERE, "..", "lib")]

import bench as whole  # noqa: E402
from processes import Failure, Fleet  # noqa: E402
from servers import run_holdfast  # noqa: E402
from stores import workspace  # noqa: E402


def main(measure, figures):
    """Measures and prints the figures; exits with 1 if the run itself failed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True, help="the holdfast to measure")
    parser.add_argument("--event", default="arena-concert", help="the event with the large hall")
    parser.add_argument("--rounds", type=int, default=3, help="number of rounds; figures are medians")
    parser.add_argument("--connections", type=int, default=32, help="connections that wrk keeps open")
    options = parser.parse_args()
    try:
        with workspace("holdfast-bench-") as folder, Fleet() as fleet:
            bench = whole.Bench(fleet, folder, options)
            bench.start()
            bench.load_hall()
            measure(bench)
            whole.say(run_holdfast(options.binary, ["check"], bench.env).strip())
    except Failure as failure:
        sys.exit(f"bench: {failure}")
    for key, what, unit, _ in figures:
        print(f"{what:32} {bench.figures[key]:12,.3f} {unit}")
