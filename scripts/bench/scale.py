"""Measures a large store: hundreds of events with as many seats each as the bowl has, fifty of them hot at once, a
hundred thousand holds that lapse together, and a million holds one after the other.

`measure(sale)` puts the figures below. `sale` is the OnSale of onsale.py, after its rounds.
"""

import json
import statistics
import threading
import time

import bench as whole
from processes import Failure

# The tables of an event, and what a copy changes in them. Nobody has a place in it.
TABLES = {
    "events": {"id": "copies.id", "slug": "slug || '-' || copies.number"},
    "plans": {"event_id": "copies.id"},
    "sections": {"event_id": "copies.id", "held": "0", "sold": "0"},
    "offers": {"event_id": "copies.id", "id": "gen_random_uuid()"},
    "seats": {"event_id": "copies.id", "status": "'available'", "reservation_id": "NULL",
              "expires_at": "NULL"},
}
# How many events are copied by one statement.
BATCH = 50
HOT_EVENTS = 50
CONNECTIONS = 64
PEAK_SECS = 5
WARM_UP_SECS = 3
HOLDS_PER_S = 200
READERS = 16
FIRST_BYTE_ROUNDS = 50
# How many holds lapse together, and how many seats of each event they are.
LAPSED = 100_000
LAPSED_OF_EVENT = 10_000
# The time in which they are held, at most, and in which they have to be gone.
FILL_SECS_MAX = 240
# How often the bench looks whether they are gone.
LOOK_SECS = 0.25
GONE_SECS_MAX = 180
# How long buyers come while they are cleared away.
BESIDE_SECS = 12
# The tables that holds write.
WRITTEN = ("seats", "reservations", "reservation_items", "buyers", "outbox", "changes")
MB = 1024 * 1024

FIGURES = [
    ("scale_seats", "seats in the store", "", None),
    ("scale_holds_before_per_s", "  holds of one event, alone in the store", "/s", None),
    ("scale_holds_per_s", "  holds of one event among all", "/s", None),
    ("scale_holds_ratio", "    of alone", "", (">=", 0.9)),
    ("scale_spread_holds_ratio", f"  holds over {HOT_EVENTS} events, of one", "", None),
    ("scale_map_before_ms", "  map of the bowl, first byte, alone", "ms", None),
    ("scale_map_ms", "  map of the bowl, first byte, among all", "ms", ("<", 20)),
    ("hot_state_reads_per_s", f"state of {HOT_EVENTS} events under {HOLDS_PER_S} holds/s", "/s", None),
    ("hot_state_reads_ratio", "  of idle", "", (">=", 0.8)),
    ("hot_state_reads_p99_ms", "  p99", "ms", ("<", 20)),
    ("hot_hold_p99_alone_ms", f"  holds over {HOT_EVENTS} events alone, p99", "ms", None),
    ("hot_hold_p99_ms", "  beside these readers", "ms", None),
    ("hot_hold_p99_ratio", "    of alone", "", ("<", 1.5)),
    ("lapsed_holds", "holds that lapse together", "", None),
    ("lapsed_gone_s", "  gone after", "s", ("<=", 60)),
    ("hold_p99_beside_lapsed_ms", "  a hold meanwhile, p99", "ms", None),
    ("hold_p99_beside_lapsed_ratio", "    of alone", "", ("<", 2)),
    ("churn_holds", "holds one after the other", "", None),
    ("churn_hot_ratio", "  HOT, of the updates of seats", "", None),
    ("churn_seats_growth", "  seats' table, of its size before", "", None),
    ("churn_index_growth", "  seats' indexes, of their size before", "", None),
]


def measure(sale):
    bench, options = sale.bench, sale.options
    before = peak(sale)
    sale.put("scale_holds_before_per_s", before)
    sale.put("scale_map_before_ms", first_byte(bench))
    events = copy_events(bench, options.events - 1)
    seats = int(bench.psql("holdfast", "-Atc", "SELECT count(*) FROM seats"))
    sale.put("scale_seats", seats)
    after = peak(sale)
    sale.put("scale_holds_per_s", after)
    sale.put("scale_holds_ratio", after / before)
    sale.put("scale_map_ms", first_byte(bench))
    hot = [bench.event, *events][:HOT_EVENTS]
    sale.put("scale_spread_holds_ratio", peak(sale, hot) / after)
    measure_hot(sale, hot)
    measure_churn(sale, hot)


