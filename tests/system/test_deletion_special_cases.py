"""Each special case of account deletion, by its name in the table of docs/deletion.md."""

import time

from deletion_world import PERIOD
from dev_stack.process import wait_until
from world import PATIENCE

# In these seconds that stand for 24 hours the first mail and those after a change are of one day.
MAILS = {"RECOVERY_EMAIL_DAILY_LIMIT": "10"}


def test_an_address_that_changed_before_the_mail_is_read_at_each_send(world, deletions):
    world.stack.mail.kill()
    worker = deletions.worker(RECOVERY_PERIOD="24h")
    worker.wait(lambda: '"message":"ready"' in worker.log(), PATIENCE, "is ready but for the mail server")
    ann = deletions.user("ann")
    deletions.delete(ann)
    deletions.wait_for(ann, "queued")
    time.sleep(1)
    world.sql("UPDATE users SET email = 'new@example.test'")
    world.stack.mail.start()
    deletions.wait_for(ann, "scheduled", 60)
    assert deletions.mails_to("new@example.test") and not deletions.mails_to("ann@example.test")


def test_an_address_that_changed_after_acceptance_begins_anew_and_both_are_told(world, deletions):
    deletions.ready_worker(**MAILS)
    ann = deletions.user("ann")
    deletions.delete(ann)
    first = deletions.wait_for(ann, "scheduled")
    world.sql("UPDATE users SET email = 'new@example.test'")
    deletions.wait_for_mail("new@example.test")
    deletions.wait_for_mail("ann@example.test", 2)
    executed = deletions.wait_for(ann, "executed", 60)
    assert executed["recovery_sent_at"] > first["scheduled_at"]
    assert deletions.actions(ann).count("deletion.address_changed") == 1
    assert len(deletions.mails_to("new@example.test")) == 1


def test_a_second_change_of_address_is_held(world, deletions):
    deletions.ready_worker(**MAILS)
    ann = deletions.user("ann")
    deletions.delete(ann)
    deletions.wait_for(ann, "scheduled")
    world.sql("UPDATE users SET email = 'new@example.test'")
    deletions.wait_for_mail("new@example.test")
    deletions.wait_for(ann, "scheduled")
    world.sql("UPDATE users SET email = 'newer@example.test'")
    assert "second time" in deletions.wait_for(ann, "held")["held_reason"]
    assert not deletions.is_deleted(ann)


def test_without_an_address_or_with_one_that_is_none_it_is_held(world, deletions):
    deletions.ready_worker()
    ann, bob = deletions.user("ann", email=None), deletions.user("bob", email="bob at example")
    deletions.delete(ann, bob)
    deletions.wait_for(ann, "held")
    deletions.wait_for(bob, "held")
    assert "deletion.held" in deletions.actions(ann)


def test_a_user_that_is_gone_before_the_execution_fails_and_takes_no_slot(world, deletions):
    deletions.ready_worker()
    ann = deletions.user("ann")
    deletions.delete(ann)
    deletions.wait_for(ann, "scheduled")
    world.sql("DELETE FROM users")
    deletions.wait_for(ann, "failed")
    assert deletions.executions_today() == 0
    assert "deletion.failed" in deletions.actions()


def test_an_unknown_user_is_a_dead_letter_that_a_replay_may_act_on(world, deletions):
    deletions.ready_worker(RECOVERY_PERIOD="24h")
    deletions.delete("00000000-0000-0000-0000-000000000001", "not a uuid")
    letters = world.wait_for_dead_letters(2)
    assert {letter[0] for letter in letters} == {"dlq.user.delete"}
    deletions.user("late", id="00000000-0000-0000-0000-000000000001")
    world.chatear("dlq", "replay", "--all")
    deletions.wait_for("00000000-0000-0000-0000-000000000001", "scheduled")


def test_addressed_to_nobody_the_clock_starts_where_the_relay_works(world, deletions):
    deletions.ready_worker()
    bob, nobody = deletions.user("bob"), deletions.user("refuse-550-5.1.1")
    deletions.delete(bob)
    deletions.wait_for(bob, "scheduled")
    deletions.delete(nobody)
    deletions.wait_for(nobody, "executed")
    assert "deletion.mail_refused" in deletions.actions(nobody)


def test_a_relay_that_refuses_everybody_starts_no_clock(world, deletions):
    deletions.ready_worker()
    users = [deletions.user("refuse-550-5.1.1"), deletions.user("refuse-550-5.7.1"), deletions.user("refuse-554")]
    deletions.delete(*users)
    for user in users:
        deletions.wait_for(user, "held")
    time.sleep(PERIOD + 1)
    assert not any(deletions.is_deleted(user) for user in users)


def test_a_recovery_that_became_a_dead_letter_holds_its_users_deletion(world, deletions):
    deletions.ready_worker(RECOVERY_PERIOD="24h")
    ann = deletions.user("ann")
    deletions.delete(ann)
    deletions.wait_for(ann, "scheduled")
    with world.nats() as nats:
        nats.publish_to_stream("dlq.user.recover", {"user_id": ann}, {"Chatear-Event-Id": "lost"})
    deletions.wait_for(ann, "held")


def test_a_recovery_that_nobody_can_read_stops_all_executions(world, deletions):
    worker = deletions.ready_worker()
    world.publish(b"{broken", subject="user.recover")
    wait_until(lambda: "executions.stopped" in deletions.actions(), PATIENCE, "executions stop")
    ann = deletions.user("ann")
    deletions.delete(ann)
    deletions.wait_for(ann, "scheduled")
    time.sleep(PERIOD + 1)
    assert deletions.status(ann) == "scheduled"
    wait_until(lambda: worker.metric("chatear_deletions_stopped") == 1, PATIENCE, "the metric says so")
