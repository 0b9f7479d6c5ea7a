"""A crash at every named point (CRASH_AT), and exactly what must come of it."""

import pytest

from dev_stack.process import wait_until
from world import PATIENCE, mail_event

SECOND_COPY = "a second copy may arrive"

# The point: copies that arrive, possible duplicates that are counted, and what MAIL_ON_AMBIGUITY=hold makes of it.
EMAIL_POINTS = {
    "after-claim": (1, 0, "sent"),
    "before-content": (1, 0, "sent"),
    "content-begun": (1, 1, "ambiguous"),  # Nothing had left yet, which nobody can know.
    "after-content": (2, 1, "ambiguous"),  # The one window that remains: sent, and not answered.
    "after-250": (1, 0, "sent"),
    "before-record": (1, 0, "sent"),
    "after-record": (1, 0, "sent"),
    "before-ack": (1, 0, "sent"),
    "after-ack": (1, 0, "sent"),
}


def crash_at(world, point, name="notification-worker", **environment):
    """A worker that dies there; returns once it is dead."""
    worker = world.worker(name, CRASH_AT=point, **environment)
    return worker


def died(worker):
    assert worker.ended() == -9, worker.log()


def status(world, event_id):
    rows = world.sql("SELECT status FROM email_sends WHERE event_id = %s", event_id)
    return rows and rows[0][0]


def go_through(world, point, on_ambiguity):
    """(copies, counted, status) of an event whose first worker crashed at `point`."""
    event = mail_event(f"{point}-{on_ambiguity}")
    settings = {"MAIL_ON_AMBIGUITY": on_ambiguity}
    worker = crash_at(world, point, **settings).wait_ready()
    world.publish(event)
    died(worker)
    successor = world.ready_worker(**settings)
    world.publish(event)  # JetStream would bring the first one back after ack_wait.
    final = ("sent", "ambiguous")
    wait_until(lambda: status(world, event["event_id"]) in final, PATIENCE, lambda: world.situation(f"{point}: the event ends"))
    assert successor.terminate() == 0
    with world.nats() as nats:
        nats.api("STREAM.PURGE.NOTIFICATIONS")  # The first one would come back to another test's worker.
    copies = [mail for mail in world.mails() if mail["To"] == event["recipient"]]
    assert len({mail["Message-ID"] for mail in copies}) == 1 or not copies
    counted = sum(line["message"].endswith(SECOND_COPY) for line in successor.lines())
    return len(copies), counted, status(world, event["event_id"])


@pytest.mark.parametrize("point", EMAIL_POINTS)
def test_what_comes_of_a_crash(shared_world, point):
    copies, counted, _ = EMAIL_POINTS[point]
    assert go_through(shared_world, point, "resend") == (copies, counted, "sent")


@pytest.mark.parametrize("point", EMAIL_POINTS)
def test_what_comes_of_a_crash_where_a_person_is_to_decide(shared_world, point):
    _, _, ends_as = EMAIL_POINTS[point]
    copies, _, ended_as = go_through(shared_world, point, "hold")
    assert ended_as == ends_as
    assert copies == (0 if point == "content-begun" else 1), "never a second one by itself"


def test_what_was_published_by_a_process_that_then_died_is_published_once(shared_world):
    world = shared_world
    told = {"EMAIL_EVENTS": "all"}
    worker = crash_at(world, "after-publish", **told).wait_ready()
    world.publish(mail_event("told"))
    died(worker)
    wait_until(lambda: status(world, "event-told") == "sent", PATIENCE, "its verdict stands")
    world.sql("UPDATE outbox SET due_at = now()")  # As if the lease of the dead one had run out.
    world.ready_worker(**told)
    wait_until(lambda: world.sql("SELECT count(*) FROM outbox")[0][0] == 0, PATIENCE, "the outbox is empty")
    with world.nats() as nats:
        bodies = [body for subject, _, body in nats.messages("EVENTS") if subject == "email.sent"]
    assert sum(b"event-told" in body for body in bodies) == 1


def test_a_crash_between_a_request_and_its_acknowledgement_is_one_request(world, deletions):
    ann = deletions.user("ann")
    worker = crash_at(world, "after-intake", "user-delete-worker").wait_ready()
    deletions.delete(ann, event_id="once")
    died(worker)
    deletions.ready_worker(RECOVERY_PERIOD="24h")
    deletions.delete(ann, event_id="once")
    deletions.wait_for(ann, "scheduled")
    assert deletions.actions(ann).count("deletion.requested") == 1
    assert len(deletions.mails_to("ann@example.test")) == 1


@pytest.mark.parametrize("point, is_deleted", [("before-execution", False), ("after-execution", True)])
def test_a_crash_around_an_execution_is_one_execution(world, deletions, point, is_deleted):
    ann = deletions.user("ann")
    worker = deletions.worker(CRASH_AT=point).wait_ready()
    deletions.delete(ann)
    died(worker)
    assert deletions.is_deleted(ann) == is_deleted
    deletions.worker()
    deletions.wait_for(ann, "executed")
    assert deletions.is_deleted(ann)
    assert deletions.actions(ann).count("deletion.executed") == 1
    assert deletions.executions_today() == 1


def test_a_point_that_does_not_exist_is_named(world):
    worker = crash_at(world, "after-lunch")
    assert worker.ended() == 2
    assert "after-lunch" in worker.log() and "after-claim" in worker.log()
