"""The whole life of a deletion, with seconds that stand for 24 hours."""

import datetime
import json
import re
import time

from deletion_world import PERIOD, Page, text_of
from dev_stack.places import CHECKOUT
from dev_stack.process import wait_until
from world import PATIENCE


def moment(text):
    return datetime.datetime.fromisoformat(text)


def test_an_account_is_deleted_after_its_recovery_period(world, deletions):
    worker = deletions.ready_worker()
    world.ready_worker()
    ann = deletions.user("ann", name="Ann")
    bob = deletions.user("bob")
    deletions.delete(ann, event_id="delete-ann")
    mail = deletions.wait_for_mail("ann@example.test")
    assert mail["Subject"] == "Your Chatear account will be deleted"
    assert "Hello Ann," in text_of(mail)
    assert "UTC" in text_of(mail)
    scheduled = deletions.wait_for(ann, "scheduled")
    sent = world.sql("SELECT sent_at, status, kept FROM email_sends WHERE event_id = %s", scheduled["id"] + ".1")[0]
    assert moment(scheduled["recovery_sent_at"]) == sent[0]
    assert sent[1:] == ("sent", True)
    assert moment(scheduled["scheduled_at"]) - sent[0] == datetime.timedelta(seconds=PERIOD)
    executed = deletions.wait_for(ann, "executed")
    assert moment(executed["executed_at"]) >= moment(scheduled["scheduled_at"])
    [[deleted_at]] = world.sql("SELECT deleted_at FROM users WHERE id::text = %s", ann)
    assert deleted_at == moment(executed["executed_at"])
    assert deletions.is_deleted(ann) and not deletions.is_deleted(bob)
    goodbye = deletions.wait_for_mail("ann@example.test", 2)
    assert goodbye["Subject"] == "Your Chatear account is deleted"
    assert deletions.actions(ann) == ["deletion.requested", "deletion.mail_accepted", "deletion.executed"]
    wait_until(lambda: deletions.told("user.deleted") == [executed["id"]], PATIENCE, "user.deleted is told once")
    for subject in ("user.deletion.requested", "user.deletion.scheduled"):
        assert deletions.told(subject) == [executed["id"]]
    assert worker.metric("chatear_deletions_total") >= 3
    explained = (CHECKOUT / "docs/operations.md").read_text()
    shown = re.findall(r"^# HELP (\S+)", worker.get("/metrics")[1], re.MULTILINE)
    assert [name for name in shown if f"`{name}`" not in explained] == []
    assert worker.terminate() == 0


def test_the_mail_is_in_the_users_language_and_says_the_time_where_the_user_lives(world, deletions):
    deletions.ready_worker(RECOVERY_PERIOD="24h")
    ana = deletions.user("ana", name="Ana", locale="pt-BR", time_zone="America/Sao_Paulo")
    deletions.delete(ana)
    mail = deletions.wait_for_mail("ana@example.test")
    assert mail["Subject"] == "Sua conta do Chatear será excluída"
    due = moment(deletions.wait_for(ana, "scheduled")["scheduled_at"]).astimezone(datetime.timezone.utc)
    said = {due - datetime.timedelta(minutes=early) for early in (0, 1)}  # The mail was composed a moment before.
    assert any(f"{at:%Y-%m-%d %H:%M} UTC ({at - datetime.timedelta(hours=3):%Y-%m-%d %H:%M}, America/Sao_Paulo)" in text_of(mail)
               for at in said)


def test_nobody_is_deleted_before_24_hours_unless_it_is_development(world, deletions):
    refused = deletions.worker(DEVELOPMENT=None)
    assert refused.ended() == 2
    assert "RECOVERY_PERIOD" in refused.log()
    unset = deletions.worker(DEVELOPMENT=None, RECOVERY_PERIOD=None, RECOVERY_URL=None)
    assert unset.ended() == 2
    assert "RECOVERY_URL" in unset.log()


def test_a_longer_recovery_period_puts_off_what_is_scheduled(world, deletions):
    worker = deletions.ready_worker()
    ann = deletions.user("ann")
    deletions.delete(ann)
    deletions.wait_for(ann, "scheduled")
    worker.kill()
    deletions.ready_worker(RECOVERY_PERIOD=f"{PERIOD + 20}s")
    wait_until(lambda: "deletion.put_off" in deletions.actions(ann), PATIENCE,
               lambda: world.situation(f"it is put off: {deletions.row(ann)}"))
    executed = deletions.wait_for(ann, "executed", 60)
    assert deletions.actions(ann).count("deletion.put_off") == 1
    early = world.sql("SELECT executed_at - recovery_sent_at < %s * interval '1 second' FROM user_deletions", PERIOD + 20)
    assert early == [(False,)], executed


def test_a_worker_names_the_tables_that_it_lacks(world, deletions):
    world.sql("DROP TABLE recovery_tokens, daily_slots")
    worker = deletions.worker(MIGRATE="false")
    assert worker.ended() == 1
    assert "recovery_tokens" in worker.log() and "daily_slots" in worker.log()


def test_a_second_request_changes_nothing_and_stands_in_the_audit_log(world, deletions):
    deletions.ready_worker(RECOVERY_PERIOD="24h")
    ann = deletions.user()
    deletions.delete(ann, event_id="first")
    deletions.wait_for(ann, "scheduled")
    deletions.delete(ann, event_id="second")
    wait_until(lambda: "deletion.requested_again" in deletions.actions(ann), PATIENCE, "it is audited")
    deletions.delete(ann, event_id="first")
    wait_until(lambda: world.sql("SELECT count(*) FROM event_ledger WHERE status = 'done'")[0][0] == 2, PATIENCE, "both are done")
    assert world.sql("SELECT count(*) FROM user_deletions")[0][0] == 1
    assert len(deletions.mails_to("ann@example.test")) == 1


def test_three_instances_work_side_by_side(world, deletions):
    workers = [deletions.worker(DELETION_DAILY_LIMIT="1000") for _ in range(3)]
    for worker in workers:
        worker.wait_ready()
    users = [deletions.user(f"user{number}") for number in range(40)]
    deletions.delete(*users)
    for user in users:
        deletions.wait_for(user, "executed", 60)
    assert all(len(deletions.mails_to(f"user{number}@example.test")) == 1 for number in range(40))
    assert deletions.executions_today() == 40
    early = world.sql("SELECT count(*) FROM user_deletions WHERE executed_at < recovery_sent_at + %s * interval '1 second'", PERIOD)
    assert early[0][0] == 0
    assert [deletions.actions(user).count("deletion.executed") for user in users] == [1] * 40
    wait_until(lambda: sorted(deletions.told("user.deleted")) == sorted(deletions.row(user)["id"] for user in users),
               PATIENCE, "each is told once")


def test_the_head_of_the_audit_log_is_told_once_a_day(world, deletions):
    worker = deletions.ready_worker()
    deletions.ready_worker()

    def heads():
        with world.nats() as nats:
            return [json.loads(body) for of, _, body in nats.messages("EVENTS") if of == "audit.head"]

    wait_until(heads, PATIENCE, "the head is told")
    time.sleep(1)
    assert len(heads()) == 1
    assert "the head of the audit log" in worker.log()
    assert Page(worker).address()
