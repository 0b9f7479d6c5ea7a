"""A backlog of e-mails, Postfix's smtp-sink that throws them away, and how far the workers are with it."""

import os
import subprocess

from dev_stack.nats_client import NatsClient
from dev_stack.places import CHECKOUT, free_port
from dev_stack.process import Process, wait_until
from dev_stack.worker import is_ready, start_worker

UNPACKED = CHECKOUT / ".dev" / "unpacked"


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


def publish(stack, count, size, run):
    """`count` e-mails with bodies of `size` bytes, each to a recipient of its own."""
    body = "x" * 60 + "\n"
    body = (body * (size // len(body) + 1))[:size]
    with NatsClient(stack.nats.port) as client:
        for number in range(count):
            event = {"recipient": f"u{number}@example.test", "subject": f"Message {number}", "body": body}
            client.publish("email.send", event, {"Nats-Msg-Id": f"{run}-{number}"})
            if number % 1000 == 999:
                client.flush()
        client.flush()


def publish_backlog(stack, count, size, run="bench"):
    """The same, and nobody takes them yet: all wait in the stream."""
    publish(stack, count, size, run)
    with NatsClient(stack.nats.port) as client:
        waiting = in_stream(client)
    if waiting != count:
        raise RuntimeError(f"{waiting} of {count} events are in the stream")


def in_stream(client):
    return client.api("STREAM.INFO.NOTIFICATIONS")["state"]["messages"]


def all_done(client, published):
    """As many events as that have been in the stream since it was made, and none is left."""
    state = client.api("STREAM.INFO.NOTIFICATIONS")["state"]
    return (state["last_seq"], state["messages"]) == (published, 0)


def must_be_sent(stack, count):
    """The ledger has exactly `count` e-mails, all as sent."""
    import psycopg

    with psycopg.connect(stack.postgres.url()) as connection:
        sent, rows = connection.execute("SELECT count(*) FILTER (WHERE status = 'sent'), count(*) FROM email_sends").fetchone()
    if (sent, rows) != (count, count):
        raise RuntimeError(f"{sent} of {rows} e-mails in the ledger are sent, {count} were published")
