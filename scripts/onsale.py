#!/usr/bin/env python3
"""Measures a sale under a crowd: two nodes, PostgreSQL, three Redis nodes, and the load in a process of its own.

    scripts/onsale.py --binary target/release/holdfast --crowd target/release/holdfast-crowd
                      [--out target/onsale.json] [--rounds 3] [--seconds 8] [--viewers 10000]

Readers send the next request when they have an answer; buyers come at a rate, whether the server
keeps up or not. Ratios are of figures of the same run, and each figure is the median of its rounds.
Every figure that misses its aim is marked; the exit code is non-zero only if the run itself failed.
"""

import argparse
import datetime
import json
import os
import re
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), HERE, os.path.join(HERE, "bench")]

import bench as whole  # noqa: E402
import scale  # noqa: E402
from processes import Failure, Fleet, Stopped  # noqa: E402
from servers import run_holdfast, start_node  # noqa: E402
from stores import workspace  # noqa: E402

RATE = 200
READERS = 16
PEAK_CONNECTIONS = 64
PEAK_SECS = 5
OVERLOAD = 3
# How often the health of a node is asked while it is overloaded, and how long an answer may take.
HEALTH_SECS = 0.1
# How many connections of earlier parts may still have a port, and how long that takes at most.
PORTS_MAX = 1_000
PORTS_SECS_MAX = 90
# The share of the hall that one part of a round may use.
SHARE = 0.9

# key, description, unit, aim (a sign and a number) or None
FIGURES = [
    ("state_reads_idle_per_s", "state of the bowl, nobody holds", "/s", None),
    ("state_reads_per_s", f"  under {RATE} holds a second", "/s", None),
    ("state_reads_ratio", "  of idle", "", (">=", 0.8)),
    ("state_reads_p99_ms", "  p99", "ms", ("<", 20)),
    ("inventory_reads_idle_per_s", "inventory, nobody holds", "/s", None),
    ("inventory_reads_per_s", f"  under {RATE} holds a second", "/s", None),
    ("inventory_reads_ratio", "  of idle", "", (">=", 0.8)),
    ("inventory_reads_p99_ms", "  p99", "ms", ("<", 20)),
    ("hold_p99_alone_ms", f"holds alone at {RATE}/s, p99", "ms", None),
    ("hold_p99_beside_reads_ms", "  beside readers of the state", "ms", None),
    ("hold_p99_beside_reads_ratio", "  of alone", "", ("<", 1.5)),
    ("viewers", "viewers over two nodes", "", None),
    ("viewer_age_p50_ms", "  age of a change, p50", "ms", None),
    ("viewer_age_p99_ms", "  age of a change, p99", "ms", ("<", 1000)),
    ("viewer_frames_per_s", "  frames that arrive", "/s", None),
    ("viewers_lost", "  streams lost", "", ("<=", 0)),
    ("viewer_gaps", "  numbers missing", "", ("<=", 0)),
    ("hold_p50_beside_viewers_ms", "  a hold, p50", "ms", None),
    ("hold_p99_beside_viewers_ms", "  a hold, p99", "ms", ("<", 60)),
    ("viewer_kb", "  memory of a viewer", "kB", ("<=", 24)),
    ("node_rss_mb", "  resident, a node", "MB", ("<", 200)),
    ("overload_peak_per_s", "holds, the peak of a node", "/s", None),
    ("overload_offered_per_s", f"offered {OVERLOAD} times as many", "/s", None),
    ("overload_goodput_ratio", "  held, of the peak", "", (">=", 0.8)),
    ("overload_accepted_p99_ms", "  p99 of the held", "ms", ("<", 1000)),
    ("overload_refused_share", "  refused, of all", "", None),
    ("overload_refusal_p99_ms", "  p99 of a refusal, after 0.5 s", "ms", ("<=", 50)),
    ("overload_refusal_p99_whole_ms", "  p99 of a refusal, from the start", "ms", None),
    ("overload_health_max_ms", "  slowest answer of /readyz", "ms", None),
    *scale.FIGURES,
]


