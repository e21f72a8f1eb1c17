"""Starts PostgreSQL and Redis for one run, in a temporary folder and on free loopback ports.

The stores end with the run and keep no data. Servers that the machine already runs are not touched.
A missing program is a Failure, never a reason to continue without it.
"""

import glob
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager

from processes import Failure

READY_SECS = 30.0
PORT_TRIES = 5
MEMORY = "/dev/shm"
# The memory that hundreds of small databases need, and as much again for the programs that use them.
MEMORY_BYTES = 5 << 30
# The kernel's limit for a socket's path, less the name that PostgreSQL adds.
SOCKET_DIR_MAX = 107 - len("/.s.PGSQL.65535.lock")
POSTGRES_OLDEST = 15


class Postgres:
    """A running PostgreSQL. `url()` is the superuser's address over TCP."""

    def __init__(self, process, port, socket_dir, password):
        self.process, self.port, self.socket_dir = process, port, socket_dir
        self.password = password

    @property
    def pid(self):
        return self.process.pid

    def url(self, database="holdfast"):
        secret = f":{self.password}" if self.password else ""
        return f"postgres://holdfast{secret}@127.0.0.1:{self.port}/{database}"

    def socket_url(self, database="holdfast"):
        """The address over the socket, for programs on the same machine that avoid TCP."""
        return f"postgres://holdfast@localhost:{self.port}/{database}?host={self.socket_dir}"


class Redis:
    """A running Redis node."""

    def __init__(self, process, port):
        self.process, self.port = process, port

    @property
    def pid(self):
        return self.process.pid

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}"


@contextmanager
def workspace(prefix="holdfast-", base=None):
    """A temporary folder that other users may enter (PostgreSQL does not run as root)."""
    base = base or tempfile.gettempdir()
    if len(base) + len(prefix) + 16 > SOCKET_DIR_MAX:
        base = "/tmp"
    folder = tempfile.mkdtemp(prefix=prefix, dir=base)
    os.chmod(folder, 0o711)
    try:
        yield folder
    finally:
        if os.environ.get("HOLDFAST_KEEP"):
            print(f"kept: {folder}", flush=True)
        else:
            shutil.rmtree(folder, ignore_errors=True)


def memory():
    """A folder in memory; None if there is too little memory or HOLDFAST_KEEP is set.

    Removing hundreds of databases takes minutes on a disk that discards each block at once.
    """
    if os.environ.get("HOLDFAST_KEEP") or not os.access(MEMORY, os.W_OK | os.X_OK):
        return None
    room = os.statvfs(MEMORY)
    try:
        with open("/proc/meminfo") as text:
            available = int(re.search(r"MemAvailable:\s+(\d+) kB", text.read())[1]) << 10
    except OSError:
        return None
    enough = room.f_bavail * room.f_frsize >= MEMORY_BYTES and available >= 2 * MEMORY_BYTES
    return MEMORY if enough else None


