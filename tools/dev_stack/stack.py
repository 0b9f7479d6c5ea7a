"""All four servers together, and what a worker's environment says about them."""

import hashlib
import os
import shutil

from .places import CHECKOUT, DEV, is_free
from .process import Process
from .servers import MailCatcher, NatsServer, PostgresServer, RedisServer

# What a worker reads; the test's or developer's own shell must not leak into it.
KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS")


class Stack:
    """`ports`: where each server was before, so that a second `./dev up` finds its addresses again."""

    def __init__(self, folder, *, ends_with_us=True, safe=False, ports=None, home_name=None):
        ports = ports or {}
        self.folder = folder
        self.nats = NatsServer(folder / "nats", ports.get("nats"), ends_with_us, safe)
        self.redis = RedisServer(folder / "redis", ports.get("redis"), ends_with_us)
        self.postgres = PostgresServer(folder / "postgres", ports.get("postgres"), ends_with_us, safe, home_name)
        self.mail = MailCatcher(folder / "mail", ports.get("mail"), ends_with_us)

    @property
    def servers(self):
        return [self.postgres, self.nats, self.redis, self.mail]

    def start(self):
        for server in self.servers:
            server.start()
        return self

    def stop(self):
        for server in reversed(self.servers):
            server.stop()

    def remove(self):
        for server in reversed(self.servers):
            server.remove()
        shutil.rmtree(self.folder, ignore_errors=True)

    def environment(self, **more):
        """The environment of a process of ours that uses these servers; None takes a variable away."""
        found = kept_environment()
        found.update(
            DATABASE_URL=self.postgres.url(), NATS_URL=self.nats.url(), REDIS_URL=self.redis.url(),
            SMTP_HOST="127.0.0.1", SMTP_PORT=str(self.mail.port), SMTP_FROM="Chatear <no-reply@chatear.test>",
            HTTP_LISTEN="127.0.0.1:0", TEMPLATES_DIR=str(CHECKOUT / "templates"),
            MIGRATIONS_DIR=str(CHECKOUT / "migrations"), STATE_DIR=str(self.folder / "state"),
            RECOVERY_URL="https://chat.example.test/recover", RECOVERY_LISTEN="127.0.0.1:0",
        )
        found.update(more)
        return {name: value for name, value in found.items() if value is not None}


def kept_environment():
    return {name: os.environ[name] for name in KEPT if name in os.environ}


def development_stack(ports=None):
    """The one of `./dev up`: survives its starter, keeps its data in .dev/. A port that somebody has taken since is not insisted on."""
    ports = {name: port for name, port in (ports or {}).items() if is_free(port)}
    checkout = hashlib.sha256(str(CHECKOUT).encode()).hexdigest()[:12]
    return Stack(DEV, ends_with_us=False, safe=True, ports=ports, home_name=f"up-{checkout}")


def noted(name):
    """What `./dev up` started under this name and that still runs, or None."""
    process = Process.load(DEV / "run" / f"{name}.json")
    return process if process is not None and process.alive() else None
