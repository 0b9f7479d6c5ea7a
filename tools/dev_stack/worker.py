"""Starting our own executables and learning where they listen."""

import re

from .places import executable
from .process import Process, wait_until

WORKERS = ["notification-worker", "user-delete-worker"]

# The line that says where health and metrics are served, as JSON or as text.
ADDRESS = re.compile(r"^.*(?:health|metrics|http).*?(127\.0\.0\.1:[1-9]\d*)", re.IGNORECASE | re.MULTILINE)


def start_worker(name, environment, log, *, preset="release", ends_with_us=True):
    return Process.start(name, [executable(name, preset)], log, env=environment, cwd="/", ends_with_us=ends_with_us)


def is_ready(process):
    """Whether it has said so: its streams and consumers are there, and it takes what comes."""
    return '"message":"ready"' in process.log_text()


def http_address(process, timeout=20):
    """host:port of its health and metrics, which it logs at its start (HTTP_LISTEN has port 0)."""
    def logged():
        found = ADDRESS.search(process.log_text())
        if found is None and not process.alive():
            raise RuntimeError(f"{process.name} ended before it listened:\n{process.log_text()[-2000:]}")
        return found and found[1]

    return wait_until(logged, timeout, lambda: f"{process.name} logs where it listens\n{process.log_text()[-2000:]}")
