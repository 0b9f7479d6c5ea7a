"""JetStream that forgets: its consumer, its latest messages. What comes again is not sent again."""

import shutil

from dev_stack.nats_client import NatsError
from dev_stack.process import wait_until
from reckoning import Load, arrived
from scenario import Scenario
from under_load import CONSUMER, STREAM, UnderLoad, wait_done


def consumer_made_again(world, scale):
    """The consumer of a stream that keeps everything is deleted again and again: all comes from the start each time."""
    with world.nats() as nats:
        nats.api(f"STREAM.CREATE.{STREAM}", {"name": STREAM, "subjects": ["email.send"], "retention": "limits"})
    under = UnderLoad(world, "consumer-made-again", scale, declared=False)

    def one():
        with world.nats() as nats:
            nats.api(f"CONSUMER.DELETE.{STREAM}.{CONSUMER}")
            nats.api(f"STREAM.PURGE.{STREAM}", {"filter": "email.send.nobody"})  # Of nothing.
        wait_until(lambda: there_is_a_consumer(world), 30, "a worker has made the consumer again")

    under.harm(one, (0.2, scale.longest_pause))
    found = under.end(pure=True)
    deliveries = int(sum(worker.metric("chatear_events_received_total") for worker in under.workers))
    found.notes.update(deliveries=deliveries)
    if deliveries <= found.accepted:
        found.broken.append("nothing came again: the scenario showed nothing")
    return found


def there_is_a_consumer(world):
    with world.nats() as nats:
        try:
            return nats.api(f"CONSUMER.INFO.{STREAM}.{CONSUMER}")
        except NatsError:
            return None


class NamelessLoad(Load):
    """Events without an id: what they are known by is where and when JetStream stored them."""

    def _event(self, number, fields):
        event = super()._event(number, fields)
        del event["event_id"]
        return event

    def complaints(self):
        mails = arrived(self.world)
        counts = {recipient: len(mails.get(recipient, [])) for recipient in self.accepted}
        wrong = {recipient: count for recipient, count in counts.items() if count != 1}
        return [f"of {len(counts)} events without an id {len(wrong)} came not once: {list(wrong.items())[:5]}"] if wrong else []


class Store:
    """NATS' folder, and a copy of how it was some time ago."""

    def __init__(self, world):
        self.nats = world.stack.nats
        self.folder, self.copy = self.nats.folder / "store", self.nats.folder / "older"

    def keep(self):
        self.nats.kill()
        shutil.rmtree(self.copy, ignore_errors=True)
        shutil.copytree(self.folder, self.copy)
        self.nats.start()

    def put_back(self):
        self.nats.kill()
        shutil.rmtree(self.folder)
        shutil.copytree(self.copy, self.folder)
        self.nats.start()


def nats_from_an_older_copy(world, scale):
    """The store goes back to a copy: events that were done come again, and sequences are used twice.

    What was accepted after the copy is done before the store goes back: nobody else has it.
    """
    under, nameless, store = UnderLoad(world, "nats-from-an-older-copy", scale), NamelessLoad(world, "nameless"), Store(world)

    def publish():
        under.publish(scale.batch)
        nameless.publish(scale.batch)

    def one():
        publish()
        store.keep()  # In the middle of them.
        publish()
        wait_done(world, scale.patience)
        store.put_back()
        publish()  # With sequences that were used before.
        wait_done(world, scale.patience)

    under.harm(one)
    found = under.end(pure=True)
    found.broken += nameless.complaints()
    return found


def nats_from_an_older_copy_in_hand(world, scale):
    """The same while workers have events in hand that the copy does not know, and whose sequences new events get.

    An acknowledgement of the former must not remove one of the latter: JetStream looks at the sequence only.
    """
    under = UnderLoad(world, "nats-from-an-older-copy-in-hand", scale, WORKER_CONCURRENCY=str(scale.batch // scale.workers))
    store, mail = Store(world), world.stack.mail

    def one():
        under.publish(1)
        wait_done(world, scale.patience)
        store.keep()
        mail.freeze()
        under.publish(scale.batch)
        wait_until(lambda: in_hand(under) == scale.batch, 30, lambda: f"all are in hand, not {in_hand(under)}")
        store.put_back()
        under.publish(scale.batch)
        mail.thaw()
        wait_done(world, scale.patience)

    under.harm(one)
    return under.end(pure=True)


def in_hand(under):
    return sum(worker.metric("chatear_events_in_hand") for worker in under.workers)


NO_LOAD = {"mails": 0, "a_second": 1}  # Beside what the scenario publishes itself.
SHORT = {"workers": 2, "seed": 1, "ack_wait": 3, "patience": 60}
LONG = {"workers": 3, "seed": 1, "patience": 120}
SCENARIOS = [
    Scenario("consumer-made-again", consumer_made_again,
             short={"workers": 2, "seed": 1, "patience": 60, "mails": 150, "a_second": 40, "seconds": 3, "longest_pause": 0.5},
             long={**LONG, "mails": 4000, "a_second": 40, "seconds": 90, "longest_pause": 3}),
    Scenario("nats-from-an-older-copy", nats_from_an_older_copy,
             short={**SHORT, **NO_LOAD, "batch": 30, "seconds": 0.1}, long={**LONG, **NO_LOAD, "ack_wait": 3, "batch": 200, "seconds": 100}),
    Scenario("nats-from-an-older-copy-in-hand", nats_from_an_older_copy_in_hand,
             short={**SHORT, **NO_LOAD, "batch": 40, "seconds": 0.1}, long={**LONG, **NO_LOAD, "ack_wait": 3, "batch": 60, "seconds": 60}),
]
