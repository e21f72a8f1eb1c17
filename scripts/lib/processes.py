"""Starts processes and makes sure that each of them ends.

A Fleet starts programs in process groups of their own, collects every exit status, and at the
end stops all of them by process id, grandchildren included. It never ends a process that it did
not start, and it knows nothing of databases: see stores.py.

Three mechanisms prevent orphans: `stop()` in an orderly ending; the kernel's parent-death signal if
this process is killed; and this process is the nearest subreaper, so that processes which a command
leaves behind in sessions of their own become its children and are stopped with the others.
"""

import ctypes
import os
import signal
import subprocess
import time

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
STOP_GRACE_SECS = 10.0
LEFTOVER_ROUNDS = 50
ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM)

_libc = ctypes.CDLL(None, use_errno=True)


class Failure(Exception):
    """An error for the person at the terminal, shown without a traceback."""


class Stopped(BaseException):
    """A signal asked us to end. BaseException, so that no `except Exception` swallows it."""

    def __init__(self, signum):
        super().__init__(signum)
        self.signum = signum


class Process:
    """A started program. `returncode` is None while it runs, negative for a signal."""

    def __init__(self, name, popen, stop_signals, log_path):
        self.name = name
        self.popen = popen
        self.pid = popen.pid
        self.stop_signals = stop_signals
        self.log_path = log_path
        self.returncode = None

    def log_tail(self, lines=20):
        """The last lines that the program wrote, for an error message."""
        if self.log_path is None:
            return ""
        try:
            with open(self.log_path, errors="replace") as log:
                return "".join(log.readlines()[-lines:])
        except OSError:
            return ""


class Fleet:
    """All processes of one run. Use as a context manager."""

    def __init__(self):
        self.processes = []
        _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

    def __enter__(self):
        for signum in ENDING_SIGNALS:
            signal.signal(signum, _raise_stopped)
        return self

    def __exit__(self, *_):
        # Nothing may interrupt the code from here on: a half-finished stop leaves orphans.
        for signum in ENDING_SIGNALS:
            signal.signal(signum, signal.SIG_IGN)
        self.stop()

    def start(self, name, command, *, env=None, cwd=None, user=None, log_path=None,
              stop_signals=(signal.SIGTERM,), stdin=subprocess.DEVNULL):
        """Starts a program. With `log_path` its output goes there, else to ours.

        `user` is a pwd entry; `stop_signals` are sent in turn, SIGKILL comes after them.
        """
        death_signal = stop_signals[-1]
        parent = os.getpid()

        def in_child():
            # After the change of user, because that change would clear the setting.
            _libc.prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
            if os.getppid() != parent:
                os._exit(125)
            for signum in ENDING_SIGNALS:
                signal.signal(signum, signal.SIG_DFL)

        identity = {}
        if user is not None:
            identity = {"user": user.pw_uid, "group": user.pw_gid,
                        "extra_groups": os.getgrouplist(user.pw_name, user.pw_gid)}
        log = open(log_path, "ab") if log_path else None
        try:
            popen = subprocess.Popen(command, env=env, cwd=cwd, stdin=stdin, stdout=log,
                                     stderr=subprocess.STDOUT if log else None,
                                     start_new_session=True, preexec_fn=in_child, **identity)
        except FileNotFoundError as error:
            raise Failure(f"{name}: {error.filename} is not here; run scripts/setup.sh") from error
        finally:
            if log:
                log.close()
        process = Process(name, popen, tuple(stop_signals), log_path)
        self.processes.append(process)
        return process

    def reap(self, block=False):
        """Collects exit statuses, of adopted grandchildren too. False when nobody is left."""
        while True:
            try:
                pid, status = os.waitpid(-1, 0 if block else os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            code = os.waitstatus_to_exitcode(status)
            for process in self.processes:
                if process.pid == pid and process.returncode is None:
                    process.returncode = process.popen.returncode = code
            if block:
                return True

    def running(self, process):
        """Whether the process is still running."""
        self.reap()
        if process.returncode is None:
            try:
                os.kill(process.pid, 0)
            except ProcessLookupError:
                # The process is reaped, but a signal arrived before its status was recorded.
                process.returncode = process.popen.returncode = 1
        return process.returncode is None

    def wait(self, process):
        """Waits for its end while others that end in the meantime are reaped."""
        while process.returncode is None:
            if not self.reap(block=True) and process.returncode is None:
                raise Failure(f"{process.name}: lost")
        return process.returncode

    def wait_any(self):
        """Waits until one of the processes that still run ends, and returns it."""
        while True:
            before = [p for p in self.processes if p.returncode is None]
            alive = self.reap(block=True)
            for process in before:
                if process.returncode is not None:
                    return process
            if not alive:
                raise Failure("no process is left to wait for")

    def stop(self):
        """Ends everything: newest first, so that clients go before their stores."""
        for process in reversed(self.processes):
            self.stop_one(process)
        for _ in range(LEFTOVER_ROUNDS):
            leftovers = _children()
            if not leftovers:
                break
            for pid in leftovers:
                _send(os.kill, pid, signal.SIGKILL)
            time.sleep(0.02)
            self.reap()
        self.processes.clear()

    def stop_one(self, process):
        """Ends one process; the rest goes on."""
        for signum in (*process.stop_signals, signal.SIGKILL):
            if not self.running(process):
                break
            # First only the leader, because it knows best how to end its own children. A stopped
            # process (some tests pause processes) handles nothing until it is continued.
            _send(os.kill, process.pid, signum)
            _send(os.killpg, process.pid, signal.SIGCONT)
            deadline = time.monotonic() + STOP_GRACE_SECS
            while self.running(process) and time.monotonic() < deadline:
                time.sleep(0.01)
        _send(os.killpg, process.pid, signal.SIGKILL)


def exit_status(code):
    """The exit status, with 128 + the signal's number for a process that a signal ended, as in a shell."""
    return 128 - code if code < 0 else code


def _raise_stopped(signum, _frame):
    raise Stopped(signum)


def _send(how, pid, signum):
    try:
        how(pid, signum)
    except (ProcessLookupError, PermissionError):
        pass


def _children():
    """Our direct children, adopted ones included; zombies are reaped by the caller."""
    own = str(os.getpid())
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat") as stat:
                fields = stat.read().rsplit(")", 1)[1].split()
        except (OSError, IndexError):
            continue
        if fields[1] == own:
            found.append(int(entry))
    return found
