"""The daily limits: nothing is dropped, nothing is one too many, whatever Redis remembers."""

import random
import time

from dev_stack.process import wait_until
from world import PATIENCE


def scheduled(world, deletions, count, **environment):
    """So many users whose deletions are due, in this order, while no worker runs."""
    worker = deletions.ready_worker(**environment)
    users = [deletions.user(f"user{number:02}") for number in range(count)]
    deletions.delete(*users)
    for user in users:
        deletions.wait_for(user, "scheduled", 60)
    assert worker.terminate() == 0
    # As if sent a day ago, a second apart.
    for place, user in enumerate(users):
        world.sql("UPDATE user_deletions SET recovery_sent_at = recovery_sent_at - interval '25 hours' + %s * interval '1 second', "
                  "scheduled_at = scheduled_at - interval '25 hours' + %s * interval '1 second' WHERE user_id::text = %s", place, place, user)
    return users


def executed(world):
    return world.sql("SELECT count(*) FROM user_deletions WHERE status = 'executed'")[0][0]


def a_day_passes(world):
    """What was counted today was counted yesterday; the keys of Redis are of no day that comes."""
    world.sql("UPDATE daily_slots SET day = day - 1")
    world.sql("UPDATE user_deletions SET next_mail_at = now() WHERE status = 'queued'")
    redis(world).flushall()


def redis(world):
    import redis as library

    return library.Redis(port=world.stack.redis.port)


def test_over_the_limit_the_rest_keep_their_order_and_go_on_the_next_day(world, deletions):
    day = {"DELETION_DAILY_LIMIT": "3", "RECOVERY_PERIOD": "24h"}
    users = scheduled(world, deletions, 8, **day)
    for _ in range(3):
        deletions.worker(**day)
    for so_far in (3, 6, 8):
        wait_until(lambda: executed(world) == so_far, 60, lambda: world.situation(f"{so_far} are executed, not {executed(world)}"))
        time.sleep(2)
        assert executed(world) == so_far
        assert [deletions.status(user) == "executed" for user in users] == [place < so_far for place in range(8)]
        a_day_passes(world)


def test_a_redis_that_is_flushed_and_restarted_empty_lets_no_more_through(world, deletions):
    day = {"DELETION_DAILY_LIMIT": "10", "RECOVERY_PERIOD": "24h"}
    scheduled(world, deletions, 16, **day)
    for _ in range(3):
        deletions.worker(**day)
    for _ in range(6):
        time.sleep(random.uniform(0, 0.3))
        redis(world).flushall()
    world.stack.redis.kill()
    (world.stack.redis.folder / "appendonlydir").rename(world.stack.redis.folder / "gone")
    world.stack.redis.start()
    wait_until(lambda: executed(world) == 10, 60, lambda: world.situation(f"10 are executed, not {executed(world)}"))
    redis(world).flushall()
    time.sleep(3)
    assert executed(world) == deletions.executions_today() == 10


def test_another_system_that_counts_in_the_same_key_is_respected(world, deletions):
    day = {"RECOVERY_PERIOD": "24h"}
    scheduled(world, deletions, 4, **day)
    [[today]] = world.sql("SELECT (now() AT TIME ZONE 'utc')::date::text")
    key = f"global:deletion:count:{today}"
    redis(world).set(key, 8)
    worker = deletions.worker(**day)
    wait_until(lambda: "the day's limit of deletions is reached" in worker.log(), 60, "the limit is reached")
    assert executed(world) == 2
    assert int(redis(world).get(key)) == 10


def test_without_redis_nobody_is_deleted_and_no_mail_leaves(world, deletions):
    day = {"RECOVERY_PERIOD": "24h"}
    users = scheduled(world, deletions, 1, **day)
    world.stack.redis.kill()
    worker = deletions.worker(**day)
    bob = deletions.user("bob")
    deletions.delete(bob)
    deletions.wait_for(bob, "queued")
    worker.wait_not_ready("redis")
    time.sleep(3)
    assert deletions.status(users[0]) == "scheduled" and deletions.status(bob) == "queued"
    assert not deletions.mails_to("bob@example.test")
    world.stack.redis.start()
    deletions.wait_for(users[0], "executed", 60)
    deletions.wait_for(bob, "scheduled", 60)


def test_two_recovery_mails_a_user_and_day_and_the_third_waits(world, deletions):
    deletions.ready_worker(RECOVERY_PERIOD="24h")
    ann = deletions.user("ann")
    for number in (1, 2):
        deletions.delete(ann, event_id=f"delete-{number}")
        deletions.wait_for(ann, "scheduled")
        deletions.recover(user_id=ann, event_id=f"recover-{number}")
        deletions.wait_for(ann, "cancelled")
    deletions.delete(ann, event_id="delete-3")
    wait_until(lambda: "deletion.mail_limited" in deletions.actions(ann), PATIENCE, "the third waits")
    redis(world).flushall()
    world.sql("UPDATE user_deletions SET next_mail_at = now() WHERE status = 'queued'")
    wait_until(lambda: deletions.actions(ann).count("deletion.mail_limited") == 2, PATIENCE, "it waits again")
    [[midnight]] = world.sql("SELECT next_mail_at = date_trunc('day', now() AT TIME ZONE 'utc') AT TIME ZONE 'utc' + interval '1 day' "
                             "FROM user_deletions WHERE status = 'queued'")
    assert midnight
    assert len(deletions.mails_to("ann@example.test")) == 2
    a_day_passes(world)
    deletions.wait_for(ann, "scheduled")
    assert len(deletions.mails_to("ann@example.test")) == 3
