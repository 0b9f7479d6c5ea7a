"""The mail catcher misbehaves as the recipient's local part asks for."""

from world import mail_event

FAST = {"RETRY_MAX_ATTEMPTS": "3", "RETRY_BASE": "100ms", "RETRY_MAX": "200ms"}


def test_a_refused_recipient_is_a_dead_letter_at_once(world):
    worker = world.ready_worker()
    world.publish(mail_event(1, recipient="refuse-550@example.test"), mail_event(2))
    [(subject, headers, _)] = world.wait_for_dead_letters(1)
    world.wait_for_mails(1)
    assert subject == "dlq.email.send"
    assert "550" in headers
    [(status, error)] = world.sql("SELECT status, error FROM email_sends WHERE event_id = 'event-1'")
    assert status == "failed"
    assert "550" in error
    assert "550" in worker.log() and "refuse-550@" not in worker.log(), "the reply repeats the address, the log does not"


def test_try_later_is_tried_as_often_as_allowed_and_then_a_dead_letter(world):
    world.ready_worker(**FAST)
    world.publish(mail_event(recipient="later-450@example.test"))
    [(_, headers, _)] = world.wait_for_dead_letters(1)
    assert "450" in headers
    assert world.sql("SELECT status, attempts FROM email_sends") == [("failed", 3)]
    world.wait_settled()
    assert len(world.dead_letters()) == 1


def test_a_refused_content_is_a_dead_letter(world):
    world.ready_worker()
    world.publish(mail_event(1, recipient="content-554@example.test"))
    [(_, headers, _)] = world.wait_for_dead_letters(1)
    assert "554" in headers


def test_a_copy_after_a_lost_answer_has_the_same_message_id(world):
    world.ready_worker(**FAST, MAIL_ON_AMBIGUITY="resend")
    world.publish(mail_event(recipient="lost@example.test"))
    mails = world.wait_for_mails(2)
    assert mails[0]["Message-ID"] == mails[1]["Message-ID"]
    world.wait_for_dead_letters(1)
    world.wait_settled()
    assert len(world.mails()) == 3


def test_hold_sends_no_second_copy(world):
    world.ready_worker(**FAST, MAIL_ON_AMBIGUITY="hold")
    world.publish(mail_event(recipient="lost@example.test"))
    world.wait_for_dead_letters(1)
    world.wait_settled()
    assert len(world.mails()) == 1
    assert world.sql("SELECT status FROM email_sends") == [("ambiguous",)]


def test_a_message_at_which_the_server_hangs_up_does_not_hold_up_others(world):
    world.ready_worker(**FAST)
    world.publish(mail_event(0, recipient="half@example.test"), *[mail_event(number) for number in range(1, 21)])
    world.wait_for_mails(20, 60)
    assert len({mail["To"] for mail in world.mails()}) == 20
