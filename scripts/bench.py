#!/usr/bin/env python3
"""Measures Holdfast against its own PostgreSQL, in one run on one machine.

    scripts/bench.py --binary target/release/holdfast [--out target/bench.json] [--rounds 3]

The yardstick is the rate at which the same PostgreSQL commits a bare hand-written hold (pgbench,
16 clients, a socket). Rounds of yardstick and server alternate, and each figure is the median of
its rounds. The server uses PostgreSQL's socket too. The load comes from wrk, a separate process on
the same cores. Rate limits are off.
Holds lapse between rounds by moving the database's clock, which development builds allow.

A figure that misses its target is marked; the exit code is non-zero only if the run itself
failed (an unexpected answer, a process that ended).
"""

import argparse
import datetime
import gzip
import http.client
import json
import os
import platform
import random
import re
import shutil
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(HERE, "bench")]

import checkouts  # noqa: E402
import limits  # noqa: E402
import recovery  # noqa: E402
from processes import Failure, Fleet, Stopped  # noqa: E402
from servers import node_settings, run_holdfast, start_node  # noqa: E402
from stores import postgres_bin, start_postgres, start_redis, workspace  # noqa: E402

CLIENTS = 16
THREADS = 2
YARDSTICK_SECS = 10
HOLD_SECS_MAX = 10.0
WARM_UP_SECS = 2
GET_SECS = 5
READY_ROUNDS = 3
FIRST_BYTE_ROUNDS = 50
TAKEN_SEATS = 2000
SEATS_PAGE = 1000
PAGES_MAX = 200
LAPSE_MS = 31 * 60 * 1000
QUIET_SECS_MAX = 120
IDLE_SECS_MAX = 30
SHARE_OF_SEATS = 0.6  # the share of the hall that one round may use; the warm-up is slower than the rounds

# key, description, unit, target (a sign and a number) or None
FIGURES = [
    ("yardstick_per_s", "bare holds, pgbench", "/s", None),
    ("holds_per_s", "holds over HTTP", "/s", None),
    ("holds_ratio", "  of the yardstick", "", (">=", 0.3)),
    ("holds_p50_ms", "  p50 at half of the peak", "ms", None),
    ("holds_p99_ms", "  p99 at half of the peak", "ms", ("<", 30)),
    ("refusals_per_s", "refusals of a held seat", "/s", None),
    ("refusals_ratio", "  of the holds", "", (">=", 3)),
    *checkouts.FIGURES,
    *limits.FIGURES,
    *recovery.FIGURES,
    ("map_first_byte_ms", "map of the bowl, first byte", "ms", ("<", 20)),
    ("map_layout_gz_bytes", "  layout, compressed", "B", ("<=", 100_000)),
    ("map_state_gz_bytes", "  state, 2,000 seats taken", "B", ("<=", 12_000)),
    ("inventory_per_s", "inventory, with ETag", "/s", (">=", 5000)),
    ("rss_mb", "resident, bowl loaded", "MB", ("<", 80)),
    ("rss_after_load_mb", "resident, after all of it", "MB", None),
    ("ready_ms", "ready on a migrated store", "ms", ("<", 1000)),
    ("shop_wasm_gz_bytes", "the shop's WebAssembly", "B", ("<=", 350_000)),
]


