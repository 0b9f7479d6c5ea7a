"""Account deletions and the audit log as the operator's tool shows, changes and proves them. No worker runs."""

from concurrent.futures import ThreadPoolExecutor
import json

import psycopg
import pytest

from dev_stack.process import wait_until
from world import PATIENCE

TABLES = "users, user_deletions, deletion_requests, recovery_tokens, daily_slots, deletion_state"
NOW_AND_A_DAY = "now() + interval '1 day'"


@pytest.fixture(autouse=True)
def empty(tool):
    tool.sql(f"TRUNCATE {TABLES}")


def a_deletion(tool, status="queued", email="ann@example.test", **columns):
    """(deletion id, user id) as a worker would have left them; values are SQL."""
    user, = tool.sql("INSERT INTO users (email, locale, name) VALUES (%s, 'pt-BR', 'Ann') RETURNING id::text", email)[0]
    columns = {"user_id": f"'{user}'", "status": f"'{status}'", **columns}
    found, = tool.sql(f"INSERT INTO user_deletions ({', '.join(columns)}) VALUES ({', '.join(columns.values())}) RETURNING id::text")[0]
    return found, user


def held(tool, held_from="queued", **columns):
    return a_deletion(tool, "held", held_from=f"'{held_from}'", held_reason="'the relay refuses us'", **columns)


def scheduled(tool, **columns):
    columns = {"recovery_sent_at": "now()", "scheduled_at": NOW_AND_A_DAY, **columns}
    return a_deletion(tool, "scheduled", **columns)


def row(tool, deletion):
    return tool.sql("SELECT to_jsonb(d) FROM user_deletions d WHERE id::text = %s", deletion)[0][0]


def audit(tool, deletion):
    """[(action, meta)] of a deletion."""
    return tool.sql("SELECT action, meta FROM action_logs WHERE meta ->> 'deletion_id' = %s ORDER BY chain_seq", deletion)


def tamper(tool, statements):
    """As somebody may who owns the database: the triggers do not see it."""
    tool.sql(f"SET session_replication_role = replica; {statements}")


def test_deletions_are_listed_with_filters(tool):
    old, ann = a_deletion(tool, "cancelled", requested_at="now() - interval '30 days'", cancelled_at="now()")
    waits, _ = held(tool, requested_at="now() - interval '2 hours'")
    due, _ = scheduled(tool, requested_at="now() - interval '1 hour'", scheduled_at="now() - interval '1 minute'")
    due_before, _ = scheduled(tool, requested_at="now() - interval '1 minute'", scheduled_at="now() - interval '1 hour'")
    for filters, expected in {
        (): [due_before, due, waits, old],
        ("--status", "held"): [waits],
        ("--user", ann): [old],
        ("--since", "3h"): [due_before, due, waits],
        ("--due",): [due_before, due],
        ("--limit", "1"): [due_before],
    }.items():
        assert [found["id"] for found in tool.json("deletions", "list", *filters)] == expected, filters
    assert "the relay refuses us" in tool.chatear("deletions", "list").stdout
    assert tool.chatear("deletions", "list", "--status", "lost", check=False).returncode == 2


def test_all_of_one_deletion_is_shown(tool):
    deletion, user = held(tool, notice_number="1", times_held="2")
    tool.ledger_row(f"{deletion}.1", "failed", recipient="ann@example.test", smtp_reply="550 5.7.1 blocked")
    tool.sql("INSERT INTO deletion_requests (event_id, user_id, kind, outcome, deletion_id) VALUES ('bye-1', %s, 'delete', 'accepted', %s)", user, deletion)
    tool.chatear("deletions", "resend", deletion, "--reason", "the relay is mended")
    shown = tool.json("deletions", "show", deletion)
    assert (shown["id"], shown["user_id"], shown["status"], shown["mail_number"]) == (deletion, user, "queued", 2)
    assert (shown["notice_number"], shown["times_held"], shown["erased_at"]) == (1, 2, None)
    assert shown["account"] == {"is_deleted": False, "has_address": True}
    assert [mail["smtp_reply"] for mail in shown["mails"]] == ["550 5.7.1 blocked"]
    assert [request["event_id"] for request in shown["requests"]] == ["bye-1"]
    assert [entry["action"] for entry in shown["audit"]] == ["deletion.mail_resent"]
    for unknown in ("00000000-0000-0000-0000-000000000000", "no-uuid"):
        done = tool.chatear("deletions", "show", unknown, check=False)
        assert done.returncode == 1 and unknown in done.stderr


