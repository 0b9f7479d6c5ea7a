"""What scenarios about servers and the network share: workers under a load, the wait until all is done, and the sums."""

import random
import time

from dev_stack.nats_client import NatsError
from dev_stack.process import wait_until
from progress import say
from reckoning import Load, Tally, outbox_left, reckon, wait_arrived
from stream import MAILS, declare

# Redis is asked only where there is a limit; this one is never reached.
LIMITS = {"EMAIL_RATE_PER_RECIPIENT": "1000/1m"}
CHARGED = "(others succeeded meanwhile)"  # The reason of an attempt that an event is charged with though a dependency was down.
STREAM, CONSUMER = MAILS[0], "notification-worker-email-send"


class UnderLoad:
    """Workers that send while a scenario does harm. Use: begin, harm(), end()."""

    def __init__(self, world, name, scale, declared=True, load=Load, **settings):
        """`declared`: not left to the workers, who begin at the same moment (and NATS 2.9 does not bear that always)."""
        self.world, self.name, self.scale = world, name, scale
        self.faults, self.notes, self.broken = 0, {}, []
        self.chance = random.Random(f"{name} {scale.seed}")
        self.load = load(world, name)
        self.tally = Tally(world)
        world.settings.update({**LIMITS, **settings})
        if declared:
            declare(world, getattr(scale, "ack_wait", 30))
        self.workers = [world.worker() for _ in range(scale.workers)]
        for worker in self.workers:
            worker.wait_ready(60)
        self.wanted = scale.mails
        self.load.start(scale.mails, scale.a_second, burst=getattr(scale, "burst", 1))

    def publish(self, count):
        """More, at once; returns when JetStream has them."""
        self.wanted += count
        self.load.publish(count)

    def harm(self, one, pause=(0.0, 0.0)):
        """Does `one` again and again as long as the scale says, with pauses of some length between."""
        end = time.monotonic() + self.scale.seconds
        while time.monotonic() < end:
            say(f"{self.name}: {end - time.monotonic():.0f} s to go, {len(self.load.accepted)} of {self.wanted} e-mails published")
            one()
            self.faults += 1
            self.check_alive()
            time.sleep(self.chance.uniform(*pause))

    def check_alive(self):
        for worker in self.workers:
            assert worker.process.alive(), f"a worker has ended:\n{worker.log()[-5000:]}"

    def end(self, pure, flaps=False):
        """`pure`: nothing was done to the mail server or its connections, so that there is no excuse for a copy or an attempt.

        `flaps`: a dependency came and went so often that an event may have met three outages while others got through in
        between. Such a one is charged with an attempt, as if it were to blame.
        """
        self.load.join(self.scale.patience)
        say(f"{self.name}: waiting until all is done")
        wait_arrived(self.world, self.load, self.scale.patience)
        wait_done(self.world, self.scale.patience)
        for worker in self.workers:
            worker.wait_ready(60)
        return self.reckon(pure, flaps)

    def reckon(self, pure, flaps=False):
        attempts = dict(self.world.sql("SELECT attempts, count(*) FROM email_sends GROUP BY attempts"))
        found = reckon(self.name, self.world, self.load, self.tally, self.faults, **self.notes, attempts=attempts)
        found.broken += self.broken
        if len(self.load.accepted) != self.wanted:
            found.broken.append(f"only {len(self.load.accepted)} of {self.wanted} e-mails were published")
        if pure and (found.second_copies or found.counted):
            found.broken.append(f"an outage made {len(found.second_copies)} second copies, {found.counted} counted: {found.second_copies[:5]}")
        charged = sum(worker.log().count(CHARGED) for worker in self.world.workers)
        more = sum((count - 1) * events for count, events in attempts.items())
        if pure and more > (charged if flaps else 0):
            found.broken.append(f"an outage counted attempts: {attempts}, {charged} of them because others got through")
        return found


def undone(world):
    """What is left to do, as a sentence; nothing where all is done."""
    with world.nats() as nats:
        consumer = nats.api(f"CONSUMER.INFO.{STREAM}.{CONSUMER}")
    left = consumer["num_pending"] + consumer["num_ack_pending"]
    rows = outbox_left(world)
    working = world.sql("SELECT count(*) FROM email_sends WHERE status = 'sending'")[0][0]
    return f"{left} events, {rows} rows of the outbox, {working} under way" if left + rows + working else ""


def wait_done(world, timeout):
    """Until no event waits at the consumer, in whatever kind of stream, and no outbox row is due."""
    last = ["nothing was asked yet"]

    def done():
        try:
            last[0] = undone(world)
        except (OSError, NatsError) as error:
            last[0] = str(error)
        return not last[0]

    wait_until(done, timeout, lambda: f"nothing is left to do; there is: {last[0]}")



def timeline(*actions):
    """Runs [(seconds from now, action)] in their order, all in this thread: what is started by another one would end with it.

    (PR_SET_PDEATHSIG, prctl(2): the parent whose death counts is the thread that made the process.)
    """
    began = time.monotonic()
    for seconds, action in sorted(actions, key=lambda one: one[0]):
        time.sleep(max(0.0, began + seconds - time.monotonic()))
        action()
