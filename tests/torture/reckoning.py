"""The load that every scenario works under, and the sums that must come out of it."""

import collections
import dataclasses
import json
import re
import threading
import time

from dev_stack.process import wait_until
from publisher import Publisher
from world import mail_event

SECOND_COPY = "a second copy may arrive"  # What a worker logs of each possible duplicate, with its event.
EVENT_ID = re.compile(r'"event_id":"([^"]*)"|$')  # A last line may be cut.


@dataclasses.dataclass
class Reckoning:
    """What became of a load."""

    scenario: str
    faults: int = 0  # Kills, restarts, cuts: what the scenario did.
    accepted: int = 0  # Events that JetStream acknowledged to their publisher.
    mails: int = 0
    lost: list = dataclasses.field(default_factory=list)  # Recipients without a mail.
    second_copies: list = dataclasses.field(default_factory=list)  # Recipients, one entry for each copy too many.
    counted: int = 0  # What the workers said of possible duplicates, the dead ones included.
    uncounted: list = dataclasses.field(default_factory=list)  # Recipients of a second copy whose event nobody named.
    other_message_ids: list = dataclasses.field(default_factory=list)  # Copies that a reader's mailbox could not recognise.
    dead_letters: list = dataclasses.field(default_factory=list)
    broken: list = dataclasses.field(default_factory=list)  # Sentences about promises of the scenario's own.
    notes: dict = dataclasses.field(default_factory=dict)  # Figures of the scenario's own.
    seconds: float = 0

    def copies_a_fault(self):
        return len(self.second_copies) / self.faults if self.faults else 0.0

    def complaints(self, dead_letters=0):
        """Which promises are broken, as sentences; empty = none."""
        found = list(self.broken)
        if self.lost:
            found.append(f"{len(self.lost)} e-mails are lost: {self.lost[:5]}")
        if len(self.second_copies) > self.counted:
            found.append(f"{len(self.second_copies)} second copies, {self.counted} of them counted: {self.second_copies[:5]}")
        elif self.uncounted:
            found.append(f"{len(self.uncounted)} second copies of events that no worker named: {self.uncounted[:5]}")
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
        self._publisher = Publisher(world.stack.nats.port, stopped=lambda: self._stop.is_set())
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = None
        self._failure = None
        self._number = 0

    def publish(self, count, **fields):
        """Returns when all are acknowledged; NATS may be away meanwhile."""
        with self._lock:
            first = self._number + 1
            self._number += count
            events = (self._event(number, fields) for number in range(first, first + count))
            for event in self._publisher.publish("email.send", events):
                self.accepted.append(event["recipient"])

    def start(self, count, a_second, burst=1, **fields):
        """Publishes in the background, `burst` at once, about so many a second, until `count` or stop()."""

        def run():
            began = time.monotonic()
            try:
                for done in range(0, count, burst):
                    if self._stop.wait(max(0.0, began + done / a_second - time.monotonic())):
                        return
                    self.publish(min(burst, count - done), **fields)
            except Exception as failure:  # For join(): a thread tells nobody else.
                self._failure = failure

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()

    def running(self):
        return self._thread is not None and self._thread.is_alive()

    def join(self, timeout):
        self._thread.join(timeout)
        assert not self._thread.is_alive(), "the publisher has not come through"
        if self._failure is not None:
            raise self._failure

    def stop(self):
        """No more; what is being published comes to its end."""
        self._stop.set()

    def _event(self, number, fields):
        event_id = f"{self.prefix}-{number}"
        return mail_event(number, event_id=event_id, recipient=f"{event_id}@example.test", **fields)


class Arrivals:
    """What the mail server has accepted, from its index: read once, however often one asks."""

    def __init__(self, world):
        self._index = world.stack.mail.mailbox / "index.jsonl"
        self._read = 0
        self._mails = collections.defaultdict(list)

    def mails(self):
        """{recipient: [Message-ID, ...]}"""
        if self._index.exists():
            with self._index.open("rb") as index:
                index.seek(self._read)
                whole = index.read().rpartition(b"\n")[0]
            self._read += len(whole) + 1 if whole else 0
            for line in whole.splitlines():
                mail = json.loads(line)
                for recipient in mail["to"]:
                    self._mails[recipient].append(mail["message_id"])
        return self._mails


def arrived(world):
    """{recipient: [Message-ID, ...]} of all that the mail server has accepted."""
    return Arrivals(world).mails()


def wait_arrived(world, load, timeout):
    """Until each accepted event's mail is there at least once; `timeout` without any progress is too long."""
    arrivals = Arrivals(world)
    end = time.monotonic() + timeout
    before = -1
    while True:
        mails = arrivals.mails()
        missing = [recipient for recipient in load.accepted if recipient not in mails]
        if not missing:
            return
        if len(mails) > before:
            before, end = len(mails), time.monotonic() + timeout
        if time.monotonic() > end:
            raise TimeoutError(
                f"no mail arrived for {timeout} s, and {len(missing)} of {len(load.accepted)} are missing: {missing[:10]}")
        time.sleep(0.1)


def wait_settled(world, timeout):
    """Until no event is in the stream and nothing is due; as World.wait_settled, with less in its message."""

    def settled():
        return events_left(world) == 0 and outbox_left(world) == 0

    wait_until(settled, timeout, lambda: f"nothing is left to do: {events_left(world)} events, {outbox_left(world)} outbox rows")


def events_left(world, stream="NOTIFICATIONS"):
    with world.nats() as nats:
        return nats.api(f"STREAM.INFO.{stream}")["state"]["messages"]


def outbox_left(world):
    return world.sql("SELECT count(*) FROM outbox WHERE due_at < now() + interval '1 hour'")[0][0]


class Tally:
    """What the workers say of possible duplicates: a line in the log of each, which is written at once and outlives it."""

    def __init__(self, world):
        self.world = world

    def lines(self):
        """{event_id: how often it was named}"""
        found = collections.Counter()
        for worker in self.world.workers:
            with worker.process.log.open(errors="replace") as log:
                found.update(EVENT_ID.search(line)[1] for line in log if SECOND_COPY in line)
        return found

    def counted(self):
        return sum(self.lines().values())


def reckon(scenario, world, load, tally, faults, **notes):
    """The sums, once all has come to rest."""
    mails = arrived(world)
    lines = tally.lines()
    found = Reckoning(scenario, faults=faults, accepted=len(load.accepted), counted=tally.counted(), notes=notes)
    for recipient in load.accepted:
        copies = mails.get(recipient, [])
        found.mails += len(copies)
        if not copies:
            found.lost.append(recipient)
            continue
        more = [recipient] * (len(copies) - 1)
        found.second_copies += more
        found.uncounted += more[lines[recipient.partition("@")[0]] :]
        if len(set(copies)) > 1:
            found.other_message_ids.append((recipient, sorted(set(copies))))
    found.dead_letters = dead_letters(world)
    return found


def with_windows(world, found):
    """The same sums, where windows of messages came by CHUNKING; if they did not, the scenario has shown nothing."""
    with (world.stack.mail.mailbox / "index.jsonl").open() as index:
        mails = [json.loads(line) for line in index]
    by_data = sum(mail["chunks"] == 0 for mail in mails)
    most = found.notes["most_in_a_window"] = max(mail["unanswered"] for mail in mails)
    if by_data or most < 4:
        found.broken.append(f"{by_data} contents came by DATA, and at most {most} were under way on a connection: no windows")
    return found


def dead_letters(world):
    """[(subject, headers, body)], all of them text."""
    return [(subject, headers, body.decode(errors="replace")) for subject, headers, body in world.dead_letters()]
