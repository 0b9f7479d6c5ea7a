"""E-mails and the outbox as the operator's tool shows and changes them."""

import pytest


def refused_row(tool, kind="dead_letter", generation=0):
    (row_id,), = tool.sql(
        "INSERT INTO outbox (subject, payload, headers, origin_subject, event_id, kind, generation, refused_reason)"
        " VALUES ('dlq.email.send', %s, '[[\"X-A\", \"b\"]]', 'email.send', 'event-1', %s, %s, 'too large') RETURNING id::text",
        b"\xff", kind, generation)
    return row_id


def test_emails_are_listed_with_filters(tool):
    tool.ledger_row("event-1", "sent", recipient="Ann@example.test", template_name="welcome", updated_at="2026-11-01T00:00:00Z")
    tool.ledger_row("event-2", "failed", recipient="bob@example.test", reason="550 no such user")
    for filters, expected in {
        (): ["event-2", "event-1"],
        ("--status", "failed"): ["event-2"],
        ("--recipient", "ann@"): ["event-1"],
        ("--template", "welcome"): ["event-1"],
        ("--since", "2026-11-02"): ["event-2"],
        ("--limit", "1"): ["event-2"],
    }.items():
        assert [row["event_id"] for row in tool.json("emails", "list", *filters)] == expected, filters
    assert "550 no such user" in tool.chatear("emails", "list").stdout


def test_all_of_one_email_is_shown(tool):
    tool.sql("INSERT INTO workers (instance, worker, host) VALUES ('me', 'notification-worker', 'here')")
    tool.ledger_row("event-1", "sending", recipient="ann@example.test", claimed_by="me", claim_no=4)
    refused_row(tool)
    shown = tool.json("emails", "show", "event-1")
    assert (shown["status"], shown["recipient"], shown["attempts"]) == ("sending", "ann@example.test", 10)
    assert shown["holder"][0]["host"] == "here"
    assert [row["refused_reason"] for row in shown["outbox"]] == ["too large"]
    unknown = tool.chatear("emails", "show", "event-2", check=False)
    assert unknown.returncode == 1 and "event-2" in unknown.stderr


@pytest.mark.parametrize("status", ["failed", "ambiguous"])
def test_a_failed_or_ambiguous_email_is_retried(tool, status):
    tool.dead_letter("event-0")
    tool.ledger_row("event-1", status, generation=1)
    tool.dead_letter("event-1", generation=0)
    tool.dead_letter("event-1", generation=1)
    assert tool.json("emails", "retry", "event-1")["outcome"] == "replayed"
    assert tool.emails() == {"event-1": ("retrying", 2, 0)}
    assert len(tool.dead_letters()) == 2


def test_an_email_that_was_sent_is_not_retried(tool):
    tool.ledger_row("event-1", "sent")
    done = tool.chatear("emails", "retry", "event-1", check=False)
    assert done.returncode == 1 and "'sent'" in done.stderr


def test_an_email_without_its_dead_letter_cannot_be_retried(tool):
    tool.ledger_row("event-1", "failed")
    done = tool.chatear("emails", "retry", "event-1", check=False)
    assert done.returncode == 1 and "dead letter" in done.stderr


def test_outbox_rows_are_listed_with_filters(tool):
    refused = refused_row(tool)
    tool.sql("INSERT INTO outbox (subject, payload, due_at) VALUES ('late', '', now() - interval '5 minutes'), ('early', '', now() + interval '1 day')")
    for filters, expected in {
        (): ["late", "dlq.email.send", "early"],
        ("--refused",): ["dlq.email.send"],
        ("--overdue",): ["late"],
        ("--subject", "email.send"): ["dlq.email.send"],
        ("--event-id", "event-1"): ["dlq.email.send"],
        ("--limit", "1"): ["late"],
    }.items():
        assert [row["subject"] for row in tool.json("outbox", "list", *filters)] == expected, filters
    assert refused in tool.chatear("outbox", "list").stdout


def test_one_outbox_row_is_shown_retried_and_dropped(tool):
    row_id = refused_row(tool)
    shown = tool.json("outbox", "show", row_id)
    assert (shown["payload_base64"], shown["headers"], shown["refused_reason"]) == ("/w==", [["X-A", "b"]], "too large")
    assert tool.chatear("outbox", "drop", row_id, check=False).returncode == 2
    assert tool.json("outbox", "retry", row_id)["retried"]
    assert tool.sql("SELECT refused_reason, due_at <= now() FROM outbox") == [(None, True)]
    waiting = tool.chatear("outbox", "drop", row_id, "--yes", check=False)
    assert waiting.returncode == 1, "what is not refused leaves by itself"
    tool.sql("UPDATE outbox SET refused_reason = 'again'")
    tool.chatear("outbox", "drop", row_id, "--yes")
    assert tool.outbox() == []
    assert tool.chatear("outbox", "show", row_id, check=False).returncode == 1
    assert tool.chatear("outbox", "show", "no-uuid", check=False).returncode == 1


def test_rule_15_a_refused_event_is_retried_one_generation_on(tool):
    tool.ledger_row("event-1", generation=3)
    row_id = refused_row(tool, kind="event", generation=3)
    tool.chatear("outbox", "retry", row_id)
    assert tool.emails() == {"event-1": ("retrying", 4, 0)}
    (_, kind, _, generation, headers, _), = tool.outbox()
    assert (kind, generation, dict(headers)["Chatear-Generation"]) == ("event", 4, "4")
    assert tool.sql("SELECT refused_reason FROM outbox") == [(None,)]


def test_without_tables_the_remedy_is_said(tool):
    tool.sql("ALTER TABLE email_sends RENAME TO elsewhere")
    try:
        done = tool.chatear("emails", "list", check=False)
    finally:
        tool.sql("ALTER TABLE elsewhere RENAME TO email_sends")
    assert done.returncode == 1
    assert "chatear migrate" in done.stderr
