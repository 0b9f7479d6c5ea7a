"""A process that dies with a recovery mail in hand."""

from deletion_world import Page
from dev_stack.process import wait_until
from world import PATIENCE

DAY = {"RECOVERY_PERIOD": "24h"}


def test_no_more_than_two_contents_leave_a_day_however_often_it_is_killed(world, deletions):
    state = {"STATE_DIR": str(world.stack.folder / "state"), **DAY}  # Its successor knows of its death at once.
    worker = deletions.ready_worker(**state)
    silent = deletions.user("silent")
    deletions.delete(silent)
    for contents in (1, 2):
        deletions.wait_for_mail("silent@example.test", contents)
        worker.kill()
        worker = deletions.worker(**state)
    for _ in range(2):
        wait_until(lambda: "deletion.mail_limited" in deletions.actions(silent), PATIENCE,
                   lambda: world.situation(f"the third waits: {deletions.row(silent)}"))
        worker.kill()
        worker = deletions.ready_worker(**state)
    [[midnight]] = world.sql("SELECT next_mail_at = date_trunc('day', now() AT TIME ZONE 'utc') AT TIME ZONE 'utc' + interval '1 day' "
                             "FROM user_deletions")
    assert midnight
    first, second = deletions.mails_to("silent@example.test")
    assert first["Message-ID"] == second["Message-ID"]
    assert world.sql("SELECT count(*) FROM daily_slots WHERE kind = 'recovery_mail'")[0][0] == 2
    # Whichever copy arrived, its link works.
    for mail in (first, second):
        assert "Keep my account" in Page(worker).get(deletions.token(mail))[1]
    assert Page(worker).post(deletions.token(first))[0] == 200
    deletions.wait_for(silent, "cancelled")


def test_a_kill_before_the_content_costs_no_mail_of_the_day(world, deletions):
    state = {"STATE_DIR": str(world.stack.folder / "state"), **DAY}
    deletions.ready_worker(**state).terminate()
    world.stack.mail.freeze()  # It takes connections and says nothing: no content begins.
    ann = deletions.user("ann")
    for _ in range(4):
        worker = deletions.worker(**state)
        instance = worker.wait(worker.instance, PATIENCE, "starts")
        if deletions.row(ann) is None:
            deletions.delete(ann)
        wait_until(lambda: world.sql("SELECT 1 FROM email_sends WHERE status = 'sending' AND claimed_by::text = %s", instance),
                   PATIENCE, lambda: world.situation("the newest process has the mail"))
        worker.kill()
    world.stack.mail.thaw()
    deletions.worker(**state)
    deletions.wait_for(ann, "scheduled", 60)
    assert len(deletions.mails_to("ann@example.test")) == 1
    assert world.sql("SELECT count(*) FROM daily_slots WHERE kind = 'recovery_mail'")[0][0] == 1
