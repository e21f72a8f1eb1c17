#!/usr/bin/env python3
"""Measures whether the time of a refused sign-in tells anything about the account.

    scripts/bench/sign_ins.py --binary target/release/holdfast [--rounds 200]

A server of its own over SQLite. In each round, every kind of sign-in is tried once, in random order, over one connection.
Two of the kinds are the same (an address that nobody has): what they differ by is the noise of this machine. Then the same
for addresses for which too many wrong passwords were tried.
"""

import argparse
import http.client
import json
import os
import random
import statistics
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from processes import Failure, Fleet  # noqa: E402
from servers import LIMITS, node_settings, start_node  # noqa: E402
from stores import workspace  # noqa: E402

DEMO, PASSWORD, WRONG = "customer@demo.test", "Demo-pass-1", "Another-pass-1"
# The kinds, with address and password.
KINDS = {
    "nobody's address": ("nobody@example.org", PASSWORD),
    "nobody's address, again": ("noone@example.org", PASSWORD),
    "wrong password": (DEMO, WRONG),
    "not activated, wrong password": ("inactive@example.org", WRONG),
    "suspended, its password": ("suspended@example.org", PASSWORD),
    "suspended, wrong password": ("suspended@example.org", WRONG),
}
# The kinds once sign-ins are refused: nothing tells that this password would be the right one.
LOCKED = KINDS | {"the right password": (DEMO, PASSWORD)}
# The wrong passwords of an hour after which sign-ins to an address are refused.
TRIES = 10


class Client:
    """One connection to the server."""

    def __init__(self, url):
        self.connection = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc)

    def call(self, method, path, body=None, token=None):
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self.connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = self.connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text else None

    def expect(self, status, *call, **more):
        got, body = self.call(*call, **more)
        if got != status:
            raise Failure(f"{call[1]} answered {got}: {body}")
        return body


def register(client, email):
    body = {"email": email, "password": PASSWORD, "first_name": "Ada", "last_name": "L"}
    client.expect(204, "POST", "/api/v1/auth/register", body)


def suspended(client, email):
    register(client, email)
    path = f"/api/development/mails?to={urllib.parse.quote(email)}"
    deadline = time.monotonic() + 30
    while not (mails := client.expect(200, "GET", path)["items"]):
        if time.monotonic() > deadline:
            raise Failure("the mail about the new account does not come")
        time.sleep(0.1)
    token = next(link for link in mails[0]["links"] if "#" in link).split("#")[1]
    client.expect(200, "POST", "/api/v1/auth/activate",
                  {"token": token, "password": PASSWORD, "first_name": "Ada", "last_name": "L"})
    admin = client.expect(200, "POST", "/api/v1/auth/login",
                          {"email": "admin@demo.test", "password": PASSWORD})["access_token"]
    found = client.expect(200, "GET", f"/api/v1/admin/users?q={urllib.parse.quote(email)}", token=admin)
    path = f"/api/v1/admin/users/{found['items'][0]['id']}"
    client.expect(200, "PATCH", path, {"status": "suspended", "reason": "a measurement"}, token=admin)


def lock(client):
    for email in {email for email, _ in LOCKED.values()}:
        for _ in range(TRIES):
            client.expect(401, "POST", "/api/v1/auth/login", {"email": email, "password": WRONG})


def measure(client, rounds, kinds, status):
    times = {kind: [] for kind in kinds}
    for _ in range(rounds):
        for kind in random.sample(list(kinds), len(kinds)):
            email, password = kinds[kind]
            began = time.perf_counter()
            client.expect(status, "POST", "/api/v1/auth/login", {"email": email, "password": password})
            times[kind].append((time.perf_counter() - began) * 1000)
    return times


def show(title, times):
    print(title)
    for kind, found in times.items():
        deciles = statistics.quantiles(found, n=10)
        print(f"  {kind:32} median {statistics.median(found):6.2f}   p10 {deciles[0]:6.2f}   p90 {deciles[-1]:6.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--binary", required=True, help="the holdfast to run")
    parser.add_argument("--rounds", type=int, default=200)
    options = parser.parse_args()
    with workspace("holdfast-sign-ins-") as folder, Fleet() as fleet:
        env = node_settings(folder, f"sqlite://{folder}/sign-ins.db", [], RATE_LIMITS="off")
        client = Client(start_node(fleet, folder, "api", options.binary, env).url)
        register(client, "inactive@example.org")
        suspended(client, "suspended@example.org")
        show(f"{options.rounds} refused sign-ins of each kind, ms",
             measure(client, options.rounds, KINDS, 401))
        limits = {name: "1000000" for name in (*LIMITS, "WRONG_PASSWORDS_PER_HOUR")}
        client = Client(start_node(fleet, folder, "limited", options.binary,
                                   env | limits | {"RATE_LIMITS": "on"}).url)
        lock(client)
        show("The same once sign-ins to these addresses are refused, ms",
             measure(client, options.rounds, LOCKED, 429))


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(f"sign-ins: {failure}")
