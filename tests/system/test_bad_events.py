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


def test_unknown_fields_are_ignored(world):
    world.ready_worker()
    world.publish(mail_event(1, priority="high", meta={"a": [1, 2]}))
    world.wait_for_mails(1)
    assert world.dead_letters() == []
