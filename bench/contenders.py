"""Those who send a backlog of e-mails: notification-worker, and a Node.js worker that does the same work."""

import functools
import json
import shutil
import subprocess

from dev_stack.places import CHECKOUT
from dev_stack.process import Process, wait_until
from dev_stack.worker import is_ready
from mail_load import make_tables_and_streams, start_worker


class Ours:
    """The clock runs from the start of the process."""

    name, stream, subject, table = "notification-worker", "NOTIFICATIONS", "email.send", "email_sends"
    clock_runs_from_start = True

    def prepare(self, environment, folder):
        make_tables_and_streams(environment, folder)

    def start(self, environment, log):
        return start_worker(self.name, environment, log)


class MissingPeer(Exception):
    """What is not on this machine, in words for the table."""


class NodePeer:
    """bench/peers/node. The clock runs once it has its connections: starting an interpreter is not what is compared."""

    name, stream, subject, table = "Node.js", "PEER", "peer.send", "peer_sends"
    clock_runs_from_start = False
    SOURCE = CHECKOUT / "bench" / "peers" / "node"
    FOLDER = CHECKOUT / "build" / "peers" / "node"
    # How they were chosen is in docs/benchmarks.md.
    SETTINGS = {"PEER_CONCURRENCY": "128", "PEER_DATABASE_CONNECTIONS": "10", "PEER_SMTP_CONNECTIONS": "8"}

    def __init__(self):
        self.program = self._node()
        self._install()

    def _node(self):
        wanted = int(json.loads((self.SOURCE / "package.json").read_text())["engines"]["node"].removeprefix(">="))
        program = shutil.which("node")
        if program is None or shutil.which("npm") is None:
            raise MissingPeer(f"not measured: Node.js {wanted} and npm are not on this machine")
        version = subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout.strip()
        if int(version.removeprefix("v").split(".")[0]) < wanted:
            raise MissingPeer(f"not measured: nodemailer 10 and ioredis 6 need Node.js {wanted}, this machine has {version}")
        return program

    def _install(self):
        """It beside the build, with its libraries exactly as package-lock.json names them."""
        installer = CHECKOUT / "tools" / "install_node_modules.sh"
        done = subprocess.run([installer, self.SOURCE, self.FOLDER], capture_output=True, text=True)
        if done.returncode == 0:
            shutil.copyfile(self.SOURCE / "worker.js", self.FOLDER / "worker.js")
        else:
            raise MissingPeer(f"not measured: npm cannot get its libraries ({(done.stderr.strip() or 'it says nothing').splitlines()[0]})")

    def prepare(self, environment, folder):
        declared = Process.start("declare", self._command("--declare"), folder / "declare.log", env=self._environment(environment))
        if declared.wait(30) != 0:
            raise RuntimeError(f"the Node.js worker failed:\n{declared.log_text()[-2000:]}")

    def start(self, environment, log):
        started = Process.start("peer", self._command(), log, env=self._environment(environment))
        wait_until(lambda: is_ready(started) or not started.alive(), 30, started.log_text)
        return started

    def _command(self, *options):
        return [self.program, self.FOLDER / "worker.js", *options]

    def _environment(self, environment):
        chosen = {**self.SETTINGS, "NODE_ENV": "production"}
        if "SMTP_CONNECTIONS" in environment:
            chosen["PEER_SMTP_CONNECTIONS"] = environment["SMTP_CONNECTIONS"]
        if "EMAIL_RATE_PER_RECIPIENT" in environment:
            chosen["PEER_RATE_PER_RECIPIENT"] = environment["EMAIL_RATE_PER_RECIPIENT"]
        return {**environment, **chosen, **{name: value for name, value in environment.items() if name.startswith("PEER_")}}


@functools.cache
def find_peer():
    """(the Node.js worker, "") or (None, why it cannot be measured)."""
    try:
        return NodePeer(), ""
    except MissingPeer as missing:
        return None, str(missing)