def test_a_held_deletion_goes_on_from_where_it_was_held(tool):
    from_queued, _ = held(tool)
    assert tool.json("deletions", "run", from_queued, "--reason", "looked at")["status"] == "queued"
    assert row(tool, from_queued)["next_mail_at"] and not row(tool, from_queued)["held_reason"]

    from_scheduled, _ = held(tool, "scheduled", recovery_sent_at="now()", scheduled_at=NOW_AND_A_DAY)
    before = row(tool, from_scheduled)["scheduled_at"]
    assert tool.json("deletions", "run", from_scheduled, "--reason", "looked at")["status"] == "scheduled"
    assert row(tool, from_scheduled)["scheduled_at"] == before, "its time is its mail's, as before"
    (action, meta), = audit(tool, from_scheduled)
    assert (action, meta["reason"], meta["was"], meta["to"]) == ("deletion.released", "looked at", "held", "scheduled")


def test_rule_7_accept_starts_the_period_at_that_moment(tool):
    deletion, _ = held(tool, mail_attempts="1")
    assert tool.json("deletions", "accept", deletion, "--reason", "delivered, by its log")["status"] == "scheduled"
    hours, = tool.sql("SELECT extract(epoch FROM scheduled_at - now()) / 3600 FROM user_deletions")[0]
    assert 23.9 < hours <= 24
    (action, meta), = audit(tool, deletion)
    assert (action, meta["mail_number"]) == ("deletion.mail_accepted_by_operator", 1)
    assert tool.sql("SELECT subject FROM outbox") == [("user.deletion.scheduled",)]


def test_rule_10_no_command_leads_around_it(tool):
    in_time, _ = scheduled(tool)
    for command in ("run", "resend", "accept"):
        done = tool.chatear("deletions", command, in_time, "--reason", "I am in a hurry", check=False)
        assert done.returncode == 1 and "'scheduled'" in done.stderr, command
    short, _ = held(tool)
    done = tool.chatear("deletions", "accept", short, "--reason", "x", check=False, RECOVERY_PERIOD="1h")
    assert done.returncode == 2 and "RECOVERY_PERIOD" in done.stderr
    assert audit(tool, in_time) == audit(tool, short) == []
    assert row(tool, short)["status"] == "held"


@pytest.mark.parametrize("make", [a_deletion, held, scheduled])
def test_what_is_under_way_is_cancelled_and_the_user_told(tool, make):
    deletion, user = make(tool)
    assert tool.json("deletions", "cancel", deletion, "--reason", "ticket 812")["status"] == "cancelled"
    assert row(tool, deletion)["cancelled_at"]
    (action, meta), = audit(tool, deletion)
    assert (action, meta["by"], meta["reason"]) == ("deletion.cancelled", "operator", "ticket 812")
    told = {subject: json.loads(bytes(payload)) for subject, payload in tool.sql("SELECT subject, payload FROM outbox")}
    assert told["user.deletion.cancelled"]["user_id"] == user
    mail = told["email.send"]
    assert (mail["recipient"], mail["template_name"], mail["locale"]) == ("ann@example.test", "account_recovered", "pt-BR")
    assert mail["event_id"] == f"{deletion}.recovered"
    again = tool.chatear("deletions", "cancel", deletion, "--reason", "again", check=False)
    assert again.returncode == 1 and "'cancelled'" in again.stderr


@pytest.mark.parametrize("command", ["cancel", "run", "resend", "accept", "resume"])
def test_what_changes_something_needs_a_reason(tool, command):
    deletion, _ = held(tool)
    target = [] if command == "resume" else [deletion]
    for reason in ([], ["--reason", ""], ["--reason", "two\nlines"], ["--reason", "x" * 501]):
        assert tool.chatear("deletions", command, *target, *reason, check=False).returncode == 2, reason
    assert row(tool, deletion)["status"] == "held"


def test_executions_that_were_stopped_are_resumed(tool):
    tool.sql("INSERT INTO deletion_state (name, value) VALUES ('executions_stopped', 'the clock gained 5 h')")
    done = tool.chatear("doctor", "--only", "deletion", check=False)
    assert done.returncode == 1 and "the clock gained 5 h" in done.stdout and "deletions resume" in done.stdout
    assert tool.json("deletions", "resume", "--reason", "the clock is right")["resumed"]
    assert tool.chatear("doctor", "--only", "deletion").returncode == 0
    action, meta = tool.sql("SELECT action, meta FROM action_logs ORDER BY chain_seq DESC LIMIT 1")[0]
    assert (action, meta["reason"]) == ("executions.resumed", "the clock is right")
    assert not tool.json("deletions", "resume", "--reason", "again")["resumed"]