def free_port():
    """A loopback port that was free a moment ago. The caller must be ready to try another port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def postgres_bin():
    """The folder of the newest PostgreSQL of 15 or later."""
    named = os.environ.get("HOLDFAST_PG_BIN")
    if named:
        return named
    found = []
    for folder in glob.glob("/usr/lib/postgresql/*/bin"):
        match = re.fullmatch(r"/usr/lib/postgresql/(\d+)/bin", folder)
        if match and int(match[1]) >= POSTGRES_OLDEST and os.path.exists(f"{folder}/initdb"):
            found.append((int(match[1]), folder))
    if found:
        return max(found)[1]
    on_path = shutil.which("initdb")
    if on_path:
        return os.path.dirname(os.path.realpath(on_path))
    raise Failure(f"PostgreSQL {POSTGRES_OLDEST} or later is not here; run scripts/setup.sh test")


def start_postgres(fleet, folder, *, settings=(), with_password=False):
    """initdb, start, wait, create the database `holdfast`. `settings` are (name, value)."""
    programs = postgres_bin()
    user = _postgres_user()
    home = os.path.join(folder, "postgres")
    os.mkdir(home, 0o755)
    if user is not None:
        os.chown(home, user.pw_uid, user.pw_gid)
    cluster = os.path.join(home, "cluster")
    password = secrets.token_urlsafe(24) if with_password else None

    command = [f"{programs}/initdb", "--pgdata", cluster, "--username", "holdfast",
               "--encoding", "UTF8", "--locale", "C", "--no-sync",
               "--auth", "scram-sha-256" if password else "trust"]
    if password:
        secret_file = os.path.join(home, "password")
        with open(os.open(secret_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(password)
        if user is not None:
            os.chown(secret_file, user.pw_uid, user.pw_gid)
        command += ["--pwfile", secret_file]
    _run_as(user, command, home)

    env = _plain_env()
    if password:
        env["PGPASSWORD"] = password
    for attempt in range(1, PORT_TRIES + 1):
        port = free_port()
        options = {"port": port, "listen_addresses": "127.0.0.1",
                   "unix_socket_directories": home, "max_connections": 200,
                   "timezone": "UTC", "log_timezone": "UTC", **dict(settings)}
        arguments = [f"{programs}/postgres", "-D", cluster]
        for name, value in options.items():
            arguments += ["-c", f"{name}={value}"]
        # SIGINT: close the clients' connections and end; SIGQUIT: end at once.
        process = fleet.start("postgres", arguments, user=user, cwd=home, env=_plain_env(),
                              log_path=os.path.join(folder, "postgres.log"),
                              stop_signals=(signal.SIGINT, signal.SIGQUIT))
        if _until(fleet, process, lambda: _postmaster_ready(cluster, process.pid)):
            _run_as(user, [f"{programs}/createdb", "-h", home, "-p", str(port), "-U", "holdfast",
                           "holdfast"], home, env)
            return Postgres(process, port, home, password)
        if "could not bind" not in process.log_tail(40) or attempt == PORT_TRIES:
            raise Failure(f"postgres did not start:\n{process.log_tail()}")
    raise AssertionError("unreachable: the last attempt returns or raises")


def start_redis(fleet, folder, index):
    """One independent node: no replication, nothing on disk."""
    program = shutil.which("redis-server")
    if program is None:
        raise Failure("redis-server is not here; run scripts/setup.sh test")
    home = os.path.join(folder, f"redis-{index}")
    os.mkdir(home, 0o755)
    for attempt in range(1, PORT_TRIES + 1):
        port = free_port()
        process = fleet.start(
            f"redis-{index}",
            [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly",
             "no", "--daemonize", "no", "--dir", home],
            cwd=home, log_path=os.path.join(folder, f"redis-{index}.log"))
        # The answer must contain the pid of our process: another program may have taken the port.
        if _until(fleet, process, lambda: _redis_pid(port) == process.pid):
            return Redis(process, port)
        if "in use" not in process.log_tail(40) or attempt == PORT_TRIES:
            raise Failure(f"redis-server did not start:\n{process.log_tail()}")
    raise AssertionError("unreachable: the last attempt returns or raises")


def _postgres_user():
    """The user that runs PostgreSQL, which refuses to run as root: the user of its package, or ours."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise Failure("PostgreSQL does not run as root, and there is no user postgres or nobody")


def _plain_env():
    # Variables such as PGHOST in the caller's shell must not point to another server.
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}


def _run_as(user, command, cwd, env=None):
    identity = {}
    if user is not None:
        identity = {"user": user.pw_uid, "group": user.pw_gid,
                    "extra_groups": os.getgrouplist(user.pw_name, user.pw_gid)}
    done = subprocess.run(command, cwd=cwd, env=env or _plain_env(), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **identity)
    if done.returncode != 0:
        raise Failure(f"{os.path.basename(command[0])} failed:\n{done.stdout}")


def _until(fleet, process, ready):
    """True when ready, False if the process ended first. Raises Failure when time runs out."""
    deadline = time.monotonic() + READY_SECS
    while time.monotonic() < deadline:
        if not fleet.running(process):
            return False
        if ready():
            return True
        time.sleep(0.02)
    raise Failure(f"{process.name} was not ready in {READY_SECS:.0f} s:\n{process.log_tail()}")


def _postmaster_ready(cluster, pid):
    try:
        with open(os.path.join(cluster, "postmaster.pid")) as lock:
            lines = lock.read().split("\n")
    except OSError:
        return False
    return len(lines) > 7 and lines[0] == str(pid) and lines[7].strip() == "ready"


def _redis_pid(port):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"INFO server\r\n")
            answer = b""
            while b"process_id:" not in answer or not answer.split(b"process_id:")[1].count(b"\n"):
                part = connection.recv(4096)
                if not part:
                    return None
                answer += part
    except OSError:
        return None
    return int(re.search(rb"process_id:(\d+)", answer)[1])
