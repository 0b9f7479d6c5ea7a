"""The four servers that a worker needs, each private, on loopback, on a port that was free."""

import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys

from .places import CHECKOUT, folder_for_postgres, free_port, postgres_user, program
from .process import Process, wait_until

START_TIMEOUT = 30  # Seconds; initdb and a cold disk on a busy machine included.


class Server:
    """One server with its folder and port; both outlive a restart."""

    name = ""
    death_signal = signal.SIGKILL
    stop_signal = signal.SIGTERM
    kill_signal = signal.SIGKILL

    def __init__(self, folder, port=None, ends_with_us=True):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = port or free_port()
        self.ends_with_us = ends_with_us
        self.variables = {}  # Added to our environment.
        self.process = None

    def start(self):
        self.prepare()
        self.process = Process.start(
            self.name, self.arguments(), self.folder / f"{self.name}.log", env={**os.environ, **self.variables}, user=self.user(), cwd="/",
            ends_with_us=self.ends_with_us, death_signal=self.death_signal,
        )
        wait_until(self._answers_or_dead, START_TIMEOUT, lambda: f"{self.name} answers\n{self.process.log_text()[-2000:]}")
        return self

    def stop(self):
        if self.process is not None:
            self.process.stop(self.stop_signal)

    def kill(self):
        """As a crash: nothing is said to anybody."""
        self.process.send(self.kill_signal)
        self.process.wait(10)

    def freeze(self):
        self.process.freeze()

    def thaw(self):
        self.process.thaw()

    def remove(self):
        """Stops it and forgets its data."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _answers_or_dead(self):
        if not self.process.alive():
            raise RuntimeError(f"{self.name} ended at once:\n{self.process.log_text()[-2000:]}")
        try:
            return self.answers()
        except OSError:
            return False

    def conversation(self, say, expect):
        with socket.create_connection(("127.0.0.1", self.port), timeout=2) as connection:
            connection.sendall(say)
            received = b""
            while expect not in received:
                piece = connection.recv(4096)
                if not piece:
                    return False
                received += piece
            return True

    def prepare(self):
        """Writes what the server needs before it starts."""

    def user(self):
        return None


class NatsServer(Server):
    name = "nats"

    def __init__(self, folder, port=None, ends_with_us=True, safe=False, extra=""):
        """`safe`: every accepted message is synced (2.10 and later know how)."""
        super().__init__(folder, port, ends_with_us)
        self.safe, self.extra = safe, extra

    def prepare(self):
        version = re.search(r"v(\d+)\.(\d+)", subprocess.run(
            [program("nats-server"), "--version"], capture_output=True, text=True, check=True).stdout)
        sync = self.safe and (int(version[1]), int(version[2])) >= (2, 10)
        (self.folder / "nats.conf").write_text(
            f'listen: "127.0.0.1:{self.port}"\n'
            f'jetstream {{ store_dir: "{self.folder}/store"{", sync_interval: always" if sync else ""} }}\n{self.extra}')

    def arguments(self):
        return [program("nats-server"), "-c", self.folder / "nats.conf"]

    def answers(self):
        return self.conversation(b'CONNECT {"verbose":false}\r\nPING\r\n', b"PONG")

    def url(self):
        return f"nats://127.0.0.1:{self.port}"


class RedisServer(Server):
    name = "redis"

    def arguments(self):
        return [program("redis-server"), "--port", self.port, "--bind", "127.0.0.1", "--dir", self.folder,
                "--appendonly", "yes", "--save", "", "--maxmemory-policy", "noeviction"]

    def answers(self):
        return self.conversation(b"PING\r\n", b"+PONG")

    def url(self):
        return f"redis://127.0.0.1:{self.port}/0"


class PostgresServer(Server):
    name = "postgres"
    death_signal = signal.SIGQUIT
    stop_signal = signal.SIGINT  # Fast: does not wait for clients.
    kill_signal = signal.SIGQUIT  # Immediate, recovers from its log; SIGKILL leaves shared memory behind.

    def __init__(self, folder, port=None, ends_with_us=True, safe=False, home_name=None):
        """`home_name`: see folder_for_postgres()."""
        super().__init__(folder, port, ends_with_us)
        self.safe = safe
        self.home = folder_for_postgres(self.folder, home_name)
        self.data = self.home / "data"

    def prepare(self):
        if (self.data / "PG_VERSION").exists():
            return
        shutil.rmtree(self.data, ignore_errors=True)
        self.data.mkdir(mode=0o700)
        user = self.user()
        if user is not None:
            os.chown(self.data, user.pw_uid, user.pw_gid)
        made = Process.start(
            "initdb", [program("initdb"), "-D", self.data, "-U", "chatear", "--auth=trust", "--encoding=UTF8", "--no-locale",
                       "--no-sync"], self.folder / "initdb.log", user=user, cwd="/")
        if made.wait(60) != 0:
            raise RuntimeError(f"initdb failed:\n{made.log_text()[-2000:]}")

    def arguments(self):
        settings = {"listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": "", "jit": "off",
                    "log_min_duration_statement": "500ms"}
        if not self.safe:
            settings.update({"fsync": "off", "full_page_writes": "off"})
        return [program("postgres"), "-D", self.data, *(f"--{name}={value}" for name, value in settings.items())]

    def user(self):
        return postgres_user()

    def answers(self):
        import psycopg

        try:
            with psycopg.connect(f"postgres://chatear@127.0.0.1:{self.port}/postgres", connect_timeout=5, autocommit=True) as connection:
                if connection.execute("SELECT 1 FROM pg_database WHERE datname = 'chatear'").fetchone() is None:
                    connection.execute("CREATE DATABASE chatear")
            return True
        except psycopg.OperationalError:
            return False

    def remove(self):
        super().remove()
        if self.home != self.folder:
            shutil.rmtree(self.home, ignore_errors=True)

    def url(self):
        return f"postgres://chatear@127.0.0.1:{self.port}/chatear"


class MailCatcher(Server):
    """tests/support/mail_catcher.py: a mail server that keeps each message as a file in mailbox/."""

    name = "mail"

    def __init__(self, folder, port=None, ends_with_us=True, options=()):
        super().__init__(folder, port, ends_with_us)
        self.options = list(options)
        self.mailbox = self.folder / "mailbox"

    def prepare(self):
        self.mailbox.mkdir(exist_ok=True)

    def arguments(self):
        return [sys.executable, CHECKOUT / "tests/support/mail_catcher.py", "--port", self.port,
                "--port-file", self.folder / "port", "--folder", self.mailbox, *self.options]

    def answers(self):
        return self.conversation(b"QUIT\r\n", b"221")
