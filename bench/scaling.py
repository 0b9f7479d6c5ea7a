"""`./dev bench scaling`: what each process takes of its servers (footprint.py), and what a second one brings.

All settings are the defaults, but those that are named.
"""

import statistics
import time

import footprint
from dev_stack.nats_client import NatsClient
from dev_stack.process import wait_until
from dev_stack.stack import Stack
from dev_stack.worker import is_ready
from mail_load import (all_done, make_tables_and_streams, must_be_sent, publish, publish_backlog, start_servers, start_sink,
                       start_worker, stop_servers)
from rows import Row

GROUP = "connections, Redis, and a second process"
FULL = {"users": 100_000, "race_count": 20_000, "race_rounds": 3}
QUICK = {"users": 5_000, "race_count": 5_000, "race_rounds": 1}
SLOW_MAILS = 160  # For a mail server that takes a second for each.
ONE, TWO, MORE_CONNECTIONS = "one process", "two processes", "one process, SMTP_CONNECTIONS=16"
VARIANTS = {ONE: (1, {}), TWO: (2, {}), MORE_CONNECTIONS: (1, {"SMTP_CONNECTIONS": "16"})}


class Race:
    """The same e-mails again and again, for one process or more, against one mail server."""

    def __init__(self, stack, folder, count, *sink_options):
        self.stack, self.folder, self.count = stack, folder, count
        self.sink, port = start_sink(folder, *sink_options)
        self.environment = stack.environment(SMTP_PORT=str(port), STATE_DIR=None)
        self.runs = 0

    def start(self, processes, settings):
        return [start_worker("notification-worker", {**self.environment, **settings}, self.folder / f"{self.runs}-{number}.log")
                for number in range(processes)]

    def run(self, processes, settings):
        """E-mails a second until all are sent.

        Many wait in the stream when the processes start. Few are published when the processes are ready: of few that wait, the
        first to come would take up to WORKER_CONCURRENCY and leave none.
        """
        self.runs += 1
        run = f"{self.folder.name}-{self.runs}"
        if self.count > SLOW_MAILS:
            publish_backlog(self.stack, self.count, 1024, run)
            began = time.monotonic()
            workers = self.start(processes, settings)
        else:
            workers = self.start(processes, settings)
            for worker in workers:
                wait_until(lambda: is_ready(worker), 60, worker.log_text)
            began = time.monotonic()
            publish(self.stack, self.count, 1024, run)
        with NatsClient(self.stack.nats.port) as client:
            wait_until(lambda: all_done(client, self.runs * self.count), footprint.PATIENCE, lambda: workers[0].log_text()[-2000:])
        took = time.monotonic() - began
        for worker in workers:
            worker.stop()
        return self.count / took

    def rates(self, rounds):
        """The median of each variant; they take turns, so that all have the same hour."""
        found = {name: [] for name in VARIANTS}
        for _ in range(rounds):
            for name, (processes, settings) in VARIANTS.items():
                found[name].append(self.run(processes, settings))
        return {name: round(statistics.median(rates), 1) for name, rates in found.items()}


def race(folder, count, rounds, *sink_options):
    folder.mkdir(mode=0o755)
    stack = Stack(folder / "stack", safe=True)
    start_servers(stack)
    run = Race(stack, folder, count, *sink_options)
    try:
        make_tables_and_streams(run.environment, folder)
        rates = run.rates(rounds)
        must_be_sent(stack, count * rounds * len(VARIANTS))
    finally:
        run.sink.stop()
        stop_servers(stack)
    return rates


def footprint_rows(name, found):
    users = found["users"]
    connections = found["connections"]
    yield Row(GROUP, f"{name}: connections, most", sum(connections.values()), "", ", ".join(f"{to} {count}" for to, count in connections.items()))
    yield Row(GROUP, f"{name}: Redis, bytes a user", found["redis_bytes_per_user"], "B",
              f"{found['redis_keys_per_user']} keys a user; {users:,} users, an e-mail each")
    for count, used in found.get("redis_bytes_by_emails", {}).items():
        yield Row(GROUP, f"{name}: Redis, bytes of a user with {count} e-mails", used, "B")


def race_rows(label, rates, limit):
    for name in (TWO, MORE_CONNECTIONS):
        yield Row(GROUP, f"{label}: {name}", rates[name], "/s", ONE, rates[ONE], rates[name] / rates[ONE], limit=limit)


def measure(folder, sizes, tell):
    tell(f"scaling: connections and Redis, {sizes['users']:,} users")
    stack = Stack(folder / "footprint", safe=True)
    start_servers(stack)
    try:
        taken = footprint.measure(stack, folder, sizes["users"])
    finally:
        stop_servers(stack)
    rows = [row for name, found in taken.items() for row in footprint_rows(name, found)]
    tell("scaling: a mail server that takes all")
    fast = race(folder / "fast", sizes["race_count"], sizes["race_rounds"])
    tell("scaling: a mail server that takes a second for each")
    slow = race(folder / "slow", SLOW_MAILS, sizes["race_rounds"], "-w", "1")
    rows += race_rows("mail server takes all", fast, "the processors: a second process has none of its own")
    rows += race_rows("mail server takes 1 s a mail", slow, "the mail server: each connection one e-mail a second")
    return rows
