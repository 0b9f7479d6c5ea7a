"""Private servers for one group of figures, and what it takes a worker to empty a backlog on them."""

import contextlib
import dataclasses
import itertools
import os
import pathlib
import re
import statistics
import subprocess
import tempfile
import time

from cpu import CpuSplit, peak_memory_mib
from dev_stack.nats_client import NatsClient
from dev_stack.places import program
from dev_stack.stack import Stack
from mail_load import must_be_sent, postfix_program, publish_backlog, start_servers, stop_servers, wait_until_empty

PATIENCE = 1800  # Seconds for one backlog.


@contextlib.contextmanager
def scratch_folder():
    """One that PostgreSQL's user may enter, too."""
    with tempfile.TemporaryDirectory(prefix="chatear-bench-") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        yield folder


def nats_can_always_sync():
    """sync_interval came with 2.10."""
    said = subprocess.run([program("nats-server"), "--version"], capture_output=True, text=True, check=True).stdout
    version = re.search(r"v(\d+)\.(\d+)", said)
    return (int(version[1]), int(version[2])) >= (2, 10)


@dataclasses.dataclass
class Run:
    """One backlog, emptied."""

    who: str
    count: int
    seconds: float
    cpu: dict  # Name of a process -> its processor time, us an e-mail.
    busy: float  # The share of the machine's processors that was in use.
    peak_mib: float
    processes: int = 1

    @property
    def rate(self):
        return self.count / self.seconds

    @property
    def own_cpu(self):
        return self.cpu[self.who]

    def limit(self):
        """Who took the processors. If all were in use, or the one thread of `who` was, that is what limits; else something is waited for."""
        thread = 100 * self.own_cpu * self.rate / 1e6 / self.processes
        shares = ", ".join(f"{name} {us:.0f}" for name, us in sorted(self.cpu.items(), key=lambda item: -item[1]) if us >= 0.5)
        return f"processors {100 * self.busy:.0f} % busy, {self.who} {thread:.0f} % of one; us an e-mail: {shares}"


class World:
    """PostgreSQL, NATS and Redis of a group's own, safe as in production."""

    def __init__(self, folder, *, always_sync=False):
        self.folder = folder
        folder.mkdir(mode=0o755, exist_ok=True)
        self.stack = Stack(folder, safe=True)
        self.stack.nats.safe = always_sync  # Else it syncs when it does by default.
        self.sent = {}  # Table -> e-mails.
        self.prepared = set()
        self.runs = itertools.count()
        start_servers(self.stack)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        stop_servers(self.stack)

    def environment(self, sink_port, settings):
        """Default configuration, but for `settings`."""
        return self.stack.environment(SMTP_PORT=str(sink_port), LOG_LEVEL="info", LOG_FORMAT="json", **settings)

    def prepare(self, who, environment):
        if who.name not in self.prepared:
            who.prepare(environment, self.folder)
            self.prepared.add(who.name)

    def drain(self, who, sink, sink_port, count, size, settings, *, processes=1, told=False):
        """Lets `who` send `count` e-mails that wait. `told`: until EVENTS has an email.sent for each, too."""
        number = next(self.runs)
        environment = self.environment(sink_port, settings)
        if processes > 1:
            environment.pop("STATE_DIR")  # Of one process.
        self.prepare(who, environment)
        publish_backlog(self.stack, count, size, f"run-{number}", who.subject, who.stream)
        servers = {"postgres": self.stack.postgres, "nats": self.stack.nats, "redis": self.stack.redis}
        split = CpuSplit({**{name: [server.process.pid] for name, server in servers.items()}, sink.name: [sink.pid]})
        with NatsClient(self.stack.nats.port) as client:
            told_before = self.told(client) if told else 0
            began = time.monotonic()
            workers = [who.start(environment, self.folder / f"{number}-{one}.log") for one in range(processes)]
            split.add(who.name, [worker.pid for worker in workers])
            if not who.clock_runs_from_start:
                began = time.monotonic()
            wait_until_empty(client, who.stream, PATIENCE, lambda: workers[0].log_text()[-2000:])
            while told and self.told(client) - told_before < count:
                time.sleep(0.01)
            seconds = time.monotonic() - began
        cpu = {name: 1e6 * used / count for name, used in split.seconds().items()}
        run = Run(who.name, count, seconds, cpu, split.busy(), max(peak_memory_mib(worker.pid) for worker in workers),
                  processes)
        for worker in workers:
            worker.stop()
        self.sent[who.table] = self.sent.get(who.table, 0) + count
        must_be_sent(self.stack, self.sent[who.table], who.table)
        return run

    @staticmethod
    def told(client):
        return client.api("STREAM.INFO.EVENTS")["state"]["last_seq"]


def run_smtp_source(sink, sink_port, count, size):
    """Postfix's load generator: 16 connections that are kept, nothing behind it."""
    source, environment = postfix_program("smtp-source")
    split = CpuSplit({sink.name: [sink.pid]})
    children = os.times()
    began = time.monotonic()
    subprocess.run([str(source), "-d", "-s", "16", "-l", str(size), "-m", str(count), f"127.0.0.1:{sink_port}"],
                   check=True, env=environment, stdout=subprocess.DEVNULL)
    seconds = time.monotonic() - began
    after = os.times()
    own = after.children_user + after.children_system - children.children_user - children.children_system
    cpu = {"smtp-source": 1e6 * own / count, sink.name: 1e6 * split.seconds()[sink.name] / count}
    return Run("smtp-source", count, seconds, cpu, split.busy(), 0.0)


def middle(runs):
    """The run whose rate is the median."""
    return sorted(runs, key=lambda run: run.rate)[(len(runs) - 1) // 2]


def median_ratio(ours, others):
    """Of the ratios round by round: what was measured side by side is compared."""
    return statistics.median(one.rate / other.rate for one, other in zip(ours, others))
