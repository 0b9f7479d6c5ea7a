"""What crashed workers had under way, as the operator's tool shows and settles it."""

import json

from dev_stack.process import wait_until
from world import PATIENCE, mail_event


def crashed(world, point, event):
    """A worker that died at `point` with `event` in hand."""
    worker = world.worker(CRASH_AT=point).wait_ready()
    world.publish(event)
    assert worker.ended() == -9, worker.log()
    return worker


def flights(world, *arguments, **more):
    return json.loads(world.chatear("flights", *arguments, "--json", **more).stdout)


def test_an_accepted_mail_of_a_worker_that_does_not_come_back_is_settled_by_hand(world):
    crashed(world, "after-250", mail_event(1))
    world.wait_for_mails(1)
    [recorder] = flights(world, "list")
    assert (recorder["process"], recorder["accepted"], recorder["in_doubt"], recorder["complete"]) == ("dead", 1, 0, True)
    [content] = flights(world, "show", recorder["file"])
    assert content["event_id"] == "event-1" and content["accepted"] and content["words"].startswith("250 ")
    doctor = json.loads(world.chatear("doctor", "--only", "state", "--json").stdout)
    [found] = [finding for finding in doctor["services"][0]["findings"] if finding["state"] == "warning"]
    assert "no successor" in found["text"] and "chatear flights settle" in found["remedy"]
    assert len(flights(world, "settle")["settled"]) == 1
    assert flights(world, "list") == []
    assert "warning" not in world.chatear("doctor", "--only", "state").stdout
    # Whoever takes the event over, on whatever machine, knows that it was sent.
    world.ready_worker(STATE_DIR=str(world.stack.folder / "another-machine"))
    world.publish(mail_event(1))
    wait_until(lambda: world.sql("SELECT status FROM email_sends") == [("sent",)], PATIENCE, lambda: world.situation("sent"))
    assert len(world.mails()) == 1
    assert world.sql("SELECT smtp_reply LIKE '250 %%' FROM email_sends") == [(True,)]


def test_a_worker_that_lives_is_let_be(world):
    world.ready_worker()
    [recorder] = flights(world, "list")
    assert recorder["process"] == "alive"
    settled = flights(world, "settle")
    assert settled == {"settled": [], "living": 1, "failed": 0}
    assert len(flights(world, "list")) == 1


def test_who_ends_in_good_order_leaves_no_recorder(world):
    assert world.ready_worker().terminate() == 0
    assert flights(world, "list") == []


def test_a_folder_is_needed_and_named(world):
    unset = world.chatear("flights", "list", check=False, STATE_DIR=None)
    assert unset.returncode == 2 and "--state-dir" in unset.stderr
    missing = world.chatear("flights", "list", "--state-dir", "/nowhere", check=False)
    assert missing.returncode == 1 and "/nowhere" in missing.stderr
    unknown = world.chatear("flights", "show", "x.flight", "--state-dir", "/tmp", check=False)
    assert unknown.returncode == 1 and "x.flight" in unknown.stderr
