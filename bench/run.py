"""How many e-mails a second, end to end: NATS, PostgreSQL with fsync, the worker, a mail server that counts.

./dev bench [--events 20000] [--workers 1] [--body-bytes 1000] [--setting NAME=VALUE]
"""

import argparse
import os
import pathlib
import shutil
import sys
import tempfile
import time

from dev_stack.nats_client import NatsClient, NatsError
from dev_stack.places import CHECKOUT
from dev_stack.process import wait_until
from dev_stack.servers import Server
from dev_stack.stack import Stack
from dev_stack.worker import start_worker


class MailSink(Server):
    name = "mail"

    def arguments(self):
        return [sys.executable, CHECKOUT / "bench/mail_sink.py", "--port", self.port, "--count-file", self.folder / "taken"]

    def answers(self):
        return self.conversation(b"QUIT\r\n", b"221")

    def taken(self):
        return int((self.folder / "taken").read_text())


def publish(port, first, count, body_bytes):
    body = ("A line of an ordinary e-mail, as people write them.\n" * (body_bytes // 52 + 1))[:body_bytes]
    with NatsClient(port, timeout=60) as nats:
        for number in range(first, first + count):
            nats.publish("email.send", {
                "event_id": f"bench-{number}", "recipient": f"user{number}@example.test", "subject": f"Number {number}", "body": body})
        nats.flush()


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(stack, arguments):
    settings = dict(setting.split("=", 1) for setting in arguments.setting)
    environment = stack.environment(MIGRATE="true", LOG_LEVEL="warn", HTTP_LISTEN="off", STATE_DIR=None, **settings)

    def start(name):
        return start_worker("notification-worker", environment, stack.folder / f"{name}.log")

    # The first worker makes the tables and the stream, and shows that all is well.
    first = start("first")
    publish_when_there_is_a_stream(stack, first)
    wait_until(lambda: stack.mail.taken() == 1, 30, lambda: f"the first e-mail\n{first.log_text()}")
    first.stop()
    publish(stack.nats.port, 1, arguments.events, arguments.body_bytes)
    workers = [start(f"worker-{number}") for number in range(arguments.workers)]
    wait_until(lambda: stack.mail.taken() > 1, 30, lambda: f"the workers begin\n{workers[0].log_text()}")
    began, before = time.monotonic(), stack.mail.taken()
    wait_until(lambda: stack.mail.taken() >= arguments.events + 1, 600, lambda: f"all e-mails; {stack.mail.taken()} so far")
    seconds = time.monotonic() - began
    busy = sum(cpu_seconds(worker.pid) for worker in workers)
    for worker in workers:
        worker.stop()
    print(f"{arguments.events} e-mails, {arguments.workers} workers: {(arguments.events + 1 - before) / seconds:.0f} a second, "
          f"{busy / arguments.events * 1e6:.0f} us of a worker's CPU each")
    if stack.mail.taken() != arguments.events + 1:
        raise SystemExit(f"{stack.mail.taken()} messages were taken, not {arguments.events + 1}")


def publish_when_there_is_a_stream(stack, worker):
    def taken():
        with NatsClient(stack.nats.port) as nats:
            try:
                return nats.publish_to_stream("email.send", {"event_id": "bench-0", "recipient": "a@b.test", "subject": "s", "body": "b"})
            except (NatsError, TimeoutError):
                return None

    wait_until(taken, 30, lambda: f"there is a stream\n{worker.log_text()}")


def main():
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=20000)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--body-bytes", type=int, default=1000)
    parser.add_argument("--setting", action="append", default=[], metavar="NAME=VALUE", help="for the worker")
    arguments = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="chatear-bench-"))
    folder.chmod(0o755)
    stack = Stack(folder, safe=True)
    stack.mail = MailSink(folder / "sink")
    try:
        stack.start()
        measure(stack, arguments)
    finally:
        stack.remove()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