class Bench:
    """One run: its stores, its server and the figures measured so far."""

    def __init__(self, fleet, folder, options):
        self.fleet, self.folder, self.options = fleet, folder, options
        self.figures = {}
        self.rounds = {}

    def start(self):
        say("starting PostgreSQL (durable, shared_buffers=1GB) and three Redis nodes")
        self.postgres = start_postgres(self.fleet, self.folder,
                                       settings=[("shared_buffers", "1GB")])
        redis = [start_redis(self.fleet, self.folder, index) for index in range(3)]
        self.env = node_settings(
            self.folder, self.postgres.socket_url(), [node.url for node in redis],
            RATE_LIMITS="off", HOLDS_PER_MINUTE="1000000000", EXPIRY_PASS_SECONDS="5")
        self.env.setdefault("RUST_LOG", "warn")
        run_holdfast(self.options.binary, ["migrate"], self.env)
        # The first start seeds the store; the timed starts find a migrated, seeded store.
        self.serve()
        self.client = Client(self.node.url)

    def serve(self):
        self.node = start_node(self.fleet, self.folder, "holdfast", self.options.binary, self.env)

    def measure_ready(self):
        took = []
        for _ in range(READY_ROUNDS):
            self.fleet.stop_one(self.node.process)
            self.serve()
            took.append(self.node.ready_secs * 1000)
        self.client = Client(self.node.url)
        self.put("ready_ms", took)

    def load_hall(self):
        event = self.client.json("GET", f"/api/v1/events/{self.options.event}")
        self.event = event["id"]
        seats = []
        for section in self.client.json("GET", f"/api/v1/events/{self.event}/sections")["items"]:
            if section["kind"] != "seated":
                continue
            after = ""
            for _ in range(PAGES_MAX):
                page = self.client.json(
                    "GET", f"/api/v1/events/{self.event}/sections/{section['id']}/seats"
                           f"?limit={SEATS_PAGE}{after}")
                seats += [seat["seat_id"] for seat in page["items"]]
                if not page.get("next"):
                    break
                after = f"&after={page['next']}"
        # Shuffled, because buyers choose at random, and always in the same order.
        random.Random(1).shuffle(seats)
        self.seats = seats
        say(f"{self.options.event}: {len(seats)} seats")

    def measure_map(self):
        """Measures sizes and times to first byte with 2,000 taken seats."""
        taken = self.seats[:TAKEN_SEATS]
        for seat in taken:
            status, _, _ = self.client.send(
                "POST", f"/api/v1/events/{self.event}/reservations",
                {"seats": [{"seat_id": seat}]})
            if status != 201:
                raise Failure(f"seat {seat} could not be held: {status}")
        path = f"/api/v1/events/{self.event}/seats"
        status, layout, _ = self.client.send("GET", path)
        status_state, state, _ = self.client.send("GET", f"{path}?state=only")
        if (status, status_state) != (200, 200):
            raise Failure(f"the map was answered with {status} and {status_state}")
        self.put("map_layout_gz_bytes", [len(layout)])
        self.put("map_state_gz_bytes", [len(state)])
        self.put("map_first_byte_ms",
                 [self.client.send("GET", path)[2] * 1000 for _ in range(FIRST_BYTE_ROUNDS)])
        self.put("rss_mb", [resident_mb(self.node.pid)])

    def measure_inventory(self):
        path = f"/api/v1/events/{self.event}/inventory"
        self.client.send("GET", path)
        etag = self.client.last_headers.get("ETag")
        if etag is None:
            raise Failure("the inventory has no ETag")
        runs = []
        for _ in range(self.options.rounds):
            result = self.wrk("get", GET_SECS, PATH_TO_GET=path, ETAG=etag)
            expect_errors(result, 0)
            runs.append(result["requests"] / result["seconds"])
        self.put("inventory_per_s", runs)

    def measure_holds(self):
        self.prepare_yardstick()
        ids = os.path.join(self.folder, "seats.txt")
        write_lines(ids, self.seats)
        self.lapse_and_settle()
        warm = self.wrk("hold", WARM_UP_SECS, SEATS=ids)
        expect_errors(warm, 0)
        # As long as the hall allows.
        seconds = hold_seconds(len(self.seats), warm)

        yardstick, holds, refusals = [], [], []
        for index in range(self.options.rounds):
            yardstick.append(self.yardstick(index))
            self.lapse_and_settle()
            result = self.wrk("hold", seconds, SEATS=ids)
            expect_errors(result, 0)
            holds.append(result["requests"] / result["seconds"])
            held = os.path.join(self.folder, "held.txt")
            # Without the first seats: wrk calls the script once without sending its request.
            write_lines(held, self.seats[THREADS:result["requests"] // 2])
            self.settle()
            result = self.wrk("refuse", GET_SECS, SEATS=held)
            expect_errors(result, result["requests"])
            refusals.append(result["requests"] / result["seconds"])
            say(f"round {index + 1}: yardstick {yardstick[-1]:.0f}/s, holds {holds[-1]:.0f}/s "
                f"over {seconds} s, refusals {refusals[-1]:.0f}/s")
        self.put("yardstick_per_s", yardstick)
        self.put("holds_per_s", holds)
        self.put("refusals_per_s", refusals)
        figures = self.figures
        figures["holds_ratio"] = figures["holds_per_s"] / figures["yardstick_per_s"]
        figures["refusals_ratio"] = figures["refusals_per_s"] / figures["holds_per_s"]

        rate = figures["holds_per_s"] / 2
        p50, p99 = [], []
        for _ in range(self.options.rounds):
            self.lapse_and_settle()
            paced = int(min(HOLD_SECS_MAX, max(1, len(self.seats) * SHARE_OF_SEATS / rate)))
            result = self.wrk("hold", paced, SEATS=ids, RATE=str(rate))
            expect_errors(result, 0)
            p50.append(result["p50_ms"])
            p99.append(result["p99_ms"])
            self.rounds.setdefault("half_peak_per_s", []).append(
                result["requests"] / result["seconds"])
        self.put("holds_p50_ms", p50)
        self.put("holds_p99_ms", p99)
        self.put("rss_after_load_mb", [resident_mb(self.node.pid)])

    def prepare_yardstick(self):
        say("preparing the yardstick")
        self.per_client = 20_000 * self.options.rounds
        self.psql("postgres", "-c", "CREATE DATABASE yardstick")
        self.psql("yardstick", "-v", f"seats={CLIENTS * self.per_client}",
                  "-f", os.path.join(HERE, "bench", "yardstick.sql"))

    def yardstick(self, index):
        self.psql("yardstick", "-c", "VACUUM ANALYZE", "-c", "CHECKPOINT")
        done = subprocess.run(
            [f"{postgres_bin()}/pgbench", "-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "2",
             "-T", str(YARDSTICK_SECS), "-D", f"taken={index * 20_000}",
             "-D", f"per_client={self.per_client}",
             "-f", os.path.join(HERE, "bench", "yardstick.pgbench"),
             "-h", self.postgres.socket_dir, "-p", str(self.postgres.port), "-U", "holdfast",
             "yardstick"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        rate = re.search(r"^tps = ([0-9.]+)", done.stdout, re.MULTILINE)
        if done.returncode != 0 or rate is None:
            raise Failure(f"pgbench failed:\n{done.stdout}")
        return float(rate[1])

    def lapse_and_settle(self):
        """Makes every hold lapse and waits until the resulting work has ended."""
        status, _, _ = Client(self.node.url).send("POST", "/api/development/clock",
                                                  {"advance_ms": LAPSE_MS})
        if status != 200:
            raise Failure(f"the clock could not be moved: {status}")
        # At least one expiry pass must have begun.
        time.sleep(6)
        self.settle()

    def settle(self):
        """Waits until the database is idle, then prepares it so that all rounds begin alike."""
        deadline = time.monotonic() + QUIET_SECS_MAX
        quiet, before = 0, None
        while quiet < 2:
            if time.monotonic() > deadline:
                raise Failure("the server's own work did not come to rest between two rounds")
            time.sleep(1)
            now = int(self.psql("holdfast", "-Atc",
                                "SELECT tup_updated + tup_inserted + tup_deleted "
                                "FROM pg_stat_database WHERE datname = 'holdfast'"))
            quiet = quiet + 1 if before is not None and now - before < 200 else 0
            before = now
        self.psql("holdfast", "-c", "VACUUM ANALYZE", "-c", "CHECKPOINT")

    def psql(self, database, *arguments):
        done = subprocess.run(
            [f"{postgres_bin()}/psql", "-X", "-q", "-v", "ON_ERROR_STOP=1",
             "-h", self.postgres.socket_dir, "-p", str(self.postgres.port), "-U", "holdfast",
             "-d", database, *arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            raise Failure(f"psql failed:\n{done.stdout}")
        return done.stdout.strip()

    def wrk(self, mode, seconds, **settings):
        program = shutil.which("wrk")
        if program is None:
            raise Failure("wrk is not here; run scripts/setup.sh bench")
        env = {**os.environ, "MODE": mode, "EVENT": self.event, "THREADS": str(THREADS),
               **settings}
        done = subprocess.run(
            [program, "-t", str(THREADS), "-c", str(self.options.connections),
             "-d", f"{seconds}s", "--timeout", "10s",
             "-s", os.path.join(HERE, "bench", "load.lua"), self.node.url],
            env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True)
        result = re.search(r"^RESULT (.*)$", done.stdout, re.MULTILINE)
        if done.returncode != 0 or result is None:
            raise Failure(f"wrk failed:\n{done.stdout}")
        if not self.fleet.running(self.node.process):
            raise Failure(f"the server ended:\n{self.node.process.log_tail()}")
        return json.loads(result[1])

    def measure_pages(self):
        """The size of the program that a buyer's browser loads, as the server sends it."""
        _, page, _ = self.client.send("GET", "/")
        if self.client.last_headers.get("Content-Encoding") == "gzip":
            page = gzip.decompress(page)
        shop = re.search(rb"/assets/[^\"]+\.wasm", page)
        if shop is None:
            return  # built without the pages
        status, sent, _ = self.client.send("GET", shop[0].decode())
        if status != 200 or self.client.last_headers.get("Content-Encoding") != "gzip":
            raise Failure(f"the shop's WebAssembly: {status}, not compressed")
        self.put("shop_wasm_gz_bytes", [len(sent)])

    def put(self, key, values):
        self.figures[key] = statistics.median(values)
        if 1 < len(values) <= 10:
            self.rounds[key] = [round(value, 3) for value in values]


class Client:
    """One kept-alive connection. Bodies stay compressed, so that their size can be measured."""

    def __init__(self, url):
        self.connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)
        self.last_headers = {}
        self.used_at = time.monotonic()

    def send(self, method, path, body=None):
        """Returns the status, the body as sent, and the seconds to the first byte."""
        headers = {"Accept-Encoding": "gzip"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        # The server closes a connection that is idle for long; the next request opens it again.
        if time.monotonic() - self.used_at > IDLE_SECS_MAX:
            self.connection.close()
        self.used_at = time.monotonic()
        started = time.perf_counter()
        self.connection.request(method, path, json.dumps(body) if body is not None else None,
                                headers)
        answer = self.connection.getresponse()
        first_byte = time.perf_counter() - started
        content = answer.read()
        self.last_headers = answer.headers
        return answer.status, content, first_byte

    def json(self, method, path):
        status, content, _ = self.send(method, path)
        if status != 200:
            raise Failure(f"{method} {path}: {status}")
        if self.last_headers.get("Content-Encoding") == "gzip":
            content = gzip.decompress(content)
        return json.loads(content)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--binary", required=True, help="the holdfast to measure")
    parser.add_argument("--out", default="target/bench.json", help="where the figures go")
    parser.add_argument("--event", default="arena-concert", help="the event with the large hall")
    parser.add_argument("--rounds", type=int, default=3, help="number of rounds; figures are medians")
    parser.add_argument("--connections", type=int, default=32, help="connections that wrk keeps open")
    options = parser.parse_args()

    with workspace("holdfast-bench-") as folder, Fleet() as fleet:
        bench = Bench(fleet, folder, options)
        bench.start()
        bench.measure_ready()
        bench.measure_pages()
        bench.load_hall()
        bench.measure_map()
        bench.measure_inventory()
        bench.measure_holds()
        checkouts.measure(bench)
        limits.measure(bench)
        recovery.measure(bench)
        check = run_holdfast(options.binary, ["check"], bench.env)
        say(check.strip() or "holdfast check: nothing to report")

    report = {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "machine": machine(),
        "settings": {"clients_yardstick": CLIENTS, "connections": options.connections,
                     "rounds": options.rounds, "rate_limits": "off", "redis_nodes": 3,
                     "fsync": "on", "postgres": "by its socket", "shared_buffers": "1GB", "event": options.event},
        **{key: round(value, 3) for key, value in bench.figures.items()},
        "rounds": bench.rounds,
    }
    write_report(report, options.out)
    print_table(report, FIGURES)
    say(f"written to {options.out}")


def write_report(report, path):
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with open(path, "w") as out:
        json.dump(report, out, indent=2)
        out.write("\n")


def print_table(report, figures):
    print(f"\n{report['machine']}, {report['date']}")
    for key, what, unit, target in figures:
        if key not in report:
            print(f"{what:32} {'not measured':>12}")
            continue
        value = report[key]
        shown = f"{value:,.2f}" if abs(value) < 100 else f"{value:,.0f}"
        verdict = ""
        if target is not None:
            sign, limit = target
            met = {">=": value >= limit, "<=": value <= limit, "<": value < limit}[sign]
            verdict = f"{'met' if met else 'MISSED'} ({sign} {limit:,} {unit})".replace(" )", ")")
        print(f"{what:32} {shown:>12} {unit:3} {verdict}")
    print()


def hold_seconds(seats, warm):
    rate = warm["requests"] / warm["seconds"]
    return int(max(1, min(HOLD_SECS_MAX, seats * SHARE_OF_SEATS / rate)))


def expect_errors(result, wanted):
    if result["status_errors"] != wanted or result["other_errors"] != 0:
        raise Failure(f"unexpected answers ({wanted} refusals were wanted): {result}")


def resident_mb(pid):
    with open(f"/proc/{pid}/status") as status:
        return int(re.search(r"^VmRSS:\s+(\d+)", status.read(), re.MULTILINE)[1]) / 1024


def write_lines(path, values):
    with open(path, "w") as out:
        out.writelines(f"{value}\n" for value in values)


def machine():
    name = platform.machine()
    with open("/proc/cpuinfo") as info:
        found = re.search(r"^model name\s*:\s*(.*)$", info.read(), re.MULTILINE)
    if found:
        name = found[1]
    return f"{len(os.sched_getaffinity(0))} cores of {name}"


def say(line):
    print(line, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        print(f"bench: {failure}", file=sys.stderr)
        sys.exit(1)
    except Stopped as stopped:
        sys.exit(128 + stopped.signum)
