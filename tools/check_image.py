"""Runs both workers from an image of deploy/Containerfile against private servers: an e-mail is sent, a deletion's recovery mail too.

    STORAGE_DRIVER=vfs PYTHONPATH=tools python3 tools/check_image.py localhost/chatear-workers:bookworm
"""

import pathlib
import subprocess
import sys
import tempfile

import psycopg

from dev_stack.first_mail import mails
from dev_stack.nats_client import NatsClient
from dev_stack.process import Process, wait_until
from dev_stack.stack import Stack

SAID_BY_THE_IMAGE = ("TEMPLATES_DIR", "MIGRATIONS_DIR", "STATE_DIR", "PATH", "HOME")


def buildah(*arguments):
    return subprocess.run(["buildah", *arguments], check=True, capture_output=True, text=True).stdout.strip()


class Container:
    def __init__(self, image, environment):
        self.name = buildah("from", "--pull-never", image)
        self.settings = [f"--env={name}={value}" for name, value in environment.items() if name not in SAID_BY_THE_IMAGE]

    def command(self, *program):
        return ["buildah", "run", "--isolation", "chroot", *self.settings, self.name, "--", *program]

    def run(self, *program):
        return subprocess.run(self.command(*program), check=True, capture_output=True, text=True).stdout

    def start(self, program, log):
        return Process.start(program, self.command(program), log, cwd="/")

    def remove(self):
        buildah("rm", self.name)


def ask_for_work(stack):
    with psycopg.connect(stack.postgres.url(), autocommit=True) as database:
        user = database.execute("INSERT INTO users (email) VALUES ('ann@example.test') RETURNING id::text").fetchone()[0]
    with NatsClient(stack.nats.port) as nats:
        nats.publish("email.send", {"recipient": "bob@example.test", "subject": "Hi", "body": "From the image"})
        nats.publish("user.delete", {"user_id": user})
        nats.flush()


def check(image, folder):
    stack = Stack(folder / "stack").start()
    container = Container(image, stack.environment())
    workers = []
    try:
        assert container.run("id", "-u").strip() == "10001"
        container.run("chatear", "migrate", "up")
        workers = [container.start(name, folder / f"{name}.log") for name in ("notification-worker", "user-delete-worker")]
        for worker in workers:
            wait_until(lambda: '"message":"ready"' in worker.log_text(), 60, worker.log_text)
        ask_for_work(stack)
        wait_until(lambda: len(mails(stack.mail.mailbox)) >= 2, 30, lambda: "\n".join(w.log_text() for w in workers))
    finally:
        for worker in workers:
            worker.stop()
        container.remove()
        stack.remove()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="chatear-image-") as scratch:
        pathlib.Path(scratch).chmod(0o755)
        check(sys.argv[1], pathlib.Path(scratch))
    print(f"{sys.argv[1]}: both workers ran as user 10001; an e-mail and a recovery mail came")