class OnSale:
    """One run: the bench's stores and hall, two nodes, and the figures measured so far."""

    def __init__(self, bench, options):
        self.bench, self.options = bench, options
        self.rounds = {}

    def start(self):
        bench = self.bench
        bench.start()
        bench.load_hall()
        second = start_node(bench.fleet, bench.folder, "holdfast-2", self.options.binary, bench.env)
        self.nodes = [bench.node, second]
        self.seats_file = os.path.join(bench.folder, "seats.txt")

    def crowd(self, seconds, *arguments, nodes=None, seats=(), events=()):
        """Runs the crowd and returns its figures. Without events, it comes to the one of the bench."""
        whole.write_lines(self.seats_file, seats)
        urls = ",".join(node.url for node in nodes or self.nodes)
        command = [self.options.crowd, "--url", urls, "--event", ",".join(events or [self.bench.event]),
                   "--seats", self.seats_file, "--seconds", str(seconds), *map(str, arguments)]
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True)
        except FileNotFoundError as error:
            raise Failure(f"{self.options.crowd} is not here; build it first") from error
        if done.returncode != 0:
            raise Failure(f"the crowd failed:\n{done.stderr}")
        for node in self.nodes:
            if not self.bench.fleet.running(node.process):
                raise Failure(f"a node ended:\n{node.process.log_tail()}")
        return json.loads(done.stdout.splitlines()[-1])

    def begin(self, count):
        """Frees all seats. Returns `count` of them."""
        self.bench.lapse_and_settle()
        if count > len(self.bench.seats) * SHARE:
            raise Failure(f"the hall is too small for {count} holds; fewer SECONDS will do")
        return self.bench.seats[:int(count)]

    def put(self, key, value):
        self.rounds.setdefault(key, []).append(round(value, 4))

    def measure_reads(self):
        seconds, reader = self.options.seconds, self.nodes[-1].url
        held = RATE * seconds
        alone = self.crowd(seconds, "--holds", RATE, seats=self.begin(held))["holds"]
        expect_all_held(alone)
        self.put("hold_p99_alone_ms", alone["held"]["p99_ms"])
        for name, path in (("state", "/seats?state=only"), ("inventory", "/inventory")):
            readers = ("--read", path, "--readers", READERS, "--read-url", reader)
            seats = self.begin(held)
            idle = self.crowd(seconds / 2, *readers)["reads"]
            both = self.crowd(seconds, *readers, "--holds", RATE, seats=seats)
            reads, holds = both["reads"], both["holds"]
            expect_all_held(holds)
            if idle["failed"] or reads["failed"]:
                raise Failure(f"reads of {path} failed: {idle}, {reads}")
            self.put(f"{name}_reads_idle_per_s", idle["per_s"])
            self.put(f"{name}_reads_per_s", reads["per_s"])
            self.put(f"{name}_reads_ratio", reads["per_s"] / idle["per_s"])
            self.put(f"{name}_reads_p99_ms", reads["read"]["p99_ms"])
            if name == "state":
                beside = holds["held"]["p99_ms"]
                self.put("hold_p99_beside_reads_ms", beside)
                self.put("hold_p99_beside_reads_ratio", beside / alone["held"]["p99_ms"])

    def measure_viewers(self):
        seconds, viewers = self.options.seconds, self.options.viewers
        seats = self.begin(RATE * seconds)
        before = sum(whole.resident_mb(node.pid) for node in self.nodes)
        most = Most(self.nodes)
        with most:
            both = self.crowd(seconds, "--holds", RATE, "--viewers", viewers, seats=seats)
        holds, seen = both["holds"], both["viewers"]
        expect_all_held(holds)
        if seen["unseen"]:
            raise Failure(f"changes did not reach all viewers: {seen}")
        self.put("viewers", viewers)
        self.put("viewer_age_p50_ms", seen["age"]["p50_ms"])
        self.put("viewer_age_p99_ms", seen["age"]["p99_ms"])
        self.put("viewer_frames_per_s", seen["frames_per_s"])
        self.put("viewers_lost", seen["lost"])
        self.put("viewer_gaps", seen["gaps"])
        self.put("hold_p50_beside_viewers_ms", holds["held"]["p50_ms"])
        self.put("hold_p99_beside_viewers_ms", holds["held"]["p99_ms"])
        self.put("viewer_kb", max(0.0, most.sum_mb - before) * 1024 / viewers)
        self.put("node_rss_mb", most.node_mb)

    def measure_overload(self):
        node = self.nodes[:1]
        wait_for_ports()
        seats = self.begin(len(self.bench.seats) * SHARE)
        peak = self.crowd(PEAK_SECS, "--hold-connections", PEAK_CONNECTIONS, nodes=node,
                          seats=seats)["holds"]
        expect_all_held(peak)
        offered = peak["held_per_s"] * OVERLOAD
        # What is refused uses no seat.
        seconds = min(self.options.seconds, len(self.bench.seats) * SHARE / peak["held_per_s"])
        health = Health(node[0].url)
        seats = self.begin(len(self.bench.seats) * SHARE)
        with health:
            over = self.crowd(seconds, "--holds", offered, nodes=node, seats=seats)["holds"]
        if over["others"] or over["refused_without_time"] or health.failed:
            raise Failure(f"unexpected answers under overload: {over}, {health.failed} of /readyz")
        self.put("overload_peak_per_s", peak["held_per_s"])
        self.put("overload_offered_per_s", over["offered_per_s"])
        self.put("overload_goodput_ratio", over["held_per_s"] / peak["held_per_s"])
        self.put("overload_accepted_p99_ms", over["held"]["p99_ms"])
        answered = over["held"]["count"] + over["refused"]["count"]
        self.put("overload_refused_share", over["refused"]["count"] / answered)
        self.put("overload_refusal_p99_ms", over["refused_later"]["p99_ms"])
        self.put("overload_refusal_p99_whole_ms", over["refused"]["p99_ms"])
        self.put("overload_health_max_ms", health.max_ms)


