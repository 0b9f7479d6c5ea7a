"""Processes that die at any moment: nothing is lost, nothing is done twice, a poison event is found."""

import random

from dev_stack.process import wait_until
from world import PATIENCE, mail_event


def test_three_thousand_events_published_three_times_while_workers_stop_and_start(world):
    count = 3000
    chance = random.Random(20261123)
    events = [mail_event(number) for number in range(count) for _ in range(3)]
    chance.shuffle(events)
    workers = [world.ready_worker(), world.ready_worker()]
    for start in range(0, len(events), 1000):
        world.publish(*events[start : start + 1000])
        stopped = workers.pop(0)
        stopped.wait(stopped.instance, PATIENCE, "starts")
        assert stopped.terminate() == 0
        workers.append(world.worker())
    world.wait_for_mails(count, 180)
    world.wait_settled(60)
    recipients = [mail["To"] for mail in world.mails()]
    assert len(recipients) == count
    assert len(set(recipients)) == count
    assert world.dead_letters() == []
    assert world.sql("SELECT status, count(*) FROM email_sends GROUP BY status") == [("sent", count)]


def test_a_killed_worker_leaves_nothing_behind(world):
    count = 400
    worker = world.ready_worker()
    world.publish(*[mail_event(number) for number in range(count)])
    for _ in range(3):
        wanted = len(world.mails()) + 30
        wait_until(lambda: len(world.mails()) >= min(wanted, count), 60, lambda: world.situation("progress"))
        worker.kill()
        worker = world.worker()
    world.wait_for_mails(count, 120)
    world.wait_settled(60)
    assert {mail["To"] for mail in world.mails()} == {f"user{number}@example.test" for number in range(count)}
    # What was sent when its process died may come twice, with the same Message-ID.
    seen = {}
    for mail in world.mails():
        assert seen.setdefault(mail["To"], mail["Message-ID"]) == mail["Message-ID"]


def test_an_event_that_three_processes_died_of_is_a_dead_letter(world):
    world.ready_worker().terminate()
    world.stack.mail.freeze()  # What is in hand stays in hand.
    for _ in range(8):  # Two deaths with others in hand, three alone, and one who finds that out.
        worker = world.worker()
        instance = worker.wait(
            lambda: next((line["instance"] for line in worker.lines() if line["message"] == "starting"), None), 30, "starts")
        # JetStream redelivers what the dead one had after 30 s; a second copy of the event comes at once.
        world.publish(mail_event(1))
        wait_until(
            lambda: world.dead_letters() or world.sql(
                f"SELECT 1 FROM email_sends WHERE status = 'sending' AND claimed_by::text = '{instance}'"),
            60, lambda: world.situation("the event is claimed by the newest process"))
        if world.dead_letters():
            break
        # Alone in its process only once the row in `suspects` says so.
        wait_until(
            lambda: world.dead_letters()  # Of the last one, whose row in `suspects` goes at once.
            or world.sql("SELECT 1 FROM email_sends WHERE takeovers < 2")
            or world.sql(f"SELECT 1 FROM suspects WHERE instance::text = '{instance}'"),
            30, lambda: world.situation("the suspect is noted"))
        worker.kill()
    [(subject, headers, _)] = world.wait_for_dead_letters(1)
    assert subject == "dlq.email.send"
    assert "crash" in headers.lower()
    world.stack.mail.thaw()
    world.publish(mail_event(2))
    world.wait_for_mails(1)
