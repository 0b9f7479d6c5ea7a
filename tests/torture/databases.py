"""PostgreSQL and Redis that run and do not do as they are asked: connections ended and refused, nothing written, memory full, old data.

All of it is an outage or nothing at all: no copy, no attempt, and no account too many.
"""

import contextlib
import shutil
import time

import psycopg
import redis

from deletion_world import Deletions
from dev_stack.process import wait_until
from scenario import Scenario
from under_load import UnderLoad

ROLE = "worker"  # No superuser: those pass every limit on connections.


def url_of_a_role(world):
    """The database's URL for a role that may make tables there and is limited like everybody else."""
    world.sql(f"CREATE ROLE {ROLE} LOGIN")
    world.sql(f"ALTER DATABASE chatear OWNER TO {ROLE}")
    return world.stack.postgres.url().replace("chatear@", f"{ROLE}@")


def end_connections(world):
    """How many there were."""
    return world.sql("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = %s", ROLE)[0][0]


def postgres_ends_connections(world, scale):
    """All of ours, again and again, whatever they are doing."""
    under = UnderLoad(world, "postgres-ends-connections", scale, DATABASE_URL=url_of_a_role(world))
    ended = []
    under.harm(lambda: ended.append(end_connections(world)), (0.02, scale.longest_pause))
    under.notes.update(ended=sum(ended))
    return under.end(pure=True, flaps=True)


def postgres_refuses_connections(world, scale):
    """"Too many connections": for the role, then on the whole server, whose places others hold."""
    under = UnderLoad(world, "postgres-refuses-connections", scale, DATABASE_URL=url_of_a_role(world))

    def limit_of_the_role():
        world.sql(f"ALTER ROLE {ROLE} CONNECTION LIMIT 0")
        end_connections(world)
        time.sleep(under.chance.uniform(0.1, scale.longest))
        world.sql(f"ALTER ROLE {ROLE} CONNECTION LIMIT -1")

    def others_hold_all_places():
        with contextlib.ExitStack() as held:
            with contextlib.suppress(psycopg.OperationalError):
                while True:
                    end_connections(world)
                    held.enter_context(psycopg.connect(world.stack.postgres.url(), autocommit=True))
                    held.enter_context(psycopg.connect(world.stack.postgres.url(), autocommit=True))
            time.sleep(under.chance.uniform(0.1, scale.longest))

    under.harm(lambda: under.chance.choice((limit_of_the_role, others_hold_all_places))(), (0.1, scale.longest_pause))
    return under.end(pure=True, flaps=True)


def postgres_is_read_only(world, scale):
    """As a primary that was demoted, or one that is protected from a full disk: it answers, and writes nothing."""
    under = UnderLoad(world, "postgres-is-read-only", scale)

    def one():
        try:
            set_read_only(world, "on")
            time.sleep(under.chance.uniform(0.2, scale.longest))
        finally:
            set_read_only(world, "off")

    under.harm(one, (0.1, scale.longest_pause))
    return under.end(pure=True, flaps=True)


def set_read_only(world, how):
    world.sql(f"ALTER SYSTEM SET default_transaction_read_only = {how}")
    world.sql("SELECT pg_reload_conf()")


def redis_refuses(world, scale):
    """Out of memory, or a replica: every script that writes is refused."""
    under = UnderLoad(world, "redis-refuses", scale)
    client = redis.Redis(port=world.stack.redis.port)

    def one():
        if under.chance.random() < 0.5:
            client.config_set("maxmemory", 1)
            time.sleep(under.chance.uniform(0.1, scale.longest))
            client.config_set("maxmemory", 0)
        else:
            client.replicaof("127.0.0.1", "1")  # Nobody is there.
            time.sleep(under.chance.uniform(0.1, scale.longest))
            client.replicaof("NO", "ONE")

    under.harm(one, (0.1, scale.longest_pause))
    client.close()
    return under.end(pure=True, flaps=True)


def put_back(server, copy):
    """Redis with the data that it had some time ago."""
    server.kill()
    shutil.rmtree(server.folder / "appendonlydir")
    shutil.copytree(copy, server.folder / "appendonlydir")
    server.start()


def redis_from_an_older_copy(world, scale):
    """Counts go back, again and again: mails go on, and no more accounts go than the day's limit, which PostgreSQL knows.

    Scheduled are more deletions than the day has places; three workers execute what they may.
    """
    deletions = Deletions(world)
    day = {"DELETION_DAILY_LIMIT": "10", "RECOVERY_PERIOD": "24h"}
    due_deletions(world, deletions, 14, **day)
    world.stack.redis.stop()
    copy = world.stack.redis.folder / "older"
    shutil.copytree(world.stack.redis.folder / "appendonlydir", copy)
    world.stack.redis.start()
    under = UnderLoad(world, "redis-from-an-older-copy", scale)
    for _ in range(3):
        under.workers.append(deletions.worker(**day))
    under.harm(lambda: put_back(world.stack.redis, copy), (0.1, scale.longest_pause))
    wait_until(lambda: executed(world) >= 10, 60, lambda: f"10 are executed, not {executed(world)}")
    put_back(world.stack.redis, copy)
    fresh = deletions.ready_worker(**day)  # It looks at once for what is due, and Redis lets it.
    fresh.wait(lambda: "the day's limit of deletions is reached" in fresh.log(), 30, "finds that the limit is reached")
    found = under.end(pure=True, flaps=True)
    found.notes.update(executed=executed(world))
    if executed(world) != 10:
        found.broken.append(f"{executed(world)} accounts were deleted on a day of 10")
    return found


def due_deletions(world, deletions, count, **environment):
    """So many deletions whose recovery mail was sent yesterday, and no worker."""
    worker = deletions.ready_worker(**environment)
    users = [deletions.user(f"user{number:02}") for number in range(count)]
    deletions.delete(*users)
    wait_until(lambda: world.sql("SELECT count(*) FROM user_deletions WHERE status = 'scheduled'")[0][0] == count, 60,
               f"{count} deletions are scheduled")
    worker.terminate()
    world.sql("UPDATE user_deletions SET recovery_sent_at = recovery_sent_at - interval '25 hours', "
              "scheduled_at = scheduled_at - interval '25 hours'")


def executed(world):
    return world.sql("SELECT count(*) FROM user_deletions WHERE status = 'executed'")[0][0]


SHORT = {"workers": 2, "seed": 1, "ack_wait": 4, "mails": 150, "a_second": 40, "seconds": 4, "longest": 0.8, "longest_pause": 0.5, "patience": 60}
LONG = {"workers": 3, "seed": 1, "mails": 3000, "a_second": 30, "seconds": 100, "longest": 15, "longest_pause": 4, "patience": 120}
SCENARIOS = [
    Scenario("postgres-ends-connections", postgres_ends_connections,
             short={**SHORT, "longest_pause": 0.2}, long={**LONG, "longest_pause": 1}),
    Scenario("postgres-refuses-connections", postgres_refuses_connections, short=None, long=LONG),
    Scenario("postgres-is-read-only", postgres_is_read_only, short=SHORT, long=LONG),
    Scenario("redis-refuses", redis_refuses, short=SHORT, long=LONG),
    Scenario("redis-from-an-older-copy", redis_from_an_older_copy, short=SHORT, long=LONG),
]