class Beside(threading.Thread):
    """Does something again and again while the block runs."""

    def __init__(self):
        super().__init__(daemon=True)
        self.ended = threading.Event()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.join()

    def run(self):
        while not self.ended.wait(HEALTH_SECS):
            self.look()


class Most(Beside):
    """The most memory that the nodes had, together and one of them."""

    def __init__(self, nodes):
        super().__init__()
        self.nodes, self.sum_mb, self.node_mb = nodes, 0.0, 0.0

    def look(self):
        each = [whole.resident_mb(node.pid) for node in self.nodes]
        self.sum_mb, self.node_mb = max(self.sum_mb, sum(each)), max(self.node_mb, *each)


class Health(Beside):
    """The slowest answer of a node's /readyz, and how many answers were not 200."""

    def __init__(self, url):
        super().__init__()
        self.url, self.max_ms, self.failed = url, 0.0, 0

    def look(self):
        began = time.perf_counter()
        try:
            status, _, _ = whole.Client(self.url).send("GET", "/readyz")
        except OSError:
            status = 0
        self.max_ms = max(self.max_ms, (time.perf_counter() - began) * 1000)
        self.failed += status != 200


def wait_for_ports():
    """Waits until the system has forgotten the connections of earlier parts. Each keeps its port for
    a minute, and with many of them the search for a free port is most of the work of a connection.
    Buyers on machines of their own have no such search."""
    deadline = time.monotonic() + PORTS_SECS_MAX
    while time.monotonic() < deadline:
        with open("/proc/net/sockstat") as stat:
            waiting = int(re.search(r"\btw (\d+)", stat.read())[1])
        if waiting < PORTS_MAX:
            return
        time.sleep(1)


def expect_all_held(holds):
    if holds["others"] or holds["refused"]["count"]:
        raise Failure(f"holds of free seats were not made: {holds}")


PARTS = {"reads": OnSale.measure_reads, "viewers": OnSale.measure_viewers,
         "overload": OnSale.measure_overload}
# Fills the store, so it comes once, after the rounds.
SCALE = "scale"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--binary", required=True, help="the holdfast to measure")
    parser.add_argument("--crowd", required=True, help="the holdfast-crowd that makes the load")
    parser.add_argument("--out", default="target/onsale.json", help="where the figures go")
    parser.add_argument("--event", default="arena-concert", help="the event with the large hall")
    parser.add_argument("--rounds", type=int, default=3, help="number of rounds; figures are medians")
    parser.add_argument("--seconds", type=float, default=8, help="how long each part of a round lasts")
    parser.add_argument("--viewers", type=int, default=10_000, help="viewers of the stream")
    parser.add_argument("--events", type=int, default=500, help="events of the part scale")
    parser.add_argument("--churn", type=int, default=1_000_000, help="holds of the part scale")
    parser.add_argument("--parts", nargs="+", choices=[*PARTS, SCALE], default=[*PARTS, SCALE],
                        help="what is measured")
    options = parser.parse_args()
    options.connections = READERS

    with workspace("holdfast-onsale-") as folder, Fleet() as fleet:
        sale = OnSale(whole.Bench(fleet, folder, options), options)
        sale.start()
        for number in range(1, options.rounds + 1):
            for part in options.parts:
                if part != SCALE:
                    PARTS[part](sale)
            whole.say(f"round {number} of {options.rounds}: "
                      + json.dumps({key: values[-1] for key, values in sale.rounds.items()}))
        if SCALE in options.parts:
            scale.measure(sale)
        whole.say(run_holdfast(options.binary, ["check"], sale.bench.env).strip())

    for key, values in sale.rounds.items():
        sale.bench.put(key, values)
    report = {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "machine": whole.machine(),
        "settings": {"holds_per_s": RATE, "readers": READERS, "rounds": options.rounds,
                     "seconds": options.seconds, "nodes": 2, "rate_limits": "off", "redis_nodes": 3,
                     "fsync": "on", "postgres": "by its socket", "event": options.event},
        **{key: round(value, 4) for key, value in sale.bench.figures.items()},
        "rounds": sale.rounds,
    }
    whole.write_report(report, options.out)
    whole.print_table(report, FIGURES)
    whole.say(f"written to {options.out}")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        print(f"onsale: {failure}", file=sys.stderr)
        sys.exit(1)
    except Stopped as stopped:
        sys.exit(128 + stopped.signum)
