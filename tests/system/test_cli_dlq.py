"""Dead letters and their replay, without a worker: what stands in the ledger, the outbox and the stream."""

import subprocess

from dev_stack.places import executable


def test_dead_letters_are_listed_with_filters(tool):
    tool.dead_letter("event-1", "550 no such user")
    tool.dead_letter("event-2", "the certificate has expired")
    tool.dead_letter("event-3", "no JSON", subject="user.delete")
    assert [row["event_id"] for row in tool.json("dlq", "list")] == ["event-1", "event-2", "event-3"]
    for filters, expected in {
        ("--subject", "email.send"): ["event-1", "event-2"],
        ("--subject", "user.>"): ["event-3"],
        ("--reason", "CERTIFICATE"): ["event-2"],
        ("--limit", "2"): ["event-1", "event-2"],
        ("--since", "2026-11-23T12:00:01Z"): [],
        ("--until", "2026-11-23T12:00:01Z", "--limit", "0"): ["event-1", "event-2", "event-3"],
    }.items():
        assert [row["event_id"] for row in tool.json("dlq", "list", *filters)] == expected, filters


def test_a_terminal_is_not_moved_by_what_a_publisher_wrote(tool):
    sequence = tool.dead_letter("event-1", "evil \x1b[2J reason", body=b"\x1b[31m")
    for shown in (tool.chatear("dlq", "list"), tool.chatear("dlq", "show", str(sequence))):
        assert "\x1b" not in shown.stdout
        assert "evil" in shown.stdout


def test_one_is_shown_with_headers_and_bytes(tool):
    sequence = tool.dead_letter("event-1", body=b'{"subject": "Hi"}')
    shown = tool.json("dlq", "show", str(sequence))
    assert shown["payload"] == '{"subject": "Hi"}'
    assert shown["stream"] == "NOTIFICATIONS"
    assert {"name": "Chatear-Worker", "value": "notification-worker"} in shown["headers"]
    assert tool.chatear("dlq", "show", "999", check=False).returncode == 1


def test_without_a_stream_there_are_none(tool):
    with tool.nats() as nats:
        nats.api("STREAM.DELETE.DEAD_LETTERS")
    assert tool.json("dlq", "list") == []
    assert tool.json("dlq", "replay", "--all") == []


def test_rule_20_a_replay_raises_the_generation_and_fills_the_outbox(tool):
    tool.ledger_row("event-1", generation=2)
    sequence = tool.dead_letter("event-1", generation=2, body=b'{"a": 1}', **{"X-Theirs": "kept"})
    tool.chatear("dlq", "replay", str(sequence))
    assert tool.emails() == {"event-1": ("retrying", 3, 0)}
    (subject, kind, event_id, generation, headers, payload), = tool.outbox()
    assert (subject, kind, event_id, generation, bytes(payload)) == ("email.send", "event", "event-1", 3, b'{"a": 1}')
    assert dict(headers) == {
        "X-Theirs": "kept", "Chatear-Event-Id": "event-1", "Chatear-Generation": "3",
        "Chatear-Published-At": "2026-11-23T10:00:00.000000Z",
    }
    assert tool.dead_letters() == []


def test_rule_20_an_ambiguous_one_is_replayed_too(tool):
    tool.ledger_row("event-1", status="ambiguous", content_at="2026-11-23T11:00:00Z")
    tool.dead_letter("event-1")
    tool.chatear("dlq", "replay", "--all")
    assert tool.emails() == {"event-1": ("retrying", 1, 0)}
    assert tool.sql("SELECT content_at FROM email_sends") == [(None,)]


def test_rule_20_where_no_row_stands_one_is_made(tool):
    conflict = "event-1." + "0" * 32
    tool.dead_letter(conflict, "conflict")
    tool.dead_letter("user-9", subject="user.delete")
    tool.chatear("dlq", "replay", "--all")
    assert tool.emails() == {conflict: ("retrying", 1, 0)}
    assert tool.sql("SELECT encode(content_sha256, 'hex') FROM email_sends") == [("ab" * 32,)]
    assert tool.sql("SELECT subject, event_id, status, generation FROM event_ledger") == [("user.delete", "user-9", "retrying", 1)]
    assert [row[:4] for row in tool.outbox()] == [
        ("email.send", "event", conflict, 1), ("user.delete", "event", "user-9", 1)]


