"""What is looked at every few seconds: each worker from outside, its servers, and what waits in the stores."""

import dataclasses
import json
import pathlib
import re
import threading
import time
import urllib.request

import psycopg
import redis

from dev_stack.nats_client import NatsClient, NatsError

# Rows of what waits; none may be left in the end.
WAITING = {
    "outbox": "outbox",
    "suspects": "suspects",
    # Recovery mails (kept) belong to their deletions; what is left of one that was recovered meanwhile goes within an hour.
    "e-mails not final": "email_sends WHERE status IN ('sending', 'retrying', 'deferred') AND NOT kept",
    "events not final": "event_ledger WHERE status IN ('working', 'retrying', 'deferred')",
    "open deletions": "user_deletions WHERE status NOT IN ('executed', 'cancelled')",
}
ROWS_OF_WORKERS = "SELECT count(*) FROM workers"
BACKENDS = "SELECT application_name, count(*) FROM pg_stat_activity WHERE application_name LIKE '%worker' GROUP BY 1"
STREAMS = ("NOTIFICATIONS", "USERS")


def memory(pid):
    """{name: KiB}. `rss_kib` and `anonymous_kib` are everybody's to read, `pss_kib` root's: a worker is not dumpable."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    found = {"rss_kib": field(status, "VmRSS"), "anonymous_kib": field(status, "RssAnon"), "pss_kib": None}
    try:
        found["pss_kib"] = field(pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(), "Pss")
    except PermissionError:
        pass
    return found


def peak_kib(pid):
    return field(pathlib.Path(f"/proc/{pid}/status").read_text(), "VmHWM")


def field(text, name):
    found = re.search(rf"^{name}:\s+(\d+)", text, re.MULTILINE)
    return int(found[1]) if found else None


def descriptors(pid):
    try:
        return len(list(pathlib.Path(f"/proc/{pid}/fd").iterdir()))
    except PermissionError:
        return None


def threads(pid):
    return field(pathlib.Path(f"/proc/{pid}/status").read_text(), "Threads")


def metrics(address):
    """{name: sum over its labels} of a worker's /metrics; empty where it does not answer."""
    try:
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=5) as answer:
            text = answer.read().decode()
    except OSError:
        return {}
    found = {}
    for name, value in re.findall(r"^(chatear_\w+)(?:\{[^}]*\})? ([0-9.e+]+)$", text, re.MULTILINE):
        found[name] = found.get(name, 0) + float(value)
    return found


@dataclasses.dataclass
class Watched:
    """A worker, its links by the server's name, and where its metrics are."""

    name: str
    process: object
    links: dict
    address: str

    def look(self):
        pid = self.process.pid
        told = metrics(self.address)
        return {
            **memory(pid), "descriptors": descriptors(pid), "threads": threads(pid),
            **{f"connections to {server}": link.count() for server, link in self.links.items()},
            "in hand": told.get("chatear_events_in_hand"), "bytes in hand": told.get("chatear_events_in_hand_bytes"),
        }

    def look_at(self, metric):
        return metrics(self.address).get(metric, 0)


class Servers:
    """Asked from the side; whatever does not answer now has no value in this sample."""

    def __init__(self, stack, monitor_port):
        self.stack, self.monitor_port = stack, monitor_port

    def look(self):
        return {**self._asked(self._postgres), **self._asked(self._redis), **self._asked(self._nats), **self._asked(self._streams)}

    @staticmethod
    def _asked(question):
        try:
            return question()
        except (OSError, psycopg.Error, redis.RedisError, NatsError, ValueError, KeyError):
            return {}

    def _postgres(self):
        with psycopg.connect(self.stack.postgres.url(), autocommit=True, connect_timeout=2) as connection:
            found = {f"PostgreSQL's backends of {name}": count for name, count in connection.execute(BACKENDS).fetchall()}
            found["rows of workers"] = connection.execute(ROWS_OF_WORKERS).fetchone()[0]
            return {**found, **{name: connection.execute(f"SELECT count(*) FROM {rows}").fetchone()[0] for name, rows in WAITING.items()}}

    def _redis(self):
        client = redis.Redis(port=self.stack.redis.port, socket_timeout=2)
        try:
            return {"Redis' clients": len(client.client_list()) - 1}
        finally:
            client.close()

    def _nats(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.monitor_port}/connz", timeout=2) as answer:
            connections = json.load(answer)["connections"]
        return {"NATS' connections": sum(1 for one in connections if one.get("name", "").endswith("worker"))}

    def _streams(self):
        """By the consumers: a NATS server that was restarted may keep messages in a stream that it knows to be acknowledged."""
        with NatsClient(self.stack.nats.port, timeout=2) as client:
            return {f"waiting in {name}": sum(one["num_pending"] + one["num_ack_pending"] for one in
                                              client.api(f"CONSUMER.LIST.{name}")["consumers"]) for name in STREAMS}


class Sampler:
    """Looks at all of it in a thread; `series` of a name is [(seconds since the start, value or None)]."""

    def __init__(self, workers, servers, every):
        self.workers, self.servers, self.every = workers, servers, every
        self.samples = []  # (seconds, {name: value})
        self.trouble = None
        self._began = time.monotonic()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self):
        self._thread.start()
        return self

    def stop(self):
        self._stop.set()
        self._thread.join(60)

    def _run(self):
        while not self._stop.is_set():
            began = time.monotonic()
            try:
                self.samples.append((began - self._began, self.look()))
            except OSError as error:
                self.trouble = f"a worker is gone: {error}"
                return
            self._stop.wait(max(0.0, began + self.every - time.monotonic()))

    def look(self):
        found = self.servers.look()
        for worker in self.workers:
            found.update({f"{worker.name}: {name}": value for name, value in worker.look().items()})
        return found

    def names(self):
        return list(dict.fromkeys(name for _, sample in self.samples for name in sample))

    def series(self, name):
        return [(at, sample.get(name)) for at, sample in self.samples]
