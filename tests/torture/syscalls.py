"""System calls of a worker that fail as they do on a bad day: no descriptors, no memory in the kernel, a full disk below the log,
a connection that is reset while it is written to. strace(1) makes them fail, of one worker at a time, while others work.

Only calls that may fail on a healthy machine are made to, with the errors that their manual pages name.
"""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import time

from dev_stack.process import Process, wait_until
from scenario import Scenario
from under_load import UnderLoad

# Those that touch no content on its way to the mail server: an outage at most, which costs no attempt.
AROUND = [
    ("socket", "EMFILE"), ("socket", "ENFILE"), ("socket", "ENOBUFS"),
    ("connect", "ETIMEDOUT"), ("connect", "ENETUNREACH"), ("connect", "EADDRNOTAVAIL"), ("connect", "EINTR"),
    ("openat", "EMFILE"), ("openat", "ENFILE"), ("openat", "EACCES"), ("openat", "ENOSPC"),
    ("write", "ENOSPC"), ("write", "EIO"), ("write", "EAGAIN"),
    ("epoll_wait", "EINTR"), ("epoll_ctl", "ENOMEM"), ("epoll_ctl", "ENOSPC"),
    ("accept", "EMFILE"), ("accept", "ECONNABORTED"), ("setsockopt", "EINVAL"), ("poll", "EINTR"),
]
# Those that break connections, in the middle of a content too.
THROUGH = [
    ("sendmsg", "ECONNRESET"), ("sendmsg", "EPIPE"), ("sendmsg", "ETIMEDOUT"), ("sendmsg", "ENOBUFS"), ("sendmsg", "EINTR"),
    ("recvfrom", "ECONNRESET"), ("recvfrom", "ETIMEDOUT"), ("recvfrom", "EINTR"),
    ("sendto", "ECONNRESET"), ("sendto", "EPIPE"), ("close", "EIO"),
]
NOT_DUMPABLE = "import ctypes, time; ctypes.CDLL(None).prctl(4, 0); print(flush=True); time.sleep(60)"  # PR_SET_DUMPABLE, as workers are.


def cannot_trace():
    """Why this machine forbids it."""
    if shutil.which("strace") is None:
        return "strace is not on this machine"
    with subprocess.Popen([sys.executable, "-c", NOT_DUMPABLE], stdout=subprocess.PIPE) as sleeper:
        try:
            sleeper.stdout.readline()
            tracer = subprocess.Popen(["strace", "-e", "trace=none", "-p", str(sleeper.pid)], stderr=subprocess.PIPE, text=True)
            said = tracer.stderr.readline()
            tracer.terminate()
            tracer.communicate()
        finally:
            sleeper.kill()
    return None if "attached" in said else f"strace may not attach to a process that is not dumpable: {said.strip()}"


@contextlib.contextmanager
def failing(world, worker, call, error, every):
    """Each `every`th `call` of the worker fails with `error`. Yields a function: how many have."""
    trace = world.stack.folder / "failing.trace"
    trace.unlink(missing_ok=True)
    tracer = Process.start(
        "strace", ["strace", "-f", "-q", "-e", f"trace={call}", "-e", "signal=none", "-e", f"inject={call}:error={error}:when=1+{every}",
                   "-o", trace, "-p", worker.pid], world.stack.folder / "strace.log", env=dict(os.environ))
    try:
        wait_until(lambda: traced_by(worker.pid) == tracer.pid or not worker.process.alive(), 10, "strace is attached")
        yield lambda: trace.read_text(errors="replace").count("(INJECTED)")
    finally:
        tracer.stop()  # It lets go of the worker, which works on.


def traced_by(pid):
    with contextlib.suppress(OSError), open(f"/proc/{pid}/status", encoding="ascii") as status:
        return int(re.search(r"^TracerPid:\s+(\d+)", status.read(), re.MULTILINE)[1])
    return None


def calls_fail(world, scale, name, calls, pure):
    under = UnderLoad(world, name, scale, STATE_DIR=str(world.stack.folder / "state"))
    injected = under.notes.setdefault("injected", {})
    left = []

    def one():
        if not left:  # Each of them, in an order of chance, and again.
            left.extend(under.chance.sample(calls, len(calls)))
        call, error = left.pop()
        worker = under.chance.choice(under.workers)
        every = under.chance.choice((2, 5, 13) if error == "EINTR" else (1, 2, 5, 13))  # No call is interrupted for ever.
        with failing(world, worker, call, error, every) as count:
            if call in ("connect", "socket", "openat", "epoll_ctl", "setsockopt", "close"):
                make_it_connect(world, under)
            worker.get("/metrics")
            time.sleep(under.chance.uniform(scale.longest / 2, scale.longest))
            injected[f"{call} {error}"] = injected.get(f"{call} {error}", 0) + count()
        assert worker.process.alive(), f"the worker ended when {call} failed with {error}:\n{worker.log()[-3000:]}"

    under.harm(one, (0.0, scale.longest_pause))
    return under.end(pure=pure, flaps=True)


def make_it_connect(world, under):
    """A worker that has all its connections makes few such calls."""
    if under.chance.random() < 0.5:
        world.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = 'chatear'")
    else:
        world.stack.redis.stop()
        world.stack.redis.start()


def calls_around_fail(world, scale):
    """No descriptors, no room for the log, connections that cannot be made."""
    return calls_fail(world, scale, "calls-fail", AROUND, pure=True)


def calls_through_fail(world, scale):
    """Connections that break at a read or a write, in the middle of a content too."""
    return calls_fail(world, scale, "calls-fail-in-transfers", THROUGH, pure=False)


SHORT = {"workers": 2, "seed": 1, "ack_wait": 4, "mails": 200, "a_second": 30, "seconds": 6, "longest": 0.4, "longest_pause": 0.1, "patience": 100}
LONG = {"workers": 3, "seed": 1, "mails": 3000, "a_second": 20, "seconds": 150, "longest": 2, "longest_pause": 0.5, "patience": 150}
SCENARIOS = [
    Scenario("calls-fail", calls_around_fail, short=SHORT, long=LONG, needs=cannot_trace),
    Scenario("calls-fail-in-transfers", calls_through_fail, short=SHORT, long=LONG, needs=cannot_trace),
]
