"""Servers for tests of the operator's tool: one set a file, emptied before each test. No worker runs."""

import contextlib
import json
import pathlib
import shutil
import subprocess
import tempfile

from dev_stack.nats_client import NatsError
from dev_stack.places import program
from world import World

DEAD_LETTERS = {"name": "DEAD_LETTERS", "subjects": ["dlq.>"], "retention": "limits"}
NOTIFICATIONS = {"name": "NOTIFICATIONS", "subjects": ["email.send"], "retention": "workqueue"}


class CliWorld(World):
    @classmethod
    def start(cls, preset):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="chatear-cli-"))
        folder.chmod(0o755)  # PostgreSQL may run as another user.
        world = cls(folder, preset)
        world.stack.start()
        world.chatear("migrate", "up")
        return world

    def end(self):
        self.close()
        shutil.rmtree(self.stack.folder, ignore_errors=True)

    def empty(self):
        self.sql("TRUNCATE email_sends, event_ledger, outbox, suspects, workers")
        with self.nats() as nats:
            for stream in (DEAD_LETTERS, NOTIFICATIONS):
                try:
                    nats.api(f"STREAM.DELETE.{stream['name']}")
                except NatsError:
                    pass
                nats.api(f"STREAM.CREATE.{stream['name']}", stream)

    def json(self, *arguments, **more):
        return json.loads(self.chatear(*arguments, "--json", **more).stdout)

    def ledger_row(self, event_id, status="failed", generation=0, **columns):
        """A row of email_sends as a worker would have left it."""
        columns = {"event_id": event_id, "status": status, "generation": generation, "attempts": 10, **columns}
        names = ", ".join(columns)
        self.sql(f"INSERT INTO email_sends ({names}) VALUES ({', '.join(['%s'] * len(columns))})", *columns.values())

    def dead_letter(self, event_id, reason="550 no such user", subject="email.send", generation=0, body=b"{}", **headers):
        """A dead letter as a worker would have published it; its sequence."""
        with self.nats() as nats:
            return nats.publish_to_stream(f"dlq.{subject}", body, {
                "Chatear-Event-Id": event_id, "Chatear-Generation": str(generation), "Chatear-Reason": reason,
                "Chatear-Published-At": "2026-11-23T10:00:00.000000Z", "Chatear-Dead-At": "2026-11-23T12:00:00.000000Z",
                "Chatear-Attempts": "10", "Chatear-Worker": "notification-worker", "Chatear-Subject": subject,
                "Chatear-Stream": "NOTIFICATIONS", "Chatear-Stream-Sequence": "1", "Chatear-Content-Sha256": "ab" * 32,
                "Nats-Msg-Id": f"letter-{event_id}-{generation}", **headers,
            })["seq"]

    def emails(self):
        """{event_id: (status, generation, attempts)}"""
        return {row[0]: row[1:] for row in self.sql("SELECT event_id, status, generation, attempts FROM email_sends")}

    def outbox(self):
        """[(subject, kind, event_id, generation, headers, payload)]"""
        return self.sql("SELECT subject, kind, event_id, generation, headers, payload FROM outbox ORDER BY event_id")

    @contextlib.contextmanager
    def redis_setting(self, name, value):
        """Another setting of Redis for a while."""
        def config(*words):
            command = [program("redis-cli"), "-p", str(self.stack.redis.port), "CONFIG", *words]
            return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()

        before = config("GET", name)[1]
        config("SET", name, value)
        try:
            yield
        finally:
            config("SET", name, before)
