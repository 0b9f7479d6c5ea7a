"""An outage is no failure of an event: work waits, says so, and goes on; nothing is counted or lost."""

import pytest

from world import PATIENCE, mail_event

# Server, and its name in /readyz.
SERVERS = {"postgres": "postgres", "nats": "nats", "redis": "redis", "mail": "smtp"}


def attempts(world):
    return dict(world.sql("SELECT event_id, attempts FROM email_sends"))


def with_limits(world):
    """Redis is asked only where there is a limit."""
    world.settings["EMAIL_RATE_PER_RECIPIENT"] = "1000/1m"


def all_sent_without_a_counted_attempt(world, count):
    world.wait_for_mails(count, 2 * PATIENCE)
    world.wait_settled(2 * PATIENCE)
    assert len(world.mails()) == count
    assert world.dead_letters() == []
    assert len(set(attempts(world).values())) == 1, attempts(world)


@pytest.mark.parametrize("server", SERVERS)
def test_a_server_that_is_not_there_at_the_start_is_waited_for(world, server):
    with_limits(world)
    missing = getattr(world.stack, server)
    missing.stop()
    worker = world.worker()
    worker.wait_not_ready(SERVERS[server])
    assert worker.get("/healthz")[0] == 200
    start = 'chatear_dependency_up{dependency="start"} '
    assert server != "postgres" or start + "0" in worker.get("/metrics")[1]
    missing.start()
    worker.wait_ready()
    assert start + "1" in worker.get("/metrics")[1]
    world.publish(mail_event())
    all_sent_without_a_counted_attempt(world, 1)


@pytest.mark.parametrize("server", SERVERS)
def test_a_server_that_is_killed_is_waited_for(world, server):
    with_limits(world)
    worker = world.ready_worker()
    world.publish(mail_event(1))
    world.wait_for_mails(1)
    world.wait_settled()
    killed = getattr(world.stack, server)
    killed.kill()
    if server != "nats":
        world.publish(*[mail_event(number) for number in range(2, 12)])
    worker.wait_not_ready(SERVERS[server])
    killed.start()
    if server == "nats":
        world.publish(*[mail_event(number) for number in range(2, 12)])
    all_sent_without_a_counted_attempt(world, 11)
    worker.wait_ready()


@pytest.mark.parametrize("server", SERVERS)
def test_a_server_that_stands_still_is_waited_for(world, server):
    with_limits(world)
    worker = world.ready_worker()
    world.publish(mail_event(1))
    world.wait_for_mails(1)
    world.wait_settled()
    frozen = getattr(world.stack, server)
    frozen.freeze()
    if server != "nats":
        world.publish(mail_event(2))
    if server != "mail":  # RFC 5321, 4.5.3.2 gives a mail server minutes for each answer.
        worker.wait_not_ready(SERVERS[server], 60)
    frozen.thaw()
    if server == "nats":
        world.publish(mail_event(2))
    all_sent_without_a_counted_attempt(world, 2)
    worker.wait_ready()


def test_without_redis_a_limited_mail_is_not_sent(world):
    with_limits(world)
    worker = world.ready_worker()
    world.stack.redis.kill()
    world.publish(mail_event())
    worker.wait_not_ready("redis")
    assert world.mails() == []
