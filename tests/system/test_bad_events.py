import json
import re

from world import mail_event

# What is wrong, and a word that the reason must have.
BAD = {
    "no JSON": (b"{", "JSON"),
    "no object": (b"[]", "object"),
    "no UTF-8": (b'{"recipient": "\xff"}', "UTF-8|JSON"),
    "nothing at all": (b"", "JSON|empty"),
    "no recipient": ({"subject": "s", "body": "b"}, "recipient"),
    "recipient of another type": (mail_event(recipient=5), "recipient"),
    "recipient that is none": (mail_event(recipient="nobody"), "recipient"),
    "two recipients": (mail_event(recipient="a@b.test, c@d.test"), "recipient"),
    "line break in the recipient": (mail_event(recipient="a@b.test\r\nBcc: c@d.test"), "recipient"),
    "line break in the subject": (mail_event(subject="a\r\nBcc: c@d.test"), "subject"),
    "line break in a header": (mail_event(headers={"X-A": "a\nBcc: c@d.test"}), "header|X-A"),
    "header that is ours": (mail_event(headers={"From": "a@b.test"}), "header|From"),
    "no subject": ({"recipient": "a@b.test", "body": "b"}, "subject"),
    "key twice": (b'{"recipient": "a@b.test", "recipient": "c@d.test", "subject": "s", "body": "b"}', "twice|recipient"),
    "number that is infinite": (b'{"recipient": "a@b.test", "subject": "s", "body": "b", "template_data": {"a": 1e999}}', ""),
    "NUL in a text": (mail_event(body="a\u0000b"), ""),
    "too deep": (b'{"template_data": ' + b'{"a":' * 40 + b"1" + b"}" * 40 + b"}", ""),
    "time that is none": (mail_event(send_at="tomorrow"), "send_at"),
    "template outside its folder": (mail_event(template_name="../secret"), "template"),
    "locale outside its folder": (mail_event(template_name="welcome", locale="../../etc"), "locale"),
    "control character in the locale": (mail_event(template_name="welcome", locale="pt\u0001"), "locale"),
    "line break in reply_to": (mail_event(reply_to="a@b.test\nBcc: c@d.test"), "reply_to"),
    "line break in a header's name": (mail_event(headers={"X-A: b\r\nBcc": "c@d.test"}), "headers"),
    "bare CR in a header": (mail_event(headers={"X-A": "a\rBcc: c@d.test"}), "headers.*X-A"),
    "line separator in the subject": (mail_event(subject="a\u2028Bcc: c@d.test"), "subject"),
    "SMTP command in the recipient": (mail_event(recipient="<a@b.test> RCPT TO:<c@d.test>"), "recipient"),
    "quoted SMTP command in the recipient": (mail_event(recipient='"a\r\nRCPT TO:<c@d.test>"@b.test'), "recipient"),
    "line break in the domain": (mail_event(recipient="a@b.test\u0085c"), "recipient"),
    "line break in the event's id": (mail_event(event_id="a\r\nChatear-Generation: 7"), "event_id"),
    "event's id that is too long": (mail_event(event_id="x" * 257), "event_id"),
    "subject that is too long": (mail_event(subject="x" * 999), "subject"),
    "address that is too long": (mail_event(recipient="x" * 65 + "@b.test"), "recipient"),
    "headers that are too many": (mail_event(headers={f"X-{n}": "a" for n in range(33)}), "headers"),
    "attachment that is a path": (mail_event(attachments=[{"filename": "../a", "content": ""}]), "attachments.*1.*path"),
    "line break in an attachment's name": (mail_event(attachments=[{"filename": 'a"\r\nX: b', "content": ""}]), "attachments"),
    "line break in an attachment's type": (
        mail_event(attachments=[{"filename": "a", "content_type": "text/plain\r\nX: b", "content": ""}]), "attachments.*type"),
    "attachment that is no base64": (mail_event(attachments=[{"filename": "a", "content": "!"}]), "attachments.*base64"),
    "template_data that is too deep": (
        b'{"recipient": "a@b.test", "subject": "s", "body": "b", "template_data": ' + b'{"a":' * 17 + b"1" + b"}" * 18, "template_data"),
}


def test_each_bad_event_becomes_one_dead_letter_with_a_reason(world):
    worker = world.ready_worker()
    for event, _ in BAD.values():
        world.publish(event)
    world.publish(mail_event(99))
    world.wait_for_mails(1)
    letters = world.wait_for_dead_letters(len(BAD))
    world.wait_settled()
    assert len(world.dead_letters()) == len(BAD)
    assert [mail["To"] for mail in world.mails()] == ["user99@example.test"]
    assert worker.process.alive()
    bodies = {body: headers for _, headers, body in letters}
    for name, (event, word) in BAD.items():
        published = event if isinstance(event, bytes) else json.dumps(event).encode()
        assert published in bodies, f"{name}: its dead letter has other bytes"
        reason = re.search(r"(?im)^[\w-]*reason: (.+)$", bodies[published])
        assert reason, f"{name}: {bodies[published]}"
        assert re.search(word, reason[1]), f"{name}: {reason[1]}"
        assert not re.search(r"(?m)^(Bcc|X): |Generation: 7", bodies[published].replace(reason[0], "")), f"{name}: {bodies[published]}"


def test_unknown_fields_are_ignored(world):
    world.ready_worker()
    world.publish(mail_event(1, priority="high", meta={"a": [1, 2]}))
    world.wait_for_mails(1)
    assert world.dead_letters() == []


def test_sql_in_each_field_is_a_text_and_nothing_else(world):
    world.ready_worker()
    drop = "'); DROP TABLE email_sends; --"
    event_id = drop.replace(" ", "/**/")
    world.publish(mail_event(
        1, event_id=event_id, subject=drop, body=drop, headers={"X-A": drop}, recipient=f'"{drop}" <"{event_id}"@example.test>'))
    [mail] = world.wait_for_mails(1)
    assert mail["Subject"] == drop and mail["X-A"] == drop
    world.wait_settled()
    assert world.sql("SELECT event_id, status FROM email_sends") == [(event_id, "sent")]