def peak(sale, events=()):
    """The rate of holds at full speed."""
    share = len(events) or 1
    seats = sale.begin(len(sale.bench.seats) * 0.9)[:max(1, 100_000 // share)]
    holds = sale.crowd(PEAK_SECS, "--hold-connections", CONNECTIONS, seats=seats, events=events)["holds"]
    if holds["others"]:
        raise Failure(f"unexpected answers: {holds}")
    return holds["held_per_s"]


def first_byte(bench):
    client = whole.Client(bench.node.url)
    path = f"/api/v1/events/{bench.event}/seats"
    return statistics.median(client.send("GET", path)[2] * 1000 for _ in range(FIRST_BYTE_ROUNDS))


def copy_events(bench, count):
    """Copies the event of the bench with everything that belongs to it. Returns the ids of the copies."""
    began = time.monotonic()
    ids = []
    for first in range(1, count + 1, BATCH):
        last = min(first + BATCH - 1, count)
        statements = ["CREATE TEMP TABLE copies AS SELECT gen_random_uuid() AS id, number "
                      f"FROM generate_series({first}, {last}) AS number"]
        for table, changed in TABLES.items():
            columns = bench.psql("holdfast", "-Atc",
                                 "SELECT column_name FROM information_schema.columns WHERE table_name = "
                                 f"'{table}' AND table_schema = current_schema() ORDER BY ordinal_position").split()
            values = [changed.get(column, f"of.{column}") for column in columns]
            of_event = "id" if table == "events" else "event_id"
            statements.append(f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)} "
                              f"FROM {table} AS of, copies WHERE of.{of_event} = '{bench.event}'")
        statements.append("SELECT id FROM copies")
        arguments = [part for statement in statements for part in ("-c", statement)]
        ids += bench.psql("holdfast", "-At", *arguments).split()
    bench.psql("holdfast", "-c", "VACUUM ANALYZE", "-c", "CHECKPOINT")
    whole.say(f"{count} copies of the event in {time.monotonic() - began:.0f} s")
    return ids


def measure_hot(sale, hot):
    """Reads of the state of many events whose seats are being held."""
    count = HOLDS_PER_S * sale.options.seconds / len(hot) + 1
    alone = sale.crowd(sale.options.seconds, "--holds", HOLDS_PER_S, seats=sale.begin(count), events=hot)["holds"]
    seats = sale.begin(count)
    readers = ("--read", "/seats?state=only", "--readers", READERS, "--read-url", sale.nodes[-1].url)
    # The first read of an event reads all of it.
    sale.crowd(WARM_UP_SECS, *readers, events=hot)
    idle = sale.crowd(sale.options.seconds / 2, *readers, events=hot)["reads"]
    both = sale.crowd(sale.options.seconds, *readers, "--holds", HOLDS_PER_S, seats=seats, events=hot)
    reads = both["reads"]
    if idle["failed"] or reads["failed"] or both["holds"]["others"]:
        raise Failure(f"unexpected answers: {idle}, {both}")
    alone, beside = alone["held"]["p99_ms"], both["holds"]["held"]["p99_ms"]
    sale.put("hot_hold_p99_alone_ms", alone)
    sale.put("hot_hold_p99_ms", beside)
    sale.put("hot_hold_p99_ratio", beside / alone)
    sale.put("hot_state_reads_per_s", reads["per_s"])
    sale.put("hot_state_reads_ratio", reads["per_s"] / idle["per_s"])
    sale.put("hot_state_reads_p99_ms", reads["read"]["p99_ms"])