def test_doctor_counts_what_waits_for_a_person(tool):
    held(tool)
    scheduled(tool, scheduled_at="now() - interval '2 days'")
    a_deletion(tool, next_mail_at="now() - interval '1 hour'")
    found = tool.chatear("doctor", "--only", "deletion", DELETION_DAILY_LIMIT="0").stdout
    for text in ("1 deletions are held", "1 deletions are due for more than a day", "1 recovery mails", "head is"):
        assert text in found, text


def test_doctor_names_what_is_due_though_the_day_has_places_left(tool):
    """As one that is blocked by rows that another transaction has locked."""
    first, _ = scheduled(tool, scheduled_at="now() - interval '20 minutes'")
    scheduled(tool, scheduled_at="now() - interval '16 minutes'")
    scheduled(tool, scheduled_at="now() - interval '1 minute'")
    expected = f"2 deletions are due for more than 15 minutes though the day has places left, first {first}"
    assert expected in tool.chatear("doctor", "--only", "deletion").stdout
    tool.sql("INSERT INTO daily_slots (kind, day, subject, slot, holder) "
             "SELECT 'execution', (now() AT TIME ZONE 'utc')::date, '', n, n FROM generate_series(1, 10) n")
    assert "15 minutes" not in tool.chatear("doctor", "--only", "deletion").stdout
    assert expected in tool.chatear("doctor", "--only", "deletion", DELETION_DAILY_LIMIT="11").stdout


def test_rule_11_doctor_names_a_recovery_that_does_not_end(tool):
    """It stops all executions, and the scheduler only says that it waits."""
    tool.sql("INSERT INTO event_ledger (subject, event_id, status, claimed_by, updated_at) VALUES "
             "('user.recover', 'lost', 'working', 'a dead worker', now() - interval '16 minutes'), "
             "('user.recover', 'fresh', 'working', 'a worker', now() - interval '1 minute'), "
             "('user.recover', 'over', 'done', 'a worker', now() - interval '1 hour'), "
             "('user.delete', 'other', 'working', 'a worker', now() - interval '1 hour')")
    done = tool.chatear("doctor", "--only", "deletion", check=False)
    assert done.returncode == 1
    assert "1 user.recover are being worked on for more than 15 minutes, the oldest is lost" in done.stdout
    tool.sql("UPDATE event_ledger SET status = 'failed' WHERE event_id = 'lost'")
    assert "15 minutes" not in tool.chatear("doctor", "--only", "deletion").stdout


def test_doctor_tells_what_the_products_own_shape_of_the_tables_means(tool):
    before = tool.chatear("doctor", "--only", "deletion").stdout
    assert "CASCADE" not in before and "no hash covers" not in before
    tool.sql("ALTER TABLE user_deletions ADD CONSTRAINT goes_too FOREIGN KEY (user_id) REFERENCES users ON DELETE CASCADE, "
             "ADD CONSTRAINT stays FOREIGN KEY (user_id) REFERENCES users ON DELETE RESTRICT")
    tool.sql("ALTER TABLE action_logs ADD COLUMN ip inet, ADD COLUMN tenant text")
    try:
        done = tool.chatear("doctor", "--only", "deletion")
    finally:
        tool.sql("ALTER TABLE user_deletions DROP CONSTRAINT goes_too, DROP CONSTRAINT stays")
        tool.sql("ALTER TABLE action_logs DROP COLUMN ip, DROP COLUMN tenant")
    assert "no audit row says so: ON DELETE CASCADE of goes_too\n" in done.stdout
    assert "no hash covers: ip, tenant\n" in done.stdout


def test_doctor_tells_which_columns_of_the_account_an_execution_sets(tool):
    assert "sets users.is_deleted and users.deleted_at\n" in tool.chatear("doctor", "--only", "deletion").stdout
    tool.sql("ALTER TABLE users RENAME deleted_at TO was; ALTER TABLE users ADD COLUMN deleted_at bigint")
    try:
        done = tool.chatear("doctor", "--only", "deletion")
    finally:
        tool.sql("ALTER TABLE users DROP COLUMN deleted_at; ALTER TABLE users RENAME was TO deleted_at")
    assert "sets users.is_deleted\n" in done.stdout
    assert "users.deleted_at is of type bigint: it is left as it is" in done.stdout


