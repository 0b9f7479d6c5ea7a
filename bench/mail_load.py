"""A backlog of e-mails, the mail servers that throw them away, and how far the workers are with it."""

import json
import os
import subprocess
import time

from dev_stack import worker
from dev_stack.nats_client import NatsClient
from dev_stack.places import CHECKOUT, free_port
from dev_stack.process import Process, wait_until
from dev_stack.worker import is_ready
from mail_body import body_of

PRESET = os.environ.get("CHATEAR_BENCH_PRESET", "package")  # What a user gets; a test of the benchmark has no need of it.
TOOLS = CHECKOUT / "build" / PRESET / "bench"
UNPACKED = CHECKOUT / ".dev" / "unpacked"
BLOCK = 500  # Events in one write to NATS.


def start_worker(name, environment, log):
    return worker.start_worker(name, environment, log, preset=PRESET)


def postfix_program(name):
    """smtp-sink and smtp-source come from Debian's postfix package, unpacked and never installed."""
    subprocess.run(["sh", str(CHECKOUT / "tests/support/unpack_mail_servers.sh")], check=True)
    root = UNPACKED / "postfix"
    libraries = [str(folder) for folder in (root / "usr/lib/postfix", *root.glob("usr/lib/*-linux-gnu"))]
    found = next((path for path in root.rglob(name) if path.is_file() and os.access(path, os.X_OK)), None)
    if found is None:
        raise FileNotFoundError(f"{name} is not in the unpacked postfix package")
    return found, {**os.environ, "LD_LIBRARY_PATH": ":".join(libraries)}


def start_sink(folder, *options):
    port = free_port()
    sink, environment = postfix_program("smtp-sink")
    who = ["-u", "nobody"] if os.geteuid() == 0 else []
    process = Process.start("smtp-sink", [sink, *who, *options, f"127.0.0.1:{port}", "1000"], folder / f"sink-{port}.log", env=environment)
    wait_until(process.alive, 10, process.log_text)
    return process, port


def start_tool(name, folder, *arguments):
    """One of bench/, told a port to listen on; it says when it does."""
    port = free_port()
    process = Process.start(name, [TOOLS / name, f"127.0.0.1:{port}", *arguments], folder / f"{name}-{port}.log")
    wait_until(lambda: "listening" in process.log_text(), 10, process.log_text)
    return process, port


def report_of(sink):
    """Stops a bench-sink: what it says of all that it got."""
    sink.stop()
    return json.loads(sink.log_text().splitlines()[-1])


def must_be_whole(report, count):
    """Each of `count` e-mails arrived, once, with every byte as it was published."""
    counted = {name: report[name] for name in ("messages", "distinct_message_ids", "distinct_bodies", "bad", "refused_commands")}
    wanted = {"messages": count, "distinct_message_ids": count, "distinct_bodies": count, "bad": 0, "refused_commands": 0}
    if counted != wanted:
        raise RuntimeError(f"bench-sink got {counted} {report['faults']}, not {wanted}\n{report['first_bad']}")


def start_servers(stack):
    """Those that a worker needs beside a mail server: the sink is it."""
    for server in (stack.postgres, stack.nats, stack.redis):
        server.start()


def stop_servers(stack):
    for server in (stack.redis, stack.nats, stack.postgres):
        server.stop()


def make_tables_and_streams(environment, folder, name="notification-worker"):
    """The first run of a worker makes them; a measured one is to find them."""
    first = start_worker(name, {**environment, "MIGRATE": "true"}, folder / f"first-{name}.log")
    wait_until(lambda: is_ready(first), 60, first.log_text)
    first.stop()


def publish(stack, count, size, run, subject="email.send"):
    """`count` e-mails with bodies of about `size` bytes, each to a recipient of its own; all are in the stream at the end.

    NATS reads faster than it stores, above all with sync_interval: always, and from 2.10 on drops what it would hold too much of.
    A stream stores in order: the acknowledgement of a block's last event is that of the whole block.
    """
    with NatsClient(stack.nats.port, timeout=60) as client:
        for begin in range(0, count, BLOCK):
            *most, last = [
                (subject, email(number, size), {"Nats-Msg-Id": f"{run}-{number}"})
                for number in range(begin, min(begin + BLOCK, count))]
            client.publish_all(most)
            client.publish_to_stream(*last)


def email(number, size):
    return {"recipient": f"u{number}@example.test", "subject": f"Message {number}", "body": body_of(number, size)}


def publish_backlog(stack, count, size, run="bench", subject="email.send", stream="NOTIFICATIONS"):
    """The same, and nobody takes them yet: all wait in the stream."""
    publish(stack, count, size, run, subject)
    with NatsClient(stack.nats.port) as client:
        waiting = in_stream(client, stream)
    if waiting != count:
        raise RuntimeError(f"{waiting} of {count} events are in the stream")


def in_stream(client, stream="NOTIFICATIONS"):
    return client.api(f"STREAM.INFO.{stream}")["state"]["messages"]


def wait_until_empty(client, stream, timeout, what):
    """Looks often: what is measured may take half a second."""
    end = time.monotonic() + timeout
    while in_stream(client, stream) != 0:
        if time.monotonic() > end:
            raise TimeoutError(f"not within {timeout} s: {what()}")
        time.sleep(0.01)


def all_done(client, published):
    """As many events as that have been in the stream since it was made, and none is left."""
    state = client.api("STREAM.INFO.NOTIFICATIONS")["state"]
    return (state["last_seq"], state["messages"]) == (published, 0)


def must_be_sent(stack, count, table="email_sends"):
    """The ledger has exactly `count` e-mails, all as sent."""
    import psycopg

    with psycopg.connect(stack.postgres.url()) as connection:
        sent, rows = connection.execute(f"SELECT count(*) FILTER (WHERE status = 'sent'), count(*) FROM {table}").fetchone()
    if (sent, rows) != (count, count):
        raise RuntimeError(f"{sent} of {rows} e-mails in {table} are sent, {count} were published")