def measure_churn(sale, hot):
    """Holds very many seats and lets all of them lapse, again and again. The first time, buyers come meanwhile."""
    bench, churn = sale.bench, sale.options.churn
    seats = sale.begin(LAPSED_OF_EVENT)
    before = tables(bench)
    left = sale.bench.seats[LAPSED_OF_EVENT:]
    made = 0
    while made < churn:
        wanted = min(LAPSED, churn - made)
        events = hot[1:1 + -(-wanted // LAPSED_OF_EVENT)]
        filled = sale.crowd(FILL_SECS_MAX, "--hold-connections", CONNECTIONS, events=events,
                            seats=seats[:-(-wanted // len(events))])["holds"]
        if filled["others"] or not filled["held"]["count"]:
            raise Failure(f"unexpected answers: {filled}")
        if made == 0:
            alone = sale.crowd(BESIDE_SECS, "--holds", HOLDS_PER_S, seats=left)["holds"]
        lapsed = Lapsed(bench)
        if made == 0:
            sale.put("lapsed_holds", lapsed.count)
            beside = sale.crowd(BESIDE_SECS, "--holds", HOLDS_PER_S, seats=left[::-1])["holds"]
            sale.put("hold_p99_beside_lapsed_ms", beside["held"]["p99_ms"])
            sale.put("hold_p99_beside_lapsed_ratio", beside["held"]["p99_ms"] / alone["held"]["p99_ms"])
            sale.put("lapsed_gone_s", lapsed.gone())
        else:
            lapsed.gone()
        made += filled["held"]["count"]
    after = tables(bench)
    sale.put("churn_holds", made)
    seats_before, seats_after = before["seats"], after["seats"]
    sale.put("churn_hot_ratio", (seats_after["hot"] - seats_before["hot"])
             / max(1, seats_after["updates"] - seats_before["updates"]))
    sale.put("churn_seats_growth", seats_after["table_mb"] / seats_before["table_mb"])
    sale.put("churn_index_growth", seats_after["index_mb"] / seats_before["index_mb"])
    for name in WRITTEN:
        if name in after:
            whole.say(f"{name}: {json.dumps(before[name])} -> {json.dumps(after[name])}")


class Lapsed:
    """Makes all holds lapse, and finds out when the passes have cleared them away."""

    def __init__(self, bench):
        self.bench = bench
        self.began = time.monotonic()
        status, _, _ = whole.Client(bench.node.url).send(
            "POST", "/api/development/clock", {"advance_ms": whole.LAPSE_MS})
        if status != 200:
            raise Failure(f"the clock could not be moved: {status}")
        self.count = int(self.asked("count(*)"))
        self.gone_s = None
        self.looker = threading.Thread(target=self.look, daemon=True)
        self.looker.start()

    def asked(self, question):
        """Asks about the reservations that are older than any hold lasts and not cleared away."""
        return self.bench.psql(
            "holdfast", "-Atc", f"SELECT {question} FROM reservations r, clock_offset c WHERE r.status = 'active' "
                                "AND r.expires_at <= extract(epoch FROM now()) * 1000 + c.offset_ms LIMIT 1")

    def look(self):
        # A count would read a hundred thousand rows, on the cores of the buyers who come meanwhile.
        while time.monotonic() < self.began + GONE_SECS_MAX:
            if not self.asked("1").strip():
                self.gone_s = time.monotonic() - self.began
                return
            time.sleep(LOOK_SECS)

    def gone(self):
        self.looker.join()
        if self.gone_s is None:
            raise Failure(f"lapsed holds are left after {GONE_SECS_MAX} s")
        return self.gone_s


def tables(bench):
    """What PostgreSQL counts for the tables that holds write."""
    rows = bench.psql(
        "holdfast", "-AtF", ",", "-c",
        "SELECT relname, pg_table_size(relid), pg_indexes_size(relid), n_tup_upd, n_tup_hot_upd, n_dead_tup, "
        "n_live_tup, autovacuum_count FROM pg_stat_user_tables")
    found = {}
    for row in rows.splitlines():
        name, *numbers = row.split(",")
        size, indexes, updates, hot, dead, live, vacuums = map(int, numbers)
        if name in WRITTEN:
            found[name] = {"table_mb": round(size / MB, 1), "index_mb": round(indexes / MB, 1),
                           "updates": updates, "hot": hot, "dead": dead, "live": live, "autovacuums": vacuums}
    return found
