#!/usr/bin/env python3
"""Measures what the limits on requests cost when they refuse nobody.

    scripts/bench/limits.py --binary target/release/holdfast       alone

`measure(bench)` puts the figures below: the same holds and the same reads against a server without limits and one with limits
that nobody reaches, by turns. All requests come from one address, so that one Redis node counts all of them.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

import bench as whole  # noqa: E402

HOLD_SECS = 5
READ_SECS = 4
WIDE = {name: "1000000" for name in ("ADDRESS_READS_PER_MINUTE", "ADDRESS_REQUESTS_PER_MINUTE",
                                     "USER_REQUESTS_PER_MINUTE", "GUESTS_PER_MINUTE")}

FIGURES = [
    ("unlimited_holds_per_s", "holds without limits", "/s", None),
    ("limited_holds_per_s", "  with limits", "/s", None),
    ("limited_holds_ratio", "    of without", "", (">=", 0.9)),
    ("unlimited_reads_per_s", "inventory without limits", "/s", None),
    ("limited_reads_per_s", "  with limits", "/s", None),
    ("limited_reads_ratio", "    of without", "", None),
]


def measure(bench):
    """Measures on the bench's server, which it starts anew for each turn."""
    ids = os.path.join(bench.folder, "seats-limits.txt")
    whole.write_lines(ids, bench.seats)
    found = {key: [] for key, *_ in FIGURES if key.endswith("_per_s")}
    for _ in range(bench.options.rounds):
        for limits in ("off", "on"):
            restart(bench, limits)
            bench.lapse_and_settle()
            held = bench.wrk("hold", HOLD_SECS, SEATS=ids)
            whole.expect_errors(held, 0)
            read = bench.wrk("get", READ_SECS, PATH_TO_GET=f"/api/v1/events/{bench.event}/inventory")
            # A limit that is reached refuses, and would be measured as fast.
            whole.expect_errors(read, 0)
            name = "limited" if limits == "on" else "unlimited"
            for what, result in (("holds", held), ("reads", read)):
                found[f"{name}_{what}_per_s"].append(result["requests"] / result["seconds"])
    restart(bench, "off")
    for key, values in found.items():
        bench.put(key, values)
    for what in ("holds", "reads"):
        figures = bench.figures
        figures[f"limited_{what}_ratio"] = (figures[f"limited_{what}_per_s"]
                                            / figures[f"unlimited_{what}_per_s"])


def restart(bench, limits):
    bench.env.update(WIDE, RATE_LIMITS=limits)
    bench.fleet.stop_one(bench.node.process)
    bench.serve()
    bench.client = type(bench.client)(bench.node.url)


if __name__ == "__main__":
    from alone import main
    main(measure, FIGURES)