def test_doctor_sees_that_the_log_can_be_written_over(tool):
    tool.sql("ALTER TABLE action_logs DISABLE TRIGGER chatear_audit_refuse")
    try:
        done = tool.chatear("doctor", "--only", "deletion", check=False)
    finally:
        tool.sql("ALTER TABLE action_logs ENABLE TRIGGER chatear_audit_refuse")
    assert done.returncode == 1 and "append-only" in done.stdout


def test_the_log_is_listed_with_filters(tool):
    deletion, user = held(tool)
    tool.chatear("deletions", "resend", deletion, "--reason", "one")
    tool.chatear("deletions", "cancel", deletion, "--reason", "two")
    for filters, expected in {
        ("--user", user): ["deletion.cancelled", "deletion.mail_resent"],
        ("--deletion", deletion): ["deletion.cancelled", "deletion.mail_resent"],
        ("--deletion", deletion, "--action", "deletion.mail_resent"): ["deletion.mail_resent"],
        ("--deletion", deletion, "--action", "recovery"): [],
        ("--deletion", deletion, "--limit", "1"): ["deletion.cancelled"],
        ("--user", user, "--since", "1h"): ["deletion.cancelled", "deletion.mail_resent"],
    }.items():
        assert [found["action"] for found in tool.json("audit", "list", *filters)] == expected, filters
    assert "deletion.cancelled" in tool.chatear("audit", "list", "--user", user).stdout


def test_the_log_lists_rows_from_before_the_chain_behind_it(tool):
    deletion, user = held(tool)
    tool.chatear("deletions", "cancel", deletion, "--reason", "one")
    tamper(tool, f"INSERT INTO action_logs (user_id, action, meta, created_at) VALUES ('{user}', 'login', NULL, now() - interval '2 days'), "
                 f"('{user}', 'logout', NULL, now() - interval '1 day')")
    try:
        found = [(row["chain_seq"] is None, row["action"]) for row in tool.json("audit", "list", "--user", user)]
        two = tool.json("audit", "list", "--user", user, "--limit", "2")
        exported = [json.loads(line) for line in tool.chatear("audit", "export").stdout.splitlines()]
    finally:
        tamper(tool, "DELETE FROM action_logs WHERE chain_seq IS NULL")
    assert found == [(False, "deletion.cancelled"), (True, "logout"), (True, "login")]
    assert [row["action"] for row in two] == ["deletion.cancelled", "logout"]
    assert {row["action"] for row in exported[:2]} == {"login", "logout"} and exported[0]["hash"] is None
    assert exported[-1]["action"] == "deletion.cancelled"


def scans(tool, index):
    return tool.sql("SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = %s", index)[0][0]


def test_the_rows_of_one_deletion_or_user_are_found_by_an_index(tool):
    deletion, user = held(tool)
    tool.chatear("deletions", "cancel", deletion, "--reason", "one")
    tool.sql("INSERT INTO action_logs (user_id, action, meta) SELECT n, 'other', jsonb_build_object('deletion_id', n) FROM generate_series(1, 5000) n")
    tool.sql("ANALYZE action_logs")
    for arguments, index in ((("audit", "list", "--deletion", deletion), "action_logs_deletion"),
                             (("audit", "list", "--user", user), "action_logs_user"),
                             (("deletions", "show", deletion), "action_logs_deletion")):
        before = scans(tool, index)
        assert "deletion.cancelled" in tool.chatear(*arguments).stdout
        wait_until(lambda: scans(tool, index) > before, PATIENCE, f"{index} is used by {arguments}")


