#!/usr/bin/env python3
"""Measures how long interrupted checkouts need to end after a kill and a restart of the server.

    scripts/bench/recovery.py --binary target/release/holdfast       alone

`measure(bench)` puts `recovery_s`: 1,000 buyers pay, the gateway is slow, the server is killed with
SIGKILL while all of them are under way, the gateway becomes fast again, and the server is started.
The measured time ends when no checkout is left. It includes a worker's lease of 5 s.
"""

import gzip
import json
import os
import signal
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from processes import Failure  # noqa: E402

CHECKOUTS = 1000
# The simulated gateway's slow method takes 10 s: all checkouts must start before the first ends.
UNDER_WAY_SECS = 9.0
RECOVERY_SECS_MAX = 120.0

FIGURES = [
    ("recovery_s", "1,000 checkouts after kill -9", "s", ("<", 10)),
]

LIVE = "SELECT count(*) FROM sagas WHERE status IN ('running', 'waiting', 'undoing')"
ASKED = ("SELECT count(*) FROM simulated_payments WHERE method = 'pm_sim_slow' "
         "AND status = 'requires_confirmation'")


def measure(bench):
    """Measures on the bench's server, which it kills and starts again."""
    buyers = [hold(bench, seat) for seat in free_seats(bench)]
    before = int(bench.psql("holdfast", "-Atc", "SELECT count(*) FROM bookings "
                                                "WHERE status = 'confirmed'"))
    connections = [confirm(bench, *buyer) for buyer in buyers]
    deadline = time.monotonic() + UNDER_WAY_SECS
    while int(bench.psql("holdfast", "-Atc", ASKED)) < CHECKOUTS:
        if time.monotonic() > deadline:
            raise Failure("the checkouts are not under way before the gateway answers the first")
        time.sleep(0.05)
    os.kill(bench.node.pid, signal.SIGKILL)
    bench.fleet.wait(bench.node.process)
    for connection in connections:
        connection.close()
    interrupted = int(bench.psql("holdfast", "-Atc", LIVE))
    if interrupted < CHECKOUTS:
        raise Failure(f"{interrupted} checkouts were interrupted, {CHECKOUTS} were wanted")
    bench.psql("holdfast", "-c", "UPDATE simulated_payments SET method = 'pm_card_visa' "
                                 "WHERE method = 'pm_sim_slow'")

    started = time.monotonic()
    bench.serve()
    bench.client = type(bench.client)(bench.node.url)
    while int(bench.psql("holdfast", "-Atc", LIVE)) > 0:
        if time.monotonic() - started > RECOVERY_SECS_MAX:
            raise Failure("interrupted checkouts do not end")
        time.sleep(0.05)
    bench.put("recovery_s", [time.monotonic() - started])
    after = int(bench.psql("holdfast", "-Atc", "SELECT count(*) FROM bookings "
                                               "WHERE status = 'confirmed'"))
    if after - before != CHECKOUTS:
        raise Failure(f"{after - before} of {CHECKOUTS} checkouts were confirmed")


def free_seats(bench):
    """The free seats, in the order of the hall."""
    bench.lapse_and_settle()
    rows = bench.psql("holdfast", "-Atc",
                      f"SELECT seat_id FROM seats WHERE event_id = '{bench.event}' "
                      f"AND status = 'available' ORDER BY seat_id LIMIT {CHECKOUTS}").split()
    if len(rows) < CHECKOUTS:
        raise Failure(f"{len(rows)} seats are left, {CHECKOUTS} are needed")
    return [int(row) for row in rows]


def hold(bench, seat):
    status, content, _ = bench.client.send(
        "POST", f"/api/v1/events/{bench.event}/reservations", {"seats": [{"seat_id": seat}]})
    if status != 201:
        raise Failure(f"seat {seat} could not be held: {status}")
    if bench.client.last_headers.get("Content-Encoding") == "gzip":
        content = gzip.decompress(content)
    held = json.loads(content)
    return held["id"], held["guest_token"]


def confirm(bench, reservation, token):
    """Sends a confirm and leaves the connection open without reading."""
    body = (f'{{"reservation_ids":["{reservation}"],"payment":{{"method":"pm_sim_slow"}},'
            f'"email":"{reservation}@example.org"}}')
    host, port = bench.node.url.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)), timeout=10)
    connection.sendall(
        f"POST /api/v1/bookings/confirm HTTP/1.1\r\nHost: {host}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        f"X-Guest-Token: {token}\r\nIdempotency-Key: {reservation}\r\n\r\n{body}".encode())
    return connection


if __name__ == "__main__":
    from alone import main
    main(measure, FIGURES)