def test_rule_20_two_replays_at_once_send_once(tool):
    count = 30
    for number in range(count):
        tool.ledger_row(f"event-{number}")
        tool.dead_letter(f"event-{number}")
    tool.dead_letter("without-a-row")
    command = [executable("chatear", tool.preset), "dlq", "replay", "--all"]
    running = [subprocess.Popen(command, env=tool.environment(), stdout=subprocess.PIPE, text=True) for _ in range(3)]
    outputs = [process.communicate(timeout=60)[0] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], outputs
    assert len(tool.outbox()) == count + 1
    assert {row[1] for row in tool.emails().values()} == {1}
    assert tool.dead_letters() == []


def test_rule_20_a_replay_killed_before_it_removed_the_letter_may_be_run_again(tool):
    tool.ledger_row("event-1", status="retrying", generation=1)
    tool.dead_letter("event-1")
    row, = tool.json("dlq", "replay", "--all")
    assert row["outcome"] == "replayed before"
    assert tool.outbox() == []
    assert tool.dead_letters() == []


def test_rule_20_what_was_sent_meanwhile_is_not_sent_twice(tool):
    tool.ledger_row("event-1", status="sent")
    tool.dead_letter("event-1")
    row, = tool.json("dlq", "replay", "--limit", "1")
    assert row["outcome"] == "already sent"
    assert tool.outbox() == []
    assert tool.dead_letters() == []


def test_what_the_ledger_tells_otherwise_stays(tool):
    tool.ledger_row("event-1", status="sending")
    tool.dead_letter("event-1")
    done = tool.chatear("dlq", "replay", "--all", check=False)
    assert done.returncode == 1
    assert "'sending' in generation 0" in done.stdout
    assert len(tool.dead_letters()) == 1


def test_a_letter_of_somebody_else_is_not_replayed(tool):
    with tool.nats() as nats:
        nats.publish_to_stream("dlq.their.thing", b"bytes")
    done = tool.chatear("dlq", "replay", "--all", check=False)
    assert done.returncode == 1
    assert "by hand" in done.stdout


def test_rule_15_a_refused_event_is_replayed_from_its_outbox_row(tool):
    tool.ledger_row("event-1", generation=1)
    (row_id,), = tool.sql(
        "INSERT INTO outbox (subject, payload, headers, origin_subject, event_id, kind, generation, refused_reason)"
        " VALUES ('email.send', 'the bytes', '[[\"Chatear-Event-Id\", \"event-1\"], [\"Chatear-Generation\", \"1\"]]',"
        " 'email.send', 'event-1', 'event', 1, 'too large') RETURNING id::text")
    tool.dead_letter("event-1", generation=1, body=b"", **{"Chatear-Outbox-Id": row_id})
    tool.chatear("dlq", "replay", "--all")
    (_, _, _, generation, headers, payload), = tool.outbox()
    assert (generation, bytes(payload), dict(headers)["Chatear-Generation"]) == (2, b"the bytes", "2")
    assert tool.emails() == {"event-1": ("retrying", 2, 0)}


def test_purge_counts_and_asks_before_it_removes(tool):
    for number in range(3):
        tool.dead_letter(f"event-{number}", reason="550" if number else "421")
    asked = tool.chatear("dlq", "purge", "--reason", "550", check=False)
    assert asked.returncode == 2
    assert "2 dead letters" in asked.stderr and "--yes" in asked.stderr
    assert len(tool.dead_letters()) == 3
    assert tool.json("dlq", "purge", "--reason", "550", "--yes") == {"removed": 2}
    assert len(tool.dead_letters()) == 1
    assert tool.json("dlq", "purge", "--older", "1s", "--yes") == {"removed": 1}


def test_a_purge_that_breaks_off_says_what_it_removed(tool):
    sequence = tool.dead_letter("event-1")
    purged = tool.chatear("dlq", "purge", str(sequence), str(sequence + 7), "--yes", check=False)
    assert purged.returncode == 1
    assert "removed 1 dead letters" in purged.stdout
    assert str(sequence + 7) in purged.stderr
    assert tool.dead_letters() == []
