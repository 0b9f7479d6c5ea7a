from world import mail_event


def test_one_id_published_three_times_is_one_mail(world):
    world.ready_worker()
    world.publish(mail_event(), mail_event(), mail_event())
    world.wait_for_mails(1)
    world.publish(mail_event())
    world.wait_settled()
    assert len(world.mails()) == 1
    assert world.sql("SELECT count(*) FROM email_sends") == [(1,)]


def test_the_header_names_the_event_before_the_field(world):
    world.ready_worker()
    world.publish(mail_event(1, event_id="a"), mail_event(1, event_id="b"), headers={"Chatear-Event-Id": "the-one"})
    world.wait_for_mails(1)
    world.wait_settled()
    assert [mail["To"] for mail in world.mails()] == ["user1@example.test"]
    assert world.sql("SELECT event_id, status FROM email_sends") == [("the-one", "sent")]


def test_events_without_an_id_are_two_mails(world):
    world.ready_worker()
    event = {"recipient": "ann@example.test", "subject": "s", "body": "b"}
    world.publish(event, event)
    world.wait_for_mails(2)
    world.wait_settled()
    assert len({mail["Message-ID"] for mail in world.mails()}) == 2


def test_one_id_with_another_content_is_a_dead_letter(world):
    world.ready_worker()
    world.publish(mail_event())
    world.wait_for_mails(1)
    world.publish(mail_event(subject="Something else"))
    [(subject, headers, _)] = world.wait_for_dead_letters(1)
    assert subject == "dlq.email.send"
    assert "conflict" in headers
    world.wait_settled()
    assert len(world.mails()) == 1
    assert world.sql("SELECT status FROM email_sends") == [("sent",)]