def test_rule_14_the_log_is_verified_from_its_start_or_from_a_row_that_was_noted(tool):
    deletion, _ = held(tool)
    before = tool.json("audit", "verify")
    assert before["whole"]
    noted = f"{before['head']['id']}:{before['head']['hash']}"
    tool.chatear("deletions", "cancel", deletion, "--reason", "one more row")
    after = tool.json("audit", "verify")
    assert after["rows"] == before["rows"] + 1
    behind = tool.json("audit", "verify", "--from", noted)
    assert behind["whole"] and behind["rows"] == 1 and behind["head"] == after["head"]
    assert after["adopted_compared"] and after["adopted"] == 0
    assert not behind["adopted_compared"] and behind["adopted"] is None
    people = tool.chatear("audit", "verify", "--from", noted).stdout
    assert "before that row was not compared, nor were the rows from before the chain" in people
    for wrong in ("17", "17:abc", f":{'a' * 64}"):
        assert tool.chatear("audit", "verify", "--from", wrong, check=False).returncode == 2
    not_there = tool.chatear("audit", "verify", "--from", f"{before['head']['id']}:{'a' * 64}", check=False)
    assert not_there.returncode == 1 and "broken" in not_there.stdout


TAMPERING = {  # What is done to a row, and what brings it back.
    "changed": ("UPDATE action_logs SET meta = jsonb_set(meta, '{reason}', '\"another\"') WHERE id = ROW",
                "UPDATE action_logs SET meta = jsonb_set(meta, '{reason}', '\"1\"') WHERE id = ROW"),
    "removed": ("CREATE TABLE taken AS SELECT * FROM action_logs WHERE id = ROW; DELETE FROM action_logs WHERE id = ROW",
                "INSERT INTO action_logs SELECT * FROM taken; DROP TABLE taken"),
    "reordered": ("UPDATE action_logs SET chain_seq = -chain_seq WHERE id = ROW",
                  "UPDATE action_logs SET chain_seq = -chain_seq WHERE id = ROW"),
}


@pytest.mark.parametrize("kind", TAMPERING)
def test_rule_14_the_first_row_that_is_not_what_it_was_is_named(tool, kind):
    deletion, _ = held(tool)
    for reason in "012":
        tool.chatear("deletions", "resend", deletion, "--reason", reason)
    ids = [found["id"] for found in tool.json("audit", "list", "--deletion", deletion)]
    middle, behind = ids[1], ids[0]
    there, back = (statements.replace("ROW", middle) for statements in TAMPERING[kind])
    tamper(tool, there)
    try:
        done = tool.chatear("audit", "verify", "--json", check=False)
        people = tool.chatear("audit", "verify", check=False)
    finally:
        tamper(tool, back)
    broken = json.loads(done.stdout)["broken"]
    assert done.returncode == people.returncode == 1
    assert broken["kind"] == kind
    assert broken["id"] in (middle, behind)
    assert f"broken at row {broken['id']}: {kind}" in people.stdout
    assert tool.chatear("audit", "verify").returncode == 0


def test_the_time_limit_of_statements_does_not_hold_for_a_verification(tool):
    """A long log, or a slow disk, is a lock here that is held for longer than the limit."""
    waiting = """SELECT pid FROM pg_stat_activity WHERE application_name = 'chatear' AND wait_event_type = 'Lock'
                 AND clock_timestamp() - query_start > interval '400 milliseconds'"""
    for command in (["verify"], ["export"], ["list"]):
        with psycopg.connect(tool.stack.postgres.url()) as other, ThreadPoolExecutor() as threads:
            other.execute("LOCK TABLE action_logs IN ACCESS EXCLUSIVE MODE")
            running = threads.submit(tool.chatear, "audit", *command, check=False, POSTGRES_STATEMENT_TIMEOUT="100ms")
            wait_until(lambda: running.done() or tool.sql(waiting), PATIENCE, f"{command} waits for the lock")
            other.rollback()
            done = running.result()
        assert done.returncode == 0, done.stderr


def test_the_log_is_exported_as_lines_of_json(tool):
    deletion, user = held(tool)
    tool.chatear("deletions", "cancel", deletion, "--reason", "to be exported")
    lines = [json.loads(line) for line in tool.chatear("audit", "export").stdout.splitlines()]
    count, = tool.sql("SELECT count(*) FROM action_logs")[0]
    assert len(lines) == count
    assert [line["chain_seq"] for line in lines] == sorted(line["chain_seq"] for line in lines)
    last = lines[-1]
    assert (last["user_id"], last["action"]) == (user, "deletion.cancelled")
    assert json.loads(last["meta"])["reason"] == "to be exported"
    assert last["prev_hash"] == lines[-2]["hash"]
    assert last["hash"] == tool.json("audit", "verify")["head"]["hash"]


def test_help_has_examples(tool):
    for command in (["deletions"], ["deletions", "accept"], ["audit"], ["audit", "verify"]):
        assert "chatear " + command[0] in tool.chatear(*command, "--help").stdout
