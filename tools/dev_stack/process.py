"""A process that we started: known by its pid and its start time, so that no other is ever stopped."""

import ctypes
import json
import os
import pathlib
import signal
import subprocess
import time

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True)


def stat_fields(pid):
    """/proc/PID/stat behind the command's name (proc(5): state, ppid, ...); None for a process that is gone.

    One that ends while its file is being read gives ESRCH instead of ENOENT: both are OSError.
    """
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def start_ticks(pid):
    """When process `pid` started, in clock ticks since boot; None where there is none (or a zombie)."""
    fields = stat_fields(pid)
    return None if fields is None or fields[0] == "Z" else int(fields[19])


def children(pid):
    """The pids of all that descend from `pid`, itself first."""
    parents = {}
    # Not pathlib's glob: it asks each /proc/PID/stat whether it exists and does not survive a process that ends meanwhile.
    for other in filter(str.isdigit, os.listdir("/proc")):
        fields = stat_fields(other)
        if fields is not None:
            parents.setdefault(int(fields[1]), []).append(int(other))
    found = [pid]
    for one in found:
        found += parents.get(one, [])
    return found


def wait_until(condition, timeout, what):
    """Calls `condition` until it gives something true, and returns that."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f"not within {timeout} s: {what() if callable(what) else what}")
        time.sleep(0.02)


class Process:
    """`ends_with_us`: the kernel stops it when we die, however we die (PR_SET_PDEATHSIG)."""

    def __init__(self, name, pid, ticks, log):
        self.name, self.pid, self.ticks, self.log = name, pid, ticks, pathlib.Path(log)
        self._popen = None

    @classmethod
    def start(cls, name, arguments, log, *, env=None, cwd=None, user=None, ends_with_us=True, death_signal=signal.SIGKILL):
        parent = os.getpid()

        def before_exec():
            if ends_with_us:
                LIBC.prctl(PR_SET_PDEATHSIG, death_signal)
                if os.getppid() != parent:
                    os._exit(1)

        identity = {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        log = pathlib.Path(log)
        log.parent.mkdir(parents=True, exist_ok=True)
        with open(log, "ab") as output:
            popen = subprocess.Popen(
                [str(argument) for argument in arguments], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                env=env, cwd=cwd, start_new_session=True, preexec_fn=before_exec, **identity,
            )
        started = cls(name, popen.pid, start_ticks(popen.pid), log)
        started._popen = popen
        return started

    def alive(self):
        if self._popen is not None and self._popen.poll() is not None:
            return False
        return self.ticks is not None and start_ticks(self.pid) == self.ticks

    def exit_code(self):
        """Only for a process that this very program started and that has ended."""
        return self._popen.poll()

    def send(self, number):
        if self.alive():
            os.kill(self.pid, number)

    def wait(self, timeout):
        if self._popen is not None:
            return self._popen.wait(timeout)
        wait_until(lambda: not self.alive(), timeout, f"{self.name} ends")
        return None

    def stop(self, number=signal.SIGTERM, timeout=30):
        """Asks it to end, and kills it when it has not after `timeout` seconds."""
        self.thaw()
        self.send(number)
        try:
            self.wait(timeout)
        except (subprocess.TimeoutExpired, TimeoutError):
            self.kill()

    def kill(self):
        self.send(signal.SIGKILL)
        self.wait(10)

    def freeze(self):
        """It and all its children stand still; their connections stay open and silent."""
        self._signal_all(signal.SIGSTOP)

    def thaw(self):
        self._signal_all(signal.SIGCONT)

    def _signal_all(self, number):
        if not self.alive():
            return
        for pid in children(self.pid):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue

    def log_text(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def save(self, path):
        path = pathlib.Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"name": self.name, "pid": self.pid, "ticks": self.ticks, "log": str(self.log)}))

    @classmethod
    def load(cls, path):
        """The process that save() noted, or None where the note is missing or torn."""
        try:
            noted = json.loads(pathlib.Path(path).read_text())
            return cls(noted["name"], noted["pid"], noted["ticks"], noted["log"])
        except (OSError, ValueError, KeyError):
            return None
