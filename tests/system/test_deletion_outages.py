"""Crashes and outages in the middle of everything."""

import random
import time

import psycopg

from deletion_world import PERIOD
from dev_stack.process import wait_until
from world import PATIENCE


def test_smtp_that_is_down_stops_neither_a_recovery_nor_an_execution(world, deletions):
    deletions.ready_worker(RECOVERY_PERIOD="8s")
    ann, bob, cid = (deletions.user(name) for name in ("ann", "bob", "cid"))
    deletions.delete(ann, bob)
    deletions.wait_for(ann, "scheduled")
    deletions.wait_for(bob, "scheduled")
    world.stack.mail.kill()
    deletions.delete(cid)
    deletions.recover(user_id=bob)
    deletions.wait_for(bob, "cancelled")
    deletions.wait_for(ann, "executed")
    assert deletions.status(cid) == "queued"
    assert deletions.row(cid)["mail_attempts"] == 0
    world.stack.mail.start()
    deletions.wait_for(cid, "scheduled", 60)


def test_workers_that_are_killed_at_random_lose_nothing_and_do_nothing_twice(world, deletions):
    # A mail that two kills cut off in its content has the slots of a day.
    limit = {"DELETION_DAILY_LIMIT": "1000", "RECOVERY_PERIOD": "6s", "RECOVERY_EMAIL_DAILY_LIMIT": "10"}
    workers = [deletions.worker(**limit, STATE_DIR=str(world.stack.folder / f"state-{place}")) for place in range(3)]
    for worker in workers:
        worker.wait_ready()
    users = [deletions.user(f"user{number}") for number in range(30)]
    kept = users[::5]
    deletions.delete(*users)
    end = time.monotonic() + 12
    while time.monotonic() < end:
        time.sleep(random.uniform(0.2, 1.2))
        place = random.randrange(3)
        workers[place].kill()
        workers[place] = deletions.worker(**limit, STATE_DIR=str(world.stack.folder / f"state-{place}"))
    for user in kept:
        deletions.recover(user_id=user, event_id=f"keep-{user}")

    def ended():
        return all(deletions.status(user) in ("executed", "cancelled") for user in users)

    wait_until(ended, 120, lambda: world.situation(f"all end: {[deletions.status(user) for user in users]}"))
    for user in users:
        row = deletions.row(user)
        assert deletions.is_deleted(user) == (row["status"] == "executed")
        assert deletions.actions(user).count("deletion.executed") == (row["status"] == "executed")
        assert len(deletions.mails_to(world.sql("SELECT email FROM users WHERE id::text = %s", user)[0][0])) >= 1
    early = world.sql("SELECT count(*) FROM user_deletions WHERE executed_at < recovery_sent_at + interval '6 seconds'")
    assert early[0][0] == 0
    slots = world.sql("SELECT count(*), count(DISTINCT holder) FROM daily_slots WHERE kind = 'execution'")[0]
    assert slots[0] == slots[1] == sum(deletions.is_deleted(user) for user in users)


def test_nats_that_is_down_keeps_what_is_due_from_being_executed(world, deletions):
    worker = deletions.ready_worker()
    ann = deletions.user("ann")
    deletions.delete(ann)
    deletions.wait_for(ann, "scheduled")
    world.stack.nats.kill()
    time.sleep(PERIOD + 2)
    assert deletions.status(ann) == "scheduled"
    worker.wait_not_ready("nats")
    world.stack.nats.start()
    deletions.wait_for(ann, "executed", 60)


def test_postgres_that_restarts_costs_nothing(world, deletions):
    deletions.ready_worker()
    ann = deletions.user("ann")
    deletions.delete(ann)
    deletions.wait_for(ann, "scheduled")
    world.stack.postgres.kill()
    time.sleep(1)
    world.stack.postgres.start()
    deletions.wait_for(ann, "executed", 60)
    assert len(deletions.mails_to("ann@example.test")) == 1


def test_an_orderly_stop_ends_what_is_under_way(world, deletions):
    worker = deletions.ready_worker(RECOVERY_PERIOD="24h")
    users = [deletions.user(f"user{number}") for number in range(20)]
    deletions.delete(*users)
    wait_until(lambda: world.mails(), PATIENCE, "the first mail arrives")
    assert worker.terminate() == 0
    sent = world.sql("SELECT count(*) FROM email_sends WHERE status = 'sent'")[0][0]
    assert sent == len(world.mails())
    assert world.sql("SELECT count(*) FROM email_sends WHERE status = 'sending'")[0][0] == 0
    deletions.ready_worker(RECOVERY_PERIOD="24h")
    for user in users:
        deletions.wait_for(user, "scheduled")
    assert len(world.mails()) == 20


def test_an_account_that_the_product_has_locked_keeps_no_other(world, deletions):
    worker = deletions.ready_worker()
    ann, bob = deletions.user("ann"), deletions.user("bob")
    with psycopg.connect(world.stack.postgres.url()) as theirs:
        deletions.delete(ann)
        deletions.wait_for(ann, "scheduled")
        theirs.execute("SELECT FROM users WHERE id::text = %s FOR UPDATE", [ann])
        deletions.delete(bob)
        deletions.wait_for(bob, "executed", 60)
        wait_until(lambda: worker.metric("chatear_deletions_blocked") == 1, PATIENCE, "the metric says so")
        assert deletions.status(ann) == "scheduled" and not deletions.is_deleted(ann)
        assert "a due deletion cannot be executed now" in worker.log()
        theirs.rollback()
    deletions.wait_for(ann, "executed", 60)
    assert deletions.executions_today() == 2
    wait_until(lambda: worker.metric("chatear_deletions_blocked") == 0, PATIENCE, "the metric says so")
