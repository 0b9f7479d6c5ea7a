"""Both workers under a mixed load and troubles; what they hold is looked at all the while, and the sums are made in the end."""

import contextlib
import dataclasses
import json
import pathlib
import shutil
import tempfile
import time

import shared_code  # noqa: F401 (finds the others)
from balance import balance
from deletion_world import SHORT
from dev_stack.places import free_port
from growth import Slack, judge
from links import Links
from samples import STREAMS, WAITING, Sampler, Servers, Watched
from traffic import Accounts, Emails
from troubles import Troubles
from world import World

WORKERS = ("notification-worker", "user-delete-worker")
SETTINGS = {
    "LOG_LEVEL": "info", "EMAIL_RATE_PER_RECIPIENT": "1000/1m", "DELETION_DAILY_LIMIT": "1000000", "RETRY_MAX_ATTEMPTS": "4", **SHORT}
# What each series may be more in the last quarter than before (growth.py); None: shown, not judged.
SLACKS = {
    # Of pages that are shared with other processes a share is counted in pss_kib, so that it changes with these: shown, not judged.
    "rss_kib": Slack(4096, 0.10), "anonymous_kib": Slack(4096, 0.10), "pss_kib": None,
    "descriptors": Slack(4), "threads": Slack(1),
    # A server that is away, or a burst that comes after it, opens and closes some.
    **dict.fromkeys(("connections to postgres", "connections to nats", "connections to redis"), Slack(2)),
    "connections to mail": Slack(8),  # As many as the load asks for, up to SMTP_CONNECTIONS.
    **{f"PostgreSQL's backends of {name}": Slack(2) for name in WORKERS}, "Redis' clients": Slack(3), "NATS' connections": Slack(1),
    "rows of workers": Slack(1),
    # They follow the load, and a busy machine gets behind. That they are 0 in the end is what is asked of them.
    **dict.fromkeys(("in hand", "bytes in hand", *WAITING, *(f"waiting in {name}" for name in STREAMS))),
}
SANITIZED = ("asan",)  # Its allocator keeps what was freed: a quarantine is no leak.


@contextlib.contextmanager
def soaked_world(preset):
    """Servers that run, and no worker yet; all of it ends with us."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="chatear-soak-"))
    folder.chmod(0o755)  # PostgreSQL may run as another user.
    world = World(folder, preset)
    try:
        yield world
    finally:
        world.close()
        shutil.rmtree(folder, ignore_errors=True)


def start_workers(world, links, period):
    """One of each kind, every one behind links of its own."""
    watched = []
    for name in WORKERS:
        own = {server.name: links.to(server.port) for server in world.stack.servers}
        http, page = (f"127.0.0.1:{free_port()}" for _ in range(2))
        ports = {name: link.port for name, link in own.items()}
        environment = {
            **SETTINGS, "RECOVERY_PERIOD": f"{period}s", "HTTP_LISTEN": http, "RECOVERY_LISTEN": page, "SMTP_PORT": str(ports["mail"]),
            "NATS_URL": f"nats://127.0.0.1:{ports['nats']}", "REDIS_URL": f"redis://127.0.0.1:{ports['redis']}/0",
            "DATABASE_URL": f"postgres://chatear@127.0.0.1:{ports['postgres']}/chatear"}
        worker = world.worker(name, **environment)
        worker.wait_ready(60)
        watched.append(Watched(name, worker.process, own, http))
    return watched, page


@dataclasses.dataclass
class Soaked:
    """What was done, and what came of it."""

    sampler: Sampler
    emails: Emails
    accounts: Accounts
    troubles: Troubles
    seconds_until_at_rest: float | None = None
    counted: float = 0  # Second copies, by the workers themselves.

    def events(self):
        return self.emails.accepted() + len(self.accounts.accounts)

    def check(self):
        failures = [failure for failure in (self.emails.failure, self.accounts.failure, self.sampler.trouble) if failure]
        if failures:
            raise RuntimeError(failures[0])


def soak(world, seconds, rate, every, period):
    monitor = free_port()
    world.stack.nats.extra = f'http: "127.0.0.1:{monitor}"\n'
    world.stack.start()
    links = Links()
    workers, page = start_workers(world, links, period)
    soaked = Soaked(
        Sampler(workers, Servers(world.stack, monitor), every).start(), Emails(world.stack.nats.port, rate).start(),
        Accounts(world.stack, page, rate / 20).start(), Troubles(world.stack, workers))
    soaked.troubles.run(seconds, max(2.0, seconds / 40), soaked.check)
    for traffic in (soaked.emails, soaked.accounts):
        traffic.stop()
    soaked.sampler.stop()
    soaked.check()
    soaked.seconds_until_at_rest = seconds_until_at_rest(soaked.sampler.servers, period + 60)
    soaked.counted = sum(worker.look_at("chatear_possible_duplicates_total") for worker in workers)
    links.close()
    return soaked


def seconds_until_at_rest(servers, patience):
    """None where something is left and has not become less for so long; balance.py says what. A busy machine only takes longer."""
    names = (*WAITING, *(f"waiting in {name}" for name in STREAMS))
    began = time.monotonic()
    before, end = None, began + patience
    while time.monotonic() < end:
        sample = servers.look()
        left = [sample.get(name) for name in names]
        if not any(left) and None not in left:
            return round(time.monotonic() - began, 1)
        if left != before:
            before, end = left, time.monotonic() + patience
        time.sleep(0.2)
    return None


def judged(sampler, preset):
    found = []
    for name in sampler.names():
        slack = SLACKS[name.rpartition(": ")[2]]
        if preset in SANITIZED and name.endswith("_kib"):
            slack = None
        points = sampler.series(name)
        if any(value is not None for _, value in points):  # Else only root may look at it.
            found.append(judge(name, points, slack))
    return found


def run(preset, seconds, rate=50, every=2.0, period=None, samples=None):
    """The whole of it; a result as --json prints it. `complaints` is empty where all is well."""
    period = period or (15 if seconds >= 120 else 4)
    with soaked_world(preset) as world:
        soaked = soak(world, seconds, rate, every, period)
        weighed = balance(world, soaked)
    growths = judged(soaked.sampler, preset)
    if samples:
        pathlib.Path(samples).write_text(json.dumps([{"at": at, **sample} for at, sample in soaked.sampler.samples]))
    memory = [growth for growth in growths if growth.name.endswith("anonymous_kib") and growth.allowed]
    return {
        "seconds": seconds, "rate": rate, "samples": len(soaked.sampler.samples), "events": soaked.events(), "troubles": soaked.troubles.counts,
        "seconds until at rest": soaked.seconds_until_at_rest, "sums": weighed.notes,
        "smallest leak found, bytes an event": {
            growth.name.partition(":")[0]: round(1024 * growth.smallest_leak(soaked.events())) for growth in memory},
        "series": {growth.name: {"medians": growth.medians, "most": growth.most, "allowed": growth.allowed, "grows": growth.grown}
                   for growth in growths},
        "complaints": [*filter(None, (growth.complaint() for growth in growths)), *weighed.broken],
    }
