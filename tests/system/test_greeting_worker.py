"""The worker of docs/adding-a-worker.md is a worker like the others."""

from world import mail_event


def test_the_example_handles_its_events_and_refuses_others(world):
    worker = world.worker("greeting-worker").wait_ready()
    world.publish({"name": "Ann", "event_id": "one"}, {"name": "Ann", "event_id": "one"}, {"name": ""}, subject="greeting.send")
    letters = world.wait_for_dead_letters(1)
    worker.wait(lambda: world.sql("SELECT status FROM event_ledger WHERE event_id = 'one'") == [("done",)], 30, "has greeted")
    assert [line["name"] for line in worker.lines() if line["message"] == "hello"] == ["Ann"]
    assert letters[0][0] == "dlq.greeting.send"
    assert "nobody to greet" in letters[0][1]
    assert worker.terminate() == 0


def test_two_workers_do_not_disturb_each_other(world):
    greeting = world.worker("greeting-worker").wait_ready()
    world.ready_worker()
    world.publish({"name": "Ann"}, subject="greeting.send")
    world.publish(mail_event())
    world.wait_for_mails(1)
    greeting.wait(lambda: "hello" in greeting.log(), 30, "has greeted")
