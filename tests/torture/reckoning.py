"""The load that every scenario works under, and the sums that must come out of it."""

import collections
import dataclasses
import json
import re
import threading
import time

from dev_stack.nats_client import NatsClient, NatsError
from dev_stack.process import wait_until
from world import mail_event


@dataclasses.dataclass
class Reckoning:
    """What became of a load. `lost` and `uncounted` must be empty whatever was done to the servers and workers."""

    scenario: str
    faults: int = 0  # Kills, restarts, cuts: what the scenario did.
    accepted: int = 0  # Events that JetStream acknowledged to their publisher.
    mails: int = 0
    lost: list = dataclasses.field(default_factory=list)  # Recipients without a mail.
    second_copies: list = dataclasses.field(default_factory=list)  # Recipients, one entry for each copy too many.
    counted: int = 0  # What the workers said of possible duplicates, the dead ones included.
    other_message_ids: list = dataclasses.field(default_factory=list)  # Copies that a reader's mailbox could not recognise.
    dead_letters: list = dataclasses.field(default_factory=list)
    notes: dict = dataclasses.field(default_factory=dict)  # Figures of the scenario's own.
    seconds: float = 0

    def copies_a_fault(self):
        return len(self.second_copies) / self.faults if self.faults else 0.0

    def complaints(self, dead_letters=0):
        """Which promises are broken, as sentences; empty = none."""
        found = []
        if self.lost:
            found.append(f"{len(self.lost)} e-mails are lost: {self.lost[:5]}")
        if len(self.second_copies) > self.counted:
            found.append(f"{len(self.second_copies)} second copies, {self.counted} of them counted: {self.second_copies[:5]}")
        if self.other_message_ids:
            found.append(f"copies with another Message-ID: {self.other_message_ids[:5]}")
        if len(self.dead_letters) != dead_letters:
            found.append(f"{len(self.dead_letters)} dead letters, not {dead_letters}: {self.dead_letters[:2]}")
        return found


class Load:
    """E-mails, each published until JetStream says that it has it; one that is asked for twice has the same id."""

    def __init__(self, world, prefix="load"):
        self.world, self.prefix = world, prefix
        self.accepted = []  # Recipients.
        self._stop = threading.Event()
        self._thread = None
        self._number = 0

    def publish(self, count, **fields):
        """Returns when all are acknowledged; NATS may be away meanwhile."""
        for _ in range(count):
            self._number += 1
            event = mail_event(self._number, event_id=f"{self.prefix}-{self._number}",
                               recipient=f"{self.prefix}-{self._number}@example.test", **fields)
            self._publish_until_acknowledged(event)
            self.accepted.append(event["recipient"])

    def start(self, count, a_second):
        """Publishes in the background, about so many a second, until `count` or finish()."""

        def run():
            began = time.monotonic()
            for number in range(count):
                if self._stop.wait(max(0.0, began + number / a_second - time.monotonic())):
                    return
                self.publish(1)

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()

    def running(self):
        return self._thread is not None and self._thread.is_alive()

    def join(self, timeout):
        self._thread.join(timeout)
        assert not self._thread.is_alive(), "the publisher has not come through"

    def stop(self):
        self._stop.set()

    def _publish_until_acknowledged(self, event):
        end = time.monotonic() + 120
        while True:
            try:
                with NatsClient(self.world.stack.nats.port) as nats:
                    nats.publish_to_stream("email.send", event)
                return
            except (OSError, NatsError, ConnectionError):
                if time.monotonic() > end or self._stop.is_set():
                    raise
                time.sleep(0.05)


def arrived(world):
    """{recipient: [Message-ID, ...]} of all that the mail server has accepted, without reading whole messages."""
    found = collections.defaultdict(list)
    index = world.stack.mail.mailbox / "index.jsonl"
    lines = index.read_text().splitlines() if index.exists() else []
    for line in lines:
        mail = json.loads(line)
        head = (world.stack.mail.mailbox / mail["file"]).open(errors="replace").read(4096)
        message_id = re.search(r"^Message-ID:\s*(\S+)", head, re.IGNORECASE | re.MULTILINE)
        for recipient in mail["to"]:
            found[recipient].append(message_id[1] if message_id else "")
    return found


def wait_arrived(world, load, timeout):
    """Until each accepted event's mail is there at least once."""

    def missing():
        index = world.stack.mail.mailbox / "index.jsonl"
        text = index.read_text() if index.exists() else ""
        return [recipient for recipient in load.accepted if f'"{recipient}"' not in text]

    wait_until(lambda: not missing(), timeout, lambda: world.situation(f"mails to {missing()[:10]}"))
