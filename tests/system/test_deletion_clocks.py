"""Clocks that are wrong: of machines, of the database, and one that jumps (libfaketime)."""

import time

import pytest

from deletion_world import Page
from dev_stack.process import wait_until
from fake_clock import faketime, missing, new_clock, restart_with_clock, set_clock
from world import PATIENCE


@pytest.fixture
def database_clock(world):
    """What the database's clock is ahead of everybody's: a file to be written."""
    if missing():
        pytest.skip(missing())
    file = new_clock(world)
    restart_with_clock(world.stack.postgres, file)
    return file


def database_is_ahead(world):
    return world.sql("SELECT extract(epoch FROM clock_timestamp())")[0][0] - int(time.time())


def test_machines_whose_clocks_differ_by_hours(world, database_clock, deletions):
    set_clock(database_clock, "-3h")
    wait_until(lambda: database_is_ahead(world) < -10_000, PATIENCE, "the database's clock is behind")
    for ahead in ("-7h", "+0", "+5h"):
        deletions.ready_worker(DELETION_DAILY_LIMIT="100", **faketime(ahead))
    users = [deletions.user(f"user{number}") for number in range(12)]
    kept = users[:4]
    deletions.delete(*users)
    for user in kept:
        deletions.wait_for(user, "scheduled")
        deletions.recover(user_id=user)
    for user in users:
        deletions.wait_for(user, "cancelled" if user in kept else "executed", 60)
    early = world.sql("SELECT count(*) FROM user_deletions WHERE executed_at < recovery_sent_at + interval '3 seconds'")
    assert early[0][0] == 0


def test_a_request_after_a_recovery_is_told_from_one_before_it_though_nats_and_the_database_differ(world, database_clock, deletions):
    set_clock(database_clock, "-3h")
    wait_until(lambda: database_is_ahead(world) < -10_000, PATIENCE, "the database's clock is behind")
    worker = deletions.ready_worker(RECOVERY_PERIOD="24h", RECOVERY_EMAIL_DAILY_LIMIT="10")
    ann = deletions.user("ann")
    deletions.delete(ann, event_id="first")
    token = deletions.token(deletions.wait_for_mail("ann@example.test"))
    first = world.sql("SELECT to_char(published_at AT TIME ZONE 'utc', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') FROM deletion_requests")[0][0]
    assert "will not be deleted" in Page(worker).post(token)[1]
    deletions.wait_for(ann, "cancelled")
    deletions.delete(ann, headers={"Chatear-Event-Id": "copy", "Chatear-Published-At": first})
    wait_until(lambda: "deletion.superseded" in deletions.actions(ann), PATIENCE, "the copy is superseded")
    time.sleep(1)  # More than the comparison of the clocks is unsure.
    deletions.delete(ann, event_id="second")
    deletions.wait_for(ann, "scheduled")
    assert world.sql("SELECT count(*) FROM user_deletions")[0][0] == 2


def test_a_database_clock_that_jumps_ahead_deletes_nobody(world, database_clock, deletions):
    workers = [deletions.ready_worker(RECOVERY_PERIOD="24h") for _ in range(2)]
    ann = deletions.user("ann")
    deletions.delete(ann)
    deletions.wait_for(ann, "scheduled")
    set_clock(database_clock, "+25h")
    wait_until(lambda: database_is_ahead(world) > 80_000, PATIENCE, "the database's clock is ahead")
    wait_until(lambda: "executions.stopped" in deletions.actions(), PATIENCE,
               lambda: world.situation(f"executions stop: {deletions.actions()}"))
    time.sleep(3)
    assert deletions.status(ann) == "scheduled" and not deletions.is_deleted(ann)
    assert deletions.actions().count("executions.stopped") == 1
    wait_until(lambda: any(worker.metric("chatear_deletions_stopped") == 1 for worker in workers), PATIENCE, "the metric says so")
