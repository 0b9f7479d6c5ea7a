"""A recovery always wins: by the page, by an event, and by whatever was published in time."""

import time

from deletion_world import PERIOD, Page
from dev_stack.process import wait_until
from world import PATIENCE


def test_the_page_shows_and_recovers(world, deletions):
    worker = deletions.ready_worker(RECOVERY_PERIOD="24h")
    world.ready_worker()
    page = Page(worker)
    ann = deletions.user("ann")
    deletions.delete(ann, event_id="first")
    token = deletions.token(deletions.wait_for_mail("ann@example.test"))
    deletions.wait_for(ann, "scheduled")
    before = deletions.row(ann)
    for _ in range(3):
        status, text, headers = page.get(token)
        assert status == 200 and "Keep my account" in text
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert "noindex" in headers["X-Robots-Tag"]
    assert "<script" not in text
    assert deletions.row(ann) == before
    status, text, _ = page.post(token)
    assert status == 200 and "will not be deleted" in text
    assert deletions.wait_for(ann, "cancelled")["cancelled_at"]
    assert deletions.wait_for_mail("ann@example.test", 2)["Subject"] == "Your Chatear account stays"
    for answer in (page.get(token), page.post(token)):
        assert answer[0] == 200 and "recovered before" in answer[1]
    assert deletions.actions(ann).count("deletion.cancelled") == 1
    # A request after a recovery is a new deletion; the old link does not end it.
    deletions.delete(ann, event_id="again")
    deletions.wait_for(ann, "scheduled")
    assert "recovered before" in page.post(token)[1]
    assert deletions.status(ann) == "scheduled"


def test_wrong_links_are_answered_alike_and_limited_and_a_right_one_never(world, deletions):
    worker = deletions.ready_worker(RECOVERY_PERIOD="24h")
    page = Page(worker)
    ann = deletions.user("ann")
    deletions.delete(ann)
    token = deletions.token(deletions.wait_for_mail("ann@example.test"))
    wrong = page.get("0" * 64)
    assert wrong[0] == 404
    assert page.get("short")[1] == wrong[1] == page.post("0" * 64)[1]
    answers = [page.get(f"{number:064x}")[0] for number in range(30)]
    assert answers[0] == 404 and answers[-1] == 429
    assert page.get(token)[0] == 200
    assert "não será excluída" in page.post(token, **{"Accept-Language": "pt-BR, en;q=0.5"})[1]
    assert token not in worker.log()


def test_the_page_needs_neither_redis_nor_smtp(world, deletions):
    worker = deletions.ready_worker(RECOVERY_PERIOD="24h")
    ann = deletions.user("ann")
    deletions.delete(ann)
    token = deletions.token(deletions.wait_for_mail("ann@example.test"))
    world.stack.redis.kill()
    world.stack.mail.kill()
    world.stack.nats.kill()
    assert "will not be deleted" in Page(worker).post(token)[1]
    deletions.wait_for(ann, "cancelled")


def test_the_link_is_too_late_after_the_execution(world, deletions):
    worker = deletions.ready_worker()
    ann = deletions.user("ann")
    deletions.delete(ann)
    token = deletions.token(deletions.wait_for_mail("ann@example.test"))
    deletions.wait_for(ann, "executed")
    assert Page(worker).get(token)[0] == 410
    assert "too late" in Page(worker).post(token)[1]
    deletions.recover(token=token, event_id="late")
    wait_until(lambda: "recovery.too_late" in deletions.actions(ann), PATIENCE, "it is audited")
    assert deletions.status(ann) == "executed"


def test_an_event_recovers_by_user_id_and_by_token(world, deletions):
    deletions.ready_worker(RECOVERY_PERIOD="24h")
    ann, bob = deletions.user("ann"), deletions.user("bob")
    deletions.delete(ann, bob)
    token = deletions.token(deletions.wait_for_mail("bob@example.test"))
    deletions.wait_for(ann, "scheduled")
    deletions.wait_for(bob, "scheduled")
    deletions.recover(user_id=ann)
    deletions.recover(token=token)
    deletions.wait_for(ann, "cancelled")
    deletions.wait_for(bob, "cancelled")
    deletions.recover(token="f" * 64, event_id="nobody")
    letters = world.wait_for_dead_letters(1)
    assert letters[0][0] == "dlq.user.recover"


def test_a_recovery_published_in_time_wins_when_the_workers_were_down(world, deletions):
    worker = deletions.ready_worker()
    ann, bob = deletions.user("ann"), deletions.user("bob")
    deletions.delete(ann, bob)
    deletions.wait_for(ann, "scheduled")
    deletions.wait_for(bob, "scheduled")
    worker.kill()
    deletions.recover(user_id=ann)
    time.sleep(PERIOD + 1)
    assert not deletions.is_deleted(ann)
    deletions.worker()
    deletions.wait_for(bob, "executed", 60)
    assert deletions.status(ann) == "cancelled"
    assert not deletions.is_deleted(ann)


def test_an_old_request_that_comes_back_after_a_recovery_starts_nothing(world, deletions):
    deletions.ready_worker(RECOVERY_PERIOD="24h")
    ann = deletions.user("ann")
    deletions.delete(ann, event_id="old")
    deletions.wait_for(ann, "scheduled")
    published = world.sql("SELECT to_char(published_at AT TIME ZONE 'utc', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') "
                          "FROM deletion_requests WHERE event_id = 'old'")[0][0]
    deletions.recover(user_id=ann)
    deletions.wait_for(ann, "cancelled")
    # Redelivered; from an older store, whose ledger row is gone; replayed under its old time with a new id.
    deletions.delete(ann, event_id="old")
    world.sql("DELETE FROM event_ledger")
    deletions.delete(ann, event_id="old")
    deletions.delete(ann, headers={"Chatear-Event-Id": "copy", "Chatear-Published-At": published})
    wait_until(lambda: "deletion.superseded" in deletions.actions(ann), PATIENCE,
               lambda: world.situation(f"it is audited: {deletions.actions(ann)}"))
    with world.nats() as nats:
        wait_until(lambda: nats.api("STREAM.INFO.USERS")["state"]["messages"] == 0, PATIENCE, "all are worked off")
    assert world.sql("SELECT count(*) FROM user_deletions")[0][0] == 1
    assert deletions.status(ann) == "cancelled"
