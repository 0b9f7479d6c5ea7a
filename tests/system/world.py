"""One test's world: its own servers, its own workers, and what can be asked of both."""

import json
import re
import subprocess
import urllib.error
import urllib.request

import psycopg

from dev_stack.first_mail import mails
from dev_stack.nats_client import NatsClient, NatsError
from dev_stack.places import executable
from dev_stack.process import wait_until
from dev_stack.stack import Stack
from dev_stack.worker import http_address, start_worker

PATIENCE = 30  # Seconds for what takes a fraction of one on an idle machine.


class Worker:
    """A process of ours, under test."""

    def __init__(self, process):
        self.process = process

    @property
    def pid(self):
        return self.process.pid

    def get(self, path):
        """(status, body) of its health and metrics server; (0, why) where it does not answer."""
        url = f"http://{http_address(self.process)}{path}"
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()
        except OSError as error:
            return 0, str(error)

    def wait_ready(self, timeout=PATIENCE):
        self.wait(lambda: self.get("/readyz")[0] == 200, timeout, "is ready")
        return self

    def wait_not_ready(self, word, timeout=PATIENCE):
        """Until /readyz refuses and names `word`."""

        def refuses():
            status, body = self.get("/readyz")
            return status == 503 and word in body

        self.wait(refuses, timeout, f"says in /readyz that {word} is missing")
        return self

    def wait(self, condition, timeout, what):
        def checked():
            if not self.process.alive():
                raise AssertionError(f"the worker ended while it was awaited that it {what}:\n{self.log()}")
            return condition()

        return wait_until(checked, timeout, lambda: f"the worker {what}; it logged:\n{self.log()}")

    def metric(self, name):
        """The sum of a metric over its labels."""
        values = re.findall(rf"^{name}(?:{{[^}}]*}})? ([0-9.e+]+)$", self.get("/metrics")[1], re.MULTILINE)
        return sum(float(value) for value in values)

    def terminate(self, timeout=PATIENCE):
        """SIGTERM; its exit code."""
        self.process.send(15)
        return self.ended(timeout)

    def ended(self, timeout=PATIENCE):
        """Its exit code, once it has ended by itself."""
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it has not ended after {timeout} s:\n{self.log()}") from None

    def kill(self):
        self.process.kill()

    def log(self):
        return self.process.log_text()

    def instance(self):
        """What it calls itself in the ledger; nothing before it has said so."""
        return next((line["instance"] for line in self.lines() if line["message"] == "starting"), "")

    def lines(self):
        """Its log lines, parsed."""
        return [json.loads(line) for line in self.log().splitlines() if line.startswith("{")]


class World:
    def __init__(self, folder, preset, **stack):
        self.stack = Stack(folder, **stack)
        self.preset = preset
        self.settings = {"MIGRATE": "true", "LOG_LEVEL": "debug"}
        self.workers = []  # All that were started, the dead ones too.

    def close(self):
        for worker in self.workers:
            worker.process.thaw()
            if worker.process.alive():
                worker.kill()
        self.stack.remove()

    def environment(self, **more):
        return self.stack.environment(**{**self.settings, **more})

    def worker(self, name="notification-worker", **environment):
        """Starts one and does not wait for anything."""
        log = self.stack.folder / f"{name}-{len(self.workers)}.log"
        worker = Worker(start_worker(name, self.environment(**environment), log, preset=self.preset))
        self.workers.append(worker)
        return worker

    def ready_worker(self, **environment):
        return self.worker(**environment).wait_ready()

    def chatear(self, *arguments, check=True, **environment):
        """Runs the operator's tool to its end."""
        done = subprocess.run(
            [executable("chatear", self.preset), *arguments], env=self.environment(**environment), cwd="/",
            capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL, check=False,
        )
        assert not check or done.returncode == 0, f"chatear {arguments}: exit {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def nats(self):
        return NatsClient(self.stack.nats.port)

    def publish(self, *events, subject="email.send", headers=None):
        """As the product's API does: plain publishes."""
        with self.nats() as nats:
            for event in events:
                nats.publish(subject, event, headers)
            nats.flush()

    def sql(self, query, *parameters):
        with psycopg.connect(self.stack.postgres.url(), autocommit=True) as connection:
            done = connection.execute(query, parameters)
            return done.fetchall() if done.description else []

    def mails(self):
        return mails(self.stack.mail.mailbox)

    def wait_for_mails(self, count, timeout=PATIENCE):
        wait_until(lambda: len(self.mails()) >= count, timeout, lambda: self.situation(f"{count} mails"))
        return self.mails()

    def wait_settled(self, timeout=PATIENCE):
        """Until nothing is left to do: no event in a stream of ours, no outbox row that is due."""

        def settled():
            with self.nats() as nats:
                left = nats.api("STREAM.INFO.NOTIFICATIONS")["state"]["messages"]
            return left == 0 and self.sql("SELECT count(*) FROM outbox WHERE due_at < now() + interval '1 hour'")[0][0] == 0

        wait_until(settled, timeout, lambda: self.situation("nothing is left to do"))

    def dead_letters(self):
        """[(subject, headers as text, body)] of all dead letters."""
        with self.nats() as nats:
            try:
                return nats.messages("DEAD_LETTERS")
            except NatsError:
                return []

    def wait_for_dead_letters(self, count, timeout=PATIENCE):
        wait_until(lambda: len(self.dead_letters()) >= count, timeout, lambda: self.situation(f"{count} dead letters"))
        return self.dead_letters()

    def situation(self, wanted):
        """For the message of a test that waited in vain."""
        logs = "\n".join(f"--- {worker.process.log.name}\n{worker.log()[-3000:]}" for worker in self.workers)
        return f"{wanted}: there are {len(self.mails())} mails\n{logs}"


def mail_event(number=1, **fields):
    return {
        "event_id": f"event-{number}",
        "recipient": f"user{number}@example.test",
        "subject": f"Subject {number}",
        "body": f"Body {number}\n",
        **fields,
    }
