"""`./dev bench scaling`: what each process takes of its servers (footprint.py), and what a second one brings.

All settings are the defaults, but those that are named.
"""

import statistics
import time

import footprint
from dev_stack.nats_client import NatsClient
from dev_stack.process import wait_until
from dev_stack.stack import Stack
from dev_stack.worker import is_ready, start_worker
from mail_load import (all_done, make_tables_and_streams, must_be_sent, publish, publish_backlog, start_servers, start_sink,
                       stop_servers)

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


def measure(folder, users, count, rounds):
    stack = Stack(folder / "footprint", safe=True)
    start_servers(stack)
    try:
        taken = footprint.measure(stack, folder, users)
    finally:
        stop_servers(stack)
    return {"count": count, "rounds": rounds, **taken,
            "mail server that takes all": race(folder / "fast", count, rounds),
            "mail server that takes 1 s a mail": race(folder / "slow", SLOW_MAILS, rounds, "-w", "1")}


def report(result):
    for name in ("notification-worker", "user-delete-worker"):
        found = result[name]
        print(f"{name}, an e-mail to each of {found['users']:,} users")
        for server, count in found["connections"].items():
            print(f"  {'connections to ' + server + ', most':40}{count:>10}")
        print(f"  {'Redis: keys a user':40}{found['redis_keys_per_user']:>10}")
        print(f"  {'Redis: bytes a user':40}{found['redis_bytes_per_user']:>10,}")
        for count, used in found.get("redis_bytes_by_emails", {}).items():
            print(f"  {f'Redis: bytes of a user with {count} e-mails':40}{used:>10,}")
    for server in ("mail server that takes all", "mail server that takes 1 s a mail"):
        rates = result[server]
        print(f"e-mails a second, {server}; median of {result['rounds']}")
        for name, rate in rates.items():
            print(f"  {name:40}{rate:>10,.1f}{rate / rates[ONE]:>10.2f}")
