"""`./dev soak backlog`: many events wait while the mail server is silent, and what a worker holds of them is bounded.

With --stall greeting the server takes connections and says nothing, and speaks again after a while. With --stall content it takes
everything up to the end of the content and answers nothing; then it dies, and another one is there: what was unanswered may come twice, and
is counted. WORKER_CONCURRENCY bounds the events in hand and MEMORY_BUDGET their bytes; memory goes by both and not by what waits.
"""

import collections
import json
import signal
import socket
import sys
import time

import samples
from dev_stack.nats_client import NatsClient, NatsError
from dev_stack.places import CHECKOUT, free_port
from dev_stack.process import Process, wait_until

STALLS = ("greeting", "content")
CONCURRENCY, BUDGET = 512, 64 * 1024 * 1024  # The defaults of docs/configuration.md.
# An event in hand is there as its bytes, decoded, and as the content that is on its way; and what is allocated in turns leaves gaps.
COPIES = 5
FIXED_KIB = 48 * 1024  # What a worker has beside: its code, its libraries, what handlers need for themselves.
CONSUMER = "NOTIFICATIONS.notification-worker-email-send"


class MailServer:
    """stalled_server.py, which dies and is started again on the same port."""

    def __init__(self, folder, port):
        self.folder, self.port, self.arrived = folder, port, folder / "arrived"
        self.process = None

    def start(self, stall=None):
        options = ["--stall", stall] if stall else []
        self.process = Process.start(
            "stalled_server", [sys.executable, CHECKOUT / "tests/soak/stalled_server.py", "--port", self.port, "--arrived", self.arrived,
                               *options], self.folder / "stalled_server.log")
        wait_until(self._listens, 20, self.process.log_text)

    def _listens(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def come_back(self, stall):
        if stall == "greeting":
            self.process.send(signal.SIGUSR1)
        else:
            self.process.kill()
            self.start()

    def recipients(self):
        return collections.Counter(self.arrived.read_text().split()) if self.arrived.exists() else collections.Counter()


def publish(port, count, size):
    """`count` e-mails by plain publishes."""
    body = (("x" * 60 + "\n") * (size // 61 + 1))[:size]
    rest = json.dumps({"subject": "Hello", "body": body})[1:].encode()
    together = max(1, min(1000, 4_000_000 // (size + 100)))
    with NatsClient(port, timeout=60) as client:
        for number in range(count):
            client.publish("email.send", b'{"event_id":"b%d","recipient":"b%d@example.test",%s' % (number, number, rest))
            if number % together == together - 1:
                client.flush()
        client.flush()
        wait_until(lambda: in_stream(client) == count, 60, lambda: f"{in_stream(client)} of {count} events are in the stream")


def in_stream(client):
    return client.api("STREAM.INFO.NOTIFICATIONS")["state"]["messages"]


class Bounds:
    """The most of everything that was seen."""

    def __init__(self, worker, address, nats_port):
        self.worker, self.address, self.nats_port = worker, address, nats_port
        self.in_hand = self.bytes_in_hand = self.unacknowledged = 0

    def look(self):
        told = samples.metrics(self.address)
        self.in_hand = max(self.in_hand, told.get("chatear_events_in_hand", 0))
        self.bytes_in_hand = max(self.bytes_in_hand, told.get("chatear_events_in_hand_bytes", 0))
        with NatsClient(self.nats_port) as client:
            self.unacknowledged = max(self.unacknowledged, client.api(f"CONSUMER.INFO.{CONSUMER}")["num_ack_pending"])

    def watch(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.look()
            time.sleep(0.25)


def send_some(world, worker, bounds, finish):
    """E-mails a second, once the server is back, until `finish` are sent."""
    began = time.monotonic()

    def sent():
        """By the ledger: what comes again waits in the outbox meanwhile, and the stream is empty."""
        bounds.look()
        time.sleep(0.1)
        [(count,)] = world.sql("SELECT count(*) FROM email_sends WHERE status = 'sent'")
        return count if count >= finish else None

    return worker.wait(sent, 120 + finish / 100, "sends what waited") / (time.monotonic() - began)


def run(world, stall, count, size, finish, seconds, budget=BUDGET):
    """A result as --json prints it; `complaints` is empty where all is well."""
    for server in world.stack.servers[:3]:  # The mail server is ours.
        server.start()
    mail = MailServer(world.stack.folder, free_port())
    mail.start(stall)
    first = world.worker(SMTP_PORT=str(mail.port))
    first.wait(lambda: has_consumer(world), 60, "makes tables and streams")
    first.terminate(60)
    began = time.monotonic()
    publish(world.stack.nats.port, count, size)
    published = time.monotonic() - began
    address = f"127.0.0.1:{free_port()}"
    worker = world.worker(
        LOG_LEVEL="warn", HTTP_LISTEN=address, SMTP_PORT=str(mail.port), WORKER_CONCURRENCY=str(CONCURRENCY), MEMORY_BUDGET=str(budget))
    bounds = Bounds(worker, address, world.stack.nats.port)
    worker.wait(lambda: samples.metrics(address).get("chatear_events_in_hand"), 60, "has events in hand")
    bounds.watch(seconds)
    silent_peak = samples.peak_kib(worker.pid)
    mail.come_back(stall)
    rate = send_some(world, worker, bounds, min(finish, count))
    counted = samples.metrics(address).get("chatear_possible_duplicates_total", 0)
    peak = samples.peak_kib(worker.pid)
    worker.terminate(60)
    result = {
        "stall": stall, "events": count, "bytes of a body": size, "MEMORY_BUDGET": budget, "published a second": round(count / published),
        "silent for, s": seconds, "most in hand": int(bounds.in_hand), "most bytes in hand": int(bounds.bytes_in_hand),
        "most unacknowledged": bounds.unacknowledged, "peak memory while silent, KiB": silent_peak, "peak memory, KiB": peak,
        "e-mails a second once it is back": round(rate), "second copies counted": int(counted),
    }
    return weigh(world, mail, result)


def has_consumer(world):
    with world.nats() as client:
        try:
            return client.api(f"CONSUMER.INFO.{CONSUMER}")
        except NatsError:
            return None


def weigh(world, mail, result):
    arrived = mail.recipients()
    [(sent, not_arrived)] = world.sql("SELECT count(*), count(*) FILTER (WHERE NOT recipient = ANY(%s)) FROM email_sends WHERE status = 'sent'",
                                      list(arrived))
    copies = sum(arrived.values()) - len(arrived)
    with world.nats() as client:
        left = in_stream(client)
    allowed = FIXED_KIB + COPIES * min(result["MEMORY_BUDGET"], CONCURRENCY * (result["bytes of a body"] + 1024)) // 1024
    result.update({"sent": sent, "left in the stream": left, "second copies": copies, "memory allowed, KiB": allowed})
    bounds = [
        ("events in hand", result["most in hand"], CONCURRENCY), ("bytes in hand", result["most bytes in hand"], result["MEMORY_BUDGET"]),
        ("KiB of memory", result["peak memory, KiB"], allowed), ("second copies", copies, result["second copies counted"]),
        ("e-mails recorded as sent that did not arrive", not_arrived, 0), ("events neither sent nor left", result["events"] - sent - left, 0),
    ]
    result["complaints"] = [f"{value:,} {what}; {most:,} are allowed" for what, value, most in bounds if value > most]
    return result
