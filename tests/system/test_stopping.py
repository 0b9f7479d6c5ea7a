import time

from world import mail_event


def test_sigterm_finishes_what_is_in_hand_and_leaves_the_rest(world):
    worker = world.ready_worker(WORKER_CONCURRENCY="20")
    world.publish(*[mail_event(number) for number in range(500)])
    world.wait_for_mails(20)
    assert worker.terminate() == 0
    sent = len(world.mails())
    assert world.sql("SELECT count(*) FROM email_sends WHERE status = 'sent'") == [(sent,)]
    assert world.sql("SELECT count(*) FROM workers WHERE released_at IS NULL") == [(0,)]
    world.ready_worker()
    world.wait_for_mails(500)
    world.wait_settled()
    assert sorted(mail["To"] for mail in world.mails()) == sorted(f"user{number}@example.test" for number in range(500))


def test_sigterm_ends_an_idle_worker_at_once(world):
    worker = world.ready_worker()
    started = time.monotonic()
    assert worker.terminate() == 0
    assert time.monotonic() - started < 3


def test_a_second_sigterm_does_not_wait(world):
    worker = world.ready_worker(SHUTDOWN_TIMEOUT="60s")
    world.stack.mail.freeze()
    world.publish(mail_event())
    worker.wait(lambda: world.sql("SELECT 1 FROM email_sends WHERE status = 'sending'"), 20, "has the event in hand")
    worker.process.send(15)
    time.sleep(1)  # What is shown is that it does not end by itself meanwhile.
    assert worker.process.alive()
    started = time.monotonic()
    worker.terminate()
    assert time.monotonic() - started < 3
    world.stack.mail.thaw()
    world.ready_worker()
    world.wait_settled()
    assert world.sql("SELECT status FROM email_sends") == [("sent",)]


def test_the_time_limit_of_a_stop_is_kept(world):
    worker = world.ready_worker(SHUTDOWN_TIMEOUT="2s")
    world.stack.mail.freeze()
    world.publish(mail_event())
    worker.wait(lambda: world.sql("SELECT 1 FROM email_sends WHERE status = 'sending'"), 20, "has the event in hand")
    started = time.monotonic()
    worker.terminate()
    assert 1.5 < time.monotonic() - started < 8


def test_a_stop_while_a_server_is_missing_ends(world):
    for server in (world.stack.nats, world.stack.postgres, world.stack.redis, world.stack.mail):
        server.stop()
    worker = world.worker()
    worker.wait_not_ready("nats")
    assert worker.terminate() == 0
