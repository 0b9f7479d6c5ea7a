"""Runs both workers from an image of deploy/Containerfile against private servers, as an installation would.

    STORAGE_DRIVER=vfs PYTHONPATH=tools python3 tools/check_image.py localhost/chatear-workers:bookworm

An e-mail and a deletion's recovery mail must arrive; `chatear doctor` must find no problem; what the image's HEALTHCHECK runs must tell a
living worker from a dead one; SIGTERM must end both in good order; and nothing may be written outside of STATE_DIR.
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

import psycopg

from dev_stack.first_mail import mails
from dev_stack.nats_client import NatsClient
from dev_stack.places import free_port
from dev_stack.process import Process, children, wait_until
from dev_stack.stack import Stack
from dev_stack.worker import WORKERS, is_ready

USER = 10001
SAID_BY_THE_IMAGE = ("TEMPLATES_DIR", "MIGRATIONS_DIR", "STATE_DIR", "PATH", "HOME")


def buildah(*arguments):
    return subprocess.run(["buildah", *arguments], check=True, capture_output=True, text=True).stdout.strip()


def must(truth, what):
    if not truth:
        raise RuntimeError(what)


class Container:
    """A container of the image with the machine's own network."""

    def __init__(self, image, environment):
        self.name = buildah("from", "--pull-never", image)
        self.environment = {name: value for name, value in environment.items() if name not in SAID_BY_THE_IMAGE}

    def command(self, *program, options=(), **environment):
        settings = [f"--env={name}={value}" for name, value in {**self.environment, **environment}.items()]
        return ["buildah", "run", "--isolation", "chroot", *options, *settings, self.name, "--", *program]

    def run(self, *program, **how):
        done = subprocess.run(self.command(*program, **how), capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    def must_run(self, *program, **how):
        code, output = self.run(*program, **how)
        must(code == 0, f"{program} ended with {code}:\n{output}")
        return output

    def remove(self):
        buildah("rm", self.name)


class Worker:
    def __init__(self, container, name, log):
        self.container, self.name = container, name
        self.address = f"127.0.0.1:{free_port()}"
        self.process = Process.start(name, container.command(name, HTTP_LISTEN=self.address), log, cwd="/")

    def wait_ready(self):
        wait_until(lambda: is_ready(self.process), 60, self.process.log_text)
        must(os.stat(f"/proc/{self.pid()}").st_uid == USER, f"{self.name} does not run as {USER}")

    def pid(self):
        """Of the program itself, which buildah started."""
        own = [pid for pid in children(self.process.pid) if is_program(pid, self.name)]
        must(len(own) == 1, f"{self.name} runs as {own}:\n{self.process.log_text()}")
        return own[0]

    def healthy(self):
        return self.container.run("chatear-healthy", HTTP_LISTEN=self.address)[0] == 0

    def terminate(self):
        """What a container engine's stop does: SIGTERM to the program itself."""
        os.kill(self.pid(), signal.SIGTERM)
        code = self.process.wait(30)
        must(code == 0, f"{self.name} ended with {code}:\n{self.process.log_text()}")
        must('"message":"stopped"' in self.process.log_text(), self.process.log_text())


def is_program(pid, name):
    try:
        return os.readlink(f"/proc/{pid}/exe").endswith(f"/usr/local/bin/{name}")
    except OSError:
        return False


def check_configuration(image):
    config = json.loads(buildah("inspect", "--type", "image", image))["Docker"]["config"]
    for name, expected in (("User", str(USER)), ("StopSignal", "SIGTERM"), ("Cmd", ["notification-worker"])):
        must(config[name] == expected, f"{name} of the image is {config[name]}")
    must(config["Healthcheck"]["Test"] == ["CMD", "chatear-healthy"], f"the image's health check is {config['Healthcheck']}")


def ask_for_work(stack):
    with psycopg.connect(stack.postgres.url(), autocommit=True) as database:
        user = database.execute("INSERT INTO users (email) VALUES ('ann@example.test') RETURNING id::text").fetchone()[0]
    with NatsClient(stack.nats.port) as nats:
        nats.publish("email.send", {"recipient": "bob@example.test", "subject": "Hi", "body": "From the image"})
        nats.publish("user.delete", {"user_id": user})
        nats.flush()


def deletion_status(stack):
    with psycopg.connect(stack.postgres.url()) as database:
        return database.execute("SELECT status FROM user_deletions").fetchall()


def check_work(stack, workers):
    ask_for_work(stack)
    everything = lambda: "\n".join(worker.process.log_text() for worker in workers)
    wait_until(lambda: len(mails(stack.mail.mailbox)) >= 2, 30, everything)
    recipients = {str(mail["To"]) for mail in mails(stack.mail.mailbox)}
    must(recipients == {"ann@example.test", "bob@example.test"}, f"mails came to {recipients}")
    wait_until(lambda: deletion_status(stack) == [("scheduled",)], 30, everything)


def check_files(container):
    """Those that the image's user has made: the locks of STATE_DIR, nothing else."""
    made = container.must_run("find", "/", "-xdev", "-type", "f", "-user", str(USER), options=["--user", "0"]).split()
    must(sorted(made) == sorted(f"/var/lib/chatear/{name}-1.lock" for name in WORKERS), f"written by the workers: {made}")


def check(image, folder):
    check_configuration(image)
    stack = Stack(folder / "stack", safe=True).start()
    container = Container(image, stack.environment())
    workers = []
    try:
        container.must_run("chatear", "migrate", "up")
        workers = [Worker(container, name, folder / f"{name}.log") for name in WORKERS]
        for worker in workers:
            worker.wait_ready()
            must(worker.healthy(), f"{worker.name} runs and is not healthy")
        check_work(stack, workers)
        container.must_run("chatear", "doctor")
        for worker in workers:
            worker.terminate()
            must(not worker.healthy(), f"{worker.name} has ended and is healthy")
        check_files(container)
    finally:
        for worker in workers:
            worker.process.stop()
        container.remove()
        stack.remove()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="chatear-image-") as scratch:
        pathlib.Path(scratch).chmod(0o755)
        check(sys.argv[1], pathlib.Path(scratch))
    print(f"{sys.argv[1]}: both workers ran as user {USER}; an e-mail and a recovery mail came; both stopped in good order")
