from dev_stack.nats_client import NatsError
from dev_stack.process import wait_until
from world import PATIENCE, mail_event


def test_a_stream_that_differs_is_said_and_not_changed(world):
    theirs = {"name": "NOTIFICATIONS", "subjects": ["email.send", "email.other"], "retention": "workqueue", "max_age": 3_600_000_000_000}
    with world.nats() as nats:
        before = nats.api("STREAM.CREATE.NOTIFICATIONS", theirs)["config"]
    worker = world.ready_worker()
    world.publish(mail_event())
    world.wait_for_mails(1)
    with world.nats() as nats:
        after = nats.api("STREAM.INFO.NOTIFICATIONS")["config"]
    assert after == before
    said = [line for line in worker.log().splitlines() if "NOTIFICATIONS" in line and "max_age" in line]
    assert said, worker.log()


def test_a_stream_of_another_name_that_holds_the_subject_is_used(world):
    with world.nats() as nats:
        nats.api("STREAM.CREATE.MAILS", {"name": "MAILS", "subjects": ["email.>"], "retention": "limits"})
    world.ready_worker()
    world.publish(mail_event())
    world.wait_for_mails(1)


def test_a_stream_that_somebody_deletes_is_declared_again(world):
    world.ready_worker()
    world.publish(mail_event(1))
    world.wait_for_mails(1)
    world.wait_settled()
    with world.nats() as nats:
        nats.api("STREAM.DELETE.NOTIFICATIONS")

    def taken():
        with world.nats() as nats:
            try:
                return nats.publish_to_stream("email.send", mail_event(2))
            except (NatsError, TimeoutError):
                return None

    wait_until(taken, 60, lambda: world.situation("the stream is back"))
    world.wait_for_mails(2)


def test_a_worker_is_ready_when_its_consumer_can_be_used_and_a_stop_before_that_ends(world):
    durable = "notification-worker-email-send"
    pushes = {"durable_name": durable, "deliver_subject": "elsewhere", "ack_policy": "explicit", "filter_subject": "email.send"}
    with world.nats() as nats:
        nats.api("STREAM.CREATE.NOTIFICATIONS", {"name": "NOTIFICATIONS", "subjects": ["email.send"], "retention": "workqueue"})
        nats.api(f"CONSUMER.DURABLE.CREATE.NOTIFICATIONS.{durable}", {"stream_name": "NOTIFICATIONS", "config": pushes})

    def says_ready(worker):
        return any(line["message"] == "ready" for line in worker.lines())

    stopped, waiting = world.worker(), world.worker()
    for worker in (stopped, waiting):
        worker.wait_not_ready("it pushes to elsewhere")
        assert not says_ready(worker)
    assert stopped.terminate() == 0 and not says_ready(stopped)
    with world.nats() as nats:
        nats.api(f"CONSUMER.DELETE.NOTIFICATIONS.{durable}")
    waiting.wait(lambda: says_ready(waiting), 2 * PATIENCE, "says that it is ready")
    world.publish(mail_event())
    world.wait_for_mails(1)
